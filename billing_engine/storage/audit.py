"""The audit trail: who did what and when, each event with the hash of the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from billing_engine.model.content_hash import canonical, content_hash
from billing_engine.model.instant import Instant
from billing_engine.storage.inserting import insert_if_new
from billing_engine.storage.run_tables import audit_events, audit_head

_HEAD = "head"
_BEGINNING = ""


class Event(NamedTuple):
    """Something that was done: `action` such as "invoice.issued", to `subject`, such as the invoice's number."""

    action: str
    subject: str
    details: Mapping[str, Any]


class Recorded(NamedTuple):
    """An event as it stands in the trail."""

    event: int
    happened_at: Instant
    actor: str
    action: str
    subject: str
    details: str
    """Canonical JSON."""
    former_hash: str
    hash: str

    def expected_hash(self) -> str:
        """Compute the hash that the event must have."""
        return content_hash(*self[:-1])


def append(connection: Connection, happened_at: Instant, actor: str, events: Sequence[Event]) -> None:
    """Add events. All who write some wait for each other here until their transactions end, so this comes last."""
    if not events:
        return
    number, former = _take_head(connection, len(events))
    rows = []
    for event in events:
        number += 1
        recorded = Recorded(
            number, happened_at, actor, event.action, event.subject, canonical(dict(event.details)), former, ""
        )
        former = recorded.expected_hash()
        rows.append(recorded._replace(hash=former)._asdict())
    connection.execute(insert(audit_events), rows)
    connection.execute(update(audit_head).where(audit_head.c.head == _HEAD).values(hash=former))


def _take_head(connection: Connection, count: int) -> tuple[int, str]:
    """Lock the trail's end and count the new events; returns the number and hash of the last one before them."""
    taking = (
        update(audit_head)
        .where(audit_head.c.head == _HEAD)
        .values(event=audit_head.c.event + count)
        .returning(audit_head.c.event, audit_head.c.hash)
    )
    taken = connection.execute(taking).one_or_none()
    if taken is None:
        insert_if_new(connection, audit_head, {"head": _HEAD, "event": 0, "hash": _BEGINNING})
        taken = connection.execute(taking).one()
    return taken.event - count, taken.hash


def read_events(connection: Connection) -> Iterator[Recorded]:
    """Read the trail from its beginning."""
    statement = select(*audit_events.c).order_by(audit_events.c.event).execution_options(yield_per=1000)
    return (Recorded(*row) for row in connection.execute(statement))


def read_head(connection: Connection) -> tuple[int, str]:
    """Return number and hash of the last event; 0 and an empty hash when nothing was ever done."""
    row = connection.execute(select(audit_head.c.event, audit_head.c.hash)).one_or_none()
    return (0, _BEGINNING) if row is None else (row.event, row.hash)
