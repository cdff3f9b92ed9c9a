"""What is known to be at Stripe: invoices with their status, for which of ours they are, and credit notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, exists, or_, select, tuple_

from billing_engine.model.delivery import DeliveryKind, Mirrored
from billing_engine.model.instant import Instant
from billing_engine.storage.inserting import batches, insert_of
from billing_engine.storage.invoice_tables import invoices
from billing_engine.storage.stripe_tables import (
    outbox,
    shares,
    stripe_credit_notes,
    stripe_invoices,
    stripe_lines,
)
from billing_engine.storage.tables import customers


@dataclass(frozen=True, slots=True)
class Share:
    """What of an invoice at Stripe is for one of ours, in Stripe's units."""

    stripe_invoice: str
    invoice: str
    share: int
    received: int
    """What of it was recorded as payments."""


@dataclass(frozen=True, slots=True)
class MirroredNote:
    """A credit note at Stripe."""

    stripe_id: str
    credit_note: str
    """Number of ours; empty where there is none."""
    invoice: str
    status: str
    total: int


def read_mirrored(connection: Connection, ids: Sequence[str]) -> dict[str, Mirrored]:
    """Return invoices at Stripe by their id there, of those that are known."""
    rows = connection.execute(select(stripe_invoices).where(stripe_invoices.c.stripe_id.in_(ids))).mappings()
    return {row["stripe_id"]: Mirrored(**row) for row in rows}


def read_shares(
    connection: Connection, *, stripe_invoice: str | None = None, numbers: Sequence[str] | None = None
) -> list[Share]:
    """Return for which of our invoices one at Stripe is, or where some of ours are."""
    statement = select(shares).order_by(shares.c.invoice, shares.c.stripe_invoice)
    if stripe_invoice is not None:
        statement = statement.where(shares.c.stripe_invoice == stripe_invoice)
    if numbers is not None:
        statement = statement.where(shares.c.invoice.in_(numbers))
    return [Share(**row) for row in connection.execute(statement).mappings()]


def read_carried_over(connection: Connection, customer: str, before: Sequence[str]) -> list[Share]:
    """Return what a customer owes for invoices that were below the smallest amount, oldest first.

    Only what was issued before the last of some invoices: no other can have been brought in with these.
    """
    place = tuple_(invoices.c.year, invoices.c.sequence)
    later = invoices.alias()
    is_before = exists().where(later.c.number.in_(before), place < tuple_(later.c.year, later.c.sequence))
    statement = (
        select(shares)
        .join(stripe_invoices, stripe_invoices.c.stripe_id == shares.c.stripe_invoice)
        .join(invoices, invoices.c.number == shares.c.invoice)
        .where(stripe_invoices.c.carried_over, invoices.c.customer == customer, shares.c.received < shares.c.share)
        .where(is_before)
        .order_by(invoices.c.year, invoices.c.sequence)
    )
    return [Share(**row) for row in connection.execute(statement).mappings()]


def read_collectors(connection: Connection, stripe_id: str) -> list[str]:
    """Return paid invoices of a customer at Stripe who still owes one that was carried over."""
    owed = select(invoices.c.customer).join(shares, shares.c.invoice == invoices.c.number)
    owed = owed.join(stripe_invoices, stripe_invoices.c.stripe_id == shares.c.stripe_invoice)
    owed = owed.where(shares.c.stripe_invoice == stripe_id, stripe_invoices.c.carried_over)
    paid = select(shares.c.stripe_invoice).join(invoices, invoices.c.number == shares.c.invoice)
    paid = paid.join(stripe_invoices, stripe_invoices.c.stripe_id == shares.c.stripe_invoice)
    paid = paid.where(stripe_invoices.c.status == "paid", ~stripe_invoices.c.carried_over)
    statement = paid.where(invoices.c.customer.in_(owed.scalar_subquery()))
    return sorted(set(connection.scalars(statement)))


