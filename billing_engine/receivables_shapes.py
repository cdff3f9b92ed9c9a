"""The JSON about payments, credit notes, ageing and reminders: fixed keys, money as strings."""

from __future__ import annotations

from typing import Any

from billing_engine import json_shapes, sla_shapes
from billing_engine.model.credit import Credit
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.money import plain
from billing_engine.model.payment import Received
from billing_engine.model.receivables import Ageing, AgeingRow, OpenInvoice, Reminder
from billing_engine.receivables_desk import Credited, Paid


def credit_note_summary(note: CreditNote) -> dict[str, Any]:
    """Shape one row of `credit-note list`."""
    draft = note.draft
    return {
        "number": note.number,
        "invoice": draft.invoice,
        "customer": draft.customer,
        "issued_on": note.issued_on.isoformat(),
        "currency": draft.currency,
        "net": plain(draft.net),
        "tax": plain(draft.tax),
        "gross": plain(draft.gross),
        "reason": draft.reason,
        "rebill": draft.rebill,
    }


def credit_note(note: CreditNote) -> dict[str, Any]:
    """Shape `credit-note show`: the summary, what is taken back of which line, what goes back to which credit."""
    draft = note.draft
    return {
        **credit_note_summary(note),
        "tax_percent": None if draft.tax_percent is None else f"{draft.tax_percent.normalize():f}",
        **json_shapes.tax_shapes(draft.taxes),
        "lines": [
            {
                "position": line.position,
                "invoice_position": line.invoice_position,
                "title": line.title,
                "detail": line.detail,
                "amount": plain(line.amount),
                "service_from": line.service_from or None,
                "service_to": line.service_to or None,
            }
            for line in draft.lines
        ],
        "reversals": [
            {
                "setoff": reversal.setoff,
                "setoff_position": reversal.position,
                "credit": reversal.credit,
                "amount": plain(reversal.amount),
            }
            for reversal in draft.reversals
        ],
    }


def issued(done: Credited) -> dict[str, Any]:
    """Shape what `credit-note create` prints; the invoice's status is as of the day of issue."""
    return {
        **credit_note(done.credit_note),
        "invoice_status": done.invoice.status_on(done.credit_note.issued_on),
        "invoice_open": plain(done.invoice.settlement.open),
        "overpayment": _overpayment(done.overpayment),
    }


def payment(one: Received) -> dict[str, Any]:
    """Shape one row of `payment list`."""
    return {
        "payment": one.payment.payment,
        "invoice": one.payment.invoice,
        "customer": one.customer,
        "paid_on": one.payment.paid_on.isoformat(),
        "currency": one.currency,
        "amount": plain(one.payment.amount),
    }


def paid(done: Paid) -> dict[str, Any]:
    """Shape what `payment add` prints; the invoice's status is as of the day of payment."""
    draft = done.invoice.draft
    return {
        **payment(Received(done.payment, draft.customer, draft.currency)),
        "invoice_status": done.invoice.status_on(done.payment.paid_on),
        "invoice_open": plain(done.invoice.settlement.open),
        "overpayment": _overpayment(done.overpayment),
    }


def _overpayment(credit: Credit | None) -> dict[str, Any] | None:
    return None if credit is None else sla_shapes.credit(credit)


def ageing(found: Ageing) -> dict[str, Any]:
    """Shape what `ageing` prints."""
    return {
        "as_of": found.as_of.isoformat(),
        "customers": [_ageing_row(row) for row in found.rows],
        "invoices": [_open_invoice(one) for one in found.invoices],
    }


def _ageing_row(row: AgeingRow) -> dict[str, Any]:
    return {
        "customer": row.customer,
        "name": row.name,
        "currency": row.currency,
        "not_due": plain(row.not_due),
        "days_1_to_30": plain(row.days_1_to_30),
        "days_31_to_60": plain(row.days_31_to_60),
        "days_61_to_90": plain(row.days_61_to_90),
        "days_over_90": plain(row.days_over_90),
        "total": plain(row.total),
    }


def _open_invoice(one: OpenInvoice) -> dict[str, Any]:
    draft = one.invoice.draft
    return {
        "number": one.invoice.number,
        "customer": draft.customer,
        "due_on": one.invoice.due_on.isoformat(),
        "days_overdue": one.days_overdue,
        "currency": draft.currency,
        "amount_due": plain(one.invoice.amount_due),
        "open": plain(one.open),
    }


def reminder(one: Reminder, subject: str, path: str) -> dict[str, Any]:
    """Shape one row of `reminder draft`; the path is the file that was written."""
    draft = one.invoice.draft
    return {
        **_open_invoice(OpenInvoice(one.invoice, one.open, one.days_overdue)),
        "level": one.level,
        "language": draft.buyer.language,
        "email": draft.buyer.email or None,
        "subject": subject,
        "file": path,
    }


to_text = json_shapes.to_text
