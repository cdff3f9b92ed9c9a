"""What always holds of a rated month: the engine agrees with the naive oracle, and prices follow the work.

Months are drawn around the days that other engines get wrong: clock changes, holidays, month ends, the leap day.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from builders import (
    b2bee,
    contract,
    entry,
    expense,
    month,
    numbered,
    rate,
    unfounded,
    with_holidays,
    with_package,
    with_rating,
    with_tariff,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import bill_month

from billing_engine.model.charge import ChargeKind
from billing_engine.model.price_list import AtBoundary, RoundPer
from billing_engine.model.time_entry import TimeEntry

PACKAGES = ("basic", "standard", "premium", "dedicated", "out-of-package")
MODES = [pytest.param(per, at, id=f"{per}-{at}") for per in RoundPer for at in AtBoundary]

DAYS = {
    "2025-12": (1, 24, 25, 31),  # runs into the holiday 1 January
    "2026-01": (1, 2, 6, 7, 8, 31),  # New Year, Orthodox Christmas
    "2026-02": (1, 14, 15, 16, 17, 18, 28),  # Statehood Day with an observed Tuesday
    "2026-03": (1, 27, 28, 29, 30, 31),  # the clock goes forward on the 29th
    "2026-04": (9, 10, 11, 12, 13, 14, 30),  # Orthodox Easter, then 1 May
    "2026-10": (1, 2, 3, 4, 5, 23, 24, 25, 26, 31),  # the clock goes back on the 25th
    "2028-02": (1, 28, 29),  # leap day
}
EDGES = (0, 7, 8, 9, 12, 17, 18, 22, 24)
SEVERITIES = ("T1", "T2", "T3", "T4")
ORDINARY = tuple(("support", severity, "") for severity in SEVERITIES)
SPECIAL = (
    ("support", "T1", "unfounded"),
    ("support", "T1", "unfounded"),
    ("support", "T2", "unfounded"),
    ("change_request_analysis", "", ""),
    ("change_request_analysis", "", "offer_rejected"),
    ("change_request_analysis", "", "offer_accepted"),
    ("development", "", ""),
    ("on_site", "T2", ""),
)
LENGTHS = st.one_of(
    st.sampled_from((0, 1, 5, 20, 29, 30, 31, 59, 60, 61, 90, 120)), st.integers(1, 300), st.integers(300, 1440)
)


def last_start(period, zone):
    """Tell the last minute of a month."""
    year, number = int(period[:4]), int(period[5:])
    return int(datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone).timestamp()) - 60


@st.composite
def starts(draw, period, zone):
    """Draw an instant of the month, mostly within a few minutes of an edge of some window, in whole minutes."""
    first = datetime(int(period[:4]), int(period[5:]), 1, tzinfo=zone)
    if draw(st.integers(0, 3)):
        day = first.replace(day=draw(st.sampled_from(DAYS[period])))
        minutes = draw(st.sampled_from(EDGES)) * 60 + draw(st.integers(-40, 40))
        at = int((day.replace(tzinfo=None) + timedelta(minutes=minutes)).replace(tzinfo=zone).timestamp())
    else:
        at = int(first.timestamp()) + draw(st.integers(0, 27 * 1440)) * 60
    return min(max(at, int(first.timestamp())), last_start(period, zone))


@st.composite
def work(draw, *, zone, kinds=ORDINARY * 3 + SPECIAL, lengths=LENGTHS, most=8):
    """Draw a month and its entries."""
    period = draw(st.sampled_from(sorted(DAYS)))
    entries = []
    for _ in range(draw(st.integers(1, most))):
        activity, severity, outcome = draw(st.sampled_from(kinds))
        at = draw(starts(period, zone))
        if entries and draw(st.booleans()):
            at = min(entries[-1].ended_at, last_start(period, zone))  # the work goes on, as another entry
        ticket = draw(st.sampled_from(("", "A", "A", "B")))
        fields = {"severity": severity, "activity": activity, "outcome": outcome, "ticket": ticket}
        entries.append(TimeEntry("E1", "C1", at, at + draw(lengths) * 60, **fields))
    return period, numbered(*entries)


BELGRADE_WORK = work(zone=ZoneInfo("Europe/Belgrade"))
AGREED = st.fixed_dictionaries(
    {},
    optional={
        "development_rate": st.sampled_from(("33.33", "80", "0.01")),
        "hourly_rate": st.sampled_from(("66.67", "33.335")),
        "monthly_fee": st.sampled_from(("0", "99.995", "1500")),
        "included_seconds": st.sampled_from((0, 50 * 60, 90 * 60, 600 * 60)),
        "quantity": st.integers(1, 3),
    },
)


def engine_figures(statement):
    """Read off a statement what the oracle computes."""
    (fee,) = statement.charges_of(ChargeKind.FEE)
    overage = statement.charges_of(ChargeKind.OVERAGE)
    own = [c for c in statement.charges if c.kind in ("tariff", "development", "analysis")]
    return {
        "fee": fee.amount,
        "included": Fraction(statement.included_seconds, 60),
        "used": Fraction(statement.used_seconds, 60),
        "overage": [(Fraction(c.worked_seconds, 60), Fraction(c.billed_seconds, 60), c.amount) for c in overage],
        "lines": sorted(
            (c.kind, c.tariff, Fraction(c.worked_seconds, 60), Fraction(c.billed_seconds, 60), c.amount) for c in own
        ),
        "held": sorted(held.id for held in statement.held),
        "net total": statement.net_total,
    }


def oracle_figures(bill):
    """Put the oracle's bill into the same form."""
    overage = (bill.overage_worked_minutes, bill.overage_billed_minutes, bill.overage_amount)
    return {
        "fee": bill.fee,
        "included": bill.included_minutes,
        "used": bill.used_minutes,
        "overage": [overage] if bill.overage_worked_minutes else [],
        # Work of no length begins no unit; whether it has a line of its own at 0 is not the rule book's business.
        "lines": sorted((x.kind, x.tariff, x.worked_minutes, x.billed_minutes, x.amount) for x in bill.lines),
        "held": sorted(bill.held),
        "net total": bill.net_total,
    }


