"""What an agreement promises and what a breach is worth: the terms that U1 to U7, K1 to K3 and C1 to C4 leave to it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billing_engine.model.period import Month
from billing_engine.model.ticket import TargetKind
from billing_engine.model.window import Window


class TargetUnit(StrEnum):
    """In what a target is counted (K1, K2)."""

    WINDOW_TIME = "window_time"
    """Seconds in which the target's windows are open."""
    COVERAGE_TIME = "coverage_time"
    """Seconds in which the package covers the severity (R2)."""
    BUSINESS_DAYS = "business_days"
    """Whole working days after the day of opening."""
    DAYS = "days"
    """Calendar days: due at the same time of day."""
    NO_CLOCK = "no_clock"
    """ "Next release", "as available": promised without a time."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised for one severity: so much time until the event."""

    unit: TargetUnit
    amount: int
    """Seconds or days, by unit; 0 without a clock."""
    windows: tuple[Window, ...]
    """When the clock runs, for WINDOW_TIME; other units have windows of their own."""
    text: str
    """As the price list says it, such as "4 h of 8x5"."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A number of calendar days or months; what is due ends with the last day, on the list's clock."""

    amount: int
    in_months: bool

    def after_month(self, month: Month) -> date:
        """Return the last day: the 15th day after the month, or the end of the second month after it."""
        if self.in_months:
            for _ in range(self.amount):
                month = month.next()
            return month.last_day
        return month.last_day + timedelta(days=self.amount)

    def after_day(self, day: date) -> date:
        """Return the last day; months keep the day's number, or take the month's last day where that is earlier."""
        if not self.in_months:
            return day + timedelta(days=self.amount)
        years, month = divmod(day.month - 1 + self.amount, 12)
        year = day.year + years
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

    def in_words(self) -> str:
        unit = "month" if self.in_months else "day"
        return f"{self.amount} {unit}" + ("" if self.amount == 1 else "s")


@dataclass(frozen=True, slots=True)
class CreditTier:
    """Uptime from `start_percent` to just below `end_percent` is worth `credit_percent` of the fee (U4)."""

    start_percent: Decimal
    end_percent: Decimal
    credit_percent: Decimal


@dataclass(frozen=True, slots=True)
class StartedCredit:
    """Each started unit of downtime is worth `credit_percent` of the fee."""

    unit_minutes: int
    credit_percent: Decimal


