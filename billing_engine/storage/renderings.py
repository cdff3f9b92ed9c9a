"""How documents were rendered: the hash of each file, so that the same is known to come out again."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from billing_engine.model.instant import Instant
from billing_engine.storage.document_tables import renderings
from billing_engine.storage.inserting import insert_if_new

_SQLITE_READONLY = 8
_POSTGRESQL_READONLY = {"25006", "42501"}
"""A transaction that may only read, and a user that may."""


def read_rendering(connection: Connection, number: str, fingerprint: str) -> str | None:
    """Return the SHA-256 of a document as it was rendered under a fingerprint; None when it was not."""
    statement = select(renderings.c.sha256).where(
        renderings.c.number == number, renderings.c.fingerprint == fingerprint
    )
    return connection.execute(statement).scalar_one_or_none()


def note_rendering(connection: Connection, number: str, fingerprint: str, sha256: str, at: Instant) -> None:
    """Note the hash of a rendering; one that is there already stays as it is."""
    row = {"number": number, "fingerprint": fingerprint, "sha256": sha256, "rendered_at": at}
    insert_if_new(connection, renderings, row)


def is_read_only(error: DBAPIError) -> bool:
    """Tell whether the database takes no writing, as a copy of it or a reader's access does not."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    code = getattr(error.orig, "sqlite_errorcode", None)
    return state in _POSTGRESQL_READONLY or (code is not None and code & 0xFF == _SQLITE_READONLY)
