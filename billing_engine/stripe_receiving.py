"""Receiving: looks at what Stripe hinted at, and records in our books what became of our invoices there.

An event is believed in nothing but where to look. What is seen is applied forward only, with the customer locked, so
that hints may come twice, late, in any order and to several at once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from billing_engine.invoicing.credit_note import left_of_lines, left_of_taxes
from billing_engine.journal import Journal
from billing_engine.model.delivery import DeliveryKind, DeliveryOutcome, DeliveryState, Mirrored
from billing_engine.model.instant import Instant, local_date
from billing_engine.receivables_desk import Credited, ReceivablesDesk
from billing_engine.sla_desk import SlaDesk
from billing_engine.storage import credit_notes, invoices, master_data, stripe_calls, stripe_mirror, stripe_outbox
from billing_engine.storage.stripe_mirror import MirroredNote, Share
from billing_engine.stripe_sync.calls import Look, Thing
from billing_engine.stripe_sync.currency import from_stripe
from billing_engine.stripe_sync.gateway import Gateway
from billing_engine.stripe_sync.mirror import is_carried_over
from billing_engine.stripe_sync.objects import id_of, metadata_of
from billing_engine.stripe_sync.payloads import BOOKS, CREDIT_NOTE, INVOICE, PART, number_of
from billing_engine.stripe_sync.reading import (
    LADDER,
    Part,
    Sight,
    Told,
    allocate,
    asked_for,
    debt_collected,
    failures_of,
    is_forward,
    is_mirror,
    net_of,
    paid_on,
    parts_of,
    received,
    spread,
    told_by,
)
from billing_engine.transactions import Transactions

_log = logging.getLogger(__name__)


class Seen(StrEnum):
    """What came of looking at an invoice."""

    APPLIED = "applied"
    FOREIGN = "foreign"
    """It has to do with none of ours."""
    UNKNOWN_STATUS = "unknown_status"
    """It has a status that says nothing to us; nothing was changed."""


class Books(NamedTuple):
    """What receiving writes with."""

    transactions: Transactions
    receivables: ReceivablesDesk
    sla: SlaDesk
    journal: Journal


class Receiver:
    """Looks at invoices at Stripe and applies what it sees."""

    def __init__(self, books: Books, gateway: Gateway, name: str) -> None:
        self._books = books
        self._gateway = gateway
        self._name = name

    def look(self, stripe_id: str) -> Sight | None:
        """Look at an invoice; None when it is not there. Raises StripeSilentError."""
        found = self._gateway.see(Look("invoices.retrieve", {"id": stripe_id, "expand": ["payments"]}))
        return None if found is None else self.see(found)

    def find_attached(self, stripe_customer: str, numbers: Collection[str]) -> set[str]:
        """Tell on which invoices lines of ours are that were attached; raises StripeSilentError."""
        found = set()
        for item in self._gateway.each(Look("invoice_items.list", {"customer": stripe_customer})):
            if number_of(item, self._name) in numbers:
                found.add(id_of(item.get("invoice")))
        return found - {""}

    def read_events(self, since: Instant) -> list[Told]:
        """Read what happened since; raises StripeSilentError."""
        return [told_by(event) for event in self._gateway.each(Look("events.list", {"created": {"gte": since}}))]

    def see(self, invoice: Thing) -> Sight:
        """Gather what else an invoice needs to be understood."""
        whole = is_mirror(invoice, self._name)
        noted = int(invoice.get("pre_payment_credit_notes_amount") or 0)
        noted += int(invoice.get("post_payment_credit_notes_amount") or 0)
        lines: list[Thing] = []
        if noted or not whole:
            lines = list(self._gateway.each(Look("invoices.line_items.list", {"id": invoice["id"]})))
        parts = parts_of(lines, self._name)
        if whole:
            number = metadata_of(invoice)[INVOICE]
            found = parts.get(number, Part())
            parts = {number: Part(int(invoice.get("total") or 0), found.ids)}
            with self._books.transactions.reading(None) as active:
                noted += len(stripe_mirror.read_notes(active, [number]))  # one may be void by now
        notes = list(self._gateway.each(Look("credit_notes.list", {"invoice": invoice["id"]}))) if noted else []
        return Sight(invoice, parts, notes, {str(line["id"]): metadata_of(line).get(PART, "") for line in lines}, whole)

    def apply(self, sight: Sight) -> Seen:
        """Record what is seen, in one transaction."""
        if not sight.parts:
            return Seen.FOREIGN
        if sight.invoice.get("status") not in LADDER:
            _log.warning("invoice %s has the unknown status %r", sight.invoice["id"], sight.invoice.get("status"))
            return Seen.UNKNOWN_STATUS
        note_lines = {str(note["id"]): self._lines_of(note) for note in sight.notes}
        seen = self._books.transactions.retrying(None, lambda active: self._apply(active, sight, note_lines))
        if is_carried_over(sight.invoice):
            self._look_who_paid(sight)
        return seen

    def _look_who_paid(self, carried: Sight) -> None:
        """Look again at later invoices that are paid: one may have brought in what nobody knew to be owed."""
        with self._books.transactions.reading(None) as active:
            later = stripe_mirror.read_collectors(active, str(carried.invoice["id"]))
        for stripe_id in later:
            sight = self.look(stripe_id)
            if sight is not None and not is_carried_over(sight.invoice):
                self.apply(sight)

    def _lines_of(self, note: Thing) -> list[Thing]:
        lines = note.get("lines") or {}
        if not lines.get("has_more"):
            return list(lines.get("data") or ())
        return list(self._gateway.each(Look("credit_notes.line_items.list", {"id": note["id"]})))

    def _apply(self, connection: Connection, sight: Sight, note_lines: Mapping[str, list[Thing]]) -> Seen:
        owners = invoices.read_owners(connection, sorted(sight.parts))
        if not owners:
            return Seen.FOREIGN
        master_data.lock_versions(connection, sorted({owner.customer for owner in owners.values()}))
        seen = self._mirrored(connection, sight)
        if seen is not None:
            stripe_mirror.write_mirrored(connection, [seen])
            for number in sorted(owners):
                self._pay(connection, sight, number)
                stripe_mirror.write_lines(connection, number, sight.parts[number].ids)
            collected = debt_collected(sight.invoice)
            if collected:
                customers = sorted({owner.customer for owner in owners.values()})
                self._pay_debts(connection, sight, customers, collected)
        # What becomes of a double says nothing about our invoice.
        if sight.is_mirror and stripe_outbox.is_kept(connection, str(sight.invoice["id"])):
            (number,) = sight.parts
            for note in reversed(sight.notes):  # Stripe lists the newest first
                self._take_note(connection, sight, number, note, note_lines[str(note["id"])])
            if seen is not None and seen.status == "void":
                self._withdraw(connection, sight, number)
        return Seen.APPLIED

    def _mirrored(self, connection: Connection, sight: Sight) -> Mirrored | None:
        """Return how the invoice is from now on; None when that would go back."""
        invoice = sight.invoice
        stripe_id, status = str(invoice["id"]), str(invoice["status"])
        known = stripe_mirror.read_mirrored(connection, [stripe_id]).get(stripe_id)
        if known is not None and not is_forward(known.status, status):
            return None
        return Mirrored(
            stripe_id=stripe_id,
            status=status,
            currency=str(invoice["currency"]),
            total=int(invoice["total"]),
            failures=max(failures_of(invoice), known.failures if known is not None else 0),
            # Once another invoice collected it, it is owed no more.
            carried_over=is_carried_over(invoice) and (known is None or known.carried_over or known.status != "paid"),
            seen_at=self._now(),
        )

    def _pay(self, connection: Connection, sight: Sight, number: str) -> None:
        """Record what came in for one of our invoices since it was last seen."""
        stripe_id, part = str(sight.invoice["id"]), sight.parts[number]
        known = {one.invoice: one for one in stripe_mirror.read_shares(connection, stripe_invoice=stripe_id)}
        share = replace(known.get(number, Share(stripe_id, number, part.share, 0)), share=part.share)
        # As soon as that was sent: the event may be here before the answer.
        settled = stripe_calls.read_begun(connection, [f"{DeliveryKind.PAYMENT}/{number}"])
        came_in = received(sight.invoice, part.share, settled=bool(settled))
        if came_in > share.received:
            self._add_payment(connection, sight, share, came_in, f"{stripe_id}/{number}/{came_in}")
            share = replace(share, received=came_in)
        stripe_mirror.write_shares(connection, [share])

    def _add_payment(self, connection: Connection, sight: Sight, share: Share, came_in: int, payment: str) -> None:
        amount = from_stripe(came_in - share.received, str(sight.invoice["currency"]))
        day = paid_on(sight.invoice, self._today())
        self._books.receivables.add_payment(share.invoice, amount, day, payment, connection=connection)

    def _pay_debts(self, connection: Connection, sight: Sight, customers: Iterable[str], collected: int) -> None:
        """Record what was owed from invoices below the smallest amount, now that another one brought it in."""
        stripe_id = str(sight.invoice["id"])
        brought = stripe_mirror.read_shares(connection, stripe_invoice=stripe_id)
        collected -= sum(share.share for share in brought if share.invoice not in sight.parts)
        for customer in customers:
            for share in stripe_mirror.read_carried_over(connection, customer, sorted(sight.parts)):
                owed = share.share - share.received
                if owed > collected:
                    continue
                collected -= owed
                self._add_payment(connection, sight, share, share.share, f"{stripe_id}/{share.invoice}/{owed}")
                paid = [replace(share, received=share.share), Share(stripe_id, share.invoice, owed, owed)]
                stripe_mirror.write_shares(connection, paid)
                known = stripe_mirror.read_mirrored(connection, [share.stripe_invoice])
                settled = [replace(one, carried_over=False) for one in known.values()]
                stripe_mirror.write_mirrored(connection, settled)

    def _take_note(
        self, connection: Connection, sight: Sight, number: str, note: Thing, lines: Sequence[Thing]
    ) -> None:
        """Make our credit note of one that was made at Stripe, or note how ours is there."""
        stripe_id, status, total = str(note["id"]), str(note.get("status", "")), int(note.get("total") or 0)
        known = {one.stripe_id: one for one in stripe_mirror.read_notes(connection, [number])}.get(stripe_id)
        has = metadata_of(note)
        ours = has.get(CREDIT_NOTE, "") if has.get(BOOKS) == self._name else ""
        if known is None and not ours and status == "issued":
            ours = self._credit(connection, sight, number, note, lines)
        if known is not None:
            ours = known.credit_note
            status = known.status if known.status == "void" else status
        stripe_mirror.write_note(connection, MirroredNote(stripe_id, ours, number, status, total))

    def _credit(self, connection: Connection, sight: Sight, number: str, note: Thing, lines: Sequence[Thing]) -> str:
        """Issue our credit note over as much; returns its number, nothing where nothing is left to credit."""
        currency, issued = str(note["currency"]), invoices.read_invoice(connection, number)
        total, net = int(note["total"]), note.get("total_excluding_tax")
        amounts = from_stripe(total, currency), from_stripe(int(net if net is not None else total), currency)
        notes = credit_notes.read_credit_notes(connection, invoice=number)
        left = left_of_lines(issued, notes)
        if not left:
            _log.warning("invoice %s is credited in full, and %s credits it again", number, note["id"])
            return ""
        taken = None
        if amounts[0] < issued.amount_due - issued.settlement.credited:
            asked = asked_for(lines, sight.lines, currency)
            taxes = left_of_taxes(issued, notes)
            if len({one.percent for one in taxes}) == 1:
                amount = net_of(*amounts, taxes[0].percent, issued.draft.currency)
                taken = allocate(amount, asked, left)
            elif sum(asked.values()) == amounts[1]:
                taken = asked
            else:
                keys = {line.position: issued.draft.tax_key(line) for line in issued.draft.lines}
                taken = spread(amounts[0], taxes, keys, left, issued.draft.currency)
        reason = f"Credited at Stripe as {note.get('number') or note['id']}"
        done = self._books.receivables.issue_credit_note(number, taken, reason, self._today(), connection=connection)
        self._mark_sent(connection, done, DeliveryOutcome.CREDITED, str(note["id"]))
        self._give_no_second_time(connection, done, note, currency)
        return done.credit_note.number

    def _give_no_second_time(self, connection: Connection, done: Credited, note: Thing, currency: str) -> None:
        """Book as paid out what Stripe refunded or keeps for the customer: one owner of credit."""
        after = int(note.get("post_payment_amount") or 0) - int(note.get("out_of_band_amount") or 0)
        if done.overpayment is None or after <= 0:
            return
        amount = min(from_stripe(after, currency), done.overpayment.remaining)
        reason = f"Given back by Stripe with {note['id']}"
        self._books.sla.refund_credit(done.overpayment.credit, amount, reason, self._today(), connection=connection)

    def _withdraw(self, connection: Connection, sight: Sight, number: str) -> None:
        """Credit an invoice in whole that was voided at Stripe: ours is never changed."""
        issued = invoices.read_invoice(connection, number)
        if issued.settlement.is_withdrawn:
            return
        reason = f"Voided at Stripe as {sight.invoice['id']}"
        done = self._books.receivables.issue_credit_note(number, None, reason, self._today(), connection=connection)
        self._mark_sent(connection, done, DeliveryOutcome.VOIDED, str(sight.invoice["id"]))

    def _mark_sent(self, connection: Connection, done: Credited, outcome: DeliveryOutcome, stripe_id: str) -> None:
        """Note that a credit note is at Stripe: what came from there is not sent back."""
        delivery = f"{DeliveryKind.CREDIT_NOTE}/{done.credit_note.number}"
        for found in stripe_outbox.read_deliveries(connection, ids=[delivery]):
            sent = replace(found, state=DeliveryState.DONE, outcome=outcome, stripe_id=stripe_id)
            stripe_outbox.finish(connection, sent)

    def _now(self) -> Instant:
        return self._books.journal.moment()

    def _today(self) -> date:
        return local_date(self._now(), UTC)
