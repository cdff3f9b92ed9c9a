"""Credits before tax over several categories of VAT: shared to the cent, and taxed on what is left of each."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from builders import development, expense, rate
from hypothesis import assume, given
from hypothesis import strategies as st
from invoices import FEE, SELLER, invoice

from billing_engine.errors import SelfCheckError
from billing_engine.invoicing.checks import check_draft
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.invoicing.tax import one_percent, tax_subtotals
from billing_engine.model.contract import Customer
from billing_engine.model.credit import Credit, CreditSource
from billing_engine.model.invoice import InvoiceSetoff
from billing_engine.model.money import from_minor, minor_digits, round_money, to_minor
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import HomeTax, TaxCategory, TaxSubtotal, TaxTreatment
from billing_engine.model.tax_shares import add_up, share_out, share_setoffs
from billing_engine.model.tax_table import TaxRate, TaxRule, TaxTable

BEFORE, AFTER = Setoff.BEFORE_TAX, Setoff.AFTER_TAX
KEYS = [
    ("S", Decimal(20)),
    ("S", Decimal(10)),
    ("S", Decimal("5.5")),
    ("Z", Decimal(0)),
    ("E", Decimal(0)),
    ("AE", Decimal(0)),
]
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])


def setoffs(amounts, currency="EUR", modes=()):
    """Write setoffs of these minor units, before tax unless told otherwise."""
    modes = [*modes, *([BEFORE] * len(amounts))]
    return [
        InvoiceSetoff(n, f"CR-{n}", f"CR-{n}", "Sorry", from_minor(amount, currency), mode)
        for n, (amount, mode) in enumerate(zip(amounts, modes, strict=False), 1)
    ]


def charged(sizes, currency="EUR"):
    """Sum up categories of these minor units."""
    return {key: from_minor(size, currency) for key, size in zip(KEYS, sizes, strict=False)}


@st.composite
def cases(draw):
    """Draw sums by category, and credits that never take more than there is."""
    currency = draw(CURRENCIES)
    sizes = draw(st.lists(st.integers(0, 10**7) | st.integers(0, 5), min_size=1, max_size=len(KEYS)))
    left, amounts = sum(sizes), []
    for part in draw(st.lists(st.integers(1, 10**7) | st.integers(1, 5) | st.none(), max_size=5)):
        amount = left if part is None else min(part, left)
        if amount:
            amounts.append(amount)
            left -= amount
    return currency, sizes, amounts


@given(cases())
def test_the_shares_of_a_credit_are_the_credit_to_the_cent(case):
    """None is below zero or nothing, and no category goes below zero."""
    currency, sizes, amounts = case
    sums = charged(sizes, currency)
    shares = share_out(sums, setoffs(amounts, currency), currency)
    for position, amount in enumerate(amounts, 1):
        of_credit = [share for share in shares if share.position == position]
        assert sum(share.amount for share in of_credit) == from_minor(amount, currency)
        assert len({share.key for share in of_credit}) == len(of_credit)
    assert all(share.amount > 0 and round_money(share.amount, currency) == share.amount for share in shares)
    for key, amount in sums.items():
        assert sum(share.amount for share in shares if share.key == key) <= amount
    assert [share.position for share in shares] == sorted(share.position for share in shares)


@given(cases())
def test_each_share_is_its_part_but_for_less_than_a_cent(case):
    """A category has the exact proportion of what was left, rounded up or down."""
    currency, sizes, amounts = case
    left = dict(zip(KEYS, sizes, strict=False))
    shares = share_out(charged(sizes, currency), setoffs(amounts, currency), currency)
    for position, amount in enumerate(amounts, 1):
        taken = {share.key: to_minor(share.amount, currency) for share in shares if share.position == position}
        whole = sum(left.values())
        for key, size in left.items():
            assert abs(taken.get(key, 0) - Fraction(amount * size, whole)) < 1
            left[key] -= taken.get(key, 0)


@given(cases(), st.randoms())
def test_order_of_the_categories_moves_no_more_than_a_cent_a_credit(case, random):
    """Which category comes first decides only who has the odd cent."""
    currency, sizes, amounts = case
    pairs = list(charged(sizes, currency).items())
    turned = random.sample(pairs, len(pairs))
    taken = [
        add_up((share.key, share.amount) for share in share_out(dict(order), setoffs(amounts[:1], currency), currency))
        for order in (pairs, turned)
    ]
    for key, _ in pairs:
        assert abs(taken[0].get(key, 0) - taken[1].get(key, 0)) <= from_minor(1, currency)


@given(cases())
def test_shares_are_the_same_whatever_they_are_called(case):
    """Category and rate are names: only sizes and their order count. The same input has the same shares."""
    currency, sizes, amounts = case
    found = share_out(charged(sizes, currency), setoffs(amounts, currency), currency)
    again = share_out(charged(sizes, currency), setoffs(amounts, currency), currency)
    others = dict(zip(reversed(KEYS), charged(sizes, currency).values(), strict=False))
    renamed = share_out(others, setoffs(amounts, currency), currency)
    assert found == again
    assert [share.amount for share in found] == [share.amount for share in renamed]


@given(st.integers(1, 10**9), st.data(), CURRENCIES)
def test_one_category_has_the_whole(size, data, currency):
    """As it was before there were several."""
    amount = data.draw(st.integers(1, size))
    (share,) = share_out(charged([size], currency), setoffs([amount], currency), currency)
    assert share == (1, KEYS[0], from_minor(amount, currency))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), CURRENCIES)
def test_a_credit_over_everything_leaves_nothing_of_any_category(sizes, currency):
    """Each gives all that it has."""
    assume(sum(sizes))
    shares = share_out(charged(sizes, currency), setoffs([sum(sizes)], currency), currency)
    assert {share.key: to_minor(share.amount, currency) for share in shares} == {
        key: size for key, size in zip(KEYS, sizes, strict=False) if size
    }


@pytest.mark.parametrize(
    ("sizes", "amounts", "currency", "expected"),
    [
        ([10_000, 10_000], [5_000], "EUR", [(1, 0, "25.00"), (1, 1, "25.00")]),
        ([36_000, 8_990], [7_200], "EUR", [(1, 0, "57.61"), (1, 1, "14.39")]),
        ([100, 100, 100], [100], "EUR", [(1, 0, "0.33"), (1, 1, "0.34"), (1, 2, "0.33")]),
        ([1, 1, 1], [1], "EUR", [(1, 1, "0.01")]),
        ([1, 1], [1, 1], "EUR", [(1, 0, "0.01"), (2, 1, "0.01")]),
        ([0, 500], [100], "EUR", [(1, 1, "1.00")]),
        ([30_000, 10_000], [4_000, 4_000], "EUR", [(1, 0, "30"), (1, 1, "10"), (2, 0, "30"), (2, 1, "10")]),
        ([100, 50], [70], "JPY", [(1, 0, "47"), (1, 1, "23")]),
        ([1_000, 2_000], [1_000], "KWD", [(1, 0, "0.333"), (1, 1, "0.667")]),
    ],
)
def test_shares_by_hand(sizes, amounts, currency, expected):
    """Sizes and credits in cents; position of the credit, place of the category, amount."""
    shares = share_out(charged(sizes, currency), setoffs(amounts, currency), currency)
    assert list(shares) == [(position, KEYS[place], Decimal(amount)) for position, place, amount in expected]


def test_only_credits_before_tax_are_shared():
    """Those after tax are a means of payment, between others, too."""
    given_ = setoffs([100, 200, 300], modes=[BEFORE, AFTER, BEFORE])
    shares = share_out(charged([10_000, 10_000]), given_, "EUR")
    assert {share.position for share in shares} == {1, 3}
    assert share_out(charged([10_000]), setoffs([100], modes=[AFTER]), "EUR") == ()


def test_nothing_is_shared_where_nothing_is_charged():
    """No division by zero."""
    assert share_out({}, [], "EUR") == share_out(charged([0, 0]), [], "EUR") == ()


def test_an_older_invoice_has_one_category_for_its_credits():
    """Its lines carry no category; they are all of the one that it has."""
    credit = replace(setoffs([7_200])[0])
    draft = invoice(lines=(FEE, replace(FEE, position=2)), setoffs=(credit,)).draft
    assert share_setoffs(draft) == ((1, ("S", Decimal(20)), Decimal("72.00")),)
    untaxed = invoice(setoffs=(credit,), tax_percent=None).draft
    assert share_setoffs(untaxed) == ((1, ("E", Decimal(0)), Decimal("72.00")),)


# Drafts: what each category comes to.

TREATMENTS = {key: TaxTreatment(TaxCategory(key[0]), key[1], note=f"of {key[0]}") for key in KEYS}


@given(cases(), st.randoms())
def test_each_category_is_taxed_once_on_its_sum(case, random):
    """Net amounts add up to lines less credits; each tax is the percent of its net amount, rounded half up."""
    currency, sizes, amounts = case
    keys = [random.choice(KEYS) for _ in sizes]
    lines = [
        replace(FEE, position=n, amount=from_minor(size, currency), tax_category=key[0], tax_percent=key[1])
        for n, (size, key) in enumerate(zip(sizes, keys, strict=True), 1)
    ]
    taxes = tax_subtotals(lines, TREATMENTS, setoffs(amounts, currency), currency)
    assert sum(one.net for one in taxes) == from_minor(sum(sizes) - sum(amounts), currency)
    assert len({one.key for one in taxes}) == len(taxes) == len(set(keys))
    for one in taxes:
        assert one.net >= 0
        assert one.tax == round_money(Fraction(one.net) * Fraction(one.percent) / 100, currency)
        assert -one.net.as_tuple().exponent == -one.tax.as_tuple().exponent == minor_digits(currency)
        assert one.note == f"of {one.category}"


SETTINGS = Settings(
    SELLER,
    Decimal(20),
    tax=TaxTable(
        rates=(TaxRate("reduced", Decimal(10)),),
        rules=(TaxRule("reduced", services=("expense",)), TaxRule("exempt", services=("development",), note="Art. 9")),
    ),
)
CUSTOMER = Customer("C1", "Aurora", "RS", "")


def credit(n, amount, mode):
    """Grant a credit."""
    return Credit(
        credit=f"CR-{n}",
        customer="C1",
        currency="EUR",
        source=CreditSource.GOODWILL,
        claim="",
        granted_on=FEE_DAY,
        amount=amount,
        remaining=amount,
        reason="Sorry",
        setoff=mode,
    )


FEE_DAY = Month(2026, 9).first_day


def drafted(fee="1000.00", cost="89.90", credits_=(), hours=1):
    """Draft an invoice with three categories of VAT."""
    work = [development("2026-10-02T10:00", f"2026-10-02T{10 + hours}:00")] if hours else []
    statement = rate(
        "premium", work, period="2026-10", expenses=[expense(cost)], monthly_fee=fee, development_rate="90"
    )
    return draft_invoice(CUSTOMER, Month(2026, 10), [statement], [], SETTINGS, credits_)


MONEY = st.decimals(0, 5000, places=2)
CREDITS = st.lists(st.tuples(st.decimals("0.01", 3000, places=2), st.sampled_from([BEFORE, AFTER])), max_size=4)


@given(MONEY, MONEY, CREDITS, st.integers(0, 3))
def test_a_draft_with_several_rates_does_not_contradict_itself(fee, cost, granted, hours):
    """Lines, credits on either side of tax, sums by category, totals: whatever they are, the self-check agrees."""
    draft = drafted(str(fee), str(cost), [credit(n, *one) for n, one in enumerate(granted)], hours)
    check_draft(draft)
    assert (draft.net, draft.tax) == (sum(one.net for one in draft.taxes), sum(one.tax for one in draft.taxes))
    assert draft.gross == draft.net + draft.tax
    assert draft.amount_due >= 0
    by_key = {one.key: one for one in draft.taxes}
    shared = add_up((share.key, share.amount) for share in share_setoffs(draft))
    assert by_key[("S", Decimal(20))].net == fee - shared.get(("S", Decimal(20)), 0)
    assert by_key[("S", Decimal(10))].net == cost - shared.get(("S", Decimal(10)), 0)


def test_three_categories_by_hand():
    """1000.00 at 20 %, 81.00 exempt, 89.90 at 10 %, less 100.00 before tax and 50.00 after it."""
    draft = drafted(credits_=[credit(1, Decimal(100), BEFORE), credit(2, Decimal(50), AFTER)])
    assert [(str(one.category), one.percent, str(one.net), str(one.tax), one.note) for one in draft.taxes] == [
        ("S", 20, "914.60", "182.92", ""),
        ("E", 0, "74.08", "0.00", "Art. 9"),
        ("S", 10, "82.22", "8.22", ""),
    ]
    assert (str(draft.net), str(draft.tax), str(draft.gross)) == ("1070.90", "191.14", "1262.04")
    assert (draft.amount_due, draft.tax_percent, draft.tax_note) == (Decimal("1212.04"), None, "Art. 9")


def test_one_rate_is_said_as_one():
    """A draft of one rate has a percent of its own; what is not taxed, or at several rates, has none."""
    percents = {
        (("S", 20),): 20,
        (("Z", 0),): 0,
        (("S", 20), ("S", 10)): None,
        (("E", 0),): None,
        (("S", 20), ("E", 0)): None,
        (("Z", 0), ("E", 0)): None,
        (): None,
    }
    for keys, expected in percents.items():
        taxes = [TaxSubtotal(TaxCategory(code), Decimal(percent), Decimal(1), Decimal(0)) for code, percent in keys]
        assert one_percent(taxes) == expected


def _taxes(draft, place, **changes):
    taxes = list(draft.taxes)
    taxes[place] = replace(taxes[place], **changes)
    return replace(draft, taxes=tuple(taxes))


CENT = Decimal("0.01")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: _taxes(d, 0, net=d.taxes[0].net - CENT), "its sums by category are others"),
        (lambda d: _taxes(_taxes(d, 0, net=d.taxes[0].net - CENT), 2, net=d.taxes[2].net + CENT), "are others"),
        (lambda d: _taxes(d, 0, tax=d.taxes[0].tax + CENT), "tax of category S on 914.60 is 182.92; it says 182.93"),
        (lambda d: _taxes(d, 0, percent=Decimal(21)), "its sums by category are others"),
        (lambda d: _taxes(d, 0, category=TaxCategory.EXEMPT), "tax of category E"),
        (lambda d: replace(d, taxes=d.taxes[1:]), "its sums by category are others"),
        (lambda d: replace(d, taxes=(*d.taxes, replace(d.taxes[2], net=CENT))), "its sums by category are others"),
        (lambda d: replace(d, tax=d.tax + CENT, gross=d.gross + CENT), "it says 191.15"),
        (lambda d: replace(d, gross=d.gross + CENT), "and 1262.05 in all"),
        (
            lambda d: replace(d, lines=(replace(d.lines[0], tax_category="E", tax_percent=Decimal(0)), *d.lines[1:])),
            "its sums by category are others",
        ),
        (
            lambda d: replace(d, lines=(replace(d.lines[0], tax_percent=Decimal(10)), *d.lines[1:])),
            "its sums by category are others",
        ),
    ],
)
def test_a_draft_that_contradicts_itself_is_not_issued(change, said):
    """Each wrong cent and each wrong category is told."""
    draft = drafted(credits_=[credit(1, Decimal(100), BEFORE), credit(2, Decimal(50), AFTER)])
    check_draft(draft)
    with pytest.raises(SelfCheckError) as told:
        check_draft(change(draft))
    assert said in str(told.value)


def test_a_tax_at_home_that_is_not_its_rate_is_not_issued():
    """What is told in the second currency is the VAT at the rate beside it."""
    draft = drafted()
    right = HomeTax("RSD", Decimal("117.1692"), FEE_DAY, round_money(draft.tax * Decimal("117.1692"), "RSD"))
    check_draft(replace(draft, home_tax=right))
    with pytest.raises(SelfCheckError, match="in RSD"):
        check_draft(replace(draft, home_tax=replace(right, tax=right.tax + CENT)))
