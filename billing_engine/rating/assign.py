"""Which contract an entry belongs to (T5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo

from billing_engine.model.charge import HeldEntry
from billing_engine.model.contract import Contract
from billing_engine.model.instant import Instant, local_date, start_of_day
from billing_engine.model.period import Month
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.rating.rate_card import RateCards

NO_CONTRACT = "no contract of the customer is active on that day"


@dataclass(slots=True)
class Assigned:
    """A customer's work of one month by contract id, and what found no contract."""

    entries: dict[str, list[TimeEntry]] = field(default_factory=dict)
    expenses: dict[str, list[Expense]] = field(default_factory=dict)
    held: list[HeldEntry] = field(default_factory=list)


def assign_work(
    contracts: Sequence[Contract], entries: Iterable[TimeEntry], expenses: Iterable[Expense], cards: RateCards
) -> Assigned:
    """Give the month's work to the customer's contracts; entries and expenses of other months are passed over.

    An entry goes to the contract that is active on the local day of its start. If several are, its `contract` decides;
    without one it is held, as is an entry that no contract takes. An expense names no contract and costs the same under
    each, so the first active one takes it. `contracts` are all of the customer, in order of id: one that does not run
    in the month still says on which clock the customer's days are read.
    """
    assigned = Assigned()
    running = {contract.contract: _instants(contract, cards) for contract in contracts}
    zone: tzinfo = cards.price_list(contracts[0]).zone if contracts else UTC
    for entry in entries:
        takers = [
            contract
            for contract, instants in running.items()
            if entry.contract in ("", contract) and entry.started_at in instants
        ]
        if len(takers) == 1:
            assigned.entries.setdefault(takers[0], []).append(entry)
        elif takers:
            reason = f"contracts {', '.join(sorted(takers))} could take it; fill in the column 'contract'"
            assigned.held.append(HeldEntry(entry, reason))
        elif _in_month(entry.started_at, cards.month, zone):
            reason = f"contract {entry.contract} is not active on that day" if entry.contract else NO_CONTRACT
            assigned.held.append(HeldEntry(entry, reason))
    _assign_expenses(assigned, contracts, expenses, cards.month)
    return assigned


def _instants(contract: Contract, cards: RateCards) -> range:
    """Find the part of the month in which the contract runs, half open."""
    zone = cards.price_list(contract).zone
    first, after_last = cards.month.bounds(zone)
    first = max(first, start_of_day(contract.starts_on, zone))
    if contract.ends_on is not None:
        after_last = min(after_last, start_of_day(contract.ends_on + timedelta(days=1), zone))
    return range(first, after_last)


def _in_month(instant: Instant, month: Month, zone: tzinfo) -> bool:
    day = local_date(instant, zone)
    return (day.year, day.month) == month


def _assign_expenses(
    assigned: Assigned, contracts: Sequence[Contract], expenses: Iterable[Expense], month: Month
) -> None:
    for expense in expenses:
        if not month.first_day <= expense.spent_on <= month.last_day:
            continue
        takers = sorted(contract.contract for contract in contracts if contract.active_on(expense.spent_on))
        if takers:
            assigned.expenses.setdefault(takers[0], []).append(expense)
        else:
            assigned.held.append(HeldEntry(expense, NO_CONTRACT))
