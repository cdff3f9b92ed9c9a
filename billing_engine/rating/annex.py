"""The annex of an invoice: every billed entry once, with what was counted for it and why."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from billing_engine.model.charge import Charge, ChargeKind, OverageShare, Statement
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
    parts: dict[str, list[tuple[int, Decimal, str]]] = {}
    entries: dict[str, TimeEntry] = {}
    for members, billed_seconds, amount, reason in _reasons(statement, card):
        first, *others = members
        parts.setdefault(first.entry, []).append((billed_seconds, amount, reason))
        for other in others:
            parts.setdefault(other.entry, []).append((0, ZERO, f"added up with {first.entry}"))
        entries |= {entry.entry: entry for entry in members}
    return [
        _annex_entry(entry, statement, card, parts[entry.entry]) for entry in sorted(entries.values(), key=in_order)
    ]


def _reasons(statement: Statement, card: RateCard) -> Iterable[tuple[tuple[TimeEntry, ...], int, Decimal, str]]:
    parts: list[Charge | OverageShare] = [c for c in statement.charges if c.kind not in _OF_NO_ENTRY]
    for part in [*parts, *statement.overage_shares]:
        if isinstance(part, Charge):
            yield part.entries, part.billed_seconds, part.amount, explain_charge(part, statement, card)
        else:
            yield part.entries, part.billed_seconds, ZERO, explain_share(part, card)


def _annex_entry(
    entry: TimeEntry, statement: Statement, card: RateCard, parts: list[tuple[int, Decimal, str]]
) -> InvoiceEntry:
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
        billed_seconds=sum(billed for billed, _, _ in parts),
        amount=sum((amount for _, amount, _ in parts), ZERO),
        reason="\n".join(reason for _, _, reason in parts),
    )
