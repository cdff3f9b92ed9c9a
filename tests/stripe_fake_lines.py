"""Editing of what is on a draft: its lines, and the items behind them."""

import stripe_fake_invoices as invoices
import stripe_fake_items as items
import stripe_fake_money as money
import stripe_objects as objects
from stripe_fake_errors import ApiError, invalid, refused


def add_lines(store, invoice, params):
    """Add several lines at once: all of them or none."""
    pairs = [_new_line(store, invoice, line, f"lines[{index}]") for index, line in enumerate(params["lines"])]
    items.check_room(store, invoice, pairs)
    for (item, _), given in zip(pairs, params["lines"], strict=True):
        if "invoice_item" in given:
            store.taken_in.add(item["id"])
        else:
            items.keep(store, item)
    _set_metadata(invoice, params)
    items.put(store, invoice, pairs)
    return invoice


def _new_line(store, invoice, given, path):
    """Return the item of a new line and its own tax figures, or None."""
    if given.get("tax_amounts") and given.get("tax_rates"):
        raise invalid("You cannot set both tax_amounts and tax_rates.", f"{path}[tax_amounts]")
    if "invoice_item" not in given:
        item = items.new_item(store, invoice["customer"], invoice["currency"], given, path=path)
    else:
        if given.keys() - {"invoice_item", "tax_amounts"}:
            raise invalid("stripe_fake does not change a waiting item while adding it.", f"{path}[invoice_item]")
        item = store.get("invoiceitem", given["invoice_item"], f"{path}[invoice_item]")
        if item["invoice"] or item["customer"] != invoice["customer"]:
            raise refused("The invoice item is not waiting for this customer.", f"{path}[invoice_item]")
    return item, items.own_taxes(store, given.get("tax_amounts"), invoice["currency"], path) or None


def _set_metadata(invoice, params):
    if "invoice_metadata" in params:
        invoice["metadata"] = objects.merged(invoice["metadata"], params["invoice_metadata"])


def line(store, invoice, line_id, param=None):
    found = next((line for line in store.lines[invoice["id"]] if line["id"] == line_id), None)
    if not found:
        raise ApiError(f"No such line item: '{line_id}'", status=400 if param else 404, code="resource_missing")
    return found


def update_lines(store, invoice, params):
    """Change several lines and the items behind them."""
    changes = [
        (line(store, invoice, given["id"], f"lines[{index}][id]"), given) for index, given in enumerate(params["lines"])
    ]
    plans = [(old, *_changed(store, invoice, old, given), given) for old, given in changes]
    for old, fields, own_rates, taxes, given in plans:
        old.update(fields)
        item = items.item_of(store, old)
        if item:
            item.update({name: value for name, value in fields.items() if name != "subtotal"}, tax_rates=own_rates)
        if given.keys() & {"amount", "tax_rates", "tax_amounts", "quantity", "quantity_decimal"}:
            items.set_taxes(store, invoice, old, own_rates, taxes)
    _set_metadata(invoice, params)
    items.recompute(store, invoice)
    store.emit("invoice.updated", invoice)
    return invoice


def _changed(store, invoice, old, given):
    """Return the new fields of a line, its rates and its own taxes."""
    fields = {name: given[name] for name in ("description", "discountable") if name in given}
    if "amount" in given:
        fields["amount"] = fields["subtotal"] = money.check_amount(given["amount"], old["currency"], "amount")
        fields["pricing"] = {**old["pricing"], "unit_amount_decimal": str(given["amount"])}
    if given.keys() & {"quantity", "quantity_decimal"}:
        raise invalid("stripe_fake does not change quantities.", "quantity")
    if "metadata" in given:
        fields["metadata"] = objects.merged(old["metadata"], given["metadata"])
    if "period" in given:
        fields["period"] = items.period(given)
    item = items.item_of(store, old) or {"tax_rates": [], "amount": old["amount"]}
    own_rates = items.rates(store, given["tax_rates"], "tax_rates") if "tax_rates" in given else item["tax_rates"]
    taxes = items.own_taxes(store, given.get("tax_amounts"), old["currency"], "")
    if old["id"] in store.own_taxes and not given.keys() & {"tax_amounts", "tax_rates"}:
        taxes = old["taxes"]
    others = [other for other in store.lines[invoice["id"]] if other is not old]
    now = {**item, "tax_rates": own_rates, "amount": fields.get("amount", old["amount"])}
    items.check_taxes(store, invoice, others, [(now, taxes)])
    return fields, own_rates, taxes


def remove_lines(store, invoice, params):
    """Take lines off a draft; their items are deleted or wait again."""
    removed = [
        (line(store, invoice, given["id"], f"lines[{index}][id]"), given["behavior"])
        for index, given in enumerate(params["lines"])
    ]
    for old, behavior in removed:
        item = items.item_of(store, old)
        store.lines[invoice["id"]].remove(old)
        if item and behavior == "unassign":
            invoices.release(store, item)
        elif item:
            store.remove(item)
    _set_metadata(invoice, params)
    items.recompute(store, invoice)
    store.emit("invoice.updated", invoice)
    return invoice


def _place(store, item):
    """Return the draft and the line that an item is on, or None twice."""
    if item["invoice"] is None:
        return None, None
    invoice = items.draft(store, item["invoice"])
    lines = store.lines[invoice["id"]]
    return invoice, next(line for line in lines if items.item_of(store, line) is item)


def update_item(store, item, params):
    """Change an item that waits or is on a draft."""
    invoice, line = _place(store, item)
    if params.keys() & {"quantity", "quantity_decimal", "unit_amount_decimal"}:
        raise invalid("stripe_fake does not change quantities.", "quantity")
    fields = {name: params[name] for name in ("description", "discountable") if name in params}
    if "amount" in params:
        fields["amount"] = money.check_amount(params["amount"], item["currency"], "amount")
        fields["pricing"] = {**item["pricing"], "unit_amount_decimal": str(params["amount"])}
    if "metadata" in params:
        fields["metadata"] = objects.merged(item["metadata"], params["metadata"])
    if "period" in params:
        fields["period"] = items.period(params)
    own_rates = items.rates(store, params["tax_rates"], "tax_rates") if "tax_rates" in params else item["tax_rates"]
    item.update(fields, tax_rates=own_rates)
    if invoice:
        line.update(fields, subtotal=item["amount"])
        if line["id"] not in store.own_taxes:
            items.set_taxes(store, invoice, line, own_rates, None)
        items.recompute(store, invoice)
        store.emit("invoice.updated", invoice)
    return item


def delete_item(store, item):
    """Delete an item that waits or is on a draft."""
    invoice, line = _place(store, item)
    store.remove(item)
    store.emit("invoiceitem.deleted", item)
    if invoice:
        store.lines[invoice["id"]].remove(line)
        items.recompute(store, invoice)
        store.emit("invoice.updated", invoice)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}
