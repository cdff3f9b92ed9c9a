"""What a key of a price list or settings file may hold: each type checks itself and says what is allowed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, NamedTuple
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from billing_engine.errors import UnknownCurrencyError
from billing_engine.intake.toml_file import Amount, exact
from billing_engine.model.calendar import known_countries
from billing_engine.model.money import minor_digits
from billing_engine.model.price_list import AtBoundary, FeeInterval, FeeTiming, RoundPer
from billing_engine.model.window import DAY_NAMES, read_clock

BY_CONTRACT = "contract"
"""Value of a key that each contract settles for itself."""

NO_ROLLOVER = "none"
"""Value of `rollover` where unused hours lapse at the month's end."""

UNLIMITED = "unlimited"
"""Value of `included_hours` where the fee includes all covered time."""


def _round_per(value: object) -> object:
    if value not in list(RoundPer):
        raise ValueError(f"unknown choice; allowed: {', '.join(RoundPer)}")
    return RoundPer(str(value))


def _at_boundary(value: object) -> object:
    if value not in list(AtBoundary):
        raise ValueError(f"unknown choice; allowed: {', '.join(AtBoundary)}")
    return AtBoundary(str(value))


def _fee_interval(value: object) -> object:
    allowed = [interval for interval in FeeInterval if interval]
    if value not in allowed:
        raise ValueError(f"unknown choice; allowed: {', '.join(allowed)}")
    return FeeInterval(str(value))


def _fee_timing(value: object) -> object:
    allowed = [timing for timing in FeeTiming if timing]
    if value not in allowed:
        raise ValueError(f"unknown choice; allowed: {', '.join(allowed)}")
    return FeeTiming(str(value))


def _unless_none(value: object) -> object:
    if value == NO_ROLLOVER:
        return None
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - see toml_file
            "allowed is 'none' or a table such as { months = 3, cap_hours = 10 }"
        )
    return value


def _whole_minutes(hours: Decimal) -> Decimal:
    if hours * 60 % 1:
        raise ValueError("must be a whole number of minutes")
    return hours


def _currency(value: object) -> object:
    try:
        minor_digits(str(value))
    except UnknownCurrencyError:
        raise ValueError("allowed is an ISO 4217 code such as EUR") from None
    return value


def _country(value: object) -> object:
    if not isinstance(value, str) or value not in known_countries():
        raise ValueError("unknown country; allowed is an ISO 3166 code such as RS")
    return value


def _time_zone(value: object) -> object:
    if not isinstance(value, str) or value not in available_timezones():
        raise ValueError("unknown time zone; allowed is an IANA name such as Europe/Belgrade")
    return value


def _days(value: object) -> object:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name in DAY_NAMES for name in names):
        raise ValueError(f"unknown day; allowed: {', '.join(DAY_NAMES)}, or a list of these")
    return tuple(names)


def _clock(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('allowed is a time of day in quotes, "00:00" to "24:00"')  # noqa: TRY004 - see toml_file
    return read_clock(value)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _first_of_month(day: date) -> date:
    if day.day != 1:
        raise ValueError("allowed is the first day of a month, because a month has one price list")
    return day


class Included(NamedTuple):
    """The time that a month's fee includes."""

    seconds: int | None
    """None when the contract says it, or when there is no limit."""
    unlimited: bool = False


def _included(value: object) -> object:
    if value in (BY_CONTRACT, UNLIMITED):
        return Included(None, unlimited=value == UNLIMITED)
    hours = exact(value)
    if hours * 60 % 1:
        raise ValueError("must be a whole number of minutes")
    return Included(int(hours * 3600))


def _each_once(severities: list[str]) -> list[str]:
    if len(set(severities)) != len(severities):
        raise ValueError("each may stand here once")
    return severities


def _unless_by_contract(value: object) -> object:
    return None if value == BY_CONTRACT else value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Title = Annotated[str, Field(max_length=200), AfterValidator(_not_blank)]
Currency = Annotated[str, BeforeValidator(_currency)]
Country = Annotated[str, BeforeValidator(_country)]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
FirstOfMonth = Annotated[date, AfterValidator(_first_of_month)]
Days = Annotated[tuple[str, ...], BeforeValidator(_days)]
Clock = Annotated[int, BeforeValidator(_clock)]
"""Seconds of the local day."""
Minutes = Annotated[int, Field(gt=0, le=24 * 60)]
Severities = Annotated[list[Title], Field(min_length=1), AfterValidator(_each_once)]
RoundPerChoice = Annotated[RoundPer, BeforeValidator(_round_per)]
AtBoundaryChoice = Annotated[AtBoundary, BeforeValidator(_at_boundary)]
FeeIntervalChoice = Annotated[FeeInterval, BeforeValidator(_fee_interval)]
FeeTimingChoice = Annotated[FeeTiming, BeforeValidator(_fee_timing)]
UnlessNone = BeforeValidator(_unless_none)
"""For a table in whose place "none" may stand."""
Hours = Annotated[Amount, AfterValidator(_whole_minutes)]
FeeOrContract = Annotated[Amount | None, BeforeValidator(_unless_by_contract)]
IncludedHours = Annotated[Included, BeforeValidator(_included)]
