"""Short ways to write down entries, contracts and price lists in tests, and to read a statement."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from billing_engine.intake.price_list_file import read_price_list
from billing_engine.model.charge import ChargeKind, Statement
from billing_engine.model.contract import Contract
from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.model.price_list import AtBoundary, PriceList, PriceListBook, RoundPer
from billing_engine.model.time_entry import Activity, Expense, TimeEntry
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_period import rate_period

PRICE_LISTS = Path(__file__).parent.parent / "price_lists"
AGREEMENTS = Path(__file__).parent / "agreements"
"""Price lists that are not shipped."""
BELGRADE = ZoneInfo("Europe/Belgrade")
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def b2bee() -> PriceList:
    """Load the shipped price list."""
    return read_price_list(PRICE_LISTS / "b2bee.toml")


def with_rating(price_list: PriceList | None = None, **changes) -> PriceList:
    """Change keys of [rating], [allowance] or [overage]; the choices may be given as text."""
    price_list = price_list or b2bee()
    for key, choice in (("round_per", RoundPer), ("at_boundary", AtBoundary)):
        if key in changes:
            changes[key] = choice(changes[key])
    return replace(price_list, rating=replace(price_list.rating, **changes))


def with_tariff(name: str, price_list: PriceList | None = None, **changes) -> PriceList:
    """Change keys of one tariff."""
    price_list = price_list or b2bee()
    tariffs = [replace(tariff, **changes) if tariff.name == name else tariff for tariff in price_list.rating.tariffs]
    return with_rating(price_list, tariffs=tuple(tariffs))


def with_package(name: str, price_list: PriceList | None = None, **changes) -> PriceList:
    """Change keys of one package."""
    price_list = price_list or b2bee()
    return replace(price_list, packages={**price_list.packages, name: replace(price_list.packages[name], **changes)})


def with_holidays(
    *, added: tuple[str, ...] = (), removed: tuple[str, ...] = (), price_list: PriceList | None = None
) -> PriceList:
    """Add or remove public holidays."""
    price_list = price_list or b2bee()
    days = tuple((date.fromisoformat(day), "Company day") for day in added)
    gone = tuple(date.fromisoformat(day) for day in removed)
    return replace(price_list, calendar=replace(price_list.calendar, added=days, removed=gone))


def instant(text: str, zone: ZoneInfo = BELGRADE) -> Instant:
    """Read "2026-10-01T16:40", on the clock of `zone` unless it carries an offset, as seconds since 1970.

    A time that the zone skips or shows twice needs an offset, so that a test says which one it means.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
        assert moment.utcoffset() == moment.replace(fold=1).utcoffset(), f"{text} is not one instant in {zone.key}"
    return (moment - UNIX_EPOCH) // timedelta(seconds=1)


def entry(severity: str, start: str, end: str, *, zone: ZoneInfo = BELGRADE, **fields) -> TimeEntry:
    """Write down a work session, "E1" of customer "C1" unless told otherwise."""
    fields = {"entry": "E1", "customer": "C1", **fields}
    return TimeEntry(started_at=instant(start, zone), ended_at=instant(end, zone), severity=severity, **fields)


def analysis(start: str, end: str, outcome: str = "", **fields) -> TimeEntry:
    """Write down analysis of a change request; it has no severity."""
    return entry("", start, end, activity=Activity.CHANGE_REQUEST_ANALYSIS, outcome=outcome, **fields)


def development(start: str, end: str, **fields) -> TimeEntry:
    """Write down development work; it has no severity."""
    return entry("", start, end, activity=Activity.DEVELOPMENT, **fields)


def unfounded(start: str, end: str, **fields) -> TimeEntry:
    """Report a critical incident that turned out to be none."""
    return entry("T1", start, end, outcome="unfounded", **fields)


def numbered(*entries: TimeEntry) -> list[TimeEntry]:
    """Call the entries E1, E2 and so on."""
    return [item._replace(entry=f"E{number}") for number, item in enumerate(entries, 1)]


def expense(amount: str, *, spent_on: str = "2026-10-05", **fields) -> Expense:
    """Pass on a cost, "X1" for a train ticket unless told otherwise."""
    fields = {"expense": "X1", "customer": "C1", "description": "Train ticket", **fields}
    return Expense(spent_on=date.fromisoformat(spent_on), amount=Decimal(amount), **fields)


def contract(package: str = "premium", **fields) -> Contract:
    """Agree on contract "K1" of customer "C1", running since 2016; dates and amounts may be given as text."""
    fields = {"contract": "K1", "customer": "C1", "price_list": "b2bee", "starts_on": date(2016, 1, 1), **fields}
    for key in ("starts_on", "ends_on"):
        if isinstance(fields.get(key), str):
            fields[key] = date.fromisoformat(fields[key])
    for key in ("monthly_fee", "hourly_rate", "development_rate"):
        if isinstance(fields.get(key), str):
            fields[key] = Decimal(fields[key])
    return Contract(package=package, **fields)


def month(text: str = "2026-10") -> Month:
    """Name a billing month."""
    return Month(int(text[:4]), int(text[5:]))


def rate(package, entries=(), *, price_list=None, period=None, expenses=(), **contract_fields) -> Statement:
    """Rate a contract's month: of the first entry on the list's clock unless `period` says "2026-10"."""
    price_list = price_list or b2bee()
    entries = [entries] if isinstance(entries, TimeEntry) else list(entries)
    if period is None:
        first = min((item.started_at for item in entries), default=instant("2026-10-01T00:00"))
        local = datetime.fromtimestamp(first, tz=price_list.zone)
        period = f"{local.year:04d}-{local.month:02d}"
    agreed = contract(package, **contract_fields)
    card = RateCards(PriceListBook([price_list]), month(period)).card(agreed)
    return rate_period(agreed, card, entries, expenses)


def lines(statement: Statement) -> list[str]:
    """Say what was charged besides the fee, and what is held, sorted: "after_hours 70 -> 120 min = 200.00"."""
    said = [f"held {held.id}" for held in statement.held]
    for charge in statement.charges:
        if charge.kind == ChargeKind.FEE:
            continue
        name = charge.tariff or charge.kind
        if charge.kind == ChargeKind.EXPENSE:
            said.append(f"{name} {charge.title} = {charge.amount}")
        else:
            time = f"{_minutes(charge.worked_seconds)} -> {_minutes(charge.billed_seconds)} min"
            said.append(f"{name} {time}" if charge.kind == ChargeKind.ALLOWANCE else f"{name} {time} = {charge.amount}")
    return sorted(said)


def _minutes(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}:{rest:02d}" if rest else f"{minutes}"
