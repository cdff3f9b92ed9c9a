"""Many documents in one zip file, the same to the byte whenever it is made of the same documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from billing_engine.documents.files import whole

_UNIX = 3
_READABLE = 0o100644
_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""Before and after these a zip file knows no day."""


class Packed(NamedTuple):
    """A file to go into an archive."""

    name: str
    day: date
    """What it is dated; such as a document's day of issue."""
    path: Path


def write_archive(path: Path, files: Iterable[Packed]) -> None:
    """Write files in order of name; the archive is there whole or not at all. Raises OSError."""
    # PDFs are compressed already, and another zlib would make other bytes.
    with whole(path) as part, ZipFile(part, "w", ZIP_STORED) as archive:
        for file in sorted(files):
            archive.writestr(_entry(file), file.path.read_bytes())


def _entry(file: Packed) -> ZipInfo:
    year = min(max(file.day.year, _FIRST_YEAR), _LAST_YEAR)
    entry = ZipInfo(file.name, (year, file.day.month, file.day.day, 0, 0, 0))
    # Without these the machine's own would be written.
    entry.create_system, entry.external_attr = _UNIX, _READABLE << 16
    return entry
