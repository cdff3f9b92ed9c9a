"""A database of an earlier version keeps its invoices when it is brought up to date, and goes on from them."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from books import OCTOBER, Books, figures, setoffs
from sqlalchemy import JSON, Boolean, Date, MetaData, select, text

from billing_engine import Month, open_database
from billing_engine.doctor import verify_trail
from billing_engine.storage import protection, schema

ROWS = json.loads((Path(__file__).parents[1] / "data" / "database-0002" / "rows.json").read_text(encoding="utf-8"))


def put_back(connection):
    """Write the rows of the earlier database, with values of the columns' types."""
    found = MetaData()
    found.reflect(connection)
    for table in found.sorted_tables:
        rows = [
            {name: value_of(table.c[name], value) for name, value in row.items()} for row in ROWS.get(table.name, ())
        ]
        if rows:
            connection.execute(table.insert(), rows)


def value_of(column, stored):
    """Turn what was stored on SQLite into a value of the column's type."""
    if stored is None:
        return None
    if column.name in JSON_COLUMNS and not isinstance(column.type, JSON):
        return stored
    for kind, read in ((Date, date.fromisoformat), (Boolean, bool), (JSON, json.loads)):
        if isinstance(column.type, kind):
            return read(stored)
    return stored


JSON_COLUMNS = ("seller", "buyer", "uses", "coverage", "contracts", "reasons", "explanation")


def migrate_to(connection, version):
    """Make the tables of an earlier version, which is not what the package offers."""
    config = schema._config()  # noqa: SLF001 - as said
    config.attributes["connection"] = connection
    command.upgrade(config, version)


@pytest.fixture
def earlier(make_database, tmp_path):
    """Make a database of version 0002 with all its rows."""
    url = make_database(tmp_path, migrated=False)
    engine = open_database(url)
    with engine.begin() as connection:
        migrate_to(connection, "0002")
        put_back(connection)
    engine.dispose()
    return url


@pytest.fixture
def upgraded(earlier, tmp_path):
    """Bring it up to date."""
    books = Books(tmp_path, earlier)
    books.billing.upgrade_schema()
    yield books
    books.check()
    books.database.dispose()


def test_what_was_issued_reads_as_before(upgraded):
    """Amounts, lines with the days of their fees, uses, entries and setoffs are all there, and every check passes."""
    invoices = [upgraded.billing.read_invoice(invoice.number) for invoice in upgraded.billing.list_invoices()]
    assert [figures(invoice) for invoice in invoices] == [
        "1000.00 200.00 1200.00 1200.00",
        "365.00 73.00 438.00 438.00",
        "1000.00 200.00 1200.00 1200.00",
        "103.33 20.67 124.00 124.00",
        "400.00 80.00 480.00 480.00",
    ]
    assert (setoffs(invoices[3]), setoffs(invoices[4])) == (["CR-2026-00002 30.00"], ["CL-1 600.00"])
    second = invoices[1].draft
    assert [line.service_to for line in second.lines if line.kind == "fee"] == ["2026-10-31"]
    (use,) = second.uses
    assert (use.included_seconds, use.used_seconds, use.overage_seconds) == (18_000, 18_000, 1_800)
    assert (use.overage_billed_seconds, use.drawn, use.period) == (3_600, (("2026-10", 18_000),), "2026-10")
    assert [entry.entry for entry in second.entries] == ["E1", "E2"]
    assert upgraded.billing.doctor().healthy
    assert upgraded.billing.verify_trail().intact


OLD = {
    "billing_claim_decisions": ["CL-1"],
    "billing_credits": ["CR-2026-00001", "CR-2026-00002"],
    "billing_invoices": [f"2026-00000{number}" for number in range(1, 6)],
    "billing_ledger": [
        f"CR-2026-0000{credit}/{account}/1" for credit in (1, 2) for account in ("applied", "available")
    ],
}


def test_what_was_there_before_the_trail_is_taken_into_it(upgraded):
    """One event holds a hash of each old record; a second upgrade has nothing more to say."""
    upgraded.billing.upgrade_schema()
    (event,) = upgraded.billing.audit_trail()
    assert (event.action, event.subject) == ("books.upgraded", "schema 0002")
    hashes = json.loads(event.details)["hashes"]
    assert len(hashes.pop("billing_payments")) == len(ROWS["billing_payments"])
    assert {table: sorted(of) for table, of in hashes.items()} == OLD


