"""Started units: how worked seconds become billed seconds (R3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from billing_engine.model.price_list import AtBoundary
from billing_engine.model.timeline import Span
from billing_engine.rating.rate_card import COVERED, RateCard


class Rounded(NamedTuple):
    """Seconds of one class, a class being COVERED or a tariff's index, before and after rounding."""

    value: int
    worked_seconds: int
    billed_seconds: int


def round_up(seconds: int, increment: int) -> int:
    """Count each started increment whole: 31 minutes in half hours are 60."""
    return -(-seconds // increment) * increment


def round_classes(spans: Iterable[Span], card: RateCard) -> list[Rounded]:
    """Round the time of each class up to started units and the minimum charge, once per class (R3)."""
    if card.price_list.rating.at_boundary is AtBoundary.SPLIT:
        return _round_apart(spans, card)
    return _round_running_on(spans, card)


def _round_apart(spans: Iterable[Span], card: RateCard) -> list[Rounded]:
    worked: dict[int, int] = {}
    for start, end, value in spans:
        worked[value] = worked.get(value, 0) + end - start
    return [Rounded(value, seconds, started_units(seconds, value, card)) for value, seconds in worked.items()]


def _round_running_on(spans: Iterable[Span], card: RateCard) -> list[Rounded]:
    """Let a started unit, or the minimum charge, use up the work that follows, whatever class that would have been."""
    worked: dict[int, int] = {}
    billed: dict[int, int] = {}
    paid_ahead, payer = 0, COVERED
    for start, end, value in spans:
        paid = min(paid_ahead, end - start)
        left = end - start - paid
        worked[payer] = worked.get(payer, 0) + paid
        paid_ahead -= paid
        if left:
            units = started_units(left, value, card) if value not in billed else round_up(left, card.increments[value])
            billed[value] = billed.get(value, 0) + units
            worked[value] = worked.get(value, 0) + left
            paid_ahead, payer = units - left, value
    return [Rounded(value, worked[value], seconds) for value, seconds in billed.items()]


def started_units(seconds: int, value: int, card: RateCard) -> int:
    """Round one class's seconds up to its started units, and to its minimum charge if any time was worked."""
    increment = card.increments[value]
    billed = -(-seconds // increment) * increment
    return card.minimums[value] if 0 < billed < card.minimums[value] else billed
