"""Reconciling: reads what a month has at Stripe, customer by customer, and holds it against our books."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from billing_engine.model.credit_note import CreditNote
from billing_engine.model.delivery import Delivery, DeliveryKind, DeliveryState
from billing_engine.model.invoice import Invoice
from billing_engine.model.period import Month
from billing_engine.storage import credit_notes, invoices, master_data, stripe_calls, stripe_mirror, stripe_outbox
from billing_engine.storage.inserting import batches
from billing_engine.stripe_differences import Difference, Known, There, differences_of
from billing_engine.stripe_sync.calls import Look, Said, Thing
from billing_engine.stripe_sync.gateway import Gateway
from billing_engine.stripe_sync.objects import id_of
from billing_engine.stripe_sync.payloads import number_of
from billing_engine.transactions import Transactions


class Reconciliation(NamedTuple):
    """What came of holding a month against Stripe."""

    month: Month
    checked: int
    """Invoices that are, or are to be, at Stripe."""
    left: Sequence[Delivery]
    """What is still to be sent."""
    differences: Sequence[Difference]

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is left to send and nothing differs."""
        return not self.left and not self.differences


@dataclass(frozen=True, slots=True)
class _Ours:
    """What our books have of a month."""

    deliveries: Sequence[Delivery]
    documents: Mapping[str, Invoice]
    notes: Mapping[str, Sequence[CreditNote]]
    shares: Mapping[str, Mapping[str, int]]
    """What was recorded as received, by our invoice and by id at Stripe."""
    customers: Mapping[str, Collection[str]]
    """At Stripe, by ours."""
    unput: Sequence[str]
    """Invoices that nobody put down to be sent yet, though their customers are billed at Stripe."""


def reconcile(
    transactions: Transactions,
    gateway: Gateway,
    books: str,
    month: Month,
    on_customer: Callable[[], object] | None = None,
) -> Reconciliation:
    """Hold every invoice of a month against what is at Stripe; raises StripeSilentError."""
    ours = _read(transactions, month)
    differences: list[Difference] = []
    sent = [delivery for delivery in ours.deliveries if delivery.kind is DeliveryKind.INVOICE]
    by_invoice = _grouped(ours.deliveries, lambda delivery: delivery.invoice)
    for of_customer in _grouped(sent, lambda delivery: delivery.customer).values():
        there = _look(gateway, books, ours, of_customer)
        for delivery in of_customer:
            number = delivery.invoice
            known = Known(
                delivery=delivery,
                invoice=ours.documents[number],
                notes=ours.notes.get(number, ()),
                corrections=[one for one in by_invoice[number] if one != delivery],
                month=month,
                shared=ours.shares.get(number, {}),
                books=books,
            )
            differences += differences_of(known, there)
        if on_customer is not None:
            on_customer()
    differences += [_unput(number, month) for number in ours.unput]
    left = [delivery for delivery in ours.deliveries if delivery.state is not DeliveryState.DONE]
    return Reconciliation(month, len(sent) + len(ours.unput), left, differences)


def _grouped(deliveries: Iterable[Delivery], key: Callable[[Delivery], str]) -> dict[str, list[Delivery]]:
    groups: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault(key(delivery), []).append(delivery)
    return groups


def _unput(number: str, month: Month) -> Difference:
    """Name an invoice that was issued before its customer was billed at Stripe."""
    ours, command = "issued before its customer was linked", f"billing-engine stripe push --month {month}"
    return Difference(number, "", "sending", ours, "not to be sent yet", command)


def _read(transactions: Transactions, month: Month) -> _Ours:
    with transactions.reading(None) as active:
        of_month = stripe_outbox.read_deliveries(active, month)
        numbers = sorted({delivery.invoice for delivery in of_month})
        deliveries = stripe_outbox.read_of_invoices(active, numbers)
        shares: dict[str, dict[str, int]] = {}
        for batch in batches(numbers):
            for share in stripe_mirror.read_shares(active, numbers=batch):
                shares.setdefault(share.invoice, {})[share.stripe_invoice] = share.received
        unput = stripe_outbox.read_unput(active, month)
        notes: dict[str, list[CreditNote]] = {}
        for delivery in deliveries:
            if delivery.kind in (DeliveryKind.CREDIT_NOTE, DeliveryKind.VOID):
                note = credit_notes.read_credit_note(active, delivery.number)
                notes.setdefault(delivery.invoice, []).append(note)
        customers = master_data.read_customers(active, sorted({delivery.customer for delivery in deliveries}))
        at_stripe = {name: {customer.stripe_customer} - {""} for name, customer in customers.items()}
        # Also those that they were when they were billed.
        seen = stripe_calls.read_seen(active, [one.delivery for one in deliveries], "customer")
        for delivery in deliveries:
            if delivery.delivery in seen:
                at_stripe[delivery.customer].add(seen[delivery.delivery]["id"])
        documents = invoices.read_with_lines(active, [*numbers, *unput])
        left_out = [number for number in unput if not _is_over(documents[number])]
        return _Ours(deliveries, documents, notes, shares, at_stripe, left_out)


def _look(gateway: Gateway, books: str, ours: _Ours, sent: Sequence[Delivery]) -> There:
    """Read what a customer has at Stripe, as far as it is about these invoices."""
    done = [delivery for delivery in sent if delivery.state is DeliveryState.DONE and delivery.stripe_id]
    if not done:
        return There({}, (), {})
    customers = sorted(ours.customers.get(sent[0].customer, ()))
    mirrored = {delivery.stripe_id for delivery in done if delivery.stripe_id.startswith("in_")}
    found = {str(one["id"]): one for customer in customers for one in _list(gateway, "invoices.list", customer)}
    for missing in sorted(mirrored - found.keys()):
        answer = gateway.get(Look("invoices.retrieve", {"id": missing}))
        if answer.said is Said.YES and not answer.thing.get("deleted"):
            found[missing] = answer.thing
    attached = customers if len(mirrored) < len(done) else []
    items = [item for customer in attached for item in _list(gateway, "invoice_items.list", customer)]
    on = {id_of(item.get("invoice")) for item in items if number_of(item, books)}
    kept = {stripe_id: one for stripe_id, one in found.items() if stripe_id in on or _is_ours(one, books, sent)}
    notes = {stripe_id: _notes(gateway, stripe_id, kept[stripe_id]) for stripe_id in sorted(mirrored & kept.keys())}
    return There(kept, items, notes)


def _is_over(invoice: Invoice) -> bool:
    return invoice.settlement.is_withdrawn or not invoice.settlement.open


def _is_ours(invoice: Thing, books: str, sent: Iterable[Delivery]) -> bool:
    number = number_of(invoice, books)
    return any(one.stripe_id == invoice["id"] or one.invoice == number for one in sent)


def _list(gateway: Gateway, operation: str, customer: str) -> Iterable[Thing]:
    return gateway.each(Look(operation, {"customer": customer}, each=True))


def _notes(gateway: Gateway, stripe_id: str, invoice: Thing) -> Sequence[Thing]:
    amounts = ("pre_payment_credit_notes_amount", "post_payment_credit_notes_amount")
    if not any(invoice.get(name) for name in amounts):
        return ()
    return list(gateway.each(Look("credit_notes.list", {"invoice": stripe_id}, each=True)))
