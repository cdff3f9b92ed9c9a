"""Amounts of money as options."""

from __future__ import annotations

import re
from decimal import Decimal

import typer


def read_amount(text: str) -> Decimal:
    """Read an exact amount; raises BadParameter."""
    if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text, re.ASCII) is None:
        raise typer.BadParameter(f"{text!r} is no amount; write it as 25.00")
    return Decimal(text)
