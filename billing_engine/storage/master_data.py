"""Customers and contracts: kept as they were last imported; issued invoices hold copies of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from billing_engine.model.contract import Contract, Customer
from billing_engine.model.window import Window
from billing_engine.storage.tables import contracts, customers


def read_customers(connection: Connection, ids: Sequence[str] | None = None) -> dict[str, Customer]:
    """Return all customers by id, or those named, in order of id."""
    statement = select(customers).order_by(customers.c.customer)
    if ids is not None:
        statement = statement.where(customers.c.customer.in_(ids))
    return {row["customer"]: Customer(**row) for row in connection.execute(statement).mappings()}


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
    """Let nobody else decide about this customer's money until the transaction ends: credits are spent once.

    An update that changes nothing locks the row on PostgreSQL, and on SQLite takes the one write lock.
    """
    key = customers.c.customer
    connection.execute(update(customers).where(key == customer).values(customer=key))


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
