"""Short ways to write down tickets, pauses, outages and claims in tests, and to say what they come to."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from builders import PRICE_LISTS, contract, instant, month

from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.model.claim import Claim, ClaimKind, Decision
from billing_engine.model.contract import Contract
from billing_engine.model.instant import Instant, local_datetime
from billing_engine.model.payment import Dues
from billing_engine.model.price_list import PriceList, PriceListBook
from billing_engine.model.sla import Availability, TargetResult
from billing_engine.model.ticket import Outage, Pause, TargetKind, Ticket
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.availability import measure_availability
from billing_engine.sla.claims import decide_claims
from billing_engine.sla.tickets import measure_ticket

PRAGUE, KYIV, WARSAW = ZoneInfo("Europe/Prague"), ZoneInfo("Europe/Kyiv"), ZoneInfo("Europe/Warsaw")
LATER = "2030-01-01 00:00"
"""Long after everything: whatever has not happened by then is breached."""


@cache
def _shipped() -> PriceListBook:
    return read_price_lists([PRICE_LISTS])


@cache
def agreement(name: str) -> PriceList:
    """Load a shipped list."""
    return _shipped().versions(name)[-1]


def book(*changed: PriceList) -> PriceListBook:
    """Put all shipped lists together, changed ones in place of those of the same name."""
    lists = {name: agreement(name) for name in _shipped().names}
    return PriceListBook([*(lists | {price_list.name: price_list for price_list in changed}).values()])


def moment(text: str, zone: ZoneInfo = PRAGUE) -> Instant:
    """Read "Mon 2026-10-05 10:00" on the clock of `zone`; a weekday in front has to be right."""
    weekday, time = (text[:3], text[4:]) if text[0].isalpha() else ("", text)
    assert weekday in ("", f"{date.fromisoformat(time[:10]):%a}"), f"{text} is no {weekday}"
    return instant(time, zone)


def said(at: Instant | None, zone: ZoneInfo) -> str | None:
    """Say an instant as `moment` reads it; an hour that is there twice with its offset."""
    if at is None:
        return None
    local = local_datetime(at, zone)
    text = f"{local:%a %Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return text + (f"{local:%z}"[:3] + ":00" if twice else "")


def ticket(severity: str, opened: str, *, zone: ZoneInfo = PRAGUE, **fields) -> Ticket:
    """Open a ticket, "T1" of customer "C1" unless told otherwise; events are given as text."""
    fields = {"ticket": "T1", "customer": "C1", **fields}
    for event in ("first_response_at", "workaround_at", "resolved_at"):
        if isinstance(fields.get(event), str):
            fields[event] = moment(fields[event], zone)
    return Ticket(severity=severity, opened_at=moment(opened, zone), **fields)


def pause(start: str, end: str | None = None, *, of: str = "T1", zone: ZoneInfo = PRAGUE) -> Pause:
    """Let a ticket wait for the customer, until further notice without `end`."""
    return Pause(of, moment(start, zone), None if end is None else moment(end, zone))


def outage(start: str, end: str | None, cause: str = "", *, zone: ZoneInfo = PRAGUE, **fields) -> Outage:
    """Take the service down; `notified_at` may be given as text."""
    if isinstance(fields.get("notified_at"), str):
        fields["notified_at"] = moment(fields["notified_at"], zone)
    fields = {"outage": f"O {start}", "customer": "C1", **fields}
    return Outage(
        started_at=moment(start, zone), ended_at=None if end is None else moment(end, zone), cause=cause, **fields
    )


def down(minutes: int, start: str = "2026-10-05 00:00", *, seconds: int = 0, **fields) -> Outage:
    """Take the service down for so long."""
    begun = outage(start, start, **fields)
    return replace(begun, ended_at=begun.started_at + minutes * 60 + seconds)


def uptime_claim(period: str = "2026-10", submitted: str = "2026-11-05 12:00", *, zone=PRAGUE, **fields) -> Claim:
    """Claim for a month's uptime, "CL1" of customer "C1" unless told otherwise."""
    fields = {"claim": "CL1", "customer": "C1", "period": month(period), **fields}
    return Claim(kind=ClaimKind.UPTIME, submitted_at=moment(submitted, zone), **fields)


def ticket_claim(breach_on: str = "2026-10-05", submitted: str = "2026-10-20 12:00", *, zone=KYIV, **fields) -> Claim:
    """Claim for a ticket's breach, "CL1" of customer "C1" for ticket "T1" unless told otherwise."""
    fields = {"claim": "CL1", "customer": "C1", "ticket": "T1", **fields}
    return Claim(
        kind=ClaimKind.TICKET, submitted_at=moment(submitted, zone), breach_on=date.fromisoformat(breach_on), **fields
    )


def dues(issued_on: str, *payments: tuple[str, str], amount_due: str = "100", number: str = "INV-1") -> Dues:
    """Issue an invoice and pay it on some days."""
    paid = tuple((date.fromisoformat(day), Decimal(amount)) for day, amount in payments)
    return Dues(number, "C1", "2026-09", date.fromisoformat(issued_on), Decimal(amount_due), paid)


def agreed(name: str, package: str, **fields) -> Contract:
    """Agree on contract "K1" of customer "C1" under a list."""
    return contract(package, price_list=name, **fields)


def sla(*contracts: Contract, tickets=(), pauses=(), outages=(), issued=(), lists=(), as_of=LATER) -> CustomerSla:
    """Put together all that decides customer C1's service levels; `lists` replace shipped ones."""
    by_ticket: dict[str, list[Pause]] = {}
    for one in pauses:
        by_ticket.setdefault(one.ticket, []).append(one)
    return CustomerSla(
        customer="C1",
        contracts=contracts,
        tickets={one.ticket: one for one in tickets},
        pauses=by_ticket,
        outages=list(outages),
        book=book(*lists),
        as_of=moment(as_of) if isinstance(as_of, str) else as_of,
        dues=issued,
    )


def targets(one: Ticket, *contracts: Contract, **circumstances) -> dict[TargetKind, TargetResult]:
    """Measure a ticket's targets."""
    result = measure_ticket(sla(*contracts, tickets=[one], **circumstances), one)
    return {target.kind: target for target in result.targets}


def uptime(*outages: Outage, period: str = "2026-10", package: str = "standard", **circumstances) -> Availability:
    """Measure a month of uptime under trifft."""
    world = sla(agreed("trifft", package, monthly_fee="1000"), outages=outages, **circumstances)
    (measured,) = measure_availability(world, month(period))
    return measured


def decide(world: CustomerSla, *claims: Claim, earlier=()) -> list[Decision]:
    """Decide claims, with the decisions in order of the claims' ids."""
    return sorted(decide_claims(world, claims, earlier), key=lambda decision: decision.claim)
