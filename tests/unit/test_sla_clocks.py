"""Ticket clocks as tables: each row is one sentence of K1 to K3, worked out by hand against the shipped price lists.

Times are those of the list's zone, with the weekday in front; a time that the clock shows twice has its offset.
"""

from dataclasses import replace
from datetime import date

import pytest
from builders import with_holidays
from sla_builders import KYIV, PRAGUE, WARSAW, agreed, agreement, moment, pause, said, sla, targets, ticket

from billing_engine.model.sla import TargetStatus
from billing_engine.model.sla_terms import Target, TargetUnit
from billing_engine.model.ticket import TargetKind
from billing_engine.model.window import Window
from billing_engine.sla.tickets import counts, measure_ticket, measure_tickets

FIRST, WORKAROUND, SOLUTION = TargetKind
MET, BREACHED, RUNNING, NONE = TargetStatus


def row(rule, *values):
    """Name a table row by its rule."""
    return pytest.param(*values, id=rule)


def measured(name, package, severity, opened, kind=FIRST, *, pauses=(), as_of=None, lists=(), terms=None, **events):
    """Measure one target of a ticket under one contract, all times on the list's clock; `terms` are the contract's."""
    zone = agreement(name).zone
    one = ticket(severity, opened, zone=zone, **events)
    paused = [pause(*(on_the_day(time, opened) for time in span), zone=zone) for span in pauses]
    now = {} if as_of is None else {"as_of": moment(as_of, zone)}
    return targets(one, agreed(name, package, **(terms or {})), pauses=paused, lists=lists, **now)[kind]


def on_the_day(time, opened):
    """Complete "10:30" with the day of opening."""
    return f"{opened[-16:-6]} {time}" if len(time) <= len("10:30:00") else time


def due(name, package, severity, opened, kind=FIRST, **circumstances):
    """Say when a target is due, on the list's clock."""
    return said(measured(name, package, severity, opened, kind, **circumstances).due_at, agreement(name).zone)


# --- K1: hours of 8x5 (trifft Standard: P1 2 h, P2 12 h, P3 48 h) -----------------------------------------------------

BUSINESS_HOURS = [
    row("K1 opened within the window", "P1", "Mon 2026-10-05 10:00", "Mon 2026-10-05 12:00"),
    row("K1 the window opens at 9:00 itself", "P1", "Mon 2026-10-05 09:00", "Mon 2026-10-05 11:00"),
    row("K1 opened before hours starts at 9:00", "P1", "Mon 2026-10-05 07:30", "Mon 2026-10-05 11:00"),
    row("K1 opened at midnight starts at 9:00", "P1", "Mon 2026-10-05 00:00", "Mon 2026-10-05 11:00"),
    row("K1 due at 17:00 itself, not the next morning", "P1", "Mon 2026-10-05 15:00", "Mon 2026-10-05 17:00"),
    row("K1 a second beyond 17:00 is next morning's", "P1", "Mon 2026-10-05 15:00:01", "Tue 2026-10-06 09:00:01"),
    row("K1 16:59:59 still runs a second", "P1", "Mon 2026-10-05 16:59:59", "Tue 2026-10-06 10:59:59"),
    row("T6 17:00:00 is after hours", "P1", "Mon 2026-10-05 17:00", "Tue 2026-10-06 11:00"),
    row("K1 opened in the evening", "P1", "Mon 2026-10-05 23:59:59", "Tue 2026-10-06 11:00"),
    row("K1 Friday evening is Monday's", "P1", "Fri 2026-10-02 16:00", "Mon 2026-10-05 10:00"),
    row("K1 opened on a Saturday", "P1", "Sat 2026-10-03 12:00", "Mon 2026-10-05 11:00"),
    row("K1 opened on a Sunday", "P1", "Sun 2026-10-04 23:00", "Mon 2026-10-05 11:00"),
    row("K1 12 h are a day and a half", "P2", "Mon 2026-10-05 09:00", "Tue 2026-10-06 13:00"),
    row("K1 12 h may end at 17:00 itself", "P2", "Mon 2026-10-05 13:00", "Tue 2026-10-06 17:00"),
    row("K1 48 h are six days", "P3", "Mon 2026-10-05 09:00", "Mon 2026-10-12 17:00"),
    row("K1 48 h from a weekend", "P3", "Sat 2026-10-03 10:00", "Mon 2026-10-12 17:00"),
    row("T4 28 October is a holiday", "P1", "Wed 2026-10-28 10:00", "Thu 2026-10-29 11:00"),
    row("T4 over 28 October", "P1", "Tue 2026-10-27 16:00", "Thu 2026-10-29 10:00"),
    row("T4 48 h over 28 October", "P3", "Mon 2026-10-26 09:00", "Tue 2026-11-03 17:00"),
    row("T4 over Good Friday and Easter Monday", "P1", "Thu 2026-04-02 16:00", "Tue 2026-04-07 10:00"),
    row("T4 over Christmas, the 26th on a Saturday", "P1", "Wed 2026-12-23 16:00", "Mon 2026-12-28 10:00"),
    row("T4 over New Year", "P1", "Thu 2026-12-31 16:00", "Mon 2027-01-04 10:00"),
    row("T4 48 h over the end of a year", "P3", "Mon 2026-12-28 09:00", "Tue 2027-01-05 17:00"),
    row("T1 over the clock going forward", "P1", "Fri 2026-03-27 16:00", "Mon 2026-03-30 10:00"),
    row("T1 over the clock going back", "P1", "Fri 2026-10-23 16:00", "Mon 2026-10-26 10:00"),
    row("T1 opened in the hour that is there twice", "P1", "Sun 2026-10-25 02:30+02:00", "Mon 2026-10-26 11:00"),
]


