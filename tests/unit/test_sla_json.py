"""What `sla --format json` prints of a folder: the fixed interface, key by key, through the command line."""

import json

import pytest
from typer.testing import CliRunner

from billing_engine.cli.app import app

CUSTOMERS = """\
customer,name,country,currency
A,Aurora,CZ,EUR
B,Borealis,RS,EUR
D,Dnipro,UA,USD
E,Elm,DE,EUR
P,Polana,PL,PLN
"""
CONTRACTS = """\
contract,customer,price_list,package,starts_on,ends_on,quantity,monthly_fee
KA,A,trifft,standard,2026-01-01,,1,1000
KB,B,b2bee,premium,2026-01-01,,1,
KD,D,dpo-group,server,2026-01-01,,1,200
KE,E,xopero-en,subscription,2026-01-01,,1,
KP,P,xopero-pl,subscription,2026-01-01,,1,
"""
TICKETS = """\
ticket,customer,severity,channel,opened_at,first_response_at,workaround_at,resolved_at
TA,A,P1,email,2026-10-05T16:30,2026-10-06T10:30,,
TB,B,T3,phone,2026-10-02T16:00+02:00,2026-10-05T16:00:01+02:00,,
TD,D,critical,helpdesk,2026-10-05T10:00+03:00,2026-10-05T10:31+03:00,,2026-10-05T12:00+03:00
TE,E,2,,2026-10-23T12:00,2026-10-23T16:00,,2027-01-05T10:00
TP,P,X,,2026-11-06T10:00,2026-11-06T10:59,2026-11-09T10:00,
"""
PAUSES = """\
ticket,paused_at,resumed_at
TA,2026-10-05T16:45,2026-10-06T08:00
TP,2026-11-06T12:00,2026-11-08T12:00
"""
OUTAGES = """\
outage,customer,started_at,ended_at,cause,notified_at
O1,A,2026-10-05T00:00,2026-10-05T07:28,power,
O2,,2026-10-12T00:00+02:00,2026-10-12T01:00+02:00,notified update,2026-10-10T00:00+02:00
O3,A,2026-09-30T23:00,2026-10-01T00:00,,
"""
CLAIMS = """\
claim,customer,kind,period,ticket,breach_on,submitted_at
C1,A,uptime,2026-10,,,2026-11-15T23:59:59
C2,A,uptime,2026-10,,,2026-11-16T00:00
C3,A,uptime,2026-09,,,2026-10-05T00:00
C4,D,ticket,,TD,2026-10-05,2026-10-20T12:00
C5,D,ticket,,TA,2026-10-05,2026-10-21T12:00
"""
ALL = {
    "customers": CUSTOMERS,
    "contracts": CONTRACTS,
    "tickets": TICKETS,
    "ticket_pauses": PAUSES,
    "outages": OUTAGES,
    "claims": CLAIMS,
}
AS_OF = "2026-11-20T12:00+01:00"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Write a folder and run the command over it, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "500")

    def runner(*, month="2026-10", as_of=AS_OF, arguments=("--format", "json"), **files):
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        now = ("--as-of", as_of) if as_of else ()
        return CliRunner().invoke(app, ["sla", "--data", str(folder), "--month", month, *now, *arguments])

    return runner


@pytest.fixture
def read(run):
    """Run the command over files that are all right and read what it prints."""

    def reader(*, stderr="", **files):
        result = run(**files)
        assert (result.exit_code, result.stderr) == (0, stderr), result.stderr or result.exception
        return json.loads(result.stdout)

    return reader


def target(kind, due_at, minutes, status):
    """Expect one target."""
    return {"target": kind, "due_at": due_at, "elapsed_minutes": minutes, "status": status}


def reasons(found):
    """Say the claims in short."""
    return {one["claim"]: one["reasons"] or one["amount"] for one in found["claims"]}


def targets(found):
    """Say the tickets in short."""
    return {one["ticket"]: [tuple(target.values()) for target in one["targets"]] for one in found["tickets"]}


# --- the whole of it --------------------------------------------------------------------------------------------------


