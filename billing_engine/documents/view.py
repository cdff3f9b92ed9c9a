"""Print-ready text: what stands on a document's pages, every figure formatted. Nothing here is left to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it says, such as "Due" and a date."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PartyView:
    """Seller or customer."""

    name: str
    address: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of the invoice; `unit` and `per` are empty for pieces."""

    title: str
    detail: str
    quantity: str
    unit: str
    rate: str
    per: str
    amount: str


@dataclass(frozen=True, slots=True)
class LineGroupView:
    """Neighbouring lines of one contract; no heading where all lines have the same."""

    heading: str
    lines: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class SetoffView:
    """A credit that lowers the invoice; `amount` has its minus."""

    title: str
    reference: str
    amount: str


@dataclass(frozen=True, slots=True)
class UseView:
    """How much of a contract's included time was used."""

    heading: str
    summary: str
    overage: str
    """Empty when nothing went beyond."""
    bar_percent: str
    """Whole percent of the bar to fill, "0" to "100"; empty when no time is included, or any amount of it."""


@dataclass(frozen=True, slots=True)
class EntryView:
    """One time entry of the annex."""

    day: str
    span: str
    ticket: str
    tags: str
    worked: str
    billed: str
    amount: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnnexGroupView:
    """The time entries of one contract."""

    heading: str
    note: str
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """Everything on the pages, in the order of reading."""

    language: str
    labels: Mapping[str, str]
    title: str
    number: str
    created: str
    """Day of issue in ISO 8601, for the PDF's own dates."""
    brand: str
    """The seller's name, short enough to stand beside other text."""
    seller: PartyView
    buyer: PartyView
    details: tuple[Fact, ...]
    amount_due: str
    due_note: str
    amount_heading: str
    line_groups: tuple[LineGroupView, ...]
    reductions: tuple[SetoffView, ...]
    """Credits before tax: they go on from the lines."""
    uses: tuple[UseView, ...]
    sums: tuple[Fact, ...]
    total: Fact
    setoffs: tuple[SetoffView, ...]
    """Credits after tax: they lead from the total to the amount due."""
    tax_note: str
    payment: tuple[Fact, ...]
    """Empty when there is nothing to pay."""
    annex_title: str
    annex_note: str
    annex: tuple[AnnexGroupView, ...]


@dataclass(frozen=True, slots=True)
class CreditedLineView:
    """What is taken back of one line of the invoice."""

    position: str
    """Of the invoice's line."""
    title: str
    detail: str
    amount: str


@dataclass(frozen=True, slots=True)
class CreditNoteView:
    """Everything on the pages of a credit note, in the order of reading."""

    language: str
    labels: Mapping[str, str]
    title: str
    number: str
    created: str
    """Day of issue in ISO 8601, for the PDF's own dates."""
    brand: str
    seller: PartyView
    buyer: PartyView
    details: tuple[Fact, ...]
    credited: str
    reason: str
    amount_heading: str
    lines: tuple[CreditedLineView, ...]
    reductions: tuple[SetoffView, ...]
    """Given back to credits that were set off before tax."""
    sums: tuple[Fact, ...]
    total: Fact
    reversals: tuple[SetoffView, ...]
    """Of the total, given back to credits that had paid a part of the invoice."""
    tax_note: str


@dataclass(frozen=True, slots=True)
class FigureView:
    """A headline figure; `state` is "missed" where it is bad news, else empty."""

    label: str
    value: str
    note: str
    state: str


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

    language: str
    labels: Mapping[str, str]
    title: str
    month: str
    created: str
    """Day on which this was known, in ISO 8601, for the PDF's own dates."""
    brand: str
    """Empty when nobody is named as the sender."""
    sender: PartyView | None
    customer: PartyView
    details: tuple[Fact, ...]
    figures: tuple[FigureView, ...]
    termination: str
    target_groups: tuple[TargetGroupView, ...]
    cases: tuple[CaseView, ...]
    cases_note: str
    uptimes: tuple[UptimeView, ...]
    claims: tuple[ClaimView, ...]
    credits: tuple[CreditView, ...]
