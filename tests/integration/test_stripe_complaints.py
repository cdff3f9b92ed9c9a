"""What hurts users of such syncs, row by row of section 4 of the notes about Stripe: none of it hurts ours."""

import logging
from decimal import Decimal

import pytest
from books import NOVEMBER
from databases import ON_SQLITE
from sqlalchemy import select
from stripe_books import CONTRACTS, HEADER

from billing_engine.model.delivery import DeliveryOutcome, DeliveryState
from billing_engine.storage import stripe_mirror
from billing_engine.storage.stripe_tables import calls

pytestmark = ON_SQLITE


def mirrored(books, **more):
    """Bill a customer and mirror that; returns our number."""
    books.add("C1", **more)
    number = books.bill()["C1"].number
    books.push_until_done()
    return number


def posts(books, ending=""):
    """Return the POST requests to paths that end so."""
    return [one for one in books.fake.requests if one.method == "POST" and one.path.endswith(ending)]


def written_keys(books):
    """Return the keys that were written before they were sent."""
    with books.database.connect() as connection:
        return set(connection.scalars(select(calls.c.idempotency_key)))


@pytest.mark.parametrize("fault", ["drop_after", "timeout", "truncated"])
def test_charged_twice_because_a_slow_call_was_sent_again_with_a_new_key(stripe_books, fault):
    """What may have been done is sent again under the same key, and is there once."""
    stripe_books.fake.hold_seconds = 0.6
    stripe_books.fake.script(None, fault)
    number = mirrored(stripe_books)
    first, second, *_ = [one.key for one in posts(stripe_books, "/invoices")]
    assert first == second
    assert len(stripe_books.fake.by_metadata("invoice", "be_invoice")[number]) == 1


def test_a_stored_failure_replays_for_ever(stripe_books):
    """A failure that is kept under a key ends with that key: somebody looks, and the next attempt has its own."""
    stripe_books.fake.script(None, "error_500_before")
    number = mirrored(stripe_books)
    keys = [one.key for one in posts(stripe_books, "/invoices")]
    assert keys[-1] != keys[0]
    assert keys[-1].rpartition(":")[0] == keys[0].rpartition(":")[0]
    assert stripe_books.mirrored(number)["status"] == "open"


def test_a_key_is_overwritten_by_whoever_retries(stripe_books):
    """Every key on the wire is one that was written before, whatever went wrong."""
    stripe_books.fake.script(None, "drop_before", "html_502", None, "rate_limited", "drop_after")
    mirrored(stripe_books)
    assert stripe_books.fake.without_key == 0
    assert {one.key for one in posts(stripe_books)} <= written_keys(stripe_books)


def test_a_key_is_in_use_after_a_timeout(stripe_books):
    """409 means later, with the same key."""
    stripe_books.fake.script(None, "conflict", "conflict")
    mirrored(stripe_books)
    assert len({one.key for one in posts(stripe_books, "/invoices")}) == 1
    assert len(stripe_books.fake.all("invoice")) == 1


def test_a_webhook_that_comes_twice_crashes(stripe_books):
    """The second one is as welcome as the first, and kept once."""
    mirrored(stripe_books)
    event = stripe_books.fake.signed(stripe_books.fake.events[-1])
    assert [stripe_books.desk.events.take(*event) for _ in range(3)] == [True, False, False]
    assert len(stripe_books.dump()["billing_stripe_inbox"]) == 1


def test_a_stale_event_rolls_the_state_back(stripe_books):
    """Events are hints: one that tells of the draft comes last, and the invoice stays paid."""
    number = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_books.mirrored(number)["id"])
    for event in reversed(stripe_books.fake.events):
        stripe_books.hear(event)
    assert stripe_books.status(number) == "paid"


def test_a_payment_whose_webhook_was_lost_stays_unknown(stripe_books):
    """Events are read since a cursor, too."""
    number = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_books.mirrored(number)["id"])
    stripe_books.desk.events.poll()
    stripe_books.desk.events.work()
    assert stripe_books.status(number) == "paid"


