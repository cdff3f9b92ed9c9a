"""A sender is killed at every call and every commit; who pushes again comes to what would have been there."""

import re
import time
from contextlib import contextmanager
from signal import SIGKILL

import pytest
from databases import ON_SQLITE
from stripe_crashing import Job, Senders
from stripe_fake import FakeStripe, Faults
from stripe_month import LINES, Clock, Template, bill_month, bill_plain_month, check_month, correct_month, push_on

from billing_engine.stripe_sync import mirror

MASKED = re.compile(r"_1Fake\d+|books-[0-9a-f]{8}|[0-9a-f]{64}|/\d+/\d+(?=')")
"""What differs each time: ids at Stripe, the name of the books there, the trail's sums, and who sends."""

HURRIED, LONG = 200, 30
"""How many times faster time passes, and seconds to wait for an answer where none gets lost."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Add a few lines at a time, as the senders do."""
    monkeypatch.setattr(mirror, "CHUNK", LINES)


@pytest.fixture(scope="module")
def senders():
    """Start the process that senders are forked from."""
    started = Senders()
    yield started
    started.close()


@pytest.fixture(scope="module")
def billed(server, tmp_path_factory):
    """Issue a month, once for all tests."""
    made = Template(server, tmp_path_factory.mktemp("billed"), bill_plain_month)
    yield made
    made.close()


@pytest.fixture(scope="module")
def corrected(server, tmp_path_factory):
    """Issue, push and correct a month, once for all tests."""
    works = (bill_plain_month, lambda books: books.push_until_done(), correct_month)
    made = Template(server, tmp_path_factory.mktemp("corrected"), *works)
    yield made
    made.close()


@pytest.fixture(scope="module")
def small(server, tmp_path_factory):
    """Issue a month with an invoice that is too small to be charged."""
    made = Template(server, tmp_path_factory.mktemp("small"), bill_month)
    yield made
    made.close()


@contextmanager
def opened(template, folder):
    """Work with books like a template's for a while, and look at all that is sent."""
    with FakeStripe(clock=Clock().stamp) as fake, template.opened(folder, fake) as books:
        books.database.dispose()  # what is forked has no connection of ours
        yield books


def read_all(books):
    """Read all tables and all that is at Stripe, without what differs each time."""
    trail = ("billing_audit_events", "billing_audit_head")
    tables = {name: [repr(row) for row in rows] for name, rows in books.dump().items() if name not in trail}
    events = [repr(row[2:]) for row in books.dump()[trail[0]]]
    there = {kind: [repr(one) for one in books.fake.all(kind)] for kind in books.fake.store.tables if kind != "event"}
    books.database.dispose()
    read = tables | there | {trail[0]: events}
    return {name: sorted(MASKED.sub("", row) for row in rows) for name, rows in read.items()}


def kill_at(books, senders, number, *, executed):
    """Let a sender push, and kill it when a request of its comes in, which is executed or not."""
    fake = books.fake
    if not executed:
        fake.script(*[None] * (number - 1), "drop_before")

    def kill(request):
        if request.number == number:
            senders.kill()
            time.sleep(0.01)  # no other call of its gets an answer before it is gone

    fake.before_answer = kill
    (ended,) = senders.run(Job(books.url, fake.url, patience=LONG))
    assert ended.signal == SIGKILL, f"not killed at request {number}"
    fake.before_answer = None
    fake._planned.clear()  # noqa: SLF001 - others may have come in between


def finish(books, senders):
    """Push again in a fresh process, which must have nothing left; returns all that is then there."""
    (ended,) = senders.run(Job(books.url, books.fake.url, patience=LONG))
    assert (ended.signal, ended.left) == (0, 0)
    check_month(books)
    return read_all(books)


def undisturbed(template, folder, senders, **how):
    """Push once; returns what is there, how many requests that took, and how many points of the database."""
    with opened(template, folder) as books:
        (ended,) = senders.run(Job(books.url, books.fake.url, patience=LONG, stays=True, **how))
        count = len(books.fake.requests)
        assert (ended.signal, ended.left) == (0, 0)
        return read_all(books), count, ended.passed


