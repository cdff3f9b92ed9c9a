"""Time in zones with odd clocks: instants, days, windows laid over them, months, and the rounding of money.

Dates and offsets are written out from the IANA time zone data, so every expectation is a literal UTC time.
"""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from builders import UNIX_EPOCH, instant
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_engine.errors import LocalTimeError, UnknownCurrencyError
from billing_engine.model.calendar import DAY_KINDS, HOLIDAY, Calendar
from billing_engine.model.instant import (
    OffsetSpan,
    instant_of,
    local_date,
    local_datetime,
    midnight_utc,
    offset_at,
    offset_spans,
    resolve_wall_time,
    start_of_day,
)
from billing_engine.model.money import from_minor, minor_digits, plain, price_of_time, round_money, to_minor
from billing_engine.model.period import Month
from billing_engine.model.timeline import Span, Timeline, compile_timeline, constant_schedule, overlay
from billing_engine.model.window import Window, find_gaps, find_overlaps, read_clock, show_clock

HOUR = 3600
OPEN, CLOSED = 1, 0
SERBIA = Calendar("RS")


def zulu(text):
    """Read "2026-10-25T01:00" as UTC."""
    return instant(text, UTC)


def in_utc(at):
    """Write an instant as "2026-10-25T01:00" in UTC, with seconds where there are any."""
    return (UNIX_EPOCH + timedelta(seconds=at)).replace(tzinfo=None).isoformat().removesuffix(":00")


# --- instants ---------------------------------------------------------------------------------------------------------


def test_an_instant_needs_an_offset():
    """A naive time is no instant."""
    with pytest.raises(ValueError, match="offset"):
        instant_of(datetime(2026, 10, 1, 10))  # noqa: DTZ001 - naive on purpose


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00+00:00", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01.999999+00:00", 1),
        ("1969-12-31T23:59:59+00:00", -1),
        ("1969-12-31T23:59:59.5+00:00", -1),
        ("2026-10-25T02:30:00+02:00", 1792888200),
        ("2026-10-25T02:30:00+01:00", 1792891800),
    ],
)
def test_an_instant_is_whole_seconds_since_1970_in_utc(text, expected):
    """The offset is taken off, and a part of a second is cut, never rounded up."""
    assert instant_of(datetime.fromisoformat(text)) == expected


def test_an_instant_is_shown_on_the_wall_clock():
    """The same wall time twice in the autumn is two instants an hour apart."""
    zone = ZoneInfo("Europe/Belgrade")
    for at, offset in ((1792888200, 2 * HOUR), (1792891800, HOUR)):
        shown = local_datetime(at, zone)
        assert (shown.hour, shown.minute, shown.date()) == (2, 30, date(2026, 10, 25))
        assert offset_at(at, zone) == offset
    assert local_date(zulu("2026-10-01T22:00"), zone) == date(2026, 10, 2)
    assert local_date(zulu("2026-10-01T21:59:59"), zone) == date(2026, 10, 1)


# --- first instant of a day -------------------------------------------------------------------------------------------

DAY_STARTS = [
    ("Europe/Belgrade", "2026-03-29", "2026-03-28T23:00"),
    ("Europe/Belgrade", "2026-03-30", "2026-03-29T22:00"),
    ("Europe/Belgrade", "2026-10-25", "2026-10-24T22:00"),
    ("Europe/Belgrade", "2026-10-26", "2026-10-25T23:00"),
    # the clock goes from 00:00 to 01:00: the day begins at 01:00
    ("America/Sao_Paulo", "2017-10-14", "2017-10-14T03:00"),
    ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00"),
    ("America/Sao_Paulo", "2017-10-16", "2017-10-16T02:00"),
    # the clock goes from 00:00 back to 23:00 of the day before: the day begins at the second midnight
    ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00"),
    ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00"),
    ("Asia/Beirut", "2026-10-25", "2026-10-24T22:00"),
    ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00"),
    ("Africa/Cairo", "2026-10-30", "2026-10-29T22:00"),
    # the clock goes from 01:00 back to 00:00: midnight comes twice, the first one begins the day
    ("America/Havana", "2026-11-01", "2026-11-01T04:00"),
    ("America/Havana", "2026-11-02", "2026-11-02T05:00"),
    ("America/Havana", "2026-03-08", "2026-03-08T05:00"),
    # 30 December 2011 does not exist: its first instant is the next day's
    ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00"),
    ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),
    ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
    ("Pacific/Apia", "2012-01-01", "2011-12-31T10:00"),
    ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00"),
    ("Australia/Lord_Howe", "2026-04-06", "2026-04-05T13:30"),
    ("Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00"),
    ("Etc/GMT+12", "2026-01-01", "2026-01-01T12:00"),
    ("UTC", "2026-01-01", "2026-01-01T00:00"),
    # the clock went from 00:01 back to 23:01 of the day before: the day has begun for a minute already
    ("America/St_Johns", "2010-11-07", "2010-11-07T02:30"),
]


