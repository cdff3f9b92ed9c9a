"""Billing runs, credit notes, the audit trail; invoices that may be credited and billed anew, late and prepaid lines.

Tables whose keys change are made anew, their rows set aside meanwhile: SQLite can not change a table's constraints.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def key(length: int) -> sa.String:
    """Make the type of ids, which PostgreSQL then orders as SQLite does."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


_MADE_ANEW = (
    "billing_ledger",
    "billing_invoice_setoffs",
    "billing_invoice_expenses",
    "billing_invoice_entries",
    "billing_invoice_lines",
    "billing_invoices",
    "billing_number_counters",
)
"""In the order in which they may be dropped."""


def upgrade() -> None:
    for name in _MADE_ANEW:
        op.execute(f"CREATE TEMPORARY TABLE kept_{name} AS SELECT * FROM {name}")
        op.drop_table(name)
    _create_documents()
    _create_runs()
    op.add_column("billing_customers", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("fee_interval", "fee_timing"):
        op.add_column("billing_contracts", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("billing_credits", sa.Column("invoice", sa.Text(), nullable=False, server_default=""))
    _bring_back()
    for name in _MADE_ANEW:
        op.execute(f"DROP TABLE kept_{name}")


def _bring_back() -> None:
    op.execute(
        "INSERT INTO billing_number_counters (series, year, last_number, last_issued_on) "
        "SELECT series, year, last_number, "
        "(SELECT max(issued_on) FROM kept_billing_invoices i WHERE i.series = c.series AND i.year = c.year) "
        "FROM kept_billing_number_counters c"
    )
    documents = (
        "invoice, number, series, year, sequence, customer, period, currency, issued_on, due_on, payment_days, "
        "net_minor, tax_percent, tax_note, tax_minor, gross_minor, amount_due_minor, seller, buyer, holiday_source"
    )
    op.execute(
        f"INSERT INTO billing_invoices ({documents}, revision, content_hash) "
        f"SELECT {documents}, 1, '' FROM kept_billing_invoices"
    )
    lines = "invoice, position, kind, contract, title, detail, quantity, unit, unit_price, amount_minor"
    op.execute(
        f"INSERT INTO billing_invoice_lines ({lines}, period, service_from, service_to) "
        f"SELECT {lines}, (SELECT period FROM kept_billing_invoices i WHERE i.invoice = l.invoice), '', '' "
        "FROM kept_billing_invoice_lines l"
    )
    entries = (
        "entry, invoice, position, contract, ticket, severity, activity, started_at, ended_at, worked_seconds, "
        "billed_seconds, amount_minor, reason"
    )
    op.execute(
        f"INSERT INTO billing_invoice_entries ({entries}, claim) SELECT {entries}, 1 FROM kept_billing_invoice_entries"
    )
    op.execute(
        "INSERT INTO billing_invoice_expenses (expense, claim, invoice) "
        "SELECT expense, 1, invoice FROM kept_billing_invoice_expenses"
    )
    setoffs = "invoice, position, credit, reference, title, amount_minor, setoff"
    op.execute(f"INSERT INTO billing_invoice_setoffs ({setoffs}) SELECT {setoffs} FROM kept_billing_invoice_setoffs")
    postings = "posting, account, credit, customer, currency, amount_minor, posted_on, invoice, reason"
    op.execute(f"INSERT INTO billing_ledger ({postings}, credit_note) SELECT {postings}, '' FROM kept_billing_ledger")
    # Imports wait for each other at this row.
    op.execute("INSERT INTO billing_number_counters (series, year, last_number) VALUES ('import', 0, 0)")
    op.execute(
        "INSERT INTO billing_runs (period, begun_at, begun_by) SELECT DISTINCT period, 0, '' FROM kept_billing_invoices"
    )
    op.execute(
        "INSERT INTO billing_run_customers (period, customer, state, reason, plan_hash) "
        "SELECT period, customer, 'issued', '', '' FROM kept_billing_invoices"
    )
    _bring_back_uses()


def _bring_back_uses() -> None:
    """Turn what an invoice kept as JSON into rows; the days of its fees move to their lines."""
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT invoice, period, uses FROM kept_billing_invoices")).all()
    overage = sa.text(
        "SELECT quantity, unit FROM billing_invoice_lines "
        "WHERE invoice = :invoice AND contract = :contract AND kind = 'overage'"
    )
    for invoice, period, stored in found:
        for position, use in enumerate(json.loads(stored) if isinstance(stored, str) else stored, 1):
            row: dict[str, Any] = {"invoice": invoice, "contract": use["contract"]}
            billed = [
                int(line.quantity) * (60 if line.unit == "MIN" else 1) for line in connection.execute(overage, row)
            ]
            days = {"service_from": use.get("service_from", ""), "service_to": use.get("service_to", "")}
            drawn = [[period, use["used_minutes"] * 60]] if use["used_minutes"] else []
            row |= days | {
                "position": position,
                "package_title": use["package_title"],
                "price_list_version": use["price_list_version"],
                "price_list_hash": use.get("price_list_hash", ""),
                "time_zone": use["time_zone"],
                "period": period,
                "included": None if use["included_minutes"] is None else use["included_minutes"] * 60,
                "used": use["used_minutes"] * 60,
                "overage": use["overage_minutes"] * 60,
                "billed": sum(billed),
                "drawn": json.dumps(drawn),
            }
            connection.execute(
                sa.text(
                    "INSERT INTO billing_invoice_uses (invoice, position, contract, package_title, "
                    "price_list_version, price_list_hash, time_zone, period, included_seconds, used_seconds, "
                    "overage_seconds, overage_billed_seconds, drawn, service_from, service_to) VALUES (:invoice, "
                    ":position, :contract, :package_title, :price_list_version, :price_list_hash, :time_zone, "
                    ":period, :included, :used, :overage, :billed, :drawn, :service_from, :service_to)"
                ),
                row,
            )
            connection.execute(
                sa.text(
                    "UPDATE billing_invoice_lines SET service_from = :service_from, service_to = :service_to "
                    "WHERE invoice = :invoice AND contract = :contract AND kind = 'fee'"
                ),
                {"invoice": invoice, "contract": use["contract"], **days},
            )


def _create_documents() -> None:
    op.create_table(
        "billing_invoices",
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("number", key(60), nullable=True),
        sa.Column("series", key(120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("period", key(7), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.String(40), nullable=True),
        sa.Column("tax_note", sa.Text(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_due_minor", sa.BigInteger(), nullable=False),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("buyer", sa.JSON(), nullable=False),
        sa.Column("holiday_source", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_billing_invoices_adds_up")),
        sa.PrimaryKeyConstraint("invoice", name=op.f("pk_billing_invoices")),
        sa.UniqueConstraint(
            "customer", "period", "revision", name=op.f("uq_billing_invoices_customer_period_revision")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_billing_invoices_number")),
        sa.UniqueConstraint("series", "year", "sequence", name=op.f("uq_billing_invoices_series_year_sequence")),
    )
    op.create_index(op.f("ix_billing_invoices_period"), "billing_invoices", ["period"], unique=False)
    op.create_table(
        "billing_number_counters",
        sa.Column("series", key(120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("last_issued_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_billing_number_counters")),
    )
    op.create_table(
        "billing_credit_notes",
        sa.Column("credit_note", key(160), nullable=False),
        sa.Column("number", key(60), nullable=True),
        sa.Column("series", key(120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rebill", sa.Boolean(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.String(40), nullable=True),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_billing_credit_notes_adds_up")),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_credit_notes_invoice")
        ),
        sa.PrimaryKeyConstraint("credit_note", name=op.f("pk_billing_credit_notes")),
        sa.UniqueConstraint("number", name=op.f("uq_billing_credit_notes_number")),
        sa.UniqueConstraint("series", "year", "sequence", name=op.f("uq_billing_credit_notes_series_year_sequence")),
    )
    op.create_index(op.f("ix_billing_credit_notes_customer"), "billing_credit_notes", ["customer"], unique=False)
    op.create_index(op.f("ix_billing_credit_notes_invoice"), "billing_credit_notes", ["invoice"], unique=False)
    op.create_table(
        "billing_invoice_lines",
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("quantity", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(length=3), nullable=False),
        sa.Column("unit_price", sa.String(40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("period", key(7), nullable=False),
        sa.Column("service_from", sa.String(length=10), nullable=False),
        sa.Column("service_to", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_invoice_lines_invoice")
        ),
        sa.PrimaryKeyConstraint("invoice", "position", name=op.f("pk_billing_invoice_lines")),
    )
    op.create_table(
        "billing_invoice_uses",
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("package_title", sa.Text(), nullable=False),
        sa.Column("price_list_version", sa.Text(), nullable=False),
        sa.Column("price_list_hash", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("period", key(7), nullable=False),
        sa.Column("included_seconds", sa.BigInteger(), nullable=True),
        sa.Column("used_seconds", sa.BigInteger(), nullable=False),
        sa.Column("overage_seconds", sa.BigInteger(), nullable=False),
        sa.Column("overage_billed_seconds", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column("service_from", sa.String(length=10), nullable=False),
        sa.Column("service_to", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_invoice_uses_invoice")
        ),
        sa.PrimaryKeyConstraint("invoice", "position", name=op.f("pk_billing_invoice_uses")),
    )
    op.create_table(
        "billing_credit_note_lines",
        sa.Column("credit_note", key(160), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("invoice_position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("service_from", sa.String(length=10), nullable=False),
        sa.Column("service_to", sa.String(length=10), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_billing_credit_note_lines_gives_back")),
        sa.ForeignKeyConstraint(
            ["credit_note"], ["billing_credit_notes.credit_note"], name=op.f("fk_billing_credit_note_lines_credit_note")
        ),
        sa.PrimaryKeyConstraint("credit_note", "position", name=op.f("pk_billing_credit_note_lines")),
    )
    op.create_table(
        "billing_invoice_entries",
        sa.Column("entry", key(100), nullable=False),
        sa.Column("claim", sa.Integer(), autoincrement=False, nullable=False),
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
        sa.PrimaryKeyConstraint("entry", "claim", name=op.f("pk_billing_invoice_entries")),
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
        sa.Column("claim", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("invoice", key(120), nullable=False),
        sa.ForeignKeyConstraint(
            ["expense"], ["billing_expenses.expense"], name=op.f("fk_billing_invoice_expenses_expense")
        ),
        sa.ForeignKeyConstraint(
            ["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_invoice_expenses_invoice")
        ),
        sa.PrimaryKeyConstraint("expense", "claim", name=op.f("pk_billing_invoice_expenses")),
    )
    op.create_index(op.f("ix_billing_invoice_expenses_invoice"), "billing_invoice_expenses", ["invoice"], unique=False)
    op.create_table(
        "billing_invoice_setoffs",
        sa.Column("invoice", key(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("credit", key(40), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("setoff", sa.String(length=12), nullable=False),
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
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("credit", key(40), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("invoice", key(120), nullable=True),
        sa.Column("credit_note", key(60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["credit"], ["billing_credits.credit"], name=op.f("fk_billing_ledger_credit")),
        sa.ForeignKeyConstraint(["invoice"], ["billing_invoices.invoice"], name=op.f("fk_billing_ledger_invoice")),
        sa.PrimaryKeyConstraint("posting", "account", name=op.f("pk_billing_ledger")),
    )
    op.create_index(op.f("ix_billing_ledger_credit"), "billing_ledger", ["credit"], unique=False)
    op.create_index(op.f("ix_billing_ledger_customer"), "billing_ledger", ["customer"], unique=False)
    op.create_table(
        "billing_setoff_reversals",
        sa.Column("credit_note", key(160), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("credit", key(40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("setoff", sa.String(length=12), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_billing_setoff_reversals_gives_back")),
        sa.ForeignKeyConstraint(
            ["credit"], ["billing_credits.credit"], name=op.f("fk_billing_setoff_reversals_credit")
        ),
        sa.ForeignKeyConstraint(
            ["credit_note"], ["billing_credit_notes.credit_note"], name=op.f("fk_billing_setoff_reversals_credit_note")
        ),
        sa.PrimaryKeyConstraint("credit_note", "position", name=op.f("pk_billing_setoff_reversals")),
    )


def _create_runs() -> None:
    op.create_table(
        "billing_audit_events",
        sa.Column("event", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("former_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_billing_audit_events")),
    )
    op.create_index(op.f("ix_billing_audit_events_subject"), "billing_audit_events", ["subject"], unique=False)
    op.create_table(
        "billing_audit_head",
        sa.Column("head", sa.String(length=10), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("head", name=op.f("pk_billing_audit_head")),
    )
    op.create_table(
        "billing_runs",
        sa.Column("period", key(7), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_billing_runs")),
    )
    op.create_table(
        "billing_releases",
        sa.Column("period", key(7), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["period"], ["billing_runs.period"], name=op.f("fk_billing_releases_period")),
        sa.PrimaryKeyConstraint("period", "customer", "plan_hash", name=op.f("pk_billing_releases")),
    )
    op.create_table(
        "billing_run_customers",
        sa.Column("period", key(7), nullable=False),
        sa.Column("customer", key(100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["period"], ["billing_runs.period"], name=op.f("fk_billing_run_customers_period")),
        sa.PrimaryKeyConstraint("period", "customer", name=op.f("pk_billing_run_customers")),
    )
    op.create_index(op.f("ix_billing_run_customers_customer"), "billing_run_customers", ["customer"], unique=False)
