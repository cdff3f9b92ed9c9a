"""What a contract's month has left: its allowance and what rolled over into it (R10), less what invoices took (R11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from billing_engine.model.contract import Contract, terms_of
from billing_engine.model.history import History, Lot, MonthUse
from billing_engine.model.period import Month
from billing_engine.model.price_list import Rollover
from billing_engine.rating.rate_card import RateCards


class Standing(NamedTuple):
    """What issued invoices left of a contract's month."""

    included_seconds: int | None
    """Allowance of the month by itself; None is without limit."""
    left_seconds: int | None
    """What is left of it."""
    carried: tuple[Lot, ...] = ()
    """Left of earlier months' allowances, oldest first; used before the month's own."""
    overage_seconds: int = 0
    """Counted beyond the allowance by issued invoices."""
    overage_billed_seconds: int = 0
    """Billed for it."""

    @classmethod
    def untouched(cls, included_seconds: int | None) -> Standing:
        """Start a month that nothing was taken from and nothing rolled over into."""
        return cls(included_seconds, included_seconds)


def standing_of(contract: Contract, cards: RateCards, history: History) -> Standing:
    """Tell what a contract's month has left now, after all that invoices took in it and in later months."""
    uses = [use for use in history.uses if use.contract == contract.contract]
    month = cards.month
    included = _included(contract, cards, uses)
    of_month = [use for use in uses if use.period == month]
    left = None if included is None else max(0, included - _drawn(uses, month))
    since = [use for use in uses if use.period >= month]
    carried = (
        Lot(lot.month, lot.seconds - _drawn(since, lot.month))
        for lot in carried_lots(contract, cards, uses, history.closed)
    )
    return Standing(
        included_seconds=included,
        left_seconds=left,
        carried=() if included is None else tuple(lot for lot in carried if lot.seconds > 0),
        overage_seconds=sum(use.overage_seconds for use in of_month),
        overage_billed_seconds=sum(use.overage_billed_seconds for use in of_month),
    )


def carried_lots(contract: Contract, cards: RateCards, uses: Sequence[MonthUse], closed: frozenset[Month]) -> list[Lot]:
    """List what rolled over into the cards' month, oldest first, as it stood on the month's first day.

    Each month goes by the rule of its own price list: what is too old lapses, then of what is above the cap the oldest.
    Months that were never closed give nothing, nor do months without limit.
    """
    rule = rollover_of(contract, cards)
    if rule is None:
        return []
    lots: list[Lot] = []
    for month in cards.month.plus(-rule.months).until(cards.month.previous()):
        of_month = cards.of(month)
        lots = _carry(lots, month, rollover_of(contract, of_month))
        included = _included(contract, of_month, uses) if month in closed else None
        if included:
            lots.append(Lot(month, included))
        taken = [use for use in uses if use.period == month]
        lots = [Lot(lot.month, max(0, lot.seconds - _drawn(taken, lot.month))) for lot in lots]
    return _carry(lots, cards.month, rule)


def rollover_of(contract: Contract, cards: RateCards) -> Rollover | None:
    """Return the month's rule for hours that were left unused; None lets them lapse."""
    return cards.listed(contract).rating.rollover


def _carry(lots: Sequence[Lot], month: Month, rule: Rollover | None) -> list[Lot]:
    """Let lapse what may not be used in a month."""
    if rule is None:
        return []
    kept = [lot for lot in lots if lot.seconds and lot.month.plus(rule.months) >= month]
    above = 0 if rule.cap_seconds is None else max(0, sum(lot.seconds for lot in kept) - rule.cap_seconds)
    carried = []
    for lot in kept:
        lapsed = min(above, lot.seconds)
        above -= lapsed
        carried.append(Lot(lot.month, lot.seconds - lapsed))
    return [lot for lot in carried if lot.seconds]


def _included(contract: Contract, cards: RateCards, uses: Iterable[MonthUse]) -> int | None:
    """Return the allowance of a month by itself: as it was invoiced, else as it is agreed.

    Days that came to the contract since bring their part of it, and days that it lost take nothing away.
    """
    invoiced = (use for use in uses if use.period == cards.month and use.days)
    known = max(invoiced, key=lambda use: use.days, default=None)
    if known is not None and (known.included_seconds is None or contract.active_days(cards.month) <= known.days):
        return known.included_seconds
    price_list = cards.listed(contract)
    unit = price_list.rating.covered_increment_seconds
    agreed = terms_of(contract, price_list.package(contract.package), cards.month, unit).included_seconds
    return agreed if agreed is None or known is None else max(agreed, known.included_seconds or 0)


def _drawn(uses: Iterable[MonthUse], month: Month) -> int:
    """Add up what was taken from a month's allowance."""
    return sum(lot.seconds for use in uses for lot in use.drawn if lot.month == month)
