"""Price-list files: what a key may hold, and how a broken file is refused with where and why."""

from datetime import date
from decimal import Decimal

import pytest
from builders import PRICE_LISTS, b2bee

from billing_engine.errors import InvalidFileError, UnknownPackageError, UnknownPriceListError
from billing_engine.intake.price_list_file import read_price_list, read_price_lists
from billing_engine.model.price_list import FeeInterval, FeeSchedule, FeeTiming, Rollover, RoundPer
from billing_engine.model.sla_terms import CreditTerms, Deadline, FirstPeriod, Setoff, TargetUnit
from billing_engine.model.ticket import TargetKind
from billing_engine.model.window import Window

SHIPPED, TRIFFT, DPO_GROUP = (
    (PRICE_LISTS / f"{name}.toml").read_text(encoding="utf-8") for name in ("b2bee", "trifft", "dpo-group")
)
MINUTE, HOUR = 60, 3600


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
    row(
        "wrong interval of fees",
        ("[allowance]", '[fees]\ninterval = "week"\n[allowance]'),
        "fees.interval",
        "found 'week'",
        "allowed: month, quarter, year",
    ),
    row(
        "empty interval of fees",
        ("[allowance]", '[fees]\ninterval = ""\n[allowance]'),
        "fees.interval",
        "found ''",
        "allowed: month, quarter, year",
    ),
    row(
        "wrong timing of fees",
        ("[allowance]", '[fees]\ntiming = "before"\n[allowance]'),
        "fees.timing",
        "found 'before'",
        "allowed: arrears, advance",
    ),
    row(
        "rollover of no months",
        ('rollover = "none"', "rollover = { months = 0 }"),
        "allowance.rollover.months",
        "found 0",
    ),
    row(
        "rollover without months",
        ('rollover = "none"', "rollover = { cap_hours = 3 }"),
        "allowance.rollover.months",
        "is missing",
    ),
    row(
        "unknown key of rollover",
        ('rollover = "none"', "rollover = { months = 3, cap = 3 }"),
        "allowance.rollover.cap",
        "unknown key",
        "cap_hours, months",
    ),
    row(
        "rollover's cap in parts of a minute",
        ('rollover = "none"', "rollover = { months = 3, cap_hours = 0.001 }"),
        "allowance.rollover.cap_hours",
        "found 0.001",
        "whole number of minutes",
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
        "severities",
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
        "target of an unknown severity",
        ("T2 = { first_response", "T9 = { first_response"),
        "packages.basic.targets",
        "unknown T9;",
        "allowed: T1, T2, T3, T4",
    ),
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


# --- broken files about service levels --------------------------------------------------------------------------------

STANDARD = "packages.standard.guarantee"
P1 = "packages.standard.targets.P1.first_response"
FIRST_TIER = "{ from = 98, below = 99, credit_percent = 10 }"
SECOND_TIER = "{ from = 95, below = 98, credit_percent = 20 }"
THIRD_TIER = "{ from = 75, below = 95, credit_percent = 40 }"
LAST_TIER = "{ from = 0, below = 75, credit_percent = 70 }"
TIERS = TRIFFT[TRIFFT.index("tiers = [") : TRIFFT.index("[packages.standard.targets]")]
SECURITY = 'causes = ["b", "security update", "security updates", "security patch", "security"]'
REFUSED_FOR = DPO_GROUP[DPO_GROUP.index("refused_for = [") : DPO_GROUP.index("[compensation.open_at_breach]")]
CONDITIONS = "duplicate_ticket, priority_not_confirmed, unpaid_invoice, outside_subscription, non_standard_subscription"
TARGET_WORDS = (
    'allowed is "4 h of WINDOW", "30 min of WINDOW", "5 business days", "2 days", "next release" or "as available"; '
    "WINDOW is a name under [windows], or coverage"
)
DEADLINE_WORDS = 'allowed is a number of calendar days or months, such as "15 days" or "3 months"'


def tier(old, new):
    """Replace a tier of trifft's standard package."""
    return (old, old.replace(*new) if isinstance(new, tuple) else new)


def promised(text):
    """Replace the first target of trifft."""
    return ('"2 h of 8x5"', text)


def causes(*added):
    """Add to the causes of security updates."""
    return (SECURITY, SECURITY.replace("]", "".join(f', "{cause}"' for cause in added) + "]"))


