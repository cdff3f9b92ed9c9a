"""R10: fees of a month, quarter or year, in arrears or in advance; every active day is charged once, or paid back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

import pytest
from billed import CUSTOMER, SETTINGS, closed, days_of, issued, paid_back, total
from builders import b2bee, contract, month
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.errors import MixedCurrenciesError, UnknownPriceListError
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.model.credit import Credit, CreditSource
from billing_engine.model.history import NO_HISTORY, ChargedFee, Credited, Days, History
from billing_engine.model.period import Month
from billing_engine.model.price_list import FeeInterval, FeeSchedule, FeeTiming, PriceListBook
from billing_engine.model.sla_terms import Setoff
from billing_engine.rating.fees import due_fees, fee_refunds
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import rate_customer

BOOK = PriceListBook([b2bee()])


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def draft_of(period, agreed, history=NO_HISTORY, book=BOOK, credits_=()):
    """Draft the invoice of a month without work; None when there is nothing to say."""
    rated = rate_customer(CUSTOMER, [agreed], [], [], RateCards(book, month(period)), history)
    if not rated.statements:
        return None
    return draft_invoice(CUSTOMER, month(period), rated.statements, [], SETTINGS, credits_)


def fee_lines(draft) -> list[str]:
    """Say each fee line: "Quarterly fee, ...: 3 x 200.00 = 600.00"."""
    if draft is None:
        return []
    return [
        f"{line.detail}: {line.quantity} x {line.unit_price:.2f} = {line.amount}"
        for line in draft.lines
        if line.kind == "fee"
    ]


def charged(first, last, amount="600.00", credited=(), **fields) -> ChargedFee:
    """Have an invoice with a fee; `credited` is the amount of each credit note, and its days unless by hand."""
    fields = {"invoice": "I1", "position": 1, "contract": "K1", "currency": "EUR", **fields}
    parts = [
        Credited(Decimal(part), Days(*map(date.fromisoformat, span)) if span else None) for part, *span in credited
    ]
    return ChargedFee(
        service_from=date.fromisoformat(first),
        service_to=date.fromisoformat(last),
        amount=Decimal(amount),
        credited=tuple(parts),
        **fields,
    )


# --- when a fee is due ------------------------------------------------------------------------------------------------

# Standard is 200.00 a month. The months say when each invoice charges what.
SCHEDULES = [
    row(
        "monthly in arrears: with its month",
        {"starts_on": "2026-08-01"},
        {"2026-08": ["Monthly fee, August 2026: 1 x 200.00 = 200.00"]},
    ),
    row(
        "monthly in advance: the first and the next with the first month, then the next",
        {"starts_on": "2026-08-01", "fee_timing": "advance"},
        {
            "2026-07": ["Monthly fee in advance, August 2026: 1 x 200.00 = 200.00"],
            "2026-08": ["Monthly fee in advance, August \u2013 September 2026: 2 x 200.00 = 400.00"],
            "2026-09": ["Monthly fee in advance, October 2026: 1 x 200.00 = 200.00"],
        },
    ),
    row(
        "quarterly in arrears: with the third month from the start",
        {"starts_on": "2026-08-01", "fee_interval": "quarter"},
        {
            "2026-08": [],
            "2026-09": [],
            "2026-10": ["Quarterly fee, August \u2013 October 2026: 3 x 200.00 = 600.00"],
            "2026-11": [],
            "2027-01": ["Quarterly fee, November 2026 \u2013 January 2027: 3 x 200.00 = 600.00"],
        },
    ),
    row(
        "quarterly in advance: with the month before",
        {"starts_on": "2026-08-01", "fee_interval": "quarter", "fee_timing": "advance"},
        {
            "2026-07": ["Quarterly fee in advance, August \u2013 October 2026: 3 x 200.00 = 600.00"],
            "2026-08": ["Quarterly fee in advance, August \u2013 October 2026: 3 x 200.00 = 600.00"],
            "2026-09": [],
            "2026-10": ["Quarterly fee in advance, November 2026 \u2013 January 2027: 3 x 200.00 = 600.00"],
        },
    ),
    row(
        "a part of the first month stands alone",
        {"starts_on": "2026-08-12", "fee_interval": "quarter"},
        {
            "2026-10": [
                "Quarterly fee, August 2026, 20 of 31 days: 1 x 129.03 = 129.03",
                "Quarterly fee, September \u2013 October 2026: 2 x 200.00 = 400.00",
            ]
        },
    ),
    row(
        "an end within the interval makes it due",
        {"starts_on": "2026-08-01", "ends_on": "2026-09-10", "fee_interval": "quarter"},
        {
            "2026-08": [],
            "2026-09": [
                "Quarterly fee, August 2026: 1 x 200.00 = 200.00",
                "Quarterly fee, September 2026, 10 of 30 days: 1 x 66.67 = 66.67",
            ],
            "2026-10": [],
        },
    ),
    row(
        "in advance, only the months that the contract runs",
        {"starts_on": "2026-08-01", "ends_on": "2026-12-10", "fee_interval": "quarter", "fee_timing": "advance"},
        {
            "2026-10": [
                "Quarterly fee in advance, November 2026: 1 x 200.00 = 200.00",
                "Quarterly fee in advance, December 2026, 10 of 31 days: 1 x 64.52 = 64.52",
            ]
        },
    ),
    row(
        "yearly in advance from a leap day, three pieces with their unit",
        {"starts_on": "2028-02-29", "fee_interval": "year", "fee_timing": "advance", "quantity": 3, "unit": "server"},
        {
            "2028-02": [
                "Yearly fee in advance, February 2028, 1 of 29 days, 3 \u00d7 server: 1 x 20.69 = 20.69",
                "Yearly fee in advance, March 2028 \u2013 January 2029, 3 \u00d7 server: 33 x 200.00 = 6600.00",
            ],
            "2028-03": [],
            "2029-01": [
                "Yearly fee in advance, February 2029 \u2013 January 2030, 3 \u00d7 server: 36 x 200.00 = 7200.00"
            ],
        },
    ),
]


@pytest.mark.parametrize(("fields", "expected"), SCHEDULES)
def test_when_fees_are_due(fields, expected):
    """Say what each month's run charges, each looked at by itself."""
    agreed = contract("standard", **fields)
    assert {period: fee_lines(draft_of(period, agreed)) for period in expected} == expected


