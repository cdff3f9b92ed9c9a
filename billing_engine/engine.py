"""`BillingEngine`: the one object that a host application holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from billing_engine.billing_run import CustomerPlan
from billing_engine.doctor import Diagnosis, Trail, diagnose, list_trail, verify_trail
from billing_engine.import_folder import PAYMENTS, ImportReport, import_folder
from billing_engine.journal import Clock, Journal, system_clock
from billing_engine.model.check import Check
from billing_engine.model.invoice import Invoice
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import DocumentTerms, Settings
from billing_engine.receivables_desk import ReceivablesDesk
from billing_engine.run_desk import RunDesk
from billing_engine.sla_desk import SlaDesk
from billing_engine.storage import credit_ledger, invoices, master_data, schema
from billing_engine.storage.audit import Recorded
from billing_engine.storage.runs import Progress
from billing_engine.stripe_records import StripeRecords
from billing_engine.transactions import Transactions
from billing_engine.upgrading import upgrade_schema

if TYPE_CHECKING:
    from billing_engine.document_desk import DocumentDesk
    from billing_engine.mailing_desk import MailingDesk
    from billing_engine.stripe_desk import StripeDesk
    from billing_engine.stripe_push import Pace
    from billing_engine.stripe_sync.access import StripeAccess


class BillingEngine:
    """Imports work, plans a month, issues its invoices and reads them back, over the host's SQLAlchemy engine.

    Every operation takes `connection=` to join a transaction of the host; it then neither commits nor rolls back.
    """

    def __init__(
        self,
        engine: Engine,
        book: PriceListBook,
        settings: Settings | None = None,
        *,
        clock: Clock = system_clock,
        actor: str = "",
    ) -> None:
        """Work over an engine; `clock` and `actor` say when and in whose name, for the audit trail.

        Raises InvalidTextError when the actor is longer than 100 characters, or not printable.
        """
        self._transactions = Transactions(engine)
        self._book = book
        self._settings = settings
        self._journal = Journal(clock, actor)
        self._runs = RunDesk(self._transactions, book, settings, self._journal)
        self.sla = SlaDesk(self._transactions, book, self._journal)
        """Claims, credits and reports of service levels."""
        self.receivables = ReceivablesDesk(self._transactions, book, settings, self._journal)
        """Payments, credit notes, ageing and reminders."""
        self.stripe_records = StripeRecords(self._transactions, self._journal, self.receivables)
        """How customers are billed at Stripe, and how far the sync is."""

    def stripe(
        self, access: StripeAccess, *, timeout: tuple[float, float] | None = None, pace: Pace | None = None
    ) -> StripeDesk:
        """Open a Stripe account: what is sent there, and what comes back; the rest is for tests that can not wait."""
        # The library is slow to import, and most of what is done needs none of it.
        from billing_engine.stripe_desk import StripeDesk  # noqa: PLC0415
        from billing_engine.stripe_push import REAL_TIME  # noqa: PLC0415
        from billing_engine.stripe_receiving import Books  # noqa: PLC0415
        from billing_engine.stripe_sync.gateway import TIMEOUT, Gateway  # noqa: PLC0415

        books = Books(self._transactions, self.receivables, self.sla, self._journal)
        gateway = Gateway(access, timeout or TIMEOUT)
        return StripeDesk(books, self._settings, access, gateway, pace or REAL_TIME)

    @property
    def documents(self) -> DocumentDesk:
        """Pages and e-invoices of what was issued."""
        # What documents are made with is slow to import, and most of what is done makes none.
        from billing_engine.document_desk import DocumentDesk  # noqa: PLC0415

        settings = self._settings
        terms, seller = (DocumentTerms(), None) if settings is None else (settings.documents, settings.seller)
        return DocumentDesk(self._transactions, terms, seller, self._journal)

    def mailing(self, password: str = "", *, pause: Callable[[float], object] = time.sleep) -> MailingDesk:
        """Send documents by the settings' mail server; `pause` waits so many seconds before what is tried again."""
        from billing_engine.mailing_desk import MailingDesk  # noqa: PLC0415 - as above

        return MailingDesk(self._transactions, self._settings, self.documents, self._journal, password, pause)

    def upgrade_schema(self, *, connection: Connection | None = None) -> str:
        """Bring the database to this program's schema, and old records into the trail; returns the version."""
        with self._transactions.writing(connection) as active:
            return upgrade_schema(active, self._journal)

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
            lambda store: self._transactions.retrying(connection, store),
            self._journal,
            skip_rejected=skip_rejected,
        )
        paid = report.counts[PAYMENTS]
        # Also for payments that are there already: whoever stored them may have been stopped right after.
        if not report.stored or not paid.added + paid.unchanged:
            return report
        with self._transactions.reading(connection) as active:
            waiting = credit_ledger.read_customers_without_credit(active)
        for customer in waiting:
            self.receivables.release_pending(customer, connection)
        return report

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
        return self._runs.plan(month, customers, on, connection)

    def issue(
        self,
        month: Month,
        issued_on: date,
        *,
        plan_hash: str | None = None,
        connection: Connection | None = None,
        on_progress: Callable[[CustomerPlan], object] | None = None,
    ) -> list[CustomerPlan]:
        """Plan and issue a month in short transactions; tells what became of each customer, also as it goes.

        A run that was stopped goes on where it was; any number may run at once. With a `plan_hash`, of a plan that was
        approved, nothing else is issued. A customer that fails is reported and stops no other, one whose invoice is
        implausible is parked until it is released. In a host's transaction errors are the host's to handle.

        Raises SettingsMissingError when there is no seller to issue for, DateOrderError when the series of numbers has
        an invoice of a later day, and PlanChangedError when the plan is not the approved one: nothing is issued then.
        """
        return self._runs.issue(month, issued_on, plan_hash, connection, on_progress)

    def release(self, month: Month, customer: str, note: str, *, connection: Connection | None = None) -> CustomerPlan:
        """Let the plan that parked a customer pass, with a note that is kept; any other plan is parked again.

        Raises NotParkedError.
        """
        return self._runs.release(month, customer, note, connection)

    def progress(self, month: Month, *, connection: Connection | None = None) -> dict[str, Progress]:
        """Return how far a month's run came, by customer; empty when nobody began it."""
        return self._runs.progress(month, connection)

    def held(
        self, month: Month | None = None, *, connection: Connection | None = None
    ) -> list[tuple[Month, CustomerPlan]]:
        """Plan the customers that have unbilled work, of a month or of all; keeps those that hold some, or failed."""
        return self._runs.held(month, connection)

    def list_invoices(self, period: Month | None = None, *, connection: Connection | None = None) -> list[Invoice]:
        """Return all invoices, or a period's, in order of number, without their lines and entries."""
        with self._transactions.reading(connection) as active:
            return invoices.read_invoices(active, period)

    def read_invoice(self, number: str, *, connection: Connection | None = None) -> Invoice:
        """Return an issued invoice, complete; raises InvoiceNotFoundError."""
        with self._transactions.reading(connection) as active:
            return invoices.read_invoice(active, number)

    def doctor(
        self, *, on_check: Callable[[Check], object] | None = None, connection: Connection | None = None
    ) -> Diagnosis:
        """Hold the whole database against every rule that it must keep, and list the work that waits."""
        with self._transactions.reading(connection) as active:
            return diagnose(active, lambda: self.held(connection=active), on_check)

    def audit_trail(self, subject: str | None = None, *, connection: Connection | None = None) -> Iterator[Recorded]:
        """Tell who did what and when, from the beginning on; only about a subject where one is named."""
        with self._transactions.reading(connection) as active:
            yield from list_trail(active, subject)

    def verify_trail(self, expected: str = "", *, connection: Connection | None = None) -> Trail:
        """Check that the trail and what it tells of were not changed; an expected hash must be in it."""
        with self._transactions.reading(connection) as active:
            return verify_trail(active, expected)
