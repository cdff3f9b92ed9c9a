"""What a customer is told: the report of a month, and what it gets back when it terminates (U6)."""

from __future__ import annotations

from datetime import UTC, date, tzinfo
from decimal import Decimal

from sqlalchemy import Connection

from billing_engine import claim_desk
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.credit import Account, Credit, Refund
from billing_engine.model.instant import Instant, local_date, local_datetime
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.sla_report import ClaimStanding, SlaReport
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.availability import measure_availability
from billing_engine.sla.claims import is_about
from billing_engine.sla.clocks import Clocks
from billing_engine.sla.summary import opened_in, summarize_targets, worst_cases
from billing_engine.sla.termination import termination_rights, unused_fee
from billing_engine.sla.tickets import measure_tickets
from billing_engine.storage import credit_ledger, invoices, sla_records


def report_of(
    connection: Connection, customer: Customer, month: Month, book: PriceListBook, as_of: Instant, clocks: Clocks
) -> SlaReport:
    """Report a customer's month as far as it was known at `as_of`: what came or was decided later is left out."""
    sla = claim_desk.read_customer_sla(connection, customer.customer, book, as_of, clocks)
    zone = _zone(sla)
    today = local_date(as_of, zone)
    received = [s for s in claim_desk.read_standings(connection, customer.customer) if s.claim.submitted_at <= as_of]
    results = opened_in(measure_tickets(sla, month), month)
    return SlaReport(
        customer=customer,
        month=month,
        as_of=local_datetime(as_of, zone).isoformat(),
        tickets=len(results),
        targets=summarize_targets(results),
        worst=worst_cases(results, as_of),
        availability=tuple(measure_availability(sla, month)),
        claims=tuple(
            ClaimStanding(s.claim, None if s.decided is None or s.decided.decided_on > today else s.decided.decision)
            for s in received
            if is_about(s.claim, month)
        ),
        credits=tuple(_credits_of(connection, customer.customer, month, today)),
        termination=" ".join(termination_rights(sla, month, [s.claim for s in received]).values()),
    )


def _credits_of(connection: Connection, customer: str, month: Month, today: date) -> list[Credit]:
    """Return the credits with something left, and those that were set off in the month."""
    used = {
        entry.credit
        for entry in credit_ledger.read_ledger(connection, customer)
        if entry.account is Account.APPLIED and month.first_day <= entry.posted_on <= month.last_day
    }
    known = [c for c in credit_ledger.read_credits(connection, [customer]) if c.granted_on <= today]
    return [c for c in known if c.remaining or c.credit in used]


def _zone(sla: CustomerSla) -> tzinfo:
    """Return the clock of the customer's first agreement."""
    return next((sla.book.zone(contract.price_list) for contract in sla.contracts), UTC)


def refund_of(
    connection: Connection, customer: str, terminated_on: date, book: PriceListBook, as_of: Instant
) -> Refund:
    """Say whether a customer may terminate after bad months, and what of its paid fees is for later days (U6).

    The months that count are the ones before the month of termination; the fees those of the contracts concerned.
    """
    sla = claim_desk.read_customer_sla(connection, customer, book, as_of, Clocks())
    last = Month(terminated_on.year, terminated_on.month).previous()
    rights = termination_rights(sla, last, sla_records.read_claims(connection, customer))
    concerned = {contract.contract: contract for contract in sla.contracts if contract.contract in rights}
    parts: list[tuple[str, Decimal]] = []
    currency = ""
    for due in sla.dues:
        if due.paid_on is not None and Month.parse(due.period).last_day > terminated_on:
            issued = invoices.read_invoice(connection, due.number)
            unused = [
                _unused(
                    line.amount, concerned[line.contract], issued.draft.period, terminated_on, issued.draft.currency
                )
                for line in issued.draft.lines
                if line.kind == "fee" and line.contract in concerned
            ]
            if unused:
                parts.append((due.number, sum(unused, ZERO)))
                currency = issued.draft.currency
    return Refund(customer, terminated_on, tuple(rights.values()), tuple(parts), currency)


def _unused(fee: Decimal, contract: Contract, period: Month, terminated_on: date, currency: str) -> Decimal:
    """Return the part of a period's fee for days after the termination; it was paid for the contract's own days."""
    first = max(period.first_day, contract.starts_on)
    last = min(period.last_day, contract.ends_on or period.last_day)
    return unused_fee(fee, first, last, terminated_on, currency)
