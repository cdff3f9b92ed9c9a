"""Receiving: what becomes of an invoice at Stripe reaches our books, once and never backwards."""

import logging
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from databases import ON_POSTGRESQL, ON_SQLITE

from billing_engine.model.delivery import DeliveryState


def mirrored(books, customer="C1", **more):
    """Bill a customer 1,200 EUR and mirror it; returns our number and the id at Stripe."""
    books.add(customer, **more)
    number = books.bill()[customer].number
    books.push()
    return number, books.mirrored(number)["id"]


def payments(books, number):
    """Return what was paid on which day, under which id."""
    return [(one.amount, one.paid_on, one.payment) for one in books.billing.read_invoice(number).payments]


def known(books, number):
    """Return how an invoice was last seen at Stripe."""
    return books.billing.stripe_records.statuses([number])[number]


def today():
    """Tell the day in UTC, as Stripe's clock has it."""
    return datetime.now(UTC).date()


def test_a_payment_reaches_our_invoice(stripe_books):
    """It comes with its day, its amount and an id that names the invoice at Stripe; both databases."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_id)
    stripe_books.hear()
    ((amount, day, payment),) = payments(stripe_books, number)
    assert (amount, stripe_books.status(number)) == (1200, "paid")
    assert abs((day - today()).days) <= 1
    assert payment.startswith(stripe_id)
    stripe_books.hear()
    assert len(payments(stripe_books, number)) == 1
    assert stripe_books.differences() == []


@ON_SQLITE
def test_parts_of_a_payment_add_up(stripe_books):
    """Two parts and then the rest are three payments, and the invoice is open until the last of them."""
    number, stripe_id = mirrored(stripe_books)
    for part, sum_so_far in ((40000, 400), (30000, 700), (50000, 1200)):
        assert stripe_books.status(number) != "paid"
        stripe_books.fake.pay(stripe_id, part)
        stripe_books.hear()
        assert stripe_books.paid(number) == sum_so_far
    assert sorted(amount for amount, _, _ in payments(stripe_books, number)) == [300, 400, 500]
    assert stripe_books.status(number) == "paid"


@ON_SQLITE
def test_a_payment_out_of_band_counts(stripe_books):
    """What was marked as paid elsewhere in the dashboard is paid here, too."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_id, out_of_band=True)
    stripe_books.hear()
    assert (stripe_books.paid(number), stripe_books.status(number)) == (1200, "paid")


@ON_SQLITE
def test_a_part_by_card_and_the_rest_out_of_band_is_paid_once(stripe_books):
    """Both ways together come to the total, not to more."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.pay(stripe_id, 50000)
    stripe_books.hear()
    stripe_books.fake.pay(stripe_id, out_of_band=True)
    stripe_books.hear()
    assert sorted(amount for amount, _, _ in payments(stripe_books, number)) == [500, 700]
    assert stripe_books.left() == {}


@ON_SQLITE
def test_what_our_books_had_settled_is_not_paid_twice(stripe_books):
    """A bank transfer that is recorded here and told to Stripe does not come back as a second payment."""
    number, _ = mirrored(stripe_books)
    stripe_books.pay(stripe_books.billing.read_invoice(number), "2026-11-10")
    stripe_books.billing.stripe_records.settle(number)
    stripe_books.push()
    stripe_books.hear()
    assert stripe_books.mirrored(number)["status"] == "paid"
    assert stripe_books.paid(number) == 1200
    assert stripe_books.left() == {}
    assert stripe_books.differences() == []


@ON_SQLITE
def test_failed_attempts_are_counted(stripe_books):
    """Charges that did not go well are known, change nothing else, and stay known once it is paid."""
    number, stripe_id = mirrored(stripe_books)
    for _ in range(2):
        stripe_books.fake.fail_payment(stripe_id)
    stripe_books.hear()
    assert (known(stripe_books, number).failures, known(stripe_books, number).status) == (2, "open")
    assert (stripe_books.paid(number), stripe_books.status(number)) == (0, "open")
    stripe_books.fake.pay(stripe_id)
    stripe_books.hear()
    assert (known(stripe_books, number).failures, known(stripe_books, number).status) == (2, "paid")


def test_a_void_invoice_is_credited_here_in_full(stripe_books):
    """Our invoice is never changed: a credit note takes it back, and is not sent back to Stripe; both databases."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.void(stripe_id)
    stripe_books.hear()
    (note,) = stripe_books.billing.receivables.credit_notes(invoice=number)
    assert (note.draft.gross, note.draft.reason) == (1200, f"Voided at Stripe as {stripe_id}")
    assert stripe_books.status(number) == "credited"
    sent = stripe_books.push()[note.number]
    assert (sent.state, sent.stripe_id) == (DeliveryState.DONE, stripe_id)
    assert stripe_books.fake.all("credit_note") == []
    stripe_books.hear()
    assert len(stripe_books.billing.receivables.credit_notes()) == 1
    assert stripe_books.differences() == []