def test_a_line_of_a_fee_says_its_days_and_last_month():
    """Carry first and last day of the service, and the last one's month as period."""
    (line,) = draft_of(
        "2026-10", contract("standard", starts_on="2026-08-01", fee_interval="quarter", fee_timing="advance")
    ).lines
    assert (line.service_from, line.service_to, line.period) == ("2026-11-01", "2027-01-31", "2027-01")


def test_a_contract_goes_before_its_price_list():
    """Charge by the list's schedule where the contract says nothing, each half by itself."""
    listed = replace(b2bee(), fee_schedule=FeeSchedule(FeeInterval.QUARTER, FeeTiming.ADVANCE))
    book = PriceListBook([listed])
    agreed = contract("standard", starts_on="2026-08-01")
    assert fee_lines(draft_of("2026-07", agreed, book=book))[0].startswith("Quarterly fee in advance, August")
    monthly = replace(agreed, fee_interval="month")
    assert fee_lines(draft_of("2026-08", monthly, book=book))[0].startswith("Monthly fee in advance, August")
    after = replace(agreed, fee_timing="arrears")
    assert fee_lines(draft_of("2026-10", after, book=book))[0].startswith("Quarterly fee, August")


def test_months_of_two_prices_are_two_lines():
    """R12: each month has the price of the list that is valid in it."""
    dearer = {**b2bee().packages, "standard": replace(b2bee().packages["standard"], monthly_fee=Decimal(210))}
    new = replace(b2bee(), valid_from=date(2027, 1, 1), packages=dearer, content_hash="new")
    agreed = contract("standard", starts_on="2026-11-01", fee_interval="quarter", fee_timing="advance")
    book = PriceListBook([b2bee(), new])
    draft = draft_of("2026-10", agreed, book=book)
    assert fee_lines(draft) == [
        "Quarterly fee in advance, November \u2013 December 2026: 2 x 200.00 = 400.00",
        "Quarterly fee in advance, January 2027: 1 x 210.00 = 210.00",
    ]
    (statement,) = rate_customer(CUSTOMER, [agreed], [], [], RateCards(book, month("2026-10"))).statements
    assert statement.price_lists == (("b2bee 2000-01-01", b2bee().content_hash), ("b2bee 2027-01-01", "new"))


