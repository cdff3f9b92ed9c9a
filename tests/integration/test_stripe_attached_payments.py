"""Attached invoices: what comes in for a subscription's invoice reaches each of ours that is on it."""

from decimal import Decimal

from books import NOVEMBER
from databases import ON_SQLITE

from billing_engine.storage import stripe_mirror

pytestmark = ON_SQLITE


def attached(books, *, fee="1000.00", contracts=1, **more):
    """Bill a customer and attach it; returns our number."""
    books.add("C1", "attach", fee=fee, **more)
    rows = [f"K-{n},C1,trifft,premium,2026-01-01,,{fee},{more.get('currency', 'EUR')}" for n in range(1, contracts)]
    if rows:
        books.take(contracts=rows)
    number = books.bill()["C1"].number
    books.push()
    return number


def renewed(books):
    """Let the subscription's next invoice be made and finalized; returns it."""
    (plan,) = books.fake.all("subscription")
    return books.fake.finalize(books.fake.renew(plan["id"])["id"])


def test_a_paid_subscription_invoice_pays_ours(stripe_books):
    """Our share with its tax, and nothing of the subscription's own line."""
    number = attached(stripe_books)
    invoice = renewed(stripe_books)
    assert invoice["total"] > 120000
    stripe_books.hear()
    assert stripe_books.paid(number) == 0
    stripe_books.fake.pay(invoice["id"])
    stripe_books.hear()
    assert (stripe_books.paid(number), stripe_books.status(number)) == (1200, "paid")
    assert stripe_books.left() == {}
    assert stripe_books.differences() == []


def test_ids_of_items_and_of_lines_are_kept(stripe_books):
    """An item and the line that it becomes have ids of their own."""
    number = attached(stripe_books, contracts=2)
    invoice = renewed(stripe_books)
    stripe_books.hear()
    with stripe_books.database.connect() as connection:
        found = stripe_mirror.read_lines(connection, number)
    items = {one["metadata"]["be_part"]: one["id"] for one in stripe_books.fake.all("invoiceitem")}
    lines = {one["metadata"].get("be_part"): one["id"] for one in stripe_books.fake.lines(invoice["id"])}
    assert found == {part: (items[part], lines[part]) for part in ("line/1", "line/2")}


def test_two_of_ours_on_one_invoice_each_get_their_share(stripe_books):
    """Two months wait for the same invoice, with the same amount: both are paid, once each."""
    first = attached(stripe_books)
    second = stripe_books.bill(NOVEMBER, "2026-12-02")["C1"].number
    stripe_books.push(NOVEMBER)
    invoice = renewed(stripe_books)
    stripe_books.fake.pay(invoice["id"])
    assert stripe_books.hear().put_off == 0
    assert [stripe_books.paid(number) for number in (first, second)] == [1200, 1200]
    ids = [one.payment.payment for one in stripe_books.billing.receivables.payments()]
    assert len(set(ids)) == 2


def test_a_part_is_shared_by_amount(stripe_books):
    """What was paid in part is for all lines alike; the rest comes to the whole, to the cent."""
    first = attached(stripe_books)
    invoice = renewed(stripe_books)
    stripe_books.fake.pay(invoice["id"], 50001)
    stripe_books.hear()
    part = Decimal(120000 * 50001 // invoice["total"]) / 100
    assert stripe_books.paid(first) == part
    stripe_books.fake.pay(invoice["id"])
    stripe_books.hear()
    assert stripe_books.paid(first) == 1200


def test_a_part_of_kronur_is_whole_kronur(stripe_opening):
    """ISK has no cents here, and a share of a partial payment must not have any either."""
    books = stripe_opening(vat_percent=None)
    number = attached(books, currency="ISK", fee="1001")
    invoice = renewed(books)
    books.fake.pay(invoice["id"], 50000)
    assert books.hear().put_off == 0
    assert 0 < books.paid(number) < 1001
    books.fake.pay(invoice["id"])
    books.hear()
    assert books.paid(number) == 1001


def test_lines_beyond_the_first_ten_are_seen(stripe_books):
    """Stripe embeds ten lines in an invoice; ours are counted all."""
    number = attached(stripe_books, contracts=14)
    invoice = renewed(stripe_books)
    assert stripe_books.fake.get(invoice["id"])["lines"]["has_more"]
    stripe_books.fake.pay(invoice["id"])
    stripe_books.hear()
    assert stripe_books.paid(number) == 14 * 1200


def test_a_setoff_lowers_the_share(stripe_books):
    """Goodwill that was set off here is a negative line there, and not waited for."""
    stripe_books.add("C1", "attach")
    stripe_books.grant("100.00")
    issued = stripe_books.bill()["C1"]
    stripe_books.push()
    invoice = renewed(stripe_books)
    stripe_books.fake.pay(invoice["id"])
    stripe_books.hear()
    assert issued.amount_due < 1200
    assert (stripe_books.paid(issued.number), stripe_books.status(issued.number)) == (issued.amount_due, "paid")


def test_a_subscription_invoice_of_somebody_else_is_foreign(stripe_books):
    """It has no line of ours: it is looked at and left alone."""
    number = attached(stripe_books)
    other = stripe_books.fake.add_customer()["id"]
    plan = stripe_books.fake.add_subscription(other)["id"]
    invoice = stripe_books.fake.finalize(stripe_books.fake.renew(plan)["id"])
    stripe_books.fake.pay(invoice["id"])
    worked = stripe_books.hear()
    assert (worked.applied, worked.put_off, stripe_books.paid(number)) == (0, 0, 0)


def test_a_void_subscription_invoice_is_shown_and_credits_nothing(stripe_books):
    """What else was on it is not ours to judge: somebody decides, and reconciling says so."""
    number = attached(stripe_books)
    invoice = renewed(stripe_books)
    stripe_books.fake.void(invoice["id"])
    stripe_books.hear()
    assert stripe_books.status(number) == "open"
    assert stripe_books.differences() == [(number, "status", "open", "void")]
