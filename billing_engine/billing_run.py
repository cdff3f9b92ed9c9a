"""The billing run: what each customer's month comes to. Pure: the plan decides, `RunDesk.issue` writes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from billing_engine.errors import BillingError, OpenMonthError, PriceListChangedError, SelfCheckError
from billing_engine.invoicing.checks import check_draft, find_implausible
from billing_engine.invoicing.credit_note import draft_fee_credit
from billing_engine.invoicing.draft import draft_invoice
from billing_engine.invoicing.legal import check_legal_fields
from billing_engine.model.charge import HeldEntry, Statement
from billing_engine.model.content_hash import combined_hash, content_hash
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.credit import Credit
from billing_engine.model.credit_note import CreditNote, CreditNoteDraft
from billing_engine.model.figures import Change, Figures, sum_up
from billing_engine.model.history import NO_HISTORY, FeeRefund, History
from billing_engine.model.invoice import Invoice, InvoiceDraft
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings
from billing_engine.model.time_entry import Expense, TimeEntry
from billing_engine.rating.annex import annex_entries
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_customer import CustomerMonth, rate_customer, rate_late

log = logging.getLogger(__name__)


class RunOutcome(StrEnum):
    """How a customer ends a run."""

    TO_ISSUE = "to_issue"
    ISSUED = "issued"
    ALREADY_ISSUED = "already_issued"
    NOTHING_TO_BILL = "nothing_to_bill"
    PARKED = "parked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FeeReturn:
    """Prepaid fees of one invoice that are for days on which the contract does not run any more."""

    invoice: Invoice
    earlier: Sequence[CreditNote]
    fees: Sequence[FeeRefund]


@dataclass(frozen=True, slots=True)
class CustomerInput:
    """All that decides a customer's month."""

    customer: Customer
    contracts: Sequence[Contract]
    entries: Sequence[TimeEntry]
    """Not yet billed, of the month and of those that a run is done with."""
    expenses: Sequence[Expense]
    invoice_number: str | None
    """Of the month's invoice, where there is one already."""
    used_price_lists: Mapping[str, str]
    """Versions that issued invoices used, with the hash of their terms."""
    credits: Sequence[Credit] = ()
    """That may be set off on the month's invoice (C4, S2)."""
    history: History = NO_HISTORY
    returns: Sequence[FeeReturn] = ()
    former: Figures | None = None
    """Sums of the invoice of the month before."""
    noted_hash: str = ""
    """Of what the run issued, where it did."""
    released: frozenset[str] = frozenset()
    """Hashes of plans that somebody let pass."""
    open_months: Sequence[Month] = ()
    """Earlier months that runs began, with contracts of the customer, and are not done with."""


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """What a run would do for a customer, and why."""

    customer: Customer
    outcome: RunOutcome
    reason: str = ""
    draft: InvoiceDraft | None = None
    held: tuple[HeldEntry, ...] = ()
    invoice_number: str | None = None
    credit_notes: tuple[CreditNoteDraft, ...] = ()
    """Over prepaid fees of contracts that ended."""
    plan_hash: str = ""
    """Of all that is to be issued; the same once it is. Empty when there is nothing."""
    former: Figures | None = None
    """Sums of the invoice of the month before."""
    price_lists: frozenset[tuple[str, str]] = frozenset()
    """Versions that priced the draft, with the hash of their terms."""
    open_months: tuple[Month, ...] = ()
    """Earlier months that are not billed yet; this month's run does not bill them."""

    @property
    def stays_behind(self) -> bool:
        """Tell whether the month as a whole waits, and `reason` says for what: that it is mended, released or run."""
        return bool(self.reason) and self.outcome in (RunOutcome.FAILED, RunOutcome.PARKED, RunOutcome.TO_ISSUE)

    @property
    def change(self) -> Change:
        """The plan held against the month before."""
        planned = None
        if self.draft is not None and self.outcome is not RunOutcome.NOTHING_TO_BILL:
            draft = self.draft
            lines = [(line.kind, line.amount) for line in draft.lines]
            planned = sum_up(draft.currency, lines, [setoff.amount for setoff in draft.setoffs], draft.tax)
        return Change(self.customer.customer, self.customer.name, self.former, planned)


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


def hash_of_run(plans: Iterable[CustomerPlan]) -> str:
    """Hash what a run issues, or has issued: the same before and after, and whatever the order."""
    return combined_hash((plan.customer.customer, plan.plan_hash) for plan in plans if plan.plan_hash)


