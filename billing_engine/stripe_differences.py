"""Differences between what is at Stripe and our books, each with the command that mends it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from billing_engine.errors import StripeRefusedError
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.delivery import Delivery, DeliveryOutcome, DeliveryState
from billing_engine.model.invoice import Invoice
from billing_engine.model.money import plain
from billing_engine.model.period import Month
from billing_engine.stripe_sync.attach import rounding_of
from billing_engine.stripe_sync.calls import Thing
from billing_engine.stripe_sync.corrections import lowered
from billing_engine.stripe_sync.currency import from_stripe, to_stripe
from billing_engine.stripe_sync.mirror import is_carried_over
from billing_engine.stripe_sync.objects import id_of, metadata_of, pare
from billing_engine.stripe_sync.payloads import CREDIT_NOTE, PART, Item, items_of, number_of
from billing_engine.stripe_sync.reading import is_mirror, received


class Difference(NamedTuple):
    """Something that is not the same here and there."""

    invoice: str
    stripe_id: str
    what: str
    """One of sending, existence, number, currency, total, tax, status, paid, open, credit_notes and amount."""
    ours: str
    stripe: str
    command: str
    """What mends it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What our books know of the delivery of an invoice, and of what corrects it."""

    delivery: Delivery
    invoice: Invoice
    notes: Sequence[CreditNote]
    corrections: Sequence[Delivery]
    month: Month
    shared: Mapping[str, int]
    """What was recorded as received, by id of the invoice at Stripe, in its units."""
    books: str

    def amount(self, units: int) -> str:
        """Write an amount of Stripe's in the invoice's currency."""
        return plain(from_stripe(units, self.invoice.draft.currency))

    @property
    def state(self) -> str:
        """Tell how far the invoice is here."""
        settlement = self.invoice.settlement
        return "withdrawn" if settlement.is_withdrawn else "open" if settlement.open else "paid"

    def differs(self, what: str, ours: str, stripe: str, command: str, stripe_id: str | None = None) -> Difference:
        """Name a difference; of the invoice at Stripe unless another id is given."""
        found = self.delivery.stripe_id if stripe_id is None else stripe_id
        return Difference(self.invoice.number, found, what, ours, stripe, f"billing-engine {command}")

    @property
    def push(self) -> str:
        """Return the command that sends."""
        return f"stripe push --month {self.month}"

    @property
    def again(self) -> str:
        """Return the command that sends what is gone."""
        return f"stripe push --month {self.month} --again {self.invoice.number}"

    @property
    def pull(self) -> str:
        """Return the command that records what happened there."""
        return f"stripe pull --month {self.month}"

    @property
    def credit(self) -> str:
        """Return the command that corrects what is finalized."""
        return f'credit-note create {self.invoice.number} --reason "..."'


@dataclass(frozen=True, slots=True)
class There:
    """What is at Stripe of one customer."""

    invoices: Mapping[str, Thing]
    """By id, those that are ours, or carry items of ours."""
    items: Sequence[Thing]
    notes: Mapping[str, Sequence[Thing]]
    """Credit notes by the invoice's id."""


def differences_of(known: Known, there: There) -> Iterator[Difference]:
    """Go through all that differs of one invoice."""
    for delivery in (known.delivery, *known.corrections):
        if delivery.state is not DeliveryState.DONE:
            what = f"{delivery.kind.replace('_', ' ')} {delivery.number} is to be sent"
            why = f": {delivery.reason}" if delivery.reason else ""
            yield known.differs("sending", what, f"{delivery.state}{why}", known.push)
    if known.delivery.state is not DeliveryState.DONE:
        return
    if known.delivery.outcome in (DeliveryOutcome.MIRRORED, DeliveryOutcome.CARRIED_OVER):
        yield from _of_mirror(known, there)
    elif known.delivery.outcome is DeliveryOutcome.ATTACHED:
        yield from _of_items(known, there)


