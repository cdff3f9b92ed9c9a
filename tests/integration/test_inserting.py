"""Inserting what may be there already: over any driver, and while somebody else inserts the same."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest
from sqlalchemy import create_engine, event, select

from billing_engine.storage.inserting import insert_if_new
from billing_engine.storage.tables import number_counters, used_price_lists


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
        columns = [number_counters.c[name] for name in row]
        found = connection.execute(select(*columns).order_by(number_counters.c.year)).all()
    assert found == [("credit", 2026, 0), ("credit", 2027, 0)]


@pytest.mark.parametrize("committed", [True, False])
def test_who_comes_second_waits_for_the_first(open_url, database_url, committed):
    """Of two who insert one key at once the second waits: it inserts nothing, or all if the first thinks again."""
    database = open_url(database_url)
    row = {"version": "b2bee 2026-01-01", "content_hash": "first"}

    def second():
        with database.begin() as connection:
            return insert_if_new(connection, used_price_lists, row | {"content_hash": "second"})

    with ThreadPoolExecutor(1) as threads, database.connect() as first:
        assert insert_if_new(first, used_price_lists, row) is True
        waiting = threads.submit(second)
        with pytest.raises(StillWaiting):
            waiting.result(0.2)
        _ = first.commit() if committed else first.rollback()
        assert waiting.result(20) is not committed
    with database.connect() as connection:
        assert connection.scalars(select(used_price_lists.c.content_hash)).all() == ["first" if committed else "second"]