BROKEN_TRIFFT = [
    # tiers
    row(
        "gap between tiers",
        tier(THIRD_TIER, ("below = 95", "below = 94.99")),
        f"{STANDARD}: tiers[3].below: nothing covers 94.99 to 95",
    ),
    row(
        "overlap of tiers",
        tier(THIRD_TIER, ("below = 95", "below = 96")),
        f"{STANDARD}: tiers[3].below: overlaps the tier before it between 95 and 96",
    ),
    row(
        "tiers from the worst to the best",
        (f'{FIRST_TIER},   # "below Guaranteed Uptime to 98%"\n    {SECOND_TIER}', f"{SECOND_TIER}, {FIRST_TIER}"),
        f"{STANDARD}: tiers[1].below: the first tier ends at the guarantee of 99; found 98",
        f"{STANDARD}: tiers[2]: tiers go from the best uptime to the worst; found 98 after 95",
        f"{STANDARD}: tiers[3].below: nothing covers 95 to 98",
    ),
    row(
        "tier twice",
        tier(SECOND_TIER, f"{SECOND_TIER}, {SECOND_TIER}"),
        f"{STANDARD}: tiers[3].below: overlaps the tier before it between 95 and 98",
    ),
    row(
        "first tier below the guarantee",
        tier(FIRST_TIER, ("below = 99", "below = 98.5")),
        f"{STANDARD}: tiers[1].below: the first tier ends at the guarantee of 99; found 98.5",
    ),
    row(
        "first tier above the guarantee",
        tier(FIRST_TIER, ("below = 99", "below = 100")),
        f"{STANDARD}: tiers[1].below: the first tier ends at the guarantee of 99; found 100",
    ),
    row(
        "guarantee moved without its tier",
        ("uptime_percent = 99 ", "uptime_percent = 99.9 "),
        f"{STANDARD}: tiers[1].below: the first tier ends at the guarantee of 99.9; found 99",
    ),
    row(
        "last tier not down to 0",
        tier(LAST_TIER, ("from = 0", "from = 10")),
        f"{STANDARD}: tiers[4].from: the last tier begins at 0; found 10",
    ),
    row(
        "empty tier",
        tier(THIRD_TIER, ("from = 75", "from = 95")),
        f"{STANDARD}: tiers[3].from: must be less than below; found 95 to 95",
        f"{STANDARD}: tiers[4].below: nothing covers 75 to 95",
    ),
    row(
        "worse uptime worth less",
        tier(SECOND_TIER, ("credit_percent = 20", "credit_percent = 9.99")),
        f"{STANDARD}: tiers[2].credit_percent: worse uptime can not be worth less; found 9.99 after 10",
    ),
    row(
        "tier over 100 percent",
        tier(LAST_TIER, ("credit_percent = 70", "credit_percent = 101")),
        f"{STANDARD}.tiers[4].credit_percent: Input should be less than or equal to 100; found 101",
    ),
    row(
        "tier without a credit",
        tier(LAST_TIER, (", credit_percent = 70", "")),
        f"{STANDARD}.tiers[4].credit_percent: is missing",
    ),
    row("neither tiers nor per_started", (TIERS, ""), f"{STANDARD}: allowed is either tiers or per_started"),
    row(
        "both tiers and per_started",
        (TIERS, f"per_started = {{ minutes = 60, credit_percent = 1 }}\n{TIERS}"),
        f"{STANDARD}: allowed is either tiers or per_started",
    ),
    row(
        "per started nothing",
        (TIERS, "per_started = { minutes = 0, credit_percent = 0 }\n"),
        f"{STANDARD}.per_started.minutes: Input should be greater than 0; found 0",
        f"{STANDARD}.per_started.credit_percent: Input should be greater than 0; found 0",
    ),
    row(
        "guarantee of nothing",
        ("uptime_percent = 99 ", "uptime_percent = 0 "),
        f"{STANDARD}.uptime_percent: Input should be greater than 0; found 0",
    ),
    row("guarantee without uptime", ("uptime_percent = 99 ", ""), f"{STANDARD}.uptime_percent: is missing"),
    row(
        "guarantee without how to claim",
        (TRIFFT[TRIFFT.index("[availability]") : TRIFFT.index("[credit]")], ""),
        f"{STANDARD}: needs [availability], which says how uptime is claimed",
        "packages.premium.guarantee: needs [availability], which says how uptime is claimed",
    ),
    # targets and their windows
    row("unknown window", promised('"2 h of 9x5"'), f"{P1}: unknown window 9x5; under [windows] are: 8x5, 24x7"),
    row(
        "no windows at all",
        (TRIFFT[TRIFFT.index("[windows]") : TRIFFT.index("# --- 2, 3 and 5")], ""),
        *(
            f"packages.{package}.targets.{severity}.first_response: unknown window {window}; under [windows] are: none"
            for package, window in (("standard", "8x5"), ("premium", "24x7"))
            for severity in ("P1", "P2", "P3")
        ),
    ),
    *(
        row(f"target {text}", promised(text), f"{P1}: {TARGET_WORDS}; found {found}")
        for text, found in [
            ('"2 hours of 8x5"', "'2 hours of 8x5'"),
            ('"0 h of 8x5"', "'0 h of 8x5'"),
            ('"1.5 h of 8x5"', "'1.5 h of 8x5'"),
            ('"2 h"', "'2 h'"),
            ('"2 h of"', "'2 h of'"),
            ('"as_available"', "'as_available'"),
            ('"soon"', "'soon'"),
            ('"0 days"', "'0 days'"),
            ('"1000 days"', "'1000 days'"),
            ('"2 working days"', "'2 working days'"),
            ('""', "''"),
            ("2", "2"),
            ("true", "True"),
        ]
    ),
    row(
        "target for an unknown severity",
        ('P1 = { first_response = "2 h', 'p1 = { first_response = "2 h'),
        "packages.standard.targets: unknown p1; allowed: P1, P2, P3",
    ),
    row(
        "target of the whole list for an unknown severity",
        ("[credit]", '[targets]\nP9 = { solution = "1 day" }\n[credit]'),
        "targets: unknown P9; allowed: P1, P2, P3",
    ),
    row(
        "target of the whole list in an unknown window",
        ("[credit]", '[targets]\nP1 = { solution = "1 h of night" }\n[credit]'),
        "targets.P1.solution: unknown window night; under [windows] are: 8x5, 24x7",
    ),
    row("window that is never open", ('"8x5" = ', '"9x5" = []\n"8x5" = '), "windows.9x5: is never open"),
    row(
        "window called coverage",
        ('"8x5" = ', 'coverage = [{ days = "mon", from = "09:00", to = "17:00" }]\n"8x5" = '),
        "windows.coverage: allowed is a name without spaces, and not coverage, which is each package's own",
    ),
    row(
        "window's name with spaces",
        ('"8x5" = ', '"8 x 5" = [{ days = "mon", from = "09:00", to = "17:00" }]\n"8x5" = '),
        "windows.8 x 5: allowed is a name without spaces, and not coverage, which is each package's own",
    ),
    # uptime claims
    *(
        row(f"deadline {text}", ('"15 days"', text), f"availability.claim_within: {DEADLINE_WORDS}; found {found}")
        for text, found in [
            ('"15 working days"', "'15 working days'"),
            ('"15"', "'15'"),
            ('"0 days"', "'0 days'"),
            ('"1000 days"', "'1000 days'"),
            ('"two months"', "'two months'"),
            ('"1 year"', "'1 year'"),
            ("15", "15"),
            ('["15 days"]', "['15 days']"),
        ]
    ),
    row("no deadline", ('claim_within = "15 days"', ""), "availability.claim_within: is missing"),
    row(
        "cause in two exclusions",
        causes("Force-Majeure"),
        "availability: exclusions: force_majeure may stand in one exclusion only",
    ),
    row(
        "cause twice in one exclusion",
        (SECURITY, 'causes = ["Security update", "security_update"]'),
        "availability.exclusions[2].causes: each cause needs a name, and each may stand here once; "
        "found ['Security update', 'security_update']",
    ),
    row(
        "cause without a name",
        (SECURITY, 'causes = ["-"]'),
        "availability.exclusions[2].causes: each cause needs a name, and each may stand here once; found ['-']",
    ),
    row("no cause", (SECURITY, "causes = []"), "availability.exclusions[2].causes: must not be empty; found []"),
    row(
        "notice of half an hour",
        ("notice_hours = 48", "notice_hours = 0.5"),
        "availability.exclusions[3].notice_hours: allowed is a whole number; found 0.5",
    ),
    row(
        "notice after the event",
        ("notice_hours = 48", "notice_hours = -1"),
        "availability.exclusions[3].notice_hours: Input should be greater than or equal to 0; found -1",
    ),
    row(
        "termination without months",
        ("{ at_most_percent = 95, months = 3 }", "{ at_most_percent = 95 }"),
        "availability.termination.months: is missing",
    ),
    row(
        "termination at once",
        ("months = 3", "months = 0"),
        "availability.termination.months: Input should be greater than or equal to 1; found 0",
    ),
    # credits
    row("unknown setoff", ('"before_tax"', '"gross"'), "credit.setoff: allowed: before_tax, after_tax; found 'gross'"),
    row(
        "unknown first period",
        ('"next_period"', '"now"'),
        "credit.first_period: allowed: next_period, next_invoice; found 'now'",
    ),
    row(
        "credits that never live",
        ('setoff = "before_tax"', "expires_after_months = 0"),
        "credit.expires_after_months: Input should be greater than or equal to 1; found 0",
    ),
    # packages without tariffs
    row(
        "uncovered time without tariffs",
        ("always_covered = true\n", ""),
        'packages.free: without [tariffs] it needs always_covered = true and included_hours = "unlimited", '
        "or entitled = false",
    ),
    row(
        "allowance without tariffs",
        ('included_hours = "unlimited"', "included_hours = 5\noverage_rate_per_hour = 0"),
        'packages.free: without [tariffs] it needs always_covered = true and included_hours = "unlimited", '
        "or entitled = false",
    ),
    row(
        "prices of a list in any currency",
        ("monthly_fee = 0", "monthly_fee = 10"),
        'packages.free.monthly_fee: with other_currencies = true allowed are 0 and "contract"; found 10',
    ),
    row(
        "allowance at any hour without a price beyond it",
        ('included_hours = "unlimited"', "included_hours = 5"),
        "packages.free: overage_rate_per_hour: is missing; covered time beyond the allowance needs a price",
    ),
    row(
        "always covered, and coverage",
        ("always_covered = true\n", "always_covered = true\ncoverage = { P1 = [], P2 = [], P3 = [] }\n"),
        "packages.free: always_covered: goes without coverage",
    ),
    row(
        "unknown word as included hours",
        ('included_hours = "unlimited"', 'included_hours = "all"'),
        "packages.free.included_hours: allowed is a number such as 50 or 49.90; found 'all'",
    ),
    # unknown keys
    row(
        "unknown key of availability",
        ("[availability]\n", "[availability]\nwithin = 1\n"),
        "availability.within: unknown key; allowed: claim_within, decide_within, exclusions, termination",
    ),
    row(
        "unknown key of an exclusion",
        ("notice_hours = 48", "notice_days = 2"),
        "availability.exclusions[3].notice_days: unknown key; allowed: causes, notice_hours",
    ),
    row(
        "unknown key of termination",
        ("months = 3 }", "months = 3, years = 1 }"),
        "availability.termination.years: unknown key; allowed: at_most_percent, months",
    ),
    row(
        "unknown key of credit",
        ("[credit]  ", "[credit]\nwhen = 1 #"),
        "credit.when: unknown key; allowed: expires_after_months, first_period, setoff",
    ),
    row(
        "unknown key of a guarantee",
        ("uptime_percent = 99.5", "sla = 1\nuptime_percent = 99.5"),
        "packages.premium.guarantee.sla: unknown key; allowed: cap_percent, per_started, tiers, uptime_percent",
    ),
    row(
        "unknown key of a tier",
        ("below = 99.5,", "to = 99.5, below = 99.5,"),
        "packages.premium.guarantee.tiers[1].to: unknown key; allowed: below, credit_percent, from",
    ),
    row(
        "unknown kind of target",
        ('P1 = { first_response = "1 h', 'P1 = { reply = "1 day", first_response = "1 h'),
        "packages.premium.targets.P1.reply: unknown key; allowed: assumed, first_response, solution, workaround",
    ),
    row(
        "other currencies as a word",
        ("other_currencies = true", 'other_currencies = "USD"'),
        "other_currencies: allowed is true or false; found 'USD'",
    ),
]

