"""Money: Decimal amounts, rounded half up to the currency's minor unit, once per line (R12)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from billing_engine.errors import UnknownCurrencyError

SECONDS_PER_HOUR = 3600
ZERO = Decimal(0)

# ISO 4217, where a minor unit is not a hundredth. CLDR's table (Babel) is about display and differs: it gives RSD none.
_MINOR_DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def minor_digits(currency: str) -> int:
    """Decimals of the currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises UnknownCurrencyError when `currency` is not three capital letters.
    """
    if not (len(currency) == 3 and currency.isascii() and currency.isupper() and currency.isalpha()):
        raise UnknownCurrencyError(f"{currency!r} is no ISO 4217 currency code such as EUR")
    return _MINOR_DIGITS.get(currency, 2)


def round_money(amount: Decimal | Fraction, currency: str) -> Decimal:
    """Round an exact amount half up (away from zero) to the minor unit (R12)."""
    return from_minor(to_minor(amount, currency), currency)


LARGEST = Decimal(10**9)
"""The most that somebody may enter as one amount; more is a slip."""


def is_whole_amount(amount: Decimal, currency: str) -> bool:
    """Tell whether an entered amount is from 0 up to LARGEST and in whole minor units."""
    return amount.is_finite() and 0 <= amount <= LARGEST and round_money(amount, currency) == amount


@lru_cache(maxsize=65_536)
def to_minor(amount: Decimal | Fraction, currency: str) -> int:
    """Count an amount in minor units, rounded half up: 12.345 EUR -> 1235."""
    exact = abs(Fraction(amount)) * Fraction(10) ** minor_digits(currency)
    whole = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return whole if amount >= 0 else -whole


def from_minor(minor: int, currency: str) -> Decimal:
    """Turn minor units back into an amount with all its decimals: 1235 EUR -> 12.35."""
    return Decimal(minor).scaleb(-minor_digits(currency))


@lru_cache(maxsize=65_536)
def price_of_time(seconds: int, rate_per_hour: Decimal, currency: str) -> Decimal:
    """Price `seconds` at an hourly rate; exact until the one rounding (R12)."""
    return round_money(Fraction(rate_per_hour) * seconds / SECONDS_PER_HOUR, currency)


def plain(amount: Decimal) -> str:
    """Write money for programs: at least two decimals, more only where there are more, no exponent."""
    exponent = amount.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{amount:.{decimals}f}"
