"""The doctor: silent about sound books with everything in them, and of each kind of damage it names the very check."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from books import Books, row
from databases import ON_POSTGRESQL, ON_SQLITE
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from billing_engine.cli.app import app
from billing_engine.doctor import RULES, diagnose, examine, list_trail, verify_trail
from billing_engine.model.check import MOST_FINDINGS_KEPT, Finding, make_check
from billing_engine.model.sla_terms import Setoff
from billing_engine.storage import protection
from billing_engine.storage.database import open_database
from billing_engine.storage.tables import invoices, metadata
from billing_engine.transactions import Transactions

OCTOBER_1, NOVEMBER_1, AGAIN = "invoice/2026-10/C1", "invoice/2026-11/C1", "invoice/2026-11/C1/2"
ENTRIES = [
    "E1,C1,T3,2026-10-01T16:40,2026-10-01T18:10",
    "E2,C1,T2,2026-10-02T21:30,2026-10-02T22:20",
    "E3,C1,T1,2026-10-03T10:00,2026-10-03T11:40",
    "E4,C1,T4,2026-11-05T09:00,2026-11-05T09:05",
    "E5,C1,T3,2026-11-06T20:00,2026-11-06T21:10",
]
EXPENSES = [
    "X1,C1,2026-10-05,Train,12.34",
    "X2,C1,2026-10-06,Taxi,10.00",
    "X3,C1,2026-11-03,Parking,3.00",
]


def tell_the_story(books):
    """Fill books with all there is: work, credits, claims, payments, credit notes, a month billed anew."""
    books.take(
        customers=["C1,Aurora,RS,EUR", "C2,Balkan,CZ,EUR"],
        contracts=["K1,C1,b2bee,premium,2026-01-01,,,", "K2,C2,trifft,premium,2026-01-01,,1000.00,"],
        time_entries=ENTRIES,
        expenses=EXPENSES,
        outages=["O1,C2,2026-10-05T00:00,2026-10-08T00:00,,"],
        claims=["CL-1,C2,uptime,2026-10,,,2026-11-03T10:00", "CL-2,C2,uptime,2026-10,,,2027-01-03T10:00"],
    )
    for amount in ("10.00", "20.00"):
        books.grant(amount)
    books.grant("700.00", setoff=Setoff.AFTER_TAX)
    first = books.issue("2026-10", on="2026-11-02")
    second = books.billing.read_invoice("2026-000002")
    for invoice in (first, second):
        books.pay(invoice, "2026-11-10")
    books.decide("2026-11-20 00:00")
    receivables = books.billing.receivables
    receivables.issue_credit_note(first.number, {1: Decimal("60.00")}, "Too much", first.issued_on)
    receivables.issue_credit_note(first.number, None, "Nothing worked", first.issued_on)
    again = books.issue("2026-11", on="2026-12-01")
    receivables.issue_credit_note(again.number, None, "Wrong address", again.issued_on, rebill=True)
    books.issue("2026-11", on="2026-12-02")
    receivables.add_payment("2026-000004", Decimal("5.00"), date(2026, 12, 5), "P-1")
    books.refund(books.grant("5.00"), "1.00")
    books.grant("6.00")
    # Something that is about no record, as the end of the trail.
    books.take(customers=["C3,Corvus,RS,EUR"])
    with books.database.begin() as connection:
        connection.execute(
            text("INSERT INTO billing_releases VALUES ('2026-10', 'C1', 'some plan', 'looked at it', 0, 'Ada')")
        )


@pytest.fixture(scope="module")
def sound(server, tmp_path_factory):
    """Make a sound database with everything in it, which each test copies; returns its URL."""
    folder = tmp_path_factory.mktemp("sound")
    url = server.create(folder)
    books = Books(folder, url)
    tell_the_story(books)
    books.database.dispose()
    yield url
    server.drop(url)


@pytest.fixture(scope="module")
def untouched(server, sound, tmp_path_factory):
    """Open a copy of the sound database, for tests that leave nothing behind."""
    url = server.create(tmp_path_factory.mktemp("untouched"), like=sound)
    engine = open_database(url)
    yield engine
    engine.dispose()
    server.drop(url)


@contextmanager
def damaged(database, *statements):
    """Change what nobody may change, with no trigger or foreign key to refuse it, until the block ends."""
    with database.connect() as connection:
        sqlite = database.dialect.name == "sqlite"
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")
            triggers = protection.read_triggers(connection)
            for name in triggers:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            done = connection.execute(text(statement) if isinstance(statement, str) else statement)
            assert done.rowcount > 0, statement
        for sql in triggers.values() if sqlite else ():
            connection.exec_driver_sql(sql)
        yield connection
        connection.rollback()
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = ON")


def findings(connection):
    """Return what the doctor finds, by check."""
    return {check.name: check.findings for check in examine(connection) if not check.passed}


def test_sound_books_have_no_findings(untouched):
    """Every check looked at something, and none found anything."""
    with Transactions(untouched).reading(None) as connection:
        checks = list(examine(connection))
    assert [check.findings for check in checks if not check.passed] == []
    assert [check.name for check in checks if not check.looked_at] == []
    assert len({check.name for check in checks}) == len(checks) == len(RULES)


def set_(table, what, where):
    """Write an UPDATE."""
    return f"UPDATE billing_{table} SET {what} WHERE {where}"  # noqa: S608 - of this module


def drop(table, where):
    """Write a DELETE."""
    return f"DELETE FROM billing_{table} WHERE {where}"  # noqa: S608 - of this module


def more(*columns, by=1):
    """Raise columns."""
    return ", ".join(f"{column} = {column} + {by}" for column in columns)


def copied(entry, invoice, claim, position):
    """Copy an entry onto another invoice."""
    same = (
        "contract, ticket, severity, activity, started_at, ended_at, worked_seconds, billed_seconds, "
        "amount_minor, reason"
    )
    return (
        f"INSERT INTO billing_invoice_entries (entry, claim, invoice, position, {same}) "  # noqa: S608 - of this module
        f"SELECT entry, {claim}, '{invoice}', {position}, {same} "
        f"FROM billing_invoice_entries WHERE entry = '{entry}' AND claim = 1"
    )


def of(key):
    """Name an invoice."""
    return f"invoice = '{key}'"


BUYER = {"customer": "C1", "name": "Someone", "address": "", "country": "RS", "vat_id": "", "email": "", "language": ""}
FIRST_NOTE = "number = 'CN-2026-000001'"
FIRST_KEY = f"credit_note = 'credit-note/{OCTOBER_1}/1'"
SET_OFF = "CR-2026-00001/applied/1"
STRAY_PAYMENT = (
    "INSERT INTO billing_payments (payment, invoice, paid_on, amount) VALUES ('P9', '2026-9', '2026-11-01', '1')"
)
FORGED_PAYMENT = (
    "INSERT INTO billing_payments (payment, invoice, paid_on, amount) "
    "VALUES ('P9', '2026-000004', '2026-12-06', '1.00')"
)
FORGED_DECISION = (
    "INSERT INTO billing_claim_decisions (claim, customer, accepted, reasons, percent, amount_minor, currency, "
    "applies_from, explanation, price_list, cap, paid_period, decided_on, by_rule, note) "
    "SELECT 'CL-2', customer, accepted, reasons, percent, amount_minor, currency, applies_from, explanation, "
    "price_list, cap, paid_period, decided_on, by_rule, note FROM billing_claim_decisions WHERE claim = 'CL-1'"
)
_POSTING = (
    "INSERT INTO billing_ledger (posting, account, credit, customer, currency, amount_minor, posted_on, credit_note, "
    "reason) VALUES ('CR-2025-00001/available/1', '{}', 'CR-2025-00001', 'C1', 'EUR', {}, '2025-12-01', '', 'x')"
)
FORGED_CREDIT = [
    (
        "INSERT INTO billing_credits (credit, customer, currency, source, granted_on, amount_minor, remaining_minor, "
        "reason, setoff, applies_from) "
        "VALUES ('CR-2025-00001', 'C1', 'EUR', 'goodwill', '2025-12-01', 5000, 5000, 'x', 'before_tax', '')"
    ),
    "INSERT INTO billing_number_counters (series, year, last_number) VALUES ('credit', 2025, 1)",
    _POSTING.format("granted", -5000),
    _POSTING.format("available", 5000),
]
CREDIT_NOTE = "CN-2026-000001"
DAMAGES = [
    # Numbers.
    row("an invoice without number", set_("invoices", "number = NULL", of(AGAIN)), "numbers.present audit.invoices"),
    row(
        "a number left out",
        set_("invoices", "sequence = 9", of(AGAIN)),
        "numbers.sequence numbers.counters",
    ),
    row(
        "an invoice gone with all that belongs to it",
        [drop(table, of("invoice/2026-11/C2")) for table in ("invoice_lines", "invoice_uses", "invoices")],
        "numbers.sequence payments.invoices runs.issued audit.invoices",
    ),
    row("a counter set on", set_("number_counters", more("last_number"), "series = 'invoice'"), "numbers.counters"),
    row("a counter gone", drop("number_counters", "series = 'credit_note'"), "numbers.counters"),
    row(
        "a counter of another day",
        set_("number_counters", "last_issued_on = '2026-12-31'", "series = 'invoice'"),
        "numbers.counters",
    ),
    row(
        "two documents of one number",
        set_("credit_notes", "number = '2026-000001'", FIRST_NOTE),
        "numbers.unique audit.credit_notes",
    ),
    row(
        "an invoice dated back",
        set_("invoices", "issued_on = '2026-11-01', due_on = '2026-11-15'", "number = '2026-000002'"),
        "numbers.dates audit.invoices",
    ),
    row("a credit skipped", set_("number_counters", more("last_number"), "series = 'credit'"), "numbers.credits"),
    # Totals.
    row(
        "a line deleted",
        drop("invoice_lines", f"{of(AGAIN)} AND position = 1"),
        "totals.sums totals.categories totals.positions audit.invoices",
    ),
    row(
        "a line's amount changed",
        set_("invoice_lines", more("amount_minor"), f"{of(AGAIN)} AND position = 1"),
        "totals.sums totals.categories totals.lines audit.invoices",
    ),
    row(
        "a line's quantity changed",
        set_("invoice_lines", "quantity = '2'", f"{of(AGAIN)} AND kind = 'fee'"),
        "totals.lines audit.invoices",
    ),
    row(
        "a line's words changed",
        set_("invoice_lines", "title = 'Cake'", f"{of(AGAIN)} AND position = 1"),
        "audit.invoices",
    ),
    row(
        "a quantity that is no number",
        set_("invoice_lines", "quantity = 'many'", f"{of(AGAIN)} AND position = 1"),
        "totals.lines totals.categories audit.invoices",
    ),
    row(
        "a net amount changed",
        set_("invoices", more("net_minor", "gross_minor", "amount_due_minor", by=100), of(AGAIN)),
        "totals.sums totals.tax audit.invoices",
    ),
    row(
        "a tax changed",
        set_("invoices", more("tax_minor", "gross_minor", "amount_due_minor"), of(AGAIN)),
        "totals.tax audit.invoices",
    ),
    row("an amount due changed", set_("invoices", more("amount_due_minor"), of(AGAIN)), "totals.sums"),
    row("a day due changed", set_("invoices", "due_on = '2027-12-31'", of(AGAIN)), "totals.due_dates audit.invoices"),
    # Credit notes.
    row(
        "a credit note's line raised",
        set_("credit_note_lines", more("amount_minor", by=100_000), f"{FIRST_KEY} AND position = 1"),
        "credit_notes.sums credit_notes.lines audit.credit_notes",
    ),
    row(
        "a credit note of no line",
        set_("credit_note_lines", "invoice_position = 99", f"{FIRST_KEY} AND position = 1"),
        "credit_notes.lines audit.credit_notes",
    ),
    row(
        "a credit note's tax raised",
        set_("credit_notes", more("tax_minor", "gross_minor"), FIRST_NOTE),
        "credit_notes.tax credit_notes.totals audit.credit_notes",
    ),
    row(
        "more given back than set off",
        set_("setoff_reversals", more("amount_minor", by=100), "credit = 'CR-2026-00001' AND setoff = 'before_tax'"),
        "credit_notes.sums credit_notes.setoffs ledger.setoffs audit.credit_notes",
    ),
    row(
        "a credit note to somebody else",
        set_("credit_notes", "customer = 'C2'", FIRST_NOTE),
        "credit_notes.invoices audit.credit_notes",
    ),
    # The ledger.
    row(
        "a drifted balance",
        set_("credits", more("remaining_minor", by=-1), "amount_minor = 600"),
        "ledger.balances",
    ),
    row(
        "a grant raised",
        set_("credits", more("amount_minor"), "credit = 'CR-2026-00001'"),
        "ledger.balances audit.records",
    ),
    row(
        "an unbalanced posting",
        set_("ledger", more("amount_minor"), f"posting = '{SET_OFF}' AND account = 'applied'"),
        "ledger.postings ledger.balances ledger.setoffs audit.records",
    ),
    row(
        "half a posting",
        drop("ledger", "posting = 'CR-2026-00001/available/1' AND account = 'granted'"),
        "ledger.postings ledger.balances audit.records",
    ),
    row(
        "a credit without grant",
        drop("ledger", "posting = 'CR-2026-00001/available/1'"),
        "ledger.balances audit.records",
    ),
    row(
        "a posting moved to another invoice",
        set_("ledger", of(AGAIN), f"posting = '{SET_OFF}'"),
        "ledger.setoffs audit.records",
    ),
    row(
        "a posting of somebody else",
        set_("ledger", "customer = 'C2'", f"posting = '{SET_OFF}'"),
        "ledger.owners audit.records",
    ),
    row(
        "a setoff deleted",
        drop("invoice_setoffs", f"{of(OCTOBER_1)} AND position = 1"),
        "totals.sums totals.categories credit_notes.setoffs ledger.setoffs audit.invoices",
    ),
    # Billed work.
    row("an entry taken off an invoice", drop("invoice_entries", "entry = 'E2'"), "work.annexes audit.invoices"),
    row("the last entry taken off an invoice", drop("invoice_entries", "entry = 'E3'"), "audit.invoices"),
    row("an entry billed twice", copied("E1", AGAIN, 2, 3), "work.entries audit.invoices"),
    row("an entry billed to somebody else", copied("E1", "invoice/2026-10/C2", 2, 1), "work.entries audit.invoices"),
    row("a claim left out", set_("invoice_entries", "claim = 3", "entry = 'E4' AND claim = 2"), "work.entries"),
    row("a place left out", set_("invoice_entries", "position = 5", "entry = 'E5' AND claim = 2"), "work.annexes"),
    row("an entry that was longer", set_("time_entries", more("ended_at", by=60), "entry = 'E1'"), "work.copies"),
    row("an entry that is gone", drop("time_entries", "entry = 'E1'"), "references"),
    row("an expense not claimed", drop("invoice_expenses", "expense = 'X2'"), "work.expense_lines audit.invoices"),
    row("an expense claimed again", set_("invoice_expenses", "claim = 2", "expense = 'X1'"), "work.expenses"),
    row("a use of hours changed", set_("invoice_uses", more("used_seconds"), of(AGAIN)), "audit.invoices"),
    # What belongs together.
    row("a revision left out", set_("invoices", "revision = 3", of(AGAIN)), "invoices.revisions"),
    row(
        "billed anew without giving up the former invoice",
        set_("credit_notes", "rebill = NOT rebill", "rebill"),
        "invoices.revisions work.entries work.expenses audit.credit_notes",
    ),
    row(
        "a payment for no invoice",
        STRAY_PAYMENT,
        "payments.invoices audit.records",
    ),
    row(
        "a run that forgot an invoice",
        set_("run_customers", "state = 'failed'", "period = '2026-10' AND customer = 'C1'"),
        "runs.issued",
    ),
    row(
        "a run that says too much",
        set_("run_customers", "customer = 'C9'", "period = '2026-10' AND customer = 'C1'"),
        "runs.issued",
    ),
    # The audit trail.
    row("an event changed", set_("audit_events", "actor = 'Nobody'", "event = 2"), "audit.chain"),
    row("an event's time changed", set_("audit_events", more("happened_at"), "event = 2"), "audit.chain"),
    row("an event taken out", drop("audit_events", "event = 2"), "audit.chain audit.records"),
    row(
        "the last event taken out",
        drop("audit_events", "event = (SELECT max(event) FROM billing_audit_events)"),
        "audit.chain",
    ),
    row("the first event taken out", drop("audit_events", "event = 1"), "audit.chain"),
    row("the trail's head set back", set_("audit_head", more("event", by=-1), "head = 'head'"), "audit.chain"),
    row(
        "a buyer's name changed",
        update(invoices).values(buyer=BUYER).where(invoices.c.invoice == AGAIN),
        "audit.invoices",
    ),
    row(
        "a buyer that can not be read",
        update(invoices).values(buyer={}).where(invoices.c.invoice == AGAIN),
        "audit.invoices",
    ),
    row("a hash wiped out", set_("invoices", "content_hash = ''", of(AGAIN)), "audit.invoices"),
    row(
        "a credit raised on all its accounts",
        [
            set_("credits", more("amount_minor", "remaining_minor"), "amount_minor = 600"),
            set_("ledger", more("amount_minor"), "amount_minor = 600 AND account = 'available'"),
            set_("ledger", more("amount_minor", by=-1), "amount_minor = -600 AND account = 'granted'"),
        ],
        "audit.records",
    ),
    row("a payment changed", set_("payments", "amount = '500.00'", "payment = 'P-1'"), "audit.records"),
    row("a payment gone", drop("payments", "payment = 'P-1'"), "audit.records"),
    row("a decision changed", set_("claim_decisions", "note = 'no'", "claim = 'CL-1'"), "audit.records"),
    *(
        row(f"a credit's {what} changed", set_("credits", change, "amount_minor = 600"), "audit.records")
        for what, change in {
            "last day": "expires_on = '2026-12-31'",
            "way of setting off": "setoff = 'after_tax'",
            "source": "source = 'termination'",
            "first month": "applies_from = '2030-01'",
            "day": "granted_on = '2026-09-02'",
            "reason": "reason = 'x'",
        }.items()
    ),
    *(
        row(f"a posting's {what} changed", set_("ledger", change, f"posting = '{SET_OFF}'"), f"audit.records{more}")
        for what, change, more in (
            ("day", "posted_on = '2026-12-31'", ""),
            ("reason", "reason = 'x'", ""),
            ("credit note", f"credit_note = '{CREDIT_NOTE}'", ""),
            ("credit", "credit = 'CR-2026-00002'", " ledger.balances ledger.setoffs"),
        )
    ),
    row(
        "a posting's account changed",
        set_("ledger", "account = 'expired'", f"posting = '{SET_OFF}' AND account = 'applied'"),
        "ledger.setoffs audit.records",
    ),
    row("a decision's words changed", set_("claim_decisions", "explanation = '[]'", "claim = 'CL-1'"), "audit.records"),
    row("a forged payment", FORGED_PAYMENT, "audit.records"),
    row("a forged decision", FORGED_DECISION, "audit.records"),
    row("a forged credit", FORGED_CREDIT, "audit.records"),
    row("a used price list changed", set_("used_price_lists", "content_hash = 'x'", "1 = 1"), "audit.price_lists"),
    row(
        "a credit note dated back",
        set_("credit_notes", "issued_on = '2026-11-03'", "number = 'CN-2026-000002'"),
        "audit.credit_notes",
    ),
    row("a credit note's reason changed", set_("credit_notes", "reason = 'x'", FIRST_NOTE), "audit.credit_notes"),
]


@pytest.mark.parametrize(("statements", "found"), DAMAGES)
def test_damage_is_found_by_the_check_for_it(untouched, statements, found):
    """Whatever is changed behind the engine's back is found, by the checks that are about it and no other."""
    with damaged(untouched, *(statements if isinstance(statements, list) else [statements])) as connection:
        assert set(findings(connection)) == set(found.split())


