"""Templates and style sheets: replaced file by file, in the seller's colour, and errors that name file and line."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from invoices import BUYER, ENTRY, FEE, invoice

from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.documents.statement_view import statement_view
from billing_engine.documents.templates import invoice_html, statement_html, stylesheet
from billing_engine.errors import RenderingError
from billing_engine.model.settings import DocumentTerms

ENGLISH = words_for("en")
SHEETS = ("invoice.css", "statement.css", "sla_report.css", "reminder.css")
HOSTILE = '</style></p><script>alert(1)</script><img src="file:///etc/passwd"> {{ 7*7 }} {% raw %} body{display:none}'


def html_with(terms, **changes):
    """Lay out an invoice."""
    return invoice_html(invoice_view(invoice(**changes), ENGLISH, terms), ENGLISH, terms)


@pytest.fixture
def own(tmp_path):
    """Be a folder of a company's own templates."""
    return DocumentTerms(templates=tmp_path)


def test_an_empty_folder_changes_nothing(own):
    """Each file that is not there is the shipped one."""
    assert html_with(own) == html_with(DocumentTerms())
    assert stylesheet("invoice.css", own) == stylesheet("invoice.css", DocumentTerms())


def test_a_file_of_the_folder_replaces_the_shipped_one(own):
    """The layout alone is another; the parts that it frames stay."""
    (own.templates / "layout.html").write_text("<html>{% block content %}{% endblock %}OURS</html>", encoding="utf-8")
    html = html_with(own)
    assert html.endswith("OURS</html>")
    assert "Hansen &amp; Søn Logistik GmbH" in html


def test_a_replacement_may_build_on_what_it_replaces(own):
    """A block is changed by a file of three lines."""
    text = '{% extends "shipped/invoice.html" %}{% block title %}{{ _("Invoice") }} of ours{% endblock %}'
    (own.templates / "invoice.html").write_text(text, encoding="utf-8")
    html = html_with(own)
    assert "<h1>Invoice of ours</h1>" in html
    assert "EUR\u00a0432.00" in html


def test_style_sheets_are_replaced_one_by_one(own):
    """The brand's own comes after all else, so that it has the last word."""
    (own.templates / "brand.css").write_text(":root { --logo-width: 30mm }", encoding="utf-8")
    assert stylesheet("invoice.css", own).rstrip().endswith("--logo-width: 30mm }")
    (own.templates / "page.css").write_text("body { color: red }", encoding="utf-8")
    assert stylesheet("invoice.css", own).startswith("body { color: red }")


@pytest.mark.parametrize("name", SHEETS)
def test_each_document_has_a_style_sheet_that_loads_nothing(name):
    """Shared looks come first, then the document's own; nothing is imported or fetched."""
    css = re.sub(r"/\*.*?\*/", "", stylesheet(name, DocumentTerms()), flags=re.DOTALL)
    assert "--brand: #1f4d5c" in css
    assert "@import" not in css
    assert "url(" not in css


@pytest.mark.parametrize("colour", ["#a00", "#A0b1c2"])
def test_the_brand_colour_has_the_last_word(colour, tmp_path):
    """It is a variable that all style sheets refer to."""
    css = stylesheet("invoice.css", DocumentTerms(brand_colour=colour, templates=tmp_path))
    assert css.endswith(f":root {{ --brand: {colour} }}")


@pytest.mark.parametrize("colour", ["red", "#12", "#12345g", "#123456; } body { display: none", "#fff\n", "url(x)"])
def test_what_is_no_colour_is_refused(colour):
    """Nothing else can come into a style sheet by that way."""
    with pytest.raises(RenderingError, match="brand colour"):
        stylesheet("invoice.css", DocumentTerms(brand_colour=colour))


def test_a_folder_that_is_not_there_is_an_error():
    """A typing error does not silently print the shipped looks."""
    missing = DocumentTerms(templates=Path("/nowhere/templates"))
    with pytest.raises(RenderingError, match="/nowhere/templates"):
        html_with(missing)
    with pytest.raises(RenderingError, match="/nowhere/templates"):
        stylesheet("invoice.css", missing)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("one\n{% if %}", "line 2"),
        ("one\ntwo\n{{ invoice.nonsense }}", "line 3: .*nonsense"),
        ("{{ missing }}", "line 1: 'missing' is undefined"),
        ('{% include "gone.html" %}', "line 1: there is no template 'gone.html'"),
        ("\n\n\n{{ 1 / 0 }}", "line 4: division by zero"),
        ("{{ invoice.__class__ }}", "line 1: .*unsafe"),
        ("{{ _('Invoice {number}') }}{{ _('{a}', b='c') }}", "line 1"),
    ],
)
def test_a_template_that_fails_says_where(own, text, problem):
    """The error names the file and the line, whatever goes wrong in it."""
    (own.templates / "invoice.html").write_text(text, encoding="utf-8")
    with pytest.raises(RenderingError, match=problem) as caught:
        html_with(own)
    assert "invoice.html" in str(caught.value)


def test_a_file_that_is_no_text_says_so(own):
    """Another encoding than UTF-8 is an error that names the file."""
    (own.templates / "invoice.html").write_bytes(b"\xff\xfe")
    (own.templates / "page.css").write_bytes(b"\xff\xfe")
    with pytest.raises(RenderingError, match=r"invoice\.html"):
        html_with(own)
    with pytest.raises(RenderingError, match=r"page\.css"):
        stylesheet("invoice.css", own)


def test_hostile_texts_add_no_markup():
    """Whatever a customer, a line or an entry says, the page has the same elements."""

    def elements(text):
        issued = invoice(
            buyer=replace(BUYER, name=text, address=text, reference=text),
            lines=[replace(FEE, title=text, detail=text)],
            entries=(replace(ENTRY, ticket=text, reason=text),),
        )
        terms = DocumentTerms(footer=text)
        view = invoice_view(issued, ENGLISH, terms)
        statement = statement_html(statement_view(issued, ENGLISH, terms), ENGLISH, terms)
        return [part.count("<") for part in (invoice_html(view, ENGLISH, terms), statement)]

    assert elements(HOSTILE) == elements("plain")


def test_a_statement_of_no_hours_says_so():
    """Without time entries there is no table of them."""
    view = statement_view(invoice(), ENGLISH, DocumentTerms())
    html = statement_html(view, ENGLISH, DocumentTerms())
    assert "No time was worked in this month." in html
    assert 'class="entries"' not in html
    assert [figure.value for figure in view.figures] == ["0:00 h", "0:00 h", "0"]


def test_a_statement_sums_up_the_month():
    """Hours worked, hours billed and tickets stand above the entries."""
    entries = (ENTRY, replace(ENTRY, ticket="SD-2", worked_seconds=600), replace(ENTRY, ticket=""))
    view = statement_view(invoice(entries=entries), ENGLISH, DocumentTerms())
    assert [(figure.value, figure.note) for figure in view.figures] == [
        ("3:10 h", "in 3 time entries"),
        ("7:30 h", "counted in units, with minimums"),
        ("2", "worked on"),
    ]
    assert view.page.title == "Statement of hours for October 2026, Hansen & Søn Logistik GmbH"
