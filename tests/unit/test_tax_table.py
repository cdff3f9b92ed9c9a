"""The table that says how each line is taxed: by customer, VAT id, service and day."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from builders import b2bee, contract, development, entry, expense, rate
from hypothesis import given
from hypothesis import strategies as st
from invoices import FEE, TIME

from billing_engine.errors import TaxError
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.invoicing.tax import tax_at_home, tax_lines, treatment_of
from billing_engine.model.contract import Customer
from billing_engine.model.identifiers import vat_id_problem, with_country
from billing_engine.model.invoice import Seller
from billing_engine.model.period import Month
from billing_engine.model.price_list import FeeInterval, FeeTiming, PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.model.tax import TaxCategory, TaxSubtotal
from billing_engine.model.tax_table import EU, TAX_CHOICES, ExchangeRate, TaxRate, TaxRule, TaxTable, read_tax_choice
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import rate_customer

SELLER = Seller(name="S", address="A", country="DE", vat_id="DE136695976")
HOME, EU_, ABROAD = ("domestic",), ("eu",), ("abroad",)
OCTOBER = Month(2026, 10)
LAST_OF_2026 = date(2026, 12, 31)


def row(rule, *values):
    """Name a table row by its rule."""
    return pytest.param(*values, id=rule)


def customer(country="DE", vat_id="", tax=""):
    """Name a customer by what decides its VAT."""
    return Customer("C1", "Aurora", country, "EUR", vat_id=vat_id, tax=tax)


def table(*rules, rates=(), vat_percent="19", country="DE", **more):
    """Make settings of a seller with a table."""
    percent = None if vat_percent is None else Decimal(vat_percent)
    seller = replace(SELLER, country=country)
    return Settings(seller, percent, tax=TaxTable(rates=tuple(rates), rules=rules), **more)


def said(whom, settings, kind="fee", day="2026-10-31"):
    """Say how a line is taxed: "S 19"."""
    found = treatment_of(kind, whom, settings, date.fromisoformat(day))
    return f"{found.category} {found.percent}"


REVERSED = TaxRule("reverse_charge", EU_, vat_id=True)
TABLE = table(
    TaxRule("reduced", HOME, services=("expense",)),
    REVERSED,
    TaxRule("out_of_scope", ABROAD, vat_id=True),
    TaxRule("exempt", ("CH", "NO")),
    TaxRule("zero", ABROAD, vat_id=False, services=("fee", "overage")),
    rates=[TaxRate("reduced", Decimal(7))],
)


@pytest.mark.parametrize(
    ("whom", "kind", "expected"),
    [
        row("at home: no row, the settings' one rate", customer(), "fee", "S 19"),
        row("at home, of a reduced kind", customer(), "expense", "S 7"),
        row("at home with a VAT id: still no row for reverse charge", customer("DE", "DE136695976"), "fee", "S 19"),
        row("another member state with VAT id", customer("AT", "ATU13585627"), "fee", "AE 0"),
        row("any kind of line of it", customer("AT", "ATU13585627"), "expense", "AE 0"),
        row("another member state without VAT id", customer("AT"), "tariff", "S 19"),
        row("the first row that fits decides", customer("AT"), "fee", "Z 0"),
        row("no member state, with VAT id", customer("CH", "CHE107787577"), "fee", "O 0"),
        row("no member state, by its code", customer("CH"), "fee", "E 0"),
        row("the code of one is not that of another", customer("LI"), "fee", "Z 0"),
        row("a kind that no row names", customer("LI"), "development", "S 19"),
        row("no country is not abroad", customer(""), "fee", "S 19"),
        row("no country with VAT id is not abroad, either", customer("", "ATU13585627"), "fee", "S 19"),
        row("Greece is a member state by its ISO code", customer("GR", "EL094259216"), "fee", "AE 0"),
        row("Northern Ireland's services are abroad", customer("GB", "XI110305878"), "fee", "O 0"),
        row("the Monegasque are abroad, whatever their VAT ids", customer("MC", "FR83404833048"), "fee", "O 0"),
    ],
)
def test_the_first_row_that_fits_decides(whom, kind, expected):
    """Country, VAT id and kind of line all have to fit; what no row takes is taxed at the one rate."""
    assert said(whom, TABLE, kind) == expected


@pytest.mark.parametrize("home", ["DE", "RS"])
@pytest.mark.parametrize("country", [*sorted(EU), "RS", "GB", "US", ""])
def test_domestic_eu_and_abroad_are_what_they_say(country, home):
    """The seller's own country is neither "eu" nor "abroad"; a member state is both."""
    found = {
        where: said(customer(country), table(TaxRule("exempt", (where,)), country=home)) == "E 0"
        for where in ("domestic", "eu", "abroad")
    }
    assert found == {
        "domestic": country == home,
        "eu": country in EU and country != home,
        "abroad": country not in ("", home),
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_order_matters(order):
    """Of two rows that fit both, the one that stands first decides."""
    rows = (TaxRule("exempt"), TaxRule("zero"))
    assert said(customer(), table(*(rows[place] for place in order))) == ("E 0", "Z 0")[order[0]]


SPELLINGS = {
    "standard": ("standard", "Standard", " STANDARD ", "S", "s"),
    "reduced": ("reduced", "Reduced"),
    "zero": ("zero", "Z", "z"),
    "exempt": ("exempt", "E", "e", "EXEMPT"),
    "reverse_charge": ("reverse_charge", "reverse charge", "Reverse-Charge", "REVERSE  CHARGE", "AE", "ae", " Ae"),
    "out_of_scope": ("out_of_scope", "out of scope", "Out-of-Scope", "O", "o"),
}


@pytest.mark.parametrize(("text", "choice"), [(text, choice) for choice, texts in SPELLINGS.items() for text in texts])
def test_a_choice_is_read_however_it_is_spelled(text, choice):
    """Words with spaces, dashes or capitals, and the codes of the categories."""
    assert read_tax_choice(text) == choice


def test_all_choices_have_spellings_here():
    """None is forgotten above."""
    assert SPELLINGS.keys() == TAX_CHOICES.keys()


@pytest.mark.parametrize(
    "text", ["", " ", "K", "G", "IC", "none", "20", "reverse", "standard rate", "\uff21\uff25", "zero\0"]
)
def test_what_is_no_choice_is_refused(text):
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        read_tax_choice(text)


RATES = [TaxRate("standard", Decimal(19)), TaxRate("reduced", Decimal(7))]


@pytest.mark.parametrize(
    ("tax", "expected"),
    [
        ("standard", "S 19"),
        ("reduced", "S 7"),
        ("zero", "Z 0"),
        ("exempt", "E 0"),
        ("reverse_charge", "AE 0"),
        ("out_of_scope", "O 0"),
    ],
)
def test_the_customers_own_word_goes_before_the_table(tax, expected):
    """Whatever the rows say, also of a customer that they would take otherwise."""
    rows = table(TaxRule("exempt"), REVERSED, rates=RATES)
    for whom in (customer(tax=tax), customer("AT", "ATU13585627", tax=tax), customer("", tax=tax)):
        assert said(whom, rows) == expected


def test_the_customers_own_word_takes_the_legal_text_of_the_table():
    """The row that fits the customer lends it, else the first one that says the same."""
    rows = table(
        TaxRule("exempt", EU_, note="Art. 1", code="VATEX-EU-132"),
        TaxRule("exempt", ABROAD, note="Art. 2"),
        TaxRule("exempt", HOME, services=("expense",), note="Art. 3"),
    )

    def note(country, kind="fee"):
        return treatment_of(kind, customer(country, tax="exempt"), rows, LAST_OF_2026).note

    assert [note("AT"), note("US"), note("DE", "expense"), note("DE")] == ["Art. 1", "Art. 2", "Art. 3", "Art. 1"]
    (found,) = {treatment_of("fee", customer(tax="zero"), rows, LAST_OF_2026)}
    assert (found.note, found.code) == ("", "")


def test_the_customers_own_word_does_not_take_the_rate_of_a_row_for_others():
    """A special rate of one kind of line is not the standard rate of all."""
    rows = table(
        TaxRule("standard", services=("expense",), rate="parking"),
        rates=[TaxRate("parking", Decimal(13)), TaxRate("reduced", Decimal(7))],
    )
    assert said(customer(tax="standard"), rows, "fee") == "S 19"
    assert said(customer(tax="standard"), rows, "expense") == "S 13"


def test_a_word_for_a_rate_that_is_not_there_is_an_error():
    """Named, with the day; nothing is taxed at a rate that somebody only meant."""
    with pytest.raises(TaxError, match=r"\[\[tax.rates\]\] has no rate 'reduced' that is in force on 2026-10-31"):
        said(customer(tax="reduced"), table())


LEAP = [
    TaxRate("standard", Decimal(20), None, date(2027, 12, 31)),
    TaxRate("standard", Decimal(21), date(2028, 1, 1), date(2028, 2, 29)),
    TaxRate("standard", Decimal(22), date(2028, 3, 1), date(2028, 3, 31)),
    TaxRate("standard", Decimal("22.5"), date(2028, 5, 1)),
]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("1999-01-01", "S 20"),
        ("2027-12-31", "S 20"),
        ("2028-01-01", "S 21"),
        ("2028-02-28", "S 21"),
        ("2028-02-29", "S 21"),
        ("2028-03-01", "S 22"),
        ("2028-03-31", "S 22"),
        ("2028-05-01", "S 22.5"),
        ("2199-12-31", "S 22.5"),
    ],
)
def test_a_rate_holds_from_its_first_to_its_last_day(day, expected):
    """Both days included, also the 29th of February; open ends have none."""
    assert said(customer(), table(TaxRule("standard"), rates=LEAP), day=day) == expected


