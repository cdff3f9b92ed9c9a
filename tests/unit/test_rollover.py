"""R10: unused hours roll over for a number of months and up to a cap, and the oldest are used first."""

from dataclasses import replace
from datetime import date

import pytest
from billed import CUSTOMER, SETTINGS, closed, issued
from builders import b2bee, contract, entry, instant, month, with_rating
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.invoicing.draft import draft_invoice
from billing_engine.model.history import NO_HISTORY, History, Lot, MonthUse
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook, Rollover
from billing_engine.rating.explain import explain_charge
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import rate_customer, rate_late
from billing_engine.rating.rollover import carried_lots, standing_of

HOUR = 3600
FIRST = month("2026-01")
STANDARD = contract("standard", starts_on="2026-01-01")  # 5 h a month


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def listed(months, cap_hours=None, package="standard", included_hours=5):
    """Let hours of a package roll over."""
    price_list = with_rating(rollover=months and Rollover(months, cap_hours and cap_hours * HOUR))
    changed = replace(price_list.packages[package], included_seconds=included_hours * HOUR)
    return replace(price_list, packages={**price_list.packages, package: changed})


def used(period, *lots, included=5, **fields):
    """Have an invoice that recorded what a month drew: `("2026-01", 2)` is 2 h of January's."""
    fields = {"contract": "K1", "overage_seconds": 0, "overage_billed_seconds": 0, "days": month(period).days, **fields}
    drawn = tuple(Lot(month(name), hours * HOUR) for name, hours in lots)
    return MonthUse(period=month(period), included_seconds=included and included * HOUR, drawn=drawn, **fields)


def lots_of(period, uses=(), price_list=None, agreed=STANDARD, months=None):
    """Say what a month has: carried lots in hours, then its own."""
    done = months if months is not None else FIRST.until(month(period).previous())
    cards = RateCards(PriceListBook([price_list or listed(3)]), month(period))
    standing = standing_of(agreed, cards, History(frozenset(done), tuple(uses)))
    own = None if standing.left_seconds is None else standing.left_seconds / HOUR
    return [*((str(lot.month), lot.seconds / HOUR) for lot in standing.carried), own]


# --- what rolls over --------------------------------------------------------------------------------------------------

LOTS = [
    row("nothing before the first month", "2026-01", [], listed(3), [5]),
    row("no rollover", "2026-03", [], listed(None), [5]),
    row("all of January and February", "2026-03", [], listed(3), [("2026-01", 5), ("2026-02", 5), 5]),
    row("what January left", "2026-02", [used("2026-01", ("2026-01", 2))], listed(3), [("2026-01", 3), 5]),
    row("nothing is left of it", "2026-02", [used("2026-01", ("2026-01", 5))], listed(3), [5]),
    row(
        "less what February drew of it",
        "2026-03",
        [used("2026-01", ("2026-01", 2)), used("2026-02", ("2026-01", 1))],
        listed(3),
        [("2026-01", 2), ("2026-02", 5), 5],
    ),
    row("January lapses with February", "2026-03", [], listed(1), [("2026-02", 5), 5]),
    row("January lapses with April", "2026-05", [], listed(3), [("2026-02", 5), ("2026-03", 5), ("2026-04", 5), 5]),
    row("over the cap the oldest lapse", "2026-04", [], listed(3, 7), [("2026-02", 2), ("2026-03", 5), 5]),
    row("a cap below one month", "2026-03", [], listed(3, 2), [("2026-02", 2), 5]),
    row(
        "what lapsed in February does not come back for March",
        "2026-03",
        [used("2026-02", ("2026-02", 5))],
        listed(3, 2),
        [("2026-01", 2), 5],
    ),
    row(
        "as January was invoiced, not as it is agreed",
        "2026-02",
        [used("2026-01", included=8)],
        listed(3),
        [("2026-01", 8), 5],
    ),
    row(
        "January's hours of the days that came to the contract since",
        "2026-02",
        [used("2026-01", ("2026-01", 1), included=2, days=10)],
        listed(3),
        [("2026-01", 4), 5],
    ),
    row(
        "an invoice for fees alone says nothing",
        "2026-02",
        [used("2026-01", included=0, days=0)],
        listed(3),
        [("2026-01", 5), 5],
    ),
    row("a month without limit gives nothing", "2026-02", [used("2026-01", included=None)], listed(3), [5]),
    row(
        "other contracts' hours are theirs",
        "2026-02",
        [used("2026-01", ("2026-01", 5), contract="K2")],
        listed(3),
        [("2026-01", 5), 5],
    ),
]


@pytest.mark.parametrize(("period", "uses", "price_list", "expected"), LOTS)
def test_what_a_month_starts_with(period, uses, price_list, expected):
    """List carried lots, oldest first, then the month's own hours."""
    assert lots_of(period, uses, price_list) == expected