def test_all_five_lists_in_one_folder(read):
    """Every key and value of the fixed interface."""
    assert read(**ALL) == {
        "period": "2026-10",
        "availability": [
            {
                "customer": "A",
                "price_list": "trifft",
                "package": "standard",
                "full_minutes": 44_700,
                "counted_minutes": 448,
                "excluded_minutes": 60,
                "effective_uptime": "98.99",
                "guaranteed_uptime": "99",
                "met": False,
            }
        ],
        "tickets": [
            {
                "ticket": "TA",
                "customer": "A",
                "targets": [target("first_response", "2026-10-06T10:45:00+02:00", 105, "met")],
            },
            {
                "ticket": "TB",
                "customer": "B",
                "targets": [target("first_response", "2026-10-05T16:00:00+02:00", 480, "breached")],
            },
            {
                "ticket": "TD",
                "customer": "D",
                "targets": [
                    target("first_response", "2026-10-05T10:30:00+03:00", 31, "breached"),
                    target("solution", "2026-10-05T14:00:00+03:00", 120, "met"),
                ],
            },
            {
                "ticket": "TE",
                "customer": "E",
                "targets": [
                    target("first_response", "2026-10-23T16:00:00+02:00", 240, "met"),
                    target("workaround", "2026-10-28T12:00:00+01:00", 28 * 1440 + 60, "breached"),
                    target("solution", None, None, "none"),
                ],
            },
            {
                "ticket": "TP",
                "customer": "P",
                "targets": [
                    target("first_response", "2026-11-06T11:00:00+01:00", 59, "met"),
                    target("workaround", "2026-11-09T10:00:00+01:00", 1440, "met"),
                    target("solution", "2026-11-17T00:00:00+01:00", 12 * 1440 + 120, "breached"),
                ],
            },
        ],
        "claims": [
            {
                "claim": "C4",
                "customer": "D",
                "decision": "accepted",
                "reasons": [],
                "percent": "25",
                "amount": "50.00",
                "applies_from": "2026-11",
            },
            {
                "claim": "C5",
                "customer": "D",
                "decision": "rejected",
                "reasons": ["unknown_ticket"],
                "percent": "0",
                "amount": "0.00",
                "applies_from": None,
            },
            {
                "claim": "C1",
                "customer": "A",
                "decision": "accepted",
                "reasons": [],
                "percent": "10",
                "amount": "100.00",
                "applies_from": "2026-12",
            },
            {
                "claim": "C2",
                "customer": "A",
                "decision": "rejected",
                "reasons": ["too_late", "already_claimed"],
                "percent": "0",
                "amount": "0.00",
                "applies_from": None,
            },
        ],
    }


def test_keys_come_in_their_order(read):
    """Keys stand as the interface writes them."""
    found = read(**ALL)
    assert list(found) == ["period", "availability", "tickets", "claims"]
    assert list(found["availability"][0]) == [
        "customer",
        "price_list",
        "package",
        "full_minutes",
        "counted_minutes",
        "excluded_minutes",
        "effective_uptime",
        "guaranteed_uptime",
        "met",
    ]
    assert list(found["tickets"][0]) == ["ticket", "customer", "targets"]
    assert list(found["tickets"][0]["targets"][0]) == ["target", "due_at", "elapsed_minutes", "status"]
    assert list(found["claims"][0]) == [
        "claim",
        "customer",
        "decision",
        "reasons",
        "percent",
        "amount",
        "applies_from",
    ]


def test_another_month_of_the_same_folder(read):
    """The month selects uptime and claims; the tickets are those of the folder."""
    found = read(month="2026-09", **ALL)
    assert (found["period"], reasons(found)) == ("2026-09", {"C3": ["guarantee_met"]})
    assert [one["full_minutes"] for one in found["availability"]] == [43_200]
    assert [one["counted_minutes"] for one in found["availability"]] == [60]
    assert [one["ticket"] for one in found["tickets"]] == ["TA", "TB", "TD", "TE", "TP"]


# --- availability -----------------------------------------------------------------------------------------------------

