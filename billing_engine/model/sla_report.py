"""A customer's service levels of a month, summed up for people: targets, worst cases, uptime, claims, credits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from billing_engine.model.claim import Claim, Decision
from billing_engine.model.contract import Customer
from billing_engine.model.credit import Credit
from billing_engine.model.period import Month
from billing_engine.model.sla import Availability
from billing_engine.model.ticket import TargetKind


class TargetSummary(NamedTuple):
    """How one target of one severity was kept."""

    price_list: str
    severity: str
    kind: TargetKind
    text: str
    """As the price list says it, such as "4 h of 8x5"."""
    met: int
    breached: int
    running: int


class BreachCase(NamedTuple):
    """A target that was not kept."""

    ticket: str
    severity: str
    kind: TargetKind
    text: str
    opened_at: str
    """ISO 8601 with offset, in the price list's zone, as are the others."""
    due_at: str
    happened_at: str
    """Empty when it still has not happened."""
    elapsed_minutes: int


class ClaimStanding(NamedTuple):
    """A claim and what became of it."""

    claim: Claim
    decision: Decision | None
    """None while it waits for one."""


@dataclass(frozen=True, slots=True)
class SlaReport:
    """What `sla report` shows of one customer."""

    customer: Customer
    month: Month
    as_of: str
    """ISO 8601: what was known then."""
    tickets: int
    """Opened in the month, through the agreement's channels."""
    targets: tuple[TargetSummary, ...]
    worst: tuple[BreachCase, ...]
    """Breaches, the longest over its time first; a few."""
    availability: tuple[Availability, ...]
    claims: tuple[ClaimStanding, ...]
    credits: tuple[Credit, ...]
    """With something left, or set off in the month."""
    termination: str
    """A sentence when the customer may terminate (U6), else empty."""
