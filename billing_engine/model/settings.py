"""Settings: what the seller decides once for all invoices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from billing_engine.model.invoice import Seller


@dataclass(frozen=True, slots=True)
class Settings:
    """Seller, tax, payment terms and numbering."""

    seller: Seller
    vat_percent: Decimal | None = None
    """The one standard rate, or None when no VAT is charged."""
    vat_note: str = ""
    """Legal reference printed when no VAT is charged."""
    payment_days: int = 14
    number_format: str = "{year}-{number:06d}"
    """Form of an invoice number; `year` is the billing period's."""
    zero_invoices: bool = False
    """Whether a month that comes to 0.00 gets an invoice."""
    price_list_folders: tuple[Path, ...] = ()
    """Folders whose price lists replace the shipped ones of the same name."""
