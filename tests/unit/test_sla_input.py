"""Tickets, pauses, outages, claims and payments in the input folder, and the currencies of contracts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from builders import contract, instant
from sla_builders import agreement, book
from test_input_folder import (
    BASES,
    CLAIM,
    CONTRACT,
    EXPENSE,
    NO_DAY,
    NO_ID,
    NO_NUMBER,
    NO_TIME,
    NOT_UTF8,
    OUTAGE,
    PAUSE,
    PAYMENT,
    TEN,
    TICKET,
    WITH_OFFSET,
    line,
    row,
    table,
)
from test_input_folder import read_folder as read_any_folder

from billing_engine.intake.folder import FILES, InputFolder
from billing_engine.model.claim import Claim, ClaimKind
from billing_engine.model.contract import Customer
from billing_engine.model.payment import Payment
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.ticket import Outage, Pause, Ticket

BOOK = book()
CUSTOMERS = "customer,name\nC1,One\nC2,Two\nC3,Three\nC4,Four\n"
CONTRACTS = (
    "contract,customer,price_list,package,starts_on,monthly_fee\n"
    "K1,C1,b2bee,premium,2016-01-01,\n"
    "K2,C2,b2bee,premium,2016-01-01,\n"
    "K3,C2,dpo-group,vps,2016-01-01,100\n"
    "K4,C4,trifft,premium,2016-01-01,100\n"
    "K5,C4,dpo-group,vps,2016-01-01,100\n"
)
"""Belgrade and Prague keep one time; Kyiv, an hour ahead, is dpo-group's. Only trifft guarantees uptime."""
TICKETS = {"TK1": "C1", "TK2": "C2", "TK3": "C3", "G1": "C1", "G2": "C1"}
"""Whose the tickets of earlier imports are."""
ELEVEN = TEN + 3600
NEW_FILES = FILES[4:]
PARTS = dict(zip(NEW_FILES, ("tickets", "pauses", "outages", "claims", "payments"), strict=True))
TIMES = {
    "tickets.csv": ("opened_at", "first_response_at", "workaround_at", "resolved_at"),
    "ticket_pauses.csv": ("paused_at", "resumed_at"),
    "outages.csv": ("started_at", "ended_at", "notified_at"),
    "claims.csv": ("submitted_at",),
}


def read_folder(folder, files, price_lists=BOOK, **known):
    """Write files, with C1 to C4, their contracts and known tickets unless told otherwise, and read them all."""
    texts = {"customers.csv": CUSTOMERS, "contracts.csv": CONTRACTS} | files
    return read_any_folder(folder, texts, price_lists, **{"tickets": TICKETS} | known)


def read_row(folder, name, **fields):
    """Read one good row of a file."""
    read = read_folder(folder, {name: table(BASES[name], line(BASES[name], **fields))})
    assert read.rejected == []
    (value,) = getattr(read, PARTS[name])
    return value


def rejections(read):
    """Return what was rejected, as plain tuples."""
    return [tuple(one) for one in read.rejected]


def parametrize_bad(rows):
    """Hand each row's fields to a test with the list of its problems."""
    return pytest.mark.parametrize(("fields", "problems"), [row(p.id, p.values[0], list(p.values[1:])) for p in rows])


def check_bad(folder, name, fields, problems):
    """Check that a bad row is rejected between two good ones, which come out."""
    base = BASES[name]
    first = next(iter(base))
    good = [line(base, **{first: key}) for key in ("G1", "G2")]
    read = read_folder(folder, {name: table(base, good[0], line(base, **fields), good[1])})
    assert [getattr(value, first) for value in getattr(read, PARTS[name])] == ["G1", "G2"]
    assert rejections(read) == [(name, 3, *problem) for problem in problems]


# --- good rows --------------------------------------------------------------------------------------------------------


def test_a_full_folder_becomes_values(tmp_path):
    """Read every column of every file."""
    events = {"first_response_at": "2026-10-01T11:00+02:00", "workaround_at": "2026-10-01T12:00+02:00"}
    about = {"contracts": "K2;K3", "duplicate_of": "TK0", "priority_confirmed": "false"}
    of_c2 = {"customer": "C2", "severity": "high", "channel": "helpdesk"}
    read = read_folder(
        tmp_path,
        {
            "tickets.csv": table(
                TICKET, line(TICKET, ticket="N1", resolved_at="2026-10-02T10:00Z", **events, **about, **of_c2)
            ),
            "ticket_pauses.csv": table(PAUSE, line(PAUSE, ticket="N1")),
            "outages.csv": table(
                OUTAGE, line(OUTAGE, cause="planned maintenance", notified_at="2026-09-29T10:00+02:00")
            ),
            "claims.csv": table(
                CLAIM,
                line(CLAIM),
                line(CLAIM, claim="CL2", kind="ticket", period="", ticket="N1", breach_on="2026-10-02"),
            ),
            "payments.csv": table(PAYMENT, line(PAYMENT)),
        },
    )
    assert read.rejected == []
    assert read.tickets == [
        Ticket(
            "N1",
            "C2",
            TEN,
            "high",
            "helpdesk",
            ELEVEN,
            ELEVEN + 3600,
            instant("2026-10-02T12:00"),
            ("K2", "K3"),
            "TK0",
            priority_confirmed=False,
        )
    ]
    assert read.pauses == [Pause("N1", TEN, ELEVEN)]
    assert read.outages == [Outage("O1", TEN, "C1", ELEVEN, "planned maintenance", instant("2026-09-29T10:00"))]
    assert read.claims == [
        Claim("CL1", "C1", ClaimKind.UPTIME, TEN, Month(2026, 9)),
        Claim("CL2", "C1", ClaimKind.TICKET, TEN, None, "N1", date(2026, 10, 2)),
    ]
    assert read.payments == [Payment("PM1", "2026-0001", date(2026, 10, 5), Decimal("118.40"))]
    assert (read.warnings, read.unread) == ([], [])


