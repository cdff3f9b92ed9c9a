"""What happens to an invoice after it was a draft, and to the customer's balance with it."""

import stripe_fake_items as items
import stripe_fake_money as money
import stripe_objects as objects
from stripe_fake_errors import ApiError, refused

_DAY = 24 * 60 * 60


def move_balance(store, owner, amount, kind, **fields):
    """Change a customer's balance, where a debit is positive, and book it."""
    if not amount:
        return None
    owner["balance"] += amount
    transaction = objects.balance_transaction(
        store.new_id("cbtxn"), owner, store.now(), amount=amount, type=kind, **fields
    )
    store.add(transaction)
    store.emit("customer.updated", owner)
    return transaction


def finalize(store, invoice, auto_advance=None):
    """Turn a draft into an open invoice, or at once into a paid one where there is nothing to collect."""
    if invoice["status"] != "draft":
        raise refused("This invoice is already finalized.", None, "invoice_already_finalized")
    items.recompute(store, invoice)
    now = store.now()
    _number(store, invoice)
    if auto_advance is not None:
        invoice["auto_advance"] = auto_advance
    page = f"https://invoice.stripe.com/i/fake/{invoice['id']}"
    invoice.update(
        status="open",
        automatically_finalizes_at=None,
        effective_at=invoice["effective_at"] or now,
        hosted_invoice_url=page,
        invoice_pdf=f"{page}/pdf",
    )
    invoice["status_transitions"]["finalized_at"] = now
    _settle_balance(store, invoice)
    if invoice["amount_due"]:
        _default_payment(store, invoice)
        store.emit("invoice.finalized", invoice)
    else:
        store.emit("invoice.finalized", invoice)
        _become_paid(store, invoice)
    return invoice


def _number(store, invoice):
    """Give a number to an invoice that has none."""
    owner = store.tables["customer"][invoice["customer"]]
    while not invoice["number"]:
        number = f"{owner['invoice_prefix']}-{owner['next_invoice_sequence']:04d}"
        owner["next_invoice_sequence"] += 1
        if number not in store.numbers:
            invoice["number"] = number
            store.numbers[number] = invoice


def _settle_balance(store, invoice):
    """Take the customer's balance into the amount due, or the invoice into the balance."""
    owner = store.tables["customer"][invoice["customer"]]
    before, total = owner["balance"], invoice["total"]
    due, kind, moved = before + total, "applied_to_invoice", -before
    if total == 0:
        due, moved = 0, 0
    elif due <= 0:
        due, moved = 0, total
    elif due < money.minimum(invoice["currency"]):
        due, kind, moved = 0, "invoice_too_small", total
    move_balance(store, owner, moved, kind, currency=invoice["currency"], invoice=invoice["id"])
    store.applied_balance[invoice["id"]] = -moved
    invoice.update(amount_due=due, amount_remaining=due, starting_balance=before, ending_balance=owner["balance"])


def _default_payment(store, invoice):
    source = ("payment_intent", store.new_id("pi"))
    requested = {"amount_requested": invoice["amount_due"], "is_default": True}
    store.add(objects.payment(store.new_id("inpay"), invoice, store.now(), source, **requested))


def _open_payment(store, invoice):
    payments = store.of_invoice["invoice_payment", invoice["id"]].values()
    return next((one for one in payments if one["status"] == "open"), None)


def _become_paid(store, invoice, by_stripe=True):
    invoice.update(status="paid", attempted=True, next_payment_attempt=None)
    invoice["status_transitions"]["paid_at"] = store.now()
    store.emit("invoice.updated", invoice)
    store.emit("invoice.paid", invoice)
    if by_stripe:
        store.emit("invoice.payment_succeeded", invoice)


def pay(store, invoice, amount=None, *, out_of_band=False):
    """Record a payment: in part, in full, or too much."""
    if invoice["status"] not in {"open", "uncollectible"}:
        code = "invoice_already_paid" if invoice["status"] == "paid" else None
        raise refused(f"You cannot pay an invoice that is {invoice['status']}.", None, code)
    remaining = invoice["amount_remaining"]
    amount = remaining if amount is None else amount
    over = max(0, amount - remaining)
    payment = _paid_payment(store, invoice, amount, out_of_band)
    invoice["amount_paid"] += amount - over
    invoice["amount_remaining"] -= amount - over
    invoice["amount_overpaid"] += over
    invoice["attempted"] = True
    if out_of_band:
        invoice["amount_paid_off_stripe"] = (invoice["amount_paid_off_stripe"] or 0) + amount - over
    else:
        invoice["attempt_count"] += 1
    owner = store.tables["customer"][invoice["customer"]]
    move_balance(store, owner, -over, "invoice_overpaid", currency=invoice["currency"], invoice=invoice["id"])
    store.emit("invoice_payment.paid", payment)
    _after_payment(store, invoice, out_of_band, over)
    return invoice


