"""What is issued or posted stays: triggers refuse to change, delete or add to it, whoever asks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEPT = {
    "billing_invoice_lines": "a line of an invoice",
    "billing_invoice_uses": "a use of an allowance",
    "billing_invoice_entries": "an entry of an invoice",
    "billing_invoice_expenses": "an expense of an invoice",
    "billing_invoice_setoffs": "a setoff",
    "billing_credit_note_lines": "a line of a credit note",
    "billing_setoff_reversals": "a setoff given back",
    "billing_ledger": "a posting of the ledger",
    "billing_claim_decisions": "a decision on a claim",
    "billing_payments": "a payment",
    "billing_used_price_lists": "a price list that invoices used",
    "billing_releases": "a release of a parked customer",
    "billing_audit_events": "an event of the audit trail",
}
"""Tables whose rows are only ever added, and what a row is."""

_DOCUMENTS = {"billing_invoices": "invoice", "billing_credit_notes": "credit_note"}
"""Documents by their table with the name of their key; a document may be written until it has its number."""

_PARTS = {
    "billing_invoice_lines": "billing_invoices",
    "billing_invoice_uses": "billing_invoices",
    "billing_invoice_entries": "billing_invoices",
    "billing_invoice_expenses": "billing_invoices",
    "billing_invoice_setoffs": "billing_invoices",
    "billing_credit_note_lines": "billing_credit_notes",
    "billing_setoff_reversals": "billing_credit_notes",
}
"""What belongs to a document and may be added to it until it has its number."""

_COUNTED_ON = (
    "NEW.series = OLD.series AND NEW.year = OLD.year AND NEW.last_number > OLD.last_number "
    "AND (OLD.last_issued_on IS NULL OR NEW.last_issued_on >= OLD.last_issued_on)"
)
_KEPT_OF_CREDITS = (
    "credit",
    "customer",
    "currency",
    "source",
    "claim",
    "granted_on",
    "amount_minor",
    "reason",
    "setoff",
    "applies_from",
    "expires_on",
    "invoice",
)
_ONLY_REMAINING = " AND ".join(
    f"COALESCE(CAST(NEW.{name} AS TEXT), '') = COALESCE(CAST(OLD.{name} AS TEXT), '')" for name in _KEPT_OF_CREDITS
)

_RULES = [
    *((table, "UPDATE", "", f"{what} is never changed") for table, what in _KEPT.items()),
    *((table, "DELETE", "", f"{what} is never deleted") for table, what in _KEPT.items()),
    *(
        (table, "UPDATE", "OLD.number IS NOT NULL", f"an issued {key.replace('_', ' ')} is never changed")
        for table, key in _DOCUMENTS.items()
    ),
    *((table, "DELETE", "", f"a {key.replace('_', ' ')} is never deleted") for table, key in _DOCUMENTS.items()),
    *(
        (
            part,
            "INSERT",
            f"(SELECT number FROM {table} d WHERE d.{_DOCUMENTS[table]} = NEW.{_DOCUMENTS[table]}) IS NOT NULL",
            f"nothing is added to an issued {_DOCUMENTS[table].replace('_', ' ')}",
        )
        for part, table in _PARTS.items()
    ),
    ("billing_number_counters", "UPDATE", f"NOT ({_COUNTED_ON})", "numbers and their dates follow each other"),
    ("billing_number_counters", "DELETE", "", "a series of numbers is never deleted"),
    ("billing_credits", "UPDATE", f"NOT ({_ONLY_REMAINING})", "of a credit only what remains changes"),
    ("billing_credits", "DELETE", "", "a credit is never deleted"),
]


_PROTECTED = (*_KEPT, *_DOCUMENTS, "billing_number_counters", "billing_credits")
_INSERTED_IF_NEW = (
    "billing_payments",
    "billing_claim_decisions",
    "billing_used_price_lists",
    "billing_releases",
    "billing_credit_notes",
    "billing_number_counters",
)
"""Tables into which the program inserts rows that may be there already, and are then left alone."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _protect_on_sqlite()
    else:
        _protect_on_postgresql()


def _protect_on_sqlite() -> None:
    for table, event, condition, message in _RULES:
        when = f" WHEN {condition}" if condition else ""
        op.execute(
            f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} FOR EACH ROW{when} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
    # INSERT OR REPLACE deletes what is in its way, and asks no trigger on deleting unless a pragma says so.
    for table in _PROTECTED:
        taken = " OR ".join(
            "(" + " AND ".join(f"o.{column} = NEW.{column}" for column in key) + ")" for key in _keys_of(table)
        )
        refusal = "IGNORE" if table in _INSERTED_IF_NEW else f"ABORT, 'UNIQUE constraint: {table} has such a row'"
        op.execute(
            f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} FOR EACH ROW "
            f"WHEN EXISTS (SELECT 1 FROM {table} o WHERE {taken}) BEGIN SELECT RAISE({refusal}); END"
        )

    # Nor does UPDATE OR REPLACE ask, when a draft is given the number of what is issued.
    for table, key in _DOCUMENTS.items():
        taken = " OR ".join(
            "(" + " AND ".join(f"o.{column} = NEW.{column}" for column in columns) + ")" for columns in _keys_of(table)
        )
        op.execute(
            f"CREATE TRIGGER {table}_collide BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN EXISTS (SELECT 1 FROM {table} o WHERE o.{key} <> OLD.{key} AND ({taken})) "
            f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint: {table} has such a row'); END"
        )


def _keys_of(table: str) -> list[list[str]]:
    """Return the columns of a table's primary key and of all its unique constraints."""
    inspector = sa.inspect(op.get_bind())
    unique = [constraint["column_names"] for constraint in inspector.get_unique_constraints(table)]
    return [inspector.get_pk_constraint(table)["constrained_columns"], *unique]


def _protect_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE FUNCTION billing_refuse_parts() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE found text; BEGIN "
        "EXECUTE format('SELECT number FROM %I.%I d WHERE d.%I = ($1).%I', TG_TABLE_SCHEMA, TG_ARGV[1], TG_ARGV[2], "
        "TG_ARGV[2]) "
        "INTO found USING NEW; IF found IS NOT NULL THEN "
        "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )
    for table, event, condition, message in _RULES:
        name = f"{table}_{event.lower()}"
        if event == "INSERT":
            document = _PARTS[table]
            arguments = f"'{message}', '{document}', '{_DOCUMENTS[document]}'"
            op.execute(
                f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW "
                f"EXECUTE FUNCTION billing_refuse_parts({arguments})"
            )
            continue
        when = f" WHEN ({condition})" if condition else ""
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW{when} "
            f"EXECUTE FUNCTION billing_refuse('{message}')"
        )
    for table in _PROTECTED:
        op.execute(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION billing_refuse('{table} is never emptied')"
        )
