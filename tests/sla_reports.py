"""An SLA report to start from, and short ways to change it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from billing_engine.model.claim import Claim, ClaimKind, Decision
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.credit import Credit, CreditSource
from billing_engine.model.period import Month
from billing_engine.model.sla import Availability
from billing_engine.model.sla_report import BreachCase, ClaimStanding, SlaReport, TargetSummary
from billing_engine.model.sla_terms import Guarantee, RefusalReason, Setoff
from billing_engine.model.ticket import TargetKind

OCTOBER = Month(2026, 10)
CUSTOMER = Customer(
    customer="C1",
    name="Hansen & Søn Logistik GmbH",
    country="DE",
    currency="EUR",
    vat_id="DE123456789",
    address="Am Kaiserkai 62\n20457 Hamburg",
    email="ap@hansen.example",
)
CONTRACT = Contract("K1", "C1", "trifft", "premium", date(2026, 1, 1))
TARGET = TargetSummary("trifft", "high", TargetKind.FIRST_RESPONSE, "4 h of 8x5", met=11, breached=1, running=0)
CASE = BreachCase(
    ticket="SD-1042",
    severity="high",
    kind=TargetKind.FIRST_RESPONSE,
    text="4 h of 8x5",
    opened_at="2026-10-08T15:30:00+02:00",
    due_at="2026-10-09T11:30:00+02:00",
    happened_at="2026-10-12T09:05:00+02:00",
    elapsed_minutes=575,
)
UPTIME = Availability(CONTRACT, OCTOBER, Guarantee(Decimal("99.5")), 44_700, 296, 120)
"""99.3378...%, below the guarantee."""


def claim(number: str = "CL-7", **changes) -> Claim:
    """Claim for October's uptime."""
    facts = {
        "claim": number,
        "customer": "C1",
        "kind": ClaimKind.UPTIME,
        "submitted_at": int(datetime(2026, 11, 5, 22, 30, tzinfo=UTC).timestamp()),
        "period": OCTOBER,
    }
    return Claim(**{**facts, **changes})


def decision(number: str = "CL-7", **changes) -> Decision:
    """Accept a claim at 20 percent of 360 EUR."""
    facts = {
        "claim": number,
        "accepted": True,
        "reasons": (),
        "percent": Decimal(20),
        "amount": Decimal("72.00"),
        "currency": "EUR",
        "applies_from": Month(2026, 12),
        "due_on": None,
        "explanation": (
            "Uptime of October 2026 was 99.33%, below the 99.5% guaranteed.",
            "20% of the monthly fee of 360.00 EUR is 72.00 EUR.",
        ),
    }
    return Decision(**{**facts, **changes})


ACCEPTED = ClaimStanding(claim(), decision())
REJECTED = ClaimStanding(
    claim("CL-8", kind=ClaimKind.TICKET, period=None, ticket="SD-1042", breach_on=date(2026, 10, 9)),
    decision(
        "CL-8",
        accepted=False,
        reasons=(RefusalReason.TOO_LATE,),
        percent=Decimal(0),
        amount=Decimal(0),
        applies_from=None,
        explanation=("The claim came after 9 Jan 2027, the last day for it.",),
    ),
)
WAITING = ClaimStanding(claim("CL-9"), None)
CREDIT = Credit(
    credit="CR-1",
    customer="C1",
    currency="EUR",
    source=CreditSource.CLAIM,
    claim="CL-7",
    granted_on=date(2026, 11, 6),
    amount=Decimal("72.00"),
    remaining=Decimal("22.00"),
    reason="Uptime of October 2026",
    setoff=Setoff.BEFORE_TAX,
    applies_from=Month(2026, 12),
)
TERMINATION = "Uptime was 95% or less in August, September and October 2026: the contract may be terminated."


def sla_report(**changes) -> SlaReport:
    """Report on a month with a bit of everything but a right to terminate."""
    facts = {
        "customer": CUSTOMER,
        "month": OCTOBER,
        "as_of": "2026-11-10T09:00:00+01:00",
        "tickets": 38,
        "targets": (
            TARGET,
            TARGET._replace(kind=TargetKind.SOLUTION, text="24 h of 8x5", met=9, breached=1, running=2),
            TARGET._replace(severity="low", text="8 h of 8x5", met=26, breached=0),
            TARGET._replace(severity="low", kind=TargetKind.SOLUTION, text="next release", met=0, breached=0),
        ),
        "worst": (CASE, CASE._replace(ticket="SD-1057", kind=TargetKind.SOLUTION, text="24 h of 8x5", happened_at="")),
        "availability": (UPTIME,),
        "claims": (ACCEPTED, REJECTED, WAITING),
        "credits": (CREDIT,),
        "termination": "",
    }
    return SlaReport(**{**facts, **changes})


EMPTY = {"tickets": 0, "targets": (), "worst": (), "availability": (), "claims": (), "credits": ()}
"""A month in which nothing happened and nothing is guaranteed."""
