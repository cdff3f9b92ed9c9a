"""Checks of credit notes: their arithmetic, and that all of them together never take back more than the invoice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, ScalarSelect, String, case, func, or_, select, type_coerce

from billing_engine.errors import BillingError
from billing_engine.model.arithmetic import tax_minor
from billing_engine.model.check import Finding
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax_shares import TaxKey
from billing_engine.storage.checks import Rule, money, rows_of, stream
from billing_engine.storage.checks_totals import read_decimal
from billing_engine.storage.invoice_tables import credit_note_lines, credit_notes, invoice_lines, invoices
from billing_engine.storage.invoice_tables import setoff_reversals as reversals
from billing_engine.storage.sla_tables import invoice_setoffs
from billing_engine.storage.stored_taxes import CategorySum, read_categories


def _name(number: str | None, key: str) -> str:
    return f"credit note {number or key}"


def _charged() -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.sum(credit_note_lines.c.amount_minor), 0))
        .where(credit_note_lines.c.credit_note == credit_notes.c.credit_note)
        .scalar_subquery()
    )


def _given_back_before_tax() -> ScalarSelect[int]:
    given = case((reversals.c.setoff == Setoff.BEFORE_TAX, reversals.c.amount_minor), else_=0)
    return (
        select(func.coalesce(func.sum(given), 0))
        .where(reversals.c.credit_note == credit_notes.c.credit_note)
        .scalar_subquery()
    )


def _wrong_sums(connection: Connection) -> Iterator[Finding]:
    one = credit_notes.c
    summed = select(
        *(one.credit_note, one.number, one.currency, one.net_minor, one.tax_minor, one.gross_minor),
        _charged().label("charged"),
        _given_back_before_tax().label("reduced"),
    ).subquery("summed")
    row = summed.c
    wrong = select(summed).where(
        or_(row.charged - row.reduced != row.net_minor, row.net_minor + row.tax_minor != row.gross_minor)
    )
    for found in stream(connection, wrong.order_by(row.credit_note)):
        where = _name(found.number, found.credit_note)
        net, gross = int(found.charged) - int(found.reduced), found.net_minor + found.tax_minor
        if net != found.net_minor:
            what = f"its net amount is {money(found.net_minor, found.currency)}"
            yield Finding(where, what, f"{money(net, found.currency)}: lines less what goes back to setoffs before tax")
        if gross != found.gross_minor:
            what = f"its total is {money(found.gross_minor, found.currency)}"
            yield Finding(where, what, f"{money(gross, found.currency)}: net amount and tax")


def _wrong_tax(connection: Connection) -> Iterator[Finding]:
    """Follow an invoice's credit notes, category by category: who takes the rest of the net takes that of the tax."""
    one = credit_notes.c
    statement = (
        select(
            *(one.invoice, one.credit_note, one.number, one.currency, one.net_minor, one.tax_minor, one.taxes),
            type_coerce(one.tax_percent, String).label("percent"),
            invoices.c.net_minor.label("invoice_net"),
            invoices.c.tax_minor.label("invoice_tax"),
            invoices.c.taxes.label("invoice_taxes"),
        )
        .select_from(credit_notes.join(invoices))
        .order_by(one.invoice, one.issued_on, one.year, one.sequence)
    )
    invoice, left = "", dict[TaxKey, CategorySum]()
    for row in stream(connection, statement):
        where = _name(row.number, row.credit_note)
        try:
            percent = read_decimal(row.percent)
            if row.invoice != invoice:
                invoice = row.invoice
                left = read_categories(row.invoice_taxes, row.invoice_net, row.invoice_tax, percent)
            credited = _keyed(read_categories(row.taxes, row.net_minor, row.tax_minor, percent), left)
            expected = sum(_expected_tax(taken, left[key], row.currency) for key, taken in credited.items())
        except (ValueError, KeyError, BillingError) as error:
            yield Finding(where, str(error), "percents and a currency, and categories of its invoice")
            continue
        sums = sum(taken.net for taken in credited.values()), sum(taken.tax for taken in credited.values())
        if row.tax_minor != expected or sums != (row.net_minor, row.tax_minor):
            what = f"its tax is {money(row.tax_minor, row.currency)}"
            said = f"{row.percent or 0} % of {money(row.net_minor, row.currency)}, or what is left of the invoice's tax"
            yield Finding(where, what, f"{money(expected, row.currency)}: {said}")
        for key, taken in credited.items():
            former = left[key]
            left[key] = former._replace(net=former.net - taken.net, tax=former.tax - taken.tax)


def _keyed(taken: dict[TaxKey, CategorySum], left: Mapping[TaxKey, CategorySum]) -> dict[TaxKey, CategorySum]:
    """Give a credit note that knows no categories its invoice's only one, and the other way round."""
    if len(taken) == len(left) == 1 and any(not category for category, _ in (*taken, *left)):
        return dict(zip(left, taken.values(), strict=True))
    return taken


