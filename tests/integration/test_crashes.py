"""A process is killed at every statement and commit; whoever does the same again ends up where it would have."""

import time
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import zip_longest

import pytest
from books import SETTINGS
from crashing import CrashPoints
from sla_builders import book, moment
from sqlalchemy import select

from billing_engine import BillingEngine, Month, run_desk
from billing_engine.billing_run import RunOutcome
from billing_engine.documents.rendering import render_credit_note, render_invoice
from billing_engine.errors import CreditNoteError, PaymentError
from billing_engine.model.credit import Grant
from billing_engine.model.sla_terms import Setoff
from billing_engine.storage.tables import metadata

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
IN_NOVEMBER, IN_DECEMBER = date(2026, 11, 2), date(2026, 12, 1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)

START = {
    "customers": """customer,name,country,currency
        A,Aurora,RS,EUR
        B,Balkan,CZ,EUR
        C,Corvina,RS,EUR
        D,Danube,RS,EUR
        E,Elbe,RS,EUR
        F,Fjord,RS,
        """,
    "contracts": """contract,customer,price_list,package,starts_on,ends_on,monthly_fee,fee_interval,fee_timing
        KA,A,b2bee,standard,2026-10-01,,,,
        KB,B,trifft,premium,2026-10-01,,500.00,,
        KC,C,b2bee,standard,2026-10-01,,,quarter,advance
        KD,D,b2bee,basic,2026-10-01,,,,
        KE,E,b2bee,basic,2026-10-01,,,,
        KF,F,b2bee,standard,2026-11-01,,,,
        KG,F,dpo-group,server,2026-11-01,,100.00,,
        """,
    "time_entries": """entry,customer,severity,started_at,ended_at
        A-1,A,T3,2026-10-05T10:00,2026-10-05T12:00
        """,
    "outages": """outage,customer,started_at,ended_at
        O-1,B,2026-10-05T00:00,2026-10-08T00:00
        """,
    "claims": """claim,customer,kind,period,submitted_at
        CL-1,B,uptime,2026-10,2026-11-03T10:00
        """,
}
"""Six customers: with all kinds of lines, with credits, with fees in advance, with nothing, too dear, and in a mess."""

MORE = {
    "contracts": """contract,customer,price_list,package,starts_on,ends_on,fee_interval,fee_timing
        KC,C,b2bee,standard,2026-10-01,2026-11-15,quarter,advance
        """,
    "time_entries": """entry,customer,severity,started_at,ended_at,outcome
        A-0,A,T3,2026-10-06T18:00,2026-10-06T18:10,
        A-2,A,T3,2026-11-02T09:00,2026-11-02T13:00,
        A-3,A,T1,2026-11-03T10:00,2026-11-03T12:30,unfounded
        A-4,A,T3,2026-11-04T10:00,2026-11-04T10:45,
        A-5,A,T3,2026-11-06T18:30,2026-11-06T19:10,
        A-6,A,T3,2026-11-11T12:00,2026-11-11T13:00,
        """,
    "expenses": """expense,customer,spent_on,description,amount
        X-1,A,2026-11-06,Train,49.90
        X-2,E,2026-11-06,A whole train,2000000.00
        """,
}
"""Late work of October, a contract that ends, five kinds of lines, and an invoice that nobody would believe."""


def write(folder, files):
    """Write an input folder."""
    folder.mkdir()
    for name, text in files.items():
        lines = "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())
        (folder / f"{name}.csv").write_text(lines, encoding="utf-8")
    return folder


def billing_of(database):
    """Bill over a database, at noon."""
    return BillingEngine(database, book(), SETTINGS, clock=lambda: NOON, actor="clerk")


def prepare(database, folder):
    """Bill October, then take in what November needs."""
    billing = billing_of(database)
    assert billing.import_folder(write(folder / "start", START)).rejected == []
    billing.issue(OCTOBER, IN_NOVEMBER)
    billing.sla.decide_claims(moment("2026-11-05 00:00"), date(2026, 11, 5))
    assert billing.import_folder(write(folder / "more", MORE)).rejected == []
    numbers = {invoice.draft.customer: invoice for invoice in billing.list_invoices()}
    billing.receivables.add_payment(numbers["C"].number, numbers["C"].amount_due, date(2026, 11, 9))
    for customer, amount, more in (
        ("A", "20.00", {}),
        ("A", "30.00", {"setoff": Setoff.AFTER_TAX}),
        ("D", "5.00", {"expires_on": date(2026, 11, 30)}),
        ("B", "700.00", {"setoff": Setoff.AFTER_TAX}),
    ):
        billing.sla.grant_credit(Grant(customer, Decimal(amount), "Sorry", **more), date(2026, 11, 10))
    payments = f"payment,invoice,paid_on,amount\nP-1,{numbers['B'].number},2026-11-20,600.00\n"
    payments += f"P-2,{numbers['A'].number},2026-11-20,300.00\n"
    entries = "entry,customer,severity,started_at,ended_at\nA-7,A,T3,2026-11-12T10:00,2026-11-12T11:00\n"
    customers = "customer,name,country,currency\nA,Aurora and Sons,RS,EUR\nG,Garonne,RS,EUR\n"
    write(folder / "last", {"payments": payments, "time_entries": entries, "customers": customers})