def test_only_closed_months_give_hours():
    """A month that no run is done with has nothing to give."""
    assert lots_of("2026-04", months=[month("2026-02")]) == [("2026-02", 5), 5]


def test_a_new_contract_starts_with_nothing():
    """R10: a package change in a month splits it, and each contract keeps its own hours by its own days."""
    young = contract("standard", starts_on="2026-02-15")
    assert lots_of("2026-02", agreed=young) == [2.5]
    assert lots_of("2026-03", agreed=young) == [("2026-02", 2.5), 5]


def test_a_package_without_limit_has_no_lots():
    """Carry nothing into a month that has no allowance, whatever is left of earlier ones."""
    price_list = listed(3)
    unlimited = replace(price_list.packages["standard"], included_seconds=None, unlimited=True)
    price_list = replace(price_list, packages={**price_list.packages, "standard": unlimited})
    assert lots_of("2026-02", [used("2026-01")], price_list) == [None]


def test_each_month_goes_by_its_own_list():
    """A list without rollover lets lapse what came into it, also for the list after it."""
    none = replace(listed(None), valid_from=date(2026, 3, 1))
    again = replace(listed(3), valid_from=date(2026, 4, 1))
    cards = RateCards(PriceListBook([listed(3), none, again]), month("2026-05"))
    done = frozenset(FIRST.until(month("2026-04")))
    assert carried_lots(STANDARD, cards, [], done) == [Lot(month("2026-03"), 5 * HOUR), Lot(month("2026-04"), 5 * HOUR)]
    assert carried_lots(STANDARD, cards.of(month("2026-03")), [], done) == []


# --- how it is used ---------------------------------------------------------------------------------------------------


def work(period, hours, number=1):
    """Work so many hours around the clock, covered; the entries of a month follow each other."""
    start = instant(f"{period}-{2 + number:02d}T01:00")
    return entry("T3", "2026-01-01T00:00", "2026-01-01T00:00", entry=f"{period}/{number}")._replace(
        started_at=start, ended_at=start + hours * HOUR
    )


def round_the_clock(price_list):
    """Cover everything at every hour, so that hours worked are hours counted."""
    always = b2bee().packages["premium"].coverage["T1"][0]
    always = replace(always, start=0, end=24 * HOUR, days=("every_day",))
    package = replace(price_list.packages["standard"], coverage=dict.fromkeys(("T1", "T2", "T3", "T4"), (always,)))
    return replace(price_list, packages={**price_list.packages, "standard": package})


def run(period, entries, history, book):
    """Rate and invoice a month, late work included."""
    cards = RateCards(book, period)
    given_ = (CUSTOMER, [STANDARD], entries, [])
    rated = rate_customer(*given_, cards, history)
    late = [one for each in rate_late(*given_, cards.of, period, history) for one in each.statements]
    return (
        rated.statements[0],
        late,
        issued(history, draft_invoice(CUSTOMER, period, rated.statements, [], SETTINGS, (), late)),
    )


def test_carried_hours_are_used_first_and_named():
    """Draw January's 3 h, then February's, and say so."""
    book = PriceListBook([round_the_clock(listed(3))])
    history = closed(FIRST, history=History(uses=(used("2026-01", ("2026-01", 2)),)))
    entries = [work("2026-02", 2), work("2026-02", 2, 2), work("2026-02", 5, 3)]
    statement, _, _ = run(month("2026-02"), entries, history, book)
    assert statement.drawn == (Lot(FIRST, 3 * HOUR), Lot(month("2026-02"), 5 * HOUR))
    assert (statement.included_seconds, statement.used_seconds, statement.overage_seconds) == (5 * HOUR, 8 * HOUR, HOUR)
    card = RateCards(book, month("2026-02")).card(STANDARD)
    reasons = [explain_charge(charge, statement, card).partition("; ")[2] for charge in statement.charges[1:4]]
    assert reasons == [
        "120 min -> 120 min from January 2026's allowance",
        "120 min -> 120 min: 60 min from January 2026's and 60 min from February 2026's allowance",
        "240 min -> 240 min from the allowance",
    ]


def test_a_false_alarm_counts_on_carried_hours():
    """R6: it fits when all lots together have room."""
    book = PriceListBook([listed(3, included_hours=1)])
    alarm = work("2026-02", 2)._replace(severity="T1", outcome="unfounded")
    statement, _, _ = run(month("2026-02"), [alarm], closed(FIRST), book)
    assert statement.drawn == (Lot(FIRST, HOUR), Lot(month("2026-02"), HOUR))
    assert {charge.kind for charge in statement.charges} == {"fee", "allowance"}


