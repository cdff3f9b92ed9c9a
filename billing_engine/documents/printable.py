"""Text that people wrote, made fit for paper: it may say anything and can move nothing but itself."""

from __future__ import annotations

import unicodedata

NAME_LIMIT = 300
TEXT_LIMIT = 2000
LINES_LIMIT = 24
_MARKS_LIMIT = 4
"""Accents on one letter; living scripts need fewer, and a tower of them would cover the lines above."""

_LINE_BREAKS = dict.fromkeys(map(ord, "\r\v\f\x85\u2028\u2029"), "\n")
_JOINERS = "\u200c\u200d"
"""Invisible, but they change how Persian, Indic scripts and emoji are written."""

_UNPRINTABLE = {"Cc", "Cf", "Cs"}
"""Controls, bidi and other invisible formatting, lone surrogates."""


def one_line(text: str, limit: int = NAME_LIMIT) -> str:
    """Make a single line of at most `limit` characters, cut with an ellipsis."""
    return _cut(" ".join(_printable(text, limit).split()), limit)


def paragraph(text: str, limit: int = TEXT_LIMIT, lines_limit: int = LINES_LIMIT) -> str:
    """Keep line breaks, drop empty lines; lines beyond `lines_limit` flow on in the last one."""
    lines = [" ".join(line.split()) for line in _printable(text, limit).split("\n")]
    filled = [line for line in lines if line]
    kept, rest = filled[: lines_limit - 1], filled[lines_limit - 1 :]
    return _cut("\n".join([*kept, " ".join(rest)] if rest else kept), limit)


def _printable(text: str, limit: int) -> str:
    # What lies far behind the cut is not even looked at: 100 MB of text cost no more than a page.
    unified = text[: limit * 8].replace("\r\n", "\n").translate(_LINE_BREAKS)
    kept: list[str] = []
    marks = 0
    for character in unified:
        if not _is_printable(character):
            continue
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)


def _is_printable(character: str) -> bool:
    if character in "\n\t" or character in _JOINERS:
        return True
    return unicodedata.category(character) not in _UNPRINTABLE and ord(character) & 0xFFFE != 0xFFFE


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
