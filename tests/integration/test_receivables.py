"""Payments and credit notes in the books: every cent accounted for, whatever comes in which order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from books import C1, CLAIM, K1, NOVEMBER, OCTOBER, Books, an_outage, figures, row, setoffs
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_engine import BillingEngine
from billing_engine.errors import (
    BillingError,
    CreditNoteError,
    DateOrderError,
    InvoiceNotFoundError,
    PaymentError,
    SettingsMissingError,
)
from billing_engine.model.invoice import Seller
from billing_engine.model.money import plain
from billing_engine.model.payment import InvoiceStatus
from billing_engine.model.settings import Settings
from billing_engine.model.sla_terms import Setoff

BEFORE, AFTER = Setoff.BEFORE_TAX, Setoff.AFTER_TAX
K2 = "K2,C1,trifft,standard,2026-01-01,,250.00,"


@pytest.fixture
def october(books):
    """Issue an invoice of two lines: 1000.00 and 250.00, 1500.00 with tax, due on 15 October."""
    books.take(customers=[C1], contracts=[K1, K2])
    return books.issue(OCTOBER)


def said(invoice, day="2026-10-15"):
    """Write paid, credited, open and over, and the status on a day."""
    known = invoice.settlement
    amounts = [plain(amount) for amount in (known.paid, known.credited, known.open, known.overpaid)]
    return f"{' '.join(amounts)} {invoice.status_on(date.fromisoformat(day))}"


def test_what_is_paid_too_much_becomes_a_credit_once(books, october):
    """Partial, then over: the excess is a credit after tax, and a further payment adds only its own amount."""
    first = books.pay_by_hand(october, "2026-10-05", "1400.00")
    assert (said(first.invoice), first.overpayment) == ("1400.00 0.00 100.00 0.00 partly_paid", None)
    second = books.pay_by_hand(october, "2026-10-07", "150.00", "BANK-7")
    assert said(second.invoice) == "1550.00 0.00 0.00 50.00 paid"
    credit = second.overpayment
    assert (credit.source, credit.setoff, credit.amount, credit.remaining) == ("overpayment", AFTER, 50, 50)
    assert (credit.invoice, credit.reference, credit.granted_on) == (october.number, october.number, date(2026, 10, 7))
    third = books.pay_by_hand(october, "2026-10-06", "0.01")
    assert (third.overpayment.amount, third.overpayment.granted_on) == (Decimal("0.01"), date(2026, 10, 7))
    received = books.billing.receivables.payments()
    assert {(one.customer, one.currency) for one in received} == {("C1", "EUR")}
    assert [(one.payment.payment, plain(one.payment.amount)) for one in received] == [
        ("PAY-2026-00001", "1400.00"),
        ("PAY-2026-00002", "0.01"),
        ("BANK-7", "150.00"),
    ]
    november = books.issue(NOVEMBER)
    assert (figures(november), setoffs(november)) == (
        "1250.00 250.00 1500.00 1449.99",
        [f"{october.number} 50.00", f"{october.number} 0.01"],
    )


def test_an_import_of_payments_grants_what_is_over(books, october):
    """Payments by file settle like those by hand; the same file a second time grants nothing more."""
    rows = [f"P1,{october.number},2026-10-05,1000.00", f"P2,{october.number},2026-10-06,700.00"]
    books.take(payments=rows)
    assert books.left() == {"CR-2026-00001": "200.00"}
    books.take(payments=rows)
    books.take(payments=[f"P3,{october.number},2026-10-09,1.00"])
    assert books.left() == {"CR-2026-00001": "200.00", "CR-2026-00002": "1.00"}
    assert said(books.billing.read_invoice(october.number)) == "1701.00 0.00 0.00 201.00 paid"


def test_what_was_overpaid_can_be_paid_out(books, october):
    """Instead of being set off the credit goes back to the customer's account."""
    credit = books.pay_by_hand(october, "2026-10-05", "1501.00").overpayment
    assert books.refund(credit.credit).remaining == 0
    assert books.accounts() == {"granted": "-1.00", "available": "0.00", "refunded": "1.00"}


