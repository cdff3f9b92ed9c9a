"""Shelves: one per kind of imported row, which tells new rows from changed, unchanged and contradicting ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, insert, select, tuple_, update

from billing_engine.errors import BilledMeanwhileError
from billing_engine.model.claim import Claim, ClaimKind
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.payment import Payment
from billing_engine.model.period import Month
from billing_engine.model.ticket import Outage, Pause, Ticket
from billing_engine.model.time_entry import Expense, Outcome, TimeEntry
from billing_engine.storage import sla_tables, tables
from billing_engine.storage.inserting import batches
from billing_engine.storage.invoices import REBILLED
from billing_engine.storage.master_data import contract_row, read_contract

Item = TypeVar("Item")


@dataclass(slots=True)
class Comparison(Generic[Item]):
    """Read items held against the stored ones."""

    new: list[Item] = field(default_factory=list)
    changed: list[Item] = field(default_factory=list)
    unchanged: int = 0
    conflicting: list[Item] = field(default_factory=list)
    """Stored with other content, which may not be replaced."""

    @property
    def written(self) -> list[Item]:
        """What storing it writes."""
        return [*self.new, *self.changed]


def _never(_former: Any, _item: Any) -> bool:
    return False


@dataclass(frozen=True)  # slots would break the subscript of a frozen generic class
class Shelf(Generic[Item]):
    """Where one kind of item is kept, and which change of it is allowed."""

    table: Table
    read: Callable[[RowMapping], Item]
    write: Callable[[Item], dict[str, Any]]
    may_replace: Callable[[Item, Item], bool] = _never
    """Whether the second may take the place of the first."""
    guard: ColumnElement[bool] | None = None
    """What must hold of a stored row that is replaced."""

    def compare(self, connection: Connection, items: Sequence[Item]) -> Comparison[Item]:
        """Tell which items are new, which changed and which contradict what is stored. Writes nothing."""
        result = Comparison[Item]()
        for batch in batches(items):
            known = self._stored(connection, batch)
            for item in batch:
                former, replaceable = known.get(self._key_of(item), (None, True))
                if former is None:
                    result.new.append(item)
                elif former == item:
                    result.unchanged += 1
                elif replaceable and self.may_replace(former, item):
                    result.changed.append(item)
                else:
                    result.conflicting.append(item)
        return result

    def store(self, connection: Connection, compared: Comparison[Item]) -> None:
        """Write what `compare` found to be new or changed.

        Raises BilledMeanwhileError when a row may no longer be replaced.
        """
        for batch in batches(compared.new):
            done = connection.execute(insert(self.table), [self.write(item) for item in batch])
            if done.rowcount not in (-1, len(batch)):
                raise BilledMeanwhileError("somebody imported some of the same rows meanwhile; import again")
        for item in compared.changed:
            row = self.write(item)
            conditions = [column == row[column.name] for column in self.table.primary_key]
            if self.guard is not None:
                conditions.append(self.guard)
            if connection.execute(update(self.table).where(*conditions).values(row)).rowcount != 1:
                raise BilledMeanwhileError(
                    f"{' '.join(map(str, self._key_of(item)))} was billed meanwhile; import again"
                )

    def _key_of(self, item: Item) -> tuple[Any, ...]:
        """Return an item's key; its attributes are named like the columns, and need not be written out for it."""
        return tuple(getattr(item, column.name) for column in self.table.primary_key)

    def _stored(self, connection: Connection, batch: Sequence[Item]) -> dict[tuple[Any, ...], tuple[Item | None, bool]]:
        """Return the stored items of the batch's keys, each with whether the guard lets it be replaced."""
        columns = list(self.table.primary_key)
        keys = [self._key_of(item) for item in batch]
        wanted = columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else tuple_(*columns).in_(keys)
        found: dict[tuple[Any, ...], tuple[Item | None, bool]] = {}
        for row in connection.execute(select(self.table).where(wanted)).mappings():
            found[tuple(row[column.name] for column in columns)] = (self.read(row), True)
        if self.guard is not None and found:
            guarded = select(*columns).where(wanted, ~self.guard)
            for key in connection.execute(guarded):
                found[tuple(key)] = (found[tuple(key)][0], False)
        return found


def _read_ticket(row: RowMapping) -> Ticket:
    return Ticket(**{**row, "contracts": tuple(row["contracts"])})


def _write_ticket(ticket: Ticket) -> dict[str, Any]:
    return {**asdict(ticket), "contracts": list(ticket.contracts)}


def make_claim(row: RowMapping) -> Claim:
    """Make a claim of its row."""
    period = Month.parse(row["period"]) if row["period"] else None
    return Claim(**{**row, "kind": ClaimKind(row["kind"]), "period": period})


def _write_claim(claim: Claim) -> dict[str, Any]:
    return {**asdict(claim), "period": str(claim.period) if claim.period is not None else ""}


def _same_customer(former: Any, item: Any) -> bool:
    return bool(former.customer == item.customer)


def _only_outcome_added(former: TimeEntry, entry: TimeEntry) -> bool:
    return former == entry._replace(outcome=Outcome.NONE)


ENTRY_IS_BILLED = (
    select(tables.invoice_entries.c.entry)
    .join(tables.invoices)
    .where(tables.invoice_entries.c.entry == tables.time_entries.c.entry, ~REBILLED)
    .exists()
)
"""Whether an entry stands on an invoice that was not credited to be billed anew."""


def _read_customer(row: RowMapping) -> Customer:
    return Customer(**{name: value for name, value in row.items() if name != "version"})


CUSTOMERS = Shelf[Customer](tables.customers, _read_customer, asdict, lambda _former, _item: True)
CONTRACTS = Shelf[Contract](tables.contracts, read_contract, contract_row, _same_customer)
TIME_ENTRIES = Shelf[TimeEntry](
    tables.time_entries, lambda row: TimeEntry(**row), TimeEntry._asdict, _only_outcome_added, ~ENTRY_IS_BILLED
)
EXPENSES = Shelf[Expense](tables.expenses, lambda row: Expense(**row), asdict)
TICKETS = Shelf[Ticket](sla_tables.tickets, _read_ticket, _write_ticket, _same_customer)
PAUSES = Shelf[Pause](sla_tables.ticket_pauses, lambda row: Pause(**row), asdict, lambda _former, _item: True)
OUTAGES = Shelf[Outage](sla_tables.outages, lambda row: Outage(**row), asdict, lambda _former, _item: True)
CLAIMS = Shelf[Claim](sla_tables.claims, make_claim, _write_claim)
PAYMENTS = Shelf[Payment](sla_tables.payments, lambda row: Payment(**row), asdict)
