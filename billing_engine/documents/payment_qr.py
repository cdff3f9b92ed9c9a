"""The code on an invoice that a banking app scans: payee, account, amount and reference, as its country writes them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import segno
from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.pl import nip

from billing_engine.documents.latin import ascii_letters
from billing_engine.documents.printable import one_line
from billing_engine.model.invoice import Invoice
from billing_engine.model.settings import DocumentTerms

QUIET_ZONE = 4
"""Modules of white around a code, as ISO 18004 wants them."""

CENT = Decimal("0.01")

_EPC_BYTES = 331
_SEPA_COUNTRIES = (
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO SE SI "
    "SK SM VA"
)
_SEPA = frozenset(_SEPA_COUNTRIES.split())
_SEPA_ON_REQUEST = "RS"
"""In the scope since 2025, but not each of its banks takes part."""

_SPD_LETTERS = re.compile(r"[^0-9A-Z $%*+./:-]")
"""What a Czech code had better not contain: with the rest alone it is half the size."""

_IPS_REFERENCE = re.compile(r"[0-9A-Z-]{1,23}")
_POLISH = "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"
_ZBP_LETTERS = re.compile(rf"[^0-9A-Za-z{_POLISH} ,./\\@#&*-]")


@dataclass(frozen=True, slots=True)
class PaymentQr:
    """A payment code, as text and as a picture."""

    kind: str
    """"epc", "spd", "ips" or "zbp"."""
    payload: str
    """What a scanner reads."""
    label: str
    """English message to stand beside it."""
    svg: str
    """An `<svg>` element for an HTML page; it refers to nothing and takes the size that the style sheet gives it."""

    def svg_titled(self, title: str) -> str:
        """Return the picture with a title, which is read to people who do not see it."""
        start, end = self.svg.split(">", 1)
        return f"{start}><title>{html.escape(title)}</title>{end}"


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be paid to whom, with an account number that was checked."""

    iban: str
    amount: Decimal
    invoice: Invoice

    @property
    def country(self) -> str:
        return self.iban[:2]

    @property
    def name(self) -> str:
        return _text(self.invoice.draft.seller.name)

    @property
    def number(self) -> str:
        return _text(self.invoice.number)


def payment_qr(invoice: Invoice, terms: DocumentTerms) -> PaymentQr | None:
    """Return the code for what was due when the invoice was issued.

    None when nothing is due, the seller's IBAN is missing or wrong, currency and account have no code in common, or
    the code can not say the amount or the payee's name.
    """
    due = invoice.amount_due
    if due < CENT:
        return None
    try:
        account = iban.validate(invoice.draft.seller.iban)
    except ValidationError:
        return None
    order = _Order(account, due.quantize(CENT), invoice)
    found = _code_of(order, terms)
    if found is None:
        return None
    kind, write, most = found
    payload = write(order) if due <= most else None
    return PaymentQr(kind, payload, "Scan to pay", _svg(payload)) if payload else None


def _code_of(order: _Order, terms: DocumentTerms) -> tuple[str, Callable[[_Order], str | None], Decimal] | None:
    """Choose a standard by currency and country of the account: its name, its writer, its largest amount."""
    match order.invoice.draft.currency, order.country:
        case "EUR", country if _pays_by_sepa(country, terms):
            return "epc", _epc, Decimal("999999999.99")
        case "CZK", "CZ":
            return "spd", _spd, Decimal("9999999.99")
        case "RSD", "RS":
            return "ips", _ips, Decimal("999999999999.99")
        case "PLN", "PL":
            return "zbp", _zbp, Decimal("9999999999.99")
    return None


def _pays_by_sepa(country: str, terms: DocumentTerms) -> bool:
    if terms.sepa_qr is False:
        return False
    return country in _SEPA or (country == _SEPA_ON_REQUEST and terms.sepa_qr is True)


