"""Checks of postings, credits, payments and decisions against what the audit trail said when they were made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from billing_engine.model.check import Finding
from billing_engine.model.money import from_minor, plain
from billing_engine.storage.checks import Rule, rows_of, stream
from billing_engine.storage.inserting import BATCH, batches
from billing_engine.storage.invoice_tables import invoice_uses, used_price_lists
from billing_engine.storage.records import CREDITS, DECISIONS, PAYMENTS, POSTINGS, Kind, read_hashes, read_keys
from billing_engine.storage.run_tables import audit_events
from billing_engine.storage.sla_tables import claim_decisions, granted_credits, ledger, payments
from billing_engine.storage.upgraded import Old, read_old

Details = dict[str, Any]


class _Told(NamedTuple):
    """How the trail tells of a kind of record."""

    kind: Kind
    action: str
    """Of its events, as a pattern."""
    read: Callable[[Connection, Sequence[str]], dict[str, Details]]
    """Reads what records say now, by key, in the words of the details."""
    hashed_as: str = "content_hash"
    named_as: str = ""
    """Where the details name the record; empty where the event's subject does."""

    def key(self, subject: str, details: Details) -> str:
        """Find the record's key from an event; empty where the event names none."""
        return str(details.get(self.named_as, "")) if self.named_as else subject

    def subjects(self, keys: Sequence[str]) -> list[str]:
        """Name the subjects of the events of some records; a posting's key begins with its credit."""
        return sorted({key.partition("/")[0] for key in keys}) if self.named_as else list(keys)


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


def _credits(connection: Connection, keys: Sequence[str]) -> dict[str, Details]:
    one = granted_credits.c
    wanted = select(one.credit, one.customer, one.currency, one.amount_minor).where(one.credit.in_(keys))
    return {
        row.credit: {
            "customer": row.customer,
            "currency": row.currency,
            "amount": plain(from_minor(row.amount_minor, row.currency)),
        }
        for row in connection.execute(wanted)
    }


def _payments(connection: Connection, keys: Sequence[str]) -> dict[str, Details]:
    return {
        row.payment: {"invoice": row.invoice, "paid_on": row.paid_on.isoformat(), "amount": plain(row.amount)}
        for row in connection.execute(select(payments).where(payments.c.payment.in_(keys)))
    }


def _decisions(connection: Connection, keys: Sequence[str]) -> dict[str, Details]:
    one = claim_decisions.c
    wanted = select(one.claim, one.customer, one.accepted, one.by_rule).where(one.claim.in_(keys))
    return {
        row.claim: {"customer": row.customer, "accepted": row.accepted, "by_rule": row.by_rule}
        for row in connection.execute(wanted)
    }


_ALL_TOLD = (
    _Told(POSTINGS, "credit.%", _postings, named_as="posting"),
    _Told(CREDITS, "credit.granted", _credits, hashed_as="credit_hash"),
    _Told(PAYMENTS, "payment.recorded", _payments),
    _Told(DECISIONS, "claim.decided", _decisions),
)


def _changed(connection: Connection) -> Iterator[Finding]:
    old = read_old(connection)
    for told in _ALL_TOLD:
        for keys in read_keys(connection, told.kind):
            yield from _differing(connection, told, keys, old)
        yield from _gone(connection, told, old)


def _differing(connection: Connection, told: _Told, keys: Sequence[str], old: Old) -> Iterator[Finding]:
    """Compare records as they are with their events: all are there in the trail, and it says what they say."""
    hashes, found = read_hashes(connection, told.kind, keys), told.read(connection, keys)
    events, old_hashes = _read_events(connection, told, keys), old.of(told.kind)
    for key in keys:
        where = f"{told.kind.name} {key}"
        if key not in events:
            if key not in old_hashes:
                yield Finding(where, "the audit trail does not know it", "an event that says who made it and when")
            elif old_hashes[key] != hashes[key]:
                yield _other_hash(where, hashes[key], old_hashes[key], old.event)
            continue
        event, details = events[key]
        differing = [(word, is_) for word, is_ in found.get(key, {}).items() if details.get(word, is_) != is_]
        for word, stands in differing:
            yield Finding(
                where, f"its {word} is {stands}", f"{details[word]}, as event {event} of the audit trail says"
            )
        said = details.get(told.hashed_as, hashes[key])
        if not differing and said != hashes[key]:
            yield _other_hash(where, hashes[key], said, event)


def _other_hash(where: str, found: str, said: str, event: int) -> Finding:
    expected = f"{said[:16]}…, as event {event} of the audit trail says"
    return Finding(where, f"what it says has the hash {found[:16]}…", expected)


def _read_events(connection: Connection, told: _Told, keys: Sequence[str]) -> dict[str, tuple[int, Details]]:
    """Read the events of some records, by their keys."""
    one = audit_events.c
    found: dict[str, tuple[int, Details]] = {}
    for batch in batches(told.subjects(keys)):
        of_action = select(one.event, one.subject, one.details).where(one.action.like(told.action))
        for row in connection.execute(of_action.where(one.subject.in_(batch)).order_by(one.event)):
            details = json.loads(row.details)
            found[told.key(row.subject, details)] = (row.event, details)
    return found


def _gone(connection: Connection, told: _Told, old: Old) -> Iterator[Finding]:
    """Look for events of records that are not there."""
    one = audit_events.c
    of_action = select(one.event, one.subject, one.details).where(one.action.like(told.action)).order_by(one.event)
    said = ((told.key(row.subject, json.loads(row.details)), row.event) for row in stream(connection, of_action))
    yield from _missing(connection, told.kind, ((key, event) for key, event in said if key))
    yield from _missing(connection, told.kind, ((key, old.event) for key in old.of(told.kind)))


def _missing(connection: Connection, kind: Kind, said: Iterator[tuple[str, int]]) -> Iterator[Finding]:
    while batch := dict(islice(said, BATCH)):
        known = set(connection.scalars(select(kind.key).where(kind.key.in_(list(batch)))))
        for key, event in batch.items():
            if key not in known:
                what = f"what event {event} of the audit trail says"
                yield Finding(f"{kind.name} {key}", "it is not there", what)


def _other_terms(connection: Connection) -> Iterator[Finding]:
    """Hold the hashes of used price lists against those on invoices, which the invoices' own hashes keep."""
    one, use = used_price_lists.c, invoice_uses.c
    named = (
        (use.price_list_version == one.version)
        & (use.price_list_hash != "")
        & (use.price_list_hash != one.content_hash)
    )
    wrong = (
        select(one.version, one.content_hash, func.min(use.price_list_hash).label("named"))
        .select_from(used_price_lists.join(invoice_uses, named))
        .group_by(one.version, one.content_hash)
    )
    for row in stream(connection, wrong.order_by(one.version)):
        what = f"its terms have the hash {row.content_hash[:16]}…"
        yield Finding(f"price list {row.version}", what, f"{row.named[:16]}…, as on invoices")


RULES = (
    Rule(
        "audit.records",
        "The audit trail knows each posting, credit, payment and decision, and they say what it says.",
        rows_of(ledger, granted_credits, payments, claim_decisions),
        _changed,
    ),
    Rule(
        "audit.price_lists",
        "The terms of a used price list have the hash that is on the invoices.",
        rows_of(used_price_lists),
        _other_terms,
    ),
)
