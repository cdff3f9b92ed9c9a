"""Uptime as tables: each row is one sentence of U1 to U4, U6 or U7, worked out by hand.

October 2026 has 44,700 minutes in Prague, of which 447 are exactly 1 %, so that every limit of trifft can be hit.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from builders import month
from sla_builders import agreed, agreement, down, moment, outage, sla, uptime, uptime_claim

from billing_engine.model.sla_terms import plain_cause
from billing_engine.sla.availability import measure_availability
from billing_engine.sla.termination import termination_rights, unused_fee


def row(rule, *values):
    """Name a table row by its rule."""
    return pytest.param(*values, id=rule)


# --- U1: full availability --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "minutes"),
    [
        row("U1 October 2026 is an hour longer", "2026-10", 44_700),
        row("U1 March 2026 is an hour shorter", "2026-03", 44_580),
        row("U1 30 days", "2026-09", 43_200),
        row("U1 31 days", "2026-12", 44_640),
        row("U1 February", "2026-02", 40_320),
        row("U1 February of a leap year", "2028-02", 41_760),
    ],
)
def test_full_availability(period, minutes):
    """Full availability are the minutes of the calendar month that pass in Prague."""
    measured = uptime(period=period)
    assert (measured.full_minutes, measured.counted_minutes, measured.excluded_minutes) == (minutes, 0, 0)
    assert (str(measured.effective_uptime), measured.met) == ("100.00", True)


def test_the_month_is_the_lists():
    """T2: a list of another zone has another month; Kyiv's October goes back an hour too, Reykjavik's does not."""
    trifft = agreement("trifft")
    iceland = replace(trifft, zone=type(trifft.zone)("Atlantic/Reykjavik"))
    assert uptime(lists=[iceland]).full_minutes == 31 * 1440


# --- U2: unavailability -----------------------------------------------------------------------------------------------


def on_fifth(start, end, **fields):
    """Take the service down on 5 October."""
    return outage(f"2026-10-05 {start}", f"2026-10-05 {end}", **fields)


EACH_DAY = [outage(f"2026-10-0{day} 10:00", f"2026-10-0{day} 10:01:59") for day in range(1, 6)]
ALL = {"customer": ""}
DOWN = [
    row("U2 one", [on_fifth("10:00", "10:30")], 30),
    row("U2 two apart", [on_fifth("10:00", "10:30"), outage("2026-10-06 10:00", "2026-10-06 10:10")], 40),
    row("U2 overlapping ones count once", [on_fifth("10:00", "10:30"), on_fifth("10:20", "10:40")], 40),
    row("U2 one inside another counts once", [on_fifth("10:00", "10:30"), on_fifth("10:10", "10:20")], 30),
    row("U2 the same twice counts once", [on_fifth("10:00", "10:30")] * 2, 30),
    row("U2 touching ones are one", [on_fifth("10:00", "10:00:30"), on_fifth("10:00:30", "10:01")], 1),
    row("U2 full minutes of each interval", [on_fifth("10:00", "10:00:30"), on_fifth("10:00:31", "10:01")], 0),
    row("U2 59 seconds are none", [on_fifth("10:00", "10:00:59")], 0),
    row("U2 60 seconds are one, wherever they begin", [on_fifth("10:00:17", "10:01:17")], 1),
    row("U2 119 seconds are one", [on_fifth("10:00:01", "10:02")], 1),
    row("U2 parts of minutes are not added up", EACH_DAY, 5),
    row("U2 of no length", [on_fifth("10:00", "10:00")], 0),
    row("U2 of all customers", [on_fifth("10:00", "10:30", **ALL)], 30),
    row(
        "U2 of all customers and of one count once", [on_fifth("10:00", "10:30", **ALL), on_fifth("10:15", "10:45")], 45
    ),
    row("U2 clipped at the month's begin", [outage("2026-09-30 23:00", "2026-10-01 00:20")], 20),
    row("U2 clipped at the month's end", [outage("2026-10-31 23:50", "2026-11-01 05:00")], 10),
    row("U2 the month begins in Prague", [outage("2026-09-30 22:00+00:00", "2026-09-30 22:20+00:00")], 20),
    row("U2 the month ends in Prague", [outage("2026-10-31 23:00+00:00", "2026-10-31 23:20+00:00")], 0),
    row("U2 clipped seconds", [outage("2026-09-30 23:59:30", "2026-10-01 00:00:59")], 0),
    row("U2 the month before", [outage("2026-09-30 22:00", "2026-10-01 00:00")], 0),
    row("U2 the month after", [outage("2026-11-01 00:00", "2026-11-01 01:00")], 0),
    row("U2 longer than the month", [outage("2026-09-01 00:00", "2026-12-01 00:00")], 44_700),
    row("T1 over the clock going back", [outage("2026-10-25 01:30", "2026-10-25 03:30")], 180),
]


@pytest.mark.parametrize(("outages", "minutes"), DOWN)
def test_unavailability(outages, minutes):
    """Unavailability is the union of the outages, clipped to the month; each interval counts its full minutes."""
    assert uptime(*outages).counted_minutes == minutes
    assert uptime(*outages[::-1]).counted_minutes == minutes


def test_an_outage_over_two_months_counts_in_each():
    """U2: each month takes its part."""
    one = outage("2026-09-30 23:00", "2026-10-01 00:20")
    assert [uptime(one, period=period).counted_minutes for period in ("2026-09", "2026-10", "2026-11")] == [60, 20, 0]


@pytest.mark.parametrize(
    ("as_of", "minutes"),
    [
        row("until now", "2026-10-05 10:45:30", 45),
        row("not yet begun", "2026-10-05 09:00", 0),
        row("until the month's end", "2026-12-24 00:00", 44_700 - 4 * 1440 - 600),
    ],
)
def test_an_outage_that_lasts(as_of, minutes):
    """An outage without an end lasts until now, at most until the month's end."""
    assert uptime(outage("2026-10-05 10:00", None), as_of=as_of).counted_minutes == minutes


