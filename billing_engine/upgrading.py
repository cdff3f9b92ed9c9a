"""Upgrading a database: its schema, and what its records need that were written before there was an audit trail."""

from __future__ import annotations

from sqlalchemy import Connection

from billing_engine.journal import Journal, events_of_overpayments
from billing_engine.storage import schema, upgraded
from billing_engine.storage.settlement import settle_overpayments


def upgrade_schema(connection: Connection, journal: Journal) -> str:
    """Bring a database to this program's schema, and its records into the trail; returns the schema's version.

    What came in too much before overpayments became credits becomes one now.
    """
    former = schema.lock_version(connection)
    version = schema.upgrade(connection)
    if former in upgraded.WITHOUT_TRAIL:
        told = upgraded.event_of_upgrade(connection, former)
        granted = settle_overpayments(connection, upgraded.read_overpaid(connection))
        if told is not None:
            journal.note_all(connection, [told, *events_of_overpayments(connection, granted)])
    return version
