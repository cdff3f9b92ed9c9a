"""`BillingEngine`: the one object that a host application holds."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from billing_engine.billing_run import CustomerInput, CustomerPlan, RunOutcome, plan_billing_run
from billing_engine.errors import BillingError, SettingsMissingError
from billing_engine.import_folder import ImportReport, import_folder
from billing_engine.model.contract import Contract
from billing_engine.model.instant import SECONDS_PER_DAY, midnight_utc
from billing_engine.model.invoice import Invoice, Seller
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.storage import invoices, master_data, schema, work
from billing_engine.storage.database import READ_ONLY
from billing_engine.storage.inserting import batches

log = logging.getLogger(__name__)

_UNSETTLED = Settings(seller=Seller(name="", address="", country=""))
"""Plans may be made before there are settings; they then show no tax."""


class BillingEngine:
    """Imports work, plans a month, issues its invoices and reads them back, over the host's SQLAlchemy engine.

    Every operation takes `connection=` to join a transaction of the host; it then neither commits nor rolls back.
    """

    def __init__(self, engine: Engine, book: PriceListBook, settings: Settings | None = None) -> None:
        self._engine = engine
        self._book = book
        self._settings = settings

    @contextmanager
    def _transaction(self, connection: Connection | None) -> Iterator[Connection]:
        if connection is not None:
            yield connection
        else:
            with self._engine.begin() as own:
                yield own

    @contextmanager
    def _reading(self, connection: Connection | None) -> Iterator[Connection]:
        """Read one consistent state; on our own SQLite engine without waiting for a writer."""
        if connection is not None:
            yield connection
        else:
            with self._engine.connect().execution_options(**READ_ONLY) as own:
                yield own

    def upgrade_schema(self, *, connection: Connection | None = None) -> str:
        """Bring the database to this program's schema; returns its version."""
        with self._transaction(connection) as active:
            return schema.upgrade(active)

    def check_schema(self, *, connection: Connection | None = None) -> str:
        """Return the schema's version; raises SchemaVersionError when it is not this program's."""
        with self._reading(connection) as active:
            return schema.check(active)

    def import_folder(
        self, folder: Path, *, skip_rejected: bool = False, connection: Connection | None = None
    ) -> ImportReport:
        """Take in a folder of CSV files: all of it or, when rows are rejected, nothing; `skip_rejected` takes the rest.

        Raises InputFolderError when there is nothing to read.
        """
        with self._transaction(connection) as active:
            return import_folder(active, folder, self._book, skip_rejected=skip_rejected)

    def plan(self, month: Month, *, connection: Connection | None = None) -> Iterator[CustomerPlan]:
        """Plan a month, customer by customer in order of id; writes nothing."""
        with self._reading(connection) as active:
            customers = master_data.read_customers(active)
            contracts = _by_customer(master_data.read_contracts(active).values())
            numbers = invoices.read_numbers(active, month)
        for batch in batches(list(customers.values())):
            with self._reading(connection) as active:
                entries, expenses = _read_work(active, month, [customer.customer for customer in batch])
            inputs = [
                CustomerInput(
                    customer=customer,
                    contracts=contracts.get(customer.customer, []),
                    entries=entries.get(customer.customer, []),
                    expenses=expenses.get(customer.customer, []),
                    invoice_number=numbers.get(customer.customer),
                )
                for customer in batch
            ]
            yield from plan_billing_run(inputs, month, self._book, self._settings or _UNSETTLED)

    def issue(self, month: Month, issued_on: date, *, connection: Connection | None = None) -> Iterator[CustomerPlan]:
        """Plan and issue a month, one transaction per customer; yields what became of each.

        A customer that fails is reported and stops no other. In a host's transaction errors are the host's to handle.
        Raises SettingsMissingError when there is no seller to issue for.
        """
        if self._settings is None:
            raise SettingsMissingError
        for plan in self.plan(month, connection=connection):
            yield self._issue_one(plan, self._settings, issued_on, connection)

    def _issue_one(
        self, plan: CustomerPlan, settings: Settings, issued_on: date, connection: Connection | None
    ) -> CustomerPlan:
        if plan.outcome is not RunOutcome.TO_ISSUE or plan.draft is None:
            return plan
        try:
            with self._transaction(connection) as active:
                number = invoices.issue_invoice(active, plan.draft, settings.number_format, issued_on)
        except (BillingError, SQLAlchemyError) as error:
            if connection is not None:
                raise
            log.exception("issuing for customer %s failed", plan.customer.customer)
            return replace(plan, outcome=RunOutcome.FAILED, reason=_in_short(error))
        if number is None:
            return replace(plan, outcome=RunOutcome.ALREADY_ISSUED, reason="by another run at the same time")
        return replace(plan, outcome=RunOutcome.ISSUED, invoice_number=number)

    def count_customers(self, *, connection: Connection | None = None) -> int:
        """Return how many customers a run goes through."""
        with self._reading(connection) as active:
            return master_data.count_customers(active)

    def months_with_unbilled_work(self, *, connection: Connection | None = None) -> list[Month]:
        """Return the months from the first unbilled entry or expense to the last."""
        with self._reading(connection) as active:
            days = work.read_unbilled_days(active)
        if days is None:
            return []
        months = [Month(days[0].year, days[0].month)]
        while months[-1].last_day < days[1]:
            months.append(months[-1].next())
        return months

    def list_invoices(self, period: Month | None = None, *, connection: Connection | None = None) -> list[Invoice]:
        """Return all invoices, or a period's, in order of number, without their lines and entries."""
        with self._reading(connection) as active:
            return invoices.read_invoices(active, period)

    def read_invoice(self, number: str, *, connection: Connection | None = None) -> Invoice:
        """Return an issued invoice, complete; raises InvoiceNotFoundError."""
        with self._reading(connection) as active:
            return invoices.read_invoice(active, number)


def _in_short(error: BillingError | SQLAlchemyError) -> str:
    """Say what went wrong without the statement and its parameters, which may hold personal data."""
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)


def _by_customer(contracts: Iterable[Contract]) -> dict[str, list[Contract]]:
    grouped: dict[str, list[Contract]] = {}
    for contract in contracts:
        grouped.setdefault(contract.customer, []).append(contract)
    return grouped


def _read_work(
    connection: Connection, month: Month, customers: Sequence[str]
) -> tuple[dict[str, list[TimeEntry]], dict[str, list[Expense]]]:
    """Read a month's unbilled work, a day more on either side: rating picks the month of each price list's zone."""
    start = midnight_utc(month.first_day) - SECONDS_PER_DAY
    end = midnight_utc(month.last_day + timedelta(days=1)) + SECONDS_PER_DAY
    entries = work.read_unbilled_entries(connection, customers, start, end)
    return entries, work.read_unbilled_expenses(connection, customers, month.first_day, month.last_day)
