"""Numbers that follow each other without a gap, one sequence per series and year."""

from __future__ import annotations

from sqlalchemy import Connection, update

from billing_engine.storage.inserting import insert_if_new
from billing_engine.storage.tables import number_counters


def next_number(connection: Connection, series: str, year: int) -> int:
    """Take the next number; the sequence is locked for others until the transaction ends."""
    insert_if_new(connection, number_counters, {"series": series, "year": year, "last_number": 0})
    statement = (
        update(number_counters)
        .where(number_counters.c.series == series, number_counters.c.year == year)
        .values(last_number=number_counters.c.last_number + 1)
        .returning(number_counters.c.last_number)
    )
    return int(connection.execute(statement).scalar_one())