@pytest.mark.parametrize(("severity", "opened", "expected"), BUSINESS_HOURS)
def test_hours_of_8x5(severity, opened, expected):
    """Hours are hours of the window, which is open on Czech business days from 9 to 17."""
    assert due("trifft", "standard", severity, opened) == expected


def test_a_list_adds_and_removes_days():
    """T4: a bank holiday that the list adds stops the clock, a public holiday that it removes does not."""
    closed = with_holidays(added=("2026-10-06",), price_list=agreement("trifft"))
    opened = with_holidays(removed=("2026-10-28",), price_list=agreement("trifft"))
    assert due("trifft", "standard", "P1", "Mon 2026-10-05 16:00", lists=[closed]) == "Wed 2026-10-07 10:00"
    assert due("trifft", "standard", "P1", "Tue 2026-10-27 16:00", lists=[opened]) == "Wed 2026-10-28 10:00"


# --- K1: hours of 24x7 (trifft Premium: P1 1 h, P2 3 h, P3 24 h) ------------------------------------------------------

ROUND_THE_CLOCK = [
    row("K1 at night", "P1", "Mon 2026-10-05 23:30", "Tue 2026-10-06 00:30"),
    row("K1 at a weekend", "P1", "Sat 2026-10-03 23:30", "Sun 2026-10-04 00:30"),
    row("K1 on a holiday", "P2", "Wed 2026-10-28 22:00", "Thu 2026-10-29 01:00"),
    row("K1 24:00 and 00:00 are one instant", "P1", "Mon 2026-10-05 23:00", "Tue 2026-10-06 00:00"),
    row("K1 over the end of a year", "P1", "Thu 2026-12-31 23:30", "Fri 2027-01-01 00:30"),
    row("T1 02:00 to 03:00 is skipped in March", "P1", "Sun 2026-03-29 01:30", "Sun 2026-03-29 03:30"),
    row("T1 due when the skipped hour ends", "P1", "Sun 2026-03-29 01:00", "Sun 2026-03-29 03:00"),
    row("T1 02:00 to 03:00 is there twice, the first", "P1", "Sun 2026-10-25 01:30", "Sun 2026-10-25 02:30+02:00"),
    row("T1 ... and the second", "P1", "Sun 2026-10-25 02:30+02:00", "Sun 2026-10-25 02:30+01:00"),
    row("T1 ... and out of it", "P1", "Sun 2026-10-25 02:30+01:00", "Sun 2026-10-25 03:30"),
    row("T1 3 h over the clock going forward", "P2", "Sun 2026-03-29 00:30", "Sun 2026-03-29 04:30"),
    row("T1 3 h over the clock going back", "P2", "Sun 2026-10-25 00:30", "Sun 2026-10-25 02:30+01:00"),
    row("T1 24 h over the clock going forward", "P3", "Sat 2026-03-28 12:00", "Sun 2026-03-29 13:00"),
    row("T1 24 h over the clock going back", "P3", "Sat 2026-10-24 12:00", "Sun 2026-10-25 11:00"),
]


@pytest.mark.parametrize(("severity", "opened", "expected"), ROUND_THE_CLOCK)
def test_hours_of_24x7(severity, opened, expected):
    """Round the clock every second counts, also those that the wall clock skips or shows twice."""
    assert due("trifft", "premium", severity, opened) == expected


# --- K1, R2: hours of coverage (b2bee) --------------------------------------------------------------------------------

