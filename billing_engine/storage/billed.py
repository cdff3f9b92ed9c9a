"""What was billed before: the history that a plan starts from, and claims that were given up to be billed anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from billing_engine.model.charge import ChargeKind
from billing_engine.model.history import ChargedFee, History, Lot, MonthUse
from billing_engine.model.money import from_minor
from billing_engine.model.period import Month
from billing_engine.storage.invoice_tables import (
    credit_note_lines,
    credit_notes,
    invoice_entries,
    invoice_expenses,
    invoice_lines,
    invoice_uses,
    invoices,
)
from billing_engine.storage.invoices import REBILLED
from billing_engine.storage.runs import read_closed


def read_histories(connection: Connection, customers: Sequence[str]) -> dict[str, History]:
    """Return what was billed to customers, by customer; one that was never billed is left out."""
    closed = read_closed(connection, customers)
    uses = _read_uses(connection, customers)
    fees = _read_fees(connection, customers)
    return {
        customer: History(
            frozenset(closed.get(customer, ())), tuple(uses.get(customer, ())), tuple(fees.get(customer, ()))
        )
        for customer in {*closed, *uses, *fees}
    }


def _read_uses(connection: Connection, customers: Sequence[str]) -> dict[str, list[MonthUse]]:
    names = ("contract", "period", "included_seconds", "drawn", "overage_seconds", "overage_billed_seconds")
    statement = (
        select(invoices.c.customer, *(invoice_uses.c[name] for name in names))
        .join_from(invoice_uses, invoices)
        .where(invoices.c.customer.in_(customers), ~REBILLED)
        .order_by(invoices.c.customer, invoices.c.year, invoices.c.sequence, invoice_uses.c.position)
    )
    found: dict[str, list[MonthUse]] = {}
    for customer, contract, period, included, drawn, overage, billed in connection.execute(statement):
        lots = tuple(Lot(Month.parse(month), seconds) for month, seconds in drawn)
        use = MonthUse(contract, Month.parse(period), included, lots, overage, billed)
        found.setdefault(customer, []).append(use)
    return found


def _read_fees(connection: Connection, customers: Sequence[str]) -> dict[str, list[ChargedFee]]:
    """Read fee lines with their days, and from which day on credit notes took them back."""
    on_line = (
        credit_notes.c.invoice == invoices.c.invoice,
        credit_note_lines.c.invoice_position == invoice_lines.c.position,
        credit_note_lines.c.service_from != "",
    )
    returned = (
        select(func.min(credit_note_lines.c.service_from))
        .join_from(credit_note_lines, credit_notes)
        .where(*on_line)
        .scalar_subquery()
    )
    line = invoice_lines.c
    statement = (
        select(
            invoices.c.customer,
            invoices.c.number,
            invoices.c.currency,
            *(line.position, line.contract, line.service_from, line.service_to, line.amount_minor),
            returned.label("returned_from"),
        )
        .join_from(invoice_lines, invoices)
        .where(invoices.c.customer.in_(customers), ~REBILLED, line.kind == ChargeKind.FEE, line.service_from != "")
        .order_by(invoices.c.customer, line.contract, line.service_from, invoices.c.number)
    )
    found: dict[str, list[ChargedFee]] = {}
    for row in connection.execute(statement):
        fee = ChargedFee(
            invoice=row.number,
            position=row.position,
            contract=row.contract,
            service_from=date.fromisoformat(row.service_from),
            service_to=date.fromisoformat(row.service_to),
            amount=from_minor(row.amount_minor, row.currency),
            currency=row.currency,
            returned_from=date.fromisoformat(row.returned_from) if row.returned_from else None,
        )
        found.setdefault(row.customer, []).append(fee)
    return found


def read_former_claims(connection: Connection, customers: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return how often entries and expenses stood on invoices credited to be billed anew: by customer, then by id."""
    found: dict[str, dict[str, int]] = {}
    for column in (invoice_entries.c.entry, invoice_expenses.c.expense):
        table: Any = column.table
        statement = (
            select(invoices.c.customer, column, func.count())
            .join_from(table, invoices)
            .where(invoices.c.customer.in_(customers), REBILLED)
            .group_by(invoices.c.customer, column)
        )
        for customer, item, count in connection.execute(statement):
            found.setdefault(customer, {})[item] = count
    return found
