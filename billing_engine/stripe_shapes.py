"""The JSON about Stripe: fixed keys, money as strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing_engine.model.delivery import Delivery, DeliveryState
from billing_engine.model.money import plain
from billing_engine.model.period import Month
from billing_engine.stripe_differences import Difference
from billing_engine.stripe_events import Worked
from billing_engine.stripe_previewing import Preview
from billing_engine.stripe_reconciling import Reconciliation
from billing_engine.stripe_records import Status


def delivery(one: Delivery) -> dict[str, Any]:
    """Shape a delivery."""
    return {
        "kind": str(one.kind),
        "number": one.number,
        "invoice": one.invoice,
        "customer": one.customer,
        "period": one.period,
        "state": str(one.state),
        "outcome": str(one.outcome) or None,
        "reason": one.reason or None,
        "stripe_id": one.stripe_id or None,
    }


def pushed(month: Month, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """Shape what `stripe push` did."""
    return {
        "month": str(month),
        "deliveries": [delivery(one) for one in deliveries],
        "left_to_send": sum(one.state is not DeliveryState.DONE for one in deliveries),
    }


def difference(one: Difference) -> dict[str, Any]:
    """Shape a difference; `ours` and `stripe` say what is here and there."""
    return {
        "invoice": one.invoice,
        "stripe_id": one.stripe_id or None,
        "what": one.what,
        "ours": one.ours,
        "stripe": one.stripe,
        "command": one.command,
    }


def reconciliation(found: Reconciliation, worked: Worked) -> dict[str, Any]:
    """Shape what `stripe reconcile` found, and what events told on the way."""
    return {
        "month": str(found.month),
        "checked": found.checked,
        "events": _worked(worked),
        "left_to_send": [delivery(one) for one in found.left],
        "differences": [difference(one) for one in found.differences],
        "clean": found.is_clean,
    }


def _worked(worked: Worked) -> dict[str, int]:
    return {"applied": worked.applied, "ignored": worked.ignored, "put_off": worked.put_off}


def pulled(month: Month, worked: Worked) -> dict[str, Any]:
    """Shape what `stripe pull` did."""
    return {"month": str(month), **_worked(worked)}


def status(found: Status) -> dict[str, Any]:
    """Shape `stripe status`."""
    return {
        "mode": found.mode or None,
        "deliveries": {str(state): count for state, count in found.deliveries.items()},
        "left_to_send": [delivery(one) for one in found.left],
        "events": {str(state): count for state, count in found.events.items()},
        "events_read_until": found.cursor or None,
        "settled": found.is_settled,
    }


def previews(found: Sequence[Preview]) -> list[dict[str, Any]]:
    """Shape what Stripe would bill beside our own figures."""
    return [
        {
            "customer": one.customer,
            "mode": str(one.mode) or None,
            "currency": one.currency,
            "ours": {"net": plain(one.net), "tax": plain(one.tax), "amount_due": plain(one.amount_due)},
            "stripe": None
            if one.total is None
            else {"total": plain(one.total), "tax": plain(one.stripe_tax), "amount_due": plain(one.stripe_due)},
            "others": None if one.total is None else plain(one.others),
            "note": one.note or None,
        }
        for one in found
    ]