COVERAGE = [
    row("basic T1 4 h of 9-17", "basic", "T1", "Mon 2026-10-05 10:00", "Mon 2026-10-05 14:00"),
    row("basic T1 over a night", "basic", "T1", "Mon 2026-10-05 15:00", "Tue 2026-10-06 11:00"),
    row("basic T1 on a Saturday", "basic", "T1", "Sat 2026-10-03 10:00", "Sat 2026-10-03 14:00"),
    row("basic T1 over a Sunday", "basic", "T1", "Sun 2026-10-04 16:00", "Mon 2026-10-05 12:00"),
    row("basic T1 on Armistice Day", "basic", "T1", "Wed 2026-11-11 10:00", "Wed 2026-11-11 14:00"),
    row("basic T2 8 h, a whole day, due at 17:00", "basic", "T2", "Mon 2026-10-05 09:00", "Mon 2026-10-05 17:00"),
    row("basic T2 not on Armistice Day", "basic", "T2", "Tue 2026-11-10 16:00", "Thu 2026-11-12 16:00"),
    row("basic T3 24 h, three days", "basic", "T3", "Thu 2026-10-01 09:00", "Mon 2026-10-05 17:00"),
    row("standard T1 3 h of 8-18", "standard", "T1", "Mon 2026-10-05 06:00", "Mon 2026-10-05 11:00"),
    row("standard T1 due at 18:00 itself", "standard", "T1", "Sat 2026-10-03 15:00", "Sat 2026-10-03 18:00"),
    row("standard T1 over a night", "standard", "T1", "Mon 2026-10-05 17:00", "Tue 2026-10-06 10:00"),
    row("standard T2 6 h of 9-17", "standard", "T2", "Mon 2026-10-05 08:00", "Mon 2026-10-05 15:00"),
    row("standard T3 12 h", "standard", "T3", "Fri 2026-10-02 13:00", "Mon 2026-10-05 17:00"),
    row("standard T4 48 h, six days", "standard", "T4", "Mon 2026-10-05 09:00", "Mon 2026-10-12 17:00"),
    row("premium T1 3 h of 7-22", "premium", "T1", "Mon 2026-10-05 05:00", "Mon 2026-10-05 10:00"),
    row("premium T1 due at 22:00 itself", "premium", "T1", "Wed 2026-11-11 19:00", "Wed 2026-11-11 22:00"),
    row("premium T1 over a night", "premium", "T1", "Sat 2026-10-03 21:00", "Sun 2026-10-04 09:00"),
    row("premium T2 4 h of 7-22", "premium", "T2", "Fri 2026-10-02 20:00", "Mon 2026-10-05 09:00"),
    row("premium T2 not at weekends", "premium", "T2", "Sat 2026-10-03 10:00", "Mon 2026-10-05 11:00"),
    row("premium T3 8 h of 9-17", "premium", "T3", "Mon 2026-10-05 12:00", "Tue 2026-10-06 12:00"),
    row("premium T4 24 h, three days", "premium", "T4", "Tue 2026-11-10 09:00", "Fri 2026-11-13 17:00"),
    row("T1 premium T1 over the clock going back", "premium", "T1", "Sat 2026-10-24 21:00", "Sun 2026-10-25 09:00"),
    row("T1 premium T1 over the clock going forward", "premium", "T1", "Sat 2026-03-28 21:00", "Sun 2026-03-29 09:00"),
    row("T4 Orthodox Easter, Good Friday to Monday", "premium", "T3", "Thu 2026-04-09 16:00", "Tue 2026-04-14 16:00"),
]


@pytest.mark.parametrize(("package", "severity", "opened", "expected"), COVERAGE)
def test_hours_of_coverage(package, severity, opened, expected):
    """A b2bee clock runs in the windows in which the package covers the severity, T1 every day including holidays."""
    assert due("b2bee", package, severity, opened) == expected


def test_a_contracts_own_coverage_runs_the_clock():
    """R9: windows that a contract names for a severity replace the package's; other severities keep theirs."""
    dedicated = with_targets("b2bee", "dedicated", T1="3 h", T2="3 h")
    terms = {"coverage": (("T1", (Window(("every_day",), 0, 24 * 3600),)),), "monthly_fee": "900"}
    late = "Mon 2026-10-05 23:00"
    assert due("b2bee", "dedicated", "T1", late, lists=[dedicated], terms=terms) == "Tue 2026-10-06 02:00"
    assert due("b2bee", "dedicated", "T2", late, lists=[dedicated], terms=terms) == "Tue 2026-10-06 12:00"
    assert due("b2bee", "dedicated", "T1", late, lists=[dedicated]) == "Tue 2026-10-06 12:00"


def test_a_contracts_own_coverage_holds_for_any_package():
    """R9: a Premium customer who agreed on nights has the first response due at night."""
    terms = {"coverage": (("T1", (Window(("every_day",), 0, 7 * 3600), Window(("every_day",), 22 * 3600, 86400))),)}
    assert due("b2bee", "premium", "T1", "Mon 2026-10-05 12:00", terms=terms) == "Tue 2026-10-06 01:00"
    assert due("b2bee", "premium", "T1", "Mon 2026-10-05 23:30", terms=terms) == "Tue 2026-10-06 02:30"


def with_targets(name, package, **hours):
    """Promise a first response within some hours of coverage."""
    price_list = agreement(name)
    promised = {
        severity: {FIRST: Target(TargetUnit.COVERAGE_TIME, int(text.split()[0]) * 3600, (), f"{text} of coverage")}
        for severity, text in hours.items()
    }
    changed = replace(price_list.packages[package], targets=promised)
    return replace(price_list, packages={**price_list.packages, package: changed})


# --- K1: 24:00, several windows, windows of some days -----------------------------------------------------------------

WINDOWS = [
    row("24:00 is the day's end", [("every_day", 20, 24)], 3, "Mon 2026-10-05 21:00", "Tue 2026-10-06 00:00"),
    row("a window until 24:00 ends there", [("every_day", 20, 24)], 3, "Mon 2026-10-05 22:00", "Tue 2026-10-06 21:00"),
    row(
        "from 22:00 to 24:00 and on from 00:00 without a break",
        [("every_day", 22, 24), ("every_day", 0, 6)],
        3,
        "Mon 2026-10-05 23:00",
        "Tue 2026-10-06 02:00",
    ),
    row(
        "a lunch break stops the clock",
        [("working_days", 9, 12), ("working_days", 13, 17)],
        4,
        "Mon 2026-10-05 10:00",
        "Mon 2026-10-05 15:00",
    ),
    row("only on Tuesdays", [("tue", 9, 10)], 3, "Mon 2026-10-05 10:00", "Tue 2026-10-20 10:00"),
    row("only on holidays", [("holidays", 9, 17)], 10, "Mon 2026-10-05 10:00", "Tue 2026-11-17 11:00"),
    row("the skipped hour counts nothing", [("every_day", 2, 3)], 2, "Sat 2026-03-28 00:00", "Mon 2026-03-30 03:00"),
    row(
        "the hour that is there twice counts twice",
        [("every_day", 2, 3)],
        2,
        "Sun 2026-10-25 00:00",
        "Sun 2026-10-25 03:00",
    ),
]


