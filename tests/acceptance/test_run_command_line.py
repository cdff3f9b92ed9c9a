"""A month from plan to approval to issue on the command line, as a clerk and a program see it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "billing-engine")
CUSTOMERS = "customer,name,country,currency\nC1,Aurora,RS,EUR\nC2,Balkan,RS,EUR\n"
CONTRACTS = (
    "contract,customer,price_list,package,starts_on\nK1,C1,b2bee,premium,2026-01-01\nK2,C2,b2bee,standard,2026-01-01\n"
)
WORK = "entry,customer,severity,started_at,ended_at\n"
EVENING = "{entry},C1,T3,2026-{day}T18:00,2026-{day}T18:50\n"


@pytest.fixture
def run(tmp_path):
    """Run the command in a folder of its own with settings and two customers."""

    def runner(*arguments, code=0):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
        call = [COMMAND, "--actor", "Ana", *arguments]
        done = subprocess.run(call, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def imported(**files):
        folder = tmp_path / f"input-{len(list(tmp_path.glob('input-*')))}"
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        runner("import", str(folder))

    runner.imported = imported
    runner("init")
    imported(customers=CUSTOMERS, contracts=CONTRACTS, time_entries=WORK + EVENING.format(entry="E1", day="10-05"))
    return runner


def planned(run, month, *more):
    """Return the plan as a program reads it."""
    return json.loads(run("run", "--month", month, "--format", "json", *more).stdout)


def test_approved_plan_is_issued_and_another_one_is_refused(run):
    """The hash of the plan is the hash of what is issued, twice; a late entry makes it another plan."""
    plan = planned(run, "2026-10")
    issue = ("--issue", "--issued-on", "2026-11-02", "--plan-hash", plan["plan_hash"])
    assert planned(run, "2026-10", *issue)["plan_hash"] == plan["plan_hash"]
    assert planned(run, "2026-10", *issue)["plan_hash"] == plan["plan_hash"]
    november = planned(run, "2026-11")
    run.imported(time_entries=WORK + EVENING.format(entry="E2", day="10-06"))
    refused = run(
        "run",
        "--month",
        "2026-11",
        "--issue",
        "--issued-on",
        "2026-12-01",
        "--plan-hash",
        november["plan_hash"],
        code=1,
    )
    assert "its input changed since" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert [row["period"] for row in json.loads(run("invoice", "list", "--format", "json").stdout)] == ["2026-10"] * 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--plan-hash", "0" * 64], "--plan-hash goes with --issue"),
        (["--issue", "--plan-hash", ""], "allowed are the 64 hexadecimal digits"),
        (["--issue", "--plan-hash", "abc"], "allowed are the 64 hexadecimal digits"),
    ],
)
def test_approval_that_is_none_issues_nothing(run, given, said):
    """A hash without --issue, an empty one, as of a variable that is not set, and half a hash are wrong calls."""
    assert said in " ".join(run("run", "--month", "2026-10", *given, code=2).stderr.split())
    assert json.loads(run("invoice", "list", "--format", "json").stdout) == []


def test_changes_since_the_month_before_are_shown_the_largest_first(run):
    """Each customer's fee, overage, tariffs and credits against the last invoice; who stays the same is left out."""
    run("run", "--month", "2026-10", "--issue", "--issued-on", "2026-11-02")
    run("credit", "grant", "--customer", "C2", "--amount", "250.00", "--reason", "Sorry", "--on", "2026-11-03")
    plan = planned(run, "2026-11", "--issued-on", "2026-12-01")
    first, second = plan["changes"]
    assert (first["customer"], first["difference"]) == ("C2", "-240.00")
    assert (first["former"]["credits"], first["planned"]["credits"]) == ("0.00", "-200.00")
    assert (second["customer"], second["difference"], second["former"]["tariffs"]) == ("C1", "-120.00", "100.00")
    assert second["planned"] == {
        "currency": "EUR", "fee": "360.00", "overage": "0.00", "tariffs": "0.00", "other": "0.00", "credits": "0.00",
        "tax": "72.00", "amount_due": "432.00",
    }  # fmt: skip
    table = run("run", "--month", "2026-11", "--issued-on", "2026-12-01").stdout
    assert "Changes since 2026-10" in table
    assert table.index("C2        Balkan  ") < table.rindex("C1        Aurora  ")


def test_parked_customer_is_released_with_a_note(run, tmp_path):
    """Beyond the limit the run says so and ends with 1; a release with a note lets it pass, and the trail tells who."""
    settings = tmp_path / "billing.toml"
    text = settings.read_text(encoding="utf-8").replace("largest_total = 1000000", "largest_total = 500")
    settings.write_text(text, encoding="utf-8")
    issue = ("run", "--month", "2026-10", "--issue", "--issued-on", "2026-11-02")
    parked = run(*issue, code=1)
    assert "parked (its total of 552.00 EUR is above 500)" in parked.stdout
    assert "billing-engine release" in parked.stdout
    states = json.loads(run("progress", "--month", "2026-10", "--format", "json").stdout)["customers"]
    assert [(row["customer"], row["state"]) for row in states] == [("C1", "parked"), ("C2", "issued")]
    missing = run("release", "--month", "2026-10", "--customer", "C2", "--note", "ok", code=1)
    assert "customer C2 is not parked in 2026-10" in missing.stderr
    run("release", "--month", "2026-10", "--customer", "C1", "--note", "checked with the customer")
    run(*issue)
    trail = json.loads(run("audit", "list", "--subject", "2026-10/C1", "--format", "json").stdout)
    assert [(event["actor"], event["action"]) for event in trail] == [("Ana", "run.parked"), ("Ana", "run.released")]
    run("doctor")


def test_contract_that_ends_gives_its_prepaid_fee_back(run):
    """The plan shows the credit note, and the run issues it."""
    header = "contract,customer,price_list,package,starts_on,ends_on,monthly_fee,fee_timing\n"
    run.imported(contracts=header + "K9,C2,trifft,premium,2026-10-01,,300.00,advance\n")
    run("run", "--month", "2026-10", "--issue", "--issued-on", "2026-11-02")
    run.imported(contracts=header + "K9,C2,trifft,premium,2026-10-01,2026-11-15,300.00,advance\n")
    plan = next(c for c in planned(run, "2026-11")["customers"] if c["customer"] == "C2")
    assert [(note["invoice"], note["net"], note["gross"]) for note in plan["credit_notes"]] == [
        ("2026-000002", "150.00", "180.00")
    ]
    assert "Credit notes" in run("run", "--month", "2026-11", "--issue", "--issued-on", "2026-12-01").stdout
    (note,) = json.loads(run("credit-note", "list", "--format", "json").stdout)
    assert (note["number"], note["gross"]) == ("CN-2026-000001", "180.00")