def _of_mirror(known: Known, there: There) -> Iterator[Difference]:
    invoice = there.invoices.get(known.delivery.stripe_id)
    if invoice is None:
        yield known.differs("existence", "sent", "not there", known.again)
        return
    for stripe_id in _doubles(known, there):
        yield known.differs("existence", "sent once", "there twice", f"stripe cancel {stripe_id}", stripe_id)
    yield from _figures(known, invoice)
    yield from _status(known, invoice)
    yield from _paid(known, invoice)
    of_notes = [*_credit_notes(known, there.notes.get(known.delivery.stripe_id, ()))]
    yield from of_notes or _asked_for(known, invoice)


def _doubles(known: Known, there: There) -> Iterator[str]:
    for stripe_id, invoice in sorted(there.invoices.items()):
        ours = is_mirror(invoice, known.books) and number_of(invoice, known.books) == known.invoice.number
        if ours and stripe_id != known.delivery.stripe_id and invoice.get("status") != "void":
            yield stripe_id


def _figures(known: Known, thing: Thing) -> Iterator[Difference]:
    invoice, draft = pare(thing), known.invoice.draft
    if invoice.get("number") != known.invoice.number:
        yield known.differs("number", known.invoice.number, str(invoice.get("number")), known.credit)
    if invoice.get("currency") != draft.currency.lower():
        yield known.differs("currency", draft.currency, str(invoice.get("currency")).upper(), known.credit)
        return
    for what, ours in (("total", known.invoice.amount_due), ("tax", draft.tax)):
        theirs = int(invoice.get(what) or 0)
        if theirs != to_stripe(ours, draft.currency):
            yield known.differs(what, plain(ours), known.amount(theirs), known.credit)


def _status(known: Known, invoice: Thing) -> Iterator[Difference]:
    """Hold how far the invoice is there against our books; what was not recorded yet is recorded by pulling."""
    status, here = str(invoice.get("status")), known.state
    missed = (status == "void" and here != "withdrawn") or (
        status == "paid" and here == "open" and not is_carried_over(invoice)
    )
    if status == "draft":
        yield known.differs("status", "finalized", status, known.again)
    elif missed:
        yield known.differs("status", here, status, known.pull)
    elif here != "open" and _is_asked_for(known, invoice):
        yield known.differs("status", here, status, f"stripe settle {known.invoice.number}")


def _is_asked_for(known: Known, invoice: Thing) -> bool:
    """Tell whether Stripe still asks for money, and nothing that was put down will change that."""
    asks = invoice.get("status") in ("open", "uncollectible") and int(invoice.get("amount_remaining") or 0) > 0
    return asks and all(one.state is DeliveryState.DONE for one in known.corrections)


def _paid(known: Known, invoice: Thing) -> Iterator[Difference]:
    theirs = received(invoice, int(invoice.get("total") or 0))
    ours = known.shared.get(str(invoice["id"]), 0)
    settled = any(one.outcome is DeliveryOutcome.SETTLED for one in known.corrections)
    if theirs != ours and not settled and not is_carried_over(invoice):
        yield known.differs("paid", known.amount(ours), known.amount(theirs), known.pull)


def _asked_for(known: Known, invoice: Thing) -> Iterator[Difference]:
    """Hold what Stripe still asks for against what is open here: a part that came in elsewhere is asked for again."""
    recorded = known.shared.get(str(invoice["id"]), 0) == received(invoice, int(invoice.get("total") or 0))
    if known.state != "open" or not recorded or not _is_asked_for(known, invoice):
        return
    owed = int(invoice.get("starting_balance") or 0) - int(invoice.get("ending_balance") or 0)
    theirs = int(invoice.get("amount_remaining") or 0) - owed
    ours = to_stripe(known.invoice.settlement.open, known.invoice.draft.currency)
    if theirs != ours:
        mend = f"payment list --invoice {known.invoice.number}"
        yield known.differs("open", known.amount(ours), known.amount(theirs), mend)


