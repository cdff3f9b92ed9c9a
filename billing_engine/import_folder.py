"""Import: an input folder into the database, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from billing_engine.intake import folder as files
from billing_engine.intake.csv_rows import Rejected
from billing_engine.intake.folder import InputFolder, Located
from billing_engine.journal import Journal, event_of_payment, events_of_overpayments
from billing_engine.model.content_hash import content_hash
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.money import round_money
from billing_engine.model.payment import Payment
from billing_engine.model.price_list import PriceListBook
from billing_engine.storage import invoices, master_data, sequences, shelves, sla_records
from billing_engine.storage.audit import Event
from billing_engine.storage.inserting import batches
from billing_engine.storage.settlement import settle_overpayments
from billing_engine.storage.shelves import Comparison, Shelf


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
    """What is stored already and rows may refer to."""

    customers: dict[str, Customer]
    contracts: dict[str, Contract]
    tickets: dict[str, str]


class _Parsed(NamedTuple):
    """What a folder holds: by file, each value with the place where it was read."""

    folder: InputFolder
    values: dict[str, list[tuple[Located, Any]]]


_SHELVES: dict[str, Shelf[Any]] = {
    files.CUSTOMERS: shelves.CUSTOMERS,
    files.CONTRACTS: shelves.CONTRACTS,
    files.TIME_ENTRIES: shelves.TIME_ENTRIES,
    files.EXPENSES: shelves.EXPENSES,
    files.TICKETS: shelves.TICKETS,
    files.PAUSES: shelves.PAUSES,
    files.OUTAGES: shelves.OUTAGES,
    files.CLAIMS: shelves.CLAIMS,
    files.PAYMENTS: shelves.PAYMENTS,
}
"""In the order in which rows refer to each other."""

_WHY_KEPT = {
    files.TIME_ENTRIES: "only an outcome may still be filled in, before it is billed",
    files.CONTRACTS: "a contract stays with its customer",
    files.TICKETS: "a ticket stays with its customer",
}
"""What may be changed, where something may."""

PAYMENTS = files.PAYMENTS

_MOST_NAMED = 1_000
"""Ids of a kind that an event names one by one."""

_SERIES = "import"
"""Imports are numbered, and one waits for the other."""

Opening = Callable[[], AbstractContextManager[Connection]]
Writing = Callable[[Callable[[Connection], ImportReport]], ImportReport]
"""Does work in a transaction, again when the database was busy."""


def import_folder(
    path: Path, book: PriceListBook, reading: Opening, writing: Writing, journal: Journal, *, skip_rejected: bool
) -> ImportReport:
    """Check a folder against itself and the database, then store it in one transaction.

    The files are read before the transaction begins, so that nobody waits for a large folder, and nothing is written
    before everything is checked, so that a refused import leaves no trace, whoever owns the transaction.
    Raises InputFolderError when there is nothing to read.
    """
    with reading() as connection:
        known = _read_known(connection, path)
    parsed = _parse(path, book, known)

    def store(connection: Connection) -> ImportReport:
        sequences.lock_series(connection, _SERIES)
        now = _read_known(connection, path)
        # Somebody may have imported master data meanwhile.
        current = parsed if now == known else _parse(path, book, now)
        return _store(connection, current, journal, skip_rejected=skip_rejected)

    return writing(store)


def _read_known(connection: Connection, path: Path) -> _Known:
    """Read what rows may refer to; tickets, which are many, only where pauses do."""
    return _Known(
        master_data.read_customers(connection),
        master_data.read_contracts(connection),
        sla_records.read_ticket_customers(connection) if (path / files.PAUSES).exists() else {},
    )


def _parse(path: Path, book: PriceListBook, known: _Known) -> _Parsed:
    folder = InputFolder(path, book, known.customers, known.contracts, known.tickets)
    values: dict[str, list[tuple[Located, Any]]] = {
        files.CUSTOMERS: list(folder.read_customers()),
        files.CONTRACTS: list(folder.read_contracts()),
        files.TIME_ENTRIES: list(folder.read_time_entries()),
        files.EXPENSES: list(folder.read_expenses()),
        files.TICKETS: list(folder.read_tickets()),
        files.PAUSES: list(folder.read_pauses()),
        files.OUTAGES: list(folder.read_outages()),
        files.CLAIMS: list(folder.read_claims()),
        files.PAYMENTS: list(folder.read_payments()),
    }
    return _Parsed(folder, values)


def _store(connection: Connection, parsed: _Parsed, journal: Journal, *, skip_rejected: bool) -> ImportReport:
    payments, unpayable = _with_invoice(connection, parsed.values[files.PAYMENTS])
    values = {**parsed.values, files.PAYMENTS: payments}
    compared = {
        name: shelf.compare(connection, [value for _, value in values[name]]) for name, shelf in _SHELVES.items()
    }
    rejected = [*parsed.folder.rejected, *unpayable]
    for name, comparison in compared.items():
        rejected += _conflicts(name, comparison, values[name])
    stored = skip_rejected or not rejected
    if stored and any(comparison.new or comparison.changed for comparison in compared.values()):
        _write(connection, compared, journal)
    counts = {name: Count(len(c.new), len(c.changed), c.unchanged) for name, c in compared.items()}
    return ImportReport(stored, counts, sorted(rejected), sorted(parsed.folder.warnings), parsed.folder.unread())


def _write(connection: Connection, compared: dict[str, Comparison[Any]], journal: Journal) -> None:
    """Write what is new or changed, with the customers that it is about locked, and note it down."""
    payments: list[Payment] = compared[files.PAYMENTS].new
    paid = sorted({payment.invoice for payment in payments})
    owner = invoices.read_owners(connection, paid)
    concerned = {item.customer for found in compared.values() for item in found.written if hasattr(item, "customer")}
    # All at once and in order, so that no run holds one of them and waits for another.
    master_data.change_customers(connection, concerned | {found.customer for found in owner.values()})
    replaced = _read_replaced(connection, compared)
    for name, shelf in _SHELVES.items():
        shelf.store(connection, compared[name])
    events = [event_of_payment(payment, *owner[payment.invoice]) for payment in payments]
    events += events_of_overpayments(connection, settle_overpayments(connection, paid))
    number = sequences.next_number(connection, _SERIES, 0)
    rows = {name: [len(found.new), len(found.changed)] for name, found in compared.items() if found.written}
    details = {"new_and_changed": rows, **_describe(compared, replaced)}
    journal.note_all(connection, [Event("import.stored", f"import {number}", details), *events])


_Master = dict[str, Customer | Contract]


def _read_replaced(connection: Connection, compared: dict[str, Comparison[Any]]) -> dict[str, _Master]:
    """Read the customers and contracts that are about to be replaced, by file and id."""
    found: dict[str, _Master] = {}
    for name, read in ((files.CUSTOMERS, master_data.read_customers), (files.CONTRACTS, master_data.read_contracts)):
        owners = sorted({item.customer for item in compared[name].changed})
        found[name] = {key: one for batch in batches(owners) for key, one in read(connection, batch).items()}
    return found


def _describe(compared: dict[str, Comparison[Any]], replaced: dict[str, _Master]) -> dict[str, Any]:
    """Say what decides invoices and was written, without a word of it: hashes by id, of before and after."""
    new, changed = {}, {}
    for name, former in replaced.items():
        found, key = compared[name], next(iter(_SHELVES[name].table.primary_key)).name
        if found.new:
            new[name] = _bounded({getattr(item, key): content_hash(item) for item in found.new})
        if found.changed:
            ids = {getattr(item, key): item for item in found.changed}
            changed[name] = _bounded({id_: [content_hash(former[id_]), content_hash(ids[id_])] for id_ in ids})
    outcomes = _bounded({entry.entry: str(entry.outcome) for entry in compared[files.TIME_ENTRIES].changed})
    told = {"new": new, "changed": changed, "outcomes": outcomes if outcomes["count"] else {}}
    return {word: said for word, said in told.items() if said}


def _bounded(said: dict[str, Any]) -> dict[str, Any]:
    """Say all of it, or of more than can be read only how much it is, and its hash."""
    if len(said) > _MOST_NAMED:
        return {"count": len(said), "hash": content_hash(said)}
    return {"count": len(said), "ids": said}


def _with_invoice(
    connection: Connection, read: Sequence[tuple[Located, Payment]]
) -> tuple[list[tuple[Located, Payment]], list[Rejected]]:
    """Keep the payments that fit an invoice that there is; reject the others."""
    owners = invoices.read_owners(connection, sorted({payment.invoice for _, payment in read}))
    good, bad = [], []
    for place, payment in read:
        owner = owners.get(payment.invoice)
        if owner is None:
            reason = f"there is no invoice {payment.invoice!r}; `billing-engine invoice list` shows all"
            bad.append(Rejected(*place, "invoice", reason))
        elif round_money(payment.amount, owner.currency) != payment.amount:
            bad.append(Rejected(*place, "amount", f"{payment.amount} is finer than the cents of {owner.currency}"))
        else:
            good.append((place, payment))
    return good, bad


def _conflicts(name: str, compared: Comparison[Any], values: Iterable[tuple[Located, Any]]) -> list[Rejected]:
    what = _WHY_KEPT.get(name, "it is never changed")
    column = next(iter(_SHELVES[name].table.primary_key)).name
    places = {id(value): place for place, value in values}
    return [
        Rejected(
            *places[id(value)], column, f"{getattr(value, column)} is imported already, with other content; {what}"
        )
        for value in compared.conflicting
    ]
