"""Print-ready text of an SLA report: every figure formatted, as in the views of other documents."""

from __future__ import annotations

from dataclasses import dataclass

from billing_engine.documents.view import Fact, FigureView, PageView, PartyView


@dataclass(frozen=True, slots=True)
class TargetView:
    """How one target of one severity was kept. The bar's parts lie on each other: met on missed on running."""

    severity: str
    kind: str
    text: str
    met: str
    missed: str
    running: str
    bar_percent: str
    """Whole percent of the column, so that the longest bar is the target with most tickets."""
    ended_percent: str
    """Whole percent of the bar that is met or missed; the rest still runs."""
    met_percent: str
    """Whole percent of the ended part that is met."""


@dataclass(frozen=True, slots=True)
class TargetGroupView:
    """The targets of one price list."""

    heading: str
    targets: tuple[TargetView, ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A target that was not kept."""

    ticket: str
    severity: str
    kind: str
    text: str
    opened: str
    due: str
    happened: str
    elapsed: str


@dataclass(frozen=True, slots=True)
class UptimeView:
    """A contract's month of uptime; `state` is "missed" when it is below the guarantee, else empty."""

    contract: str
    package: str
    full: str
    counted: str
    excluded: str
    uptime: str
    guaranteed: str
    result: str
    state: str


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim and what became of it; `amount` is empty unless it was accepted."""

    title: str
    received: str
    reasons: str
    decision: str
    amount: str


@dataclass(frozen=True, slots=True)
class CreditView:
    """A credit and what is left of it."""

    title: str
    detail: str
    granted: str
    left: str


@dataclass(frozen=True, slots=True)
class SlaReportView:
    """Everything on the pages of an SLA report, in the order of reading; an empty part is left out or has a note."""

    page: PageView
    month: str
    sender: PartyView | None
    """None where nobody is named."""
    customer: PartyView
    details: tuple[Fact, ...]
    figures: tuple[FigureView, ...]
    termination: str
    target_groups: tuple[TargetGroupView, ...]
    cases: tuple[CaseView, ...]
    uptimes: tuple[UptimeView, ...]
    claims: tuple[ClaimView, ...]
    credits: tuple[CreditView, ...]
