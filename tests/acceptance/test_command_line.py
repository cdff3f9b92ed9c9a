"""The commands of the README, run as a user runs them: a process, its output, its exit code."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

REPOSITORY = Path(__file__).parents[2]
REAL_MONTH = REPOSITORY / "tests" / "data" / "incidents-2016-03"
WORKED_MONTH = REPOSITORY / "tests" / "scenarios" / "worked_month"
COMMAND = [str(Path(sys.executable).parent / "billing-engine")]


@pytest.fixture
def run(tmp_path):
    """Run the command in an empty folder with an emptied environment."""

    def runner(*arguments, **environment):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", **environment}
        return subprocess.run(
            [*COMMAND, *map(str, arguments)], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    return runner


def write(folder, **files):
    """Write CSV files, given as text."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


CUSTOMERS = "customer,name,country,currency\nC1,Aurora,RS,EUR\n"
CONTRACTS = "contract,customer,price_list,package,starts_on\nK1,C1,b2bee,premium,2026-01-01\n"
HEADER = "entry,customer,severity,started_at,ended_at\n"


def test_rate_of_the_worked_month_is_810(run):
    """The worked month of the rules comes to 810.00, with every figure on the way, as the fixed interface shapes it."""
    result = run("rate", "--data", WORKED_MONTH, "--month", "2026-10", "--format", "json")
    assert result.returncode == 0
    rated = json.loads(result.stdout)
    (statement,) = rated.pop("statements")
    assert rated == {"period": "2026-10", "rejected": []}
    charges = statement.pop("charges")
    assert statement == {
        "customer": "C1",
        "contract": "K1",
        "price_list": "b2bee",
        "package": "premium",
        "currency": "EUR",
        "fee": "360.00",
        "allowance": {"included_minutes": 720, "used_minutes": 720},
        "overage": {"worked_minutes": 150, "billed_minutes": 180, "amount": "150.00"},
        "tariffs": {"after_hours": {"billed_minutes": 180, "amount": "300.00"}},
        "held": [],
        "net_total": "810.00",
    }
    assert sum(Decimal(charge["amount"]) for charge in charges) == Decimal("810.00")
    night = "Fri 2 Oct 22:00-22:20: T2 outside Premium's 07-22 on working days -> after hours"
    assert f"{night}; 20 min -> 1 started hour x 100.00 EUR" in [charge["reason"] for charge in charges]


def test_rate_reports_rejected_rows_and_exits_1(run, tmp_path):
    """Bad rows are listed with file, line, column and reason; the good ones are still rated."""
    entries = HEADER + "E1,C1,T3,2026-10-05T10:00,2026-10-05T11:00\nE2,C9,T3,2026-10-05T10:00,2026-10-05T11:00\n"
    data = write(tmp_path / "data", customers=CUSTOMERS, contracts=CONTRACTS, time_entries=entries)
    result = run("rate", "--data", data, "--month", "2026-10", "--format", "json")
    assert result.returncode == 1
    rated = json.loads(result.stdout)
    (row,) = rated["rejected"]
    assert (row["file"], row["line"], row["column"]) == ("time_entries.csv", 3, "customer")
    assert rated["statements"][0]["allowance"]["used_minutes"] == 60


def test_rate_in_another_package(run):
    """--package shows what the month would have cost in it."""
    result = run(
        "rate", "--data", WORKED_MONTH, "--month", "2026-10", "--package", "out-of-package", "--format", "json"
    )
    (statement,) = json.loads(result.stdout)["statements"]
    assert (statement["fee"], statement["allowance"]["included_minutes"]) == ("0.00", 0)
    assert statement["tariffs"]["working"]["billed_minutes"] == 480 + 2 * 210 - 480 + 30 + 30


