"""What a customer is billed for besides the fee: work sessions and expenses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from billing_engine.model.instant import Instant


class Activity(StrEnum):
    """Kind of work; each is rated by its own rule."""

    SUPPORT = "support"
    CHANGE_REQUEST_ANALYSIS = "change_request_analysis"
    DEVELOPMENT = "development"
    ON_SITE = "on_site"


class Outcome(StrEnum):
    """What came of the work, where that decides the price (R6, R7)."""

    NONE = ""
    UNFOUNDED = "unfounded"
    OFFER_REJECTED = "offer_rejected"
    OFFER_ACCEPTED = "offer_accepted"


class TimeEntry(NamedTuple):
    """One work session, raw: rounding never touches it. Times are instants, start included, end not (T6)."""

    entry: str
    customer: str
    started_at: Instant
    ended_at: Instant
    severity: str = ""
    activity: str = Activity.SUPPORT
    outcome: str = Outcome.NONE
    ticket: str = ""
    contract: str = ""
    engineer: str = ""
    note: str = ""

    @property
    def worked_seconds(self) -> int:
        return self.ended_at - self.started_at


in_order = attrgetter("started_at", "entry")
"""Sort key: start, then id; the order in which entries use up an allowance (R4)."""


@dataclass(frozen=True, slots=True)
class Expense:
    """A cost passed on as it is, such as travel to on-site work (R8)."""

    expense: str
    customer: str
    spent_on: date
    description: str
    amount: Decimal
