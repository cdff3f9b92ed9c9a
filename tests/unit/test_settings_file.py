"""The settings file: the sample works at once, and a bad value is refused with where and why."""

from decimal import Decimal

import pytest

from billing_engine.errors import InvalidFileError
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.intake.settings_file import read_settings
from billing_engine.model.invoice import Seller
from billing_engine.model.settings import Settings, StripeTerms
from billing_engine.model.tax_table import TaxRate, TaxTable


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def changed(*replacements):
    """Replace the first occurrence of each old text of the sample by its new one."""
    text = SAMPLE
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def load(folder, text):
    """Write and read settings."""
    path = folder / "billing.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_settings(path)


def refusal(folder, text):
    """Return the error that a settings file gives."""
    with pytest.raises(InvalidFileError) as caught:
        load(folder, text)
    assert str(caught.value).startswith(f"{folder / 'billing.toml'}: ")
    return caught.value


def test_the_sample_loads_as_it_is(tmp_path):
    """Read what `init` writes, every value of it."""
    assert load(tmp_path, SAMPLE) == Settings(
        seller=Seller(
            name="Sample Support d.o.o.",
            address="Bulevar kralja Aleksandra 1",
            postal_code="11000",
            city="Beograd",
            contact="Accounts department",
            country="RS",
            vat_id="RS100000024",
            registration_number="00000000",
            email="billing@example.com",
            phone="+381 11 000 00 00",
            website="www.example.com",
            bank="Sample Bank",
            iban="RS35260005601001611379",
            bic="SMPLRSBG",
        ),
        vat_percent=Decimal(20),
        vat_note="",
        tax=TaxTable(rates=(TaxRate("reduced", Decimal(10)),)),
        payment_days=14,
        number_format="{year}-{number:06d}",
        zero_invoices=False,
        price_list_folders=(),
    )


def test_only_the_seller_is_required(tmp_path):
    """Fill in what a short file leaves out."""
    settings = load(tmp_path, '[seller]\nname = "Me"\naddress = ["Here"]\ncountry = "CZ"\n')
    assert settings == Settings(Seller(name="Me", address="Here", country="CZ"))
    assert (settings.vat_percent, settings.payment_days, settings.zero_invoices) == (None, 14, False)
    assert settings.number_format.format(year=2026, number=7) == "2026-000007"


FORMAT, VAT, DAYS, FOLDERS = 'number_format = "{year}-{number:06d}"', "vat_percent = 20", "days = 14", "folders = []"
ADDRESS = SAMPLE[SAMPLE.index("address") : SAMPLE.index("country")]
NOTES, REMIND = 'number_format = "CN-{year}-{number:06d}"', "days = [7, 14, 28]"
NAME = 'name = "Sample Support d.o.o."'

COLLECT = 'collection_method = "send_invoice"'
CHARGED = StripeTerms(collection_method="charge_automatically")
URL = '# invoice_url = "https://billing.example.com/{number}.pdf"'
PDF = "https://pdf.example:8443/of/{number}?a=1"

TAKEN = [
    row("exact tax", (VAT, "vat_percent = 19.6"), "vat_percent", Decimal("19.6")),
    row("no tax", (VAT, 'vat_note = "Reverse charge"'), "vat_percent", None),
    row("a note", (VAT, 'vat_note = "Reverse charge"'), "vat_note", "Reverse charge"),
    row("tax of zero", (VAT, "vat_percent = 0"), "vat_percent", 0),
    row("tax of 100", (VAT, "vat_percent = 100"), "vat_percent", 100),
    row("due at once", (DAYS, "days = 0"), "payment_days", 0),
    row("due in a year", (DAYS, "days = 365"), "payment_days", 365),
    row("zero invoices", ("zero_invoices = false", "zero_invoices = true"), "zero_invoices", True),
    row(
        "credit notes",
        (NOTES, 'number_format = "{number:04d}/{year}"'),
        "credit_note_number_format",
        "{number:04d}/{year}",
    ),
    row("patient", (REMIND, "days = [10, 30, 60]"), "reminder_days", (10, 30, 60)),
    row("charged", (COLLECT, 'collection_method = "charge_automatically"'), "stripe", CHARGED),
    row("where the PDF is", (URL, f'invoice_url = "{PDF}"'), "stripe", StripeTerms(invoice_url=PDF)),
    row("another form", (FORMAT, 'number_format = "INV/{number}/{year}"'), "number_format", "INV/{number}/{year}"),
]


