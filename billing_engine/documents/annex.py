"""The annex: each time entry with its reason, by ticket; where there are too many, sums here and the list as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from billing_engine.documents import formats
from billing_engine.documents.annex_view import AnnexGroupView, AnnexView, EntryView, SummaryRowView, TicketView
from billing_engine.documents.language import Words
from billing_engine.documents.parties import CODE_LIMIT
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.usage import contract_heading, contract_headings
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import ContractUse, Invoice, InvoiceDraft, InvoiceEntry
from billing_engine.model.money import ZERO

ROWS_SHOWN = 500
"""More entries than that are summed up, and more sums by ticket than that by week."""

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a cell for a formula."""


def annex_view(draft: InvoiceDraft, words: Words) -> AnnexView | None:
    """List or sum up the entries by contract: in the order of `uses`, then contracts that are not among them."""
    if not draft.entries:
        return None
    uses = {use.contract: use for use in reversed(draft.uses)}  # the month's own stands before those of late work
    headings = contract_headings(draft, words)
    summed = len(draft.entries) > ROWS_SHOWN
    by_week = summed and len({(entry.contract, entry.ticket) for entry in draft.entries}) > ROWS_SHOWN
    summary = _weeks if by_week else _tickets_summed
    return AnnexView(
        note=_note(draft, words),
        attached=_attached(len(draft.entries), words) if summed else "",
        by_week=by_week,
        groups=tuple(
            AnnexGroupView(
                heading=headings.get(contract) or contract_heading(contract, words),
                note=_contract_note(uses.get(contract), words),
                tickets=() if summed else _tickets(entries, draft.currency, words),
                summary=summary(entries, draft.currency, words) if summed else (),
            )
            for contract, entries in _by_contract(draft).items()
        ),
    )


def annex_csv(invoice: Invoice, words: Words) -> bytes | None:
    """Write all entries as CSV for a spreadsheet; None when the annex itself has room for them.

    UTF-8 with a byte order mark, and a semicolon where the language writes decimals with a comma.
    """
    draft = invoice.draft
    if len(draft.entries) <= ROWS_SHOWN:
        return None
    decimal_point = words.locale.number_symbols["latn"]["decimal"]
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";" if decimal_point == "," else ",")
    writer.writerow(_csv_head(draft.currency, words))
    for entries in _by_contract(draft).values():
        for entry in entries:
            amount = f"{entry.amount:f}".replace(".", decimal_point)
            writer.writerow([*_csv_texts(entry, words), amount, _cell(_reason(entry, words).replace("\n", "; "))])
    return file.getvalue().encode("utf-8-sig")


def _csv_head(currency: str, words: Words) -> list[str]:
    return [
        words.say("Contract"),
        words.say("Ticket"),
        words.say("Severity"),
        words.say("Kind of work"),
        words.say("From"),
        words.say("To"),
        words.say("Worked"),
        words.say("Billed"),
        words.say("Amount ({currency})", currency=currency),
        words.say("Reason"),
    ]


def _csv_texts(entry: InvoiceEntry, words: Words) -> list[str]:
    start, end = datetime.fromisoformat(entry.started_at), datetime.fromisoformat(entry.ended_at)
    changed = start.utcoffset() != end.utcoffset()
    foreign = (entry.contract, entry.ticket, entry.severity, words.activity(entry.activity))
    return [
        *(_cell(one_line(text)) for text in foreign),
        *(_moment(moment, with_offset=changed) for moment in (start, end)),
        hours_and_minutes(entry.worked_seconds),
        hours_and_minutes(entry.billed_seconds),
    ]


def _moment(moment: datetime, *, with_offset: bool) -> str:
    naive = moment.replace(tzinfo=None).isoformat(" ", "seconds" if moment.second else "minutes")
    return f"{naive} {moment:%z}" if with_offset else naive


