"""Text that somebody hands in, held to what every database keeps, every listing can show and every document may say."""

from __future__ import annotations

import re
import unicodedata

from billing_engine.errors import InvalidTextError

LONGEST_ID = 100
LONGEST_WORDS = 1_000

_IN_WORDS = "\n\t"
_NEVER = ("Cc", "Cs")
"""Control characters and halves of characters, as Unicode calls them."""


def check_id(text: str, what: str) -> None:
    """Raise InvalidTextError unless a text can be an id or a name; an empty one is for the caller to judge."""
    if len(text) > LONGEST_ID or not text.isprintable():
        raise InvalidTextError(f"{what} can not be that; allowed are up to {LONGEST_ID} printable characters")


def check_words(text: str, what: str, most: int = LONGEST_WORDS) -> None:
    """Raise InvalidTextError unless a text can be a note or a reason; lines and tabs are allowed in these."""
    if len(text) > most:
        raise InvalidTextError(f"{what} has {len(text):,} characters; allowed are up to {most:,}")
    found = next((c for c in text if c not in _IN_WORDS and unicodedata.category(c) in _NEVER), None)
    if found is not None:
        raise InvalidTextError(f"{what} holds the control character U+{ord(found):04X}; allowed are words")


def check_stripe_id(text: str, prefix: str) -> str:
    """Return an id of Stripe's, or nothing; raises InvalidTextError, because an id becomes part of an address."""
    if text and re.fullmatch(rf"{prefix}[A-Za-z0-9_]{{1,90}}", text, re.ASCII) is None:
        raise InvalidTextError(f"allowed is an id of Stripe's such as {prefix}Nffr4sRS0bVZ3q")
    return text


_LINE_BREAKS = dict.fromkeys(map(ord, "\r\v\f\x85\u2028\u2029"), "\n")
_SEEN = "\n\t\u200c\u200d"
"""White space, and joiners, which change how Persian, Indic scripts and emoji are written."""
_UNSEEN = ("Cc", "Cf", "Cs")
"""Controls, bidi and other invisible formatting, halves of characters."""


def visible(text: str, limit: int) -> str:
    """Drop what nobody sees and what no XML may hold, with line breaks of one kind, for a text to be cut at `limit`."""
    # What lies far behind the cut is not even looked at: 100 MB of text cost no more than a page.
    unified = text[: limit * 8].replace("\r\n", "\n").translate(_LINE_BREAKS)
    return "".join(character for character in unified if _is_visible(character))


def _is_visible(character: str) -> bool:
    if character in _SEEN:
        return True
    return unicodedata.category(character) not in _UNSEEN and ord(character) & 0xFFFE != 0xFFFE


def cut(text: str, limit: int) -> str:
    """Cut a text with an ellipsis where it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "\u2026"
