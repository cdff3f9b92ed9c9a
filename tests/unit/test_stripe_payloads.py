"""What our invoices look like at Stripe: items with final amounts, whose taxes add up to ours."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices import AFTER_TAX, BEFORE_TAX, FEE, TIME, invoice

from billing_engine.errors import StripeRefusedError
from billing_engine.model.invoice import InvoiceSetoff
from billing_engine.model.money import round_money, to_minor
from billing_engine.model.sla_terms import Setoff
from billing_engine.stripe_sync import payloads
from billing_engine.stripe_sync.currency import coin, from_stripe, to_stripe
from billing_engine.stripe_sync.payloads import items_of, noon, percent_text, tax_amounts


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("12.34", "EUR", 1234),
        ("0", "EUR", 0),
        ("1234", "JPY", 1234),
        ("1234", "ISK", 123400),
        ("1234", "UGX", 123400),
        ("12.340", "KWD", 12340),
        ("-0.50", "KWD", -500),
        ("1234.56", "HUF", 123456),
        ("5", "MGA", 5),
        ("7", "KRW", 7),
    ],
)
def test_an_amount_is_counted_in_the_units_of_stripe(amount, currency, units):
    """Stripe's table of exponents is its own: ISK and UGX are sent with two decimals."""
    assert to_stripe(Decimal(amount), currency) == units
    assert to_stripe(Decimal(amount), currency.lower()) == units
    assert from_stripe(units, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "allowed"),
    [
        ("12.345", "EUR", "two decimals"),
        ("12.345", "KWD", "two decimals"),
        ("0.001", "BHD", "two decimals"),
        ("1.5", "JPY", "whole amounts"),
        ("1.5", "ISK", "whole amounts"),
        ("1.5", "MGA", "whole amounts"),
    ],
)
def test_what_stripe_does_not_take_is_refused_with_what_it_takes(amount, currency, allowed):
    """Nothing is rounded on the way: what has a part that Stripe does not take is not sent."""
    with pytest.raises(StripeRefusedError, match=f"{currency} can not be billed at Stripe.*{allowed}"):
        to_stripe(Decimal(amount), currency)


def test_a_line_says_title_detail_hours_and_rate_and_has_its_final_amount():
    """Amount is final, hours and rate are words: Stripe multiplies nothing."""
    fee, time = items_of("2026-000118", invoice(lines=(FEE, TIME)).draft)
    assert (fee.part, fee.amount, fee.description) == ("line/1", 36000, "Premium \u2013 October 2026")
    assert (time.part, time.amount) == ("line/2", 25000)
    assert time.description == "After hours \u2013 2 time entries \u2013 2:30 h \u00d7 100.00 EUR/h"


def test_days_are_noon_to_noon_so_that_they_are_the_same_days_everywhere():
    """The period of a line is its month, that of a fee the days that it is for."""
    late = replace(TIME, period="2026-09")
    part = replace(FEE, service_from="2026-10-05", service_to="2026-10-20")
    fee, time, month = items_of("N", invoice(lines=(part, late, replace(TIME, position=3))).draft)
    assert fee.period() == {"start": noon(fee.first), "end": noon(fee.last)}
    assert [str(day) for day in (fee.first, fee.last)] == ["2026-10-05", "2026-10-20"]
    assert [str(day) for day in (time.first, time.last)] == ["2026-09-01", "2026-09-30"]
    assert [str(day) for day in (month.first, month.last)] == ["2026-10-01", "2026-10-31"]


def test_setoffs_are_negative_items_and_only_those_before_tax_are_taxed():
    """All items and their taxes are what is due, to the cent."""
    issued = invoice(lines=(FEE, TIME), setoffs=(BEFORE_TAX, AFTER_TAX))
    items = items_of(issued.number, issued.draft)
    assert [(item.part, item.amount, item.is_taxed) for item in items[2:]] == [
        ("setoff/1", -7200, True),
        ("setoff/2", -4500, False),
    ]
    assert items[2].tax < 0
    assert items[3].tax == 0
    assert sum(item.amount + item.tax for item in items) == to_minor(issued.amount_due, "EUR")
    assert sum(item.tax for item in items) == to_minor(issued.draft.tax, "EUR")


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=40),
    st.integers(0, 10**6),
    st.sampled_from(["19", "20", "23", "8.1", "0"]),
)
def test_parts_of_the_tax_are_the_whole_to_the_cent(amounts, credited, percent):
    """Whatever the lines, Stripe's total of our figures is ours."""
    lines = [replace(FEE, position=n, amount=from_stripe(a, "EUR")) for n, a in enumerate(amounts, 1)]
    credit = min(credited, sum(amounts))
    setoff = InvoiceSetoff(1, "CR-1", "CL-1", "Uptime", from_stripe(credit, "EUR"), Setoff.BEFORE_TAX)
    net = from_stripe(sum(amounts) - credit, "EUR")
    tax = round_money(net * Decimal(percent) / 100, "EUR")
    totals = {"net": net, "tax_percent": Decimal(percent), "tax": tax, "gross": net + tax}
    issued = invoice(lines=tuple(lines), setoffs=(setoff,) if credit else (), **totals)
    items = items_of(issued.number, issued.draft)
    assert sum(item.tax for item in items) == to_minor(issued.draft.tax, "EUR")
    assert sum(item.amount + item.tax for item in items) == to_minor(issued.amount_due, "EUR")
    for item in items:  # no item is off by more than a rounding from its own rate
        assert abs(item.tax - item.amount * Decimal(percent) / 100) <= 1


