"""Claims as tables: each row is one sentence of U5, U7 or C1 to C4, with both ends of each boundary.

Under trifft the service was down for 448 minutes of October 2026, one more than the guarantee of 99 % allows. Under
dpo-group a critical ticket of Monday 5 October 2026, 10:00, was answered at 10:31, a minute late.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from builders import AGREEMENTS, month
from sla_builders import (
    KYIV,
    agreed,
    agreement,
    decide,
    down,
    dues,
    outage,
    pause,
    sla,
    ticket,
    ticket_claim,
    uptime_claim,
)

from billing_engine.intake.price_list_file import read_price_list
from billing_engine.model.money import plain
from billing_engine.model.sla_terms import Deadline, FirstPeriod
from billing_engine.sla.claims import Accepted


def row(rule, *values):
    """Name a table row by its rule."""
    return pytest.param(*values, id=rule)


def outcome(decision):
    """Say a decision in short: the reasons, or percent, amount and the first period."""
    if not decision.accepted:
        assert (decision.percent, decision.amount, decision.applies_from) == (0, 0, None)
        return list(decision.reasons)
    assert decision.reasons == ()
    return f"{decision.percent} % = {plain(decision.amount)} {decision.currency} from {decision.applies_from}"


def until(contract, day):
    """End a contract."""
    return replace(contract, ends_on=date.fromisoformat(day))


def since(contract, day):
    """Begin a contract."""
    return replace(contract, starts_on=date.fromisoformat(day))


# === Availability credits (trifft) ====================================================================================

STANDARD = agreed("trifft", "standard", monthly_fee="1000")
PREMIUM = agreed("trifft", "premium", contract="K2", monthly_fee="2000")


def uptime_outcome(submitted="2026-11-05 12:00", *, contracts=(STANDARD,), minutes=448, period="2026-10", **fields):
    """Claim for a month in which the service was down for some minutes."""
    world = sla(*contracts, outages=[down(minutes, f"{period}-02 00:00")], **fields)
    (decision,) = decide(world, uptime_claim(period, submitted))
    return outcome(decision)


CREDITS = [
    row("U4 exactly 99 % is met", 447, ["guarantee_met"]),
    row("U4 below 99 %", 448, "10 % = 100.00 EUR from 2026-12"),
    row("U4 exactly 98 %", 894, "10 % = 100.00 EUR from 2026-12"),
    row("U4 below 98 %", 895, "20 % = 200.00 EUR from 2026-12"),
    row("U4 exactly 95 %", 2235, "20 % = 200.00 EUR from 2026-12"),
    row("U4 below 95 %", 2236, "40 % = 400.00 EUR from 2026-12"),
    row("U4 exactly 75 %", 11_175, "40 % = 400.00 EUR from 2026-12"),
    row("U4 below 75 %", 11_176, "70 % = 700.00 EUR from 2026-12"),
]


@pytest.mark.parametrize(("minutes", "expected"), CREDITS)
def test_credit_of_a_month(minutes, expected):
    """U5: a credit is the tier's percent of the month's fee."""
    assert uptime_outcome(minutes=minutes) == expected


NOTIFIED = [
    row("U5 the 15th at 23:59:59", "2026-11-15 23:59:59", "10 % = 100.00 EUR from 2026-12"),
    row("U5 a second later", "2026-11-16 00:00:00", ["too_late"]),
    row("U5 the day is Prague's: 15th", "2026-11-15 22:59:59+00:00", "10 % = 100.00 EUR from 2026-12"),
    row("U5 the day is Prague's: 16th", "2026-11-15 23:00:00+00:00", ["too_late"]),
    row("U5 on the first day after the month", "2026-11-01 00:00", "10 % = 100.00 EUR from 2026-12"),
    row("U5 before the month's end", "2026-10-20 12:00", "10 % = 100.00 EUR from 2026-11"),
    row("U5 a year later", "2027-11-05 12:00", ["too_late"]),
]


@pytest.mark.parametrize(("submitted", "expected"), NOTIFIED)
def test_notification(submitted, expected):
    """U5: a notification comes by the end of the 15th calendar day after the month, in Prague."""
    assert uptime_outcome(submitted) == expected


@pytest.mark.parametrize(
    ("period", "last", "late"),
    [
        row("U5 for December until 15 January", "2026-12", "2027-01-15 23:59:59", "2027-01-16 00:00"),
        row("U5 for February until 15 March", "2026-02", "2026-03-15 23:59:59", "2026-03-16 00:00"),
        row("U5 for September until 15 October", "2026-09", "2026-10-15 23:59:59", "2026-10-16 00:00"),
    ],
)
def test_notification_of_other_months(period, last, late):
    """U5: the 15 days follow the month's last day, whatever its length."""
    in_time = uptime_outcome(last, period=period, minutes=900)
    assert in_time == f"20 % = 200.00 EUR from {month(last[:7]).next()}"
    assert uptime_outcome(late, period=period, minutes=900) == ["too_late"]


REFUSED = [
    row("U5 guarantee met", {"minutes": 0}, ["guarantee_met"]),
    row(
        "U5 guarantee met and too late", {"minutes": 0, "submitted": "2026-12-01 00:00"}, ["guarantee_met", "too_late"]
    ),
    row("U7 Free has no guarantee", {"contracts": [agreed("trifft", "free")]}, ["no_guarantee"]),
    row(
        "U7 Free and too late",
        {"contracts": [agreed("trifft", "free")], "submitted": "2026-12-01 00:00"},
        ["no_guarantee", "too_late"],
    ),
    row("no contract", {"contracts": []}, ["no_guarantee"]),
    row("a list without uptime", {"contracts": [agreed("b2bee", "premium")]}, ["no_guarantee"]),
    row("a contract that had ended", {"contracts": [until(STANDARD, "2026-09-30")]}, ["no_guarantee"]),
]


@pytest.mark.parametrize(("changes", "reasons"), REFUSED)
def test_refused_uptime_claims(changes, reasons):
    """U5: all reasons that apply are given."""
    assert uptime_outcome(**changes) == reasons


def test_excluded_time_meets_the_guarantee():
    """U2: a notified update of a whole day leaves the guarantee met."""
    update = outage("2026-10-05 00:00", "2026-10-06 00:00", "c", notified_at="2026-10-01 00:00")
    (decision,) = decide(sla(STANDARD, outages=[update]), uptime_claim())
    assert outcome(decision) == ["guarantee_met"]
    assert decision.explanation == (
        (
            "The effective uptime of October 2026 was 100.00 % (0 minutes down of 44,700, 1,440 minutes excluded), "
            "guaranteed are 99 %: the guarantee was met."
        ),
    )


