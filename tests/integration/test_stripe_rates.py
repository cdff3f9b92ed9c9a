"""Several rates of VAT at Stripe: totals and taxes are ours to the cent, credited, summed up or corrected."""

from datetime import date
from decimal import Decimal

import pytest
import stripe
from books import DECEMBER, NOVEMBER, OCTOBER
from databases import ON_SQLITE
from stripe_books import HEADER

from billing_engine.model.delivery import DeliveryOutcome, DeliveryState
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax_table import TaxRate, TaxRule, TaxTable

pytestmark = ON_SQLITE

TABLE = TaxTable(
    rates=(
        TaxRate("reduced", Decimal("5.5")),
        TaxRate("standard", Decimal(20), None, date(2026, 10, 31)),
        TaxRate("standard", Decimal(21), date(2026, 11, 1)),
    ),
    rules=(
        TaxRule("reverse_charge", ("eu",), vat_id=True, note="Art. 196"),
        TaxRule("reduced", services=("expense",)),
        TaxRule("standard"),
    ),
)
WITH_EXEMPT = TaxTable(TABLE.rates, (TaxRule("exempt", services=("expense",)), TaxRule("standard")))
NOTE = "CN-2026-000001"
MODES = pytest.mark.parametrize("mode", ["mirror", "attach"])


@pytest.fixture
def rated(stripe_opening):
    """Open books with two rates."""
    return stripe_opening(tax=TABLE)


def billed(books, mode="mirror", costs=("89.90", "10.03"), *, fee="1000.00", credits_=(), **more):
    """Bill a customer with a fee at one rate and expenses at another, less credits, and push that."""
    books.add("C1", mode, fee=fee, **more)
    books.take(expenses=[f"X{n},C1,2026-10-05,Part {n},{cost}" for n, cost in enumerate(costs, 1)])
    for amount, setoff in credits_:
        books.grant(amount, setoff=setoff)
    issued = books.bill()["C1"]
    delivery = books.push()[issued.number]
    assert delivery.state is DeliveryState.DONE, delivery
    return issued


def cents(amount):
    """Count an amount of EUR in cents."""
    return int(amount * 100)


def renewed(books):
    """Have the only subscription billed; returns the finalized invoice at Stripe."""
    (subscription,) = books.fake.all("subscription")
    return books.fake.finalize(books.fake.renew(subscription["id"])["id"])


def make_rate(books, percent):
    """Make a rate of tax by hand; returns its id."""
    api = stripe.StripeClient(books.fake.key, base_addresses={"api": books.fake.url}).v1
    params = {"display_name": "VAT", "percentage": percent, "inclusive": False}
    return api.tax_rates.create(params, {"idempotency_key": f"by-hand-{percent}"}).id


def subscribed(books, *rates):
    """Make a customer with a subscription that has rates of its own; returns how to add it here."""
    customer = books.fake.add_customer()["id"]
    made = books.fake.add_subscription(customer, default_tax_rates=tuple(rates))["id"]
    return {"linked": customer, "subscription": made}


BEFORE, AFTER = Setoff.BEFORE_TAX, Setoff.AFTER_TAX
CREDITS = [
    [],
    [("100.00", BEFORE)],
    [("0.01", BEFORE), ("33.33", BEFORE)],
    [("100.00", BEFORE), ("77.77", AFTER)],
    [("1099.93", BEFORE)],
    [("5000.00", AFTER)],
]


@pytest.mark.parametrize("credits_", CREDITS)
def test_an_invoice_of_two_rates_is_mirrored_with_our_figures(rated, credits_):
    """Total, tax, and the tax of each rate; credits before tax lower both."""
    issued = billed(rated, credits_=credits_)
    found = rated.mirrored(issued.number)
    assert (found["total"], sum(tax["amount"] for tax in found["total_taxes"])) == (
        cents(issued.amount_due),
        cents(issued.draft.tax),
    )
    rates = {rate["id"]: Decimal(str(rate["percentage"])) for rate in rated.fake.all("tax_rate")}
    by_percent = {rates[tax["tax_rate_details"]["tax_rate"]]: tax for tax in found["total_taxes"]}
    for one in issued.draft.taxes:
        tax = by_percent[one.percent]
        assert (tax["amount"], tax["taxable_amount"]) == (cents(one.tax), cents(one.net))
    assert rated.differences() == []


