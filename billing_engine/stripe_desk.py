"""`StripeDesk`: what a host and the command line do with Stripe: link, push, receive, reconcile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.errors import BillingError, InvoiceNotFoundError, StripeRefusedError, StripeSilentError
from billing_engine.model.delivery import Delivery, DeliveryKind, DeliveryState, StripeMode, delivery_of
from billing_engine.model.instant import Instant, local_date
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings, StripeTerms
from billing_engine.model.text import check_stripe_id
from billing_engine.storage import (
    invoices,
    master_data,
    stripe_calls,
    stripe_facts,
    stripe_inbox,
    stripe_mirror,
    stripe_outbox,
)
from billing_engine.storage.stripe_inbox import EventState, Hint
from billing_engine.storage.stripe_mirror import Mirrored
from billing_engine.stripe_orders import Desk, flows_of
from billing_engine.stripe_push import Means, Push
from billing_engine.stripe_receiving import Books, Receiver, Seen
from billing_engine.stripe_reconciling import Reconciliation, reconcile
from billing_engine.stripe_sync.access import StripeAccess
from billing_engine.stripe_sync.calls import Flow, Look
from billing_engine.stripe_sync.cancelling import cancel
from billing_engine.stripe_sync.gateway import Gateway
from billing_engine.stripe_sync.reading import Told, told_by
from billing_engine.stripe_sync.webhooks import read_event

_CORRECTIONS = (DeliveryKind.CREDIT_NOTE, DeliveryKind.VOID, DeliveryKind.PAYMENT)
_OVERLAP = 600
"""Seconds before the cursor from which events are read again: they are listed a little late, and kept once anyway."""

EVENTS_ARE_KEPT = 30 * 86_400
"""Seconds for which Stripe lists events."""

_EVENTS_AT_ONCE = 500


class Status(NamedTuple):
    """How far the sync is."""

    mode: str
    """"live" or "test"; empty when nothing was sent."""
    deliveries: Mapping[DeliveryState, int]
    left: Sequence[Delivery]
    """What is not done."""
    events: Mapping[EventState, int]
    cursor: int
    """Up to when events were read."""

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is left to send or to work on."""
        return not self.left and not self.events[EventState.NEW] and not self.events[EventState.FAILED]


@dataclass(slots=True)
class Worked:
    """What became of events."""

    applied: int = 0
    ignored: int = 0
    put_off: int = 0


