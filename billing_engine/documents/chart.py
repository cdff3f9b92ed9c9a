"""The chart of a month's hours: a bar per week, by what the time counts as, against the pace of the allowance."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from markupsafe import Markup, escape

from billing_engine.documents import formats
from billing_engine.documents.language import Words
from billing_engine.documents.parties import CODE_LIMIT
from billing_engine.documents.printable import one_line
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.period import Month

_ALLOWANCE, _OVERAGE = "allowance", "overage"
_BRAND = "#1f4d5c"
"""Of what the allowance covers, unless the seller has a colour; the style sheet has the same."""
_BEYOND = "#c2691a"
_TARIFF_COLOURS = ("#7fa8b5", "#d9b44a", "#a9c3a0", "#c9b8d6")
"""Each lighter than what stands before it, so that they differ on grey paper, too."""
_INK, _QUIET = "#1a2227", "#5f6b72"
_FONT = "Billing Inter, Noto Sans, DejaVu Sans, sans-serif"

_WIDTH, _LABEL, _VALUE = 480, 96, 52
"""Of the whole, of the days before the bars, and of the hours behind them; a unit is the same in all places."""
_ROW, _BAR, _LEGEND = 19, 11, 16
_LETTER = 5.9
"""Of text this wide; letters differ, but nothing has to fit exactly."""
_KIND_LIMIT = 44
_OTHER = "other"
_TARIFFS_SHOWN = 3
"""More tariffs than that are added up."""


@dataclass(frozen=True, slots=True)
class _Week:
    first: date
    last: date
    seconds: dict[str, int]
    pace: int
    """Seconds of the allowance, if it were used evenly; 0 where there is none."""

    @property
    def total(self) -> int:
        return sum(self.seconds.values())

    def folded(self, known: Collection[str]) -> _Week:
        """Add up the kinds that have no place of their own."""
        shown = {kind: seconds for kind, seconds in self.seconds.items() if kind in known and kind != _OTHER}
        rest = self.total - sum(shown.values())
        return replace(self, seconds={**shown, _OTHER: rest} if rest else shown)


def hours_chart(draft: InvoiceDraft, words: Words, brand_colour: str = "") -> str:
    """Draw the hours of the month as an SVG element; empty where a chart says no more than words.

    It says more when there were hours in two weeks at least, or when some were beyond the allowance or had a tariff.
    Entries of other months, and of invoices that did not part their time yet, are not in it.
    """
    weeks = _weeks(draft)
    kinds = _kinds(weeks)
    if not set(kinds) - {_ALLOWANCE} and sum(week.total > 0 for week in weeks) < 2:
        return ""
    colours = {kind: colour for kind, colour in _colours(kinds, brand_colour) if kind in kinds}
    weeks = [week.folded(colours) for week in weeks]
    title = words.say(
        "Hours by week of {month}: {weeks}",
        month=formats.month_text(draft.period, words.locale),
        weeks="; ".join(f"{_days(week, words)}: {hours_and_minutes(week.total)}" for week in weeks),
    )
    longest = max(max(week.total, week.pace) for week in weeks)
    parts, top = _legend(weeks, colours, words)
    for week in weeks:
        parts += _row(top, week, longest, colours, words)
        top += _ROW
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="hours" role="img" viewBox="0 0 {width} {height}" '
        'font-family="{font}" font-size="10"><title>{title}</title>{parts}</svg>'
    ).format(width=_WIDTH, height=top + 2, font=_FONT, title=title, parts=Markup("").join(parts))


def _weeks(draft: InvoiceDraft) -> list[_Week]:
    """Part the month into its ISO weeks; the first and the last may be short."""
    allowance = _allowance(draft)
    period = draft.period
    days = (period.last_day - period.first_day).days + 1
    weeks: list[_Week] = []
    first = period.first_day
    while first <= period.last_day:
        last = min(first + timedelta(days=6 - first.weekday()), period.last_day)
        weeks.append(_Week(first, last, {}, allowance * ((last - first).days + 1) // days))
        first = last + timedelta(days=1)
    for entry in draft.entries:
        started_on = datetime.fromisoformat(entry.started_at).date()
        if Month.of(started_on) == period:
            seconds = next(week for week in weeks if started_on <= week.last).seconds
            for kind, billed in entry.parts:
                if billed > 0:
                    seconds[kind] = seconds.get(kind, 0) + billed
    return weeks


def _allowance(draft: InvoiceDraft) -> int:
    """Add up what is included in the month; 0 where any of it has no limit, for then there is no pace."""
    own = [use.included_seconds for use in draft.uses if not use.is_late(draft.period) and not use.is_for_fees_alone]
    return sum(seconds or 0 for seconds in own) if None not in own else 0


def _kinds(weeks: Iterable[_Week]) -> list[str]:
    """Order what there is: from the allowance, beyond it, then tariffs, the most hours first; many are other ones."""
    totals: dict[str, int] = {}
    for week in weeks:
        for kind, seconds in week.seconds.items():
            totals[kind] = totals.get(kind, 0) + seconds
    known = [kind for kind in (_ALLOWANCE, _OVERAGE) if kind in totals]
    tariffs = sorted(totals.keys() - {*known, _OTHER}, key=lambda kind: (-totals[kind], kind))
    rest = [_OTHER] if len(tariffs) > _TARIFFS_SHOWN or _OTHER in totals else []
    return [*known, *tariffs[:_TARIFFS_SHOWN], *rest]


def _colours(kinds: list[str], brand_colour: str) -> Iterator[tuple[str, str]]:
    yield _ALLOWANCE, brand_colour or _BRAND
    yield _OVERAGE, _BEYOND
    yield from zip((kind for kind in kinds if kind not in {_ALLOWANCE, _OVERAGE}), _TARIFF_COLOURS, strict=False)


def _legend(weeks: list[_Week], colours: dict[str, str], words: Words) -> tuple[list[Markup], int]:
    """Name the kinds above the bars, each with its colour and its hours; also tells how high that is."""
    said = [
        (colour, f"{_named(kind, words)} {hours_and_minutes(sum(week.seconds.get(kind, 0) for week in weeks))}")
        for kind, colour in colours.items()
    ]
    if any(week.pace for week in weeks):
        said.append(("", words.say("even use of the allowance")))
    parts: list[Markup] = []
    x, y = 0.0, 0.0
    for colour, text in said:
        width = 12 + _LETTER * len(text)
        if x and x + width > _WIDTH:
            x, y = 0.0, y + _LEGEND
        sign = _square(x, y + 3, colour) if colour else _tick(x + 4, y + 2, y + 12)
        parts += [sign, _text(x + 12, y + 10.5, text, _INK if colour else _QUIET)]
        x += width + 14
    return parts, int(y) + _LEGEND + 8


def _named(kind: str, words: Words) -> str:
    match kind:
        case "allowance":
            return words.say("From the allowance")
        case "overage":
            return words.say("Beyond it")
        case "development":
            return words.say("Development")
        case "other":
            return words.say("Other")
        case "analysis":
            return words.say("Change request analysis")
        case _:
            name = words.name(one_line(kind, CODE_LIMIT).replace("_", " "))
            return one_line(name[:1].upper() + name[1:], _KIND_LIMIT)


def _row(top: int, week: _Week, longest: int, colours: dict[str, str], words: Words) -> list[Markup]:
    middle = top + _ROW / 2 + 3.5
    room = _WIDTH - _LABEL - _VALUE
    parts = [_text(0, middle, _days(week, words), _QUIET)]
    x = float(_LABEL)
    for kind, colour in colours.items():
        if seconds := week.seconds.get(kind, 0):
            width = room * seconds / longest
            parts.append(_bar(x, top + (_ROW - _BAR) / 2, width, colour))
            x += width
    if week.total:
        parts.append(
            _text(max(x, _LABEL + room * week.pace / longest) + 5, middle, hours_and_minutes(week.total), _INK)
        )
    if week.pace:
        parts.append(_tick(_LABEL + room * week.pace / longest, top + 1, top + _ROW - 1))
    return parts


def _bar(x: float, y: float, width: float, colour: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
        f"{x:.1f}", f"{y:.1f}", f"{width:.1f}", _BAR, colour
    )


def _square(x: float, y: float, colour: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="8" height="8" fill="{}"/>').format(f"{x:.1f}", f"{y:.1f}", colour)


def _tick(x: float, top: float, bottom: float) -> Markup:
    """Draw a mark that is seen on a bar as well as beside it."""
    return Markup(
        '<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="#ffffff" stroke-width="3"/>'
        '<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" stroke-width="1.2"/>'
    ).format(f"{x:.1f}", f"{top:.1f}", f"{bottom:.1f}", _INK)


def _text(x: float, y: float, text: str, colour: str) -> Markup:
    return Markup('<text x="{}" y="{}" fill="{}">{}</text>').format(f"{x:.1f}", f"{y:.1f}", colour, escape(text))


def _days(week: _Week, words: Words) -> str:
    return formats.short_day_span_text(week.first, week.last, words.locale)
