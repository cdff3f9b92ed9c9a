"""How VAT categories, rates, reasons and numbers of the parties fit together by EN 16931."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from billing_engine.einvoice.figures import Finding, FoundDocument, FoundSubtotal, FoundVat


@dataclass(frozen=True, slots=True)
class _Category:
    """What is particular about a category."""

    rule: str
    """How its rules are named."""
    has_rate: bool
    """Whether its rate is above zero."""
    needs_reason: bool
    """Whether it must say why there is no VAT; the others may not."""
    code: str = ""
    """The reason that is its alone."""


_CATEGORIES = MappingProxyType(
    {
        "S": _Category("S", has_rate=True, needs_reason=False),
        "Z": _Category("Z", has_rate=False, needs_reason=False),
        "E": _Category("E", has_rate=False, needs_reason=True),
        "AE": _Category("AE", has_rate=False, needs_reason=True, code="VATEX-EU-AE"),
        "K": _Category("IC", has_rate=False, needs_reason=True, code="VATEX-EU-IC"),
        "G": _Category("G", has_rate=False, needs_reason=True, code="VATEX-EU-G"),
        "O": _Category("O", has_rate=False, needs_reason=True, code="VATEX-EU-O"),
    }
)
_ELSEWHERE = frozenset({"L", "M", "B"})
"""Categories of the Canary Islands, of Ceuta and Melilla, and of Italy; their rates are their own affair."""

_OWNERS = MappingProxyType({one.code: name for name, one in _CATEGORIES.items() if one.code})


def rule_of(category: str, number: str) -> str:
    """Name a rule of a category, such as "BR-S-08"."""
    known = _CATEGORIES.get(category)
    return f"BR-{known.rule if known else category}-{number}"


def check_categories(found: FoundDocument) -> Iterator[Finding]:
    """Find categories that are none, and rates and reasons that do not go with theirs."""
    for line in found.lines:
        yield from _check_vat(line.vat, "05", f"line {line.number}")
    for one in found.adjustments:
        number, where = ("07", "charge BG-21") if one.is_charge else ("06", "allowance BG-20")
        yield from _check_vat(one.vat, number, where)
    if not found.vat:
        yield Finding("BR-CO-18", "there is no VAT breakdown (BG-23)", "BG-23")
    for subtotal in found.vat:
        yield from _check_subtotal(subtotal)
    yield from _check_parties(found)


def _check_vat(vat: FoundVat, number: str, where: str) -> Iterator[Finding]:
    """Check the category and the rate of a line or an allowance; `number` is that of the rule about rates."""
    known = _CATEGORIES.get(vat.category)
    if not vat.category:
        yield Finding("BR-CO-04", "the VAT category is missing", where)
    elif known is None and vat.category not in _ELSEWHERE:
        yield Finding("BR-CL-17", f"{vat.category[:20]!r} is no VAT category", where)
    elif vat.category == "O" and vat.percent is not None:
        yield Finding(rule_of("O", number), "what is out of scope of VAT has no rate", where)
    elif known is not None and vat.category != "O":
        yield from _check_rate(vat, number, where)


def _check_rate(vat: FoundVat, number: str, where: str) -> Iterator[Finding]:
    known = _CATEGORIES[vat.category]
    if vat.percent is None:
        yield Finding(rule_of(vat.category, number), f"the rate of category {vat.category} is missing", where)
    elif vat.percent < 0 or known.has_rate != (vat.percent > 0):
        wanted = "above 0" if known.has_rate else "0"
        said = f"category {vat.category} has a rate of {vat.percent} %, and it must be {wanted}"
        yield Finding(rule_of(vat.category, number), said, where)


def _check_subtotal(one: FoundSubtotal) -> Iterator[Finding]:
    category = one.vat.category
    if not category:
        yield Finding("BR-47", "a VAT breakdown has no category BT-118", "BG-23")
        return
    where = f"VAT category {category[:20]}"
    for rule, term, amount in (("BR-45", "BT-116", one.net), ("BR-46", "BT-117", one.tax)):
        if amount is None:
            yield Finding(rule, f"its {term} is missing", where)
    if one.vat.percent is None and category != "O":
        yield Finding("BR-48", "its rate BT-119 is missing", where)
    known = _CATEGORIES.get(category)
    if known is not None:
        yield from _check_meaning(one, known, where)
    elif category not in _ELSEWHERE:
        yield Finding("BR-CL-17", f"{category[:20]!r} is no VAT category", where)


def _check_meaning(one: FoundSubtotal, known: _Category, where: str) -> Iterator[Finding]:
    """Check that rate, VAT and reason are those of the category."""
    category = one.vat.category
    if one.vat.percent is not None and known.has_rate != (one.vat.percent > 0):
        yield Finding(rule_of(category, "05"), f"its rate can not be {one.vat.percent} %", where)
    if not known.has_rate and one.tax:
        yield Finding(rule_of(category, "09"), f"it has VAT of {one.tax}, and must have none", where)
    if known.needs_reason != bool(one.reason or one.code):
        wanted = "must say why there is no VAT" if known.needs_reason else "may not say why there is no VAT"
        yield Finding(rule_of(category, "10"), f"it {wanted} (BT-120, BT-121)", where)
    owner = _OWNERS.get(one.code.upper(), category)
    if owner != category:
        yield Finding("VATEX", f"the reason {one.code[:40]} is that of category {owner}", where)


def _check_parties(found: FoundDocument) -> Iterator[Finding]:
    """Check who must, and who may not, be named by a VAT id."""
    seller, buyer = found.seller, found.buyer
    categories = {one.vat.category for one in found.vat}
    if "O" in categories:
        if len(found.vat) > 1:
            yield Finding("BR-O-11", "what is out of scope of VAT can not stand beside another category", "BG-23")
        if seller.vat_id or buyer.vat_id:
            yield Finding("BR-O-02", "out of scope of VAT neither party may have a VAT id", "BT-31, BT-48")
    for category in sorted(categories & {"S", "Z", "E", "AE"}):
        if not (seller.vat_id or seller.tax_number or found.representative):
            yield Finding(rule_of(category, "02"), "the seller's VAT id or tax number is missing", "BT-31")
    if "AE" in categories and not (buyer.vat_id or buyer.identifier):
        yield Finding("BR-AE-02", "reverse charge needs the buyer's VAT id", "BT-48")
    for category in sorted(categories & {"K", "G"}):
        if not (seller.vat_id or found.representative):
            yield Finding(rule_of(category, "02"), "the seller's VAT id is missing", "BT-31")