@pytest.mark.parametrize(("zone_name", "day", "expected"), DAY_STARTS)
def test_first_instant_of_a_day(zone_name, day, expected):
    """A day begins at its first instant, also where midnight is skipped or comes twice."""
    assert in_utc(start_of_day(date.fromisoformat(day), ZoneInfo(zone_name))) == expected


ODD_ZONES = (
    "Europe/Belgrade",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "America/Havana",
    "Africa/Cairo",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)


@pytest.mark.parametrize("zone_name", ODD_ZONES)
@settings(max_examples=60)
@given(day=st.dates(date(2010, 1, 1), date(2027, 12, 31)))
def test_no_instant_before_the_first_one_is_of_that_day(zone_name, day):
    """The first instant has the day's date or a later one, the second before it an earlier one."""
    zone = ZoneInfo(zone_name)
    first = start_of_day(day, zone)
    assert local_date(first - 1, zone) < day <= local_date(first, zone)


# --- times without an offset ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone_name", "wall", "expected"),
    [
        ("Europe/Belgrade", "2026-03-29T01:59:59", "2026-03-29T00:59:59"),
        ("Europe/Belgrade", "2026-03-29T03:00", "2026-03-29T01:00"),
        ("Europe/Belgrade", "2026-10-25T01:59:59", "2026-10-24T23:59:59"),
        ("Europe/Belgrade", "2026-10-25T03:00", "2026-10-25T02:00"),
        ("America/Sao_Paulo", "2017-10-15T01:00", "2017-10-15T03:00"),
        ("Pacific/Apia", "2011-12-29T23:59:59", "2011-12-30T09:59:59"),
        ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00"),
        ("Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30"),
    ],
)
def test_a_wall_time_that_exists_once_is_read(zone_name, wall, expected):
    """T3: the edges of a clock change are times like any other."""
    assert in_utc(resolve_wall_time(datetime.fromisoformat(wall), ZoneInfo(zone_name))) == expected


@pytest.mark.parametrize(
    ("zone_name", "wall", "complaint"),
    [
        ("Europe/Belgrade", "2026-03-29T02:00", "does not exist"),
        ("Europe/Belgrade", "2026-03-29T02:59:59", "does not exist"),
        ("Europe/Belgrade", "2026-03-29T02:59:59.500000", "does not exist"),
        ("Europe/Belgrade", "2026-10-25T02:00", "exists twice"),
        ("Europe/Belgrade", "2026-10-25T02:59:59", "exists twice"),
        ("Europe/Belgrade", "2026-10-25T02:30:00.250000", "exists twice"),
        ("America/Sao_Paulo", "2017-10-15T00:00", "does not exist"),
        ("America/Sao_Paulo", "2018-02-17T23:30", "exists twice"),
        ("Asia/Beirut", "2026-10-24T23:00", "exists twice"),
        ("America/Havana", "2026-11-01T00:00", "exists twice"),
        ("Africa/Cairo", "2026-04-24T00:30", "does not exist"),
        ("Africa/Cairo", "2026-10-29T23:30", "exists twice"),
        ("Pacific/Apia", "2011-12-30T12:00", "does not exist"),
        ("Australia/Lord_Howe", "2026-04-05T01:30", "exists twice"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "does not exist"),
    ],
)
def test_a_wall_time_that_is_not_one_instant_is_refused(zone_name, wall, complaint):
    """T3: the message says which of the two it is, the time and the zone."""
    with pytest.raises(LocalTimeError) as refused:
        resolve_wall_time(datetime.fromisoformat(wall), ZoneInfo(zone_name))
    assert complaint in str(refused.value)
    assert zone_name in str(refused.value)
    assert wall.replace("T", " ") in str(refused.value)


