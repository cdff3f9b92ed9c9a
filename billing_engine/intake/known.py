"""What rows may refer to: customers, contracts, tickets, price lists; and the clock on which times are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.errors import LocalTimeError
from billing_engine.model.contract import Contract, Customer, currency_of
from billing_engine.model.instant import Instant, instant_of, resolve_wall_time
from billing_engine.model.price_list import PriceList, PriceListBook


class Problem(NamedTuple):
    """What is wrong with a row."""

    column: str
    reason: str


class Known:
    """Customers, contracts, tickets and price lists that rows may refer to."""

    def __init__(
        self,
        book: PriceListBook,
        customers: Mapping[str, Customer],
        contracts: Mapping[str, Contract],
        tickets: Mapping[str, str],
        *,
        fees_needed: bool,
    ) -> None:
        self.book = book
        self.customers = dict(customers)
        self.contracts: dict[str, Contract] = {}
        self.fees_needed = fees_needed
        """Whether a contract must name the fee that its package leaves to it; clocks do without."""
        self.ticket_customers = dict(tickets)
        """Whose each ticket is."""
        self._of_customer: dict[str, list[Contract]] = {}
        for contract in contracts.values():
            self.add_contract(contract)

    def add_contract(self, contract: Contract) -> None:
        """Let rows refer to a contract; one of the same id is replaced."""
        former = self.contracts.pop(contract.contract, None)
        if former is not None:
            self._of_customer[former.customer].remove(former)
        self.contracts[contract.contract] = contract
        self._of_customer.setdefault(contract.customer, []).append(contract)

    def contracts_of(self, customer: str) -> list[Contract]:
        """Return a customer's contracts."""
        return self._of_customer.get(customer, [])

    def customer_problems(self, customer: str) -> list[Problem]:
        """Say whether there is no such customer."""
        if customer in self.customers:
            return []
        reason = f"unknown customer {customer!r}; no row of customers.csv that could be read has it"
        return [Problem("customer", reason)]

    def contract_problems(self, column: str, contract: str, customer: str) -> list[Problem]:
        """Say whether a named contract is not the customer's."""
        known = self.contracts.get(contract)
        if not contract or (known is not None and known.customer == customer):
            return []
        names = ", ".join(one.contract for one in self.contracts_of(customer))
        return [Problem(column, f"{contract!r} is no contract of customer {customer}; known: {names or 'none'}")]

    def currencies_of(self, customer: str) -> set[str]:
        """Return the currencies of a customer's contracts."""
        return {
            currency_of(contract, price_list)
            for contract in self.contracts_of(customer)
            for price_list in self.lists_of([contract])
        }

    def lists_of(self, contracts: Iterable[Contract]) -> list[PriceList]:
        """Return all versions of the contracts' price lists."""
        names = {contract.price_list for contract in contracts} & set(self.book.names)
        return [version for name in sorted(names) for version in self.book.versions(name)]


def resolve_moment(moment: datetime, column: str, lists: Iterable[PriceList]) -> Instant | Problem:
    """Turn a time into an instant; without an offset it is read in the price list's zone (T3)."""
    if moment.tzinfo is not None:
        return instant_of(moment)
    zones: list[ZoneInfo] = list({price_list.zone.key: price_list.zone for price_list in lists}.values())
    if len(zones) != 1:
        why = "the customer's price lists have several time zones" if zones else "the customer has no contract"
        return Problem(column, f"{moment.isoformat()} has no offset, and {why}; write it as 2026-10-01T16:40+02:00")
    try:
        return resolve_wall_time(moment, zones[0])
    except LocalTimeError as error:
        return Problem(column, str(error))


def severity_problems(severity: str, lists: Iterable[PriceList]) -> list[Problem]:
    """Say whether none of the lists has a severity; without lists nothing is known against it."""
    allowed = {name: None for price_list in lists for name in price_list.severities}
    if not allowed or severity in allowed:
        return []
    return [Problem("severity", f"unknown severity {severity!r}; allowed: {', '.join(allowed)}")]