def without_empty_lines(figures):
    """Leave out lines of no time, which the engine may show at 0."""
    return figures | {"lines": [line for line in figures["lines"] if line[3]]}


def assert_agrees(package, price_list, period, entries, expenses=(), **agreed):
    """Check all figures of a month against the oracle."""
    statement = rate(package, entries, price_list=price_list, period=period, expenses=expenses, **agreed)
    bill = bill_month(price_list, contract(package, **agreed), month(period), entries, expenses)
    assert without_empty_lines(engine_figures(statement)) == without_empty_lines(oracle_figures(bill))


# --- the oracle itself ------------------------------------------------------------------------------------------------


def test_the_oracle_knows_the_worked_month():
    """The oracle is checked against the rule book's own example, so that agreeing with it means something."""
    entries = numbered(
        entry("T1", "2026-10-01T07:00", "2026-10-01T12:30"),
        entry("T1", "2026-10-01T07:00", "2026-10-01T12:30"),
        entry("T3", "2026-10-01T16:40", "2026-10-01T18:10"),
        entry("T2", "2026-10-02T21:30", "2026-10-02T22:20"),
        entry("T1", "2026-10-03T10:00", "2026-10-03T11:40"),
        entry("T4", "2026-10-05T09:00", "2026-10-05T09:05"),
    )
    bill = bill_month(b2bee(), contract("premium"), month("2026-10"), entries)
    assert (bill.included_minutes, bill.used_minutes) == (720, 720)
    assert (bill.overage_worked_minutes, bill.overage_billed_minutes, bill.overage_amount) == (150, 180, 150)
    assert (bill.tariff_minutes, bill.tariff_amounts) == ({"after_hours": 180}, {"after_hours": 300})
    assert (bill.fee, bill.net_total) == (360, 810)


# --- engine and oracle ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("round_per", "at_boundary"), MODES)
@pytest.mark.parametrize("package", PACKAGES)
@settings(max_examples=25)
@given(drawn=BELGRADE_WORK, agreed=AGREED)
def test_engine_and_oracle_agree(package, round_per, at_boundary, drawn, agreed):
    """Every figure of a random month is the oracle's, for every package and every way of rounding."""
    price_list = with_rating(round_per=round_per, at_boundary=at_boundary)
    assert_agrees(package, price_list, *drawn, **agreed)


