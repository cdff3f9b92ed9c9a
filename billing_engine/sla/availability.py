"""Uptime: what was down, what of that does not count, and what is left of the month (U1 to U3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.model.sla import Availability
from billing_engine.model.sla_terms import AvailabilityTerms
from billing_engine.model.ticket import Outage
from billing_engine.sla.agreement import Agreement, CustomerSla


class Interval(NamedTuple):
    """[start, end)."""

    start: Instant
    end: Instant


def measure_availability(sla: CustomerSla, month: Month) -> list[Availability]:
    """Measure each contract's uptime of a month; one that guarantees none is left out (U7)."""
    return [measured for a in sla.in_month(month) if (measured := _measure(sla, a, month)) is not None]


def _measure(sla: CustomerSla, agreement: Agreement, month: Month) -> Availability | None:
    terms, guarantee = agreement.price_list.availability, agreement.package.guarantee
    if terms is None or guarantee is None:
        return None
    whole = Interval(*month.bounds(agreement.price_list.zone))
    down = union(_clipped(sla.outages, whole, sla.as_of))
    excluded = union(_clipped([o for o in sla.outages if is_excluded(o, terms)], whole, sla.as_of))
    return Availability(
        contract=agreement.contract,
        month=month,
        guarantee=guarantee,
        full_minutes=(whole.end - whole.start) // 60,
        counted_minutes=full_minutes(without(down, excluded)),
        excluded_minutes=full_minutes(excluded),
    )


def is_excluded(outage: Outage, terms: AvailabilityTerms) -> bool:
    """Tell whether an outage does not count, by its cause and the notice that was given (U2)."""
    notice = None if outage.notified_at is None else outage.started_at - outage.notified_at
    return terms.excludes(outage.cause, notice)


def _clipped(outages: Iterable[Outage], within: Interval, as_of: Instant) -> list[Interval]:
    spans = (
        Interval(max(o.started_at, within.start), min(as_of if o.ended_at is None else o.ended_at, within.end))
        for o in outages
    )
    return [span for span in spans if span.start < span.end]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Put intervals in order, those that overlap or touch as one: no minute counts twice (U2)."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return merged


def without(intervals: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """Take some intervals out of others, both in order and apart."""
    left = []
    for interval in intervals:
        start = interval.start
        for gap in taken:
            if gap.end <= start or gap.start >= interval.end:
                continue
            if start < gap.start:
                left.append(Interval(start, gap.start))
            start = gap.end
        if start < interval.end:
            left.append(Interval(start, interval.end))
    return left


def full_minutes(intervals: Iterable[Interval]) -> int:
    """Count the full minutes of each interval (U2)."""
    return sum((interval.end - interval.start) // 60 for interval in intervals)