@pytest.mark.parametrize(
    "arguments",
    [
        ("rate", "--month", "2026-10"),
        ("rate", "--data", "nowhere", "--month", "2026-10"),
        ("rate", "--data", WORKED_MONTH, "--month", "2026-13"),
        ("rate", "--data", WORKED_MONTH, "--month", "October"),
        ("rate", "--data", WORKED_MONTH, "--month", "2026-10", "--package", "gold"),
        ("rate", "--data", WORKED_MONTH, "--month", "2026-10", "--price-lists", "nowhere"),
        ("run", "--month", "2026-10", "--pdf", "out"),
        ("run", "--month", "2026-10", "--settings", "nowhere.toml"),
        ("invoice", "pdf"),
        ("price-list", "check", "nowhere.toml"),
        ("fly",),
    ],
)
def test_wrong_usage_exits_2_with_one_message(run, arguments):
    """A wrong call says what is wrong on standard error, without a traceback, and exits with 2."""
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr + result.stdout


def test_broken_price_list_exits_2_and_names_the_key(run, tmp_path):
    """A price list with a problem is refused with file and key path."""
    text = (REPOSITORY / "price_lists" / "b2bee.toml").read_text(encoding="utf-8")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "mine.toml").write_text(text.replace("rate_per_hour = 150", "rate_per_hour = -150"))
    result = run("rate", "--data", WORKED_MONTH, "--month", "2026-10", "--price-lists", tmp_path / "lists")
    assert result.returncode == 2
    assert "mine.toml: tariffs.holiday.rate_per_hour" in result.stderr


def test_whole_way_from_folder_to_pdf(run, tmp_path):
    """Init, import, plan, issue with PDFs, list, show, render again: each step answers as the interface says."""
    assert run("init").returncode == 0
    assert run("init").returncode == 1  # never overwrites
    assert run("import", WORKED_MONTH).returncode == 0
    plan = json.loads(run("run", "--month", "2026-10", "--format", "json").stdout)
    assert [(c["customer"], c["outcome"], c["net"]) for c in plan["customers"]] == [("C1", "to_issue", "810.00")]
    issued = run("run", "--month", "2026-10", "--issue", "--pdf", "out")
    assert issued.returncode == 0, issued.stderr
    listed = json.loads(run("invoice", "list", "--format", "json").stdout)
    assert [list(row) for row in listed] == [
        [
            "number",
            "customer",
            "period",
            "issued_on",
            "currency",
            "net",
            "tax",
            "gross",
            "amount_due",
            "status",
            "credited",
            "open",
        ]
    ]
    row = listed[0]
    del row["issued_on"]
    assert row == {
        "number": "2026-000001",
        "customer": "C1",
        "period": "2026-10",
        "currency": "EUR",
        "net": "810.00",
        "tax": "162.00",
        "gross": "972.00",
        "amount_due": "972.00",
        "status": "open",
        "credited": "0.00",
        "open": "972.00",
    }
    shown = json.loads(run("invoice", "show", "2026-000001", "--format", "json").stdout)
    assert [line["amount"] for line in shown["lines"]] == ["360.00", "150.00", "300.00"]
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "out" / "2026-000001.pdf").pages)
    assert "972.00" in text
    assert "H-3" in text
    assert run("invoice", "pdf", "2026-000001", "-o", "again.pdf").returncode == 0
    assert (tmp_path / "again.pdf").read_bytes() == (tmp_path / "out" / "2026-000001.pdf").read_bytes()
    assert run("run", "--month", "2026-10", "--issue", "--pdf", "out").returncode == 0
    assert len(json.loads(run("invoice", "list", "--format", "json").stdout)) == 1


def test_one_command_from_folder_to_pdfs(run, tmp_path):
    """`run --data DIR --issue --pdf OUT` does a whole month at once."""
    run("init")
    result = run("run", "--data", WORKED_MONTH, "--month", "2026-10", "--issue", "--pdf", "out")
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2026-000001.pdf"]


def test_issuing_without_settings_is_refused_with_a_word_on_init(run):
    """Nothing is issued without a seller."""
    run("import", WORKED_MONTH)
    result = run("run", "--month", "2026-10", "--issue")
    assert result.returncode == 2
    assert "billing-engine init" in result.stderr
    assert json.loads(run("invoice", "list", "--format", "json").stdout) == []