SHORTEST = [
    row(
        "tickets",
        "tickets.csv",
        "ticket,customer,severity,opened_at\nN1,C1,T2,2026-10-01T10:00+02:00\n",
        Ticket("N1", "C1", TEN, "T2"),
    ),
    row("pauses", "ticket_pauses.csv", "ticket,paused_at\nTK1,2026-10-01T10:00+02:00\n", Pause("TK1", TEN)),
    row("outages", "outages.csv", "outage,started_at\nO1,2026-10-01T10:00+02:00\n", Outage("O1", TEN)),
    row(
        "claims for uptime",
        "claims.csv",
        "claim,customer,kind,period,submitted_at\nCL1,C1,uptime,2026-09,2026-10-01T10:00+02:00\n",
        Claim("CL1", "C1", ClaimKind.UPTIME, TEN, Month(2026, 9)),
    ),
    row(
        "claims for tickets",
        "claims.csv",
        "claim,customer,kind,ticket,breach_on,submitted_at\nCL1,C1,ticket,TK1,2026-09-30,2026-10-01T10:00+02:00\n",
        Claim("CL1", "C1", ClaimKind.TICKET, TEN, None, "TK1", date(2026, 9, 30)),
    ),
    row(
        "payments",
        "payments.csv",
        "payment,invoice,paid_on,amount\nPM1,2026-0001,2026-10-05,1\n",
        Payment("PM1", "2026-0001", date(2026, 10, 5), Decimal(1)),
    ),
]


@pytest.mark.parametrize(("name", "text", "value"), SHORTEST)
def test_only_the_required_columns_are_needed(tmp_path, name, text, value):
    """Fill in what optional columns leave out."""
    read = read_folder(tmp_path, {name: text})
    assert (getattr(read, PARTS[name]), read.rejected) == ([value], [])


LACKING = [
    row("tickets", "tickets.csv", "ticket", "ticket, customer, severity, opened_at"),
    row("pauses", "ticket_pauses.csv", "ticket", "ticket, paused_at"),
    row("outages", "outages.csv", "outage", "outage, started_at"),
    row("claims", "claims.csv", "claim", "claim, customer, kind, submitted_at"),
    row("payments", "payments.csv", "payment", "payment, invoice, paid_on, amount"),
]


@pytest.mark.parametrize(("name", "column", "names"), LACKING)
def test_a_file_without_its_columns_is_rejected(tmp_path, name, column, names):
    """Name all columns that are needed and not there."""
    read = read_folder(tmp_path, {name: "x,y\n1,2\n"})
    assert rejections(read) == [(name, 1, column, f"the header lacks {names}; found x, y")]


ORDERS = [
    row("all at once", "tickets.csv", {"first_response_at": TICKET["opened_at"], "resolved_at": TICKET["opened_at"]}),
    row("resolved before the first response", "tickets.csv", {"resolved_at": "2026-10-01T10:01+02:00"}),
    row("pause of no length", "ticket_pauses.csv", {"resumed_at": PAUSE["paused_at"]}),
    row("pause before the ticket", "ticket_pauses.csv", {"paused_at": "2016-01-01T00:00Z"}),
    row("outage of no length", "outages.csv", {"ended_at": OUTAGE["started_at"]}),
    row("outage of a year", "outages.csv", {"ended_at": "2027-10-01T10:00+02:00"}),
    row("notified after it was over", "outages.csv", {"notified_at": "2026-10-05T10:00+02:00"}),
    row("claim for a month to come", "claims.csv", {"period": "2027-01"}),
    row("payment of a millionth of a cent", "payments.csv", {"amount": "0.00000001"}),
    row("payment of twelve digits", "payments.csv", {"amount": "999999999999.99"}),
    row("formula for an id", "tickets.csv", {"ticket": "=1+1"}),
    row("SQL for an invoice", "payments.csv", {"invoice": "x'; DROP TABLE invoices; --"}),
    row("path for an outage", "outages.csv", {"outage": "../../etc/passwd"}),
    row("id of 100 characters", "claims.csv", {"claim": "x" * 100}),
    row("id in Cyrillic", "tickets.csv", {"ticket": "Задатак 1"}),
    row("formula for a cause", "outages.csv", {"cause": "=cmd|' /C calc'!A0"}),
    row("cause of 10,000 characters", "outages.csv", {"cause": "x" * 10_000}),
    row("unknown channel", "tickets.csv", {"channel": "carrier pigeon"}),
    row("duplicate of a ticket that is not there", "tickets.csv", {"duplicate_of": "TK99"}),
    row("customer without contract, whose severities nobody knows", "tickets.csv", {"customer": "C3", "severity": "9"}),
]


@pytest.mark.parametrize(("name", "fields"), ORDERS)
def test_unusual_rows_are_taken(tmp_path, name, fields):
    """Take a row that is unusual but right, with its text unchanged."""
    value = read_row(tmp_path, name, **fields)
    for column in fields.keys() - {"amount", "period", *TIMES.get(name, ())}:
        assert getattr(value, column) == fields[column]


def test_an_outage_without_customer_is_of_all(tmp_path):
    """Take an outage of nobody in particular as one of everybody, and without an end as one that lasts."""
    assert read_row(tmp_path, "outages.csv", customer="", ended_at="") == Outage("O1", TEN, "", None)


def test_a_pause_may_last(tmp_path):
    """Take a pause without an end."""
    assert read_row(tmp_path, "ticket_pauses.csv", resumed_at="") == Pause("TK1", TEN, None)


SEVERAL = [
    row("none", "", ()),
    row("one", "K3", ("K3",)),
    row("semicolon", "K2;K3", ("K2", "K3")),
    row("comma", '"K2,K3"', ("K2", "K3")),
    row("bar", "K2|K3", ("K2", "K3")),
    row("blank", "K2 K3", ("K2", "K3")),
    row("line end", '"K2\nK3"', ("K2", "K3")),
    row("blanks and semicolon", "K2 ; K3", ("K2", "K3")),
    row("one twice, with a blank", "K2 K3;K2", ("K2", "K3")),
    row("fifty times", " ".join(["K2", "K3"] * 50), ("K2", "K3")),
    row("their order", "K3;K2", ("K3", "K2")),
    row("one twice", "K2;K3;K2", ("K2", "K3")),
    row("empty ones", '";K2;,|; ;K3;"', ("K2", "K3")),
    row("separators alone", ";;|", ()),
]


@pytest.mark.parametrize(("text", "names"), SEVERAL)
def test_a_ticket_may_name_several_contracts(tmp_path, text, names):
    """Read ids that are separated by semicolons, commas or bars."""
    found = read_row(
        tmp_path, "tickets.csv", customer="C2", severity="high" if names == ("K3",) else "T2", contracts=text
    )
    assert found.contracts == names


def test_a_contract_whose_id_has_a_blank_stays_whole(tmp_path):
    """Take the id of a known contract as it is, and only other text apart at its blanks."""
    known = {key: contract(contract=key) for key in ("K 8", "K", "8")}
    tickets = table(TICKET, line(TICKET, contracts="K 8;8 K"))
    read = read_folder(tmp_path, {"tickets.csv": tickets}, contracts=known)
    assert ([one.contracts for one in read.tickets], read.rejected) == ([("K 8", "8", "K")], [])