def note_finalized(connection: Connection, invoice: Mapping[str, Any], number: str, now: Instant) -> None:
    """Note that an invoice of ours is there, before anybody looked again; what is known already stays.

    One that is paid already is noted as open: looking again records the payment.
    """
    total = int(invoice["total"])
    seen = Mirrored(str(invoice["id"]), "open", str(invoice["currency"]), total, 0, carried_over=False, seen_at=now)
    rows = ((stripe_invoices, asdict(seen)), (shares, asdict(Share(seen.stripe_id, number, total, 0))))
    for table, row in rows:
        connection.execute(insert_of(connection)(table).values(row).on_conflict_do_nothing())


def write_mirrored(connection: Connection, seen: Iterable[Mirrored]) -> None:
    """Write how invoices at Stripe were seen."""
    _upsert(connection, stripe_invoices, seen)


def write_shares(connection: Connection, found: Iterable[Share]) -> None:
    """Write for which of our invoices one at Stripe is, and what came in for them."""
    _upsert(connection, shares, found)


def read_notes(connection: Connection, numbers: Sequence[str]) -> list[MirroredNote]:
    """Return the credit notes at Stripe of our invoices."""
    statement = select(stripe_credit_notes).where(stripe_credit_notes.c.invoice.in_(numbers))
    return [MirroredNote(**row) for row in connection.execute(statement).mappings()]


def write_note(connection: Connection, note: MirroredNote) -> None:
    """Write down a credit note at Stripe."""
    _upsert(connection, stripe_credit_notes, [note])


def write_lines(connection: Connection, number: str, found: Mapping[str, tuple[str, str]]) -> None:
    """Write the ids of an invoice's parts at Stripe: of the item and of the line, by part."""
    for part, (item, line) in found.items():
        row: dict[str, Any] = {"invoice": number, "part": part, "item_id": item, "line_id": line}
        known = {name: value for name, value in row.items() if value and name.endswith("_id")}
        statement = insert_of(connection)(stripe_lines).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["invoice", "part"], set_=known))


def read_lines(connection: Connection, number: str) -> dict[str, tuple[str, str]]:
    """Return the ids of an invoice's parts at Stripe: of the item and of the line, by part."""
    statement = select(stripe_lines).where(stripe_lines.c.invoice == number)
    return {row.part: (row.item_id, row.line_id) for row in connection.execute(statement)}


def _upsert(connection: Connection, table: Table, found: Iterable[Mirrored | Share | MirroredNote]) -> None:
    key = [column.name for column in table.primary_key]
    for one in found:
        row = asdict(one)
        rest = {name: value for name, value in row.items() if name not in key}
        statement = insert_of(connection)(table).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=rest))


def read_statuses(connection: Connection, numbers: Sequence[str]) -> dict[str, Mirrored]:
    """Return how our invoices were last seen at Stripe, by number; the later one where there are two."""
    found: dict[str, Mirrored] = {}
    for batch in batches(numbers):
        statement = (
            select(shares.c.invoice, stripe_invoices)
            .join(stripe_invoices, stripe_invoices.c.stripe_id == shares.c.stripe_invoice)
            .where(shares.c.invoice.in_(batch))
            .order_by(stripe_invoices.c.seen_at)
        )
        for row in connection.execute(statement).mappings():
            found[row["invoice"]] = Mirrored(**{name: row[name] for name in Mirrored.__dataclass_fields__})
    return found


def is_customer_ours(connection: Connection, stripe_customer: str) -> bool:
    """Tell whether a customer at Stripe is one of ours."""
    return bool(connection.scalar(select(exists().where(customers.c.stripe_customer == stripe_customer))))


def is_invoice_ours(connection: Connection, stripe_id: str) -> bool:
    """Tell whether an invoice at Stripe has to do with one of ours."""
    sent = and_(outbox.c.stripe_id == stripe_id, outbox.c.kind == DeliveryKind.INVOICE)
    known = shares.c.stripe_invoice == stripe_id
    return bool(connection.scalar(select(or_(exists().where(sent), exists().where(known)))))
