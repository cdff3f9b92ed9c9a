"""Attach: our lines become items of the next invoice of the customer's subscription."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing_engine.errors import StripeRefusedError
from billing_engine.model.delivery import ACCOUNT, DeliveryOutcome
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.money import ZERO, plain
from billing_engine.stripe_sync.calls import Ask, Ended, Flow, Look, Step, Thing
from billing_engine.stripe_sync.currency import from_stripe
from billing_engine.stripe_sync.mirror import note_on, summary_note
from billing_engine.stripe_sync.objects import id_of
from billing_engine.stripe_sync.order import Order, find_ours, look_at_customer
from billing_engine.stripe_sync.payloads import (
    BOOKS,
    INVOICE,
    PART,
    Item,
    is_summed_up,
    items_of,
    metadata_of_part,
    number_of,
    percent_text,
    tax_on,
)

MOST_PENDING = 250
"""Items that Stripe puts on one invoice; what is more waits for the one after it."""

AT_ONCE = 10
"""Items that are sent side by side."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of tax to name with items, by percent; an item without one is left to its subscription."""

    taxed: Mapping[Decimal, str]
    untaxed: str | None

    def of(self, item: Item) -> dict[str, Any]:
        """Return the parameter for an item."""
        rate = self.taxed.get(item.percent) if item.is_taxed else self.untaxed
        return {} if rate is None else {"tax_rates": [rate]}


def attach_invoice(order: Order) -> Flow:
    """Find the subscription, see that all items fit on its next invoice, and add each with its final amount."""
    number, draft = order.invoice.number, order.invoice.draft
    items_of(number, draft)  # before anything is asked: are its amounts ones that Stripe takes?
    (customer,) = yield [look_at_customer(order)]
    (subscription,) = yield [look_at_subscription(order, customer["id"])]
    (pending,) = yield [_count_pending(order, customer["id"])]
    items = _with_rounding(order, _fitting(order, int(pending["others"])))
    rates = yield from find_rates(order, subscription)
    there: list[Thing] = []
    for start in range(0, len(items), AT_ONCE):
        there += yield [
            _add_item(order, customer["id"], subscription["id"], item, rates, is_summed_up(items))
            for item in items[start : start + AT_ONCE]
        ]
    total = sum(int(item["amount"]) for item in there)
    if total != sum(item.amount for item in items):
        found = plain(from_stripe(total, draft.currency))
        raise StripeRefusedError(f"the items at Stripe come to {found} {draft.currency}, ours do not")
    return Ended(DeliveryOutcome.ATTACHED, subscription["id"], note_on(order, items))


def look_at_subscription(order: Order, customer: str) -> Look:
    """Look at the subscription that was named, else for the customer's only active one."""
    named = order.customer.stripe_subscription

    def pick(found: Any) -> Thing:
        if named:
            return _fit(found, named, customer, order)
        active = list(found or ())
        if len(active) == 1:
            return _fit(active[0], id_of(active[0]), customer, order)
        listed = f": {', '.join(sorted(map(id_of, active)))}" if active else ""
        raise StripeRefusedError(
            f"customer {customer} has {len(active) or 'no'} active subscription{'s' if len(active) > 1 else ''} at "
            f"Stripe{listed}; name one as stripe_subscription, or use stripe_mode mirror"
        )

    if named:
        return Look("subscriptions.retrieve", {"id": named}, keep_as="subscription", pick=pick)
    params = {"customer": customer, "status": "active"}
    return Look("subscriptions.list", params, each=True, keep_as="subscription", pick=pick)


def _fit(found: Thing | None, named: str, customer: str, order: Order) -> Thing:
    problem = ""
    if found is None:
        problem = "is not there"
    elif id_of(found.get("customer")) != customer:
        problem = f"is of another customer than {customer}"
    elif found.get("status") not in _BILLED:
        problem = f"is {str(found.get('status')).replace('_', ' ')}; use stripe_mode mirror"
    elif found.get("pause_collection"):
        problem = "is paused, and its invoices are not collected; use stripe_mode mirror"
    elif _ends(found):
        problem = "ends, and may have no further invoice; use stripe_mode mirror"
    elif str(found.get("currency") or order.currency) != order.currency:
        problem = f"is in {str(found['currency']).upper()}, the invoice in {order.invoice.draft.currency}"
    elif (found.get("automatic_tax") or {}).get("enabled"):
        problem = "has Stripe compute its taxes, which may not be the invoice's; use stripe_mode mirror"
    if problem or found is None:
        raise StripeRefusedError(f"subscription {named} {problem}")
    rates = [
        [str(rate["id"]), str(rate.get("percentage", 0)), bool(rate.get("inclusive"))]
        for rate in found.get("default_tax_rates") or ()
    ]
    return {"id": named, "rates": rates}


_BILLED = ("active", "trialing", "past_due")
"""Statuses of a subscription that has a next invoice."""


