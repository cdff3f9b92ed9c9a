"""Tables of service levels, claims and credits for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from billing_engine.cli.tables import money, out, table, text
from billing_engine.model.instant import hours_and_minutes, local_datetime
from billing_engine.model.sla import Availability, TargetStatus, TicketResult

if TYPE_CHECKING:
    from billing_engine.claim_desk import Standing
    from billing_engine.model.claim import Claim, Decision
    from billing_engine.model.credit import Credit, LedgerEntry
    from billing_engine.model.sla_report import BreachCase, SlaReport, TargetSummary
    from billing_engine.sla_folder import SlaFolder

_MOST_BREACHES = 20


def print_measured(measured: SlaFolder) -> None:
    """Print a folder's month: targets kept, breaches, uptime, claims."""
    from billing_engine.sla.summary import summarize_targets  # noqa: PLC0415 - holiday data is slow to import

    out.print(_target_table(_of_tickets(len(measured.tickets)), summarize_targets(measured.tickets)))
    _print_breaches(measured.tickets)
    if measured.availability:
        out.print()
        out.print(_availability_table(f"Uptime {measured.month}", measured.availability))
    if measured.claims:
        out.print()
        rows = [_decision_row(claim, decision) for claim, decision in measured.claims]
        columns = ("Claim", "Customer", "About", "Decision", ">Percent", ">Amount", "From", "Why")
        out.print(table(f"Claims about {measured.month}, if all fees are paid", *columns, rows=rows))


def _print_breaches(tickets: Sequence[TicketResult]) -> None:
    rows = [
        (
            result.ticket.customer,
            result.ticket.ticket,
            result.ticket.severity,
            target.kind.replace("_", " "),
            target.text,
            "" if target.due_at is None else f"{local_datetime(target.due_at, result.zone):%Y-%m-%d %H:%M}",
            hours_and_minutes((target.elapsed_minutes or 0) * 60),
        )
        for result in tickets
        for target in result.targets
        if target.status is TargetStatus.BREACHED and result.zone is not None
    ]
    if rows:
        out.print()
        more = f", the first {_MOST_BREACHES}" if len(rows) > _MOST_BREACHES else ""
        columns = ("Customer", "Ticket", "Severity", "Target", "Within", "Due", ">Elapsed")
        count = f"{len(rows):,} breach{'' if len(rows) == 1 else 'es'}"
        out.print(table(f"{count}{more}", *columns, rows=rows[:_MOST_BREACHES]))


def _target_table(title: str, targets: Sequence[TargetSummary]) -> Table:
    rows = [
        (
            t.price_list,
            t.severity,
            t.kind.replace("_", " "),
            t.text,
            f"{t.met:,}",
            f"{t.breached:,}",
            f"{t.running:,}",
        )
        for t in targets
    ]
    return table(title, "Price list", "Severity", "Target", "Within", ">Met", ">Breached", ">Running", rows=rows)


def _of_tickets(count: int) -> str:
    return f"Targets of {count:,} ticket{'' if count == 1 else 's'}"


def _availability_table(title: str, availability: Sequence[Availability]) -> Table:
    rows = [
        (
            one.contract.customer,
            one.contract.contract,
            one.contract.package,
            f"{one.full_minutes:,}",
            f"{one.counted_minutes:,}",
            f"{one.excluded_minutes:,}",
            f"{one.effective_uptime} %",
            f"{one.guarantee.guaranteed_percent.normalize():f} %",
            "met" if one.met else "missed",
        )
        for one in availability
    ]
    columns = ("Customer", "Contract", "Package", ">Minutes", ">Down", ">Excluded", ">Uptime", ">Guaranteed", "")
    return table(title, *columns, rows=rows)


def _about(claim: Claim) -> str:
    return f"uptime {claim.period}" if claim.period is not None else f"{claim.ticket}, {claim.breach_on}"


def _decision_row(claim: Claim, decision: Decision) -> tuple[str, ...]:
    accepted = decision.accepted
    return (
        claim.claim,
        claim.customer,
        _about(claim),
        "accepted" if accepted else "rejected",
        f"{decision.percent.normalize():f} %" if accepted else "",
        money(decision.amount, decision.currency) if accepted else "",
        str(decision.applies_from or ""),
        " ".join(decision.explanation),
    )


def claim_table(standings: Sequence[Standing]) -> Table:
    """One row per claim, with the reasons in words."""
    rows: list[tuple[str, ...]] = []
    for standing in standings:
        claim, decided = standing.claim, standing.decided
        if decided is None:
            rows.append((claim.claim, claim.customer, _about(claim), standing.status, "", "", "", ""))
            continue
        row = _decision_row(claim, decided.decision)
        credit = standing.credit.credit if standing.credit is not None else ""
        due = f" (due {decided.decision.due_on})" if decided.decision.due_on is not None else ""
        said = row[-1] if decided.by_rule else f"{row[-1]} (by hand)"
        rows.append((*row[:3], standing.status, f"{decided.decided_on}{due}", row[5], credit, said))
    columns = ("Claim", "Customer", "About", "Status", "Decided", ">Amount", "Credit", "Why")
    return table("Claims", *columns, rows=rows)


def credit_table(found: Sequence[Credit]) -> Table:
    """One row per credit."""
    rows = [
        (
            one.credit,
            one.customer,
            one.granted_on.isoformat(),
            one.reason,
            one.claim,
            money(one.amount, one.currency),
            money(one.remaining, one.currency),
            str(one.applies_from or "next"),
            one.expires_on.isoformat() if one.expires_on is not None else "",
        )
        for one in found
    ]
    columns = ("Credit", "Customer", "Granted", "Reason", "Claim", ">Amount", ">Left", "From invoice", "Until")
    return table("Credits", *columns, rows=rows)


def ledger_table(entries: Sequence[LedgerEntry]) -> Table:
    """One row per side of a posting."""
    rows = [
        (
            entry.posted_on.isoformat(),
            entry.posting,
            entry.account,
            money(entry.amount, entry.currency),
            entry.invoice,
            entry.reason,
        )
        for entry in entries
    ]
    return table("Ledger of credits", "Day", "Posting", "Account", ">Amount", "Invoice", "Reason", rows=rows)


def print_report(report: SlaReport) -> None:
    """Print a customer's report."""
    out.print(text(f"{report.customer.customer} {report.customer.name}, {report.month}", style="bold"))
    if report.targets:
        out.print(_target_table(_of_tickets(report.tickets), report.targets))
    if report.worst:
        out.print(_worst_table(report.worst))
    if report.availability:
        out.print(_availability_table("Uptime", report.availability))
    rows = [
        (s.claim.claim, _about(s.claim), "received", "", "", "", "")
        if s.decision is None
        else (s.claim.claim, *_decision_row(s.claim, s.decision)[2:])
        for s in report.claims
    ]
    if rows:
        out.print(table("Claims", "Claim", "About", "Decision", ">Percent", ">Amount", "From", "Why", rows=rows))
    if report.credits:
        out.print(credit_table(report.credits))
    if report.termination:
        out.print(text(report.termination))
    out.print()


def _worst_table(worst: Sequence[BreachCase]) -> Table:
    rows = [
        (
            case.ticket,
            case.severity,
            case.kind.replace("_", " "),
            case.text,
            case.due_at[:16].replace("T", " "),
            case.happened_at[:16].replace("T", " ") or "not yet",
            hours_and_minutes(case.elapsed_minutes * 60),
        )
        for case in worst
    ]
    columns = ("Ticket", "Severity", "Target", "Within", "Due", "Happened", ">Elapsed")
    return table("Worst cases", *columns, rows=rows)
