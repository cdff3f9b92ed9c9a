"""VAT by category as JSON: amounts in minor units, rates as text, so that both are exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from billing_engine.model.money import from_minor, to_minor
from billing_engine.model.tax import HomeTax, TaxCategory, TaxSubtotal


def tax_rows(taxes: Iterable[TaxSubtotal], currency: str) -> list[dict[str, Any]]:
    """Write subtotals as JSON."""
    return [
        {
            "category": str(one.category),
            "percent": format(one.percent, "f"),
            "net_minor": to_minor(one.net, currency),
            "tax_minor": to_minor(one.tax, currency),
            "note": one.note,
            "code": one.code,
        }
        for one in taxes
    ]


def read_taxes(stored: Iterable[Mapping[str, Any]], currency: str) -> tuple[TaxSubtotal, ...]:
    """Read subtotals back as they were written; raises what comes of others."""
    return tuple(
        TaxSubtotal(
            category=TaxCategory(one["category"]),
            percent=_percent(one["percent"]),
            net=from_minor(one["net_minor"], currency),
            tax=from_minor(one["tax_minor"], currency),
            note=one["note"],
            code=one["code"],
        )
        for one in stored
    )


class CategorySum(NamedTuple):
    """What a document says of one category, in minor units."""

    percent: Decimal
    net: int
    tax: int


def read_categories(
    stored: Iterable[Mapping[str, Any]], net: int, tax: int, percent: Decimal
) -> dict[tuple[str, Decimal], CategorySum]:
    """Read the sums by category and rate as they stand; a document of before there were several has one.

    Raises ValueError where they are none.
    """
    try:
        found = {
            (str(one["category"]), _percent(one["percent"])): CategorySum(
                _percent(one["percent"]), int(one["net_minor"]), int(one["tax_minor"])
            )
            for one in stored
        }
    except (TypeError, KeyError, ValueError, ArithmeticError) as error:
        raise ValueError("its sums by category of VAT can not be read") from error
    return found or {("", percent): CategorySum(percent, net, tax)}


def _percent(written: str) -> Decimal:
    percent = Decimal(written)
    if not percent.is_finite():
        raise ValueError(f"{written!r} is no percent")
    return percent


def home_tax_row(tax: HomeTax | None) -> dict[str, Any] | None:
    """Write the VAT at home as JSON."""
    if tax is None:
        return None
    return {
        "currency": tax.currency,
        "rate": format(tax.rate, "f"),
        "rate_on": tax.rate_on.isoformat(),
        "tax_minor": to_minor(tax.tax, tax.currency),
    }


def read_home_tax(stored: Mapping[str, Any] | None) -> HomeTax | None:
    """Read the VAT at home back as it was written."""
    if stored is None:
        return None
    currency = stored["currency"]
    amount = from_minor(stored["tax_minor"], currency)
    return HomeTax(currency, Decimal(stored["rate"]), date.fromisoformat(stored["rate_on"]), amount)
