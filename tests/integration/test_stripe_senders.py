"""Several senders of one month: each object is made once, the dead are replaced at once, the living are left alone."""

import threading
import time
from contextlib import contextmanager
from datetime import date
from signal import SIGKILL

import pytest
from books import OCTOBER, SETTINGS
from crashing import CrashPoints
from databases import ON_POSTGRESQL, ON_SQLITE
from sla_builders import book
from sqlalchemy import func, select, update
from stripe_crashing import Job, Senders
from stripe_fake import FakeStripe, Faults
from stripe_month import (
    LINES,
    NEXT_DAY,
    Clock,
    Template,
    bill_month,
    check_month,
    correct_month,
    posts,
    push,
    push_on,
)

from billing_engine import BillingEngine
from billing_engine.model.delivery import DeliveryState
from billing_engine.storage.invoice_tables import credit_notes, invoices
from billing_engine.storage.stripe_tables import outbox
from billing_engine.stripe_push import Pace
from billing_engine.stripe_sync import mirror

HURRIED = 200
DAY = date(2026, 11, 2)


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
    made = Template(server, tmp_path_factory.mktemp("billed"), bill_month)
    yield made
    made.close()


@pytest.fixture(scope="module")
def taken_in(server, tmp_path_factory):
    """Take in a month without issuing it, once for all tests."""

    def take(books):
        for customer, mode in (("C1", "mirror"), ("C2", "attach"), ("C3", "mirror")):
            books.add(customer, mode)

    made = Template(server, tmp_path_factory.mktemp("taken-in"), take)
    yield made
    made.close()


@contextmanager
def opened(template, folder):
    """Work with books like a template's for a while, and look at all that is sent."""
    with FakeStripe(clock=Clock().stamp) as fake, template.opened(folder, fake) as books:
        yield books


def race(template, folder, senders, seed, count):
    """Let several senders push a month and its corrections at once, through faults."""
    with opened(template, folder) as books:
        fake, job = books.fake, Job(books.url, books.fake.url, hurried=HURRIED)
        for work in (lambda _: None, correct_month):
            work(books)
            books.database.dispose()
            fake.faults = Faults(seed, 0.2)
            ended = senders.run(*[job] * count)
            assert {one.signal for one in ended} == {0}
            fake.faults = None
            push_on(books)
        check_month(books)
        assert books.differences() == []


@ON_POSTGRESQL
@pytest.mark.parametrize("seed", range(5))
def test_four_senders_at_once(billed, tmp_path, senders, seed):
    """Whoever of four sends what, and whatever fails meanwhile, each object is there once."""
    race(billed, tmp_path, senders, seed, 4)


@ON_SQLITE
@pytest.mark.parametrize("seed", range(3))
def test_two_senders_at_once(billed, tmp_path, senders, seed):
    """The same holds for two on SQLite, where one of them writes at a time."""
    race(billed, tmp_path, senders, seed, 2)


@pytest.mark.parametrize("count", [2, 4])
def test_senders_wait_until_all_is_sent(billed, tmp_path, senders, count):
    """Of several senders none ends before the month is sent, and together they send each call once."""
    with opened(billed, tmp_path) as books:
        books.fake.latency = 0.02
        ended = senders.run(*[Job(books.url, books.fake.url, hurried=HURRIED, patience=30)] * count)
        assert [(one.signal, one.left) for one in ended] == [(0, 0)] * count
        check_month(books)
        shared = [key for key in posts(books.fake) if ":account:" not in key]
        assert len(shared) == len(set(shared))


def paused(books, senders, number, **how):
    """Let a sender push and hold one of its requests on the line; returns what lets it go on."""
    held, on = threading.Event(), threading.Event()

    def hold(request):
        if request.number == number:
            held.set()
            on.wait(20)

    books.fake.before_answer = hold
    senders.start(Job(books.url, books.fake.url, **how))
    assert held.wait(20)
    return on


def test_dead_sender_is_replaced_at_once(billed, tmp_path, senders):
    """What a killed sender had claimed the next one on its machine sends, without waiting for the claim to end."""
    with opened(billed, tmp_path) as books:
        on = paused(books, senders, 12)
        senders.kill()
        on.set()
        (ended,) = senders.wait()
        assert ended.signal == SIGKILL
        assert claims(books)
        books.fake.before_answer = None
        books.desk = books.billing.stripe(books.access, timeout=(2, 30), pace=Pace(pause=pytest.fail))
        assert {one.state for one in push(books)} == {DeliveryState.DONE}
        check_month(books)


