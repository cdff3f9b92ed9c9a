"""Checks of postings, payments and decisions against what the audit trail said when they were made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from billing_engine.model.check import Finding
from billing_engine.model.money import from_minor, plain
from billing_engine.storage.checks import Rule, rows_of, stream
from billing_engine.storage.inserting import BATCH
from billing_engine.storage.run_tables import audit_events
from billing_engine.storage.sla_tables import claim_decisions, ledger, payments

Details = dict[str, Any]


class _Kind(NamedTuple):
    """A kind of record that the trail tells of, one by one."""

    name: str
    action: str
    """Of its events, as a pattern."""
    key: Callable[[str, Details], str]
    """Finds the record's key from an event's subject and details; empty where the event names none."""
    read: Callable[[Connection, Sequence[str]], dict[str, Details]]
    """Reads what records say now, by key, in the words of the details."""


def _postings(connection: Connection, keys: Sequence[str]) -> dict[str, Details]:
    side = ledger.c
    got = select(side.posting, side.customer, side.currency, side.amount_minor)
    return {
        row.posting: {
            "customer": row.customer,
            "currency": row.currency,
            "amount": plain(from_minor(row.amount_minor, row.currency)),
        }
        for row in connection.execute(got.where(side.posting.in_(keys), side.amount_minor > 0))
    }


def _payments(connection: Connection, keys: Sequence[str]) -> dict[str, Details]:
    return {
        row.payment: {"invoice": row.invoice, "paid_on": row.paid_on.isoformat(), "amount": plain(row.amount)}
        for row in connection.execute(select(payments).where(payments.c.payment.in_(keys)))
    }


def _decisions(connection: Connection, keys: Sequence[str]) -> dict[str, Details]:
    one = claim_decisions.c
    wanted = select(one.claim, one.customer, one.accepted, one.by_rule, one.note).where(one.claim.in_(keys))
    return {
        row.claim: {"customer": row.customer, "accepted": row.accepted, "by_rule": row.by_rule, "note": row.note}
        for row in connection.execute(wanted)
    }


_KINDS = (
    _Kind("posting", "credit.%", lambda _subject, details: str(details.get("posting", "")), _postings),
    _Kind("payment", "payment.recorded", lambda subject, _details: subject, _payments),
    _Kind("decision on claim", "claim.decided", lambda subject, _details: subject, _decisions),
)


def _changed(connection: Connection) -> Iterator[Finding]:
    one = audit_events.c
    for kind in _KINDS:
        told = select(one.event, one.subject, one.details).where(one.action.like(kind.action)).order_by(one.event)
        events = stream(connection, told)
        while batch := list(islice(events, BATCH)):
            said = [(row.event, row.subject, json.loads(row.details)) for row in batch]
            by_key = {kind.key(subject, details): (event, details) for event, subject, details in said}
            by_key.pop("", None)
            yield from _differing(kind.name, by_key, kind.read(connection, list(by_key)))


def _differing(name: str, told: Mapping[str, tuple[int, Details]], found: Mapping[str, Details]) -> Iterator[Finding]:
    for key, (event, details) in told.items():
        if key not in found:
            yield Finding(f"{name} {key}", "it is not there", f"what event {event} of the audit trail says")
            continue
        for word, stands in found[key].items():
            if details.get(word, stands) != stands:
                expected = f"{details[word]}, as event {event} of the audit trail says"
                yield Finding(f"{name} {key}", f"its {word} is {stands}", expected)


RULES = (
    Rule(
        "audit.records",
        "Postings, payments and decisions that the audit trail tells of say what it says.",
        rows_of(ledger, payments, claim_decisions),
        _changed,
    ),
)
