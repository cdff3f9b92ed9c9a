"""The settings' tax table, documents and mail: read as written, all problems at once, and the sample."""

import re
import tomllib
from datetime import date
from decimal import Decimal

import pytest

from billing_engine.errors import InvalidFileError
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.intake.settings_file import read_settings
from billing_engine.model.settings import DocumentTerms, MailTerms
from billing_engine.model.tax_table import TAX_CHOICES, ExchangeRate, TaxRate, TaxRule, TaxTable

SELLER = '[seller]\nname = "Me"\naddress = ["Here"]\ncountry = "RS"\n'


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def load(folder, text):
    """Write and read settings of a seller."""
    path = folder / "billing.toml"
    path.write_text(text if "[seller]" in text else SELLER + text, encoding="utf-8")
    return read_settings(path)


def problems(folder, text):
    """Return what is wrong with settings."""
    with pytest.raises(InvalidFileError) as caught:
        load(folder, text)
    return caught.value.problems


TABLE = """
[tax]
vat_percent = 20
home_currency = "RSD"
[[tax.rates]]
name = "reduced"
percent = 10
valid_to = 2026-12-31
[[tax.rates]]
name = "reduced"
percent = 9.5
valid_from = 2027-01-01
[[tax.rules]]
tax = "Reverse Charge"
customers = ["eu", "CH"]
vat_id = true
note = "Art. 12(4)"
code = "VATEX-EU-AE"
[[tax.rules]]
tax = "standard"
rate = "reduced"
services = ["expense", "fee"]
[[tax.rules]]
tax = "E"
vat_id = false
[[tax.exchange_rates]]
currency = "EUR"
day = 2026-10-30
rate = 117.1692
"""


def test_the_table_arrives_as_it_is_written(tmp_path):
    """Every key of it, exact."""
    assert load(tmp_path, TABLE).tax == TaxTable(
        rates=(
            TaxRate("reduced", Decimal(10), None, date(2026, 12, 31)),
            TaxRate("reduced", Decimal("9.5"), date(2027, 1, 1), None),
        ),
        rules=(
            TaxRule("reverse_charge", ("eu", "CH"), vat_id=True, note="Art. 12(4)", code="VATEX-EU-AE"),
            TaxRule("standard", services=("expense", "fee"), rate="reduced"),
            TaxRule("exempt", vat_id=False),
        ),
        home_currency="RSD",
        exchange_rates=(ExchangeRate("EUR", date(2026, 10, 30), Decimal("117.1692")),),
    )


@pytest.mark.parametrize("choice", TAX_CHOICES)
def test_each_choice_may_stand_in_a_row(tmp_path, choice):
    """With the rates that two of them need."""
    rates = "".join(f'[[tax.rates]]\nname = "{name}"\npercent = 1\n' for name in ("standard", "reduced"))
    (rule,) = load(tmp_path, f'{rates}[[tax.rules]]\ntax = "{choice}"\n').tax.rules
    assert rule == TaxRule(choice)


def test_settings_without_a_table_have_none(tmp_path):
    """One rate, or none, is all that many sellers need."""
    assert load(tmp_path, "").tax == load(tmp_path, "[tax]\nvat_percent = 20\n").tax == TaxTable()
    assert (load(tmp_path, "").documents, load(tmp_path, "").mail) == (DocumentTerms(), MailTerms())


RATE = '[[tax.rates]]\nname = "reduced"\npercent = 10\n'
RULE = '[[tax.rules]]\ntax = "exempt"\n'
EXCHANGE = '[[tax.exchange_rates]]\ncurrency = "EUR"\nday = 2026-10-30\nrate = 117\n'
CHOICES = "standard, reduced, zero, exempt, reverse_charge, out_of_scope"
SERVICES = "fee, overage, tariff, analysis, development, expense"

