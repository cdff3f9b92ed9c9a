"""Invoices as real PDF files, read back."""

import io
import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from invoices import AFTER_TAX, BEFORE_TAX, BUYER, ENTRY, FEE, TIME, USE, invoice, many_entries
from pypdf import PdfReader

from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.documents.rendering import render_invoice
from billing_engine.documents.templates import invoice_html
from billing_engine.errors import RenderingError
from billing_engine.model.document import Mark
from billing_engine.model.payment import Payment
from billing_engine.model.settings import DocumentTerms

NO_TAX = {"tax_percent": None, "tax": Decimal(0)}


def pages_of(pdf: bytes) -> list[str]:
    """Read the text of each page, with plain single spaces."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def unbroken(text: str) -> str:
    """Forget where words were wrapped."""
    return re.sub(r"\s", "", text)


def html_of(**changes) -> str:
    """Lay out an invoice without printing it."""
    words, terms = words_for("en"), DocumentTerms()
    return invoice_html(invoice_view(invoice(**changes), words, terms, Mark.NONE, None), words, terms)


def test_page_says_what_the_invoice_says():
    """Every figure that is owed, and to whom, can be read on the page."""
    (page,) = pages_of(render_invoice(invoice(lines=[FEE, TIME])))
    for text in (
        "Nordlicht Software d.o.o.",
        "RS101234567",
        "Hansen & Søn Logistik GmbH",
        "Am Kaiserkai 62",
        "2026-000118",
        "2 Nov 2026",
        "by 16 Nov 2026",
        "October 2026",
        "2:30",
        "100.00",
        "250.00",
        "Net 610.00",
        "VAT 20% 122.00",
        "EUR 732.00",
        "RS35 1600 0501 0001 2345 67",
        "DBDBRSBG",
        "7:30 of 12:00 h used",
        "Page 1 of 1",
    ):
        assert text in page, text


def test_page_leads_from_lines_to_amount_due():
    """Credits before tax follow the lines, those after tax follow the total, in the order of the calculation."""
    (page,) = pages_of(render_invoice(invoice(lines=[FEE, TIME], setoffs=(BEFORE_TAX, AFTER_TAX))))
    steps = (
        "Amount due EUR 600.60 by 16 Nov 2026",
        "2 time entries 2:30 h 100.00 / h 250.00",
        "Uptime of October 2026 Credit, reference CL-7 -72.00",
        "Charges 610.00 Credits -72.00 Net 538.00 VAT 20% 107.60 Total EUR 645.60",
        "Late solution of SD-1042 Credit, reference CL-9 -45.00 Amount due EUR 600.60",
    )
    assert [step for step in steps if step not in page] == []
    assert [page.index(step) for step in steps] == sorted(page.index(step) for step in steps)


def test_credits_have_a_heading_among_headings():
    """Where lines are grouped by contract, credits do not seem to belong to the last of them."""
    lines = [FEE, replace(FEE, contract="K2")]
    (page,) = pages_of(render_invoice(invoice(lines=lines, setoffs=(BEFORE_TAX,))))
    assert "360.00 Credits Uptime of October 2026" in page


def test_page_without_credits_speaks_of_none():
    """An invoice without setoffs has neither their rows nor the sums that only they need."""
    (page,) = pages_of(render_invoice(invoice()))
    assert "Net 360.00 VAT 20% 72.00 Total EUR 432.00" in page
    assert "Charges" not in page
    assert "Credit" not in page
    assert page.count("Amount due") == 1


def test_everything_set_off():
    """An invoice that credits cover asks for nothing and names no account."""
    (page,) = pages_of(render_invoice(invoice(setoffs=(replace(AFTER_TAX, amount=Decimal("432.00")),))))
    assert "Amount due EUR 0.00 nothing to pay" in page
    assert "-432.00 Amount due EUR 0.00" in page
    assert "IBAN" not in page


def test_many_credits_are_all_there():
    """However many credits there are, each is on a page once, and the amount due comes after them."""
    credits_ = tuple(replace((BEFORE_TAX, AFTER_TAX)[n % 2], reference=f"R-{n}.", amount=Decimal(1)) for n in range(90))
    text = " ".join(pages_of(render_invoice(invoice(setoffs=credits_))))
    assert [n for n in range(90) if text.count(f"R-{n}.") != 1] == []
    assert "-1.00 Credits in all -45.00 Amount due EUR 333.00" in text
    assert "IBAN" in text


def test_payments_do_not_change_the_file():
    """An invoice printed again after it was paid is the same to the byte."""
    payment = Payment("P1", "2026-000118", date(2026, 11, 5), Decimal(432))
    assert render_invoice(replace(invoice(), payments=(payment,))) == render_invoice(invoice())


def test_pages_are_numbered():
    """Each page says its number and how many there are."""
    pages = pages_of(render_invoice(invoice(entries=many_entries(40))))
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page


def test_file_tells_about_itself():
    """Title, author, language and dates of the file are the invoice's; it is tagged for screen readers."""
    reader = PdfReader(io.BytesIO(render_invoice(invoice())))
    assert reader.metadata.title == "Invoice 2026-000118"
    assert reader.metadata.author == "Nordlicht Software d.o.o."
    assert reader.metadata["/CreationDate"] == reader.metadata["/ModDate"] == "D:20261102"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_same_invoice_same_bytes():
    """A second rendering gives the same file, also after other invoices and in another process."""
    first = render_invoice(invoice(entries=many_entries(3)))
    assert render_invoice(invoice("2026-000119", lines=[TIME], entries=many_entries(30))) != first
    assert render_invoice(invoice(entries=many_entries(3))) == first
    elsewhere = (
        "import sys; from invoices import invoice, many_entries; "
        "from billing_engine.documents.rendering import render_invoice; "
        "sys.stdout.buffer.write(render_invoice(invoice(entries=many_entries(3))))"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", elsewhere], check=True, capture_output=True, env=environment)
    assert done.stdout == first


def test_template_raises_no_complaint(caplog):
    """WeasyPrint knows every element and property that the shipped template uses."""
    caplog.set_level(logging.WARNING, "weasyprint")
    draft = {"lines": [FEE, TIME, replace(FEE, contract="K2")], "entries": many_entries(3)}
    uses = (
        USE,
        replace(USE, overage_seconds=90 * 60),
        replace(USE, included_seconds=0),
        replace(USE, included_seconds=None),
    )
    render_invoice(invoice(**draft, uses=uses, setoffs=(BEFORE_TAX, AFTER_TAX)))
    assert [record.getMessage() for record in caplog.records if record.name == "weasyprint"] == []


def test_invoice_that_cannot_be_printed_is_an_error():
    """An invoice with a broken value raises the engine's own error, which names the invoice."""
    with pytest.raises(RenderingError, match="2026-000118"):
        render_invoice(invoice(currency="euro"))


HOSTILE = '</style></p><script>alert(1)</script><img src="file:///etc/passwd"> {{ 7*7 }} {% raw %} body{display:none}'


def test_hostile_names_are_only_text():
    """Markup, style and template code in a name are printed as they are and change nothing else."""
    pdf = render_invoice(
        invoice(buyer=replace(BUYER, name=HOSTILE, address=HOSTILE), lines=[replace(FEE, title=HOSTILE)])
    )
    (page,) = pages_of(pdf)
    assert unbroken(page).count(unbroken(HOSTILE)) == 3
    assert "EUR 432.00" in page
    assert "49" not in page


def test_hostile_names_do_not_reach_the_page_as_markup():
    """In the HTML, a hostile text adds no element."""
    assert html_of(buyer=replace(BUYER, name=HOSTILE)).count("<") == html_of().count("<")


def test_endless_words_stay_on_their_page():
    """A word of 100 kB is wrapped and cut; nothing sticks out and all else is still there."""
    word = "W" * 100_000
    lines = [replace(FEE, title=word, detail=word), TIME]
    setoffs = tuple(replace(credit, title=word, reference=word) for credit in (BEFORE_TAX, AFTER_TAX))
    entries = (replace(ENTRY, ticket=word, severity=word, reason=word),)
    buyer = replace(BUYER, name=word, address=word)
    pdf = render_invoice(invoice(buyer=buyer, lines=lines, entries=entries, setoffs=setoffs))
    text = " ".join(pages_of(pdf))
    assert "EUR 600.60" in text
    assert "250.00" in text
    assert "…" in text
    pieces = [piece for page in PdfReader(io.BytesIO(pdf)).pages for piece in _pieces(page)]
    assert max(piece.count("W") for piece in pieces) < 75, "more do not fit between the margins"


def _pieces(page) -> list[str]:
    """List the pieces of text on a page as they are drawn, each on one line."""
    pieces: list[str] = []
    page.extract_text(visitor_text=lambda text, *_: pieces.extend(text.splitlines()))
    return pieces


def test_no_annex_without_entries():
    """An invoice without time entries is its first page only."""
    (page,) = pages_of(render_invoice(invoice()))
    assert "Time entries" not in page


def test_annex_starts_on_its_own_page():
    """Time entries never stand below the totals."""
    first, second = pages_of(render_invoice(invoice(entries=many_entries(2))))
    assert "SD-0" not in first
    assert second.startswith("Time entries")
    assert "20 min covered, counted as 30; 70 min after hours, 2 started hours at 100.00" in second


def test_long_annex_repeats_its_header_and_loses_nothing():
    """With 300 entries each page has the column names and the contract, and each entry is there once."""
    entries = many_entries(200) + many_entries(100, "K2")
    uses = (USE, replace(USE, contract="K2", package_title="Basic"))
    first, *annex = pages_of(render_invoice(invoice(entries=entries, uses=uses)))
    assert "SD-" not in first
    assert len(annex) > 10
    for page in annex:
        assert re.search(r"(Premium · contract K1|Basic · contract K2) .* Ticket Reason Worked Billed", page)
    for number in range(200):
        found = len(re.findall(rf"\bSD-{number}\b", " ".join(annex)))
        assert found == (2 if number < 100 else 1), number


def test_rows_are_not_broken_across_pages():
    """An entry's ticket and the end of its reason stand on the same page."""
    reason = "line\n" * 8 + "end of {}"
    entries = tuple(replace(e, reason=reason.format(e.ticket)) for e in many_entries(40))
    _, *annex = pages_of(render_invoice(invoice(entries=entries)))
    assert len(annex) > 3
    for page in annex:
        assert set(re.findall(r"end of (SD-\d+)", page)) == set(re.findall(r"(?<!of )(SD-\d+) T3", page))


@pytest.mark.parametrize("count", range(8, 16))
def test_totals_do_not_stand_alone(count):
    """Wherever the page ends, the totals come with at least one line, and no part of the invoice is lost."""
    lines = [replace(FEE, title=f"Item {number}.") for number in range(count)]
    note = "Reverse charge. " * 8 + "End of note."
    uses = tuple(replace(USE, contract=f"K{number}", package_title=f"Pack {number}.") for number in range(4))
    pages = pages_of(render_invoice(invoice(lines=lines, uses=uses, tax_note=note, **NO_TAX)))
    last = pages[-1]
    assert f"Item {count - 1}." in last
    assert all(part in last for part in ("Net", "IBAN", "End of note."))
    text = " ".join(pages)
    assert all(text.count(f"Item {number}.") == 1 for number in range(count))
    assert all(f"Pack {number}." in last for number in range(4))


def test_many_contracts_fit():
    """With forty contracts the included time of each is shown, over as many pages as it takes."""
    uses = tuple(replace(USE, contract=f"K-{number}.", used_seconds=number * 60) for number in range(40))
    text = " ".join(pages_of(render_invoice(invoice(uses=uses))))
    assert [number for number in range(40) if f"contract K-{number}. 0:{number:02d} of 12:00 h used" not in text] == []
