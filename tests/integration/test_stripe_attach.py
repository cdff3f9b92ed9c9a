"""Attaching: which subscription takes the lines, with which tax, and what a correction of them does."""

from decimal import Decimal

import pytest
import stripe
from databases import ON_SQLITE

from billing_engine.model.delivery import DeliveryOutcome, DeliveryState
from billing_engine.model.sla_terms import Setoff

pytestmark = ON_SQLITE


def items(books):
    """Return the items at Stripe, without those that are gone."""
    return books.fake.all("invoiceitem")


def attached(books, subscription="", **changes):
    """Bill a customer in attach mode whose subscription is made as given; returns its invoice and the delivery."""
    customer = books.fake.add_customer()["id"]
    made = books.fake.add_subscription(customer, **changes)["id"] if changes else ""
    books.add("C1", "attach", linked=customer, subscription=subscription or made or "sub_none")
    issued = books.bill()["C1"]
    return issued, books.push()[issued.number]


def test_the_only_active_subscription_is_found(stripe_books):
    """No subscription named: the customer's only active one takes the lines, and others of other customers do not."""
    stripe_books.add("C1", "attach")
    stripe_books.add("C2", "attach")
    stripe_books.bill()
    stripe_books.push()
    subscriptions = {one["customer"]: one["id"] for one in stripe_books.fake.all("subscription")}
    for item in items(stripe_books):
        assert item["parent"]["subscription_details"]["subscription"] == subscriptions[item["customer"]]
        assert item["description"] == "Premium \u2013 Monthly fee, October 2026"
        assert item["period"]["start"] < item["period"]["end"]
        assert set(item["metadata"]) == {"be_books", "be_invoice", "be_part"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "canceled"}, "is canceled"),
        ({"cancel_at_period_end": True}, "ends, and may have no further invoice; use stripe_mode mirror"),
        ({"automatic_tax": True}, "has Stripe compute its taxes"),
        ({"status": "unpaid"}, "is unpaid; use stripe_mode mirror"),
        ({"pause_collection": {"behavior": "void"}}, "is paused"),
        ({"cancel_at": 1}, "ends, and may have no further invoice"),
    ],
)
def test_a_subscription_that_will_not_do_is_refused(stripe_books, changes, said):
    """Before any item is made the message says why, and what to do."""
    _, delivery = attached(stripe_books, **changes)
    assert delivery.state is DeliveryState.REFUSED
    assert said in delivery.reason
    assert items(stripe_books) == []


def test_a_subscription_of_another_customer_is_refused(stripe_books):
    """Nobody is billed for somebody else."""
    other = stripe_books.fake.add_customer()["id"]
    theirs = stripe_books.fake.add_subscription(other)["id"]
    _, delivery = attached(stripe_books, subscription=theirs)
    assert "is of another customer" in delivery.reason


@pytest.mark.parametrize(
    ("count", "said"), [(0, "has no active subscription at Stripe"), (2, "has 2 active subscriptions")]
)
def test_nothing_is_guessed_where_there_is_no_only_subscription(stripe_books, count, said):
    """None or several: the message lists them, and says what to name."""
    customer = stripe_books.fake.add_customer()["id"]
    stripe_books.add("C1", "attach", linked=customer)  # with one
    for _ in range(count - 1):
        stripe_books.fake.add_subscription(customer)
    if not count:
        (made,) = stripe_books.fake.all("subscription")
        stripe_books.fake.tamper(made["id"], status="canceled")
    issued = stripe_books.bill()["C1"]
    delivery = stripe_books.push()[issued.number]
    assert said in delivery.reason
    assert "name one as stripe_subscription, or use stripe_mode mirror" in delivery.reason


def make_rate(fake, percent):
    """Make a rate of tax by hand; returns its id."""
    client = stripe.StripeClient(fake.key, base_addresses={"api": fake.url})
    params = {"display_name": "VAT", "percentage": percent, "inclusive": False}
    return client.v1.tax_rates.create(params, {"idempotency_key": f"rate-{percent}"}).id


def test_a_rate_of_tax_is_made_once_for_all(stripe_books):
    """A subscription without taxes: items name a rate of the invoice's percentage, and it comes to the same."""
    for customer in ("C1", "C2", "C3"):
        stripe_books.add(customer, "attach")
    issued = stripe_books.bill()
    stripe_books.push()
    (rate,) = stripe_books.fake.all("tax_rate")
    assert (rate["percentage"], rate["inclusive"], rate["country"]) == (20, False, "RS")
    assert all([one["id"] for one in item["tax_rates"]] == [rate["id"]] for item in items(stripe_books))
    for subscription in stripe_books.fake.all("subscription"):
        made = stripe_books.fake.finalize(stripe_books.fake.renew(subscription["id"])["id"])
        assert made["total"] == 1000 + int(issued["C1"].amount_due * 100)


