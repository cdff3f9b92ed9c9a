"""Reminders of overdue invoices as plain text in the invoice's language: drafts that somebody reads first."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from babel import Locale
from babel.dates import format_date

from billing_engine.documents import formats
from billing_engine.documents.parties import CODE_LIMIT
from billing_engine.documents.printable import one_line
from billing_engine.model.invoice import Seller
from billing_engine.model.receivables import Reminder
from billing_engine.resources import resource_folder

_FALLBACK_LANGUAGE = "en"
_WIDTH = 76
_DAYS_TO_PAY = timedelta(days=7)
"""From the day of a reminder to the day by which it asks for the money."""
_PREFIX = "reminders_"


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
class _Words:
    locale: Locale
    date_form: str
    facts: Mapping[str, str]
    letter: Mapping[str, str]
    levels: tuple[Mapping[str, str], ...]

    def day(self, day: date) -> str:
        """Write a day that no line end can divide."""
        return format_date(day, self.date_form, locale=self.locale).replace(" ", formats.NO_BREAK_SPACE)


def reminder_text(reminder: Reminder) -> ReminderText:
    """Write a reminder in the language of its invoice, English where there are no words for it."""
    invoice, draft = reminder.invoice, reminder.invoice.draft
    words = _words_for(draft.buyer.language)
    level = words.levels[reminder.level - 1]
    filled = {
        "number": one_line(invoice.number, CODE_LIMIT),
        "issued": words.day(invoice.issued_on),
        "due": words.day(invoice.due_on),
        "open": formats.money_text(reminder.open, draft.currency, words.locale),
        "pay_by": words.day(reminder.as_of + _DAYS_TO_PAY),
    }
    sender = [draft.seller.name, draft.seller.email, draft.seller.phone]
    paragraphs = [
        one_line(draft.buyer.name),
        words.letter["salutation"],
        _wrap(level["opening"].format(**filled)),
        _table(_amounts(reminder, words), words),
        _wrap(level["request"].format(**filled)),
        _table(_bank_details(draft.seller, filled["number"]), words),
        _wrap(words.letter["crossed"]),
        "\n".join(filter(None, (words.letter["closing"], *map(one_line, sender)))),
    ]
    subject = one_line(level["subject"].format(**filled))
    return ReminderText(one_line(draft.buyer.email), subject, "\n\n".join(filter(None, paragraphs)) + "\n")


def _amounts(reminder: Reminder, words: _Words) -> list[tuple[str, str]]:
    invoice, known = reminder.invoice, reminder.invoice.settlement
    taken_off = [("credited", -known.credited), ("paid", -known.paid)]
    amounts = [("amount", invoice.amount_due), *((name, amount) for name, amount in taken_off if amount)]
    currency = invoice.draft.currency
    return [
        ("invoice", one_line(invoice.number, CODE_LIMIT)),
        ("issued", words.day(invoice.issued_on)),
        ("due", words.day(invoice.due_on)),
        ("overdue", formats.count_text(reminder.days_overdue, words.locale)),
        *((name, formats.money_text(amount, currency, words.locale)) for name, amount in amounts),
        ("open", formats.money_text(reminder.open, currency, words.locale)),
    ]


def _bank_details(seller: Seller, number: str) -> list[tuple[str, str]]:
    details = [
        ("beneficiary", one_line(seller.name)),
        ("iban", one_line(seller.iban, CODE_LIMIT)),
        ("bic", one_line(seller.bic, CODE_LIMIT)),
        ("bank", one_line(seller.bank)),
        ("reference", number),
    ]
    return [(name, value) for name, value in details if value]


def _table(rows: Iterable[tuple[str, str]], words: _Words) -> str:
    """Set labels and values in two columns."""
    labelled = [(words.facts[name], value) for name, value in rows]
    width = max(len(label) for label, _ in labelled)
    return "\n".join(f"  {label:{width}}  {value}" for label, value in labelled)


def _wrap(paragraph: str) -> str:
    # Numbers have hyphens, and a name that is too long for a line is still one name.
    return textwrap.fill(paragraph, _WIDTH, break_on_hyphens=False, break_long_words=False)


def _words_for(language: str) -> _Words:
    """Find the words for a language tag such as sr-Cyrl-RS: with its script, else without."""
    primary, *others = language.replace("_", "-").lower().split("-")
    known = _languages()
    wanted = [*(f"{primary}-{script}" for script in others), primary, _FALLBACK_LANGUAGE]
    return _read(next(known[tag] for tag in wanted if tag in known))


@cache
def _languages() -> dict[str, str]:
    """Name the languages there are words for, as their files do, by tag in small letters."""
    paths = resource_folder("invoice_templates").glob(f"{_PREFIX}*.toml")
    names = [path.stem.removeprefix(_PREFIX) for path in paths]
    return {name.lower(): name for name in names}


@cache
def _read(name: str) -> _Words:
    path = resource_folder("invoice_templates") / f"{_PREFIX}{name}.toml"
    content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return _Words(
        locale=Locale.parse(content["locale"]),
        date_form=content["date"],
        facts=content["facts"],
        letter=content["letter"],
        levels=(content["level_1"], content["level_2"], content["level_3"]),
    )
