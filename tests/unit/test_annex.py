"""The annex of an invoice: entries by ticket, sums where there are too many, and the list for a spreadsheet."""

import csv
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from invoices import ENTRY, USE, invoice, many_entries

from billing_engine.documents.annex import ROWS_SHOWN, annex_csv, annex_view
from billing_engine.documents.language import words_for

ENGLISH = words_for("en")
GERMAN = words_for("de")


def annex_of(*entries, words=ENGLISH, **changes):
    """View the annex of an invoice with these entries."""
    return annex_view(invoice(entries=entries, **changes).draft, words)


def only_ticket(*entries):
    """View the annex of an invoice with entries of a single ticket."""
    (group,) = annex_of(*entries).groups
    (ticket,) = group.tickets
    return ticket


def only_entry(**changes):
    """View the annex of an invoice with a single entry."""
    (entry,) = only_ticket(replace(ENTRY, **changes)).entries
    return entry


def rows_of(entries, words=ENGLISH, delimiter=","):
    """Read the attached list back, without its header."""
    content = annex_csv(invoice(entries=entries), words)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))[1:]


def on_days(entries):
    """Spread entries over October's days."""
    return tuple(
        replace(
            entry,
            started_at=f"2026-10-{number % 31 + 1:02d}T16:40:00+02:00",
            ended_at=f"2026-10-{number % 31 + 1:02d}T18:10:00+02:00",
        )
        for number, entry in enumerate(entries)
    )


def test_the_months_own_use_names_price_list_and_zone():
    """Late work under an older price list does not stand in for it."""
    own = replace(USE, period="2026-10", service_from="2026-10-01")
    late = replace(own, period="2026-09", price_list_version="2015-01-01")
    annex = annex_of(ENTRY, uses=(own, late))
    assert [group.note for group in annex.groups] == ["price list 2016-01-01, times in Europe/Belgrade"]


def test_an_entry_says_when_how_long_and_why():
    """An entry shows its local time, both durations, amount and reason; its ticket the number and the severity."""
    ticket = only_ticket(ENTRY)
    (entry,) = ticket.entries
    assert (ticket.ticket, ticket.tags) == ("SD-1", "T3")
    assert (entry.day, entry.span, entry.tags) == ("Thu 1 Oct", "16:40\u201318:10", "")
    assert (entry.worked, entry.billed, entry.amount) == ("1:30", "2:30", "200.00")
    assert entry.reason == ENTRY.reason


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("2026-10-01T23:30:00+02:00", "2026-10-02T01:00:00+02:00", "23:30 \u2013 2 Oct 01:00"),
        ("2026-10-25T01:30:00+02:00", "2026-10-25T03:30:00+01:00", "01:30+0200\u201303:30+0100"),
        ("2026-10-01T16:40:05+02:00", "2026-10-01T18:10:00+02:00", "16:40:05\u201318:10"),
    ],
)
def test_spans_that_need_more_than_two_clock_times(start, end, span):
    """The next day, a clock change and seconds are shown where there are any."""
    assert only_entry(started_at=start, ended_at=end).span == span


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "Thu 1 Oct"),
        ("de", "Do. 1. Okt."),
        ("pl", "czw. 1 paź"),
        ("cs", "čt 1. 10."),
        ("sr-Latn", "čet 1. okt"),
        ("sr-Cyrl", "чет 1. окт"),
    ],
)
def test_days_are_written_as_the_language_writes_them(language, day):
    """Order, dots and names of day and month are the language's."""
    (group,) = annex_of(ENTRY, words=words_for(language)).groups
    assert group.tickets[0].entries[0].day == day


def test_work_other_than_support_is_named():
    """The kind of work stands beside the severity, unless it is plain support."""
    assert only_ticket(replace(ENTRY, activity="development", severity="")).tags == "Development"
    assert only_ticket(replace(ENTRY, activity="on_site")).tags == "T3 · On site"


def test_entries_of_a_ticket_stand_together_below_their_sum():
    """Wherever in the month they are, the ticket comes where its first entry is, with all its hours and its amount."""
    other = replace(ENTRY, ticket="SD-2", amount=Decimal("0.00"))
    (group,) = annex_of(ENTRY, other, replace(ENTRY, worked_seconds=600)).groups
    first, second = group.tickets
    assert (first.ticket, first.count) == ("SD-1", "2 entries")
    assert (first.worked, first.billed, first.amount) == ("1:40", "5:00", "400.00")
    assert [entry.worked for entry in first.entries] == ["1:30", "0:10"]
    assert (second.ticket, second.count, second.amount) == ("SD-2", "1 entry", "0.00")


def test_what_differs_within_a_ticket_is_said_at_each_entry():
    """A severity that was changed stands where it applied, and not above all."""
    ticket = only_ticket(ENTRY, replace(ENTRY, severity="T1"))
    assert ticket.tags == ""
    assert [entry.tags for entry in ticket.entries] == ["T3", "T1"]


