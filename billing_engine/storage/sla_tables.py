"""The tables of tickets, outages, claims, credits and payments."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)

from billing_engine.storage.columns import ExactDecimal, added_text, instant, metadata, minor, text

tickets = Table(
    "billing_tickets",
    metadata,
    Column("ticket", String(100), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False, index=True),
    instant("opened_at"),
    text("severity"),
    text("channel"),
    instant("first_response_at", nullable=True),
    instant("workaround_at", nullable=True),
    instant("resolved_at", nullable=True),
    Column("contracts", JSON, nullable=False),
    text("duplicate_of"),
    Column("priority_confirmed", Boolean, nullable=False),
)

ticket_pauses = Table(
    "billing_ticket_pauses",
    metadata,
    Column("ticket", String(100), ForeignKey("billing_tickets.ticket"), primary_key=True),
    Column("paused_at", BigInteger, primary_key=True, autoincrement=False),
    instant("resumed_at", nullable=True),
)

outages = Table(
    "billing_outages",
    metadata,
    Column("outage", String(100), primary_key=True),
    instant("started_at"),
    # Empty for an outage of all customers, so no foreign key.
    Column("customer", String(100), nullable=False, index=True),
    instant("ended_at", nullable=True),
    text("cause"),
    instant("notified_at", nullable=True),
)

claims = Table(
    "billing_claims",
    metadata,
    Column("claim", String(100), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    instant("submitted_at"),
    Column("period", String(7), nullable=False),
    text("ticket"),
    Column("breach_on", Date),
)

# A month or a ticket is compensated once, ever: `compensates` names it where a claim was accepted, and is unique.
claim_decisions = Table(
    "billing_claim_decisions",
    metadata,
    Column("claim", String(100), ForeignKey("billing_claims.claim"), primary_key=True),
    Column("customer", String(100), nullable=False, index=True),
    Column("accepted", Boolean, nullable=False),
    Column("compensates", String(220), unique=True),
    Column("reasons", JSON, nullable=False),
    Column("percent", ExactDecimal, nullable=False),
    minor("amount_minor"),
    text("currency"),
    Column("applies_from", String(7), nullable=False),
    Column("due_on", Date),
    Column("explanation", JSON, nullable=False),
    text("price_list"),
    text("cap"),
    Column("paid_period", String(7), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("by_rule", Boolean, nullable=False),
    text("note"),
)

granted_credits = Table(
    "billing_credits",
    metadata,
    Column("credit", String(40), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("source", String(20), nullable=False),
    # One credit for a claim, ever.
    Column("claim", String(100), ForeignKey("billing_claims.claim"), unique=True),
    Column("granted_on", Date, nullable=False),
    minor("amount_minor"),
    # The ledger's balance of the credit, kept with each posting; below zero is refused.
    minor("remaining_minor"),
    text("reason"),
    Column("setoff", String(12), nullable=False),
    Column("applies_from", String(7), nullable=False),
    Column("expires_on", Date),
    # Number of the invoice that was paid twice over, for a credit that came of it.
    added_text("invoice"),
    CheckConstraint("remaining_minor >= 0", "not_overdrawn"),
    CheckConstraint("remaining_minor <= amount_minor", "not_more_than_granted"),
)

# Double entry: each posting has two rows, one for each account, that sum to zero. Rows are only ever added.
ledger = Table(
    "billing_ledger",
    metadata,
    Column("posting", String(260), primary_key=True),
    Column("account", String(12), primary_key=True),
    Column("credit", String(40), ForeignKey("billing_credits.credit"), nullable=False, index=True),
    Column("customer", String(100), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    minor("amount_minor"),
    Column("posted_on", Date, nullable=False),
    Column("invoice", String(120), ForeignKey("billing_invoices.invoice")),
    # Number of the credit note that gave back what was set off.
    Column("credit_note", String(60), nullable=False),
    text("reason"),
)

invoice_setoffs = Table(
    "billing_invoice_setoffs",
    metadata,
    Column("invoice", String(120), ForeignKey("billing_invoices.invoice"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("credit", String(40), ForeignKey("billing_credits.credit"), nullable=False, index=True),
    text("reference"),
    text("title"),
    minor("amount_minor"),
    Column("setoff", String(12), nullable=False),
    CheckConstraint("amount_minor > 0", "takes_off"),
)

payments = Table(
    "billing_payments",
    metadata,
    Column("payment", String(100), primary_key=True),
    # The invoice's number; it is unique, but no key.
    Column("invoice", String(60), nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("amount", ExactDecimal, nullable=False),
    Index(None, "invoice"),
)
