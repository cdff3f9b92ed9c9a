"""The text of the mail that brings a document: plain, short, in the customer's language."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from billing_engine.documents import formats
from billing_engine.documents.language import Words
from billing_engine.documents.parties import CODE_LIMIT, payment_facts, printable_facts
from billing_engine.documents.printable import one_line
from billing_engine.documents.view import Fact
from billing_engine.errors import RenderingError
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.invoice import Invoice
from billing_engine.model.settings import DocumentTerms
from billing_engine.resources import resource_folder

_WIDTH = 76
_SUBJECT_LIMIT = 150
_REASON_LIMIT = 300
_TABLE = "  "
"""What a line of a table begins with."""


class MailText(NamedTuple):
    """What a mail says."""

    subject: str
    """One printable line."""
    body: str


@dataclass(frozen=True, slots=True)
class _MailView:
    """What the templates may use, all of it print-ready."""

    number: str
    invoice: str
    """The number of the invoice, also where the mail brings its credit note."""
    month: str
    addressee: str
    facts: tuple[str, ...]
    is_due: bool
    bank_details: tuple[str, ...]
    """Empty where nothing is to be paid, or the seller names no account."""
    sender: tuple[str, ...]


def mail_text(invoice: Invoice, words: Words, terms: DocumentTerms) -> MailText:
    """Write what goes with an invoice; raises RenderingError when the template can not be used."""
    draft = invoice.draft
    number = one_line(invoice.number, CODE_LIMIT)
    facts = [
        (words.say("Invoice"), number),
        (words.say("Issued"), formats.day_text(invoice.issued_on, words.locale)),
        (words.say("Service period"), formats.month_span_text(draft.period, words.locale)),
        (words.say("Amount due"), formats.money_text(invoice.amount_due, draft.currency, words.locale)),
    ]
    is_due = _is_open(invoice)
    if is_due:
        facts.append((words.say("Due"), formats.day_text(invoice.due_on, words.locale)))
    facts += _since(invoice, words)
    account = payment_facts(draft.seller, number, words) if is_due and draft.seller.iban else ()
    return _filled("mail.txt", _view(invoice, number, facts, account, words), words, terms)


def _is_open(invoice: Invoice) -> bool:
    return invoice.settlement.open > 0


def _since(invoice: Invoice, words: Words) -> list[tuple[str, str]]:
    """Say what was credited and paid before the mail was written, and what is left of the amount."""
    known, currency = invoice.settlement, invoice.draft.currency
    if not known.credited and not known.paid:
        return []
    amounts = [
        (words.say_in("reminder", "Credited"), -known.credited),
        (words.say_in("reminder", "Received so far"), -known.paid),
        (words.say_in("reminder", "Still to be paid"), known.open),
    ]
    left = [(label, amount) for label, amount in amounts[:2] if amount]
    return [(label, formats.money_text(amount, currency, words.locale)) for label, amount in [*left, amounts[2]]]


def credit_note_mail_text(note: CreditNote, invoice: Invoice, words: Words, terms: DocumentTerms) -> MailText:
    """Write what goes with a credit note; raises RenderingError when the template can not be used."""
    number = one_line(note.number, CODE_LIMIT)
    facts = [
        (words.say("Credit note"), number),
        (words.say("Issued"), formats.day_text(note.issued_on, words.locale)),
        (words.say("Invoice"), one_line(invoice.number, CODE_LIMIT)),
        (words.say("Total credited"), formats.money_text(note.draft.gross, note.draft.currency, words.locale)),
        (words.say("Reason"), one_line(note.draft.reason, _REASON_LIMIT)),
    ]
    return _filled("mail_credit_note.txt", _view(invoice, number, facts, (), words), words, terms)


def _view(
    invoice: Invoice,
    number: str,
    facts: list[tuple[str, str]],
    account: tuple[Fact, ...],
    words: Words,
) -> _MailView:
    draft = invoice.draft
    sender = (draft.seller.name, draft.seller.email, draft.seller.phone)
    return _MailView(
        number=number,
        invoice=one_line(invoice.number, CODE_LIMIT),
        month=formats.month_text(draft.period, words.locale),
        addressee=one_line(draft.buyer.name),
        facts=_columns(printable_facts(facts)),
        is_due=_is_open(invoice),
        bank_details=_columns(account),
        sender=tuple(filter(None, map(one_line, sender))),
    )


def _columns(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Set labels and values in two columns."""
    rows = [*facts]
    width = max((len(fact.label) for fact in rows), default=0)
    return tuple(f"{fact.label:{width}}  {fact.value}" for fact in rows)


def _filled(template: str, view: _MailView, words: Words, terms: DocumentTerms) -> MailText:
    try:
        written = _environment(terms.templates).get_template(template).render(mail=view, _=words.say)
    except (TemplateError, OSError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise RenderingError(f"{template} can not be filled in: {error}") from error
    subject, _, body = written.strip().partition("\n")
    lines = (line if line.startswith(_TABLE) else _wrapped(line) for line in body.strip().split("\n"))
    return MailText(one_line(subject, _SUBJECT_LIMIT), re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n")


def _wrapped(line: str) -> str:
    # Numbers have hyphens, and a name that is too long for a line is still one name.
    return textwrap.fill(line.strip(), _WIDTH, break_on_hyphens=False, break_long_words=False)


@cache
def _environment(templates: Path | None) -> ImmutableSandboxedEnvironment:
    """Read the user's own templates before ours; what they make is plain text, so that nothing is escaped."""
    folders = [folder for folder in (templates, resource_folder("invoice_templates")) if folder is not None]
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
