"""SLA reports as real PDF files, read back."""

import io
import logging
import re
from dataclasses import replace

import pytest
from invoices import SELLER
from pypdf import PdfReader
from sla_reports import (
    ACCEPTED,
    CASE,
    CONTRACT,
    CREDIT,
    CUSTOMER,
    EMPTY,
    TARGET,
    TERMINATION,
    UPTIME,
    claim,
    decision,
    sla_report,
)

from billing_engine.documents.language import words_for
from billing_engine.documents.rendering import render_sla_report
from billing_engine.documents.sla_report_view import sla_report_view
from billing_engine.documents.templates import sla_report_html
from billing_engine.errors import RenderingError
from billing_engine.model.settings import DocumentTerms


def pages_of(pdf: bytes) -> list[str]:
    """Read the text of each page, with plain single spaces."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def text_of(**changes) -> str:
    """Read all pages of a report."""
    return " ".join(pages_of(render_sla_report(sla_report(**changes), SELLER)))


def html_of(**changes) -> str:
    """Lay out a report without printing it."""
    words, terms = words_for("en"), DocumentTerms()
    return sla_report_html(sla_report_view(sla_report(**changes), SELLER, words, terms), words, terms)


def test_pages_say_what_the_report_says():
    """Every figure, case, claim and credit can be read."""
    text = text_of(termination=TERMINATION)
    for part in (
        "Service levels",
        "Period 1\u201331 Oct 2026",
        "Nordlicht Software d.o.o.",
        "Hansen & Søn Logistik GmbH",
        "As of 10 Nov 2026 09:00 UTC+01:00",
        "Tickets 38",
        "Targets met 46 of 48",
        "95%, 2 still running",
        "Uptime 99.33%",
        "below the 99.5% guaranteed",
        "Right to terminate Uptime was 95% or less in August",
        "Price list trifft",
        "high First response 4 h of 8x5 11 1 0",
        "low Solution next release 0 0 0",
        "SD-1042 high · First response 4 h of 8x5 Thu 8 Oct 15:30 Fri 9 Oct 11:30 Mon 12 Oct 09:05 9:35",
        "Fri 9 Oct 11:30 not yet 9:35",
        "K1 premium of trifft 44,700 296 120 99.33% 99.5% not met",
        "CL-7 · uptime of October 2026 Received 5 Nov 2026 23:30 UTC+01:00",
        "20% of the monthly fee of 360.00 EUR is 72.00 EUR. Accepted EUR 72.00",
        "CL-8 · ticket SD-1042, missed on 9 Oct 2026",
        "the last day for it. Rejected",
        "Not yet decided",
        "Reference CL-7, granted 6 Nov 2026, from the invoice for December 2026 EUR 72.00 EUR 22.00",
        "Page 1 of 2",
    ):
        assert part in text, part


def test_quiet_month_fits_a_page():
    """A month without misses, claims and credits says so, on one page."""
    (page,) = pages_of(render_sla_report(sla_report(worst=(), claims=(), credits=()), SELLER))
    assert "Worst cases No target was missed." in page
    assert "Claims No claim was received." in page
    assert "Credits" not in page
    assert "Right to terminate" not in page


def test_empty_month():
    """Without targets and guarantees there is no table of them, and no sender where none is set up."""
    (page,) = pages_of(render_sla_report(sla_report(**EMPTY), None))
    assert "Tickets 0" in page
    assert "Targets No target applied to a ticket of this month." in page
    assert "Uptime" not in page
    assert "Worst" not in page
    assert "From" not in page


def test_file_tells_about_itself():
    """Title, author, language and dates of the file are the report's; it is tagged for screen readers."""
    reader = PdfReader(io.BytesIO(render_sla_report(sla_report(), SELLER)))
    assert reader.metadata.title == "Service levels of October 2026, Hansen & Søn Logistik GmbH"
    assert reader.metadata.author == "Nordlicht Software d.o.o."
    assert reader.metadata["/CreationDate"] == reader.metadata["/ModDate"] == "D:20261110"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_same_report_same_bytes():
    """A second rendering gives the same file, also after another report."""
    first = render_sla_report(sla_report(), SELLER)
    assert render_sla_report(sla_report(**EMPTY), None) != first
    assert render_sla_report(sla_report(), SELLER) == first


