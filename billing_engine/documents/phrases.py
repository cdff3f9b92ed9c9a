"""The sentences that the engine wrote in English into invoices, credits and decisions, in the customer's language.

The English text is the record. Each sentence of ours has its form; what fits none was written by people and stays,
but for the names in our own price lists.
"""

from __future__ import annotations

from billing_engine.documents.phrase_blanks import Speaker
from billing_engine.documents.phrase_forms import Choice, Series
from billing_engine.documents.phrase_sentences import IN_A_ROW, TEXTS

_LONGEST = 20_000
"""Of one line: far beyond any sentence of ours."""
_TEXT = Choice(TEXTS)
_ROW = Series(Choice(IN_A_ROW), "{one} {other}")


def translate(text: str, words: Speaker) -> str:
    """Say a stored text in another language, line by line; a line that no form fits stays, or is the name of something.

    Time grows with the length of the text, whatever it says.
    """
    return "\n".join(_line(line, words) for line in text.split("\n"))


def _line(line: str, words: Speaker) -> str:
    if not line or len(line) > _LONGEST:
        return line
    # Sentences in a row first: else the name in one of them could take in those that follow.
    try:
        return _ROW.write(line, words)
    except ValueError:
        said = _TEXT.find(line, words)
        return words.name(line) if said is None else said
