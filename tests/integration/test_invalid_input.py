"""Invalid input of every kind leaves the database as it was, and is named with file, line and column."""

import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from books import Books, row
from sla_builders import moment

from billing_engine import Month
from billing_engine.billing_run import RunOutcome
from billing_engine.errors import BillingError, InputFolderError
from billing_engine.model.credit import Grant
from billing_engine.storage.tables import metadata

COMMAND = str(Path(sys.executable).parent / "billing-engine")
STORED = {
    "customers": (
        "customer,name,country,currency\nC1,Aurora,RS,EUR\nC2,Balkan,RS,\nC3,Corvina,UA,USD\nC4,Danube,CZ,EUR\n"
    ),
    "contracts": (
        "contract,customer,price_list,package,starts_on,monthly_fee\n"
        "K1,C1,b2bee,standard,2026-01-01,\n"
        "K2,C2,b2bee,standard,2026-01-01,\n"
        "K3,C3,dpo-group,server,2026-01-01,100.00\n"
        "K4,C4,trifft,premium,2026-01-01,800.00\n"
    ),
    "time_entries": (
        "entry,customer,severity,started_at,ended_at,activity\n"
        "E1,C1,T3,2026-10-05T10:00,2026-10-05T11:00,\n"
        "E2,C1,T3,2026-11-05T10:00,2026-11-05T11:00,change_request_analysis\n"
    ),
    "expenses": "expense,customer,spent_on,description,amount\nX1,C1,2026-10-05,Train,10.00\n",
    "tickets": "ticket,customer,severity,channel,opened_at\nT1,C3,critical,helpdesk,2026-10-05T10:00\n",
    "ticket_pauses": "ticket,paused_at,resumed_at\nT1,2026-10-05T10:05,2026-10-05T10:10\n",
    "outages": "outage,customer,started_at,ended_at\nO1,C4,2026-10-05T00:00,2026-10-08T00:00\n",
    "claims": "claim,customer,kind,period,submitted_at\nCL1,C4,uptime,2026-10,2026-11-03T10:00\n",
}
"""What is there before: a row of each kind, whose month is invoiced."""

GOOD = {
    "customers": {"customer": "C9", "name": "Nobody", "country": "RS", "currency": "EUR"},
    "contracts": {
        "contract": "K9",
        "customer": "C1",
        "price_list": "b2bee",
        "package": "standard",
        "starts_on": "2027-01-01",
        "ends_on": "",
        "quantity": "1",
        "currency": "",
        "monthly_fee": "",
        "included_hours": "",
        "hourly_rate": "",
        "development_rate": "",
        "coverage": "",
        "fee_interval": "",
        "fee_timing": "",
    },
    "time_entries": {
        "entry": "E9",
        "customer": "C1",
        "contract": "",
        "ticket": "",
        "severity": "T3",
        "activity": "",
        "outcome": "",
        "started_at": "2026-11-06T10:00",
        "ended_at": "2026-11-06T11:00",
    },
    "expenses": {"expense": "X9", "customer": "C1", "spent_on": "2026-11-06", "description": "Bus", "amount": "1.50"},
    "tickets": {
        "ticket": "T9",
        "customer": "C3",
        "severity": "critical",
        "opened_at": "2026-11-06T10:00",
        "first_response_at": "",
        "workaround_at": "",
        "resolved_at": "",
        "contracts": "",
        "priority_confirmed": "",
    },
    "ticket_pauses": {"ticket": "T1", "paused_at": "2026-11-06T10:00", "resumed_at": "2026-11-06T11:00"},
    "outages": {
        "outage": "O9",
        "customer": "C4",
        "started_at": "2026-11-06T10:00",
        "ended_at": "2026-11-06T11:00",
        "notified_at": "",
    },
    "claims": {
        "claim": "CL9",
        "customer": "C4",
        "kind": "uptime",
        "period": "2026-11",
        "ticket": "",
        "breach_on": "",
        "submitted_at": "2026-12-03T10:00",
    },
    "payments": {"payment": "P9", "invoice": "2026-000001", "paid_on": "2026-11-06", "amount": "1.50"},
}
"""A good row of each file; a bad one is such a row with something changed."""

