"""Runs of a month: parked, released, numbered, prepaid, paid back and billed anew; figures worked out by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from books import C1, NOVEMBER, OCTOBER, SETTINGS, figures, setoffs
from builders import with_rating
from sla_builders import book
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from billing_engine import BillingEngine, Month
from billing_engine.billing_run import RunOutcome, hash_of_run
from billing_engine.errors import BillingError, DateOrderError, NotParkedError, NumberTakenError, PlanChangedError
from billing_engine.model.price_list import Rollover
from billing_engine.model.settings import Limits
from billing_engine.storage.runs import RunState

AURORA, K1 = "C1,Aurora,RS,EUR", "K1,C1,b2bee,premium,2026-01-01,,,"
BALKAN, K2 = "C2,Balkan,RS,EUR", "K2,C2,b2bee,standard,2026-01-01,,,"
FEES = "contract,customer,price_list,package,starts_on,ends_on,monthly_fee,quantity,unit,fee_interval,fee_timing"


def outcomes(plans):
    """Return how the customers ended, by customer."""
    return {plan.customer.customer: plan.outcome for plan in plans}


def states(books, month):
    """Return how far a run came, by customer."""
    return {customer: progress.state for customer, progress in books.billing.progress(month).items()}


def test_implausible_total_is_parked_until_released_and_stops_no_other(opening):
    """A total above the limit waits for a note; the plan that was released is issued, any other one is parked again."""
    books = opening(limits=Limits(largest_total=Decimal(500)))
    books.take(customers=[AURORA, BALKAN], contracts=[K1, K2], expenses=["X1,C1,2026-10-05,Hotel,100.00"])
    day = date(2026, 11, 2)
    parked, issued = books.billing.issue(OCTOBER, day)
    assert (parked.outcome, parked.reason) == (RunOutcome.PARKED, "its total of 552.00 EUR is above 500")
    assert issued.invoice_number == "2026-000001"
    assert states(books, OCTOBER) == {"C1": RunState.PARKED, "C2": RunState.ISSUED}
    before = books.dump()
    assert outcomes(books.billing.issue(OCTOBER, day))["C1"] is RunOutcome.PARKED
    assert books.dump() == before  # parked already, so there is nothing to note
    books.billing.release(OCTOBER, "C1", "Ana looked at the hotel bill")
    books.take(expenses=["X2,C1,2026-10-06,Hotel,50.00"])
    assert outcomes(books.billing.issue(OCTOBER, day))["C1"] is RunOutcome.PARKED  # not what Ana looked at
    books.billing.release(OCTOBER, "C1", "Ana looked at both")
    (done, _) = books.billing.issue(OCTOBER, day)
    assert (done.outcome, done.invoice_number) == (RunOutcome.ISSUED, "2026-000002")
    notes = [event for event in books.billing.audit_trail("2026-10/C1") if event.action == "run.released"]
    assert ['"note":"Ana looked at' in event.details for event in notes] == [True, True]


def test_only_what_is_parked_is_released_and_with_a_note(books):
    """A release needs somebody's words, a customer, and something that waits."""
    books.take(customers=[AURORA], contracts=[K1])
    for customer, note, said in (("C1", " ", "needs a note"), ("C9", "ok", "no customer"), ("C1", "ok", "to issue")):
        with pytest.raises(NotParkedError, match=said):
            books.billing.release(OCTOBER, customer, note)


def test_growth_beyond_the_limit_is_parked(opening):
    """A month of many times the one before waits; the first month has nothing to be held against."""
    books = opening(limits=Limits(most_times_last_month=Decimal(2)))
    books.take(customers=[AURORA], contracts=[K1])
    books.issue(OCTOBER, "2026-11-02")
    books.take(expenses=["X1,C1,2026-11-05,Hotel,400.00"])
    (plan,) = books.billing.plan(NOVEMBER)
    assert plan.reason == "its total of 912.00 EUR is more than 2 times last month's 432.00"


def test_dates_follow_each_other_within_a_series(books):
    """A run with an earlier day than the last invoice of the series is refused whole; the same day is fine."""
    books.take(customers=[AURORA, BALKAN], contracts=[K1, K2])
    books.issue(OCTOBER, "2026-11-10")
    before = books.dump()
    with pytest.raises(DateOrderError, match="has a document of 2026-11-10; issue on that day or later"):
        books.billing.issue(NOVEMBER, date(2026, 11, 9))
    assert books.dump() == before
    assert books.issue(NOVEMBER, "2026-11-10").number == "2026-000003"


def test_numbers_begin_anew_with_the_fiscal_year(opening):
    """With a year that begins in April, March is the last month of the year before."""
    books = opening(fiscal_year_starts=4)
    books.take(customers=[AURORA], contracts=[K1])
    numbers = [books.issue(month, "2027-05-01").number for month in ("2027-02", "2027-03", "2027-04")]
    assert numbers == ["2026-000001", "2026-000002", "2027-000001"]


