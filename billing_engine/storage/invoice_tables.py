"""The tables of invoices and credit notes; once a document has its number, triggers refuse every change of it."""

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
    UniqueConstraint,
)

from billing_engine.storage.columns import ExactDecimal, added_json, added_text, metadata, minor, text

used_price_lists = Table(
    "billing_used_price_lists",
    metadata,
    Column("version", String(120), primary_key=True),
    Column("content_hash", String(64), nullable=False),
)

number_counters = Table(
    "billing_number_counters",
    metadata,
    Column("series", String(120), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
    # Of the last document, so that dates follow each other within a series; empty where numbers are no documents'.
    Column("last_issued_on", Date),
)

invoices = Table(
    "billing_invoices",
    metadata,
    Column("invoice", String(120), primary_key=True),
    Column("number", String(60), unique=True),
    Column("series", String(120), nullable=False),
    Column("year", Integer, nullable=False),
    Column("sequence", BigInteger),
    Column("customer", String(100), nullable=False),
    Column("period", String(7), nullable=False),
    # 1, and one more for each time the period was credited to be billed anew.
    Column("revision", Integer, nullable=False),
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
    text("holiday_source"),
    # By category and rate, amounts in minor units; empty on invoices of before there were several.
    added_json("taxes", "[]"),
    # The VAT once more in the currency of the seller's country; null where none is needed.
    Column("home_tax", JSON(none_as_null=True)),
    # Of all that the invoice says but its number and dates; the plan that was approved had the same.
    Column("content_hash", String(64), nullable=False),
    UniqueConstraint("customer", "period", "revision"),
    UniqueConstraint("series", "year", "sequence"),
    CheckConstraint("net_minor + tax_minor = gross_minor", "adds_up"),
    Index(None, "period"),
)


def _of_invoice(*, key: bool = False, index: bool = False) -> Column[str]:
    return Column(
        "invoice", String(120), ForeignKey("billing_invoices.invoice"), primary_key=key, nullable=False, index=index
    )


invoice_lines = Table(
    "billing_invoice_lines",
    metadata,
    _of_invoice(key=True),
    Column("position", Integer, primary_key=True),
    text("kind"),
    text("contract"),
    text("title"),
    text("detail"),
    Column("quantity", ExactDecimal, nullable=False),
    Column("unit", String(3), nullable=False),
    Column("unit_price", ExactDecimal, nullable=False),
    minor("amount_minor"),
    Column("period", String(7), nullable=False),
    Column("service_from", String(10), nullable=False),
    Column("service_to", String(10), nullable=False),
    added_text("tax_category"),
    Column("tax_percent", ExactDecimal),
)

invoice_uses = Table(
    "billing_invoice_uses",
    metadata,
    _of_invoice(key=True),
    Column("position", Integer, primary_key=True),
    text("contract"),
    text("package_title"),
    text("price_list_version"),
    Column("price_list_hash", String(64), nullable=False),
    text("time_zone"),
    Column("period", String(7), nullable=False),
    Column("included_seconds", BigInteger),
    Column("used_seconds", BigInteger, nullable=False),
    Column("overage_seconds", BigInteger, nullable=False),
    Column("overage_billed_seconds", BigInteger, nullable=False),
    Column("drawn", JSON, nullable=False),
    Column("service_from", String(10), nullable=False),
    Column("service_to", String(10), nullable=False),
)

# An entry or an expense is billed once, ever: claiming it for an invoice is its primary key. Only where an invoice was
# credited to be billed anew there is a second claim.
invoice_entries = Table(
    "billing_invoice_entries",
    metadata,
    Column("entry", String(100), ForeignKey("billing_time_entries.entry"), primary_key=True),
    Column("claim", Integer, primary_key=True, autoincrement=False),
    _of_invoice(),
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
    # What the billed seconds count as, by allowance, overage and tariff.
    added_json("parts", "[]"),
    Index(None, "invoice", "position"),
)

invoice_expenses = Table(
    "billing_invoice_expenses",
    metadata,
    Column("expense", String(100), ForeignKey("billing_expenses.expense"), primary_key=True),
    Column("claim", Integer, primary_key=True, autoincrement=False),
    _of_invoice(index=True),
)

credit_notes = Table(
    "billing_credit_notes",
    metadata,
    Column("credit_note", String(160), primary_key=True),
    Column("number", String(60), unique=True),
    Column("series", String(120), nullable=False),
    Column("year", Integer, nullable=False),
    Column("sequence", BigInteger),
    _of_invoice(index=True),
    Column("customer", String(100), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("issued_on", Date, nullable=False),
    text("reason"),
    # Whether all that the invoice claimed is to be billed anew.
    Column("rebill", Boolean, nullable=False),
    minor("net_minor"),
    Column("tax_percent", ExactDecimal),
    minor("tax_minor"),
    minor("gross_minor"),
    added_json("taxes", "[]"),
    Column("content_hash", String(64), nullable=False),
    UniqueConstraint("series", "year", "sequence"),
    CheckConstraint("net_minor + tax_minor = gross_minor", "adds_up"),
)


def _of_credit_note() -> Column[str]:
    key = ForeignKey("billing_credit_notes.credit_note")
    return Column("credit_note", String(160), key, primary_key=True)


credit_note_lines = Table(
    "billing_credit_note_lines",
    metadata,
    _of_credit_note(),
    Column("position", Integer, primary_key=True),
    Column("invoice_position", Integer, nullable=False),
    text("title"),
    text("detail"),
    minor("amount_minor"),
    Column("service_from", String(10), nullable=False),
    Column("service_to", String(10), nullable=False),
    CheckConstraint("amount_minor > 0", "gives_back"),
)

# What a credit note gives back to the credits that had lowered the invoice.
setoff_reversals = Table(
    "billing_setoff_reversals",
    metadata,
    _of_credit_note(),
    Column("position", Integer, primary_key=True),
    Column("credit", String(40), ForeignKey("billing_credits.credit"), nullable=False),
    minor("amount_minor"),
    Column("setoff", String(12), nullable=False),
    CheckConstraint("amount_minor > 0", "gives_back"),
)
