"""Service levels: tickets, outages, claims, credits with their ledger, payments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def key(length: int) -> sa.String:
    """Text that rows are ordered by: on PostgreSQL by its characters' numbers, as on SQLite, whatever the locale."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "billing_outages",
        sa.Column("outage", key(100), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("notified_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("outage", name=op.f("pk_billing_outages")),
    )
    op.create_index(op.f("ix_billing_outages_customer"), "billing_outages", ["customer"], unique=False)
    op.create_table(
        "billing_payments",
        sa.Column("payment", key(100), nullable=False),
        sa.Column("invoice", key(60), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("payment", name=op.f("pk_billing_payments")),
    )
    op.create_index(op.f("ix_billing_payments_invoice"), "billing_payments", ["invoice"], unique=False)
    op.create_table(
        "billing_claims",
        sa.Column("claim", key(100), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("kind", key(10), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("period", key(7), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("breach_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["billing_customers.customer"], name=op.f("fk_billing_claims_customer")),
        sa.PrimaryKeyConstraint("claim", name=op.f("pk_billing_claims")),
    )
    op.create_index(op.f("ix_billing_claims_customer"), "billing_claims", ["customer"], unique=False)
    op.create_table(
        "billing_tickets",
        sa.Column("ticket", key(100), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("first_response_at", sa.BigInteger(), nullable=True),
        sa.Column("workaround_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("contracts", sa.JSON(), nullable=False),
        sa.Column("duplicate_of", sa.Text(), nullable=False),
        sa.Column("priority_confirmed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["billing_customers.customer"], name=op.f("fk_billing_tickets_customer")),
        sa.PrimaryKeyConstraint("ticket", name=op.f("pk_billing_tickets")),
    )
    op.create_index(op.f("ix_billing_tickets_customer"), "billing_tickets", ["customer"], unique=False)
    op.create_table(
        "billing_claim_decisions",
        sa.Column("claim", key(100), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("compensates", key(220), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("percent", sa.String(40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("applies_from", key(7), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.Column("price_list", sa.Text(), nullable=False),
        sa.Column("cap", sa.Text(), nullable=False),
        sa.Column("paid_period", key(7), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("by_rule", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["billing_claims.claim"], name=op.f("fk_billing_claim_decisions_claim")),
        sa.PrimaryKeyConstraint("claim", name=op.f("pk_billing_claim_decisions")),
        sa.UniqueConstraint("compensates", name=op.f("uq_billing_claim_decisions_compensates")),
    )
    op.create_index(op.f("ix_billing_claim_decisions_customer"), "billing_claim_decisions", ["customer"], unique=False)
    op.create_table(
        "billing_credits",
        sa.Column("credit", key(40), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("currency", key(3), nullable=False),
        sa.Column("source", key(20), nullable=False),
        sa.Column("claim", key(100), nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("remaining_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("setoff", key(12), nullable=False),
        sa.Column("applies_from", key(7), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint("remaining_minor <= amount_minor", name=op.f("ck_billing_credits_not_more_than_granted")),
        sa.CheckConstraint("remaining_minor >= 0", name=op.f("ck_billing_credits_not_overdrawn")),
        sa.ForeignKeyConstraint(["claim"], ["billing_claims.claim"], name=op.f("fk_billing_credits_claim")),
        sa.ForeignKeyConstraint(["customer"], ["billing_customers.customer"], name=op.f("fk_billing_credits_customer")),
        sa.PrimaryKeyConstraint("credit", name=op.f("pk_billing_credits")),
        sa.UniqueConstraint("claim", name=op.f("uq_billing_credits_claim")),
    )
    op.create_index(op.f("ix_billing_credits_customer"), "billing_credits", ["customer"], unique=False)
    op.create_table(
        "billing_ticket_pauses",
        sa.Column("ticket", key(100), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resumed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["billing_tickets.ticket"], name=op.f("fk_billing_ticket_pauses_ticket")),
        sa.PrimaryKeyConstraint("ticket", "paused_at", name=op.f("pk_billing_ticket_pauses")),
    )
    op.create_table(
        "billing_invoice_setoffs",
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("credit", key(40), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("setoff", key(12), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_billing_invoice_setoffs_takes_off")),
        sa.ForeignKeyConstraint(["credit"], ["billing_credits.credit"], name=op.f("fk_billing_invoice_setoffs_credit")),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_invoice_setoffs_invoice")
        ),
        sa.PrimaryKeyConstraint("invoice", "position", name=op.f("pk_billing_invoice_setoffs")),
    )
    op.create_index(op.f("ix_billing_invoice_setoffs_credit"), "billing_invoice_setoffs", ["credit"], unique=False)
    op.create_table(
        "billing_ledger",
        sa.Column("posting", key(260), nullable=False),
        sa.Column("account", key(12), nullable=False),
        sa.Column("credit", key(40), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("currency", key(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("invoice", key(120), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["credit"], ["billing_credits.credit"], name=op.f("fk_billing_ledger_credit")),
        sa.ForeignKeyConstraint(["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_ledger_invoice")),
        sa.PrimaryKeyConstraint("posting", "account", name=op.f("pk_billing_ledger")),
    )
    op.create_index(op.f("ix_billing_ledger_credit"), "billing_ledger", ["credit"], unique=False)
    op.create_index(op.f("ix_billing_ledger_customer"), "billing_ledger", ["customer"], unique=False)
    op.add_column("billing_contracts", sa.Column("currency", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "billing_invoices", sa.Column("amount_due_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute("UPDATE billing_invoices SET amount_due_minor = gross_minor")
