"""Claims become decisions, decisions credits: over real SQLite files, to the cent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from books import (
    C1,
    C2,
    CLAIM,
    DECEMBER,
    K1,
    K2,
    LATE,
    NOVEMBER,
    OCTOBER,
    SETTINGS,
    THREE_DAYS_DOWN,
    TICKET_CLAIM,
    WHOLE_FOLDER,
    an_outage,
    figures,
    row,
    setoffs,
)
from sla_builders import agreement, book

from billing_engine import BillingEngine, claim_desk
from billing_engine.billing_run import RunOutcome
from billing_engine.errors import ClaimError
from billing_engine.model.money import plain
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.sla_terms import FirstPeriod, Setoff

# --- import -----------------------------------------------------------------------------------------------------------


def test_all_new_files_are_imported_and_twice_is_once(books):
    """The same folder again finds every row unchanged and writes nothing."""
    first = books.take(**WHOLE_FOLDER)
    assert first["tickets.csv"] == (1, 0, 0)
    assert first["ticket_pauses.csv"] == first["outages.csv"] == first["claims.csv"] == (2, 0, 0)
    invoice = books.issue(OCTOBER)
    books.pay(invoice, "2026-10-05")
    before = books.dump()
    again = books.take(
        **WHOLE_FOLDER, payments=[f"P-{invoice.number}-2026-10-05-1200.00,{invoice.number},2026-10-05,1200"]
    )
    assert all(added == changed == 0 and unchanged for added, changed, unchanged in again.values())
    assert books.dump() == before


NOTED = ("billing_audit_events", "billing_audit_head", "billing_customers", "billing_number_counters")
"""Where every import that changes something is noted: the trail, its number, and the version of the customer."""

REPLACED = [
    row("a ticket that was solved", "tickets", LATE.replace("12:30", "13:30"), ["resolved_at"]),
    row("a pause that ended", "ticket_pauses", "T1,2026-10-05T10:15,2026-10-05T10:20", ["resumed_at"]),
    row(
        "an outage that ended, with its cause", "outages", "O2,,2026-10-20T00:00,2026-10-20T01:00,outage,", ["ended_at"]
    ),
]


@pytest.mark.parametrize(("file", "changed", "columns"), REPLACED)
def test_what_goes_on_is_replaced(books, file, changed, columns):
    """Tickets, pauses and outages are known better later."""
    books.take(**WHOLE_FOLDER)
    before = books.dump()
    assert books.take(**{file: [changed]}) == {f"{file}.csv": (0, 1, 0)}
    after = books.dump()
    assert [name for name in before if before[name] != after[name] and name not in NOTED] == [f"billing_{file}"]


KEPT = [
    row("a claim's time of receipt", "claims", CLAIM.replace("11-03", "11-02"), "claim"),
    row("a claim's month", "claims", CLAIM.replace("2026-10", "2026-09"), "claim"),
    row("a payment's amount", "payments", "P1,2026-000001,2026-10-05,13", "payment"),
    row("a payment's day", "payments", "P1,2026-000001,2026-10-06,12", "payment"),
    row("a ticket's customer", "tickets", LATE.replace("C2", "C1").replace("critical", "P1"), "ticket"),
]


@pytest.mark.parametrize(("file", "changed", "column"), KEPT)
def test_claims_and_payments_never_change(books, file, changed, column):
    """What was received is kept as it was; a row that says otherwise is refused with its folder."""
    books.take(**WHOLE_FOLDER)
    books.issue(OCTOBER)
    books.take(payments=["P1,2026-000001,2026-10-05,12"])
    before = books.dump()
    report = books.read(**{file: [changed]}, expenses=["X1,C1,2026-10-05,Taxi,12.00"])
    assert not report.stored
    assert [(rejected.file, rejected.line, rejected.column) for rejected in report.rejected] == [
        (f"{file}.csv", 2, column)
    ]
    assert books.dump() == before


REFUSED = [
    row("payment for no invoice", "payments", "P1,2026-000009,2026-10-05,12.00", "invoice"),
    row("payment of nothing", "payments", "P1,2026-000001,2026-10-05,0.00", "amount"),
    row("payment below zero", "payments", "P1,2026-000001,2026-10-05,-5", "amount"),
    row("claim of nobody", "claims", CLAIM.replace("C1", "C9"), "customer"),
    row("claim without its month", "claims", "CL-9,C1,uptime,,,,2026-11-03T10:00", "period"),
    row("claim without its ticket", "claims", "CL-9,C2,ticket,,,2026-10-05,2026-11-03T10:00", "ticket"),
    row("claim of no kind", "claims", CLAIM.replace("uptime", "grudge"), "kind"),
    row("pause of no ticket", "ticket_pauses", "T9,2026-10-05T10:05,", "ticket"),
    row("pause that ends before", "ticket_pauses", "T1,2026-10-05T10:05,2026-10-05T10:00", "resumed_at"),
    row("outage that ends before", "outages", "O9,C1,2026-10-05T10:00,2026-10-05T09:00,,", "ended_at"),
    row("ticket of no severity", "tickets", LATE.replace("critical", "P9"), "severity"),
    row("ticket that was answered before", "tickets", LATE.replace("T12:00", "T09:00"), "first_response_at"),
]


@pytest.mark.parametrize(("file", "bad", "column"), REFUSED)
def test_refused_import_leaves_no_trace(books, file, bad, column):
    """One bad row keeps out good rows of every file beside it."""
    books.take(customers=[C1, C2], contracts=[K1, K2])
    books.issue(OCTOBER)
    before = books.dump()
    good = {
        "tickets": [LATE],
        "ticket_pauses": ["T1,2026-10-05T10:10,"],
        "outages": [THREE_DAYS_DOWN],
        "claims": [CLAIM.replace("CL-1", "CL-8")],
        "payments": ["P0,2026-000001,2026-10-05,12.00"],
        "customers": ["C3,Corvina,RS,EUR"],
    }
    good[file] = [*(rows for rows in good[file] if not rows.startswith(bad.split(",")[0] + ",T")), bad]
    if file == "tickets":
        good[file], good["ticket_pauses"] = [bad], []
    report = books.read(**good)
    assert not report.stored
    assert {(rejected.file, rejected.column) for rejected in report.rejected} == {(f"{file}.csv", column)}
    assert books.dump() == before


def test_skipping_takes_the_good_payments(books):
    """With skip_rejected a payment without invoice is reported and the others count."""
    books.take(customers=[C1], contracts=[K1])
    invoice = books.issue(OCTOBER)
    rows = [f"P1,{invoice.number},2026-10-05,200", "P2,2026-000009,2026-10-05,12.00"]
    report = books.read(skip_rejected=True, payments=rows)
    assert report.stored
    assert [rejected.line for rejected in report.rejected] == [3]
    assert books.billing.read_invoice(invoice.number).paid == 200


# --- deciding by rule -------------------------------------------------------------------------------------------------


def test_decision_keeps_reasons_figures_and_due_date(books):
    """All that a decision says is kept: reasons together, percent, amount, first period, words, last day."""
    wrong = "CL-3,C2,ticket,,T2,2026-10-06,2026-10-21T12:00"
    by_mail = "T2,C2,critical,email,2026-10-05T10:00,2026-10-05T10:10,2026-10-05T10:30,"
    books.take(customers=[C2], contracts=[K2], tickets=[LATE, by_mail], claims=[TICKET_CLAIM, wrong])
    assert books.decide() == {"CL-2": "accepted", "CL-3": "rejected not_helpdesk no_breach"}
    good, bad = books.decision("CL-2"), books.decision("CL-3")
    assert (good.decision.percent, good.decision.amount, good.decision.currency) == (25, Decimal("25.00"), "USD")
    assert (str(good.decision.applies_from), good.decision.due_on) == ("2026-11", date(2026, 10, 25))
    worth, first = good.decision.explanation
    for figure in ("T1", "5 Oct 2026 at 10:30", "25 %", "(K2)", "100.00 USD", "25.00 USD"):
        assert figure in worth
    assert first == "It is taken off the invoices from November 2026 on."
    assert (good.decided_on, good.by_rule, good.note) == (date(2026, 12, 31), True, "")
    assert (bad.decision.percent, bad.decision.amount, bad.decision.applies_from) == (0, 0, None)
    assert bad.decision.due_on == date(2026, 10, 26)
    assert bad.decision.explanation == (
        "Ticket T2 came by email, not by helpdesk.",
        "No first response or solution time of ticket T2 was missed on 6 Oct 2026.",
    )


def decided_already(claim):
    return f"claim {claim} was decided already; `billing-engine claim list` shows how"


def not_over(claim):
    return f"claim {claim} is about days that are not over yet, or comes later than --as-of"


def test_deciding_twice_decides_nothing_again(books):
    """A second run of the rules finds nothing open and writes nothing, also when tickets look different by then."""
    books.take(**WHOLE_FOLDER)
    assert books.decide() == {"CL-1": "pending", "CL-2": "rejected no_breach"}
    books.take(tickets=[LATE], ticket_pauses=["T1,2026-10-05T10:15,2026-10-05T10:15:01"])
    before = books.dump()
    assert books.decide("2027-03-01 00:00") == {}
    assert books.dump() == before
    with pytest.raises(ClaimError) as refused:
        books.decide(claim="CL-1")
    assert str(refused.value) == decided_already("CL-1")
    with pytest.raises(ClaimError) as refused:
        books.decide(claim="CL-9")
    assert str(refused.value) == "there is no claim 'CL-9'; `billing-engine claim list` shows all"
    assert books.dump() == before


OPEN = [
    row("uptime: the month's last second", "uptime,2026-10,,,2026-10-05T10:00", "2026-10-31 23:59:59", "received"),
    row("uptime: the month is over", "uptime,2026-10,,,2026-10-05T10:00", "2026-11-01 00:00", "pending"),
    row("uptime: a month far off", "uptime,2030-10,,,2026-10-05T10:00", "2026-12-01 00:00", "received"),
    row("uptime: received later", CLAIM.removeprefix("CL-1,C1,"), "2026-11-03 09:59:59", "received"),
    row("uptime: received now", CLAIM.removeprefix("CL-1,C1,"), "2026-11-03 10:00", "pending"),
]


@pytest.mark.parametrize(("claim", "as_of", "status"), OPEN)
def test_claims_about_time_to_come_stay_received(books, claim, as_of, status):
    """A month is judged when it is over, and a claim when it is there; until then nobody decides."""
    an_outage(books, claim=f"CL-1,C1,{claim}")
    assert books.decide(as_of) == ({} if status == "received" else {"CL-1": status})
    assert books.claims() == {"CL-1": status}
    if status == "received":
        with pytest.raises(ClaimError) as refused:
            books.by_hand("CL-1", accepted=False, as_of=as_of)
        assert str(refused.value) == not_over("CL-1")
        with pytest.raises(ClaimError) as refused:
            books.decide(as_of, claim="CL-1")
        assert str(refused.value) == not_over("CL-1")


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        row("C3: the day goes on", "2026-10-05 22:59:59", "received"),
        row("C3: it is over", "2026-10-05 23:00", "accepted"),
    ],
)
def test_a_breach_is_judged_when_its_day_is_over(books, as_of, status):
    """A claim that comes before the breach of its day is not turned down for it."""
    early = "CL-2,C2,ticket,,T1,2026-10-05,2026-10-05T10:10"
    books.take(customers=[C2], contracts=[K2], tickets=[LATE], claims=[early])
    books.decide(as_of)
    assert books.claims() == {"CL-2": status}


def test_customer_without_contracts_has_no_claim(books):
    """Who has no contract is told so, and for a month to come waits like everybody."""
    claims = ["A1,C1,uptime,2026-10,,,2026-11-06T10:00+02:00", "A2,C1,ticket,,T9,2026-10-05,2026-10-06T10:00+02:00",
              "A3,C1,uptime,2031-10,,,2026-11-06T10:00+02:00"]  # fmt: skip
    books.take(customers=[C1], claims=claims)
    assert books.decide() == {"A1": "rejected no_guarantee", "A2": "rejected unknown_ticket"}
    with pytest.raises(ClaimError, match="not over yet"):
        books.by_hand("A3", accepted=True, amount="5")
    assert books.billing.sla.credits() == []


def test_somebody_elses_ticket_and_contract_are_nobodys_claim(books):
    """A claim for another customer's ticket is refused, and takes nothing from the claim of whose it is."""
    books.take(customers=[C1, C2], contracts=[K1, K2], tickets=[LATE])
    books.take(claims=["CL-0,C1,ticket,,T1,2026-10-05,2026-10-06T12:00", TICKET_CLAIM])
    assert books.decide() == {"CL-0": "rejected unknown_ticket", "CL-2": "accepted"}
    report = books.read(
        tickets=[LATE.replace("T1,C2", "T5,C2") + "K1"], contracts=["K1,C2,dpo-group,server,2026-01-01,,100.00,"]
    )
    assert [(one.file, one.column) for one in report.rejected] == [
        ("contracts.csv", "customer"),
        ("tickets.csv", "contracts"),
    ]


