"""The database behind the command line: an engine set up for several writers at a time, on SQLite or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from billing_engine.errors import DatabaseUrlError

_WAIT_SECONDS = 30
"""For a lock that somebody else holds, on either database."""

READ_ONLY = {"billing_read_only": True}
"""Execution options of a connection that only reads: its transaction takes no write lock."""

_ONE_STATE = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""What these options need on PostgreSQL beside, to read the same state from the first statement to the last."""

_SQLITE = {"sqlite", "sqlite+pysqlite"}
_POSTGRESQL = {"postgresql", "postgresql+psycopg"}
_SECRETS = ("password", "sslpassword")
_HOW = "write it as sqlite:///billing.db or postgresql://user:password@host/database"

_BUSY_STATES = {"40001", "40P01", "55P03"}
"""PostgreSQL's serialization failure, deadlock and lock that was not to be had in time."""

_BUSY_CODES = {5, 6}
"""SQLite's BUSY and LOCKED, in the lower byte of its error codes."""


def open_database(url: str) -> Engine:
    """Create an engine for a URL; raises DatabaseUrlError. A host passes its own engine instead.

    SQLite runs in WAL mode, so that reading never blocks issuing, and with foreign keys on. A transaction takes the
    write lock when it begins: two runs then wait for each other instead of failing halfway. On PostgreSQL row locks do
    that. On both nobody waits for a lock longer than half a minute.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # whose message may repeat a password
        raise DatabaseUrlError(f"the database URL can not be read; {_HOW}") from None
    if parsed.drivername in _SQLITE:
        return _open_sqlite(parsed)
    if parsed.drivername in _POSTGRESQL:
        return _open_postgresql(parsed)
    raise DatabaseUrlError(f"the database URL can not be used: {parsed.drivername!r} is not supported; {_HOW}")


def reading_options(engine: Engine) -> dict[str, Any]:
    """Return the execution options of a connection that reads one state and writes nothing."""
    return READ_ONLY | _ONE_STATE if engine.dialect.name == "postgresql" else dict(READ_ONLY)


def is_busy(error: DBAPIError) -> bool:
    """Tell whether the database gave way to somebody else's transaction, so that the same again may go well."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    code = getattr(error.orig, "sqlite_errorcode", None)
    return state in _BUSY_STATES or (code is not None and code & 0xFF in _BUSY_CODES)


def file_is_missing(engine: Engine) -> bool:
    """Tell whether the engine is for an SQLite file that is not there; connecting would make an empty one."""
    path = engine.url.database
    return engine.dialect.name == "sqlite" and path not in (None, "", ":memory:") and not Path(str(path)).exists()


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself; _begin_immediate does
    connection.execute(f"PRAGMA busy_timeout = {_WAIT_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # so that what a REPLACE deletes is asked about, too


def _begin_immediate(connection: Any) -> None:
    reads = READ_ONLY.items() <= connection.get_execution_options().items()
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _open_postgresql(url: URL) -> Engine:
    secrets = {name: url.query[name] for name in _SECRETS if name in url.query}
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg").difference_update_query(secrets),  # an engine prints its URL
            connect_args={"fallback_application_name": "billing_engine", **secrets},
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
        )
    except ImportError as error:
        hint = "install it with `pip install 'billing_engine[postgresql]'`"
        raise DatabaseUrlError(f"PostgreSQL needs the driver psycopg, which can not be loaded; {hint}") from error
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    """Bound the waiting for locks, unless the URL, the role or the server says how long."""
    bound = "SELECT set_config('lock_timeout', %s, false) WHERE current_setting('lock_timeout') = '0'"
    connection.execute(bound, [f"{_WAIT_SECONDS}s"])
    connection.commit()
