"""The mail server: one line to it for many mails, and a clear answer about each of them."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from billing_engine.errors import MailError

PASSWORD = "BILLING_ENGINE_SMTP_PASSWORD"  # noqa: S105 - the name of the environment variable
TIMEOUT = 30
"""Seconds for each answer."""

_HERE = ("localhost", "127.0.0.1", "::1")
_SECURITIES = ("starttls", "tls", "none")
_REASON_LIMIT = 300
_GO_ON, _CLOSING, _TOO_BIG = 354, 421, 552


@dataclass(frozen=True, slots=True)
class MailAccess:
    """Where the mail server is, and what opens it; a `repr` shows no secret."""

    host: str
    port: int
    security: str
    user: str
    hello: str
    """The domain in whose name it is greeted."""
    password: str = field(repr=False, default="")

    def check(self) -> None:
        """Raise MailError with what is wrong with it."""
        if not self.host:
            raise MailError("the settings name no mail server; put its host into [mail]")
        if self.security not in _SECURITIES:
            raise MailError(f"[mail] security can not be {self.security!r}; allowed: {', '.join(_SECURITIES)}")
        if self.security == "none" and self.host not in _HERE:
            raise MailError("[mail] security 'none' sends mail over an open line; it is for a server on this machine")
        if self.user and not self.password:
            raise MailError(f"{PASSWORD} is not set; put the password of {self.user!r} into it")
        if not self.password.isascii() or not self.user.isascii():
            raise MailError(f"[mail] user and {PASSWORD} can only have ASCII characters")

    def hide(self, message: str) -> str:
        """Take the password out of a message, whoever wrote it."""
        if not self.password:
            return message
        plain = f"\0{self.user}\0{self.password}"
        secrets = (self.password, *(base64.b64encode(text.encode()).decode() for text in (plain, self.password)))
        for secret in secrets:
            message = message.replace(secret, "***")
        return message


class Outcome(StrEnum):
    """What became of a mail."""

    TAKEN = "taken"
    NOT_NOW = "not_now"
    """It was not taken, and may be later."""
    REFUSED = "refused"
    UNSURE = "unsure"
    """The line was lost after all of it may have been there."""


class Answer(NamedTuple):
    """What the server said about a mail."""

    outcome: Outcome
    reason: str = ""


class MailServer:
    """A mail server that is spoken to when there is something to say."""

    def __init__(self, access: MailAccess) -> None:
        """Open nothing yet; raises MailError."""
        access.check()
        self._access = access
        self._line: smtplib.SMTP | None = None

    def open(self) -> str:
        """See to it that there is a line; returns why there is none for now, else nothing.

        Raises MailError when there will be none: a wrong password or certificate.
        """
        if self._line is not None and not _is_alive(self._line):
            self._drop()
        if self._line is not None:
            return ""
        host = self._access.host
        try:
            self._line = self._connect()
        except ssl.SSLCertVerificationError as error:
            raise MailError(f"the certificate of {host} is not valid: {error.verify_message}") from None
        except smtplib.SMTPResponseException as error:
            return self._not_now_or_raise(error)
        except smtplib.SMTPServerDisconnected as error:
            return self._say(f"{host} hung up: {error}")
        except smtplib.SMTPException as error:
            raise MailError(self._say(f"{host} can not be used: {error}")) from None
        except OSError as error:
            return self._say(f"{host} can not be reached: {error}")
        except UnicodeError:
            raise MailError(f"[mail] host can not be {host!r}") from None
        return ""

    def send(self, sender: str, recipients: Sequence[str], content: bytes) -> Answer:
        """Hand a mail over for all recipients or for none.

        Raises MailError when the server takes no mail from this sender; nothing was taken then.
        """
        if self._line is None:
            return Answer(Outcome.NOT_NOW, "there is no line to the mail server")
        try:
            stopped = self._begin(self._line, sender, recipients, len(content))
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Answer(Outcome.NOT_NOW, self._say(f"the line was lost: {error}"))
        return stopped or self._hand_over(self._line, content)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._line.quit()
        self._drop()

    def _drop(self) -> None:
        """Let go of a line that nobody listens to any more."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _connect(self) -> smtplib.SMTP:
        access = self._access
        line: smtplib.SMTP
        if access.security == "tls":
            context = ssl.create_default_context()
            line = smtplib.SMTP_SSL(access.host, access.port, access.hello, timeout=TIMEOUT, context=context)
        else:
            line = smtplib.SMTP(access.host, access.port, access.hello, timeout=TIMEOUT)
        try:
            if access.security == "starttls":
                line.starttls(context=ssl.create_default_context())
            line.ehlo_or_helo_if_needed()
            if access.user:
                line.login(access.user, access.password)
        except BaseException:
            line.close()
            raise
        return line

    def _not_now_or_raise(self, error: smtplib.SMTPResponseException) -> str:
        host, said = self._access.host, self._reply(error.smtp_code, error.smtp_error)
        if not 500 <= error.smtp_code < 600:
            return f"{host} is not ready: {said}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            raise MailError(f"{host} did not accept user and password: {said}") from None
        raise MailError(f"{host} can not be used: {said}") from None

    def _begin(self, line: smtplib.SMTP, sender: str, recipients: Sequence[str], size: int) -> Answer | None:
        """Say from whom and for whom a mail is; an answer when it goes no further."""
        code, said = line.mail(sender, [f"size={size}"] if line.has_extn("size") else [])
        if code != 250:
            answer = self._stopped(line, code, said)
            if answer.outcome is Outcome.REFUSED and code != _TOO_BIG:
                raise MailError(f"{self._access.host} takes no mail from {sender}: {answer.reason}")
            return answer
        for recipient in recipients:
            code, said = line.rcpt(recipient)
            if code not in (250, 251, 252):
                return self._stopped(line, code, said, f"{recipient}: ")
        code, said = line.docmd("DATA")
        return None if code == _GO_ON else self._stopped(line, code, said)

    def _stopped(self, line: smtplib.SMTP, code: int, said: bytes, about: str = "") -> Answer:
        """End a mail that the server did not want, so that the line is free for the next."""
        if code in (_CLOSING, -1):
            self._drop()
        else:
            with suppress(smtplib.SMTPException, OSError):
                line.rset()
        return Answer(_outcome(code), f"{about}{self._reply(code, said)}")

    def _hand_over(self, line: smtplib.SMTP, content: bytes) -> Answer:
        """Send the mail itself; from here on only the server's last word tells whether it has it."""
        try:
            line.send(re.sub(rb"(?m)^\.", b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n")
            code, said = line.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Answer(Outcome.UNSURE, self._say(f"the line was lost while it was sent: {error}"))
        except BaseException:
            # Stopped in the middle of a mail, where a good-bye would be a part of it.
            self._drop()
            raise
        if code == _CLOSING:
            self._drop()
        if 200 <= code < 300:
            return Answer(Outcome.TAKEN)
        return Answer(_outcome(code) if 400 <= code < 600 else Outcome.UNSURE, self._reply(code, said))

    def _reply(self, code: int, said: bytes | str) -> str:
        return self._say(f"{code} {said.decode('ascii', 'replace') if isinstance(said, bytes) else said}")

    def _say(self, text: str) -> str:
        """Make one short printable line of what somebody else said."""
        hidden = self._access.hide(text)
        return " ".join("".join(c if c.isprintable() else " " for c in hidden).split())[:_REASON_LIMIT]


def _is_alive(line: smtplib.SMTP) -> bool:
    try:
        return line.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _outcome(code: int) -> Outcome:
    return Outcome.REFUSED if 500 <= code < 600 else Outcome.NOT_NOW