# --- U2: excluded time ------------------------------------------------------------------------------------------------

TEN_TO_HALF_PAST = ("2026-10-05 10:00", "2026-10-05 10:30")
CAUSES = [
    *(row(f"U2 cause {letter}", letter, True) for letter in "abdefg"),
    *(row(f"U2 cause {letter}", letter, True) for letter in "ABDEFG"),
    row("U2 cause c without notice", "c", False),
    row("U2 a) customer change", "customer change", True),
    row("U2 b) security update", "Security update", True),
    row("U2 c) notified update without notice", "notified update", False),
    row("U2 d) force majeure", "force-majeure", True),
    row("U2 e) third party", "third_party", True),
    row("U2 f) the customer", "customer", True),
    row("U2 g) fix of excluded", "fix of excluded", True),
    row("U2 none", "", False),
    row("U2 another letter", "h", False),
    row("U2 a failure", "hardware failure", False),
    row("U2 a word that only begins like a cause", "security breach", False),
]


@pytest.mark.parametrize(("cause", "excluded"), CAUSES)
def test_causes(cause, excluded):
    """Time of the causes a to g is taken out; any other, and none, counts."""
    measured = uptime(outage(*TEN_TO_HALF_PAST, cause))
    assert (measured.counted_minutes, measured.excluded_minutes) == ((0, 30) if excluded else (30, 0))


@pytest.mark.parametrize("cause", ["notified update", "Notified-Update", "NOTIFIED_UPDATE", " notified  update "])
def test_causes_in_any_form(cause):
    """Case, spaces, hyphens and underscores do not matter."""
    assert plain_cause(cause) == "notified_update"


NOTICES = [
    row("U2 48 hours ahead", "2026-10-03 10:00", True),
    row("U2 more than 48 hours ahead", "2026-09-01 10:00", True),
    row("U2 a second less", "2026-10-03 10:00:01", False),
    row("U2 an hour ahead", "2026-10-05 09:00", False),
    row("U2 afterwards", "2026-10-05 12:00", False),
    row("U2 never", None, False),
]


@pytest.mark.parametrize(("notified", "excluded"), NOTICES)
@pytest.mark.parametrize("cause", ["c", "notified update", "planned maintenance"])
def test_notice_of_updates(cause, notified, excluded):
    """A notified update is taken out only when notified at least 48 hours before it began."""
    measured = uptime(outage(*TEN_TO_HALF_PAST, cause, notified_at=notified))
    assert (measured.counted_minutes, measured.excluded_minutes) == ((0, 30) if excluded else (30, 0))