def uptime_world(**fields):
    return sla(STANDARD, outages=[down(448), down(2236, "2026-09-02 00:00")], **fields)


ONCE = [
    row(
        "the second is claimed already",
        [("CL1", "2026-10", "2026-11-05 12:00"), ("CL2", "2026-10", "2026-11-06 12:00")],
        {"CL1": "10 % = 100.00 EUR from 2026-12", "CL2": ["already_claimed"]},
    ),
    row(
        "first is who came first, not who has the lower number",
        [("CL1", "2026-10", "2026-11-06 12:00"), ("CL2", "2026-10", "2026-11-05 12:00")],
        {"CL1": ["already_claimed"], "CL2": "10 % = 100.00 EUR from 2026-12"},
    ),
    row(
        "at the same moment the lower number",
        [("CL2", "2026-10", "2026-11-05 12:00"), ("CL1", "2026-10", "2026-11-05 12:00")],
        {"CL1": "10 % = 100.00 EUR from 2026-12", "CL2": ["already_claimed"]},
    ),
    row(
        "too late and claimed already",
        [("CL1", "2026-10", "2026-11-05 12:00"), ("CL2", "2026-10", "2026-11-16 00:00")],
        {"CL1": "10 % = 100.00 EUR from 2026-12", "CL2": ["too_late", "already_claimed"]},
    ),
    row(
        "a rejected claim is none: two that are too late",
        [("CL1", "2026-10", "2026-11-16 00:00"), ("CL2", "2026-10", "2026-11-17 00:00")],
        {"CL1": ["too_late"], "CL2": ["too_late"]},
    ),
    row(
        "another month is another claim",
        [("CL1", "2026-10", "2026-11-05 12:00"), ("CL2", "2026-09", "2026-10-15 12:00")],
        {"CL1": "10 % = 100.00 EUR from 2026-12", "CL2": "40 % = 400.00 EUR from 2026-11"},
    ),
]


@pytest.mark.parametrize(("claims", "expected"), ONCE)
def test_one_credit_per_month(claims, expected):
    """U5: one credit per customer and month; only accepted claims count, in order of submission."""
    submitted = [uptime_claim(period, at, claim=name) for name, period, at in claims]
    for order in permutations(submitted):
        assert {one.claim: outcome(one) for one in decide(uptime_world(), *order)} == expected


def test_claimed_before():
    """U5: a claim that was accepted in an earlier session counts, and the sentence says so."""
    before = Accepted(uptime_claim().about, "", Decimal(100))
    (decision,) = decide(uptime_world(), uptime_claim(), earlier=[before])
    assert outcome(decision) == ["already_claimed"]
    assert decision.explanation == ("A claim for October 2026 was accepted before.",)
    (late,) = decide(sla(STANDARD), uptime_claim(submitted="2026-12-01 00:00"), earlier=[before])
    assert outcome(late) == ["guarantee_met", "too_late", "already_claimed"]


def standard(monthly_fee, **fields):
    """Subscribe to Standard for a fee."""
    return agreed("trifft", "standard", monthly_fee=monthly_fee, **fields)


FEES = [
    row("U5 fee times quantity", [replace(STANDARD, quantity=3)], 448, "10 % = 300.00 EUR from 2026-12"),
    row("R10 by days: from the 16th", [standard("310", starts_on="2026-10-16")], 448, "10 % = 16.00 EUR from 2026-12"),
    row("R10 by days: until the 1st", [standard("310", ends_on="2026-10-01")], 448, "10 % = 1.00 EUR from 2026-12"),
    row("R12 half up", [standard("99.95")], 448, "10 % = 10.00 EUR from 2026-12"),
    row("R12 half up, down", [standard("99.94")], 448, "10 % = 9.99 EUR from 2026-12"),
    row("the contract's currency", [standard("5001", currency="JPY")], 448, "10 % = 500.00 JPY from 2026-12"),
    row("two contracts add up", [STANDARD, PREMIUM], 448, "20 % = 500.00 EUR from 2026-12"),
    row(
        "two contracts in two currencies",
        [STANDARD, replace(PREMIUM, currency="CZK")],
        448,
        "10 % = 100.00 EUR from 2026-12",
    ),
    row("two contracts, one guarantee met", [STANDARD, PREMIUM], 300, "20 % = 400.00 EUR from 2026-12"),
    row("two contracts, both met", [STANDARD, PREMIUM], 223, ["guarantee_met"]),
    row(
        "Free adds nothing", [STANDARD, agreed("trifft", "free", contract="K0")], 448, "10 % = 100.00 EUR from 2026-12"
    ),
    row(
        "a package change within the month",
        [
            standard("310", ends_on="2026-10-10"),
            agreed("trifft", "premium", contract="K2", monthly_fee="620", starts_on="2026-10-11"),
        ],
        448,
        "20 % = 94.00 EUR from 2026-12",  # 10 % of 100 and 20 % of 420
    ),
]


@pytest.mark.parametrize(("contracts", "minutes", "expected"), FEES)
def test_the_fee_of_the_month(contracts, minutes, expected):
    """U5: percent of the subscription fee for that month, of each contract that missed its guarantee."""
    assert uptime_outcome(contracts=contracts, minutes=minutes) == expected
    assert uptime_outcome(contracts=contracts[::-1], minutes=minutes) == expected


FIRST_PERIODS = [
    row("C4 in November: December", "2026-10", "2026-11-15 23:59:59", "2026-12"),
    row("C4 in December: January", "2026-11", "2026-12-01 00:00", "2027-01"),
    row("C4 on the first instant of November: December", "2026-10", "2026-11-01 00:00", "2026-12"),
    row("C4 on the last second of October: November", "2026-10", "2026-10-31 23:59:59", "2026-11"),
    row("C4 the month is Prague's", "2026-10", "2026-10-31 23:00+00:00", "2026-12"),
]


