"""Documents as a user asks for them: single ones, a whole month, drafts, letters; what is said, and the exit code."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pdf_checks import opened, problems_of
from pypdf import PdfReader
from sqlalchemy import create_engine, select, update

from billing_engine.cli.app import main
from billing_engine.storage.document_tables import renderings
from billing_engine.storage.invoice_tables import invoices

COMMAND = str(Path(sys.executable).parent / "billing-engine")
NUMBER, SECOND = "2026-000001", "2026-000002"
FILES = {
    "customers": [
        "customer,name,country,currency,language",
        "C1,Aurora s.r.o.,CZ,EUR,cs",
        "C2,Balkan,RS,EUR,sr-Cyrl",
    ],
    "contracts": [
        "contract,customer,price_list,package,starts_on,monthly_fee",
        "K1,C1,trifft,premium,2026-01-01,1000.00",
        "K2,C2,trifft,standard,2026-01-01,100.00",
    ],
}


def run_in(folder, *arguments, **environment):
    """Run the command in a folder with an emptied environment; nothing it says may be a traceback."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **environment}
    result = subprocess.run([COMMAND, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr + result.stdout, result.stderr
    return result


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """Issue October for two customers on 31 October, and credit a part of the second invoice that day."""
    folder = tmp_path_factory.mktemp("issued")
    (folder / "data").mkdir()
    for name, rows in FILES.items():
        (folder / "data" / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    day = ("--issued-on", "2026-10-31")
    for call in (
        ("init",),
        ("run", "--data", "data", "--month", "2026-10", "--issue", *day),
        ("credit-note", "create", SECOND, "--line", "1=10.00", "--reason", "late", *day),
    ):
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


def text_of(path):
    """Read a PDF with plain single spaces; it must be a valid archive."""
    content = Path(path).read_bytes()
    assert problems_of(content) == []
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def carries(path):
    """List the files inside a PDF."""
    with opened(Path(path).read_bytes()) as file:
        return sorted(file.attachments)


def test_one_invoice(say, tmp_path):
    """`invoice pdf NUMBER -o FILE` writes it and says where, in the customer's language, with its e-invoice."""
    said = say("invoice", "pdf", NUMBER, "-o", "out/one.pdf")
    assert (said.returncode, said.stdout) == (0, "out/one.pdf\n")
    assert NUMBER in text_of("out/one.pdf")
    assert "Faktura" in text_of("out/one.pdf")
    assert carries("out/one.pdf") == ["factur-x.xml"]
    assert say("invoice", "pdf", NUMBER).stdout == f"{NUMBER}.pdf\n"
    assert (tmp_path / f"{NUMBER}.pdf").read_bytes() == (tmp_path / "out" / "one.pdf").read_bytes()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["one.pdf"]


def test_an_invoice_in_its_other_states(say):
    """A corrected invoice has no e-invoice, its original has; copy and statement are documents beside it."""
    for name, *options in (
        ("now",),
        ("original", "--original"),
        ("copy", "--copy"),
        ("hours", "--statement"),
    ):
        said = say("invoice", "pdf", SECOND, "-o", f"{name}.pdf", *options)
        assert said.returncode == 0, said.stderr
    assert {name: carries(f"{name}.pdf") for name in ("now", "original", "copy", "hours")} == {
        "now": [],
        "original": ["factur-x.xml"],
        "copy": [],
        "hours": [],
    }
    assert len({text_of(f"{name}.pdf") for name in ("now", "original", "copy", "hours")}) == 4
    assert say("credit-note", "pdf", "CN-2026-000001").stdout == "CN-2026-000001.pdf\n"
    assert carries("CN-2026-000001.pdf") == ["factur-x.xml"]


@pytest.mark.parametrize("settings", [True, False])
def test_a_whole_month(issued, tmp_path, settings):
    """`--all` writes the month's invoices, or its credit notes, the same as one by one, also without settings."""
    names = ("billing.toml", "billing.db") if settings else ("billing.db",)
    for name in names:
        shutil.copy(issued / name, tmp_path)
    result = run_in(tmp_path, "invoice", "pdf", "--all", "--month", "2026-10", "--dir", "out", TZ="Asia/Tokyo")
    assert result.returncode == 0, result.stderr
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert sorted(files) == ["2026-000001.pdf", "2026-000002.pdf"]
    notes = ("credit-note", "pdf", "--all", "--month", "2026-10", "--dir", "notes")
    assert run_in(tmp_path, *notes).returncode == 0
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["CN-2026-000001.pdf"]
    assert run_in(tmp_path, "invoice", "pdf", NUMBER, "-o", "again.pdf").returncode == 0
    assert (tmp_path / "again.pdf").read_bytes() == files["2026-000001.pdf"]


def test_one_that_fails_is_reported_and_the_others_are_written(issued, tmp_path):
    """The month exits with 1, names the invoice and why, and leaves neither a part of it nor the others out."""
    for name in ("billing.toml", "billing.db"):
        shutil.copy(issued / name, tmp_path)
    all_ = ("invoice", "pdf", "--all", "--month", "2026-10", "--dir", "out")
    assert run_in(tmp_path, *all_).returncode == 0
    (tmp_path / "out" / "2026-000001.pdf").write_bytes(b"as it was")
    engine = create_engine(f"sqlite:///{tmp_path / 'billing.db'}")
    with engine.begin() as connection:
        connection.execute(update(renderings).where(renderings.c.number == NUMBER).values(sha256="0" * 64))
        assert len(connection.execute(select(invoices.c.number)).all()) == 2
    engine.dispose()
    (tmp_path / "out" / "2026-000002.pdf").unlink()
    result = run_in(tmp_path, *all_)
    assert result.returncode == 1
    said = " ".join(result.stderr.split())
    assert f"{NUMBER} could not be rendered: {NUMBER} came out with other bytes" in said
    assert (tmp_path / "out" / "2026-000001.pdf").read_bytes() == b"as it was"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["2026-000001.pdf", "2026-000002.pdf"]


def test_own_templates_replace_those_of_the_same_name(say, tmp_path):
    """`--templates DIR` restyles a document in one file; a folder that is not there is wrong usage."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "brand.css").write_text(":root { --brand: #8a1538 }", encoding="utf-8")
    say("invoice", "pdf", NUMBER, "-o", "plain.pdf")
    assert say("invoice", "pdf", NUMBER, "-o", "own.pdf", "--templates", "own").returncode == 0
    assert (tmp_path / "own.pdf").read_bytes() != (tmp_path / "plain.pdf").read_bytes()
    assert text_of("own.pdf") == text_of("plain.pdf")
    assert say("credit-note", "pdf", "CN-2026-000001", "--templates", "own").returncode == 0
    assert say("invoice", "pdf", NUMBER, "--templates", "nowhere").returncode == 2
    (own / "brand.css").write_text("h1 { background: url(https://example.org/x.png) }", encoding="utf-8")
    refused = say("invoice", "pdf", NUMBER, "-o", "refused.pdf", "--templates", "own")
    assert refused.returncode == 1
    assert "https://example.org/x.png" in " ".join(refused.stderr.split())
    assert not (tmp_path / "refused.pdf").exists()


def test_a_draft_before_it_is_issued(say):
    """`preview --pdf FILE` prints one customer's draft: without number, marked, without e-invoice."""
    said = say("preview", "--month", "2026-11", "--customer", "C2", "--pdf", "drafts/draft.pdf")
    assert said.returncode == 0, said.stderr
    assert carries("drafts/draft.pdf") == []
    assert not re.search(r"2026-\d{6}", text_of("drafts/draft.pdf"))
    assert say("preview", "--month", "2026-11", "--pdf", "all.pdf").returncode == 2
    gone = say("preview", "--month", "2025-11", "--customer", "C2", "--pdf", "none.pdf")
    assert gone.returncode == 1
    assert not Path("none.pdf").exists()


def test_letters_and_reports(say):
    """`reminder draft --pdf` writes the letter beside its text, `sla report --pdf` a file per customer."""
    said = say("reminder", "draft", "--dir", "letters", "--as-of", "2027-01-15", "--pdf")
    assert said.returncode == 0, said.stderr
    names = sorted(path.name for path in Path("letters").iterdir())
    assert [name for name in names if name.startswith(NUMBER)] == [f"{NUMBER}-level-3.pdf", f"{NUMBER}-level-3.txt"]
    assert NUMBER in text_of(f"letters/{NUMBER}-level-3.pdf")
    assert say("sla", "report", "--month", "2026-10", "--pdf", "reports").returncode == 0
    reports = list(Path("reports").iterdir())
    assert len(reports) == 2
    for report in reports:
        assert text_of(report)


@pytest.mark.parametrize(
    "options",
    [
        (),
        (NUMBER, "--all"),
        ("--all", "--month", "2026-10"),
        ("--all", "--dir", "out"),
        (NUMBER, "--original", "--copy"),
        (NUMBER, "--original", "--statement"),
        ("--all", "--month", "2026-10", "--dir", "out", "--statement"),
    ],
)
def test_wrong_usage(say, options):
    """What does not go together is said, and nothing is written."""
    assert say("invoice", "pdf", *options).returncode == 2
    assert list(Path().glob("*.pdf")) == []
    assert not Path("out").exists()
