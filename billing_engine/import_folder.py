"""Import: an input folder into the database, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from billing_engine.intake.csv_rows import Rejected
from billing_engine.intake.folder import InputFolder, Located
from billing_engine.model.price_list import PriceListBook
from billing_engine.storage import master_data, work


@dataclass(slots=True)
class Count:
    """Rows of one file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class ImportReport:
    """What an import did, by file, and what it would not take."""

    stored: bool
    """Whether the rows were written; False when some were rejected and not skipped."""
    counts: dict[str, Count]
    rejected: list[Rejected]
    warnings: list[Rejected]
    unread: list[str] = field(default_factory=list)
    """CSV files in the folder that this version does not use."""


def import_folder(connection: Connection, path: Path, book: PriceListBook, *, skip_rejected: bool) -> ImportReport:
    """Check a folder against itself and the database, then store it within the connection's transaction.

    Nothing is written before everything is checked, so a refused import leaves no trace, whoever owns the transaction.
    Raises InputFolderError when there is nothing to read.
    """
    known_customers = master_data.read_customers(connection)
    known_contracts = master_data.read_contracts(connection)
    folder = InputFolder(path, book, known_customers, known_contracts)
    customers = [customer for _, customer in folder.read_customers()]
    contracts = [contract for _, contract in folder.read_contracts()]
    entries = {entry.entry: (place, entry) for place, entry in folder.read_time_entries()}
    expenses = {expense.expense: (place, expense) for place, expense in folder.read_expenses()}
    compared_entries = work.compare_time_entries(connection, [entry for _, entry in entries.values()])
    compared_expenses = work.compare_expenses(connection, [expense for _, expense in expenses.values()])
    rejected = [
        *folder.rejected,
        *_conflicts(compared_entries.conflicting, {key: place for key, (place, _) in entries.items()}, "entry"),
        *_conflicts(compared_expenses.conflicting, {key: place for key, (place, _) in expenses.items()}, "expense"),
    ]
    changed_customers = [c for c in customers if known_customers.get(c.customer) != c]
    changed_contracts = [c for c in contracts if known_contracts.get(c.contract) != c]
    stored = skip_rejected or not rejected
    if stored:
        for customer in changed_customers:
            master_data.save_customer(connection, customer)
        for contract in changed_contracts:
            master_data.save_contract(connection, contract)
        work.store_time_entries(connection, compared_entries)
        work.store_expenses(connection, compared_expenses)
    counts = {
        "customers.csv": _count(
            [c.customer for c in customers], [c.customer for c in changed_customers], known_customers
        ),
        "contracts.csv": _count(
            [c.contract for c in contracts], [c.contract for c in changed_contracts], known_contracts
        ),
        "time_entries.csv": _count_compared(compared_entries),
        "expenses.csv": _count_compared(compared_expenses),
    }
    return ImportReport(stored, counts, sorted(rejected), sorted(folder.warnings), folder.unread)


def _conflicts(ids: Iterable[str], places: Mapping[str, Located], column: str) -> list[Rejected]:
    reason = "is imported already, with other content; only an outcome may still be filled in, before it is billed"
    return [Rejected(*places[key], column, f"{key} {reason}") for key in ids]


def _count(read: list[str], changed: list[str], known: Mapping[str, object]) -> Count:
    added = sum(key not in known for key in changed)
    return Count(added, len(changed) - added, len(read) - len(changed))


def _count_compared(compared: work.Comparison[work.Item]) -> Count:
    return Count(len(compared.new), len(compared.decided), compared.unchanged)
