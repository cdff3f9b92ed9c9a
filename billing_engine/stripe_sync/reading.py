"""What an invoice at Stripe says: how far it is, what came in for it, and for which of our invoices it is; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing_engine.model.instant import local_date
from billing_engine.model.money import ZERO, from_minor, minor_digits, round_money
from billing_engine.model.tax import TaxSubtotal
from billing_engine.model.tax_shares import TaxKey
from billing_engine.stripe_sync.calls import Thing
from billing_engine.stripe_sync.currency import digits, from_stripe
from billing_engine.stripe_sync.mirror import is_carried_over
from billing_engine.stripe_sync.objects import id_of, metadata_of, tax_of
from billing_engine.stripe_sync.payloads import PART, number_of

LADDER: Mapping[str, int] = {"draft": 0, "open": 1, "uncollectible": 2, "void": 3, "paid": 3}
"""How far along an invoice is; it never goes back, and a status that is not here says nothing."""


def is_forward(known: str, seen: str) -> bool:
    """Tell whether what is seen may follow what is known: events and answers come in any order."""
    return seen in LADDER and (known == seen or LADDER[seen] > LADDER.get(known, -1))


@dataclass(slots=True)
class Part:
    """What of an invoice at Stripe is for one of ours."""

    share: int = 0
    """Tax included, in Stripe's units."""
    ids: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of the item and of the line, by part of our invoice."""


@dataclass(frozen=True, slots=True)
class Sight:
    """An invoice at Stripe with what it is for; read before any transaction."""

    invoice: Thing
    parts: Mapping[str, Part]
    notes: Sequence[Thing]
    """Its credit notes, where it has any."""
    lines: Mapping[str, str]
    """Part of our invoice by id of the line, where credit notes name lines."""
    is_mirror: bool


def is_mirror(invoice: Thing, books: str) -> bool:
    """Tell whether it is one of our invoices, all of it."""
    return bool(number_of(invoice, books)) and metadata_of(invoice).get(PART) == "invoice"


def parts_of(lines: Iterable[Thing], books: str) -> dict[str, Part]:
    """Sum up what lines are for our invoices, by number; other lines are not ours."""
    found: dict[str, Part] = {}
    for line in lines:
        number = number_of(line, books)
        if number:
            part = found.setdefault(number, Part())
            part.share += int(line["amount"]) + tax_of(line.get("taxes"))
            part.ids[metadata_of(line).get(PART, "")] = (_item_of(line), str(line["id"]))
    return found


def _item_of(line: Thing) -> str:
    """Tell which invoice item a line came of; its own id is another."""
    parent = line.get("parent") or {}
    return id_of((parent.get("invoice_item_details") or {}).get("invoice_item"))


def received(invoice: Thing, share: int, *, settled: bool = False) -> int:
    """Tell what came in for a share of an invoice, in Stripe's units: all of it when it is paid, by whatever means.

    Where our books had Stripe call it paid, only what Stripe took itself: the rest is recorded here already.
    """
    came_in = _received(invoice, share)
    if not settled or invoice.get("status") != "paid":
        return came_in
    elsewhere = int(invoice.get("amount_paid_off_stripe") or 0)
    return max(0, came_in - elsewhere) if elsewhere else 0


def _received(invoice: Thing, share: int) -> int:
    total = int(invoice.get("total") or 0)
    if is_carried_over(invoice) or share <= 0:
        return 0
    credited = int(invoice.get("pre_payment_credit_notes_amount") or 0) if share == total else 0
    if invoice.get("status") == "paid":
        return max(0, share - credited)
    if invoice.get("status") == "void":
        return 0
    came_in = max(int(invoice.get("amount_paid") or 0), int(invoice.get("amount_paid_off_stripe") or 0))
    if share == total:
        return min(share, came_in)
    part = share * min(came_in, total) // total
    return part - part % _coin(str(invoice["currency"]))


def _coin(currency: str) -> int:
    """Tell how many of Stripe's units the smallest coin has: 100 for ISK, which has no cents."""
    code = currency.upper()
    coin: int = 10 ** max(0, digits(code) - minor_digits(code))
    return coin


def debt_collected(invoice: Thing) -> int:
    """Tell what a paid invoice brought in beside its own total: what was owed from invoices that were too small."""
    if invoice.get("status") != "paid" or is_carried_over(invoice):
        return 0
    return max(0, int(invoice.get("starting_balance") or 0) - max(0, int(invoice.get("ending_balance") or 0)))


