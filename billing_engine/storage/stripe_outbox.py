"""The outbox: documents that are to be at Stripe, put down with them, and claimed by one sender at a time."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select, update

from billing_engine.model.delivery import Delivery, DeliveryKind, DeliveryOutcome, DeliveryState, delivery_of
from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.storage.inserting import BATCH, batches, insert_of
from billing_engine.storage.invoice_tables import credit_notes, invoices
from billing_engine.storage.stripe_tables import outbox
from billing_engine.storage.tables import customers

_COLUMNS = [outbox.c[field.name] for field in fields(Delivery)]
_AT_STRIPE = customers.c.stripe_mode != ""
"""Also without an id there: then it is not sent, and says why."""


def _this_machine() -> str:
    """Name what process ids are counted on: a container has its own, whatever its host is called."""
    with suppress(OSError):
        return f"{socket.gethostname()[:60]}-{Path('/proc/self/ns/pid').stat().st_ino}"
    return socket.gethostname()[:60]


_HOST = _this_machine()


def put_invoices(connection: Connection, numbers: Sequence[str]) -> None:
    """Put down that issued invoices are to be sent, those whose customers are billed at Stripe."""
    for batch in batches(numbers):
        statement = (
            select(invoices.c.number, invoices.c.customer, invoices.c.period)
            .join(customers, customers.c.customer == invoices.c.customer)
            .where(invoices.c.number.in_(batch), _AT_STRIPE)
        )
        rows = connection.execute(statement)
        put(connection, [delivery_of(DeliveryKind.INVOICE, row[0], row[0], row[1], row[2]) for row in rows])


def put_month(connection: Connection, month: Month) -> None:
    """Put down what a month has that was issued before its customers were billed at Stripe."""
    put_invoices(connection, read_unput(connection, month))


def read_unput(connection: Connection, month: Month) -> list[str]:
    """Return the numbers of a month's invoices that are not put down though their customers are billed at Stripe."""
    statement = (
        select(invoices.c.number)
        .join(customers, customers.c.customer == invoices.c.customer)
        .where(invoices.c.period == str(month), _AT_STRIPE, ~_is_put(invoices.c.number, DeliveryKind.INVOICE))
        .order_by(invoices.c.year, invoices.c.sequence)
    )
    return list(connection.scalars(statement))


def _is_put(number: ColumnElement[str | None], kind: DeliveryKind) -> ColumnElement[bool]:
    return select(outbox.c.delivery).where(outbox.c.kind == kind, outbox.c.number == number).exists()


def put_credit_note(connection: Connection, number: str, invoice: str) -> None:
    """Put down that a credit note is to be sent, where its invoice is, or is to be, at Stripe."""
    of_invoice = outbox.c.delivery == f"{DeliveryKind.INVOICE}/{invoice}"
    found = connection.execute(select(outbox.c.customer, outbox.c.period).where(of_invoice)).one_or_none()
    if found is not None:
        put(connection, [delivery_of(DeliveryKind.CREDIT_NOTE, number, invoice, found.customer, found.period)])


