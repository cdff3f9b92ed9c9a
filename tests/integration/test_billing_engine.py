"""The engine over a real database: import, plan, issue, read back."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from builders import PRICE_LISTS, b2bee, with_tariff
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from billing_engine import BillingEngine, Month, run_desk
from billing_engine.billing_run import RunOutcome
from billing_engine.errors import SchemaVersionError, SettingsMissingError
from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.model.invoice import Seller
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.run_desk import RunDesk
from billing_engine.storage import invoice_tables, issuing
from billing_engine.storage.database import open_database
from billing_engine.storage.tables import metadata

SCENARIOS = Path(__file__).parent.parent / "scenarios"
REAL_MONTH = Path(__file__).parent.parent / "data" / "incidents-2016-03"
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
ISSUED_ON = date(2026, 11, 2)
SELLER = Seller(name="Sample Support d.o.o.", address="Beograd", country="RS", vat_id="RS100000024")
SETTINGS = Settings(seller=SELLER, vat_percent=Decimal(20))


@pytest.fixture
def database(database_url):
    """Open a new database."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def billing(database):
    """Make an engine with settings over the empty database."""
    return BillingEngine(database, read_price_lists([PRICE_LISTS]), SETTINGS)


def folder(tmp_path, **files):
    """Write CSV files, given as lists of rows with the header first."""
    path = tmp_path / "data"
    path.mkdir(exist_ok=True, parents=True)
    for name, rows in files.items():
        (path / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


CUSTOMERS = ["customer,name,country,currency", "C1,Aurora,RS,EUR", "C2,Balkan,RS,EUR", "C3,Corvina,RS,EUR"]
CONTRACTS = [
    "contract,customer,price_list,package,starts_on",
    "K1,C1,b2bee,premium,2026-01-01",
    "K2,C2,b2bee,basic,2026-01-01",
    "K3,C3,b2bee,standard,2026-01-01",
]
ENTRIES = [
    "entry,customer,severity,started_at,ended_at,activity,outcome",
    "E1,C1,T3,2026-10-05T10:00,2026-10-05T11:00,support,",
    "E2,C2,T3,2026-10-05T10:00,2026-10-05T10:30,support,",
    "E3,C3,T3,2026-10-05T18:00,2026-10-05T18:10,support,",
    "E4,C3,,2026-10-06T10:00,2026-10-06T11:00,change_request_analysis,",
]


@pytest.fixture
def loaded(billing, tmp_path):
    """Import three customers with a month of work."""
    report = billing.import_folder(folder(tmp_path, customers=CUSTOMERS, contracts=CONTRACTS, time_entries=ENTRIES))
    assert report.stored
    return billing


def dump(engine):
    """Read the whole database as text."""
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


def outcomes(plans):
    """Reduce plans to customer and outcome."""
    return {plan.customer.customer: plan.outcome for plan in plans}


def test_real_month_gives_143_invoices_without_a_gap(billing):
    """A real month of 5,029 sessions comes to 263,570.00 EUR on 143 invoices; 21 customers owe nothing."""
    assert billing.import_folder(REAL_MONTH).stored
    plans = billing.issue(Month(2016, 3), date(2016, 4, 1))
    issued = billing.list_invoices()
    assert [invoice.number for invoice in issued] == [f"2016-{n:06d}" for n in range(1, 144)]
    assert sum(invoice.draft.net for invoice in issued) == Decimal("263570.00")
    assert sum(plan.outcome is RunOutcome.NOTHING_TO_BILL for plan in plans) == 21
    assert {plan.outcome for plan in billing.issue(Month(2016, 3), date(2016, 4, 2))} == {
        RunOutcome.ALREADY_ISSUED,
        RunOutcome.NOTHING_TO_BILL,
    }
    assert len(billing.list_invoices()) == 143


def test_every_customer_ends_as_issued_or_nothing_to_bill(loaded):
    """Each customer of a run has an outcome, also the one that owes nothing."""
    assert outcomes(loaded.issue(OCTOBER, ISSUED_ON)) == {
        "C1": RunOutcome.ISSUED,
        "C2": RunOutcome.NOTHING_TO_BILL,
        "C3": RunOutcome.ISSUED,
    }


def test_issued_invoice_is_the_plan(loaded):
    """What is read back equals the draft of the preview, figure for figure and word for word."""
    planned = {
        plan.customer.customer: plan.draft for plan in loaded.plan(OCTOBER) if plan.outcome is RunOutcome.TO_ISSUE
    }
    loaded.issue(OCTOBER, ISSUED_ON)
    for number in ("2026-000001", "2026-000002"):
        invoice = loaded.read_invoice(number)
        assert invoice.draft == planned[invoice.draft.customer]
        assert (invoice.issued_on, invoice.due_on) == (ISSUED_ON, date(2026, 11, 16))


def test_plan_writes_nothing(loaded, database):
    """A preview leaves the database as it was."""
    before = dump(database)
    assert len(list(loaded.plan(OCTOBER))) == 3
    assert dump(database) == before


def test_second_run_writes_nothing(loaded, database):
    """Running a month twice issues nothing again and changes nothing."""
    loaded.issue(OCTOBER, ISSUED_ON)
    before = dump(database)
    assert RunOutcome.ISSUED not in outcomes(loaded.issue(OCTOBER, date(2026, 12, 1))).values()
    assert dump(database) == before


def test_same_folder_twice_adds_nothing(loaded, database, tmp_path):
    """Importing the same files again changes nothing."""
    before = dump(database)
    report = loaded.import_folder(tmp_path / "data")
    assert report.stored
    assert not any(count.added or count.changed for count in report.counts.values())
    assert report.counts["time_entries.csv"].unchanged == 4
    assert dump(database) == before


@pytest.mark.parametrize(
    ("bad_row", "column"),
    [
        ("E9,C9,T3,2026-10-05T10:00,2026-10-05T11:00,support,", "customer"),
        ("E9,C1,T3,2026-10-05T10:00,2026-10-05T09:00,support,", "ended_at"),
        ("E9,C1,T3,2026-10-25T02:30,2026-10-25T05:00,support,", "started_at"),
        ("E9,C1,T9,2026-10-05T10:00,2026-10-05T11:00,support,", "severity"),
        ("E9,C1,T3,2026-10-05T10:00,2026-10-06T10:01,support,", "ended_at"),
        ("E1,C1,T3,2026-10-05T10:00,2026-10-05T11:30,support,", "entry"),
    ],
)
def test_bad_row_leaves_no_trace(loaded, database, tmp_path, bad_row, column):
    """A folder with a bad row is refused whole: the good rows beside it are not stored either."""
    before = dump(database)
    good = "E8,C1,T3,2026-10-05T12:00,2026-10-05T13:00,support,"
    path = folder(tmp_path, time_entries=[ENTRIES[0], good, bad_row])
    report = loaded.import_folder(path)
    assert not report.stored
    assert [(row.file, row.line, row.column) for row in report.rejected] == [("time_entries.csv", 3, column)]
    assert dump(database) == before


def test_skip_rejected_takes_the_good_rows(loaded, tmp_path):
    """With skip_rejected the good rows are stored and the bad ones still reported."""
    good = "E8,C1,T3,2026-10-05T12:00,2026-10-05T13:00,support,"
    bad = "E9,C9,T3,2026-10-05T10:00,2026-10-05T11:00,support,"
    report = loaded.import_folder(folder(tmp_path, time_entries=[ENTRIES[0], good, bad]), skip_rejected=True)
    assert report.stored
    assert len(report.rejected) == 1
    assert report.counts["time_entries.csv"].added == 1


def test_held_entry_is_billed_once_it_is_decided(loaded, tmp_path):
    """An analysis without an outcome is held; importing its outcome releases it, another outcome later is refused."""
    plan = next(plan for plan in loaded.plan(OCTOBER) if plan.customer.customer == "C3")
    assert [(held.id, held.reason) for held in plan.held] == [("E4", "the offer is neither accepted nor rejected yet")]
    decided = ENTRIES[4] + "offer_rejected"
    report = loaded.import_folder(folder(tmp_path, time_entries=[ENTRIES[0], decided]))
    assert report.counts["time_entries.csv"].changed == 1
    plan = next(plan for plan in loaded.plan(OCTOBER) if plan.customer.customer == "C3")
    assert plan.held == ()
    other = loaded.import_folder(folder(tmp_path, time_entries=[ENTRIES[0], ENTRIES[4] + "offer_accepted"]))
    assert not other.stored


def test_r11_late_entry_goes_on_the_next_invoice_and_never_changes_its_own(loaded, tmp_path):
    """Work that comes after its month was invoiced is shown, and billed with the next month (R11)."""
    loaded.issue(OCTOBER, ISSUED_ON)
    before = loaded.read_invoice("2026-000001")
    late = "E8,C1,T3,2026-10-07T12:00,2026-10-07T13:00,support,"
    assert loaded.import_folder(folder(tmp_path, time_entries=[ENTRIES[0], late])).stored
    plan = next(plan for plan in loaded.issue(OCTOBER, ISSUED_ON) if plan.customer.customer == "C1")
    assert plan.outcome is RunOutcome.ALREADY_ISSUED
    assert [(held.id, held.reason) for held in plan.held] == [
        ("E8", "not on invoice 2026-000001, which was issued before; the next invoice bills it")
    ]
    assert loaded.read_invoice("2026-000001") == before
    november = next(plan for plan in loaded.issue(NOVEMBER, date(2026, 12, 1)) if plan.customer.customer == "C1")
    late_use = [(use.period, use.used_seconds) for use in november.draft.uses if use.period == "2026-10"]
    assert late_use == [("2026-10", 3600)]
    assert [entry.entry for entry in november.draft.entries] == ["E8"]
    assert loaded.read_invoice("2026-000001") == before


def test_later_edits_never_reach_an_issued_invoice(loaded, tmp_path):
    """A customer's new name, a new fee and a new seller are not on invoices that were issued before."""
    loaded.issue(OCTOBER, ISSUED_ON)
    before = loaded.read_invoice("2026-000001")
    renamed = [CUSTOMERS[0], "C1,Aurora Resorts,HR,EUR"]
    loaded.import_folder(folder(tmp_path, customers=renamed, contracts=[CONTRACTS[0], "K1,C1,b2bee,basic,2026-01-01"]))
    assert loaded.read_invoice("2026-000001") == before
    november = next(plan for plan in loaded.plan(Month(2026, 11)) if plan.customer.customer == "C1")
    assert november.draft is not None
    assert november.draft.buyer.name == "Aurora Resorts"


def test_failing_customer_stops_no_other_and_takes_no_number(loaded, database, monkeypatch):
    """A customer whose writing fails is reported; the others are issued without a gap."""
    next_number = issuing.next_number

    def fail_for_first(connection, *series, **count):
        if connection.scalar(select(invoice_tables.invoices.c.invoice).where(_of("C1"), _without_number())):
            raise OSError("the disk is full")
        return next_number(connection, *series, **count)

    monkeypatch.setattr(issuing, "next_number", fail_for_first)
    plans = {plan.customer.customer: plan for plan in loaded.issue(OCTOBER, ISSUED_ON)}
    assert (plans["C1"].outcome, plans["C1"].reason) == (RunOutcome.FAILED, "OSError: the disk is full")
    assert plans["C3"].invoice_number == "2026-000001"
    monkeypatch.undo()
    assert (
        next(p for p in loaded.issue(OCTOBER, ISSUED_ON) if p.customer.customer == "C1").invoice_number == "2026-000002"
    )


def _of(customer):
    return invoice_tables.invoices.c.customer == customer


def _without_number():
    return invoice_tables.invoices.c.number.is_(None)


def test_customer_that_can_not_be_rated_fails_alone(loaded, monkeypatch):
    """An error while planning one customer is its outcome, with the reason, not the end of the run."""
    monkeypatch.setattr("billing_engine.billing_run.rate_customer", _breaks_for_c2())
    plans = {plan.customer.customer: plan for plan in loaded.issue(OCTOBER, ISSUED_ON)}
    assert (plans["C2"].outcome, plans["C2"].reason) == (RunOutcome.FAILED, "ArithmeticError: no such number")
    assert plans["C1"].outcome is plans["C3"].outcome is RunOutcome.ISSUED


def _breaks_for_c2():
    from billing_engine.rating.rate_customer import rate_customer

    def breaking(customer, *rest):
        if customer.customer == "C2":
            raise ArithmeticError("no such number")
        return rate_customer(customer, *rest)

    return breaking


def test_entry_is_billed_once_ever(loaded, database):
    """The database refuses a second line for an entry, whatever the program does."""
    loaded.issue(OCTOBER, ISSUED_ON)
    draft = loaded.read_invoice("2026-000001").draft
    with database.connect() as connection:
        before = connection.scalar(select(func.count()).select_from(invoice_tables.invoices))
    again = issuing.Issuing(replace(draft, period=Month(2026, 9)), "")
    numbering = SETTINGS.invoice_numbering(Month(2026, 9))
    with (
        pytest.raises(IntegrityError, match=r"(?i)unique constraint.*billing_invoice_entries"),
        database.begin() as c,
    ):
        issuing.issue_invoices(c, [again], numbering, ISSUED_ON)
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(invoice_tables.invoices)) == before


