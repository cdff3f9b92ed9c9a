"""Tables of self-checks and of the audit trail for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billing_engine.check_shapes import moment
from billing_engine.cli.tables import MOST_ROWS_SHOWN, out, table, text
from billing_engine.doctor import Diagnosis, Note
from billing_engine.model.check import Check
from billing_engine.storage.audit import Recorded


def print_check(check: Check) -> None:
    """Print one check with the first of its findings."""
    verdict = text("ok", "green") if check.passed else text(f"{check.found} found", "bold red")
    out.print(text(f"{check.name:<22}"), text(f"{check.looked_at:>9}"), verdict, text(check.rule, "dim"))
    for finding in check.findings[:MOST_ROWS_SHOWN]:
        said = f"    {finding.where}: {finding.what}; expected: {finding.expected}"
        out.print(text(said), soft_wrap=True)
    if check.found > MOST_ROWS_SHOWN:
        out.print(text(f"    ... and {check.found - MOST_ROWS_SHOWN} more; --format json lists more of them"))


def print_summary(found: Diagnosis) -> None:
    """Print what waits, and how many findings there are in all."""
    _print_notes(found.notes)
    wrong = sum(check.found for check in found.checks)
    out.print(text(f"\n{len(found.checks)} checks, {wrong or 'no'} finding{'' if wrong == 1 else 's'}"))


def _print_notes(notes: Sequence[Note]) -> None:
    """Print what waits to be billed, as far as fits."""
    if not notes:
        return
    rows = [(str(note.period), note.customer, str(note.waiting), note.reason) for note in notes[:MOST_ROWS_SHOWN]]
    out.print()
    out.print(table("Waiting, which is not wrong", "Period", "Customer", ">Items", "Why", rows=rows))
    if len(notes) > MOST_ROWS_SHOWN:
        out.print(text(f"... and {len(notes) - MOST_ROWS_SHOWN} more; `billing-engine held` lists all of them"))


def print_events(events: Iterable[Recorded]) -> None:
    """Print events as they are read, a line each: a trail may be long."""
    for event in events:
        said = [event.actor or "-", event.action, event.subject, event.details]
        line = "  ".join([f"{event.event:>7}", moment(event.happened_at), *map(_on_one_line, said)])
        out.print(text(line), soft_wrap=True)


def _on_one_line(said: str) -> str:
    """Write out what does not show, so that nothing that somebody handed in looks like an event of its own."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in said)
