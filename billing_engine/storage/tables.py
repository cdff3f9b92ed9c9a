"""The tables, all named `billing_`, without a foreign key into a host's tables.

Instants are whole seconds since 1970-01-01T00:00Z, billed amounts whole minor units of the row's currency, agreed
prices decimal text: exact on every database, and the same on each.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept as text: SQLite has no exact numeric type, and a price may have any number of decimals."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else Decimal(value)


def _instant(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _minor(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


customers = Table(
    "billing_customers",
    metadata,
    Column("customer", String(100), primary_key=True),
    _text("name"),
    _text("country"),
    _text("currency"),
    _text("language"),
    _text("vat_id"),
    _text("address"),
    _text("email"),
    _text("stripe_customer"),
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
    _text("unit"),
    Column("monthly_fee", ExactDecimal),
    Column("included_seconds", BigInteger),
    Column("hourly_rate", ExactDecimal),
    Column("development_rate", ExactDecimal),
    Column("coverage", JSON, nullable=False),
)

time_entries = Table(
    "billing_time_entries",
    metadata,
    Column("entry", String(100), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False),
    _instant("started_at"),
    _instant("ended_at"),
    _text("severity"),
    _text("activity"),
    _text("outcome"),
    _text("ticket"),
    _text("contract"),
    _text("engineer"),
    _text("note"),
    CheckConstraint("ended_at >= started_at", "ends_after_start"),
    Index(None, "customer", "started_at"),
)

expenses = Table(
    "billing_expenses",
    metadata,
    Column("expense", String(100), primary_key=True),
    Column("customer", String(100), ForeignKey("billing_customers.customer"), nullable=False),
    Column("spent_on", Date, nullable=False),
    _text("description"),
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
    _minor("net_minor"),
    Column("tax_percent", ExactDecimal),
    _text("tax_note"),
    _minor("tax_minor"),
    _minor("gross_minor"),
    Column("seller", JSON, nullable=False),
    Column("buyer", JSON, nullable=False),
    Column("uses", JSON, nullable=False),
    _text("holiday_source"),
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
    _text("kind"),
    _text("contract"),
    _text("title"),
    _text("detail"),
    Column("quantity", ExactDecimal, nullable=False),
    Column("unit", String(3), nullable=False),
    Column("unit_price", ExactDecimal, nullable=False),
    _minor("amount_minor"),
)

# An entry or an expense is billed once, ever: its id is the primary key of what claims it for an invoice.
invoice_entries = Table(
    "billing_invoice_entries",
    metadata,
    Column("entry", String(100), ForeignKey("billing_time_entries.entry"), primary_key=True),
    Column("invoice", String(120), ForeignKey("billing_invoices.invoice"), nullable=False),
    Column("position", Integer, nullable=False),
    _text("contract"),
    _text("ticket"),
    _text("severity"),
    _text("activity"),
    _text("started_at"),
    _text("ended_at"),
    Column("worked_seconds", BigInteger, nullable=False),
    Column("billed_seconds", BigInteger, nullable=False),
    _minor("amount_minor"),
    _text("reason"),
    Index(None, "invoice", "position"),
)

invoice_expenses = Table(
    "billing_invoice_expenses",
    metadata,
    Column("expense", String(100), ForeignKey("billing_expenses.expense"), primary_key=True),
    Column("invoice", String(120), ForeignKey("billing_invoices.invoice"), nullable=False, index=True),
)
