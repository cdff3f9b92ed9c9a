"""Receivables: what customers still owe on a day, by how long it is overdue, and what they are reminded of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from billing_engine.model.invoice import Invoice
from billing_engine.model.money import ZERO

LEVELS = 3
"""Of reminders: friendly, firm, the last one."""


class OpenInvoice(NamedTuple):
    """An invoice of which something is still to be paid."""

    invoice: Invoice
    open: Decimal
    days_overdue: int
    """Days after the one on which it was due; 0 until then."""


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """What a customer owes in one currency, by how long it is overdue."""

    customer: str
    name: str
    currency: str
    not_due: Decimal = ZERO
    days_1_to_30: Decimal = ZERO
    days_31_to_60: Decimal = ZERO
    days_61_to_90: Decimal = ZERO
    days_over_90: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.not_due + self.days_1_to_30 + self.days_31_to_60 + self.days_61_to_90 + self.days_over_90


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is open on a day: a row per customer and currency, and the invoices behind it."""

    as_of: date
    rows: tuple[AgeingRow, ...]
    invoices: tuple[OpenInvoice, ...]


class Reminder(NamedTuple):
    """An overdue invoice that its customer is to be reminded of."""

    invoice: Invoice
    open: Decimal
    days_overdue: int
    level: int
    """1 friendly, 2 firm, 3 the last one."""
    as_of: date
