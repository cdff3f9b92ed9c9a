"""A second, naive reading of the rule book, to check the engine against.

It walks every minute (every second, where an entry has odd seconds) of every entry, asks the wall clock what time it
is there, and counts. It is slow and knows no spans, no bisection and no shortcuts. It calls nothing of
`billing_engine`; it only reads the values that a test puts in: price list, contract, entries, expenses.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from math import ceil, floor

from holidays import country_holidays

COVERED = "covered"
_WEEKDAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DIGITS = {"JPY": 0, "KWD": 3}


@dataclass
class Line:
    """One priced line; minutes are exact, the amount is rounded."""

    kind: str
    tariff: str
    entries: tuple[str, ...]
    worked_minutes: Fraction
    billed_minutes: Fraction
    amount: Fraction


@dataclass
class Bill:
    """What a contract owes for a month."""

    fee: Fraction
    included_minutes: Fraction
    used_minutes: Fraction
    overage_worked_minutes: Fraction = Fraction(0)
    overage_billed_minutes: Fraction = Fraction(0)
    overage_amount: Fraction = Fraction(0)
    tariff_minutes: dict[str, Fraction] = field(default_factory=dict)
    tariff_amounts: dict[str, Fraction] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    """By tariff, development and free analysis: the lines that one job has to itself."""
    held: list[str] = field(default_factory=list)
    covered: dict[str, int] = field(default_factory=dict)
    """Seconds of work that allowance or overage pay for, by entry."""
    net_total: Fraction = Fraction(0)


def bill_month(price_list, contract, month, entries: Iterable, expenses: Sequence = ()) -> Bill:
    """Work out a contract's month from the rules, one instant after the other."""
    return _Month(price_list, contract, month, list(entries)).bill(expenses)


