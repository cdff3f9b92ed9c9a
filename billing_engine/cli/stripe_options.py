"""What commands that ask Stripe share: keys from the environment, and the desk that they open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from billing_engine.engine import BillingEngine
    from billing_engine.stripe_desk import StripeDesk

LiveOption = Annotated[bool, typer.Option("--live", help="Allow a live key, which moves real money.")]


def open_stripe(billing: BillingEngine, *, live: bool, webhooks: bool = False) -> StripeDesk:
    """Open the account whose keys are in the environment; raises StripeAccessError."""
    from billing_engine.stripe_sync.access import read_access  # noqa: PLC0415 - the library is slow to import

    return billing.stripe(read_access(os.environ, live=live, webhooks=webhooks))
