"""The rule book as tables: each row is one sentence of R1-R10, R12 or T1-T6, worked out by hand.

`lines` says "name worked -> billed min = amount" for everything but the fee; the part after the colon is seconds.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from builders import (
    analysis,
    b2bee,
    development,
    entry,
    expense,
    instant,
    lines,
    numbered,
    rate,
    unfounded,
    with_holidays,
    with_package,
    with_rating,
    with_tariff,
)

from billing_engine.model.charge import ChargeKind
from billing_engine.model.window import Window

OUT = "out-of-package"
RUN_ON = "started_unit_keeps_tariff"


def row(rule, *values):
    """Name a table row by its rule."""
    return pytest.param(*values, id=rule)


# --- R1, T6: tariffs --------------------------------------------------------------------------------------------------

TARIFFS = [
    row("R1 working is 50/h", "2026-10-01T10:00", "2026-10-01T11:00", ["working 60 -> 60 min = 50.00"]),
    row("R1 working minimum is 30 min", "2026-10-01T10:00", "2026-10-01T10:01", ["working 1 -> 30 min = 25.00"]),
    row("R1 working exactly 30 min", "2026-10-01T10:00", "2026-10-01T10:30", ["working 30 -> 30 min = 25.00"]),
    row("R1 working per started 30 min", "2026-10-01T10:00", "2026-10-01T10:31", ["working 31 -> 60 min = 50.00"]),
    row("R1 one second starts a unit", "2026-10-01T10:00", "2026-10-01T10:30:01", ["working 30:01 -> 60 min = 50.00"]),
    row("R1 after hours is 100/h", "2026-10-01T18:00", "2026-10-01T20:00", ["after_hours 120 -> 120 min = 200.00"]),
    row("R1 after hours minimum is 1 h", "2026-10-01T18:00", "2026-10-01T18:01", ["after_hours 1 -> 60 min = 100.00"]),
    row("R1 after hours exactly 1 h", "2026-10-01T18:00", "2026-10-01T19:00", ["after_hours 60 -> 60 min = 100.00"]),
    row(
        "R1 after hours per started hour",
        "2026-10-01T18:00",
        "2026-10-01T19:01",
        ["after_hours 61 -> 120 min = 200.00"],
    ),
    row(
        "R1 early morning is after hours", "2026-10-01T03:00", "2026-10-01T04:00", ["after_hours 60 -> 60 min = 100.00"]
    ),
    row(
        "R1 Saturday noon is after hours", "2026-10-03T12:00", "2026-10-03T12:10", ["after_hours 10 -> 60 min = 100.00"]
    ),
    row("R1 Sunday noon is after hours", "2026-10-04T12:00", "2026-10-04T12:10", ["after_hours 10 -> 60 min = 100.00"]),
    row("R1 holiday is 150/h", "2026-11-11T12:00", "2026-11-11T14:00", ["holiday 120 -> 120 min = 300.00"]),
    row("R1 holiday minimum is 1 h", "2026-11-11T12:00", "2026-11-11T12:01", ["holiday 1 -> 60 min = 150.00"]),
    row("R1 holiday per started hour", "2026-11-11T12:00", "2026-11-11T13:01", ["holiday 61 -> 120 min = 300.00"]),
    row("R1 holiday night is holiday", "2026-11-11T03:00", "2026-11-11T04:00", ["holiday 60 -> 60 min = 150.00"]),
    row(
        "R1 last second before 9:00", "2026-10-01T08:59:59", "2026-10-01T09:00", ["after_hours 0:01 -> 60 min = 100.00"]
    ),
    row("T6 9:00:00 is working", "2026-10-01T09:00", "2026-10-01T09:00:01", ["working 0:01 -> 30 min = 25.00"]),
    row("R1 last second before 17:00", "2026-10-01T16:59:59", "2026-10-01T17:00", ["working 0:01 -> 30 min = 25.00"]),
    row(
        "T6 17:00:00 is after hours", "2026-10-01T17:00", "2026-10-01T17:00:01", ["after_hours 0:01 -> 60 min = 100.00"]
    ),
    row(
        "R1 Friday night and Saturday are one class",
        "2026-10-02T23:59:59",
        "2026-10-03T00:00:01",
        ["after_hours 0:02 -> 60 min = 100.00"],
    ),
    row(
        "R1 Sunday night and Monday morning are one class",
        "2026-10-04T23:00",
        "2026-10-05T00:30",
        ["after_hours 90 -> 120 min = 200.00"],
    ),
    row(
        "T4 a holiday begins at local midnight",
        "2026-11-10T23:59:59",
        "2026-11-11T00:00:01",
        ["after_hours 0:01 -> 60 min = 100.00", "holiday 0:01 -> 60 min = 150.00"],
    ),
    row(
        "T4 a holiday ends at local midnight",
        "2026-11-11T23:59:59",
        "2026-11-12T00:00:01",
        ["holiday 0:01 -> 60 min = 150.00", "after_hours 0:01 -> 60 min = 100.00"],
    ),
]


@pytest.mark.parametrize(("start", "end", "expected"), TARIFFS)
def test_tariff_of_the_hour(start, end, expected):
    """Without a package every instant is priced by its tariff, in started units."""
    assert lines(rate(OUT, entry("T3", start, end))) == sorted(expected)


@pytest.mark.parametrize("severity", ["T1", "T2", "T3", "T4"])
def test_out_of_package_covers_no_severity(severity):
    """R9: out-of-package has neither fee nor allowance nor coverage, also on a working day at noon."""
    statement = rate(OUT, entry(severity, "2026-10-01T12:00", "2026-10-01T13:00"))
    assert lines(statement) == ["working 60 -> 60 min = 50.00"]
    assert (statement.net_total, statement.included_seconds, statement.used_seconds) == (Decimal("50.00"), 0, 0)


# --- R2, T6: coverage windows -----------------------------------------------------------------------------------------

WORKING_DAY, SATURDAY, SUNDAY, HOLIDAY = "2026-10-07", "2026-10-10", "2026-10-11", "2026-11-11"
COVERAGE = [
    ("basic", "T1", "09:00", "17:00", (WORKING_DAY, SATURDAY, SUNDAY, HOLIDAY)),
    ("basic", "T2", "09:00", "17:00", (WORKING_DAY,)),
    ("basic", "T3", "09:00", "17:00", (WORKING_DAY,)),
    ("basic", "T4", "09:00", "17:00", (WORKING_DAY,)),
    ("standard", "T1", "08:00", "18:00", (WORKING_DAY, SATURDAY, SUNDAY, HOLIDAY)),
    ("standard", "T2", "09:00", "17:00", (WORKING_DAY,)),
    ("standard", "T3", "09:00", "17:00", (WORKING_DAY,)),
    ("standard", "T4", "09:00", "17:00", (WORKING_DAY,)),
    ("premium", "T1", "07:00", "22:00", (WORKING_DAY, SATURDAY, SUNDAY, HOLIDAY)),
    ("premium", "T2", "07:00", "22:00", (WORKING_DAY,)),
    ("premium", "T3", "09:00", "17:00", (WORKING_DAY,)),
    ("premium", "T4", "09:00", "17:00", (WORKING_DAY,)),
    ("dedicated", "T1", "09:00", "17:00", (WORKING_DAY, SATURDAY, SUNDAY, HOLIDAY)),
    ("dedicated", "T2", "09:00", "17:00", (WORKING_DAY,)),
    ("dedicated", "T3", "09:00", "17:00", (WORKING_DAY,)),
    ("dedicated", "T4", "09:00", "17:00", (WORKING_DAY,)),
]
OPEN_DAYS = [
    row(f"R2 {package} {severity} {opens}-{closes} on {day}", package, severity, opens, closes, day)
    for package, severity, opens, closes, days in COVERAGE
    for day in days
]
CLOSED_DAYS = [
    row(f"R2 {package} {severity} not on {day}", package, severity, day)
    for package, severity, _, _, days in COVERAGE
    for day in (SATURDAY, SUNDAY, HOLIDAY)
    if day not in days
]


def said_around(package, severity, edge, before, after):
    """Rate an entry that lies around an edge of a window, in seconds before and after it."""
    work = entry(severity, edge, edge)
    work = work._replace(started_at=work.started_at + before, ended_at=work.ended_at + after)
    return lines(rate(package, work, included_seconds=3600))


@pytest.mark.parametrize(("package", "severity", "opens", "closes", "day"), OPEN_DAYS)
def test_both_edges_of_a_coverage_window(package, severity, opens, closes, day):
    """A window covers its first instant and not its last; work across an edge is split there."""
    tariff, price = ("holiday", "150.00") if day == HOLIDAY else ("after_hours", "100.00")
    for edge, first, second in ((opens, "tariff", "covered"), (closes, "covered", "tariff")):
        second_of = {"covered": ["allowance 0:01 -> 30 min"], "tariff": [f"{tariff} 0:01 -> 60 min = {price}"]}
        minute_of_both = [f"{tariff} 1 -> 60 min = {price}", "allowance 1 -> 30 min"]
        at = f"{day}T{edge}"
        assert said_around(package, severity, at, -1, 0) == second_of[first]
        assert said_around(package, severity, at, 0, 1) == second_of[second]
        assert said_around(package, severity, at, -60, 60) == sorted(minute_of_both)


@pytest.mark.parametrize(("package", "severity", "day"), CLOSED_DAYS)
def test_no_coverage_at_noon_of_a_day_that_is_not_worked(package, severity, day):
    """T2, T3 and T4 are covered on working days only."""
    tariff, price = ("holiday", "150.00") if day == HOLIDAY else ("after_hours", "100.00")
    said = lines(rate(package, entry(severity, f"{day}T12:00", f"{day}T12:30"), included_seconds=3600))
    assert said == [f"{tariff} 30 -> 60 min = {price}"]


def test_coverage_is_judged_by_the_time_of_the_work():
    """R2 (D): work begun inside the window is covered only as long as the window is open."""
    said = lines(rate("premium", entry("T3", "2026-10-01T16:40", "2026-10-01T18:10")))
    assert said == ["after_hours 70 -> 120 min = 200.00", "allowance 20 -> 30 min"]


# --- R3: split, then round, once per entry and class ------------------------------------------------------------------

SPLITS = [
    row(
        "R3 8:30-17:30 without package is 1 h after hours and 8 h working",
        OUT,
        entry("T3", "2026-10-01T08:30", "2026-10-01T17:30"),
        ["after_hours 60 -> 60 min = 100.00", "working 480 -> 480 min = 400.00"],
    ),
    row(
        "R3 16:50-17:10 is one unit of each tariff",
        OUT,
        entry("T3", "2026-10-01T16:50", "2026-10-01T17:10"),
        ["after_hours 10 -> 60 min = 100.00", "working 10 -> 30 min = 25.00"],
    ),
    row(
        "R3 all covered time of an entry is added up before rounding",
        "standard",
        # Sat 17:50 to Sun 08:10: covered 10 + 10 min, between them 14 h of weekend.
        entry("T1", "2026-10-10T17:50", "2026-10-11T08:10"),
        ["after_hours 840 -> 840 min = 1400.00", "allowance 20 -> 30 min"],
    ),
    row(
        "R3 covered, working and after hours in one entry",
        "premium",
        # Tue 06:30-23:30 T2: covered 07-22 = 900 min, 720 of them included; after hours 30 + 90 min.
        entry("T2", "2026-10-06T06:30", "2026-10-06T23:30"),
        ["after_hours 120 -> 120 min = 200.00", "allowance 720 -> 720 min", "overage 180 -> 180 min = 150.00"],
    ),
    row(
        "R3 three tariffs in one entry",
        OUT,
        # Tue 10 Nov 16:00 to Wed 11 Nov (holiday) 00:45.
        entry("T3", "2026-11-10T16:00", "2026-11-11T00:45"),
        ["after_hours 420 -> 420 min = 700.00", "holiday 45 -> 60 min = 150.00", "working 60 -> 60 min = 50.00"],
    ),
]


@pytest.mark.parametrize(("package", "work", "expected"), SPLITS)
def test_split_first_then_round_once_per_class(package, work, expected):
    """An entry is cut at every boundary; then the time of each class is added up and rounded once."""
    assert lines(rate(package, work)) == sorted(expected)


def test_minimum_charge_above_the_increment():
    """R1: a minimum counts once per class; above it only started units do."""
    quarter_hours = with_tariff("after_hours", increment_seconds=900, minimum_seconds=3600)
    for end, expected in (
        ("17:01", "after_hours 1 -> 60 min = 100.00"),
        ("18:00", "after_hours 60 -> 60 min = 100.00"),
        ("18:01", "after_hours 61 -> 75 min = 125.00"),
        ("18:16", "after_hours 76 -> 90 min = 150.00"),
    ):
        work = entry("T3", "2026-10-01T17:00", f"2026-10-01T{end}")
        assert lines(rate(OUT, work, price_list=quarter_hours)) == [expected]


def test_a_zero_length_entry_costs_nothing():
    """No unit is started by work that took no time, wherever it lies, not even a minimum charge."""
    for package, at in (("premium", "2026-10-01T10:00"), ("premium", "2026-10-01T20:00"), (OUT, "2026-10-01T20:00")):
        statement = rate(package, entry("T3", at, at))
        fee = Decimal("360.00") if package == "premium" else Decimal("0.00")
        assert (statement.net_total, statement.used_seconds) == (fee, 0)


# --- R3: round_per ----------------------------------------------------------------------------------------------------


def short_sessions():
    """Write down two minutes on each of two days for ticket A, one minute for ticket B, and two without a ticket."""
    return numbered(
        entry("T3", "2026-10-05T10:00", "2026-10-05T10:01", ticket="A"),
        entry("T3", "2026-10-05T11:00", "2026-10-05T11:01", ticket="A"),
        entry("T3", "2026-10-05T12:00", "2026-10-05T12:01", ticket="B"),
        entry("T3", "2026-10-05T13:00", "2026-10-05T13:01"),
        entry("T3", "2026-10-05T14:00", "2026-10-05T14:01"),
        entry("T3", "2026-10-06T10:00", "2026-10-06T10:01", ticket="A"),
        entry("T3", "2026-10-06T11:00", "2026-10-06T11:01", ticket="A"),
    )


ROUND_PER = [
    row("R3 round_per entry", "entry", ["working 1 -> 30 min = 25.00"] * 7),
    row(
        "R3 round_per ticket_day",
        "ticket_day",
        ["working 1 -> 30 min = 25.00"] * 3 + ["working 2 -> 30 min = 25.00"] * 2,
    ),
    row("R3 round_per ticket", "ticket", ["working 1 -> 30 min = 25.00"] * 3 + ["working 4 -> 30 min = 25.00"]),
]


@pytest.mark.parametrize(("round_per", "expected"), ROUND_PER)
def test_what_is_added_up_before_rounding(round_per, expected):
    """`round_per` says if a ticket, or a ticket's day, is rounded as one; entries without a ticket stand alone."""
    assert lines(rate(OUT, short_sessions(), price_list=with_rating(round_per=round_per))) == sorted(expected)


