"""The input folder: good rows come out, bad ones are named with file, line, column and reason, and none gets lost."""

import re
import tempfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from builders import b2bee, contract, instant
from hypothesis import given, settings
from hypothesis import strategies as st
from sla_builders import agreement

from billing_engine.errors import InputFolderError
from billing_engine.intake.folder import FILES, InputFolder
from billing_engine.model.claim import Claim, ClaimKind
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.payment import Payment
from billing_engine.model.price_list import FeeInterval, FeeTiming, PriceListBook
from billing_engine.model.ticket import Outage, Pause, Ticket
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.model.window import Window

LISTS = [
    b2bee(),
    replace(b2bee(), name="kyiv", zone=ZoneInfo("Europe/Kyiv")),
    replace(b2bee(), name="tokyo", zone=ZoneInfo("Asia/Tokyo"), currency="JPY"),
]
BOOK = PriceListBook(LISTS)
CUSTOMERS = "customer,name,currency\nC1,One,EUR\nC2,Two,\nC3,Three,\nC4,Four,\n"
CONTRACTS = (
    "contract,customer,price_list,package,starts_on\n"
    "K1,C1,b2bee,premium,2016-01-01\n"
    "K2,C2,b2bee,premium,2016-01-01\n"
    "K3,C2,kyiv,premium,2016-01-01\n"
    "K4,C4,tokyo,premium,2016-01-01\n"
)
ENTRY = {
    "entry": "E1",
    "customer": "C1",
    "contract": "",
    "severity": "T2",
    "activity": "",
    "outcome": "",
    "started_at": "2026-10-01T10:00+02:00",
    "ended_at": "2026-10-01T11:00+02:00",
    "engineer": "",
    "note": "",
}
CONTRACT = {
    "contract": "K9",
    "customer": "C1",
    "price_list": "b2bee",
    "package": "premium",
    "starts_on": "2026-01-01",
    "ends_on": "",
    "quantity": "",
    "unit": "",
    "currency": "",
    "monthly_fee": "",
    "included_hours": "",
    "hourly_rate": "",
    "development_rate": "",
    "coverage": "",
    "fee_interval": "",
    "fee_timing": "",
}
EXPENSE = {"expense": "X1", "customer": "C1", "spent_on": "2026-10-05", "description": "Train", "amount": "18.40"}
CUSTOMER = {"customer": "C9", "name": "Nine", "country": "RS", "currency": "EUR", "language": "sr"}
TICKET = {
    "ticket": "TK1",
    "customer": "C1",
    "severity": "T2",
    "channel": "",
    "opened_at": "2026-10-01T10:00+02:00",
    "first_response_at": "",
    "workaround_at": "",
    "resolved_at": "",
    "contracts": "",
    "duplicate_of": "",
    "priority_confirmed": "",
}
PAUSE = {"ticket": "TK1", "paused_at": "2026-10-01T10:00+02:00", "resumed_at": "2026-10-01T11:00+02:00"}
OUTAGE = {
    "outage": "O1",
    "customer": "C1",
    "started_at": "2026-10-01T10:00+02:00",
    "ended_at": "2026-10-01T11:00+02:00",
    "cause": "",
    "notified_at": "",
}
CLAIM = {
    "claim": "CL1",
    "customer": "C1",
    "kind": "uptime",
    "period": "2026-09",
    "ticket": "",
    "breach_on": "",
    "submitted_at": "2026-10-01T10:00+02:00",
}
PAYMENT = {"payment": "PM1", "invoice": "2026-0001", "paid_on": "2026-10-05", "amount": "118.40"}
BASES = {
    "customers.csv": CUSTOMER,
    "contracts.csv": CONTRACT,
    "time_entries.csv": ENTRY,
    "expenses.csv": EXPENSE,
    "tickets.csv": TICKET,
    "ticket_pauses.csv": PAUSE,
    "outages.csv": OUTAGE,
    "claims.csv": CLAIM,
    "payments.csv": PAYMENT,
}
TEN = instant("2026-10-01T10:00")


class Read(NamedTuple):
    """All that a folder gave."""

    customers: list[Customer]
    contracts: list[Contract]
    entries: list[TimeEntry]
    expenses: list[Expense]
    tickets: list[Ticket]
    pauses: list[Pause]
    outages: list[Outage]
    claims: list[Claim]
    payments: list[Payment]
    lines: dict[str, list[int]]
    rejected: list
    warnings: list
    unread: list[str]


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def line(base, **fields):
    """Write a row as it stands in the file; a field may hold its own quotes."""
    assert fields.keys() <= base.keys()
    return ",".join((base | fields).values())


def table(base, *lines):
    """Write a file of these rows."""
    return "".join(f"{text}\n" for text in (",".join(base), *lines))


def entries(*lines):
    return {"time_entries.csv": table(ENTRY, *lines)}


def read_folder(folder, files, book=BOOK, **known):
    """Write files, with C1 to C4 and their contracts unless told otherwise, and read them all."""
    for name, text in ({"customers.csv": CUSTOMERS, "contracts.csv": CONTRACTS} | files).items():
        if text is not None:
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    source = InputFolder(folder, book, **known)
    parts = [source.read_customers, source.read_contracts, source.read_time_entries, source.read_expenses]
    parts += [source.read_tickets, source.read_pauses, source.read_outages, source.read_claims, source.read_payments]
    located = [list(read()) for read in parts]
    lines = {name: [place.line for place, _ in part] for name, part in zip(FILES, located, strict=True)}
    for name, part in zip(FILES, located, strict=True):
        assert all(place.file == name for place, _ in part)
    values = ([value for _, value in part] for part in located)
    return Read(*values, lines, source.rejected, source.warnings, source.unread())


def rejected(folder, files):
    """Return what was rejected, as plain tuples."""
    return [tuple(one) for one in read_folder(folder, files).rejected]


# --- good rows --------------------------------------------------------------------------------------------------------


def test_a_full_folder_becomes_values(tmp_path):
    """Read every column of every file."""
    coverage = '"T1=every_day 00:00-24:00; T2=mon 07:00-12:00, working_days 13:00-22:00"'
    agreed = {"ends_on": "2026-12-31", "quantity": "2", "unit": "server", "monthly_fee": "1900.5"}
    rates = {"included_hours": "7.25", "hourly_rate": "61.125", "development_rate": "75", "coverage": coverage}
    fees = {"fee_interval": "quarter", "fee_timing": "advance"}
    note = '"said ""now"", twice"'
    head = "customer,name,country,currency,language,vat_id,address,email,stripe_customer"
    read = read_folder(
        tmp_path,
        {
            "customers.csv": f'{head}\nC1,One d.o.o.,RS,EUR,sr,RS1,"Street 1\n18000 Niš",a@b.example,cus_1\n',
            "contracts.csv": table(CONTRACT, line(CONTRACT, package="dedicated", **agreed, **rates, **fees)),
            "time_entries.csv": table(
                {**ENTRY, "ticket": ""},
                line(ENTRY, contract="K9", activity="on_site", outcome="unfounded", engineer="Mila", note=note)
                + ",P-1",
            ),
            "expenses.csv": table(EXPENSE, line(EXPENSE)),
        },
    )
    assert read.rejected == []
    assert read.customers == [
        Customer("C1", "One d.o.o.", "RS", "EUR", "sr", "RS1", "Street 1\n18000 Niš", "a@b.example", "cus_1")
    ]
    (found,) = read.contracts
    every_day, monday, others = (
        Window(("every_day",), 0, 86_400),
        Window(("mon",), 7 * 3600, 12 * 3600),
        Window(("working_days",), 13 * 3600, 22 * 3600),
    )
    assert found == Contract(
        "K9",
        "C1",
        "b2bee",
        "dedicated",
        date(2026, 1, 1),
        date(2026, 12, 31),
        2,
        "server",
        Decimal("1900.50"),
        26_100,
        Decimal("61.125"),
        Decimal(75),
        "",
        (("T1", (every_day,)), ("T2", (monday, others))),
        FeeInterval.QUARTER,
        FeeTiming.ADVANCE,
    )
    assert read.entries == [
        TimeEntry("E1", "C1", TEN, TEN + 3600, "T2", "on_site", "unfounded", "P-1", "K9", "Mila", 'said "now", twice')
    ]
    assert read.expenses == [Expense("X1", "C1", date(2026, 10, 5), "Train", Decimal("18.40"))]