def test_months_of_two_currencies_fail():
    """Refuse to charge a month whose list is in another currency."""
    new = replace(b2bee(), valid_from=date(2027, 1, 1), currency="RSD")
    agreed = contract("standard", starts_on="2026-11-01", fee_interval="quarter", fee_timing="advance")
    with pytest.raises(MixedCurrenciesError, match="2027-01-01 is in RSD, and the month is billed in EUR"):
        draft_of("2026-10", agreed, book=PriceListBook([b2bee(), new]))


def test_a_due_month_before_its_list_began_fails():
    """Say which list is missing, where a due month can not be priced; months that are not due do no harm."""
    young = PriceListBook([replace(b2bee(), valid_from=date(2026, 9, 1))])
    assert fee_lines(draft_of("2026-09", contract("standard", starts_on="2026-01-01"), book=young)) != []
    with pytest.raises(UnknownPriceListError, match="valid from 2026-09-01"):
        draft_of("2026-09", contract("standard", starts_on="2026-07-01", fee_interval="quarter"), book=young)


def test_a_contract_that_only_has_a_fee_due_gets_a_statement_with_it():
    """Bill in October what begins in November: no allowance, no days, no use to show."""
    agreed = contract("standard", starts_on="2026-11-01", fee_timing="advance")
    (use,) = draft_of("2026-10", agreed).uses
    assert (use.included_seconds, use.service_from, use.service_to, use.is_for_fees_alone) == (0, "", "", True)
    assert draft_of("2026-09", agreed) is None


# --- what was charged before ------------------------------------------------------------------------------------------


def test_nothing_is_charged_twice():
    """Leave out what an invoice charged, by days."""
    agreed = contract("standard", starts_on="2026-08-01")
    done = History(fees=(charged("2026-10-01", "2026-10-31", "200.00"),))
    assert fee_lines(draft_of("2026-10", agreed, done)) == []
    part = History(fees=(charged("2026-10-11", "2026-10-20", "64.52"),))
    assert fee_lines(draft_of("2026-10", agreed, part)) == [
        "Monthly fee, October 2026, 10 of 31 days: 1 x 64.52 = 64.52",
        "Monthly fee, October 2026, 11 of 31 days: 1 x 70.97 = 70.97",
    ]
    back = [("64.52", "2026-10-01", "2026-10-10"), ("6.45", "2026-10-31", "2026-10-31")]
    part = History(fees=(charged("2026-10-01", "2026-10-31", "200.00", [*back, ("9.00",)]),))
    assert fee_lines(draft_of("2026-10", agreed, part)) == [
        "Monthly fee, October 2026, 10 of 31 days: 1 x 64.52 = 64.52",
        "Monthly fee, October 2026, 1 of 31 days: 1 x 6.45 = 6.45",
    ]
    others = History(fees=(charged("2026-10-01", "2026-10-31", contract="K2"),))
    assert len(fee_lines(draft_of("2026-10", agreed, others))) == 1


def test_what_closed_months_left_out_is_caught_up():
    """Charge on the next invoice what a closed month should have, and nothing of before the first closed month."""
    agreed = contract("standard", starts_on="2026-01-01")
    assert fee_lines(draft_of("2026-10", agreed, closed(month("2026-08"), month("2026-09")))) == [
        "Monthly fee, August \u2013 October 2026: 3 x 200.00 = 600.00"
    ]
    assert fee_lines(draft_of("2026-10", agreed, closed(month("2026-08")))) == [
        "Monthly fee, August 2026: 1 x 200.00 = 200.00",
        "Monthly fee, October 2026: 1 x 200.00 = 200.00",
    ]


def test_a_contract_that_is_longer_than_it_was_pays_the_days_that_came_to_it():
    """R10: charge the 21 days of September by which it goes on, with October."""
    agreed = contract("standard", starts_on="2026-01-01")
    history = closed(month("2026-09"), history=History(fees=(charged("2026-09-01", "2026-09-10", "66.67"),)))
    assert fee_lines(draft_of("2026-10", agreed, history)) == [
        "Monthly fee, September 2026, 20 of 30 days: 1 x 133.33 = 133.33",
        "Monthly fee, October 2026: 1 x 200.00 = 200.00",
    ]


