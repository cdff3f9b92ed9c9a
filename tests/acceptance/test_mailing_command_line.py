"""`billing-engine invoice send` and `invoice zip` as a user types them: what is said, written and sent, exit codes."""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from mail_server import DROP, HOST, PASSWORD, USER, make_certificate, started
from pypdf import PdfReader

COMMAND = str(Path(sys.executable).parent / "billing-engine")
MONTH = ("--month", "2026-10")
CUSTOMERS = """customer,name,country,currency,email,language,address
C1,Aurora [b]x[/b],DE,EUR,ap@aurora.example,de,Hafen 1
C2,Balkan,RS,EUR,office@balkan.example,sr-Cyrl,Trg 2
C3,Crna,RS,EUR,,en,Trg 3
"""
CONTRACTS = "contract,customer,price_list,package,starts_on,monthly_fee\n" + "".join(
    f"K{n},C{n},trifft,premium,2026-01-01,1000.00\n" for n in (1, 2, 3)
)


class Office:
    """A folder in which somebody types commands."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.said = []

    def say(self, *arguments, code=0, **environment):
        """Run a command; it ends with a code and without a traceback."""
        result = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = result.stdout + result.stderr
        self.said.append(said)
        assert "Traceback" not in said, said
        assert result.returncode == code, said
        return result

    def answer(self, *arguments, code=0):
        """Run a command that answers in JSON."""
        return json.loads(self.say(*arguments, "--format", "json", code=code).stdout)

    def states(self, *arguments, code=0):
        """Send, or look; returns how far each document is."""
        found = self.answer("invoice", "send", *arguments, code=code)
        return [(one["number"], one["state"]) for one in found["mails"]]


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """Issue October for three customers, the first two with an address; once for all tests."""
    office = Office(tmp_path_factory.mktemp("issued"))
    data = office.folder / "data"
    data.mkdir()
    (data / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (data / "contracts.csv").write_text(CONTRACTS, encoding="utf-8")
    office.say("init")
    office.say("run", "--data", "data", *MONTH, "--issue", "--issued-on", "2026-11-02")
    return office.folder


@pytest.fixture
def office(tmp_path, issued):
    """Open an office of the test's own."""
    shutil.copytree(issued, tmp_path, dirs_exist_ok=True)
    return Office(tmp_path)


@pytest.fixture
def post(office, tmp_path):
    """Start a mail server that wants TLS and a password, and put it into the settings."""
    certificate = make_certificate(tmp_path)
    with started(certificate=certificate, security="starttls", authenticated=True) as fake:
        mail = f'[mail]\nhost = "{HOST}"\nport = {fake.port}\nuser = "{USER}"\ncopy_to = "archive@office.example"\n'
        settings = (tmp_path / "billing.toml").read_text(encoding="utf-8")
        (tmp_path / "billing.toml").write_text(f"{settings.partition('[mail]')[0]}\n{mail}", encoding="utf-8")
        office.environment |= {"SSL_CERT_FILE": certificate.chain, "BILLING_ENGINE_SMTP_PASSWORD": PASSWORD}
        yield fake


def test_a_month_is_mailed_once_with_its_pdfs(office, post):
    """A dry run says what would be sent; then it is sent, in each customer's language, and a second time nothing is."""
    would = office.answer("invoice", "send", *MONTH, "--dry-run")
    assert [(one["recipient"], one["state"]) for one in would["mails"]] == [
        ("ap@aurora.example", "to_send"),
        ("office@balkan.example", "to_send"),
    ]
    assert office.states(*MONTH, "--status", code=1)[0] == ("2026-000001", "to_send")
    assert post.mails == []
    expected = [("2026-000001", "sent"), ("2026-000002", "sent"), ("2026-000003", "no_address")]
    assert office.states(*MONTH) == expected
    first, second = (mail.message for mail in post.mails)
    assert (first["Content-Language"], second["Content-Language"]) == ("de", "sr-Cyrl")
    (pdf,) = first.iter_attachments()
    assert pdf.get_filename() == "2026-000001.pdf"
    rendered = office.say("invoice", "pdf", "2026-000001", "-o", "one.pdf")
    assert rendered.returncode == 0
    assert pdf.get_content() == (office.folder / "one.pdf").read_bytes()
    assert office.states(*MONTH) == expected
    assert len(post.mails) == 2
    assert {tuple(mail.recipients) for mail in post.mails} == {
        ("ap@aurora.example", "archive@office.example"),
        ("office@balkan.example", "archive@office.example"),
    }
    table = office.say("invoice", "send", *MONTH, "--status").stdout
    assert "2 sent" in table
    assert "1 no address" in table