OPEN = "compensation.open_at_breach"
BROKEN_DPO_GROUP = [
    row(
        "unknown condition",
        (REFUSED_FOR, 'refused_for = ["unpaid_invoices"]\n'),
        f"compensation.refused_for: allowed is a list of {CONDITIONS}; found ['unpaid_invoices']",
    ),
    row(
        "condition that always holds",
        (REFUSED_FOR, 'refused_for = ["too_late"]\n'),
        f"compensation.refused_for: allowed is a list of {CONDITIONS}; found ['too_late']",
    ),
    row(
        "condition as a text",
        (REFUSED_FOR, 'refused_for = "unpaid_invoice"\n'),
        f"compensation.refused_for: allowed is a list of {CONDITIONS}; found 'unpaid_invoice'",
    ),
    row(
        "condition in a list of lists",
        (REFUSED_FOR, 'refused_for = [["unpaid_invoice"]]\n'),
        f"compensation.refused_for: allowed is a list of {CONDITIONS}; found [['unpaid_invoice']]",
    ),
    row("no word on conditions", (REFUSED_FOR, ""), "compensation.refused_for: is missing"),
    *(
        row(
            f"compensated targets {kinds}",
            ('targets = ["first_response", "solution"]', f"targets = {kinds}"),
            "compensation.targets: allowed is a list of first_response, workaround, solution, each at most once; "
            f"found {found}",
        )
        for kinds, found in [
            ("[]", "[]"),
            ('["reply"]', "['reply']"),
            ('["solution", "solution"]', "['solution', 'solution']"),
            ('"solution"', "'solution'"),
            ('[["solution"]]', "[['solution']]"),
        ]
    ),
    row(
        "percent over 100",
        ("percent = 25", "percent = 125"),
        "compensation.percent: Input should be less than or equal to 100; found 125",
    ),
    row("no deadline", ('claim_within = "3 months"', ""), "compensation.claim_within: is missing"),
    row(
        "deadline in working days",
        ('"5 days"', '"5 business days"'),
        f"compensation.decide_within: {DEADLINE_WORDS}; found '5 business days'",
    ),
    row(
        "units without a percentage",
        ("percent_of_units = 10 ", "#"),
        f"{OPEN}: over_units and percent_of_units go together",
    ),
    row(
        "a percentage without units", ("over_units = 50 ", "#"), f"{OPEN}: over_units and percent_of_units go together"
    ),
    row(
        "critical tickets without severities",
        ('critical_severities = ["critical"]', ""),
        f"{OPEN}: critical_tickets and critical_severities go together",
    ),
    row(
        "critical severities without a number",
        ("critical_tickets = 2 ", "#"),
        f"{OPEN}: critical_tickets and critical_severities go together",
    ),
    row(
        "unknown critical severity",
        ('critical_severities = ["critical"]', 'critical_severities = ["Critical"]'),
        f"{OPEN}.critical_severities: unknown Critical; allowed: critical, high, normal, low",
    ),
    row(
        "no ticket may be open",
        ("tickets = 5 ", "tickets = 0 "),
        f"{OPEN}.tickets: Input should be greater than or equal to 1; found 0",
    ),
    row(
        "unknown key of compensation",
        ("[compensation]\n", "[compensation]\ncap = 1\n"),
        "compensation.cap: unknown key; allowed: claim_within, decide_within, monthly_cap_percent, open_at_breach, "
        "percent, refused_for, targets",
    ),
    row(
        "unknown key of open tickets",
        (f"[{OPEN}]\n", f"[{OPEN}]\nmost = 1\n"),
        f"{OPEN}.most: unknown key; allowed: critical_severities, critical_tickets, over_units, percent_of_units, "
        "tickets",
    ),
    row("channel without a name", ('["helpdesk"]', '[""]'), "channels[1]: must not be empty; found ''"),
    row("channel as a text", ('["helpdesk"]', '"helpdesk"'), "channels: allowed is a list in [ ]; found 'helpdesk'"),
    row(
        "unknown word as a rate",
        ('rate_per_hour = "contract"', 'rate_per_hour = "agreed"'),
        "tariffs.hourly.rate_per_hour: allowed is a number such as 50 or 49.90; found 'agreed'",
    ),
    row(
        "assumed as a word",
        ("assumed = true }", 'assumed = "maybe" }'),
        "targets.critical.assumed: allowed is true or false; found 'maybe'",
    ),
    row(
        "standard as a word",
        ("standard = false", 'standard = "no"'),
        "packages.hourly.standard: allowed is true or false; found 'no'",
    ),
    row(
        "target in coverage without coverage",
        ('first_response = "30 min of 24x7"', 'first_response = "30 min of coverage"'),
        "packages.hourly.coverage.critical: has no windows, and a target counts in them",
    ),
]