@settings(max_examples=100)
@given(at=st.integers(1262304000, 1830297599), zone_name=st.sampled_from(ODD_ZONES))
def test_reading_what_the_wall_clock_shows_gives_the_instant_back(at, zone_name):
    """T3: a shown time is read back to its instant, or refused because it was shown twice."""
    zone = ZoneInfo(zone_name)
    shown = local_datetime(at, zone).replace(tzinfo=None, fold=0)
    try:
        assert resolve_wall_time(shown, zone) == at
    except LocalTimeError as refused:
        assert "exists twice" in str(refused)  # noqa: PT017 - either answer is right, in its place
        assert len({shown.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}) == 2


# --- spans of constant offset -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone_name", "start", "end", "changes"),
    [
        ("Europe/Belgrade", "2026-07-01T00:00", "2026-08-01T00:00", [("", 7200)]),
        ("Europe/Belgrade", "2026-03-01T00:00", "2026-04-01T00:00", [("", 3600), ("2026-03-29T01:00", 7200)]),
        ("Europe/Belgrade", "2026-10-01T00:00", "2026-11-01T00:00", [("", 7200), ("2026-10-25T01:00", 3600)]),
        (
            "Europe/Belgrade",
            "2026-01-01T00:00",
            "2027-01-01T00:00",
            [("", 3600), ("2026-03-29T01:00", 7200), ("2026-10-25T01:00", 3600)],
        ),
        ("Pacific/Apia", "2011-12-29T00:00", "2012-01-02T00:00", [("", -36000), ("2011-12-30T10:00", 50400)]),
        ("Australia/Lord_Howe", "2026-04-01T00:00", "2026-04-10T00:00", [("", 39600), ("2026-04-04T15:00", 37800)]),
        ("Europe/Belgrade", "2026-10-25T01:00", "2026-10-25T02:00", [("", 3600)]),
        ("Europe/Belgrade", "2026-10-25T00:59:59", "2026-10-25T01:00", [("", 7200)]),
        ("Europe/Belgrade", "2026-10-25T00:59:59", "2026-10-25T01:00:01", [("", 7200), ("2026-10-25T01:00", 3600)]),
    ],
)
def test_spans_of_constant_offset(zone_name, start, end, changes):
    """A stretch is cut exactly where the clock changes, and only there."""
    starts = [zulu(at or start) for at, _ in changes]
    expected = [
        OffsetSpan(first, last, offset)
        for first, last, (_, offset) in zip(starts, [*starts[1:], zulu(end)], changes, strict=True)
    ]
    assert list(offset_spans(zulu(start), zulu(end), ZoneInfo(zone_name))) == expected


# --- windows laid over a calendar -------------------------------------------------------------------------------------


def open_spans(zone_name, windows, first, last, calendar=SERBIA):
    """Lay windows over some days and list, in UTC, when they are open."""
    schedule = overlay(constant_schedule(CLOSED), windows, OPEN)
    days = date.fromisoformat(first), date.fromisoformat(last)
    timeline = compile_timeline(schedule, calendar, ZoneInfo(zone_name), *days)
    zone = ZoneInfo(zone_name)
    begin, end = start_of_day(days[0], zone), start_of_day(days[1] + timedelta(days=1), zone)
    return [(in_utc(span.start), in_utc(span.end)) for span in timeline.split(begin, end) if span.value == OPEN]


