"""A hash of what a document says: equal where every word and every cent is, whoever made the value and when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

ADDED = MappingProxyType({"added": True})
"""Marks a field that came after documents were hashed without it: at its default it is no part of the hash."""


def content_hash(*values: Any) -> str:
    """Hash frozen values: SHA-256, in hexadecimal, over their fields in order. 1.50 and 1.5 are the same amount."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def canonical(value: Any) -> str:
    """Write a value as the one JSON text that it has: fields in order, keys sorted, numbers without spare zeros."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def combined_hash(parts: Iterable[tuple[str, str]]) -> str:
    """Hash named hashes, in whatever order they come."""
    return content_hash(sorted(parts))


_ALWAYS = object()


@cache
def _fields_of(kind: type) -> tuple[tuple[str, Any], ...] | None:
    """Return a dataclass's fields, each with the value at which it is left out; None for other classes."""
    if not is_dataclass(kind):
        return None
    return tuple((field.name, field.default if "added" in field.metadata else _ALWAYS) for field in fields(kind))


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    if kind is Decimal:
        return format(value.normalize() + 0, "f")
    if kind is tuple or kind is list:
        return [_plain(item) for item in value]
    parts = _fields_of(kind)  # type: ignore[arg-type]  # a class is hashable
    if parts is not None:
        return _plain_of_fields(value, parts)
    return _plain_of_others(value)


def _plain_of_fields(value: Any, parts: tuple[tuple[str, Any], ...]) -> list[Any]:
    plain = []
    for name, left_out in parts:
        content = getattr(value, name)
        if left_out is _ALWAYS:
            plain.append(_plain(content))
        elif content != left_out:
            plain.append([name, _plain(content)])
    return plain


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