@pytest.mark.parametrize(
    ("text", "change", "problems"),
    [
        row(f"{name}: {broken.id}", text, broken.values[0], broken.values[1:])
        for name, text, rows in (("trifft", TRIFFT, BROKEN_TRIFFT), ("dpo-group", DPO_GROUP, BROKEN_DPO_GROUP))
        for broken in rows
    ],
)
def test_broken_service_levels_are_refused_with_where_what_and_what_is_allowed(tmp_path, text, change, problems):
    """Refuse one changed promise with exactly these sentences."""
    assert refusal(tmp_path, changed(change, text=text)).problems == list(problems)


def test_a_target_in_coverage_needs_coverage_of_its_severity(tmp_path):
    """Refuse a promise in hours of a coverage that has none, of the list or of the package."""
    never = changed((STANDARD_T1, "T1 = []"))
    whole_list = changed(("[holidays]", '[targets]\nT1 = { solution = "3 h of coverage" }\n\n[holidays]'))
    said = "has no windows, and a target counts in them"
    assert refusal(tmp_path, never).problems == [f"packages.standard.coverage.T1: {said}"]
    assert refusal(tmp_path, whole_list).problems == [f"packages.out-of-package.coverage.T1: {said}"]


def test_all_that_is_wrong_with_service_levels_is_said_at_once(tmp_path):
    """Report unknown windows, severities, deadlines, tiers and causes of one file together."""
    broken = changed(
        promised('"2 hours"'),
        ('"15 days"', '"15"'),
        tier(THIRD_TIER, ("below = 95", "below = 94")),
        causes("repair"),
        ('P3 = { first_response = "24 h of 24x7" }', 'P4 = { first_response = "24 h of 24x7" }'),
        text=TRIFFT,
    )
    paths = [problem.partition(": ")[0] for problem in refusal(tmp_path, broken).problems]
    assert paths == ["availability.claim_within", P1, STANDARD, "packages.premium.targets"]


