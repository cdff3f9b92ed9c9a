"""Credits lower invoices, are paid out or expire; reports and terminations; over real SQLite files, to the cent."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from books import (
    BEGUN,
    C1,
    C2,
    CLAIM,
    DECEMBER,
    JANUARY,
    K1,
    K2,
    LATE,
    NOVEMBER,
    OCTOBER,
    THREE_DAYS_DOWN,
    WHOLE_FOLDER,
    an_outage,
    figures,
    pdf_text,
    row,
    setoffs,
)
from sla_builders import agreement, moment

from billing_engine import Month
from billing_engine.billing_run import RunOutcome
from billing_engine.documents.rendering import render_invoice
from billing_engine.errors import BillingError, ClaimError, CreditSpentError, UnknownCurrencyError
from billing_engine.model.credit import Credit, CreditSource, Grant
from billing_engine.model.money import plain
from billing_engine.model.sla_terms import CreditTerms, FirstPeriod, Setoff
from billing_engine.storage import credit_ledger

# --- S2, S3: setting off ----------------------------------------------------------------------------------------------


def test_oldest_first_never_below_zero_the_rest_is_carried(books):
    """Credits go in order of their day, then number; an invoice stops at 0.00 and the rest waits for the next."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "100.00")])
    for amount, day in (
        ("30.00", "2026-09-03"),
        ("50.00", "2026-09-01"),
        ("60.00", "2026-09-03"),
        ("70.00", "2026-09-02"),
    ):
        books.grant(amount, day)
    october = books.issue(OCTOBER)
    assert setoffs(october) == ["CR-2026-00002 50.00", "CR-2026-00004 50.00"]
    assert figures(october) == "0.00 0.00 0.00 0.00"
    november = books.issue(NOVEMBER)
    assert setoffs(november) == ["CR-2026-00004 20.00", "CR-2026-00001 30.00", "CR-2026-00003 50.00"]
    assert figures(november) == "0.00 0.00 0.00 0.00"
    assert setoffs(december := books.issue(DECEMBER)) == ["CR-2026-00003 10.00"]
    assert figures(december) == "90.00 18.00 108.00 108.00"
    assert books.accounts() == {"granted": "-210.00", "available": "0.00", "applied": "210.00"}


SETOFF = [
    row("S3: before tax lowers the VAT", Setoff.BEFORE_TAX, "33.33", "66.67 13.33 80.00 80.00", "0.00"),
    row("S3: before tax down to a cent", Setoff.BEFORE_TAX, "99.99", "0.01 0.00 0.01 0.01", "0.00"),
    row("S3: before tax to zero", Setoff.BEFORE_TAX, "100.00", "0.00 0.00 0.00 0.00", "0.00"),
    row("S3: before tax no further than the net", Setoff.BEFORE_TAX, "120.00", "0.00 0.00 0.00 0.00", "20.00"),
    row("S3: after tax leaves net and VAT", Setoff.AFTER_TAX, "33.33", "100.00 20.00 120.00 86.67", "0.00"),
    row("S3: after tax to zero", Setoff.AFTER_TAX, "120.00", "100.00 20.00 120.00 0.00", "0.00"),
    row("S3: after tax no further than the gross", Setoff.AFTER_TAX, "120.01", "100.00 20.00 120.00 0.00", "0.01"),
]


@pytest.mark.parametrize(("mode", "amount", "expected", "left"), SETOFF)
def test_before_and_after_tax_to_the_cent(books, mode, amount, expected, left):
    """With 20 % VAT, before tax lowers what is taxed, after tax what is due."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "100.00")])
    books.grant(amount, setoff=mode)
    (plan,) = books.billing.plan(OCTOBER, on=OCTOBER.first_day)
    october = books.issue(OCTOBER)
    assert plan.draft == october.draft
    assert figures(october) == expected
    assert books.left() == {"CR-2026-00001": left}


def test_before_tax_goes_before_after_tax(books):
    """Whatever their age, price reductions make up the tax first; then payments, in their own order, what is due."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "100.00")])
    books.grant("30.00", "2026-09-01", setoff=Setoff.AFTER_TAX)
    books.grant("40.00", "2026-09-02")
    books.grant("50.00", "2026-09-03", setoff=Setoff.AFTER_TAX)
    october = books.issue(OCTOBER)
    assert setoffs(october) == ["CR-2026-00002 40.00", "CR-2026-00001 30.00", "CR-2026-00003 42.00"]
    assert figures(october) == "60.00 12.00 72.00 0.00"
    text = pdf_text(october)
    for part in ("Charges 100.00", "Credits -40.00", "Net 60.00", "VAT 20% 12.00", "nothing to pay"):
        assert part in text, text


def test_a_list_that_sets_off_after_tax(opening):
    """A claim's credit follows setoff = after_tax of its list."""
    trifft = agreement("trifft")
    books = opening(replace(trifft, credit=replace(trifft.credit, setoff=Setoff.AFTER_TAX)))
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    december = books.issue(DECEMBER)
    assert (setoffs(december), figures(december)) == (["CL-1 600.00"], "1000.00 200.00 1200.00 600.00")
    assert "reference CL-1" in pdf_text(december)