@pytest.mark.parametrize("credits_", CREDITS[:4])
@pytest.mark.parametrize("own", [(), (20,), (19,), (20, 5)])
def test_an_invoice_of_two_rates_is_attached_with_our_figures(rated, credits_, own):
    """The subscription's next invoice asks for as much more as ours, whatever rates it has of its own."""
    rates = [make_rate(rated, percent) for percent in own]
    issued = billed(rated, "attach", credits_=credits_, **subscribed(rated, *rates))
    own_fee = 1000 + sum(10 * percent for percent in own)
    made = renewed(rated)
    assert made["total"] == own_fee + cents(issued.amount_due)
    rated.fake.pay(made["id"])
    rated.hear()
    assert (rated.status(issued.number), rated.paid(issued.number)) == ("paid", issued.amount_due)
    assert rated.differences() == []


@MODES
def test_reverse_charge_has_no_tax_there(rated, mode):
    """No rate on a line, the legal text in the footer; a subscription's own rate is not taken."""
    where = subscribed(rated, make_rate(rated, 20)) if mode == "attach" else {}
    rated.add("C1", mode, country="DE", **where)
    at_stripe = where.get("linked") or rated.fake.all("customer")[0]["id"]
    rated.take(
        customers=[
            f"{HEADER},vat_id",
            f"C1,Name,DE,EUR,{at_stripe},{mode},{where.get('subscription', '')},DE136695976",
        ],
        expenses=["X1,C1,2026-10-05,Train,89.90"],
    )
    issued = rated.bill()["C1"]
    assert rated.push()[issued.number].state is DeliveryState.DONE
    assert (issued.draft.tax, cents(issued.amount_due)) == (0, 108990)
    if mode == "mirror":
        found = rated.mirrored(issued.number)
        assert (found["total"], found["total_taxes"], found["footer"]) == (108990, [], "Art. 196")
    else:
        assert renewed(rated)["total"] == 1200 + 108990
    assert rated.differences() == []


@MODES
@pytest.mark.parametrize("credits_", [[], [("100.00", BEFORE), ("12.34", AFTER)]])
def test_many_lines_are_summed_up_by_kind_and_rate(rated, mode, credits_):
    """Over 200 lines of two rates, with a late one of a third: the total to the cent."""
    costs = [f"{n % 7}.{n % 100:02d}" for n in range(1, 260)]
    issued = billed(rated, mode, costs, fee="1000.01", credits_=credits_)
    assert len(issued.draft.lines) > 200
    if mode == "mirror":
        found = rated.mirrored(issued.number)
        parts = {line["metadata"]["be_part"] for line in rated.fake.lines(found["id"])}
        assert {"kind/fee/20", "kind/expense/5.5"} <= parts
        assert (found["total"], sum(tax["amount"] for tax in found["total_taxes"])) == (
            cents(issued.amount_due),
            cents(issued.draft.tax),
        )
    else:
        parts = {item["metadata"]["be_part"] for item in rated.fake.all("invoiceitem")}
        assert {"kind/fee/20", "kind/expense/5.5"} <= parts
        assert renewed(rated)["total"] == 1000 + cents(issued.amount_due)
    assert {part for part in parts if "setoff" in part} == (
        {"kind/setoff/before_tax/20", "kind/setoff/before_tax/5.5", "kind/setoff/after_tax"} if credits_ else set()
    )
    assert rated.differences() == []


