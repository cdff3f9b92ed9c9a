"""Records that the audit trail tells of one by one, and a hash of what each of them says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, select

from billing_engine.model.content_hash import content_hash
from billing_engine.storage.checks import stream
from billing_engine.storage.inserting import BATCH, batches
from billing_engine.storage.sla_tables import claim_decisions, granted_credits, ledger, payments


class Kind(NamedTuple):
    """A kind of record."""

    name: str
    key: Column[str]
    """Names a record; several rows may share it."""
    changing: frozenset[str] = frozenset()
    """Columns that are no part of what was written once."""


PAYMENTS = Kind("payment", payments.c.payment)
POSTINGS = Kind("posting", ledger.c.posting)
CREDITS = Kind("credit", granted_credits.c.credit, frozenset({"remaining_minor"}))
DECISIONS = Kind("decision on claim", claim_decisions.c.claim)
KINDS = (PAYMENTS, POSTINGS, CREDITS, DECISIONS)


def read_hashes(connection: Connection, kind: Kind, keys: Sequence[str]) -> dict[str, str]:
    """Hash all rows of some records, by key. Empty columns do not count, so that a later one changes no hash."""
    rows: dict[str, list[dict[str, Any]]] = {}
    table = kind.key.table
    for batch in batches(keys):
        statement = select(table).where(kind.key.in_(batch)).order_by(*table.primary_key)
        for row in connection.execute(statement).mappings():
            said = {name: value for name, value in row.items() if value not in (None, "") and name not in kind.changing}
            rows.setdefault(row[kind.key.name], []).append(said)
    return {key: content_hash(*found) for key, found in rows.items()}


def read_keys(connection: Connection, kind: Kind) -> Iterator[list[str]]:
    """Read the keys of all records, some at a time."""
    found = (key for (key,) in stream(connection, select(kind.key).distinct().order_by(kind.key)))
    while batch := list(islice(found, BATCH)):
        yield batch
