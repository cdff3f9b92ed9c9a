"""Credit notes as PDF: what they name and add up, and that hostile text stays text."""

import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from invoices import AFTER_TAX, BEFORE_TAX, BUYER, FEE, TIME, invoice
from pypdf import PdfReader

from billing_engine.documents.rendering import render_credit_note
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote


def note_on(issued, wanted=None, reason="Wrong package"):
    """Issue a credit note."""
    return CreditNote("CN-2026-000007", date(2026, 11, 20), draft_credit_note(issued, [], wanted, reason))


def text_of(issued, note):
    """Read its PDF, with plain single spaces."""
    pages = PdfReader(io.BytesIO(render_credit_note(note, issued))).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_a_credit_note_names_its_invoice_its_lines_and_its_totals():
    """Number, dates, reason, both parties, the lines by their number on the invoice, tax and total."""
    issued = invoice(lines=(FEE, TIME))
    said = text_of(issued, note_on(issued, {2: Decimal("50.00")}))
    for part in (
        "Credit note CN-2026-000007",
        "For invoice 2026-000118",
        "Invoice date 2 Nov 2026",
        "Issued 20 Nov 2026",
        "Wrong package",
        "Nordlicht Software d.o.o.",
        "Hansen & Søn Logistik GmbH",
        "2 After hours 2 time entries 50.00",
        "Net 50.00",
        "VAT 20% 10.00",
        "Total credited EUR 60.00",
    ):
        assert part in said, part
    assert "IBAN" not in said


def test_what_goes_back_to_credits_is_named():
    """Before tax it lowers what is credited; after tax it says where a part of the total goes."""
    issued = invoice(setoffs=(BEFORE_TAX, AFTER_TAX))
    said = text_of(issued, note_on(issued))
    for part in (
        "Uptime of October 2026 Given back to credit CL-7 -72.00",
        "Charges taken back 360.00",
        "Credits given back -72.00",
        "Net 288.00",
        "Total credited EUR 345.60",
        "Total credited EUR 345.60 45.00 Given back to credit CL-9: Late solution of SD-1042",
    ):
        assert part in said, part


def test_a_note_without_tax_repeats_why():
    """The legal reference of the invoice is on its credit note, too."""
    issued = invoice(tax_percent=None, tax_note="Reverse charge", tax=Decimal(0), gross=Decimal("360.00"))
    said = text_of(issued, note_on(issued))
    assert "VAT not charged" in said
    assert "Reverse charge" in said


def test_hostile_text_is_printed_as_text_and_the_pdf_is_the_same_each_time():
    """Markup in a reason or a name does nothing, whatever the customer's language."""
    issued = invoice(buyer=replace(BUYER, name="<img src=x>&amp;", language="xx"))
    note = note_on(issued, reason="<script>{{ 7*7 }}</script>\u202e\x1b[31m")
    said = text_of(issued, note)
    assert "<script>{{ 7*7 }}</script>" in said
    assert "<img src=x>&amp;" in said
    assert render_credit_note(note, issued) == render_credit_note(note, issued)
