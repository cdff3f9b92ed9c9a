"""The billing run: what each customer's month comes to. Pure: the plan decides, `BillingEngine.issue` writes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from billing_engine.errors import BillingError, PriceListChangedError
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.model.charge import HeldEntry
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.credit import Credit
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.settings import Settings
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.rating.annex import annex_entries
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import CustomerMonth, rate_customer

log = logging.getLogger(__name__)


class RunOutcome(StrEnum):
    """How a customer ends a run."""

    TO_ISSUE = "to_issue"
    ISSUED = "issued"
    ALREADY_ISSUED = "already_issued"
    NOTHING_TO_BILL = "nothing_to_bill"
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
    used_price_lists: Mapping[str, str]
    """Versions that issued invoices used, with the hash of their terms."""
    credits: Sequence[Credit] = ()
    """That may be set off on the month's invoice (C4, S2)."""


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """What a run would do for a customer, and why."""

    customer: Customer
    outcome: RunOutcome
    reason: str = ""
    draft: InvoiceDraft | None = None
    held: tuple[HeldEntry, ...] = ()
    invoice_number: str | None = None


def plan_billing_run(inputs: Iterable[CustomerInput], cards: RateCards, settings: Settings) -> Iterator[CustomerPlan]:
    """Plan a month, customer by customer; one that fails is reported and stops no other."""
    for given in inputs:
        yield _plan_or_fail(given, cards, settings)


def _plan_or_fail(given: CustomerInput, cards: RateCards, settings: Settings) -> CustomerPlan:
    try:
        return plan_customer(given, cards, settings)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one customer must not stop the others
        return failed(given.customer, error)


def failed(customer: Customer, error: Exception) -> CustomerPlan:
    """Report a customer whose month could not be planned or issued; a bug is logged with where it happened."""
    if isinstance(error, BillingError):
        return CustomerPlan(customer, RunOutcome.FAILED, str(error))
    log.error("customer %s failed", customer.customer, exc_info=error)
    return CustomerPlan(customer, RunOutcome.FAILED, f"{type(error).__name__}: {error}")


def plan_customer(given: CustomerInput, cards: RateCards, settings: Settings) -> CustomerPlan:
    """Plan one customer's month; raises BillingError when it can not be billed."""
    rated = rate_customer(given.customer, given.contracts, given.entries, given.expenses, cards)
    _check_price_lists(rated, given.used_price_lists)
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
    draft = draft_invoice(given.customer, cards.month, rated.statements, annex, settings, given.credits)
    if not any(line.amount for line in draft.lines) and not settings.zero_invoices:
        return CustomerPlan(given.customer, RunOutcome.NOTHING_TO_BILL, "comes to 0.00", draft, rated.all_held)
    return CustomerPlan(given.customer, RunOutcome.TO_ISSUE, draft=draft, held=rated.all_held)


def _check_price_lists(rated: CustomerMonth, used: Mapping[str, str]) -> None:
    """Raise PriceListChangedError when terms differ from when an invoice first used them."""
    for statement in rated.statements:
        if used.get(statement.price_list_version, statement.price_list_hash) != statement.price_list_hash:
            raise PriceListChangedError(
                f"price list {statement.price_list_version} was changed after invoices were issued with it; "
                "restore it and write the change as a new version with a later valid_from"
            )


def _late(rated: CustomerMonth, invoice_number: str) -> list[HeldEntry]:
    """Work that could be billed, but came or was decided after its month was invoiced."""
    charges = [charge for statement in rated.statements for charge in statement.charges]
    late: dict[str, TimeEntry | Expense] = {entry.entry: entry for charge in charges for entry in charge.entries}
    late |= {charge.expense.expense: charge.expense for charge in charges if charge.expense is not None}
    reason = f"not on invoice {invoice_number}, which was issued before"
    return [HeldEntry(item, reason) for item in late.values()]