@pytest.mark.parametrize(("period", "submitted", "expected"), FIRST_PERIODS)
def test_first_period(period, submitted, expected):
    """C4: taken off the invoice of the first billing period that begins after the request was received."""
    assert uptime_outcome(submitted, period=period).endswith(f" from {expected}")


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        row("received in November", "2026-11-05 12:00", "2026-11"),
        row("received before the month's end", "2026-10-20 12:00", "2026-11"),
    ],
)
def test_a_list_may_set_off_on_the_next_invoice(submitted, expected):
    """S2: where fees are billed in arrears, the next invoice is that of the month in which the claim came."""
    trifft = agreement("trifft")
    arrears = replace(trifft, credit=replace(trifft.credit, first_period=FirstPeriod.NEXT_INVOICE))
    assert uptime_outcome(submitted, lists=[arrears]).endswith(f" from {expected}")


def test_the_figures_of_an_uptime_credit():
    """An accepted claim says uptime, downtime, guarantee, percent, fee, amount and from when."""
    (decision,) = decide(uptime_world(), uptime_claim())
    assert decision.explanation == (
        (
            "The effective uptime of October 2026 was 98.99 % (448 minutes down of 44,700), guaranteed are 99 %: "
            "10 % of the fee of 1,000.00 EUR is 100.00 EUR."
        ),
        "It is taken off the invoices from December 2026 on, once the fee of October 2026 is paid.",
    )
    assert (decision.paid_period, decision.due_on) == (month("2026-10"), None)


MONEY = [
    row("thousands of euro", "1234567.8", "EUR", "1,234,567.80 EUR", "123,456.78 EUR"),
    row("yen have no decimals", "24690", "JPY", "24,690 JPY", "2,469 JPY"),
    row("dinars have three", "1000", "KWD", "1,000.000 KWD", "100.000 KWD"),
    row("below a thousand", "999.99", "EUR", "999.99 EUR", "100.00 EUR"),
]


@pytest.mark.parametrize(("fee", "currency", "said", "credit"), MONEY)
def test_money_in_sentences(fee, currency, said, credit):
    """A customer reads money with thousands separators and as many decimals as its currency has."""
    contract = agreed("trifft", "standard", monthly_fee=fee, currency=currency)
    (decision,) = decide(sla(contract, outages=[down(448)]), uptime_claim())
    assert decision.explanation[0].endswith(f": 10 % of the fee of {said} is {credit}.")


def test_the_figures_of_a_late_notification():
    """A late claim says when it was received and when the last day was."""
    (decision,) = decide(uptime_world(), uptime_claim(submitted="2026-11-16 00:00"))
    assert decision.explanation == (
        "The claim was received on 16 Nov 2026 at 00:00; for October 2026 the last day was 15 Nov 2026.",
    )


# === Compensation for breaches (dpo-group) ============================================================================

SERVER = agreed("dpo-group", "server", monthly_fee="200")
VPS = agreed("dpo-group", "vps", contract="K2", monthly_fee="100")
HOURLY = agreed("dpo-group", "hourly", contract="K3", monthly_fee="900")
ACCEPTED = "25 % = 50.00 USD from 2026-11"


def helpdesk(severity, opened, **fields):
    """Open a ticket through the helpdesk, on Kyiv's clock."""
    return ticket(severity, opened, zone=KYIV, **{"channel": "helpdesk", **fields})


LATE = helpdesk(
    "critical", "Mon 2026-10-05 10:00", first_response_at="2026-10-05 10:31", resolved_at="2026-10-05 12:00"
)
"""Breached at 10:30, solved in time."""


def others(count, severity="normal", **fields):
    """Open other tickets, N1 and on, the day before."""
    return [helpdesk(severity, "2026-10-04 09:00", **{"ticket": f"N{n}", **fields}) for n in range(1, count + 1)]


def breach_outcome(late=LATE, *, contracts=(SERVER,), tickets=(), claim=None, issued=(), **fields):
    """Claim for a ticket's breach."""
    world = sla(*contracts, tickets=[late, *tickets], issued=issued, **fields)
    (decision,) = decide(world, claim or ticket_claim())
    return outcome(decision)


def test_a_breach_is_worth_a_quarter_of_a_subscription():
    """C1: 25 % of one monthly subscription; decided within five days, from the next billing period on."""
    (decision,) = decide(sla(SERVER, tickets=[LATE]), ticket_claim())
    assert outcome(decision) == ACCEPTED
    assert (decision.due_on, decision.cap, decision.paid_period) == (date(2026, 10, 25), "dpo-group/2026-10", None)
    assert decision.explanation == (
        (
            "The first response of ticket T1 was due by 5 Oct 2026 at 10:30 and did not come in time: "
            "25 % of the subscription Server "
            "management (K1) at 200.00 USD is 50.00 USD."
        ),
        "It is taken off the invoices from November 2026 on.",
    )


# --- C3: one row per reason -------------------------------------------------------------------------------------------

CHANNELS = [
    row("C3 by the helpdesk", "helpdesk", ACCEPTED),
    row("C3 by phone", "phone", ["not_helpdesk"]),
    row("C3 by email", "email", ["not_helpdesk"]),
    row("C3 that does not say", "", ACCEPTED),
]


@pytest.mark.parametrize(("channel", "expected"), CHANNELS)
def test_channel(channel, expected):
    """K3, C3: only tickets of the helpdesk are compensated."""
    assert breach_outcome(replace(LATE, channel=channel)) == expected


def critical(answered=None, solved=None, opened="2026-10-05 10:00"):
    """Open a critical ticket; it is answered and solved on 5 October."""
    events = {"first_response_at": answered, "resolved_at": solved}
    return helpdesk("critical", opened, **{name: time and f"2026-10-05 {time}" for name, time in events.items()})


TO_MIDNIGHT = critical(opened="2026-10-04 23:30")
OVER_MIDNIGHT = critical(opened="2026-10-04 23:40", answered="01:00", solved="01:00")
DUE, PASSED = {"as_of": "2026-10-05 09:30"}, {"as_of": "2026-10-05 09:30:01"}  # in Prague
NO_BREACH = [
    row("C3 the date of the breach", LATE, "2026-10-05", {}, ACCEPTED),
    row("C3 the day before", LATE, "2026-10-04", {}, ["no_breach"]),
    row("C3 the day after", LATE, "2026-10-06", {}, ["no_breach"]),
    row("C3 answered at the due time itself", critical("10:30", "12:00"), "2026-10-05", {}, ["no_breach"]),
    row("C3 answered a second later", critical("10:30:01", "12:00"), "2026-10-05", {}, ACCEPTED),
    row("C3 not answered, due now", critical(), "2026-10-05", DUE, ["no_breach"]),
    row("C3 not answered, due a second ago", critical(), "2026-10-05", PASSED, ACCEPTED),
    row("C3 solved at the due time itself", critical("10:00", "14:00"), "2026-10-05", {}, ["no_breach"]),
    row("C3 solved a second later", critical("10:00", "14:00:01"), "2026-10-05", {}, ACCEPTED),
    row("C3 breached at midnight: the new day", TO_MIDNIGHT, "2026-10-05", {}, ACCEPTED),
    row("C3 breached at midnight: not the old day", TO_MIDNIGHT, "2026-10-04", {}, ["no_breach"]),
    row("C3 the date is Kyiv's", OVER_MIDNIGHT, "2026-10-05", {}, ACCEPTED),
    row("C3 the date is not Prague's", OVER_MIDNIGHT, "2026-10-04", {}, ["no_breach"]),
]


