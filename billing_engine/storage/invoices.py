"""Invoices: issued in one transaction, number last, and read back as they were issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, insert, select, update

from billing_engine.errors import InvoiceNotFoundError
from billing_engine.model.invoice import (
    Buyer,
    ContractUse,
    Invoice,
    InvoiceDraft,
    InvoiceEntry,
    InvoiceLine,
    InvoiceSetoff,
    Seller,
)
from billing_engine.model.money import ZERO, from_minor, to_minor
from billing_engine.model.payment import Dues
from billing_engine.model.period import Month
from billing_engine.storage.credit_ledger import read_setoffs, set_off
from billing_engine.storage.inserting import batches, insert_if_new
from billing_engine.storage.sequences import next_number
from billing_engine.storage.sla_tables import payments
from billing_engine.storage.tables import (
    invoice_entries,
    invoice_expenses,
    invoice_lines,
    invoices,
    used_price_lists,
)

SERIES = "invoice"


def issue_invoice(connection: Connection, draft: InvoiceDraft, number_format: str, issued_on: date) -> str | None:
    """Write a draft as an invoice and return its number; None when the customer has one for the period already.

    The first statement claims customer and period, the last two take the number: the counter that all customers share
    is locked for these and the commit alone, and only an invoice that is complete takes a number, so none is missing.

    Raises IntegrityError when an entry stands on another invoice, CreditSpentError when a credit has less left.
    """
    key = f"{SERIES}/{draft.period}/{draft.customer}"
    if not insert_if_new(connection, invoices, _invoice_row(key, draft, issued_on)):
        return None
    for use in draft.uses:
        row = {"version": use.price_list_version, "content_hash": use.price_list_hash}
        insert_if_new(connection, used_price_lists, row)
    _insert_parts(connection, key, draft)
    set_off(connection, key, draft.setoffs, draft.currency, issued_on)
    year = draft.period.year
    sequence = next_number(connection, SERIES, year)
    number = number_format.format(year=year, number=sequence)
    connection.execute(update(invoices).where(invoices.c.invoice == key).values(number=number, sequence=sequence))
    return number


def _invoice_row(key: str, draft: InvoiceDraft, issued_on: date) -> dict[str, Any]:
    return {
        "invoice": key,
        "series": SERIES,
        "year": draft.period.year,
        "customer": draft.customer,
        "period": str(draft.period),
        "currency": draft.currency,
        "issued_on": issued_on,
        "due_on": issued_on + timedelta(days=draft.payment_days),
        "payment_days": draft.payment_days,
        "net_minor": to_minor(draft.net, draft.currency),
        "tax_percent": draft.tax_percent,
        "tax_note": draft.tax_note,
        "tax_minor": to_minor(draft.tax, draft.currency),
        "gross_minor": to_minor(draft.gross, draft.currency),
        "amount_due_minor": to_minor(draft.amount_due, draft.currency),
        "seller": asdict(draft.seller),
        "buyer": asdict(draft.buyer),
        "uses": [asdict(use) for use in draft.uses],
        "holiday_source": draft.holiday_source,
    }


def read_used_price_lists(connection: Connection) -> dict[str, str]:
    """Return the price-list versions that issued invoices used, with the hash of their terms."""
    rows = connection.execute(select(used_price_lists.c.version, used_price_lists.c.content_hash))
    return {row.version: row.content_hash for row in rows}


def _insert_parts(connection: Connection, key: str, draft: InvoiceDraft) -> None:
    lines = [_with_minor(asdict(line), draft.currency, invoice=key) for line in draft.lines]
    entries = [
        _with_minor(asdict(entry), draft.currency, invoice=key, position=position)
        for position, entry in enumerate(draft.entries, 1)
    ]
    claims = [{"expense": expense, "invoice": key} for expense in draft.expenses]
    for table, rows in ((invoice_lines, lines), (invoice_entries, entries), (invoice_expenses, claims)):
        for batch in batches(rows):
            connection.execute(insert(table), batch)


def _with_minor(row: dict[str, Any], currency: str, **more: Any) -> dict[str, Any]:
    amount = row.pop("amount")
    return {**row, "amount_minor": to_minor(amount, currency), **more}


def read_numbers(connection: Connection, period: Month, customers: Sequence[str]) -> dict[str, str]:
    """Return the numbers of the customers' invoices of a period, by customer."""
    of_period = (invoices.c.series == SERIES, invoices.c.period == str(period), invoices.c.customer.in_(customers))
    statement = select(invoices.c.customer, invoices.c.number).where(*of_period)
    return {row.customer: row.number for row in connection.execute(statement)}


def read_currencies(connection: Connection, numbers: Sequence[str]) -> dict[str, str]:
    """Return the currencies of the numbered invoices, those that there are."""
    found: dict[str, str] = {}
    for batch in batches(numbers):
        rows = connection.execute(select(invoices.c.number, invoices.c.currency).where(invoices.c.number.in_(batch)))
        found |= {row.number: row.currency for row in rows}
    return found


