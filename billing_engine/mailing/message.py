"""Messages: a text and a PDF as the bytes that a mail server takes."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from billing_engine.errors import MailError
from billing_engine.model.instant import Instant, local_datetime
from billing_engine.model.mail import is_address

_BREAKING = ("Cc", "Cs", "Zl", "Zp")
"""Controls, halves of characters and ends of lines: a head would end there, and another begin."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says and brings; all of it plain."""

    message_id: str
    sent_at: Instant
    sender: str
    sender_name: str
    reply_to: str
    recipient: str
    language: str
    """BCP 47."""
    subject: str
    body: str
    file_name: str
    pdf: bytes


def new_message_id(sender: str) -> str:
    """Make the id of a message that nobody else makes, in the name of the sender's domain."""
    return f"<{uuid.uuid4().hex}@{sender.rpartition('@')[2]}>"


def message_bytes(letter: Letter) -> bytes:
    """Write a message with CRLF at the ends of lines.

    Raises MailError when an address is not one address, or something would end its header.
    """
    for address in (letter.sender, letter.reply_to, letter.recipient):
        if not is_address(address):
            raise MailError(f"{address!r} is not one plain e-mail address")
    for text in (letter.sender_name, letter.subject, letter.message_id, letter.language, letter.file_name):
        if any(unicodedata.category(character) in _BREAKING for character in text):
            raise MailError(f"{text[:60]!a} has characters that the head of a mail can not have")
    message = EmailMessage(policy=SMTP)
    name, domain = letter.sender.split("@")
    try:
        message["From"] = Address(letter.sender_name, name, domain)
        message["To"] = letter.recipient
        message["Reply-To"] = letter.reply_to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(local_datetime(letter.sent_at, UTC))
        message["Message-ID"] = letter.message_id
        # So that nobody's out-of-office answers.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body, cte="quoted-printable")
        message.add_attachment(letter.pdf, maintype="application", subtype="pdf", filename=letter.file_name)
        # Last, because the content takes all that begins with Content along.
        message["Content-Language"] = letter.language
    except ValueError as error:
        raise MailError(f"the mail can not be written: {error}") from None
    return message.as_bytes()