@pytest.mark.parametrize("at_boundary", list(AtBoundary))
@settings(max_examples=40)
@given(
    drawn=work(zone=ZoneInfo("Europe/Belgrade"), lengths=st.integers(0, 12), most=4),
    seconds=st.lists(st.tuples(st.integers(-59, 59), st.integers(0, 59)), min_size=4, max_size=4),
    package=st.sampled_from(PACKAGES),
    round_per=st.sampled_from(RoundPer),
)
def test_engine_and_oracle_agree_to_the_second(at_boundary, drawn, seconds, package, round_per):
    """Odd seconds begin units and cross boundaries as minutes do."""
    period, entries = drawn
    first = min(item.started_at for item in entries)
    shifted = [
        item._replace(started_at=max(item.started_at + start, first), ended_at=item.ended_at + 59 + end)
        for item, (start, end) in zip(entries, seconds, strict=False)
    ]
    price_list = with_rating(round_per=round_per, at_boundary=at_boundary)
    assert_agrees(package, price_list, period, shifted, development_rate="80")


ODD_ZONES = (
    "America/Havana",  # clocks go back from 01:00 to 00:00, forward from 00:00 to 01:00
    "Africa/Cairo",  # forward at 00:00
    "Asia/Beirut",  # back from 00:00 to 23:00 of the day before, forward at 00:00
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",  # +05:45
    "America/St_Johns",  # -03:30
    "Pacific/Kiritimati",  # +14:00
)


@pytest.mark.parametrize("zone_name", ODD_ZONES)
@settings(max_examples=25)
@given(data=st.data())
def test_engine_and_oracle_agree_in_odd_zones(zone_name, data):
    """Windows and days are read on whatever clock the price list names."""
    zone = ZoneInfo(zone_name)
    price_list = replace(with_rating(at_boundary=data.draw(st.sampled_from(AtBoundary))), zone=zone)
    period, entries = data.draw(work(zone=zone, most=5))
    assert_agrees("premium", price_list, period, entries)


@st.composite
def price_lists(draw):
    """Draw a price list whose increments, minimums, rates, currency, holidays and choices are not b2bee's."""
    increments = st.sampled_from((6, 10, 15, 30, 60)).map(lambda minutes: minutes * 60)
    price_list = with_rating(
        with_holidays(added=("2026-10-02", "2026-03-28"), removed=("2026-02-17", "2026-01-01")),
        round_per=draw(st.sampled_from(RoundPer)),
        at_boundary=draw(st.sampled_from(AtBoundary)),
        covered_increment_seconds=draw(increments),
        overage_increment_seconds=draw(increments),
    )
    for name in ("working", "after_hours", "holiday"):
        increment = draw(increments)
        # A minimum is a number of increments: what else would run on is not decided for started_unit_keeps_tariff.
        minimum = increment * draw(st.integers(0, 3))
        per_hour = Decimal(draw(st.sampled_from(("0.01", "33.33", "66.667", "101"))))
        price_list = with_tariff(
            name, price_list, increment_seconds=increment, minimum_seconds=minimum, rate_per_hour=per_hour
        )
    return replace(price_list, currency=draw(st.sampled_from(("EUR", "JPY", "KWD"))))


@settings(max_examples=100)
@given(drawn=BELGRADE_WORK, price_list=price_lists(), package=st.sampled_from(PACKAGES), agreed=AGREED)
def test_engine_and_oracle_agree_on_other_price_lists(drawn, price_list, package, agreed):
    """Increments, minimums, rates, currency and holidays are the price list's, not the code's."""
    assert_agrees(package, price_list, *drawn, **agreed)


@settings(max_examples=60)
@given(
    drawn=BELGRADE_WORK,
    minimums=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    package=st.sampled_from(PACKAGES),
    round_per=st.sampled_from(RoundPer),
)
def test_engine_and_oracle_agree_on_minimums_that_are_no_multiple(drawn, minimums, package, round_per):
    """A minimum of 45 minutes in half hours is 45, then 60, when work is split at boundaries."""
    price_list = with_tariff("working", with_rating(round_per=round_per), minimum_seconds=minimums[0] * 60)
    price_list = with_tariff("after_hours", price_list, minimum_seconds=minimums[1] * 60)
    assert_agrees(package, price_list, *drawn)


