"""Invoice items and the lines they become."""

from decimal import Decimal

import stripe_fake_money as money
import stripe_objects as objects
from stripe_fake_errors import invalid, refused

MOST_LINES = 250


def create(store, params):
    """Create an item that waits, or one on a draft."""
    owner = store.customer(params["customer"])
    code = params.get("currency")
    if not code:
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    check_currency(owner, money.currency(code, "currency"))
    plan = plan_of(store, params.get("subscription"), owner)
    invoice = draft(store, params["invoice"], "invoice") if "invoice" in params else None
    if invoice:
        _check_place(invoice, owner, code, plan)
    item = new_item(store, owner["id"], code, params, plan)
    if invoice:
        check_room(store, invoice, [(item, None)])
    owner["currency"] = code
    keep(store, item)
    if invoice:
        put(store, invoice, [(item, None)])
    return item


def at(path, name):
    """Return the full name of a parameter."""
    head, bracket, rest = name.partition("[")
    return f"{path}[{head}]{bracket}{rest}" if path else name


def keep(store, item):
    store.add(item)
    store.emit("invoiceitem.created", item)


def _check_place(invoice, owner, code, plan):
    if invoice["customer"] != owner["id"]:
        raise refused("The invoice belongs to another customer.", "invoice")
    if invoice["currency"] != code:
        raise refused(f"The invoice's currency is {invoice['currency']}.", "currency")
    if plan and plan["id"] != subscription_of(invoice):
        raise refused("The invoice belongs to another subscription, or to none.", "subscription")


def plan_of(store, subscription_id, owner):
    """Return the subscription that an item is for, if any."""
    if not subscription_id:
        return None
    plan = store.get("subscription", subscription_id, "subscription")
    if plan["customer"] != owner["id"]:
        raise refused("The subscription belongs to another customer.", "subscription")
    if plan["status"] in {"canceled", "incomplete_expired"}:
        raise refused("The subscription has ended.", "subscription")
    return plan


def subscription_of(invoice):
    return invoice["parent"]["subscription_details"]["subscription"] if invoice["parent"] else None


def check_currency(owner, code):
    """Refuse a second currency for a customer."""
    if owner["currency"] not in {None, code}:
        message = f"You cannot combine currencies on a single customer. This customer has {owner['currency']}."
        raise refused(message, "currency")


def draft(store, invoice_id, param=None):
    """Return an invoice that can still be edited."""
    invoice = store.get("invoice", invoice_id, param)
    if invoice["status"] != "draft":
        raise refused("Finalized invoices can't be updated in this way.", param, "invoice_not_editable")
    return invoice


def new_item(store, owner_id, code, params, plan=None, path=""):
    """Build an item from parameters, without storing it."""
    amount, unit, quantity = _amount(params, code, path)
    fields = {name: params[name] for name in ("description", "discountable") if name in params}
    fields.setdefault("discountable", amount >= 0)
    details = {"subscription": plan["id"], "subscription_item": None} if plan else None
    return objects.invoice_item(
        store.new_id("ii"),
        store.now(),
        amount=amount,
        currency=code,
        customer=owner_id,
        metadata=objects.merged({}, params.get("metadata")),
        net_amount=None if fields["discountable"] else amount,
        parent={"type": "subscription_details", "subscription_details": details} if plan else None,
        period=period(params, path) or {"start": store.now(), "end": store.now()},
        pricing={"type": "price_details", "price_details": None, "unit_amount_decimal": _written(unit)},
        quantity=int(quantity),
        quantity_decimal=_written(quantity),
        tax_rates=rates(store, params.get("tax_rates"), at(path, "tax_rates")),
        **fields,
    )


def _written(number):
    return format(number.normalize(), "f")


def period(params, path=""):
    given = params.get("period")
    if given and given["end"] < given["start"]:
        raise refused("The period's end must not be before its start.", at(path, "period[end]"))
    return given


def _amount(params, code, path):
    """Return amount, unit amount and quantity; an amount stands alone, a unit amount is multiplied."""
    names = [name for name in ("amount", "unit_amount", "unit_amount_decimal") if name in params]
    if len(names) != 1:
        raise invalid("Give exactly one of amount, unit_amount_decimal, pricing, price_data.", at(path, "amount"))
    quantities = [params[name] for name in ("quantity", "quantity_decimal") if name in params]
    if len(quantities) > 1 or (quantities and names == ["amount"]):
        raise invalid("An amount takes no quantity, and a unit amount takes only one.", at(path, "quantity"))
    if quantities and quantities[0] < 0:
        raise invalid("The quantity must not be negative.", at(path, "quantity_decimal"))
    if names == ["amount"]:
        amount = money.check_amount(params["amount"], code, at(path, "amount"))
        return amount, Decimal(amount), Decimal(1)
    unit, quantity = Decimal(params[names[0]]), Decimal(quantities[0] if quantities else 1)
    return money.rounded(unit * quantity, code), unit, quantity


