"""Instants: whole seconds since 1970-01-01T00:00Z, so that all arithmetic on time is integer and zone-free (T1).

Local time appears in two places only: where text is read (T3) and where a calendar is laid over instants (T2).
Both look at a zone as spans of constant offset, so a clock change needs no special case anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.errors import LocalTimeError

Instant = int
"""Seconds since 1970-01-01T00:00Z. A part of a second in the input is cut off, never rounded up."""

SECONDS_PER_DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_PROBE_STEP = SECONDS_PER_DAY  # no zone changes its clock twice within a day


class OffsetSpan(NamedTuple):
    """A stretch of instants [start, end) in which local time is UTC plus `offset` seconds."""

    start: Instant
    end: Instant
    offset: int


def instant_of(moment: datetime) -> Instant:
    """Turn an aware datetime into an instant; raises ValueError when it is naive."""
    if moment.tzinfo is None:
        raise ValueError("a time without an offset is not an instant")
    return (moment - _EPOCH) // timedelta(seconds=1)


def local_datetime(instant: Instant, zone: tzinfo) -> datetime:
    """Show an instant on the wall clock of `zone`."""
    return (_EPOCH + timedelta(seconds=instant)).astimezone(zone)


def local_date(instant: Instant, zone: tzinfo) -> date:
    """Tell the calendar day of an instant in `zone`."""
    return local_datetime(instant, zone).date()


def midnight_utc(day: date) -> Instant:
    """Read `day` 00:00 as if it were UTC; less the zone's offset it is local midnight."""
    return (day.toordinal() - _EPOCH_DAY) * SECONDS_PER_DAY


def offset_at(instant: Instant, zone: ZoneInfo) -> int:
    """Seconds by which the zone's wall clock is ahead of UTC at that instant."""
    offset = local_datetime(instant, zone).utcoffset()
    assert offset is not None, "a ZoneInfo always knows its offset"  # noqa: S101 - holds by construction
    return offset // timedelta(seconds=1)


def offset_spans(start: Instant, end: Instant, zone: ZoneInfo) -> Iterator[OffsetSpan]:
    """Cut [start, end) wherever the zone changes its clock."""
    span_start = at = start
    offset = offset_at(start, zone)
    while at < end - 1:
        ahead = min(at + _PROBE_STEP, end - 1)
        if offset_at(ahead, zone) == offset:
            at = ahead
            continue
        change = _first_change(at, ahead, offset, zone)
        yield OffsetSpan(span_start, change, offset)
        span_start = at = change
        offset = offset_at(change, zone)
    yield OffsetSpan(span_start, end, offset)


def _first_change(before: Instant, after: Instant, offset: int, zone: ZoneInfo) -> Instant:
    while after - before > 1:
        middle = (before + after) // 2
        if offset_at(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def hours_and_minutes(seconds: int) -> str:
    """Write a length of time as h:mm, with its seconds where there are any; never as rounded decimals."""
    minutes, rest = divmod(abs(seconds), 60)
    sign, tail = "-" if seconds < 0 else "", f":{rest:02d}" if rest else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}{tail}"


@lru_cache(maxsize=4096)
def start_of_day(day: date, zone: ZoneInfo) -> Instant:
    """First instant whose local date is `day` or later, also where midnight is skipped or happens twice (T2)."""
    wall = midnight_utc(day)
    for span in offset_spans(wall - SECONDS_PER_DAY, wall + SECONDS_PER_DAY, zone):
        candidate = max(wall - span.offset, span.start)
        if candidate < span.end:
            return candidate
    raise AssertionError(f"{zone.key} has no {day}")


def resolve_wall_time(wall: datetime, zone: ZoneInfo) -> Instant:
    """Read a time without an offset in `zone` (T3).

    Raises LocalTimeError when the clock skips that time or shows it twice.
    """
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return instant_of(first)
    exists = local_datetime(instant_of(first), zone).replace(tzinfo=None) == wall.replace(microsecond=0)
    what = "exists twice" if exists else "does not exist"
    raise LocalTimeError(f"{wall.isoformat(sep=' ')} {what} in {zone.key} (clock change); give it with an offset")