def test_switched_off_triggers_are_found(untouched):
    """A trigger that is not there, or does nothing, is named."""
    switching_off = {
        "sqlite": [
            "DROP TRIGGER billing_ledger_delete",
            "DROP TRIGGER billing_payments_update",
            (
                "CREATE TRIGGER billing_payments_update BEFORE UPDATE ON billing_payments "
                "WHEN 0 BEGIN SELECT RAISE(ABORT, 'a payment is never changed'); END"
            ),
            "DROP TRIGGER billing_invoices_delete",
            (
                "CREATE TRIGGER billing_invoices_delete BEFORE DELETE ON billing_tickets "
                "BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END"
            ),
            "DROP TRIGGER billing_credits_delete",
            "CREATE TRIGGER billing_credits_delete BEFORE DELETE ON billing_credits BEGIN SELECT 'RAISE'; END",
        ],
        "postgresql": [
            "DROP TRIGGER billing_ledger_delete ON billing_ledger",
            "ALTER TABLE billing_payments DISABLE TRIGGER billing_payments_update",
            "DROP TRIGGER billing_invoices_delete ON billing_invoices",
            (
                "CREATE TRIGGER billing_invoices_delete BEFORE DELETE ON billing_tickets "
                "FOR EACH ROW EXECUTE FUNCTION billing_refuse('an invoice is never deleted')"
            ),
            "CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; /* RAISE */ END $$",
            "DROP TRIGGER billing_credits_delete ON billing_credits",
            (
                "CREATE TRIGGER billing_credits_delete BEFORE DELETE ON billing_credits "
                "FOR EACH ROW EXECUTE FUNCTION pass('a credit is never deleted')"
            ),
        ],
    }
    with untouched.connect() as connection:
        for statement in switching_off[untouched.dialect.name]:
            connection.execute(text(statement))
        found = findings(connection)
    assert sorted(finding.where for finding in found.pop("protection")) == [
        "trigger billing_credits_delete",
        "trigger billing_invoices_delete",
        "trigger billing_ledger_delete",
        "trigger billing_payments_update",
    ]
    assert found == {}


