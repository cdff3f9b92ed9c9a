"""Issuing invoices: all of them in one transaction, their numbers last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from billing_engine.errors import SelfCheckError
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.money import to_minor
from billing_engine.model.numbering import Numbering
from billing_engine.storage.credit_ledger import set_off
from billing_engine.storage.inserting import batches, insert_if_new
from billing_engine.storage.invoice_tables import (
    invoice_entries,
    invoice_expenses,
    invoice_lines,
    invoice_uses,
    invoices,
    used_price_lists,
)
from billing_engine.storage.sequences import check_free, next_number
from billing_engine.storage.stored_taxes import home_tax_row, tax_rows


class Issuing(NamedTuple):
    """A draft that is to become an invoice."""

    draft: InvoiceDraft
    content_hash: str
    revision: int = 1
    """More than 1 where the period was credited to be billed anew."""
    former_claims: Mapping[str, int] = {}
    """How often an entry or expense stood on invoices that were credited to be billed anew, by id."""

    price_lists: frozenset[tuple[str, str]] = frozenset()
    """Versions that priced it, with the hash of their terms."""

    @property
    def key(self) -> str:
        key = f"invoice/{self.draft.period}/{self.draft.customer}"
        return key if self.revision == 1 else f"{key}/{self.revision}"


def issue_invoices(
    connection: Connection, wanted: Sequence[Issuing], numbering: Numbering, issued_on: date
) -> list[str]:
    """Write drafts as invoices and return their numbers, in the same order.

    What is claimed is written first and the numbers last: the counter that all customers share is locked for these and
    the commit alone, and only an invoice that is complete has a number, so none is missing.

    Raises IntegrityError when a customer has an invoice for the period already, or an entry stands on another one,
    CreditSpentError when a credit has less left, DateOrderError when the series has an invoice of a later day, and
    SelfCheckError when a number is missing.
    """
    _insert(connection, invoices, [_invoice_row(one, numbering, issued_on) for one in wanted])
    _use_price_lists(connection, wanted)
    for table, rows_of in _PARTS.items():
        _insert(connection, table, [row for one in wanted for row in rows_of(one)])
    for one in wanted:
        set_off(connection, one.key, one.draft.setoffs, one.draft.currency, issued_on)
    last = next_number(connection, numbering.series, numbering.year, issued_on, count=len(wanted))
    sequences = range(last - len(wanted) + 1, last + 1)
    _check_series(connection, numbering, sequences[0])
    check_free(connection, numbering, sequences)
    rows = [
        {"key": one.key, "number": numbering.number(sequence), "sequence": sequence}
        for one, sequence in zip(wanted, sequences, strict=True)
    ]
    connection.execute(_NUMBERED, rows)
    return [str(row["number"]) for row in rows]


def _check_series(connection: Connection, numbering: Numbering, first: int) -> None:
    """Raise SelfCheckError when the counter and the invoices of the series disagree: no number may be left out."""
    of_series = (invoices.c.series == numbering.series, invoices.c.year == numbering.year)
    last = connection.scalar(select(func.max(invoices.c.sequence)).where(*of_series)) or 0
    if last != first - 1:
        raise SelfCheckError(
            f"the series {numbering.series} {numbering.year} ends with {last}, and its counter gave {first}; "
            "nothing was issued, `billing-engine doctor` tells more"
        )


_NUMBERED = (
    update(invoices)
    .where(invoices.c.invoice == bindparam("key"))
    .values(number=bindparam("number"), sequence=bindparam("sequence"))
)


def _use_price_lists(connection: Connection, wanted: Iterable[Issuing]) -> None:
    used = dict(listed for one in wanted for listed in one.price_lists)
    known = set(connection.scalars(select(used_price_lists.c.version).where(used_price_lists.c.version.in_(used))))
    for version in sorted(used.keys() - known):
        insert_if_new(connection, used_price_lists, {"version": version, "content_hash": used[version]})


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    for batch in batches(rows):
        connection.execute(insert(table), batch)


def _invoice_row(one: Issuing, numbering: Numbering, issued_on: date) -> dict[str, Any]:
    draft = one.draft
    return {
        "invoice": one.key,
        "series": numbering.series,
        "year": numbering.year,
        "customer": draft.customer,
        "period": str(draft.period),
        "revision": one.revision,
        "currency": draft.currency,
        "issued_on": issued_on,
        "due_on": issued_on + timedelta(days=draft.payment_days),
        "payment_days": draft.payment_days,
        "net_minor": to_minor(draft.net, draft.currency),
        "tax_percent": draft.tax_percent,
        "tax_note": draft.tax_note,
        "tax_minor": to_minor(draft.tax, draft.currency),
        "gross_minor": to_minor(draft.gross, draft.currency),
        "amount_due_minor": to_minor(draft.amount_due, draft.currency),
        "seller": asdict(draft.seller),
        "buyer": asdict(draft.buyer),
        "holiday_source": draft.holiday_source,
        "taxes": tax_rows(draft.taxes, draft.currency),
        "home_tax": home_tax_row(draft.home_tax),
        "content_hash": one.content_hash,
    }


def _line_rows(one: Issuing) -> Iterator[dict[str, Any]]:
    for line in one.draft.lines:
        yield _row(line, invoice=one.key, amount=to_minor(line.amount, one.draft.currency))


def _use_rows(one: Issuing) -> Iterator[dict[str, Any]]:
    for position, use in enumerate(one.draft.uses, 1):
        yield _row(use, invoice=one.key, position=position)


def _entry_rows(one: Issuing) -> Iterator[dict[str, Any]]:
    for position, entry in enumerate(one.draft.entries, 1):
        claim = one.former_claims.get(entry.entry, 0) + 1
        amount = to_minor(entry.amount, one.draft.currency)
        yield _row(entry, invoice=one.key, position=position, claim=claim, amount=amount)


def _expense_rows(one: Issuing) -> Iterator[dict[str, Any]]:
    for expense in one.draft.expenses:
        yield {"expense": expense, "claim": one.former_claims.get(expense, 0) + 1, "invoice": one.key}


_PARTS: dict[Table, Callable[[Issuing], Iterator[dict[str, Any]]]] = {
    invoice_lines: _line_rows,
    invoice_uses: _use_rows,
    invoice_entries: _entry_rows,
    invoice_expenses: _expense_rows,
}


def _row(part: Any, **more: Any) -> dict[str, Any]:
    """Make a row of a part of the invoice; its fields are named like the columns, the amount in minor units."""
    row = {name: getattr(part, name) for name in part.__dataclass_fields__} | more
    if "amount" in row:
        row["amount_minor"] = row.pop("amount")
    return row