@pytest.mark.parametrize(("change", "field", "value"), TAKEN)
def test_values_arrive_as_written(tmp_path, change, field, value):
    """Read a changed value exactly."""
    assert getattr(load(tmp_path, changed(change)), field) == value


def test_folders_are_relative_to_the_file(tmp_path):
    """Find price lists beside the settings, wherever the program runs."""
    settings = load(tmp_path, changed((FOLDERS, 'folders = ["mine", "../theirs", "/srv/lists"]')))
    found = [str(folder) for folder in settings.price_list_folders]
    assert found == [f"{tmp_path}/mine", f"{tmp_path}/../theirs", "/srv/lists"]


NEEDS_BOTH = 'allowed is a text with {year} and {number}, such as "{year}-{number:06d}"'

FORMATS = [
    row("attribute", "{year.__class__}-{number}", NEEDS_BOTH),
    row("attribute of the number", "{year}-{number.real}", NEEDS_BOTH),
    row("item", "{year[0]}-{number}", NEEDS_BOTH),
    row("conversion alone", "{number!r}", NEEDS_BOTH),
    row("conversion besides", "{year!r}-{number}", NEEDS_BOTH),
    row("position 0", "{0}", NEEDS_BOTH),
    row("position 0 besides", "{0}-{year}-{number}", NEEDS_BOTH),
    row("no names", "{}-{}", NEEDS_BOTH),
    row("another field", "{year}-{number}-{customer}", NEEDS_BOTH),
    row("number missing", "{year}", NEEDS_BOTH),
    row("year missing", "{number}", NEEDS_BOTH),
    row("no field", "INVOICE", NEEDS_BOTH),
    row("empty", "", NEEDS_BOTH),
    row("year in double braces", "{{year}}-{number}", NEEDS_BOTH),
    row("brace not closed", "{year}-{number", NEEDS_BOTH),
    row("brace not opened", "{year}}-{number}", NEEDS_BOTH),
    row("year twice", "{year}{year}{number}", NEEDS_BOTH),
    row("literal braces", "{{{year}}}-{number}", NEEDS_BOTH),
    row("huge width", "{year}-{number:100000d}", NEEDS_BOTH),
    row("width from another field", "{year}-{number:{year}d}", NEEDS_BOTH),
    row("width from a missing field", "{year}-{number:{missing}}", NEEDS_BOTH),
    row("width from an attribute", "{year}-{number:{year.real}}", NEEDS_BOTH),
    row("rounded, so that 10 and 11 are one number", "{year}-{number:.0e}", NEEDS_BOTH),
    row("a character for a number", "{year}-{number:c}", NEEDS_BOTH),
    row("percent", "{year}-{number:%}", NEEDS_BOTH),
    row("padded with spaces", "{year}-{number:6d}", NEEDS_BOTH),
    row("date form", "{year:%Y}-{number}", NEEDS_BOTH),
    row("markup", "<b>{year}-{number}", NEEDS_BOTH),
    row("line end", "{year}\\n{number}", NEEDS_BOTH),
    row("long text", "x" * 60 + "{year}-{number}", NEEDS_BOTH),
]


@pytest.mark.parametrize(("text", "allowed"), FORMATS)
def test_a_number_format_that_is_none_is_refused(tmp_path, text, allowed):
    """Refuse a format that reaches beyond year and number, or that makes no usable number."""
    (problem,) = refusal(tmp_path, changed((FORMAT, f'number_format = "{text}"'))).problems
    assert problem.startswith("invoice.number_format: ")
    assert allowed in problem
    assert f"; found '{text[:60]}" in problem


