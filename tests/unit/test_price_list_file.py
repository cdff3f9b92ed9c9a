"""Price-list files: the shipped one says what the agreement says, and a broken one is refused with where and why."""

from datetime import date
from decimal import Decimal

import pytest
from builders import PRICE_LISTS, b2bee

from billing_engine.errors import InvalidFileError, UnknownPackageError, UnknownPriceListError
from billing_engine.intake.price_list_file import read_price_list, read_price_lists
from billing_engine.model.price_list import AtBoundary, RoundPer

SHIPPED = (PRICE_LISTS / "b2bee.toml").read_text(encoding="utf-8")
PACKAGED = ("basic", "standard", "premium", "dedicated")
MINUTE, HOUR = 60, 3600
EVERY_DAY, WORKING_DAYS = frozenset(range(8)), frozenset(range(5))


def row(name, *values):
    """Name a table row."""
    return pytest.param(*values, id=name)


def changed(*replacements, text=SHIPPED):
    """Replace the first occurrence of each old text by its new one."""
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def load(folder, text):
    """Write and read a price list."""
    path = folder / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_price_list(path)


def refusal(folder, text):
    """Return the error that a broken price list gives."""
    with pytest.raises(InvalidFileError) as caught:
        load(folder, text)
    return caught.value


# --- what the agreement says ------------------------------------------------------------------------------------------


def fee(name):
    return lambda p: p.packages[name].monthly_fee


def hours(name):
    return lambda p: p.packages[name].included_seconds


def discount(name):
    return lambda p: p.packages[name].development_discount_percent


def cell(package, severity):
    """Read a cell of the severities table: hours to the first response, and from when to when on which days."""

    def read(price_list):
        found = price_list.packages[package]
        (window,) = found.coverage[severity]
        seconds = found.first_response[severity]
        response = None if seconds is None else seconds / HOUR
        return response, window.start / HOUR, window.end / HOUR, window.day_kinds

    return read


def tariff(name):
    """Read a row of the price list: rate, minimum and increment in minutes."""

    def read(price_list):
        (found,) = (t for t in price_list.rating.tariffs if t.name == name)
        return found.rate_per_hour, found.minimum_seconds / MINUTE, found.increment_seconds / MINUTE

    return read


def open_at(name):
    """Read when a tariff holds: from, to and the kinds of day."""

    def read(price_list):
        (found,) = (t for t in price_list.rating.tariffs if t.name == name)
        return {(window.start / HOUR, window.end / HOUR, window.day_kinds) for window in found.windows}

    return read


def outside_working_hours(price_list):
    """List packages and severities that are covered before 9 or after 17 o'clock."""
    return {
        (name, severity)
        for name, package in price_list.packages.items()
        for severity, windows in package.coverage.items()
        for window in windows
        if window.start < 9 * HOUR or window.end > 17 * HOUR
    }


def covered_days(severities):
    """Collect all kinds of day on which any package covers one of the severities."""
    return lambda p: {
        window.day_kinds
        for package in p.packages.values()
        for severity in severities
        for window in package.coverage.get(severity, ())
    }


