"""The claim desk: claims are decided by rule or by hand, and what is accepted becomes a credit once the fee is paid.

Each operation works on one customer inside the caller's transaction and locks the customer first, so that of two who
decide or spend at once the second one sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from billing_engine.errors import ClaimError
from billing_engine.model.claim import Claim, ClaimKind, Decision, in_order_of_receipt
from billing_engine.model.contract import Contract, currency_of
from billing_engine.model.credit import Credit, CreditSource
from billing_engine.model.instant import Instant, start_of_day
from billing_engine.model.money import LARGEST, ZERO, is_whole_amount
from billing_engine.model.payment import Dues
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.sla_terms import Deadline, Setoff
from billing_engine.sla import words
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.claims import Accepted, decide_claims
from billing_engine.sla.clocks import Clocks
from billing_engine.storage import credit_ledger, invoices, master_data, sla_records
from billing_engine.storage.sla_records import Decided


class Verdict(NamedTuple):
    """A decision by hand."""

    accepted: bool
    amount: Decimal | None
    """None takes the amount that the rules give."""
    note: str


class Standing(NamedTuple):
    """A claim, what was decided, and the credit that came of it."""

    claim: Claim
    decided: Decided | None
    credit: Credit | None

    @property
    def status(self) -> str:
        """One of received, rejected, pending (accepted, until the month's fee is paid), accepted."""
        if self.decided is None:
            return "received"
        if not self.decided.decision.accepted:
            return "rejected"
        return "pending" if self.credit is None and self.decided.decision.amount else "accepted"


def read_customer_sla(
    connection: Connection, customer: str, book: PriceListBook, as_of: Instant, clocks: Clocks
) -> CustomerSla:
    """Read all that decides a customer's service levels and claims."""
    return CustomerSla(
        customer=customer,
        contracts=list(master_data.read_contracts(connection, [customer]).values()),
        tickets=sla_records.read_tickets(connection, customer),
        pauses=sla_records.read_pauses(connection, customer),
        outages=sla_records.read_outages(connection, customer),
        book=book,
        as_of=as_of,
        dues=invoices.read_dues(connection, customer),
        clocks=clocks,
    )


def read_standings(connection: Connection, customer: str | None = None) -> list[Standing]:
    """Return all claims, or a customer's, in order of receipt, with what became of them."""
    customers = None if customer is None else [customer]
    decisions = sla_records.read_decisions(connection, customers)
    credits_ = {credit.claim: credit for credit in credit_ledger.read_credits(connection, customers)}
    claims = sla_records.read_claims(connection, customer)
    return [Standing(claim, decisions.get(claim.claim), credits_.get(claim.claim)) for claim in claims]


def decide_by_rule(
    connection: Connection, customer: str, book: PriceListBook, as_of: Instant, decided_on: date, only: str | None
) -> list[Standing]:
    """Decide a customer's open claims, or one, by the agreement's rules; those about days to come stay open."""
    master_data.lock_customer(connection, customer)
    sla, ripe, earlier = _open_claims(connection, customer, book, as_of)
    wanted = {claim.claim: claim for claim in ripe if only in (None, claim.claim)}
    for decision in decide_claims(sla, wanted.values(), earlier):
        _keep(connection, wanted[decision.claim], Decided(decision, decided_on, by_rule=True, note=""))
    release_pending(connection, customer, book)
    return [standing for standing in read_standings(connection, customer) if standing.claim.claim in wanted]


def decide_by_hand(
    connection: Connection, claim_id: str, book: PriceListBook, as_of: Instant, decided_on: date, verdict: Verdict
) -> Standing:
    """Decide one claim as somebody says, and keep the note; raises ClaimError when that can not be."""
    customer = customer_of(connection, claim_id)
    master_data.lock_customer(connection, customer)
    sla, ripe, earlier = _open_claims(connection, customer, book, as_of)
    claim = next((c for c in ripe if c.claim == claim_id), None)
    if claim is None:
        raise not_to_be_decided(connection, claim_id)
    (by_rule,) = decide_claims(sla, [claim], earlier)
    decision = _as_said(by_rule, claim, sla, verdict)
    _keep(connection, claim, Decided(decision, decided_on, by_rule=False, note=verdict.note))
    release_pending(connection, customer, book)
    return next(s for s in read_standings(connection, customer) if s.claim.claim == claim_id)


def customer_of(connection: Connection, claim_id: str) -> str:
    """Return whose claim it is; raises ClaimError when there is none of that number."""
    claim = sla_records.read_claim(connection, claim_id)
    if claim is None:
        raise ClaimError(f"there is no claim {claim_id!r}; `billing-engine claim list` shows all")
    return claim.customer


def not_to_be_decided(connection: Connection, claim_id: str) -> ClaimError:
    """Say why a claim that is there is not to be decided now."""
    if sla_records.is_decided(connection, claim_id):
        return ClaimError(f"claim {claim_id} was decided already; `billing-engine claim list` shows how")
    return ClaimError(f"claim {claim_id} is about days that are not over yet, or comes later than --as-of")


def _open_claims(
    connection: Connection, customer: str, book: PriceListBook, as_of: Instant
) -> tuple[CustomerSla, list[Claim], list[Accepted]]:
    sla = read_customer_sla(connection, customer, book, as_of, Clocks())
    decided = sla_records.read_decisions(connection, [customer])
    claims = sla_records.read_claims(connection, customer)
    ripe = [claim for claim in claims if claim.claim not in decided and _is_ripe(claim, sla)]
    accepted = [(claim, decided[claim.claim].decision) for claim in claims if claim.claim in decided]
    earlier = [Accepted(claim.about, d.cap, d.amount) for claim, d in accepted if d.accepted]
    return sla, ripe, earlier


def _is_ripe(claim: Claim, sla: CustomerSla) -> bool:
    """Tell whether the days that a claim is about are over, on the clocks of all the customer's agreements."""
    last = claim.period.last_day if claim.period is not None else claim.breach_on
    if claim.submitted_at > sla.as_of or last is None:
        return False
    zones = [sla.book.zone(contract.price_list) for contract in sla.contracts] or [ZoneInfo("UTC")]
    return all(start_of_day(last + timedelta(days=1), zone) <= sla.as_of for zone in zones)


def _as_said(by_rule: Decision, claim: Claim, sla: CustomerSla, verdict: Verdict) -> Decision:
    """Put somebody's verdict in the place of the rules'."""
    if not verdict.accepted:
        return replace(
            by_rule,
            accepted=False,
            percent=ZERO,
            amount=ZERO,
            applies_from=None,
            explanation=(*by_rule.explanation, verdict.note) if not by_rule.accepted else (verdict.note,),
            cap="",
            paid_period=None,
        )
    if not by_rule.accepted and verdict.amount is None:
        raise ClaimError(
            f"by the rules claim {claim.claim} is worth nothing ({', '.join(by_rule.reasons)}); name an amount"
        )
    if verdict.amount is None or (by_rule.accepted and verdict.amount == by_rule.amount):
        return replace(by_rule, explanation=(*by_rule.explanation, verdict.note))
    currency = by_rule.currency or _currency(sla.contracts, sla.book)
    if not is_whole_amount(verdict.amount, currency):
        raise ClaimError(f"{verdict.amount} is no amount of {currency} from 0 to {LARGEST:,} in whole cents")
    given = f"Decided by hand: {words.money(verdict.amount, currency)}."
    return replace(
        by_rule,
        accepted=True,
        percent=ZERO,
        amount=verdict.amount,
        currency=currency,
        explanation=(given, verdict.note),
    )


def _keep(connection: Connection, claim: Claim, decided: Decided) -> None:
    if not sla_records.save_decision(connection, claim, decided):
        raise ClaimError(f"claim {claim.claim}, or another one for the same, was decided already")


def release_pending(connection: Connection, customer: str, book: PriceListBook) -> None:
    """Grant the credits of accepted claims, once the month's fee is paid: as of that day (U5)."""
    waiting = credit_ledger.read_claims_without_credit(connection, customer)
    if not waiting:
        return
    claims = {claim.claim: claim for claim in sla_records.read_claims(connection, customer)}
    decisions = sla_records.read_decisions(connection, [customer])
    dues = invoices.read_dues(connection, customer)
    contracts = list(master_data.read_contracts(connection, [customer]).values())
    for claim_id in sorted(waiting, key=lambda one: in_order_of_receipt(claims[one])):
        decided = decisions[claim_id]
        paid_period = decided.decision.paid_period
        paid_on = decided.decided_on if paid_period is None else _paid_on(dues, paid_period)
        if paid_on is not None:
            granted_on = max(decided.decided_on, paid_on)
            credit = _credit_for(claims[claim_id], decided.decision, contracts, book, granted_on)
            credit_ledger.grant_credit(connection, credit)


def _paid_on(dues: Iterable[Dues], month: Month) -> date | None:
    """Return the day on which a month's fees were all paid; None when there are none, or something is to come.

    They are on the invoices that charge them, in advance or in arrears; without a fee the month's own invoice counts.
    One that was taken back whole is none: no fee was paid with it, and what is billed anew has to be.
    """
    standing = [due for due in dues if not due.is_withdrawn]
    charging = [due for due in standing if str(month) in due.fee_months]
    days = [due.paid_on for due in charging or standing if charging or due.period == str(month)]
    return max((day for day in days if day is not None), default=None) if None not in days else None


def _credit_for(
    claim: Claim, decision: Decision, contracts: Iterable[Contract], book: PriceListBook, on: date
) -> Credit:
    setoff, expires_after = _credit_terms(claim, decision, contracts, book)
    about = claim.period.in_words() if claim.period is not None else f"ticket {claim.ticket}"
    what = "SLA credit, uptime in" if claim.kind == ClaimKind.UPTIME else "SLA compensation,"
    return Credit(
        credit="",
        customer=claim.customer,
        currency=decision.currency,
        source=CreditSource.CLAIM,
        claim=claim.claim,
        granted_on=on,
        amount=decision.amount,
        remaining=decision.amount,
        reason=f"{what} {about}",
        setoff=setoff,
        applies_from=decision.applies_from,
        expires_on=None if expires_after is None else Deadline(expires_after, in_months=True).after_day(on),
    )


def _credit_terms(
    claim: Claim, decision: Decision, contracts: Iterable[Contract], book: PriceListBook
) -> tuple[Setoff, int | None]:
    """Find how the list that gives the credit sets it off, as it was in the month that the claim is about.

    That is the list under which it was decided, else the first that gives such credits, of the contracts that ran.
    """
    day = claim.breach_on if claim.period is None else claim.period.first_day
    if day is None:
        raise AssertionError("a claim names its month or its day")
    month = Month(day.year, day.month)
    by_rule = decision.price_list
    for contract in sorted(contracts, key=lambda c: (c.price_list != by_rule, not c.active_days(month))):
        price_list = book.of_contract(contract.price_list, month, contract.starts_on)
        terms = price_list.availability if claim.kind == ClaimKind.UPTIME else price_list.compensation
        if terms is not None:
            return price_list.credit.setoff, price_list.credit.expires_after_months
    return Setoff.BEFORE_TAX, None


def _currency(contracts: Iterable[Contract], book: PriceListBook) -> str:
    for contract in contracts:
        return currency_of(contract, book.versions(contract.price_list)[-1])
    raise ClaimError("the customer has no contract, so there is no currency for an amount")
