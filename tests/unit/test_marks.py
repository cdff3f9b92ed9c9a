"""Documents that are not the original: what stands on them, and what they must not have."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from invoices import BUYER, FEE, SELLER, invoice

from billing_engine.documents.credit_note_view import credit_note_view
from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.documents.templates import invoice_html
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.payment import Credited
from billing_engine.model.settings import DocumentTerms

ENGLISH = words_for("en")
PLAIN = DocumentTerms(sepa_qr=True)
PAYABLE = replace(SELLER, iban="RS35260005601001611379")


def credited(count=1):
    """Issue an invoice that so many credit notes took something back of."""
    notes = [Credited(f"CN-{n}", date(2026, 11, 20), Decimal(10), Decimal(12)) for n in range(1, count + 1)]
    return replace(invoice(seller=PAYABLE), credit_notes=tuple(notes))


def viewed(issued, mark):
    """View an invoice with a mark."""
    return invoice_view(issued, ENGLISH, PLAIN, mark)


def test_the_original_has_no_mark():
    """Neither banner nor watermark, and a code to pay with."""
    view = viewed(invoice(seller=PAYABLE), Mark.NONE)
    assert (view.page.watermark, view.page.banner) == ("", "")
    assert view.qr is not None
    assert "watermark" not in invoice_html(view, ENGLISH, PLAIN)


@pytest.mark.parametrize(
    ("mark", "word", "banner"),
    [
        (Mark.COPY, "Copy", "Copy: the original was issued on 2 Nov 2026."),
        (Mark.CORRECTED, "Corrected", "Corrected: EUR\u00a012.00 was credited by credit note CN-1."),
        (Mark.VOIDED, "Voided", "Voided: all of it was credited by credit note CN-1."),
        (Mark.DRAFT, "Draft", "Draft: not issued, not to be paid."),
    ],
)
def test_a_mark_says_what_the_document_is(mark, word, banner):
    """A word stands behind the text of each page, and above the first what it means."""
    view = viewed(credited(), mark)
    assert (view.page.watermark, view.page.banner) == (word, banner)
    html = invoice_html(view, ENGLISH, PLAIN)
    assert f'<div class="watermark">{word}</div>' in html
    assert f'<p class="banner">{banner}</p>' in html


def test_only_what_asks_for_its_amount_has_a_code_to_pay_with():
    """Not a draft, nor what was credited meanwhile: its amount is not what is owed."""
    issued = credited()
    shown = [mark for mark in Mark if viewed(issued, mark).qr is not None]
    assert shown == [Mark.NONE, Mark.COPY]


def test_what_is_voided_asks_nobody_to_pay():
    """All of it was credited: no account, and nothing to pay; of a corrected one a part is still owed."""
    voided, corrected = viewed(credited(), Mark.VOIDED), viewed(credited(), Mark.CORRECTED)
    assert (voided.payment, voided.due_note) == ((), "nothing to pay")
    assert corrected.payment


def test_a_draft_has_neither_number_nor_dates():
    """Whatever stands in for them is not printed; the days to pay are."""
    view = viewed(invoice("X-99"), Mark.DRAFT)
    html = invoice_html(view, ENGLISH, PLAIN)
    assert view.number == ""
    assert view.page.title == "Draft invoice for October 2026"
    assert view.due_note == "within 14 days"
    for text in ("X-99", "2 Nov 2026", "16 Nov 2026"):
        assert text not in html.split("</head>")[1], text


@pytest.mark.parametrize(
    ("count", "named"),
    [(2, "credit notes CN-1, CN-2."), (7, "credit notes CN-1, CN-2, CN-3, CN-4, CN-5, ….")],
)
def test_several_credit_notes_are_named(count, named):
    """A banner names them, of very many the first."""
    assert viewed(credited(count), Mark.VOIDED).page.banner.endswith(named)


def test_hostile_numbers_are_only_text():
    """Markup in a credit note's number does nothing in the banner."""
    note = Credited("<b>\u202e</b>", date(2026, 11, 20), Decimal(10), Decimal(12))
    view = viewed(replace(invoice(), credit_notes=(note,)), Mark.VOIDED)
    html = invoice_html(view, ENGLISH, PLAIN)
    assert "&lt;b&gt;&lt;/b&gt;" in html
    assert "<b>" not in html


def test_a_credit_note_is_an_original_or_a_copy():
    """A copy is marked by the note's own day; any other mark is a mistake."""
    issued = invoice(buyer=BUYER, lines=[FEE])
    note = CreditNote("CN-1", date(2026, 11, 20), draft_credit_note(issued, [], None, "Wrong"))
    view = credit_note_view(note, issued, ENGLISH, PLAIN, Mark.COPY)
    assert view.page.banner == "Copy: the original was issued on 20 Nov 2026."
    with pytest.raises(ValueError, match="'voided'"):
        credit_note_view(note, issued, ENGLISH, PLAIN, Mark.VOIDED)