@pytest.mark.parametrize(("windows", "hours", "opened", "expected"), WINDOWS)
def test_any_windows(windows, hours, opened, expected):
    """A list may open its clock at any hours of any kind of day; windows are half open and may end at 24:00."""
    opens = tuple(Window((days,), start * 3600, end * 3600) for days, start, end in windows)
    target = Target(TargetUnit.WINDOW_TIME, hours * 3600, opens, "made up")
    price_list = agreement("trifft")
    premium = replace(price_list.packages["premium"], targets={"P1": {FIRST: target}})
    changed = replace(price_list, packages={**price_list.packages, "premium": premium})
    assert due("trifft", "premium", "P1", opened, lists=[changed]) == expected


# --- K1, K2: days and business days (xopero) --------------------------------------------------------------------------

DAYS = [
    row("X work-around 1 day", "xopero-en", "X", WORKAROUND, "Mon 2026-10-05 10:15", "Tue 2026-10-06 10:15"),
    row("en 1 work-around 2 days", "xopero-en", "1", WORKAROUND, "Fri 2026-10-02 10:15", "Sun 2026-10-04 10:15"),
    row("pl 1 work-around 4 days", "xopero-pl", "1", WORKAROUND, "Fri 2026-10-02 10:15", "Tue 2026-10-06 10:15"),
    row("en 2 work-around 5 days", "xopero-en", "2", WORKAROUND, "Fri 2026-10-02 10:15", "Wed 2026-10-07 10:15"),
    row("pl 2 work-around 7 days", "xopero-pl", "2", WORKAROUND, "Fri 2026-10-02 10:15", "Fri 2026-10-09 10:15"),
    row("a day of 25 hours", "xopero-en", "X", WORKAROUND, "Sat 2026-10-24 12:00", "Sun 2026-10-25 12:00"),
    row("a day of 23 hours", "xopero-en", "X", WORKAROUND, "Sat 2026-03-28 12:00", "Sun 2026-03-29 12:00"),
    row("over a holiday", "xopero-en", "X", WORKAROUND, "Tue 2026-11-10 23:59:59", "Wed 2026-11-11 23:59:59"),
    row("a time that the next day skips", "xopero-en", "X", WORKAROUND, "Sat 2026-03-28 02:30", "Sun 2026-03-29 03:30"),
    row("into the leap day", "xopero-en", "X", WORKAROUND, "Mon 2028-02-28 08:00", "Tue 2028-02-29 08:00"),
    row("X first reply 1 h round the clock", "xopero-en", "X", FIRST, "Sat 2026-10-03 23:30", "Sun 2026-10-04 00:30"),
    row("1 first reply 2 h round the clock", "xopero-en", "1", FIRST, "Sat 2026-10-03 23:30", "Sun 2026-10-04 01:30"),
    row("2 first reply 4 h round the clock", "xopero-pl", "2", FIRST, "Sat 2026-10-03 23:30", "Sun 2026-10-04 03:30"),
    row("3 first reply 4 h round the clock", "xopero-pl", "3", FIRST, "Wed 2026-11-11 23:30", "Thu 2026-11-12 03:30"),
    row(
        "5 business days end with the fifth", "xopero-en", "X", SOLUTION, "Mon 2026-10-05 10:00", "Tue 2026-10-13 00:00"
    ),
    row(
        "... at whatever hour it was opened", "xopero-en", "X", SOLUTION, "Mon 2026-10-05 00:00", "Tue 2026-10-13 00:00"
    ),
    row("... also at the day's end", "xopero-en", "X", SOLUTION, "Mon 2026-10-05 23:59:59", "Tue 2026-10-13 00:00"),
    row("opened on a Friday", "xopero-en", "X", SOLUTION, "Fri 2026-10-02 10:00", "Sat 2026-10-10 00:00"),
    row("opened on a Saturday", "xopero-en", "X", SOLUTION, "Sat 2026-10-03 10:00", "Sat 2026-10-10 00:00"),
    row("opened on a Sunday", "xopero-pl", "X", SOLUTION, "Sun 2026-10-04 10:00", "Sat 2026-10-10 00:00"),
    row("over Easter and a weekend", "xopero-en", "X", SOLUTION, "Thu 2026-04-02 10:00", "Sat 2026-04-11 00:00"),
    row("over 11 November", "xopero-pl", "X", SOLUTION, "Fri 2026-11-06 10:00", "Tue 2026-11-17 00:00"),
    row("opened on 11 November", "xopero-pl", "X", SOLUTION, "Wed 2026-11-11 10:00", "Thu 2026-11-19 00:00"),
    row("over the clock going back", "xopero-en", "X", SOLUTION, "Fri 2026-10-23 10:00", "Sat 2026-10-31 00:00"),
    row("14 business days", "xopero-en", "1", SOLUTION, "Mon 2026-10-05 10:00", "Sat 2026-10-24 00:00"),
    row("14 business days over Christmas", "xopero-pl", "1", SOLUTION, "Fri 2026-12-18 10:00", "Thu 2027-01-14 00:00"),
]


@pytest.mark.parametrize(("name", "severity", "kind", "opened", "expected"), DAYS)
def test_days_and_business_days(name, severity, kind, opened, expected):
    """Days are calendar days at the same hour; business days are whole working days in Poland after the opening day."""
    assert due(name, "subscription", severity, opened, kind) == expected