@pytest.mark.parametrize("state", ["billed", "corrected"])
@pytest.mark.parametrize("executed", [True, False])
def test_killed_at_every_call(request, server, tmp_path, senders, long, state, executed):
    """Killed with any call on the line, done or not, a sender leaves what the next one brings to the same end."""
    template = request.getfixturevalue(state)
    expected, count, _ = undisturbed(template, tmp_path, senders)
    step = 1 if long else 2 * server.slowness
    ways = [lambda books, n=n: kill_at(books, senders, n, executed=executed) for n in range(1, count + 1, step)]
    states = finish_each(template, tmp_path, senders, ways, expected, long=long)
    report(request, f"killed at {len(ways)} of {count} requests, finished from {states} states")


@pytest.mark.parametrize("state", ["billed", "corrected"])
def test_killed_at_every_statement_and_commit_of_a_push(request, server, tmp_path, senders, long, state):
    """Killed before or after anything that it writes, a sender leaves what the next one brings to the same end."""
    template = request.getfixturevalue(state)
    expected, _, count = undisturbed(template, tmp_path, senders, coarse=not long)
    step = 1 if long else 3 * server.slowness

    def kill(books, point):
        (ended,) = senders.run(Job(books.url, books.fake.url, point, coarse=not long, patience=LONG))
        assert ended.signal == SIGKILL, f"not killed at point {point}"

    ways = [lambda books, n=n: kill(books, n) for n in range(1, count + 1, step)]
    states = finish_each(template, tmp_path, senders, ways, expected, long=long)
    report(request, f"killed at {len(ways)} of {count} points, finished from {states} states")


def finish_each(template, folder, senders, ways, expected, *, long):
    """Kill a sender in each of some ways, and push again from each state that this left; returns how many."""
    finished = []
    for kill in ways:
        with opened(template, folder) as books:
            kill(books)
            left = read_all(books)
            if long or left not in finished:  # from the very same rows and objects it was finished before
                finished.append(left)
                assert finish(books, senders) == expected
    return len(finished)


@ON_SQLITE
def test_killed_before_it_looked_at_what_was_paid_at_once(small, tmp_path, senders):
    """What a push finds out about an invoice too small to be charged, Stripe's events tell after a kill."""
    seen = []
    for number in (0, _look_at_paid(small, tmp_path, senders)):
        with opened(small, tmp_path) as books:
            if number:
                kill_at(books, senders, number, executed=True)
            finish(books, senders)
            books.hear()
            seen.append(read_all(books)["billing_stripe_invoices"])
    assert seen[0] == seen[1]
    assert any("'paid'" in row and "True" in row for row in seen[0])


def _look_at_paid(template, folder, senders):
    """Return which request of a push looks at what was paid at once: its last one."""
    return undisturbed(template, folder, senders)[1]


@ON_SQLITE
@pytest.mark.parametrize("seed", range(6))
def test_killed_again_and_again_while_stripe_fails(billed, tmp_path, senders, seed):
    """Faults on three calls of ten, and a sender that is killed every few calls: each object is there once."""
    with opened(billed, tmp_path) as books:
        fake, kills = books.fake, 0
        fake.faults = Faults(seed, 0.3)
        for number in range(4 + seed % 7, 60, 4 + seed % 7):
            fake.before_answer = lambda request, number=number: request.number >= number and senders.kill()
            (ended,) = senders.run(Job(books.url, fake.url, hurried=HURRIED))
            kills += ended.signal == SIGKILL
        fake.before_answer = None
        assert kills >= 3
        push_on(books)
        fake.faults = None
        check_month(books)
        assert books.differences() == []


def report(request, text):
    """Say how much was tried; `pytest -rP` shows it."""
    print(f"{request.node.callspec.id}: {text}")  # noqa: T201 - as said
