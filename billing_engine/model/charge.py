"""Charges: what a contract owes for a month, one priced line each, and the statement that sums them up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billing_engine.model.contract import Contract
from billing_engine.model.history import Lot, MonthUse
from billing_engine.model.period import Month, months_in_words
from billing_engine.model.price_list import FeeSchedule
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.model.timeline import Span


class ChargeKind(StrEnum):
    """Why there is a charge."""

    FEE = "fee"
    ALLOWANCE = "allowance"
    OVERAGE = "overage"
    TARIFF = "tariff"
    ANALYSIS = "analysis"
    DEVELOPMENT = "development"
    EXPENSE = "expense"


class Service(NamedTuple):
    """What a fee is for: whole months that follow each other, or days of one month."""

    first: date
    last: date
    schedule: FeeSchedule

    @property
    def months(self) -> int:
        """How many whole months; 0 for a part of one."""
        first, last = Month.of(self.first), Month.of(self.last)
        if (self.first, self.last) != (first.first_day, last.last_day):
            return 0
        return (last.year - first.year) * 12 + last.month - first.month + 1

    def in_words(self) -> str:
        """Say "October 2026", with "12 of 31 days" where it is a part, or from which month to which."""
        first, last = Month.of(self.first), Month.of(self.last)
        part = "" if self.months else f", {(self.last - self.first).days + 1} of {first.days} days"
        return f"{months_in_words(first, last)}{part}"


class Charge(NamedTuple):
    """One rated line. `amount` is rounded, once (R12); what it was rounded from is exact."""

    kind: str
    tariff: str
    """Name of the tariff, empty unless `kind` is tariff."""
    entries: tuple[TimeEntry, ...]
    worked_seconds: int
    """Time before this charge's rounding: elapsed time, for overage the units beyond the allowance."""
    billed_seconds: int
    unit_price: Decimal
    """Per hour; of a fee or an expense all of it."""
    amount: Decimal
    title: str = ""
    """What was bought, as the price list calls it: the package or the tariff; of an expense its description."""
    spans: tuple[Span, ...] = ()
    """When the work was that is charged here; empty when it is all of each entry."""
    expense: Expense | None = None
    service: Service | None = None
    """Of a fee."""
    carried: tuple[Lot, ...] = ()
    """What hours of earlier months gave of it, where unused ones roll over."""


class OverageShare(NamedTuple):
    """Covered time of some entries that went beyond the allowance; all shares of a month are charged as one (R5)."""

    entries: tuple[TimeEntry, ...]
    worked_seconds: int
    billed_seconds: int
    """Counted in units, before the month's overage is rounded up to started hours."""
    spans: tuple[Span, ...] = ()
    """When the work was that is counted here; empty when it is all of each entry."""


class HeldEntry(NamedTuple):
    """Work, or an expense, that can not be billed yet, and why; it is never lost."""

    entry: TimeEntry | Expense
    reason: str

    @property
    def id(self) -> str:
        return self.entry.entry if isinstance(self.entry, TimeEntry) else self.entry.expense


@dataclass(frozen=True, slots=True)
class Statement:
    """A contract's month, rated."""

    contract: Contract
    month: Month
    currency: str
    price_list: str
    price_list_version: str
    price_list_hash: str
    time_zone: str
    package_title: str
    included_seconds: int | None
    """Allowance of the month by itself; None is without limit."""
    used_seconds: int
    """By this work alone, in whichever month's allowance it found room."""
    charges: tuple[Charge, ...]
    overage_shares: tuple[OverageShare, ...]
    held: tuple[HeldEntry, ...]
    drawn: tuple[Lot, ...] = ()
    """Which month's allowance gave what; empty without limit."""
    overage_before: int = 0
    """Seconds beyond the allowance that invoices of the month counted already (R11)."""
    fee_price_lists: tuple[tuple[str, str], ...] = ()
    """Versions that priced fees of other months, each with the hash of its terms."""

    @property
    def net_total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), Decimal(0))

    @property
    def overage_seconds(self) -> int:
        """Units counted beyond the allowance, before they are rounded up to started hours (R5)."""
        return sum(share.billed_seconds for share in self.overage_shares)

    @property
    def overage_billed_seconds(self) -> int:
        return sum(charge.billed_seconds for charge in self.charges_of(ChargeKind.OVERAGE))

    @property
    def price_lists(self) -> tuple[tuple[str, str], ...]:
        """All versions that priced something, each with the hash of its terms."""
        return ((self.price_list_version, self.price_list_hash), *self.fee_price_lists)

    @property
    def month_use(self) -> MonthUse:
        """What later work of the month, and months after it, will find taken."""
        return MonthUse(
            self.contract.contract,
            self.month,
            self.included_seconds,
            self.drawn,
            self.overage_seconds,
            self.overage_billed_seconds,
            self.contract.active_days(self.month),
        )

    def charges_of(self, kind: ChargeKind) -> list[Charge]:
        return [charge for charge in self.charges if charge.kind == kind]