def rates(store, ids, param):
    """Return tax rates by their ids; a line takes inclusive or exclusive ones, not both."""
    found = [store.get("tax_rate", rate_id, f"{param}[{index}]") for index, rate_id in enumerate(ids or ())]
    if any(not rate["active"] for rate in found):
        raise refused("Archived tax rates can't be used.", param)
    if len({rate["inclusive"] for rate in found}) > 1:
        raise refused("Inclusive and exclusive tax rates can't be mixed.", param)
    return found


def check_room(store, invoice, pairs):
    """Refuse items, with their own tax figures or None, that the draft cannot take."""
    lines = store.lines[invoice["id"]]
    billed = sum(line["parent"]["type"] == "invoice_item_details" for line in lines)
    if billed + len(pairs) > MOST_LINES:
        raise refused(f"An invoice takes at most {MOST_LINES} invoice items.", "lines")
    for item, _ in pairs:
        if item["currency"] != invoice["currency"]:
            raise refused(f"The invoice's currency is {invoice['currency']}.", "currency")
    check_taxes(store, invoice, lines, pairs)


def check_taxes(store, invoice, lines, pairs):
    """Refuse ways of taxing that exclude each other on one invoice."""
    own = any(taxes for _, taxes in pairs)
    rated = any(item["tax_rates"] for item, _ in pairs)
    if invoice["automatic_tax"]["enabled"] and (own or rated or any(item["amount"] < 0 for item, _ in pairs)):
        raise refused("Automatic tax takes no tax rates, tax amounts or negative amounts.", "automatic_tax")
    if own and (rated or invoice["default_tax_rates"] or any(has_rates(store, line) for line in lines)):
        raise refused("You cannot set tax amounts on an invoice with tax rates.", "tax_amounts")
    if rated and any(line["id"] in store.own_taxes for line in lines):
        raise refused("You cannot set tax rates on an invoice with tax amounts.", "tax_rates")


def item_of(store, line):
    details = line["parent"].get("invoice_item_details")
    return store.tables["invoiceitem"].get(details["invoice_item"]) if details else None


def has_rates(store, line):
    item = item_of(store, line)
    return bool(item and item["tax_rates"])


def put(store, invoice, pairs):
    """Add checked items to the end of a draft."""
    store.lines[invoice["id"]] += [line_of(store, invoice, item, taxes) for item, taxes in pairs]
    recompute(store, invoice)
    store.emit("invoice.updated", invoice)


def line_of(store, invoice, item, taxes=None):
    """Turn an item into a line of an invoice."""
    item["invoice"] = invoice["id"]
    plan = item["parent"]["subscription_details"]["subscription"] if item["parent"] else None
    details = {
        "invoice_item": item["id"],
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": plan,
    }
    line = objects.line(
        store.new_id("il"),
        invoice["id"],
        **{name: item[name] for name in ("amount", "currency", "description", "discountable", "metadata", "period")},
        **{name: item[name] for name in ("pricing", "quantity", "quantity_decimal")},
        parent={
            "type": "invoice_item_details",
            "invoice_item_details": details,
            "subscription_item_details": None,
        },
        subscription=plan,
    )
    set_taxes(store, invoice, line, item["tax_rates"], taxes)
    return line


def set_taxes(store, invoice, line, own_rates, taxes):
    """Give a line the figures that came with it, or compute them."""
    if taxes:
        store.own_taxes.add(line["id"])
        line["taxes"] = taxes
    else:
        store.own_taxes.discard(line["id"])
        line["taxes"] = money.line_taxes(line["amount"], own_rates or invoice["default_tax_rates"], line["currency"])


def own_taxes(store, amounts, code, path):
    """Return taxes from `tax_amounts`, each with a rate that is found or made for it."""
    taxes = []
    for index, given in enumerate(amounts or ()):
        money.check_amount(given["amount"], code, at(path, f"tax_amounts[{index}][amount]"))
        rate = _rate_for(store, given["tax_rate_data"])
        reason = given.get("taxability_reason", "not_available")
        taxes.append(money.tax_entry(given["amount"], rate, given["taxable_amount"], reason))
    return taxes


def _rate_for(store, data):
    """Find or create the archived rate that stands for given tax data."""
    content = tuple(sorted((name, str(value)) for name, value in data.items()))
    if content not in store.rate_ids:
        rate = objects.tax_rate(store.new_id("txr"), store.now(), **{**data, "active": False})
        store.rate_ids[content] = store.add(rate)["id"]
    return store.tables["tax_rate"][store.rate_ids[content]]


def recompute(store, invoice):
    """Bring a draft's totals up to date."""
    subtotal, inclusive, exclusive, taxes = money.sums(store.lines[invoice["id"]])
    balance = store.tables["customer"][invoice["customer"]]["balance"]
    total = subtotal + exclusive
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inclusive,
        total=total,
        total_excluding_tax=subtotal - inclusive,
        total_taxes=taxes,
        starting_balance=balance,
        amount_due=max(0, total + balance),
        amount_remaining=max(0, total + balance),
    )
