"""`check_file` by our own rules alone: broken e-invoices are found, harmful files are harmless."""

import pikepdf
import pytest
from einvoices import kinds
from lxml import etree

from billing_engine.einvoice import checking, reading
from billing_engine.einvoice.checking import check_file
from billing_engine.einvoice.cii import NAMESPACES as CII
from billing_engine.einvoice.formats import Format, missing_fields, write
from billing_engine.einvoice.ubl import NAMESPACES as UBL


@pytest.fixture(autouse=True)
def only_our_rules(monkeypatch):
    """Leave the official rules out, as where they are not installed."""
    monkeypatch.setattr(checking, "rule_book", lambda _kind, _specification: None)


@pytest.fixture
def check(tmp_path):
    """Check bytes as a file."""

    def checker(content):
        path = tmp_path / "invoice.xml"
        path.write_bytes(content)
        return check_file(path)

    return checker


def rules_of(report):
    """Name the rules that were broken."""
    return {finding.rule for finding in report.findings}


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("name", sorted(kinds()))
def test_whatever_is_written_is_valid(name, format_, check):
    """Each kind in each format that takes it."""
    said = kinds()[name]
    if not missing_fields(said, format_):
        report = check(write(said, format_))
        assert report.findings == ()
        assert report.kind == (
            "CII" if format_ is Format.CII else f"UBL {'CreditNote' if said.preceding else 'Invoice'}"
        )


def test_the_report_says_what_was_not_looked_at(check):
    """Our rules are not all rules."""
    report = check(write(kinds()["standard"], Format.PEPPOL))
    assert report.rules == (checking.OWN_RULES,)
    assert [text.split(";")[0] for text in report.left_out] == [
        "the official XSD and Schematron",
        "the rule book of Peppol itself",
    ]


def set_text(path, text):
    """Change the text of the first element at a path."""

    def change(root, namespaces):
        root.findall(f".//{path}", namespaces)[0].text = text

    return change


def remove(path):
    """Take an element out."""

    def change(root, namespaces):
        element = root.findall(f".//{path}", namespaces)[0]
        element.getparent().remove(element)

    return change


def repeat(path):
    """Write an element once more."""

    def change(root, namespaces):
        element = root.findall(f".//{path}", namespaces)[0]
        element.addnext(etree.fromstring(etree.tostring(element)))

    return change


def add(path, tag, text):
    """Add an element at the end of another one."""

    def change(root, namespaces):
        prefix, _, local = tag.partition(":")
        parent = root.findall(f".//{path}", namespaces)[0]
        etree.SubElement(parent, f"{{{namespaces[prefix]}}}{local}").text = text

    return change


