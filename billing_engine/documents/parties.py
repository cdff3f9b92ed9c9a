"""Names, addresses and the facts beside them, as they stand at the head of a document."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from babel import Locale

from billing_engine.documents.language import Words
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import Fact, PartyView
from billing_engine.model.contract import Customer
from billing_engine.model.document import LANGUAGES
from billing_engine.model.invoice import Buyer, Seller

BRAND_LIMIT = 60
"""For a name where it stands as a mark beside other text."""
CODE_LIMIT = 64
"""For numbers, tickets and bank details: longer than any real one."""
_ADDRESS_LINES = 8
_ADDRESS_LIMIT = 400
_FACT_LIMIT = 100
_SERBIA = "RS"


def seller_view(seller: Seller, words: Words) -> PartyView:
    """Name the seller with all that an invoice has to say of it."""
    registered = [
        (_vat_id_label(seller.country, words), seller.vat_id),
        (_registration_label(seller.country, words), seller.registration_number),
    ]
    facts = printable_facts([*registered, *_contact(seller, words)])
    return PartyView(one_line(seller.name), _address(seller, words), facts)


def sender_view(seller: Seller, words: Words) -> PartyView:
    """Name the seller with what is needed for writing or calling."""
    return PartyView(one_line(seller.name), _address(seller, words), printable_facts(_contact(seller, words)))


def buyer_view(buyer: Buyer | Customer, words: Words) -> PartyView:
    """Name the customer, as of an invoice's day of issue or as it is now."""
    facts = printable_facts([(_vat_id_label(buyer.country, words), buyer.vat_id)])
    return PartyView(one_line(buyer.name), _address(buyer, words), facts)


def place_of_issue(seller: Seller, words: Words) -> tuple[str, str]:
    """Say where invoices and credit notes are issued, as Serbian law wants of the country's sellers; else nothing."""
    return words.say("Place of issue"), seller.city if seller.country.upper() == _SERBIA else ""


def printable_facts(pairs: Iterable[tuple[str, str]]) -> tuple[Fact, ...]:
    """Make facts of labels and foreign values; what is empty is left out."""
    printable = ((label, one_line(value, _FACT_LIMIT)) for label, value in pairs)
    return tuple(Fact(label, value) for label, value in printable if value)


def payment_facts(seller: Seller, reference: str, words: Words) -> tuple[Fact, ...]:
    """Say where to pay: the account, if there is one, and what to name."""
    account = [
        (words.say("Beneficiary"), seller.name),
        ("IBAN", _in_fours(one_line(seller.iban, CODE_LIMIT))),
        ("BIC", one_line(seller.bic, CODE_LIMIT)),
        (words.say("Bank"), seller.bank),
    ]
    return printable_facts([*(account if seller.iban else []), (words.say("Reference"), reference)])


def _in_fours(iban: str) -> str:
    compact = iban.replace(" ", "")
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def _vat_id_label(country: str, words: Words) -> str:
    """Name a VAT id; a language has a word of its own for those of its country, and nobody else has a NIP or PIB."""
    return words.say_in("at home", "VAT ID") if _is_home(country, words) else words.say("VAT ID")


def _registration_label(country: str, words: Words) -> str:
    return words.say_in("at home", "Reg. no.") if _is_home(country, words) else words.say("Reg. no.")


def _is_home(country: str, words: Words) -> bool:
    """Tell whether a language is that of a country."""
    return country.upper() == words.locale.territory


def _contact(seller: Seller, words: Words) -> list[tuple[str, str]]:
    return [
        (words.say("Contact"), seller.contact),
        (words.say("Email"), seller.email),
        (words.say("Phone"), seller.phone),
        (words.say("Web"), seller.website),
    ]


def _address(who: Seller | Buyer | Customer, words: Words) -> tuple[str, ...]:
    """Split an address into lines; add town and country, unless it already says them."""
    lines = paragraph(who.address, _ADDRESS_LIMIT, _ADDRESS_LINES).split("\n")
    town = one_line(f"{who.postal_code} {who.city}", _FACT_LIMIT)
    if town and one_line(who.city, _FACT_LIMIT).casefold() not in "\n".join(lines).casefold():
        lines.append(town)
    code = who.country.upper()
    country = words.locale.territories.get(code, one_line(who.country, CODE_LIMIT))
    if lines[-1].strip().casefold() in _names_of(code):  # as the seller's settings have it, in one language for all
        lines.pop()
    if not lines or country.casefold() not in lines[-1].casefold():
        lines.append(country)
    return tuple(line for line in lines if line)


@cache
def _names_of(country: str) -> frozenset[str]:
    """Name a country in every language of documents, in small letters."""
    locales = [Locale.parse(tag, sep="-") for tag in LANGUAGES]
    return frozenset(str(locale.territories[country]).casefold() for locale in locales if country in locale.territories)
