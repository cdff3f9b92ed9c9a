"""Timelines: weekly windows laid over a stretch of time once, then looked up by bisection.

A schedule says, for each kind of day, which value holds from which second of the wall clock to which. Compiled for a
zone and a calendar it becomes sorted instants with one value each. Rating looks up who pays for an instant, and SLA
clocks look up whether an instant counts, in the same structure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.model.calendar import DAY_KINDS, Calendar
from billing_engine.model.instant import SECONDS_PER_DAY, Instant, OffsetSpan, local_date, midnight_utc, offset_spans
from billing_engine.model.window import Window


class Span(NamedTuple):
    """A value that holds in [start, end): seconds of a day in a schedule, instants in a timeline."""

    start: int
    end: int
    value: int


DaySchedule = tuple[Span, ...]
Schedule = tuple[DaySchedule, ...]
"""One DaySchedule per day kind, each covering 0:00 to 24:00 without gap or overlap."""


def constant_schedule(value: int) -> Schedule:
    """Make a schedule with the same value at every hour of every day."""
    return tuple((Span(0, SECONDS_PER_DAY, value),) for _ in DAY_KINDS)


def overlay(base: Schedule, windows: Sequence[Window], value: int) -> Schedule:
    """Put `value` over `base` wherever one of the windows is open."""
    return tuple(_overlay_day(base[kind], [w for w in windows if kind in w.day_kinds], value) for kind in DAY_KINDS)


def _overlay_day(base: DaySchedule, windows: Sequence[Window], value: int) -> DaySchedule:
    spans = list(base)
    for window in windows:
        cut: list[Span] = []
        for span in spans:
            before = Span(span.start, min(span.end, window.start), span.value)
            after = Span(max(span.start, window.end), span.end, span.value)
            cut += [part for part in (before, after) if part.start < part.end]
        spans = [*cut, Span(window.start, window.end, value)]
    return tuple(sorted(spans))


@dataclass(frozen=True, slots=True)
class Timeline:
    """Values over [starts[0], starts[-1]): values[i] holds from starts[i] to starts[i + 1]; neighbours differ."""

    starts: tuple[Instant, ...]
    values: tuple[int, ...]

    def value_throughout(self, start: Instant, end: Instant) -> int | None:
        """Look up the one value of [start, end), or None when a boundary lies inside. Most work crosses none."""
        index = bisect_right(self.starts, start)
        return self.values[index - 1] if 0 < index < len(self.starts) and end <= self.starts[index] else None

    def split(self, start: Instant, end: Instant) -> list[Span]:
        """Cut [start, end) at every boundary inside it (R3)."""
        if not self.starts[0] <= start <= end <= self.starts[-1]:
            raise ValueError(f"[{start}, {end}) is outside the timeline")
        spans = []
        index = bisect_right(self.starts, start) - 1
        while start < end:
            boundary = min(self.starts[index + 1], end)
            spans.append(Span(start, boundary, self.values[index]))
            start = boundary
            index += 1
        return spans


def compile_timeline(schedule: Schedule, calendar: Calendar, zone: ZoneInfo, first: date, last: date) -> Timeline:
    """Lay a schedule over the local days from `first` to `last`, both whole (T2, T6)."""
    start, end = midnight_utc(first), midnight_utc(last + timedelta(days=1))
    starts: list[Instant] = []
    values: list[int] = []
    for offset_span in offset_spans(start - SECONDS_PER_DAY, end + SECONDS_PER_DAY, zone):
        for begin, _, value in _spans_at_offset(offset_span, schedule, calendar, zone):
            if not values or values[-1] != value:
                starts.append(begin)
                values.append(value)
    return Timeline((*starts, end + SECONDS_PER_DAY), tuple(values))


def _spans_at_offset(within: OffsetSpan, schedule: Schedule, calendar: Calendar, zone: ZoneInfo) -> list[Span]:
    day = local_date(within.start, zone)
    spans = []
    while (midnight := midnight_utc(day) - within.offset) < within.end:
        for start, end, value in schedule[calendar.day_kind(day)]:
            begin, stop = max(midnight + start, within.start), min(midnight + end, within.end)
            if begin < stop:
                spans.append(Span(begin, stop, value))
        day += timedelta(days=1)
    return spans
