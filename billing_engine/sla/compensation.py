"""Claims for the breach of a ticket's target: what one is worth, on which conditions, under which cap (C1 to C3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_engine.model.claim import Claim
from billing_engine.model.instant import Instant
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.period import Month, day_in_words
from billing_engine.model.price_list import PriceList
from billing_engine.model.sla_terms import CompensationTerms, RefusalReason
from billing_engine.model.ticket import TargetKind, Ticket
from billing_engine.sla import words
from billing_engine.sla.agreement import Agreement, CustomerSla
from billing_engine.sla.assessment import Assessment
from billing_engine.sla.tickets import counts, measure_ticket

Reasons = Iterator[tuple[RefusalReason, str]]


@dataclass(frozen=True, slots=True)
class _Case:
    """A claim, its ticket, and the terms under which it is looked at."""

    sla: CustomerSla
    claim: Claim
    ticket: Ticket
    day: date
    """The day of the breach, as claimed."""
    price_list: PriceList
    terms: CompensationTerms
    concerned: Sequence[Agreement]
    """The subscriptions that the ticket is about."""

    @property
    def active(self) -> list[Agreement]:
        return [a for a in self.concerned if a.contract.active_on(self.day)]

    @property
    def compensable(self) -> list[Agreement]:
        """The subscriptions from which the amount is taken; a condition that does not hold lets others in."""
        if RefusalReason.NON_STANDARD_SUBSCRIPTION not in self.terms.conditions:
            return self.active
        return [a for a in self.active if a.package.standard]


def assess_ticket_claim(sla: CustomerSla, claim: Claim) -> Assessment:
    """Say what a claim for a ticket's breach is worth, and all that speaks against it (C3)."""
    ticket = sla.tickets.get(claim.ticket)
    if ticket is None:
        sentence = f"There is no ticket {claim.ticket} of this customer."
        return Assessment({RefusalReason.UNKNOWN_TICKET: sentence}, decide_by=_decide_by_of_any(sla, claim))
    concerned = [a for a in sla.concerned_by(ticket) if a.price_list.compensation is not None]
    if not concerned or claim.breach_on is None:
        return Assessment({RefusalReason.NO_GUARANTEE: "The agreement gives no compensation for breaches."})
    price_list, terms = concerned[0].price_list, concerned[0].price_list.compensation
    if terms is None:
        raise AssertionError("only lists with compensation were kept")
    case = _Case(sla, claim, ticket, claim.breach_on, price_list, terms, concerned)
    breach = _breach_on(case)
    breached_at = None if breach is None else breach[0]
    reasons = dict([*_reasons_of_ticket(case), *_reasons_at_breach(case, breached_at), *_reasons_of_claim(case)])
    ordered = {reason: reasons[reason] for reason in RefusalReason if reason in reasons}
    return _priced(case, ordered, breach)


def _decide_by_of_any(sla: CustomerSla, claim: Claim) -> date | None:
    """Return the last day for deciding a claim that names no ticket of the customer, by its first such agreement."""
    agreements = (sla.agreement_on(contract, claim.submitted_at) for contract in sla.contracts)
    days = (
        _decide_by(a, a.price_list.compensation, claim) for a in agreements if a.price_list.compensation is not None
    )
    return next(days, None)


def _decide_by(agreement: Agreement, terms: CompensationTerms, claim: Claim) -> date | None:
    received_on = agreement.day_of(claim.submitted_at)
    return terms.decide_within.after_day(received_on) if terms.decide_within is not None else None


def _breach_on(case: _Case) -> tuple[Instant, TargetKind] | None:
    """Find the first breach on the day that the claim names."""
    breaches = measure_ticket(case.sla, case.ticket).breaches(case.terms.targets)
    return next((breach for breach in breaches if case.concerned[0].day_of(breach[0]) == case.day), None)


def _reasons_of_ticket(case: _Case) -> Reasons:
    ticket, conditions = case.ticket, case.terms.conditions
    if not counts(ticket, case.price_list):
        channels = ", ".join(sorted(case.price_list.channels))
        yield RefusalReason.NOT_HELPDESK, f"Ticket {ticket.ticket} came by {ticket.channel}, not by {channels}."
    if RefusalReason.PRIORITY_NOT_CONFIRMED in conditions and not ticket.priority_confirmed:
        sentence = f"Ticket {ticket.ticket} is not {ticket.severity} as the agreement defines it."
        yield RefusalReason.PRIORITY_NOT_CONFIRMED, sentence
    if RefusalReason.OUTSIDE_SUBSCRIPTION in conditions and not case.active:
        sentence = f"No subscription that the ticket concerns was active on {day_in_words(case.day)}."
        yield RefusalReason.OUTSIDE_SUBSCRIPTION, sentence
    if RefusalReason.NON_STANDARD_SUBSCRIPTION in conditions and case.active and not case.compensable:
        packages = ", ".join(sorted({a.package.title for a in case.active}))
        yield RefusalReason.NON_STANDARD_SUBSCRIPTION, f"The subscription is no standard one: {packages}."


