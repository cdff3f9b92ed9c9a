"""Which days are public holidays for a price list, and what kind of day a date is (T4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version

HOLIDAY = 7
"""Day kind of a public holiday; 0 to 6 are Monday to Sunday that are none."""

DAY_KINDS = range(8)

_LANGUAGE = "en_US"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The public holidays of a country with the days that a price list adds or removes, by date."""

    country: str
    added: tuple[tuple[date, str], ...] = ()
    removed: tuple[date, ...] = ()

    def holiday_name(self, day: date) -> str | None:
        """Name of the public holiday on `day`, or None; a day that the list adds counts, one it removes does not."""
        return _holidays(self, day.year).get(day)

    def day_kind(self, day: date) -> int:
        """HOLIDAY, which outranks the weekend, else the weekday (T4)."""
        return HOLIDAY if self.holiday_name(day) is not None else day.weekday()


@cache
def _holidays(calendar: Calendar, year: int) -> Mapping[date, str]:
    from holidays import country_holidays  # noqa: PLC0415 - heavy, and not needed to show help

    # English where there are English names; without a language the machine's own would decide.
    any_year = country_holidays(calendar.country)
    language = _LANGUAGE if _LANGUAGE in any_year.supported_languages else any_year.default_language
    known = country_holidays(calendar.country, years=year, language=language)
    days = {day: known[day] for day in known if day not in calendar.removed}
    return days | dict(calendar.added)


@cache
def known_countries() -> frozenset[str]:
    """ISO 3166 codes of the countries whose public holidays are known."""
    from holidays import list_supported_countries  # noqa: PLC0415 - heavy, and not needed to show help

    return frozenset(code for code in list_supported_countries() if len(code) == 2)


@cache
def holiday_source() -> str:
    """Name and version of the holiday data; an invoice records it, because a new version may know other days."""
    return f"holidays {version('holidays')}"
