"""Weekly windows such as "working days 09:00-17:00", and the check that they neither overlap nor leave gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from billing_engine.model.calendar import DAY_KINDS, HOLIDAY
from billing_engine.model.instant import SECONDS_PER_DAY

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DAY_NAMES: Mapping[str, frozenset[int]] = {
    "every_day": frozenset(DAY_KINDS),
    "working_days": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
    "holidays": frozenset({HOLIDAY}),
    **{name: frozenset({kind}) for kind, name in enumerate(WEEKDAYS)},
}
"""What a window's `days` may say. A weekday means one that is no public holiday (T4)."""

_WORDS = {
    "every_day": "every day",
    "working_days": "on working days",
    "weekends": "at weekends",
    "holidays": "on holidays",
}


@dataclass(frozen=True, slots=True)
class Window:
    """Open from `start` to `end`, half open (T6), in seconds of the local day, on the named days."""

    days: tuple[str, ...]
    start: int
    end: int

    @property
    def day_kinds(self) -> frozenset[int]:
        return frozenset().union(*(DAY_NAMES[name] for name in self.days))

    def in_words(self) -> str:
        """Say "07-22 on working days" or "08:30-17 every day"."""
        days = " and ".join(_WORDS.get(name, f"on {name.title()}") for name in self.days)
        return f"{_short_clock(self.start)}-{_short_clock(self.end)} {days}"


def read_clock(text: str) -> int:
    """Seconds of the day at "09:00"; "24:00" is the day's end. Raises ValueError with what is allowed."""
    match = re.fullmatch(r"(\d{2}):(\d{2})", text, re.ASCII)
    seconds = int(match[1]) * 3600 + int(match[2]) * 60 if match else -1
    if match is None or int(match[2]) > 59 or seconds > SECONDS_PER_DAY:
        raise ValueError(f"{text!r} is no time of day; allowed is 00:00 to 24:00")
    return seconds


def show_clock(seconds: int) -> str:
    """Write seconds of the day as "09:00"."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def _short_clock(seconds: int) -> str:
    return show_clock(seconds).removesuffix(":00")


def find_overlaps(windows_by_name: Mapping[str, Sequence[Window]]) -> list[str]:
    """Sentences about windows that claim the same time of the same kind of day."""
    problems = []
    for kind in DAY_KINDS:
        ordered = _windows_of_day(windows_by_name, kind)
        for (_, end, name), (other_start, other_end, other) in pairwise(ordered):
            if other_start < end:
                overlap = f"{show_clock(other_start)}-{show_clock(min(end, other_end))}"
                problems.append((kind, f"{name} and {other} overlap at {overlap}"))
    return _by_day(problems)


def find_overlaps_among(windows: Sequence[Window]) -> list[str]:
    """Sentences about windows of one list, named by their place in it."""
    return find_overlaps({f"window {number}": [window] for number, window in enumerate(windows, 1)})


def find_gaps(windows_by_name: Mapping[str, Sequence[Window]]) -> list[str]:
    """Sentences about times of day that no window covers."""
    problems = []
    for kind in DAY_KINDS:
        at = 0
        for start, end, _ in [*_windows_of_day(windows_by_name, kind), (SECONDS_PER_DAY, SECONDS_PER_DAY, "")]:
            if start > at:
                problems.append((kind, f"nothing covers {show_clock(at)}-{show_clock(start)}"))
            at = max(at, end)
    return _by_day(problems)


def _windows_of_day(windows_by_name: Mapping[str, Sequence[Window]], kind: int) -> list[tuple[int, int, str]]:
    named = ((window, name) for name, windows in windows_by_name.items() for window in windows)
    return sorted((window.start, window.end, name) for window, name in named if kind in window.day_kinds)


def _by_day(problems: Iterable[tuple[int, str]]) -> list[str]:
    """Say each problem once, with all the days on which it occurs."""
    days: dict[str, list[str]] = {}
    for kind, problem in problems:
        days.setdefault(problem, []).append("holidays" if kind == HOLIDAY else WEEKDAYS[kind])
    return [f"{problem} on {', '.join(names)}" for problem, names in days.items()]