def test_another_currency_is_never_set_off(books):
    """A customer that moves from euro to dollars keeps credits in both; each lowers invoices in its own currency."""
    dollars = K1.replace("K1", "K2").replace("2026-01-01", "2026-11-01") + "USD"
    books.take(customers=["C1,Aurora,CZ,"], contracts=[K1.replace("01,,1", "01,2026-10-31,1"), dollars])
    books.grant("10.00", currency="USD")
    books.grant("10.00", currency="USD", setoff=Setoff.AFTER_TAX)
    books.grant("2000.00", currency="EUR")
    assert setoffs(books.issue(OCTOBER)) == ["CR-2026-00003 1000.00"]
    assert books.left() == {"CR-2026-00001": "10.00", "CR-2026-00002": "10.00", "CR-2026-00003": "1000.00"}
    november = books.issue(NOVEMBER)
    assert (november.draft.currency, setoffs(november)) == ("USD", ["CR-2026-00001 10.00", "CR-2026-00002 10.00"])
    books.refund("CR-2026-00003")


@pytest.mark.parametrize("mode", Setoff)
def test_a_credit_in_a_currency_that_nobody_pays_in_stays_whole(books, mode):
    """However such a credit came into the books, no invoice is lowered by it; it can be paid out."""
    books.take(customers=[C1], contracts=[K1])
    written = Credit(
        credit="",
        customer="C1",
        currency="USD",
        source=CreditSource.GOODWILL,
        claim="",
        granted_on=date(2026, 9, 1),
        amount=Decimal(10),
        remaining=Decimal(10),
        reason="Sorry",
        setoff=mode,
    )
    with books.database.begin() as connection:
        number = credit_ledger.grant_credit(connection, written).credit
    (plan,) = books.billing.plan(OCTOBER, on=OCTOBER.first_day)
    october = books.issue(OCTOBER)
    assert plan.draft == october.draft
    assert (setoffs(october), figures(october)) == ([], "1000.00 200.00 1200.00 1200.00")
    assert books.left() == {number: "10.00"}
    assert books.refund(number).remaining == 0


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        row("granted the day after the invoice", "2026-10-01", []),
        row("granted on the day of the invoice", "2026-10-02", ["CR-2026-00001 10.00"]),
        row("granted the day before", "2026-10-03", ["CR-2026-00001 10.00"]),
    ],
)
def test_an_invoice_is_not_lowered_by_a_credit_of_a_later_day(books, issued, expected):
    """What is granted after an invoice's day waits for the next one, in the preview as in the run."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("10.00", "2026-10-02")
    (plan,) = books.billing.plan(OCTOBER, on=date.fromisoformat(issued))
    october = books.issue(OCTOBER, issued)
    assert plan.draft == october.draft
    assert setoffs(october) == expected
    assert setoffs(books.issue(NOVEMBER)) == ([] if expected else ["CR-2026-00001 10.00"])


def test_a_claim_decided_after_the_day_of_an_invoice_does_not_lower_it(books):
    """A claim's credit is of the day of decision or payment, whichever is later; an earlier invoice goes without it."""
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-12-02 00:00")
    assert setoffs(books.issue(DECEMBER, "2026-12-01")) == []
    assert setoffs(books.issue(JANUARY, "2026-12-02")) == ["CL-1 600.00"]


def test_a_credit_is_its_customers_alone(books):
    """Nobody's invoice is lowered by somebody else's credit."""
    books.take(customers=[C1, "C3,Corvina,CZ,EUR"], contracts=[K1, K1.replace("K1,C1", "K3,C3")])
    books.grant("10.00", customer="C3")
    assert setoffs(books.issue(OCTOBER)) == []
    assert [invoice.draft.net for invoice in books.billing.list_invoices()] == [1000, 990]


