"""Reads UBL invoices and credit notes into what can be checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lxml import etree

from billing_engine.einvoice.figures import (
    FoundAdjustment,
    FoundDocument,
    FoundLine,
    FoundParty,
    FoundSubtotal,
)
from billing_engine.einvoice.reading import Reader
from billing_engine.einvoice.ubl import NAMESPACES

ROOTS = tuple(f"{{urn:oasis:names:specification:ubl:schema:xsd:{kind}-2}}{kind}" for kind in ("Invoice", "CreditNote"))

_TOTALS = (
    ("BT-106", "LineExtensionAmount"),
    ("BT-107", "AllowanceTotalAmount"),
    ("BT-108", "ChargeTotalAmount"),
    ("BT-109", "TaxExclusiveAmount"),
    ("BT-112", "TaxInclusiveAmount"),
    ("BT-113", "PrepaidAmount"),
    ("BT-114", "PayableRoundingAmount"),
    ("BT-115", "PayableAmount"),
)
_TAX_SCHEME = "cac:TaxScheme/cbc:ID"


def read_ubl(root: Any) -> FoundDocument:
    """Read an invoice or a credit note, whatever it lacks."""
    reader = Reader({str(prefix): name for prefix, name in NAMESPACES.items()})
    kind = etree.QName(root).localname
    currency = reader.text(root, "cbc:DocumentCurrencyCode")
    means = list(reader.all(root, "cac:PaymentMeans"))
    lines = tuple(_line(reader, one) for one in reader.all(root, f"cac:{kind}Line"))
    vat = tuple(_subtotal(reader, one) for one in reader.all(root, "cac:TaxTotal/cac:TaxSubtotal"))
    return FoundDocument(
        kind=f"UBL {kind}",
        specification=reader.text(root, "cbc:CustomizationID"),
        process=reader.text(root, "cbc:ProfileID"),
        number=reader.text(root, "cbc:ID"),
        issued_on=reader.text(root, "cbc:IssueDate").replace("-", ""),
        type_code=reader.text(root, f"cbc:{kind}TypeCode"),
        currency=currency,
        accounting_currency=reader.text(root, "cbc:TaxCurrencyCode"),
        notes=sum(1 for _ in reader.all(root, "cbc:Note")),
        buyer_reference=reader.text(root, "cbc:BuyerReference"),
        order=reader.text(root, "cac:OrderReference/cbc:ID"),
        seller=_party(reader, reader.first(root, "cac:AccountingSupplierParty/cac:Party")),
        buyer=_party(reader, reader.first(root, "cac:AccountingCustomerParty/cac:Party")),
        representative=reader.text(root, "cac:TaxRepresentativeParty/cac:PartyTaxScheme/cbc:CompanyID"),
        payments=tuple(
            (reader.text(one, "cbc:PaymentMeansCode"), reader.text(one, "cac:PayeeFinancialAccount/cbc:ID"))
            for one in means
        ),
        preceding=tuple(
            reader.text(one, "cbc:ID") for one in reader.all(root, "cac:BillingReference/cac:InvoiceDocumentReference")
        ),
        totals=_totals(reader, root, currency),
        lines=lines,
        adjustments=tuple(_adjustment(reader, one) for one in reader.all(root, "cac:AllowanceCharge")),
        vat=vat,
        unreadable=tuple(reader.unreadable),
    )


def _party(reader: Reader, party: Any) -> FoundParty:
    numbers = [
        (reader.text(one, _TAX_SCHEME), reader.text(one, "cbc:CompanyID"))
        for one in reader.all(party, "cac:PartyTaxScheme")
    ]
    return FoundParty(
        name=reader.text(party, "cac:PartyLegalEntity/cbc:RegistrationName"),
        country=reader.text(party, "cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
        city=reader.text(party, "cac:PostalAddress/cbc:CityName"),
        postal_code=reader.text(party, "cac:PostalAddress/cbc:PostalZone"),
        identifier=reader.text(party, "cac:PartyIdentification/cbc:ID")
        or reader.text(party, "cac:PartyLegalEntity/cbc:CompanyID"),
        vat_id=next((number for scheme, number in numbers if scheme == "VAT"), ""),
        tax_number=next((number for scheme, number in numbers if scheme != "VAT"), ""),
        electronic_address=reader.text(party, "cbc:EndpointID"),
        contact=(
            reader.text(party, "cac:Contact/cbc:Name"),
            reader.text(party, "cac:Contact/cbc:Telephone"),
            reader.text(party, "cac:Contact/cbc:ElectronicMail"),
        ),
    )


def _line(reader: Reader, line: Any) -> FoundLine:
    quantity = reader.first(line, "cbc:InvoicedQuantity")
    quantity = reader.first(line, "cbc:CreditedQuantity") if quantity is None else quantity
    charges = [_adjustment(reader, one) for one in reader.all(line, "cac:AllowanceCharge")]
    category = "cac:Item/cac:ClassifiedTaxCategory/cbc:"
    return FoundLine(
        number=reader.text(line, "cbc:ID"),
        name=reader.text(line, "cac:Item/cbc:Name"),
        quantity=None if quantity is None else reader.figure_of(quantity),
        unit="" if quantity is None else quantity.get("unitCode", ""),
        price=reader.number(line, "cac:Price/cbc:PriceAmount"),
        base=reader.number(line, "cac:Price/cbc:BaseQuantity"),
        adjustment=sum((one.signed for one in charges), Decimal(0)),
        net=reader.number(line, "cbc:LineExtensionAmount"),
        vat=reader.vat(line, f"{category}ID", f"{category}Percent"),
    )


def _adjustment(reader: Reader, charge: Any) -> FoundAdjustment:
    reason, code = "cbc:AllowanceChargeReason", "cbc:AllowanceChargeReasonCode"
    return FoundAdjustment(
        is_charge=reader.text(charge, "cbc:ChargeIndicator") in ("true", "1"),
        amount=reader.number(charge, "cbc:Amount"),
        has_reason=bool(reader.text(charge, reason) or reader.text(charge, code)),
        vat=reader.vat(charge, "cac:TaxCategory/cbc:ID", "cac:TaxCategory/cbc:Percent"),
    )


def _subtotal(reader: Reader, subtotal: Any) -> FoundSubtotal:
    category = reader.first(subtotal, "cac:TaxCategory")
    return FoundSubtotal(
        vat=reader.vat(category, "cbc:ID", "cbc:Percent"),
        net=reader.number(subtotal, "cbc:TaxableAmount"),
        tax=reader.number(subtotal, "cbc:TaxAmount"),
        reason=reader.text(category, "cbc:TaxExemptionReason"),
        code=reader.text(category, "cbc:TaxExemptionReasonCode"),
    )


def _totals(reader: Reader, root: Any, currency: str) -> dict[str, Decimal | None]:
    total = reader.first(root, "cac:LegalMonetaryTotal")
    totals = {term: reader.number(total, f"cbc:{name}") for term, name in _TOTALS}
    return totals | reader.tax_totals(root, "cac:TaxTotal/cbc:TaxAmount", currency)
