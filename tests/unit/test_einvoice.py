"""What an invoice and a credit note say in the business terms of EN 16931."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from einvoices import (
    EXPENSE,
    FULL_BUYER,
    FULL_SELLER,
    LATE,
    ODD,
    OUT_OF_SCOPE,
    REDUCED,
    RETURNED,
    REVERSE_CHARGE,
    SHORT,
    STANDARD,
    THIRDS,
    credited,
    in_dinars,
    kinds,
    taxed,
)
from hypothesis import given
from hypothesis import strategies as st
from invoices import AFTER_TAX, BEFORE_TAX, FEE, TIME, invoice

from billing_engine.einvoice.addresses import electronic_address, postal_address
from billing_engine.einvoice.from_invoice import of_credit_note, of_invoice
from billing_engine.einvoice.parties import full_vat_id
from billing_engine.einvoice.terms import CLEARING, Allowance, ElectronicAddress, Payment, Period, Vat
from billing_engine.model.invoice import InvoiceLine
from billing_engine.model.money import price_of_time
from billing_engine.model.tax import TaxCategory


@pytest.fixture(scope="module")
def said():
    """Make an e-invoice of each kind."""
    return kinds()


def line_of(line, **changes):
    """Say the second line of an invoice."""
    return of_invoice(taxed([FEE, line], STANDARD, **changes)).lines[1]


def test_minutes_and_seconds_are_priced_by_the_hour():
    """No hour is ever a fraction: the price is for 60 minutes, or for 3600 seconds."""
    minutes, seconds = line_of(SHORT), line_of(ODD)
    assert (minutes.quantity, minutes.unit, minutes.price, minutes.base) == (7, "MIN", 50, 60)
    assert (seconds.quantity, seconds.unit, seconds.price, seconds.base) == (1733, "SEC", 100, 3600)
    assert minutes.net == Decimal("5.83")


def test_a_price_without_an_end_is_cut_where_nobody_misses_it():
    """A third of 100.00 has ten decimals, and three of it are the amount."""
    third = line_of(THIRDS)
    assert (third.quantity, third.unit, third.price, third.base) == (3, "MON", Decimal("33.3333333333"), 1)


def test_where_the_hourly_price_misses_the_amount_the_price_is_for_the_whole_quantity():
    """7 minutes at 5,000 yen an hour are 583.33, and the line is 583."""
    yen = replace(SHORT, unit_price=Decimal(5000), amount=Decimal(583))
    found = line_of(yen, currency="JPY")
    assert (found.quantity, found.price, found.base, found.net) == (7, 583, 7, 583)


@given(st.integers(1, 10**7), st.decimals(0, 10**5, places=2), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_quantity_times_price_is_always_the_amount(seconds, rate, currency):
    """Whatever was worked, at whatever rate, in whatever currency: as near as Peppol wants it."""
    amount = price_of_time(seconds, rate, currency)
    worked = InvoiceLine(2, "tariff", "K1", "Support", "", Decimal(seconds), "SEC", rate, amount)
    found = line_of(worked, currency=currency)
    assert abs(found.quantity * found.price / found.base - amount) <= Decimal("0.02")
    assert found.price >= 0


def test_what_is_taken_back_has_a_quantity_below_zero():
    """A price may not be (BR-27)."""
    found = line_of(RETURNED)
    assert (found.quantity, found.price, found.net) == (-1, Decimal("20.50"), Decimal("-20.50"))


def test_a_line_is_for_the_days_of_its_fee_or_the_month_of_its_work():
    """And the invoice's period holds all of them (PEPPOL-EN16931-R110)."""
    late, fee = of_invoice(taxed([FEE, LATE], STANDARD)), of_invoice(taxed([FEE, THIRDS], STANDARD))
    assert late.lines[1].period == Period(date(2026, 8, 1), date(2026, 8, 31))
    assert late.period == Period(date(2026, 8, 1), date(2026, 10, 31))
    assert fee.lines[1].period == Period(date(2026, 10, 1), date(2026, 12, 31))
    assert fee.period == Period(date(2026, 10, 1), date(2026, 12, 31))
    assert fee.lines[0].period is None
    assert fee.delivered_on == date(2026, 10, 31)


def test_a_credit_before_tax_lowers_each_category(said):
    """It is an allowance per category, with its reason, and the sums fit."""
    found = said["two rates, credit before tax"]
    assert [(one.vat, one.reason, one.code) for one in found.allowances] == [
        (Vat("S", Decimal(20)), "Uptime of October 2026 (CL-7)", "95"),
        (Vat("S", Decimal("8.5")), "Uptime of October 2026 (CL-7)", "95"),
    ]
    assert sum(one.amount for one in found.allowances) == found.totals.allowances == BEFORE_TAX.amount
    for one in found.vat:
        lines = sum(line.net for line in found.lines if line.vat == one.vat)
        assert lines - sum(a.amount for a in found.allowances if a.vat == one.vat) == one.net
    assert found.totals.lines - found.totals.allowances == found.totals.net


