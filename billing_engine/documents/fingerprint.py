"""The fingerprint of a rendering: all that its bytes depend on, so that the same fingerprint means the same bytes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from billing_engine.errors import RenderingError
from billing_engine.model.content_hash import content_hash
from billing_engine.model.settings import DocumentTerms
from billing_engine.resources import resource_folder

_LIBRARIES = (
    "weasyprint",
    "pydyf",
    "fonttools",
    "tinycss2",
    "tinyhtml5",
    "cssselect2",
    "pyphen",
    "pillow",
    "jinja2",
    "markupsafe",
    "babel",
    "lxml",
    "segno",
)
_CATALOGUE = ".po"
_PACKAGE = Path(__file__).parents[1]
_REPLACEABLE = ("*.html", "*.css", "*.txt")
_PROGRAM = ("documents", "einvoice", "model")
"""Parts of this program that decide about a document's bytes."""


def rendering_fingerprint(terms: DocumentTerms, state: Iterable[str]) -> str:
    """Hash what decides about the bytes of a document: this machine's programs and fonts, the terms, its own state.

    Raises RenderingError when WeasyPrint can not be used here, or a file of the user's own can not be read.
    """
    try:
        chosen = {name: str(value) for name, value in asdict(terms).items()}
        own = [] if terms.templates is None else [_templates(terms.templates), _catalogues(terms.templates)]
        logo = "" if terms.logo is None else _hash(terms.logo.read_bytes())
        return content_hash(_machine(), chosen, own, logo, list(state))
    except (ImportError, OSError) as error:
        raise RenderingError(f"what a document is made from can not be read: {error}") from error


@cache
def _machine() -> str:
    """Hash what does not change while the process runs."""
    program = [entry for part in _PROGRAM for entry in _files(_PACKAGE / part, "*.py")]
    libraries = [[name, _version(name)] for name in ("billing_engine", *_LIBRARIES)]
    shipped = _files(resource_folder("invoice_templates"))
    return content_hash(program, libraries, _native_versions(), shipped, _installed_fonts())


def _templates(folder: Path) -> list[list[str]]:
    """Hash the user's own files that can replace one of ours, as they are now: each page reads them."""
    shipped = resource_folder("invoice_templates")
    names = {path.name for pattern in _REPLACEABLE for path in shipped.glob(pattern)}
    own = sorted(path for pattern in _REPLACEABLE for path in folder.glob(pattern) if path.is_file())
    # A template of the user's may extend another one of the user's, by whatever name.
    return [[path.name, _hash(path.read_bytes())] for path in own if path.suffix == ".html" or path.name in names]


@cache
def _catalogues(folder: Path) -> list[list[str]]:
    """Hash the user's own words as the process has read them: it does so once."""
    return _files(folder / "locale", f"*{_CATALOGUE}")


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _files(folder: Path, pattern: str = "*") -> list[list[str]]:
    """Name and hash each file under a folder."""
    found = sorted(path for path in folder.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    return [[path.relative_to(folder).as_posix(), _hash(path.read_bytes())] for path in found]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _native_versions() -> list[Any]:
    """Tell the versions of the libraries that break lines, choose glyphs and compress."""
    from weasyprint.text.ffi import harfbuzz, pango  # noqa: PLC0415 - a machine without Pango can still rate

    parts: list[int] = []
    for _ in range(3):  # HarfBuzz only says whether it is at least of a version
        above = (n for n in range(1, 100) if not harfbuzz.hb_version_atleast(*[*parts, n, 0, 0][:3]))
        parts.append(next(above, 100) - 1)
    return [pango.pango_version(), parts, zlib.ZLIB_RUNTIME_VERSION]


def _installed_fonts() -> list[list[Any]]:
    """Name the machine's fonts, from which the letters come that the shipped ones lack."""
    from weasyprint.text.ffi import ffi, fontconfig  # noqa: PLC0415 - as above

    configuration = ffi.gc(fontconfig.FcInitLoadConfigAndFonts(), fontconfig.FcConfigDestroy)
    fonts = fontconfig.FcConfigGetFonts(configuration, fontconfig.FcSetSystem)
    path = ffi.new("FcChar8 **")
    found: set[str] = set()
    for number in range(fonts.nfont):
        fontconfig.FcPatternGetString(fonts.fonts[number], b"file", 0, path)
        found.add(ffi.string(path[0]).decode(errors="surrogateescape"))
    return [[Path(one).name, Path(one).stat().st_size] for one in sorted(found)]
