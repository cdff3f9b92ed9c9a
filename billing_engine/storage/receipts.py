"""What came in for invoices and what credit notes took back of them: read together, because both settle an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from billing_engine.errors import PaymentError
from billing_engine.model.money import from_minor
from billing_engine.model.payment import Credited, Payment, Received
from billing_engine.storage.inserting import batches, insert_if_new
from billing_engine.storage.invoice_tables import credit_note_lines, credit_notes, invoices
from billing_engine.storage.sequences import next_number
from billing_engine.storage.sla_tables import payments

_SERIES = "payment"


class Receipts(NamedTuple):
    """What settles one invoice, in order of day."""

    payments: tuple[Payment, ...] = ()
    credit_notes: tuple[Credited, ...] = ()


def read_payments(connection: Connection, numbers: Sequence[str]) -> dict[str, tuple[Payment, ...]]:
    """Return the payments of the numbered invoices, in order of day."""
    found: dict[str, tuple[Payment, ...]] = {}
    for batch in batches(numbers):
        statement = select(payments).where(payments.c.invoice.in_(batch))
        for row in connection.execute(statement.order_by(payments.c.paid_on, payments.c.payment)).mappings():
            found[row["invoice"]] = (*found.get(row["invoice"], ()), Payment(**row))
    return found


def add_payment(connection: Connection, payment: Payment) -> Payment:
    """Write a payment; one without an id gets a new one. Raises PaymentError when its id is taken."""
    if payment.payment:
        if not insert_if_new(connection, payments, asdict(payment)):
            raise PaymentError(f"payment {payment.payment!r} is there already; `billing-engine payment list` shows it")
        return payment
    year = payment.paid_on.year
    while True:  # an imported payment may have the id
        numbered = replace(payment, payment=f"PAY-{year}-{next_number(connection, _SERIES, year):05d}")
        if insert_if_new(connection, payments, asdict(numbered)):
            return numbered


def read_received(connection: Connection, invoice: str | None = None) -> list[Received]:
    """Return all payments, or those of the numbered invoice, in order of day."""
    statement = (
        select(payments, invoices.c.customer, invoices.c.currency)
        .join(invoices, invoices.c.number == payments.c.invoice)
        .order_by(payments.c.paid_on, payments.c.payment)
    )
    if invoice is not None:
        statement = statement.where(payments.c.invoice == invoice)
    return [
        Received(Payment(*(row[column] for column in payments.c)), row["customer"], row["currency"])
        for row in connection.execute(statement).mappings()
    ]


def read_receipts(connection: Connection, numbers: Mapping[str, str]) -> dict[str, Receipts]:
    """Return what settles some invoices, by key; given are their numbers by key."""
    paid = read_payments(connection, list(numbers.values()))
    credited = _read_credited(connection, list(numbers))
    return {key: Receipts(paid.get(number, ()), credited.get(key, ())) for key, number in numbers.items()}


def _read_credited(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[Credited, ...]]:
    found: dict[str, tuple[Credited, ...]] = {}
    charged = func.sum(credit_note_lines.c.amount_minor).label("charged_minor")
    for batch in batches(keys):
        statement = (
            select(credit_notes, charged)
            .join(credit_note_lines, credit_note_lines.c.credit_note == credit_notes.c.credit_note)
            .where(credit_notes.c.invoice.in_(batch))
            .group_by(credit_notes.c.credit_note)
            .order_by(credit_notes.c.issued_on, credit_notes.c.year, credit_notes.c.sequence)
        )
        for row in connection.execute(statement).mappings():
            currency = row["currency"]
            credited = Credited(
                number=row["number"],
                issued_on=row["issued_on"],
                charged=from_minor(int(row["charged_minor"]), currency),
                gross=from_minor(row["gross_minor"], currency),
            )
            found[row["invoice"]] = (*found.get(row["invoice"], ()), credited)
    return found