@MODES
def test_two_rates_of_one_kind_are_summed_up_apart(stripe_opening, mode):
    """November's expenses at 21 %, and those that came late of October at 20 %."""
    books = stripe_opening(tax=TaxTable(TABLE.rates, (TaxRule("standard"),)))
    books.add("C1", mode, fee="100.00")
    books.bill()
    books.push()
    days = ["2026-10-30"] * 150 + ["2026-11-02"] * 150
    books.take(expenses=[f"X{n},C1,{day},Part {n},1.{n % 100:02d}" for n, day in enumerate(days)])
    issued = books.bill(NOVEMBER, "2026-12-01")["C1"]
    assert sorted(one.percent for one in issued.draft.taxes) == [20, 21]
    assert books.push(NOVEMBER)[issued.number].state is DeliveryState.DONE
    if mode == "mirror":
        found = books.mirrored(issued.number)
        parts = {line["metadata"]["be_part"] for line in books.fake.lines(found["id"])}
        assert found["total"] == cents(issued.amount_due)
    else:
        there = [item["metadata"] for item in books.fake.all("invoiceitem")]
        parts = {has["be_part"] for has in there if has["be_invoice"] == issued.number} - {"rounding"}
    assert parts == {"kind/fee/21", "kind/expense/20", "kind/expense/21"}
    assert books.differences(NOVEMBER) == []


WANTED = [{1: "100.00"}, {2: "40.00"}, {1: "33.33", 2: "44.44"}, {1: "1000.00"}, None]


@pytest.mark.parametrize("table", [TABLE, WITH_EXEMPT])
@pytest.mark.parametrize("credits_", [[], [("100.00", BEFORE)], [("77.77", AFTER)]])
@pytest.mark.parametrize("wanted", WANTED)
def test_a_credit_note_on_two_rates_lowers_what_is_asked_for(stripe_opening, table, credits_, wanted):
    """Its total is ours; what is left to pay is the same on both sides."""
    books = stripe_opening(tax=table)
    issued = billed(books, credits_=credits_)
    note = books.credit_note(issued, "2026-11-03", wanted).credit_note
    assert books.push()[NOTE].outcome is DeliveryOutcome.CREDITED
    (there,) = books.fake.all("credit_note")
    back = sum(one.amount for one in note.draft.reversals if one.setoff is AFTER)
    assert there["total"] == cents(note.draft.gross - back)
    remaining = books.fake.get(books.mirrored(issued.number)["id"])["amount_remaining"]
    assert remaining == cents(books.billing.read_invoice(issued.number).settlement.open)
    assert books.differences() == []
    books.hear()
    assert len(books.billing.receivables.credit_notes()) == 1


def test_a_credit_note_names_the_tax_of_what_is_taxed(stripe_opening):
    """Beside what is exempt only the taxed part is said to be taxable."""
    books = stripe_opening(tax=WITH_EXEMPT)
    issued = billed(books)
    books.credit_note(issued, "2026-11-03", {1: "100.00", 2: "50.00"})
    books.push()
    (there,) = books.fake.all("credit_note")
    (tax,) = there["total_taxes"]
    assert (there["total"], tax["amount"], tax["taxable_amount"]) == (17000, 2000, 10000)


@pytest.mark.parametrize("credits_", [[], [("100.00", BEFORE)], [("77.77", AFTER)]])
@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("own", [(), (20,)])
def test_a_credit_note_lowers_items_of_two_rates_that_wait(rated, credits_, wanted, own):
    """The next invoice asks for what is left, also where the subscription has a rate of its own."""
    rates = [make_rate(rated, percent) for percent in own]
    issued = billed(rated, "attach", credits_=credits_, **subscribed(rated, *rates))
    rated.credit_note(issued, "2026-11-03", wanted)
    assert rated.push()[NOTE].outcome is DeliveryOutcome.CREDITED
    left = rated.billing.read_invoice(issued.number).settlement.open
    made = renewed(rated)
    assert made["total"] == 1000 + sum(10 * percent for percent in own) + cents(left)
    assert rated.differences() == []
    rated.fake.pay(made["id"])
    rated.hear()
    assert rated.billing.read_invoice(issued.number).settlement.open == 0
    assert rated.differences() == []


@pytest.mark.parametrize("own", [(), (20,)])
def test_credits_after_tax_that_are_given_back_are_not_taxed(stripe_books, own):
    """One rate: the item that gives a credit back is what was taken off, not 20 % more."""
    rates = [make_rate(stripe_books, percent) for percent in own]
    where = subscribed(stripe_books, *rates)
    issued = billed(stripe_books, "attach", ("10.00",), credits_=[("800.00", AFTER)], **where)
    stripe_books.credit_note(issued, "2026-11-03", {1: "900.00"})
    assert stripe_books.push()[NOTE].outcome is DeliveryOutcome.CREDITED
    left = stripe_books.billing.read_invoice(issued.number).settlement.open
    assert renewed(stripe_books)["total"] == 1000 + sum(10 * percent for percent in own) + cents(left)


