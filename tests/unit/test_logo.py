"""Logos: what may stand in a document, and that nothing of a hostile picture gets there."""

import base64
import io
from xml.sax.saxutils import quoteattr

import pytest
from PIL import Image

from billing_engine.documents.logo import LARGEST, logo_data_uri
from billing_engine.errors import RenderingError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'


def drawn(kind="PNG", mode="RGB", size=(3, 2)):
    """Draw a picture."""
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind)
    return file.getvalue()


@pytest.fixture
def saved(tmp_path):
    """Return a function that writes a logo and returns its path."""

    def save(content, name="logo"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (drawn(), "image/png"),
        (drawn(mode="RGBA"), "image/png"),
        (drawn(mode="P"), "image/png"),
        (drawn("JPEG"), "image/jpeg"),
        (drawn("JPEG", "L"), "image/jpeg"),
        (SVG.format('<path d="M0 0h9v9z" fill="#123456"/>').encode(), "image/svg+xml"),
        (
            SVG.format(
                '<!-- drawn by hand --><defs><linearGradient id="g"><stop offset="0"/></linearGradient>'
                '<linearGradient id="h" xlink:href="#g"/><style>.a { fill: url(#h) } .b { fill: url( "#g" ) }</style>'
                '</defs><text class="a" style="fill: url(#g)">Čedo</text>'
            ).encode(),
            "image/svg+xml",
        ),
    ],
)
def test_sound_pictures_are_taken_as_they_are(saved, content, kind):
    """PNG, JPEG and SVG become an address that holds all their bytes, whatever the file's name says."""
    address = logo_data_uri(saved(content, "logo.txt"))
    told, _, text = address.partition(";base64,")
    assert (told, base64.b64decode(text)) == (f"data:{kind}", content)


HOSTILE_SVG = [
    "<script>alert(1)</script>",
    '<g onload="alert(1)"/>',
    '<g ONCLICK="alert(1)"/>',
    "<foreignObject><p>x</p></foreignObject>",
    '<image href="https://example.org/x.png"/>',
    '<image href="data:image/png;base64,AAAA"/>',
    '<use href="#a"/>',
    '<a href="https://example.org">x</a>',
    '<a xlink:href=" javascript:alert(1)">x</a>',
    '<linearGradient id="a" href="https://example.org/x.svg#g"/>',
    '<linearGradient id="a" xlink:href="file:///etc/hostname"/>',
    '<g xml:base="https://example.org/"/>',
    "<style>@import 'https://example.org/x.css';</style>",
    "<style><![CDATA[ .a { fill: url(https://example.org/x) } ]]></style>",
    "<style>.a { fill: u\\72l(https://example.org/x) }</style>",
    "<style>@font-face { font-family: A; src: local(A) }</style>",
    '<g style="fill: URL ( //example.org/x )"/>',
    '<g fill="url(https://example.org/x#g)"/>',
    "<g filter=\"url( 'x.svg#f' )\"/>",
    '<?xml-stylesheet href="https://example.org/x.css"?>',
    '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
    '<h:iframe xmlns:h="http://www.w3.org/1999/xhtml" src="https://example.org"/>',
]


@pytest.mark.parametrize("inside", HOSTILE_SVG)
def test_svg_that_reaches_out_is_refused(saved, inside):
    """A program, a link, a style that loads, a picture within: none of it is a logo."""
    with pytest.raises(RenderingError, match="allowed are PNG, JPEG and SVG"):
        logo_data_uri(saved(SVG.format(inside)))


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + SVG.format("<text>&x;</text>"),
        '<!DOCTYPE svg SYSTEM "https://example.org/svg.dtd">' + SVG.format(""),
        '<!DOCTYPE svg [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>' + SVG.format("<text>&b;</text>"),
        '<?xml-stylesheet href="https://example.org/x.css"?>' + SVG.format(""),
        "<html><body>x</body></html>",
        "<svg>no namespace</svg>",
        SVG.format("<g>") + "not closed",
        "",
        "plain text",
        b"GIF89a" + bytes(20),
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n broken",
        drawn()[:40],
        drawn("JPEG")[:-200],
        drawn("JPEG", "CMYK"),
        drawn("TIFF"),
        drawn() + bytes(LARGEST),
        SVG.format("<g/>" * (LARGEST // 4)),
    ],
)
def test_what_is_no_small_picture_is_refused(saved, content):
    """Broken, too large, of another kind, or with a DTD: the message says what is allowed."""
    with pytest.raises(RenderingError, match=r"can not be used: .*; allowed are PNG, JPEG and SVG of"):
        logo_data_uri(saved(content))


def test_picture_of_too_many_pixels_is_refused(saved):
    """A small file can hold a picture that would fill the memory; it is not even decoded."""
    with pytest.raises(RenderingError, match="more than 16,000,000 pixels"):
        logo_data_uri(saved(drawn(mode="1", size=(5_000, 4_000))))


def test_missing_logo_is_named(tmp_path):
    """A path that leads nowhere is said as it is."""
    with pytest.raises(RenderingError, match=r"nowhere\.png can not be used"):
        logo_data_uri(tmp_path / "nowhere.png")
    with pytest.raises(RenderingError, match="can not be used"):
        logo_data_uri(tmp_path)


def test_message_does_not_repeat_all_that_is_hostile(saved):
    """Of an endless address only its beginning is shown."""
    with pytest.raises(RenderingError) as refused:
        logo_data_uri(saved(SVG.format(f"<a href={quoteattr('https://example.org/' + 'x' * 100_000)}/>")))
    assert len(str(refused.value)) < 500
