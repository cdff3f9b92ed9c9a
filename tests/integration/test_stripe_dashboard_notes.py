"""Credit notes that somebody made in Stripe's dashboard become ours; our own are not taken for those."""

import logging

import pytest
import stripe
from books import OCTOBER
from databases import ON_SQLITE

from billing_engine.model.delivery import DeliveryOutcome, DeliveryState
from billing_engine.model.money import plain

pytestmark = ON_SQLITE


def mirrored(books, contracts=1):
    """Bill a customer 1,200 EUR for each contract and mirror it; returns our number and the id at Stripe."""
    books.add("C1")
    rows = [f"K-{number},C1,trifft,premium,2026-01-01,,1000.00,EUR" for number in range(1, contracts)]
    if rows:
        books.take(contracts=rows)
    number = books.bill()["C1"].number
    books.push()
    return number, books.mirrored(number)["id"]


def in_dashboard(books, stripe_id, **what):
    """Make a credit note as the dashboard does."""
    client = stripe.StripeClient(books.fake.key, base_addresses={"api": books.fake.url})
    return client.v1.credit_notes.create({"invoice": stripe_id, **what})


def of_line(books, stripe_id, position, amount):
    """Credit a part of a line, with its tax."""
    line = books.fake.lines(stripe_id)[position - 1]["id"]
    return {"type": "invoice_line_item", "invoice_line_item": line, "amount": amount}


def notes(books):
    """Return our credit notes: what each takes of which line, and its gross."""
    found = books.billing.receivables.credit_notes()
    return [({c.invoice_position: plain(c.amount) for c in n.draft.lines}, plain(n.draft.gross)) for n in found]


def test_a_sum_is_credited_with_the_tax_that_is_in_it(stripe_books):
    """By amount, on an open invoice: as much is off our invoice, tax included, and it is not sent back."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.credit(stripe_id, 60000)
    stripe_books.hear()
    assert notes(stripe_books) == [({1: "500.00"}, "600.00")]
    (note,) = stripe_books.billing.receivables.credit_notes()
    assert note.draft.reason == f"Credited at Stripe as {number}-CN-01"
    sent = stripe_books.push()[note.number]
    assert (sent.state, sent.outcome) == (DeliveryState.DONE, DeliveryOutcome.CREDITED)
    assert len(stripe_books.fake.all("credit_note")) == 1
    assert stripe_books.differences() == []
    stripe_books.fake.pay(stripe_id)
    stripe_books.hear()
    assert (stripe_books.paid(number), stripe_books.status(number)) == (600, "paid")
    assert stripe_books.left() == {}


@pytest.mark.parametrize("amount", [1, 7, 33333, 59999, 119999])
def test_any_sum_is_credited_to_the_cent(stripe_books, amount):
    """Our tax of the net amount brings it back to what Stripe credited, where any net amount does."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.credit(stripe_id, amount)
    stripe_books.hear()
    off = stripe_books.billing.read_invoice(number).settlement.credited
    assert abs(int(off * 100) - amount) <= (1 if amount % 6 == 3 else 0)


def test_a_line_is_credited_as_that_line(stripe_books):
    """By line: ours takes as much of the same line."""
    _, stripe_id = mirrored(stripe_books, contracts=3)
    in_dashboard(stripe_books, stripe_id, lines=[of_line(stripe_books, stripe_id, 2, 25000)])
    stripe_books.hear()
    assert notes(stripe_books) == [({2: "250.00"}, "300.00")]
    assert stripe_books.differences() == []


def test_all_lines_of_a_long_credit_note_are_seen(stripe_books):
    """Stripe shows ten lines of a credit note; the others are read, too."""
    _, stripe_id = mirrored(stripe_books, contracts=14)
    in_dashboard(
        stripe_books, stripe_id, lines=[of_line(stripe_books, stripe_id, position, 100) for position in range(1, 14)]
    )
    stripe_books.hear()
    assert notes(stripe_books) == [(dict.fromkeys(range(1, 14), "1.00"), "15.60")]


