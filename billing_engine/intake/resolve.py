"""Rows become values: what a row refers to must exist and fit."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.errors import LocalTimeError, UnknownPackageError, UnknownPriceListError
from billing_engine.intake.columns import ContractRow, CustomerRow, ExpenseRow, TimeEntryRow
from billing_engine.intake.csv_rows import Parsed, RowT
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.instant import SECONDS_PER_DAY, Instant, instant_of, resolve_wall_time
from billing_engine.model.money import round_money
from billing_engine.model.price_list import Package, PriceList, PriceListBook
from billing_engine.model.time_entry import Activity, Expense, Outcome, TimeEntry

_OUTCOMES_OF = {
    Activity.CHANGE_REQUEST_ANALYSIS: (Outcome.NONE, Outcome.OFFER_ACCEPTED, Outcome.OFFER_REJECTED),
    Activity.DEVELOPMENT: (Outcome.NONE,),
    Activity.SUPPORT: (Outcome.NONE, Outcome.UNFOUNDED),
    Activity.ON_SITE: (Outcome.NONE, Outcome.UNFOUNDED),
}


_ATTRIBUTES = {"included_hours": "included_seconds"}
"""Columns whose values go by another name once they are read."""


class Problem(NamedTuple):
    """What is wrong with a row."""

    column: str
    reason: str


class Resolver:
    """Customers, contracts and price lists that rows may refer to; each method gives a value or all its problems."""

    def __init__(self, book: PriceListBook, customers: dict[str, Customer], contracts: dict[str, Contract]) -> None:
        self.customers = customers
        self._book = book
        self._contracts: dict[str, Contract] = {}
        self._of_customer: dict[str, list[Contract]] = {}
        for contract in contracts.values():
            self.add_contract(contract)

    def add_contract(self, contract: Contract) -> None:
        """Let entries refer to a contract; one of the same id is replaced."""
        former = self._contracts.pop(contract.contract, None)
        if former is not None:
            self._of_customer[former.customer].remove(former)
        self._contracts[contract.contract] = contract
        self._of_customer.setdefault(contract.customer, []).append(contract)

    def customer(self, parsed: Parsed[CustomerRow]) -> Customer | list[Problem]:
        """Make a customer; what the file has no column for stays as it is known."""
        known = self.customers.get(parsed.row.customer)
        return Customer(**dict(_with_known(parsed, known)))

    def contract(self, parsed: Parsed[ContractRow]) -> Contract | list[Problem]:
        """Make a contract; what the file has no column for stays as it is known."""
        known = self._contracts.get(parsed.row.contract)
        row = _with_known(parsed, known)
        problems = self._customer_problems(row.customer)
        if known is not None and known.customer != row.customer:
            problems.append(Problem("customer", f"contract {row.contract} belongs to customer {known.customer}"))
        if row.ends_on is not None and row.ends_on < row.starts_on:
            problems.append(Problem("ends_on", f"{row.ends_on} is before starts_on {row.starts_on}"))
        try:
            price_list = self._book.in_force_or_first(row.price_list, row.starts_on)
            package = price_list.package(row.package)
        except UnknownPriceListError as error:
            return [*problems, Problem("price_list", str(error))]
        except UnknownPackageError as error:
            return [*problems, Problem("package", str(error))]
        problems += self._terms_problems(row, price_list, package)
        columns = dict(row)
        return problems or Contract(included_seconds=columns.pop("included_hours"), **columns)

    def _terms_problems(self, row: ContractRow, price_list: PriceList, package: Package) -> list[Problem]:
        problems = []
        if package.monthly_fee is None and row.monthly_fee is None:
            problems.append(Problem("monthly_fee", f"is empty; package {package.name} takes its fee from the contract"))
        if row.monthly_fee is not None and round_money(row.monthly_fee, price_list.currency) != row.monthly_fee:
            problems.append(
                Problem("monthly_fee", f"{row.monthly_fee} is finer than the cents of {price_list.currency}")
            )
        unknown = [severity for severity, _ in row.coverage if severity not in price_list.rating.severities]
        if unknown:
            allowed = ", ".join(price_list.rating.severities)
            problems.append(Problem("coverage", f"unknown severity {', '.join(unknown)}; allowed: {allowed}"))
        customer = self.customers.get(row.customer)
        if customer is not None and customer.currency not in ("", price_list.currency):
            reason = (
                f"{row.price_list} is in {price_list.currency}, customer {row.customer} pays in {customer.currency}"
            )
            problems.append(Problem("price_list", reason))
        return problems

    def time_entry(self, parsed: Parsed[TimeEntryRow]) -> TimeEntry | list[Problem]:
        """Make a time entry of a known customer, with its times as instants."""
        row = parsed.row
        problems = self._customer_problems(row.customer) + self._contract_problems(row)
        if problems:
            return problems
        lists = self._price_lists(row)
        problems += _severity_problems(row, lists) + _outcome_problems(row)
        started_at = _resolve(row.started_at, "started_at", lists)
        ended_at = _resolve(row.ended_at, "ended_at", lists)
        problems += [problem for problem in (started_at, ended_at) if isinstance(problem, Problem)]
        if isinstance(started_at, int) and isinstance(ended_at, int):
            problems += _length_problems(row, started_at, ended_at)
            if not problems:
                columns = dict(row) | {"started_at": started_at, "ended_at": ended_at}
                return TimeEntry(**columns)
        return problems

    def expense(self, parsed: Parsed[ExpenseRow]) -> Expense | list[Problem]:
        """Make an expense of a known customer."""
        row = parsed.row
        problems = self._customer_problems(row.customer)
        for currency in {price_list.currency for price_list in self._lists_of(self._of_customer.get(row.customer, []))}:
            if round_money(row.amount, currency) != row.amount:
                problems.append(Problem("amount", f"{row.amount} is finer than the cents of {currency}"))
        return problems or Expense(**dict(row))

    def _customer_problems(self, customer: str) -> list[Problem]:
        if customer in self.customers:
            return []
        return [
            Problem("customer", f"unknown customer {customer!r}; no row of customers.csv that could be read has it")
        ]

    def _contract_problems(self, row: TimeEntryRow) -> list[Problem]:
        contract = self._contracts.get(row.contract)
        if not row.contract or (contract is not None and contract.customer == row.customer):
            return []
        known = ", ".join(contract.contract for contract in self._of_customer.get(row.customer, ()))
        reason = f"{row.contract!r} is no contract of customer {row.customer}; known: {known or 'none'}"
        return [Problem("contract", reason)]

    def _price_lists(self, row: TimeEntryRow) -> list[PriceList]:
        """All versions of the price lists that may rate a row."""
        contracts = self._of_customer.get(row.customer, [])
        return self._lists_of([c for c in contracts if row.contract in ("", c.contract)])

    def _lists_of(self, contracts: list[Contract]) -> list[PriceList]:
        names = {contract.price_list for contract in contracts} & set(self._book.names)
        return [version for name in sorted(names) for version in self._book.versions(name)]


def _with_known(parsed: Parsed[RowT], known: Customer | Contract | None) -> RowT:
    """Fill in from what is known the columns that the file does not have; an empty field of its own says "nothing"."""
    if known is None:
        return parsed.row
    absent = set(type(parsed.row).model_fields) - parsed.columns
    return parsed.row.model_copy(update={name: getattr(known, _ATTRIBUTES.get(name, name)) for name in absent})


def _severity_problems(row: TimeEntryRow, lists: list[PriceList]) -> list[Problem]:
    """Check the severity, which support needs and other work may leave empty."""
    if not lists or (not row.severity and row.activity in (Activity.DEVELOPMENT, Activity.CHANGE_REQUEST_ANALYSIS)):
        return []
    allowed = {severity: None for price_list in lists for severity in price_list.rating.severities}
    if row.severity in allowed:
        return []
    return [Problem("severity", f"unknown severity {row.severity!r}; allowed: {', '.join(allowed)}")]


def _outcome_problems(row: TimeEntryRow) -> list[Problem]:
    allowed = _OUTCOMES_OF[row.activity]
    if row.outcome in allowed:
        return []
    names = ", ".join(outcome or "empty" for outcome in allowed)
    return [Problem("outcome", f"{row.outcome} does not go with activity {row.activity}; allowed: {names}")]


def _resolve(moment: datetime, column: str, lists: list[PriceList]) -> Instant | Problem:
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


def _length_problems(row: TimeEntryRow, started_at: Instant, ended_at: Instant) -> list[Problem]:
    if ended_at < started_at:
        return [
            Problem("ended_at", f"the end {row.ended_at.isoformat()} is before the start {row.started_at.isoformat()}")
        ]
    if ended_at - started_at > SECONDS_PER_DAY:
        seconds = ended_at - started_at
        length = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d} h"
        return [Problem("ended_at", f"the entry is {length} long; allowed is up to 24 h")]
    return []