@settings(max_examples=40)
@given(
    drawn=BELGRADE_WORK,
    days=st.tuples(st.integers(1, 28), st.integers(1, 28)).map(sorted),
    amounts=st.lists(st.sampled_from(("0", "12.345", "0.005", "99.99")), max_size=3),
    package=st.sampled_from(PACKAGES),
    agreed=AGREED,
)
def test_engine_and_oracle_agree_on_part_months_with_expenses(drawn, days, amounts, package, agreed):
    """Fee and allowance go by days, expenses are passed on."""
    period, entries = drawn
    costs = [expense(amount, expense=f"X{number}", spent_on=f"{period}-02") for number, amount in enumerate(amounts)]
    running = {"starts_on": f"{period}-{days[0]:02d}", "ends_on": f"{period}-{days[1]:02d}"}
    assert_agrees(package, b2bee(), period, entries, costs, **agreed, **running)


@settings(max_examples=20)
@given(drawn=BELGRADE_WORK)
def test_engine_and_oracle_agree_that_a_free_licence_holds_all(drawn):
    """Without entitlement every entry is held, in any mixture."""
    period, entries = drawn
    price_list = with_package("basic", entitled=False)
    assert_agrees("basic", price_list, period, entries, development_rate="80")


# --- laws -------------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    drawn=BELGRADE_WORK,
    package=st.sampled_from(PACKAGES),
    round_per=st.sampled_from(RoundPer),
    at_boundary=st.sampled_from(AtBoundary),
    data=st.data(),
)
def test_the_order_of_the_rows_changes_nothing(drawn, package, round_per, at_boundary, data):
    """The statement is the same to the last line, whatever order entries and expenses come in."""
    period, entries = drawn
    price_list = with_rating(round_per=round_per, at_boundary=at_boundary)
    costs = [expense("1.10", expense="X1"), expense("2.20", expense="X2"), expense("3.30", spent_on="2026-10-01")]
    shuffled, shuffled_costs = data.draw(st.permutations(entries)), data.draw(st.permutations(costs))
    one = rate(package, entries, price_list=price_list, period=period, expenses=costs, development_rate="80")
    other = rate(
        package, shuffled, price_list=price_list, period=period, expenses=shuffled_costs, development_rate="80"
    )
    assert one == other


@settings(max_examples=150)
@given(
    drawn=BELGRADE_WORK,
    package=st.sampled_from(PACKAGES),
    round_per=st.sampled_from(RoundPer),
    which=st.integers(0, 7),
    longer=st.integers(1, 600),
)
def test_a_later_end_never_lowers_the_price(drawn, package, round_per, which, longer):
    """More work never costs less when it is split at boundaries, whatever is added up and whatever kind of work it is.

    It does not hold for `started_unit_keeps_tariff` with several entries in a job; a counterexample is below.
    """
    period, entries = drawn
    which %= len(entries)
    extended = [
        item._replace(ended_at=item.ended_at + longer * 60) if number == which else item
        for number, item in enumerate(entries)
    ]
    price_list = with_rating(round_per=round_per)
    before = rate(package, entries, price_list=price_list, period=period, development_rate="33.33")
    after = rate(package, extended, price_list=price_list, period=period, development_rate="33.33")
    assert after.net_total >= before.net_total


@settings(max_examples=60)
@given(
    drawn=work(zone=ZoneInfo("Europe/Belgrade"), kinds=ORDINARY, most=1),
    package=st.sampled_from(PACKAGES),
    longer=st.integers(1, 600),
)
def test_a_later_end_never_lowers_the_price_of_a_single_entry_that_runs_on(drawn, package, longer):
    """With `started_unit_keeps_tariff` the law holds per entry: the units before the old end stay as they were."""
    period, (item,) = drawn
    price_list = with_rating(at_boundary="started_unit_keeps_tariff")
    before = rate(package, item, price_list=price_list, period=period)
    after = rate(package, item._replace(ended_at=item.ended_at + longer * 60), price_list=price_list, period=period)
    assert after.net_total >= before.net_total