def test_zero_invoice_is_issued_and_paid_and_says_so(books):
    """An invoice that credits cover whole gets its number, owes nothing, is paid, and asks for nothing."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("1500.00", reason="Sorry for the <b>bad</b> week\n\u202e[31m")
    october = books.issue(OCTOBER)
    assert (october.number, figures(october), october.status_on(october.due_on)) == (
        "2026-000001",
        "0.00 0.00 0.00 0.00",
        "paid",
    )
    text = pdf_text(october)
    assert "nothing to pay" in text
    assert "reference CR-2026-00001" in text
    assert "<b>bad</b> week" in text
    assert "IBAN" not in text
    assert books.billing.list_invoices()[0].status_on(october.due_on) == "paid"


def test_status_follows_payments_and_the_amount_due_stays(books):
    """Open, partly paid, paid; what was due when it was issued is on the invoice for good, in its PDF too."""
    books.take(customers=[C1], contracts=[K1])
    october = books.issue(OCTOBER)
    seen, paper = [], render_invoice(october)
    for amount in (None, "0.01", "1199.98", "0.01", "50.00"):
        if amount is not None:
            books.pay(october, f"2026-10-1{len(seen)}", amount)
        now = books.billing.read_invoice(october.number)
        assert render_invoice(now) == paper
        seen.append((now.status_on(now.due_on), plain(now.paid), plain(now.amount_due)))
    assert seen == [
        ("open", "0.00", "1200.00"), ("partly_paid", "0.01", "1200.00"), ("partly_paid", "1199.99", "1200.00"),
        ("paid", "1200.00", "1200.00"), ("paid", "1250.00", "1200.00"),
    ]  # fmt: skip


# --- goodwill, refund, expiry -----------------------------------------------------------------------------------------

WRONG_GOODWILL = [
    row("no such customer", {"customer": "C9"}, BillingError, "no customer 'C9'"),
    row("no contract, so no currency", {"customer": "C4"}, BillingError, "name one"),
    row("several currencies", {"customer": "C3"}, BillingError, "several currencies"),
    row("another currency", {"currency": "USD"}, BillingError, "^the customer pays in EUR; found USD$"),
    row("none of two", {"customer": "C3", "currency": "GBP"}, BillingError, "pays in EUR or USD; found GBP$"),
    row("nothing", {"amount": "0"}, BillingError, "^0 EUR is no amount above 0 and up to 1,000,000,000$"),
    row("below zero", {"amount": "-1"}, BillingError, "^-1 EUR is no amount above 0 and up to 1,000,000,000$"),
    row("too much", {"amount": "1000000000.01"}, BillingError, r"^1000000000\.01 EUR is no amount above 0 and up to"),
    row("far too much", {"amount": "1e30"}, BillingError, r"^1E\+30 EUR is no amount above 0 and up to"),
    row("no number", {"amount": "NaN"}, BillingError, "^NaN EUR is no amount above 0 and up to 1,000,000,000$"),
    row("a loud no number", {"amount": "sNaN"}, BillingError, "^sNaN EUR is no amount above 0"),
    row("without end", {"amount": "Infinity"}, BillingError, "^Infinity EUR is no amount above 0 and up to"),
    row("without end below", {"amount": "-Infinity"}, BillingError, "^-Infinity EUR is no amount above 0 and up to"),
    row("finer than cents", {"amount": "0.001"}, BillingError, r"^0\.001 is finer than the cents of EUR$"),
    row("finer than yen", {"amount": "0.5", "customer": "C5"}, BillingError, r"^0\.5 is finer than the cents of JPY$"),
    row("not the currency's letters", {"currency": "eur"}, BillingError, "^the customer pays in EUR; found eur$"),
    row("no currency", {"customer": "C4", "currency": "eur"}, UnknownCurrencyError, "no ISO 4217"),
    row("no reason", {"reason": " \n"}, BillingError, "needs a reason"),
    row(
        "expired before it is granted", {"expires_on": date(2026, 8, 31)}, BillingError, "can not expire on 2026-08-31"
    ),
]


@pytest.mark.parametrize(("changes", "error", "message"), WRONG_GOODWILL)
def test_wrong_goodwill_is_refused(books, changes, error, message):
    """What is no credit is refused in a sentence, without a number taken."""
    books.take(
        customers=[C1, "C3,Corvina,CZ,", "C4,Dunav,CZ,EUR", "C5,Edo,JP,JPY"],
        contracts=[
            K1,
            "K3,C3,trifft,premium,2026-01-01,,10,EUR",
            "K4,C3,trifft,premium,2026-01-01,,10,USD",
            "K5,C5,trifft,premium,2026-01-01,,10,JPY",
        ],
    )
    before = books.dump()
    with pytest.raises(error, match=message):
        books.grant(**{"amount": "10.00"} | changes)
    assert books.dump() == before


def test_goodwill_takes_the_contracts_currency(books):
    """Without a currency it is that of the customer's contracts; of several, or without a contract, the one named."""
    books.take(
        customers=[C1, "C2,Balkan,UA,", "C3,Corvina,CZ,EUR"],
        contracts=[K1, K2, "K3,C2,trifft,premium,2026-01-01,2026-01-31,10,EUR"],
    )
    books.grant("10.00")
    books.grant("10.00", currency="EUR")
    books.grant("10.00", customer="C2", currency="USD")
    books.grant("10.00", customer="C2", currency="EUR")
    books.grant("10", customer="C3", currency="JPY", expires_on=date(2026, 9, 1))
    assert [(c.customer, c.currency, c.source, c.reference) for c in books.billing.sla.credits()] == [
        ("C1", "EUR", "goodwill", "CR-2026-00001"),
        ("C1", "EUR", "goodwill", "CR-2026-00002"),
        ("C2", "USD", "goodwill", "CR-2026-00003"),
        ("C2", "EUR", "goodwill", "CR-2026-00004"),
        ("C3", "JPY", "goodwill", "CR-2026-00005"),
    ]


def test_the_largest_goodwill(books):
    """A billion is granted, set off and paid out to the cent."""
    books.take(customers=[C1], contracts=[K1])
    credit = books.grant("1000000000")
    assert figures(books.issue(OCTOBER)) == "0.00 0.00 0.00 0.00"
    assert books.left() == {credit: "999999000.00"}
    assert books.refund(credit).remaining == 0


