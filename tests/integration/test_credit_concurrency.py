"""Two real processes at one credit: nothing is spent, decided or granted twice, round after round."""

import json
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from books import BEGUN
from sla_builders import moment

from billing_engine import Month
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.model.credit import Grant

COMMAND = str(Path(sys.executable).parent / "billing-engine")

WORKER = """
import json, sys, time
from datetime import date
from decimal import Decimal
from pathlib import Path
from billing_engine import BillingEngine, Month, open_database, read_price_lists, read_settings
from billing_engine.errors import BillingError
from billing_engine.resources import resource_folder
from billing_engine.model.credit import Grant

book, settings = read_price_lists([resource_folder("price_lists")]), read_settings(Path(sys.argv[1]))

def issue(month, day=None):
    month = Month.parse(month)
    day = month.first_day if day is None else date.fromisoformat(day)
    return [plan.outcome for plan in billing.issue(month, day)]

def refund(credit, amount):
    return str(billing.sla.refund_credit(credit, Decimal(amount), "Paid out", date(2026, 9, 1)).remaining)

def decide(as_of):
    return [standing.status for standing in billing.sla.decide_claims(as_of, date(2027, 1, 1))]

def take(folder):
    return billing.import_folder(Path(folder)).stored

def terminate(customer, as_of):
    refund = billing.sla.termination(customer, date(2026, 10, 10), as_of)
    return billing.sla.grant_credit(Grant.of_refund(refund), date(2026, 10, 10)).credit

print("ready", flush=True)
for line in sys.stdin:
    url, at, name, arguments = json.loads(line)
    database = open_database(url)
    billing = BillingEngine(database, book, settings)
    time.sleep(max(0, at - time.time()))
    try:
        result = globals()[name](*arguments)
    except BillingError as error:
        result = f"{type(error).__name__}: {error}"
    database.dispose()
    print(json.dumps(result), flush=True)
"""
"""Does one thing per line of its input, at the moment that the line names."""