def test_a_credit_after_tax_is_prepaid_and_named(said):
    """It lowers what is due, and VAT stays."""
    found = said["credit after tax"]
    assert found.allowances == ()
    assert (found.totals.gross, found.totals.prepaid, found.totals.due) == (732, 45, 687)
    assert found.notes == ("Credit set off after tax: Late solution of SD-1042 (CL-9), 45.00 EUR",)


def test_reverse_charge_names_both_vat_ids_and_why(said):
    """The customer owes the VAT, and both are known by their numbers."""
    found = said["reverse charge"]
    assert (found.seller.vat_id, found.buyer.vat_id) == ("RS101234567", "DE123456789")
    (only,) = found.vat
    assert (only.vat, only.tax) == (Vat("AE", Decimal(0)), 0)
    assert (only.reason, only.code) == ("Reverse charge: the customer owes the VAT", "VATEX-EU-AE")


def test_out_of_scope_no_vat_id_is_said(said):
    """The number of the tax office is; networks still find both parties."""
    found = said["out of scope"]
    assert (found.seller.vat_id, found.buyer.vat_id) == ("", "")
    assert (found.seller.tax_number, found.seller.registration, found.seller.identifier) == (
        "101234567",
        "20654321",
        "",
    )
    assert found.buyer.electronic_address == ElectronicAddress("9930", "DE123456789")
    assert found.vat[0].code == "VATEX-EU-O"


def test_out_of_scope_a_seller_without_registration_is_known_by_its_tax_number(said):
    """Something must identify it (BR-CO-26)."""
    assert said["out of scope, not registered"].seller.identifier == "101234567"


def test_the_sellers_own_legal_text_and_code_go_first():
    """Our words stand where it has none."""
    issued = taxed([FEE], REVERSE_CHARGE)
    own = replace(issued.draft.taxes[0], note="Art. 12(4) ZPDV", code="VATEX-EU-79-C")
    found = of_invoice(replace(issued, draft=replace(issued.draft, taxes=(own,))))
    assert (found.vat[0].reason, found.vat[0].code) == ("Art. 12(4) ZPDV", "VATEX-EU-79-C")


def test_where_vat_is_charged_the_sellers_text_is_a_note():
    """A reason why there is none is not allowed then (BR-S-10)."""
    issued = taxed([FEE], STANDARD)
    own = replace(issued.draft.taxes[0], note="mechanizm podzielonej płatności")
    found = of_invoice(replace(issued, draft=replace(issued.draft, taxes=(own,))))
    assert (found.vat[0].reason, found.vat[0].code) == ("", "")
    assert found.notes == ("mechanizm podzielonej płatności",)


def test_vat_in_a_second_currency_is_told_with_its_rate(said):
    """As an amount, and in words."""
    found = said["second currency"]
    assert found.accounting_vat.currency == "RSD"
    assert found.accounting_vat.amount == Decimal("14297.75")
    assert found.notes == ("VAT in RSD: 14297.75; 1 EUR = 117.1947 RSD (2026-10-31)",)


def test_a_credit_note_tells_its_own_vat_in_the_second_currency():
    """By the rate of the invoice, so that what is credited is what was charged."""
    issued = in_dinars(taxed([FEE, TIME], STANDARD))
    part = of_credit_note(credited(issued, {2: Decimal("50.00")}), issued)
    assert (part.totals.tax, part.accounting_vat.amount) == (10, Decimal("1171.95"))
    assert of_credit_note(credited(issued), issued).accounting_vat.amount == Decimal("14297.75")


def test_a_credit_note_is_of_its_own_type_and_positive():
    """It names the invoice, what is taken back of it, and why; nothing is to be paid."""
    issued = taxed([FEE, TIME], STANDARD)
    found = of_credit_note(credited(issued, {2: Decimal("50.00")}), issued)
    assert (found.number, found.type_code, found.issued_on) == ("CN-2026-000001", "381", date(2026, 11, 20))
    assert (found.preceding.number, found.preceding.issued_on) == ("2026-000118", date(2026, 11, 2))
    (line,) = found.lines
    assert (line.quantity, line.unit, line.price, line.net) == (1, "C62", 50, 50)
    assert (found.totals.net, found.totals.tax, found.totals.due) == (50, 10, 60)
    assert (found.payment.code, found.payment.account, found.due_on) == ("97", "", None)
    assert found.notes == ("Reason: Wrong package",)


