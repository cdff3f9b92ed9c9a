"""Claims for a month's uptime: percent of the month's fee, notified in time (U4, U5)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from billing_engine.model.claim import Claim
from billing_engine.model.instant import local_date
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.period import Month, day_in_words
from billing_engine.model.price_list import PriceList
from billing_engine.model.sla import Availability
from billing_engine.model.sla_terms import AvailabilityTerms, RefusalReason
from billing_engine.sla import words
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.assessment import Assessment
from billing_engine.sla.availability import measure_availability


def assess_uptime_claim(sla: CustomerSla, claim: Claim) -> Assessment:
    """Say what a claim for a month's uptime is worth, and what speaks against it.

    Where several contracts guarantee an uptime each adds its credit, by its own guarantee and its own fee.
    """
    if claim.period is None:
        raise AssertionError("an uptime claim names its month")
    month = claim.period
    measured = measure_availability(sla, month)
    missed = [one for one in measured if not one.met]
    reasons: dict[RefusalReason, str] = {}
    if not measured:
        reasons[RefusalReason.NO_GUARANTEE] = f"No contract of {month.in_words()} guarantees an uptime."
    elif not missed:
        reasons[RefusalReason.GUARANTEE_MET] = " ".join(_met(one) for one in measured)
    price_list, terms = _terms(sla, month, [*missed, *measured])
    if price_list is None or terms is None:
        return Assessment(reasons)
    reasons |= _too_late(claim, month, price_list, terms)
    worth = _worth(sla, month, missed)
    received_on = local_date(claim.submitted_at, price_list.zone)
    return Assessment(
        reasons,
        price_list,
        percent=worth.percent,
        amount=worth.amount,
        currency=worth.currency,
        worth=" ".join(worth.said),
        decide_by=terms.decide_within.after_day(received_on) if terms.decide_within is not None else None,
    )


def _terms(
    sla: CustomerSla, month: Month, measured: Sequence[Availability]
) -> tuple[PriceList | None, AvailabilityTerms | None]:
    """Find under whose terms a claim is looked at: of the first contract measured, else of one without a guarantee."""
    of_measured = [sla.agreement(one.contract, month) for one in measured]
    for agreement in (*of_measured, *sla.in_month(month)):
        if agreement.price_list.availability is not None:
            return agreement.price_list, agreement.price_list.availability
    return None, None


def is_in_time(claim: Claim, month: Month, price_list: PriceList, terms: AvailabilityTerms) -> bool:
    """Tell whether a claim came by the end of the last day for it, on the list's clock (U5)."""
    return local_date(claim.submitted_at, price_list.zone) <= terms.claim_within.after_month(month)


def _too_late(claim: Claim, month: Month, price_list: PriceList, terms: AvailabilityTerms) -> dict[RefusalReason, str]:
    if is_in_time(claim, month, price_list, terms):
        return {}
    last = day_in_words(terms.claim_within.after_month(month))
    received = words.moment(claim.submitted_at, price_list)
    sentence = f"The claim was received on {received}; for {month.in_words()} the last day was {last}."
    return {RefusalReason.TOO_LATE: sentence}


class _Worth(NamedTuple):
    """What a month is worth, and why in words."""

    percent: Decimal
    amount: Decimal
    currency: str
    said: list[str]


def _worth(sla: CustomerSla, month: Month, missed: Sequence[Availability]) -> _Worth:
    """Add up the credits of the contracts that missed their guarantee, those in the currency of the first."""
    agreements = [sla.agreement(one.contract, month) for one in missed]
    currency = agreements[0].currency if agreements else ""
    percent, amount, said = ZERO, ZERO, []
    for one, agreement in zip(missed, agreements, strict=True):
        if agreement.currency != currency:
            said.append(f"Contract {one.contract.contract} is in {agreement.currency} and adds nothing.")
            continue
        fee = round_money(agreement.fee_of(month), currency)
        credit = round_money(fee * one.credit_percent / 100, currency)
        percent, amount = max(percent, one.credit_percent), amount + credit
        said.append(
            f"{_figures(one)}: {words.percent(one.credit_percent)} of the fee of {words.money(fee, currency)} "
            f"is {words.money(credit, currency)}."
        )
    return _Worth(percent, amount, currency, said)


def _met(one: Availability) -> str:
    return f"{_figures(one)}: the guarantee was met."


def _figures(one: Availability) -> str:
    excluded = f", {words.minutes(one.excluded_minutes)} excluded" if one.excluded_minutes else ""
    return (
        f"The effective uptime of {one.month.in_words()} was {one.effective_uptime} % "
        f"({words.minutes(one.counted_minutes)} down of {one.full_minutes:,}{excluded}), "
        f"guaranteed are {words.percent(one.guarantee.guaranteed_percent)}"
    )
