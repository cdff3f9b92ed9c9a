"""What documents call things by the country of who stands on them: ids, titles, and where they were issued."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from invoices import BUYER, FEE, SELLER, invoice

from billing_engine.documents import templates
from billing_engine.documents.credit_note_view import credit_note_view
from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.documents.mail_text import credit_note_mail_text, mail_text
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.document import Mark
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.tax import TaxCategory, TaxSubtotal

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


CZECH = replace(SELLER, country="CZ")


def sold(category="S", seller=CZECH):
    """Issue an invoice whose VAT is of one category."""
    tax = Decimal("75.60") if category == "S" else Decimal(0)
    percent = Decimal(21 if tax else 0)
    lines = [replace(FEE, tax_category=category, tax_percent=percent)]
    taxes = (TaxSubtotal(TaxCategory(category), percent, Decimal(360), tax),)
    return invoice(seller=seller, lines=lines, taxes=taxes, tax=tax, gross=360 + tax)


def credited(issued):
    """Take all of it back."""
    return CreditNote("CN-1", date(2026, 11, 20), draft_credit_note(issued, [], None, "Wrong package"))


def titles(issued, language, mark=Mark.NONE, second=None):
    """Read the titles of an invoice and its credit note."""
    words, note = words_for(language), credited(issued)
    second = words_for(second) if second else None
    pages = (
        templates.invoice_html(invoice_view(issued, words, PLAIN, mark, second), words, PLAIN),
        templates.credit_note_html(credit_note_view(note, issued, words, PLAIN, second=second), words, PLAIN),
    )
    return [re.sub("<[^>]+>", "", re.search("<h1>(.*?)</h1>", page)[1]) for page in pages]


@pytest.mark.parametrize(("category", "is_one"), [("S", True), ("Z", True), ("AE", True), ("E", False), ("O", False)])
def test_a_czech_seller_titles_documents_of_vat_as_tax_documents(category, is_one):
    """Where VAT is charged or owed by the customer; nowhere else, because it would be none."""
    said = ["Faktura \u2013 daňový doklad", "Opravný daňový doklad"] if is_one else ["Faktura", "Dobropis"]
    assert titles(sold(category), "cs") == said


def test_nobody_else_has_tax_documents():
    """Not a seller of another country who writes Czech, nor a draft, nor another language."""
    assert titles(sold(seller=SELLER), "cs") == ["Faktura", "Dobropis"]
    assert titles(sold(), "cs", Mark.DRAFT)[0] == "Faktura"
    assert titles(sold(), "de") == ["Rechnung", "Rechnungskorrektur"]
    assert titles(sold(), "pl") == ["Faktura", "Faktura korygująca"]
    assert titles(sold(), "sr-Latn") == ["Faktura", "Knjižno odobrenje"]
    assert titles(sold(), "en", second="cs") == [
        "Invoice Faktura \u2013 daňový doklad",
        "Credit note Opravný daňový doklad",
    ]


def test_what_only_names_a_czech_invoice_is_short():
    """Foot, mail and file say "Faktura"."""
    issued, words = sold(), words_for("cs")
    said = (
        invoice_view(issued, words, PLAIN).page.sender,
        mail_text(issued, words, PLAIN).body,
        credit_note_mail_text(credited(issued), issued, words, PLAIN).body,
    )
    assert "Faktura 2026-000118" in said[0]
    assert "Faktura   " in said[1]
    assert not [text for text in said if "daňový" in text]


def test_a_german_credit_note_is_no_gutschrift():
    """That is an invoice which the customer writes (UStG § 14)."""
    issued, words = sold(), words_for("de")
    note = credited(issued)
    page = templates.credit_note_html(credit_note_view(note, issued, words, PLAIN), words, PLAIN)
    assert "Gutschrift" not in page + str(credit_note_mail_text(note, issued, words, PLAIN))


def details(issued, language, mark=Mark.NONE):
    """Read the details of an invoice and its credit note."""
    words = words_for(language)
    views = invoice_view(issued, words, PLAIN, mark), credit_note_view(credited(issued), issued, words, PLAIN)
    return [[tuple(fact.value for fact in view.details), [fact.label for fact in view.details]] for view in views]


@pytest.mark.parametrize(
    ("language", "label"),
    [
        ("en", "Place of issue"),
        ("de", "Ausstellungsort"),
        ("pl", "Miejsce wystawienia"),
        ("cs", "Místo vystavení"),
        ("sr-Latn", "Mesto izdavanja"),
    ],
)
def test_serbian_documents_say_where_they_were_issued(language, label):
    """The law wants it of the country's sellers; it stands before the day."""
    for values, labels_ in details(sold(seller=replace(SELLER, city="Beograd")), language):
        assert (labels_[0], values[0]) == (label, "Beograd")


def test_where_a_document_was_issued_is_said_by_nobody_else():
    """Nor where the town is not known, nor on a draft, which is not issued."""
    for issued in (sold(seller=replace(CZECH, city="Praha")), sold(seller=SELLER)):
        assert [labels_[0] for _, labels_ in details(issued, "en")] == ["Issued", "Issued"]
    issued = sold(seller=replace(SELLER, city="Beograd"))
    assert "Place of issue" not in details(issued, "en", Mark.DRAFT)[0][1]
