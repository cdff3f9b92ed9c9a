"""Price-list files: TOML in, checked, `PriceList` out. The keys are explained in price_lists/README.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from billing_engine.errors import InvalidFileError
from billing_engine.intake.fields import Country, Currency, FirstOfMonth, Name, Severities, TimeZone, Title
from billing_engine.intake.price_list_tables import (
    AllowanceTable,
    FeesTable,
    HolidaysTable,
    OverageTable,
    PackageTable,
    RatingTable,
    Tariffs,
    Windows,
)
from billing_engine.intake.sla_fields import COVERAGE
from billing_engine.intake.sla_tables import AvailabilityTable, CompensationTable, CreditTable, TargetsTable
from billing_engine.intake.toml_file import Table, check_toml, load_toml
from billing_engine.model import price_list as model
from billing_engine.model.calendar import Calendar
from billing_engine.model.money import round_money
from billing_engine.model.sla_terms import TargetUnit


class PriceListFile(Table):
    """A whole file."""

    name: Name
    title: Title
    valid_from: FirstOfMonth
    currency: Currency
    other_currencies: bool = False
    country: Country
    time_zone: TimeZone
    severities: Severities
    channels: list[Title] = []
    holidays: HolidaysTable = HolidaysTable()
    windows: dict[str, Windows] = {}
    rating: RatingTable = RatingTable()
    fees: FeesTable = FeesTable()
    allowance: AllowanceTable = AllowanceTable()
    overage: OverageTable = OverageTable()
    tariffs: Tariffs = {}
    targets: dict[str, TargetsTable] = {}
    availability: AvailabilityTable | None = None
    compensation: CompensationTable | None = None
    credit: CreditTable = CreditTable()
    packages: Annotated[dict[Name, PackageTable], Field(min_length=1)]
    out_of_scope: dict[str, str] = {}

    @classmethod
    def misfits(cls, data: dict[str, Any]) -> list[str]:
        """Check that what goes by severity names severities of the list, and coverage each of them."""
        severities = data.get("severities")
        if not severities or not isinstance(severities, list) or any(not isinstance(name, str) for name in severities):
            return []
        allowed = ", ".join(severities)
        by_severity = {
            f"packages.{name}.targets": _get(data, "packages", name, "targets") for name in _get(data, "packages")
        }
        coverage = {
            f"packages.{name}.coverage": _get(data, "packages", name, "coverage") for name in _get(data, "packages")
        }
        lists = {
            "rating.unfounded_severities": _get(data, "rating").get("unfounded_severities"),
            "compensation.open_at_breach.critical_severities": _get(data, "compensation", "open_at_breach").get(
                "critical_severities"
            ),
        }
        named = {
            "targets": _get(data, "targets"),
            **by_severity,
            **{path: found for path, found in lists.items() if isinstance(found, list)},
        }
        return [
            f"{path}: found {', '.join(table)}; allowed is each of {allowed} once"
            for path, table in coverage.items()
            if table and set(table) != set(severities)
        ] + [
            f"{path}: unknown {', '.join(unknown)}; allowed: {allowed}"
            for path, found in named.items()
            if (unknown := [str(severity) for severity in found if severity not in severities])
        ]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*self._fee_problems(), *self._target_problems(), *self._uncovered(), *self._sla_problems()]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _fee_problems(self) -> Iterator[str]:
        for name, package in self.packages.items():
            fee = package.monthly_fee
            if fee is not None and round_money(fee, self.currency) != fee:
                yield f"packages.{name}.monthly_fee: finer than the cents of {self.currency}; found {fee}"
        prices = {f"packages.{name}.monthly_fee": package.monthly_fee for name, package in self.packages.items()}
        prices |= {
            f"packages.{name}.overage_rate_per_hour": p.overage_rate_per_hour for name, p in self.packages.items()
        }
        prices |= {f"tariffs.{name}.rate_per_hour": tariff.rate_per_hour for name, tariff in self.tariffs.items()}
        for path, price in prices.items():
            if self.other_currencies and price:
                yield f'{path}: with other_currencies = true allowed are 0 and "contract"; found {price}'

    def _target_problems(self) -> Iterator[str]:
        """Say which targets run in a window that is not there."""
        known = ", ".join(self.windows) or "none"
        for path, table in self._all_targets():
            for kind, target in table.parsed().items():
                if target.unit is TargetUnit.WINDOW_TIME and target.window not in self.windows:
                    yield f"{path}.{kind}: unknown window {target.window}; under [windows] are: {known}"
        for name, package in self.packages.items():
            for severity, table in (self.targets | package.targets).items():
                in_coverage = any(target.unit is TargetUnit.COVERAGE_TIME for target in table.parsed().values())
                covered = package.always_covered or package.coverage.get(severity) or severity not in self.severities
                if in_coverage and not covered:
                    yield f"packages.{name}.coverage.{severity}: has no windows, and a target counts in them"
        for name, windows in self.windows.items():
            if not windows:
                yield f"windows.{name}: is never open"
            if name == COVERAGE or name.split() != [name]:
                yield f"windows.{name}: allowed is a name without spaces, and not coverage, which is each package's own"

    def _all_targets(self) -> Iterator[tuple[str, TargetsTable]]:
        for severity, table in self.targets.items():
            yield f"targets.{severity}", table
        for name, package in self.packages.items():
            for severity, table in package.targets.items():
                yield f"packages.{name}.targets.{severity}", table

    def _uncovered(self) -> Iterator[str]:
        """Without tariffs all work must be in a fee."""
        if not self.tariffs:
            for name, package in self.packages.items():
                if package.entitled and not (package.always_covered and package.included_hours.unlimited):
                    yield (
                        f"packages.{name}: without [tariffs] it needs always_covered = true and "
                        'included_hours = "unlimited", or entitled = false'
                    )

    def _sla_problems(self) -> Iterator[str]:
        for name, package in self.packages.items():
            if package.guarantee is not None and self.availability is None:
                yield f"packages.{name}.guarantee: needs [availability], which says how uptime is claimed"

    def build(self, content_hash: str) -> model.PriceList:
        """Turn the checked file into the value that the engine works with."""
        added = tuple((day.date, day.name) for day in self.holidays.add)
        windows = {name: tuple(window.build() for window in laid) for name, laid in self.windows.items()}
        targets = {severity: table.build(windows) for severity, table in self.targets.items()}
        packages = {name: table.build(name, self.severities, windows) for name, table in self.packages.items()}
        return model.PriceList(
            name=self.name,
            title=self.title,
            valid_from=self.valid_from,
            currency=self.currency,
            other_currencies=self.other_currencies,
            zone=ZoneInfo(self.time_zone),
            calendar=Calendar(self.country, added, tuple(self.holidays.remove)),
            severities=tuple(self.severities),
            channels=frozenset(self.channels),
            rating=self._rating(),
            availability=self.availability.build() if self.availability is not None else None,
            compensation=self.compensation.build() if self.compensation is not None else None,
            credit=self.credit.build(),
            packages={
                name: replace(package, targets={**targets, **package.targets}) for name, package in packages.items()
            },
            assumed=self._assumed(),
            out_of_scope=self.out_of_scope,
            content_hash=content_hash,
            fee_schedule=model.FeeSchedule(self.fees.interval, self.fees.timing),
        )

    def _rating(self) -> model.Rating:
        return model.Rating(
            unfounded_severities=frozenset(self.rating.unfounded_severities),
            round_per=self.rating.round_per,
            at_boundary=self.rating.at_boundary,
            covered_increment_seconds=self.allowance.increment_minutes * 60,
            overage_increment_seconds=self.overage.increment_minutes * 60,
            tariffs=tuple(tariff.build(name) for name, tariff in self.tariffs.items()),
            rollover=self.allowance.rollover.build() if self.allowance.rollover is not None else None,
        )

    def _assumed(self) -> tuple[str, ...]:
        packages = (f"packages.{name}" for name, package in self.packages.items() if package.assumed)
        return (*packages, *(path for path, table in self._all_targets() if table.assumed))


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
        return {
            str(key): _without_titles(part)
            for key, part in value.items()
            # A package may be called title or assumed.
            if (key, type(part)) not in {("title", str), ("assumed", bool)}
        }
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
