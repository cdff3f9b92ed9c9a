"""Credit notes: corrections of finalized invoices."""

from decimal import Decimal

import stripe_fake_items as items
import stripe_fake_lifecycle as lifecycle
import stripe_fake_money as money
import stripe_objects as objects
from stripe_fake_errors import invalid, refused

_POST = ("refund_amount", "credit_amount", "out_of_band_amount")


def build(store, params):
    """Return the credit note that parameters describe and its invoice, without storing anything."""
    invoice = store.get("invoice", params["invoice"], "invoice")
    if invoice["status"] not in {"open", "paid", "uncollectible"}:
        raise refused(f"You can't credit an invoice that is {invoice['status']}.", "invoice")
    if ("amount" in params) == ("lines" in params):
        raise invalid("Give exactly one of amount, lines and shipping_cost.", "amount")
    lines = _lines(store, invoice, params)
    subtotal, inclusive, exclusive, taxes = money.sums(lines)
    total = subtotal + exclusive
    left = invoice["total"] - invoice["pre_payment_credit_notes_amount"] - invoice["post_payment_credit_notes_amount"]
    if total <= 0:
        raise refused("The credit note's total must be greater than 0.", "amount")
    if total > left:
        raise refused(f"The credit note's total {total} is more than the {left} left of the invoice.", "amount")
    before = min(total, invoice["amount_remaining"])
    _check_split(store, invoice, params, total - before)
    return invoice, {
        "amount": total,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": total,
        "total_excluding_tax": subtotal - inclusive,
        "total_taxes": taxes,
        "pre_payment_amount": before,
        "post_payment_amount": total - before,
        "type": "pre_payment" if before == total else "mixed" if before else "post_payment",
        "lines": lines,
    }


def _check_split(store, invoice, params, after):
    """Refuse parts that are not together what was paid and now goes back."""
    if sum(params.get(name, 0) for name in _POST) != after:
        message = f"The sum of refund, credit and out of band amounts must equal the post payment amount of {after}."
        raise refused(message, "credit_amount")
    paid_here = invoice["amount_paid"] - (invoice["amount_paid_off_stripe"] or 0) - store.refunded[invoice["id"]]
    if params.get("refund_amount", 0) > paid_here:
        raise refused(f"Only {paid_here} can be refunded.", "refund_amount")


def _lines(store, invoice, params):
    if "amount" in params:
        amount = money.check_amount(params["amount"], invoice["currency"], "amount")
        fields = {"amount": amount, "quantity": 1, "unit_amount": amount, "unit_amount_decimal": str(amount)}
        return [objects.credit_line(store.new_id("cnli"), type="custom_line_item", **fields)]
    makers = {"invoice_line_item": _invoice_line, "custom_line_item": _custom_line}
    return [
        makers[given["type"]](store, invoice, given, f"lines[{index}]") for index, given in enumerate(params["lines"])
    ]


def _only(given, names, path):
    """Refuse parameters that this type of line does not take."""
    wrong = sorted(given.keys() - {"type", "metadata", "tax_amounts", *names})
    if wrong:
        raise invalid(f"{wrong[0]} is not valid for the type {given['type']}.", f"{path}[{wrong[0]}]")


def _invoice_line(store, invoice, given, path):
    """Credit a line of the invoice, in full or in part, with its share of the taxes."""
    _only(given, {"invoice_line_item", "amount", "quantity"}, path)
    if "invoice_line_item" not in given:
        raise invalid("Missing required param: invoice_line_item.", f"{path}[invoice_line_item]", "parameter_missing")
    found = [line for line in store.lines[invoice["id"]] if line["id"] == given["invoice_line_item"]]
    if not found:
        message = f"No such invoice line item: '{given['invoice_line_item']}'"
        raise refused(message, f"{path}[invoice_line_item]", "resource_missing")
    line = found[0]
    amount = _part(given, line, path)
    share = Decimal(amount) / line["amount"] if line["amount"] else Decimal(0)
    taxes = [
        {
            **tax,
            "amount": money.rounded(tax["amount"] * share, invoice["currency"]),
            "taxable_amount": money.rounded(tax["taxable_amount"] * share, invoice["currency"]),
        }
        for tax in line["taxes"]
    ]
    return objects.credit_line(
        store.new_id("cnli"),
        amount=amount,
        description=line["description"],
        invoice_line_item=line["id"],
        metadata=objects.merged({}, given.get("metadata")),
        quantity=given.get("quantity", line["quantity"]),
        taxes=_own_taxes(store, invoice, given, path) or taxes,
        type="invoice_line_item",
    )


def _part(given, line, path):
    """Return how much of a line is credited: an amount, a quantity of it, or all of it."""
    if "amount" in given and "quantity" in given:
        raise invalid("Give either an amount or a quantity.", f"{path}[quantity]")
    amount = given.get("amount", line["amount"])
    if "quantity" in given and line["quantity"]:
        amount = money.rounded(Decimal(line["amount"]) * given["quantity"] / line["quantity"], line["currency"])
    if abs(amount) > abs(line["amount"]):
        raise refused(f"The line has only {line['amount']} to credit.", f"{path}[amount]")
    return money.check_amount(amount, line["currency"], f"{path}[amount]")


