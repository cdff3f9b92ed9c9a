"""Transactions under real conflicts: one state to read, a row to wait for, and giving way to each other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from databases import ON_POSTGRESQL, with_query
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing_engine import open_database
from billing_engine.errors import BillingError, DatabaseBusyError
from billing_engine.storage.database import is_busy
from billing_engine.transactions import PAUSES, Transactions

SECONDS = 20
"""How long a test waits for another thread before it fails."""


@pytest.fixture
def url(make_database):
    """Make a database with two accounts of 100."""
    made = make_database(migrated=False)
    engine = open_database(made)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (name TEXT PRIMARY KEY, amount INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO accounts VALUES ('a', 100), ('b', 100)"))
    engine.dispose()
    return made


@contextmanager
def opened(url, **how):
    """Open a database, or with arguments an engine as a host would, and close it at the end."""
    engine = create_engine(url, **how) if how else open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def database(url):
    """Open the database as the command line does."""
    with opened(url) as engine:
        yield engine


@pytest.fixture
def impatient(url):
    """Open the database to wait for a lock only for a moment."""
    with opened(url) as engine:
        setting = "PRAGMA busy_timeout = 20" if engine.dialect.name == "sqlite" else "SET lock_timeout = '20ms'"

        @event.listens_for(engine, "connect")
        def hurry(connection, _record):
            connection.execute(setting)
            connection.commit()

        yield engine


def add(connection, name, amount):
    """Add to an account."""
    statement = text("UPDATE accounts SET amount = amount + :amount WHERE name = :name")
    connection.execute(statement, {"name": name, "amount": amount})


def amounts(connection):
    """Read both accounts."""
    return dict(connection.execute(text("SELECT name, amount FROM accounts")).all())


# --- reading ----------------------------------------------------------------------------------------------------------


def test_reading_sees_one_state(database):
    """What is committed between two statements of a reader is not seen by it, and by the next one it is."""
    transactions = Transactions(database)
    with transactions.reading(None) as reader:
        assert amounts(reader) == {"a": 100, "b": 100}
        with transactions.writing(None) as writer:
            add(writer, "a", -30)
            add(writer, "b", 30)
        assert amounts(reader) == {"a": 100, "b": 100}
    with transactions.reading(None) as reader:
        assert amounts(reader) == {"a": 70, "b": 130}


def test_reading_waits_for_no_writer(database):
    """A reader gets the state before a transaction that is still going on."""
    transactions = Transactions(database)
    with transactions.writing(None) as writer:
        add(writer, "a", -30)
        with transactions.reading(None) as reader:
            assert amounts(reader) == {"a": 100, "b": 100}


@ON_POSTGRESQL
def test_reading_over_the_hosts_engine(url):
    """An engine of the host's is read in one state, too; its connection then writes as the host set it up."""
    with opened(url, pool_size=1, isolation_level="SERIALIZABLE") as engine:
        transactions = Transactions(engine)
        with transactions.reading(None) as reader:
            assert reader.get_isolation_level() == "REPEATABLE READ"
            with pytest.raises(DBAPIError, match="read-only transaction"):
                add(reader, "a", 1)
        with transactions.writing(None) as writer:
            assert writer.get_isolation_level() == "SERIALIZABLE"
            add(writer, "a", 1)


@ON_POSTGRESQL
def test_writing_sees_what_it_waited_for(url):
    """Our own engine writes in READ COMMITTED, also where the server's default is another."""
    serializable = with_query(url, options="-c default_transaction_isolation=serializable")
    with opened(serializable) as database, Transactions(database).writing(None) as writer:
        assert writer.get_isolation_level() == "READ COMMITTED"


# --- trying again -----------------------------------------------------------------------------------------------------


@ON_POSTGRESQL
def test_deadlock_is_tried_again(database):
    """Of two transactions that wait for each other one gives way, and in the end both are done."""
    meeting, pauses = threading.Barrier(2), []

    def move(giver, taker):
        tries = []

        def work(connection):
            tries.append(giver)
            add(connection, giver, -1)
            if len(tries) == 1:
                meeting.wait(SECONDS)
            add(connection, taker, 3)
            return len(tries)

        return Transactions(database, pauses.append).retrying(None, work)

    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(move, *names) for names in ("ab", "ba")]
        tries = sum(job.result(SECONDS) for job in jobs)
    with database.connect() as connection:
        assert amounts(connection) == {"a": 102, "b": 102}
    assert len(pauses) == tries - 2 >= 1


