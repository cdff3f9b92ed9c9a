"""Started units: how worked seconds become billed seconds (R3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from billing_engine.model.price_list import AtBoundary
from billing_engine.model.time_entry import TimeEntry
from billing_engine.model.timeline import Span
from billing_engine.rating.rate_card import RateCard


class Piece(NamedTuple):
    """Work of an entry that one class pays, a class being COVERED or a tariff's index."""

    entry: TimeEntry
    span: Span


class Rounded(NamedTuple):
    """All work of a job that one class pays, and the seconds that are billed for it."""

    value: int
    pieces: list[Piece]
    billed_seconds: int


def round_up(seconds: int, increment: int) -> int:
    """Count each started increment whole: 31 minutes in half hours are 60."""
    return -(-seconds // increment) * increment


def started_units(seconds: int, value: int, card: RateCard) -> int:
    """Round one class's seconds up to its started units, and to its minimum charge if any time was worked."""
    increment = card.increments[value]
    billed = -(-seconds // increment) * increment  # round_up, spelled out: this is asked for every entry
    return card.minimums[value] if 0 < billed < card.minimums[value] else billed


def round_classes(pieces: Iterable[Piece], card: RateCard) -> list[Rounded]:
    """Round the time of each class up to started units and the minimum charge, once per class (R3)."""
    if card.price_list.rating.at_boundary == AtBoundary.SPLIT:
        return _round_apart(pieces, card)
    return _round_running_on(pieces, card)


def _round_apart(pieces: Iterable[Piece], card: RateCard) -> list[Rounded]:
    by_class: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_class.setdefault(piece.span.value, []).append(piece)
    return [Rounded(value, part, started_units(worked_seconds(part), value, card)) for value, part in by_class.items()]


def _round_running_on(pieces: Iterable[Piece], card: RateCard) -> list[Rounded]:
    """Let a started unit, or the minimum charge, use up the work that follows, whatever class that would have been."""
    paid: dict[int, list[Piece]] = {}
    billed: dict[int, int] = {}
    paid_ahead, payer = 0, 0
    for entry, (start, end, value) in pieces:
        middle = min(start + paid_ahead, end)
        if start < middle:
            paid[payer].append(Piece(entry, Span(start, middle, payer)))
            paid_ahead -= middle - start
        if middle < end:
            left, increment = end - middle, card.increments[value]
            units = round_up(left, increment) if value in billed else started_units(left, value, card)
            billed[value] = billed.get(value, 0) + units
            paid.setdefault(value, []).append(Piece(entry, Span(middle, end, value)))
            paid_ahead, payer = units - left, value
    return [Rounded(value, paid[value], seconds) for value, seconds in billed.items()]


def worked_seconds(pieces: Iterable[Piece]) -> int:
    """Add up the elapsed time of pieces."""
    return sum(span.end - span.start for _, span in pieces)


def entries_of(pieces: Iterable[Piece]) -> tuple[TimeEntry, ...]:
    """List the entries of pieces, each once, in order."""
    return tuple({entry.entry: entry for entry, _ in pieces}.values())


def spans_of(pieces: Iterable[Piece]) -> tuple[Span, ...]:
    """List when the pieces were worked."""
    return tuple(span for _, span in pieces)