def test_refund_takes_a_part_then_the_rest(books):
    """What is paid out is gone from the credit; more than is left, or nothing, is refused."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "30.00")])
    credit = books.grant("100.00")
    books.issue(OCTOBER)
    assert books.refund(credit, "20.00").remaining == 50
    for amount in ("50.01", "0", "-1", "1e30", "Infinity", "-Infinity"):
        with pytest.raises(CreditSpentError) as refused:
            books.refund(credit, amount)
        wanted = Decimal(amount)
        assert str(refused.value) == f"50.00 EUR of credit {credit} are left; {wanted} can not be paid out"
    with pytest.raises(CreditSpentError) as refused:
        books.refund(credit, "0.001")
    assert str(refused.value) == f"50.00 EUR of credit {credit} are left; 0.001 is finer than the cents of EUR"
    assert books.refund(credit).remaining == 0
    with pytest.raises(CreditSpentError) as refused:
        books.refund(credit)
    assert str(refused.value) == f"0.00 EUR of credit {credit} are left; 0.00 can not be paid out"
    with pytest.raises(CreditSpentError, match="no credit 'CR-2026-00009'"):
        books.refund("CR-2026-00009")
    assert books.accounts() == {"granted": "-100.00", "available": "0.00", "applied": "30.00", "refunded": "70.00"}
    assert setoffs(books.issue(NOVEMBER)) == []


def test_refund_needs_a_reason(books):
    """Like a grant, a refund says why."""
    books.take(customers=[C1], contracts=[K1])
    credit = books.grant("10.00")
    with pytest.raises(BillingError, match="needs a reason"):
        books.refund(credit, reason=" ")
    assert books.left() == {credit: "10.00"}


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        row("S1: usable on its last day", "2026-10-15", {"available": "0.00", "applied": "10.00"}),
        row("S1: expired the day after", "2026-10-16", {"available": "0.00", "expired": "10.00"}),
    ],
)
def test_goodwill_expires_after_its_last_day(books, issued, expected):
    """On its last day a credit is set off; on the next it lapses, in the preview as in the run."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("10.00", expires_on=date(2026, 10, 15))
    (plan,) = books.billing.plan(OCTOBER, on=date.fromisoformat(issued))
    october = books.issue(OCTOBER, issued)
    assert plan.draft == october.draft
    assert books.accounts() == {"granted": "-10.00"} | expected


def test_what_expired_is_not_paid_out(books):
    """A credit after its last day is not refunded either; on it, it is."""
    books.take(customers=[C1], contracts=[K1])
    credit = books.grant("10.00", expires_on=date(2026, 10, 15))
    with pytest.raises(CreditSpentError, match="expired after 2026-10-15"):
        books.refund(credit, on="2026-10-16")
    assert books.refund(credit, "4.00", on="2026-10-15").remaining == 6
    books.issue(OCTOBER, "2026-10-16")
    assert books.accounts() == {"granted": "-10.00", "available": "0.00", "refunded": "4.00", "expired": "6.00"}


EXPIRY = [
    row("expires_after_months: from the end of a month into February", "2026-11-30", 3, "2027-02-28"),
    row("expires_after_months: into a leap day", "2027-11-30", 3, "2028-02-29"),
    row("expires_after_months: from a leap day", "2028-02-29", 12, "2029-02-28"),
    row("expires_after_months: over a year's end", "2026-12-15", 1, "2027-01-15"),
]


@pytest.mark.parametrize(("paid", "months", "last_day"), EXPIRY)
def test_credit_of_a_list_that_lets_it_expire(opening, paid, months, last_day):
    """So many months after the grant is the last day on which a claim's credit is set off."""
    trifft = agreement("trifft")
    terms = replace(trifft.credit, expires_after_months=months, first_period=FirstPeriod.NEXT_INVOICE)
    for extra, left in ((0, "applied"), (1, "expired")):
        books = opening(replace(trifft, credit=terms))
        an_outage(books)
        october = books.issue(OCTOBER)
        books.decide("2026-11-05 00:00")
        books.pay(october, paid)
        (credit,) = books.billing.sla.credits()
        assert (str(credit.granted_on), str(credit.expires_on)) == (paid, last_day)
        day = date.fromisoformat(last_day) + timedelta(days=extra)
        books.issue(Month(day.year, day.month), str(day))
        assert books.accounts() == {"granted": "-600.00", "available": "0.00", left: "600.00"}


def test_run_of_a_customer_with_nothing_to_bill_lets_credits_expire(books):
    """Expiry is booked by a run also where there is no invoice."""
    books.take(customers=[C1], contracts=["K1,C1,trifft,free,2026-01-01,,,"])
    books.grant("10.00", expires_on=date(2026, 10, 15), currency="EUR")
    plans = books.billing.issue(OCTOBER, date(2026, 11, 1))
    assert [plan.outcome for plan in plans] == [RunOutcome.NOTHING_TO_BILL]
    assert books.accounts() == {"granted": "-10.00", "available": "0.00", "expired": "10.00"}


# --- reports and termination ------------------------------------------------------------------------------------------


