"""What an invoice prints, before it is laid out."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from babel import Locale
from invoices import AFTER_TAX, BEFORE_TAX, BUYER, ENTRY, FEE, SELLER, TIME, USE, invoice

from billing_engine.documents.formats import amount_text, money_text, percent_text, rate_text
from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import Fact, InvoiceView, SetoffView
from billing_engine.errors import UnknownCurrencyError
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import InvoiceLine
from billing_engine.model.payment import Payment
from billing_engine.model.settings import DocumentTerms

ENGLISH = Locale.parse("en_IE")
GERMAN = Locale.parse("de")
PLAIN = DocumentTerms()


def viewed(issued, terms=PLAIN, **more):
    """View an invoice in its customer's language."""
    return invoice_view(issued, words_for(issued.draft.buyer.language), terms, **more)


def texts(part):
    """List every text in a view, at any depth; what is not there and what is only true or false says nothing."""
    if isinstance(part, str):
        return [part]
    if part is None or isinstance(part, bool):
        return []
    if is_dataclass(part):
        return [text for field in fields(part) for text in texts(getattr(part, field.name))]
    return [text for item in part for text in texts(item)]


def only_line(line: InvoiceLine, **changes):
    """View an invoice of a single line."""
    (group,) = viewed(invoice(lines=[line], **changes)).line_groups
    (view,) = group.lines
    return view


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (300, "0:05"),
        (9000, "2:30"),
        (86400, "24:00"),
        (450, "0:07:30"),
        (200, "0:03:20"),
        (-5400, "-1:30"),
    ],
)
def test_lengths_of_time_are_hours_and_minutes(seconds, text):
    """A length of time is written as on a clock and never as a rounded decimal."""
    assert hours_and_minutes(seconds) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "EUR", "EUR\u00a01,234.50"),
        ("1234.5", "RSD", "RSD\u00a01,234.50"),
        ("1234", "JPY", "JPY\u00a01,234"),
        ("1234.5", "KWD", "KWD\u00a01,234.500"),
        ("-0.5", "EUR", "EUR\u00a0-0.50"),
        ("0.005", "EUR", "EUR\u00a00.01"),
        ("12345678901234567890.12", "EUR", "EUR\u00a012,345,678,901,234,567,890.12"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount, currency, text):
    """Decimals come from ISO 4217, not from Babel, and large amounts lose no cent."""
    assert money_text(Decimal(amount), currency, ENGLISH) == text


def test_locale_places_currency_and_separators():
    """The same amount is written as a German reader expects it."""
    assert money_text(Decimal("1234.5"), "EUR", GERMAN) == "1.234,50\u00a0EUR"


def test_unknown_currency_is_refused():
    """A currency that is none is not printed as if it had two decimals."""
    with pytest.raises(UnknownCurrencyError):
        amount_text(Decimal(1), "euro", ENGLISH)


@pytest.mark.parametrize(("rate", "text"), [("100", "100.00"), ("0.125", "0.125"), ("72.50", "72.50")])
def test_rates_may_be_finer_than_the_currency(rate, text):
    """A price per unit shows the decimals it has, so that quantity x rate can be checked."""
    assert rate_text(Decimal(rate), "EUR", ENGLISH) == text


@pytest.mark.parametrize(("percent", "text"), [("20", "20%"), ("20.0", "20%"), ("5.5", "5.5%"), ("0", "0%")])
def test_tax_rates_are_not_rounded(percent, text):
    """A tax rate shows the decimals it has."""
    assert percent_text(Decimal(percent), ENGLISH) == text


@pytest.mark.parametrize(
    ("quantity", "unit", "shown"),
    [
        ("1", "MON", ("1", "month")),
        ("2", "MON", ("2", "months")),
        ("0.50", "MON", ("0.5", "months")),
        ("150", "MIN", ("2:30", "h")),
        ("90", "SEC", ("0:01:30", "h")),
        ("3", "C62", ("3", "")),
        ("4", "KMT", ("4", "KMT")),
    ],
)
def test_quantities_carry_their_unit(quantity, unit, shown):
    """Months and pieces are counted, time is hours and minutes, an unknown unit keeps its code."""
    view = only_line(replace(FEE, quantity=Decimal(quantity), unit=unit))
    assert (view.quantity, view.unit) == shown


