"""Mirror: our issued invoice becomes an invoice at Stripe, with our number and our figures, to the cent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from billing_engine.errors import StripeRefusedError
from billing_engine.model.delivery import DeliveryOutcome
from billing_engine.model.money import SECONDS_PER_HOUR, plain
from billing_engine.stripe_sync.calls import KEPT, Ended, Find, Flow, Look, Step, Thing
from billing_engine.stripe_sync.currency import from_stripe, to_stripe
from billing_engine.stripe_sync.objects import metadata_of
from billing_engine.stripe_sync.order import Order, find_ours, look_at_customer, with_status
from billing_engine.stripe_sync.payloads import (
    BOOKS,
    INVOICE,
    PART,
    Item,
    is_summed_up,
    items_of,
    metadata_of_part,
    noon,
    tax_amounts,
)

CHUNK = 50
"""Lines added at a time."""

FINAL = ("open", "paid", "void", "uncollectible")
"""Statuses of an invoice that is finalized."""


def mirror_invoice(order: Order) -> Flow:
    """Make the draft, add its lines, hold its figures against ours, and only then finalize it."""
    draft = order.invoice.draft
    items = items_of(order.invoice.number, draft)
    if order.invoice.amount_due < 0:
        raise StripeRefusedError(f"the total of {plain(order.invoice.amount_due)} is below zero, which is no invoice")
    (customer,) = yield [look_at_customer(order)]
    (made,) = yield [_make_draft(order, customer["id"], items)]
    invoice: Thing = made
    for number, chunk in enumerate(_chunks(items), 1):
        (invoice,) = yield [_add_lines(order, made["id"], number, chunk)]
    if invoice.get(KEPT) or differences(order, invoice):
        # What was kept is of before: somebody may have changed the draft, or put it right.
        (invoice,) = yield [Look("invoices.retrieve", {"id": made["id"]})]
    if invoice is None or invoice.get("status") == "draft":
        _refuse_differences(order, invoice, made["id"], "was not finalized")
    (final,) = yield [_finalize(made["id"])]
    _refuse_differences(order, final, made["id"], "is finalized with other figures")
    outcome = DeliveryOutcome.CARRIED_OVER if is_carried_over(final) else DeliveryOutcome.MIRRORED
    return Ended(outcome, str(made["id"]), note_on(order, items), final)


def _refuse_differences(order: Order, invoice: Thing | None, stripe_id: str, what: str) -> None:
    """Stop when a figure is not ours."""
    found = differences(order, invoice)
    if found:
        again = f"stripe push --month {order.delivery.period} --again {order.invoice.number}"
        raise StripeRefusedError(
            f"invoice {stripe_id} {what}: {'; '.join(found)}. Put it right there, or "
            f"`billing-engine stripe cancel {stripe_id}` and then `billing-engine {again}`",
            stripe_id,
        )


def _make_draft(order: Order, customer: str, items: Sequence[Item]) -> Step:
    invoice, draft = order.invoice, order.invoice.draft
    params: dict[str, Any] = {
        "customer": customer,
        "currency": order.currency,
        "number": invoice.number,
        "auto_advance": False,  # or Stripe would finalize it before it is compared
        "collection_method": order.terms.collection_method,
        "pending_invoice_items_behavior": "exclude",
        "effective_at": min(noon(invoice.issued_on), order.now),
        "description": f"{draft.period.in_words()}",
        "metadata": metadata_of_part(order.books, invoice.number, "invoice"),
    }
    if order.terms.collection_method == "send_invoice":
        # Stripe takes no day that is over; an invoice that is sent late is due at once.
        params["due_date"] = max(noon(invoice.due_on), order.now + SECONDS_PER_HOUR)
    footer = "\n".join(_footer(order, items))
    if footer:
        params["footer"] = footer
    look = Look("invoices.list", {"customer": customer}, each=True)
    return Step("draft", "invoices.create", params, find_ours(look, order, {INVOICE: invoice.number, PART: "invoice"}))


def _footer(order: Order, items: Sequence[Item]) -> Iterator[str]:
    if order.invoice.draft.tax_note:
        yield order.invoice.draft.tax_note[:2_000]
    if is_summed_up(items):
        yield summary_note(order)


def note_on(order: Order, items: Sequence[Item]) -> str:
    """Say what the customer can not see at Stripe."""
    if not is_summed_up(items):
        return ""
    hint = "" if order.terms.invoice_url else "; [stripe] invoice_url in the settings would link the PDF"
    return f"summed up by kind{hint}"


def summary_note(order: Order) -> str:
    """Say where the single lines are."""
    where = order.terms.invoice_url.replace("{number}", order.invoice.number)
    count = len(order.invoice.draft.lines) + len(order.invoice.draft.setoffs)
    return f"All {count} lines are on our invoice {order.invoice.number}{f': {where}' if where else ' (PDF)'}"


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _add_lines(order: Order, invoice: str, number: int, chunk: Sequence[Item]) -> Step:
    lines = [_line(order, item) for item in chunk]
    parts = {item.part for item in chunk}

    def choose(found: Sequence[Thing] | None) -> Thing | None:
        there = {has.get(PART) for has in map(metadata_of, found or ()) if has.get(BOOKS) == order.books}
        return {"id": invoice} if parts <= there else None

    look = Look("invoices.line_items.list", {"id": invoice}, each=True)
    return Step(f"lines/{number}", "invoices.add_lines", {"id": invoice, "lines": lines}, Find(look, choose))


def _line(order: Order, item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {
        "amount": item.amount,
        "description": item.description,
        "discountable": False,  # or a coupon of the customer's would lower it
        "period": item.period(),
        "metadata": metadata_of_part(order.books, order.invoice.number, item.part),
    }
    taxes = tax_amounts(item, order.invoice.draft)
    return line | {"tax_amounts": taxes} if taxes else line


def _finalize(invoice: str) -> Step:
    find = Find(Look("invoices.retrieve", {"id": invoice}), with_status(*FINAL))
    return Step("finalize", "invoices.finalize_invoice", {"id": invoice, "auto_advance": True}, find)


def differences(order: Order, invoice: Thing | None) -> list[str]:
    """Say in what an invoice at Stripe differs from ours."""
    if invoice is None:
        return ["it is not there any more"]
    draft, currency = order.invoice.draft, order.invoice.draft.currency
    if str(invoice.get("currency", "")) != order.currency:
        return [f"it is in {str(invoice.get('currency', 'no currency')).upper()}, ours in {currency}"]
    found = []
    if invoice.get("number") != order.invoice.number:
        found.append(f"its number is {invoice.get('number')}, ours {order.invoice.number}")
    figures = {"total": order.invoice.amount_due, "tax": draft.tax}
    for name, ours in figures.items():
        theirs = int(invoice.get(name) or 0)
        if theirs != to_stripe(ours, currency):
            there = plain(from_stripe(theirs, currency))
            found.append(f"its {name} is {there} {currency}, ours {plain(ours)} {currency}")
    return found


def is_carried_over(invoice: Thing) -> bool:
    """Tell whether Stripe called an invoice paid that nobody paid: the customer owes it with the next one."""
    total = int(invoice.get("total") or 0)
    came_in = int(invoice.get("amount_paid") or 0) + int(invoice.get("amount_paid_off_stripe") or 0)
    # Below zero the balance is the customer's own money, which pays an invoice like any other.
    owed = max(0, int(invoice.get("ending_balance") or 0)) - max(0, int(invoice.get("starting_balance") or 0))
    return invoice.get("status") == "paid" and total > 0 and came_in == 0 and owed > 0
