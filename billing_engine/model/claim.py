"""Claims: a customer's request for a credit, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter

from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import RefusalReason


class ClaimKind(StrEnum):
    """What a claim is about."""

    UPTIME = "uptime"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Claim:
    """A request as it was received; never changed afterwards."""

    claim: str
    customer: str
    kind: ClaimKind
    submitted_at: Instant
    period: Month | None = None
    """The month whose uptime is claimed for."""
    ticket: str = ""
    breach_on: date | None = None
    """The local day of the breach that is claimed for."""

    @property
    def about(self) -> str:
        """What can be compensated only once: a customer's month, or a ticket (U5, C1)."""
        return f"uptime/{self.customer}/{self.period}" if self.kind == ClaimKind.UPTIME else f"ticket/{self.ticket}"


in_order_of_receipt = attrgetter("submitted_at", "claim")
"""Sort key: earlier claims go first (U5)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a claim, with the reasons and the figures behind them."""

    claim: str
    accepted: bool
    reasons: tuple[RefusalReason, ...]
    """All that apply; none when accepted by rule."""
    percent: Decimal
    """Of the fee or subscription; 0 when rejected."""
    amount: Decimal
    currency: str
    applies_from: Month | None
    """First billing period whose invoice it may lower; None is the next invoice, or nothing."""
    due_on: date | None
    """Last day for deciding, where the agreement sets one."""
    explanation: tuple[str, ...]
    """Sentences that can be sent to the customer."""
    price_list: str = ""
    """Under whose terms it was decided; empty when no agreement takes such a claim."""
    cap: str = ""
    """Under which the amount falls, such as "dpo-group/2026-10": price list and month of the breach (C2)."""
    paid_period: Month | None = None
    """The month whose fee has to be paid before the credit is granted (U5)."""
