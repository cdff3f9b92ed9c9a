"""`SlaDesk`: what a host and the command line do with claims, credits and reports; part of `BillingEngine`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from billing_engine import claim_desk, sla_reporting
from billing_engine.claim_desk import Standing, Verdict
from billing_engine.errors import BillingError, ClaimError, CreditSpentError
from billing_engine.journal import Journal
from billing_engine.model.contract import Contract, currency_of
from billing_engine.model.credit import Credit, CreditSource, Grant, LedgerEntry, Refund
from billing_engine.model.instant import Instant
from billing_engine.model.money import LARGEST, round_money
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.sla_report import SlaReport
from billing_engine.model.text import check_words
from billing_engine.sla.clocks import Clocks
from billing_engine.storage import credit_ledger, master_data, sla_records
from billing_engine.transactions import Transactions


class SlaDesk:
    """Decides claims, grants and refunds credits, reports; `connection=` joins a transaction of the host."""

    def __init__(self, transactions: Transactions, book: PriceListBook, journal: Journal) -> None:
        self._transactions = transactions
        self._book = book
        self._journal = journal

    def claims(self, customer: str | None = None, *, connection: Connection | None = None) -> list[Standing]:
        """Return all claims, or a customer's, in order of receipt, with what became of them."""
        with self._transactions.reading(connection) as active:
            _check_customer(active, customer)
            return claim_desk.read_standings(active, customer)

    def decide_claims(
        self, as_of: Instant, decided_on: date, claim: str | None = None, *, connection: Connection | None = None
    ) -> list[Standing]:
        """Decide all open claims, or one, by the agreements' rules; one transaction per customer.

        Claims about days that are not over at `as_of` stay open. Raises ClaimError when the one that is named is not
        there or was decided, and, once all others are decided, when some customer's could not be.
        """
        with self._transactions.reading(connection) as active:
            named = None if claim is None else claim_desk.customer_of(active, claim)
            customers = sla_records.read_open_customers(active) if named is None else [named]
        standings: list[Standing] = []
        failed: list[str] = []
        for customer in customers:

            def decide(active: Connection, customer: str = customer) -> list[Standing]:
                with self._journal.of_decisions(active, customer):
                    return claim_desk.decide_by_rule(active, customer, self._book, as_of, decided_on, claim)

            try:
                standings += self._transactions.retrying(connection, decide)
            except BillingError as error:
                if connection is not None:
                    raise
                failed.append(f"the claims of customer {customer} were not decided: {error}")
        if failed:
            raise ClaimError("\n".join(failed))
        if claim is not None and not standings:
            with self._transactions.reading(connection) as active:
                raise claim_desk.not_to_be_decided(active, claim)
        return standings

    def decide_claim_by_hand(
        self, claim: str, verdict: Verdict, as_of: Instant, decided_on: date, *, connection: Connection | None = None
    ) -> Standing:
        """Decide one claim as somebody says, with a note that is kept; raises ClaimError when that can not be."""
        if not verdict.note.strip():
            raise ClaimError("a decision by hand needs a note")
        check_words(verdict.note, "the note")

        def decide(active: Connection) -> Standing:
            with self._journal.of_decisions(active, claim_desk.customer_of(active, claim)):
                return claim_desk.decide_by_hand(active, claim, self._book, as_of, decided_on, verdict)

        return self._transactions.retrying(connection, decide)

    def credits(self, customer: str | None = None, *, connection: Connection | None = None) -> list[Credit]:
        """Return all credits, or a customer's, oldest first."""
        with self._transactions.reading(connection) as active:
            _check_customer(active, customer)
            return credit_ledger.read_credits(active, None if customer is None else [customer])

    def ledger(self, customer: str | None = None, *, connection: Connection | None = None) -> list[LedgerEntry]:
        """Return the ledger, or a customer's part of it, in order of day."""
        with self._transactions.reading(connection) as active:
            _check_customer(active, customer)
            return credit_ledger.read_ledger(active, customer)

    def grant_credit(self, grant: Grant, granted_on: date, *, connection: Connection | None = None) -> Credit:
        """Grant a credit by hand; raises BillingError when customer, amount, currency or reason will not do."""

        def write(active: Connection) -> Credit:
            master_data.lock_customer(active, grant.customer)
            currency = self._check(active, grant)
            _check_once(active, grant)
            if grant.expires_on is not None and grant.expires_on < granted_on:
                raise BillingError(f"a credit of {granted_on} can not expire on {grant.expires_on}, before it")
            credit = Credit(
                credit="",
                customer=grant.customer,
                currency=currency,
                source=grant.source,
                claim="",
                granted_on=granted_on,
                amount=grant.amount,
                remaining=grant.amount,
                reason=grant.reason,
                setoff=grant.setoff,
                expires_on=grant.expires_on,
            )
            with self._journal.of_credits(active, grant.customer):
                return credit_ledger.grant_credit(active, credit)

        return self._transactions.retrying(connection, write)

    def _check(self, connection: Connection, grant: Grant) -> str:
        _check_customer(connection, grant.customer)
        contracts = master_data.read_contracts(connection, [grant.customer]).values()
        currencies = {self._currency(contract) for contract in contracts}
        currency = grant.currency or (min(currencies) if len(currencies) == 1 else "")
        if not currency:
            raise BillingError("the customer's contracts are in several currencies, or there are none; name one")
        if contracts and currency not in currencies:
            raise BillingError(f"the customer pays in {' or '.join(sorted(currencies))}; found {currency}")
        if not grant.amount.is_finite() or not 0 < grant.amount <= LARGEST:
            raise BillingError(f"{grant.amount} {currency} is no amount above 0 and up to {LARGEST:,}")
        if round_money(grant.amount, currency) != grant.amount:
            raise BillingError(f"{grant.amount} is finer than the cents of {currency}")
        if not grant.reason.strip():
            raise BillingError("a credit needs a reason")
        check_words(grant.reason, "the reason")
        return currency

    def _currency(self, contract: Contract) -> str:
        return currency_of(contract, self._book.versions(contract.price_list)[-1])

    def refund_credit(
        self, credit: str, amount: Decimal | None, reason: str, on: date, *, connection: Connection | None = None
    ) -> Credit:
        """Book that a credit, or a part of it, was paid out; raises CreditSpentError when less is left."""
        if not reason.strip():
            raise BillingError("a refund needs a reason")
        check_words(reason, "the reason")

        def write(active: Connection) -> Credit:
            master_data.lock_customer(active, credit_ledger.read_credit(active, credit).customer)
            known = credit_ledger.read_credit(active, credit)
            if known.expires_on is not None and known.expires_on < on:
                raise CreditSpentError(f"credit {credit} expired after {known.expires_on}")
            paid = known.remaining if amount is None else amount
            left = f"{known.remaining} {known.currency} of credit {credit} are left"
            if on < known.granted_on:
                raise CreditSpentError(f"credit {credit} was granted on {known.granted_on}, after {on}")
            if not paid.is_finite() or not 0 < paid <= known.remaining:
                raise CreditSpentError(f"{left}; {paid} can not be paid out")
            if round_money(paid, known.currency) != paid:
                raise CreditSpentError(f"{left}; {paid} is finer than the cents of {known.currency}")
            with self._journal.of_credits(active, known.customer):
                return credit_ledger.refund(active, credit, paid, on, reason)

        return self._transactions.retrying(connection, write)

    def report(
        self, month: Month, as_of: Instant, customer: str | None = None, *, connection: Connection | None = None
    ) -> list[SlaReport]:
        """Report a month's service levels, one report per customer that has any."""
        clocks = Clocks()
        with self._transactions.reading(connection) as active:
            _check_customer(active, customer)
            customers = master_data.read_customers(active, None if customer is None else [customer])
            reports = [
                sla_reporting.report_of(active, one, month, self._book, as_of, clocks) for one in customers.values()
            ]
        return [r for r in reports if r.tickets or r.availability or r.claims or r.credits]

    def termination(
        self, customer: str, terminated_on: date, as_of: Instant, *, connection: Connection | None = None
    ) -> Refund:
        """Say whether a customer may terminate after bad months, and what of its paid fees is for later days (U6).

        The months that count are the ones before the month of termination.
        """
        with self._transactions.reading(connection) as active:
            _check_customer(active, customer)
            return sla_reporting.refund_of(active, customer, terminated_on, self._book, as_of)


def _check_customer(connection: Connection, customer: str | None) -> None:
    """Raise BillingError when somebody is named who is not there."""
    if customer is not None and customer not in master_data.read_customers(connection, [customer]):
        raise BillingError(f"there is no customer {customer!r}")


def _check_once(connection: Connection, grant: Grant) -> None:
    """Raise BillingError when fees were paid back to the customer before: the same days would be paid back twice."""
    if grant.source is not CreditSource.TERMINATION:
        return
    for credit in credit_ledger.read_credits(connection, [grant.customer]):
        if credit.source is CreditSource.TERMINATION:
            hint = "`billing-engine credit grant` grants what is due besides"
            raise BillingError(f"fees were paid back as {credit.credit} before; {hint}")
