"""Figures: what an invoice comes to, by what it is for, so that one month can be held against the last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.model.charge import ChargeKind
from billing_engine.model.money import ZERO

_COLUMN = {ChargeKind.FEE: "fee", ChargeKind.OVERAGE: "overage", ChargeKind.TARIFF: "tariffs"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of one invoice in its currency; together they are what is to be paid."""

    currency: str
    fee: Decimal = ZERO
    overage: Decimal = ZERO
    tariffs: Decimal = ZERO
    other: Decimal = ZERO
    """Development, analysis and expenses."""
    credits: Decimal = ZERO
    """Zero or below: what setoffs took off, before and after tax."""
    tax: Decimal = ZERO

    @property
    def amount_due(self) -> Decimal:
        return self.fee + self.overage + self.tariffs + self.other + self.credits + self.tax


def sum_up(currency: str, lines: Iterable[tuple[str, Decimal]], setoffs: Iterable[Decimal], tax: Decimal) -> Figures:
    """Sum up an invoice from its lines, by kind, its setoffs and its tax."""
    sums: dict[str, Decimal] = {}
    for kind, amount in lines:
        column = _COLUMN.get(ChargeKind(kind), "other")
        sums[column] = sums.get(column, ZERO) + amount
    return Figures(currency, credits=-sum(setoffs, ZERO), tax=tax, **sums)


@dataclass(frozen=True, slots=True)
class Change:
    """A customer's invoice held against that of the month before; None where there is none."""

    customer: str
    name: str
    former: Figures | None
    planned: Figures | None

    @property
    def difference(self) -> Decimal:
        """How much more is to be paid than the month before, as far as that was in the same currency."""
        planned = self.planned or Figures("")
        former = self.former if self.former is not None and planned.currency in ("", self.former.currency) else None
        return planned.amount_due - (ZERO if former is None else former.amount_due)


def largest_first(changes: Iterable[Change]) -> list[Change]:
    """Leave out what stayed the same, and sort the rest by how much it differs."""
    changed = [change for change in changes if change.former != change.planned]
    return sorted(changed, key=lambda change: (-abs(change.difference), change.customer))
