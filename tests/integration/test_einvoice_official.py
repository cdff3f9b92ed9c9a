"""E-invoices of every kind by the official XSD and Schematron, and as another library reads them."""

from decimal import Decimal

import pytest
from drafthorse.models.document import Document
from einvoices import credit_notes, invoices, kinds
from lxml import etree

from billing_engine.documents.language import words_for
from billing_engine.einvoice import official
from billing_engine.einvoice.checking import OWN_RULES, check_file
from billing_engine.einvoice.formats import Format, missing_fields, write
from billing_engine.einvoice.from_invoice import of_credit_note, of_invoice
from billing_engine.einvoice.official import check_officially, rule_book
from billing_engine.model.money import ZERO, plain
from billing_engine.model.sla_terms import Setoff

LANGUAGES = ("en", "de", "pl", "cs", "sr-Latn", "sr-Cyrl")
RULES = {Format.CII: "Factur-X EN16931"}


@pytest.fixture
def check(tmp_path):
    """Check bytes as a file."""

    def checker(content):
        path = tmp_path / "invoice.xml"
        path.write_bytes(content)
        return check_file(path)

    return checker


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_keeps_the_official_rules(name, format_, check):
    """In each format that takes it."""
    said = kinds()[name]
    if missing_fields(said, format_):
        assert format_ in (Format.PEPPOL, Format.XRECHNUNG)
        assert "alone" in name or "no account" in name
        return
    report = check(write(said, format_))
    assert report.rules == (OWN_RULES, RULES.get(format_, "UBL 2.1 and EN 16931"))
    assert report.findings == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language_the_official_rules_are_kept(language, check):
    """Texts change, and nothing else does."""
    words = words_for(language)
    for name in ("reverse charge", "exempt", "credits before and after tax", "second currency", "late work"):
        xml = write(of_invoice(invoices()[name], words.say, words.phrase), Format.CII)
        assert check(xml).findings == (), name
        assert (xml == write(kinds()[name], Format.CII)) == (language == "en"), name
    note = credit_notes()["credit note: credits before and after tax"]
    assert check(write(of_credit_note(*note, words.say, words.phrase), Format.UBL)).findings == ()


def figure(element):
    """Read a figure of the other library; 0 where there is none."""
    return Decimal(element.to_etree().text or 0)


def read_back(said):
    """Read a CII by the other library."""
    return Document.parse(write(said, Format.CII), strict=True)


def check_totals(found, draft, due):
    """Hold what was read against a draft."""
    settlement = found.trade.settlement
    sums = settlement.monetary_summation
    assert figure(sums.tax_basis_total) == draft.net
    assert figure(sums.grand_total) == draft.gross
    assert figure(sums.due_amount) == due
    by_currency = {currency: Decimal(amount) for amount, currency in sums.tax_total_other_currency.children}
    assert by_currency[draft.currency] == draft.tax
    taxes = [
        (str(tax.category_code), figure(tax.rate_applicable_percent), figure(tax.basis_amount))
        for tax in settlement.trade_tax.children
    ]
    return sums, by_currency, taxes


@pytest.mark.parametrize("name", sorted(invoices()))
def test_another_library_reads_the_amounts_of_the_invoice(name):
    """Each total, VAT category and line, as the draft has it."""
    draft = invoices()[name].draft
    found = read_back(kinds()[name])
    sums, by_currency, taxes = check_totals(found, draft, draft.amount_due)
    before, after = (
        sum((one.amount for one in draft.setoffs if one.setoff is mode), ZERO)
        for mode in (Setoff.BEFORE_TAX, Setoff.AFTER_TAX)
    )
    assert figure(sums.allowance_total) == before
    assert figure(sums.line_total) == draft.net + before
    assert figure(sums.prepaid_total) == after
    assert taxes == [(str(one.category), one.percent, one.net) for one in draft.tax_subtotals]
    if draft.home_tax is not None:
        assert by_currency[draft.home_tax.currency] == draft.home_tax.tax
    lines = found.trade.items.children
    if draft.lines:
        nets = [figure(line.settlement.monetary_summation.total_amount) for line in lines]
        assert nets == [line.amount for line in draft.lines]
    assert str(found.header.id) == "2026-000118"
    assert str(found.trade.agreement.buyer.name) == draft.buyer.name


@pytest.mark.parametrize("name", sorted(credit_notes()))
def test_another_library_reads_the_amounts_of_the_credit_note(name):
    """As the credit note has it, and which invoice it corrects."""
    note, issued = credit_notes()[name]
    found = read_back(kinds()[name])
    sums, _, taxes = check_totals(found, note.draft, note.draft.gross)
    assert figure(sums.line_total) == note.draft.charged
    assert figure(sums.allowance_total) == note.draft.charged - note.draft.net
    assert sum(net for _, _, net in taxes) == note.draft.net
    assert str(found.header.type_code) == "381"
    assert found.trade.settlement.invoice_referenced_document.issuer_assigned_id.to_etree().text == issued.number


