"""Transactions over the host's SQLAlchemy engine: our own, or the one that the host has open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from billing_engine.storage.database import READ_ONLY


class Transactions:
    """Opens transactions, unless the host passes a connection: then neither commits nor rolls back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def writing(self, connection: Connection | None) -> Iterator[Connection]:
        """Write in one transaction."""
        if connection is not None:
            yield connection
        else:
            with self._engine.begin() as own:
                yield own

    @contextmanager
    def reading(self, connection: Connection | None) -> Iterator[Connection]:
        """Read one consistent state; on our own SQLite engine without waiting for a writer."""
        if connection is not None:
            yield connection
        else:
            with self._engine.connect().execution_options(**READ_ONLY) as own:
                yield own
