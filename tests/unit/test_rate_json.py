"""What `rate` prints: fixed keys, money as text, and a reason for every charge that a customer can check."""

import json
import re
from dataclasses import replace
from datetime import date

import pytest
from builders import (
    PRICE_LISTS,
    analysis,
    b2bee,
    contract,
    development,
    entry,
    expense,
    month,
    numbered,
    unfounded,
    with_holidays,
    with_package,
    with_rating,
    with_tariff,
)

from billing_engine import json_shapes
from billing_engine.errors import UnknownPackageError
from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.model.contract import Customer
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.window import Window
from billing_engine.rate_folder import RatedFolder, rate_folder
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import rate_customer

CUSTOMERS = "customer,name,currency\nC1,One,EUR\nC2,Two,EUR\n"
CONTRACTS = "contract,customer,price_list,package,starts_on\nK1,C1,b2bee,premium,2016-01-01\n"
ENTRIES = "entry,customer,contract,severity,activity,outcome,started_at,ended_at\n"
WORKED_MONTH = (
    ENTRIES
    + """\
E0,C1,,T1,,,2026-10-01T07:00,2026-10-01T18:00
E1,C1,,T3,,,2026-10-01T16:40+02:00,2026-10-01T18:10+02:00
E2,C1,,T2,,,2026-10-02T21:30+02:00,2026-10-02T22:20+02:00
E3,C1,,T1,,,2026-10-03T10:00+02:00,2026-10-03T11:40+02:00
E4,C1,,T4,,,2026-10-05T09:00+02:00,2026-10-05T09:05+02:00
"""
)

