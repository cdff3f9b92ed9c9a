"""Writes CII: the Cross Industry Invoice D16B of UN/CEFACT, as Factur-X has it for EN 16931."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from billing_engine.einvoice.elements import Namespaces, Node, money, number, price
from billing_engine.einvoice.terms import (
    Allowance,
    EInvoice,
    Line,
    Party,
    Payment,
    Period,
    PostalAddress,
    Vat,
    VatSubtotal,
)
from billing_engine.model.tax import TaxCategory

_STANDARD = "urn:un:unece:uncefact:data:standard"
NAMESPACES: Namespaces = MappingProxyType(
    {
        "rsm": f"{_STANDARD}:CrossIndustryInvoice:100",
        "ram": f"{_STANDARD}:ReusableAggregateBusinessInformationEntity:100",
        "udt": f"{_STANDARD}:UnqualifiedDataType:100",
        "qdt": f"{_STANDARD}:QualifiedDataType:100",
    }
)


def write_cii(said: EInvoice, specification: str) -> bytes:
    """Write the document; `specification` is BT-24."""
    root = Node.root("rsm:CrossIndustryInvoice", NAMESPACES)
    context = "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
    root.add(context, specification)
    document = root.add("rsm:ExchangedDocument")
    document.add("ram:ID", said.number)
    document.add("ram:TypeCode", said.type_code)
    _day(document, "ram:IssueDateTime", said.issued_on)
    for note in said.notes:
        document.add("ram:IncludedNote/ram:Content", note)
    transaction = root.add("rsm:SupplyChainTradeTransaction")
    for line in said.lines:
        _line(transaction, line, said.currency)
    agreement = transaction.add("ram:ApplicableHeaderTradeAgreement")
    agreement.say("ram:BuyerReference", said.buyer_reference)
    _party(agreement.add("ram:SellerTradeParty"), said.seller)
    _party(agreement.add("ram:BuyerTradeParty"), said.buyer)
    delivery = transaction.add("ram:ApplicableHeaderTradeDelivery/ram:ActualDeliverySupplyChainEvent")
    _day(delivery, "ram:OccurrenceDateTime", said.delivered_on)
    _settlement(transaction.add("ram:ApplicableHeaderTradeSettlement"), said)
    return root.to_bytes()


def _day(parent: Node, path: str, day: date, kind: str = "udt") -> None:
    parent.add(f"{path}/{kind}:DateTimeString", f"{day:%Y%m%d}", format="102")


def _period(parent: Node, period: Period | None) -> None:
    if period is not None:
        span = parent.add("ram:BillingSpecifiedPeriod")
        _day(span, "ram:StartDateTime", period.start)
        _day(span, "ram:EndDateTime", period.end)


def _party(parent: Node, party: Party) -> None:
    parent.say("ram:ID", party.identifier)
    parent.add("ram:Name", party.name)
    parent.say("ram:SpecifiedLegalOrganization/ram:ID", party.registration, schemeID=party.registration_scheme)
    if party.contact is not None:
        contact = parent.add("ram:DefinedTradeContact")
        contact.say("ram:PersonName", party.contact.name)
        contact.say("ram:TelephoneUniversalCommunication/ram:CompleteNumber", party.contact.phone)
        contact.say("ram:EmailURIUniversalCommunication/ram:URIID", party.contact.email)
    _address(parent.add("ram:PostalTradeAddress"), party.address)
    if party.electronic_address is not None:
        found = party.electronic_address
        parent.add("ram:URIUniversalCommunication/ram:URIID", found.value, schemeID=found.scheme)
    parent.say("ram:SpecifiedTaxRegistration/ram:ID", party.tax_number, schemeID="FC")
    parent.say("ram:SpecifiedTaxRegistration/ram:ID", party.vat_id, schemeID="VA")


def _address(parent: Node, address: PostalAddress) -> None:
    parent.say("ram:PostcodeCode", address.postal_code)
    for name, line in zip(("LineOne", "LineTwo", "LineThree"), address.lines, strict=False):
        parent.say(f"ram:{name}", line)
    parent.say("ram:CityName", address.city)
    parent.add("ram:CountryID", address.country)


def _line(transaction: Node, line: Line, currency: str) -> None:
    item = transaction.add("ram:IncludedSupplyChainTradeLineItem")
    item.add("ram:AssociatedDocumentLineDocument/ram:LineID", line.number)
    product = item.add("ram:SpecifiedTradeProduct")
    product.add("ram:Name", line.name)
    product.say("ram:Description", line.description)
    net_price = item.add("ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice")
    net_price.add("ram:ChargeAmount", price(line.price))
    if line.base != 1:
        net_price.add("ram:BasisQuantity", number(line.base), unitCode=line.unit)
    quantity = "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
    item.add(quantity, number(line.quantity), unitCode=line.unit)
    settlement = item.add("ram:SpecifiedLineTradeSettlement")
    _vat(settlement.add("ram:ApplicableTradeTax"), line.vat)
    _period(settlement, line.period)
    total = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
    settlement.add(total, money(line.net, currency))


def _vat(parent: Node, vat: Vat) -> None:
    parent.add("ram:TypeCode", "VAT")
    parent.add("ram:CategoryCode", vat.category)
    if vat.category != TaxCategory.OUT_OF_SCOPE:
        parent.add("ram:RateApplicablePercent", number(vat.percent))


def _settlement(parent: Node, said: EInvoice) -> None:
    if said.payment is not None:
        parent.say("ram:PaymentReference", said.payment.remittance)
    if said.accounting_vat is not None:
        parent.add("ram:TaxCurrencyCode", said.accounting_vat.currency)
    parent.add("ram:InvoiceCurrencyCode", said.currency)
    if said.payment is not None:
        _payment(parent.add("ram:SpecifiedTradeSettlementPaymentMeans"), said.payment)
    for subtotal in said.vat:
        _subtotal(parent.add("ram:ApplicableTradeTax"), subtotal, said.currency)
    _period(parent, said.period)
    for allowance in said.allowances:
        _allowance(parent.add("ram:SpecifiedTradeAllowanceCharge"), allowance, said.currency)
    if said.terms or said.due_on is not None:
        terms = parent.add("ram:SpecifiedTradePaymentTerms")
        terms.say("ram:Description", said.terms)
        if said.due_on is not None:
            _day(terms, "ram:DueDateDateTime", said.due_on)
    _totals(parent.add("ram:SpecifiedTradeSettlementHeaderMonetarySummation"), said)
    if said.preceding is not None:
        former = parent.add("ram:InvoiceReferencedDocument")
        former.add("ram:IssuerAssignedID", said.preceding.number)
        _day(former, "ram:FormattedIssueDateTime", said.preceding.issued_on, "qdt")


def _payment(parent: Node, payment: Payment) -> None:
    parent.add("ram:TypeCode", payment.code)
    if payment.account:
        account = parent.add("ram:PayeePartyCreditorFinancialAccount")
        account.add("ram:IBANID", payment.account)
        account.say("ram:AccountName", payment.account_name)
        parent.say("ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", payment.bic)


def _subtotal(parent: Node, one: VatSubtotal, currency: str) -> None:
    parent.add("ram:CalculatedAmount", money(one.tax, currency))
    parent.add("ram:TypeCode", "VAT")
    parent.say("ram:ExemptionReason", one.reason)
    parent.add("ram:BasisAmount", money(one.net, currency))
    parent.add("ram:CategoryCode", one.vat.category)
    parent.say("ram:ExemptionReasonCode", one.code)
    parent.add("ram:RateApplicablePercent", number(one.vat.percent))


def _allowance(parent: Node, allowance: Allowance, currency: str) -> None:
    parent.add("ram:ChargeIndicator/udt:Indicator", "false")
    parent.add("ram:ActualAmount", money(allowance.amount, currency))
    parent.add("ram:ReasonCode", allowance.code)
    parent.say("ram:Reason", allowance.reason)
    _vat(parent.add("ram:CategoryTradeTax"), allowance.vat)


def _totals(parent: Node, said: EInvoice) -> None:
    totals, currency = said.totals, said.currency
    parent.add("ram:LineTotalAmount", money(totals.lines, currency))
    if said.allowances:
        parent.add("ram:AllowanceTotalAmount", money(totals.allowances, currency))
    parent.add("ram:TaxBasisTotalAmount", money(totals.net, currency))
    parent.add("ram:TaxTotalAmount", money(totals.tax, currency), currencyID=currency)
    if said.accounting_vat is not None:
        home = said.accounting_vat
        parent.add("ram:TaxTotalAmount", money(home.amount, home.currency), currencyID=home.currency)
    parent.add("ram:GrandTotalAmount", money(totals.gross, currency))
    if totals.prepaid:
        parent.add("ram:TotalPrepaidAmount", money(totals.prepaid, currency))
    parent.add("ram:DuePayableAmount", money(totals.due, currency))
