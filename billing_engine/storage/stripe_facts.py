"""Facts of the sync, by name: which books these are, whether they are billed for real, how far events were read."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, select

from billing_engine.errors import StripeAccessError
from billing_engine.storage.inserting import insert_if_new, insert_of
from billing_engine.storage.stripe_tables import facts

_BOOKS, _MODE, _CURSOR = "books", "mode", "cursor"
_LIVE, _TEST = "live", "test"


def name_books(connection: Connection, seller: str) -> str:
    """Return the name of these books at Stripe, given once: no database takes another's objects for its own."""
    insert_if_new(connection, facts, {"name": _BOOKS, "value": f"{seller or 'books'}-{secrets.token_hex(4)}"})
    return read(connection, _BOOKS)


def books_name(connection: Connection) -> str:
    """Return the name of these books at Stripe; empty while nothing was sent."""
    return read(connection, _BOOKS)


def bind_mode(connection: Connection, *, is_live: bool) -> None:
    """Keep trying out and the real thing apart; raises StripeAccessError when the books belong to the other.

    What was sent for a try would count as sent.
    """
    insert_if_new(connection, facts, {"name": _MODE, "value": _LIVE if is_live else _TEST})
    check_mode(connection, is_live=is_live)


def check_mode(connection: Connection, *, is_live: bool) -> None:
    """Raise StripeAccessError when the books belong to keys of the other mode."""
    key, bound = _LIVE if is_live else _TEST, mode(connection)
    if bound not in ("", key):
        raise StripeAccessError(
            f"these books were sent to Stripe with a {bound} key, and this is a {key} key; "
            "try things out with a copy of the database"
        )


def mode(connection: Connection) -> str:
    """Tell whether the books are bound to "live" or "test"; empty when nothing was sent."""
    return read(connection, _MODE)


def read_cursor(connection: Connection) -> int:
    """Tell up to when events were read; 0 when none were."""
    return int(read(connection, _CURSOR) or 0)


def move_cursor(connection: Connection, created: int) -> None:
    """Note up to when events were read; never backwards."""
    if created > read_cursor(connection):
        statement = insert_of(connection)(facts).values(name=_CURSOR, value=str(created))
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": str(created)}))


def read(connection: Connection, name: str) -> str:
    """Return a fact, empty where there is none."""
    return connection.scalar(select(facts.c.value).where(facts.c.name == name)) or ""
