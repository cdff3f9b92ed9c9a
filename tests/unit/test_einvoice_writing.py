"""E-invoices as XML: what each format must have, and that no text can break them."""

from dataclasses import replace
from decimal import Decimal

import pytest
from einvoices import (
    EXPENSE,
    FULL_BUYER,
    FULL_SELLER,
    OUT_OF_SCOPE,
    REVERSE_CHARGE,
    STANDARD,
    credited,
    kinds,
    taxed,
)
from hypothesis import given
from hypothesis import strategies as st
from invoices import AFTER_TAX, BEFORE_TAX, FEE, TIME
from lxml import etree

from billing_engine.einvoice.formats import Format, missing_fields, write
from billing_engine.einvoice.from_invoice import of_credit_note, of_invoice
from billing_engine.errors import EInvoiceError

UBL = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
HOSTILE = "<b>&amp;</b>\x00\x1b[31m\ud800\ufffe\uffff\u202e]]><!ENTITY x 'y'>\r\n" + "w" * 100_000


def texts(xml):
    """Read all texts of a document."""
    return [(element.text or "").strip() for element in etree.fromstring(xml).iter(etree.Element)]


@pytest.mark.parametrize("format_", Format)
def test_the_same_document_is_the_same_to_the_byte(format_):
    """With a declaration, in UTF-8."""
    first, second = (write(of_invoice(taxed([FEE, TIME], STANDARD)), format_) for _ in range(2))
    assert first == second
    assert first.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n")
    assert "Søn".encode() in first


def test_formats_say_what_they_follow():
    """Specification and business process; a credit note has its own root in UBL and its own type in CII."""
    said = of_invoice(taxed([FEE], STANDARD))
    core = "urn:cen.eu:en16931:2017"
    assert core in texts(write(said, Format.CII))
    assert core in texts(write(said, Format.UBL))
    assert f"{core}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0" in texts(write(said, Format.PEPPOL))
    assert f"{core}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0" in texts(write(said, Format.XRECHNUNG))
    assert "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0" in texts(write(said, Format.PEPPOL))
    issued = taxed([FEE], STANDARD)
    note = of_credit_note(credited(issued), issued)
    assert etree.fromstring(write(note, Format.UBL)).tag.endswith("CreditNote-2}CreditNote")
    assert "381" in texts(write(note, Format.CII))


def test_peppol_gets_one_note():
    """More are not allowed (PEPPOL-EN16931-R002), and nothing is lost."""
    issued = taxed([FEE, TIME], STANDARD, setoffs=(AFTER_TAX, replace(AFTER_TAX, position=3, title="Another")))
    (note,) = etree.fromstring(write(of_invoice(issued), Format.PEPPOL)).findall(f"{UBL}Note")
    assert len(note.text.splitlines()) == 2


@pytest.mark.parametrize("name", sorted(kinds()))
@pytest.mark.parametrize("format_", Format)
def test_no_element_is_empty(name, format_):
    """An element that says nothing is not there (PEPPOL-EN16931-R008)."""
    said = kinds()[name]
    if not missing_fields(said, format_):
        for element in etree.fromstring(write(said, format_)).iter(etree.Element):
            assert len(element) or (element.text or "").strip(), element.tag
            assert all(element.attrib.values()), element.tag


def hostile_invoice(text, **changes):
    """Put a text wherever somebody else writes one."""
    seller = replace(FULL_SELLER, name=text, address=text, city=text, postal_code=text, contact=text)
    seller = replace(seller, phone=f"011{text}", email=f"@{text}", registration_number=text, bic=text, iban=text)
    buyer = replace(FULL_BUYER, name=text, address=text, city=text, postal_code=text, reference=text, email=text)
    lines = [replace(FEE, title=text, detail=text), replace(EXPENSE, title=text, detail=text)]
    setoffs = tuple(replace(one, title=text, reference=text, credit=text) for one in (BEFORE_TAX, AFTER_TAX))
    return taxed(lines, STANDARD, seller=seller, buyer=buyer, setoffs=setoffs, **changes)