def test_a_subscription_that_has_the_rate_is_left_to_it(stripe_books):
    """Its own rates come to the invoice's percentage: items name none."""
    rate = make_rate(stripe_books.fake, 20)
    attached(stripe_books, default_tax_rates=(rate,))
    assert [item["tax_rates"] for item in items(stripe_books)] == [[]]


def test_items_without_tax_say_so_where_the_subscription_has_some(stripe_opening):
    """An invoice without VAT, and credits after tax, name a rate of 0 %."""
    books = stripe_opening(vat_percent=None)
    rate = make_rate(books.fake, 20)
    attached(books, default_tax_rates=(rate,))
    (item,) = items(books)
    assert [one["percentage"] for one in item["tax_rates"]] == [0]


def test_a_credit_after_tax_is_not_taxed_by_the_subscription(stripe_books):
    """The customer gets back what was granted, not 20 % more."""
    rate = make_rate(stripe_books.fake, 20)
    customer = stripe_books.fake.add_customer()["id"]
    subscription = stripe_books.fake.add_subscription(customer, default_tax_rates=(rate,))["id"]
    stripe_books.add("C1", "attach", linked=customer, subscription=subscription)
    stripe_books.grant("80.00", setoff=Setoff.AFTER_TAX)
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    made = stripe_books.fake.finalize(stripe_books.fake.renew(subscription)["id"])
    assert made["total"] == 1200 + int(issued.amount_due * 100)


def test_a_credit_note_lowers_items_that_wait(stripe_books):
    """While the lines wait for their invoice a correction goes on the same one, taxed like them."""
    stripe_books.add("C1", "attach")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.credit_note(issued, "2026-11-03", {1: "250.00"})
    sent = stripe_books.push()
    assert sent["CN-2026-000001"].outcome is DeliveryOutcome.CREDITED
    assert sorted(item["amount"] for item in items(stripe_books)) == [-25000, 100000]
    (subscription,) = stripe_books.fake.all("subscription")
    made = stripe_books.fake.finalize(stripe_books.fake.renew(subscription["id"])["id"])
    assert made["total"] == 1000 + 90000
    stripe_books.fake.pay(made["id"])
    stripe_books.hear()
    assert (stripe_books.status(issued.number), stripe_books.paid(issued.number)) == ("paid", Decimal("900.00"))
    assert stripe_books.differences() == []


def test_a_credit_note_for_items_that_are_billed_is_given_back_by_our_ledger(stripe_books):
    """They are on an invoice: nothing is sent, and what is then paid too much becomes a credit here. Once."""
    stripe_books.add("C1", "attach")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    (subscription,) = stripe_books.fake.all("subscription")
    made = stripe_books.fake.finalize(stripe_books.fake.renew(subscription["id"])["id"])
    stripe_books.credit_note(issued, "2026-11-03", {1: "250.00"})
    sent = stripe_books.push()
    assert sent["CN-2026-000001"].outcome is DeliveryOutcome.NOTHING_TO_SEND
    assert made["id"] in sent["CN-2026-000001"].reason
    assert len(items(stripe_books)) == 1
    stripe_books.fake.pay(made["id"])
    stripe_books.hear()
    assert list(stripe_books.left().values()) == ["300.00"]
    assert stripe_books.differences() == []


def test_what_stripe_rounds_otherwise_is_set_off(stripe_opening):
    """Stripe rounds tax line by line: an item of its own sets that off, and the customer pays what our invoice says."""
    books = stripe_opening(vat_percent=Decimal(19))
    books.add("C1", "attach", fee="10.03")
    books.take(expenses=[f"X-{n},C1,2026-10-0{n},Part {n},10.03" for n in range(1, 10)])
    issued = books.bill()["C1"]
    assert issued.amount_due == Decimal("119.36")
    books.push()
    (rounding,) = [item for item in items(books) if item["metadata"]["be_part"] == "rounding"]
    assert (rounding["amount"], rounding["tax_rates"]) == (-4, [])
    (subscription,) = books.fake.all("subscription")
    made = books.fake.finalize(books.fake.renew(subscription["id"])["id"])
    assert made["total"] == 1000 + 11936
    books.fake.pay(made["id"])
    books.hear()
    assert (books.status(issued.number), books.left()) == ("paid", {})
    assert books.differences() == []
