"""Corrections of mirrored invoices: credit notes to the cent, voids, and payments that came in elsewhere."""

from decimal import Decimal

import pytest
from databases import ON_SQLITE

from billing_engine.errors import BillingError, StripeRefusedError
from billing_engine.model.delivery import DeliveryOutcome, DeliveryState
from billing_engine.model.sla_terms import Setoff

pytestmark = ON_SQLITE
NOTE = "CN-2026-000001"


def mirrored(books, **more):
    """Bill and push one customer; returns our invoice and Stripe's."""
    books.add("C1", **more)
    issued = books.bill()["C1"]
    books.push()
    return issued, books.mirrored(issued.number)


def the_note(books):
    """Return the one credit note at Stripe."""
    (found,) = books.fake.all("credit_note")
    return found


def test_a_credit_note_on_an_open_invoice_lowers_what_is_asked_for(stripe_books):
    """Net and tax are ours, as one line that names our credit note."""
    issued, there = mirrored(stripe_books)
    stripe_books.credit_note(issued, "2026-11-03", {1: "99.99"}, reason="Agreed by phone")
    assert stripe_books.push()[NOTE].outcome is DeliveryOutcome.CREDITED
    note = the_note(stripe_books)
    assert (note["total"], note["total_excluding_tax"], note["memo"]) == (11999, 9999, "Agreed by phone")
    assert stripe_books.fake.get(there["id"])["amount_remaining"] == 120000 - 11999
    assert stripe_books.differences() == []


def test_a_credit_note_on_a_paid_invoice_is_given_back_by_our_ledger_alone(stripe_books):
    """Stripe is told that it is credited outside: no customer balance, no refund, one credit here."""
    issued, there = mirrored(stripe_books)
    stripe_books.fake.pay(there["id"])
    stripe_books.hear()
    stripe_books.credit_note(issued, "2026-11-30", {1: "100.00"})
    stripe_books.push()
    note = the_note(stripe_books)
    assert (note["total"], note["out_of_band_amount"], note["customer_balance_transaction"]) == (12000, 12000, None)
    assert stripe_books.fake.get(there["customer"])["balance"] == 0
    assert list(stripe_books.left().values()) == ["120.00"]
    stripe_books.hear()
    assert list(stripe_books.left().values()) == ["120.00"]
    assert stripe_books.differences() == []


def test_a_credit_note_on_a_partly_paid_invoice_lowers_what_is_open_first(stripe_books):
    """Only what goes beyond the open rest is credited outside."""
    issued, there = mirrored(stripe_books)
    stripe_books.fake.pay(there["id"], 100000)
    stripe_books.hear()
    stripe_books.credit_note(issued, "2026-11-30", {1: "500.00"})
    stripe_books.push()
    note = the_note(stripe_books)
    assert (note["total"], note["out_of_band_amount"]) == (60000, 40000)
    stripe_books.hear()
    assert list(stripe_books.left().values()) == ["400.00"]
    assert stripe_books.differences() == []


def test_what_goes_back_to_credits_is_no_part_of_it(stripe_books):
    """An invoice lowered by a credit after tax: Stripe's credit note is what the customer no longer owes."""
    stripe_books.add("C1")
    stripe_books.grant("700.00", setoff=Setoff.AFTER_TAX)
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.credit_note(issued, "2026-11-03")
    stripe_books.push()
    assert the_note(stripe_books)["total"] == 50000
    assert list(stripe_books.left().values()) == ["700.00"]
    assert stripe_books.differences() == []


def test_two_credit_notes_follow_each_other(stripe_books):
    """Each is there once, together they are the whole."""
    issued, there = mirrored(stripe_books)
    stripe_books.credit_note(issued, "2026-11-03", {1: "333.33"})
    stripe_books.push()
    stripe_books.credit_note(issued, "2026-11-04")
    stripe_books.push()
    assert sorted(note["total"] for note in stripe_books.fake.all("credit_note")) == [40000, 80000]
    assert stripe_books.fake.get(there["id"])["amount_remaining"] == 0
    stripe_books.hear()
    assert (stripe_books.status(issued.number), stripe_books.paid(issued.number)) == ("credited", 0)
    assert stripe_books.differences() == []


