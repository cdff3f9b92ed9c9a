"""An order: all that is known of a delivery when it is sent, and the looks that each begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from billing_engine.errors import StripeRefusedError
from billing_engine.model.contract import Customer
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.delivery import Delivery, StripeMode
from billing_engine.model.instant import Instant
from billing_engine.model.invoice import Invoice
from billing_engine.model.settings import StripeTerms
from billing_engine.stripe_sync.calls import Find, Look, Thing
from billing_engine.stripe_sync.objects import metadata_of
from billing_engine.stripe_sync.payloads import BOOKS


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery with its documents."""

    delivery: Delivery
    invoice: Invoice
    customer: Customer
    books: str
    """Which books it is of: several may share an account."""
    now: Instant
    terms: StripeTerms
    credit_note: CreditNote | None = None
    stripe_invoice: str = ""
    """The mirrored invoice that a correction is about; empty where its lines were attached."""

    @property
    def currency(self) -> str:
        """Of the document, as Stripe writes it."""
        return self.invoice.draft.currency.lower()

    @property
    def mode(self) -> StripeMode:
        """How the customer is billed now."""
        return StripeMode(self.customer.stripe_mode)


def look_at_customer(order: Order) -> Look:
    """Look whether the customer is there and can be billed in the invoice's currency: it never has two."""
    wanted = order.customer.stripe_customer

    def pick(found: Thing | None) -> Thing:
        if not wanted:
            raise StripeRefusedError(
                f"customer {order.customer.customer} has no customer at Stripe; "
                f"`billing-engine stripe link {order.customer.customer} cus_...` names it"
            )
        if found is None or found.get("deleted"):
            gone = "is deleted there" if found is not None else "is not there"
            raise StripeRefusedError(f"customer {wanted} of {order.customer.customer} {gone}")
        currency = str(found.get("currency") or "")
        if currency not in ("", order.currency):
            raise StripeRefusedError(
                f"customer {wanted} is billed in {currency.upper()} at Stripe, the invoice is in "
                f"{order.invoice.draft.currency}; use another customer there, for good"
            )
        return {"id": wanted}

    return Look("customers.retrieve", {"id": wanted}, keep_as="customer", pick=pick)


def find_ours(look: Look, order: Order, wanted: Mapping[str, str]) -> Find:
    """Find among many the object that has our metadata and was not voided."""
    return Find(look, chooser({**wanted, BOOKS: order.books}))


def chooser(wanted: Mapping[str, str]) -> Callable[[Iterable[Thing] | None], Thing | None]:
    """Make a choice of the first object whose metadata are all of these."""

    def choose(found: Iterable[Thing] | None) -> Thing | None:
        for thing in found or ():
            has = metadata_of(thing)
            if thing.get("status") != "void" and all(has.get(name) == value for name, value in wanted.items()):
                return thing
        return None

    return choose


def with_status(*statuses: str) -> Callable[[Any], Thing | None]:
    """Make a choice of an object that came to one of these statuses."""
    return lambda found: found if found is not None and found.get("status") in statuses else None