@pytest.mark.parametrize(("round_per", "used"), [("entry", 210), ("ticket_day", 150), ("ticket", 120)])
def test_covered_time_is_added_up_by_round_per_too(round_per, used):
    """R3 with R4: the unit of the allowance is started once per job."""
    statement = rate("standard", short_sessions(), price_list=with_rating(round_per=round_per))
    assert statement.used_seconds == used * 60


def test_the_ticket_day_is_the_local_day_of_the_start():
    """R3, T2: 23:30 and 00:30 are two days in Belgrade though one in UTC, and 00:30 and 02:00 are one."""
    price_list = with_rating(round_per="ticket_day")
    two_days = numbered(
        entry("T3", "2026-10-04T23:30", "2026-10-04T23:40", ticket="A"),
        entry("T3", "2026-10-05T00:30", "2026-10-05T00:40", ticket="A"),
    )
    one_day = numbered(
        entry("T3", "2026-10-05T00:30", "2026-10-05T00:40", ticket="A"),
        entry("T3", "2026-10-05T02:00", "2026-10-05T02:10", ticket="A"),
        entry("T3", "2026-10-05T23:50", "2026-10-06T00:10", ticket="A"),
    )
    assert lines(rate(OUT, two_days, price_list=price_list)) == ["after_hours 10 -> 60 min = 100.00"] * 2
    assert lines(rate(OUT, one_day, price_list=price_list)) == ["after_hours 40 -> 60 min = 100.00"]


