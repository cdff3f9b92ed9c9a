"""The database behind the command line: an engine with SQLite set up for concurrent, durable use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from billing_engine.errors import DatabaseUrlError

_BUSY_SECONDS = 30

READ_ONLY = {"billing_read_only": True}
"""Execution options of a connection that only reads: its transaction takes no write lock."""


def open_database(url: str) -> Engine:
    """Create an engine for a URL; raises DatabaseUrlError. A host passes its own engine instead.

    SQLite runs in WAL mode, so that reading never blocks issuing, and with foreign keys on. A transaction takes the
    write lock when it begins: two runs then wait for each other instead of failing halfway.
    """
    try:
        engine = create_engine(url, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseUrlError(
            f"the database URL can not be used: {error}; write it as sqlite:///billing.db"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def file_is_missing(engine: Engine) -> bool:
    """Tell whether the engine is for an SQLite file that is not there; connecting would make an empty one."""
    path = engine.url.database
    return engine.dialect.name == "sqlite" and path not in (None, "", ":memory:") and not Path(str(path)).exists()


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself; _begin_immediate does
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Any) -> None:
    reads = READ_ONLY.items() <= connection.get_execution_options().items()
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
