"""Invoice lines: charges of one kind and price on one line, as long as quantity x price still gives the amount."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from billing_engine.model.charge import Charge, ChargeKind, Statement
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import MINUTE, MONTH, PIECE, SECOND, InvoiceLine
from billing_engine.model.money import ZERO, price_of_time
from billing_engine.model.period import Month, day_in_words
from billing_engine.model.price_list import FeeInterval, FeeSchedule, FeeTiming

_ORDER = (
    ChargeKind.FEE,
    ChargeKind.OVERAGE,
    ChargeKind.TARIFF,
    ChargeKind.DEVELOPMENT,
    ChargeKind.ANALYSIS,
    ChargeKind.EXPENSE,
)
"""How lines follow each other. What the allowance covered costs nothing and is shown as its use, not as a line."""


def draft_lines(statements: Sequence[Statement], late: Sequence[Statement] = ()) -> tuple[InvoiceLine, ...]:
    """Draft the lines of an invoice, contract after contract; each one's late work follows, oldest first (R11)."""
    drafted: dict[str, list[InvoiceLine]] = {statement.contract.contract: [] for statement in statements}
    for statement in statements:
        drafted[statement.contract.contract] += _statement_lines(statement)
    for statement in sorted(late, key=lambda statement: (statement.contract.contract, statement.month)):
        drafted.setdefault(statement.contract.contract, []).extend(map(_as_late, _statement_lines(statement)))
    lines = (line for of_contract in drafted.values() for line in of_contract)
    return tuple(replace(line, position=position) for position, line in enumerate(lines, 1))


def _as_late(line: InvoiceLine) -> InvoiceLine:
    month = Month.parse(line.period).in_words()
    return replace(line, detail=f"{month}, not invoiced with that month; {line.detail}")


def _statement_lines(statement: Statement) -> Iterator[InvoiceLine]:
    for kind in _ORDER:
        charges = statement.charges_of(kind)
        if kind is ChargeKind.TARIFF:
            charges.sort(key=lambda charge: (charge.unit_price, charge.tariff))
        for _, group in groupby(charges, key=lambda c: (c.tariff, c.unit_price, c.expense, c.service)):
            for merged in _merge(list(group), statement.currency):
                yield _line(merged, statement)


def _merge(charges: list[Charge], currency: str) -> list[list[Charge]]:
    """Keep charges together on one line unless the sum of their rounded amounts is not the rounded sum (R12)."""
    seconds = sum(charge.billed_seconds for charge in charges)
    amount = sum((charge.amount for charge in charges), ZERO)
    if len(charges) == 1 or price_of_time(seconds, charges[0].unit_price, currency) == amount:
        return [charges]
    return [[charge] for charge in charges]


def _line(charges: list[Charge], statement: Statement) -> InvoiceLine:
    charge = charges[0]
    if charge.kind == ChargeKind.FEE:
        return _fee_line(charge, statement)
    if charge.expense is not None:
        detail = f"{day_in_words(charge.expense.spent_on)}, passed on at cost"
        return _drafted(charge, statement, charge.title, detail, Decimal(1), PIECE, charge.unit_price, charge.amount)
    seconds = sum(charge.billed_seconds for charge in charges)
    quantity, unit = (Decimal(seconds), SECOND) if seconds % 60 else (Decimal(seconds // 60), MINUTE)
    amount = sum((charge.amount for charge in charges), ZERO)
    detail = _detail(charges, statement)
    return _drafted(charge, statement, _title(charge), detail, quantity, unit, charge.unit_price, amount)


def _fee_line(charge: Charge, statement: Statement) -> InvoiceLine:
    """Show the price per piece and month; for a part of a month the part's price."""
    contract, service = statement.contract, charge.service
    if service is None:
        raise AssertionError("a fee charge carries its service")
    quantity = Decimal(contract.quantity * service.months or 1)
    pieces = f", {contract.quantity} \u00d7 {contract.unit}" if contract.unit else ""
    detail = f"{_fee_words(service.schedule)}, {service.in_words()}{pieces}"
    price = charge.amount / quantity
    line = _drafted(charge, statement, charge.title, detail, quantity, MONTH, price, charge.amount)
    return replace(
        line,
        period=str(Month.of(service.last)),
        service_from=service.first.isoformat(),
        service_to=service.last.isoformat(),
    )


def _fee_words(schedule: FeeSchedule) -> str:
    words = {FeeInterval.QUARTER: "Quarterly fee", FeeInterval.YEAR: "Yearly fee"}.get(schedule.interval, "Monthly fee")
    return f"{words} in advance" if schedule.timing is FeeTiming.ADVANCE else words


def _drafted(
    charge: Charge,
    statement: Statement,
    title: str,
    detail: str,
    quantity: Decimal,
    unit: str,
    unit_price: Decimal,
    amount: Decimal,
) -> InvoiceLine:
    """Make a line whose position is given once all are there."""
    period = str(statement.month)
    contract = statement.contract.contract
    return InvoiceLine(0, charge.kind, contract, title, detail, quantity, unit, unit_price, amount, period)


def _title(charge: Charge) -> str:
    match charge.kind:
        case ChargeKind.OVERAGE:
            return "Additional support hours"
        case ChargeKind.DEVELOPMENT:
            return "Development"
        case ChargeKind.ANALYSIS:
            return "Change request analysis"
        case _:
            return f"Support: {charge.title}"


def _detail(charges: Iterable[Charge], statement: Statement) -> str:
    entries = {entry.entry for charge in charges for entry in charge.entries}
    count = f"{len(entries)} time {'entry' if len(entries) == 1 else 'entries'}"
    kinds = {charge.kind for charge in charges}
    if ChargeKind.OVERAGE in kinds:
        beyond, included = (
            hours_and_minutes(statement.overage_seconds),
            hours_and_minutes(statement.included_seconds or 0),
        )
        total = hours_and_minutes(statement.overage_before + statement.overage_seconds)
        before = f", {total} h with what was invoiced before" if statement.overage_before else ""
        return f"{count}, {beyond} h beyond the {included} h included{before}"
    if ChargeKind.ANALYSIS in kinds:
        return f"{count}, in the price of the accepted change"
    return count