def every_day(opens, closes):
    """Write a window of every day with its clock times as text."""
    return Window(("every_day",), read_clock(opens), read_clock(closes))


WINDOWS = [
    ("Europe/Belgrade", "09:00", "17:00", "2026-03-29", [("2026-03-29T07:00", "2026-03-29T15:00")]),
    ("Europe/Belgrade", "09:00", "17:00", "2026-10-25", [("2026-10-25T08:00", "2026-10-25T16:00")]),
    # a day of 23 and one of 25 hours
    ("Europe/Belgrade", "00:00", "24:00", "2026-03-29", [("2026-03-28T23:00", "2026-03-29T22:00")]),
    ("Europe/Belgrade", "00:00", "24:00", "2026-10-25", [("2026-10-24T22:00", "2026-10-25T23:00")]),
    # edges inside the hour that is skipped: the window keeps what exists of it
    ("Europe/Belgrade", "02:00", "03:00", "2026-03-29", []),
    ("Europe/Belgrade", "02:30", "04:00", "2026-03-29", [("2026-03-29T01:00", "2026-03-29T02:00")]),
    ("Europe/Belgrade", "01:00", "02:30", "2026-03-29", [("2026-03-29T00:00", "2026-03-29T01:00")]),
    # edges inside the hour that comes twice: the wall clock reads an open time twice
    (
        "Europe/Belgrade",
        "02:15",
        "02:45",
        "2026-10-25",
        [("2026-10-25T00:15", "2026-10-25T00:45"), ("2026-10-25T01:15", "2026-10-25T01:45")],
    ),
    (
        "Europe/Belgrade",
        "01:00",
        "02:30",
        "2026-10-25",
        [("2026-10-24T23:00", "2026-10-25T00:30"), ("2026-10-25T01:00", "2026-10-25T01:30")],
    ),
    (
        "Europe/Belgrade",
        "02:30",
        "04:00",
        "2026-10-25",
        [("2026-10-25T00:30", "2026-10-25T01:00"), ("2026-10-25T01:30", "2026-10-25T03:00")],
    ),
    ("Europe/Belgrade", "02:00", "03:00", "2026-10-25", [("2026-10-25T00:00", "2026-10-25T02:00")]),
    # midnight is skipped: 00:00-02:00 is one hour
    ("America/Sao_Paulo", "00:00", "02:00", "2017-10-15", [("2017-10-15T03:00", "2017-10-15T04:00")]),
    ("America/Sao_Paulo", "00:00", "01:00", "2017-10-15", []),
    # 23:00-24:00 comes twice
    ("America/Sao_Paulo", "23:00", "24:00", "2018-02-17", [("2018-02-18T01:00", "2018-02-18T03:00")]),
    ("Asia/Beirut", "23:00", "24:00", "2026-10-24", [("2026-10-24T20:00", "2026-10-24T22:00")]),
    ("America/Havana", "00:00", "01:00", "2026-11-01", [("2026-11-01T04:00", "2026-11-01T06:00")]),
    ("Africa/Cairo", "00:00", "09:00", "2026-04-24", [("2026-04-23T22:00", "2026-04-24T06:00")]),
    # a day that does not exist has no open hours
    ("Pacific/Apia", "09:00", "17:00", "2011-12-30", []),
    ("Pacific/Apia", "09:00", "17:00", "2011-12-31", [("2011-12-30T19:00", "2011-12-31T03:00")]),
    ("Australia/Lord_Howe", "01:00", "03:00", "2026-10-04", [("2026-10-03T14:30", "2026-10-03T16:00")]),
    (
        "Australia/Lord_Howe",
        "01:00",
        "01:45",
        "2026-04-05",
        [("2026-04-04T14:00", "2026-04-04T14:45"), ("2026-04-04T15:00", "2026-04-04T15:15")],
    ),
]


@pytest.mark.parametrize(("zone_name", "opens", "closes", "day", "expected"), WINDOWS)
def test_a_window_on_a_day_of_an_odd_clock(zone_name, opens, closes, day, expected):
    """T2, T6: a window is open at the instants whose wall time lies in it, wherever the clock jumps."""
    assert open_spans(zone_name, [every_day(opens, closes)], day, day) == expected


