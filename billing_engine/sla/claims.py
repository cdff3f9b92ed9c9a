"""Deciding claims: by rule, each with all its reasons, none twice, together under the month's cap (U5, C2, C3, C4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from billing_engine.model.claim import Claim, ClaimKind, Decision, in_order_of_receipt
from billing_engine.model.instant import local_date
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceList
from billing_engine.model.sla_terms import FirstPeriod, RefusalReason
from billing_engine.sla import words
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.assessment import Assessment
from billing_engine.sla.compensation import assess_ticket_claim
from billing_engine.sla.uptime_claims import assess_uptime_claim


class Accepted(NamedTuple):
    """A claim that was accepted before: what it was about and what it took of a month's cap."""

    about: str
    cap: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Assessed:
    claim: Claim
    assessment: Assessment
    cut: bool = False

    @property
    def accepted(self) -> bool:
        return not self.assessment.reasons


def decide_claims(sla: CustomerSla, claims: Iterable[Claim], earlier: Sequence[Accepted] = ()) -> list[Decision]:
    """Decide a customer's claims, in order of receipt; `earlier` are those accepted before.

    What is accepted goes by receipt; what each gets of a month's cap goes by the order of the breaches (C2).
    """
    claimed = {accepted.about for accepted in earlier}
    assessed = []
    for claim in sorted(claims, key=in_order_of_receipt):
        one = _Assessed(claim, _assess(sla, claim, claimed))
        assessed.append(one)
        if one.accepted:
            claimed.add(claim.about)
    capped = _under_cap(assessed, earlier)
    return [_decision(capped.get(one.claim.claim, one)) for one in assessed]


def _assess(sla: CustomerSla, claim: Claim, claimed: set[str]) -> Assessment:
    by_kind = assess_uptime_claim if claim.kind == ClaimKind.UPTIME else assess_ticket_claim
    assessment = by_kind(sla, claim)
    if claim.about in claimed and RefusalReason.UNKNOWN_TICKET not in assessment.reasons:
        what = f"{claim.period.in_words()}" if claim.period is not None else f"ticket {claim.ticket}"
        sentence = f"A claim for {what} was accepted before."
        return replace(assessment, reasons={**assessment.reasons, RefusalReason.ALREADY_CLAIMED: sentence})
    return assessment


def _under_cap(assessed: Sequence[_Assessed], earlier: Iterable[Accepted]) -> dict[str, _Assessed]:
    """Give each accepted breach what is left of its month's cap, in order of breach; the last one is cut (C2)."""
    given: dict[str, Decimal] = {}
    for accepted in earlier:
        given[accepted.cap] = given.get(accepted.cap, ZERO) + accepted.amount
    capped = {}
    breaches = [one for one in assessed if one.accepted and one.assessment.breached_at is not None]
    for one in sorted(breaches, key=lambda o: (o.assessment.breached_at, in_order_of_receipt(o.claim))):
        name, cap, full = one.assessment.cap_name, one.assessment.cap, one.assessment.amount
        amount = full if cap is None else min(full, max(ZERO, cap - given.get(name, ZERO)))
        given[name] = given.get(name, ZERO) + amount
        capped[one.claim.claim] = _Assessed(one.claim, replace(one.assessment, amount=amount), cut=amount < full)
    return capped


def _decision(one: _Assessed) -> Decision:
    claim, assessment = one.claim, one.assessment
    first = None if assessment.price_list is None else first_period(claim, assessment.price_list)
    if one.accepted and first is None:
        raise AssertionError("a claim is accepted under an agreement")
    return Decision(
        claim=claim.claim,
        accepted=one.accepted,
        reasons=tuple(assessment.reasons),
        percent=assessment.percent if one.accepted else ZERO,
        amount=assessment.amount if one.accepted else ZERO,
        currency=assessment.currency,
        applies_from=first if one.accepted else None,
        due_on=assessment.decide_by,
        explanation=_explanation(one, first),
        price_list="" if assessment.price_list is None else assessment.price_list.name,
        cap=assessment.cap_name if one.accepted else "",
        paid_period=claim.period if one.accepted else None,
    )


def _explanation(one: _Assessed, first: Month | None) -> tuple[str, ...]:
    assessment = one.assessment
    if not one.accepted:
        return tuple(assessment.reasons.values())
    sentences = [assessment.worth]
    if one.cut:
        amount, cap = (words.money(value or ZERO, assessment.currency) for value in (assessment.amount, assessment.cap))
        sentences.append(f"With the month's limit of {cap} for all compensation, {amount} of it can be given.")
    if first is not None:
        paid = f", once the fee of {one.claim.period.in_words()} is paid" if one.claim.period is not None else ""
        sentences.append(f"It is taken off the invoices from {first.in_words()} on{paid}.")
    return tuple(sentences)


def first_period(claim: Claim, price_list: PriceList) -> Month:
    """Return the first billing period whose invoice an accepted claim may lower (C4).

    That is the first one to begin after the claim was received; or, where a list says so, the next one to be invoiced,
    which is the one in which it was received and at the earliest the one after the month that it is about.
    """
    received = local_date(claim.submitted_at, price_list.zone)
    month = Month(received.year, received.month)
    if price_list.credit.first_period is FirstPeriod.NEXT_PERIOD:
        return month.next()
    return month if claim.period is None else max(month, claim.period.next())


def is_about(claim: Claim, month: Month) -> bool:
    """Tell whether a claim's month, or the day of its breach, is in the month."""
    if claim.kind == ClaimKind.UPTIME:
        return claim.period == month
    return claim.breach_on is not None and month.first_day <= claim.breach_on <= month.last_day
