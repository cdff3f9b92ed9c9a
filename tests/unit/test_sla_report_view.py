"""What an SLA report prints, before it is laid out."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from babel import Locale
from invoices import SELLER
from sla_reports import (
    ACCEPTED,
    CASE,
    CONTRACT,
    CREDIT,
    CUSTOMER,
    EMPTY,
    REJECTED,
    TARGET,
    TERMINATION,
    UPTIME,
    WAITING,
    claim,
    decision,
    sla_report,
)

from billing_engine.documents.files import sla_report_file_name
from billing_engine.documents.formats import uptime_text
from billing_engine.documents.language import words_for
from billing_engine.documents.sla_report_view import sla_report_view
from billing_engine.documents.sla_view import CaseView, CreditView, UptimeView
from billing_engine.documents.view import Fact, FigureView
from billing_engine.model.claim import ClaimKind
from billing_engine.model.period import Month
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.ticket import TargetKind


def texts(part):
    """List every text in a view, at any depth; nothing that is missing."""
    if isinstance(part, str) or part is None:
        return [part or ""]
    if is_dataclass(part):
        return [text for field in fields(part) for text in texts(getattr(part, field.name))]
    return [text for item in part for text in texts(item)]


def viewed(report, seller):
    """View a report in its customer's language."""
    return sla_report_view(report, seller, words_for(report.customer.language), DocumentTerms())


def view_of(**changes):
    """View a report."""
    return viewed(sla_report(**changes), SELLER)


def only_target(**changes):
    """View a report of a single target."""
    (group,) = view_of(targets=(TARGET._replace(**changes),)).target_groups
    (target,) = group.targets
    return target


def targets_figure(*counts):
    """Say the headline of targets with so many met, breached and running each."""
    targets = [TARGET._replace(met=met, breached=breached, running=running) for met, breached, running in counts]
    return view_of(targets=tuple(targets)).figures[1]


def test_head_of_the_report():
    """Customer, month and the day on which this was known are named."""
    view = view_of()
    assert view.page.title == "Service levels of October 2026, Hansen & Søn Logistik GmbH"
    assert view.month == "October 2026"
    assert view.page.created == "2026-11-10"
    assert view.customer.name == "Hansen & Søn Logistik GmbH"
    assert view.customer.address == ("Am Kaiserkai 62", "20457 Hamburg", "Germany")
    assert view.details == (
        Fact("Period", "1\u201331 Oct 2026"),
        Fact("As of", "10 Nov 2026 09:00 UTC+01:00"),
        Fact("Customer no.", "C1"),
    )


def test_sender_is_who_can_be_asked():
    """The seller is named with ways to reach it; its registration belongs on invoices."""
    view = view_of()
    assert view.page.brand == "Nordlicht Software d.o.o."
    assert [fact.label for fact in view.sender.facts] == ["Email", "Phone", "Web"]


def test_report_without_a_sender():
    """Where no seller is set up, nobody is named."""
    view = viewed(sla_report(), None)
    assert view.page.brand == ""
    assert view.sender is None


@pytest.mark.parametrize(
    ("counts", "value", "note"),
    [
        ([(11, 1, 0), (9, 1, 2)], "20 of 22", "90%, 2 still running"),
        ([(199, 1, 0)], "199 of 200", "99%"),
        ([(5, 0, 0)], "5 of 5", "100%"),
        ([(0, 3, 0)], "0 of 3", "0%"),
        ([(0, 0, 3)], "0", "3 still running"),
        ([(0, 0, 0)], "0", "no target applied"),
        ([(1200, 300, 0)], "1,200 of 1,500", "80%"),
    ],
)
def test_headline_of_targets(counts, value, note):
    """Of the targets that have ended so many were met, the percent cut; those that run are named beside."""
    assert targets_figure(*counts) == FigureView("Targets met", value, note, "")


def test_headline_of_uptime():
    """One contract's uptime stands against its guarantee, and says when it is below."""
    assert view_of().figures[2] == FigureView("Uptime", "99.33%", "below the 99.5% guaranteed", "missed")
    good = replace(UPTIME, counted_minutes=0)
    assert view_of(availability=(good,)).figures[2] == FigureView("Uptime", "100.00%", "99.5% guaranteed, met", "")


def test_headline_of_several_uptimes():
    """Of several contracts it is said how many kept their guarantee, and the lowest uptime."""
    good = replace(UPTIME, counted_minutes=0)
    figure = view_of(availability=(UPTIME, good)).figures[2]
    assert figure == FigureView("Uptime guarantees met", "1 of 2", "lowest 99.33%", "missed")