def _epc(order: _Order) -> str | None:
    """EPC069-12, version 2, in UTF-8: one part a line; at most 331 bytes, so the name gives way."""
    code = bic.compact(order.invoice.draft.seller.bic)
    head = f"BCD\n002\n1\nSCT\n{code if bic.is_valid(code) else ''}\n"
    tail = f"\n{order.iban}\nEUR{order.amount:f}\n\n\n{order.number[:60].rstrip()}"
    room = _EPC_BYTES - len((head + tail).encode())
    name = order.name[:70].encode()[:room].decode(errors="ignore").rstrip()
    return f"{head}{name}{tail}" if name else None


def _spd(order: _Order) -> str | None:
    """Czech Short Payment Descriptor 1.0, in capitals without accents; the variable symbol is the number's digits.

    The account says who is paid; a name that has no such letters is omitted.
    """
    symbol = re.sub(r"[^0-9]", "", order.number)[-10:]
    parts = [
        f"ACC:{order.iban}",
        f"AM:{order.amount:f}",
        "CC:CZK",
        f"DT:{order.invoice.due_on:%Y%m%d}",
        f"X-VS:{symbol}" if symbol else "",
        _spd_text("MSG", order.number, 60),
        _spd_text("RN", order.name, 35),
    ]
    return "*".join(["SPD", "1.0", *filter(None, parts)])


def _spd_text(key: str, text: str, limit: int) -> str:
    """Write a free text; one that has nothing left of it is omitted."""
    plain = _cut(_SPD_LETTERS.sub(" ", ascii_letters(text).upper()), limit)
    # An escape counts as one letter: the limit is of what is read.
    escaped = plain.replace("%", "%25").replace("*", "%2A")
    return f"{key}:{escaped}" if escaped else ""


def _ips(order: _Order) -> str | None:
    """Serbian NBS IPS, in UTF-8, with an account of 18 digits; the reference has no check digits: model 00."""
    name = _unpiped(order.name, 70)
    fields = [
        ("K", "PR"),
        ("V", "01"),
        ("C", "1"),
        ("R", order.iban[4:]),
        ("N", name),
        ("I", f"RSD{order.amount:f}".replace(".", ",")),
        # Goods and services.
        ("SF", "221"),
        ("S", _unpiped(order.number, 35)),
        # A part of a number would refer to another invoice.
        ("RO", f"00{order.number}" if _IPS_REFERENCE.fullmatch(order.number) else ""),
    ]
    return "|".join(f"{tag}:{value}" for tag, value in fields if value) if name else None


def _zbp(order: _Order) -> str | None:
    """Recommendation of the Polish Bank Association: the amount in grosze, of six digits or more."""
    tax_number = order.invoice.draft.seller.vat_id
    known = nip.compact(tax_number) if nip.is_valid(tax_number) else ""
    grosze = int(order.amount * 100)
    name, title = _zbp_text(order.name, 20), _zbp_text(order.number, 32)
    return f"{known}|PL|{order.iban[2:]}|{grosze:06d}|{name}|{title}|||" if name else None


def _zbp_text(text: str, limit: int) -> str:
    return _cut(_ZBP_LETTERS.sub(" ", ascii_letters(text, keep=_POLISH)), limit)


def _text(text: str) -> str:
    """One printable line, longer than any code takes."""
    return one_line(text, 1000)


def _unpiped(text: str, limit: int) -> str:
    return _cut(text.replace("|", " "), limit)


def _cut(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit].rstrip()


def _svg(payload: str) -> str:
    """Draw a code as one shape, so that no printer shows seams between its rows; white lies below it."""
    code = segno.make_qr(payload, error="m", boost_error=False, encoding="utf-8")
    rows = [bytes(row) for row in code.matrix]
    size = len(rows) + 2 * QUIET_ZONE
    runs = (
        f"M{QUIET_ZONE + run.start()} {QUIET_ZONE + y}h{len(run[0])}v1h-{len(run[0])}z"
        for y, row in enumerate(rows)
        for run in re.finditer(rb"\x01+", row)
    )
    return (
        f'<svg viewBox="0 0 {size} {size}" role="img">'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path fill="#000" d="{"".join(runs)}"/></svg>'
    )
