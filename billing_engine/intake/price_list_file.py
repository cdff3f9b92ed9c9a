"""Price-list files: TOML in, checked, `PriceList` out. The keys are explained in price_lists/README.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from billing_engine.errors import InvalidFileError
from billing_engine.intake.fields import (
    AtBoundaryChoice,
    Clock,
    Country,
    Currency,
    Days,
    FeeOrContract,
    FirstOfMonth,
    HoursOrContract,
    Minutes,
    Name,
    Response,
    RoundPerChoice,
    Severities,
    TimeZone,
    Title,
)
from billing_engine.intake.toml_file import Amount, Table, check_toml, load_toml
from billing_engine.model import price_list as model
from billing_engine.model.calendar import Calendar
from billing_engine.model.money import round_money
from billing_engine.model.window import Window, find_gaps, find_overlaps, find_overlaps_among, show_clock


class WindowTable(Table):
    """`{ days = "working_days", from = "09:00", to = "17:00" }`."""

    days: Days
    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start >= self.end:
            found = f"{show_clock(self.start)} to {show_clock(self.end)}"
            raise ValueError(f"'from' must be before 'to'; a window over midnight is written as two; found {found}")
        return self

    def build(self) -> Window:
        return Window(self.days, self.start, self.end)


def _apart(windows: list[WindowTable]) -> list[WindowTable]:
    if problems := find_overlaps_among([window.build() for window in windows]):
        raise ValueError("\n".join(problems))
    return windows


class AddedDayTable(Table):
    date: date
    name: Title


class HolidaysTable(Table):
    add: list[AddedDayTable] = []
    remove: list[date] = []

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        both = sorted({day.date for day in self.add} & set(self.remove))
        if both:
            raise ValueError(f"{', '.join(map(str, both))} can not be both added and removed")
        return self


class RatingTable(Table):
    severities: Severities
    unfounded_severities: list[str] = []
    round_per: RoundPerChoice = model.RoundPer.ENTRY
    at_boundary: AtBoundaryChoice = model.AtBoundary.SPLIT

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


def _whole_week(tariffs: dict[str, TariffTable]) -> dict[str, TariffTable]:
    """Check that at every hour of every kind of day exactly one tariff holds."""
    windows = {name: [window.build() for window in tariff.windows] for name, tariff in tariffs.items()}
    gaps = [f"{gap}; every hour of every day needs a tariff" for gap in find_gaps(windows)]
    if problems := find_overlaps(windows) + gaps:
        raise ValueError("\n".join(problems))
    return tariffs


class PackageTable(Table):
    title: Title
    entitled: bool = True
    monthly_fee: FeeOrContract
    included_hours: HoursOrContract
    overage_rate_per_hour: Amount = Decimal(0)
    development_discount_percent: Annotated[Amount, Field(le=100)] = Decimal(0)
    on_site: bool = False
    coverage: dict[str, Annotated[list[WindowTable], AfterValidator(_apart)]] = {}
    first_response: dict[str, Response] = {}

    @model_validator(mode="after")
    def _priced(self) -> Self:
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
    valid_from: FirstOfMonth
    currency: Currency
    country: Country
    time_zone: TimeZone
    holidays: HolidaysTable = HolidaysTable()
    rating: RatingTable
    allowance: AllowanceTable
    overage: OverageTable
    tariffs: Annotated[dict[Name, TariffTable], Field(min_length=1), AfterValidator(_whole_week)]
    packages: Annotated[dict[Name, PackageTable], Field(min_length=1)]
    out_of_scope: dict[str, str] = {}

    @classmethod
    def misfits(cls, data: dict[str, Any]) -> list[str]:
        """Check that coverage and first responses name each severity of the list once."""
        severities = [text for text in _get(data, "rating").get("severities", ()) if isinstance(text, str)]
        allowed = f"allowed is each of {', '.join(severities)} once"
        tables = {
            f"packages.{name}.{key}": _get(_get(data, "packages"), name, key)
            for name in _get(data, "packages")
            for key in ("coverage", "first_response")
        }
        return [
            f"{path}: found {', '.join(table)}; {allowed}"
            for path, table in tables.items()
            if severities and table and set(table) != set(severities)
        ]

    @model_validator(mode="after")
    def _fees_in_cents(self) -> Self:
        fees = {name: package.monthly_fee for name, package in self.packages.items()}
        finer = [name for name, fee in fees.items() if fee is not None and round_money(fee, self.currency) != fee]
        if finer:
            raise ValueError(
                "\n".join(
                    f"packages.{name}.monthly_fee: finer than the cents of {self.currency}; found {fees[name]}"
                    for name in finer
                )
            )
        return self

    def build(self, content_hash: str) -> model.PriceList:
        """Turn the checked file into the value that the engine works with."""
        added = tuple((day.date, day.name) for day in self.holidays.add)
        rating = model.Rating(
            severities=tuple(self.rating.severities),
            unfounded_severities=frozenset(self.rating.unfounded_severities),
            round_per=self.rating.round_per,
            at_boundary=self.rating.at_boundary,
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
            content_hash=content_hash,
        )


def _get(data: Any, *keys: str) -> dict[str, Any]:
    """Follow keys into raw tables; what is no table counts as empty."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def terms_hash(data: dict[str, Any]) -> str:
    """Hash the terms as the file gives them, so that a later program comes to the same.

    Neither titles and remarks, nor the order of keys or the form of a number makes other terms.
    """
    terms = {key: value for key, value in data.items() if key != "out_of_scope"}
    return hashlib.sha256(json.dumps(_without_titles(terms), sort_keys=True, default=str).encode()).hexdigest()


def _without_titles(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_titles(part) for key, part in value.items() if key != "title"}
    if isinstance(value, list):
        return [_without_titles(part) for part in value]
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return f"{Decimal(value).normalize():f}" if is_number else value


def read_price_list(path: Path) -> model.PriceList:
    """Read one price-list file; raises InvalidFileError with all its problems."""
    data = load_toml(path)
    return check_toml(path, data, PriceListFile).build(terms_hash(data))


def read_price_lists(folders: Iterable[Path]) -> model.PriceListBook:
    """Read all `*.toml` of the folders; a later folder replaces the price lists of the same name.

    Raises InvalidFileError for a folder that is none, files with problems, or two files of one name and date.
    """
    by_name: dict[str, list[model.PriceList]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InvalidFileError(str(folder), ["is no folder with price lists"])
        by_name |= _read_folder(folder)
    return model.PriceListBook([price_list for versions in by_name.values() for price_list in versions])


def _read_folder(folder: Path) -> dict[str, list[model.PriceList]]:
    by_name: dict[str, list[model.PriceList]] = {}
    problems = []
    for path in sorted(folder.glob("*.toml")):
        try:
            price_list = read_price_list(path)
        except InvalidFileError as error:
            problems += [f"{path.name}: {problem}" for problem in error.problems]
            continue
        versions = by_name.setdefault(price_list.name, [])
        if any(other.valid_from == price_list.valid_from for other in versions):
            problems.append(f"{path.name}: there are two files of {price_list.version}; valid_from must differ")
        versions.append(price_list)
    if problems:
        raise InvalidFileError(str(folder), problems)
    return by_name