CLAUSES = [
    row("included in monthly SaaS subscription: Basic 0 EUR", fee("basic"), 0),
    row("included in monthly SaaS subscription: Standard 200 EUR", fee("standard"), 200),
    row("included in monthly SaaS subscription: Premium 360 EUR", fee("premium"), 360),
    row("included in monthly SaaS subscription: Dedicated additional fee by agreement", fee("dedicated"), None),
    row("included technical support hours: Basic 1h", hours("basic"), 1 * HOUR),
    row("included technical support hours: Standard 5h", hours("standard"), 5 * HOUR),
    row("included technical support hours: Premium 12h", hours("premium"), 12 * HOUR),
    row("included technical support hours: Dedicated by agreement", hours("dedicated"), None),
    row(
        "hours are for all levels: each package covers T1 to T4",
        lambda p: {name: set(p.packages[name].coverage) for name in PACKAGED},
        {name: {"T1", "T2", "T3", "T4"} for name in PACKAGED},
    ),
    row(
        "out-of-hours support: Standard and Premium T1, and the table's Premium T2 7-22h",
        outside_working_hours,
        {("standard", "T1"), ("premium", "T1"), ("premium", "T2")},
    ),
    row(
        "on-site support only with Dedicated, by prior arrangement",
        lambda p: {name for name, package in p.packages.items() if package.on_site},
        {"dedicated"},
    ),
    row("discount on development hours: Basic none", discount("basic"), 0),
    row("discount on development hours: Standard none", discount("standard"), 0),
    row("discount on development hours: Premium 10%", discount("premium"), 10),
    row(
        "price per additional support hour: 50 EUR/h in each package",
        lambda p: {name: p.packages[name].overage_rate_per_hour for name in PACKAGED},
        dict.fromkeys(PACKAGED, 50),
    ),
    row("the minimum time unit is 30 minutes", lambda p: p.rating.covered_increment_seconds, 30 * MINUTE),
    row("and will be billed per started hour", lambda p: p.rating.overage_increment_seconds, HOUR),
    row(
        "reported critical incident found to be incorrect or unfounded",
        lambda p: p.rating.unfounded_severities,
        {"T1"},
    ),
    row("severities T1 critical to T4 inquiry", lambda p: p.rating.severities, ("T1", "T2", "T3", "T4")),
    row("T1 Basic 4h (9-17h)", cell("basic", "T1"), (4, 9, 17, EVERY_DAY)),
    row("T1 Standard 3h (8-18h)", cell("standard", "T1"), (3, 8, 18, EVERY_DAY)),
    row("T1 Premium 3h (7-22h)", cell("premium", "T1"), (3, 7, 22, EVERY_DAY)),
    row("T2 Basic 8h (9-17h w.d.)", cell("basic", "T2"), (8, 9, 17, WORKING_DAYS)),
    row("T2 Standard 6h (9-17h w.d.)", cell("standard", "T2"), (6, 9, 17, WORKING_DAYS)),
    row("T2 Premium 4h (7-22h w.d.)", cell("premium", "T2"), (4, 7, 22, WORKING_DAYS)),
    row("T3 Basic 24h (9-17h w.d.)", cell("basic", "T3"), (24, 9, 17, WORKING_DAYS)),
    row("T3 Standard 12h (9-17h w.d.)", cell("standard", "T3"), (12, 9, 17, WORKING_DAYS)),
    row("T3 Premium 8h (9-17h w.d.)", cell("premium", "T3"), (8, 9, 17, WORKING_DAYS)),
    row("T4 Basic as available", cell("basic", "T4"), (None, 9, 17, WORKING_DAYS)),
    row("T4 Standard 48h (9-17h w.d.)", cell("standard", "T4"), (48, 9, 17, WORKING_DAYS)),
    row("T4 Premium 24h (9-17h w.d.)", cell("premium", "T4"), (24, 9, 17, WORKING_DAYS)),
    row("Dedicated: package agreement possible", lambda p: p.packages["dedicated"].first_response, {}),
    row(
        "working hours in the SLA table are 9-17h unless otherwise specified: Dedicated",
        lambda p: {
            (severity, window.start / HOUR, window.end / HOUR, window.day_kinds)
            for severity, windows in p.packages["dedicated"].coverage.items()
            for window in windows
        },
        {
            ("T1", 9, 17, EVERY_DAY),
            ("T2", 9, 17, WORKING_DAYS),
            ("T3", 9, 17, WORKING_DAYS),
            ("T4", 9, 17, WORKING_DAYS),
        },
    ),
    row("T1 applies during weekends and holidays as well", covered_days(["T1"]), {EVERY_DAY}),
    row("for all other incidents only working days", covered_days(["T2", "T3", "T4"]), {WORKING_DAYS}),
    row("working day 50 EUR, minimum 30 min, per started 0.5h", tariff("working"), (50, 30, 30)),
    row("working day (9:00 - 17:00)", open_at("working"), {(9, 17, WORKING_DAYS)}),
    row("outside working hours 100 EUR, minimum 1 hour, per started hour", tariff("after_hours"), (100, 60, 60)),
    row(
        "outside working hours and weekend (17:00 - 09:00)",
        open_at("after_hours"),
        {(0, 9, WORKING_DAYS), (17, 24, WORKING_DAYS), (0, 24, frozenset({5, 6}))},
    ),
    row("public holiday 150 EUR, minimum 1 hour, per started hour", tariff("holiday"), (150, 60, 60)),
    row("public holiday, the whole day", open_at("holiday"), {(0, 24, frozenset({7}))}),
    row(
        "price list outside contracted package: neither fee, hours nor coverage",
        lambda p: (
            p.packages["out-of-package"].monthly_fee,
            p.packages["out-of-package"].included_seconds,
            p.packages["out-of-package"].coverage,
        ),
        (0, 0, {}),
    ),
    row(
        "the packages of the table and out of package",
        lambda p: tuple(p.packages),
        (*PACKAGED, "out-of-package"),
    ),
    row("every package is entitled to support", lambda p: {q.entitled for q in p.packages.values()}, {True}),
    row("D: sessions are rounded one by one", lambda p: p.rating.round_per, RoundPer.ENTRY),
    row("D: work is cut where the tariff changes", lambda p: p.rating.at_boundary, AtBoundary.SPLIT),
    row("prices are in EUR", lambda p: p.currency, "EUR"),
    row("hours are Belgrade's", lambda p: p.zone.key, "Europe/Belgrade"),
    row("holidays are Serbia's", lambda p: (p.calendar.country, p.calendar.added, p.calendar.removed), ("RS", (), ())),
    row("D: valid from 2000", lambda p: (p.version, p.valid_from), ("b2bee 2000-01-01", date(2000, 1, 1))),
]


@pytest.mark.parametrize(("read", "agreed"), CLAUSES)
def test_shipped_list_says_what_the_agreement_says(read, agreed):
    """Find each clause of the published text as a value."""
    assert read(b2bee()) == agreed


@pytest.mark.parametrize(
    "clause",
    [
        "Phone support",
        "Proactive system monitoring",
        "Priority analysis of modifications",
        "Dedicated account manager",
        "Monthly status report / consultations",
        "Travel expenses",
        "Meaning of initial analysis",
        "Actual problem resolution may take longer",
        "17:00-09:00 is a tariff range, not a guarantee of availability",
    ],
)
def test_clauses_that_move_no_money_are_named(clause):
    """Name each clause that is no key, with why."""
    assert len(b2bee().out_of_scope[clause]) > 10


def test_an_unknown_package_is_refused_with_the_ones_there_are():
    """Say which packages a list has when asked for another."""
    with pytest.raises(UnknownPackageError, match=r"b2bee has no package 'gold'; allowed: basic, standard, premium"):
        b2bee().package("gold")


# --- broken files -----------------------------------------------------------------------------------------------------

COVERED_T4 = 'T4 = [{ days = "working_days", from = "09:00", to = "17:00" }]\n'
EVENING = '{ days = "working_days", from = "17:00", to = "24:00" }'
STANDARD_T1 = 'T1 = [{ days = "every_day", from = "08:00", to = "18:00" }]'
HOLIDAY_WINDOWS = 'windows = [{ days = "holidays", from = "00:00", to = "24:00" }]'
RATE = "tariffs.working.rate_per_hour"
LIMITS, NUMBER, WHOLE = (
    "allowed is 0 to 1,000,000,000",
    "allowed is a number such as 50 or 49.90",
    "allowed is a whole number",
)
NO_KEY = "unknown key"


def evening(new):
    """Replace the evening window of the after-hours tariff."""
    return (EVENING, new)