def changed(name, format_, path, text):
    """Write an e-invoice with another text at a path."""
    root = etree.fromstring(write(kinds()[name], format_))
    root.find(path, {prefix: uri for prefix, uri in root.nsmap.items() if prefix}).text = text
    return etree.tostring(root)


@pytest.mark.parametrize(
    ("name", "format_", "path", "text", "rule"),
    [
        ("standard", "cii", ".//ram:InvoiceCurrencyCode", "XYZ", "FX-SCH-A"),
        ("standard", "cii", ".//ram:CountryID", "QQ", "FX-SCH-A"),
        ("standard", "cii", ".//ram:BilledQuantity", "one", "XSD"),
        ("standard", "cii", ".//ram:TaxBasisTotalAmount", "609.00", "BR-CO-13"),
        ("standard", "ubl", "cbc:DocumentCurrencyCode", "XYZ", "BR-CL-04"),
        ("standard", "ubl", ".//cbc:IdentificationCode", "QQ", "BR-CL-14"),
        ("standard", "ubl", "cbc:IssueDate", "2. 11. 2026", "XSD"),
        ("credit note: standard", "ubl", "cbc:CreditNoteTypeCode", "380", "BR-CL-01"),
        ("credit before tax", "ubl", ".//cbc:AllowanceChargeReasonCode", "none", "BR-CL-19"),
    ],
)
def test_what_only_the_official_lists_know_is_found(name, format_, path, text, rule, check):
    """Codes, and the order and form of elements."""
    found = check(changed(name, Format(format_), path, text)).findings
    assert any(finding.rule.startswith(rule) for finding in found), found


def test_an_order_that_the_schema_does_not_have_is_found(check):
    """Our own rules do not look at it."""
    root = etree.fromstring(write(kinds()["standard"], Format.UBL))
    root.append(root[0])
    assert {finding.rule for finding in check(etree.tostring(root)).findings} == {"XSD"}


def test_a_rule_that_fails_for_both_is_named_once(check):
    """Ours says it with the figures."""
    found = check(changed("standard", Format.CII, ".//ram:GrandTotalAmount", "733.00")).findings
    assert [finding.rule for finding in found].count("BR-CO-15") == 1
    assert "732.00" in next(finding.message for finding in found if finding.rule == "BR-CO-15")


def test_that_no_rule_applies_is_no_pass():
    """A stylesheet for other documents finds nothing wrong with ours."""
    book = rule_book("CII", "urn:cen.eu:en16931:2017")
    other = rule_book("UBL Invoice", "")
    mixed = official.RuleBook("mixed", book.schema, other.stylesheet)
    root = etree.fromstring(write(kinds()["standard"], Format.CII))
    assert [finding.rule for finding in check_officially(root, mixed)] == ["SCHEMATRON"]


def test_rules_that_break_down_are_a_finding_and_print_nothing(check, capfd):
    """A second legal entity is allowed by the schema, and the stylesheet can not take it."""
    root = etree.fromstring(write(kinds()["standard"], Format.UBL))
    entity = root.find(".//cac:PartyLegalEntity", {"cac": root.nsmap["cac"]})
    entity.addnext(etree.fromstring(etree.tostring(entity)))
    report = check(etree.tostring(root))
    assert "could not be applied" in str(report.findings)
    said = capfd.readouterr()
    assert said.err == said.out == ""


@pytest.mark.parametrize(
    "profile",
    [
        "urn:factur-x.eu:1p0:minimum",
        "urn:factur-x.eu:1p0:basicwl",
        "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic",
        "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
    ],
)
def test_each_profile_of_factur_x_has_its_rules(profile, check):
    """What is in our file beyond a profile is not allowed in it, and EXTENDED takes all."""
    report = check(changed("standard", Format.CII, "rsm:ExchangedDocumentContext//ram:ID", profile))
    assert report.rules[-1] == f"Factur-X {profile.rpartition(':')[2].upper()}"
    assert report.valid == profile.endswith("extended")


def test_amounts_are_written_as_the_invoice_has_them():
    """To the cent, with the point of XML, whatever the language."""
    issued = invoices()["two rates, credit before tax"]
    xml = write(of_invoice(issued, words_for("de").say), Format.CII).decode()
    for amount in (issued.draft.net, issued.draft.tax, issued.draft.gross):
        assert f">{plain(amount)}<" in xml