def test_the_password_is_written_nowhere(office, post):
    """Not into the database, not into what is said, also when the server does not accept it."""
    office.say("--verbose", "invoice", "send", *MONTH)
    wrong = office.say(
        "--verbose",
        "invoice",
        "send",
        "2026-000001",
        "--again",
        "2026-000002",
        code=1,
        BILLING_ENGINE_SMTP_PASSWORD="Wr0ng-one",  # noqa: S106 - that is what is tried
    )
    assert "did not accept user and password" in wrong.stderr
    bad = {b"BILLING_ENGINE_SMTP_PASSWORD": b"secret-\xff"}
    environment = {os.fsencode(name): os.fsencode(value) for name, value in office.environment.items()}
    strange = subprocess.run(
        [COMMAND, "invoice", "send", *MONTH],
        cwd=office.folder,
        env=environment | bad,
        capture_output=True,
        check=False,
    )
    assert strange.returncode == 2
    with sqlite3.connect(office.folder / "billing.db") as database:
        kept = "\n".join(database.iterdump())
    database.close()
    for secret in (PASSWORD, PASSWORD.replace("\\", "\\\\"), "Wr0ng-one", "secret-"):
        assert secret not in kept
        assert secret not in "".join(office.said) + strange.stderr.decode()


def test_what_fails_is_named_with_the_command_that_sends_it_again(office, post):
    """Exit 1 and why; `--again` sends it once more."""
    post.script = {"rcpt": ["550 5.1.1 no such mailbox"], "end": [DROP]}
    found = office.answer("invoice", "send", *MONTH, code=1)
    by_number = {one["number"]: one for one in found["mails"]}
    assert by_number["2026-000001"]["state"] == "failed"
    assert by_number["2026-000001"]["reason"] == "ap@aurora.example: 550 5.1.1 no such mailbox"
    assert by_number["2026-000002"]["state"] == "unknown"
    command = by_number["2026-000002"]["command"]
    assert command == "billing-engine invoice send --again 2026-000002"
    assert office.states(*MONTH, code=1)[1] == ("2026-000002", "unknown")
    office.say(*command.split()[1:])
    office.say(*by_number["2026-000001"]["command"].split()[1:])
    assert len(post.mails) == 3


def test_credit_notes_are_mailed_where_they_are_asked_for(office, post):
    """Those that were issued in the month; a voided invoice is not sent any more."""
    office.say("credit-note", "create", "2026-000001", "--reason", "All wrong", "--issued-on", "2026-11-05")
    found = office.answer("invoice", "send", "--month", "2026-11", "--credit-notes")
    assert [(one["number"], one["kind"], one["state"]) for one in found["mails"]] == [
        ("CN-2026-000001", "credit_note", "sent")
    ]
    (mail,) = post.mails
    assert "CN-2026-000001" in mail.message["Subject"]
    assert office.states(*MONTH)[0] == ("2026-000001", "voided")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "give --month, or the numbers"),
        (("--month", "2026-10", "--status", "--dry-run"), 2, "exclude each other"),
        (("2026-000099",), 1, "there is no invoice or credit note '2026-000099'"),
        (("2026-000001", "--month", "2026-11"), 1, "2026-000001: not of 2026-11"),
        (("--again", "2026-000001"), 1, "2026-000001 was not sent yet"),
    ],
)
def test_a_wrong_call_says_what_is_allowed(office, post, arguments, code, said):
    """Nothing is sent."""
    assert said in office.say("invoice", "send", *arguments, code=code).stderr
    assert post.mails == []