def test_an_invoice_that_is_credited_in_whole_is_withdrawn(stripe_books):
    """Nothing is asked for any more, there or here, and nothing came in."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.credit(stripe_id, 120000)
    stripe_books.hear()
    assert (stripe_books.mirrored(number)["status"], stripe_books.status(number)) == ("paid", "credited")
    assert (stripe_books.paid(number), stripe_books.left()) == (0, {})
    assert stripe_books.differences() == []


@pytest.mark.parametrize("way", ["credit_amount", "refund_amount"])
def test_what_stripe_gives_back_is_not_given_here_again(stripe_books, way):
    """On a paid invoice, to the balance or as a refund: one owner of credit, and that is Stripe."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_id)
    stripe_books.hear()
    in_dashboard(stripe_books, stripe_id, amount=60000, **{way: 60000})
    stripe_books.hear()
    assert notes(stripe_books) == [({1: "500.00"}, "600.00")]
    assert set(stripe_books.left().values()) == {"0.00"}
    assert stripe_books.accounts()["refunded"] == "600.00"
    assert stripe_books.paid(number) == 1200
    assert stripe_books.differences() == []


def test_what_is_given_back_outside_of_stripe_is_a_credit_here(stripe_books):
    """Stripe says that it gives nothing back itself: then our ledger owes it."""
    _, stripe_id = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_id)
    stripe_books.hear()
    in_dashboard(stripe_books, stripe_id, amount=60000, out_of_band_amount=60000)
    stripe_books.hear()
    assert list(stripe_books.left().values()) == ["600.00"]


def test_a_payment_and_a_credit_note_may_be_seen_together(stripe_books):
    """Both hints come at once: what was paid and what was given back are told apart."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_id, 40000)
    in_dashboard(stripe_books, stripe_id, amount=100000, credit_amount=20000)
    stripe_books.hear()
    assert (stripe_books.paid(number), notes(stripe_books)[0][1]) == (400, "1000.00")
    assert set(stripe_books.left().values()) == {"0.00"}
    assert stripe_books.status(number) == "paid"


def test_a_credit_note_that_is_voided_later_stays_here_and_is_shown(stripe_books):
    """Ours was issued and stands; reconciling says that it is missing there, and sends it."""
    number, stripe_id = mirrored(stripe_books)
    made = stripe_books.fake.credit(stripe_id, 60000)
    stripe_books.hear()
    client = stripe.StripeClient(stripe_books.fake.key, base_addresses={"api": stripe_books.fake.url})
    client.v1.credit_notes.void_credit_note(made["id"])
    stripe_books.hear()
    assert len(notes(stripe_books)) == 1
    (found,) = stripe_books.desk.reconcile(OCTOBER).differences
    assert (found.what, found.command) == (
        "credit_notes",
        f"billing-engine stripe push --month 2026-10 --again {number}",
    )
    stripe_books.billing.stripe_records.again(number)
    stripe_books.push()
    stripe_books.hear()
    assert len(notes(stripe_books)) == 1
    assert [one["status"] for one in stripe_books.fake.all("credit_note")] == ["void", "issued"]
    assert stripe_books.differences() == []


def test_a_credit_note_that_was_void_before_it_was_seen_is_none(stripe_books):
    """Nothing was credited in the end."""
    _, stripe_id = mirrored(stripe_books)
    made = stripe_books.fake.credit(stripe_id, 60000)
    client = stripe.StripeClient(stripe_books.fake.key, base_addresses={"api": stripe_books.fake.url})
    client.v1.credit_notes.void_credit_note(made["id"])
    stripe_books.hear()
    assert notes(stripe_books) == []
    assert stripe_books.differences() == []


@pytest.mark.parametrize("paid", [False, True])
def test_our_own_credit_note_is_not_taken_for_a_foreign_one(stripe_books, paid):
    """What we sent comes back as an event, and is the same credit note."""
    number, stripe_id = mirrored(stripe_books)
    if paid:
        stripe_books.fake.pay(stripe_id)
        stripe_books.hear()
    stripe_books.credit_note(stripe_books.billing.read_invoice(number), "2026-11-05", {1: "500.00"})
    stripe_books.push()
    stripe_books.hear()
    assert len(notes(stripe_books)) == len(stripe_books.fake.all("credit_note")) == 1
    assert stripe_books.differences() == []
    assert list(stripe_books.left().values()) == (["600.00"] if paid else [])


def test_a_credit_note_over_what_is_credited_here_already_stops_nothing(stripe_books, caplog):
    """Both sides credited the whole at the same time: it is logged and shown, and the other events go on."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.credit_note(stripe_books.billing.read_invoice(number), "2026-11-05")
    stripe_books.fake.credit(stripe_id, 30000)
    with caplog.at_level(logging.WARNING):
        worked = stripe_books.hear()
    assert worked.put_off == 0
    assert "credits it again" in caplog.text
    assert len(notes(stripe_books)) == 1