def test_a_prepaid_contract_that_came_late_is_caught_up():
    """Charge the first interval in advance also when its first month is closed already."""
    agreed = contract("standard", starts_on="2026-08-10", fee_interval="quarter", fee_timing="advance")
    assert fee_lines(draft_of("2026-09", agreed, closed(month("2026-08")))) == [
        "Quarterly fee in advance, August 2026, 22 of 31 days: 1 x 141.94 = 141.94",
        "Quarterly fee in advance, September \u2013 October 2026: 2 x 200.00 = 400.00",
    ]


def test_a_running_prepaid_contract_was_billed_elsewhere_until_its_next_interval():
    """Charge nothing of an interval that began before the first run."""
    agreed = contract("standard", starts_on="2016-08-01", fee_interval="quarter", fee_timing="advance")
    assert fee_lines(draft_of("2026-09", agreed)) == []
    assert fee_lines(draft_of("2026-10", agreed, closed(month("2026-09")))) == [
        "Quarterly fee in advance, November 2026 \u2013 January 2027: 3 x 200.00 = 600.00"
    ]


def test_a_fee_of_nothing_is_not_caught_up():
    """Show 0.00 for the month that is billed, not for months that got no invoice."""
    agreed = contract("basic", starts_on="2026-01-01")
    assert fee_lines(draft_of("2026-10", agreed, closed(month("2026-09")))) == [
        "Monthly fee, October 2026: 1 x 0.00 = 0.00"
    ]


# --- credits ----------------------------------------------------------------------------------------------------------

TIMINGS = [
    row("in advance: the fee of November is on October's invoice", "advance", 1),
    row("in arrears: it is not", "arrears", 0),
]


@pytest.mark.parametrize(("timing", "count"), TIMINGS)
def test_a_credit_is_set_off_with_the_fee_of_its_period(timing, count):
    """C4: take a credit off the first period that begins after its request, when the fee of that is charged."""
    credit = Credit(
        "CR-1",
        "C1",
        "EUR",
        CreditSource.CLAIM,
        "CL-1",
        date(2026, 10, 20),
        Decimal(50),
        Decimal(50),
        "Late",
        Setoff.BEFORE_TAX,
        Month(2026, 11),
    )
    agreed = contract("standard", starts_on="2026-01-01", fee_timing=timing)
    assert len(draft_of("2026-10", agreed, credits_=[credit]).setoffs) == count
    due = replace(credit, applies_from=Month(2026, 10))
    assert len(draft_of("2026-10", agreed, credits_=[due]).setoffs) == 1
    next_one = replace(credit, applies_from=None)
    assert len(draft_of("2026-10", agreed, credits_=[next_one]).setoffs) == 1


# --- refunds ----------------------------------------------------------------------------------------------------------

QUARTER = ("2026-11-01", "2027-01-31")
YEAR = ("2026-11-01", "2027-10-31", "1200.00")
JANUARY = ("33.33", "2027-01-01", "2027-01-31")