def test_a_present_for_somebody_elses_ticket_blocks_nobody(books):
    """What is given by hand for a wrong ticket does not use up the right claim."""
    books.take(customers=[C1, C2], contracts=[K1, K2], tickets=[LATE])
    books.take(claims=["CL-0,C1,ticket,,T1,2026-10-05,2026-10-06T12:00", TICKET_CLAIM])
    assert books.by_hand("CL-0", accepted=True, amount="5").status == "accepted"
    assert books.decide() == {"CL-2": "accepted"}


def test_one_customers_trouble_keeps_no_claim_of_others_open(opening):
    """A price list that is gone fails its customer by name; the claims of all others are decided, their runs go on."""
    own = replace(agreement("trifft"), name="own")
    books = opening(own)
    customers = [f"C{n},Customer {n},CZ,EUR" for n in (1, 2, 3)]
    contracts = [K1, K1.replace("K1,C1,trifft", "K2,C2,own"), K1.replace("K1,C1", "K3,C3")]
    claims = [CLAIM.replace("CL-1,C1", f"CL-{n},C{n}") for n in (1, 2, 3)]
    books.take(customers=customers, contracts=contracts, outages=[THREE_DAYS_DOWN.replace("C1", "")], claims=claims)
    books.issue(OCTOBER)
    books.billing = BillingEngine(books.database, book(), SETTINGS)
    with pytest.raises(ClaimError, match="customer C2 were not decided: no price list 'own'"):
        books.decide()
    assert books.claims() == {"CL-1": "pending", "CL-2": "received", "CL-3": "pending"}