@pytest.mark.parametrize(
    ("text", "confirmed"),
    [
        *[
            row(text or "empty", text, True)
            for text in ("", "true", "TRUE", "True", "yes", "Yes", "y", "Y", "1", " true ")
        ],
        *[row(text, text, False) for text in ("false", "FALSE", "False", "no", "NO", "n", "N", "0")],
    ],
)
def test_spellings_of_a_confirmed_priority(tmp_path, text, confirmed):
    """Read yes and no as people and spreadsheets write them; nothing is yes."""
    assert read_row(tmp_path, "tickets.csv", priority_confirmed=text).priority_confirmed is confirmed


@pytest.mark.parametrize(
    ("text", "month"),
    [
        row("October", "2026-10", Month(2026, 10)),
        row("January", "2026-01", Month(2026, 1)),
        row("spaces around", " 2026-12 ", Month(2026, 12)),
        row("long ago", "1900-01", Month(1900, 1)),
        row("far off", "9998-12", Month(9998, 12)),
    ],
)
def test_months_of_claims(tmp_path, text, month):
    """Read a month."""
    assert read_row(tmp_path, "claims.csv", period=text).period == month


OF_THE_OTHER_KIND = [
    row(
        "ticket and day for uptime",
        {"ticket": "TK1", "breach_on": "2026-10-01"},
        Claim("CL1", "C1", ClaimKind.UPTIME, TEN, Month(2026, 9)),
    ),
    row(
        "month for a ticket",
        {"kind": "ticket", "ticket": "TK1", "breach_on": "2026-09-30"},
        Claim("CL1", "C1", ClaimKind.TICKET, TEN, None, "TK1", date(2026, 9, 30)),
    ),
]


@pytest.mark.parametrize(("fields", "claim"), OF_THE_OTHER_KIND)
def test_what_a_claim_does_not_need_is_left_alone(tmp_path, fields, claim):
    """Take from a claim what its kind is about, and nothing else."""
    assert read_row(tmp_path, "claims.csv", **fields) == claim


@pytest.mark.parametrize("ticket", [row("of nobody", "TK99"), row("of another customer", "TK2")])
def test_a_claim_for_any_ticket_is_taken(tmp_path, ticket):
    """Leave it to the decision to say that there is no such ticket of the customer's."""
    found = read_row(tmp_path, "claims.csv", kind="ticket", ticket=ticket, breach_on="2026-09-30")
    assert found.ticket == ticket


def test_pauses_belong_to_tickets_of_the_folder(tmp_path):
    """Take a pause of a ticket that stands in tickets.csv, and refuse one whose ticket was refused."""
    tickets = table(TICKET, line(TICKET, ticket="N1"), line(TICKET, ticket="N2", severity="T5"))
    pauses = table(PAUSE, line(PAUSE, ticket="N1"), line(PAUSE, ticket="N2"))
    read = read_folder(tmp_path, {"tickets.csv": tickets, "ticket_pauses.csv": pauses})
    assert read.pauses == [Pause("N1", TEN, ELEVEN)]
    assert rejections(read) == [
        ("tickets.csv", 3, "severity", "unknown severity 'T5'; allowed: T1, T2, T3, T4"),
        ("ticket_pauses.csv", 3, "ticket", "unknown ticket 'N2'; no row of tickets.csv that could be read has it"),
    ]


# --- times ------------------------------------------------------------------------------------------------------------

LOCAL = "2026-10-01T10:00"
KYIV_TEN = TEN - 3600
OF_K3 = {"customer": "C2", "contracts": "K3", "severity": "high"}

CLOCKS = [
    row("ticket, Belgrade", "tickets.csv", {"opened_at": LOCAL}, TEN),
    row("ticket, Belgrade in winter", "tickets.csv", {"opened_at": "2026-12-01T10:00"}, instant("2026-12-01T09:00Z")),
    row("ticket, contract in Kyiv", "tickets.csv", OF_K3 | {"opened_at": LOCAL}, KYIV_TEN),
    row("ticket, contract in Kyiv twice", "tickets.csv", OF_K3 | {"contracts": "K3 K3", "opened_at": LOCAL}, KYIV_TEN),
    row("ticket, contract in Belgrade", "tickets.csv", {"customer": "C2", "contracts": "K2", "opened_at": LOCAL}, TEN),
    row("pause, Belgrade", "ticket_pauses.csv", {"paused_at": LOCAL}, TEN),
    row("outage, Belgrade", "outages.csv", {"started_at": LOCAL}, TEN),
    row("outage, of the list that guarantees uptime", "outages.csv", {"customer": "C4", "started_at": LOCAL}, TEN),
    row("outage of all, of the list that guarantees uptime", "outages.csv", {"customer": "", "started_at": LOCAL}, TEN),
    row("claim, Belgrade", "claims.csv", {"submitted_at": LOCAL}, TEN),
    row("first of the hour that is there twice", "tickets.csv", {"opened_at": "2026-10-25T02:30+02:00"}, 1792888200),
    row("second of the hour that is there twice", "tickets.csv", {"opened_at": "2026-10-25T02:30+01:00"}, 1792891800),
    row("hour that is not there, with an offset", "claims.csv", {"submitted_at": "2026-03-29T02:30Z"}, 1774751400),
    row("parts of a second are cut", "ticket_pauses.csv", {"paused_at": "2026-10-01T08:00:00.999Z"}, TEN),
]


@pytest.mark.parametrize(("name", "fields", "at"), CLOCKS)
def test_times_become_instants(tmp_path, name, fields, at):
    """Read a time with its offset, or on the clock of the price list that it is about (T3)."""
    assert getattr(read_row(tmp_path, name, **fields), TIMES[name][0]) == at


EVERY_TIME = [row(f"{name} {column}", name, column) for name, columns in TIMES.items() for column in columns]


@pytest.mark.parametrize(("name", "column"), EVERY_TIME)
def test_every_time_without_offset_is_the_lists(tmp_path, name, column):
    """Read each column on Belgrade's clock."""
    assert getattr(read_row(tmp_path, name, **{column: "2026-10-01T10:00:30"}), column) == TEN + 30


@pytest.mark.parametrize(("name", "column"), EVERY_TIME)
@pytest.mark.parametrize(
    ("text", "what"),
    [
        row("gap", "2026-03-29T02:30", "2026-03-29 02:30:00 does not exist"),
        row("fold", "2026-10-25T02:30", "2026-10-25 02:30:00 exists twice"),
    ],
)
def test_times_that_are_not_one_instant_are_refused(tmp_path, name, column, text, what):
    """Refuse, with its line, a row whose time the list's clock skips or shows twice (T3)."""
    reason = f"{what} in Europe/Belgrade (clock change); give it with an offset"
    check_bad(tmp_path, name, {column: text}, [(column, reason)])