def test_late_work_draws_from_what_its_month_has_left_now():
    """January gave 5 h, February took 2 of them; late work of January finds 3, and March what is then left."""
    book = PriceListBook([round_the_clock(listed(3))])
    history = closed(FIRST, month("2026-02"), history=History(uses=(used("2026-02", ("2026-01", 2)),)))
    statement, (late,), history = run(month("2026-03"), [work("2026-01", 4), work("2026-03", 6, 2)], history, book)
    assert (late.month, late.drawn, late.overage_seconds) == (FIRST, (Lot(FIRST, 3 * HOUR),), HOUR)
    assert statement.drawn == (Lot(month("2026-02"), 5 * HOUR), Lot(month("2026-03"), HOUR))


def test_late_work_may_use_what_lapsed_after_its_month():
    """Over a cap of 1 h four lapsed for February; January's own work may still use them, and loses February nothing."""
    book = PriceListBook([round_the_clock(listed(3, 1))])
    statement, (late,), history = run(
        month("2026-02"), [work("2026-01", 4), work("2026-02", 2, 2)], closed(FIRST), book
    )
    assert late.drawn == (Lot(FIRST, 4 * HOUR),)
    assert statement.drawn == (Lot(FIRST, HOUR), Lot(month("2026-02"), HOUR))
    _, (late,), _ = run(month("2026-03"), [work("2026-01", 1, 3)], history, book)
    assert (late.drawn, late.overage_seconds) == ((), HOUR)


# --- against an oracle that knows every hour by itself ----------------------------------------------------------------


class Bank:
    """Each hour of an allowance is a token that is left, used or lapsed; nothing is ever computed twice."""

    def __init__(self, months, cap):
        self.months, self.cap = months, cap
        self.tokens = []  # [month it was given, what became of it], oldest first

    def month(self, number, given_, worked):
        """Start a month, work in it, and tell what the work used and how much of it found nothing."""
        for token in self.left():
            if self.months is None or number - token[0] > self.months:
                token[1] = "lapsed"
        while self.cap is not None and len(self.left()) > self.cap:
            self.left()[0][1] = "lapsed"
        self.tokens += [[number, "left"] for _ in range(given_)]
        taken = self.left()[:worked]
        for token in taken:
            token[1] = "used"
        return [token[0] for token in taken], worked - len(taken)

    def left(self):
        return [token for token in self.tokens if token[1] == "left"]


@given(
    st.one_of(st.none(), st.integers(1, 4)),
    st.one_of(st.none(), st.integers(1, 12)),
    st.integers(0, 6),
    st.lists(st.integers(0, 12), min_size=1, max_size=10),
)
def test_hours_are_used_once_or_lapse(months, cap, included, worked):
    """Agree with the bank of tokens month by month; what was given is used, lapsed or left."""
    book = PriceListBook([round_the_clock(listed(months, cap, included_hours=included))])
    bank, history = Bank(months, cap), NO_HISTORY
    for number, hours in enumerate(worked):
        period = FIRST.plus(number)
        statement, _, history = run(period, [work(str(period), hours)] if hours else [], history, book)
        taken, beyond = bank.month(number, included, hours)
        expected = {FIRST.plus(lot): taken.count(lot) * HOUR for lot in taken}
        assert {lot.month: lot.seconds for lot in statement.drawn} == expected
        assert statement.overage_seconds == beyond * HOUR
    after = FIRST.plus(len(worked))
    lots = carried_lots(STANDARD, RateCards(book, after), history.uses, history.closed)
    bank.month(len(worked), 0, 0)
    assert sum(lot.seconds for lot in lots) == len(bank.left()) * HOUR
    states = [state for _, state in bank.tokens]
    assert len(states) == included * len(worked) == sum(states.count(state) for state in ("used", "lapsed", "left"))


@given(
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(1, 12)),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(1, 9)), max_size=12),
)
def test_no_hour_is_used_twice_however_late_the_work_comes(months, cap, jobs):
    """Whenever work is told, no month's hours are used up more than once, too late, or before they were given."""
    included, first_entries = 5, {}
    book = PriceListBook([round_the_clock(listed(months, cap, included_hours=included))])
    history, beyond, total = NO_HISTORY, 0, 0
    for number, (of, delay, hours) in enumerate(jobs):
        first_entries.setdefault(min(of + delay, 9), []).append(work(str(FIRST.plus(of)), hours, number))
        total += hours
    for number in range(10):
        current, late, history = run(FIRST.plus(number), first_entries.get(number, ()), history, book)
        beyond += sum(one.overage_seconds for one in (current, *late))
        into = carried_lots(STANDARD, RateCards(book, FIRST.plus(number + 1)), history.uses, history.closed)
        assert cap is None or sum(lot.seconds for lot in into) <= cap * HOUR
    drawn: dict[Month, int] = {}
    for use in history.uses:
        for lot in use.drawn:
            assert lot.month <= use.period <= lot.month.plus(months)
            drawn[lot.month] = drawn.get(lot.month, 0) + lot.seconds
    assert max(drawn.values(), default=0) <= included * HOUR
    assert sum(drawn.values()) + beyond == total * HOUR
