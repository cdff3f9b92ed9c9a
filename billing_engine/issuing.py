"""Issuing one customer in one transaction: documents, what the run knows of it, what the trail says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from billing_engine import claim_desk
from billing_engine.billing_run import CustomerPlan, RunOutcome
from billing_engine.errors import PlanChangedError
from billing_engine.journal import Journal, event_of_credit_note, watch_credits
from billing_engine.model.content_hash import content_hash
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.money import plain
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.run_inputs import Known
from billing_engine.storage import runs
from billing_engine.storage.audit import Event
from billing_engine.storage.credit_notes import issue_credit_note
from billing_engine.storage.issuing import Issuing, issue_invoice
from billing_engine.storage.runs import Progress, RunState
from billing_engine.storage.settlement import settle_overpayment

_STATES = {
    RunOutcome.ISSUED: RunState.ISSUED,
    RunOutcome.NOTHING_TO_BILL: RunState.NOTHING_TO_BILL,
    RunOutcome.PARKED: RunState.PARKED,
}


@dataclass(frozen=True, slots=True)
class Approval:
    """What a run may issue, and how."""

    settings: Settings
    issued_on: date
    hashes: Mapping[str, str] | None
    """Of the plans that were approved, by customer; None approves whatever is planned."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What issuing works with besides the plan."""

    month: Month
    approval: Approval
    book: PriceListBook
    journal: Journal


def issue_customer(connection: Connection, known: Known, plan: CustomerPlan, desk: Desk) -> CustomerPlan:
    """Write what a customer's plan says, the customer being locked; raises PlanChangedError and what storage raises."""
    if plan.outcome is RunOutcome.ALREADY_ISSUED:
        return plan
    customer = plan.customer.customer
    hashes = desk.approval.hashes
    if hashes is not None and plan.plan_hash != hashes.get(customer, ""):
        raise PlanChangedError("its input changed after the plan was approved; nothing was issued")
    events: list[Event] = []
    done = plan
    if plan.outcome is not RunOutcome.PARKED:
        with watch_credits(connection, customer, events, needed=_moves_credits(plan)):
            done = _issue_documents(connection, known, plan, desk, events)
    if not is_noted(known, done):
        runs.note_progress(connection, desk.month, customer, _progress(done))
        if done.outcome is RunOutcome.PARKED:
            events.append(Event("run.parked", f"{desk.month}/{customer}", {"reason": done.reason}))
    desk.journal.note_all(connection, events)
    return done


def is_noted(known: Known, plan: CustomerPlan) -> bool:
    """Tell whether the run says of the customer what the plan comes to, so that there is nothing to write."""
    return plan.outcome in _STATES and not plan.credit_notes and known.progress == _progress(plan)


def _progress(plan: CustomerPlan) -> Progress:
    return Progress(_STATES[plan.outcome], plan.reason, plan.plan_hash)


def _moves_credits(plan: CustomerPlan) -> bool:
    return bool(plan.credit_notes or (plan.draft is not None and plan.draft.setoffs))


def _issue_documents(
    connection: Connection, known: Known, plan: CustomerPlan, desk: Desk, events: list[Event]
) -> CustomerPlan:
    done = plan
    if plan.outcome is RunOutcome.TO_ISSUE and plan.draft is not None:
        done = _issue_draft(connection, known, plan, plan.draft, desk.approval, events)
        if plan.draft.setoffs and not plan.draft.amount_due:
            # The month is paid, by credits alone.
            claim_desk.release_pending(connection, plan.customer.customer, desk.book)
    for draft in plan.credit_notes:
        numbering = desk.approval.settings.credit_note_numbering(desk.approval.issued_on)
        issued = issue_credit_note(connection, draft, numbering, desk.approval.issued_on)
        settle_overpayment(connection, draft.invoice)
        events.append(event_of_credit_note(issued))
    return done


def _issue_draft(
    connection: Connection,
    known: Known,
    plan: CustomerPlan,
    draft: InvoiceDraft,
    approval: Approval,
    events: list[Event],
) -> CustomerPlan:
    issuing = Issuing(
        numbering=approval.settings.invoice_numbering(draft.period),
        issued_on=approval.issued_on,
        content_hash=content_hash(draft),
        revision=known.revision,
        former_claims=known.former_claims,
        known_price_lists=frozenset(known.given.used_price_lists),
    )
    number = issue_invoice(connection, draft, issuing)
    if number is None:
        raise AssertionError("nobody else issues for a customer that is locked")
    details = {
        "customer": draft.customer,
        "period": str(draft.period),
        "currency": draft.currency,
        "gross": plain(draft.gross),
        "content_hash": issuing.content_hash,
    }
    events.append(Event("invoice.issued", number, details))
    return replace(plan, outcome=RunOutcome.ISSUED, invoice_number=number)
