"""New agreements need no code: lists of other shapes than the shipped ones, and the pages that tell how to write."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from billing_engine.errors import InvalidFileError
from billing_engine.intake.price_list_file import PriceListFile, read_price_list
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import CreditTerms, Deadline, FirstPeriod, Setoff, TargetUnit
from billing_engine.model.ticket import TargetKind

ROOT = Path(__file__).parent.parent.parent
HOUR, DAY = 3600, 86400
JUST_BELOW = Fraction(1, 10**12)


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


@cache
def agreement(name):
    """Load a list of tests/agreements."""
    return read_price_list(ROOT / "tests" / "agreements" / f"{name}.toml")


def credit(name, package, percent, *, below=False, minutes=0):
    """Say what a month of that uptime is worth; `below` takes the least bit off."""
    uptime = Fraction(percent) / 100 - (JUST_BELOW if below else 0)
    return agreement(name).packages[package].guarantee.credit_percent(uptime, minutes)


# --- three columns, twelve bands --------------------------------------------------------------------------------------

BOUNDARIES = ("99.8", "99.5", "99", "98.5", "98", "97", "96", "95", "92.5", "90", "80", "0")
COLUMNS = {
    "bronze": ("99.9", ("2", "4", "6", "8", "10", "12.5", "15", "20", "25", "30", "40", "50")),
    "silver": ("99.9", ("3", "6", "9", "12", "15", "20", "25", "30", "40", "50", "60", "75")),
    "gold": ("99.95", ("5", "10", "15", "20", "25", "30", "40", "50", "60", "75", "90", "100")),
}
BANDS = [
    row(f"{package}, {start} to below {end} %", package, start, end, Decimal(percent))
    for package, (guaranteed, percents) in COLUMNS.items()
    for start, end, percent in zip(BOUNDARIES, (guaranteed, *BOUNDARIES), percents, strict=False)
]


@pytest.mark.parametrize(("package", "start", "end", "percent"), BANDS)
def test_each_of_the_twelve_bands_of_three_packages(package, start, end, percent):
    """Find each band at both of its ends: its lower one is in it, its upper one is not."""
    assert credit("harbour-hosting", package, start) == percent
    assert credit("harbour-hosting", package, end, below=True) == percent
    assert credit("harbour-hosting", package, end) < percent


@pytest.mark.parametrize("package", list(COLUMNS))
def test_a_table_of_three_columns_is_read_whole(package):
    """Find twelve bands per package, and nothing due at the guarantee."""
    guaranteed, percents = COLUMNS[package]
    guarantee = agreement("harbour-hosting").packages[package].guarantee
    assert len(guarantee.tiers) == len(percents) == 12
    assert [tier.credit_percent for tier in guarantee.tiers] == [Decimal(percent) for percent in percents]
    assert credit("harbour-hosting", package, guaranteed) == credit("harbour-hosting", package, "100") == 0


HARBOUR = [
    row("one set of targets for all packages", lambda p: len({str(q.targets) for q in p.packages.values()}), 1),
    row("claim by 30 November", lambda p: p.availability.claim_within.after_month(Month(2026, 10)), date(2026, 11, 30)),
    row("claim by 30 March", lambda p: p.availability.claim_within.after_month(Month(2027, 2)), date(2027, 3, 30)),
    row("decide in ten days", lambda p: p.availability.decide_within, Deadline(10, in_months=False)),
    row("announced five days ahead", lambda p: p.availability.excludes("Planned maintenance", 5 * DAY), True),
    row("announced a second late", lambda p: p.availability.excludes("Planned maintenance", 5 * DAY - 1), False),
    row("not announced", lambda p: p.availability.excludes("planned_maintenance", None), False),
    row("without notice", lambda p: p.availability.excludes("customer", None), True),
    row("nobody may leave", lambda p: p.availability.termination, None),
    row(
        "targets of four kinds",
        lambda p: [
            (target.unit, target.amount)
            for targets in p.packages["gold"].targets.values()
            for target in targets.values()
        ],
        [
            (TargetUnit.WINDOW_TIME, HOUR // 2),
            (TargetUnit.WINDOW_TIME, 8 * HOUR),
            (TargetUnit.WINDOW_TIME, 4 * HOUR),
            (TargetUnit.BUSINESS_DAYS, 2),
            (TargetUnit.DAYS, 10),
        ],
    ),
]


@pytest.mark.parametrize(("read", "agreed"), HARBOUR)
def test_the_rest_of_the_hosting_agreement(read, agreed):
    """Read deadlines, exclusions and targets of a list with a large credit table."""
    assert read(agreement("harbour-hosting")) == agreed


# --- 1 % per started hour ---------------------------------------------------------------------------------------------

MARCH = 31 * 24 * 60
STARTED_HOURS = [
    row("no downtime", 0, 0),
    row("one minute", 1, 1),
    row("59 minutes", 59, 1),
    row("an hour", 60, 1),
    row("an hour and a minute", 61, 2),
    row("two hours", 120, 2),
    row("two hours and a minute", 121, 3),
    row("99 hours", 99 * 60, 99),
    row("99 hours and a minute", 99 * 60 + 1, 100),
    row("100 hours", 100 * 60, 100),
    row("100 hours and a minute: no more than the fee", 100 * 60 + 1, 100),
    row("the whole month: no more than the fee", MARCH, 100),
]


@pytest.mark.parametrize(("minutes", "percent"), STARTED_HOURS)
def test_one_percent_per_started_hour(minutes, percent):
    """Count each started hour of downtime, up to the whole fee."""
    guarantee = agreement("hour-for-hour").packages["plain"].guarantee
    assert guarantee.credit_percent(Fraction(MARCH - minutes, MARCH), minutes) == percent
    assert guarantee.is_met(Fraction(MARCH - minutes, MARCH)) == (minutes == 0)


def test_a_cap_holds_for_started_hours_and_for_tiers(tmp_path):
    """Pay no more than the cap, whatever the table says."""
    capped = {}
    for name in ("hour-for-hour", "cloud"):
        text = (
            (ROOT / "tests" / "agreements" / f"{name}.toml")
            .read_text(encoding="utf-8")
            .replace("cap_percent = 100", "")
        )
        (tmp_path / f"{name}.toml").write_text(re.sub(r"(\.guarantee\]\n)", r"\1cap_percent = 30\n", text))
        (package,) = read_price_list(tmp_path / f"{name}.toml").packages.values()
        capped[name] = package.guarantee
    by_the_hour = [capped["hour-for-hour"].credit_percent(Fraction(1, 2), hours * 60) for hours in (29, 30, 31)]
    assert by_the_hour == [29, 30, 30]
    assert [capped["cloud"].credit_percent(Fraction(percent, 100), 0) for percent in (99, 95, 94)] == [10, 25, 30]


HOURS = [
    row(
        "claim in the month after", lambda p: p.availability.claim_within.after_month(Month(2027, 1)), date(2027, 2, 28)
    ),
    row("no cause is excluded", lambda p: p.availability.excludes("force majeure", 100 * DAY), False),
    row(
        "credits are means of payment and lapse",
        lambda p: p.credit,
        CreditTerms(Setoff.AFTER_TAX, FirstPeriod.NEXT_PERIOD, 12),
    ),
    row("rate by contract", lambda p: p.rating.tariffs[0].rate_per_hour, None),
    row("questions are never covered", lambda p: p.packages["plain"].coverage["question"], ()),
    row(
        "target in the coverage",
        lambda p: p.packages["plain"].targets["incident"][TargetKind.FIRST_RESPONSE].unit,
        TargetUnit.COVERAGE_TIME,
    ),
    row("no target for questions", lambda p: "question" in p.packages["plain"].targets, False),
]


@pytest.mark.parametrize(("read", "agreed"), HOURS)
def test_the_rest_of_the_agreement_by_the_hour(read, agreed):
    """Read deadline, credit and tariff of a list whose credits go by the hour."""
    assert read(agreement("hour-for-hour")) == agreed


# --- 10, 25 or 100 % --------------------------------------------------------------------------------------------------

CLOUD = [
    row("all month", "100", False, 0),
    row("exactly 99.99 %", "99.99", False, 0),
    row("just below 99.99 %", "99.99", True, 10),
    row("exactly 99 %", "99", False, 10),
    row("just below 99 %", "99", True, 25),
    row("exactly 95 %", "95", False, 25),
    row("just below 95 %", "95", True, 100),
    row("never", "0", False, 100),
]


@pytest.mark.parametrize(("percent", "below", "agreed"), CLOUD)
def test_the_bands_of_the_cloud(percent, below, agreed):
    """Pay 10, 25 or 100 percent, each band closed below."""
    assert credit("cloud", "compute", percent, below=below) == agreed


FOUR_NINES = [
    row("4 of 44,640 minutes are less than 0.01 %", 4, 0),
    row("5 of 44,640 minutes are more", 5, 10),
    row("446 minutes are less than 1 %", 446, 10),
    row("447 minutes are more", 447, 25),
    row("2,232 minutes are exactly 5 %", 2232, 25),
    row("2,233 minutes are more", 2233, 100),
]


@pytest.mark.parametrize(("minutes", "agreed"), FOUR_NINES)
def test_the_bands_of_the_cloud_by_the_minute(minutes, agreed):
    """Compare minutes of a month of 31 days exactly."""
    guarantee = agreement("cloud").packages["compute"].guarantee
    assert guarantee.credit_percent(Fraction(MARCH - minutes, MARCH), minutes) == agreed


CLAIMED_BY = [
    row("October: end of December", Month(2026, 10), date(2026, 12, 31)),
    row("November: end of January", Month(2026, 11), date(2027, 1, 31)),
    row("December: end of February", Month(2026, 12), date(2027, 2, 28)),
    row("December before a leap year", Month(2027, 12), date(2028, 2, 29)),
    row("February: end of April", Month(2027, 2), date(2027, 4, 30)),
]


@pytest.mark.parametrize(("month", "last_day"), CLAIMED_BY)
def test_the_cloud_is_claimed_by_the_end_of_the_second_month_after(month, last_day):
    """Take claims to the end of the second calendar month, however long the months are."""
    assert agreement("cloud").availability.claim_within.after_month(month) == last_day


def test_the_cloud_sets_credits_off_at_once():
    """Set credits off on whichever invoice is issued next."""
    assert agreement("cloud").credit == CreditTerms(Setoff.BEFORE_TAX, FirstPeriod.NEXT_INVOICE, None)


# --- the pages about writing one --------------------------------------------------------------------------------------

GUIDE = (ROOT / "docs" / "new-agreement.md").read_text(encoding="utf-8")
README = (ROOT / "price_lists" / "README.md").read_text(encoding="utf-8")


def guide_example():
    """Take the example out of the guide."""
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    return example


def test_the_example_of_the_guide_is_good(tmp_path):
    """Read the guide's file as it stands there, and what its clauses say."""
    path = tmp_path / "lighthouse.toml"
    path.write_text(guide_example(), encoding="utf-8")
    lighthouse = read_price_list(path)
    care = lighthouse.packages["care"]
    assert f"lighthouse.toml: {lighthouse.version} is good: {', '.join(lighthouse.packages)}\n" in GUIDE
    assert (care.monthly_fee, care.included_seconds, care.overage_rate_per_hour) == (400, 3 * HOUR, 90)
    assert [tariff.rate_per_hour for tariff in lighthouse.rating.tariffs] == [90, 140]
    assert [targets[TargetKind.FIRST_RESPONSE].amount // HOUR for targets in care.targets.values()] == [1, 8]
    worth = [care.guarantee.credit_percent(Fraction(percent) / 100, 0) for percent in ("99.5", "99.49", "97", "96.99")]
    assert worth == [0, 10, 10, 25]
    assert lighthouse.availability.excludes("maintenance", 48 * HOUR)
    assert lighthouse.availability.claim_within.after_month(Month(2026, 10)) == date(2026, 11, 10)


def test_the_mistakes_of_the_guide_are_said_in_its_words(tmp_path):
    """Make the mistakes that the guide speaks of."""
    evening = '    { days = "working_days", from = "18:00", to = "24:00" },\n'
    assert evening in guide_example()
    path = tmp_path / "lighthouse.toml"
    path.write_text(guide_example().replace(evening, "").replace("from = 97,", "from = 96,"), encoding="utf-8")
    with pytest.raises(InvalidFileError) as refused:
        read_price_list(path)
    assert "".join(f"    lighthouse.toml: {problem}\n" for problem in refused.value.problems) in GUIDE


def keys_of(table):
    """Name the keys of a table of the file and of all tables in it."""
    for name, field in table.model_fields.items():
        yield field.alias or name
        for inner in tables_in(field.annotation):
            yield from keys_of(inner)


def tables_in(annotation):
    """Find the tables in `dict[str, list[Table]]` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for part in get_args(annotation) for table in tables_in(part)]


@pytest.mark.parametrize("key", sorted(set(keys_of(PriceListFile))))
def test_every_key_is_in_the_readme(key):
    """Explain each key that a file may have."""
    assert re.search(rf"`[^`]*\b{key}\b[^`]*`", README)


def test_the_readme_names_every_shipped_list():
    """Say of each shipped list what it is an example of."""
    assert [path.stem for path in sorted((ROOT / "price_lists").glob("*.toml")) if f"`{path.stem}`" not in README] == []
