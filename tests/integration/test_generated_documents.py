"""Documents that nobody thought of: foreign scripts, odd amounts, late work, many credits; each is valid and whole."""

import io

from generated_books import generate
from pdf_checks import problems_of
from pypdf import PdfReader

from billing_engine.einvoice.checking import check_file
from billing_engine.einvoice.formats import Format
from billing_engine.errors import EInvoiceError


def test_generated_documents_are_valid(tmp_path, long):
    """Each file keeps the rules of archives and has its e-invoice inside; exports are valid, or say what they miss."""
    written, refused = [], []
    for document in generate(tmp_path / "books", 200 if long else 9):
        pdf = document.pdf()
        assert problems_of(pdf) == [], document.number
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
        assert document.number in text
        _check(tmp_path / "document.pdf", pdf)
        for format_ in (Format.UBL, Format.PEPPOL, Format.XRECHNUNG):
            try:
                _check(tmp_path / "document.xml", document.xml(format_))
            except EInvoiceError as missing:
                refused.append((format_, str(missing)))
            else:
                written.append(format_)
    assert len(written) + len(refused) > 30
    assert {*written} == {Format.UBL, Format.PEPPOL, Format.XRECHNUNG}
    assert {format_ for format_, _ in refused} == {Format.PEPPOL, Format.XRECHNUNG}
    assert all("customers.csv" in said for _, said in refused), "they miss what the customer did not give"


def _check(path, content):
    path.write_bytes(content)
    report = check_file(path)
    assert report.findings == (), report.kind