def test_the_longest_number_format_still_fits_its_column(tmp_path):
    """Take a long format with nine leading zeros; its numbers stay within the 60 characters of the database."""
    text = "A" * 30 + "{year}-{number:09d}"
    settings = load(tmp_path, changed((FORMAT, f'number_format = "{text}"')))
    assert len(settings.number_format.format(year=2026, number=10**12)) <= 60


BROKEN = [
    row("tax over 100", (VAT, "vat_percent = 100.01"), "tax.vat_percent", "100", "found 100.01"),
    row("negative tax", (VAT, "vat_percent = -1"), "tax.vat_percent", "allowed is 0", "found -1"),
    row("tax NaN", (VAT, "vat_percent = nan"), "tax.vat_percent", "allowed is 0", "found NaN"),
    row("tax true", (VAT, "vat_percent = true"), "tax.vat_percent", "allowed is a number", "found True"),
    row("tax in quotes", (VAT, 'vat_percent = "20%"'), "tax.vat_percent", "allowed is a number", "found '20%'"),
    row("unknown key of tax", (VAT, "vat = 20"), "tax.vat", "unknown key"),
    row("negative days", (DAYS, "days = -1"), "payment.days", "greater than or equal to 0", "found -1"),
    row("more than a year", (DAYS, "days = 366"), "payment.days", "less than or equal to 365", "found 366"),
    row("half a day", (DAYS, "days = 14.5"), "payment.days", "allowed is a whole number", "found 14.5"),
    row("days true", (DAYS, "days = true"), "payment.days", "allowed is a whole number", "found True"),
    row("unknown key of payment", (DAYS, "term = 14"), "payment.term", "unknown key"),
    row("number as a switch", ("= false", "= 0"), "invoice.zero_invoices", "allowed is true or false", "found 0"),
    row(
        "format as a number",
        (FORMAT, "number_format = 1"),
        "invoice.number_format",
        "allowed is a text in quotes",
        "found 1",
    ),
    row("unknown key of invoice", ("zero_invoices", "zero"), "invoice.zero", "unknown key"),
    row("numbers of both kinds alike", (NOTES, FORMAT), "credit_note.number_format", "must differ from invoice."),
    row(
        "invoices numbered like credit notes",
        (FORMAT, NOTES),
        "credit_note.number_format",
        "found 'CN-{year}-{number:06d}' for both",
    ),
    row("a form that is none", (NOTES, 'number_format = "CN"'), "credit_note.number_format", NEEDS_BOTH),
    row("two reminders", (REMIND, "days = [7, 14]"), "reminders.days", "allowed are 3 numbers", "found [7, 14]"),
    row("four reminders", (REMIND, "days = [7, 14, 21, 28]"), "reminders.days", "allowed are 3 numbers"),
    row("twice a day", (REMIND, "days = [7, 7, 28]"), "reminders.days", "larger than the one before", "[7, 7, 28]"),
    row("falling", (REMIND, "days = [28, 14, 7]"), "reminders.days", "larger than the one before"),
    row("on the due day", (REMIND, "days = [0, 14, 28]"), "reminders.days[1]", "greater than or equal to 1", "found 0"),
    row("a year late", (REMIND, "days = [7, 14, 366]"), "reminders.days[3]", "less than or equal to 365"),
    row("days in words", (REMIND, 'days = ["a", 14, 28]'), "reminders.days[1]", "allowed is a whole number"),
    row("never collected", ("send_invoice", "never"), "stripe.collection_method", "send_invoice", "found 'never'"),
    row("PDF over an open line", (URL, 'invoice_url = "http://a.example/b"'), "stripe.invoice_url", "https://"),
    row("a script for a PDF", (URL, 'invoice_url = "javascript:alert(1)"'), "stripe.invoice_url", "https://"),
    row("unknown key of stripe", (COLLECT, "key = 1"), "stripe.key", "unknown key"),
    row("unknown key of reminders", (REMIND, "level = 1"), "reminders.level", "unknown key"),
    row("folders as a text", (FOLDERS, 'folders = "mine"'), "price_lists.folders", "found 'mine'"),
    row(
        "folder as a number",
        (FOLDERS, "folders = [1]"),
        "price_lists.folders[1]",
        "allowed is a text in quotes",
        "found 1",
    ),
    row("unknown country", ('country = "RS"', 'country = "Serbia"'), "seller.country", "ISO 3166", "found 'Serbia'"),
    row("seller without name", (f"{NAME}\n", ""), "seller.name", "is missing"),
    row("empty name", (NAME, 'name = ""'), "seller.name", "must not be empty", "found ''"),
    row("no address", (ADDRESS, ""), "seller.address", "is missing"),
    row("empty address", (ADDRESS, "address = []\n"), "seller.address", "must not be empty", "found []"),
    row("address as a text", (ADDRESS, 'address = "Here"\n'), "seller.address", "allowed is a list", "found 'Here'"),
    row("nine lines of address", (ADDRESS, f"address = {['x'] * 9}\n"), "seller.address", "at most 8"),
    row(
        "number in the address",
        ('"Bulevar kralja Aleksandra 1"', "11000"),
        "seller.address[1]",
        "allowed is a text in quotes",
        "found 11000",
    ),
    row("201 characters", ("SMPLRSBG", "x" * 201), "seller.bic", "at most 200 characters", "found 'xxx"),
    row("unknown key of seller", ("phone", "telephone"), "seller.telephone", "unknown key"),
    row("unknown table", ("[payment]\ndays = 14", "[payments]\ndays = 14"), "payments", "unknown key"),
    row("seller as a list", ("[seller]", "[[seller]]"), "seller", "found [{"),
]


