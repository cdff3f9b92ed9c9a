"""Payment codes: each standard's fields, what gets none, and that a scanner reads the page's own picture."""

import re
from dataclasses import replace
from decimal import Decimal

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from invoices import AFTER_TAX, SELLER, invoice
from weasyprint import HTML

from billing_engine.documents.latin import ascii_letters
from billing_engine.documents.payment_qr import payment_qr
from billing_engine.model.settings import DocumentTerms

GERMAN, CZECH = "DE89370400440532013000", "CZ6508000000192000145399"
SERBIAN, POLISH = "RS35260005601001611379", "PL61109010140000071219812874"
ACCOUNTS = {"EUR": GERMAN, "CZK": CZECH, "RSD": SERBIAN, "PLN": POLISH}
BY_DEFAULT = DocumentTerms()


def bill(currency="EUR", iban=None, number="2026-000118", **seller):
    """Issue an invoice over 432.00 that is paid to an account of the currency's country."""
    payee = replace(SELLER, iban=ACCOUNTS[currency] if iban is None else iban, **seller)
    return invoice(number, currency=currency, seller=payee)


def owing(issued, amount):
    """Let it come to another amount."""
    return replace(issued, draft=replace(issued.draft, gross=Decimal(amount)))


def scanned(code):
    """Render the picture on a page as large as on an invoice, and read it like a telephone."""
    page = f"<style>@page{{size:60mm;margin:8mm}} svg{{width:30mm;height:30mm}}</style>{code.svg}"
    picture = pypdfium2.PdfDocument(HTML(string=page).write_pdf())[0].render(scale=4).to_pil()
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.ec_level == "M"
    return found.bytes.decode("utf-8")


def payload(issued, terms=BY_DEFAULT):
    """Return the text of its code, once it was scanned."""
    code = payment_qr(issued, terms)
    assert code.label == "Scan to pay"
    assert scanned(code) == code.payload
    return code.payload


def test_a_euro_invoice_says_name_account_amount_and_number_line_by_line():
    """EPC069-12 with the BIC; what is not given stays an empty line, and none follows the text."""
    assert payload(bill(bic="COBADEFFXXX")).split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "COBADEFFXXX",
        "Nordlicht Software d.o.o.",
        GERMAN,
        "EUR432.00",
        "",
        "",
        "2026-000118",
    ]


def test_a_wrong_bic_is_left_out():
    """The account alone is enough within SEPA."""
    assert payload(bill(bic="not a BIC")).split("\n")[4] == ""


def test_a_czech_invoice_says_due_date_and_variable_symbol():
    """SPD 1.0 in capitals without accents, so that it stays in the small alphabet of QR codes."""
    assert payload(bill("CZK", name="Žižkův dům * 100 % s.r.o.")) == (
        f"SPD*1.0*ACC:{CZECH}*AM:432.00*CC:CZK*DT:20261116*X-VS:2026000118*MSG:2026-000118"
        "*RN:ZIZKUV DUM %2A 100 %25 S.R.O."
    )


def test_a_variable_symbol_is_the_last_ten_digits_or_none():
    """The end of a long number tells invoices apart; a number without digits has no symbol."""
    assert "*X-VS:0260000118*" in payload(bill("CZK", number="A-1/20260000118"))
    assert "X-VS" not in payload(bill("CZK", number="ABC"))


def test_a_serbian_invoice_says_account_and_amount_as_the_bank_writes_them():
    """NBS IPS: 18 digits, a comma before the paras, UTF-8, no tag without value, no pipe at the end."""
    assert payload(bill("RSD", name="Северно светло доо")) == (
        "K:PR|V:01|C:1|R:260005601001611379|N:Северно светло доо|I:RSD432,00|SF:221|S:2026-000118|RO:002026-000118"
    )