def test_only_the_required_columns_are_needed(tmp_path):
    """Fill in what optional columns leave out."""
    short = "entry,customer,severity,started_at,ended_at\nE1,C1,T2,2026-10-01T10:00+02:00,2026-10-01T11:00+02:00\n"
    read = read_folder(tmp_path, {"customers.csv": "customer,name\nC1,One\n", "time_entries.csv": short, **NO_OTHERS})
    assert read.customers == [Customer("C1", "One", "", "", "en")]
    assert read.contracts == [Contract("K1", "C1", "b2bee", "premium", date(2016, 1, 1))]
    assert read.entries == [TimeEntry("E1", "C1", TEN, TEN + 3600, "T2", "support", "")]
    assert read.rejected == []


NO_OTHERS = {"contracts.csv": "contract,customer,price_list,package,starts_on\nK1,C1,b2bee,premium,2016-01-01\n"}

TIMES = [
    row("an offset", "2026-10-01T10:00+02:00", TEN),
    row("another offset", "2026-10-01T13:30+05:30", TEN),
    row("offset without colon", "2026-10-01T10:00+0200", TEN),
    row("offset in hours", "2026-10-01T10:00+02", TEN),
    row("UTC", "2026-10-01T08:00Z", TEN),
    row("a space for the T", "2026-10-01 10:00+02:00", TEN),
    row("no offset is Belgrade's", "2026-10-01T10:00", TEN),
    row("no offset in winter", "2026-12-01T10:00", instant("2026-12-01T10:00+01:00")),
    row("seconds", "2026-10-01T10:00:59Z", TEN + 7259),
    row("parts of a second are cut", "2026-10-01T08:00:59.999999Z", TEN + 59),
    row("nine decimals", "2026-10-01T08:00:59.999999999Z", TEN + 59),
    row("comma as decimal mark", '"2026-10-01T08:00:59,9Z"', TEN + 59),
    row("spaces around", "  2026-10-01T08:00Z ", TEN),
    row("gap, with an offset", "2026-03-29T02:30+01:00", instant("2026-03-29T01:30+00:00")),
    row("fold, first", "2026-10-25T02:30+02:00", instant("2026-10-25T00:30+00:00")),
    row("fold, second", "2026-10-25T02:30+01:00", instant("2026-10-25T01:30+00:00")),
    row("last minute before the gap", "2026-03-29T01:59", instant("2026-03-29T00:59+00:00")),
    row("first minute after the gap", "2026-03-29T03:00", instant("2026-03-29T01:00+00:00")),
    row("last minute before the fold", "2026-10-25T01:59", instant("2026-10-24T23:59+00:00")),
    row("first minute after the fold", "2026-10-25T03:00", instant("2026-10-25T02:00+00:00")),
]


@pytest.mark.parametrize(("text", "at"), TIMES)
def test_times_become_instants(tmp_path, text, at):
    """Read a time with its offset, or on the price list's clock."""
    read = read_folder(tmp_path, entries(line(ENTRY, started_at=text, ended_at=text)))
    assert [(e.started_at, e.ended_at) for e in read.entries] == [(at, at)]
    assert read.rejected == []


def test_sessions_over_clock_changes_have_their_elapsed_length(tmp_path):
    """Measure 1 h over the gap and 3 h over the fold (T1)."""
    spring = line(ENTRY, started_at="2026-03-29T01:30", ended_at="2026-03-29T03:30")
    autumn = line(ENTRY, entry="E2", started_at="2026-10-25T01:30", ended_at="2026-10-25T03:30")
    read = read_folder(tmp_path, entries(spring, autumn))
    assert [e.worked_seconds for e in read.entries] == [3600, 3 * 3600]


@pytest.mark.parametrize(
    ("contract_id", "start"),
    [row("Belgrade", "K2", "2026-10-01T10:00+02:00"), row("Kyiv", "K3", "2026-10-01T10:00+03:00")],
)
def test_the_contract_column_settles_the_zone(tmp_path, contract_id, start):
    """Read a time without offset in the zone of the contract that the row names."""
    fields = {"started_at": "2026-10-01T10:00", "ended_at": "2026-10-01T11:00"}
    read = read_folder(tmp_path, entries(line(ENTRY, customer="C2", contract=contract_id, **fields)))
    assert [e.started_at for e in read.entries] == [instant(start)]


GOOD_ENTRIES = [
    row("no time at all", {"ended_at": "2026-10-01T10:00+02:00"}),
    row("exactly 24 h", {"ended_at": "2026-10-02T10:00+02:00"}),
    row("25 h of clock, 24 h of time", {"started_at": "2026-10-24T12:00", "ended_at": "2026-10-25T11:00"}),
    row("support without outcome", {"activity": "support"}),
    row("unfounded support", {"activity": "support", "outcome": "unfounded"}),
    row("on-site work", {"activity": "on_site"}),
    row("unfounded on-site work", {"activity": "on_site", "outcome": "unfounded"}),
    row("analysis without severity", {"activity": "change_request_analysis", "severity": ""}),
    row("analysis, rejected", {"activity": "change_request_analysis", "outcome": "offer_rejected"}),
    row("analysis, accepted", {"activity": "change_request_analysis", "outcome": "offer_accepted"}),
    row("development", {"activity": "development"}),
    row("development without severity", {"activity": "development", "severity": ""}),
    row("customer without contract", {"customer": "C3"}),
    row("the customer's contract", {"contract": "K1"}),
    row("id of 100 characters", {"entry": "x" * 100}),
    row("id like a formula", {"entry": "=1+1"}),
    row("id like a path", {"entry": "../../etc/passwd"}),
    row("id like SQL", {"entry": "x'; DROP TABLE invoices; --"}),
    row("id in Cyrillic", {"entry": "Задатак 1"}),
    row("note of 10,000 characters", {"note": "x" * 10_000}),
    row("note over lines", {"note": '"one\ntwo"'}),
]


@pytest.mark.parametrize("fields", GOOD_ENTRIES)
def test_unusual_entries_are_taken(tmp_path, fields):
    """Take a row that is unusual but right, with its text unchanged."""
    read = read_folder(tmp_path, entries(line(ENTRY, **fields)))
    assert read.rejected == []
    (found,) = read.entries
    for column in fields.keys() - {"started_at", "ended_at"}:
        assert getattr(found, column) == fields[column].strip('"')


# --- bad rows ---------------------------------------------------------------------------------------------------------

NO_TIME = "allowed is a time such as 2026-10-01T16:40+02:00, from 1970 to 2199"
NO_DAY = "allowed is a day such as 2026-10-01, from 1970 to 2199"
NO_NUMBER = "allowed is a number from 0 up such as 1234.50"
NO_ID = "allowed is an id of up to 100 printable characters"
ACTIVITIES = "allowed: support, change_request_analysis, development, on_site"
OUTCOMES = "allowed: unfounded, offer_rejected, offer_accepted, or empty"
CLOCK = "in Europe/Belgrade (clock change); give it with an offset"
WITH_OFFSET = "write it as 2026-10-01T16:40+02:00"


