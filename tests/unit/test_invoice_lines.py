"""From charges to invoice lines: few lines, and each one's quantity times price is its amount."""

from dataclasses import replace
from decimal import Decimal

import pytest
from builders import b2bee, entry, rate, with_tariff
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.errors import MixedCurrenciesError
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.invoicing.lines import draft_lines
from billing_engine.model.contract import Customer
from billing_engine.model.invoice import Seller
from billing_engine.model.money import price_of_time, round_money
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings

CUSTOMER = Customer("C1", "Aurora", "RS", "EUR")
SETTINGS = Settings(seller=Seller(name="S", address="A", country="RS", vat_id="RS100000024"), vat_percent=Decimal(20))
OCTOBER = Month(2026, 10)


def evening(number: int, minutes: int) -> object:
    """Work of some minutes on an October evening, after hours for everybody."""
    day, start = 1 + number % 28, 18 * 60
    end = start + minutes
    return entry(
        "T3", f"2026-10-{day:02d}T18:00", f"2026-10-{day:02d}T{end // 60:02d}:{end % 60:02d}", entry=f"E{number:02d}"
    )


def test_entries_of_one_tariff_share_a_line():
    """Three evenings are one line of three hours."""
    lines = draft_lines([rate("basic", [evening(n, 20) for n in range(3)])])
    assert [(line.kind, line.quantity, line.unit, line.unit_price, line.amount) for line in lines] == [
        ("fee", 1, "MON", 0, 0),
        ("tariff", 180, "MIN", 100, Decimal("300.00")),
    ]
    assert lines[1].detail == "3 time entries"


def test_rounded_parts_that_differ_from_the_rounded_sum_stay_apart():
    """R12: 33.333 an hour is 33.33 each; 100.00 for three hours would be a cent more than the charges."""
    odd = with_tariff("after_hours", rate_per_hour=Decimal("33.333"))
    statement = rate("basic", [evening(n, 20) for n in range(3)], price_list=odd)
    amounts = [line.amount for line in draft_lines([statement]) if line.kind == "tariff"]
    assert amounts == [Decimal("33.33")] * 3
    assert statement.net_total == Decimal("99.99")


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=12),
    st.decimals(min_value="0.001", max_value=500, places=3),
    st.sampled_from(["basic", "premium", "out-of-package"]),
)
def test_each_line_can_be_recomputed_and_all_add_up(minutes, rate_per_hour, package):
    """The printed quantity times the printed price is the printed amount, and the lines' sum is the net."""
    price_list = with_tariff("after_hours", rate_per_hour=rate_per_hour)
    statement = rate(package, [evening(n, length) for n, length in enumerate(minutes)], price_list=price_list)
    lines = draft_lines([statement])
    for line in lines:
        exact = round_money(line.quantity * line.unit_price, "EUR")
        if line.unit == "MIN":
            exact = price_of_time(int(line.quantity) * 60, line.unit_price, "EUR")
        assert line.amount == exact
    draft = draft_invoice(CUSTOMER, OCTOBER, [statement], [], SETTINGS)
    assert sum(line.amount for line in lines) == draft.net == statement.net_total
    assert draft.gross == draft.net + draft.tax
    assert [line.position for line in lines] == list(range(1, len(lines) + 1))


def test_development_by_the_second_keeps_its_exact_quantity():
    """A quantity that is no whole minute is counted in seconds, so that it can be recomputed."""
    work = entry("", "2026-10-05T10:00:00", "2026-10-05T10:01:40", activity="development")
    (line,) = [
        line for line in draft_lines([rate("basic", [work], development_rate="90")]) if line.kind == "development"
    ]
    assert (line.quantity, line.unit, line.amount) == (100, "SEC", Decimal("2.50"))


def test_fee_shows_pieces_and_their_price():
    """Two Standard packages are 2 x 200.00; a part of a month is one piece at the part's price."""
    (two,) = draft_lines([rate("standard", [], quantity=2)])
    assert (two.quantity, two.unit_price, two.amount) == (2, 200, 400)
    (part,) = draft_lines([rate("standard", [], quantity=2, ends_on="2026-10-10")])
    assert (part.quantity, part.unit_price, part.amount) == (1, Decimal("129.03"), Decimal("129.03"))
    assert part.detail == "Monthly fee, October 2026, 10 of 31 days"


def test_one_invoice_has_one_currency():
    """Contracts in two currencies can not share an invoice; the customer fails with a sentence."""
    euro, dinar = rate("basic", []), rate("basic", [], price_list=replace(b2bee(), currency="RSD"))
    with pytest.raises(MixedCurrenciesError, match="EUR and RSD"):
        draft_invoice(CUSTOMER, OCTOBER, [euro, dinar], [], SETTINGS)


def test_no_vat_carries_its_note():
    """Without a rate there is no tax, and the legal reference is printed; with one there is no note."""
    none = replace(SETTINGS, vat_percent=None, vat_note="Art. 33")
    draft = draft_invoice(CUSTOMER, OCTOBER, [rate("standard", [])], [], none)
    assert (draft.tax_percent, draft.tax, draft.gross, draft.tax_note) == (None, 0, Decimal(200), "Art. 33")
    taxed = draft_invoice(CUSTOMER, OCTOBER, [rate("standard", [])], [], replace(SETTINGS, vat_note="Art. 33"))
    assert (taxed.tax, taxed.tax_note) == (Decimal(40), "")