GUARANTEES = """\
contract,customer,price_list,package,starts_on,ends_on,monthly_fee
K1,A,trifft,standard,2026-01-01,,100
K2,A,trifft,premium,2026-01-01,,200
K3,A,trifft,free,2026-01-01,,
K4,A,trifft,premium,2026-01-01,2026-09-30,200
K5,B,b2bee,premium,2026-01-01,,
"""


def test_each_guarantee_has_its_row(read):
    """A contract without a guarantee, or that does not run in the month, leaves its row out."""
    found = read(customers=CUSTOMERS, contracts=GUARANTEES, outages=OUTAGES)
    rows = [(one["package"], one["guaranteed_uptime"], one["met"]) for one in found["availability"]]
    assert rows == [("standard", "99", False), ("premium", "99.5", False)]


def test_a_month_without_outages(read):
    """Full uptime is shown with two decimals."""
    (one,) = read(customers=CUSTOMERS, contracts=CONTRACTS)["availability"]
    assert (one["counted_minutes"], one["excluded_minutes"]) == (0, 0)
    assert (one["effective_uptime"], one["met"]) == ("100.00", True)


# --- tickets ----------------------------------------------------------------------------------------------------------


NO_FEE = (
    "1 warning:\n"
    "  contracts.csv:2 monthly_fee: is empty, and package standard leaves it to the contract; its credits count as 0\n"
)


def tickets_of(*rows):
    """Write tickets of customer A: id, severity, opened, answered."""
    return "ticket,customer,severity,opened_at,first_response_at\n" + "".join(f"{row}\n" for row in rows)


def test_all_tickets_of_the_folder_appear(read):
    """Tickets of any month, and those for which nothing is promised, are there."""
    tickets = tickets_of(
        "T3,A,P1,2025-01-08T10:00,2025-01-08T10:10",
        "T1,A,P1,2026-12-01T10:00,",
        "T2,B,T4,2026-10-05T10:00,",
    )
    contracts = (
        "contract,customer,price_list,package,starts_on\n"
        "KA,A,trifft,standard,2024-01-01\n"
        "KB,B,b2bee,out-of-package,2024-01-01\n"
    )
    assert targets(read(customers=CUSTOMERS, contracts=contracts, tickets=tickets, stderr=NO_FEE)) == {
        "T1": [("first_response", "2026-12-01T12:00:00+01:00", 0, "running")],
        "T3": [("first_response", "2025-01-08T12:00:00+01:00", 10, "met")],
        "T2": [],
    }


def test_a_ticket_without_contract(read):
    """A customer without a contract has tickets without targets; their times carry an offset."""
    tickets = tickets_of("T1,A,P1,2026-10-05T10:00+02:00,")
    found = read(customers=CUSTOMERS, tickets=tickets)
    assert (targets(found), found["availability"], found["claims"]) == ({"T1": []}, [], [])


def test_a_contract_without_fee_has_clocks(read):
    """Clocks and uptime need no fee, so that a folder without prices can be measured; a warning says what it lacks."""
    contracts = "contract,customer,price_list,package,starts_on\nKA,A,trifft,standard,2026-01-01\n"
    tickets = tickets_of("T1,A,P1,2026-10-05T10:00,")
    found = read(customers=CUSTOMERS, contracts=contracts, tickets=tickets, stderr=NO_FEE)
    assert targets(found) == {"T1": [("first_response", "2026-10-05T12:00:00+02:00", 420 + 31 * 480 + 180, "breached")]}
    assert len(found["availability"]) == 1


