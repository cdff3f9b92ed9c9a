"""Jobs: the entries whose time is added up before it is rounded (R3, `round_per`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import Enum

from billing_engine.model.instant import local_date
from billing_engine.model.price_list import PriceList, RoundPer
from billing_engine.model.time_entry import Activity, Outcome, TimeEntry

Job = tuple[TimeEntry, ...]
"""Entries of one rule, in order of start."""


class Rule(Enum):
    """How an entry that is not held becomes money."""

    BY_CLOCK = "covered or priced by the tariff of the hour (R1)"
    UNFOUNDED = "taken from the allowance at any hour (R6)"
    FREE = "in the price of the change (R7)"
    DEVELOPMENT = "at the development rate (R8)"


_DEVELOPMENT = Activity.DEVELOPMENT  # an enum's member costs a look-up, and this is asked for every entry
_BY_CLOCK = Rule.BY_CLOCK


def rule_of(entry: TimeEntry, price_list: PriceList) -> Rule:
    """Tell which rule rates an entry."""
    if entry.activity == _DEVELOPMENT:
        return Rule.DEVELOPMENT
    if not entry.outcome:
        return _BY_CLOCK
    if entry.outcome == Outcome.OFFER_ACCEPTED:
        return Rule.FREE
    if entry.outcome == Outcome.UNFOUNDED and entry.severity in price_list.rating.unfounded_severities:
        return Rule.UNFOUNDED
    return _BY_CLOCK


def group_jobs(ordered: Sequence[TimeEntry], price_list: PriceList) -> Iterable[tuple[Rule, Job]]:
    """Group entries that are rounded together; a job stands where its first entry stands."""
    per = price_list.rating.round_per
    if per == RoundPer.ENTRY:
        return ((rule_of(entry, price_list), (entry,)) for entry in ordered)
    jobs: dict[tuple[Rule, str, str, date | None], list[TimeEntry]] = {}
    for entry in ordered:
        day = local_date(entry.started_at, price_list.zone) if per == RoundPer.TICKET_DAY else None
        alone = "" if entry.ticket and entry.worked_seconds else entry.entry
        jobs.setdefault((rule_of(entry, price_list), entry.ticket, alone, day), []).append(entry)
    return ((key[0], tuple(job)) for key, job in jobs.items())
