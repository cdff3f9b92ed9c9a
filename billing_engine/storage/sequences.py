"""Numbers that follow each other without a gap, one sequence per series and year."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, or_, select, update

from billing_engine.errors import DateOrderError, NumberTakenError
from billing_engine.model.numbering import Numbering
from billing_engine.storage.inserting import insert_if_new
from billing_engine.storage.invoice_tables import credit_notes, invoices, number_counters

_LAST_DAY = number_counters.c.last_issued_on


def next_number(
    connection: Connection, series: str, year: int, issued_on: date | None = None, *, count: int = 1
) -> int:
    """Take the next numbers and return the last of them; the sequence is locked until the transaction ends.

    Documents have a day of issue: within a series none is earlier than the one before. Raises DateOrderError.
    """
    counting = (
        update(number_counters)
        .where(number_counters.c.series == series, number_counters.c.year == year)
        .values(last_number=number_counters.c.last_number + count)
        .returning(number_counters.c.last_number)
    )
    if issued_on is not None:
        counting = counting.where(or_(_LAST_DAY.is_(None), issued_on >= _LAST_DAY)).values(last_issued_on=issued_on)
    taken = connection.execute(counting).scalar_one_or_none()
    if taken is None:
        check_date_order(connection, series, year, issued_on)
        insert_if_new(connection, number_counters, {"series": series, "year": year, "last_number": 0})
        taken = connection.execute(counting).scalar_one()
    return int(taken)


def check_date_order(connection: Connection, series: str, year: int, issued_on: date | None) -> None:
    """Raise DateOrderError when the series has a document of a later day."""
    of_series = (number_counters.c.series == series, number_counters.c.year == year)
    last = connection.execute(select(_LAST_DAY).where(*of_series)).scalar_one_or_none()
    if last is not None and issued_on is not None and issued_on < last:
        raise DateOrderError(
            f"the series {series} {year} has a document of {last}; issue on that day or later, not on {issued_on}"
        )


def lock_series(connection: Connection, series: str) -> None:
    """Wait for all others who take numbers of a series, and let them wait until the transaction ends."""
    connection.execute(select(number_counters.c.year).where(number_counters.c.series == series).with_for_update()).all()


def check_free(connection: Connection, numbering: Numbering, sequences: Iterable[int]) -> None:
    """Raise NumberTakenError when a number that was taken is that of another document: each names one."""
    numbers = [numbering.number(sequence) for sequence in sequences]
    for table in (invoices, credit_notes):
        taken = select(table.c.number, table.c.series).where(table.c.number.in_(numbers)).order_by(table.c.number)
        found = connection.execute(taken).first()
        if found is not None:
            raise NumberTakenError(
                f"the number {found.number} was given already, in the series {found.series}; "
                f"write the settings' number_format for the series {numbering.series} in another form"
            )
