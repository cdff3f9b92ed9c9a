"""A second, naive reading of U1 to U5, K1 to K3 and C1 to C4, to check the engine against.

It walks the time minute by minute (second by second, where something has odd seconds), asks the wall clock what time it
is there, and counts; an outage is the set of its minutes. It is slow and knows no spans, no bisection and no merging.
It calls nothing of `billing_engine`; it only reads the values that a test puts in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from math import floor

from holidays import country_holidays

_WEEKDAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 86_400


# --- the wall clock ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=400_000)
def _wall_clock(zone, at):
    return datetime.fromtimestamp(at, tz=UTC).astimezone(zone)


@cache
def _names_of_day(calendar, day):
    """T4: what a window may call that day."""
    public = day in country_holidays(calendar.country, years=day.year) and day not in calendar.removed
    if public or day in dict(calendar.added):
        return frozenset({"every_day", "holidays"})
    kind = "weekends" if day.weekday() >= 5 else "working_days"
    return frozenset({"every_day", kind, _WEEKDAY_NAMES[day.weekday()]})


def _is_open(windows, price_list, at):
    """T6: windows are half open, on the list's clock."""
    local = _wall_clock(price_list.zone, at)
    second = local.hour * 3600 + local.minute * 60 + local.second
    names = _names_of_day(price_list.calendar, local.date())
    return any(names.intersection(window.days) and window.start <= second < window.end for window in windows)


def _day_of(at, price_list):
    return _wall_clock(price_list.zone, at).date()


# --- K1, K2: clocks ---------------------------------------------------------------------------------------------------


@dataclass
class Standing:
    """One target of one ticket."""

    status: str
    due_at: int | None
    elapsed_minutes: int | None


def stand(price_list, package, contract, ticket, pauses: Sequence, kind: str, as_of: int) -> Standing:
    """Watch a target's clock from opening on, one step after the other."""
    target = package.targets[ticket.severity][kind]
    if target.unit == "no_clock":
        return Standing("none", None, None)
    event = event_of(ticket, kind)
    times = [ticket.opened_at, as_of, event or 0, *_times(pauses)]
    watch = _Watch(price_list, pauses, 60 if all(at % 60 == 0 for at in times) else 1)
    windows = target.windows
    if target.unit == "coverage_time":
        windows = {**package.coverage, **dict(contract.coverage)}[ticket.severity]
    if target.unit in ("days", "business_days"):
        due_at = watch.due_by_days(target, ticket.opened_at)
        windows = None
    else:
        due_at = watch.end_of(target.amount, ticket.opened_at, lambda at: _is_open(windows, price_list, at))
    until = as_of if event is None else event
    elapsed = watch.count(ticket.opened_at, until, lambda at: windows is None or _is_open(windows, price_list, at))
    return Standing(_status(event, due_at, as_of), due_at, elapsed // 60)


def event_of(ticket, kind):
    """Tell when what was promised happened."""
    columns = {"first_response": "first_response_at", "workaround": "workaround_at", "solution": "resolved_at"}
    return getattr(ticket, columns[kind])


def _times(pauses):
    return [at or 0 for pause in pauses for at in (pause.paused_at, pause.resumed_at)]


def _status(event, due_at, as_of):
    if event is not None:
        return "breached" if due_at is not None and event > due_at else "met"
    return "breached" if due_at is not None and as_of > due_at else "running"


def _always(_):
    return True


class _Watch:
    def __init__(self, price_list, pauses, step):
        self.price_list, self.pauses, self.step = price_list, pauses, step

    def waits(self, at):
        return any(p.paused_at <= at and (p.resumed_at is None or at < p.resumed_at) for p in self.pauses)

    def waits_forever(self, at):
        return any(p.resumed_at is None and p.paused_at <= at for p in self.pauses)

    def count(self, start, end, is_open):
        """Count the seconds in which the clock ran."""
        return sum(self.step for at in range(start, end, self.step) if is_open(at) and not self.waits(at))

    def end_of(self, seconds, start, is_open):
        """Find the instant at which the last second has run; None when the ticket waits and nobody knows how long."""
        at = start
        while True:
            if self.waits_forever(at):
                return None
            if is_open(at) and not self.waits(at):
                seconds -= self.step
            at += self.step
            if seconds <= 0:
                return at

    def due_by_days(self, target, opened):
        """Count plain days to the same time of day; business days whole, from the midnight after the opening day."""
        zone = self.price_list.zone
        day = _day_of(opened, self.price_list)
        if target.unit == "days":
            there = _wall_clock(zone, opened).replace(tzinfo=None) + timedelta(days=target.amount)
            same_time = int(there.replace(tzinfo=zone).timestamp())
            return self.end_of(same_time - opened, opened, _always)
        seconds, found, one = 0, 0, day
        while found < target.amount:
            one += timedelta(days=1)
            if self.is_working_day(one):
                found += 1
                seconds += self.midnight(one + timedelta(days=1)) - self.midnight(one)
        start = self.midnight(day + timedelta(days=1))
        return self.end_of(seconds, start, lambda at: self.is_working_day(_day_of(at, self.price_list)))

    def is_working_day(self, day):
        return "working_days" in _names_of_day(self.price_list.calendar, day)

    def midnight(self, day):
        return int(datetime(day.year, day.month, day.day, tzinfo=self.price_list.zone).timestamp())


# --- U1 to U4: availability -------------------------------------------------------------------------------------------


@dataclass
class Month:
    """A month of uptime."""

    full_minutes: int
    counted_minutes: int
    excluded_minutes: int
    uptime: Fraction

    @property
    def shown(self):
        """To two decimals, cut (U3)."""
        hundredths = floor(self.uptime * 10_000)
        return f"{hundredths // 100}.{hundredths % 100:02d}"


EXCLUDED = {
    "a": 0,
    "customer change": 0,
    "b": 0,
    "security update": 0,
    "c": 48 * 3600,
    "notified update": 48 * 3600,
    "d": 0,
    "force majeure": 0,
    "e": 0,
    "third party": 0,
    "f": 0,
    "customer": 0,
    "g": 0,
    "fix of excluded": 0,
}
"""Trifft's causes, with the notice that they need."""


def month_of_uptime(zone, year, number, outages: Iterable, as_of: int) -> Month:
    """Put down every step of the month in which the service was down."""
    first = int(datetime(year, number, 1, tzinfo=zone).timestamp())
    last = int(datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone).timestamp())
    ends = [(outage, as_of if outage.ended_at is None else outage.ended_at) for outage in outages]
    odd = any(at % 60 for outage, end in ends for at in (outage.started_at, end))
    step = 1 if odd else 60
    down, excluded = set(), set()
    for outage, end in ends:
        steps = set(range(max(outage.started_at, first), min(end, last), step))
        down |= steps
        notice = EXCLUDED.get(outage.cause)
        if notice == 0 or (
            notice and outage.notified_at is not None and outage.started_at - outage.notified_at >= notice
        ):
            excluded |= steps
    full = (last - first) // 60
    counted = _full_minutes(down - excluded, step)
    return Month(full, counted, _full_minutes(excluded, step), Fraction(full - counted, full))


