"""`StripeDesk`: what a host and the command line do with Stripe: link, push, receive, reconcile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from sqlalchemy import Connection

from billing_engine.billing_run import CustomerPlan
from billing_engine.errors import StripeRefusedError, StripeSilentError
from billing_engine.model.delivery import Delivery, DeliveryKind, DeliveryState
from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings, StripeTerms
from billing_engine.storage import (
    stripe_facts,
    stripe_outbox,
)
from billing_engine.stripe_events import StripeEvents
from billing_engine.stripe_orders import Desk, flows_of
from billing_engine.stripe_previewing import Preview, preview
from billing_engine.stripe_push import REAL_TIME, Means, Pace, Push
from billing_engine.stripe_receiving import Books, Receiver
from billing_engine.stripe_reconciling import Reconciliation, reconcile
from billing_engine.stripe_sync.access import StripeAccess
from billing_engine.stripe_sync.calls import Flow
from billing_engine.stripe_sync.cancelling import cancel
from billing_engine.stripe_sync.gateway import Gateway

_CORRECTIONS = (DeliveryKind.CREDIT_NOTE, DeliveryKind.VOID, DeliveryKind.PAYMENT)


class StripeDesk:
    """Sends documents to a Stripe account and records what becomes of them there."""

    def __init__(
        self, books: Books, settings: Settings | None, access: StripeAccess, gateway: Gateway, pace: Pace = REAL_TIME
    ) -> None:
        self._transactions = books.transactions
        self._books = books
        self._terms = settings.stripe if settings is not None else StripeTerms()
        self._seller = settings.seller_id if settings is not None else ""
        self._access = access
        self._gateway = gateway
        self._pace = pace
        self.events = StripeEvents(books, access, self.receiver)
        """What Stripe tells, and what becomes of it."""

    def _now(self) -> Instant:
        return self._books.journal.moment()

    def _bind(self) -> str:
        """Return the name of these books at Stripe, from now on for good; raises StripeAccessError."""

        def write(connection: Connection) -> str:
            stripe_facts.bind_mode(connection, is_live=self._access.is_live)
            return stripe_facts.name_books(connection, self._seller)

        return self._transactions.retrying(None, write)

    def _named(self) -> str:
        """Return the name of these books at Stripe, empty while nothing was sent; raises StripeAccessError."""
        with self._transactions.reading(None) as active:
            stripe_facts.check_mode(active, is_live=self._access.is_live)
            return stripe_facts.books_name(active)

    def receiver(self) -> Receiver:
        """Open what looks at invoices there."""
        return Receiver(self._books, self._gateway, self._named())

    def prepare(self, month: Month) -> int:
        """Put down what a month has to send that is not yet; returns how many deliveries are not done."""
        self._bind()
        self._transactions.retrying(None, lambda active: stripe_outbox.put_month(active, month))
        with self._transactions.reading(None) as active:
            states = stripe_outbox.count_states(active, month)
        return states[DeliveryState.WAITING] + states[DeliveryState.REFUSED]

    def push(self, month: Month, on_ended: Callable[[Delivery], object] | None = None) -> list[Delivery]:
        """Send what a month has for Stripe; returns its deliveries, as they are then.

        Any number may push at once, and who is killed leaves nothing that is sent twice. Raises StripeAccessError.
        """
        self.prepare(month)
        name = self._bind()
        means = Means(self._transactions, self._gateway, name, self._now, self._books.journal, self._pace)

        def flow_of(connection: Connection, deliveries: Sequence[Delivery]) -> dict[str, Flow]:
            return flows_of(connection, deliveries, Desk(name, self._now(), self._terms))

        for kinds in ((DeliveryKind.INVOICE,), _CORRECTIONS):
            push = Push(means, month, flow_of, on_ended or (lambda _: None))
            push.run(kinds)
            self._look_at(push.paid_at_once)
        with self._transactions.reading(None) as active:
            return stripe_outbox.read_deliveries(active, month)

    def _look_at(self, ids: Iterable[str]) -> None:
        receiver = self.receiver()
        for stripe_id in ids:
            with suppress(StripeSilentError):  # its event comes anyway
                sight = receiver.look(stripe_id)
                if sight is not None:
                    receiver.apply(sight)

    def reconcile(self, month: Month, on_customer: Callable[[], object] | None = None) -> Reconciliation:
        """Hold every invoice of a month against what is at Stripe; changes nothing. Raises StripeSilentError."""
        return reconcile(self._transactions, self._gateway, self._named(), month, on_customer)

    def preview(self, plans: Iterable[CustomerPlan]) -> Iterator[Preview]:
        """Tell what Stripe's next invoices would be with the planned lines on them; changes nothing."""
        return preview(self._gateway, self._named(), plans, self._now())

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
        return cancel(self._gateway, self._named(), stripe_id)
