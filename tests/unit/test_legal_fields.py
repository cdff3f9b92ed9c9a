"""What the law wants on an invoice: all that is missing is named at once, where it is to be given, and why."""

from dataclasses import replace
from decimal import Decimal

import pytest
from builders import expense, rate
from einvoices import taxed
from hypothesis import given, settings
from hypothesis import strategies as st
from invoices import BUYER, FEE, SELLER, invoice

from billing_engine.billing_run import CustomerInput, RunOutcome, plan_billing_run
from billing_engine.einvoice.formats import Format, write
from billing_engine.einvoice.from_invoice import of_invoice
from billing_engine.errors import TaxError
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.invoicing.legal import check_legal_fields
from billing_engine.model.contract import Customer
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings
from billing_engine.model.tax import TaxCategory
from billing_engine.model.tax_table import TaxRate, TaxRule, TaxTable

STANDARD, REDUCED = (TaxCategory.STANDARD, Decimal(20)), (TaxCategory.STANDARD, Decimal(10))
ZERO_RATED, EXEMPT = (TaxCategory.ZERO, Decimal(0)), (TaxCategory.EXEMPT, Decimal(0))
REVERSED, OUTSIDE = (TaxCategory.REVERSE_CHARGE, Decimal(0)), (TaxCategory.OUT_OF_SCOPE, Decimal(0))
GERMAN = replace(BUYER, vat_id="DE136695976")

SELLER_NAME = "the settings' [seller] name is missing (BT-27)"
SELLER_COUNTRY = "the settings' [seller] country is missing (BT-40)"
SELLER_VAT_ID = "the settings' [seller] vat_id is missing (BT-31)"
BUYER_NAME = "customers.csv: name of customer C1 is missing (BT-44)"
BUYER_COUNTRY = "customers.csv: country of customer C1 is missing (BT-55)"
BUYER_VAT_ID = "customers.csv: vat_id of customer C1 is missing (BT-48), and reverse charge needs it"


def missing(draft):
    """Return what is missing, a sentence each."""
    try:
        check_legal_fields(draft)
    except TaxError as error:
        start, _, rest = str(error).partition(": ")
        assert start == "the invoice of C1 can not be issued"
        return rest.split("; ")
    return []


def draft(*keys, **changes):
    """Draft an invoice taxed like that, with parties that have all there is."""
    parties = {"seller": SELLER, "buyer": GERMAN}
    return taxed([FEE] * len(keys), *keys, **{**parties, **changes}).draft


@pytest.mark.parametrize("key", [STANDARD, REDUCED, ZERO_RATED, EXEMPT, REVERSED, OUTSIDE])
def test_what_has_everything_is_issued(key):
    """Nothing is missing of two parties with names, countries and VAT ids, however it is taxed."""
    assert missing(draft(key)) == []


@pytest.mark.parametrize(
    ("changes", "key", "expected"),
    [
        ({"seller": replace(SELLER, name="")}, STANDARD, SELLER_NAME),
        ({"seller": replace(SELLER, name=" \t\n")}, STANDARD, SELLER_NAME),
        ({"seller": replace(SELLER, country="")}, STANDARD, SELLER_COUNTRY),
        ({"seller": replace(SELLER, vat_id="")}, STANDARD, SELLER_VAT_ID),
        ({"seller": replace(SELLER, vat_id="")}, REDUCED, SELLER_VAT_ID),
        ({"seller": replace(SELLER, vat_id="")}, ZERO_RATED, SELLER_VAT_ID),
        ({"seller": replace(SELLER, vat_id="")}, EXEMPT, SELLER_VAT_ID),
        ({"seller": replace(SELLER, vat_id="")}, REVERSED, SELLER_VAT_ID),
        ({"buyer": replace(GERMAN, name="")}, STANDARD, BUYER_NAME),
        ({"buyer": replace(GERMAN, name="  ")}, OUTSIDE, BUYER_NAME),
        ({"buyer": replace(GERMAN, name="\u200b\u00a0\x07")}, STANDARD, BUYER_NAME),
        ({"buyer": replace(GERMAN, country="")}, STANDARD, BUYER_COUNTRY),
        ({"buyer": replace(GERMAN, vat_id="")}, REVERSED, BUYER_VAT_ID),
    ],
)
def test_each_missing_field_is_named(changes, key, expected):
    """One is missing: one sentence with its place and its number, and no other."""
    assert missing(draft(key, **changes)) == [expected]


def test_all_missing_fields_are_named_at_once():
    """Nobody mends one field after the other."""
    empty = replace(SELLER, name="", country="", vat_id="")
    nobody = replace(GERMAN, name="", country="", vat_id="")
    found = missing(draft(REVERSED, seller=empty, buyer=nobody))
    assert found == [SELLER_NAME, SELLER_COUNTRY, SELLER_VAT_ID, BUYER_NAME, BUYER_COUNTRY, BUYER_VAT_ID]


@pytest.mark.parametrize("vat_id", ["DE136695977", "DE1", "-", "n/a", "136695970"])
def test_a_wrong_vat_id_is_no_vat_id_for_reverse_charge(vat_id):
    """Its check digit is looked at where somebody else owes the VAT by it; elsewhere it is only printed."""
    buyer = replace(GERMAN, vat_id=vat_id)
    (found,) = missing(draft(REVERSED, buyer=buyer))
    assert found.startswith(f"customers.csv: vat_id of customer C1: {vat_id!r} is no VAT id")
    assert found.endswith("(BT-48), and reverse charge needs it")
    assert missing(draft(STANDARD, buyer=buyer)) == missing(draft(EXEMPT, buyer=buyer)) == []


