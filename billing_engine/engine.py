"""`BillingEngine`: the one object that a host application holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from billing_engine import claim_desk
from billing_engine.billing_run import (
    CustomerInput,
    CustomerPlan,
    RunOutcome,
    failed,
    plan_billing_run,
    plan_customer,
)
from billing_engine.errors import BillingError, SettingsMissingError
from billing_engine.import_folder import PAYMENTS, ImportReport, import_folder
from billing_engine.model.contract import by_customer
from billing_engine.model.instant import SECONDS_PER_DAY, midnight_utc
from billing_engine.model.invoice import Invoice, Seller
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.rating.rate_card import RateCards
from billing_engine.sla_desk import SlaDesk
from billing_engine.storage import credit_ledger, invoices, master_data, schema, work
from billing_engine.storage.inserting import batches
from billing_engine.transactions import Transactions

_UNSETTLED = Settings(seller=Seller(name="", address="", country=""))
"""Plans may be made before there are settings; they then show no tax."""


class BillingEngine:
    """Imports work, plans a month, issues its invoices and reads them back, over the host's SQLAlchemy engine.

    Every operation takes `connection=` to join a transaction of the host; it then neither commits nor rolls back.
    """

    def __init__(self, engine: Engine, book: PriceListBook, settings: Settings | None = None) -> None:
        self._transactions = Transactions(engine)
        self._book = book
        self._settings = settings
        self.sla = SlaDesk(self._transactions, book)
        """Claims, credits and reports of service levels."""

    def upgrade_schema(self, *, connection: Connection | None = None) -> str:
        """Bring the database to this program's schema; returns its version."""
        with self._transactions.writing(connection) as active:
            return schema.upgrade(active)

    def check_schema(self, *, connection: Connection | None = None) -> str:
        """Return the schema's version; raises SchemaVersionError when it is not this program's."""
        with self._transactions.reading(connection) as active:
            return schema.check(active)

    def has_schema(self, *, connection: Connection | None = None) -> bool:
        """Tell whether the database has tables of ours, of whatever version."""
        with self._transactions.reading(connection) as active:
            return not schema.is_empty(active)

    def import_folder(
        self, folder: Path, *, skip_rejected: bool = False, connection: Connection | None = None
    ) -> ImportReport:
        """Take in a folder of CSV files: all of it or, when rows are rejected, nothing; `skip_rejected` takes the rest.

        A payment may release credits that waited for it (U5). Raises InputFolderError when there is nothing to read.
        """
        report = import_folder(
            folder,
            self._book,
            lambda: self._transactions.reading(connection),
            lambda: self._transactions.writing(connection),
            skip_rejected=skip_rejected,
        )
        if not report.stored or not report.counts[PAYMENTS].added:
            return report
        with self._transactions.reading(connection) as active:
            waiting = credit_ledger.read_customers_without_credit(active)
        for customer in waiting:
            with suppress(BillingError):  # it waits on, and the customer's run says why
                self._release_pending(customer, connection)
        return report

    def _release_pending(self, customer: str, connection: Connection | None) -> None:
        """Grant credits that waited for the payment of a month, in a transaction of their own."""
        with self._transactions.writing(connection) as active:
            master_data.lock_customer(active, customer)
            claim_desk.release_pending(active, customer, self._book)

    def count_customers(self, *, connection: Connection | None = None) -> int:
        """Return how many customers a run goes through."""
        with self._transactions.reading(connection) as active:
            return len(master_data.read_customer_ids(active))

    def plan(
        self,
        month: Month,
        *,
        customers: Sequence[str] | None = None,
        on: date | None = None,
        connection: Connection | None = None,
    ) -> Iterator[CustomerPlan]:
        """Plan a month, customer by customer in order of id, all or those named; writes nothing.

        `on` is the day of issue that is planned for: credits that expire before it are not set off.
        """
        with self._transactions.reading(connection) as active:
            ids = master_data.read_customer_ids(active)
        wanted = ids if customers is None else [customer for customer in ids if customer in set(customers)]
        cards = RateCards(self._book, month)
        for batch in batches(wanted):
            with self._transactions.reading(connection) as active:
                inputs = _read_inputs(active, month, batch, on)
            yield from plan_billing_run(inputs, cards, self._settings or _UNSETTLED)

    def issue(
        self,
        month: Month,
        issued_on: date,
        *,
        connection: Connection | None = None,
        on_progress: Callable[[CustomerPlan], object] | None = None,
    ) -> list[CustomerPlan]:
        """Plan and issue a month, one transaction per customer; tells what became of each, also as it goes.

        What decides an invoice is read in the transaction that writes it, so nothing that changes meanwhile is missed.
        A customer that fails is reported and stops no other. In a host's transaction errors are the host's to handle.
        Raises SettingsMissingError when there is no seller to issue for.
        """
        if self._settings is None:
            raise SettingsMissingError
        with self._transactions.reading(connection) as active:
            ids = master_data.read_customer_ids(active)
        cards = RateCards(self._book, month)
        plans = []
        for customer in ids:
            plans.append(self._issue_one(customer, cards, self._settings, issued_on, connection))
            if on_progress is not None:
                on_progress(plans[-1])
        return plans

    def _issue_one(
        self, customer: str, cards: RateCards, settings: Settings, issued_on: date, connection: Connection | None
    ) -> CustomerPlan:
        known = None
        try:
            with self._transactions.writing(connection) as active:
                known = master_data.read_customers(active, [customer])[customer]
                self._settle_credits(active, customer, issued_on)
                (given,) = _read_inputs(active, cards.month, [customer], issued_on)
                plan = plan_customer(given, cards, settings)
                if plan.outcome is not RunOutcome.TO_ISSUE or plan.draft is None:
                    return plan
                number = invoices.issue_invoice(active, plan.draft, settings.number_format, issued_on)
        except Exception as error:  # whatever is wrong with one customer must not stop the others
            if connection is not None or known is None:
                raise
            return failed(known, _without_parameters(error))
        if number is None:
            return replace(plan, outcome=RunOutcome.ALREADY_ISSUED, reason="by another run at the same time")
        if plan.draft.setoffs and not plan.draft.amount_due:
            self._release_pending(customer, connection)  # the month is paid, by credits alone
        return replace(plan, outcome=RunOutcome.ISSUED, invoice_number=number)

    def _settle_credits(self, connection: Connection, customer: str, on: date) -> None:
        """Bring a customer's credits up to date before they are set off, and let nobody else spend them meanwhile."""
        master_data.lock_customer(connection, customer)
        claim_desk.release_pending(connection, customer, self._book)
        credit_ledger.expire(connection, customer, on)

    def held(
        self, month: Month | None = None, *, connection: Connection | None = None
    ) -> list[tuple[Month, CustomerPlan]]:
        """Plan the customers that have unbilled work, of a month or of all; keeps those that hold some, or failed."""
        with self._transactions.reading(connection) as active:
            days = work.read_unbilled_days(active)
        customers_by_month: dict[Month, set[str]] = {}
        for customer, day in days:
            # A day in UTC is part of up to three days elsewhere, and these of two months.
            for near in (day - timedelta(days=1), day, day + timedelta(days=1)):
                customers_by_month.setdefault(Month(near.year, near.month), set()).add(customer)
        months = sorted(customers_by_month) if month is None else [month]
        plans = (
            (period, plan)
            for period in months
            for plan in self.plan(period, customers=sorted(customers_by_month.get(period, ())), connection=connection)
        )
        return [(period, plan) for period, plan in plans if plan.held or plan.outcome is RunOutcome.FAILED]

    def list_invoices(self, period: Month | None = None, *, connection: Connection | None = None) -> list[Invoice]:
        """Return all invoices, or a period's, in order of number, without their lines and entries."""
        with self._transactions.reading(connection) as active:
            return invoices.read_invoices(active, period)

    def read_invoice(self, number: str, *, connection: Connection | None = None) -> Invoice:
        """Return an issued invoice, complete; raises InvoiceNotFoundError."""
        with self._transactions.reading(connection) as active:
            return invoices.read_invoice(active, number)


