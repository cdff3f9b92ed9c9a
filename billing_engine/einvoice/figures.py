"""What a file says, as far as it can be held against itself: any syntax, figures as they were found or None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a file."""

    rule: str
    """Such as "BR-CO-10", as EN 16931 and its users name it; "XML", "PDF" and the like are ours."""
    message: str
    location: str = ""
    """Where: a business term, a line, or a path."""


@dataclass(frozen=True, slots=True)
class FoundVat:
    """Category and rate of something; empty and None where they are not said."""

    category: str
    percent: Decimal | None

    @property
    def key(self) -> tuple[str, Decimal]:
        """What is added up by."""
        return self.category, self.percent or Decimal(0)


@dataclass(frozen=True, slots=True)
class FoundLine:
    """One line (BG-25)."""

    number: str
    name: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    base: Decimal | None
    """None where the price is for one unit."""
    adjustment: Decimal
    """Charges less allowances of the line (BG-28, BG-27)."""
    net: Decimal | None
    vat: FoundVat


@dataclass(frozen=True, slots=True)
class FoundAdjustment:
    """An allowance (BG-20), or a charge (BG-21)."""

    is_charge: bool
    amount: Decimal | None
    has_reason: bool
    vat: FoundVat

    @property
    def signed(self) -> Decimal:
        """What it adds to the sum of the lines."""
        amount = self.amount or Decimal(0)
        return amount if self.is_charge else -amount


@dataclass(frozen=True, slots=True)
class FoundSubtotal:
    """One VAT category (BG-23)."""

    vat: FoundVat
    net: Decimal | None
    tax: Decimal | None
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class FoundParty:
    """Seller or buyer."""

    name: str
    country: str
    city: str
    postal_code: str
    identifier: str
    """BT-29 or BT-30, of the buyer BT-46 or BT-47."""
    vat_id: str
    tax_number: str
    electronic_address: str
    contact: tuple[str, str, str]
    """Name, phone, e-mail."""


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """An e-invoice that was read."""

    kind: str
    """"CII", "UBL Invoice" or "UBL CreditNote"."""
    specification: str
    """BT-24."""
    process: str
    """BT-23."""
    number: str
    issued_on: str
    type_code: str
    currency: str
    accounting_currency: str
    """BT-6."""
    notes: int
    """How many there are."""
    buyer_reference: str
    order: str
    """BT-13."""
    seller: FoundParty
    buyer: FoundParty
    representative: str
    """VAT id of the seller's tax representative, BT-63."""
    payments: tuple[tuple[str, str], ...]
    """Code of the means and account of each."""
    preceding: tuple[str, ...]
    """Numbers of the invoices that it corrects."""
    totals: Mapping[str, Decimal | None]
    """By business term, from BT-106 to BT-115."""
    lines: tuple[FoundLine, ...]
    adjustments: tuple[FoundAdjustment, ...]
    vat: tuple[FoundSubtotal, ...]
    unreadable: tuple[Finding, ...]
    """What should be a figure and is none."""

    def total(self, term: str) -> Decimal:
        """Return a total, 0 where it is not said."""
        return self.totals.get(term) or Decimal(0)