def test_template_raises_no_complaint(caplog):
    """WeasyPrint knows every element and property that the shipped template uses."""
    caplog.set_level(logging.WARNING, "weasyprint")
    render_sla_report(sla_report(termination=TERMINATION), SELLER)
    assert [record.getMessage() for record in caplog.records if record.name == "weasyprint"] == []


def test_bars_are_drawn():
    """Bars of missed targets reach the page, as wide as the view says."""
    html = html_of(targets=(TARGET._replace(met=6, breached=2, running=2),))
    widths = re.findall(r'<div class="(bar|fill late|fill)" style="width: (\d+)%">', html)
    assert widths == [("bar", "100"), ("fill late", "80"), ("fill", "75")]


HOSTILE = '</style></p><script>alert(1)</script><img src="file:///etc/passwd"> {{ 7*7 }} {% raw %} body{display:none}'


def hostile(text: str) -> dict:
    """Put a text wherever someone else's text may stand."""
    return {
        "customer": replace(CUSTOMER, name=text, address=text, vat_id=text, customer=text),
        "targets": (TARGET._replace(price_list=text, severity=text, text=text),),
        "worst": (CASE._replace(ticket=text, severity=text, text=text),),
        "availability": (replace(UPTIME, contract=replace(CONTRACT, contract=text, price_list=text, package=text)),),
        "claims": (ACCEPTED._replace(claim=claim(text), decision=decision(explanation=(text, text))),),
        "credits": (replace(CREDIT, claim=text, reason=text),),
        "termination": text,
    }


def test_hostile_texts_are_only_text():
    """Markup, style and template code in any text are printed as they are and change nothing else."""
    text = text_of(**hostile(HOSTILE))
    unbroken = re.sub(r"\s", "", text)
    assert unbroken.count(re.sub(r"\s", "", HOSTILE)) == 8
    assert "below the 99.5% guaranteed" in text
    assert "49" not in text


def test_hostile_texts_do_not_reach_the_page_as_markup():
    """In the HTML, hostile texts add no element."""
    assert html_of(**hostile(HOSTILE)).count("<") == html_of(**hostile("plain")).count("<")


def test_endless_words_stay_on_their_page():
    """Words of 100 kB are wrapped and cut; nothing sticks out and all else is still there."""
    pdf = render_sla_report(sla_report(**hostile("W" * 100_000)), SELLER)
    text = " ".join(pages_of(pdf))
    for part in ("EUR 22.00", "44,700", "Mon 12 Oct 09:05", "Accepted", "…"):
        assert part in text
    pieces: list[str] = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=lambda text, *_: pieces.extend(text.splitlines()))
    assert max(piece.count("W") for piece in pieces) < 75, "more do not fit between the margins"


def test_long_report_loses_nothing():
    """Many targets, cases and claims go over as many pages as it takes, under repeated headers."""
    targets = tuple(TARGET._replace(severity=f"S-{n}.") for n in range(60))
    worst = tuple(CASE._replace(ticket=f"SD-{n}.") for n in range(60))
    claims = tuple(ACCEPTED._replace(claim=claim(f"CL-{n}.")) for n in range(60))
    pages = pages_of(render_sla_report(sla_report(targets=targets, worst=worst, claims=claims), SELLER))
    text = " ".join(pages)
    assert len(pages) > 5
    for n in range(60):
        for name in (f" S-{n}. ", f"SD-{n}. ", f"CL-{n}. "):
            assert text.count(name) == 1, name
    assert text.count("Severity Target Met, missed, running") > 1
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page


def test_report_that_cannot_be_printed_is_an_error():
    """A report with a broken value raises the engine's own error, which names customer and month."""
    with pytest.raises(RenderingError, match="'C1' for 2026-10"):
        render_sla_report(sla_report(credits=(replace(CREDIT, currency="euro"),)), SELLER)
