"""Which contract and month work belongs to (T5), and what a customer owes over all contracts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from builders import analysis, b2bee, contract, entry, expense, instant, lines, month, with_tariff

from billing_engine.errors import UnknownPackageError, UnknownPriceListError
from billing_engine.model.contract import Customer
from billing_engine.model.price_list import PriceListBook
from billing_engine.rating.assign import NO_CONTRACT
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import rate_customer

KYIV = replace(b2bee(), name="kyiv", zone=ZoneInfo("Europe/Kyiv"))
BOOK = PriceListBook([b2bee(), KYIV])
ONE = Customer("C1", "One", "RS", "EUR")
FIRST_HALF = contract("basic", contract="K1", ends_on="2026-10-15")
SECOND_HALF = contract("premium", contract="K2", starts_on="2026-10-16")
BASIC, PREMIUM = contract("basic", contract="K1"), contract("premium", contract="K2")
SEVERAL = "contracts K1, K2 could take it; fill in the column 'contract'"


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def rated(contracts, entries=(), expenses=(), period="2026-10", book=BOOK):
    """Rate the customer's month."""
    return rate_customer(ONE, contracts, entries, expenses, RateCards(book, month(period)))


def places(customer_month):
    """Say which contract took what: entries and expenses by contract, and what is held with its reason."""
    taken = {
        statement.contract.contract: [
            *sorted({e.entry for charge in statement.charges for e in charge.entries}),
            *(charge.expense.expense for charge in statement.charges if charge.expense is not None),
        ]
        for statement in customer_month.statements
    }
    return taken, [(held.id, held.reason) for held in customer_month.held]


def work(start, **fields):
    """Work for ten minutes on a T2 ticket."""
    at = instant(start)
    return entry("T2", "2026-10-01T10:00", "2026-10-01T10:00", **fields)._replace(started_at=at, ended_at=at + 600)


# --- one entry, one contract ------------------------------------------------------------------------------------------

ENDS, BEGINS = contract(ends_on="2026-10-31"), contract(starts_on="2026-10-01")

ACTIVE = [
    row("in the middle of a contract", [contract()], "2026-10-14T10:00", "K1"),
    row("first day, first second", [contract(starts_on="2026-10-07")], "2026-10-07T00:00", "K1"),
    row("the second before the first day", [contract(starts_on="2026-10-07")], "2026-10-06T23:59:59", NO_CONTRACT),
    row("last day, last second", [contract(ends_on="2026-10-07")], "2026-10-07T23:59:59", "K1"),
    row("the second after the last day", [contract(ends_on="2026-10-07")], "2026-10-08T00:00", NO_CONTRACT),
    row("a contract of one day", [contract(starts_on="2026-10-07", ends_on="2026-10-07")], "2026-10-07T12:00", "K1"),
    row("first second of the month", [contract()], "2026-10-01T00:00", "K1"),
    row("last second of the month", [contract()], "2026-10-31T23:59:59", "K1"),
    row("first night of the contract, still the day before in UTC", [BEGINS], "2026-09-30T22:30+00:00", "K1"),
    row("last night of the contract by UTC", [ENDS], "2026-10-31T22:59:59+00:00", "K1"),
    row("day of the clock change, first hour", [contract(starts_on="2026-10-25")], "2026-10-25T00:00", "K1"),
    row("day of the clock change, last hour", [contract(ends_on="2026-10-25")], "2026-10-25T22:59:59+00:00", "K1"),
    row("after the day of the clock change", [contract(ends_on="2026-10-25")], "2026-10-25T23:00+00:00", NO_CONTRACT),
    row("package change, last day of the first", [FIRST_HALF, SECOND_HALF], "2026-10-15T23:59:59", "K1"),
    row("package change, first day of the second", [FIRST_HALF, SECOND_HALF], "2026-10-16T00:00", "K2"),
    row("package change, 22:30 UTC is the next day", [FIRST_HALF, SECOND_HALF], "2026-10-15T22:30+00:00", "K2"),
    row(
        "between two contracts",
        [FIRST_HALF, contract(contract="K3", starts_on="2026-10-20")],
        "2026-10-18T10:00",
        NO_CONTRACT,
    ),
    row("two contracts at once", [BASIC, PREMIUM], "2026-10-14T10:00", SEVERAL),
    row("two contracts, one of them over", [FIRST_HALF, PREMIUM], "2026-10-16T00:00", "K2"),
    row("two contracts, neither over", [FIRST_HALF, PREMIUM], "2026-10-15T10:00", SEVERAL),
    row("order of contracts does not matter", [PREMIUM, BASIC], "2026-10-14T10:00", SEVERAL),
]