def key_in(table, key):
    """Add an unknown key to a table."""
    return (f"[{table}]\n", f"[{table}]\n{key} = 1\n")


BROKEN = [
    # unknown keys, at every level
    row("unknown key of the file", ("[holidays]", "hollidays = 1\n[holidays]"), "hollidays", NO_KEY),
    row("unknown key of holidays", key_in("holidays", "addd"), "holidays.addd", NO_KEY),
    row(
        "unknown key of a holiday",
        ("add = []", 'add = [{ date = 2026-01-02, name = "x", day = 1 }]'),
        "holidays.add[1].day",
        NO_KEY,
    ),
    row("unknown key of rating", key_in("rating", "round"), "rating.round", NO_KEY),
    row("unknown key of allowance", key_in("allowance", "unit"), "allowance.unit", NO_KEY),
    row("unknown key of overage", key_in("overage", "unit"), "overage.unit", NO_KEY),
    row("unknown key of a tariff", key_in("tariffs.holiday", "rate"), "tariffs.holiday.rate", NO_KEY),
    row(
        "unknown key of a window",
        evening('{ day = "mon", days = "working_days", from = "17:00", to = "24:00" }'),
        "tariffs.after_hours.windows[2].day",
        NO_KEY,
    ),
    row("unknown key of a package", key_in("packages.premium", "price"), "packages.premium.price", NO_KEY),
    row(
        "unknown key of a coverage window",
        (STANDARD_T1, STANDARD_T1.replace("days", "zone = 1, days")),
        "packages.standard.coverage.T1[1].zone",
        NO_KEY,
    ),
    # missing keys and tables
    row("name missing", ('name = "b2bee"', ""), "name", "is missing"),
    row("time zone missing", ('time_zone = "Europe/Belgrade"', ""), "time_zone", "is missing"),
    row("tariff rate missing", ("rate_per_hour = 50\n", ""), RATE, "is missing"),
    row("package fee missing", ("monthly_fee = 200\n", ""), "packages.standard.monthly_fee", "is missing"),
    row(
        "allowance missing",
        (SHIPPED[SHIPPED.index("[allowance]") : SHIPPED.index("[overage]")], ""),
        "allowance",
        "is missing",
    ),
    row(
        "all tariffs missing",
        (SHIPPED[SHIPPED.index("[tariffs.working]") : SHIPPED.index("[packages.basic]")], ""),
        "tariffs",
        "is missing",
    ),
    row(
        "one tariff missing",
        (SHIPPED[SHIPPED.index("[tariffs.holiday]") : SHIPPED.index("[packages.basic]")], ""),
        "tariffs",
        "nothing covers 00:00-24:00 on holidays",
        "every hour of every day needs a tariff",
    ),
    row(
        "all packages missing",
        (SHIPPED[SHIPPED.index("[packages.basic]") : SHIPPED.index("[out_of_scope]\n")], ""),
        "packages",
        "is missing",
    ),
    row(
        "coverage without a price beyond the allowance",
        ("overage_rate_per_hour = 50\n", ""),
        "packages.basic.overage_rate_per_hour",
        "is missing",
        "needs a price",
    ),
    # windows
    row(
        "gap between windows",
        evening(EVENING.replace("17:00", "18:00")),
        "tariffs",
        "nothing covers 17:00-18:00 on mon, tue, wed, thu, fri",
        "every hour of every day needs a tariff",
    ),
    row(
        "gap before midnight",
        evening(EVENING.replace("24:00", "23:59")),
        "tariffs",
        "nothing covers 23:59-24:00 on mon, tue, wed, thu, fri",
    ),
    row(
        "gap on one weekday",
        ('days = "working_days", from = "09:00"', 'days = ["mon", "tue", "wed", "thu"], from = "09:00"'),
        "tariffs",
        "nothing covers 09:00-17:00 on fri;",
    ),
    row("no window for holidays", (HOLIDAY_WINDOWS, "windows = []"), "tariffs", "00:00-24:00 on holidays"),
    row(
        "overlap of two tariffs",
        evening(EVENING.replace("17:00", "16:30")),
        "tariffs",
        "working and after_hours overlap at 16:30-17:00 on mon, tue, wed, thu, fri",
    ),
    row(
        "overlap within a tariff",
        evening(f'{EVENING}, {{ days = "fri", from = "23:00", to = "24:00" }}'),
        "tariffs",
        "after_hours and after_hours overlap at 23:00-24:00 on fri",
    ),
    row(
        "window over midnight",
        evening('{ days = "working_days", from = "17:00", to = "09:00" }'),
        "tariffs.after_hours.windows[2]",
        "'from' must be before 'to'",
        "a window over midnight is written as two",
    ),
    row(
        "empty window",
        evening('{ days = "working_days", from = "17:00", to = "17:00" }'),
        "tariffs.after_hours.windows[2]",
        "'from' must be before 'to'",
    ),
    row(
        "24:30",
        evening(EVENING.replace("24:00", "24:30")),
        "tariffs.after_hours.windows[2].to",
        "found '24:30'",
        "allowed is 00:00 to 24:00",
    ),
    row(
        "17:60",
        evening(EVENING.replace("17:00", "17:60")),
        "tariffs.after_hours.windows[2].from",
        "found '17:60'",
        "allowed is 00:00 to 24:00",
    ),
    row(
        "hour of one digit",
        evening(EVENING.replace("17:00", "9:00")),
        "tariffs.after_hours.windows[2].from",
        "found '9:00'",
        "allowed is 00:00 to 24:00",
    ),
    row(
        "time without quotes",
        evening(EVENING.replace('"17:00"', "17:00:00")),
        "tariffs.after_hours.windows[2].from",
        "17:00:00",
        'allowed is a time of day in quotes, "00:00" to "24:00"',
    ),
    row(
        "unknown day",
        evening(EVENING.replace("working_days", "workdays")),
        "tariffs.after_hours.windows[2].days",
        "found 'workdays'",
        "allowed: every_day, working_days, weekends, holidays, mon, tue, wed, thu, fri, sat, sun",
    ),
    row(
        "no day",
        evening(EVENING.replace('"working_days"', "[]")),
        "tariffs.after_hours.windows[2].days",
        "found []",
        "allowed: every_day, working_days",
    ),
    # numbers
    row("negative rate", ("rate_per_hour = 50", "rate_per_hour = -50"), RATE, "found -50", LIMITS),
    row("NaN", ("rate_per_hour = 50", "rate_per_hour = nan"), RATE, "found NaN", LIMITS),
    row("infinity", ("rate_per_hour = 50", "rate_per_hour = inf"), RATE, "found Infinity", LIMITS),
    row("minus infinity", ("rate_per_hour = 50", "rate_per_hour = -inf"), RATE, "found -Infinity", LIMITS),
    row("1e400", ("rate_per_hour = 50", "rate_per_hour = 1e400"), RATE, "found 1E+400", LIMITS),
    row("number in quotes", ("rate_per_hour = 50", 'rate_per_hour = "50"'), RATE, "found '50'", NUMBER),
    row("true as a rate", ("rate_per_hour = 50", "rate_per_hour = true"), RATE, "found True", NUMBER),
    row("negative fee", ("monthly_fee = 200", "monthly_fee = -1"), "packages.standard.monthly_fee", "found -1", LIMITS),
    row(
        "unknown word as a fee",
        ("monthly_fee = 200", 'monthly_fee = "free"'),
        "packages.standard.monthly_fee",
        "found 'free'",
        NUMBER,
    ),
    row(
        "false as included hours",
        ("included_hours = 5", "included_hours = false"),
        "packages.standard.included_hours",
        "found False",
        NUMBER,
    ),
    row(
        "included hours that are no whole minutes",
        ("included_hours = 5", "included_hours = 0.01"),
        "packages.standard.included_hours",
        "must be a whole number of minutes",
    ),
    row(
        "discount over 100",
        ("development_discount_percent = 10", "development_discount_percent = 100.01"),
        "packages.premium.development_discount_percent",
        "found 100.01",
        "less than or equal to 100",
    ),
    row(
        "true as an increment",
        ("increment_minutes = 60 ", "increment_minutes = true "),
        "overage.increment_minutes",
        "found True",
        WHOLE,
    ),
    row(
        "increment of zero",
        ("increment_minutes = 60 ", "increment_minutes = 0 "),
        "overage.increment_minutes",
        "found 0",
        "greater than 0",
    ),
    row(
        "increment of half a minute",
        ("increment_minutes = 60 ", "increment_minutes = 0.5 "),
        "overage.increment_minutes",
        "found 0.5",
        WHOLE,
    ),
    row(
        "increment over a day",
        ("increment_minutes = 60 ", "increment_minutes = 1441 "),
        "overage.increment_minutes",
        "found 1441",
        "less than or equal to 1440",
    ),
    row(
        "negative minimum",
        ("minimum_minutes = 30", "minimum_minutes = -30"),
        "tariffs.working.minimum_minutes",
        "found -30",
        "greater than or equal to 0",
    ),
    # names and choices
    row(
        "unknown zone",
        ("Europe/Belgrade", "Europe/Belgrad"),
        "time_zone",
        "found 'Europe/Belgrad'",
        "unknown time zone; allowed is an IANA name such as Europe/Belgrade",
    ),
    row("zone as a path", ("Europe/Belgrade", "../../etc/passwd"), "time_zone", "found '../../etc/passwd'"),
    row("zone in small letters", ("Europe/Belgrade", "europe/belgrade"), "time_zone", "found 'europe/belgrade'"),
    row(
        "unknown country",
        ('country = "RS"', 'country = "XX"'),
        "country",
        "found 'XX'",
        "unknown country; allowed is an ISO 3166 code such as RS",
    ),
    row("country as a number", ('country = "RS"', "country = 688"), "country", "found 688", "ISO 3166"),
    row(
        "currency as a word",
        ('currency = "EUR"', 'currency = "euro"'),
        "currency",
        "found 'euro'",
        "allowed is an ISO 4217 code such as EUR",
    ),
    row("currency as a number", ('currency = "EUR"', "currency = 978"), "currency", "found 978", "ISO 4217"),
    row(
        "wrong round_per",
        ('round_per = "entry"', 'round_per = "day"'),
        "rating.round_per",
        "found 'day'",
        "allowed: entry, ticket_day, ticket",
    ),
    row(
        "wrong at_boundary",
        ('at_boundary = "split"', 'at_boundary = "cut"'),
        "rating.at_boundary",
        "found 'cut'",
        "allowed: split, started_unit_keeps_tariff",
    ),
    row("wrong rollover", ('rollover = "none"', 'rollover = "all"'), "allowance.rollover", "found 'all'", "'none'"),
    row("name in capitals", ('name = "b2bee"', 'name = "B2BEE"'), "name", "found 'B2BEE'", "small letters"),
    row("name as a path", ('name = "b2bee"', 'name = "../b2bee"'), "name", "found '../b2bee'"),
    row("tariff's name in capitals", ("[tariffs.working]", "[tariffs.Working]"), "tariffs.Working", "small letters"),
    row("empty title", ('title = "Basic"', 'title = ""'), "packages.basic.title", "found ''", "must not be empty"),
    row(
        "entitled as a word",
        ('title = "Basic"', 'title = "Basic"\nentitled = "no"'),
        "packages.basic.entitled",
        "found 'no'",
        "allowed is true or false",
    ),
    row(
        "added holiday as text",
        ("add = []", 'add = [{ date = "2026-12-24", name = "Company day" }]'),
        "holidays.add[1].date",
        "found '2026-12-24'",
        "allowed is a day such as",
    ),
    row(
        "removed holiday as text",
        ("remove = []", 'remove = ["2026-01-01"]'),
        "holidays.remove[1]",
        "allowed is a day such as",
    ),
    row("tariff as a list", ("[tariffs.working]", "[[tariffs.working]]"), "tariffs.working", "Working day"),
    row(
        "clause out of scope without words",
        ("[out_of_scope]\n", '[out_of_scope]\n"Fax" = 1\n'),
        "out_of_scope.Fax",
        "found 1",
        "allowed is a text in quotes",
    ),
    # severities
    row(
        "no severity",
        ('severities = ["T1", "T2", "T3", "T4"]', "severities = []"),
        "rating.severities",
        "found []",
        "must not be empty",
    ),
    row(
        "unknown unfounded severity",
        ('unfounded_severities = ["T1"]', 'unfounded_severities = ["T1", "T9"]'),
        "rating.unfounded_severities",
        "unknown T9;",
        "allowed: T1, T2, T3, T4",
    ),
    row(
        "coverage without a severity",
        (COVERED_T4, ""),
        "packages.basic.coverage",
        "found T1, T2, T3;",
        "allowed is each of T1, T2, T3, T4 once",
    ),
    row(
        "coverage of an unknown severity",
        (COVERED_T4, COVERED_T4 + COVERED_T4.replace("T4", "T5")),
        "packages.basic.coverage",
        "found T1, T2, T3, T4, T5;",
        "allowed is each of T1, T2, T3, T4 once",
    ),
    row(
        "coverage windows that overlap",
        (STANDARD_T1, f'{STANDARD_T1[:-1]}, {{ days = "mon", from = "17:00", to = "19:00" }}]'),
        "packages.standard.coverage.T1",
        "window 1 and window 2 overlap at 17:00-18:00 on mon",
    ),
    row(
        "response without a severity",
        ('T2 = "8 h"\n', ""),
        "packages.basic.first_response",
        "found T1, T3, T4;",
        "allowed is each of T1, T2, T3, T4 once",
    ),
    row(
        "response in minutes",
        ('T2 = "8 h"', 'T2 = "480 min"'),
        "packages.basic.first_response.T2",
        "found '480 min'",
        'allowed is "4 h" or "as_available"',
    ),
    row("response of no hours", ('T2 = "8 h"', 'T2 = "0 h"'), "packages.basic.first_response.T2", "found '0 h'"),
    row("response as a number", ('T2 = "8 h"', "T2 = 8"), "packages.basic.first_response.T2", "found 8"),
    # validity
    row(
        "valid from mid-month",
        ("valid_from = 2000-01-01", "valid_from = 2016-01-15"),
        "valid_from",
        "allowed is the first day of a month",
    ),
    row(
        "valid from a text",
        ("valid_from = 2000-01-01", 'valid_from = "2000-01-01"'),
        "valid_from",
        "found '2000-01-01'",
        "allowed is a day such as",
    ),
    row(
        "valid from an hour",
        ("valid_from = 2000-01-01", "valid_from = 2000-01-01T00:00:00"),
        "valid_from",
        "2000-01-01 00:00:00",
        "allowed is a day such as",
    ),
]


