"""What must hold of every run, whatever its input: order, interruptions and repetitions change nothing."""

import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from books import SETTINGS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sla_builders import book
from sqlalchemy import event, select

from billing_engine import BillingEngine, Month, open_database, run_desk
from billing_engine.billing_run import RunOutcome, hash_of_run
from billing_engine.errors import BillingError, PlanChangedError
from billing_engine.model.content_hash import content_hash
from billing_engine.model.credit import Grant
from billing_engine.model.settings import Limits
from billing_engine.storage.runs import RunState
from billing_engine.storage.stored_drafts import read_stored
from billing_engine.storage.tables import invoices, metadata

NOVEMBER, IN_DECEMBER = Month(2026, 11), date(2026, 12, 1)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
BOOK = book()
HEADERS = {
    "customers": "customer,name,country,currency",
    "contracts": "contract,customer,price_list,package,starts_on,ends_on,fee_timing,monthly_fee",
    "time_entries": "entry,customer,severity,started_at,ended_at,activity,outcome",
    "expenses": "expense,customer,spent_on,description,amount",
}
WORK = [("support", ""), ("support", "unfounded"), ("change_request_analysis", ""), ("development", "")]
WORK += [("change_request_analysis", "offer_rejected"), ("support", "")]


@st.composite
def months(draw):
    """Draw up to five customers of b2bee, or with contracts that clash, and what was done for them in November."""
    rows = {name: [] for name in HEADERS}
    for customer in [f"C{n}" for n in range(draw(st.integers(1, 5)))]:
        rows["customers"].append(f"{customer},Customer {customer},RS,")
        package, ends_on, timing = draw(
            st.tuples(
                st.sampled_from(["basic", "standard", "premium", "out-of-package"]),
                st.sampled_from(["", "", "2026-11-15"]),
                st.sampled_from(["", "", "advance"]),
            )
        )
        rows["contracts"].append(f"K{customer},{customer},b2bee,{package},2026-10-01,{ends_on},{timing},")
        if draw(st.integers(0, 7)) == 0:  # in USD: the customer's month can not be billed
            rows["contracts"].append(f"L{customer},{customer},dpo-group,server,2026-11-01,,,100.00")
        for number in range(draw(st.integers(0, 6))):
            minute, length = draw(st.tuples(st.integers(0, 30 * 24 * 12 - 50), st.integers(1, 40)))
            start, end = (FIRST + k * timedelta(minutes=5) for k in (minute, minute + length))
            severity, (activity, outcome) = draw(st.tuples(st.sampled_from("1234"), st.sampled_from(WORK)))
            severity = "1" if outcome == "unfounded" else severity
            times = f"{start:%Y-%m-%dT%H:%M}+01:00,{end:%Y-%m-%dT%H:%M}+01:00"
            rows["time_entries"].append(f"E{customer}-{number},{customer},T{severity},{times},{activity},{outcome}")
        for number in range(draw(st.integers(0, 2))):
            amount = draw(st.integers(1, 99_999))
            rows["expenses"].append(f"X{customer}-{number},{customer},2026-11-0{number + 1},Train,{amount}.5")
    return rows


ONE_IS_PARKED = {
    "customers": [f"C{n},Customer {n},RS," for n in range(5)],
    "contracts": [f"KC{n},C{n},b2bee,standard,2026-10-01,,," for n in range(5)],
    "expenses": ["X,C2,2026-11-05,Train,600.00"],
}


