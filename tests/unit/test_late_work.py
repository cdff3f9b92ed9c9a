"""R11: work that comes after its month was invoiced is rated against what that month had left, on the next invoice."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from billed import CUSTOMER, SETTINGS, closed, issued
from builders import analysis, b2bee, contract, entry, expense, month, numbered, unfounded, with_rating
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.invoicing.draft import draft_invoice
from billing_engine.model.charge import ChargeKind
from billing_engine.model.history import NO_HISTORY, History, MonthUse
from billing_engine.model.price_list import PriceListBook
from billing_engine.rating.annex import annex_entries
from billing_engine.rating.explain import explain_charge
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import rate_customer, rate_late
from billing_engine.rating.rollover import standing_of

SEPTEMBER, OCTOBER, NOVEMBER = month("2026-09"), month("2026-10"), month("2026-11")
BOOK = PriceListBook([b2bee()])
BASIC = contract("basic")  # 1 h included, 50.00 for a started hour beyond


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def work(minutes, day="2026-10-05", **fields):
    """Work on a covered morning."""
    return entry("T3", f"{day}T09:00", f"{day}T{9 + minutes // 60:02d}:{minutes % 60:02d}", **fields)


def run(period, entries=(), history=NO_HISTORY, contracts=(BASIC,), book=BOOK, expenses=()):
    """Rate a month and what came late, draft the invoice, and return the history with it."""
    cards = RateCards(book, period)
    given_ = (CUSTOMER, contracts, entries, expenses)
    rated = rate_customer(*given_, cards, history)
    months = [rated, *rate_late(*given_, cards.of, period, history)]
    late = [statement for one in months[1:] for statement in one.statements]
    annex = [
        one
        for each in months
        for statement in each.statements
        for one in annex_entries(statement, cards.of(each.month).card(statement.contract))
    ]
    draft = draft_invoice(CUSTOMER, period, rated.statements, annex, SETTINGS, (), late)
    return draft, issued(history, draft)


def late_of(entries, history, contracts=(BASIC,), book=BOOK, period=NOVEMBER, expenses=()):
    """Rate what came late."""
    return rate_late(CUSTOMER, contracts, entries, expenses, RateCards(book, period).of, period, history)


def october(minutes, history=NO_HISTORY, **fields):
    """Invoice October with some work."""
    return run(OCTOBER, [work(minutes)] if minutes else [], history, **fields)[1]


# --- against what the month had left ----------------------------------------------------------------------------------

LATE = [
    row("all of the allowance is left", 0, 30, 30, 0, 0, "0.00"),
    row("half of it is left", 30, 60, 30, 30, 60, "50.00"),
    row("nothing is left", 60, 30, 0, 30, 60, "50.00"),
    row("the started hour that was billed has room", 90, 30, 0, 30, 0, "0.00"),
    row("it has room for a part", 90, 90, 0, 90, 60, "50.00"),
    row("it is full", 120, 30, 0, 30, 60, "50.00"),
]


@pytest.mark.parametrize(("before", "minutes", "used", "beyond", "billed", "amount"), LATE)
def test_late_work_is_rated_as_if_it_had_been_there(before, minutes, used, beyond, billed, amount):
    """Draw what is left of October's allowance, and add overage up over the month (R4, R5)."""
    history = october(before)
    (late,) = late_of([work(minutes, "2026-10-06", entry="E2")], history)
    (statement,) = late.statements
    assert (late.month, statement.included_seconds) == (OCTOBER, 3600)
    assert (statement.used_seconds, statement.overage_seconds) == (used * 60, beyond * 60)
    assert statement.overage_billed_seconds == billed * 60
    assert statement.net_total == Decimal(amount)
    assert statement.charges_of(ChargeKind.FEE) == []


def test_work_that_comes_later_still_finds_what_late_work_took():
    """Count every invoice of the month, not only its first."""
    _, history = run(NOVEMBER, [work(30, "2026-10-06", entry="E2")], october(30))
    (late,) = late_of([work(60, "2026-10-07", entry="E3")], history, period=month("2026-12"))
    (statement,) = late.statements
    assert (statement.used_seconds, statement.overage_billed_seconds) == (0, 3600)
    _, history = run(month("2026-12"), [work(30, "2026-10-07", entry="E3")], history)
    (late,) = late_of([work(30, "2026-10-08", entry="E4")], history, period=month("2027-01"))
    assert (late.statements[0].overage_before, late.statements[0].overage_billed_seconds) == (1800, 0)


def test_the_allowance_is_the_one_that_was_invoiced():
    """A contract that was changed since changes nothing of what its month had left."""
    late = late_of([work(120, "2026-10-06")], october(0), contracts=[contract("standard")])
    assert late[0].statements[0].included_seconds == 3600


