"""From an SLA report to what it prints: figures formatted, foreign texts made harmless."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType

from billing_engine.documents import formats
from billing_engine.documents.formats import Catalogue
from billing_engine.documents.parties import BRAND_LIMIT, CODE_LIMIT, buyer_view, sender_view
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import (
    CaseView,
    ClaimView,
    CreditView,
    Fact,
    FigureView,
    SlaReportView,
    TargetGroupView,
    TargetView,
    UptimeView,
)
from billing_engine.model.claim import Claim, ClaimKind
from billing_engine.model.credit import Credit
from billing_engine.model.instant import hours_and_minutes, local_datetime
from billing_engine.model.invoice import Seller
from billing_engine.model.sla import Availability
from billing_engine.model.sla_report import BreachCase, ClaimStanding, SlaReport, TargetSummary

_MISSED = "missed"
"""The state of what is bad news; the style sheet knows it."""


def sla_report_view(report: SlaReport, seller: Seller | None) -> SlaReportView:
    """Turn a report into the text of its pages, in the customer's language where there are words for it."""
    words = formats.catalogue_for(report.customer.language)
    labels = MappingProxyType({**words.labels, **words.sla_labels})
    month = formats.month_text(report.month, words.locale)
    as_of = datetime.fromisoformat(report.as_of)
    return SlaReportView(
        language=words.language,
        labels=labels,
        title=labels["title"].format(month=month, customer=one_line(report.customer.name, BRAND_LIMIT)),
        month=month,
        created=as_of.date().isoformat(),
        brand=one_line(seller.name, BRAND_LIMIT) if seller else "",
        sender=sender_view(seller, words) if seller else None,
        customer=buyer_view(report.customer, words),
        details=_details(report, as_of, words),
        figures=tuple(_figures(report, words)),
        termination=paragraph(report.termination),
        target_groups=_target_groups(report.targets, words),
        cases=tuple(_case(case, words) for case in report.worst),
        cases_note=words.sla_labels["cases_note"],
        uptimes=tuple(_uptime(availability, words) for availability in report.availability),
        claims=tuple(_claim(standing, as_of, words) for standing in report.claims),
        credits=tuple(_credit(credit, words) for credit in report.credits),
    )


def _details(report: SlaReport, as_of: datetime, words: Catalogue) -> tuple[Fact, ...]:
    labels = words.sla_labels
    return (
        Fact(labels["period"], formats.month_span_text(report.month, words.locale)),
        Fact(labels["known_at"], formats.dated_moment_text(as_of, words.locale)),
        Fact(labels["customer_number"], one_line(report.customer.customer, CODE_LIMIT)),
    )


def _figures(report: SlaReport, words: Catalogue) -> Iterable[FigureView]:
    labels = words.sla_labels
    tickets = formats.count_text(report.tickets, words.locale)
    yield FigureView(labels["tickets"], tickets, labels["opened_in_month"], "")
    if report.targets:
        yield _targets_figure(report.targets, words)
    if report.availability:
        yield _uptime_figure(report.availability, words)