@pytest.mark.parametrize(("currency", "fees"), [("KWD", ["10.20", "9.70", "10.10"]), ("ISK", ["1003", "1003", "1007"])])
def test_parts_of_the_tax_are_amounts_that_stripe_takes(currency, fees):
    """Three decimals end in 0 and kronur in 00: also each line's part of the tax."""
    lines = tuple(replace(FEE, position=n, amount=Decimal(fee)) for n, fee in enumerate(fees, 1))
    net = sum(map(Decimal, fees))
    tax = from_stripe(coin(currency) * round(net * 19 / 100 / from_stripe(coin(currency), currency)), currency)
    totals = {"net": net, "tax_percent": Decimal(19), "tax": tax, "gross": net + tax}
    items = items_of("N", invoice(lines=lines, currency=currency, **totals).draft)
    assert [item.tax % coin(currency) for item in items] == [0, 0, 0]
    assert from_stripe(sum(item.amount + item.tax for item in items), currency) == net + tax


def test_more_than_200_items_are_summed_up_by_kind():
    """One item a kind, with how many lines and hours it is, and where each stands."""
    lines = [replace(TIME, position=n) for n in range(2, 302)]
    issued = invoice(lines=(FEE, *lines), setoffs=(BEFORE_TAX, AFTER_TAX))
    items = items_of(issued.number, issued.draft)
    assert [(item.part, item.amount) for item in items] == [
        ("kind/fee", 36000),
        ("kind/tariff", 25000 * 300),
        ("kind/setoff/before_tax", -7200),
        ("kind/setoff/after_tax", -4500),
    ]
    assert items[1].description == "Support: 300 lines, 750:00 h, each on invoice 2026-000118"
    assert payloads.is_summed_up(items)
    assert sum(item.amount + item.tax for item in items) == to_minor(issued.amount_due, "EUR")


def test_200_items_stand_for_themselves():
    """The limit is what fits."""
    lines = [replace(TIME, position=n) for n in range(1, 201)]
    items = items_of("N", invoice(lines=tuple(lines)).draft)
    assert len(items) == 200
    assert not payloads.is_summed_up(items)


def test_hostile_words_stay_words_of_a_bounded_length():
    """A title of 100 kB, with line breaks and tabs, is cut; nothing of it is a parameter."""
    (item,) = items_of("N", invoice(lines=(replace(FEE, title="a\nb\t[x]&amount=1 " + "w" * 100_000),)).draft)
    assert item.description.startswith("a b [x]&amount=1 w")
    assert len(item.description) == payloads.LONGEST_DESCRIPTION


@pytest.mark.parametrize(("percent", "text"), [("100", "100"), ("20.0", "20"), ("8.10", "8.1"), ("0", "0")])
def test_a_rate_of_tax_has_no_exponent(percent, text):
    """A normalized 100 would be sent as 1E+2."""
    assert percent_text(Decimal(percent)) == text


def test_tax_is_named_only_where_there_is_some():
    """An item that is not taxed names no rate, one that is has our figure."""
    issued = invoice(setoffs=(AFTER_TAX,))
    fee, setoff = items_of(issued.number, issued.draft)
    ((tax),) = tax_amounts(fee, issued.draft)
    assert (tax["amount"], tax["taxable_amount"]) == (fee.tax, 36000)
    assert tax["tax_rate_data"] == {"display_name": "VAT", "percentage": "20", "inclusive": False, "country": "RS"}
    assert tax_amounts(setoff, issued.draft) == []
