"""History: what a customer's issued invoices already billed, as far as the next plan depends on it (R10, R11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from billing_engine.model.period import Month


class Lot(NamedTuple):
    """A part of the allowance that one month gave."""

    month: Month
    """Which month's allowance it is; with rollover it may be used in later ones."""
    seconds: int


@dataclass(frozen=True, slots=True)
class MonthUse:
    """What one issued invoice recorded for a contract's month; late entries add another one (R11)."""

    contract: str
    period: Month
    """Month of the work."""
    included_seconds: int | None
    """Allowance of that month by itself; None is without limit."""
    drawn: tuple[Lot, ...]
    """What was taken, and of which month's allowance."""
    overage_seconds: int
    """Counted in units beyond the allowance."""
    overage_billed_seconds: int
    """Rounded up to started hours and billed."""


@dataclass(frozen=True, slots=True)
class ChargedFee:
    """A fee line of an issued invoice, and what credit notes took back of it."""

    invoice: str
    """Number of the invoice."""
    position: int
    contract: str
    service_from: date
    service_to: date
    """Last day, included."""
    amount: Decimal
    currency: str
    returned_from: date | None = None
    """Days from here on were paid back already."""

    @property
    def charged_to(self) -> date:
        """Last day that is charged and was not paid back; before `service_from` when none is."""
        if self.returned_from is None:
            return self.service_to
        return min(self.service_to, self.returned_from - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class FeeRefund:
    """What a fee line charged for days after its contract's end (R10, U6)."""

    invoice: str
    position: int
    contract: str
    service_from: date
    """First day that is paid back."""
    service_to: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class History:
    """A customer's months and fees, as far as they were billed; invoices that were credited to be billed anew left out.

    `closed` are the months that a run finished for the customer: what is found for them later goes on the next invoice.
    """

    closed: frozenset[Month] = frozenset()
    uses: tuple[MonthUse, ...] = ()
    fees: tuple[ChargedFee, ...] = ()


NO_HISTORY = History()
