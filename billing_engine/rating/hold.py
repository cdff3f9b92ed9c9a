"""What can not be billed yet, and why."""

from __future__ import annotations

from billing_engine.model.contract import Terms
from billing_engine.model.price_list import Package
from billing_engine.model.time_entry import Activity, Outcome, TimeEntry


def hold_reason(entry: TimeEntry, package: Package, terms: Terms) -> str | None:
    """Say why an entry has to wait, or None when it can be billed (R7, R8, R9)."""
    if not package.entitled:
        return f"package {package.name} includes no support"
    if entry.activity == Activity.SUPPORT:
        return None
    if entry.activity == Activity.CHANGE_REQUEST_ANALYSIS and entry.outcome == Outcome.NONE:
        return "the offer is neither accepted nor rejected yet"
    if entry.activity == Activity.DEVELOPMENT and terms.development_rate_per_hour is None:
        return "the contract has no development rate"
    if entry.activity == Activity.ON_SITE and not package.on_site:
        return f"package {package.name} includes no on-site work"
    return None