def _expected_tax(taken: CategorySum, left: CategorySum, currency: str) -> int:
    return left.tax if taken.net == left.net else min(left.tax, tax_minor(taken.net, taken.percent, currency))


def _more_than_lines(connection: Connection) -> Iterator[Finding]:
    taken, line, note = credit_note_lines.c, invoice_lines.c, credit_notes.c
    same = (line.invoice == note.invoice) & (line.position == taken.invoice_position)
    total = func.sum(taken.amount_minor)
    beyond = (
        select(invoices.c.number, invoices.c.currency, taken.invoice_position, line.amount_minor, total.label("total"))
        .select_from(credit_note_lines.join(credit_notes).join(invoices).outerjoin(invoice_lines, same))
        .group_by(invoices.c.number, invoices.c.currency, taken.invoice_position, line.amount_minor)
        .having(or_(line.amount_minor.is_(None), total > line.amount_minor))
    )
    for row in stream(connection, beyond):
        what = f"credit notes take back {money(row.total, row.currency)}"
        at_most = "such a line" if row.amount_minor is None else f"at most {money(row.amount_minor, row.currency)}"
        yield Finding(f"invoice {row.number}, line {row.invoice_position}", what, at_most)


def _more_than_invoice(connection: Connection) -> Iterator[Finding]:
    note, names = credit_notes.c, ("net_minor", "tax_minor", "gross_minor")
    sums = select(note.invoice, *(func.sum(note[name]).label(name) for name in names)).group_by(note.invoice)
    taken = sums.subquery("taken")
    beyond = (
        select(invoices.c.number, invoices.c.currency, *(invoices.c[name] for name in names))
        .add_columns(*(taken.c[name].label(f"taken_{name}") for name in names))
        .select_from(taken.join(invoices, invoices.c.invoice == taken.c.invoice))
        .where(or_(*(taken.c[name] > invoices.c[name] for name in names)))
    )
    for row in stream(connection, beyond.order_by(invoices.c.number)):
        for name in names:
            had, total = getattr(row, name), int(getattr(row, f"taken_{name}"))
            if total > had:
                what = (
                    f"credit notes take back {money(total, row.currency)} of its {name.removesuffix('_minor')} amount"
                )
                yield Finding(f"invoice {row.number}", what, f"at most {money(had, row.currency)}")


def _more_than_setoffs(connection: Connection) -> Iterator[Finding]:
    given, setoff, note = reversals.c, invoice_setoffs.c, credit_notes.c
    same = (
        (setoff.invoice == note.invoice)
        & (setoff.position == given.position)
        & (setoff.credit == given.credit)
        & (setoff.setoff == given.setoff)
    )
    total = func.sum(given.amount_minor)
    keys = (invoices.c.number, invoices.c.currency, given.position, given.credit, setoff.amount_minor)
    beyond = (
        select(*keys, total.label("total"))
        .select_from(reversals.join(credit_notes).join(invoices).outerjoin(invoice_setoffs, same))
        .group_by(*keys)
        .having(or_(setoff.amount_minor.is_(None), total > setoff.amount_minor))
    )
    for row in stream(connection, beyond):
        what = f"credit notes give back {money(row.total, row.currency)} to credit {row.credit}"
        at_most = "such a setoff" if row.amount_minor is None else f"at most {money(row.amount_minor, row.currency)}"
        yield Finding(f"invoice {row.number}, setoff {row.position}", what, at_most)


def _of_another(connection: Connection) -> Iterator[Finding]:
    note, one = credit_notes.c, invoices.c
    percents = (type_coerce(note.tax_percent, String), type_coerce(one.tax_percent, String))
    differs = or_(
        note.customer != one.customer, note.currency != one.currency, percents[0].is_distinct_from(percents[1])
    )
    statement = select(note.credit_note, note.number, one.number.label("invoice_number")).select_from(
        credit_notes.join(invoices)
    )
    for row in stream(connection, statement.where(differs).order_by(note.credit_note)):
        expected = f"those of invoice {row.invoice_number}"
        yield Finding(_name(row.number, row.credit_note), "its customer, currency or percent of tax differ", expected)


_NOTES = rows_of(credit_notes)

RULES = (
    Rule(
        "credit_notes.sums",
        "Lines less what goes back before tax are the net amount; with tax the total.",
        _NOTES,
        _wrong_sums,
    ),
    Rule(
        "credit_notes.tax",
        "The tax is the percent of the net amount, the last one's the rest of it.",
        _NOTES,
        _wrong_tax,
    ),
    Rule(
        "credit_notes.lines",
        "Of no line is more taken back than its amount.",
        rows_of(credit_note_lines),
        _more_than_lines,
    ),
    Rule(
        "credit_notes.totals",
        "Of no invoice is more taken back than its net, tax and total.",
        _NOTES,
        _more_than_invoice,
    ),
    Rule(
        "credit_notes.setoffs",
        "To no credit is more given back than was set off.",
        rows_of(reversals),
        _more_than_setoffs,
    ),
    Rule("credit_notes.invoices", "A credit note is of its invoice's customer, currency and tax.", _NOTES, _of_another),
)
