"""Fees: which service months fall due in a month's run, and what comes back of days that a contract lost (R10).

Whole intervals are charged, counted in calendar months from the contract's first. What was charged already is looked up
day by day, so that nothing is charged twice and nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billing_engine.errors import MixedCurrenciesError
from billing_engine.model.charge import Charge, ChargeKind, Service
from billing_engine.model.contract import Contract, currency_of, full_fee, schedule_of
from billing_engine.model.history import NO_HISTORY, ChargedFee, Credited, Days, FeeRefund, History
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.period import Month
from billing_engine.model.price_list import FeeSchedule, FeeTiming, Package, PriceList
from billing_engine.rating.rate_card import RateCard, RateCards

_DAY = timedelta(days=1)


class _Part(NamedTuple):
    """Days of one month that a fee is charged for."""

    first: date
    last: date
    schedule: FeeSchedule
    title: str
    monthly: Decimal
    """Price of the whole month."""

    @property
    def service(self) -> Service:
        return Service(self.first, self.last, self.schedule)


def month_fee(contract: Contract, card: RateCard) -> tuple[Charge, ...]:
    """Charge the fee of the card's month, by days where the contract runs for a part of it (R10)."""
    if not contract.active_days(card.month):
        return ()
    part = _part(contract, card.price_list, card.package, *contract.days_in(card.month))
    return (_charge([part], card.price_list.currency),)


def due_fees(contract: Contract, cards: RateCards, history: History = NO_HISTORY) -> tuple[Charge, ...]:
    """Charge what falls due in the run of the cards' month, and what fell due in closed months and was left out.

    Months of equal price that follow each other are one charge; a part of a month is one of its own.

    Raises UnknownPriceListError or UnknownPackageError when a due month can not be priced.
    """
    charged = sorted(days for fee in history.fees if fee.contract == contract.contract for days in fee.charged)
    settled = _whole_months(charged)
    months = (month for month in _service_months(contract, cards, history) if month not in settled)
    parts = [part for month in months for part in _due(month, contract, cards, charged, history)]
    currency = currency_of(contract, cards.listed(contract))
    return tuple(_charge(group, currency) for group in _together(parts))


def _service_months(contract: Contract, cards: RateCards, history: History) -> Iterable[Month]:
    """Walk the contract's months that could fall due in this run or could have in a closed month."""
    run_months = {cards.month, *history.closed}
    longest = cards.longest_interval(contract).months
    first = max(Month.of(contract.starts_on), min(run_months).plus(1 - longest))
    last = max(run_months).plus(longest)
    return first.until(last if contract.ends_on is None else min(last, Month.of(contract.ends_on)))


def _whole_months(charged: Iterable[Days]) -> set[Month]:
    """Find the months of which every day is charged by one line: of a long history nearly all."""
    return {
        month
        for days in charged
        for month in Month.of(days.first).until(Month.of(days.last))
        if days.first <= month.first_day and month.last_day <= days.last
    }


def _due(
    month: Month, contract: Contract, cards: RateCards, charged: Sequence[Days], history: History
) -> Iterator[_Part]:
    """Find the days of a service month that this run charges."""
    schedule = schedule_of(contract, cards.of(month).listed(contract))
    due_in = _due_months(contract, month, schedule)
    if cards.month not in due_in and history.closed.isdisjoint(due_in):
        return
    for first, last in Days(*contract.days_in(month)).without(charged):
        price_list = cards.of(month).price_list(contract)
        part = _part(contract, price_list, price_list.package(contract.package), first, last)
        # A contract without a fee has nothing to catch up with, whether or not its months were invoiced.
        if cards.month in due_in or part.monthly:
            _check_currency(contract, price_list, cards)
            yield part


