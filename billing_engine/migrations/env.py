"""Alembic's entry point; the connection comes from `billing_engine.storage.schema`."""

from typing import Any, Literal

from alembic import context

from billing_engine.storage.columns import ExactDecimal
from billing_engine.storage.schema import VERSION_TABLE
from billing_engine.storage.tables import metadata


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own type as the one it is stored as, so that a migration imports nothing of ours."""
    return "sa.String(40)" if kind == "type" and isinstance(item, ExactDecimal) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # the caller's transaction is the transaction
    render_item=_render,
)
context.run_migrations()
