"""What an invoice looks like at Stripe: items with final amounts, in Stripe's units; pure, and the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing_engine.model.instant import SECONDS_PER_DAY, Instant, hours_and_minutes, midnight_utc
from billing_engine.model.invoice import InvoiceDraft, InvoiceLine
from billing_engine.model.money import ZERO, plain
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax_shares import share_setoffs
from billing_engine.stripe_sync.calls import Thing
from billing_engine.stripe_sync.currency import coin, to_stripe
from billing_engine.stripe_sync.objects import metadata_of

MOST_ITEMS = 200
"""Items of one invoice; one that has more is summed up by kind. Stripe itself takes 250."""

LONGEST_DESCRIPTION = 1_000
INVOICE, PART, BOOKS, CREDIT_NOTE = "be_invoice", "be_part", "be_books", "be_credit_note"
"""Names of our metadata: which invoice, which part of it, of which books."""

_KINDS = {
    "fee": "Fees",
    "overage": "Additional support hours",
    "tariff": "Support",
    "analysis": "Change request analysis",
    "development": "Development",
    "expense": "Expenses",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an invoice at Stripe."""

    part: str
    """What of our invoice it is, such as "line/3"."""
    amount: int
    """Without tax; below zero where it is taken off."""
    description: str
    first: date
    last: date
    is_taxed: bool = True
    percent: Decimal = ZERO
    """Rate of its tax."""
    tax: int = 0
    """Its part of the invoice's tax."""

    def period(self) -> dict[str, int]:
        """Return its days, from noon to noon UTC: these are the same days wherever they are looked at."""
        return {"start": noon(self.first), "end": noon(self.last)}


def noon(day: date) -> Instant:
    """Tell when it is noon on a day in UTC."""
    return midnight_utc(day) + SECONDS_PER_DAY // 2


def metadata_of_part(books: str, number: str, part: str) -> dict[str, str]:
    """Say whose an object is, so that it is found again."""
    return {BOOKS: books, INVOICE: number, PART: part}


def number_of(thing: Thing, books: str) -> str:
    """Tell of which invoice of these books an object is; empty where it is of none."""
    has = metadata_of(thing)
    return has.get(INVOICE, "") if has.get(BOOKS) == books else ""


def items_of(number: str, draft: InvoiceDraft, *, by_kind: bool = False) -> list[Item]:
    """Make the items of an invoice: its lines, and setoffs as negative ones; summed up by kind where asked or needed.

    Their amounts and taxes add up to what is due. Raises StripeRefusedError where Stripe can not take an amount.
    """
    items = [*_line_items(draft), *_setoff_items(draft)]
    if by_kind or len(items) > MOST_ITEMS:
        items = list(_summed_up(number, draft, items))
    return _with_tax(items, draft)


def is_summed_up(items: Sequence[Item]) -> bool:
    """Tell whether items are sums of lines."""
    return any(item.part.startswith("kind/") for item in items)


def _line_items(draft: InvoiceDraft) -> Iterator[Item]:
    for line in draft.lines:
        first, last = _days(line, draft.period)
        amount = to_stripe(line.amount, draft.currency)
        _, percent = draft.tax_key(line)
        text = _describe(line, draft.currency)
        yield Item(f"line/{line.position}", amount, text, first, last, percent=percent)


def _setoff_items(draft: InvoiceDraft) -> Iterator[Item]:
    """Take credits off as they lower the invoice: before tax from what is taxed at each rate, after tax at once."""
    shared: dict[int, dict[Decimal, Decimal]] = {}
    for share in share_setoffs(draft):
        _, percent = share.key
        by_percent = shared.setdefault(share.position, {})
        by_percent[percent] = by_percent.get(percent, ZERO) + share.amount
    for setoff in draft.setoffs:
        part, taxed = f"setoff/{setoff.position}", setoff.setoff is Setoff.BEFORE_TAX
        amounts = shared.get(setoff.position, {}) if taxed else {ZERO: setoff.amount}
        for place, (percent, amount) in enumerate(amounts.items(), 1):
            yield Item(
                part=part if place == 1 else f"{part}/{place}",
                amount=-to_stripe(amount, draft.currency),
                description=_short(f"{setoff.title} ({setoff.reference})"),
                first=draft.period.first_day,
                last=draft.period.last_day,
                is_taxed=taxed,
                percent=percent,
            )