def test_a_credit_note_on_a_paid_invoice_gives_the_money_back_as_a_credit(books, october):
    """What was paid for lines that are taken back is over; the rest of the invoice stays paid."""
    books.pay(october, "2026-10-05")
    done = books.credit_note(october, "2026-10-20", {2: "100.00"}, "wrong package")
    note = done.credit_note
    assert (note.number, note.issued_on, note.draft.reason) == ("CN-2026-000001", date(2026, 10, 20), "wrong package")
    assert [plain(x) for x in (note.draft.net, note.draft.tax, note.draft.gross)] == ["100.00", "20.00", "120.00"]
    assert said(done.invoice, "2027-01-01") == "1500.00 120.00 0.00 120.00 paid"
    assert (done.overpayment.amount, done.overpayment.granted_on) == (120, date(2026, 10, 20))
    rest = books.credit_note(october, "2026-10-21")
    assert said(rest.invoice, "2027-01-01") == "1500.00 1500.00 0.00 1500.00 credited"
    assert rest.overpayment.amount == 1380
    assert books.billing.receivables.credit_notes() == [note, rest.credit_note]
    assert books.billing.receivables.read_credit_note("CN-2026-000002") == rest.credit_note


def test_an_unpaid_invoice_is_credited_and_owes_nothing(books, october):
    """A credit note over all of it leaves nothing open and nothing over; payments that still come are over."""
    done = books.credit_note(october, "2026-10-20")
    assert (said(done.invoice, "2027-01-01"), done.overpayment) == ("0.00 1500.00 0.00 0.00 credited", None)
    assert done.invoice.settlement.as_of(date(2026, 10, 19)).status_on(date(2026, 10, 19)) == InvoiceStatus.OVERDUE
    late = books.pay_by_hand(october, "2026-10-25", "1500.00")
    assert late.overpayment.amount == 1500


def test_setoffs_go_back_to_their_credits_and_are_set_off_again(books):
    """Of credits before and after tax as much is given back as the invoice is worth less; the next invoice has it."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("300.00", setoff=BEFORE)
    books.grant("500.00", on="2026-09-02", setoff=BEFORE)
    books.grant("140.00", on="2026-09-03", setoff=AFTER)
    october = books.issue(OCTOBER)
    assert figures(october) == "200.00 40.00 240.00 100.00"
    part = books.credit_note(october, "2026-10-20", {1: "300.00"})
    assert [(r.position, r.credit, plain(r.amount)) for r in part.credit_note.draft.reversals] == [
        (2, "CR-2026-00002", "100.00"),
        (3, "CR-2026-00003", "140.00"),
    ]
    assert said(part.invoice) == "0.00 100.00 0.00 0.00 paid"
    assert books.left() == {"CR-2026-00001": "0.00", "CR-2026-00002": "100.00", "CR-2026-00003": "140.00"}
    given_back = [entry for entry in books.billing.sla.ledger() if entry.credit_note]
    assert [(str(e.account), e.credit, e.invoice, e.credit_note) for e in given_back if e.amount > 0] == [
        ("available", "CR-2026-00002", october.number, "CN-2026-000001"),
        ("available", "CR-2026-00003", october.number, "CN-2026-000001"),
    ]
    november = books.issue(NOVEMBER)
    assert figures(november) == "900.00 180.00 1080.00 940.00"
    rest = books.credit_note(october, "2026-11-20")
    assert rest.credit_note.draft.gross == 0
    assert books.left() == {"CR-2026-00001": "300.00", "CR-2026-00002": "400.00", "CR-2026-00003": "0.00"}
    assert said(rest.invoice) == "0.00 100.00 0.00 0.00 credited"
    assert books.accounts() == {"granted": "-940.00", "available": "700.00", "applied": "240.00"}


def test_an_invoice_can_be_credited_to_be_billed_anew(books):
    """The month is billed again on a new invoice; what was set off is there again, the old number stays."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("100.00")
    october = books.issue(OCTOBER)
    note = books.credit_note(october, "2026-10-20", rebill=True, reason="wrong address").credit_note
    assert note.draft.rebill
    books.take(contracts=["K1,C1,trifft,premium,2026-01-01,,1200.00,"])
    again = books.issue(OCTOBER, "2026-10-21")
    assert (again.number, figures(again)) == ("2026-000002", "1100.00 220.00 1320.00 1320.00")
    assert setoffs(again) == setoffs(october)
    assert books.billing.read_invoice(october.number).status_on(date(2027, 1, 1)) == "credited"