def test_a_missing_fee_counts_as_0(read):
    """Each contract is named whose package leaves the fee to it and that has none; the figures are those of 0.00."""
    contracts = (
        "contract,customer,price_list,package,starts_on,monthly_fee\n"
        "K1,B,b2bee,premium,2026-01-01,\n"
        "K2,A,trifft,free,2026-01-01,\n"
        "K3,A,trifft,standard,2026-01-01,FEE\n"
        "K4,D,dpo-group,server,2026-01-01,FEE\n"
        "K5,E,xopero-en,subscription,2026-01-01,\n"
        "K6,P,xopero-pl,subscription,2026-01-01,\n"
    )
    of_zero = read(**ALL | {"contracts": contracts.replace("FEE", "0")})
    assert {claim: worth for claim, worth in reasons(of_zero).items() if isinstance(worth, str)} == {
        "C1": "0.00",
        "C4": "0.00",
    }
    warnings = "2 warnings:\n" + "".join(
        f"  contracts.csv:{line} monthly_fee: is empty, and package {package} leaves it to the contract; "
        "its credits count as 0\n"
        for line, package in ((4, "standard"), (5, "server"))
    )
    assert read(**ALL | {"contracts": contracts.replace("FEE", "")}, stderr=warnings) == of_zero


def test_times_without_offset_are_the_lists(read):
    """T3: 10:00 is Prague's 10:00, in summer and in winter; due times carry the offset of their day."""
    tickets = tickets_of(
        "T1,A,P1,2026-10-05T10:00,2026-10-05T09:30:00Z",
        "T2,A,P1,2026-12-01 10:00,",
        "T3,A,P1,2026-10-23T16:00,",
    )
    found = read(customers=CUSTOMERS, contracts=CONTRACTS, tickets=tickets)
    due = {name: one[0][1] for name, one in targets(found).items()}
    assert due == {
        "T1": "2026-10-05T12:00:00+02:00",
        "T2": "2026-12-01T12:00:00+01:00",
        "T3": "2026-10-26T10:00:00+01:00",
    }


@pytest.mark.parametrize(
    ("as_of", "status", "minutes"),
    [
        pytest.param("2026-10-05T12:00+02:00", "running", 120, id="at the due time itself"),
        pytest.param("2026-10-05T12:00:01+02:00", "breached", 120, id="a second later"),
        pytest.param("2026-10-05T10:00:00Z", "running", 120, id="with Z"),
        pytest.param("2026-10-05T10:00:01", "breached", 120, id="without offset in UTC"),
        pytest.param("2026-10-05", "running", 0, id="a day alone from 00:00 UTC"),
        pytest.param("2026-10-06", "breached", 420, id="the next day"),
    ],
)
def test_as_of(read, as_of, status, minutes):
    """A ticket without the event is running until its due time has passed, then breached."""
    tickets = tickets_of("T1,A,P1,2026-10-05T10:00,")
    found = read(customers=CUSTOMERS, contracts=CONTRACTS, tickets=tickets, as_of=as_of)
    assert targets(found) == {"T1": [("first_response", "2026-10-05T12:00:00+02:00", minutes, status)]}


def test_as_of_is_now_unless_told(read):
    """An old ticket is breached and one of the far future is not."""
    tickets = tickets_of("T1,A,P1,2026-01-05T10:00,", "T2,A,P1,2150-01-05T10:00,")
    found = read(customers=CUSTOMERS, contracts=CONTRACTS, tickets=tickets, as_of=None)
    assert [one[0][3] for one in targets(found).values()] == ["breached", "running"]


def test_a_ticket_that_waits_has_no_due_time(read):
    """While a pause has no end nobody knows the due time."""
    tickets, pauses = tickets_of("T1,A,P1,2026-10-05T10:00,"), "ticket,paused_at,resumed_at\nT1,2026-10-05T11:00,\n"
    found = read(customers=CUSTOMERS, contracts=CONTRACTS, tickets=tickets, ticket_pauses=pauses)
    assert targets(found) == {"T1": [("first_response", None, 60, "running")]}


def test_contracts_that_a_ticket_names(read):
    """Several are separated by semicolons; the one whose time runs out first counts."""
    tickets = (
        "ticket,customer,severity,opened_at,contracts\n"
        "T1,A,P1,2026-10-05T10:00,K1\n"
        "T2,A,P1,2026-10-05T10:00,K1;K2\n"
        "T3,A,P1,2026-10-05T10:00,\n"
    )
    found = read(customers=CUSTOMERS, contracts=GUARANTEES, tickets=tickets)
    assert [one[0][1][11:16] for one in targets(found).values()] == ["12:00", "11:00", "11:00"]


