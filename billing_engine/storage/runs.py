"""Billing runs: how far each customer's month came, and what somebody let pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.storage.inserting import batches, insert_if_new, insert_of
from billing_engine.storage.run_tables import releases, run_customers, runs
from billing_engine.storage.tables import contracts


class RunState(StrEnum):
    """Where a customer stands in a run."""

    PLANNED = "planned"
    ISSUED = "issued"
    NOTHING_TO_BILL = "nothing_to_bill"
    PARKED = "parked"
    FAILED = "failed"


CLOSED = (RunState.ISSUED, RunState.NOTHING_TO_BILL)
"""The run is done with the customer's month: what comes for it later goes on a later invoice (R11)."""


class Progress(NamedTuple):
    """How far a run came with a customer."""

    state: RunState
    reason: str = ""
    plan_hash: str = ""


def begin_run(connection: Connection, period: Month, begun_at: Instant, begun_by: str) -> bool:
    """Make a period's run, unless there is one; tells whether it was made."""
    return insert_if_new(connection, runs, {"period": str(period), "begun_at": begun_at, "begun_by": begun_by})


def plan_customers(connection: Connection, period: Month, customers: Sequence[str]) -> None:
    """Put customers that the run does not know yet on its list."""
    known = read_progress(connection, period, customers)
    new = {customer: Progress(RunState.PLANNED) for customer in customers if customer not in known}
    _upsert(connection, period, new, replace=False)


def note_progress(connection: Connection, period: Month, progress: Mapping[str, Progress]) -> None:
    """Write down how far the run came, by customer."""
    _upsert(connection, period, progress, replace=True)


def _upsert(connection: Connection, period: Month, progress: Mapping[str, Progress], *, replace: bool) -> None:
    insert = insert_of(connection)(run_customers)
    if replace:
        written = {name: insert.excluded[name] for name in Progress._fields}
        statement = insert.on_conflict_do_update(index_elements=["period", "customer"], set_=written)
    else:
        statement = insert.on_conflict_do_nothing()
    rows = [{"period": str(period), "customer": customer, **one._asdict()} for customer, one in progress.items()]
    for batch in batches(rows):
        connection.execute(statement, batch)


def read_progress(connection: Connection, period: Month, customers: Sequence[str]) -> dict[str, Progress]:
    """Return how far a period's run came, by customer."""
    columns = (run_customers.c.customer, run_customers.c.state, run_customers.c.reason, run_customers.c.plan_hash)
    found: dict[str, Progress] = {}
    for batch in batches(customers):
        of_run = (run_customers.c.period == str(period), run_customers.c.customer.in_(batch))
        for customer, state, reason, plan_hash in connection.execute(select(*columns).where(*of_run)):
            found[customer] = Progress(RunState(state), reason, plan_hash)
    return found


def read_closed(connection: Connection, customers: Sequence[str]) -> dict[str, list[Month]]:
    """Return the months that runs are done with, by customer."""
    statement = select(run_customers.c.customer, run_customers.c.period).where(
        run_customers.c.customer.in_(customers), run_customers.c.state.in_(CLOSED)
    )
    found: dict[str, list[Month]] = {}
    for customer, period in connection.execute(statement):
        found.setdefault(customer, []).append(Month.parse(period))
    return found


def read_begun(connection: Connection) -> list[Month]:
    """Return the months that runs were begun for, in order."""
    return [Month.parse(period) for period in connection.scalars(select(runs.c.period).order_by(runs.c.period))]


def read_open(connection: Connection) -> set[tuple[Month, str]]:
    """Return months that were begun, with the customers whose contracts run in them and that no run is done with."""
    found: set[tuple[Month, str]] = set()
    for period in read_begun(connection):
        closed = select(run_customers.c.customer).where(
            run_customers.c.period == str(period), run_customers.c.state.in_(CLOSED)
        )
        running = select(contracts.c.customer).where(
            contracts.c.starts_on <= period.last_day,
            or_(contracts.c.ends_on.is_(None), contracts.c.ends_on >= period.first_day),
            contracts.c.customer.not_in(closed),
        )
        found |= {(period, customer) for customer in connection.scalars(running.distinct())}
    return found


class Release(NamedTuple):
    """Leave to issue a plan that was parked."""

    plan_hash: str
    note: str
    released_at: Instant
    released_by: str


def release(connection: Connection, period: Month, customer: str, given: Release) -> bool:
    """Let a parked plan pass; tells whether it was not let pass before."""
    return insert_if_new(connection, releases, {"period": str(period), "customer": customer, **given._asdict()})


def read_released(connection: Connection, period: Month, customers: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return the hashes of the plans that were let pass, by customer."""
    of_run = (releases.c.period == str(period), releases.c.customer.in_(customers))
    found: dict[str, frozenset[str]] = {}
    for customer, plan_hash in connection.execute(select(releases.c.customer, releases.c.plan_hash).where(*of_run)):
        found[customer] = found.get(customer, frozenset()) | {plan_hash}
    return found