class Racers:
    """Two processes that do something at the same moment."""

    def __init__(self, folder):
        settings = folder / "billing.toml"
        settings.write_text(SAMPLE, encoding="utf-8")
        self.books = None
        call = [sys.executable, "-c", WORKER, str(settings)]
        self._processes = [
            subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        for process in self._processes:
            assert process.stdout.readline() == "ready\n"

    def at_once(self, *jobs):
        """Start both jobs, each a name and its arguments, at one moment; returns what came of them."""
        start = time.time() + 0.01
        for process, (name, *arguments) in zip(self._processes, jobs, strict=True):
            process.stdin.write(json.dumps([self.books.url, start, name, arguments]) + "\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self._processes]

    def stop(self):
        """End both."""
        for process in self._processes:
            process.communicate()
            assert process.returncode == 0


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """Start two processes; starting takes longer than what they do."""
    started = Racers(tmp_path_factory.mktemp("racers"))
    yield started
    started.stop()


@pytest.fixture
def racers(processes, books):
    """Let the two processes work on the books."""
    processes.books = books
    return processes


def months(start, count):
    """Count months on."""
    found = [Month.parse(start)]
    while len(found) < count:
        found.append(found[-1].next())
    return [str(month) for month in found]


ROUNDS = 30
LATER = "2035-01-01"
"""A day on which invoices of any month may be issued, in whatever order: days follow each other within a series."""
CUSTOMER, CONTRACT = "C1,Aurora,CZ,EUR", "K1,C1,trifft,premium,2026-01-01,,70.00,"


def test_two_runs_at_once_spend_a_credit_once(books, racers):
    """Of 100.00, invoices of two months at 70.00 take 70.00 and 30.00, whoever is first."""
    books.take(customers=[CUSTOMER], contracts=[CONTRACT])
    periods = months("2026-10", 2 * ROUNDS)
    for one, two in zip(periods[::2], periods[1::2], strict=True):
        credit = books.grant("100.00")
        assert racers.at_once(("issue", one, LATER), ("issue", two, LATER)) == [["issued"], ["issued"]]
        nets = sorted(i.draft.net for month in (one, two) for i in books.billing.list_invoices(Month.parse(month)))
        assert nets == [0, 40]
        assert books.left()[credit] == "0.00"
        books.check()
    numbers = [invoice.number for invoice in books.billing.list_invoices()]
    assert len(set(numbers)) == 2 * ROUNDS


def test_two_refunds_at_once_pay_out_what_there_is(books, racers):
    """Of two refunds of 70.00 from 100.00 one is paid, and the other is told that less is left."""
    books.take(customers=[CUSTOMER], contracts=[CONTRACT])
    for _ in range(ROUNDS):
        credit = books.grant("100.00")
        results = sorted(racers.at_once(("refund", credit, "70.00"), ("refund", credit, "70.00")))
        too_much = f"CreditSpentError: 30.00 EUR of credit {credit} are left; 70.00 can not be paid out"
        assert results == ["30.00", too_much]
        assert books.left()[credit] == "30.00"
        books.check()


def test_refund_against_run(books, racers):
    """A refund of all and a run at once: the credit goes to one of them, whole, or what the run left is not enough."""
    books.take(customers=[CUSTOMER], contracts=[CONTRACT])
    seen = set()
    for month in months("2026-10", ROUNDS):
        credit = books.grant("60.00")
        ended, paid = racers.at_once(("issue", month), ("refund", credit, "60.00"))
        (invoice,) = books.billing.list_invoices(Month.parse(month))
        assert ended == ["issued"]
        assert (invoice.draft.net, paid[:6]) in ((70, "0.00"), (10, "Credit"))
        seen.add(paid[:6])
        assert books.left()[credit] == "0.00"
        books.check()
    assert seen


def test_two_who_decide_at_once_grant_one_credit(books, racers):
    """Two processes that decide all claims: each claim is decided once, each month and ticket credited once."""
    zone = "+00:00"
    for number in range(ROUNDS):
        customer, contract = f"D{number}", f"L{number}"
        ticket = f"T{number},{customer},critical,helpdesk,2026-10-05T10:00{zone},2026-10-05T12:00{zone},,"
        claims = [f"{n}-{customer},{customer},ticket,,T{number},2026-10-05,2026-10-0{n}T12:00{zone}" for n in (6, 7)]
        books.take(
            customers=[f"{customer},Dunav,UA,USD"],
            contracts=[f"{contract},{customer},dpo-group,server,2026-01-01,,100.00,"],
            tickets=[ticket],
            claims=claims,
        )
        job = ("decide", moment("2027-01-01 00:00"))
        results = racers.at_once(job, job)
        assert sorted(status for result in results for status in result) == ["accepted", "rejected"]
        assert [str(c.amount) for c in books.billing.sla.credits(customer)] == ["25.00"]
    books.check()


def test_payment_that_releases_a_credit_during_a_run(books, racers):
    """A payment and a run at once grant the waiting credit once, and it is set off now or next, but once."""
    rows = []
    for month, after in zip(months("2026-10", ROUNDS)[::3], months("2026-10", ROUNDS)[1::3], strict=True):
        start = Month.parse(month).first_day
        outage = f"O{month},C1,{start}T00:00,{start.replace(day=4)}T00:00,,"
        rows.append((month, after, outage, f"CL-{month},C1,uptime,{month},,,{after}-03T10:00"))
    books.take(customers=[CUSTOMER], contracts=[CONTRACT], outages=[r[2] for r in rows], claims=[r[3] for r in rows])
    for month, after, *_ in rows:
        (invoice,) = [books.issue(month)]
        assert books.decide("2040-01-01 00:00", claim=f"CL-{month}") == {f"CL-{month}": "pending"}
        folder = books.folder / month
        folder.mkdir()
        paid = f"payment,invoice,paid_on,amount\nP{month},{invoice.number},{after}-05,84.00\n"
        (folder / "payments.csv").write_text(paid, encoding="utf-8")
        following = str(Month.parse(after).next())
        assert racers.at_once(("take", str(folder)), ("issue", following)) == [True, ["issued"]]
        assert books.claims()[f"CL-{month}"] == "accepted"
        books.check()
    assert len(books.left()) == len(rows)


def test_the_same_payments_twice_at_once(books, racers):
    """Two imports of one file store each payment once and release one credit."""
    books.take(customers=[CUSTOMER], contracts=[CONTRACT], outages=["O1,C1,2026-10-05T00:00,2026-10-08T00:00,,"])
    books.take(claims=["CL-1,C1,uptime,2026-10,,,2026-11-03T10:00"])
    invoice = books.issue("2026-10")
    books.decide("2026-11-05 00:00")
    folder = books.folder / "payments"
    folder.mkdir()
    rows = "".join(f"P{n},{invoice.number},2026-11-06,1.68\n" for n in range(50))
    (folder / "payments.csv").write_text(f"payment,invoice,paid_on,amount\n{rows}", encoding="utf-8")
    assert racers.at_once(("take", str(folder)), ("take", str(folder))) == [True, True]
    assert books.billing.read_invoice(invoice.number).paid == 84
    assert books.left() == {"CR-2026-00001": "42.00"}


def test_two_who_book_one_termination(books, racers):
    """Fees are paid back once, also when two clerks book at the same moment."""
    count = 10
    bad = (7, 8, 9)
    books.take(
        customers=[f"C{n},Aurora,CZ,EUR" for n in range(count)],
        contracts=[f"K{n},C{n},trifft,premium,2026-01-01,,310.00," for n in range(count)],
        outages=[f"O{m},,2026-0{m}-05T00:00,2026-0{m}-08T00:00,," for m in bad],
        claims=[f"{n}-{m},C{n},uptime,2026-0{m},,,2026-{m + 1:02d}-03T10:00" for m in bad for n in range(count)],
    )
    books.billing.issue(Month(2026, 10), date(2026, 10, 1))
    for invoice in books.billing.list_invoices():
        books.pay(invoice, "2026-10-02")
    for n in range(count):
        job = ("terminate", f"C{n}", moment("2026-10-10 12:00"))
        results = racers.at_once(job, job)
        assert sum(result.startswith("CR-") for result in results) == 1
        assert [str(credit.amount) for credit in books.billing.sla.credits(f"C{n}")] == ["210.00"]


def test_commands_at_once(books):
    """The commands themselves: two runs and a refund, each its own process, account for every cent."""
    (books.folder / "billing.toml").write_text(SAMPLE, encoding="utf-8")
    books.take(customers=[CUSTOMER], contracts=[CONTRACT])
    for one, two in (("2026-10", "2026-11"), ("2026-12", "2027-01")):
        credit = books.billing.sla.grant_credit(Grant("C1", Decimal(150), "Sorry"), date(2026, 9, 1)).credit
        calls = [
            ["run", "--month", one, "--issue", "--issued-on", f"{two}-01"],
            ["run", "--month", two, "--issue", "--issued-on", f"{two}-01"],
            ["credit", "refund", credit, "--amount", "20.00", "--reason", "Paid", "--on", "2026-09-02"],
        ]
        started = [
            subprocess.Popen(
                [COMMAND, *call],
                cwd=books.folder,
                env=books.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for call in calls
        ]
        errors = [process.communicate()[1].decode() for process in started]
        assert [process.returncode for process in started[:2]] == [0, 0], errors
        nets = sum(i.draft.net for month in (one, two) for i in books.billing.list_invoices(Month.parse(month)))
        refunded = started[2].returncode == 0
        assert refunded or f"10.00 EUR of credit {credit} are left; 20.00 can not be paid out" in errors[2]
        assert (nets, books.left()[credit]) in ([(10, "0.00")] if refunded else [(0, "10.00")])
        books.check()
        if not refunded:
            books.refund(credit)


DIES = """
import os, signal, sys
from billing_engine.storage import credit_ledger

post = credit_ledger._post

def post_and_die(*arguments, **more):
    post(*arguments, **more)
    os.kill(os.getpid(), signal.SIGKILL)

credit_ledger._post = post_and_die
from billing_engine.cli.app import main
sys.argv = ["billing-engine", *sys.argv[1:]]
main()
"""

KILLED = [
    pytest.param(
        ["claim", "decide", "--auto", "--as-of", "2026-11-05", "--on", "2026-11-05"], id="between decision and grant"
    ),
    pytest.param(["run", "--month", "2026-12", "--issue", "--issued-on", "2026-12-01"], id="between setoff and number"),
    pytest.param(["credit", "refund", "CR-2026-00001", "--reason", "Paid", "--on", "2026-12-01"], id="within a refund"),
]


@pytest.mark.parametrize("call", KILLED)
def test_killed_after_a_posting_leaves_no_trace(books, call):
    """A process killed right after it wrote to the ledger has written nothing; the same command then does it whole."""
    (books.folder / "billing.toml").write_text(SAMPLE, encoding="utf-8")
    books.take(customers=[CUSTOMER], contracts=[CONTRACT], outages=["O1,C1,2026-10-05T00:00,2026-10-08T00:00,,"])
    books.take(claims=["CL-1,C1,uptime,2026-10,,,2026-11-03T10:00"])
    books.pay(books.issue("2026-10"), "2026-10-09")
    books.grant("10.00", "2026-10-10")
    before = books.dump()
    how = {"cwd": books.folder, "env": books.environment, "capture_output": True}
    killed = subprocess.run([sys.executable, "-c", DIES, *call], check=False, **how)
    assert killed.returncode == -9, killed.stderr
    after = books.dump()
    assert [name for name in before if before[name] != after[name] and name not in BEGUN] == []
    again = subprocess.run([COMMAND, *call], check=False, **how)
    assert again.returncode == 0, again.stderr
    assert books.dump() != before
