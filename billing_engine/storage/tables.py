"""The tables of master data and work, all named `billing_`, without a foreign key into a host's tables."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)

from billing_engine.storage import (  # noqa: F401 - whoever has the metadata has all tables
    document_tables,
    run_tables,
    sla_tables,
    stripe_tables,
)
from billing_engine.storage.columns import ExactDecimal, added_text, instant, metadata, text
from billing_engine.storage.invoice_tables import (
    credit_note_lines,
    credit_notes,
    invoice_entries,
    invoice_expenses,
    invoice_lines,
    invoice_uses,
    invoices,
    number_counters,
    setoff_reversals,
    used_price_lists,
)

__all__ = [
    "contracts",
    "credit_note_lines",
    "credit_notes",
    "customers",
    "expenses",
    "invoice_entries",
    "invoice_expenses",
    "invoice_lines",
    "invoice_uses",
    "invoices",
    "metadata",
    "number_counters",
    "setoff_reversals",
    "time_entries",
    "used_price_lists",
]

customers = Table(
    "billing_customers",
    metadata,
    Column("customer", String(100), primary_key=True),
    text("name"),
    text("country"),
    text("currency"),
    text("language"),
    text("vat_id"),
    text("address"),
    text("email"),
    text("stripe_customer"),
    added_text("stripe_mode"),
    added_text("stripe_subscription"),
    added_text("city"),
    added_text("postal_code"),
    added_text("buyer_reference"),
    # Overrides the table of the settings; empty leaves it to that.
    added_text("tax"),
    # Raised by every change of what decides the customer's invoices, so that a plan knows whether it still holds.
    Column("version", BigInteger, nullable=False, server_default="0"),
)

contracts = Table(
    "billing_contracts",
    metadata,
    Column("contract", String(100), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False, index=True),
    Column("price_list", String(100), nullable=False),
    Column("package", String(100), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("quantity", Integer, nullable=False),
    text("unit"),
    Column("monthly_fee", ExactDecimal),
    Column("included_seconds", BigInteger),
    Column("hourly_rate", ExactDecimal),
    Column("development_rate", ExactDecimal),
    text("currency"),
    Column("coverage", JSON, nullable=False),
    # Empty: as the price list says.
    added_text("fee_interval"),
    added_text("fee_timing"),
)

time_entries = Table(
    "billing_time_entries",
    metadata,
    Column("entry", String(100), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False),
    instant("started_at"),
    instant("ended_at"),
    text("severity"),
    text("activity"),
    text("outcome"),
    text("ticket"),
    text("contract"),
    text("engineer"),
    text("note"),
    CheckConstraint("ended_at >= started_at", "ends_after_start"),
    Index(None, "customer", "started_at"),
)

expenses = Table(
    "billing_expenses",
    metadata,
    Column("expense", String(100), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False),
    Column("spent_on", Date, nullable=False),
    text("description"),
    Column("amount", ExactDecimal, nullable=False),
    Index(None, "customer", "spent_on"),
)