IDS = [next(iter(columns)) for columns in GOOD.values()]
INSTANTS = {
    "time_entries": ["started_at", "ended_at"],
    "tickets": ["opened_at", "first_response_at", "workaround_at", "resolved_at"],
    "ticket_pauses": ["paused_at", "resumed_at"],
    "outages": ["started_at", "ended_at", "notified_at"],
    "claims": ["submitted_at"],
}
DAYS = {
    "contracts": ["starts_on", "ends_on"],
    "expenses": ["spent_on"],
    "payments": ["paid_on"],
    "claims": ["breach_on"],
}
NUMBERS = {
    "contracts": ["monthly_fee", "included_hours", "hourly_rate", "development_rate"],
    "expenses": ["amount"],
    "payments": ["amount"],
}
KYIV = {"tickets", "ticket_pauses"}
"""Files whose rows are about customer C3, whose clock is Kyiv's, an hour later."""


def bad(rule, file, column, **changes):
    """Write a table row: a row of a file with a change, and the column that is to blame."""
    return row(f"{rule}: {file}", file, column, changes)


def _each(rule, columns, *texts):
    return [
        bad(f"{rule}: {column} {text[:12]!r}", file, column, **{column: text})
        for file, names in columns.items()
        for column in names
        for text in texts
    ]


def _only(columns, files):
    return {file: names for file, names in columns.items() if file in files}


def _but(columns, files):
    return _only(columns, columns.keys() - files)


