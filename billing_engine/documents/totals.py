"""From lines to the total, and VAT by category and rate: what invoices and credit notes add up alike."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billing_engine.documents import formats
from billing_engine.documents.language import Words
from billing_engine.documents.parties import CODE_LIMIT
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import Fact, TaxSummaryView, TaxView
from billing_engine.model.invoice import Seller
from billing_engine.model.money import ZERO
from billing_engine.model.tax import LEGAL_TEXTS, HomeTax, TaxCategory, TaxSubtotal

_TAXED = (TaxCategory.STANDARD, TaxCategory.ZERO)
"""What has a rate, be it zero; all else has a reason why there is none."""
_CZECHIA = "CZ"


def is_tax_document(seller: Seller, subtotals: Sequence[TaxSubtotal]) -> bool:
    """Tell whether a document of VAT has to be called that, which Czech law wants of the country's sellers.

    It is one where VAT is charged or owed by the customer, and none where all is exempt or out of scope.
    """
    owed = {*_TAXED, TaxCategory.REVERSE_CHARGE}
    return seller.country.upper() == _CZECHIA and any(subtotal.category in owed for subtotal in subtotals)


def sums(
    charged: tuple[str, Decimal],
    credited: tuple[str, Decimal],
    net: Decimal,
    vat: Fact,
    currency: str,
    words: Words,
) -> tuple[Fact, ...]:
    """Lead from the lines to the tax; without credits before tax, the lines' sum is the net amount."""
    amounts = [charged, credited] if credited[1] else []
    return (
        *(
            Fact(label, formats.amount_text(amount, currency, words.locale))
            for label, amount in [*amounts, (words.say("Net"), net)]
        ),
        vat,
    )


def vat_fact(subtotals: Sequence[TaxSubtotal], tax: Decimal, currency: str, words: Words) -> Fact:
    """Say the tax, with its rate if there is but one, or that none is charged."""
    if not any(subtotal.category in _TAXED for subtotal in subtotals):
        return Fact(words.say("VAT"), words.say("not charged"))
    label = words.say("VAT")
    if len(subtotals) == 1:
        label = words.say("VAT {percent}", percent=formats.percent_text(subtotals[0].percent, words.locale))
    return Fact(label, formats.amount_text(tax, currency, words.locale))


def rate_label(category: str, percent: Decimal, words: Words) -> str:
    """Name the rate of a line, or in short why it has none."""
    match category:
        case TaxCategory.EXEMPT:
            return words.say("exempt")
        case TaxCategory.REVERSE_CHARGE:
            return words.say("reverse charge")
        case TaxCategory.OUT_OF_SCOPE:
            return words.say("no VAT")
        case _:
            return formats.percent_text(percent, words.locale)


def tax_summary(
    subtotals: Sequence[TaxSubtotal],
    currency: str,
    words: Words,
    second: Words | None,
    home: HomeTax | None = None,
    *,
    legal_texts: bool = True,
) -> TaxSummaryView:
    """Sum VAT up; without `legal_texts` it says only what the seller wrote, as for invoices that knew no categories."""

    def amount(number: Decimal) -> str:
        return formats.amount_text(number, currency, words.locale)

    several = len(subtotals) > 1
    return TaxSummaryView(
        rows=tuple(
            TaxView(
                label=rate_label(subtotal.category, subtotal.percent, words),
                net=amount(subtotal.net),
                tax=amount(subtotal.tax),
                note=_note(subtotal, words, legal_texts=legal_texts),
                second_note=_second_note(subtotal, words, second, legal_texts=legal_texts),
            )
            for subtotal in subtotals
        ),
        net=amount(sum((subtotal.net for subtotal in subtotals), ZERO)) if several else "",
        tax=amount(sum((subtotal.tax for subtotal in subtotals), ZERO)) if several else "",
        home=_home(home, words),
        home_rate=_home_rate(home, currency, words),
    )


def _note(subtotal: TaxSubtotal, words: Words, *, legal_texts: bool) -> str:
    if subtotal.note:
        return paragraph(words.phrase(subtotal.note))
    text = LEGAL_TEXTS.get(subtotal.category) if legal_texts else None
    return words.say(text) if text else ""


def _second_note(subtotal: TaxSubtotal, words: Words, second: Words | None, *, legal_texts: bool) -> str:
    """Say the category's text once more; what the seller wrote is in the language in which it was written."""
    text = LEGAL_TEXTS.get(subtotal.category) if legal_texts else None
    said = second.say(text) if second and text else ""
    return "" if said == _note(subtotal, words, legal_texts=legal_texts) else said


def _home(home: HomeTax | None, words: Words) -> Fact | None:
    if home is None:
        return None
    currency = one_line(home.currency, CODE_LIMIT)
    return Fact(
        words.say("VAT in {currency}", currency=currency), formats.amount_text(home.tax, home.currency, words.locale)
    )


def _home_rate(home: HomeTax | None, currency: str, words: Words) -> str:
    if home is None:
        return ""
    return words.say(
        "1 {currency} = {rate} {home}, rate of {day}",
        currency=currency,
        rate=formats.quantity_text(home.rate, words.locale),
        home=one_line(home.currency, CODE_LIMIT),
        day=formats.day_text(home.rate_on, words.locale).replace(" ", formats.NO_BREAK_SPACE),
    )
