"""The table of the settings that decides how each line is taxed, and the rates of exchange for VAT at home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from billing_engine.model.tax import TaxCategory

TAX_CHOICES = MappingProxyType(
    {
        "standard": TaxCategory.STANDARD,
        "reduced": TaxCategory.STANDARD,
        "zero": TaxCategory.ZERO,
        "exempt": TaxCategory.EXEMPT,
        "reverse_charge": TaxCategory.REVERSE_CHARGE,
        "out_of_scope": TaxCategory.OUT_OF_SCOPE,
    }
)
"""How something may be taxed, in the words of settings and customers.csv, and the category of each."""

_CODES = {"s": "standard", "z": "zero", "e": "exempt", "ae": "reverse_charge", "o": "out_of_scope"}


def read_tax_choice(text: str) -> str:
    """Read "reverse charge", "Reverse_Charge" or the code "AE" as "reverse_charge"; raises ValueError."""
    plain = "_".join(text.strip().lower().replace("-", " ").replace("_", " ").split())
    choice = _CODES.get(plain, plain)
    if choice not in TAX_CHOICES:
        raise ValueError(text)
    return choice


EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
"""ISO 3166 codes of the member states."""


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate of VAT while it is in force."""

    name: str
    """"standard" or "reduced", or another one that rules name."""
    percent: Decimal
    valid_from: date | None = None
    valid_to: date | None = None
    """Last day, included."""

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """One row of the table: whom and what it is for, and how that is taxed. The first row that fits decides."""

    tax: str
    """One of TAX_CHOICES."""
    customers: tuple[str, ...] = ()
    """"domestic", "eu" (other member states), "abroad", or country codes; empty is everywhere."""
    vat_id: bool | None = None
    """Whether the customer has a VAT id; None does not ask."""
    services: tuple[str, ...] = ()
    """Kinds of lines, such as "fee" or "expense"; empty is all."""
    rate: str = ""
    """Name of the rate; empty takes the one named like `tax`."""
    note: str = ""
    """Legal text; empty takes the documents' own words."""
    code: str = ""
    """VATEX code of the reason; empty takes the one that the category has."""


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of a currency is worth at home on a day."""

    currency: str
    day: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class TaxTable:
    """How lines are taxed."""

    rates: tuple[TaxRate, ...] = ()
    rules: tuple[TaxRule, ...] = ()
    home_currency: str = ""
    """In which VAT is told once more on invoices in another one; empty where the law does not want that."""
    exchange_rates: tuple[ExchangeRate, ...] = ()


NO_TAX_TABLE = TaxTable()
"""Leaves all to the settings' one rate."""