BAD_ROWS = [
    # times, each read in the zone of its customer's price list (T3)
    *_each("T3 not there in spring", _but(INSTANTS, KYIV), "2027-03-28T02:30"),
    *_each("T3 not there in spring", _only(INSTANTS, KYIV), "2027-03-28T03:30"),
    *_each("T3 twice in autumn", _but(INSTANTS, KYIV), "2026-10-25T02:30"),
    *_each("T3 twice in autumn", _only(INSTANTS, KYIV), "2026-10-25T03:30"),
    *_each("no time", INSTANTS, "yesterday", "2026-11-06", "2026-13-01T10:00", "2026-11-06T25:00", "=NOW()"),
    *_each("T3 out of range", INSTANTS, "1969-12-31T23:59+00:00", "2200-01-01T00:00+00:00"),
    *_each("no day", DAYS, "6.11.2026", "2026-02-30", "1969-12-31", "20261106"),
    bad("no month", "claims", "period", period="November"),
    bad("no month", "claims", "period", period="2026-13"),
    # numbers
    *_each("no number", NUMBERS, "ten", "-1.00", "1e3", '"1,50"', "NaN", "=1+1", "1" * 13, "0." + "1" * 10),
    bad("finer than cents", "expenses", "amount", amount="1.505"),
    bad("finer than cents", "payments", "amount", amount="1.505"),
    bad("finer than cents", "contracts", "monthly_fee", monthly_fee="1.505"),
    bad("nothing paid", "payments", "amount", amount="0.00"),
    bad("no quantity", "contracts", "quantity", quantity="0"),
    bad("no quantity", "contracts", "quantity", quantity="1.5"),
    bad("hours of odd seconds", "contracts", "included_hours", included_hours="0.001"),
    # what rows refer to
    *[
        bad("unknown customer", file, "customer", customer="C99")
        for file in ("contracts", "time_entries", "expenses", "tickets", "outages", "claims")
    ],
    bad("unknown contract", "time_entries", "contract", contract="K99"),
    bad("another's contract", "time_entries", "contract", contract="K2"),
    bad("unknown contract", "tickets", "contracts", contracts="K3;K99"),
    bad("unknown ticket", "ticket_pauses", "ticket", ticket="T99"),
    bad("unknown invoice", "payments", "invoice", invoice="2026-000099"),
    bad("unknown price list", "contracts", "price_list", price_list="b3bee"),
    bad("unknown package", "contracts", "package", package="gold"),
    bad("contract of another", "contracts", "customer", contract="K2"),
    # words
    bad("unknown severity", "time_entries", "severity", severity="T9"),
    bad("R1 support without severity", "time_entries", "severity", severity=""),
    bad("unknown severity", "tickets", "severity", severity="T1"),
    bad("unknown activity", "time_entries", "activity", activity="lunch"),
    bad("unknown outcome", "time_entries", "outcome", outcome="great"),
    bad("R6 outcome of another activity", "time_entries", "outcome", outcome="offer_accepted"),
    bad("R7 outcome of another activity", "time_entries", "outcome", activity="development", outcome="unfounded"),
    bad("unknown kind", "claims", "kind", kind="feeling"),
    bad("U5 claim without month", "claims", "period", period=""),
    bad("C3 claim without ticket", "claims", "ticket", customer="C3", kind="ticket", breach_on="2026-10-05"),
    bad("C3 claim without day", "claims", "breach_on", customer="C3", kind="ticket", ticket="T1"),
    bad("neither yes nor no", "tickets", "priority_confirmed", priority_confirmed="maybe"),
    bad("unknown interval", "contracts", "fee_interval", fee_interval="decade"),
    bad("unknown timing", "contracts", "fee_timing", fee_timing="whenever"),
    bad("no coverage", "contracts", "coverage", coverage="always"),
    bad("R2 coverage twice", "contracts", "coverage", coverage='"T1=mon 09:00-17:00, mon 16:00-18:00"'),
    bad("coverage of an unknown severity", "contracts", "coverage", coverage="T9=mon 09:00-17:00"),
    bad("no currency", "customers", "currency", currency="Euro"),
    bad("no currency", "contracts", "currency", currency="EURO"),
    bad("no country", "customers", "country", country="Serbia"),
    bad("another currency than the list's", "contracts", "currency", currency="USD"),
    bad("another currency than the customer's", "contracts", "price_list", customer="C3"),
    bad("R9 dedicated without fee", "contracts", "monthly_fee", package="dedicated"),
    # order
    bad("end before start", "time_entries", "ended_at", ended_at="2026-11-06T09:59"),
    bad("T1 longer than a day", "time_entries", "ended_at", ended_at="2026-11-07T10:01"),
    bad("end before start", "contracts", "ends_on", ends_on="2026-12-31"),
    bad("end before start", "outages", "ended_at", ended_at="2026-11-06T09:59"),
    bad("end before start", "ticket_pauses", "resumed_at", resumed_at="2026-11-06T09:59"),
    *[
        bad(f"{event} before opening", "tickets", event, **{event: "2026-11-06T09:59"})
        for event in ("first_response_at", "workaround_at", "resolved_at")
    ],
    # ids
    *[bad("no id", file, next(iter(columns)), **{next(iter(columns)): ""}) for file, columns in GOOD.items()],
    *[bad("long id", file, next(iter(columns)), **{next(iter(columns)): "x" * 101}) for file, columns in GOOD.items()],
    *[bad("odd id", file, next(iter(columns)), **{next(iter(columns)): "a\tb"}) for file, columns in GOOD.items()],
    bad("stored with other content", "time_entries", "entry", entry="E1"),
    bad(
        "stored and invoiced",
        "time_entries",
        "entry",
        entry="E1",
        started_at="2026-10-05T10:00",
        ended_at="2026-10-05T11:00",
        outcome="unfounded",
    ),
    bad("stored with other content", "expenses", "expense", expense="X1"),
    bad("stored with other content", "tickets", "ticket", ticket="T1", customer="C4", severity="P1"),
    bad("stored with other content", "claims", "claim", claim="CL1"),
    # fields
    *[bad("NUL character", file, [*columns][1], **{[*columns][1]: f"a{chr(0)}b"}) for file, columns in GOOD.items()],
    *[bad("endless field", file, [*columns][-1], **{[*columns][-1]: "9" * 10_001}) for file, columns in GOOD.items()],
    *[bad("nothing", file, [*columns][1], **{[*columns][1]: ""}) for file, columns in GOOD.items()][:2],
]


@pytest.fixture(scope="module")
def stored(server, tmp_path_factory):
    """Make books with an invoiced month, which no test of this module may change."""
    folder = tmp_path_factory.mktemp("stored")
    books = Books(folder, server.create(folder))
    data = folder / "stored"
    data.mkdir()
    for name, text in STORED.items():
        (data / f"{name}.csv").write_text(text, encoding="utf-8")
    assert books.billing.import_folder(data).rejected == []
    plans = books.billing.issue(Month(2026, 10), date(2026, 11, 1))
    assert {plan.outcome for plan in plans} == {RunOutcome.ISSUED}
    books.billing.sla.decide_claims(moment("2026-11-05 00:00"), date(2026, 11, 5))
    books.grant("20.00", "2026-11-05")
    yield books
    books.database.dispose()
    server.drop(books.url)


@pytest.fixture
def unchanged(stored):
    """Hold the whole database of after a test against that of before."""
    before = stored.dump()
    assert all(before[table] for table in map(str, metadata.tables) if table in FILLED)
    yield stored
    assert stored.dump() == before