TARGETS = [
    row('"4 h of 8x5"', "4 h of 8x5", TargetUnit.WINDOW_TIME, 4 * HOUR, [(9 * HOUR, 17 * HOUR)]),
    row('"30 min of 24x7"', "30 min of 24x7", TargetUnit.WINDOW_TIME, 30 * MINUTE, [(0, 24 * HOUR)]),
    row('"4 h of coverage"', "4 h of coverage", TargetUnit.COVERAGE_TIME, 4 * HOUR, []),
    row('"1 min of coverage"', "1 min of coverage", TargetUnit.COVERAGE_TIME, MINUTE, []),
    row('"1 day"', "1 day", TargetUnit.DAYS, 1, []),
    row('"999 days"', "999 days", TargetUnit.DAYS, 999, []),
    row('"1 business day"', "1 business day", TargetUnit.BUSINESS_DAYS, 1, []),
    row('"5 business days"', "5 business days", TargetUnit.BUSINESS_DAYS, 5, []),
    row('"next release"', "next release", TargetUnit.NO_CLOCK, 0, []),
    row('"as available"', "as available", TargetUnit.NO_CLOCK, 0, []),
]


@pytest.mark.parametrize(("text", "unit", "amount", "windows"), TARGETS)
@pytest.mark.parametrize("kind", list(TargetKind))
def test_a_target_is_read_as_written(tmp_path, kind, text, unit, amount, windows):
    """Read each form of a target, for each kind of event."""
    written = changed(('P1 = { first_response = "2 h of 8x5" }', f'P1 = {{ {kind} = "{text}" }}'), text=TRIFFT)
    ((read_kind, target),) = load(tmp_path, written).packages["standard"].targets["P1"].items()
    assert (read_kind, target.unit, target.amount, target.text) == (kind, unit, amount, text)
    assert [(window.start, window.end) for window in target.windows] == windows