@pytest.mark.parametrize(("contracts", "start", "place"), ACTIVE)
def test_an_entry_belongs_to_the_contract_of_its_local_day(contracts, start, place):
    """Give an entry to the one contract that runs on the local day of its start, else hold it with the reason."""
    taken, held = places(rated(contracts, [work(start)]))
    assert {key: ids for key, ids in taken.items() if ids} == ({place: ["E1"]} if place in taken else {})
    assert held == ([] if place in taken else [("E1", place)])


@pytest.mark.parametrize("name", ["K1", "K2"])
def test_the_contract_column_decides(name):
    """Give an entry to the contract that it names when several run."""
    taken, held = places(rated([BASIC, PREMIUM], [work("2026-10-14T10:00", contract=name)]))
    assert taken == {"K1": [], "K2": []} | {name: ["E1"]}
    assert held == []


@pytest.mark.parametrize(
    ("contracts", "name", "start"),
    [
        row("over, another runs", [FIRST_HALF, SECOND_HALF], "K1", "2026-10-16T10:00"),
        row("not begun, another runs", [FIRST_HALF, SECOND_HALF], "K2", "2026-10-15T10:00"),
        row("over, none runs", [FIRST_HALF], "K1", "2026-10-16T10:00"),
    ],
)
def test_an_entry_that_names_a_contract_goes_to_no_other(contracts, name, start):
    """Hold an entry whose own contract does not run on its day."""
    result = rated(contracts, [work(start, contract=name)])
    assert [held.id for held in result.held] == ["E1"]
    assert [ids for ids in places(result)[0].values() if ids] == []


def test_each_entry_is_placed_by_itself():
    """Sort a month's entries out among two contracts and those that none or both could take."""
    entries = [
        work("2026-10-01T10:00", entry="E1"),
        work("2026-10-15T10:00", entry="E2"),
        work("2026-10-16T10:00", entry="E3"),
        work("2026-10-20T10:00", entry="E4"),
        work("2026-10-31T10:00", entry="E5", contract="K2"),
    ]
    contracts = [FIRST_HALF, contract("premium", contract="K2", starts_on="2026-10-15")]
    assert places(rated(contracts, reversed(entries))) == ({"K1": ["E1"], "K2": ["E3", "E4", "E5"]}, [("E2", SEVERAL)])


# --- months -----------------------------------------------------------------------------------------------------------

EDGES = [
    row("last second of September", "2026-09-30T23:59:59", "2026-09"),
    row("first second of October", "2026-10-01T00:00", "2026-10"),
    row("22:30 UTC on 30 September is October", "2026-09-30T22:30+00:00", "2026-10"),
    row("22:59:59 UTC on 31 October is October, in winter time", "2026-10-31T22:59:59+00:00", "2026-10"),
    row("23:30 UTC on 31 October is November", "2026-10-31T23:30+00:00", "2026-11"),
    row("midnight at the end of October", "2026-10-31T23:00+00:00", "2026-11"),
    row("New Year in Belgrade", "2026-12-31T23:00+00:00", "2027-01"),
    row("New Year in Tokyo is December", "2027-01-01T00:00+09:00", "2026-12"),
]


@pytest.mark.parametrize(("start", "own"), EDGES)
@pytest.mark.parametrize("period", ["2026-09", "2026-10", "2026-11", "2026-12", "2027-01"])
def test_an_entry_belongs_to_one_month(start, own, period):
    """Rate an entry in the local month of its start, and pass it over in every other."""
    taken, held = places(rated([contract()], [work(start)], period=period))
    assert taken == {"K1": ["E1"] if period == own else []}
    assert held == []


def test_an_entry_is_not_cut_at_the_end_of_the_month():
    """Rate all of an entry in the month of its start, and none of it in the next."""
    late = [entry("T1", "2026-10-31T23:00", "2026-11-01T02:00")]
    (october,) = rated([contract("out-of-package")], late).statements
    (november,) = rated([contract("out-of-package")], late, period="2026-11").statements
    assert lines(october) == ["after_hours 180 -> 180 min = 300.00"]
    assert lines(november) == []


@pytest.mark.parametrize(
    ("price_list", "start", "own"),
    [
        row("Belgrade before midnight", "b2bee", "2026-10-31T23:30+01:00", "2026-10"),
        row("Kyiv after midnight", "kyiv", "2026-10-31T23:30+01:00", "2026-11"),
        row("Kyiv before midnight", "kyiv", "2026-10-31T22:59:59+01:00", "2026-10"),
    ],
)
def test_the_month_is_that_of_the_price_list_zone(price_list, start, own):
    """Read the month on the clock of the contract's price list (T2)."""
    for period in ("2026-10", "2026-11"):
        taken, held = places(rated([contract(price_list=price_list)], [work(start)], period=period))
        assert (taken, held) == ({"K1": ["E1"] if period == own else []}, [])


