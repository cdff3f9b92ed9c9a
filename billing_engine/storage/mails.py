"""Mails of documents: each queued once, taken by one sender at a time, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace

from sqlalchemy import Connection, select, update

from billing_engine.model.instant import Instant
from billing_engine.model.mail import Mail, MailKind, MailState
from billing_engine.storage.document_tables import mails
from billing_engine.storage.inserting import batches, insert_of
from billing_engine.storage.stripe_outbox import is_claimed

_COLUMNS = [mails.c[field.name] for field in fields(Mail)]
_LONGEST = 1800
"""Seconds after which a sender is given up that can not be asked whether it is there."""


def queue(connection: Connection, wanted: Sequence[Mail]) -> None:
    """Put mails down to be sent; those that are there stay as they are, but one that waits goes to the new address."""
    known = read_mails(connection, [mail.number for mail in wanted])
    new = [asdict(mail) for mail in wanted if mail.number not in known]
    if new:
        connection.execute(insert_of(connection)(mails).on_conflict_do_nothing(), new)
    for mail in wanted:
        if mail.number in known and known[mail.number].recipient != mail.recipient:
            waiting = (mails.c.number == mail.number, mails.c.state == MailState.QUEUED)
            connection.execute(update(mails).where(*waiting).values(recipient=mail.recipient))


def read_mails(connection: Connection, numbers: Sequence[str]) -> dict[str, Mail]:
    """Return what is kept about documents' mails, by number."""
    found: dict[str, Mail] = {}
    for batch in batches(numbers):
        for row in connection.execute(select(*_COLUMNS).where(mails.c.number.in_(batch))).mappings():
            kinds = {"kind": MailKind(row["kind"]), "state": MailState(row["state"])}
            found[row["number"]] = Mail(**{**row, **kinds})
    return found


def is_abandoned(mail: Mail, now: Instant) -> bool:
    """Tell whether a mail was being sent by somebody who is gone."""
    return mail.state is MailState.SENDING and not is_claimed(mail.note, mail.changed_at + _LONGEST, "", now)


def take(connection: Connection, number: str, sender: str, now: Instant) -> Mail | None:
    """Take a queued mail to send it; None when somebody else took it, or it is queued no more."""
    taking = (
        update(mails)
        .where(mails.c.number == number, mails.c.state == MailState.QUEUED)
        .values(state=MailState.SENDING, tries=mails.c.tries + 1, note=sender, changed_at=now)
        .returning(mails.c.number)
    )
    # The row itself is asked for: not every driver counts the rows of a statement.
    taken = connection.execute(taking).one_or_none() is not None
    return read_mails(connection, [number])[number] if taken else None


def finish(connection: Connection, mail: Mail, state: MailState, note: str, now: Instant) -> None:
    """Write what became of a mail that was taken, also when somebody gave its sender up meanwhile."""
    ours = (mails.c.number == mail.number, mails.c.tries == mail.tries, mails.c.message_id == mail.message_id)
    known = mails.c.state.in_([MailState.SENDING, MailState.UNKNOWN])
    connection.execute(update(mails).where(*ours, known).values(state=state, note=note, changed_at=now))


def doubted(mail: Mail) -> Mail:
    """Return a mail whose sender is gone as what it is: nobody knows what became of it."""
    note = "its sender was stopped while it was being sent; it may have arrived"
    return replace(mail, state=MailState.UNKNOWN, note=note)


def doubt(connection: Connection, mail: Mail, now: Instant) -> None:
    """Write that nobody knows what became of a mail whose sender is gone."""
    same = (mails.c.number == mail.number, mails.c.tries == mail.tries, mails.c.state == MailState.SENDING)
    after = doubted(mail)
    connection.execute(update(mails).where(*same).values(state=after.state, note=after.note, changed_at=now))


def note_waiting(connection: Connection, numbers: Sequence[str], note: str) -> None:
    """Write why mails wait."""
    for batch in batches(numbers):
        waiting = (mails.c.number.in_(batch), mails.c.state == MailState.QUEUED)
        connection.execute(update(mails).where(*waiting).values(note=note))


def put_back(connection: Connection, mail: Mail) -> bool:
    """Queue a mail anew as it is given, unless somebody changed it since it was read; tells whether it was."""
    read = select(mails.c.state).where(mails.c.number == mail.number).with_for_update()
    if connection.scalar(read) in (None, MailState.QUEUED, MailState.SENDING):
        return False
    again = {name: value for name, value in asdict(mail).items() if name != "number"}
    connection.execute(update(mails).where(mails.c.number == mail.number).values(**again))
    return True