def test_used_price_list_can_not_be_changed(loaded, database):
    """A price list that differs from when it was first used is refused, for every customer that has it."""
    loaded.issue(OCTOBER, ISSUED_ON)
    changed = replace(with_tariff("working", rate_per_hour=Decimal(55)), content_hash="other")
    other = BillingEngine(database, PriceListBook([changed]), SETTINGS)
    plans = other.issue(Month(2026, 11), date(2026, 12, 1))
    failed = [plan for plan in plans if plan.outcome is RunOutcome.FAILED]
    assert {plan.customer.customer for plan in failed} == {"C1", "C2", "C3"}
    assert "was changed after invoices were issued with it" in failed[0].reason
    newer = replace(changed, valid_from=date(2026, 11, 1))
    versions = BillingEngine(database, PriceListBook([b2bee(), newer]), SETTINGS)
    assert RunOutcome.FAILED not in outcomes(versions.issue(Month(2026, 11), date(2026, 12, 1))).values()


def test_zero_invoices_are_issued_when_the_settings_ask(loaded, database):
    """With zero_invoices a month that comes to 0.00 gets a number too and counts as paid."""
    engine = BillingEngine(database, read_price_lists([PRICE_LISTS]), replace(SETTINGS, zero_invoices=True))
    assert outcomes(engine.issue(OCTOBER, ISSUED_ON))["C2"] is RunOutcome.ISSUED
    assert engine.read_invoice("2026-000002").status_on(ISSUED_ON) == "paid"