def test_held_work_belongs_to_one_month_too():
    """Hold an entry between two contracts in its own month alone."""
    contracts = [FIRST_HALF, contract("basic", contract="K2", starts_on="2026-11-16")]
    gap = [work("2026-10-31T22:30+00:00", entry="E1"), work("2026-11-02T10:00", entry="E2")]
    assert places(rated(contracts, gap))[1] == [("E1", NO_CONTRACT)]
    assert places(rated(contracts, gap, period="2026-11"))[1] == [("E2", NO_CONTRACT)]


# --- a customer's month -----------------------------------------------------------------------------------------------


def test_a_customer_without_contract_has_its_work_held():
    """Show work of a customer without any contract, so that it is not lost."""
    result = rated([], [work("2026-10-14T10:00")], [expense("18.40", spent_on="2026-10-14")])
    assert result.statements == ()
    assert [(held.id, held.reason) for held in result.all_held] == [("E1", NO_CONTRACT), ("X1", NO_CONTRACT)]
    assert result.net_total == 0


def test_work_after_a_contract_is_held_besides_its_statement():
    """Keep the statement of a contract that ended and hold what came later."""
    result = rated([FIRST_HALF], [work("2026-10-20T10:00")], [expense("5", spent_on="2026-10-16")])
    assert places(result) == ({"K1": []}, [("E1", NO_CONTRACT), ("X1", NO_CONTRACT)])


def test_every_running_contract_has_a_statement():
    """Make a statement of each contract that runs in the month, by id, with or without work."""
    contracts = [
        contract("standard", contract="K3"),
        contract("premium", contract="K1", ends_on="2026-10-01"),
        contract("basic", contract="K2", starts_on="2026-10-31"),
        contract("basic", contract="K4", ends_on="2026-09-30"),
        contract("basic", contract="K5", starts_on="2026-11-01"),
    ]
    result = rated(contracts)
    assert [statement.contract.contract for statement in result.statements] == ["K1", "K2", "K3"]
    assert [str(statement.net_total) for statement in result.statements] == ["11.61", "0.00", "200.00"]
    assert result.net_total == Decimal("211.61")


def test_a_package_change_splits_fee_and_allowance_by_days():
    """Bill both packages of a month for their days: 15 of 31 Standard, 16 of 31 Premium (R10)."""
    first = contract("standard", contract="K1", ends_on="2026-10-15")
    entries = [
        entry("T1", "2026-10-15T09:00", "2026-10-15T13:00", entry="E1"),
        entry("T1", "2026-10-16T09:00", "2026-10-16T13:00", entry="E2"),
    ]
    standard, premium = rated([first, SECOND_HALF], entries).statements
    # 5 h x 15/31 = 145.2 min, up to half hours 150; 12 h x 16/31 = 371.6 min, up to half hours 390
    assert [standard.included_seconds / 60, premium.included_seconds / 60] == [150, 390]
    assert lines(standard) == ["allowance 150 -> 150 min", "overage 90 -> 120 min = 100.00"]
    assert lines(premium) == ["allowance 240 -> 240 min"]
    # 200 x 15/31 = 96.774; 360 x 16/31 = 185.806
    assert [str(standard.net_total), str(premium.net_total)] == ["196.77", "185.81"]


def test_contracts_do_not_share_an_allowance():
    """Use up one contract's hours while the other's stay."""
    entries = [entry("T1", "2026-10-14T09:00", "2026-10-14T11:00", contract="K1")]
    basic, premium = rated([BASIC, PREMIUM], entries).statements
    assert lines(basic) == ["allowance 60 -> 60 min", "overage 60 -> 60 min = 50.00"]
    assert lines(premium) == []


def test_all_held_work_of_a_customer_is_shown():
    """List what statements hold and what no contract takes."""
    undecided = analysis("2026-10-14T10:00", "2026-10-14T11:00", entry="E2")
    result = rated([FIRST_HALF, SECOND_HALF], [work("2026-10-14T10:00", contract="K2"), undecided])
    assert [(held.id, held.reason) for held in result.all_held] == [
        ("E2", "the offer is neither accepted nor rejected yet"),
        ("E1", "contract K2 is not active on that day"),
    ]


# --- expenses ---------------------------------------------------------------------------------------------------------