def failures_of(invoice: Thing) -> int:
    """Count charges that did not go well, as long as none did."""
    unpaid = invoice.get("status") in ("open", "uncollectible") and not invoice.get("amount_paid")
    return int(invoice.get("attempt_count") or 0) if unpaid else 0


def paid_on(invoice: Thing, today: date) -> date:
    """Tell on which day, in UTC, the last of what came in was paid."""
    moments = [(invoice.get("status_transitions") or {}).get("paid_at")]
    payments = invoice.get("payments")
    if isinstance(payments, Mapping):
        moments += [
            (payment.get("status_transitions") or {}).get("paid_at")
            for payment in payments.get("data", ())
            if payment.get("status") == "paid"
        ]
    known = [int(moment) for moment in moments if moment]
    return local_date(max(known), UTC) if known else today


@dataclass(frozen=True, slots=True)
class Told:
    """What an event hints at."""

    event: str
    type: str
    created: int
    invoice: str = ""
    """Which invoice to look at; empty where it is about none."""
    customer: str = ""


def told_by(event: Mapping[str, Any]) -> Told:
    """Read from an event where to look; nothing else of it is believed. Raises ValueError when it is no event."""
    event_id, kind = event.get("id"), event.get("type")
    if not isinstance(event_id, str) or not isinstance(kind, str) or not _is_id(event_id) or not _is_id(kind):
        raise ValueError("an event has an id and a type")
    thing = (event.get("data") or {}).get("object") or {}
    created = event.get("created")
    invoice = id_of(thing.get("id") if thing.get("object") == "invoice" else thing.get("invoice"))
    is_about_one = kind.startswith(_ABOUT_INVOICES)
    if is_about_one and invoice and not _is_id(invoice):
        raise ValueError("an invoice has an id")
    return Told(
        event=event_id,
        type=kind[:80],
        created=created if type(created) is int and 0 <= created <= _LATEST else 0,
        invoice=invoice if is_about_one else "",
        customer=id_of(thing.get("customer")),
    )


def _is_id(text: str) -> bool:
    """Tell whether any database can keep it, and it can stand in an address."""
    return 0 < len(text) <= _LONGEST and text.isascii() and text.isprintable()


_LONGEST = 120
_LATEST = 2**53
"""Of moments; what is more is none."""
_ABOUT_INVOICES = ("invoice.", "invoice_payment.", "credit_note.")


def asked_for(lines: Iterable[Thing], parts: Mapping[str, str], currency: str) -> dict[int, Decimal]:
    """Tell which lines of ours a credit note names, by position, and how much of them; `parts` is by id of the line."""
    asked: dict[int, Decimal] = {}
    for line in lines:
        part = parts.get(id_of(line.get("invoice_line_item")), "")
        with suppress(ValueError):  # a sum of several lines has no position
            position = int(part.removeprefix("line/"))
            asked[position] = asked.get(position, ZERO) + from_stripe(int(line["amount"]), currency)
    return asked


def net_of(total: Decimal, net: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Tell which net amount comes to a total with our tax: the one that was named where it does, else the nearest.

    What was credited as one sum names no tax, though there is some in it.
    """
    near, coin = round_money(Fraction(total) * 100 / (100 + Fraction(percent)), currency), from_minor(1, currency)
    tried = (net, near, near - coin, near + coin)
    return next((one for one in tried if one + round_money(one * percent / 100, currency) == total), near)


def allocate(amount: Decimal, asked: Mapping[int, Decimal], left: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Spread an amount over lines: as they were asked for, the rest in their order; never more than is left of one."""
    taken: dict[int, Decimal] = {}
    for wanted in (asked, left):
        for position, most in wanted.items():
            room = left.get(position, ZERO) - taken.get(position, ZERO)
            part = min(most, room, amount)
            if part > 0:
                taken[position] = taken.get(position, ZERO) + part
                amount -= part
    return taken


def spread(
    total: Decimal, taxes: Iterable[TaxSubtotal], keys: Mapping[int, TaxKey], left: Mapping[int, Decimal], currency: str
) -> dict[int, Decimal]:
    """Spread an amount with VAT in it over lines of several rates, category after category; no rate was named."""
    taken: dict[int, Decimal] = {}
    for one in taxes:
        net = one.net if one.net + one.tax <= total else net_of(total, total, one.percent, currency)
        taken |= allocate(net, {}, {position: most for position, most in left.items() if keys[position] == one.key})
        total -= min(total, one.net + one.tax)
    return taken