@pytest.mark.parametrize(("name", "column"), EVERY_TIME)
@pytest.mark.parametrize("text", ["2026-10-01", "01.10.2026 10:00", "1969-12-31T23:59Z", "2200-01-01T00:00Z", "=NOW()"])
def test_what_is_no_time_is_refused(tmp_path, name, column, text):
    """Refuse in each column what the other files refuse too."""
    check_bad(tmp_path, name, {column: text}, [(column, f"{NO_TIME}; found '{text}'")])


TOKYO = replace(agreement("trifft"), name="tokyo", zone=ZoneInfo("Asia/Tokyo"))
SEVERAL_ZONES = f"has no offset, and the customer's price lists have several time zones; {WITH_OFFSET}"
NO_CONTRACT = f"has no offset, and the customer has no contract; {WITH_OFFSET}"


@pytest.mark.parametrize(
    ("contracts", "at"),
    [
        row("all in Kyiv", ["K3,C2,dpo-group,vps,2016-01-01,1"], KYIV_TEN),
        row("uptime in Tokyo", ["K3,C2,dpo-group,vps,2016-01-01,1", "K6,C1,tokyo,free,2016-01-01,"], TEN - 7 * 3600),
        row("uptime in two zones", ["K4,C4,trifft,free,2016-01-01,", "K6,C1,tokyo,free,2016-01-01,"], SEVERAL_ZONES),
        row(
            "no uptime, two zones", ["K1,C1,b2bee,basic,2016-01-01,", "K3,C2,dpo-group,vps,2016-01-01,1"], SEVERAL_ZONES
        ),
        row("no contracts", [], NO_CONTRACT),
    ],
)
def test_the_clock_of_an_outage_of_all(tmp_path, contracts, at):
    """Read it in the zone of the lists that guarantee uptime, else of all lists, where there is one zone."""
    files = {
        "contracts.csv": table(dict.fromkeys(CONTRACTS.splitlines()[0].split(","), ""), *contracts),
        "outages.csv": table(OUTAGE, line(OUTAGE, customer="", started_at=LOCAL, ended_at="")),
    }
    read = read_folder(tmp_path, files, book(TOKYO))
    if isinstance(at, int):
        assert (read.outages, read.rejected) == ([Outage("O1", at)], [])
    else:
        assert rejections(read) == [("outages.csv", 2, "started_at", f"2026-10-01T10:00:00 {at}")]


# --- bad rows ---------------------------------------------------------------------------------------------------------

NO_CUSTOMER = ("customer", "unknown customer 'C0'; no row of customers.csv that could be read has it")
NO_SEVERITY = "allowed: T1, T2, T3, T4"
YES_OR_NO = "allowed is true or false"
NO_MONTH = "allowed is a month such as 2026-10"
BEFORE_OPENED = "is before opened_at, when it was opened"
EARLIER = "2026-10-01T09:59:59+02:00"


def bad_id(name, column, text, shown):
    return row(name, {column: text}, (column, f"{NO_ID}; found {shown}"))


def bad_ids(column):
    """Try ids that no file takes."""
    return [
        bad_id(f"{column} of 101 characters", column, "x" * 101, f"'{'x' * 57}...'"),
        bad_id(f"{column} with a line end", column, '"N\n1"', r"'N\n1'"),
        bad_id(f"{column} with an escape sequence", column, "N\x1b[2J", r"'N\x1b[2J'"),
        bad_id(f"{column} written right to left", column, "N\u202e1", r"'N\u202e1'"),
    ]


def bad_yes_or_no(text):
    return row(
        f"confirmed: {text}", {"priority_confirmed": text}, ("priority_confirmed", f"{YES_OR_NO}; found '{text}'")
    )


def no_contract(name, text, shown):
    return row(name, {"contracts": text}, ("contracts", f"{shown} is no contract of customer C1; known: K1"))


BAD_TICKETS = [
    row("ticket empty", {"ticket": ""}, ("ticket", "is empty")),
    row("customer empty", {"customer": ""}, ("customer", "is empty")),
    row("severity empty", {"severity": ""}, ("severity", "is empty")),
    row("opened_at empty", {"opened_at": " "}, ("opened_at", "is empty")),
    row("unknown customer", {"customer": "C0"}, NO_CUSTOMER),
    row(
        "unknown customer, and nothing that follows from it",
        {"customer": "C0", "contracts": "K1", "severity": "T5", "opened_at": LOCAL},
        NO_CUSTOMER,
    ),
    row("unknown severity", {"severity": "T5"}, ("severity", f"unknown severity 'T5'; {NO_SEVERITY}")),
    row("severity in small letters", {"severity": "t1"}, ("severity", f"unknown severity 't1'; {NO_SEVERITY}")),
    row(
        "unknown severity under two lists",
        {"customer": "C2", "severity": "P1"},
        ("severity", f"unknown severity 'P1'; {NO_SEVERITY}, critical, high, normal, low"),
    ),
    row(
        "severity of another contract than the one that it names",
        OF_K3 | {"severity": "T1"},
        ("severity", "unknown severity 'T1'; allowed: critical, high, normal, low"),
    ),
    row("unknown contract", {"contracts": "K0"}, ("contracts", "'K0' is no contract of customer C1; known: K1")),
    row(
        "contract of another customer",
        {"contracts": "K1;K2"},
        ("contracts", "'K2' is no contract of customer C1; known: K1"),
    ),
    row(
        "two contracts of others",
        {"contracts": "K2|K3|K1"},
        ("contracts", "'K2' is no contract of customer C1; known: K1"),
        ("contracts", "'K3' is no contract of customer C1; known: K1"),
    ),
    row(
        "contract of a customer without one",
        {"customer": "C3", "contracts": "K1"},
        ("contracts", "'K1' is no contract of customer C3; known: none"),
    ),
    row("first response too early", {"first_response_at": EARLIER}, ("first_response_at", BEFORE_OPENED)),
    row("work-around too early", {"workaround_at": EARLIER}, ("workaround_at", BEFORE_OPENED)),
    row("resolved too early", {"resolved_at": EARLIER}, ("resolved_at", BEFORE_OPENED)),
    row(
        "all too early, by the offset",
        dict.fromkeys(("first_response_at", "workaround_at", "resolved_at"), "2026-10-01T10:00+03:00"),
        ("first_response_at", BEFORE_OPENED),
        ("workaround_at", BEFORE_OPENED),
        ("resolved_at", BEFORE_OPENED),
    ),
    row(
        "resolved before 1970 began, when it was opened",
        {"opened_at": "1970-01-01T00:00Z", "resolved_at": "1970-01-01T00:00+00:01"},
        ("resolved_at", BEFORE_OPENED),
    ),
    row(
        "resolved as 1970 began, before it was opened",
        {"opened_at": "1970-01-01T00:01Z", "resolved_at": "1970-01-01T00:00Z"},
        ("resolved_at", BEFORE_OPENED),
    ),
    row(
        "no offset, two zones",
        {"customer": "C2", "opened_at": LOCAL},
        ("opened_at", f"2026-10-01T10:00:00 {SEVERAL_ZONES}"),
    ),
    row(
        "no offset, no contract",
        {"customer": "C3", "opened_at": LOCAL},
        ("opened_at", f"2026-10-01T10:00:00 {NO_CONTRACT}"),
    ),
    *[bad_yes_or_no(text) for text in ("maybe", "t", "f", "2", "01", "on", "ja", "=TRUE()", "\uff59")],
    *bad_ids("ticket"),
    *bad_ids("customer"),
    no_contract("contract of 101 characters", "x" * 101, repr("x" * 101)),
    no_contract("contract with an escape sequence", "K1\x1b[2J", r"'K1\x1b[2J'"),
    no_contract("contract written right to left", "K1\u202e", r"'K1\u202e'"),
    no_contract("formula for a contract", "=1+1", "'=1+1'"),
    no_contract("contract behind a blank", "K1 K2", "'K2'"),
    no_contract("contract behind a line end", '"K1\nK2"', "'K2'"),
    *bad_ids("duplicate_of"),
    row(
        "severity, contract and times",
        {"severity": "T5", "first_response_at": EARLIER, "resolved_at": "2026-03-29T02:30"},
        ("severity", f"unknown severity 'T5'; {NO_SEVERITY}"),
        ("resolved_at", "2026-03-29 02:30:00 does not exist in Europe/Belgrade (clock change); give it with an offset"),
        ("first_response_at", BEFORE_OPENED),
    ),
]