def _read_inputs(connection: Connection, month: Month, ids: Sequence[str], on: date | None) -> list[CustomerInput]:
    """Read what decides these customers' month; work with a day more on either side, of which rating takes its own."""
    customers = master_data.read_customers(connection, ids)
    contracts = by_customer(master_data.read_contracts(connection, ids).values())
    numbers = invoices.read_numbers(connection, month, ids)
    start = midnight_utc(month.first_day) - SECONDS_PER_DAY
    end = midnight_utc(month.last_day + timedelta(days=1)) + SECONDS_PER_DAY
    entries = work.read_unbilled_entries(connection, ids, start, end)
    expenses = work.read_unbilled_expenses(connection, ids, month.first_day, month.last_day)
    used = invoices.read_used_price_lists(connection)
    usable = by_customer(credit_ledger.read_usable_credits(connection, ids, month, on))
    return [
        CustomerInput(
            customer=customers[customer],
            contracts=contracts.get(customer, []),
            entries=entries.get(customer, []),
            expenses=expenses.get(customer, []),
            invoice_number=numbers.get(customer),
            used_price_lists=used,
            credits=usable.get(customer, []),
        )
        for customer in ids
    ]


def _without_parameters(error: Exception) -> Exception:
    """Leave out of a database error the statement and its parameters, which may hold personal data."""
    return BillingError(f"the database refused: {error.orig}") if isinstance(error, DBAPIError) else error