@ON_POSTGRESQL
def test_a_function_that_refuses_nothing_is_found(untouched):
    """Triggers that are all as they were made refuse nothing when the function that they call was replaced."""
    replacing = (
        "CREATE OR REPLACE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF false THEN RAISE EXCEPTION 'no'; END IF; RETURN OLD; END $$"
    )
    with untouched.connect() as connection:
        connection.execute(text(replacing))
        found = findings(connection)
    assert list(found) == ["protection"]
    assert len(found["protection"]) > len(protection.KEPT)


def test_migrations_make_the_triggers_that_are_expected(untouched):
    """The hashes that the doctor goes by are of what the migrations make; script/trigger_hashes.py writes them."""
    with untouched.connect() as connection:
        made = {name: protection.hash_trigger(sql) for name, sql in protection.read_triggers(connection).items()}
    assert made == protection.expected_triggers(untouched.dialect.name)
    events = {"sqlite": ("update", "delete", "replace"), "postgresql": ("update", "delete", "truncate")}
    wanted = [f"{table}_{event}" for table in protection.KEPT for event in events[untouched.dialect.name]]
    assert made.keys() >= {*wanted, *(f"{table}_insert" for table in protection.PARTS)}


@pytest.mark.parametrize("table", protection.KEPT)
def test_triggers_refuse(untouched, table):
    """What is issued or posted is not changed, not deleted and not emptied, and nothing is added to it."""
    changes = {"billing_credits": "reason = 'x'", "billing_number_counters": "last_number = last_number"}
    key = metadata.tables[table].primary_key.columns[0].name
    refused = [
        f"UPDATE {table} SET {changes.get(table, f'{key} = {key}')}",  # noqa: S608 - a table of ours
        f"DELETE FROM {table}",  # noqa: S608 - a table of ours
    ]
    if untouched.dialect.name == "postgresql":
        refused.append(f"TRUNCATE {table} CASCADE")
    with untouched.connect() as connection:
        rows = connection.execute(select(metadata.tables[table])).mappings().all()
    assert rows, "a trigger that has no row to look at refuses nothing"
    if table in protection.PARTS:
        refused.append(insert(metadata.tables[table]).values(added(rows[0])))
    for statement in refused:
        with pytest.raises(IntegrityError, match=r"never|nothing|only|follow"), untouched.begin() as connection:
            connection.execute(text(statement) if isinstance(statement, str) else statement)


