"""How a customer's tickets stand against their targets (K1 to K3)."""

from __future__ import annotations

from collections.abc import Iterator

from billing_engine.model.instant import SECONDS_PER_DAY, Instant, midnight_utc
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceList
from billing_engine.model.sla import TargetResult, TicketResult
from billing_engine.model.ticket import Ticket
from billing_engine.sla.agreement import Agreement, CustomerSla
from billing_engine.sla.clocks import TicketClock

_NEVER = 2**62


def measure_tickets(sla: CustomerSla, near: Month | None = None) -> Iterator[TicketResult]:
    """Measure a customer's tickets, all or those that were opened in or around a month, in order of id."""
    around = (
        None
        if near is None
        else range(midnight_utc(near.first_day) - SECONDS_PER_DAY, midnight_utc(near.last_day) + 2 * SECONDS_PER_DAY)
    )
    for ticket in sorted(sla.tickets):
        if around is None or sla.tickets[ticket].opened_at in around:
            yield measure_ticket(sla, sla.tickets[ticket])


def measure_ticket(sla: CustomerSla, ticket: Ticket) -> TicketResult:
    """Measure a ticket; under several contracts those targets count whose time runs out first."""
    results = [
        TicketResult(ticket, a.contract, a.price_list.zone, counts(ticket, a.price_list), _measure(sla, ticket, a))
        for a in sla.agreements_of(ticket)
    ]
    return min(results, key=_runs_out, default=TicketResult(ticket, None, None, counts=True, targets=()))


def counts(ticket: Ticket, price_list: PriceList) -> bool:
    """Tell whether a ticket came through one of the agreement's channels (K3)."""
    return not price_list.channels or ticket.channel.casefold() in {"", *map(str.casefold, price_list.channels)}


def _measure(sla: CustomerSla, ticket: Ticket, agreement: Agreement) -> tuple[TargetResult, ...]:
    price_list, package = agreement.price_list, agreement.package
    coverage = dict(agreement.contract.coverage).get(ticket.severity) or package.coverage.get(ticket.severity, ())
    clock = TicketClock(ticket, sla.pauses.get(ticket.ticket, ()), price_list.calendar, price_list.zone, sla.clocks)
    targets = package.targets[ticket.severity]
    return tuple(clock.measure(kind, target, coverage, sla.as_of) for kind, target in targets.items())


def _runs_out(result: TicketResult) -> tuple[Instant, str]:
    due = min((target.due_at for target in result.targets if target.due_at is not None), default=_NEVER)
    return due, result.contract.contract if result.contract is not None else ""
