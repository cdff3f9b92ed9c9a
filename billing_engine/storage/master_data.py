"""Customers and contracts: kept as they were last imported; issued invoices hold copies of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from billing_engine.model.contract import Contract, Customer
from billing_engine.model.window import Window
from billing_engine.storage.inserting import batches
from billing_engine.storage.tables import contracts, customers

CUSTOMER_COLUMNS = [customers.c[field.name] for field in fields(Customer)]
"""All but the version, which is no part of a customer."""


def read_customers(connection: Connection, ids: Sequence[str] | None = None) -> dict[str, Customer]:
    """Return all customers by id, or those named, in order of id."""
    statement = select(*CUSTOMER_COLUMNS).order_by(customers.c.customer)
    if ids is not None:
        statement = statement.where(customers.c.customer.in_(ids))
    return {row["customer"]: Customer(**row) for row in connection.execute(statement).mappings()}


def read_versions(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return how often what decides the customers' invoices was changed, by customer."""
    statement = select(customers.c.customer, customers.c.version).where(customers.c.customer.in_(ids))
    return {row.customer: row.version for row in connection.execute(statement)}


def read_customer_ids(connection: Connection) -> list[str]:
    """Return the ids of all customers, in order."""
    return list(connection.scalars(select(customers.c.customer).order_by(customers.c.customer)))


def read_contracts(connection: Connection, customer_ids: Sequence[str] | None = None) -> dict[str, Contract]:
    """Return all contracts by id, or those of the customers named, in order of id."""
    statement = select(contracts).order_by(contracts.c.contract)
    if customer_ids is not None:
        statement = statement.where(contracts.c.customer.in_(customer_ids))
    rows = connection.execute(statement).mappings()
    return {row["contract"]: read_contract(row) for row in rows}


def lock_customer(connection: Connection, customer: str) -> None:
    """Let nobody else change what decides a customer's invoices until the transaction ends."""
    lock_versions(connection, [customer])


def lock_versions(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Lock customers and return their versions; in order of id, so that two who do so never wait for each other.

    PostgreSQL locks the rows. SQLite has one lock for all who write: an update that changes nothing takes it, also in a
    host's transaction that has only read so far.
    """
    wanted = customers.c.customer.in_(ids)
    if connection.dialect.name == "sqlite":
        connection.execute(update(customers).where(wanted).values(version=customers.c.version))
    statement = select(customers.c.customer, customers.c.version).where(wanted).order_by(customers.c.customer)
    return {row.customer: row.version for row in connection.execute(statement.with_for_update())}


def count_change(connection: Connection, ids: Sequence[str]) -> None:
    """Give locked customers a new version, so that no plan from before is issued."""
    if ids:
        changed = customers.c.customer.in_(ids)
        connection.execute(update(customers).where(changed).values(version=customers.c.version + 1))


def link_customer(connection: Connection, customer: str, wanted: Mapping[str, str]) -> None:
    """Write how a locked customer is billed at Stripe."""
    connection.execute(update(customers).where(customers.c.customer == customer).values(**wanted))


def change_customers(connection: Connection, ids: Iterable[str]) -> None:
    """Lock customers of whom something is about to change, and give them new versions."""
    for batch in batches(sorted(set(ids))):
        lock_versions(connection, batch)
        count_change(connection, batch)


def read_contract(row: RowMapping) -> Contract:
    """Make a contract of its row."""
    return Contract(**{**row, "coverage": _read_coverage(row["coverage"])})


def contract_row(contract: Contract) -> dict[str, Any]:
    """Make a row of a contract."""
    row = {name: getattr(contract, name) for name in contracts.columns.keys()}  # noqa: SIM118 - not a dict
    row["coverage"] = [[severity, [_window_row(w) for w in windows]] for severity, windows in contract.coverage]
    return row


def _window_row(window: Window) -> list[Any]:
    return [list(window.days), window.start, window.end]


def _read_coverage(stored: Iterable[Any]) -> tuple[tuple[str, tuple[Window, ...]], ...]:
    return tuple(
        (severity, tuple(Window(tuple(days), start, end) for days, start, end in windows))
        for severity, windows in stored
    )
