"""The schema's version: brought up to date, checked, and kept out of a host's own migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select

from billing_engine.errors import SchemaVersionError
from billing_engine.storage.tables import metadata

VERSION_TABLE = "billing_alembic_version"

_MIGRATIONS = Path(__file__).parents[1] / "migrations"

_UPGRADING = int.from_bytes(b"billing")
"""Names the lock under which a PostgreSQL database is upgraded, in 64 bits."""


def upgrade(connection: Connection) -> str:
    """Bring the schema to this program's version, within the connection's transaction; returns that version.

    Programs that start at the same moment do so one after the other; on SQLite the write lock sees to that.
    """
    lock_version(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return newest_version()


def lock_version(connection: Connection) -> str | None:
    """Return the version that the database is at, and let nobody else upgrade it until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))
    return current_version(connection)


def current_version(connection: Connection) -> str | None:
    """Return the version that the database is at, None where there is no schema of ours."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def newest_version() -> str:
    """Return the version that this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise AssertionError("the package ships at least one migration")
    return head


def is_empty(connection: Connection) -> bool:
    """Tell whether the database has no table of ours."""
    return metadata.tables.keys().isdisjoint(inspect(connection).get_table_names())


def check(connection: Connection) -> str:
    """Return the version when the schema is at this program's; raises SchemaVersionError otherwise."""
    current, newest = current_version(connection), newest_version()
    if current != newest:
        found = f"at version {current}" if current else "without the billing tables"
        hint = "run `billing-engine db upgrade`" if current is None or _knows(current) else "use a newer program"
        raise SchemaVersionError(f"the database is {found}, this program needs version {newest}; {hint}")
    return newest


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Keep a host's Alembic off our tables: pass this to `context.configure` in the host's env.py."""
    return not (kind == "table" and (name in metadata.tables or name == VERSION_TABLE))


def _knows(version: str) -> bool:
    return version in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