@ON_SQLITE
def test_an_uncollectible_invoice_stays_open_here(stripe_books):
    """Whether it is written off is our bookkeeper's business; that Stripe gave up is known."""
    number, stripe_id = mirrored(stripe_books)
    stripe_books.fake.mark_uncollectible(stripe_id)
    stripe_books.hear()
    assert (stripe_books.status(number), known(stripe_books, number).status) == ("open", "uncollectible")
    stripe_books.fake.pay(stripe_id)
    stripe_books.hear()
    assert (stripe_books.status(number), known(stripe_books, number).status) == ("paid", "paid")


@ON_SQLITE
def test_an_unknown_status_changes_nothing_and_is_logged(stripe_books, caplog):
    """What Stripe may invent tomorrow is no payment and no void; somebody can read that it came."""
    number, stripe_id = mirrored(stripe_books)
    before = known(stripe_books, number)
    stripe_books.fake.tamper(stripe_id, status="processing", amount_paid=120000)
    with caplog.at_level(logging.WARNING):
        stripe_books.hear()
    assert "processing" in caplog.text
    assert (known(stripe_books, number), stripe_books.paid(number)) == (before, 0)


@ON_SQLITE
@pytest.mark.parametrize(("currency", "fee"), [("JPY", "1500"), ("ISK", "1500"), ("KWD", "15.120"), ("HUF", "200.50")])
def test_amounts_are_read_in_the_units_of_stripe(stripe_opening, currency, fee):
    """A part and the rest are decoded with the currency that Stripe names, by its own table."""
    books = stripe_opening(vat_percent=None)
    number, stripe_id = mirrored(books, currency=currency, fee=fee)
    total = books.mirrored(number)["total"]
    books.fake.pay(stripe_id, total // 2 - total // 2 % 100)
    books.hear()
    assert 0 < books.paid(number) <= Decimal(fee) / 2
    books.fake.pay(stripe_id)
    books.hear()
    assert books.paid(number) == Decimal(fee)


@ON_SQLITE
def test_an_invoice_that_a_balance_at_stripe_pays_is_paid(stripe_books):
    """What the customer had at Stripe before paid it: that is money that came in, and no debt."""
    customer = stripe_books.fake.add_customer(balance=-500000, currency="eur")["id"]
    stripe_books.add("C1", linked=customer)
    number = stripe_books.bill()["C1"].number
    stripe_books.push()
    stripe_books.hear()
    assert stripe_books.mirrored(number)["status"] == "paid"
    assert (stripe_books.paid(number), stripe_books.status(number)) == (1200, "paid")


@ON_POSTGRESQL
def test_several_receivers_at_once_apply_everything_once(stripe_books):
    """Threads that work on the same inbox look at the same invoices, and each payment is recorded once."""
    customers = [f"C{number}" for number in range(6)]
    for customer in customers:
        stripe_books.add(customer)
    numbers = [issued.number for issued in stripe_books.bill().values()]
    stripe_books.push()
    for position, number in enumerate(numbers):
        stripe_id = stripe_books.mirrored(number)["id"]
        stripe_books.fake.void(stripe_id) if position % 3 == 2 else stripe_books.fake.pay(stripe_id)
    for event in stripe_books.fake.events:
        stripe_books.desk.events.take(*stripe_books.fake.signed(event))
    start, problems, put_off = threading.Barrier(4), [], []

    def work():
        desk = stripe_books.open_desk()
        start.wait()
        try:
            put_off.append(desk.events.work().put_off)
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (problems, put_off) == ([], [0] * 4)
    stripe_books.hear()
    voided = [number for position, number in enumerate(numbers) if position % 3 == 2]
    assert [stripe_books.paid(number) for number in numbers if number not in voided] == [1200] * 4
    assert sorted(note.draft.invoice for note in stripe_books.billing.receivables.credit_notes()) == sorted(voided)
    assert stripe_books.left() == {}
