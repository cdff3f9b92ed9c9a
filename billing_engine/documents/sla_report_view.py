"""From an SLA report to what it prints: figures formatted, foreign texts made harmless."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from billing_engine.documents import formats
from billing_engine.documents.frame import page_view
from billing_engine.documents.language import Words
from billing_engine.documents.parties import BRAND_LIMIT, CODE_LIMIT, buyer_view, sender_view
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.sla_view import (
    CaseView,
    ClaimView,
    CreditView,
    SlaReportView,
    TargetGroupView,
    TargetView,
    UptimeView,
)
from billing_engine.documents.view import Fact, FigureView
from billing_engine.model.claim import Claim, ClaimKind, Decision
from billing_engine.model.credit import Credit
from billing_engine.model.instant import hours_and_minutes, local_datetime
from billing_engine.model.invoice import Seller
from billing_engine.model.settings import DocumentTerms
from billing_engine.model.sla import Availability
from billing_engine.model.sla_report import BreachCase, ClaimStanding, SlaReport, TargetSummary
from billing_engine.model.ticket import TargetKind

_MISSED = "missed"
"""The state of what is bad news; the style sheet knows it."""


def sla_report_view(report: SlaReport, seller: Seller | None, words: Words, terms: DocumentTerms) -> SlaReportView:
    """Turn a report into the text of its pages."""
    month = formats.month_text(report.month, words.locale)
    as_of = datetime.fromisoformat(report.as_of)
    customer = one_line(report.customer.name, BRAND_LIMIT)
    title = words.say("Service levels of {month}, {customer}", month=month, customer=customer)
    return SlaReportView(
        page=page_view(title, as_of.date(), seller, words, terms),
        month=month,
        sender=sender_view(seller, words) if seller else None,
        customer=buyer_view(report.customer, words),
        details=_details(report, as_of, words),
        figures=tuple(_figures(report, words)),
        termination=words.phrase(paragraph(report.termination)),
        target_groups=_target_groups(report.targets, words),
        cases=tuple(_case(case, words) for case in report.worst),
        uptimes=tuple(_uptime(availability, words) for availability in report.availability),
        claims=tuple(_claim(standing, as_of, words) for standing in report.claims),
        credits=tuple(_credit(credit, words) for credit in report.credits),
    )


def _details(report: SlaReport, as_of: datetime, words: Words) -> tuple[Fact, ...]:
    return (
        Fact(words.say("Period"), formats.month_span_text(report.month, words.locale)),
        Fact(words.say("As of"), formats.dated_moment_text(as_of, words.locale)),
        Fact(words.say("Customer no."), one_line(report.customer.customer, CODE_LIMIT)),
    )


def _figures(report: SlaReport, words: Words) -> Iterable[FigureView]:
    tickets = formats.count_text(report.tickets, words.locale)
    yield FigureView(words.say("Tickets"), tickets, words.say("opened in the month"), "")
    if report.targets:
        yield _targets_figure(report.targets, words)
    if report.availability:
        yield _uptime_figure(report.availability, words)


def _targets_figure(targets: Iterable[TargetSummary], words: Words) -> FigureView:
    """Say how many of the targets that have ended were met; what still runs is neither met nor missed."""
    met, breached, running = (sum(counts) for counts in _columns(targets))
    still_running = words.count("{count} still running", "{count} still running", running) if running else ""
    if met + breached == 0:
        return FigureView(words.say("Targets met"), "0", still_running or words.say("no target applied"), "")
    percent = formats.percent_text(Decimal(met * 100 // (met + breached)), words.locale)
    return FigureView(
        label=words.say("Targets met"),
        value=_met_of(met, met + breached, words),
        note=", ".join(note for note in (percent, still_running) if note),
        state="",
    )


def _columns(targets: Iterable[TargetSummary]) -> Iterable[list[int]]:
    rows = list(targets)
    return [row.met for row in rows], [row.breached for row in rows], [row.running for row in rows]


def _met_of(met: int, total: int, words: Words) -> str:
    counts = {"met": formats.count_text(met, words.locale), "ended": formats.count_text(total, words.locale)}
    return words.say("{met} of {ended}", **counts)


def _uptime_figure(availability: tuple[Availability, ...], words: Words) -> FigureView:
    """Say the uptime of the one contract that has a guarantee, or how many of several were kept."""
    met = sum(month.met for month in availability)
    state = "" if met == len(availability) else _MISSED
    if len(availability) > 1:
        value = _met_of(met, len(availability), words)
        lowest = formats.uptime_text(min(month.effective_uptime for month in availability), words.locale)
        note = words.say("lowest {percent}", percent=lowest)
        return FigureView(words.say("Uptime guarantees met"), value, note, state)
    (only,) = availability
    guaranteed = formats.percent_text(only.guarantee.guaranteed_percent, words.locale)
    if only.met:
        note = words.say("{percent} guaranteed, met", percent=guaranteed)
    else:
        note = words.say("below the {percent} guaranteed", percent=guaranteed)
    return FigureView(words.say("Uptime"), formats.uptime_text(only.effective_uptime, words.locale), note, state)


def _target_groups(targets: tuple[TargetSummary, ...], words: Words) -> tuple[TargetGroupView, ...]:
    most = max((_tickets(target) for target in targets), default=0)
    return tuple(
        TargetGroupView(
            heading=words.say("Price list {price_list}", price_list=one_line(price_list, CODE_LIMIT)),
            targets=tuple(_target(target, most, words) for target in group),
        )
        for price_list, group in groupby(targets, key=attrgetter("price_list"))
    )


def _tickets(target: TargetSummary) -> int:
    return target.met + target.breached + target.running


def _target(target: TargetSummary, most: int, words: Words) -> TargetView:
    ended = target.met + target.breached
    return TargetView(
        severity=_severity(target.severity, words),
        kind=_kind(target.kind, words),
        text=words.phrase(one_line(target.text)),
        met=formats.count_text(target.met, words.locale),
        missed=formats.count_text(target.breached, words.locale),
        running=formats.count_text(target.running, words.locale),
        bar_percent=_whole_percent(_tickets(target), most),
        ended_percent=_whole_percent(ended, _tickets(target)),
        met_percent=_whole_percent(target.met, ended),
    )


def _severity(severity: str, words: Words) -> str:
    return one_line(severity, CODE_LIMIT) or words.say("No severity")


def _kind(kind: TargetKind, words: Words) -> str:
    match kind:
        case TargetKind.FIRST_RESPONSE:
            return words.say("First response")
        case TargetKind.WORKAROUND:
            return words.say("Work-around")
        case TargetKind.SOLUTION:
            return words.say("Solution")


def _whole_percent(part: int, whole: int) -> str:
    return str(part * 100 // whole) if whole else "0"


def _case(case: BreachCase, words: Words) -> CaseView:
    moments = {at: datetime.fromisoformat(at) for at in (case.opened_at, case.due_at, case.happened_at) if at}
    # Where the clock was changed in between, the times alone would mislead.
    changed = len({moment.utcoffset() for moment in moments.values()}) > 1
    shown = {at: formats.moment_text(moment, words.locale, with_offset=changed) for at, moment in moments.items()}
    return CaseView(
        ticket=one_line(case.ticket, CODE_LIMIT),
        severity=_severity(case.severity, words),
        kind=_kind(case.kind, words),
        text=words.phrase(one_line(case.text)),
        opened=shown[case.opened_at],
        due=shown[case.due_at],
        happened=shown.get(case.happened_at, words.say("not yet")),
        elapsed=hours_and_minutes(case.elapsed_minutes * 60),
    )


def _uptime(month: Availability, words: Words) -> UptimeView:
    locale = words.locale
    package, price_list = (one_line(name, CODE_LIMIT) for name in (month.contract.package, month.contract.price_list))
    return UptimeView(
        contract=one_line(month.contract.contract, CODE_LIMIT),
        package=words.say("{package} of {price_list}", package=package, price_list=price_list),
        full=formats.count_text(month.full_minutes, locale),
        counted=formats.count_text(month.counted_minutes, locale),
        excluded=formats.count_text(month.excluded_minutes, locale),
        uptime=formats.uptime_text(month.effective_uptime, locale),
        guaranteed=formats.percent_text(month.guarantee.guaranteed_percent, locale),
        result=words.say("met") if month.met else words.say("not met"),
        state="" if month.met else _MISSED,
    )


def _claim(standing: ClaimStanding, as_of: datetime, words: Words) -> ClaimView:
    decision = standing.decision
    received = local_datetime(standing.claim.submitted_at, as_of.tzinfo or UTC)
    amount, verdict = "", words.say("Not yet decided")
    if decision is not None:
        verdict = words.say("Accepted") if decision.accepted else words.say("Rejected")
        if decision.accepted:
            amount = formats.money_text(decision.amount, decision.currency, words.locale)
    return ClaimView(
        title=_claim_title(standing.claim, words),
        received=words.say("Received {moment}", moment=formats.dated_moment_text(received, words.locale)),
        reasons=_reasons(decision, words) if decision else "",
        decision=verdict,
        amount=amount,
    )


def _reasons(decision: Decision, words: Words) -> str:
    return "\n".join(words.phrase(line) for line in paragraph("\n".join(decision.explanation)).split("\n"))


def _claim_title(claim: Claim, words: Words) -> str:
    number = one_line(claim.claim, CODE_LIMIT)
    if claim.kind is ClaimKind.UPTIME:
        month = formats.month_text(claim.period, words.locale) if claim.period else ""
        return words.say("{claim} · uptime of {month}", claim=number, month=month)
    ticket = one_line(claim.ticket, CODE_LIMIT)
    if claim.breach_on is None:
        return words.say("{claim} · ticket {ticket}", claim=number, ticket=ticket)
    day = formats.day_text(claim.breach_on, words.locale)
    return words.say("{claim} · ticket {ticket}, missed on {day}", claim=number, ticket=ticket, day=day)


def _credit(credit: Credit, words: Words) -> CreditView:
    locale = words.locale
    details = [
        words.say("Reference {reference}", reference=one_line(credit.reference, CODE_LIMIT)),
        words.say("granted {day}", day=formats.day_text(credit.granted_on, locale)),
    ]
    if credit.applies_from is not None:
        details.append(words.say("from the invoice for {month}", month=formats.month_text(credit.applies_from, locale)))
    if credit.expires_on is not None:
        details.append(words.say("expires after {day}", day=formats.day_text(credit.expires_on, locale)))
    return CreditView(
        title=words.phrase(one_line(credit.reason)),
        detail=", ".join(details),
        granted=formats.money_text(credit.amount, credit.currency, locale),
        left=formats.money_text(credit.remaining, credit.currency, locale),
    )
