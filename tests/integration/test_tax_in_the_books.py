"""VAT by category in the books: issued, read back, told as JSON, checked by the doctor, and upgraded."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from books import NOVEMBER, OCTOBER, SELLER, figures, row
from sqlalchemy import select, text
from typer.testing import CliRunner

from billing_engine import json_shapes, receivables_shapes
from billing_engine.billing_run import RunOutcome
from billing_engine.cli.app import app
from billing_engine.doctor import examine
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.model.content_hash import content_hash
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import TaxCategory
from billing_engine.model.tax_table import ExchangeRate, TaxRate, TaxRule, TaxTable
from billing_engine.storage import protection
from billing_engine.storage.tables import invoices

CUSTOMERS = "customer,name,country,currency,vat_id,tax"
RATES = (
    TaxRate("standard", Decimal(20), None, date(2026, 10, 31)),
    TaxRate("standard", Decimal(21), date(2026, 11, 1)),
    TaxRate("reduced", Decimal("5.5")),
)
RULES = (
    TaxRule("reverse_charge", ("eu",), vat_id=True, note="Art. 12(4)"),
    TaxRule("reduced", services=("expense",)),
    TaxRule("exempt", services=("tariff",), note="Art. 25", code="VATEX-EU-132"),
    TaxRule("standard"),
)
TABLE = TaxTable(RATES, RULES)
TODAY = date(2026, 11, 3)


def fill(books, **more):
    """Take in a customer at home with a fee and an expense, and one abroad that owes the VAT itself."""
    books.take(
        customers=[CUSTOMERS, "C1,Aurora,RS,EUR,,", "C2,Balkan,DE,EUR,DE136695976,"],
        contracts=["K1,C1,trifft,premium,2026-01-01,,1000.00,", "K2,C2,trifft,premium,2026-01-01,,500.00,"],
        expenses=["X1,C1,2026-10-05,Train,89.90", "X2,C2,2026-10-06,Hotel,80.05"],
        **more,
    )
    return books


@pytest.fixture
def taxed(opening):
    """Open books with a tax table."""
    return fill(opening(tax=TABLE))


def subtotals(draft):
    """Say what each category comes to: "S 20: 1000.00 200.00"."""
    return [f"{one.category} {one.percent.normalize():f}: {one.net} {one.tax}" for one in draft.tax_subtotals]


def test_what_is_planned_is_issued_and_read_back(taxed):
    """Every word of the draft comes back: categories of lines and sums, texts, codes; so does its hash."""
    taxed.grant("100.00")
    taxed.grant("50.00", setoff=Setoff.AFTER_TAX)
    plans = {plan.customer.customer: plan for plan in taxed.billing.plan(OCTOBER)}
    home = taxed.issue(OCTOBER, "2026-11-02")
    abroad = taxed.billing.read_invoice("2026-000002")
    assert (home.draft, abroad.draft) == (plans["C1"].draft, plans["C2"].draft)
    assert subtotals(home.draft) == ["S 20: 908.25 181.65", "S 5.5: 81.65 4.49"]
    assert figures(home) == "989.90 186.14 1176.04 1126.04"
    assert subtotals(abroad.draft) == ["AE 0: 580.05 0.00"]
    assert [(one.note, one.code) for one in abroad.draft.taxes] == [("Art. 12(4)", "VATEX-EU-AE")]
    assert (abroad.draft.tax_note, abroad.draft.tax_percent, home.draft.tax_percent) == ("Art. 12(4)", None, None)
    assert [(line.tax_category, line.tax_percent) for line in home.draft.lines] == [("S", 20), ("S", Decimal("5.5"))]
    with taxed.database.connect() as connection:
        hashes = dict(connection.execute(select(invoices.c.number, invoices.c.content_hash)).all())
    assert hashes == {one.number: content_hash(one.draft) for one in (home, abroad)}
    assert taxed.billing.doctor().healthy
    assert taxed.billing.verify_trail().intact


def test_credit_notes_over_several_rates_leave_sound_books(taxed):
    """In parts and in whole, with credits on either side of tax; read back with their categories."""
    taxed.grant("100.00")
    taxed.grant("300.00", setoff=Setoff.AFTER_TAX)
    home = taxed.issue(OCTOBER, "2026-11-02")
    taxed.pay(home, "2026-11-10")
    first = taxed.credit_note(home, "2026-11-11", {1: "333.33", 2: "85.00"}).credit_note
    assert [f"{one.category} {one.net} {one.tax}" for one in first.draft.taxes] == ["S 333.33 66.67", "S 81.65 4.49"]
    second = taxed.credit_note(home, "2026-11-12").credit_note
    read = taxed.billing.receivables.credit_notes(invoice=home.number)
    assert [note.draft for note in read] == [first.draft, second.draft]
    for name in ("net", "tax", "gross"):
        assert sum(getattr(note.draft, name) for note in read) == getattr(home.draft, name)
    abroad = taxed.billing.read_invoice("2026-000002")
    note = taxed.credit_note(abroad, "2026-11-12", {1: "10.00"}).credit_note
    assert [(one.category, one.tax, one.note) for one in note.draft.taxes] == [("AE", 0, "Art. 12(4)")]
    assert taxed.billing.doctor().healthy
    assert taxed.billing.verify_trail().intact


def test_a_change_of_rates_is_followed_from_month_to_month(taxed):
    """November has the new rate, and what came late of October the old one."""
    taxed.issue(OCTOBER, "2026-11-02")
    taxed.take(expenses=["X3,C1,2026-10-30,Taxi,10.00", "X4,C1,2026-11-30,Taxi,20.00"])
    draft = taxed.issue(NOVEMBER, "2026-12-01").draft
    assert subtotals(draft) == ["S 21: 1000.00 210.00", "S 5.5: 30.00 1.65"]
    assert taxed.billing.doctor().healthy


def test_a_customers_own_tax_is_kept_with_it(taxed):
    """The column "tax" of customers.csv decides, until it is taken out again."""
    taxed.take(customers=[CUSTOMERS, "C1,Aurora,RS,EUR,,Zero"])
    assert subtotals(_planned(taxed, "C1")) == ["Z 0: 1089.90 0.00"]
    taxed.take(customers=[CUSTOMERS, "C1,Aurora,RS,EUR,,"])
    assert subtotals(_planned(taxed, "C1")) == ["S 20: 1000.00 200.00", "S 5.5: 89.90 4.94"]
    report = taxed.read(customers=[CUSTOMERS, "C1,Aurora,RS,EUR,,twenty"])
    (rejected,) = report.rejected
    assert "allowed: standard, reduced, zero, exempt, reverse_charge, out_of_scope, or empty" in rejected.reason


def _planned(books, customer):
    (plan,) = [plan for plan in books.billing.plan(OCTOBER) if plan.customer.customer == customer]
    return plan.draft


def test_whoever_lacks_a_legal_field_is_not_issued_and_no_number_is_lost(taxed):
    """Each failure names all of its fields; the others are issued with numbers that follow each other."""
    taxed.take(
        customers=[
            CUSTOMERS,
            "C0,Nowhere,,EUR,,",
            "C2,Balkan,DE,EUR,DE136695977,",
            "C3,Corvus,HU,EUR,,reverse charge",
            "C4,Delta,RS,EUR,,",
        ],
        contracts=[f"K-{n},C{n},trifft,premium,2026-01-01,,100.00," for n in (0, 3, 4)],
    )
    before = taxed.dump()
    plans = {plan.customer.customer: plan for plan in taxed.billing.issue(OCTOBER, TODAY)}
    assert {customer: str(plan.outcome) for customer, plan in plans.items()} == {
        "C0": "failed",
        "C1": "issued",
        "C2": "failed",
        "C3": "failed",
        "C4": "issued",
    }
    start = "the invoice of {} can not be issued: "
    wrong = (
        "'DE136695977' is no VAT id of DE: its form or its check digit is wrong (BT-48), and reverse charge needs it"
    )
    assert plans["C0"].reason == start.format("C0") + "customers.csv: country of customer C0 is missing (BT-55)"
    assert plans["C2"].reason == start.format("C2") + f"customers.csv: vat_id of customer C2: {wrong}"
    assert plans["C3"].reason == start.format("C3") + (
        "customers.csv: vat_id of customer C3 is missing (BT-48), and reverse charge needs it"
    )
    assert [(one.number, one.draft.customer) for one in taxed.billing.list_invoices()] == [
        ("2026-000001", "C1"),
        ("2026-000002", "C4"),
    ]
    assert before["billing_invoices"] == []
    taxed.take(customers=[CUSTOMERS, "C0,Nowhere,RS,EUR,,", "C2,Balkan,DE,EUR,DE136695976,", "C3,Corvus,HU,EUR,,zero"])
    again = taxed.billing.issue(OCTOBER, TODAY)
    assert sorted(plan.invoice_number for plan in again) == [f"2026-00000{n}" for n in range(1, 6)]
    assert taxed.billing.doctor().healthy


def test_a_table_without_an_answer_fails_its_customer_alone(opening):
    """The message says what to add; the other one is issued."""
    reduced = tuple(rate for rate in RATES if rate.name != "standard")
    books = fill(opening(vat_percent=None, tax=TaxTable(reduced, (RULES[0],))))
    plans = {plan.customer.customer: plan for plan in books.billing.issue(OCTOBER, TODAY)}
    assert (plans["C1"].outcome, plans["C2"].outcome) == (RunOutcome.FAILED, RunOutcome.ISSUED)
    assert plans["C1"].reason.startswith("no row of [[tax.rules]] says how fee lines are taxed for customer C1 in RS")
    assert plans["C2"].invoice_number == "2026-000001"


AT_HOME = (ExchangeRate("EUR", date(2026, 10, 30), Decimal("117.1692")),)


def test_vat_is_told_at_home_and_kept(opening):
    """In the seller's currency, with rate and day; not where there is no VAT."""
    books = fill(opening(tax=replace(TABLE, home_currency="RSD", exchange_rates=AT_HOME)))
    home = books.issue(OCTOBER, "2026-11-02")
    found = home.draft.home_tax
    assert (found.currency, str(found.rate), str(found.rate_on)) == ("RSD", "117.1692", "2026-10-30")
    assert (home.draft.tax, str(found.tax)) == (Decimal("204.94"), "24012.66")
    assert books.billing.read_invoice("2026-000002").draft.home_tax is None
    shown = json_shapes.invoice(home, TODAY)
    assert shown["home_tax"] == {
        "currency": "RSD",
        "rate": "117.1692",
        "rate_on": "2026-10-30",
        "tax": "24012.66",
    }
    assert "home_tax" not in json_shapes.invoice(books.billing.read_invoice("2026-000002"), TODAY)
    assert books.billing.doctor().healthy


