"""Files of documents: what they are called, and how they are written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from billing_engine.model.sla_report import SlaReport

_STEM_LIMIT = 100


def pdf_file_name(number: str) -> str:
    """Make a file name from an invoice number: itself where that is safe, else with a mark of its own.

    The mark keeps numbers apart that differ only in what a file name can not hold, such as 1/26 and 1:26.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+|\.{2,}", "-", number).strip(".-")[:_STEM_LIMIT]
    if stem != number or not stem:
        mark = hashlib.sha256(number.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        stem = f"{stem}-{mark}" if stem else mark
    return f"{stem}.pdf"


def sla_report_file_name(report: SlaReport) -> str:
    """Make a file name from a report's month and customer, as safe and as distinct as that of an invoice."""
    return pdf_file_name(f"sla-{report.month}-{report.customer.customer}")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, whoever looks and whatever fails."""
    with whole(path) as part:
        part.write_bytes(content)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a file to write that becomes the one at `path` when all went well, and is gone when not."""
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