def test_one_customers_trouble_stops_no_payment_and_no_run(opening):
    """A credit whose price list is gone waits on; payments are stored, others are credited, only its customer fails."""
    own = replace(agreement("trifft"), name="own")
    books = opening(own)
    customers = [f"C{n},Customer {n},CZ,EUR" for n in (1, 2, 3)]
    contracts = [K1, K1.replace("K1,C1,trifft", "K2,C2,own"), K1.replace("K1,C1", "K3,C3")]
    claims = [CLAIM.replace("CL-1,C1", f"CL-{n},C{n}") for n in (1, 2, 3)]
    books.take(customers=customers, contracts=contracts, outages=[THREE_DAYS_DOWN.replace("C1", "")], claims=claims)
    books.issue(OCTOBER)
    books.decide()
    books.billing = BillingEngine(books.database, book(), SETTINGS)
    books.take(payments=[f"P{n},2026-00000{n},2026-12-31,1200.00" for n in (1, 2, 3)])
    assert books.claims() == {"CL-1": "accepted", "CL-2": "pending", "CL-3": "accepted"}
    plans = books.billing.issue(DECEMBER, date(2027, 1, 1))
    assert [plan.outcome for plan in plans] == [RunOutcome.ISSUED, RunOutcome.FAILED, RunOutcome.ISSUED]
    assert plans[1].reason.startswith("no price list 'own'")
    books.billing = BillingEngine(books.database, book(own), SETTINGS)
    assert setoffs(books.issue(DECEMBER, "2027-01-02", "C2")) == ["CL-2 600.00"]


