"""Types of price-list keys about service levels: targets, deadlines and causes, in the words that people write."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from billing_engine.intake.toml_file import Amount
from billing_engine.model.sla_terms import CONDITIONS as CHOOSABLE
from billing_engine.model.sla_terms import Deadline, FirstPeriod, RefusalReason, Setoff, TargetUnit, plain_cause
from billing_engine.model.ticket import TargetKind

COVERAGE = "coverage"
"""Stands for the windows in which the package covers the severity."""

_SECONDS = {"h": 3600, "min": 60}


class ParsedTarget(NamedTuple):
    """A target as written; whether the window exists is known once the whole file is."""

    unit: TargetUnit
    amount: int
    window: str
    text: str


def _target(value: object) -> ParsedTarget:
    """Read "4 h of coverage", "30 min of 24x7", "5 business days", "1 day", "next release" or "as available"."""
    text = value if isinstance(value, str) else ""
    if text in ("next release", "as available"):
        return ParsedTarget(TargetUnit.NO_CLOCK, 0, "", text)
    if match := re.fullmatch(r"([1-9]\d{0,3}) (h|min) of (\S+)", text, re.ASCII):
        unit = TargetUnit.COVERAGE_TIME if match[3] == COVERAGE else TargetUnit.WINDOW_TIME
        return ParsedTarget(unit, int(match[1]) * _SECONDS[match[2]], match[3], text)
    if match := re.fullmatch(r"([1-9]\d{0,2}) (business )?days?", text, re.ASCII):
        return ParsedTarget(TargetUnit.BUSINESS_DAYS if match[2] else TargetUnit.DAYS, int(match[1]), "", text)
    raise ValueError(
        'allowed is "4 h of WINDOW", "30 min of WINDOW", "5 business days", "2 days", "next release" or '
        '"as available"; WINDOW is a name under [windows], or coverage'
    )


def _deadline(value: object) -> Deadline:
    match = re.fullmatch(r"([1-9]\d{0,2}) (day|month)s?", value if isinstance(value, str) else "", re.ASCII)
    if match is None:
        raise ValueError('allowed is a number of calendar days or months, such as "15 days" or "3 months"')
    return Deadline(int(match[1]), in_months=match[2] == "month")


def _setoff(value: object) -> Setoff:
    if value not in list(Setoff):
        raise ValueError(f"allowed: {', '.join(Setoff)}")
    return Setoff(str(value))


def _first_period(value: object) -> FirstPeriod:
    if value not in list(FirstPeriod):
        raise ValueError(f"allowed: {', '.join(FirstPeriod)}")
    return FirstPeriod(str(value))


def _kinds(value: object) -> tuple[TargetKind, ...]:
    kinds = value if isinstance(value, list) else []
    if not kinds or any(kind not in list(TargetKind) or kinds.count(kind) > 1 for kind in kinds):
        raise ValueError(f"allowed is a list of {', '.join(TargetKind)}, each at most once")
    return tuple(TargetKind(kind) for kind in kinds)


def _conditions(value: object) -> frozenset[RefusalReason]:
    if not isinstance(value, list) or any(reason not in list(CHOOSABLE) for reason in value):
        raise ValueError(f"allowed is a list of {', '.join(reason for reason in RefusalReason if reason in CHOOSABLE)}")
    return frozenset(RefusalReason(reason) for reason in value)


def _causes(values: list[str]) -> list[str]:
    plain = [plain_cause(value) for value in values]
    if not all(plain) or len(set(plain)) != len(plain):
        raise ValueError("each cause needs a name, and each may stand here once")
    return plain


TargetText = Annotated[ParsedTarget, BeforeValidator(_target)]
DeadlineText = Annotated[Deadline, BeforeValidator(_deadline)]
SetoffChoice = Annotated[Setoff, BeforeValidator(_setoff)]
FirstPeriodChoice = Annotated[FirstPeriod, BeforeValidator(_first_period)]
TargetKinds = Annotated[tuple[TargetKind, ...], BeforeValidator(_kinds)]
Conditions = Annotated[frozenset[RefusalReason], BeforeValidator(_conditions)]
Causes = Annotated[list[str], Field(min_length=1), AfterValidator(_causes)]
Percent = Annotated[Amount, Field(le=100)]
