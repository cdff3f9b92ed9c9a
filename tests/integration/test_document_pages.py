"""Marks, annex, chart, statement and reminder as real PDF files, read back."""

import io
import logging
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pikepdf
import pytest
from invoices import AFTER_TAX, BEFORE_TAX, BUYER, ENTRY, FEE, SELLER, TIME, USE, invoice, many_entries
from pdf_checks import attachment_of, opened, problems_of
from pictures import KINDS
from pypdf import PdfReader

from billing_engine.documents.rendering import ENTRIES, render_invoice, render_reminder, render_statement
from billing_engine.model.document import Mark
from billing_engine.model.receivables import Reminder
from billing_engine.model.settings import DocumentTerms

PLAIN = DocumentTerms()
HOSTILE = '</style></p><script>alert(1)</script><img src="file:///etc/passwd"> {{ 7*7 }} {% raw %} body{display:none}'


def pages_of(pdf):
    """Read the text of each page, with plain single spaces."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def unbroken(text):
    """Forget where words were wrapped."""
    return re.sub(r"\s", "", text)


def weekly(count=4):
    """Work once a week, from the allowance and after hours."""
    return tuple(
        replace(
            ENTRY,
            ticket=f"SD-{number}",
            started_at=f"2026-10-{1 + 7 * number:02d}T16:40:00+02:00",
            ended_at=f"2026-10-{1 + 7 * number:02d}T18:10:00+02:00",
            parts=(("allowance", 3600), ("after_hours", 7200)),
        )
        for number in range(count)
    )


@pytest.mark.parametrize("mark", [Mark.DRAFT, Mark.COPY])
def test_a_mark_is_on_every_page(mark):
    """However long the annex is, no page of it passes for the original; and it is still readable for everybody."""
    pdf = render_invoice(invoice(entries=many_entries(60)), PLAIN, mark=mark)
    pages = pages_of(pdf)
    assert len(pages) > 3
    for page in pages:
        assert str(mark).capitalize() in page
    assert problems_of(pdf) == []


def test_the_original_has_no_mark_on_any_page():
    """The words are not even there unseen."""
    text = " ".join(pages_of(render_invoice(invoice(entries=many_entries(60)), PLAIN)))
    assert not [word for word in ("Draft", "Copy", "Corrected", "Voided") if word in text]


def test_the_chart_is_read_as_text():
    """Names, days and hours of the chart are text of the page, and a screen reader is told all of it at once."""
    pdf = render_invoice(invoice(entries=weekly()), PLAIN)
    text = " ".join(pages_of(pdf))
    for part in ("Hours by week", "From the allowance 4:00", "After hours 8:00", "5\u201311 Oct 3:00"):
        assert part in text, part
    with opened(pdf) as file:
        told = [str(one.Alt) for one in file.objects if isinstance(one, pikepdf.Dictionary) and "/Alt" in one]
    assert [text.startswith("Hours by week of October 2026: 1\u20134 Oct: 3:00;") for text in told] == [True]


def test_five_thousand_entries_are_a_few_readable_pages():
    """The page sums up, and says that the whole list is attached; the list is there, whole."""
    entries = tuple(replace(entry, ticket=f"SD-{n % 90}") for n, entry in enumerate(many_entries(5000)))
    pdf = render_invoice(invoice(entries=entries), PLAIN)
    pages = pages_of(pdf)
    assert len(pages) < 8
    assert "The full list of 5,000 time entries, each with its reason, is attached to this file as CSV." in pages[1]
    content, relationship = attachment_of(pdf, ENTRIES)
    assert relationship == "/Supplement"
    assert content.count(b"\r\n") == 5001


def test_the_statement_has_hours_and_no_claim_to_money_due():
    """It names month, invoice, hours and each entry; nothing is asked for."""
    text = unbroken(" ".join(pages_of(render_statement(invoice(entries=weekly(), lines=[FEE, TIME]), PLAIN))))
    for part in (
        "Statement of hours for October 2026, Hansen & Søn Logistik GmbH",
        "Invoice 2026-000118",
        "Hours worked 6:00 h in 4 time entries",
        "Hours billed 10:00 h",
        "7:30 of 12:00 h used",
        "From the allowance 4:00",
        "SD-0 T3",
        ENTRY.reason.replace("\n", " "),
    ):
        assert unbroken(part) in text, part
    assert not [part for part in ("Amount due", "IBAN", "VAT summary") if unbroken(part) in text]


def test_the_reminder_is_a_letter_of_one_page():
    """Recipient, day, amounts, request and account, in the customer's language."""
    issued = invoice(buyer=replace(BUYER, language="de"))
    (page,) = pages_of(render_reminder(Reminder(issued, Decimal("432.00"), 14, 3, date(2026, 11, 30)), PLAIN))
    for part in (
        "Letzte Mahnung: Rechnung 2026-000118 30.11.2026",
        "Hansen & Søn Logistik GmbH Am Kaiserkai 62",
        "Sehr geehrte Damen und Herren,",
        "Offener Betrag 432,00 EUR",
        "7. Dezember 2026",
        "DBDBRSBG",
        "Mit freundlichen Grüßen Nordlicht Software d.o.o.",
    ):
        assert part in page, part


def test_texts_of_any_length_and_kind_only_take_their_place():
    """In marks, annex, statement and reminder hostile texts are printed, and everything else is still there."""
    word = "W" * 100_000
    buyer = replace(BUYER, name=HOSTILE, address=HOSTILE, vat_id=word, reference=word)
    entries = (replace(weekly(1)[0], ticket=HOSTILE, severity=word, reason=word), *weekly(3))
    setoffs = (replace(BEFORE_TAX, title=HOSTILE), replace(AFTER_TAX, title=word, reference=HOSTILE))
    terms = DocumentTerms(footer=word, sepa_qr=True)
    issued = invoice(buyer=buyer, entries=entries, setoffs=setoffs, seller=replace(SELLER, bank=HOSTILE))
    reminder = Reminder(issued, Decimal("1.00"), 14, 1, date(2026, 11, 30))
    files = (
        (render_invoice(issued, terms, mark=Mark.COPY), "EUR 300.60"),
        (render_statement(issued, terms), "Hours worked 6:00 h"),
        (render_reminder(reminder, terms), "EUR 1.00"),
    )
    for pdf, figure in files:
        text = " ".join(pages_of(pdf))
        assert figure in text
        assert unbroken(HOSTILE) in unbroken(text)
        assert "49" not in text.replace("2026-000118", "")


def test_pages_raise_no_complaint(caplog):
    """WeasyPrint knows every element and property of the shipped templates, whatever document it is."""
    caplog.set_level(logging.WARNING, "weasyprint")
    for name in ("setoffs.en", "voided.en", "two-rates.de", "credit-note.pl", "statement.cs", "reminder.en"):
        write, language = KINDS[name]
        write(language)
    render_invoice(invoice(uses=(USE,) * 6, lines=[FEE, replace(FEE, contract="K2")]), PLAIN)
    assert [record.getMessage() for record in caplog.records if record.name == "weasyprint"] == []