def test_only_ordinary_time_is_added_up_with_ordinary_time():
    """R3 with R6, R7, R8: unfounded, accepted and development entries of the ticket are rounded for themselves."""
    entries = numbered(
        entry("T1", "2026-10-05T10:00", "2026-10-05T10:10", ticket="A"),
        unfounded("2026-10-05T11:00", "2026-10-05T11:10", ticket="A"),
        analysis("2026-10-05T12:00", "2026-10-05T12:10", "offer_accepted", ticket="A"),
        development("2026-10-05T13:00", "2026-10-05T13:10", ticket="A"),
        entry("T1", "2026-10-05T14:00", "2026-10-05T14:10", ticket="A"),
    )
    said = lines(rate("standard", entries, price_list=with_rating(round_per="ticket"), development_rate="60"))
    assert said == [
        "allowance 10 -> 30 min",
        "allowance 20 -> 30 min",
        "analysis 10 -> 10 min = 0",
        "development 10 -> 10 min = 10.00",
    ]


def test_each_class_of_a_job_names_the_entries_that_have_time_in_it():
    """R3: of two entries of a ticket, the line of a tariff names the one that was worked in it."""
    entries = numbered(
        entry("T3", "2026-10-05T10:00", "2026-10-05T10:20", ticket="A"),
        entry("T3", "2026-10-05T16:50", "2026-10-05T17:10", ticket="A"),
        entry("T3", "2026-10-05T19:00", "2026-10-05T19:10", ticket="A"),
    )
    statement = rate(OUT, entries, price_list=with_rating(round_per="ticket"))
    named = {charge.tariff: [item.entry for item in charge.entries] for charge in statement.charges if charge.tariff}
    assert named == {"working": ["E1", "E2"], "after_hours": ["E2", "E3"]}
    assert lines(statement) == ["after_hours 20 -> 60 min = 100.00", "working 30 -> 30 min = 25.00"]


# --- R3: at_boundary --------------------------------------------------------------------------------------------------

BOUNDARIES = [
    row(
        "R3 16:50-17:10",
        OUT,
        [entry("T3", "2026-10-01T16:50", "2026-10-01T17:10")],
        ["working 10 -> 30 min = 25.00", "after_hours 10 -> 60 min = 100.00"],
        ["working 20 -> 30 min = 25.00"],
    ),
    row(
        "R3 16:50-17:20 uses the started unit up exactly",
        OUT,
        [entry("T3", "2026-10-01T16:50", "2026-10-01T17:20")],
        ["working 10 -> 30 min = 25.00", "after_hours 20 -> 60 min = 100.00"],
        ["working 30 -> 30 min = 25.00"],
    ),
    row(
        "R3 16:50-17:21 begins the next unit in the new class",
        OUT,
        [entry("T3", "2026-10-01T16:50", "2026-10-01T17:21")],
        ["working 10 -> 30 min = 25.00", "after_hours 21 -> 60 min = 100.00"],
        ["working 30 -> 30 min = 25.00", "after_hours 1 -> 60 min = 100.00"],
    ),
    row(
        "R3 23:30-00:30 into 1 January",
        OUT,
        [entry("T3", "2026-12-31T23:30", "2027-01-01T00:30")],
        ["after_hours 30 -> 60 min = 100.00", "holiday 30 -> 60 min = 150.00"],
        ["after_hours 60 -> 60 min = 100.00"],
    ),
    row(
        "R3 16:30-17:30 ends its unit on the boundary",
        OUT,
        [entry("T3", "2026-10-01T16:30", "2026-10-01T17:30")],
        ["working 30 -> 30 min = 25.00", "after_hours 30 -> 60 min = 100.00"],
        ["working 30 -> 30 min = 25.00", "after_hours 30 -> 60 min = 100.00"],
    ),
    row(
        # after hours until 9:30, working 450 min until 17:00, then a second after-hours unit.
        "R3 8:30-17:30 begins after hours twice",
        OUT,
        [entry("T3", "2026-10-01T08:30", "2026-10-01T17:30")],
        ["after_hours 60 -> 60 min = 100.00", "working 480 -> 480 min = 400.00"],
        ["after_hours 90 -> 120 min = 200.00", "working 450 -> 450 min = 375.00"],
    ),
    row(
        "R3 a covered unit runs on into after hours",
        "premium",
        [entry("T3", "2026-10-01T16:40", "2026-10-01T18:10")],
        ["allowance 20 -> 30 min", "after_hours 70 -> 120 min = 200.00"],
        ["allowance 30 -> 30 min", "after_hours 60 -> 60 min = 100.00"],
    ),
    row(
        "R3 an after-hours unit runs on into coverage",
        "premium",
        [entry("T3", "2026-10-01T08:30", "2026-10-01T10:00")],
        ["after_hours 30 -> 60 min = 100.00", "allowance 60 -> 60 min"],
        ["after_hours 60 -> 60 min = 100.00", "allowance 30 -> 30 min"],
    ),
]


@pytest.mark.parametrize(("package", "entries", "split", "run_on"), BOUNDARIES)
def test_work_across_a_boundary(package, entries, split, run_on):
    """`split` cuts at the boundary; `started_unit_keeps_tariff` lets the started unit use up the work that follows."""
    assert lines(rate(package, entries)) == sorted(split)
    assert lines(rate(package, entries, price_list=with_rating(at_boundary=RUN_ON))) == sorted(run_on)


def test_the_minimum_runs_on_once_and_then_only_the_increment():
    """R3: in the class's first unit the minimum charge runs on, later ones are increments."""
    price_list = with_tariff(
        "after_hours", with_rating(at_boundary=RUN_ON), increment_seconds=1800, minimum_seconds=3600
    )
    # 08:50 pays until 09:50; then working 430 min begin 15 half hours, which pay until 17:20; 20 min are left.
    said = lines(rate(OUT, entry("T3", "2026-10-01T08:50", "2026-10-01T17:40"), price_list=price_list))
    assert said == ["after_hours 80 -> 90 min = 150.00", "working 450 -> 450 min = 375.00"]


def test_entries_of_a_job_are_laid_end_to_end():
    """R3: with `ticket_day` the started unit of one entry pays for the ticket's next entry of the day."""
    entries = numbered(
        entry("T3", "2026-10-01T16:50", "2026-10-01T17:00", ticket="A"),
        entry("T3", "2026-10-01T20:00", "2026-10-01T20:30", ticket="A"),
    )
    price_list = with_rating(at_boundary=RUN_ON, round_per="ticket_day")
    said = lines(rate(OUT, entries, price_list=price_list))
    assert said == ["after_hours 10 -> 60 min = 100.00", "working 30 -> 30 min = 25.00"]


def test_an_entry_paid_by_a_unit_begun_in_another_is_named_where_it_is_paid():
    """R3: no entry is lost from the statement because another entry's started unit pays for all of it."""
    entries = numbered(
        entry("T3", "2026-10-01T16:50", "2026-10-01T17:00", ticket="A"),
        entry("T3", "2026-10-01T17:00", "2026-10-01T17:15", ticket="A"),
    )
    statement = rate(OUT, entries, price_list=with_rating(at_boundary=RUN_ON, round_per="ticket"))
    assert lines(statement) == ["working 25 -> 30 min = 25.00"]
    (charge,) = statement.charges_of(ChargeKind.TARIFF)
    assert [item.entry for item in charge.entries] == ["E1", "E2"]


# --- R4, R5: allowance and overage ------------------------------------------------------------------------------------