def test_issuing_needs_settings_and_a_plan_does_not(loaded, database):
    """Without a seller nothing is issued, and the message says how to get one; a plan is shown without tax."""
    engine = BillingEngine(database, read_price_lists([PRICE_LISTS]))
    assert next(iter(engine.plan(OCTOBER))).draft.tax == 0
    with pytest.raises(SettingsMissingError, match="billing-engine init"):
        engine.issue(OCTOBER, ISSUED_ON)


def test_numbers_begin_anew_each_year(loaded):
    """The series counts per year of the billing period."""
    loaded.issue(OCTOBER, ISSUED_ON)
    list(loaded.issue(Month(2027, 1), date(2027, 2, 1)))
    numbers = [invoice.number for invoice in loaded.list_invoices()]
    assert numbers == ["2026-000001", "2026-000002", "2027-000001", "2027-000002"]


def test_vat_is_rounded_half_up_once_on_the_net(database, tmp_path):
    """Tax is the rate on the sum of the lines, not a sum of rounded parts."""
    engine = BillingEngine(database, read_price_lists([PRICE_LISTS]), replace(SETTINGS, vat_percent=Decimal("19.5")))
    engine.upgrade_schema()
    contracts = ["contract,customer,price_list,package,starts_on,monthly_fee,included_hours",
                 "K1,C1,b2bee,dedicated,2026-01-01,100.10,1"]  # fmt: skip
    engine.import_folder(folder(tmp_path, customers=CUSTOMERS[:2], contracts=contracts))
    draft = next(iter(engine.plan(OCTOBER))).draft
    assert (draft.net, draft.tax, draft.gross) == (Decimal("100.10"), Decimal("19.52"), Decimal("119.62"))


