"""The annex of an invoice: every billed entry once, with what was counted for it and why."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from billing_engine.model.charge import ChargeKind, Statement
from billing_engine.model.instant import Instant, local_datetime
from billing_engine.model.invoice import InvoiceEntry
from billing_engine.model.money import ZERO
from billing_engine.model.time_entry import TimeEntry, in_order
from billing_engine.rating.explain import explain_charge, explain_share
from billing_engine.rating.rate_card import RateCard

_OF_NO_ENTRY = (ChargeKind.FEE, ChargeKind.OVERAGE, ChargeKind.EXPENSE)


def annex_entries(statement: Statement, card: RateCard) -> list[InvoiceEntry]:
    """List the statement's entries in order of start.

    Entries that were rounded together show minutes and amount at the first of them; the others point to it.
    """
    parts: dict[str, list[_Part]] = {}
    entries: dict[str, TimeEntry] = {}
    for members, part in _reasons(statement, card):
        first, *others = members
        parts.setdefault(first.entry, []).append(part)
        for other in others:
            parts.setdefault(other.entry, []).append(_Part(part.counts_as, 0, ZERO, f"added up with {first.entry}"))
        entries |= {entry.entry: entry for entry in members}
    return [
        _annex_entry(entry, statement, card, parts[entry.entry]) for entry in sorted(entries.values(), key=in_order)
    ]


class _Part(NamedTuple):
    """What one charge counted for an entry."""

    counts_as: str
    """"allowance", "overage", "development", "analysis", or the tariff's title."""
    billed_seconds: int
    amount: Decimal
    reason: str


def _reasons(statement: Statement, card: RateCard) -> Iterable[tuple[tuple[TimeEntry, ...], _Part]]:
    for charge in statement.charges:
        if charge.kind not in _OF_NO_ENTRY:
            reason = explain_charge(charge, statement, card)
            counts_as = charge.title if charge.tariff else charge.kind
            yield charge.entries, _Part(counts_as, charge.billed_seconds, charge.amount, reason)
    for share in statement.overage_shares:
        yield share.entries, _Part(ChargeKind.OVERAGE, share.billed_seconds, ZERO, explain_share(share, card))


def _annex_entry(entry: TimeEntry, statement: Statement, card: RateCard, parts: list[_Part]) -> InvoiceEntry:
    def clock(instant: Instant) -> str:
        return local_datetime(instant, card.price_list.zone).isoformat()

    return InvoiceEntry(
        entry=entry.entry,
        contract=statement.contract.contract,
        ticket=entry.ticket,
        severity=entry.severity,
        activity=entry.activity,
        started_at=clock(entry.started_at),
        ended_at=clock(entry.ended_at),
        worked_seconds=entry.worked_seconds,
        billed_seconds=sum(part.billed_seconds for part in parts),
        amount=sum((part.amount for part in parts), ZERO),
        reason="\n".join(part.reason for part in parts),
        parts=tuple((str(part.counts_as), part.billed_seconds) for part in parts if part.billed_seconds),
    )