def test_report_of_a_month(books):
    """A report has the month's tickets, uptime, claims and credits of one customer, and leaves out quiet ones."""
    books.take(**WHOLE_FOLDER | {"customers": [C1, C2, "C3,Corvina,CZ,EUR"], "ticket_pauses": []})
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    first, second = books.billing.sla.report(OCTOBER, moment("2026-11-05 00:00"))
    assert (first.customer.customer, first.tickets, first.as_of) == ("C1", 0, "2026-11-05T00:00:00+01:00")
    assert [str(one.effective_uptime) for one in first.availability] == ["90.33"]
    assert [(one.claim.claim, one.decision.amount) for one in first.claims] == [("CL-1", 600)]
    assert [(credit.reference, credit.remaining) for credit in first.credits] == [("CL-1", 600)]
    assert (second.customer.customer, second.tickets) == ("C2", 1)
    assert [(t.severity, t.kind, t.met, t.breached) for t in second.targets] == [
        ("critical", "first_response", 0, 1), ("critical", "solution", 1, 0),
    ]  # fmt: skip
    assert [(case.ticket, case.elapsed_minutes) for case in second.worst] == [("T1", 120)]
    assert books.billing.sla.report(OCTOBER, moment("2026-11-05 00:00"), "C3") == []
    with pytest.raises(BillingError, match="no customer 'C9'"):
        books.billing.sla.report(OCTOBER, moment("2026-11-05 00:00"), "C9")


AS_OF = [
    row("the day before the claim came", "2026-11-02 10:00", [], []),
    row("a second before the claim came", "2026-11-03 09:59:59", [], []),
    row("when it came", "2026-11-03 10:00", [("CL-1", None)], []),
    row("the day of decision is Prague's: not yet", "2026-11-04 22:59:59+00:00", [("CL-1", None)], []),
    row("the day of decision is Prague's: now", "2026-11-04 23:00+00:00", [("CL-1", 600)], []),
    row("the credit's day is not there yet", "2026-11-05 23:59:59", [("CL-1", 600)], []),
    row("the credit's day", "2026-11-06 00:00", [("CL-1", 600)], ["CL-1"]),
    row("goodwill of a later day", "2026-11-10 00:00", [("CL-1", 600)], ["CL-1", "CR-2026-00002"]),
]


@pytest.mark.parametrize(("as_of", "claims", "credits_"), AS_OF)
def test_report_leaves_out_what_came_later(books, as_of, claims, credits_):
    """A report says what was known then: no later claim, no decision and no credit of a later day."""
    an_outage(books)
    october = books.issue(OCTOBER)
    books.decide("2026-11-05 00:00")
    books.pay(october, "2026-11-06")
    books.grant("10.00", "2026-11-10")
    (report,) = books.billing.sla.report(OCTOBER, moment(as_of))
    found = [(one.claim.claim, None if one.decision is None else one.decision.amount) for one in report.claims]
    assert (found, [credit.reference for credit in report.credits]) == (claims, credits_)


BAD_MONTHS = (7, 8, 9)


@pytest.fixture
def three_bad_months(books):
    """Take in three bad months, each claimed in time, two contracts, and October paid in advance."""
    books.take(
        customers=[C1],
        contracts=[K1, "K9,C1,b2bee,standard,2026-01-01,,,"],
        outages=[f"O{m},C1,2026-0{m}-05T00:00,2026-0{m}-08T00:00,," for m in BAD_MONTHS],
        claims=[f"CL-{m},C1,uptime,2026-0{m},,,2026-{m + 1:02d}-03T10:00+02:00" for m in BAD_MONTHS],
    )
    books.pay(books.issue(OCTOBER), "2026-10-02")
    return books


def test_right_to_terminate_and_what_is_paid_back(three_bad_months):
    """U6: after three bad months, claimed in time, the days after the end are paid back, of the contract concerned."""
    books = three_bad_months
    refund = books.billing.sla.termination("C1", date(2026, 10, 10), moment("2026-10-10 12:00"))
    (right,) = refund.rights
    assert right.startswith("Contract K1 may be terminated by the customer")
    assert (refund.parts, refund.amount) == ((("2026-000001", Decimal("677.42")),), Decimal("677.42"))  # 1000 x 21 / 31
    report = books.billing.sla.report(Month(2026, 9), moment("2026-10-10 12:00"))
    assert report[0].termination == right
    credit = books.billing.sla.grant_credit(Grant.of_refund(refund), date(2026, 10, 10))
    assert (credit.source, credit.reason) == ("termination", "Fees paid for days after 10 Oct 2026")
    books.refund(credit.credit, on="2026-10-12")
    assert books.accounts() == {"granted": "-677.42", "available": "0.00", "refunded": "677.42"}


def test_a_report_knows_of_no_right_before_its_last_claim_came(three_bad_months):
    """U6: the third notification gives the right, from the moment on which it comes."""
    report = three_bad_months.billing.sla.report
    (before,) = report(Month(2026, 9), moment("2026-10-03 09:59:59"))
    (then,) = report(Month(2026, 9), moment("2026-10-03 10:00"))
    assert (before.termination, then.termination[:11]) == ("", "Contract K1")