def test_what_goes_back_to_credits_before_tax_is_an_allowance_of_the_credit_note(said):
    """By category, and each credit is named; what goes back after tax is told alone."""
    found = said["credit note: credits before and after tax"]
    assert found.allowances == (Allowance(Decimal("72.00"), "Given back to credits", Vat("S", Decimal(20))),)
    assert (found.totals.lines, found.totals.net, found.totals.gross) == (610, 538, Decimal("645.60"))
    assert found.totals.due == found.totals.gross
    assert found.notes == (
        "Reason: Wrong package",
        "Given back to credit: Uptime of October 2026 (CL-7), 72.00 EUR",
        "Given back to credit: Late solution of SD-1042 (CL-9), 45.00 EUR",
    )


def test_a_credit_note_taxes_each_line_as_the_invoice_did():
    """Two rates stay two."""
    issued = taxed([FEE, EXPENSE], STANDARD, REDUCED, setoffs=(BEFORE_TAX,))
    found = of_credit_note(credited(issued), issued)
    assert [line.vat.percent for line in found.lines] == [20, Decimal("8.5")]
    assert [one.vat.percent for one in found.allowances] == [20, Decimal("8.5")]


def test_an_invoice_without_lines_gets_one_of_nothing(said):
    """There must be one (BR-16)."""
    (line,) = said["no line"].lines
    assert (line.name, line.quantity, line.price, line.net) == ("Nothing was charged", 1, 0, 0)
    assert line.vat == said["no line"].vat[0].vat


def test_a_transfer_is_sepas_only_in_euro_and_to_an_iban():
    """Elsewhere it is any transfer; without an account nothing is said."""
    codes = {"EUR": "58", "RSD": "30"}
    for currency, code in codes.items():
        assert of_invoice(taxed([FEE], STANDARD, currency=currency)).payment.code == code
    for iban, code in (("160-5001-67", "30"), ("RS35 2600 0560 1001 6113 79", "58")):
        payment = of_invoice(taxed([FEE], STANDARD, seller=replace(FULL_SELLER, iban=iban))).payment
        assert (payment.code, payment.account) == (code, iban.replace(" ", ""))
    assert of_invoice(taxed([FEE], STANDARD, seller=replace(FULL_SELLER, iban=""))).payment is None


def test_older_invoices_are_of_the_one_category_that_they_have(said):
    """Before there were categories, lines had none of their own."""
    assert [line.vat for line in said["before there were categories"].lines] == [Vat("S", Decimal(20))] * 2
    exempt = said["before, not taxed"]
    assert (exempt.vat[0].vat.category, exempt.vat[0].reason) == (TaxCategory.EXEMPT, "Exempt from VAT")
    bare = invoice(tax_percent=None, tax=Decimal(0), gross=Decimal(360), seller=replace(FULL_SELLER, vat_id=""))
    assert of_invoice(bare).vat[0].vat.category == TaxCategory.OUT_OF_SCOPE


def test_our_texts_and_the_engines_sentences_are_translated_apart():
    """`say` gets what is written here, `phrase` what stands on the invoice; numbers and names stay."""
    issued = taxed([FEE], REVERSE_CHARGE, setoffs=(AFTER_TAX,))
    found = of_invoice(issued, say=lambda text: f"S[{text}]", phrase=lambda text: f"P[{text}]")
    assert (found.lines[0].name, found.lines[0].description) == ("P[Premium]", "P[October 2026]")
    assert found.notes == ("S[Credit set off after tax]: P[Late solution of SD-1042] (CL-9), 45.00 EUR",)
    assert found.vat[0].reason == "S[Reverse charge: the customer owes the VAT]"
    assert found.terms == "S[Payable by] 2026-11-16"
    assert found.buyer.name == "Hansen & Søn Logistik GmbH"