def _custom_line(store, invoice, given, path):
    """Credit something that is no line of the invoice."""
    _only(given, {"description", "quantity", "tax_rates", "unit_amount", "unit_amount_decimal"}, path)
    if "description" not in given:
        raise invalid("Missing required param: description.", f"{path}[description]", "parameter_missing")
    units = [given[name] for name in ("unit_amount", "unit_amount_decimal") if name in given]
    if len(units) != 1:
        raise invalid("Give exactly one of unit_amount and unit_amount_decimal.", f"{path}[unit_amount]")
    if given.get("tax_rates") and given.get("tax_amounts"):
        raise invalid("Give tax_rates or tax_amounts, not both.", f"{path}[tax_amounts]")
    quantity, code = given.get("quantity", 1), invoice["currency"]
    amount = money.check_amount(money.rounded(Decimal(units[0]) * quantity, code), code, f"{path}[unit_amount]")
    rates = items.rates(store, given.get("tax_rates"), f"{path}[tax_rates]")
    return objects.credit_line(
        store.new_id("cnli"),
        amount=amount,
        description=given["description"],
        metadata=objects.merged({}, given.get("metadata")),
        quantity=quantity,
        tax_rates=rates,
        taxes=_own_taxes(store, invoice, given, path) or money.line_taxes(amount, rates, code),
        type="custom_line_item",
        unit_amount=given.get("unit_amount"),
        unit_amount_decimal=str(units[0]),
    )


def _own_taxes(store, invoice, given, path):
    """Return taxes given with a line; their rates must be ones that Stripe made by itself."""
    taxes = []
    for index, tax in enumerate(given.get("tax_amounts") or ()):
        name = f"{path}[tax_amounts][{index}]"
        rate = store.get("tax_rate", tax["tax_rate"], f"{name}[tax_rate]")
        if rate["active"]:
            raise refused("The tax rate must have been automatically created by Stripe.", f"{name}[tax_rate]")
        money.check_amount(tax["amount"], invoice["currency"], f"{name}[amount]")
        taxes.append(money.tax_entry(tax["amount"], rate, tax["taxable_amount"], "not_available"))
    return taxes


def create(store, params):
    """Issue a credit note and book what it changes."""
    invoice, figures = build(store, params)
    lines, note = figures["lines"], _note(store, invoice, figures, params)
    note["number"] = f"{invoice['number']}-CN-{len(store.of_invoice['credit_note', invoice['id']]) + 1:02d}"
    store.add(note)
    store.credit_lines[note["id"]] = lines
    _book_post_payment(store, invoice, note, params)
    store.emit("credit_note.created", note)
    lifecycle.reduce(store, invoice, note["pre_payment_amount"])
    return note


def _note(store, invoice, figures, params):
    object_id = store.new_id("cn")
    return objects.credit_note(
        object_id,
        invoice,
        store.now(),
        **{name: params[name] for name in ("effective_at", "memo", "reason", "out_of_band_amount") if name in params},
        **{**figures, "lines": line_list(object_id, figures["lines"])},
        metadata=objects.merged({}, params.get("metadata")),
    )


def line_list(object_id, lines):
    url = f"/v1/credit_notes/{object_id}/lines"
    return {"object": "list", "data": lines[:10], "has_more": len(lines) > 10, "url": url}


def _book_post_payment(store, invoice, note, params):
    """Give back what was paid: to the customer's balance, as a refund, or outside of Stripe."""
    owner, credit, refund = store.tables["customer"][note["customer"]], params.get("credit_amount", 0), 0
    booked = lifecycle.move_balance(
        store, owner, -credit, "credit_note", currency=note["currency"], invoice=invoice["id"], credit_note=note["id"]
    )
    if booked:
        note["customer_balance_transaction"] = booked["id"]
    refund = params.get("refund_amount", 0)
    if refund:
        note["refunds"] = [
            {"amount_refunded": refund, "payment_record_refund": None, "refund": store.new_id("re"), "type": "refund"}
        ]
        store.refunded[invoice["id"]] += refund
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]


def preview(store, params):
    """Return the credit note that a call would make, and all its lines."""
    invoice, figures = build(store, params)
    note = _note(store, invoice, figures, params)
    return {**note, "number": f"{invoice['number']}-CN-00"}, figures["lines"]


def void(store, note):
    """Declare a credit note void; only one that took off an open invoice can be."""
    invoice = store.tables["invoice"][note["invoice"]]
    if note["status"] == "void" or note["post_payment_amount"] or invoice["status"] != "open":
        raise refused("Only a credit note on an open invoice can be voided.", None)
    note.update(status="void", voided_at=store.now())
    store.emit("credit_note.voided", note)
    lifecycle.reduce(store, invoice, -note["pre_payment_amount"])
    return note