@pytest.mark.parametrize("day", ["2028-04-01", "2028-04-30"])
@pytest.mark.parametrize("vat_percent", ["19", None])
def test_a_gap_between_rates_is_an_error(day, vat_percent):
    """A rate with dates that has none for a day does not fall back on another rate."""
    with pytest.raises(TaxError, match=f"no rate 'standard' that is in force on {day}"):
        said(customer(), table(TaxRule("standard"), rates=LEAP, vat_percent=vat_percent), day=day)


def test_a_rate_of_zero_is_the_category_zero():
    """The standard category has a rate above zero (BR-S-5)."""
    rows = table(TaxRule("reduced"), rates=[TaxRate("reduced", Decimal("0.0"))])
    assert treatment_of("fee", customer(), rows, LAST_OF_2026).category is TaxCategory.ZERO
    assert treatment_of("fee", customer(), table(vat_percent="0"), LAST_OF_2026).category is TaxCategory.ZERO


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (TaxRule("reverse_charge"), ("AE", "", "VATEX-EU-AE")),
        (TaxRule("reverse_charge", note="Art. 196", code="VATEX-EU-79-C"), ("AE", "Art. 196", "VATEX-EU-79-C")),
        (TaxRule("out_of_scope"), ("O", "", "VATEX-EU-O")),
        (TaxRule("exempt"), ("E", "", "")),
        (TaxRule("exempt", code="VATEX-EU-132"), ("E", "", "VATEX-EU-132")),
        (TaxRule("zero", note="Art. 24"), ("Z", "Art. 24", "")),
        (TaxRule("standard", note="not said where there is VAT", code="VATEX-EU-132"), ("S", "", "")),
    ],
)
def test_a_row_carries_its_legal_text_and_the_code_of_its_category(rule, expected):
    """Its own code goes before the one that the category has."""
    found = treatment_of("fee", customer(), table(rule), LAST_OF_2026)
    assert (str(found.category), found.note, found.code) == expected