@pytest.mark.parametrize("format_", Format)
def test_hostile_text_is_text_of_bounded_length(format_):
    """No markup, no character that XML can not hold, nothing without end."""
    xml = write(of_invoice(hostile_invoice(HOSTILE)), format_)
    assert len(xml) < 60_000
    names = [text for text in texts(xml) if text.startswith("<b>")]
    assert len(names) > 10
    for name in names:
        assert name.replace(" ", "").startswith("<b>&amp;</b>[31m]]><!ENTITYx'y'>")
        assert len(name) <= 5_000
        assert name.isprintable() or "\n" in name


@given(st.text(max_size=40))
def test_any_text_can_be_written(text):
    """Or it is nothing at all, and then the field that misses it is named."""
    said = of_invoice(hostile_invoice(text))
    for format_ in Format:
        if missing_fields(said, format_):
            with pytest.raises(EInvoiceError):
                write(said, format_)
        else:
            assert etree.fromstring(write(said, format_)) is not None


def test_any_reason_of_a_credit_note_can_be_written():
    """It is a note."""
    issued = hostile_invoice(HOSTILE)
    note = credited(issued)
    note = replace(note, draft=replace(note.draft, reason=HOSTILE))
    assert len(write(of_credit_note(note, issued), Format.CII)) < 60_000


def complaint(format_, keys=(STANDARD,), **changes):
    """Say why an invoice can not be written."""
    with pytest.raises(EInvoiceError) as raised:
        write(of_invoice(taxed([FEE, TIME], *keys, **changes)), format_)
    return str(raised.value)


NOBODY = replace(FULL_SELLER, name="", country="", vat_id="", registration_number="", email="", city="", iban="")


@pytest.mark.parametrize(
    ("format_", "keys", "changes", "field"),
    [
        ("cii", STANDARD, {"seller": replace(FULL_SELLER, vat_id="")}, "BT-31, settings: [seller] vat_id"),
        ("cii", STANDARD, {"seller": replace(FULL_SELLER, name="\x00")}, "BT-27, settings: [seller] name"),
        ("cii", STANDARD, {"seller": replace(FULL_SELLER, country="")}, "BT-40, settings: [seller] country"),
        ("ubl", STANDARD, {"buyer": replace(FULL_BUYER, name=" ")}, "BT-44, customers.csv: name"),
        ("ubl", STANDARD, {"buyer": replace(FULL_BUYER, country="")}, "BT-55, customers.csv: country"),
        ("cii", STANDARD, {"buyer": replace(FULL_BUYER, country="D<")}, "BT-55, customers.csv: country"),
        ("cii", REVERSE_CHARGE, {"buyer": replace(FULL_BUYER, vat_id="")}, "BT-48, which reverse charge needs"),
        ("cii", OUT_OF_SCOPE, {"seller": NOBODY}, "BT-30, settings: [seller] registration_number"),
        ("peppol", STANDARD, {"buyer": replace(FULL_BUYER, reference="")}, "BT-10, customers.csv: buyer_reference"),
        ("peppol", STANDARD, {"buyer": replace(FULL_BUYER, vat_id="")}, "BT-49 (electronic address), customers.csv"),
        ("peppol", STANDARD, {"seller": replace(FULL_SELLER, country="GR")}, "BT-1"),
        ("xrechnung", STANDARD, {"seller": replace(FULL_SELLER, contact="")}, "BT-41, settings: [seller] contact"),
        ("xrechnung", STANDARD, {"seller": replace(FULL_SELLER, phone="")}, "BT-42, settings: [seller] phone"),
        ("xrechnung", STANDARD, {"seller": replace(FULL_SELLER, email="")}, "BT-43, settings: [seller] email"),
        ("xrechnung", STANDARD, {"seller": replace(FULL_SELLER, city="")}, "BT-37, settings: [seller] city"),
        ("xrechnung", STANDARD, {"seller": replace(FULL_SELLER, postal_code="")}, "BT-38, settings: [seller] postal"),
        ("xrechnung", STANDARD, {"seller": replace(FULL_SELLER, iban="")}, "BT-84, settings: [seller] iban"),
        ("xrechnung", STANDARD, {"buyer": replace(FULL_BUYER, city="")}, "BT-52, customers.csv: city"),
        ("xrechnung", STANDARD, {"buyer": replace(FULL_BUYER, postal_code="")}, "BT-53, customers.csv: postal_code"),
        ("xrechnung", STANDARD, {"buyer": replace(FULL_BUYER, reference="")}, "BT-10, customers.csv: buyer_reference"),
    ],
)
def test_what_is_missing_is_named_with_the_place_to_give_it(format_, keys, changes, field):
    """Nothing invalid is ever written."""
    assert field in complaint(Format(format_), [keys], **changes)


