"""Import: an input folder into the database, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.intake.csv_rows import Rejected
from billing_engine.intake.folder import CONTRACTS, CUSTOMERS, EXPENSES, TIME_ENTRIES, InputFolder, Located
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.time_entry import Expense, TimeEntry
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


class _Known(NamedTuple):
    """Master data that is stored already."""

    customers: dict[str, Customer]
    contracts: dict[str, Contract]


class _Parsed(NamedTuple):
    """What a folder holds, entries and expenses with the place where each was read."""

    folder: InputFolder
    customers: list[Customer]
    contracts: list[Contract]
    entries: dict[str, tuple[Located, TimeEntry]]
    expenses: dict[str, tuple[Located, Expense]]


Opening = Callable[[], AbstractContextManager[Connection]]


def import_folder(
    path: Path, book: PriceListBook, reading: Opening, writing: Opening, *, skip_rejected: bool
) -> ImportReport:
    """Check a folder against itself and the database, then store it in one transaction.

    The files are read before the transaction begins, so that nobody waits for a large folder, and nothing is written
    before everything is checked, so that a refused import leaves no trace, whoever owns the transaction.
    Raises InputFolderError when there is nothing to read.
    """
    with reading() as connection:
        known = _read_known(connection)
    parsed = _parse(path, book, known)
    with writing() as connection:
        now = _read_known(connection)
        if now != known:  # somebody imported master data meanwhile
            known, parsed = now, _parse(path, book, now)
        return _store(connection, parsed, known, skip_rejected=skip_rejected)


def _read_known(connection: Connection) -> _Known:
    return _Known(master_data.read_customers(connection), master_data.read_contracts(connection))


def _parse(path: Path, book: PriceListBook, known: _Known) -> _Parsed:
    folder = InputFolder(path, book, known.customers, known.contracts)
    return _Parsed(
        folder,
        [customer for _, customer in folder.read_customers()],
        [contract for _, contract in folder.read_contracts()],
        {entry.entry: (place, entry) for place, entry in folder.read_time_entries()},
        {expense.expense: (place, expense) for place, expense in folder.read_expenses()},
    )


def _store(connection: Connection, parsed: _Parsed, known: _Known, *, skip_rejected: bool) -> ImportReport:
    entries = work.compare_time_entries(connection, [entry for _, entry in parsed.entries.values()])
    expenses = work.compare_expenses(connection, [expense for _, expense in parsed.expenses.values()])
    rejected = [
        *parsed.folder.rejected,
        *_conflicts(entries.conflicting, {key: place for key, (place, _) in parsed.entries.items()}, "entry"),
        *_conflicts(expenses.conflicting, {key: place for key, (place, _) in parsed.expenses.items()}, "expense"),
    ]
    customers = [customer for customer in parsed.customers if known.customers.get(customer.customer) != customer]
    contracts = [contract for contract in parsed.contracts if known.contracts.get(contract.contract) != contract]
    stored = skip_rejected or not rejected
    if stored:
        for customer in customers:
            master_data.save_customer(connection, customer)
        for contract in contracts:
            master_data.save_contract(connection, contract)
        work.store_time_entries(connection, entries)
        work.store_expenses(connection, expenses)
    counts = {
        CUSTOMERS: _count(len(parsed.customers), [customer.customer for customer in customers], known.customers),
        CONTRACTS: _count(len(parsed.contracts), [contract.contract for contract in contracts], known.contracts),
        TIME_ENTRIES: Count(len(entries.new), len(entries.decided), entries.unchanged),
        EXPENSES: Count(len(expenses.new), len(expenses.decided), expenses.unchanged),
    }
    return ImportReport(stored, counts, sorted(rejected), sorted(parsed.folder.warnings), parsed.folder.unread)


def _conflicts(ids: Iterable[str], places: Mapping[str, Located], column: str) -> list[Rejected]:
    reason = "is imported already, with other content; only an outcome may still be filled in, before it is billed"
    return [Rejected(*places[key], column, f"{key} {reason}") for key in ids]


def _count(read: int, changed: list[str], known: Mapping[str, object]) -> Count:
    added = sum(key not in known for key in changed)
    return Count(added, len(changed) - added, read - len(changed))
