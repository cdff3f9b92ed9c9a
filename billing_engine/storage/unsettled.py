"""Customers whose credits are not up to date: accepted claims to be paid out, credits whose last day is over."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from billing_engine.storage.credit_ledger import read_customers_without_credit
from billing_engine.storage.sla_tables import granted_credits


def read_unsettled_customers(connection: Connection, on: date) -> list[str]:
    """Return the customers whose credits are to be settled before their invoices are planned, in order."""
    lapsed = select(granted_credits.c.customer).where(
        granted_credits.c.expires_on < on, granted_credits.c.remaining_minor > 0
    )
    return sorted({*read_customers_without_credit(connection), *connection.scalars(lapsed.distinct())})