@pytest.mark.parametrize(("change", "key", "parts"), [row(p.id, *p.values[:2], p.values[2:]) for p in BROKEN])
def test_a_broken_file_is_refused_with_where_what_and_what_is_allowed(tmp_path, change, key, parts):
    """Refuse one changed text with one sentence that names file, key path, what was found and what is allowed."""
    error = refusal(tmp_path, changed(change))
    assert str(error).startswith(f"{tmp_path / 'mine.toml'}: ")
    (problem,) = error.problems
    assert problem.replace(": ", ".").startswith(f"{key}.")
    assert [part for part in parts if part not in problem] == []


UNREADABLE = [
    row("no TOML", b"name = ", "is no valid TOML", "end of document"),
    row("text before the first key", b"hello\n" + SHIPPED.encode(), "is no valid TOML", "line 1"),
    row(
        "key twice",
        changed(('name = "b2bee"', 'name = "b2bee"\nname = "b2bee"')).encode(),
        "is no valid TOML",
        "Cannot overwrite a value",
    ),
    row("no UTF-8", SHIPPED.encode().replace(b"Standard", b"Stand\xe4rd", 1), "is not UTF-8 at byte"),
    row("UTF-16", SHIPPED.encode("utf-16"), "is not UTF-8 at byte 0"),
    row("larger than a megabyte", SHIPPED.encode() + b"#" * 1_000_000, "larger than 1,000,000 bytes"),
    row("nested too deep", b"x = " + b"[" * 50_000, "is no valid TOML"),
    row("NUL byte", SHIPPED.encode().replace(b"Standard", b"Stand\0rd", 1), "is no valid TOML", "line"),
]


