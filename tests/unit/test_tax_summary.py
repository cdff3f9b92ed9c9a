"""VAT on the page: by category and rate, with its legal text, in a second currency, and in a second language."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from invoices import AFTER_TAX, BEFORE_TAX, BUYER, FEE, TIME, invoice

from billing_engine.documents.credit_note_view import credit_note_view
from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.documents.templates import credit_note_html, invoice_html
from billing_engine.documents.view import Fact
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.tax import HomeTax, TaxCategory, TaxSubtotal

ENGLISH, GERMAN = words_for("en"), words_for("de")
PLAIN = DocumentTerms()


def subtotal(category, net, percent="0", note=""):
    """Tax an amount."""
    net, percent = Decimal(net), Decimal(percent)
    return TaxSubtotal(category, percent, net, net * percent / 100, note)


FULL, REDUCED = subtotal(TaxCategory.STANDARD, "360.00", "20"), subtotal(TaxCategory.STANDARD, "250.00", "10")


def taxed(*subtotals, **changes):
    """Issue an invoice of a fee and hours that is taxed like that, line by line."""
    lines = [
        replace(line, tax_category=str(one.category), tax_percent=one.percent)
        for line, one in zip((FEE, TIME), subtotals * 2, strict=False)
    ]
    tax = sum(one.tax for one in subtotals)
    net = sum(one.net for one in subtotals)
    facts = {"lines": lines, "taxes": subtotals, "tax_percent": None, "net": net, "tax": tax, "gross": net + tax}
    return invoice(**{**facts, **changes})


def viewed(issued, words=ENGLISH, second=None):
    """View an invoice."""
    return invoice_view(issued, words, PLAIN, second=second)


def test_two_rates_are_told_apart_everywhere():
    """Each line shows its rate, each rate its taxable amount and VAT; the totals have the sum of both."""
    view = viewed(taxed(FULL, REDUCED))
    assert view.several_rates
    assert [line.tax for group in view.line_groups for line in group.lines] == ["20%", "10%"]
    assert [(row.label, row.net, row.tax) for row in view.taxes.rows] == [
        ("20%", "360.00", "72.00"),
        ("10%", "250.00", "25.00"),
    ]
    assert (view.taxes.net, view.taxes.tax) == ("610.00", "97.00")
    assert view.sums == (Fact("Net", "610.00"), Fact("VAT", "97.00"))


def test_a_credit_before_tax_says_what_it_takes_off_each_rate():
    """The e-invoice has an allowance per rate; with one rate there is nothing to say."""
    (several,) = viewed(taxed(FULL, REDUCED, setoffs=(BEFORE_TAX,))).reductions
    assert several.reference == "Credit, reference CL-7; 20%: -42.49; 10%: -29.51"
    (one,) = viewed(taxed(FULL, setoffs=(BEFORE_TAX,))).reductions
    assert one.reference == "Credit, reference CL-7"


def test_one_rate_is_not_repeated_at_each_line():
    """The summary has its one row and no sum of rows; the totals name the rate."""
    view = viewed(taxed(subtotal(TaxCategory.STANDARD, "610.00", "20")))
    assert not view.several_rates
    assert [line.tax for group in view.line_groups for line in group.lines] == ["", ""]
    assert (view.taxes.net, view.taxes.tax) == ("", "")
    assert view.sums[-1] == Fact("VAT 20%", "122.00")


@pytest.mark.parametrize(
    ("category", "label", "text"),
    [
        (TaxCategory.REVERSE_CHARGE, "reverse charge", "Reverse charge: the customer owes the VAT"),
        (TaxCategory.EXEMPT, "exempt", "Exempt from VAT"),
        (TaxCategory.OUT_OF_SCOPE, "no VAT", "Outside the scope of VAT"),
    ],
)
def test_no_vat_says_why(category, label, text):
    """The category is named, with its legal text, and VAT is not charged; the seller's own text goes before ours."""
    view = viewed(taxed(subtotal(category, "610.00")))
    (row,) = view.taxes.rows
    assert (row.label, row.net, row.tax, row.note) == (label, "610.00", "0.00", text)
    assert view.sums[-1] == Fact("VAT", "not charged")
    (own,) = viewed(taxed(subtotal(category, "610.00", note="Art. 12(4)"))).taxes.rows
    assert own.note == "Art. 12(4)"


def test_a_zero_rate_is_a_rate():
    """It is charged, at nothing."""
    view = viewed(taxed(subtotal(TaxCategory.ZERO, "610.00")))
    assert view.sums[-1] == Fact("VAT 0%", "0.00")
    assert [(row.label, row.note) for row in view.taxes.rows] == [("0%", "")]


def test_older_invoices_say_no_more_than_they_did():
    """Before there were categories an invoice without VAT gave the seller's reason, or none."""
    (row,) = viewed(invoice(tax_percent=None, tax=Decimal(0), gross=Decimal(360))).taxes.rows
    assert row.note == ""


