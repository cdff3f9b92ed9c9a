"""Pages as small coloured pictures, told apart by what a person would see: text that moved, another colour."""

import io
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops

FOLDER = Path(__file__).parent / "data" / "page_pictures"

_SCALE = 0.75
"""54 dots per inch: small, and just readable."""
_COLOURS = 128
_CELLS = ((16, 2, 14), (4, 4, 24))
"""Dots that are looked at as one, by width and height: lines of text as a whole, then parts of words; and by how many
shades of 256 each may differ, as letters may be smoothed otherwise."""


def picture_of(pdf: bytes, page: int, *, smoothing: str | None = None) -> Image.Image:
    """Draw a page, counted from 1."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page - 1].render(scale=_SCALE, optimize_mode=smoothing).to_pil().convert("RGB")
    finally:
        document.close()


def as_png(picture: Image.Image) -> bytes:
    """Write a picture small."""
    file = io.BytesIO()
    picture.quantize(_COLOURS, kmeans=2, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def read_png(content: bytes) -> Image.Image:
    """Read a picture that was written small."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Tell how much two pages differ where they differ most: more than 1 is more than smoothing makes."""
    if one.size != other.size:
        return 255
    return max(_shades(one, other, width, height) / allowed for width, height, allowed in _CELLS)


def _shades(one: Image.Image, other: Image.Image, width: int, height: int) -> int:
    size = (one.width // width, one.height // height)
    seen = (picture.resize(size, Image.Resampling.BOX) for picture in (one, other))
    return max(most for _, most in ImageChops.difference(*seen).getextrema())


def looked_at(name: str) -> Path:
    """Name the file of a page that somebody looked at."""
    return FOLDER / f"{name}.png"