@pytest.mark.parametrize(
    ("address", "city", "postal_code", "country", "lines"),
    [
        ("Am Kaiserkai 62\n20457 Hamburg", "Hamburg", "20457", "DE", ("Am Kaiserkai 62",)),
        ("Am Kaiserkai 62\nD-20457 Hamburg\nDeutschland", "Hamburg", "20457", "DE", ("Am Kaiserkai 62",)),
        ("Am Kaiserkai 62\n20457 Hamburg\nGermany", "", "", "DE", ("Am Kaiserkai 62", "20457 Hamburg")),
        ("Vodičkova 1\n110 00 Praha 1\nČeská republika", "Praha 1", "11000", "CZ", ("Vodičkova 1",)),
        ("Булевар 28\n11000 Београд\nСРБИЈА", "Београд", "11000", "RS", ("Булевар 28",)),  # noqa: RUF001 - Cyrillic
        ("Hamburger Straße 1\nBerlin", "Hamburg", "20457", "DE", ("Hamburger Straße 1", "Berlin")),
        ("Main 1\nDE", "", "", "DE", ("Main 1",)),
        ("A\nB\nC\nD\n\nE", "", "", "DE", ("A", "B", "C, D, E")),
        ("", "", "", "DE", ()),
        ("Deutschland", "", "", "DE", ()),
        ("Am Kaiserkai 62", "Hamburg", "20457", "DE", ("Am Kaiserkai 62",)),
    ],
)
def test_city_and_country_are_said_once(address, city, postal_code, country, lines):
    """They have their own places, so the lines leave them out."""
    buyer = replace(FULL_BUYER, address=address, city=city, postal_code=postal_code, country=country)
    found = postal_address(buyer)
    assert (found.lines, found.city, found.postal_code, found.country) == (lines, city, postal_code, country)


@pytest.mark.parametrize(
    ("vat_id", "country", "expected"),
    [
        ("DE123456789", "DE", "DE123456789"),
        ("de 123.456-789", "DE", "DE123456789"),
        ("101134702", "RS", "RS101134702"),
        ("094259216", "GR", "EL094259216"),
        ("EL094259216", "GR", "EL094259216"),
        ("U13585627", "AT", "ATU13585627"),
        ("PL8567346215", "DE", "PL8567346215"),
        ("QQ12345", "FR", "FRQQ12345"),
        ("XI123456789", "GB", "XI123456789"),
        ("", "DE", ""),
    ],
)
def test_a_vat_id_has_the_prefix_of_its_country(vat_id, country, expected):
    """Some leave it out at home (BR-CO-09)."""
    assert full_vat_id(vat_id, country) == expected


@pytest.mark.parametrize(
    ("vat_id", "scheme", "value"),
    [
        ("RS101134702", "9948", "RS101134702"),
        ("CZ25123891", "9929", "CZ25123891"),
        ("PL8567346215", "9945", "PL8567346215"),
        ("EL094259216", "9933", "EL094259216"),
        ("FR40303265045", "9957", "FR40303265045"),
        ("NO995525828MVA", "0192", "995525828"),
        ("SE123456789701", "0007", "1234567897"),
        ("FI20774740", "0216", "003720774740"),
        ("UA123456789", "EM", "ap@hansen.example"),
        ("", "EM", "ap@hansen.example"),
    ],
)
def test_networks_deliver_by_vat_id_where_there_is_a_scheme(vat_id, scheme, value):
    """Else by e-mail."""
    assert electronic_address(vat_id, "ap@hansen.example") == ElectronicAddress(scheme, value)
    assert electronic_address("", "") is None


def test_nobody_is_asked_who_has_no_contact():
    """A contact that says nothing is none."""
    assert of_invoice(taxed([FEE], OUT_OF_SCOPE)).seller.contact.name == "Mila Petrović"
    silent = replace(FULL_SELLER, contact="", phone="", email="")
    assert of_invoice(taxed([FEE], OUT_OF_SCOPE, seller=silent)).seller.contact is None


@pytest.mark.parametrize(
    ("title", "reference", "reason"),
    [("Uptime", "CL-7", "Uptime (CL-7)"), ("Uptime", "", "Uptime"), ("", "CL-7", "CL-7"), ("", "", "")],
)
def test_a_credit_is_named_by_what_is_known_of_it(title, reference, reason):
    """Where nothing is, the code says that it is a discount (BR-33)."""
    issued = taxed([FEE], STANDARD, setoffs=(replace(BEFORE_TAX, title=title, reference=reference),))
    (allowance,) = of_invoice(issued).allowances
    assert (allowance.reason, allowance.code) == (reason, "95")


def test_a_line_without_a_title_is_named_by_its_kind():
    """It must have a name (BR-25)."""
    issued = taxed([replace(FEE, title="\x00 ")], STANDARD)
    assert of_invoice(issued).lines[0].name == "fee"
    assert of_credit_note(credited(issued), issued).lines[0].name == "fee"


def test_an_invoice_that_credits_cover_names_no_account():
    """The page says that nothing is to be paid; what is set off is cleared."""
    covered = invoice(setoffs=(replace(AFTER_TAX, amount=Decimal("432.00")),))
    assert of_invoice(covered).payment == Payment(CLEARING)
    assert of_invoice(invoice()).payment.account
    dutch = replace(covered.draft.seller, country="NL"), replace(covered.draft.buyer, country="NL")
    at_home = replace(covered, draft=replace(covered.draft, seller=dutch[0], buyer=dutch[1]))
    assert of_invoice(at_home).payment is None