def _after_payment(store, invoice, out_of_band, over):
    if invoice["amount_remaining"]:
        _open_payment(store, invoice)["amount_requested"] = invoice["amount_remaining"]
        store.emit("invoice.updated", invoice)
        return
    _cancel_payment(store, invoice)
    _become_paid(store, invoice, by_stripe=not out_of_band)
    if over:
        store.emit("invoice.overpaid", invoice)


def _paid_payment(store, invoice, amount, out_of_band):
    """Return the payment that is now paid: the default one if it covers all that was asked."""
    payment = _open_payment(store, invoice)
    if out_of_band or amount != invoice["amount_remaining"]:
        source = ("payment_record", store.new_id("pr")) if out_of_band else ("payment_intent", store.new_id("pi"))
        payment = objects.payment(store.new_id("inpay"), invoice, store.now(), source, amount_requested=amount)
        store.add(payment)
    payment.update(status="paid", amount_paid=amount)
    payment["status_transitions"]["paid_at"] = store.now()
    return payment


def _cancel_payment(store, invoice):
    payment = _open_payment(store, invoice)
    if payment:
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = store.now()


def fail_payment(store, invoice):
    """Record an attempt to collect that was declined."""
    invoice.update(attempt_count=invoice["attempt_count"] + 1, attempted=True)
    if invoice["collection_method"] == "charge_automatically":
        invoice["next_payment_attempt"] = store.now() + 3 * _DAY
    store.emit("invoice.payment_failed", invoice)
    store.emit("invoice.updated", invoice)


def pay_by_call(store, invoice, params):
    """Pay as the API call does: outside of Stripe, or with a payment method that it names."""
    if params.get("paid_out_of_band"):
        return pay(store, invoice, out_of_band=True)
    if "payment_method" not in params:
        raise refused("There is no `default_payment_method` set on this Customer or Invoice.", "payment_method")
    if invoice["status"] == "open" and params["payment_method"].startswith("pm_card_chargeDeclined"):
        fail_payment(store, invoice)
        raise ApiError("Your card was declined.", status=402, kind="card_error", code="card_declined")
    return pay(store, invoice)


def void(store, invoice):
    """Declare an unpaid invoice void; the balance that it used up comes back."""
    if invoice["status"] not in {"open", "uncollectible"} or invoice["amount_paid"]:
        raise refused(
            "You can only void open or uncollectible invoices without payments.", None, "invoice_not_editable"
        )
    invoice.update(status="void", next_payment_attempt=None)
    invoice["status_transitions"]["voided_at"] = store.now()
    _cancel_payment(store, invoice)
    owner, back = store.tables["customer"][invoice["customer"]], store.applied_balance.pop(invoice["id"], 0)
    move_balance(store, owner, back, "unapplied_from_invoice", currency=invoice["currency"], invoice=invoice["id"])
    store.emit("invoice.voided", invoice)
    store.emit("invoice.updated", invoice)
    return invoice


def mark_uncollectible(store, invoice):
    if invoice["status"] != "open":
        raise refused("You can only mark open invoices as uncollectible.", None, "invoice_not_editable")
    invoice["status"] = "uncollectible"
    invoice["status_transitions"]["marked_uncollectible_at"] = store.now()
    store.emit("invoice.marked_uncollectible", invoice)
    store.emit("invoice.updated", invoice)
    return invoice


def reduce(store, invoice, amount):
    """Take a credit note's pre-payment part off an invoice; nothing left to pay means paid."""
    invoice["amount_due"] -= amount
    invoice["amount_remaining"] -= amount
    invoice["pre_payment_credit_notes_amount"] += amount
    payment = _open_payment(store, invoice)
    if payment and invoice["amount_remaining"]:
        payment["amount_requested"] = invoice["amount_remaining"]
    elif payment:
        _cancel_payment(store, invoice)
    if invoice["status"] in {"open", "uncollectible"} and not invoice["amount_remaining"]:
        _become_paid(store, invoice)
    else:
        store.emit("invoice.updated", invoice)
