"""The fonts that documents are set in: files of the installation, the same on every machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from billing_engine.resources import resource_folder

SCHEME = "package-font:"
"""Begins the address of a font file; only documents know what to do with it."""

FAMILY = "Billing Inter"
"""What style sheets call these files; a machine may have an Inter of other versions and weights."""

SUBSTITUTE = "\u25a1"
"""Printed for a letter that neither these fonts nor the machine's have; these have it."""

_FACES = {"Inter-Regular.ttf": 400, "Inter-Medium.ttf": 500, "Inter-SemiBold.ttf": 600}


def font_faces() -> str:
    """Write the style sheet that makes the font files known."""
    face = '@font-face {{ font-family: "{family}"; font-weight: {weight}; src: url("{scheme}{name}") }}'
    faces = _FACES.items()
    return "\n".join(face.format(family=FAMILY, weight=weight, scheme=SCHEME, name=name) for name, weight in faces)


@cache
def own_letters() -> frozenset[str]:
    """Return the letters that every font of the installation has, and what moves lines."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - comes with WeasyPrint, and is seldom needed

    letters: set[str] | None = None
    for name in _FACES:
        with TTFont(_path(name)) as font:
            found = {chr(code) for code in font.getBestCmap() or ()}
        letters = found if letters is None else letters & found
    return frozenset((letters or set()) | set("\n\t "))


def _path(name: str) -> Path:
    return resource_folder("invoice_templates") / "fonts" / name


def font_file(address: str) -> bytes | None:
    """Read the font file at an address; None when it is not that of a font of the installation."""
    name = address.removeprefix(SCHEME)
    if name == address or name not in _FACES:
        return None
    return _path(name).read_bytes()
