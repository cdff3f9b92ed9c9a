"""A rate card: a price list's package compiled for one month, ready for lookups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing_engine.model.contract import Contract, currency_of
from billing_engine.model.period import Month
from billing_engine.model.price_list import FeeInterval, Package, PriceList, PriceListBook, Tariff
from billing_engine.model.timeline import Schedule, Timeline, compile_timeline, constant_schedule, overlay

COVERED = -1
"""Class of time that the package covers; the other classes index `tariffs`, and so do the values of the timelines."""

_LONGEST_ENTRY = timedelta(days=2)
"""How far an entry may reach into the next month; intake refuses entries over 24 hours."""


@dataclass(frozen=True, slots=True)
class RateCard:
    """Who pays for each instant of a month (R1), per severity, until two days after its end (T5)."""

    price_list: PriceList
    package: Package
    month: Month
    tariffs: tuple[Tariff, ...]
    increments: tuple[int, ...]
    """Seconds of a started unit by class; COVERED's stands last, where -1 finds it."""
    minimums: tuple[int, ...]
    """Seconds of the minimum charge by class, in the same order."""
    by_severity: Mapping[str, Timeline]
    uncovered: Timeline
    """Tariffs alone, as if the package covered nothing (R6)."""
    needs_hourly_rate: bool
    """Whether some work would be priced by a tariff that leaves its rate to the contract."""
    analysis: Timeline
    """For the analysis of a rejected offer: covered at any hour, by tariff where nothing is ever covered (R7, R9)."""


def compile_rate_card(price_list: PriceList, package: Package, month: Month) -> RateCard:
    """Compile coverage and tariff windows of a package over a month in the list's zone (R1, R2, T2)."""
    tariffs = price_list.rating.tariffs
    schedule = constant_schedule(0 if tariffs else COVERED)
    for index, tariff in enumerate(tariffs):
        schedule = overlay(schedule, tariff.windows, index)

    @lru_cache
    def compiled(laid: Schedule) -> Timeline:
        last = month.last_day + _LONGEST_ENTRY
        return compile_timeline(laid, price_list.calendar, price_list.zone, month.first_day, last)

    by_severity = {
        severity: compiled(overlay(schedule, package.coverage.get(severity, ()), COVERED))
        for severity in price_list.severities
    }
    return RateCard(
        price_list=price_list,
        package=package,
        month=month,
        tariffs=tariffs,
        increments=(*(t.increment_seconds for t in tariffs), price_list.rating.covered_increment_seconds),
        minimums=(*(t.minimum_seconds for t in tariffs), 0),
        by_severity=by_severity,
        uncovered=compiled(schedule),
        needs_hourly_rate=any(
            value != COVERED and tariffs[value].rate_per_hour is None
            for timeline in by_severity.values()
            for value in timeline.values
        ),
        analysis=compiled(schedule if package.covers_nothing else constant_schedule(COVERED)),
    )


class RateCards:
    """Rate cards of one month, each compiled once."""

    def __init__(self, book: PriceListBook, month: Month) -> None:
        self.month = month
        self._book = book
        self._cards: dict[object, RateCard] = {}
        self._months = {month: self}

    def of(self, month: Month) -> RateCards:
        """Return the cards of another month: fees are due before or after theirs, and work comes late."""
        if month not in self._months:
            other = RateCards(self._book, month)
            other._months = self._months  # all share one set of months
            self._months[month] = other
        return self._months[month]

    def listed(self, contract: Contract) -> PriceList:
        """Return the version in force, also for months before its price list began.

        Raises UnknownPriceListError when there is no such list.
        """
        return self._book.of_contract(contract.price_list, self.month, contract.starts_on)

    def longest_interval(self, contract: Contract) -> FeeInterval:
        """Return the longest interval that a contract's fees may have had; raises UnknownPriceListError."""
        if contract.fee_interval:
            return FeeInterval(contract.fee_interval)
        listed = {price_list.fee_schedule.interval for price_list in self._book.versions(contract.price_list)}
        return max(listed, key=lambda interval: interval.months)

    def price_list(self, contract: Contract) -> PriceList:
        """Return the version in force on the month's first day that the contract runs; raises UnknownPriceListError."""
        return self._book.in_force(contract.price_list, max(self.month.first_day, contract.starts_on))

    def zone(self, contract: Contract) -> ZoneInfo:
        """Return the time zone in which a contract's days are read, also of months before its price list began."""
        return self._book.in_force_or_first(contract.price_list, self.month.first_day).zone

    def card(self, contract: Contract) -> RateCard:
        """Return the card of a contract's package, with the windows and hours that the contract sets itself (R9).

        Raises UnknownPriceListError or UnknownPackageError.
        """
        price_list = self.price_list(contract)
        currency = currency_of(contract, price_list)
        key = (price_list.version, currency, contract.package, contract.coverage, contract.included_seconds)
        if key not in self._cards:
            package = price_list.package(contract.package)
            hours = package.included_seconds if contract.included_seconds is None else contract.included_seconds
            package = replace(
                package,
                coverage={**package.coverage, **dict(contract.coverage)},
                included_seconds=hours,
                unlimited=package.unlimited and contract.included_seconds is None,
            )
            self._cards[key] = compile_rate_card(replace(price_list, currency=currency), package, self.month)
        return self._cards[key]