@pytest.mark.parametrize(
    ("percent", "locale", "text"),
    [
        ("99.9", "en_IE", "99.90%"),
        ("100.00", "en_IE", "100.00%"),
        ("99.33", "de", "99,33\u00a0%"),
        ("0", "en", "0.00%"),
    ],
)
def test_uptime_has_two_decimals(percent, locale, text):
    """Both decimals are shown, as a reader of that language expects them."""
    assert uptime_text(Decimal(percent), Locale.parse(locale)) == text


def test_uptime_is_never_rounded_up():
    """One bad minute in a month is below 100 percent, also on paper."""
    (uptime,) = view_of(availability=(replace(UPTIME, counted_minutes=1),)).uptimes
    assert uptime.uptime == "99.99%"


def test_uptime_of_a_contract():
    """Minutes, uptime, guarantee and whether it was met, under the contract and its package."""
    assert view_of().uptimes == (
        UptimeView("K1", "premium of trifft", "44,700", "296", "120", "99.33%", "99.5%", "not met", "missed"),
    )


def test_target_of_a_severity():
    """A target says for what it is, its time in the price list's words, and its counts."""
    target = only_target(running=2)
    assert (target.severity, target.kind, target.text) == ("high", "First response", "4 h of 8x5")
    assert (target.met, target.missed, target.running) == ("11", "1", "2")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (TargetKind.FIRST_RESPONSE, "First response"),
        (TargetKind.WORKAROUND, "Work-around"),
        (TargetKind.SOLUTION, "Solution"),
    ],
)
def test_kinds_of_targets_have_names(kind, name):
    """Each kind of target is called by its words, in the table and among the worst cases."""
    assert only_target(kind=kind).kind == name
    assert view_of(worst=(CASE._replace(kind=kind),)).cases[0].kind == name


def test_missing_severity_is_said():
    """Tickets without a severity are not a blank."""
    assert only_target(severity="").severity == "No severity"


def test_targets_are_grouped_by_price_list():
    """Each price list has its heading, in the order of the report."""
    targets = (TARGET, TARGET._replace(severity="low"), TARGET._replace(price_list="b2bee"))
    groups = view_of(targets=targets).target_groups
    assert [(group.heading, len(group.targets)) for group in groups] == [
        ("Price list trifft", 2),
        ("Price list b2bee", 1),
    ]


def test_bars_show_share_and_size():
    """The longest bar is the target with most tickets; within a bar lie met on missed on running."""
    targets = (
        TARGET._replace(met=6, breached=2, running=2),
        TARGET._replace(met=20, breached=0, running=0),
        TARGET._replace(met=0, breached=0, running=0),
    )
    (group,) = view_of(targets=targets).target_groups
    bars = [(target.bar_percent, target.ended_percent, target.met_percent) for target in group.targets]
    assert bars == [("50", "80", "75"), ("100", "100", "100"), ("0", "0", "0")]


def test_worst_case():
    """A case says when it was opened, due and done, and the time on its clock."""
    assert view_of().cases[0] == CaseView(
        ticket="SD-1042",
        severity="high",
        kind="First response",
        text="4 h of 8x5",
        opened="Thu 8 Oct 15:30",
        due="Fri 9 Oct 11:30",
        happened="Mon 12 Oct 09:05",
        elapsed="9:35",
    )


def test_case_that_still_waits():
    """What has not happened says so."""
    assert view_of(worst=(CASE._replace(happened_at=""),)).cases[0].happened == "not yet"


def test_case_over_a_clock_change():
    """Where the clock was changed, offsets keep the times comparable."""
    case = CASE._replace(happened_at="2026-10-26T09:05:00+01:00")
    (view,) = view_of(worst=(case,)).cases
    assert (view.opened, view.happened) == ("Thu 8 Oct 15:30+0200", "Mon 26 Oct 09:05+0100")


def test_accepted_claim():
    """It shows what is granted, and the sentences of the decision, each on its line."""
    (view,) = view_of(claims=(ACCEPTED,)).claims
    assert view.title == "CL-7 · uptime of October 2026"
    assert view.received == "Received 5 Nov 2026 23:30 UTC+01:00"
    assert (view.decision, view.amount) == ("Accepted", "EUR\u00a072.00")
    assert view.reasons == (
        "Uptime of October 2026 was 99.33%, below the 99.5% guaranteed.\n"
        "20% of the monthly fee of 360.00 EUR is 72.00 EUR."
    )