def test_a_credit_note_waits_for_its_invoice(stripe_books):
    """As long as the invoice is refused its credit note is, too, and says why."""
    stripe_books.add("C1", linked="cus_NotThere")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    stripe_books.credit_note(issued, "2026-11-03", {1: "1.00"})
    sent = stripe_books.push()[NOTE]
    assert (sent.state, sent.reason) == (DeliveryState.REFUSED, f"invoice {issued.number} is not at Stripe yet")


def test_voiding_takes_the_invoice_back_on_both_sides(stripe_books):
    """A credit note over the whole here, void there."""
    issued, there = mirrored(stripe_books)
    done = stripe_books.billing.stripe_records.void(issued.number, "All wrong", issued.issued_on)
    assert stripe_books.push()[done.credit_note.number].outcome is DeliveryOutcome.VOIDED
    assert stripe_books.fake.get(there["id"])["status"] == "void"
    stripe_books.hear()
    assert stripe_books.status(issued.number) == "credited"
    assert len(stripe_books.billing.receivables.credit_notes()) == 1
    assert stripe_books.differences() == []


def test_what_was_paid_is_not_voided(stripe_books):
    """It is credited instead; the books stay as they are."""
    issued, there = mirrored(stripe_books)
    stripe_books.fake.pay(there["id"], 5000)
    stripe_books.hear()
    with pytest.raises(StripeRefusedError, match="something was paid"):
        stripe_books.billing.stripe_records.void(issued.number, "All wrong", issued.issued_on)
    assert stripe_books.billing.receivables.credit_notes() == []


def test_a_void_that_comes_too_late_is_a_credit_note(stripe_books):
    """Paid at Stripe before the push came: it is credited outside, and our ledger gives the money back."""
    issued, there = mirrored(stripe_books)
    stripe_books.fake.pay(there["id"])
    stripe_books.billing.stripe_records.void(issued.number, "All wrong", issued.issued_on)
    assert stripe_books.push()[NOTE].outcome is DeliveryOutcome.CREDITED
    assert stripe_books.fake.get(there["id"])["status"] == "paid"
    assert the_note(stripe_books)["out_of_band_amount"] == 120000
    stripe_books.hear()
    assert list(stripe_books.left().values()) == ["1200.00"]
    assert stripe_books.differences() == []


def test_an_invoice_that_was_paid_elsewhere_is_settled_there(stripe_books):
    """Stripe asks no more, and what it then calls paid is not recorded a second time."""
    issued, there = mirrored(stripe_books)
    stripe_books.pay(issued, "2026-11-10")
    assert stripe_books.differences() == [(issued.number, "status", "paid", "open")]
    stripe_books.billing.stripe_records.settle(issued.number)
    assert stripe_books.differences()[0][1] == "sending"
    sent = stripe_books.desk.push(issued.draft.period)
    assert [one.outcome for one in sent] == [DeliveryOutcome.SETTLED, DeliveryOutcome.MIRRORED]
    assert stripe_books.fake.get(there["id"])["status"] == "paid"
    stripe_books.hear()
    assert stripe_books.paid(issued.number) == Decimal("1200.00")
    assert stripe_books.left() == {}
    assert stripe_books.differences() == []


def test_only_what_is_paid_is_settled(stripe_books):
    """An open invoice is refused with what to do; an unknown one, too."""
    issued, _ = mirrored(stripe_books)
    with pytest.raises(StripeRefusedError, match="payment add"):
        stripe_books.billing.stripe_records.settle(issued.number)
    with pytest.raises(BillingError, match="there is no invoice"):
        stripe_books.billing.stripe_records.settle("2026-000099")
