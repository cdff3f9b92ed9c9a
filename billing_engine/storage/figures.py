"""Sums of issued invoices, for holding a month against the one before."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from billing_engine.model.figures import Figures, sum_up
from billing_engine.model.money import from_minor
from billing_engine.model.period import Month
from billing_engine.storage.inserting import batches
from billing_engine.storage.invoice_tables import invoice_lines, invoices
from billing_engine.storage.invoices import REBILLED
from billing_engine.storage.sla_tables import invoice_setoffs


def read_figures(connection: Connection, period: Month, customers: Sequence[str]) -> dict[str, Figures]:
    """Return the sums of the customers' invoices of a period, by customer."""
    found: dict[str, Figures] = {}
    for batch in batches(customers):
        found |= _read_batch(connection, period, batch)
    return found


def _read_batch(connection: Connection, period: Month, customers: Sequence[str]) -> dict[str, Figures]:
    of_period = (invoices.c.period == str(period), invoices.c.customer.in_(customers), ~REBILLED)
    documents = connection.execute(
        select(invoices.c.invoice, invoices.c.customer, invoices.c.currency, invoices.c.tax_minor).where(*of_period)
    ).all()
    by_kind = (
        select(invoices.c.invoice, invoice_lines.c.kind, func.sum(invoice_lines.c.amount_minor))
        .join_from(invoices, invoice_lines)
        .where(*of_period)
        .group_by(invoices.c.invoice, invoice_lines.c.kind)
    )
    lines: dict[str, list[tuple[str, int]]] = {}
    for invoice, kind, minor in connection.execute(by_kind):
        lines.setdefault(invoice, []).append((kind, int(minor)))
    taken_off = (
        select(invoices.c.invoice, func.sum(invoice_setoffs.c.amount_minor))
        .join_from(invoices, invoice_setoffs)
        .where(*of_period)
        .group_by(invoices.c.invoice)
    )
    setoffs = {invoice: int(minor) for invoice, minor in connection.execute(taken_off)}
    return {
        document.customer: sum_up(
            document.currency,
            [(kind, from_minor(minor, document.currency)) for kind, minor in lines.get(document.invoice, ())],
            [from_minor(setoffs.get(document.invoice, 0), document.currency)],
            from_minor(document.tax_minor, document.currency),
        )
        for document in documents
    }
