"""Ageing: what is open on a day and for how long it is overdue, and which reminders follow from that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from billing_engine.model.invoice import Invoice
from billing_engine.model.receivables import Ageing, AgeingRow, OpenInvoice, Reminder

_UP_TO_DAYS = ((0, "not_due"), (30, "days_1_to_30"), (60, "days_31_to_60"), (90, "days_61_to_90"))


def age_receivables(invoices: Iterable[Invoice], as_of: date) -> Ageing:
    """Sum up what was open by the end of a day, per customer and currency; what came in later does not count yet."""
    open_invoices = [one for invoice in invoices for one in _open(invoice, as_of)]
    rows: dict[tuple[str, str], AgeingRow] = {}
    for one in open_invoices:
        draft = one.invoice.draft
        row = rows.get((draft.customer, draft.currency), AgeingRow(draft.customer, draft.buyer.name, draft.currency))
        bucket = _bucket(one.days_overdue)
        # The name is that of the latest invoice.
        owed = {bucket: getattr(row, bucket) + one.open}
        rows[draft.customer, draft.currency] = replace(row, name=draft.buyer.name, **owed)
    return Ageing(as_of, tuple(row for _, row in sorted(rows.items())), tuple(open_invoices))


def _open(invoice: Invoice, as_of: date) -> Iterator[OpenInvoice]:
    open_amount = invoice.settlement.as_of(as_of).open
    if invoice.issued_on <= as_of and open_amount:
        yield OpenInvoice(invoice, open_amount, max(0, (as_of - invoice.due_on).days))


def _bucket(days_overdue: int) -> str:
    return next((name for limit, name in _UP_TO_DAYS if days_overdue <= limit), "days_over_90")


def due_reminders(invoices: Iterable[Invoice], as_of: date, days: Sequence[int]) -> list[Reminder]:
    """Find what customers are to be reminded of, and how firmly; `days` overdue begin levels 1, 2 and 3.

    All that came in counts, also after `as_of`: who has paid meanwhile is not reminded.
    """
    reminders = []
    for invoice in invoices:
        days_overdue = (as_of - invoice.due_on).days
        level = sum(days_overdue >= first for first in days)
        if invoice.settlement.open and level:
            reminders.append(Reminder(invoice, invoice.settlement.open, days_overdue, level, as_of))
    return reminders