@parametrize_bad(BAD_TICKETS)
def test_a_bad_ticket_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad ticket between two good ones."""
    check_bad(tmp_path, "tickets.csv", fields, problems)


NO_TICKET = "no row of tickets.csv that could be read has it"

BAD_PAUSES = [
    row("ticket empty", {"ticket": ""}, ("ticket", "is empty")),
    row("paused_at empty", {"paused_at": ""}, ("paused_at", "is empty")),
    row("unknown ticket", {"ticket": "TK99"}, ("ticket", f"unknown ticket 'TK99'; {NO_TICKET}")),
    row("ticket in small letters", {"ticket": "tk1"}, ("ticket", f"unknown ticket 'tk1'; {NO_TICKET}")),
    row(
        "unknown ticket, and nothing that follows from it",
        {"ticket": "TK99", "paused_at": LOCAL, "resumed_at": EARLIER},
        ("ticket", f"unknown ticket 'TK99'; {NO_TICKET}"),
    ),
    row("resumed too early", {"resumed_at": EARLIER}, ("resumed_at", "is before paused_at, when it was paused")),
    row(
        "no offset, two zones",
        {"ticket": "TK2", "paused_at": LOCAL},
        ("paused_at", f"2026-10-01T10:00:00 {SEVERAL_ZONES}"),
    ),
    row(
        "no offset, no contract",
        {"ticket": "TK3", "resumed_at": LOCAL},
        ("resumed_at", f"2026-10-01T10:00:00 {NO_CONTRACT}"),
    ),
    *bad_ids("ticket"),
]


@parametrize_bad(BAD_PAUSES)
def test_a_bad_pause_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad pause between two good ones."""
    check_bad(tmp_path, "ticket_pauses.csv", fields, problems)


BAD_OUTAGES = [
    row("outage empty", {"outage": ""}, ("outage", "is empty")),
    row("started_at empty", {"started_at": ""}, ("started_at", "is empty")),
    row("unknown customer", {"customer": "C0"}, NO_CUSTOMER),
    row("unknown customer, and nothing that follows from it", {"customer": "C0", "started_at": LOCAL}, NO_CUSTOMER),
    row("ended too early", {"ended_at": EARLIER}, ("ended_at", "is before started_at, when it began")),
    row(
        "of all, ended too early",
        {"customer": "", "ended_at": EARLIER},
        ("ended_at", "is before started_at, when it began"),
    ),
    row(
        "no offset, two zones",
        {"customer": "C2", "started_at": LOCAL},
        ("started_at", f"2026-10-01T10:00:00 {SEVERAL_ZONES}"),
    ),
    row(
        "no offset, no contract",
        {"customer": "C3", "notified_at": LOCAL},
        ("notified_at", f"2026-10-01T10:00:00 {NO_CONTRACT}"),
    ),
    *bad_ids("outage"),
    *bad_ids("customer"),
]