@pytest.mark.parametrize(("late", "day", "world", "expected"), NO_BREACH)
def test_date_of_the_breach(late, day, world, expected):
    """C3: a request names the local date of one of the ticket's breaches, in Kyiv."""
    assert breach_outcome(late, claim=ticket_claim(day), **world) == expected


def one_more(severity="normal", *, opened="09:00", resolved=None, **fields):
    """Open another ticket on the day."""
    resolved = resolved and f"2026-10-05 {resolved}"
    return helpdesk(severity, f"2026-10-05 {opened}", ticket="N9", resolved_at=resolved, **fields)


TOO_MANY = ["too_many_open_tickets"]
OPEN = [
    row("C3 exactly five, itself included", others(4), ACCEPTED),
    row("C3 six", others(5), TOO_MANY),
    row("C3 one was resolved before", [*others(4), one_more(resolved="10:29:59")], ACCEPTED),
    row("C3 one was resolved at the moment itself", [*others(4), one_more(resolved="10:30")], ACCEPTED),
    row("C3 one was resolved a second later", [*others(4), one_more(resolved="10:30:01")], TOO_MANY),
    row("C3 one was opened at the moment itself", [*others(4), one_more(opened="10:30")], TOO_MANY),
    row("C3 one was opened a second later", [*others(4), one_more(opened="10:30:01")], ACCEPTED),
    row("C3 an answered one is still open", others(5, first_response_at="2026-10-04 09:01"), TOO_MANY),
    row("C3 a ticket by phone does not count", [*others(4), one_more(channel="phone")], ACCEPTED),
    row("C3 tickets of other contracts count", others(5, contracts=("K9",)), TOO_MANY),
]


@pytest.mark.parametrize(("tickets", "expected"), OPEN)
def test_open_tickets(tickets, expected):
    """C3: at most five helpdesk tickets open at the moment of breach: opened at or before it, not yet resolved."""
    assert breach_outcome(tickets=tickets) == expected


def units(quantity, **fields):
    """Subscribe to so many servers."""
    return replace(SERVER, quantity=quantity, **fields)


UNITS = [
    row("C3 50 units: five", [units(50)], 5, 6),
    row("C3 51 units: 5.1, rounded down", [units(51)], 5, 6),
    row("C3 59 units: 5.9, rounded down", [units(59)], 5, 6),
    row("C3 60 units: six", [units(60)], 6, 7),
    row("C3 69 units: six", [units(69)], 6, 7),
    row("C3 100 units: ten", [units(100)], 10, 11),
    row("C3 one unit: five", [units(1)], 5, 6),
    row("C3 units of all subscriptions", [units(30), replace(VPS, quantity=30)], 6, 7),
    row("C3 units of hourly service too", [units(30), replace(HOURLY, quantity=30)], 6, 7),
    row("C3 ended the day before", [units(30), replace(VPS, quantity=30, ends_on=date(2026, 10, 4))], 5, 6),
    row("C3 on its last day", [units(30), replace(VPS, quantity=30, ends_on=date(2026, 10, 5))], 6, 7),
    row("C3 begins the day after", [units(30), replace(VPS, quantity=30, starts_on=date(2026, 10, 6))], 5, 6),
    row("C3 units of another agreement", [units(30), agreed("trifft", "standard", contract="K4", quantity=30)], 5, 6),
]


@pytest.mark.parametrize(("contracts", "most", "too_many"), UNITS)
def test_open_tickets_by_units(contracts, most, too_many):
    """C3: over 50 units, 10 % of the units, rounded down, may be open."""
    assert breach_outcome(contracts=contracts, tickets=others(most - 1)) == ACCEPTED
    assert breach_outcome(contracts=contracts, tickets=others(too_many - 1)) == ["too_many_open_tickets"]


def test_50_units_are_not_over_50():
    """C3: where the share is 20 %, exactly 50 units still have five open tickets and 51 have ten."""
    dpo = agreement("dpo-group")
    limits = replace(dpo.compensation.open_limits, percent_of_units=Decimal(20))
    fifth = replace(dpo, compensation=replace(dpo.compensation, open_limits=limits))
    assert breach_outcome(contracts=[units(50)], tickets=others(5), lists=[fifth]) == TOO_MANY
    assert breach_outcome(contracts=[units(51)], tickets=others(9), lists=[fifth]) == ACCEPTED
    assert breach_outcome(contracts=[units(51)], tickets=others(10), lists=[fifth]) == TOO_MANY


CRITICAL = [
    row("C3 two critical, itself included", others(1, "critical"), ACCEPTED),
    row("C3 three", others(2, "critical"), ["too_many_critical_tickets"]),
    row("C3 three high beside it", others(3, "high"), ACCEPTED),
    row("C3 one of three resolved", [*others(1, "critical"), one_more("critical", resolved="10:30")], ACCEPTED),
    row("C3 one of three by phone", [*others(1, "critical"), one_more("critical", channel="phone")], ACCEPTED),
    row("C3 too many of both", others(5, "critical"), ["too_many_open_tickets", "too_many_critical_tickets"]),
]


@pytest.mark.parametrize(("tickets", "expected"), CRITICAL)
def test_open_critical_tickets(tickets, expected):
    """C3: at most two critical helpdesk tickets open at the moment of breach."""
    assert breach_outcome(tickets=tickets) == expected


def test_many_units_do_not_raise_the_critical_limit():
    """C3: 10 % of the units is about all tickets, not about critical ones."""
    found = breach_outcome(contracts=[units(100)], tickets=others(2, "critical"))
    assert found == ["too_many_critical_tickets"]


def test_a_critical_limit_for_tickets_of_any_severity():
    """C3: three critical tickets also speak against a claim for a normal one."""
    normal = replace(LATE, severity="normal", first_response_at=None)
    found = breach_outcome(normal, tickets=others(3, "critical"))
    assert found == ["too_many_critical_tickets"]


