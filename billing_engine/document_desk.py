"""`DocumentDesk`: what a host and the command line do with issued documents: pages, e-invoices, whole months."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from billing_engine.document_making import credit_note_file, credit_note_xml, invoice_file, invoice_xml
from billing_engine.documents.batch import make_documents
from billing_engine.documents.fingerprint import rendering_fingerprint
from billing_engine.documents.rendering import render_invoice, render_reminder, render_sla_report, render_statement
from billing_engine.documents.worker import Job, Limits, Made
from billing_engine.einvoice.formats import Format
from billing_engine.errors import CreditNoteError, DatabaseBusyError, InvoiceNotFoundError, RenderingError
from billing_engine.journal import Journal
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.invoice import Invoice, InvoiceDraft, Seller
from billing_engine.model.period import Month
from billing_engine.model.receivables import Reminder
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.sla_report import SlaReport
from billing_engine.storage import credit_notes, invoices, renderings
from billing_engine.transactions import Transactions

_LIMITS = Limits()


class MonthNumbers(NamedTuple):
    """The documents of a month: invoices of the billing period, and credit notes that were issued in it."""

    invoices: Sequence[str]
    credit_notes: Sequence[str]

    def of_invoices(self) -> MonthNumbers:
        return self._replace(credit_notes=())

    def of_credit_notes(self) -> MonthNumbers:
        return self._replace(invoices=())


class DocumentDesk:
    """Renders issued documents and keeps the hash of each file.

    Rendering takes its time, so none of this joins a transaction of the host: documents are read in one, and their
    hashes noted in another. A database that can only be read is enough, SQLite's in a folder that can be
    written; no hash is kept then.
    """

    def __init__(
        self, transactions: Transactions, terms: DocumentTerms, seller: Seller | None, journal: Journal
    ) -> None:
        self._transactions = transactions
        self._terms = terms
        self._seller = seller
        self._journal = journal

    def with_templates(self, folder: Path) -> DocumentDesk:
        """Open a desk whose templates are replaced by those of a folder that have the same name."""
        terms = replace(self._terms, templates=folder)
        return DocumentDesk(self._transactions, terms, self._seller, self._journal)

    def invoice_pdf(self, number: str, *, original: bool = False, copy: bool = False) -> bytes:
        """Render an invoice as it stands: one that credit notes took back is marked and carries no e-invoice.

        `original` renders it as it was issued, `copy` marks it as a copy. Raises InvoiceNotFoundError, EInvoiceError,
        and RenderingError, also when other bytes come out than the last time.
        """
        invoice = self._read_invoice(number)
        mark = _chosen_mark(invoice, original=original, copy=copy)
        pdf = invoice_file(invoice, self._terms, mark)
        self._check_hash(number, _state(invoice, mark), pdf)
        return pdf

    def credit_note_pdf(self, number: str) -> bytes:
        """Render a credit note; raises CreditNoteError, and else as for an invoice."""
        note, invoice = self._read_credit_note(number)
        pdf = credit_note_file(note, invoice, self._terms)
        self._check_hash(number, [], pdf)
        return pdf

    def statement_pdf(self, number: str) -> bytes:
        """Render the statement of an invoice's hours; raises InvoiceNotFoundError and RenderingError."""
        return render_statement(self._read_invoice(number), self._terms)

    def draft_pdf(self, draft: InvoiceDraft, day: date) -> bytes:
        """Render what would be issued on a day, marked as a draft; raises RenderingError."""
        not_issued = Invoice("", day, day + timedelta(days=draft.payment_days), draft)
        return render_invoice(not_issued, self._terms, mark=Mark.DRAFT)

    def reminder_pdf(self, reminder: Reminder) -> bytes:
        """Render the letter of a reminder; raises RenderingError."""
        return render_reminder(reminder, self._terms)

    def sla_report_pdf(self, report: SlaReport) -> bytes:
        """Render a report of service levels, in the seller's name where there are settings; raises RenderingError."""
        return render_sla_report(report, self._seller, self._terms)

    def invoice_xml(self, number: str, format_: Format) -> bytes:
        """Write the e-invoice of an invoice or a credit note; raises InvoiceNotFoundError and EInvoiceError."""
        try:
            invoice = self._read_invoice(number)
        except InvoiceNotFoundError:
            try:
                note, corrected = self._read_credit_note(number)
            except CreditNoteError:
                raise InvoiceNotFoundError(f"there is no invoice and no credit note {number!r}") from None
            return credit_note_xml(note, corrected, self._terms, format_)
        return invoice_xml(invoice, self._terms, format_)

    def month_numbers(self, month: Month) -> MonthNumbers:
        """Name the documents of a month, in order of number."""
        with self._transactions.reading(None) as active:
            return MonthNumbers(
                [invoice.number for invoice in invoices.read_invoices(active, month)],
                [note.number for note in credit_notes.read_credit_notes(active, month=month)],
            )

    def make_pdfs(
        self,
        numbers: MonthNumbers,
        workers: int,
        *,
        original: bool = False,
        copy: bool = False,
        limits: Limits = _LIMITS,
    ) -> Iterator[Made]:
        """Render many documents in processes of their own; yields each as it is done, and says which failed, and why.

        The processes import the caller's main module, which therefore needs its `if __name__ == "__main__"`.
        """
        states: dict[str, list[str]] = {}

        def jobs() -> Iterator[Job]:
            for number in numbers.invoices:
                invoice = self._read_invoice(number)
                mark = _chosen_mark(invoice, original=original, copy=copy)
                states[number] = _state(invoice, mark)
                yield Job(number, partial(invoice_file, invoice, self._terms, mark))
            for number in numbers.credit_notes:
                states[number] = []
                yield Job(number, partial(credit_note_file, *self._read_credit_note(number), self._terms))

        for made in make_documents(jobs(), workers, limits):
            yield self._checked(made, states.pop(made.number))

    def _checked(self, made: Made, state: Iterable[str]) -> Made:
        if made.error is not None:
            return made
        try:
            self._check_hash(made.number, state, made.content)
        except RenderingError as error:
            return Made(made.number, error=str(error))
        return made

    def _check_hash(self, number: str, state: Iterable[str], pdf: bytes) -> None:
        """Note a rendering's hash, or hold it against that of the last time; raises RenderingError when it differs."""
        fingerprint, sha256 = rendering_fingerprint(self._terms, state), hashlib.sha256(pdf).hexdigest()
        with self._transactions.reading(None) as active:
            known = renderings.read_rendering(active, number, fingerprint)
        if known is None:
            self._note(number, fingerprint, sha256)
        elif known != sha256:
            raise RenderingError(
                f"{number} came out with other bytes than the last time, though nothing was changed that decides about "
                f"them: its hash was {known} and is {sha256}"
            )

    def _note(self, number: str, fingerprint: str, sha256: str) -> None:
        moment = self._journal.moment()
        try:
            self._transactions.retrying(
                None, lambda active: renderings.note_rendering(active, number, fingerprint, sha256, moment)
            )
        except DatabaseBusyError:
            return  # the next rendering notes it
        except DBAPIError as error:
            if not renderings.is_read_only(error):
                raise

    def _read_invoice(self, number: str) -> Invoice:
        with self._transactions.reading(None) as active:
            return invoices.read_invoice(active, number)

    def _read_credit_note(self, number: str) -> tuple[CreditNote, Invoice]:
        with self._transactions.reading(None) as active:
            note = credit_notes.read_credit_note(active, number)
            return note, invoices.read_invoice(active, note.draft.invoice)


def standing_mark(invoice: Invoice) -> Mark:
    """Tell how an invoice is marked by what credit notes took back of it."""
    if invoice.settlement.is_withdrawn:
        return Mark.VOIDED
    return Mark.CORRECTED if invoice.credit_notes else Mark.NONE


def _chosen_mark(invoice: Invoice, *, original: bool, copy: bool) -> Mark:
    if original:
        return Mark.NONE
    return Mark.COPY if copy else standing_mark(invoice)


def _state(invoice: Invoice, mark: Mark) -> list[str]:
    """Name what decides about an invoice's bytes beside what never changes of it."""
    shown = [] if mark in {Mark.NONE, Mark.COPY} else [note.number for note in invoice.credit_notes]
    return [str(mark), *shown]