def test_an_invoice_of_two_rates_is_voided(rated):
    """A credit note over the whole here, void there."""
    issued = billed(rated, credits_=[("100.00", BEFORE)])
    done = rated.billing.stripe_records.void(issued.number, "All wrong", issued.issued_on)
    assert rated.push()[done.credit_note.number].outcome is DeliveryOutcome.VOIDED
    rated.hear()
    assert rated.status(issued.number) == "credited"
    assert rated.differences() == []


def test_a_preview_asks_for_what_is_issued_then(rated):
    """Before the first push its rates are not there, which is said; afterwards the next month's total is ours."""
    rated.add("C1", "attach")
    rated.take(expenses=["X1,C1,2026-10-05,Train,89.90", "X2,C1,2026-11-05,Train,12.34"])
    (before,) = rated.desk.preview(rated.billing.plan(OCTOBER))
    assert before.note == "without tax: its rate is made at Stripe by the first push"
    rated.bill()
    rated.push()
    renewed(rated)
    (unknown,) = rated.desk.preview(rated.billing.plan(NOVEMBER))
    assert "its rate is made" in unknown.note  # 21 % is new
    rated.add("C2", "attach", fee="5.00")
    rated.take(expenses=["X3,C2,2026-11-05,Train,3.33"])
    issued = rated.bill(NOVEMBER, "2026-12-01")
    rated.push(NOVEMBER)
    made = {customer: one.draft.tax for customer, one in issued.items()}
    assert made == {"C1": Decimal("210.68"), "C2": Decimal("1.23")}
    december = {one.customer: one for one in rated.desk.preview(rated.billing.plan(DECEMBER))}
    assert (december["C1"].note, december["C1"].tax) == ("", Decimal("210.00"))
    assert december["C1"].total - december["C1"].others == december["C1"].amount_due


@pytest.mark.parametrize("table", [TABLE, WITH_EXEMPT])
@pytest.mark.parametrize(("line", "amount"), [(0, 10000), (1, 4000), (2, 500)])
def test_a_line_that_is_credited_at_stripe_is_credited_here(stripe_opening, table, line, amount):
    """Its credit note names the line, which has a rate: ours comes to the same total."""
    books = stripe_opening(tax=table)
    issued = billed(books)
    there = books.mirrored(issued.number)["id"]
    api = stripe.StripeClient(books.fake.key, base_addresses={"api": books.fake.url}).v1
    chosen = books.fake.lines(there)[line]["id"]
    params = {
        "invoice": there,
        "lines": [{"type": "invoice_line_item", "invoice_line_item": chosen, "amount": amount}],
    }
    made = api.credit_notes.create(params, {"idempotency_key": "by-hand"})
    books.hear()
    (note,) = books.billing.receivables.credit_notes()
    (credited,) = note.draft.lines
    assert (credited.invoice_position, cents(note.draft.net), cents(note.draft.gross)) == (
        line + 1,
        amount,
        made.total,
    )
    assert books.differences() == []


@pytest.mark.parametrize("credits_", [[], [("100.00", BEFORE)], [("77.77", AFTER)]])
@pytest.mark.parametrize("amounts", [[6000], [12346], [1], [100000], [50000, 40000], [112000, 1000]])
@pytest.mark.parametrize("table", [TABLE, WITH_EXEMPT])
def test_what_is_credited_at_stripe_is_credited_here(stripe_opening, table, amounts, credits_):
    """Made there as one sum, which names no rate: ours comes to the same total."""
    books = stripe_opening(tax=table)
    issued = billed(books, credits_=credits_)
    for amount in amounts:
        books.fake.credit(books.mirrored(issued.number)["id"], amount)
        books.hear()
    notes = books.billing.receivables.credit_notes()
    assert [cents(note.draft.gross) for note in notes] == amounts
    assert books.differences() == []
