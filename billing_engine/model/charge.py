"""Charges: what a contract owes for a month, one priced line each, and the statement that sums them up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billing_engine.model.contract import Contract
from billing_engine.model.period import Month
from billing_engine.model.time_entry import TimeEntry


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
    text: str = ""
    """What was bought, where entries do not tell: a package's title, an expense's description."""


class HeldEntry(NamedTuple):
    """Work that can not be billed yet, and why; it is never lost."""

    entry: TimeEntry
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A contract's month, rated."""

    contract: Contract
    month: Month
    currency: str
    price_list: str
    price_list_version: str
    package_title: str
    included_seconds: int
    used_seconds: int
    charges: tuple[Charge, ...]
    held: tuple[HeldEntry, ...]

    @property
    def net_total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), Decimal(0))

    def charges_of(self, kind: ChargeKind) -> list[Charge]:
        return [charge for charge in self.charges if charge.kind == kind]
