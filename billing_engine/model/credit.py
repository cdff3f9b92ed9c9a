"""Credits: what a customer may set off, and the ledger in which every cent of them is accounted for (S1, S2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billing_engine.errors import SelfCheckError
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month, day_in_words
from billing_engine.model.sla_terms import Setoff


class CreditSource(StrEnum):
    """Why there is a credit."""

    CLAIM = "claim"
    GOODWILL = "goodwill"
    TERMINATION = "termination"
    OVERPAYMENT = "overpayment"


@dataclass(frozen=True, slots=True)
class Credit:
    """An amount that is taken off a customer's invoices, and what is left of it."""

    credit: str
    customer: str
    currency: str
    source: CreditSource
    claim: str
    """Number of the claim, empty for other sources."""
    granted_on: date
    amount: Decimal
    remaining: Decimal
    """A projection of the ledger."""
    reason: str
    setoff: Setoff
    applies_from: Month | None = None
    """First billing period whose invoice it may lower; None is the next invoice (C4)."""
    expires_on: date | None = None
    """Last day on which it can be set off."""
    invoice: str = ""
    """Number of the invoice that was overpaid, empty for other sources."""

    @property
    def reference(self) -> str:
        """What an invoice names: the claim or the overpaid invoice, else the credit."""
        return self.claim or self.invoice or self.credit


class Account(StrEnum):
    """The accounts between which credits move; each posting takes from one what it gives another."""

    GRANTED = "granted"
    AVAILABLE = "available"
    APPLIED = "applied"
    EXPIRED = "expired"
    REFUNDED = "refunded"


class LedgerEntry(NamedTuple):
    """One side of a posting; the two sides of each posting sum to zero."""

    posting: str
    account: Account
    credit: str
    customer: str
    currency: str
    amount: Decimal
    posted_on: date
    invoice: str
    """Number of the invoice that it was set off on, else empty."""
    reason: str
    credit_note: str = ""
    """Number of the credit note that gave it back, else empty."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody grants by hand: goodwill, or fees paid back after a termination."""

    customer: str
    amount: Decimal
    reason: str
    currency: str = ""
    """Empty takes the currency of the customer's contracts."""
    setoff: Setoff = Setoff.BEFORE_TAX
    expires_on: date | None = None
    source: CreditSource = CreditSource.GOODWILL

    @classmethod
    def of_refund(cls, refund: Refund) -> Grant:
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


def check_balances(credits_: Iterable[Credit], entries: Iterable[LedgerEntry]) -> None:
    """Raise SelfCheckError unless the ledger accounts for every cent of the credits (S1)."""
    postings: dict[str, Decimal] = {}
    accounts: dict[tuple[str, Account], Decimal] = {}
    for entry in entries:
        postings[entry.posting] = postings.get(entry.posting, ZERO) + entry.amount
        key = (entry.credit, entry.account)
        accounts[key] = accounts.get(key, ZERO) + entry.amount
    wrong = [f"posting {posting} does not balance" for posting, total in postings.items() if total]
    for credit in credits_:
        granted = -accounts.get((credit.credit, Account.GRANTED), ZERO)
        left = accounts.get((credit.credit, Account.AVAILABLE), ZERO)
        if (granted, left) != (credit.amount, credit.remaining):
            says = f"{credit.remaining} of {credit.amount} left, the ledger {left} of {granted}"
            wrong.append(f"credit {credit.credit} says {says}")
    if wrong:
        raise SelfCheckError(f"nothing was booked: {'; '.join(wrong)}")
