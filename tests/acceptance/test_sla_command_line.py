"""Claims, credits and service levels as a user types them: a process, its output, its exit code."""

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from billing_engine.cli.app import main

COMMAND = str(Path(sys.executable).parent / "billing-engine")

FILES = {
    "customers": ["customer,name,country,currency", "C1,Aurora,CZ,EUR", "C2,Balkan,UA,USD"],
    "contracts": [
        "contract,customer,price_list,package,starts_on,monthly_fee",
        "K1,C1,trifft,premium,2026-01-01,1000.00",
        "K2,C2,dpo-group,server,2026-01-01,100.00",
    ],
    "tickets": [
        "ticket,customer,severity,channel,opened_at,first_response_at,resolved_at",
        "T1,C2,critical,helpdesk,2026-10-05T10:00,2026-10-05T12:00,2026-10-05T12:30",
        "T2,C2,critical,email,2026-10-06T10:00,2026-10-06T10:10,2026-10-06T12:30",
    ],
    "outages": ["outage,customer,started_at,ended_at", "O1,C1,2026-10-05T00:00,2026-10-08T00:00"],
    "claims": [
        "claim,customer,kind,period,ticket,breach_on,submitted_at",
        "CL-1,C1,uptime,2026-10,,,2026-11-03T10:00",
        "CL-2,C2,ticket,,T1,2026-10-05,2026-10-20T12:00",
        "CL-3,C2,ticket,,T2,2026-10-06,2026-10-20T12:00",
    ],
}
AUTO = ("claim", "decide", "--auto", "--as-of", "2026-11-05", "--on", "2026-11-05")