@pytest.mark.parametrize(
    ("whom", "named"),
    [
        (customer("US"), r"fee lines are taxed for customer C1 in US, without a VAT id"),
        (customer("AT", "ATU13585627"), r"customer C1 in AT, with a VAT id"),
        (customer(""), r"customer C1 in no country, without a VAT id"),
    ],
)
def test_a_table_without_an_answer_says_for_whom_and_what_to_do(whom, named):
    """Where there is a table and no one rate, what no row decides is not simply untaxed."""
    with pytest.raises(
        TaxError, match=rf"no row of \[\[tax.rules\]\] says how .*{named}.*; add one, or \[tax\]"
    ) as told:
        said(whom, table(TaxRule("standard", HOME, rate="x"), rates=[TaxRate("x", Decimal(1))], vat_percent=None))
    assert "vat_percent" in str(told.value)


def test_the_kind_without_an_answer_is_named():
    """A table by kinds says which one it forgot."""
    rows = table(TaxRule("exempt", services=("fee",)), vat_percent=None)
    assert said(customer(), rows) == "E 0"
    with pytest.raises(TaxError, match="how development lines are taxed"):
        said(customer(), rows, "development")


@pytest.mark.parametrize(
    ("vat_id", "expected"), [("DE136695976", ("E", "Small business", "")), ("", ("O", "Small business", "VATEX-EU-O"))]
)
def test_settings_without_any_tax_charge_none(vat_id, expected):
    """A registered seller is exempt, another one outside the scope; both by the words of the settings."""
    settings = Settings(replace(SELLER, vat_id=vat_id), vat_note="Small business")
    found = treatment_of("fee", customer(), settings, LAST_OF_2026)
    assert (str(found.category), found.note, found.code) == expected


