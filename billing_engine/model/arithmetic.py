"""The arithmetic of an invoice in whole minor units, from what its rows say, so that stored figures can be proved."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from billing_engine.model.invoice import SECONDS_PER_UNIT
from billing_engine.model.money import SECONDS_PER_HOUR, from_minor, to_minor


def line_minor(quantity: Decimal, unit: str, unit_price: Decimal, currency: str) -> int:
    """Price a line: quantity x unit price, time by the hour, rounded once (R12)."""
    exact = Fraction(quantity) * Fraction(unit_price)
    if unit in SECONDS_PER_UNIT:
        exact = exact * SECONDS_PER_UNIT[unit] / SECONDS_PER_HOUR
    return to_minor(exact, currency)


def tax_minor(net: int, percent: Decimal | None, currency: str) -> int:
    """Tax a net amount; without a percent there is none."""
    return to_minor(Fraction(from_minor(net, currency)) * Fraction(percent or 0) / 100, currency)
