"""Invoices that a subscription makes by itself, and previews of them."""

from itertools import chain

import stripe_fake_invoices as invoices
import stripe_fake_items as items
import stripe_objects as objects
from stripe_fake_errors import ApiError, invalid, refused


def _plan_line(store, plan, invoice):
    """Return the subscription's own line for the period that begins now."""
    part = plan["items"]["data"][0]
    price = part["price"]
    line = objects.line(
        store.new_id("il"),
        invoice["id"],
        amount=price["unit_amount"],
        currency=plan["currency"],
        description="1 x subscription",
        discountable=True,
        parent={
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": plan["id"],
                "subscription_item": part["id"],
            },
        },
        period={"start": part["current_period_start"], "end": part["current_period_end"]},
        pricing={
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        quantity=1,
        quantity_decimal="1",
        subscription=plan["id"],
    )
    items.set_taxes(store, invoice, line, [], None)
    return line


def _plan_invoice(store, plan, object_id, **fields):
    sent = plan["collection_method"] == "send_invoice"
    return objects.invoice(
        object_id,
        store.now(),
        auto_advance=True,
        automatic_tax={**plan["automatic_tax"], "disabled_reason": None, "provider": None, "status": None},
        collection_method=plan["collection_method"],
        currency=plan["currency"],
        customer=plan["customer"],
        default_tax_rates=plan["default_tax_rates"],
        due_date=store.now() + (plan["days_until_due"] or 0) * invoices.DAY if sent else None,
        parent=invoices.parent(plan),
        **fields,
    )


def renew(store, plan):
    """Begin the next period: a draft with the subscription's line and what waited for it."""
    if plan["status"] in {"canceled", "incomplete_expired"}:
        raise ValueError(f"{plan['id']} has ended")
    part = plan["items"]["data"][0]
    if plan["cancel_at_period_end"]:
        plan.update(status="canceled", canceled_at=store.now(), ended_at=store.now())
        store.emit("customer.subscription.deleted", plan)
        return None
    owner = store.tables["customer"][plan["customer"]]
    start = part["current_period_end"]
    part.update(current_period_start=start, current_period_end=start + 30 * invoices.DAY)
    invoice = _plan_invoice(store, plan, store.new_id("in"), billing_reason="subscription_cycle")
    owner["currency"] = plan["currency"]
    taken = invoices.pending(store, owner, lambda of: of in {None, plan["id"]}, invoice)
    plan["latest_invoice"] = invoice["id"]
    invoices.keep(store, invoice, taken, [_plan_line(store, plan, invoice)])
    store.emit("customer.subscription.updated", plan)
    return invoice


def preview(store, params):
    """Return what the next invoice would be, without making it."""
    plan = store.get("subscription", params["subscription"], "subscription") if "subscription" in params else None
    owner = store.customer(plan["customer"] if plan else _needed(params, "customer"))
    if plan and params.get("customer") not in {None, plan["customer"]}:
        raise refused("The subscription belongs to another customer.", "subscription")
    code = params.get("currency") or (plan or owner)["currency"] or "eur"
    for one in params.get("invoice_items", ()):
        if one.get("currency", code) != code:
            raise refused(f"The invoice's currency is {code}.", "currency")
    object_id = store.new_id("upcoming_in")
    fields = {"billing_reason": "upcoming"}
    if plan:
        invoice = _plan_invoice(store, plan, object_id, **fields)
    else:
        invoice = objects.invoice(object_id, store.now(), customer=owner["id"], currency=code, **fields)
    waiting = invoices.pending(store, owner, lambda of: of is None or (plan and of == plan["id"]), invoice)
    given = [
        items.new_item(store, owner["id"], code, one, path=f"invoice_items[{index}]")
        for index, one in enumerate(params.get("invoice_items", ()))
    ]
    if not (plan or waiting or given):
        raise ApiError("No upcoming invoices for customer", status=404, code="invoice_upcoming_none")
    shown = [dict(item) for item in chain(reversed(waiting), given)]  # copies: they stay where they are
    lines = [items.line_of(store, invoice, item) for item in shown]
    store.lines[object_id] = lines + ([_plan_line(store, plan, invoice)] if plan else [])
    items.recompute(store, invoice)
    shown_invoice = store.render(invoice)
    del store.lines[object_id]
    return shown_invoice


def _needed(params, name):
    if name not in params:
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    return params[name]
