"""The right to terminate after bad months, and what is paid back of fees paid in advance (U6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from billing_engine.model.claim import Claim
from billing_engine.model.money import round_money
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceList
from billing_engine.model.sla import Availability
from billing_engine.model.sla_terms import AvailabilityTerms, TerminationRule
from billing_engine.sla import words
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.availability import measure_availability
from billing_engine.sla.uptime_claims import is_in_time


def termination_rights(sla: CustomerSla, month: Month, claims: Sequence[Claim]) -> dict[str, str]:
    """Say, one sentence per contract, where bad months that end with `month` let the customer terminate (U6)."""
    return {
        measured.contract.contract: sentence
        for measured in measure_availability(sla, month)
        if (sentence := _right(sla, measured, claims)) is not None
    }


def _right(sla: CustomerSla, last: Availability, claims: Sequence[Claim]) -> str | None:
    agreement = sla.agreement(last.contract, last.month)
    terms = agreement.price_list.availability
    if terms is None or terms.termination is None:
        return None
    rule = terms.termination
    months = [last.month]
    while len(months) < rule.months:
        months.append(months[-1].previous())
    notified = {claim.period for claim in claims if _in_time(claim, agreement.price_list, terms)}
    if not notified.issuperset(months):
        return None
    found = [_bad_month(sla, agreement.price_list, month, rule) for month in reversed(months)]
    bad = [one for one in found if one is not None]
    if len(bad) < rule.months:
        return None
    said = ", ".join(f"{one.month.in_words()} {one.effective_uptime} %" for one in bad)
    return (
        f"Contract {last.contract.contract} may be terminated by the customer: effective uptime of at most "
        f"{words.percent(rule.at_most_percent)} in {rule.months} consecutive months, each notified in time ({said})."
    )


def _in_time(claim: Claim, price_list: PriceList, terms: AvailabilityTerms) -> bool:
    return claim.period is not None and is_in_time(claim, claim.period, price_list, terms)


def _bad_month(sla: CustomerSla, price_list: PriceList, month: Month, rule: TerminationRule) -> Availability | None:
    """Return the month under the list, in whatever package, if its uptime gives the right."""
    limit = Fraction(rule.at_most_percent)
    alike = (one for one in measure_availability(sla, month) if one.contract.price_list == price_list.name)
    return next((one for one in alike if one.uptime * 100 <= limit), None)


def unused_fee(fee: Decimal, first: date, last: date, terminated_on: date, currency: str) -> Decimal:
    """Return the part of a fee paid for [first, last] that falls on days after `terminated_on`, by days (U6)."""
    days = (last - first).days + 1
    unused = (last - max(terminated_on, first - timedelta(days=1))).days
    return round_money(fee * max(0, unused) / days, currency)