def test_a_window_until_24_joins_the_next_days_window_from_0():
    """24:00 is the next day's 00:00, so no second is closed at midnight."""
    windows = [every_day("22:00", "24:00"), every_day("00:00", "06:00")]
    assert open_spans("Europe/Belgrade", windows, "2026-10-24", "2026-10-25") == [
        ("2026-10-23T22:00", "2026-10-24T04:00"),
        ("2026-10-24T20:00", "2026-10-25T05:00"),
        ("2026-10-25T21:00", "2026-10-25T23:00"),
    ]


def test_holidays_outrank_weekdays_and_weekends():
    """T4: Good Friday to Easter Monday are holidays, the days around them working days."""
    on = {name: Window((name,), 12 * HOUR, 13 * HOUR) for name in ("working_days", "weekends", "holidays", "fri")}
    noon = {
        name: [start[:10] for start, _ in open_spans("UTC", [window], "2026-04-08", "2026-04-19")]
        for name, window in on.items()
    }
    assert noon["holidays"] == ["2026-04-10", "2026-04-11", "2026-04-12", "2026-04-13"]
    assert noon["weekends"] == ["2026-04-18", "2026-04-19"]
    assert noon["fri"] == ["2026-04-17"]
    assert noon["working_days"] == [f"2026-04-{day:02d}" for day in (8, 9, 14, 15, 16, 17)]


def test_a_calendar_with_added_and_removed_days():
    """T4: the price list's own days count, removed ones do not, and the kind follows."""
    calendar = Calendar("RS", ((date(2026, 12, 24), "Company day"),), (date(2026, 2, 17), date(2026, 2, 15)))
    assert calendar.holiday_name(date(2026, 12, 24)) == "Company day"
    assert calendar.day_kind(date(2026, 12, 24)) == HOLIDAY
    assert calendar.day_kind(date(2026, 2, 17)) == 1
    assert calendar.day_kind(date(2026, 2, 15)) == 6
    assert calendar.day_kind(date(2026, 2, 16)) == HOLIDAY


@pytest.mark.parametrize("zone_name", ODD_ZONES)
@settings(max_examples=15)
@given(
    first=st.dates(date(2011, 12, 20), date(2026, 12, 20)),
    window=st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda pair: pair[0] != pair[1]).map(sorted),
)
def test_a_timeline_agrees_with_the_wall_clock(zone_name, first, window):
    """T2: over some days every quarter of an hour, and every edge, has the value that its wall time says."""
    zone = ZoneInfo(zone_name)
    opens, closes = (minutes * 60 for minutes in window)
    schedule = overlay(constant_schedule(CLOSED), [Window(("every_day",), opens, closes)], OPEN)
    last = first + timedelta(days=2)
    timeline = compile_timeline(schedule, SERBIA, zone, first, last)
    assert timeline.starts == tuple(sorted(set(timeline.starts)))
    assert all(value != other for value, other in zip(timeline.values, timeline.values[1:], strict=False))
    begin, end = start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)
    assert timeline.starts[0] <= begin
    assert timeline.starts[-1] >= end
    edges = [at + shift for at in timeline.starts for shift in (-1, 0) if begin <= at + shift < end]
    for at in (*range(begin, end, 900), *edges):
        shown = local_datetime(at, zone)
        second = shown.hour * 3600 + shown.minute * 60 + shown.second
        assert timeline.value_throughout(at, at + 1) == (OPEN if opens <= second < closes else CLOSED)


# --- looking up and cutting -------------------------------------------------------------------------------------------

