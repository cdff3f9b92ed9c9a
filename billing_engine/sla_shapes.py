"""The JSON about service levels, claims and credits: fixed keys, money and percent as strings, minutes as numbers."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from billing_engine.claim_desk import Standing
from billing_engine.model.claim import Claim, Decision
from billing_engine.model.credit import Credit, LedgerEntry, Refund
from billing_engine.model.instant import Instant, local_datetime
from billing_engine.model.money import plain
from billing_engine.model.sla import Availability, TicketResult
from billing_engine.model.sla_report import SlaReport
from billing_engine.sla_folder import SlaFolder


def measured_folder(measured: SlaFolder) -> dict[str, Any]:
    """Shape what `sla` prints."""
    return {
        "period": str(measured.month),
        "availability": [availability(one) for one in measured.availability],
        "tickets": [ticket(one) for one in measured.tickets],
        "claims": [_decided(claim, decision) for claim, decision in measured.claims],
    }


def availability(one: Availability) -> dict[str, Any]:
    """Shape a contract's month of uptime."""
    return {
        "customer": one.contract.customer,
        "price_list": one.contract.price_list,
        "package": one.contract.package,
        "full_minutes": one.full_minutes,
        "counted_minutes": one.counted_minutes,
        "excluded_minutes": one.excluded_minutes,
        "effective_uptime": str(one.effective_uptime),
        "guaranteed_uptime": f"{one.guarantee.guaranteed_percent.normalize():f}",
        "met": one.met,
    }


def ticket(one: TicketResult) -> dict[str, Any]:
    """Shape a ticket's targets."""
    return {
        "ticket": one.ticket.ticket,
        "customer": one.ticket.customer,
        "targets": [
            {
                "target": target.kind,
                "due_at": _local(target.due_at, one.zone),
                "elapsed_minutes": target.elapsed_minutes,
                "status": target.status,
            }
            for target in one.targets
        ],
    }


def _local(moment: Instant | None, zone: ZoneInfo | None) -> str | None:
    return None if moment is None or zone is None else local_datetime(moment, zone).isoformat()


def _decided(claim: Claim, decision: Decision) -> dict[str, Any]:
    return {
        "claim": claim.claim,
        "customer": claim.customer,
        "decision": "accepted" if decision.accepted else "rejected",
        "reasons": list(decision.reasons),
        "percent": f"{decision.percent.normalize():f}",
        "amount": plain(decision.amount),
        "applies_from": None if decision.applies_from is None else str(decision.applies_from),
    }


def standing(one: Standing) -> dict[str, Any]:
    """Shape a row of `claim list` and `claim decide`."""
    claim, decided = one.claim, one.decided
    shape: dict[str, Any] = {
        "claim": claim.claim,
        "customer": claim.customer,
        "kind": claim.kind,
        "period": None if claim.period is None else str(claim.period),
        "ticket": claim.ticket or None,
        "breach_on": _day(claim.breach_on),
        "submitted_at": local_datetime(claim.submitted_at, UTC).isoformat(),
        "status": one.status,
        "credit": None if one.credit is None else one.credit.credit,
    }
    if decided is None:
        return shape | {"decision": None}
    return shape | {
        **_decided(claim, decided.decision),
        "currency": decided.decision.currency,
        "due_on": _day(decided.decision.due_on),
        "decided_on": _day(decided.decided_on),
        "by_rule": decided.by_rule,
        "note": decided.note,
        "explanation": list(decided.decision.explanation),
    }


def credit(one: Credit) -> dict[str, Any]:
    """Shape a row of `credit list`."""
    return {
        "credit": one.credit,
        "customer": one.customer,
        "source": one.source,
        "claim": one.claim or None,
        "invoice": one.invoice or None,
        "granted_on": _day(one.granted_on),
        "currency": one.currency,
        "amount": plain(one.amount),
        "remaining": plain(one.remaining),
        "reason": one.reason,
        "setoff": one.setoff,
        "applies_from": None if one.applies_from is None else str(one.applies_from),
        "expires_on": _day(one.expires_on),
    }


def ledger_entry(one: LedgerEntry) -> dict[str, Any]:
    """Shape one side of a posting."""
    return {
        **one._asdict(),
        "amount": plain(one.amount),
        "posted_on": _day(one.posted_on),
        "invoice": one.invoice or None,
        "credit_note": one.credit_note or None,
    }


def refund(one: Refund, booked: Credit | None) -> dict[str, Any]:
    """Shape what `sla termination` prints."""
    return {
        "customer": one.customer,
        "terminated_on": _day(one.terminated_on),
        "rights": list(one.rights),
        "invoices": [{"number": number, "unused_fee": plain(amount)} for number, amount in one.parts],
        "amount": plain(one.amount),
        "currency": one.currency,
        "credit": None if booked is None else booked.credit,
    }


def report(one: SlaReport) -> dict[str, Any]:
    """Shape what `sla report` prints of a customer."""
    return {
        "customer": one.customer.customer,
        "period": str(one.month),
        "as_of": one.as_of,
        "tickets": one.tickets,
        "targets": [
            {"target" if key == "kind" else key: value for key, value in target._asdict().items()}
            for target in one.targets
        ],
        "worst": [
            {"target" if key == "kind" else key: value for key, value in case._asdict().items()} for case in one.worst
        ],
        "availability": [availability(measured) for measured in one.availability],
        "claims": [
            {"claim": s.claim.claim, "decision": None} if s.decision is None else _decided(s.claim, s.decision)
            for s in one.claims
        ],
        "credits": [credit(granted) for granted in one.credits],
        "termination": one.termination or None,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
