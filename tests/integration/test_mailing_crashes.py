"""Senders that are killed, and several at once: no document is sent twice, and none is lost without a word."""

from dataclasses import replace

import pytest
from books import OCTOBER, SETTINGS, Books
from crashing import CrashPoints
from mail_server import Elsewhere
from mailed import fill, mailing_settings, quick_documents
from racing import at_once
from sla_builders import book
from stripe_month import Clock

from billing_engine import BillingEngine, open_database

CUSTOMERS = {f"C{n}": f"mail@c{n}.example" for n in range(1, 7)}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave out the rendering, which takes its time."""
    quick_documents(monkeypatch)


@pytest.fixture(scope="module")
def post():
    """Start a mail server in a process of its own."""
    server = Elsewhere()
    yield server
    server.stop()


@pytest.fixture
def issued(server, tmp_path, post):
    """Return a function that issues a month for some customers; it returns the settings and the database's URL."""
    made = []

    def issue(count):
        settings = replace(SETTINGS, **mailing_settings(post.port))
        made.append(server.create(tmp_path))
        books = Books(tmp_path, made[-1], settings=settings)
        fill(books, dict(list(CUSTOMERS.items())[:count]), ["en"] * count)
        books.database.dispose()
        return settings, made[-1]

    yield issue
    for url in made:
        server.drop(url)


def send(database, settings):
    """Send October; waiting takes no time."""
    billing = BillingEngine(database, book(), settings, clock=Clock())
    return billing.mailing(pause=lambda _: None).send(OCTOBER)


def test_wherever_a_sender_is_killed_nothing_is_sent_twice(server, issued, post, tmp_path, long):
    """What was sent is known as sent; what nobody knows about is named; all else the next sender sends."""
    settings, template = issued(2)
    points = CrashPoints(template, coarse=not long)

    def work(database):
        send(database, settings)

    folder = tmp_path / "killed"
    folder.mkdir()
    url = server.create(folder, like=template)
    count = points.count(url, work)
    server.drop(url)
    assert sorted(post.taken()) == ["2026-000001", "2026-000002"]
    seen, step = set(), 1 if long else server.slowness
    for point in range(1, count + 1, step):
        url = server.create(folder, like=template)
        points.kill(point, url, work)
        before = post.taken()
        with points.at(url) as database:
            states = {one.number: str(one.state) for one in send(database, settings)}
        taken = sorted([*before, *post.taken()])
        assert len(taken) == len(set(taken)), point
        for number, state in states.items():
            assert state in {"sent", "unknown"}, point
            assert state == "unknown" or number in taken, point
            seen.add((state, number in taken))
        server.drop(url)
    assert seen <= {("sent", True), ("unknown", True), ("unknown", False)}
    assert len(seen) == 3 or step > 1


@pytest.mark.parametrize("count", [2, 4])
def test_senders_at_once_send_each_document_once(server, issued, post, count):
    """Whoever of them takes what."""
    settings, url = issued(6)

    def work():
        database = open_database(url)
        found = send(database, settings)
        database.dispose()
        assert {one.state for one in found} <= {"sent", "sending"}

    at_once(*[work] * count)
    assert sorted(post.taken()) == [f"2026-00000{n}" for n in range(1, 7)]
    database = open_database(url)
    assert {one.state for one in send(database, settings)} == {"sent"}
    database.dispose()
    assert post.taken() == []