# --- deciding by hand -------------------------------------------------------------------------------------------------


@pytest.fixture
def two_claims(books):
    """Take in a claim that the rules accept, and one that they reject."""
    late = "CL-3,C2,ticket,,T2,2026-10-06,2026-10-21T12:00"
    in_time = "T2,C2,critical,helpdesk,2026-10-06T10:00,2026-10-06T10:10,2026-10-06T12:30,"
    books.take(customers=[C2], contracts=[K2], tickets=[LATE, in_time], claims=[TICKET_CLAIM, late])
    return books


NOTE = "as agreed by phone"
WORTH = (
    (
        "The first response of ticket T1 was due by 5 Oct 2026 at 10:30 and did not come in time: 25 % of the "
        "subscription Server management (K2) at 100.00 USD is 25.00 USD."
    ),
    "It is taken off the invoices from November 2026 on.",
    NOTE,
)
NO_BREACH = ("No first response or solution time of ticket T2 was missed on 6 Oct 2026.", NOTE)
BY_HAND = [
    row("accepted as by rule", "CL-2", True, None, ("accepted", "25.00", 25, "2026-11"), WORTH),
    row("accepted with the rules' amount", "CL-2", True, "25", ("accepted", "25.00", 25, "2026-11"), WORTH),
    row("accepted with more", "CL-2", True, "4000.00", ("accepted", "4000.00", 0, "2026-11"), "4,000.00 USD"),
    row("accepted with less", "CL-2", True, "7.00", ("accepted", "7.00", 0, "2026-11"), "7.00 USD"),
    row("accepted with nothing", "CL-2", True, "0", ("accepted", "0.00", 0, "2026-11"), "0.00 USD"),
    row("accepted against the rules", "CL-3", True, "5.50", ("accepted", "5.50", 0, "None"), "5.50 USD"),
    row("rejected against the rules", "CL-2", False, None, ("rejected", "0.00", 0, "None"), (NOTE,)),
    row("rejected as by rule", "CL-3", False, None, ("rejected", "0.00", 0, "None"), NO_BREACH),
]