ALLOWANCES = [
    row("R4 one minute is one unit", "premium", [("09:00", "09:01")], ["allowance 1 -> 30 min"]),
    row("R4 30 min is one unit", "premium", [("09:00", "09:30")], ["allowance 30 -> 30 min"]),
    row("R4 each started unit is counted whole", "premium", [("09:00", "09:31")], ["allowance 31 -> 60 min"]),
    row("R4 a second starts a unit", "premium", [("09:00", "09:30:01")], ["allowance 30:01 -> 60 min"]),
    row("R4 Basic includes 1 h", "basic", [("09:00", "10:00")], ["allowance 60 -> 60 min"]),
    row(
        "R4 R5 Basic, a minute more",
        "basic",
        [("09:00", "10:00"), ("10:00", "10:01")],
        ["allowance 60 -> 60 min", "overage 30 -> 60 min = 50.00"],
    ),
    row("R4 Standard includes 5 h", "standard", [("09:00", "14:00")], ["allowance 300 -> 300 min"]),
    row(
        "R4 R5 Standard, a minute more",
        "standard",
        [("09:00", "14:01")],
        ["allowance 300 -> 300 min", "overage 30 -> 60 min = 50.00"],
    ),
    row(
        "R4 Premium includes 12 h",
        "premium",
        [("09:00", "17:00"), ("09:00", "13:00")],
        ["allowance 480 -> 480 min", "allowance 240 -> 240 min"],
    ),
    row(
        "R4 R5 Premium, a minute more",
        "premium",
        [("09:00", "17:00"), ("09:00", "13:00"), ("13:00", "13:01")],
        ["allowance 480 -> 480 min", "allowance 240 -> 240 min", "overage 30 -> 60 min = 50.00"],
    ),
    row(
        "R5 an entry across the end of the allowance is both",
        "basic",
        [("09:00", "10:30")],
        ["allowance 60 -> 60 min", "overage 30 -> 60 min = 50.00"],
    ),
    row(
        "R5 overage is added up over the month, then rounded",
        "basic",
        [("09:00", "10:00"), ("11:00", "11:05"), ("12:00", "12:05")],
        ["allowance 60 -> 60 min", "overage 60 -> 60 min = 50.00"],
    ),
    row(
        "R5 three half hours are two started hours",
        "basic",
        [("09:00", "10:00"), ("11:00", "11:05"), ("12:00", "12:05"), ("13:00", "13:05")],
        ["allowance 60 -> 60 min", "overage 90 -> 120 min = 100.00"],
    ),
    row(
        "R4 time priced by tariff never touches the allowance",
        "basic",
        [("06:00", "09:00"), ("17:00", "20:00")],
        ["after_hours 180 -> 180 min = 300.00"] * 2,
    ),
]


@pytest.mark.parametrize(("package", "times", "expected"), ALLOWANCES)
def test_allowance_and_overage(package, times, expected):
    """Covered time uses up the allowance in half hours; beyond it, it is added up and billed per started hour."""
    entries = numbered(*(entry("T3", f"2026-10-01T{start}", f"2026-10-01T{end}") for start, end in times))
    assert lines(rate(package, entries)) == sorted(expected)


def paid_by(statement):
    """Tell which entries the allowance and the overage name."""
    kinds = (ChargeKind.ALLOWANCE, ChargeKind.OVERAGE)
    return [(c.kind, [item.entry for item in c.entries]) for c in statement.charges if c.kind in kinds]


def test_entries_use_up_the_allowance_in_order_of_start_then_id():
    """R4: neither the order of the rows nor the id decides before the start does."""
    early = entry("T3", "2026-10-01T09:00", "2026-10-01T10:00", entry="E2")
    late = entry("T3", "2026-10-01T10:00", "2026-10-01T11:00", entry="E1")
    for rows in ([early, late], [late, early]):
        assert paid_by(rate("basic", rows)) == [("allowance", ["E2"]), ("overage", ["E1"])]
    same_start = late._replace(started_at=early.started_at, ended_at=early.ended_at)
    for rows in ([early, same_start], [same_start, early]):
        assert paid_by(rate("basic", rows)) == [("allowance", ["E1"]), ("overage", ["E2"])]


def test_overage_is_one_line_at_the_rate_of_the_contract():
    """R5, R9: the contract's hourly rate stands before the package's 50/h."""
    work = entry("T3", "2026-10-01T09:00", "2026-10-01T10:10")
    assert lines(rate("dedicated", work)) == ["overage 90 -> 120 min = 100.00"]
    assert lines(rate("dedicated", work, hourly_rate="65")) == ["overage 90 -> 120 min = 130.00"]
    assert lines(rate("dedicated", work, hourly_rate="0")) == ["overage 90 -> 120 min = 0.00"]


def worked_month():
    """Write down the worked month of the rule book, with 660 minutes used before by two engineers at once."""
    return numbered(
        entry("T1", "2026-10-01T07:00", "2026-10-01T12:30"),
        entry("T1", "2026-10-01T07:00", "2026-10-01T12:30"),
        entry("T3", "2026-10-01T16:40", "2026-10-01T18:10"),
        entry("T2", "2026-10-02T21:30", "2026-10-02T22:20"),
        entry("T1", "2026-10-03T10:00", "2026-10-03T11:40"),
        entry("T4", "2026-10-05T09:00", "2026-10-05T09:05"),
    )


