"""Which contract an entry belongs to (T5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from billing_engine.model.charge import HeldEntry
from billing_engine.model.contract import Contract
from billing_engine.model.instant import start_of_day
from billing_engine.model.period import Month
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.rating.rate_card import RateCards

NO_CONTRACT = "no contract of the customer is active on that day"

_FAR_AWAY = date(9000, 1, 1)
_NO_ZONE = ZoneInfo("UTC")


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
    zones = {contract.contract: cards.zone(contract) for contract in contracts}
    months = {contract: range(*cards.month.bounds(zone)) for contract, zone in zones.items()}
    home_month = range(*cards.month.bounds(next(iter(zones.values()), _NO_ZONE)))
    lives = {contract.contract: _life(contract, cards) for contract in contracts}
    for entry in entries:
        takers = [
            contract
            for contract, life in lives.items()
            if entry.contract in ("", contract) and entry.started_at in life
        ]
        if entry.started_at not in (months[takers[0]] if takers else home_month):
            continue
        if len(takers) == 1:
            assigned.entries.setdefault(takers[0], []).append(entry)
        else:
            assigned.held.append(HeldEntry(entry, _why_held(entry, takers)))
    _assign_expenses(assigned, contracts, expenses, cards.month)
    return assigned


def _life(contract: Contract, cards: RateCards) -> range:
    """Find the instants at which the contract runs, in all months: in two zones a month ends at two instants."""
    zone = cards.zone(contract)
    last_day = contract.ends_on or _FAR_AWAY
    return range(start_of_day(contract.starts_on, zone), start_of_day(last_day + timedelta(days=1), zone))


def _why_held(entry: TimeEntry, takers: Sequence[str]) -> str:
    if takers:
        return f"contracts {', '.join(takers)} could take it; fill in the column 'contract'"
    return f"contract {entry.contract} is not active on that day" if entry.contract else NO_CONTRACT


def _assign_expenses(
    assigned: Assigned, contracts: Sequence[Contract], expenses: Iterable[Expense], month: Month
) -> None:
    for expense in expenses:
        if not month.first_day <= expense.spent_on <= month.last_day:
            continue
        takers = [contract.contract for contract in contracts if contract.active_on(expense.spent_on)]
        if takers:
            assigned.expenses.setdefault(takers[0], []).append(expense)
        else:
            assigned.held.append(HeldEntry(expense, NO_CONTRACT))