def bad_time(name, text):
    return row(name, {"started_at": text}, ("started_at", f"{NO_TIME}; found '{text}'"))


def bad_id(name, text, shown):
    return row(name, {"entry": text}, ("entry", f"{NO_ID}; found {shown}"))


def bad_pair(activity, outcome, allowed):
    reason = f"{outcome} does not go with activity {activity}; allowed: {allowed}"
    return row(f"{activity} {outcome}", {"activity": activity, "outcome": outcome}, ("outcome", reason))


BAD_ENTRIES = [
    row("entry empty", {"entry": ""}, ("entry", "is empty")),
    row("customer empty", {"customer": " "}, ("customer", "is empty")),
    row(
        "times empty",
        {"started_at": "", "ended_at": ""},
        ("started_at", "is empty"),
        ("ended_at", "is empty"),
    ),
    row(
        "unknown customer",
        {"customer": "C0"},
        ("customer", "unknown customer 'C0'; no row of customers.csv that could be read has it"),
    ),
    row(
        "customer in small letters",
        {"customer": "c1"},
        ("customer", "unknown customer 'c1'; no row of customers.csv that could be read has it"),
    ),
    row(
        "contract of another customer",
        {"contract": "K2"},
        ("contract", "'K2' is no contract of customer C1; known: K1"),
    ),
    row("unknown contract", {"contract": "K0"}, ("contract", "'K0' is no contract of customer C1; known: K1")),
    row(
        "contract of a customer without one",
        {"customer": "C3", "contract": "K1"},
        ("contract", "'K1' is no contract of customer C3; known: none"),
    ),
    row("unknown severity", {"severity": "T5"}, ("severity", "unknown severity 'T5'; allowed: T1, T2, T3, T4")),
    row(
        "severity in small letters", {"severity": "t1"}, ("severity", "unknown severity 't1'; allowed: T1, T2, T3, T4")
    ),
    row("support without severity", {"severity": ""}, ("severity", "unknown severity ''; allowed: T1, T2, T3, T4")),
    row(
        "on-site work without severity",
        {"severity": "", "activity": "on_site"},
        ("severity", "unknown severity ''; allowed: T1, T2, T3, T4"),
    ),
    row(
        "development of unknown severity",
        {"severity": "P1", "activity": "development"},
        ("severity", "unknown severity 'P1'; allowed: T1, T2, T3, T4"),
    ),
    row("unknown activity", {"activity": "lunch"}, ("activity", f"{ACTIVITIES}; found 'lunch'")),
    row("unknown outcome", {"outcome": "won"}, ("outcome", f"{OUTCOMES}; found 'won'")),
    bad_pair("support", "offer_rejected", "empty, unfounded"),
    bad_pair("support", "offer_accepted", "empty, unfounded"),
    bad_pair("on_site", "offer_rejected", "empty, unfounded"),
    bad_pair("on_site", "offer_accepted", "empty, unfounded"),
    bad_pair("development", "unfounded", "empty"),
    bad_pair("development", "offer_rejected", "empty"),
    bad_pair("development", "offer_accepted", "empty"),
    bad_pair("change_request_analysis", "unfounded", "empty, offer_accepted, offer_rejected"),
    bad_time("date only", "2026-10-01"),
    bad_time("24:00", "2026-10-01T24:00"),
    bad_time("23:60", "2026-10-01T23:60"),
    bad_time("leap second", "2026-10-01T10:00:60Z"),
    bad_time("week date", "2026-W40-4T10:00"),
    bad_time("ordinal date", "2026-274T10:00"),
    bad_time("no dashes", "20261001T1000"),
    bad_time("hour only", "2026-10-01T10"),
    bad_time("31 June", "2026-06-31T10:00Z"),
    bad_time("29 February 2026", "2026-02-29T10:00Z"),
    bad_time("year 0001", "0001-01-01T00:00Z"),
    bad_time("year 1969", "1969-12-31T23:59Z"),
    bad_time("year 2200", "2200-01-01T00:00Z"),
    bad_time("year 9999", "9999-12-31T23:59Z"),
    bad_time("year of five digits", "12026-10-01T10:00Z"),
    bad_time("offset +99:99", "2026-10-01T10:00+99:99"),
    bad_time("offset +24:00", "2026-10-01T10:00+24:00"),
    bad_time("offset with seconds", "2026-10-01T10:00+02:00:30"),
    bad_time("offset by name", "2026-10-01T10:00 CET"),
    bad_time("small z", "2026-10-01T10:00z"),
    bad_time("minus sign of a word processor", "2026-10-01T10:00\u221202:00"),
    bad_time("Arabic digits", "\u0662\u0660\u0662\u0666-10-01T10:00Z"),
    bad_time("full-width digits", "\uff12\uff10\uff12\uff16-10-01T10:00Z"),
    bad_time("day first", "01.10.2026 10:00"),
    bad_time("seconds since 1970", "1790841600"),
    row(
        "gap",
        {"started_at": "2026-03-29T02:30", "ended_at": "2026-03-29T03:30"},
        ("started_at", f"2026-03-29 02:30:00 does not exist {CLOCK}"),
    ),
    row(
        "gap, first minute, at both ends",
        {"started_at": "2026-03-29T02:00", "ended_at": "2026-03-29T02:59:59"},
        ("started_at", f"2026-03-29 02:00:00 does not exist {CLOCK}"),
        ("ended_at", f"2026-03-29 02:59:59 does not exist {CLOCK}"),
    ),
    row(
        "fold",
        {"started_at": "2026-10-25T01:30", "ended_at": "2026-10-25T02:30"},
        ("ended_at", f"2026-10-25 02:30:00 exists twice {CLOCK}"),
    ),
    row(
        "no offset, contracts in two zones",
        {"customer": "C2", "started_at": "2026-10-01T10:00"},
        (
            "started_at",
            f"2026-10-01T10:00:00 has no offset, and the customer's price lists have several time zones; {WITH_OFFSET}",
        ),
    ),
    row(
        "no offset, no contract",
        {"customer": "C3", "ended_at": "2026-10-01T11:00"},
        ("ended_at", f"2026-10-01T11:00:00 has no offset, and the customer has no contract; {WITH_OFFSET}"),
    ),
    row(
        "end before start",
        {"ended_at": "2026-10-01T09:59:59+02:00"},
        ("ended_at", "the end 2026-10-01T09:59:59+02:00 is before the start 2026-10-01T10:00:00+02:00"),
    ),
    row(
        "end before start by the offset",
        {"started_at": "2026-10-01T10:00Z", "ended_at": "2026-10-01T11:00+02:00"},
        ("ended_at", "the end 2026-10-01T11:00:00+02:00 is before the start 2026-10-01T10:00:00+00:00"),
    ),
    row(
        "longer than 24 h",
        {"ended_at": "2026-10-02T11:00+02:00"},
        ("ended_at", "the entry is 25:00:00 h long; allowed is up to 24 h"),
    ),
    row(
        "24 h of clock, 25 h of time",
        {"started_at": "2026-10-24T12:00", "ended_at": "2026-10-25T12:00"},
        ("ended_at", "the entry is 25:00:00 h long; allowed is up to 24 h"),
    ),
    bad_id("id of 101 characters", "x" * 101, f"'{'x' * 57}...'"),
    bad_id("id with a line end", '"E\n1"', r"'E\n1'"),
    bad_id("id with a tab", "E\t1", r"'E\t1'"),
    bad_id("id with an escape sequence", "E\x1b[2J", r"'E\x1b[2J'"),
    bad_id("id written right to left", "E\u202e1", r"'E\u202e1'"),
    bad_id("id with an invisible space", "E\u200b1", r"'E\u200b1'"),
    bad_id("id with a no-break space", "E\xa01", r"'E\xa01'"),
    row("10,001 characters", {"note": "x" * 10_001}, ("note", "longer than 10,000 characters")),
    row(
        "two long fields",
        {"note": "x" * 10_001, "engineer": "y" * 20_000},
        ("engineer", "longer than 10,000 characters"),
        ("note", "longer than 10,000 characters"),
    ),
    row(
        "several wrong values",
        {"activity": "lunch", "outcome": "won", "started_at": "now", "ended_at": ""},
        ("activity", f"{ACTIVITIES}; found 'lunch'"),
        ("outcome", f"{OUTCOMES}; found 'won'"),
        ("started_at", f"{NO_TIME}; found 'now'"),
        ("ended_at", "is empty"),
    ),
    row(
        "severity, outcome and time",
        {"severity": "T5", "activity": "development", "outcome": "unfounded", "ended_at": "2026-09-01T10:00Z"},
        ("severity", "unknown severity 'T5'; allowed: T1, T2, T3, T4"),
        ("outcome", "unfounded does not go with activity development; allowed: empty"),
        ("ended_at", "the end 2026-09-01T10:00:00+00:00 is before the start 2026-10-01T10:00:00+02:00"),
    ),
    row(
        "unknown customer and contract",
        {"customer": "C0", "contract": "K1"},
        ("customer", "unknown customer 'C0'; no row of customers.csv that could be read has it"),
        ("contract", "'K1' is no contract of customer C0; known: none"),
    ),
]