SUMS = "ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
TAX = "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:"
LINE_TAX = "ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax/ram:"
BROKEN_CII = [
    ("standard", "BR-CO-10", set_text(f"{SUMS}LineTotalAmount", "609.99")),
    ("credit before tax", "BR-CO-11", set_text(f"{SUMS}AllowanceTotalAmount", "71.00")),
    ("credit before tax", "BR-CO-11", remove(f"{SUMS}AllowanceTotalAmount")),
    ("standard", "BR-CO-13", set_text(f"{SUMS}TaxBasisTotalAmount", "611.00")),
    ("standard", "BR-CO-14", set_text(f"{SUMS}TaxTotalAmount", "121.00")),
    ("standard", "BR-CO-15", set_text(f"{SUMS}GrandTotalAmount", "733.00")),
    ("standard", "BR-CO-16", set_text(f"{SUMS}DuePayableAmount", "0.00")),
    ("credit after tax", "BR-CO-16", remove(f"{SUMS}TotalPrepaidAmount")),
    ("credit after tax", "BR-CO-16", set_text(f"{SUMS}TotalPrepaidAmount", "90.00")),
    ("standard", "BR-CO-17", set_text(f"{TAX}RateApplicablePercent", "19")),
    ("standard", "BR-CO-17", set_text(f"{TAX}CalculatedAmount", "121.00")),
    ("standard", "BR-S-08", set_text(f"{TAX}BasisAmount", "600.00")),
    ("two rates, credit before tax", "BR-S-08", remove("ram:SpecifiedTradeAllowanceCharge")),
    ("standard", "BR-S-01", set_text(f"{LINE_TAX}RateApplicablePercent", "10")),
    ("standard", "BR-S-05", set_text(f"{LINE_TAX}RateApplicablePercent", "0")),
    (
        "standard",
        "BR-S-10",
        add("ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax", "ram:ExemptionReason", "x"),
    ),
    ("exempt", "BR-E-10", remove(f"{TAX}ExemptionReason")),
    ("exempt", "BR-E-05", set_text(f"{LINE_TAX}RateApplicablePercent", "20")),
    ("reverse charge", "BR-AE-09", set_text(f"{TAX}CalculatedAmount", "1.00")),
    ("reverse charge", "VATEX", set_text(f"{TAX}ExemptionReasonCode", "VATEX-EU-O")),
    ("reverse charge", "BR-AE-02", remove("ram:BuyerTradeParty/ram:SpecifiedTaxRegistration")),
    ("reverse charge", "BR-AE-02", remove("ram:SellerTradeParty/ram:SpecifiedTaxRegistration")),
    ("standard", "BR-S-02", remove("ram:SellerTradeParty/ram:SpecifiedTaxRegistration")),
    ("out of scope", "BR-O-05", add(LINE_TAX.removesuffix("/ram:"), "ram:RateApplicablePercent", "0")),
    ("standard", "BR-CL-17", set_text(f"{LINE_TAX}CategoryCode", "X")),
    ("standard", "BR-CO-04", remove("ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax")),
    ("standard", "BR-CO-18", remove("ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax")),
    ("minutes", "PEPPOL-EN16931-R120", remove("ram:BasisQuantity")),
    ("minutes", "PEPPOL-EN16931-R121", set_text("ram:BasisQuantity", "0")),
    ("standard", "PEPPOL-EN16931-R120", set_text("ram:BilledQuantity", "2")),
    ("standard", "PEPPOL-EN16931-R120", set_text("ram:NetPriceProductTradePrice/ram:ChargeAmount", "36.00")),
    ("standard", "BR-27", set_text("ram:NetPriceProductTradePrice/ram:ChargeAmount", "-360.00")),
    ("standard", "BR-01", remove("ram:GuidelineSpecifiedDocumentContextParameter")),
    ("standard", "BR-02", remove("rsm:ExchangedDocument/ram:ID")),
    ("standard", "BR-03", remove("ram:IssueDateTime")),
    ("standard", "BR-03", set_text("ram:IssueDateTime/udt:DateTimeString", "20261332")),
    ("standard", "BR-04", remove("rsm:ExchangedDocument/ram:TypeCode")),
    ("standard", "BR-CL-01", set_text("rsm:ExchangedDocument/ram:TypeCode", "999")),
    ("standard", "BR-05", remove("ram:InvoiceCurrencyCode")),
    ("standard", "BR-CL-03", set_text("ram:InvoiceCurrencyCode", "euro")),
    ("standard", "BR-06", remove("ram:SellerTradeParty/ram:Name")),
    ("standard", "BR-07", set_text("ram:BuyerTradeParty/ram:Name", "  ")),
    ("standard", "BR-09", remove("ram:SellerTradeParty/ram:PostalTradeAddress")),
    ("standard", "BR-11", remove("ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CountryID")),
    ("standard", "BR-CL-14", set_text("ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CountryID", "Germany")),
    ("standard", "BR-CO-09", set_text("ram:BuyerTradeParty/ram:SpecifiedTaxRegistration/ram:ID", "123456789")),
    ("standard", "BR-12", remove(f"{SUMS}LineTotalAmount")),
    ("standard", "BR-13", remove(f"{SUMS}TaxBasisTotalAmount")),
    ("standard", "BR-14", remove(f"{SUMS}GrandTotalAmount")),
    ("standard", "BR-15", remove(f"{SUMS}DuePayableAmount")),
    ("no line", "BR-16", remove("ram:IncludedSupplyChainTradeLineItem")),
    ("standard", "BR-21", remove("ram:AssociatedDocumentLineDocument")),
    ("standard", "BR-22", remove("ram:SpecifiedLineTradeDelivery")),
    ("standard", "BR-24", remove("ram:SpecifiedTradeSettlementLineMonetarySummation")),
    ("standard", "BR-25", remove("ram:SpecifiedTradeProduct/ram:Name")),
    ("standard", "BR-26", remove("ram:NetPriceProductTradePrice")),
    ("credit before tax", "BR-33", remove("ram:SpecifiedTradeAllowanceCharge/ram:Reason")),
    ("second currency", "BR-53", remove(f"{SUMS}TaxTotalAmount[@currencyID='RSD']")),
    ("credit note: standard", "BR-55", remove("ram:InvoiceReferencedDocument/ram:IssuerAssignedID")),
    ("standard", "BR-61", remove("ram:PayeePartyCreditorFinancialAccount")),
    ("standard", "BR-49", remove("ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode")),
    (
        "standard",
        "BR-DEC-23",
        set_text("ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount", "360.001"),
    ),
    ("standard", "BR-DEC-14", set_text(f"{SUMS}GrandTotalAmount", "732.001")),
    ("standard", "FIGURE", set_text(f"{SUMS}GrandTotalAmount", "7e2")),
    ("standard", "FIGURE", set_text("ram:BilledQuantity", "NaN")),
    ("standard", "FIGURE", set_text("ram:BilledQuantity", "9" * 400)),
    ("standard", "BR-CO-10", repeat("ram:IncludedSupplyChainTradeLineItem")),
    ("standard", "BR-CO-14", repeat("ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax")),
]