@ON_SQLITE
@pytest.mark.parametrize("table", protection.KEPT)
def test_replacing_changes_nothing(untouched, table):
    """INSERT OR REPLACE, also from a program that set no pragma, leaves what is there as it is."""
    with sqlite3.connect(untouched.url.database) as connection:
        before = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a table of ours
        names = [column.name for column in metadata.tables[table].columns]
        changed = {
            name: "'changed'" for name in ("reason", "title", "content_hash", "note", "hash", "amount") if name in names
        }
        copied = ", ".join(changed.get(name, name) for name in names)
        replacing = f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) SELECT {copied} FROM {table}"  # noqa: S608 - as above
        with suppress(sqlite3.IntegrityError):
            connection.execute(replacing)
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == before  # noqa: S608 - as above


def added(found):
    """Make a further row of one that is there."""
    column = next(name for name in ("claim", "position") if name in found)
    return {**found, column: found[column] + 100}


def test_the_trail_cut_off_and_written_anew(untouched):
    """Only a hash that was noted elsewhere shows it: then the trail is whole in itself, and another one."""
    with Transactions(untouched).reading(None) as connection:
        before = verify_trail(connection)
        assert verify_trail(connection, before.head).intact
    assert before.intact
    assert before.events > 10
    cut_off = (
        "DELETE FROM billing_audit_events WHERE event = (SELECT max(event) FROM billing_audit_events)",
        "UPDATE billing_audit_head SET event = event - 1",
        "UPDATE billing_audit_head SET hash = (SELECT hash FROM billing_audit_events ORDER BY event DESC LIMIT 1)",
    )
    with damaged(untouched, *cut_off) as connection:
        assert verify_trail(connection).intact
        (noted,) = [check for check in verify_trail(connection, before.head).checks if not check.passed]
    assert noted.name == "audit.expected"