@pytest.mark.parametrize(("claim", "accepted", "amount", "expected", "said"), BY_HAND)
def test_decision_by_hand_is_kept_with_its_note(two_claims, claim, accepted, amount, expected, said):
    """Somebody's word goes before the rules', with why; what is accepted becomes a credit at once.

    With the rules' amount the decision says what the rules say; another amount is nobody's percent of anything.
    """
    standing = two_claims.by_hand(claim, accepted, amount)
    decision = standing.decided.decision
    assert (standing.status, plain(decision.amount), decision.percent, str(decision.applies_from)) == expected
    assert decision.explanation == ((f"Decided by hand: {said}.", NOTE) if isinstance(said, str) else said)
    kept = two_claims.decision(claim)
    assert kept == standing.decided
    assert (kept.by_rule, kept.note) == (False, NOTE)
    assert kept.decision.reasons == (("no_breach",) if claim == "CL-3" else ())
    worth = expected[1] != "0.00"
    assert list(two_claims.left().values()) == ([expected[1]] if worth else [])


WRONG_BY_HAND = [
    row("no such claim", {"claim": "CL-9"}, "there is no claim 'CL-9'; `billing-engine claim list` shows all$"),
    row("no note", {"note": " "}, "needs a note"),
    row("worth nothing by rule and no amount", {"claim": "CL-3"}, r"worth nothing \(no_breach\); name an amount"),
    row("finer than cents", {"amount": "1.005"}, "1.005 is no amount of USD from 0 to 1,000,000,000 in whole cents"),
    row("below zero", {"amount": "-1"}, "-1 is no amount of USD from 0 to 1,000,000,000 in whole cents"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG_BY_HAND)
def test_wrong_decision_by_hand_changes_nothing(two_claims, changes, message):
    """What can not be decided so is said in a sentence, and the claim stays open."""
    before = two_claims.dump()
    with pytest.raises(ClaimError, match=message):
        two_claims.by_hand(**{"claim": "CL-2", "accepted": True} | changes)
    assert two_claims.dump() == before


@pytest.mark.parametrize("first_accepts", [True, False])
def test_decided_is_decided(two_claims, first_accepts):
    """Nobody decides a claim again, neither by hand nor by rule."""
    two_claims.by_hand("CL-2", accepted=first_accepts)
    before = two_claims.dump()
    for again in (
        lambda: two_claims.by_hand("CL-2", accepted=not first_accepts),
        lambda: two_claims.decide(claim="CL-2"),
    ):
        with pytest.raises(ClaimError) as refused:
            again()
        assert str(refused.value) == decided_already("CL-2")
    assert two_claims.dump() == before


_UPTIME, _TICKET = "C1,uptime,2026-10,,,2026-11-0", "C2,ticket,,T1,2026-10-05,2026-10-0"
TWICE = [
    row("U5: one credit per month", f"A1,{_UPTIME}3T10:00+01:00", f"A2,{_UPTIME}4T10:00+01:00"),
    row("C3: one compensation per ticket", f"A1,{_TICKET}6T10:00+02:00", f"A2,{_TICKET}7T10:00+02:00"),
]


@pytest.mark.parametrize("first", ["rule", "hand"])
@pytest.mark.parametrize(("one", "two"), TWICE)
def test_never_twice_for_one_month_or_ticket(books, one, two, first):
    """The second claim for the same is already_claimed by rule, and refused by hand whatever its amount."""
    books.take(customers=[C1, C2], contracts=[K1, K2], outages=[THREE_DAYS_DOWN], tickets=[LATE], claims=[one])
    if first == "rule":
        books.decide()
    else:
        books.by_hand("A1", accepted=True, amount="1.00")
    books.take(claims=[two])
    before = books.dump()
    with pytest.raises(ClaimError, match="A2, or another one for the same, was decided already"):
        books.by_hand("A2", accepted=True, amount="1.00")
    assert books.dump() == before
    assert books.decide() == {"A2": "rejected already_claimed"}


@pytest.mark.parametrize(("one", "two"), TWICE)
def test_of_two_at_once_the_first_received_wins(books, one, two):
    """Decided together, the claim that came first is accepted, whatever the order of import."""
    books.take(customers=[C1, C2], contracts=[K1, K2], outages=[THREE_DAYS_DOWN], tickets=[LATE], claims=[two])
    books.take(claims=[one])
    decided = books.decide()
    assert [status.split()[0] for status in decided.values()] in (["pending", "rejected"], ["accepted", "rejected"])
    assert decided["A2"] == "rejected already_claimed"


def test_a_rejected_claim_leaves_the_month_to_another(books):
    """Only an accepted claim uses up its month: after a rejection by hand the next one counts."""
    an_outage(books)
    books.take(claims=["CL-9,C1,uptime,2026-10,,,2026-11-04T10:00"])
    books.by_hand("CL-1", accepted=False)
    assert books.decide() == {"CL-9": "pending"}


# --- U5: until the fee is paid ----------------------------------------------------------------------------------------


def test_credit_waits_until_the_month_is_paid_in_full(books):
    """Part payments leave an accepted claim pending; the last one grants the credit as of its day, and once only."""
    an_outage(books)
    october, november = books.issue(OCTOBER), books.issue(NOVEMBER)
    assert books.decide("2026-11-05 00:00") == {"CL-1": "pending"}
    books.pay(november, "2026-11-06")
    books.pay(october, "2026-11-07", "600.00")
    assert (books.claims(), books.left()) == ({"CL-1": "pending"}, {})
    assert books.billing.read_invoice(october.number).status_on(OCTOBER.first_day) == "partly_paid"
    books.pay(october, "2026-11-20", "599.99")
    assert books.claims() == {"CL-1": "pending"}
    books.pay(october, "2026-11-21", "0.01")
    (credit,) = books.billing.sla.credits()
    assert (credit.claim, credit.amount, credit.granted_on) == ("CL-1", Decimal("600.00"), date(2026, 11, 21))
    assert (credit.setoff, str(credit.applies_from), credit.reason) == (
        Setoff.BEFORE_TAX, "2026-12", "SLA credit, uptime in October 2026",
    )  # fmt: skip
    books.pay(october, "2026-11-22", "5.00")
    books.decide()
    assert list(books.left().values()) == ["600.00", "5.00"]  # what was too much is a credit of its own
    assert setoffs(books.issue(DECEMBER)) == ["CL-1 600.00", f"{october.number} 5.00"]


GRANTED_ON = [
    row("U5: paid before the decision", "2026-10-20", "2026-11-05", "2026-11-05"),
    row("U5: paid on the day of the decision", "2026-11-05", "2026-11-05", "2026-11-05"),
    row("U5: paid after the decision", "2026-11-20", "2026-11-05", "2026-11-20"),
]


@pytest.mark.parametrize(("paid", "decided", "granted"), GRANTED_ON)
def test_day_of_the_grant(books, paid, decided, granted):
    """A credit is of the day on which both decision and payment are there, in whatever order they come."""
    an_outage(books)
    october = books.issue(OCTOBER)
    if paid < decided:
        books.pay(october, paid)
        books.decide(f"{decided} 00:00")
    else:
        books.decide(f"{decided} 00:00")
        books.pay(october, paid)
    assert [str(credit.granted_on) for credit in books.billing.sla.credits()] == [granted]


def test_waiting_claims_become_credits_in_order_of_receipt(books):
    """One import of payments releases several: who came first has the lower number, whatever the claims are called."""
    months = {"Z": "2026-09", "M": "2026-10", "A": "2026-11"}
    received = {"Z": "2026-10-03T10:00:01", "M": "2026-11-03T10:00", "A": "2026-12-03T10:00"}
    books.take(
        customers=[C1],
        contracts=[K1],
        outages=[f"O{m},C1,{m}-05T00:00,{m}-08T00:00,," for m in months.values()],
        claims=[f"{claim},C1,uptime,{months[claim]},,,{received[claim]}" for claim in ("A", "M", "Z")],
    )
    invoices = [books.issue(month) for month in months.values()]
    assert books.decide() == {"Z": "pending", "M": "pending", "A": "pending"}
    books.take(payments=[f"P{n},{one.number},2027-01-0{n},1200.00" for n, one in enumerate(invoices[::-1], 1)])
    credits_ = sorted(books.billing.sla.credits(), key=lambda credit: credit.credit)
    assert [(credit.claim, str(credit.granted_on)) for credit in credits_] == [
        ("Z", "2027-01-03"), ("M", "2027-01-02"), ("A", "2027-01-01"),
    ]  # fmt: skip


def test_only_payments_release_credits(books, monkeypatch):
    """An import without payments looks for no credit that waits; one with known payments does, for it may go on."""
    an_outage(books)
    october = books.issue(OCTOBER)
    books.decide("2026-11-05 00:00")
    looked = []
    release = claim_desk.release_pending

    def watched(connection, customer, price_lists):
        looked.append(customer)
        release(connection, customer, price_lists)

    monkeypatch.setattr(claim_desk, "release_pending", watched)
    books.take(tickets=[LATE.replace("C2", "C1").replace("critical", "P1")], outages=["O2,C1,2026-11-05T00:00,,,"])
    books.take(customers=[C2], contracts=[K2], claims=[TICKET_CLAIM])
    assert looked == []
    books.pay(october, "2026-11-06", "1.00")
    assert looked == ["C1"]
    books.pay(october, "2026-11-06", "1.00")
    assert (looked, books.claims()["CL-1"]) == (["C1"] * 2, "pending")
    books.pay(october, "2026-11-07", "1199.00")
    assert (looked, books.claims()["CL-1"]) == (["C1"] * 3, "accepted")


def test_a_month_without_invoice_stays_pending(books):
    """A fee that was never asked for was never paid."""
    an_outage(books)
    books.decide()
    books.issue(DECEMBER)
    assert (books.claims(), books.left()) == ({"CL-1": "pending"}, {})


def test_a_month_paid_by_credits_alone_is_paid(books):
    """An invoice that a credit covers whole is paid on its day, so a credit for its month follows at once."""
    an_outage(books)
    books.grant("1000.00")
    october = books.issue(OCTOBER)
    assert (figures(october), october.status_on(october.due_on)) == ("0.00 0.00 0.00 0.00", "paid")
    books.decide("2026-11-05 00:00")
    assert books.claims() == {"CL-1": "accepted"}


def test_credit_that_waited_for_its_own_invoice_is_granted_after_it(books):
    """A claim decided before its month is invoiced is granted when that invoice is issued and fully set off."""
    an_outage(books)
    books.decide("2026-11-05 00:00")
    books.grant("1000.00")
    books.issue(OCTOBER, "2026-11-09")
    assert books.claims() == {"CL-1": "accepted"}
    assert [str(credit.granted_on) for credit in books.billing.sla.credits()] == ["2026-09-01", "2026-11-09"]


def test_a_credit_follows_the_list_that_gives_it(opening):
    """Setoff and expiry are those of the month's list: no older contract's, and no later version's, change them."""
    trifft = agreement("trifft")
    other = replace(trifft.credit, setoff=Setoff.AFTER_TAX, expires_after_months=1)
    older = replace(trifft, name="older", credit=other)
    later = replace(trifft, valid_from=date(2027, 1, 1), credit=other)
    books = opening(older)
    lists = [*book(older).versions("trifft"), later, older]
    books.billing = BillingEngine(books.database, PriceListBook(lists), SETTINGS)
    an_outage(books)
    books.take(contracts=["K0,C1,older,premium,2025-01-01,2025-12-31,1000.00,"])
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    (credit,) = books.billing.sla.credits()
    assert (credit.setoff, credit.expires_on) == (Setoff.BEFORE_TAX, None)


# --- C3, C4 through real invoices -------------------------------------------------------------------------------------

UNPAID = [
    row("C3: issued, nothing paid", "2026-10-01", [], "rejected unpaid_invoice"),
    row("C3: paid in part", "2026-10-01", [("2026-10-02", "119.99")], "rejected unpaid_invoice"),
    row("C3: paid in full the day before", "2026-10-01", [("2026-10-04", "120.00")], "accepted"),
    row("C3: paid in full on the day", "2026-10-01", [("2026-10-02", "20"), ("2026-10-05", "100")], "accepted"),
    row("C3: paid the day after", "2026-10-01", [("2026-10-06", "120.00")], "rejected unpaid_invoice"),
    row("C3: issued on the day", "2026-10-05", [], "rejected unpaid_invoice"),
    row("C3: issued the day after", "2026-10-06", [], "accepted"),
]


@pytest.mark.parametrize(("issued", "payments", "status"), UNPAID)
def test_an_unpaid_invoice_at_the_breach_refuses_compensation(books, issued, payments, status):
    """What counts is what was issued and paid on the day of the breach, not what is known later."""
    books.take(customers=[C2], contracts=[K2], tickets=[LATE], claims=[TICKET_CLAIM])
    october = books.issue(OCTOBER, issued, "C2")
    for day, amount in payments:
        books.pay(october, day, amount)
    assert books.decide() == {"CL-2": status}


@pytest.mark.parametrize(
    ("submitted", "free", "first"),
    [
        row("C4: received in October", "2026-10-31T23:59:59", [OCTOBER], NOVEMBER),
        row("C4: received on the first second of November", "2026-11-01T00:00:00", [OCTOBER, NOVEMBER], DECEMBER),
    ],
)
def test_first_period_that_begins_after_the_request(books, submitted, free, first):
    """Compensation lowers the invoice of the first period that begins after the request came, and none before."""
    claim = TICKET_CLAIM.replace("2026-10-20T12:00", submitted)
    books.take(customers=[C2], contracts=[K2], tickets=[LATE], claims=[claim])
    assert books.decide() == {"CL-2": "accepted"}
    for month in free:
        assert setoffs(books.issue(month, "2027-01-01", "C2")) == []
    assert setoffs(books.issue(first, "2027-01-01", "C2")) == ["CL-2 25.00"]


def test_next_invoice_where_the_list_says_so(opening):
    """A list with first_period = next_invoice sets off in the month of receipt already."""
    trifft = agreement("trifft")
    books = opening(replace(trifft, credit=replace(trifft.credit, first_period=FirstPeriod.NEXT_INVOICE)))
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    assert setoffs(books.issue(NOVEMBER, "2026-11-30")) == ["CL-1 600.00"]


def test_compensation_of_a_month_stops_at_its_cap(books):
    """C2: with one subscription the first breach takes all of the month's 25 %, the second, decided later, nothing."""
    second = LATE.replace("T1", "T2").replace("10-05", "10-06")
    books.take(customers=[C2], contracts=[K2], tickets=[LATE, second], claims=[TICKET_CLAIM])
    books.decide()
    books.take(claims=["CL-3,C2,ticket,,T2,2026-10-06,2026-10-21T12:00"])
    assert books.decide() == {"CL-3": "accepted"}
    assert books.decision("CL-3").decision.amount == 0
    assert books.left() == {"CR-2026-00001": "25.00"}