DUPLICATES = [
    row("C3 of an open one", others(1), "N1", ["duplicate_ticket"]),
    row("C3 of one resolved at the moment itself", others(1, resolved_at="2026-10-05 10:30"), "N1", ACCEPTED),
    row("C3 of one resolved a second later", others(1, resolved_at="2026-10-05 10:30:01"), "N1", ["duplicate_ticket"]),
    row("C3 of one opened after the breach", [one_more(opened="10:30:01")], "N9", ACCEPTED),
    row("C3 of one that nobody knows", others(1), "N7", ACCEPTED),
    row("C3 of itself", others(1), "T1", ACCEPTED),
    row("C3 beside an open one", others(1), "", ACCEPTED),
]


@pytest.mark.parametrize(("tickets", "original", "expected"), DUPLICATES)
def test_duplicates(tickets, original, expected):
    """C3: a duplicate of another ticket that is open at the moment of breach is not compensated."""
    assert breach_outcome(replace(LATE, duplicate_of=original), tickets=tickets) == expected


def test_priority():
    """C3: a priority that is not as defined is not compensated."""
    assert breach_outcome(replace(LATE, priority_confirmed=False)) == ["priority_not_confirmed"]


INVOICES = [
    row("C3 issued before, never paid", [dues("2026-10-01")], ["unpaid_invoice"]),
    row("C3 issued on the day", [dues("2026-10-05")], ["unpaid_invoice"]),
    row("C3 issued the day after", [dues("2026-10-06")], ACCEPTED),
    row("C3 paid on the day", [dues("2026-10-01", ("2026-10-05", "100"))], ACCEPTED),
    row("C3 paid the day after", [dues("2026-10-01", ("2026-10-06", "100"))], ["unpaid_invoice"]),
    row("C3 paid in part", [dues("2026-10-01", ("2026-10-02", "99.99"))], ["unpaid_invoice"]),
    row("C3 paid in parts", [dues("2026-10-01", ("2026-10-02", "60"), ("2026-10-05", "40"))], ACCEPTED),
    row("C3 a part too late", [dues("2026-10-01", ("2026-10-02", "60"), ("2026-10-06", "40"))], ["unpaid_invoice"]),
    row("C3 nothing due", [dues("2026-10-01", amount_due="0")], ACCEPTED),
    row("C3 one of two", [dues("2026-09-01", ("2026-09-02", "100")), dues("2026-10-01")], ["unpaid_invoice"]),
    row("none issued", [], ACCEPTED),
]


@pytest.mark.parametrize(("issued", "expected"), INVOICES)
def test_unpaid_invoices(issued, expected):
    """C3: an issued invoice that is unpaid at the moment of breach speaks against it."""
    assert breach_outcome(issued=issued) == expected


ENDED = until(SERVER, "2026-10-04")
OUTSIDE, NON_STANDARD = ["outside_subscription"], ["non_standard_subscription"]
SUBSCRIPTIONS = [
    row("C3 ended the day before", [ENDED], (), OUTSIDE),
    row("C3 on its last day", [until(SERVER, "2026-10-05")], (), ACCEPTED),
    row("C3 begins the day after", [since(SERVER, "2026-10-06")], (), OUTSIDE),
    row("C3 on its first day", [since(SERVER, "2026-10-05")], (), ACCEPTED),
    row("C3 the linked one had ended", [ENDED, VPS], ("K1",), OUTSIDE),
    row("C3 one of two linked had ended", [SERVER, until(VPS, "2026-10-04")], ("K1", "K2"), ACCEPTED),
    row("C3 hourly only", [HOURLY], (), NON_STANDARD),
    row("C3 hourly is linked, a standard one is not", [SERVER, HOURLY], ("K3",), NON_STANDARD),
    row("C3 hourly beside a standard one", [SERVER, HOURLY], (), ACCEPTED),
    row("C3 the standard one had ended", [ENDED, HOURLY], (), NON_STANDARD),
    row("C3 hourly had ended", [until(HOURLY, "2026-10-04")], (), OUTSIDE),
]


@pytest.mark.parametrize(("contracts", "linked", "expected"), SUBSCRIPTIONS)
def test_subscriptions(contracts, linked, expected):
    """C3: a linked contract is active on the day, and one of these is a standard subscription."""
    assert breach_outcome(replace(LATE, contracts=linked), contracts=contracts) == expected


WITHIN = [
    row("C3 30 November until 28 February", "2026-11-30", "2027-02-28 23:59:59", "2027-03-01 00:00:00"),
    row("C3 30 November until a leap year's 29th", "2027-11-30", "2028-02-29 23:59:59", "2028-03-01 00:00:00"),
    row("C3 29 November until 28 February", "2026-11-29", "2027-02-28 23:59:59", "2027-03-01 00:00:00"),
    row("C3 28 November until 28 February", "2026-11-28", "2027-02-28 23:59:59", "2027-03-01 00:00:00"),
    row("C3 1 December until 1 March", "2026-12-01", "2027-03-01 23:59:59", "2027-03-02 00:00:00"),
    row("C3 5 October until 5 January", "2026-10-05", "2027-01-05 23:59:59", "2027-01-06 00:00:00"),
    row("C3 31 October until 31 January", "2026-10-31", "2027-01-31 23:59:59", "2027-02-01 00:00:00"),
    row("C3 31 August until 30 November", "2026-08-31", "2026-11-30 23:59:59", "2026-12-01 00:00:00"),
    row("C3 31 January until 30 April", "2026-01-31", "2026-04-30 23:59:59", "2026-05-01 00:00:00"),
]


@pytest.mark.parametrize(("day", "last", "late"), WITHIN)
def test_three_calendar_months(day, last, late):
    """C3: a request comes by the end of the day three calendar months after the breach, in Kyiv."""
    breached = helpdesk("critical", f"{day} 10:00", resolved_at=f"{day} 12:00")
    assert breach_outcome(breached, claim=ticket_claim(day, last)).startswith("25 % = 50.00 USD")
    assert breach_outcome(breached, claim=ticket_claim(day, late)) == ["too_late"]


def test_the_last_day_is_kyivs():
    """C3: 22:00 UTC on 28 February is already 1 March in Kyiv."""
    breached = helpdesk("critical", "2026-11-30 10:00", resolved_at="2026-11-30 12:00")
    in_time, late = (
        breach_outcome(breached, claim=ticket_claim("2026-11-30", at))
        for at in ("2027-02-28 21:59:59+00:00", "2027-02-28 22:00+00:00")
    )
    assert (in_time, late) == ("25 % = 50.00 USD from 2027-03", ["too_late"])