# Lines: each by the rates of the day that it is of.

CHANGE = table(
    TaxRule("reduced", services=("expense",)),
    TaxRule("standard"),
    rates=[
        TaxRate("standard", Decimal(20), None, date(2026, 9, 30)),
        TaxRate("standard", Decimal(21), date(2026, 10, 1), date(2026, 12, 31)),
        TaxRate("standard", Decimal(22), date(2027, 1, 1)),
        TaxRate("reduced", Decimal(10), None, date(2026, 8, 31)),
        TaxRate("reduced", Decimal(12), date(2026, 9, 1)),
    ],
)


def taxed(*lines, month=OCTOBER, settings=CHANGE):
    """Tax lines; returns "S 20" for each."""
    found, _ = tax_lines(lines, customer(), settings, month)
    return [f"{line.tax_category} {line.tax_percent}" for line in found]


def test_lines_of_earlier_months_are_taxed_at_their_months_rate():
    """Work that came late was supplied then (R11); what has no month is of the invoice's."""
    late = [replace(TIME, period=period) for period in ("2026-08", "2026-09", "2026-10", "")]
    costs = [replace(TIME, kind="expense", period=period) for period in ("2026-08", "2026-09")]
    assert taxed(*late, *costs) == ["S 20", "S 20", "S 21", "S 21", "S 10", "S 12"]


def test_fees_in_advance_are_taxed_at_the_rate_of_the_invoices_month():
    """The VAT of what is paid in advance arises when it is billed; a fee in arrears has the rate of its last day."""
    year = replace(FEE, period="2027-09", service_from="2026-10-01", service_to="2027-09-30")
    before = replace(FEE, period="2026-09", service_from="2026-07-01", service_to="2026-09-30")
    assert taxed(FEE, year, before) == ["S 21", "S 21", "S 20"]


def test_a_rate_that_ended_before_the_last_day_of_a_month_is_not_taken():
    """The last day of the month decides for all of it."""
    settings = table(
        TaxRule("standard"),
        rates=[
            TaxRate("standard", Decimal(20), None, date(2028, 2, 28)),
            TaxRate("standard", Decimal(21), date(2028, 2, 29)),
        ],
    )
    assert taxed(replace(TIME, period="2028-02"), month=Month(2028, 2), settings=settings) == ["S 21"]
    assert taxed(replace(TIME, period="2028-01"), month=Month(2028, 2), settings=settings) == ["S 20"]


def test_an_invoice_over_a_change_of_rates_shows_both():
    """September's late work at 20 %, October's fee at 21 %, the train ticket at 12 %: each taxed on its own sum."""
    october = rate("premium", [], expenses=[expense("100.00")], monthly_fee="1000.00")
    late = rate("premium", [entry("T3", "2026-09-10T19:00", "2026-09-10T20:00")], period="2026-09")
    draft = draft_invoice(customer(), OCTOBER, [october], [], CHANGE, late=[late])
    by_key = {(str(one.category), one.percent): (one.net, one.tax) for one in draft.taxes}
    evening = sum(line.amount for line in draft.lines if line.period == "2026-09")
    assert evening > 0
    assert by_key == {
        ("S", 21): (Decimal(1000), Decimal(210)),
        ("S", 12): (Decimal(100), Decimal(12)),
        ("S", 20): (evening, evening / 5),
    }
    assert draft.tax_percent is None


