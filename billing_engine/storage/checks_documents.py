"""Checks of what documents say against the hash that they and the audit trail keep: finds a change of any word."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, RowMapping, Select, func, select

from billing_engine.model.check import Finding
from billing_engine.model.content_hash import content_hash
from billing_engine.model.money import from_minor, plain
from billing_engine.model.period import Month
from billing_engine.storage.checks import Rule, rows_of, stream
from billing_engine.storage.credit_notes import read_credit_notes
from billing_engine.storage.inserting import batches
from billing_engine.storage.invoice_tables import credit_notes, invoices
from billing_engine.storage.run_tables import audit_events
from billing_engine.storage.stored_drafts import read_stored
from billing_engine.storage.upgraded import hash_of_old, read_old

INVOICE_ISSUED, CREDIT_NOTE_ISSUED = "invoice.issued", "credit_note.issued"


class _Document(NamedTuple):
    """A document as its rows say it is now."""

    name: str
    number: str | None
    stored_hash: str
    """As it was issued; empty where it is from before the audit trail, which then keeps another one."""
    found_hash: str
    problem: str
    """Why the rows could not be read; the found hash is empty then."""
    details: Mapping[str, str]
    """What its event in the trail says besides the hash, by key."""
    old_hash: str = ""
    """What the trail keeps of one from before it."""


def _invoices(connection: Connection) -> Iterator[Sequence[_Document]]:
    for batch in read_stored(connection):
        yield [
            _Document(
                f"invoice {row['number'] or row['invoice']}",
                row["number"],
                row["content_hash"],
                "" if draft is None else content_hash(draft),
                problem,
                _details(row) | {"period": row["period"], "due_on": str(row["due_on"])},
                "" if row["content_hash"] else hash_of_old(stored),
            )
            for stored in batch
            for row, draft, problem in [stored]
        ]


def _credit_notes(connection: Connection) -> Iterator[Sequence[_Document]]:
    """Read credit notes month of issue by month of issue, so that not all are in memory."""
    days = connection.scalars(select(credit_notes.c.issued_on).distinct()).all()
    for month in sorted({Month(day.year, day.month) for day in days}):
        of_month = credit_notes.c.issued_on.between(month.first_day, month.last_day)
        found = {note.number: content_hash(note.draft) for note in read_credit_notes(connection, month=month)}
        numbers = select(credit_notes, invoices.c.number.label("invoice_number")).join(invoices)
        rows = connection.execute(numbers.where(of_month).order_by(credit_notes.c.credit_note)).mappings().all()
        for batch in batches(rows):
            yield [
                _Document(
                    f"credit note {row['number'] or row['credit_note']}",
                    row["number"],
                    row["content_hash"],
                    found.get(row["number"], ""),
                    "" if row["number"] in found else "it has no number",
                    _details(row) | {"invoice": row["invoice_number"]},
                )
                for row in batch
            ]


def _details(row: RowMapping) -> dict[str, str]:
    return {
        "customer": row["customer"],
        "currency": row["currency"],
        "gross": plain(from_minor(row["gross_minor"], row["currency"])),
        "issued_on": str(row["issued_on"]),
    }


def _changed(
    batch: Sequence[_Document], events: Mapping[str, Mapping[str, Any]], old: Mapping[str, str]
) -> Iterator[Finding]:
    """Compare documents as they are with their own hash and with their events."""
    for document in batch:
        number = document.number or ""
        event = events.get(number)
        if document.problem:
            yield Finding(document.name, f"it can not be read back: {document.problem}", "what was issued")
            continue
        if event is None and number in old:
            if document.old_hash != old[number]:
                what = f"what it says has the hash {(document.old_hash or document.found_hash)[:16]}…"
                yield Finding(document.name, what, f"{old[number][:16]}…, as when it was taken into the audit trail")
            continue
        if document.found_hash != document.stored_hash:
            what = f"what it says has the hash {document.found_hash[:16]}…"
            yield Finding(document.name, what, f"{document.stored_hash[:16] or 'none'}…, with which it was issued")
        if event is None:
            yield Finding(document.name, "the audit trail does not know it", "an event of its issue")
            continue
        if event.get("content_hash") != document.stored_hash:
            what = f"it was issued with the hash {document.stored_hash[:16] or 'none'}…"
            yield Finding(document.name, what, f"{str(event.get('content_hash'))[:16]}…, as the audit trail says")
        for key, stands in document.details.items():
            if event.get(key, stands) != stands:
                yield Finding(document.name, f"its {key} is {stands}", f"{event[key]}, as the audit trail says")


def _read_events(connection: Connection, action: str, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    one = audit_events.c
    statement = select(one.subject, one.details).where(one.action == action, one.subject.in_(numbers))
    return {row.subject: json.loads(row.details) for row in connection.execute(statement.order_by(one.event))}


def _invoices_changed(connection: Connection) -> Iterator[Finding]:
    old = read_old(connection).invoices
    for batch in _invoices(connection):
        numbers = [document.number for document in batch if document.number]
        yield from _changed(batch, _read_events(connection, INVOICE_ISSUED, numbers), old)
    yield from _issued_and_gone(connection, INVOICE_ISSUED, invoices.c.number)
    for some in batches(sorted(old)):
        known = set(connection.scalars(select(invoices.c.number).where(invoices.c.number.in_(some))))
        for number in (number for number in some if number not in known):
            yield Finding(f"invoice {number}", "it is not there", "the invoice that was taken into the audit trail")


def _credit_notes_changed(connection: Connection) -> Iterator[Finding]:
    for batch in _credit_notes(connection):
        numbers = [document.number for document in batch if document.number]
        yield from _changed(batch, _read_events(connection, CREDIT_NOTE_ISSUED, numbers), {})
    yield from _issued_and_gone(connection, CREDIT_NOTE_ISSUED, credit_notes.c.number)


def _issued_and_gone(connection: Connection, action: str, number: Column[str | None]) -> Iterator[Finding]:
    """Look for events of documents that are not there, and for several of one."""
    one = audit_events.c
    of_action: Select[Any] = select(one.subject, func.count().label("times")).where(one.action == action)
    gone = of_action.where(~select(number).where(number == one.subject).exists())
    for row in stream(connection, gone.group_by(one.subject).order_by(one.subject)):
        yield Finding(f"{action} {row.subject}", "there is no such document", "the document that was issued")
    again = of_action.group_by(one.subject).having(func.count() > 1)
    for row in stream(connection, again.order_by(one.subject)):
        yield Finding(f"{action} {row.subject}", f"it was issued {row.times} times", "once")


RULES = (
    Rule(
        "audit.invoices",
        "What an invoice says has the hash that it and the audit trail keep, and the trail knows each invoice.",
        rows_of(invoices),
        _invoices_changed,
    ),
    Rule(
        "audit.credit_notes",
        "What a credit note says has the hash that it and the audit trail keep, and the trail knows each.",
        rows_of(credit_notes),
        _credit_notes_changed,
    ),
)
