"""The business terms of EN 16931, as far as our documents have them; each says its number (BT, or BG for a group).

Texts are clean and bounded, amounts are rounded to the currency's minor unit. A text that is empty is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

INVOICE, CREDIT_NOTE = "380", "381"
"""UNTDID 1001 codes of our documents."""

SEPA_TRANSFER, TRANSFER, CLEARING = "58", "30", "97"
"""UNTDID 4461 codes of how is paid; clearing is between partners, without a payment."""

DISCOUNT = "95"
"""UNTDID 5189 code of a price reduction."""


class Format(StrEnum):
    """How an e-invoice is written."""

    CII = "cii"
    """UN/CEFACT; what Factur-X and ZUGFeRD embed in a PDF."""
    UBL = "ubl"
    PEPPOL = "peppol"
    """UBL for the Peppol network: BIS Billing 3."""
    XRECHNUNG = "xrechnung"
    """UBL for German public buyers: XRechnung 3.0."""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where somebody is (BG-5, BG-8)."""

    lines: tuple[str, ...]
    """Up to three: BT-35, BT-36, BT-162 of the seller; BT-50, BT-51, BT-163 of the buyer."""
    city: str
    """BT-37, BT-52."""
    postal_code: str
    """BT-38, BT-53."""
    country: str
    """BT-40, BT-55: the ISO 3166 code."""


@dataclass(frozen=True, slots=True)
class ElectronicAddress:
    """Where a network delivers to (BT-34, BT-49)."""

    scheme: str
    """Code of the list EAS, such as 9930 for German VAT ids, or EM for e-mail."""
    value: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask (BG-6)."""

    name: str
    """BT-41."""
    phone: str
    """BT-42."""
    email: str
    """BT-43."""


@dataclass(frozen=True, slots=True)
class Party:
    """Seller (BG-4) or buyer (BG-7)."""

    name: str
    """BT-27, BT-44."""
    address: PostalAddress
    identifier: str = ""
    """BT-29: what the seller is known by where it has neither of the two that follow."""
    registration: str = ""
    """BT-30, BT-47: the number in the register of companies."""
    registration_scheme: str = ""
    """BT-30-1: which register, by the list ISO 6523, where its country wants that said."""
    vat_id: str = ""
    """BT-31, BT-48: with the prefix of its country."""
    tax_number: str = ""
    """BT-32: the seller's number at its tax office."""
    electronic_address: ElectronicAddress | None = None
    """BT-34, BT-49."""
    contact: Contact | None = None
    """BG-6."""


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day (BG-14: BT-73, BT-74; of a line BG-26: BT-134, BT-135)."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Payment:
    """How is paid (BG-16)."""

    code: str
    """BT-81."""
    remittance: str = ""
    """BT-83: what the payer writes."""
    account: str = ""
    """BT-84: the IBAN, or another number of an account."""
    account_name: str = ""
    """BT-85."""
    bic: str = ""
    """BT-86."""


@dataclass(frozen=True, slots=True)
class Vat:
    """How a line or an allowance is taxed."""

    category: str
    """BT-151, of an allowance BT-95."""
    percent: Decimal
    """BT-152, BT-96; what is not subject to VAT has none."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What lowers the sum of the lines of one VAT category (BG-20)."""

    amount: Decimal
    """BT-92: above zero."""
    reason: str
    """BT-97."""
    vat: Vat
    code: str = DISCOUNT
    """BT-98."""


@dataclass(frozen=True, slots=True)
class VatSubtotal:
    """One VAT category of the document (BG-23)."""

    vat: Vat
    """BT-118, BT-119."""
    net: Decimal
    """BT-116."""
    tax: Decimal
    """BT-117."""
    reason: str = ""
    """BT-120: why there is no VAT."""
    code: str = ""
    """BT-121."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the document comes to (BG-22)."""

    lines: Decimal
    """BT-106."""
    allowances: Decimal
    """BT-107."""
    net: Decimal
    """BT-109."""
    tax: Decimal
    """BT-110."""
    gross: Decimal
    """BT-112."""
    prepaid: Decimal
    """BT-113: credits that were set off after tax."""
    due: Decimal
    """BT-115."""


@dataclass(frozen=True, slots=True)
class AccountingVat:
    """The VAT once more, in the currency of the seller's country."""

    currency: str
    """BT-6."""
    amount: Decimal
    """BT-111."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was supplied (BG-25): quantity x price / base is the net amount."""

    number: str
    """BT-126."""
    name: str
    """BT-153."""
    description: str
    """BT-154."""
    quantity: Decimal
    """BT-129: below zero where something is taken back."""
    unit: str
    """BT-130, BT-150: a code of UN/ECE recommendation 20."""
    price: Decimal
    """BT-146: never below zero."""
    base: Decimal
    """BT-149: for how many units the price is."""
    net: Decimal
    """BT-131."""
    vat: Vat
    period: Period | None = None
    """BG-26."""


@dataclass(frozen=True, slots=True)
class Preceding:
    """The invoice that a credit note corrects (BG-3)."""

    number: str
    """BT-25."""
    issued_on: date
    """BT-26."""


@dataclass(frozen=True, slots=True)
class EInvoice:
    """An invoice or a credit note in business terms."""

    number: str
    """BT-1."""
    issued_on: date
    """BT-2."""
    type_code: str
    """BT-3: INVOICE or CREDIT_NOTE; the amounts of both are positive."""
    currency: str
    """BT-5."""
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    vat: tuple[VatSubtotal, ...]
    totals: Totals
    period: Period
    """BG-14: the service month, and whatever else a line is for."""
    delivered_on: date
    """BT-72: the last day of the service month."""
    due_on: date | None = None
    """BT-9."""
    terms: str = ""
    """BT-20."""
    buyer_reference: str = ""
    """BT-10."""
    notes: tuple[str, ...] = ()
    """BT-22."""
    allowances: tuple[Allowance, ...] = ()
    payment: Payment | None = None
    accounting_vat: AccountingVat | None = None
    preceding: Preceding | None = None

    @property
    def is_credit_note(self) -> bool:
        return self.type_code == CREDIT_NOTE
