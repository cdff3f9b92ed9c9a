"""Invoices: what a customer owes for a month, as plain data, complete in itself.

A draft copies everything it prints: parties, rates, texts. Once issued, no later edit of a contract, a price list or a
customer reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing_engine.model.content_hash import ADDED
from billing_engine.model.payment import Credited, InvoiceStatus, Payment, Settlement
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import HomeTax, TaxCategory, TaxSubtotal


@dataclass(frozen=True, slots=True)
class Seller:
    """Who issues the invoice and is paid."""

    name: str
    address: str
    """Lines separated by newlines."""
    country: str
    vat_id: str = ""
    registration_number: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    bank: str = ""
    iban: str = ""
    bic: str = ""
    city: str = field(default="", metadata=ADDED)
    """Empty where the address says it alone; e-invoices want it by itself."""
    postal_code: str = field(default="", metadata=ADDED)
    contact: str = field(default="", metadata=ADDED)
    """Who answers questions about invoices."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is billed, as of the day of issue."""

    customer: str
    name: str
    address: str
    country: str
    vat_id: str
    email: str
    language: str
    city: str = field(default="", metadata=ADDED)
    postal_code: str = field(default="", metadata=ADDED)
    reference: str = field(default="", metadata=ADDED)
    """What the customer wants to find on its invoices (BT-10)."""


MONTH, MINUTE, SECOND, PIECE = "MON", "MIN", "SEC", "C62"
"""UN/ECE recommendation 20 codes of the units that an invoice line may have."""

SECONDS_PER_UNIT = {MINUTE: 60, SECOND: 1}
"""The units of time; their price is per hour."""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: quantity x unit price, time by the hour, is the amount, rounded once (R12)."""

    position: int
    kind: str
    """A ChargeKind."""
    contract: str
    title: str
    detail: str
    """What stands below the title in small type; may be empty."""
    quantity: Decimal
    unit: str
    """One of the codes above."""
    unit_price: Decimal
    amount: Decimal
    period: str = ""
    """Month of the work or of the fee's last day, such as "2026-10"; on a prior-period line an earlier one (R11)."""
    service_from: str = ""
    """First day that a fee is for, in ISO 8601; empty on other lines."""
    service_to: str = ""
    """Last day that a fee is for."""
    tax_category: str = field(default="", metadata=ADDED)
    """A TaxCategory; empty on invoices of before there were several."""
    tax_percent: Decimal | None = field(default=None, metadata=ADDED)

    @property
    def counts_pieces(self) -> bool:
        """Tell whether a fee's months are those of several pieces, such as 8 months of 8 servers: pieces then."""
        if self.unit != MONTH or not self.service_from or not self.service_to:
            return False
        months = Month.parse(self.service_from[:7]).until(Month.parse(self.service_to[:7]))
        return self.quantity > len(list(months))

    @property
    def seconds(self) -> int | None:
        """The quantity as a length of time; None when pieces or months are counted."""
        per_unit = SECONDS_PER_UNIT.get(self.unit)
        return None if per_unit is None else int(self.quantity * per_unit)


@dataclass(frozen=True, slots=True)
class InvoiceSetoff:
    """A credit that lowers the invoice (S2)."""

    position: int
    credit: str
    reference: str
    """The claim, else the credit: what the customer knows it by."""
    title: str
    amount: Decimal
    """Above zero; it is taken off."""
    setoff: Setoff
    """Before tax it lowers `net`, after tax the amount due (S3)."""


@dataclass(frozen=True, slots=True)
class ContractUse:
    """How much of a contract's allowance the month used."""

    contract: str
    package_title: str
    price_list_version: str
    time_zone: str
    included_seconds: int | None
    """Allowance of the month by itself; None is without limit."""
    used_seconds: int
    """Taken from the allowance by this invoice, from that of earlier months too where unused hours roll over."""
    overage_seconds: int
    """Counted in units beyond the allowance, before they are rounded up to started hours."""
    overage_billed_seconds: int = 0
    """Rounded up to started hours."""
    drawn: tuple[tuple[str, int], ...] = ()
    """What `used_seconds` was taken from: month of the allowance, such as "2026-10", and seconds."""
    period: str = ""
    """Month of the work; that of the invoice, or an earlier one for work that came late (R11)."""
    service_from: str = ""
    """First day of the month on which the contract ran, in ISO 8601; empty where it did not run."""
    service_to: str = ""
    """Last day of the month on which the contract ran."""
    price_list_hash: str = ""
    """Of the price list's terms, so that a later change of them is noticed."""

    @property
    def carried_seconds(self) -> int:
        """Taken from the allowances of earlier months."""
        return sum(seconds for month, seconds in self.drawn if month != self.period)

    @property
    def is_for_fees_alone(self) -> bool:
        """Tell whether the contract did not run in the month, and had a fee due before or after its time."""
        return bool(self.period) and not self.service_from

    def is_late(self, period: Month) -> bool:
        """Tell whether this is of an earlier month than the invoice."""
        return bool(self.period) and self.period != str(period)


