"""What the clocks and the monitoring come to: targets met or breached, and a month's uptime."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing_engine.model.contract import Contract
from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Guarantee
from billing_engine.model.ticket import TargetKind, Ticket


class TargetStatus(StrEnum):
    """How a target stands (K2)."""

    MET = "met"
    BREACHED = "breached"
    RUNNING = "running"
    NONE = "none"
    """Promised without a clock."""


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target of a ticket."""

    kind: TargetKind
    status: TargetStatus
    due_at: Instant | None
    """The instant at which its last second has run; None without a clock, and while that is open (K1)."""
    elapsed_minutes: int | None
    """Full minutes of running clock from opening to the event, or to now; None without a clock."""
    text: str
    """The target as the price list says it."""


@dataclass(frozen=True, slots=True)
class TicketResult:
    """All targets of a ticket, under the contract that promises them."""

    ticket: Ticket
    contract: Contract | None
    """None when no contract of the customer has targets."""
    zone: ZoneInfo | None
    counts: bool
    """Whether it came through one of the agreement's channels (K3)."""
    targets: tuple[TargetResult, ...]

    def breaches(self, kinds: tuple[TargetKind, ...]) -> list[tuple[Instant, TargetKind]]:
        """Return the moments at which the named targets were breached, in order."""
        return sorted(
            (result.due_at, result.kind)
            for result in self.targets
            if result.kind in kinds and result.status is TargetStatus.BREACHED and result.due_at is not None
        )


@dataclass(frozen=True, slots=True)
class Availability:
    """A contract's month of uptime (U1 to U4)."""

    contract: Contract
    month: Month
    guarantee: Guarantee
    full_minutes: int
    counted_minutes: int
    excluded_minutes: int

    @property
    def uptime(self) -> Fraction:
        """Exact, 0 to 1."""
        return Fraction(self.full_minutes - self.counted_minutes, self.full_minutes)

    @property
    def effective_uptime(self) -> Decimal:
        """In percent, cut to two decimals (U3)."""
        return Decimal(int(self.uptime * 10_000)).scaleb(-2)

    @property
    def met(self) -> bool:
        return self.guarantee.is_met(self.uptime)

    @property
    def credit_percent(self) -> Decimal:
        return self.guarantee.credit_percent(self.uptime, self.counted_minutes)
