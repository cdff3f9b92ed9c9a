"""The JSON of plans and runs: what would be issued, what changed since the month before, how far a run came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from billing_engine.billing_run import CustomerPlan, RunOutcome, hash_of_run
from billing_engine.json_shapes import held, invoice_lines, invoice_setoffs
from billing_engine.model.credit_note import CreditNoteDraft
from billing_engine.model.figures import Change, Figures, largest_first
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.money import plain
from billing_engine.model.period import Month
from billing_engine.storage.runs import Progress


def plan(month: Month, plans: Iterable[CustomerPlan]) -> dict[str, Any]:
    """Shape what `run` and `preview` print."""
    return {"period": str(month), "customers": [_customer_plan(customer) for customer in plans]}


def run(month: Month, plans: Sequence[CustomerPlan]) -> dict[str, Any]:
    """Shape what `run` prints: the plan, its hash, and the changes since the month before, the largest first."""
    changes = largest_first(plan.change for plan in plans if plan.outcome is not RunOutcome.ALREADY_ISSUED)
    return {**plan(month, plans), "plan_hash": hash_of_run(plans), "changes": [_change(change) for change in changes]}


def _change(change: Change) -> dict[str, Any]:
    return {
        "customer": change.customer,
        "former": None if change.former is None else _figures(change.former),
        "planned": None if change.planned is None else _figures(change.planned),
        "difference": plain(change.difference),
    }


def _figures(figures: Figures) -> dict[str, str]:
    names = ("fee", "overage", "tariffs", "other", "credits", "tax", "amount_due")
    return {"currency": figures.currency} | {name: plain(getattr(figures, name)) for name in names}


def _customer_plan(customer: CustomerPlan) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "customer": customer.customer.customer,
        "outcome": customer.outcome,
        "reason": customer.reason,
        "number": customer.invoice_number,
        "held": [held(entry) for entry in customer.held],
        "plan_hash": customer.plan_hash or None,
        "open_months": [str(month) for month in customer.open_months],
        "credit_notes": [_credit_note(note) for note in customer.credit_notes],
    }
    return shape | (_draft(customer.draft) if customer.draft is not None else {})


def _credit_note(note: CreditNoteDraft) -> dict[str, Any]:
    return {
        "invoice": note.invoice,
        "currency": note.currency,
        "net": plain(note.net),
        "tax": plain(note.tax),
        "gross": plain(note.gross),
        "reason": note.reason,
    }


def _draft(draft: InvoiceDraft) -> dict[str, Any]:
    return {
        "currency": draft.currency,
        "net": plain(draft.net),
        "tax": plain(draft.tax),
        "gross": plain(draft.gross),
        "amount_due": plain(draft.amount_due),
        "lines": invoice_lines(draft),
        "setoffs": invoice_setoffs(draft),
    }


def progress(month: Month, found: Mapping[str, Progress]) -> dict[str, Any]:
    """Shape what `progress` prints."""
    rows = [{"customer": customer, **one._asdict()} for customer, one in sorted(found.items())]
    return {"period": str(month), "customers": rows}
