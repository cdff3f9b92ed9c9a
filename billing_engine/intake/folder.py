"""The input folder: CSV files whose rows are checked, also against each other and against what is known already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from billing_engine.errors import InputFolderError
from billing_engine.intake.columns import ContractRow, CustomerRow, ExpenseRow, TimeEntryRow
from billing_engine.intake.csv_rows import Parsed, Rejected, RowT, read_rows
from billing_engine.intake.overlaps import find_overlaps
from billing_engine.intake.resolve import Problem, Resolver
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.time_entry import Expense, TimeEntry

CUSTOMERS, CONTRACTS = "customers.csv", "contracts.csv"
TIME_ENTRIES, EXPENSES = "time_entries.csv", "expenses.csv"
FILES = (CUSTOMERS, CONTRACTS, TIME_ENTRIES, EXPENSES)

Value = TypeVar("Value", Customer, Contract, TimeEntry, Expense)


class Located(NamedTuple):
    """Where a value was read."""

    file: str
    line: int


class InputFolder:
    """One pass over a folder. Read customers and contracts first: the other files refer to them.

    `rejected` and `warnings` grow as files are read and are complete once every file was.
    """

    def __init__(
        self,
        folder: Path,
        book: PriceListBook,
        customers: Mapping[str, Customer] | None = None,
        contracts: Mapping[str, Contract] | None = None,
    ) -> None:
        if not folder.is_dir():
            raise InputFolderError(f"{folder} is no folder")
        self._folder = folder
        self._resolver = Resolver(book, dict(customers or {}), dict(contracts or {}))
        self.rejected: list[Rejected] = []
        self.warnings: list[Rejected] = []
        present = {path.name for path in folder.iterdir() if path.suffix.lower() == ".csv"}
        if not present & set(FILES):
            raise InputFolderError(f"{folder} has none of {', '.join(FILES)}")
        self.unread = sorted(present - set(FILES))

    def read_customers(self) -> Iterator[tuple[Located, Customer]]:
        """Stream the customers of the folder."""
        for located, customer in self._read(CUSTOMERS, CustomerRow, self._resolver.customer, lambda c: c.customer):
            self._resolver.customers[customer.customer] = customer
            yield located, customer

    def read_contracts(self) -> Iterator[tuple[Located, Contract]]:
        """Stream the contracts of the folder."""
        for located, contract in self._read(CONTRACTS, ContractRow, self._resolver.contract, lambda c: c.contract):
            self._resolver.add_contract(contract)
            yield located, contract

    def read_time_entries(self) -> Iterator[tuple[Located, TimeEntry]]:
        """Stream the time entries of the folder; overlaps of one engineer become warnings."""
        sessions = []
        for located, entry in self._read(TIME_ENTRIES, TimeEntryRow, self._resolver.time_entry, lambda e: e.entry):
            if entry.engineer:
                sessions.append((entry.engineer, entry.started_at, entry.ended_at, entry.entry, located.line))
            yield located, entry
        self.warnings += [Rejected(TIME_ENTRIES, *overlap) for overlap in find_overlaps(sessions)]

    def read_expenses(self) -> Iterator[tuple[Located, Expense]]:
        """Stream the expenses of the folder."""
        return self._read(EXPENSES, ExpenseRow, self._resolver.expense, lambda e: e.expense)

    def _read(
        self,
        name: str,
        model: type[RowT],
        resolve: Callable[[Parsed[RowT]], Value | list[Problem]],
        id_of: Callable[[Value], str],
    ) -> Iterator[tuple[Located, Value]]:
        path = self._folder / name
        if not path.exists():
            return
        seen: dict[str, tuple[Value, int]] = {}
        for line, value in self._resolved(read_rows(path, model, self.rejected), name, resolve):
            earlier, earlier_line = seen.setdefault(id_of(value), (value, line))
            if earlier_line == line:
                yield Located(name, line), value
            elif earlier != value:
                reason = f"{id_of(value)} stands in line {earlier_line} already, with other content"
                self.rejected.append(Rejected(name, line, next(iter(model.model_fields)), reason))

    def _resolved(
        self, rows: Iterable[Parsed[RowT]], name: str, resolve: Callable[[Parsed[RowT]], Value | list[Problem]]
    ) -> Iterator[tuple[int, Value]]:
        for parsed in rows:
            value = resolve(parsed)
            if isinstance(value, list):
                self.rejected += [Rejected(name, parsed.line, *problem) for problem in value]
            else:
                yield parsed.line, value