def without_reason_code(root, namespaces):
    """Take the code out: an allowance has a reason in words or as a code."""
    for code in root.findall(".//ram:SpecifiedTradeAllowanceCharge/ram:ReasonCode", namespaces):
        code.getparent().remove(code)


@pytest.mark.parametrize(("name", "rule", "change"), BROKEN_CII)
def test_a_broken_cii_is_found(name, rule, change, check):
    """One thing changed, and the rule that it breaks is named."""
    root = etree.fromstring(write(kinds()[name], Format.CII))
    if rule == "BR-33":
        without_reason_code(root, CII)
    change(root, CII)
    report = check(etree.tostring(root))
    assert rule in rules_of(report)
    assert not report.valid
    assert report.readable
    assert all(finding.message and "\n" not in finding.message for finding in report.findings)


def with_vat_id(root, namespaces):
    """Give the buyer a VAT id."""
    party = root.find(".//cac:AccountingCustomerParty/cac:Party", namespaces)
    scheme = etree.SubElement(party, f"{{{namespaces['cac']}}}PartyTaxScheme")
    etree.SubElement(scheme, f"{{{namespaces['cbc']}}}CompanyID").text = "DE123456789"
    tax = etree.SubElement(scheme, f"{{{namespaces['cac']}}}TaxScheme")
    etree.SubElement(tax, f"{{{namespaces['cbc']}}}ID").text = "VAT"


def unknown(root, namespaces):
    """Take all numbers of the seller out."""
    for path in ("cac:PartyTaxScheme", "cac:PartyLegalEntity/cbc:CompanyID"):
        remove(f"cac:AccountingSupplierParty/cac:Party/{path}")(root, namespaces)


def charge_of(amount, percent="20"):
    """Make a charge of the allowance."""

    def change(root, namespaces):
        set_text("cac:AllowanceCharge/cbc:ChargeIndicator", "true")(root, namespaces)
        set_text("cac:AllowanceCharge/cbc:Amount", amount)(root, namespaces)
        set_text("cac:AllowanceCharge/cac:TaxCategory/cbc:Percent", percent)(root, namespaces)

    return change


