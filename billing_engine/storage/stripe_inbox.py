"""The inbox: what Stripe told, each event once, however often it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import Connection, func, select, update

from billing_engine.model.instant import Instant
from billing_engine.storage.inserting import batches, insert_if_new
from billing_engine.storage.stripe_tables import inbox

MOST_TRIES = 20
"""Of an event that can not be worked on; then somebody has to look."""

_LONGEST_NOTE = 500


class EventState(StrEnum):
    """What became of an event."""

    NEW = "new"
    DONE = "done"
    IGNORED = "ignored"
    """It is about nothing of ours, or of a type that says nothing about invoices."""
    FAILED = "failed"
    """It was tried often; `billing-engine stripe reconcile` tells what differs."""


@dataclass(frozen=True, slots=True)
class Hint:
    """An event, as far as it is kept: that there is something to look at, and where."""

    event: str
    type: str
    object_id: str
    """The invoice that it is about; empty where it is about none."""
    created: int


def put(connection: Connection, hint: Hint, now: Instant) -> bool:
    """Put an event down, once; tells whether it is new."""
    row = {**asdict(hint), "received_at": now, "state": EventState.NEW, "tries": 0, "note": ""}
    return insert_if_new(connection, inbox, row)


def read_new(connection: Connection, most: int) -> list[Hint]:
    """Return events that nobody worked on, oldest first."""
    columns = (inbox.c.event, inbox.c.type, inbox.c.object_id, inbox.c.created)
    statement = select(*columns).where(inbox.c.state == EventState.NEW).order_by(inbox.c.tries, inbox.c.received_at)
    return [Hint(*row) for row in connection.execute(statement.limit(most))]


def finish(connection: Connection, events: Sequence[str], state: EventState, note: str = "") -> None:
    """Write what became of events."""
    for batch in batches(events):
        statement = update(inbox).where(inbox.c.event.in_(batch), inbox.c.state == EventState.NEW)
        connection.execute(statement.values(state=state, note=note[:_LONGEST_NOTE]))


def put_off(connection: Connection, events: Sequence[str], note: str, *, is_try: bool = True) -> None:
    """Have events tried again later, a bounded number of times where the try counts."""
    for batch in batches(events):
        statement = update(inbox).where(inbox.c.event.in_(batch), inbox.c.state == EventState.NEW)
        connection.execute(statement.values(tries=inbox.c.tries + int(is_try), note=note[:_LONGEST_NOTE]))
        tired = update(inbox).where(inbox.c.event.in_(batch), inbox.c.state == EventState.NEW)
        connection.execute(tired.where(inbox.c.tries >= MOST_TRIES).values(state=EventState.FAILED))


def revive(connection: Connection) -> None:
    """Have events tried again that were given up."""
    statement = update(inbox).where(inbox.c.state == EventState.FAILED)
    connection.execute(statement.values(state=EventState.NEW, tries=0))


def count_states(connection: Connection) -> dict[EventState, int]:
    """Count events by what became of them."""
    found = {row[0]: row[1] for row in connection.execute(select(inbox.c.state, func.count()).group_by(inbox.c.state))}
    return {state: found.get(state, 0) for state in EventState}