@pytest.mark.parametrize(("fields", "problems"), [row(p.id, p.values[0], list(p.values[1:])) for p in BAD_ENTRIES])
def test_a_bad_entry_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad row between two good ones, which come out."""
    good = line(ENTRY, entry="G1"), line(ENTRY, entry="G2")
    read = read_folder(tmp_path, entries(good[0], line(ENTRY, **fields), good[1]))
    assert [e.entry for e in read.entries] == ["G1", "G2"]
    assert [tuple(one) for one in read.rejected] == [("time_entries.csv", 3, *problem) for problem in problems]


NO_COVERAGE = (
    'allowed is severity=days from-to, such as "T1=every_day 00:00-24:00; T2=working_days 07:00-22:00"; found '
)


def bad_coverage(name, text, reason=NO_COVERAGE):
    return row(name, {"coverage": f'"{text}"'}, ("coverage", f"{reason}'{text}'"))


BAD_CONTRACTS = [
    row("contract empty", {"contract": ""}, ("contract", "is empty")),
    row(
        "unknown customer",
        {"customer": "C0"},
        ("customer", "unknown customer 'C0'; no row of customers.csv that could be read has it"),
    ),
    row("unknown price list", {"price_list": "b2b"}, ("price_list", "no price list 'b2b'; known: b2bee, kyiv, tokyo")),
    row(
        "unknown package",
        {"package": "gold"},
        (
            "package",
            "price list b2bee has no package 'gold'; allowed: basic, standard, premium, dedicated, out-of-package",
        ),
    ),
    row(
        "dedicated without fee",
        {"package": "dedicated", "included_hours": "40"},
        ("monthly_fee", "is empty; package dedicated takes its fee from the contract"),
    ),
    row(
        "ends before it starts",
        {"ends_on": "2025-12-31"},
        ("ends_on", "2025-12-31 is before starts_on 2026-01-01"),
    ),
    row("start with a time", {"starts_on": "2026-01-01T00:00"}, ("starts_on", f"{NO_DAY}; found '2026-01-01T00:00'")),
    row("30 February", {"starts_on": "2026-02-30"}, ("starts_on", f"{NO_DAY}; found '2026-02-30'")),
    row("day first", {"ends_on": "31.12.2026"}, ("ends_on", f"{NO_DAY}; found '31.12.2026'")),
    row("end in 9999", {"ends_on": "9999-12-31"}, ("ends_on", f"{NO_DAY}; found '9999-12-31'")),
    row(
        "interval of a week",
        {"fee_interval": "week"},
        ("fee_interval", "allowed: month, quarter, year, or empty; found 'week'"),
    ),
    row(
        "timing in between",
        {"fee_timing": "within"},
        ("fee_timing", "allowed: arrears, advance, or empty; found 'within'"),
    ),
    row("quantity of 0", {"quantity": "0"}, ("quantity", "allowed is a whole number from 1 to 999999; found '0'")),
    row(
        "quantity of 1.5", {"quantity": "1.5"}, ("quantity", "allowed is a whole number from 1 to 999999; found '1.5'")
    ),
    row(
        "quantity of a million",
        {"quantity": "1000000"},
        ("quantity", "allowed is a whole number from 1 to 999999; found '1000000'"),
    ),
    row("negative fee", {"monthly_fee": "-1"}, ("monthly_fee", f"{NO_NUMBER}; found '-1'")),
    row("decimal comma", {"monthly_fee": '"1,5"'}, ("monthly_fee", f"{NO_NUMBER}; found '1,5'")),
    row("currency sign", {"monthly_fee": "€5"}, ("monthly_fee", f"{NO_NUMBER}; found '€5'")),
    row("NaN", {"hourly_rate": "NaN"}, ("hourly_rate", f"{NO_NUMBER}; found 'NaN'")),
    row("infinity", {"hourly_rate": "Infinity"}, ("hourly_rate", f"{NO_NUMBER}; found 'Infinity'")),
    row("1e400", {"development_rate": "1e400"}, ("development_rate", f"{NO_NUMBER}; found '1e400'")),
    row("underscores", {"development_rate": "1_0"}, ("development_rate", f"{NO_NUMBER}; found '1_0'")),
    row("Arabic digits", {"hourly_rate": "\u0665"}, ("hourly_rate", f"{NO_NUMBER}; found '\u0665'")),
    row("fee finer than cents", {"monthly_fee": "1.005"}, ("monthly_fee", "1.005 is finer than the cents of EUR")),
    row(
        "fee finer than yen",
        {"customer": "C4", "price_list": "tokyo", "monthly_fee": "100.5"},
        ("monthly_fee", "100.5 is finer than the cents of JPY"),
    ),
    row(
        "hours that are no whole minutes",
        {"included_hours": "0.01"},
        (
            "included_hours",
            "allowed is a number of hours that is a whole number of minutes, such as 7.5; found '0.01'",
        ),
    ),
    row(
        "price list in another currency",
        {"price_list": "tokyo"},
        ("price_list", "tokyo is in JPY, customer C1 pays in EUR"),
    ),
    row(
        "coverage of an unknown severity",
        {"coverage": "T5=mon 09:00-17:00"},
        ("coverage", "unknown severity T5; allowed: T1, T2, T3, T4"),
    ),
    bad_coverage("coverage without windows", "T1"),
    bad_coverage("coverage without hours", "T1=every_day"),
    bad_coverage("coverage of an unknown day", "T1=workdays 09:00-17:00"),
    bad_coverage("coverage over midnight", "T1=every_day 22:00-06:00"),
    bad_coverage("coverage of no time", "T1=every_day 09:00-09:00"),
    bad_coverage("coverage that names a severity twice", "T1=mon 09:00-17:00; T1=tue 09:00-17:00"),
    bad_coverage("coverage with a rest", "T1=mon 09:00-17:00; and more"),
    bad_coverage(
        "coverage to 24:30", "T1=mon 09:00-24:30", "'24:30' is no time of day; allowed is 00:00 to 24:00; found "
    ),
    bad_coverage(
        "coverage that overlaps",
        "T1=every_day 09:00-17:00, mon 16:00-18:00",
        "T1: window 1 and window 2 overlap at 16:00-17:00 on mon; found ",
    ),
    row(
        "several wrong terms",
        {"ends_on": "2025-12-31", "monthly_fee": "1.005", "coverage": "T5=mon 09:00-17:00"},
        ("ends_on", "2025-12-31 is before starts_on 2026-01-01"),
        ("monthly_fee", "1.005 is finer than the cents of EUR"),
        ("coverage", "unknown severity T5; allowed: T1, T2, T3, T4"),
    ),
]


@pytest.mark.parametrize(("fields", "problems"), [row(p.id, p.values[0], list(p.values[1:])) for p in BAD_CONTRACTS])
def test_a_bad_contract_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad contract between two good ones, which come out."""
    good = line(CONTRACT, contract="G1"), line(CONTRACT, contract="G2")
    read = read_folder(tmp_path, {"contracts.csv": table(CONTRACT, good[0], line(CONTRACT, **fields), good[1])})
    assert [c.contract for c in read.contracts] == ["G1", "G2"]
    assert [tuple(one) for one in read.rejected] == [("contracts.csv", 3, *problem) for problem in problems]


