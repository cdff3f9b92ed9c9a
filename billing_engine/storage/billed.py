"""What was billed before: the history that a plan starts from, and claims that were given up to be billed anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from billing_engine.model.charge import ChargeKind
from billing_engine.model.history import ChargedFee, Credited, Days, History, Lot, MonthUse
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
    days = (invoice_uses.c.service_from, invoice_uses.c.service_to)
    statement = (
        select(invoices.c.customer, *(invoice_uses.c[name] for name in names), *days)
        .join_from(invoice_uses, invoices)
        .where(invoices.c.customer.in_(customers), ~REBILLED)
        .order_by(invoices.c.customer, invoices.c.year, invoices.c.sequence, invoice_uses.c.position)
    )
    found: dict[str, list[MonthUse]] = {}
    for customer, contract, period, included, drawn, overage, billed, *span in connection.execute(statement):
        lots = tuple(Lot(Month.parse(month), seconds) for month, seconds in drawn)
        ran = _read_days(*span)
        count = 0 if ran is None else (ran.last - ran.first).days + 1
        use = MonthUse(contract, Month.parse(period), included, lots, overage, billed, count)
        found.setdefault(customer, []).append(use)
    return found


def _read_days(first: str, last: str) -> Days | None:
    """Read days as documents keep them; None where they name none."""
    return Days(date.fromisoformat(first), date.fromisoformat(last)) if first else None


def _read_fees(connection: Connection, customers: Sequence[str]) -> dict[str, list[ChargedFee]]:
    """Read fee lines with their days, and what credit notes took back of them."""
    credited = _read_credited(connection, customers)
    line = invoice_lines.c
    statement = (
        select(
            *(invoices.c.customer, invoices.c.invoice, invoices.c.number, invoices.c.currency),
            *(line.position, line.contract, line.service_from, line.service_to, line.amount_minor),
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
            credited=tuple(credited.get((row.invoice, row.position), ())),
        )
        found.setdefault(row.customer, []).append(fee)
    return found


def _read_credited(connection: Connection, customers: Sequence[str]) -> dict[tuple[str, int], list[Credited]]:
    """Read what credit notes took of lines, oldest first: by the invoice's key and the line's position."""
    note, line = credit_notes.c, credit_note_lines.c
    statement = (
        select(
            note.invoice, note.currency, line.invoice_position, line.amount_minor, line.service_from, line.service_to
        )
        .join_from(credit_note_lines, credit_notes)
        .where(note.customer.in_(customers))
        .order_by(note.issued_on, note.year, note.sequence, line.position)
    )
    found: dict[tuple[str, int], list[Credited]] = {}
    for invoice, currency, position, minor, *span in connection.execute(statement):
        one = Credited(from_minor(minor, currency), _read_days(*span))
        found.setdefault((invoice, position), []).append(one)
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
