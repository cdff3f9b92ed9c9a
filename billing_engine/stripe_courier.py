"""A courier: takes one delivery through its flow, and knows of each thing it asks whether to send, to look or to wait.

What is unknown is sent again under the same key, for as long as Stripe keeps keys. Only when that is over, or when what
it kept under the key is a failure of its own, somebody looks whether the object is there, and only if it is not it is
made under a new key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from billing_engine.errors import BillingError, StripeRefusedError
from billing_engine.model.delivery import Delivery, DeliveryOutcome, DeliveryState
from billing_engine.model.instant import Instant
from billing_engine.storage.stripe_calls import Call, CallState, key_of_look
from billing_engine.stripe_sync.calls import KEPT, Answer, Ask, Ended, Flow, Look, Said, Step, Thing
from billing_engine.stripe_sync.objects import pare

KEYS_ARE_KEPT = 23 * 3600
"""Seconds for which the same key is sent; Stripe keeps keys for 24 hours at the least."""

MOST_TRIES = 10
"""Of one call within one push; what is then unknown is left for the next one."""

_PAUSES = (0.25, 0.5, 1, 2, 4, 8)
"""Seconds before each further try; the last holds for all that follow."""

_STICKY = 3
"""So many errors of the server under one key are taken for what it keeps under it, though it does not say so."""


@dataclass(slots=True)
class Open:
    """Something that is asked and not answered yet."""

    ask: Ask
    scope: str
    """The delivery, or what else a step is done once for."""
    call: Call | None = None
    """The attempt that stands in the database; None before that was asked."""
    is_prepared: bool = False
    """Whether the database was asked."""
    is_looking: bool = False
    """Whether to look for the object, because nobody knows whether it was made."""
    is_refused: bool = False
    """Whether Stripe said no, and nothing is there."""
    is_answered: bool = False
    answer: Any = None
    tries: int = 0
    failures: int = 0
    not_before: float = 0
    message: str = ""

    @property
    def key(self) -> tuple[str, str] | None:
        """Return under which name the database may know it; None for a look that is not kept."""
        if isinstance(self.ask, Step):
            return (self.scope, self.ask.step)
        return (self.scope, self.ask.keep_as) if self.ask.keep_as else None

    @property
    def look(self) -> Look:
        """Return what is to be looked at."""
        return self.ask.find.look if isinstance(self.ask, Step) else self.ask

    def end(self, answer: Any) -> None:
        self.is_answered, self.answer = True, answer

    def wait(self, now: float, message: str) -> None:
        self.message = message
        self.tries += 1
        self.not_before = now + _PAUSES[min(self.tries, len(_PAUSES)) - 1]


@dataclass(slots=True)
class Courier:
    """A delivery on its way."""

    delivery: Delivery
    flow: Flow
    open: list[Open] = field(default_factory=list)
    ended: Delivery | None = None
    """What became of it; None while it is on its way."""
    invoice: Thing | None = None
    """As it was finalized, where it is one of ours."""

    def start(self) -> None:
        """Ask for the first things."""
        self._advance(None)

    def go_on(self) -> bool:
        """Go on as far as the answers carry; tells whether anything moved."""
        if self.ended is not None:
            return False
        if all(one.is_answered for one in self.open):
            self._advance([one.answer for one in self.open])
            return True
        refused = next((one for one in self.open if one.is_refused), None)
        tired = next((one for one in self.open if not one.is_answered and one.tries >= MOST_TRIES), None)
        if refused is not None:
            self.refuse(refused.message)
        elif tired is not None:
            self._end(DeliveryState.WAITING, f"no clear answer: {tired.message}")
        return self.ended is not None

    def _advance(self, answers: list[Any] | None) -> None:
        try:
            asked = next(self.flow) if answers is None else self.flow.send(answers)
            self.open = [Open(ask, _scope(ask, self.delivery)) for ask in asked]
        except StopIteration as stop:
            ended: Ended = stop.value
            self.invoice = ended.invoice
            self._end(DeliveryState.DONE, ended.note, ended.outcome, ended.stripe_id)
        except StripeRefusedError as error:
            self.refuse(str(error), error.stripe_id)
        except BillingError as error:
            self.refuse(str(error))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one delivery must not stop the others
            self._end(DeliveryState.REFUSED, f"{type(error).__name__}: {error}")

    def refuse(self, message: str, stripe_id: str = "") -> None:
        """End it because Stripe said no, or has something else than we."""
        self._end(DeliveryState.REFUSED, message, stripe_id=stripe_id)

    def _end(
        self,
        state: DeliveryState,
        reason: str,
        outcome: DeliveryOutcome = DeliveryOutcome.NONE,
        stripe_id: str = "",
    ) -> None:
        self.open = []
        known = stripe_id or self.delivery.stripe_id
        self.ended = replace(self.delivery, state=state, outcome=outcome, reason=reason, stripe_id=known)
        self.flow.close()

    def ready(self, now: float) -> Iterator[Open]:
        """Go through what is to be asked now."""
        return (one for one in self.open if not one.is_answered and one.not_before <= now)


def _scope(ask: Ask, delivery: Delivery) -> str:
    return ask.scope or delivery.delivery if isinstance(ask, Step) else delivery.delivery


def next_attempt(one: Open, last: Call | None, now: Instant, books: str) -> Call | None:
    """Make the attempt that is to be written before a step is sent; None where one stands already."""
    if isinstance(one.ask, Look) or (last is not None and last.state is not CallState.FAILED):
        return None
    return attempt_after(one.ask, one.scope, last, now, books)


def prepare(one: Open, stands: Call | None, now: Instant) -> None:
    """Decide by what stands in the database whether it is answered, to be sent, or to be looked for."""
    one.is_prepared = True
    if stands is None:
        return
    if stands.state is CallState.DONE:
        one.end(stands.thing | {KEPT: True})
        return
    one.call = stands
    one.is_looking = stands.state is CallState.DOUBTED or abs(now - stands.first_sent_at) > KEYS_ARE_KEPT


def attempt_after(step: Step, scope: str, last: Call | None, now: Instant, books: str) -> Call:
    """Make the next attempt at a step, with a key that names it and nothing else."""
    number = 1 if last is None else last.attempt + 1
    key = f"be:{books}:{scope}:{step.step}:{number}"
    return Call(scope, step.step, number, key, step.operation, _written(step), CallState.SENT, now)


def _written(step: Step) -> str:
    return json.dumps(dict(step.params), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def take_answer(one: Open, answer: Answer, now: float) -> Call | None:
    """Take what was said to a step; returns the attempt as it ended, None while it has not."""
    call = one.call
    if call is None:
        raise AssertionError("an attempt is written before it is sent")
    if answer.said is Said.YES:
        return _done(one, call, answer.thing)
    if answer.said is Said.NO:
        # It may be so already: what is finalized can not be finalized.
        one.call = replace(call, state=CallState.FAILED, error=answer.message)
        one.is_looking, one.message = True, answer.message
        return None
    one.wait(now, answer.message)
    one.failures += answer.status == _SERVER_ERROR
    if answer.status == _SERVER_ERROR and (answer.replayed or one.failures >= _STICKY):
        one.is_looking, one.not_before = True, now
    return None


_SERVER_ERROR = 500


def take_found(one: Open, found: Any) -> Call:
    """Take what was found when looking for the object of a step; returns the attempt as it ended.

    Where nothing is there, it failed, and the next attempt is to be made, unless Stripe said no.
    """
    step, call = one.ask, one.call
    if call is None or not isinstance(step, Step):
        raise AssertionError("only a step's object is looked for")
    chosen = step.find.choose(found)
    if chosen is not None:
        return _done(one, call, chosen)
    # What was refused was perhaps of before: then what is to be sent now was not refused.
    one.is_refused = call.state is CallState.FAILED and call.params == _written(step)
    one.is_looking, one.is_prepared, one.call, one.failures = False, False, None, 0
    return replace(call, state=CallState.FAILED, error=call.error or one.message or "it was not there")


def _done(one: Open, call: Call, thing: Thing) -> Call:
    kept = pare(thing)
    one.end(kept)
    one.call = replace(
        call,
        state=CallState.DONE,
        stripe_id=str(kept.get("id", "")),
        answer=json.dumps(kept, ensure_ascii=False, sort_keys=True),
        error="",
    )
    return one.call


def take_look(one: Open, found: Any, now: Instant) -> Call | None:
    """Take what was seen; returns it as it is kept, where it is. Raises StripeRefusedError."""
    look = one.look
    one.end(_seen(look, found))
    if not look.keep_as:
        return None
    kept = json.dumps(dict(one.answer), ensure_ascii=False, sort_keys=True)
    key = key_of_look(one.scope, look.keep_as)
    return Call(one.scope, look.keep_as, 1, key, look.operation, "{}", CallState.DONE, now, answer=kept)


def _seen(look: Look, found: Any) -> Any:
    if look.pick is not None:
        return look.pick(found)
    return found if look.each or found is None else pare(found)