STANDARD_HOURS = [  # 5 h in a whole month
    row("as it was invoiced", [(5, 31)], {}, 5),
    row("ten days were invoiced, all are charged now", [(2, 10)], {}, 5),
    row("of twenty now", [(2, 10)], {"ends_on": "2026-10-20"}, 3.5),
    row("as many days, others than before", [(2, 10)], {"starts_on": "2026-10-22"}, 2),
    row("fewer days take nothing away", [(5, 31)], {"ends_on": "2026-10-10"}, 5),
    row("more days, and a smaller package by now", [(12, 20)], {}, 12),
    row("the invoice that was for most days tells", [(2, 10), (5, 31), (2, 10)], {"ends_on": "2026-10-10"}, 5),
    row("of two for as many the first", [(2, 31), (5, 31)], {}, 2),
    row("without limit it stays", [(None, 10)], {}, None),
    row("an invoice for fees alone says nothing", [(0, 0)], {}, 5),
    row("nor that there was no limit", [(None, 0)], {}, 5),
    row("nor does it beside another one", [(0, 0), (2, 10), (0, 0)], {"ends_on": "2026-10-10"}, 2),
]


@pytest.mark.parametrize(("invoiced", "fields", "hours"), STANDARD_HOURS)
def test_days_that_came_to_a_contract_bring_their_allowance(invoiced, fields, hours):
    """R10, R11: rate late work as if all the days that are charged by now had been there in time."""
    uses = tuple(
        MonthUse("K1", OCTOBER, None if included is None else included * 3600, (), 0, 0, days)
        for included, days in invoiced
    )
    agreed = contract("standard", **fields)
    standing = standing_of(agreed, RateCards(BOOK, OCTOBER), History(frozenset({OCTOBER}), uses))
    assert standing.included_seconds == (None if hours is None else hours * 3600)


def test_late_work_on_days_that_are_caught_up_with_finds_their_hours():
    """Ten days of October had 2 h of 5; once the contract goes on, all of October's 5 h are there but what was used."""
    short, on = contract("standard", ends_on="2026-10-10"), contract("standard")
    _, history = run(OCTOBER, [work(60)], contracts=[short])
    draft, history = run(NOVEMBER, [work(270, "2026-10-20", entry="E2")], history, contracts=[on])
    assert [(line.kind, line.period, str(line.amount)) for line in draft.lines] == [
        ("fee", "2026-10", "135.48"),
        ("fee", "2026-11", "200.00"),
        ("overage", "2026-10", "50.00"),
    ]
    assert [(use.period, use.included_seconds, use.used_seconds) for use in draft.uses] == [
        ("2026-11", 18000, 0),
        ("2026-10", 18000, 14400),
    ]
    (later,) = late_of([work(30, "2026-10-21", entry="E3")], history, contracts=[on], period=month("2026-12"))
    assert (later.statements[0].used_seconds, later.statements[0].overage_seconds) == (0, 1800)


def test_a_month_that_got_no_invoice_has_all_of_its_allowance():
    """What came to 0.00 was not invoiced, and its entries come as late work against the whole month."""
    (late,) = late_of([work(30), work(60, "2026-10-06", entry="E2")], closed(OCTOBER))
    (statement,) = late.statements
    assert (statement.used_seconds, statement.overage_seconds) == (3600, 1800)


def test_late_work_of_a_package_without_limit_costs_nothing():
    """Keep all covered time in the fee."""
    unlimited = replace(b2bee().packages["basic"], included_seconds=None, unlimited=True)
    book = PriceListBook([replace(b2bee(), packages={**b2bee().packages, "basic": unlimited})])
    (late,) = late_of([work(300, "2026-10-06")], october(60, book=book), book=book)
    (statement,) = late.statements
    assert (statement.included_seconds, statement.used_seconds, statement.drawn) == (None, 5 * 3600, ())


def test_a_late_false_alarm_takes_what_is_left():
    """R6: 30 minutes are left for its first 30 minutes, the rest is by tariff."""
    (late,) = late_of([unfounded("2026-10-06T09:00", "2026-10-06T10:00")], october(30))
    kinds = {charge.kind: charge.billed_seconds for charge in late.statements[0].charges}
    assert kinds == {"allowance": 1800, "tariff": 1800}


def test_tariffs_know_no_month():
    """Price time by tariff as ever, with its minimum charge."""
    (late,) = late_of([entry("T3", "2026-10-06T18:00", "2026-10-06T18:10")], october(60))
    assert late.statements[0].net_total == Decimal(100)


