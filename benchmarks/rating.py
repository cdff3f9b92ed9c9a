"""How many entries are rated per CPU second, and how far that is from the least that Python could do.

Run: .venv/bin/python benchmarks/rating.py [entries]

Entries are made up by a fixed seed: 100 a customer in March 2026 (with a clock change), all packages, all severities,
some across a boundary, some unfounded incidents, analyses and development. No input or output, reasons off. The floor
is a loop that looks each entry up by bisection and emits one tuple: the physical limit of plain Python. The machines
are noisy: trust the ratio, which is taken in one run.
"""

import gc
import random
import sys
from bisect import bisect_right
from datetime import date
from pathlib import Path
from time import process_time

from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.model.contract import Contract
from billing_engine.model.period import Month
from billing_engine.model.time_entry import TimeEntry
from billing_engine.rating.rate_card import RateCards
from billing_engine.rating.rate_period import rate_period

MONTH = Month(2026, 3)
PACKAGES = ("basic", "standard", "premium", "dedicated", "out-of-package")
PER_CUSTOMER = 100
ROUNDS = 5


def make_entry(number: int, customer: str, start: int, random_: random.Random) -> TimeEntry:
    at = start + random_.randrange(MONTH.days * 1440 - 600) * 60
    minutes = random_.choice((5, 10, 15, 25, 30, 45, 60, 90, 240))
    kind = random_.random()
    severity, activity, outcome = random_.choice(("T1", "T2", "T3", "T3", "T3", "T4")), "support", ""
    if kind < 0.02:
        severity, outcome = "T1", "unfounded"
    elif kind < 0.04:
        activity, outcome = "change_request_analysis", random_.choice(("", "offer_rejected", "offer_accepted"))
    elif kind < 0.06:
        activity = "development"
    return TimeEntry(f"E{number:08d}", customer, at, at + minutes * 60, severity, activity, outcome)


def make_work(count: int, start: int) -> list[tuple[Contract, list[TimeEntry]]]:
    random_ = random.Random(20260301)
    work = []
    for first in range(0, count, PER_CUSTOMER):
        customer = f"C{first // PER_CUSTOMER:06d}"
        package = PACKAGES[first // PER_CUSTOMER % len(PACKAGES)]
        contract = Contract(f"K-{customer}", customer, "b2bee", package, date(2026, 1, 1), development_rate=80)
        entries = [make_entry(first + n, customer, start, random_) for n in range(PER_CUSTOMER)]
        work.append((contract, entries))
    return work


def rate_all(work, cards) -> int:
    return sum(len(rate_period(contract, cards.card(contract), entries).charges) for contract, entries in work)


def floor(work, timeline) -> int:
    starts, values = timeline.starts, timeline.values
    count = 0
    for _, entries in work:
        emitted = []
        for entry in sorted(entries, key=lambda entry: (entry[2], entry[0])):
            key, _, begin, end, *_ = entry
            value = values[bisect_right(starts, begin) - 1]
            emitted.append((key, value, begin, end, end - begin))
        count += len(emitted)
    return count


def cpu_seconds(function, *arguments) -> float:
    gc.collect()
    begin = process_time()
    function(*arguments)
    return process_time() - begin


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    book = read_price_lists([Path(__file__).parents[1] / "price_lists"])
    cards = RateCards(book, MONTH)
    start, _ = MONTH.bounds(book.versions("b2bee")[0].zone)
    work = make_work(count, start)
    timeline = cards.card(work[0][0]).by_severity["T3"]
    gc.freeze()
    floors, rated = [], []
    for _ in range(ROUNDS):
        floors.append(cpu_seconds(floor, work, timeline))
        rated.append(cpu_seconds(rate_all, work, cards))
    best_floor, best = min(floors), min(rated)
    print(f"{count:,} entries, {len(work):,} contracts, best of {ROUNDS}")
    print(f"floor  {count / best_floor:>12,.0f} entries per CPU second")
    print(f"rating {count / best:>12,.0f} entries per CPU second, {best / best_floor:.1f} x the floor")


if __name__ == "__main__":
    main()
