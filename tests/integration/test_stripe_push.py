"""Pushing to Stripe: each document is there once, to the cent, or it says why not."""

from dataclasses import replace
from decimal import Decimal

import pytest
import stripe
from books import NOVEMBER
from databases import ON_SQLITE

from billing_engine.errors import StripeRefusedError
from billing_engine.model.contract import Customer
from billing_engine.model.delivery import DeliveryKind, DeliveryOutcome, DeliveryState, StripeMode, delivery_of
from billing_engine.model.invoice import InvoiceSetoff
from billing_engine.model.settings import StripeTerms
from billing_engine.model.sla_terms import Setoff
from billing_engine.stripe_sync.attach import attach_invoice
from billing_engine.stripe_sync.mirror import mirror_invoice
from billing_engine.stripe_sync.order import Order

pytestmark = ON_SQLITE


def test_an_invoice_is_mirrored_with_our_number_and_figures(stripe_books):
    """Mirror: number, lines with our own tax, total and tax to the cent, finalized."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    delivery = stripe_books.push()[issued.number]
    assert (delivery.state, delivery.outcome) == (DeliveryState.DONE, DeliveryOutcome.MIRRORED)
    found = stripe_books.mirrored(issued.number)
    assert (found["status"], found["total"], found["id"]) == ("open", 120000, delivery.stripe_id)
    assert sum(tax["amount"] for tax in found["total_taxes"]) == 20000
    assert stripe_books.differences() == []


@pytest.mark.parametrize(
    ("currency", "fee", "total"),
    [
        ("JPY", "1234", 1234),
        ("ISK", "1234", 123400),
        ("KWD", "12.340", 12340),
        ("HUF", "1234.50", 123450),
        ("EUR", "1234.56", 123456),
    ],
)
@pytest.mark.parametrize("mode", ["mirror", "attach"])
def test_amounts_go_in_the_units_of_stripe(stripe_opening, currency, fee, total, mode):
    """Stripe's own table: ISK has two decimals there and none here."""
    books = stripe_opening(vat_percent=None)
    books.add("C1", mode, currency=currency, fee=fee)
    issued = books.bill()["C1"]
    assert books.push()[issued.number].state is DeliveryState.DONE
    if mode == "mirror":
        assert books.mirrored(issued.number)["total"] == total
    else:
        assert [item["amount"] for item in books.fake.all("invoiceitem")] == [total]
    assert books.differences() == []
    if mode == "mirror":
        books.fake.pay(books.mirrored(issued.number)["id"])
        books.hear()
        assert books.paid(issued.number) == Decimal(fee)


def stripe_client(fake):
    """Open the bare library on the fake."""
    return stripe.StripeClient(fake.key, base_addresses={"api": fake.url})


def add_expenses(books, count, customer="C1"):
    """Take in so many expenses of 1.00 each, a line each."""
    books.take(expenses=[f"X-{customer}-{n:03d},{customer},2026-10-05,Part {n},1.00" for n in range(count)])


@pytest.mark.parametrize("mode", ["mirror", "attach"])
def test_300_lines_are_summed_up_by_kind_and_our_pdf_is_named(stripe_opening, mode):
    """Over 200 lines: one a kind, the total to the cent, and where each line is to be found."""
    books = stripe_opening(stripe=StripeTerms(invoice_url="https://pdf.example/{number}"))
    books.add("C1", mode)
    add_expenses(books, 300)
    issued = books.bill()["C1"]
    assert len(issued.draft.lines) == 301
    assert books.push()[issued.number].state is DeliveryState.DONE
    hint = f"All 301 lines are on our invoice {issued.number}: https://pdf.example/{issued.number}"
    if mode == "mirror":
        found = books.mirrored(issued.number)
        assert (len(books.fake.lines(found["id"])), found["total"], found["footer"]) == (2, 156000, hint)
    else:
        items = books.fake.all("invoiceitem")
        assert sorted(item["amount"] for item in items) == [30000, 100000]
        assert all(hint in item["description"] for item in items)
    assert books.differences() == []


def test_200_lines_go_in_chunks(stripe_books):
    """Up to 200 lines stand for themselves; no request adds more than 50, and all are compared."""
    stripe_books.add("C1")
    add_expenses(stripe_books, 199)
    issued = stripe_books.bill()["C1"]
    assert stripe_books.push()[issued.number].state is DeliveryState.DONE
    calls = [request for request in stripe_books.fake.requests if request.path.endswith("/add_lines")]
    assert len(calls) == 4
    found = stripe_books.mirrored(issued.number)
    assert (len(stripe_books.fake.lines(found["id"])), found["total"]) == (200, 143880)


