"""Print-ready text of the annex: time entries by ticket, or their sums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EntryView:
    """One time entry of the annex."""

    day: str
    span: str
    tags: str
    """Severity and kind of work; empty where the ticket says them for all its entries."""
    worked: str
    billed: str
    amount: str
    reason: str


@dataclass(frozen=True, slots=True)
class TicketView:
    """The entries of one ticket, below their sum."""

    ticket: str
    tags: str
    """Severity and kind of work, where all entries have the same."""
    count: str
    worked: str
    billed: str
    amount: str
    entries: tuple[EntryView, ...]
    """One alone needs no sum above it."""


@dataclass(frozen=True, slots=True)
class SummaryRowView:
    """The entries of one ticket, or one week, in a row."""

    name: str
    days: str
    count: str
    worked: str
    billed: str
    amount: str


@dataclass(frozen=True, slots=True)
class AnnexGroupView:
    """The time entries of one contract: by ticket, or summed up where there are too many."""

    heading: str
    note: str
    tickets: tuple[TicketView, ...]
    summary: tuple[SummaryRowView, ...]


@dataclass(frozen=True, slots=True)
class AnnexView:
    """All time entries of a document."""

    note: str
    attached: str
    """Where the whole list is, if it is not here."""
    by_week: bool
    """Whether the rows of the summary are weeks."""
    groups: tuple[AnnexGroupView, ...]