def test_webhooks_about_what_is_not_ours_flood_errors(stripe_books, caplog):
    """They are kept, looked at once, and ignored without a word."""
    number = mirrored(stripe_books)
    for _ in range(5):
        plan = stripe_books.fake.add_subscription(stripe_books.fake.add_customer()["id"])["id"]
        stripe_books.fake.pay(stripe_books.fake.finalize(stripe_books.fake.renew(plan)["id"])["id"])
    foreign = [one for one in stripe_books.fake.events if one["data"]["object"].get("number") != number]
    with caplog.at_level(logging.WARNING):
        worked = stripe_books.hear(*foreign)
    assert (worked.put_off, caplog.text) == (0, "")
    assert len(stripe_books.dump()["billing_stripe_invoices"]) == 1


def test_a_status_that_nobody_knows_breaks_the_mapping(stripe_books):
    """It changes nothing, and the next one that is known does."""
    number = mirrored(stripe_books)
    stripe_id = stripe_books.mirrored(number)["id"]
    stripe_books.fake.tamper(stripe_id, status="processing")
    assert stripe_books.hear().put_off == 0
    stripe_books.fake.tamper(stripe_id, status="open")
    stripe_books.fake.pay(stripe_id)
    stripe_books.hear()
    assert stripe_books.status(number) == "paid"


def test_an_amount_below_the_minimum_counts_as_failed(stripe_books):
    """It is an outcome of its own, and owed until another invoice brings it in."""
    number = mirrored(stripe_books, fee="0.25")
    (sent,) = stripe_books.push().values()
    assert (sent.state, sent.outcome) == (DeliveryState.DONE, DeliveryOutcome.CARRIED_OVER)
    assert (stripe_books.status(number), stripe_books.paid(number)) == ("open", 0)


def test_yen_are_multiplied_by_a_hundred(stripe_books):
    """An amount goes and comes in the currency's own units at Stripe."""
    number = mirrored(stripe_books, currency="JPY", fee="5000")
    assert stripe_books.mirrored(number)["total"] == 6000
    stripe_books.fake.pay(stripe_books.mirrored(number)["id"])
    stripe_books.hear()
    assert stripe_books.paid(number) == 6000


def test_more_lines_than_stripe_takes(stripe_books):
    """They are summed up by kind, to the cent, and none waits for another month."""
    stripe_books.add("C1")
    stripe_books.take(expenses=[f"E{n},C1,2026-10-05,Travel {n},1.01" for n in range(300)])
    issued = stripe_books.bill()["C1"]
    assert len(issued.draft.lines) > 250
    stripe_books.push_until_done()
    found = stripe_books.mirrored(issued.number)
    assert len(stripe_books.fake.lines(found["id"])) < 10
    assert found["total"] == issued.amount_due * 100


def test_only_the_first_ten_lines_are_seen(stripe_books):
    """All of our lines count when their invoice is paid."""
    stripe_books.add("C1", "attach", fee="10.00")
    stripe_books.take(contracts=[f"K{n},C1,trifft,premium,2026-01-01,,10.00,EUR" for n in range(12)])
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    (plan,) = stripe_books.fake.all("subscription")
    stripe_books.fake.pay(stripe_books.fake.finalize(stripe_books.fake.renew(plan["id"])["id"])["id"])
    stripe_books.hear()
    assert stripe_books.paid(issued.number) == issued.amount_due == 13 * 12


@pytest.mark.parametrize("mode", ["mirror", "attach"])
def test_units_times_price_do_not_come_to_our_cents(stripe_books, mode):
    """Stripe gets final amounts, and hours and rate as words: there is nothing that it could compute anew."""
    at_stripe = stripe_books.fake.add_customer()["id"]
    stripe_books.fake.add_subscription(at_stripe)
    stripe_books.take(
        customers=[HEADER, f"C1,Aurora,CZ,EUR,{at_stripe},{mode},"],
        contracts=[CONTRACTS, "K1,C1,b2bee,out-of-package,2026-01-01,,,EUR"],
        time_entries=[f"E{n},C1,T3,2026-10-{n:02d}T09:00+02:00,2026-10-{n:02d}T10:07+02:00" for n in (5, 6, 7)],
    )
    issued = stripe_books.bill()["C1"]
    assert any(line.seconds for line in issued.draft.lines)
    stripe_books.push()
    lines = stripe_books.fake.all("invoiceitem")
    assert sorted(line["amount"] for line in lines) == sorted(int(line.amount * 100) for line in issued.draft.lines)
    assert any(" h \u00d7 " in line["description"] for line in lines)
    sent = [line for one in posts(stripe_books, "/add_lines") for line in one.params["lines"]]
    sent += [one.params for one in posts(stripe_books, "/invoiceitems")]
    assert sent
    assert not any(name in line for line in sent for name in ("quantity", "unit_amount_decimal", "pricing"))