def test_a_missing_rate_of_exchange_fails_before_anything_is_issued(opening):
    """Whoever has VAT to tell fails, whoever has none does not; no number is taken."""
    old = (replace(AT_HOME[0], day=date(2026, 9, 29)), replace(AT_HOME[0], day=date(2026, 11, 1)))
    books = fill(opening(tax=replace(TABLE, home_currency="RSD", exchange_rates=old)))
    plans = {plan.customer.customer: plan for plan in books.billing.issue(OCTOBER, TODAY)}
    assert (plans["C1"].outcome, plans["C2"].invoice_number) == (RunOutcome.FAILED, "2026-000001")
    assert "[[tax.exchange_rates]] has no rate of EUR of 2026-10-31 or the 31 days before" in plans["C1"].reason
    assert books.billing.doctor().healthy


# JSON: what is new is there where it applies, and nothing else changes.

FORMER_INVOICE = [
    *("number", "customer", "period", "issued_on", "currency", "net", "tax", "gross", "amount_due", "status"),
    *("credited", "open", "due_on", "paid", "lines", "setoffs"),
]
FORMER_LINE = [
    *("position", "kind", "contract", "title", "detail", "quantity", "unit", "unit_price", "price_base_quantity"),
    *("amount", "period", "service_from", "service_to"),
]


