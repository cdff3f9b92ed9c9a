"""Payments, credit notes, ageing and reminders as a user types them: what is said, and the exit code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from billing_engine.cli.app import main

COMMAND = str(Path(sys.executable).parent / "billing-engine")
NUMBER = "2026-000001"

FILES = {
    "customers": [
        "customer,name,country,currency,language,email",
        "C1,Aurora [b]s.r.o.[/b],CZ,EUR,cs,ucty@aurora.example",
        "C2,Balkan,RS,EUR,sr-Cyrl,",
    ],
    "contracts": [
        "contract,customer,price_list,package,starts_on,monthly_fee",
        "K1,C1,trifft,premium,2026-01-01,1000.00",
        "K2,C1,trifft,standard,2026-01-01,250.00",
        "K3,C2,trifft,standard,2026-01-01,100.00",
    ],
}


def run_in(folder, *arguments):
    """Run the command in a folder with an emptied environment; nothing it says may be a traceback."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    result = subprocess.run(
        [COMMAND, *map(str, arguments)], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in result.stderr + result.stdout, result.stderr
    return result


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """Issue October for two customers on 2 November, due on 16 November."""
    folder = tmp_path_factory.mktemp("issued")
    (folder / "data").mkdir()
    for name, rows in FILES.items():
        (folder / "data" / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    run = ("run", "--data", "data", "--month", "2026-10", "--issue", "--issued-on", "2026-11-02")
    for call in (("init",), run):
        result = run_in(folder, *call)
        assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def say(issued, tmp_path, monkeypatch, capsys):
    """Run the command in this process, in a copy of the issued month."""
    for name in ("billing.toml", "billing.db"):
        shutil.copy(issued / name, tmp_path)
    monkeypatch.chdir(tmp_path)

    def runner(*arguments):
        monkeypatch.setattr(sys, "argv", ["billing-engine", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, ended.value.code, said.out, said.err)

    return runner


@pytest.fixture
def answer(say):
    """Run a command that succeeds and answers in JSON."""

    def runner(*arguments):
        result = say(*arguments, "--format", "json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return runner


def status_of(answer, number, day="2026-11-16"):
    """Ask for an invoice's status, and what was paid, credited and is open."""
    shown = answer("invoice", "show", number, "--as-of", day)
    listed = {row["number"]: row for row in answer("invoice", "list", "--as-of", day)}[number]
    assert {key: shown[key] for key in listed} == listed
    return f"{shown['status']} {shown['paid']} {shown['credited']} {shown['open']}"


def picked(shape, *keys):
    """Take some values of a shape."""
    return [shape[key] for key in keys]


@pytest.mark.parametrize(
    "command", ["credit-note create", "credit-note list", "payment add", "ageing", "reminder draft"]
)
def test_the_new_commands_have_their_help(issued, command):
    """Each says what it does and which options it has."""
    result = run_in(issued, *command.split(), "--help")
    assert (result.returncode, result.stderr) == (0, "")


def test_payments_change_the_status_of_an_invoice(answer, say):
    """Open, partly paid, paid; too much becomes a credit with the invoice as its reference."""
    assert status_of(answer, NUMBER) == "open 0.00 0.00 1500.00"
    assert status_of(answer, NUMBER, "2026-11-17") == "overdue 0.00 0.00 1500.00"
    first = answer("payment", "add", NUMBER, "1000", "--paid-on", "2026-11-05", "--payment", "B-1")
    assert first == {
        "payment": "B-1",
        "invoice": NUMBER,
        "customer": "C1",
        "paid_on": "2026-11-05",
        "currency": "EUR",
        "amount": "1000.00",
        "invoice_status": "partly_paid",
        "invoice_open": "500.00",
        "overpayment": None,
    }
    assert status_of(answer, NUMBER) == "partly_paid 1000.00 0.00 500.00"
    said = say("payment", "add", NUMBER, "510.00", "--paid-on", "2026-11-06").stdout.splitlines()
    assert said[:2] == [
        "PAY-2026-00001: 510.00 EUR for invoice 2026-000001 on 2026-11-06",
        "  invoice 2026-000001  paid: 1,510.00 EUR paid, 10.00 EUR over",
    ]
    assert said[2].startswith("  10.00 EUR too much is credit CR-2026-00001: set off on the next invoice, or paid out")
    assert status_of(answer, NUMBER, "2027-01-01") == "paid 1510.00 0.00 0.00"
    (credit,) = answer("credit", "list")
    keys = ("source", "invoice", "amount", "remaining", "setoff")
    assert picked(credit, *keys) == ["overpayment", NUMBER, "10.00", "10.00", "after_tax"]
    assert [picked(one, "payment", "amount") for one in answer("payment", "list", "--invoice", NUMBER)] == [
        ["B-1", "1000.00"],
        ["PAY-2026-00001", "510.00"],
    ]
    table = say("payment", "list").stdout
    assert "1,000.00 EUR" in table
    assert "2026-11-06" in table


def test_an_invoice_is_credited_by_line_and_then_whole(answer, say):
    """A credit note names the invoice and its lines; the last one takes the rest, and the invoice is credited."""
    create = ("credit-note", "create", NUMBER, "--reason")
    by_line = ("late start", "--line", "1=100.00", "--line", "2=50", "--issued-on", "2026-11-10")
    made = answer(*create, *by_line)
    keys = ("number", "invoice", "net", "tax", "gross", "rebill", "invoice_status")
    assert picked(made, *keys) == ["CN-2026-000001", NUMBER, "150.00", "30.00", "180.00", False, "open"]
    assert [picked(line, "invoice_position", "amount") for line in made["lines"]] == [[1, "100.00"], [2, "50.00"]]
    assert status_of(answer, NUMBER) == "open 0.00 180.00 1320.00"
    said = say(*create, "all [b]wrong[/b]", "--issued-on", "2026-11-11")
    assert said.returncode == 0
    assert "Credit note CN-2026-000002 for invoice 2026-000001, issued on 2026-11-11: all [b]wrong[/b]" in said.stdout
    assert "net 1,100.00 EUR, VAT 20% 220.00 EUR, total 1,320.00 EUR" in said.stdout
    assert "invoice 2026-000001  credited: 1,500.00 EUR credited" in said.stdout
    assert status_of(answer, NUMBER, "2027-01-01") == "credited 0.00 1500.00 0.00"
    assert [note["number"] for note in answer("credit-note", "list")] == ["CN-2026-000001", "CN-2026-000002"]
    assert answer("credit-note", "list", "--month", "2026-10") == []
    assert answer("credit-note", "list", "--customer", "C2") == []
    shown = answer("credit-note", "show", "CN-2026-000001")
    assert picked(shown, "reason", "lines", "reversals") == ["late start", made["lines"], []]
    assert "late start" in say("credit-note", "list", "--month", "2026-11").stdout
    assert "late start" in say("credit-note", "show", "CN-2026-000001").stdout
    assert say("credit-note", "pdf", "CN-2026-000001", "-o", "pdf/note.pdf").stdout == "pdf/note.pdf\n"
    (page,) = PdfReader("pdf/note.pdf").pages
    assert "CN-2026-000001" in page.extract_text()


def test_what_was_set_off_goes_back_and_the_month_is_billed_anew(answer, say):
    """A credit note shows what goes back to which credit; the ledger names it; the next run sets it off again."""
    say("credit", "grant", "--customer", "C2", "--amount", "30", "--reason", "Sorry", "--on", "2026-11-03")
    run = ("run", "--month", "2026-11", "--issue", "--issued-on")
    assert say(*run, "2026-12-01").returncode == 0
    (former,) = (row for row in answer("invoice", "list", "--month", "2026-11") if row["customer"] == "C2")
    again = ("--reason", "wrong", "--issued-on", "2026-12-02", "--rebill")
    made = answer("credit-note", "create", former["number"], *again)
    assert picked(made, "net", "rebill") == ["70.00", True]
    reversal = {"setoff": "before_tax", "setoff_position": 1, "credit": "CR-2026-00001", "amount": "30.00"}
    assert made["reversals"] == [reversal]
    (entry,) = (one for one in answer("credit", "ledger") if one["credit_note"] and one["amount"] == "30.00")
    keys = ("account", "invoice", "credit_note")
    assert picked(entry, *keys) == ["available", former["number"], made["number"]]
    issued = say(*run, "2026-12-02")
    assert issued.returncode == 0, issued.stderr
    rows = answer("invoice", "list", "--month", "2026-11", "--as-of", "2026-12-02")
    assert [picked(row, "status", "net", "open") for row in rows if row["customer"] == "C2"] == [
        ["credited", "70.00", "0.00"],
        ["open", "70.00", "84.00"],
    ]


def test_ageing_shows_what_is_open_and_how_old_it_is(answer, say):
    """Per customer and currency, in buckets, with the invoices behind them."""
    say("payment", "add", NUMBER, "500", "--paid-on", "2026-11-20")
    found = answer("ageing", "--as-of", "2026-12-17")
    assert found["as_of"] == "2026-12-17"
    assert found["customers"][0] == {
        "customer": "C1",
        "name": "Aurora [b]s.r.o.[/b]",
        "currency": "EUR",
        "not_due": "0.00",
        "days_1_to_30": "0.00",
        "days_31_to_60": "1000.00",
        "days_61_to_90": "0.00",
        "days_over_90": "0.00",
        "total": "1000.00",
    }
    assert [picked(one, "number", "days_overdue", "open") for one in found["invoices"]] == [
        [NUMBER, 31, "1000.00"],
        ["2026-000002", 31, "120.00"],
    ]
    assert answer("ageing", "--as-of", "2026-11-16")["customers"][1]["not_due"] == "120.00"
    assert answer("ageing", "--as-of", "2026-11-01") == {"as_of": "2026-11-01", "customers": [], "invoices": []}
    table = say("ageing", "--as-of", "2026-12-17").stdout
    assert "Aurora [b]s.r.o.[/b]" in table
    assert "1,000.00 EUR" in table


def test_reminders_are_drafted_as_files_in_the_invoices_language(answer, say, tmp_path):
    """One file per overdue invoice, named by number and level; none for what is paid."""
    draft = ("reminder", "draft", "--dir", "out", "--as-of")
    assert answer(*draft, "2026-11-22") == []
    assert [picked(one, "number", "level", "language", "email", "file") for one in answer(*draft, "2026-11-30")] == [
        [NUMBER, 2, "cs", "ucty@aurora.example", "out/2026-000001-level-2.txt"],
        ["2026-000002", 2, "sr-Cyrl", None, "out/2026-000002-level-2.txt"],
    ]
    czech = (tmp_path / "out" / "2026-000001-level-2.txt").read_text(encoding="utf-8")
    assert czech.startswith("To: ucty@aurora.example\nSubject: Upomínka: faktura 2026-000001\n\nAurora [b]s.r.o.[/b]\n")
    assert "1 500,00 EUR" in czech.replace("\u00a0", " ")
    cyrillic = (tmp_path / "out" / "2026-000002-level-2.txt").read_text(encoding="utf-8")
    assert "Subject: Опомена: фактура 2026-000002" in cyrillic
    assert say("payment", "add", "2026-000002", "120", "--paid-on", "2026-12-01").returncode == 0
    listed = say(*draft, "2026-12-14").stdout
    assert "out/2026-000001-level-3.txt" in listed
    assert "2026-000002" not in listed


CREATE = ("credit-note", "create", NUMBER, "--reason", "r")
WRONG = [
    (("payment", "add", "X", "1"), 1, "billing-engine: there is no invoice 'X'"),
    (("payment", "add", NUMBER, "0"), 1, "billing-engine: 0 EUR is no amount above 0 and up to 1,000,000,000"),
    (("payment", "add", NUMBER, "0.001"), 1, "billing-engine: 0.001 is finer than the cents of EUR"),
    (("payment", "add", NUMBER, "1,00"), 2, "'1,00' is no amount; write it as 25.00"),
    (("payment", "add", NUMBER, "1", "--paid-on", "1.11.2026"), 2, "'1.11.2026' is no day"),
    (("payment", "list", "--invoice", "X"), 1, "billing-engine: there is no invoice 'X'"),
    (("credit-note", "create", NUMBER), 2, "Missing option '--reason'"),
    (("credit-note", "create", "X", "--reason", "r"), 1, "billing-engine: there is no invoice 'X'"),
    ((*CREATE, "--line", "1"), 2, "'1' is no line and amount; write it as 2=25.00"),
    ((*CREATE, "--line", "1=1", "--line", "1=2"), 2, "line 1 is named twice"),
    (
        (*CREATE, "--line", "1=1000.01", "--line", "9=1"),
        1,
        "billing-engine: line 1: 1000.01; allowed is more than 0 and up to 1000.00 EUR, which is left of it line 9:",
    ),
    ((*CREATE, "--line", "1=1", "--rebill"), 1, "billing-engine: only a whole invoice can be billed anew"),
    (
        (*CREATE, "--issued-on", "2026-11-01"),
        1,
        "billing-engine: invoice 2026-000001 is of 2026-11-02; a credit note of 2026-11-01 is before it",
    ),
    (("credit-note", "show", "CN-1"), 1, "billing-engine: there is no credit note 'CN-1'"),
    (("credit-note", "list", "--month", "11"), 2, "'11' is no month"),
    (("ageing", "--as-of", "soon"), 2, "'soon' is no day"),
    (("reminder", "draft"), 2, "Missing option '--dir'"),
    (("invoice", "list", "--as-of", "never"), 2, "'never' is no day"),
]


@pytest.mark.parametrize(("call", "code", "message"), WRONG)
def test_what_is_wrong_is_said_in_one_message(say, answer, call, code, message):
    """Exit code 1 for what is refused, 2 for a wrong call; nothing is recorded."""
    result = say(*call)
    said = " ".join(result.stderr.replace("│", " ").split())
    assert (result.returncode, message in said) == (code, True), said
    assert (answer("payment", "list"), answer("credit-note", "list")) == ([], [])


def test_a_second_payment_of_the_same_id_is_refused(say):
    """The bank's id tells that it is recorded already."""
    assert say("payment", "add", NUMBER, "1", "--payment", "B-1").returncode == 0
    again = say("payment", "add", "2026-000002", "1", "--payment", "B-1")
    assert (again.returncode, again.stderr) == (
        1,
        "billing-engine: payment 'B-1' is there already; `billing-engine payment list` shows it\n",
    )
