"""Payments and what else settles an invoice: credit notes; and how far an invoice is settled on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billing_engine.model.money import ZERO


@dataclass(frozen=True, slots=True)
class Payment:
    """An amount received for an invoice on a day."""

    payment: str
    invoice: str
    paid_on: date
    amount: Decimal


class Received(NamedTuple):
    """A payment, with whose it is and in which currency."""

    payment: Payment
    customer: str
    currency: str


class Credited(NamedTuple):
    """What one credit note took back of an invoice."""

    number: str
    issued_on: date
    charged: Decimal
    """Sum of its lines."""
    gross: Decimal


class InvoiceStatus(StrEnum):
    """How far an invoice is settled."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    OVERDUE = "overdue"
    """Something is open after the day on which it was due, whatever was paid."""
    PAID = "paid"
    CREDITED = "credited"
    """Nothing is open, and all of it was taken back."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an invoice asks for, and what came in or was credited."""

    issued_on: date
    due_on: date
    charged: Decimal
    """Sum of its lines, before credits were set off."""
    amount_due: Decimal
    payments: tuple[Payment, ...] = ()
    credit_notes: tuple[Credited, ...] = ()

    def as_of(self, day: date) -> Settlement:
        """Leave out what came later than that day."""
        return replace(
            self,
            payments=tuple(payment for payment in self.payments if payment.paid_on <= day),
            credit_notes=tuple(note for note in self.credit_notes if note.issued_on <= day),
        )

    @property
    def paid(self) -> Decimal:
        return _total(payment.amount for payment in self.payments)

    @property
    def credited(self) -> Decimal:
        """What credit notes took off the amount due; beyond it they give credits back."""
        return min(self.amount_due, _total(note.gross for note in self.credit_notes))

    @property
    def open(self) -> Decimal:
        """What is still to be paid."""
        return max(ZERO, self.amount_due - self.credited - self.paid)

    @property
    def overpaid(self) -> Decimal:
        """What came in beyond what was due."""
        return max(ZERO, self.paid + self.credited - self.amount_due)

    @property
    def is_withdrawn(self) -> bool:
        """Tell whether credit notes took all of it back."""
        return bool(self.credit_notes) and _total(note.charged for note in self.credit_notes) >= self.charged

    @property
    def settled_on(self) -> date | None:
        """The day on which nothing was open any more; None when something is."""
        return self._reached_on(self.amount_due)

    @property
    def overpaid_on(self) -> date | None:
        """The day on which all that is over had come in; None when nothing is over."""
        return self._reached_on(self.amount_due + self.overpaid) if self.overpaid else None

    def _reached_on(self, amount: Decimal) -> date | None:
        """Find the day by whose end so much was paid and credited, the day of issue at the earliest."""
        days = sorted({payment.paid_on for payment in self.payments} | {note.issued_on for note in self.credit_notes})
        for day in (self.issued_on, *days):
            known = self.as_of(day)
            if known.paid + known.credited >= amount:
                return max(day, self.issued_on)
        return None

    def status_on(self, day: date) -> InvoiceStatus:
        """Tell how far it is settled; all that is recorded counts, the day decides what is overdue."""
        if not self.open:
            return InvoiceStatus.CREDITED if self.is_withdrawn else InvoiceStatus.PAID
        if day > self.due_on:
            return InvoiceStatus.OVERDUE
        return InvoiceStatus.PARTLY_PAID if self.paid else InvoiceStatus.OPEN


@dataclass(frozen=True, slots=True)
class Dues:
    """An issued invoice, as far as paying it goes."""

    number: str
    customer: str
    period: str
    issued_on: date
    amount_due: Decimal
    payments: tuple[tuple[date, Decimal], ...] = ()
    """What came in or was credited: each with its day."""
    is_withdrawn: bool = False
    """Whether credit notes took all of it back: nothing is owed, and no fee was paid with it."""
    fee_months: frozenset[str] = frozenset()
    """Months whose fees it charges, such as "2026-10"; in advance they are later ones than its own."""

    @property
    def paid_on(self) -> date | None:
        """The day on which all was paid or credited; None when something is still to come."""
        left = self.amount_due
        for day, amount in ((self.issued_on, Decimal(0)), *sorted(self.payments)):
            left -= amount
            if left <= 0:
                return day
        return None

    def is_paid(self, on: date) -> bool:
        """Tell whether all was paid or credited by the end of that day."""
        return sum((amount for day, amount in self.payments if day <= on), Decimal(0)) >= self.amount_due


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