def run(billing, _folder):
    """Issue November."""
    outcomes = [plan.outcome for plan in billing.issue(NOVEMBER, IN_DECEMBER)]
    assert RunOutcome.TO_ISSUE not in outcomes


def take(billing, folder):
    """Import payments, one of which releases a credit, work, and customers, one of whom is known already."""
    assert billing.import_folder(folder / "last").rejected == []


def credit(billing, _folder):
    """Credit an invoice that is paid, all that is left of it."""
    with suppress(CreditNoteError):  # it was issued before the process was killed
        billing.receivables.issue_credit_note(invoice_of(billing, "C").number, None, "Never worked", IN_DECEMBER)


def pay(billing, _folder):
    """Record a payment of too much, which releases a credit that waited for it."""
    invoice = invoice_of(billing, "B")
    with suppress(PaymentError):  # it was recorded before the process was killed
        billing.receivables.add_payment(invoice.number, invoice.amount_due + 1, date(2026, 11, 20), "P-9")


def invoice_of(billing, customer):
    """Find a customer's invoice of October."""
    return next(one for one in billing.list_invoices(OCTOBER) if one.draft.customer == customer)


PDFS = {}
"""Each document that any database came to, and its PDF: the same words are rendered once."""


def render(how, document):
    """Render a document, unless the same was rendered before."""
    key = repr(document)
    if key not in PDFS:
        PDFS[key] = how(document)
    return PDFS[key]


def read_tables(database):
    """Read all tables, every column of every row."""
    with database.connect() as connection:
        return {
            table.name: [repr(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


def render_all(billing):
    """Render all invoices and credit notes."""
    pdfs = {}
    for note in billing.receivables.credit_notes():
        invoice = billing.read_invoice(note.draft.invoice)
        pdfs[note.number] = render(lambda pair: render_credit_note(*pair), (note, invoice))
    for one in billing.list_invoices():
        pdfs[one.number] = render(render_invoice, billing.read_invoice(one.number))
    return pdfs


@pytest.fixture(scope="module")
def prepared(server, tmp_path_factory, long):
    """Make a database in the middle of a business, and the folder of its input."""
    folder = tmp_path_factory.mktemp("prepared")
    url = server.create(folder)
    points = CrashPoints(url, coarse=not long)  # between a statement and the next nothing happens to the database
    with points.at(url) as database:
        prepare(database, folder)
    yield url, folder, points
    server.drop(url)


@pytest.mark.parametrize(("work", "least"), [(run, 190), (take, 70), (credit, 60), (pay, 70)])
def test_killed_at_every_statement_and_commit(
    server, prepared, tmp_path, monkeypatch, record_property, request, long, work, least
):
    """Whatever point a process was killed at, doing it again leaves every table and PDF as if it had not been."""
    template, folder, points = prepared
    monkeypatch.setattr(run_desk, "GROUP", 2)  # so that six customers are several groups

    def do(database):
        work(billing_of(database), folder)

    def finish(url):
        with points.at(url) as database:
            do(database)
            if work is not run:
                run(billing_of(database), folder)  # which settles what a payment or credit note brought about
            return read_tables(database), render_all(billing_of(database))

    began = time.monotonic()
    with copied(server, tmp_path, template) as url:
        count = points.count(url, do)
        tables, pdfs = finish(url)
    finished, differing, untouched = [], {}, None
    for point in range(1, count + 1):
        url = untouched or server.create(tmp_path, like=template)
        points.kill(point, url, do)
        with points.at(url) as database:
            left = read_tables(database)
        if left in finished and not long:  # from the very same rows it was finished before
            untouched = url if left == finished[0] else None
        else:
            finished.append(left)
            found, rendered = finish(url)
            untouched = None
            if (found, rendered) != (tables, pdfs):
                differing[point] = difference(tables, found)
        if untouched is None:
            server.drop(url)
    record_property("crash_points", count)
    states, seconds = len(finished), time.monotonic() - began
    report = f"{request.node.callspec.id}: killed at {count} points, finished from {states} states, {seconds:.0f} s"
    print(report)  # noqa: T201 - `pytest -rP` shows it
    assert differing == {}
    assert count >= least


def difference(expected, found):
    """Show the rows that differ, by table."""
    pairs = {name: list(zip_longest(rows, found[name])) for name, rows in expected.items() if rows != found[name]}
    return {name: [pair for pair in rows if pair[0] != pair[1]] for name, rows in pairs.items()}


@contextmanager
def copied(server, folder, template):
    """Make a database like another, for a while."""
    url = server.create(folder, like=template)
    yield url
    server.drop(url)