BROKEN = [
    row("no name", RATE.replace('name = "reduced"\n', ""), "tax.rates[1].name: is missing"),
    row("no percent", RATE.replace("percent = 10\n", ""), "tax.rates[1].percent: is missing"),
    row("over 100", RATE.replace("10", "100.5"), "tax.rates[1].percent: ", "100", "found 100.5"),
    row("below 0", RATE.replace("10", "-1"), "tax.rates[1].percent: allowed is 0", "found -1"),
    row("a percent in quotes", RATE.replace("10", '"10"'), "tax.rates[1].percent: allowed is a number", "found '10'"),
    row("no end of decimals", RATE.replace("10", "0.1234567891"), "tax.rates[1].percent: allowed are up to 9 decimals"),
    row("a name with capitals", RATE.replace('"reduced"', '"Reduced"'), "tax.rates[1].name: ", "found 'Reduced'"),
    row("an empty name", RATE.replace('"reduced"', '""'), "tax.rates[1].name: ", "found ''"),
    row("a day in quotes", f'{RATE}valid_from = "2026-01-01"\n', "tax.rates[1].valid_from: allowed is a day such as"),
    row("a moment for a day", f"{RATE}valid_to = 2026-01-01T10:00:00\n", "tax.rates[1].valid_to: allowed is a day"),
    row("unknown key of a rate", f"{RATE}from = 1\n", "tax.rates[1].from: unknown key; allowed: name, percent, valid_"),
    row(
        "a rate that ends before it begins",
        f"{RATE}valid_from = 2027-01-01\nvalid_to = 2026-12-31\n",
        "tax: rate 'reduced' ends on 2026-12-31, before it begins on 2027-01-01",
    ),
    row("two at once", RATE + RATE, "tax: two rates 'reduced' are in force at once; give them valid_from and valid_to"),
    row(
        "two on one day",
        f"{RATE}valid_to = 2026-12-31\n{RATE}valid_from = 2026-12-31\n",
        "tax: two rates 'reduced' are in force at once",
    ),
    row("no tax", '[[tax.rules]]\nnote = "x"\n', "tax.rules[1].tax: is missing"),
    row("an unknown tax", RULE.replace("exempt", "none"), f"unknown choice; allowed: {CHOICES}; found 'none'"),
    row("tax as a number", RULE.replace('"exempt"', "20"), "tax.rules[1].tax: unknown choice", "found 20"),
    row("customers as a text", f'{RULE}customers = "eu"\n', "tax.rules[1].customers: allowed is a list in [ ]"),
    row("unknown region", f'{RULE}customers = ["EU"]\n', "tax.rules[1].customers: ", "'EU'", "domestic, eu, abroad"),
    row("Greece is GR", f'{RULE}customers = ["EL"]\n', "tax.rules[1].customers: unknown country 'EL'"),
    row("small letters", f'{RULE}customers = ["de"]\n', "tax.rules[1].customers: unknown country 'de'", "such as DE"),
    row("unknown service", f'{RULE}services = ["fees"]\n', f"unknown service 'fees'; allowed: {SERVICES}"),
    row("allowance has no line", f'{RULE}services = ["allowance"]\n', "unknown service 'allowance'"),
    row("vat_id in words", f'{RULE}vat_id = "yes"\n', "tax.rules[1].vat_id: allowed is true or false", "found 'yes'"),
    row("a code that is none", f'{RULE}code = "Art. 1"\n', "tax.rules[1].code: allowed is a VATEX code", "'Art. 1'"),
    row("a code with more", f'{RULE}code = "VATEX-EU-AE\\n"\n', "tax.rules[1].code: allowed is a VATEX code"),
    row("a long note", f'{RULE}note = "{"x" * 301}"\n', "tax.rules[1].note: ", "300"),
    row("unknown key of a rule", f'{RULE}country = "DE"\n', "tax.rules[1].country: unknown key; allowed: code, cust"),
    row(
        "a rate where there is no VAT",
        f'{RATE}{RULE}rate = "reduced"\n',
        "tax: rules[1].rate: only for standard and reduced; found tax 'exempt'",
    ),
    row("no rate of that name", RULE.replace("exempt", "reduced"), "tax: rules[1]: no rate 'reduced'; known: none"),
    row(
        "another name",
        f'{RATE}{RULE.replace("exempt", "standard")}rate = "low"\n',
        "tax: rules[1]: no rate 'low'; known: reduced",
    ),
    row(
        "no standard rate",
        f"{RATE}{RULE}{RULE.replace('exempt', 'standard')}",
        "tax: rules[2]: no rate 'standard'; known: reduced",
    ),
    row(
        "a standard rate that nothing takes",
        RATE.replace("reduced", "standard"),
        "tax: nothing is taxed at the rate 'standard'; add [[tax.rules]] with tax = \"standard\"",
    ),
    row("no currency", EXCHANGE.replace("EUR", "euro"), "tax.exchange_rates[1].currency: ", "found 'euro'"),
    row("a rate of zero", EXCHANGE.replace("117", "0"), "tax.exchange_rates[1].rate: ", "greater than 0", "found 0"),
    row("no rate", EXCHANGE.replace("rate = 117\n", ""), "tax.exchange_rates[1].rate: is missing"),
    row("a day twice", EXCHANGE + EXCHANGE, "tax: exchange_rates: two of EUR on 2026-10-30"),
    row("no home currency", '[tax]\nhome_currency = "dinar"\n', "tax.home_currency: ", "found 'dinar'"),
    row("colour by name", '[documents]\nbrand_colour = "red"\n', "documents.brand_colour: allowed is a colour such as"),
    row(
        "a colour with style",
        '[documents]\nbrand_colour = "#fff; }"\n',
        "documents.brand_colour: allowed is a colour",
        "'#fff; }'",
    ),
    row("a language that is not there", '[documents]\nsecond_language = "fr"\n', "documents.second_language: allowed:"),
    row("sepa in words", '[documents]\nsepa_qr = "no"\n', "documents.sepa_qr: allowed is true or false"),
    row("unknown key of documents", "[documents]\ncolor = 1\n", "documents.color: unknown key; allowed: brand_colour,"),
    row("no port", "[mail]\nport = 0\n", "mail.port: ", "found 0"),
    row("no such security", '[mail]\nsecurity = "ssl"\n', "mail.security: ", "starttls", "found 'ssl'"),
    row("a host with more", '[mail]\nhost = "a b"\n', "mail.host: allowed is the name of a server"),
    row("a password in the file", '[mail]\npassword = "x"\n', "mail.password: unknown key"),
    row("a wrong VAT id", SELLER + 'vat_id = "RS100000025"\n', "seller.vat_id: 'RS100000025' is no VAT id of RS"),
    row("a VAT id without digits", SELLER + 'vat_id = "none"\n', "seller.vat_id: 'none' is no VAT id"),
    row("a wrong IBAN", SELLER + 'iban = "RS35260005601001611378"\n', "seller.iban: 'RS35260005601001611378' is no"),
]


