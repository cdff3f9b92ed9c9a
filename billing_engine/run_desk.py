"""`RunDesk`: a month is planned, issued, resumed and released; part of `BillingEngine`.

A plan is made from what was read for many customers at once. They are then issued a few to a transaction, which first
makes sure that nothing changed since; otherwise it reads and plans again. Whatever stops a run, the next
one goes on: an invoice is there with all that belongs to it, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from billing_engine import claim_desk
from billing_engine.billing_run import (
    CustomerPlan,
    RunOutcome,
    failed,
    hash_of_run,
    plan_billing_run,
)
from billing_engine.errors import BillingError, NotParkedError, PlanChangedError, SettingsMissingError
from billing_engine.issuing import Approval, Desk, Planned, groups_of, is_done, issue_plans, still_true
from billing_engine.journal import Journal
from billing_engine.model.instant import local_date
from billing_engine.model.invoice import Seller
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.model.text import check_words
from billing_engine.rating.rate_card import RateCards
from billing_engine.run_inputs import Known, read_inputs
from billing_engine.storage import credit_ledger, invoices, master_data, runs, sequences, unsettled, work
from billing_engine.storage.inserting import batches
from billing_engine.storage.runs import Progress, Release, RunState
from billing_engine.transactions import Transactions

_UNSETTLED = Settings(seller=Seller(name="", address="", country=""))
"""Plans may be made before there are settings; they then show no tax."""

_LONGEST_DELAY = 10
"""Years after a month in which its invoices may still be issued."""

GROUP = 20
"""Customers that are issued in one transaction, as long as nothing goes wrong: it is commits that take the time."""

OnProgress = Callable[[CustomerPlan], object]


class RunDesk:
    """Plans and issues months; `connection=` joins a transaction of the host."""

    def __init__(
        self, transactions: Transactions, book: PriceListBook, settings: Settings | None, journal: Journal
    ) -> None:
        self._transactions = transactions
        self._book = book
        self._settings = settings
        self._journal = journal

    def plan(
        self, month: Month, customers: Sequence[str] | None, on: date | None, connection: Connection | None
    ) -> Iterator[CustomerPlan]:
        """Plan a month, customer by customer in order of id, all or those named; writes nothing."""
        cards = RateCards(self._book, month)
        for batch in batches(self._ids(customers, connection)):
            with self._transactions.reading(connection) as active:
                inputs = [known.given for known in read_inputs(active, month, batch, on)]
            yield from plan_billing_run(inputs, cards, self._settings or _UNSETTLED)

    def _ids(self, wanted: Sequence[str] | None, connection: Connection | None) -> list[str]:
        with self._transactions.reading(connection) as active:
            ids = master_data.read_customer_ids(active)
        return ids if wanted is None else [customer for customer in ids if customer in set(wanted)]

    def issue(
        self,
        month: Month,
        issued_on: date,
        plan_hash: str | None,
        connection: Connection | None,
        on_progress: OnProgress | None,
    ) -> list[CustomerPlan]:
        """Issue a month; see `BillingEngine.issue`."""
        settings = self._settings
        if settings is None:
            raise SettingsMissingError
        numbering = settings.invoice_numbering(month)
        ids = self._ids(None, connection)
        with self._transactions.reading(connection) as active:
            sequences.check_date_order(active, numbering.series, numbering.year, issued_on)
        _check_day(month, issued_on)
        approved = None if plan_hash is None else self._approved(month, issued_on, plan_hash, connection)
        self._settle(issued_on, connection)
        self._begin(month, ids, connection)
        cards = RateCards(self._book, month)
        desk = Desk(month, Approval(settings, issued_on, approved), self._book, self._journal)
        plans: list[CustomerPlan] = []
        for batch in batches(ids):
            with self._transactions.reading(connection) as active:
                known = read_inputs(active, month, batch, issued_on)
            planned = zip(known, plan_billing_run([one.given for one in known], cards, settings), strict=True)
            # In a host's transaction nothing can be tried again, so each stands alone.
            for group in groups_of(planned, 1 if connection is not None else GROUP):
                for plan in self._issue_group(group, cards, desk, connection):
                    plans.append(plan)
                    if on_progress is not None:
                        on_progress(plan)
        return plans

    def _settle(self, on: date, connection: Connection | None) -> None:
        """Bring credits up to date before anything is issued; one customer's trouble shows when its credit is used.

        Where an approved plan knew nothing of it, its customer is refused and the next plan knows.
        """
        with self._transactions.reading(connection) as active:
            customers = unsettled.read_unsettled_customers(active, on)
        for customer in customers:

            def settle(active: Connection, customer: str = customer) -> None:
                master_data.lock_customer(active, customer)
                with self._journal.of_credits(active, customer):
                    claim_desk.release_pending(active, customer, self._book)
                    credit_ledger.expire(active, customer, on)

            with suppress(BillingError):  # it waits on, and the customer's claims say why
                self._transactions.retrying(connection, settle)

    def _approved(
        self, month: Month, issued_on: date, plan_hash: str, connection: Connection | None
    ) -> Mapping[str, str]:
        """Return the plan's hashes by customer; raises PlanChangedError when it is not the one that was approved."""
        plans = list(self.plan(month, None, issued_on, connection))
        found = hash_of_run(plans)
        if found != plan_hash:
            raise PlanChangedError(
                f"the plan of {month} has the hash {found}, and {plan_hash} was approved: its input changed since. "
                f"Nothing was issued; look at `billing-engine run --month {month}` again"
            )
        return {plan.customer.customer: plan.plan_hash for plan in plans}

    def _begin(self, month: Month, ids: Sequence[str], connection: Connection | None) -> None:
        """Put down the run and its customers, once."""

        def begin(active: Connection) -> None:
            new = runs.begin_run(active, month, self._journal.moment(), self._journal.actor)
            runs.plan_customers(active, month, ids)
            if new:
                self._journal.note(active, "run.begun", str(month), customers=len(ids))

        self._transactions.retrying(connection, begin)

    def _issue_group(
        self, group: Sequence[Planned], cards: RateCards, desk: Desk, connection: Connection | None
    ) -> Iterator[CustomerPlan]:
        """Issue customers in one transaction; when that fails one by one, so that each stands for itself."""
        if all(is_done(known, plan) for known, plan in group):
            yield from (plan for _, plan in group)
            return

        def issue(active: Connection) -> list[CustomerPlan]:
            return issue_plans(active, still_true(active, group, cards, desk), desk)

        try:
            yield from self._transactions.retrying(connection, issue)
        except Exception as error:  # whatever is wrong with one customer must not stop the others
            if connection is not None:
                raise
            if len(group) == 1:
                yield self._note_failure(group[0][0], cards.month, _without_parameters(error))
                return
            for one in group:
                yield from self._issue_group([one], cards, desk, connection)

    def _note_failure(self, known: Known, month: Month, error: Exception) -> CustomerPlan:
        """Note that a customer failed, unless its invoice is there: also the answer to a commit may be lost."""
        plan = replace(failed(known.given.customer, error), former=known.given.former)
        customer = plan.customer.customer

        def note(active: Connection) -> str | None:
            master_data.lock_customer(active, customer)
            numbered = invoices.read_numbered(active, month, [customer]).get(customer)
            found = runs.read_progress(active, month, [customer]).get(customer)
            if numbered is not None:
                ended = Progress(RunState.ISSUED, "", numbered.content_hash)
            else:
                ended = Progress(RunState.FAILED, plan.reason)
            if found is None or found.state not in runs.CLOSED:
                runs.note_progress(active, month, {customer: ended})
            return None if numbered is None else numbered.number

        with suppress(BillingError, DBAPIError):  # the run's outcome tells it anyway
            number = self._transactions.retrying(None, note)
            if number is not None:
                return replace(plan, outcome=RunOutcome.ALREADY_ISSUED, reason="", invoice_number=number)
        return plan

    def release(self, month: Month, customer: str, note: str, connection: Connection | None) -> CustomerPlan:
        """Let a parked plan pass; see `BillingEngine.release`."""
        if not note.strip():
            raise NotParkedError("a release needs a note that says who looked at it and why it is right")
        check_words(note, "the note")
        today = local_date(self._journal.moment(), UTC)
        plans = list(self.plan(month, [customer], today, connection))
        if not plans:
            raise NotParkedError(f"there is no customer {customer!r}")
        (plan,) = plans
        if plan.outcome is not RunOutcome.PARKED:
            raise NotParkedError(f"customer {customer} is not parked in {month}: {plan.outcome.replace('_', ' ')}")

        def write(active: Connection) -> None:
            master_data.lock_customer(active, customer)
            runs.begin_run(active, month, self._journal.moment(), self._journal.actor)
            given = Release(plan.plan_hash, note.strip(), self._journal.moment(), self._journal.actor)
            if runs.release(active, month, customer, given):
                master_data.count_change(active, [customer])
                self._journal.note(
                    active, "run.released", f"{month}/{customer}", plan_hash=plan.plan_hash, note=given.note
                )

        self._transactions.retrying(connection, write)
        return replace(plan, outcome=RunOutcome.TO_ISSUE)

    def progress(self, month: Month, connection: Connection | None) -> dict[str, Progress]:
        """Return how far a month's run came, by customer."""
        ids = self._ids(None, connection)
        with self._transactions.reading(connection) as active:
            return runs.read_progress(active, month, ids)

    def held(self, month: Month | None, connection: Connection | None) -> list[tuple[Month, CustomerPlan]]:
        """Plan the months that have unbilled work, or that a run began and is not done with for a customer.

        Keeps those that hold some work, failed, or wait for a run; of a month or of all.
        """
        with self._transactions.reading(connection) as active:
            days = work.read_unbilled_days(active)
            waiting = runs.read_open(active)
        customers_by_month: dict[Month, set[str]] = {}
        for customer, day in days:
            # A day in UTC is part of up to three days elsewhere, and these of two months.
            for near in (day - timedelta(days=1), day, day + timedelta(days=1)):
                customers_by_month.setdefault(Month.of(near), set()).add(customer)
        for period, customer in waiting:
            customers_by_month.setdefault(period, set()).add(customer)
        months = sorted(customers_by_month) if month is None else [month]
        found = []
        for period in months:
            for plan in self.plan(period, sorted(customers_by_month.get(period, ())), None, connection):
                told = plan
                if plan.outcome is RunOutcome.TO_ISSUE and (period, plan.customer.customer) in waiting:
                    told = replace(
                        plan, reason=f"not billed yet; `billing-engine run --month {period} --issue` does it"
                    )
                if told.held or told.stays_behind:
                    found.append((period, told))
        return found


def _check_day(month: Month, issued_on: date) -> None:
    """Raise BillingError for a day that can only be a slip: the series could not go on from it for years."""
    if issued_on.year > month.year + _LONGEST_DELAY:
        last = date(month.year + _LONGEST_DELAY, 12, 31)
        raise BillingError(f"invoices of {month} are issued by {last} at the latest; found {issued_on}")


def _without_parameters(error: Exception) -> Exception:
    """Leave out of a database error the statement and its parameters, which may hold personal data."""
    return BillingError(f"the database refused: {error.orig}") if isinstance(error, DBAPIError) else error