REFUSED = [
    row("no such invoice", {"invoice": "2026-999999"}, InvoiceNotFoundError, "there is no invoice '2026-999999'"),
    row("before the invoice", {"on": "2026-09-30"}, CreditNoteError, "2026-000001 is of 2026-10-01; a credit note of"),
    row("too much", {"lines": {1: "1000.01"}}, CreditNoteError, "line 1: 1000.01; allowed is more than 0 and up to"),
    row("no such line", {"lines": {3: "1"}}, CreditNoteError, "line 3: invoice 2026-000001 has no such line; allowed"),
    row("no reason", {"reason": " "}, CreditNoteError, "a credit note needs a reason"),
    row("not the first note", {"rebill": True}, CreditNoteError, "2026-000001 was credited by CN-2026-000001"),
    row("before the last note", {"on": "2026-10-19"}, DateOrderError, "2026-10-20"),
]


@pytest.mark.parametrize(("change", "error", "message"), REFUSED)
def test_a_refused_credit_note_leaves_no_trace(books, october, change, error, message):
    """Nothing is written, no number is taken, and the message says what is allowed."""
    books.credit_note(october, "2026-10-20", {1: "20.00"})
    before = books.dump()
    wanted = {"invoice": october.number, "on": "2026-10-21", "lines": None} | change
    with pytest.raises(error) as refusal:
        books.credit_note(replace(october, number=wanted.pop("invoice")), wanted.pop("on"), **wanted)
    assert message in str(refusal.value)
    assert books.dump() == before
    assert books.credit_note(october, "2026-10-21").credit_note.number == "CN-2026-000002"


@pytest.mark.parametrize(
    ("invoice", "amount", "payment", "error", "message"),
    [
        row("no such invoice", "2026-999999", "1.00", "", InvoiceNotFoundError, "there is no invoice '2026-999999'"),
        row("nothing", "2026-000001", "0", "", PaymentError, "0 EUR is no amount above 0"),
        row("less than nothing", "2026-000001", "-1", "", PaymentError, "-1 EUR is no amount above 0"),
        row("no number", "2026-000001", "NaN", "", PaymentError, "NaN EUR is no amount above 0"),
        row("half a cent", "2026-000001", "0.005", "", PaymentError, "0.005 is finer than the cents of EUR"),
        row("the same id", "2026-000001", "1.00", "P1", PaymentError, "payment 'P1' is there already"),
    ],
)
def test_a_refused_payment_leaves_no_trace(books, october, invoice, amount, payment, error, message):
    """A payment is of an amount in whole cents, for an invoice that there is, under an id of its own."""
    books.pay_by_hand(october, "2026-10-05", "1.00", "P1")
    before = books.dump()
    with pytest.raises(error) as refusal:
        books.pay_by_hand(replace(october, number=invoice), "2026-10-06", amount, payment)
    assert message in str(refusal.value)
    assert books.dump() == before


def test_a_new_payment_never_takes_an_id_that_a_file_has(books, october):
    """Ids are counted on until one is free."""
    books.take(payments=[f"PAY-2026-00001,{october.number},2026-10-05,1.00"])
    assert books.pay_by_hand(october, "2026-10-06", "2.00").payment.payment == "PAY-2026-00002"


def test_a_host_can_roll_back_what_it_did_in_its_own_transaction(books, october):
    """With `connection=` a payment, a credit note and all that follows are the host's to commit."""
    before = books.dump()
    with books.database.connect() as connection:
        desk = books.billing.receivables
        desk.add_payment(october.number, Decimal("1600.00"), date(2026, 10, 5), connection=connection)
        desk.issue_credit_note(october.number, None, "all", date(2026, 10, 6), connection=connection)
        (note,) = desk.credit_notes(invoice=october.number, connection=connection)
        assert desk.read_credit_note(note.number, connection=connection) == note
        assert desk.payments(october.number, connection=connection)[0].payment.amount == 1600
        assert desk.ageing(date(2026, 12, 1), connection=connection).rows == ()
        connection.rollback()
    assert books.dump() == before


