"""What a customer is told: the report of a month, and what it gets back when it terminates (U6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, tzinfo
from decimal import Decimal

from sqlalchemy import Connection

from billing_engine import claim_desk
from billing_engine.model.contract import Customer
from billing_engine.model.credit import Account, Credit, Refund
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.instant import Instant, local_date, local_datetime
from billing_engine.model.invoice import InvoiceDraft
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
from billing_engine.storage import credit_ledger, credit_notes, invoices, sla_records


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
    """Return the credits with something left on a day, and those that were set off in the month."""
    used: set[str] = set()
    left: dict[str, Decimal] = {}
    for entry in credit_ledger.read_ledger(connection, customer):
        if entry.account is Account.APPLIED and month.first_day <= entry.posted_on <= month.last_day:
            used.add(entry.credit)
        if entry.account is Account.AVAILABLE and entry.posted_on <= today:
            left[entry.credit] = left.get(entry.credit, ZERO) + entry.amount
    known = [c for c in credit_ledger.read_credits(connection, [customer]) if c.credit in left]
    return [replace(c, remaining=left[c.credit]) for c in known if left[c.credit] or c.credit in used]


def _zone(sla: CustomerSla) -> tzinfo:
    """Return the clock of the customer's first agreement."""
    return next((sla.book.zone(contract.price_list) for contract in sla.contracts), UTC)


def refund_of(
    connection: Connection, customer: str, terminated_on: date, book: PriceListBook, as_of: Instant
) -> Refund:
    """Say whether a customer may terminate after bad months, and what of its paid fees is for later days (U6).

    The months that count are the ones before the month of termination, the fees those of all contracts under the list.
    """
    sla = claim_desk.read_customer_sla(connection, customer, book, as_of, Clocks())
    last = Month(terminated_on.year, terminated_on.month).previous()
    received = [claim for claim in sla_records.read_claims(connection, customer) if claim.submitted_at <= as_of]
    rights = termination_rights(sla, last, received)
    lists = {contract.price_list for contract in sla.contracts if contract.contract in rights}
    concerned = {contract.contract for contract in sla.contracts if contract.price_list in lists}
    parts: list[tuple[str, Decimal]] = []
    currency = ""
    for due in sla.dues:
        if due.paid_on is not None and not due.is_withdrawn:
            draft = invoices.read_invoice(connection, due.number).draft
            returned = credit_notes.read_credit_notes(connection, invoice=due.number)
            unused = _unused_fees(draft, concerned, terminated_on, returned)
            if unused:
                parts.append((due.number, unused))
                currency = draft.currency
    return Refund(customer, terminated_on, tuple(rights.values()), tuple(parts), currency)


def _unused_fees(
    draft: InvoiceDraft, contracts: Collection[str], terminated_on: date, returned: Iterable[CreditNote]
) -> Decimal:
    """Add up what an invoice's fees charged for days after the termination, but not more than credit notes left."""
    credited: dict[int, Decimal] = {}
    for part in (part for note in returned for part in note.draft.lines):
        credited[part.invoice_position] = credited.get(part.invoice_position, ZERO) + part.amount
    fees = [line for line in draft.lines if line.kind == "fee" and line.contract in contracts and line.service_from]
    unused = ZERO
    for line in fees:
        days = (date.fromisoformat(line.service_from), date.fromisoformat(line.service_to))
        later = unused_fee(line.amount, *days, terminated_on, draft.currency)
        unused += min(later, line.amount - credited.get(line.position, ZERO))
    return unused
