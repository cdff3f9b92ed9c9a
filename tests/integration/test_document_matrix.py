"""Documents of every language and case, from real books: valid for machines, and whole and translated for people."""

import io
import re
from decimal import Decimal
from typing import NamedTuple

import pypdfium2
import pytest
import zxingcpp
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from document_matrix import CASES, Cell, Document, make_matrix
from pdf_checks import problems_of
from pypdf import PdfReader

from billing_engine.documents.catalogues import catalogue_path
from billing_engine.einvoice.checking import check_file
from billing_engine.einvoice.formats import Format
from billing_engine.model.document import LANGUAGES
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import TaxCategory
from billing_engine.resources import resource_folder

CELLS = tuple(Cell(case, LANGUAGES[(at + step) % 6]) for at, case in enumerate(CASES) for step in (0, 3))
"""Each case in two languages, each language three times or more."""

AGAIN = CELLS[::7]
"""Some of them, rendered twice."""

CODES = {
    Cell("standard", "en"): "BCD\n",
    Cell("two_rates", "pl"): "7740001454|PL|",
    Cell("standard", "cs"): "SPD*1.0*",
    Cell("two_rates", "sr-Cyrl"): "K:PR|V:01|",
}
"""How the payment codes of the countries begin."""


class Made(NamedTuple):
    """A document and its file."""

    document: Document
    pdf: bytes
    pages: tuple[str, ...]

    @property
    def text(self):
        """Return the text of all pages."""
        return " ".join(self.pages)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """Issue and render all documents once."""
    wanted = tuple(dict.fromkeys((*CELLS, *CODES)))
    made = {}
    for document in make_matrix(tmp_path_factory.mktemp("matrix"), wanted):
        pdf = document.pdf()
        pages = tuple(plain(page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages)
        made[document.cell] = Made(document, pdf, pages)
    return made


def plain(text):
    """Write single plain spaces."""
    return re.sub(r"\s+", " ", text)


def figure(amount, language):
    """Write an amount as people of a language do."""
    return plain(format_decimal(amount, "#,##0.00", locale=language.replace("-", "_")))


def name_of(cell):
    """Name a test's cell."""
    return cell.name


@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_each_file_is_an_archive_that_a_screen_reader_reads(matrix, cell):
    """All keep the rules of PDF/A-3a and PDF/UA-1."""
    assert problems_of(matrix[cell].pdf) == []


@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_each_file_carries_a_valid_e_invoice(matrix, cell, tmp_path):
    """What is embedded is Factur-X, and keeps our rules, the schema and the official rules of EN 16931."""
    path = tmp_path / "invoice.pdf"
    path.write_bytes(matrix[cell].pdf)
    report = check_file(path)
    assert report.findings == ()
    assert (report.kind, report.left_out) == ("PDF with CII", ())


@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_each_export_is_valid(matrix, cell, tmp_path):
    """CII, UBL, Peppol and XRechnung are each written without a complaint, and pass the official rules."""
    document = matrix[cell].document
    root = "CreditNote" if document.is_credit_note else "Invoice"
    for format_ in Format:
        path = tmp_path / f"{format_}.xml"
        path.write_bytes(document.xml(format_))
        report = check_file(path)
        assert report.findings == (), format_
        assert report.kind == ("CII" if format_ is Format.CII else f"UBL {root}")
        assert len(report.rules) == 2, "one's own rules and the official ones"


@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_pages_say_what_is_owed(matrix, cell):
    """Number, parties, VAT ids and every total can be read, in figures of the customer's language."""
    document, text = matrix[cell].document, matrix[cell].text
    draft = document.invoice().draft
    said = document.note().draft if document.is_credit_note else draft
    texts = [document.number, draft.seller.name, draft.buyer.name, draft.seller.vat_id, draft.buyer.vat_id]
    amounts = [said.net, said.gross, *(amount for one in said.taxes for amount in (one.net, one.tax) if amount)]
    amounts += [line.amount for line in said.lines]
    if draft.home_tax is not None:
        amounts.append(draft.home_tax.tax)
    if not document.is_credit_note:
        amounts.append(draft.amount_due)
        texts.append(" ".join(re.findall(".{1,4}", draft.seller.iban)))
    texts += [figure(amount, cell.language) for amount in amounts]
    assert [one for one in texts if one not in text] == []


@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_each_page_has_the_number(matrix, cell):
    """A page that falls out of the file can be put back."""
    made = matrix[cell]
    assert [at for at, page in enumerate(made.pages, 1) if made.document.number not in page] == []


def test_cases_are_what_they_are_called(matrix):
    """Each case of the matrix has in it what it is there for."""
    for cell in CELLS:
        document, pages = matrix[cell].document, matrix[cell].pages
        draft = document.invoice().draft
        categories = {one.category for one in draft.taxes}
        setoffs = {setoff.setoff for setoff in draft.setoffs}
        facts = {
            "standard": len(draft.taxes) == 1 and draft.tax > 0,
            "reverse_charge": categories == {TaxCategory.REVERSE_CHARGE} and draft.tax == 0,
            "exempt": categories == {TaxCategory.EXEMPT} and draft.tax == 0,
            "credit_before_tax": setoffs == {Setoff.BEFORE_TAX},
            "credit_after_tax": setoffs == {Setoff.AFTER_TAX},
            "credit_note": document.is_credit_note,
            "zero_line": any(line.amount == 0 for line in draft.lines),
            "three_pages": len(pages) >= 3,
            "two_rates": len({one.percent for one in draft.taxes}) == 2 and setoffs == {Setoff.BEFORE_TAX},
            "second_currency": draft.home_tax is not None and draft.home_tax.currency != draft.currency,
        }
        assert facts[cell.case], cell


@pytest.mark.parametrize("cell", AGAIN, ids=name_of)
def test_second_rendering_has_the_same_bytes(matrix, cell):
    """Whatever was rendered in between."""
    assert matrix[cell].document.pdf() == matrix[cell].pdf


@pytest.mark.parametrize("cell", CODES, ids=name_of)
def test_banking_app_reads_the_code_of_its_country(matrix, cell):
    """On the page as it is printed there is one code: EPC, Polish, Czech or Serbian, with the amount due."""
    pages = pypdfium2.PdfDocument(matrix[cell].pdf)
    (code,) = [code for page in pages for code in zxingcpp.read_barcodes(page.render(scale=3).to_pil())]
    due = matrix[cell].document.invoice().amount_due
    figures = (f"EUR{due}", f"|{int(due * 100):06d}|", f"AM:{due}", f"I:RSD{due}".replace(".", ","))
    assert code.text.startswith(CODES[cell])
    assert any(one in code.text for one in figures)


def english_of(language):
    """List the fixed parts of messages that people of a language should not find, as it has its own words for them."""
    with catalogue_path(resource_folder("invoice_templates"), language.replace("-", "_")).open("rb") as file:
        catalogue = read_po(file)
    messages = [message for message in catalogue if message.id]
    own = " ".join(text for message in messages for text in strings(message.string))
    parts = {part for message in messages for text in strings(message.id) for part in fixed_parts(text)}
    return sorted(part for part in parts if not found(part, own))


def strings(text):
    """Return all forms of a message."""
    return (text,) if isinstance(text, str) else tuple(text)


def fixed_parts(text):
    """Take out what is filled in; what is left and has a word of four letters tells a language."""
    parts = (part.strip(" ,;:.()·%") for part in re.split(r"\{[^}]*\}|->", text))
    return [part for part in parts if re.search("[A-Za-z]{4}", part)]


def found(part, text):
    """Tell whether words stand in a text by themselves."""
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


ENGLISH = (
    "the",
    "of",
    "and",
    "with",
    "from",
    "for",
    "hours",
    "entries",
    "month",
    "week",
    "working",
    "within",
    "outside",
)
"""Words that none of the languages has."""


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.language != "en"], ids=name_of)
def test_no_english_is_left(matrix, cell):
    """Of what documents say, nothing stands there in English, unless the language says it in the same words."""
    if cell == Cell("reverse_charge", "cs"):
        pytest.skip("says its titles in English once more, as its seller wants")
    words = (*english_of(cell.language), *ENGLISH)
    assert len(words) > 150
    assert [word for word in words if found(word, matrix[cell].text)] == []


def test_english_would_be_found(matrix):
    """The same search finds the English that English documents are made of."""
    text = matrix[Cell("standard", "en")].text
    for language in LANGUAGES[1:]:
        assert sum(found(word, text) for word in english_of(language)) > 20, language


def test_each_language_and_each_case_is_there():
    """No language and no case is left out."""
    assert {cell.language for cell in CELLS} == set(LANGUAGES)
    assert {cell.case for cell in CELLS} == set(CASES)
    assert Decimal(len(CELLS)) / len(CASES) == 2