class _Month:
    def __init__(self, price_list, contract, month, entries):
        self.price_list, self.rating = price_list, price_list.rating
        self.package = price_list.packages[contract.package]
        self.contract = contract
        self.tariffs = {tariff.name: tariff for tariff in self.rating.tariffs}
        self.unit = self.rating.covered_increment_seconds
        self.entries = sorted(entries, key=lambda e: (e.started_at, e.entry))
        whole_minutes = all(e.started_at % 60 == 0 and e.ended_at % 60 == 0 for e in entries)
        self.step = 60 if whole_minutes else 1
        self.fee, self.left = self.fee_and_allowance(month)
        self.included = self.left
        self.overage = 0
        self.result = Bill(self.fee, _minutes(self.included), Fraction(0))

    def fee_and_allowance(self, month):
        """R9 and R10: the contract's values before the package's, quantity times, by days in a part month."""
        contract, package = self.contract, self.package
        fee = package.monthly_fee if contract.monthly_fee is None else contract.monthly_fee
        included = package.included_seconds if contract.included_seconds is None else contract.included_seconds
        fee = Fraction(fee or 0) * contract.quantity
        included = (included or 0) * contract.quantity
        day, days_of_month, days_active = date(month.year, month.month, 1), 0, 0
        while day.month == month.month:
            days_of_month += 1
            if contract.starts_on <= day and (contract.ends_on is None or day <= contract.ends_on):
                days_active += 1
            day += timedelta(days=1)
        if days_active < days_of_month:
            share = Fraction(days_active, days_of_month)
            fee *= share
            included = min(included, ceil(included * share / self.unit) * self.unit)
        return self.rounded(fee), included

    def bill(self, expenses):
        for kind, job in self.jobs():
            if kind == "development":
                self.add_development(job)
            elif kind == "free":
                length = sum(e.ended_at - e.started_at for e in job)
                self.add_line(("analysis", ""), [e.entry for e in job], length, length, Fraction(0))
            elif kind == "unfounded":
                self.add_unfounded(job)
            else:
                self.add_ordinary(job)
        result = self.result
        result.used_minutes = _minutes(self.included - self.left)
        result.overage_worked_minutes = _minutes(self.overage)
        started = ceil(Fraction(self.overage, self.rating.overage_increment_seconds))
        result.overage_billed_minutes = _minutes(started * self.rating.overage_increment_seconds)
        rate = self.contract.hourly_rate
        rate = self.package.overage_rate_per_hour if rate is None else rate
        result.overage_amount = self.rounded(Fraction(rate) * result.overage_billed_minutes / 60)
        for line in result.lines:
            if line.kind == "tariff":
                name = line.tariff
                result.tariff_minutes[name] = result.tariff_minutes.get(name, Fraction(0)) + line.billed_minutes
                result.tariff_amounts[name] = result.tariff_amounts.get(name, Fraction(0)) + line.amount
        costs = sum((self.rounded(Fraction(expense.amount)) for expense in expenses), Fraction(0))
        result.net_total = result.fee + result.overage_amount + sum((line.amount for line in result.lines), costs)
        return result

    def jobs(self):
        """Group what is rounded together (R3), without the entries that wait (R7, R8, R9)."""
        jobs = {}
        for entry in self.entries:
            if self.must_wait(entry):
                self.result.held.append(entry.entry)
                continue
            kind = self.kind_of(entry)
            together = entry.entry
            if entry.ticket and self.rating.round_per == "ticket":
                together = ("ticket", entry.ticket)
            elif entry.ticket and self.rating.round_per == "ticket_day":
                together = ("ticket", entry.ticket, self.wall_clock(entry.started_at).date())
            jobs.setdefault((kind, together), []).append(entry)
        return [(kind, job) for (kind, _), job in jobs.items()]

    def must_wait(self, entry):
        if not self.package.entitled:
            return True
        if entry.activity == "change_request_analysis":
            return entry.outcome == ""
        if entry.activity == "development":
            return self.contract.development_rate is None
        return entry.activity == "on_site" and not self.package.on_site

    def kind_of(self, entry):
        if entry.activity == "development":
            return "development"
        if entry.activity == "change_request_analysis" and entry.outcome == "offer_accepted":
            return "free"
        if entry.outcome == "unfounded" and entry.severity in self.rating.unfounded_severities:
            return "unfounded"
        return "ordinary"

    def add_development(self, job):
        percent = 100 - Fraction(self.package.development_discount_percent)
        rate = Fraction(self.contract.development_rate) * percent / 100
        length = sum(e.ended_at - e.started_at for e in job)
        self.add_line(("development", ""), [e.entry for e in job], length, length, rate * length / 3600)

    def add_ordinary(self, job):
        self.price([(entry.entry, self.class_of(entry, at)) for entry in job for at in self.steps(entry)])

    def add_unfounded(self, job):
        """R6: from the allowance if all of it fits, else what is left for the first minutes, and the rest by tariff."""
        moments = [(entry, at) for entry in job for at in self.steps(entry)]
        length = len(moments) * self.step
        units = ceil(Fraction(length, self.unit)) * self.unit
        if units <= self.left:
            self.left -= units
            self.note_covered(entry.entry for entry, _ in moments)
            return
        free = min(self.left, length)
        assert free % self.step == 0, "an allowance of odd seconds needs entries with odd seconds"
        self.left = 0
        self.note_covered(entry.entry for entry, _ in moments[: free // self.step])
        self.price([(entry.entry, self.tariff_at(at)) for entry, at in moments[free // self.step :]])

    def price(self, moments):
        """Round per class (R3), then allowance and overage (R4, R5) or tariff."""
        paid_by, billed = self.split(moments) if self.rating.at_boundary == "split" else self.run_on(moments)
        for name, seconds in billed.items():
            entries = [entry for (entry, _), payer in zip(moments, paid_by, strict=True) if payer == name]
            worked = len(entries) * self.step
            if name == COVERED:
                self.note_covered(entries)
                from_allowance = min(self.left, seconds)
                self.left -= from_allowance
                self.overage += seconds - from_allowance
            else:
                amount = Fraction(self.tariffs[name].rate_per_hour) * seconds / 3600
                self.add_line(("tariff", name), list(dict.fromkeys(entries)), worked, seconds, amount)

    def split(self, moments):
        paid_by = [name for _, name in moments]
        billed = {}
        for name, count in Counter(paid_by).items():
            started = ceil(Fraction(count * self.step, self.increment(name))) * self.increment(name)
            billed[name] = max(started, self.minimum(name))
        return paid_by, billed

    def run_on(self, moments):
        """`started_unit_keeps_tariff`: a unit that was begun pays for whatever work follows until it is used up."""
        paid_by, billed = [], {}
        payer, paid_ahead = None, 0
        for _, name in moments:
            if paid_ahead == 0:
                first = name not in billed
                paid_ahead = max(self.increment(name), self.minimum(name)) if first else self.increment(name)
                payer = name
                billed[name] = billed.get(name, 0) + paid_ahead
            paid_ahead -= self.step
            paid_by.append(payer)
        return paid_by, billed

    def increment(self, name):
        return self.unit if name == COVERED else self.tariffs[name].increment_seconds

    def minimum(self, name):
        return 0 if name == COVERED else self.tariffs[name].minimum_seconds

    def class_of(self, entry, at):
        """R1, R2 and R7: who pays for the work of that instant."""
        if entry.activity == "change_request_analysis":
            hours = self.contract.included_seconds
            hours = self.package.included_seconds if hours is None else hours
            has_package = self.package.coverage or self.contract.coverage or hours
            return COVERED if has_package else self.tariff_at(at)
        agreed = {**self.package.coverage, **dict(self.contract.coverage)}
        windows = agreed.get(entry.severity, ())
        return COVERED if self.any_open(windows, at) else self.tariff_at(at)

    def tariff_at(self, at):
        (name,) = (name for name, tariff in self.tariffs.items() if self.any_open(tariff.windows, at))
        return name

    def any_open(self, windows, at):
        local = self.wall_clock(at)
        second = local.hour * 3600 + local.minute * 60 + local.second
        day = _names_of_day(self.price_list.calendar, local.date())
        return any(day.intersection(window.days) and window.start <= second < window.end for window in windows)

    def wall_clock(self, at):
        return _wall_clock(self.price_list.zone, at)

    def steps(self, entry):
        return range(entry.started_at, entry.ended_at, self.step)

    def note_covered(self, entries):
        for entry in entries:
            self.result.covered[entry] = self.result.covered.get(entry, 0) + self.step

    def add_line(self, name, entries, worked, billed, amount):
        amount = self.rounded(amount)
        self.result.lines.append(Line(*name, tuple(entries), _minutes(worked), _minutes(billed), amount))

    def rounded(self, amount):
        """R12: half up to the minor unit."""
        scale = 10 ** _DIGITS.get(self.price_list.currency, 2)
        return Fraction(floor(amount * scale + Fraction(1, 2)), scale)


def _minutes(seconds):
    return Fraction(seconds, 60)


@lru_cache(maxsize=200_000)
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
