"""A round of sending: each mail that waits is written, taken, handed to the mail server, and noted as what it became.

Writing and sending happen with no transaction open. A mail is taken in a transaction of its own before the server
hears of it, so that whoever is killed in between leaves one that nobody sends again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.document_desk import DocumentDesk
from billing_engine.documents.files import pdf_file_name
from billing_engine.documents.language import words_for
from billing_engine.documents.mail_text import MailText, credit_note_mail_text, mail_text
from billing_engine.documents.printable import one_line
from billing_engine.errors import BillingError, MailError
from billing_engine.journal import Journal
from billing_engine.mail_standing import read_documents
from billing_engine.mailing.message import Letter, message_bytes
from billing_engine.mailing.smtp import Answer, MailAccess, MailServer, Outcome
from billing_engine.model.mail import Mail, MailKind, MailState
from billing_engine.model.settings import DocumentTerms
from billing_engine.storage import credit_notes, invoices, mails
from billing_engine.storage.stripe_outbox import sender_name
from billing_engine.transactions import Transactions

_STATES = {
    Outcome.TAKEN: MailState.SENT,
    Outcome.NOT_NOW: MailState.QUEUED,
    Outcome.REFUSED: MailState.FAILED,
    Outcome.UNSURE: MailState.UNKNOWN,
}

_NAME_LIMIT = 100
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Post:
    """In whose name mails go out, and how they look."""

    sender: str
    sender_name: str
    reply_to: str
    copy_to: str
    """Who gets a blind copy; empty is nobody."""
    terms: DocumentTerms


@dataclass(frozen=True, slots=True)
class Means:
    """What a round works with."""

    transactions: Transactions
    documents: DocumentDesk
    journal: Journal
    access: MailAccess
    post: Post


class _Written(NamedTuple):
    """What a mail says and brings."""

    text: MailText
    language: str
    pdf: bytes


class MailRound:
    """Sends mails that wait, one after another over one line."""

    def __init__(self, means: Means, on_ended: Callable[[str], object]) -> None:
        self._means = means
        self._on_ended = on_ended
        self._name = sender_name(next(_numbers))

    def run(self, numbers: Sequence[str]) -> list[str]:
        """Send what waits of some documents; returns what the mail server would not take for now.

        Raises MailError when the mail server can not be used at all.
        """
        left: list[str] = []
        server = MailServer(self._means.access)
        try:
            for done, number in enumerate(numbers):
                written = self._write(number)
                if written is None:
                    continue
                silent = server.open()
                if silent:
                    self._note_waiting(numbers[done:], silent)
                    return [*left, *numbers[done:]]
                if self._send(server, number, written):
                    self._on_ended(number)
                else:
                    left.append(number)
        except MailError as error:
            self._note_waiting(numbers, str(error))
            raise
        finally:
            server.close()
        return left

    def _write(self, number: str) -> _Written | None:
        """Write a mail; None when its document can not be rendered, which is noted."""
        terms, documents = self._means.post.terms, self._means.documents
        try:
            with self._means.transactions.reading(None) as active:
                invoice = invoices.read_with_lines(active, [number]).get(number)
                note = None if invoice is not None else credit_notes.read_credit_note(active, number)
                if note is not None:
                    invoice = invoices.read_with_lines(active, [note.draft.invoice])[note.draft.invoice]
            assert invoice is not None, "a credit note has an invoice"  # noqa: S101 - held by the database
            words = words_for(invoice.draft.buyer.language, terms.templates)
            if note is None:
                # What was issued is what is to be booked; the text says what was credited or paid since.
                pdf = documents.invoice_pdf(number, original=True)
                return _Written(mail_text(invoice, words, terms), words.language, pdf)
            text = credit_note_mail_text(note, invoice, words, terms)
            return _Written(text, words.language, documents.credit_note_pdf(number))
        except BillingError as error:
            self._note_waiting([number], str(error))
            return None

    def _send(self, server: MailServer, number: str, written: _Written) -> bool:
        """Take a mail and hand it over; tells whether it waits no more."""
        means, now = self._means, self._means.journal.moment()

        def take(active: Connection) -> Mail | None:
            (document,) = read_documents(active, None, [number])
            return None if document.is_voided else mails.take(active, number, self._name, now)

        mail = means.transactions.retrying(None, take)
        if mail is None:
            return True
        post = means.post
        letter = Letter(
            message_id=mail.message_id,
            sent_at=now,
            sender=post.sender,
            sender_name=one_line(post.sender_name, _NAME_LIMIT),
            reply_to=post.reply_to,
            recipient=mail.recipient,
            language=written.language,
            subject=written.text.subject,
            body=written.text.body,
            file_name=pdf_file_name(number),
            pdf=written.pdf,
        )
        recipients = [mail.recipient, *filter(None, [post.copy_to])]
        try:
            answer = server.send(post.sender, recipients, message_bytes(letter))
        except MailError as error:
            self._finish(mail, Answer(Outcome.NOT_NOW, str(error)))
            raise
        self._finish(mail, answer)
        return answer.outcome is not Outcome.NOT_NOW

    def _finish(self, mail: Mail, answer: Answer) -> None:
        """Write what became of a mail, and in the trail that it was sent: to whom is kept with the mail alone."""
        journal, state, now = self._means.journal, _STATES[answer.outcome], self._means.journal.moment()

        def write(active: Connection) -> None:
            mails.finish(active, mail, state, answer.reason, now)
            if state is MailState.SENT:
                domain = mail.recipient.rpartition("@")[2]
                journal.note(active, _ACTIONS[mail.kind], mail.number, domain=domain, message_id=mail.message_id)

        self._means.transactions.retrying(None, write)

    def _note_waiting(self, numbers: Sequence[str], reason: str) -> None:
        self._means.transactions.retrying(None, lambda active: mails.note_waiting(active, numbers, reason))


_ACTIONS = {MailKind.INVOICE: "invoice.mailed", MailKind.CREDIT_NOTE: "credit_note.mailed"}
