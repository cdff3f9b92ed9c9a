"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def key(length: int) -> sa.String:
    """Text that rows are ordered by: on PostgreSQL by its characters' numbers, as on SQLite, whatever the locale."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "billing_customers",
        sa.Column("customer", key(100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("vat_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("stripe_customer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer", name=op.f("pk_billing_customers")),
    )
    op.create_table(
        "billing_invoices",
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("number", key(60), nullable=True),
        sa.Column("series", key(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("period", key(7), nullable=False),
        sa.Column("currency", key(3), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.String(40), nullable=True),
        sa.Column("tax_note", sa.Text(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("buyer", sa.JSON(), nullable=False),
        sa.Column("uses", sa.JSON(), nullable=False),
        sa.Column("holiday_source", sa.Text(), nullable=False),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_billing_invoices_adds_up")),
        sa.PrimaryKeyConstraint("invoice", name=op.f("pk_billing_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_billing_invoices_number")),
        sa.UniqueConstraint("series", "customer", "period", name=op.f("uq_billing_invoices_series_customer_period")),
        sa.UniqueConstraint("series", "year", "sequence", name=op.f("uq_billing_invoices_series_year_sequence")),
    )
    op.create_index(op.f("ix_billing_invoices_period"), "billing_invoices", ["period"], unique=False)
    op.create_table(
        "billing_number_counters",
        sa.Column("series", key(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_billing_number_counters")),
    )
    op.create_table(
        "billing_used_price_lists",
        sa.Column("version", key(120), nullable=False),
        sa.Column("content_hash", key(64), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_billing_used_price_lists")),
    )
    op.create_table(
        "billing_contracts",
        sa.Column("contract", key(100), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("price_list", key(100), nullable=False),
        sa.Column("package", key(100), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("monthly_fee", sa.String(40), nullable=True),
        sa.Column("included_seconds", sa.BigInteger(), nullable=True),
        sa.Column("hourly_rate", sa.String(40), nullable=True),
        sa.Column("development_rate", sa.String(40), nullable=True),
        sa.Column("coverage", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["billing_customers.customer"], name=op.f("fk_billing_contracts_customer")
        ),
        sa.PrimaryKeyConstraint("contract", name=op.f("pk_billing_contracts")),
    )
    op.create_index(op.f("ix_billing_contracts_customer"), "billing_contracts", ["customer"], unique=False)
    op.create_table(
        "billing_expenses",
        sa.Column("expense", key(100), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["billing_customers.customer"], name=op.f("fk_billing_expenses_customer")
        ),
        sa.PrimaryKeyConstraint("expense", name=op.f("pk_billing_expenses")),
    )
    op.create_index(
        op.f("ix_billing_expenses_customer_spent_on"), "billing_expenses", ["customer", "spent_on"], unique=False
    )
    op.create_table(
        "billing_invoice_lines",
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("quantity", sa.String(40), nullable=False),
        sa.Column("unit", key(3), nullable=False),
        sa.Column("unit_price", sa.String(40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_invoice_lines_invoice")
        ),
        sa.PrimaryKeyConstraint("invoice", "position", name=op.f("pk_billing_invoice_lines")),
    )
    op.create_table(
        "billing_time_entries",
        sa.Column("entry", key(100), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("engineer", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_billing_time_entries_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["customer"], ["billing_customers.customer"], name=op.f("fk_billing_time_entries_customer")
        ),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_billing_time_entries")),
    )
    op.create_index(
        op.f("ix_billing_time_entries_customer_started_at"),
        "billing_time_entries",
        ["customer", "started_at"],
        unique=False,
    )
    op.create_table(
        "billing_invoice_entries",
        sa.Column("entry", key(100), nullable=False),
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.Column("worked_seconds", sa.BigInteger(), nullable=False),
        sa.Column("billed_seconds", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry"], ["billing_time_entries.entry"], name=op.f("fk_billing_invoice_entries_entry")
        ),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_invoice_entries_invoice")
        ),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_billing_invoice_entries")),
    )
    op.create_index(
        op.f("ix_billing_invoice_entries_invoice_position"),
        "billing_invoice_entries",
        ["invoice", "position"],
        unique=False,
    )
    op.create_table(
        "billing_invoice_expenses",
        sa.Column("expense", key(100), nullable=False),
        sa.Column("invoice", key(120), nullable=False),
        sa.ForeignKeyConstraint(
            ["expense"], ["billing_expenses.expense"], name=op.f("fk_billing_invoice_expenses_expense")
        ),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_invoice_expenses_invoice")
        ),
        sa.PrimaryKeyConstraint("expense", name=op.f("pk_billing_invoice_expenses")),
    )
    op.create_index(op.f("ix_billing_invoice_expenses_invoice"), "billing_invoice_expenses", ["invoice"], unique=False)
