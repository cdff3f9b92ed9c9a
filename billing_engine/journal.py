"""The journal: notes down who did what and when, in the transaction in which it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from billing_engine.model.instant import Instant, instant_of
from billing_engine.storage import audit
from billing_engine.storage.audit import Event

Clock = Callable[[], datetime]
"""Tells an aware time."""


def system_clock() -> datetime:
    """Tell the time of the machine: the one place that asks it besides the command line, for hosts that pass none."""
    return datetime.now(UTC)


class Journal:
    """Adds to the audit trail in somebody's name."""

    def __init__(self, clock: Clock = system_clock, actor: str = "") -> None:
        self._clock = clock
        self.actor = actor

    def moment(self) -> Instant:
        """Tell the time that is noted down."""
        return instant_of(self._clock())

    def note(self, connection: Connection, action: str, subject: str, **details: Any) -> None:
        """Note one thing down, as the last thing of a transaction."""
        self.note_all(connection, [Event(action, subject, details)])

    def note_all(self, connection: Connection, events: list[Event]) -> None:
        """Note several things down, as the last thing of a transaction."""
        audit.append(connection, self.moment(), self.actor, events)
