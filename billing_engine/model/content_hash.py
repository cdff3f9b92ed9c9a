"""A hash of what a document says: equal where every word and every cent is, whoever made the value and when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any


def content_hash(*values: Any) -> str:
    """Hash frozen values: SHA-256, in hexadecimal, over their fields in order. 1.50 and 1.5 are the same amount."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def canonical(value: Any) -> str:
    """Write a value as the one JSON text that it has: fields in order, keys sorted, numbers without spare zeros."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def combined_hash(parts: Iterable[tuple[str, str]]) -> str:
    """Hash named hashes, in whatever order they come."""
    return content_hash(sorted(parts))


@cache
def _fields_of(kind: type) -> tuple[str, ...] | None:
    """Return the names of a dataclass's fields, None for other classes; asked for every value."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    if kind is Decimal:
        return format(value.normalize() + 0, "f")
    if kind is tuple or kind is list:
        return [_plain(item) for item in value]
    names = _fields_of(kind)  # type: ignore[arg-type]  # a class is hashable
    if names is not None:
        return [_plain(getattr(value, name)) for name in names]
    return _plain_of_others(value)


def _plain_of_others(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no place in a hash")
