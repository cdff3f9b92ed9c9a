"""Documents of each kind in each language, as pictures of their pages to be compared with those that somebody saw."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pypdfium2
from invoices import AFTER_TAX, BEFORE_TAX, BUYER, ENTRY, FEE, SELLER, TIME, USE, invoice
from page_pictures import picture_of
from PIL import Image
from sla_reports import CUSTOMER, TERMINATION, sla_report

from billing_engine.documents.rendering import (
    render_credit_note,
    render_invoice,
    render_reminder,
    render_sla_report,
    render_statement,
)
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.payment import Credited
from billing_engine.model.receivables import Reminder
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.tax import HomeTax, TaxCategory, TaxSubtotal

FOLDER = Path(__file__).parent / "data" / "pages"
LANGUAGES = ("en", "de", "pl", "cs", "sr-Latn", "sr-Cyrl")
TERMS = DocumentTerms(sepa_qr=True, second_language="en", footer="Agencija za privredne registre, BD 12345/2019")
PAGES = 2
"""Of each document; what follows looks like the second."""


def pictures_of(pdf: bytes) -> list[Image.Image]:
    """Draw the first pages of a file."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        count = min(PAGES, len(document))
    finally:
        document.close()
    return [picture_of(pdf, number) for number in range(1, count + 1)]


def _worked(day: int, ticket: str, *parts: tuple[str, int]):
    times = {"started_at": f"2026-10-{day:02d}T16:40:00+02:00", "ended_at": f"2026-10-{day:02d}T18:10:00+02:00"}
    return replace(ENTRY, ticket=ticket, parts=tuple((kind, hours * 3600) for kind, hours in parts), **times)


_ENTRIES = (
    _worked(1, "SD-1", ("allowance", 2), ("after_hours", 1)),
    _worked(6, "SD-2", ("allowance", 3)),
    _worked(14, "SD-1", ("allowance", 4), ("overage", 1)),
    _worked(28, "SD-3", ("public_holiday", 2)),
)
_PLAIN = TaxSubtotal(TaxCategory.STANDARD, Decimal(20), Decimal("610.00"), Decimal("122.00"))
_TWO_RATES = {
    "lines": [
        replace(FEE, tax_category="S", tax_percent=Decimal(20)),
        replace(TIME, tax_category="S", tax_percent=Decimal(10)),
    ],
    "taxes": (
        TaxSubtotal(TaxCategory.STANDARD, Decimal(20), Decimal("360.00"), Decimal("72.00")),
        TaxSubtotal(TaxCategory.STANDARD, Decimal(10), Decimal("250.00"), Decimal("25.00")),
    ),
    "tax_percent": None,
    "tax": Decimal("97.00"),
    "gross": Decimal("707.00"),
    "home_tax": HomeTax("RSD", Decimal("117.1853"), date(2026, 10, 30), Decimal("11366.97")),
}
_REVERSE_CHARGE = {
    "lines": [replace(line, tax_category="AE", tax_percent=Decimal(0)) for line in (FEE, TIME)],
    "taxes": (TaxSubtotal(TaxCategory.REVERSE_CHARGE, Decimal(0), Decimal("610.00"), Decimal(0)),),
    "tax_percent": None,
    "tax": Decimal(0),
    "gross": Decimal("610.00"),
}
_SETOFFS = {"lines": [FEE, TIME], "setoffs": (BEFORE_TAX, AFTER_TAX, replace(AFTER_TAX, position=3, reference="CL-10"))}


def issued_in(language: str, **changes):
    """Issue the invoice that the pictures show, to a customer of that language."""
    facts = {
        "seller": replace(SELLER, iban="RS35260005601001611379", contact="Ana Petrović"),
        "buyer": replace(BUYER, language=language, reference="PO-4711"),
        "uses": (replace(USE, overage_seconds=3600),),
        "entries": _ENTRIES,
    }
    return invoice(**{**facts, **changes})


def _two_rates(language: str) -> bytes:
    return render_invoice(issued_in(language, **_TWO_RATES), TERMS)


def _reverse_charge(language: str) -> bytes:
    return render_invoice(issued_in(language, **_REVERSE_CHARGE), TERMS)


def _credit_note(language: str) -> bytes:
    issued = issued_in(language, **_TWO_RATES)
    draft = draft_credit_note(issued, [], {1: Decimal(100), 2: Decimal(50)}, "Wrong package")
    return render_credit_note(CreditNote("CN-2026-000007", date(2026, 11, 20), draft), issued, TERMS)


def _statement(language: str) -> bytes:
    return render_statement(issued_in(language), TERMS)


def _reminder(language: str) -> bytes:
    issued = issued_in(language)
    return render_reminder(Reminder(issued, issued.settlement.open, 14, 2, date(2026, 11, 30)), TERMS)


def _sla_report(language: str) -> bytes:
    report = sla_report(customer=replace(CUSTOMER, language=language), termination=TERMINATION)
    return render_sla_report(report, SELLER, TERMS)


def _setoffs(language: str) -> bytes:
    return render_invoice(issued_in(language, **_SETOFFS), TERMS)


def _draft(language: str) -> bytes:
    return render_invoice(issued_in(language, lines=[FEE, TIME], taxes=(_PLAIN,)), TERMS, mark=Mark.DRAFT)


def _voided(language: str) -> bytes:
    note = Credited("CN-2026-000001", date(2026, 11, 20), Decimal(610), Decimal(732))
    return render_invoice(
        replace(issued_in(language, lines=[FEE, TIME]), credit_notes=(note,)), TERMS, mark=Mark.VOIDED
    )


def _many_lines(language: str) -> bytes:
    lines = [replace(FEE, position=n, title=f"Item {n}") for n in range(1, 40)]
    return render_invoice(issued_in(language, lines=lines, entries=()), replace(TERMS, brand_colour="#8a1538"))


_EVERYWHERE = {
    "two-rates": _two_rates,
    "reverse-charge": _reverse_charge,
    "credit-note": _credit_note,
    "statement": _statement,
    "reminder": _reminder,
    "sla-report": _sla_report,
}
_ONCE = {"setoffs": _setoffs, "draft": _draft, "voided": _voided, "many-lines": _many_lines}

KINDS: dict[str, tuple[Callable[[str], bytes], str]] = {
    **{f"{kind}.{language}": (render, language) for kind, render in _EVERYWHERE.items() for language in LANGUAGES},
    **{f"{kind}.en": (render, "en") for kind, render in _ONCE.items()},
}
"""By name: what renders it, and in which language."""


def render(name: str) -> list[Image.Image]:
    """Draw the pages of a kind of document."""
    write, language = KINDS[name]
    return pictures_of(write(language))


def path_of(name: str, number: int) -> Path:
    """Name the file of a page that somebody looked at."""
    return FOLDER / f"{name}-{number}.png"
