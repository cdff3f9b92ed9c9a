"""Stripe: how each customer is billed there, what is sent, what is there and what came back."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables of the sync, and say of customers how they are billed at Stripe."""
    op.add_column("billing_customers", _added_text("stripe_mode"))
    op.add_column("billing_customers", _added_text("stripe_subscription"))
    _make_outbox()
    _make_mirror()
    op.create_table(
        "billing_stripe_inbox",
        _key("event", 120),
        _string("type", 80),
        _string("object_id", 120),
        _integer("created"),
        _integer("received_at"),
        _string("state", 20),
        sa.Column("tries", sa.Integer(), nullable=False),
        _text("note"),
        sa.PrimaryKeyConstraint("event", name="pk_billing_stripe_inbox"),
    )
    op.create_index("ix_billing_stripe_inbox_state", "billing_stripe_inbox", ["state"])
    op.create_table(
        "billing_stripe_facts",
        _key("name", 40),
        _text("value"),
        sa.PrimaryKeyConstraint("name", name="pk_billing_stripe_facts"),
    )


def _make_outbox() -> None:
    op.create_table(
        "billing_stripe_outbox",
        _key("delivery", 120),
        _string("kind", 20),
        _string("number", 60),
        _string("invoice", 60),
        _string("customer", 100),
        _string("period", 7),
        _string("state", 20),
        _string("outcome", 20),
        _text("reason"),
        _text("stripe_id"),
        _text("claimed_by"),
        _integer("claimed_until"),
        sa.PrimaryKeyConstraint("delivery", name="pk_billing_stripe_outbox"),
    )
    op.create_index("ix_billing_stripe_outbox_period_state", "billing_stripe_outbox", ["period", "state"])
    op.create_index("ix_billing_stripe_outbox_invoice", "billing_stripe_outbox", ["invoice"])
    op.create_table(
        "billing_stripe_calls",
        _key("scope", 120),
        _key("step", 80),
        sa.Column("attempt", sa.Integer(), nullable=False, autoincrement=False),
        _string("idempotency_key", 255),
        _string("operation", 60),
        _text("params"),
        _string("state", 20),
        _integer("first_sent_at"),
        _text("stripe_id"),
        _text("answer"),
        _text("error"),
        sa.PrimaryKeyConstraint("scope", "step", "attempt", name="pk_billing_stripe_calls"),
        sa.UniqueConstraint("idempotency_key", name="uq_billing_stripe_calls_idempotency_key"),
    )


def _make_mirror() -> None:
    op.create_table(
        "billing_stripe_invoices",
        _key("stripe_id", 120),
        _string("status", 20),
        _string("currency", 3),
        _integer("total"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("carried_over", sa.Boolean(), nullable=False),
        _integer("seen_at"),
        sa.PrimaryKeyConstraint("stripe_id", name="pk_billing_stripe_invoices"),
    )
    op.create_table(
        "billing_stripe_shares",
        _key("stripe_invoice", 120),
        _key("invoice", 60),
        _integer("share"),
        _integer("received"),
        sa.PrimaryKeyConstraint("stripe_invoice", "invoice", name="pk_billing_stripe_shares"),
    )
    op.create_index("ix_billing_stripe_shares_invoice", "billing_stripe_shares", ["invoice"])
    op.create_table(
        "billing_stripe_lines",
        _key("invoice", 60),
        _key("part", 60),
        _text("item_id"),
        _text("line_id"),
        sa.PrimaryKeyConstraint("invoice", "part", name="pk_billing_stripe_lines"),
    )
    op.create_table(
        "billing_stripe_credit_notes",
        _key("stripe_id", 120),
        _string("credit_note", 60),
        _string("invoice", 60),
        _string("status", 20),
        _integer("total"),
        sa.PrimaryKeyConstraint("stripe_id", name="pk_billing_stripe_credit_notes"),
    )
    op.create_index("ix_billing_stripe_credit_notes_invoice", "billing_stripe_credit_notes", ["invoice"])


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


_string = _key


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _added_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
