"""`StripeRecords`: what our books say about Stripe, and what is put down to be sent; asks nobody and needs no key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.errors import BillingError, InvalidTextError, InvoiceNotFoundError, StripeRefusedError
from billing_engine.journal import Journal
from billing_engine.model.contract import Customer
from billing_engine.model.delivery import (
    ACCOUNT,
    Delivery,
    DeliveryKind,
    DeliveryOutcome,
    DeliveryState,
    Mirrored,
    StripeMode,
    delivery_of,
)
from billing_engine.model.text import check_stripe_id
from billing_engine.receivables_desk import Credited, ReceivablesDesk
from billing_engine.storage import (
    invoices,
    master_data,
    stripe_calls,
    stripe_facts,
    stripe_inbox,
    stripe_mirror,
    stripe_outbox,
)
from billing_engine.storage.stripe_inbox import EventState
from billing_engine.transactions import Transactions


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


class StripeRecords:
    """Links customers, has things sent again, and tells how far the sync is."""

    def __init__(self, transactions: Transactions, journal: Journal, receivables: ReceivablesDesk) -> None:
        self._transactions = transactions
        self._journal = journal
        self._receivables = receivables

    def link(
        self, customer: str, stripe_customer: str, mode: StripeMode | None = None, subscription: str | None = None
    ) -> Customer:
        """Say which customer at Stripe a customer is, and how it is billed there; None leaves a thing as it is.

        Raises BillingError when there is no such customer, InvalidTextError when something is no id.
        """
        if not stripe_customer:
            raise InvalidTextError("a customer is linked with its id at Stripe, such as cus_Nffr4sRS0bVZ3q")
        wanted = {"stripe_customer": check_stripe_id(stripe_customer, "cus_")}
        if mode is not None:
            wanted["stripe_mode"] = mode
        if subscription is not None:
            wanted["stripe_subscription"] = check_stripe_id(subscription, "sub_")

        def write(connection: Connection) -> Customer:
            if customer not in master_data.read_customers(connection, [customer]):
                raise BillingError(f"there is no customer {customer!r}")
            master_data.change_customers(connection, [customer])
            master_data.link_customer(connection, customer, wanted)
            self._journal.note(connection, "customer.linked", customer, **wanted)
            return master_data.read_customers(connection, [customer])[customer]

        return self._transactions.retrying(None, write)

    def again(self, number: str) -> None:
        """Have an invoice and its corrections looked for at Stripe, and what is not there sent again.

        Raises InvoiceNotFoundError when it was never to be sent, StripeRefusedError when it was taken back, or when
        somebody is sending it just now.
        """
        now = self._journal.moment()

        def write(connection: Connection) -> None:
            found = stripe_outbox.read_deliveries(connection, invoice=number)
            if not found:
                raise InvoiceNotFoundError(f"invoice {number!r} was never to be sent to Stripe")
            if invoices.read_invoice(connection, number).settlement.is_withdrawn:
                raise StripeRefusedError(
                    f"invoice {number} was taken back by a credit note; nothing of it is sent again"
                )
            ids = [one.delivery for one in found]
            if stripe_outbox.is_any_claimed(connection, ids, now):
                raise StripeRefusedError(f"invoice {number} is being sent by another push; wait for its end")
            # What came from Stripe itself was never sent, and is not sent back, unless it was voided there.
            voided = {one.credit_note for one in stripe_mirror.read_notes(connection, [number]) if one.status == "void"}
            of_voided = {one.delivery for one in found if one.number in voided}
            sent = sorted(stripe_calls.read_begun(connection, ids).keys() | of_voided)
            stripe_outbox.put_back(connection, sent)
            stripe_calls.doubt(connection, [*sent, ACCOUNT])

        self._transactions.retrying(None, write)

    def settle(self, number: str) -> Delivery:
        """Put down that Stripe is to call an invoice paid that was paid elsewhere; the next push says so.

        Raises StripeRefusedError when something is still to be paid here, or the invoice is not there as our own.
        """

        def write(connection: Connection) -> Delivery:
            issued = invoices.read_invoice(connection, number)
            _check_mirrored(connection, number)
            if issued.settlement.open:
                raise StripeRefusedError(f"invoice {number} is not paid here; `billing-engine payment add` records it")
            period = str(issued.draft.period)
            delivery = delivery_of(DeliveryKind.PAYMENT, number, number, issued.draft.customer, period)
            stripe_outbox.put(connection, [delivery])
            return delivery

        return self._transactions.retrying(None, write)

    def void(self, number: str, reason: str, issued_on: date) -> Credited:
        """Take a whole invoice back that nobody paid, and put down that it is to be voided at Stripe.

        Raises StripeRefusedError where it is not there as our own invoice, or something was paid; and what issuing a
        credit note raises.
        """

        def write(connection: Connection) -> Credited:
            _check_mirrored(connection, number)
            if invoices.read_invoice(connection, number).payments:
                raise StripeRefusedError(f"something was paid for invoice {number}; credit it instead")
            done = self._receivables.issue_credit_note(number, None, reason, issued_on, connection=connection)
            stripe_outbox.change_kind(connection, done.credit_note.number, DeliveryKind.VOID)
            return done

        return self._transactions.retrying(None, write)

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


def _check_mirrored(connection: Connection, number: str) -> None:
    """Raise StripeRefusedError unless an invoice of ours is one at Stripe, too."""
    sent = stripe_outbox.read_deliveries(connection, ids=[f"{DeliveryKind.INVOICE}/{number}"])
    if not any(one.outcome is DeliveryOutcome.MIRRORED for one in sent):
        raise StripeRefusedError(f"invoice {number} is no invoice of its own at Stripe")
