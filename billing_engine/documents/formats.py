"""Numbers, dates and lengths of time as a reader of one language expects them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.numbers import format_decimal, format_percent

from billing_engine.model.money import minor_digits, round_money
from billing_engine.model.period import Month

NO_BREAK_SPACE = "\u00a0"
TO = "\u2013"
"""Between the ends of a span of time: an en dash."""

_LONGEST_RATE_DECIMALS = 6


def amount_text(amount: Decimal, currency: str, locale: Locale) -> str:
    """Write an amount with all decimals of its currency: 1234.5 EUR -> 1,234.50."""
    return _fixed(round_money(amount, currency), minor_digits(currency), locale)


def money_text(amount: Decimal, currency: str, locale: Locale) -> str:
    """Write an amount with its currency's code on the side where the locale puts a symbol: EUR 1,234.50."""
    number = amount_text(amount, currency, locale)
    code_first = locale.currency_formats["standard"].pattern.startswith("¤")
    return NO_BREAK_SPACE.join((currency, number) if code_first else (number, currency))


def rate_text(rate: Decimal, currency: str, locale: Locale) -> str:
    """Write a price per unit, which may be finer than the currency: 0.125 EUR stays 0.125."""
    exponent = rate.normalize().as_tuple().exponent
    finer = -exponent if isinstance(exponent, int) else 0
    return _fixed(rate, max(minor_digits(currency), min(finer, _LONGEST_RATE_DECIMALS)), locale)


def _fixed(number: Decimal, decimals: int, locale: Locale) -> str:
    # CLDR knows other decimals for some currencies (none for RSD), so the pattern says them.
    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    return format_decimal(number, format=pattern, locale=locale)


def quantity_text(quantity: Decimal, locale: Locale) -> str:
    """Write a count with the decimals it has: 1.50 -> 1.5."""
    return format_decimal(quantity.normalize(), locale=locale, decimal_quantization=False)


def percent_text(percent: Decimal, locale: Locale) -> str:
    """Write a tax rate: 20 -> 20%, 5.5 -> 5.5%."""
    return format_percent(percent.normalize() / 100, locale=locale, decimal_quantization=False)


def uptime_text(percent: Decimal, locale: Locale) -> str:
    """Write a percentage that was cut to two decimals, with both of them: 99.9 -> 99.90%."""
    pattern = locale.percent_formats[None].pattern.replace("##0", "##0.00")
    return format_percent(percent / 100, format=pattern, locale=locale)


def count_text(count: int, locale: Locale) -> str:
    """Write a whole number: 44700 -> 44,700."""
    return format_decimal(count, locale=locale)


def day_text(day: date, locale: Locale) -> str:
    return format_date(day, "medium", locale=locale)


def month_span_text(month: Month, locale: Locale) -> str:
    """Write a month as its days: 1-31 Oct 2026."""
    return day_span_text(month.first_day, month.last_day, locale)


def day_span_text(first: date, last: date, locale: Locale) -> str:
    """Write the days from first to last; one day by itself."""
    return format_interval(first, last, "yMMMd", locale=locale)


def short_day_span_text(first: date, last: date, locale: Locale) -> str:
    """Write the days from first to last of a year that is known: 5-11 Oct."""
    return format_interval(first, last, "MMMd", locale=locale)


def month_text(month: Month, locale: Locale) -> str:
    """Write a month by its name: October 2026."""
    return format_skeleton("yMMMM", datetime(month.year, month.month, 1), locale=locale)  # noqa: DTZ001 - no time in it


def weekday_text(moment: datetime, locale: Locale) -> str:
    # Without the comma that some languages put after the day of the week: it stands in columns.
    return format_skeleton("MMMEd", moment, locale=locale).replace(",", "")


def clock_span_text(start: datetime, end: datetime, locale: Locale) -> str:
    """Write from when to when on the wall clock, with the later day if it is another one.

    Where the clock was changed in between, offsets are shown, or the times would not agree with the duration.
    """
    changed = start.utcoffset() != end.utcoffset()
    first, last = (_clock(moment, locale, with_offset=changed) for moment in (start, end))
    if start.date() == end.date():
        return f"{first}{TO}{last}"
    return f"{first} {TO} {format_skeleton('MMMd', end, locale=locale)} {last}"


def moment_text(moment: datetime, locale: Locale, *, with_offset: bool = False) -> str:
    """Write a day and what the clock on the wall showed: Thu 1 Oct 16:40."""
    return f"{weekday_text(moment, locale)} {_clock(moment, locale, with_offset=with_offset)}"


def dated_moment_text(moment: datetime, locale: Locale) -> str:
    """Write a moment that may be of any year, with its zone: 1 Oct 2026 16:40 UTC+02:00."""
    zone = moment.tzname() or ""
    return f"{day_text(moment.date(), locale)} {_clock(moment, locale, with_offset=False)} {zone}".rstrip()


def _clock(moment: datetime, locale: Locale, *, with_offset: bool) -> str:
    pattern = "HH:mm:ss" if moment.second else "HH:mm"
    return format_time(moment.timetz(), pattern, locale=locale) + (f"{moment:%z}" if with_offset else "")
