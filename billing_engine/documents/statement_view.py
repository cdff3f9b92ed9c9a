"""From an invoice to the statement of its hours: what was worked, what it counts as, and why."""

from __future__ import annotations

from collections.abc import Iterator

from billing_engine.documents import formats
from billing_engine.documents.annex import annex_view
from billing_engine.documents.chart import hours_chart
from billing_engine.documents.frame import page_view
from billing_engine.documents.language import Words
from billing_engine.documents.parties import BRAND_LIMIT, CODE_LIMIT, buyer_view, printable_facts, sender_view
from billing_engine.documents.printable import one_line
from billing_engine.documents.usage import use_views
from billing_engine.documents.view import FigureView, StatementView
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import Invoice
from billing_engine.model.settings import DocumentTerms


def statement_view(invoice: Invoice, words: Words, terms: DocumentTerms) -> StatementView:
    """Turn the time entries of an invoice into the text of a statement's pages."""
    draft = invoice.draft
    month = formats.month_text(draft.period, words.locale)
    title = words.say(
        "Statement of hours for {month}, {customer}", month=month, customer=one_line(draft.buyer.name, BRAND_LIMIT)
    )
    return StatementView(
        page=page_view(title, invoice.issued_on, draft.seller, words, terms),
        month=month,
        seller=sender_view(draft.seller, words),
        buyer=buyer_view(draft.buyer, words),
        details=printable_facts(
            [
                (words.say("Period"), formats.month_span_text(draft.period, words.locale)),
                (words.say("Issued"), formats.day_text(invoice.issued_on, words.locale)),
                (words.say("Invoice"), one_line(invoice.number, CODE_LIMIT)),
                (words.say("Customer no."), one_line(draft.customer, CODE_LIMIT)),
                (words.say("Your reference"), draft.buyer.reference),
            ]
        ),
        figures=tuple(_figures(invoice, words)),
        uses=use_views(draft, words),
        chart=hours_chart(draft, words, terms.brand_colour),
        currency=draft.currency,
        annex=annex_view(draft, words),
    )


def _figures(invoice: Invoice, words: Words) -> Iterator[FigureView]:
    entries = invoice.draft.entries
    worked = hours_and_minutes(sum(entry.worked_seconds for entry in entries))
    billed = hours_and_minutes(sum(entry.billed_seconds for entry in entries))
    tickets = len({entry.ticket for entry in entries if entry.ticket})
    count = words.count("in {count} time entry", "in {count} time entries", len(entries))
    yield FigureView(words.say("Hours worked"), words.say("{hours} h", hours=worked), count, "")
    yield FigureView(
        words.say("Hours billed"),
        words.say("{hours} h", hours=billed),
        words.say("counted in units, with minimums"),
        "",
    )
    yield FigureView(words.say("Tickets"), formats.count_text(tickets, words.locale), words.say("worked on"), "")
