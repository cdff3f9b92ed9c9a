"""Several processes at one month: no customer is billed twice, no number is missing, nothing gets lost between them."""

import time
from collections import Counter
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from books import SETTINGS
from databases import ON_POSTGRESQL
from racing import at_once
from sla_builders import book, moment
from sqlalchemy import event, select, text, update

from billing_engine import BillingEngine, Month, open_database, run_desk
from billing_engine.billing_run import RunOutcome
from billing_engine.errors import BillingError, DatabaseBusyError
from billing_engine.model.credit import Grant
from billing_engine.storage.runs import RunState
from billing_engine.storage.tables import customers, invoice_entries, invoice_expenses

OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)
IN_NOVEMBER, IN_DECEMBER, IN_JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
BOOK = book()
MANY, SOME = 200, 24


def write(folder, **files):
    """Write an input folder; the first line of each file is its header."""
    folder.mkdir()
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@contextmanager
def opened(url):
    """Bill over a database for a while."""
    database = open_database(url)
    yield BillingEngine(database, BOOK, SETTINGS)
    database.dispose()


def working(url, work):
    """Make a function that works on a database, as a process of its own will."""

    def do():
        with opened(url) as billing:
            work(billing)

    return do


def issuing(month, day):
    """Make a function that issues a month and leaves nobody out."""

    def issue(billing):
        outcomes = {plan.outcome for plan in billing.issue(month, day)}
        assert outcomes <= {RunOutcome.ISSUED, RunOutcome.ALREADY_ISSUED}, outcomes

    return issue


@contextmanager
def copied(server, folder, template):
    """Make a database like another, for a while."""
    folder.mkdir(exist_ok=True)
    url = server.create(folder, like=template)
    yield url
    server.drop(url)


def check(billing):
    """Hold the database against every rule that the doctor knows: numbers, claims, cents, credits, trail."""
    checks = billing.doctor().checks
    assert [check for check in checks if not check.passed] == []


@pytest.fixture(scope="module")
def template(server, tmp_path_factory):
    """Make a database with 200 customers and a month of work."""
    folder = tmp_path_factory.mktemp("many")
    url = server.create(folder)
    ids = [f"C{n:03d}" for n in range(MANY)]
    hours = ("02T09:00,2026-11-02T13:00", "06T18:30,2026-11-06T19:10", "11T12:00,2026-11-11T13:00")
    data = write(
        folder / "data",
        customers=["customer,name,country,currency", *(f"{c},Customer {c},RS,EUR" for c in ids)],
        contracts=[
            "contract,customer,price_list,package,starts_on",
            *(f"K-{c},{c},b2bee,standard,2026-11-01" for c in ids),
        ],
        time_entries=[
            "entry,customer,severity,started_at,ended_at",
            *(f"{c}-{n},{c},T3,2026-11-{hour}" for c in ids for n, hour in enumerate(hours)),
        ],
    )
    with opened(url) as billing:
        assert billing.import_folder(data).rejected == []
    yield url
    server.drop(url)


def test_runs_at_once_issue_every_customer_once(server, template, tmp_path, long, request):
    """Four processes on PostgreSQL, or two on SQLite, at 200 customers: one invoice each, 1 to 200 without a gap."""
    rounds, processes = 20 if long else 3, 4 if server.slowness > 1 else 2
    with opened(template) as billing:
        planned = {plan.customer.customer: plan.draft.gross for plan in billing.plan(NOVEMBER, on=IN_DECEMBER)}
    began = time.monotonic()
    for _ in range(rounds):
        with copied(server, tmp_path, template) as url:
            at_once(*[working(url, issuing(NOVEMBER, IN_DECEMBER))] * processes)
            with opened(url) as billing:
                issued = billing.list_invoices()
                assert [invoice.number for invoice in issued] == [f"2026-{n:06d}" for n in range(1, MANY + 1)]
                assert {invoice.draft.customer: invoice.draft.gross for invoice in issued} == planned
                states = Counter(progress.state for progress in billing.progress(NOVEMBER).values())
                assert states == {RunState.ISSUED: MANY}
                events = Counter(event.action for event in billing.audit_trail())
                assert events == {"import.stored": 1, "run.begun": 1, "invoice.issued": MANY}
                check(billing)
    seconds = time.monotonic() - began
    print(f"{request.node.callspec.id}: {rounds} rounds of {processes} processes, {seconds:.0f} s")  # noqa: T201


