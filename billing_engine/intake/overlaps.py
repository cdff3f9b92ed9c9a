"""Work sessions of one engineer that overlap: seldom right, so worth a warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from billing_engine.model.instant import Instant

Session = tuple[str, Instant, Instant, str, int]
"""Engineer, start, end, entry id, line."""


def find_overlaps(sessions: Iterable[Session]) -> Iterator[tuple[int, str, str]]:
    """Yield line, column and reason of each session that begins while an earlier one of the engineer still runs."""
    last: Session | None = None
    for session in sorted(sessions):
        engineer, start, end, entry, line = session
        if last is None or engineer != last[0]:
            last = session
            continue
        if start < last[2]:
            yield line, "engineer", f"{engineer} was at work on {entry} and {last[3]} (line {last[4]}) at the same time"
        if end > last[2]:
            last = session
