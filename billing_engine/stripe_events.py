"""Events: kept as they come, once each, and worked on afterwards; read from Stripe where they did not come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from billing_engine.errors import BillingError, DatabaseBusyError, StripeAccessError, StripeSilentError
from billing_engine.model.delivery import DeliveryKind, DeliveryOutcome
from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.storage import master_data, stripe_facts, stripe_inbox, stripe_mirror, stripe_outbox
from billing_engine.storage.stripe_inbox import EventState, Hint
from billing_engine.stripe_receiving import Books, Receiver, Seen
from billing_engine.stripe_sync.access import StripeAccess
from billing_engine.stripe_sync.reading import Told
from billing_engine.stripe_sync.webhooks import read_event

_log = logging.getLogger(__name__)

_OVERLAP = 600
"""Seconds before the cursor from which events are read again: they are listed a little late, and kept once anyway."""

EVENTS_ARE_KEPT = 30 * 86_400
"""Seconds for which Stripe lists events."""

_EVENTS_AT_ONCE = 500

_PASSING = (DatabaseBusyError, StripeAccessError, StripeSilentError)
"""What is wrong with no event, and passes: such a try does not count."""

_EARLY = frozenset({"invoice.created", "invoice.finalized", "invoice.sent", "invoice.updated", "invoice.upcoming"})
"""Events of what we did ourselves: none of them says that something came in, was credited or was given up."""


@dataclass(slots=True)
class Worked:
    """What became of events, or of invoices that were looked at."""

    applied: int = 0
    ignored: int = 0
    put_off: int = 0


class StripeEvents:
    """Takes events and records what became of the invoices that they hint at."""

    def __init__(self, books: Books, access: StripeAccess, receiver: Callable[[], Receiver]) -> None:
        self._transactions = books.transactions
        self._journal = books.journal
        self._access = access
        self._receiver = receiver

    def _now(self) -> Instant:
        return self._journal.moment()

    def take(self, body: bytes, signature: str) -> bool:
        """Keep an event that was posted; tells whether it is new. Raises SignatureError."""
        return self._keep([read_event(body, signature, self._access.webhook_secret)]) > 0

    def _keep(self, told: Iterable[Told]) -> int:
        now, all_told = self._now(), list(told)

        def write(connection: Connection) -> int:
            new = 0
            for one in all_told:
                new += stripe_inbox.put(connection, Hint(one.event, one.type, one.invoice, one.created), now)
                if _is_foreign(connection, one):
                    stripe_inbox.finish(connection, [one.event], EventState.IGNORED, str(Seen.FOREIGN))
            return new

        return self._transactions.retrying(None, write)

    def work(self) -> Worked:
        """Look at what events hinted at, each invoice once, and record what became of it."""
        worked = Worked()
        while self._work_on_some(worked):
            pass
        return worked

    def _work_on_some(self, worked: Worked) -> bool:
        """Work on as many as are read at once; tells whether there may be more that can be worked on."""
        with self._transactions.reading(None) as active:
            new = stripe_inbox.read_new(active, _EVENTS_AT_ONCE)
        if not new:
            return False
        receiver, stuck = self._receiver(), worked.put_off
        for stripe_id in dict.fromkeys(hint.object_id for hint in new):
            events = [hint.event for hint in new if hint.object_id == stripe_id]
            self._look(receiver, stripe_id, events, worked)
        return len(new) == _EVENTS_AT_ONCE and worked.put_off == stuck

    def _look(self, receiver: Receiver, stripe_id: str, events: Sequence[str], worked: Worked) -> None:
        """Look at one invoice; whatever is wrong with it must not stop the others."""
        try:
            sight = receiver.look(stripe_id)
            seen = Seen.FOREIGN if sight is None else receiver.apply(sight)
        except _PASSING as error:
            self._put_off(events, worked, str(error), is_try=False)
            return
        except BillingError as error:
            self._put_off(events, worked, str(error))
            return
        except Exception as error:  # noqa: BLE001 - as said
            self._put_off(events, worked, f"{type(error).__name__}: {error}")
            return
        state = EventState.DONE if seen is Seen.APPLIED else EventState.IGNORED
        worked.applied += len(events) if seen is Seen.APPLIED else 0
        worked.ignored += len(events) if seen is not Seen.APPLIED else 0
        self._transactions.retrying(None, lambda active: stripe_inbox.finish(active, events, state, str(seen)))

    def _put_off(self, events: Sequence[str], worked: Worked, why: str, *, is_try: bool = True) -> None:
        worked.put_off += len(events)
        self._transactions.retrying(None, lambda active: stripe_inbox.put_off(active, events, why, is_try=is_try))

    def poll(self) -> int:
        """Keep the events since they were last read, in case some were not posted; returns how many are new.

        Raises StripeSilentError.
        """
        with self._transactions.reading(None) as active:
            cursor = stripe_facts.read_cursor(active)
        since = max(cursor - _OVERLAP, self._now() - EVENTS_ARE_KEPT)
        found = self._receiver().read_events(since)
        new = self._keep(told for told in found if told.invoice and told.type not in _EARLY)
        latest = max((told.created for told in found), default=0)
        self._transactions.retrying(None, lambda active: stripe_facts.move_cursor(active, latest))
        return new

    def revive(self) -> None:
        """Try events again that were given up."""
        self._transactions.retrying(None, stripe_inbox.revive)

    def pull(self, month: Month) -> Worked:
        """Look at every invoice of a month that is at Stripe, whatever was hinted at, and record what became of it."""
        worked, receiver = Worked(), self._receiver()
        with self._transactions.reading(None) as active:
            deliveries = stripe_outbox.read_deliveries(active, month)
            numbers = sorted({delivery.invoice for delivery in deliveries})
            known = stripe_mirror.read_shares(active, numbers=numbers)
            customers = master_data.read_customers(active, sorted({one.customer for one in deliveries}))
        ids = {share.stripe_invoice for share in known}
        attached = {one.customer for one in deliveries if one.outcome is DeliveryOutcome.ATTACHED}
        for customer in sorted(attached):
            ids |= receiver.find_attached(customers[customer].stripe_customer, numbers)
        ids |= {one.stripe_id for one in deliveries if one.kind is DeliveryKind.INVOICE and one.stripe_id[:3] == "in_"}
        for stripe_id in sorted(ids):
            try:
                sight = receiver.look(stripe_id)
                if sight is not None and receiver.apply(sight) is Seen.APPLIED:
                    worked.applied += 1
            except StripeAccessError:
                raise
            except BillingError as error:
                _log.warning("invoice %s is put off: %s", stripe_id, error)
                worked.put_off += 1
        return worked


def _is_foreign(connection: Connection, told: Told) -> bool:
    """Tell whether an event is about no invoice, or one that has nothing to do with us, so that nobody need look."""
    if not told.invoice or not told.customer:
        return not told.invoice
    ours = stripe_mirror.is_customer_ours(connection, told.customer)
    return not ours and not stripe_mirror.is_invoice_ours(connection, told.invoice)