def test_vat_in_the_sellers_currency_has_its_rate_and_day():
    """Where the law wants VAT in another currency, the amount can be checked."""
    home = HomeTax("RSD", Decimal("117.1853"), date(2026, 10, 30), Decimal("11366.97"))
    taxes = viewed(taxed(FULL, REDUCED, home_tax=home)).taxes
    assert taxes.home == Fact("VAT in RSD", "11,366.97")
    assert taxes.home_rate == "1 EUR = 117.1853 RSD, rate of 30\u00a0Oct\u00a02026"


def test_credits_before_tax_name_their_sum():
    """What the categories are taxed on is the net amount after them."""
    issued = taxed(subtotal(TaxCategory.STANDARD, "538.00", "20"), setoffs=(BEFORE_TAX,))
    view = viewed(issued)
    assert [fact.value for fact in view.sums] == ["610.00", "-72.00", "538.00", "107.60"]
    assert view.taxes.rows[0].net == "538.00"


def test_several_credits_after_tax_name_their_sum():
    """It is what an e-invoice calls the prepaid amount; one credit is its own sum."""
    assert viewed(invoice(setoffs=(AFTER_TAX,))).setoffs_sum == ""
    assert viewed(invoice(setoffs=(AFTER_TAX, replace(AFTER_TAX, position=3)))).setoffs_sum == "-90.00"


def test_a_credit_note_takes_vat_back_by_category():
    """Its summary is that of what it takes back."""
    issued = taxed(FULL, REDUCED)
    note = CreditNote("CN-1", date(2026, 11, 20), draft_credit_note(issued, [], {2: Decimal(50)}, "Wrong"))
    view = credit_note_view(note, issued, ENGLISH, PLAIN)
    assert [(row.label, row.net, row.tax) for row in view.taxes.rows if row.net != "0.00"] == [("10%", "50.00", "5.00")]
    assert view.corrects == "Corrects invoice 2026-000118 of 2 Nov 2026"


@pytest.mark.parametrize(("wanted", "said"), [(None, "11,366.97"), ({2: Decimal(50)}, "585.93")])
def test_a_credit_note_converts_vat_by_the_invoices_rate(wanted, said):
    """What takes all of it back says the invoice's own amount, to the cent."""
    issued = taxed(FULL, REDUCED, home_tax=HomeTax("RSD", Decimal("117.1853"), date(2026, 10, 30), Decimal("11366.97")))
    note = CreditNote("CN-1", date(2026, 11, 20), draft_credit_note(issued, [], wanted, "Wrong"))
    assert credit_note_view(note, issued, ENGLISH, PLAIN).taxes.home == Fact("VAT in RSD", said)


def test_titles_and_legal_texts_are_in_both_languages():
    """The second stands after the first, in its own language; facts and figures are in the first alone."""
    issued = taxed(subtotal(TaxCategory.REVERSE_CHARGE, "610.00"), buyer=replace(BUYER, language="de"))
    view = viewed(issued, GERMAN, ENGLISH)
    (row,) = view.taxes.rows
    assert row.note == GERMAN.say("Reverse charge: the customer owes the VAT")
    assert row.second_note == "Reverse charge: the customer owes the VAT"
    html = invoice_html(view, GERMAN, PLAIN)
    assert re.search(r'<h1>Rechnung <span class="second" lang="en">Invoice</span></h1>', html)
    assert html.count('<html lang="de">') == 1
    assert html.count("Date of supply") == 0


def test_what_both_languages_say_alike_is_said_once():
    """A language does not repeat what the other has said in the same words."""
    html = invoice_html(viewed(invoice(), GERMAN, GERMAN), GERMAN, PLAIN)
    assert "<h1>Rechnung</h1>" in html
    assert 'class="second"' not in html


def test_one_language_is_enough_at_home():
    """Without a second language nothing is said twice."""
    issued = taxed(FULL, REDUCED)
    note = CreditNote("CN-1", date(2026, 11, 20), draft_credit_note(issued, [], None, "Wrong"))
    for html in (
        invoice_html(viewed(issued), ENGLISH, PLAIN),
        credit_note_html(credit_note_view(note, issued, ENGLISH, PLAIN), ENGLISH, PLAIN),
    ):
        assert "second" not in html


def test_a_credit_note_says_what_goes_back_at_each_rate():
    """The e-invoice has an allowance per rate, so that each is found on the page."""
    lines = (
        replace(FEE, tax_category="S", tax_percent=Decimal(20)),
        replace(TIME, tax_category="S", tax_percent=Decimal(10)),
    )
    full = subtotal(TaxCategory.STANDARD, "317.51", "20")
    reduced = subtotal(TaxCategory.STANDARD, "220.49", "10")
    issued = taxed(full, reduced, lines=lines, setoffs=(BEFORE_TAX,))
    note = CreditNote("CN-1", date(2026, 11, 20), draft_credit_note(issued, [], None, "Wrong"))
    view = credit_note_view(note, issued, ENGLISH, PLAIN)
    assert view.sums[1] == Fact("Credits given back (20%: -42.49; 10%: -29.51)", "-72.00")