def _targets_figure(targets: Iterable[TargetSummary], words: Catalogue) -> FigureView:
    """Say how many of the targets that have ended were met; what still runs is neither met nor missed."""
    labels = words.sla_labels
    met, breached, running = (sum(counts) for counts in _columns(targets))
    still_running = labels["still_running"].format(count=formats.count_text(running, words.locale)) if running else ""
    if met + breached == 0:
        return FigureView(labels["targets_met"], "0", still_running or labels["no_targets"], "")
    percent = formats.percent_text(Decimal(met * 100 // (met + breached)), words.locale)
    return FigureView(
        label=labels["targets_met"],
        value=_met_of(met, met + breached, words),
        note=", ".join(note for note in (percent, still_running) if note),
        state="",
    )


def _columns(targets: Iterable[TargetSummary]) -> Iterable[list[int]]:
    rows = list(targets)
    return [row.met for row in rows], [row.breached for row in rows], [row.running for row in rows]


def _met_of(met: int, total: int, words: Catalogue) -> str:
    counts = {"met": formats.count_text(met, words.locale), "ended": formats.count_text(total, words.locale)}
    return words.sla_labels["met_of"].format(**counts)


def _uptime_figure(availability: tuple[Availability, ...], words: Catalogue) -> FigureView:
    """Say the uptime of the one contract that has a guarantee, or how many of several were kept."""
    labels = words.sla_labels
    met = sum(month.met for month in availability)
    state = "" if met == len(availability) else _MISSED
    if len(availability) > 1:
        value = _met_of(met, len(availability), words)
        lowest = formats.uptime_text(min(month.effective_uptime for month in availability), words.locale)
        return FigureView(labels["uptimes_met"], value, labels["lowest"].format(percent=lowest), state)
    (only,) = availability
    guaranteed = formats.percent_text(only.guarantee.guaranteed_percent, words.locale)
    note = labels["guarantee_met" if only.met else "guarantee_missed"].format(percent=guaranteed)
    return FigureView(labels["uptime"], formats.uptime_text(only.effective_uptime, words.locale), note, state)


def _target_groups(targets: tuple[TargetSummary, ...], words: Catalogue) -> tuple[TargetGroupView, ...]:
    most = max((_tickets(target) for target in targets), default=0)
    heading = words.sla_labels["price_list"]
    return tuple(
        TargetGroupView(
            heading=heading.format(price_list=one_line(price_list, CODE_LIMIT)),
            targets=tuple(_target(target, most, words) for target in group),
        )
        for price_list, group in groupby(targets, key=attrgetter("price_list"))
    )


def _tickets(target: TargetSummary) -> int:
    return target.met + target.breached + target.running


def _target(target: TargetSummary, most: int, words: Catalogue) -> TargetView:
    ended = target.met + target.breached
    return TargetView(
        severity=_severity(target.severity, words),
        kind=words.sla_labels[target.kind],
        text=one_line(target.text),
        met=formats.count_text(target.met, words.locale),
        missed=formats.count_text(target.breached, words.locale),
        running=formats.count_text(target.running, words.locale),
        bar_percent=_whole_percent(_tickets(target), most),
        ended_percent=_whole_percent(ended, _tickets(target)),
        met_percent=_whole_percent(target.met, ended),
    )


def _severity(severity: str, words: Catalogue) -> str:
    return one_line(severity, CODE_LIMIT) or words.sla_labels["no_severity"]


def _whole_percent(part: int, whole: int) -> str:
    return str(part * 100 // whole) if whole else "0"


def _case(case: BreachCase, words: Catalogue) -> CaseView:
    moments = {at: datetime.fromisoformat(at) for at in (case.opened_at, case.due_at, case.happened_at) if at}
    # Where the clock was changed in between, the times alone would mislead.
    changed = len({moment.utcoffset() for moment in moments.values()}) > 1
    shown = {at: formats.moment_text(moment, words.locale, with_offset=changed) for at, moment in moments.items()}
    return CaseView(
        ticket=one_line(case.ticket, CODE_LIMIT),
        severity=_severity(case.severity, words),
        kind=words.sla_labels[case.kind],
        text=one_line(case.text),
        opened=shown[case.opened_at],
        due=shown[case.due_at],
        happened=shown.get(case.happened_at, words.sla_labels["not_yet"]),
        elapsed=hours_and_minutes(case.elapsed_minutes * 60),
    )


def _uptime(month: Availability, words: Catalogue) -> UptimeView:
    labels, locale = words.sla_labels, words.locale
    package, price_list = (one_line(name, CODE_LIMIT) for name in (month.contract.package, month.contract.price_list))
    return UptimeView(
        contract=one_line(month.contract.contract, CODE_LIMIT),
        package=labels["package_of"].format(package=package, price_list=price_list),
        full=formats.count_text(month.full_minutes, locale),
        counted=formats.count_text(month.counted_minutes, locale),
        excluded=formats.count_text(month.excluded_minutes, locale),
        uptime=formats.uptime_text(month.effective_uptime, locale),
        guaranteed=formats.percent_text(month.guarantee.guaranteed_percent, locale),
        result=labels["is_met" if month.met else "is_missed"],
        state="" if month.met else _MISSED,
    )


def _claim(standing: ClaimStanding, as_of: datetime, words: Catalogue) -> ClaimView:
    labels, decision = words.sla_labels, standing.decision
    received = local_datetime(standing.claim.submitted_at, as_of.tzinfo or UTC)
    amount, verdict = "", labels["waiting"]
    if decision is not None:
        verdict = labels["accepted" if decision.accepted else "rejected"]
        if decision.accepted:
            amount = formats.money_text(decision.amount, decision.currency, words.locale)
    return ClaimView(
        title=_claim_title(standing.claim, words),
        received=labels["received"].format(moment=formats.dated_moment_text(received, words.locale)),
        reasons=paragraph("\n".join(decision.explanation)) if decision else "",
        decision=verdict,
        amount=amount,
    )


def _claim_title(claim: Claim, words: Catalogue) -> str:
    labels, number = words.sla_labels, one_line(claim.claim, CODE_LIMIT)
    if claim.kind is ClaimKind.UPTIME:
        month = formats.month_text(claim.period, words.locale) if claim.period else ""
        return labels["claim_uptime"].format(claim=number, month=month)
    ticket = one_line(claim.ticket, CODE_LIMIT)
    if claim.breach_on is None:
        return labels["claim_ticket"].format(claim=number, ticket=ticket)
    day = formats.day_text(claim.breach_on, words.locale)
    return labels["claim_ticket_on"].format(claim=number, ticket=ticket, day=day)


def _credit(credit: Credit, words: Catalogue) -> CreditView:
    labels, locale = words.sla_labels, words.locale
    details = [
        labels["credit_of"].format(reference=one_line(credit.reference, CODE_LIMIT)),
        labels["granted_on"].format(day=formats.day_text(credit.granted_on, locale)),
    ]
    if credit.applies_from is not None:
        details.append(labels["applies_from"].format(month=formats.month_text(credit.applies_from, locale)))
    if credit.expires_on is not None:
        details.append(labels["expires_on"].format(day=formats.day_text(credit.expires_on, locale)))
    return CreditView(
        title=one_line(credit.reason),
        detail=", ".join(details),
        granted=formats.money_text(credit.amount, credit.currency, locale),
        left=formats.money_text(credit.remaining, credit.currency, locale),
    )
