"""A database of an earlier version keeps its invoices when it is brought up to date, and goes on from them."""

import json
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from books import OCTOBER, Books, figures, setoffs
from sqlalchemy import JSON, Boolean, Date, MetaData, select

from billing_engine import Month, open_database
from billing_engine.storage import schema

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


@pytest.fixture
def earlier(make_database, tmp_path):
    """Make a database of version 0002 with all its rows."""
    url = make_database(tmp_path, migrated=False)
    engine = open_database(url)
    config = schema._config()  # noqa: SLF001 - an earlier version is not what the package offers
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
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