def _days(line: InvoiceLine, period: Month) -> tuple[date, date]:
    if line.service_from and line.service_to:
        return date.fromisoformat(line.service_from), date.fromisoformat(line.service_to)
    month = Month.parse(line.period) if line.period else period
    return month.first_day, month.last_day


def _describe(line: InvoiceLine, currency: str) -> str:
    """Say what a line is for, with hours and rate: the amount itself is final."""
    price = f"{plain(line.unit_price)} {currency}"
    if line.seconds is not None:
        count = f"{hours_and_minutes(line.seconds)} h \u00d7 {price}/h"
    else:
        count = "" if line.quantity == 1 else f"{line.quantity.normalize():f} \u00d7 {price}"
    return _short(" \u2013 ".join(part for part in (line.title, line.detail, count) if part))


def _short(text: str) -> str:
    printable = " ".join(text.split())
    return printable if len(printable) <= LONGEST_DESCRIPTION else f"{printable[: LONGEST_DESCRIPTION - 1]}\u2026"


def _summed_up(number: str, draft: InvoiceDraft, items: Sequence[Item]) -> Iterator[Item]:
    """Sum up lines by kind and setoffs by how they are taxed; each single one stands in our invoice."""
    kinds = {f"line/{line.position}": line for line in draft.lines}
    several = len({item.percent for item in items if item.is_taxed}) > 1
    groups: dict[str, list[Item]] = {}
    for item in items:
        line = kinds.get(item.part)
        taxed = Setoff.BEFORE_TAX if item.is_taxed else Setoff.AFTER_TAX
        part = f"kind/setoff/{taxed}" if line is None else f"kind/{line.kind}"
        rate = f"/{percent_text(item.percent)}" if several and item.is_taxed else ""
        groups.setdefault(f"{part}{rate}", []).append(item)
    for part, group in groups.items():
        lines = [kinds[item.part] for item in group if item.part in kinds]
        seconds = sum(line.seconds or 0 for line in lines)
        hours = f", {hours_and_minutes(seconds)} h" if seconds else ""
        what = _KINDS.get(lines[0].kind, lines[0].kind) if lines else "Credits"
        count = f"{len(group)} {'line' if len(group) == 1 else 'lines'}"
        yield replace(
            group[0],
            part=part,
            amount=sum(item.amount for item in group),
            description=_short(f"{what}: {count}{hours}, each on invoice {number}"),
            first=min(item.first for item in group),
            last=max(item.last for item in group),
        )


def _with_tax(items: Sequence[Item], draft: InvoiceDraft) -> list[Item]:
    """Give each taxed item its part of the tax, so that the parts are the whole to the last unit, rate by rate.

    Each part is what its item adds to the rounded tax of all before it: none is off by more than a rounding.
    """
    taxes: dict[Decimal, Decimal] = {}
    for one in draft.tax_subtotals:
        taxes[one.percent] = taxes.get(one.percent, ZERO) + one.tax
    last = {item.percent: place for place, item in enumerate(items) if item.is_taxed}
    seen, done = dict.fromkeys(last, 0), dict.fromkeys(last, 0)
    shared = []
    for place, item in enumerate(items):
        part = 0
        if item.is_taxed:
            percent = item.percent
            seen[percent] += item.amount
            whole = to_stripe(taxes.get(percent, ZERO), draft.currency)
            upto = whole if place == last[percent] else tax_on(seen[percent], percent, draft.currency)
            part, done[percent] = upto - done[percent], upto
        shared.append(replace(item, tax=part))
    return shared


def tax_on(amount: int, percent: Decimal, currency: str) -> int:
    """Compute the tax on an amount as Stripe does: rounded half up, to what it takes."""
    step = coin(currency)
    exact = Fraction(percent) * amount / 100 / step
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return step * (whole if exact >= 0 else -whole)


def percent_text(percent: Decimal) -> str:
    """Write a rate of tax as Stripe reads it: never with an exponent."""
    return format(percent.normalize(), "f")


def tax_amounts(item: Item, draft: InvoiceDraft) -> list[dict[str, Any]]:
    """Give an item our own figure of its tax."""
    if not item.is_taxed or not item.percent:
        return []
    rate = {
        "display_name": "VAT",
        "percentage": percent_text(item.percent),
        "inclusive": False,
        **({"country": draft.seller.country} if draft.seller.country else {}),
    }
    return [{"amount": item.tax, "taxable_amount": item.amount, "tax_rate_data": rate}]
