"""The JSON about mails: fixed keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from billing_engine.mail_standing import Standing
from billing_engine.model.instant import local_datetime
from billing_engine.model.mail import MailState
from billing_engine.model.period import Month


def standings(month: Month | None, found: Sequence[Standing]) -> dict[str, Any]:
    """Shape how far mails are; `month` is null where documents were named instead."""
    counts = Counter(one.state for one in found)
    return {
        "month": None if month is None else str(month),
        "mails": [_standing(one) for one in found],
        "counts": {str(state): counts[state] for state in MailState if counts[state]},
        "settled": all(one.state.is_settled for one in found),
    }


def _standing(one: Standing) -> dict[str, Any]:
    changed = local_datetime(one.changed_at, UTC).isoformat() if one.changed_at else None
    return {
        "number": one.number,
        "kind": str(one.kind),
        "customer": one.customer,
        "recipient": one.recipient or None,
        "state": str(one.state),
        "tries": one.tries,
        "reason": one.note or None,
        "changed_at": changed,
        "command": one.command or None,
    }
