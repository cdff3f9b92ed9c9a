"""Books from before there was an audit trail: one event of their upgrade holds a hash of each record in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, select

from billing_engine.model.content_hash import content_hash
from billing_engine.model.money import ZERO, from_minor
from billing_engine.storage.audit import Event
from billing_engine.storage.invoice_tables import invoices
from billing_engine.storage.records import KINDS, Kind, read_hashes, read_keys
from billing_engine.storage.run_tables import audit_events
from billing_engine.storage.sla_tables import payments
from billing_engine.storage.stored_drafts import Stored, read_stored

WITHOUT_TRAIL = ("0001", "0002")
"""Versions of the schema that had no audit trail."""

_ACTION = "books.upgraded"
_INVOICES = invoices.name


class Old(NamedTuple):
    """What the trail says of records from before it."""

    event: int
    hashes: Mapping[str, Mapping[str, str]]
    """By table and key."""

    @property
    def invoices(self) -> Mapping[str, str]:
        """Return the hashes of invoices, by number."""
        return self.hashes.get(_INVOICES, {})

    def of(self, kind: Kind) -> Mapping[str, str]:
        """Return the hashes of records, by key."""
        return self.hashes.get(kind.key.table.name, {})


def event_of_upgrade(connection: Connection, former: str) -> Event | None:
    """Say in the trail what was there before it, one hash for each record; None when there was nothing."""
    hashes: dict[str, dict[str, str]] = {}
    for batch in read_stored(connection):
        found = {stored.row["number"]: hash_of_old(stored) for stored in batch if stored.row["number"]}
        hashes.setdefault(_INVOICES, {}).update(found)
    for kind in KINDS:
        for keys in read_keys(connection, kind):
            hashes.setdefault(kind.key.table.name, {}).update(read_hashes(connection, kind, keys))
    return Event(_ACTION, f"schema {former}", {"hashes": hashes}) if hashes else None


def hash_of_old(stored: Stored) -> str:
    """Hash an invoice with its dates, empty where it can not be read: of before the trail no event holds them."""
    return "" if stored.draft is None else content_hash(stored.draft, stored.row["issued_on"], stored.row["due_on"])


def read_old(connection: Connection) -> Old:
    """Return what the trail says of records from before it; nothing where it was there from the beginning."""
    statement = select(audit_events.c.event, audit_events.c.details).where(audit_events.c.action == _ACTION)
    row = connection.execute(statement.order_by(audit_events.c.event)).first()
    return Old(0, {}) if row is None else Old(row.event, json.loads(row.details)["hashes"])


def read_overpaid(connection: Connection) -> list[str]:
    """Return the numbers of invoices for which more came in than was due."""
    paid: dict[str, Decimal] = {}
    for number, amount in connection.execute(select(payments.c.invoice, payments.c.amount)):
        paid[number] = paid.get(number, ZERO) + amount
    statement = select(invoices.c.number, invoices.c.currency, invoices.c.amount_due_minor)
    return sorted(
        number
        for number, currency, due in connection.execute(statement)
        if paid.get(number, ZERO) > from_minor(due, currency)
    )
