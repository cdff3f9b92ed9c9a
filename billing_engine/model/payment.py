"""Payments: money that came in for an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """An amount received for an invoice on a day."""

    payment: str
    invoice: str
    paid_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Dues:
    """An issued invoice, as far as paying it goes."""

    number: str
    customer: str
    period: str
    issued_on: date
    amount_due: Decimal
    payments: tuple[tuple[date, Decimal], ...] = ()

    @property
    def paid_on(self) -> date | None:
        """The day on which all was paid; None when something is still to come."""
        left = self.amount_due
        for day, amount in ((self.issued_on, Decimal(0)), *sorted(self.payments)):
            left -= amount
            if left <= 0:
                return day
        return None

    def is_paid(self, on: date) -> bool:
        """Tell whether all was paid by the end of that day."""
        return sum((amount for day, amount in self.payments if day <= on), Decimal(0)) >= self.amount_due