def test_host_transaction_is_joined_and_never_committed(loaded, database):
    """With connection= all writing is the host's: its rollback takes the invoices, and the number, back."""
    with database.connect() as connection:
        transaction = connection.begin()
        assert RunOutcome.ISSUED in outcomes(loaded.issue(OCTOBER, ISSUED_ON, connection=connection)).values()
        assert len(loaded.list_invoices(connection=connection)) == 2
        transaction.rollback()
    assert loaded.list_invoices() == []
    loaded.issue(OCTOBER, ISSUED_ON)
    assert loaded.list_invoices()[0].number == "2026-000001"


def test_refused_import_in_a_host_transaction_leaves_the_host_work(loaded, database, tmp_path):
    """A refused import writes nothing, so what the host did before it can still be committed."""
    bad = folder(tmp_path, time_entries=[ENTRIES[0], "E9,C9,T3,2026-10-05T10:00,2026-10-05T11:00,support,"])
    with database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE host_table (id INTEGER)")
        assert not loaded.import_folder(bad, connection=connection).stored
    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM host_table").scalar_one() == 0


def test_money_and_times_are_exact_in_the_database(loaded, database):
    """No column holds a float: amounts are integers, prices text, instants integers."""
    loaded.issue(OCTOBER, ISSUED_ON)
    kind = "typeof" if database.dialect.name == "sqlite" else "pg_typeof"
    with database.connect() as raw:
        for table in metadata.sorted_tables:
            for column in table.columns:
                kinds = raw.scalars(text(f"SELECT DISTINCT CAST({kind}({column.name}) AS TEXT) FROM {table.name}"))  # noqa: S608
                assert not {"real", "double precision", "numeric"} & set(kinds), (table.name, column.name)
        instant = text("SELECT started_at FROM billing_time_entries WHERE entry = 'E1'")
        assert raw.scalar(instant) == 1791187200