def test_targets_of_a_package_replace_those_of_the_list_for_their_severity(tmp_path):
    """Take a severity's whole row from the package where it has one, else from the list."""
    written = changed(
        ("[credit]", '[targets]\nP1 = { solution = "1 day" }\nP2 = { solution = "2 days" }\n[credit]'),
        ('P2 = { first_response = "12 h of 8x5" }\n', ""),
        ('P3 = { first_response = "48 h of 8x5" }\n', "P3 = {}\n"),
        text=TRIFFT,
    )
    packages = load(tmp_path, written).packages
    texts = {
        name: {
            severity: {kind.value: target.text for kind, target in targets.items()}
            for severity, targets in packages[name].targets.items()
        }
        for name in ("free", "standard")
    }
    assert texts == {
        "free": {"P1": {"solution": "1 day"}, "P2": {"solution": "2 days"}},
        "standard": {"P1": {"first_response": "2 h of 8x5"}, "P2": {"solution": "2 days"}, "P3": {}},
    }


DEADLINES = [
    row("1 day", Deadline(1, in_months=False)),
    row("15 days", Deadline(15, in_months=False)),
    row("1 month", Deadline(1, in_months=True)),
    row("3 months", Deadline(3, in_months=True)),
]


@pytest.mark.parametrize(("deadline"), DEADLINES)
def test_a_deadline_is_read_as_written(tmp_path, deadline):
    """Read days and months, one or many, and say them again in the same words."""
    written = changed(('claim_within = "15 days"', f'claim_within = "{deadline.in_words()}"'), text=TRIFFT)
    assert load(tmp_path, written).availability.claim_within == deadline


def test_what_a_list_need_not_say_has_a_default(tmp_path):
    """Read the shortest list there can be: one entitled package whose fee includes everything."""
    written = """
        name = "short"
        title = "Short"
        valid_from = 2026-01-01
        currency = "EUR"
        country = "AT"
        time_zone = "Europe/Vienna"
        severities = ["any"]
        packages.all = { title = "All", monthly_fee = 10, included_hours = "unlimited", always_covered = true }
    """
    read = load(tmp_path, written)
    package = read.packages["all"]
    assert (read.other_currencies, read.channels, read.availability, read.compensation) == (
        False,
        frozenset(),
        None,
        None,
    )
    assert (read.rating.tariffs, read.rating.covered_increment_seconds, read.rating.overage_increment_seconds) == (
        (),
        60,
        3600,
    )
    assert read.credit == CreditTerms(Setoff.BEFORE_TAX, FirstPeriod.NEXT_PERIOD, None)
    assert (package.entitled, package.standard, package.unlimited, package.guarantee) == (True, True, True, None)
    assert package.coverage == {"any": (Window(("every_day",), 0, 24 * HOUR),)}
    assert (package.targets, read.assumed, read.out_of_scope) == ({}, (), {})


