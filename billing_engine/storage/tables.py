"""The tables of master data, work and invoices, all named `billing_`, without a foreign key into a host's tables."""

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
    UniqueConstraint,
)

from billing_engine.storage import sla_tables  # noqa: F401 - whoever has the metadata has all tables
from billing_engine.storage.columns import ExactDecimal, instant, metadata, minor, text

__all__ = [
    "contracts",
    "customers",
    "expenses",
    "invoice_entries",
    "invoice_expenses",
    "invoice_lines",
    "invoices",
    "metadata",
    "number_counters",
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

used_price_lists = Table(
    "billing_used_price_lists",
    metadata,
    Column("version", String(120), primary_key=True),
    Column("content_hash", String(64), nullable=False),
)

number_counters = Table(
    "billing_number_counters",
    metadata,
    Column("series", String(40), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
)

invoices = Table(
    "billing_invoices",
    metadata,
    Column("invoice", String(120), primary_key=True),
    Column("number", String(60), unique=True),
    Column("series", String(40), nullable=False),
    Column("year", Integer, nullable=False),
    Column("sequence", BigInteger),
    Column("customer", String(100), nullable=False),
    Column("period", String(7), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("payment_days", Integer, nullable=False),
    minor("net_minor"),
    Column("tax_percent", ExactDecimal),
    text("tax_note"),
    minor("tax_minor"),
    minor("gross_minor"),
    minor("amount_due_minor"),
    Column("seller", JSON, nullable=False),
    Column("buyer", JSON, nullable=False),
    Column("uses", JSON, nullable=False),
    text("holiday_source"),
    UniqueConstraint("series", "customer", "period"),
    UniqueConstraint("series", "year", "sequence"),
    CheckConstraint("net_minor + tax_minor = gross_minor", "adds_up"),
    Index(None, "period"),
)

invoice_lines = Table(
    "billing_invoice_lines",
    metadata,
    Column("invoice", String(120), ForeignKey("billing_invoices.invoice"), primary_key=True),
    Column("position", Integer, primary_key=True),
    text("kind"),
    text("contract"),
    text("title"),
    text("detail"),
    Column("quantity", ExactDecimal, nullable=False),
    Column("unit", String(3), nullable=False),
    Column("unit_price", ExactDecimal, nullable=False),
    minor("amount_minor"),
)

# An entry or an expense is billed once, ever: its id is the primary key of what claims it for an invoice.
invoice_entries = Table(
    "billing_invoice_entries",
    metadata,
    Column("entry", String(100), ForeignKey("billing_time_entries.entry"), primary_key=True),
    Column("invoice", String(120), ForeignKey("billing_invoices.invoice"), nullable=False),
    Column("position", Integer, nullable=False),
    text("contract"),
    text("ticket"),
    text("severity"),
    text("activity"),
    text("started_at"),
    text("ended_at"),
    Column("worked_seconds", BigInteger, nullable=False),
    Column("billed_seconds", BigInteger, nullable=False),
    minor("amount_minor"),
    text("reason"),
    Index(None, "invoice", "position"),
)

invoice_expenses = Table(
    "billing_invoice_expenses",
    metadata,
    Column("expense", String(100), ForeignKey("billing_expenses.expense"), primary_key=True),
    Column("invoice", String(120), ForeignKey("billing_invoices.invoice"), nullable=False, index=True),
)
