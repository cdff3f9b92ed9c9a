"""Reads CII into what can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from billing_engine.einvoice.cii import NAMESPACES
from billing_engine.einvoice.figures import (
    FoundAdjustment,
    FoundDocument,
    FoundLine,
    FoundParty,
    FoundSubtotal,
)
from billing_engine.einvoice.reading import Reader

ROOT = f"{{{NAMESPACES['rsm']}}}CrossIndustryInvoice"

_CONTEXT = "rsm:ExchangedDocumentContext/ram:{}SpecifiedDocumentContextParameter/ram:ID"
_TOTALS = (
    ("BT-106", "LineTotalAmount"),
    ("BT-107", "AllowanceTotalAmount"),
    ("BT-108", "ChargeTotalAmount"),
    ("BT-109", "TaxBasisTotalAmount"),
    ("BT-112", "GrandTotalAmount"),
    ("BT-113", "TotalPrepaidAmount"),
    ("BT-114", "RoundingAmount"),
    ("BT-115", "DuePayableAmount"),
)


def read_cii(root: Any) -> FoundDocument:
    """Read a Cross Industry Invoice, whatever it lacks."""
    reader = Reader({str(prefix): name for prefix, name in NAMESPACES.items()})
    document = reader.first(root, "rsm:ExchangedDocument")
    transaction = reader.first(root, "rsm:SupplyChainTradeTransaction")
    agreement = reader.first(transaction, "ram:ApplicableHeaderTradeAgreement")
    settlement = reader.first(transaction, "ram:ApplicableHeaderTradeSettlement")
    currency = reader.text(settlement, "ram:InvoiceCurrencyCode")
    lines = tuple(_line(reader, one) for one in reader.all(transaction, "ram:IncludedSupplyChainTradeLineItem"))
    vat = tuple(_subtotal(reader, one) for one in reader.all(settlement, "ram:ApplicableTradeTax"))
    charges = reader.all(settlement, "ram:SpecifiedTradeAllowanceCharge")
    return FoundDocument(
        kind="CII",
        specification=reader.text(root, _CONTEXT.format("Guideline")),
        process=reader.text(root, _CONTEXT.format("BusinessProcess")),
        number=reader.text(document, "ram:ID"),
        issued_on=reader.text(document, "ram:IssueDateTime/udt:DateTimeString"),
        type_code=reader.text(document, "ram:TypeCode"),
        currency=currency,
        accounting_currency=reader.text(settlement, "ram:TaxCurrencyCode"),
        notes=sum(1 for _ in reader.all(document, "ram:IncludedNote")),
        buyer_reference=reader.text(agreement, "ram:BuyerReference"),
        order=reader.text(agreement, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"),
        seller=_party(reader, reader.first(agreement, "ram:SellerTradeParty")),
        buyer=_party(reader, reader.first(agreement, "ram:BuyerTradeParty")),
        representative=reader.text(
            agreement, "ram:SellerTaxRepresentativeTradeParty/ram:SpecifiedTaxRegistration/ram:ID"
        ),
        payments=tuple(_payments(reader, settlement)),
        preceding=tuple(
            reader.text(one, "ram:IssuerAssignedID") for one in reader.all(settlement, "ram:InvoiceReferencedDocument")
        ),
        totals=_totals(reader, settlement, currency),
        lines=lines,
        adjustments=tuple(_adjustment(reader, one) for one in charges),
        vat=vat,
        unreadable=tuple(reader.unreadable),
    )


def _party(reader: Reader, party: Any) -> FoundParty:
    numbers = {one.get("schemeID"): one.text or "" for one in reader.all(party, "ram:SpecifiedTaxRegistration/ram:ID")}
    contact = "ram:DefinedTradeContact/ram:"
    return FoundParty(
        name=reader.text(party, "ram:Name"),
        country=reader.text(party, "ram:PostalTradeAddress/ram:CountryID"),
        city=reader.text(party, "ram:PostalTradeAddress/ram:CityName"),
        postal_code=reader.text(party, "ram:PostalTradeAddress/ram:PostcodeCode"),
        identifier=reader.text(party, "ram:ID")
        or reader.text(party, "ram:GlobalID")
        or reader.text(party, "ram:SpecifiedLegalOrganization/ram:ID"),
        vat_id=numbers.get("VA", ""),
        tax_number=numbers.get("FC", ""),
        electronic_address=reader.text(party, "ram:URIUniversalCommunication/ram:URIID"),
        contact=(
            reader.text(party, f"{contact}PersonName") or reader.text(party, f"{contact}DepartmentName"),
            reader.text(party, f"{contact}TelephoneUniversalCommunication/ram:CompleteNumber"),
            reader.text(party, f"{contact}EmailURIUniversalCommunication/ram:URIID"),
        ),
    )


def _payments(reader: Reader, settlement: Any) -> Iterator[tuple[str, str]]:
    for means in reader.all(settlement, "ram:SpecifiedTradeSettlementPaymentMeans"):
        account = reader.first(means, "ram:PayeePartyCreditorFinancialAccount")
        number = reader.text(account, "ram:IBANID") or reader.text(account, "ram:ProprietaryID")
        yield reader.text(means, "ram:TypeCode"), number


def _line(reader: Reader, line: Any) -> FoundLine:
    settlement = reader.first(line, "ram:SpecifiedLineTradeSettlement")
    price = reader.first(line, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice")
    quantity = reader.first(line, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity")
    charges = [_adjustment(reader, one) for one in reader.all(settlement, "ram:SpecifiedTradeAllowanceCharge")]
    tax = reader.first(settlement, "ram:ApplicableTradeTax")
    total = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
    return FoundLine(
        number=reader.text(line, "ram:AssociatedDocumentLineDocument/ram:LineID"),
        name=reader.text(line, "ram:SpecifiedTradeProduct/ram:Name"),
        quantity=None if quantity is None else reader.figure_of(quantity),
        unit="" if quantity is None else quantity.get("unitCode", ""),
        price=reader.number(price, "ram:ChargeAmount"),
        base=reader.number(price, "ram:BasisQuantity"),
        adjustment=sum((one.signed for one in charges), Decimal(0)),
        net=reader.number(settlement, total),
        vat=reader.vat(tax, "ram:CategoryCode", "ram:RateApplicablePercent"),
    )


def _adjustment(reader: Reader, charge: Any) -> FoundAdjustment:
    tax = reader.first(charge, "ram:CategoryTradeTax")
    return FoundAdjustment(
        is_charge=reader.text(charge, "ram:ChargeIndicator/udt:Indicator") in ("true", "1"),
        amount=reader.number(charge, "ram:ActualAmount"),
        has_reason=bool(reader.text(charge, "ram:Reason") or reader.text(charge, "ram:ReasonCode")),
        vat=reader.vat(tax, "ram:CategoryCode", "ram:RateApplicablePercent"),
    )


def _subtotal(reader: Reader, tax: Any) -> FoundSubtotal:
    return FoundSubtotal(
        vat=reader.vat(tax, "ram:CategoryCode", "ram:RateApplicablePercent"),
        net=reader.number(tax, "ram:BasisAmount"),
        tax=reader.number(tax, "ram:CalculatedAmount"),
        reason=reader.text(tax, "ram:ExemptionReason"),
        code=reader.text(tax, "ram:ExemptionReasonCode"),
    )


def _totals(reader: Reader, settlement: Any, currency: str) -> dict[str, Decimal | None]:
    summation = reader.first(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    totals = {term: reader.number(summation, f"ram:{name}") for term, name in _TOTALS}
    return totals | reader.tax_totals(summation, "ram:TaxTotalAmount", currency)