def test_without_settings_no_credit_note_is_numbered(books, october):
    """Payments are taken all the same; how notes are numbered is for the settings to say."""
    bare = BillingEngine(books.database, books.billing._book)  # noqa: SLF001 - the same price lists
    with pytest.raises(SettingsMissingError):
        bare.receivables.issue_credit_note(october.number, None, "wrong", date(2026, 10, 20))
    assert bare.receivables.add_payment(october.number, Decimal(1), date(2026, 10, 5)).overpayment is None
    assert [r.level for r in bare.receivables.reminders(date(2026, 10, 22))] == [1]


def test_credit_notes_have_a_series_of_their_own_by_year_of_issue(opening):
    """Numbers begin at 1 in each year of issue, in the form that the settings say."""
    books = opening(credit_note_number_format="K{number:03d}/{year}")
    books.take(customers=[C1], contracts=[K1])
    december = books.issue("2026-12")
    numbers = [books.credit_note(december, day, {1: "1.00"}).credit_note.number for day in ("2026-12-30", "2027-01-02")]
    assert (december.number, numbers) == ("2026-000001", ["K001/2026", "K001/2027"])
    by_month = books.billing.receivables.credit_notes(month=OCTOBER.plus(3))
    assert [note.number for note in by_month] == ["K001/2027"]


def test_a_month_whose_invoice_was_taken_back_is_not_a_paid_month(books):
    """An uptime credit waits for the fee: a credit note pays none; the new invoice has to be paid (U5)."""
    an_outage(books)
    october = books.issue(OCTOBER)
    assert books.decide("2026-11-05 00:00") == {"CL-1": "pending"}
    books.credit_note(october, "2026-11-06", rebill=True)
    assert books.claims() == {"CL-1": "pending"}
    again = books.issue(OCTOBER, "2026-11-07")
    assert books.claims() == {"CL-1": "pending"}
    books.pay_by_hand(again, "2026-11-08", plain(again.amount_due))
    assert books.claims() == {"CL-1": "accepted"}


def test_a_payment_by_hand_and_a_credit_note_release_what_waited_for_the_month(books):
    """What is credited needs no payment: together they settle the month, and the credit is granted at once (U5)."""
    an_outage(books, claim=CLAIM)
    october = books.issue(OCTOBER)
    books.decide("2026-11-05 00:00")
    books.pay_by_hand(october, "2026-11-06", "1100.00")
    assert books.claims() == {"CL-1": "pending"}
    books.credit_note(october, "2026-11-07", {1: "83.34"})
    assert books.claims() == {"CL-1": "accepted"}


def test_ageing_and_reminders_follow_the_settings(opening):
    """What is open ages by customer; levels of reminders begin on the days that the settings say."""
    books = opening(reminder_days=(1, 3, 5))
    books.take(customers=[C1, "C2,Balkan,UA,EUR"], contracts=[K1, "K3,C2,trifft,premium,2026-01-01,,100.00,"])
    first = books.issue(OCTOBER)
    books.pay_by_hand(first, "2026-10-20", "200.00")
    desk = books.billing.receivables
    ageing = desk.ageing(date(2026, 10, 16))
    assert [(r.customer, r.name, plain(r.days_1_to_30), plain(r.total)) for r in ageing.rows] == [
        ("C1", "Aurora", "1200.00", "1200.00"),
        ("C2", "Balkan", "120.00", "120.00"),
    ]
    assert plain(desk.ageing(date(2026, 10, 20)).rows[0].total) == "1000.00"
    assert desk.ageing(date(2026, 9, 30)).rows == ()
    for day, levels in (("2026-10-15", []), ("2026-10-16", [1, 1]), ("2026-10-18", [2, 2]), ("2026-10-20", [3, 3])):
        assert [r.level for r in desk.reminders(date.fromisoformat(day))] == levels
    books.pay_by_hand(first, "2026-10-25", "1000.00")
    assert [r.invoice.draft.customer for r in desk.reminders(date(2026, 10, 20))] == ["C2"]


def at_once(count, work):
    """Do something several times at once; returns what each gave, or the error that it raised."""

    def attempt(number):
        try:
            return work(number)
        except BillingError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(attempt, range(count)))


