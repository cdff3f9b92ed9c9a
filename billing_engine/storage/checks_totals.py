"""Checks of invoices by their arithmetic: quantity x price, sums of lines, setoffs, tax and what is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from sqlalchemy import ColumnElement, Connection, ScalarSelect, String, case, func, or_, select, type_coerce

from billing_engine.errors import BillingError
from billing_engine.model.arithmetic import line_minor, tax_minor
from billing_engine.model.check import Finding
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax_shares import TaxKey, add_up, share_setoffs
from billing_engine.storage.checks import Rule, money, rows_of, stream
from billing_engine.storage.invoice_tables import invoice_lines, invoices
from billing_engine.storage.sla_tables import invoice_setoffs
from billing_engine.storage.stored_drafts import read_stored
from billing_engine.storage.stored_taxes import CategorySum, read_categories


def read_decimal(written: str | None) -> Decimal:
    """Read a decimal column as it is written; raises ValueError where it holds no finite number."""
    try:
        number = Decimal(written or "0")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"{written!r} is no number")
    return number


def _lines_sum() -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.sum(invoice_lines.c.amount_minor), 0))
        .where(invoice_lines.c.invoice == invoices.c.invoice)
        .scalar_subquery()
    )


def _setoffs_sum(kind: Setoff) -> ScalarSelect[int]:
    taken: ColumnElement[int] = case((invoice_setoffs.c.setoff == kind, invoice_setoffs.c.amount_minor), else_=0)
    return (
        select(func.coalesce(func.sum(taken), 0))
        .where(invoice_setoffs.c.invoice == invoices.c.invoice)
        .scalar_subquery()
    )


def _wrong_totals(connection: Connection) -> Iterator[Finding]:
    one = invoices.c
    summed = select(
        *(one.invoice, one.number, one.currency, one.net_minor, one.tax_minor, one.gross_minor, one.amount_due_minor),
        _lines_sum().label("lines"),
        _setoffs_sum(Setoff.BEFORE_TAX).label("before_tax"),
        _setoffs_sum(Setoff.AFTER_TAX).label("after_tax"),
    ).subquery("summed")
    row = summed.c
    wrong = select(summed).where(
        or_(
            row.lines - row.before_tax != row.net_minor,
            row.net_minor + row.tax_minor != row.gross_minor,
            row.gross_minor - row.after_tax != row.amount_due_minor,
            row.net_minor < 0,
            row.amount_due_minor < 0,
        )
    )
    for found in stream(connection, wrong.order_by(row.invoice)):
        equations = (
            ("net amount", found.net_minor, int(found.lines) - int(found.before_tax), "lines less setoffs before tax"),
            ("total", found.gross_minor, found.net_minor + found.tax_minor, "net amount and tax"),
            ("amount due", found.amount_due_minor, found.gross_minor - int(found.after_tax), "total less setoffs"),
        )
        for name, stands, expected, reason in equations:
            if stands != expected or stands < 0:
                said = f"its {name} is {money(stands, found.currency)}"
                meant = f"{money(expected, found.currency)}: {reason}" + (", not below zero" if expected < 0 else "")
                yield Finding(f"invoice {found.number or found.invoice}", said, meant)


def _wrong_tax(connection: Connection) -> Iterator[Finding]:
    one = invoices.c
    percent = type_coerce(one.tax_percent, String).label("percent")
    taxed = select(one.invoice, one.number, one.currency, one.net_minor, one.tax_minor, percent, one.taxes)
    for row in stream(connection, taxed.order_by(one.invoice)):
        where = f"invoice {row.number or row.invoice}"
        try:
            categories = read_categories(row.taxes, row.net_minor, row.tax_minor, read_decimal(row.percent))
            expected = sum(tax_minor(one.net, one.percent, row.currency) for one in categories.values())
        except (ValueError, BillingError) as error:
            yield Finding(where, str(error), "a percent and a currency")
            continue
        sums = sum(one.net for one in categories.values()), sum(one.tax for one in categories.values())
        if expected != row.tax_minor or sums != (row.net_minor, row.tax_minor):
            said = " and ".join(_taxed_at(one, row.currency) for one in categories.values())
            what = f"its tax is {money(row.tax_minor, row.currency)}"
            yield Finding(where, what, f"{money(expected, row.currency)}: {said}, each rounded half up")


def _taxed_at(one: CategorySum, currency: str) -> str:
    return f"{one.percent.normalize():f} % of {money(one.net, currency)}"


def _wrong_categories(connection: Connection) -> Iterator[Finding]:
    """Follow lines and credits before tax into their categories."""
    for batch in read_stored(connection):
        for row, draft, _ in batch:
            if draft is None or not draft.taxes:  # one category, which the sums prove; or told by another rule
                continue
            sums = add_up((draft.tax_key(line), line.amount) for line in draft.lines)
            for share in share_setoffs(draft):
                sums[share.key] -= share.amount
            stored = {one.key: one.net for one in draft.taxes}
            if stored != sums:
                where = f"invoice {row['number'] or row['invoice']}"
                yield Finding(
                    where, f"its categories of VAT come to {_in_words(stored)}", f"{_in_words(sums)}: its lines"
                )


def _in_words(sums: Mapping[TaxKey, Decimal]) -> str:
    return ", ".join(f"{category} {percent.normalize():f} %: {amount}" for (category, percent), amount in sums.items())


def _wrong_lines(connection: Connection) -> Iterator[Finding]:
    line, one = invoice_lines.c, invoices.c
    quantity = type_coerce(line.quantity, String).label("quantity")
    price = type_coerce(line.unit_price, String).label("unit_price")
    priced = (
        select(one.number, one.invoice, one.currency, line.position, quantity, line.unit, price, line.amount_minor)
        .select_from(invoice_lines.join(invoices))
        .order_by(line.invoice, line.position)
    )
    for row in stream(connection, priced):
        where = f"invoice {row.number or row.invoice}, line {row.position}"
        try:
            expected = line_minor(read_decimal(row.quantity), row.unit, read_decimal(row.unit_price), row.currency)
        except (ValueError, BillingError) as error:
            yield Finding(where, str(error), "a quantity, a price and a currency")
            continue
        if expected != row.amount_minor:
            what = f"its amount is {money(row.amount_minor, row.currency)}"
            said = f"{row.quantity} {row.unit} at {row.unit_price}, rounded once"
            yield Finding(where, what, f"{money(expected, row.currency)}: {said}")


def _uncounted_lines(connection: Connection) -> Iterator[Finding]:
    line, count, last = invoice_lines.c, func.count(), func.max(invoice_lines.c.position)
    uncounted = (
        select(line.invoice, invoices.c.number, count.label("count"), last.label("last"))
        .select_from(invoice_lines.join(invoices))
        .group_by(line.invoice, invoices.c.number)
        .having(or_(func.min(line.position) != 1, last != count))
    )
    for row in stream(connection, uncounted.order_by(line.invoice)):
        what = f"{row.count} lines, the last of which is number {row.last}"
        yield Finding(f"invoice {row.number or row.invoice}", what, "lines counted from 1 on")


def _late_dues(connection: Connection) -> Iterator[Finding]:
    one = invoices.c
    for row in stream(connection, select(one.number, one.invoice, one.issued_on, one.due_on, one.payment_days)):
        expected = row.issued_on + timedelta(days=row.payment_days)
        if expected != row.due_on:
            said = f"{expected}: {row.payment_days} days after {row.issued_on}"
            yield Finding(f"invoice {row.number or row.invoice}", f"it is due on {row.due_on}", said)


_INVOICES, _LINES = rows_of(invoices), rows_of(invoice_lines)

RULES = (
    Rule(
        "totals.sums",
        "Lines less setoffs before tax are the net amount; with tax the total; less setoffs after tax what is due.",
        _INVOICES,
        _wrong_totals,
    ),
    Rule("totals.tax", "The tax is the percent of each category's net amount, rounded half up.", _INVOICES, _wrong_tax),
    Rule(
        "totals.categories",
        "Each category of VAT is its lines less its share of the setoffs before tax.",
        _INVOICES,
        _wrong_categories,
    ),
    Rule("totals.lines", "Quantity x price, rounded once, is each line's amount.", _LINES, _wrong_lines),
    Rule("totals.positions", "The lines of an invoice are counted from 1 on.", _INVOICES, _uncounted_lines),
    Rule("totals.due_dates", "An invoice is due its days of payment after it was issued.", _INVOICES, _late_dues),
)
