"""The billing run: what each customer's month comes to. Pure: the plan decides, `BillingEngine.issue` writes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing_engine.errors import BillingError
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.model.charge import HeldEntry
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.rating.annex import annex_entries
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import CustomerMonth, rate_customer

log = logging.getLogger(__name__)


class RunOutcome(StrEnum):
    """How a customer ends a run."""

    TO_ISSUE = "to issue"
    ISSUED = "issued"
    ALREADY_ISSUED = "already issued"
    NOTHING_TO_BILL = "nothing to bill"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CustomerInput:
    """All that decides a customer's month."""

    customer: Customer
    contracts: Sequence[Contract]
    entries: Sequence[TimeEntry]
    """Of the month and not yet billed."""
    expenses: Sequence[Expense]
    invoice_number: str | None
    """Of the month's invoice, where there is one already."""


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """What a run would do for a customer, and why."""

    customer: Customer
    outcome: RunOutcome
    reason: str = ""
    draft: InvoiceDraft | None = None
    held: tuple[HeldEntry, ...] = ()
    invoice_number: str | None = None

    @property
    def net(self) -> Decimal:
        return self.draft.net if self.draft is not None else ZERO


def plan_billing_run(
    inputs: Iterable[CustomerInput], month: Month, book: PriceListBook, settings: Settings
) -> Iterator[CustomerPlan]:
    """Plan a month, customer by customer; one that fails is reported and stops no other."""
    cards = RateCards(book, month)
    for given in inputs:
        yield _plan_or_fail(given, cards, settings)


def _plan_or_fail(given: CustomerInput, cards: RateCards, settings: Settings) -> CustomerPlan:
    try:
        return plan_customer(given, cards, settings)
    except BillingError as error:
        reason = str(error)
    except Exception as error:  # whatever is wrong with one customer must not stop the others
        log.exception("planning customer %s failed", given.customer.customer)
        reason = f"{type(error).__name__}: {error}"
    return CustomerPlan(given.customer, RunOutcome.FAILED, reason, invoice_number=given.invoice_number)


def plan_customer(given: CustomerInput, cards: RateCards, settings: Settings) -> CustomerPlan:
    """Plan one customer's month."""
    rated = rate_customer(given.customer, given.contracts, given.entries, given.expenses, cards)
    if given.invoice_number is not None:
        held = (*rated.all_held, *_late(rated, given.invoice_number))
        return CustomerPlan(given.customer, RunOutcome.ALREADY_ISSUED, held=held, invoice_number=given.invoice_number)
    if not rated.statements:
        return CustomerPlan(
            given.customer, RunOutcome.NOTHING_TO_BILL, "no contract runs in the month", held=rated.all_held
        )
    annex = [
        entry for statement in rated.statements for entry in annex_entries(statement, cards.card(statement.contract))
    ]
    draft = draft_invoice(given.customer, cards.month, rated.statements, annex, settings)
    if not draft.gross and not settings.zero_invoices:
        return CustomerPlan(given.customer, RunOutcome.NOTHING_TO_BILL, "comes to 0.00", draft, rated.all_held)
    return CustomerPlan(given.customer, RunOutcome.TO_ISSUE, draft=draft, held=rated.all_held)


def _late(rated: CustomerMonth, invoice_number: str) -> list[HeldEntry]:
    """Work that is billable but came after its month was invoiced."""
    charges = [charge for statement in rated.statements for charge in statement.charges]
    late: dict[str, TimeEntry | Expense] = {entry.entry: entry for charge in charges for entry in charge.entries}
    late |= {charge.expense.expense: charge.expense for charge in charges if charge.expense is not None}
    reason = f"came after invoice {invoice_number} was issued"
    return [HeldEntry(item, reason) for item in late.values()]
