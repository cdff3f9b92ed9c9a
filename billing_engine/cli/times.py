"""What day and what time it is, as the command line is told, else as the clock says; nobody else asks the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from billing_engine.model.instant import Instant, instant_of, local_date

AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="What time it is, such as 2026-11-02 (from 00:00 UTC) or 2026-11-02T09:00+01:00. (default: now)",
        metavar="TIME",
        show_default=False,
    ),
]
OnOption = Annotated[
    str | None,
    typer.Option("--on", help="Day of booking. (default: today)", metavar="YYYY-MM-DD", show_default=False),
]


TodayOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", help="Day that decides what is overdue. (default: today)", metavar="YYYY-MM-DD", show_default=False
    ),
]


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def read_as_of(text: str | None) -> Instant:
    """Read `--as-of`; a day alone, or a time without offset, is meant in UTC."""
    if text is None:
        return instant_of(datetime.now(UTC))
    try:
        moment = datetime.fromisoformat(text)
        _check_year(moment.year)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it as 2026-11-02T09:00+01:00") from None
    return instant_of(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def read_booking_day(on: str | None, as_of: str | None) -> date:
    """Read `--on`; without it the booking is of the day that `--as-of` names, else of today."""
    return local_date(read_as_of(as_of), UTC) if on is None and as_of is not None else read_day(on)


def read_day(text: str | None) -> date:
    """Read a day; without one it is today."""
    try:
        day = date.today() if text is None else date.fromisoformat(text)  # noqa: DTZ011 - the day on the clerk's wall
        _check_year(day.year)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write it as 2026-11-02") from None
    return day


def _check_year(year: int) -> None:
    """Allow the years that files may have."""
    if year not in range(1970, 2200):
        raise ValueError