def test_sellers_have_series_of_their_own(books):
    """Two sellers in one database each count from 1, gapless, in their own form."""
    books.take(customers=[AURORA], contracts=[K1])
    books.issue(OCTOBER, "2026-11-02")
    other = replace(SETTINGS, seller_id="acme", number_format="ACME-{year}-{number:03d}")
    acme = BillingEngine(books.database, book(), other)
    (plan,) = acme.issue(NOVEMBER, date(2026, 11, 1))  # an earlier day than the other seller's is fine
    assert plan.invoice_number == "ACME-2026-001"
    assert books.issue("2026-12", "2027-01-02").number == "2026-000002"
    assert books.billing.doctor().healthy


def test_two_sellers_whose_numbers_look_alike_are_told_apart_or_fail(books):
    """A number that another seller gave already is refused; nothing is issued under it."""
    books.take(customers=[AURORA], contracts=[K1])
    books.issue(OCTOBER, "2026-11-02")
    (plan,) = BillingEngine(books.database, book(), replace(SETTINGS, seller_id="acme")).issue(
        NOVEMBER, date(2026, 12, 2)
    )
    assert plan.outcome is RunOutcome.FAILED
    assert len(books.billing.list_invoices()) == 1


QUARTERLY = [FEES, "K1,C1,trifft,premium,2026-10-10,,310.00,1,,quarter,advance"]


def test_fee_of_a_quarter_in_advance_and_back_by_days(books):
    """A quarter is paid ahead, its first month by days; what is unused at its end comes back with tax."""
    books.take(customers=[C1], contracts=QUARTERLY)
    october = books.issue(OCTOBER, "2026-11-02")
    # 22 of 31 days are 220.00, two months 620.00; 20 % of 840.00 are 168.00.
    assert [(str(line.amount), line.service_from, line.service_to) for line in october.draft.lines] == [
        ("220.00", "2026-10-10", "2026-10-31"), ("620.00", "2026-11-01", "2026-12-31"),
    ]  # fmt: skip
    assert figures(october) == "840.00 168.00 1008.00 1008.00"
    (november,) = books.billing.issue(NOVEMBER, date(2026, 12, 2))
    assert november.outcome is RunOutcome.NOTHING_TO_BILL
    december = books.issue("2026-12", "2027-01-02")
    assert figures(december) == "930.00 186.00 1116.00 1116.00"
    books.pay(december, "2027-01-10")
    books.take(contracts=[FEES, "K1,C1,trifft,premium,2026-10-10,2027-02-10,310.00,1,,quarter,advance"])
    (january,) = books.billing.issue(Month(2027, 1), date(2027, 2, 15))
    # 18 of February's 28 days are 199.29 (199.2857) of 310.00, and March whole: 509.29; tax 101.86 (101.858).
    (note,) = january.credit_notes
    assert (note.invoice, str(note.net), str(note.tax), str(note.gross)) == (
        "2026-000002",
        "509.29",
        "101.86",
        "611.15",
    )
    assert [(line.service_from, line.service_to) for line in note.lines] == [("2027-02-11", "2027-03-31")]
    assert books.left() == {"CR-2027-00001": "611.15"}  # it was paid, so it is the customer's
    again = books.dump()
    (repeated,) = books.billing.issue(Month(2027, 1), date(2027, 2, 15))
    assert (repeated.credit_notes, books.dump()) == ((), again)
    assert books.billing.doctor().healthy


def test_contract_that_goes_on_after_all_is_charged_the_days_again(books):
    """Days that were paid back are charged once more when the end is moved out again, and only these."""
    books.take(customers=[C1], contracts=QUARTERLY)
    for month, day in (("2026-10", "2026-11-02"), ("2026-12", "2027-01-02")):
        books.issue(month, day)
    books.take(contracts=[FEES, "K1,C1,trifft,premium,2026-10-10,2027-02-10,310.00,1,,quarter,advance"])
    books.billing.issue(Month(2027, 1), date(2027, 2, 1))
    books.take(contracts=[FEES, "K1,C1,trifft,premium,2026-10-10,2027-03-20,310.00,1,,quarter,advance"])
    february = books.issue("2027-02", "2027-03-01")
    # 18 of 28 days of February and 20 of 31 of March.
    assert [(str(line.amount), line.service_from, line.service_to) for line in february.draft.lines] == [
        ("199.29", "2027-02-11", "2027-02-28"), ("200.00", "2027-03-01", "2027-03-20"),
    ]  # fmt: skip
    assert books.billing.doctor().healthy


