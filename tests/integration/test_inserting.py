"""Inserting what may be there already: over a driver that does not count rows, as some do not."""

import sqlite3

import pytest
from sqlalchemy import create_engine, event, select

from billing_engine.storage.inserting import insert_if_new
from billing_engine.storage.tables import number_counters


class Uncounted(sqlite3.Cursor):
    """A cursor that never knows how many rows it touched."""

    rowcount = -1


class Uncounting(sqlite3.Connection):
    """A connection of such cursors."""

    def cursor(self):
        return super().cursor(Uncounted)


@pytest.fixture
def engine():
    """Open a database in memory over that driver, with the table of counters."""
    opened = create_engine("sqlite://", creator=lambda: sqlite3.connect(":memory:", factory=Uncounting))
    with opened.begin() as connection:
        number_counters.create(connection)
    yield opened
    opened.dispose()


def test_whether_it_was_inserted_is_asked_of_the_row(engine):
    """The first of two rows with one key is kept and told so; the second changes nothing and is told so, too."""
    asked = []
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2]))
        row = {"series": "credit", "year": 2026, "last_number": 0}
        assert insert_if_new(connection, number_counters, row) is True
        assert insert_if_new(connection, number_counters, row | {"last_number": 7}) is False
        assert insert_if_new(connection, number_counters, row | {"year": 2027}) is True
        assert all(statement.endswith("ON CONFLICT DO NOTHING RETURNING series, year") for statement in asked)
        found = connection.execute(select(number_counters).order_by(number_counters.c.year)).all()
    assert found == [("credit", 2026, 0), ("credit", 2027, 0)]