def test_agreed_coverage(read):
    """Windows in the contract's coverage column run the clock instead of the package's."""
    contracts = (
        "contract,customer,price_list,package,starts_on,coverage\n"
        "KB,B,b2bee,premium,2026-01-01,T1=every_day 00:00-24:00\n"
    )
    tickets = "ticket,customer,severity,opened_at\nT1,B,T1,2026-10-03T23:00\nT2,B,T2,2026-10-03T23:00\n"
    found = read(customers=CUSTOMERS, contracts=contracts, tickets=tickets)
    assert {name: one[0][1] for name, one in targets(found).items()} == {
        "T1": "2026-10-04T02:00:00+02:00",
        "T2": "2026-10-05T11:00:00+02:00",
    }


# --- claims -----------------------------------------------------------------------------------------------------------

CLAIM_HEADER = "claim,customer,kind,period,ticket,breach_on,submitted_at\n"
OVER_MIDNIGHT = """\
ticket,customer,severity,channel,opened_at,first_response_at,resolved_at
TD,D,critical,helpdesk,2026-09-30T23:45,2026-10-01T00:20,2026-10-01T01:00
TN,D,normal,helpdesk,2026-10-31T20:00,,
"""


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("2026-09", {"U9": ["guarantee_met"], "B9": ["no_breach"]}),
        ("2026-10", {"BA": "50.00", "U10": "100.00", "BB": ["too_late", "already_claimed"]}),
        ("2026-11", {"BC": "50.00"}),
        ("2026-12", {}),
    ],
)
def test_which_claims_are_listed(read, month, expected):
    """Claims whose month, or whose breach date, lies in the month, in order of receipt; when they came is no matter."""
    claims = CLAIM_HEADER + (
        "U9,A,uptime,2026-09,,,2026-10-05T00:00\n"
        "B9,D,ticket,,TD,2026-09-30,2026-10-02T00:00\n"
        "BA,D,ticket,,TD,2026-10-01,2026-10-03T00:00\n"
        "BB,D,ticket,,TD,2026-10-01,2027-10-03T00:00\n"
        "U10,A,uptime,2026-10,,,2026-11-15T23:59:59\n"
        "BC,D,ticket,,TN,2026-11-01,2026-11-16T00:00\n"
    )
    files = {"customers": CUSTOMERS, "contracts": CONTRACTS, "tickets": OVER_MIDNIGHT, "outages": OUTAGES}
    assert reasons(read(month=month, **files, claims=claims)) == expected


def test_claims_of_other_months_count_for_what_was_claimed_before(read):
    """A claim by one date bars the same ticket by a date in the next month, although only one of them is listed."""
    tickets = "ticket,customer,severity,channel,opened_at\nTN,D,normal,helpdesk,2026-10-31T19:00\n"
    claims = CLAIM_HEADER + (
        "C1,D,ticket,,TN,2026-10-31,2026-11-10T00:00\nC2,D,ticket,,TN,2026-11-01,2026-11-11T00:00\n"
    )
    files = {"customers": CUSTOMERS, "contracts": CONTRACTS, "tickets": tickets, "claims": claims}
    assert reasons(read(month="2026-10", **files)) == {"C1": "50.00"}
    assert reasons(read(month="2026-11", **files)) == {"C2": ["already_claimed"]}


def test_fees_count_as_paid(read):
    """Without a database there are no invoices, so none is unpaid."""
    payments = "payment,invoice,paid_on,amount\nP1,INV-1,2026-10-01,10\n"
    assert reasons(read(**ALL, payments=payments))["C4"] == "50.00"


def test_a_ticket_of_another_customer_is_unknown(read):
    """TA is customer A's: for customer D it is no ticket."""
    assert reasons(read(**ALL))["C5"] == ["unknown_ticket"]