class World:
    """A database, and what was taken into it."""

    def __init__(self, folder, url):
        self.folder = folder
        self.database = open_database(url)
        if self.database.dialect.name == "sqlite":  # what keeps data over a power cut takes most of the time
            event.listen(self.database, "connect", lambda own, _: own.execute("PRAGMA synchronous = OFF"))
        self.billing = self.with_settings()

    def with_settings(self, **changes):
        """Bill with other settings."""
        return BillingEngine(
            self.database,
            BOOK,
            replace(SETTINGS, limits=Limits(largest_total=Decimal(500)), **changes),  # some are parked
            clock=lambda: datetime(2026, 12, 1, 12, tzinfo=UTC),
            actor="clerk",
        )

    def take(self, rows, **more):
        """Import rows by file."""
        path = Path(tempfile.mkdtemp(dir=self.folder))
        for name, lines in {**rows, **more}.items():
            (path / f"{name}.csv").write_text("\n".join([HEADERS[name], *lines]) + "\n", encoding="utf-8")
        assert self.billing.import_folder(path).rejected == []
        return self

    def sorry(self):
        """Grant credits to the first and the last customer, who are then issued alone."""
        for customer in ("C0", "C4"):
            with suppress(BillingError):  # there is none of that name, or its currency is not clear
                self.billing.sla.grant_credit(Grant(customer, Decimal(30), "Sorry"), date(2026, 11, 5))
        return self

    def issue(self, plan_hash=None):
        """Issue November."""
        return self.billing.issue(NOVEMBER, IN_DECEMBER, plan_hash=plan_hash)

    def stop_after(self, number, plan_hash=None):
        """Issue November, and be interrupted after some customers."""
        seen = []

        def stop(plan):
            seen.append(plan)
            if len(seen) == number:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            self.billing.issue(NOVEMBER, IN_DECEMBER, plan_hash=plan_hash, on_progress=stop)

    def plan(self):
        """Plan November."""
        return list(self.billing.plan(NOVEMBER, on=IN_DECEMBER))

    def dump(self):
        """Read all tables."""
        with self.database.connect() as connection:
            return {
                table.name: connection.execute(select(table).order_by(*table.primary_key.columns)).all()
                for table in metadata.sorted_tables
            }

    def drafts(self):
        """Read the invoices, without their numbers, by customer."""
        numbers = [invoice.number for invoice in self.billing.list_invoices()]
        issued = [self.billing.read_invoice(number) for number in numbers]
        return {invoice.draft.customer: (invoice.draft, invoice.issued_on, invoice.due_on) for invoice in issued}


@pytest.fixture(scope="module")
def new_world(server, tmp_path_factory):
    """Return a context manager that makes an empty world."""

    @contextmanager
    def make():
        folder = tmp_path_factory.mktemp("world")
        url = server.create(folder)
        world = World(folder, url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run_desk, "GROUP", 2)  # so that few customers are several groups
            yield world
        world.database.dispose()
        server.drop(url)

    return make