def test_all_that_is_missing_is_named_at_once():
    """Nobody has to try again field by field."""
    said = complaint(Format.XRECHNUNG, seller=NOBODY, buyer=replace(FULL_BUYER, reference=""))
    terms = ("BT-27", "BT-40", "BT-31", "BT-10", "BT-34", "BT-43", "BT-37", "BT-84")
    assert [term for term in terms if term not in said] == []
    assert said.startswith("invoice 2026-000118 can not be written as xrechnung")


def test_the_core_formats_need_no_more_than_names_and_countries():
    """A buyer with nothing but these is enough."""
    bare = replace(FULL_BUYER, address="", vat_id="", email="", city="", postal_code="", reference="", language="")
    assert missing_fields(of_invoice(taxed([FEE], STANDARD, buyer=bare)), Format.CII) == ()
    assert missing_fields(of_invoice(taxed([FEE], STANDARD, buyer=bare)), Format.UBL) == ()


def test_xrechnung_delivers_by_email_where_there_is_no_vat_id():
    """Peppol itself does not."""
    said = of_invoice(taxed([FEE], STANDARD, buyer=replace(FULL_BUYER, vat_id="")))
    assert missing_fields(said, Format.XRECHNUNG) == ()
    assert len(missing_fields(said, Format.PEPPOL)) == 1


def test_out_of_scope_beside_what_is_taxed_is_refused():
    """EN 16931 has no such invoice (BR-O-11)."""
    assert "[[tax.rules]]" in complaint(Format.CII, [STANDARD, OUT_OF_SCOPE])


def test_amounts_of_three_decimals_are_refused():
    """EN 16931 has two; a whole dinar of Kuwait can be said."""
    fine = replace(FEE, unit_price=Decimal("1.005"), amount=Decimal("1.005"))
    with pytest.raises(EInvoiceError, match="BT-5, KWD"):
        write(of_invoice(taxed([fine], REVERSE_CHARGE, currency="KWD")), Format.CII)
    assert write(of_invoice(taxed([FEE], REVERSE_CHARGE, currency="KWD")), Format.CII)


def test_between_germans_peppol_wants_what_xrechnung_wants():
    """Its rules for Germany are the same."""
    german = replace(FULL_SELLER, country="DE", vat_id="DE136695976", contact="")
    assert "BT-41" in complaint(Format.PEPPOL, seller=german)


def test_yen_have_no_decimals():
    """And euro have two."""
    assert ">583<" in write(kinds()["yen"], Format.CII).decode()
    assert ">5.83<" in write(kinds()["minutes"], Format.CII).decode()


def test_the_register_is_named_where_peppol_wants_it():
    """In Denmark and in the Netherlands (DK-R-014, NL-R-003)."""
    for country, scheme in (("NL", b'schemeID="0106">20654321<'), ("DK", b'schemeID="0184">20654321<')):
        said = of_invoice(taxed([FEE], STANDARD, seller=replace(FULL_SELLER, country=country)))
        assert scheme in write(said, Format.PEPPOL)
        assert scheme in write(said, Format.CII)
    assert b"<cbc:CompanyID>20654321<" in write(of_invoice(taxed([FEE], STANDARD)), Format.PEPPOL)


def test_dutch_companies_set_nothing_off_on_peppol():
    """Its rules for the Netherlands have no code for it, so no invalid file is written."""
    seller, buyer = replace(FULL_SELLER, country="NL"), replace(FULL_BUYER, country="NL")
    issued = taxed([FEE], STANDARD, seller=seller, buyer=buyer)
    assert missing_fields(of_invoice(issued), Format.PEPPOL) == ()
    assert "BT-81" in missing_fields(of_credit_note(credited(issued), issued), Format.PEPPOL)[0]