TOTAL = "cac:LegalMonetaryTotal/cbc:"
BROKEN_UBL = [
    ("standard", "ubl", "BR-CO-10", set_text(f"{TOTAL}LineExtensionAmount", "1.00")),
    ("standard", "ubl", "BR-CO-13", set_text(f"{TOTAL}TaxExclusiveAmount", "1.00")),
    ("standard", "ubl", "BR-CO-15", set_text(f"{TOTAL}TaxInclusiveAmount", "1.00")),
    ("standard", "ubl", "BR-CO-16", set_text(f"{TOTAL}PayableAmount", "1.00")),
    ("credit before tax", "ubl", "BR-CO-11", set_text(f"{TOTAL}AllowanceTotalAmount", "1.00")),
    ("credit before tax", "ubl", "BR-CO-12", set_text("cac:AllowanceCharge/cbc:ChargeIndicator", "true")),
    ("credit before tax", "ubl", "BR-31", remove("cac:AllowanceCharge/cbc:Amount")),
    ("credit before tax", "ubl", "BR-DEC-01", set_text("cac:AllowanceCharge/cbc:Amount", "72.001")),
    ("credit before tax", "ubl", "BR-DEC-05", charge_of("72.001")),
    ("credit before tax", "ubl", "BR-S-07", charge_of("72.00", "0")),
    ("credit before tax", "ubl", "BR-36", charge_of("a lot")),
    ("credit after tax", "ubl", "BR-CO-16", remove(f"{TOTAL}PrepaidAmount")),
    ("standard", "ubl", "BR-CO-14", set_text("cac:TaxTotal/cbc:TaxAmount", "1.00")),
    ("standard", "ubl", "BR-CO-17", set_text("cac:TaxSubtotal/cac:TaxCategory/cbc:Percent", "7")),
    ("standard", "ubl", "BR-S-08", set_text("cac:TaxSubtotal/cbc:TaxableAmount", "7.00")),
    ("standard", "ubl", "BR-45", remove("cac:TaxSubtotal/cbc:TaxableAmount")),
    ("standard", "ubl", "BR-46", remove("cac:TaxSubtotal/cbc:TaxAmount")),
    ("standard", "ubl", "BR-47", remove("cac:TaxSubtotal/cac:TaxCategory")),
    ("standard", "ubl", "BR-48", remove("cac:TaxSubtotal/cac:TaxCategory/cbc:Percent")),
    ("standard", "ubl", "BR-S-05", remove("cac:ClassifiedTaxCategory/cbc:Percent")),
    ("credit before tax", "ubl", "BR-S-06", set_text("cac:AllowanceCharge/cac:TaxCategory/cbc:Percent", "0")),
    ("standard", "ubl", "BR-23", lambda root, names: root.find(".//cbc:InvoicedQuantity", names).attrib.clear()),
    ("standard", "ubl", "BR-CL-01", set_text("cbc:InvoiceTypeCode", "381")),
    ("credit note: standard", "ubl", "BR-CL-01", set_text("cbc:CreditNoteTypeCode", "380")),
    ("credit note: standard", "ubl", "PEPPOL-EN16931-R120", set_text("cbc:CreditedQuantity", "3")),
    ("second currency", "ubl", "BR-CL-05", set_text("cbc:TaxCurrencyCode", "dinar")),
    ("out of scope", "ubl", "BR-O-02", with_vat_id),
    ("taxed and exempt", "ubl", "BR-O-11", set_text("cac:TaxSubtotal/cac:TaxCategory/cbc:ID", "O")),
    ("standard", "ubl", "BR-CO-26", unknown),
    ("standard", "peppol", "PEPPOL-EN16931-R001", remove("cbc:ProfileID")),
    ("credit after tax", "peppol", "PEPPOL-EN16931-R002", repeat("cbc:Note")),
    ("standard", "peppol", "PEPPOL-EN16931-R003", remove("cbc:BuyerReference")),
    ("standard", "peppol", "PEPPOL-EN16931-R010", remove("cac:AccountingCustomerParty/cac:Party/cbc:EndpointID")),
    ("standard", "peppol", "PEPPOL-EN16931-R020", remove("cac:AccountingSupplierParty/cac:Party/cbc:EndpointID")),
    ("standard", "xrechnung", "BR-DE-15", remove("cbc:BuyerReference")),
    ("standard", "xrechnung", "BR-DE-1", remove("cac:PaymentMeans")),
    ("standard", "xrechnung", "BR-DE-5", remove("cac:Contact/cbc:Name")),
    ("standard", "xrechnung", "BR-DE-6", remove("cac:Contact/cbc:Telephone")),
    ("standard", "xrechnung", "BR-DE-7", remove("cac:Contact/cbc:ElectronicMail")),
    (
        "standard",
        "xrechnung",
        "BR-DE-3",
        remove("cac:AccountingSupplierParty/cac:Party/cac:PostalAddress/cbc:CityName"),
    ),
    (
        "standard",
        "xrechnung",
        "BR-DE-9",
        remove("cac:AccountingCustomerParty/cac:Party/cac:PostalAddress/cbc:PostalZone"),
    ),
]


@pytest.mark.parametrize(("name", "format_", "rule", "change"), BROKEN_UBL)
def test_a_broken_ubl_is_found(name, format_, rule, change, check):
    """One thing changed, and the rule that it breaks is named."""
    root = etree.fromstring(write(kinds()[name], Format(format_)))
    change(root, UBL)
    assert rule in rules_of(check(etree.tostring(root)))


