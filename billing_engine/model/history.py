"""History: what a customer's issued invoices already billed, as far as the next plan depends on it (R10, R11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from billing_engine.model.period import Month

_DAY = timedelta(days=1)


class Days(NamedTuple):
    """Days that follow each other, from the first to the last, both included."""

    first: date
    last: date

    def without(self, others: Iterable[Days]) -> Iterator[Days]:
        """Leave out some days, which are in order; what is left may be in several pieces."""
        first = self.first
        for other in others:
            if first < other.first <= self.last:
                yield Days(first, other.first - _DAY)
            if other.first <= self.last:
                first = max(first, other.last + _DAY)
        if first <= self.last:
            yield Days(first, self.last)


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
    days: int
    """Of the month on which the contract ran then; 0 where the invoice was for fees of other months alone."""


class Credited(NamedTuple):
    """What a line of a credit note took of a fee."""

    amount: Decimal
    days: Days | None
    """That it paid back; None where a part of the amount was credited by hand, and all days stay charged."""


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
    credited: tuple[Credited, ...] = ()
    """Oldest first."""

    @property
    def charged(self) -> list[Days]:
        """The days that were not paid back, in order."""
        returned = sorted(one.days for one in self.credited if one.days is not None)
        return list(Days(self.service_from, self.service_to).without(returned))


@dataclass(frozen=True, slots=True)
class FeeRefund:
    """What a fee line charged for days that follow each other on which its contract does not run (R10, U6)."""

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