def test_yearly_fees_in_advance_carry_the_rate_of_their_invoice():
    """Through the whole of rating and drafting: billed in December 2026, paid up to November 2027."""
    whom, december = customer(), Month(2026, 12)
    terms = {"fee_interval": FeeInterval.YEAR, "fee_timing": FeeTiming.ADVANCE}
    cards = RateCards(PriceListBook([b2bee()]), december)
    rated = rate_customer(whom, [contract("premium", starts_on="2026-12-01", **terms)], [], [], cards)
    draft = draft_invoice(whom, december, rated.statements, [], CHANGE)
    (fee,) = [line for line in draft.lines if line.kind == "fee"]
    assert (fee.period, fee.service_to, fee.tax_percent) == ("2027-11", "2027-11-30", 21)


def test_each_kind_of_line_can_be_taxed_by_itself():
    """A table by kinds: fee, tariff, development and expense of one invoice."""
    statement = rate(
        "premium",
        [entry("T3", "2026-10-01T19:00", "2026-10-01T20:00"), development("2026-10-02T10:00", "2026-10-02T11:00")],
        expenses=[expense("50.00")],
        development_rate="90",
    )
    settings = table(
        TaxRule("zero", services=("development",)),
        TaxRule("exempt", services=("tariff", "overage")),
        TaxRule("reduced", services=("expense",)),
        rates=[TaxRate("reduced", Decimal(7))],
    )
    draft = draft_invoice(customer(), OCTOBER, [statement], [], settings)
    found = {line.kind: f"{line.tax_category} {line.tax_percent}" for line in draft.lines}
    assert found == {"fee": "S 19", "tariff": "E 0", "development": "Z 0", "expense": "S 7"}
    assert {f"{one.category} {one.percent}" for one in draft.taxes} == set(found.values())


def test_one_category_and_rate_is_one_subtotal_with_the_first_legal_text():
    """Two rows that both exempt, each by its own law: the documents have one entry for the category."""
    settings = table(TaxRule("exempt", services=("fee",), note="Art. 1"), TaxRule("exempt", note="Art. 2"))
    draft = draft_invoice(customer(), OCTOBER, [rate("premium", [], expenses=[expense("1.00")])], [], settings)
    (only,) = draft.taxes
    assert (only.note, draft.tax_note) == ("Art. 1", "Art. 1")


# VAT told at home.


def home(*rates, currency="PLN"):
    """Make settings that tell VAT at home."""
    rates = tuple(ExchangeRate(one, date.fromisoformat(day), Decimal(rate)) for one, day, rate in rates)
    return Settings(SELLER, tax=TaxTable(home_currency=currency, exchange_rates=rates))


TAX = (
    TaxSubtotal(TaxCategory.STANDARD, Decimal(20), Decimal(100), Decimal("20.00")),
    TaxSubtotal(TaxCategory.STANDARD, Decimal(10), Decimal("0.10"), Decimal("0.01")),
)
OLDER = ("EUR", "2026-09-30", "4.20")


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([("EUR", "2026-10-31", "4.2512")], ("2026-10-31", "85.07")),
        ([OLDER, ("EUR", "2026-10-15", "4.25"), ("EUR", "2026-11-01", "4.99")], ("2026-10-15", "85.04")),
        ([("EUR", "2026-10-15", "4.25"), OLDER, ("USD", "2026-10-30", "3.60")], ("2026-10-15", "85.04")),
        ([OLDER], ("2026-09-30", "84.04")),
    ],
)
def test_vat_at_home_is_told_by_the_newest_rate_up_to_the_day_of_supply(rates, expected):
    """In whatever order they are given; one of that day counts, one of the day after does not."""
    found = tax_at_home(TAX, "EUR", home(*rates), date(2026, 10, 31))
    assert (found.currency, str(found.rate_on), str(found.tax)) == ("PLN", *expected)


@pytest.mark.parametrize(
    "rates", [[], [("EUR", "2026-11-01", "4.25")], [("EUR", "2026-09-29", "4.25")], [("USD", "2026-10-30", "3.60")]]
)
def test_a_missing_rate_of_exchange_is_named(rates):
    """None at all, none yet, too old by a day, or of another currency."""
    with pytest.raises(TaxError, match=r"in PLN too, and \[\[tax.exchange_rates\]\] has no rate of EUR of 2026-10-31"):
        tax_at_home(TAX, "EUR", home(*rates), date(2026, 10, 31))


