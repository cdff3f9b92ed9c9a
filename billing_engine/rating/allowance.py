"""The monthly allowance, what rolled over into it, and what goes beyond both (R4, R5, R10)."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing_engine.model.history import Lot
from billing_engine.model.period import Month


@dataclass(slots=True)
class Allowance:
    """Seconds of support that a month still has, and how many of them are used. Lives within one `rate_period` call."""

    own_seconds: int | None
    """Left of the month's own allowance; None is without limit."""
    carried: tuple[Lot, ...] = ()
    """Left of earlier months', oldest first; used before the month's own."""
    own_used_seconds: int = 0
    overage_seconds: int = 0
    carried_used: list[Lot] = field(default_factory=list)

    @property
    def used_seconds(self) -> int:
        return self.own_used_seconds + sum(lot.seconds for lot in self.carried_used)

    def left_of(self, seconds: int) -> int:
        """Tell how many of these seconds it can still give."""
        if self.own_seconds is None:
            return seconds
        return min(seconds, self.own_seconds - self.own_used_seconds + sum(lot.seconds for lot in self.carried))

    def draw_down(self, seconds: int) -> int:
        """Take covered time from the month's own allowance; what does not fit is overage. Returns what it gave."""
        own = seconds if self.own_seconds is None else min(seconds, self.own_seconds - self.own_used_seconds)
        self.own_used_seconds += own
        self.overage_seconds += seconds - own
        return own

    def draw_carried(self, seconds: int) -> tuple[Lot, ...]:
        """Take covered time from earlier months' allowances while they last. Returns what each gave."""
        drawn, left = [], []
        for lot in self.carried:
            taken = min(seconds, lot.seconds)
            seconds -= taken
            if taken:
                drawn.append(Lot(lot.month, taken))
            if taken < lot.seconds:
                left.append(Lot(lot.month, lot.seconds - taken))
        self.carried = tuple(left)
        self.carried_used += drawn
        return tuple(drawn)

    def drawn(self, month: Month) -> tuple[Lot, ...]:
        """Add up which month's allowance gave what, oldest first; nothing where there is no limit."""
        if self.own_seconds is None:
            return ()
        by_month: dict[Month, int] = {}
        for lot in [*self.carried_used, Lot(month, self.own_used_seconds)]:
            by_month[lot.month] = by_month.get(lot.month, 0) + lot.seconds
        return tuple(Lot(*item) for item in by_month.items() if item[1])