def uses_allowance_out_of_turn(item, others, cut_at):
    """Tell whether a cut changes who is first in line for the allowance where that decides the price.

    Ordinary covered time costs the same in any order; an unfounded incident (R6) does not.
    """
    between = [other for other in others if item.started_at <= other.started_at <= cut_at]
    return bool(between) and any(other.outcome == "unfounded" for other in (item, *between))


@settings(max_examples=150)
@given(drawn=BELGRADE_WORK, package=st.sampled_from(PACKAGES), which=st.integers(0, 7), share=st.integers(1, 99))
def test_cutting_an_entry_never_lowers_the_price(drawn, package, which, share):
    """Two entries cost at least what one of the same time does, split at boundaries and rounded per entry.

    The law fails by the rule book's own words when another entry starts inside the one that is cut and either is an
    unfounded incident: the cut moves the second half behind the other in the order of R4 (see the next test). With
    `started_unit_keeps_tariff` it fails too: 16:31-18:10 is 25 + 200, cut at 16:50 it is 25 + 25 + 100.
    """
    period, entries = drawn
    item = entries.pop(which % len(entries))
    cut_at = item.started_at + item.worked_seconds * share // 100 // 60 * 60
    assume(not uses_allowance_out_of_turn(item, entries, cut_at))
    parts = [item._replace(ended_at=cut_at), item._replace(entry=item.entry + "b", started_at=cut_at)]
    whole = rate(package, [*entries, item], period=period, development_rate="60")
    cut = rate(package, [*entries, *parts], period=period, development_rate="60")
    assert cut.net_total >= whole.net_total


def test_cutting_around_an_unfounded_incident_may_lower_the_price():
    """The counterexample to the law above: R4's order decides whether the incident finds an allowance (R6).

    Standard, 300 minutes included, on the holiday 11 November. Whole: 08:00-13:00 takes all 300, the incident costs 1 h
    at 150. Cut at 09:00: 60 are taken, the incident takes 60, the other 240 find 180 left, and 1 h of overage costs 50.
    """
    whole = entry("T1", "2026-11-11T08:00", "2026-11-11T13:00", entry="E1")
    incident = unfounded("2026-11-11T08:30", "2026-11-11T09:30", entry="E2")
    cut = [
        entry("T1", "2026-11-11T08:00", "2026-11-11T09:00", entry="E1"),
        entry("T1", "2026-11-11T09:00", "2026-11-11T13:00", entry="E1b"),
    ]
    assert rate("standard", [whole, incident]).net_total == Decimal("350.00")
    assert rate("standard", [*cut, incident]).net_total == Decimal("250.00")


def test_a_longer_entry_of_a_running_on_ticket_may_lower_the_price():
    """The counterexample for `started_unit_keeps_tariff` with `round_per: ticket`: 10 + 81 minutes, then 31 + 81.

    Ten minutes leave 20 of their half hour for the evening, and 61 more are 2 h. 31 begin a second half hour, which
    leaves 29, and 52 more are 1 h.
    """
    evening = entry("T3", "2026-10-01T20:00", "2026-10-01T21:21", entry="E2", ticket="A")
    price_list = with_rating(round_per="ticket", at_boundary="started_unit_keeps_tariff")
    for end, price in (("16:10", "225.00"), ("16:31", "150.00")):
        first = entry("T3", "2026-10-01T16:00", f"2026-10-01T{end}", ticket="A")
        assert str(rate("out-of-package", [first, evening], price_list=price_list).net_total) == price


def test_cutting_an_entry_that_runs_on_may_lower_the_price():
    """The counterexample for `started_unit_keeps_tariff` per entry: a cut moves where the cheaper unit ends."""
    price_list = with_rating(at_boundary="started_unit_keeps_tariff")
    whole = entry("T3", "2026-10-01T16:31", "2026-10-01T18:10")
    cut = numbered(
        entry("T3", "2026-10-01T16:31", "2026-10-01T16:50"), entry("T3", "2026-10-01T16:50", "2026-10-01T18:10")
    )
    assert rate("out-of-package", whole, price_list=price_list).net_total == Decimal("225.00")
    assert rate("out-of-package", cut, price_list=price_list).net_total == Decimal("150.00")