def test_credit_for_a_later_period_lowers_the_fee_that_is_paid_ahead(books):
    """C4 in advance: a claim of November lowers the fee for December, which the run of November charges."""
    contract = [FEES, "K1,C1,trifft,premium,2026-01-01,,1000.00,1,,month,advance"]
    claim = "CL-1,C1,uptime,2026-10,,,2026-11-03T10:00"
    outage = "O1,C1,2026-10-05T00:00,2026-10-08T00:00,,"
    books.take(customers=[C1], contracts=contract, outages=[outage], claims=[claim])
    september = books.issue("2026-09", "2026-10-01")  # the fee for October
    assert [(line.service_from, line.service_to) for line in september.draft.lines] == [("2026-10-01", "2026-10-31")]
    books.pay(september, "2026-10-05")
    books.issue(OCTOBER, "2026-11-02")
    assert books.decide("2026-11-05 00:00") == {"CL-1": "accepted"}  # October's fee is paid, November's is not
    november = books.issue(NOVEMBER, "2026-12-01")
    assert [line.service_from for line in november.draft.lines] == ["2026-12-01"]
    assert (setoffs(november), figures(november)) == (["CL-1 600.00"], "400.00 80.00 480.00 480.00")


def test_invoice_that_is_billed_anew_gives_up_what_it_claimed(books):
    """A credit note over all opens the month again: the next run makes a new invoice with the same work and more."""
    entry = "E1,C1,T3,2026-10-05T18:00+02:00,2026-10-05T18:50+02:00"
    books.take(customers=[AURORA], contracts=[K1], time_entries=[entry], expenses=["X1,C1,2026-10-05,Taxi,10.00"])
    books.grant("15.00")
    first = books.issue(OCTOBER, "2026-11-02")
    assert figures(first) == "455.00 91.00 546.00 546.00"
    books.billing.receivables.issue_credit_note(first.number, None, "Wrong address", date(2026, 11, 3), rebill=True)
    assert states(books, OCTOBER) == {"C1": RunState.PLANNED}
    assert books.left() == {"CR-2026-00001": "15.00"}
    books.take(time_entries=["E2,C1,T3,2026-10-06T18:00+02:00,2026-10-06T18:50+02:00"])
    second = books.issue(OCTOBER, "2026-11-03")
    assert (second.number, figures(second)) == ("2026-000002", "555.00 111.00 666.00 666.00")
    assert [entry.entry for entry in second.draft.entries] == ["E1", "E2"]
    november = books.issue(NOVEMBER, "2026-12-01")
    assert (figures(november), november.draft.entries) == ("360.00 72.00 432.00 432.00", ())
    assert books.billing.read_invoice(first.number).draft == first.draft
    assert books.billing.doctor().healthy


def test_plan_that_was_approved_is_issued_again_after_a_crash_and_nothing_else(books):
    """The hash is the same before, in the middle of and after the run; another input has another hash."""
    books.take(customers=[AURORA, BALKAN], contracts=[K1, K2])
    approved = hash_of_run(books.billing.plan(OCTOBER))
    day = date(2026, 11, 2)

    def stop(_plan):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        books.billing.issue(OCTOBER, day, plan_hash=approved, on_progress=stop)
    assert hash_of_run(books.billing.plan(OCTOBER)) == approved
    books.billing.issue(OCTOBER, day, plan_hash=approved)
    assert hash_of_run(books.billing.issue(OCTOBER, day, plan_hash=approved)) == approved
    books.take(expenses=["X1,C1,2026-11-05,Taxi,10.00"])
    before = books.dump()
    with pytest.raises(PlanChangedError, match="its input changed since"):
        books.billing.issue(NOVEMBER, date(2026, 12, 1), plan_hash=approved)
    assert books.dump() == before


def test_late_contract_is_charged_for_months_that_were_closed(books):
    """A contract that is heard of after its month was invoiced is charged from its beginning, on the next invoice."""
    books.take(customers=[AURORA], contracts=[K1])
    books.issue(OCTOBER, "2026-11-02")
    books.take(contracts=["K9,C1,b2bee,basic,2026-10-17,,31.00,"])
    november = books.issue(NOVEMBER, "2026-12-01")
    # 15 of October's 31 days are 15.00.
    fees = [(line.contract, str(line.amount), line.service_from) for line in november.draft.lines]
    assert sorted(fees) == [
        ("K1", "360.00", "2026-11-01"), ("K9", "15.00", "2026-10-17"), ("K9", "31.00", "2026-11-01"),
    ]  # fmt: skip