@ON_POSTGRESQL
def test_serialization_failure_is_tried_again(url):
    """Where the host's engine is SERIALIZABLE, a sum that another changed meanwhile is read anew."""
    with opened(url, isolation_level="SERIALIZABLE") as engine:
        transactions, pauses = Transactions(engine), []

        def double(connection):
            amount = amounts(connection)["a"]
            if not pauses:
                with transactions.writing(None) as other:
                    add(other, "a", 11)
            add(connection, "a", amount)

        Transactions(engine, pauses.append).retrying(None, double)
        with engine.connect() as connection:
            assert amounts(connection) == {"a": 222, "b": 100}
    assert pauses == [PAUSES[0]]


def test_lock_that_is_released_in_time(database, impatient):
    """Work that finds a lock taken is done as soon as it is free, and once."""
    with ExitStack() as others:
        add(others.enter_context(database.begin()), "a", 10)
        pauses = []

        def pause(seconds):
            pauses.append(seconds)
            if len(pauses) == 3:
                others.close()

        assert Transactions(impatient, pause).retrying(None, lambda own: add(own, "a", 1) or "done") == "done"
    assert tuple(pauses) == PAUSES[:3]
    with database.connect() as connection:
        assert amounts(connection) == {"a": 111, "b": 100}


def test_lock_that_is_not_released(database, impatient):
    """After some tries with growing pauses it is said in words that the database was busy, with the cause."""
    pauses = []
    with database.begin() as other:
        add(other, "a", 10)
        with pytest.raises(DatabaseBusyError, match="try again") as raised:
            Transactions(impatient, pauses.append).retrying(None, lambda own: add(own, "a", 1))
    assert is_busy(raised.value.__cause__)
    assert tuple(pauses) == PAUSES == tuple(sorted(PAUSES))
    with database.connect() as connection:
        assert amounts(connection) == {"a": 110, "b": 100}


def insert_twice(connection):
    """Break a rule of the database."""
    add(connection, "a", 1)
    connection.execute(text("INSERT INTO accounts VALUES ('a', 1)"))


def refuse(connection):
    """Break a rule of the program."""
    add(connection, "a", 1)
    raise BillingError


@pytest.mark.parametrize(("work", "error"), [(insert_twice, IntegrityError), (refuse, BillingError)])
def test_other_errors_are_not_tried_again(database, work, error):
    """What would fail again is raised at once, and what was written before it is rolled back."""
    pauses = []
    with pytest.raises(error):
        Transactions(database, pauses.append).retrying(None, work)
    assert pauses == []
    with database.connect() as connection:
        assert amounts(connection) == {"a": 100, "b": 100}


def test_hosts_transaction_is_not_tried_again(database, impatient):
    """With a connection of the host's the work is done once in it, committed by nobody, and errors are the host's."""
    transactions, pauses = Transactions(impatient), []
    with impatient.connect() as host:
        assert transactions.retrying(host, lambda given: given is host)
        transactions.retrying(host, lambda given: add(given, "a", 1))
        host.rollback()
        assert amounts(host) == {"a": 100, "b": 100}
    with database.begin() as other:
        add(other, "a", 10)
        with pytest.raises(DBAPIError), impatient.connect() as host:
            Transactions(impatient, pauses.append).retrying(host, lambda given: add(given, "a", 1))
    assert pauses == []


class Psycopg2Error(Exception):
    """An error of another driver that a host may have, which names the state differently."""

    def __init__(self, state):
        self.pgcode = state


@pytest.mark.parametrize(("state", "busy"), [("40P01", True), ("55P03", True), ("40001", True), ("23505", False)])
def test_busy_over_another_driver(state, busy):
    """What is worth another try is known by its state, whatever the driver."""
    assert is_busy(DBAPIError("", None, Psycopg2Error(state))) is busy