@pytest.mark.parametrize(("content", "parts"), [row(p.id, p.values[0], p.values[1:]) for p in UNREADABLE])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content, parts):
    """Refuse a file that can not even be parsed, with its name and what is wrong."""
    error = refusal(tmp_path, content)
    assert str(error).startswith(f"{tmp_path / 'mine.toml'}: ")
    assert [part for part in parts if part not in str(error)] == []


def test_an_empty_file_lacks_every_required_key(tmp_path):
    """Name all required keys at once when nothing is there."""
    top = ["name", "title", "valid_from", "currency", "country", "time_zone"]
    tables = ["rating", "allowance", "overage", "tariffs", "packages"]
    assert refusal(tmp_path, "").problems == [f"{key}: is missing" for key in (*top, *tables)]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """Say that a file can not be read, and why."""
    with pytest.raises(InvalidFileError, match=r"mine\.toml: can not be read: No such file"):
        read_price_list(tmp_path / "mine.toml")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    """Say that a folder called like a file can not be read."""
    (tmp_path / "mine.toml").mkdir()
    with pytest.raises(InvalidFileError, match=r"mine\.toml: can not be read: Is a directory"):
        read_price_lists([tmp_path])


def test_several_wrong_values_are_reported_at_once(tmp_path):
    """Report every wrong value of a file, each with its own path."""
    text = changed(
        ('currency = "EUR"', 'currency = "euro"'),
        ("Europe/Belgrade", "Europe/Nowhere"),
        ("rate_per_hour = 50", "rate_per_hour = -50"),
        (EVENING, EVENING.replace("24:00", "24:30")),
        ("monthly_fee = 200", "monthly_fee = true"),
        key_in("overage", "unit"),
    )
    paths = {problem.partition(":")[0] for problem in refusal(tmp_path, text).problems}
    assert paths == {
        "currency",
        "time_zone",
        RATE,
        "tariffs.after_hours.windows[2].to",
        "packages.standard.monthly_fee",
        "overage.unit",
    }


