"""Billing and invoicing for support contracts: see `BillingEngine`.

Importing this package loads nothing heavy and touches nothing: no environment, no logging set-up, no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing_engine.engine import BillingEngine
    from billing_engine.intake.price_list_file import read_price_lists
    from billing_engine.intake.settings_file import read_settings
    from billing_engine.model.period import Month
    from billing_engine.model.settings import Settings
    from billing_engine.storage.columns import metadata
    from billing_engine.storage.database import open_database
    from billing_engine.storage.schema import include_object

_HOMES = {
    "BillingEngine": "billing_engine.engine",
    "Month": "billing_engine.model.period",
    "Settings": "billing_engine.model.settings",
    "include_object": "billing_engine.storage.schema",
    "metadata": "billing_engine.storage.tables",
    "open_database": "billing_engine.storage.database",
    "read_price_lists": "billing_engine.intake.price_list_file",
    "read_settings": "billing_engine.intake.settings_file",
}

__all__ = [
    "BillingEngine",
    "Month",
    "Settings",
    "include_object",
    "metadata",
    "open_database",
    "read_price_lists",
    "read_settings",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
