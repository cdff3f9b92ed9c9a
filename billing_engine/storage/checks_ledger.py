"""Checks of the credit ledger: postings balance, and every cent that was granted is accounted for (S1)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, String, Subquery, case, cast, func, literal, or_, select, union_all

from billing_engine.model.check import Finding
from billing_engine.model.credit import Account
from billing_engine.storage.checks import Rule, money, rows_of, stream
from billing_engine.storage.invoice_tables import credit_notes, invoices
from billing_engine.storage.invoice_tables import setoff_reversals as reversals
from billing_engine.storage.sla_tables import granted_credits, invoice_setoffs, ledger


def _unbalanced(connection: Connection) -> Iterator[Finding]:
    side, total = ledger.c, func.sum(ledger.c.amount_minor)
    wrong = (
        select(side.posting, func.min(side.currency).label("currency"), func.count().label("sides"), total.label("sum"))
        .group_by(side.posting)
        .having(
            or_(
                func.count() != 2,
                total != 0,
                *(func.min(side[name]) != func.max(side[name]) for name in ("credit", "customer", "currency")),
            )
        )
    )
    for row in stream(connection, wrong.order_by(side.posting)):
        what = f"{row.sides} sides that sum to {money(row.sum, row.currency)}"
        yield Finding(f"posting {row.posting}", what, "two sides of one credit that sum to zero")


def _balances() -> Subquery:
    side = ledger.c

    def of(account: Account) -> ColumnElement[int]:
        return func.sum(case((side.account == account, side.amount_minor), else_=0)).label(account.value)

    grants = func.sum(case((side.account == Account.GRANTED, 1), else_=0)).label("grants")
    return select(side.credit, grants, *map(of, Account)).group_by(side.credit).subquery("balances")


def _drifted(connection: Connection) -> Iterator[Finding]:
    one, sums = granted_credits.c, _balances()
    used = sums.c.applied + sums.c.expired + sums.c.refunded
    wrong = (
        select(
            one.credit, one.currency, one.amount_minor, one.remaining_minor, *(c for c in sums.c if c.key != "credit")
        )
        .select_from(granted_credits.outerjoin(sums, sums.c.credit == one.credit))
        .where(
            or_(
                sums.c.credit.is_(None),
                sums.c.grants != 1,
                sums.c.granted != -one.amount_minor,
                sums.c.available != one.remaining_minor,
                used + sums.c.available != one.amount_minor,
            )
        )
    )
    for row in stream(connection, wrong.order_by(one.credit)):
        where = f"credit {row.credit}"
        if row.grants != 1:
            yield Finding(where, f"{row.grants or 'no'} postings grant it", "one posting")
        if row.grants is None:
            continue
        used_up = int(row.applied) + int(row.expired) + int(row.refunded)
        equations = (
            ("was granted as", row.amount_minor, -int(row.granted), "as the ledger says"),
            ("has left", row.remaining_minor, int(row.available), "as the ledger says"),
            ("accounts for", used_up + int(row.available), row.amount_minor, "as it was granted as"),
        )
        for words, stands, expected, reason in equations:
            if stands != expected:
                what = f"it {words} {money(stands, row.currency)}"
                yield Finding(where, what, f"{money(expected, row.currency)}, {reason}")


def _applied_otherwise(connection: Connection) -> Iterator[Finding]:
    """Hold what the ledger applied against the setoffs of invoices, less what credit notes gave back."""
    side = ledger.c
    nothing = literal(0)
    applied = select(side.credit, side.invoice, side.amount_minor.label("applied"), nothing.label("set_off")).where(
        side.account == Account.APPLIED
    )
    taken = select(invoice_setoffs.c.credit, invoice_setoffs.c.invoice, nothing, invoice_setoffs.c.amount_minor)
    given = select(reversals.c.credit, credit_notes.c.invoice, nothing, -reversals.c.amount_minor).join_from(
        reversals, credit_notes
    )
    moves = union_all(applied, taken, given).subquery("moves")
    on_ledger, on_invoice = func.sum(moves.c.applied), func.sum(moves.c.set_off)
    wrong = (
        select(
            moves.c.credit,
            func.coalesce(invoices.c.number, moves.c.invoice, "none").label("invoice"),
            invoices.c.currency,
            on_ledger.label("applied"),
            on_invoice.label("set_off"),
        )
        .select_from(moves.outerjoin(invoices, invoices.c.invoice == moves.c.invoice))
        .group_by(moves.c.credit, moves.c.invoice, invoices.c.number, invoices.c.currency)
        .having(on_ledger != on_invoice)
    )
    for row in stream(connection, wrong):
        currency = row.currency or ""
        what = f"the ledger applied {money(row.applied, currency)} to it"
        expected = f"{money(row.set_off, currency)}: its setoffs less what was given back"
        yield Finding(f"credit {row.credit}, invoice {row.invoice}", what, expected)


def _of_another(connection: Connection) -> Iterator[Finding]:
    """Compare postings with their credits, and reversals with the credit notes that they name."""
    side, one = ledger.c, granted_credits.c
    differs = (
        select(side.posting, cast(side.account, String).label("account"), side.credit)
        .select_from(ledger.join(granted_credits, one.credit == side.credit))
        .where(or_(side.customer != one.customer, side.currency != one.currency))
    )
    for row in stream(connection, differs.order_by(side.posting)):
        where = f"posting {row.posting}, {row.account}"
        yield Finding(where, "its customer or currency differ", f"those of credit {row.credit}")
    known = select(credit_notes.c.number).where(credit_notes.c.number == side.credit_note).exists()
    unknown = select(side.posting, side.credit_note).where(side.credit_note != "", ~known).distinct()
    for row in stream(connection, unknown.order_by(side.posting)):
        yield Finding(f"posting {row.posting}", f"it names credit note {row.credit_note}", "a credit note that exists")


_POSTINGS, _CREDITS = rows_of(ledger), rows_of(granted_credits)

RULES = (
    Rule("ledger.postings", "A posting has two sides of one credit, which sum to zero.", _POSTINGS, _unbalanced),
    Rule(
        "ledger.balances",
        "A credit is granted once, and granted = applied + remaining + expired + refunded.",
        _CREDITS,
        _drifted,
    ),
    Rule(
        "ledger.setoffs",
        "What the ledger applied to an invoice are its setoffs, less what was given back.",
        rows_of(invoice_setoffs, reversals),
        _applied_otherwise,
    ),
    Rule("ledger.owners", "A posting is of its credit's customer and currency.", _POSTINGS, _of_another),
)
