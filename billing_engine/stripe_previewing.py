"""Previewing: what Stripe's next invoice would be with our lines on it, beside our own figures; changes nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from billing_engine.billing_run import CustomerPlan, RunOutcome
from billing_engine.errors import StripeRefusedError, StripeSilentError
from billing_engine.model.delivery import DeliveryKind, StripeMode, delivery_of
from billing_engine.model.instant import Instant
from billing_engine.model.invoice import Invoice
from billing_engine.model.money import ZERO
from billing_engine.model.settings import StripeTerms
from billing_engine.stripe_sync.attach import Rates, find_rates, look_at_subscription
from billing_engine.stripe_sync.calls import Ask, Look, Said, Step, Thing
from billing_engine.stripe_sync.currency import from_stripe
from billing_engine.stripe_sync.gateway import Gateway
from billing_engine.stripe_sync.objects import pare
from billing_engine.stripe_sync.order import Order, look_at_customer
from billing_engine.stripe_sync.payloads import Item, items_of

PREVIEW = "(preview)"


@dataclass(frozen=True, slots=True)
class Preview:
    """Our figures of a customer's month, and what Stripe would bill with them."""

    customer: str
    mode: StripeMode
    currency: str
    net: Decimal
    tax: Decimal
    amount_due: Decimal
    total: Decimal | None = None
    """Of Stripe's next invoice; None where there is none to ask for."""
    stripe_tax: Decimal = ZERO
    stripe_due: Decimal = ZERO
    """What Stripe would ask for, after the customer's balance."""
    others: Decimal = ZERO
    """What of its total is not ours: the subscription itself, and what else waits."""
    note: str = ""


def preview(gateway: Gateway, books: str, plans: Iterable[CustomerPlan], now: Instant) -> Iterator[Preview]:
    """Ask for each customer that is billed at Stripe; one that fails says why and stops no other."""
    for plan in plans:
        if not plan.customer.stripe_mode or plan.draft is None:
            continue
        ours = Preview(
            customer=plan.customer.customer,
            mode=StripeMode(plan.customer.stripe_mode),
            currency=plan.draft.currency,
            net=plan.draft.net,
            tax=plan.draft.tax,
            amount_due=plan.draft.amount_due,
        )
        if not plan.customer.stripe_customer:
            yield replace(ours, note="not linked to a customer at Stripe; `billing-engine stripe link` does it")
        elif plan.outcome is RunOutcome.ALREADY_ISSUED:
            yield replace(ours, note="it is issued already; `billing-engine stripe push` sends it")
        elif ours.mode is StripeMode.MIRROR:
            yield replace(ours, note="an invoice of its own, with our figures")
        else:
            yield _with_ours(gateway, books, plan, ours, now)


def _with_ours(gateway: Gateway, books: str, plan: CustomerPlan, ours: Preview, now: Instant) -> Preview:
    try:
        return _ask(gateway, _order(books, plan, now), ours)
    except (StripeRefusedError, StripeSilentError) as error:
        return replace(ours, note=str(error))


def _order(books: str, plan: CustomerPlan, now: Instant) -> Order:
    draft = plan.draft
    if draft is None:
        raise AssertionError("only what has a draft is previewed")
    delivery = delivery_of(DeliveryKind.INVOICE, PREVIEW, PREVIEW, draft.customer, str(draft.period))
    day = date(1970, 1, 1)
    return Order(delivery, Invoice(PREVIEW, day, day, draft), plan.customer, books, now, StripeTerms())


def _ask(gateway: Gateway, order: Order, ours: Preview) -> Preview:
    draft, currency = order.invoice.draft, order.invoice.draft.currency
    items = items_of(PREVIEW, draft)
    customer = _see(gateway, look_at_customer(order))
    subscription = _see(gateway, look_at_subscription(order, customer["id"]))
    rates, note = _rates(gateway, order, subscription)
    params = {
        "customer": customer["id"],
        "subscription": subscription["id"],
        "invoice_items": [_item(order, item, rates) for item in items],
    }
    key = f"be:{order.books}:preview:{draft.customer}:{draft.period}:{order.now}"
    answer = gateway.post("invoices.create_preview", params, key)
    if answer.said is not Said.YES:
        raise StripeSilentError(answer.message)
    found = pare(answer.thing)
    total, tax = (from_stripe(int(found.get(name) or 0), currency) for name in ("total", "tax"))
    mine = from_stripe(sum(item.amount + item.tax for item in items), currency)
    due = from_stripe(int(found.get("amount_due") or 0), currency)
    return replace(ours, total=total, stripe_tax=tax, stripe_due=due, others=total - mine, note=note)


def _see(gateway: Gateway, look: Look) -> Any:
    found = gateway.see(look)
    return look.pick(found) if look.pick is not None else found


def _rates(gateway: Gateway, order: Order, subscription: Thing) -> tuple[Rates, str]:
    """Find the rates of tax that a push would name; one that is not there yet can not be in a preview."""
    flow: Generator[list[Ask], list[Any], Rates] = find_rates(order, subscription)
    try:
        asked = next(flow)
    except StopIteration as stop:
        return stop.value, ""
    there = [_find(gateway, ask) for ask in asked if isinstance(ask, Step)]
    if not all(there):
        return Rates({}, None), "without tax: its rate is made at Stripe by the first push"
    try:
        flow.send(there)
    except StopIteration as stop:
        return stop.value, ""
    raise AssertionError("rates are asked for once")


def _find(gateway: Gateway, step: Step) -> Thing | None:
    return step.find.choose(gateway.see(step.find.look))


def _item(order: Order, item: Item, rates: Rates) -> dict[str, Any]:
    return {
        "amount": item.amount,
        "currency": order.currency,
        "description": item.description,
        "period": item.period(),
        "discountable": False,
        **rates.of(item),
    }
