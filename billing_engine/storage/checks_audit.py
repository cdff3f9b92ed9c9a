"""Checks of the audit trail: events counted from 1 on, each with the hash of the one before, up to the head."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from billing_engine.model.check import Finding
from billing_engine.storage.audit import Recorded, read_events, read_head
from billing_engine.storage.checks import Rule, rows_of, stream
from billing_engine.storage.run_tables import audit_events


def read_events_about(connection: Connection, subject: str) -> Iterator[Recorded]:
    """Read the events of one subject, such as an invoice's number, in order."""
    statement = select(*audit_events.c).where(audit_events.c.subject == subject).order_by(audit_events.c.event)
    return (Recorded._make(row) for row in stream(connection, statement))


def _broken(connection: Connection) -> Iterator[Finding]:
    """Follow the chain; after a break go on from what the event itself says, so that one change is one finding."""
    number, former = 0, ""
    for event in read_events(connection):
        where = f"event {event.event}"
        if event.event != number + 1:
            what = f"events {number + 1} to {event.event - 1} before it are missing"
            yield Finding(where, what, "events counted from 1 on")
        elif event.former_hash != former:
            what = f"it follows {_short(event.former_hash)}"
            yield Finding(where, what, f"{_short(former)}, the hash of the event before it")
        if event.hash != event.expected_hash():
            what = f"{event.action} of {event.subject or 'nothing'} by {event.actor or 'nobody'} was changed"
            yield Finding(where, what, f"content of hash {_short(event.hash)}")
        number, former = event.event, event.hash
    head = read_head(connection)
    if head != (number, former):
        what = f"the trail ends with event {number}, hash {_short(former)}"
        yield Finding("the trail's head", what, f"event {head[0]}, hash {_short(head[1])}")


def _short(hash_: str) -> str:
    return f"{hash_[:16]}…" if hash_ else "nothing"


def expected_in_trail(expected: str) -> Rule:
    """Make a rule of a hash that somebody noted down: a trail that was cut off and written anew does not have it."""

    def search(connection: Connection) -> Iterator[Finding]:
        known = select(audit_events.c.event).where(audit_events.c.hash == expected)
        if connection.execute(known).first() is None:
            yield Finding("the trail", f"no event has the hash {expected}", "the event that had it when it was noted")

    return Rule("audit.expected", "The hash that was noted down is in the trail.", rows_of(audit_events), search)


RULES = (
    Rule(
        "audit.chain",
        "Events are counted from 1 on, each holds the hash of the one before it, and the head that of the last.",
        rows_of(audit_events),
        _broken,
    ),
)