@dataclass(frozen=True, slots=True)
class Guarantee:
    """The uptime that a package guarantees, and what less is worth."""

    guaranteed_percent: Decimal
    tiers: tuple[CreditTier, ...] = ()
    """From the best uptime to the worst, without gap or overlap."""
    per_started: StartedCredit | None = None
    """Instead of tiers."""
    cap_percent: Decimal = Decimal(100)
    """The most that a month is worth."""

    def is_met(self, uptime: Fraction) -> bool:
        """Compare exactly (U3); `uptime` is 0 to 1."""
        return uptime * 100 >= Fraction(self.guaranteed_percent)

    def credit_percent(self, uptime: Fraction, counted_minutes: int) -> Decimal:
        """Return the percent of the fee that a month is worth; 0 when the guarantee is met (U4)."""
        if self.is_met(uptime):
            return Decimal(0)
        if self.per_started is not None:
            units = -(-counted_minutes // self.per_started.unit_minutes)
            return min(self.cap_percent, units * self.per_started.credit_percent)
        tier = next(tier for tier in self.tiers if uptime * 100 >= Fraction(tier.start_percent))
        return min(self.cap_percent, tier.credit_percent)


@dataclass(frozen=True, slots=True)
class TerminationRule:
    """When bad uptime allows the customer to leave and have back what is prepaid (U6)."""

    at_most_percent: Decimal
    months: int
    """So many in a row, each notified in time."""


@dataclass(frozen=True, slots=True)
class AvailabilityTerms:
    """How a list measures uptime and takes claims for it; the guarantees are the packages'."""

    exclusions: Mapping[str, int]
    """Causes whose time does not count, in `plain_cause` form, with the notice in seconds that each needs, or 0."""
    claim_within: Deadline
    """After the month."""
    decide_within: Deadline | None = None
    termination: TerminationRule | None = None

    def excludes(self, cause: str, notice_seconds: int | None) -> bool:
        """Tell whether an outage does not count; `notice_seconds` is None when nobody was told in advance (U2)."""
        needed = self.exclusions.get(plain_cause(cause))
        return needed is not None and (needed == 0 or (notice_seconds is not None and notice_seconds >= needed))


def plain_cause(cause: str) -> str:
    """Write a cause in one form: "Notified update", "notified-update" and "notified_update" are the same."""
    return "_".join(cause.casefold().replace("-", " ").replace("_", " ").split())


class RefusalReason(StrEnum):
    """Why a claim is rejected, in the order in which reasons are given."""

    UNKNOWN_TICKET = "unknown_ticket"
    NO_GUARANTEE = "no_guarantee"
    GUARANTEE_MET = "guarantee_met"
    NOT_HELPDESK = "not_helpdesk"
    NO_BREACH = "no_breach"
    TOO_MANY_OPEN_TICKETS = "too_many_open_tickets"
    TOO_MANY_CRITICAL_TICKETS = "too_many_critical_tickets"
    DUPLICATE_TICKET = "duplicate_ticket"
    PRIORITY_NOT_CONFIRMED = "priority_not_confirmed"
    UNPAID_INVOICE = "unpaid_invoice"
    OUTSIDE_SUBSCRIPTION = "outside_subscription"
    NON_STANDARD_SUBSCRIPTION = "non_standard_subscription"
    TOO_LATE = "too_late"
    ALREADY_CLAIMED = "already_claimed"


@dataclass(frozen=True, slots=True)
class OpenTicketLimits:
    """How many tickets may be open at the moment of a breach (C3); None is no limit."""

    tickets: int | None = None
    many_units: int | None = None
    """With more units than this, `percent_of_units` of them, rounded down, is the limit instead."""
    percent_of_units: Decimal = Decimal(0)
    critical_tickets: int | None = None
    critical_severities: frozenset[str] = frozenset()

    def tickets_for(self, units: int) -> int | None:
        """Return the most tickets that a customer with so many units may have open."""
        if self.many_units is not None and units > self.many_units:
            return int(units * self.percent_of_units / 100)
        return self.tickets


@dataclass(frozen=True, slots=True)
class CompensationTerms:
    """What the breach of a ticket's target is worth, and on which conditions (C1 to C3)."""

    percent: Decimal
    """Of one monthly subscription of the dearest unit concerned (C1)."""
    monthly_cap_percent: Decimal
    """Of all standard subscriptions active on any day of the breach's month (C2)."""
    targets: tuple[TargetKind, ...]
    """Whose breach counts."""
    claim_within: Deadline
    """After the day of the breach."""
    decide_within: Deadline | None
    open_limits: OpenTicketLimits
    conditions: frozenset[RefusalReason]
    """Which of the reasons that a list may choose hold here; the others always do."""


CONDITIONS = frozenset(
    {
        RefusalReason.DUPLICATE_TICKET,
        RefusalReason.PRIORITY_NOT_CONFIRMED,
        RefusalReason.UNPAID_INVOICE,
        RefusalReason.OUTSIDE_SUBSCRIPTION,
        RefusalReason.NON_STANDARD_SUBSCRIPTION,
    }
)
"""Reasons that a list may choose."""


class Setoff(StrEnum):
    """What a credit does to an invoice (S3)."""

    BEFORE_TAX = "before_tax"
    """A price reduction: lowers the taxable amount."""
    AFTER_TAX = "after_tax"
    """A payment: lowers the amount due."""


class FirstPeriod(StrEnum):
    """From which invoice on a credit is set off."""

    NEXT_PERIOD = "next_period"
    """That of the first billing period that begins after the claim was received (C4)."""
    NEXT_INVOICE = "next_invoice"
    """That of the month in which the claim was received, but of a later one than it is about (S2)."""


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """How a list's credits are set off (C4, S2, S3)."""

    setoff: Setoff = Setoff.BEFORE_TAX
    first_period: FirstPeriod = FirstPeriod.NEXT_PERIOD
    expires_after_months: int | None = None
    """What is left so many months after it was granted lapses; None never."""