def test_a_number_that_is_no_reference_is_left_out_of_it():
    """Slashes and small letters are not allowed there; the purpose still says the number."""
    said = payload(bill("RSD", number="a/118"))
    assert "|S:a/118" in said
    assert "|RO:" not in said


def test_a_polish_invoice_says_tax_number_and_grosze():
    """ZBP: ten digits from the VAT id, 26 of the account, Polish letters as they are."""
    assert payload(bill("PLN", name="Żółta Łódź", vat_id="PL8567346215")) == (
        "8567346215|PL|61109010140000071219812874|043200|Żółta Łódź|2026-000118|||"
    )
    assert payload(bill("PLN", vat_id="PL1234567890")).startswith("|PL|")


@pytest.mark.parametrize(
    ("switch", "iban", "expected"),
    [
        (None, GERMAN, True),
        (None, SERBIAN, False),
        (True, SERBIAN, True),
        (False, GERMAN, False),
        (True, "UA213223130000026007233566001", False),
        (None, "ME25505000012345678951", True),
    ],
)
def test_a_euro_code_needs_a_bank_that_takes_part(switch, iban, expected):
    """Serbian accounts when the seller says so; others outside SEPA never; the seller can switch it off."""
    assert (payment_qr(bill(iban=iban), DocumentTerms(sepa_qr=switch)) is not None) is expected


@pytest.mark.parametrize("currency", ["CZK", "RSD", "PLN"])
def test_the_switch_is_for_euro_alone(currency):
    """Off for EPC, the codes of other currencies stay."""
    assert payment_qr(bill(currency), DocumentTerms(sepa_qr=False)) is not None


@pytest.mark.parametrize(
    ("currency", "iban"),
    [("EUR", ""), ("EUR", "DE89370400440532013001"), ("CZK", GERMAN), ("RSD", CZECH), ("PLN", SERBIAN), ("EUR", "<b>")],
)
def test_no_code_for_an_account_that_is_wrong_or_of_another_country(currency, iban):
    """A wrong digit would pay somebody else."""
    assert payment_qr(bill(currency, iban), BY_DEFAULT) is None


def test_an_account_may_be_written_with_blanks():
    """The code has it without."""
    assert GERMAN in payload(bill(iban="de89 3704 0044 0532 0130 00"))


def test_the_amount_is_what_was_due_at_issue():
    """Credits set off after tax are off; nothing due, no code."""
    issued = bill()
    less = replace(issued, draft=replace(issued.draft, setoffs=(AFTER_TAX,)))
    assert "\nEUR387.00\n" in payload(less)
    assert payment_qr(owing(issued, "0.00"), BY_DEFAULT) is None
    assert payment_qr(owing(issued, "-1.00"), BY_DEFAULT) is None


@pytest.mark.parametrize(
    ("currency", "most", "written"),
    [
        ("EUR", "999999999.99", "EUR999999999.99"),
        ("CZK", "9999999.99", "AM:9999999.99"),
        ("RSD", "999999999999.99", "I:RSD999999999999,99"),
        ("PLN", "9999999999.99", "|999999999999|"),
    ],
)
def test_an_amount_beyond_the_standard_has_no_code(currency, most, written):
    """The largest amount has one, a cent more has none; the smallest is a cent."""
    issued = bill(currency)
    assert written in payment_qr(owing(issued, most), BY_DEFAULT).payload
    assert payment_qr(owing(issued, Decimal(most) + Decimal("0.01")), BY_DEFAULT) is None
    assert re.search(r"0[.,]01|000001", payment_qr(owing(issued, "0.01"), BY_DEFAULT).payload)


HOSTILE = [
    "A|I:RSD1,00|N:B",
    "A*AM:1.00*ACC:CZ1",
    "A\nEUR1.00\r\nB\u2028C",
    "A" * 100_000,
    "Ж" * 100_000,
    "A" + "😀" * 1000,
    "\u202edrow\u202c\x00\x07",
    "%2A%0A",
]


