"""Checks of numbers: each series of a year runs from 1 on, without a gap, a duplicate or a step back in time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Select, Subquery, func, or_, select, union_all

from billing_engine.model.check import Finding
from billing_engine.storage.checks import Rule, rows_of, stream
from billing_engine.storage.invoice_tables import credit_notes, invoices, number_counters
from billing_engine.storage.sla_tables import granted_credits

CREDIT_SERIES = "credit"
"""The counter of credits, which are no documents and have their number as their key."""

_CREDIT_NUMBER = re.compile(r"CR-([0-9]{4})-([0-9]{5,})")


def _documents() -> Subquery:
    """Invoices and credit notes alike: one series may not tell them apart."""
    shared = ("number", "series", "year", "sequence", "issued_on", "content_hash")
    of_invoices = select(invoices.c.invoice.label("document"), *(invoices.c[name] for name in shared))
    of_credit_notes = select(credit_notes.c.credit_note, *(credit_notes.c[name] for name in shared))
    return union_all(of_invoices, of_credit_notes).subquery("documents")


DOCUMENTS = _documents()


def _followed() -> Subquery:
    """Documents with what the one before them in their series has."""
    one = DOCUMENTS.c
    of_series: dict[str, Any] = {"partition_by": (one.series, one.year), "order_by": one.sequence}
    return (
        select(
            *one,
            func.lag(one.sequence).over(**of_series).label("former_sequence"),
            func.lag(one.issued_on).over(**of_series).label("former_issued_on"),
        )
        .where(one.sequence.is_not(None))
        .subquery("followed")
    )


def _without_number(connection: Connection) -> Iterator[Finding]:
    one = DOCUMENTS.c
    missing = select(one.document).where(or_(one.number.is_(None), one.number == "", one.sequence.is_(None)))
    for row in stream(connection, missing.order_by(one.document)):
        yield Finding(row.document, "it has no number", "a number, taken in the transaction that wrote it")


def _out_of_sequence(connection: Connection) -> Iterator[Finding]:
    row = _followed().c
    wrong = select(*row).where(row.sequence != func.coalesce(row.former_sequence, 0) + 1)
    for one in stream(connection, wrong.order_by(row.series, row.year, row.sequence)):
        former = one.former_sequence or 0
        where = f"series {one.series} {one.year}, {one.number}"
        if one.sequence <= former:
            yield Finding(where, f"number {one.sequence} follows {former}", "each number once, from 1 on")
        else:
            yield Finding(where, f"{_span(former + 1, one.sequence - 1)} before it", "numbers without a gap, from 1 on")


def _span(first: int, last: int) -> str:
    return f"number {first} is missing" if first == last else f"numbers {first} to {last} are missing"


def _counted_wrong(connection: Connection) -> Iterator[Finding]:
    one, counter = DOCUMENTS.c, number_counters.c
    last = (
        select(one.series, one.year, func.max(one.sequence).label("last"), func.max(one.issued_on).label("day"))
        .where(one.sequence.is_not(None))
        .group_by(one.series, one.year)
        .subquery("last")
    )
    same = (counter.series == last.c.series) & (counter.year == last.c.year)
    kept = (
        select(counter.series, counter.year, counter.last_number, counter.last_issued_on, last.c.last, last.c.day)
        .select_from(number_counters.outerjoin(last, same))
        .where(or_(counter.last_issued_on.is_not(None), last.c.last.is_not(None)))  # others count no documents
        .where(
            or_(
                counter.last_number != func.coalesce(last.c.last, 0),
                counter.last_issued_on.is_distinct_from(last.c.day),
            )
        )
    )
    for row in stream(connection, kept):
        yield Finding(
            f"counter {row.series} {row.year}",
            f"its last number is {row.last_number}, of {row.last_issued_on}",
            f"{row.last or 0}, of {row.day}, as the last document says",
        )
    uncounted = select(last).where(~select(counter.series).where(same).exists())
    for row in stream(connection, uncounted):
        yield Finding(f"series {row.series} {row.year}", "it has no counter", f"a counter at {row.last}")


def _doubled(connection: Connection) -> Iterator[Finding]:
    one = DOCUMENTS.c
    several: Select[tuple[str, int]] = (
        select(one.number, func.count().label("times")).group_by(one.number).having(func.count() > 1)
    )
    for row in stream(connection, several.where(one.number.is_not(None)).order_by(one.number)):
        yield Finding(f"number {row.number}", f"{row.times} documents have it", "one document")


def _back_in_time(connection: Connection) -> Iterator[Finding]:
    row = _followed().c
    # Rows of before the trail have no hash; the program of their time did not look at the day.
    wrong = select(*row).where(row.issued_on < row.former_issued_on, row.content_hash != "")
    for one in stream(connection, wrong.order_by(row.series, row.year, row.sequence)):
        day = f"{one.former_issued_on} or later, like the document before it"
        yield Finding(f"series {one.series} {one.year}, {one.number}", f"issued on {one.issued_on}", day)


def _credit_numbers(connection: Connection) -> Iterator[Finding]:
    last: Counter[int] = Counter()
    credit_ = granted_credits.c.credit
    for (credit,) in stream(connection, select(credit_).order_by(func.length(credit_), credit_)):
        match = _CREDIT_NUMBER.fullmatch(credit)
        if match is None:
            yield Finding(f"credit {credit}", "a number of another form", "such as CR-2026-00001")
            continue
        year, number = int(match[1]), int(match[2])
        if number > last[year] + 1:
            yield Finding(f"credit {credit}", f"{_span(last[year] + 1, number - 1)} before it", "numbers without a gap")
        last[year] = number
    yield from _credit_counters(connection, last)


def _credit_counters(connection: Connection, last: Counter[int]) -> Iterable[Finding]:
    counter = number_counters.c
    rows = connection.execute(select(counter.year, counter.last_number).where(counter.series == CREDIT_SERIES))
    counted = Counter({row.year: row.last_number for row in rows})
    for year in sorted({*last, *counted}):
        if counted[year] != last[year]:
            what = f"its last number is {counted[year]}"
            yield Finding(f"counter {CREDIT_SERIES} {year}", what, f"{last[year]}, as the last credit says")


_BOTH = rows_of(invoices, credit_notes)

RULES = (
    Rule("numbers.present", "Every invoice and every credit note has its number.", _BOTH, _without_number),
    Rule(
        "numbers.sequence", "The numbers of a series run from 1 on, none missing, none twice.", _BOTH, _out_of_sequence
    ),
    Rule("numbers.counters", "A counter stands where its last document is.", rows_of(number_counters), _counted_wrong),
    Rule("numbers.unique", "No number stands on two documents.", _BOTH, _doubled),
    Rule("numbers.dates", "Within a series no document is older than the one before it.", _BOTH, _back_in_time),
    Rule("numbers.credits", "The numbers of credits run from 1 on.", rows_of(granted_credits), _credit_numbers),
)