def test_schema_of_another_version_is_refused(loaded, database):
    """A database that a newer program wrote is not touched."""
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE billing_alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaVersionError, match=r"at version 9999.*use a newer program"):
        loaded.check_schema()


def test_migrations_give_the_tables_of_the_program(loaded, database):
    """Upgrading from nothing leaves no difference to the metadata that the program works with."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "billing_alembic_version"})
        assert compare_metadata(context, metadata) == []


def test_host_autogenerate_leaves_our_tables_alone(loaded, database):
    """With include_object a host's Alembic never proposes to drop the billing tables, and still sees its own."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import MetaData

    from billing_engine import include_object

    with database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE billing_addresses (id INTEGER)")
    with database.connect() as connection:
        without = MigrationContext.configure(connection)
        assert len(compare_metadata(without, MetaData())) > 10
        guarded = MigrationContext.configure(connection, opts={"include_object": include_object})
        (change,) = compare_metadata(guarded, MetaData())
        assert (change[0], change[1].name) == ("remove_table", "billing_addresses")


def test_what_changes_during_a_run_is_what_is_billed(loaded, tmp_path, monkeypatch):
    """An import between two customers of a run counts for those that come after it: no stale plan is issued."""
    monkeypatch.setattr(run_desk, "GROUP", 1)
    changed = folder(
        tmp_path,
        contracts=[CONTRACTS[0], "K3,C3,b2bee,basic,2026-01-01"],
        time_entries=[ENTRIES[0], "E3,C3,T3,2026-10-05T18:00,2026-10-05T18:10,support,unfounded"],
    )

    def import_after_first(plan):
        if plan.customer.customer == "C1":
            assert loaded.import_folder(changed).stored

    loaded.issue(OCTOBER, ISSUED_ON, on_progress=import_after_first)
    now = next(plan for plan in loaded.plan(OCTOBER) if plan.customer.customer == "C3")
    assert now.outcome is RunOutcome.ALREADY_ISSUED
    invoice = loaded.read_invoice("2026-000002")
    assert [use.package_title for use in invoice.draft.uses] == ["Basic"]


