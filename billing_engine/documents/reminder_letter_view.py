"""From a reminder to the letter that it prints."""

from __future__ import annotations

from billing_engine.documents import formats
from billing_engine.documents.frame import page_view
from billing_engine.documents.language import Words
from billing_engine.documents.parties import buyer_view, sender_view
from billing_engine.documents.reminder import reminder_letter
from billing_engine.documents.view import LetterView
from billing_engine.model.receivables import Reminder
from billing_engine.model.settings import DocumentTerms


def reminder_letter_view(reminder: Reminder, words: Words, terms: DocumentTerms) -> LetterView:
    """Turn a reminder into the text of its page."""
    draft = reminder.invoice.draft
    letter = reminder_letter(reminder, words)
    return LetterView(
        page=page_view(letter.subject, reminder.as_of, draft.seller, words, terms),
        sender=sender_view(draft.seller, words),
        recipient=buyer_view(draft.buyer, words),
        day=formats.day_text(reminder.as_of, words.locale),
        subject=letter.subject,
        salutation=letter.salutation,
        opening=letter.opening,
        amounts=letter.facts,
        request=letter.request,
        payment=letter.bank_details,
        crossed=letter.crossed,
        closing=letter.closing,
        signature=letter.sender,
    )
