"""Pages of HTML as PDF/A-3a and PDF/UA-1. Nothing is fetched, and the same pages give the same bytes."""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from billing_engine.documents.fetcher import refusing_fetcher
from billing_engine.documents.fonts import SUBSTITUTE, font_faces, own_letters
from billing_engine.documents.xmp import complete
from billing_engine.errors import RenderingError

if TYPE_CHECKING:
    from weasyprint import CSS, Attachment, Document
    from weasyprint.css import ColorProfile
    from weasyprint.pdf.fonts import Font
    from weasyprint.text.fonts import FontConfiguration

_PDF_VARIANT = "pdf/a-3a"
"""For archives: tagged, fonts and colours inside, other files attached. XMP claims PDF/UA-1 besides."""

_COLOURS = "sRGB2014.icc"
"""WeasyPrint's own file of the colours of screens."""

_ALWAYS = ":root { image-rendering: pixelated }"
"""PDF/A has pictures shown as they are; what smooths them is the reader's."""

_MEANINGLESS = re.compile("[\ue000-\uf8ff\ufeff\ufffe\uffff\U000f0000-\U0010ffff]")
"""Letters of private use, which mean nothing to others, and PDF/A wants each explained; and what is no letter."""

_INLINE = re.compile(r"data:[^\s'\"]*")
"""A picture within the page, which may be long, where a message names it."""

_STYLESHEETS_KEPT = 32

_one_at_a_time = threading.Lock()
"""The font configuration and WeasyPrint's logger are shared by all threads of the process."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside a PDF."""

    name: str
    content: bytes
    description: str
    relationship: str
    """To the pages, as PDF has it: "Alternative" says the same, "Supplement" says more."""
    day: date
    """When it was made: the document's own day."""


def html_to_pdf(html: str, stylesheet: str = "", attached: Iterable[Attached] = ()) -> bytes:
    """Turn pages of HTML into PDF; all dates are those that the page and the attached files say.

    A letter that means nothing, or that no plain font of the machine has, is printed as a square. Raises RenderingError
    when the page or its style sheet refers to anything outside, or when WeasyPrint reports an error: it would leave out
    what it could not load and carry on.
    """
    try:  # imported here, so that a machine without Pango can still rate
        from weasyprint.urls import FatalURLFetchingError  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise RenderingError(f"WeasyPrint can not be used on this machine: {error}") from error

    inside = sorted(attached, key=lambda file: file.name)  # readers look names up by halving
    with _one_at_a_time, _errors_logged() as problems:
        try:
            readable = _MEANINGLESS.sub(SUBSTITUTE, html)
            pdf, missing = _write(readable, stylesheet, inside, problems)
            if missing:
                readable = readable.translate(dict.fromkeys(missing, SUBSTITUTE))
                pdf, missing = _write(readable, stylesheet, inside, problems)
            if missing:  # some scripts take letters apart, and lack a part that nobody wrote
                readable = "".join(letter if letter in own_letters() else SUBSTITUTE for letter in readable)
                pdf, missing = _write(readable, stylesheet, inside, problems)
        except FatalURLFetchingError as refusal:  # a BaseException: WeasyPrint's own handlers must not swallow it
            raise RenderingError("; ".join(problems) or str(refusal)) from refusal
        except (MemoryError, RenderingError):
            raise
        except Exception as error:
            raise RenderingError(f"the page could not be rendered: {error}") from error
    if problems:
        raise RenderingError("; ".join(problems))
    if missing:
        letters = ", ".join(f"U+{letter:04X}" for letter in sorted(missing))
        raise RenderingError(f"no plain font has the letters {letters} of the style sheet or the logo")
    return pdf


def warm_up() -> None:
    """Read the fonts, so that the first page need not; raises RenderingError, ImportError or OSError."""
    with _one_at_a_time:
        _font_configuration()


def _write(html: str, stylesheet: str, inside: list[Attached], problems: list[str]) -> tuple[bytes, set[int]]:
    """Render once; also tells which letters have no glyph that may be in such a file."""
    from weasyprint import HTML  # noqa: PLC0415 - as above

    page = HTML(string=html, url_fetcher=refusing_fetcher(problems))  # type: ignore[no-untyped-call]
    document: Document = page.render(  # type: ignore[no-untyped-call]
        font_config=_font_configuration(),
        stylesheets=[_compiled(_ALWAYS), _compiled(stylesheet)],
        color_profiles={"srgb": _screen_colours()},
    )
    if document.metadata.attachments:
        raise RenderingError("the page attaches a file; a document must not load anything")
    document.metadata.attachments = [_attachment(file) for file in inside]
    complete(document.metadata)
    pdf: bytes = document.write_pdf(  # type: ignore[no-untyped-call]
        pdf_variant=_PDF_VARIANT,
        output_intent="",  # or it would read the colours anew, and leave their file open
    )
    return pdf, {letter for font in document.fonts.values() for letter in _unprintable(font)}


def _unprintable(font: Font) -> Iterable[int]:
    """List the letters that a font lacks, and those that it draws in colour: PDF/A has no such fonts."""
    yield from font.missing
    if font.png or font.svg or font.colr or font.bitmap:
        yield from (ord(letter) for text in font.to_unicode.values() for letter in text if not letter.isascii())


def _attachment(file: Attached) -> Attachment:
    from weasyprint import Attachment  # noqa: PLC0415 - as above

    moment = datetime.combine(file.day, time(), UTC)
    return Attachment(  # type: ignore[no-untyped-call]
        string=file.content,
        name=file.name,
        description=file.description,
        relationship=file.relationship,
        created=moment,
        modified=moment,
    )


@lru_cache(_STYLESHEETS_KEPT)
def _compiled(stylesheet: str) -> CSS:
    """Parse a style sheet once per process: it costs as much as a page."""
    return _compile(stylesheet, _font_configuration())


@cache
def _font_configuration() -> FontConfiguration:
    """Make the process's one font configuration: each new one takes memory that is never given back."""
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 - as above

    configuration = FontConfiguration()  # type: ignore[no-untyped-call]
    _compile(font_faces(), configuration)
    return configuration


def _compile(stylesheet: str, fonts: FontConfiguration) -> CSS:
    from weasyprint import CSS  # noqa: PLC0415 - as above

    problems: list[str] = []
    # Without a fetcher of ours it would fetch what the sheet imports.
    css = CSS(  # type: ignore[no-untyped-call]
        string=stylesheet, font_config=fonts, url_fetcher=refusing_fetcher(problems)
    )
    if problems:
        raise RenderingError("; ".join(problems))
    return css


def _screen_colours() -> ColorProfile:
    """Make the colours of screens, to which PDF/A refers those of the page, for one page: used twice it changes."""
    from weasyprint.css import ColorProfile  # noqa: PLC0415 - as above

    content = io.BytesIO(_colour_file())
    return ColorProfile(content, _COLOURS, "relative-colorimetric", (["r"], ["g"], ["b"]))  # type: ignore[no-untyped-call]


@cache
def _colour_file() -> bytes:
    from weasyprint import pdf as weasyprint_pdf  # noqa: PLC0415 - as above

    return (files(weasyprint_pdf) / _COLOURS).read_bytes()


class _Collector(logging.Handler):
    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        self.problems.append(_INLINE.sub("data:…", record.getMessage()))


@contextmanager
def _errors_logged() -> Iterator[list[str]]:
    """Collect what WeasyPrint logs as an error while the block runs."""
    problems: list[str] = []
    collector = _Collector(problems)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(collector)
    try:
        yield problems
    finally:
        logger.removeHandler(collector)
