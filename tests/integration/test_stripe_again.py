"""Changes of mind: whatever is changed between issuing, sending and sending again, nobody is billed twice."""

from dataclasses import replace
from decimal import Decimal

import pytest
import stripe
from books import OCTOBER
from databases import ON_SQLITE

from billing_engine.errors import StripeAccessError, StripeRefusedError
from billing_engine.model.delivery import DeliveryOutcome, DeliveryState, StripeMode
from billing_engine.storage import stripe_outbox

pytestmark = ON_SQLITE


def link(books, stripe_customer, mode=None, customer="C1"):
    """Say anew which customer at Stripe it is, or how it is billed."""
    books.billing.stripe_records.link(customer, stripe_customer, mode)


def sum_of_items(books):
    """Sum up what waits for invoices."""
    return sum(item["amount"] for item in books.fake.all("invoiceitem") if not item["invoice"])


@pytest.mark.parametrize("later", [StripeMode.MIRROR, StripeMode.ATTACH])
def test_a_delivery_ends_as_it_was_begun(stripe_books, later):
    """The mode is changed while it is half sent, and once it is done: no invoice beside the items, or the reverse."""
    first = StripeMode.ATTACH if later is StripeMode.MIRROR else StripeMode.MIRROR
    customer = stripe_books.add("C1", first)
    if first is StripeMode.MIRROR:
        stripe_books.fake.add_subscription(customer)
    issued = stripe_books.bill()["C1"]
    begun = 4 if first is StripeMode.ATTACH else 1  # looks, and a rate of tax
    stripe_books.fake.script(*[None] * begun, "drop_after", *["rate_limited"] * 40)
    assert stripe_books.push()[issued.number].state is DeliveryState.WAITING
    link(stripe_books, customer, later)
    stripe_books.fake._planned.clear()  # noqa: SLF001 - no more of them
    expected = DeliveryOutcome.ATTACHED if first is StripeMode.ATTACH else DeliveryOutcome.MIRRORED
    assert stripe_books.push()[issued.number].outcome is expected
    stripe_books.billing.stripe_records.again(issued.number)
    assert stripe_books.push()[issued.number].outcome is expected
    billed = sum_of_items(stripe_books) + sum(one["total"] for one in stripe_books.fake.all("invoice"))
    assert billed == (100000 if first is StripeMode.ATTACH else 120000)
    assert stripe_books.differences() == []


@pytest.mark.parametrize("mode", ["mirror", "attach"])
def test_a_customer_that_is_linked_anew_is_not_billed_for_what_was_sent(stripe_books, mode):
    """Sent to one, linked to another, sent again: it is where it was."""
    stripe_books.add("C1", mode)
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    other = stripe_books.fake.add_customer()["id"]
    stripe_books.fake.add_subscription(other)
    link(stripe_books, other)
    assert stripe_books.differences() == []
    stripe_books.billing.stripe_records.again(issued.number)
    assert stripe_books.push()[issued.number].state is DeliveryState.DONE
    assert len(stripe_books.fake.all("invoice")) + len(stripe_books.fake.all("invoiceitem")) in (1, 2)
    found = [*stripe_books.fake.all("invoice"), *stripe_books.fake.all("invoiceitem")]
    assert other not in {one["customer"] for one in found}
    assert stripe_books.differences() == []


def test_sending_again_keeps_the_shape(stripe_books):
    """Lines stay lines, though their sums by kind would be sent by now."""
    customer = stripe_books.add("C1", "attach")
    stripe_books.take(expenses=[f"X-{n:03d},C1,2026-10-05,Part {n},1.00" for n in range(150)])
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    client = stripe.StripeClient(stripe_books.fake.key, base_addresses={"api": stripe_books.fake.url})
    for n in range(101):
        params = {"customer": customer, "currency": "eur", "amount": 1, "description": f"Other {n}"}
        client.v1.invoice_items.create(params, {"idempotency_key": f"other-{n}"})
    stripe_books.billing.stripe_records.again(issued.number)
    assert stripe_books.push()[issued.number].state is DeliveryState.DONE
    assert sum_of_items(stripe_books) == 115000 + 101
    assert stripe_books.differences() == []


