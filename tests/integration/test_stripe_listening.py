"""The webhook as hosts mount it and as `billing-engine stripe listen` serves it: answered at once, worked on later."""

import asyncio
import http.client
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from databases import ON_SQLITE

from billing_engine.errors import DatabaseBusyError
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.stripe_sync.webhooks import MOST_BYTES, WebhookApp

pytestmark = ON_SQLITE
COMMAND = str(Path(sys.executable).parent / "billing-engine")
PATH = "/stripe/webhook"


def ask(app, body=b"", signature="", method="POST", path=PATH, kind="http", root_path=""):
    """Ask an ASGI application, its body in two pieces; returns what it sent."""
    half = len(body) // 2
    messages = iter(
        [
            {"type": "http.request", "body": body[:half], "more_body": True},
            {"type": "http.request", "body": body[half:], "more_body": False},
        ]
    )
    sent = []

    async def run():
        async def receive():
            return next(messages)

        async def send(message):
            sent.append(message)

        scope = {"type": kind, "method": method, "path": path, "root_path": root_path}
        await app(scope | {"headers": [(b"Stripe-Signature", signature.encode())]}, receive, send)

    asyncio.run(run())
    return sent


def inbox(books):
    """Return the events that are kept."""
    return {row.event for row in books.dump()["billing_stripe_inbox"]}


def pushed(books, *customers):
    """Bill customers 1,200 EUR each and mirror that; returns our numbers."""
    for customer in customers:
        books.add(customer)
    numbers = [issued.number for issued in books.bill().values()]
    books.push()
    return numbers


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"method": "GET"}, 405),
        ({"method": "PUT"}, 405),
        ({"path": "/"}, 404),
        ({"path": "/stripe/webhook/more"}, 404),
        ({"path": "/stripe/webhook/"}, 200),
        ({"body": b"x" * (MOST_BYTES + 1)}, 413),
        ({"body": b"x" * MOST_BYTES}, 400),
        ({}, 200),
    ],
)
def test_only_events_that_are_posted_there_are_kept(stripe_books, how, status):
    """What is too long, elsewhere or no post leaves no trace."""
    body, signature = stripe_books.fake.signed(stripe_books.fake.add_customer() and stripe_books.fake.events[-1])
    sent = ask(WebhookApp(stripe_books.desk.events.take, PATH), **{"body": body, "signature": signature, **how})
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == status
    assert len(inbox(stripe_books)) == (status == 200)


def test_a_host_mounts_it_where_it_likes(stripe_books):
    """Without a path it answers wherever the host puts it, and other paths stay the host's."""
    (number,) = pushed(stripe_books, "C1")
    stripe_books.fake.pay(stripe_books.mirrored(number)["id"])
    webhook = WebhookApp(stripe_books.desk.events.take)

    async def host(scope, receive, send):
        prefix = "/billing/hooks"
        if scope["path"].startswith(prefix):
            inner = {**scope, "root_path": prefix, "path": scope["path"].removeprefix(prefix)}
            await webhook(inner, receive, send)
        else:
            await send({"type": "http.response.start", "status": 418, "headers": []})

    for event in stripe_books.fake.events:
        assert ask(host, *stripe_books.fake.signed(event), path="/billing/hooks/stripe")[0]["status"] == 200
    assert ask(host, path="/")[0]["status"] == 418
    stripe_books.desk.events.work()
    assert stripe_books.status(number) == "paid"


def test_stripe_is_asked_to_post_again_what_could_not_be_kept(stripe_books):
    """Where the database is busy the answer is no 200, or the event would be lost."""

    def take(body, signature):
        raise DatabaseBusyError

    assert ask(WebhookApp(take), b"{}")[0]["status"] == 503


def test_lifespan_and_other_protocols_are_answered(stripe_books):
    """A server that asks for a start and an end is told so; what is no HTTP is left alone."""
    app, sent = WebhookApp(lambda *_: None), []
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def run():
        async def receive():
            return next(messages)

        async def send(message):
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)

    asyncio.run(run())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert ask(app, kind="websocket") == []