def test_the_worked_month_is_810():
    """The rule book's own example, with every figure on the way."""
    statement = rate("premium", worked_month())
    charged = [
        (c.kind, c.tariff, [e.entry for e in c.entries], c.worked_seconds // 60, c.billed_seconds // 60, str(c.amount))
        for c in statement.charges
    ]
    assert sorted(charged) == [
        ("allowance", "", ["E1"], 330, 330, "0"),
        ("allowance", "", ["E2"], 330, 330, "0"),
        ("allowance", "", ["E3"], 20, 30, "0"),
        ("allowance", "", ["E4"], 30, 30, "0"),
        ("fee", "", [], 0, 0, "360.00"),
        ("overage", "", ["E5", "E6"], 150, 180, "150.00"),
        ("tariff", "after_hours", ["E3"], 70, 120, "200.00"),
        ("tariff", "after_hours", ["E4"], 20, 60, "100.00"),
    ]
    assert (statement.included_seconds, statement.used_seconds) == (720 * 60, 720 * 60)
    assert statement.held == ()
    assert str(statement.net_total) == "810.00"


# --- R6: unfounded critical incidents ---------------------------------------------------------------------------------

BASIC_HOUR = entry("T3", "2026-10-01T09:00", "2026-10-01T10:00")
BASIC_HALF_HOUR = entry("T3", "2026-10-01T09:00", "2026-10-01T09:30")
UNFOUNDED = [
    row(
        "R6 at night it is taken from the allowance",
        "basic",
        [unfounded("2026-10-03T02:00", "2026-10-03T02:20")],
        ["allowance 20 -> 30 min"],
    ),
    row(
        "R6 on a holiday it is taken from the allowance",
        "basic",
        [unfounded("2026-11-11T02:00", "2026-11-11T03:00")],
        ["allowance 60 -> 60 min"],
    ),
    row(
        "R6 it fits exactly after rounding to the unit",
        "basic",
        [unfounded("2026-10-03T02:00", "2026-10-03T02:31")],
        ["allowance 31 -> 60 min"],
    ),
    row(
        "R6 one minute too long: the last minute is priced by tariff",
        "basic",
        [unfounded("2026-10-03T02:00", "2026-10-03T03:01")],
        ["allowance 60 -> 60 min", "after_hours 1 -> 60 min = 100.00"],
    ),
    row(
        "R6 it does not fit though its minutes would: 50 min are 60, 30 are left",
        "basic",
        [BASIC_HALF_HOUR, unfounded("2026-10-03T02:00", "2026-10-03T02:50")],
        ["allowance 30 -> 30 min", "allowance 30 -> 30 min", "after_hours 20 -> 60 min = 100.00"],
    ),
    row(
        "R6 nothing left: all by tariff, at night",
        "basic",
        [BASIC_HOUR, unfounded("2026-10-03T02:00", "2026-10-03T02:20")],
        ["allowance 60 -> 60 min", "after_hours 20 -> 60 min = 100.00"],
    ),
    row(
        "R6 nothing left: by tariff and not overage inside the T1 window too",
        "basic",
        [BASIC_HOUR, unfounded("2026-10-02T10:00", "2026-10-02T10:40")],
        ["allowance 60 -> 60 min", "working 40 -> 60 min = 50.00"],
    ),
    row(
        "R6 nothing left: by tariff on a holiday",
        "premium",
        [
            entry("T1", "2026-11-10T07:00", "2026-11-10T19:00"),
            unfounded("2026-11-11T10:00", "2026-11-11T11:00"),
        ],
        ["allowance 720 -> 720 min", "holiday 60 -> 60 min = 150.00"],
    ),
    row(
        "R6 the allowance ends at 16:30, then across the tariff boundary",
        "basic",
        [BASIC_HALF_HOUR, unfounded("2026-10-01T16:00", "2026-10-01T18:10")],
        [
            "allowance 30 -> 30 min",
            "allowance 30 -> 30 min",
            "working 30 -> 30 min = 25.00",
            "after_hours 70 -> 120 min = 200.00",
        ],
    ),
    row(
        "R6 the allowance ends beyond the boundary, so no working time is priced",
        "basic",
        [unfounded("2026-10-01T16:30", "2026-10-01T18:10")],
        ["allowance 60 -> 60 min", "after_hours 40 -> 60 min = 100.00"],
    ),
    row(
        "R6 out-of-package: all by tariff",
        OUT,
        [unfounded("2026-10-01T16:30", "2026-10-01T17:30")],
        ["working 30 -> 30 min = 25.00", "after_hours 30 -> 60 min = 100.00"],
    ),
    row(
        "R6 an ordinary entry after it finds the allowance used up",
        "basic",
        [unfounded("2026-10-01T02:00", "2026-10-01T03:00"), entry("T3", "2026-10-01T09:00", "2026-10-01T09:10")],
        ["allowance 60 -> 60 min", "overage 30 -> 60 min = 50.00"],
    ),
    row(
        "R6 only critical incidents: an unfounded T2 at night is after hours",
        "premium",
        [entry("T2", "2026-10-01T02:00", "2026-10-01T03:00", outcome="unfounded")],
        ["after_hours 60 -> 60 min = 100.00"],
    ),
    row(
        "R6 only critical incidents: an unfounded T2 at noon is covered",
        "premium",
        [entry("T2", "2026-10-01T12:00", "2026-10-01T13:00", outcome="unfounded")],
        ["allowance 60 -> 60 min"],
    ),
]


@pytest.mark.parametrize(("package", "entries", "expected"), UNFOUNDED)
def test_unfounded_critical_incidents(package, entries, expected):
    """They have no window: the allowance pays while it lasts, the tariff of the hour for the minutes after that."""
    assert lines(rate(package, numbered(*entries))) == sorted(expected)


def test_unfounded_with_an_allowance_that_is_no_whole_unit():
    """R6: all that is left is used for the first that many minutes, also when that is 50 of 60."""
    fits_not = rate("dedicated", unfounded("2026-10-01T02:00", "2026-10-01T02:40"), included_seconds=50 * 60)
    assert lines(fits_not) == ["allowance 40 -> 50 min"]
    longer = rate("dedicated", unfounded("2026-10-01T02:00", "2026-10-01T03:00"), included_seconds=50 * 60)
    assert lines(longer) == ["after_hours 10 -> 60 min = 100.00", "allowance 50 -> 50 min"]


def test_the_rest_of_an_unfounded_incident_is_rounded_per_the_boundary_rule():
    """R6 with R3: the rest begins at 16:50, so with `started_unit_keeps_tariff` its unit runs on to 17:20."""
    work = unfounded("2026-10-01T15:50", "2026-10-01T17:10")
    split = ["allowance 60 -> 60 min", "working 10 -> 30 min = 25.00", "after_hours 10 -> 60 min = 100.00"]
    assert lines(rate("basic", work)) == sorted(split)
    run_on = rate("basic", work, price_list=with_rating(at_boundary=RUN_ON))
    assert lines(run_on) == ["allowance 60 -> 60 min", "working 20 -> 30 min = 25.00"]


# --- R7: change-request analysis --------------------------------------------------------------------------------------

ANALYSES = [
    row(
        "R7 rejected counts like covered time at any hour",
        "premium",
        analysis("2026-10-03T02:00", "2026-10-03T03:10", "offer_rejected"),
        ["allowance 70 -> 90 min"],
    ),
    row(
        "R7 rejected on a holiday counts like covered time",
        "premium",
        analysis("2026-11-11T12:00", "2026-11-11T12:10", "offer_rejected"),
        ["allowance 10 -> 30 min"],
    ),
    row(
        "R7 rejected is not split at the end of working hours",
        "premium",
        analysis("2026-10-01T16:50", "2026-10-01T17:10", "offer_rejected"),
        ["allowance 20 -> 30 min"],
    ),
    row(
        "R7 R5 rejected beyond the allowance is overage",
        "basic",
        analysis("2026-10-03T02:00", "2026-10-03T03:10", "offer_rejected"),
        ["allowance 60 -> 60 min", "overage 30 -> 60 min = 50.00"],
    ),
    row(
        "R7 R9 rejected without any package is priced by tariff",
        OUT,
        analysis("2026-10-01T16:30", "2026-10-01T17:30", "offer_rejected"),
        ["after_hours 30 -> 60 min = 100.00", "working 30 -> 30 min = 25.00"],
    ),
    row(
        "R7 accepted is free and shown at 0",
        "premium",
        analysis("2026-10-03T02:00", "2026-10-03T03:10", "offer_accepted"),
        ["analysis 70 -> 70 min = 0"],
    ),
    row(
        "R7 accepted is free without a package",
        OUT,
        analysis("2026-10-03T02:00", "2026-10-03T03:10", "offer_accepted"),
        ["analysis 70 -> 70 min = 0"],
    ),
    row("R7 no outcome yet is held", "premium", analysis("2026-10-01T10:00", "2026-10-01T11:00"), ["held E1"]),
    row(
        "R7 no outcome yet is held without a package",
        OUT,
        analysis("2026-10-01T10:00", "2026-10-01T11:00"),
        ["held E1"],
    ),
]


@pytest.mark.parametrize(("package", "work", "expected"), ANALYSES)
def test_change_request_analysis(package, work, expected):
    """Rejected is covered time, accepted is free, undecided waits."""
    statement = rate(package, work)
    assert lines(statement) == sorted(expected)
    used = sum(charge.billed_seconds for charge in statement.charges_of(ChargeKind.ALLOWANCE))
    assert statement.used_seconds == used


def test_undecided_analysis_uses_nothing_until_it_is_decided():
    """R7: held entries take nothing from the allowance, and are billed in their order once decided."""
    undecided = analysis("2026-10-01T08:00", "2026-10-01T09:00", entry="E1")
    work = entry("T3", "2026-10-01T09:00", "2026-10-01T10:00", entry="E2")
    waiting = rate("basic", [undecided, work])
    assert lines(waiting) == ["allowance 60 -> 60 min", "held E1"]
    assert paid_by(waiting) == [("allowance", ["E2"])]
    assert "offer" in waiting.held[0].reason
    rejected = undecided._replace(outcome="offer_rejected")
    assert paid_by(rate("basic", [rejected, work])) == [("allowance", ["E1"]), ("overage", ["E2"])]


# --- R8: development, on-site work, expenses --------------------------------------------------------------------------

DEVELOPMENT = [
    row("R8 at the contract's rate", "standard", "80", "10:00", "11:00", ["development 60 -> 60 min = 80.00"]),
    row("R8 exactly as long as it took", "standard", "80", "10:00", "10:50", ["development 50 -> 50 min = 66.67"]),
    row("R8 to the second", "standard", "80", "10:00", "10:00:09", ["development 0:09 -> 0:09 min = 0.20"]),
    row("R8 the same at night", "standard", "80", "02:00", "03:00", ["development 60 -> 60 min = 80.00"]),
    row("R8 not split at 17:00", "standard", "80", "16:30", "17:30", ["development 60 -> 60 min = 80.00"]),
    row("R8 Premium has 10% off", "premium", "80", "10:00", "10:50", ["development 50 -> 50 min = 60.00"]),
    row(
        "R8 R12 the discounted rate is exact",
        "premium",
        "33.33",
        "08:00",
        "18:00",
        ["development 600 -> 600 min = 299.97"],
    ),
    row("R8 without a package", OUT, "80", "10:00", "11:00", ["development 60 -> 60 min = 80.00"]),
    row("R8 a rate of 0 is a rate", "standard", "0", "10:00", "11:00", ["development 60 -> 60 min = 0.00"]),
    row("R8 without a rate it is held", "premium", None, "10:00", "11:00", ["held E1"]),
]


@pytest.mark.parametrize(("package", "development_rate", "start", "end", "expected"), DEVELOPMENT)
def test_development(package, development_rate, start, end, expected):
    """Development costs the contract's rate less the package's discount, and never touches the allowance."""
    work = development(f"2026-10-01T{start}", f"2026-10-01T{end}")
    statement = rate(package, work, development_rate=development_rate)
    assert lines(statement) == expected
    assert statement.used_seconds == 0
    assert all("development rate" in held.reason for held in statement.held)


ON_SITE = [
    row("R8 Basic", "basic", "10:00", ["held E1"]),
    row("R8 Standard", "standard", "10:00", ["held E1"]),
    row("R8 Premium", "premium", "10:00", ["held E1"]),
    row("R8 without package", OUT, "10:00", ["held E1"]),
    row("R8 Dedicated in its window", "dedicated", "10:00", ["allowance 60 -> 60 min"]),
    row("R8 Dedicated after hours", "dedicated", "20:00", ["after_hours 60 -> 60 min = 100.00"]),
]


@pytest.mark.parametrize(("package", "start", "expected"), ON_SITE)
def test_on_site_work(package, start, expected):
    """On-site work needs the Dedicated package, and is then rated by the clock; else it is held with the reason."""
    began = instant(f"2026-10-01T{start}")
    work = entry("T2", f"2026-10-01T{start}", f"2026-10-01T{start}", activity="on_site")
    statement = rate(package, work._replace(started_at=began, ended_at=began + 3600), included_seconds=3600)
    assert lines(statement) == expected
    assert all("on-site" in held.reason for held in statement.held)


def test_expenses_pass_through_at_cost():
    """R8: each expense is a line of its own, without discount, and touches no allowance."""
    costs = [
        expense("123.45", expense="X2", spent_on="2026-10-07", description="Hotel"),
        expense("30", expense="X1", spent_on="2026-10-06", description="Train"),
        expense("12.345", expense="X3", spent_on="2026-10-08", description="Per diem"),
    ]
    statement = rate("premium", expenses=costs)
    assert lines(statement) == ["expense Hotel = 123.45", "expense Per diem = 12.35", "expense Train = 30.00"]
    assert (statement.net_total, statement.used_seconds) == (Decimal("525.80"), 0)


# --- R9: packages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "fee", "included_hours"),
    [("basic", "0.00", 1), ("standard", "200.00", 5), ("premium", "360.00", 12), (OUT, "0.00", 0)],
)
def test_fee_and_allowance_of_each_package(package, fee, included_hours):
    """A month without work costs the fee, and the allowance is there unused."""
    statement = rate(package)
    assert str(statement.net_total) == fee
    assert (statement.included_seconds, statement.used_seconds) == (included_hours * 3600, 0)