def test_empty_books_have_nothing_to_tell(make_database, tmp_path):
    """Neither a new database nor an old one without records begins its trail with an upgrade."""
    for version in (None, "0002"):
        folder = tmp_path / str(version)
        folder.mkdir()
        books = Books(folder, make_database(folder, migrated=False))
        if version is not None:
            with books.database.begin() as connection:
                migrate_to(connection, version)
        books.billing.upgrade_schema()
        assert list(books.billing.audit_trail()) == []
        books.database.dispose()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("UPDATE billing_invoices SET due_on = '2026-11-17', payment_days = 15 WHERE sequence = 1", "audit.invoices"),
        ("UPDATE billing_invoices SET holiday_source = 'x' WHERE sequence = 1", "audit.invoices"),
        ("UPDATE billing_invoices SET number = '2026-000009' WHERE sequence = 5", "audit.invoices"),
        ("UPDATE billing_invoice_lines SET title = 'x' WHERE position = 1", "audit.invoices"),
        ("UPDATE billing_credits SET expires_on = '2030-01-01' WHERE credit = 'CR-2026-00002'", "audit.records"),
        ("UPDATE billing_ledger SET reason = 'x' WHERE credit = 'CR-2026-00002'", "audit.records"),
        ("UPDATE billing_claim_decisions SET note = 'x'", "audit.records"),
        ("UPDATE billing_payments SET paid_on = '2026-12-31'", "audit.records"),
        ("DELETE FROM billing_payments", "audit.records"),
        ("INSERT INTO billing_payments VALUES ('P9', '2026-000004', '2026-12-05', '1.00')", "audit.records"),
    ],
)
def test_what_is_changed_of_old_records_is_found(upgraded, change, check):
    """The event of the upgrade tells a change of anything in it, and what was put beside it later."""
    with upgraded.database.connect() as connection:
        switch_off_triggers(connection)
        assert connection.execute(text(change)).rowcount > 0
        found = {one.name for one in verify_trail(connection).checks if not one.passed}
        connection.rollback()
    assert found == {check}


def switch_off_triggers(connection):
    """Let the transaction change what nobody may change."""
    if connection.dialect.name == "sqlite":
        for name in protection.read_triggers(connection):
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        connection.execute(text("SET LOCAL session_replication_role = replica"))


def test_what_came_in_too_much_before_becomes_a_credit(earlier, tmp_path):
    """An overpayment of before the upgrade is the customer's at once, and the trail knows the credit."""
    books = Books(tmp_path, earlier)
    paid = "INSERT INTO billing_payments (payment, invoice, paid_on, amount) VALUES "
    with books.database.begin() as connection:
        connection.execute(text(paid + "('P8', '2026-000001', '2026-11-20', '1250.00')"))
        connection.execute(text(paid + "('P9', '2026-000002', '2026-11-21', '500')"))
    before = {number: over for number, over, _ in overpaid(earlier)}
    books.billing.upgrade_schema()
    credits_ = [credit for credit in books.billing.sla.credits() if credit.source == "overpayment"]
    assert [(c.invoice, str(c.granted_on), c.remaining) for c in credits_] == [
        (number, day, over) for number, over, day in overpaid(earlier)
    ]
    assert before
    actions = [(event.action, event.subject) for event in books.billing.audit_trail()]
    assert actions == [
        ("books.upgraded", "schema 0002"),
        *(("credit.granted", credit.credit) for credit in credits_),
    ]
    assert books.billing.doctor().healthy
    books.check()
    books.database.dispose()


def overpaid(url):
    """Work out number, amount and day of what came in too much, from the rows as they are."""
    engine = open_database(url)
    with engine.connect() as connection:
        due = dict(connection.execute(text("SELECT number, amount_due_minor FROM billing_invoices")).all())
        rows = connection.execute(text("SELECT invoice, amount, paid_on FROM billing_payments ORDER BY paid_on")).all()
    engine.dispose()
    for number, minor in sorted(due.items()):
        paid = [(Decimal(amount), str(day)) for invoice, amount, day in rows if invoice == number]
        over = sum(amount for amount, _ in paid) - Decimal(minor) / 100
        if over > 0:
            yield number, over, paid[-1][1]


def test_what_comes_late_goes_on_from_what_was_issued(upgraded):
    """A late entry fills the hour of overage that October paid for already; no fee is charged a second time (R11)."""
    upgraded.take(
        contracts=["K2,C2,b2bee,standard,2026-01-01,,,"],
        time_entries=["E9,C2,T3,2026-10-06T10:00+02:00,2026-10-06T10:20+02:00"],
    )
    december = upgraded.issue("2026-12", "2027-01-05", customer="C2")
    lines = [(line.kind, str(line.amount), line.period, line.service_from) for line in december.draft.lines]
    # Ten days of November, which its contract then did not run yet, and December; half an hour of October is paid.
    assert lines == [
        ("fee", "66.67", "2026-11", "2026-11-21"),
        ("fee", "200.00", "2026-12", "2026-12-01"),
        ("overage", "0.00", "2026-10", ""),
    ]
    assert upgraded.billing.doctor().healthy


def test_second_run_of_an_earlier_month_issues_nothing(upgraded):
    """What was issued before the upgrade counts as issued."""
    before = upgraded.dump()
    for month in (OCTOBER, Month(2026, 12)):
        assert not [plan for plan in upgraded.billing.issue(month, date(2027, 1, 5)) if plan.outcome == "issued"]
    after = upgraded.dump()
    noted = ("billing_customers", "billing_run_customers")  # that a customer has nothing to bill
    assert [name for name in before if before[name] != after[name] and name not in noted] == []


def test_rows_survive_whole(upgraded):
    """No row of a table that was made anew is lost."""
    with upgraded.database.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        for name, rows in ROWS.items():
            counted = len(connection.execute(select(found.tables[name])).all())
            assert counted == len(rows) + (name == "billing_number_counters"), name