THREE_HOURS = "180 min -> 3 started hours x 100.00 EUR"


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def rated_files(folder, package=None, period="2026-10", **files):
    """Write files, rate them, and return the JSON as a program reads it."""
    for name, text in {"customers": CUSTOMERS, "contracts": CONTRACTS, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found = json_shapes.rated_folder(rate_folder(folder, month(period), PriceListBook([b2bee()]), package))
    return json.loads(json.dumps(found))


def charged(package, *entries, price_list=None, period="2026-10", expenses=(), **fields):
    """Rate entries under one contract and return its statement as JSON."""
    cards = RateCards(PriceListBook([price_list or b2bee()]), month(period))
    one = Customer("C1", "One", "RS", "EUR")
    rated = rate_customer(one, [contract(package, **fields)], numbered(*entries), expenses, cards)
    (found,) = json_shapes.rated_folder(RatedFolder(cards.month, (rated,), cards, (), (), ()))["statements"]
    return found


# --- the worked month -------------------------------------------------------------------------------------------------


def test_the_worked_month_comes_to_810(tmp_path):
    """Rate the rule book's example from CSV files, every value of the JSON."""
    found = rated_files(tmp_path, time_entries=WORKED_MONTH)
    (statement,) = found.pop("statements")
    assert found == {"period": "2026-10", "rejected": []}
    charges = statement.pop("charges")
    assert statement == {
        "customer": "C1",
        "contract": "K1",
        "price_list": "b2bee",
        "package": "premium",
        "currency": "EUR",
        "fee": "360.00",
        "allowance": {"included_minutes": 720, "used_minutes": 720},
        "overage": {"worked_minutes": 150, "billed_minutes": 180, "amount": "150.00"},
        "tariffs": {"after_hours": {"billed_minutes": 180, "amount": "300.00"}},
        "held": [],
        "net_total": "810.00",
    }
    columns = ("kind", "tariff", "entries", "worked_minutes", "billed_minutes", "unit_price", "amount")
    assert [tuple(charge[column] for column in columns) for charge in charges] == [
        ("fee", None, [], 0, 0, "360.00", "360.00"),
        ("allowance", None, ["E0"], 660, 660, "0.00", "0.00"),
        ("allowance", None, ["E1"], 20, 30, "0.00", "0.00"),
        ("tariff", "after_hours", ["E1"], 70, 120, "100.00", "200.00"),
        ("allowance", None, ["E2"], 30, 30, "0.00", "0.00"),
        ("tariff", "after_hours", ["E2"], 20, 60, "100.00", "100.00"),
        ("overage", None, ["E3", "E4"], 150, 180, "50.00", "150.00"),
    ]


def test_the_worked_month_says_why(tmp_path):
    """Give the reason of each charge of the rule book's example."""
    (statement,) = rated_files(tmp_path, time_entries=WORKED_MONTH)["statements"]
    assert [charge["reason"] for charge in statement["charges"]] == [
        "Premium, October 2026",
        "Thu 1 Oct 07:00-18:00: T1 within Premium's 07-22 every day; 660 min -> 660 min from the allowance",
        "Thu 1 Oct 16:40-17:00: T3 within Premium's 09-17 on working days; 20 min -> 30 min from the allowance",
        (
            "Thu 1 Oct 17:00-18:10: T3 outside Premium's 09-17 on working days -> after hours; "
            "70 min -> 2 started hours x 100.00 EUR"
        ),
        "Fri 2 Oct 21:30-22:00: T2 within Premium's 07-22 on working days; 30 min -> 30 min from the allowance",
        (
            "Fri 2 Oct 22:00-22:20: T2 outside Premium's 07-22 on working days -> after hours; "
            "20 min -> 1 started hour x 100.00 EUR"
        ),
        "150 min beyond the allowance of 720 min -> 3 started hours x 50.00 EUR",
    ]


# --- the shape --------------------------------------------------------------------------------------------------------

MONEY, MINUTES, TEXT = "money", "minutes", "text"
SHAPE = {
    "period": TEXT,
    "statements": [
        {
            "customer": TEXT,
            "contract": TEXT,
            "price_list": TEXT,
            "package": TEXT,
            "currency": TEXT,
            "fee": MONEY,
            "allowance": {"included_minutes": MINUTES, "used_minutes": MINUTES},
            "overage": {"worked_minutes": MINUTES, "billed_minutes": MINUTES, "amount": MONEY},
            "tariffs": {"*": {"billed_minutes": MINUTES, "amount": MONEY}},
            "held": [{"entry": TEXT, "reason": TEXT}],
            "charges": [
                {
                    "kind": TEXT,
                    "tariff": TEXT,
                    "entries": [TEXT],
                    "worked_minutes": MINUTES,
                    "billed_minutes": MINUTES,
                    "unit_price": MONEY,
                    "amount": MONEY,
                    "reason": TEXT,
                }
            ],
            "net_total": MONEY,
        }
    ],
    "rejected": [{"file": TEXT, "line": MINUTES, "column": TEXT, "reason": TEXT}],
}
MAY_BE_NULL = {"contract", "price_list", "package", "currency", "tariff"}


def differences(found, shape, path=""):
    """List where a value does not have its shape."""
    if isinstance(shape, dict) and "*" in shape:
        shape = dict.fromkeys(found, shape["*"])
    if isinstance(shape, dict):
        if found.keys() != shape.keys():
            return [f"{path}: {sorted(found)}"]
        return [one for key in shape for one in differences(found[key], shape[key], f"{path}.{key}")]
    if isinstance(shape, list):
        return [one for item in found for one in differences(item, shape[0], f"{path}[]")]
    if found is None:
        fits = path.rpartition(".")[2] in MAY_BE_NULL
    elif shape == MINUTES:
        fits = type(found) in (int, float)
    else:
        fits = isinstance(found, str) and (shape == TEXT or re.fullmatch(r"\d+\.\d\d", found) is not None)
    return [] if fits else [f"{path}: {found!r}"]


EVERYTHING = (
    WORKED_MONTH
    + """\
E5,C1,,,development,,2026-10-06T10:00,2026-10-06T10:20
E6,C1,,,change_request_analysis,offer_accepted,2026-10-07T10:00,2026-10-07T11:00
E7,C2,,T2,,,2026-10-07T10:00Z,2026-10-07T11:00Z
E8,C1,,T3,,,2026-10-08T17:00:30,2026-10-08T17:20
E9,C1,,T5,,,2026-10-08T17:00,2026-10-08T17:20
"""
)


def test_the_json_has_exactly_the_agreed_keys(tmp_path):
    """Check every key and type of a month with all that may occur."""
    expenses = "expense,customer,spent_on,description,amount\nX1,C1,2026-10-05,Train,18.4\nX2,C2,2026-10-05,Bus,2\n"
    found = rated_files(tmp_path, time_entries=EVERYTHING, expenses=expenses)
    assert differences(found, SHAPE) == []
    kinds = {charge["kind"] for statement in found["statements"] for charge in statement["charges"]}
    assert kinds == {"fee", "allowance", "overage", "tariff", "analysis", "expense"}
    assert [(statement["customer"], statement["contract"]) for statement in found["statements"]] == [
        ("C1", "K1"),
        ("C2", None),
    ]


def test_a_month_without_work_has_the_same_keys(tmp_path):
    """Keep all keys where there is nothing to say."""
    found = rated_files(tmp_path)
    assert differences(found, SHAPE) == []
    (statement,) = found["statements"]
    assert statement["tariffs"] == {}
    assert statement["overage"] == {"worked_minutes": 0, "billed_minutes": 0, "amount": "0.00"}
    assert statement["net_total"] == "360.00"


def test_work_without_contract_stands_in_the_json(tmp_path):
    """Show held work of a customer without contract as a statement that owes nothing."""
    entries = f"{ENTRIES}E1,C2,,T2,,,2026-10-07T10:00Z,2026-10-07T11:00Z\n"
    _, statement = rated_files(tmp_path, time_entries=entries)["statements"]
    assert statement == {
        "customer": "C2",
        "contract": None,
        "price_list": None,
        "package": None,
        "currency": "EUR",
        "fee": "0.00",
        "allowance": {"included_minutes": 0, "used_minutes": 0},
        "overage": {"worked_minutes": 0, "billed_minutes": 0, "amount": "0.00"},
        "tariffs": {},
        "held": [{"entry": "E1", "reason": "no contract of the customer is active on that day"}],
        "charges": [],
        "net_total": "0.00",
    }


def test_rejected_rows_stand_in_the_json(tmp_path):
    """Show every rejected row in order of file and line, and rate the good ones."""
    entries = f"{WORKED_MONTH}E5,C0,,T2,,,2026-10-07T10:00Z,2026-10-07T11:00Z\nE6,C1,,T5,,,2026-10-07T10:00,\n"
    found = rated_files(tmp_path, time_entries=entries, contracts=CONTRACTS + "K2,C1,b2bee,gold,2016-01-01\n")
    assert [(one["file"], one["line"], one["column"]) for one in found["rejected"]] == [
        ("contracts.csv", 3, "package"),
        ("time_entries.csv", 7, "customer"),
        ("time_entries.csv", 8, "ended_at"),
    ]
    assert found["rejected"][2]["reason"] == "is empty"
    assert [statement["net_total"] for statement in found["statements"]] == ["810.00"]


def test_fees_in_advance_are_rated_with_the_month_before(tmp_path):
    """Add up what falls due: November's, also for a contract that begins then; nothing where a quarter runs."""
    contracts = (
        "contract,customer,price_list,package,starts_on,fee_interval,fee_timing\n"
        "K1,C1,b2bee,premium,2016-01-01,,advance\n"
        "K2,C1,b2bee,standard,2026-11-10,quarter,advance\n"
        "K3,C1,b2bee,standard,2016-10-01,quarter,advance\n"
    )
    found = rated_files(tmp_path, contracts=contracts)
    assert differences(found, SHAPE) == []
    assert [(one["contract"], one["fee"], one["net_total"]) for one in found["statements"]] == [
        ("K1", "360.00", "360.00"),
        ("K2", "540.00", "540.00"),
        ("K3", "0.00", "0.00"),
    ]
    reasons = [charge["reason"] for statement in found["statements"] for charge in statement["charges"]]
    assert reasons == [
        "Premium, November 2026",
        "Standard, November 2026, 21 of 30 days",
        "Standard, December 2026 \u2013 January 2027",
    ]


def test_a_due_month_that_no_list_prices_rejects_its_contract(tmp_path):
    """Reject a contract whose quarter began before its price list did."""
    for name, text in {
        "customers": CUSTOMERS,
        "contracts": "contract,customer,price_list,package,starts_on,fee_interval\n"
        "K1,C1,b2bee,standard,2026-08-01,quarter\n",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    young = PriceListBook([replace(b2bee(), valid_from=date(2026, 9, 1))])
    (row_,) = rate_folder(tmp_path, month("2026-10"), young).rejected
    assert (row_.line, row_.column) == (2, "price_list")


def test_only_the_month_is_rated(tmp_path):
    """Pass over work of other months."""
    found = rated_files(tmp_path, time_entries=WORKED_MONTH, period="2026-11")
    assert [(one["net_total"], len(one["charges"])) for one in found["statements"]] == [("360.00", 1)]


def test_customers_stand_in_order_of_their_ids(tmp_path):
    """Sort statements by customer, then contract, whatever the files' order."""
    found = rated_files(
        tmp_path,
        customers="customer,name\nC3,Three\nC1,One\nC2,Two\n",
        contracts=CONTRACTS.replace("K1,C1", "K9,C1")
        + "K4,C3,b2bee,basic,2016-01-01\nK3,C1,b2bee,basic,2016-01-01\nK5,C2,b2bee,basic,2016-01-01\n",
    )
    assert [(one["customer"], one["contract"]) for one in found["statements"]] == [
        ("C1", "K3"),
        ("C1", "K9"),
        ("C2", "K5"),
        ("C3", "K4"),
    ]


def test_parts_of_a_minute_are_numbers(tmp_path):
    """Write whole minutes as integers and others with their part."""
    entries = f"{ENTRIES}E1,C1,,T3,,,2026-10-08T17:00:30,2026-10-08T17:20\n"
    (statement,) = rated_files(tmp_path, time_entries=entries)["statements"]
    charge = statement["charges"][1]
    assert (charge["worked_minutes"], charge["billed_minutes"]) == (19.5, 60)
    assert type(charge["billed_minutes"]) is int


def test_a_tariff_is_summed_up_over_its_charges():
    """Add up minutes and amount of each tariff by name."""
    found = charged(
        "out-of-package",
        entry("T3", "2026-10-01T16:30", "2026-10-01T17:30"),
        entry("T3", "2026-10-02T16:30", "2026-10-02T18:30"),
        entry("T3", "2026-10-03T10:00", "2026-10-03T10:10"),
    )
    assert found["tariffs"] == {
        "working": {"billed_minutes": 60, "amount": "50.00"},
        "after_hours": {"billed_minutes": 240, "amount": "400.00"},
    }
    assert found["net_total"] == "450.00"


# --- another package --------------------------------------------------------------------------------------------------

OTHER_PACKAGES = [
    row("basic: 1 h, 10 h over, 6 h after hours", "basic", "0.00", 60, "1100.00"),
    row("premium as it is", "premium", "360.00", 720, "810.00"),
    row("out of package: all by tariff", "out-of-package", "0.00", 0, "1250.00"),
]


@pytest.mark.parametrize(("package", "fee", "included", "total"), OTHER_PACKAGES)
def test_a_month_can_be_rated_in_another_package(tmp_path, package, fee, included, total):
    """Say what the worked month would cost in another package."""
    (found,) = rated_files(tmp_path, package, time_entries=WORKED_MONTH)["statements"]
    assert (found["package"], found["fee"], found["allowance"]["included_minutes"]) == (package, fee, included)
    assert found["net_total"] == total


def test_a_package_that_does_not_exist_is_refused(tmp_path):
    """Name the packages that there are."""
    with pytest.raises(UnknownPackageError, match=r"no package 'gold'; allowed: basic, standard"):
        rated_files(tmp_path, "gold")


def test_a_package_that_needs_a_fee_is_refused_without_one(tmp_path):
    """Say that Dedicated takes its fee from a contract that says none."""
    with pytest.raises(UnknownPackageError, match="dedicated takes its fee from the contract, and contract K1 says no"):
        rated_files(tmp_path, "dedicated")


# --- reasons ----------------------------------------------------------------------------------------------------------

ARMISTICE = b2bee().calendar.holiday_name(date(2026, 11, 11))
PREMIUM_T4_NEVER = with_package("premium", coverage={**b2bee().packages["premium"].coverage, "T4": ()})
LUNCH = (Window(("working_days",), 7 * 3600, 12 * 3600), Window(("mon", "fri"), 13 * 3600, 16 * 3600 + 1800))
TWO_WINDOWS = (("T2", LUNCH),)

FEES = [
    row("a whole month", {}, "Premium, October 2026"),
    row("a part of a month", {"starts_on": "2026-10-16"}, "Premium, October 2026, 16 of 31 days"),
    row("several", {"quantity": 3}, "Premium, October 2026, 3 times"),
    row("both", {"quantity": 3, "ends_on": "2026-10-01"}, "Premium, October 2026, 1 of 31 days, 3 times"),
]


@pytest.mark.parametrize(("fields", "reason"), FEES)
def test_the_fee_says_for_what(fields, reason):
    """Name package, month, days and number."""
    assert [charge["reason"] for charge in charged("premium", **fields)["charges"]] == [reason]


REASONS = [
    row(
        "allowance",
        "premium",
        [entry("T1", "2026-10-03T10:00", "2026-10-03T11:40")],
        {},
        ["Sat 3 Oct 10:00-11:40: T1 within Premium's 07-22 every day; 100 min -> 120 min from the allowance"],
    ),
    row(
        "allowance and overage",
        "basic",
        [entry("T1", "2026-10-03T10:00", "2026-10-03T12:10")],
        {},
        [
            "Sat 3 Oct 10:00-12:10: T1 within Basic's 09-17 every day; 60 min -> 60 min from the allowance",
            "90 min beyond the allowance of 60 min -> 2 started hours x 50.00 EUR",
        ],
    ),
    row(
        "overage of one hour at the contract's rate",
        "basic",
        [entry("T1", "2026-10-03T10:00", "2026-10-03T11:30")],
        {"hourly_rate": "61.5"},
        [
            "Sat 3 Oct 10:00-11:30: T1 within Basic's 09-17 every day; 60 min -> 60 min from the allowance",
            "30 min beyond the allowance of 60 min -> 1 started hour x 61.50 EUR",
        ],
    ),
    row(
        "tariff after hours",
        "standard",
        [entry("T1", "2026-10-03T18:00", "2026-10-03T18:20")],
        {},
        [
            (
                "Sat 3 Oct 18:00-18:20: T1 outside Standard's 08-18 every day -> after hours; "
                "20 min -> 1 started hour x 100.00 EUR"
            )
        ],
    ),
    row(
        "tariff on a holiday, by name",
        "premium",
        [entry("T3", "2026-11-11T10:00", "2026-11-11T11:20")],
        {"period": "2026-11"},
        [
            (
                f"Wed 11 Nov 10:00-11:20: T3 outside Premium's 09-17 on working days -> holiday ({ARMISTICE}); "
                "80 min -> 2 started hours x 150.00 EUR"
            )
        ],
    ),
    row(
        "tariff on a day that the list adds",
        "premium",
        [entry("T3", "2026-10-07T10:00", "2026-10-07T10:20")],
        {"price_list": with_holidays(added=("2026-10-07",))},
        [
            (
                "Wed 7 Oct 10:00-10:20: T3 outside Premium's 09-17 on working days -> holiday (Company day); "
                "20 min -> 1 started hour x 150.00 EUR"
            )
        ],
    ),
    row(
        "out of package, half hours",
        "out-of-package",
        [entry("T3", "2026-10-01T10:00", "2026-10-01T11:20")],
        {},
        ["Thu 1 Oct 10:00-11:20: out of package -> working; 80 min -> 3 started half hours at 50.00 EUR/h"],
    ),
    row(
        "out of package, one half hour",
        "out-of-package",
        [entry("T3", "2026-10-01T10:00", "2026-10-01T10:20")],
        {},
        ["Thu 1 Oct 10:00-10:20: out of package -> working; 20 min -> 1 started half hour at 50.00 EUR/h"],
    ),
    row(
        "tariff at both ends of a day",
        "out-of-package",
        [entry("T3", "2026-10-01T08:30", "2026-10-01T17:30")],
        {},
        [
            "Thu 1 Oct 08:30-09:00, 17:00-17:30: out of package -> after hours; 60 min -> 1 started hour x 100.00 EUR",
            "Thu 1 Oct 09:00-17:00: out of package -> working; 480 min -> 16 started half hours at 50.00 EUR/h",
        ],
    ),
    row(
        "tariff over midnight",
        "out-of-package",
        [entry("T3", "2026-10-01T22:30", "2026-10-02T01:30")],
        {},
        ["Thu 1 Oct 22:30-01:30: out of package -> after hours; 180 min -> 3 started hours x 100.00 EUR"],
    ),
    row(
        "minimum charge",
        "out-of-package",
        [entry("T3", "2026-10-01T10:00", "2026-10-01T10:20")],
        {"price_list": with_tariff("working", minimum_seconds=3600)},
        ["Thu 1 Oct 10:00-10:20: out of package -> working; 20 min -> minimum charge 60 min at 50.00 EUR/h"],
    ),
    row(
        "units of a quarter of an hour",
        "out-of-package",
        [entry("T3", "2026-10-01T10:00", "2026-10-01T10:20")],
        {"price_list": with_tariff("working", increment_seconds=900, minimum_seconds=0)},
        ["Thu 1 Oct 10:00-10:20: out of package -> working; 20 min -> 2 started units of 15 min at 50.00 EUR/h"],
    ),
    row(
        "severity that is never covered",
        "premium",
        [entry("T4", "2026-10-01T10:00", "2026-10-01T10:20")],
        {"price_list": PREMIUM_T4_NEVER},
        [
            (
                "Thu 1 Oct 10:00-10:20: T4 is never covered by Premium -> working; "
                "20 min -> 1 started half hour at 50.00 EUR/h"
            )
        ],
    ),
    row(
        "windows that the contract sets",
        "premium",
        [entry("T2", "2026-10-02T12:00", "2026-10-02T13:30")],
        {"coverage": TWO_WINDOWS},
        [
            (
                "Fri 2 Oct 12:00-13:00: T2 outside Premium's 07-12 on working days and 13-16:30 on Mon and on Fri -> "
                "working; 60 min -> 2 started half hours at 50.00 EUR/h"
            ),
            (
                "Fri 2 Oct 13:00-13:30: T2 within Premium's 07-12 on working days and 13-16:30 on Mon and on Fri; "
                "30 min -> 30 min from the allowance"
            ),
        ],
    ),
    row(
        "unfounded incident that fits",
        "premium",
        [unfounded("2026-10-03T23:10", "2026-10-03T23:40")],
        {},
        ["Sat 3 Oct 23:10-23:40: unfounded T1 at any hour; 30 min -> 30 min from the allowance"],
    ),
    row(
        "unfounded incident that does not fit",
        "basic",
        [unfounded("2026-10-03T23:10", "2026-10-04T00:40")],
        {},
        [
            "Sat 3 Oct 23:10-00:10: unfounded T1 at any hour; 60 min -> 60 min from the allowance",
            (
                "Sun 4 Oct 00:10-00:40: unfounded T1 beyond the allowance -> after hours; "
                "30 min -> 1 started hour x 100.00 EUR"
            ),
        ],
    ),
    row(
        "unfounded incident after the allowance",
        "basic",
        [entry("T1", "2026-10-03T10:00", "2026-10-03T11:00"), unfounded("2026-10-05T10:00", "2026-10-05T10:20")],
        {},
        [
            "Sat 3 Oct 10:00-11:00: T1 within Basic's 09-17 every day; 60 min -> 60 min from the allowance",
            (
                "Mon 5 Oct 10:00-10:20: unfounded T1 beyond the allowance -> working; "
                "20 min -> 1 started half hour at 50.00 EUR/h"
            ),
        ],
    ),
    row(
        "analysis, rejected",
        "premium",
        [analysis("2026-10-03T23:10", "2026-10-04T00:30", "offer_rejected")],
        {},
        ["Sat 3 Oct 23:10-00:30: analysis of a rejected offer; 80 min -> 90 min from the allowance"],
    ),
    row(
        "analysis, accepted",
        "premium",
        [analysis("2026-10-01T10:10", "2026-10-01T10:40", "offer_accepted")],
        {},
        ["Thu 1 Oct 10:10-10:40: analysis of an accepted offer -> in the price of the change"],
    ),
    row(
        "development with discount",
        "premium",
        [development("2026-10-01T10:10", "2026-10-01T13:40")],
        {"development_rate": "80"},
        ["Thu 1 Oct 10:10-13:40: development; 210 min at 72.00 EUR/h, 10% off"],
    ),
    row(
        "development without discount",
        "standard",
        [development("2026-10-01T10:10", "2026-10-01T13:40")],
        {"development_rate": "80"},
        ["Thu 1 Oct 10:10-13:40: development; 210 min at 80.00 EUR/h"],
    ),
    row(
        "on-site work",
        "dedicated",
        [entry("T2", "2026-10-12T09:00", "2026-10-12T16:30", activity="on_site")],
        {"monthly_fee": "1900", "included_seconds": 144_000},
        ["Mon 12 Oct 09:00-16:30: T2 within Dedicated's 09-17 on working days; 450 min -> 450 min from the allowance"],
    ),
    row(
        "expense",
        "premium",
        [],
        {"expenses": [expense("18.40", description="Train Beograd - Novi Sad")]},
        ["Train Beograd - Novi Sad, 5 Oct 2026: passed on at cost"],
    ),
    row(
        "sessions of one ticket that are added up",
        "out-of-package",
        [
            entry("T3", "2026-10-01T10:00", "2026-10-01T10:10", ticket="P-1"),
            entry("T3", "2026-10-02T10:00", "2026-10-02T10:10", ticket="P-1"),
        ],
        {"price_list": with_rating(round_per="ticket")},
        [
            (
                "Thu 1 Oct 10:00-10:10, Fri 2 Oct 10:00-10:10: out of package -> working; "
                "20 min -> 1 started half hour at 50.00 EUR/h"
            )
        ],
    ),
    row(
        "over the clock change",
        "out-of-package",
        [entry("T3", "2026-10-25T01:30", "2026-10-25T03:30")],
        {},
        [f"Sun 25 Oct 01:30+02:00 - 03:30+01:00: out of package -> after hours; {THREE_HOURS}"],
    ),
    row(
        "in another currency",
        "out-of-package",
        [entry("T3", "2026-10-01T18:00", "2026-10-01T18:10")],
        {"price_list": replace(b2bee(), currency="CZK")},
        ["Thu 1 Oct 18:00-18:10: out of package -> after hours; 10 min -> 1 started hour x 100.00 CZK"],
    ),
]


@pytest.mark.parametrize(("package", "entries", "more", "reasons"), REASONS)
def test_every_charge_says_why(package, entries, more, reasons):
    """Give one sentence per charge besides the fee, with time, rule and arithmetic."""
    _, *charges = charged(package, *entries, **more)["charges"]
    assert [charge["reason"] for charge in charges] == reasons


HELD = [
    row(
        "analysis without outcome",
        "basic",
        analysis("2026-10-01T10:00", "2026-10-01T11:00"),
        "the offer is neither accepted nor rejected yet",
    ),
    row(
        "development without rate",
        "premium",
        development("2026-10-01T10:00", "2026-10-01T11:00"),
        "the contract has no development rate",
    ),
    row(
        "on-site work without Dedicated",
        "premium",
        entry("T1", "2026-10-01T10:00", "2026-10-01T11:00", activity="on_site"),
        "package premium includes no on-site work",
    ),
]


@pytest.mark.parametrize(("package", "held", "reason"), HELD)
def test_every_held_entry_says_why(package, held, reason):
    """List what can not be billed yet with its reason, and bill nothing for it."""
    found = charged(package, held)
    assert found["held"] == [{"entry": "E1", "reason": reason}]
    assert [charge["kind"] for charge in found["charges"]] == ["fee"]


def test_a_package_that_is_not_entitled_holds_all():
    """Hold support under a free licence, with the reason (R9)."""
    free = with_package("basic", entitled=False)
    found = charged("basic", entry("T1", "2026-10-01T10:00", "2026-10-01T11:00"), price_list=free)
    assert found["held"] == [{"entry": "E1", "reason": "package basic includes no support"}]


def test_the_holiday_is_that_of_the_local_day():
    """Name the holiday of the local day, also where it is still the day before in UTC."""
    found = charged(
        "out-of-package",
        entry("T3", "2026-11-10T23:30+00:00", "2026-11-10T23:40+00:00"),
        period="2026-11",
    )
    assert found["tariffs"] == {"holiday": {"billed_minutes": 60, "amount": "150.00"}}
    assert found["charges"][1]["reason"].startswith(
        f"Wed 11 Nov 00:30-00:40: out of package -> holiday ({ARMISTICE}); "
    )


def test_a_month_before_the_list_began_rejects_its_contract_and_rates_the_others(tmp_path):
    """A month that no version covers is one contract's problem, said with file and line."""
    lists = tmp_path / "lists"
    lists.mkdir()
    text = (PRICE_LISTS / "b2bee.toml").read_text(encoding="utf-8")
    young = text.replace('name = "b2bee"', 'name = "young"').replace(
        "valid_from = 2000-01-01", "valid_from = 2026-11-01"
    )
    (lists / "young.toml").write_text(young, encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()
    (data / "customers.csv").write_text("customer,name\nC1,A\nC2,B\n", encoding="utf-8")
    contracts = CONTRACTS + "K2,C2,young,premium,2016-01-01\n"
    (data / "contracts.csv").write_text(contracts, encoding="utf-8")
    book = read_price_lists([PRICE_LISTS, lists])
    october = json_shapes.rated_folder(rate_folder(data, month("2026-10"), book))
    assert [statement["contract"] for statement in october["statements"]] == ["K1"]
    reason = "price list 'young' is valid from 2026-11-01 on, not on 2026-10-01"
    assert october["rejected"] == [{"file": "contracts.csv", "line": 3, "column": "price_list", "reason": reason}]
    november = json_shapes.rated_folder(rate_folder(data, month("2026-11"), book))
    assert [statement["contract"] for statement in november["statements"]] == ["K1", "K2"]


ZERO_LENGTH = [("support", ""), ("support", "unfounded"), ("change_request_analysis", "offer_rejected")]


@pytest.mark.parametrize("package", ["basic", "out-of-package"])
@pytest.mark.parametrize(("activity", "outcome"), ZERO_LENGTH)
@pytest.mark.parametrize("at", ["2026-10-05T08:59", "2026-10-05T09:00", "2026-10-05T20:00", "2026-10-11T12:00"])
def test_an_entry_of_no_length_is_named_once_and_costs_nothing(tmp_path, package, activity, outcome, at):
    """An entry that began and ended at once is in the charges, at 0.00, and no tariff is shown for it."""
    entries = "entry,customer,severity,activity,outcome,started_at,ended_at\n"
    entries += f"E1,C1,T1,{activity},{outcome},{at},{at}\n"
    contracts = CONTRACTS.replace("premium", package)
    found = rated_files(tmp_path, time_entries=entries, contracts=contracts)
    (statement,) = found["statements"]
    assert [charge["entries"] for charge in statement["charges"] if charge["entries"]] == [["E1"]]
    assert (statement["tariffs"], statement["net_total"], found["rejected"]) == ({}, "0.00", [])