class StripeDesk:
    """Sends documents to a Stripe account and records what becomes of them there."""

    def __init__(self, books: Books, settings: Settings | None, access: StripeAccess, gateway: Gateway) -> None:
        self._transactions = books.transactions
        self._books = books
        self._terms = settings.stripe if settings is not None else StripeTerms()
        self._seller = settings.seller_id if settings is not None else ""
        self._access = access
        self._gateway = gateway

    def _now(self) -> Instant:
        return self._books.journal.moment()

    def _open(self) -> str:
        """Return the name of these books at Stripe; raises StripeAccessError when they belong to the other mode."""

        def write(connection: Connection) -> str:
            stripe_facts.bind_mode(connection, is_live=self._access.is_live)
            return stripe_facts.name_books(connection, self._seller)

        return self._transactions.retrying(None, write)

    def _receiver(self) -> Receiver:
        return Receiver(self._books, self._gateway, self._open())

    def link(
        self, customer: str, stripe_customer: str, mode: StripeMode | None = None, subscription: str | None = None
    ) -> None:
        """Say which customer at Stripe a customer is, and how it is billed there; None leaves a thing as it is.

        Raises BillingError when there is no such customer, InvalidTextError when something is no id.
        """
        wanted = {"stripe_customer": check_stripe_id(stripe_customer, "cus_")}
        if mode is not None:
            wanted["stripe_mode"] = mode
        if subscription is not None:
            wanted["stripe_subscription"] = check_stripe_id(subscription, "sub_")

        def write(connection: Connection) -> None:
            if customer not in master_data.read_customers(connection, [customer]):
                raise BillingError(f"there is no customer {customer!r}")
            master_data.change_customers(connection, [customer])
            master_data.link_customer(connection, customer, wanted)
            self._books.journal.note(connection, "customer.linked", customer, **wanted)

        self._transactions.retrying(None, write)

    def prepare(self, month: Month) -> int:
        """Put down what a month has to send that is not yet; returns how many deliveries are not done."""
        self._open()
        self._transactions.retrying(None, lambda active: stripe_outbox.put_month(active, month))
        with self._transactions.reading(None) as active:
            states = stripe_outbox.count_states(active, month)
        return states[DeliveryState.WAITING] + states[DeliveryState.REFUSED]

    def push(self, month: Month, on_ended: Callable[[Delivery], object] | None = None) -> list[Delivery]:
        """Send what a month has for Stripe; returns its deliveries, as they are then.

        Any number may push at once, and who is killed leaves nothing that is sent twice. Raises StripeAccessError.
        """
        self.prepare(month)
        name = self._open()
        means = Means(self._transactions, self._gateway, name, self._now, self._books.journal)

        def flow_of(connection: Connection, deliveries: Sequence[Delivery]) -> dict[str, Flow]:
            return flows_of(connection, deliveries, Desk(name, self._now(), self._terms))

        for kinds in ((DeliveryKind.INVOICE,), _CORRECTIONS):
            push = Push(means, month, flow_of, on_ended or (lambda _: None))
            push.run(kinds)
            self._look_at(push.paid_at_once)
        with self._transactions.reading(None) as active:
            return stripe_outbox.read_deliveries(active, month)

    def _look_at(self, ids: Iterable[str]) -> None:
        receiver = self._receiver()
        for stripe_id in ids:
            sight = receiver.look(stripe_id)
            if sight is not None:
                receiver.apply(sight)

    def again(self, number: str) -> None:
        """Have an invoice and its corrections looked for at Stripe, and sent again where they are not there.

        Raises InvoiceNotFoundError when it was never to be sent.
        """

        def write(connection: Connection) -> None:
            found = stripe_outbox.read_deliveries(connection, invoice=number)
            if not found:
                raise InvoiceNotFoundError(f"invoice {number!r} was never to be sent to Stripe")
            stripe_outbox.put_back(connection, [one.delivery for one in found])
            for one in found:
                stripe_calls.doubt(connection, one.delivery)

        self._transactions.retrying(None, write)

    def settle(self, number: str) -> Delivery:
        """Put down that Stripe is to call an invoice paid that was paid elsewhere; the next push says so.

        Raises StripeRefusedError when something is still to be paid here, or the invoice is not there as our own.
        """

        def write(connection: Connection) -> Delivery:
            issued = invoices.read_invoice(connection, number)
            if issued.settlement.open:
                raise StripeRefusedError(f"invoice {number} is not paid here; `billing-engine payment add` records it")
            period = str(issued.draft.period)
            delivery = delivery_of(DeliveryKind.PAYMENT, number, number, issued.draft.customer, period)
            stripe_outbox.put(connection, [delivery])
            return delivery

        return self._transactions.retrying(None, write)

    def take_event(self, body: bytes, signature: str) -> bool:
        """Keep an event that was posted; tells whether it is new. Raises SignatureError."""
        return self._keep([read_event(body, signature, self._access.webhook_secret)]) > 0

    def _keep(self, told: Iterable[Told]) -> int:
        hints = [(Hint(one.event, one.type, one.invoice, one.created), one.invoice == "") for one in told]
        now = self._now()

        def write(connection: Connection) -> int:
            new = 0
            for hint, is_nothing in hints:
                new += stripe_inbox.put(connection, hint, now)
                if is_nothing:
                    stripe_inbox.finish(connection, [hint.event], EventState.IGNORED, "it is about no invoice")
            return new

        return self._transactions.retrying(None, write)

    def work_events(self) -> Worked:
        """Look at what events hinted at, each invoice once, and record what became of it."""
        worked = Worked()
        with self._transactions.reading(None) as active:
            new = stripe_inbox.read_new(active, _EVENTS_AT_ONCE)
        if not new:
            return worked
        receiver = self._receiver()
        for stripe_id in dict.fromkeys(hint.object_id for hint in new):
            events = [hint.event for hint in new if hint.object_id == stripe_id]
            self._work(receiver, stripe_id, events, worked)
        return worked

    def _work(self, receiver: Receiver, stripe_id: str, events: Sequence[str], worked: Worked) -> None:
        """Look at one invoice; whatever is wrong with it must not stop the others."""
        try:
            sight = receiver.look(stripe_id)
            seen = Seen.FOREIGN if sight is None else receiver.apply(sight)
        except BillingError as error:
            worked.put_off += len(events)
            message = str(error)
            self._transactions.retrying(None, lambda active: stripe_inbox.put_off(active, events, message))
            return
        state = EventState.DONE if seen is Seen.APPLIED else EventState.IGNORED
        worked.applied += len(events) if seen is Seen.APPLIED else 0
        worked.ignored += len(events) if seen is not Seen.APPLIED else 0
        self._transactions.retrying(None, lambda active: stripe_inbox.finish(active, events, state, str(seen)))

    def poll_events(self) -> int:
        """Keep the events since they were last read, in case some were not posted; returns how many are new.

        Raises StripeSilentError.
        """
        with self._transactions.reading(None) as active:
            cursor = stripe_facts.read_cursor(active)
        since = max(cursor - _OVERLAP, self._now() - EVENTS_ARE_KEPT)
        found = [told_by(event) for event in self._gateway.each(Look("events.list", {"created": {"gte": since}}))]
        new = self._keep(told for told in found if told.invoice)
        latest = max((told.created for told in found), default=0)
        self._transactions.retrying(None, lambda active: stripe_facts.move_cursor(active, latest))
        return new

    def revive_events(self) -> None:
        """Try events again that were given up."""
        self._transactions.retrying(None, stripe_inbox.revive)

    def pull(self, month: Month) -> Worked:
        """Look at every invoice of a month that is at Stripe, whatever was hinted at, and record what became of it."""
        worked, receiver = Worked(), self._receiver()
        with self._transactions.reading(None) as active:
            deliveries = stripe_outbox.read_deliveries(active, month)
            numbers = sorted({delivery.invoice for delivery in deliveries})
            known = stripe_mirror.read_shares(active, numbers=numbers)
        ids = {share.stripe_invoice for share in known}
        ids |= {one.stripe_id for one in deliveries if one.kind is DeliveryKind.INVOICE and one.stripe_id[:3] == "in_"}
        for stripe_id in sorted(ids):
            try:
                sight = receiver.look(stripe_id)
                if sight is not None and receiver.apply(sight) is Seen.APPLIED:
                    worked.applied += 1
            except StripeSilentError:
                worked.put_off += 1
        return worked

    def reconcile(self, month: Month, on_customer: Callable[[], object] | None = None) -> Reconciliation:
        """Hold every invoice of a month against what is at Stripe; changes nothing. Raises StripeSilentError."""
        return reconcile(self._transactions, self._gateway, self._open(), month, on_customer)

    def cancel(self, stripe_id: str) -> str:
        """Take away what of ours is wrong at Stripe: a draft, an open invoice, a waiting item or a credit note.

        Returns what was done. Raises StripeRefusedError when it is not ours, or what our books rest on.
        """
        with self._transactions.reading(None) as active:
            is_kept = stripe_outbox.is_kept(active, stripe_id)
        if is_kept:
            raise StripeRefusedError(
                f"{stripe_id} is what our books know as the invoice; `billing-engine credit-note create` corrects it"
            )
        return cancel(self._gateway, self._open(), stripe_id)

    def status(self) -> Status:
        """Tell how far the sync is, of all months."""
        undone = [state for state in DeliveryState if state is not DeliveryState.DONE]
        with self._transactions.reading(None) as active:
            return Status(
                stripe_facts.mode(active),
                stripe_outbox.count_states(active),
                stripe_outbox.read_deliveries(active, states=undone),
                stripe_inbox.count_states(active),
                stripe_facts.read_cursor(active),
            )

    def statuses(self, numbers: Sequence[str]) -> dict[str, Mirrored]:
        """Return how our invoices were last seen at Stripe, by number."""
        with self._transactions.reading(None) as active:
            return stripe_mirror.read_statuses(active, numbers)

    def today(self) -> date:
        """Tell the day, in UTC."""
        return local_date(self._now(), UTC)
