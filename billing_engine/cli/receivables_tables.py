"""Tables of credit notes, payments, what is open and reminders, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from billing_engine.cli.tables import money, out, settlement_text, table, text, vat_text

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from billing_engine.model.credit import Credit
    from billing_engine.model.credit_note import CreditNote
    from billing_engine.model.invoice import Invoice
    from billing_engine.model.payment import Received
    from billing_engine.model.receivables import Ageing, Reminder
    from billing_engine.receivables_desk import Credited, Paid

_BUCKETS = ("not_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90", "total")


def credit_note_table(notes: Iterable[CreditNote]) -> Table:
    """One row per credit note."""
    rows = [
        (
            note.number,
            note.draft.invoice,
            note.draft.customer,
            note.issued_on.isoformat(),
            money(note.draft.net, note.draft.currency),
            money(note.draft.gross, note.draft.currency),
            note.draft.reason + (" (to be billed anew)" if note.draft.rebill else ""),
        )
        for note in notes
    ]
    return table("Credit notes", "Number", "Invoice", "Customer", "Issued", ">Net", ">Total", "Reason", rows=rows)


def print_credit_note(note: CreditNote) -> None:
    """Print what is taken back, line by line, and what goes back to credits."""
    draft, currency = note.draft, note.draft.currency
    rows = [(str(line.invoice_position), line.title, line.detail, money(line.amount, currency)) for line in draft.lines]
    rows += [
        ("", f"Given back to {one.credit}", one.setoff.replace("_", " "), money(-one.amount, draft.currency))
        for one in draft.reversals
    ]
    about = f"for invoice {draft.invoice}, issued on {note.issued_on}: {draft.reason}"
    out.print(text(f"Credit note {note.number} {about}", style="bold"), soft_wrap=True)
    out.print(table("", ">Line", "What", "Detail", ">Amount", rows=rows))
    percent = "" if draft.tax_percent is None else f" {draft.tax_percent.normalize():f}%"
    vat = vat_text(draft.taxes, currency) if draft.taxes else f"VAT{percent} {money(draft.tax, currency)}"
    amounts = [f"net {money(draft.net, draft.currency)}", vat]
    out.print(text(f"  {', '.join([*amounts, f'total {money(draft.gross, draft.currency)}'])}", style="bold"))


def print_issued(done: Credited) -> None:
    """Print a new credit note and what became of its invoice."""
    print_credit_note(done.credit_note)
    _print_after(done.invoice, done.credit_note.issued_on, done.overpayment)
    if done.credit_note.draft.rebill:
        month = done.invoice.draft.period
        out.print(text(f"  what it billed is unbilled again: `billing-engine run --month {month} --issue`"))


def print_paid(done: Paid) -> None:
    """Print a new payment and what became of its invoice."""
    amount = money(done.payment.amount, done.invoice.draft.currency)
    out.print(text(f"{done.payment.payment}: {amount} for invoice {done.payment.invoice} on {done.payment.paid_on}"))
    _print_after(done.invoice, done.payment.paid_on, done.overpayment)


def _print_after(invoice: Invoice, day: date, overpayment: Credit | None) -> None:
    out.print(Text.assemble(text(f"  invoice {invoice.number}"), settlement_text(invoice, day)))
    if overpayment is not None:
        amount = money(overpayment.amount, overpayment.currency)
        hint = f"set off on the next invoice, or paid out with `billing-engine credit refund {overpayment.credit}`"
        out.print(text(f"  {amount} too much is credit {overpayment.credit}: {hint}"), soft_wrap=True)


def payment_table(received: Iterable[Received]) -> Table:
    """One row per payment."""
    rows = [
        (
            one.payment.paid_on.isoformat(),
            one.payment.payment,
            one.payment.invoice,
            one.customer,
            money(one.payment.amount, one.currency),
        )
        for one in received
    ]
    return table("Payments", "Paid", "Payment", "Invoice", "Customer", ">Amount", rows=rows)


def print_ageing(found: Ageing) -> None:
    """Print what is open per customer and currency, then the invoices behind it."""
    rows = [
        (row.customer, row.name, row.currency, *(money(getattr(row, bucket), row.currency) for bucket in _BUCKETS))
        for row in found.rows
    ]
    columns = (">Not due", ">1-30 days", ">31-60", ">61-90", ">Over 90", ">Total")
    out.print(table(f"Open on {found.as_of}", "Customer", "Name", "Currency", *columns, rows=rows))
    of_invoices = [
        (
            one.invoice.number,
            one.invoice.draft.customer,
            one.invoice.due_on.isoformat(),
            str(one.days_overdue or ""),
            money(one.open, one.invoice.draft.currency),
        )
        for one in found.invoices
    ]
    out.print()
    of_invoice = ("Invoice", "Customer", "Due", ">Days overdue", ">Open")
    out.print(table("Open invoices", *of_invoice, rows=of_invoices))


def reminder_table(drafted: Sequence[tuple[Reminder, str, Path]]) -> Table:
    """One row per reminder, with the file that holds it."""
    rows = [
        (
            reminder.invoice.number,
            reminder.invoice.draft.customer,
            str(reminder.level),
            str(reminder.days_overdue),
            money(reminder.open, reminder.invoice.draft.currency),
            reminder.invoice.draft.buyer.email,
            str(path),
        )
        for reminder, _, path in drafted
    ]
    columns = ("Invoice", "Customer", ">Level", ">Days overdue", ">Open", "Email", "File")
    return table(f"{len(drafted)} reminder{'' if len(drafted) == 1 else 's'} to read and send", *columns, rows=rows)
