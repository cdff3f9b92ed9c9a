"""The tables of what becomes of documents: how they were rendered, and to whom they were mailed."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from billing_engine.storage.columns import instant, metadata, text

# The bytes of a rendering never change: the same document, in the same state, rendered by the same program with the
# same templates and fonts, has the same hash.
renderings = Table(
    "billing_renderings",
    metadata,
    Column("number", String(60), primary_key=True),
    # Of the program's version, its libraries, the templates and the document's state.
    Column("fingerprint", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False),
    instant("rendered_at"),
)

mails = Table(
    "billing_mails",
    metadata,
    # The document that is sent; each once.
    Column("number", String(60), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("period", String(7), nullable=False, index=True),
    text("recipient"),
    Column("state", String(20), nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    # Why it failed, in words without secrets.
    text("note"),
    # The Message-ID, made before it is first sent.
    text("message_id"),
    instant("changed_at"),
)
