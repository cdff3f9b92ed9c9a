"""What a plan needs, read from the database for many customers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.billing_run import CustomerInput, FeeReturn
from billing_engine.model.contract import Contract, by_customer
from billing_engine.model.credit import CreditSource
from billing_engine.model.history import NO_HISTORY, FeeRefund, History
from billing_engine.model.instant import SECONDS_PER_DAY, midnight_utc
from billing_engine.model.period import Month
from billing_engine.rating.fees import fee_refunds
from billing_engine.storage import billed, credit_ledger, credit_notes, figures, invoices, master_data, runs, work
from billing_engine.storage.invoices import Numbered
from billing_engine.storage.runs import Progress


class Known(NamedTuple):
    """A customer's input, and what says whether it still holds when the plan is to be issued."""

    given: CustomerInput
    version: int
    progress: Progress | None
    """How far the run came with the customer; None when it does not know the customer yet."""
    revision: int
    """That the month's next invoice would have."""
    former_claims: Mapping[str, int]
    """How often entries and expenses stood on invoices that were credited to be billed anew."""

    @property
    def customer(self) -> str:
        return self.given.customer.customer


def read_inputs(connection: Connection, month: Month, ids: Sequence[str], on: date | None) -> list[Known]:
    """Read what decides these customers' month; work with a day more on either side, of which rating takes its own."""
    # Before all else: whatever changes later than this was not read, and then the version is another one.
    versions = master_data.read_versions(connection, ids)
    customers = master_data.read_customers(connection, ids)
    contracts = by_customer(master_data.read_contracts(connection, ids).values())
    numbered = invoices.read_numbered(connection, month, ids)
    revisions = invoices.read_revisions(connection, month, ids)
    histories = billed.read_histories(connection, ids)
    claims = billed.read_former_claims(connection, ids)
    start, end = _reach(month, histories)
    entries = work.read_unbilled_entries(connection, ids, midnight_utc(start) - SECONDS_PER_DAY, midnight_utc(end))
    expenses = work.read_unbilled_expenses(connection, ids, start, month.last_day)
    used = invoices.read_used_price_lists(connection)
    # One more month: a fee in advance is for the period that begins after the month (C4).
    usable = by_customer(credit_ledger.read_usable_credits(connection, ids, month.next(), on))
    progress = runs.read_progress(connection, month, ids)
    released = runs.read_released(connection, month, ids)
    former = figures.read_figures(connection, month.previous(), ids)
    begun = [one for one in runs.read_begun(connection) if one < month]
    found = []
    for customer in ids:
        noted = progress.get(customer)
        own = contracts.get(customer, [])
        history = histories.get(customer, NO_HISTORY)
        given = CustomerInput(
            customer=customers[customer],
            contracts=own,
            entries=entries.get(customer, []),
            expenses=expenses.get(customer, []),
            invoice_number=numbered[customer].number if customer in numbered else None,
            used_price_lists=used,
            credits=usable.get(customer, []),
            history=history,
            returns=_read_returns(connection, customer, own, history),
            former=former.get(customer),
            noted_hash=_noted_hash(noted, numbered.get(customer)),
            open_months=tuple(
                one for one in begun if one not in history.closed and any(contract.active_days(one) for contract in own)
            ),
            released=released.get(customer, frozenset()),
        )
        revision = revisions.get(customer, 0) + 1
        found.append(Known(given, versions[customer], noted, revision, claims.get(customer, {})))
    return found


def _noted_hash(noted: Progress | None, numbered: Numbered | None) -> str:
    """Return the hash of what was issued for the month, as the run noted it, else as the invoice says."""
    if noted is not None and noted.state in runs.CLOSED:
        return noted.plan_hash
    return "" if numbered is None else numbered.content_hash


def _reach(month: Month, histories: Mapping[str, History]) -> tuple[date, date]:
    """Find the first day of the first month whose late work may be billed, and two days after the month's end."""
    months = [month, *(closed for history in histories.values() for closed in history.closed)]
    return min(months).first_day, month.last_day + timedelta(days=2)


def _read_returns(
    connection: Connection, customer: str, contracts: Sequence[Contract], history: History
) -> list[FeeReturn]:
    """Read the invoices with fees for days on which a contract does not run.

    When fees were paid back after a termination (U6), that settled what had been invoiced by then.
    """
    by_invoice: dict[str, list[FeeRefund]] = {}
    for refund in fee_refunds(contracts, history):
        by_invoice.setdefault(refund.invoice, []).append(refund)
    if not by_invoice:
        return []
    known = credit_ledger.read_credits(connection, [customer])
    settled_on = max((one.granted_on for one in known if one.source is CreditSource.TERMINATION), default=date.min)
    concerned = ((invoices.read_invoice(connection, number), fees) for number, fees in sorted(by_invoice.items()))
    return [
        FeeReturn(invoice, credit_notes.read_credit_notes(connection, invoice=invoice.number), fees)
        for invoice, fees in concerned
        if invoice.issued_on > settled_on
    ]