def test_an_invoice_of_one_rate_is_shown_as_ever(books):
    """No key is new, and none is gone."""
    fill(books)
    shown = json_shapes.invoice(books.issue(OCTOBER, "2026-11-02"), TODAY)
    assert list(shown) == [*FORMER_INVOICE, "entries"]
    assert all(list(line) == FORMER_LINE for line in shown["lines"])
    note = books.credit_note(books.billing.read_invoice("2026-000001"), "2026-11-03", {1: "1.00"}).credit_note
    assert "taxes" not in receivables_shapes.credit_note(note)


def test_several_rates_are_shown_one_by_one(taxed):
    """Below the setoffs, on the invoice and on its credit note; reverse charge with its text and code."""
    home = taxed.issue(OCTOBER, "2026-11-02")
    shown = json_shapes.invoice(home, TODAY)
    assert list(shown) == [*FORMER_INVOICE, "taxes", "entries"]
    assert shown["taxes"] == [
        {"category": "S", "percent": "20", "net": "1000.00", "tax": "200.00", "note": "", "code": None},
        {"category": "S", "percent": "5.5", "net": "89.90", "tax": "4.94", "note": "", "code": None},
    ]
    note = receivables_shapes.credit_note(taxed.credit_note(home, "2026-11-03", {2: "10.00", 1: "1.00"}).credit_note)
    assert [(one["percent"], one["net"], one["tax"]) for one in note["taxes"]] == [
        ("20", "1.00", "0.20"),
        ("5.5", "10.00", "0.55"),
    ]
    abroad = json_shapes.invoice(taxed.billing.read_invoice("2026-000002"), TODAY)
    assert abroad["taxes"] == [
        {
            "category": "AE",
            "percent": "0",
            "net": "580.05",
            "tax": "0.00",
            "note": "Art. 12(4)",
            "code": "VATEX-EU-AE",
        }
    ]


