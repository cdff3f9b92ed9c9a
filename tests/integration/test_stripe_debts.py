"""Amounts below Stripe's minimum: owed until a later invoice brings them in, and then settled once."""

from decimal import Decimal

from books import DECEMBER, NOVEMBER
from databases import ON_SQLITE
from sqlalchemy import delete
from stripe_books import CONTRACTS

from billing_engine.storage.stripe_tables import shares, stripe_invoices
from billing_engine.stripe_sync.reading import told_by

pytestmark = ON_SQLITE


def known(books, number):
    """Return how an invoice was last seen at Stripe."""
    return books.billing.stripe_records.statuses([number])[number]


def too_small(books, customer="C1", fee="0.25"):
    """Bill a customer 0.30 EUR, mirrored."""
    books.add(customer, fee=fee)
    number = books.bill()[customer].number
    books.push()
    return number, books.mirrored(number)["id"]


def test_what_was_too_small_is_owed_until_the_next_invoice_brings_it_in(stripe_books):
    """Stripe calls it paid, and nobody paid: it is open here until the debt was collected."""
    number, stripe_id = too_small(stripe_books)
    stripe_books.hear()
    assert stripe_books.fake.get(stripe_id)["status"] == "paid"
    assert (stripe_books.status(number), known(stripe_books, number).carried_over) == ("open", True)
    stripe_books.take(contracts=["K-more,C1,trifft,premium,2026-11-01,,1000.00,EUR"])
    bigger = stripe_books.bill(NOVEMBER, "2026-12-02")["C1"].number
    stripe_books.push(NOVEMBER)
    assert stripe_books.mirrored(bigger)["starting_balance"] == 30
    stripe_books.hear()
    assert stripe_books.status(number) == "open"
    stripe_books.fake.pay(stripe_books.mirrored(bigger)["id"])
    stripe_books.hear()
    assert (stripe_books.paid(number), stripe_books.status(number)) == (Decimal("0.30"), "paid")
    assert stripe_books.status(bigger, "2026-12-03") == "paid"
    assert stripe_books.left() == {}
    assert stripe_books.differences() == []
    assert stripe_books.differences(NOVEMBER) == []


def test_a_debt_is_collected_once(stripe_books):
    """A later debt is not called paid because an earlier invoice, which is looked at again, brought in another one."""
    first, _ = too_small(stripe_books)
    stripe_books.take(contracts=["K-more,C1,trifft,premium,2026-11-01,2026-11-30,1000.00,EUR"])
    stripe_books.bill(NOVEMBER, "2026-12-02")
    stripe_books.push(NOVEMBER)
    (bigger,) = [one["id"] for one in stripe_books.fake.all("invoice") if one["total"] > 100]
    stripe_books.fake.pay(bigger)
    stripe_books.hear()
    assert stripe_books.status(first) == "paid"
    late = stripe_books.bill(DECEMBER, "2027-01-02")["C1"].number
    stripe_books.push(DECEMBER)
    stripe_books.hear()
    stripe_books.desk.events.pull(NOVEMBER)
    assert known(stripe_books, late).carried_over
    assert stripe_books.paid(late) == 0


def test_one_debt_is_not_collected_for_another(stripe_books):
    """The one that comes to Stripe later is owed still, though it was issued before the invoice that was paid."""
    first, _ = too_small(stripe_books)
    late = stripe_books.bill(NOVEMBER, "2026-12-02")["C1"].number
    stripe_books.take(contracts=["K-more,C1,trifft,premium,2026-12-01,,1000.00,EUR"])
    bigger = stripe_books.bill(DECEMBER, "2027-01-02")["C1"].number
    stripe_books.push(DECEMBER)
    stripe_books.fake.pay(stripe_books.mirrored(bigger)["id"])
    stripe_books.push(NOVEMBER)
    stripe_books.hear()
    assert known(stripe_books, late).carried_over
    assert (stripe_books.paid(first), stripe_books.paid(late)) == (Decimal("0.30"), 0)


def test_a_debt_that_is_none_of_ours_settles_nothing(stripe_books):
    """What the customer owed Stripe before us is not taken for what one of our later invoices is owed."""
    stripe_books.add("C1", linked=stripe_books.fake.add_customer(balance=30, currency="eur")["id"])
    bigger = stripe_books.bill()["C1"].number
    stripe_books.push()
    stripe_books.fake.pay(stripe_books.mirrored(bigger)["id"])
    stripe_books.hear()
    stripe_books.take(contracts=[CONTRACTS, "K-C1,C1,trifft,premium,2026-01-01,2026-10-31,1000.00,EUR"])
    stripe_books.take(contracts=["K-less,C1,trifft,premium,2026-11-01,,0.25,EUR"])
    late = stripe_books.bill(NOVEMBER, "2026-12-02")["C1"].number
    stripe_books.push(NOVEMBER)
    stripe_books.hear()
    assert (stripe_books.paid(bigger), stripe_books.paid(late)) == (1200, 0)


def test_a_debt_is_settled_whichever_invoice_is_seen_first(stripe_books):
    """The one that brought it in may be looked at before anybody knows what it brought in."""
    number, stripe_id = too_small(stripe_books)
    forget(stripe_books, stripe_id)
    stripe_books.take(contracts=["K-more,C1,trifft,premium,2026-11-01,,1000.00,EUR"])
    bigger = stripe_books.bill(NOVEMBER, "2026-12-02")["C1"].number
    stripe_books.push(NOVEMBER)
    stripe_books.fake.pay(stripe_books.mirrored(bigger)["id"])
    paid = stripe_books.mirrored(bigger)["id"]
    stripe_books.hear(*[event for event in stripe_books.fake.events if told_by(event).invoice == paid])
    assert stripe_books.status(bigger, "2026-12-03") == "paid"
    stripe_books.hear()
    assert (stripe_books.paid(number), known(stripe_books, number).carried_over) == (Decimal("0.30"), False)


def forget(books, stripe_id):
    """Let nobody have seen an invoice at Stripe yet, as if a push was killed right after finalizing it."""
    with books.database.begin() as connection:
        connection.execute(delete(shares).where(shares.c.stripe_invoice == stripe_id))
        connection.execute(delete(stripe_invoices).where(stripe_invoices.c.stripe_id == stripe_id))
