"""Issuing customers in one transaction: documents, what the run knows of them, what the trail says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from billing_engine import claim_desk
from billing_engine.billing_run import CustomerPlan, RunOutcome, plan_customer
from billing_engine.errors import PlanChangedError
from billing_engine.journal import Journal, event_of_credit_note, watch_credits
from billing_engine.model.content_hash import content_hash
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.money import plain
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.rating.rate_card import RateCards
from billing_engine.run_inputs import Known, read_inputs
from billing_engine.storage import master_data, runs, stripe_outbox
from billing_engine.storage.audit import Event
from billing_engine.storage.credit_notes import issue_credit_note
from billing_engine.storage.issuing import Issuing, issue_invoices
from billing_engine.storage.runs import Progress, RunState
from billing_engine.storage.settlement import settle_overpayment

_STATES = {
    RunOutcome.ISSUED: RunState.ISSUED,
    RunOutcome.ALREADY_ISSUED: RunState.ISSUED,
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


Planned = tuple[Known, CustomerPlan]
"""What was read of a customer, and the plan that came of it."""


def is_done(known: Known, plan: CustomerPlan) -> bool:
    """Tell whether there is nothing to write: the invoice is there, or the run says already what the plan comes to."""
    if plan.outcome is RunOutcome.ALREADY_ISSUED:
        return known.progress is not None and known.progress.state is RunState.ISSUED
    return plan.outcome in _STATES and not plan.credit_notes and known.progress == _progress(plan)


def is_plain(plan: CustomerPlan) -> bool:
    """Tell whether a plan moves no credits and did not fail, so that it can be written together with others."""
    return plan.outcome is not RunOutcome.FAILED and not _moves_credits(plan)


def _moves_credits(plan: CustomerPlan) -> bool:
    return bool(plan.credit_notes or (plan.draft is not None and plan.draft.setoffs))


def _progress(plan: CustomerPlan) -> Progress:
    return Progress(_STATES[plan.outcome], plan.reason, plan.plan_hash)


def groups_of(planned: Iterable[Planned], size: int) -> Iterator[list[Planned]]:
    """Put plain plans together that follow each other; what moves credits, or failed, stands alone."""
    group: list[Planned] = []
    for one in planned:
        plain = is_plain(one[1])
        if group and not (plain and is_plain(group[0][1]) and len(group) < size):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def still_true(connection: Connection, group: Sequence[Planned], cards: RateCards, desk: Desk) -> list[Planned]:
    """Lock the customers, and plan those again that were changed since they were read, or whose plan had failed.

    Raises whatever a plan fails of.
    """
    ids = [known.customer for known, _ in group]
    versions = master_data.lock_versions(connection, ids)
    stale = [
        known.customer
        for known, plan in group
        if versions.get(known.customer) != known.version or plan.outcome is RunOutcome.FAILED
    ]
    again = {
        known.customer: (known, plan_customer(known.given, cards, desk.approval.settings))
        for known in (read_inputs(connection, desk.month, stale, desk.approval.issued_on) if stale else ())
    }
    current = [again.get(customer, one) for customer, one in zip(ids, group, strict=True)]
    master_data.count_change(connection, [known.customer for known, plan in current if not is_done(known, plan)])
    return current


def issue_plans(connection: Connection, planned: Sequence[Planned], desk: Desk) -> list[CustomerPlan]:
    """Write what the plans of locked customers say, and return what became of them, in the same order.

    Raises PlanChangedError and what storage raises.
    """
    for _, plan in planned:
        _check_approved(plan, desk.approval)
    events: list[Event] = []
    with ExitStack() as watching:
        for _, plan in planned:
            if _moves_credits(plan):
                watching.enter_context(watch_credits(connection, plan.customer.customer, events))
        numbers = _issue_invoices(connection, planned, desk.approval)
        stripe_outbox.put_invoices(connection, [*numbers.values()])
        done = [_ended(known, plan, numbers, desk, events) for known, plan in planned]
        for plan in done:
            if plan.outcome is not RunOutcome.PARKED:
                _issue_credit_notes(connection, plan, desk, events)
    changed = [plan for (known, _), plan in zip(planned, done, strict=True) if not is_done(known, plan)]
    runs.note_progress(connection, desk.month, {plan.customer.customer: _progress(plan) for plan in changed})
    desk.journal.note_all(connection, events)
    return done


def _check_approved(plan: CustomerPlan, approval: Approval) -> None:
    if approval.hashes is not None and plan.plan_hash != approval.hashes.get(plan.customer.customer, ""):
        raise PlanChangedError("its input changed after the plan was approved; nothing was issued")


def _issue_invoices(connection: Connection, planned: Sequence[Planned], approval: Approval) -> dict[str, str]:
    """Issue the drafts that are to be issued; returns the numbers by customer."""
    wanted = [
        Issuing(plan.draft, _hash_of_invoice(plan, plan.draft), known.revision, known.former_claims, plan.price_lists)
        for known, plan in planned
        if plan.outcome is RunOutcome.TO_ISSUE and plan.draft is not None
    ]
    if not wanted:
        return {}
    numbering = approval.settings.invoice_numbering(wanted[0].draft.period)
    numbers = issue_invoices(connection, wanted, numbering, approval.issued_on)
    return {one.draft.customer: number for one, number in zip(wanted, numbers, strict=True)}


def _ended(
    known: Known, plan: CustomerPlan, numbers: Mapping[str, str], desk: Desk, events: list[Event]
) -> CustomerPlan:
    """Tell what became of a plan, here and in the trail: customer after customer, however a run was cut into groups."""
    customer, approval, draft = plan.customer.customer, desk.approval, plan.draft
    if plan.outcome is RunOutcome.PARKED and not is_done(known, plan):
        events.append(Event("run.parked", f"{desk.month}/{customer}", {"reason": plan.reason}))
    number = numbers.get(customer)
    if number is None or draft is None:
        return plan
    details = {
        "customer": draft.customer,
        "period": str(draft.period),
        "currency": draft.currency,
        "gross": plain(draft.gross),
        "issued_on": approval.issued_on,
        "due_on": approval.issued_on + timedelta(days=draft.payment_days),
        "content_hash": _hash_of_invoice(plan, draft),
    }
    events.append(Event("invoice.issued", number, details))
    return replace(plan, outcome=RunOutcome.ISSUED, invoice_number=number)


def _hash_of_invoice(plan: CustomerPlan, draft: InvoiceDraft) -> str:
    return content_hash(draft) if plan.credit_notes else plan.plan_hash


def _issue_credit_notes(connection: Connection, plan: CustomerPlan, desk: Desk, events: list[Event]) -> None:
    """Issue credit notes; and where credits alone pay the month, grant what waited for that."""
    if (
        plan.outcome is RunOutcome.ISSUED
        and plan.draft is not None
        and plan.draft.setoffs
        and not plan.draft.amount_due
    ):
        claim_desk.release_pending(connection, plan.customer.customer, desk.book)
    approval = desk.approval
    for draft in plan.credit_notes:
        numbering = approval.settings.credit_note_numbering(approval.issued_on)
        issued = issue_credit_note(connection, draft, numbering, approval.issued_on)
        stripe_outbox.put_credit_note(connection, issued.number, draft.invoice)
        settle_overpayment(connection, draft.invoice)
        events.append(event_of_credit_note(issued))
