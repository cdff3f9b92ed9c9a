"""A billing period: one calendar month, read in the price list's time zone (T2)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.model.instant import Instant, start_of_day

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""English, whatever the process's locale: other languages come from a catalogue."""


def day_in_words(day: date) -> str:
    """Say "5 Oct 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


class Month(NamedTuple):
    """A calendar month; `str(Month(2026, 10))` is "2026-10"."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read "2026-10"; raises ValueError with a sentence for people."""
        match = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
        if match is None or not 1 <= int(match[2]) <= 12 or not 1900 <= int(match[1]) <= 9998:
            raise ValueError(f"{text!r} is no month; write it as 2026-10")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def in_words(self) -> str:
        """Say "October 2026"."""
        return f"{_MONTHS[self.month - 1]} {self.year}"

    @classmethod
    def of(cls, day: date) -> Month:
        """Return the month in which a day lies."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        return calendar.monthrange(self.year, self.month)[1]

    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> Month:
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def plus(self, months: int) -> Month:
        """Return the month so many later, or earlier where `months` is below zero."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    def until(self, last: Month) -> Iterator[Month]:
        """Walk from this month to the last, both included."""
        month = self
        while month <= last:
            yield month
            month = month.next()

    def bounds(self, zone: ZoneInfo) -> tuple[Instant, Instant]:
        """First instant of the month and of the next one, half open (T6)."""
        return start_of_day(self.first_day, zone), start_of_day(self.last_day + timedelta(days=1), zone)


def months_in_words(first: Month, last: Month) -> str:
    """Say "October 2026", or from which month to which, with an en dash."""
    if first == last:
        return first.in_words()
    begin = first.in_words() if first.year != last.year else _MONTHS[first.month - 1]
    return f"{begin} \u2013 {last.in_words()}"