@pytest.mark.parametrize(("text", "parts"), [row(p.id, p.values[0], p.values[1:]) for p in BROKEN])
def test_a_bad_value_is_refused_with_where_what_and_what_is_allowed(tmp_path, text, parts):
    """One thing is wrong: one sentence, with its place in the file."""
    (problem,) = problems(tmp_path, text)
    assert [part for part in parts if part not in problem] == []


def test_all_problems_of_the_table_are_told_at_once(tmp_path):
    """Each value by itself first."""
    found = problems(
        tmp_path,
        f"""
        {RATE.replace("10", "101")}
        {RATE.replace('"reduced"', '"A"')}
        {RULE.replace("exempt", "none")}
        customers = ["xx", "eu"]
        {RULE}
        services = ["all"]
        code = "x"
        {EXCHANGE.replace("117", "-1")}
        [documents]
        brand_colour = "blue"
        [mail]
        port = 70000
        """,
    )
    assert sorted(problem.partition(": ")[0] for problem in found) == [
        "documents.brand_colour",
        "mail.port",
        "tax.exchange_rates[1].rate",
        "tax.rates[1].percent",
        "tax.rates[2].name",
        "tax.rules[1].customers",
        "tax.rules[1].tax",
        "tax.rules[2].code",
        "tax.rules[2].services",
    ]


def test_all_that_does_not_fit_together_is_told_at_once(tmp_path):
    """Between the rows: a line each, with the number of the row."""
    found = problems(
        tmp_path,
        f'{RATE}{RATE}{RULE}rate = "x"\n{RULE.replace("exempt", "standard")}{EXCHANGE}{EXCHANGE}',
    )
    assert found == [
        "tax: two rates 'reduced' are in force at once; give them valid_from and valid_to",
        "tax: rules[1].rate: only for standard and reduced; found tax 'exempt'",
        "tax: rules[2]: no rate 'standard'; known: reduced",
        "tax: exchange_rates: two of EUR on 2026-10-30",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("valid_to = 2026-12-31", "valid_from = 2027-01-01"),
        ("valid_from = 2028-03-01", "valid_to = 2028-02-29"),
        ("valid_from = 2026-01-01\nvalid_to = 2026-01-01", "valid_from = 2026-01-02"),
    ],
)
def test_rates_that_follow_each_other_are_taken(tmp_path, first, second):
    """In whatever order, with a day between or none."""
    assert len(load(tmp_path, f"{RATE}{first}\n{RATE}{second}\n").tax.rates) == 2


