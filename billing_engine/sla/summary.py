"""Summing up a month: how targets were kept, and the worst cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from billing_engine.model.instant import Instant, local_datetime
from billing_engine.model.period import Month
from billing_engine.model.sla import TargetResult, TargetStatus, TicketResult
from billing_engine.model.sla_report import BreachCase, TargetSummary
from billing_engine.model.ticket import TargetKind

_WORST = 10


def opened_in(results: Iterable[TicketResult], month: Month) -> list[TicketResult]:
    """Keep the tickets that were opened in a month, on their list's clock, through the agreement's channels (K3)."""
    return [
        result
        for result in results
        if result.zone is not None and result.counts and result.ticket.opened_at in range(*month.bounds(result.zone))
    ]


def summarize_targets(results: Iterable[TicketResult]) -> tuple[TargetSummary, ...]:
    """Count how each target of each severity was kept."""
    groups: dict[tuple[str, str, TargetKind, str], list[TargetStatus]] = {}
    for result in results:
        for target in result.targets:
            price_list = result.contract.price_list if result.contract is not None else ""
            key = (price_list, result.ticket.severity, target.kind, target.text)
            groups.setdefault(key, []).append(target.status)
    order = list(TargetKind)
    return tuple(
        TargetSummary(
            *key,
            met=statuses.count(TargetStatus.MET),
            breached=statuses.count(TargetStatus.BREACHED),
            running=statuses.count(TargetStatus.RUNNING),
        )
        for key, statuses in sorted(
            groups.items(), key=lambda item: (*item[0][:2], order.index(item[0][2]), item[0][3])
        )
        if any(status is not TargetStatus.NONE for status in statuses)
    )


def worst_cases(results: Sequence[TicketResult], as_of: Instant) -> tuple[BreachCase, ...]:
    """Name the breaches that went furthest beyond their time."""
    breached = [
        (_overrun(result, target, as_of), result, target)
        for result in results
        for target in result.targets
        if target.status is TargetStatus.BREACHED
    ]
    breached.sort(key=lambda found: (-found[0], found[1].ticket.ticket, found[2].kind))
    return tuple(_case(result, target) for _, result, target in breached[:_WORST])


def _overrun(result: TicketResult, target: TargetResult, as_of: Instant) -> int:
    event = result.ticket.event(target.kind)
    return (as_of if event is None else event) - (target.due_at or 0)


def _case(result: TicketResult, target: TargetResult) -> BreachCase:
    if result.zone is None or target.due_at is None:
        raise AssertionError("a breached target has a contract and a due time")
    event = result.ticket.event(target.kind)
    opened, due = (
        local_datetime(moment, result.zone).isoformat() for moment in (result.ticket.opened_at, target.due_at)
    )
    return BreachCase(
        ticket=result.ticket.ticket,
        severity=result.ticket.severity,
        kind=target.kind,
        text=target.text,
        opened_at=opened,
        due_at=due,
        happened_at="" if event is None else local_datetime(event, result.zone).isoformat(),
        elapsed_minutes=target.elapsed_minutes or 0,
    )


in_order_of_ticket = attrgetter("ticket.customer", "ticket.ticket")
"""Sort key: customer, then ticket."""