def _reasons_at_breach(case: _Case, breached_at: Instant | None) -> Reasons:
    """Look at the moment of the breach; without a breach on the day there is no moment to look at."""
    if breached_at is None:
        kinds = " or ".join(kind.replace("_", " ") for kind in case.terms.targets)
        sentence = f"No {kinds} time of ticket {case.ticket.ticket} was missed on {day_in_words(case.day)}."
        yield RefusalReason.NO_BREACH, sentence
        return
    yield from _open_tickets(case, breached_at)
    if RefusalReason.DUPLICATE_TICKET in case.terms.conditions and _repeats_an_open_one(case, breached_at):
        sentence = f"Ticket {case.ticket.ticket} repeats ticket {case.ticket.duplicate_of}, which was open."
        yield RefusalReason.DUPLICATE_TICKET, sentence
    unpaid = sorted(due.number for due in case.sla.dues if due.issued_on <= case.day and not due.is_paid(case.day))
    if RefusalReason.UNPAID_INVOICE in case.terms.conditions and unpaid:
        sentence = f"On {day_in_words(case.day)} these invoices were not paid: {', '.join(unpaid)}."
        yield RefusalReason.UNPAID_INVOICE, sentence


def _repeats_an_open_one(case: _Case, moment: Instant) -> bool:
    original = case.sla.tickets.get(case.ticket.duplicate_of)
    return original is not None and original is not case.ticket and original.is_open_at(moment)


def _open_tickets(case: _Case, moment: Instant) -> Reasons:
    limits = case.terms.open_limits
    open_ = [t for t in case.sla.tickets.values() if counts(t, case.price_list) and t.is_open_at(moment)]
    when = words.moment(moment, case.price_list)
    most = limits.tickets_for(_units(case))
    if most is not None and len(open_) > most:
        yield RefusalReason.TOO_MANY_OPEN_TICKETS, f"{words.tickets(len(open_))} open on {when}; allowed are {most}."
    critical = [ticket for ticket in open_ if ticket.severity in limits.critical_severities]
    if limits.critical_tickets is not None and len(critical) > limits.critical_tickets:
        sentence = f"{words.tickets(len(critical))} of critical severity open on {when}; "
        yield RefusalReason.TOO_MANY_CRITICAL_TICKETS, f"{sentence}allowed are {limits.critical_tickets}."


def _units(case: _Case) -> int:
    """Count the units under the agreement on the day (C3)."""
    return sum(
        contract.quantity
        for contract in case.sla.contracts
        if contract.price_list == case.price_list.name and contract.active_on(case.day)
    )


def _reasons_of_claim(case: _Case) -> Reasons:
    last = case.terms.claim_within.after_day(case.day)
    if case.concerned[0].day_of(case.claim.submitted_at) > last:
        received = words.moment(case.claim.submitted_at, case.price_list)
        sentence = f"The claim was received on {received}; the last day was {day_in_words(last)}."
        yield RefusalReason.TOO_LATE, sentence


def _priced(case: _Case, reasons: dict[RefusalReason, str], breach: tuple[Instant, TargetKind] | None) -> Assessment:
    """Price one compensation: a percentage of the dearest subscription, whatever its quantity (C1)."""
    dearest = max(case.compensable, key=lambda a: (a.monthly_fee(), a.contract.contract), default=None)
    agreement = dearest or case.concerned[0]
    currency, fee = agreement.currency, dearest.monthly_fee() if dearest is not None else ZERO
    amount = round_money(fee * case.terms.percent / 100, currency)
    return Assessment(
        reasons,
        case.price_list,
        percent=case.terms.percent,
        amount=amount,
        currency=currency,
        worth=_worth(case, agreement, amount, breach),
        breached_at=None if breach is None else breach[0],
        cap=monthly_cap(case.sla, agreement, Month(case.day.year, case.day.month)),
        decide_by=_decide_by(agreement, case.terms, case.claim),
    )


def _worth(case: _Case, agreement: Agreement, amount: Decimal, breach: tuple[Instant, TargetKind] | None) -> str:
    if breach is None:
        return ""
    breached_at, kind = breach
    promised, when = kind.replace("_", " "), words.moment(breached_at, case.price_list)
    late = f"The {promised} of ticket {case.ticket.ticket} was due by {when} and did not come in time"
    subscription = f"the subscription {agreement.package.title} ({agreement.contract.contract})"
    fee = words.money(agreement.monthly_fee(), agreement.currency)
    worth = words.money(amount, agreement.currency)
    return f"{late}: {words.percent(case.terms.percent)} of {subscription} at {fee} is {worth}."


def monthly_cap(sla: CustomerSla, agreement: Agreement, month: Month) -> Decimal:
    """Return the most that breaches of a month are worth together: a percentage of all standard subscriptions (C2).

    Those are the ones under the same price list and in the same currency.
    """
    terms = agreement.price_list.compensation
    if terms is None:
        return ZERO
    name, currency = agreement.price_list.name, agreement.currency
    alike = [a for a in sla.in_month(month) if a.price_list.name == name and a.currency == currency]
    total = sum((a.monthly_fee() * a.contract.quantity for a in alike if a.package.standard), ZERO)
    return round_money(total * terms.monthly_cap_percent / 100, currency)
