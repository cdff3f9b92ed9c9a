"""Cancelling: takes away an object of ours that is wrong at Stripe, in the way that its kind and status allow."""

from __future__ import annotations

from typing import NamedTuple

from billing_engine.errors import StripeRefusedError, StripeSilentError
from billing_engine.stripe_sync.calls import Answer, Look, Said, Thing
from billing_engine.stripe_sync.gateway import Gateway
from billing_engine.stripe_sync.objects import metadata_of
from billing_engine.stripe_sync.payloads import BOOKS


class _Kind(NamedTuple):
    retrieve: str
    delete: str
    void: str


_KINDS = {
    "in_": _Kind("invoices.retrieve", "invoices.delete", "invoices.void_invoice"),
    "ii_": _Kind("invoice_items.retrieve", "invoice_items.delete", ""),
    "cn_": _Kind("credit_notes.retrieve", "", "credit_notes.void_credit_note"),
}


def cancel(gateway: Gateway, books: str, stripe_id: str) -> str:
    """Delete what nobody saw yet, void what is out; returns which.

    Raises StripeRefusedError when it is not ours or can not be cancelled, StripeSilentError without a clear answer.
    """
    kind = _KINDS.get(stripe_id[:3])
    if kind is None:
        raise StripeRefusedError(f"{stripe_id!r} is none of {', '.join(f'{prefix}...' for prefix in _KINDS)}")
    thing = _heard(gateway.get(Look(kind.retrieve, {"id": stripe_id})))
    if metadata_of(thing).get(BOOKS) != books:
        raise StripeRefusedError(f"{stripe_id} is not of these books")
    if kind.delete and _is_unseen(thing):
        _heard(gateway.delete(kind.delete, stripe_id))
        return "deleted"
    if not kind.void:
        raise StripeRefusedError(f"{stripe_id} is on an invoice already; credit that at Stripe")
    _heard(gateway.post(kind.void, {"id": stripe_id}, f"be:{books}:cancel:{stripe_id}"))
    return "voided"


def _is_unseen(thing: Thing) -> bool:
    return thing.get("status") == "draft" or (thing.get("object") == "invoiceitem" and not thing.get("invoice"))


def _heard(answer: Answer) -> Thing:
    if answer.said is Said.YES:
        return answer.thing
    if answer.said is Said.NO:
        raise StripeRefusedError(answer.message)
    raise StripeSilentError(answer.message)
