"""Pages of each kind of document and in each language look as they did when somebody looked at them.

tests/data/page_pictures/README.md says how the pictures are made anew.
"""

import os
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from document_matrix import ISSUED_ON, PERIOD, Cell, make_matrix
from page_pictures import FOLDER, as_png, difference, looked_at, picture_of, read_png
from sla_builders import book

from billing_engine import BillingEngine, Month, open_database
from billing_engine.documents.rendering import render_invoice
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.intake.settings_file import read_settings
from billing_engine.model.document import LANGUAGES, Mark
from billing_engine.model.instant import instant_of
from billing_engine.model.settings import DocumentTerms
from billing_engine.resources import resource_folder

RENEW = os.environ.get("BILLING_ENGINE_RENEW_PICTURES") == "1"

INVOICES = {
    "invoice-en": (Cell("standard", "en"), 1),
    "invoice-de": (Cell("two_rates", "de"), 1),
    "invoice-de-annex": (Cell("two_rates", "de"), 2),
    "invoice-pl": (Cell("credit_after_tax", "pl"), 1),
    "invoice-cs": (Cell("reverse_charge", "cs"), 1),
    "invoice-sr-Latn": (Cell("second_currency", "sr-Latn"), 1),
    "invoice-sr-Cyrl": (Cell("exempt", "sr-Cyrl"), 1),
    "invoice-sr-Cyrl-annex": (Cell("exempt", "sr-Cyrl"), 2),
    "invoice-en-long": (Cell("three_pages", "en"), 2),
    "credit-note-de": (Cell("credit_note", "de"), 1),
    "credit-note-sr-Latn": (Cell("credit_note", "sr-Latn"), 1),
}
"""Pages of the matrix."""

OTHERS = {
    "draft-en": (Cell("standard", "en"), "draft"),
    "copy-pl": (Cell("standard", "pl"), "copy"),
    "corrected-de": (Cell("credit_note", "de"), "standing"),
    "voided-sr-Latn": (Cell("credit_note", "sr-Latn"), "standing"),
    "statement-cs": (Cell("reverse_charge", "cs"), "statement"),
    "reminder-pl": (Cell("credit_after_tax", "pl"), "reminder"),
    "reminder-sr-Cyrl": (Cell("exempt", "sr-Cyrl"), "reminder"),
}
"""First pages of what is made of documents of the matrix."""

REPORTS = {"sla-report-pl": 1, "sla-report-cs": 2}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """Issue what the pictures show."""
    cells = tuple(dict.fromkeys(cell for cell, _ in (*INVOICES.values(), *OTHERS.values())))
    return {document.cell: document for document in make_matrix(tmp_path_factory.mktemp("matrix"), cells)}


def drawn(document, what):
    """Make a file out of a document of the matrix."""
    billing, invoice = document.billing, document.invoice()
    desk = billing.documents
    match what:
        case "draft":
            return desk.draft_pdf(invoice.draft, ISSUED_ON)
        case "copy":
            return desk.invoice_pdf(invoice.number, copy=True)
        case "standing":
            return desk.invoice_pdf(invoice.number)
        case "statement":
            return desk.statement_pdf(invoice.number)
        case "reminder":
            reminders = billing.receivables.reminders(date(2026, 12, 20))
            (reminder,) = [one for one in reminders if one.invoice.number == invoice.number]
            return desk.reminder_pdf(reminder)
    raise AssertionError(what)


def report_in(language, folder):
    """Report the service levels of an example month to a customer with everything to report, in another language."""
    settings = folder / "billing.toml"
    settings.write_text(SAMPLE, encoding="utf-8")
    billing = BillingEngine(open_database(f"sqlite:///{folder / 'billing.db'}"), book(), read_settings(settings))
    billing.upgrade_schema()
    for month in ("2026-10", "2026-11"):
        rows = folder / month
        rows.mkdir()
        for path in (resource_folder("examples") / month).glob("*.csv"):
            said = path.read_text(encoding="utf-8").replace(",en,", f",{language},")
            (rows / path.name).write_text(said, encoding="utf-8")
        assert billing.import_folder(rows).stored
        if month == "2026-10":
            billing.issue(PERIOD, ISSUED_ON)
    decided = datetime(2026, 11, 17, 9, tzinfo=ZoneInfo("UTC"))
    billing.sla.decide_claims(instant_of(decided), decided.date())
    reports = billing.sla.report(Month(2026, 10), instant_of(decided))
    (report,) = [one for one in reports if one.customer.customer == "helio"]
    return billing.documents.sla_report_pdf(report)