@parametrize_bad(BAD_OUTAGES)
def test_a_bad_outage_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad outage between two good ones."""
    check_bad(tmp_path, "outages.csv", fields, problems)


def bad_month(name, text):
    return row(name, {"period": text}, ("period", f"{NO_MONTH}; found '{text}'"))


def needs(kind, column):
    return (column, f"is empty; a claim of kind {kind} names it")


BAD_CLAIMS = [
    row("claim empty", {"claim": ""}, ("claim", "is empty")),
    row("customer empty", {"customer": ""}, ("customer", "is empty")),
    row("kind empty", {"kind": ""}, ("kind", "is empty")),
    row("submitted_at empty", {"submitted_at": ""}, ("submitted_at", "is empty")),
    row("unknown customer", {"customer": "C0"}, NO_CUSTOMER),
    row("unknown customer, and nothing that follows from it", {"customer": "C0", "submitted_at": LOCAL}, NO_CUSTOMER),
    row("unknown kind", {"kind": "goodwill"}, ("kind", "allowed: uptime, ticket; found 'goodwill'")),
    row("kind in capitals", {"kind": "UPTIME"}, ("kind", "allowed: uptime, ticket; found 'UPTIME'")),
    row("uptime without month", {"period": ""}, needs("uptime", "period")),
    row("uptime with a ticket in its place", {"period": "", "ticket": "TK1"}, needs("uptime", "period")),
    row("ticket without ticket", {"kind": "ticket", "breach_on": "2026-09-30"}, needs("ticket", "ticket")),
    row("ticket without day", {"kind": "ticket", "ticket": "TK1"}, needs("ticket", "breach_on")),
    row("ticket with a month alone", {"kind": "ticket"}, needs("ticket", "ticket"), needs("ticket", "breach_on")),
    bad_month("month 13", "2026-13"),
    bad_month("month 0", "2026-00"),
    bad_month("month of one digit", "2026-9"),
    bad_month("month first", "09/2026"),
    bad_month("a day", "2026-09-01"),
    bad_month("in words", "September 2026"),
    bad_month("before 1900", "1899-12"),
    bad_month("year 9999", "9999-01"),
    bad_month("Arabic digits", "\u0662\u0660\u0662\u0666-09"),
    bad_month("formula", "=2026-09"),
    row("month of a thousand characters", {"period": "x" * 1000}, ("period", f"{NO_MONTH}; found '{'x' * 57}...'")),
    row(
        "month that a ticket does not need",
        {"kind": "ticket", "period": "soon", "ticket": "TK1", "breach_on": "2026-09-30"},
        ("period", f"{NO_MONTH}; found 'soon'"),
    ),
    row("breach at a time", {"breach_on": "2026-09-30T10:00"}, ("breach_on", f"{NO_DAY}; found '2026-09-30T10:00'")),
    row("breach on 31 September", {"breach_on": "2026-09-31"}, ("breach_on", f"{NO_DAY}; found '2026-09-31'")),
    row(
        "no offset, two zones",
        {"customer": "C2", "submitted_at": LOCAL},
        ("submitted_at", f"2026-10-01T10:00:00 {SEVERAL_ZONES}"),
    ),
    row(
        "no offset, no contract",
        {"customer": "C3", "submitted_at": LOCAL},
        ("submitted_at", f"2026-10-01T10:00:00 {NO_CONTRACT}"),
    ),
    row(
        "no month, and a time that is not there",
        {"period": "", "submitted_at": "2026-03-29T02:30"},
        needs("uptime", "period"),
        (
            "submitted_at",
            "2026-03-29 02:30:00 does not exist in Europe/Belgrade (clock change); give it with an offset",
        ),
    ),
    *bad_ids("claim"),
    *bad_ids("customer"),
    *bad_ids("ticket"),
]


@parametrize_bad(BAD_CLAIMS)
def test_a_bad_claim_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad claim between two good ones."""
    check_bad(tmp_path, "claims.csv", fields, problems)


def bad_amount(name, text, allowed=NO_NUMBER):
    return row(name, {"amount": text}, ("amount", f"{allowed}; found '{text.strip(chr(34))}'"))


ABOVE_0 = "allowed is an amount above 0"

BAD_PAYMENTS = [
    row("payment empty", {"payment": ""}, ("payment", "is empty")),
    row("invoice empty", {"invoice": ""}, ("invoice", "is empty")),
    row("paid_on empty", {"paid_on": ""}, ("paid_on", "is empty")),
    row("amount empty", {"amount": ""}, ("amount", "is empty")),
    bad_amount("0", "0", ABOVE_0),
    bad_amount("0.00", "0.00", ABOVE_0),
    bad_amount("000", "000", ABOVE_0),
    bad_amount("0 with nine decimals", "0.000000000", ABOVE_0),
    bad_amount("no digit", ".", ABOVE_0),
    bad_amount("minus 0", "-0"),
    bad_amount("negative", "-118.40"),
    bad_amount("with a sign", "+118.40"),
    bad_amount("decimal comma", '"118,40"'),
    bad_amount("with the currency", "118.40 EUR"),
    bad_amount("13 digits", "1234567890123"),
    bad_amount("ten decimals", "0.0000000001"),
    bad_amount("1e2", "1e2"),
    bad_amount("NaN", "NaN"),
    bad_amount("infinity", "Infinity"),
    bad_amount("underscores", "1_0"),
    bad_amount("Arabic 0", "\u0660"),
    bad_amount("Arabic 5", "\u0665"),
    bad_amount("formula", "=1+1"),
    row("day with a time", {"paid_on": "2026-10-05T10:00"}, ("paid_on", f"{NO_DAY}; found '2026-10-05T10:00'")),
    row("day first", {"paid_on": "05.10.2026"}, ("paid_on", f"{NO_DAY}; found '05.10.2026'")),
    row("29 February 2026", {"paid_on": "2026-02-29"}, ("paid_on", f"{NO_DAY}; found '2026-02-29'")),
    row("year 2200", {"paid_on": "2200-01-01"}, ("paid_on", f"{NO_DAY}; found '2200-01-01'")),
    *bad_ids("payment"),
    *bad_ids("invoice"),
    row(
        "several wrong values",
        {"invoice": "", "paid_on": "soon", "amount": "much"},
        ("invoice", "is empty"),
        ("paid_on", f"{NO_DAY}; found 'soon'"),
        ("amount", f"{NO_NUMBER}; found 'much'"),
    ),
]


