"""Each kind of document in each language as a file: a valid archive in the shipped fonts, whatever is in it."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from time import process_time

import pytest
from invoices import AFTER_TAX, BEFORE_TAX, BUYER, ENTRY, FEE, TIME, invoice, many_entries
from pdf_checks import attachment_of, fonts_of, opened, problems_of
from PIL import Image
from pypdf import PdfReader
from sla_reports import CUSTOMER, sla_report

from billing_engine.documents.rendering import (
    ENTRIES,
    render_credit_note,
    render_invoice,
    render_reminder,
    render_sla_report,
    render_statement,
)
from billing_engine.errors import RenderingError
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.receivables import Reminder
from billing_engine.model.settings import DocumentTerms

LANGUAGES = ("en", "de", "pl", "cs", "sr-Latn", "sr-Cyrl")
XML = b"<invoice/>"


def issued(language="en", **changes):
    """Issue an invoice with credits and entries, to a customer of that language."""
    facts = {"lines": [FEE, TIME], "setoffs": (BEFORE_TAX, AFTER_TAX), "entries": many_entries(4)}
    return invoice(**{**facts, "buyer": replace(BUYER, language=language), **changes})


def note_on(one):
    """Take all of it back."""
    return CreditNote("CN-2026-000007", date(2026, 11, 20), draft_credit_note(one, [], None, "Wrong package"))


def reminder_of(one):
    """Remind of it."""
    return Reminder(one, one.settlement.open, 14, 2, date(2026, 11, 30))


KINDS = {
    "invoice": lambda language: render_invoice(issued(language), xml=XML),
    "draft": lambda language: render_invoice(replace(issued(language), number=""), mark=Mark.DRAFT),
    "copy": lambda language: render_invoice(issued(language), mark=Mark.COPY),
    "credit note": lambda language: render_credit_note(note_on(issued(language)), issued(language), xml=XML),
    "statement": lambda language: render_statement(issued(language)),
    "reminder": lambda language: render_reminder(reminder_of(issued(language))),
    "sla report": lambda language: render_sla_report(sla_report(customer=replace(CUSTOMER, language=language)), None),
}


def text_of(pdf):
    """Read a file, with plain single spaces."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_document_is_a_valid_archive_in_its_language(kind, language):
    """It is PDF/A-3a and PDF/UA-1, says its language, and has its letters from the shipped fonts alone."""
    made = KINDS[kind](language)
    assert problems_of(made) == []
    with opened(made) as file:
        assert file.Root.Lang == language
    fonts = fonts_of(made)
    assert all(fonts.values())
    assert {name for name in fonts if not name.startswith("Billing-Inter")} == set()


@pytest.mark.parametrize("mark", [Mark.DRAFT, Mark.COPY, Mark.CORRECTED, Mark.VOIDED])
def test_marked_documents_never_carry_an_e_invoice(mark):
    """A marked document with an e-invoice would be booked a second time, so it can not be made."""
    with pytest.raises(ValueError, match="carries no e-invoice"):
        render_invoice(issued(), xml=XML, mark=mark)
    with pytest.raises(ValueError, match="carries no e-invoice"):
        render_credit_note(note_on(issued()), issued(), xml=XML, mark=mark)
    unmarked, marked = render_invoice(issued()), render_invoice(issued(), mark=mark)
    assert marked != unmarked
    with opened(marked) as file:
        assert list(file.attachments) == []


def test_five_thousand_entries_make_a_readable_invoice():
    """Above 500 entries the pages sum up and the list is attached: few pages, all rows, little time."""
    many = many_entries(5_000)
    one = issued(entries=many)
    started = process_time()
    made = render_invoice(one, xml=XML)
    assert process_time() - started < 60
    assert len(PdfReader(io.BytesIO(made)).pages) < 30
    assert problems_of(made) == []
    content, relationship = attachment_of(made, ENTRIES)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert relationship == "/Supplement"
    assert len(rows) == 5_001
    assert {row[1] for row in rows[1:]} == {entry.ticket for entry in many}
    assert attachment_of(made, "factur-x.xml") == (XML, "/Alternative")
    assert attachment_of(render_statement(one), ENTRIES) == (content, "/Supplement")


def test_five_hundred_entries_need_no_attachment():
    """Up to 500 entries stand on the pages."""
    with opened(render_invoice(issued(entries=many_entries(500)))) as file:
        assert list(file.attachments) == []


def test_second_language_only_across_a_border():
    """A customer abroad reads titles and legal texts once more, one at home does not."""
    terms = DocumentTerms(second_language="de")
    abroad, home = issued(), issued(buyer=replace(BUYER, country="RS"))
    assert render_invoice(abroad, terms) != render_invoice(abroad)
    assert "Rechnung" in text_of(render_invoice(abroad, terms))
    assert render_invoice(home, terms) == render_invoice(home)
    german = issued("de")
    assert render_invoice(german, terms) == render_invoice(german)


def test_logo_stands_on_every_kind_of_document(tmp_path):
    """A checked logo is printed, the file stays valid, and its bytes come out again."""
    logo = tmp_path / "logo.png"
    Image.new("RGBA", (300, 80), (31, 77, 92, 180)).save(logo)
    terms = DocumentTerms(logo=logo)
    for made, again in ((render_invoice(issued(), terms), render_invoice(issued(), terms)),
                        (render_statement(issued(), terms), render_statement(issued(), terms))):  # fmt: skip
        assert problems_of(made) == []
        assert made == again
        assert len(PdfReader(io.BytesIO(made)).pages[0].images) == 1


def test_hostile_logo_is_no_picture_but_an_error(tmp_path):
    """A logo that would load something stops the document and says why."""
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"><image href="https://example.org/x.png"/></svg>')
    with pytest.raises(RenderingError, match="it has a <image> in it"):
        render_invoice(issued(), DocumentTerms(logo=logo))


HOSTILE = '</style></p><script>alert(1)</script><img src="file:///etc/passwd"> {{ 7*7 }} body{display:none} url(//x)'


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "\u202egnp.exe \u2066mixed\u2069 \u200f",
        "W" * 100_000,
        "\x00\x1b[31m\ufeff\uffff\ud800",
        "e" + "\u0301" * 500,
        "株式会社 😀 \ue000 \u0378",
        "&#x3c;b&#x3e; &amp; <!-- --> ]]>",
    ],
)
def test_hostile_texts_spoil_no_document(text):
    """Whatever stands in names, titles, reasons and tickets: a valid file, and what is owed is still on it."""
    one = issued(
        buyer=replace(BUYER, name=text, address=text, reference=text),
        lines=[replace(FEE, title=text, detail=text)],
        entries=(replace(ENTRY, ticket=text, severity=text, reason=text),),
        setoffs=(replace(AFTER_TAX, title=text, reference=text),),
    )
    for made in (render_invoice(one), render_credit_note(note_on(one), one), render_statement(one)):
        assert problems_of(made) == []
        assert "49" not in text_of(made) or "7*7" not in text
    assert "387.00" in text_of(render_invoice(one))
    assert one.amount_due == Decimal("387.00")
