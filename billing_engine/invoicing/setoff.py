"""Setting off: credits lower an invoice, oldest first, never below zero; what is left waits for the next (S2, S3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from billing_engine.model.credit import Credit
from billing_engine.model.invoice import InvoiceSetoff
from billing_engine.model.money import ZERO
from billing_engine.model.sla_terms import Setoff


def set_off_credits(
    credits_: Sequence[Credit], mode: Setoff, amount: Decimal, currency: str, position: int
) -> tuple[InvoiceSetoff, ...]:
    """Take credits of one mode off an amount, oldest first; positions go on from `position`."""
    setoffs: list[InvoiceSetoff] = []
    left = amount
    for credit in sorted(credits_, key=lambda c: (c.granted_on, c.credit)):
        if credit.setoff is not mode or credit.currency != currency:
            continue
        taken = min(left, credit.remaining)
        if taken > 0:
            setoffs.append(_setoff(credit, taken, position + len(setoffs)))
            left -= taken
    return tuple(setoffs)


def total(setoffs: Iterable[InvoiceSetoff]) -> Decimal:
    """Add up what setoffs take off."""
    return sum((setoff.amount for setoff in setoffs), ZERO)


def _setoff(credit: Credit, amount: Decimal, position: int) -> InvoiceSetoff:
    return InvoiceSetoff(position, credit.credit, credit.reference, credit.reason, amount, credit.setoff)
