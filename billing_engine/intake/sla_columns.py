"""Columns of the input files about service levels and payments."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator

from billing_engine.intake.columns import Day, Identifier, Moment, Number
from billing_engine.intake.csv_rows import Row
from billing_engine.model.claim import ClaimKind
from billing_engine.model.period import Month

_YES, _NO = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}


def _yes_or_no(text: Any) -> bool:
    if text.casefold() not in _YES | _NO:
        raise ValueError("allowed is true or false")
    return text.casefold() in _YES


def _kind(text: Any) -> ClaimKind:
    if text not in list(ClaimKind):
        raise ValueError(f"allowed: {', '.join(ClaimKind)}")
    return ClaimKind(text)


def _month(text: Any) -> date:
    """Read "2026-10" as its first day."""
    try:
        return Month.parse(text).first_day
    except ValueError:
        raise ValueError("allowed is a month such as 2026-10") from None


def _several(text: Any) -> tuple[str, ...]:
    """Read ids that are separated by semicolons, commas or bars."""
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[;,|]", text) if part.strip()))


def _above_zero(number: Any) -> Any:
    if not number.strip("0."):
        raise ValueError("allowed is an amount above 0")
    return number


Several = Annotated[tuple[str, ...], BeforeValidator(_several)]


class TicketRow(Row):
    ticket: Identifier
    customer: Identifier
    severity: str
    channel: str = ""
    opened_at: Moment
    first_response_at: Moment | None = None
    workaround_at: Moment | None = None
    resolved_at: Moment | None = None
    contracts: Several = ()
    duplicate_of: Identifier = ""
    priority_confirmed: Annotated[bool, BeforeValidator(_yes_or_no)] = True


class PauseRow(Row):
    ticket: Identifier
    paused_at: Moment
    resumed_at: Moment | None = None


class OutageRow(Row):
    outage: Identifier
    customer: Identifier = ""
    started_at: Moment
    ended_at: Moment | None = None
    cause: str = ""
    notified_at: Moment | None = None


class ClaimRow(Row):
    claim: Identifier
    customer: Identifier
    kind: Annotated[ClaimKind, BeforeValidator(_kind)]
    period: Annotated[date | None, BeforeValidator(_month)] = None
    ticket: Identifier = ""
    breach_on: Day | None = None
    submitted_at: Moment


class PaymentRow(Row):
    payment: Identifier
    invoice: Identifier
    paid_on: Day
    amount: Annotated[Number, BeforeValidator(_above_zero)]