def test_time_is_priced_per_hour():
    """A line of minutes says that its rate is per hour."""
    view = only_line(TIME)
    assert (view.rate, view.per, view.amount) == ("100.00", "/\u00a0h", "250.00")


def test_head_of_the_invoice():
    """Parties, dates and the amount due are what the draft says."""
    view = viewed(invoice())
    assert view.page.title == "Invoice 2026-000118"
    assert view.amount_due == "EUR\u00a0432.00"
    assert view.due_note == "by 16 Nov 2026"
    assert view.details == (
        Fact("Issued", "2 Nov 2026"),
        Fact("Date of supply", "31 Oct 2026"),
        Fact("Service period", "1\u201331 Oct 2026"),
        Fact("Due", "16 Nov 2026"),
    )
    assert view.buyer.name == "Hansen & Søn Logistik GmbH"
    assert view.buyer.address == ("Am Kaiserkai 62", "20457 Hamburg", "Germany")
    assert view.buyer.facts == (Fact("VAT ID", "DE123456789"),)


@pytest.mark.parametrize(
    ("address", "country", "lines"),
    [
        ("Street 1\nTown, Germany", "DE", ("Street 1", "Town, Germany")),
        ("", "DE", ("Germany",)),
        ("Street 1", "de", ("Street 1", "Germany")),
        ("Street 1", "??", ("Street 1", "??")),
        ("Street 1", "", ("Street 1",)),
    ],
)
def test_country_ends_the_address_once(address, country, lines):
    """The country is added by name unless the address already ends with it."""
    view = viewed(invoice(buyer=replace(BUYER, address=address, country=country)))
    assert view.buyer.address == lines


def test_payment_details():
    """The IBAN stands in groups of four, and the reference is the invoice number."""
    payment = {fact.label: fact.value for fact in viewed(invoice()).payment}
    assert payment["IBAN"] == "RS35 1600 0501 0001 2345 67"
    assert payment["BIC"] == "DBDBRSBG"
    assert payment["Reference"] == "2026-000118"
    assert payment["Due"] == "16 Nov 2026"


def test_iban_is_grouped_however_it_was_written():
    """Spaces in the settings do not disturb the groups."""
    view = viewed(invoice(seller=replace(SELLER, iban="RS3 516 000501 0001234567")))
    assert Fact("IBAN", "RS35 1600 0501 0001 2345 67") in view.payment


def test_nothing_to_pay():
    """An invoice of zero shows its zero and asks for no payment."""
    view = viewed(invoice(lines=[replace(FEE, unit_price=Decimal(0), amount=Decimal(0))]))
    assert view.amount_due == "EUR\u00a00.00"
    assert view.due_note == "nothing to pay"
    assert view.payment == ()
    assert "Due" not in [fact.label for fact in view.details]


def test_totals_with_tax():
    """Net, tax with its rate, and the total."""
    view = viewed(invoice())
    assert view.sums == (Fact("Net", "360.00"), Fact("VAT 20%", "72.00"))
    assert view.total == Fact("Total", "EUR\u00a0432.00")


def test_totals_without_tax_say_why():
    """Where no tax is charged there is no amount of it, but the reason."""
    view = viewed(invoice(tax_percent=None, tax=Decimal(0), gross=Decimal(360), tax_note="Reverse charge"))
    assert view.sums == (Fact("Net", "360.00"), Fact("VAT", "not charged"))
    assert view.total == Fact("Total", "EUR\u00a0360.00")
    assert [(row.label, row.net, row.tax, row.note) for row in view.taxes.rows] == [
        ("exempt", "360.00", "0.00", "Reverse charge")
    ]


def test_credit_before_tax_lowers_what_is_taxed():
    """It goes on from the lines by name, and the sums lead from charges and credits to net, tax and total."""
    view = viewed(invoice(setoffs=(BEFORE_TAX,)))
    assert view.reductions == (SetoffView("Uptime of October 2026", "Credit, reference CL-7", "-72.00"),)
    assert view.setoffs == ()
    assert view.sums == (
        Fact("Charges", "360.00"),
        Fact("Credits", "-72.00"),
        Fact("Net", "288.00"),
        Fact("VAT 20%", "57.60"),
    )
    assert view.total == Fact("Total", "EUR\u00a0345.60")
    assert view.amount_due == "EUR\u00a0345.60"