def _ends(subscription: Thing) -> bool:
    """Tell whether a subscription ends with its current period: what is added now would never be billed."""
    if subscription.get("cancel_at_period_end"):
        return True
    items = (subscription.get("items") or {}).get("data") or ()
    period_ends = [int(item["current_period_end"]) for item in items if item.get("current_period_end")]
    cancel_at = int(subscription.get("cancel_at") or 0)
    return bool(cancel_at) and (not period_ends or cancel_at <= max(period_ends))


def _count_pending(order: Order, customer: str) -> Look:
    """Count what waits for the same invoice; ours of an earlier try do not count twice."""

    def pick(found: Iterable[Thing] | None) -> Thing:
        others = [item for item in found or () if not is_ours(order, item)]
        return {"others": len(others)}

    params = {"customer": customer, "pending": True}
    return Look("invoice_items.list", params, each=True, keep_as="pending", pick=pick)


def is_ours(order: Order, thing: Thing) -> bool:
    """Tell whether an item is of this invoice."""
    return number_of(thing, order.books) == order.invoice.number


def _fitting(order: Order, others: int) -> list[Item]:
    """Sum items up by kind where all of them would not fit: those left over would come months late."""
    number, draft = order.invoice.number, order.invoice.draft
    items = items_of(number, draft)
    if len(items) + others > MOST_PENDING:
        items = items_of(number, draft, by_kind=True)
    if len(items) + others > MOST_PENDING:
        raise StripeRefusedError(
            f"{others} items wait already for the next invoice of {order.customer.stripe_customer}, and Stripe puts "
            f"{MOST_PENDING} on one; push again when it is finalized"
        )
    if sum(item.amount + item.tax for item in items) < 0:
        raise StripeRefusedError("the total is below zero; Stripe would keep the rest as a credit that our ledger has")
    return items


def _with_rounding(order: Order, items: Sequence[Item]) -> list[Item]:
    """Add what Stripe's taxes, rounded item by item, are off ours: the customer pays what our invoice says."""
    return [*items, *rounding_of(order.invoice.draft, items)]


def rounding_of(draft: InvoiceDraft, items: Sequence[Item]) -> Iterator[Item]:
    """Make the item that sets off how Stripe rounds taxes, where it rounds otherwise than we."""
    off = sum(item.tax - tax_on(item.amount, item.percent, draft.currency) for item in items if item.is_taxed)
    if off:
        first, last = draft.period.first_day, draft.period.last_day
        yield Item("rounding", off, "Rounding of VAT", first, last, is_taxed=False)


def find_rates(order: Order, subscription: Thing) -> Generator[list[Ask], list[Any], Rates]:
    """Find out which rates of tax to name: none where the subscription's own come to the same."""
    draft = order.invoice.draft
    items = items_of("", draft)
    wanted = list(dict.fromkeys(item.percent for item in items if item.is_taxed))
    own = subscription["rates"]
    by_itself = sum((Decimal(percent) for _, percent, _ in own), ZERO)
    fits = wanted in ([], [by_itself]) and not any(rate[2] for rate in own)
    untaxed = any(not item.is_taxed for item in (*items, *rounding_of(draft, items)))
    asked = list(dict.fromkeys(([] if fits else wanted) + ([ZERO] if own and untaxed else [])))
    made = yield [make_rate(order, percent) for percent in asked] if asked else []
    rates = {percent: str(rate["id"]) for percent, rate in zip(asked, made, strict=True)} if asked else {}
    return Rates({} if fits else rates, rates.get(ZERO) if own and untaxed else None)


def make_rate(order: Order, percent: Decimal) -> Step:
    """Make a rate of tax, once for all of the account."""
    country = order.invoice.draft.seller.country
    name = f"{country}/{percent_text(percent)}"
    params = {
        "display_name": "VAT",
        "percentage": percent_text(percent),
        "inclusive": False,
        "metadata": {BOOKS: order.books, PART: f"tax_rate/{name}"},
        **({"country": country} if country else {}),
    }
    look = Look("tax_rates.list", {"active": True}, each=True)
    find = find_ours(look, order, {PART: f"tax_rate/{name}"})
    return Step(f"tax_rate/{name}", "tax_rates.create", params, find, scope=ACCOUNT)


def _add_item(order: Order, customer: str, subscription: str, item: Item, rates: Rates, summed_up: bool) -> Step:
    number = order.invoice.number
    params = {
        "customer": customer,
        "subscription": subscription,
        "currency": order.currency,
        "amount": item.amount,
        "description": f"{item.description}. {summary_note(order)}" if summed_up else item.description,
        "period": item.period(),
        "discountable": False,  # a coupon is for the subscription
        "metadata": metadata_of_part(order.books, number, item.part),
        **rates.of(item),
    }
    look = Look("invoice_items.list", {"customer": customer}, each=True)
    find = find_ours(look, order, {INVOICE: number, PART: item.part})
    return Step(f"item/{item.part}", "invoice_items.create", params, find)


def tax_rates_of(items: Sequence[Thing]) -> list[str]:
    """Return the rates of tax that items name."""
    return sorted({id_of(rate) for item in items for rate in item.get("tax_rates") or ()})