def test_dedicated_takes_its_terms_from_the_contract():
    """R9: fee, hours, windows and rates of a Dedicated package are the contract's."""
    agreed = {
        "monthly_fee": "1500",
        "included_seconds": 20 * 3600,
        "hourly_rate": "65",
        "development_rate": "70",
        "coverage": (("T3", (Window(("working_days",), 6 * 3600, 20 * 3600),)),),
    }
    entries = numbered(
        entry("T3", "2026-10-01T05:00", "2026-10-01T20:00"),
        entry("T3", "2026-10-02T06:00", "2026-10-02T12:10"),
        entry("T2", "2026-10-02T17:00", "2026-10-02T18:00"),
        development("2026-10-02T17:00", "2026-10-02T18:00"),
    )
    statement = rate("dedicated", entries, **agreed)
    assert lines(statement) == [
        "after_hours 60 -> 60 min = 100.00",
        "after_hours 60 -> 60 min = 100.00",
        "allowance 360 -> 360 min",
        "allowance 840 -> 840 min",
        "development 60 -> 60 min = 70.00",
        "overage 30 -> 60 min = 65.00",
    ]
    assert str(statement.net_total) == "1835.00"


def test_quantity_multiplies_fee_and_allowance():
    """A contract over three units has three fees and three allowances."""
    statement = rate("standard", quantity=3)
    assert (str(statement.net_total), statement.included_seconds) == ("600.00", 15 * 3600)


def test_a_package_without_entitlement_holds_every_entry():
    """R9: on a free licence work is held with the reason, never lost and never billed."""
    free = with_package("basic", entitled=False)
    entries = numbered(
        entry("T1", "2026-10-01T10:00", "2026-10-01T11:00"),
        entry("T3", "2026-10-03T02:00", "2026-10-03T03:00"),
        unfounded("2026-10-05T10:00", "2026-10-05T11:00"),
        analysis("2026-10-06T10:00", "2026-10-06T11:00", "offer_accepted"),
        development("2026-10-07T10:00", "2026-10-07T11:00"),
    )
    statement = rate("basic", entries, price_list=free, development_rate="80")
    assert lines(statement) == ["held E1", "held E2", "held E3", "held E4", "held E5"]
    assert str(statement.net_total) == "0.00"
    assert all("basic" in held.reason for held in statement.held)


# --- R10: part months -------------------------------------------------------------------------------------------------

OCTOBER_PARTS = [
    # 360 x 16/31 = 185.806; 720 x 16/31 = 371.6
    row("R10 starts on 16 Oct", "premium", {"starts_on": "2026-10-16"}, "185.81", 390),
    # 360 x 15/31 = 174.194; 720 x 15/31 = 348.4
    row("R10 ends on 15 Oct, that day included", "premium", {"ends_on": "2026-10-15"}, "174.19", 360),
    # 360 / 31 = 11.613; 720 / 31 = 23.2
    row("R10 the last day only", "premium", {"starts_on": "2026-10-31"}, "11.61", 30),
    row("R10 the first day only", "premium", {"ends_on": "2026-10-01"}, "11.61", 30),
    # 10 days: 116.129; 232.3
    row("R10 starts and ends inside", "premium", {"starts_on": "2026-10-10", "ends_on": "2026-10-19"}, "116.13", 240),
    # 200 x 10/31 = 64.516; 300 x 10/31 = 96.8
    row("R10 Standard until 10 Oct", "standard", {"ends_on": "2026-10-10"}, "64.52", 120),
    # 1080 x 16/31 = 557.419; 2160 x 16/31 = 1114.8
    row("R10 with quantity 3", "premium", {"starts_on": "2026-10-16", "quantity": 3}, "557.42", 1140),
    # 7 days: 81.290; 162.6, although they have 169 hours
    row("R10 days count, not hours: the clock changes", "premium", {"starts_on": "2026-10-25"}, "81.29", 180),
    row("R10 from 1 to 31 Oct", "premium", {"starts_on": "2026-10-01", "ends_on": "2026-10-31"}, "360.00", 720),
    row("R10 a whole month is not rounded to a unit", "dedicated", {"included_seconds": 50 * 60}, "0.00", 50),
]
OTHER_PARTS = [
    # 60 x 15/30 = 30, already a whole unit; 60 x 16/30 = 32
    row("R10 Basic for half of November", "basic", "2026-11", {"ends_on": "2026-11-15"}, "0.00", 30),
    row("R10 Basic for a day more", "basic", "2026-11", {"ends_on": "2026-11-16"}, "0.00", 60),
    row("R10 half of a February of 28 days", "premium", "2026-02", {"ends_on": "2026-02-14"}, "180.00", 360),
    # 360 / 29 = 12.414; 720 / 29 = 24.8
    row("R10 only the leap day", "premium", "2028-02", {"starts_on": "2028-02-29"}, "12.41", 30),
]


@pytest.mark.parametrize(("package", "fields", "fee", "included_minutes"), OCTOBER_PARTS)
def test_parts_of_october(package, fields, fee, included_minutes):
    """The fee goes by days; so does the allowance, rounded up to a unit."""
    statement = rate(package, period="2026-10", **fields)
    assert str(statement.net_total) == fee
    assert statement.included_seconds == included_minutes * 60


@pytest.mark.parametrize(("package", "period", "fields", "fee", "included_minutes"), OTHER_PARTS)
def test_parts_of_shorter_months(package, period, fields, fee, included_minutes):
    """A day is a part of its own month, which may have 28, 29 or 30 of them."""
    statement = rate(package, period=period, **fields)
    assert str(statement.net_total) == fee
    assert statement.included_seconds == included_minutes * 60


# --- R12: money -------------------------------------------------------------------------------------------------------

