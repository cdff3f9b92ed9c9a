"""How many real tickets are measured per CPU second, and how far that is from the least that Python could do.

Run: .venv/bin/python benchmarks/clocks.py [folder]

The tickets are those of tests/data/incidents-2016-03: 9,063 of an IT company's help desk with 2,953 pauses, each under
the b2bee package of its customer's contract. Reading the files is timed by itself; measuring compiles the calendars of
its clocks anew each round, as a command would. The floor is a loop that looks the opening of each ticket up by
bisection and emits one tuple: the physical limit of plain Python. The machines are noisy: trust the ratio, which is
taken in one run.
"""

import gc
import sys
from bisect import bisect_right
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time

from billing_engine.intake.folder import InputFolder
from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.model.contract import by_customer
from billing_engine.model.instant import instant_of
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.sla import TicketResult
from billing_engine.model.timeline import Timeline, compile_timeline, constant_schedule, overlay
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.clocks import Clocks
from billing_engine.sla.summary import opened_in, summarize_targets
from billing_engine.sla.tickets import measure_tickets

ROOT = Path(__file__).parents[1]
AS_OF = instant_of(datetime(2016, 5, 1, tzinfo=UTC))
MARCH = Month(2016, 3)
ROUNDS = 5


def read(folder: Path, book: PriceListBook) -> list[dict]:
    """Read a folder's customers with all that their clocks need; raises AssertionError when a row was refused."""
    files = InputFolder(folder, book, fees_needed=False)
    customers = [customer.customer for _, customer in files.read_customers()]
    contracts = by_customer(contract for _, contract in files.read_contracts())
    tickets = by_customer(ticket for _, ticket in files.read_tickets())
    pauses = {}
    for _, pause in files.read_pauses():
        pauses.setdefault(pause.ticket, []).append(pause)
    if files.rejected:
        raise AssertionError(files.rejected[:5])
    return [
        {
            "customer": customer,
            "contracts": contracts.get(customer, []),
            "tickets": {ticket.ticket: ticket for ticket in tickets.get(customer, [])},
            "pauses": pauses,
        }
        for customer in customers
    ]


def measure_all(customers: list[dict], book: PriceListBook) -> list[TicketResult]:
    clocks = Clocks()
    found: list[TicketResult] = []
    for customer in customers:
        found += measure_tickets(CustomerSla(**customer, outages=(), book=book, as_of=AS_OF, clocks=clocks))
    return found


def floor(customers: list[dict], timeline: Timeline) -> int:
    starts, values = timeline.starts, timeline.values
    emitted = []
    for customer in customers:
        for name in sorted(customer["tickets"]):
            ticket = customer["tickets"][name]
            opened = ticket.opened_at
            emitted.append((name, values[bisect_right(starts, opened) - 1], opened, ticket.first_response_at))
    return len(emitted)


def business_hours(book: PriceListBook) -> Timeline:
    price_list = book.versions("b2bee")[0]
    schedule = overlay(constant_schedule(0), price_list.packages["basic"].coverage["T3"], 1)
    return compile_timeline(schedule, price_list.calendar, price_list.zone, date(2016, 1, 1), date(2016, 12, 31))


def cpu_seconds(function, *arguments) -> float:
    gc.collect()
    begin = process_time()
    function(*arguments)
    return process_time() - begin


def print_summary(results: list[TicketResult]) -> None:
    statuses = Counter(target.status for result in results for target in result.targets)
    print(f"all tickets: {', '.join(f'{statuses[status]:,} {status}' for status in sorted(statuses))}")
    opened = opened_in(results, MARCH)
    print(f"opened in {MARCH.in_words()}: {len(opened):,}")
    for row in summarize_targets(opened):
        rate = row.met / (row.met + row.breached)
        print(f"  {row.severity} {row.text:<17} {row.met:>5,} met {row.breached:>5,} breached  {rate:.1%} in time")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "tests" / "data" / "incidents-2016-03"
    book = read_price_lists([ROOT / "price_lists"])
    begin = process_time()
    customers = read(folder, book)
    reading = process_time() - begin
    begin = process_time()
    results = measure_all(customers, book)
    first = process_time() - begin
    timeline = business_hours(book)
    count = len(results)
    gc.freeze()
    floors, measured = [], []
    for _ in range(ROUNDS):
        floors.append(cpu_seconds(floor, customers, timeline))
        measured.append(cpu_seconds(measure_all, customers, book))
    best_floor, best = min(floors), min(measured)
    pauses = sum(len(some) for some in customers[0]["pauses"].values())
    print(f"{count:,} tickets with {pauses:,} pauses, {len(customers):,} customers, best of {ROUNDS}")
    print(f"reading  {reading:.2f} CPU seconds; measuring for the first time {first:.2f}, then {best:.2f}")
    print(f"floor    {count / best_floor:>10,.0f} tickets per CPU second")
    print(f"clocks   {count / best:>10,.0f} tickets per CPU second, {best / best_floor:.1f} x the floor")
    print_summary(results)


if __name__ == "__main__":
    main()
