"""`invoice xml` and `invoice check` as a user types them: what is written, what is said, and the exit code."""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree

from billing_engine.cli.app import main

FILES = {
    "customers": [
        "customer,name,country,currency,language,email,vat_id,buyer_reference,city,postal_code",
        "C1,Aurora [b]s.r.o.[/b],CZ,EUR,cs,ucty@aurora.example,CZ25123891,PO-7,Praha,11000",
        "C2,Balkan,RS,EUR,sr-Cyrl,,,,,",
    ],
    "contracts": [
        "contract,customer,price_list,package,starts_on,monthly_fee",
        "K1,C1,trifft,premium,2026-01-01,1000.00",
        "K2,C2,trifft,standard,2026-01-01,100.00",
    ],
}


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run commands in a folder in which October was issued, and one invoice credited."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "SETTINGS", "ACTOR"):
        monkeypatch.delenv(f"BILLING_ENGINE_{name}", raising=False)

    def runner(*arguments):
        monkeypatch.setattr(sys, "argv", ["billing-engine", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Said(*capsys.readouterr(), ended.value.code)

    Path("data").mkdir()
    for name, rows in FILES.items():
        Path("data", f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert runner("init").code == 0
    assert runner("run", "--data", "data", "--month", "2026-10", "--issue", "--issued-on", "2026-11-02").code == 0
    assert runner("credit-note", "create", "2026-000001", "--reason", "Wrong", "--issued-on", "2026-11-03").code == 0
    return runner


def test_an_invoice_is_written_in_each_format_and_each_is_valid(say):
    """The file is named by the number, or as wanted."""
    assert say("invoice", "xml", "2026-000001") == Said("2026-000001.xml\n", "", 0)
    for format_ in ("cii", "ubl", "peppol", "xrechnung"):
        for number in ("2026-000001", "CN-2026-000001"):
            file = Path("out", f"{number}.{format_}.xml")
            assert say("invoice", "xml", number, "--format", format_, "-o", file) == Said(f"{file}\n", "", 0)
    checked = say("invoice", "check", *sorted(Path("out").iterdir()), "2026-000001.xml")
    assert checked.code == 0
    assert checked.out.count(", valid\n") == 9
    roots = {etree.parse(file).getroot().tag.rpartition("}")[2] for file in Path("out").iterdir()}
    assert roots == {"CrossIndustryInvoice", "Invoice", "CreditNote"}


def test_texts_are_in_the_customers_language(say):
    """As on the page."""
    say("invoice", "xml", "CN-2026-000001")
    assert "Důvod: Wrong" in Path("CN-2026-000001.xml").read_text(encoding="utf-8")


def test_name_and_country_are_enough_for_the_core_formats_alone(say):
    """The others name what they miss, each field with its place, and write nothing."""
    assert say("invoice", "xml", "2026-000002", "--format", "cii").code == 0
    refused = say("invoice", "xml", "2026-000002", "--format", "xrechnung", "-o", "x.xml")
    assert refused.code == 1
    assert refused.err.startswith("billing-engine: invoice 2026-000002 can not be written as xrechnung")
    for field in ("BT-10, customers.csv: buyer_reference", "BT-52, customers.csv: city"):
        assert field in refused.err
    assert "BT-41" not in refused.err
    assert not Path("x.xml").exists()


def test_what_is_not_there_is_told_in_one_line(say):
    """No invoice, no credit note, no such format."""
    missing = say("invoice", "xml", "2026-000009")
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert "2026-000009" in missing.err
    assert say("invoice", "xml", "2026-000001", "--format", "pdf").code == 2
    assert say("invoice", "check").code == 2


def test_check_names_what_is_wrong_with_each_file(say):
    """Rule, what, and where; the exit code is that of the worst."""
    say("invoice", "xml", "2026-000001", "-o", "good.xml")
    broken = Path("good.xml").read_text(encoding="utf-8").replace(">1200.00<", ">1300.00<")
    Path("broken.xml").write_text(broken, encoding="utf-8")
    found = say("invoice", "check", "good.xml", "broken.xml")
    assert (found.code, found.err) == (1, "")
    assert "good.xml: CII, valid\n" in found.out
    assert "broken.xml: CII, not valid\n" in found.out
    assert "  BR-CO-15: BT-112 is 1300.00, and net amount plus VAT is 1200.00 (BT-112)\n" in found.out


def test_check_answers_in_json(say):
    """With the rules that were used."""
    say("invoice", "xml", "2026-000001", "-o", "good.xml")
    Path("broken.xml").write_text("<a/>", encoding="utf-8")
    found = say("invoice", "check", "good.xml", "broken.xml", "none.xml", "--format", "json")
    assert (found.code, found.err) == (2, "")
    good, broken, none = json.loads(found.out)
    assert (good["file"], good["kind"], good["valid"], good["findings"]) == ("good.xml", "CII", True, [])
    assert good["rules"][-1] == "Factur-X EN16931"
    assert (broken["kind"], broken["valid"], broken["findings"][0]["rule"]) == ("XML", False, "ROOT")
    assert (none["kind"], none["valid"], none["findings"][0]["rule"]) == (None, False, "FILE")
    assert set(none) == {"file", "kind", "valid", "rules", "left_out", "findings"}


def test_a_file_that_can_not_be_read_is_an_error_and_the_others_are_checked(say):
    """One message for each on standard error, whatever it is called."""
    say("invoice", "xml", "2026-000001", "-o", "good.xml")
    Path("empty.xml").touch()
    Path("text\x1b[31m.xml").write_text("hello", encoding="utf-8")
    found = say("invoice", "check", "empty.xml", "text\x1b[31m.xml", "good.xml", "none.xml")
    assert found.code == 2
    assert found.out.startswith("good.xml: CII, valid\n")
    assert found.err.splitlines() == [
        "billing-engine: empty.xml: the file is empty",
        "billing-engine: text\ufffd[31m.xml: it is neither XML nor a PDF",
        "billing-engine: none.xml: No such file or directory",
    ]


def test_the_invoice_in_a_pdf_is_checked(say):
    """What `invoice pdf` writes carries it."""
    say("invoice", "pdf", "2026-000002", "-o", "two.pdf")
    found = say("invoice", "check", "two.pdf")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("two.pdf: PDF with CII, valid\n")
