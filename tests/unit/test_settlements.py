"""How far an invoice is settled on a day, how old what is open is, and which reminders follow."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from invoices import AFTER_TAX, BEFORE_TAX, BUYER, invoice

from billing_engine.invoicing.ageing import age_receivables, due_reminders
from billing_engine.model.money import plain
from billing_engine.model.payment import Credited, Dues, Payment

DUE = date(2026, 11, 16)
WHOLE = ("360.00", "432.00")


def settled(*payments, notes=(), **changes):
    """Make an invoice of 360.00 net, 432.00 gross, with payments and with notes over lines and gross, by day."""
    issued = invoice(**changes)
    return replace(
        issued,
        payments=tuple(
            Payment(f"P{n}", issued.number, date.fromisoformat(day), Decimal(amount))
            for n, (day, amount) in enumerate(payments)
        ),
        credit_notes=tuple(
            Credited(f"CN-{n}", date.fromisoformat(day), Decimal(charged), Decimal(gross))
            for n, (day, charged, gross) in enumerate(notes)
        ),
    )


def said(issued, day=DUE):
    """Write paid, credited, open and overpaid, and the status on a day."""
    known = issued.settlement
    amounts = [plain(amount) for amount in (known.paid, known.credited, known.open, known.overpaid)]
    return f"{' '.join(amounts)} {issued.status_on(day)}"


@pytest.mark.parametrize(
    ("payments", "notes", "expected"),
    [
        ([], [], "0.00 0.00 432.00 0.00 open"),
        ([("2026-11-03", "0.01")], [], "0.01 0.00 431.99 0.00 partly_paid"),
        ([("2026-11-03", "431.99")], [], "431.99 0.00 0.01 0.00 partly_paid"),
        ([("2026-11-03", "431.99"), ("2026-11-04", "0.01")], [], "432.00 0.00 0.00 0.00 paid"),
        ([("2026-11-03", "500.00")], [], "500.00 0.00 0.00 68.00 paid"),
        ([], [("2026-11-03", "60.00", "72.00")], "0.00 72.00 360.00 0.00 open"),
        ([("2026-11-04", "360.00")], [("2026-11-03", "60.00", "72.00")], "360.00 72.00 0.00 0.00 paid"),
        ([("2026-11-02", "432.00")], [("2026-11-03", "60.00", "72.00")], "432.00 72.00 0.00 72.00 paid"),
        ([], [("2026-11-03", *WHOLE)], "0.00 432.00 0.00 0.00 credited"),
        (
            [],
            [("2026-11-03", "60.00", "72.00"), ("2026-11-03", "300.00", "360.00")],
            "0.00 432.00 0.00 0.00 credited",
        ),
        ([("2026-11-03", "432.00")], [("2026-11-09", *WHOLE)], "432.00 432.00 0.00 432.00 credited"),
    ],
)
def test_payments_and_credit_notes_settle_an_invoice(payments, notes, expected):
    """What is open, what is over, and in one word how it stands."""
    assert said(settled(*payments, notes=notes)) == expected


def test_credit_notes_beyond_what_was_due_give_credits_back_and_pay_nothing():
    """Of a note only what was to be paid counts toward it; the rest went back to the credits that had paid it."""
    issued = settled(notes=[("2026-11-03", *WHOLE)], setoffs=(AFTER_TAX,))
    assert said(issued) == "0.00 387.00 0.00 0.00 credited"
    paid = settled(("2026-11-03", "387.00"), notes=[("2026-11-05", *WHOLE)], setoffs=(AFTER_TAX,))
    assert said(paid) == "387.00 387.00 0.00 387.00 credited"


def test_an_invoice_that_owes_nothing_is_paid_until_all_of_it_is_taken_back():
    """Credits before tax that cover an invoice whole leave nothing to pay; a note of 0.00 can still take it back."""
    covering = replace(BEFORE_TAX, amount=Decimal("360.00"))
    assert said(settled(setoffs=(covering,)), date(2027, 1, 1)) == "0.00 0.00 0.00 0.00 paid"
    part = settled(notes=[("2026-11-03", "100.00", "0.00")], setoffs=(covering,))
    assert said(part) == "0.00 0.00 0.00 0.00 paid"
    whole = settled(notes=[("2026-11-03", "360.00", "0.00")], setoffs=(covering,))
    assert said(whole) == "0.00 0.00 0.00 0.00 credited"


@pytest.mark.parametrize(
    ("payments", "day", "status"),
    [
        ([], DUE, "open"),
        ([], DUE + timedelta(days=1), "overdue"),
        ([("2026-11-03", "1.00")], DUE, "partly_paid"),
        ([("2026-11-03", "1.00")], DUE + timedelta(days=1), "overdue"),
        ([("2026-11-03", "432.00")], DUE + timedelta(days=1), "paid"),
    ],
)
def test_an_invoice_is_overdue_from_the_day_after_it_was_due(payments, day, status):
    """On the day itself nothing is late; from the next day on whatever is open is, part-paid or not."""
    assert settled(*payments).status_on(day) == status


def test_a_settlement_can_be_seen_as_it_was_on_a_day():
    """What came later is left out; the days on which all was settled, or too much had come in, are found."""
    issued = settled(("2026-11-05", "400.00"), ("2026-11-20", "60.00"), notes=[("2026-11-10", "10.00", "12.00")])
    known = issued.settlement
    seen = [plain(known.as_of(date(2026, 11, day)).open) for day in (4, 5, 9, 10, 19, 20)]
    assert seen == ["432.00", "32.00", "32.00", "20.00", "20.00", "0.00"]
    assert (known.settled_on, known.overpaid, known.overpaid_on) == (
        date(2026, 11, 20),
        Decimal("40.00"),
        date(2026, 11, 20),
    )
    early = settled(("2026-10-01", "500.00")).settlement
    assert (early.settled_on, early.overpaid_on) == (date(2026, 11, 2), date(2026, 11, 2))
    assert (settled().settlement.settled_on, settled().settlement.overpaid_on) == (None, None)


def test_dues_count_credit_notes_from_their_day():
    """An invoice that is credited is not unpaid, from the day of the credit note on."""
    entries = ((date(2026, 11, 5), Decimal(30)), (date(2026, 11, 9), Decimal(70)))
    dues = Dues("1", "C1", "2026-10", date(2026, 11, 2), Decimal(100), entries)
    assert [dues.is_paid(date(2026, 11, day)) for day in (5, 8, 9)] == [False, False, True]
    assert dues.paid_on == date(2026, 11, 9)


BUCKETS = ("not_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90")


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-1, "not_due"),
        (0, "not_due"),
        (1, "days_1_to_30"),
        (30, "days_1_to_30"),
        (31, "days_31_to_60"),
        (60, "days_31_to_60"),
        (61, "days_61_to_90"),
        (90, "days_61_to_90"),
        (91, "days_over_90"),
        (1000, "days_over_90"),
    ],
)
def test_what_is_open_ages_by_days_after_the_day_it_was_due(days, bucket):
    """Each bucket ends with its last day; what is not due yet stands by itself."""
    ageing = age_receivables([settled(("2026-11-03", "32.00"))], DUE + timedelta(days=days))
    (row,) = ageing.rows
    expected = {name: Decimal("400.00") if name == bucket else 0 for name in BUCKETS}
    assert {name: getattr(row, name) for name in BUCKETS} == expected
    assert row.total == Decimal("400.00")
    assert [(one.open, one.days_overdue) for one in ageing.invoices] == [(Decimal("400.00"), max(0, days))]


def test_ageing_sums_up_per_customer_and_currency_as_it_was_on_the_day():
    """Customers in order; currencies apart; invoices and payments of later days left out."""
    other = replace(BUYER, customer="B1", name="Berg")
    found = [
        settled(number="1", currency="JPY"),
        settled(("2026-12-01", "432.00"), number="2"),
        settled(number="3", customer="B1", buyer=other),
        settled(number="4"),
        settled(("2026-11-03", "432.00"), number="5"),
        replace(settled(number="6"), issued_on=date(2026, 12, 1)),
    ]
    ageing = age_receivables(found, date(2026, 11, 30))
    assert [(row.customer, row.name, row.currency, plain(row.total)) for row in ageing.rows] == [
        ("B1", "Berg", "EUR", "432.00"),
        ("C1", BUYER.name, "EUR", "864.00"),
        ("C1", BUYER.name, "JPY", "432.00"),
    ]
    assert [one.invoice.number for one in ageing.invoices] == ["1", "2", "3", "4"]
    assert sum(row.total for row in ageing.rows) == sum(one.open for one in ageing.invoices)


@pytest.mark.parametrize(("days", "level"), [(0, 0), (6, 0), (7, 1), (13, 1), (14, 2), (27, 2), (28, 3), (400, 3)])
def test_reminders_grow_firmer_with_the_days(days, level):
    """Each level begins on its day; what is settled by now, also after the day asked for, is not reminded of."""
    day = DUE + timedelta(days=days)
    found = [settled(number="1"), settled((str(day + timedelta(days=3)), "432.00"), number="2")]
    reminders = due_reminders(found, day, (7, 14, 28))
    expected = [("1", level, days, Decimal("432.00"))] if level else []
    assert [(r.invoice.number, r.level, r.days_overdue, r.open) for r in reminders] == expected
