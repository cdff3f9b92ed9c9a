"""Databases and books of their own for each test; whatever it does, every cent of them is accounted for at its end."""

from dataclasses import replace

import pytest
from books import SETTINGS, Books
from databases import KINDS, SqliteFiles, postgresql_server
from stripe_books import StripeBooks
from stripe_fake import FakeStripe

from billing_engine import open_database


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory):
    """Make SQLite files."""
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql():
    """Make databases on a PostgreSQL server, which is started when the first test needs it."""
    server = postgresql_server()
    yield server
    server.stop()


@pytest.fixture(params=KINDS, scope="session")
def server(request):
    """Run the test on each kind of database."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def make_database(server, tmp_path):
    """Return a function that makes an empty, migrated database and returns its URL."""
    made = []

    def make(folder=tmp_path, **how):
        made.append(server.create(folder, **how))
        return made[-1]

    yield make
    for url in made:
        server.drop(url)


@pytest.fixture
def database_url(make_database):
    """Make one empty, migrated database."""
    return make_database()


@pytest.fixture
def open_url():
    """Open databases by URL, and close their connections at the end, however the test ends."""
    opened = []

    def opener(url):
        opened.append(open_database(url))
        return opened[-1]

    yield opener
    for engine in opened:
        engine.dispose()


@pytest.fixture
def opening(tmp_path, make_database):
    """Open new books with changed price lists or settings."""
    opened = []

    def opener(*lists, **changes):
        folder = tmp_path / f"books-{len(opened)}"
        folder.mkdir()
        opened.append(Books(folder, make_database(folder), *lists, settings=replace(SETTINGS, **changes)))
        return opened[-1]

    yield opener
    for one in opened:
        one.check()
        one.database.dispose()


@pytest.fixture
def books(opening):
    """Open new books."""
    return opening()


@pytest.fixture
def fake():
    """Start a Stripe of the test's own."""
    with FakeStripe() as started:
        yield started


@pytest.fixture
def stripe_opening(tmp_path, make_database, fake):
    """Open new books that are billed at the fake Stripe, with changed price lists or settings."""
    opened = []

    def opener(*lists, **changes):
        folder = tmp_path / f"stripe-books-{len(opened)}"
        folder.mkdir()
        url = make_database(folder)
        opened.append(StripeBooks(folder, url, fake, *lists, settings=replace(SETTINGS, **changes)))
        return opened[-1]

    yield opener
    for one in opened:
        one.check()
        one.database.dispose()


@pytest.fixture
def stripe_books(stripe_opening):
    """Open new books that are billed at the fake Stripe."""
    return stripe_opening()
