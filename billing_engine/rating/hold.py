"""What can not be billed yet, and why."""

from __future__ import annotations

from billing_engine.model.contract import Terms
from billing_engine.model.time_entry import Activity, Outcome, TimeEntry
from billing_engine.rating.rate_card import RateCard

_SUPPORT = Activity.SUPPORT


def hold_reason(entry: TimeEntry, card: RateCard, terms: Terms) -> str | None:  # noqa: PLR0911 - one per rule
    """Say why an entry has to wait, or None when it can be billed (R7, R8, R9)."""
    package = card.package
    if not package.entitled:
        return f"package {package.name} includes no support"
    if card.needs_hourly_rate and terms.hourly_rate is None and entry.activity != Activity.DEVELOPMENT:
        return "the contract has no hourly rate, and its price list leaves the rate to it"
    if entry.activity == _SUPPORT and entry.severity in card.by_severity:
        return None
    if entry.activity == Activity.CHANGE_REQUEST_ANALYSIS:
        return "the offer is neither accepted nor rejected yet" if entry.outcome == Outcome.NONE else None
    if entry.activity == Activity.DEVELOPMENT:
        return "the contract has no development rate" if terms.development_rate_per_hour is None else None
    if entry.activity == Activity.ON_SITE and not package.on_site:
        return f"package {package.name} includes no on-site work"
    if entry.severity not in card.by_severity:
        return f"price list {card.price_list.version} has no severity {entry.severity!r}"
    return None