BAD_EXPENSES = [
    row(
        "unknown customer",
        {"customer": "C0"},
        ("customer", "unknown customer 'C0'; no row of customers.csv that could be read has it"),
    ),
    row("finer than cents", {"amount": "18.405"}, ("amount", "18.405 is finer than the cents of EUR")),
    row("finer than yen", {"customer": "C4", "amount": "18.4"}, ("amount", "18.4 is finer than the cents of JPY")),
    row("negative", {"amount": "-18.40"}, ("amount", f"{NO_NUMBER}; found '-18.40'")),
    row("with a sign", {"amount": "+18.40"}, ("amount", f"{NO_NUMBER}; found '+18.40'")),
    row("decimal comma", {"amount": '"18,40"'}, ("amount", f"{NO_NUMBER}; found '18,40'")),
    row("13 digits", {"amount": "1234567890123"}, ("amount", f"{NO_NUMBER}; found '1234567890123'")),
    row("no description", {"description": ""}, ("description", "is empty")),
    row("day with a time", {"spent_on": "2026-10-05T10:00"}, ("spent_on", f"{NO_DAY}; found '2026-10-05T10:00'")),
    row("no id", {"expense": ""}, ("expense", "is empty")),
]


@pytest.mark.parametrize(("fields", "problems"), [row(p.id, p.values[0], list(p.values[1:])) for p in BAD_EXPENSES])
def test_a_bad_expense_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad expense between two good ones, which come out."""
    good = line(EXPENSE, expense="G1"), line(EXPENSE, expense="G2", amount="18.4000")
    read = read_folder(tmp_path, {"expenses.csv": table(EXPENSE, good[0], line(EXPENSE, **fields), good[1])})
    assert [e.expense for e in read.expenses] == ["G1", "G2"]
    assert [tuple(one) for one in read.rejected] == [("expenses.csv", 3, *problem) for problem in problems]


BAD_CUSTOMERS = [
    row("no id", {"customer": ""}, ("customer", "is empty")),
    row("no name", {"name": ""}, ("name", "is empty")),
    row(
        "country in words", {"country": "Serbia"}, ("country", "allowed is an ISO 3166 code such as RS; found 'Serbia'")
    ),
    row(
        "country in small letters", {"country": "rs"}, ("country", "allowed is an ISO 3166 code such as RS; found 'rs'")
    ),
    row(
        "currency in words", {"currency": "euro"}, ("currency", "allowed is an ISO 4217 code such as EUR; found 'euro'")
    ),
    row("currency by sign", {"currency": "€"}, ("currency", "allowed is an ISO 4217 code such as EUR; found '€'")),
]


@pytest.mark.parametrize(("fields", "problems"), [row(p.id, p.values[0], list(p.values[1:])) for p in BAD_CUSTOMERS])
def test_a_bad_customer_is_rejected_with_line_column_and_reason(tmp_path, fields, problems):
    """Reject a bad customer between two good ones, which come out."""
    good = line(CUSTOMER, customer="G1"), line(CUSTOMER, customer="G2")
    text = table(CUSTOMER, good[0], line(CUSTOMER, **fields), good[1])
    read = read_folder(tmp_path, {"customers.csv": text, "contracts.csv": None})
    assert [c.customer for c in read.customers] == ["G1", "G2"]
    assert [tuple(one) for one in read.rejected] == [("customers.csv", 3, *problem) for problem in problems]


def test_every_bad_row_of_a_mixed_folder_is_reported_at_once(tmp_path):
    """Report bad rows of all files in one pass, and let all good rows out."""
    text = table(
        ENTRY,
        line(ENTRY, severity="T5"),
        line(ENTRY, entry="E2"),
        "E3,C1",
        line(ENTRY, entry="E4", ended_at="2026-10-01T09:00Z", started_at="2026-10-01T10:00Z"),
        "",
        line(ENTRY, entry="E5", note='"two\nlines"'),
        line(ENTRY, entry="E6", started_at="soon"),
        line(ENTRY, entry="E2", severity="T3"),
        line(ENTRY, entry="E7"),
    )
    files = {
        "customers.csv": CUSTOMERS + "C5,Five,euro\n",
        "contracts.csv": CONTRACTS + "K5,C1,b2bee,gold,2016-01-01\n",
        "time_entries.csv": text,
        "expenses.csv": table(EXPENSE, line(EXPENSE, amount="1.001"), line(EXPENSE, expense="X2")),
    }
    read = read_folder(tmp_path, files)
    assert [one[:3] for one in read.rejected] == [
        ("customers.csv", 6, "currency"),
        ("contracts.csv", 6, "package"),
        ("time_entries.csv", 2, "severity"),
        ("time_entries.csv", 4, ""),
        ("time_entries.csv", 5, "ended_at"),
        ("time_entries.csv", 9, "started_at"),
        ("time_entries.csv", 10, "entry"),
        ("expenses.csv", 2, "amount"),
    ]
    assert [e.entry for e in read.entries] == ["E2", "E5", "E7"]
    assert read.lines["time_entries.csv"] == [3, 7, 11]
    assert [e.expense for e in read.expenses] == ["X2"]
    assert [len(read.customers), len(read.contracts)] == [4, 4]


# --- the form of a file -----------------------------------------------------------------------------------------------

BAD = line(ENTRY, entry="B1", severity="T5")
GOOD = line(ENTRY)

PHYSICAL_LINES = [
    row("first row", [BAD], 2),
    row("after a good row", [GOOD, BAD], 3),
    row("after an empty line", ["", BAD], 3),
    row("after three empty lines", [GOOD, "", "", "", BAD], 6),
    row("after a field of two lines", [line(ENTRY, note='"a\nb"'), BAD], 4),
    row("after a field of empty lines", [line(ENTRY, note='"a\n\n\n\nb"'), BAD], 7),
    row(
        "begins where its own field of two lines begins",
        [GOOD, line(ENTRY, entry="B1", severity="T5", note='"a\nb"')],
        3,
    ),
    row("after a rejected row of two lines", ['E9,C0,"a\nb"', BAD], 4),
]


@pytest.mark.parametrize(("lines", "number"), PHYSICAL_LINES)
@pytest.mark.parametrize("end", [row("LF", "\n"), row("CRLF", "\r\n")])
def test_lines_are_those_that_an_editor_shows(tmp_path, lines, number, end):
    """Count physical lines, also where fields hold line ends and lines are empty."""
    text = table(ENTRY, *lines).replace("\n", end)
    assert rejected(tmp_path, {"time_entries.csv": text})[-1][:3] == ("time_entries.csv", number, "severity")


FORMS = [
    row("byte order mark", b"\xef\xbb\xbf" + table(ENTRY, GOOD).encode()),
    row("no line end at the end", table(ENTRY, GOOD).removesuffix("\n")),
    row("empty lines at the end", table(ENTRY, GOOD) + "\n\n\n"),
    row("Windows line ends", table(ENTRY, GOOD).replace("\n", "\r\n")),
    row("all quoted", "\n".join('"' + text.replace(",", '","') + '"' for text in table(ENTRY, GOOD).splitlines())),
    row("spaces around the names", table(ENTRY, GOOD).replace(",", " , ")),
    row("columns in another order", table(dict(reversed(ENTRY.items())), ",".join(reversed(ENTRY.values())))),
    row("further columns", table({**ENTRY, "colour": "", "model_config": ""}, f"{GOOD},blue,x")),
    row("a column without name", table({**ENTRY, "": ""}, f"{GOOD},blue")),
    row("byte order mark and quotes", b"\xef\xbb\xbf" + table(ENTRY, GOOD).replace("entry,", '"entry",', 1).encode()),
]


@pytest.mark.parametrize("text", FORMS)
def test_files_of_other_programs_are_read(tmp_path, text):
    """Read the same row from every usual form of CSV."""
    read = read_folder(tmp_path, {"time_entries.csv": text})
    assert read.entries == [TimeEntry("E1", "C1", TEN, TEN + 3600, "T2", "support", "")]
    assert (read.rejected, read.warnings, read.unread) == ([], [], [])


HEADER = table(ENTRY)
INVALID = "from here on the file is no valid CSV: "

BAD_FILES = [
    row("empty file", "", ("entry", "the header lacks entry, customer, started_at, ended_at; found nothing"), 1),
    row(
        "empty line for a header",
        "\n" + HEADER,
        ("entry", "the header lacks entry, customer, started_at, ended_at; found nothing"),
        1,
    ),
    row(
        "column missing",
        table(dict.fromkeys(["entry", "customer", "started_at", "note"], "")),
        ("ended_at", "the header lacks ended_at; found entry, customer, started_at, note"),
        1,
    ),
    row(
        "names in capitals",
        table({key.upper(): "" for key in ("entry", "customer", "started_at", "ended_at")}),
        (
            "entry",
            "the header lacks entry, customer, started_at, ended_at; found ENTRY, CUSTOMER, STARTED_AT, ENDED_AT",
        ),
        1,
    ),
    row("column twice", HEADER.replace("note", "severity"), ("severity", "the column stands twice in the header"), 1),
    row("unknown column twice", HEADER.replace("note", "x,x"), ("x", "the column stands twice in the header"), 1),
    row("semicolons", table(ENTRY, GOOD).replace(",", ";"), ("", "the fields must be separated by commas"), 1),
    row("tabs", table(ENTRY, GOOD).replace(",", "\t"), ("", "the fields must be separated by commas"), 1),
    row("too few fields", table(ENTRY, GOOD, "E2,C1,,T2"), ("", "the row has 4 fields, the header 10"), 3),
    row("too many fields", table(ENTRY, GOOD, f"{GOOD},"), ("", "the row has 11 fields, the header 10"), 3),
    row("quote not closed", table(ENTRY, GOOD, f'{GOOD}"x', GOOD), ("", f"{INVALID}unexpected end of data"), 3),
    row("text behind a quote", table(ENTRY, GOOD, f'{GOOD}"x"y', GOOD), ("", f"{INVALID}',' expected after '\"'"), 3),
    row(
        "field of 200 kB",
        table(ENTRY, GOOD, f"{GOOD}{'x' * 200_000}", GOOD),
        ("", f"{INVALID}field larger than field limit (131072)"),
        3,
    ),
]


@pytest.mark.parametrize(("text", "problem", "number"), BAD_FILES)
def test_a_file_of_another_form_is_rejected_from_there_on(tmp_path, text, problem, number):
    """Say from which line on a file can not be read, and keep what stood before."""
    read = read_folder(tmp_path, {"time_entries.csv": text})
    assert [tuple(one) for one in read.rejected] == [("time_entries.csv", number, *problem)]
    assert read.lines["time_entries.csv"] == ([2] if number > 2 else [])


NOT_UTF8 = "from here on the file is not UTF-8; save it as CSV UTF-8"


@pytest.mark.parametrize(
    "content",
    [
        row("Latin-2 in the second row", table(ENTRY, GOOD, f"{GOOD}Niš", GOOD).encode("iso8859-2")),
        row("UTF-16", table(ENTRY, GOOD).encode("utf-16")),
        row("half a character at the end", table(ENTRY, GOOD).encode() + b"\xc5"),
        row("overlong form of a slash", table(ENTRY, f"{GOOD}x").encode().replace(b"x", b"\xc0\xaf")),
        row("half a surrogate pair", table(ENTRY, f"{GOOD}x").encode().replace(b"x", b"\xed\xa0\x80")),
    ],
)
def test_a_file_that_is_not_utf8_is_rejected(tmp_path, content):
    """Say once that a file is not UTF-8, at a line that is not behind the bad byte."""
    (problem,) = read_folder(tmp_path, {"time_entries.csv": content}).rejected
    assert (problem.file, problem.column, problem.reason) == ("time_entries.csv", "", NOT_UTF8)
    assert 1 <= problem.line <= content.count(b"\n") + 1


def test_rows_far_before_a_bad_byte_come_out(tmp_path):
    """Stream a long file up to about where it is not UTF-8 any more, and lose no row before that line."""
    good = [line(ENTRY, entry=f"E{number}") for number in range(2, 1002)]
    content = table(ENTRY, *good).encode() + b"\xff\n"
    read = read_folder(tmp_path, {"time_entries.csv": content})
    (problem,) = read.rejected
    assert problem.line > 800
    assert read.lines["time_entries.csv"] == list(range(2, problem.line))


def test_a_folder_in_place_of_a_file_is_rejected(tmp_path):
    """Say that time_entries.csv can not be read when it is a folder."""
    (tmp_path / "time_entries.csv").mkdir()
    assert rejected(tmp_path, {}) == [("time_entries.csv", 0, "", "the file can not be read: Is a directory")]


# --- the same id twice ------------------------------------------------------------------------------------------------

OTHER = "E1 stands in line 2 already, with other content"

REPEATED = [
    row("the same row", [GOOD, GOOD], []),
    row("the same row thrice", [GOOD, GOOD, GOOD], []),
    row("the same instant in other words", [GOOD, line(ENTRY, started_at="2026-10-01T08:00Z")], []),
    row("the default in words", [GOOD, line(ENTRY, activity="support")], []),
    row("another end", [GOOD, line(ENTRY, ended_at="2026-10-01T12:00+02:00")], [(3, "entry", OTHER)]),
    row("another note", [GOOD, line(ENTRY, note="x")], [(3, "entry", OTHER)]),
    row("another customer", [GOOD, line(ENTRY, customer="C2")], [(3, "entry", OTHER)]),
    row(
        "two others",
        [GOOD, line(ENTRY, note="x"), GOOD, line(ENTRY, note="x")],
        [(3, "entry", OTHER), (5, "entry", OTHER)],
    ),
]


@pytest.mark.parametrize(("lines", "problems"), REPEATED)
def test_a_repeated_entry_counts_once_or_is_rejected(tmp_path, lines, problems):
    """Ignore the same row again, and refuse another row of the same id."""
    read = read_folder(tmp_path, entries(*lines))
    assert read.lines["time_entries.csv"] == [2]
    assert [tuple(one) for one in read.rejected] == [("time_entries.csv", *problem) for problem in problems]


@pytest.mark.parametrize(
    ("name", "base", "fields", "column"),
    [
        row("customers", "customers.csv", CUSTOMER, {"name": "Other"}, "customer"),
        row("contracts", "contracts.csv", CONTRACT, {"package": "basic"}, "contract"),
        row("expenses", "expenses.csv", EXPENSE, {"amount": "18.41"}, "expense"),
    ],
)
def test_repeated_rows_of_the_other_files(tmp_path, name, base, fields, column):
    """Ignore the same row again in every file, and refuse a differing one."""
    first = line(base)
    known = next(iter(base.values()))
    files = {"contracts.csv": None, name: table(base, first, first, line(base, **fields), first)}
    customers = {"C1": Customer("C1", "One", "", "")}
    read = read_folder(tmp_path, files, customers=customers)
    assert read.lines[name] == [2]
    assert [tuple(one) for one in read.rejected] == [
        (name, 4, column, f"{known} stands in line 2 already, with other content")
    ]


# --- one engineer, two sessions ---------------------------------------------------------------------------------------


def session(name, start, end, engineer="Mila", **fields):
    """Write a session of 1 October."""
    times = {"started_at": f"2026-10-01T{start}", "ended_at": f"2026-10-01T{end}"}
    return line(ENTRY, entry=name, engineer=engineer, **times, **fields)


def at_work(number, later, earlier, other_line, engineer="Mila"):
    return (number, f"{engineer} was at work on {later} and {earlier} (line {other_line}) at the same time")


OVERLAPS = [
    row("touching", [session("E1", "10:00", "11:00"), session("E2", "11:00", "12:00")], []),
    row("apart", [session("E1", "10:00", "11:00"), session("E2", "12:00", "13:00")], []),
    row("two engineers", [session("E1", "10:00", "11:00"), session("E2", "10:00", "11:00", "Petar")], []),
    row("no engineer", [session("E1", "10:00", "11:00", ""), session("E2", "10:00", "11:00", "")], []),
    row("one minute", [session("E1", "10:00", "11:00"), session("E2", "10:59", "12:00")], [at_work(3, "E2", "E1", 2)]),
    row(
        "later one first",
        [session("E2", "10:59", "12:00"), session("E1", "10:00", "11:00")],
        [at_work(2, "E2", "E1", 3)],
    ),
    row("same time", [session("E1", "10:00", "11:00"), session("E2", "10:00", "11:00")], [at_work(3, "E2", "E1", 2)]),
    row("within", [session("E1", "10:00", "15:00"), session("E2", "11:00", "12:00")], [at_work(3, "E2", "E1", 2)]),
    row(
        "two within one",
        [session("E1", "10:00", "15:00"), session("E2", "11:00", "12:00"), session("E3", "12:00", "13:00")],
        [at_work(3, "E2", "E1", 2), at_work(4, "E3", "E1", 2)],
    ),
    row(
        "chain",
        [session("E1", "10:00", "12:00"), session("E2", "11:00", "14:00"), session("E3", "13:00", "15:00")],
        [at_work(3, "E2", "E1", 2), at_work(4, "E3", "E2", 3)],
    ),
    row(
        "at two customers",
        [session("E1", "10:00", "11:00"), session("E2", "10:30+02:00", "11:00+02:00", customer="C2")],
        [at_work(3, "E2", "E1", 2)],
    ),
    row("the same row twice", [session("E1", "10:00", "11:00"), session("E1", "10:00", "11:00")], []),
    row("a rejected one", [session("E1", "10:00", "11:00"), session("E2", "10:00", "11:00", severity="T5")], []),
]


@pytest.mark.parametrize(("lines", "warnings"), OVERLAPS)
def test_overlapping_sessions_of_one_engineer_are_warnings(tmp_path, lines, warnings):
    """Warn at the later session and name the earlier one; both are taken."""
    read = read_folder(tmp_path, entries(*lines))
    assert [tuple(one) for one in read.warnings] == [
        ("time_entries.csv", number, "engineer", reason) for number, reason in warnings
    ]


def test_overlapping_sessions_are_taken(tmp_path):
    """Let both sessions out, because a warning is no rejection."""
    read = read_folder(tmp_path, entries(session("E1", "10:00", "11:00"), session("E2", "10:30", "12:00")))
    assert [e.entry for e in read.entries] == ["E1", "E2"]
    assert (len(read.warnings), read.rejected) == (1, [])


# --- the folder itself ------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """Say that there is no such folder."""
    with pytest.raises(InputFolderError, match="nowhere is no folder"):
        InputFolder(tmp_path / "nowhere", BOOK)


def test_a_folder_without_input_files_is_refused(tmp_path):
    """Name the files that a folder may hold when it has none of them."""
    (tmp_path / "other.csv").write_text("x", encoding="utf-8")
    names = (
        "customers.csv, contracts.csv, time_entries.csv, expenses.csv, tickets.csv, ticket_pauses.csv, outages.csv, "
        "claims.csv, payments.csv"
    )
    with pytest.raises(InputFolderError, match=f"has none of {re.escape(names)}$"):
        InputFolder(tmp_path, BOOK)


def test_csv_files_that_nobody_reads_are_named(tmp_path):
    """List the CSV files that are left alone, so that none is lost silently."""
    files = {"time_entry.csv": "x", "absences.csv": "x", "pauses.csv": "x", "README.md": "x"}
    read = read_folder(tmp_path, files)
    assert read.unread == ["absences.csv", "pauses.csv", "time_entry.csv"]


def test_files_that_are_of_no_use_here_are_named_too(tmp_path):
    """List also the files of the nine that a command has no use for."""
    for name in (*FILES, "absences.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    folder = InputFolder(tmp_path, BOOK)
    assert folder.unread() == ["absences.csv"]
    assert folder.unread(FILES[:4]) == sorted(["absences.csv", *FILES[4:]])


def test_what_is_known_already_need_not_be_in_the_folder(tmp_path):
    """Refer to customers and contracts of earlier imports."""
    known = {
        "customers": {"C7": Customer("C7", "Seven", "", "")},
        "contracts": {"K7": contract("premium", contract="K7", customer="C7", price_list="kyiv")},
    }
    times = {"started_at": "2026-10-01T10:00", "ended_at": "2026-10-01T11:00"}
    files = {
        "customers.csv": None,
        "contracts.csv": None,
        **entries(line(ENTRY, customer="C7", contract="K7", **times)),
    }
    read = read_folder(tmp_path, files, **known)
    assert [e.started_at for e in read.entries] == [instant("2026-10-01T10:00+03:00")]
    assert read.rejected == []


KNOWN_FEE = {"K7": contract("dedicated", contract="K7", monthly_fee="1900", quantity=2)}


@pytest.mark.parametrize(
    ("head", "cells", "fee", "quantity"),
    [
        row("no columns", "", "", 1900, 2),
        row("another fee", ",monthly_fee", ",2000", 2000, 2),
        row("empty quantity", ",quantity", ",", 1900, 1),
    ],
)
def test_columns_that_the_file_does_not_have_stay_as_known(tmp_path, head, cells, fee, quantity):
    """Keep what is known of a contract where the file has no column; an empty field takes it away."""
    first = f"contract,customer,price_list,package,starts_on{head}"
    files = {"contracts.csv": f"{first}\nK7,C1,b2bee,dedicated,2016-01-01{cells}\n"}
    read = read_folder(tmp_path, files, contracts=KNOWN_FEE)
    assert [(one.monthly_fee, one.quantity) for one in read.contracts] == [(fee, quantity)]
    assert read.rejected == []


# --- anything at all --------------------------------------------------------------------------------------------------

WORDS = [
    *[
        "",
        "C1",
        "C2",
        "K1",
        "K2",
        "E1",
        "E2",
        "T1",
        "T5",
        "b2bee",
        "kyiv",
        "premium",
        "dedicated",
        "support",
        "on_site",
    ],
    *["unfounded", "offer_rejected", "change_request_analysis", "2026-10-01", "2026-10-01T10:00", "2026-10-25T02:30"],
    *[
        "2026-10-01T10:00+02:00",
        "2026-10-02T10:00:01+02:00",
        "2026-03-29T02:30",
        "2199-12-31T23:59-23:59",
        "1970-01-01",
    ],
    *[
        "0",
        "1",
        "-1",
        "7.5",
        "0.01",
        "1e400",
        "NaN",
        "999999999999.999999999",
        "EUR",
        "RS",
        "RSD",
        "\x00",
        "\u202e",
        "\u0663",
    ],
    *[
        "TK1",
        "TK2",
        "P1",
        "trifft",
        "standard",
        "uptime",
        "ticket",
        "2026-09",
        "9998-12",
        "2026-13",
        "yes",
        "no",
        "maybe",
    ],
    *["K1;K2", "K1|K1", "K2;", ";|;", "USD", "JPY", "0.000", ".", "=1+1", "@SUM(A1)", "=cmd|' /C calc'!A0"],
    *["1970-01-01T00:00Z", "1970-01-01T00:00+00:01", "2026-10-01T09:59:59+02:00", "2026-10-01T12:00", "x" * 100_000],
    *["T1=every_day 00:00-24:00", "T1=mon 24:00-25:00", "=", ";", "T1=;", "x" * 101, "x" * 10_001, '"a\nb"', '"', "é"],
]
CELL = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))
OPEN_BOOK = PriceListBook([*LISTS, agreement("trifft")])
"""With a list whose contracts may be in any currency."""
C1 = {"C1": Customer("C1", "One", "", "")}
OF_C1 = {"TK1": "C1"}


@st.composite
def some_csv(draw, base):
    """Draw a file that is nearly right: the columns, and rows with some cells replaced by anything."""
    rows = [",".join(base)]
    for _ in range(draw(st.integers(0, 4))):
        cells = dict(base)
        for column in draw(st.lists(st.sampled_from(list(base)), max_size=3)):
            cells[column] = draw(CELL)
        rows.append(",".join(cells.values()))
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(rows).encode("utf-8", "surrogatepass")


def check_whatever_was_read(read):
    """Check what must hold of everything that comes out of a folder."""
    for entry in read.entries:
        assert 0 <= entry.ended_at - entry.started_at <= 86_400
        assert entry.customer in {"C1", "C2", "C3", "C4"}
        assert entry.entry.isprintable()
    for expense in read.expenses:
        assert 0 <= expense.amount < 10**12
    for one in read.contracts:
        price_list = OPEN_BOOK.versions(one.price_list)[0]
        assert price_list.other_currencies or not one.currency
    check_what_happened(read)
    check_requests(read)
    for one in read.rejected:
        assert one.file in FILES
        assert one.line >= 1
        assert one.column in {"", *BASES[one.file]} or "the column stands twice" in one.reason
        assert one.reason


def check_what_happened(read):
    """Check tickets, pauses and outages."""
    contracts = {one.contract: one.customer for one in read.contracts}
    for ticket in read.tickets:
        events = (ticket.first_response_at, ticket.workaround_at, ticket.resolved_at)
        assert all(event is None or event >= ticket.opened_at for event in events)
        assert ticket.customer in {"C1", "C2", "C3", "C4"}
        assert all(contracts[one] == ticket.customer for one in ticket.contracts)
        assert ticket.ticket.isprintable()
    for pause in read.pauses:
        assert pause.ticket in {*OF_C1, *(ticket.ticket for ticket in read.tickets)}
        assert pause.resumed_at is None or pause.resumed_at >= pause.paused_at
    for outage in read.outages:
        assert outage.customer in {"", "C1", "C2", "C3", "C4"}
        assert outage.ended_at is None or outage.ended_at >= outage.started_at


def check_requests(read):
    """Check claims and payments."""
    for claim in read.claims:
        assert claim.customer in {"C1", "C2", "C3", "C4"}
        assert (claim.period is not None) == (claim.kind == ClaimKind.UPTIME)
        assert bool(claim.ticket) == (claim.breach_on is not None) == (claim.kind == ClaimKind.TICKET)
    for payment in read.payments:
        assert 0 < payment.amount < 10**12


@pytest.mark.parametrize("name", FILES)
@given(
    content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
)
@settings(max_examples=100)
def test_random_bytes_never_crash(name, content):
    """Give every file random content: it is read or rejected."""
    with tempfile.TemporaryDirectory() as folder:
        check_whatever_was_read(read_folder(Path(folder), {name: content}))


@pytest.mark.parametrize("name", FILES)
@given(tail=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
@settings(max_examples=100)
def test_random_bytes_below_a_header_never_crash(name, tail):
    """Give every file its columns and a good row, and then random content."""
    content = table(BASES[name], line(BASES[name])).encode() + tail
    with tempfile.TemporaryDirectory() as folder:
        read = read_folder(Path(folder), {name: content}, customers=C1, tickets=OF_C1)
        check_whatever_was_read(read)
        assert read.lines[name][:1] == [2]


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(max_examples=250)
def test_nearly_right_files_never_crash(name, data):
    """Give every file rows with random cells: no impossible entry comes out."""
    content = data.draw(some_csv(BASES[name]))
    with tempfile.TemporaryDirectory() as folder:
        read = read_folder(Path(folder), {name: content}, OPEN_BOOK, customers=C1, tickets=OF_C1)
        check_whatever_was_read(read)


PLAIN_CELL = CELL.filter(lambda text: not set(text) & set('"\r\n,') and len(text) < 10_000)


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(max_examples=250)
def test_every_row_is_taken_or_rejected(name, data):
    """Find each row of a file among the good or the rejected ones, and none among both."""
    first, *others = BASES[name]
    changes = st.dictionaries(st.sampled_from(others), PLAIN_CELL, max_size=3)
    rows = data.draw(st.lists(changes, max_size=6))
    lines = [line(BASES[name], **{first: f"E{number}"}, **cells) for number, cells in enumerate(rows)]
    content = table(BASES[name], *lines).encode("utf-8", "replace")
    tickets = {f"E{number}": "C1" for number in range(len(rows))}
    with tempfile.TemporaryDirectory() as folder:
        read = read_folder(Path(folder), {name: content}, OPEN_BOOK, customers=C1, tickets=tickets)
    good, bad = set(read.lines[name]), {one.line for one in read.rejected if one.file == name}
    assert not good & bad
    assert good | bad == set(range(2, len(rows) + 2))
