"""What the blanks of a sentence may hold: how it stands in English, and how each language writes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from babel import Locale
from babel.dates import format_interval
from babel.numbers import format_decimal, format_percent

from billing_engine.documents import formats
from billing_engine.documents.formats import NO_BREAK_SPACE, TO
from billing_engine.model.period import Month

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SHORT_MONTHS = tuple(month[:3] for month in _MONTHS)
_CLOCK = r"[0-2]\d:[0-5]\d"


class Speaker(Protocol):
    """One language: what it says for English messages, and how it writes numbers and dates."""

    @property
    def language(self) -> str:
        """BCP 47."""

    @property
    def locale(self) -> Locale:
        """Whose numbers and dates go with the language."""

    def say(self, message: str, /, **values: str) -> str:
        """Translate a message and fill it in."""

    def count(self, singular: str, plural: str, number: int, /, **values: str) -> str:
        """Translate a message about a number and fill it in."""

    def name(self, name: str, /) -> str:
        """Translate what our price lists call something; other names stay."""


class Blank(Protocol):
    """A place in a sentence."""

    @property
    def pattern(self) -> str:
        """The English that may stand there, as a regular expression without groups that count."""

    def write(self, text: str, words: Speaker) -> str:
        """Say it in another language; raises ValueError for what only looks like it, such as 31 Feb."""


@dataclass(frozen=True, slots=True)
class Value:
    """A figure or a name."""

    pattern: str
    writer: Callable[[str, Locale], str]

    def write(self, text: str, words: Speaker) -> str:
        return self.writer(text, words.locale)


@dataclass(frozen=True, slots=True)
class ListedName:
    """What a price list calls something, or several of them, or with a remark behind it in brackets."""

    pattern: str

    def write(self, text: str, words: Speaker) -> str:
        return ", ".join(self._said(part, words) for part in text.split(", "))

    def _said(self, text: str, words: Speaker) -> str:
        name, bracket, remark = text.partition(" (")
        return f"{words.name(name)}{bracket}{remark}"


def _as_it_is(text: str, locale: Locale) -> str:
    del locale
    return text


@lru_cache(maxsize=4096)
def _day(text: str, locale: Locale) -> str:
    return formats.day_text(_read_day(text), locale)


def _read_day(text: str) -> date:
    day, month, year = text.split(" ")
    return date(int(year), _SHORT_MONTHS.index(month) + 1, int(day))


@lru_cache(maxsize=4096)
def _months(text: str, locale: Locale) -> str:
    """Write "October 2026", "October - December 2026" or "October 2026 - January 2027", all with an en dash."""
    first, _, last = text.partition(f" {TO} ")
    end = _read_month(last or first)
    if not last:
        return formats.month_text(Month.of(end), locale)
    start = _read_month(first if " " in first else f"{first} {end.year}")
    return format_interval(start, end, "yMMMM", locale=locale)


def _read_month(text: str) -> datetime:
    name, year = text.split(" ")
    return datetime(int(year), _MONTHS.index(name) + 1, 1)  # noqa: DTZ001 - no time in it


def _spans(text: str, locale: Locale) -> str:
    """Write "Fri 2 Oct 22:00-22:20, 23:00-23:30, Sat 3 Oct 00:10-00:20"."""
    return ", ".join(_span(part, locale) for part in text.split(", "))


def _span(text: str, locale: Locale) -> str:
    day = re.match(_WEEKDAY_AND_DAY, text, re.ASCII)
    clocks = text[day.end() :] if day else text
    # Offsets have hyphens of their own, and then the one between has spaces around it.
    first, last = clocks.split(" - ") if " - " in clocks else clocks.split("-")
    span = f"{first} {TO} {last}" if " - " in clocks else f"{first}{TO}{last}"
    return f"{_weekday_and_day(day[0].rstrip(), locale)} {span}" if day else span


@lru_cache(maxsize=4096)
def _weekday_and_day(text: str, locale: Locale) -> str:
    weekday, day, month = text.split(" ")
    wanted = _WEEKDAYS.index(weekday)
    for year in range(2000, 2028):  # the weekdays come around in 28 years
        try:
            found = datetime(year, _SHORT_MONTHS.index(month) + 1, int(day))  # noqa: DTZ001 - no time in it
        except ValueError:
            continue
        if found.weekday() == wanted:
            return formats.weekday_text(found, locale)
    raise ValueError(f"there is no {text}")


def _weekday(text: str, locale: Locale) -> str:
    return str(locale.days["stand-alone"]["wide"][_WEEKDAYS.index(text)])


def _hours_of_day(text: str, locale: Locale) -> str:
    """Write "07-22" or "08:30-17"."""
    del locale
    return TO.join(clock if ":" in clock else f"{clock}:00" for clock in text.split("-"))


@lru_cache(maxsize=4096)
def _number(text: str, locale: Locale) -> str:
    return formats.count_text(int(text.replace(",", "")), locale)


@lru_cache(maxsize=4096)
def _money(text: str, locale: Locale) -> str:
    """Write "1,100.00 EUR" with the decimals that it has."""
    figure, currency = text.split(" ")
    _, _, decimals = figure.partition(".")
    pattern = "#,##0." + "0" * len(decimals) if decimals else "#,##0"
    number = format_decimal(Decimal(figure.replace(",", "")), format=pattern, locale=locale)
    code_first = locale.currency_formats["standard"].pattern.startswith("¤")
    return NO_BREAK_SPACE.join((currency, number) if code_first else (number, currency))


@lru_cache(maxsize=4096)
def _percent(text: str, locale: Locale) -> str:
    """Write "99.50 %" or "10%" with the decimals that it has."""
    figure = text.rstrip(" %")
    _, _, decimals = figure.partition(".")
    zeros = "##0." + "0" * len(decimals) if decimals else "##0"
    pattern = locale.percent_formats[None].pattern.replace("##0", zeros)
    return format_percent(Decimal(figure) / 100, format=pattern, locale=locale, decimal_quantization=False)


_DAY = rf"[1-3]?\d (?:{'|'.join(_SHORT_MONTHS)}) [12]\d{{3}}"
_MONTH = rf"(?:{'|'.join(_MONTHS)}) [12]\d{{3}}"
_WEEKDAY_AND_DAY = rf"(?:{'|'.join(_WEEKDAYS)}) [1-3]?\d (?:{'|'.join(_SHORT_MONTHS)}) "
_OFFSET_CLOCK = rf"{_CLOCK}(?:[+-]{_CLOCK}|Z)"
_SPAN = rf"(?:{_WEEKDAY_AND_DAY})?(?:{_CLOCK}-{_CLOCK}|{_OFFSET_CLOCK} - {_OFFSET_CLOCK})"
_DIGITS = r"\d{1,15}"

NAME = Value(r"[^\n]{1,200}?", _as_it_is)
"""What somebody called something: it stays as it is. Longer than any real name is no name that a form is tried with."""
LISTED_NAME = ListedName(NAME.pattern)
"""Of packages and tariffs."""
DAY = Value(_DAY, _day)
MONTHS = Value(rf"(?:(?:{'|'.join(_MONTHS)})(?: [12]\d{{3}})? {TO} )?{_MONTH}", _months)
SPANS = Value(rf"{_SPAN}(?:, {_SPAN})*+", _spans)
WEEKDAY = Value(f"(?:{'|'.join(_WEEKDAYS)})", _weekday)
HOURS_OF_DAY = Value(r"[0-2]\d(?::[0-5]\d)?-[0-2]\d(?::[0-5]\d)?", _hours_of_day)
CLOCK = Value(_CLOCK, _as_it_is)
HOURS = Value(rf"-?{_DIGITS}:[0-5]\d(?::[0-5]\d)?", _as_it_is)
NUMBER = Value(r"(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})", _number)
MONEY = Value(r"-?(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,18})(?:\.\d{1,12})? [A-Z]{3}", _money)
PERCENT = Value(rf"{_DIGITS}(?:\.\d{{1,12}})? ?%", _percent)