def test_fees_are_paid_back_once(three_bad_months):
    """Booking the same termination again, or of another day, is refused."""
    for day in (date(2026, 10, 10), date(2026, 10, 11)):
        refund = three_bad_months.billing.sla.termination("C1", day, moment("2026-10-12 12:00"))
        goodwill = Grant.of_refund(refund)
        if day.day == 10:
            three_bad_months.billing.sla.grant_credit(goodwill, day)
        else:
            with pytest.raises(BillingError, match="paid back as CR-2026-00001 before"):
                three_bad_months.billing.sla.grant_credit(goodwill, day)
    assert three_bad_months.accounts() == {"granted": "-677.42", "available": "677.42"}


NO_RIGHT = [
    row("U6: two months only", "2026-09-30"),
    row("U6: a good month between", "2026-11-30"),
    row("U6: long before", "2025-01-31"),
]


@pytest.mark.parametrize("day", NO_RIGHT)
def test_without_the_right_nothing_is_paid_back(three_bad_months, day):
    """No right, no refund."""
    refund = three_bad_months.billing.sla.termination("C1", date.fromisoformat(day), moment("2026-12-12 12:00"))
    assert (refund.rights, refund.parts, refund.amount) == ((), (), 0)


AUTUMN = {
    "outages": [f"O{m},C1,2026-{m}-05T00:00,2026-{m}-08T00:00,," for m in ("08", "09", "10")],
    "claims": [f"CL-{m},C1,uptime,2026-{m:02d},,,2026-{m + 1}-03T10:00" for m in (9, 10)]
    + ["CL-8,C1,uptime,2026-08,,,2026-09-03T10:00"],
}
OWN_DAYS = [
    row("the whole month", "", "2026-11-20", "1000.00", "333.33"),  # 10 / 30
    row("the contract ends on the 25th", "2026-11-25", "2026-11-20", "833.33", "166.67"),  # 5 / 25
    row("a day before its end", "2026-11-25", "2026-11-24", "833.33", "33.33"),  # 1 / 25
    row("with its end nothing is left", "2026-11-25", "2026-11-25", "833.33", "0.00"),
    row("before its first day", "2026-11-25", "2026-11-01", "833.33", "800.00"),  # 24 / 25
]


@pytest.mark.parametrize(("ends_on", "terminated", "fee", "amount"), OWN_DAYS)
def test_refund_by_the_days_that_were_paid(books, ends_on, terminated, fee, amount):
    """U6: a fee for a part of a month was paid for these days, and by them it is paid back."""
    contract = K1.replace("2026-01-01,,", f"2026-01-01,{ends_on},")
    books.take(customers=[C1], contracts=[contract], **AUTUMN)
    november = books.issue(NOVEMBER)
    assert [plain(line.amount) for line in november.draft.lines] == [fee]
    books.pay(november, "2026-11-02")
    refund = books.billing.sla.termination("C1", date.fromisoformat(terminated), moment("2026-12-01 00:00"))
    assert plain(refund.amount) == amount


def test_all_that_was_paid_ahead_is_paid_back(books):
    """U6: of the month of termination the days after it, of later months all; what is over stays paid."""
    books.take(customers=[C1], contracts=[K1.replace("2026-01-01,,", "2026-08-16,2026-12-16,")], **AUTUMN)
    paid = [books.issue(month) for month in ("2026-08", NOVEMBER, DECEMBER)]
    assert [plain(invoice.draft.net) for invoice in paid] == ["516.13", "1000.00", "516.13"]
    for invoice in paid:
        books.pay(invoice, "2026-12-02")
    refund = books.billing.sla.termination("C1", date(2026, 11, 20), moment("2026-12-03 00:00"))
    assert refund.parts == (("2026-000002", Decimal("333.33")), ("2026-000003", Decimal("516.13")))
    assert refund.currency == "EUR"


def test_right_and_refund_after_a_package_change(books):
    """U6: two bad months of Standard and one of Premium give the right for Premium, and its fee is paid back."""
    books.take(
        customers=[C1],
        contracts=[
            "P1,C1,trifft,standard,2026-01-01,2026-09-30,400.00,",
            "P2,C1,trifft,premium,2026-10-01,,1000.00,",
        ],
        **AUTUMN,
    )
    books.pay(books.issue(NOVEMBER), "2026-11-02")
    refund = books.billing.sla.termination("C1", date(2026, 11, 15), moment("2026-12-01 00:00"))
    (right,) = refund.rights
    assert right.startswith("Contract P2 may be terminated by the customer")
    assert right.endswith("(August 2026 90.32 %, September 2026 90.00 %, October 2026 90.33 %).")
    assert refund.parts == (("2026-000001", Decimal("500.00")),)


def test_an_end_that_comes_after_the_payment_changes_no_day_that_was_paid(books):
    """U6: a whole month was paid, so a contract that is then ended on the 20th gets its other ten days back."""
    books.take(customers=[C1], contracts=[K1], **AUTUMN)
    books.pay(books.issue(NOVEMBER), "2026-11-02")
    books.take(contracts=[K1.replace("2026-01-01,,", "2026-01-01,2026-11-20,")])
    refund = books.billing.sla.termination("C1", date(2026, 11, 20), moment("2026-12-01 00:00"))
    assert refund.parts == (("2026-000001", Decimal("333.33")),)


