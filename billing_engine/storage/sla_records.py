"""Tickets, pauses, outages and claims read back, and the decisions on claims kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, select

from billing_engine.model.claim import Claim, Decision
from billing_engine.model.money import from_minor, to_minor
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import RefusalReason
from billing_engine.model.ticket import Outage, Pause, Ticket
from billing_engine.storage.inserting import insert_if_new
from billing_engine.storage.shelves import TICKETS, make_claim
from billing_engine.storage.sla_tables import claim_decisions, claims, outages, ticket_pauses, tickets


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it was taken."""

    decision: Decision
    decided_on: date
    by_rule: bool
    note: str
    """Why, where it was decided by hand."""


def read_ticket_customers(connection: Connection) -> dict[str, str]:
    """Return whose each ticket is."""
    return {row.ticket: row.customer for row in connection.execute(select(tickets.c.ticket, tickets.c.customer))}


def read_tickets(connection: Connection, customer: str) -> dict[str, Ticket]:
    """Return a customer's tickets by id."""
    rows = connection.execute(select(tickets).where(tickets.c.customer == customer)).mappings()
    return {row["ticket"]: TICKETS.read(row) for row in rows}


def read_pauses(connection: Connection, customer: str) -> dict[str, list[Pause]]:
    """Return the pauses of a customer's tickets, by ticket."""
    statement = select(ticket_pauses).join(tickets).where(tickets.c.customer == customer)
    found: dict[str, list[Pause]] = {}
    for row in connection.execute(statement.order_by(ticket_pauses.c.paused_at)).mappings():
        found.setdefault(row["ticket"], []).append(Pause(**row))
    return found


def read_outages(connection: Connection, customer: str) -> list[Outage]:
    """Return the outages of a customer and of all customers."""
    statement = select(outages).where(outages.c.customer.in_(["", customer])).order_by(outages.c.outage)
    return [Outage(**row) for row in connection.execute(statement).mappings()]


def read_claim(connection: Connection, claim: str) -> Claim | None:
    """Return a claim, or None."""
    row = connection.execute(select(claims).where(claims.c.claim == claim)).mappings().one_or_none()
    return None if row is None else make_claim(row)


def is_decided(connection: Connection, claim: str) -> bool:
    """Tell whether a claim has a decision."""
    found = select(claim_decisions.c.claim).where(claim_decisions.c.claim == claim)
    return connection.execute(found).one_or_none() is not None


def read_open_customers(connection: Connection) -> list[str]:
    """Return the customers that have claims without a decision, in order."""
    decided = select(claim_decisions.c.claim).where(claim_decisions.c.claim == claims.c.claim).exists()
    return list(connection.scalars(select(claims.c.customer).where(~decided).distinct().order_by(claims.c.customer)))


def read_claims(connection: Connection, customer: str | None = None) -> list[Claim]:
    """Return all claims, or a customer's, in order of receipt."""
    statement = select(claims).order_by(claims.c.submitted_at, claims.c.claim)
    if customer is not None:
        statement = statement.where(claims.c.customer == customer)
    return [make_claim(row) for row in connection.execute(statement).mappings()]


def read_decisions(connection: Connection, customers: Sequence[str] | None = None) -> dict[str, Decided]:
    """Return all decisions, or those about some customers, by claim."""
    statement = select(claim_decisions)
    if customers is not None:
        statement = statement.where(claim_decisions.c.customer.in_(customers))
    return {row["claim"]: _read_decided(row) for row in connection.execute(statement).mappings()}


def _read_decided(row: RowMapping) -> Decided:
    decision = Decision(
        claim=row["claim"],
        accepted=row["accepted"],
        reasons=tuple(RefusalReason(reason) for reason in row["reasons"]),
        percent=row["percent"],
        amount=from_minor(row["amount_minor"], row["currency"]) if row["currency"] else from_minor(0, "EUR"),
        currency=row["currency"],
        applies_from=Month.parse(row["applies_from"]) if row["applies_from"] else None,
        due_on=row["due_on"],
        explanation=tuple(row["explanation"]),
        price_list=row["price_list"],
        cap=row["cap"],
        paid_period=Month.parse(row["paid_period"]) if row["paid_period"] else None,
    )
    return Decided(decision, row["decided_on"], row["by_rule"], row["note"])


def save_decision(connection: Connection, claim: Claim, decided: Decided) -> bool:
    """Keep a decision; False when the claim, or what an accepted one is about, was decided already."""
    decision = decided.decision
    row = {
        "claim": claim.claim,
        "customer": claim.customer,
        "accepted": decision.accepted,
        # With the customer, whatever somebody else claimed; ids have no line breaks.
        "compensates": f"{claim.customer}\n{claim.about}" if decision.accepted else None,
        "reasons": list(decision.reasons),
        "percent": decision.percent,
        "amount_minor": to_minor(decision.amount, decision.currency) if decision.currency else 0,
        "currency": decision.currency,
        "applies_from": _month_text(decision.applies_from),
        "due_on": decision.due_on,
        "explanation": list(decision.explanation),
        "price_list": decision.price_list,
        "cap": decision.cap,
        "paid_period": _month_text(decision.paid_period),
        "decided_on": decided.decided_on,
        "by_rule": decided.by_rule,
        "note": decided.note,
    }
    return insert_if_new(connection, claim_decisions, row)


def _month_text(month: Month | None) -> str:
    return "" if month is None else str(month)