def put(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Put deliveries down; those that are there stay as they are."""
    if deliveries:
        rows = [{**asdict(delivery), "claimed_by": "", "claimed_until": 0} for delivery in deliveries]
        connection.execute(insert_of(connection)(outbox).on_conflict_do_nothing(), rows)


def read_deliveries(
    connection: Connection,
    month: Month | None = None,
    *,
    ids: Sequence[str] | None = None,
    invoice: str | None = None,
    states: Iterable[DeliveryState] | None = None,
) -> list[Delivery]:
    """Return deliveries in the order of their documents: all, or those of a month, an invoice, in some states."""
    statement = select(*_COLUMNS).order_by(outbox.c.period, outbox.c.invoice, outbox.c.kind.desc(), outbox.c.number)
    if month is not None:
        statement = statement.where(of_month(month))
    if ids is not None:
        statement = statement.where(outbox.c.delivery.in_(ids))
    if invoice is not None:
        statement = statement.where(outbox.c.invoice == invoice)
    if states is not None:
        statement = statement.where(outbox.c.state.in_([*states]))
    return [_delivery(row) for row in connection.execute(statement).mappings()]


def read_of_invoices(connection: Connection, numbers: Sequence[str]) -> list[Delivery]:
    """Return the deliveries of invoices and of all that corrects them, in order."""
    found = []
    for batch in batches(numbers):
        statement = select(*_COLUMNS).where(outbox.c.invoice.in_(batch))
        ordered = statement.order_by(outbox.c.period, outbox.c.invoice, outbox.c.kind.desc(), outbox.c.number)
        found += [_delivery(row) for row in connection.execute(ordered).mappings()]
    return found


def _delivery(row: RowMapping) -> Delivery:
    found: dict[str, Any] = {column.name: row[column.name] for column in _COLUMNS}
    found["kind"], found["state"] = DeliveryKind(row["kind"]), DeliveryState(row["state"])
    return Delivery(**found | {"outcome": DeliveryOutcome(row["outcome"])})


def of_month(month: Month) -> ColumnElement[bool]:
    """Choose what belongs to a month: its invoices and their corrections, and credit notes that were issued in it."""
    issued = credit_notes.c.issued_on.between(month.first_day, month.last_day)
    return or_(outbox.c.period == str(month), outbox.c.number.in_(select(credit_notes.c.number).where(issued)))


def is_kept(connection: Connection, stripe_id: str) -> bool:
    """Tell whether an invoice at Stripe is the one that stands for ours."""
    wanted = (
        outbox.c.stripe_id == stripe_id,
        outbox.c.kind == DeliveryKind.INVOICE,
        outbox.c.state == DeliveryState.DONE,
    )
    return connection.scalar(select(outbox.c.delivery).where(*wanted)) is not None


def count_states(connection: Connection, month: Month | None = None) -> dict[DeliveryState, int]:
    """Count deliveries by their state, of all months or of one."""
    statement = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    if month is not None:
        statement = statement.where(of_month(month))
    found = {row[0]: row[1] for row in connection.execute(statement)}
    return {state: found.get(state, 0) for state in DeliveryState}


def sender_name(number: int) -> str:
    """Name a sender of this process, so that others can tell whether it is still there."""
    return f"{_HOST}/{os.getpid()}/{number}"


def claim(
    connection: Connection,
    month: Month,
    kinds: Sequence[DeliveryKind],
    sender: str,
    now: Instant,
    until: Instant,
    *,
    most: int,
    tried: Iterable[str] = (),
) -> list[Delivery]:
    """Claim deliveries that are not done and that nobody who is still there works on; not those tried already."""
    wanted = (of_month(month), outbox.c.kind.in_(kinds), outbox.c.state != DeliveryState.DONE)
    statement = (
        select(*_COLUMNS, outbox.c.claimed_by, outbox.c.claimed_until)
        .where(*wanted)
        .order_by(outbox.c.period, outbox.c.invoice, outbox.c.number)
        .with_for_update(skip_locked=True)
    )
    known, found = set(tried), list[Delivery]()
    for row in connection.execute(statement.limit(most + len(known) + BATCH)).mappings():
        by, held = row["claimed_by"], row["claimed_until"]
        if row["delivery"] not in known and not is_claimed(by, held, sender, now) and len(found) < most:
            found.append(_delivery(row))
    _set_claim(connection, [delivery.delivery for delivery in found], sender, until)
    return found


def count_left(
    connection: Connection,
    month: Month,
    kinds: Sequence[DeliveryKind],
    sender: str,
    now: Instant,
    tried: Collection[str],
) -> int:
    """Count deliveries that others are working on, or that are not tried: somebody is just about to claim those."""
    wanted = (of_month(month), outbox.c.kind.in_(kinds), outbox.c.state != DeliveryState.DONE)
    rows = connection.execute(select(outbox.c.delivery, outbox.c.claimed_by, outbox.c.claimed_until).where(*wanted))
    return sum(name not in tried or is_claimed(by, until, sender, now) for name, by, until in rows)


def is_claimed(by: str, until: Instant, sender: str, now: Instant) -> bool:
    """Tell whether somebody else works on a delivery; who was on this machine and is gone does not."""
    if by in ("", sender) or until <= now:
        return False
    host, process, _ = by.rsplit("/", 2)
    return host != _HOST or _is_alive(int(process))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it is there
        return True
    return True


def is_any_claimed(connection: Connection, ids: Sequence[str], now: Instant) -> bool:
    """Tell whether somebody works on one of some deliveries."""
    statement = select(outbox.c.claimed_by, outbox.c.claimed_until).where(outbox.c.delivery.in_(ids))
    return any(is_claimed(by, until, "", now) for by, until in connection.execute(statement))


def hold(connection: Connection, ids: Sequence[str], sender: str, until: Instant) -> None:
    """Say anew until when a claim holds."""
    _set_claim(connection, ids, sender, until)


def release(connection: Connection, sender: str) -> None:
    """Give up whatever a sender still claims."""
    statement = update(outbox).where(outbox.c.claimed_by == sender)
    connection.execute(statement.values(claimed_by="", claimed_until=0))


def _set_claim(connection: Connection, ids: Sequence[str], sender: str, until: Instant) -> None:
    for batch in batches(ids):
        statement = update(outbox).where(outbox.c.delivery.in_(batch))
        connection.execute(statement.values(claimed_by=sender, claimed_until=until))


def finish(connection: Connection, delivery: Delivery) -> None:
    """Write how far a delivery is, and that nobody works on it; what is done stays done."""
    ended = {
        name: value for name, value in asdict(delivery).items() if name in ("state", "outcome", "reason", "stripe_id")
    }
    statement = update(outbox).where(outbox.c.delivery == delivery.delivery, outbox.c.state != DeliveryState.DONE)
    connection.execute(statement.values(**ended, claimed_by="", claimed_until=0))


def put_back(connection: Connection, ids: Sequence[str]) -> None:
    """Have deliveries sent again."""
    for batch in batches(ids):
        statement = update(outbox).where(outbox.c.delivery.in_(batch))
        again = {"state": DeliveryState.WAITING, "outcome": "", "reason": "", "claimed_by": "", "claimed_until": 0}
        connection.execute(statement.values(**again))


def change_kind(connection: Connection, credit_note: str, kind: DeliveryKind) -> None:
    """Send a credit note that was just put down as something else."""
    of_delivery = update(outbox).where(outbox.c.delivery == f"{DeliveryKind.CREDIT_NOTE}/{credit_note}")
    connection.execute(of_delivery.values(kind=kind))