def test_refused_import_exits_1_and_stores_nothing(run, tmp_path):
    """A bad row keeps the whole folder out; --skip-rejected takes the rest; --report has every row."""
    data = write(tmp_path / "data", customers=CUSTOMERS, contracts=CONTRACTS,
                 time_entries=HEADER + "E2,C9,T3,2026-10-05T10:00,2026-10-05T11:00\n")  # fmt: skip
    result = run("import", data, "--report", "report.csv")
    assert result.returncode == 1
    assert "nothing was imported" in result.stderr
    assert "unknown customer 'C9'" in (tmp_path / "report.csv").read_text(encoding="utf-8")
    assert json.loads(run("run", "--month", "2026-10", "--format", "json").stdout)["customers"] == []
    assert run("import", data, "--skip-rejected").returncode == 0
    assert len(json.loads(run("run", "--month", "2026-10", "--format", "json").stdout)["customers"]) == 1


def test_global_options_stand_before_or_after_the_command(run, tmp_path):
    """The database is named by option on either side of the command, or by environment."""
    other = f"sqlite:///{tmp_path}/other.db"
    assert run("--database", other, "import", WORKED_MONTH).returncode == 0
    for call in (("--database", other, "run", "--month", "2026-10", "--format", "json"),
                 ("run", "--database", other, "--month", "2026-10", "--format", "json")):  # fmt: skip
        assert len(json.loads(run(*call).stdout)["customers"]) == 1
    by_environment = run("run", "--month", "2026-10", "--format", "json", BILLING_ENGINE_DATABASE_URL=other)
    assert len(json.loads(by_environment.stdout)["customers"]) == 1
    assert not (tmp_path / "billing.db").exists()


def test_database_that_can_not_be_opened_is_one_message_without_its_password(run):
    """A bad URL is an error in words, and a password in it is not repeated."""
    for url in ("nonsense", "sqlite:////nowhere/at/all/billing.db", "postgresql://clerk:s3cret@localhost/x"):
        result = run("--database", url, "import", WORKED_MONTH)
        assert result.returncode == 1, url
        assert "Traceback" not in result.stderr
        assert "s3cret" not in result.stderr