def test_month_that_no_run_is_done_with_is_told(books):
    """A customer that came after a month's run, or was billed anew, is named by later runs and by `held` (R11)."""
    books.take(customers=[AURORA], contracts=[K1])
    first = books.issue(OCTOBER, "2026-11-02")
    books.take(customers=[BALKAN], contracts=[K2])
    plans = books.billing.issue(NOVEMBER, date(2026, 12, 1))
    assert {plan.customer.customer: plan.open_months for plan in plans} == {"C1": (), "C2": (OCTOBER,)}
    ((period, plan),) = books.billing.held()
    said = "not billed yet; `billing-engine run --month 2026-10 --issue` does it"
    assert (period, plan.customer.customer, plan.reason) == (OCTOBER, "C2", said)
    assert [(note.customer, note.reason) for note in books.billing.doctor().notes] == [("C2", said)]
    books.billing.issue(OCTOBER, date(2026, 12, 1))
    assert books.billing.held() == []
    books.billing.receivables.issue_credit_note(first.number, None, "Wrong address", date(2026, 12, 2), rebill=True)
    assert [(period, plan.customer.customer) for period, plan in books.billing.held()] == [(OCTOBER, "C1")]


def test_months_whose_hours_roll_over_are_billed_in_order(opening):
    """With rollover a later month waits for an earlier one: the order of runs changes no money (R10)."""
    rolling = with_rating(rollover=Rollover(2, None))
    books = opening(rolling, limits=Limits(largest_total=Decimal(700)))
    work = "E1,C1,T3,2026-11-03T09:00+01:00,2026-11-03T17:00+01:00"
    books.take(
        customers=[AURORA], contracts=["K1,C1,b2bee,standard,2026-10-01,,,"], time_entries=[work],
        expenses=["X1,C1,2026-10-05,Hotel,600.00"],
    )  # fmt: skip
    (parked,) = books.billing.issue(OCTOBER, date(2026, 12, 1))
    assert parked.outcome is RunOutcome.PARKED
    (waits,) = books.billing.issue(NOVEMBER, date(2026, 12, 1))
    assert waits.outcome is RunOutcome.FAILED
    assert "2026-10 is not billed yet, and what is left of its hours may be used in 2026-11" in waits.reason
    books.billing.release(OCTOBER, "C1", "a long stay")
    books.issue(OCTOBER, "2026-12-01")
    assert figures(books.issue(NOVEMBER, "2026-12-01")) == "200.00 40.00 240.00 240.00"  # 8 of 5 and 5 hours


def test_invoice_whose_commit_was_not_answered_is_not_failed(books):
    """The answer to a commit may be lost: the invoice is there, the run says so, and late work finds its way."""
    books.take(customers=[AURORA], contracts=[K1])
    commit, lost = books.database.dialect.do_commit, []

    def commit_and_lose(connection):
        commit(connection)
        if not lost and issued(books):
            lost.append(True)
            raise OperationalError("COMMIT", {}, Exception("the connection was lost"))

    books.database.dialect.do_commit = commit_and_lose
    (plan,) = books.billing.issue(OCTOBER, date(2026, 11, 2))
    del books.database.dialect.do_commit
    assert (plan.outcome, plan.invoice_number) == (RunOutcome.ALREADY_ISSUED, "2026-000001")
    assert states(books, OCTOBER) == {"C1": RunState.ISSUED}
    books.take(expenses=["X1,C1,2026-10-05,Taxi,10.00"])
    assert [line.kind for line in books.issue(NOVEMBER, "2026-12-01").draft.lines] == ["fee", "expense"]
    assert books.billing.doctor().healthy


def issued(books):
    """Tell whether some invoice is in the database."""
    with books.database.connect() as connection:
        return connection.execute(text("SELECT number FROM billing_invoices")).first() is not None


def test_number_of_another_document_is_never_given_again(opening):
    """A credit note whose form gives an invoice's number is refused, with the number and both series."""
    books = opening(number_format="{year}-{number}", credit_note_number_format="{year}-{number:01d}")
    books.take(customers=[AURORA], contracts=[K1])
    number = books.issue(OCTOBER, "2026-11-02").number
    before = books.dump()
    with pytest.raises(NumberTakenError, match=r"2026-1 was given already, in the series invoice"):
        books.billing.receivables.issue_credit_note(number, None, "Wrong", date(2026, 11, 3))
    assert books.dump() == before


def test_day_of_issue_that_can_only_be_a_slip_is_refused(books):
    """An invoice of 2126 would keep the series from going on."""
    books.take(customers=[AURORA], contracts=[K1])
    before = books.dump()
    with pytest.raises(BillingError, match="issued by 2036-12-31 at the latest; found 2126-11-02"):
        books.billing.issue(OCTOBER, date(2126, 11, 2))
    assert books.dump() == before


def test_run_that_is_refused_lets_no_credit_lapse(books):
    """Nothing is written before the plan was found to be the approved one."""
    books.take(customers=[AURORA], contracts=[K1])
    books.grant("15.00", expires_on=date(2026, 11, 1))
    before = books.dump()
    with pytest.raises(PlanChangedError):
        books.billing.issue(OCTOBER, date(2026, 11, 2), plan_hash="0" * 64)
    assert books.dump() == before
