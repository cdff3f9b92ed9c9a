"""VAT: how lines are taxed, by category, and what each category of an invoice comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class TaxCategory(StrEnum):
    """How something is taxed; the codes are those of UNTDID 5305, which EN 16931 uses."""

    STANDARD = "S"
    """At a rate above zero, standard or reduced."""
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    OUT_OF_SCOPE = "O"


LEGAL_TEXTS = MappingProxyType(
    {
        TaxCategory.EXEMPT: "Exempt from VAT",
        TaxCategory.REVERSE_CHARGE: "Reverse charge: the customer owes the VAT",
        TaxCategory.OUT_OF_SCOPE: "Outside the scope of VAT",
    }
)
"""What documents say, in the customer's language, of a category whose legal text the seller leaves to them."""

REASON_CODES = MappingProxyType({TaxCategory.REVERSE_CHARGE: "VATEX-EU-AE", TaxCategory.OUT_OF_SCOPE: "VATEX-EU-O"})
"""Why there is no VAT, where the category alone says it."""


@dataclass(frozen=True, slots=True)
class TaxTreatment:
    """How one line is taxed, and by which law."""

    category: TaxCategory
    percent: Decimal = Decimal(0)
    """Above zero for the standard category alone."""
    note: str = ""
    """The legal text, as the seller wrote it; empty leaves it to the documents' own words for the category."""
    code: str = ""
    """Of the reason why there is no VAT, such as VATEX-EU-AE; empty where none is known."""

    @property
    def key(self) -> tuple[str, Decimal]:
        """What lines are added up by."""
        return str(self.category), self.percent


@dataclass(frozen=True, slots=True)
class TaxSubtotal:
    """One category of an invoice or a credit note: what is taxed alike, its sum, and the VAT on that."""

    category: TaxCategory
    percent: Decimal
    net: Decimal
    """Lines of the category less the credits before tax that lower it."""
    tax: Decimal
    """Rounded once, on the category's sum."""
    note: str = ""
    """The legal text, as the seller wrote it."""
    code: str = ""

    @property
    def key(self) -> tuple[str, Decimal]:
        return str(self.category), self.percent


@dataclass(frozen=True, slots=True)
class HomeTax:
    """The VAT once more in the currency of the seller's country, where its law wants that."""

    currency: str
    rate: Decimal
    """Units of `currency` for one unit of the invoice's, as the user gave it."""
    rate_on: date
    """Day of the rate."""
    tax: Decimal
    """In `currency`."""
