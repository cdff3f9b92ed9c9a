"""Reminders: in the invoice's language, firmer by level, with all that is needed for paying, and harmless."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from invoices import BUYER, SELLER, invoice

from billing_engine.documents.reminder import reminder_text
from billing_engine.model.payment import Credited, Payment
from billing_engine.model.receivables import Reminder


def reminded(level=1, language="en", issued=None, **buyer):
    """Write a reminder, 14 days after the invoice was due."""
    issued = issued or invoice()
    draft = replace(issued.draft, buyer=replace(BUYER, language=language, **buyer))
    issued = replace(issued, draft=draft)
    return reminder_text(Reminder(issued, issued.settlement.open, 14, level, date(2026, 11, 30)))


def plain(text):
    """Write no-break spaces as spaces."""
    return text.replace("\u00a0", " ")


def test_a_reminder_says_all_that_is_needed_for_paying():
    """Recipient and subject on top; then invoice, days, amounts and bank details."""
    issued = replace(
        invoice(),
        payments=(Payment("P1", "2026-000118", date(2026, 11, 20), Decimal("100.00")),),
        credit_notes=(Credited("CN-1", date(2026, 11, 5), Decimal("10.00"), Decimal("12.00")),),
    )
    assert plain(reminded(2, issued=issued).as_file()) == (
        """\
To: ap@hansen.example
Subject: Second reminder: invoice 2026-000118

Hansen & Søn Logistik GmbH

Dear Sir or Madam,

We have not yet received full payment of our invoice 2026-000118 of
2 November 2026, which was due on 16 November 2026. EUR 320.00 is still to
be paid.

  Invoice           2026-000118
  Issued on         2 November 2026
  Due on            16 November 2026
  Days overdue      14
  Amount due        EUR 432.00
  Credited          EUR -12.00
  Received so far   EUR -100.00
  Still to be paid  EUR 320.00

Please transfer this amount by 7 December 2026 at the latest. If you
disagree with the invoice, please let us know without delay.

  Beneficiary  Nordlicht Software d.o.o.
  IBAN         RS35 1600 0501 0001 2345 67
  BIC          DBDBRSBG
  Bank         Banka Beograd
  Reference    2026-000118

If you have paid in the meantime, please disregard this message.

Kind regards
Nordlicht Software d.o.o.
billing@nordlicht.example
+381 11 555 0123
"""
    )


@pytest.mark.parametrize(
    ("language", "subjects", "words"),
    [
        (
            "en",
            ("Payment reminder: invoice 1", "Second reminder: invoice 1", "Final reminder: invoice 1"),
            "EUR 432.00",
        ),
        ("de", ("Zahlungserinnerung: Rechnung 1", "Mahnung: Rechnung 1", "Letzte Mahnung: Rechnung 1"), "432,00 EUR"),
        ("de-AT", ("Zahlungserinnerung: Rechnung 1", "Mahnung: Rechnung 1", "Letzte Mahnung: Rechnung 1"), "Fällig am"),
        (
            "pl",
            (
                "Przypomnienie o płatności: faktura 1",
                "Wezwanie do zapłaty: faktura 1",
                "Ostateczne wezwanie do zapłaty: faktura 1",
            ),
            "16 listopada 2026 r.",
        ),
        (
            "cs_CZ",
            ("Připomenutí platby: faktura 1", "Upomínka: faktura 1", "Poslední upomínka: faktura 1"),
            "16. listopadu 2026",
        ),
        (
            "sr",
            ("Podsetnik za plaćanje: faktura 1", "Opomena: faktura 1", "Poslednja opomena: faktura 1"),
            "16. 11. 2026. godine",
        ),
        (
            "sr-Latn",
            ("Podsetnik za plaćanje: faktura 1", "Opomena: faktura 1", "Poslednja opomena: faktura 1"),
            "Rok plaćanja",
        ),
        (
            "sr-Cyrl",
            ("Подсетник за плаћање: фактура 1", "Опомена: фактура 1", "Последња опомена: фактура 1"),
            "16. 11. 2026. године",
        ),
        ("SR_cyrl_rs", ("Подсетник за плаћање: фактура 1",), "432,00 EUR"),
        ("", ("Payment reminder: invoice 1",), "16 November 2026"),
        ("xx", ("Payment reminder: invoice 1",), "16 November 2026"),
        ("../../etc/passwd", ("Payment reminder: invoice 1",), "16 November 2026"),
    ],
)
def test_each_language_has_its_own_words_for_each_level(language, subjects, words):
    """Friendly, firm, final; dates and money as the language writes them; English where there are no words."""
    texts = [reminded(level, language, invoice("1")) for level in range(1, len(subjects) + 1)]
    assert tuple(text.subject for text in texts) == subjects
    assert len({text.body for text in texts}) == len(subjects)
    for text in texts:
        assert words in " ".join(text.body.split())
        assert not set("{}") & set(text.as_file())


def test_hostile_names_change_nothing_but_themselves():
    """Line breaks, braces, markup and direction marks in a name make no header, no field and no new line."""
    name = "Evil\r\nSubject: pay here\u202e {open.__class__} <b>GmbH</b>\x1b[31m"
    issued = invoice("1\nBcc: x@example.com")
    text = reminded(1, "de", issued, name=name, email="a@example.com\nBcc: b@example.com")
    assert text.recipient == "a@example.com Bcc: b@example.com"
    assert text.subject == "Zahlungserinnerung: Rechnung 1 Bcc: x@example.com"
    lines = text.as_file().splitlines()
    assert [line for line in lines if line.startswith(("To:", "Subject:", "Bcc:"))] == lines[:2]
    assert "Evil Subject: pay here {open.__class__} <b>GmbH</b>[31m" in lines
    assert "\u202e" not in text.body


def test_what_is_not_known_is_left_out():
    """Without bank details or an e-mail address the lines for them are not there."""
    bare = replace(SELLER, iban="", bic="", bank="", email="", phone="")
    text = reminded(issued=invoice(seller=bare), email="")
    assert text.as_file().startswith("To: \nSubject: Payment reminder")
    assert "IBAN" not in text.body
    assert "Beneficiary" not in text.body
    assert "\n\n  Reference  2026-000118\n\n" in text.body
    assert text.body.endswith("Kind regards\nNordlicht Software d.o.o.\n")