REFUNDS = [
    row("at a month's end, a third", charged(*QUARTER), (None, "2026-12-31"), ["2027-01-01 2027-01-31 200.00"]),
    row(
        "months weigh alike, days within one",
        charged(*QUARTER),
        (None, "2026-11-20"),
        ["2026-11-21 2027-01-31 466.67"],
    ),
    row("it ended before, all", charged(*QUARTER), (None, "2026-09-15"), ["2026-11-01 2027-01-31 600.00"]),
    row("at its end, nothing", charged(*QUARTER), (None, "2027-01-31"), []),
    row("without an end, nothing", charged(*QUARTER), (None, None), []),
    row(
        "a part month by its own days",
        charged("2026-08-12", "2026-08-31", "129.03"),
        (None, "2026-08-21"),
        ["2026-08-22 2026-08-31 64.52"],
    ),
    row(
        "what was paid back before is not paid back again",
        charged(*QUARTER, "100.00", [JANUARY]),
        (None, "2026-11-30"),
        ["2026-12-01 2026-12-31 33.34"],  # 66.67 of both months, less the 33.33 of January
    ),
    row("all of it was paid back before", charged(*QUARTER, credited=[("600.00", *QUARTER)]), (None, "2026-10-31"), []),
    row("nothing was paid", charged(*QUARTER, "0.00"), (None, "2026-12-31"), []),
    row("it starts later, a third", charged(*YEAR), ("2027-03-01", None), ["2026-11-01 2027-02-28 400.00"]),
    row("it starts in a month", charged(*QUARTER), ("2026-11-16", None), ["2026-11-01 2026-11-15 100.00"]),
    row("it starts with it, nothing", charged(*QUARTER), ("2026-11-01", None), []),
    row("it starts after it, all", charged(*QUARTER), ("2027-02-01", "2027-12-31"), ["2026-11-01 2027-01-31 600.00"]),
    row(
        "both of its ends, each by itself and together rounded once",
        charged(*QUARTER, "100.00"),
        ("2026-12-01", "2026-12-31"),
        ["2026-11-01 2026-11-30 33.33", "2027-01-01 2027-01-31 33.34"],
    ),
    row(
        "around what was paid back before",
        charged(*YEAR, [("100.00", "2027-02-01", "2027-02-28")]),
        ("2027-04-01", None),
        ["2026-11-01 2027-01-31 300.00", "2027-03-01 2027-03-31 100.00"],
    ),
    row(
        "what is worth no cent stays charged, and comes with more days",
        charged("2026-11-01", "2026-11-30", "0.10"),
        ("2026-11-02", "2026-11-28"),
        ["2026-11-29 2026-11-30 0.01"],
    ),
    row(
        "half was credited by hand: half of the other half",
        charged(*YEAR, [("600.00",)]),
        (None, "2027-04-30"),
        ["2027-05-01 2027-10-31 300.00"],
    ),
    row("all was credited by hand: nothing", charged(*YEAR, [("1200.00",)]), (None, "2027-04-30"), []),
    row(
        "first days, then by hand: the share of what is left",
        charged(*YEAR, [("600.00", "2027-05-01", "2027-10-31"), ("300.00",)]),
        (None, "2027-01-31"),
        ["2027-02-01 2027-04-30 150.00"],
    ),
    row(
        "in the end all that is left",
        charged(*QUARTER, "100.00", [("33.33",), ("22.22", "2027-01-01", "2027-01-31"), ("0.01",)]),
        (None, "2026-10-31"),
        ["2026-11-01 2026-12-31 44.44"],
    ),
    row(
        "more came back before than its days were worth",
        charged(*YEAR, [("600.00",), ("600.00", "2027-05-01", "2027-10-31")]),
        (None, "2027-01-31"),
        [],
    ),
]


@pytest.mark.parametrize(("fee", "runs", "expected"), REFUNDS)
def test_what_is_paid_back(fee, runs, expected):
    """R10, U6: pay back the days on which a contract does not run, by days."""
    starts_on, ends_on = runs
    agreed = contract("standard", starts_on=starts_on or "2016-01-01", ends_on=ends_on)
    refunds = fee_refunds([agreed], History(fees=(fee,)))
    assert [f"{one.service_from} {one.service_to} {one.amount}" for one in refunds] == expected
    assert {(one.invoice, one.position, one.contract, one.currency) for one in refunds} <= {("I1", 1, "K1", "EUR")}


def test_nothing_is_paid_back_of_a_contract_that_nobody_knows():
    """Leave alone what belongs to no contract at hand."""
    assert fee_refunds([], History(fees=(charged("2026-11-01", "2027-01-31"),))) == ()


# --- what always holds ------------------------------------------------------------------------------------------------

FIRST = Month(2026, 1)
RUNS = 24
HORIZON = FIRST.plus(RUNS + 13).last_day
"""Later than any day that one of the runs may charge."""
LENGTHS = {"month": 1, "quarter": 3, "year": 12}

changes = st.tuples(
    st.sampled_from(["month", "quarter", "year"]),
    st.sampled_from(["arrears", "advance"]),
    st.one_of(st.integers(-40, 420), st.sampled_from([0, 31, 59, 90, 181, 334, 365])),
    st.one_of(st.none(), st.integers(0, 500), st.sampled_from([27, 30, 58, 89, 364])),
)
"""Interval, timing, first day counted from 1 January, and length in days."""


def agreed_on(interval, timing, start, length, quantity=1):
    """Agree on a contract's days and schedule."""
    starts_on = FIRST.first_day + timedelta(days=start)
    ends_on = None if length is None else starts_on + timedelta(days=length)
    schedule = {"fee_interval": interval, "fee_timing": timing, "quantity": quantity}
    return contract("standard", starts_on=starts_on, ends_on=ends_on, **schedule)