@pytest.mark.parametrize(
    ("name", "package", "severity", "kind"),
    [
        row("xopero-en 2 solution: next release", "xopero-en", "subscription", "2", SOLUTION),
        row("xopero-en 3 solution: next release", "xopero-en", "subscription", "3", SOLUTION),
        row("xopero-pl 3 solution: next release", "xopero-pl", "trial", "3", SOLUTION),
        row("b2bee basic T4: as available", "b2bee", "basic", "T4", FIRST),
    ],
)
@pytest.mark.parametrize("event", [{}, {"first_response_at": "2026-10-06 10:00", "resolved_at": "2026-10-06 10:00"}])
def test_no_clock(name, package, severity, kind, event):
    """K2: "next release" and "as available" are promised without a time: no due time, nothing elapses."""
    result = measured(name, package, severity, "Mon 2026-10-05 10:00", kind, **event)
    assert (result.status, result.due_at, result.elapsed_minutes) == (NONE, None, None)


@pytest.mark.parametrize(
    ("name", "package", "severity", "promised"),
    [
        row("trifft Free has no targets (U7)", "trifft", "free", "P1", []),
        row("xopero free licences have none", "xopero-en", "free", "X", []),
        row("b2bee out of package has none", "b2bee", "out-of-package", "T1", []),
        row("b2bee dedicated leaves them to the contract", "b2bee", "dedicated", "T1", []),
        row("trifft Standard has a first response", "trifft", "standard", "P3", [FIRST]),
        row("b2bee has a first response", "b2bee", "premium", "T4", [FIRST]),
        row("dpo-group has two", "dpo-group", "server", "low", [FIRST, SOLUTION]),
        row("dpo-group hourly has them too", "dpo-group", "hourly", "critical", [FIRST, SOLUTION]),
        row("xopero has three", "xopero-pl", "subscription", "1", [FIRST, WORKAROUND, SOLUTION]),
        row("xopero level 3 has no work-around", "xopero-en", "trial", "3", [FIRST, SOLUTION]),
        row("a severity of another list has none", "trifft", "premium", "critical", []),
    ],
)
def test_which_targets_there_are(name, package, severity, promised):
    """Each list promises what its text promises, in the order first response, work-around, solution."""
    one = ticket(severity, "2026-10-05 10:00")
    assert list(targets(one, agreed(name, package, monthly_fee="100"))) == promised


DPO = [
    row("critical first response 30 min", "critical", FIRST, "Sat 2026-10-03 23:45", "Sun 2026-10-04 00:15"),
    row("critical solution 4 h", "critical", SOLUTION, "Sat 2026-10-03 23:45", "Sun 2026-10-04 03:45"),
    row("high first response 1 h", "high", FIRST, "Sat 2026-10-03 23:45", "Sun 2026-10-04 00:45"),
    row("high solution 12 h", "high", SOLUTION, "Sat 2026-10-03 23:45", "Sun 2026-10-04 11:45"),
    row("normal first response 4 h", "normal", FIRST, "Sat 2026-10-03 23:45", "Sun 2026-10-04 03:45"),
    row("normal solution 24 h", "normal", SOLUTION, "Sat 2026-10-03 23:45", "Sun 2026-10-04 23:45"),
    row("low first response 12 h", "low", FIRST, "Sat 2026-10-03 23:45", "Sun 2026-10-04 11:45"),
    row("low solution 72 h", "low", SOLUTION, "Sat 2026-10-03 23:45", "Tue 2026-10-06 23:45"),
    row("T2 Kyiv goes back at 04:00", "normal", FIRST, "Sun 2026-10-25 00:30", "Sun 2026-10-25 03:30+02:00"),
]


@pytest.mark.parametrize(("severity", "kind", "opened", "expected"), DPO)
def test_dpo_group_round_the_clock(severity, kind, opened, expected):
    """dpo-group answers and solves round the clock, on Kyiv's."""
    assert due("dpo-group", "server", severity, opened, kind) == expected


# --- K1: pauses -------------------------------------------------------------------------------------------------------

OPENED = "Mon 2026-10-05 10:00"  # P1 of trifft Standard: due at 12:00 without pauses
PAUSES = [
    row("none", [], "Mon 2026-10-05 12:00"),
    row("inside the window", [("10:30", "11:00")], "Mon 2026-10-05 12:30"),
    row("to the second", [("10:30", "10:30:01")], "Mon 2026-10-05 12:00:01"),
    row("of no length", [("10:30", "10:30")], "Mon 2026-10-05 12:00"),
    row("partly outside", [("11:30", "2026-10-06 10:00")], "Tue 2026-10-06 10:30"),
    row("beginning outside", [("09:00", "10:30")], "Mon 2026-10-05 12:30"),
    row("wholly outside", [("18:00", "2026-10-06 08:00")], "Mon 2026-10-05 12:00"),
    row("before opening", [("2026-10-02 09:00", "09:59")], "Mon 2026-10-05 12:00"),
    row("until opening", [("2026-10-02 09:00", "10:00")], "Mon 2026-10-05 12:00"),
    row("two apart", [("10:10", "10:20"), ("11:00", "11:20")], "Mon 2026-10-05 12:30"),
    row("overlapping", [("10:10", "10:40"), ("10:20", "11:00")], "Mon 2026-10-05 12:50"),
    row("one inside another", [("10:10", "11:00"), ("10:20", "10:30")], "Mon 2026-10-05 12:50"),
    row("touching", [("10:10", "10:40"), ("10:40", "11:00")], "Mon 2026-10-05 12:50"),
    row("written down twice", [("10:10", "10:40")] * 2, "Mon 2026-10-05 12:30"),
    row("in any order", [("11:00", "11:20"), ("10:10", "10:20")], "Mon 2026-10-05 12:30"),
    row("from the due time itself changes nothing", [("12:00", "13:00")], "Mon 2026-10-05 12:00"),
    row("a second before the due time", [("11:59:59", "13:00")], "Mon 2026-10-05 13:00:01"),
    row("that moves another into the time", [("11:00", "11:30"), ("12:10", "12:20")], "Mon 2026-10-05 12:40"),
    row("over a weekend costs hours of the window only", [("11:00", "2026-10-12 10:00")], "Mon 2026-10-12 11:00"),
    row("without an end", [("11:00",)], None),
    row("without an end, after the due time", [("12:00",)], "Mon 2026-10-05 12:00"),
    row("without an end, inside another", [("10:30", "11:00"), ("10:45",)], None),
    row("inside one without an end", [("10:30",), ("10:45", "11:00")], None),
]


