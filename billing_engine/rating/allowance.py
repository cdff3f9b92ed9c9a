"""The monthly allowance and what goes beyond it (R4, R5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Allowance:
    """Seconds of support included in a month, and how many of them are used. Lives within one `rate_period` call."""

    included_seconds: int | None
    """None is without limit."""
    used_seconds: int = 0
    overage_seconds: int = 0

    def left_of(self, seconds: int) -> int:
        """Tell how many of these seconds it can still give."""
        return seconds if self.included_seconds is None else min(seconds, self.included_seconds - self.used_seconds)

    def draw_down(self, seconds: int) -> int:
        """Take covered time: from the allowance while it lasts, the rest is overage. Returns what it gave."""
        drawn = self.left_of(seconds)
        self.used_seconds += drawn
        self.overage_seconds += seconds - drawn
        return drawn
