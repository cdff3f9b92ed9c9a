"""What a rendered document is: the original, or one that is visibly marked and carries no e-invoice."""

from __future__ import annotations

from enum import StrEnum

LANGUAGES = ("en", "de", "pl", "cs", "sr-Latn", "sr-Cyrl")
"""In which documents are written."""


class Mark(StrEnum):
    """What stands across a page; only a document without one is the original, and carries its e-invoice."""

    NONE = ""
    DRAFT = "draft"
    """Not issued: it has no number."""
    COPY = "copy"
    CORRECTED = "corrected"
    """A credit note took back a part of it."""
    VOIDED = "voided"
    """Credit notes took back all of it."""
