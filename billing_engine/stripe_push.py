"""A push: sends what a month has for Stripe, many deliveries side by side, and nothing while a transaction is open.

It goes in waves: one transaction writes what came of the last calls and what is about to be sent, then all that is
ready is sent at once. Whoever is killed in between leaves calls that may have been sent; they are sent again as they
stand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Connection

from billing_engine.errors import BillingError, StripeAccessError, StripeRefusedError, StripeSilentError
from billing_engine.journal import Journal
from billing_engine.model.delivery import Delivery, DeliveryKind, DeliveryOutcome, DeliveryState
from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.storage import stripe_calls, stripe_mirror, stripe_outbox
from billing_engine.storage.audit import Event
from billing_engine.storage.stripe_calls import Call
from billing_engine.stripe_courier import Courier, Open, next_attempt, prepare, take_answer, take_found, take_look
from billing_engine.stripe_sync.calls import Answer, Flow, Said, Step
from billing_engine.stripe_sync.gateway import Gateway
from billing_engine.transactions import Transactions

AT_ONCE = 32
"""Deliveries on their way at the same time."""

THREADS = 8
"""Calls on the line at the same time; Stripe allows 25 a second for tries and 100 for the real thing."""

CLAIMED = 1800
"""Seconds for which a claim holds: longer than a wave, however slow Stripe is, and made anew with each."""

MOST_SILENT = 16
"""Deliveries that ended without a clear answer, and none that was heard between them: then Stripe is down, and nothing
more is taken on; what is left waits for the next push."""

_RENEWED = 60
_WAIT = 0.5
"""Seconds between looks whether others are done with what they claimed."""

_numbers = count(1)

FlowOf = Callable[[Connection, Sequence[Delivery]], dict[str, Flow]]
"""Makes the flows of deliveries, by delivery, with all that these need to know."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes while a push waits; tests have it pass faster."""

    elapsed: Callable[[], float] = time.monotonic
    pause: Callable[[float], object] = time.sleep


REAL_TIME = Pace()


@dataclass(frozen=True, slots=True)
class Means:
    """What a push works with."""

    transactions: Transactions
    gateway: Gateway
    books: str
    moment: Callable[[], Instant]
    journal: Journal
    pace: Pace = REAL_TIME