OTHER_SLA_TERMS = [
    row(
        "window",
        TRIFFT,
        ('"8x5" = [{ days = "working_days", from = "09:00"', '"8x5" = [{ days = "mon", from = "09:00"'),
    ),
    row("target", TRIFFT, promised('"3 h of 8x5"')),
    row("guarantee", TRIFFT, ("uptime_percent = 99 ", "cap_percent = 60\nuptime_percent = 99 ")),
    row("tier", TRIFFT, tier(FIRST_TIER, ("credit_percent = 10", "credit_percent = 11"))),
    row("cause", TRIFFT, causes("patch")),
    row("notice", TRIFFT, ("notice_hours = 48", "notice_hours = 24")),
    row("claim", TRIFFT, ('"15 days"', '"16 days"')),
    row("decision", TRIFFT, ('claim_within = "15 days"', 'claim_within = "15 days"\ndecide_within = "5 days"')),
    row("termination", TRIFFT, ("months = 3", "months = 2")),
    row("setoff", TRIFFT, ('"before_tax"', '"after_tax"')),
    row("first period", TRIFFT, ('"next_period"', '"next_invoice"')),
    row("unlimited hours", DPO_GROUP, ("included_hours = 0 ", "included_hours = 1 ")),
    row("channel", DPO_GROUP, ('["helpdesk"]', '["helpdesk", "phone"]')),
    row("compensation", DPO_GROUP, ("percent = 25", "percent = 30")),
    row("cap", DPO_GROUP, ("monthly_cap_percent = 25", "monthly_cap_percent = 30")),
    row("compensated targets", DPO_GROUP, ('targets = ["first_response", "solution"]', 'targets = ["solution"]')),
    row("open tickets", DPO_GROUP, ("tickets = 5 ", "tickets = 6 ")),
    row("critical tickets", DPO_GROUP, ("critical_tickets = 2 ", "critical_tickets = 3 ")),
    row("conditions", DPO_GROUP, (REFUSED_FOR, "refused_for = []\n")),
    row("rate by contract", DPO_GROUP, ('rate_per_hour = "contract"', "rate_per_hour = 0")),
    row("standard subscription", DPO_GROUP, ("standard = false", "standard = true")),
]


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
    required = ["name", "title", "valid_from", "currency", "country", "time_zone", "severities", "packages"]
    assert refusal(tmp_path, "").problems == [f"{key}: is missing" for key in required]


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
    row("no fees said", ("", ""), lambda p: p.fee_schedule, FeeSchedule(FeeInterval.MONTH, FeeTiming.ARREARS)),
    row(
        "fees in advance",
        ("[allowance]", '[fees]\ninterval = "year"\ntiming = "advance"\n[allowance]'),
        lambda p: p.fee_schedule,
        FeeSchedule(FeeInterval.YEAR, FeeTiming.ADVANCE),
    ),
    row("no rollover", ("", ""), lambda p: p.rating.rollover, None),
    row(
        "rollover",
        ('rollover = "none"', "rollover = { months = 3, cap_hours = 7.5 }"),
        lambda p: p.rating.rollover,
        Rollover(3, 27_000),
    ),
    row(
        "rollover without a cap",
        ('rollover = "none"', "rollover = { months = 1 }"),
        lambda p: p.rating.rollover,
        Rollover(1, None),
    ),
]


@pytest.mark.parametrize(("change", "read", "value"), ALLOWED)
def test_what_the_keys_allow_arrives_as_written(tmp_path, change, read, value):
    """Read a changed value exactly."""
    assert read(load(tmp_path, changed(change))) == value