def test_living_sender_is_left_alone(billed, tmp_path, senders):
    """While a sender is there, others send nothing of what it claimed, and end when it has."""
    with opened(billed, tmp_path) as books, Other() as others:
        on = paused(books, senders, 12, patience=30)
        time.sleep(0.1)  # its other calls come in
        before = len(books.fake.requests)
        others.start(Job(books.url, books.fake.url, hurried=HURRIED, patience=30))
        time.sleep(0.5)
        assert len(books.fake.requests) == before
        on.set()
        assert [(one.signal, one.left) for one in (*senders.wait(), *others.wait())] == [(0, 0)] * 2
        check_month(books)
        sent = posts(books.fake)
        assert len(sent) == len(set(sent))


class Other(Senders):
    """A second process that senders are forked from, for a while."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def claims(books):
    """Return who claims something."""
    with books.database.connect() as connection:
        return set(connection.scalars(select(outbox.c.claimed_by))) - {""}


@ON_SQLITE
def test_sender_on_another_machine_is_replaced_when_its_claim_ends(billed, tmp_path):
    """Nobody can tell whether a process elsewhere is there, so that its claim holds until its time is over."""
    with opened(billed, tmp_path) as books:
        first = push_nothing(books)
        until = int(books.clock.stamp()) + 600
        with books.database.begin() as connection:
            connection.execute(update(outbox).values(claimed_by="elsewhere/1/1", claimed_until=until))
        paces = iter([0.1, 0.1, 0.7])
        books.desk._pace = type(books.desk._pace)(  # noqa: SLF001 - each look at the others takes a while here
            time.monotonic, lambda _: books.clock.pass_hours(next(paces, 1) / 6)
        )
        moments = []
        books.fake.before_answer = lambda _: moments.append(books.clock.stamp())
        assert {one.state for one in push(books)} == {DeliveryState.DONE}
        assert first == 0
        assert min(moments) >= until


def push_nothing(books):
    """Have the month put down without sending any of it; returns how many requests that took."""
    books.desk.prepare(OCTOBER)
    return len(books.fake.requests)


@pytest.mark.parametrize("faults", [0, 0.3])
def test_nothing_is_sent_while_a_transaction_is_open(billed, tmp_path, faults):
    """When a call comes in at Stripe, no connection of the sender is in use; the watch says so, and it can."""
    with opened(billed, tmp_path) as books:
        books.fake.faults = Faults(1, faults) if faults else None
        push_on(books)
        correct_month(books)
        push_on(books)
        books.fake.faults = None
        with books.database.connect():  # what the watch would see
            assert books.database.pool.checkedout() == 1


def counts(connection):
    """Return how many documents there are, and how many are put down to be sent."""
    documents = [connection.scalar(select(func.count()).select_from(table)) for table in (invoices, credit_notes)]
    kinds = dict(connection.execute(select(outbox.c.kind, func.count()).group_by(outbox.c.kind)).all())
    return documents, [kinds.get("invoice", 0), kinds.get("credit_note", 0)]


def test_rolled_back_documents_leave_nothing_to_send(taken_in, tmp_path):
    """What is to be sent is written in the transaction that issues, and goes with it."""
    with opened(taken_in, tmp_path) as books:
        with books.database.connect() as connection, connection.begin() as transaction:
            books.billing.issue(OCTOBER, DAY, connection=connection)
            assert counts(connection) == ([3, 0], [3, 0])
            transaction.rollback()
        with books.database.connect() as connection:
            assert counts(connection) == ([0, 0], [0, 0])
        numbers = [issued.number for issued in books.bill().values()]
        with books.database.connect() as connection, connection.begin() as transaction:
            credit = books.billing.receivables.issue_credit_note
            credit(numbers[0], None, "Wrong", NEXT_DAY, connection=connection)
            assert counts(connection) == ([3, 1], [3, 1])
            transaction.rollback()
        with books.database.connect() as connection:
            assert counts(connection) == ([3, 0], [3, 0])


@ON_SQLITE
def test_killed_while_issuing_leaves_both_or_none(server, taken_in, tmp_path, long):
    """Wherever issuing is killed, each document that is there is put down to be sent, and no other is."""

    def issue(database):
        billing = BillingEngine(database, book(), SETTINGS, clock=Clock())
        numbers = [plan.invoice_number for plan in billing.issue(OCTOBER, DAY)]
        billing.receivables.issue_credit_note(numbers[0], None, "Wrong", NEXT_DAY)

    points = CrashPoints(taken_in.url, coarse=True)
    url, seen = server.create(tmp_path, like=taken_in.url), set()
    count = points.count(url, issue)
    for point in range(1, count + 1, 1 if long else 4):
        url = server.create(tmp_path, like=taken_in.url)
        points.kill(point, url, issue)
        with points.at(url) as database, database.connect() as connection:
            documents, put = counts(connection)
        assert documents == put
        seen.add(tuple(documents))
    assert {documents[0] for documents in seen} >= {0, 3}
