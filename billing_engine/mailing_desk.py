"""`MailingDesk`: sends issued documents to customers by mail, each once, and tells how far that is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from billing_engine.document_desk import DocumentDesk
from billing_engine.errors import MailError, SettingsMissingError
from billing_engine.journal import Journal
from billing_engine.mail_round import MailRound, Means, Post
from billing_engine.mail_standing import Document, Standing, read_documents, read_standings
from billing_engine.mailing.message import new_message_id
from billing_engine.mailing.smtp import MailAccess
from billing_engine.model.instant import Instant
from billing_engine.model.mail import Mail, MailState, is_address
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings
from billing_engine.storage import mails
from billing_engine.transactions import Transactions

PAUSES = (5, 20, 60)
"""Seconds before each further try of what was not taken for now."""


class MailingDesk:
    """Queues and sends mails, and tells how far they are."""

    def __init__(
        self,
        transactions: Transactions,
        settings: Settings | None,
        documents: DocumentDesk,
        journal: Journal,
        password: str = "",
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._transactions = transactions
        self._settings = settings
        self._documents = documents
        self._journal = journal
        self._password = password
        self._pause = pause

    def standings(
        self, month: Month | None, numbers: Sequence[str] = (), *, with_credit_notes: bool = False
    ) -> list[Standing]:
        """Tell how far the mails of a month's invoices are, or of the documents named; changes nothing.

        Raises InvoiceNotFoundError for a number that there is not, or not in that month.
        """
        now = self._journal.moment()
        with self._transactions.reading(None) as active:
            found = read_documents(active, month, numbers, with_credit_notes=with_credit_notes)
            return read_standings(active, found, now)

    def send(
        self,
        month: Month | None,
        numbers: Sequence[str] = (),
        *,
        with_credit_notes: bool = False,
        on_ended: Callable[[str], object] | None = None,
    ) -> list[Standing]:
        """Send what was not sent yet of a month's invoices, or of the documents named; tells how far all of it is.

        Any number may send at once, and whoever is killed leaves nothing that is sent twice: what was on its way then
        is never sent again by itself. Raises SettingsMissingError, InvoiceNotFoundError, and MailError when the mail
        server can not be used at all; what is left stays queued.
        """
        post = self._post()
        access = self._access(post)
        access.check()
        left = self._queue(month, numbers, post, with_credit_notes=with_credit_notes)
        round_ = MailRound(
            Means(self._transactions, self._documents, self._journal, access, post), on_ended or (lambda _: None)
        )
        for seconds in (0, *PAUSES):
            if left and seconds:
                self._pause(seconds)
            left = round_.run(left)
        return self.standings(month, numbers, with_credit_notes=with_credit_notes)

    def again(self, number: str) -> None:
        """Have a document sent once more that was sent, failed, or may have arrived; `send` with its number does so.

        One that was sent gets a new Message-ID; any other keeps its own, so that a mail program that gets it twice can
        tell. Raises InvoiceNotFoundError when there is no such document, MailError when it is no case for that.
        """
        post, now = self._post(), self._journal.moment()

        def write(active: Connection) -> None:
            (document,) = read_documents(active, None, [number])
            self._doubt(active, [document], now)
            mail = mails.read_mails(active, [number]).get(number)
            if mail is None or mail.state is MailState.QUEUED:
                raise MailError(f"{number} was not sent yet; `billing-engine invoice send {number}` sends it")
            if document.is_voided:
                raise MailError(f"all of {number} was taken back by credit notes; it is not sent again")
            if not is_address(document.address):
                raise MailError(f"customer {document.customer!r} has no e-mail address that {number} could go to")
            id_ = new_message_id(post.sender) if mail.state is MailState.SENT else mail.message_id
            queued = replace(
                mail, recipient=document.address, state=MailState.QUEUED, note="", message_id=id_, changed_at=now
            )
            if not mails.put_back(active, queued):
                raise MailError(f"{number} is being sent just now; wait for its end")
            self._journal.note(active, f"{document.kind}.mailed_again", number, message_id=id_)

        self._transactions.retrying(None, write)

    def _post(self) -> Post:
        """Say in whose name mails go out; raises SettingsMissingError and MailError."""
        if self._settings is None:
            raise SettingsMissingError
        terms, seller = self._settings.mail, self._settings.seller
        sender = terms.sender or seller.email
        post = Post(sender, seller.name, seller.email or sender, terms.copy_to, self._settings.documents)
        for what, address in (("[mail] sender", post.sender), ("[seller] email", post.reply_to)):
            if not is_address(address):
                raise MailError(f"{what} in the settings can not be {address!r}; it has to be one e-mail address")
        if post.copy_to and not is_address(post.copy_to):
            raise MailError(f"[mail] copy_to in the settings can not be {post.copy_to!r}; allowed is one address")
        return post

    def _access(self, post: Post) -> MailAccess:
        if self._settings is None:
            raise SettingsMissingError
        terms, domain = self._settings.mail, post.sender.rpartition("@")[2]
        return MailAccess(terms.host, terms.port, terms.security, terms.user, domain, self._password)

    def _queue(self, month: Month | None, numbers: Sequence[str], post: Post, *, with_credit_notes: bool) -> list[str]:
        """Put down what is to be sent, and that nobody knows about what the dead were sending; returns what waits."""
        now = self._journal.moment()

        def write(active: Connection) -> list[str]:
            found = read_documents(active, month, numbers, with_credit_notes=with_credit_notes)
            self._doubt(active, found, now)
            states = {one.number: one.state for one in read_standings(active, found, now)}
            wanted = [one for one in found if states[one.number].is_waiting]
            mails.queue(active, [_new_mail(one, post, now) for one in wanted])
            return [one.number for one in wanted]

        return self._transactions.retrying(None, write)

    @staticmethod
    def _doubt(active: Connection, documents: Sequence[Document], now: Instant) -> None:
        for mail in mails.read_mails(active, [one.number for one in documents]).values():
            if mails.is_abandoned(mail, now):
                mails.doubt(active, mail, now)


def _new_mail(document: Document, post: Post, now: Instant) -> Mail:
    return Mail(
        number=document.number,
        kind=document.kind,
        period=document.period,
        recipient=document.address,
        state=MailState.QUEUED,
        tries=0,
        note="",
        message_id=new_message_id(post.sender),
        changed_at=now,
    )
