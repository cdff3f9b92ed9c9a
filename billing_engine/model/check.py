"""Checks: what must hold of a whole database, and where it does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

MOST_FINDINGS_KEPT = 1_000
"""Of one check; the rest is counted only, so that a ruined table does not fill the memory."""


class Finding(NamedTuple):
    """A place where something does not hold."""

    where: str
    """Such as "invoice 2026-000007, line 2"."""
    what: str
    """What is there."""
    expected: str
    """What must be there."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check that was made."""

    name: str
    """Such as "numbers.sequence"."""
    rule: str
    """A sentence: what must hold."""
    looked_at: int
    """How many things."""
    findings: tuple[Finding, ...] = ()
    """The first of them."""
    found: int = 0
    """How many findings there are in all."""

    @property
    def passed(self) -> bool:
        return not self.found


def make_check(name: str, rule: str, looked_at: int, findings: Iterable[Finding]) -> Check:
    """Make a check of what it finds, and keep the first findings."""
    rest = iter(findings)
    kept = tuple(islice(rest, MOST_FINDINGS_KEPT))
    return Check(name, rule, looked_at, kept, len(kept) + sum(1 for _ in rest))
