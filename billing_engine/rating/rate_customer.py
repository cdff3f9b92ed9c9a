"""Rate all that a customer owes for a month: one statement per contract, and one for each earlier month's late work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from decimal import Decimal
from operator import attrgetter

from billing_engine.model.charge import Charge, HeldEntry, Statement
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.history import NO_HISTORY, History
from billing_engine.model.instant import local_datetime
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.rating.assign import Assigned, assign_work
from billing_engine.rating.fees import due_fees, other_price_lists
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_period import rate_period
from billing_engine.rating.rollover import rollover_of, standing_of


@dataclass(frozen=True, slots=True)
class CustomerMonth:
    """A customer's month, rated."""

    customer: Customer
    month: Month
    statements: tuple[Statement, ...]
    held: tuple[HeldEntry, ...]
    """Work that belongs to no statement; the statements hold their own as well."""

    @property
    def net_total(self) -> Decimal:
        return sum((statement.net_total for statement in self.statements), ZERO)

    @property
    def all_held(self) -> tuple[HeldEntry, ...]:
        return (*(held for statement in self.statements for held in statement.held), *self.held)


def rate_customer(
    customer: Customer,
    contracts: Sequence[Contract],
    entries: Sequence[TimeEntry],
    expenses: Sequence[Expense],
    cards: RateCards,
    history: History = NO_HISTORY,
) -> CustomerMonth:
    """Rate a customer's month: a statement for every contract that runs in it or has a fee due, with or without work.

    Work of other months is passed over. What of it comes late goes first, though, where both may use the same hours
    that rolled over.

    Raises UnknownPriceListError or UnknownPackageError when a contract names one that is not there.
    """
    ordered = sorted(contracts, key=attrgetter("contract"))
    assigned = assign_work(ordered, entries, expenses, cards)
    if any(rollover_of(contract, cards) for contract in ordered):
        late = rate_late(customer, contracts, entries, expenses, cards.of, cards.month, history)
        history = _with_uses(history, late)
    statements = []
    for contract in ordered:
        fees = due_fees(contract, cards, history)
        if contract.active_days(cards.month) or fees:
            statement = _rate_contract(contract, assigned, cards, history, fees)
            statements.append(replace(statement, fee_price_lists=other_price_lists(contract, cards, fees)))
    return CustomerMonth(customer, cards.month, tuple(statements), tuple(assigned.held))


def rate_late(
    customer: Customer,
    contracts: Sequence[Contract],
    entries: Sequence[TimeEntry],
    expenses: Sequence[Expense],
    cards_of: Callable[[Month], RateCards],
    month: Month,
    history: History,
) -> list[CustomerMonth]:
    """Rate the work of closed months before `month` that no invoice has yet, oldest first (R11).

    Each month is rated against what it has left. Statements are there only where something is charged or held.

    Raises UnknownPriceListError or UnknownPackageError when a contract names one that is not there.
    """
    ordered = sorted(contracts, key=attrgetter("contract"))
    late: list[CustomerMonth] = []
    for earlier in sorted(_months_of(entries, expenses) & {closed for closed in history.closed if closed < month}):
        cards = cards_of(earlier)
        assigned = assign_work(ordered, entries, expenses, cards)
        statements = tuple(
            _rate_contract(contract, assigned, cards, history, ())
            for contract in ordered
            if contract.contract in assigned.entries or contract.contract in assigned.expenses
        )
        if statements or assigned.held:
            late.append(CustomerMonth(customer, earlier, statements, tuple(assigned.held)))
            history = _with_uses(history, late[-1:])
    return late


def _rate_contract(
    contract: Contract, assigned: Assigned, cards: RateCards, history: History, fees: Sequence[Charge]
) -> Statement:
    return rate_period(
        contract,
        cards.card(contract),
        assigned.entries.get(contract.contract, ()),
        assigned.expenses.get(contract.contract, ()),
        fees,
        standing_of(contract, cards, history),
    )


def _with_uses(history: History, late: Iterable[CustomerMonth]) -> History:
    """Add to a history what late work takes, before it is on an invoice."""
    uses = (statement.month_use for month in late for statement in month.statements)
    return replace(history, uses=(*history.uses, *uses))


def _months_of(entries: Iterable[TimeEntry], expenses: Iterable[Expense]) -> set[Month]:
    """Name the months in which work may lie, in whatever time zone (T5)."""
    starts = (local_datetime(entry.started_at, UTC).date() for entry in entries)
    days = {start + timedelta(days=shift) for start in starts for shift in (-1, 0, 1)}
    return {Month.of(day) for day in days | {expense.spent_on for expense in expenses}}
