"""What a run prints: the plan, what changed since the month before, what is held, and how far the run came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.text import Text

from billing_engine.billing_run import CustomerPlan, RunOutcome, hash_of_run
from billing_engine.cli import tables
from billing_engine.model.figures import Change, Figures, largest_first
from billing_engine.model.period import Month
from billing_engine.storage.runs import Progress

MOST_ROWS = 20
"""Of changes and of held work that are shown; JSON has all."""

_COLUMNS = ("fee", "overage", "tariffs", "other", "credits", "tax")


def print_in_detail(month: Month, plans: Sequence[CustomerPlan]) -> None:
    """Print each customer's plan with its lines and entries."""
    for plan in plans:
        name = f"{plan.customer.customer} {plan.customer.name}, {month}: {tables.outcome_text(plan)}"
        if plan.draft is not None:
            tables.print_draft(plan.draft, name)
        else:
            tables.out.print(tables.text(f"{name}\n"))
    tables.print_summary(plans)


def print_run(month: Month, plans: Sequence[CustomerPlan]) -> None:
    """Print the customers, what changed since the month before, and what is held."""
    tables.out.print(tables.plan_table(f"Billing run {month}", plans))
    _print_credit_notes(plans)
    _print_changes(month, [plan.change for plan in plans if plan.outcome is not RunOutcome.ALREADY_ISSUED])
    _print_held(plans)
    tables.out.print()
    tables.print_summary(plans)
    _print_open_months(plans)
    tables.out.print(tables.text(f"Plan hash {hash_of_run(plans)}"), soft_wrap=True)


def _print_open_months(plans: Sequence[CustomerPlan]) -> None:
    """Say which earlier months are not billed yet: no other run bills them."""
    waiting: dict[Month, list[str]] = {}
    for plan in plans:
        for month in plan.open_months:
            waiting.setdefault(month, []).append(plan.customer.customer)
    for month, customers in sorted(waiting.items()):
        named = ", ".join(customers[:MOST_ROWS]) + (", ..." if len(customers) > MOST_ROWS else "")
        said = f"{month} is not billed yet for {named}; `billing-engine run --month {month} --issue` does it"
        tables.out.print(tables.text(said, style="yellow"), soft_wrap=True)


def _print_credit_notes(plans: Sequence[CustomerPlan]) -> None:
    rows = [
        (plan.customer.customer, note.invoice, tables.money(note.gross, note.currency), note.reason)
        for plan in plans
        for note in plan.credit_notes
    ]
    if rows:
        tables.out.print()
        tables.out.print(tables.table("Credit notes", "Customer", "Invoice", ">Total", "Reason", rows=rows))


def _print_changes(month: Month, changes: Sequence[Change]) -> None:
    changed = largest_first(changes)
    if not changed or all(change.former is None for change in changed):
        return
    tables.out.print()
    heads = [f">{name.capitalize()}" for name in _COLUMNS]
    title = f"Changes since {month.previous()}"
    rows = [_change_row(change) for change in changed[:MOST_ROWS]]
    tables.out.print(tables.table(title, "Customer", "Name", *heads, ">To pay", ">Change", rows=rows))
    if len(changed) > MOST_ROWS:
        tables.out.print(tables.text(f"... and {len(changed) - MOST_ROWS} more; --format json lists all"))


def _change_row(change: Change) -> list[str | Text]:
    currency = (change.planned or change.former or Figures("")).currency
    former = change.former if change.former is not None and change.former.currency == currency else Figures(currency)
    planned = change.planned or Figures(currency)
    cells = [_signed(getattr(planned, name) - getattr(former, name)) for name in _COLUMNS]
    due = tables.money(planned.amount_due, currency)
    return [change.customer, change.name, *cells, due, _signed(planned.amount_due - former.amount_due)]


def _signed(amount: Decimal) -> str:
    return f"{amount:+,f}" if amount else ""


def _print_held(plans: Sequence[CustomerPlan]) -> None:
    rows = [(plan.customer.customer, item.id, item.reason) for plan in plans for item in plan.held]
    if rows:
        tables.out.print()
        tables.out.print(tables.table("Held", "Customer", "Entry", "Reason", rows=rows[:MOST_ROWS]))
    if len(rows) > MOST_ROWS:
        tables.out.print(tables.text(f"... and {len(rows) - MOST_ROWS} more; `billing-engine held` lists all"))


def print_progress(month: Month, found: Mapping[str, Progress]) -> None:
    """Print one row per customer, and how many are in each state."""
    rows = [(customer, one.state.replace("_", " "), one.reason) for customer, one in sorted(found.items())]
    tables.out.print(tables.table(f"Run of {month}", "Customer", "State", "Reason", rows=rows))
    counts: dict[str, int] = {}
    for one in found.values():
        state = one.state.replace("_", " ")
        counts[state] = counts.get(state, 0) + 1
    tables.out.print(tables.text(", ".join(f"{count} {state}" for state, count in counts.items()) or "not begun"))