def test_several_things_that_do_not_fit_together_are_reported_at_once(tmp_path):
    """Report gap, overlap, missing severity and date of one file together."""
    text = changed(
        ("valid_from = 2000-01-01", "valid_from = 2016-01-15"),
        (EVENING, EVENING.replace("17:00", "16:00").replace("24:00", "23:00")),
        (COVERED_T4, ""),
    )
    said = str(refusal(tmp_path, text))
    parts = [
        "overlap at 16:00-17:00",
        "nothing covers 23:00-24:00",
        "packages.basic.coverage: found T1, T2, T3;",
        "first day of a month",
    ]
    assert [part for part in parts if part not in said] == []


def test_a_window_that_overlaps_two_tariffs_is_two_problems(tmp_path):
    """Name each pair of tariffs and the days on which both would hold."""
    twice = f'{HOLIDAY_WINDOWS[:-1]}, {{ days = "every_day", from = "03:00", to = "03:01" }}]'
    assert refusal(tmp_path, changed((HOLIDAY_WINDOWS, twice))).problems == [
        "tariffs: after_hours and holiday overlap at 03:00-03:01 on mon, tue, wed, thu, fri, sat, sun",
        "tariffs: holiday and holiday overlap at 03:00-03:01 on holidays",
    ]


def test_an_overlap_is_no_gap(tmp_path):
    """Report a window within another as an overlap only."""
    inner = ', { days = "holidays", from = "03:00", to = "04:00" }]'
    (problem,) = refusal(tmp_path, changed((HOLIDAY_WINDOWS, HOLIDAY_WINDOWS[:-1] + inner))).problems
    assert problem.endswith("tariffs: holiday and holiday overlap at 03:00-04:00 on holidays")


ALLOWED = [
    row(
        "days as a list of names",
        ('days = "weekends"', 'days = ["sat", "sun"]'),
        lambda p: p.rating.tariffs[1].windows[2].day_kinds,
        {5, 6},
    ),
    row(
        "two touching windows",
        (STANDARD_T1, f'{STANDARD_T1[:-1]}, {{ days = "every_day", from = "18:00", to = "24:00" }}]'),
        lambda p: [(window.start, window.end) for window in p.packages["standard"].coverage["T1"]],
        [(8 * HOUR, 18 * HOUR), (18 * HOUR, 24 * HOUR)],
    ),
    row(
        "hours to the minute",
        ("included_hours = 5", "included_hours = 5.15"),
        lambda p: p.packages["standard"].included_seconds,
        309 * MINUTE,
    ),
    row(
        "cents stay exact",
        ("rate_per_hour = 50", "rate_per_hour = 0.1"),
        lambda p: p.rating.tariffs[0].rate_per_hour,
        Decimal("0.1"),
    ),
    row(
        "a company day",
        ("add = []", 'add = [{ date = 2026-12-24, name = "Company day" }]'),
        lambda p: p.calendar.holiday_name(date(2026, 12, 24)),
        "Company day",
    ),
    row("choices by name", ('"entry" ', '"ticket_day" '), lambda p: p.rating.round_per, RoundPer.TICKET_DAY),
]


@pytest.mark.parametrize(("change", "read", "value"), ALLOWED)
def test_what_the_keys_allow_arrives_as_written(tmp_path, change, read, value):
    """Read a changed value exactly."""
    assert read(load(tmp_path, changed(change))) == value


# --- versions and folders ---------------------------------------------------------------------------------------------

DEARER = changed(("valid_from = 2000-01-01", "valid_from = 2026-11-01"), ("rate_per_hour = 50", "rate_per_hour = 55"))


def folder_of(path, **texts):
    """Write a folder of price lists."""
    path.mkdir()
    for name, text in texts.items():
        (path / f"{name}.toml").write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        row("first day of the first version", date(2000, 1, 1), 50),
        row("last day of the first version", date(2026, 10, 31), 50),
        row("first day of the second version", date(2026, 11, 1), 55),
        row("long after", date(2031, 1, 1), 55),
    ],
)
def test_the_newest_valid_version_is_in_force(tmp_path, day, rate):
    """Take the newest version that has begun, whatever the files are called."""
    book = read_price_lists([folder_of(tmp_path / "lists", a_new=DEARER, b_old=SHIPPED)])
    assert book.in_force("b2bee", day).rating.tariffs[0].rate_per_hour == rate


def test_no_version_is_in_force_before_the_first(tmp_path):
    """Say from when on a list is valid when asked for an earlier day."""
    book = read_price_lists([folder_of(tmp_path / "lists", mine=SHIPPED)])
    with pytest.raises(UnknownPriceListError, match="'b2bee' is valid from 2000-01-01 on, not on 1999-12-31"):
        book.in_force("b2bee", date(1999, 12, 31))


def test_an_unknown_price_list_is_refused_with_the_ones_there_are(tmp_path):
    """Name the lists at hand when asked for another."""
    book = read_price_lists([folder_of(tmp_path / "lists", mine=SHIPPED, other=changed(("b2bee", "acme")))])
    assert book.names == ["acme", "b2bee"]
    with pytest.raises(UnknownPriceListError, match="no price list 'nope'; known: acme, b2bee"):
        book.in_force("nope", date(2026, 1, 1))


