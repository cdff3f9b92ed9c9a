"""Customers and their contracts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from billing_engine.model.delivery import StripeMode
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.price_list import FeeInterval, FeeSchedule, FeeTiming, Package, PriceList
from billing_engine.model.window import Window

T = TypeVar("T")


class _OfCustomer(Protocol):
    @property
    def customer(self) -> str: ...


Owned = TypeVar("Owned", bound=_OfCustomer)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is billed. `customer` is the host's own id and opaque to the engine."""

    customer: str
    name: str
    country: str
    currency: str
    language: str = "en"
    vat_id: str = ""
    address: str = ""
    email: str = ""
    stripe_customer: str = ""
    stripe_mode: StripeMode = StripeMode.NONE
    stripe_subscription: str = ""
    """Whose next invoice takes the lines; empty takes the customer's only active one."""
    city: str = ""
    postal_code: str = ""
    buyer_reference: str = ""
    """What the customer wants to find on its invoices (BT-10)."""
    tax: str = ""
    """How it is taxed whatever the table says, such as "reverse_charge"; empty leaves it to the table."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A customer's subscription to one package of a price list, from `starts_on` to `ends_on`, both days included.

    The amounts are the ones agreed with this customer; None leaves them to the package (R9).
    """

    contract: str
    customer: str
    price_list: str
    package: str
    starts_on: date
    ends_on: date | None = None
    quantity: int = 1
    unit: str = ""
    monthly_fee: Decimal | None = None
    included_seconds: int | None = None
    hourly_rate: Decimal | None = None
    development_rate: Decimal | None = None
    currency: str = ""
    """Of its amounts, where the price list names no prices; empty means the list's."""
    coverage: tuple[tuple[str, tuple[Window, ...]], ...] = ()
    """Windows agreed for some severities; they replace the package's for these."""
    fee_interval: FeeInterval = FeeInterval.LISTED
    fee_timing: FeeTiming = FeeTiming.LISTED

    def active_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def days_in(self, month: Month) -> tuple[date, date]:
        """First and last day of the month on which the contract runs; the last is before the first when it does not."""
        return max(self.starts_on, month.first_day), min(self.ends_on or month.last_day, month.last_day)

    def active_days(self, month: Month) -> int:
        """Days of the month on which the contract runs; 0 when none (R10)."""
        first, last = self.days_in(month)
        return max(0, (last - first).days + 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a contract in one month: the contract's own values, else its package's."""

    fee: Decimal
    """For the month, exact; by days when the contract runs for a part of it (R10)."""
    included_seconds: int | None
    """None is without limit."""
    overage_rate_per_hour: Decimal
    hourly_rate: Decimal | None
    """Of the contract, for tariffs that leave the rate to it."""
    development_rate_per_hour: Decimal | None
    """Less the package's discount (R8)."""


def currency_of(contract: Contract, price_list: PriceList) -> str:
    """Return the currency of a contract's amounts: its own, else its price list's."""
    return contract.currency or price_list.currency


def schedule_of(contract: Contract, price_list: PriceList) -> FeeSchedule:
    """Return when a contract's fees are due: as it agrees, else as its price list says."""
    listed = price_list.fee_schedule
    return FeeSchedule(
        FeeInterval(contract.fee_interval or listed.interval), FeeTiming(contract.fee_timing or listed.timing)
    )


def full_fee(contract: Contract, package: Package) -> Decimal:
    """Return the fee of a whole month; a missing one counts as nothing, and is refused when the contract is read."""
    return (_first(contract.monthly_fee, package.monthly_fee) or ZERO) * contract.quantity


def by_customer(items: Iterable[Owned]) -> dict[str, list[Owned]]:
    """Group what belongs to a customer by its id; the order within a group is kept."""
    groups: dict[str, list[Owned]] = {}
    for item in items:
        groups.setdefault(item.customer, []).append(item)
    return groups


def terms_of(contract: Contract, package: Package, month: Month, unit_seconds: int) -> Terms:
    """Settle a contract's terms for a month; quantity multiplies fee and allowance.

    A part month takes fee by days, and allowance by days rounded up to a unit of `unit_seconds` but never to more than
    the whole month's (R10). What neither contract nor package gives counts as nothing.
    """
    fee = full_fee(contract, package)
    included = None if package.unlimited and contract.included_seconds is None else _included(contract, package)
    days = contract.active_days(month)
    if days < month.days:
        fee = fee * days / month.days
        if included is not None:
            included = min(included, -(-included * days // (month.days * unit_seconds)) * unit_seconds)
    development = contract.development_rate
    if development is not None:
        development = development * (100 - package.development_discount_percent) / 100
    overage = _first(contract.hourly_rate, package.overage_rate_per_hour) or ZERO
    return Terms(fee, included, overage, contract.hourly_rate, development)


def _included(contract: Contract, package: Package) -> int:
    return (_first(contract.included_seconds, package.included_seconds) or 0) * contract.quantity


def _first(agreed: T | None, listed: T | None) -> T | None:
    return listed if agreed is None else agreed
