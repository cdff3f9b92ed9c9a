"""The tables of what is sent to Stripe and comes back. No secret is in any of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from billing_engine.storage.columns import instant, metadata, text

# Written in the transaction that issues a document, worked through by any number of senders.
outbox = Table(
    "billing_stripe_outbox",
    metadata,
    Column("delivery", String(120), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("number", String(60), nullable=False),
    Column("invoice", String(60), nullable=False),
    Column("customer", String(100), nullable=False),
    Column("period", String(7), nullable=False),
    Column("state", String(20), nullable=False),
    Column("outcome", String(20), nullable=False),
    text("reason"),
    text("stripe_id"),
    # Who works on it, and until when that holds unless it is said anew.
    text("claimed_by"),
    instant("claimed_until"),
    Index(None, "period", "state"),
    Index(None, "invoice"),
)

# One row per object that is to be at Stripe, written before it is sent for the first time: the same key goes with the
# same parameters, always. What one step needs of what Stripe said, and later ones build on, stands in `answer`.
calls = Table(
    "billing_stripe_calls",
    metadata,
    Column("scope", String(120), primary_key=True),
    Column("step", String(80), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("idempotency_key", String(255), nullable=False, unique=True),
    Column("operation", String(60), nullable=False),
    text("params"),
    Column("state", String(20), nullable=False),
    instant("first_sent_at"),
    text("stripe_id"),
    text("answer"),
    text("error"),
)

stripe_invoices = Table(
    "billing_stripe_invoices",
    metadata,
    Column("stripe_id", String(120), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    # Below the smallest amount: the customer owes it, and the next invoice collects it.
    Column("carried_over", Boolean, nullable=False),
    instant("seen_at"),
)

# What of an invoice at Stripe is for which of ours, and what of it was recorded here as a payment; Stripe's units.
shares = Table(
    "billing_stripe_shares",
    metadata,
    Column("stripe_invoice", String(120), primary_key=True),
    Column("invoice", String(60), primary_key=True, index=True),
    Column("share", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
)

# Invoice items and invoice lines have ids of their own, and both are asked for.
stripe_lines = Table(
    "billing_stripe_lines",
    metadata,
    Column("invoice", String(60), primary_key=True),
    Column("part", String(60), primary_key=True),
    text("item_id"),
    text("line_id"),
)

stripe_credit_notes = Table(
    "billing_stripe_credit_notes",
    metadata,
    Column("stripe_id", String(120), primary_key=True),
    Column("credit_note", String(60), nullable=False),
    Column("invoice", String(60), nullable=False, index=True),
    Column("status", String(20), nullable=False),
    Column("total", BigInteger, nullable=False),
)

# What Stripe told; an event is a hint to look, so no more of it is kept than where.
inbox = Table(
    "billing_stripe_inbox",
    metadata,
    Column("event", String(120), primary_key=True),
    Column("type", String(80), nullable=False),
    Column("object_id", String(120), nullable=False),
    Column("created", BigInteger, nullable=False),
    instant("received_at"),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    text("note"),
    Index(None, "state"),
)

facts = Table(
    "billing_stripe_facts",
    metadata,
    Column("name", String(40), primary_key=True),
    text("value"),
)
