"""Tables of a price-list file about service levels: targets, uptime, compensation, credits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from billing_engine.intake.fields import Title
from billing_engine.intake.sla_fields import (
    Causes,
    Conditions,
    DeadlineText,
    FirstPeriodChoice,
    ParsedTarget,
    Percent,
    SetoffChoice,
    TargetKinds,
    TargetText,
)
from billing_engine.intake.toml_file import Table
from billing_engine.model import sla_terms as model
from billing_engine.model.ticket import TargetKind
from billing_engine.model.window import Window


class TargetsTable(Table):
    """What is promised for one severity."""

    first_response: TargetText | None = None
    workaround: TargetText | None = None
    solution: TargetText | None = None
    assumed: bool = False

    def parsed(self) -> dict[TargetKind, ParsedTarget]:
        """Return the targets that are there."""
        written = {kind: getattr(self, kind) for kind in TargetKind}
        return {kind: target for kind, target in written.items() if target is not None}

    def build(self, windows: Mapping[str, tuple[Window, ...]]) -> dict[TargetKind, model.Target]:
        """Give each target its windows; those of coverage are the package's."""
        return {
            kind: model.Target(target.unit, target.amount, windows.get(target.window, ()), target.text)
            for kind, target in self.parsed().items()
        }


class ExclusionTable(Table):
    """Causes whose downtime does not count, with the notice that they need."""

    causes: Causes
    notice_hours: Annotated[int, Field(ge=0, le=8760)] = 0


class TerminationTable(Table):
    at_most_percent: Percent
    months: Annotated[int, Field(ge=1, le=24)]

    def build(self) -> model.TerminationRule:
        return model.TerminationRule(self.at_most_percent, self.months)


class AvailabilityTable(Table):
    exclusions: list[ExclusionTable] = []
    claim_within: DeadlineText
    decide_within: DeadlineText | None = None
    termination: TerminationTable | None = None

    @model_validator(mode="after")
    def _each_cause_once(self) -> Self:
        causes = [cause for exclusion in self.exclusions for cause in exclusion.causes]
        repeated = sorted({cause for cause in causes if causes.count(cause) > 1})
        if repeated:
            raise ValueError(f"exclusions: {', '.join(repeated)} may stand in one exclusion only")
        return self

    def build(self) -> model.AvailabilityTerms:
        return model.AvailabilityTerms(
            exclusions={
                cause: exclusion.notice_hours * 3600 for exclusion in self.exclusions for cause in exclusion.causes
            },
            claim_within=self.claim_within,
            decide_within=self.decide_within,
            termination=self.termination.build() if self.termination is not None else None,
        )


class TierTable(Table):
    """`{ from = 98, below = 99, credit_percent = 10 }`."""

    start: Percent = Field(alias="from")
    below: Percent
    credit_percent: Percent


class StartedTable(Table):
    """`{ minutes = 60, credit_percent = 1 }`."""

    minutes: Annotated[int, Field(gt=0, le=31 * 24 * 60)]
    credit_percent: Annotated[Percent, Field(gt=0)]


class GuaranteeTable(Table):
    uptime_percent: Annotated[Percent, Field(gt=0)]
    tiers: list[TierTable] = []
    per_started: StartedTable | None = None
    cap_percent: Percent = Decimal(100)

    @model_validator(mode="after")
    def _priced_without_gap(self) -> Self:
        """Check that each uptime below the guarantee is worth exactly one percentage, and a worse one no less."""
        if bool(self.tiers) == (self.per_started is not None):
            raise ValueError("allowed is either tiers or per_started")
        problems = []
        if self.tiers and self.tiers[0].below != self.uptime_percent:
            problems.append(
                f"tiers[1].below: the first tier ends at the guarantee of {self.uptime_percent}; "
                f"found {self.tiers[0].below}"
            )
        if self.tiers and self.tiers[-1].start != 0:
            problems.append(f"tiers[{len(self.tiers)}].from: the last tier begins at 0; found {self.tiers[-1].start}")
        problems += [
            f"tiers[{number}].from: must be less than below; found {tier.start} to {tier.below}"
            for number, tier in enumerate(self.tiers, 1)
            if tier.start >= tier.below
        ]
        for number, (better, worse) in enumerate(pairwise(self.tiers), 2):
            problems += _between(better, worse, number)
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def build(self) -> model.Guarantee:
        started = self.per_started
        return model.Guarantee(
            guaranteed_percent=self.uptime_percent,
            tiers=tuple(model.CreditTier(tier.start, tier.below, tier.credit_percent) for tier in self.tiers),
            per_started=None if started is None else model.StartedCredit(started.minutes, started.credit_percent),
            cap_percent=self.cap_percent,
        )


def _between(better: TierTable, worse: TierTable, number: int) -> list[str]:
    where = f"tiers[{number}]"
    if worse.start >= better.below:
        return [f"{where}: tiers go from the best uptime to the worst; found {worse.start} after {better.start}"]
    problems = []
    if worse.below < better.start:
        problems.append(f"{where}.below: nothing covers {worse.below} to {better.start}")
    if worse.below > better.start:
        problems.append(f"{where}.below: overlaps the tier before it between {better.start} and {worse.below}")
    if worse.credit_percent < better.credit_percent:
        found = f"{worse.credit_percent} after {better.credit_percent}"
        problems.append(f"{where}.credit_percent: worse uptime can not be worth less; found {found}")
    return problems


class OpenTicketsTable(Table):
    """How many tickets may be open at the moment of a breach."""

    tickets: Annotated[int, Field(ge=1)] | None = None
    over_units: Annotated[int, Field(ge=1)] | None = None
    percent_of_units: Percent | None = None
    critical_tickets: Annotated[int, Field(ge=1)] | None = None
    critical_severities: list[Title] = []

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if (self.over_units is None) != (self.percent_of_units is None):
            raise ValueError("over_units and percent_of_units go together")
        if (self.critical_tickets is None) == bool(self.critical_severities):
            raise ValueError("critical_tickets and critical_severities go together")
        return self

    def build(self) -> model.OpenTicketLimits:
        return model.OpenTicketLimits(
            tickets=self.tickets,
            many_units=self.over_units,
            percent_of_units=self.percent_of_units or Decimal(0),
            critical_tickets=self.critical_tickets,
            critical_severities=frozenset(self.critical_severities),
        )


class CompensationTable(Table):
    percent: Percent
    monthly_cap_percent: Percent = Decimal(100)
    targets: TargetKinds
    claim_within: DeadlineText
    decide_within: DeadlineText | None = None
    open_at_breach: OpenTicketsTable = OpenTicketsTable()
    refused_for: Conditions

    def build(self) -> model.CompensationTerms:
        return model.CompensationTerms(
            percent=self.percent,
            monthly_cap_percent=self.monthly_cap_percent,
            targets=self.targets,
            claim_within=self.claim_within,
            decide_within=self.decide_within,
            open_limits=self.open_at_breach.build(),
            conditions=self.refused_for,
        )


class CreditTable(Table):
    setoff: SetoffChoice = model.Setoff.BEFORE_TAX
    first_period: FirstPeriodChoice = model.FirstPeriod.NEXT_PERIOD
    expires_after_months: Annotated[int, Field(ge=1, le=120)] | None = None

    def build(self) -> model.CreditTerms:
        return model.CreditTerms(self.setoff, self.first_period, self.expires_after_months)