@pytest.mark.parametrize("currency", ACCOUNTS)
@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:12]))
def test_a_hostile_name_changes_nothing_but_itself(currency, name):
    """Separators, line breaks and lengths stay within the name's own field."""
    said = payload(bill(currency, name=name))
    plain = payload(bill(currency, name="Plain"))
    separator = {"EUR": "\n", "CZK": "*", "RSD": "|", "PLN": "|"}[currency]
    assert [part for part in said.split(separator) if part not in plain.split(separator)] != []
    assert len(said.split(separator)) - len(plain.split(separator)) in ({0, -1} if currency == "CZK" else {0})
    assert set(plain.split(separator)) - set(said.split(separator)) <= {"Plain", "N:Plain", "RN:PLAIN"}


@pytest.mark.parametrize(
    ("currency", "name"), [("EUR", "\u202e\x00"), ("RSD", " | "), ("PLN", "😀"), ("PLN", "<|>")], ids=ascii
)
def test_a_payee_whose_name_the_code_can_not_say_has_none(currency, name):
    """All but the Czech code want one; there the account is enough."""
    assert payment_qr(bill(currency, name=name), BY_DEFAULT) is None
    assert "RN" not in payload(bill("CZK", name="😀"))


@pytest.mark.parametrize("currency", ACCOUNTS)
@given(name=st.text(min_size=1, max_size=400), number=st.text(min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_fields_keep_the_lengths_of_their_standard(currency, name, number):
    """Whatever seller and number are called."""
    code = payment_qr(bill(currency, name=name, number=number), BY_DEFAULT)
    if code is None:
        return
    said = code.payload
    if currency == "EUR":
        fields = said.split("\n")
        assert len(said.encode()) <= 331
        assert len(fields) == 11
        assert 0 < len(fields[5]) <= 70
        assert len(fields[10]) <= 140
    elif currency == "CZK":
        assert re.fullmatch(r"[0-9A-Z $%*+./:-]+", said)
        fields = dict(part.split(":", 1) for part in said.split("*")[2:])
        read = {key: re.sub("%2A|%25", "x", value) for key, value in fields.items()}
        assert re.fullmatch(r"\d{1,10}", fields.get("X-VS", "0"))
        assert len(read.get("MSG", "")) <= 60
        assert len(read.get("RN", "")) <= 35
    elif currency == "RSD":
        fields = dict(part.split(":", 1) for part in said.split("|"))
        assert all(fields.values())
        assert 0 < len(fields["N"]) <= 70
        assert len(fields.get("S", "")) <= 35
        assert re.fullmatch(r"00[0-9A-Z-]{1,23}", fields.get("RO", "000"))
    else:
        fields = said.split("|")
        assert len(fields) == 9
        assert 0 < len(fields[4]) <= 20
        assert len(fields[5]) <= 32
        assert len(said) <= 160


def test_the_picture_is_one_shape_that_refers_to_nothing():
    """No declaration, no links, no scripts; a title is escaped."""
    code = payment_qr(bill(name='"><script>'), BY_DEFAULT)
    assert re.fullmatch(
        r'<svg viewBox="0 0 \d+ \d+" role="img">(<path fill="#[0f]{3}" d="[Mhvz0-9 -]+"/>){2}</svg>', code.svg
    )
    titled = code.svg_titled("Scan & <pay>")
    assert titled.startswith(code.svg.partition(">")[0] + "><title>Scan &amp; &lt;pay&gt;</title><path")


def test_letters_that_ascii_lacks_are_written_with_its_own():
    """Accents go, Cyrillic is transliterated as Serbian does it, what has no like is left out."""
    assert ascii_letters("Łódź Đorđe Straße Ærø Ꙁ漢") == "Lodz Dorde Strasse Aero "
    assert ascii_letters("Љубав Њ џеп Ђак — „жаба“") == 'Ljubav Nj dzep Djak - "zaba"'
    assert ascii_letters("Łódź", keep="Łó") == "Łódz"