def test_the_command_line_shows_each_rate(taxed, tmp_path):
    """As text and as JSON, which is the shape above."""
    home = taxed.issue(OCTOBER, "2026-11-02")
    settings = tmp_path / "billing.toml"
    settings.write_text(SAMPLE, encoding="utf-8")

    def run(*arguments):
        where = ["--database", taxed.url, "--settings", str(settings)]
        done = CliRunner().invoke(app, [*where, "invoice", "show", *arguments], env=taxed.environment)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    assert (
        json.loads(run(home.number, "--format", "json"))["taxes"] == json_shapes.tax_shapes(home.draft.taxes)["taxes"]
    )
    printed = " ".join(run(home.number).split())
    assert "net 1,089.90 EUR, VAT 20% 200.00 EUR, VAT 5.5% 4.94 EUR, total 1,294.84 EUR" in printed
    assert "VAT (reverse charge) 0.00 EUR" in " ".join(run("2026-000002").split())


# Damage.


@pytest.fixture
def sound(opening):
    """Open books with two rates, reverse charge, VAT at home, credits on either side of tax, and credit notes."""
    books = fill(opening(tax=replace(TABLE, home_currency="RSD", exchange_rates=AT_HOME)))
    books.grant("100.00")
    home = books.issue(OCTOBER, "2026-11-02")
    books.credit_note(home, "2026-11-11", {1: "333.33", 2: "10.00"})
    books.credit_note(books.billing.read_invoice("2026-000002"), "2026-11-11", {1: "10.00"})
    assert books.billing.doctor().healthy
    return books


def edited(name, table="invoices", number="2026-000001"):
    """Return a statement that gives an invoice or credit note another JSON value."""
    return f"UPDATE billing_{table} SET {name} = :value WHERE number = '{number}'"  # noqa: S608 - of this module


def change_taxes(change):
    """Return how the sums by category are written after a change of theirs."""
    return lambda stored: json.dumps(change(json.loads(stored) if isinstance(stored, str) else stored))


def first(**changes):
    """Change the first category."""
    return change_taxes(lambda taxes: [taxes[0] | changes, *taxes[1:]])


def moved(cents):
    """Move an amount from the first category to the second; the sums stay."""

    def change(taxes):
        one, other = taxes
        return [
            one | {"net_minor": one["net_minor"] - cents},
            other | {"net_minor": other["net_minor"] + cents},
        ]

    return change_taxes(change)


