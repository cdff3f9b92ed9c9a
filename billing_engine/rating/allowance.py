"""The monthly allowance and what goes beyond it (R4, R5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Allowance:
    """Seconds of support included in a month, and how many of them are used. Lives within one `rate_period` call."""

    included_seconds: int
    used_seconds: int = 0
    overage_seconds: int = 0

    @property
    def left_seconds(self) -> int:
        return self.included_seconds - self.used_seconds

    def draw_down(self, seconds: int) -> int:
        """Take covered time: from the allowance while it lasts, the rest is overage. Returns what it gave."""
        drawn = min(seconds, self.included_seconds - self.used_seconds)
        self.used_seconds += drawn
        self.overage_seconds += seconds - drawn
        return drawn