TIMELINE = Timeline((0, 100, 200, 300), (7, 8, 7))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 100, [Span(0, 100, 7)]),
        (0, 300, [Span(0, 100, 7), Span(100, 200, 8), Span(200, 300, 7)]),
        (99, 101, [Span(99, 100, 7), Span(100, 101, 8)]),
        (100, 200, [Span(100, 200, 8)]),
        (150, 250, [Span(150, 200, 8), Span(200, 250, 7)]),
        (299, 300, [Span(299, 300, 7)]),
        (120, 130, [Span(120, 130, 8)]),
        (100, 100, []),
        (300, 300, []),
    ],
)
def test_split_cuts_at_every_boundary_inside(start, end, expected):
    """R3: the parts are half open, follow each other and make up the whole."""
    assert TIMELINE.split(start, end) == expected


@pytest.mark.parametrize(("start", "end"), [(-1, 10), (290, 301), (400, 500), (20, 10)])
def test_split_refuses_what_the_timeline_does_not_cover(start, end):
    """Nothing outside the compiled days is guessed at."""
    with pytest.raises(ValueError, match="outside"):
        TIMELINE.split(start, end)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 100, 7), (100, 200, 8), (99, 101, None), (100, 201, None), (0, 300, None), (299, 300, 7), (-5, 10, None)],
)
def test_the_one_value_of_a_stretch(start, end, expected):
    """A boundary at the end of a stretch is not inside it, one second later it is."""
    assert TIMELINE.value_throughout(start, end) == expected


def test_a_later_window_is_laid_over_an_earlier_one():
    """Overlay cuts what lies below and leaves a day without gaps."""
    schedule = overlay(constant_schedule(0), [Window(("mon", "holidays"), 9 * HOUR, 17 * HOUR)], 1)
    schedule = overlay(schedule, [Window(("mon",), 12 * HOUR, 24 * HOUR)], 2)
    monday = (Span(0, 9 * HOUR, 0), Span(9 * HOUR, 12 * HOUR, 1), Span(12 * HOUR, 24 * HOUR, 2))
    assert schedule[0] == monday
    assert schedule[1] == (Span(0, 24 * HOUR, 0),)
    assert schedule[HOLIDAY] == (Span(0, 9 * HOUR, 0), Span(9 * HOUR, 17 * HOUR, 1), Span(17 * HOUR, 24 * HOUR, 0))
    assert len(schedule) == len(DAY_KINDS)


# --- windows of a price list ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "seconds"), [("00:00", 0), ("09:05", 32700), ("23:59", 86340), ("24:00", 86400)])
def test_a_clock_time_is_read_and_shown(text, seconds):
    """A time of day goes to seconds and back, 24:00 included."""
    assert read_clock(text) == seconds
    assert show_clock(seconds) == text


@pytest.mark.parametrize(
    "text",
    [
        "24:01",
        "25:00",
        "12:60",
        "9:00",
        "09:00:00",
        "09.00",
        "",
        " 09:00",
        "09:00\n",
        "-1:00",
        "\u0660\u0669:\u0660\u0660",
    ],
)
def test_what_is_no_clock_time_is_refused(text):
    """Only 00:00 to 24:00, in two and two digits, is a time of day."""
    with pytest.raises(ValueError, match="00:00 to 24:00"):
        read_clock(text)