HASH, TAX, CATEGORIES = "audit.invoices", "totals.tax", "totals.categories"
NOTE_TAX = "credit_notes.tax"
DAMAGES = [
    row("a percent", first(percent="21"), f"{TAX} {CATEGORIES} {NOTE_TAX} {HASH}"),
    row("a net amount", first(net_minor=1), f"{TAX} {CATEGORIES} {HASH}"),
    row("a tax, which is then less than its credit notes have", first(tax_minor=1), f"{TAX} {NOTE_TAX} {HASH}"),
    row("a cent moved", moved(1), f"{CATEGORIES} {HASH}"),
    row("much moved", moved(10_000), f"{TAX} {CATEGORIES} {HASH}"),
    row("a category", first(category="E"), f"{CATEGORIES} {NOTE_TAX} {HASH}"),
    row("a legal text", first(note="no law"), HASH),
    row("a code", first(code="VATEX-EU-132"), HASH),
    row("no category at all", lambda _: "[]", f"{TAX} {NOTE_TAX} {HASH}"),
    row("one left out", change_taxes(lambda taxes: taxes[:1]), f"{TAX} {CATEGORIES} {NOTE_TAX} {HASH}"),
    row("one twice", change_taxes(lambda taxes: [*taxes, taxes[0]]), f"{HASH}"),
    row("another order", change_taxes(lambda taxes: taxes[::-1]), HASH),
    row("no list", lambda _: "7", f"{TAX} {NOTE_TAX} {HASH}"),
    row("a list of numbers", lambda _: "[1, 2]", f"{TAX} {NOTE_TAX} {HASH}"),
    row("a text", lambda _: '"S"', f"{TAX} {NOTE_TAX} {HASH}"),
    row("null", lambda _: "null", f"{TAX} {NOTE_TAX} {HASH}"),
    row("without a percent", change_taxes(lambda t: [{"category": "S"}, t[1]]), f"{TAX} {NOTE_TAX} {HASH}"),
    row("no number", first(percent="many"), f"{TAX} {NOTE_TAX} {HASH}"),
    row("NaN", first(percent="NaN"), f"{TAX} {NOTE_TAX} {HASH}"),
    row("infinite", first(percent="Infinity"), f"{TAX} {NOTE_TAX} {HASH}"),
    row("amount that is none", first(net_minor="x"), f"{TAX} {NOTE_TAX} {HASH}"),
    row("amount that is null", first(tax_minor=None), f"{TAX} {NOTE_TAX} {HASH}"),
    row("unknown category", first(category="X"), f"{NOTE_TAX} {HASH}"),
]


def found(connection):
    """Return the checks that find something."""
    return {check.name for check in examine(connection) if not check.passed}


def switch_off_triggers(connection):
    """Let the transaction change what nobody may change."""
    if connection.dialect.name == "sqlite":
        for name in protection.read_triggers(connection):
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        connection.execute(text("SET LOCAL session_replication_role = replica"))


def after(books, statement, **values):
    """Return what the doctor finds after a statement that is then undone."""
    with books.database.connect() as connection:
        switch_off_triggers(connection)
        assert connection.execute(text(statement), values).rowcount > 0, statement
        checks = found(connection)
        connection.rollback()
    return checks - {"triggers"}


def test_damage_of_categories_is_found(sound):
    """Whatever is done to the sums by category is found, by the check that is about it; nothing makes it stop."""
    with sound.database.connect() as connection:
        stored = connection.scalar(text("SELECT taxes FROM billing_invoices WHERE number = '2026-000001'"))
    for damage in DAMAGES:
        change, expected = damage.values
        assert (damage.id, after(sound, edited("taxes"), value=change(stored)) & KNOWN) == (
            damage.id,
            set(expected.split()),
        )


@pytest.mark.parametrize("percent", ["NaN", "sNaN", "Infinity", "1e400"])
def test_one_damage_does_not_hide_another(sound, percent):
    """Whatever stands in the first invoice, the second one is still looked at."""
    numbers = ("2026-000001", "2026-000002")
    with sound.database.connect() as connection:
        switch_off_triggers(connection)
        for number in numbers:
            stored = connection.scalar(text(f"SELECT taxes FROM billing_invoices WHERE number = '{number}'"))  # noqa: S608
            change = first(percent=percent) if number == numbers[0] else first(net_minor=1)
            connection.execute(text(edited("taxes", number=number)), {"value": change(stored)})
        told = {check.name: {one.where for one in check.findings} for check in examine(connection)}
        connection.rollback()
    for check in (TAX, HASH):
        assert told[check] == {f"invoice {number}" for number in numbers}, check
    assert "invoice 2026-000002" in told[CATEGORIES]


