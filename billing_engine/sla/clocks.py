"""Clocks: how much of a time counts, and when a target's last second has run (K1, K2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.model.calendar import Calendar
from billing_engine.model.instant import Instant, instant_of, local_date, local_datetime, midnight_utc, start_of_day
from billing_engine.model.sla import TargetResult, TargetStatus
from billing_engine.model.sla_terms import Target, TargetUnit
from billing_engine.model.ticket import Pause, TargetKind, Ticket
from billing_engine.model.timeline import compile_timeline, constant_schedule, overlay
from billing_engine.model.window import Window

ALWAYS = (Window(("every_day",), 0, 24 * 3600),)
_WORKING_DAYS = (Window(("working_days",), 0, 24 * 3600),)
_LAST_YEAR = 2400
"""Further than any ticket lives: what is due later is due then."""


class _Year(NamedTuple):
    """A year of UTC: from starts[i] on the clock runs or stands, and has run `before[i]` seconds of the year."""

    starts: tuple[Instant, ...]
    runs: tuple[int, ...]
    before: tuple[int, ...]

    def run_until(self, moment: Instant) -> int:
        """Count the seconds that it has run since the year began."""
        index = bisect_right(self.starts, moment) - 1
        return self.before[index] + (moment - self.starts[index]) * self.runs[index]

    def moment_after(self, seconds: int) -> Instant:
        """Find the first instant by which it has run so many seconds, of which the year has at least one."""
        index = bisect_left(self.before, seconds) - 1
        return self.starts[index] + seconds - self.before[index]


class Clock:
    """Runs while its windows are open, on a price list's clock and calendar; compiled year by year when needed."""

    def __init__(self, windows: tuple[Window, ...], calendar: Calendar, zone: ZoneInfo) -> None:
        self._schedule = overlay(constant_schedule(0), windows, 1)
        self._calendar = calendar
        self._zone = zone
        self._years: dict[int, _Year] = {}

    def elapsed(self, start: Instant, end: Instant) -> int:
        """Count the seconds that it runs in [start, end)."""
        if end <= start:
            return 0
        first, last = _year_of(start), _year_of(end)
        if first == last:
            year = self._year(first)
            return year.run_until(end) - year.run_until(start)
        whole = sum(self._year(number).before[-1] for number in range(first, last))
        return whole - self._year(first).run_until(start) + self._year(last).run_until(end)

    def advance(self, start: Instant, seconds: int) -> Instant:
        """Find the first instant by which it has run `seconds`, at least one, since `start`."""
        number = _year_of(start)
        seconds += self._year(number).run_until(start)
        while seconds > self._year(number).before[-1]:
            if number == _LAST_YEAR:
                return self._year(number).starts[-1]
            seconds -= self._year(number).before[-1]
            number += 1
        return self._year(number).moment_after(seconds)

    def _year(self, number: int) -> _Year:
        if number not in self._years:
            self._years[number] = self._compile(number)
        return self._years[number]

    def _compile(self, number: int) -> _Year:
        start, end = midnight_utc(date(number, 1, 1)), midnight_utc(date(number + 1, 1, 1))
        timeline = compile_timeline(
            self._schedule, self._calendar, self._zone, date(number, 1, 1), date(number, 12, 31)
        )
        spans = timeline.split(start, end)
        before = [0]
        for span in spans:
            before.append(before[-1] + (span.end - span.start) * span.value)
        return _Year((*(span.start for span in spans), end), (*(span.value for span in spans), 0), tuple(before))


def _year_of(moment: Instant) -> int:
    return local_datetime(moment, UTC).year


class Clocks:
    """The clocks of one evaluation, each compiled once."""

    def __init__(self) -> None:
        self._clocks: dict[object, Clock] = {}

    def clock(self, windows: tuple[Window, ...], calendar: Calendar, zone: ZoneInfo) -> Clock:
        """Return the clock of some windows."""
        key = (windows, calendar, zone.key)
        if key not in self._clocks:
            self._clocks[key] = Clock(windows, calendar, zone)
        return self._clocks[key]


class Still(NamedTuple):
    """A time in which all clocks of a ticket stand still; without an end while it waits."""

    start: Instant
    end: Instant | None


def merge_pauses(pauses: Iterable[Pause]) -> list[Still]:
    """Put pauses in order, those that overlap or touch as one."""
    merged: list[Still] = []
    for pause in sorted(pauses, key=lambda pause: pause.paused_at):
        last = merged[-1] if merged else None
        if last is None or (last.end is not None and last.end < pause.paused_at):
            merged.append(Still(pause.paused_at, pause.resumed_at))
        elif last.end is not None and (pause.resumed_at is None or pause.resumed_at > last.end):
            merged[-1] = Still(last.start, pause.resumed_at)
    return merged