def free_port():
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Listening:
    """A process that listens."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    def post(self, body=b"", signature="", method="POST", path=PATH):
        """Post something; returns the status."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request(method, path, body, {"Stripe-Signature": signature})
            return line.getresponse().status
        finally:
            line.close()

    def end(self, number=signal.SIGTERM):
        """Tell it to end; returns its exit code and how long it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        return code, time.monotonic() - begun


@contextmanager
def listening(books):
    """Start `billing-engine stripe listen`, and wait until it does."""
    (books.folder / "billing.toml").write_text(SAMPLE, encoding="utf-8")
    port = free_port()
    command = [COMMAND, "stripe", "listen", "--port", str(port)]
    how = {"cwd": books.folder, "env": books.environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **how) as process:
        try:
            until(lambda: process.poll() is not None or is_open(port))
            yield Listening(process, port)
        finally:
            if process.poll() is None:
                process.kill()


def is_open(port):
    """Tell whether somebody listens on a port."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def until(condition, seconds=30):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def test_the_process_takes_events_and_works_on_them(stripe_books):
    """Posted over a real connection, doubled and tampered: payments, voids and credit notes reach our books."""
    numbers = pushed(stripe_books, *(f"C{n}" for n in range(6)))
    with listening(stripe_books) as listener:
        for position, number in enumerate(numbers):
            one = stripe_books.mirrored(number)["id"]
            (stripe_books.fake.pay, stripe_books.fake.void, lambda it: stripe_books.fake.credit(it, 60000))[
                position % 3
            ](one)
        for event in [*stripe_books.fake.events, *stripe_books.fake.events]:
            assert listener.post(*stripe_books.fake.signed(event)) == 200
        body, signature = stripe_books.fake.signed(stripe_books.fake.events[-1])
        assert listener.post(body + b" ", signature) == 400
        assert listener.post(b"", signature) == 400
        assert listener.post(b"x" * 2_000_000, signature) == 413
        assert listener.post(method="GET") == 405
        assert listener.post(body, signature, path="/elsewhere") == 404
        until(lambda: all(stripe_books.status(number) != "open" for number in (*numbers[:2], *numbers[3:5])))
        until(lambda: len(stripe_books.billing.receivables.credit_notes()) == 4)
        code, seconds = listener.end()
    assert (code, seconds < 8) == (0, True)
    assert [stripe_books.status(number) for number in numbers] == ["paid", "credited", "open"] * 2
    assert inbox(stripe_books) == {event["id"] for event in stripe_books.fake.events}


def test_events_wait_while_stripe_is_away(stripe_books):
    """However many come while Stripe can not be reached, each is answered at once, kept, and worked on afterwards."""
    (number,) = pushed(stripe_books, "C1")
    one = stripe_books.mirrored(number)["id"]
    stripe_books.fake.pay(one, 10000)
    events = [{**stripe_books.fake.events[-1], "id": f"evt_{count}"} for count in range(40)]
    stripe_books.fake.stop()
    with listening(stripe_books) as listener:
        for event in events:
            begun = time.monotonic()
            assert listener.post(*stripe_books.fake.signed(event)) == 200
            assert time.monotonic() - begun < 2
            time.sleep(0.02)
        assert stripe_books.paid(number) == 0
        assert {row.state for row in stripe_books.dump()["billing_stripe_inbox"]} == {"new"}
        stripe_books.fake.start()
        listener.post(*stripe_books.fake.signed({**events[0], "id": "evt_last"}))
        until(lambda: stripe_books.paid(number) == 100)
        assert listener.end()[0] == 0


def test_a_payment_whose_event_was_lost_is_polled_when_listening_begins(stripe_books):
    """Nobody posts anything, and the payment is read from Stripe's list of events."""
    (number,) = pushed(stripe_books, "C1")
    stripe_books.fake.pay(stripe_books.mirrored(number)["id"])
    with listening(stripe_books) as listener:
        until(lambda: stripe_books.status(number) == "paid")
        assert listener.end(signal.SIGINT)[0] == 0


def test_it_ends_soon_even_while_stripe_does_not_answer(stripe_books):
    """Neither an answer that does not come nor a client that does not end its request keeps it alive."""
    (number,) = pushed(stripe_books, "C1")
    stripe_books.fake.latency = 60
    with listening(stripe_books) as listener, socket.socket() as slow:
        slow.connect(("127.0.0.1", listener.port))
        slow.sendall(b"POST /stripe/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        listener.post(*stripe_books.fake.signed(stripe_books.fake.events[-1]))
        time.sleep(0.5)
        code, seconds = listener.end()
    assert (code, seconds < 10) == (0, True)
    assert stripe_books.status(number) == "open"


def test_a_second_signal_does_not_leave_a_traceback(stripe_books):
    """Somebody who is told twice to end does so once."""
    pushed(stripe_books, "C1")
    with listening(stripe_books) as listener:
        listener.process.send_signal(signal.SIGTERM)
        assert listener.end()[0] == 0
        assert b"Traceback" not in listener.process.stderr.read()


def test_a_port_that_is_taken_is_said(stripe_books):
    """It does not go on without being heard."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [COMMAND, "stripe", "listen", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, env=stripe_books.environment, capture_output=True, timeout=30, check=False)
    assert done.returncode != 0
    assert b"in use" in done.stderr
