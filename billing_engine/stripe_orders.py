"""Orders: gathers what is known of deliveries, and chooses the flow that each is sent by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from billing_engine.errors import BillingError, StripeRefusedError
from billing_engine.model.contract import Customer
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.delivery import Delivery, DeliveryKind, DeliveryOutcome, DeliveryState, StripeMode
from billing_engine.model.instant import Instant
from billing_engine.model.money import plain
from billing_engine.model.settings import StripeTerms
from billing_engine.storage import credit_notes, invoices, master_data, stripe_calls, stripe_outbox
from billing_engine.stripe_sync.attach import attach_invoice
from billing_engine.stripe_sync.calls import Ended, Flow
from billing_engine.stripe_sync.corrections import correct
from billing_engine.stripe_sync.mirror import mirror_invoice
from billing_engine.stripe_sync.order import Order

_STEPS_OF = {"draft": StripeMode.MIRROR, "item": StripeMode.ATTACH}
"""How a delivery was begun, by its first step."""

_AT_STRIPE = (DeliveryOutcome.MIRRORED, DeliveryOutcome.CARRIED_OVER)


@dataclass(frozen=True, slots=True)
class Desk:
    """What all orders share."""

    books: str
    now: Instant
    terms: StripeTerms


def flows_of(connection: Connection, deliveries: Sequence[Delivery], desk: Desk) -> dict[str, Flow]:
    """Make the flows of deliveries, by delivery."""
    numbers = sorted({delivery.invoice for delivery in deliveries})
    documents = invoices.read_with_lines(connection, numbers)
    customers = master_data.read_customers(connection, sorted({delivery.customer for delivery in deliveries}))
    sent = {one.invoice: one for one in _read_sent(connection, numbers)}
    begun = stripe_calls.read_begun(connection, [delivery.delivery for delivery in deliveries])
    flows = {}
    for delivery in deliveries:
        invoice, of_invoice = documents[delivery.invoice], sent.get(delivery.invoice)
        at_stripe = of_invoice is not None and of_invoice.outcome in _AT_STRIPE
        order = Order(
            delivery=delivery,
            invoice=invoice,
            customer=_as_begun(customers[delivery.customer], begun.get(delivery.delivery, set())),
            books=desk.books,
            now=desk.now,
            terms=desk.terms,
            credit_note=_note_of(connection, delivery),
            stripe_invoice=of_invoice.stripe_id if of_invoice is not None and at_stripe else "",
        )
        flows[delivery.delivery] = _flow_of(order, of_invoice, begun=delivery.delivery in begun)
    return flows


def _as_begun(customer: Customer, steps: Iterable[str]) -> Customer:
    """Go on with a delivery as it was begun, however the customer is billed by now: never both ways."""
    modes = [_STEPS_OF[kind] for kind in (step.partition("/")[0] for step in steps) if kind in _STEPS_OF]
    return replace(customer, stripe_mode=modes[0]) if modes else customer


def _read_sent(connection: Connection, numbers: Sequence[str]) -> list[Delivery]:
    ids = [f"{DeliveryKind.INVOICE}/{number}" for number in numbers]
    return stripe_outbox.read_deliveries(connection, ids=ids)


def _note_of(connection: Connection, delivery: Delivery) -> CreditNote | None:
    if delivery.kind not in (DeliveryKind.CREDIT_NOTE, DeliveryKind.VOID):
        return None
    return credit_notes.read_credit_note(connection, delivery.number)


def _flow_of(order: Order, of_invoice: Delivery | None, *, begun: bool) -> Flow:
    if order.delivery.kind is DeliveryKind.INVOICE:
        return _invoice_flow(order) if begun else _new_invoice_flow(order)
    if of_invoice is None or of_invoice.state is not DeliveryState.DONE:
        return _refused(StripeRefusedError(f"invoice {order.delivery.invoice} is not at Stripe yet"))
    if of_invoice.outcome is DeliveryOutcome.NOTHING_TO_SEND:
        return _ended("its invoice was not sent")
    return correct(order)


def _invoice_flow(order: Order) -> Flow:
    match order.mode:
        case StripeMode.MIRROR:
            return mirror_invoice(order)
        case StripeMode.ATTACH:
            return attach_invoice(order)
        case StripeMode.NONE:
            customer = order.customer.customer
            hint = f"`billing-engine stripe link {customer} cus_... --mode mirror` says how"
            return _refused(StripeRefusedError(f"customer {customer} is not billed at Stripe any more; {hint}"))


def _new_invoice_flow(order: Order) -> Flow:
    """Send an invoice of which nothing was sent, unless it was paid or taken back meanwhile: nobody is asked twice."""
    invoice = order.invoice
    if invoice.settlement.is_withdrawn:
        return _ended("it was credited before it was sent")
    if invoice.payments and not invoice.settlement.open:
        return _ended("it was paid before it was sent")
    if invoice.payments:
        paid, currency = plain(invoice.paid), invoice.draft.currency
        return _refused(
            StripeRefusedError(
                f"{paid} {currency} came in before it was sent, and Stripe would ask for all of it; "
                "it is done with when the rest is paid here, too"
            )
        )
    return _invoice_flow(order)


def _ended(note: str) -> Flow:
    yield from ()
    return Ended(DeliveryOutcome.NOTHING_TO_SEND, note=note)


def _refused(error: BillingError) -> Flow:
    yield from ()
    raise error
