"""Adds an e-invoice up again in exact figures: lines, whose prices EN 16931 does not test, VAT and totals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext

from billing_engine.einvoice.categories import rule_of
from billing_engine.einvoice.figures import Finding, FoundDocument, FoundLine
from billing_engine.errors import UnknownCurrencyError
from billing_engine.model.money import ZERO, minor_digits

_LINE_SLACK = Decimal("0.02")
"""As Peppol has it (PEPPOL-EN16931-R120)."""
_VAT_SLACK = Decimal("0.05")
"""The last of several credit notes takes what rounding left of the VAT; a wrong rate is off by more."""

_ALWAYS_SAID = frozenset({"BT-106", "BT-109", "BT-112", "BT-115"})

_EXACT = 100
"""Digits that sums are kept to: more than figures can be read with."""


def check_arithmetic(found: FoundDocument) -> list[Finding]:
    """Find every figure that does not follow from those that it is made of."""
    with localcontext(prec=_EXACT):
        findings = [finding for line in found.lines for finding in _check_line(line)]
        return [*findings, *_check_totals(found), *_check_vat(found)]


def _check_line(line: FoundLine) -> Iterator[Finding]:
    if line.quantity is None or line.price is None or line.net is None:
        return
    where = f"line {line.number}"
    if line.base is not None and line.base <= 0:
        yield Finding("PEPPOL-EN16931-R121", f"the price is for {line.base} units, which must be above 0", where)
        return
    amount = line.quantity * line.price / (line.base or 1) + line.adjustment
    if abs(amount - line.net) > _LINE_SLACK:
        price = f"{line.quantity} x {line.price}" + (f" / {line.base}" if line.base else "")
        said = f"its net amount BT-131 is {line.net}, and {price} with its allowances and charges is {_short(amount)}"
        yield Finding("PEPPOL-EN16931-R120", said, where)


def _check_totals(found: FoundDocument) -> Iterator[Finding]:
    lines = sum((line.net or ZERO for line in found.lines), ZERO)
    allowances = sum((-one.signed for one in found.adjustments if not one.is_charge), ZERO)
    charges = sum((one.signed for one in found.adjustments if one.is_charge), ZERO)
    vat = sum((one.tax or ZERO for one in found.vat), ZERO)
    total = found.total
    expected = [
        ("BR-CO-10", "BT-106", "the sum of the lines", lines),
        ("BR-CO-11", "BT-107", "the sum of the allowances", allowances),
        ("BR-CO-12", "BT-108", "the sum of the charges", charges),
        (
            "BR-CO-13",
            "BT-109",
            "lines less allowances plus charges",
            total("BT-106") - total("BT-107") + total("BT-108"),
        ),
        ("BR-CO-14", "BT-110", "the sum of the VAT by category", vat),
        ("BR-CO-15", "BT-112", "net amount plus VAT", total("BT-109") + total("BT-110")),
        (
            "BR-CO-16",
            "BT-115",
            "gross amount less what is paid plus rounding",
            total("BT-112") - total("BT-113") + total("BT-114"),
        ),
    ]
    for rule, term, what, amount in expected:
        if total(term) != amount and not (term in _ALWAYS_SAID and found.totals.get(term) is None):
            yield Finding(rule, f"{term} is {total(term)}, and {what} is {_short(amount)}", term)


def _check_vat(found: FoundDocument) -> Iterator[Finding]:
    sums: dict[tuple[str, Decimal], Decimal] = {}
    for key, amount in (
        *((line.vat.key, line.net or ZERO) for line in found.lines),
        *((one.vat.key, one.signed) for one in found.adjustments),
    ):
        sums[key] = sums.get(key, ZERO) + amount
    for one in found.vat:
        category, percent = one.vat.key
        where = f"VAT category {category} {percent.normalize():f} %"
        expected = sums.pop(one.vat.key, ZERO)
        if one.net is not None and one.net != expected:
            said = f"the taxable amount BT-116 is {one.net}, and what has that category comes to {_short(expected)}"
            yield Finding(rule_of(category, "08"), said, where)
        tax = _rounded((one.net or ZERO) * percent / 100, found.currency)
        if one.tax is not None and abs(one.tax - tax) > _VAT_SLACK:
            yield Finding("BR-CO-17", f"the VAT BT-117 is {one.tax}, and the rate makes it {tax}", where)
    for category, percent in sums:
        said = f"lines or allowances have it, and no VAT breakdown BG-23 says {percent.normalize():f} %"
        yield Finding(rule_of(category, "01"), said, f"VAT category {category}")


def _rounded(amount: Decimal, currency: str) -> Decimal:
    try:
        digits = minor_digits(currency)
    except UnknownCurrencyError:
        digits = 2
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _short(amount: Decimal) -> Decimal:
    """Leave out decimals that nobody reads."""
    return round(amount, 4) if amount != round(amount, 4) else amount