def test_amount_that_no_database_holds_fails_its_customer_alone(loaded, tmp_path):
    """A fee of astronomical size is one customer's failure, not the end of the run."""
    huge = "K1,C1,b2bee,premium,2026-01-01,999999,999999999999"
    header = f"{CONTRACTS[0]},quantity,monthly_fee"
    assert loaded.import_folder(folder(tmp_path, contracts=[header, huge])).stored
    ended = {plan.customer.customer: plan for plan in loaded.issue(OCTOBER, ISSUED_ON)}
    assert ended["C1"].outcome is RunOutcome.PARKED
    assert ended["C3"].invoice_number == "2026-000001"
    loaded.release(OCTOBER, "C1", "let us see")
    ended = {plan.customer.customer: plan for plan in loaded.issue(OCTOBER, ISSUED_ON)}
    assert ended["C1"].outcome is RunOutcome.FAILED
    assert loaded.progress(OCTOBER)["C1"].state == "failed"


def test_customer_who_pays_in_another_currency_fails(loaded, tmp_path):
    """A customer whose currency was changed is not billed in the old one."""
    assert loaded.import_folder(folder(tmp_path / "later", customers=[CUSTOMERS[0], "C1,Aurora,RS,USD"])).stored
    plan = next(plan for plan in loaded.plan(OCTOBER) if plan.customer.customer == "C1")
    assert plan.outcome is RunOutcome.FAILED
    assert plan.reason == "the contracts are in EUR, the customer pays in USD"


def test_columns_that_a_file_lacks_keep_what_is_known(loaded, tmp_path):
    """A later export without address and end date does not wipe them; an empty field does."""
    full = "customer,name,country,currency,address"
    loaded.import_folder(folder(tmp_path, customers=[full, "C1,Aurora,RS,EUR,Knez Mihailova 12"]))
    report = loaded.import_folder(folder(tmp_path, customers=["customer,name", "C1,Aurora"]))
    assert report.counts["customers.csv"].unchanged == 1
    report = loaded.import_folder(folder(tmp_path, customers=[full, "C1,Aurora,RS,EUR,"]))
    assert report.counts["customers.csv"].changed == 1


def test_held_looks_only_where_there_is_unbilled_work(loaded, tmp_path, monkeypatch):
    """Listing what is held plans a customer's months with unbilled work, not every month in between."""
    old = "E9,C3,,1970-05-05T10:00+01:00,1970-05-05T11:00+01:00,change_request_analysis,"
    assert loaded.import_folder(folder(tmp_path, time_entries=[ENTRIES[0], old])).stored
    planned = []
    plan = RunDesk.plan
    monkeypatch.setattr(RunDesk, "plan", lambda self, month, *more: planned.append(month) or plan(self, month, *more))
    found = [(str(month), held.id) for month, one in loaded.held() for held in one.held]
    assert found == [("1970-05", "E9"), ("2026-10", "E4")]
    assert len(planned) == 2
