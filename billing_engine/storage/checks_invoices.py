"""Checks of what belongs together: references, revisions, payments, and what runs say was issued."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, String, Table, and_, cast, func, or_, select

from billing_engine.model.check import Finding
from billing_engine.storage.checks import Rule, rows_of, stream
from billing_engine.storage.columns import metadata
from billing_engine.storage.invoice_tables import invoices
from billing_engine.storage.invoices import REBILLED
from billing_engine.storage.run_tables import run_customers
from billing_engine.storage.runs import RunState
from billing_engine.storage.sla_tables import granted_credits, payments


def _referring() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.foreign_keys]


def _count_referring(connection: Connection) -> int:
    return rows_of(*_referring())(connection)


def _dangling(connection: Connection) -> Iterator[Finding]:
    """Look for rows whose reference leads nowhere: databases only refuse these while they are told to."""
    for table in _referring():
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            there = select(key.column).where(key.column == key.parent).exists()
            names = [cast(column, String) for column in table.primary_key]
            lost = select(key.parent, *names).where(key.parent.is_not(None), ~there)
            for value, *own in stream(connection, lost.order_by(*table.primary_key)):
                expected = f"a row of {key.column.table.name} that exists"
                yield Finding(f"{table.name} {', '.join(own)}", f"its {key.parent.name} is {value}", expected)


def _revised_wrong(connection: Connection) -> Iterator[Finding]:
    one, last = invoices.c, func.max(invoices.c.revision)
    uncounted = (
        select(one.customer, one.period, func.count().label("count"), last.label("last"))
        .group_by(one.customer, one.period)
        .having(or_(func.min(one.revision) != 1, last != func.count()))
    )
    for row in stream(connection, uncounted.order_by(one.customer, one.period)):
        what = f"{row.count} invoices, the last of which is number {row.last}"
        yield Finding(f"customer {row.customer}, {row.period}", what, "revisions counted from 1 on")
    later = invoices.alias("later")
    follows = (later.c.customer == one.customer) & (later.c.period == one.period) & (later.c.revision > one.revision)
    standing = select(one.customer, one.period, one.number).where(
        select(later.c.invoice).where(follows).exists(), ~REBILLED
    )
    for row in stream(connection, standing.order_by(one.customer, one.period, one.revision)):
        what = f"invoice {row.number} stands besides a later one"
        yield Finding(
            f"customer {row.customer}, {row.period}", what, "one invoice that was not credited to be billed anew"
        )


def _paid_nothing(connection: Connection) -> Iterator[Finding]:
    known = select(invoices.c.number).where(invoices.c.number == payments.c.invoice).exists()
    for row in stream(connection, select(payments.c.payment, payments.c.invoice).where(~known)):
        yield Finding(f"payment {row.payment}", f"it is for invoice {row.invoice}", "an invoice that exists")
    of_invoice = select(invoices.c.number).where(invoices.c.number == granted_credits.c.invoice).exists()
    credit = select(granted_credits.c.credit, granted_credits.c.invoice)
    for row in stream(connection, credit.where(granted_credits.c.invoice != "", ~of_invoice)):
        yield Finding(f"credit {row.credit}", f"it came of invoice {row.invoice}", "an invoice that exists")


def _run_otherwise(connection: Connection) -> Iterator[Finding]:
    run, one = run_customers.c, invoices.c
    issued = select(one.invoice).where(one.customer == run.customer, one.period == run.period)
    says_so = select(run.period, run.customer, run.state).where(run.state == RunState.ISSUED, ~issued.exists())
    for row in stream(connection, says_so.order_by(run.period, run.customer)):
        yield Finding(f"run {row.period}, {row.customer}", "it says issued", "an invoice of that month")
    same = and_(run.customer == one.customer, run.period == one.period)
    standing = (
        select(one.number, one.customer, one.period, run.state)
        .select_from(invoices.outerjoin(run_customers, same))
        .where(~REBILLED, run.state.is_distinct_from(RunState.ISSUED))
    )
    for row in stream(connection, standing.order_by(one.period, one.customer)):
        what = f"it says {row.state or 'nothing'}, and there is invoice {row.number}"
        yield Finding(f"run {row.period}, {row.customer}", what, "issued")


RULES = (
    Rule("references", "Whatever a row refers to is there.", _count_referring, _dangling),
    Rule("invoices.revisions", "A customer's month has one invoice that stands.", rows_of(invoices), _revised_wrong),
    Rule("payments.invoices", "Payments are for invoices that exist.", rows_of(payments), _paid_nothing),
    Rule(
        "runs.issued",
        "Runs say issued where there is an invoice, and nowhere else.",
        rows_of(run_customers),
        _run_otherwise,
    ),
)