HALF_HOURS = [
    row("R12 16.665 is 16.67, not 16.66", "EUR", "33.33", "16.67"),
    row("R12 33.335 is 33.34", "EUR", "66.67", "33.34"),
    row("R12 0.005 is 0.01", "EUR", "0.01", "0.01"),
    row("R12 0.025 is 0.03, not 0.02", "EUR", "0.05", "0.03"),
    row("R12 0.00495 is 0.00", "EUR", "0.0099", "0.00"),
    row("R12 a yen has no parts: 50.5 is 51", "JPY", "101", "51"),
    row("R12 a yen has no parts: 50.49 is 50", "JPY", "100.98", "50"),
    row("R12 a dinar has a thousand fils: 16.6665 is 16.667", "KWD", "33.333", "16.667"),
    row("R12 a dinar has a thousand fils: 0.0025 is 0.003", "KWD", "0.005", "0.003"),
]


@pytest.mark.parametrize(("currency", "rate_per_hour", "amount"), HALF_HOURS)
def test_half_an_hour_is_rounded_half_up_to_the_minor_unit(currency, rate_per_hour, amount):
    """Rate and quantity are exact until the line is rounded, half up."""
    price_list = replace(with_tariff("working", rate_per_hour=Decimal(rate_per_hour)), currency=currency)
    statement = rate(OUT, entry("T3", "2026-10-01T10:00", "2026-10-01T10:30"), price_list=price_list)
    assert lines(statement) == [f"working 30 -> 30 min = {amount}"]
    assert statement.currency == currency


def test_rounding_is_per_line():
    """R12: two lines of 16.665 are 33.34, and one line of both is 33.33."""
    price_list = with_tariff("working", rate_per_hour=Decimal("33.33"))
    two_lines = numbered(
        entry("T3", "2026-10-01T10:00", "2026-10-01T10:30"), entry("T3", "2026-10-01T11:00", "2026-10-01T11:30")
    )
    one_line = entry("T3", "2026-10-01T10:00", "2026-10-01T11:00")
    assert rate(OUT, two_lines, price_list=price_list).net_total == Decimal("33.34")
    assert rate(OUT, one_line, price_list=price_list).net_total == Decimal("33.33")


def test_overage_at_an_odd_rate_is_rounded_once():
    """R12 with R5: three hours at 33.335/h are 100.01, not three times 33.34."""
    work = entry("T3", "2026-10-01T10:00", "2026-10-01T12:30")
    said = lines(rate("dedicated", work, hourly_rate="33.335"))
    assert said == ["overage 150 -> 180 min = 100.01"]


# --- T1, T2: clock changes, midnight ----------------------------------------------------------------------------------

CLOCK_CHANGES = [
    row(
        "T1 spring 01:30-03:30 is 1 h",
        OUT,
        entry("T3", "2026-03-29T01:30", "2026-03-29T03:30"),
        ["after_hours 60 -> 60 min = 100.00"],
    ),
    row(
        "T1 autumn 01:30-03:30 is 3 h",
        OUT,
        entry("T3", "2026-10-25T01:30", "2026-10-25T03:30"),
        ["after_hours 180 -> 180 min = 300.00"],
    ),
    row(
        "T1 autumn, the hour that comes twice is 1 h each time",
        OUT,
        entry("T3", "2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"),
        ["after_hours 60 -> 60 min = 100.00"],
    ),
    row(
        "T1 spring Sat 22:00 to Sun 10:00 is 11 h",
        OUT,
        entry("T3", "2026-03-28T22:00", "2026-03-29T10:00"),
        ["after_hours 660 -> 660 min = 1100.00"],
    ),
    row(
        "T1 autumn Sat 22:00 to Sun 10:00 is 13 h",
        OUT,
        entry("T3", "2026-10-24T22:00", "2026-10-25T10:00"),
        ["after_hours 780 -> 780 min = 1300.00"],
    ),
    row(
        "T2 spring, the window opens at 9:00 of the new clock",
        "premium",
        entry("T1", "2026-03-29T06:00", "2026-03-29T08:00"),
        ["after_hours 60 -> 60 min = 100.00", "allowance 60 -> 60 min"],
    ),
    row(
        "T2 autumn, the window opens at 7:00 of the new clock",
        "premium",
        entry("T1", "2026-10-25T06:00", "2026-10-25T08:00"),
        ["after_hours 60 -> 60 min = 100.00", "allowance 60 -> 60 min"],
    ),
    row(
        "T2 autumn, the window closes at 22:00 of the new clock",
        "premium",
        entry("T1", "2026-10-25T21:30", "2026-10-25T22:30"),
        ["after_hours 30 -> 60 min = 100.00", "allowance 30 -> 30 min"],
    ),
    row(
        "T2 the working Monday after spring",
        OUT,
        entry("T3", "2026-03-30T08:30", "2026-03-30T09:30"),
        ["after_hours 30 -> 60 min = 100.00", "working 30 -> 30 min = 25.00"],
    ),
    row(
        "T2 the working Monday after autumn",
        OUT,
        entry("T3", "2026-10-26T16:30", "2026-10-26T17:30"),
        ["after_hours 30 -> 60 min = 100.00", "working 30 -> 30 min = 25.00"],
    ),
    row(
        "T6 an entry that ends exactly at 00:00",
        OUT,
        entry("T3", "2026-10-01T23:00", "2026-10-02T00:00"),
        ["after_hours 60 -> 60 min = 100.00"],
    ),
    row(
        "T6 an entry that ends exactly when a holiday begins",
        OUT,
        entry("T3", "2026-11-10T23:00", "2026-11-11T00:00"),
        ["after_hours 60 -> 60 min = 100.00"],
    ),
    row(
        "T6 an entry that ends exactly when a holiday ends",
        OUT,
        entry("T3", "2026-11-11T23:00", "2026-11-12T00:00"),
        ["holiday 60 -> 60 min = 150.00"],
    ),
    row(
        "T6 an entry that begins exactly when a holiday ends",
        OUT,
        entry("T3", "2026-11-12T00:00", "2026-11-12T01:00"),
        ["after_hours 60 -> 60 min = 100.00"],
    ),
]


@pytest.mark.parametrize(("package", "work", "expected"), CLOCK_CHANGES)
def test_clock_changes_and_midnights(package, work, expected):
    """Duration is elapsed time; windows and days are read on the wall clock of the zone."""
    assert lines(rate(package, work)) == sorted(expected)


def test_windows_are_read_in_the_zone_of_the_price_list():
    """T2: an entry given with UTC offsets is working time from 09:00 in Belgrade on."""
    work = entry("T3", "2026-10-01T06:30+00:00", "2026-10-01T07:30+00:00")
    assert lines(rate(OUT, work)) == ["after_hours 30 -> 60 min = 100.00", "working 30 -> 30 min = 25.00"]


# --- T4: holidays -----------------------------------------------------------------------------------------------------

HOLIDAYS = [
    row("T4 17 Feb 2026 is observed for Sunday 15 Feb", "2026-02-17", "holiday 60 -> 60 min = 150.00"),
    row("T4 Sunday 15 Feb 2026 is a holiday", "2026-02-15", "holiday 60 -> 60 min = 150.00"),
    row("T4 18 Feb 2026 is a working day", "2026-02-18", "working 60 -> 60 min = 50.00"),
    row("T4 Orthodox Good Friday", "2026-04-10", "holiday 60 -> 60 min = 150.00"),
    row("T4 Holy Saturday outranks the weekend", "2026-04-11", "holiday 60 -> 60 min = 150.00"),
    row("T4 Easter Monday", "2026-04-13", "holiday 60 -> 60 min = 150.00"),
    row("T4 the western Good Friday is a working day", "2026-04-03", "working 60 -> 60 min = 50.00"),
    row("T4 Saturday 2 May 2026 is a holiday", "2026-05-02", "holiday 60 -> 60 min = 150.00"),
    row("T4 25 December is a working day in Serbia", "2026-12-25", "working 60 -> 60 min = 50.00"),
    row("T4 7 January is a holiday", "2026-01-07", "holiday 60 -> 60 min = 150.00"),
    row("T4 leap day 2028 is a working Tuesday", "2028-02-29", "working 60 -> 60 min = 50.00"),
]


@pytest.mark.parametrize(("day", "expected"), HOLIDAYS)
def test_days_of_the_calendar(day, expected):
    """Public holidays of Serbia, observed days included, are 150/h; all else goes by the weekday."""
    assert lines(rate(OUT, entry("T3", f"{day}T10:00", f"{day}T11:00"))) == [expected]


