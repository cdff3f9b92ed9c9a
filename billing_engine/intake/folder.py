"""The input folder: CSV files whose rows are checked, also against each other and against what is known already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import NamedTuple, TypeVar

from billing_engine.errors import InputFolderError
from billing_engine.intake.columns import ContractRow, CustomerRow, ExpenseRow, TimeEntryRow
from billing_engine.intake.csv_rows import Parsed, Rejected, RowT, read_rows
from billing_engine.intake.known import Known, Problem
from billing_engine.intake.overlaps import find_overlaps
from billing_engine.intake.resolve import Resolver
from billing_engine.intake.sla_columns import ClaimRow, OutageRow, PauseRow, PaymentRow, TicketRow
from billing_engine.intake.sla_resolve import SlaResolver
from billing_engine.model.claim import Claim
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.identifiers import vat_id_problem
from billing_engine.model.instant import local_datetime
from billing_engine.model.payment import Payment
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.ticket import Outage, Pause, Ticket
from billing_engine.model.time_entry import Expense, TimeEntry

CUSTOMERS, CONTRACTS = "customers.csv", "contracts.csv"
TIME_ENTRIES, EXPENSES = "time_entries.csv", "expenses.csv"
TICKETS, PAUSES, OUTAGES = "tickets.csv", "ticket_pauses.csv", "outages.csv"
CLAIMS, PAYMENTS = "claims.csv", "payments.csv"
FILES = (CUSTOMERS, CONTRACTS, TIME_ENTRIES, EXPENSES, TICKETS, PAUSES, OUTAGES, CLAIMS, PAYMENTS)

Value = TypeVar("Value")


class Located(NamedTuple):
    """Where a value was read."""

    file: str
    line: int


def _pause_id(pause: Pause) -> str:
    return f"{pause.ticket} {local_datetime(pause.paused_at, UTC).isoformat()}"


class InputFolder:
    """One pass over a folder. Read customers and contracts first, and tickets before pauses: others refer to them.

    `rejected` and `warnings` grow as files are read and are complete once every file was.
    """

    def __init__(
        self,
        folder: Path,
        book: PriceListBook,
        customers: Mapping[str, Customer] | None = None,
        contracts: Mapping[str, Contract] | None = None,
        tickets: Mapping[str, str] | None = None,
        *,
        fees_needed: bool = True,
    ) -> None:
        if not folder.is_dir():
            raise InputFolderError(f"{folder} is no folder")
        self._folder = folder
        self._known = Known(book, customers or {}, contracts or {}, tickets or {}, fees_needed=fees_needed)
        self._resolver = Resolver(self._known)
        self._sla_resolver = SlaResolver(self._known)
        self.rejected: list[Rejected] = []
        self.warnings: list[Rejected] = []
        self.files = {path.name for path in folder.iterdir() if path.suffix.lower() == ".csv"}
        if not self.files & set(FILES):
            raise InputFolderError(f"{folder} has none of {', '.join(FILES)}")

    def unread(self, used: Iterable[str] = FILES) -> list[str]:
        """Name the CSV files of the folder that nobody looks at."""
        return sorted(self.files - set(used))

    def read_customers(self) -> Iterator[tuple[Located, Customer]]:
        """Stream the customers of the folder; VAT ids that can not be right become warnings."""
        for located, customer in self._read(CUSTOMERS, CustomerRow, self._resolver.customer, lambda c: c.customer):
            self._known.customers[customer.customer] = customer
            if customer.vat_id and (problem := vat_id_problem(customer.vat_id, customer.country)):
                self.warnings.append(Rejected(CUSTOMERS, located.line, "vat_id", problem))
            yield located, customer

    def read_contracts(self) -> Iterator[tuple[Located, Contract]]:
        """Stream the contracts of the folder."""
        for located, contract in self._read(CONTRACTS, ContractRow, self._resolver.contract, lambda c: c.contract):
            self._known.add_contract(contract)
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

    def read_tickets(self) -> Iterator[tuple[Located, Ticket]]:
        """Stream the tickets of the folder."""
        for located, ticket in self._read(TICKETS, TicketRow, self._sla_resolver.ticket, lambda t: t.ticket):
            self._known.ticket_customers[ticket.ticket] = ticket.customer
            yield located, ticket

    def read_pauses(self) -> Iterator[tuple[Located, Pause]]:
        """Stream the times in which tickets waited for their customer."""
        return self._read(PAUSES, PauseRow, self._sla_resolver.pause, _pause_id)

    def read_outages(self) -> Iterator[tuple[Located, Outage]]:
        """Stream the outages of the folder."""
        return self._read(OUTAGES, OutageRow, self._sla_resolver.outage, lambda o: o.outage)

    def read_claims(self) -> Iterator[tuple[Located, Claim]]:
        """Stream the claims of the folder."""
        return self._read(CLAIMS, ClaimRow, self._sla_resolver.claim, lambda c: c.claim)

    def read_payments(self) -> Iterator[tuple[Located, Payment]]:
        """Stream the payments of the folder."""
        return self._read(PAYMENTS, PaymentRow, self._sla_resolver.payment, lambda p: p.payment)

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