def test_an_unknown_ticket_is_rejected_alone():
    """C3: for a ticket that is not the customer's nothing else is looked at."""
    claims = [
        ticket_claim("1999-01-01", ticket="T9", claim="CL1"),
        ticket_claim("1999-01-01", ticket="T9", claim="CL2"),
    ]
    before = Accepted(claims[0].about, "dpo-group/2026-10", Decimal(50))
    found = decide(sla(SERVER, tickets=[LATE], issued=[dues("2026-10-01")]), *claims, earlier=[before])
    assert [outcome(one) for one in found] == [["unknown_ticket"]] * 2
    assert found[0].explanation == ("There is no ticket T9 of this customer.",)


@pytest.mark.parametrize("contracts", [[], [agreed("trifft", "standard")], [agreed("b2bee", "premium")]])
def test_a_list_without_compensation(contracts):
    """A ticket under agreements that compensate nothing has no guarantee."""
    assert breach_outcome(contracts=contracts) == ["no_guarantee"]


# --- C3: all reasons together -----------------------------------------------------------------------------------------


def test_all_reasons_together():
    """C3: every reason that applies is given, each with its figures."""
    bad = replace(LATE, channel="phone", priority_confirmed=False, duplicate_of="N1")
    world = sla(
        HOURLY, tickets=[bad, *others(6, "critical")], issued=[dues("2026-10-01"), dues("2026-09-01", number="A")]
    )
    before = Accepted(ticket_claim().about, "dpo-group/2026-10", Decimal(50))
    (decision,) = decide(world, ticket_claim(submitted="2027-01-06 00:00"), earlier=[before])
    assert dict(zip(outcome(decision), decision.explanation, strict=True)) == {
        "not_helpdesk": "Ticket T1 came by phone, not by helpdesk.",
        "too_many_open_tickets": "6 tickets open on 5 Oct 2026 at 10:30; allowed are 5.",
        "too_many_critical_tickets": "6 tickets of critical severity open on 5 Oct 2026 at 10:30; allowed are 2.",
        "duplicate_ticket": "Ticket T1 repeats ticket N1, which was open.",
        "priority_not_confirmed": "Ticket T1 is not critical as the agreement defines it.",
        "unpaid_invoice": "On 5 Oct 2026 these invoices were not paid: A, INV-1.",
        "non_standard_subscription": "The subscription is no standard one: Hourly service.",
        "too_late": "The claim was received on 6 Jan 2027 at 00:00; the last day was 5 Jan 2027.",
        "already_claimed": "A claim for ticket T1 was accepted before.",
    }
    assert decision.due_on == date(2027, 1, 11)


def test_no_breach_beside_other_reasons():
    """D: without a breach on the day only what needs its moment is left out."""
    bad = replace(LATE, channel="phone", priority_confirmed=False, duplicate_of="N1")
    world = sla(
        until(SERVER, "2026-10-03"),
        tickets=[bad, *others(6, "critical")],
        issued=[dues("2026-10-01")],
    )
    (decision,) = decide(world, ticket_claim("2026-10-04", "2027-01-05 00:00"))
    assert dict(zip(outcome(decision), decision.explanation, strict=True)) == {
        "not_helpdesk": "Ticket T1 came by phone, not by helpdesk.",
        "no_breach": "No first response or solution time of ticket T1 was missed on 4 Oct 2026.",
        "priority_not_confirmed": "Ticket T1 is not critical as the agreement defines it.",
        "outside_subscription": "No subscription that the ticket concerns was active on 4 Oct 2026.",
        "too_late": "The claim was received on 5 Jan 2027 at 00:00; the last day was 4 Jan 2027.",
    }


# --- C1: what a breach is worth ---------------------------------------------------------------------------------------

WORTH = [
    row("C1 of the dearest unit", [VPS, SERVER], (), "50.00"),
    row("C1 of the dearest that the ticket names", [SERVER, VPS], ("K2",), "25.00"),
    row("C1 of the dearest of several that it names", [SERVER, VPS], ("K2", "K1"), "50.00"),
    row("C1 quantity does not multiply it", [units(7)], (), "50.00"),
    row("C1 many cheap ones are not dear", [replace(VPS, quantity=9), SERVER], (), "50.00"),
    row("C1 the dearest had ended", [until(SERVER, "2026-10-04"), VPS], (), "25.00"),
    row("C1 the dearest begins later", [since(SERVER, "2026-10-06"), VPS], (), "25.00"),
    row("C1 hourly service is not compensated", [HOURLY, VPS], (), "25.00"),
    row("C1 not by days: from the day itself", [since(SERVER, "2026-10-05")], (), "50.00"),
    row("R12 rounded half up", [agreed("dpo-group", "server", monthly_fee="33.30")], (), "8.33"),
    row("R12 half up", [agreed("dpo-group", "server", monthly_fee="33.34")], (), "8.34"),
]


@pytest.mark.parametrize(("contracts", "linked", "amount"), WORTH)
def test_worth(contracts, linked, amount):
    """C1: 25 % of one monthly subscription of the dearest unit concerned that is active on the day."""
    late = replace(LATE, contracts=linked)
    expected = f"25 % = {amount} USD from 2026-11"
    assert breach_outcome(late, contracts=contracts) == expected
    assert breach_outcome(late, contracts=contracts[::-1]) == expected


def test_the_contracts_currency():
    """Contracts carry fee and currency where the text names no prices."""
    assert breach_outcome(contracts=[replace(SERVER, currency="EUR")]) == "25 % = 50.00 EUR from 2026-11"


BOTH = helpdesk("normal", "Mon 2026-10-05 10:00")
"""Response breached on 5 October at 14:00, solution on 6 October at 10:00."""


def test_response_and_solution_are_one_compensation():
    """C1: either date is a breach, but one ticket is compensated once."""
    world = sla(SERVER, tickets=[BOTH])
    for day in ("2026-10-05", "2026-10-06"):
        (decision,) = decide(world, ticket_claim(day))
        assert outcome(decision) == ACCEPTED
    claims = [
        ticket_claim("2026-10-06", "2026-10-20 12:00", claim="CL1"),
        ticket_claim("2026-10-05", "2026-10-20 12:01", claim="CL2"),
    ]
    assert [outcome(one) for one in decide(world, *claims)] == [ACCEPTED, ["already_claimed"]]


