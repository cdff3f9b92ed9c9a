"""Contracts whose days are corrected after they were billed: what is charged, included and paid back then."""

from datetime import date
from decimal import Decimal

from books import C1, NOVEMBER, OCTOBER, figures

from billing_engine import Month
from billing_engine.billing_run import RunOutcome
from billing_engine.model.credit import CreditSource, Grant

AURORA = "C1,Aurora,RS,EUR"
FEES = "contract,customer,price_list,package,starts_on,ends_on,monthly_fee,fee_interval,fee_timing"
DECEMBER = Month(2026, 12)


def agree(books, starts_on, ends_on="", *, package="b2bee,premium", fee="310.00", paid="month,arrears"):
    """Import contract K1 as it is now."""
    books.take(contracts=[FEES, f"K1,C1,{package},{starts_on},{ends_on},{fee},{paid}"])


def lines(invoice):
    """Say kind, amount and days of each line."""
    found = ((line.kind, line.amount, line.service_from, line.service_to) for line in invoice.draft.lines)
    return [" ".join(filter(None, map(str, one))) for one in found]


def notes(books):
    """Say invoice, amount and days of each line that was credited."""
    return [
        " ".join(filter(None, (note.draft.invoice, str(line.amount), line.service_from, line.service_to)))
        for note in books.billing.receivables.credit_notes()
        for line in note.draft.lines
    ]


def work(hours, entry="E1", day="2026-10-20"):
    """Work on a covered day."""
    return f"{entry},C1,T3,{day}T09:00+02:00,{day}T{9 + hours:02d}:00+02:00"


def test_days_that_are_caught_up_with_bring_their_allowance(books):
    """Ten days of October had 4 h of 12; once the contract goes on after all, its work of the 20th finds the rest."""
    books.take(customers=[AURORA])
    agree(books, "2026-01-01", "2026-10-10")
    october = books.issue(OCTOBER, "2026-11-01")
    assert lines(october) == ["fee 100.00 2026-10-01 2026-10-10"]
    assert [use.included_seconds for use in october.draft.uses] == [4 * 3600]
    agree(books, "2026-01-01")
    books.take(time_entries=[work(8)])
    november = books.issue(NOVEMBER, "2026-12-01")
    assert lines(november) == ["fee 210.00 2026-10-11 2026-10-31", "fee 310.00 2026-11-01 2026-11-30"]
    late = november.draft.uses[-1]
    assert (late.period, late.included_seconds, late.used_seconds) == ("2026-10", 12 * 3600, 8 * 3600)
    # Of the 12 h 4 are left, also for who comes later still: 5 h more are one of overage.
    books.take(time_entries=[work(5, "E2", "2026-10-21")])
    december = books.issue(DECEMBER, "2027-01-02")
    assert lines(december) == ["fee 310.00 2026-12-01 2026-12-31", "overage 50.00"]
    assert "1:00 h beyond the 12:00 h included" in december.draft.lines[1].detail
    assert books.billing.doctor().healthy


def test_month_of_which_only_the_next_fee_was_invoiced_has_its_allowance(books):
    """October's invoice was for November's fee alone and said 0:00 h; a start in October brings October's 12 h."""
    books.take(customers=[AURORA])
    agree(books, "2026-11-01", paid="month,advance")
    october = books.issue(OCTOBER, "2026-10-31")
    assert [(use.included_seconds, use.is_for_fees_alone) for use in october.draft.uses] == [(0, True)]
    agree(books, "2026-10-01", paid="month,advance")
    books.take(time_entries=[work(3)])
    november = books.issue(NOVEMBER, "2026-12-01")
    assert lines(november) == ["fee 310.00 2026-10-01 2026-10-31", "fee 310.00 2026-12-01 2026-12-31"]
    assert [(use.period, use.included_seconds, use.used_seconds) for use in november.draft.uses] == [
        ("2026-11", 12 * 3600, 0),
        ("2026-10", 12 * 3600, 3 * 3600),
    ]
    assert books.billing.doctor().healthy


def test_start_that_is_moved_later_is_paid_back(books):
    """A year from November was paid; from March on, four months come back, and are charged at the other end."""
    books.take(customers=[AURORA])
    agree(books, "2026-11-01", fee="300.00", paid="year,advance")
    assert lines(books.issue(OCTOBER, "2026-10-31")) == ["fee 3600.00 2026-11-01 2027-10-31"]
    agree(books, "2027-03-01", fee="300.00", paid="year,advance")
    (november,) = books.billing.issue(NOVEMBER, date(2026, 12, 1))
    assert november.outcome is RunOutcome.NOTHING_TO_BILL
    (note,) = november.credit_notes
    assert note.reason == "Fee for days on which the contract does not run"
    assert notes(books) == ["2026-000001 1200.00 2026-11-01 2027-02-28"]
    for month, on in ((DECEMBER, date(2027, 1, 1)), (Month(2027, 1), date(2027, 2, 1))):
        (plan,) = books.billing.issue(month, on)
        assert plan.outcome is RunOutcome.NOTHING_TO_BILL
    assert lines(books.issue("2027-02", "2027-03-01")) == ["fee 1200.00 2027-11-01 2028-02-29"]
    assert len(notes(books)) == 1
    assert books.billing.doctor().healthy


