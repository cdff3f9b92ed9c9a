"""From an issued credit note and its invoice to what it prints."""

from __future__ import annotations

from billing_engine.documents import formats, totals
from billing_engine.documents.frame import copied, page_view
from billing_engine.documents.language import Words
from billing_engine.documents.parties import CODE_LIMIT, buyer_view, place_of_issue, printable_facts, seller_view
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import CreditedLineView, CreditNoteView, Fact, SetoffView
from billing_engine.model.credit_note import CreditNote, CreditNoteDraft, CreditNoteLine, home_tax_of, subtotals_of
from billing_engine.model.document import Mark
from billing_engine.model.invoice import Invoice
from billing_engine.model.money import ZERO
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax_shares import add_up


def credit_note_view(
    note: CreditNote,
    invoice: Invoice,
    words: Words,
    terms: DocumentTerms,
    mark: Mark = Mark.NONE,
    second: Words | None = None,
) -> CreditNoteView:
    """Turn a credit note into the text of its pages; the parties are the invoice's.

    A credit note is an original or a copy: raises ValueError for any other mark.
    """
    draft, billed = note.draft, invoice.draft
    number = one_line(note.number, CODE_LIMIT)
    gross = formats.money_text(draft.gross, draft.currency, words.locale)
    subtotals = subtotals_of(draft, invoice)
    title = words.say("Credit note {number}", number=number)
    page = page_view(title, note.issued_on, billed.seller, words, terms, second)
    return CreditNoteView(
        page=copied(page, mark, note.issued_on, words),
        is_tax_document=totals.is_tax_document(billed.seller, subtotals),
        number=number,
        seller=seller_view(billed.seller, words),
        buyer=buyer_view(billed.buyer, words),
        details=_details(note, invoice, words),
        credited=gross,
        corrects=words.say(
            "Corrects invoice {number} of {date}",
            number=one_line(invoice.number, CODE_LIMIT),
            date=formats.day_text(invoice.issued_on, words.locale),
        ),
        reason=words.phrase(paragraph(draft.reason)),
        currency=draft.currency,
        several_rates=len(subtotals) > 1,
        lines=tuple(_line(line, invoice, words, several=len(subtotals) > 1) for line in draft.lines),
        reductions=_given_back(note, invoice, Setoff.BEFORE_TAX, words),
        sums=_sums(note, invoice, words),
        total=Fact(words.say("Total credited"), gross),
        reversals=_given_back(note, invoice, Setoff.AFTER_TAX, words),
        taxes=totals.tax_summary(
            subtotals, draft.currency, words, second, home_tax_of(note.draft, invoice), legal_texts=bool(draft.taxes)
        ),
    )


def _details(note: CreditNote, invoice: Invoice, words: Words) -> tuple[Fact, ...]:
    return printable_facts(
        [
            place_of_issue(invoice.draft.seller, words),
            (words.say("Issued"), formats.day_text(note.issued_on, words.locale)),
            (words.say("For invoice"), one_line(invoice.number, CODE_LIMIT)),
            (words.say("Invoice date"), formats.day_text(invoice.issued_on, words.locale)),
            (words.say("Service period"), formats.month_span_text(invoice.draft.period, words.locale)),
            (words.say("Your reference"), invoice.draft.buyer.reference),
        ]
    )


def _line(line: CreditNoteLine, invoice: Invoice, words: Words, *, several: bool) -> CreditedLineView:
    billed = next(one for one in invoice.draft.lines if one.position == line.invoice_position)
    return CreditedLineView(
        position=str(line.invoice_position),
        title=words.phrase(one_line(line.title)),
        detail=words.phrase(paragraph(line.detail)),
        tax=totals.rate_label(*invoice.draft.tax_key(billed), words) if several else "",
        amount=formats.amount_text(line.amount, invoice.draft.currency, words.locale),
    )


def _given_back(note: CreditNote, invoice: Invoice, mode: Setoff, words: Words) -> tuple[SetoffView, ...]:
    """Name the credits that have something back; before tax it makes the credit note smaller, so it has a minus."""
    setoffs = {setoff.position: setoff for setoff in invoice.draft.setoffs}
    sign = -1 if mode is Setoff.BEFORE_TAX else 1
    return tuple(
        SetoffView(
            title=words.phrase(one_line(setoffs[one.position].title)),
            reference=words.say(
                "Given back to credit {reference}", reference=one_line(setoffs[one.position].reference, CODE_LIMIT)
            ),
            amount=formats.amount_text(sign * one.amount, note.draft.currency, words.locale),
        )
        for one in note.draft.reversals
        if one.setoff is mode
    )


def _sums(note: CreditNote, invoice: Invoice, words: Words) -> tuple[Fact, ...]:
    draft = note.draft
    given_back = sum((one.amount for one in draft.reversals if one.setoff is Setoff.BEFORE_TAX), ZERO)
    return totals.sums(
        (words.say("Charges taken back"), draft.charged),
        (words.say("Credits given back") + _by_rate(draft, invoice, words), -given_back),
        draft.net,
        totals.vat_fact(subtotals_of(draft, invoice), draft.tax, draft.currency, words),
        draft.currency,
        words,
    )


def _by_rate(draft: CreditNoteDraft, invoice: Invoice, words: Words) -> str:
    """Say what goes back to credits before tax at each rate, where there are several, as the e-invoice does."""
    subtotals = subtotals_of(draft, invoice)
    if len(subtotals) == 1:
        return ""
    keys = {line.position: invoice.draft.tax_key(line) for line in invoice.draft.lines}
    charged = add_up((keys[line.invoice_position], line.amount) for line in draft.lines)
    parts = [
        (
            totals.rate_label(*one.key, words),
            formats.amount_text(one.net - charged[one.key], draft.currency, words.locale),
        )
        for one in subtotals
        if one.net != charged[one.key]
    ]
    return f" ({'; '.join(map(': '.join, parts))})" if parts else ""