def test_a_breach_of_both_on_one_day():
    """C1, C3: of two breaches on the day the first is the moment that counts: at 10:30 five more were not yet open."""
    later = [replace(one_more(opened="12:00"), ticket=f"N{n}") for n in range(5)]
    assert breach_outcome(critical(), tickets=later) == ACCEPTED


def claims_by_day(*claims):
    """Claim for ticket T1: CL1 and on, each with the day of the breach and of submission."""
    return [ticket_claim(day, f"{at} 12:00", claim=f"CL{n}") for n, (day, at) in enumerate(claims, 1)]


BREACHED, OTHER = "2026-10-05", "2026-10-07"
REPEATED = [
    row("the second", [(BREACHED, "2026-10-20"), (BREACHED, "2026-10-21")], [ACCEPTED, ["already_claimed"]]),
    row("by submission", [(BREACHED, "2026-10-21"), (BREACHED, "2026-10-20")], [["already_claimed"], ACCEPTED]),
    row("at once, by number", [(BREACHED, "2026-10-20")] * 2, [ACCEPTED, ["already_claimed"]]),
    row("a rejected one is none", [(OTHER, "2026-10-20"), (BREACHED, "2026-10-21")], [["no_breach"], ACCEPTED]),
    row(
        "with another date",
        [(BREACHED, "2026-10-20"), (OTHER, "2026-10-21")],
        [ACCEPTED, ["no_breach", "already_claimed"]],
    ),
    row(
        "and too late",
        [(BREACHED, "2026-10-20"), (BREACHED, "2027-01-06")],
        [ACCEPTED, ["too_late", "already_claimed"]],
    ),
]


@pytest.mark.parametrize(("claims", "expected"), REPEATED)
def test_claimed_twice(claims, expected):
    """C3: claimed before means an accepted claim for the ticket, in order of submission."""
    for order in permutations(claims_by_day(*claims)):
        assert [outcome(one) for one in decide(sla(SERVER, tickets=[LATE]), *order)] == expected


# --- C2: the month's cap ----------------------------------------------------------------------------------------------


def breached(number, day):
    """Breach ticket T1, T2 and on at 10:30 on a day."""
    return helpdesk("critical", f"{day} 10:00", ticket=f"T{number}", resolved_at=f"{day} 12:00")


def amounts(contracts, days, *, submitted=None, **fields):
    """Claim for a breach on each of some days and say what each gets; all are accepted."""
    tickets = [breached(number, day) for number, day in enumerate(days, 1)]
    submitted = submitted or ["2026-11-01 12:00"] * len(days)
    claims = [
        ticket_claim(day, at, ticket=f"T{number}", claim=f"CL{number}")
        for number, (day, at) in enumerate(zip(days, submitted, strict=True), 1)
    ]
    decisions = decide(sla(*contracts, tickets=tickets, as_of="2027-01-01 00:00"), *claims, **fields)
    assert all(one.accepted for one in decisions)
    return [plain(one.amount) for one in decisions]


ALONE = ["2026-10-05", "2026-10-06", "2026-10-07"]
CUT, ONE = ["50.00", "25.00", "0.00"], ["50.00", "0.00", "0.00"]
CAPS = [
    row("C2 one subscription: the first takes all", [SERVER], ALONE, ONE),
    row("C2 two subscriptions: the second is cut", [SERVER, VPS], ALONE, CUT),
    row("C2 fee times quantity", [units(2), VPS], ALONE, ["50.00", "50.00", "25.00"]),
    row("C2 exactly used up", [units(3)], ALONE, ["50.00", "50.00", "50.00"]),
    row("C2 hourly service adds nothing", [SERVER, HOURLY], ALONE, ONE),
    row("C2 active on any day: the first", [SERVER, until(VPS, "2026-10-01")], ALONE, CUT),
    row("C2 active on any day: the last", [SERVER, since(VPS, "2026-10-31")], ALONE, CUT),
    row("C2 ended the month before", [SERVER, until(VPS, "2026-09-30")], ALONE, ONE),
    row("C2 begins the month after", [SERVER, since(VPS, "2026-11-01")], ALONE, ONE),
    row("C2 another agreement adds nothing", [SERVER, agreed("trifft", "standard", contract="K4")], ALONE, ONE),
    row("C2 another currency adds nothing", [SERVER, replace(VPS, currency="CZK")], ALONE, ONE),
    row("C2 each month has its own", [SERVER], ["2026-09-30", "2026-10-01", "2026-10-31"], ["50.00", "50.00", "0.00"]),
    row("C2 in order of breach, not of number", [SERVER, VPS], ALONE[::-1], ["0.00", "25.00", "50.00"]),
]


@pytest.mark.parametrize(("contracts", "days", "expected"), CAPS)
def test_cap(contracts, days, expected):
    """C2: a month's compensation is at most 25 % of all standard subscriptions active on any day of it."""
    assert amounts(contracts, days) == expected
    assert amounts(contracts[::-1], days) == expected


def test_cap_in_order_of_breach_not_of_submission():
    """C2: what came in last but was breached first takes its whole amount."""
    submitted = ["2026-11-03 12:00", "2026-11-02 12:00", "2026-11-01 12:00"]
    assert amounts([SERVER, VPS], ALONE, submitted=submitted) == ["50.00", "25.00", "0.00"]


def test_a_rejected_claim_takes_nothing_of_the_cap():
    """C2: only accepted claims share it."""
    tickets = [replace(breached(1, "2026-10-05"), priority_confirmed=False), breached(2, "2026-10-06")]
    claims = [ticket_claim(day, ticket=f"T{n}", claim=f"CL{n}") for n, day in ((1, "2026-10-05"), (2, "2026-10-06"))]
    found = decide(sla(SERVER, tickets=tickets, as_of="2027-01-01 00:00"), *claims)
    assert [outcome(one) for one in found] == [["priority_not_confirmed"], ACCEPTED]


def test_cap_with_what_was_given_before():
    """C2: credits of earlier sessions have their part of the month's cap."""
    before = [Accepted("ticket/T7", "dpo-group/2026-10", Decimal(60))]
    assert amounts([SERVER, VPS], ALONE[:2], earlier=before) == ["15.00", "0.00"]
    other_month = [Accepted("ticket/T7", "dpo-group/2026-09", Decimal(60))]
    assert amounts([SERVER, VPS], ALONE[:2], earlier=other_month) == ["50.00", "25.00"]