def named(**windows):
    """Write windows as name=("mon", "09:00", "17:00")."""
    return {
        name: [Window((days,), read_clock(opens), read_clock(closes)) for days, opens, closes in given]
        for name, given in windows.items()
    }


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        (named(day=[("every_day", "09:00", "17:00")], night=[("every_day", "17:00", "24:00")]), []),
        (named(day=[("working_days", "09:00", "17:00")], night=[("weekends", "09:00", "17:00")]), []),
        (named(day=[("mon", "09:00", "17:00")], free=[("holidays", "09:00", "17:00")]), []),
        (
            named(day=[("mon", "09:00", "17:00")], night=[("mon", "16:59", "24:00")]),
            ["day and night overlap at 16:59-17:00 on mon"],
        ),
        (
            named(day=[("every_day", "09:00", "17:00")], free=[("holidays", "00:00", "24:00")]),
            ["free and day overlap at 09:00-17:00 on holidays"],
        ),
        (
            named(day=[("weekends", "09:00", "17:00")], inner=[("weekends", "10:00", "11:00")]),
            ["day and inner overlap at 10:00-11:00 on sat, sun"],
        ),
        (
            named(day=[("mon", "09:00", "12:00"), ("mon", "11:00", "13:00")]),
            ["day and day overlap at 11:00-12:00 on mon"],
        ),
    ],
)
def test_windows_that_claim_the_same_time(windows, expected):
    """Overlaps are named with both windows, the time and the days; windows that only touch do not overlap."""
    assert find_overlaps(windows) == expected


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        (named(all=[("every_day", "00:00", "24:00")]), []),
        (named(a=[("every_day", "00:00", "12:00")], b=[("every_day", "12:00", "24:00")]), []),
        (
            named(a=[("every_day", "00:00", "23:59")]),
            ["nothing covers 23:59-24:00 on mon, tue, wed, thu, fri, sat, sun, holidays"],
        ),
        (
            named(a=[("working_days", "00:00", "24:00")], b=[("weekends", "00:00", "24:00")]),
            ["nothing covers 00:00-24:00 on holidays"],
        ),
        (
            named(
                a=[("every_day", "00:00", "09:00"), ("every_day", "17:00", "24:00")],
                b=[("working_days", "09:00", "17:00")],
            ),
            ["nothing covers 09:00-17:00 on sat, sun, holidays"],
        ),
        (
            named(a=[("every_day", "00:00", "24:00")], inner=[("every_day", "10:00", "11:00")]),
            [],
        ),
    ],
)
def test_times_that_no_window_covers(windows, expected):
    """Gaps are named with their time and days, each once."""
    assert find_gaps(windows) == expected


# --- months -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "days"), [("2026-10", 31), ("2026-02", 28), ("2028-02", 29), ("2100-02", 28), ("1900-01", 31)]
)
def test_a_month_is_read_and_written(text, days):
    """A month is read from "2026-10", written the same, and knows its days."""
    month = Month.parse(text)
    assert str(month) == text
    assert month.days == days
    assert (month.first_day, month.last_day) == (date.fromisoformat(f"{text}-01"), date.fromisoformat(f"{text}-{days}"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "2026-00",
        "2026-1",
        "26-10",
        "2026-10-01",
        "202610",
        "",
        "2026/10",
        " 2026-10",
        "2026-10\n",
        "0000-01",
        "1899-12",
        "9999-01",
        "\u0662\u0660\u0662\u0666-\u0661\u0660",
    ],
)
def test_what_is_no_month_is_refused(text):
    """The message shows how a month is written."""
    with pytest.raises(ValueError, match="write it as 2026-10"):
        Month.parse(text)


def test_months_follow_each_other():
    """December is followed by January of the next year, and months sort by time."""
    assert Month(2026, 11).next() == Month(2026, 12)
    assert Month(2026, 12).next() == Month(2027, 1)
    assert Month(2026, 12) < Month(2027, 1)


@pytest.mark.parametrize(
    ("zone_name", "text", "first", "after_last", "hours"),
    [
        ("Europe/Belgrade", "2026-10", "2026-09-30T22:00", "2026-10-31T23:00", 745),
        ("Europe/Belgrade", "2026-03", "2026-02-28T23:00", "2026-03-31T22:00", 743),
        ("Europe/Prague", "2026-10", "2026-09-30T22:00", "2026-10-31T23:00", 745),
        ("America/Havana", "2026-10", "2026-10-01T04:00", "2026-11-01T04:00", 744),
        ("America/Havana", "2026-11", "2026-11-01T04:00", "2026-12-01T05:00", 721),
        ("Pacific/Apia", "2011-12", "2011-12-01T10:00", "2011-12-31T10:00", 720),
    ],
)
def test_bounds_of_a_month(zone_name, text, first, after_last, hours):
    """T2: a month runs from local midnight to local midnight; October 2026 has 44,700 minutes in Prague."""
    begin, end = Month.parse(text).bounds(ZoneInfo(zone_name))
    assert (in_utc(begin), in_utc(end)) == (first, after_last)
    assert end - begin == hours * HOUR


