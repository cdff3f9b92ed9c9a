"""Price-list files: TOML in, checked, `PriceList` out. The keys are explained in price_lists/README.md."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, model_validator

from billing_engine.errors import InvalidFileError, UnknownCurrencyError
from billing_engine.intake.toml_file import Amount, Table, read_toml
from billing_engine.model import price_list as model
from billing_engine.model.calendar import Calendar, known_countries
from billing_engine.model.money import minor_digits
from billing_engine.model.window import DAY_NAMES, Window, find_gaps, find_overlaps, read_clock

BY_CONTRACT = "contract"
"""Value of a key that each contract settles for itself."""


def _one_of(allowed: Sequence[object], what: str) -> BeforeValidator:
    def check(value: object) -> object:
        if value not in allowed:
            raise ValueError(f"unknown {what}")
        return value

    return BeforeValidator(check)


def _currency(value: object) -> object:
    try:
        minor_digits(str(value))
    except UnknownCurrencyError as error:
        raise ValueError("allowed is an ISO 4217 code such as EUR") from error
    return value


def _country(value: object) -> object:
    if value not in known_countries():
        raise ValueError("unknown country; allowed is an ISO 3166 code such as RS")
    return value


def _time_zone(value: object) -> object:
    if value not in available_timezones():
        raise ValueError("unknown time zone; allowed is an IANA name such as Europe/Belgrade")
    return value


def _days(value: object) -> object:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or any(name not in DAY_NAMES for name in names):
        raise ValueError(f"unknown day; allowed: {', '.join(DAY_NAMES)}, or a list of these")
    return tuple(names)


def _clock(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('allowed is a time of day in quotes, "00:00" to "24:00"')  # noqa: TRY004 - see toml_file
    return read_clock(value)


def _response(value: object) -> object:
    if value == "as_available":
        return None
    number, _, unit = str(value).partition(" ")
    if unit != "h" or not number.isdecimal() or not 0 < int(number) < 10_000:
        raise ValueError('allowed is "4 h" or "as_available"')
    return int(number) * 3600


def _amount_or_contract(value: object) -> object:
    return None if value == BY_CONTRACT else value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Country = Annotated[str, BeforeValidator(_country)]
Minutes = Annotated[int, Field(gt=0, le=24 * 60)]


class WindowTable(Table):
    """`{ days = "working_days", from = "09:00", to = "17:00" }`."""

    days: Annotated[tuple[str, ...], BeforeValidator(_days)]
    start: Annotated[int, BeforeValidator(_clock), Field(alias="from")]
    end: Annotated[int, BeforeValidator(_clock), Field(alias="to")]

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start >= self.end:
            raise ValueError("'from' must be before 'to'; a window over midnight is written as two")
        return self

    def build(self) -> Window:
        return Window(self.days, self.start, self.end)


class AddedDayTable(Table):
    date: date
    name: Title


class HolidaysTable(Table):
    add: list[AddedDayTable] = []
    remove: list[date] = []


class RatingTable(Table):
    severities: Annotated[list[str], Field(min_length=1)]
    unfounded_severities: list[str] = []
    round_per: Annotated[str, _one_of(list(model.RoundPer), "choice; allowed: entry, ticket_day, ticket")] = "entry"
    at_boundary: Annotated[
        str, _one_of(list(model.AtBoundary), "choice; allowed: split, started_unit_keeps_tariff")
    ] = "split"

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = [severity for severity in self.unfounded_severities if severity not in self.severities]
        if unknown:
            raise ValueError(
                f"unfounded_severities: unknown {', '.join(unknown)}; allowed: {', '.join(self.severities)}"
            )
        return self


class AllowanceTable(Table):
    increment_minutes: Minutes
    rollover: Literal["none"] = "none"


class OverageTable(Table):
    increment_minutes: Minutes


class TariffTable(Table):
    title: Title
    rate_per_hour: Amount
    increment_minutes: Minutes
    minimum_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    windows: list[WindowTable]

    def build(self, name: str) -> model.Tariff:
        windows = tuple(window.build() for window in self.windows)
        return model.Tariff(
            name, self.title, self.rate_per_hour, self.increment_minutes * 60, self.minimum_minutes * 60, windows
        )


class PackageTable(Table):
    title: Title
    entitled: bool = True
    monthly_fee: Annotated[Amount | None, BeforeValidator(_amount_or_contract)]
    included_hours: Annotated[Amount | None, BeforeValidator(_amount_or_contract)]
    overage_rate_per_hour: Amount = Decimal(0)
    development_discount_percent: Annotated[Amount, Field(le=100)] = Decimal(0)
    on_site: bool = False
    coverage: dict[str, list[WindowTable]] = {}
    first_response: dict[str, Annotated[int | None, BeforeValidator(_response)]] = {}

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.included_hours is not None and self.included_hours * 3600 % 60:
            raise ValueError("included_hours: must be a whole number of minutes")
        if self.coverage and "overage_rate_per_hour" not in self.model_fields_set:
            raise ValueError("overage_rate_per_hour: is missing; covered time beyond the allowance needs a price")
        return self

    def build(self, name: str) -> model.Package:
        included = None if self.included_hours is None else int(self.included_hours * 3600)
        return model.Package(
            name=name,
            title=self.title,
            entitled=self.entitled,
            monthly_fee=self.monthly_fee,
            included_seconds=included,
            overage_rate_per_hour=self.overage_rate_per_hour,
            development_discount_percent=self.development_discount_percent,
            on_site=self.on_site,
            coverage={severity: tuple(w.build() for w in windows) for severity, windows in self.coverage.items()},
            first_response=self.first_response,
        )


class PriceListFile(Table):
    """A whole file."""

    name: Name
    title: Title
    valid_from: date
    currency: Annotated[str, BeforeValidator(_currency)]
    country: Country
    time_zone: Annotated[str, BeforeValidator(_time_zone)]
    holidays: HolidaysTable = HolidaysTable()
    rating: RatingTable
    allowance: AllowanceTable
    overage: OverageTable
    tariffs: Annotated[dict[Name, TariffTable], Field(min_length=1)]
    packages: Annotated[dict[Name, PackageTable], Field(min_length=1)]
    out_of_scope: dict[str, str] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*self._window_problems(), *self._severity_problems()]
        if self.valid_from.day != 1:
            problems.append("valid_from: allowed is the first day of a month, because a month has one price list")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _window_problems(self) -> Iterable[str]:
        tariffs = {name: [window.build() for window in tariff.windows] for name, tariff in self.tariffs.items()}
        yield from (f"tariffs: {problem}" for problem in find_overlaps(tariffs))
        yield from (f"tariffs: {problem}; every hour of every day needs a tariff" for problem in find_gaps(tariffs))
        for name, package in self.packages.items():
            for severity, windows in package.coverage.items():
                named = {f"window {number}": [window.build()] for number, window in enumerate(windows, 1)}
                yield from (f"packages.{name}.coverage.{severity}: {problem}" for problem in find_overlaps(named))

    def _severity_problems(self) -> Iterable[str]:
        severities = set(self.rating.severities)
        for name, package in self.packages.items():
            for key, table in (("coverage", package.coverage), ("first_response", package.first_response)):
                if table and set(table) != severities:
                    allowed = ", ".join(self.rating.severities)
                    yield f"packages.{name}.{key}: found {', '.join(table)}; allowed is each of {allowed} once"

    def build(self) -> model.PriceList:
        """Turn the checked file into the value that the engine works with."""
        added = tuple((day.date, day.name) for day in self.holidays.add)
        rating = model.Rating(
            severities=tuple(self.rating.severities),
            unfounded_severities=frozenset(self.rating.unfounded_severities),
            round_per=model.RoundPer(self.rating.round_per),
            at_boundary=model.AtBoundary(self.rating.at_boundary),
            covered_increment_seconds=self.allowance.increment_minutes * 60,
            overage_increment_seconds=self.overage.increment_minutes * 60,
            tariffs=tuple(tariff.build(name) for name, tariff in self.tariffs.items()),
        )
        return model.PriceList(
            name=self.name,
            title=self.title,
            valid_from=self.valid_from,
            currency=self.currency,
            zone=ZoneInfo(self.time_zone),
            calendar=Calendar(self.country, added, tuple(self.holidays.remove)),
            rating=rating,
            packages={name: package.build(name) for name, package in self.packages.items()},
            out_of_scope=self.out_of_scope,
            content_hash=hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest(),
        )


def read_price_list(path: Path) -> model.PriceList:
    """Read one price-list file; raises InvalidFileError with all its problems."""
    return read_toml(path, PriceListFile).build()


def read_price_lists(folders: Iterable[Path]) -> model.PriceListBook:
    """Read all `*.toml` of the folders; a later folder replaces the price lists of the same name.

    Raises InvalidFileError for a folder that is none, a file with problems, or two files of one name and date.
    """
    by_name: dict[str, list[model.PriceList]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InvalidFileError(str(folder), ["is no folder with price lists"])
        by_name |= _read_folder(folder)
    return model.PriceListBook([price_list for versions in by_name.values() for price_list in versions])


def _read_folder(folder: Path) -> dict[str, list[model.PriceList]]:
    by_name: dict[str, list[model.PriceList]] = {}
    for path in sorted(folder.glob("*.toml")):
        price_list = read_price_list(path)
        versions = by_name.setdefault(price_list.name, [])
        if any(other.valid_from == price_list.valid_from for other in versions):
            raise InvalidFileError(str(path), [f"there are two files of {price_list.version}; valid_from must differ"])
        versions.append(price_list)
    return by_name