def test_credit_after_tax_lowers_what_is_due():
    """Net, tax and total are those of the lines; only the amount due is lower."""
    view = viewed(invoice(setoffs=(AFTER_TAX,)))
    assert view.setoffs == (SetoffView("Late solution of SD-1042", "Credit, reference CL-9", "-45.00"),)
    assert view.reductions == ()
    assert view.sums == (Fact("Net", "360.00"), Fact("VAT 20%", "72.00"))
    assert view.total == Fact("Total", "EUR\u00a0432.00")
    assert view.amount_due == "EUR\u00a0387.00"
    assert view.due_note == "by 16 Nov 2026"


def test_credits_of_both_kinds_each_have_their_place():
    """Each kind keeps the order in which its credits were granted."""
    second = replace(AFTER_TAX, position=3, reference="CL-10", amount=Decimal("0.60"))
    view = viewed(invoice(lines=[FEE, TIME], setoffs=(BEFORE_TAX, AFTER_TAX, second)))
    assert [credit.amount for credit in view.reductions] == ["-72.00"]
    assert [credit.amount for credit in view.setoffs] == ["-45.00", "-0.60"]
    assert view.amount_due == "EUR\u00a0600.00"


@pytest.mark.parametrize(
    "setoff", [replace(BEFORE_TAX, amount=Decimal("360.00")), replace(AFTER_TAX, amount=Decimal("432.00"))]
)
def test_all_set_off(setoff):
    """When credits cover everything, there is nothing to pay, no due date and no bank account."""
    view = viewed(invoice(setoffs=(setoff,)))
    assert view.amount_due == "EUR\u00a00.00"
    assert view.due_note == "nothing to pay"
    assert view.payment == ()
    assert "Due" not in [fact.label for fact in view.details]


@pytest.mark.parametrize("paid", ["100", "432", "500"])
def test_what_was_paid_is_not_printed(paid):
    """The document is that of the day of issue, whatever came in since."""
    payment = Payment("P1", "2026-000118", date(2026, 11, 20), Decimal(paid))
    assert viewed(replace(invoice(), payments=(payment,))) == viewed(invoice())


def test_headings_only_where_contracts_differ():
    """Lines of one contract need no heading; those of several have one each, with the package."""
    other = replace(TIME, contract="K2")
    assert [group.heading for group in viewed(invoice(lines=[FEE, TIME])).line_groups] == [""]
    uses = (USE, replace(USE, contract="K2", package_title="Basic"))
    groups = viewed(invoice(lines=[FEE, TIME, other], uses=uses)).line_groups
    assert [(group.heading, len(group.lines)) for group in groups] == [
        ("Premium · contract K1", 2),
        ("Basic · contract K2", 1),
    ]


@pytest.mark.parametrize(
    ("included", "used", "overage", "said"),
    [
        (720, 450, 0, ("62", "7:30 of 12:00 h used", "")),
        (720, 0, 0, ("0", "0:00 of 12:00 h used", "")),
        (720, 720, 150, ("100", "12:00 of 12:00 h used", "2:30 h beyond it")),
        (60, 90, 0, ("100", "1:30 of 1:00 h used", "")),
        (0, 0, 0, ("", "no time included", "")),
        (0, 0, 30, ("", "no time included", "0:30 h beyond it")),
        (None, 150, 0, ("", "2:30 h used, all in the fee", "")),
    ],
)
def test_included_time(included, used, overage, said):
    """The bar fills with what was used; there is none without included time or without limit; overage is named."""
    seconds = None if included is None else included * 60
    use = replace(USE, included_seconds=seconds, used_seconds=used * 60, overage_seconds=overage * 60)
    (view,) = viewed(invoice(uses=(use,))).uses
    assert (view.bar_percent, view.summary, view.overage) == said