def active_days(agreed):
    """List the days on which a contract runs."""
    end = min(agreed.ends_on or HORIZON, HORIZON)
    return {agreed.starts_on + timedelta(days=number) for number in range((end - agreed.starts_on).days + 1)}


def falls_due(agreed, day):
    """Name the runs that charge a day, as numbers from the first run on."""
    length = LENGTHS[agreed.fee_interval]
    start, service = (12 * one.year + one.month - 12 * FIRST.year - 1 for one in (agreed.starts_on, day))
    begin = service - (service - start) % length
    if agreed.fee_timing == "advance":
        return {begin - 1, begin} if begin == start else {begin - 1}
    last = begin + length - 1
    end = agreed.ends_on
    return {last if end is None else min(last, 12 * end.year + end.month - 12 * FIRST.year - 1)}


@given(changes, st.dictionaries(st.integers(0, RUNS - 1), changes, max_size=6), st.integers(1, 3))
def test_every_active_day_is_charged_once_or_paid_back(at_first, later, quantity):
    """However a contract's days are moved, after each run those are charged that it has and that are due, once."""
    history, refunded, expected = NO_HISTORY, [], set()
    for number in range(RUNS):
        if not number or number in later:
            agreed = agreed_on(*(later.get(number) or at_first), quantity)
            active = active_days(agreed)
            due = {day: falls_due(agreed, day) for day in active}
        for refund in fee_refunds([agreed], history):
            history = paid_back(history, refund)
            refunded.append(refund.amount)
        draft = draft_of(str(FIRST.plus(number)), agreed, history)
        history = closed(FIRST.plus(number), history=history) if draft is None else issued(history, draft)
        days = [day for fee in history.fees for day in days_of(fee)]
        expected = {day for day in active if day in expected or any(0 <= run <= number for run in due[day])}
        assert sorted(days) == sorted(expected)
    for fee in history.fees:
        left = fee.amount - total(one.amount for one in fee.credited)
        kept = sum((Fraction(200 * quantity, Month.of(day).days) for day in days_of(fee)), Fraction(0))
        assert left >= 0
        assert abs(Fraction(left) - kept) <= Fraction(1, 100)
        assert left == 0 or kept
    exact = sum((Fraction(200 * quantity, Month.of(day).days) for day in expected), Fraction(0))
    money = Fraction(total(fee.amount for fee in history.fees) - total(refunded))
    assert abs(money - exact) <= Fraction(1, 100) * len(history.fees)


@given(
    st.integers(0, 99_999),
    st.lists(st.tuples(st.integers(0, 364), st.integers(0, 364), st.integers(0, 100)), max_size=8),
)
def test_a_fee_is_never_paid_back_twice(cents, moves):
    """Days and parts by hand, in whatever order: never more than the fee, and all of it once no day is left."""
    fee = charged("2026-11-01", "2027-10-31", amount=str(Decimal(cents) / 100))
    for low, high, percent in [*moves, (-1, -1, 0)]:
        first, last = (fee.service_from + timedelta(days=day) for day in sorted((low, high)))
        agreed = contract("standard", starts_on=first, ends_on=last)
        for refund in fee_refunds([agreed], History(fees=(fee,))):
            assert refund.amount > 0
            (fee,) = paid_back(History(fees=(fee,)), refund).fees
        left = fee.amount - total(one.amount for one in fee.credited)
        assert left >= 0
        by_hand = (left * percent / 100).quantize(Decimal("0.01"), ROUND_DOWN)
        if by_hand:
            fee = replace(fee, credited=(*fee.credited, Credited(by_hand, None)))
    assert left == 0


@given(changes, st.integers(0, 800), st.integers(0, 27))
def test_the_first_run_charges_nothing_of_other_intervals(schedule, age, day):
    """A contract that is older than the books pays from the interval on that falls due."""
    interval, timing, *_ = schedule
    agreed = contract(
        "standard",
        starts_on=(FIRST.first_day - timedelta(days=age)).replace(day=day + 1),
        fee_interval=interval,
        fee_timing=timing,
    )
    fees = due_fees(agreed, RateCards(BOOK, FIRST))
    months = sum(max(1, fee.service.months) for fee in fees)
    assert months <= LENGTHS[interval] * (2 if agreed.starts_on >= FIRST.first_day else 1)