def compare(name, pdf, page):
    """Hold a page against its picture, or draw that anew."""
    seen = picture_of(pdf, page)
    if RENEW:
        FOLDER.mkdir(exist_ok=True)
        looked_at(name).write_bytes(as_png(seen))
    assert difference(read_png(looked_at(name).read_bytes()), seen) <= 1, f"{looked_at(name)} looks otherwise"


@pytest.mark.parametrize("name", INVOICES)
def test_documents_look_as_they_were_approved(matrix, name):
    """Invoices in all languages, with an annex and over pages; and credit notes."""
    cell, page = INVOICES[name]
    document = matrix[cell]
    pdf = document.pdf() if document.is_credit_note else document.billing.documents.invoice_pdf(document.number)
    compare(name, pdf, page)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_made_of_documents_looks_as_it_was_approved(matrix, name):
    """Marked ones, statements and reminders."""
    cell, what = OTHERS[name]
    compare(name, drawn(matrix[cell], what), 1)


@pytest.mark.parametrize("name", REPORTS)
def test_reports_look_as_they_were_approved(name, tmp_path):
    """A report of service levels, by real sentences, and its second page."""
    compare(name, report_in(name.removeprefix("sla-report-"), tmp_path), REPORTS[name])


def test_no_picture_is_left_over():
    """Each is of a page that is drawn here, and together they are small."""
    paths = list(FOLDER.glob("*.png"))
    assert {path.stem for path in paths} == {*INVOICES, *OTHERS, *REPORTS}
    assert sum(path.stat().st_size for path in paths) < 600_000
    for language in LANGUAGES:
        assert any(language in path.stem for path in paths)


CHANGES = {
    "another brand": ("page.css", "", {"brand_colour": "#8a1538"}),
    "nearly the same brand": ("page.css", "", {"brand_colour": "#1f4d7c"}),
    "red labels": ("page.css", ".label { color: #a33 }", {}),
    "details lower": ("invoice.css", ".detail { position: relative; top: 1pt }", {}),
    "labels further left": ("page.css", ".label { position: relative; left: -2pt }", {}),
    "foot lower": ("page.css", ".foot-sender { padding-top: 1pt }", {}),
    "no rules": ("invoice.css", "td, th { border: 0 !important }", {}),
    "smaller title": ("page.css", "h1 { font-size: 22pt }", {}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_people_see_is_found(matrix, tmp_path, change):
    """A line of text that moves by a point, and a colour that is another, are more than a page may differ."""
    invoice = matrix[Cell("standard", "en")].invoice()
    sheet, more, terms = CHANGES[change]
    if more:
        shipped = (resource_folder("invoice_templates") / sheet).read_text(encoding="utf-8")
        (tmp_path / sheet).write_text(f"{shipped}\n{more}\n", encoding="utf-8")
        terms = {"templates": tmp_path}
    before = read_png(as_png(picture_of(render_invoice(invoice), 1)))
    after = picture_of(render_invoice(invoice, replace(DocumentTerms(), **terms)), 1)
    assert difference(before, after) > 1


def test_another_figure_is_found(matrix):
    """An amount that differs by a digit is seen, too."""
    invoice = matrix[Cell("standard", "en")].invoice()
    other = replace(invoice, draft=replace(invoice.draft, gross=invoice.draft.gross + 1))
    draw = partial(render_invoice, mark=Mark.NONE)
    assert difference(picture_of(draw(invoice), 1), picture_of(draw(other), 1)) > 1


@pytest.mark.parametrize("name", ["invoice-en", "invoice-de-annex", "invoice-sr-Cyrl"])
def test_smoothing_makes_no_difference(matrix, name):
    """Letters that are smoothed for another screen pass."""
    cell, page = INVOICES[name]
    pdf = matrix[cell].pdf()
    assert picture_of(pdf, page) != picture_of(pdf, page, smoothing="lcd")
    assert difference(read_png(as_png(picture_of(pdf, page))), picture_of(pdf, page, smoothing="lcd")) <= 1


def test_pages_of_two_sizes_differ():
    """Also where they begin alike."""
    page = read_png(looked_at("invoice-en").read_bytes())
    assert difference(page, page) == 0
    assert difference(page, page.crop((0, 0, page.width, page.height - 1))) > 1
    assert Path(FOLDER / "README.md").is_file()