@settings(max_examples=100)
@given(
    drawn=BELGRADE_WORK,
    package=st.sampled_from(PACKAGES),
    round_per=st.sampled_from(RoundPer),
    at_boundary=st.sampled_from(AtBoundary),
    agreed=AGREED,
)
def test_figures_of_a_statement_add_up(drawn, package, round_per, at_boundary, agreed):
    """Billed is at least worked, used is what the allowance gave and at most included, and lines make the net total.

    Each line's printed time and price give its amount, rounded half up once; every second of work that is not held is
    on the lines once.
    """
    period, entries = drawn
    price_list = with_rating(round_per=round_per, at_boundary=at_boundary)
    statement = rate(package, entries, price_list=price_list, period=period, **agreed)
    total = Fraction(0)
    by_kind = Counter()
    for charge in statement.charges:
        assert charge.billed_seconds >= charge.worked_seconds >= 0
        by_kind[charge.kind] += charge.billed_seconds
        hours = 1 if charge.kind == "fee" else Fraction(charge.billed_seconds, 3600)
        exact = 0 if charge.kind == "allowance" else Fraction(charge.unit_price) * hours
        assert charge.amount == Fraction(int(exact * 100 + Fraction(1, 2)), 100)
        total += Fraction(charge.amount)
    assert statement.net_total == total
    assert by_kind["allowance"] == statement.used_seconds <= statement.included_seconds
    if by_kind["overage"]:
        assert statement.used_seconds == statement.included_seconds
    held = {held.id for held in statement.held}
    worked = sum(item.worked_seconds for item in entries if item.entry not in held)
    shares = sum(share.worked_seconds for share in statement.overage_shares)
    apart = sum(charge.worked_seconds for charge in statement.charges if charge.kind != "overage")
    assert apart + shares == worked


@pytest.mark.parametrize(("round_per", "at_boundary"), MODES)
@settings(max_examples=25)
@given(drawn=BELGRADE_WORK, package=st.sampled_from(PACKAGES))
def test_every_entry_is_charged_or_held_and_never_both(round_per, at_boundary, drawn, package):
    """No entry is lost, none is billed and held, and no line names an entry twice.

    Entries of no length are left out: the rule book does not say whether they are listed.
    """
    period, entries = drawn
    price_list = with_rating(round_per=round_per, at_boundary=at_boundary)
    statement = rate(package, entries, price_list=price_list, period=period, development_rate="80")
    held = [held.id for held in statement.held]
    named = [[item.entry for item in charge.entries] for charge in statement.charges]
    charged = {name for names in named for name in names}
    assert all(len(names) == len(set(names)) for names in named)
    assert len(held) == len(set(held))
    assert not charged & set(held)
    assert charged | set(held) >= {item.entry for item in entries if item.worked_seconds}
    assert charged | set(held) <= {item.entry for item in entries}


@pytest.mark.parametrize("at_boundary", list(AtBoundary))
@settings(max_examples=50)
@given(drawn=BELGRADE_WORK, package=st.sampled_from(PACKAGES))
def test_every_line_names_the_entries_whose_time_it_prices(at_boundary, drawn, package):
    """With entries rounded one by one, the lines per entry are the oracle's: one per class that it was worked in."""
    period, entries = drawn
    entries = [item for item in entries if item.worked_seconds]
    price_list = with_rating(at_boundary=at_boundary)
    statement = rate(package, entries, price_list=price_list, period=period, development_rate="80")
    bill = bill_month(price_list, contract(package, development_rate="80"), month(period), entries)
    priced = Counter(
        (charge.kind, charge.tariff, tuple(item.entry for item in charge.entries))
        for charge in statement.charges
        if charge.kind in ("tariff", "development", "analysis")
    )
    assert priced == Counter((line.kind, line.tariff, line.entries) for line in bill.lines)
    covered = {
        item.entry for charge in statement.charges if charge.kind in ("allowance", "overage") for item in charge.entries
    }
    assert covered == set(bill.covered)