USES = [
    (
        "hours of earlier months",
        {"drawn": (("2026-09", 3600), ("2026-10", 27_000 - 3600))},
        "6:30 of 12:00 h used, 1:00 h of earlier months",
    ),
    (
        "of earlier months alone",
        {"included_seconds": 0, "drawn": (("2026-09", 27_000),)},
        "no time included, 7:30 h of earlier months",
    ),
    ("late work", {"period": "2026-09"}, "7:30 h more of 12:00 h used"),
]


@pytest.mark.parametrize(("name", "changes", "said"), USES)
def test_time_of_other_months(name, changes, said):
    """Say what hours that rolled over gave, and of which month late work is."""
    use = replace(USE, **{"period": "2026-10", "service_from": "2026-10-01", **changes})
    (view,) = viewed(invoice(uses=(use,))).uses
    assert view.summary == said
    assert view.heading == "Premium · contract K1" + (" · September 2026" if name == "late work" else "")


def test_language_without_words_falls_back_to_english():
    """A customer's language that has no catalogue, or is no language at all, gets English."""
    for language in ("", "xx", "../en", "en_US", "EN"):
        assert viewed(invoice(buyer=replace(BUYER, language=language))).page.language == "en"


def test_view_is_text_only():
    """The view holds text and nothing that a template would have to format."""
    view = viewed(invoice(lines=[FEE, TIME], entries=(ENTRY,)))
    assert isinstance(view, InvoiceView)
    assert all(isinstance(text, str) for text in texts(view))
    assert len(texts(view)) > 50


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\u202eb\u202c\u2066c\u2069", "abc"),
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("a\nb\tc", "a b c"),
        ("a\ud800b\ufffec", "abc"),
        ("\ufeffa\u200bb", "ab"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("a" + "\u0301" * 90, "a" + "\u0301" * 4),
        ("<b>{{ 7*7 }}</b>", "<b>{{ 7*7 }}</b>"),
        ("x" * 400, "x" * 299 + "…"),
        ("x" * 300, "x" * 300),
    ],
)
def test_one_line_of_foreign_text(text, printed):
    """Characters that would move other text are dropped, everything else is kept or cut."""
    assert one_line(text) == printed


def test_paragraphs_keep_their_lines_within_limits():
    """Line breaks of every kind are kept, empty lines dropped, and too many lines flow together."""
    assert paragraph("a\r\nb\u2028\n\n c ") == "a\nb\nc"
    assert paragraph("\n".join("abcde"), lines_limit=3) == "a\nb\nc d e"
    assert len(paragraph("x " * 100_000)) <= 2000


def test_every_foreign_text_is_made_printable():
    """Whatever field a hostile text comes in, no control character reaches the view and none is long."""
    evil = "\u202eevil\x00" + "x" * 100_000
    lines = [replace(FEE, title=evil, detail=evil, contract=evil, unit=evil)]
    entries = (replace(ENTRY, ticket=evil, severity=evil, activity=evil, reason=evil, contract=evil),)
    hostile = invoice(
        number=evil,
        lines=lines,
        entries=entries,
        uses=(replace(USE, package_title=evil, price_list_version=evil, time_zone=evil),),
        seller=replace(SELLER, **{field.name: evil for field in fields(SELLER)}),
        buyer=replace(BUYER, **{field.name: evil for field in fields(BUYER)}),
        tax_note=evil,
        holiday_source=evil,
        setoffs=tuple(replace(setoff, title=evil, reference=evil) for setoff in (BEFORE_TAX, AFTER_TAX)),
    )
    for text in texts(viewed(hostile)):
        assert "\u202e" not in text
        assert "\x00" not in text
        assert len(text) <= 2000


def test_pieces_are_no_months():
    """8 servers for a month are 8 at a price per month; 3 months of one package are 3 months."""
    month = {"service_from": "2026-10-01", "service_to": "2026-10-31"}
    servers = replace(FEE, quantity=Decimal(8), unit_price=Decimal(45), **month)
    quarter = replace(FEE, quantity=Decimal(3), unit_price=Decimal(120), **{**month, "service_from": "2026-08-01"})
    view = invoice_view(invoice(lines=(servers, quarter)), words_for("en"), DocumentTerms())
    (group,) = view.line_groups
    assert [(line.quantity, line.unit, line.per) for line in group.lines] == [
        ("8", "", "/\u00a0month"),
        ("3", "months", "/\u00a0month"),
    ]
