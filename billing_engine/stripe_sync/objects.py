"""What is kept of an object of Stripe's: what later steps build on, and nothing about people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from billing_engine.stripe_sync.calls import Thing

_KEPT = (
    "id",
    "object",
    "deleted",
    "status",
    "number",
    "currency",
    "customer",
    "subscription",
    "invoice",
    "amount",
    "total",
    "amount_due",
    "amount_paid",
    "amount_paid_off_stripe",
    "amount_remaining",
    "starting_balance",
    "ending_balance",
    "pre_payment_credit_notes_amount",
    "post_payment_credit_notes_amount",
    "percentage",
    "balance",
    "metadata",
)


def pare(thing: Thing) -> dict[str, Any]:
    """Keep the figures and ids of an object, with the sum of its taxes."""
    kept = {name: _plain(thing[name]) for name in _KEPT if name in thing}
    if "total_taxes" in thing:
        kept["tax"] = tax_of(thing.get("total_taxes"))
        kept["tax_rates"] = sorted(set(_tax_rates(thing.get("total_taxes"))))
    elif thing.get("total_excluding_tax") is not None:
        kept["tax"] = int(thing["total"]) - int(thing["total_excluding_tax"])
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): str(one) for name, one in value.items()}
    return value if isinstance(value, str | int | bool | None) else str(value)


def id_of(value: Any) -> str:
    """Tell the id of what may be an id, an expanded object or nothing."""
    if isinstance(value, Mapping):
        return str(value.get("id", ""))
    return str(value or "")


def tax_of(taxes: Iterable[Thing] | None) -> int:
    """Sum up taxes that come on top."""
    return sum(int(tax["amount"]) for tax in taxes or () if tax.get("tax_behavior") != "inclusive")


def _tax_rates(taxes: Iterable[Thing] | None) -> Iterable[str]:
    for tax in taxes or ():
        rate = id_of((tax.get("tax_rate_details") or {}).get("tax_rate"))
        if rate:
            yield rate


def metadata_of(thing: Thing) -> Mapping[str, str]:
    """Return an object's metadata, or none."""
    found = thing.get("metadata")
    return found if isinstance(found, Mapping) else {}