def test_a_cut_credit_says_so():
    """C2: the sentences name the month's limit and what of the compensation can be given."""
    tickets = [breached(1, "2026-10-05"), breached(2, "2026-10-06")]
    claims = [ticket_claim(day, ticket=f"T{n}", claim=f"CL{n}") for n, day in ((1, "2026-10-05"), (2, "2026-10-06"))]
    whole, cut = decide(sla(SERVER, VPS, tickets=tickets, as_of="2027-01-01 00:00"), *claims)
    assert len(whole.explanation) == 2
    assert cut.explanation == (
        (
            "The first response of ticket T2 was due by 6 Oct 2026 at 10:30 and did not come in time: "
            "25 % of the subscription Server "
            "management (K1) at 200.00 USD is 50.00 USD."
        ),
        "With the month's limit of 75.00 USD for all compensation, 25.00 USD of it can be given.",
        "It is taken off the invoices from November 2026 on.",
    )


# --- C3, C4: dates ----------------------------------------------------------------------------------------------------

DATES = [
    row("C4 in October: November", "2026-10-20 12:00", "2026-11", "2026-10-25"),
    row("C4 on October's last second", "2026-10-31 23:59:59", "2026-11", "2026-11-05"),
    row("C4 on November's first instant: December", "2026-11-01 00:00", "2026-12", "2026-11-06"),
    row("C4 in December: January", "2026-12-28 12:00", "2027-01", "2027-01-02"),
    row("C4 the month is Kyiv's", "2026-10-31 22:00+00:00", "2026-12", "2026-11-06"),
]


@pytest.mark.parametrize(("submitted", "first", "due_on"), DATES)
def test_first_period_and_decision(submitted, first, due_on):
    """C3, C4: decided within five calendar days of receipt, set off from the first billing period that begins after."""
    (decision,) = decide(sla(SERVER, tickets=[LATE]), ticket_claim(submitted=submitted))
    assert (str(decision.applies_from), decision.due_on) == (first, date.fromisoformat(due_on))


def harbour(guaranteed, days):
    """Load harbour-hosting with another guarantee of Bronze and another window for claims."""
    price_list = read_price_list(AGREEMENTS / "harbour-hosting.toml")
    bronze = price_list.packages["bronze"]
    return replace(
        price_list,
        availability=replace(price_list.availability, claim_within=Deadline(days, in_months=False)),
        packages={"bronze": replace(bronze, guarantee=replace(bronze.guarantee, guaranteed_percent=guaranteed))},
    )


HARBOUR, GENEROUS = harbour(Decimal("99.9"), 5), harbour(Decimal(98), 30)
A1 = agreed("harbour-hosting", "bronze", contract="A1")
TWO_WINDOWS = [
    row("A1 met, trifft missed: the 15th", GENEROUS, 448, "2026-11-15 23:59:59", "10 % = 100.00 EUR from 2026-12"),
    row("A1 met, trifft missed: the 16th", GENEROUS, 448, "2026-11-16 00:00", ["too_late"]),
    row("both met: those of A1, the first", GENEROUS, 447, "2026-11-30 23:59:59", ["guarantee_met"]),
    row("both met: A1's 30 days are over", GENEROUS, 447, "2026-12-01 00:00", ["guarantee_met", "too_late"]),
    row("A1 alone missed: its 5 days", HARBOUR, 447, "2026-11-05 23:59:59", "6 % = 5.94 EUR from 2026-12"),
    row("A1 alone missed: a second later", HARBOUR, 447, "2026-11-06 00:00", ["too_late"]),
    row("both missed: those of A1, the first", HARBOUR, 448, "2026-11-06 00:00", ["too_late"]),
    row("both missed, in time", HARBOUR, 448, "2026-11-05 23:59:59", "10 % = 107.92 EUR from 2026-12"),
]


@pytest.mark.parametrize(("other", "minutes", "submitted", "expected"), TWO_WINDOWS)
def test_under_two_lists_with_uptime_the_contract_that_missed_decides(other, minutes, submitted, expected):
    """U5: a claim is looked at under the first contract that missed its guarantee, else under the first measured."""
    for contracts in ([A1, STANDARD], [STANDARD, A1]):
        assert uptime_outcome(submitted, contracts=contracts, minutes=minutes, lists=[other]) == expected


def test_claims_of_both_kinds():
    """A customer of both agreements claims under each by its own rules."""
    world = sla(SERVER, replace(STANDARD, contract="K9"), tickets=[LATE], outages=[down(448)])
    found = decide(world, ticket_claim(claim="CL1"), uptime_claim(claim="CL2"))
    assert [outcome(one) for one in found] == [ACCEPTED, "10 % = 100.00 EUR from 2026-12"]


def test_under_two_lists_the_first_contract_decides():
    """A customer of two agreements that compensate breaches claims under that of the first contract, in any order."""
    dpo = agreement("dpo-group")
    other = replace(dpo, name="dpo-two", compensation=replace(dpo.compensation, percent=Decimal(10)))
    second = replace(SERVER, contract="K2", price_list="dpo-two")
    for contracts in ([SERVER, second], [second, SERVER]):
        assert breach_outcome(contracts=contracts, lists=[other]) == ACCEPTED


def test_a_list_may_leave_conditions_out():
    """C3: which conditions hold is the list's choice; the limits, the dates and the channel always hold."""
    dpo = agreement("dpo-group")
    kind = replace(dpo, compensation=replace(dpo.compensation, conditions=frozenset()))
    bad = replace(LATE, priority_confirmed=False, duplicate_of="N1")
    found = breach_outcome(bad, tickets=others(1), contracts=[HOURLY], issued=[dues("2026-10-01")], lists=[kind])
    assert found.startswith("25 % = ")


def test_pauses_move_the_breach():
    """K1, C3: a ticket that waited for the customer over midnight is breached the day after."""
    late = helpdesk(
        "critical", "2026-10-05 23:00", first_response_at="2026-10-06 09:00", resolved_at="2026-10-06 09:00"
    )
    waits = [pause("2026-10-05 23:10", "2026-10-06 00:10", zone=KYIV)]
    assert breach_outcome(late, claim=ticket_claim("2026-10-05")) == ACCEPTED
    assert breach_outcome(late, claim=ticket_claim("2026-10-05"), pauses=waits) == ["no_breach"]
    assert breach_outcome(late, claim=ticket_claim("2026-10-06"), pauses=waits) == ACCEPTED
