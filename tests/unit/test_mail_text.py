"""The text of mails: facts and wording in each language, and that foreign words stay on their own line."""

import unicodedata
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from invoices import AFTER_TAX, SELLER, invoice

from billing_engine.documents.formats import TO
from billing_engine.documents.language import words_for
from billing_engine.documents.mail_text import credit_note_mail_text, mail_text
from billing_engine.errors import RenderingError
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.payment import Credited, Payment
from billing_engine.model.settings import DocumentTerms

LANGUAGES = ("en", "de", "pl", "cs", "sr-Latn", "sr-Cyrl")
PLAIN = DocumentTerms()
ENGLISH = words_for("en")


def note_on(issued, reason="Wrong package"):
    """Take all of it back."""
    return CreditNote("CN-2026-000007", date(2026, 11, 20), draft_credit_note(issued, [], None, reason))


def plain(text):
    """Make no-break spaces plain ones."""
    return text.replace("\u00a0", " ")


def test_a_mail_names_what_is_to_be_paid_and_where():
    """Number, month, amount, days and account, each once and in columns."""
    text = mail_text(invoice(), ENGLISH, PLAIN)
    assert text.subject == "Invoice 2026-000118, October 2026"
    assert plain(text.body) == (
        "Hansen & Søn Logistik GmbH\n\nDear Sir or Madam,\n\nPlease find attached our invoice 2026-000118.\n\n"
        "  Invoice         2026-000118\n"
        "  Issued          2 Nov 2026\n"
        f"  Service period  1{TO}31 Oct 2026\n"
        "  Amount due      EUR 432.00\n"
        "  Due             16 Nov 2026\n\n"
        "Please pay to this account and name the reference:\n\n"
        "  Beneficiary  Nordlicht Software d.o.o.\n"
        f"  IBAN         {' '.join(SELLER.iban[at : at + 4] for at in range(0, 22, 4))}\n"
        "  BIC          DBDBRSBG\n"
        "  Bank         Banka Beograd\n"
        "  Reference    2026-000118\n\n"
        "Kind regards\nNordlicht Software d.o.o.\nbilling@nordlicht.example\n+381 11 555 0123\n"
    )


def test_what_was_credited_and_paid_since_is_said():
    """A mail that is sent late does not ask for what is not owed any more."""
    note = Credited("CN-1", date(2026, 11, 10), Decimal(50), Decimal(60))
    payment = Payment("P1", "2026-000118", date(2026, 11, 11), Decimal(72))
    issued = replace(invoice(), credit_notes=(note,), payments=(payment,))
    said = plain(mail_text(issued, ENGLISH, PLAIN).body)
    for line in ("Credited          -EUR 60.00", "Received so far   -EUR 72.00", "Still to be paid  EUR 300.00"):
        assert " ".join(line.split()).replace("-EUR ", "EUR -") in " ".join(said.split())
    assert "IBAN" in said


def test_an_invoice_that_credits_cover_asks_for_nothing():
    """No account, no due day."""
    issued = invoice(setoffs=(replace(AFTER_TAX, amount=Decimal("432.00")),))
    said = plain(mail_text(issued, ENGLISH, PLAIN).body)
    assert "There is nothing to pay." in said
    assert "EUR 0.00" in said
    assert "IBAN" not in said
    assert "16 Nov" not in said


def test_a_seller_without_an_account_names_none():
    """The amount is still asked for."""
    said = plain(mail_text(invoice(seller=replace(SELLER, iban="")), ENGLISH, PLAIN).body)
    assert "Please pay" not in said
    assert "EUR 432.00" in said