def test_annex_follows_the_contracts():
    """Entries are grouped in the order of the contracts, and none is lost where a contract is unknown."""
    entries = [replace(ENTRY, entry=str(n), contract=c) for n, c in enumerate(["K9", "K2", "K1", "K2"])]
    annex = annex_of(*entries, uses=(USE, replace(USE, contract="K2", package_title="Basic")))
    assert [(group.heading, sum(len(ticket.entries) for ticket in group.tickets)) for group in annex.groups] == [
        ("Premium · contract K1", 1),
        ("Basic · contract K2", 2),
        ("Contract K9", 1),
    ]


def test_no_annex_without_entries():
    """An invoice without entries has no annex, not an empty one."""
    assert annex_of() is None


def test_arrows_of_reasons_are_one_sign():
    """A line of the annex never breaks within an arrow."""
    assert only_entry(reason="5 min -> 30 min from the allowance").reason == "5 min \u2192 30 min from the allowance"


def test_up_to_the_limit_all_entries_are_on_the_pages():
    """The last one that fits makes no attachment."""
    entries = many_entries(ROWS_SHOWN)
    annex = annex_of(*entries)
    assert annex.attached == ""
    assert sum(len(ticket.entries) for group in annex.groups for ticket in group.tickets) == ROWS_SHOWN
    assert annex_csv(invoice(entries=entries), ENGLISH) is None


def test_one_entry_more_is_summed_up_by_ticket():
    """Each ticket has a row with its days, count, hours and amount, and it is said where the entries are."""
    entries = on_days(replace(entry, ticket=f"SD-{n % 3}") for n, entry in enumerate(many_entries(ROWS_SHOWN + 1)))
    annex = annex_of(*entries)
    (group,) = annex.groups
    assert group.tickets == ()
    assert not annex.by_week
    assert [(row.name, row.count) for row in group.summary] == [("SD-0", "167"), ("SD-1", "167"), ("SD-2", "167")]
    assert (group.summary[0].worked, group.summary[0].billed) == ("250:30", "417:30")
    assert group.summary[0].amount == "33,400.00"
    assert group.summary[0].days == "1\u201331 Oct 2026"
    assert annex.attached.startswith("The full list of 501 time entries")


def test_too_many_tickets_are_summed_up_by_week():
    """With more tickets than rows fit, each ISO week of a contract has a row."""
    entries = on_days(many_entries(5000))
    annex = annex_of(*entries)
    (group,) = annex.groups
    assert annex.by_week
    assert [row.name for row in group.summary] == ["Week 40", "Week 41", "Week 42", "Week 43", "Week 44"]
    assert group.summary[0].days == "1\u20134 Oct 2026"
    assert sum(int(row.count.replace(",", "")) for row in group.summary) == 5000


def test_the_attached_list_has_each_entry_with_its_reason():
    """Each row has contract, ticket, times, hours, amount and the reason on one line."""
    entries = (replace(ENTRY, reason="one\ntwo -> three"), *many_entries(ROWS_SHOWN, "K2"))
    rows = rows_of(entries)
    assert len(rows) == ROWS_SHOWN + 1
    assert rows[0] == [
        "K1",
        "SD-1",
        "T3",
        "",
        "2026-10-01 16:40",
        "2026-10-01 18:10",
        "1:30",
        "2:30",
        "200.00",
        "one; two \u2192 three",
    ]
    assert {row[0] for row in rows[1:]} == {"K2"}


def test_the_attached_list_opens_in_a_spreadsheet_of_the_language():
    """A byte order mark says that it is UTF-8; where decimals have a comma, cells are parted by semicolons."""
    entries = many_entries(ROWS_SHOWN + 1)
    assert annex_csv(invoice(entries=entries), ENGLISH).startswith(b"\xef\xbb\xbfContract,Ticket,")
    assert rows_of(entries, GERMAN, ";")[0][8] == "200,00"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_cell_of_the_attached_list_is_computed(sign):
    """What would be a formula is marked as text, in whichever field it comes."""
    formula = f"{sign}HYPERLINK(A1)"
    evil = replace(ENTRY, contract=formula, ticket=formula, severity=formula, activity=formula, reason=formula)
    row = rows_of((evil, *many_entries(ROWS_SHOWN)), ENGLISH)[-1]
    assert [cell for cell in row if "HYPERLINK" in cell] == [f"'{formula}"] * 5


def test_a_clock_change_is_seen_in_the_attached_list():
    """Where the clock was changed in between, both times have their offset."""
    changed = replace(ENTRY, started_at="2026-10-25T01:30:00+02:00", ended_at="2026-10-25T03:30:00+01:00")
    row = rows_of((changed, *many_entries(ROWS_SHOWN)))[0]
    assert row[4:6] == ["2026-10-25 01:30 +0200", "2026-10-25 03:30 +0100"]