def _credit_notes(known: Known, there: Sequence[Thing]) -> Iterator[Difference]:
    """Hold credit notes against each other, one by one."""
    by_id = {str(note["id"]): note for note in there}
    sent = {one.number: one.stripe_id for one in known.corrections if one.outcome is DeliveryOutcome.CREDITED}
    for note in known.notes:
        stripe_id = sent.get(note.number)
        if stripe_id is None:
            continue
        found, total = by_id.get(stripe_id), lowered(note)[0]
        ours = f"{note.number}: {known.amount(total)}"
        if found is None or found.get("status") == "void":
            theirs = "not there" if found is None else "void"
            yield known.differs("credit_notes", ours, theirs, known.again, stripe_id)
        elif int(found["total"]) != total:
            theirs = known.amount(int(found["total"]))
            yield known.differs("credit_notes", ours, theirs, f"stripe cancel {stripe_id}", stripe_id)
    for stripe_id, found in sorted(by_id.items()):
        if stripe_id not in sent.values() and found.get("status") == "issued":
            ours = metadata_of(found).get(CREDIT_NOTE) or "none"
            yield known.differs("credit_notes", ours, known.amount(int(found["total"])), known.pull, stripe_id)


def _of_items(known: Known, there: There) -> Iterator[Difference]:
    """Hold the items of an attached invoice against its lines: each is there, once, with its amount."""
    found: dict[str, list[Thing]] = {}
    for item in there.items:
        if number_of(item, known.books) == known.invoice.number:
            found.setdefault(metadata_of(item).get(PART, ""), []).append(item)
    wanted = {item.part: item for item in _sent_items(known, found)}
    for sent in wanted.values():
        yield from _item(known, sent, found.get(sent.part, []))
    for part in sorted(found.keys() - wanted.keys()):
        for item_there in found[part]:
            if not metadata_of(item_there).get(CREDIT_NOTE):
                stripe_id, theirs = str(item_there["id"]), f"{part}: {known.amount(int(item_there['amount']))}"
                yield known.differs("existence", "not sent", theirs, f"stripe cancel {stripe_id}", stripe_id)
    yield from _attached_status(known, there, [one for items in found.values() for one in items])


def _sent_items(known: Known, found: Iterable[str]) -> list[Item]:
    """Return what was sent: lines, or their sums by kind where there are only these."""
    by_kind = not any(part.startswith("line/") for part in found) and any(part.startswith("kind/") for part in found)
    try:
        items = items_of(known.invoice.number, known.invoice.draft, by_kind=by_kind)
    except StripeRefusedError:
        return []
    return [*items, *rounding_of(known.invoice.draft, items)]


def _item(known: Known, item: Item, found: Sequence[Thing]) -> Iterator[Difference]:
    ours = f"{item.part}: {known.amount(item.amount)}"
    if not found:
        yield known.differs("existence", ours, "not there", known.again, "")
        return
    for double in found[1:]:
        stripe_id = str(double["id"])
        yield known.differs("existence", ours, "there twice", f"stripe cancel {stripe_id}", stripe_id)
    if int(found[0]["amount"]) != item.amount:
        stripe_id, theirs = str(found[0]["id"]), known.amount(int(found[0]["amount"]))
        yield known.differs("amount", ours, theirs, f"stripe cancel {stripe_id}", stripe_id)


def _attached_status(known: Known, there: There, items: Sequence[Thing]) -> Iterator[Difference]:
    """Hold the invoices that took the items against what came in here."""
    for stripe_id in sorted({id_of(item.get("invoice")) for item in items} - {""}):
        invoice = there.invoices.get(stripe_id, {})
        unrecorded = stripe_id not in known.shared or not known.shared[stripe_id]
        if invoice.get("status") == "paid" and unrecorded and known.state == "open" and not is_carried_over(invoice):
            yield known.differs("status", "open", "paid", known.pull, stripe_id)
        elif invoice.get("status") == "void" and known.state != "withdrawn":
            yield known.differs("status", known.state, "void", known.credit, stripe_id)
