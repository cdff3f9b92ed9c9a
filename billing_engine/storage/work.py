"""Time entries and expenses: raw, stored once, never touched by rating."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date

from sqlalchemy import Connection, select

from billing_engine.model.contract import by_customer
from billing_engine.model.instant import SECONDS_PER_DAY, Instant, local_date
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.storage.invoice_tables import invoice_expenses, invoices
from billing_engine.storage.invoices import REBILLED
from billing_engine.storage.shelves import ENTRY_IS_BILLED
from billing_engine.storage.tables import expenses, time_entries

_ENTRY_COLUMNS = [time_entries.c[name] for name in TimeEntry._fields]
_EXPENSE_COLUMNS = [expenses.c[name] for name in ("expense", "customer", "spent_on", "description", "amount")]

_EXPENSE_IS_BILLED = (
    select(invoice_expenses.c.expense)
    .join(invoices)
    .where(invoice_expenses.c.expense == expenses.c.expense, ~REBILLED)
    .exists()
)


def read_unbilled_entries(
    connection: Connection, customers: Sequence[str], start: Instant, end: Instant
) -> dict[str, list[TimeEntry]]:
    """Return the customers' entries that start in [start, end) and stand on no invoice: by customer, in order."""
    statement = (
        select(*_ENTRY_COLUMNS)
        .where(time_entries.c.customer.in_(customers))
        .where(time_entries.c.started_at >= start, time_entries.c.started_at < end)
        .where(~ENTRY_IS_BILLED)
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
    worked = select(time_entries.c.customer, day).where(~ENTRY_IS_BILLED).distinct()
    spent = select(expenses.c.customer, expenses.c.spent_on).where(~_EXPENSE_IS_BILLED).distinct()
    days = {(customer, local_date(number * SECONDS_PER_DAY, UTC)) for customer, number in connection.execute(worked)}
    return days | {(customer, spent_on) for customer, spent_on in connection.execute(spent)}