def test_items_that_would_not_fit_the_next_invoice_are_summed_up(stripe_books):
    """Stripe puts 250 items on one invoice: what would be left over comes months late."""
    customer = stripe_books.add("C1", "attach")
    client = stripe_client(stripe_books.fake)
    for n in range(200):
        params = {"customer": customer, "currency": "eur", "amount": 100, "description": f"Other {n}"}
        client.v1.invoice_items.create(params, {"idempotency_key": f"other-{n}"})
    add_expenses(stripe_books, 60)
    issued = stripe_books.bill()["C1"]
    assert stripe_books.push()[issued.number].state is DeliveryState.DONE
    ours = [item for item in stripe_books.fake.all("invoiceitem") if item["metadata"]]
    assert sorted(item["amount"] for item in ours) == [6000, 100000]


def test_a_full_next_invoice_is_waited_for(stripe_books):
    """With 250 items waiting nothing more fits; the message says what to do, and the push after that does it."""
    customer = stripe_books.add("C1", "attach")
    client = stripe_client(stripe_books.fake)
    for n in range(250):
        params = {"customer": customer, "currency": "eur", "amount": 100, "description": f"Other {n}"}
        client.v1.invoice_items.create(params, {"idempotency_key": f"other-{n}"})
    issued = stripe_books.bill()["C1"]
    delivery = stripe_books.push()[issued.number]
    assert delivery.state is DeliveryState.REFUSED
    assert "250 items wait already" in delivery.reason
    (subscription,) = stripe_books.fake.all("subscription")
    stripe_books.fake.renew(subscription["id"])
    assert stripe_books.push()[issued.number].state is DeliveryState.DONE


def test_a_total_below_the_smallest_amount_is_carried_over(stripe_opening):
    """0.30 EUR: Stripe calls it paid; here it is open until the next invoice brought it in."""
    books = stripe_opening(vat_percent=None)
    books.add("C1", fee="0.30")
    issued = books.bill()["C1"]
    delivery = books.push()[issued.number]
    assert (delivery.state, delivery.outcome) == (DeliveryState.DONE, DeliveryOutcome.CARRIED_OVER)
    books.hear()
    assert (books.status(issued.number), books.paid(issued.number)) == ("open", 0)
    assert books.differences() == []
    books.take(expenses=["X-1,C1,2026-11-05,Part,10.00"])
    following = books.bill(NOVEMBER, "2026-12-01")["C1"]
    books.push(NOVEMBER)
    found = books.mirrored(following.number)
    assert (found["total"], found["amount_due"]) == (1030, 1060)
    books.fake.pay(found["id"])
    books.hear()
    assert (books.paid(issued.number), books.paid(following.number)) == (Decimal("0.30"), Decimal("10.30"))
    assert books.differences() == books.differences(NOVEMBER) == []


@pytest.mark.parametrize("mode", ["mirror", "attach"])
def test_setoffs_are_negative_lines_and_never_customer_balance(stripe_opening, mode):
    """An SLA credit lowers the invoice by a line of its own, to the cent; a total of nothing is paid at once."""
    books = stripe_opening()
    customer = books.add("C1", mode, fee="100.00")
    books.grant("50.00", setoff=Setoff.BEFORE_TAX)
    books.grant("80.00", setoff=Setoff.AFTER_TAX)
    issued = books.bill()["C1"]
    assert (issued.draft.net, issued.amount_due) == (Decimal("50.00"), 0)
    assert books.push()[issued.number].state is DeliveryState.DONE
    if mode == "mirror":
        found = books.mirrored(issued.number)
        assert (found["status"], found["total"], found["amount_paid"]) == ("paid", 0, 0)
        amounts = sorted(line["amount"] for line in books.fake.lines(found["id"]))
    else:
        amounts = sorted(item["amount"] for item in books.fake.all("invoiceitem"))
    assert amounts == [-6000, -5000, 10000]
    assert books.fake.get(customer)["balance"] == 0
    assert not any("balance_transactions" in request.path for request in books.fake.requests)
    books.hear()
    assert books.status(issued.number) == "paid"
    assert books.differences() == []


@pytest.mark.parametrize("mode", ["mirror", "attach"])
def test_a_total_below_zero_is_refused(stripe_books, mode):
    """Our invoices are never below zero; should one be, Stripe would keep the rest as a credit that we have, too."""
    stripe_books.add("C1", mode)
    order = order_of(stripe_books, stripe_books.bill()["C1"].number, mode)
    below = InvoiceSetoff(1, "CR-1", "CL-1", "Uptime", Decimal("5000.00"), Setoff.AFTER_TAX)
    negative = replace(order, invoice=replace(order.invoice, draft=replace(order.invoice.draft, setoffs=(below,))))
    flow = mirror_invoice(negative) if mode == "mirror" else attach_invoice(negative)
    with pytest.raises(StripeRefusedError, match="below zero"):
        walk(flow, [{"id": "cus_1"}], [{"id": "sub_1", "rates": []}], [{"others": 0}])


def order_of(books, number, mode):
    """Make the order of an invoice."""
    issued = books.billing.read_invoice(number)
    customer = Customer("C1", "One", "CZ", "EUR", stripe_customer="cus_1", stripe_mode=StripeMode(mode))
    delivery = delivery_of(DeliveryKind.INVOICE, number, number, "C1", "2026-10")
    return Order(delivery, issued, customer, "books", 0, StripeTerms())


