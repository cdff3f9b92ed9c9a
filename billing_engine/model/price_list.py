"""A price list: one support agreement's terms as data, dated, and immutable once an invoice used it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.errors import UnknownPackageError, UnknownPriceListError
from billing_engine.model.calendar import Calendar
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import AvailabilityTerms, CompensationTerms, CreditTerms, Guarantee, Target
from billing_engine.model.ticket import TargetKind
from billing_engine.model.window import Window


class RoundPer(StrEnum):
    """What is added up before a started unit is rounded up (R3)."""

    ENTRY = "entry"
    TICKET_DAY = "ticket_day"
    TICKET = "ticket"


class AtBoundary(StrEnum):
    """What happens to work that crosses from one tariff or coverage window into another (R3)."""

    SPLIT = "split"
    STARTED_UNIT_KEEPS_TARIFF = "started_unit_keeps_tariff"


class FeeInterval(StrEnum):
    """How many calendar months, counted from the contract's first, are charged at once."""

    LISTED = ""
    """Of a contract: as its price list says."""
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        return {FeeInterval.QUARTER: 3, FeeInterval.YEAR: 12}.get(self, 1)


class FeeTiming(StrEnum):
    """Whether an interval's fee is due with its last month, or before its first."""

    LISTED = ""
    """Of a contract: as its price list says."""
    ARREARS = "arrears"
    ADVANCE = "advance"


class FeeSchedule(NamedTuple):
    """When fees are due."""

    interval: FeeInterval = FeeInterval.MONTH
    timing: FeeTiming = FeeTiming.ARREARS


BY_THE_MONTH = FeeSchedule()


class Rollover(NamedTuple):
    """What happens to hours that a month left unused (R10)."""

    months: int
    """In how many following months they may be used."""
    cap_seconds: int | None
    """The most that a month may start with besides its own; None is without limit."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """An hourly price that holds in its windows: per started increment, and never less than the minimum charge (R1)."""

    name: str
    title: str
    rate_per_hour: Decimal | None
    """None leaves it to the contract's hourly rate."""
    increment_seconds: int
    minimum_seconds: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """What a customer subscribes to. None means that the contract says it (R9)."""

    name: str
    title: str
    entitled: bool
    standard: bool
    """False for a subscription that the agreement's compensation leaves out (C3)."""
    monthly_fee: Decimal | None
    included_seconds: int | None
    unlimited: bool
    """Whether the fee includes all covered time, so that there is no allowance to use up."""
    overage_rate_per_hour: Decimal
    development_discount_percent: Decimal
    on_site: bool
    coverage: Mapping[str, tuple[Window, ...]]
    targets: Mapping[str, Mapping[TargetKind, Target]]
    """What is promised, by severity (K1)."""
    guarantee: Guarantee | None
    """None when no uptime is guaranteed (U7)."""

    @property
    def covers_nothing(self) -> bool:
        """A package without coverage and allowance prices all time by tariff (R9)."""
        return not any(self.coverage.values()) and not self.included_seconds and not self.unlimited


@dataclass(frozen=True, slots=True)
class Rating:
    """How time becomes money: the values that R1 to R8 leave to the price list."""

    unfounded_severities: frozenset[str]
    round_per: RoundPer
    at_boundary: AtBoundary
    covered_increment_seconds: int
    overage_increment_seconds: int
    tariffs: tuple[Tariff, ...]
    rollover: Rollover | None = None
    """None: unused hours lapse at the month's end."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """One version of one agreement."""

    name: str
    title: str
    valid_from: date
    currency: str
    zone: ZoneInfo
    calendar: Calendar
    other_currencies: bool
    """Whether contracts may be in another currency, because the agreement names no prices."""
    severities: tuple[str, ...]
    channels: frozenset[str]
    """Through which tickets count; empty is any (K3)."""
    rating: Rating
    availability: AvailabilityTerms | None
    compensation: CompensationTerms | None
    credit: CreditTerms
    packages: Mapping[str, Package]
    assumed: tuple[str, ...]
    """Keys whose values the agreement does not give."""
    out_of_scope: Mapping[str, str]
    content_hash: str
    """SHA-256 of the terms, without comments and layout: tells whether a used version was changed."""
    fee_schedule: FeeSchedule = BY_THE_MONTH
    """Of contracts that agree on no other."""

    @property
    def version(self) -> str:
        """Name and first day of validity, as it is printed and stored: "b2bee 2016-01-01"."""
        return f"{self.name} {self.valid_from}"

    def package(self, name: str) -> Package:
        """Return the package; raises UnknownPackageError with the names that exist."""
        if name not in self.packages:
            allowed = ", ".join(self.packages)
            raise UnknownPackageError(f"price list {self.name} has no package {name!r}; allowed: {allowed}")
        return self.packages[name]


class PriceListBook:
    """All price lists at hand, each name with its versions."""

    def __init__(self, price_lists: Sequence[PriceList]) -> None:
        self._versions: dict[str, list[PriceList]] = {}
        for price_list in sorted(price_lists, key=lambda p: (p.name, p.valid_from)):
            self._versions.setdefault(price_list.name, []).append(price_list)

    @property
    def names(self) -> list[str]:
        return list(self._versions)

    def versions(self, name: str) -> list[PriceList]:
        """Return all versions of a price list, oldest first; raises UnknownPriceListError."""
        if name not in self._versions:
            raise UnknownPriceListError(f"no price list {name!r}; known: {', '.join(self.names) or 'none'}")
        return self._versions[name]

    def zone(self, name: str) -> ZoneInfo:
        """Return the clock on which a list's days are read, whatever the version; raises UnknownPriceListError."""
        return self.versions(name)[-1].zone

    def in_force(self, name: str, on: date) -> PriceList:
        """Return the newest version that is valid on that day; raises UnknownPriceListError."""
        valid = [price_list for price_list in self.versions(name) if price_list.valid_from <= on]
        if not valid:
            first = self.versions(name)[0].valid_from
            raise UnknownPriceListError(f"price list {name!r} is valid from {first} on, not on {on}")
        return valid[-1]

    def of_contract(self, name: str, month: Month, starts_on: date) -> PriceList:
        """Return the version in force on the first day of a month that a contract runs; before all, the first.

        Raises UnknownPriceListError.
        """
        return self.in_force_or_first(name, max(month.first_day, starts_on))

    def in_force_or_first(self, name: str, on: date) -> PriceList:
        """Return the version in force, before the first one began the first; raises UnknownPriceListError."""
        return self.in_force(name, max(on, self.versions(name)[0].valid_from))
