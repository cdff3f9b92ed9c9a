"""Calls of Stripe, written before they are sent: who comes after a crash sends the same under the same key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, select, tuple_, update

from billing_engine.model.instant import Instant
from billing_engine.storage.inserting import batches, insert_of
from billing_engine.storage.stripe_tables import calls

_LOOK = "look:"
_IS_LOOK = calls.c.idempotency_key.startswith(_LOOK)
_LONGEST_ERROR = 500


class CallState(StrEnum):
    """What is known of a call."""

    SENT = "sent"
    """It may have been sent, and may have been done."""
    DONE = "done"
    FAILED = "failed"
    """It was refused; nothing was done."""
    DOUBTED = "doubted"
    """It was done or sent, and somebody says that it is not there: to be looked for."""


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt at one step."""

    scope: str
    """The delivery, or what else it is done once for."""
    step: str
    attempt: int
    idempotency_key: str
    operation: str
    params: str
    """JSON, as it is sent, each time."""
    state: CallState
    first_sent_at: Instant
    stripe_id: str = ""
    answer: str = "{}"
    """JSON of what is kept of what Stripe said."""
    error: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what there is one of, whatever it takes."""
        return (self.scope, self.step)

    @property
    def thing(self) -> dict[str, Any]:
        """Read what was kept of the answer."""
        return dict(json.loads(self.answer))

    @property
    def sent_params(self) -> dict[str, Any]:
        """Read the parameters."""
        return dict(json.loads(self.params))


def key_of_look(scope: str, step: str) -> str:
    """Make the unique key of what was looked at and kept: it is never sent."""
    return f"{_LOOK}{scope}:{step}"


def is_look(call: Call) -> bool:
    """Tell whether it is something that was looked at."""
    return call.idempotency_key.startswith(_LOOK)


def read_last(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Call]:
    """Return the last attempt at each step that was begun."""
    found: dict[tuple[str, str], Call] = {}
    for batch in batches(sorted(set(wanted))):
        statement = select(calls).where(tuple_(calls.c.scope, calls.c.step).in_(batch)).order_by(calls.c.attempt)
        for row in connection.execute(statement).mappings():
            call = Call(**{**row, "state": CallState(row["state"])})
            found[call.key] = call
    return found


def begin(connection: Connection, new: Sequence[Call]) -> dict[tuple[str, str], Call]:
    """Write new attempts; returns those that stand, which another sender may have written just before."""
    for batch in batches(new):
        statement = insert_of(connection)(calls).on_conflict_do_nothing()
        connection.execute(statement, [asdict(call) for call in batch])
    return read_last(connection, [call.key for call in new])


def end(connection: Connection, ended: Iterable[Call]) -> None:
    """Write what became of attempts; what is done stays done."""
    for call in ended:
        of_call = (calls.c.scope == call.scope, calls.c.step == call.step, calls.c.attempt == call.attempt)
        statement = update(calls).where(*of_call, calls.c.state != CallState.DONE)
        values = {"state": call.state, "stripe_id": call.stripe_id, "answer": call.answer}
        connection.execute(statement.values(**values, error=call.error[:_LONGEST_ERROR]))


def forget_looks(connection: Connection, scopes: Sequence[str]) -> None:
    """Forget what was looked at for deliveries of which nothing was sent: next time it may be otherwise."""
    for batch in batches(scopes):
        unbegun = sorted(set(batch) - read_begun(connection, batch).keys())
        connection.execute(delete(calls).where(calls.c.scope.in_(unbegun), _IS_LOOK))


def doubt(connection: Connection, scopes: Sequence[str]) -> None:
    """Have what was done looked for before it is done again.

    What may still be on its way is sent again as it stands, and what was decided about customer and shape stays.
    """
    for batch in batches(scopes):
        doubted = update(calls).where(calls.c.scope.in_(batch), calls.c.state == CallState.DONE, ~_IS_LOOK)
        connection.execute(doubted.values(state=CallState.DOUBTED))


def read_seen(connection: Connection, scopes: Sequence[str], step: str) -> dict[str, Any]:
    """Return what was seen for deliveries when they were begun, by scope."""
    found: dict[str, Any] = {}
    for batch in batches(scopes):
        statement = select(calls.c.scope, calls.c.answer).where(calls.c.scope.in_(batch), calls.c.step == step)
        rows = connection.execute(statement)
        found |= {row.scope: json.loads(row.answer) for row in rows}
    return found


def read_begun(connection: Connection, scopes: Sequence[str]) -> dict[str, set[str]]:
    """Return which steps of deliveries were, or may have been, sent; deliveries of which none was are left out."""
    begun: dict[str, set[str]] = {}
    for batch in batches(scopes):
        sent = select(calls.c.scope, calls.c.step).where(calls.c.scope.in_(batch), ~_IS_LOOK)
        for row in connection.execute(sent.where(calls.c.state != CallState.FAILED)):
            begun.setdefault(row.scope, set()).add(row.step)
    return begun
