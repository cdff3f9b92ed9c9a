"""Rows about service levels and payments become values: what a row refers to must exist and fit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from billing_engine.intake.csv_rows import Parsed
from billing_engine.intake.known import Known, Problem, resolve_moment, severity_problems
from billing_engine.intake.sla_columns import ClaimRow, OutageRow, PauseRow, PaymentRow, TicketRow
from billing_engine.model.claim import Claim, ClaimKind
from billing_engine.model.instant import Instant
from billing_engine.model.payment import Payment
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceList
from billing_engine.model.ticket import Outage, Pause, Ticket

_EVENTS = ("first_response_at", "workaround_at", "resolved_at")


class SlaResolver:
    """Turns rows into values; each method gives a value or all its problems."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def ticket(self, parsed: Parsed[TicketRow]) -> Ticket | list[Problem]:
        """Make a ticket of a known customer."""
        row = parsed.row
        problems = self._known.customer_problems(row.customer)
        if problems:
            return problems
        contracts = self._contract_ids(row.contracts)
        for contract in contracts:
            problems += self._known.contract_problems("contracts", contract, row.customer)
        if problems:
            return problems
        lists = self._lists(row.customer, contracts)
        problems += severity_problems(row.severity, lists)
        moments = self._moments(row, ("opened_at", *_EVENTS), lists, problems)
        for event in _EVENTS:
            problems += _order_problems(moments, "opened_at", event, "was opened")
        return problems or Ticket(**dict(row) | moments | {"contracts": contracts})

    def _contract_ids(self, written: Iterable[str]) -> tuple[str, ...]:
        """Take ids that are separated by blanks apart; an id that has a blank itself stays whole."""
        ids = (part for one in written for part in ([one] if one in self._known.contracts else one.split()))
        return tuple(dict.fromkeys(ids))

    def pause(self, parsed: Parsed[PauseRow]) -> Pause | list[Problem]:
        """Make a pause of a known ticket."""
        row = parsed.row
        customer = self._known.ticket_customers.get(row.ticket)
        if customer is None:
            reason = f"unknown ticket {row.ticket!r}; no row of tickets.csv that could be read has it"
            return [Problem("ticket", reason)]
        problems: list[Problem] = []
        moments = self._moments(row, ("paused_at", "resumed_at"), self._lists(customer), problems)
        problems += _order_problems(moments, "paused_at", "resumed_at", "was paused")
        return problems or Pause(row.ticket, **moments)

    def outage(self, parsed: Parsed[OutageRow]) -> Outage | list[Problem]:
        """Make an outage of a known customer, or of all."""
        row = parsed.row
        problems = self._known.customer_problems(row.customer) if row.customer else []
        if problems:
            return problems
        contracts = self._known.contracts_of(row.customer) if row.customer else self._known.contracts.values()
        lists = self._known.lists_of(contracts)
        guaranteed = [price_list for price_list in lists if price_list.availability is not None]
        moments = self._moments(row, ("started_at", "ended_at", "notified_at"), guaranteed or lists, problems)
        problems += _order_problems(moments, "started_at", "ended_at", "began")
        return problems or Outage(**dict(row) | moments)

    def claim(self, parsed: Parsed[ClaimRow]) -> Claim | list[Problem]:
        """Make a claim of a known customer; whether its ticket exists is for the decision."""
        row = parsed.row
        problems = self._known.customer_problems(row.customer)
        if problems:
            return problems
        needed = ("period",) if row.kind is ClaimKind.UPTIME else ("ticket", "breach_on")
        problems += [
            Problem(name, f"is empty; a claim of kind {row.kind} names it") for name in needed if not getattr(row, name)
        ]
        moments = self._moments(row, ("submitted_at",), self._lists(row.customer), problems)
        if problems:
            return problems
        uptime = row.kind is ClaimKind.UPTIME
        return Claim(
            claim=row.claim,
            customer=row.customer,
            kind=row.kind,
            submitted_at=moments["submitted_at"],
            period=Month(row.period.year, row.period.month) if uptime and row.period is not None else None,
            ticket="" if uptime else row.ticket,
            breach_on=None if uptime else row.breach_on,
        )

    def payment(self, parsed: Parsed[PaymentRow]) -> Payment | list[Problem]:
        """Make a payment; whether its invoice exists is known where the invoices are."""
        return Payment(**dict(parsed.row))

    def _lists(self, customer: str, named: tuple[str, ...] = ()) -> list[PriceList]:
        """All versions of the price lists of the contracts that a row names, else of all of the customer's."""
        contracts = self._known.contracts_of(customer)
        return self._known.lists_of(c for c in contracts if not named or c.contract in named)

    def _moments(
        self, row: Any, names: Iterable[str], lists: list[PriceList], problems: list[Problem]
    ) -> dict[str, Any]:
        """Turn a row's times into instants; what is wrong with them is added to `problems`."""
        moments: dict[str, Any] = {}
        for name in names:
            moment: datetime | None = getattr(row, name)
            resolved = None if moment is None else resolve_moment(moment, name, lists)
            if isinstance(resolved, Problem):
                problems.append(resolved)
            else:
                moments[name] = resolved
        return moments


def _order_problems(moments: dict[str, Instant | None], first: str, then: str, word: str) -> list[Problem]:
    start, end = moments.get(first), moments.get(then)
    if start is None or end is None or end >= start:
        return []
    return [Problem(then, f"is before {first}, when it {word}")]
