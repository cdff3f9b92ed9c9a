"""The tables of billing runs and of the audit trail."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from billing_engine.storage.columns import instant, metadata, text

runs = Table(
    "billing_runs",
    metadata,
    Column("period", String(7), primary_key=True),
    instant("begun_at"),
    text("begun_by"),
)

# How far a run came with each customer; the one table of the run that is written over.
run_customers = Table(
    "billing_run_customers",
    metadata,
    Column("period", String(7), ForeignKey("billing_runs.period"), primary_key=True),
    Column("customer", String(100), primary_key=True),
    Column("state", String(20), nullable=False),
    text("reason"),
    # Of what was planned, issued or parked.
    Column("plan_hash", String(64), nullable=False),
    Index(None, "customer"),
)

# What somebody looked at and let pass: a parked plan, by its hash.
releases = Table(
    "billing_releases",
    metadata,
    Column("period", String(7), ForeignKey("billing_runs.period"), primary_key=True),
    Column("customer", String(100), primary_key=True),
    Column("plan_hash", String(64), primary_key=True),
    text("note"),
    instant("released_at"),
    text("released_by"),
)

# Each event holds the hash of the one before, so that none can be changed, left out or put in between.
audit_events = Table(
    "billing_audit_events",
    metadata,
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    instant("happened_at"),
    text("actor"),
    Column("action", String(40), nullable=False),
    text("subject"),
    # Canonical JSON, as it was hashed.
    text("details"),
    Column("former_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "subject"),
)

# The one row that all who write events wait for, for as long as their transaction takes to end.
audit_head = Table(
    "billing_audit_head",
    metadata,
    Column("head", String(10), primary_key=True),
    Column("event", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
