"""Documents as PDF: an invoice, a credit note, a statement of hours, a reminder, an SLA report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from billing_engine.documents import templates
from billing_engine.documents.annex import annex_csv
from billing_engine.documents.credit_note_view import credit_note_view
from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import Words, words_for
from billing_engine.documents.pdf import Attached, html_to_pdf
from billing_engine.documents.reminder_letter_view import reminder_letter_view
from billing_engine.documents.sla_report_view import sla_report_view
from billing_engine.documents.statement_view import statement_view
from billing_engine.documents.xmp import E_INVOICE
from billing_engine.errors import RenderingError
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.invoice import Invoice, Seller
from billing_engine.model.receivables import Reminder
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.sla_report import SlaReport

ENTRIES = "time-entries.csv"
"""Name of the attachment with the time entries that are too many for pages."""

_PLAIN = DocumentTerms()


def render_invoice(
    invoice: Invoice, terms: DocumentTerms = _PLAIN, *, xml: bytes | None = None, mark: Mark = Mark.NONE
) -> bytes:
    """Render an invoice with its e-invoice inside; raises RenderingError when it can not be printed whole.

    Only an original may carry an e-invoice: raises ValueError when a marked document is given one.
    """
    _refuse_marked(xml, mark)
    with _laying_out(f"invoice {invoice.number!r}"):
        words = _words(invoice, terms)
        second = _second_words(invoice, terms, words)
        html = templates.invoice_html(invoice_view(invoice, words, terms, mark, second), words, terms)
        stylesheet = templates.stylesheet("invoice.css", terms)
        entries = annex_csv(invoice, words)
    return html_to_pdf(html, stylesheet, [*_e_invoice(xml, invoice), *_entries(entries, invoice)])


def render_credit_note(
    note: CreditNote,
    invoice: Invoice,
    terms: DocumentTerms = _PLAIN,
    *,
    xml: bytes | None = None,
    mark: Mark = Mark.NONE,
) -> bytes:
    """Render a credit note with the parties of its invoice; raises as for an invoice."""
    _refuse_marked(xml, mark)
    with _laying_out(f"credit note {note.number!r}"):
        words = _words(invoice, terms)
        second = _second_words(invoice, terms, words)
        view = credit_note_view(note, invoice, words, terms, mark, second)
        html = templates.credit_note_html(view, words, terms)
        stylesheet = templates.stylesheet("invoice.css", terms)
    return html_to_pdf(html, stylesheet, _e_invoice(xml, note))


def render_statement(invoice: Invoice, terms: DocumentTerms = _PLAIN) -> bytes:
    """Render the statement of an invoice's hours; raises RenderingError as for an invoice."""
    with _laying_out(f"statement of hours of invoice {invoice.number!r}"):
        words = _words(invoice, terms)
        html = templates.statement_html(statement_view(invoice, words, terms), words, terms)
        stylesheet = templates.stylesheet("statement.css", terms)
        entries = annex_csv(invoice, words)
    return html_to_pdf(html, stylesheet, _entries(entries, invoice))


def render_reminder(reminder: Reminder, terms: DocumentTerms = _PLAIN) -> bytes:
    """Render the letter of a reminder; raises RenderingError as for an invoice."""
    with _laying_out(f"reminder of invoice {reminder.invoice.number!r}"):
        words = _words(reminder.invoice, terms)
        html = templates.reminder_html(reminder_letter_view(reminder, words, terms), words, terms)
        stylesheet = templates.stylesheet("reminder.css", terms)
    return html_to_pdf(html, stylesheet)


def render_sla_report(report: SlaReport, seller: Seller | None, terms: DocumentTerms = _PLAIN) -> bytes:
    """Render an SLA report, signed by `seller` if one is named; raises RenderingError as for an invoice."""
    with _laying_out(f"SLA report of {report.customer.customer!r} for {report.month}"):
        words = words_for(report.customer.language, terms.templates)
        html = templates.sla_report_html(sla_report_view(report, seller, words, terms), words, terms)
        stylesheet = templates.stylesheet("sla_report.css", terms)
    return html_to_pdf(html, stylesheet)


def _refuse_marked(xml: bytes | None, mark: Mark) -> None:
    if xml is not None and mark is not Mark.NONE:
        raise ValueError(f"a document that is marked {str(mark)!r} carries no e-invoice: it would be booked once more")


@contextmanager
def _laying_out(what: str) -> Iterator[None]:
    """Name the document in whatever goes wrong with its texts and templates."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        raise RenderingError(f"{what} could not be laid out: {error}") from error


def _words(invoice: Invoice, terms: DocumentTerms) -> Words:
    return words_for(invoice.draft.buyer.language, terms.templates)


def _second_words(invoice: Invoice, terms: DocumentTerms, first: Words) -> Words | None:
    """Find the second language of an invoice that crosses a border; None where it has none."""
    abroad = invoice.draft.buyer.country != invoice.draft.seller.country
    if not terms.second_language or not abroad:
        return None
    second = words_for(terms.second_language, terms.templates)
    return None if second.language == first.language else second


def _e_invoice(xml: bytes | None, document: Invoice | CreditNote) -> list[Attached]:
    if xml is None:
        return []
    return [Attached(E_INVOICE, xml, "Factur-X, EN 16931", "Alternative", document.issued_on)]


def _entries(csv: bytes | None, invoice: Invoice) -> list[Attached]:
    return [] if csv is None else [Attached(ENTRIES, csv, "Time entries", "Supplement", invoice.issued_on)]