def test_what_somebody_deleted_is_sent_again(stripe_books):
    """`push --again`: what is there stays, what is gone is made anew, once."""
    stripe_books.add("C1", "attach")
    stripe_books.take(expenses=[f"X-{n},C1,2026-10-05,Part {n},1.00" for n in range(3)])
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    gone = stripe_books.fake.all("invoiceitem")[1]
    client = stripe.StripeClient(stripe_books.fake.key, base_addresses={"api": stripe_books.fake.url})
    client.v1.invoice_items.delete(gone["id"])
    ((number, what, *_),) = stripe_books.differences()
    assert (number, what) == (issued.number, "existence")
    stripe_books.billing.stripe_records.again(issued.number)
    stripe_books.push()
    assert sum_of_items(stripe_books) == 100300
    assert stripe_books.differences() == []


def test_what_another_push_sends_is_not_sent_again_meanwhile(stripe_books):
    """A claim of somebody who is there is respected."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    with stripe_books.database.begin() as connection:
        sender = stripe_outbox.sender_name(99)
        kinds = [one.kind for one in stripe_outbox.read_deliveries(connection)]
        stripe_outbox.claim(connection, OCTOBER, kinds, sender, 0, 2**40, most=5)
    with pytest.raises(StripeRefusedError, match="being sent by another push"):
        stripe_books.billing.stripe_records.again(issued.number)


def test_what_came_from_stripe_is_not_sent_back(stripe_books):
    """A credit note of the dashboard stays one."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.fake.credit(stripe_books.mirrored(issued.number)["id"], 30000)
    stripe_books.hear()
    stripe_books.billing.stripe_records.again(issued.number)
    stripe_books.push()
    assert len(stripe_books.fake.all("credit_note")) == 1
    assert stripe_books.differences() == []


def test_what_was_taken_back_is_not_sent_again(stripe_books):
    """A withdrawn invoice stays withdrawn."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.fake.void(stripe_books.mirrored(issued.number)["id"])
    stripe_books.hear()
    with pytest.raises(StripeRefusedError, match="taken back"):
        stripe_books.billing.stripe_records.again(issued.number)
    assert stripe_books.differences() == []


def test_what_was_partly_paid_before_is_not_asked_for_in_whole(stripe_books):
    """1,000 of 1,200 came by bank before the push: it is refused, and done with when the rest came."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    stripe_books.pay(issued, "2026-11-03", "1000.00")
    delivery = stripe_books.push()[issued.number]
    assert delivery.state is DeliveryState.REFUSED
    assert "1000.00 EUR came in before it was sent" in delivery.reason
    stripe_books.pay(issued, "2026-11-04", "200.00")
    assert stripe_books.push()[issued.number].outcome is DeliveryOutcome.NOTHING_TO_SEND