def test_the_one_rate_is_the_standard_one(tmp_path):
    """A row that says standard takes vat_percent where no rate has that name."""
    text = "[tax]\nvat_percent = 20\n" + RULE.replace("exempt", "standard")
    assert load(tmp_path, text).tax.rules == (TaxRule("standard"),)


def test_rates_may_wait_for_whom_they_are_for(tmp_path):
    """Rates by name beside the one rate, and a reduced one where no VAT is charged, as in the sample."""
    assert load(tmp_path, RATE).tax.rates
    standard = RATE.replace("reduced", "standard")
    assert load(tmp_path, f"[tax]\nvat_percent = 20\n{standard}").tax.rates
    assert load(tmp_path, f"{standard}{RULE.replace('exempt', 'standard')}").tax.rates


def test_a_seller_without_country_has_no_vat_id_to_check(tmp_path):
    """What is missing is told, and nothing is made up about the rest."""
    assert problems(tmp_path, '[seller]\nname = "Me"\naddress = ["Here"]\nvat_id = "RS1"\n') == [
        "seller.country: is missing"
    ]


# The sample: its commented rows are settings, too.


def uncommented():
    """Take the comment sign off each commented key and table of the sample."""
    lines = [re.sub(r"^# (\[|[a-z_]+ = )", r"\1", line) for line in SAMPLE.splitlines()]
    return "\n".join(lines)


def test_the_commented_rows_of_the_sample_work(tmp_path):
    """All of them at once: nobody copies an example that is refused."""
    text = uncommented()
    assert not [line for line in text.splitlines() if re.match(r"#\s*(\[|\w+ =)", line)]
    settings = load(tmp_path, text)
    assert settings.tax == TaxTable(
        rates=(TaxRate("reduced", Decimal(10), date(2014, 1, 1), date(2027, 12, 31)),),
        rules=(
            TaxRule(
                "reverse_charge",
                ("eu", "abroad"),
                vat_id=True,
                note="VAT not charged: place of supply abroad, Art. 12(4) of the Serbian VAT Act",
            ),
            TaxRule("out_of_scope", ("abroad",)),
        ),
        home_currency="RSD",
        exchange_rates=(ExchangeRate("EUR", date(2026, 10, 30), Decimal("117.1692")),),
    )
    assert settings.documents == DocumentTerms(
        templates=tmp_path / "my_templates",
        logo=tmp_path / "logo.svg",
        brand_colour="#1f4d5c",
        second_language="en",
        footer="Registered at ...",
        sepa_qr=True,
    )
    assert settings.mail == MailTerms(
        host="smtp.example.com",
        port=587,
        security="starttls",
        user="billing",
        sender="billing@example.com",
        copy_to="archive@example.com",
    )
    seller = settings.seller
    assert (seller.postal_code, seller.city, seller.contact) == ("11000", "Beograd", "Accounts department")
    assert (settings.seller_id, settings.vat_note) == ("sample", "No VAT is charged: ...")


@pytest.mark.parametrize("table", ["tax", "documents", "mail", "seller"])
def test_each_key_is_in_the_sample(tmp_path, table):
    """Whoever looks for a key finds it there."""
    data = tomllib.loads(uncommented())
    (problem,) = problems(tmp_path, ("" if table == "seller" else SELLER) + _with_unknown(table))
    allowed = set(problem.partition("allowed: ")[2].split(", "))
    assert allowed - data[table].keys() == set()


def _with_unknown(table):
    return f"{SELLER}zzz = 1\n" if table == "seller" else f"[{table}]\nzzz = 1\n"


@pytest.mark.parametrize("row_of", ["rates", "rules", "exchange_rates"])
def test_each_key_of_a_row_is_said_in_the_sample(tmp_path, row_of):
    """In an example, or in the comment above the table."""
    found = problems(tmp_path, f"[[tax.{row_of}]]\nzzz = 1\n")
    (unknown,) = [problem for problem in found if "unknown key" in problem]
    section = SAMPLE[SAMPLE.index("[tax]") : SAMPLE.index("[payment]")]
    said = [key for key in unknown.partition("allowed: ")[2].split(", ") if re.search(rf"\b{key}(:| =)", section)]
    assert said == unknown.partition("allowed: ")[2].split(", ")
