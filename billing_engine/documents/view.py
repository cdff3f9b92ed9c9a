"""Print-ready text: what stands on an invoice's pages, every figure formatted. Nothing here is left to compute."""

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
class UseView:
    """How much of a contract's included time was used."""

    heading: str
    summary: str
    overage: str
    """Empty when nothing went beyond."""
    bar_percent: str
    """Whole percent of the bar to fill, "0" to "100"; empty when no time is included."""


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
    uses: tuple[UseView, ...]
    sums: tuple[Fact, ...]
    total: Fact
    tax_note: str
    payment: tuple[Fact, ...]
    """Empty when there is nothing to pay."""
    annex_title: str
    annex_note: str
    annex: tuple[AnnexGroupView, ...]
