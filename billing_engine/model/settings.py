"""Settings: what the seller decides once for all invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from billing_engine.model.invoice import Seller
from billing_engine.model.numbering import Numbering, fiscal_year
from billing_engine.model.period import Month
from billing_engine.model.tax_table import NO_TAX_TABLE, TaxTable

REMINDER_DAYS = (7, 14, 28)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is plausible for one invoice; beyond it the customer is parked until somebody looked at it."""

    largest_total: Decimal | None = Decimal(1_000_000)
    """In the invoice's currency, tax included; None is without limit."""
    most_lines: int | None = 1_000
    most_times_last_month: Decimal | None = None
    """How many times the total of the month before; None does not compare."""


@dataclass(frozen=True, slots=True)
class StripeTerms:
    """How invoices are collected at Stripe."""

    collection_method: str = "send_invoice"
    """Stripe mails the invoice; "charge_automatically" takes what the customer agreed to be charged with."""
    invoice_url: str = ""
    """Where a customer finds our PDF; "{number}" is the invoice's."""


@dataclass(frozen=True, slots=True)
class DocumentTerms:
    """How documents look, and what the seller wants on them."""

    templates: Path | None = None
    """Folder whose files replace the shipped templates of the same name."""
    logo: Path | None = None
    """PNG, JPEG or SVG; empty prints the seller's name."""
    brand_colour: str = ""
    """Such as "#1f4d5c"; empty is the style sheet's."""
    second_language: str = ""
    """In which customers abroad read titles and legal texts once more, such as "en"; empty adds none."""
    footer: str = ""
    """What the register entry or the law wants at the foot of each page."""
    sepa_qr: bool | None = None
    """Whether a EUR account gets an EPC code; None decides by its country."""


@dataclass(frozen=True, slots=True)
class MailTerms:
    """The server that takes mail; its password comes from the environment alone."""

    host: str = ""
    """Empty sends no mail."""
    port: int = 587
    security: str = "starttls"
    """"starttls", "tls", or "none" for a server on this machine."""
    user: str = ""
    sender: str = ""
    """Address that mail comes from; empty is the seller's."""
    copy_to: str = ""
    """Address that gets a blind copy of each mail."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Seller, tax, payment terms and numbering."""

    seller: Seller
    vat_percent: Decimal | None = None
    """The rate of what no row of the tax table decides, or None when no VAT is charged."""
    vat_note: str = ""
    """Legal reference printed when no VAT is charged."""
    tax: TaxTable = NO_TAX_TABLE
    payment_days: int = 14
    number_format: str = "{year}-{number:06d}"
    """Form of an invoice number; `year` is the billing period's fiscal year."""
    credit_note_number_format: str = "CN-{year}-{number:06d}"
    """Form of a credit note's number; `year` is the fiscal year of its day of issue."""
    zero_invoices: bool = False
    """Whether a month that comes to 0.00 gets an invoice."""
    price_list_folders: tuple[Path, ...] = ()
    """Folders whose price lists replace the shipped ones of the same name."""
    seller_id: str = ""
    """Tells sellers that share a database apart: each has its own series of numbers."""
    fiscal_year_starts: int = 1
    """Month in which the fiscal year begins; numbers begin at 1 with it."""
    limits: Limits = Limits()
    reminder_days: tuple[int, ...] = REMINDER_DAYS
    """Days after the one on which an invoice was due, from which each level of reminder applies."""

    stripe: StripeTerms = StripeTerms()
    documents: DocumentTerms = DocumentTerms()
    mail: MailTerms = MailTerms()

    @property
    def is_complete(self) -> bool:
        """Tell whether there is a seller to issue for; without one, plans are only looked at."""
        return bool(self.seller.name)

    def invoice_numbering(self, period: Month) -> Numbering:
        """Return the series of a billing period's invoices."""
        return self._numbering("invoice", fiscal_year(period.first_day, self.fiscal_year_starts), self.number_format)

    def credit_note_numbering(self, issued_on: date) -> Numbering:
        """Return the series of the credit notes of a day."""
        year = fiscal_year(issued_on, self.fiscal_year_starts)
        return self._numbering("credit_note", year, self.credit_note_number_format)

    def _numbering(self, kind: str, year: int, number_format: str) -> Numbering:
        return Numbering(f"{kind}/{self.seller_id}" if self.seller_id else kind, year, number_format)
