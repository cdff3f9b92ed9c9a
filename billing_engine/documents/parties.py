"""Names, addresses and the facts beside them, as they stand at the head of a document."""

from __future__ import annotations

from collections.abc import Iterable

from billing_engine.documents.formats import Catalogue
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import Fact, PartyView
from billing_engine.model.contract import Customer
from billing_engine.model.invoice import Buyer, Seller

BRAND_LIMIT = 60
"""For a name where it stands as a mark beside other text."""
CODE_LIMIT = 64
"""For numbers, tickets and bank details: longer than any real one."""
_ADDRESS_LINES = 8
_ADDRESS_LIMIT = 400
_FACT_LIMIT = 100


def seller_view(seller: Seller, words: Catalogue) -> PartyView:
    """Name the seller with all that an invoice has to say of it."""
    registered = [("vat_id", seller.vat_id), ("registration_number", seller.registration_number)]
    return _party(seller, [*registered, *_contact(seller)], words)


def sender_view(seller: Seller, words: Catalogue) -> PartyView:
    """Name the seller with what is needed for writing or calling."""
    return _party(seller, _contact(seller), words)


def buyer_view(buyer: Buyer | Customer, words: Catalogue) -> PartyView:
    """Name the customer, as of an invoice's day of issue or as it is now."""
    return _party(buyer, [("vat_id", buyer.vat_id)], words)


def printable_facts(pairs: Iterable[tuple[str, str]], words: Catalogue) -> tuple[Fact, ...]:
    """Label what there is to say by keys of the catalogue; what is empty is left out."""
    printable = ((label, one_line(value, _FACT_LIMIT)) for label, value in pairs)
    return tuple(Fact(words.labels[label], value) for label, value in printable if value)


def _party(who: Seller | Buyer | Customer, facts: Iterable[tuple[str, str]], words: Catalogue) -> PartyView:
    return PartyView(one_line(who.name), _address(who.address, who.country, words), printable_facts(facts, words))


def _contact(seller: Seller) -> list[tuple[str, str]]:
    return [("email", seller.email), ("phone", seller.phone), ("website", seller.website)]


def _address(address: str, country: str, words: Catalogue) -> tuple[str, ...]:
    """Split an address into lines and add the country, unless its last line already says it."""
    lines = paragraph(address, _ADDRESS_LIMIT, _ADDRESS_LINES).split("\n")
    name = words.locale.territories.get(country.upper(), one_line(country, CODE_LIMIT))
    if name.casefold() not in lines[-1].casefold():
        lines.append(name)
    return tuple(line for line in lines if line)