def test_rejected_claim():
    """It shows why, and no amount."""
    (view,) = view_of(claims=(REJECTED,)).claims
    assert view.title == "CL-8 · ticket SD-1042, missed on 9 Oct 2026"
    assert (view.decision, view.amount) == ("Rejected", "")
    assert view.reasons == "The claim came after 9 Jan 2027, the last day for it."


def test_claim_that_waits():
    """A claim without a decision says that it has none."""
    (view,) = view_of(claims=(WAITING,)).claims
    assert (view.decision, view.amount, view.reasons) == ("Not yet decided", "", "")


def test_claims_with_parts_missing():
    """A ticket claim without a day is named by its ticket, and a time without a zone is read as UTC."""
    loose = claim(kind=ClaimKind.TICKET, period=None, ticket="SD-1")
    (view,) = view_of(claims=(ACCEPTED._replace(claim=loose),), as_of="2026-11-10T09:00:00").claims
    assert view.title == "CL-7 · ticket SD-1"
    assert view.received == "Received 5 Nov 2026 22:30 UTC"


def test_credit_and_what_is_left():
    """A credit says why, by which claim, from which invoice on, until when, and what is left of it."""
    credit = replace(CREDIT, expires_on=date(2027, 11, 6))
    assert view_of(credits=(credit,)).credits == (
        CreditView(
            title="Uptime of October 2026",
            detail="Reference CL-7, granted 6 Nov 2026, from the invoice for December 2026, expires after 6 Nov 2027",
            granted="EUR\u00a072.00",
            left="EUR\u00a022.00",
        ),
    )


def test_credit_of_the_next_invoice():
    """A credit without a claim goes by its own number; without a month or an end none is named."""
    (view,) = view_of(credits=(replace(CREDIT, claim="", applies_from=None),)).credits
    assert view.detail == "Reference CR-1, granted 6 Nov 2026"


def test_termination():
    """The sentence is there when there is one."""
    assert view_of().termination == ""
    assert view_of(termination=TERMINATION).termination == TERMINATION


def test_empty_month():
    """A month without anything has its tickets and no other figure."""
    view = view_of(**EMPTY)
    assert view.figures == (FigureView("Tickets", "0", "opened in the month", ""),)
    assert (view.target_groups, view.cases, view.uptimes, view.claims, view.credits) == ((), (), (), (), ())


def test_report_in_a_language_without_words():
    """A customer's language that has no catalogue gets English."""
    assert view_of(customer=replace(CUSTOMER, language="xx")).page.language == "en"


def test_view_is_text_only():
    """The view holds text and nothing that a template would have to format."""
    shown = texts(view_of(termination=TERMINATION))
    assert all(isinstance(text, str) for text in shown)
    assert len(shown) > 80


def test_every_foreign_text_is_made_printable():
    """Whatever field a hostile text comes in, no control character reaches the view and none is long."""
    evil = "\u202eevil\x00" + "x" * 100_000
    hostile_claim = claim(evil, kind=ClaimKind.TICKET, ticket=evil)
    report = sla_report(
        customer=replace(CUSTOMER, **{field.name: evil for field in fields(CUSTOMER)}),
        targets=(TARGET._replace(price_list=evil, severity=evil, text=evil),),
        worst=(CASE._replace(ticket=evil, severity=evil, text=evil),),
        availability=(replace(UPTIME, contract=replace(CONTRACT, contract=evil, price_list=evil, package=evil)),),
        claims=(ACCEPTED._replace(claim=hostile_claim, decision=decision(evil, explanation=(evil,) * 50)),),
        credits=(replace(CREDIT, credit=evil, claim=evil, reason=evil),),
        termination=evil,
    )
    seller = replace(SELLER, **{field.name: evil for field in fields(SELLER)})
    for text in texts(viewed(report, seller)):
        assert "\u202e" not in text
        assert "\x00" not in text
        assert len(text) <= 2000


def test_plain_customers_are_in_the_file_name():
    """A report's file is named by its month and customer."""
    assert sla_report_file_name(sla_report()) == "sla-2026-10-C1.pdf"


def test_file_names_are_safe_and_distinct():
    """Whatever the customer's id, the name stays in its folder, and no two customers or months share one."""
    ids = ["", "..", "/", "../../etc/passwd", "a/b", "a:b", "a b", "a-b", "№ 1", "\ud800", "x" * 5000, "x" * 5001]
    reports = [
        sla_report(customer=replace(CUSTOMER, customer=odd), month=m)
        for odd in ids
        for m in (Month(2026, 9), Month(2026, 10))
    ]
    names = {sla_report_file_name(report) for report in reports}
    assert len(names) == len(reports)
    for name in names:
        assert "/" not in name
        assert ".." not in name
        assert name.isascii()
        assert len(name) < 120
