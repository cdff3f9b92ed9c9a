"""Rate all that a customer owes for a month: one statement per contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter

from billing_engine.model.charge import HeldEntry, Statement
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.rating.assign import assign_work
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_period import rate_period


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
    entries: Iterable[TimeEntry],
    expenses: Iterable[Expense],
    cards: RateCards,
) -> CustomerMonth:
    """Rate a customer's month; every contract that runs in it gets a statement, with or without work.

    Raises UnknownPriceListError or UnknownPackageError when a contract names one that is not there.
    """
    ordered = sorted(contracts, key=attrgetter("contract"))
    assigned = assign_work(ordered, entries, expenses, cards)
    statements = tuple(
        rate_period(
            contract,
            cards.card(contract),
            assigned.entries.get(contract.contract, ()),
            assigned.expenses.get(contract.contract, ()),
        )
        for contract in ordered
        if contract.active_days(cards.month)
    )
    return CustomerMonth(customer, cards.month, statements, tuple(assigned.held))