@pytest.mark.parametrize(
    ("vat_id", "country"), [("136 695 976", "DE"), ("EL094259216", "GR"), ("094259216", "GR"), ("ATU13585627", "DE")]
)
def test_a_vat_id_may_be_written_as_people_write_it(vat_id, country):
    """With spaces, without its country, or of another one than the address."""
    assert missing(draft(REVERSED, buyer=replace(GERMAN, vat_id=vat_id, country=country))) == []


def test_reverse_charge_on_one_line_of_many_needs_the_vat_id():
    """Whatever stands beside it."""
    assert missing(draft(STANDARD, REVERSED, REDUCED, buyer=replace(GERMAN, vat_id=""))) == [BUYER_VAT_ID]


def test_a_seller_without_vat_id_issues_what_is_out_of_scope():
    """Who is not registered has none to print."""
    assert missing(draft(OUTSIDE, seller=replace(SELLER, vat_id=""))) == []
    assert missing(draft(OUTSIDE, STANDARD, seller=replace(SELLER, vat_id="")))[0] == SELLER_VAT_ID


def test_a_seller_needs_one_number_by_which_it_is_known():
    """A VAT id or one of a register (BR-CO-26); where a VAT id is needed, that one is named alone."""
    nobody = replace(SELLER, vat_id="", registration_number="")
    assert missing(draft(OUTSIDE, seller=nobody)) == [
        "the settings' [seller] registration_number is missing (BT-30), and there is no vat_id"
    ]
    assert missing(draft(STANDARD, seller=nobody)) == [SELLER_VAT_ID]
    assert missing(draft(OUTSIDE, seller=replace(nobody, vat_id="RS101234567"))) == []


@pytest.mark.parametrize("other", [STANDARD, ZERO_RATED, EXEMPT, REVERSED])
def test_what_is_out_of_scope_stands_alone(other):
    """EN 16931 has no invoice with both (BR-O-11): it would have no e-invoice once it is issued."""
    (found,) = missing(draft(OUTSIDE, OUTSIDE, other))
    assert found.startswith("[[tax.rules]] of the settings: what is out of scope of VAT can not stand beside what is")


NAMES = st.sampled_from(["", " ", "A", "\u0411", "<b>&", "\x00", "\u200b", "x" * 500])
COUNTRIES = st.sampled_from(["", "RS", "DE", "GR", "US", "GB"])
OWN_NUMBERS = st.sampled_from(["", "DE136695976", "EL094259216", "136695976", "ZZ1"])
"""That settings take."""
NUMBERS = OWN_NUMBERS | st.sampled_from(["123", "-", "n/a", "\x00"])
KEYS = st.lists(
    st.sampled_from([STANDARD, REDUCED, ZERO_RATED, EXEMPT, REVERSED, OUTSIDE]), min_size=1, max_size=3, unique=True
)


@given(
    KEYS, st.tuples(NAMES, COUNTRIES, OWN_NUMBERS), st.tuples(NAMES, COUNTRIES, NUMBERS), st.sampled_from(["", "123"])
)
@settings(max_examples=300)
def test_whatever_is_issued_has_an_e_invoice(keys, seller, buyer, register):
    """What is looked for before issuing is all that EN 16931 needs: nothing is found to be missing afterwards."""
    name, country, vat_id = seller
    sold = replace(SELLER, name=name, country=country, vat_id=vat_id, registration_number=register)
    name, country, vat_id = buyer
    issued = taxed(
        [FEE] * len(keys), *keys, seller=sold, buyer=replace(GERMAN, name=name, country=country, vat_id=vat_id)
    )
    if not missing(issued.draft):
        assert write(of_invoice(issued), Format.CII)
        assert write(of_invoice(issued), Format.UBL)


@pytest.mark.parametrize(("percent", "vat_id"), [(20, "RS101234567"), (0, "RS101234567"), (None, "RS101234567")])
def test_invoices_of_before_there_were_categories_have_the_same_fields(percent, vat_id):
    """Their one category is derived, and needs what it needs."""
    tax_percent = None if percent is None else Decimal(percent)
    former = {"tax_percent": tax_percent, "seller": replace(SELLER, vat_id=vat_id)}
    assert missing(invoice(**former).draft) == []
    assert missing(invoice(**former, buyer=replace(BUYER, country="")).draft) == [BUYER_COUNTRY]


def test_a_domestic_customer_needs_a_name_and_a_country():
    """Nothing else of customers.csv is needed to issue."""
    plain = Customer("C1", "Aurora", "RS", "")
    table = Settings(SELLER, Decimal(20), tax=TaxTable((TaxRate("reduced", Decimal(10)),), (DOMESTIC, ABROAD)))
    drafted = draft_invoice(plain, Month(2026, 10), [rate("premium", [], expenses=[expense("1.00")])], [], table)
    assert missing(drafted) == []
    assert [(str(one.category), one.percent) for one in drafted.taxes] == [("S", 20), ("S", 10)]


DOMESTIC = TaxRule("reduced", ("domestic",), services=("expense",))
ABROAD = TaxRule("reverse_charge", ("eu", "abroad"))


class CardsOfNothing:
    """Rate cards that nobody asks for anything."""

    month = Month(2026, 10)

    def of(self, _month):
        """Return themselves."""
        return self


def test_a_customer_without_contract_misses_no_fields():
    """Who is not billed needs no country."""
    given = CustomerInput(Customer("C1", "", "", ""), [], [], [], None, {})
    (plan,) = plan_billing_run([given], CardsOfNothing(), Settings(SELLER, Decimal(20)))
    assert (plan.outcome, plan.reason) == (RunOutcome.NOTHING_TO_BILL, "no contract runs in the month")
