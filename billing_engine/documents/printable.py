"""Text that people wrote, made fit for paper: it may say anything and can move nothing but itself."""

from __future__ import annotations

import unicodedata

from billing_engine.model.text import cut, visible

NAME_LIMIT = 300
TEXT_LIMIT = 2000
LINES_LIMIT = 24
_MARKS_LIMIT = 4
"""Accents on one letter; living scripts need fewer, and a tower of them would cover the lines above."""


def one_line(text: str, limit: int = NAME_LIMIT) -> str:
    """Make a single line of at most `limit` characters, cut with an ellipsis."""
    return cut(" ".join(_printable(text, limit).split()), limit)


def paragraph(text: str, limit: int = TEXT_LIMIT, lines_limit: int = LINES_LIMIT) -> str:
    """Keep line breaks, drop empty lines; lines beyond `lines_limit` flow on in the last one."""
    lines = [" ".join(line.split()) for line in _printable(text, limit).split("\n")]
    filled = [line for line in lines if line]
    kept, rest = filled[: lines_limit - 1], filled[lines_limit - 1 :]
    return cut("\n".join([*kept, " ".join(rest)] if rest else kept), limit)


def _printable(text: str, limit: int) -> str:
    kept: list[str] = []
    marks = 0
    for character in visible(text, limit):
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)