def test_payments_at_once_grant_each_excess_once(books, october):
    """Four who pay all of it at the same time leave three credits of the whole amount, whoever came first."""
    done = at_once(4, lambda number: books.pay_by_hand(october, f"2026-10-0{number + 3}", "1500.00"))
    over = [plain(one.overpayment.amount) for one in done if one.overpayment is not None]
    assert over == ["1500.00"] * 3
    assert said(books.billing.read_invoice(october.number)) == "6000.00 0.00 0.00 4500.00 paid"


def test_of_credit_notes_at_once_only_what_is_left_is_credited(books, october):
    """Of four who credit the same line whole one succeeds; no number is lost on the others."""
    done = at_once(4, lambda _: books.credit_note(october, "2026-10-20", {1: "1000.00"}))
    refused = [str(one) for one in done if isinstance(one, BillingError)]
    assert refused == ["line 1: it is credited in full already"] * 3
    assert books.credit_note(october, "2026-10-20").credit_note.number == "CN-2026-000002"


SHARES = st.dictionaries(st.integers(1, 2), st.integers(1, 100), min_size=1)
ACTIONS = st.one_of(
    st.tuples(st.just("run")),
    st.tuples(st.just("grant"), st.integers(1, 900_00), st.sampled_from([BEFORE, AFTER])),
    st.tuples(st.just("pay"), st.integers(0, 11), st.integers(1, 2000_00)),
    st.tuples(st.just("credit"), st.integers(0, 11), SHARES),
    st.tuples(st.just("credit all"), st.integers(0, 11)),
    st.tuples(st.just("rebill"), st.integers(0, 11)),
)


def play(books, actions):
    """Do one thing after the other; what can not be done is skipped."""
    books.take(customers=[C1], contracts=[K1, K2])
    month, day, desk = OCTOBER, date(2026, 10, 1), books.billing.receivables
    for name, *values in actions:
        day += timedelta(days=1)
        issued = books.billing.list_invoices()
        if name == "run":
            books.billing.issue(month, day)
            month = month.next()
        elif name == "grant":
            books.grant(plain(Decimal(values[0]) / 100), str(day), setoff=values[1])
        elif issued and name == "pay":
            books.pay_by_hand(issued[values[0] % len(issued)], str(day), Decimal(values[1]) / 100)
        elif issued:
            number = issued[values[0] % len(issued)].number
            left = {line.position: line.amount for line in books.billing.read_invoice(number).draft.lines}
            for note in desk.credit_notes(invoice=number):
                for line in note.draft.lines:
                    left[line.invoice_position] -= line.amount
            left = {position: amount for position, amount in left.items() if amount}
            wanted = None
            if name == "credit":
                shares = {position: share for position, share in values[1].items() if position in left}
                wanted = {p: (left[p] * share / 100).quantize(Decimal("0.01")) for p, share in shares.items()}
                wanted = {p: amount for p, amount in wanted.items() if amount}
            untouched = not desk.credit_notes(invoice=number)
            if left and wanted != {} and (name != "rebill" or untouched):
                desk.issue_credit_note(number, wanted, name, day, rebill=name == "rebill")
            if name == "rebill" and untouched:
                books.billing.issue(books.billing.read_invoice(number).draft.period, day)
        books.check()


@settings(max_examples=20)
@given(actions=st.lists(ACTIONS, min_size=3, max_size=10))
def test_whatever_is_paid_and_credited_every_cent_is_accounted_for(sqlite, tmp_path_factory, actions):
    """After each step: ledger, credits, invoices, payments and credit notes agree to the cent (S1)."""
    folder = tmp_path_factory.mktemp("books")
    books = Books(folder, sqlite.create(folder))
    try:
        play(books, [("run",), *actions])
    finally:
        books.database.dispose()


def test_the_settings_of_another_seller_number_its_own_credit_notes(books, october):
    """Sellers that share a database have series of their own."""
    seller, form = Seller("Other", "Here", "RS", "RS100000024"), "O{year}-{number}"
    other = Settings(seller, seller_id="other", credit_note_number_format=form)
    engine = BillingEngine(books.database, books.billing._book, other)  # noqa: SLF001 - the same price lists
    books.credit_note(october, "2026-10-20", {1: "1.00"})
    done = engine.receivables.issue_credit_note(october.number, {1: Decimal(1)}, "wrong", date(2026, 10, 20))
    assert done.credit_note.number == "O2026-1"