@parametrize_bad(BAD_PAYMENTS)
def test_a_bad_payment_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad payment between two good ones."""
    check_bad(tmp_path, "payments.csv", fields, problems)


def test_bad_rows_of_all_files_are_reported_at_once(tmp_path):
    """Report a bad row of each of the nine files in one pass, and let the good rows out."""
    bad = {
        "customers.csv": {"country": "Serbia"},
        "contracts.csv": {"package": "gold"},
        "time_entries.csv": {"severity": "T5"},
        "expenses.csv": {"amount": "-1"},
        "tickets.csv": {"severity": "T5"},
        "ticket_pauses.csv": {"ticket": "TK99"},
        "outages.csv": {"ended_at": EARLIER},
        "claims.csv": {"kind": "goodwill"},
        "payments.csv": {"amount": "0"},
    }
    files = {}
    for name, fields in bad.items():
        first = next(iter(BASES[name]))
        files[name] = table(
            BASES[name], line(BASES[name], **{first: "G1"} | fields), line(BASES[name], **{first: "G1"})
        )
    known = {"customers": {"C1": Customer("C1", "One", "", "")}, "contracts": {"K1": contract()}}
    read = read_folder(tmp_path, files, **known)
    columns = {name: next(iter(fields)) for name, fields in bad.items()}
    assert [one[:3] for one in read.rejected] == [(name, 2, column) for name, column in columns.items()]
    assert read.lines == {name: [3] for name in FILES}


# --- the same id twice ------------------------------------------------------------------------------------------------

REPEATED = [
    row("tickets", "tickets.csv", {"opened_at": "2026-10-01T08:00Z"}, {"resolved_at": "2026-10-02T10:00Z"}, "TK1"),
    row(
        "pauses",
        "ticket_pauses.csv",
        {"paused_at": "2026-10-01T08:00Z"},
        {"resumed_at": ""},
        "TK1 2026-10-01T08:00:00+00:00",
    ),
    row("outages", "outages.csv", {"started_at": "2026-10-01T10:00"}, {"cause": "a"}, "O1"),
    row("claims", "claims.csv", {"ticket": "TK1"}, {"period": "2026-08"}, "CL1"),
    row("payments", "payments.csv", {"amount": "118.4"}, {"amount": "118.41"}, "PM1"),
]


@pytest.mark.parametrize(("name", "same", "other", "known"), REPEATED)
def test_a_repeated_row_counts_once_or_is_rejected(tmp_path, name, same, other, known):
    """Ignore the same row again, also in other words, and refuse another row of the same id."""
    base = BASES[name]
    rows = [line(base), line(base), line(base, **same), line(base, **other), line(base), line(base, **other)]
    read = read_folder(tmp_path, {name: table(base, *rows)})
    assert read.lines[name] == [2]
    reason = f"{known} stands in line 2 already, with other content"
    assert rejections(read) == [(name, number, next(iter(base)), reason) for number in (5, 7)]


def test_a_ticket_may_pause_more_than_once(tmp_path):
    """Tell pauses of a ticket apart by their beginnings, also where they overlap."""
    later = line(PAUSE, paused_at="2026-10-01T10:30+02:00")
    read = read_folder(tmp_path, {"ticket_pauses.csv": table(PAUSE, line(PAUSE), later)})
    assert read.pauses == [Pause("TK1", TEN, ELEVEN), Pause("TK1", TEN + 1800, ELEVEN)]
    assert read.rejected == []


# --- hostile content --------------------------------------------------------------------------------------------------

EVERY_COLUMN = [row(f"{name} {column}", name, column) for name in NEW_FILES for column in BASES[name]]


@pytest.mark.parametrize(("name", "column"), EVERY_COLUMN)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        row("NUL", "x\0y", "contains a NUL character"),
        row("10,001 characters", "x" * 10_001, "longer than 10,000 characters"),
        row("100 kB", "x" * 100_000, "longer than 10,000 characters"),
    ],
)
def test_no_column_takes_a_nul_or_a_book(tmp_path, name, column, text, reason):
    """Refuse in every column what no field can hold."""
    check_bad(tmp_path, name, {column: text}, [(column, reason)])


@pytest.mark.parametrize("name", NEW_FILES)
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        row("Latin-2", "Niš".encode("iso8859-2"), NOT_UTF8),
        row("half a surrogate pair", b"\xed\xa0\x80", NOT_UTF8),
        row("overlong form of a slash", b"\xc0\xaf", NOT_UTF8),
        row("200 kB", b"x" * 200_000, "from here on the file is no valid CSV: field larger than field limit (131072)"),
    ],
)
def test_a_file_is_rejected_from_a_bad_byte_on(tmp_path, name, bad, reason):
    """Keep what stood before, and say from which line on a file can not be read."""
    good = line(BASES[name])
    content = table(BASES[name], good, f"{good}!", good).encode().replace(b"!", bad)
    read = read_folder(tmp_path, {name: content})
    assert read.lines[name] == [2]
    assert rejections(read) == [(name, 3, "", reason)]


@pytest.mark.parametrize("name", NEW_FILES)
def test_a_folder_in_place_of_a_file_is_rejected(tmp_path, name):
    """Say that a file can not be read when it is a folder."""
    (tmp_path / name).mkdir()
    assert rejections(read_folder(tmp_path, {})) == [(name, 0, "", "the file can not be read: Is a directory")]


# --- currencies and fees of contracts ---------------------------------------------------------------------------------


def read_contract(folder, price_list, package, customers_currency, **fields):
    """Read a contract of a customer that pays in some currency, or in none in particular."""
    agreed = {"price_list": price_list, "package": package, "monthly_fee": "100"} | fields
    files = {
        "customers.csv": f"customer,name,currency\nC1,One,{customers_currency}\n",
        "contracts.csv": table(CONTRACT, line(CONTRACT, **agreed)),
    }
    return read_folder(folder, files)


CURRENCIES = [
    row("the list's", "trifft", "premium", "", "", "EUR"),
    row("the customer's", "trifft", "premium", "CZK", "", "CZK"),
    row("its own", "trifft", "premium", "", "USD", "USD"),
    row("its own, which is the customer's", "trifft", "premium", "CZK", "CZK", "CZK"),
    row("the customer's, which is the list's", "trifft", "premium", "EUR", "", "EUR"),
    row("its own, which is the list's", "trifft", "premium", "", "EUR", "EUR"),
    row("dpo-group, the list's", "dpo-group", "vps", "USD", "", "USD"),
    row("dpo-group, the customer's", "dpo-group", "vps", "UAH", "", "UAH"),
    row("xopero-en, its own", "xopero-en", "subscription", "", "PLN", "PLN"),
    row("xopero-pl, the list's", "xopero-pl", "subscription", "PLN", "PLN", "PLN"),
    row("xopero-pl, the customer's", "xopero-pl", "subscription", "EUR", "", "EUR"),
    row("b2bee, the list's", "b2bee", "premium", "", "", ""),
    row("b2bee, everybody's", "b2bee", "premium", "EUR", "EUR", ""),
]


@pytest.mark.parametrize(("price_list", "package", "customers", "own", "currency"), CURRENCIES)
def test_the_currency_of_a_contract(tmp_path, price_list, package, customers, own, currency):
    """Take the contract's, else the customer's, else the list's; a list that is in one currency says it for all."""
    read = read_contract(tmp_path, price_list, package, customers, currency=own)
    assert read.rejected == []
    assert [one.currency for one in read.contracts] == [currency]


