"""The JSON about self-checks and the audit trail: fixed keys, times in UTC."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from billing_engine.doctor import Diagnosis, Trail
from billing_engine.model.check import Check
from billing_engine.model.instant import Instant, local_datetime
from billing_engine.storage.audit import Recorded


def diagnosis(found: Diagnosis) -> dict[str, Any]:
    """Shape what `doctor` prints."""
    return {
        "healthy": found.healthy,
        "checks": [check(one) for one in found.checks],
        "notes": [note._asdict() | {"period": str(note.period)} for note in found.notes],
    }


def check(one: Check) -> dict[str, Any]:
    """Shape a check; of very many findings the first ones."""
    return {
        "check": one.name,
        "rule": one.rule,
        "looked_at": one.looked_at,
        "found": one.found,
        "findings": [finding._asdict() for finding in one.findings],
    }


def trail(verified: Trail) -> dict[str, Any]:
    """Shape what `audit verify` prints."""
    return {
        "intact": verified.intact,
        "events": verified.events,
        "head": verified.head,
        "checks": [check(one) for one in verified.checks],
    }


def event(recorded: Recorded) -> dict[str, Any]:
    """Shape one event of the audit trail."""
    return {
        "event": recorded.event,
        "at": moment(recorded.happened_at),
        "actor": recorded.actor,
        "action": recorded.action,
        "subject": recorded.subject,
        "details": json.loads(recorded.details),
        "hash": recorded.hash,
    }


def moment(instant: Instant) -> str:
    """Write a time: 2026-11-01T09:30:00Z."""
    return local_datetime(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