def _full_minutes(steps, step):
    """Count the full minutes of each interval that the steps make up."""
    minutes, length = 0, 0
    for at in sorted(steps):
        length += step
        if at + step not in steps:
            minutes += length // 60
            length = 0
    return minutes


TRIFFT = {"standard": (Fraction(99), (10, 20, 40, 70)), "premium": (Fraction(199, 2), (20, 30, 60, 80))}
"""Guarantee, and credit percent from 98, from 95, from 75, below (U4)."""


def credit_percent(package, uptime):
    """U4: tiers are closed below."""
    guaranteed, percents = TRIFFT[package]
    if uptime * 100 >= guaranteed:
        return 0
    return next(percent for limit, percent in zip((98, 95, 75, 0), percents, strict=True) if uptime * 100 >= limit)


# --- U5, C1 to C4: claims ---------------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """What becomes of a claim."""

    reasons: set[str]
    percent: int = 0
    amount: Fraction = Fraction(0)
    applies_from: tuple[int, int] | None = None


@dataclass
class World:
    """All that decides a customer's claims under one list."""

    price_list: object
    contracts: Sequence
    claims: Sequence
    outages: Sequence = ()
    tickets: Sequence = ()
    pauses: Mapping = field(default_factory=dict)
    dues: Sequence = ()
    as_of: int = 0

    def day(self, at):
        return _day_of(at, self.price_list)

    def active(self, contracts, day):
        return [c for c in contracts if c.starts_on <= day and (c.ends_on is None or day <= c.ends_on)]

    def days_active(self, contract, days):
        return sum(bool(self.active([contract], day)) for day in days)

    def next_month(self, at):
        """C4: the first month that begins after the claim came."""
        day = self.day(at)
        return (day.year + day.month // 12, day.month % 12 + 1)


def days_of_month(year, number):
    """List a month's days."""
    day, days = date(year, number, 1), []
    while day.month == number:
        days.append(day)
        day += timedelta(days=1)
    return days


def cents(amount):
    """R12: half up to a hundredth."""
    return Fraction(floor(amount * 100 + Fraction(1, 2)), 100)


def decide_uptime(world: World) -> dict[str, Verdict]:
    """U5: decide claims for months of trifft, one after the other."""
    verdicts, claimed = {}, set()
    for claim in sorted(world.claims, key=lambda c: (c.submitted_at, c.claim)):
        year, number = claim.period
        days = days_of_month(year, number)
        month = month_of_uptime(world.price_list.zone, year, number, world.outages, world.as_of)
        running = [c for c in world.contracts if world.days_active(c, days)]
        guaranteed = [c for c in running if c.package in TRIFFT]
        percents = {c.contract: credit_percent(c.package, month.uptime) for c in guaranteed}
        reasons = set()
        if not guaranteed:
            reasons.add("no_guarantee")
        elif not any(percents.values()):
            reasons.add("guarantee_met")
        if running and world.day(claim.submitted_at) > days[-1] + timedelta(days=15):
            reasons.add("too_late")
        if claim.period in claimed:
            reasons.add("already_claimed")
        verdicts[claim.claim] = Verdict(reasons)
        if not reasons:
            claimed.add(claim.period)
            amount = Fraction(0)
            for contract in guaranteed:
                share = Fraction(world.days_active(contract, days), len(days))
                fee = cents(Fraction(contract.monthly_fee) * contract.quantity * share)
                amount += cents(fee * percents[contract.contract] / 100)
            verdicts[claim.claim] = Verdict(set(), max(percents.values()), amount, world.next_month(claim.submitted_at))
    return verdicts


def decide_breaches(world: World) -> dict[str, Verdict]:
    """C1 to C4: decide claims for tickets of dpo-group, then share out each month's cap."""
    verdicts, claimed, accepted = {}, set(), []
    for claim in sorted(world.claims, key=lambda c: (c.submitted_at, c.claim)):
        ticket = next((t for t in world.tickets if t.ticket == claim.ticket), None)
        if ticket is None:
            verdicts[claim.claim] = Verdict({"unknown_ticket"})
            continue
        breach = next((at for at in _breaches(world, ticket) if world.day(at) == claim.breach_on), None)
        linked = [c for c in world.contracts if not ticket.contracts or c.contract in ticket.contracts]
        active = world.active(linked, claim.breach_on)
        standard = [c for c in active if c.package != "hourly"]
        reasons = {
            "not_helpdesk": ticket.channel != "helpdesk",
            "no_breach": breach is None,
            "priority_not_confirmed": not ticket.priority_confirmed,
            "outside_subscription": not active,
            "non_standard_subscription": bool(active) and not standard,
            "too_late": world.day(claim.submitted_at) > three_months_after(claim.breach_on),
            "already_claimed": ticket.ticket in claimed,
            **({} if breach is None else _at_breach(world, ticket, breach)),
        }
        reasons = {reason for reason, applies in reasons.items() if applies}
        verdicts[claim.claim] = Verdict(reasons)
        if not reasons:
            claimed.add(ticket.ticket)
            dearest = max(Fraction(c.monthly_fee) for c in standard)
            accepted.append((breach, claim.submitted_at, claim.claim, cents(dearest / 4)))
            verdicts[claim.claim] = Verdict(set(), 25, Fraction(0), world.next_month(claim.submitted_at))
    left = {}
    for breach, _, name, amount in sorted(accepted):
        day = world.day(breach)
        days = days_of_month(day.year, day.month)
        standard = [c for c in world.contracts if c.package != "hourly" and world.days_active(c, days)]
        cap = cents(sum(Fraction(c.monthly_fee) * c.quantity for c in standard) / 4)
        left.setdefault(days[0], cap)
        verdicts[name].amount = min(amount, left[days[0]])
        left[days[0]] -= verdicts[name].amount
    return verdicts


def _breaches(world, ticket):
    """List the moments at which a response or solution time was missed, in order; the clock never stops."""
    promised = world.price_list.packages["server"].targets[ticket.severity]  # all packages promise the same
    watch = _Watch(world.price_list, world.pauses.get(ticket.ticket, ()), 60)
    found = []
    for kind, target in promised.items():
        due_at = watch.end_of(target.amount, ticket.opened_at, _always)
        if _status(event_of(ticket, kind), due_at, world.as_of) == "breached":
            found.append(due_at)
    return sorted(found)


def _at_breach(world, ticket, breach):
    def is_open(one):
        return one.opened_at <= breach and (one.resolved_at is None or breach < one.resolved_at)

    day = world.day(breach)
    counted = [one for one in world.tickets if one.channel == "helpdesk" and is_open(one)]
    units = sum(c.quantity for c in world.active(world.contracts, day))
    original = next((one for one in world.tickets if one.ticket == ticket.duplicate_of), None)
    unpaid = [
        one
        for one in world.dues
        if one.issued_on <= day and sum(amount for on, amount in one.payments if on <= day) < one.amount_due
    ]
    return {
        "too_many_open_tickets": len(counted) > (units // 10 if units > 50 else 5),
        "too_many_critical_tickets": sum(one.severity == "critical" for one in counted) > 2,
        "duplicate_ticket": original is not None and original is not ticket and is_open(original),
        "unpaid_invoice": bool(unpaid),
    }


def three_months_after(day):
    """Count three calendar months on: the same day of the month, or its last one."""
    year, number = day.year + (day.month + 2) // 12, (day.month + 2) % 12 + 1
    days = days_of_month(year, number)
    return days[min(day.day, len(days)) - 1]
