"""Settling invoices: what came in beyond what was due becomes a credit, once, in the transaction that takes it in."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from billing_engine.model.credit import Credit, CreditSource
from billing_engine.model.money import ZERO
from billing_engine.model.sla_terms import Setoff
from billing_engine.storage import credit_ledger, invoices, master_data


def settle_overpayment(connection: Connection, number: str) -> Credit | None:
    """Grant what came in for an invoice beyond what was due, less what was granted before; None when nothing is over.

    The credit is of the day on which the last of it came in or was credited. The caller locks the customer.
    """
    invoice = invoices.read_invoice(connection, number)
    known = invoice.settlement
    if known.overpaid_on is None:
        return None
    granted = credit_ledger.read_overpayments(connection, number)
    over = known.overpaid - sum((credit.amount for credit in granted), ZERO)
    if over <= 0:
        return None
    credit = Credit(
        credit="",
        customer=invoice.draft.customer,
        currency=invoice.draft.currency,
        source=CreditSource.OVERPAYMENT,
        claim="",
        granted_on=known.overpaid_on,
        amount=over,
        remaining=over,
        reason=f"Overpayment of invoice {number}",
        setoff=Setoff.AFTER_TAX,
        invoice=number,
    )
    return credit_ledger.grant_credit(connection, credit)


def settle_overpayments(connection: Connection, numbers: Iterable[str]) -> list[Credit]:
    """Settle several invoices; customers are locked here, in order, so that none wait for each other in a ring."""
    wanted = sorted(set(numbers))
    owners = invoices.read_owners(connection, wanted)
    for customer in sorted({owner.customer for owner in owners.values()}):
        master_data.lock_customer(connection, customer)
    granted = (settle_overpayment(connection, number) for number in wanted if number in owners)
    return [credit for credit in granted if credit is not None]
