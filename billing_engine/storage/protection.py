"""The triggers that keep what was issued: which there must be, and whether they are there and switched on."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from billing_engine.model.check import Finding
from billing_engine.storage.checks import Rule

PARTS = (
    "billing_invoice_lines",
    "billing_invoice_uses",
    "billing_invoice_entries",
    "billing_invoice_expenses",
    "billing_invoice_setoffs",
    "billing_credit_note_lines",
    "billing_setoff_reversals",
)
"""Tables of rows that may be added to a document until it has its number."""

KEPT = (
    *PARTS,
    "billing_ledger",
    "billing_claim_decisions",
    "billing_payments",
    "billing_used_price_lists",
    "billing_releases",
    "billing_audit_events",
    "billing_invoices",
    "billing_credit_notes",
    "billing_number_counters",
    "billing_credits",
)
"""Tables whose rows are never deleted and not changed, but for what their trigger lets pass."""

_REFUSING = {"sqlite": ("UPDATE", "DELETE", "REPLACE"), "postgresql": ("UPDATE", "DELETE", "TRUNCATE")}
"""SQLite has no TRUNCATE, but an INSERT that replaces."""

_SQLITE_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
_POSTGRESQL_TRIGGERS = text(
    "SELECT t.tgname AS name, CASE WHEN t.tgenabled IN ('O', 'A') THEN p.prosrc ELSE '' END AS sql "
    "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
)
_REFUSES = "RAISE"
"""What the text of a trigger that refuses anything holds, on either database."""


def expected_triggers(dialect: str) -> list[str]:
    """Name the triggers that migrations made, in order."""
    refusing = [f"{table}_{event.lower()}" for table in KEPT for event in _REFUSING[dialect]]
    return sorted([*refusing, *(f"{table}_insert" for table in PARTS)])


def read_triggers(connection: Connection) -> dict[str, str]:
    """Return the text of all triggers by name, empty where one is switched off."""
    listing = _SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else _POSTGRESQL_TRIGGERS
    return {row.name: row.sql for row in connection.execute(listing)}


def _count(connection: Connection) -> int:
    return len(expected_triggers(connection.dialect.name))


def _unprotected(connection: Connection) -> Iterator[Finding]:
    found = read_triggers(connection)
    for name in expected_triggers(connection.dialect.name):
        if name not in found:
            yield Finding(f"trigger {name}", "it is not there", "the trigger that migration 0004 made")
        elif _REFUSES not in found[name]:
            yield Finding(f"trigger {name}", "it refuses nothing", "the trigger that migration 0004 made, switched on")


RULES = (Rule("protection", "The triggers that keep what was issued are there.", _count, _unprotected),)