def test_48_hours_are_hours_that_pass():
    """T1: over the clock going back, 48 hours before Monday 10:00 are Saturday 11:00."""
    update = ("2026-10-26 10:00", "2026-10-26 10:30", "c")
    assert uptime(outage(*update, notified_at="2026-10-24 11:00")).excluded_minutes == 30
    assert uptime(outage(*update, notified_at="2026-10-24 11:00:01")).excluded_minutes == 0


def test_notice_does_not_excuse_a_failure():
    """U2: 48 hours' notice belong to updates alone."""
    assert uptime(outage(*TEN_TO_HALF_PAST, "hardware", notified_at="2026-09-01 10:00")).counted_minutes == 30


CUTS = [
    row("an excluded part is cut out", ("2026-10-05 10:10", "2026-10-05 10:20"), 20, 10),
    row("at its begin", ("2026-10-05 09:00", "2026-10-05 10:10"), 20, 70),
    row("at its end", ("2026-10-05 10:20", "2026-10-05 11:00"), 20, 40),
    row("the whole of it", ("2026-10-05 09:00", "2026-10-05 11:00"), 0, 120),
    row("exactly it", ("2026-10-05 10:00", "2026-10-05 10:30"), 0, 30),
    row("nothing of it", ("2026-10-05 10:30", "2026-10-05 11:00"), 30, 30),
    row("what remains counts its full minutes", ("2026-10-05 10:10:01", "2026-10-05 10:19:59"), 10 + 10, 9),
    row("half a minute remains on either side", ("2026-10-05 10:00:30", "2026-10-05 10:29:30"), 0, 29),
    row("59 excluded seconds save a minute", ("2026-10-05 10:10:01", "2026-10-05 10:11"), 10 + 19, 0),
]


@pytest.mark.parametrize(("excluded", "counted", "taken_out"), CUTS)
def test_an_excluded_part_of_a_counted_outage(excluded, counted, taken_out):
    """Excluded time is taken out of the union first; then each interval that remains counts its full minutes."""
    measured = uptime(outage(*TEN_TO_HALF_PAST, "power"), outage(*excluded, "force majeure"))
    assert (measured.counted_minutes, measured.excluded_minutes) == (counted, taken_out)


def test_several_excluded_parts():
    """Two exclusions that overlap are taken out once, and several parts may remain."""
    measured = uptime(
        outage("2026-10-05 10:00", "2026-10-05 12:00", "power"),
        outage("2026-10-05 10:10", "2026-10-05 10:30", "a"),
        outage("2026-10-05 10:20", "2026-10-05 10:40", "b"),
        outage("2026-10-05 11:00", "2026-10-05 11:30:30", "g"),
    )
    assert (measured.counted_minutes, measured.excluded_minutes) == (10 + 20 + 29, 30 + 30)


# --- U3, U4: effective uptime and credit tiers ------------------------------------------------------------------------

TIERS = [
    row("U3 no downtime", "standard", 0, "100.00", True, 0),
    row("U3 a minute is cut, not rounded to 100.00", "standard", 1, "99.99", True, 0),
    row("U3 just above 99 %", "standard", 446, "99.00", True, 0),
    row("U3 exactly 99 % meets the guarantee", "standard", 447, "99.00", True, 0),
    row("U4 a minute below 99 %", "standard", 448, "98.99", False, 10),
    row("U4 exactly 98 % is in the first tier", "standard", 894, "98.00", False, 10),
    row("U4 a minute below 98 %", "standard", 895, "97.99", False, 20),
    row("U4 exactly 95 % is in the second", "standard", 2235, "95.00", False, 20),
    row("U4 a minute below 95 %, shown 94.99", "standard", 2236, "94.99", False, 40),
    row("U4 exactly 75 % is in the third", "standard", 11_175, "75.00", False, 40),
    row("U4 a minute below 75 %", "standard", 11_176, "74.99", False, 70),
    row("U4 never up", "standard", 44_700, "0.00", False, 70),
    row("U3 premium just above 99.5 %", "premium", 223, "99.50", True, 0),
    row("U4 premium half a minute below 99.5 %", "premium", 224, "99.49", False, 20),
    row("U4 premium exactly 99 % is in the first tier", "premium", 447, "99.00", False, 20),
    row("U4 premium exactly 98 %", "premium", 894, "98.00", False, 20),
    row("U4 premium a minute below 98 %", "premium", 895, "97.99", False, 30),
    row("U4 premium exactly 95 %", "premium", 2235, "95.00", False, 30),
    row("U4 premium a minute below 95 %", "premium", 2236, "94.99", False, 60),
    row("U4 premium exactly 75 %", "premium", 11_175, "75.00", False, 60),
    row("U4 premium a minute below 75 %", "premium", 11_176, "74.99", False, 80),
    row("U4 premium never up", "premium", 44_700, "0.00", False, 80),
]