def test_two_runs_at_once_issue_each_invoice_once(run, tmp_path):
    """Several processes running the same month share the work: one invoice per customer, no number missing."""
    run("init")
    assert run("import", REAL_MONTH).returncode == 0
    call = [*COMMAND, "run", "--month", "2016-03", "--issue", "--format", "json"]
    processes = [subprocess.Popen(call, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [json.loads(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    listed = json.loads(run("invoice", "list", "--format", "json").stdout)
    assert [row["number"] for row in listed] == [f"2016-{n:06d}" for n in range(1, 144)]
    assert len({row["customer"] for row in listed}) == 143
    issued = [c["number"] for output in outputs for c in output["customers"] if c["outcome"] == "issued"]
    assert sorted(issued) == [row["number"] for row in listed]


KILLED_AT = """
import os, signal, sys
from billing_engine.storage import issuing

take_number = issuing.next_number

def take_number_and_die(connection, *series, **count):
    number = take_number(connection, *series, **count)
    if number >= 50:
        os.kill(os.getpid(), signal.SIGKILL)
    return number

issuing.next_number = take_number_and_die
from billing_engine.cli.app import main
sys.argv = ["billing-engine", "run", "--month", "2016-03", "--issue"]
main()
"""


def test_killed_run_leaves_no_gap_and_goes_on(run, tmp_path):
    """A run killed right after it took its 50th number keeps whole groups of invoices; the next run issues the rest."""
    run("init")
    assert run("import", REAL_MONTH).returncode == 0
    killed = subprocess.run([sys.executable, "-c", KILLED_AT], cwd=tmp_path, capture_output=True, check=False)
    assert killed.returncode == -9
    listed = json.loads(run("invoice", "list", "--format", "json").stdout)
    assert 20 <= len(listed) < 50
    assert [row["number"] for row in listed] == [f"2016-{n:06d}" for n in range(1, len(listed) + 1)]
    assert run("run", "--month", "2016-03", "--issue").returncode == 0
    listed = json.loads(run("invoice", "list", "--format", "json").stdout)
    assert [row["number"] for row in listed] == [f"2016-{n:06d}" for n in range(1, 144)]


def test_demo_ends_with_pdfs_and_a_table(run, tmp_path):
    """The demo goes from outage and claim to setoff and PDFs, runs twice, and spares folders that are not its own."""
    for _ in range(2):
        result = run("demo")
        assert result.returncode == 0, result.stderr
    assert "1,026.00 EUR" in result.stdout
    assert "the last day was 15 Nov 2026" in " ".join(result.stdout.split())
    assert "-160.00 EUR" in result.stdout
    assert len(list((tmp_path / "demo-output" / "pdf").glob("*.pdf"))) == 18
    assert len(list((tmp_path / "demo-output" / "reports").glob("*.pdf"))) == 7
    run("init")
    run("import", WORKED_MONTH)
    books = (tmp_path / "billing.db").read_bytes()
    refused = run("demo", "--dir", ".")
    assert refused.returncode == 1
    assert "not the demo's" in refused.stderr
    assert (tmp_path / "billing.db").read_bytes() == books


def test_price_list_commands_answer(run):
    """Check accepts the shipped list; show prints packages, tariffs and what is out of scope."""
    assert run("price-list", "check", REPOSITORY / "price_lists" / "b2bee.toml").returncode == 0
    shown = run("price-list", "show", "b2bee").stdout
    for words in ("Premium", "07-22 every day", "150/h", "Phone support", "as available", "by contract"):
        assert words in shown


def test_db_commands_answer(run):
    """Check refuses a database without tables and accepts it after upgrade."""
    before = run("db", "check")
    assert before.returncode == 1
    assert "billing-engine db upgrade" in before.stderr
    assert run("db", "upgrade").returncode == 0
    assert run("db", "check").returncode == 0


def test_hostile_texts_are_printed_as_text(run, tmp_path):
    """Markup, control characters and escape sequences in names reach the terminal as harmless text."""
    customers = 'customer,name,country,currency\nC1,"[red]x[/red] \x1b[31m{{7*7}} <b>",RS,EUR\n'
    data = write(tmp_path / "data", customers=customers, contracts=CONTRACTS)
    run("init")
    assert run("import", data).returncode == 0
    month = ("--month", "2026-10")
    for command in (
        ("run", *month),
        ("preview", *month),
        ("run", *month, "--issue", "--pdf", "out"),
        ("invoice", "list"),
        ("invoice", "show", "2026-000001"),
    ):
        shown = run(*command)
        assert shown.returncode == 0, shown.stderr
        assert "[red]x[/red]" in shown.stdout
        assert "\x1b" not in shown.stdout
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "out" / "2026-000001.pdf").pages)
    assert "{{7*7}} <b>" in text


def test_reading_never_makes_a_database(run, tmp_path):
    """In a wrong folder a command that only reads says so, instead of beginning new books."""
    for command in (("invoice", "list"), ("held",), ("run", "--month", "2026-10"), ("preview", "--month", "2026-10")):
        result = run(*command)
        assert result.returncode == 1
        assert "there is no billing database" in result.stderr
    assert list(tmp_path.glob("*.db")) == []


def test_pdfs_of_another_database_are_replaced(run, tmp_path):
    """A file of the same number that came from elsewhere is not taken for the invoice."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "2026-000001.pdf").write_text("of a practice database")
    run("init")
    assert run("run", "--data", WORKED_MONTH, "--month", "2026-10", "--issue", "--pdf", "out").returncode == 0
    assert (tmp_path / "out" / "2026-000001.pdf").read_bytes().startswith(b"%PDF")


def test_failed_customers_are_never_hidden(run, tmp_path):
    """Preview and held name a customer that can not be rated, and exit with 1."""
    lists = tmp_path / "lists"
    lists.mkdir()
    shipped = (REPOSITORY / "price_lists" / "b2bee.toml").read_text(encoding="utf-8")
    (lists / "own.toml").write_text(shipped.replace('name = "b2bee"', 'name = "own"'), encoding="utf-8")
    entries = HEADER + "E1,C1,T3,2026-10-05T10:00,2026-10-05T11:00\n"
    data = write(
        tmp_path / "data", customers=CUSTOMERS, contracts=CONTRACTS.replace("b2bee", "own"), time_entries=entries
    )
    assert run("import", data, "--price-lists", lists).returncode == 0
    for command in (("held",), ("preview", "--month", "2026-10")):
        result = run(*command)
        assert result.returncode == 1
        assert "no price list 'own'" in result.stdout
