"""Reminders of overdue invoices in the invoice's language: drafts that somebody reads first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from babel.dates import format_date

from billing_engine.documents import formats
from billing_engine.documents.language import Words, words_for
from billing_engine.documents.parties import CODE_LIMIT, payment_facts
from billing_engine.documents.printable import one_line
from billing_engine.documents.view import Fact
from billing_engine.model.receivables import Reminder

_WIDTH = 76
_DAYS_TO_PAY = timedelta(days=7)
"""From the day of a reminder to the day by which it asks for the money."""
_OF_SHORT_DATES = ("sr-Latn", "sr-Cyrl")
"""Languages whose long dates would have to be in another case than Babel writes them in."""


class ReminderText(NamedTuple):
    """A reminder to read and to send."""

    recipient: str
    """E-mail address, empty when none is known."""
    subject: str
    body: str

    def as_file(self) -> str:
        """Write recipient and subject above the body."""
        return f"To: {self.recipient}\nSubject: {self.subject}\n\n{self.body}"


@dataclass(frozen=True, slots=True)
class ReminderLetter:
    """A reminder's parts, in the order of reading; each is one line or paragraph, harmless on any page."""

    subject: str
    addressee: str
    """The customer's name."""
    salutation: str
    opening: str
    facts: tuple[Fact, ...]
    """The invoice, its days and what of it was paid."""
    request: str
    bank_details: tuple[Fact, ...]
    crossed: str
    """What it says to those who paid in the meantime."""
    closing: str
    sender: tuple[str, ...]
    """The seller's name and how to reach it."""


def reminder_text(reminder: Reminder) -> ReminderText:
    """Write a reminder as plain text in the language of its invoice."""
    buyer = reminder.invoice.draft.buyer
    letter = reminder_letter(reminder, words_for(buyer.language))
    paragraphs = [
        letter.addressee,
        letter.salutation,
        _wrap(letter.opening),
        _table(letter.facts),
        _wrap(letter.request),
        _table(letter.bank_details),
        _wrap(letter.crossed),
        "\n".join((letter.closing, *letter.sender)),
    ]
    return ReminderText(one_line(buyer.email), letter.subject, "\n\n".join(filter(None, paragraphs)) + "\n")


def reminder_letter(reminder: Reminder, words: Words) -> ReminderLetter:
    """Write the parts of a reminder: friendly, firm, or the last one."""
    invoice, draft = reminder.invoice, reminder.invoice.draft
    filled = {
        "number": one_line(invoice.number, CODE_LIMIT),
        "issued": _day(invoice.issued_on, words),
        "due": _day(invoice.due_on, words),
        "open": formats.money_text(reminder.open, draft.currency, words.locale),
        "pay_by": _day(reminder.as_of + _DAYS_TO_PAY, words),
    }
    write = (_friendly, _firm, _final)[reminder.level - 1]
    subject, opening, request = write(words, filled)
    sender = (draft.seller.name, draft.seller.email, draft.seller.phone)
    return ReminderLetter(
        subject=one_line(subject),
        addressee=one_line(draft.buyer.name),
        salutation=words.say("Dear Sir or Madam,"),
        opening=opening,
        facts=tuple(_facts(reminder, words)),
        request=request,
        bank_details=payment_facts(draft.seller, filled["number"], words),
        crossed=words.say("If you have paid in the meantime, please disregard this message."),
        closing=words.say("Kind regards"),
        sender=tuple(filter(None, map(one_line, sender))),
    )


def _friendly(words: Words, filled: dict[str, str]) -> tuple[str, str, str]:
    return (
        words.say("Payment reminder: invoice {number}", **filled),
        words.say(
            "Our invoice {number} of {issued} was due on {due}. According to our records {open} is still to be paid; "
            "perhaps it escaped your notice.",
            **filled,
        ),
        words.say("We would be grateful if you could transfer the amount within the next few days.", **filled),
    )


def _firm(words: Words, filled: dict[str, str]) -> tuple[str, str, str]:
    return (
        words.say("Second reminder: invoice {number}", **filled),
        words.say(
            "We have not yet received full payment of our invoice {number} of {issued}, which was due on {due}. "
            "{open} is still to be paid.",
            **filled,
        ),
        words.say(
            "Please transfer this amount by {pay_by} at the latest. If you disagree with the invoice, please let us "
            "know without delay.",
            **filled,
        ),
    )


def _final(words: Words, filled: dict[str, str]) -> tuple[str, str, str]:
    return (
        words.say("Final reminder: invoice {number}", **filled),
        words.say(
            "Our invoice {number} of {issued}, due on {due}, has still not been paid in full. {open} is outstanding.",
            **filled,
        ),
        words.say(
            "This is our final reminder. We ask you to transfer the whole amount by {pay_by}. If we have not received "
            "it by then, we will take further steps to recover it without another notice.",
            **filled,
        ),
    )


def _facts(reminder: Reminder, words: Words) -> Iterable[Fact]:
    invoice, known = reminder.invoice, reminder.invoice.settlement
    currency = invoice.draft.currency
    yield Fact(words.say_in("reminder", "Invoice"), one_line(invoice.number, CODE_LIMIT))
    yield Fact(words.say_in("reminder", "Issued on"), _day(invoice.issued_on, words))
    yield Fact(words.say_in("reminder", "Due on"), _day(invoice.due_on, words))
    overdue = formats.count_text(reminder.days_overdue, words.locale)
    yield Fact(words.say_in("reminder", "Days overdue"), overdue)
    due = formats.money_text(invoice.amount_due, currency, words.locale)
    yield Fact(words.say_in("reminder", "Amount due"), due)
    if known.credited:
        credited = formats.money_text(-known.credited, currency, words.locale)
        yield Fact(words.say_in("reminder", "Credited"), credited)
    if known.paid:
        paid = formats.money_text(-known.paid, currency, words.locale)
        yield Fact(words.say_in("reminder", "Received so far"), paid)
    still_open = formats.money_text(reminder.open, currency, words.locale)
    yield Fact(words.say_in("reminder", "Still to be paid"), still_open)


def _day(day: date, words: Words) -> str:
    """Write a day that no line end can divide."""
    form = "medium" if words.language in _OF_SHORT_DATES else "long"
    return format_date(day, form, locale=words.locale).replace(" ", formats.NO_BREAK_SPACE)


def _table(rows: Iterable[Fact]) -> str:
    """Set labels and values in two columns."""
    facts = tuple(rows)
    width = max(len(fact.label) for fact in facts)
    return "\n".join(f"  {fact.label:{width}}  {fact.value}" for fact in facts)


def _wrap(paragraph: str) -> str:
    # Numbers have hyphens, and a name that is too long for a line is still one name.
    return textwrap.fill(paragraph, _WIDTH, break_on_hyphens=False, break_long_words=False)
