"""Writes UBL 2.1: an Invoice or a CreditNote of OASIS, as EN 16931 and what builds on it want it."""

from __future__ import annotations

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

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
NAMESPACES: Namespaces = MappingProxyType(
    {"cac": f"{_SCHEMA}:CommonAggregateComponents-2", "cbc": f"{_SCHEMA}:CommonBasicComponents-2"}
)


def write_ubl(said: EInvoice, specification: str, process: str = "") -> bytes:
    """Write the document; `specification` is BT-24, `process` BT-23."""
    kind = "CreditNote" if said.is_credit_note else "Invoice"
    root = Node.root(kind, {None: f"{_SCHEMA}:{kind}-2", **NAMESPACES})
    _header(root, said, specification, process)
    _party(root.add("cac:AccountingSupplierParty/cac:Party"), said.seller)
    _party(root.add("cac:AccountingCustomerParty/cac:Party"), said.buyer)
    root.add("cac:Delivery/cbc:ActualDeliveryDate", said.delivered_on.isoformat())
    if said.payment is not None:
        _payment(root.add("cac:PaymentMeans"), said.payment)
    root.say("cac:PaymentTerms/cbc:Note", said.terms)
    for allowance in said.allowances:
        _allowance(root.add("cac:AllowanceCharge"), allowance, said.currency)
    _vat_totals(root, said)
    _totals(root.add("cac:LegalMonetaryTotal"), said)
    for line in said.lines:
        _line(root.add(f"cac:{kind}Line"), line, said)
    return root.to_bytes()


def _header(root: Node, said: EInvoice, specification: str, process: str) -> None:
    root.add("cbc:CustomizationID", specification)
    root.say("cbc:ProfileID", process)
    root.add("cbc:ID", said.number)
    root.add("cbc:IssueDate", said.issued_on.isoformat())
    if said.due_on is not None and not said.is_credit_note:
        root.add("cbc:DueDate", said.due_on.isoformat())
    root.add("cbc:CreditNoteTypeCode" if said.is_credit_note else "cbc:InvoiceTypeCode", said.type_code)
    root.say("cbc:Note", "\n".join(said.notes))  # one alone, as Peppol has it (PEPPOL-EN16931-R002)
    root.add("cbc:DocumentCurrencyCode", said.currency)
    if said.accounting_vat is not None:
        root.add("cbc:TaxCurrencyCode", said.accounting_vat.currency)
    root.say("cbc:BuyerReference", said.buyer_reference)
    _period(root, said.period)
    if said.preceding is not None:
        former = root.add("cac:BillingReference/cac:InvoiceDocumentReference")
        former.add("cbc:ID", said.preceding.number)
        former.add("cbc:IssueDate", said.preceding.issued_on.isoformat())


def _period(parent: Node, period: Period | None) -> None:
    if period is not None:
        span = parent.add("cac:InvoicePeriod")
        span.add("cbc:StartDate", period.start.isoformat())
        span.add("cbc:EndDate", period.end.isoformat())


def _party(party_element: Node, party: Party) -> None:
    if party.electronic_address is not None:
        found = party.electronic_address
        party_element.add("cbc:EndpointID", found.value, schemeID=found.scheme)
    party_element.say("cac:PartyIdentification/cbc:ID", party.identifier)
    _address(party_element.add("cac:PostalAddress"), party.address)
    for number_, scheme in ((party.vat_id, "VAT"), (party.tax_number, "TAX")):
        if number_:
            registered = party_element.add("cac:PartyTaxScheme")
            registered.add("cbc:CompanyID", number_)
            registered.add("cac:TaxScheme/cbc:ID", scheme)
    legal = party_element.add("cac:PartyLegalEntity")
    legal.add("cbc:RegistrationName", party.name)
    legal.say("cbc:CompanyID", party.registration, schemeID=party.registration_scheme)
    if party.contact is not None:
        contact = party_element.add("cac:Contact")
        contact.say("cbc:Name", party.contact.name)
        contact.say("cbc:Telephone", party.contact.phone)
        contact.say("cbc:ElectronicMail", party.contact.email)


