"""Text that somebody hands in, held to what every database keeps and every listing can show."""

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