def test_what_is_partly_paid_elsewhere_afterwards_differs(stripe_books):
    """Stripe asks for all of it, here a part is open: both figures are said."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.pay(issued, "2026-11-03", "1000.00")
    assert stripe_books.differences() == [(issued.number, "open", "200.00", "1200.00")]


def test_a_payment_that_settling_met_is_a_payment(stripe_books):
    """Paid by bank and by card: both are recorded, and what is too much is a credit."""
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.pay(issued, "2026-11-03")
    stripe_books.billing.stripe_records.settle(issued.number)
    stripe_books.fake.pay(stripe_books.mirrored(issued.number)["id"])
    stripe_books.push()
    stripe_books.hear()
    assert stripe_books.paid(issued.number) == Decimal("2400.00")
    assert list(stripe_books.left().values()) == ["1200.00"]
    assert stripe_books.differences() == []


def test_a_draft_that_was_changed_meanwhile_is_not_finalized(stripe_books):
    """Lines added, finalize not heard of, and somebody adds 7.77: the next push looks before it finalizes."""
    customer = stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    stripe_books.fake.script(*[None] * 3, *["rate_limited"] * 40)
    assert stripe_books.push()[issued.number].state is DeliveryState.WAITING
    stripe_books.fake._planned.clear()  # noqa: SLF001 - no more of them
    draft = stripe_books.mirrored(issued.number)
    client = stripe.StripeClient(stripe_books.fake.key, base_addresses={"api": stripe_books.fake.url})
    params = {"customer": customer, "invoice": draft["id"], "amount": 777, "currency": "eur", "description": "Tip"}
    client.v1.invoice_items.create(params, {"idempotency_key": "tip"})
    delivery = stripe_books.push()[issued.number]
    assert (delivery.state, delivery.stripe_id) == (DeliveryState.REFUSED, draft["id"])
    assert "its total is 1207.77 EUR, ours 1200.00 EUR" in delivery.reason
    assert f"stripe cancel {draft['id']}" in delivery.reason
    assert stripe_books.mirrored(issued.number)["status"] == "draft"
    assert stripe_books.desk.cancel(draft["id"]) == "deleted"
    stripe_books.billing.stripe_records.again(issued.number)
    assert stripe_books.push()[issued.number].outcome is DeliveryOutcome.MIRRORED
    assert stripe_books.differences() == []


def test_an_item_that_waits_no_more_is_not_lowered(stripe_books):
    """The credit note was not heard of, the items are on a paid invoice by now: our ledger gives it back, once."""
    stripe_books.add("C1", "attach")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.credit_note(issued, "2026-11-03", {1: "500.00"})
    stripe_books.fake.script(*[None] * 2, *["rate_limited"] * 40)
    assert stripe_books.push()["CN-2026-000001"].state is DeliveryState.WAITING
    (subscription,) = stripe_books.fake.all("subscription")
    stripe_books.fake._planned.clear()  # noqa: SLF001 - no more of them
    made = stripe_books.fake.finalize(stripe_books.fake.renew(subscription["id"])["id"])
    stripe_books.fake.pay(made["id"])
    stripe_books.hear()
    assert list(stripe_books.left().values()) == ["600.00"]
    assert stripe_books.push()["CN-2026-000001"].outcome is DeliveryOutcome.NOTHING_TO_SEND
    assert len(stripe_books.fake.all("invoiceitem")) == 1
    assert stripe_books.differences() == []


def test_a_mode_without_a_customer_is_left_to_send(stripe_books):
    """Somebody forgot the id: it is not silently left out."""
    stripe_books.add("C1", linked=False)
    issued = stripe_books.bill()["C1"]
    delivery = stripe_books.push()[issued.number]
    assert delivery.state is DeliveryState.REFUSED
    assert "has no customer at Stripe; `billing-engine stripe link C1 cus_...` names it" in delivery.reason
    link(stripe_books, stripe_books.fake.add_customer()["id"])
    assert stripe_books.push()[issued.number].outcome is DeliveryOutcome.MIRRORED


def test_reconciling_puts_nothing_down(stripe_books):
    """What was issued before its customer was linked is named, and sent only by a push."""
    stripe_books.add("C1", "", linked=False)
    issued = stripe_books.bill()["C1"]
    assert stripe_books.differences() == []
    link(stripe_books, stripe_books.fake.add_customer()["id"], StripeMode.MIRROR)
    assert [one[:2] for one in stripe_books.differences()] == [(issued.number, "sending")]
    assert stripe_books.billing.stripe_records.status().left == []
    assert stripe_books.push()[issued.number].outcome is DeliveryOutcome.MIRRORED
    assert stripe_books.differences() == []


def test_only_a_push_binds_the_books_to_a_mode(stripe_books):
    """Reconciling and previewing with a test key leave the books free; a push does not."""
    stripe_books.add("C1")
    stripe_books.bill()
    stripe_books.differences()
    list(stripe_books.desk.preview(stripe_books.billing.plan(OCTOBER)))
    live = stripe_books.billing.stripe(replace(stripe_books.access, key="sk_live_1"))
    with pytest.raises(StripeAccessError, match="did not accept"):
        live.push(OCTOBER)
    with pytest.raises(StripeAccessError, match="with a live key, and this is a test key"):
        stripe_books.push()


def test_a_stand_in_here_is_asked_without_a_proxy(stripe_books, monkeypatch):
    """A key for this machine goes to nobody else."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    stripe_books.add("C1")
    issued = stripe_books.bill()["C1"]
    assert stripe_books.push()[issued.number].state is DeliveryState.DONE
