"""`ReceivablesDesk`: what a host and the command line do with issued invoices: payments, credit notes, reminders."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine import claim_desk
from billing_engine.errors import BillingError, PaymentError, SettingsMissingError
from billing_engine.invoicing.ageing import age_receivables, due_reminders
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.journal import Journal, event_of_credit_note, event_of_payment, watch_credits
from billing_engine.model.credit import Credit
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.invoice import Invoice
from billing_engine.model.money import LARGEST, plain, round_money
from billing_engine.model.payment import Payment, Received
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.receivables import Ageing, Reminder
from billing_engine.model.settings import REMINDER_DAYS, Settings
from billing_engine.model.text import check_id, check_words
from billing_engine.storage import credit_notes, invoices, master_data, receipts, runs, settlement, stripe_outbox
from billing_engine.storage.audit import Event
from billing_engine.storage.runs import Progress, RunState
from billing_engine.transactions import Transactions


class Credited(NamedTuple):
    """An issued credit note, the invoice after it, and the credit that came of what was paid already."""

    credit_note: CreditNote
    invoice: Invoice
    overpayment: Credit | None


class Paid(NamedTuple):
    """A recorded payment, the invoice after it, and the credit that came of what was too much."""

    payment: Payment
    invoice: Invoice
    overpayment: Credit | None


class ReceivablesDesk:
    """Records payments, issues credit notes, ages what is open; `connection=` joins a transaction of the host."""

    def __init__(
        self, transactions: Transactions, book: PriceListBook, settings: Settings | None, journal: Journal
    ) -> None:
        self._transactions = transactions
        self._book = book
        self._settings = settings
        self._journal = journal

    def issue_credit_note(
        self,
        invoice: str,
        wanted: Mapping[int, Decimal] | None,
        reason: str,
        issued_on: date,
        *,
        rebill: bool = False,
        connection: Connection | None = None,
    ) -> Credited:
        """Credit amounts by line position, or all that is left; with `rebill` a whole invoice, to be billed anew.

        What was paid beyond what is then due becomes a credit. Raises InvoiceNotFoundError, CreditNoteError,
        DateOrderError, and SettingsMissingError when nothing says how credit notes are numbered.
        """
        if self._settings is None:
            raise SettingsMissingError
        check_words(reason, "the reason")
        numbering = self._settings.credit_note_numbering(issued_on)

        def work(active: Connection) -> Credited:
            issued = _locked(active, invoice)
            earlier = credit_notes.read_credit_notes(active, invoice=invoice)
            draft = draft_credit_note(issued, earlier, wanted, reason, rebill=rebill)
            events: list[Event] = []
            with watch_credits(active, draft.customer, events):
                note = credit_notes.issue_credit_note(active, draft, numbering, issued_on)
                stripe_outbox.put_credit_note(active, note.number, invoice)
                if rebill:
                    # The run is not done with the month any more: it makes a new invoice of it.
                    again = {draft.customer: Progress(RunState.PLANNED)}
                    runs.note_progress(active, issued.draft.period, again)
                overpayment = settlement.settle_overpayment(active, invoice)
            self._journal.note_all(active, [event_of_credit_note(note), *events])
            return Credited(note, invoices.read_invoice(active, invoice), overpayment)

        done = self._transactions.retrying(connection, work)
        self.release_pending(done.invoice.draft.customer, connection)
        return done

    def credit_notes(
        self,
        *,
        invoice: str | None = None,
        customer: str | None = None,
        month: Month | None = None,
        connection: Connection | None = None,
    ) -> list[CreditNote]:
        """Return all credit notes in order of number, or an invoice's, a customer's, or those issued in a month."""
        with self._transactions.reading(connection) as active:
            return credit_notes.read_credit_notes(active, invoice=invoice, customer=customer, month=month)

    def read_credit_note(self, number: str, *, connection: Connection | None = None) -> CreditNote:
        """Return a credit note; raises CreditNoteError."""
        with self._transactions.reading(connection) as active:
            return credit_notes.read_credit_note(active, number)

    def add_payment(
        self, invoice: str, amount: Decimal, paid_on: date, payment: str = "", *, connection: Connection | None = None
    ) -> Paid:
        """Record a payment under an id of its own, or a new one; what is too much becomes a credit.

        Raises InvoiceNotFoundError, and PaymentError when the amount will not do or the id is taken.
        """
        check_id(payment.strip(), "a payment's id")

        def work(active: Connection) -> Paid:
            issued = _locked(active, invoice)
            _check(amount, issued.draft.currency)
            recorded = receipts.add_payment(active, Payment(payment.strip(), invoice, paid_on, amount))
            events: list[Event] = []
            with watch_credits(active, issued.draft.customer, events):
                overpayment = settlement.settle_overpayment(active, invoice)
            self._journal.note_all(
                active, [event_of_payment(recorded, issued.draft.customer, issued.draft.currency), *events]
            )
            return Paid(recorded, invoices.read_invoice(active, invoice), overpayment)

        done = self._transactions.retrying(connection, work)
        self.release_pending(done.invoice.draft.customer, connection)
        return done

    def payments(self, invoice: str | None = None, *, connection: Connection | None = None) -> list[Received]:
        """Return all payments, or an invoice's, in order of day; raises InvoiceNotFoundError."""
        with self._transactions.reading(connection) as active:
            if invoice is not None:
                invoices.read_invoice(active, invoice)
            return receipts.read_received(active, invoice)

    def ageing(self, as_of: date, *, connection: Connection | None = None) -> Ageing:
        """Sum up what was open by the end of a day, by how long it was overdue."""
        with self._transactions.reading(connection) as active:
            return age_receivables(invoices.read_invoices(active), as_of)

    def reminders(self, as_of: date, *, connection: Connection | None = None) -> list[Reminder]:
        """Find which invoices customers are to be reminded of on a day, and how firmly."""
        days = REMINDER_DAYS if self._settings is None else self._settings.reminder_days
        with self._transactions.reading(connection) as active:
            return due_reminders(invoices.read_invoices(active), as_of, days)

    def release_pending(self, customer: str, connection: Connection | None) -> None:
        """Grant credits that waited for a month to be paid (U5), in a transaction of their own."""

        def work(active: Connection) -> None:
            master_data.lock_customer(active, customer)
            with self._journal.of_credits(active, customer):
                claim_desk.release_pending(active, customer, self._book)

        with suppress(BillingError):  # it waits on, and the customer's run says why
            self._transactions.retrying(connection, work)


def _locked(connection: Connection, number: str) -> Invoice:
    """Lock the customer of an invoice, then read the invoice as it is now."""
    master_data.lock_customer(connection, invoices.read_invoice(connection, number).draft.customer)
    return invoices.read_invoice(connection, number)


def _check(amount: Decimal, currency: str) -> None:
    if not amount.is_finite() or not 0 < amount <= LARGEST:
        raise PaymentError(f"{amount} {currency} is no amount above 0 and up to {LARGEST:,}")
    if round_money(amount, currency) != amount:
        raise PaymentError(f"{plain(amount)} is finer than the cents of {currency}")
