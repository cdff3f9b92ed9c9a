"""Columns of the input files: how each text is read and what is allowed."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

from billing_engine.errors import InvalidTextError
from billing_engine.intake.csv_rows import Row
from billing_engine.intake.fields import Currency
from billing_engine.model.calendar import known_countries
from billing_engine.model.delivery import StripeMode
from billing_engine.model.price_list import FeeInterval, FeeTiming
from billing_engine.model.tax_table import TAX_CHOICES, read_tax_choice
from billing_engine.model.text import check_stripe_id
from billing_engine.model.time_entry import Activity, Outcome
from billing_engine.model.window import DAY_NAMES, Window, find_overlaps_among, read_clock

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)
_MISNAMED = {"EL": "GR", "UK": "GB"}
"""Countries that are known by other letters, too; the tax table and e-invoices know one."""
_YEARS = range(1970, 2200)


def _identifier(text: Any) -> str:
    if len(text) > 100 or not text.isprintable():
        raise ValueError("allowed is an id of up to 100 printable characters")
    return str(text)


def _moment(text: Any) -> datetime:
    """Read a time; whether one without an offset exists is settled where the time zone is known (T3)."""
    allowed = "allowed is a time such as 2026-10-01T16:40+02:00, from 1970 to 2199"
    if _MOMENT.fullmatch(text) is None or int(text[:4]) not in _YEARS:
        raise ValueError(allowed)
    try:
        return datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        raise ValueError(allowed) from None


def _day(text: Any) -> date:
    allowed = "allowed is a day such as 2026-10-01, from 1970 to 2199"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None or int(text[:4]) not in _YEARS:
        raise ValueError(allowed)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(allowed) from None


def _number(text: Any) -> Decimal:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("allowed is a number from 0 up such as 1234.50")
    return Decimal(text)


def _hours(text: Any) -> int:
    seconds = _number(text) * 3600
    if seconds % 60:
        raise ValueError("allowed is a number of hours that is a whole number of minutes, such as 7.5")
    return int(seconds)


def _quantity(text: Any) -> int:
    if re.fullmatch(r"\d{1,6}", text, re.ASCII) is None or int(text) < 1:
        raise ValueError("allowed is a whole number from 1 to 999999")
    return int(text)


def _country(text: Any) -> str:
    if re.fullmatch(r"[A-Z]{2}", text, re.ASCII) is None:
        raise ValueError("allowed is an ISO 3166 code such as RS")
    if text in _MISNAMED:
        raise ValueError(f"allowed is an ISO 3166 code, and that is {_MISNAMED[text]}")
    if text not in known_countries():
        raise ValueError("unknown country; allowed is an ISO 3166 code such as RS")
    return str(text)


def _activity(text: Any) -> Activity:
    if text not in list(Activity):
        raise ValueError(f"allowed: {', '.join(Activity)}")
    return Activity(text)


def _outcome(text: Any) -> Outcome:
    if text not in list(Outcome):
        raise ValueError(f"allowed: {', '.join(outcome for outcome in Outcome if outcome)}, or empty")
    return Outcome(text)


def _fee_interval(text: Any) -> FeeInterval:
    if text not in list(FeeInterval):
        raise ValueError(f"allowed: {', '.join(interval for interval in FeeInterval if interval)}, or empty")
    return FeeInterval(text)


def _fee_timing(text: Any) -> FeeTiming:
    if text not in list(FeeTiming):
        raise ValueError(f"allowed: {', '.join(timing for timing in FeeTiming if timing)}, or empty")
    return FeeTiming(text)


def _stripe_mode(text: Any) -> StripeMode:
    if text not in list(StripeMode):
        raise ValueError(f"allowed: {', '.join(mode for mode in StripeMode if mode)}, or empty")
    return StripeMode(text)


def _stripe_customer(text: Any) -> str:
    return _stripe_id(text, "cus_")


def _stripe_subscription(text: Any) -> str:
    return _stripe_id(text, "sub_")


def _stripe_id(text: Any, prefix: str) -> str:
    """Take an id into a URL only where it is one: a path could lead elsewhere."""
    try:
        return check_stripe_id(text, prefix)
    except InvalidTextError as error:
        raise ValueError(str(error)) from None


def _tax(text: Any) -> str:
    if not text:
        return ""
    try:
        return read_tax_choice(text)
    except ValueError:
        raise ValueError(f"allowed: {', '.join(TAX_CHOICES)}, or empty") from None


def _coverage(text: Any) -> tuple[tuple[str, tuple[Window, ...]], ...]:
    """Read "T1=every_day 00:00-24:00; T2=working_days 07:00-12:00, working_days 13:00-22:00"."""
    allowed = 'allowed is severity=days from-to, such as "T1=every_day 00:00-24:00; T2=working_days 07:00-22:00"'
    agreed: dict[str, tuple[Window, ...]] = {}
    for part in filter(str.strip, text.split(";")):
        severity, equals, windows = (piece.strip() for piece in part.partition("="))
        if not equals or severity in agreed:
            raise ValueError(allowed)
        agreed[severity] = tuple(_window(window, allowed) for window in windows.split(","))
        if overlaps := find_overlaps_among(agreed[severity]):
            raise ValueError(f"{severity}: {overlaps[0]}")
    return tuple(agreed.items())


def _window(text: str, allowed: str) -> Window:
    match = re.fullmatch(r"(\w+) (\d\d:\d\d)-(\d\d:\d\d)", text.strip(), re.ASCII)
    if match is None or match[1] not in DAY_NAMES or read_clock(match[2]) >= read_clock(match[3]):
        raise ValueError(allowed)
    return Window((match[1],), read_clock(match[2]), read_clock(match[3]))


Identifier = Annotated[str, BeforeValidator(_identifier)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]
Number = Annotated[Decimal, BeforeValidator(_number)]


class CustomerRow(Row):
    customer: Identifier
    name: str
    country: Annotated[str, BeforeValidator(_country)] = ""
    currency: Currency = ""
    language: str = "en"
    vat_id: str = ""
    address: str = ""
    email: str = ""
    stripe_customer: Annotated[str, BeforeValidator(_stripe_customer)] = ""
    stripe_mode: Annotated[StripeMode, BeforeValidator(_stripe_mode)] = StripeMode.NONE
    stripe_subscription: Annotated[str, BeforeValidator(_stripe_subscription)] = ""
    city: str = ""
    postal_code: str = ""
    buyer_reference: str = ""
    tax: Annotated[str, BeforeValidator(_tax)] = ""


class ContractRow(Row):
    contract: Identifier
    customer: Identifier
    price_list: Identifier
    package: Identifier
    starts_on: Day
    ends_on: Day | None = None
    quantity: Annotated[int, BeforeValidator(_quantity)] = 1
    unit: str = ""
    currency: Currency = ""
    monthly_fee: Number | None = None
    included_hours: Annotated[int | None, BeforeValidator(_hours)] = None
    hourly_rate: Number | None = None
    development_rate: Number | None = None
    coverage: Annotated[tuple[tuple[str, tuple[Window, ...]], ...], BeforeValidator(_coverage)] = ()
    fee_interval: Annotated[FeeInterval, BeforeValidator(_fee_interval)] = FeeInterval.LISTED
    fee_timing: Annotated[FeeTiming, BeforeValidator(_fee_timing)] = FeeTiming.LISTED


class TimeEntryRow(Row):
    entry: Identifier
    customer: Identifier
    contract: Identifier = ""
    ticket: Identifier = ""
    severity: str = ""
    activity: Annotated[Activity, BeforeValidator(_activity)] = Activity.SUPPORT
    outcome: Annotated[Outcome, BeforeValidator(_outcome)] = Outcome.NONE
    started_at: Moment
    ended_at: Moment
    engineer: str = ""
    note: str = ""


class ExpenseRow(Row):
    expense: Identifier
    customer: Identifier
    spent_on: Day
    description: str
    amount: Number
