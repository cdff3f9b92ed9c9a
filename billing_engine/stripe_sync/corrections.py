"""Corrections: credit notes, voiding, and payments that came in elsewhere, for invoices that are at Stripe.

One owner of credit: what was paid already and is credited now is a credit of our ledger, and lowers our next invoice.
Stripe is told that it is settled outside, so that it does not give it back a second time.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from billing_engine.errors import StripeRefusedError
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.delivery import DeliveryKind, DeliveryOutcome
from billing_engine.model.money import ZERO, plain
from billing_engine.model.sla_terms import Setoff
from billing_engine.stripe_sync.attach import is_ours, make_rate, tax_rates_of
from billing_engine.stripe_sync.calls import Ask, Ended, Find, Flow, Look, Step, Thing
from billing_engine.stripe_sync.currency import from_stripe, to_stripe
from billing_engine.stripe_sync.objects import id_of, metadata_of
from billing_engine.stripe_sync.order import Order, find_ours, look_at_customer, with_status
from billing_engine.stripe_sync.payloads import BOOKS, CREDIT_NOTE, INVOICE, PART, Item, metadata_of_part, noon

_LONGEST_MEMO = 1_000


def correct(order: Order) -> Flow:
    """Send what is to be sent of a correction."""
    kind = order.delivery.kind
    if kind is DeliveryKind.PAYMENT:
        return _settle(order)
    if order.credit_note is None:
        raise AssertionError("a credit note is sent with its document")
    if kind is DeliveryKind.VOID:
        return _void(order, order.credit_note)
    return _credit(order, order.credit_note) if order.stripe_invoice else _take_back(order, order.credit_note)


def lowered(note: CreditNote) -> tuple[int, int]:
    """Tell by how much a credit note lowers what is due, tax included, and what it gives back to credits after tax."""
    draft = note.draft
    back = sum((one.amount for one in draft.reversals if one.setoff is Setoff.AFTER_TAX), ZERO)
    return to_stripe(draft.gross - back, draft.currency), to_stripe(back, draft.currency)


def _settle(order: Order) -> Flow:
    """Have it called paid; what Stripe took itself meanwhile is a payment like any other."""
    (seen,) = yield [_look_at_status(order)]
    if seen["status"] not in ("open", "uncollectible"):
        return Ended(DeliveryOutcome.NOTHING_TO_SEND, note=f"the invoice is {seen['status']} at Stripe already")
    find = Find(Look("invoices.retrieve", {"id": order.stripe_invoice}), _settled)
    yield [Step("pay", "invoices.pay", {"id": order.stripe_invoice, "paid_out_of_band": True}, find)]
    return Ended(DeliveryOutcome.SETTLED, order.stripe_invoice)


def _look_at_status(order: Order) -> Look:
    """Look how far the invoice is, before anything is sent; kept, so that what comes of that is not mistaken for it."""
    there = {"id": order.stripe_invoice}
    return Look("invoices.retrieve", there, keep_as="status", pick=lambda found: {"status": _status_of(found)})


def _status_of(found: Thing | None) -> str:
    return "gone" if found is None else str(found.get("status"))


def _settled(found: Thing | None) -> Thing | None:
    """Choose an invoice that was called paid, by money that Stripe did not take."""
    return found if found is not None and int(found.get("amount_paid_off_stripe") or 0) > 0 else None


def _void(order: Order, note: CreditNote) -> Flow:
    """Void it; where somebody paid it meanwhile, credit it."""
    (seen,) = yield [_look_at_status(order)]
    if seen["status"] == "paid":
        return (yield from _credit(order, note))
    there = {"id": order.stripe_invoice}
    yield [Step("void", "invoices.void_invoice", there, Find(Look("invoices.retrieve", there), with_status("void")))]
    return Ended(DeliveryOutcome.VOIDED, order.stripe_invoice)


def _credit(order: Order, note: CreditNote) -> Flow:
    """Credit the mirrored invoice; what was paid of it already goes back by our ledger."""
    total, back = lowered(note)
    if total <= 0:
        return Ended(DeliveryOutcome.NOTHING_TO_SEND, note="all of it goes back to credits")
    (invoice,) = yield [Look("invoices.retrieve", {"id": order.stripe_invoice})]
    if invoice is None:
        raise StripeRefusedError(f"invoice {order.stripe_invoice} is not there any more")
    if invoice.get("status") == "void":
        return Ended(DeliveryOutcome.NOTHING_TO_SEND, note="the invoice is void at Stripe")
    (made,) = yield [_make_credit_note(order, note, total, back, invoice)]
    if int(made.get("total", made.get("amount", 0))) != total:
        there = plain(from_stripe(int(made.get("total", 0)), note.draft.currency))
        ours = plain(from_stripe(total, note.draft.currency))
        raise StripeRefusedError(f"credit note {made['id']} comes to {there} {note.draft.currency}, ours to {ours}")
    return Ended(DeliveryOutcome.CREDITED, str(made["id"]))


def _make_credit_note(order: Order, note: CreditNote, total: int, back: int, invoice: Thing) -> Step:
    remaining = int(invoice.get("amount_remaining") or 0) if invoice.get("status") != "paid" else 0
    paid = max(0, total - remaining)
    params: dict[str, Any] = {
        "invoice": order.stripe_invoice,
        "memo": note.draft.reason[:_LONGEST_MEMO],
        "effective_at": min(noon(note.issued_on), order.now),
        "metadata": {BOOKS: order.books, INVOICE: order.invoice.number, CREDIT_NOTE: note.number},
        **_what(note, total, back, invoice),
    }
    if paid:
        params["out_of_band_amount"] = paid
    look = Look("credit_notes.list", {"invoice": order.stripe_invoice}, each=True)
    return Step("credit_note", "credit_notes.create", params, find_ours(look, order, {CREDIT_NOTE: note.number}))


def _what(note: CreditNote, total: int, back: int, invoice: Thing) -> dict[str, Any]:
    """Say what is credited: net and tax as ours, or the sum where credits after tax make them something else."""
    draft = note.draft
    tax, rates = to_stripe(draft.tax, draft.currency), invoice.get("tax_rates") or []
    if back or (tax and len(rates) != 1):
        return {"amount": total}
    line: dict[str, Any] = {
        "type": "custom_line_item",
        "description": f"{note.number}: {draft.reason}"[:_LONGEST_MEMO],
        "quantity": 1,
        "unit_amount": total - tax,
    }
    if tax:
        taxed = sum((one.net for one in draft.taxes if one.tax), ZERO) or draft.net
        taxable = to_stripe(taxed, draft.currency)
        line["tax_amounts"] = [{"amount": tax, "taxable_amount": taxable, "tax_rate": rates[0]}]
    return {"lines": [line]}


def _take_back(order: Order, note: CreditNote) -> Flow:
    """Lower items that wait for their invoice; once they are on one, our ledger gives back what is paid too much."""
    (customer,) = yield [look_at_customer(order)]
    (found,) = yield [_look_for_items(order, note, customer["id"])]
    if not found["waiting"] and not found["lowered"]:
        where = f" {found['on']}" if found["on"] else ""
        return Ended(
            DeliveryOutcome.NOTHING_TO_SEND,
            note=f"its lines are on the invoice{where} already; what is paid too much becomes a credit here",
        )
    draft = note.draft
    first, last = order.invoice.draft.period.first_day, order.invoice.draft.period.last_day
    _, back = lowered(note)
    reason = f"{note.number}: {draft.reason}"[:_LONGEST_MEMO]
    # Rates can not be told apart among items that wait, so with several the sum is taken back, tax included.
    several = len(order.invoice.draft.tax_subtotals) > 1
    off = to_stripe(draft.gross if several else draft.net, draft.currency)
    items = [Item("taxed", -off, reason, first, last, is_taxed=not several)]
    if back:
        items.append(Item("given_back", back, f"{note.number}: credits given back", first, last, is_taxed=False))
    items = [item for item in items if item.amount]
    if not all(item.is_taxed for item in items):
        found = {**found, "untaxed": (yield from _rates_of_untaxed(order, found["subscription"]))}
    yield [_lower(order, note, customer["id"], found, item) for item in items]
    return Ended(DeliveryOutcome.CREDITED, str(found["subscription"]))


def _rates_of_untaxed(order: Order, subscription: str) -> Generator[list[Ask], list[Any], list[str]]:
    """Name 0 % with what is not taxed, where its subscription would tax it at a rate of its own."""

    def pick(found: Thing | None) -> Thing:
        return {"taxes": bool((found or {}).get("default_tax_rates"))}

    if not subscription:
        return []
    (there,) = yield [Look("subscriptions.retrieve", {"id": subscription}, keep_as="own_rates", pick=pick)]
    if not there["taxes"]:
        return []
    (rate,) = yield [make_rate(order, ZERO)]
    return [str(rate["id"])]


def _look_for_items(order: Order, note: CreditNote, customer: str) -> Look:
    """Look each time anew: items that waited may be on an invoice by now."""

    def pick(found: Sequence[Thing] | None) -> Thing:
        ours = [item for item in found or () if is_ours(order, item)]
        on = sorted({id_of(item.get("invoice")) for item in ours} - {""})
        parents = [(item.get("parent") or {}).get("subscription_details") or {} for item in ours]
        return {
            "waiting": bool(ours) and not on,
            "lowered": any(metadata_of(item).get(CREDIT_NOTE) == note.number for item in ours),
            "on": ", ".join(on),
            "subscription": next((id_of(parent.get("subscription")) for parent in parents if parent), ""),
            "rates": tax_rates_of([item for item in ours if int(item["amount"]) > 0]),
        }

    return Look("invoice_items.list", {"customer": customer}, each=True, pick=pick)


def _lower(order: Order, note: CreditNote, customer: str, found: Thing, item: Item) -> Step:
    part = f"{note.number}/{item.part}"
    rates = found["rates"] if item.is_taxed else found["untaxed"]
    params = {
        "customer": customer,
        "currency": order.currency,
        "amount": item.amount,
        "description": item.description,
        "period": item.period(),
        "discountable": False,
        "metadata": {**metadata_of_part(order.books, order.invoice.number, part), CREDIT_NOTE: note.number},
        **({"subscription": found["subscription"]} if found["subscription"] else {}),
        **({"tax_rates": rates} if rates else {}),
    }
    look = Look("invoice_items.list", {"customer": customer}, each=True)
    return Step(
        f"item/{item.part}",
        "invoice_items.create",
        params,
        find_ours(look, order, {PART: part, INVOICE: order.invoice.number}),
    )
