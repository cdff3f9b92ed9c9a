"""From an issued invoice to what it prints: figures formatted, foreign texts made harmless, engineers unnamed."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from billing_engine.documents import formats, totals
from billing_engine.documents.annex import annex_view
from billing_engine.documents.chart import hours_chart
from billing_engine.documents.frame import marked, page_view
from billing_engine.documents.language import Words
from billing_engine.documents.parties import (
    CODE_LIMIT,
    buyer_view,
    payment_facts,
    place_of_issue,
    printable_facts,
    seller_view,
)
from billing_engine.documents.payment_qr import payment_qr
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.usage import contract_heading, contract_headings, use_views
from billing_engine.documents.view import Fact, InvoiceView, LineGroupView, LineView, QrView, SetoffView
from billing_engine.model.document import Mark
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import Invoice, InvoiceDraft, InvoiceLine, InvoiceSetoff
from billing_engine.model.money import ZERO
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax_shares import share_setoffs

_UNIT_LIMIT = 8
_DETAIL_LIMIT = 600
_PAYABLE = (Mark.NONE, Mark.COPY)
"""What asks for the amount that stands on it, and so may have a code to pay with."""


def invoice_view(
    invoice: Invoice,
    words: Words,
    terms: DocumentTerms,
    mark: Mark = Mark.NONE,
    second: Words | None = None,
) -> InvoiceView:
    """Turn an invoice into the text of its pages; legal texts once more in the second language, if there is one.

    A draft has no number and no dates of its own: those that it carries are not shown.
    """
    draft, locale = invoice.draft, words.locale
    number = "" if mark is Mark.DRAFT else one_line(invoice.number, CODE_LIMIT)
    to_pay = invoice.amount_due > 0 and mark is not Mark.VOIDED
    subtotals = draft.tax_subtotals
    setoffs = _setoffs(draft, Setoff.AFTER_TAX, words)
    title = _title(number, draft, words)
    page = page_view(title, invoice.issued_on, draft.seller, words, terms, second)
    return InvoiceView(
        page=marked(page, mark, invoice, words),
        is_tax_document=mark is not Mark.DRAFT and totals.is_tax_document(draft.seller, subtotals),
        number=number,
        seller=seller_view(draft.seller, words),
        buyer=buyer_view(draft.buyer, words),
        details=_details(invoice, words, mark),
        amount_due=formats.money_text(invoice.amount_due, draft.currency, locale),
        due_note=_due_note(invoice, words, mark),
        currency=draft.currency,
        several_rates=len(subtotals) > 1,
        line_groups=_line_groups(draft, words),
        reductions=_setoffs(draft, Setoff.BEFORE_TAX, words),
        sums=_sums(draft, words),
        total=Fact(words.say("Total"), formats.money_text(draft.gross, draft.currency, locale)),
        setoffs=setoffs,
        setoffs_sum=_setoffs_sum(draft, words) if len(setoffs) > 1 else "",
        taxes=totals.tax_summary(
            subtotals, draft.currency, words, second, draft.home_tax, legal_texts=bool(draft.taxes)
        ),
        payment=_payment(invoice, number, words) if to_pay else (),
        qr=_qr(invoice, words, terms) if mark in _PAYABLE else None,
        uses=use_views(draft, words),
        chart=hours_chart(draft, words, terms.brand_colour),
        annex_title=words.say("Annex to invoice {number}", number=number) if number else title,
        annex=annex_view(draft, words),
    )


def _title(number: str, draft: InvoiceDraft, words: Words) -> str:
    if number:
        return words.say("Invoice {number}", number=number)
    return words.say("Draft invoice for {month}", month=formats.month_text(draft.period, words.locale))


def _details(invoice: Invoice, words: Words, mark: Mark) -> tuple[Fact, ...]:
    draft, locale = invoice.draft, words.locale
    has_dates = mark is not Mark.DRAFT
    return printable_facts(
        [
            place_of_issue(draft.seller, words) if has_dates else ("", ""),
            (words.say("Issued"), formats.day_text(invoice.issued_on, locale) if has_dates else ""),
            (words.say("Date of supply"), formats.day_text(draft.period.last_day, locale)),
            (words.say("Service period"), formats.month_span_text(draft.period, locale)),
            (
                words.say("Due"),
                formats.day_text(invoice.due_on, locale) if has_dates and invoice.amount_due > 0 else "",
            ),
            (words.say("Your reference"), draft.buyer.reference),
        ]
    )


def _due_note(invoice: Invoice, words: Words, mark: Mark) -> str:
    if invoice.amount_due <= 0 or mark is Mark.VOIDED:
        return words.say("nothing to pay")
    if mark is Mark.DRAFT:
        return words.count("within {count} day", "within {count} days", invoice.draft.payment_days)
    return words.say("by {date}", date=formats.day_text(invoice.due_on, words.locale))


def _line_groups(draft: InvoiceDraft, words: Words) -> tuple[LineGroupView, ...]:
    several = len({line.contract for line in draft.lines}) > 1
    headings = contract_headings(draft, words)
    return tuple(
        LineGroupView(
            headings.get(contract) or contract_heading(contract, words) if several else "",
            tuple(_line(line, draft, words) for line in lines),
        )
        for contract, lines in groupby(draft.lines, key=attrgetter("contract"))
    )


def _line(line: InvoiceLine, draft: InvoiceDraft, words: Words) -> LineView:
    code = one_line(line.unit, _UNIT_LIMIT)
    per = words.unit(code, Decimal(1))
    several = len(draft.tax_subtotals) > 1
    return LineView(
        title=words.phrase(one_line(line.title)),
        detail=words.phrase(paragraph(line.detail, _DETAIL_LIMIT)),
        quantity=_quantity(line, words),
        unit="" if line.counts_pieces else words.unit(code, line.quantity),
        rate=formats.rate_text(line.unit_price, draft.currency, words.locale),
        per=words.say("/ {unit}", unit=per).replace(" ", formats.NO_BREAK_SPACE) if per else "",
        tax=totals.rate_label(*draft.tax_key(line), words) if several else "",
        amount=formats.amount_text(line.amount, draft.currency, words.locale),
    )


def _quantity(line: InvoiceLine, words: Words) -> str:
    if line.seconds is None:
        return formats.quantity_text(line.quantity, words.locale)
    return hours_and_minutes(line.seconds)


def _setoffs(draft: InvoiceDraft, setoff: Setoff, words: Words) -> tuple[SetoffView, ...]:
    return tuple(_setoff(credit, draft, words) for credit in draft.setoffs if credit.setoff is setoff)


def _setoff(credit: InvoiceSetoff, draft: InvoiceDraft, words: Words) -> SetoffView:
    reference = words.say("Credit, reference {reference}", reference=one_line(credit.reference, CODE_LIMIT))
    return SetoffView(
        title=words.phrase(one_line(credit.title)),
        reference="; ".join([reference, *_shares(credit, draft, words)]),
        amount=formats.amount_text(-credit.amount, draft.currency, words.locale),
    )


def _shares(credit: InvoiceSetoff, draft: InvoiceDraft, words: Words) -> list[str]:
    """Say what a credit before tax takes off each rate, where there are several."""
    if len(draft.tax_subtotals) == 1 or credit.setoff is not Setoff.BEFORE_TAX:
        return []
    return [
        f"{totals.rate_label(*share.key, words)}: {formats.amount_text(-share.amount, draft.currency, words.locale)}"
        for share in share_setoffs(draft)
        if share.position == credit.position
    ]


def _setoffs_sum(draft: InvoiceDraft, words: Words) -> str:
    return formats.amount_text(draft.amount_due - draft.gross, draft.currency, words.locale)


def _sums(draft: InvoiceDraft, words: Words) -> tuple[Fact, ...]:
    charges = sum((line.amount for line in draft.lines), ZERO)
    credits_ = sum((credit.amount for credit in draft.setoffs if credit.setoff is Setoff.BEFORE_TAX), ZERO)
    return totals.sums(
        (words.say("Charges"), charges),
        (words.say("Credits"), -credits_),
        draft.net,
        totals.vat_fact(draft.tax_subtotals, draft.tax, draft.currency, words),
        draft.currency,
        words,
    )


def _payment(invoice: Invoice, number: str, words: Words) -> tuple[Fact, ...]:
    facts = payment_facts(invoice.draft.seller, number, words)
    due_on = formats.day_text(invoice.due_on, words.locale)
    return (*facts, Fact(words.say("Due"), due_on)) if number else facts


def _qr(invoice: Invoice, words: Words, terms: DocumentTerms) -> QrView | None:
    code = payment_qr(invoice, terms)
    if code is None:
        return None
    label = words.say("Scan to pay")
    return QrView(code.svg_titled(label), label)
