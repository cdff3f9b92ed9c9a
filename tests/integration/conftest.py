"""Databases and books of their own for each test; whatever it does, every cent of them is accounted for at its end."""

from dataclasses import replace

import pytest
from books import SETTINGS, Books
from databases import KINDS, SqliteFiles, postgresql_server

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