def test_nothing_is_told_at_home_where_there_is_nothing_to_tell():
    """No home currency, an invoice in it, or no VAT: no rate is missed, either."""
    day = date(2026, 10, 31)
    assert tax_at_home(TAX, "EUR", home(currency=""), day) is None
    assert tax_at_home(TAX, "PLN", home(), day) is None
    assert tax_at_home((replace(TAX[0], tax=Decimal("0.00")),), "EUR", home(), day) is None
    assert tax_at_home((), "EUR", home(), day) is None


def test_vat_at_home_is_rounded_to_the_cents_of_home():
    """Yen have none: 20.01 at 163.3 is 3267.63, so 3268."""
    found = tax_at_home(TAX, "EUR", home(("EUR", "2026-10-30", "163.3"), currency="JPY"), date(2026, 10, 31))
    assert str(found.tax) == "3268"


# Check digits.


@pytest.mark.parametrize(
    ("vat_id", "country", "full"),
    [
        ("EL094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("GR094259216", "GR", "GR094259216"),
        ("u13585627", "AT", "ATU13585627"),
        ("RS 100-000.024", "RS", "RS100000024"),
        ("100000024", "RS", "RS100000024"),
        ("CHE-107.787.577 MWST", "CH", "CHE107787577MWST"),
        ("XI110305878", "GB", "XI110305878"),
        ("", "GR", ""),
        (" .-", "GR", ""),
    ],
)
def test_a_vat_id_gets_the_prefix_of_its_country(vat_id, country, full):
    """Greece's is EL; what has a prefix keeps it."""
    assert with_country(vat_id, country) == full


@pytest.mark.parametrize(
    ("vat_id", "country"),
    [
        ("EL094259216", "GR"),
        ("EL 094 259 216", "GR"),
        ("094259216", "GR"),
        ("GR094259216", "GR"),
        ("EL094259216", "DE"),
        ("DE136695976", "DE"),
        ("ATU13585627", "AT"),
        ("NL4495445B01", "NL"),
        ("FR83404833048", "MC"),
        ("CHE-107.787.577 MWST", "CH"),
        ("RS100000024", "RS"),
        ("PL 8567346215", "PL"),
        ("XI110305878", "GB"),
        ("ZZ123", "ZZ"),
        ("12345", "US"),
    ],
)
def test_a_good_vat_id_has_no_problem(vat_id, country):
    """Its own prefix says whose it is; of a country whose ids are not known none is said."""
    assert vat_id_problem(vat_id, country) == ""


@pytest.mark.parametrize(
    ("vat_id", "country", "whose"),
    [
        ("EL094259217", "GR", "EL"),
        ("GR094259217", "GR", "GR"),
        ("094259217", "GR", "EL"),
        ("DE136695977", "DE", "DE"),
        ("DE1366959", "DE", "DE"),
        ("ATU1358562X", "AT", "AT"),
        ("RS100000025", "RS", "RS"),
        ("DE136695976'; DROP TABLE", "DE", "DE"),
    ],
)
def test_a_wrong_vat_id_is_told_with_whose_it_is(vat_id, country, whose):
    """Form and check digit; the text stands there as it was given."""
    assert vat_id_problem(vat_id, country) == (
        f"{vat_id!r} is no VAT id of {whose}: its form or its check digit is wrong"
    )


@pytest.mark.parametrize(("vat_id", "country"), [("-", "DE"), ("n/a", "DE"), ("none", "US"), ("DE", "DE"), ("?", "")])
def test_what_has_no_digit_is_no_vat_id(vat_id, country):
    """Some write "none" where there is none; no country's ids are like that."""
    assert vat_id_problem(vat_id, country) == f"{vat_id!r} is no VAT id: it has no digit"


@given(
    st.text(max_size=20) | st.from_regex(r"[A-Z]{2}[0-9A-Z]{0,14}", fullmatch=True),
    st.sampled_from(["", "DE", "GR", "RS", "IN", "IS", "ES", "CH", "ZZ"]) | st.from_regex("[A-Z]{2}", fullmatch=True),
)
def test_no_text_at_all_makes_the_check_fail(vat_id, country):
    """Customers' files may hold anything; it is told or not known, never a crash."""
    assert vat_id_problem(vat_id, country) in (
        "",
        f"{vat_id!r} is no VAT id: it has no digit",
        f"{vat_id!r} is no VAT id of {with_country(vat_id, country)[:2]}: its form or its check digit is wrong",
    )
