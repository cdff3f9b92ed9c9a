"""How the settings say what is taxed how: rates, the table of rules, and rates of exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from billing_engine.intake.fields import Currency
from billing_engine.intake.toml_file import Amount, Table
from billing_engine.model.calendar import known_countries
from billing_engine.model.charge import ChargeKind
from billing_engine.model.tax import TaxCategory
from billing_engine.model.tax_table import TAX_CHOICES, ExchangeRate, TaxRate, TaxRule, TaxTable, read_tax_choice

_REGIONS = ("domestic", "eu", "abroad")
_SERVICES = tuple(str(kind) for kind in ChargeKind if kind is not ChargeKind.ALLOWANCE)

Text = Annotated[str, Field(max_length=300)]
Percent = Annotated[Amount, Field(le=100)]
RateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]


def _tax(value: object) -> object:
    try:
        return read_tax_choice(str(value))
    except ValueError:
        raise ValueError(f"unknown choice; allowed: {', '.join(TAX_CHOICES)}") from None


def _where(names: list[str]) -> list[str]:
    for name in names:
        if name not in _REGIONS and name not in known_countries():
            raise ValueError(f"unknown country {name!r}; allowed: {', '.join(_REGIONS)}, or ISO 3166 codes such as DE")
    return names


def _services(names: list[str]) -> list[str]:
    for name in names:
        if name not in _SERVICES:
            raise ValueError(f"unknown service {name!r}; allowed: {', '.join(_SERVICES)}")
    return names


def _code(text: str) -> str:
    if re.fullmatch(r"(VATEX-[A-Z]{2}-[A-Z0-9-]{1,20})?", text, re.ASCII) is None:
        raise ValueError("allowed is a VATEX code such as VATEX-EU-AE")
    return text


class RateTable(Table):
    name: RateName
    percent: Percent
    valid_from: date | None = None
    valid_to: date | None = None


class RuleTable(Table):
    tax: Annotated[str, BeforeValidator(_tax)]
    customers: Annotated[list[str], AfterValidator(_where)] = []
    vat_id: bool | None = None
    services: Annotated[list[str], AfterValidator(_services)] = []
    rate: RateName | None = None
    note: Text = ""
    code: Annotated[str, AfterValidator(_code)] = ""


class ExchangeRateTable(Table):
    currency: Currency
    day: date
    rate: Annotated[Amount, Field(gt=0)]


def _first(rate: RateTable) -> date:
    return rate.valid_from or date.min


def _last(rate: RateTable) -> date:
    return rate.valid_to or date.max


class TaxSettings(Table):
    """The settings' [tax]."""

    vat_percent: Percent | None = None
    vat_note: Text = ""
    home_currency: Currency | None = None
    rates: list[RateTable] = []
    rules: list[RuleTable] = []
    exchange_rates: list[ExchangeRateTable] = []

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        problems = [
            *self._clashing_rates(),
            *self._rules_without_rate(),
            *self._rate_without_rule(),
            *self._days_twice(),
        ]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _clashing_rates(self) -> Iterator[str]:
        """Find rates that no day has, and days that have two of one name."""
        for place, one in enumerate(self.rates, 1):
            if _last(one) < _first(one):
                yield f"rate {one.name!r} ends on {one.valid_to}, before it begins on {one.valid_from}"
            for other in self.rates[place:]:
                if one.name == other.name and _first(one) <= _last(other) and _first(other) <= _last(one):
                    yield f"two rates {one.name!r} are in force at once; give them valid_from and valid_to"

    def _rules_without_rate(self) -> Iterator[str]:
        named = {rate.name for rate in self.rates} | ({"standard"} if self.vat_percent is not None else set())
        for place, rule in enumerate(self.rules, 1):
            at_rate = TAX_CHOICES[rule.tax] is TaxCategory.STANDARD
            if rule.rate is not None and not at_rate:
                yield f"rules[{place}].rate: only for standard and reduced; found tax {rule.tax!r}"
            elif at_rate and (rule.rate or rule.tax) not in named:
                yield f"rules[{place}]: no rate {rule.rate or rule.tax!r}; known: {', '.join(sorted(named)) or 'none'}"

    def _rate_without_rule(self) -> Iterator[str]:
        """Find a standard rate that nothing is taxed at: all would be issued without VAT."""
        if self.vat_percent is None and not self.rules and any(rate.name == "standard" for rate in self.rates):
            yield "nothing is taxed at the rate 'standard'; add [[tax.rules]] with tax = \"standard\""

    def _days_twice(self) -> Iterator[str]:
        days = [(one.currency, one.day) for one in self.exchange_rates]
        for currency, day in sorted({one for one in days if days.count(one) > 1}):
            yield f"exchange_rates: two of {currency} on {day}"

    def table(self) -> TaxTable:
        """Return the table that decides how lines are taxed."""
        return TaxTable(
            rates=tuple(TaxRate(one.name, one.percent, one.valid_from, one.valid_to) for one in self.rates),
            rules=tuple(
                TaxRule(
                    one.tax,
                    tuple(one.customers),
                    one.vat_id,
                    tuple(one.services),
                    one.rate or "",
                    one.note,
                    one.code,
                )
                for one in self.rules
            ),
            home_currency=self.home_currency or "",
            exchange_rates=tuple(ExchangeRate(one.currency, one.day, one.rate) for one in self.exchange_rates),
        )
