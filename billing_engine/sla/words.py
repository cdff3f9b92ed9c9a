"""Figures as they are said to a customer."""

from __future__ import annotations

from decimal import Decimal

from billing_engine.model.instant import Instant, local_datetime
from billing_engine.model.money import minor_digits
from billing_engine.model.period import day_in_words
from billing_engine.model.price_list import PriceList


def money(amount: Decimal, currency: str) -> str:
    """Say "1,100.00 EUR"; yen have no decimals."""
    return f"{amount:,.{minor_digits(currency)}f} {currency}"


def percent(value: Decimal) -> str:
    """Say "99.5 %"."""
    return f"{value.normalize():f} %"


def minutes(count: int) -> str:
    """Say "1 minute", "1,104 minutes"."""
    return f"{count:,} minute{'' if count == 1 else 's'}"


def moment(instant: Instant, price_list: PriceList) -> str:
    """Say "5 Oct 2026 at 17:00" on the price list's clock."""
    local = local_datetime(instant, price_list.zone)
    return f"{day_in_words(local.date())} at {local:%H:%M}"


def tickets(count: int) -> str:
    """Say "1 ticket", "6 tickets"."""
    return f"{count} ticket{'' if count == 1 else 's'}"