BAD_CURRENCIES = [
    row("b2bee in dollars", "b2bee", "", {"currency": "USD"}, ("currency", "b2bee is in EUR; found USD")),
    row(
        "b2bee for a customer in dollars",
        "b2bee",
        "USD",
        {},
        ("price_list", "b2bee is in EUR, customer C1 pays in USD"),
    ),
    row(
        "b2bee in dollars for a customer in dollars",
        "b2bee",
        "USD",
        {"currency": "USD"},
        ("currency", "b2bee is in EUR; found USD"),
        ("price_list", "b2bee is in EUR, customer C1 pays in USD"),
    ),
    row(
        "b2bee in dollars for a customer in euros",
        "b2bee",
        "EUR",
        {"currency": "USD"},
        ("currency", "b2bee is in EUR; found USD"),
    ),
    row(
        "trifft in dollars for a customer in crowns",
        "trifft",
        "CZK",
        {"currency": "USD"},
        ("currency", "contract K9 is in USD, customer C1 pays in CZK"),
    ),
    row(
        "trifft in its own currency for a customer in crowns",
        "trifft",
        "CZK",
        {"currency": "EUR"},
        ("currency", "contract K9 is in EUR, customer C1 pays in CZK"),
    ),
    row(
        "in words",
        "trifft",
        "",
        {"currency": "euro"},
        ("currency", "allowed is an ISO 4217 code such as EUR; found 'euro'"),
    ),
    row(
        "in small letters",
        "trifft",
        "",
        {"currency": "eur"},
        ("currency", "allowed is an ISO 4217 code such as EUR; found 'eur'"),
    ),
    row(
        "fee finer than the yen of the contract",
        "trifft",
        "",
        {"currency": "JPY", "monthly_fee": "100.5"},
        ("monthly_fee", "100.5 is finer than the cents of JPY"),
    ),
    row(
        "fee finer than the yen of the customer",
        "trifft",
        "JPY",
        {"monthly_fee": "100.5"},
        ("monthly_fee", "100.5 is finer than the cents of JPY"),
    ),
    row(
        "fee finer than cents",
        "trifft",
        "",
        {"monthly_fee": "100.005"},
        ("monthly_fee", "100.005 is finer than the cents of EUR"),
    ),
]


@pytest.mark.parametrize(
    ("price_list", "customers", "fields", "problems"),
    [row(p.id, *p.values[:3], list(p.values[3:])) for p in BAD_CURRENCIES],
)
def test_a_contract_in_a_wrong_currency_is_rejected(tmp_path, price_list, customers, fields, problems):
    """Refuse a currency that the list, or the customer, does not have."""
    read = read_contract(tmp_path, price_list, "premium", customers, **fields)
    assert read.contracts == []
    assert rejections(read) == [("contracts.csv", 2, *problem) for problem in problems]


def test_fees_may_be_as_fine_as_the_contracts_currency(tmp_path):
    """Take thousandths where the contract's currency has them."""
    read = read_contract(tmp_path, "trifft", "premium", "", currency="KWD", monthly_fee="100.005")
    assert [(one.monthly_fee, one.currency) for one in read.contracts] == [(Decimal("100.005"), "KWD")]


def test_expenses_are_in_the_contracts_currency(tmp_path):
    """Hold an expense against the cents of the contract, not of its list."""
    files = {
        "contracts.csv": table(
            CONTRACT, line(CONTRACT, price_list="trifft", package="premium", monthly_fee="100", currency="JPY")
        ),
        "expenses.csv": table(EXPENSE, line(EXPENSE), line(EXPENSE, expense="X2", amount="18")),
    }
    read = read_folder(tmp_path, files)
    assert [one.expense for one in read.expenses] == ["X2"]
    assert rejections(read) == [("expenses.csv", 2, "amount", "18.40 is finer than the cents of JPY")]


@pytest.mark.parametrize(
    ("head", "cell", "currency"),
    [
        row("no column", "", "", "USD"),
        row("empty", ",currency", ",", "EUR"),
        row("another", ",currency", ",CZK", "CZK"),
    ],
)
def test_a_known_currency_stays_without_the_column(tmp_path, head, cell, currency):
    """Keep a known contract's currency where the file has no column; an empty field means the list's."""
    known = {"K7": contract("premium", contract="K7", price_list="trifft", monthly_fee="100", currency="USD")}
    text = f"contract,customer,price_list,package,starts_on{head}\nK7,C1,trifft,premium,2016-01-01{cell}\n"
    text = text.replace("starts_on", "starts_on,monthly_fee").replace("2016-01-01", "2016-01-01,100")
    read = read_folder(tmp_path, {"contracts.csv": text}, contracts=known)
    assert [one.currency for one in read.contracts] == [currency]
    assert read.rejected == []


WITHOUT_FEE = [
    row("b2bee", "b2bee", "dedicated"),
    row("trifft", "trifft", "standard"),
    row("dpo-group", "dpo-group", "server"),
    row("dpo-group vps", "dpo-group", "vps"),
]


@pytest.mark.parametrize(("price_list", "package"), WITHOUT_FEE)
@pytest.mark.parametrize("needed", [row("needed", {"fees_needed": True}), row("by default", {})])
def test_a_contract_must_name_its_fee_for_a_bill(tmp_path, price_list, package, needed):
    """Refuse a contract whose package leaves the fee to it, and that has none."""
    text = table(CONTRACT, line(CONTRACT, price_list=price_list, package=package))
    read = read_folder(tmp_path, {"contracts.csv": text}, **needed)
    reason = f"is empty; package {package} takes its fee from the contract"
    assert (read.contracts, rejections(read)) == ([], [("contracts.csv", 2, "monthly_fee", reason)])


@pytest.mark.parametrize(
    ("price_list", "package"), [row("by the hour", "dpo-group", "hourly"), row("free", "trifft", "free")]
)
def test_a_package_with_a_fee_of_its_own_needs_none(tmp_path, price_list, package):
    """Take a contract without a fee where the package has one, if only of 0."""
    text = table(CONTRACT, line(CONTRACT, price_list=price_list, package=package))
    read = read_folder(tmp_path, {"contracts.csv": text})
    assert ([one.monthly_fee for one in read.contracts], read.rejected) == ([None], [])


@pytest.mark.parametrize(("price_list", "package"), WITHOUT_FEE)
def test_clocks_do_without_fees(tmp_path, price_list, package):
    """Take a contract without its fee where nothing is billed."""
    text = table(CONTRACT, line(CONTRACT, price_list=price_list, package=package))
    read = read_folder(tmp_path, {"contracts.csv": text}, fees_needed=False)
    assert [(one.contract, one.monthly_fee) for one in read.contracts] == [("K9", None)]
    assert read.rejected == []


def test_clocks_do_not_do_with_any_fee(tmp_path):
    """Check a fee that is there, also where nothing is billed."""
    text = table(CONTRACT, line(CONTRACT, price_list="trifft", monthly_fee="1.005"))
    read = read_folder(tmp_path, {"contracts.csv": text}, fees_needed=False)
    assert rejections(read) == [("contracts.csv", 2, "monthly_fee", "1.005 is finer than the cents of EUR")]


def test_one_of_the_new_files_makes_a_folder(tmp_path):
    """Read a folder that has but one file, whichever it is; refuse none for lack of the others."""
    for name in NEW_FILES:
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(table(BASES[name]), encoding="utf-8")
        source = InputFolder(folder, PriceListBook([]))
        parts = [source.read_tickets, source.read_pauses, source.read_outages, source.read_claims, source.read_payments]
        assert [list(read()) for read in parts] == [[]] * 5
        assert (source.rejected, source.files, source.unread()) == ([], {name}, [])
