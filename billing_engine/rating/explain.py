"""The reason of a charge in words, made only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from billing_engine.model.charge import Charge, ChargeKind, OverageShare, Statement
from billing_engine.model.history import Lot
from billing_engine.model.instant import local_datetime
from billing_engine.model.money import plain
from billing_engine.model.period import day_in_words
from billing_engine.model.price_list import Tariff
from billing_engine.model.time_entry import Activity, Outcome, TimeEntry
from billing_engine.model.timeline import Span
from billing_engine.rating.increments import round_up
from billing_engine.rating.jobs import Rule, rule_of
from billing_engine.rating.rate_card import COVERED, RateCard

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def explain_charge(charge: Charge, statement: Statement, card: RateCard) -> str:  # noqa: PLR0911 - one per kind
    """Say why a charge of the statement is what it is, in one line."""
    match charge.kind:
        case ChargeKind.FEE:
            return _explain_fee(charge, statement)
        case ChargeKind.EXPENSE:
            return _explain_expense(charge)
        case ChargeKind.ALLOWANCE:
            return f"{_covered(charge, card)}; {_taken(charge, statement)}"
        case ChargeKind.OVERAGE:
            return _explain_overage(charge, statement, card)
        case ChargeKind.TARIFF:
            return _explain_tariff(charge, card)
        case ChargeKind.ANALYSIS:
            return f"{_when(_spans(charge), card)}: analysis of an accepted offer -> in the price of the change"
        case _:
            hours = f"{_minutes(charge.billed_seconds)} at {_rate(charge.unit_price, card)}/h"
            return f"{_when(_spans(charge), card)}: development; {hours}{_discount(card)}"


def explain_share(share: OverageShare, card: RateCard) -> str:
    """Say why some entries' time went beyond the allowance, in one line."""
    return f"{_covered(share, card)}; {_counted(share)} beyond the allowance"


def _explain_fee(charge: Charge, statement: Statement) -> str:
    if charge.service is None:
        raise AssertionError("a fee charge carries its service")
    quantity = statement.contract.quantity
    times = "" if quantity == 1 else f", {quantity} times"
    return f"{charge.title}, {charge.service.in_words()}{times}"


def _taken(charge: Charge, statement: Statement) -> str:
    """Say from what the time was taken; of earlier months' hours, from which (R10)."""
    if statement.included_seconds is None:
        return "in the fee"
    own = charge.billed_seconds - sum(lot.seconds for lot in charge.carried)
    lots = [*charge.carried, *([Lot(statement.month, own)] if own else [])]
    if not charge.carried:
        return f"{_counted(charge)} from the allowance"
    if len(lots) == 1:
        return f"{_counted(charge)} from {lots[0].month.in_words()}'s allowance"
    parts = " and ".join(f"{_minutes(lot.seconds)} from {lot.month.in_words()}'s" for lot in lots)
    return f"{_counted(charge)}: {parts} allowance"


def _explain_expense(charge: Charge) -> str:
    if charge.expense is None:
        raise AssertionError("an expense charge carries its expense")
    return f"{charge.title}, {day_in_words(charge.expense.spent_on)}: passed on at cost"


def _explain_overage(charge: Charge, statement: Statement, card: RateCard) -> str:
    increment = card.price_list.rating.overage_increment_seconds
    beyond = f"{_minutes(charge.worked_seconds)} beyond the allowance of {_minutes(statement.included_seconds or 0)}"
    if statement.overage_before:
        beyond += f", {_minutes(statement.overage_before + charge.worked_seconds)} with what was invoiced before"
    if not charge.billed_seconds:
        return f"{beyond} -> in the time invoiced before"
    return f"{beyond} -> {_started(charge, increment, card)}"


def _explain_tariff(charge: Charge, card: RateCard) -> str:
    tariff = next(tariff for tariff in card.tariffs if tariff.name == charge.tariff)
    spans = _spans(charge)
    where = f"{_cause(charge.entries[0], card)} -> {_tariff_words(tariff, spans, card)}"
    worked = _minutes(charge.worked_seconds)
    if charge.billed_seconds > round_up(charge.worked_seconds, tariff.increment_seconds):
        billed = f"minimum charge {_minutes(charge.billed_seconds)} at {_rate(charge.unit_price, card)}/h"
    else:
        billed = _started(charge, tariff.increment_seconds, card)
    return f"{_when(spans, card)}: {where}; {worked} -> {billed}"


