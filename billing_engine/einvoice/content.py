"""What an e-invoice must say by EN 16931, Peppol and XRechnung, as far as can be told without their own rule books."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from billing_engine.einvoice.figures import Finding, FoundDocument, FoundLine
from billing_engine.einvoice.formats import PEPPOL, XRECHNUNG

_INVOICES = frozenset(
    re.findall(
        r"\d+",
        "71 80 82 84 102 130 202 203 204 211 218 219 295 325 326 331 380 382 383 384 385 386 387 388 389 390 393 394 "
        "395 456 457 471 472 473 500 501 527 553 575 623 633 751 780 817 870 875 876 877 935",
    )
)
_CREDIT_NOTES = frozenset(re.findall(r"\d+", "81 83 261 262 296 308 381 396 420 458 502 503 532"))
"""Codes of UNTDID 1001 that EN 16931 allows."""

_TRANSFERS = frozenset({"30", "58"})

_DECIMALS_RULES = MappingProxyType(
    {
        "BT-106": "09",
        "BT-107": "10",
        "BT-108": "11",
        "BT-109": "12",
        "BT-110": "13",
        "BT-112": "14",
        "BT-111": "15",
        "BT-113": "16",
        "BT-114": "17",
        "BT-115": "18",
    }
)


def check_content(found: FoundDocument) -> Iterator[Finding]:
    """Find what is missing or can not be."""
    yield from found.unreadable
    yield from _check_header(found)
    yield from _check_codes(found)
    yield from _check_totals(found)
    if not found.lines:
        yield Finding("BR-16", "there is no line (BG-25)", "BG-25")
    for line in found.lines:
        yield from _check_line(line)
    for code, account in found.payments:
        if not code:
            yield Finding("BR-49", "how is paid has no code", "BT-81")
        elif code in _TRANSFERS and not account:
            yield Finding("BR-61", "a credit transfer needs an account", "BT-84")
    for number in found.preceding:
        if not number:
            yield Finding("BR-55", "an invoice that it corrects has no number", "BT-25")
    if PEPPOL in found.specification:
        yield from _check_peppol(found)
    if XRECHNUNG in found.specification:
        yield from _check_xrechnung(found)


def _check_header(found: FoundDocument) -> Iterator[Finding]:
    seller, buyer = found.seller, found.buyer
    said = [
        ("BR-01", "BT-24", "the specification that it follows", found.specification),
        ("BR-02", "BT-1", "the number", found.number),
        ("BR-04", "BT-3", "the type code", found.type_code),
        ("BR-05", "BT-5", "the currency", found.currency),
        ("BR-06", "BT-27", "the seller's name", seller.name),
        ("BR-07", "BT-44", "the buyer's name", buyer.name),
        ("BR-09", "BT-40", "the seller's country", seller.country),
        ("BR-11", "BT-55", "the buyer's country", buyer.country),
        ("BR-CO-26", "BT-29", "what the seller is known by", seller.identifier or seller.vat_id),
    ]
    for rule, term, what, value in said:
        if not value:
            yield Finding(rule, f"{what} is missing", term)
    if not _is_date(found.issued_on):
        yield Finding("BR-03", "the date of issue is missing, or no date", "BT-2")


def _check_codes(found: FoundDocument) -> Iterator[Finding]:
    """Check the form of codes; which of them there are is told by the official lists."""
    seller, buyer = found.seller, found.buyer
    allowed = {"UBL Invoice": _INVOICES, "UBL CreditNote": _CREDIT_NOTES}.get(found.kind, _INVOICES | _CREDIT_NOTES)
    if found.type_code and found.type_code not in allowed:
        yield Finding("BR-CL-01", f"the type code {found.type_code!r} is none of {found.kind}", "BT-3")
    for rule, term, code in (("BR-CL-03", "BT-5", found.currency), ("BR-CL-05", "BT-6", found.accounting_currency)):
        if code and re.fullmatch("[A-Z]{3}", code) is None:
            yield Finding(rule, f"{code!r} is no currency", term)
    for term, code in (("BT-40", seller.country), ("BT-55", buyer.country)):
        if code and re.fullmatch("[A-Z]{2}|1A", code) is None:
            yield Finding("BR-CL-14", f"{code!r} is no country", term)
    for term, vat_id in (("BT-31", seller.vat_id), ("BT-48", buyer.vat_id)):
        if vat_id and re.match("[A-Z]{2}", vat_id) is None:
            yield Finding("BR-CO-09", f"the VAT id {vat_id[:40]!r} has no prefix of a country", term)


def _check_totals(found: FoundDocument) -> Iterator[Finding]:
    for rule, term in (("BR-12", "BT-106"), ("BR-13", "BT-109"), ("BR-14", "BT-112"), ("BR-15", "BT-115")):
        if found.totals.get(term) is None:
            yield Finding(rule, f"{term} is missing", term)
    if found.accounting_currency and found.totals.get("BT-111") is None:
        yield Finding("BR-53", f"the VAT in {found.accounting_currency} is missing", "BT-111")
    for term, amount in found.totals.items():
        if amount is not None and _is_too_fine(amount):
            yield Finding(f"BR-DEC-{_DECIMALS_RULES[term]}", f"{amount} has more than two decimals", term)
    for one in found.adjustments:
        term, rule = ("BT-99", "BR-36") if one.is_charge else ("BT-92", "BR-31")
        if one.amount is None:
            yield Finding(rule, "an allowance or a charge has no amount", term)
        elif _is_too_fine(one.amount):
            yield Finding("BR-DEC-05" if one.is_charge else "BR-DEC-01", f"{one.amount} has too many decimals", term)
        if not one.has_reason:
            yield Finding("BR-38" if one.is_charge else "BR-33", "an allowance or a charge has no reason", term)


def _check_line(line: FoundLine) -> Iterator[Finding]:
    where = f"line {line.number}"
    said = [
        ("BR-21", "number BT-126", line.number),
        ("BR-22", "quantity BT-129", line.quantity),
        ("BR-23", "unit BT-130", line.unit),
        ("BR-24", "net amount BT-131", line.net),
        ("BR-25", "name BT-153", line.name),
        ("BR-26", "price BT-146", line.price),
    ]
    for rule, what, value in said:
        if value is None or value == "":
            yield Finding(rule, f"its {what} is missing", where)
    if line.price is not None and line.price < 0:
        yield Finding("BR-27", f"its price BT-146 is {line.price}, and may not be below zero", where)
    if line.net is not None and _is_too_fine(line.net):
        yield Finding("BR-DEC-23", f"its net amount {line.net} has more than two decimals", where)


def _check_peppol(found: FoundDocument) -> Iterator[Finding]:
    """Check the rules of Peppol that most often fail; the network has many more."""
    if not found.process:
        yield Finding("PEPPOL-EN16931-R001", "the business process is missing", "BT-23")
    if found.notes > 1:
        yield Finding("PEPPOL-EN16931-R002", f"there are {found.notes} notes, and one is allowed", "BT-22")
    if not found.buyer_reference and not found.order:
        yield Finding("PEPPOL-EN16931-R003", "a buyer reference BT-10 or an order BT-13 is needed", "BT-10")
    yield from _check_addresses(found)


def _check_addresses(found: FoundDocument) -> Iterator[Finding]:
    for rule, term, party in (
        ("PEPPOL-EN16931-R020", "BT-34", found.seller),
        ("PEPPOL-EN16931-R010", "BT-49", found.buyer),
    ):
        if not party.electronic_address:
            yield Finding(rule, "the electronic address is missing", term)


def _check_xrechnung(found: FoundDocument) -> Iterator[Finding]:
    """Check what XRechnung needs beyond EN 16931."""
    seller, buyer = found.seller, found.buyer
    name, phone, email = seller.contact
    said = [
        ("BR-DE-15", "BT-10", "the buyer reference", found.buyer_reference),
        ("BR-DE-5", "BT-41", "the seller's contact", name),
        ("BR-DE-6", "BT-42", "the contact's phone", phone),
        ("BR-DE-7", "BT-43", "the contact's e-mail", email),
        ("BR-DE-3", "BT-37", "the seller's city", seller.city),
        ("BR-DE-4", "BT-38", "the seller's postal code", seller.postal_code),
        ("BR-DE-8", "BT-52", "the buyer's city", buyer.city),
        ("BR-DE-9", "BT-53", "the buyer's postal code", buyer.postal_code),
        ("BR-DE-1", "BG-16", "how is paid", found.payments),
    ]
    for rule, term, what, value in said:
        if not value:
            yield Finding(rule, f"{what} is missing", term)
    yield from _check_addresses(found)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_too_fine(amount: Decimal) -> bool:
    return amount != round(amount, 2)