def test_settings_without_a_mail_server_say_so(office):
    """Looking needs none."""
    office.say("invoice", "send", *MONTH, "--dry-run")
    assert "put its host into [mail]" in office.say("invoice", "send", *MONTH, code=1).stderr


def test_a_month_becomes_one_zip_with_the_same_bytes(office):
    """Each document once, dated by its issue, the same as by itself; made again, the file is the same."""
    assert office.say("invoice", "zip", *MONTH, "-o", "out/october.zip").stdout == "out/october.zip\n"
    made = office.folder / "out" / "october.zip"
    before = hashlib.sha256(made.read_bytes()).hexdigest()
    with zipfile.ZipFile(made) as archive:
        assert archive.namelist() == ["2026-000001.pdf", "2026-000002.pdf", "2026-000003.pdf"]
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 2, 0, 0, 0)}
        assert {(entry.create_system, entry.external_attr >> 16) for entry in archive.infolist()} == {(3, 0o100644)}
        text = PdfReader(io.BytesIO(archive.read("2026-000002.pdf"))).pages[0].extract_text()
        office.say("invoice", "pdf", "2026-000002", "-o", "two.pdf")
        assert archive.read("2026-000002.pdf") == (office.folder / "two.pdf").read_bytes()
    assert "2026-000002" in text
    made.unlink()
    office.say("invoice", "zip", *MONTH, "-o", "out/october.zip")
    assert hashlib.sha256(made.read_bytes()).hexdigest() == before
    assert [path.name for path in made.parent.iterdir()] == ["october.zip"]


def test_credit_notes_are_in_the_zip_of_their_month(office):
    """With the invoices of that month, of which there are none here."""
    office.say(
        "credit-note", "create", "2026-000001", "--reason", "Part", "--line", "1=1.00", "--issued-on", "2026-11-05"
    )
    office.say("invoice", "zip", "--month", "2026-11", "-o", "november.zip")
    with zipfile.ZipFile(office.folder / "november.zip") as archive:
        assert [(entry.filename, entry.date_time[:3]) for entry in archive.infolist()] == [
            ("CN-2026-000001.pdf", (2026, 11, 5))
        ]


def test_a_document_that_fails_keeps_the_zip_from_being_written(office):
    """It is named, and the old file stays; with --skip-failed the rest is written. Both exit with 1."""
    templates = office.folder / "mine"
    templates.mkdir()
    shipped = (Path(__file__).parents[2] / "invoice_templates" / "invoice.html").read_text(encoding="utf-8")
    fails = "{% if invoice.number == '2026-000002' %}{{ 1 // 0 }}{% endif %}"
    (templates / "invoice.html").write_text(
        shipped.replace("{% block content %}", "{% block content %}" + fails), encoding="utf-8"
    )
    (office.folder / "october.zip").write_bytes(b"old")
    command = ("invoice", "zip", *MONTH, "-o", "october.zip", "--templates", "mine")
    result = office.say(*command, code=1)
    assert "2026-000002 could not be rendered" in result.stderr
    assert "october.zip was not written" in result.stderr
    assert (office.folder / "october.zip").read_bytes() == b"old"
    office.say(*command, "--skip-failed", code=1)
    with zipfile.ZipFile(office.folder / "october.zip") as archive:
        assert archive.namelist() == ["2026-000001.pdf", "2026-000003.pdf"]


def test_a_month_without_documents_has_no_zip(office):
    """An empty file would look like all of it."""
    assert (
        "nothing was issued for 2026-12"
        in office.say("invoice", "zip", "--month", "2026-12", "-o", "x.zip", code=1).stderr
    )
    assert not (office.folder / "x.zip").exists()
