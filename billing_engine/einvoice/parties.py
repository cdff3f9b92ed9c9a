"""Seller and buyer in business terms: who may be named by which number is a matter of how the document is taxed."""

from __future__ import annotations

from types import MappingProxyType

from billing_engine.einvoice.addresses import electronic_address, has_known_prefix, postal_address
from billing_engine.einvoice.terms import Contact, Party
from billing_engine.einvoice.texts import CODE_LIMIT, one_line
from billing_engine.model.identifiers import compact_vat_id, with_country
from billing_engine.model.invoice import Buyer, Seller

_REGISTERS = MappingProxyType({"DK": "0184", "NL": "0106"})
"""Registers of companies that Peppol wants named (DK-R-014, NL-R-003)."""


def seller_party(seller: Seller, *, taxable: bool) -> Party:
    """Name the seller; outside the scope of VAT its number is one of the tax office alone (BR-O-02)."""
    vat_id = full_vat_id(seller.vat_id, seller.country)
    registration = one_line(seller.registration_number, CODE_LIMIT)
    tax_number = "" if taxable else vat_id.removeprefix(seller.country)
    return Party(
        name=one_line(seller.name),
        address=postal_address(seller),
        identifier="" if registration else tax_number,
        registration=registration,
        registration_scheme=_REGISTERS.get(seller.country, ""),
        vat_id=vat_id if taxable else "",
        tax_number=tax_number,
        electronic_address=electronic_address(vat_id, seller.email),
        contact=_contact(seller),
    )


def buyer_party(buyer: Buyer, *, taxable: bool) -> Party:
    """Name the buyer; outside the scope of VAT without its VAT id (BR-O-02)."""
    vat_id = full_vat_id(buyer.vat_id, buyer.country)
    return Party(
        name=one_line(buyer.name),
        address=postal_address(buyer),
        vat_id=vat_id if taxable else "",
        electronic_address=electronic_address(vat_id, buyer.email),
    )


def full_vat_id(vat_id: str, country: str) -> str:
    """Write a VAT id with the prefix of its country (BR-CO-09), in capital letters and without spaces."""
    full = one_line(with_country(vat_id, country), CODE_LIMIT)
    if not full or full.startswith(country) or has_known_prefix(full):
        return full
    return country + compact_vat_id(full)


def _contact(seller: Seller) -> Contact | None:
    said = Contact(one_line(seller.contact), one_line(seller.phone, CODE_LIMIT), one_line(seller.email, CODE_LIMIT))
    return said if said.name or said.phone or said.email else None