def test_tax_is_rounded_otherwise(stripe_books):
    """Three times 0.53 with 20 %: by line that is 0.33, of the sum 0.32, and ours is what counts."""
    stripe_books.add("C1", fee="0.53")
    stripe_books.take(contracts=[f"K{n},C1,trifft,premium,2026-01-01,,0.53,EUR" for n in range(2)])
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    found = stripe_books.mirrored(issued.number)
    assert issued.draft.tax == Decimal("0.32")
    assert sum(tax["amount"] for tax in found["total_taxes"]) == 32
    assert found["total"] == 191


def test_credits_are_missing_in_what_was_pushed(stripe_books):
    """A setoff is a line like any other: the customer is not asked for more than our invoice asks for."""
    stripe_books.add("C1")
    stripe_books.grant("250.00")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    assert stripe_books.mirrored(issued.number)["total"] == issued.amount_due * 100 < 120000
    assert -25000 in [line["amount"] for line in stripe_books.fake.all("line_item")]


def test_the_id_of_the_line_is_taken_for_the_id_of_the_item(stripe_books):
    """Both are known, each as what it is."""
    stripe_books.add("C1", "attach")
    number = stripe_books.bill()["C1"].number
    stripe_books.push()
    (plan,) = stripe_books.fake.all("subscription")
    stripe_books.fake.finalize(stripe_books.fake.renew(plan["id"])["id"])
    stripe_books.hear()
    with stripe_books.database.connect() as connection:
        ((item, line),) = stripe_mirror.read_lines(connection, number).values()
    assert (item[:3], line[:3]) == ("ii_", "il_")
    assert item == stripe_books.fake.all("invoiceitem")[0]["id"]


def test_credit_is_not_returned_when_an_invoice_is_void(stripe_books):
    """What was set off comes back to our ledger, once, and nothing to Stripe's: one owner of credit."""
    stripe_books.add("C1")
    credit = stripe_books.grant("250.00")
    number = stripe_books.bill()["C1"].number
    stripe_books.push()
    assert stripe_books.left() == {credit: "0.00"}
    stripe_books.fake.void(stripe_books.mirrored(number)["id"])
    stripe_books.hear()
    stripe_books.push()
    stripe_books.hear()
    assert stripe_books.left() == {credit: "250.00"}
    assert [one["balance"] for one in stripe_books.fake.all("customer")] == [0]
    assert stripe_books.fake.all("balance_transaction") == []


def test_a_credit_larger_than_the_bill_leaves_it_unpaid(stripe_books):
    """Nothing is to be paid, so it is paid at once, and the rest of the credit waits for the next invoice."""
    stripe_books.add("C1")
    credit = stripe_books.grant("1500.00")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.hear()
    assert (issued.amount_due, stripe_books.mirrored(issued.number)["status"]) == (0, "paid")
    assert (stripe_books.status(issued.number), stripe_books.paid(issued.number)) == ("paid", 0)
    assert stripe_books.left() == {credit: "500.00"}
    assert stripe_books.differences() == []


def test_a_new_customer_gets_the_wrong_currency_for_good(stripe_books):
    """The currency is looked at before anything is made there, so nothing has to be undone."""
    stripe_books.add("C1", linked=stripe_books.fake.add_customer(currency="usd")["id"])
    number = stripe_books.bill()["C1"].number
    sent = stripe_books.push()[number]
    assert sent.state is DeliveryState.REFUSED
    assert "USD" in sent.reason
    assert posts(stripe_books) == []


def test_an_invoice_that_is_finalized_is_edited(stripe_books):
    """It is corrected by a credit note, there and here, and never touched itself."""
    number = mirrored(stripe_books)
    stripe_books.credit_note(stripe_books.billing.read_invoice(number), "2026-11-05", {1: "100.00"})
    stripe_books.push()
    (note,) = stripe_books.fake.all("credit_note")
    assert (note["total"], stripe_books.mirrored(number)["total"]) == (12000, 120000)
    paths = [one.path.rpartition("/")[2] for one in posts(stripe_books)]
    assert paths == ["invoices", "add_lines", "finalize", "credit_notes"]
    assert stripe_books.bill(NOVEMBER, "2026-12-02")["C1"].amount_due == 1200
