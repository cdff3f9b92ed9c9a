"""Drafts of issued invoices, read back from their rows many at a time, as they were hashed when they were issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, RowMapping, select

from billing_engine.model.invoice import (
    Buyer,
    ContractUse,
    InvoiceDraft,
    InvoiceEntry,
    InvoiceLine,
    InvoiceSetoff,
    Seller,
)
from billing_engine.model.money import from_minor
from billing_engine.model.period import Month
from billing_engine.storage.credit_ledger import read_setoffs
from billing_engine.storage.inserting import BATCH
from billing_engine.storage.invoice_tables import (
    invoice_entries,
    invoice_expenses,
    invoice_lines,
    invoice_uses,
    invoices,
)
from billing_engine.storage.stored_taxes import read_home_tax, read_taxes


class Stored(NamedTuple):
    """An invoice as it stands in its tables."""

    row: RowMapping
    draft: InvoiceDraft | None
    problem: str = ""
    """Why there is no draft: what keeps the rows from being one."""


def read_stored(connection: Connection) -> Iterator[list[Stored]]:
    """Read all invoices with all their parts, in order of key, some at a time."""
    statement, last = select(invoices).order_by(invoices.c.invoice).limit(BATCH), ""
    while rows := connection.execute(statement.where(invoices.c.invoice > last)).mappings().all():
        yield list(_read_batch(connection, rows))
        last = rows[-1]["invoice"]


def read_draft(connection: Connection, row: RowMapping) -> InvoiceDraft:
    """Read the draft of an invoice's row, with all its parts."""
    key = row["invoice"]
    setoffs = read_setoffs(connection, {key: row["currency"]}).get(key, ())
    return build_draft(row, setoffs, _read_parts(connection, [key]).get(key, {}))


def _read_batch(connection: Connection, rows: Sequence[RowMapping]) -> Iterator[Stored]:
    parts = _read_parts(connection, [row["invoice"] for row in rows])
    setoffs = read_setoffs(connection, {row["invoice"]: row["currency"] for row in rows})
    for row in rows:
        key = row["invoice"]
        try:
            yield Stored(row, build_draft(row, setoffs.get(key, ()), parts.get(key, {})))
        except Exception as error:  # noqa: BLE001 - a changed row may hold anything
            yield Stored(row, None, f"{type(error).__name__}: {error}")


Parts = dict[str, dict[str, list[dict[str, Any]]]]
"""Rows of the parts of invoices: by key of the invoice, then by table."""

_ORDERED = (
    invoice_lines.c.position,
    invoice_entries.c.position,
    invoice_uses.c.position,
    invoice_expenses.c.expense,
)


def read_lines(connection: Connection, keys: Sequence[str]) -> Parts:
    """Read the lines of some invoices alone, by their key."""
    return _read_parts(connection, keys, (invoice_lines.c.position,))


def _read_parts(connection: Connection, keys: Sequence[str], ordered: Sequence[Column[Any]] = _ORDERED) -> Parts:
    """Read the parts of some invoices, by their key."""
    found: Parts = {}
    for order in ordered:
        statement = select(order.table).where(order.table.c.invoice.in_(keys)).order_by(order)
        for row in connection.execute(statement).mappings():
            part = dict(row)
            found.setdefault(part.pop("invoice"), {}).setdefault(order.table.name, []).append(part)
    return found


def build_draft(
    row: RowMapping, setoffs: tuple[InvoiceSetoff, ...], parts: Mapping[str, Sequence[dict[str, Any]]]
) -> InvoiceDraft:
    """Make a draft of an invoice's row, its setoffs and the rows of its parts, by table; others are left out."""
    currency = row["currency"]
    return InvoiceDraft(
        customer=row["customer"],
        period=Month.parse(row["period"]),
        currency=currency,
        seller=Seller(**row["seller"]),
        buyer=Buyer(**row["buyer"]),
        lines=tuple(InvoiceLine(**_with_amount(line, currency)) for line in parts.get(invoice_lines.name, ())),
        entries=tuple(
            InvoiceEntry(**_with_amount(_entry(entry), currency, "position", "claim"))
            for entry in parts.get(invoice_entries.name, ())
        ),
        uses=tuple(_use(use) for use in parts.get(invoice_uses.name, ())),
        net=from_minor(row["net_minor"], currency),
        tax_percent=row["tax_percent"],
        tax_note=row["tax_note"],
        tax=from_minor(row["tax_minor"], currency),
        gross=from_minor(row["gross_minor"], currency),
        payment_days=row["payment_days"],
        holiday_source=row["holiday_source"],
        expenses=tuple(sorted(claim["expense"] for claim in parts.get(invoice_expenses.name, ()))),
        setoffs=setoffs,
        taxes=read_taxes(row["taxes"], currency),
        home_tax=read_home_tax(row["home_tax"]),
    )


def _with_amount(part: dict[str, Any], currency: str, *left_out: str) -> dict[str, Any]:
    """Give a part its amount in money, and leave out the columns that it has only in its table."""
    kept = {name: value for name, value in part.items() if name not in ("amount_minor", *left_out)}
    return kept | {"amount": from_minor(part["amount_minor"], currency)}


def _entry(part: dict[str, Any]) -> dict[str, Any]:
    """Give an entry the tuples that JSON does not know."""
    return part | {"parts": tuple((name, seconds) for name, seconds in part["parts"])}


def _use(part: dict[str, Any]) -> ContractUse:
    """Make a use of its row; JSON knows no tuples."""
    kept = {name: value for name, value in part.items() if name != "position"}
    return ContractUse(**kept | {"drawn": tuple((month, seconds) for month, seconds in part["drawn"])})