class Push:
    """Sends what one month has of some kinds."""

    def __init__(self, means: Means, month: Month, flow_of: FlowOf, on_ended: Callable[[Delivery], object]) -> None:
        self._means = means
        self._month = month
        self._flow_of = flow_of
        self._on_ended = on_ended
        self._sender = stripe_outbox.sender_name(next(_numbers))
        self._tried: set[str] = set()
        self._live: list[Courier] = []
        self._heard: list[Call] = []
        self._is_empty = False
        self._silent = 0
        self.paid_at_once: list[str] = []
        """Invoices at Stripe that were charged when they were finalized."""
        self._renewed_at = means.pace.elapsed()

    def run(self, kinds: Sequence[DeliveryKind]) -> None:
        """Go on until everything was tried; raises StripeAccessError when the account is closed to us."""
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                while self._take_more(kinds) or self._live:
                    self._write()
                    if not self._go_on():
                        self._ask(pool)
        finally:
            with suppress(BillingError):  # the claim ends by itself
                self._means.transactions.retrying(None, self._release)

    def _go_on(self) -> bool:
        """Let all go on as far as they can; tells whether any did."""
        return sum(courier.go_on() for courier in self._live) > 0

    def _release(self, connection: Connection) -> None:
        stripe_outbox.release(connection, self._sender)

    def _take_more(self, kinds: Sequence[DeliveryKind]) -> bool:
        """Take as many deliveries as there is room for, and wait for those of others; tells whether any came."""
        room = AT_ONCE - len(self._live)
        if room < AT_ONCE // 2 or (self._is_empty and self._live) or self._silent >= MOST_SILENT:
            return False
        now = self._means.moment()

        def take(connection: Connection) -> list[Courier]:
            until = now + CLAIMED
            taken = stripe_outbox.claim(
                connection, self._month, kinds, self._sender, now, until, most=room, tried=self._tried
            )
            flows = self._flow_of(connection, taken)
            return [Courier(delivery, flows[delivery.delivery]) for delivery in taken]

        came = self._means.transactions.retrying(None, take)
        for courier in came:
            self._tried.add(courier.delivery.delivery)
            courier.start()
        self._live += came
        self._is_empty = not came
        if not self._live and self._others(kinds, now):
            self._means.pace.pause(_WAIT)
            return True
        return bool(came)

    def _others(self, kinds: Sequence[DeliveryKind], now: Instant) -> int:
        with self._means.transactions.reading(None) as active:
            return stripe_outbox.count_left(active, self._month, kinds, self._sender, now, self._tried)

    def _write(self) -> None:
        """Write what came of the last calls and which are about to be sent; says whose delivery is over."""
        over = [(courier, courier.ended) for courier in self._live if courier.ended is not None]
        going = [courier for courier in self._live if courier.ended is None]
        asked = [one for courier in going for one in courier.open if not one.is_prepared]
        keys = [one.key for one in asked if one.key is not None]
        now, heard = self._means.moment(), self._heard

        def write(connection: Connection) -> dict[tuple[str, str], Call]:
            stripe_calls.begin(connection, [call for call in heard if stripe_calls.is_look(call)])
            stripe_calls.end(connection, [call for call in heard if not stripe_calls.is_look(call)])
            for courier, ended in over:
                stripe_outbox.finish(connection, ended)
                if courier.invoice is not None:
                    stripe_mirror.note_finalized(connection, courier.invoice, ended.invoice, now)
            undone = [ended.delivery for _, ended in over if ended.state is not DeliveryState.DONE]
            stripe_calls.forget_looks(connection, undone)
            self._renew(connection, going, now)
            stand = self._begin(connection, asked, keys, now)
            self._means.journal.note_all(connection, [_event(ended) for _, ended in over if _is_sent(ended)])
            return stand

        stand = self._means.transactions.retrying(None, write)
        self._heard, self._live = [], going
        for one in asked:
            prepare(one, stand.get(one.key) if one.key else None, now)
        for courier, ended in over:
            if courier.invoice is not None and courier.invoice["status"] == "paid":
                self.paid_at_once.append(str(courier.invoice["id"]))
            self._silent += ended.state is DeliveryState.WAITING
            self._on_ended(ended)

    def _begin(
        self, connection: Connection, asked: Sequence[Open], keys: Sequence[tuple[str, str]], now: Instant
    ) -> dict[tuple[str, str], Call]:
        """Write which attempts are about to be made; returns those that stand."""
        last = stripe_calls.read_last(connection, keys)
        new = [next_attempt(one, last.get(one.key), now, self._means.books) for one in asked if one.key]
        return last | stripe_calls.begin(connection, [call for call in new if call is not None])

    def _renew(self, connection: Connection, going: Iterable[Courier], now: Instant) -> None:
        if self._means.pace.elapsed() - self._renewed_at > _RENEWED:
            self._renewed_at = self._means.pace.elapsed()
            stripe_outbox.hold(connection, [c.delivery.delivery for c in going], self._sender, now + CLAIMED)

    def _ask(self, pool: ThreadPoolExecutor) -> None:
        """Ask all that is ready, side by side, and take the answers; nothing is ready: wait for the first that is."""
        now = self._means.pace.elapsed()
        ready = [(courier, one) for courier in self._live for one in courier.ready(now) if one.is_prepared]
        if not ready:
            waiting = [one.not_before for courier in self._live for one in courier.open if not one.is_answered]
            if waiting:
                self._means.pace.pause(max(0.0, min(waiting) - now))
            return
        chosen = _once(ready)
        said = list(pool.map(lambda pair: _perform(self._means.gateway, pair[1]), chosen))
        for (courier, one), heard in zip(chosen, said, strict=True):
            self._take(courier, one, heard)
        self._go_on()
        closed = next((heard for heard in said if isinstance(heard, StripeAccessError)), None)
        if closed is not None:
            self._write()
            raise closed

    def _take(self, courier: Courier, one: Open, heard: Any) -> None:
        elapsed = self._means.pace.elapsed()
        try:
            call = None
            if not isinstance(heard, BillingError | Answer) or (isinstance(heard, Answer) and heard.said is Said.YES):
                self._silent = 0
            if isinstance(heard, BillingError):
                one.wait(elapsed, str(heard))
            elif isinstance(heard, Answer):
                call = take_answer(one, heard, elapsed)
            elif isinstance(one.ask, Step):
                call = take_found(one, heard[0])
            else:
                call = take_look(one, heard[0], self._means.moment())
            if call is not None:
                self._heard.append(call)
        except StripeRefusedError as error:
            courier.refuse(str(error), error.stripe_id)


def _once(ready: Sequence[tuple[Courier, Open]]) -> list[tuple[Courier, Open]]:
    """Send what several deliveries need only for one of them; the others ask the database for it afterwards."""
    seen: set[tuple[str, str]] = set()
    chosen = []
    for courier, one in ready:
        if isinstance(one.ask, Step) and one.key is not None:
            if one.key in seen:
                one.is_prepared = False
                continue
            seen.add(one.key)
        chosen.append((courier, one))
    return chosen


def _perform(gateway: Gateway, one: Open) -> Any:
    """Send or look; returns the answer to a step, what was seen in a tuple, or why nothing was."""
    try:
        if one.call is not None and not one.is_looking:
            return gateway.post(one.ask.operation, one.call.sent_params, one.call.idempotency_key)
        return (gateway.see(one.look),)
    except BillingError as error:
        return error
    except Exception as error:  # noqa: BLE001 - an odd answer must not stop the other deliveries
        return StripeSilentError(f"{type(error).__name__} while asking")


def _is_sent(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.DONE and delivery.outcome is not DeliveryOutcome.NOTHING_TO_SEND


def _event(delivery: Delivery) -> Event:
    """Say in the trail that something was sent."""
    details = {"delivery": delivery.delivery, "outcome": delivery.outcome, "stripe_id": delivery.stripe_id}
    return Event("stripe.sent", delivery.number, details)