def test_what_was_held_and_is_decided_later_is_late():
    """R7: an analysis without an outcome waits; once rejected it is rated against October."""
    waiting = analysis("2026-10-06T09:00", "2026-10-06T10:00", entry="E2")
    history = october(60)
    (late,) = late_of([waiting], history)
    assert [held.id for held in late.all_held] == ["E2"]
    assert late.net_total == 0
    (decided,) = late_of([waiting._replace(outcome="offer_rejected")], history)
    assert decided.net_total == Decimal(50)


def test_late_entries_are_rounded_among_themselves():
    """Two late entries of a ticket are added up; what was invoiced of it is not looked at again (D)."""
    book = PriceListBook([with_rating(round_per="ticket")])
    tens = [entry("T3", f"2026-10-0{day}T09:00", f"2026-10-0{day}T09:10", ticket="A") for day in (5, 6, 7)]
    first, *others = numbered(*tens)
    _, history = run(OCTOBER, [first], book=book)
    (late,) = late_of(others, history, book=book)
    assert late.statements[0].used_seconds == 1800


# --- which months -----------------------------------------------------------------------------------------------------


def test_each_closed_month_is_rated_by_itself_oldest_first():
    """Go through September and October; leave alone the month that is billed, and those that no run is done with."""
    days = ("2026-08-05", "2026-09-07", "2026-10-05", "2026-11-05", "2026-12-07")
    entries = numbered(*(work(90, day) for day in days))
    late = late_of(entries, closed(SEPTEMBER, OCTOBER, NOVEMBER))
    assert [(one.month, one.net_total) for one in late] == [(SEPTEMBER, 50), (OCTOBER, 50)]
    rated = rate_customer(CUSTOMER, [BASIC], entries, [], RateCards(BOOK, NOVEMBER), closed(SEPTEMBER, OCTOBER))
    assert [entry.entry for charge in rated.statements[0].charges for entry in charge.entries] == ["E4", "E4"]


def test_months_are_the_price_lists_months():
    """T5: 23:30 UTC on 31 October is November in Belgrade, 22:30 UTC on 30 September is October."""
    shifts = [
        entry("T1", "2026-09-30T22:30+00:00", "2026-09-30T22:50+00:00", entry="E1"),
        entry("T1", "2026-10-31T23:30+00:00", "2026-10-31T23:50+00:00", entry="E2"),
    ]
    history = closed(SEPTEMBER, OCTOBER)
    assert [(one.month, len(one.statements[0].charges)) for one in late_of(shifts, history)] == [(OCTOBER, 1)]


def test_a_contract_that_ended_bills_its_late_work():
    """Draft November for a contract that ran until October: only its late work, in its own currency."""
    ended = contract("basic", ends_on="2026-10-31")
    draft, _ = run(NOVEMBER, [work(120, "2026-10-06")], october(60, contracts=[ended]), contracts=[ended])
    assert [(line.kind, line.period, line.amount) for line in draft.lines] == [("overage", "2026-10", 100)]
    assert [(use.contract, use.period) for use in draft.uses] == [("K1", "2026-10")]


def test_late_work_without_contract_is_held():
    """Never lose what no contract takes."""
    (late,) = late_of([work(30, "2026-10-06", contract="K9")], closed(OCTOBER))
    assert (late.statements, [held.id for held in late.held]) == ((), ["E1"])


def test_nothing_late_is_nothing():
    """Give no month in which nothing is charged or held."""
    assert late_of([], closed(SEPTEMBER, OCTOBER)) == []
    assert late_of([work(30)], NO_HISTORY) == []


# --- on the invoice ---------------------------------------------------------------------------------------------------


def test_late_work_follows_its_contracts_lines():
    """Print prior-period lines after those of the same contract, with their month and why they are there."""
    contracts = [BASIC, contract("basic", contract="K2")]
    before = [work(90, contract="K1"), work(90, contract="K2", entry="E2")]
    _, history = run(OCTOBER, before, contracts=contracts)
    evening = entry("T3", "2026-11-05T18:00", "2026-11-05T18:10", entry="E3", contract="K1")
    after = [evening, *(work(60, "2026-10-07", entry=f"L{key}", contract=key) for key in ("K1", "K2"))]
    train = expense("18.40", spent_on="2026-10-08")
    draft, _ = run(NOVEMBER, after, history, contracts=contracts, expenses=[train])
    beyond = "1 time entry, 1:00 h beyond the 1:00 h included, 1:30 h with what was invoiced before"
    assert [(line.position, line.contract, line.kind, line.period, line.detail) for line in draft.lines] == [
        (1, "K1", "fee", "2026-11", "Monthly fee, November 2026"),
        (2, "K1", "tariff", "2026-11", "1 time entry"),
        (3, "K1", "overage", "2026-10", f"October 2026, not invoiced with that month; {beyond}"),
        (4, "K1", "expense", "2026-10", "October 2026, not invoiced with that month; 8 Oct 2026, passed on at cost"),
        (5, "K2", "fee", "2026-11", "Monthly fee, November 2026"),
        (6, "K2", "overage", "2026-10", f"October 2026, not invoiced with that month; {beyond}"),
    ]
    assert draft.expenses == ("X1",)
    assert sum(line.amount for line in draft.lines) == draft.net == Decimal("218.40")
    assert [(use.contract, use.period, use.overage_seconds, use.overage_billed_seconds) for use in draft.uses] == [
        ("K1", "2026-11", 0, 0),
        ("K2", "2026-11", 0, 0),
        ("K1", "2026-10", 3600, 3600),
        ("K2", "2026-10", 3600, 3600),
    ]
    assert [one.entry for one in draft.entries] == ["E3", "LK1", "LK2"]