def test_midnight_utc_is_a_day_of_seconds_times_days():
    """The day's number since 1970 times 86,400."""
    assert midnight_utc(date(1970, 1, 2)) == 86400
    assert in_utc(midnight_utc(date(2028, 2, 29))) == "2028-02-29T00:00"


# --- money ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("16.665", "EUR", "16.67"),
        ("16.664999999999999999999999999999999", "EUR", "16.66"),
        ("0.005", "EUR", "0.01"),
        ("0.00499999999999999999999999999999", "EUR", "0.00"),
        ("0.025", "EUR", "0.03"),
        ("-0.005", "EUR", "-0.01"),
        ("-0.0049", "EUR", "0.00"),
        ("12", "EUR", "12.00"),
        ("50.5", "JPY", "51"),
        ("50.49", "JPY", "50"),
        ("0.0005", "KWD", "0.001"),
        ("16.6665", "KWD", "16.667"),
        ("117.555", "RSD", "117.56"),
        ("999999999999.995", "EUR", "1000000000000.00"),
    ],
)
def test_money_is_rounded_half_up_to_the_minor_unit(amount, currency, expected):
    """R12: half a unit goes up, away from zero; more digits than a context holds are not rounded twice."""
    assert str(round_money(Decimal(amount), currency)) == expected
    assert str(round_money(Fraction(amount), currency)) == expected


def test_exact_parts_are_rounded_once():
    """R12: 12,345.33 and a third is a fraction until it is rounded."""
    assert round_money(Fraction(37036, 3), "EUR") == Decimal("12345.33")
    assert round_money(Fraction(2, 3), "JPY") == 1
    assert to_minor(Fraction(1, 3), "EUR") == 33


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("RSD", 2), ("CZK", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0)]
)
def test_minor_units(currency, digits):
    """ISO 4217's decimals; whole minor units go back and forth."""
    assert minor_digits(currency) == digits
    assert to_minor(from_minor(1235, currency), currency) == 1235
    assert from_minor(1235, currency).as_tuple().exponent == -digits


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "", "€€€", "E R", "ÉÉÉ"])
def test_what_is_no_currency_code_is_refused(currency):
    """Only three capital letters of ASCII name a currency."""
    with pytest.raises(UnknownCurrencyError):
        minor_digits(currency)


@pytest.mark.parametrize(
    ("seconds", "rate", "expected"),
    [
        (1800, "33.33", "16.67"),
        (3600, "33.335", "33.34"),
        (1, "100", "0.03"),
        (1, "18", "0.01"),
        (1, "17.99", "0.00"),
        (0, "100", "0.00"),
    ],
)
def test_the_price_of_time_is_exact_until_it_is_rounded(seconds, rate, expected):
    """R12: seconds times rate, divided once, rounded once."""
    assert str(price_of_time(seconds, Decimal(rate), "EUR")) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("810", "810.00"),
        ("810.5", "810.50"),
        ("0", "0.00"),
        ("12.345", "12.345"),
        ("12.340", "12.34"),
        ("1E+3", "1000.00"),
    ],
)
def test_money_for_programs_has_two_decimals_or_more(amount, expected):
    """No exponent, at least two decimals, and none that the amount has is lost."""
    assert plain(Decimal(amount)) == expected


@pytest.mark.parametrize("language", ["C", "sr_RS.UTF-8", "de_DE.UTF-8", ""])
def test_holiday_names_do_not_depend_on_the_machine(language):
    """Name holidays in English whatever the environment's language is: the name is printed on invoices."""
    code = (
        "from datetime import date; from billing_engine.model.calendar import Calendar\n"
        "print(Calendar('RS').holiday_name(date(2026, 11, 11)), Calendar('CZ').holiday_name(date(2026, 7, 6)))"
    )
    environment = {**os.environ, "LANG": language, "LANGUAGE": language, "LC_ALL": language}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "Armistice Day Jan Hus Day\n"
