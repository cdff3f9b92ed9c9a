"""How far the mails of documents are: sent, waiting, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.errors import CreditNoteError, InvoiceNotFoundError
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.instant import Instant
from billing_engine.model.invoice import Invoice
from billing_engine.model.mail import Mail, MailKind, MailState, is_address
from billing_engine.model.period import Month
from billing_engine.storage import credit_notes, invoices, mails, master_data


class Document(NamedTuple):
    """An issued document, as far as mailing goes."""

    number: str
    kind: MailKind
    period: str
    """Of an invoice its month, of a credit note that in which it was issued; such as "2026-10"."""
    customer: str
    address: str
    """Where its customer gets mail now, whatever stood there on the day of issue."""
    is_voided: bool


class Standing(NamedTuple):
    """How far a document's mail is."""

    number: str
    kind: MailKind
    customer: str
    recipient: str
    """To whom it goes or went; empty where there is no address."""
    state: MailState
    tries: int = 0
    note: str = ""
    """Why it waits, or failed."""
    changed_at: Instant = 0

    @property
    def command(self) -> str:
        """What somebody types who wants it sent nevertheless; empty where it is sent anyway, or can not be."""
        failed = self.state in (MailState.FAILED, MailState.UNKNOWN)
        return f"billing-engine invoice send --again {self.number}" if failed else ""


def read_documents(
    connection: Connection, month: Month | None, numbers: Sequence[str] = (), *, with_credit_notes: bool = False
) -> list[Document]:
    """Return the documents named, else the month's invoices and, if they are wanted, credit notes issued in it.

    Raises InvoiceNotFoundError for a number that there is not, or not in that month.
    """
    found: list[Invoice | CreditNote] = []
    if numbers:
        found += [_read(connection, number) for number in dict.fromkeys(numbers)]
    elif month is not None:
        found += invoices.read_invoices(connection, month)
        found += credit_notes.read_credit_notes(connection, month=month) if with_credit_notes else []
    customers = master_data.read_customers(connection, list({one.draft.customer for one in found}))
    documents = [_document(one, customers[one.draft.customer].email.strip()) for one in found]
    strange = [one.number for one in documents if month is not None and one.period != str(month)]
    if strange:
        raise InvoiceNotFoundError(f"{', '.join(strange)}: not of {month}")
    return documents


def _read(connection: Connection, number: str) -> Invoice | CreditNote:
    invoice = invoices.read_with_lines(connection, [number]).get(number)
    if invoice is not None:
        return invoice
    try:
        return credit_notes.read_credit_note(connection, number)
    except CreditNoteError:
        raise InvoiceNotFoundError(f"there is no invoice or credit note {number!r}") from None


def _document(issued: Invoice | CreditNote, address: str) -> Document:
    if isinstance(issued, CreditNote):
        period = str(Month(issued.issued_on.year, issued.issued_on.month))
        return Document(issued.number, MailKind.CREDIT_NOTE, period, issued.draft.customer, address, is_voided=False)
    draft, is_voided = issued.draft, issued.settlement.is_withdrawn
    return Document(issued.number, MailKind.INVOICE, str(draft.period), draft.customer, address, is_voided)


def read_standings(connection: Connection, documents: Sequence[Document], now: Instant) -> list[Standing]:
    """Tell how far documents are, in their order."""
    known = mails.read_mails(connection, [one.number for one in documents])
    return [_standing(one, known.get(one.number), now) for one in documents]


def _standing(document: Document, mail: Mail | None, now: Instant) -> Standing:
    number, kind, customer = document.number, document.kind, document.customer
    if mail is None or mail.state is MailState.QUEUED:
        tries, note = (0, "") if mail is None else (mail.tries, mail.note)
        return Standing(number, kind, customer, document.address, _state_before(document, mail), tries, note)
    if mails.is_abandoned(mail, now):
        mail = mails.doubted(mail)
    note = "" if mail.state is MailState.SENDING else mail.note
    return Standing(number, kind, customer, mail.recipient, mail.state, mail.tries, note, mail.changed_at)


def _state_before(document: Document, mail: Mail | None) -> MailState:
    """Tell how far a mail is that nobody took yet."""
    if document.is_voided:
        return MailState.VOIDED
    if not document.address:
        return MailState.NO_ADDRESS
    if not is_address(document.address):
        return MailState.WRONG_ADDRESS
    return MailState.TO_SEND if mail is None else MailState.QUEUED
