"""Invoices while they are drafts: made, edited and deleted by calls."""

import stripe_fake_items as items
import stripe_fake_money as money
import stripe_objects as objects
from stripe_fake_errors import invalid, refused

DAY = 24 * 60 * 60
# What a finalized invoice still lets one change.
_STILL_EDITABLE = {"metadata", "auto_advance", "expand"}
_PLAIN = ("auto_advance", "collection_method", "description", "footer", "rendering", "statement_descriptor")


def create(store, params, account_currency):
    """Create a draft, empty or with the items that wait for it."""
    owner = store.customer(params["customer"])
    code = params.get("currency") or owner["currency"] or account_currency
    items.check_currency(owner, money.currency(code, "currency"))
    plan = items.plan_of(store, params.get("subscription"), owner)
    fields = _fields(store, params, params.get("collection_method", "charge_automatically"))
    if plan:
        fields.setdefault("default_tax_rates", plan["default_tax_rates"])
        fields["parent"] = parent(plan)
    _check_number(store, fields.get("number"))
    metadata = objects.merged({}, params.get("metadata"))
    invoice = objects.invoice(
        store.new_id("in"), store.now(), customer=owner["id"], currency=code, metadata=metadata, **fields
    )
    owner["currency"] = code
    taken = []
    if params.get("pending_invoice_items_behavior") == "include":
        taken = pending(store, owner, lambda of: of == (plan["id"] if plan else None), invoice)
    return keep(store, invoice, taken, [])


def keep(store, invoice, taken, plan_lines):
    """Store a new draft; what waited comes first and newest first, then the subscription's own lines."""
    store.add(invoice)
    if invoice["number"]:
        store.numbers[invoice["number"]] = invoice
    store.lines[invoice["id"]] = []
    store.lines[invoice["id"]] = [items.line_of(store, invoice, item) for item in reversed(taken)] + plan_lines
    store.taken_in.update(item["id"] for item in taken)
    items.recompute(store, invoice)
    store.emit("invoice.created", invoice)
    return invoice


def pending(store, owner, wanted, invoice):
    """Return the oldest items that wait for such an invoice, as many as one takes."""
    found = []
    for item in store.of_customer["invoiceitem", owner["id"]].values():
        of = item["parent"]["subscription_details"]["subscription"] if item["parent"] else None
        fits = not (invoice["automatic_tax"]["enabled"] and (item["tax_rates"] or item["amount"] < 0))
        if item["invoice"] is None and wanted(of) and fits and item["currency"] == invoice["currency"]:
            found.append(item)
    return found[: items.MOST_LINES]


def parent(plan):
    details = {"metadata": dict(plan["metadata"]), "subscription": plan["id"], "subscription_proration_date": None}
    return {"type": "subscription_details", "quote_details": None, "subscription_details": details}


def _fields(store, params, collection):
    """Return the fields of an invoice that parameters set."""
    fields = {name: params[name] for name in _PLAIN if name in params}
    fields.update(_due(store, params, collection))
    if "automatic_tax" in params:
        enabled = params["automatic_tax"]["enabled"]
        fields["automatic_tax"] = {
            "disabled_reason": None,
            "enabled": enabled,
            "liability": {"type": "self"} if enabled else None,
            "provider": "stripe" if enabled else None,
            "status": None,
        }
    if "default_tax_rates" in params:
        fields["default_tax_rates"] = items.rates(store, params["default_tax_rates"], "default_tax_rates")
    for name in ("automatically_finalizes_at", "custom_fields", "effective_at", "number"):
        if name in params:
            fields[name] = params[name]
    if fields.get("default_tax_rates") and fields.get("automatic_tax", {}).get("enabled"):
        raise refused("Automatic tax takes no tax rates.", "automatic_tax")
    return fields


def _due(store, params, collection):
    """Return the due date, which only an invoice that is sent has."""
    given = [name for name in ("due_date", "days_until_due") if name in params]
    if collection == "charge_automatically":
        if given:
            raise invalid(f"You can only pass in {given[0]} if collection_method is send_invoice.", given[0])
        return {"due_date": None} if "collection_method" in params else {}
    if len(given) > 1:
        raise invalid("You can only pass one of due_date and days_until_due.", "due_date")
    if not given:
        if "collection_method" in params:
            raise invalid("An invoice that is sent needs due_date or days_until_due.", "days_until_due")
        return {}
    if "days_until_due" in params:
        return {"due_date": store.now() + params["days_until_due"] * DAY}
    if params["due_date"] < store.now():
        raise refused("Invalid due_date: it must be in the future.", "due_date")
    return {"due_date": params["due_date"]}


def _check_number(store, number, but=None):
    """Refuse a number that another invoice has."""
    if number and store.numbers.get(number, but) is not but:
        raise refused(f"An invoice with the number {number} already exists.", "number")


def update(store, invoice, params):
    """Edit a draft, or what little of a finalized invoice may change."""
    if invoice["status"] != "draft" and not params.keys() <= _STILL_EDITABLE:
        raise refused("Finalized invoices can't be updated in this way.", None, "invoice_not_editable")
    fields = _fields(store, params, params.get("collection_method", invoice["collection_method"]))
    _check_number(store, fields.get("number"), invoice)
    if "number" in fields:
        store.numbers.pop(invoice["number"], None)
        if fields["number"]:
            store.numbers[fields["number"]] = invoice
    invoice.update(fields)
    if "metadata" in params:
        invoice["metadata"] = objects.merged(invoice["metadata"], params["metadata"])
    if "default_tax_rates" in fields:
        _tax_again(store, invoice)
    store.emit("invoice.updated", invoice)
    return invoice


def _tax_again(store, invoice):
    lines = store.lines[invoice["id"]]
    if invoice["default_tax_rates"] and any(line["id"] in store.own_taxes for line in lines):
        raise refused("You cannot set tax rates on an invoice with tax amounts.", "default_tax_rates")
    for line in lines:
        item = items.item_of(store, line)
        if line["id"] not in store.own_taxes:
            items.set_taxes(store, invoice, line, item["tax_rates"] if item else [], None)
    items.recompute(store, invoice)


def delete(store, invoice):
    """Delete a one-off draft; items that waited before wait again, the others go with it."""
    if invoice["status"] != "draft" or invoice["parent"]:
        raise refused(
            "You can only delete draft invoices that belong to no subscription.", None, "invoice_not_editable"
        )
    for line in store.lines.pop(invoice["id"]):
        item = items.item_of(store, line)
        if item and item["id"] in store.taken_in:
            release(store, item)
        elif item:
            store.remove(item)
    store.remove(invoice)
    store.numbers.pop(invoice["number"], None)
    store.emit("invoice.deleted", {name: value for name, value in invoice.items() if name != "deleted"})


def release(store, item):
    """Let an item wait again."""
    store.taken_in.discard(item["id"])
    item["invoice"] = None
