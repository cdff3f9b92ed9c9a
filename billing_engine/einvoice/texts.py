"""Text that people wrote, made fit for XML: what no XML may hold, or nobody sees, is dropped; lengths are bounded."""

from __future__ import annotations

from billing_engine.model.text import cut, visible

NAME_LIMIT = 300
CODE_LIMIT = 100
"""For numbers and ids: longer than any real one."""
TEXT_LIMIT = 2_000


def one_line(text: str, limit: int = NAME_LIMIT) -> str:
    """Make a single line of at most `limit` characters."""
    return cut(" ".join(visible(text, limit).split()), limit)


def paragraph(text: str, limit: int = TEXT_LIMIT) -> str:
    """Keep line breaks, drop empty lines."""
    lines = [" ".join(line.split()) for line in visible(text, limit).split("\n")]
    return cut("\n".join(line for line in lines if line), limit)