@pytest.fixture(scope="module")
def business(server, tmp_path_factory):
    """Make a database with 24 customers whose October is invoiced; all claim for it, and all have a goodwill credit."""
    folder = tmp_path_factory.mktemp("some")
    url = server.create(folder)
    ids = [f"C{n:02d}" for n in range(SOME)]
    data = write(
        folder / "data",
        customers=["customer,name,country,currency", *(f"{c},Customer {c},RS,EUR" for c in ids)],
        contracts=[
            "contract,customer,price_list,package,starts_on,monthly_fee",
            *(f"K-{c},{c},b2bee,standard,2026-10-01," for c in ids),
            *(f"L-{c},{c},trifft,premium,2026-10-01,300.00" for c in ids),
        ],
        outages=["outage,customer,started_at,ended_at", "O,,2026-10-05T00:00+02:00,2026-10-08T00:00+02:00"],
        claims=["claim,customer,kind,period,submitted_at", *(f"CL-{c},{c},uptime,2026-10,{CLAIMED}" for c in ids)],
    )
    with opened(url) as billing:
        assert billing.import_folder(data).rejected == []
        issuing(OCTOBER, IN_NOVEMBER)(billing)
        for customer in ids:
            billing.sla.grant_credit(Grant(customer, Decimal(50), "Sorry"), date(2026, 11, 2))
    yield url
    server.drop(url)


CLAIMED = "2026-11-03T10:00+01:00"


def test_runs_against_imports_of_late_work(server, business, tmp_path, long):
    """Work of the month and of the one before that comes in while two runs issue is billed then, or in the next run."""
    for n in range(10 if long else 2):
        folders = [
            write(
                tmp_path / f"late-{n}-{part}",
                time_entries=[
                    "entry,customer,contract,severity,started_at,ended_at",
                    *(
                        f"E{part}-{c}-{m},C{c:02d},K-C{c:02d},T3,2026-{m}-05T10:00,2026-{m}-05T10:{part + 10}"
                        for c in range(SOME)
                        for m in (10, 11)
                    ),
                ],
                expenses=[
                    "expense,customer,spent_on,description,amount",
                    *(f"X{part}-{c},C{c:02d},2026-11-0{part + 1},Train,{part + 1}.00" for c in range(SOME)),
                ],
            )
            for part in range(6)
        ]

        def take(billing, folders=folders):
            for folder in folders:
                assert billing.import_folder(folder).rejected == []

        with copied(server, tmp_path, business) as url:
            run = working(url, issuing(NOVEMBER, IN_DECEMBER))
            at_once(run, run, working(url, take))
            with opened(url) as billing:
                check(billing)
                issuing(DECEMBER, IN_JANUARY)(billing)
                check(billing)
                assert billing.held() == []
            database = open_database(url)
            with database.connect() as connection:
                entries = connection.scalars(select(invoice_entries.c.entry)).all()
                expenses = connection.scalars(select(invoice_expenses.c.expense)).all()
            database.dispose()
            assert len(entries) == len(set(entries)) == 6 * SOME * 2
            assert len(expenses) == len(set(expenses)) == 6 * SOME