@pytest.mark.parametrize(("pauses", "expected"), PAUSES)
def test_pauses(pauses, expected):
    """The clock stands still while the ticket waits for the customer; each second of waiting counts once."""
    assert due("trifft", "standard", "P1", OPENED, pauses=pauses) == expected


def test_opened_while_paused_and_due_at_the_windows_end():
    """A ticket that waits from the start runs once it goes on; a pause until 17:00 leaves no second of that day."""
    waits = [("08:00", "15:00")]
    assert due("trifft", "standard", "P1", OPENED, pauses=waits) == "Mon 2026-10-05 17:00"
    until_five = [("11:00", "17:00")]
    assert due("trifft", "standard", "P1", OPENED, pauses=until_five) == "Tue 2026-10-06 10:00"


def test_another_tickets_pause_is_none_of_ours():
    """A pause belongs to the ticket that it names."""
    one = ticket("P1", OPENED)
    other = [pause("2026-10-05 10:30", "2026-10-05 11:30", of="T2")]
    result = targets(one, agreed("trifft", "standard"), pauses=other)[FIRST]
    assert said(result.due_at, PRAGUE) == "Mon 2026-10-05 12:00"


DAY_PAUSES = [
    row("a day stops too", WORKAROUND, [("12:00", "14:00")], "Tue 2026-10-06 12:00"),
    row(
        "a day's pause at night counts", WORKAROUND, [("2026-10-06 01:00", "2026-10-06 02:30")], "Tue 2026-10-06 11:30"
    ),
    row("business days: on the opening day nothing runs", SOLUTION, [("12:00", "18:00")], "Tue 2026-10-13 00:00"),
    row("business days: a whole one", SOLUTION, [("2026-10-07 00:00", "2026-10-08 00:00")], "Wed 2026-10-14 00:00"),
    row("business days: six hours", SOLUTION, [("2026-10-07 10:00", "2026-10-07 16:00")], "Tue 2026-10-13 06:00"),
    row("business days: at a weekend", SOLUTION, [("2026-10-10 00:00", "2026-10-12 00:00")], "Tue 2026-10-13 00:00"),
    row("business days: into a weekend", SOLUTION, [("2026-10-09 18:00", "2026-10-11 12:00")], "Tue 2026-10-13 06:00"),
    row(
        "business days: over the opening day's midnight",
        SOLUTION,
        [("12:00", "2026-10-06 12:00")],
        "Tue 2026-10-13 12:00",
    ),
    row("business days: without an end", SOLUTION, [("2026-10-07 10:00",)], None),
]


@pytest.mark.parametrize(("kind", "pauses", "expected"), DAY_PAUSES)
def test_pauses_of_day_targets(kind, pauses, expected):
    """For xopero X opened Monday 10:00: days stand still round the clock, business days on working days only."""
    assert due("xopero-en", "subscription", "X", OPENED, kind, pauses=pauses) == expected


# --- K1, K2: met, breached, running -----------------------------------------------------------------------------------

STATUS = [
    row("met before", {"first_response_at": "2026-10-05 11:00"}, None, MET, 60),
    row("met at the due time itself", {"first_response_at": "2026-10-05 12:00"}, None, MET, 120),
    row("breached a second later", {"first_response_at": "2026-10-05 12:00:01"}, None, BREACHED, 120),
    row("breached hours later", {"first_response_at": "2026-10-05 16:59:59"}, None, BREACHED, 419),
    row("breached after the window closed", {"first_response_at": "2026-10-05 23:00"}, None, BREACHED, 420),
    row("answered when it was opened", {"first_response_at": "2026-10-05 10:00"}, None, MET, 0),
    row("59 seconds are no full minute", {"first_response_at": "2026-10-05 10:00:59"}, None, MET, 0),
    row("60 seconds are one", {"first_response_at": "2026-10-05 10:01:00"}, None, MET, 1),
    row("running", {}, "2026-10-05 11:30:30", RUNNING, 90),
    row("running at the due time itself", {}, "2026-10-05 12:00", RUNNING, 120),
    row("breached when it has passed", {}, "2026-10-05 12:00:01", BREACHED, 120),
    row("and goes on", {}, "2026-10-06 09:10", BREACHED, 430),
    row("a resolution is no first response", {"resolved_at": "2026-10-05 11:00"}, "2026-10-05 13:00", BREACHED, 180),
    row("not yet opened", {}, "2026-10-05 09:00", RUNNING, 0),
]


