"""`check_file` on PDFs: the e-invoice in them, and whether readers will find it there."""

import io

import pikepdf
import pytest
from einvoices import STANDARD, taxed
from invoices import BEFORE_TAX, FEE, TIME

from billing_engine.document_making import invoice_file
from billing_engine.einvoice import hybrid
from billing_engine.einvoice.checking import HYBRID_RULES, OWN_RULES, check_file
from billing_engine.model.document import Mark
from billing_engine.model.settings import DocumentTerms


@pytest.fixture(scope="module")
def pdf():
    """Render an invoice with its e-invoice."""
    return invoice_file(taxed([FEE, TIME], STANDARD, setoffs=(BEFORE_TAX,)), DocumentTerms(), Mark.NONE)


@pytest.fixture
def check(tmp_path):
    """Check bytes as a file."""

    def checker(content):
        path = tmp_path / "invoice.pdf"
        path.write_bytes(content)
        return check_file(path)

    return checker


def changed(content, change, **how):
    """Change a PDF; `change` gets it open."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as opened:
        change(opened)
        opened.save(written, **how)
    return written.getvalue()


def specification(opened):
    """Find the entry of the e-invoice."""
    return dict(pikepdf.NameTree(opened.Root.Names.EmbeddedFiles))["factur-x.xml"]


def with_xml(old, new):
    """Change the e-invoice itself."""

    def change(opened):
        stream = specification(opened).EF.F
        assert old in stream.read_bytes()
        stream.write(stream.read_bytes().replace(old, new))

    return change


def with_xmp(old, new):
    """Change the metadata."""

    def change(opened):
        stream = opened.Root.Metadata
        assert old in stream.read_bytes()
        stream.write(stream.read_bytes().replace(old, new))

    return change


def renamed(opened):
    """Give the e-invoice the name of former days."""
    entry = specification(opened)
    entry.F = entry.UF = pikepdf.String("ZUGFeRD-invoice.xml")


def twice(opened):
    """Embed it once more under another name."""
    opened.attachments["xrechnung.xml"] = pikepdf.AttachedFileSpec(opened, b"<a/>", filename="xrechnung.xml")


def delete(what):
    """Take something out."""

    def change(opened):
        holder = specification(opened) if what == "/AFRelationship" else opened.Root
        del holder[what]

    return change


def test_our_own_invoice_is_valid(pdf, check):
    """By the rules of the container, our own, and the official ones."""
    report = check(pdf)
    assert report.findings == ()
    assert report.kind == "PDF with CII"
    assert report.rules == (HYBRID_RULES, OWN_RULES, "Factur-X EN16931")


@pytest.mark.parametrize("how", [{}, {"linearize": True}, {"object_stream_mode": pikepdf.ObjectStreamMode.generate}])
def test_however_a_pdf_is_stored_it_is_read(how, pdf, check):
    """In streams of objects, in another order."""
    assert check(changed(pdf, lambda _: None, **how)).findings == ()


BROKEN = {
    "name": (renamed, "PDF-EMBED"),
    "two of them": (twice, "PDF-EMBED"),
    "none": (delete("/Names"), "PDF-EMBED"),
    "not associated": (delete("/AF"), "PDF-AF"),
    "no relationship": (delete("/AFRelationship"), "PDF-AF"),
    "no metadata": (delete("/Metadata"), "PDF-XMP"),
    "metadata that is no XML": (with_xmp(b"<", b"("), "PDF-XMP"),
    "two rdf:RDF": (with_xmp(b"</rdf:RDF>", b"</rdf:RDF><rdf:RDF/>"), "PDF-XMP"),
    "another level": (with_xmp(b">EN 16931<", b">BASIC<"), "PDF-XMP"),
    "another file name": (with_xmp(b">factur-x.xml<", b">invoice.xml<"), "PDF-XMP"),
    "no version": (with_xmp(b"Version>1.0<", b"Edition>1.0<"), "PDF-XMP"),
    "no PDF/A": (with_xmp(b"pdfaid:part", b"pdfaid:side"), "PDF-A"),
    "a sum": (with_xml(b">645.60<", b">645.61<"), "BR-CO-15"),
    "an entity": (with_xml(b"<rsm:CrossIndustryInvoice", b"<!DOCTYPE x><rsm:CrossIndustryInvoice"), "XML"),
    "no XML": (with_xml(b"<", b"("), "XML"),
    "another root": (with_xml(b"CrossIndustryInvoice:100", b"CrossIndustryInvoice:1"), "ROOT"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_pdf_is_found(name, pdf, check):
    """What readers would stumble over, or overlook."""
    change, rule = BROKEN[name]
    report = check(changed(pdf, change))
    assert report.readable
    assert rule in {finding.rule for finding in report.findings}


def test_a_copy_carries_no_e_invoice(check):
    """Only the original does, and the report says so."""
    report = check(invoice_file(taxed([FEE], STANDARD), DocumentTerms(), Mark.COPY))
    assert (report.kind, report.valid) == ("PDF", False)
    assert "no e-invoices" in report.findings[0].message


def test_an_encrypted_or_cut_pdf_can_not_be_read(pdf, check, capfd):
    """In one clear message, and nothing of the library's own."""
    locked = changed(pdf, lambda _: None, encryption=pikepdf.Encryption(owner="x", user="y"))
    for content in (locked, pdf[:200], pdf[:1000], b"%PDF-1.7\n%%EOF"):
        report = check(content)
        assert not report.readable
        (finding,) = report.findings
        assert finding.rule == "FILE"
    assert capfd.readouterr() == ("", "")


def test_a_pdf_that_is_broken_all_over_is_given_up(pdf, check, monkeypatch):
    """The library would repair it for hours."""
    shifted = pdf.replace(b"startxref\n", b"startxref\n7", 1)
    assert check(shifted).valid
    monkeypatch.setattr(hybrid, "_MOST_COMPLAINTS", 0)
    assert "broken in too many places" in check(shifted).findings[0].message
    assert check(pdf).valid


def test_names_that_go_in_circles_end(pdf, check):
    """A tree of names may be its own child."""

    def circle(opened):
        opened.Root.Names.EmbeddedFiles = opened.make_indirect(pikepdf.Dictionary(Kids=[]))
        opened.Root.Names.EmbeddedFiles.Kids.append(opened.Root.Names.EmbeddedFiles)

    assert {finding.rule for finding in check(changed(pdf, circle)).findings} == {"PDF-EMBED"}