def test_an_unknown_package_is_refused_with_the_ones_there_are():
    """Say which packages a list has when asked for another."""
    with pytest.raises(UnknownPackageError, match=r"b2bee has no package 'gold'; allowed: basic, standard, premium"):
        b2bee().package("gold")


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
    assert read_price_lists([PRICE_LISTS]).names == ["b2bee", "dpo-group", "trifft", "xopero-en", "xopero-pl"]


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
    row("marked as assumed", changed(('title = "Basic"', 'title = "Basic"\nassumed = true'))),
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
    row("interval of fees", ("[allowance]", '[fees]\ninterval = "quarter"\n[allowance]')),
    row("timing of fees", ("[allowance]", '[fees]\ntiming = "advance"\n[allowance]')),
    row("rollover", ('rollover = "none"', "rollover = { months = 3 }")),
    row("cap of the rollover", ('rollover = "none"', "rollover = { months = 3, cap_hours = 3 }")),
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
    row("first response", ('"8 h of coverage"', '"7 h of coverage"')),
    row("first response as available", ('"8 h of coverage"', '"as available"')),
    row("another kind of target", ("T2 = { first_response", "T2 = { solution")),
    row("order of severities", ('"T3", "T4"]', '"T4", "T3"]')),
    row("other currencies", ('currency = "EUR"', 'currency = "EUR"\nother_currencies = false')),
    row("channels", ('currency = "EUR"', 'currency = "EUR"\nchannels = ["helpdesk"]')),
    row("setoff of credits", ("[allowance]", '[credit]\nsetoff = "after_tax"\n[allowance]')),
    row("first period of credits", ("[allowance]", '[credit]\nfirst_period = "next_invoice"\n[allowance]')),
    row("life of credits", ("[allowance]", "[credit]\nexpires_after_months = 12\n[allowance]")),
    row("standard package", ('title = "Basic"', 'title = "Basic"\nstandard = false')),
]


@pytest.mark.parametrize("change", OTHER_TERMS)
def test_the_hash_changes_with_any_term(tmp_path, change):
    """Give another hash as soon as one term differs."""
    assert load(tmp_path, changed(change)).content_hash != b2bee().content_hash


@pytest.mark.parametrize(("text", "change"), OTHER_SLA_TERMS)
def test_the_hash_changes_with_any_service_level(tmp_path, text, change):
    """Give another hash as soon as one promise, or what its breach is worth, differs."""
    assert load(tmp_path, changed(change, text=text)).content_hash != load(tmp_path, text).content_hash


def test_the_hash_sees_a_package_called_title(tmp_path):
    """Leave out titles that are words, not a package or tariff of that name."""
    called, dearer = (
        changed(("[packages.premium]", "[packages.title]"), ("monthly_fee = 360", f"monthly_fee = {fee}")).replace(
            "packages.premium.", "packages.title."
        )
        for fee in (360, 361)
    )
    assert load(tmp_path, called).content_hash != load(tmp_path, dearer).content_hash


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
    row("severities in a list", ('["T1", "T2", "T3", "T4"]', '[["T1"]]'), "severities[1]: allowed is a text"),
    row("severities in a table", ('["T1", "T2", "T3", "T4"]', "[{ a = 1 }]"), "severities[1]: allowed is a text"),
    row("severities as a text", ('["T1", "T2", "T3", "T4"]', '"T1"'), "severities: allowed is a list"),
    row("severities as a number", ('["T1", "T2", "T3", "T4"]', "4"), "severities: allowed is a list"),
    row("target as a list", ('"8 h of coverage"', '["8 h of coverage"]'), "packages.basic.targets.T2.first_response"),
    row("targets as a number", ('{ first_response = "8 h of coverage" }', "8"), "packages.basic.targets.T2: allowed"),
    row("coverage as a number", (COVERED_T4, "T4 = 1\n"), "packages.basic.coverage.T4: allowed is a list"),
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


PINS = {
    "b2bee": "5c5f44e000c6e4979179f3951514e48aaa9ace9234377ba40721269a9723fe05",
    "dpo-group": "75538f06d39820efbe27c522c3b346a267e01e8787812c3e678d8dabee4d36bb",
    "trifft": "fc835ccadfc15103c58bb9dc48d630a6f8cf5ed9f2fac17e65f888bb8d90dd30",
    "xopero-en": "cafbac648385ea29664b2a1fe31029b0031c879c1d8f48d935ddfc3fc91bfe92",
    "xopero-pl": "ab19bfec90ef560ac77ff4f81979c50401ac4afc872799202f498b9b8d4b9f85",
}


@pytest.mark.parametrize(("name", "pin"), PINS.items())
def test_hashes_of_the_shipped_lists_are_pinned(name, pin):
    """A program that reads files otherwise must not find other terms in lists that invoices have used."""
    assert read_price_list(PRICE_LISTS / f"{name}.toml").content_hash == pin


def test_every_shipped_list_is_pinned():
    """Pin a new list as soon as it is shipped."""
    assert [path.stem for path in sorted(PRICE_LISTS.glob("*.toml"))] == sorted(PINS)


def test_a_contract_may_be_older_than_its_list(tmp_path):
    """Rate months from the list's first day on, whenever the contract began; hold nothing back."""
    book = read_price_lists([folder_of(tmp_path / "lists", mine=DEARER)])
    assert book.in_force_or_first("b2bee", date(2020, 1, 1)).valid_from == date(2026, 11, 1)
    with pytest.raises(UnknownPriceListError, match="no price list 'nope'"):
        book.in_force_or_first("nope", date(2020, 1, 1))