def plan_customer(given: CustomerInput, cards: RateCards, settings: Settings) -> CustomerPlan:
    """Plan one customer's month; raises BillingError when it can not be billed."""
    month_cards = cards.of(cards.month)
    rated = rate_customer(given.customer, given.contracts, given.entries, given.expenses, month_cards, given.history)
    _check_price_lists(rated.statements, given.used_price_lists)
    if given.invoice_number is not None:
        held = (*rated.all_held, *_late(rated, given.invoice_number))
        return CustomerPlan(
            given.customer,
            RunOutcome.ALREADY_ISSUED,
            held=held,
            invoice_number=given.invoice_number,
            plan_hash=given.noted_hash,
            former=given.former,
            open_months=tuple(given.open_months),
        )
    _check_order(given, cards)
    late = rate_late(
        given.customer, given.contracts, given.entries, given.expenses, cards.of, cards.month, given.history
    )
    _check_price_lists([statement for month in late for statement in month.statements], given.used_price_lists)
    plan = CustomerPlan(
        given.customer,
        RunOutcome.NOTHING_TO_BILL,
        held=(*rated.all_held, *(held for month in late for held in month.all_held)),
        credit_notes=_credit_notes(given.returns),
        former=given.former,
        open_months=tuple(given.open_months),
    )
    return _with_draft(plan, given, rated, late, cards, settings)


def _with_draft(
    plan: CustomerPlan,
    given: CustomerInput,
    rated: CustomerMonth,
    late: Sequence[CustomerMonth],
    cards: RateCards,
    settings: Settings,
) -> CustomerPlan:
    """Add what is to be invoiced, and what comes of it."""
    months = [rated, *late]
    if not any(month.statements for month in months):
        return _hashed(replace(plan, reason="no contract runs in the month"), given)
    annex = [
        entry
        for month in months
        for statement in month.statements
        for entry in annex_entries(statement, cards.of(month.month).card(statement.contract))
    ]
    earlier = [statement for month in late for statement in month.statements]
    draft = draft_invoice(given.customer, cards.month, rated.statements, annex, settings, given.credits, earlier)
    _check_claims(draft, plan.held)
    check_draft(draft)
    used = frozenset(listed for month in months for statement in month.statements for listed in statement.price_lists)
    plan = replace(plan, draft=draft, price_lists=used)
    if not any(line.amount for line in draft.lines) and not settings.zero_invoices:
        return _hashed(replace(plan, reason="comes to 0.00"), given)
    if settings.is_complete:
        check_legal_fields(draft)
    plan = _hashed(replace(plan, outcome=RunOutcome.TO_ISSUE), given)
    implausible = find_implausible(draft, given.former, settings.limits)
    if implausible and plan.plan_hash not in given.released:
        return replace(plan, outcome=RunOutcome.PARKED, reason="; ".join(implausible))
    return plan


def _hashed(plan: CustomerPlan, given: CustomerInput) -> CustomerPlan:
    """Add the hash of what is to be issued; of a month that ended without an invoice, of what was issued besides."""
    if plan.outcome is RunOutcome.NOTHING_TO_BILL and not plan.credit_notes:
        return replace(plan, plan_hash=given.noted_hash)
    drafts = (plan.draft,) if plan.outcome is RunOutcome.TO_ISSUE else ()
    return replace(plan, plan_hash=content_hash(*drafts, *plan.credit_notes))


def _credit_notes(returns: Iterable[FeeReturn]) -> tuple[CreditNoteDraft, ...]:
    drafts = (
        draft_fee_credit(one.invoice, one.earlier, one.fees, "Fee for days on which the contract does not run")
        for one in returns
    )
    return tuple(draft for draft in drafts if draft is not None)


def _check_order(given: CustomerInput, cards: RateCards) -> None:
    """Raise OpenMonthError where an earlier month would still decide how many hours roll over into this one (R10)."""
    for contract in given.contracts:
        rollover = cards.listed(contract).rating.rollover if contract.active_days(cards.month) else None
        if rollover is None:
            continue
        for month in given.open_months:
            if contract.active_days(month) and cards.month <= month.plus(rollover.months):
                raise OpenMonthError(
                    f"{month} is not billed yet, and what is left of its hours may be used in {cards.month}; "
                    f"issue {month} first"
                )


def _check_price_lists(statements: Iterable[Statement], used: Mapping[str, str]) -> None:
    """Raise PriceListChangedError when terms differ from when an invoice first used them."""
    for version, terms_hash in (listed for statement in statements for listed in statement.price_lists):
        if used.get(version, terms_hash) != terms_hash:
            raise PriceListChangedError(
                f"price list {version} was changed after invoices were issued with it; "
                "restore it and write the change as a new version with a later valid_from"
            )


def _check_claims(draft: InvoiceDraft, held: Iterable[HeldEntry]) -> None:
    """Raise SelfCheckError when something is billed and held at once."""
    both = sorted({item.id for item in held} & {*(entry.entry for entry in draft.entries), *draft.expenses})
    if both:
        raise SelfCheckError(f"the draft of {draft.customer} bills and holds {', '.join(both)}")


def _late(rated: CustomerMonth, invoice_number: str) -> list[HeldEntry]:
    """Work that could be billed, but came or was decided after its month was invoiced (R11)."""
    charges = [charge for statement in rated.statements for charge in statement.charges]
    late: dict[str, TimeEntry | Expense] = {entry.entry: entry for charge in charges for entry in charge.entries}
    late |= {charge.expense.expense: charge.expense for charge in charges if charge.expense is not None}
    reason = f"not on invoice {invoice_number}, which was issued before; the next invoice bills it"
    return [HeldEntry(item, reason) for item in late.values()]