def test_events_of_a_subject(untouched):
    """The trail is listed whole, or about one subject."""
    with Transactions(untouched).reading(None) as connection:
        everything = list(list_trail(connection))
        (issued,) = list_trail(connection, "2026-000001")
    assert [event.event for event in everything] == list(range(1, len(everything) + 1))
    assert (issued.action, json.loads(issued.details)["customer"]) == ("invoice.issued", "C1")


def test_work_that_waits_is_noted(opening):
    """Held work is a note and no finding: nothing is wrong about it."""
    books = opening()
    books.take(customers=["C1,Aurora,RS,EUR"], contracts=["K1,C1,b2bee,premium,2026-10-02,,,"])
    books.take(time_entries=ENTRIES[:3])
    with Transactions(books.database).reading(None) as connection:
        told = []
        found = diagnose(connection, lambda: books.billing.held(connection=connection), told.append)
    assert found.healthy
    assert tuple(told) == found.checks
    (note,) = found.notes
    assert (str(note.period), note.customer, note.waiting) == ("2026-10", "C1", 1)


def test_expenses_whose_ids_are_not_in_order_of_day(opening):
    """An invoice with several expenses is read back as it was hashed."""
    books = opening()
    books.take(customers=["C1,Aurora,RS,EUR"], contracts=["K1,C1,b2bee,premium,2026-01-01,,,"])
    books.take(expenses=["X1,C1,2026-10-06,Train,12.34", "X2,C1,2026-10-05,Taxi,10.00"])
    books.issue("2026-10", on="2026-11-02")
    with Transactions(books.database).reading(None) as connection:
        assert findings(connection) == {}


