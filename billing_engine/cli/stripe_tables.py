"""Tables of what is sent to Stripe, what is there, and what differs, for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from billing_engine.cli.tables import money, out, table, text
from billing_engine.model.delivery import Delivery, DeliveryState
from billing_engine.model.instant import local_datetime
from billing_engine.model.period import Month
from billing_engine.stripe_events import Worked
from billing_engine.stripe_previewing import Preview
from billing_engine.stripe_reconciling import Reconciliation
from billing_engine.stripe_records import Status

_STYLES = {DeliveryState.DONE: "green", DeliveryState.WAITING: "yellow", DeliveryState.REFUSED: "bold red"}


def print_deliveries(title: str, deliveries: Sequence[Delivery]) -> None:
    """Print documents on their way, one row each."""
    rows = [
        (
            one.number,
            one.kind.replace("_", " "),
            one.customer,
            one.period,
            text((one.outcome or one.state).replace("_", " "), style=_STYLES[one.state]),
            one.stripe_id,
            one.reason,
        )
        for one in deliveries
    ]
    columns = ("Number", "Kind", "Customer", "Period", "Outcome", "At Stripe", "Note")
    out.print(table(title, *columns, rows=rows))


def print_pushed(month: Month, deliveries: Sequence[Delivery]) -> None:
    """Print what became of a month's deliveries."""
    print_deliveries(f"Stripe, {month}", deliveries)
    left = sum(one.state is not DeliveryState.DONE for one in deliveries)
    said = f"{left} left to send; `billing-engine stripe push --month {month}` tries again" if left else "all is sent"
    out.print(text(f"{len(deliveries)} documents, {said}", style="bold"))


def print_reconciliation(found: Reconciliation, worked: Worked) -> None:
    """Print what differs, each with the command that mends it."""
    rows = [(one.invoice, one.what, one.ours, one.stripe, one.stripe_id, one.command) for one in found.differences]
    columns = ("Invoice", "What", "Here", "At Stripe", "Id", "What mends it")
    if rows:
        out.print(table(f"Differences, {found.month}", *columns, rows=rows))
    print_worked(worked)
    count = f"{found.checked} invoices checked, {len(found.differences)} differences, {len(found.left)} left to send"
    out.print(text(count, style="bold green" if found.is_clean else "bold red"))


def print_worked(worked: Worked) -> None:
    """Print what came of events, or of looking."""
    if worked.applied or worked.ignored or worked.put_off:
        out.print(text(f"{worked.applied} applied, {worked.ignored} not about us, {worked.put_off} put off"))


def print_status(found: Status) -> None:
    """Print how far the sync is."""
    if found.left:
        print_deliveries("Left to send", found.left)
    counts = ", ".join(f"{count} {state}" for state, count in found.deliveries.items())
    events = ", ".join(f"{count} {state}" for state, count in found.events.items())
    read = f"up to {local_datetime(found.cursor, UTC):%Y-%m-%d %H:%M} UTC" if found.cursor else "not yet"
    for label, value in (
        ("Mode", found.mode or "nothing was sent yet"),
        ("Documents", counts),
        ("Events", f"{events}; read from Stripe {read}"),
    ):
        out.print(text(f"{label:<10} {value}"))


def print_previews(found: Sequence[Preview]) -> None:
    """Print what Stripe would bill beside our own figures."""
    rows = [
        (
            one.customer,
            one.mode,
            money(one.net, one.currency),
            money(one.tax, one.currency),
            money(one.amount_due, one.currency),
            "" if one.total is None else money(one.others, one.currency),
            "" if one.total is None else money(one.stripe_tax, one.currency),
            "" if one.total is None else money(one.total, one.currency),
            "" if one.total is None else money(one.stripe_due, one.currency),
            one.note,
        )
        for one in found
    ]
    ours = (">Our net", ">Our tax", ">Ours to pay")
    theirs = (">Other items", ">Stripe's tax", ">Stripe's total", ">Stripe asks for", "Note")
    out.print(table("With Stripe", "Customer", "Mode", *ours, *theirs, rows=rows))