@pytest.mark.parametrize(("events", "as_of", "status", "minutes"), STATUS)
def test_status(events, as_of, status, minutes):
    """A target is met when the event is at or before its due time; without event it runs until that has passed."""
    result = measured("trifft", "standard", "P1", OPENED, as_of=as_of, **events)
    assert (result.status, result.elapsed_minutes) == (status, minutes)


def test_running_overnight_past_the_due_time_of_17():
    """Due at 17:00 itself: at 17:00:01 it is breached although no window is open until morning."""
    late = "Mon 2026-10-05 15:00"
    assert measured("trifft", "standard", "P1", late, as_of="2026-10-05 17:00").status is RUNNING
    assert measured("trifft", "standard", "P1", late, as_of="2026-10-05 17:00:01").status is BREACHED
    after = measured("trifft", "standard", "P1", late, first_response_at="2026-10-06 08:00")
    assert (after.status, after.elapsed_minutes) == (BREACHED, 120)


PAUSED_STATUS = [
    row("a pause keeps a late answer in time", "2026-10-05 12:30", [("10:30", "11:00")], MET, 120),
    row("and not a second more", "2026-10-05 12:30:01", [("10:30", "11:00")], BREACHED, 120),
    row("answered while it waits", "2026-10-05 14:00", [("11:00", "2026-10-06 11:00")], MET, 60),
    row("answered while it waits without an end", "2026-10-05 14:00", [("11:00",)], MET, 60),
    row("two pauses that overlap count once", "2026-10-05 12:00", [("10:10", "10:40"), ("10:20", "11:00")], MET, 70),
    row("a pause after the answer counts nothing", "2026-10-05 11:00", [("11:30", "11:40")], MET, 60),
    row("a pause before opening counts nothing", "2026-10-05 11:00", [("08:00", "10:10")], MET, 50),
    row("a night's pause counts nothing", "2026-10-06 09:30", [("18:00", "2026-10-06 08:00")], BREACHED, 450),
]


@pytest.mark.parametrize(("answered", "pauses", "status", "minutes"), PAUSED_STATUS)
def test_elapsed_time_leaves_pauses_out(answered, pauses, status, minutes):
    """Elapsed are the full minutes that the clock ran from opening to the event, pauses left out."""
    result = measured("trifft", "standard", "P1", OPENED, first_response_at=answered, pauses=pauses)
    assert (result.status, result.elapsed_minutes) == (status, minutes)


def test_waiting_without_an_end_runs_forever():
    """A ticket that waits for the customer has no due time and is never breached."""
    result = measured("trifft", "standard", "P1", OPENED, pauses=[("11:00",)])
    assert (result.status, result.due_at, result.elapsed_minutes) == (RUNNING, None, 60)


def test_elapsed_time_of_days_is_round_the_clock():
    """D: days and business days show the time that passed round the clock, on a day of 25 hours 25."""
    answered = {"workaround_at": "2026-10-25 12:00", "resolved_at": "2026-10-26 12:00"}
    by_kind = {
        kind: measured("xopero-en", "subscription", "X", "Sat 2026-10-24 12:00", kind, **answered)
        for kind in (WORKAROUND, SOLUTION)
    }
    assert [(one.status, one.elapsed_minutes) for one in by_kind.values()] == [(MET, 25 * 60), (MET, 49 * 60)]


def test_each_target_has_its_own_event():
    """K2: first response, work-around and solution are met by their own events, not by each other's."""
    one = ticket("X", OPENED, zone=WARSAW, resolved_at="2026-10-05 10:30")
    found = targets(one, agreed("xopero-en", "subscription"), as_of=moment("2026-10-05 12:00", WARSAW))
    assert {kind: target.status for kind, target in found.items()} == {
        FIRST: BREACHED,
        WORKAROUND: RUNNING,
        SOLUTION: MET,
    }


def test_targets_are_quoted():
    """A report can say a target as the list says it."""
    found = targets(ticket("2", OPENED), agreed("xopero-en", "subscription"))
    assert [target.text for target in found.values()] == ["4 h of 24x7", "5 days", "next release"]


# --- K3: channels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "channel", "counted"),
    [
        row("dpo-group counts the helpdesk", "dpo-group", "helpdesk", True),
        row("dpo-group in any case", "dpo-group", "Helpdesk", True),
        row("dpo-group not the phone", "dpo-group", "phone", False),
        row("dpo-group not email", "dpo-group", "email", False),
        row("dpo-group a ticket that says nothing", "dpo-group", "", True),
        row("trifft counts any", "trifft", "phone", True),
        row("b2bee counts any", "b2bee", "email", True),
        row("xopero counts any", "xopero-pl", "ticket system", True),
    ],
)
def test_channels(name, channel, counted):
    """K3: only tickets through the agreement's channels count."""
    assert counts(ticket("critical", OPENED, channel=channel), agreement(name)) is counted


# --- whose clocks a ticket runs on ------------------------------------------------------------------------------------


def promised_by(one, *contracts, **circumstances):
    """Name the contract whose targets a ticket has, and when the first response is due."""
    result = measure_ticket(sla(*contracts, tickets=[one], **circumstances), one)
    if result.contract is None:
        return None
    due_at = next((target.due_at for target in result.targets), None)
    return result.contract.contract, said(due_at, result.zone)


