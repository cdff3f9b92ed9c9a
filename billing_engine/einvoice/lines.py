"""Lines in business terms: quantity, price and the quantity that the price is for always come to the amount."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing_engine.einvoice.terms import Line, Period, Vat
from billing_engine.einvoice.texts import one_line, paragraph
from billing_engine.model.credit_note import CreditNoteDraft, CreditNoteLine
from billing_engine.model.invoice import PIECE, SECONDS_PER_UNIT, InvoiceDraft, InvoiceLine
from billing_engine.model.money import SECONDS_PER_HOUR, ZERO
from billing_engine.model.period import Month

Say = Callable[[str], str]

ONE = Decimal(1)
_PRICE_STEP = Decimal("1e-10")
"""A third of a fee has no end; this is fine enough for a million of them."""
_NEARLY = Decimal("0.01")
"""How far quantity x price may be from an amount: Peppol allows 0.02 (PEPPOL-EN16931-R120)."""


def invoice_lines(draft: InvoiceDraft, say: Say, phrase: Say) -> tuple[Line, ...]:
    """Say the lines of an invoice; one without any gets a line of 0.00, because there must be one (BR-16)."""
    if draft.lines:
        return tuple(_line(line, draft, phrase) for line in draft.lines)
    (only, *_) = draft.tax_subtotals
    return (Line("1", say("Nothing was charged"), "", ONE, PIECE, ZERO, ONE, ZERO, Vat(*only.key)),)


def credited_lines(note: CreditNoteDraft, draft: InvoiceDraft, phrase: Say) -> tuple[Line, ...]:
    """Say the lines of a credit note: amounts alone, taxed like the lines of the invoice that they take back."""
    by_position = {line.position: line for line in draft.lines}
    return tuple(_credited(line, by_position[line.invoice_position], draft, phrase) for line in note.lines)


def _credited(line: CreditNoteLine, of: InvoiceLine, draft: InvoiceDraft, phrase: Say) -> Line:
    return Line(
        number=str(line.position),
        name=one_line(phrase(line.title)) or of.kind,
        description=paragraph(phrase(line.detail)),
        quantity=ONE.copy_sign(line.amount),
        unit=PIECE,
        price=abs(line.amount),
        base=ONE,
        net=line.amount,
        vat=Vat(*draft.tax_key(of)),
        period=_period(line.service_from, line.service_to, of.period),
    )


def _line(line: InvoiceLine, draft: InvoiceDraft, phrase: Say) -> Line:
    said = Line(
        number=str(line.position),
        name=one_line(phrase(line.title)) or line.kind,
        description=paragraph(phrase(line.detail)),
        quantity=line.quantity,
        unit=PIECE if line.counts_pieces else line.unit,
        price=line.unit_price,
        base=Decimal(SECONDS_PER_HOUR // SECONDS_PER_UNIT.get(line.unit, SECONDS_PER_HOUR)),
        net=line.amount,
        vat=Vat(*draft.tax_key(line)),
        period=_period(line.service_from, line.service_to, line.period),
    )
    return _with_fair_price(_with_positive_price(said))


def _with_positive_price(line: Line) -> Line:
    """Take back by the quantity, as no price may be below zero (BR-27)."""
    return replace(line, quantity=-line.quantity, price=-line.price) if line.price < 0 else line


def _with_fair_price(line: Line) -> Line:
    """Write a price that has an end; where it misses the amount, give the price of the whole quantity.

    It does in a currency without cents, where the amount was rounded to a whole unit.
    """
    price = line.price.quantize(_PRICE_STEP)
    if abs(line.quantity * price / line.base - line.net) <= _NEARLY or not line.quantity:
        return replace(line, price=price)
    return replace(line, quantity=line.quantity.copy_sign(line.net), price=abs(line.net), base=abs(line.quantity))


def _period(first: str, last: str, month: str) -> Period | None:
    """Tell what a line is for: the days of a fee, else the month of the work."""
    if first and last:
        return Period(date.fromisoformat(first), date.fromisoformat(last))
    if not month:
        return None
    found = Month.parse(month)
    return Period(found.first_day, found.last_day)