def _cell(text: str) -> str:
    """Keep a text a text: a quote before it stops a spreadsheet from computing it."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def _by_contract(draft: InvoiceDraft) -> dict[str, list[InvoiceEntry]]:
    by_contract: dict[str, list[InvoiceEntry]] = {use.contract: [] for use in draft.uses}
    for entry in draft.entries:
        by_contract.setdefault(entry.contract, []).append(entry)
    return {contract: entries for contract, entries in by_contract.items() if entries}


def _note(draft: InvoiceDraft, words: Words) -> str:
    note = words.say(
        "Worked and billed time in hours and minutes. "
        "Time beyond the allowance is priced once for the month, so its entries show 0 here."
    )
    holidays = one_line(draft.holiday_source)
    return f"{note} {words.say('Public-holiday calendar: {source}.', source=holidays)}" if holidays else note


def _attached(count: int, words: Words) -> str:
    return words.count(
        "The full list of {count} time entry, with its reason, is attached to this file as CSV.",
        "The full list of {count} time entries, each with its reason, is attached to this file as CSV.",
        count,
    )


def _contract_note(use: ContractUse | None, words: Words) -> str:
    if use is None:
        return ""
    return words.say(
        "price list {version}, times in {time_zone}",
        version=one_line(use.price_list_version, CODE_LIMIT),
        time_zone=one_line(use.time_zone, CODE_LIMIT),
    )


def _tickets(entries: list[InvoiceEntry], currency: str, words: Words) -> tuple[TicketView, ...]:
    return tuple(_ticket(ticket, members, currency, words) for ticket, members in _grouped(entries, _ticket_of).items())


def _ticket(ticket: str, entries: list[InvoiceEntry], currency: str, words: Words) -> TicketView:
    """Head the entries of a ticket with its sum."""
    tags = {_tags(entry, words) for entry in entries}
    return TicketView(
        ticket=one_line(ticket, CODE_LIMIT) or words.say("No ticket"),
        tags=next(iter(tags)) if len(tags) == 1 else "",
        count=words.count("{count} entry", "{count} entries", len(entries)),
        worked=hours_and_minutes(sum(entry.worked_seconds for entry in entries)),
        billed=hours_and_minutes(sum(entry.billed_seconds for entry in entries)),
        amount=formats.amount_text(sum((entry.amount for entry in entries), ZERO), currency, words.locale),
        entries=tuple(
            _entry(entry, _tags(entry, words) if len(tags) > 1 else "", currency, words) for entry in entries
        ),
    )


def _entry(entry: InvoiceEntry, tags: str, currency: str, words: Words) -> EntryView:
    started_at, ended_at = datetime.fromisoformat(entry.started_at), datetime.fromisoformat(entry.ended_at)
    return EntryView(
        day=formats.weekday_text(started_at, words.locale),
        span=formats.clock_span_text(started_at, ended_at, words.locale),
        tags=tags,
        worked=hours_and_minutes(entry.worked_seconds),
        billed=hours_and_minutes(entry.billed_seconds),
        amount=formats.amount_text(entry.amount, currency, words.locale),
        reason=_reason(entry, words),
    )


def _tags(entry: InvoiceEntry, words: Words) -> str:
    tags = (one_line(entry.severity, CODE_LIMIT), one_line(words.activity(entry.activity), CODE_LIMIT))
    return " · ".join(tag for tag in tags if tag)


def _reason(entry: InvoiceEntry, words: Words) -> str:
    lines = paragraph(entry.reason).split("\n")
    # A line can not break within one sign.
    return "\n".join(words.phrase(line) for line in lines).replace(" -> ", " \u2192 ")


def _tickets_summed(entries: list[InvoiceEntry], currency: str, words: Words) -> tuple[SummaryRowView, ...]:
    return _summed(
        _grouped(entries, _ticket_of),
        lambda ticket: one_line(ticket, CODE_LIMIT) or words.say("No ticket"),
        currency,
        words,
    )


def _weeks(entries: list[InvoiceEntry], currency: str, words: Words) -> tuple[SummaryRowView, ...]:
    return _summed(
        dict(sorted(_grouped(entries, _week_of).items())),
        lambda week: words.say("Week {week}", week=week.rpartition("-")[2].lstrip("0")),
        currency,
        words,
    )


def _summed(
    groups: Mapping[str, list[InvoiceEntry]], name: Callable[[str], str], currency: str, words: Words
) -> tuple[SummaryRowView, ...]:
    return tuple(
        SummaryRowView(
            name=name(key),
            days=_days(entries, words),
            count=formats.count_text(len(entries), words.locale),
            worked=hours_and_minutes(sum(entry.worked_seconds for entry in entries)),
            billed=hours_and_minutes(sum(entry.billed_seconds for entry in entries)),
            amount=formats.amount_text(sum((entry.amount for entry in entries), ZERO), currency, words.locale),
        )
        for key, entries in groups.items()
    )


def _days(entries: Iterable[InvoiceEntry], words: Words) -> str:
    starts = [datetime.fromisoformat(entry.started_at).date() for entry in entries]
    return formats.day_span_text(min(starts), max(starts), words.locale)


def _grouped(entries: Iterable[InvoiceEntry], key: Callable[[InvoiceEntry], str]) -> dict[str, list[InvoiceEntry]]:
    groups: dict[str, list[InvoiceEntry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


def _ticket_of(entry: InvoiceEntry) -> str:
    return entry.ticket


def _week_of(entry: InvoiceEntry) -> str:
    year, week, _ = datetime.fromisoformat(entry.started_at).isocalendar()
    return f"{year}-{week:02d}"