def write(folder, **files):
    """Write CSV files, given as rows."""
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def runner_in(folder):
    """Make a way to run the command in a folder with an emptied environment; nothing it says may be a traceback."""

    def runner(*arguments):
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        result = subprocess.run(
            [COMMAND, *map(str, arguments)], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in result.stderr + result.stdout, result.stderr
        return result

    return runner


@pytest.fixture
def run(tmp_path):
    """Run the command in an empty folder."""
    return runner_in(tmp_path)


@pytest.fixture
def answer(say):
    """Run a command that succeeds and answers in JSON."""

    def runner(*arguments):
        result = say(*arguments, "--format", "json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return runner


@pytest.fixture(scope="module")
def october(tmp_path_factory):
    """Import the folder, issue October and pay the first customer's invoice; decided in a second database."""
    folder = tmp_path_factory.mktemp("october")
    run = runner_in(folder)
    data = write(folder / "data", **FILES)
    paid = write(folder / "paid", payments=["payment,invoice,paid_on,amount", "P1,2026-000001,2026-10-09,1200.00"])
    for call in (
        ("init",),
        ("run", "--data", data, "--month", "2026-10", "--issue", "--issued-on", "2026-10-06"),
        ("import", paid),
    ):
        result = run(*call)
        assert result.returncode == 0, result.stderr
    shutil.copy(folder / "billing.db", folder / "decided.db")
    assert run("--database", "sqlite:///decided.db", *AUTO).returncode == 0
    return folder


@pytest.fixture
def loaded(run, october, tmp_path):
    """Begin with October issued and paid, and three claims open."""
    shutil.copy(october / "billing.toml", tmp_path)
    shutil.copy(october / "billing.db", tmp_path)
    return run


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run the command in this process, in the test's folder: for tables of many calls, where a process each is slow."""
    monkeypatch.chdir(tmp_path)

    def runner(*arguments):
        monkeypatch.setattr(sys, "argv", ["billing-engine", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, ended.value.code, said.out, said.err)

    return runner


@pytest.fixture
def decided(loaded, october, tmp_path):
    """Begin with the claims decided, too."""
    shutil.copy(october / "decided.db", tmp_path / "billing.db")
    return loaded


HELP = [
    (("sla",), "--as-of"),
    (("sla", "report"), "--pdf"),
    (("sla", "termination"), "--book"),
    (("claim",), "decide"),
    (("claim", "list"), "--open"),
    (("claim", "decide"), "--note"),
    (("credit",), "refund"),
    (("credit", "list"), "--customer"),
    (("credit", "ledger"), "--customer"),
    (("credit", "grant"), "--setoff"),
    (("credit", "refund"), "--amount"),
]


@pytest.mark.parametrize(("command", "word"), HELP, ids=[" ".join(command) for command, _ in HELP])
def test_help_of_each_command(run, command, word):
    """Every command says what it does and what it takes."""
    result = run(*command, "--help")
    assert result.returncode == 0
    assert word in result.stdout


GRANT = ("credit", "grant", "--customer", "C1", "--amount", "5.00", "--reason", "Sorry")
WRONG = {
    "sla without a folder": ("sla",),
    "sla without a month": ("sla", "--data", "data"),
    "sla of no folder": ("sla", "--data", "nowhere", "--month", "2026-10"),
    "sla of no month": ("sla", "--data", "data", "--month", "2026-13"),
    "sla at no time": ("sla", "--data", "data", "--month", "2026-10", "--as-of", "yesterday"),
    "report without a month": ("sla", "report"),
    "termination of nobody named": ("sla", "termination"),
    "termination on no day": ("sla", "termination", "--customer", "C1", "--on", "soon"),
    "claim alone": ("claim",),
    "decide without a way": ("claim", "decide"),
    "decide both ways": ("claim", "decide", "CL-1", "--accept", "--reject", "--note", "x"),
    "decide by hand and by rule": ("claim", "decide", "CL-1", "--auto", "--accept"),
    "by rule with a note": ("claim", "decide", "--auto", "--note", "x"),
    "by hand without a note": ("claim", "decide", "CL-1", "--accept"),
    "by hand with an empty note": ("claim", "decide", "CL-1", "--accept", "--note", " "),
    "by hand without a claim": ("claim", "decide", "--reject", "--note", "x"),
    "reject with an amount": ("claim", "decide", "CL-1", "--reject", "--note", "x", "--amount", "1"),
    "amount below zero": ("claim", "decide", "CL-1", "--accept", "--note", "x", "--amount", "-1"),
    "decide at no time": ("claim", "decide", "--auto", "--as-of", "2026-13-01"),
    "list of no month": ("claim", "list", "--month", "October"),
    "credit alone": ("credit",),
    "grant without a reason": GRANT[:6],
    "grant of no amount": (*GRANT[:5], "five", *GRANT[6:]),
    "grant of endless cents": (*GRANT[:5], "1e3", *GRANT[6:]),
    "grant set off somewhere": (*GRANT, "--setoff", "sideways"),
    "grant until no day": (*GRANT, "--expires-on", "2026-02-30"),
    "refund without a reason": ("credit", "refund", "CR-2026-00001"),
    "refund of nothing": ("credit", "refund", "--reason", "x"),
    "no such command": ("credit", "steal"),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_exits_2(say, tmp_path, arguments):
    """A wrong call says what is wrong, exits with 2, and makes no database."""
    write(tmp_path / "data", **FILES)
    result = say(*arguments)
    assert result.returncode == 2, (result.returncode, result.stderr)
    assert result.stderr or result.stdout
    assert not (tmp_path / "billing.db").exists()


NOT_YET = "claim CL-1 is about days that are not over yet, or comes later than --as-of\n"
NOT_THERE = {
    "report of nobody": (("sla", "report", "--month", "2026-10", "--customer", "C9"), "no customer 'C9'"),
    "claims of nobody": (("claim", "list", "--customer", "C9"), "no customer 'C9'"),
    "no such claim": (
        ("claim", "decide", "CL-9", "--auto"),
        "there is no claim 'CL-9'; `billing-engine claim list` shows all\n",
    ),
    "no such claim by hand": (
        ("claim", "decide", "CL-9", "--reject", "--note", "x"),
        "there is no claim 'CL-9'; `billing-engine claim list` shows all\n",
    ),
    "month not over": (("claim", "decide", "CL-1", "--auto", "--as-of", "2026-10-20"), NOT_YET),
    "month not over by hand": (
        ("claim", "decide", "CL-1", "--accept", "--note", "x", "--as-of", "2026-10-20"),
        NOT_YET,
    ),
    "grant to nobody": (("credit", "grant", "--customer", "C9", *GRANT[4:]), "no customer 'C9'"),
    "grant of a part of a cent": ((*GRANT[:5], "0.001", *GRANT[6:]), "0.001 is finer than the cents of EUR\n"),
    "grant of too much": (
        (*GRANT[:5], "1000000000.01", *GRANT[6:]),
        "1000000000.01 EUR is no amount above 0 and up to 1,000,000,000\n",
    ),
    "grant in another currency": ((*GRANT, "--currency", "USD"), "the customer pays in EUR; found USD\n"),
    "grant that is over": ((*GRANT, "--on", "2026-10-02", "--expires-on", "2026-10-01"), "can not expire"),
    "no such credit": (("credit", "refund", "CR-2026-00009", "--reason", "x"), "no credit 'CR-2026-00009'"),
    "nothing to pay back": (("sla", "termination", "--customer", "C1", "--book"), "no right"),
}


def test_what_can_not_be_done_exits_1_in_one_sentence(loaded, say):
    """What is not there, or not allowed, is one message on standard error, and changes nothing."""
    before = [loaded(*call).stdout for call in (("credit", "ledger"), ("claim", "list"))]
    for name, (arguments, message) in NOT_THERE.items():
        result = say(*arguments)
        assert (result.returncode, result.stdout) == (1, ""), name
        assert result.stderr.startswith("billing-engine: "), name
        assert message in result.stderr, name
    assert [loaded(*call).stdout for call in (("credit", "ledger"), ("claim", "list"))] == before


FAR = [
    ("sla", "termination", "--customer", "C1", "--on", "2199-12-31", "--as-of", "2199-12-31"),
    ("sla", "termination", "--customer", "C1", "--on", "1970-01-01", "--as-of", "1970-01-01"),
    ("sla", "report", "--month", "1900-01", "--as-of", "2199-12-31T23:59:59"),
    ("claim", "decide", "--auto", "--as-of", "1970-01-01", "--on", "1970-01-01"),
    ("claim", "decide", "--auto", "--as-of", "2199-12-31T23:59:59-11:00", "--on", "2199-12-31"),
    (*GRANT, "--on", "2199-12-31", "--expires-on", "2199-12-31"),
    ("run", "--month", "9998-12", "--issue", "--issued-on", "2199-12-31"),
]
DECIDE = ("claim", "decide", "--auto")
DATED = [
    ("sla", "--data", "data", "--month", "2026-10", "--as-of"),
    ("sla", "report", "--month", "2026-10", "--as-of"),
    ("sla", "termination", "--customer", "C1", "--on"),
    ("sla", "termination", "--customer", "C1", "--as-of"),
    (*DECIDE, "--on"),
    (*DECIDE, "--as-of"),
    (*GRANT, "--on"),
    (*GRANT, "--expires-on"),
    ("credit", "refund", "CR-2026-00001", "--reason", "x", "--on"),
    ("run", "--month", "2026-10", "--issue", "--issued-on"),
]


def test_far_days_are_no_traceback(loaded, say):
    """The first and the last days that there are do no harm."""
    for arguments in FAR:
        assert say(*arguments).returncode == 0, arguments


@pytest.mark.parametrize("arguments", DATED, ids=" ".join)
def test_days_of_no_file_are_wrong_usage(say, tmp_path, arguments):
    """The years are those that files may have, 1970 to 2199; another one is a slip of the pen and makes no database."""
    write(tmp_path / "data", **FILES)
    for day in ("1969-12-31", "2200-01-01", "0001-01-01", "9999-12-31"):
        result = say(*arguments, day)
        assert (result.returncode, result.stdout) == (2, ""), day
        assert f"'{day}' is no " in result.stderr
    assert not (tmp_path / "billing.db").exists()


def test_claims_are_decided_and_listed(loaded, answer):
    """Every key of a claim's JSON, before and after it is decided."""
    (received, *_) = listed = answer("claim", "list")
    assert [(one["claim"], one["status"]) for one in listed] == [
        ("CL-2", "received"), ("CL-3", "received"), ("CL-1", "received"),
    ]  # fmt: skip
    assert received == {
        "claim": "CL-2",
        "customer": "C2",
        "kind": "ticket",
        "period": None,
        "ticket": "T1",
        "breach_on": "2026-10-05",
        "submitted_at": "2026-10-20T09:00:00+00:00",
        "status": "received",
        "credit": None,
        "decision": None,
    }
    early = (*DECIDE, "--as-of", "2026-10-20")
    assert answer(*early) == []
    nothing = loaded(*early)
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr == "no claim was decided: none waits whose month or day is over\n"
    decided = {one["claim"]: one for one in answer(*AUTO)}
    uptime = decided["CL-1"]
    explanation = uptime.pop("explanation")
    assert "90.33 %" in explanation[0]
    assert uptime == {
        "claim": "CL-1",
        "customer": "C1",
        "kind": "uptime",
        "period": "2026-10",
        "ticket": None,
        "breach_on": None,
        "submitted_at": "2026-11-03T09:00:00+00:00",
        "status": "accepted",
        "credit": "CR-2026-00001",
        "decision": "accepted",
        "reasons": [],
        "percent": "60",
        "amount": "600.00",
        "applies_from": "2026-12",
        "currency": "EUR",
        "due_on": None,
        "decided_on": "2026-11-05",
        "by_rule": True,
        "note": "",
    }
    assert (decided["CL-2"]["status"], decided["CL-2"]["due_on"]) == ("accepted", "2026-10-25")
    assert (decided["CL-3"]["status"], decided["CL-3"]["reasons"]) == ("rejected", ["not_helpdesk", "no_breach"])
    assert answer(*AUTO) == []
    assert loaded(*AUTO).stderr == nothing.stderr
    again = loaded("claim", "decide", "CL-1", "--auto")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == ("billing-engine: claim CL-1 was decided already; `billing-engine claim list` shows how\n")
    assert answer("claim", "list", "--open") == []
    assert [one["claim"] for one in answer("claim", "list", "--month", "2026-10", "--customer", "C1")] == ["CL-1"]
    assert answer("claim", "list", "--month", "2026-09") == []
    table = loaded("claim", "list").stdout
    for words in ("CL-1", "600.00 EUR", "CR-2026-00001", "rejected", "came by email"):
        assert words in table
    empty = loaded("claim", "list", "--open")
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, "", "there are no such claims\n")


def test_one_claim_is_decided_by_hand(loaded, answer):
    """A claim that the rules turn down is accepted with an amount and a note, one that they accept is turned down."""
    call = ("claim", "decide", "CL-3", "--accept", "--amount", "7.50", "--note", "long [b]friend[/b]")
    (accepted,) = answer(*call, "--on", "2026-11-05")
    assert (accepted["status"], accepted["amount"], accepted["note"]) == ("accepted", "7.50", "long [b]friend[/b]")
    assert (accepted["by_rule"], accepted["credit"], accepted["percent"]) == (False, "CR-2026-00001", "0")
    assert accepted["explanation"] == ["Decided by hand: 7.50 USD.", "long [b]friend[/b]"]
    call = ("claim", "decide", "CL-2", "--reject", "--note", "withdrawn", "--as-of", "2026-11-06T23:59:59")
    (rejected,) = answer(*call)
    assert (rejected["status"], rejected["explanation"]) == ("rejected", ["withdrawn"])
    assert (accepted["decided_on"], rejected["decided_on"]) == ("2026-11-05", "2026-11-06")
    again = loaded("claim", "decide", "CL-2", "--accept", "--note", "no")
    assert again.returncode == 1
    assert "claim CL-2 was decided already; `billing-engine claim list` shows how" in again.stderr
    table = loaded("claim", "list").stdout
    assert "[b]friend[/b]" in table
    assert "(by hand)" in table


def test_credits_are_granted_listed_paid_out_and_set_off(decided, answer, tmp_path):
    """Every key of a credit's and a posting's JSON; the ledger's sides sum to zero; the invoice names the claim."""
    granted = answer(*GRANT, "--setoff", "after_tax", "--expires-on", "2027-01-31", "--on", "2026-11-10")
    assert granted == {
        "credit": "CR-2026-00003",
        "customer": "C1",
        "source": "goodwill",
        "claim": None,
        "invoice": None,
        "granted_on": "2026-11-10",
        "currency": "EUR",
        "amount": "5.00",
        "remaining": "5.00",
        "reason": "Sorry",
        "setoff": "after_tax",
        "applies_from": None,
        "expires_on": "2027-01-31",
    }
    too_much = decided("credit", "refund", "CR-2026-00001", "--amount", "600.01", "--reason", "Paid")
    assert too_much.returncode == 1
    assert "600.00 EUR of credit CR-2026-00001 are left; 600.01 can not be paid out" in too_much.stderr
    said = decided("credit", "refund", "CR-2026-00001", "--amount", "100", "--reason", "Paid", "--on", "2026-11-11")
    assert said.stdout == "CR-2026-00001: 500.00 EUR of 600.00 are left\n"
    call = ("run", "--month", "2026-12", "--issue", "--issued-on", "2026-12-01", "--pdf", "out")
    assert decided(*call).returncode == 0
    invoice = next(one for one in answer("invoice", "list") if one["customer"] == "C1" and one["period"] == "2026-12")
    shown = answer("invoice", "show", invoice["number"])
    assert (shown["net"], shown["tax"], shown["gross"], shown["amount_due"]) == ("500.00", "100.00", "600.00", "595.00")
    assert [(one["reference"], one["amount"], one["setoff"]) for one in shown["setoffs"]] == [
        ("CL-1", "500.00", "before_tax"), ("CR-2026-00003", "5.00", "after_tax"),
    ]  # fmt: skip
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "out" / f"{invoice['number']}.pdf").pages)
    assert "CL-1" in text
    assert [(one["credit"], one["remaining"]) for one in answer("credit", "list", "--customer", "C1")] == [
        ("CR-2026-00001", "0.00"), ("CR-2026-00003", "0.00"),
    ]  # fmt: skip
    ledger = answer("credit", "ledger", "--customer", "C1")
    assert len(ledger) == 10
    assert sum(Decimal(one["amount"]) for one in ledger) == 0
    applied = next(one for one in ledger if one["account"] == "applied" and one["credit"] == "CR-2026-00001")
    assert applied == {
        "posting": "CR-2026-00001/applied/1",
        "account": "applied",
        "credit": "CR-2026-00001",
        "customer": "C1",
        "currency": "EUR",
        "amount": "500.00",
        "posted_on": "2026-12-01",
        "invoice": invoice["number"],
        "credit_note": None,
        "reason": "SLA credit, uptime in October 2026",
    }
    for command, words in (("list", ("CL-1", "600.00 EUR", "2027-01-31")), ("ledger", ("refunded", "Paid", "applied"))):
        table = decided("credit", command).stdout
        for word in words:
            assert word in table


def test_report_of_a_month(decided, answer, tmp_path):
    """Each customer's month as JSON, as tables and as a PDF."""
    call = ("sla", "report", "--month", "2026-10", "--as-of", "2026-11-05T09:00+01:00")
    first, second = answer(*call)
    keys = "customer period as_of tickets targets worst availability claims credits termination"
    assert list(first) == keys.split()
    assert (first["customer"], first["availability"][0]["effective_uptime"]) == ("C1", "90.33")
    assert [(one["claim"], one["amount"]) for one in first["claims"]] == [("CL-1", "600.00")]
    assert (second["tickets"], second["worst"][0]["ticket"]) == (1, "T1")
    table = decided(*call, "--customer", "C1", "--pdf", "reports")
    assert "90.33 %" in table.stdout
    assert table.stderr.splitlines()[-1] == "1 PDF in reports"
    (pdf,) = (tmp_path / "reports").iterdir()
    assert "90.33%" in "".join(page.extract_text() for page in PdfReader(pdf).pages)
    assert answer("sla", "report", "--month", "2026-01", "--customer", "C2")[0]["tickets"] == 0
    both = decided(*call[:4], "--as-of", "2026-11-03T08:59:59Z", "--format", "json", "--pdf", "both")
    assert both.stderr.splitlines()[-1] == "2 PDFs in both"
    assert len(list((tmp_path / "both").iterdir())) == 2
    early, _ = json.loads(both.stdout)
    assert (early["claims"], early["credits"]) == ([], [])


def test_termination_is_told_and_booked_once(run, answer, tmp_path):
    """The right, the unused part of the paid fee, the credit; booking twice is refused."""
    outages = [FILES["outages"][0], *(f"O{m},C1,2026-0{m}-05T00:00,2026-0{m}-08T00:00" for m in (7, 8, 9))]
    claims = [FILES["claims"][0], *(f"CL-{m},C1,uptime,2026-0{m},,,2026-{m + 1:02d}-03T10:00" for m in (7, 8, 9))]
    run("init")
    data = write(tmp_path / "data", **FILES | {"outages": outages, "claims": claims})
    assert run("run", "--data", data, "--month", "2026-10", "--issue", "--issued-on", "2026-10-01").returncode == 0
    paid = ["payment,invoice,paid_on,amount", "P1,2026-000001,2026-10-09,1200.00"]
    assert run("import", write(tmp_path / "paid", payments=paid)).returncode == 0
    call = ("sla", "termination", "--customer", "C1", "--on", "2026-10-10", "--as-of", "2026-10-10")
    told = answer(*call)
    (right,) = told.pop("rights")
    assert right.startswith("Contract K1 may be terminated")
    assert told == {
        "customer": "C1",
        "terminated_on": "2026-10-10",
        "invoices": [{"number": "2026-000001", "unused_fee": "677.42"}],
        "amount": "677.42",
        "currency": "EUR",
        "credit": None,
    }
    booked = run(*call, "--book")
    assert booked.returncode == 0
    assert "To be paid back: 677.42 EUR" in booked.stdout
    assert "Booked as CR-2026-00001" in booked.stdout
    again = run(*call, "--book")
    assert again.returncode == 1
    assert "paid back as CR-2026-00001 before" in again.stderr
    assert [one["amount"] for one in answer("credit", "list")] == ["677.42"]


def test_sla_of_a_folder_as_tables(run, tmp_path):
    """Without a database the month's targets, breaches, uptime and claims are shown."""
    data = write(tmp_path / "data", **FILES)
    result = run("sla", "--data", data, "--month", "2026-10", "--as-of", "2026-11-05")
    assert result.returncode == 0, result.stderr
    for words in ("Targets of 2 tickets", "1 breach", "90.33 %", "4,320", "missed", "CL-1", "600.00 EUR", "rejected"):
        assert words in result.stdout, result.stdout
    assert not (tmp_path / "billing.db").exists()


def test_rejected_rows_exit_1(run, tmp_path):
    """Bad rows of the new files are named; the sla of the good ones is still shown, and an import stores nothing."""
    bad = FILES | {"outages": [*FILES["outages"], "O2,C9,2026-10-05T00:00,2026-10-08T00:00"]}
    data = write(tmp_path / "data", **bad)
    shown = run("sla", "--data", data, "--month", "2026-10", "--as-of", "2026-11-05", "--format", "json")
    assert shown.returncode == 1
    assert "outages.csv:3" in shown.stderr
    assert [one["effective_uptime"] for one in json.loads(shown.stdout)["availability"]] == ["90.33"]
    assert run("import", data).returncode == 1
    assert json.loads(run("claim", "list", "--format", "json").stdout) == []


def test_reading_never_makes_a_database(say, tmp_path):
    """In a wrong folder the commands say so instead of beginning new books."""
    calls = (
        AUTO, GRANT, ("credit", "ledger"), ("sla", "report", "--month", "2026-10"),
        ("credit", "refund", "CR-2026-00001", "--reason", "x"),
    )  # fmt: skip
    for call in calls:
        result = say(*call)
        assert (result.returncode, result.stdout) == (1, ""), call
        assert "there is no billing database" in result.stderr
    assert list(tmp_path.glob("*.db")) == []


def test_password_is_never_repeated(run):
    """A database that can not be opened is named without its secret."""
    urls = ("postgresql://clerk:s3cret@localhost/x", "mysql+nothing://clerk:s3cret@localhost/x")
    for url, call in zip(urls, (AUTO, GRANT), strict=True):
        result = run("--database", url, *call)
        assert result.returncode == 1
        assert "s3cret" not in result.stderr + result.stdout


def test_hostile_words_reach_the_terminal_as_text(loaded, say, answer):
    """Markup and marks of direction in reasons are printed harmlessly in every table; escapes are refused."""
    evil = "[red]x[/red] \u202e{{7*7}} <b>"
    reason = ("--customer", "C1", "--amount", "5.00", "--reason", evil)
    refused = loaded("credit", "grant", *reason[:-1], "\x1b[31m", "--on", "2026-10-20")
    assert (refused.returncode, "control character U+001B" in refused.stderr) == (2, True)
    assert loaded("credit", "grant", *reason, "--on", "2026-10-20").returncode == 0
    assert loaded("claim", "decide", "CL-1", "--reject", "--note", evil).returncode == 0
    assert loaded("credit", "refund", "CR-2026-00001", "--amount", "1", "--reason", evil).returncode == 0
    calls = (("credit", "list"), ("credit", "ledger"), ("claim", "list"), ("sla", "report", "--month", "2026-10"))
    for call in calls:
        result = say(*call)
        assert result.returncode == 0
        assert "[red]x" in result.stdout.replace("\n", ""), call
        assert "\u202e" not in result.stdout
    assert answer("credit", "list")[0]["reason"] == evil
    issued = loaded("run", "--month", "2026-11", "--issue", "--issued-on", "2026-11-01", "--pdf", "out")
    assert issued.returncode == 0, issued.stderr
    shown = loaded("invoice", "show", "2026-000003")
    assert "\u202e" not in shown.stdout
