"""A mail server on this machine that keeps what it gets, and does what a test says at each step of a mail."""

import multiprocessing
import socket
import ssl
import subprocess
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

DROP = "drop the line"
HOST = "127.0.0.1"
USER, PASSWORD = "billing", "pass/word+1\\"


class Received(NamedTuple):
    """A mail that the server took."""

    sender: str
    recipients: list
    raw: bytes

    @property
    def message(self):
        """Read it."""
        return message_from_bytes(self.raw, policy=policy.default)


class FakeMail:
    """What the server got, and what it is to do: by step, the answers that it gives next."""

    def __init__(self):
        self.mails = []
        self.script = {}
        """By "mail", "rcpt", "data", "within" and "end": answers, the first one first; None goes on as usual."""
        self.connections = 0
        self.logins = []
        self.port = 0

    def numbers(self):
        """Return the numbers of the documents that came, by their files' names."""
        files = [next(mail.message.iter_attachments()).get_filename() for mail in self.mails]
        return [name.removesuffix(".pdf") for name in files]

    def next(self, step):
        """Tell what to do at a step."""
        answers = self.script.get(step)
        return answers.pop(0) if answers else None

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802 - the library's names
        """Count who comes, once."""
        if not getattr(session, "counted", False):
            session.counted = True
            self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, _session, envelope, address, _options):  # noqa: N802
        """Take a sender."""
        envelope.mail_from = address
        return await _said(server, self.next("mail"))

    async def handle_RCPT(self, server, _session, envelope, address, _options):  # noqa: N802
        """Take a recipient."""
        envelope.rcpt_tos.append(address)
        return await _said(server, self.next("rcpt"))

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        """Keep a mail, unless it is refused at its end."""
        answer = self.next("end")
        if answer is None or answer == DROP:
            self.mails.append(Received(envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return await _said(server, answer)

    def log_in(self, _server, _session, _envelope, _mechanism, data):
        """Let in who knows the password."""
        known = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        self.logins.append(known)
        return AuthResult(success=known, handled=False)


async def _said(server, answer):
    if answer == DROP:
        server.transport.abort()
    return answer or "250 OK"


class _Server(SMTP):
    async def smtp_DATA(self, arg):  # noqa: N802
        answer = self.event_handler.next("data")
        if answer == DROP:
            self.transport.abort()
        elif self.event_handler.next("within") == DROP:
            await self.push("354 go on")
            await self._reader.readexactly(100)
            self.transport.abort()
        elif answer:
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self):
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def started(fake=None, *, certificate=None, security="none", authenticated=False):
    """Run the server for a while; with a certificate by STARTTLS or TLS from the start."""
    fake = fake or FakeMail()
    fake.port = fake.port or free_port()
    kwargs = {"ident": "test"}
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
    if authenticated:
        kwargs |= {"authenticator": fake.log_in, "auth_required": True, "auth_require_tls": security == "starttls"}
    if security == "starttls":
        kwargs |= {"tls_context": context, "require_starttls": True}
    at_once = context if security == "tls" else None
    controller = _Controller(fake, hostname=HOST, port=fake.port, ssl_context=at_once, **kwargs)
    controller.start()
    try:
        yield fake
    finally:
        controller.stop()


def free_port():
    """Find a port that nobody listens at."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return found.getsockname()[1]


class Certificate(NamedTuple):
    """Files of a certificate that signed itself."""

    chain: str
    key: str


def make_certificate(folder, names="DNS:localhost,IP:127.0.0.1"):
    """Make a certificate for this machine."""
    made = Certificate(str(folder / "certificate.pem"), str(folder / "key.pem"))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    what = ("-days", "2", "-subj", "/CN=localhost", "-addext", f"subjectAltName={names}")
    command = ["openssl", "req", "-x509", *curve, "-keyout", made.key, "-out", made.chain, *what]
    subprocess.run(command, check=True, capture_output=True)
    return made


class Elsewhere:
    """The server in a process of its own, for tests whose processes must have no threads when they fork."""

    def __init__(self):
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port = self._line.recv()

    def taken(self):
        """Return the numbers of the documents that came since this was last asked."""
        self._line.send(True)
        return self._line.recv()

    def stop(self):
        """Stop it."""
        self._line.send(False)
        self._process.join()


def _serve(line):
    with started() as fake:
        line.send(fake.port)
        while line.recv():
            line.send(fake.numbers())
            fake.mails.clear()
