"""Stripe's own units of money: amounts go there as whole numbers of them, and its table is not ISO 4217."""

from __future__ import annotations

from decimal import Decimal

from billing_engine.errors import StripeRefusedError
from billing_engine.model.money import plain

_WITHOUT = frozenset(
    {
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    }
)
_THREE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_WHOLE = frozenset({"ISK", "UGX"})
"""Have no cents, and are sent with two decimals that are 00."""

_SMALLEST = {
    "USD": 50,
    "AED": 200,
    "AUD": 50,
    "BGN": 100,
    "BRL": 50,
    "CAD": 50,
    "CHF": 50,
    "CZK": 1500,
    "DKK": 250,
    "EUR": 50,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "INR": 50,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "NZD": 50,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "SGD": 50,
    "THB": 1000,
}
"""What Stripe charges at least, in its units; other currencies are held to the account's own."""


def digits(currency: str) -> int:
    """Tell how many decimals of an amount Stripe counts: 2 for EUR and ISK, 0 for JPY, 3 for KWD."""
    if currency.upper() in _WITHOUT:
        return 0
    return 3 if currency.upper() in _THREE else 2


def to_stripe(amount: Decimal, currency: str) -> int:
    """Count an amount in Stripe's units; raises StripeRefusedError where it has a part that Stripe does not take."""
    code = currency.upper()
    exact = amount.scaleb(digits(code))
    step = 10 if code in _THREE else 100 if code in _WHOLE else 1
    if exact != exact.to_integral_value() or int(exact) % step:
        allowed = {10: "two decimals", 100: "whole amounts"}.get(step) or (
            "two decimals" if digits(code) else "whole amounts"
        )
        raise StripeRefusedError(f"{plain(amount)} {code} can not be billed at Stripe, which takes {code} in {allowed}")
    return int(exact)


def from_stripe(units: int, currency: str) -> Decimal:
    """Turn Stripe's units of the currency that Stripe names into an amount."""
    return Decimal(units).scaleb(-digits(currency))


def smallest(currency: str) -> int:
    """Tell what Stripe charges at least, in its units; 0 where that is not known."""
    return _SMALLEST.get(currency.upper(), 0)