def test_two_files_of_one_version_are_refused(tmp_path):
    """Refuse the second of two files with one name and date, and name it."""
    with pytest.raises(InvalidFileError, match=r"two\.toml: there are two files of b2bee 2000-01-01") as caught:
        read_price_lists([folder_of(tmp_path / "lists", one=SHIPPED, two=SHIPPED)])
    assert "valid_from must differ" in str(caught.value)


def test_a_later_folder_replaces_lists_of_the_same_name(tmp_path):
    """Take all versions of a name from the last folder that has it, and other names from where they are."""
    shipped = folder_of(tmp_path / "shipped", b2bee=SHIPPED, dearer=DEARER, acme=changed(("b2bee", "acme")))
    own = folder_of(
        tmp_path / "own",
        mine=changed(
            ("valid_from = 2000-01-01", "valid_from = 2020-01-01"), ("rate_per_hour = 50", "rate_per_hour = 1")
        ),
    )
    book = read_price_lists([shipped, own])
    assert [(v.valid_from, v.rating.tariffs[0].rate_per_hour) for v in book.versions("b2bee")] == [
        (date(2020, 1, 1), 1)
    ]
    assert [v.valid_from for v in book.versions("acme")] == [date(2000, 1, 1)]
    assert [v.valid_from for v in read_price_lists([own, shipped]).versions("b2bee")] == [
        date(2000, 1, 1),
        date(2026, 11, 1),
    ]


def test_other_files_of_a_folder_are_left_alone(tmp_path):
    """Read only *.toml of a folder."""
    folder = folder_of(tmp_path / "lists", mine=SHIPPED)
    (folder / "README.md").write_text("not a price list", encoding="utf-8")
    (folder / "mine.toml.bak").write_text("not a price list", encoding="utf-8")
    assert read_price_lists([folder]).names == ["b2bee"]


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """Name the folder that is missing."""
    with pytest.raises(InvalidFileError, match="nowhere: is no folder with price lists"):
        read_price_lists([tmp_path / "nowhere"])


def test_every_shipped_list_loads():
    """Read the whole shipped folder."""
    assert "b2bee" in read_price_lists([PRICE_LISTS]).names


# --- the hash of the terms --------------------------------------------------------------------------------------------


def without_comments(text):
    """Drop all comments and empty lines; no quoted text of the file holds a #."""
    return "\n".join(line for raw in text.splitlines() if (line := raw.partition("#")[0].rstrip()))


SAME_TERMS = [
    row("comment added", "# a word to the reader\n" + SHIPPED),
    row("all comments gone", without_comments(SHIPPED)),
    row("Windows line ends", SHIPPED.replace("\n", "\r\n")),
    row("spaces and empty lines", SHIPPED.replace(" = ", "   =  ").replace("\n", "\n\n")),
    row(
        "keys of a table in another order",
        changed((SHIPPED[SHIPPED.index("currency") : SHIPPED.index("country")], "")).replace(
            "[holidays]", 'currency = "EUR"\n[holidays]', 1
        ),
    ),
    row(
        "tables in another order",
        changed((SHIPPED[SHIPPED.index("[overage]") : SHIPPED.index("# --- Technical Support Price List")], ""))
        + "\n[overage]\nincrement_minutes = 60\n",
    ),
]


@pytest.mark.parametrize("text", SAME_TERMS)
def test_the_hash_ignores_comments_and_layout(tmp_path, text):
    """Hash the terms, not the text."""
    assert text != SHIPPED
    assert load(tmp_path, text).content_hash == b2bee().content_hash


OTHER_TERMS = [
    row("name", ('name = "b2bee"', 'name = "b2b"')),
    row("valid from", ("valid_from = 2000-01-01", "valid_from = 2016-02-01")),
    row("currency", ('currency = "EUR"', 'currency = "RSD"')),
    row("country", ('country = "RS"', 'country = "HR"')),
    row("time zone", ("Europe/Belgrade", "Europe/Zagreb")),
    row("holiday added", ("add = []", 'add = [{ date = 2026-12-24, name = "Company day" }]')),
    row("holiday removed", ("remove = []", "remove = [2026-01-01]")),
    row("unfounded severities", ('unfounded_severities = ["T1"]', "unfounded_severities = []")),
    row("round per", ('round_per = "entry"', 'round_per = "ticket"')),
    row("at boundary", ('at_boundary = "split"', 'at_boundary = "started_unit_keeps_tariff"')),
    row("unit of the allowance", ("increment_minutes = 30 ", "increment_minutes = 15 ")),
    row("unit of the overage", ("increment_minutes = 60 ", "increment_minutes = 30 ")),
    row("tariff's rate", ("rate_per_hour = 50", "rate_per_hour = 50.01")),
    row("tariff's increment", ('increment_minutes = 30            # "Per', 'increment_minutes = 10            # "Per')),
    row("tariff's minimum", ("minimum_minutes = 30", "minimum_minutes = 0")),
    row(
        "tariff's windows",
        (
            SHIPPED[SHIPPED.index("windows = [{") : SHIPPED.index("[tariffs.holiday]")],
            SHIPPED[SHIPPED.index("windows = [{") : SHIPPED.index("[tariffs.holiday]")]
            .replace('from = "09:00"', 'from = "08:00"')
            .replace('to = "09:00"', 'to = "08:00"'),
        ),
    ),
    row("package's right to support", ('title = "Basic"', 'title = "Basic"\nentitled = false')),
    row("package's fee", ("monthly_fee = 200", "monthly_fee = 201")),
    row("package's hours", ("included_hours = 5", "included_hours = 6")),
    row("package's hours by contract", ("included_hours = 5", 'included_hours = "contract"')),
    row("price beyond the allowance", ("overage_rate_per_hour = 50", "overage_rate_per_hour = 49")),
    row("discount", ("development_discount_percent = 10", "development_discount_percent = 11")),
    row("on site", ("on_site = true", "on_site = false")),
    row("coverage", ('from = "08:00", to = "18:00"', 'from = "08:00", to = "19:00"')),
    row("first response", ('T2 = "8 h"', 'T2 = "7 h"')),
    row("first response as available", ('T2 = "8 h"', 'T2 = "as_available"')),
]


