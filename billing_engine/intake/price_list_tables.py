"""Tables of a price-list file about time and its price: windows, tariffs, packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from billing_engine.intake.fields import (
    AtBoundaryChoice,
    Clock,
    Days,
    FeeIntervalChoice,
    FeeOrContract,
    FeeTimingChoice,
    Hours,
    IncludedHours,
    Minutes,
    Name,
    RoundPerChoice,
    Title,
    UnlessNone,
)
from billing_engine.intake.sla_tables import GuaranteeTable, TargetsTable
from billing_engine.intake.toml_file import Amount, Table
from billing_engine.model import price_list as model
from billing_engine.model.instant import SECONDS_PER_DAY
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
    unfounded_severities: list[str] = []
    round_per: RoundPerChoice = model.RoundPer.ENTRY
    at_boundary: AtBoundaryChoice = model.AtBoundary.SPLIT


class RolloverTable(Table):
    """`{ months = 3, cap_hours = 10 }`."""

    months: Annotated[int, Field(gt=0, le=120)]
    cap_hours: Hours | None = None

    def build(self) -> model.Rollover:
        return model.Rollover(self.months, None if self.cap_hours is None else int(self.cap_hours * 3600))


class AllowanceTable(Table):
    increment_minutes: Minutes = 1
    rollover: Annotated[RolloverTable | None, UnlessNone] = None


class FeesTable(Table):
    interval: FeeIntervalChoice = model.FeeInterval.MONTH
    timing: FeeTimingChoice = model.FeeTiming.ARREARS


class OverageTable(Table):
    increment_minutes: Minutes = 60


class TariffTable(Table):
    title: Title
    rate_per_hour: FeeOrContract
    increment_minutes: Minutes
    minimum_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    windows: list[WindowTable]

    def build(self, name: str) -> model.Tariff:
        windows = tuple(window.build() for window in self.windows)
        return model.Tariff(
            name, self.title, self.rate_per_hour, self.increment_minutes * 60, self.minimum_minutes * 60, windows
        )


def _whole_week(tariffs: dict[str, TariffTable]) -> dict[str, TariffTable]:
    """Check that at every hour of every kind of day exactly one tariff holds, where there are any."""
    windows = {name: [window.build() for window in tariff.windows] for name, tariff in tariffs.items()}
    gaps = [f"{gap}; every hour of every day needs a tariff" for gap in find_gaps(windows)] if tariffs else []
    if problems := find_overlaps(windows) + gaps:
        raise ValueError("\n".join(problems))
    return tariffs


Windows = Annotated[list[WindowTable], AfterValidator(_apart)]
Tariffs = Annotated[dict[Name, TariffTable], AfterValidator(_whole_week)]

_EVERY_HOUR = (Window(("every_day",), 0, SECONDS_PER_DAY),)


class PackageTable(Table):
    title: Title
    assumed: bool = False
    entitled: bool = True
    standard: bool = True
    monthly_fee: FeeOrContract
    included_hours: IncludedHours
    overage_rate_per_hour: Amount = Decimal(0)
    development_discount_percent: Annotated[Amount, Field(le=100)] = Decimal(0)
    on_site: bool = False
    coverage: dict[str, Windows] = {}
    always_covered: bool = False
    targets: dict[str, TargetsTable] = {}
    guarantee: GuaranteeTable | None = None

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.coverage and self.always_covered:
            raise ValueError("always_covered: goes without coverage")
        needs_price = (self.coverage or self.always_covered) and not self.included_hours.unlimited
        if needs_price and "overage_rate_per_hour" not in self.model_fields_set:
            raise ValueError("overage_rate_per_hour: is missing; covered time beyond the allowance needs a price")
        return self

    def build(self, name: str, severities: Iterable[str], windows: Mapping[str, tuple[Window, ...]]) -> model.Package:
        """Make the package; `windows` are those that targets name."""
        coverage = {severity: tuple(w.build() for w in laid) for severity, laid in self.coverage.items()}
        if self.always_covered:
            coverage = dict.fromkeys(severities, _EVERY_HOUR)
        return model.Package(
            name=name,
            title=self.title,
            entitled=self.entitled,
            standard=self.standard,
            monthly_fee=self.monthly_fee,
            included_seconds=self.included_hours.seconds,
            unlimited=self.included_hours.unlimited,
            overage_rate_per_hour=self.overage_rate_per_hour,
            development_discount_percent=self.development_discount_percent,
            on_site=self.on_site,
            coverage=coverage,
            targets={severity: targets.build(windows) for severity, targets in self.targets.items()},
            guarantee=self.guarantee.build() if self.guarantee is not None else None,
        )
