"""Credit notes: how an issued invoice, which never changes, is corrected, in whole or by line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from billing_engine.model.content_hash import ADDED
from billing_engine.model.invoice import Invoice
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import HomeTax, TaxSubtotal


@dataclass(frozen=True, slots=True)
class CreditNoteLine:
    """What is taken back of one line of the invoice."""

    position: int
    invoice_position: int
    """Of the invoice's line."""
    title: str
    detail: str
    amount: Decimal
    """Above zero; it is given back."""
    service_from: str = ""
    """First day whose fee is given back, in ISO 8601; empty where it is not about days."""
    service_to: str = ""
    """Last day whose fee is given back."""


@dataclass(frozen=True, slots=True)
class SetoffReversal:
    """What goes back to a credit that had lowered the invoice."""

    position: int
    """Of the invoice's setoff."""
    credit: str
    amount: Decimal
    """Above zero; the credit has that much more left."""
    setoff: Setoff


@dataclass(frozen=True, slots=True)
class CreditNoteDraft:
    """Everything about a credit note but its number and date; seller and buyer are the invoice's."""

    invoice: str
    """Number of the invoice that it corrects."""
    customer: str
    currency: str
    reason: str
    rebill: bool
    """Whether all that the invoice claimed is to be billed anew."""
    lines: tuple[CreditNoteLine, ...]
    reversals: tuple[SetoffReversal, ...]
    net: Decimal
    """The lines less what goes back to credits that were set off before tax."""
    tax_percent: Decimal | None
    tax: Decimal
    gross: Decimal
    taxes: tuple[TaxSubtotal, ...] = field(default=(), metadata=ADDED)
    """By category and rate; empty on credit notes of before there were several."""

    @property
    def charged(self) -> Decimal:
        """What its lines take back, before setoffs are given back."""
        return sum((line.amount for line in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class CreditNote:
    """An issued credit note; never changed afterwards."""

    number: str
    issued_on: date
    draft: CreditNoteDraft


def subtotals_of(draft: CreditNoteDraft, invoice: Invoice) -> tuple[TaxSubtotal, ...]:
    """Tell what a credit note takes back of each category; an older one is all of its invoice's only category."""
    if draft.taxes:
        return draft.taxes
    (only,) = invoice.draft.tax_subtotals
    return (replace(only, net=draft.net, tax=draft.tax),)


def home_tax_of(draft: CreditNoteDraft, invoice: Invoice) -> HomeTax | None:
    """Tell a credit note's VAT at home by its invoice's rate; who takes all of the VAT takes what was told then."""
    home = invoice.draft.home_tax
    if home is None or draft.tax == invoice.draft.tax:
        return home
    return replace(home, tax=round_money(draft.tax * home.rate, home.currency))
