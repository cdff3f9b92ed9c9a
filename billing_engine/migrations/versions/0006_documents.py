"""Documents: VAT by category, addresses in parts, renderings and mails."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add what invoices say since there are categories of VAT, and what becomes of documents."""
    for name in ("city", "postal_code", "buyer_reference", "tax"):
        op.add_column("billing_customers", _added_text(name))
    op.add_column("billing_invoices", _added_list("taxes"))
    op.add_column("billing_invoices", sa.Column("home_tax", sa.JSON()))
    op.add_column("billing_invoice_lines", _added_text("tax_category"))
    op.add_column("billing_invoice_lines", sa.Column("tax_percent", sa.String(40)))
    op.add_column("billing_invoice_entries", _added_list("parts"))
    op.add_column("billing_credit_notes", _added_list("taxes"))
    op.create_table(
        "billing_renderings",
        _string("number", 60),
        _string("fingerprint", 64),
        _string("sha256", 64),
        sa.Column("rendered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", "fingerprint", name="pk_billing_renderings"),
    )
    op.create_table(
        "billing_mails",
        _string("number", 60),
        _string("kind", 20),
        _string("period", 7),
        sa.Column("recipient", sa.Text(), nullable=False),
        _string("state", 20),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_billing_mails"),
    )
    op.create_index("ix_billing_mails_period", "billing_mails", ["period"])
    op.create_index("ix_billing_mails_state", "billing_mails", ["state"])


def _string(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _added_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _added_list(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.JSON(), nullable=False, server_default="[]")