def walk(flow, *answers):
    """Go through a flow with made-up answers."""
    next(flow)
    for answer in answers:
        flow.send(answer)


def test_a_customer_in_another_currency_is_refused_before_anything_is_made(stripe_books):
    """A customer at Stripe has one currency for good."""
    at_stripe = stripe_books.fake.add_customer(currency="usd")["id"]
    stripe_books.add("C1", linked=at_stripe)
    issued = stripe_books.bill()["C1"]
    delivery = stripe_books.push()[issued.number]
    assert delivery.state is DeliveryState.REFUSED
    assert "billed in USD at Stripe, the invoice is in EUR" in delivery.reason
    assert not [request for request in stripe_books.fake.requests if request.method == "POST"]
    other = stripe_books.fake.add_customer()["id"]
    stripe_books.billing.stripe_records.link("C1", other)
    assert stripe_books.push()[issued.number].outcome is DeliveryOutcome.MIRRORED


@pytest.mark.parametrize(("currency", "fee"), [("KWD", "12.345"), ("MGA", "1.50")])
def test_an_amount_that_stripe_does_not_take_is_refused(stripe_opening, currency, fee):
    """Nothing is rounded on the way."""
    books = stripe_opening(vat_percent=None)
    books.add("C1", currency=currency, fee=fee)
    issued = books.bill()["C1"]
    delivery = books.push()[issued.number]
    assert delivery.state is DeliveryState.REFUSED
    assert f"{fee} {currency} can not be billed at Stripe" in delivery.reason


def test_one_customer_that_fails_stops_no_other(stripe_books):
    """A customer that is deleted at Stripe is refused, the others are sent."""
    gone = stripe_books.fake.add_customer(deleted=True)["id"]
    stripe_books.add("C1", linked=gone)
    stripe_books.add("C2")
    stripe_books.add("C3", linked="cus_NotThere")
    numbers = {customer: issued.number for customer, issued in stripe_books.bill().items()}
    sent = stripe_books.push()
    assert {customer: str(sent[number].state) for customer, number in numbers.items()} == {
        "C1": "refused",
        "C2": "done",
        "C3": "refused",
    }
    assert "is deleted there" in sent[numbers["C1"]].reason
    assert "is not there" in sent[numbers["C3"]].reason


def test_a_draft_that_differs_is_not_finalized(stripe_books, monkeypatch):
    """Total and tax are compared before the invoice is final; once somebody put the draft right the push goes on."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    monkeypatch.setattr("billing_engine.stripe_sync.mirror.to_stripe", lambda amount, _: int(amount * 100) + 1)
    delivery = stripe_books.push()[issued.number]
    assert delivery.state is DeliveryState.REFUSED
    assert "was not finalized: its total is 1200.00 EUR, ours 1200.00 EUR; its tax" in delivery.reason
    assert stripe_books.mirrored(issued.number)["status"] == "draft"
    monkeypatch.undo()
    assert stripe_books.push()[issued.number].outcome is DeliveryOutcome.MIRRORED


@pytest.mark.parametrize("mode", ["mirror", "attach"])
def test_a_coupon_of_the_customer_does_not_lower_our_lines(stripe_books, mode):
    """All lines are sent as not discountable."""
    stripe_books.add("C1", mode)
    stripe_books.bill()
    stripe_books.push()
    if mode == "mirror":
        (invoice,) = stripe_books.fake.all("invoice")
        found = stripe_books.fake.lines(invoice["id"])
    else:
        found = stripe_books.fake.all("invoiceitem")
    assert [one["discountable"] for one in found] == [False]


def test_what_was_paid_or_credited_before_is_not_sent(stripe_opening):
    """Nobody is asked twice for the same."""
    books = stripe_opening()
    for customer in ("C1", "C2"):
        books.add(customer)
    issued = books.bill()
    books.pay(issued["C1"], "2026-11-03")
    books.credit_note(issued["C2"], "2026-11-03")
    sent = books.push()
    assert {one.outcome for one in sent.values()} == {DeliveryOutcome.NOTHING_TO_SEND}
    assert books.fake.all("invoice") == []
    assert books.differences() == []


def test_a_stripe_that_is_down_is_not_asked_for_everything(stripe_books):
    """Sixteen deliveries without a clear answer, and none between them: the rest waits for the next push."""
    for n in range(50):
        stripe_books.add(f"C{n:02d}")
    stripe_books.bill()
    stripe_books.fake.stop()
    sent = stripe_books.push()
    assert {str(one.state) for one in sent.values()} == {"waiting"}
    assert sum("no clear answer" in one.reason for one in sent.values()) == 32
    stripe_books.fake.start()
    assert {str(one.state) for one in stripe_books.push().values()} == {"done"}
