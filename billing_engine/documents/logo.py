"""Pictures that may stand in a document: small, whole, and without a way to reach anything outside themselves."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

from lxml import etree

from billing_engine.errors import RenderingError

LARGEST = 1_000_000
"""Bytes of a picture; a logo for print has 10,000 to 200,000."""

_MOST_PIXELS = 16_000_000
_ALLOWED = f"allowed are PNG, JPEG and SVG of at most {LARGEST:,} bytes"
_RASTER = {"image/png": (b"\x89PNG\r\n\x1a\n", "PNG"), "image/jpeg": (b"\xff\xd8\xff", "JPEG")}
_SVG = "image/svg+xml"
_MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}
"""Of pixels; print colours such as CMYK are no part of a PDF for screens."""

_DATA_URI = re.compile(r"data:(image/(?:png|jpeg|svg\+xml))((?:;[\w=-]+)*),(.*)", re.DOTALL | re.ASCII)

_SVG_NAMESPACE = "{http://www.w3.org/2000/svg}"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_FORBIDDEN_ELEMENTS = {"script", "foreignObject", "image", "feImage", "iframe", "audio", "video", "handler", "use"}
"""`use` is harmless once; a few that show each other are a picture without end."""
_REFERENCE = re.compile(r"url\s*\(\s*+(?!['\"]?#)", re.IGNORECASE)
"""Anything but a part of the picture itself, such as url(#gradient)."""
_ESCAPE = re.compile(r"@import|@font-face|\\", re.IGNORECASE)
"""In a style: what loads, and the backslash, by which the rest could be written so that it is not seen."""


def logo_data_uri(path: Path) -> str:
    """Read a logo and write it as an address that holds all of it; raises RenderingError, saying what is allowed."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        kind = picture_kind(content)
    except (OSError, ValueError) as error:
        raise RenderingError(f"the logo {path} can not be used: {error}; {_ALLOWED}") from error
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def read_data_uri(address: str) -> tuple[str, bytes]:
    """Take a picture out of an address that holds all of it, as kind and bytes; raises ValueError when it is unfit."""
    match = _DATA_URI.fullmatch(address[: LARGEST * 2])
    if match is None:
        raise ValueError(_ALLOWED)
    told, coding, text = match.groups()
    content = base64.b64decode(unquote_to_bytes(text)) if ";base64" in coding else unquote_to_bytes(text)
    kind = picture_kind(content)
    if kind != told:
        raise ValueError(f"it says that it is {told}, and is {kind}")
    return kind, content


def picture_kind(content: bytes) -> str:
    """Check a picture and tell its media type; raises ValueError saying what is wrong with it."""
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    for kind, (beginning, name) in _RASTER.items():
        if content.startswith(beginning):
            _check_raster(content, name)
            return kind
    _check_svg(content)
    return _SVG


def _check_raster(content: bytes, name: str) -> None:
    """Decode it once: what breaks here would be missing from the page."""
    from PIL import Image  # noqa: PLC0415 - slow to import, and only needed where there is a picture

    try:
        with Image.open(io.BytesIO(content), formats=[name]) as picture:
            pixels, mode = picture.width * picture.height, picture.mode
            if pixels <= _MOST_PIXELS:
                picture.load()
    except Exception as error:  # Pillow raises whatever its decoders come upon
        raise ValueError(f"it can not be decoded: {error}") from error
    if pixels > _MOST_PIXELS:
        raise ValueError(f"it has more than {_MOST_PIXELS:,} pixels")
    if mode not in _MODES:
        raise ValueError(f"its pixels are {mode}; save it as RGB")


def _check_svg(content: bytes) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is no picture: {error}") from error
    if root.tag != f"{_SVG_NAMESPACE}svg":
        raise ValueError("it is no picture")
    if root.getroottree().docinfo.doctype:
        raise ValueError("its DOCTYPE must go")
    above = root.getprevious()
    while above is not None:
        if above.tag is etree.PI:
            raise ValueError("it refers to a style sheet or another program")
        above = above.getprevious()
    for element in root.iter():
        _check_element(element)


def _check_element(element: etree._Element) -> None:
    if not isinstance(element.tag, str):
        if element.tag is not etree.Comment:
            raise ValueError("it has an entity or an instruction in it")
        return
    name = etree.QName(element).localname
    if name in _FORBIDDEN_ELEMENTS:
        raise ValueError(f"it has a <{name}> in it")
    if name == "style":
        _check_style("".join(element.itertext()))
    for key, value in element.attrib.items():
        attribute = etree.QName(key).localname
        if attribute.lower().startswith("on"):
            raise ValueError(f"it has a program in the attribute {attribute}")
        if (key == _XLINK_HREF or attribute in {"href", "src", "base"}) and not value.strip().startswith("#"):
            raise ValueError(f"it refers to {value[:80]!r}")
        _check_style(value)


def _check_style(text: str) -> None:
    if _ESCAPE.search(text) or _REFERENCE.search(text):
        raise ValueError(f"it has a style that refers to something: {text.strip()[:80]!r}")
