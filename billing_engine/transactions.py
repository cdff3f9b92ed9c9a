"""Transactions over the host's SQLAlchemy engine: our own, or the one that the host has open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from billing_engine.errors import DatabaseBusyError
from billing_engine.storage.database import is_busy, reading_options

T = TypeVar("T")

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds before each further try of a transaction that gave way to another."""


class Transactions:
    """Opens transactions, unless the host passes a connection: then neither commits nor rolls back."""

    def __init__(self, engine: Engine, pause: Callable[[float], object] = time.sleep) -> None:
        self._engine = engine
        self._pause = pause

    @contextmanager
    def writing(self, connection: Connection | None) -> Iterator[Connection]:
        """Write in one transaction."""
        if connection is not None:
            yield connection
        else:
            with self._engine.begin() as own:
                yield own

    def retrying(self, connection: Connection | None, work: Callable[[Connection], T]) -> T:
        """Write in one transaction, again from its beginning when the database was busy; returns what the work does.

        The work may run several times and must leave nothing behind but what it writes. In a host's transaction it runs
        once: what was rolled back with it only the host can do again. Raises DatabaseBusyError.
        """
        if connection is not None:
            return work(connection)
        for seconds in (*PAUSES, None):
            try:
                with self.writing(None) as own:
                    return work(own)
            except DBAPIError as error:
                if not is_busy(error):
                    raise
                if seconds is None:
                    raise DatabaseBusyError from error
                self._pause(seconds)
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def reading(self, connection: Connection | None) -> Iterator[Connection]:
        """Read one consistent state; over our own connection without waiting for a writer."""
        if connection is not None:
            yield connection
        else:
            with self._engine.connect().execution_options(**reading_options(self._engine)) as own:
                yield own