def _due_months(contract: Contract, month: Month, schedule: FeeSchedule) -> set[Month]:
    """Name the runs that charge a service month.

    In advance the first interval may also be charged with the contract's first month, because before it nobody may have
    known of the contract.
    """
    start, length = Month.of(contract.starts_on), schedule.interval.months
    since = (month.year - start.year) * 12 + month.month - start.month
    first = start.plus(since // length * length)
    if schedule.timing is FeeTiming.ADVANCE:
        return {first.previous(), start} if first == start else {first.previous()}
    last = first.plus(length - 1)
    return {last if contract.ends_on is None else min(last, Month.of(contract.ends_on))}


def _part(contract: Contract, price_list: PriceList, package: Package, first: date, last: date) -> _Part:
    return _Part(first, last, schedule_of(contract, price_list), package.title, full_fee(contract, package))


def _check_currency(contract: Contract, price_list: PriceList, cards: RateCards) -> None:
    own, now = currency_of(contract, price_list), currency_of(contract, cards.listed(contract))
    if own != now:
        raise MixedCurrenciesError(f"{price_list.version} is in {own}, and the month is billed in {now}")


def _together(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Keep whole months together that follow each other at one price."""
    group: list[_Part] = []
    for part in parts:
        goes_on = (
            group
            and group[-1].service.months
            and part.service.months
            and group[-1].last + _DAY == part.first
            and group[-1][2:] == part[2:]
        )
        if group and not goes_on:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _charge(parts: Sequence[_Part], currency: str) -> Charge:
    first, last = parts[0], parts[-1]
    service = Service(first.first, last.last, first.schedule)
    share = Fraction(service.months) or _share_of_month(first.first, first.last)
    amount = round_money(Fraction(first.monthly) * share, currency)
    return Charge(ChargeKind.FEE, "", (), 0, 0, amount, amount, first.title, service=service)


def _share_of_month(first: date, last: date) -> Fraction:
    return Fraction((last - first).days + 1, Month.of(first).days)


def other_price_lists(contract: Contract, cards: RateCards, fees: Iterable[Charge]) -> tuple[tuple[str, str], ...]:
    """Name the versions besides the month's own that priced the fees, with the hashes of their terms."""
    months = [
        month
        for fee in fees
        if fee.service is not None
        for month in Month.of(fee.service.first).until(Month.of(fee.service.last))
    ]
    used = [cards.of(month).price_list(contract) for month in months]
    own = cards.listed(contract).version
    return tuple(sorted({(one.version, one.content_hash) for one in used if one.version != own}))


def fee_refunds(contracts: Iterable[Contract], history: History) -> tuple[FeeRefund, ...]:
    """Find what was charged for days before contracts' starts and after their ends and not paid back yet (R10, U6)."""
    known = {contract.contract: contract for contract in contracts}
    concerned = (fee for fee in history.fees if fee.contract in known)
    return tuple(refund for fee in concerned for refund in _refunds(fee, known[fee.contract]))


def _refunds(fee: ChargedFee, contract: Contract) -> Iterator[FeeRefund]:
    runs = Days(contract.starts_on, contract.ends_on or date.max)
    for days in [piece for charged in fee.charged for piece in _outside(charged, runs)]:
        amount = _worth(fee, days)
        if amount:
            yield FeeRefund(fee.invoice, fee.position, fee.contract, *days, amount, fee.currency)
            fee = replace(fee, credited=(*fee.credited, Credited(amount, days)))


def _outside(days: Days, runs: Days) -> Iterator[Days]:
    """Cut off what lies before and after the days on which a contract runs."""
    if days.first < runs.first:
        yield Days(days.first, min(days.last, runs.first - _DAY))
    if days.last > runs.last:
        yield Days(max(days.first, runs.last + _DAY), days.last)


def _worth(fee: ChargedFee, days: Days) -> Decimal:
    """Tell what some charged days of a fee are worth now: whole months alike, within a month by days.

    They share what is left of the fee. All that is paid back is rounded as one sum, so that it comes to the whole fee
    once no day is charged any more, in however many parts.
    """
    left, charged = Fraction(fee.amount), _months_in(Days(fee.service_from, fee.service_to))
    returned, back = Fraction(0), ZERO
    for one in fee.credited:
        if one.days is None:
            left = max(Fraction(0), left - Fraction(one.amount))
            continue
        months = _months_in(one.days)
        share = left * months / charged
        left, charged, returned, back = left - share, charged - months, returned + share, back + one.amount
    returned += left * _months_in(days) / charged
    rest = fee.amount - sum((one.amount for one in fee.credited), ZERO)
    return max(ZERO, min(rest, round_money(returned, fee.currency) - back))


def _months_in(days: Days) -> Fraction:
    months = Month.of(days.first).until(Month.of(days.last))
    parts = ((max(days.first, month.first_day), min(days.last, month.last_day)) for month in months)
    return sum((_share_of_month(*part) for part in parts), Fraction(0))
