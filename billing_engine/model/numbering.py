"""Numbering: one gapless series of numbers per seller, kind of document and fiscal year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Numbering:
    """A series of one fiscal year, and how its numbers are written."""

    series: str
    """Kind of document, with the seller where there are several: "invoice" or "invoice/acme"."""
    year: int
    format: str

    def number(self, sequence: int) -> str:
        """Write the number of the document that is the `sequence`-th of its series and year."""
        return self.format.format(year=self.year, number=sequence)


def fiscal_year(day: date, starts_in: int) -> int:
    """Return the calendar year in which the fiscal year of a day began; `starts_in` is a month, 1 to 12."""
    return day.year if day.month >= starts_in else day.year - 1
