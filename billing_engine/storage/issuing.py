"""Issuing an invoice: all of it in one transaction, its number last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, update

from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.money import to_minor
from billing_engine.model.numbering import Numbering
from billing_engine.storage.credit_ledger import set_off
from billing_engine.storage.inserting import batches, insert_if_new
from billing_engine.storage.invoice_tables import (
    invoice_entries,
    invoice_expenses,
    invoice_lines,
    invoice_uses,
    invoices,
    used_price_lists,
)
from billing_engine.storage.sequences import next_number


class Issuing(NamedTuple):
    """How a draft becomes an invoice."""

    numbering: Numbering
    issued_on: date
    content_hash: str
    revision: int = 1
    """More than 1 where the period was credited to be billed anew."""
    former_claims: Mapping[str, int] = {}
    """How often an entry or expense stood on invoices that were credited to be billed anew, by id."""
    known_price_lists: frozenset[str] = frozenset()
    """Versions that invoices used before."""


def issue_invoice(connection: Connection, draft: InvoiceDraft, issuing: Issuing) -> str | None:
    """Write a draft as an invoice and return its number; None when the customer has one for the period already.

    The first statement claims customer and period, the last two take the number: the counter that all customers share
    is locked for these and the commit alone, and only an invoice that is complete takes a number, so none is missing.

    Raises IntegrityError when an entry stands on another invoice, CreditSpentError when a credit has less left,
    DateOrderError when the series has an invoice of a later day.
    """
    key = f"invoice/{draft.period}/{draft.customer}"
    if issuing.revision > 1:
        key = f"{key}/{issuing.revision}"
    if not insert_if_new(connection, invoices, _invoice_row(key, draft, issuing)):
        return None
    for use in draft.uses:
        if use.price_list_version not in issuing.known_price_lists:
            row = {"version": use.price_list_version, "content_hash": use.price_list_hash}
            insert_if_new(connection, used_price_lists, row)
    _insert_parts(connection, key, draft, issuing.former_claims)
    set_off(connection, key, draft.setoffs, draft.currency, issuing.issued_on)
    numbering = issuing.numbering
    sequence = next_number(connection, numbering.series, numbering.year, issuing.issued_on)
    number = numbering.number(sequence)
    connection.execute(update(invoices).where(invoices.c.invoice == key).values(number=number, sequence=sequence))
    return number


def _invoice_row(key: str, draft: InvoiceDraft, issuing: Issuing) -> dict[str, Any]:
    return {
        "invoice": key,
        "series": issuing.numbering.series,
        "year": issuing.numbering.year,
        "customer": draft.customer,
        "period": str(draft.period),
        "revision": issuing.revision,
        "currency": draft.currency,
        "issued_on": issuing.issued_on,
        "due_on": issuing.issued_on + timedelta(days=draft.payment_days),
        "payment_days": draft.payment_days,
        "net_minor": to_minor(draft.net, draft.currency),
        "tax_percent": draft.tax_percent,
        "tax_note": draft.tax_note,
        "tax_minor": to_minor(draft.tax, draft.currency),
        "gross_minor": to_minor(draft.gross, draft.currency),
        "amount_due_minor": to_minor(draft.amount_due, draft.currency),
        "seller": asdict(draft.seller),
        "buyer": asdict(draft.buyer),
        "holiday_source": draft.holiday_source,
        "content_hash": issuing.content_hash,
    }


def _insert_parts(connection: Connection, key: str, draft: InvoiceDraft, former_claims: Mapping[str, int]) -> None:
    lines = [_row(line, invoice=key, amount=to_minor(line.amount, draft.currency)) for line in draft.lines]
    uses = [_row(use, invoice=key, position=position) for position, use in enumerate(draft.uses, 1)]
    entries = [
        _row(
            entry,
            invoice=key,
            position=position,
            claim=former_claims.get(entry.entry, 0) + 1,
            amount=to_minor(entry.amount, draft.currency),
        )
        for position, entry in enumerate(draft.entries, 1)
    ]
    expenses = [
        {"expense": expense, "claim": former_claims.get(expense, 0) + 1, "invoice": key} for expense in draft.expenses
    ]
    parts = ((invoice_lines, lines), (invoice_uses, uses), (invoice_entries, entries), (invoice_expenses, expenses))
    for table, rows in parts:
        for batch in batches(rows):
            connection.execute(insert(table), batch)


def _row(part: Any, **more: Any) -> dict[str, Any]:
    """Make a row of a part of the invoice; its fields are named like the columns, the amount in minor units."""
    row = {name: getattr(part, name) for name in part.__dataclass_fields__} | more
    if "amount" in row:
        row["amount_minor"] = row.pop("amount")
    return row
