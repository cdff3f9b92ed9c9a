"""What each format must have: every field that is missing, by its number, and where the user gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from billing_engine.einvoice.addresses import E_MAIL
from billing_engine.einvoice.elements import amounts
from billing_engine.einvoice.terms import Contact, EInvoice, Party
from billing_engine.model.tax import TaxCategory

_FEWEST_DIGITS = 3
"""Of a phone number (BR-DE-27)."""
_MOST_DECIMALS = 2
"""Of an amount (BR-DEC-01 and those that follow)."""


def missing_for_en16931(said: EInvoice) -> Iterator[str]:
    """Say what EN 16931 itself misses."""
    seller, buyer = said.seller, said.buyer
    categories = {one.vat.category for one in said.vat}
    yield from _empty("BT-27", "settings: [seller] name", seller.name)
    yield from _empty("BT-40", "settings: [seller] country", _code(seller.address.country))
    yield from _empty("BT-44", "customers.csv: name", buyer.name)
    yield from _empty("BT-55", "customers.csv: country", _code(buyer.address.country))
    if categories != {TaxCategory.OUT_OF_SCOPE}:
        yield from _empty("BT-31", "settings: [seller] vat_id", seller.vat_id)
    elif not (seller.registration or seller.identifier):
        yield "BT-30, settings: [seller] registration_number"
    if TaxCategory.REVERSE_CHARGE in categories:
        yield from _empty("BT-48, which reverse charge needs", "customers.csv: vat_id", buyer.vat_id)
    if TaxCategory.OUT_OF_SCOPE in categories and len(categories) > 1:
        yield (
            "BT-118, settings: [[tax.rules]] - what is out of scope of VAT can not stand beside what is taxed "
            "(BR-O-11); make it exempt, or bill it by itself"
        )
    if any(map(_is_too_fine, amounts(said))):
        yield f"BT-5, {said.currency} - amounts have at most two decimals (BR-DEC-01)"


def missing_for_peppol(said: EInvoice) -> Iterator[str]:
    """Say what Peppol BIS Billing misses beyond EN 16931; between Germans it wants what XRechnung wants."""
    yield from _empty("BT-10", "customers.csv: buyer_reference", said.buyer_reference)
    for party, term, field in _parties(said):
        found = party.electronic_address
        if found is None or found.scheme == E_MAIL:
            yield f"{term} (electronic address), {field} - a VAT id of a country that has them on the Peppol network"
    countries = said.seller.address.country, said.buyer.address.country
    if countries == ("DE", "DE"):
        yield from _missing_in_germany(said)
    if countries[0] == "GR":
        yield "BT-1, settings: [seller] country - Peppol takes invoices of Greek sellers from their own providers alone"
    if countries == ("NL", "NL") and said.is_credit_note:
        yield "BT-81 - Peppol has no code for what is set off between Dutch companies (NL-R-008)"


def missing_for_xrechnung(said: EInvoice) -> Iterator[str]:
    """Say what XRechnung misses beyond EN 16931."""
    yield from _empty("BT-10", "customers.csv: buyer_reference", said.buyer_reference)
    for party, term, field in _parties(said):
        if party.electronic_address is None:
            yield f"{term} (electronic address), {field} or email"
    yield from _missing_in_germany(said)


def _missing_in_germany(said: EInvoice) -> Iterator[str]:
    """Say what the rules BR-DE miss."""
    contact = said.seller.contact or Contact("", "", "")
    yield from _empty("BT-41", "settings: [seller] contact", contact.name)
    if sum(map(str.isdigit, contact.phone)) < _FEWEST_DIGITS:
        yield "BT-42, settings: [seller] phone"
    if "@" not in contact.email:
        yield "BT-43, settings: [seller] email"
    yield from _empty("BT-37", "settings: [seller] city", said.seller.address.city)
    yield from _empty("BT-38", "settings: [seller] postal_code", said.seller.address.postal_code)
    yield from _empty("BT-52", "customers.csv: city", said.buyer.address.city)
    yield from _empty("BT-53", "customers.csv: postal_code", said.buyer.address.postal_code)
    if said.payment is None:
        yield "BT-84, settings: [seller] iban"


def _parties(said: EInvoice) -> tuple[tuple[Party, str, str], ...]:
    return (said.seller, "BT-34", "settings: [seller] vat_id"), (said.buyer, "BT-49", "customers.csv: vat_id")


def _empty(term: str, field: str, value: str) -> Iterator[str]:
    if not value:
        yield f"{term}, {field}"


def _code(country: str) -> str:
    """Return what can be a code of ISO 3166, else nothing."""
    return country if re.fullmatch("[A-Z]{2}", country) else ""


def _is_too_fine(amount: Decimal) -> bool:
    return amount != round(amount, _MOST_DECIMALS)
