"""Mails that bring documents to customers: each document is sent once, and how far that is can be told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from billing_engine.model.instant import Instant

LONGEST_ADDRESS = 254
"""As RFC 5321 has it, less the brackets."""

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_LOCAL}@{_LABEL}(?:\.{_LABEL})+")


class MailKind(StrEnum):
    """What a mail brings."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class MailState(StrEnum):
    """How far a document's mail is; the first four are of documents that nothing is kept about yet."""

    TO_SEND = "to_send"
    """Nobody has asked for it to be sent yet."""
    NO_ADDRESS = "no_address"
    """The customer has none."""
    WRONG_ADDRESS = "wrong_address"
    """What stands there is not one address."""
    VOIDED = "voided"
    """Credit notes took all of it back: it is not sent."""
    QUEUED = "queued"
    SENDING = "sending"
    """Somebody is sending it just now."""
    SENT = "sent"
    """The mail server took it."""
    FAILED = "failed"
    """The mail server refused it for good."""
    UNKNOWN = "unknown"
    """It was on its way when the sender or the line died; it may have arrived, so that only a person sends it again."""

    @property
    def is_waiting(self) -> bool:
        """Tell whether it is sent when somebody sends."""
        return self in (MailState.TO_SEND, MailState.QUEUED)

    @property
    def is_settled(self) -> bool:
        """Tell whether there is nothing left to do about it."""
        return self in (MailState.SENT, MailState.NO_ADDRESS, MailState.VOIDED)


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail of one document, as it is kept."""

    number: str
    """Of the document."""
    kind: MailKind
    period: str
    """Month of the invoice, or that in which a credit note was issued, such as "2026-10"."""
    recipient: str
    state: MailState
    tries: int
    note: str
    """Why it failed or waits; who sends it, while it is being sent."""
    message_id: str
    """Made before it is first sent, and the same with each try: whoever gets it twice can tell."""
    changed_at: Instant


def is_address(text: str) -> bool:
    """Tell whether a text is one plain e-mail address: no name beside it, no list, nothing that ends a header."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None
