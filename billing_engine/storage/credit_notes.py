"""Credit notes: issued in one transaction, number last, and read back as they were issued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from billing_engine.errors import CreditNoteError
from billing_engine.model.content_hash import content_hash
from billing_engine.model.credit_note import CreditNote, CreditNoteDraft, CreditNoteLine, SetoffReversal
from billing_engine.model.money import from_minor, to_minor
from billing_engine.model.numbering import Numbering
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Setoff
from billing_engine.storage.credit_ledger import give_back
from billing_engine.storage.inserting import batches, insert_if_new
from billing_engine.storage.invoice_tables import credit_note_lines, credit_notes, invoices, setoff_reversals
from billing_engine.storage.master_data import count_change
from billing_engine.storage.sequences import check_free, next_number
from billing_engine.storage.stored_taxes import read_taxes, tax_rows


def issue_credit_note(
    connection: Connection, draft: CreditNoteDraft, numbering: Numbering, issued_on: date
) -> CreditNote:
    """Write a draft as a credit note, number last, and give back what had been set off; the caller locks the customer.

    Raises CreditNoteError when its invoice is of a later day or was credited since the draft was made, DateOrderError
    when the series has a credit note of a later day.
    """
    of_number = select(invoices.c.invoice, invoices.c.issued_on).where(invoices.c.number == draft.invoice)
    invoice, invoiced_on = connection.execute(of_number).one()
    if issued_on < invoiced_on:
        raise CreditNoteError(f"invoice {draft.invoice} is of {invoiced_on}; a credit note of {issued_on} is before it")
    earlier = select(func.count()).where(credit_notes.c.invoice == invoice)
    key = f"credit-note/{invoice}/{connection.execute(earlier).scalar_one() + 1}"
    if not insert_if_new(connection, credit_notes, _row(key, invoice, draft, numbering, issued_on)):
        raise CreditNoteError(f"invoice {draft.invoice} was credited by somebody else meanwhile; look, and try again")
    parts = ((credit_note_lines, draft.lines), (setoff_reversals, draft.reversals))
    for table, items in parts:
        for batch in batches([_with_minor(item, draft.currency, credit_note=key) for item in items]):
            connection.execute(insert(table), batch)
    sequence = next_number(connection, numbering.series, numbering.year, issued_on)
    check_free(connection, numbering, [sequence])
    number = numbering.number(sequence)
    taking = update(credit_notes).where(credit_notes.c.credit_note == key)
    connection.execute(taking.values(number=number, sequence=sequence))
    # After the number, because the ledger names it.
    give_back(connection, invoice, number, draft.reversals, issued_on)
    count_change(connection, [draft.customer])
    return CreditNote(number, issued_on, draft)


def _row(key: str, invoice: str, draft: CreditNoteDraft, numbering: Numbering, issued_on: date) -> dict[str, Any]:
    return {
        "credit_note": key,
        "series": numbering.series,
        "year": numbering.year,
        "invoice": invoice,
        "customer": draft.customer,
        "currency": draft.currency,
        "issued_on": issued_on,
        "reason": draft.reason,
        "rebill": draft.rebill,
        "net_minor": to_minor(draft.net, draft.currency),
        "tax_percent": draft.tax_percent,
        "tax_minor": to_minor(draft.tax, draft.currency),
        "gross_minor": to_minor(draft.gross, draft.currency),
        "taxes": tax_rows(draft.taxes, draft.currency),
        "content_hash": content_hash(draft),
    }


def _with_minor(item: CreditNoteLine | SetoffReversal, currency: str, **more: Any) -> dict[str, Any]:
    row = asdict(item)
    return {**row, "amount_minor": to_minor(row.pop("amount"), currency), **more}


def read_credit_notes(
    connection: Connection, *, invoice: str | None = None, customer: str | None = None, month: Month | None = None
) -> list[CreditNote]:
    """Return all credit notes in order of number, or an invoice's, a customer's, or those issued in a month."""
    wanted = []
    if invoice is not None:
        wanted.append(invoices.c.number == invoice)
    if customer is not None:
        wanted.append(credit_notes.c.customer == customer)
    if month is not None:
        wanted.append(credit_notes.c.issued_on.between(month.first_day, month.last_day))
    return _read(connection, wanted)


def read_credit_note(connection: Connection, number: str) -> CreditNote:
    """Return a credit note; raises CreditNoteError."""
    found = _read(connection, [credit_notes.c.number == number])
    if not found:
        raise CreditNoteError(f"there is no credit note {number!r}; `billing-engine credit-note list` shows all")
    return found[0]


def _read(connection: Connection, wanted: Iterable[ColumnElement[bool]]) -> list[CreditNote]:
    statement = (
        select(credit_notes, invoices.c.number.label("invoice_number"))
        .join(invoices, invoices.c.invoice == credit_notes.c.invoice)
        .where(*wanted)
        .order_by(credit_notes.c.year, credit_notes.c.series, credit_notes.c.sequence)
    )
    rows = connection.execute(statement).mappings().all()
    keys = [row["credit_note"] for row in rows]
    lines = _parts_of(connection, credit_note_lines, keys)
    reversals = _parts_of(connection, setoff_reversals, keys)
    return [_build(row, lines.get(row["credit_note"], []), reversals.get(row["credit_note"], [])) for row in rows]


def _parts_of(connection: Connection, table: Any, keys: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for batch in batches(keys):
        statement = select(table).where(table.c.credit_note.in_(batch)).order_by(table.c.position)
        for row in connection.execute(statement).mappings():
            part = dict(row)
            found.setdefault(part.pop("credit_note"), []).append(part)
    return found


def _build(row: RowMapping, lines: Sequence[dict[str, Any]], reversals: Sequence[dict[str, Any]]) -> CreditNote:
    currency = row["currency"]
    draft = CreditNoteDraft(
        invoice=row["invoice_number"],
        customer=row["customer"],
        currency=currency,
        reason=row["reason"],
        rebill=row["rebill"],
        lines=tuple(CreditNoteLine(**_with_amount(line, currency)) for line in lines),
        reversals=tuple(
            SetoffReversal(**{**_with_amount(one, currency), "setoff": Setoff(one["setoff"])}) for one in reversals
        ),
        net=from_minor(row["net_minor"], currency),
        tax_percent=row["tax_percent"],
        tax=from_minor(row["tax_minor"], currency),
        gross=from_minor(row["gross_minor"], currency),
        taxes=read_taxes(row["taxes"], currency),
    )
    return CreditNote(row["number"], row["issued_on"], draft)


def _with_amount(part: dict[str, Any], currency: str) -> dict[str, Any]:
    amount = from_minor(part["amount_minor"], currency)
    return {name: value for name, value in part.items() if name != "amount_minor"} | {"amount": amount}