def running_seconds(clock: Clock, pauses: Sequence[Still], start: Instant, end: Instant) -> int:
    """Count the seconds that a ticket's clock runs in [start, end), pauses left out."""
    paused = sum(
        clock.elapsed(max(pause.start, start), end if pause.end is None else min(pause.end, end)) for pause in pauses
    )
    return clock.elapsed(start, end) - paused


def due_after(clock: Clock, pauses: Sequence[Still], start: Instant, seconds: int) -> Instant | None:
    """Find the instant at which the last of `seconds` has run since `start`; None while a pause has no end."""
    at = start
    for pause in pauses:
        if pause.end is not None and pause.end <= at:
            continue
        runs = clock.elapsed(at, pause.start)
        if runs >= seconds:
            break
        if pause.end is None:
            return None
        seconds -= runs
        at = pause.end
    return clock.advance(at, seconds)


class TicketClock:
    """Measures a ticket's targets under one price list: its calendar, its zone, its pauses."""

    def __init__(
        self, ticket: Ticket, pauses: Iterable[Pause], calendar: Calendar, zone: ZoneInfo, clocks: Clocks
    ) -> None:
        self._ticket = ticket
        self._pauses = merge_pauses(pauses)
        self._calendar = calendar
        self._zone = zone
        self._clocks = clocks

    def measure(self, kind: TargetKind, target: Target, coverage: tuple[Window, ...], as_of: Instant) -> TargetResult:
        """Tell how a target stands; `coverage` is when the package covers the ticket's severity."""
        if target.unit is TargetUnit.NO_CLOCK:
            return TargetResult(kind, TargetStatus.NONE, None, None, target.text)
        due_at = self._due_at(target, coverage)
        event = self._ticket.event(kind)
        until = as_of if event is None else event
        elapsed = running_seconds(
            self._clock(_windows_of(target, coverage)), self._pauses, self._ticket.opened_at, until
        )
        return TargetResult(kind, _status(event, due_at, as_of), due_at, elapsed // 60, target.text)

    def _due_at(self, target: Target, coverage: tuple[Window, ...]) -> Instant | None:
        start, windows, seconds = self._ticket.opened_at, _windows_of(target, coverage), target.amount
        if target.unit is TargetUnit.DAYS:
            seconds = _same_time_after(start, target.amount, self._zone) - start
        elif target.unit is TargetUnit.BUSINESS_DAYS:
            windows = _WORKING_DAYS
            start = start_of_day(local_date(start, self._zone) + timedelta(days=1), self._zone)
            seconds = self._clock(windows).elapsed(start, self._end_of_working_day(start, target.amount))
        return due_after(self._clock(windows), self._pauses, start, seconds)

    def _end_of_working_day(self, start: Instant, count: int) -> Instant:
        """Find the end of the last of so many working days, the first of which may begin at `start`."""
        day = local_date(start, self._zone)
        while True:
            count -= self._calendar.day_kind(day) in range(5)
            if count == 0:
                return start_of_day(day + timedelta(days=1), self._zone)
            day += timedelta(days=1)

    def _clock(self, windows: tuple[Window, ...]) -> Clock:
        return self._clocks.clock(windows, self._calendar, self._zone)


def _windows_of(target: Target, coverage: tuple[Window, ...]) -> tuple[Window, ...]:
    """Tell when a target's clock runs; days of either kind are measured round the clock."""
    match target.unit:
        case TargetUnit.WINDOW_TIME:
            return target.windows
        case TargetUnit.COVERAGE_TIME:
            return coverage
        case _:
            return ALWAYS


def _same_time_after(moment: Instant, days: int, zone: ZoneInfo) -> Instant:
    """Go on by calendar days: the same time of day, which the clock change may put 23 or 25 hours away."""
    wall = local_datetime(moment, zone).replace(tzinfo=None) + timedelta(days=days)
    return instant_of(datetime.combine(wall.date(), wall.time(), tzinfo=zone))


def _status(event: Instant | None, due_at: Instant | None, as_of: Instant) -> TargetStatus:
    if event is not None:
        return TargetStatus.MET if due_at is None or event <= due_at else TargetStatus.BREACHED
    return TargetStatus.BREACHED if due_at is not None and as_of > due_at else TargetStatus.RUNNING