def test_the_mail_of_a_credit_note_has_its_own_words():
    """What it corrects, how much and why; it asks for nothing."""
    issued = invoice()
    text = credit_note_mail_text(note_on(issued), issued, ENGLISH, PLAIN)
    said = plain(text.body)
    assert text.subject == "Credit note CN-2026-000007 for invoice 2026-000118"
    for part in ("corrects invoice 2026-000118.", "Total credited  EUR 432.00", "Reason          Wrong package"):
        assert part in " ".join(said.split("\n")), part
    assert "IBAN" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_of_it_in_its_own_words(language):
    """No English is left but for names; the amount is written as there."""
    words, issued = words_for(language), invoice()
    texts = mail_text(issued, words, PLAIN), credit_note_mail_text(note_on(issued), issued, words, PLAIN)
    for text, number in zip(texts, ("2026-000118", "CN-2026-000007"), strict=True):
        said = plain(f"{text.subject}\n{text.body}")
        assert number in text.subject
        assert ("EUR 432.00" if language == "en" else "432,00 EUR") in said
        for english in ("Please", "Dear", "regards", "invoice", "Invoice", "Issued", "There is", "Total"):
            assert language == "en" or english not in said, (english, said)
        assert "{" not in said
        scripts = {unicodedata.name(letter).split()[0] for letter in text.body.split("\n")[2] if letter.isalpha()}
        assert scripts == {"CYRILLIC" if language == "sr-Cyrl" else "LATIN"}


HOSTILE = [
    "A\r\nBcc: victim@x.example\r\n\r\nPay to another account",
    "{{ 7 * 7 }} {% raw %} {0} {number}",
    "\u202eevil\u202c \x00\x1b[31m",
    "W" * 100_000,
    "  IBAN  DE00 0000",
    "<b>&amp;",
    ".",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:20]))
def test_foreign_words_stay_on_their_own_line(name):
    """Names, reasons and numbers may hold anything; lines beside theirs are the same."""
    usual, issued = invoice(), invoice(name)
    issued = replace(issued, draft=replace(issued.draft, buyer=replace(issued.draft.buyer, name=name)))
    for text, known in (
        (mail_text(issued, ENGLISH, PLAIN), mail_text(usual, ENGLISH, PLAIN)),
        (
            credit_note_mail_text(note_on(issued, name), issued, ENGLISH, PLAIN),
            credit_note_mail_text(note_on(usual), usual, ENGLISH, PLAIN),
        ),
    ):
        assert text.subject.isprintable()
        assert len(text.subject) <= 150
        assert all(c == "\n" or unicodedata.category(c)[0] != "C" for c in text.body)
        assert len(text.body) < 3000
        assert "49" not in text.body
        for line in ("Dear Sir or Madam,", "Kind regards", "billing@nordlicht.example"):
            assert text.body.split("\n").count(line) == known.body.split("\n").count(line) == 1


@pytest.fixture
def own(tmp_path):
    """Write the mail by a template of the user's own."""

    def write(template):
        (tmp_path / "mail.txt").write_text(template, encoding="utf-8")
        return mail_text(invoice(), ENGLISH, DocumentTerms(templates=tmp_path))

    return write


def test_long_lines_are_wrapped_and_tables_are_not(own):
    """Mail programs show 76 letters; a column must not be torn."""
    row = "  " + " ".join(["cell"] * 30)
    lines = own("Short\n\n" + "word " * 60 + f"\n\n{row}\n").body.split("\n")
    assert 70 < max(len(line) for line in lines if not line.startswith("  ")) <= 76
    assert row in lines


def test_a_template_of_the_users_own_goes_before_ours(own):
    """Its first line is the subject; the other kind of mail stays ours."""
    text = own("Rechnung {{ mail.number }}!\n\nHello {{ mail.addressee }}\n")
    assert text == ("Rechnung 2026-000118!", "Hello Hansen & Søn Logistik GmbH\n")


@pytest.mark.parametrize("template", ["{{ mail.nothing }}", "{% if %}", "{{ 1 // 0 }}", "{{ ''.__class__.mro() }}"])
def test_a_template_that_can_not_be_used_is_named(own, template):
    """Instead of half a mail."""
    with pytest.raises(RenderingError, match=r"mail\.txt can not be filled in"):
        own(template)