@pytest.mark.parametrize(("package", "minutes", "shown", "met", "percent"), TIERS)
def test_tiers(package, minutes, shown, met, percent):
    """Uptime is compared exactly and shown to two decimals, cut; a tier begins with its lower limit."""
    measured = uptime(down(minutes, "2026-10-01 00:00"), package=package)
    assert (str(measured.effective_uptime), measured.met, measured.credit_percent) == (shown, met, percent)


def test_exactly_99_5_percent():
    """U3: a month of 30 days has 216 minutes in half a percent; Premium keeps 99.5 % with exactly these."""
    exact, over = (
        uptime(down(minutes, "2026-09-01 00:00"), package="premium", period="2026-09") for minutes in (216, 217)
    )
    assert (str(exact.effective_uptime), exact.met) == ("99.50", True)
    assert (str(over.effective_uptime), over.met) == ("99.49", False)


def test_a_shown_percent_decides_nothing():
    """U3: 30 seconds short of a minute more would still be shown as 99.00; the minutes decide, not what is shown."""
    almost = uptime(down(447, seconds=59))
    assert (almost.counted_minutes, almost.met) == (447, True)
    strict = replace(agreement("trifft").packages["standard"].guarantee, guaranteed_percent=Decimal("99.0045"))
    price_list = agreement("trifft")
    packages = {**price_list.packages, "standard": replace(price_list.packages["standard"], guarantee=strict)}
    measured = uptime(down(446), lists=[replace(price_list, packages=packages)])
    assert (str(measured.effective_uptime), measured.met) == ("99.00", False)


# --- U7: who has a guarantee ------------------------------------------------------------------------------------------

STANDARD = agreed("trifft", "standard")
PREMIUM = agreed("trifft", "premium", contract="K2")


@pytest.mark.parametrize(
    ("contracts", "measured"),
    [
        row("U7 Free has none", [agreed("trifft", "free")], []),
        row("b2bee has none", [agreed("b2bee", "premium")], []),
        row("dpo-group has none", [agreed("dpo-group", "server", monthly_fee="1")], []),
        row("each contract is measured", [STANDARD, PREMIUM], ["K1", "K2"]),
        row("in order of id", [PREMIUM, STANDARD], ["K1", "K2"]),
        row("Free beside Standard", [agreed("trifft", "free", contract="K0"), STANDARD], ["K1"]),
        row("active on one day of the month", [agreed("trifft", "standard", ends_on="2026-10-01")], ["K1"]),
        row("ended before", [agreed("trifft", "standard", ends_on="2026-09-30")], []),
        row("begins later", [agreed("trifft", "standard", starts_on="2026-11-01")], []),
        row("no contract", [], []),
    ],
)
def test_who_is_measured(contracts, measured):
    """The uptime of each contract that guarantees one is measured in each month in which it runs."""
    found = measure_availability(sla(*contracts, outages=[down(30)]), month())
    assert [one.contract.contract for one in found] == measured
    assert all(one.counted_minutes == 30 for one in found)


# --- U6: termination --------------------------------------------------------------------------------------------------

FIVE_PERCENT = {"2026-07": 2232, "2026-08": 2232, "2026-09": 2160, "2026-10": 2235}
IN_TIME = {
    "2026-07": "2026-08-15 23:59:59",
    "2026-08": "2026-09-15 23:59:59",
    "2026-09": "2026-10-15 23:59:59",
    "2026-10": "2026-11-15 23:59:59",
}


def right_after(minutes, notified, *, period="2026-10", **fields):
    """Say the right to terminate at the end of a month, from downtime and claims by month."""
    outages = [down(count, f"{name}-01 00:00") for name, count in minutes.items()]
    claims = [uptime_claim(name, at, claim=f"CL {name}") for name, at in notified.items()]
    contracts = fields.pop("contracts", None) or [agreed("trifft", "standard", monthly_fee="1000", **fields)]
    return termination_rights(sla(*contracts, outages=outages), month(period), claims)


