"""From an issued credit note and its invoice to what it prints."""

from __future__ import annotations

from billing_engine.documents import formats
from billing_engine.documents.formats import Catalogue
from billing_engine.documents.invoice_view import vat_fact
from billing_engine.documents.parties import BRAND_LIMIT, CODE_LIMIT, buyer_view, seller_view
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import CreditedLineView, CreditNoteView, Fact, SetoffView
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.invoice import Invoice
from billing_engine.model.money import ZERO
from billing_engine.model.sla_terms import Setoff


def credit_note_view(note: CreditNote, invoice: Invoice) -> CreditNoteView:
    """Turn a credit note into the text of its pages, in the invoice's language; the parties are the invoice's."""
    draft, billed = note.draft, invoice.draft
    words = formats.catalogue_for(billed.buyer.language)
    labels = {**words.labels, **words.credit_note_labels}
    number = one_line(note.number, CODE_LIMIT)
    gross = formats.money_text(draft.gross, draft.currency, words.locale)
    return CreditNoteView(
        language=words.language,
        labels=labels,
        title=labels["title"].format(number=number),
        number=number,
        created=note.issued_on.isoformat(),
        brand=one_line(billed.seller.name, BRAND_LIMIT),
        seller=seller_view(billed.seller, words),
        buyer=buyer_view(billed.buyer, words),
        details=(
            Fact(labels["issued"], formats.day_text(note.issued_on, words.locale)),
            Fact(labels["invoice"], one_line(invoice.number, CODE_LIMIT)),
            Fact(labels["invoiced"], formats.day_text(invoice.issued_on, words.locale)),
        ),
        credited=gross,
        reason=paragraph(draft.reason),
        amount_heading=labels["amount"].format(currency=draft.currency),
        lines=tuple(
            CreditedLineView(
                position=str(line.invoice_position),
                title=one_line(line.title),
                detail=paragraph(line.detail),
                amount=formats.amount_text(line.amount, draft.currency, words.locale),
            )
            for line in draft.lines
        ),
        reductions=_given_back(note, invoice, Setoff.BEFORE_TAX, words),
        sums=_sums(note, words),
        total=Fact(labels["total"], gross),
        reversals=_given_back(note, invoice, Setoff.AFTER_TAX, words),
        tax_note=paragraph(billed.tax_note),
    )


def _given_back(note: CreditNote, invoice: Invoice, mode: Setoff, words: Catalogue) -> tuple[SetoffView, ...]:
    """Name the credits that have something back; before tax it makes the credit note smaller, so it has a minus."""
    setoffs = {setoff.position: setoff for setoff in invoice.draft.setoffs}
    sign = -1 if mode is Setoff.BEFORE_TAX else 1
    return tuple(
        SetoffView(
            title=one_line(setoffs[one.position].title),
            reference=words.credit_note_labels["given_back"].format(
                reference=one_line(setoffs[one.position].reference, CODE_LIMIT)
            ),
            amount=formats.amount_text(sign * one.amount, note.draft.currency, words.locale),
        )
        for one in note.draft.reversals
        if one.setoff is mode
    )


def _sums(note: CreditNote, words: Catalogue) -> tuple[Fact, ...]:
    """Lead from the lines to the total."""
    draft = note.draft
    labels = {**words.labels, **words.credit_note_labels}
    given_back = sum((one.amount for one in draft.reversals if one.setoff is Setoff.BEFORE_TAX), ZERO)
    amounts = [("charges", draft.charged), ("credits", -given_back)] if given_back else []
    return (
        *(
            Fact(labels[name], formats.amount_text(amount, draft.currency, words.locale))
            for name, amount in [*amounts, ("net", draft.net)]
        ),
        vat_fact(draft, words),
    )
