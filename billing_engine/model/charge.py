"""Charges: what a contract owes for a month, one priced line each, and the statement that sums them up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billing_engine.model.contract import Contract
from billing_engine.model.period import Month
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
    """Per hour; for a fee or an expense per piece."""
    amount: Decimal
    title: str = ""
    """What was bought, as the price list calls it: the package or the tariff; of an expense its description."""
    spans: tuple[Span, ...] = ()
    """When the work was that is charged here; empty when it is all of each entry."""
    expense: Expense | None = None


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
    """None is without limit."""
    used_seconds: int
    charges: tuple[Charge, ...]
    overage_shares: tuple[OverageShare, ...]
    held: tuple[HeldEntry, ...]

    @property
    def net_total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), Decimal(0))

    @property
    def overage_seconds(self) -> int:
        """Units counted beyond the allowance, before they are rounded up to started hours (R5)."""
        return sum(share.billed_seconds for share in self.overage_shares)

    def charges_of(self, kind: ChargeKind) -> list[Charge]:
        return [charge for charge in self.charges if charge.kind == kind]