FILLED = {"billing_invoices", "billing_time_entries", "billing_claims", "billing_audit_events", "billing_run_customers"}


def written(folder, file, *rows):
    """Write a folder with one file, its header first."""
    folder.mkdir(exist_ok=True)
    lines = [",".join(GOOD[file]), *(",".join(one.values()) for one in rows)]
    (folder / f"{file}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return folder


@pytest.mark.parametrize("file", GOOD)
def test_good_rows_are_good(stored, tmp_path, file):
    """The rows that bad ones are made of are no reason to refuse anything."""
    folder = written(tmp_path / "data", file, GOOD[file], {**GOOD[file], "nonsense": "x"})
    report = stored.billing.import_folder(folder)
    assert [(one.file, one.line) for one in report.rejected] == [(f"{file}.csv", 3)]


@pytest.mark.parametrize(("file", "column", "changes"), BAD_ROWS)
def test_bad_row_keeps_the_folder_out(unchanged, tmp_path, file, column, changes):
    """A bad row is named with file, line and column, and the good row before it is not stored either."""
    good = GOOD[file]
    one = {**good, next(iter(good)): "GOOD"} if file != "ticket_pauses" else {**good, "paused_at": "2026-11-05T10:00"}
    report = unchanged.billing.import_folder(written(tmp_path / "data", file, one, {**good, **changes}))
    assert not report.stored
    assert {(found.file, found.line) for found in report.rejected} == {(f"{file}.csv", 3)}
    assert column in {found.column for found in report.rejected}
    assert all(re.fullmatch(r".{5,}", found.reason) for found in report.rejected)


FIRST = ",".join(GOOD["expenses"])
LINE = ",".join(GOOD["expenses"].values())
OTHER = LINE.replace("1.50", "2.50")
BAD_FILES = [
    row("empty", b"", 1, "expense"),
    row("no header", f"{LINE}\n".encode(), 1, "expense"),
    row("a column is missing", FIRST.replace(",amount", "").encode(), 1, "amount"),
    row("a column twice", f"{FIRST},amount\n{LINE},1.50\n".encode(), 1, "amount"),
    row("semicolons", f"{FIRST}\n{LINE}\n".replace(",", ";").encode(), 1, ""),
    row("too many fields", f"{FIRST}\n{LINE},more\n".encode(), 2, ""),
    row("too few fields", f"{FIRST}\n{LINE.rpartition(',')[0]}\n".encode(), 2, ""),
    row("Latin-2", f"{FIRST}\n{LINE.replace('Bus', 'Niš')}\n".encode("iso-8859-2"), 2, ""),
    row("UTF-16", f"{FIRST}\n{LINE}\n".encode("utf-16"), 1, ""),
    row("half a character", f"{FIRST}\n{LINE}".encode() + b"\n\xc5", 3, ""),
    row("a quote that does not end", f'{FIRST}\n"{LINE}\n'.encode(), 2, ""),
    row("text after a quote", f'{FIRST}\n"X9"x,C1,2026-11-06,Bus,1.50\n'.encode(), 2, ""),
    row("more than a CSV field may hold", f"{FIRST}\n{LINE.replace('Bus', 'x' * 200_000)}\n".encode(), 2, ""),
    row("an id twice with other content", f"{FIRST}\n{LINE}\n{OTHER}\n".encode(), 3, "expense"),
]


@pytest.mark.parametrize(("content", "line", "column"), BAD_FILES)
def test_bad_file_keeps_the_folder_out(unchanged, tmp_path, content, line, column):
    """A file that can not be read to its end is named with the line from which on it can not."""
    folder = written(tmp_path / "data", "customers", GOOD["customers"])
    (folder / "expenses.csv").write_bytes(content)
    report = unchanged.billing.import_folder(folder)
    assert not report.stored
    assert [(found.file, found.line, found.column) for found in report.rejected] == [("expenses.csv", line, column)]


def test_file_that_is_a_folder(unchanged, tmp_path):
    """A folder with the name of a file is named like a file that can not be read."""
    folder = written(tmp_path / "data", "customers", GOOD["customers"])
    (folder / "expenses.csv").mkdir()
    report = unchanged.billing.import_folder(folder)
    assert not report.stored
    assert [(found.file, found.line) for found in report.rejected] == [("expenses.csv", 0)]


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_folder_that_has_nothing(unchanged, tmp_path, folder):
    """A folder that is not there, or has none of the files, is refused with its name."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputFolderError, match=folder):
        unchanged.billing.import_folder(tmp_path / folder)


DAY = date(2026, 11, 6)
CALLS = [
    row("no such invoice to pay", lambda b: b.receivables.add_payment("2026-000099", Decimal(1), DAY)),
    row("a payment of nothing", lambda b: b.receivables.add_payment("2026-000001", Decimal(0), DAY)),
    row("a payment below nothing", lambda b: b.receivables.add_payment("2026-000001", Decimal(-1), DAY)),
    row("a payment finer than cents", lambda b: b.receivables.add_payment("2026-000001", Decimal("1.505"), DAY)),
    row("a payment of no number", lambda b: b.receivables.add_payment("2026-000001", Decimal("NaN"), DAY)),
    row("no such invoice to credit", lambda b: b.receivables.issue_credit_note("2026-000099", None, "Sorry", DAY)),
    row(
        "a credit note over more than the line",
        lambda b: b.receivables.issue_credit_note("2026-000001", {1: Decimal(10_000)}, "Sorry", DAY),
    ),
    row(
        "a credit note over no line",
        lambda b: b.receivables.issue_credit_note("2026-000001", {99: Decimal(1)}, "Sorry", DAY),
    ),
    row(
        "a credit note below nothing",
        lambda b: b.receivables.issue_credit_note("2026-000001", {1: Decimal(-1)}, "Sorry", DAY),
    ),
    row(
        "a credit note before its invoice",
        lambda b: b.receivables.issue_credit_note("2026-000001", None, "Sorry", date(2026, 10, 1)),
    ),
    row("no such claim", lambda b: b.sla.decide_claims(moment("2026-12-05 00:00"), DAY, "CL99")),
    row("no such credit", lambda b: b.sla.refund_credit("CR-2026-00099", None, "Paid", DAY)),
    row("more than is left", lambda b: b.sla.refund_credit("CR-2026-00001", Decimal(10_000), "Paid", DAY)),
    row("goodwill for nobody", lambda b: b.sla.grant_credit(Grant("C99", Decimal(1), "Sorry"), DAY)),
    row("goodwill of nothing", lambda b: b.sla.grant_credit(Grant("C1", Decimal(0), "Sorry"), DAY)),
    row("goodwill finer than cents", lambda b: b.sla.grant_credit(Grant("C1", Decimal("0.001"), "Sorry"), DAY)),
    row("a day before the last invoice's", lambda b: b.issue(Month(2026, 11), date(2026, 10, 1))),
    row("a plan that nobody made", lambda b: b.issue(Month(2026, 11), date(2026, 12, 1), plan_hash="0" * 64)),
    row("nobody to release", lambda b: b.release(Month(2026, 11), "C99", "looked at")),
    row("nothing to release", lambda b: b.release(Month(2026, 11), "C1", "looked at")),
    row("a release without a note", lambda b: b.release(Month(2026, 11), "C1", " ")),
]


@pytest.mark.parametrize("call", CALLS)
def test_call_that_is_refused(unchanged, call):
    """What a desk can not do it says in words, and has done nothing of it."""
    with pytest.raises(BillingError, match=r"\w+ \w+"):
        call(unchanged.billing)


COMMANDS = [
    row("unknown customer", "time_entries", {"customer": "C99"}, "customer"),
    row("T3 a time that is there twice", "time_entries", {"started_at": "2026-10-25T02:30"}, "started_at"),
    row("finer than cents", "payments", {"amount": "1.505"}, "amount"),
    row("unknown kind", "claims", {"kind": "feeling"}, "kind"),
    row("NUL character", "expenses", {"description": f"a{chr(0)}"}, "description"),
]


@pytest.mark.parametrize(("file", "changes", "column"), COMMANDS)
def test_command_names_file_line_and_column(unchanged, tmp_path, file, changes, column):
    """The import command exits with 1, says where, and stores nothing."""
    written(tmp_path / "data", file, {**GOOD[file], **changes})
    done = subprocess.run(
        [COMMAND, "import", "data"], cwd=tmp_path, env=unchanged.environment, capture_output=True, check=False
    )
    said = re.sub(r"\s+", " ", (done.stdout + done.stderr).decode())
    assert done.returncode == 1, said
    assert re.search(rf"{file}\.csv\D{{1,20}}2\b.{{1,20}}{column}", said), said
