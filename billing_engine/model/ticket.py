"""What happened, as the help desk and the monitoring recorded it: tickets, their pauses, and outages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing_engine.model.instant import Instant


class TargetKind(StrEnum):
    """What is promised within a time after a ticket is opened (K2)."""

    FIRST_RESPONSE = "first_response"
    WORKAROUND = "workaround"
    SOLUTION = "solution"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request for support. An event that has not happened yet is None."""

    ticket: str
    customer: str
    opened_at: Instant
    severity: str = ""
    channel: str = ""
    """How it arrived, such as helpdesk; empty counts as one of the agreement's channels (K3)."""
    first_response_at: Instant | None = None
    workaround_at: Instant | None = None
    resolved_at: Instant | None = None
    contracts: tuple[str, ...] = ()
    """The subscriptions that it concerns; none named means all of the customer's."""
    duplicate_of: str = ""
    priority_confirmed: bool = True
    """False when the severity is not as the agreement defines it."""

    def event(self, kind: TargetKind) -> Instant | None:
        """Return when what was promised happened."""
        match kind:
            case TargetKind.FIRST_RESPONSE:
                return self.first_response_at
            case TargetKind.WORKAROUND:
                return self.workaround_at
            case TargetKind.SOLUTION:
                return self.resolved_at

    def is_open_at(self, moment: Instant) -> bool:
        """Tell whether it was opened at or before a moment and was not yet resolved then (C3)."""
        return self.opened_at <= moment and (self.resolved_at is None or moment < self.resolved_at)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a ticket waits for the customer, and its clocks stand still (K1); half open (T6)."""

    ticket: str
    paused_at: Instant
    resumed_at: Instant | None = None
    """None while it still waits."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a service could not be used, half open (T6)."""

    outage: str
    started_at: Instant
    customer: str = ""
    """Empty for an outage of all customers."""
    ended_at: Instant | None = None
    """None while it lasts."""
    cause: str = ""
    notified_at: Instant | None = None
    """When the customers were told of it in advance."""