@pytest.mark.parametrize(("change", "key", "parts"), [row(p.id, *p.values[:2], p.values[2:]) for p in BROKEN])
def test_a_bad_value_is_refused_with_where_what_and_what_is_allowed(tmp_path, change, key, parts):
    """Refuse one changed value with one sentence."""
    (problem,) = refusal(tmp_path, changed(change)).problems
    assert problem.startswith(f"{key}: ")
    assert [part for part in parts if part not in problem] == []


def test_all_bad_values_are_reported_at_once(tmp_path):
    """Report every problem of a file, each with its own path."""
    text = changed(
        (NAME, 'name = ""'),
        (VAT, "vat_percent = 101"),
        (DAYS, "days = -1"),
        (FORMAT, 'number_format = "{year}"'),
        ("zero_invoices", "zero"),
        (FOLDERS, "folders = [1]"),
    )
    paths = [problem.partition(":")[0] for problem in refusal(tmp_path, text).problems]
    assert sorted(paths) == [
        "invoice.number_format",
        "invoice.zero",
        "payment.days",
        "price_lists.folders[1]",
        "seller.name",
        "tax.vat_percent",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        row("empty", b"", "seller: is missing"),
        row("no TOML", b"[seller", "is no valid TOML"),
        row("no UTF-8", SAMPLE.encode().replace(b"Beograd", b"Be\xf6grad"), "is not UTF-8 at byte"),
        row("larger than a megabyte", SAMPLE.encode() + b"#" * 1_000_000, "larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_settings_file_is_refused(tmp_path, content, reason):
    """Refuse what can not be read as settings at all."""
    assert reason in str(refusal(tmp_path, content))


def test_settings_that_are_not_there_are_refused(tmp_path):
    """Say that the file can not be read, and why."""
    with pytest.raises(InvalidFileError, match=r"billing\.toml: can not be read: No such file"):
        read_settings(tmp_path / "billing.toml")
