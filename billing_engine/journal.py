"""The journal: notes down who did what and when, in the transaction in which it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from billing_engine.model.content_hash import content_hash
from billing_engine.model.credit import Account, Credit, LedgerEntry, check_balances
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.instant import Instant, instant_of
from billing_engine.model.money import plain
from billing_engine.model.payment import Payment
from billing_engine.model.text import check_id
from billing_engine.storage import audit
from billing_engine.storage.audit import Event
from billing_engine.storage.credit_ledger import grant_of, read_credits, read_ledger
from billing_engine.storage.records import CREDITS, DECISIONS, POSTINGS, read_hashes
from billing_engine.storage.sla_records import read_decisions

Clock = Callable[[], datetime]
"""Tells an aware time."""


def system_clock() -> datetime:
    """Tell the time of the machine: the one place that asks it besides the command line, for hosts that pass none."""
    return datetime.now(UTC)


class Journal:
    """Adds to the audit trail in somebody's name."""

    def __init__(self, clock: Clock = system_clock, actor: str = "") -> None:
        check_id(actor, "the actor's name")
        self._clock = clock
        self.actor = actor

    def moment(self) -> Instant:
        """Tell the time that is noted down."""
        return instant_of(self._clock())

    def note(self, connection: Connection, action: str, subject: str, **details: Any) -> None:
        """Note one thing down, as the last thing of a transaction."""
        self.note_all(connection, [Event(action, subject, details)])

    def note_all(self, connection: Connection, events: list[Event]) -> None:
        """Note several things down, as the last thing of a transaction."""
        audit.append(connection, self.moment(), self.actor, events)

    @contextmanager
    def of_credits(self, connection: Connection, customer: str) -> Iterator[None]:
        """Note down what is posted to a customer's credits meanwhile."""
        events: list[Event] = []
        with watch_credits(connection, customer, events):
            yield
        self.note_all(connection, events)

    @contextmanager
    def of_decisions(self, connection: Connection, customer: str) -> Iterator[None]:
        """Note down what is decided about a customer's claims meanwhile, and what is posted to its credits."""
        before = read_decisions(connection, [customer])
        events: list[Event] = []
        with watch_credits(connection, customer, events):
            yield
        new = {claim: found for claim, found in read_decisions(connection, [customer]).items() if claim not in before}
        hashes = read_hashes(connection, DECISIONS, list(new))
        decided = [
            Event(
                "claim.decided",
                claim,
                {
                    "customer": customer,
                    "accepted": found.decision.accepted,
                    "amount": plain(found.decision.amount),
                    "by_rule": found.by_rule,
                    "content_hash": hashes[claim],
                },
            )
            for claim, found in sorted(new.items())
        ]
        self.note_all(connection, [*decided, *events])


@contextmanager
def watch_credits(connection: Connection, customer: str, events: list[Event]) -> Iterator[None]:
    """Add an event for each posting to a customer's credits meanwhile; the customer is locked.

    Raises SelfCheckError when the ledger does not account for every cent of them afterwards.
    """
    before = {entry.posting for entry in read_ledger(connection, customer)}
    yield
    after = read_ledger(connection, customer)
    check_balances(read_credits(connection, [customer]), after)
    gained = [entry for entry in after if entry.posting not in before and entry.amount > 0]
    hashes = read_hashes(connection, POSTINGS, [entry.posting for entry in gained])
    grants = read_hashes(connection, CREDITS, [entry.credit for entry in gained if _is_grant(entry)])
    for entry in gained:
        what = "given_back" if entry.credit_note else _NAMES[entry.account]
        details = {
            "posting": entry.posting,
            "customer": entry.customer,
            "amount": plain(entry.amount),
            "currency": entry.currency,
            "invoice": entry.invoice,
            "content_hash": hashes[entry.posting],
        }
        if _is_grant(entry):
            details["credit_hash"] = grants[entry.credit]
        events.append(Event(f"credit.{what}", entry.credit, details))


def _is_grant(entry: LedgerEntry) -> bool:
    return entry.account is Account.AVAILABLE and not entry.credit_note


_NAMES = {
    Account.AVAILABLE: "granted",
    Account.APPLIED: "set_off",
    Account.EXPIRED: "expired",
    Account.REFUNDED: "refunded",
    Account.GRANTED: "withdrawn",
}
"""What it means that an account got something."""


def events_of_overpayments(connection: Connection, granted: Sequence[Credit]) -> list[Event]:
    """Say in the trail that what came in too much became credits, all of them in this transaction."""
    postings = {credit.credit: grant_of(credit.credit) for credit in granted}
    hashes = read_hashes(connection, POSTINGS, list(postings.values()))
    credits_ = read_hashes(connection, CREDITS, list(postings))
    return [
        Event(
            "credit.granted",
            credit.credit,
            {
                "posting": postings[credit.credit],
                "customer": credit.customer,
                "amount": plain(credit.amount),
                "currency": credit.currency,
                "invoice": credit.invoice,
                "content_hash": hashes[postings[credit.credit]],
                "credit_hash": credits_[credit.credit],
            },
        )
        for credit in granted
    ]


def event_of_payment(payment: Payment, customer: str, currency: str) -> Event:
    """Say in the trail that a payment was recorded."""
    details = {
        "invoice": payment.invoice,
        "customer": customer,
        "paid_on": payment.paid_on,
        "amount": plain(payment.amount),
        "currency": currency,
    }
    return Event("payment.recorded", payment.payment, details)


def event_of_credit_note(issued: CreditNote) -> Event:
    """Say in the trail that a credit note was issued."""
    draft = issued.draft
    details = {
        "invoice": draft.invoice,
        "customer": draft.customer,
        "currency": draft.currency,
        "gross": plain(draft.gross),
        "issued_on": issued.issued_on,
        "content_hash": content_hash(draft),
    }
    return Event("credit_note.issued", issued.number, details)
