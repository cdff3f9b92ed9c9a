"""Names in other letters written in plain ones, for the codes of banks that know no others."""

from __future__ import annotations

import unicodedata

_LETTERS = "абвгдежзијклмнопрстћуфхцчшыэйёіїєґ"
_PLAIN = "abvgdezzijklmnoprstcufhccsyeieiieg"
_CYRILLIC = {
    **dict(zip(_LETTERS, _PLAIN, strict=True)),
    "ђ": "dj",
    "љ": "lj",
    "њ": "nj",
    "џ": "dz",
    "щ": "sc",
    "ю": "ju",
    "я": "ja",
}
"""Serbian, without its accents; the letters of its neighbours go along."""

_ALONE = {"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th", "ð": "d"}
"""Letters of Latin that no decomposition takes apart."""

_PUNCTUATION = {"\u2013": "-", "\u2014": "-", "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"'}

_LOWER = {**_CYRILLIC, **_ALONE, **_PUNCTUATION}
_TABLE = {ord(letter): plain for letter, plain in _LOWER.items()}
_TABLE |= {ord(letter.upper()): plain.capitalize() for letter, plain in _LOWER.items() if len(letter.upper()) == 1}


def ascii_letters(text: str, keep: str = "") -> str:
    """Write `text` in ASCII: accents go, Cyrillic is transliterated, what has no like is left out; `keep` stays."""
    return "".join(letter if letter in keep else _plain(letter) for letter in unicodedata.normalize("NFC", text))


def _plain(letter: str) -> str:
    if letter.isascii():
        return letter
    known = letter.translate(_TABLE)
    return unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode("ascii")
