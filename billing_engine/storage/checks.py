"""What all checks of a database share: a rule is a sentence, what it looks at and a search for what contradicts it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable, Table, func, select

from billing_engine.errors import BillingError
from billing_engine.model.check import Check, Finding, make_check
from billing_engine.model.money import from_minor

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must hold of every database, at any time."""

    name: str
    says: str
    """A sentence for people."""
    count: Callable[[Connection], int]
    """Counts the things that are looked at."""
    search: Callable[[Connection], Iterable[Finding]]
    """Finds what contradicts the rule: sets at a time, never a query per row."""

    def check(self, connection: Connection) -> Check:
        """Hold the rule against a database. What keeps it from being read is a finding too, not the end of the rest."""
        try:
            with connection.begin_nested():  # PostgreSQL refuses all that follows an error, up to a savepoint
                return make_check(self.name, self.says, self.count(connection), self.search(connection))
        except Exception as error:  # noqa: BLE001 - a damaged database may hold anything
            said = str(getattr(error, "orig", None) or error)
            broken = Finding("the database", f"{type(error).__name__}: {said}", "rows that can be read")
            return make_check(self.name, self.says, 0, [broken])


def rows_of(*tables: Table) -> Callable[[Connection], int]:
    """Count the rows of tables."""

    def count(connection: Connection) -> int:
        return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)

    return count


def stream(connection: Connection, statement: Executable) -> Iterator[Any]:
    """Read rows as they come, few at a time in memory."""
    return iter(connection.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE)))


def money(minor: int | None, currency: str) -> str:
    """Write an amount of a row, whatever the row says its currency is."""
    if minor is None:
        return "nothing"
    try:
        return f"{from_minor(int(minor), currency)} {currency}"
    except BillingError:
        return f"{int(minor)} minor units of {currency!r}"