def test_refund_of_the_package_that_followed_the_bad_months(books):
    """U6: who may leave after three months of Standard gets back what was paid for the Premium that came after."""
    contracts = ["P1,C1,trifft,standard,2026-01-01,2026-10-31,400.00,", "P2,C1,trifft,premium,2026-11-01,,900.00,"]
    books.take(customers=[C1], contracts=contracts, **AUTUMN)
    books.pay(books.issue(NOVEMBER), "2026-11-02")
    refund = books.billing.sla.termination("C1", date(2026, 11, 20), moment("2026-12-01 00:00"))
    assert [right[:11] for right in refund.rights] == ["Contract P1"]
    assert refund.parts == (("2026-000001", Decimal("300.00")),)


def test_a_termination_knows_of_no_claim_that_came_later(three_bad_months):
    """U6: the right is judged by what had come by then."""
    termination = three_bad_months.billing.sla.termination
    assert termination("C1", date(2026, 10, 10), moment("2026-10-03 09:59:59")).rights == ()
    assert len(termination("C1", date(2026, 10, 10), moment("2026-10-03 10:00")).rights) == 1


def test_a_report_shows_what_was_left_then(books):
    """S1: a credit that a later invoice used up is whole in the report of the day before."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("600.00", "2026-10-10")
    books.issue(OCTOBER, on="2026-11-02")
    (before,) = books.billing.sla.report(OCTOBER, moment("2026-11-01 12:00"))
    assert [(one.credit, plain(one.remaining)) for one in before.credits] == [("CR-2026-00001", "600.00")]
    (after,) = books.billing.sla.report(OCTOBER, moment("2026-11-02 12:00"))
    assert after.credits == ()


def test_a_credit_can_not_be_paid_out_before_its_day(books):
    """S1: what is not granted yet is not there."""
    books.take(customers=[C1], contracts=[K1])
    credit = books.grant("50.00", "2026-11-01")
    with pytest.raises(CreditSpentError, match="was granted on 2026-11-01, after 2026-10-31"):
        books.refund(credit, on="2026-10-31")
    assert books.refund(credit, on="2026-11-01").remaining == 0


NO_AMOUNTS = ["NaN", "Infinity", "-1", "1e30", "1000000000.01", "0.001"]


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_no_amount_is_no_traceback(books, amount):
    """Whatever a host passes, it is told what is allowed, and nothing is booked."""
    an_outage(books)
    credit = books.grant("50.00", "2026-11-01")
    before = books.dump()
    with pytest.raises(CreditSpentError, match=r"50\.00 EUR of credit"):
        books.refund(credit, amount)
    with pytest.raises(ClaimError, match="is no amount of EUR from 0 to 1,000,000,000 in whole cents"):
        books.by_hand("CL-1", accepted=True, amount=amount)
    with pytest.raises(BillingError):
        books.grant(amount)
    assert books.dump() == before


def test_a_credit_goes_by_the_list_that_missed(books_with_lenient_list):
    """S3: of two lists with uptime the one whose guarantee was missed says how its credit is set off."""
    books = books_with_lenient_list
    books.take(
        customers=[C1],
        contracts=["A1,C1,lenient,standard,2026-01-01,,100.00,", K1],
        outages=[THREE_DAYS_DOWN],
        claims=[CLAIM],
    )
    books.pay(books.issue(OCTOBER), "2026-11-02")
    books.decide("2026-11-20 00:00")
    (credit,) = books.billing.sla.credits()
    assert (credit.setoff, credit.expires_on) == (Setoff.BEFORE_TAX, None)


@pytest.fixture
def books_with_lenient_list(opening):
    """Keep books with a list beside trifft that guarantees 1 %, sets off after tax and lets credits expire."""
    trifft = agreement("trifft")
    standard = trifft.packages["standard"]
    guarantee = replace(standard.guarantee, guaranteed_percent=Decimal(1))
    lenient = replace(
        trifft,
        name="lenient",
        packages={"standard": replace(standard, guarantee=guarantee)},
        credit=CreditTerms(Setoff.AFTER_TAX, expires_after_months=1),
    )
    return opening(lenient)


def test_refund_by_days_in_a_leap_february(books):
    """29 days make the month of a leap year: 1000.00 x 9 / 29."""
    books.take(
        customers=[C1],
        contracts=[K1],
        outages=[f"O{m},C1,2028-{m:02d}-05T00:00,2028-{m:02d}-08T00:00,," for m in (1,)]
        + [f"P{m},C1,2027-{m}-05T00:00,2027-{m}-08T00:00,," for m in (11, 12)],
        claims=["A,C1,uptime,2027-11,,,2027-12-15T23:59:59", "B,C1,uptime,2027-12,,,2028-01-15T23:59:59",
                "C,C1,uptime,2028-01,,,2028-02-15T23:59:59"],
    )  # fmt: skip
    books.pay(books.issue("2028-02"), "2028-02-02")
    refund = books.billing.sla.termination("C1", date(2028, 2, 20), moment("2028-02-20 12:00"))
    assert refund.amount == Decimal("310.34")


# --- transactions -----------------------------------------------------------------------------------------------------


def test_host_transaction_takes_everything_back(books):
    """With connection= nothing is committed: the host's rollback undoes decision, grant, refund, import and run."""
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    before = books.dump()
    sla, day = books.billing.sla, date(2026, 11, 5)
    with books.database.connect() as connection:
        transaction = connection.begin()
        sla.decide_claims(moment("2026-11-05 00:00"), day, connection=connection)
        granted = sla.grant_credit(Grant("C1", Decimal("5.00"), "Sorry"), day, connection=connection)
        sla.refund_credit(granted.credit, Decimal("1.00"), "Paid", day, connection=connection)
        books.billing.issue(DECEMBER, date(2026, 12, 1), connection=connection)
        assert [plain(c.remaining) for c in sla.credits(connection=connection)] == ["0.00", "0.00"]
        assert len(sla.ledger(connection=connection)) == 10
        transaction.rollback()
    assert books.dump() == before
    assert books.decide("2026-11-05 00:00") == {"CL-1": "accepted"}


