"""`SlaDesk`: what a host and the command line do with claims, credits and reports; part of `BillingEngine`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo
from decimal import Decimal

from sqlalchemy import Connection

from billing_engine import claim_desk
from billing_engine.claim_desk import Standing, Verdict
from billing_engine.errors import BillingError, ClaimError, CreditSpentError
from billing_engine.model.contract import Contract, Customer
from billing_engine.model.credit import Account, Credit, CreditSource, LedgerEntry
from billing_engine.model.instant import Instant, local_datetime
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.period import Month, day_in_words
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.sla_report import ClaimStanding, SlaReport
from billing_engine.model.sla_terms import Setoff
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.availability import measure_availability
from billing_engine.sla.claims import is_about
from billing_engine.sla.clocks import Clocks
from billing_engine.sla.summary import opened_in, summarize_targets, worst_cases
from billing_engine.sla.termination import termination_rights, unused_fee
from billing_engine.sla.tickets import measure_tickets
from billing_engine.storage import credit_ledger, invoices, master_data, sla_records
from billing_engine.transactions import Transactions


@dataclass(frozen=True, slots=True)
class Goodwill:
    """A credit that somebody grants by hand."""

    customer: str
    amount: Decimal
    reason: str
    currency: str = ""
    """Empty takes the currency of the customer's contracts."""
    setoff: Setoff = Setoff.BEFORE_TAX
    expires_on: date | None = None
    source: CreditSource = CreditSource.GOODWILL

    @classmethod
    def of_refund(cls, refund: Refund) -> Goodwill:
        """Make a credit of what a customer that terminates gets back; it is paid out, or set off on a last invoice."""
        reason = f"Fees paid for days after {day_in_words(refund.terminated_on)}"
        return cls(refund.customer, refund.amount, reason, refund.currency, source=CreditSource.TERMINATION)


@dataclass(frozen=True, slots=True)
class Refund:
    """What a customer that terminates gets back of fees paid in advance (U6)."""

    customer: str
    terminated_on: date
    rights: tuple[str, ...]
    """Why it may terminate, a sentence per contract; none when it has no such right."""
    parts: tuple[tuple[str, Decimal], ...]
    """Invoice and the part of its fees that falls on later days."""
    currency: str

    @property
    def amount(self) -> Decimal:
        return sum((amount for _, amount in self.parts), ZERO)


