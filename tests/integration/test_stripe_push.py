"""Pushing to Stripe: each document is there once, to the cent, or it says why not."""

from decimal import Decimal

import pytest
from databases import ON_SQLITE

from billing_engine.model.delivery import DeliveryOutcome, DeliveryState

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
