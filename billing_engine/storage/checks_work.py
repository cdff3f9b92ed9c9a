"""Checks of billed work: each entry and expense is claimed once, by its customer's invoice, and copied as it was."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, Connection, Table, func, or_, select

from billing_engine.model.charge import ChargeKind
from billing_engine.model.check import Finding
from billing_engine.storage.checks import Rule, rows_of, stream
from billing_engine.storage.invoice_tables import (
    credit_notes,
    invoice_entries,
    invoice_expenses,
    invoice_lines,
    invoices,
)
from billing_engine.storage.tables import expenses, time_entries


def _claimed_wrong(connection: Connection, claims: Table, work: Table, item: Column[str]) -> Iterator[Finding]:
    """Look at how often, after what and by whom rows of work are claimed; `item` is their key among the claims."""
    yield from _claims_uncounted(connection, item)
    yield from _claimed_again(connection, claims, item)
    owner = work.c.customer
    foreign = (
        select(item, invoices.c.number, owner.label("owner"), invoices.c.customer)
        .select_from(claims.join(invoices, invoices.c.invoice == claims.c.invoice).join(work, work.c[item.key] == item))
        .where(owner != invoices.c.customer)
    )
    for row in stream(connection, foreign.order_by(item)):
        what = f"invoice {row.number} of customer {row.customer} claims it"
        yield Finding(f"{item.key} {row[0]}", what, f"an invoice of customer {row.owner}")


def _claims_uncounted(connection: Connection, item: Column[str]) -> Iterator[Finding]:
    claim, count = item.table.c.claim, func.count()
    uncounted = (
        select(item, count.label("times"), func.max(claim).label("last"))
        .group_by(item)
        .having(or_(func.min(claim) != 1, func.max(claim) != count))
    )
    for row in stream(connection, uncounted.order_by(item)):
        what = f"claimed {row.times} times, the last of which is number {row.last}"
        yield Finding(f"{item.key} {row[0]}", what, "claims counted from 1 on")


def _claimed_again(connection: Connection, claims: Table, item: Column[str]) -> Iterator[Finding]:
    former = claims.alias("former")
    given_up = (
        select(credit_notes.c.credit_note)
        .where(credit_notes.c.invoice == former.c.invoice, credit_notes.c.rebill)
        .exists()
    )
    follows = (former.c[item.key] == item) & (former.c.claim < claims.c.claim)
    doubled = (
        select(item, claims.c.invoice, former.c.invoice.label("former"))
        .select_from(claims.join(former, follows))
        .where(~given_up)
    )
    for row in stream(connection, doubled.order_by(item)):
        what = f"{row.invoice} claims it, which {row.former} has claimed"
        yield Finding(f"{item.key} {row[0]}", what, "a credit note first that gives up the former claim")


def _entries_claimed_wrong(connection: Connection) -> Iterator[Finding]:
    return _claimed_wrong(connection, invoice_entries, time_entries, invoice_entries.c.entry)


def _expenses_claimed_wrong(connection: Connection) -> Iterator[Finding]:
    return _claimed_wrong(connection, invoice_expenses, expenses, invoice_expenses.c.expense)


def _annex_uncounted(connection: Connection) -> Iterator[Finding]:
    position, count = invoice_entries.c.position, func.count()
    uncounted = (
        select(
            *(invoices.c.number, invoice_entries.c.invoice),
            *(
                count.label("times"),
                func.max(position).label("last"),
                func.count(position.distinct()).label("different"),
            ),
        )
        .select_from(invoice_entries.join(invoices, invoices.c.invoice == invoice_entries.c.invoice))
        .group_by(invoice_entries.c.invoice, invoices.c.number)
        .having(or_(func.min(position) != 1, func.max(position) != count, func.count(position.distinct()) != count))
    )
    for row in stream(connection, uncounted.order_by(invoice_entries.c.invoice)):
        what = f"{row.times} entries at {row.different} positions, the last of which is {row.last}"
        yield Finding(f"invoice {row.number or row.invoice}", what, "positions counted from 1 on")


def _copied_wrong(connection: Connection) -> Iterator[Finding]:
    copy, raw = invoice_entries.c, time_entries.c
    worked = raw.ended_at - raw.started_at
    wrong = (
        select(copy.entry, copy.invoice, copy.worked_seconds, worked.label("worked"))
        .select_from(invoice_entries.join(time_entries, raw.entry == copy.entry))
        .where(
            or_(
                copy.worked_seconds != worked,
                *(copy[name] != raw[name] for name in ("ticket", "severity", "activity")),
            )
        )
    )
    for row in stream(connection, wrong.order_by(copy.entry)):
        what = f"its copy on {row.invoice} differs, with {row.worked_seconds} seconds of work"
        yield Finding(
            f"entry {row.entry}", what, f"{row.worked} seconds, ticket, severity and activity as they were taken in"
        )


def _expense_lines(connection: Connection) -> Iterator[Finding]:
    line, claim = invoice_lines.c, invoice_expenses.c
    lines = (
        select(line.invoice, func.count().label("lines"))
        .where(line.kind == ChargeKind.EXPENSE)
        .group_by(line.invoice)
        .subquery("lines")
    )
    claims = select(claim.invoice, func.count().label("claims")).group_by(claim.invoice).subquery("claims")
    shown, claimed = func.coalesce(lines.c.lines, 0), func.coalesce(claims.c.claims, 0)
    wrong = (
        select(invoices.c.invoice, invoices.c.number, shown.label("lines"), claimed.label("claims"))
        .select_from(
            invoices.outerjoin(lines, lines.c.invoice == invoices.c.invoice).outerjoin(
                claims, claims.c.invoice == invoices.c.invoice
            )
        )
        .where(shown != claimed)
    )
    for row in stream(connection, wrong.order_by(invoices.c.invoice)):
        what = f"{row.lines} lines of expenses, {row.claims} expenses claimed"
        yield Finding(f"invoice {row.number or row.invoice}", what, "an expense claimed for each line of one")


_ENTRIES, _EXPENSES = rows_of(invoice_entries), rows_of(invoice_expenses)

RULES = (
    Rule(
        "work.entries",
        "An entry is claimed once, by an invoice of its customer; again only where that one was given up.",
        _ENTRIES,
        _entries_claimed_wrong,
    ),
    Rule("work.expenses", "An expense is claimed in the same way.", _EXPENSES, _expenses_claimed_wrong),
    Rule("work.annexes", "The entries of an invoice are counted from 1 on.", _ENTRIES, _annex_uncounted),
    Rule("work.copies", "An invoice's copy of an entry says what the entry says.", _ENTRIES, _copied_wrong),
    Rule("work.expense_lines", "Each line of an expense has its expense.", _EXPENSES, _expense_lines),
)
