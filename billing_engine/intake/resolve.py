"""Rows become values: what a row refers to must exist and fit."""

from __future__ import annotations

from billing_engine.errors import UnknownPackageError, UnknownPriceListError
from billing_engine.intake.columns import ContractRow, CustomerRow, ExpenseRow, TimeEntryRow
from billing_engine.intake.csv_rows import Parsed, RowT
from billing_engine.intake.known import Known, Problem, resolve_moment, severity_problems
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.instant import SECONDS_PER_DAY, Instant
from billing_engine.model.money import round_money
from billing_engine.model.price_list import Package, PriceList
from billing_engine.model.time_entry import Activity, Expense, Outcome, TimeEntry

_OUTCOMES_OF = {
    Activity.CHANGE_REQUEST_ANALYSIS: (Outcome.NONE, Outcome.OFFER_ACCEPTED, Outcome.OFFER_REJECTED),
    Activity.DEVELOPMENT: (Outcome.NONE,),
    Activity.SUPPORT: (Outcome.NONE, Outcome.UNFOUNDED),
    Activity.ON_SITE: (Outcome.NONE, Outcome.UNFOUNDED),
}


_ATTRIBUTES = {"included_hours": "included_seconds"}
"""Columns whose values go by another name once they are read."""


class Resolver:
    """Turns rows of master data and work into values; each method gives a value or all its problems."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def customer(self, parsed: Parsed[CustomerRow]) -> Customer | list[Problem]:
        """Make a customer; what the file has no column for stays as it is known."""
        known = self._known.customers.get(parsed.row.customer)
        return Customer(**dict(_with_known(parsed, known)))

    def contract(self, parsed: Parsed[ContractRow]) -> Contract | list[Problem]:
        """Make a contract; what the file has no column for stays as it is known."""
        known = self._known.contracts.get(parsed.row.contract)
        row = _with_known(parsed, known)
        problems = self._known.customer_problems(row.customer)
        if known is not None and known.customer != row.customer:
            problems.append(Problem("customer", f"contract {row.contract} belongs to customer {known.customer}"))
        if row.ends_on is not None and row.ends_on < row.starts_on:
            problems.append(Problem("ends_on", f"{row.ends_on} is before starts_on {row.starts_on}"))
        try:
            price_list = self._known.book.in_force_or_first(row.price_list, row.starts_on)
            package = price_list.package(row.package)
        except UnknownPriceListError as error:
            return [*problems, Problem("price_list", str(error))]
        except UnknownPackageError as error:
            return [*problems, Problem("package", str(error))]
        currency = self._currency(row, price_list)
        problems += self._terms_problems(row, price_list, package, currency)
        columns = dict(row) | {"currency": currency if price_list.other_currencies else ""}
        return problems or Contract(included_seconds=columns.pop("included_hours"), **columns)

    def _currency(self, row: ContractRow, price_list: PriceList) -> str:
        """Tell a contract's currency: its own, the customer's where the list names no prices, else the list's."""
        customer = self._known.customers.get(row.customer)
        customers_own = customer.currency if customer is not None and price_list.other_currencies else ""
        return row.currency or customers_own or price_list.currency

    def _terms_problems(
        self, row: ContractRow, price_list: PriceList, package: Package, currency: str
    ) -> list[Problem]:
        problems = []
        if self._known.fees_needed and package.monthly_fee is None and row.monthly_fee is None:
            problems.append(Problem("monthly_fee", f"is empty; package {package.name} takes its fee from the contract"))
        if row.monthly_fee is not None and round_money(row.monthly_fee, currency) != row.monthly_fee:
            problems.append(Problem("monthly_fee", f"{row.monthly_fee} is finer than the cents of {currency}"))
        unknown = [severity for severity, _ in row.coverage if severity not in price_list.severities]
        if unknown:
            allowed = ", ".join(price_list.severities)
            problems.append(Problem("coverage", f"unknown severity {', '.join(unknown)}; allowed: {allowed}"))
        return problems + self._currency_problems(row, price_list, currency)

    def _currency_problems(self, row: ContractRow, price_list: PriceList, currency: str) -> list[Problem]:
        """Say whether a contract is in another currency than its price list or its customer."""
        problems = []
        column, what, own = "currency", f"contract {row.contract}", currency
        if not price_list.other_currencies:
            column, what, own = "price_list", row.price_list, price_list.currency
        if currency != own:
            problems.append(Problem("currency", f"{row.price_list} is in {own}; found {currency}"))
        customer = self._known.customers.get(row.customer)
        if customer is not None and customer.currency not in ("", own):
            reason = f"{what} is in {own}, customer {row.customer} pays in {customer.currency}"
            problems.append(Problem(column, reason))
        return problems

    def time_entry(self, parsed: Parsed[TimeEntryRow]) -> TimeEntry | list[Problem]:
        """Make a time entry of a known customer, with its times as instants."""
        row = parsed.row
        problems = self._known.customer_problems(row.customer) + self._known.contract_problems(
            "contract", row.contract, row.customer
        )
        if problems:
            return problems
        lists = self._price_lists(row)
        problems += _severity_problems(row, lists) + _outcome_problems(row)
        started_at = resolve_moment(row.started_at, "started_at", lists)
        ended_at = resolve_moment(row.ended_at, "ended_at", lists)
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
        problems = self._known.customer_problems(row.customer)
        for currency in self._known.currencies_of(row.customer):
            if round_money(row.amount, currency) != row.amount:
                problems.append(Problem("amount", f"{row.amount} is finer than the cents of {currency}"))
        return problems or Expense(**dict(row))

    def _price_lists(self, row: TimeEntryRow) -> list[PriceList]:
        """All versions of the price lists that may rate a row."""
        contracts = self._known.contracts_of(row.customer)
        return self._known.lists_of(c for c in contracts if row.contract in ("", c.contract))


def _with_known(parsed: Parsed[RowT], known: Customer | Contract | None) -> RowT:
    """Fill in from what is known the columns that the file does not have; an empty field of its own says "nothing"."""
    if known is None:
        return parsed.row
    absent = set(type(parsed.row).model_fields) - parsed.columns
    return parsed.row.model_copy(update={name: getattr(known, _ATTRIBUTES.get(name, name)) for name in absent})


def _severity_problems(row: TimeEntryRow, lists: list[PriceList]) -> list[Problem]:
    """Check the severity, which support needs and other work may leave empty."""
    if not row.severity and row.activity in (Activity.DEVELOPMENT, Activity.CHANGE_REQUEST_ANALYSIS):
        return []
    return severity_problems(row.severity, lists)


def _outcome_problems(row: TimeEntryRow) -> list[Problem]:
    allowed = _OUTCOMES_OF[row.activity]
    if row.outcome in allowed:
        return []
    names = ", ".join(outcome or "empty" for outcome in allowed)
    return [Problem("outcome", f"{row.outcome} does not go with activity {row.activity}; allowed: {names}")]


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