def test_t1_on_a_holiday_inside_the_window_is_covered():
    """R2: T1 is covered every day, T3 on working days only."""
    t1 = entry("T1", "2026-02-17T16:00", "2026-02-17T18:00")
    assert lines(rate("basic", t1)) == ["allowance 60 -> 60 min", "holiday 60 -> 60 min = 150.00"]
    assert lines(rate("basic", t1._replace(severity="T3"))) == ["holiday 120 -> 120 min = 300.00"]


def test_a_price_list_adds_and_removes_days():
    """T4: a company day is priced like a holiday, a removed one by its weekday or as weekend."""
    price_list = with_holidays(added=("2026-12-24",), removed=("2026-02-17", "2026-02-15"))
    for day, expected in (
        ("2026-12-24", "holiday 60 -> 60 min = 150.00"),
        ("2026-02-17", "working 60 -> 60 min = 50.00"),
        ("2026-02-15", "after_hours 60 -> 60 min = 100.00"),
        ("2026-02-16", "holiday 60 -> 60 min = 150.00"),
    ):
        work = entry("T3", f"{day}T10:00", f"{day}T11:00")
        assert lines(rate(OUT, work, price_list=price_list)) == [expected]


# --- T5: month ends ---------------------------------------------------------------------------------------------------

MONTH_ENDS = [
    row(
        "T5 31 Oct 23:00 to 1 Nov 02:00 is October's, all of it",
        OUT,
        entry("T3", "2026-10-31T23:00", "2026-11-01T02:00"),
        ["after_hours 180 -> 180 min = 300.00"],
    ),
    row(
        "T5 year end into the holiday 1 Jan",
        OUT,
        entry("T3", "2026-12-31T23:00", "2027-01-01T01:30"),
        ["after_hours 60 -> 60 min = 100.00", "holiday 90 -> 120 min = 300.00"],
    ),
    row(
        "T5 leap day into March",
        OUT,
        entry("T3", "2028-02-29T23:00", "2028-03-01T10:00"),
        ["after_hours 600 -> 600 min = 1000.00", "working 60 -> 60 min = 50.00"],
    ),
    row(
        # 31 Oct 12-22 covered 600, 22-07 after hours 540, 1 Nov 07-12 covered 300.
        "T5 coverage goes on in the next month and October's allowance pays",
        "premium",
        entry("T1", "2026-10-31T12:00", "2026-11-01T12:00"),
        ["after_hours 540 -> 540 min = 900.00", "allowance 720 -> 720 min", "overage 180 -> 180 min = 150.00"],
    ),
    row(
        "T5 26 h from the last evening of October to Monday 2 Nov 01:30",
        OUT,
        entry("T3", "2026-10-31T23:30", "2026-11-02T01:30"),
        ["after_hours 1560 -> 1560 min = 2600.00"],
    ),
    row(
        "T5 an entry in the last second of the month",
        OUT,
        entry("T3", "2026-10-31T23:59:59", "2026-11-01T00:30"),
        ["after_hours 30:01 -> 60 min = 100.00"],
    ),
]


@pytest.mark.parametrize(("package", "work", "expected"), MONTH_ENDS)
def test_an_entry_is_never_cut_at_the_months_end(package, work, expected):
    """An entry belongs to the month in which it starts, with all its time."""
    assert lines(rate(package, work)) == sorted(expected)


# --- What other engines got wrong -------------------------------------------------------------------------------------

TRAPS = [
    row(
        # Wed 1 + Thu 8 h working; Wed 7 + Thu 9 + 7 h after hours.
        "trap 1: Wed 16:00 to Fri 00:00 keeps Thursday's day rate",
        entry("T3", "2026-10-07T16:00", "2026-10-09T00:00"),
        ["after_hours 1380 -> 1380 min = 2300.00", "working 540 -> 540 min = 450.00"],
    ),
    row(
        "trap 1: a minute longer costs more, not less",
        entry("T3", "2026-10-07T16:00", "2026-10-09T00:01"),
        ["after_hours 1381 -> 1440 min = 2400.00", "working 540 -> 540 min = 450.00"],
    ),
    row(
        "trap 3: 25 h are not 1 h",
        entry("T3", "2026-10-05T08:00", "2026-10-06T09:00"),
        ["after_hours 1020 -> 1020 min = 1700.00", "working 480 -> 480 min = 400.00"],
    ),
    row(
        "trap 4: a day has 1440 minutes, the last one too",
        entry("T3", "2026-10-03T00:00", "2026-10-04T00:00"),
        ["after_hours 1440 -> 1440 min = 2400.00"],
    ),
    row(
        "trap 4: the minute from 23:59 belongs to its day",
        entry("T3", "2026-11-11T23:59", "2026-11-12T00:00"),
        ["holiday 1 -> 60 min = 150.00"],
    ),
    row(
        "trap 13: one minute after hours is billed after hours",
        entry("T3", "2026-10-01T16:00", "2026-10-01T17:01"),
        ["after_hours 1 -> 60 min = 100.00", "working 60 -> 60 min = 50.00"],
    ),
]


@pytest.mark.parametrize(("work", "expected"), TRAPS)
def test_traps_of_other_engines(work, expected):
    """Spans that end at midnight, last longer than a day or reach a minute into the dearer tariff."""
    assert lines(rate(OUT, work)) == sorted(expected)


def test_trap_5_an_exact_multiple_is_not_bumped():
    """45 minutes in quarter hours are 45, not 60, and nothing is rounded up again to hours."""
    price_list = with_tariff("working", increment_seconds=900, minimum_seconds=900)
    work = numbered(*(entry("T3", f"2026-10-0{day}T10:00", f"2026-10-0{day}T10:45") for day in (1, 2)))
    assert lines(rate(OUT, work, price_list=price_list)) == ["working 45 -> 45 min = 37.50"] * 2


@pytest.mark.parametrize(("round_per", "amount"), [("entry", "250.00"), ("ticket_day", "25.00"), ("ticket", "25.00")])
def test_trap_6_ten_notes_of_a_minute(round_per, amount):
    """What ten one-minute notes cost is the price list's choice."""
    notes = numbered(
        *(entry("T3", f"2026-10-05T1{minute}:00", f"2026-10-05T1{minute}:01", ticket="A") for minute in range(6)),
        *(entry("T3", f"2026-10-05T1{minute}:30", f"2026-10-05T1{minute}:31", ticket="A") for minute in range(4)),
    )
    assert str(rate(OUT, notes, price_list=with_rating(round_per=round_per)).net_total) == amount


def test_trap_7_raw_times_are_untouched():
    """Charges carry the entries as they were worked, to the second, next to what is billed."""
    work = entry("T3", "2026-10-01T10:00:07", "2026-10-01T10:01:09")
    (charge,) = rate(OUT, work).charges_of(ChargeKind.TARIFF)
    assert charge.entries == (work,)
    assert (charge.worked_seconds, charge.billed_seconds) == (62, 1800)


def test_trap_8_hours_are_not_rounded_to_hundredths():
    """Five minutes of development at 100/h are 8.33, not 0.08 h x 100; quantity times price is the amount."""
    (charge,) = rate(
        "standard", development("2026-10-01T10:00", "2026-10-01T10:05"), development_rate="100"
    ).charges_of(ChargeKind.DEVELOPMENT)
    assert (charge.billed_seconds, charge.unit_price, str(charge.amount)) == (300, Decimal(100), "8.33")


def test_trap_9_the_allowance_does_not_drift():
    """Six entries of ten minutes use exactly 3 h in half hours, not six times 0.17 h."""
    entries = numbered(*(entry("T3", f"2026-10-0{day}T10:00", f"2026-10-0{day}T10:10") for day in (1, 2, 5, 6, 7, 8)))
    statement = rate("standard", entries)
    assert statement.used_seconds == 6 * 1800


def test_trap_11_a_late_entry_changes_nothing_but_its_own_effect():
    """The allowance follows the order of work, not the order in which entries came in."""
    entries = worked_month()
    late_first = [entries[5], entries[2], *entries[:2], entries[4], entries[3]]
    assert rate("premium", late_first) == rate("premium", entries)


def test_trap_15_the_holiday_data_is_named():
    """Observed days are a property of the data's version, which is written down with the calendar's country."""
    assert b2bee().calendar.country == "RS"
    assert b2bee().calendar.holiday_name(date(2026, 2, 17)) is not None
    assert b2bee().calendar.holiday_name(date(2026, 2, 18)) is None
