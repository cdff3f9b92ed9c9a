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


def digits(currency: str) -> int:
    """Tell how many decimals of an amount Stripe counts: 2 for EUR and ISK, 0 for JPY, 3 for KWD."""
    if currency.upper() in _WITHOUT:
        return 0
    return 3 if currency.upper() in _THREE else 2


def coin(currency: str) -> int:
    """Tell what every amount is a multiple of, in Stripe's units."""
    return 10 if currency.upper() in _THREE else 100 if currency.upper() in _WHOLE else 1


def to_stripe(amount: Decimal, currency: str) -> int:
    """Count an amount in Stripe's units; raises StripeRefusedError where it has a part that Stripe does not take."""
    code, step = currency.upper(), coin(currency)
    exact = amount.scaleb(digits(code))
    if exact != exact.to_integral_value() or int(exact) % step:
        allowed = "whole amounts" if code in _WITHOUT | _WHOLE else "two decimals"
        raise StripeRefusedError(f"{plain(amount)} {code} can not be billed at Stripe, which takes {code} in {allowed}")
    return int(exact)


def from_stripe(units: int, currency: str) -> Decimal:
    """Turn Stripe's units of the currency that Stripe names into an amount."""
    return Decimal(units).scaleb(-digits(currency))
