"""Issued documents from the database: how they are marked, what they carry, and that the same bytes come out again."""

import io
import re
from datetime import date
from decimal import Decimal

import making
import pytest
from books import C1, C2, K1, K2, OCTOBER, an_outage
from invoices import invoice
from pdf_checks import attachment_of, opened, problems_of
from pypdf import PdfReader
from sqlalchemy import create_engine, event, select, update

from billing_engine import BillingEngine, document_desk
from billing_engine.document_desk import MonthNumbers, standing_mark
from billing_engine.document_making import credit_note_file, invoice_file
from billing_engine.documents.worker import Limits
from billing_engine.einvoice.formats import Format
from billing_engine.errors import CreditNoteError, EInvoiceError, InvoiceNotFoundError, RenderingError
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.invoice import Seller
from billing_engine.model.settings import DocumentTerms
from billing_engine.storage.database import open_database
from billing_engine.storage.document_tables import renderings


def text_of(pdf):
    """Read a file, with plain single spaces."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def carries(pdf):
    """List the files inside a file."""
    with opened(pdf) as file:
        return sorted(file.attachments)


def noted(books):
    """Return the hashes that are kept, by number."""
    with books.database.connect() as connection:
        rows = connection.execute(select(renderings).order_by(renderings.c.number, renderings.c.rendered_at)).all()
    hashes = {}
    for row in rows:
        hashes.setdefault(row.number, []).append(row.sha256)
    return hashes


@pytest.fixture
def issued(books):
    """Issue October for a customer that had an outage."""
    an_outage(books)
    return books.issue(OCTOBER, "2026-11-02")


def test_an_invoice_carries_the_e_invoice_that_is_exported(books, issued):
    """The attached file is the CII export to the byte, and the file is a valid archive."""
    pdf = books.billing.documents.invoice_pdf(issued.number)
    assert attachment_of(pdf, "factur-x.xml") == (
        books.billing.documents.invoice_xml(issued.number, Format.CII),
        "/Alternative",
    )
    assert problems_of(pdf) == []
    assert issued.number in text_of(pdf)


def test_an_invoice_is_marked_as_it_stands(books, issued):
    """Credited in part it is corrected, credited whole it is voided; both are marked and carry no e-invoice."""
    desk = books.billing.documents
    original = desk.invoice_pdf(issued.number)
    assert carries(original) == ["factur-x.xml"]
    seen = []
    for day, lines in (("2026-11-05", {1: "100.00"}), ("2026-11-06", None)):
        after = books.credit_note(issued, day, lines).invoice
        seen.append(standing_mark(after))
        pdf = desk.invoice_pdf(issued.number)
        assert carries(pdf) == []
        assert problems_of(pdf) == []
        assert pdf != original
        assert desk.invoice_pdf(issued.number, original=True) == original
    assert seen == [Mark.CORRECTED, Mark.VOIDED]


def test_a_copy_is_marked(books, issued):
    """A copy says that it is one, and is not taken for the invoice by machines."""
    copy = books.billing.documents.invoice_pdf(issued.number, copy=True)
    assert "Copy" in text_of(copy)
    assert carries(copy) == []
    assert "Copy" not in text_of(books.billing.documents.invoice_pdf(issued.number))


def test_a_credit_note_is_a_document_of_its_own(books, issued):
    """It carries its e-invoice, names the invoice, and its bytes are kept as those of an invoice."""
    note = books.credit_note(issued, "2026-11-05", {1: "100.00"}).credit_note
    desk = books.billing.documents
    pdf = desk.credit_note_pdf(note.number)
    assert attachment_of(pdf, "factur-x.xml")[0] == desk.invoice_xml(note.number, Format.CII)
    assert problems_of(pdf) == []
    assert issued.number in text_of(pdf)
    assert desk.credit_note_pdf(note.number) == pdf
    assert len(noted(books)[note.number]) == 1


def test_what_is_not_there_is_said(books, issued):
    """An unknown number is the error of what was asked for."""
    desk = books.billing.documents
    with pytest.raises(InvoiceNotFoundError):
        desk.invoice_pdf("X")
    with pytest.raises(InvoiceNotFoundError):
        desk.invoice_xml("X", Format.UBL)
    with pytest.raises(CreditNoteError):
        desk.credit_note_pdf(issued.number)


def test_a_draft_has_no_number(books):
    """What would be issued can be printed: marked, without number and e-invoice, and nothing is noted."""
    an_outage(books)
    (plan,) = books.billing.plan(OCTOBER)
    pdf = books.billing.documents.draft_pdf(plan.draft, date(2026, 11, 2))
    assert "Draft" in text_of(pdf)
    assert carries(pdf) == []
    assert problems_of(pdf) == []
    assert noted(books) == {}


def test_the_statement_of_hours_is_no_invoice(books, issued):
    """It is printed for itself, carries no e-invoice and asks for no money."""
    pdf = books.billing.documents.statement_pdf(issued.number)
    assert carries(pdf) == []
    assert problems_of(pdf) == []
    assert "Amount due" not in text_of(pdf)


def test_each_state_has_one_hash(books, issued):
    """The same document is noted once; a payment changes nothing, a mark and a template do."""
    desk = books.billing.documents
    first = desk.invoice_pdf(issued.number)
    books.pay(issued, "2026-11-10")
    assert desk.invoice_pdf(issued.number) == first
    assert len(noted(books)[issued.number]) == 1
    desk.invoice_pdf(issued.number, copy=True)
    books.credit_note(issued, "2026-11-12", {1: "100.00"})
    desk.invoice_pdf(issued.number)
    books.credit_note(issued, "2026-11-13", {1: "100.00"})
    desk.invoice_pdf(issued.number)
    assert len(noted(books)[issued.number]) == 4


def test_templates_of_ones_own_are_another_rendering(books, issued, tmp_path):
    """A folder of templates changes the page and its fingerprint, and so does a change in the folder."""
    desk = books.billing.documents
    plain = desk.invoice_pdf(issued.number)
    own = tmp_path / "templates"
    own.mkdir()
    (own / "brand.css").write_text("h1 { color: #b00000 }", encoding="utf-8")
    red = desk.with_templates(own).invoice_pdf(issued.number)
    (own / "brand.css").write_text("h1 { color: #00b000 }", encoding="utf-8")
    green = desk.with_templates(own).invoice_pdf(issued.number)
    for words in ("Ours", "Still ours"):
        template = '{% extends "shipped/invoice.html" %}{% block title %}' + words + "{% endblock %}"
        (own / "invoice.html").write_text(template, encoding="utf-8")
        worded = desk.with_templates(own).invoice_pdf(issued.number)
        assert words in text_of(worded)
    assert len({plain, red, green, worded}) == 4
    assert len(noted(books)[issued.number]) == 5


def test_other_bytes_are_an_error(books, issued):
    """When the same comes out different, somebody must know: the file is not handed out."""
    desk = books.billing.documents
    desk.invoice_pdf(issued.number)
    with books.database.begin() as connection:
        connection.execute(update(renderings).values(sha256="0" * 64))
    with pytest.raises(RenderingError, match=f"{issued.number} came out with other bytes than the last time"):
        desk.invoice_pdf(issued.number)
    (made,) = desk.make_pdfs(MonthNumbers([issued.number], []), 1)
    assert "other bytes" in made.error
    assert made.content == b""


def test_reading_is_enough(books, issued, monkeypatch):
    """A database that takes no writing still gives the file; its hash is not kept then."""
    before = books.billing.documents.invoice_pdf(issued.number)
    with books.database.begin() as connection:
        connection.execute(renderings.delete())
    engine = read_only(books)
    try:
        reader = BillingEngine(engine, books.billing._book, books.billing._settings)  # noqa: SLF001 - no other way in
        assert reader.documents.invoice_pdf(issued.number) == before
    finally:
        engine.dispose()
    assert noted(books) == {}


def read_only(books):
    """Open the database so that it takes no writing."""
    if books.database.dialect.name == "sqlite":
        return create_engine(f"sqlite:///file:{books.database.url.database}?mode=ro&uri=true")
    engine = open_database(books.url)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("SET TRANSACTION READ ONLY"))
    return engine


def test_rendering_holds_no_transaction(books, issued, monkeypatch):
    """While a page is rendered no connection is in use: it may take long."""
    real, used = document_desk.invoice_file, []

    def watched(*arguments):
        used.append(books.database.pool.checkedout())
        return real(*arguments)

    monkeypatch.setattr(document_desk, "invoice_file", watched)
    books.billing.documents.invoice_pdf(issued.number)
    assert used == [0]


def test_a_month_is_made_by_processes(books):
    """Invoices and the credit notes of the month come out as they do one by one, and each hash is kept."""
    books.take(customers=[C1, C2], contracts=[K1, K2])
    issued = books.issue(OCTOBER, "2026-10-31")
    note = books.credit_note(issued, "2026-10-31", {1: "10.00"}).credit_note
    desk = books.billing.documents
    numbers = desk.month_numbers(OCTOBER)
    assert numbers == MonthNumbers(["2026-000001", "2026-000002"], [note.number])
    all_numbers = [*numbers.invoices, *numbers.credit_notes]
    results = {made.number: made for made in desk.make_pdfs(numbers, 2)}
    assert {number: made.error for number, made in results.items()} == dict.fromkeys(all_numbers)
    for number in numbers.invoices:
        assert results[number].content == desk.invoice_pdf(number)
    assert results[note.number].content == desk.credit_note_pdf(note.number)
    assert {number: len(hashes) for number, hashes in noted(books).items()} == dict.fromkeys(all_numbers, 1)
    copies = list(desk.make_pdfs(MonthNumbers(numbers.invoices, []), 1, copy=True))
    assert [carries(made.content) for made in copies] == [[], []]


def test_one_that_hangs_does_not_stop_the_month(books, monkeypatch):
    """A document beyond its limits is reported; the others are made, and nothing of it is noted."""
    books.take(customers=[C1, C2], contracts=[K1, K2])
    books.issue(OCTOBER, "2026-11-02")
    real = document_desk.partial
    monkeypatch.setattr(
        document_desk,
        "partial",
        lambda make, invoice, *rest: making.hang if invoice.number == "2026-000001" else real(make, invoice, *rest),
    )
    numbers = MonthNumbers(["2026-000001", "2026-000002"], [])
    results = {made.number: made for made in books.billing.documents.make_pdfs(numbers, 2, limits=Limits(seconds=8))}
    assert "not done within 8 seconds" in results["2026-000001"].error
    assert results["2026-000002"].content.startswith(b"%PDF")
    assert list(noted(books)) == ["2026-000002"]


def test_amounts_stand_on_the_page(books, issued):
    """The page asks for what the invoice comes to."""
    assert issued.draft.gross == Decimal("1200.00")
    assert "1,200.00" in text_of(books.billing.documents.invoice_pdf(issued.number))


def test_an_older_invoice_may_lack_what_an_e_invoice_needs():
    """One of before e-invoices never changes, so it is printed without one; a newer one is an error that names it."""
    nobody = Seller(name="Sample Support", address="Beograd", country="RS")
    facts = {"seller": nobody, "tax_percent": None, "tax": Decimal(0), "gross": Decimal(360)}
    older = invoice(**facts)
    assert carries(invoice_file(older, DocumentTerms(), Mark.NONE)) == []
    note = CreditNote("CN-1", date(2026, 11, 20), draft_credit_note(older, [], None, "wrong"))
    assert carries(credit_note_file(note, older, DocumentTerms())) == []
    newer = invoice(**facts, taxes=older.draft.tax_subtotals)
    with pytest.raises(EInvoiceError, match="registration_number"):
        invoice_file(newer, DocumentTerms(), Mark.NONE)
    assert carries(invoice_file(newer, DocumentTerms(), Mark.COPY)) == []