def test_charges_allowances_and_rounding_add_up(check):
    """Of foreign files; ours have allowances alone."""
    root = etree.fromstring(write(kinds()["credit before tax"], Format.UBL))
    charge_of("72.00")(root, UBL)
    totals = root.find("cac:LegalMonetaryTotal", UBL)
    totals.remove(totals.find("cbc:AllowanceTotalAmount", UBL))
    for name, amount in (("ChargeTotalAmount", "72.00"), ("PayableRoundingAmount", "0.60")):
        etree.SubElement(totals, f"{{{UBL['cbc']}}}{name}").text = amount
    for path, amount in (
        ("TaxExclusiveAmount", "682.00"),
        ("TaxInclusiveAmount", "818.40"),
        ("PayableAmount", "819.00"),
        ("TaxableAmount", "682.00"),
        ("TaxAmount", "136.40"),
    ):
        for element in root.iterfind(f".//cbc:{path}", UBL):
            element.text = amount
    assert check(etree.tostring(root)).findings == ()


def test_allowances_and_charges_of_a_line_are_part_of_it(check):
    """Quantity x price less 60.00 plus 1.00."""
    root = etree.fromstring(write(kinds()["standard"], Format.UBL))
    line = root.find("cac:InvoiceLine", UBL)
    for indicator, amount in (("false", "60.00"), ("true", "1.00")):
        charge = etree.SubElement(line, f"{{{UBL['cac']}}}AllowanceCharge")
        etree.SubElement(charge, f"{{{UBL['cbc']}}}ChargeIndicator").text = indicator
        etree.SubElement(charge, f"{{{UBL['cbc']}}}Amount").text = amount
    assert "PEPPOL-EN16931-R120" in rules_of(check(etree.tostring(root)))
    set_text("cac:InvoiceLine/cbc:LineExtensionAmount", "301.00")(root, UBL)
    assert "PEPPOL-EN16931-R120" not in rules_of(check(etree.tostring(root)))


def test_a_tax_representative_stands_for_the_seller(check):
    """Its VAT id is enough (BT-63)."""
    root = etree.fromstring(write(kinds()["standard"], Format.UBL))
    remove("cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme")(root, UBL)
    assert rules_of(check(etree.tostring(root))) == {"BR-S-02"}
    person = etree.SubElement(root, f"{{{UBL['cac']}}}TaxRepresentativeParty")
    scheme = etree.SubElement(person, f"{{{UBL['cac']}}}PartyTaxScheme")
    etree.SubElement(scheme, f"{{{UBL['cbc']}}}CompanyID").text = "CZ25123891"
    assert check(etree.tostring(root)).valid


def test_many_figures_that_are_wrong_are_named_once_each(check):
    """Each with what it says and what it should be."""
    root = etree.fromstring(write(kinds()["standard"], Format.CII))
    set_text(f"{SUMS}LineTotalAmount", "609.99")(root, CII)
    found = {finding.rule: finding for finding in check(etree.tostring(root)).findings}
    assert set(found) == {"BR-CO-10", "BR-CO-13"}
    assert found["BR-CO-10"].message == "BT-106 is 609.99, and the sum of the lines is 610.00"
    assert found["BR-CO-10"].location == "BT-106"


GOOD = write(kinds()["standard"], Format.CII)
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))


@pytest.mark.parametrize(
    "head",
    [
        b"<!DOCTYPE x>",
        b"<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'>",
        b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
        b'<!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]>",
    ],
)
@pytest.mark.parametrize("used", [b"&e;", b"&l11;", b""])
def test_no_dtd_and_no_entity_is_taken(head, used, check):
    """Whatever it would bring in stays out."""
    declaration, rest = GOOD.split(b"\n", 1)
    content = declaration + head + rest.replace(b"Premium", used, 1)
    report = check(content)
    assert rules_of(report) == {"XML"}
    assert "root:" not in str(report.findings)
    attribute = check(declaration + head + rest.replace(b'format="102"', b'format="' + used + b'"', 1))
    assert rules_of(attribute) == {"XML"}


def test_a_file_may_be_of_any_encoding(check):
    """Its declaration or its mark of byte order says which."""
    text = GOOD.decode().split("\n", 1)[1]
    assert check(text.encode("utf-16")).valid
    assert check(("<?xml version='1.0' encoding='UTF-16'?>" + text).encode("utf-16")).valid
    assert check(("\ufeff" + text).encode()).valid
    latin = "<?xml version='1.0' encoding='ISO-8859-2'?>" + text.replace("ø", "o")
    assert check(latin.encode("iso-8859-2")).valid


