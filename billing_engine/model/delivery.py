"""Deliveries: documents that are to be at Stripe, and how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing_engine.model.instant import Instant


class StripeMode(StrEnum):
    """How a customer is billed at Stripe."""

    NONE = ""
    ATTACH = "attach"
    """Our lines become items of the next invoice of the customer's subscription."""
    MIRROR = "mirror"
    """Our invoice becomes an invoice of its own, with our number."""


class DeliveryKind(StrEnum):
    """What is to be sent."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    VOID = "void"
    """A credit note over a whole invoice that nobody paid: at Stripe the invoice is voided."""
    PAYMENT = "payment"
    """That an invoice was paid elsewhere."""


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    """To be sent, or begun and not at its end."""
    DONE = "done"
    REFUSED = "refused"
    """It can not be sent like that; the next push tries again, because somebody may have mended it."""


class DeliveryOutcome(StrEnum):
    """What became of a delivery that is done."""

    NONE = ""
    ATTACHED = "attached"
    """Its lines wait for the subscription's next invoice."""
    MIRRORED = "mirrored"
    CARRIED_OVER = "carried_over"
    """Below Stripe's smallest amount: the next invoice collects it."""
    CREDITED = "credited"
    VOIDED = "voided"
    SETTLED = "settled"
    """Marked as paid elsewhere."""
    NOTHING_TO_SEND = "nothing_to_send"


ACCOUNT = "account"
"""What is made at Stripe once for all deliveries, such as rates of tax."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A document on its way to Stripe."""

    delivery: str
    """Its id, such as "invoice/2026-000001"."""
    kind: DeliveryKind
    number: str
    """Of the document that is sent."""
    invoice: str
    """Number of the invoice that it is, or is about."""
    customer: str
    period: str
    """Billing period of the invoice, such as "2026-10"."""
    state: DeliveryState = DeliveryState.WAITING
    outcome: DeliveryOutcome = DeliveryOutcome.NONE
    reason: str = ""
    """Why it was refused, or what else is to be said of it."""
    stripe_id: str = ""
    """The invoice, credit note or subscription at Stripe; empty until it is known."""


def delivery_of(kind: DeliveryKind, number: str, invoice: str, customer: str, period: str) -> Delivery:
    """Make the delivery of a document that is to be sent."""
    return Delivery(f"{kind}/{number}", kind, number, invoice, customer, period)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """An invoice at Stripe, as it was last seen."""

    stripe_id: str
    status: str
    currency: str
    total: int
    """In Stripe's units."""
    failures: int
    """Charges that did not go well."""
    carried_over: bool
    seen_at: Instant