def test_many_findings_are_counted():
    """A ruined table does not fill the memory: the first findings are kept, all are counted."""
    check = make_check("x", "Nothing is wrong.", 1, (Finding(str(n), "", "") for n in range(MOST_FINDINGS_KEPT + 5)))
    assert (len(check.findings), check.found, check.passed) == (MOST_FINDINGS_KEPT, MOST_FINDINGS_KEPT + 5, False)


def test_commands(sound, make_database, tmp_path, monkeypatch):
    """`doctor` and `audit` say the same as tables and as JSON, and exit 1 when something is wrong."""
    monkeypatch.chdir(tmp_path)
    url = make_database(like=sound)

    def run(*arguments, code=0):
        done = CliRunner().invoke(app, ["--database", url, *arguments])
        assert done.exit_code == code, done.output
        return done.stdout

    assert f"{len(RULES)} checks, no findings" in run("doctor")
    healthy = json.loads(run("doctor", "--format", "json"))
    assert healthy["healthy"] is True
    assert [check["check"] for check in healthy["checks"]] == [rule.name for rule in RULES]
    verified = json.loads(run("audit", "verify", "--format", "json"))
    assert f"{verified['events']} events, head {verified['head']}" in run("audit", "verify")
    assert run("audit", "verify", "--expect", verified["head"])
    assert "no event has the hash" in run("audit", "verify", "--expect", "0" * 64, code=1)
    (event,) = json.loads(run("audit", "list", "--subject", "2026-000001", "--format", "json"))
    assert (event["action"], event["subject"], event["at"][-1]) == ("invoice.issued", "2026-000001", "Z")
    assert len(run("audit", "list").splitlines()) == verified["events"]
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text(STRAY_PAYMENT))  # which no trigger refuses
    engine.dispose()
    assert "2 findings" in run("doctor", code=1)
    assert json.loads(run("doctor", "--format", "json", code=1))["healthy"] is False


def test_another_schema(tmp_path):
    """A database of another version is named, and nothing is looked at."""
    url = f"sqlite:///{tmp_path}/empty.db"
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE billing_customers (customer TEXT)"))
    engine.dispose()
    command = str(Path(sys.executable).parent / "billing-engine")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for arguments in (["doctor"], ["audit", "verify"]):
        done = subprocess.run(
            [command, "--database", url, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "db upgrade" in done.stderr