def test_refusal_in_a_host_transaction_keeps_the_host_going(books):
    """A refused decision or grant raises and leaves what the host did before, and does after, to be committed."""
    an_outage(books)
    day = date(2026, 11, 5)
    with books.database.begin() as connection:
        with pytest.raises(BillingError):
            books.billing.sla.grant_credit(Grant("C1", Decimal(0), "Sorry"), day, connection=connection)
        with pytest.raises(ClaimError):
            books.billing.sla.decide_claims(moment("2026-11-05 00:00"), day, "CL-9", connection=connection)
        books.billing.sla.grant_credit(Grant("C1", Decimal("5.00"), "Sorry"), day, connection=connection)
    assert books.left() == {"CR-2026-00001": "5.00"}


def test_dying_between_decision_and_grant_leaves_neither(books, monkeypatch):
    """A decision and its credit are one transaction: a failure in between leaves the claim open."""
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    before = books.dump()

    def fail(connection, credit):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(credit_ledger, "grant_credit", fail)
        with pytest.raises(OSError, match="disk"):
            books.decide("2026-11-05 00:00")
    assert books.dump() == before
    assert books.decide("2026-11-05 00:00") == {"CL-1": "accepted"}


def test_failing_issue_spends_no_credit(books, monkeypatch):
    """A run that fails after the setoff was written gives it back, with the number of the invoice."""
    from billing_engine.storage import issuing

    books.take(customers=[C1], contracts=[K1])
    books.grant("10.00")
    before = books.dump()

    def fail(connection, *series, **count):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(issuing, "next_number", fail)
        (plan,) = books.billing.issue(OCTOBER, OCTOBER.first_day)
    assert (plan.outcome, plan.reason) == (RunOutcome.FAILED, "OSError: the disk is full")
    after = books.dump()
    assert [name for name in before if before[name] != after[name] and name not in BEGUN] == []
    assert setoffs(books.issue(OCTOBER)) == ["CR-2026-00001 10.00"]


def test_deciding_and_paying_during_a_run_counts_for_who_comes_later(books, monkeypatch):
    """What happens between two customers of a run is seen by the second, and nothing is lost."""
    monkeypatch.setattr("billing_engine.run_desk.GROUP", 1)
    books.take(
        customers=[C1, "C3,Corvina,CZ,EUR"], contracts=[K1, K1.replace("K1,C1", "K3,C3")],
        outages=[THREE_DAYS_DOWN.replace("C1", "C3")], claims=[CLAIM.replace("C1", "C3")],
    )  # fmt: skip
    october = books.issue(OCTOBER, customer="C3")
    done = []

    def meanwhile(plan):
        if not done:
            done.append(books.decide("2026-11-05 00:00"))
            books.pay(october, "2026-11-06")

    books.billing.issue(DECEMBER, date(2026, 12, 1), on_progress=meanwhile)
    assert [setoffs(books.billing.read_invoice(number)) for number in ("2026-000003", "2026-000004")] == [
        [],
        ["CL-1 600.00"],
    ]


def test_many_claims_at_once(books):
    """Five hundred claims of one customer are decided together, each by its own ticket."""
    days = {f"T{n}": f"2026-10-{n % 28 + 1:02d}" for n in range(2, 501)}
    tickets = [f"{ticket},C2,low,helpdesk,{day}T10:00,{day}T12:00,{day}T12:30," for ticket, day in days.items()]
    claims = [f"A-{ticket},C2,ticket,,{ticket},{day},2026-11-01T12:00" for ticket, day in days.items()]
    late, for_it = LATE.replace("10-05", "10-30"), "A-T1,C2,ticket,,T1,2026-10-30,2026-11-01T12:00"
    books.take(customers=[C2], contracts=[K2], tickets=[late, *tickets], claims=[for_it, *claims])
    decided = books.decide("2026-11-02 00:00")
    assert (len(decided), decided.pop("A-T1"), set(decided.values())) == (500, "accepted", {"rejected no_breach"})
    assert books.decide("2026-11-02 00:00") == {}