AUGUST_TO_OCTOBER = (
    "Contract {} may be terminated by the customer: effective uptime of at most 95 % in 3 consecutive months, each "
    "notified in time (August 2026 95.00 %, September 2026 95.00 %, October 2026 95.00 %)."
)


def without(mapping, key):
    return {name: value for name, value in mapping.items() if name != key}


def test_termination_after_three_bad_months():
    """U6: exactly 95 % in August, September and October, each notified at the last second, gives the right."""
    assert right_after(FIVE_PERCENT, IN_TIME) == {"K1": AUGUST_TO_OCTOBER.format("K1")}


NO_RIGHT = [
    row("U6 one month a minute better", FIVE_PERCENT | {"2026-09": 2159}, IN_TIME),
    row("U6 the first month a minute better", FIVE_PERCENT | {"2026-08": 2231}, IN_TIME),
    row("U6 the last month a minute better", FIVE_PERCENT | {"2026-10": 2234}, IN_TIME),
    row("U6 one month a second late", FIVE_PERCENT, IN_TIME | {"2026-09": "2026-10-16 00:00"}),
    row("U6 one month not notified", FIVE_PERCENT, without(IN_TIME, "2026-09")),
    row("U6 one month without downtime", without(FIVE_PERCENT, "2026-09"), IN_TIME),
    row("U6 nothing notified", FIVE_PERCENT, {}),
]


@pytest.mark.parametrize(("minutes", "notified"), NO_RIGHT)
def test_no_termination(minutes, notified):
    """The right needs three months in a row at or below 95 %, each notified in time."""
    assert right_after(minutes, notified) == {}


def test_the_months_end_with_the_one_looked_at():
    """U6: July to September give it in September; with November better it is gone."""
    assert len(right_after(FIVE_PERCENT, IN_TIME, period="2026-09")) == 1
    assert right_after(FIVE_PERCENT, IN_TIME, period="2026-08") == {}
    assert right_after(FIVE_PERCENT, IN_TIME, period="2026-11") == {}


def test_a_late_notification_beside_one_in_time():
    """U6: a month counts as notified when one of its notifications was in time."""
    world = sla(
        agreed("trifft", "standard", monthly_fee="1000"),
        outages=[down(count, f"{name}-01 00:00") for name, count in FIVE_PERCENT.items()],
    )
    claims = [uptime_claim(name, at, claim=name) for name, at in IN_TIME.items()]
    late = [uptime_claim("2026-09", "2026-12-01 00:00", claim="late")]
    assert len(termination_rights(world, month(), late + claims)) == 1


def test_a_contract_of_two_months_has_no_three_bad_ones():
    """U6: a month without the contract is none of its bad months."""
    assert right_after(FIVE_PERCENT, IN_TIME, starts_on="2026-09-01") == {}
    assert len(right_after(FIVE_PERCENT, IN_TIME, starts_on="2026-08-31")) == 1


P1, P2 = (agreed("trifft", package, contract=name) for name, package in (("P1", "standard"), ("P2", "premium")))
CHANGES = [
    row("U6 a package change at the end of a month", [("P1", None, "2026-09-30"), ("P2", "2026-10-01", None)], ["P2"]),
    row("U6 a package change within a month", [("P1", None, "2026-09-10"), ("P2", "2026-09-11", None)], ["P2"]),
    row("U6 a change in the last month: both run in it", [("P1", None, "2026-10-10"), ("P2", "2026-10-11", None)],
        ["P1", "P2"]),
    row("U6 a month without any contract", [("P1", None, "2026-08-31"), ("P2", "2026-10-01", None)], []),
    row("U6 two contracts side by side", [("P1", None, None), ("P2", None, None)], ["P1", "P2"]),
    row("U6 the month before under another list", [("B", None, "2026-09-30"), ("P2", "2026-10-01", None)], []),
]  # fmt: skip
KINDS = {"P1": P1, "P2": P2, "B": agreed("b2bee", "premium", contract="B")}