def test_optional_columns_of_tickets(read):
    """Channel, duplicate and priority are read; without them a ticket counts and is as defined."""
    tickets = (
        "ticket,customer,severity,channel,opened_at,duplicate_of,priority_confirmed\n"
        "T1,D,high,phone,2026-10-05T10:00,,\n"
        "T2,D,high,,2026-10-06T10:00,T1,no\n"
        "T3,D,high,Helpdesk,2026-10-07T10:00,,yes\n"
    )
    claims = CLAIM_HEADER + "".join(f"C{n},D,ticket,,T{n},2026-10-0{n + 4},2026-10-20T00:00\n" for n in (1, 2, 3))
    found = read(customers=CUSTOMERS, contracts=CONTRACTS, tickets=tickets, claims=claims)
    assert reasons(found) == {
        "C1": ["not_helpdesk"],
        "C2": ["duplicate_ticket", "priority_not_confirmed"],
        "C3": "50.00",
    }


# --- rows that can not be read ----------------------------------------------------------------------------------------

BAD = [
    ("tickets", "T1,Z,P1,email,2026-10-05T10:00,,,", "customer", "unknown customer 'Z'"),
    ("tickets", "T1,A,T1,email,2026-10-05T10:00,,,", "severity", "allowed: P1, P2, P3"),
    ("tickets", "T1,A,P1,email,5.10.2026,,,", "opened_at", "2026-10-01T16:40+02:00"),
    ("tickets", "T1,A,P1,email,2026-10-25T02:30,,,", "opened_at", "exists twice"),
    ("tickets", "T1,A,P1,email,2026-03-29T02:30,,,", "opened_at", "does not exist"),
    ("tickets", "T1,A,P1,email,2026-10-05T10:00,2026-10-05T09:59,,", "first_response_at", "before opened_at"),
    ("tickets", "TA,A,P2,email,2026-10-05T10:00,,,", "ticket", "line 2"),
    ("ticket_pauses", "T9,2026-10-05T10:00,", "ticket", "unknown ticket 'T9'"),
    ("ticket_pauses", "TA,2026-10-05T10:00,2026-10-05T09:00", "resumed_at", "before paused_at"),
    ("outages", "O9,Z,2026-10-05T10:00,,,", "customer", "unknown customer 'Z'"),
    ("outages", "O9,A,2026-10-05T10:00,2026-10-05T09:00,,", "ended_at", "before started_at"),
    ("claims", "C9,A,uptime,,,,2026-11-05T10:00", "period", "is empty"),
    ("claims", "C9,D,ticket,,TD,,2026-11-05T10:00", "breach_on", "is empty"),
    ("claims", "C9,A,refund,2026-10,,,2026-11-05T10:00", "kind", "allowed: uptime, ticket"),
    ("claims", "C9,Z,uptime,2026-10,,,2026-11-05T10:00", "customer", "unknown customer 'Z'"),
]


@pytest.mark.parametrize(("name", "line", "column", "reason"), BAD)
def test_a_rejected_row(run, name, line, column, reason):
    """It is named on standard error with file, line, column and reason; the rest is measured, and the exit is 1."""
    result = run(**ALL | {name: ALL[name] + line + "\n"})
    assert result.exit_code == 1
    place = f"{name}.csv:{len(ALL[name].splitlines()) + 1} {column}: "
    (said,) = [said for said in result.stderr.splitlines() if place in said]
    assert reason in said
    assert json.loads(result.stdout) == json.loads(run(**ALL).stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ["sla"],
        ["sla", "--month", "2026-10"],
        ["sla", "--data", "."],
        ["sla", "--data", ".", "--month", "October"],
        ["sla", "--data", ".", "--month", "2026-10", "--as-of", "soon"],
    ],
)
def test_wrong_usage(arguments):
    """A call without folder or month, or with a time that is none, exits with 2."""
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_the_order_of_rows_changes_nothing(read):
    """Files may be in any order."""

    def backwards(text):
        head, *lines = text.splitlines()
        return "\n".join([head, *lines[::-1], ""])

    assert read(**{name: backwards(text) for name, text in ALL.items()}) == read(**ALL)