def _cause(entry: TimeEntry, card: RateCard) -> str:
    """Why the package does not pay."""
    package = card.package
    if rule_of(entry, card.price_list) is Rule.UNFOUNDED:
        return f"unfounded {entry.severity}" + (", no package" if package.covers_nothing else " beyond the allowance")
    if entry.activity == Activity.CHANGE_REQUEST_ANALYSIS:
        return f"analysis of a rejected offer, {package.title.lower()}"
    if package.covers_nothing:
        return package.title.lower()
    windows = package.coverage.get(entry.severity, ())
    if not windows:
        return f"{entry.severity} is never covered by {package.title}"
    return f"{entry.severity} outside {package.title}'s {' and '.join(window.in_words() for window in windows)}"


def _covered(part: Charge | OverageShare, card: RateCard) -> str:
    """When, and why the package pays."""
    first = part.entries[0]
    when = _when(_spans(part), card)
    if rule_of(first, card.price_list) is Rule.UNFOUNDED:
        return f"{when}: unfounded {first.severity} at any hour"
    if first.activity == Activity.CHANGE_REQUEST_ANALYSIS and first.outcome == Outcome.OFFER_REJECTED:
        return f"{when}: analysis of a rejected offer"
    windows = card.package.coverage.get(first.severity, ())
    within = " and ".join(window.in_words() for window in windows)
    return f"{when}: {first.severity} within {card.package.title}'s {within}"


def _spans(part: Charge | OverageShare) -> Sequence[Span]:
    return part.spans or [Span(entry.started_at, entry.ended_at, COVERED) for entry in part.entries]


def _when(spans: Iterable[Span], card: RateCard) -> str:
    """Say "Fri 2 Oct 22:00-22:20, 23:00-23:30, Sat 3 Oct 00:10-00:20" on the price list's clock."""
    said: list[str] = []
    last_day = ""
    for start, end, _ in _joined(spans):
        begin, until = (local_datetime(instant, card.price_list.zone) for instant in (start, end))
        day = f"{_WEEKDAYS[begin.weekday()]} {day_in_words(begin).removesuffix(str(begin.year))}"
        changed = begin.utcoffset() != until.utcoffset()
        clock = f"{_with_offset(begin)} - {_with_offset(until)}" if changed else f"{begin:%H:%M}-{until:%H:%M}"
        said.append(f"{'' if day == last_day else day}{clock}")
        last_day = day
    return ", ".join(said)


def _with_offset(moment: datetime) -> str:
    """Say "02:30+02:00": in the hour that the clock repeats, the time alone would not do."""
    return moment.isoformat()[11:16] + moment.isoformat()[19:]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Join spans of one tariff that touch, such as the evening and the morning of two working days."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].end == span.start:
            joined[-1] = joined[-1]._replace(end=span.end)
        else:
            joined.append(span)
    return joined


def _tariff_words(tariff: Tariff, spans: Sequence[Span], card: RateCard) -> str:
    """Name the tariff, with the holiday if it is one."""
    words = tariff.name.replace("_", " ")
    days = {local_datetime(span.start, card.price_list.zone).date() for span in spans}
    names = sorted({name for day in days if (name := card.price_list.calendar.holiday_name(day)) is not None})
    return f"{words} ({', '.join(names)})" if names else words


def _started(charge: Charge, increment_seconds: int, card: RateCard) -> str:
    """Say "2 started hours x 100.00 EUR" or "3 started half hours at 50.00 EUR/h"."""
    units = charge.billed_seconds // increment_seconds
    plural = "" if units == 1 else "s"
    rate = _rate(charge.unit_price, card)
    if increment_seconds == 3600:
        return f"{units} started hour{plural} x {rate}"
    if increment_seconds == 1800:
        return f"{units} started half hour{plural} at {rate}/h"
    return f"{units} started unit{plural} of {_minutes(increment_seconds)} at {rate}/h"


def _counted(part: Charge | OverageShare) -> str:
    return f"{_minutes(part.worked_seconds)} -> {_minutes(part.billed_seconds)}"


def _discount(card: RateCard) -> str:
    percent = card.package.development_discount_percent
    return f", {percent.normalize():f}% off" if percent else ""


def _rate(price: Decimal, card: RateCard) -> str:
    return f"{plain(price)} {card.price_list.currency}"


def _minutes(seconds: int) -> str:
    """Say "20 min", or "20 min 30 s" where there are seconds."""
    return f"{seconds // 60} min" + (f" {seconds % 60} s" if seconds % 60 else "")