def test_runs_against_decisions_payments_and_credit_notes(server, business, tmp_path, long):
    """Two runs while claims are decided and October's invoices are paid and credited: every cent is in its place."""
    for _ in range(10 if long else 2):
        with copied(server, tmp_path, business) as url:
            with opened(url) as billing:
                october = billing.list_invoices()
            paid, credited = october[: SOME // 2], october[SOME // 3 :]

            def decide(billing):
                billing.sla.decide_claims(moment("2026-11-05 00:00"), date(2026, 11, 5))

            def pay(billing, paid=paid):
                for invoice in paid:
                    billing.receivables.add_payment(invoice.number, invoice.amount_due, date(2026, 11, 6))

            def credit(billing, credited=credited):
                for invoice in credited:
                    billing.receivables.issue_credit_note(invoice.number, {1: Decimal(10)}, "Sorry", IN_DECEMBER)

            run = working(url, issuing(NOVEMBER, IN_DECEMBER))
            at_once(run, run, working(url, decide), working(url, pay), working(url, credit))
            with opened(url) as billing:
                check(billing)
                assert len(billing.list_invoices(NOVEMBER)) == SOME
                assert len(billing.receivables.payments()) == len(paid)
                notes = [note.number for note in billing.receivables.credit_notes()]
                assert notes == [f"CN-2026-{n:06d}" for n in range(1, len(credited) + 1)]
                issuing(DECEMBER, IN_JANUARY)(billing)
                check(billing)
                statuses = {standing.claim.customer: standing.status for standing in billing.sla.claims()}
                settled = {invoice.draft.customer for invoice in paid}
                assert {c for c, status in statuses.items() if status == "accepted"} == settled
                assert set(statuses.values()) == {"accepted", "pending"}


# --- a database that is busy -----------------------------------------------------------------------------------------


@pytest.fixture
def impatient(server, business, tmp_path, monkeypatch):
    """Open a database of 24 customers to wait for a lock only for a moment, and issue them one by one."""
    monkeypatch.setattr(run_desk, "GROUP", 1)
    with copied(server, tmp_path, business) as url:
        database = open_database(url)
        setting = "PRAGMA busy_timeout = 5" if database.dialect.name == "sqlite" else "SET lock_timeout = '20ms'"

        @event.listens_for(database, "connect")
        def hurry(connection, _record):
            connection.execute(setting)
            connection.commit()

        yield database
        database.dispose()


def test_customer_whose_lock_is_held_fails_and_others_go_on(server, impatient):
    """A lock that is held too long is tried for some times, then told of; the other customers get their invoices."""
    billing = BillingEngine(impatient, BOOK, SETTINGS)
    holder = impatient.connect()
    number = 3

    def hold(plan):
        """Lock customer C03 on PostgreSQL, and all of the database on SQLite, for as long as that customer takes."""
        if plan.customer.customer == f"C{number - 1:02d}":
            wanted = update(customers).where(customers.c.customer == f"C{number:02d}")
            holder.execute(wanted.values(version=customers.c.version))
        if plan.customer.customer == f"C{number:02d}":
            holder.rollback()

    plans = billing.issue(NOVEMBER, IN_DECEMBER, on_progress=hold)
    holder.close()
    failed = [plan for plan in plans if plan.outcome is not RunOutcome.ISSUED]
    assert [(plan.customer.customer, plan.outcome) for plan in failed] == [("C03", RunOutcome.FAILED)]
    assert failed[0].reason == str(DatabaseBusyError())
    check(billing)
    again = billing.issue(NOVEMBER, IN_DECEMBER)
    assert [plan.customer.customer for plan in again if plan.outcome is RunOutcome.ISSUED] == ["C03"]
    check(billing)


def test_database_that_stays_locked(server, impatient):
    """A run that can not even begin says in words that the database was busy, and has written nothing."""
    billing = BillingEngine(impatient, BOOK, SETTINGS)
    with impatient.connect() as holder:
        everything = "SELECT 1" if impatient.dialect.name == "sqlite" else "LOCK TABLE billing_runs IN EXCLUSIVE MODE"
        holder.execute(text(everything))  # on SQLite the lock comes with the transaction
        with pytest.raises(DatabaseBusyError, match="try again"):
            billing.issue(NOVEMBER, IN_DECEMBER)
    assert billing.progress(NOVEMBER) == {}
    issuing(NOVEMBER, IN_DECEMBER)(billing)


@ON_POSTGRESQL
def test_host_whose_transactions_are_serializable(server, business, tmp_path):
    """Where the host's engine is SERIALIZABLE, runs that get in each other's way try again, and lose nothing."""

    def run():
        database = open_database(url).execution_options(isolation_level="SERIALIZABLE")
        billing = BillingEngine(database, BOOK, SETTINGS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run_desk, "GROUP", 4)
            try:
                plans = billing.issue(NOVEMBER, IN_DECEMBER)
            except BillingError as error:
                assert isinstance(error, DatabaseBusyError)  # noqa: PT017 - it may end well, or like this
            else:
                busy = {plan.reason for plan in plans if plan.outcome is RunOutcome.FAILED}
                assert busy <= {str(DatabaseBusyError())}
        database.dispose()

    with copied(server, tmp_path, business) as url:
        at_once(run, run, run)
        with opened(url) as billing:
            check(billing)
            issuing(NOVEMBER, IN_DECEMBER)(billing)
            assert len(billing.list_invoices(NOVEMBER)) == SOME
            check(billing)