@pytest.mark.parametrize(("contracts", "rights"), CHANGES)
def test_a_package_change_keeps_the_right(contracts, rights):
    """U6: what counts are the customer's months under one price list, in whatever package."""
    agreed_on = []
    for name, first, last in contracts:
        days = {"starts_on": first, "ends_on": last}
        given = {key: date.fromisoformat(day) for key, day in days.items() if day is not None}
        agreed_on.append(replace(KINDS[name], monthly_fee=Decimal(1000), **given))
    expected = {name: AUGUST_TO_OCTOBER.format(name) for name in rights}
    assert right_after(FIVE_PERCENT, IN_TIME, contracts=agreed_on) == expected
    assert right_after(FIVE_PERCENT, IN_TIME, contracts=agreed_on[::-1]) == expected
    good = FIVE_PERCENT | {"2026-09": 0}
    assert right_after(good, IN_TIME, contracts=agreed_on) == {}


def test_months_under_two_lists_are_not_added_up():
    """U6: three bad months count under one price list; two under one and one under another give no right."""
    other = replace(agreement("trifft"), name="other")
    outages = [down(count, f"{name}-01 00:00") for name, count in FIVE_PERCENT.items()]
    claims = [uptime_claim(name, at, claim=name) for name, at in IN_TIME.items()]
    before = agreed("other", "standard", contract="K0", monthly_fee="1000", ends_on="2026-09-30")
    after = agreed("trifft", "standard", monthly_fee="1000", starts_on="2026-10-01")
    world = sla(before, after, outages=outages, lists=[other])
    assert termination_rights(world, month(), claims) == {}
    assert list(termination_rights(world, month("2026-09"), claims)) == ["K0"]


def test_over_the_end_of_a_year():
    """U6: November, December and January are consecutive."""
    minutes = {"2026-11": 2160, "2026-12": 2232, "2027-01": 2232}
    notified = {"2026-11": "2026-12-01 12:00", "2026-12": "2027-01-01 12:00", "2027-01": "2027-02-15 12:00"}
    assert len(right_after(minutes, notified, period="2027-01")) == 1


def test_a_list_without_the_rule_gives_no_right():
    """U6 is trifft's; a list whose text gives no right reports none."""
    price_list = agreement("trifft")
    silent = replace(price_list, availability=replace(price_list.availability, termination=None))
    outages = [down(count, f"{name}-01 00:00") for name, count in FIVE_PERCENT.items()]
    claims = [uptime_claim(name, at, claim=name) for name, at in IN_TIME.items()]
    world = sla(agreed("trifft", "standard", monthly_fee="1"), outages=outages, lists=[silent])
    assert termination_rights(world, month(), claims) == {}


UNUSED = [
    row("U6 half a month of 30 days", "300", "2026-09-01", "2026-09-30", "2026-09-15", "150.00"),
    row("U6 the last day is used", "300", "2026-09-01", "2026-09-30", "2026-09-30", "0.00"),
    row("U6 a day before", "300", "2026-09-01", "2026-09-30", "2026-09-29", "10.00"),
    row("U6 on the first day", "310", "2026-10-01", "2026-10-31", "2026-10-01", "300.00"),
    row("U6 before it began", "310", "2026-10-01", "2026-10-31", "2026-09-15", "310.00"),
    row("U6 after it ended", "310", "2026-10-01", "2026-10-31", "2026-11-15", "0.00"),
    row("U6 a contract that began on the 11th", "200", "2026-11-11", "2026-11-30", "2026-11-20", "100.00"),
    row("U6 a contract that ends on the 25th", "250", "2026-11-01", "2026-11-25", "2026-11-20", "50.00"),
    row("U6 a prepaid year", "3650", "2026-01-01", "2026-12-31", "2026-10-31", "610.00"),
    row("U6 rounded half up", "100", "2026-10-01", "2026-10-31", "2026-10-20", "35.48"),
    row("U6 a single day", "100", "2026-10-01", "2026-10-01", "2026-09-30", "100.00"),
]


@pytest.mark.parametrize(("fee", "first", "last", "terminated", "refund"), UNUSED)
def test_unused_fee(fee, first, last, terminated, refund):
    """Of prepaid fees the days after the termination are refunded."""
    days = [date.fromisoformat(day) for day in (first, last, terminated)]
    assert str(unused_fee(Decimal(fee), *days, "EUR")) == refund


def test_the_moment_of_a_month_boundary():
    """U2, T6: an outage that ends with the month's first instant lies in the month before."""
    boundary = moment("2026-10-01 00:00")
    before = replace(outage("2026-09-30 23:00", "2026-10-01 00:00"), ended_at=boundary)
    assert uptime(before).counted_minutes == 0
    assert uptime(before, period="2026-09").counted_minutes == 60