@pytest.fixture(scope="module")
def often(server, long):
    """Say how many examples there is time for."""
    return settings(max_examples=(120 if long else 16) // server.slowness)


def test_interrupted_run_is_the_whole_run(new_world, often):
    """A run that is stopped after some customers, again and again, leaves what one that was not leaves."""

    @often
    @given(months(), st.lists(st.integers(1, 5), min_size=1, max_size=3))
    @example(ONE_IS_PARKED, [1])
    def check(rows, stops):
        with new_world() as whole, new_world() as stopped:
            whole.take(rows).sorry().issue()
            stopped.take(rows).sorry()
            for number in stops:
                stopped.stop_after(number)
            stopped.issue()
            assert stopped.dump() == whole.dump()

    check()


def test_customers_in_two_halves_are_billed_as_all_at_once(new_world, often):
    """Who is imported after a first run gets the invoice of a run over all, but for its number."""

    @often
    @given(months(), st.integers(0, 31))
    def check(rows, later):
        def of(half):
            """Take the rows of the customers whose bit in `later` is set, or not."""
            return {name: [row for row in lines if (later >> half_of(row) & 1) == half] for name, lines in rows.items()}

        with new_world() as whole, new_world() as halves:
            whole.take(rows).issue()
            for half in (0, 1):
                halves.take(of(half)).issue()
            assert halves.drafts() == whole.drafts()
            numbers = [invoice.number for invoice in halves.billing.list_invoices()]
            assert numbers == [invoice.number for invoice in whole.billing.list_invoices()]

    check()


def half_of(row):
    """Read the digit of the customer out of a row."""
    return int(row[row.index("C") + 1])


def test_order_of_rows_changes_nothing(new_world, often):
    """Rows in another order give the same database, to the last column."""

    @often
    @given(months(), st.randoms(use_true_random=False))
    def check(rows, chance):
        shuffled = {name: chance.sample(lines, len(lines)) for name, lines in rows.items()}
        with new_world() as one, new_world() as other:
            one.take(rows).issue()
            other.take(shuffled).issue()
            assert other.dump() == one.dump()

    check()


def test_preview_is_what_is_issued(new_world, often):
    """Draft and hash of a plan are those that are read back and kept, and its hash stays the same once it is issued."""

    @often
    @given(months())
    def check(rows):
        with new_world() as world:
            plans = world.take(rows).sorry().plan()
            before = hash_of_run(plans)
            world.issue(plan_hash=before)
            planned = {plan.customer.customer: plan for plan in plans if plan.outcome is RunOutcome.TO_ISSUE}
            assert {customer: plan.draft for customer, plan in planned.items()} == {
                customer: draft for customer, (draft, *_) in world.drafts().items()
            }
            progress = world.billing.progress(NOVEMBER)
            assert {customer: plan.plan_hash for customer, plan in planned.items()} == {
                customer: one.plan_hash for customer, one in progress.items() if one.state is RunState.ISSUED
            }
            with world.database.connect() as connection:
                kept = dict(connection.execute(select(invoices.c.customer, invoices.c.content_hash)).all())
                stored = [one for batch in read_stored(connection) for one in batch]
            assert kept == {customer: content_hash(draft) for customer, (draft, *_) in world.drafts().items()}
            assert kept == {one.row["customer"]: content_hash(one.draft) for one in stored}
            assert hash_of_run(world.plan()) == before

    check()


def test_run_twice_is_run_once(new_world, often):
    """A second run, also on a later day, changes no column of any row."""

    @often
    @given(months())
    def check(rows):
        with new_world() as world:
            first = world.take(rows).sorry().issue()
            before = world.dump()
            again = world.billing.issue(NOVEMBER, date(2027, 1, 5))
            assert world.dump() == before
            assert RunOutcome.ISSUED not in {plan.outcome for plan in again}
            assert [plan.customer for plan in again] == [plan.customer for plan in first]

    check()


def add_entry(world):
    """Let work come in."""
    world.take({"time_entries": ["E-late,C0,T3,2026-11-05T10:00,2026-11-05T10:30,support,"]})


def add_expense(world):
    """Let an expense come in."""
    world.take({"expenses": ["X-late,C0,2026-11-05,Train,0.01"]})


def rename(world):
    """Let a customer change its name."""
    world.take({"customers": ["C0,Renamed,RS,"]})


def change_contract(world):
    """Let a contract be about another package."""
    world.take({"contracts": ["KC0,C0,b2bee,premium,2026-10-01,,,"]})


def grant_credit(world):
    """Let a customer have something to be set off."""
    world.billing.sla.grant_credit(Grant("C0", Decimal("0.01"), "Sorry"), date(2026, 11, 5))


def change_settings(world):
    """Let tax rise."""
    world.billing = world.with_settings(vat_percent=Decimal(21))


CHANGES = [add_entry, add_expense, rename, change_contract, grant_credit, change_settings]


@pytest.mark.parametrize("change", CHANGES)
def test_approved_plan_is_issued_or_nothing(new_world, change):
    """A run with the hash of a plan that was approved issues nothing once anything of its input changed."""
    rows = {
        "customers": [f"C{n},Customer {n},RS," for n in range(4)],
        "contracts": [f"KC{n},C{n},b2bee,standard,2026-10-01,,," for n in range(4)],
    }
    with new_world() as world:
        world.take(rows)
        approved = hash_of_run(world.plan())
        change(world)
        before = world.dump()
        with pytest.raises(PlanChangedError, match=f"{approved} was approved: its input changed since"):
            world.issue(plan_hash=approved)
        assert world.dump() == before
        world.issue(plan_hash=hash_of_run(world.plan()))
        assert len(world.drafts()) == 4


def test_approved_plan_is_issued_also_after_a_stop(new_world, often):
    """A run of an approved plan that was stopped goes on with the same hash; what changed meanwhile stops it."""

    @often
    @given(months(), st.integers(1, 5))
    def check(rows, number):
        with new_world() as whole, new_world() as stopped:
            approved = hash_of_run(whole.take(rows).sorry().plan())
            whole.issue(plan_hash=approved)
            stopped.take(rows).sorry().stop_after(number, plan_hash=approved)
            stopped.issue(plan_hash=approved)
            assert stopped.dump() == whole.dump()

    check()


@pytest.mark.parametrize("change", [add_entry, rename])
def test_change_after_a_stop_stops_an_approved_run(new_world, change):
    """Who was issued before the stop is not asked again; a change of another customer's input stops the rest."""
    ids = ["C0", "C1", "C2", "C3"]
    rows = {
        "customers": [f"{customer},{customer},RS," for customer in ids],
        "contracts": [f"K{customer},{customer},b2bee,standard,2026-10-01,,," for customer in ids],
    }
    with new_world() as world:
        approved = hash_of_run(world.take(rows).plan())
        world.stop_after(2, plan_hash=approved)
        assert [*world.drafts()] == ["C0", "C1"]
        change(world)  # C0's: its invoice is there
        world.issue(plan_hash=approved)
        assert [*world.drafts()] == ids
    with new_world() as world:
        world.take(rows).stop_after(2, plan_hash=approved)
        world.take({"time_entries": ["E-late,C3,T3,2026-11-05T10:00,2026-11-05T10:30,support,"]})
        with pytest.raises(PlanChangedError):
            world.issue(plan_hash=approved)
        assert [*world.drafts()] == ["C0", "C1"]