SPENT = [
    row("the only contract", [contract()], "2026-10-05", "K1"),
    row("the first by id of two", [BASIC, PREMIUM], "2026-10-05", "K1"),
    row("the first by id, given last", [PREMIUM, BASIC], "2026-10-05", "K1"),
    row("the first that runs on the day", [FIRST_HALF, PREMIUM], "2026-10-16", "K2"),
    row("last day of a contract", [FIRST_HALF, SECOND_HALF], "2026-10-15", "K1"),
    row("first day of a contract", [FIRST_HALF, SECOND_HALF], "2026-10-16", "K2"),
    row("first day of the month", [contract()], "2026-10-01", "K1"),
    row("last day of the month", [contract()], "2026-10-31", "K1"),
    row("no contract on the day", [FIRST_HALF], "2026-10-16", None),
]


@pytest.mark.parametrize(("contracts", "day", "place"), SPENT)
def test_an_expense_goes_to_the_first_running_contract(contracts, day, place):
    """Give an expense to the first contract that runs on its day, else hold it."""
    taken, held = places(rated(contracts, expenses=[expense("18.40", spent_on=day)]))
    assert {key: ids for key, ids in taken.items() if ids} == ({place: ["X1"]} if place else {})
    assert held == ([] if place else [("X1", NO_CONTRACT)])


@pytest.mark.parametrize("day", ["2026-09-30", "2026-11-01"])
def test_an_expense_of_another_month_is_passed_over(day):
    """Leave an expense to its own month."""
    result = rated([contract()], expenses=[expense("18.40", spent_on=day)])
    assert places(result) == ({"K1": []}, [])


def test_an_expense_is_billed_once():
    """Add an expense to the total of one contract only."""
    result = rated([BASIC, PREMIUM], expenses=[expense("18.40"), expense("1.60", expense="X2")])
    assert [str(statement.net_total) for statement in result.statements] == ["20.00", "360.00"]


# --- price lists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("period", "amount"), [("2026-10", "100.00"), ("2026-11", "110.00")])
def test_a_month_is_rated_by_the_version_in_force(period, amount):
    """Take the version of the price list that is in force in the month."""
    dearer = with_tariff("after_hours", replace(b2bee(), valid_from=date(2026, 11, 1)), rate_per_hour=Decimal(110))
    book = PriceListBook([b2bee(), dearer])
    late = [work(f"{period}-03T23:00:00")]
    (statement,) = rated([contract("out-of-package")], late, period=period, book=book).statements
    assert lines(statement) == [f"after_hours 10 -> 60 min = {amount}"]


def test_a_contract_of_an_unknown_list_or_package_is_refused():
    """Say which price list or package is not there."""
    with pytest.raises(UnknownPriceListError, match="no price list 'nope'"):
        rated([contract(price_list="nope")])
    with pytest.raises(UnknownPackageError, match="has no package 'gold'"):
        rated([contract("gold")])


# --- the clock of a customer whose contract does not run in the month -------------------------------------------


@pytest.mark.parametrize(
    ("dates", "month_text", "held"),
    [
        row("ended before it", {"ends_on": "2026-10-31"}, "2026-10", False),
        row("held in the month after", {"ends_on": "2026-10-31"}, "2026-11", True),
        row("begins with it", {"starts_on": "2026-11-01"}, "2026-11", False),
        row("not held in the month before", {"starts_on": "2026-11-01"}, "2026-10", False),
    ],
)
def test_work_at_a_months_edge_is_billed_or_held_in_one_month_only(dates, month_text, held):
    """T2: 23:30 in London on 31 October is 1 November in Belgrade, whether a contract runs in that month or not."""
    agreed = contract(**dates)
    cards = RateCards(PriceListBook([b2bee()]), month(month_text))
    result = rate_customer(Customer("C1", "C", "RS", "EUR"), [agreed], [work("2026-10-31T23:30+00:00")], [], cards)
    assert bool(result.all_held) is held
    charged = [e.entry for s in result.statements for charge in s.charges for e in charge.entries]
    assert bool(charged) is (month_text == "2026-11" and "starts_on" in dates)


def test_contracts_in_two_zones_never_bill_one_entry_twice():
    """T5: 23:30 in Belgrade on 31 October is 1 November in Kyiv; two contracts could take it, so it is held, once."""
    kyiv = replace(b2bee(), name="kyiv", zone=ZoneInfo("Europe/Kyiv"))
    agreed = [contract("out-of-package"), contract("out-of-package", contract="K2", price_list="kyiv")]
    book = PriceListBook([b2bee(), kyiv])
    results = [
        rate_customer(
            Customer("C1", "C", "RS", "EUR"), agreed, [work("2026-10-31T23:30+01:00")], [], RateCards(book, month(text))
        )
        for text in ("2026-10", "2026-11")
    ]
    assert [len(result.all_held) for result in results] == [1, 0]
    assert [result.net_total for result in results] == [0, 0]