class SlaDesk:
    """Decides claims, grants and refunds credits, reports; `connection=` joins a transaction of the host."""

    def __init__(self, transactions: Transactions, book: PriceListBook) -> None:
        self._transactions = transactions
        self._book = book

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
            open_ = [s.claim for s in claim_desk.read_standings(active) if s.decided is None]
        customers = sorted({one.customer for one in open_ if claim in (None, one.claim)})
        if claim is not None and not customers:
            raise ClaimError(f"there is no open claim {claim!r}; `billing-engine claim list` shows all")
        standings: list[Standing] = []
        failed: list[str] = []
        for customer in customers:
            try:
                with self._transactions.writing(connection) as active:
                    standings += claim_desk.decide_by_rule(active, customer, self._book, as_of, decided_on, claim)
            except BillingError as error:
                if connection is not None:
                    raise
                failed.append(f"the claims of customer {customer} were not decided: {error}")
        if failed:
            raise ClaimError("\n".join(failed))
        return standings

    def decide_claim_by_hand(
        self, claim: str, verdict: Verdict, as_of: Instant, decided_on: date, *, connection: Connection | None = None
    ) -> Standing:
        """Decide one claim as somebody says, with a note that is kept; raises ClaimError when that can not be."""
        if not verdict.note.strip():
            raise ClaimError("a decision by hand needs a note")
        with self._transactions.writing(connection) as active:
            return claim_desk.decide_by_hand(active, claim, self._book, as_of, decided_on, verdict)

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

    def grant_credit(self, goodwill: Goodwill, granted_on: date, *, connection: Connection | None = None) -> Credit:
        """Grant a credit by hand; raises BillingError when customer, amount, currency or reason will not do."""
        with self._transactions.writing(connection) as active:
            master_data.lock_customer(active, goodwill.customer)
            currency = self._check(active, goodwill)
            _check_once(active, goodwill)
            if goodwill.expires_on is not None and goodwill.expires_on < granted_on:
                raise BillingError(f"a credit of {granted_on} can not expire on {goodwill.expires_on}, before it")
            credit = Credit(
                credit="",
                customer=goodwill.customer,
                currency=currency,
                source=goodwill.source,
                claim="",
                granted_on=granted_on,
                amount=goodwill.amount,
                remaining=goodwill.amount,
                reason=goodwill.reason,
                setoff=goodwill.setoff,
                expires_on=goodwill.expires_on,
            )
            return credit_ledger.grant_credit(active, credit)

    def _check(self, connection: Connection, goodwill: Goodwill) -> str:
        _check_customer(connection, goodwill.customer)
        contracts = master_data.read_contracts(connection, [goodwill.customer]).values()
        currencies = {self._currency(contract) for contract in contracts} or {goodwill.currency}
        currency = goodwill.currency or (currencies.pop() if len(currencies) == 1 else "")
        if not currency:
            raise BillingError("the customer's contracts are in several currencies, or there are none; name one")
        if goodwill.amount <= 0 or round_money(goodwill.amount, currency) != goodwill.amount:
            raise BillingError(f"{goodwill.amount} is no amount above 0 of {currency}")
        if not goodwill.reason.strip():
            raise BillingError("a credit needs a reason")
        return currency

    def _currency(self, contract: Contract) -> str:
        return contract.currency or self._book.versions(contract.price_list)[-1].currency

    def refund_credit(
        self, credit: str, amount: Decimal | None, reason: str, on: date, *, connection: Connection | None = None
    ) -> Credit:
        """Book that a credit, or a part of it, was paid out; raises CreditSpentError when less is left."""
        with self._transactions.writing(connection) as active:
            if not reason.strip():
                raise BillingError("a refund needs a reason")
            master_data.lock_customer(active, credit_ledger.read_credit(active, credit).customer)
            known = credit_ledger.read_credit(active, credit)
            if known.expires_on is not None and known.expires_on < on:
                raise CreditSpentError(f"credit {credit} expired after {known.expires_on}")
            paid = known.remaining if amount is None else amount
            if paid <= 0 or round_money(paid, known.currency) != paid:
                raise CreditSpentError(f"{paid} is no amount above 0 of {known.currency}")
            return credit_ledger.refund(active, credit, paid, on, reason)

    def report(
        self, month: Month, as_of: Instant, customer: str | None = None, *, connection: Connection | None = None
    ) -> list[SlaReport]:
        """Report a month's service levels, one report per customer that has any."""
        clocks = Clocks()
        with self._transactions.reading(connection) as active:
            _check_customer(active, customer)
            customers = master_data.read_customers(active, None if customer is None else [customer])
            reports = [self._report(active, one, month, as_of, clocks) for one in customers.values()]
        return [r for r in reports if r.tickets or r.availability or r.claims or r.credits]

    def _report(
        self, connection: Connection, customer: Customer, month: Month, as_of: Instant, clocks: Clocks
    ) -> SlaReport:
        sla = claim_desk.read_customer_sla(connection, customer.customer, self._book, as_of, clocks)
        standings = claim_desk.read_standings(connection, customer.customer)
        results = opened_in(measure_tickets(sla), month)
        return SlaReport(
            customer=customer,
            month=month,
            as_of=_on_the_customers_clock(sla, as_of),
            tickets=len(results),
            targets=summarize_targets(results),
            worst=worst_cases(results, as_of),
            availability=tuple(measure_availability(sla, month)),
            claims=tuple(
                ClaimStanding(s.claim, s.decided.decision if s.decided is not None else None)
                for s in standings
                if is_about(s.claim, month)
            ),
            credits=tuple(self._credits_of(connection, customer.customer, month)),
            termination=" ".join(termination_rights(sla, month, [s.claim for s in standings])),
        )

    def _credits_of(self, connection: Connection, customer: str, month: Month) -> list[Credit]:
        """Return the credits with something left, and those that were set off in the month."""
        used = {
            entry.credit
            for entry in credit_ledger.read_ledger(connection, customer)
            if entry.account is Account.APPLIED and month.first_day <= entry.posted_on <= month.last_day
        }
        return [c for c in credit_ledger.read_credits(connection, [customer]) if c.remaining or c.credit in used]

    def termination(
        self, customer: str, terminated_on: date, as_of: Instant, *, connection: Connection | None = None
    ) -> Refund:
        """Say whether a customer may terminate after bad months, and what of its paid fees is for later days (U6).

        The months that count are the ones before the month of termination.
        """
        with self._transactions.reading(connection) as active:
            _check_customer(active, customer)
            sla = claim_desk.read_customer_sla(active, customer, self._book, as_of, Clocks())
            claims = sla_records.read_claims(active, customer)
            last = Month(terminated_on.year, terminated_on.month).previous()
            rights = {
                contract.contract: right
                for contract in sla.contracts
                for right in termination_rights(replace(sla, contracts=(contract,)), last, claims)
            }
            parts, currency = self._unused(active, sla, rights, terminated_on)
        return Refund(customer, terminated_on, tuple(rights.values()), parts, currency)

    def _unused(
        self, connection: Connection, sla: CustomerSla, contracts: Iterable[str], terminated_on: date
    ) -> tuple[tuple[tuple[str, Decimal], ...], str]:
        parts: list[tuple[str, Decimal]] = []
        currency = ""
        paid = [
            due.number
            for due in sla.dues
            if due.paid_on is not None and Month.parse(due.period).last_day > terminated_on
        ]
        for number in paid:
            issued = invoices.read_invoice(connection, number)
            period, currency = issued.draft.period, issued.draft.currency
            fees = [
                line.amount for line in issued.draft.lines if line.kind == "fee" and line.contract in set(contracts)
            ]
            if fees:
                fee = sum(fees, ZERO)
                parts.append((number, unused_fee(fee, period.first_day, period.last_day, terminated_on, currency)))
        return tuple(parts), currency


def _check_customer(connection: Connection, customer: str | None) -> None:
    """Raise BillingError when somebody is named who is not there."""
    if customer is not None and customer not in master_data.read_customers(connection, [customer]):
        raise BillingError(f"there is no customer {customer!r}")


def _check_once(connection: Connection, goodwill: Goodwill) -> None:
    """Raise BillingError when fees were paid back to the customer before: the same days would be paid back twice."""
    if goodwill.source is not CreditSource.TERMINATION:
        return
    for credit in credit_ledger.read_credits(connection, [goodwill.customer]):
        if credit.source is CreditSource.TERMINATION:
            hint = "`billing-engine credit grant` grants what is due besides"
            raise BillingError(f"fees were paid back as {credit.credit} before; {hint}")


def _on_the_customers_clock(sla: CustomerSla, as_of: Instant) -> str:
    """Write what time it is on the clock of the customer's first agreement."""
    zones: list[tzinfo] = [sla.book.versions(contract.price_list)[-1].zone for contract in sla.contracts]
    return local_datetime(as_of, zones[0] if zones else UTC).isoformat()
