"""Invoices read back as they were issued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, select

from billing_engine.errors import InvoiceNotFoundError
from billing_engine.model.charge import ChargeKind
from billing_engine.model.invoice import Invoice, InvoiceDraft
from billing_engine.model.payment import Dues
from billing_engine.model.period import Month
from billing_engine.storage.credit_ledger import read_setoffs
from billing_engine.storage.inserting import batches
from billing_engine.storage.invoice_tables import (
    credit_notes,
    invoice_lines,
    invoices,
    used_price_lists,
)
from billing_engine.storage.receipts import Receipts, read_receipts
from billing_engine.storage.stored_drafts import Parts, build_draft, read_draft, read_lines


def read_used_price_lists(connection: Connection) -> dict[str, str]:
    """Return the price-list versions that issued invoices used, with the hash of their terms."""
    rows = connection.execute(select(used_price_lists.c.version, used_price_lists.c.content_hash))
    return {row.version: row.content_hash for row in rows}


class Numbered(NamedTuple):
    """The invoice that stands for a customer's month."""

    number: str
    content_hash: str


REBILLED = (
    select(credit_notes.c.credit_note)
    .where(credit_notes.c.invoice == invoices.c.invoice, credit_notes.c.rebill)
    .exists()
)
"""Whether an invoice was credited to be billed anew: then nothing that it claimed counts as billed."""


def read_numbered(connection: Connection, period: Month, customers: Sequence[str]) -> dict[str, Numbered]:
    """Return the customers' invoices of a period, by customer; not those credited to be billed anew."""
    of_period = (invoices.c.period == str(period), invoices.c.customer.in_(customers), ~REBILLED)
    statement = select(invoices.c.customer, invoices.c.number, invoices.c.content_hash).where(*of_period)
    return {row.customer: Numbered(row.number, row.content_hash) for row in connection.execute(statement)}


def read_revisions(connection: Connection, period: Month, customers: Sequence[str]) -> dict[str, int]:
    """Return how many invoices the customers have of a period, those credited to be billed anew included."""
    of_period = (invoices.c.period == str(period), invoices.c.customer.in_(customers))
    statement = select(invoices.c.customer, func.count()).where(*of_period).group_by(invoices.c.customer)
    return {row[0]: row[1] for row in connection.execute(statement)}


class Owner(NamedTuple):
    """Whose an invoice is, and in what it is paid."""

    customer: str
    currency: str


def read_owners(connection: Connection, numbers: Sequence[str]) -> dict[str, Owner]:
    """Return whose the numbered invoices are, of those that there are."""
    found: dict[str, Owner] = {}
    columns = (invoices.c.number, invoices.c.customer, invoices.c.currency)
    for batch in batches(numbers):
        rows = connection.execute(select(*columns).where(invoices.c.number.in_(batch)))
        found |= {row.number: Owner(row.customer, row.currency) for row in rows}
    return found


def read_dues(connection: Connection, customer: str) -> list[Dues]:
    """Return what a customer's invoices ask for, and what came in for them or was credited."""
    months = _read_fee_months(connection, customer)
    return [
        Dues(
            number=invoice.number,
            customer=customer,
            period=str(invoice.draft.period),
            issued_on=invoice.issued_on,
            amount_due=invoice.amount_due,
            payments=tuple(
                sorted(
                    [(payment.paid_on, payment.amount) for payment in invoice.payments]
                    + [(note.issued_on, note.gross) for note in invoice.credit_notes]
                )
            ),
            is_withdrawn=invoice.settlement.is_withdrawn,
            fee_months=months.get(invoice.number, frozenset()),
        )
        for invoice in read_invoices(connection, customer=customer)
    ]


def _read_fee_months(connection: Connection, customer: str) -> dict[str, frozenset[str]]:
    """Return the months whose fees a customer's invoices charge, by number."""
    line = invoice_lines.c
    statement = (
        select(invoices.c.number, line.service_from, line.service_to)
        .join_from(invoices, invoice_lines)
        .where(invoices.c.customer == customer, line.kind == ChargeKind.FEE, line.service_from != "")
    )
    found: dict[str, frozenset[str]] = {}
    for number, first, last in connection.execute(statement):
        months = Month.parse(first[:7]).until(Month.parse(last[:7]))
        found[number] = found.get(number, frozenset()) | {str(month) for month in months}
    return found


def read_invoices(connection: Connection, period: Month | None = None, *, customer: str | None = None) -> list[Invoice]:
    """Return all invoices, or those of a period or a customer, in order of number, without lines and entries."""
    statement = select(invoices).order_by(invoices.c.year, invoices.c.sequence)
    if period is not None:
        statement = statement.where(invoices.c.period == str(period))
    if customer is not None:
        statement = statement.where(invoices.c.customer == customer)
    rows = connection.execute(statement).mappings().all()
    return list(_build_all(connection, rows, {}))


def read_with_lines(connection: Connection, numbers: Sequence[str]) -> dict[str, Invoice]:
    """Return numbered invoices with their lines and setoffs, by number; without their entries, which may be many."""
    found: dict[str, Invoice] = {}
    for batch in batches(numbers):
        rows = connection.execute(select(invoices).where(invoices.c.number.in_(batch))).mappings().all()
        parts = read_lines(connection, [row["invoice"] for row in rows])
        found |= {invoice.number: invoice for invoice in _build_all(connection, rows, parts)}
    return found


def _build_all(connection: Connection, rows: Sequence[RowMapping], parts: Parts) -> Iterator[Invoice]:
    """Build invoices of their rows and the parts that were read of them, with all that settles them."""
    receipts = read_receipts(connection, {row["invoice"]: row["number"] for row in rows})
    setoffs = read_setoffs(connection, {row["invoice"]: row["currency"] for row in rows})
    for row in rows:
        key = row["invoice"]
        yield _build(row, build_draft(row, setoffs.get(key, ()), parts.get(key, {})), receipts[key])


def read_invoice(connection: Connection, number: str) -> Invoice:
    """Return an invoice, complete; raises InvoiceNotFoundError."""
    row = connection.execute(select(invoices).where(invoices.c.number == number)).mappings().one_or_none()
    if row is None:
        raise InvoiceNotFoundError(f"there is no invoice {number!r}; `billing-engine invoice list` shows all")
    key = row["invoice"]
    return _build(row, read_draft(connection, row), read_receipts(connection, {key: number})[key])


def _build(row: RowMapping, draft: InvoiceDraft, receipts: Receipts) -> Invoice:
    return Invoice(row["number"], row["issued_on"], row["due_on"], draft, receipts.payments, receipts.credit_notes)
