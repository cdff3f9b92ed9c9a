"""Pages as PDF: what the file claims and is, that its bytes come out again, and that nothing is loaded."""

import base64
import io
import logging
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import newTable
from pdf_checks import attachment_of, fonts_of, opened, problems_of, xmp_of
from PIL import Image
from pypdf import PdfReader

from billing_engine.documents import pdf as pdf_module
from billing_engine.documents.pdf import Attached, html_to_pdf
from billing_engine.errors import RenderingError

STYLE = "@page { margin: 20mm } body { font-family: 'Billing Inter' } h1 { font-weight: 600 }"
PAGE = """<!doctype html><html lang="sr-Latn"><head><title>Račun 7</title><meta name="author" content="Čedo">
<meta name="dcterms.created" content="2026-11-02"><meta name="dcterms.modified" content="2026-11-02"></head>
<body><h1>Račun</h1><p>Ђорђе Żółć Příliš Ґанок 1.234,50 €</p></body></html>"""
XML = b"<?xml version='1.0'?><invoice>7</invoice>"
E_INVOICE = Attached("factur-x.xml", XML, "The same as data", "Alternative", date(2026, 11, 2))
ENTRIES = Attached("entries.csv", b"a,b\n", "More", "Supplement", date(2026, 11, 2))


def page_with(body="", head="", text="Text"):
    """Make a page that has something in its head or body."""
    return PAGE.replace("</head>", f"{head}</head>").replace("</body>", f"<p>{text}</p>{body}</body>")


def png(width=2, height=2, mode="RGB", kind="PNG"):
    """Draw a picture."""
    file = io.BytesIO()
    Image.new(mode, (width, height), None).save(file, kind)
    return file.getvalue()


def data_uri(content, kind="image/png"):
    """Write a picture as an address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def test_file_is_an_archive_that_everybody_can_read():
    """It is PDF/A-3a and PDF/UA-1, with or without files inside, and says so in one piece of XMP."""
    for attached in ((), (E_INVOICE,), (E_INVOICE, ENTRIES)):
        made = html_to_pdf(PAGE, STYLE, attached)
        assert problems_of(made) == []
        xmp = xmp_of(made)
        assert xmp.count("<rdf:RDF") == xmp.count("</rdf:RDF>") == 1
        assert re.search(r'pdfaid:part="3".*pdfaid:conformance="A"', xmp)
        assert 'pdfuaid:part="1"' in xmp
        assert ("fx:ConformanceLevel>EN 16931<" in xmp) == bool(attached)


def test_checks_can_fail():
    """The checker of these tests sees missing tags, language, claim and colours."""
    for name in ("StructTreeRoot", "Lang", "Metadata", "OutputIntents"):
        with opened(html_to_pdf(PAGE, STYLE)) as file:
            del file.Root[f"/{name}"]
            spoiled = io.BytesIO()
            file.save(spoiled)
        assert problems_of(spoiled.getvalue()), name


def test_file_carries_the_e_invoice():
    """The e-invoice is in the file as it was given, named, dated and related as Factur-X wants it."""
    made = html_to_pdf(PAGE, STYLE, [E_INVOICE, ENTRIES])
    assert attachment_of(made, "factur-x.xml") == (XML, "/Alternative")
    assert attachment_of(made, "entries.csv") == (b"a,b\n", "/Supplement")
    with opened(made) as file:
        names = [str(name) for name in file.Root.Names.EmbeddedFiles.Names][::2]
        assert names == ["entries.csv", "factur-x.xml"], "a reader that looks them up by halving wants them sorted"
        assert {str(one.UF) for one in file.Root.AF} == set(names)
        described = file.attachments["factur-x.xml"].obj
        assert described.EF.F.Subtype == "/text/xml"
        assert described.EF.F.Params.ModDate == described.EF.F.Params.CreationDate == "D:20261102000000Z"
    xmp = xmp_of(made)
    for said in ("DocumentType>INVOICE<", "DocumentFileName>factur-x.xml<", "Version>1.0<"):
        assert f"fx:{said}" in xmp
    assert "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" in xmp
    assert "pdfaExtension:schemas" in xmp


def test_file_tells_about_itself():
    """Language, title and dates are the page's; it is tagged, shows its title, and its text can be read out."""
    made = html_to_pdf(PAGE, STYLE)
    with opened(made) as file:
        assert file.Root.Lang == "sr-Latn"
        assert file.Root.MarkInfo.Marked
        assert file.Root.ViewerPreferences.DisplayDocTitle
        assert file.docinfo["/Title"] == "Račun 7"
        assert file.docinfo["/CreationDate"] == file.docinfo["/ModDate"] == "D:20261102"
    assert "Ђорђе Żółć Příliš Ґанок 1.234,50 €" in PdfReader(io.BytesIO(made)).pages[0].extract_text()


