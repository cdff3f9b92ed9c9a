"""What surrounds each document: title, brand, foot of the page, and the mark of what is not an original."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from billing_engine.documents import formats
from billing_engine.documents.language import Words
from billing_engine.documents.logo import logo_data_uri
from billing_engine.documents.parties import BRAND_LIMIT, CODE_LIMIT
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import PageView
from billing_engine.model.document import Mark
from billing_engine.model.invoice import Invoice, Seller
from billing_engine.model.money import ZERO
from billing_engine.model.settings import DocumentTerms

_FOOTER_LIMIT = 320
_FOOTER_LINES = 3
_NUMBERS_SHOWN = 5
"""Credit notes that a banner names."""


def page_view(
    title: str, day: date, seller: Seller | None, words: Words, terms: DocumentTerms, second: Words | None = None
) -> PageView:
    """Frame a document of that title and day; raises RenderingError when the logo can not be used."""
    brand = one_line(seller.name, BRAND_LIMIT) if seller else ""
    return PageView(
        language=words.language,
        second_language=second.language if second else "",
        title=title,
        created=day.isoformat(),
        author=one_line(seller.name) if seller else "",
        brand=brand,
        logo=logo_data_uri(terms.logo) if terms.logo else "",
        sender=" · ".join(part for part in (brand, title) if part),
        footer=paragraph(terms.footer, _FOOTER_LIMIT, _FOOTER_LINES),
    )


def marked(page: PageView, mark: Mark, invoice: Invoice, words: Words) -> PageView:
    """Put on the page of an invoice what it is, unless it is the original."""
    match mark:
        case Mark.NONE:
            return page
        case Mark.DRAFT:
            word, banner = words.say("Draft"), words.say("Draft: not issued, not to be paid.")
        case Mark.COPY:
            return copied(page, mark, invoice.issued_on, words)
        case Mark.CORRECTED:
            gross = sum((note.gross for note in invoice.credit_notes), ZERO)
            credited = formats.money_text(gross, invoice.draft.currency, words.locale)
            word = words.say("Corrected")
            banner = words.say(
                "Corrected: {amount} was credited by {notes}.", amount=credited, notes=_credit_notes(invoice, words)
            )
        case Mark.VOIDED:
            word = words.say("Voided")
            banner = words.say("Voided: all of it was credited by {notes}.", notes=_credit_notes(invoice, words))
    return replace(page, watermark=word, banner=banner)


def copied(page: PageView, mark: Mark, issued_on: date, words: Words) -> PageView:
    """Put on the page of what is never marked otherwise that it is a copy; raises ValueError for another mark."""
    if mark is Mark.NONE:
        return page
    if mark is not Mark.COPY:
        raise ValueError(f"a credit note is not marked {str(mark)!r}")
    day = formats.day_text(issued_on, words.locale)
    banner = words.say("Copy: the original was issued on {date}.", date=day)
    return replace(page, watermark=words.say("Copy"), banner=banner)


def _credit_notes(invoice: Invoice, words: Words) -> str:
    numbers = [one_line(note.number, CODE_LIMIT) for note in invoice.credit_notes]
    shown = ", ".join(numbers[:_NUMBERS_SHOWN]) + (", …" if len(numbers) > _NUMBERS_SHOWN else "")
    return words.count("credit note {numbers}", "credit notes {numbers}", len(numbers), numbers=shown)