@dataclass(frozen=True, slots=True)
class InvoiceEntry:
    """One time entry on the annex, with its reason in words."""

    entry: str
    contract: str
    ticket: str
    severity: str
    activity: str
    started_at: str
    """ISO 8601 with offset, in the price list's zone: what the clock on the wall showed."""
    ended_at: str
    worked_seconds: int
    billed_seconds: int
    """What was counted for it: units from the allowance or beyond, started units by tariff."""
    amount: Decimal
    """Priced by itself; overage is priced once for the month and counts 0 here."""
    reason: str
    parts: tuple[tuple[str, int], ...] = field(default=(), metadata=ADDED)
    """What the billed seconds count as: "allowance", "overage", "development", "analysis", or the tariff's title."""


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """Everything about an invoice but its number and dates."""

    customer: str
    period: Month
    currency: str
    seller: Seller
    buyer: Buyer
    lines: tuple[InvoiceLine, ...]
    entries: tuple[InvoiceEntry, ...]
    uses: tuple[ContractUse, ...]
    net: Decimal
    tax_percent: Decimal | None
    """The one rate; None when no tax is charged, and `tax_note` may say why, or when there are several rates."""
    tax_note: str
    tax: Decimal
    gross: Decimal
    payment_days: int
    holiday_source: str
    """Name and version of the holiday data that priced it."""
    expenses: tuple[str, ...] = ()
    """Ids of the expenses that the lines pass on."""
    setoffs: tuple[InvoiceSetoff, ...] = ()
    """In the order in which the credits were granted; lines less those before tax are `net`."""
    taxes: tuple[TaxSubtotal, ...] = field(default=(), metadata=ADDED)
    """By category and rate; empty on invoices of before there were several."""
    home_tax: HomeTax | None = field(default=None, metadata=ADDED)

    @property
    def tax_subtotals(self) -> tuple[TaxSubtotal, ...]:
        """What each category comes to; of an older invoice the one that it has."""
        if self.taxes:
            return self.taxes
        category = self.category_of_all
        return (TaxSubtotal(category, self.tax_percent or Decimal(0), self.net, self.tax, self.tax_note),)

    @property
    def category_of_all(self) -> TaxCategory:
        """How an older invoice taxes all its lines."""
        if self.tax_percent is not None:
            return TaxCategory.STANDARD if self.tax_percent else TaxCategory.ZERO
        return TaxCategory.EXEMPT if self.seller.vat_id else TaxCategory.OUT_OF_SCOPE

    def tax_key(self, line: InvoiceLine) -> tuple[str, Decimal]:
        """Tell category and rate of a line, by which its subtotal is found."""
        if line.tax_category:
            return line.tax_category, line.tax_percent or Decimal(0)
        return str(self.category_of_all), self.tax_percent or Decimal(0)

    @property
    def amount_due(self) -> Decimal:
        """What is left to pay once credits were set off after tax."""
        return self.gross - sum((s.amount for s in self.setoffs if s.setoff is Setoff.AFTER_TAX), Decimal(0))


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice; never changed afterwards. What came in for it and was credited is told beside it."""

    number: str
    issued_on: date
    due_on: date
    draft: InvoiceDraft
    payments: tuple[Payment, ...] = ()
    """What came in so far."""
    credit_notes: tuple[Credited, ...] = ()
    """What was taken back so far."""

    @property
    def amount_due(self) -> Decimal:
        """What was to be paid when it was issued."""
        return self.draft.amount_due

    @property
    def settlement(self) -> Settlement:
        """How far it is settled by all that is recorded."""
        before_tax = (s.amount for s in self.draft.setoffs if s.setoff is Setoff.BEFORE_TAX)
        return Settlement(
            issued_on=self.issued_on,
            due_on=self.due_on,
            charged=sum(before_tax, self.draft.net),
            amount_due=self.amount_due,
            payments=self.payments,
            credit_notes=self.credit_notes,
        )

    @property
    def paid(self) -> Decimal:
        """What came in so far."""
        return self.settlement.paid

    def status_on(self, day: date) -> InvoiceStatus:
        """Tell how far it is settled, and whether that is late."""
        return self.settlement.status_on(day)