def test_start_that_is_moved_to_and_fro_is_charged_by_what_it_is(books):
    """In arrears: each move pays back or charges exactly the days between, and all days in the end come to nothing."""
    books.take(customers=[AURORA])
    agree(books, "2026-10-01")
    assert lines(books.issue(OCTOBER, "2026-11-01")) == ["fee 310.00 2026-10-01 2026-10-31"]
    agree(books, "2026-10-15")
    assert lines(books.issue(NOVEMBER, "2026-12-01")) == ["fee 310.00 2026-11-01 2026-11-30"]
    assert notes(books) == ["2026-000001 140.00 2026-10-01 2026-10-14"]
    agree(books, "2026-10-08", "2026-10-28")
    december = books.issue(DECEMBER, "2027-01-02")
    assert lines(december) == ["fee 70.00 2026-10-08 2026-10-14"]
    assert notes(books)[1:] == [
        "2026-000001 30.00 2026-10-29 2026-10-31",
        "2026-000002 310.00 2026-11-01 2026-11-30",
    ]
    agree(books, "2027-01-01")
    assert lines(books.issue("2027-01", "2027-02-01")) == ["fee 310.00 2027-01-01 2027-01-31"]
    assert notes(books)[3:] == [
        "2026-000001 140.00 2026-10-15 2026-10-28",
        "2026-000003 70.00 2026-10-08 2026-10-14",
    ]
    withdrawn = [invoice.settlement.is_withdrawn for invoice in books.billing.list_invoices()]
    assert withdrawn == [True, True, True, False]
    assert books.billing.doctor().healthy


def test_what_was_credited_by_hand_is_not_paid_back_again(books):
    """Of 1200.00 half was taken back by hand; when the contract ends in the middle, half of the rest comes back."""
    books.take(customers=[AURORA])
    agree(books, "2027-01-01", fee="100.00", paid="year,advance")
    december = books.issue(DECEMBER, "2026-12-31")
    assert figures(december) == "1200.00 240.00 1440.00 1440.00"
    books.credit_note(december, "2027-01-10", {1: "600.00"}, "The first weeks were not as they should be")
    agree(books, "2027-01-01", "2027-06-30", fee="100.00", paid="year,advance")
    (january,) = books.billing.issue(Month(2027, 1), date(2027, 2, 1))
    (note,) = january.credit_notes
    assert (str(note.net), str(note.tax)) == ("300.00", "60.00")
    assert notes(books) == ["2026-000001 600.00", "2026-000001 300.00 2027-07-01 2027-12-31"]
    (again,) = books.billing.issue(Month(2027, 2), date(2027, 3, 1))
    assert again.credit_notes == ()
    agree(books, "2027-07-01", "2027-07-01", fee="100.00", paid="year,advance")
    books.issue("2027-07", "2027-08-01")
    assert notes(books)[2:] == ["2026-000001 300.00 2027-01-01 2027-06-30"]
    assert books.billing.doctor().healthy


def test_termination_settles_what_was_invoiced_by_then_and_nothing_later(books):
    """What was invoiced up to the day of a booked termination stays settled; what is invoiced after it is paid back."""
    books.take(customers=[C1])
    terms = {"package": "trifft,premium", "paid": "quarter,advance"}
    agree(books, "2026-10-01", **terms)
    books.issue("2026-09", "2026-10-01")
    agree(books, "2026-10-01", "2026-11-30", **terms)
    booked = Grant("C1", Decimal("310.00"), "Fees paid for December", source=CreditSource.TERMINATION)
    books.billing.sla.grant_credit(booked, date(2026, 11, 15))
    (october,) = books.billing.issue(OCTOBER, date(2026, 11, 20))
    assert october.credit_notes == ()
    books.take(contracts=[FEES, "K2,C1,trifft,premium,2026-12-01,,100.00,quarter,advance"])
    november = books.issue(NOVEMBER, "2026-12-01")
    assert lines(november) == ["fee 300.00 2026-12-01 2027-02-28"]
    books.take(contracts=[FEES, "K2,C1,trifft,premium,2026-12-01,2026-12-31,100.00,quarter,advance"])
    (december,) = books.billing.issue(DECEMBER, date(2027, 1, 2))
    assert len(december.credit_notes) == 1
    assert notes(books) == ["2026-000002 200.00 2027-01-01 2027-02-28"]
    assert books.billing.doctor().healthy
