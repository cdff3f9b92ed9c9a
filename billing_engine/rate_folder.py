"""Rate a folder without a database: what this month costs, and what it would cost in another package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from billing_engine.errors import UnknownPackageError, UnknownPriceListError
from billing_engine.intake.csv_rows import Rejected
from billing_engine.intake.folder import InputFolder
from billing_engine.model.contract import Contract, by_customer
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.rating.fees import due_fees
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import CustomerMonth, rate_customer


@dataclass(frozen=True, slots=True)
class RatedFolder:
    """A folder's month: customers in order of id, and what could not be read."""

    month: Month
    customers: tuple[CustomerMonth, ...]
    cards: RateCards
    rejected: tuple[Rejected, ...]
    warnings: tuple[Rejected, ...]
    unread: tuple[str, ...]
    """CSV files in the folder that rating does not use."""


def rate_folder(path: Path, month: Month, book: PriceListBook, package: str | None = None) -> RatedFolder:
    """Rate all customers of a folder; `package` puts each contract into that package instead of its own.

    Raises InputFolderError when there is nothing to read, and UnknownPackageError when a contract's price list lacks
    the package, or the package takes its fee from a contract that says none.
    """
    folder = InputFolder(path, book)
    customers = {customer.customer: customer for _, customer in folder.read_customers()}
    cards = RateCards(book, month)
    contracts = []
    for place, contract in folder.read_contracts():
        try:
            if contract.active_days(month):
                cards.price_list(contract)
            due_fees(contract, cards)
            contracts.append(contract)
        except UnknownPriceListError as error:
            folder.rejected.append(Rejected(*place, "price_list", str(error)))
    if package is not None:
        contracts = [_in_package(contract, package, book) for contract in contracts]
    of_customer = by_customer(contracts)
    entries = by_customer(entry for _, entry in folder.read_time_entries())
    expenses = by_customer(expense for _, expense in folder.read_expenses())
    rated = tuple(
        rate_customer(customers[key], of_customer.get(key, []), entries.get(key, []), expenses.get(key, []), cards)
        for key in sorted(customers)
    )
    return RatedFolder(
        month, rated, cards, tuple(sorted(folder.rejected)), tuple(sorted(folder.warnings)), tuple(folder.unread())
    )


def _in_package(contract: Contract, name: str, book: PriceListBook) -> Contract:
    """Put a contract into another package; what was agreed for its own comes along only if the other asks for it."""
    package = book.in_force_or_first(contract.price_list, contract.starts_on).package(name)
    if name == contract.package:
        return contract
    if package.monthly_fee is not None:
        return replace(contract, package=name, monthly_fee=None, included_seconds=None, hourly_rate=None, coverage=())
    if contract.monthly_fee is None:
        reason = f"takes its fee from the contract, and contract {contract.contract} says none"
        raise UnknownPackageError(f"package {name} {reason}")
    return replace(contract, package=name)
