"""What all tables share: the metadata, its names for constraints, and the types of columns.

Instants are whole seconds since 1970-01-01T00:00Z, billed amounts whole minor units of the row's currency, agreed
prices decimal text: exact on every database, and the same on each.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Dialect, MetaData, String, Text
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept as text: SQLite has no exact numeric type, and a price may have any number of decimals."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else Decimal(value)


def instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def minor(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def added_text(name: str) -> Column[str]:
    """Make a text column that came with a later migration, empty in the rows of before."""
    return Column(name, Text, nullable=False, server_default="")


def added_json(name: str, default: str) -> Column[Any]:
    """Make a JSON column that came with a later migration, with `default` in the rows of before."""
    return Column(name, JSON, nullable=False, server_default=default)
