"""An issued document as the one file that people read and machines accept: pages, and the e-invoice of the same facts.

These functions are sent to worker processes with all that they need, and touch no database.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from billing_engine.documents.language import words_for
from billing_engine.documents.rendering import render_credit_note, render_invoice
from billing_engine.einvoice.formats import Format, write
from billing_engine.einvoice.from_invoice import of_credit_note, of_invoice
from billing_engine.errors import EInvoiceError
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.invoice import Invoice
from billing_engine.model.money import minor_digits
from billing_engine.model.settings import DocumentTerms

_MOST_DECIMALS = 2
"""Of an amount in an e-invoice."""


def invoice_file(invoice: Invoice, terms: DocumentTerms, mark: Mark) -> bytes:
    """Make an invoice's PDF; only one without a mark carries its e-invoice. Raises RenderingError and EInvoiceError."""
    xml = None if mark else _embedded(invoice, partial(invoice_xml, invoice, terms, Format.CII))
    return render_invoice(invoice, terms, xml=xml, mark=mark)


def credit_note_file(note: CreditNote, invoice: Invoice, terms: DocumentTerms) -> bytes:
    """Make a credit note's PDF with its e-invoice; raises as for an invoice."""
    xml = _embedded(invoice, partial(credit_note_xml, note, invoice, terms, Format.CII))
    return render_credit_note(note, invoice, terms, xml=xml)


def _embedded(invoice: Invoice, write_xml: Callable[[], bytes]) -> bytes | None:
    """Write the e-invoice that goes into a PDF.

    There is none where EN 16931 has no room for it: of an invoice of before there were any, which may lack what it
    needs, and in a currency of three decimals (BR-DEC).
    """
    try:
        return write_xml()
    except EInvoiceError:
        if invoice.draft.taxes and minor_digits(invoice.draft.currency) <= _MOST_DECIMALS:
            raise
        return None


def invoice_xml(invoice: Invoice, terms: DocumentTerms, format_: Format) -> bytes:
    """Write an invoice's e-invoice, its free texts in the customer's language; raises EInvoiceError."""
    words = words_for(invoice.draft.buyer.language, terms.templates)
    return write(of_invoice(invoice, say=words.say, phrase=words.phrase), format_)


def credit_note_xml(note: CreditNote, invoice: Invoice, terms: DocumentTerms, format_: Format) -> bytes:
    """Write a credit note's e-invoice; raises EInvoiceError."""
    words = words_for(invoice.draft.buyer.language, terms.templates)
    return write(of_credit_note(note, invoice, say=words.say, phrase=words.phrase), format_)
