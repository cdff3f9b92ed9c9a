"""What documents call things by the country of who stands on them: ids, titles, and where they were issued."""

from dataclasses import replace

import pytest
from invoices import BUYER, SELLER, invoice

from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.model.settings import DocumentTerms

PLAIN = DocumentTerms()


def labels(language, seller, buyer):
    """Name the ids of a seller and a buyer of two countries."""
    issued = invoice(seller=replace(SELLER, country=seller), buyer=replace(BUYER, country=buyer))
    view = invoice_view(issued, words_for(language), PLAIN)
    return [fact.label for fact in view.seller.facts[:2]], [fact.label for fact in view.buyer.facts]


@pytest.mark.parametrize(
    ("language", "seller", "buyer", "said"),
    [
        ("en", "RS", "IE", (["VAT ID", "Reg. no."], ["VAT ID"])),
        ("de", "PL", "DE", (["USt-IdNr.", "Reg.-Nr."], ["USt-IdNr."])),
        ("pl", "PL", "DE", (["NIP", "Nr rejestrowy"], ["Nr VAT"])),
        ("pl", "DE", "pl", (["Nr VAT", "Nr rejestrowy"], ["NIP"])),
        ("cs", "CZ", "SK", (["DIČ", "IČO"], ["DIČ"])),
        ("cs", "DE", "CZ", (["DIČ", "Reg. č."], ["DIČ"])),
        ("sr-Latn", "RS", "CZ", (["PIB", "Matični broj"], ["PDV broj"])),
        ("sr-Cyrl", "PL", "RS", (["ПДВ број", "Рег. број"], ["ПИБ"])),  # noqa: RUF001 - Cyrillic
    ],
)
def test_ids_are_named_by_the_country_that_gave_them(language, seller, buyer, said):
    """A German customer on a Polish invoice has no NIP."""
    assert labels(language, seller, buyer) == said
