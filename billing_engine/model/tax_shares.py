"""How credits before tax lower what is taxed: each is shared out over the categories of an invoice by their size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from billing_engine.model.invoice import InvoiceDraft, InvoiceSetoff
from billing_engine.model.money import ZERO, from_minor, to_minor
from billing_engine.model.sla_terms import Setoff

TaxKey = tuple[str, Decimal]
"""Category and rate."""


class TaxShare(NamedTuple):
    """What one setoff takes off one category."""

    position: int
    """Of the setoff."""
    key: TaxKey
    amount: Decimal
    """Above zero."""


def share_setoffs(draft: InvoiceDraft) -> tuple[TaxShare, ...]:
    """Tell what each credit before tax takes off each category of a draft, in the order of the setoffs."""
    charged = [(draft.tax_key(line), line.amount) for line in draft.lines]
    return share_out(add_up(charged), draft.setoffs, draft.currency)


def add_up(amounts: Iterable[tuple[TaxKey, Decimal]]) -> dict[TaxKey, Decimal]:
    """Add up amounts by category and rate, in the order in which these come first."""
    sums: dict[TaxKey, Decimal] = {}
    for key, amount in amounts:
        sums[key] = sums.get(key, ZERO) + amount
    return sums


def share_out(charged: dict[TaxKey, Decimal], setoffs: Sequence[InvoiceSetoff], currency: str) -> tuple[TaxShare, ...]:
    """Share credits before tax out over the sums by category, in proportion to what is left of each.

    Each category gets what it adds to the rounded share of all before it: no cent is lost, and none goes below zero.
    """
    left = {key: to_minor(amount, currency) for key, amount in charged.items()}
    shares = []
    for setoff in setoffs:
        if setoff.setoff is not Setoff.BEFORE_TAX:
            continue
        amount, whole = to_minor(setoff.amount, currency), sum(left.values())
        seen = done = 0
        for key, size in list(left.items()):
            seen += size
            upto = (2 * amount * seen + whole) // (2 * whole) if whole else 0
            part, done = upto - done, upto
            if part:
                left[key] -= part
                shares.append(TaxShare(setoff.position, key, from_minor(part, currency)))
    return tuple(shares)