KNOWN = {HASH, TAX, CATEGORIES, NOTE_TAX, "audit.credit_notes", "credit_notes.invoices", "totals.sums"}

AT_HOME_NOW = {"currency": "RSD", "rate": "117.1692", "rate_on": "2026-10-30", "tax_minor": 2401266}


@pytest.mark.parametrize(
    ("statement", "value", "expected"),
    [
        row(
            "a line's category",
            "UPDATE billing_invoice_lines SET tax_category = :value WHERE position = 1",
            "E",
            f"{CATEGORIES} {HASH}",
        ),
        row(
            "a line's percent",
            "UPDATE billing_invoice_lines SET tax_percent = :value WHERE position = 1",
            "5.5",
            f"{CATEGORIES} {HASH}",
        ),
        row(
            "a line's percent that is none",
            "UPDATE billing_invoice_lines SET tax_percent = :value WHERE position = 1",
            "x",
            f"{CATEGORIES} {HASH}",
        ),
        row("VAT at home", edited("home_tax"), json.dumps(AT_HOME_NOW | {"tax_minor": 1}), HASH),
        row("its rate", edited("home_tax"), json.dumps(AT_HOME_NOW | {"rate": "117"}), HASH),
        row("its day", edited("home_tax"), json.dumps(AT_HOME_NOW | {"rate_on": "2026-10-29"}), HASH),
        row("its currency", edited("home_tax"), json.dumps(AT_HOME_NOW | {"currency": "CZK"}), HASH),
        row("none at all", edited("home_tax"), None, HASH),
        row("what can not be read", edited("home_tax"), json.dumps({"currency": 1}), HASH),
        row("the one percent", edited("tax_percent"), "20", f"{HASH} credit_notes.invoices"),
        row(
            "a credit note's categories",
            edited("taxes", "credit_notes", "CN-2026-000001"),
            "[]",
            f"{NOTE_TAX} audit.credit_notes",
        ),
        row(
            "a credit note's tax by category",
            edited("taxes", "credit_notes", "CN-2026-000001"),
            json.dumps(
                [
                    {"category": "S", "percent": "20", "net_minor": 33333, "tax_minor": 6666, "note": "", "code": ""},
                    {"category": "S", "percent": "5.5", "net_minor": 1000, "tax_minor": 56, "note": "", "code": ""},
                ]
            ),
            "audit.credit_notes",
        ),
        row(
            "a credit note's category",
            edited("taxes", "credit_notes", "CN-2026-000002"),
            json.dumps([{"category": "E", "percent": "0", "net_minor": 1000, "tax_minor": 0, "note": "", "code": ""}]),
            f"{NOTE_TAX} audit.credit_notes",
        ),
        row(
            "a credit note's category that is not on its invoice",
            edited("taxes", "credit_notes", "CN-2026-000001"),
            json.dumps(
                [{"category": "S", "percent": "10", "net_minor": 34333, "tax_minor": 6722, "note": "", "code": ""}]
            ),
            f"{NOTE_TAX} audit.credit_notes",
        ),
        row(
            "a credit note's infinite percent",
            edited("taxes", "credit_notes", "CN-2026-000001"),
            json.dumps([{"category": "S", "percent": "Infinity", "net_minor": 0, "tax_minor": 0}]),
            f"{NOTE_TAX} audit.credit_notes",
        ),
    ],
)
def test_damage_of_what_is_taxed_how_is_found(sound, statement, value, expected):
    """Lines, VAT at home, and credit notes."""
    if "lines" in statement:
        statement += " AND invoice = 'invoice/2026-10/C1'"
    assert after(sound, statement, value=value) & KNOWN == set(expected.split())


def test_all_categories_are_tried_here(sound):
    """What the books hold is what the damages above are about."""
    drafts = [sound.billing.read_invoice(one.number).draft for one in sound.billing.list_invoices()]
    assert {one.category for draft in drafts for one in draft.taxes} == {
        TaxCategory.STANDARD,
        TaxCategory.REVERSE_CHARGE,
    }
    assert drafts[0].seller == SELLER