def test_time_in_a_started_hour_that_was_billed_is_shown_at_nothing():
    """Print what was counted although it costs nothing, and say why."""
    history = october(90)
    (late,) = late_of([work(30, "2026-10-06")], history)
    (statement,) = late.statements
    (charge,) = statement.charges
    card = RateCards(BOOK, OCTOBER).card(BASIC)
    assert (charge.worked_seconds, charge.billed_seconds, charge.amount) == (1800, 0, 0)
    assert explain_charge(charge, statement, card) == (
        "30 min beyond the allowance of 60 min, 60 min with what was invoiced before -> in the time invoiced before"
    )
    (more,) = late_of([work(60, "2026-10-06")], history)
    assert explain_charge(more.statements[0].charges[0], more.statements[0], card) == (
        "60 min beyond the allowance of 60 min, 90 min with what was invoiced before -> 1 started hour x 50.00 EUR"
    )


# --- what always holds ------------------------------------------------------------------------------------------------

COVERED_MINUTES = st.lists(st.integers(1, 300), min_size=1, max_size=8)


@given(COVERED_MINUTES, st.integers(0, 8), st.integers(0, 8), st.sampled_from(["basic", "standard"]), st.booleans())
def test_late_or_in_time_the_sum_is_the_same(lengths, first_cut, second_cut, package, false_alarms):
    """Two invoices later the month has cost what it would have cost at once, as long as the late work is the last."""
    agreed = contract(package)
    entries = [
        entry("T3", f"2026-10-05T09:00:{number:02d}", f"2026-10-05T{9 + length // 60:02d}:{length % 60:02d}")
        for number, length in enumerate(lengths)
    ]
    if false_alarms:
        entries[1::2] = [one._replace(severity="T1", outcome="unfounded") for one in entries[1::2]]
    entries = numbered(*entries)
    at_once = rate_customer(CUSTOMER, [agreed], entries, [], RateCards(BOOK, OCTOBER)).statements[0]
    low, high = sorted((first_cut, second_cut))
    fee = at_once.charges_of(ChargeKind.FEE)[0].amount
    history, net, used, billed, drawn = NO_HISTORY, fee, 0, 0, 0
    for period, part in ((OCTOBER, entries[:low]), (NOVEMBER, entries[low:high]), (month("2026-12"), entries[high:])):
        draft, history = run(period, part, history, contracts=[agreed])
        net += sum((line.amount for line in draft.lines if line.kind != "fee"), Decimal(0))
        used += sum(use.used_seconds for use in draft.uses)
        billed += sum(use.overage_billed_seconds for use in draft.uses)
        drawn += sum(seconds for use in draft.uses for _, seconds in use.drawn)
    assert (used, billed, net) == (at_once.used_seconds, at_once.overage_billed_seconds, at_once.net_total)
    assert drawn == used


@given(st.integers(0, 600), st.integers(0, 600), st.integers(1, 600))
def test_overage_is_never_paid_back(before, billed, minutes):
    """Whatever invoices counted and billed, late work adds nothing or more."""
    use = MonthUse("K1", OCTOBER, 0, (), before * 60, billed * 60, 31)
    (late,) = late_of([work(minutes)], History(frozenset({OCTOBER}), (use,)))
    found = late.statements[0].overage_billed_seconds
    assert found >= 0
    assert found + billed * 60 >= before * 60 + late.statements[0].overage_seconds


def test_a_part_month_keeps_its_part():
    """R10: a contract of the last ten days has a part of its hour, whenever the work comes."""
    agreed = contract("basic", starts_on=date(2026, 10, 22))
    (late,) = late_of([work(90, "2026-10-23")], closed(OCTOBER), contracts=[agreed])
    assert late.statements[0].included_seconds == 1800