def test_a_comment_cuts_no_figure(check):
    """What a person reads is what is checked."""
    cut = GOOD.replace(b">732.00<", b">7<!-- -->32.00<")
    assert cut != GOOD
    assert check(cut).valid


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"hello", "neither XML nor a PDF"),
        (b"\x00\x01\x02", "neither XML nor a PDF"),
        (b"{}", "neither XML nor a PDF"),
        (b"%PDF-1.7\nnothing", "the PDF can not be read"),
    ],
)
def test_what_is_no_invoice_at_all_can_not_be_read(content, message, check):
    """And the message says why, in one line."""
    report = check(content)
    assert not report.readable
    assert not report.valid
    (finding,) = report.findings
    assert message in finding.message
    assert "\n" not in finding.message


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<a", "XML"),
        (b"<a></b>", "XML"),
        (b"<a/>", "ROOT"),
        (b"<html><body/></html>", "ROOT"),
        (b"<Invoice/>", "ROOT"),
        (b"<" + b"a" * 10_000 + b"/>", "ROOT"),
        (b"<a>" * 100_000, "XML"),
        (GOOD[:-10], "XML"),
        (GOOD.replace(b"CrossIndustryInvoice:100", b"CrossIndustryInvoice:999"), "ROOT"),
    ],
)
def test_xml_that_is_no_e_invoice_is_not_valid(content, rule, check):
    """It could be read, so that is another verdict."""
    report = check(content)
    assert report.readable
    assert rules_of(report) == {rule}
    assert all(len(finding.message) <= 600 for finding in report.findings)


def test_an_empty_root_misses_everything(check):
    """And no reader stumbles over what is not there."""
    for root in (
        f"<i:CrossIndustryInvoice xmlns:i='{CII['rsm']}'/>",
        "<Invoice xmlns='{}'/>",
        "<CreditNote xmlns='{}'/>",
    ):
        kind = "CreditNote" if "Credit" in root else "Invoice"
        content = root.format(f"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2").encode()
        assert {"BR-01", "BR-02", "BR-06", "BR-12", "BR-16", "BR-CO-18"} <= rules_of(check(content))


def test_a_missing_file_and_a_folder_can_not_be_read(tmp_path):
    """They are told like any other."""
    for path, message in ((tmp_path / "none.xml", "No such file"), (tmp_path, "directory")):
        report = check_file(path)
        assert not report.readable
        assert message in report.findings[0].message


def test_a_file_that_is_too_large_is_not_read(check, monkeypatch):
    """Not even its end is looked for."""
    monkeypatch.setattr(checking, "LARGEST_PDF", 100)
    assert "larger than 100 bytes" in check(GOOD).findings[0].message
    monkeypatch.undo()
    monkeypatch.setattr(reading, "LARGEST_XML", 100)
    assert "larger than 100 bytes" in check(GOOD).findings[0].message


def test_findings_and_what_they_say_are_bounded(check):
    """A file decides what its lines are called, and how many there are."""
    item = GOOD[
        GOOD.index(b"<ram:IncludedSupplyChainTradeLineItem>") : GOOD.index(b"<ram:ApplicableHeaderTradeAgreement>")
    ]
    bad = item.replace(b"<ram:LineID>1<", b"<ram:LineID>" + b"x" * 10_000 + b"<").replace(
        b'BilledQuantity unitCode="MON">1<', b"BilledQuantity>7<"
    )
    report = check(GOOD.replace(item, bad * 300))
    assert 100 < len(report.findings) <= 200
    assert all(len(finding.message) + len(finding.location) <= 900 for finding in report.findings)


def test_profiles_without_lines_are_left_to_the_official_rules(check):
    """MINIMUM and BASIC WL are less than EN 16931, and an extension adds up otherwise."""
    for profile in ("urn:factur-x.eu:1p0:minimum", "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended"):
        report = check(GOOD.replace(b"urn:cen.eu:en16931:2017", profile.encode()))
        assert checking.OWN_RULES not in report.rules


def test_an_encrypted_pdf_is_no_e_invoice(tmp_path):
    """Whatever it is encrypted with, and whoever could read it."""
    path = tmp_path / "invoice.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path, encryption=pikepdf.Encryption(owner="secret", user="", R=6))
    (finding,) = check_file(path).findings
    assert finding.message == "the PDF is encrypted, which no e-invoice may be"
