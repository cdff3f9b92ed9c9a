"""The doctor: holds a whole database against every rule that it must keep, and tells what waits to be billed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.billing_run import CustomerPlan
from billing_engine.model.check import Check
from billing_engine.model.period import Month
from billing_engine.storage import (
    checks_audit,
    checks_credit_notes,
    checks_documents,
    checks_invoices,
    checks_ledger,
    checks_numbers,
    checks_records,
    checks_totals,
    checks_work,
    protection,
)
from billing_engine.storage.audit import Recorded, read_events, read_head
from billing_engine.storage.checks import Rule

AUDIT_RULES: tuple[Rule, ...] = (*checks_audit.RULES, *checks_documents.RULES, *checks_records.RULES)
RULES: tuple[Rule, ...] = (
    *checks_numbers.RULES,
    *checks_totals.RULES,
    *checks_credit_notes.RULES,
    *checks_ledger.RULES,
    *checks_work.RULES,
    *checks_invoices.RULES,
    *protection.RULES,
    *AUDIT_RULES,
)


class Note(NamedTuple):
    """Work of a customer's month that waits, which is not wrong."""

    period: Month
    customer: str
    waiting: int
    """How many entries and expenses."""
    reason: str


class Diagnosis(NamedTuple):
    """What the doctor found."""

    checks: tuple[Check, ...]
    notes: tuple[Note, ...]

    @property
    def healthy(self) -> bool:
        return all(check.passed for check in self.checks)


def diagnose(
    connection: Connection,
    held: Callable[[], Iterable[tuple[Month, CustomerPlan]]],
    on_check: Callable[[Check], object] | None = None,
) -> Diagnosis:
    """Make all checks, telling each as it is done; `held` is `BillingEngine.held` over the same connection."""
    checks = []
    for check in examine(connection):
        checks.append(check)
        if on_check is not None:
            on_check(check)
    done = Diagnosis(tuple(checks), ())
    with suppress(*(() if done.healthy else (Exception,))):  # what is damaged may not be planned; the findings say why
        return done._replace(notes=tuple(waiting_notes(held())))
    return done


def examine(connection: Connection, rules: Iterable[Rule] = RULES) -> Iterator[Check]:
    """Make checks, one after the other; reads only, and all in the connection's transaction."""
    return (rule.check(connection) for rule in rules)


class Trail(NamedTuple):
    """The audit trail, as far as it was verified."""

    events: int
    head: str
    """Hash of the last event, to be noted down outside of the database; empty when there is none."""
    checks: tuple[Check, ...]

    @property
    def intact(self) -> bool:
        return all(check.passed for check in self.checks)


def verify_trail(connection: Connection, expected: str = "") -> Trail:
    """Verify the audit trail and the documents that it knows; `expected` is a hash that somebody noted down before."""
    noted = [checks_audit.expected_in_trail(expected)] if expected else []
    checks = tuple(examine(connection, [*AUDIT_RULES, *noted]))
    events, head = read_head(connection)
    return Trail(events, head, checks)


def list_trail(connection: Connection, subject: str | None = None) -> Iterator[Recorded]:
    """Read who did what and when, from the beginning on, or about one subject."""
    return read_events(connection) if subject is None else checks_audit.read_events_about(connection, subject)


def waiting_notes(planned: Iterable[tuple[Month, CustomerPlan]]) -> list[Note]:
    """Note what `BillingEngine.held` found, counted by reason: work that is held, came late or can not be planned."""
    notes = []
    for period, plan in planned:
        customer = plan.customer.customer
        if plan.stays_behind:
            notes.append(Note(period, customer, 0, plan.reason))
        reasons = Counter(entry.reason for entry in plan.held)
        notes += [Note(period, customer, count, reason) for reason, count in sorted(reasons.items())]
    return notes