def read_dues(connection: Connection, customer: str) -> list[Dues]:
    """Return what a customer's invoices ask for, and what came in for them."""
    columns = (invoices.c.number, invoices.c.period, invoices.c.issued_on, invoices.c.currency)
    statement = select(*columns, invoices.c.amount_due_minor).where(invoices.c.customer == customer)
    rows = connection.execute(statement.order_by(invoices.c.year, invoices.c.sequence)).all()
    paid: dict[str, list[tuple[date, Decimal]]] = {}
    numbers = select(invoices.c.number).where(invoices.c.customer == customer)
    for row in connection.execute(select(payments).where(payments.c.invoice.in_(numbers))):
        paid.setdefault(row.invoice, []).append((row.paid_on, row.amount))
    return [
        Dues(
            row.number,
            customer,
            row.period,
            row.issued_on,
            from_minor(row.amount_due_minor, row.currency),
            tuple(sorted(paid.get(row.number, ()))),
        )
        for row in rows
    ]


def _read_paid(connection: Connection, numbers: Sequence[str]) -> dict[str, Decimal]:
    """Return what came in for the invoices, by number."""
    paid: dict[str, Decimal] = {}
    for batch in batches(numbers):
        for row in connection.execute(select(payments).where(payments.c.invoice.in_(batch))):
            paid[row.invoice] = paid.get(row.invoice, ZERO) + row.amount
    return paid


def read_invoices(connection: Connection, period: Month | None = None) -> list[Invoice]:
    """Return all invoices, or those of a period, in order of number, without lines and entries."""
    statement = select(invoices).order_by(invoices.c.year, invoices.c.sequence)
    if period is not None:
        statement = statement.where(invoices.c.period == str(period))
    rows = connection.execute(statement).mappings().all()
    paid = _read_paid(connection, [row["number"] for row in rows])
    setoffs = read_setoffs(connection, {row["invoice"]: row["currency"] for row in rows})
    return [_build(row, _Parts(setoffs=setoffs.get(row["invoice"], ())), paid.get(row["number"], ZERO)) for row in rows]


def read_invoice(connection: Connection, number: str) -> Invoice:
    """Return an invoice, complete; raises InvoiceNotFoundError."""
    row = connection.execute(select(invoices).where(invoices.c.number == number)).mappings().one_or_none()
    if row is None:
        raise InvoiceNotFoundError(f"there is no invoice {number!r}; `billing-engine invoice list` shows all")
    key, currency = row["invoice"], row["currency"]
    claimed = select(invoice_expenses.c.expense).where(invoice_expenses.c.invoice == key)
    parts = _Parts(
        tuple(InvoiceLine(**line) for line in _rows(connection, invoice_lines, key, currency)),
        tuple(
            InvoiceEntry(**{name: value for name, value in entry.items() if name != "position"})
            for entry in _rows(connection, invoice_entries, key, currency)
        ),
        tuple(sorted(connection.scalars(claimed))),
        read_setoffs(connection, {key: currency}).get(key, ()),
    )
    return _build(row, parts, _read_paid(connection, [number]).get(number, ZERO))


class _Parts(NamedTuple):
    """What an invoice has besides its totals."""

    lines: tuple[InvoiceLine, ...] = ()
    entries: tuple[InvoiceEntry, ...] = ()
    expenses: tuple[str, ...] = ()
    setoffs: tuple[InvoiceSetoff, ...] = ()


def _rows(connection: Connection, table: Any, key: str, currency: str) -> list[dict[str, Any]]:
    statement = select(table).where(table.c.invoice == key).order_by(table.c.position)
    rows = []
    for found in connection.execute(statement).mappings():
        row = dict(found)
        del row["invoice"]
        row["amount"] = from_minor(row.pop("amount_minor"), currency)
        rows.append(row)
    return rows


def _build(row: RowMapping, parts: _Parts, paid: Decimal) -> Invoice:
    currency = row["currency"]
    draft = InvoiceDraft(
        customer=row["customer"],
        period=Month.parse(row["period"]),
        currency=currency,
        seller=Seller(**row["seller"]),
        buyer=Buyer(**row["buyer"]),
        lines=parts.lines,
        entries=parts.entries,
        uses=tuple(_use(use) for use in row["uses"]),
        net=from_minor(row["net_minor"], currency),
        tax_percent=row["tax_percent"],
        tax_note=row["tax_note"],
        tax=from_minor(row["tax_minor"], currency),
        gross=from_minor(row["gross_minor"], currency),
        payment_days=row["payment_days"],
        holiday_source=row["holiday_source"],
        expenses=parts.expenses,
        setoffs=parts.setoffs,
    )
    return Invoice(row["number"], row["issued_on"], row["due_on"], draft, paid)


def _use(stored: dict[str, Any]) -> ContractUse:
    """JSON knows no tuples."""
    drawn = tuple((month, seconds) for month, seconds in stored["drawn"])
    return ContractUse(**{**stored, "drawn": drawn})