STANDARD = agreed("trifft", "standard", contract="K-STANDARD")
PREMIUM = agreed("trifft", "premium", contract="K-PREMIUM")
FREE = agreed("trifft", "free", contract="K-FREE")
BY_STANDARD = ("K-STANDARD", "Mon 2026-10-05 12:00")
BY_PREMIUM = ("K-PREMIUM", "Mon 2026-10-05 11:00")


def until(agreed_on, day):
    """End a contract."""
    return replace(agreed_on, ends_on=date.fromisoformat(day))


def since(agreed_on, day):
    """Begin a contract."""
    return replace(agreed_on, starts_on=date.fromisoformat(day))


BOTH = ("K-STANDARD", "K-PREMIUM")
WHOSE = [
    row("the only one", (), [STANDARD], BY_STANDARD),
    row("of two the one whose time runs out first", (), [STANDARD, PREMIUM], BY_PREMIUM),
    row("in any order", (), [PREMIUM, STANDARD], BY_PREMIUM),
    row("the one that the ticket names", ("K-STANDARD",), [STANDARD, PREMIUM], BY_STANDARD),
    row("of several that it names the first to run out", BOTH, [STANDARD, PREMIUM, FREE], BY_PREMIUM),
    row("Free promises nothing", (), [FREE], None),
    row("Free beside Standard", (), [FREE, STANDARD], BY_STANDARD),
    row("Free by name", ("K-FREE",), [FREE, STANDARD], None),
    row("none", (), [], None),
    row("the active one", (), [until(PREMIUM, "2026-10-04"), STANDARD], BY_STANDARD),
    row("active on its last day", (), [until(PREMIUM, "2026-10-05"), STANDARD], BY_PREMIUM),
    row("active on its first day", (), [since(PREMIUM, "2026-10-05"), STANDARD], BY_PREMIUM),
    row("not yet active", (), [since(PREMIUM, "2026-10-06"), STANDARD], BY_STANDARD),
    row("outside any, the last", (), [until(PREMIUM, "2026-09-30"), since(STANDARD, "2026-11-01")], BY_PREMIUM),
    row(
        "outside any, of two the one that began last",
        (),
        [until(PREMIUM, "2026-08-31"), until(since(STANDARD, "2026-09-01"), "2026-09-30")],
        BY_STANDARD,
    ),
    row("outside any, the next", (), [since(PREMIUM, "2026-12-01"), since(STANDARD, "2026-11-01")], BY_STANDARD),
]


@pytest.mark.parametrize(("named", "contracts", "expected"), WHOSE)
def test_whose_targets(named, contracts, expected):
    """A ticket runs on the clocks of its contracts of that day; of several, those whose time runs out first."""
    assert promised_by(ticket("P1", OPENED, contracts=named), *contracts) == expected


def test_contracts_of_several_lists():
    """A severity tells which list a ticket belongs to; each runs on its own zone's clock."""
    contracts = [
        agreed("dpo-group", "server", contract="K-DPO", monthly_fee="100"),
        agreed("b2bee", "basic", contract="K-B2BEE"),
        PREMIUM,
    ]
    critical = ticket("critical", OPENED, zone=KYIV)
    t1 = ticket("T1", OPENED)
    assert promised_by(critical, *contracts) == ("K-DPO", "Mon 2026-10-05 10:30")
    assert promised_by(t1, *contracts) == ("K-B2BEE", "Mon 2026-10-05 14:00")


def test_the_opening_day_is_the_lists():
    """T2: 23:30 in Prague on 4 October is still the 4th, although it is the 5th in Kyiv."""
    from_fifth = since(PREMIUM, "2026-10-05")
    before = ticket("P1", "2026-10-04 23:30")
    after = ticket("P1", "2026-10-05 00:00")
    until_fourth = until(STANDARD, "2026-10-04")
    assert promised_by(before, from_fifth, until_fourth) == ("K-STANDARD", "Mon 2026-10-05 11:00")
    assert promised_by(after, from_fifth, until_fourth) == ("K-PREMIUM", "Mon 2026-10-05 01:00")


def test_a_new_version_of_the_list_holds_from_its_first_month():
    """A ticket has the targets of the version that was in force when it was opened."""
    old = agreement("trifft")
    slower = replace(old.packages["premium"], targets=old.packages["standard"].targets)
    new = replace(old, valid_from=date(2026, 11, 1), packages={**old.packages, "premium": slower})
    world = sla(
        PREMIUM, tickets=[october := ticket("P1", "2026-10-31 23:59:59"), november := ticket("P1", "2026-11-02 10:00")]
    )
    world = replace(world, book=type(world.book)([old, new]))
    found = [measure_ticket(world, one).targets[0].due_at for one in (october, november)]
    assert [said(at, PRAGUE) for at in found] == ["Sun 2026-11-01 00:59:59", "Mon 2026-11-02 12:00"]


def test_all_tickets_are_measured_in_order_of_id():
    """A ticket without targets is there too; the order of input changes nothing."""
    three = [ticket(severity, OPENED, ticket=name) for severity, name in (("P1", "B"), ("P9", "C"), ("P2", "A"))]
    results = list(measure_tickets(sla(STANDARD, tickets=three)))
    assert [(one.ticket.ticket, len(one.targets)) for one in results] == [("A", 1), ("B", 1), ("C", 0)]
    assert results == list(measure_tickets(sla(STANDARD, tickets=three[::-1])))
