"""Text that people wrote, made fit for XML: what no XML may hold, or nobody sees, is dropped; lengths are bounded."""

from __future__ import annotations

import unicodedata

NAME_LIMIT = 300
CODE_LIMIT = 100
"""For numbers and ids: longer than any real one."""
TEXT_LIMIT = 2_000

_ALLOWED = "\n\t\u200c\u200d"
"""White space, and joiners, which change how Persian, Indic scripts and emoji are written."""
_NO_TEXT = ("Cc", "Cf", "Cs")
"""Controls, direction marks and other invisible formatting, halves of characters."""
_LINE_BREAKS = dict.fromkeys(map(ord, "\r\v\f\x85\u2028\u2029"), "\n")


def one_line(text: str, limit: int = NAME_LIMIT) -> str:
    """Make a single line of at most `limit` characters."""
    return _cut(" ".join(_fit(text, limit).split()), limit)


def paragraph(text: str, limit: int = TEXT_LIMIT) -> str:
    """Keep line breaks, drop empty lines."""
    lines = [" ".join(line.split()) for line in _fit(text, limit).split("\n")]
    return _cut("\n".join(line for line in lines if line), limit)


def _fit(text: str, limit: int) -> str:
    # What lies far behind the cut is not even looked at: 100 MB of text cost no more than a page.
    unified = text[: limit * 8].replace("\r\n", "\n").translate(_LINE_BREAKS)
    return "".join(character for character in unified if _is_allowed(character))


def _is_allowed(character: str) -> bool:
    """Tell whether it is text: what XML may not hold is none, and what turns text around has no place in data."""
    if character in _ALLOWED:
        return True
    return unicodedata.category(character) not in _NO_TEXT and ord(character) & 0xFFFE != 0xFFFE


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
