"""Time entries and expenses: raw, stored once, never touched by rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date
from typing import Generic, TypeVar

from sqlalchemy import Connection, insert, select, update

from billing_engine.errors import BilledMeanwhileError
from billing_engine.model.contract import by_customer
from billing_engine.model.instant import SECONDS_PER_DAY, Instant, local_date
from billing_engine.model.time_entry import Expense, Outcome, TimeEntry
from billing_engine.storage.inserting import batches
from billing_engine.storage.tables import expenses, invoice_entries, invoice_expenses, time_entries

_ENTRY_COLUMNS = [time_entries.c[name] for name in TimeEntry._fields]
_EXPENSE_COLUMNS = [expenses.c[name] for name in ("expense", "customer", "spent_on", "description", "amount")]

_ENTRY_IS_BILLED = select(invoice_entries.c.entry).where(invoice_entries.c.entry == time_entries.c.entry).exists()
_EXPENSE_IS_BILLED = select(invoice_expenses.c.expense).where(invoice_expenses.c.expense == expenses.c.expense).exists()

Item = TypeVar("Item", TimeEntry, Expense)


@dataclass(slots=True)
class Comparison(Generic[Item]):
    """Read items held against the stored ones."""

    new: list[Item] = field(default_factory=list)
    decided: list[Item] = field(default_factory=list)
    """Entries that are stored without an outcome, unbilled, and now have one (R7)."""
    unchanged: int = 0
    conflicting: list[str] = field(default_factory=list)
    """Ids that are stored with other content."""


def compare_time_entries(connection: Connection, entries: Sequence[TimeEntry]) -> Comparison[TimeEntry]:
    """Tell which entries are new, which are decided and which contradict what is stored. Writes nothing."""
    result = Comparison[TimeEntry]()
    for batch in batches(entries):
        ids = [entry.entry for entry in batch]
        rows = connection.execute(select(*_ENTRY_COLUMNS).where(time_entries.c.entry.in_(ids)))
        known = {entry.entry: entry for entry in (TimeEntry(*row) for row in rows)}
        billed = _billed(connection, list(known))
        for entry in batch:
            former = known.get(entry.entry)
            if former is None:
                result.new.append(entry)
            elif former == entry:
                result.unchanged += 1
            elif former == entry._replace(outcome=Outcome.NONE) and entry.entry not in billed:
                result.decided.append(entry)
            else:
                result.conflicting.append(entry.entry)
    return result


def _billed(connection: Connection, ids: Sequence[str]) -> set[str]:
    return set(connection.scalars(select(invoice_entries.c.entry).where(invoice_entries.c.entry.in_(ids))))


def store_time_entries(connection: Connection, compared: Comparison[TimeEntry]) -> None:
    """Write what `compare_time_entries` found to be new or decided."""
    for batch in batches(compared.new):
        connection.execute(insert(time_entries), [entry._asdict() for entry in batch])
    for entry in compared.decided:
        unbilled = update(time_entries).where(time_entries.c.entry == entry.entry, ~_ENTRY_IS_BILLED)
        if connection.execute(unbilled.values(outcome=entry.outcome)).rowcount != 1:
            raise BilledMeanwhileError(f"entry {entry.entry} was billed while its outcome was imported; import again")


def compare_expenses(connection: Connection, items: Sequence[Expense]) -> Comparison[Expense]:
    """Tell which expenses are new and which contradict what is stored. Writes nothing."""
    result = Comparison[Expense]()
    for batch in batches(items):
        ids = [expense.expense for expense in batch]
        rows = connection.execute(select(*_EXPENSE_COLUMNS).where(expenses.c.expense.in_(ids)))
        known = {expense.expense: expense for expense in (Expense(*row) for row in rows)}
        for expense in batch:
            if expense.expense not in known:
                result.new.append(expense)
            elif known[expense.expense] == expense:
                result.unchanged += 1
            else:
                result.conflicting.append(expense.expense)
    return result


def store_expenses(connection: Connection, compared: Comparison[Expense]) -> None:
    """Write what `compare_expenses` found to be new."""
    for batch in batches(compared.new):
        connection.execute(insert(expenses), [asdict(expense) for expense in batch])


def read_unbilled_entries(
    connection: Connection, customers: Sequence[str], start: Instant, end: Instant
) -> dict[str, list[TimeEntry]]:
    """Return the customers' entries that start in [start, end) and stand on no invoice: by customer, in order."""
    statement = (
        select(*_ENTRY_COLUMNS)
        .where(time_entries.c.customer.in_(customers))
        .where(time_entries.c.started_at >= start, time_entries.c.started_at < end)
        .where(~_ENTRY_IS_BILLED)
        .order_by(time_entries.c.customer, time_entries.c.started_at, time_entries.c.entry)
    )
    return by_customer(TimeEntry(*row) for row in connection.execute(statement))


def read_unbilled_expenses(
    connection: Connection, customers: Sequence[str], first: date, last: date
) -> dict[str, list[Expense]]:
    """Return the customers' expenses of the days from `first` to `last` that stand on no invoice, by customer."""
    statement = (
        select(*_EXPENSE_COLUMNS)
        .where(expenses.c.customer.in_(customers), expenses.c.spent_on.between(first, last))
        .where(~_EXPENSE_IS_BILLED)
        .order_by(expenses.c.customer, expenses.c.spent_on, expenses.c.expense)
    )
    return by_customer(Expense(*row) for row in connection.execute(statement))


def read_unbilled_days(connection: Connection) -> set[tuple[str, date]]:
    """Return customer and day, in UTC, of all that stands on no invoice."""
    day = time_entries.c.started_at // SECONDS_PER_DAY
    worked = select(time_entries.c.customer, day).where(~_ENTRY_IS_BILLED).distinct()
    spent = select(expenses.c.customer, expenses.c.spent_on).where(~_EXPENSE_IS_BILLED).distinct()
    days = {(customer, local_date(number * SECONDS_PER_DAY, UTC)) for customer, number in connection.execute(worked)}
    return days | {(customer, spent_on) for customer, spent_on in connection.execute(spent)}
