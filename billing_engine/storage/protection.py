"""The triggers that keep what was issued: which there must be, and whether they are those."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, text

from billing_engine.model.check import Finding
from billing_engine.storage.checks import Rule
from billing_engine.storage.trigger_hashes import HASHES

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

_SQLITE_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
_POSTGRESQL_TRIGGERS = text(
    # Without the name of the schema, which the host chooses.
    "SELECT t.tgname AS name, CASE WHEN t.tgenabled IN ('O', 'A') THEN concat_ws(' ', "
    "replace(pg_get_triggerdef(t.oid), quote_ident(n.nspname) || '.', ''), l.lanname, p.prosrc) ELSE '' END AS sql "
    "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang "
    "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
)
"""What makes a trigger: on PostgreSQL, with the text of the function that it calls."""


def expected_triggers(dialect: str) -> dict[str, str]:
    """Return the hash of each trigger that the migrations made, by name."""
    return HASHES[dialect]


def read_triggers(connection: Connection) -> dict[str, str]:
    """Return the text of all triggers by name, empty where one is switched off."""
    listing = _SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else _POSTGRESQL_TRIGGERS
    return {row.name: row.sql for row in connection.execute(listing)}


def hash_trigger(sql: str) -> str:
    """Hash the whole text of a trigger: one that is there and refuses less is another one."""
    return hashlib.sha256(sql.encode()).hexdigest()


def _count(connection: Connection) -> int:
    return len(expected_triggers(connection.dialect.name))


def _unprotected(connection: Connection) -> Iterator[Finding]:
    found = read_triggers(connection)
    for name, expected in expected_triggers(connection.dialect.name).items():
        what = ""
        if name not in found:
            what = "it is not there"
        elif not found[name]:
            what = "it is switched off"
        elif hash_trigger(found[name]) != expected:
            what = "it is another one"
        if what:
            yield Finding(f"trigger {name}", what, "the trigger that migration 0004 made")


RULES = (
    Rule("protection", "The triggers that keep what was issued are there, as they were made.", _count, _unprotected),
)