def test_fonts_are_those_of_the_installation():
    """All letters of our languages are in the shipped fonts, whose weights are told apart, and these are inside."""
    body = "<b>Đđ Ћћ Љљ Њњ Џџ Її Єє Ґґ</b> <p style='font-weight: 500'>Łł Őő Ťť Řř Ģģ ẞ</p> → „“ №"
    assert fonts_of(html_to_pdf(page_with(body), STYLE)) == {
        "Billing-Inter": True,
        "Billing-Inter-Medium": True,
        "Billing-Inter-Semi-Bold": True,
    }


NO_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><cachedir>{folder}</cachedir></fontconfig>"""


def test_same_page_gives_the_same_bytes_everywhere(tmp_path):
    """In another process, time zone and locale, and on a machine without any font, the file is the same."""
    made = html_to_pdf(PAGE, STYLE, [E_INVOICE])
    html_to_pdf(page_with(text="Another in between"), STYLE)
    assert html_to_pdf(PAGE, STYLE, [E_INVOICE]) == made
    fonts = tmp_path / "fonts.conf"
    fonts.write_text(NO_FONTS.format(folder=tmp_path), encoding="utf-8")
    elsewhere = (
        "import sys, test_pdf as t; sys.stdout.buffer.write(t.html_to_pdf(t.PAGE, t.STYLE, [t.E_INVOICE]))",
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "FONTCONFIG_FILE": str(fonts)},
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths, **elsewhere[1]}
    call = [sys.executable, "-W", "ignore", "-c", elsewhere[0]]
    assert subprocess.run(call, check=True, capture_output=True, env=environment, cwd=tmp_path).stdout == made


def test_threads_do_not_mix_pages():
    """Pages that are rendered at once come out as if each had been alone."""
    pages = [page_with(text=f"Page {number}") for number in range(4)]
    alone = [html_to_pdf(one, STYLE) for one in pages]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: html_to_pdf(one, STYLE), pages)) == alone


@pytest.mark.parametrize(
    "name",
    ["Ωmega 株式会社", "שלום مرحبا", "नमस्ते", "a\ue000b\U0010fffd", "a\u0378b\U0001fbf9", "\U0001f600"],
)
def test_foreign_letters_never_spoil_the_file(name):
    """Whatever the letters, the file is valid; one that no font has is a square that can be seen."""
    made = html_to_pdf(page_with(text=name), STYLE)
    assert problems_of(made) == []
    if name.startswith("a"):
        assert "a□b□" in PdfReader(io.BytesIO(made)).pages[0].extract_text()


SMILING = "1 a\U0001f600b"
COLOURFUL = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir></fontconfig>"""


def test_letters_that_only_a_coloured_font_has_are_squares(tmp_path):
    """Fonts that draw in colour, as emoji are, may not be in such a file, so their letters are squares; no others."""
    draw_coloured_font(tmp_path / "Colours.ttf")
    (tmp_path / "fonts.conf").write_text(COLOURFUL.format(folder=tmp_path), encoding="utf-8")
    there = "import sys, test_pdf as t; sys.stdout.buffer.write(t.html_to_pdf(t.page_with(text=t.SMILING), t.STYLE))"
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    made = subprocess.run([sys.executable, "-c", there], check=True, capture_output=True, env=environment).stdout
    assert problems_of(made) == []
    assert "Colours" not in fonts_of(made)
    assert "1 a□b" in PdfReader(io.BytesIO(made)).pages[0].extract_text()


