"""Inserts that leave an existing row alone, on either database, without a nested transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

BATCH = 500
"""Rows per statement; SQLite allows 999 bound parameters at the least."""


def insert_if_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key is there; tells whether it was inserted.

    The row itself is asked for: not every driver counts the rows of such a statement.
    """
    statement = insert_of(connection)(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement).one_or_none() is not None


def insert_of(connection: Connection) -> Callable[[Table], Any]:
    """Return the database's own insert, which may say what to do about a row that is there."""
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most BATCH items."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