def _address(parent: Node, address: PostalAddress) -> None:
    street, more, rest = (*address.lines, "", "", "")[:3]
    parent.say("cbc:StreetName", street)
    parent.say("cbc:AdditionalStreetName", more)
    parent.say("cbc:CityName", address.city)
    parent.say("cbc:PostalZone", address.postal_code)
    parent.say("cac:AddressLine/cbc:Line", rest)
    parent.add("cac:Country/cbc:IdentificationCode", address.country)


def _payment(parent: Node, payment: Payment) -> None:
    parent.add("cbc:PaymentMeansCode", payment.code)
    parent.say("cbc:PaymentID", payment.remittance)
    if payment.account:
        account = parent.add("cac:PayeeFinancialAccount")
        account.add("cbc:ID", payment.account)
        account.say("cbc:Name", payment.account_name)
        account.say("cac:FinancialInstitutionBranch/cbc:ID", payment.bic)


def _allowance(parent: Node, allowance: Allowance, currency: str) -> None:
    parent.add("cbc:ChargeIndicator", "false")
    parent.add("cbc:AllowanceChargeReasonCode", allowance.code)
    parent.say("cbc:AllowanceChargeReason", allowance.reason)
    parent.add("cbc:Amount", money(allowance.amount, currency), currencyID=currency)
    _vat(parent.add("cac:TaxCategory"), allowance.vat)


def _vat(parent: Node, vat: Vat) -> None:
    parent.add("cbc:ID", vat.category)
    if vat.category != TaxCategory.OUT_OF_SCOPE:
        parent.add("cbc:Percent", number(vat.percent))
    parent.add("cac:TaxScheme/cbc:ID", "VAT")


def _vat_totals(root: Node, said: EInvoice) -> None:
    total = root.add("cac:TaxTotal")
    total.add("cbc:TaxAmount", money(said.totals.tax, said.currency), currencyID=said.currency)
    for one in said.vat:
        _subtotal(total.add("cac:TaxSubtotal"), one, said.currency)
    if said.accounting_vat is not None:
        home = said.accounting_vat
        root.add("cac:TaxTotal/cbc:TaxAmount", money(home.amount, home.currency), currencyID=home.currency)


def _subtotal(parent: Node, one: VatSubtotal, currency: str) -> None:
    parent.add("cbc:TaxableAmount", money(one.net, currency), currencyID=currency)
    parent.add("cbc:TaxAmount", money(one.tax, currency), currencyID=currency)
    category = parent.add("cac:TaxCategory")
    category.add("cbc:ID", one.vat.category)
    category.add("cbc:Percent", number(one.vat.percent))
    category.say("cbc:TaxExemptionReasonCode", one.code)
    category.say("cbc:TaxExemptionReason", one.reason)
    category.add("cac:TaxScheme/cbc:ID", "VAT")


def _totals(parent: Node, said: EInvoice) -> None:
    totals, currency = said.totals, said.currency
    shown = [
        ("LineExtensionAmount", totals.lines),
        ("TaxExclusiveAmount", totals.net),
        ("TaxInclusiveAmount", totals.gross),
        ("AllowanceTotalAmount", totals.allowances if said.allowances else None),
        ("PrepaidAmount", totals.prepaid or None),
        ("PayableAmount", totals.due),
    ]
    for name, amount in shown:
        if amount is not None:
            parent.add(f"cbc:{name}", money(amount, currency), currencyID=currency)


def _line(parent: Node, line: Line, said: EInvoice) -> None:
    parent.add("cbc:ID", line.number)
    quantity = "cbc:CreditedQuantity" if said.is_credit_note else "cbc:InvoicedQuantity"
    parent.add(quantity, number(line.quantity), unitCode=line.unit)
    parent.add("cbc:LineExtensionAmount", money(line.net, said.currency), currencyID=said.currency)
    _period(parent, line.period)
    item = parent.add("cac:Item")
    item.say("cbc:Description", line.description)
    item.add("cbc:Name", line.name)
    _vat(item.add("cac:ClassifiedTaxCategory"), line.vat)
    priced = parent.add("cac:Price")
    priced.add("cbc:PriceAmount", price(line.price), currencyID=said.currency)
    if line.base != 1:
        priced.add("cbc:BaseQuantity", number(line.base), unitCode=line.unit)