def draw_coloured_font(path):
    """Make a font whose only letter is a coloured square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((500, 0), (500, 500), (0, 500)):
        pen.lineTo(corner)
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "face"])
    font.setupCharacterMap({0x1F600: "face"})
    font.setupGlyf({name: pen.glyph() for name in (".notdef", "face")})
    font.setupHorizontalMetrics(dict.fromkeys((".notdef", "face"), (600, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Colours", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><path id="glyph1" fill="red" d="M0 0h500v-500h-500z"/></svg>'
    font.font["SVG "] = newTable("SVG ")
    font.font["SVG "].docList = [(drawing, 1, 1)]
    font.save(path)


def test_letter_that_is_taken_apart_and_lacks_a_part_spoils_nothing():
    """Thai writes one letter by two glyphs; where a font lacks one of these, nobody wrote what is missing."""
    made = html_to_pdf(
        page_with(text="a\u0e33b \u0e1a\u0e23\u0e34\u0e29\u0e31\u0e17 \u0e08\u0e33\u0e01\u0e31\u0e14"), STYLE
    )
    assert problems_of(made) == []
    text = PdfReader(io.BytesIO(made)).pages[0].extract_text()
    assert text.count("1.234,50") == 1
    assert "a" in text


def test_letter_of_a_style_sheet_that_no_font_has_is_an_error():
    """What the style sheet writes can not be replaced, so it is named."""
    with pytest.raises(RenderingError, match=r"U\+0378"):
        html_to_pdf(PAGE, STYLE + 'p::before { content: "\u0378" }')


OUTSIDE = "https://example.org/x"
PICTURE = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{OUTSIDE}.png"/></svg>'


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", f'<img src="{OUTSIDE}.png">'),
        ("", '<img src="file:///etc/hostname">'),
        ("", '<img src="logo.png">'),
        ("", f'<object data="{OUTSIDE}.svg"></object>'),
        ("", f'<embed src="{OUTSIDE}.svg">'),
        ("", PICTURE),
        ("", f'<img src="{data_uri(PICTURE.encode(), "image/svg+xml")}">'),
        ("", f'<p style="background: url({OUTSIDE}.png)">x</p>'),
        ("", '<a rel="attachment" href="file:///etc/hostname">x</a>'),
        ("", '<img src="package-font:../page.css">'),
        ("", '<img src="package-font:Inter-Regular.ttf">'),
        ('<link rel="stylesheet" href="https://example.org/x.css">', ""),
        ('<link rel="attachment" href="file:///etc/hostname">', ""),
        ('<base href="https://example.org/">', '<img src="x.png">'),
        (f'<style>@import "{OUTSIDE}.css";</style>', ""),
        ('<style>@import url("x.css");</style>', ""),
        (f"<style>@font-face {{ font-family: Other; src: url({OUTSIDE}.woff2) }}</style>", ""),
        ('<style>@font-face { font-family: O; src: url("package-font:../../etc/x.ttf") }</style>', ""),
    ],
)
def test_page_that_refers_to_a_file_is_refused(head, body):
    """A page that would load anything fails loudly, whichever way it asks."""
    with pytest.raises(RenderingError):
        html_to_pdf(page_with(body, head), STYLE)


@pytest.mark.parametrize(
    "rule",
    [
        f'@import "{OUTSIDE}.css";',
        f"@import url({OUTSIDE}.css);",
        f"@font-face {{ font-family: Other; src: url({OUTSIDE}.woff2) }}",
        f"p {{ background: url({OUTSIDE}.png) }}",
        f"p {{ list-style: url({OUTSIDE}.png); display: list-item }}",
        f"p::before {{ content: url({OUTSIDE}.png) }}",
        f"@page {{ background: url({OUTSIDE}.png) }}",
    ],
)
def test_style_sheet_that_refers_to_a_file_is_refused(rule):
    """Also what a style sheet asks for is not loaded, when it is parsed and when it is used."""
    with pytest.raises(RenderingError, match=re.escape(OUTSIDE)):
        html_to_pdf(PAGE, rule + STYLE)


def test_refusal_leaves_nothing_behind():
    """After a page that was refused the next one is rendered as ever."""
    before = html_to_pdf(PAGE, STYLE)
    with pytest.raises(RenderingError, match=re.escape(OUTSIDE)):
        html_to_pdf(page_with(f'<img src="{OUTSIDE}.png">'), STYLE)
    assert html_to_pdf(PAGE, STYLE) == before


def test_pictures_in_the_page_are_printed():
    """A sound PNG, JPEG or SVG that stands in the page as an address is allowed, and the file stays valid."""
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="#123456" d="M0 0h9v9z"/></svg>'
    pictures = [
        data_uri(png(mode="RGBA")),
        data_uri(png(kind="JPEG"), "image/jpeg"),
        data_uri(drawn, "image/svg+xml"),
    ]
    body = "".join(f'<p><img alt="Brand" style="width: 20mm" src="{picture}"></p>' for picture in pictures)
    assert problems_of(html_to_pdf(page_with(body), STYLE)) == []


@pytest.mark.parametrize(
    "picture",
    [
        "data:image/png;base64,AAAA",
        "data:text/html,<p>x</p>",
        "data:text/css;base64,AAAA",
        data_uri(png(), "image/jpeg"),
        data_uri(png()[:-30]),
        data_uri(png() + b"x" * 1_100_000),
        data_uri(b"GIF89a" + bytes(20), "image/gif"),
    ],
)
def test_unfit_pictures_are_refused(picture):
    """What is no whole small PNG, JPEG or SVG is an error, not a hole in the page."""
    with pytest.raises(RenderingError, match="picture"):
        html_to_pdf(page_with(f'<img alt="x" src="{picture}">'), STYLE)


def test_what_weasyprint_calls_an_error_is_one(monkeypatch):
    """It would log, leave something out and carry on."""
    real = pdf_module.complete

    def complaining(metadata):
        logging.getLogger("weasyprint").error("Left out: %s", "the total")
        real(metadata)

    monkeypatch.setattr(pdf_module, "complete", complaining)
    with pytest.raises(RenderingError, match="Left out: the total"):
        html_to_pdf(PAGE, STYLE)


def test_machine_without_weasyprint_says_so(monkeypatch):
    """Where WeasyPrint or its libraries are missing, rendering is the engine's own error."""
    monkeypatch.setitem(sys.modules, "weasyprint.urls", None)
    with pytest.raises(RenderingError, match="WeasyPrint can not be used"):
        html_to_pdf(PAGE, STYLE)