@pytest.mark.parametrize("change", OTHER_TERMS)
def test_the_hash_changes_with_any_term(tmp_path, change):
    """Give another hash as soon as one term differs."""
    assert load(tmp_path, changed(change)).content_hash != b2bee().content_hash


@pytest.mark.parametrize(
    "change",
    [
        ('title = "B2BEE technical support"', 'title = "B2BEE support"'),
        ('title = "Working day"', 'title = "Weekday"'),
        ('title = "Basic"', 'title = "Base"'),
        ('"A notice without a target."', '"A notice."'),
    ],
)
def test_the_hash_keeps_when_only_words_change(tmp_path, change):
    """Keep the hash when a title or remark is corrected."""
    assert load(tmp_path, changed(change)).content_hash == b2bee().content_hash


MONSTROUS = [
    row("country as a list", ('country = "RS"', 'country = ["RS"]'), "country"),
    row("zone as a list", ('time_zone = "Europe/Belgrade"', 'time_zone = ["x"]'), "time_zone"),
    row("days in a list of lists", ('days = "holidays"', 'days = [["mon"]]'), "tariffs.holiday.windows[1].days"),
    row("days in a table", ('days = "holidays"', "days = [{ a = 1 }]"), "tariffs.holiday.windows[1].days"),
    row("exponent of 19 digits", ("rate_per_hour = 150", "rate_per_hour = 1e9999999999999999999"), "too many digits"),
    row("5,000 digits", ("rate_per_hour = 150", "rate_per_hour = " + "9" * 5000), "too many digits"),
    row("a billionth of a billionth", ("rate_per_hour = 150", "rate_per_hour = 1e-999999"), "up to 9 decimals"),
    row("severity twice", ('["T1", "T2", "T3", "T4"]', '["T1", "T1", "T2", "T3", "T4"]'), "each may stand here once"),
    row("blank title", ('title = "Basic"', 'title = "  "'), "packages.basic.title: must not be empty"),
    row("fee finer than cents", ("monthly_fee = 200", "monthly_fee = 199.999"), "packages.standard.monthly_fee"),
]


@pytest.mark.parametrize(("change", "said"), MONSTROUS)
def test_monstrous_values_are_refused_like_any_other(tmp_path, change, said):
    """Refuse what no type check expects, as a problem of the file and not as a crash."""
    assert said in str(refusal(tmp_path, changed(change)))


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    """Report a bad currency, a gap, a late start and a missing severity of one file together."""
    broken = changed(
        ('currency = "EUR"', 'currency = "euro"'),
        (EVENING, EVENING.replace("24:00", "23:00")),
        ("valid_from = 2000-01-01", "valid_from = 2016-01-15"),
        (COVERED_T4, ""),
    )
    paths = [problem.partition(":")[0] for problem in refusal(tmp_path, broken).problems]
    assert paths == ["valid_from", "currency", "tariffs", "packages.basic.coverage"]


def test_all_bad_files_of_a_folder_are_named(tmp_path):
    """Report the problems of every file in a folder, not of the first only."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text("hello", encoding="utf-8")
    with pytest.raises(InvalidFileError) as refused:
        read_price_lists([tmp_path])
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["a.toml", "b.toml"]


def test_unknown_key_names_the_keys_that_are_allowed_there(tmp_path):
    """Tell somebody who mistyped a key which ones the table may have."""
    (problem,) = refusal(tmp_path, changed(("rate_per_hour = 150", "rate = 1\nrate_per_hour = 150"))).problems
    assert problem == (
        "tariffs.holiday.rate: unknown key; allowed: increment_minutes, minimum_minutes, rate_per_hour, title, windows"
    )


def test_hash_is_of_the_terms_alone(tmp_path):
    """Keep the hash when a number is written otherwise or tables change places."""
    path = tmp_path / "mine.toml"
    path.write_text(changed(("rate_per_hour = 150", "rate_per_hour = 150.00")), encoding="utf-8")
    assert read_price_list(path).content_hash == b2bee().content_hash
    head, name, rest = SHIPPED.partition("[packages.basic]")
    basic, other_name, others = (name + rest).partition("[packages.standard]")
    moved = (other_name + others).replace("[out_of_scope]", f"{basic}[out_of_scope]")
    path.write_text(head + moved, encoding="utf-8")
    assert read_price_list(path).content_hash == b2bee().content_hash


def test_byte_order_mark_is_no_problem(tmp_path):
    """Read a file that an editor saved with a byte order mark."""
    path = tmp_path / "mine.toml"
    path.write_text(SHIPPED, encoding="utf-8-sig")
    assert read_price_list(path) == b2bee()


def test_hash_of_the_shipped_list_is_pinned():
    """A program that reads files otherwise must not find other terms in lists that invoices have used."""
    assert b2bee().content_hash == "e04451617506102be7127e8f8c31b2069c7bc00b9c3a0ef639a74a4d69aaecc6"


def test_a_contract_may_be_older_than_its_list(tmp_path):
    """Rate months from the list's first day on, whenever the contract began; hold nothing back."""
    book = read_price_lists([folder_of(tmp_path / "lists", mine=DEARER)])
    assert book.in_force_or_first("b2bee", date(2020, 1, 1)).valid_from == date(2026, 11, 1)
    with pytest.raises(UnknownPriceListError, match="no price list 'nope'"):
        book.in_force_or_first("nope", date(2020, 1, 1))
