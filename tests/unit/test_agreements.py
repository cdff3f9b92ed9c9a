"""The shipped price lists say what the agreements say: one row per clause of each source, named by its number."""

import re
from datetime import date
from fractions import Fraction
from functools import cache

import pytest
from builders import PRICE_LISTS

from billing_engine.intake.price_list_file import read_price_list
from billing_engine.model.period import Month
from billing_engine.model.price_list import AtBoundary, RoundPer
from billing_engine.model.sla_terms import (
    CreditTerms,
    FirstPeriod,
    RefusalReason,
    Setoff,
    TargetUnit,
    TerminationRule,
)
from billing_engine.model.ticket import TargetKind

MINUTE, HOUR, DAY = 60, 3600, 86400
EVERY_DAY, WORKING_DAYS = frozenset(range(8)), frozenset(range(5))
ROUND_THE_CLOCK = {(0, 24, EVERY_DAY)}
BUSINESS_HOURS = {(9, 17, WORKING_DAYS)}
FIRST, WORKAROUND, SOLUTION = TargetKind


def row(name, *values):
    """Name a table row by its clause."""
    return pytest.param(*values, id=name)


@cache
def agreement(name):
    """Load a shipped list."""
    return read_price_list(PRICE_LISTS / f"{name}.toml")


def hours_of(windows):
    """Say windows as from, to and the kinds of day."""
    return {(window.start / HOUR, window.end / HOUR, window.day_kinds) for window in windows}


def currency(price_list):
    """Say the currency, and whether contracts may be in another."""
    return price_list.currency, price_list.other_currencies


def fees(price_list):
    """Say the fee of each package; None leaves it to the contract."""
    return {name: package.monthly_fee for name, package in price_list.packages.items()}


def in_the_fee(price_list):
    """Name the packages whose fee includes support at any hour and without limit."""
    return {
        name
        for name, package in price_list.packages.items()
        if package.unlimited
        and list(package.coverage) == list(price_list.severities)
        and all(hours_of(windows) == ROUND_THE_CLOCK for windows in package.coverage.values())
    }


def target(package, severity, kind):
    """Read a target: unit, amount in hours or days, and when its clock runs."""

    def read(price_list):
        found = price_list.packages[package].targets[severity].get(kind)
        if found is None:
            return None
        in_seconds = found.unit in (TargetUnit.WINDOW_TIME, TargetUnit.COVERAGE_TIME)
        amount = found.amount / HOUR if in_seconds else found.amount
        return (found.unit, amount, hours_of(found.windows)) if found.amount else found.text

    return read


def clock(hours, windows):
    """Expect so many hours of windows."""
    return TargetUnit.WINDOW_TIME, hours, windows


def days(number):
    """Expect so many calendar days."""
    return TargetUnit.DAYS, number, set()


def business_days(number):
    """Expect so many business days."""
    return TargetUnit.BUSINESS_DAYS, number, set()


# --- b2bee ------------------------------------------------------------------------------------------------------------

PACKAGED = ("basic", "standard", "premium", "dedicated")


def fee(name):
    return lambda p: p.packages[name].monthly_fee


def included(name):
    return lambda p: p.packages[name].included_seconds


def discount(name):
    return lambda p: p.packages[name].development_discount_percent


def cell(package, severity):
    """Read a cell of the severities table: hours to the first response, and from when to when on which days."""

    def read(price_list):
        found = price_list.packages[package]
        ((start, end, days),) = hours_of(found.coverage[severity])
        ((kind, target),) = found.targets[severity].items()
        assert kind == TargetKind.FIRST_RESPONSE
        assert target.unit == (TargetUnit.COVERAGE_TIME if target.amount else TargetUnit.NO_CLOCK)
        return target.amount / HOUR if target.amount else target.text, start, end, days

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
        return hours_of(found.windows)

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


B2BEE = [
    row("included in monthly SaaS subscription: Basic 0 EUR", fee("basic"), 0),
    row("included in monthly SaaS subscription: Standard 200 EUR", fee("standard"), 200),
    row("included in monthly SaaS subscription: Premium 360 EUR", fee("premium"), 360),
    row("included in monthly SaaS subscription: Dedicated additional fee by agreement", fee("dedicated"), None),
    row("included technical support hours: Basic 1h", included("basic"), 1 * HOUR),
    row("included technical support hours: Standard 5h", included("standard"), 5 * HOUR),
    row("included technical support hours: Premium 12h", included("premium"), 12 * HOUR),
    row("included technical support hours: Dedicated by agreement", included("dedicated"), None),
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
    row("severities T1 critical to T4 inquiry", lambda p: p.severities, ("T1", "T2", "T3", "T4")),
    row("T1 Basic 4h (9-17h)", cell("basic", "T1"), (4, 9, 17, EVERY_DAY)),
    row("T1 Standard 3h (8-18h)", cell("standard", "T1"), (3, 8, 18, EVERY_DAY)),
    row("T1 Premium 3h (7-22h)", cell("premium", "T1"), (3, 7, 22, EVERY_DAY)),
    row("T2 Basic 8h (9-17h w.d.)", cell("basic", "T2"), (8, 9, 17, WORKING_DAYS)),
    row("T2 Standard 6h (9-17h w.d.)", cell("standard", "T2"), (6, 9, 17, WORKING_DAYS)),
    row("T2 Premium 4h (7-22h w.d.)", cell("premium", "T2"), (4, 7, 22, WORKING_DAYS)),
    row("T3 Basic 24h (9-17h w.d.)", cell("basic", "T3"), (24, 9, 17, WORKING_DAYS)),
    row("T3 Standard 12h (9-17h w.d.)", cell("standard", "T3"), (12, 9, 17, WORKING_DAYS)),
    row("T3 Premium 8h (9-17h w.d.)", cell("premium", "T3"), (8, 9, 17, WORKING_DAYS)),
    row("T4 Basic as available", cell("basic", "T4"), ("as available", 9, 17, WORKING_DAYS)),
    row("T4 Standard 48h (9-17h w.d.)", cell("standard", "T4"), (48, 9, 17, WORKING_DAYS)),
    row("T4 Premium 24h (9-17h w.d.)", cell("premium", "T4"), (24, 9, 17, WORKING_DAYS)),
    row("Dedicated: package agreement possible", lambda p: p.packages["dedicated"].targets, {}),
    row(
        "working hours in the SLA table are 9-17h unless otherwise specified: Dedicated",
        lambda p: {severity: hours_of(windows) for severity, windows in p.packages["dedicated"].coverage.items()},
        {
            "T1": {(9, 17, EVERY_DAY)},
            "T2": {(9, 17, WORKING_DAYS)},
            "T3": {(9, 17, WORKING_DAYS)},
            "T4": {(9, 17, WORKING_DAYS)},
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
    row("prices are in EUR, for all contracts", currency, ("EUR", False)),
    row("hours are Belgrade's", lambda p: p.zone.key, "Europe/Belgrade"),
    row("no uptime is guaranteed, no breach compensated", lambda p: (p.availability, p.compensation), (None, None)),
    row("every value is the text's", lambda p: p.assumed, ()),
    row("holidays are Serbia's", lambda p: (p.calendar.country, p.calendar.added, p.calendar.removed), ("RS", (), ())),
    row("D: valid from 2000", lambda p: (p.version, p.valid_from), ("b2bee 2000-01-01", date(2000, 1, 1))),
]


# --- trifft -----------------------------------------------------------------------------------------------------------


def guaranteed(package):
    return lambda p: p.packages[package].guarantee.guaranteed_percent


def notified_by(month):
    return lambda p: p.availability.claim_within.after_month(month)


TYPES = ["Free", "Standard", "Premium"]
TRIFFT = [
    row("Version 1.0, effective as of Jan 1st 2023", lambda p: p.version, "trifft 2023-01-01"),
    row("1.1 an Agreement names fee and currency: D", currency, ("EUR", True)),
    row(
        "1.1 an Agreement names fee and currency: fees",
        fees,
        {"free": 0, "standard": None, "premium": None},
    ),
    row("D: support is in the subscription", in_the_fee, {"free", "standard", "premium"}),
    row("D: support is in the subscription: no tariffs", lambda p: p.rating.tariffs, ()),
    row("2.1 Guaranteed Uptime Standard 99%", guaranteed("standard"), 99),
    row("2.1 Guaranteed Uptime Premium 99,5%", guaranteed("premium"), Fraction("99.5")),
    row("2.1 Guaranteed Uptime Free none", lambda p: p.packages["free"].guarantee, None),
    row("2.1 a month is worth its tier, whatever it is", lambda p: p.packages["standard"].guarantee.cap_percent, 100),
    row("3.3.1 on or below 95% for three months", lambda p: p.availability.termination, TerminationRule(95, 3)),
    row("4 P1 Standard 2 hours 8x5", target("standard", "P1", FIRST), clock(2, BUSINESS_HOURS)),
    row("4 P1 Premium 1 hour 24x7", target("premium", "P1", FIRST), clock(1, ROUND_THE_CLOCK)),
    row("4 P2 Standard 12 hours 8x5", target("standard", "P2", FIRST), clock(12, BUSINESS_HOURS)),
    row("4 P2 Premium 3 hours 24x7", target("premium", "P2", FIRST), clock(3, ROUND_THE_CLOCK)),
    row("4 P3 Standard 48 hours 8x5", target("standard", "P3", FIRST), clock(48, BUSINESS_HOURS)),
    row("4 P3 Premium 24 hours 24x7", target("premium", "P3", FIRST), clock(24, ROUND_THE_CLOCK)),
    row("4 Free has no Response Time", lambda p: p.packages["free"].targets, {}),
    row(
        "4 Response Time only: neither work-around nor solution",
        lambda p: {kind for q in p.packages.values() for kinds in q.targets.values() for kind in kinds},
        {FIRST},
    ),
    row("5 Business Day: banks in Prague", lambda p: p.calendar.country, "CZ"),
    row(
        "5 Business Day: no bank opens on 28 September",
        lambda p: p.calendar.holiday_name(date(2026, 9, 28)) is None,
        False,
    ),
    row("5 Financial Credits: a setoff in the next invoice, C4, S3", lambda p: p.credit, CreditTerms()),
    row("5 Financial Credits: D before tax", lambda p: p.credit.setoff, Setoff.BEFORE_TAX),
    row("5 Financial Credits: D fees are paid ahead", lambda p: p.credit.first_period, FirstPeriod.NEXT_PERIOD),
    row("5 Financial Credits: they do not lapse", lambda p: p.credit.expires_after_months, None),
    row("5 Notification for October by 15 November", notified_by(Month(2026, 10)), date(2026, 11, 15)),
    row("5 Notification for December by 15 January", notified_by(Month(2026, 12)), date(2027, 1, 15)),
    row("5 Notification for a leap February by 15 March", notified_by(Month(2028, 2)), date(2028, 3, 15)),
    row("5 Notification: no time for a decision", lambda p: p.availability.decide_within, None),
    row("5 Priority P1, P2, P3", lambda p: p.severities, ("P1", "P2", "P3")),
    row("5 Request via email or phone: any channel", lambda p: p.channels, frozenset()),
    row("5 SLA Type Free, Standard, Premium", lambda p: [q.title for q in p.packages.values()], TYPES),
    row("5 Supported Time Zone: Prague", lambda p: p.zone.key, "Europe/Prague"),
    row("no compensation for late responses", lambda p: p.compensation, None),
    row("every value is the text's", lambda p: p.assumed, ()),
]


def guarantee(package):
    return agreement("trifft").packages[package].guarantee


JUST_BELOW = Fraction(1, 10**12)


def tier(name, package, percent, credit, *, below=False):
    """Make a row of the credit table; `below` takes the least bit off."""
    return row(f"{name}: {'just below ' if below else ''}{percent} %", package, percent, below, credit)


FINANCIAL_CREDITS = [
    tier("3.1 Standard guarantee met", "standard", "100", 0),
    tier("3.1 Standard guarantee met", "standard", "99", 0),
    tier("3.1 Standard below Guaranteed Uptime to 98%", "standard", "99", 10, below=True),
    tier("3.1 Standard below Guaranteed Uptime to 98%", "standard", "98", 10),
    tier("3.1 Standard 95% to 98%", "standard", "98", 20, below=True),
    tier("3.1 Standard 95% to 98%", "standard", "95", 20),
    tier("3.1 Standard 75% to 94,99%", "standard", "95", 40, below=True),
    tier("3.1 Standard 75% to 94,99%", "standard", "94.995", 40),
    tier("3.1 Standard 75% to 94,99%", "standard", "94.99", 40),
    tier("3.1 Standard 75% to 94,99%", "standard", "75", 40),
    tier("3.1 Standard 74,99% and below", "standard", "75", 70, below=True),
    tier("3.1 Standard 74,99% and below", "standard", "74.99", 70),
    tier("3.1 Standard 74,99% and below", "standard", "0", 70),
    tier("3.1 Premium guarantee met", "premium", "100", 0),
    tier("3.1 Premium guarantee met", "premium", "99.5", 0),
    tier("3.1 Premium below Guaranteed Uptime to 98%", "premium", "99.5", 20, below=True),
    tier("3.1 Premium below Guaranteed Uptime to 98%", "premium", "99", 20),
    tier("3.1 Premium below Guaranteed Uptime to 98%", "premium", "98", 20),
    tier("3.1 Premium 95% to 98%", "premium", "98", 30, below=True),
    tier("3.1 Premium 95% to 98%", "premium", "95", 30),
    tier("3.1 Premium 75% to 94,99%", "premium", "95", 60, below=True),
    tier("3.1 Premium 75% to 94,99%", "premium", "75", 60),
    tier("3.1 Premium 74,99% and below", "premium", "75", 80, below=True),
    tier("3.1 Premium 74,99% and below", "premium", "0", 80),
]


@pytest.mark.parametrize(("package", "percent", "below", "credit"), FINANCIAL_CREDITS)
def test_financial_credits_of_trifft(package, percent, below, credit):
    """Find each tier at both of its ends."""
    uptime = Fraction(percent) / 100 - (JUST_BELOW if below else 0)
    assert guarantee(package).credit_percent(uptime, 0) == credit
    assert guarantee(package).is_met(uptime) == (credit == 0)


OCTOBER = 44_700
MINUTES_DOWN = [
    row("U1 Standard 447 min are exactly 99 %", "standard", 447, 0),
    row("U1 Standard 448 min", "standard", 448, 10),
    row("U1 Standard 894 min are exactly 98 %", "standard", 894, 10),
    row("U1 Standard 895 min", "standard", 895, 20),
    row("U1 Standard 2,235 min are exactly 95 %", "standard", 2235, 20),
    row("U1 Standard 2,236 min", "standard", 2236, 40),
    row("U1 Standard 11,175 min are exactly 75 %", "standard", 11_175, 40),
    row("U1 Standard 11,176 min", "standard", 11_176, 70),
    row("U1 Standard the whole month", "standard", OCTOBER, 70),
    row("U1 Premium 223 min are less than half a percent", "premium", 223, 0),
    row("U1 Premium 224 min", "premium", 224, 20),
]


@pytest.mark.parametrize(("package", "minutes", "credit"), MINUTES_DOWN)
def test_financial_credits_of_trifft_by_the_minute(package, minutes, credit):
    """Find the tiers of October 2026, 44,700 minutes, to the minute."""
    assert guarantee(package).credit_percent(Fraction(OCTOBER - minutes, OCTOBER), minutes) == credit


NOTICE = 48 * HOUR
A_CAUSES = (
    *("a", "A", "customer_change", "customer change request", "requested_change", "change requested by customer"),
    *("customer_request", "Changes requested by the Customer"),
)
C_CAUSES = (
    *("c", "notified_update", "Notified-Updates", "other update", "other updates", "planned_maintenance"),
    "maintenance",
)
NO_EXCLUSION = ("", "h", "ab", "outage", "hardware", "software", "update", "bug", "unknown")
EXCLUSIONS = [
    ("a)", A_CAUSES, None, True),
    ("b)", ("b", "security_update", "Security updates", "security"), None, True),
    ("c) notified 48 h ahead:", C_CAUSES, NOTICE, True),
    ("c) notified a second late:", C_CAUSES, NOTICE - 1, False),
    ("c) notified a week ahead:", C_CAUSES, 7 * DAY, True),
    ("c) not notified:", C_CAUSES, None, False),
    ("c) notified when it began:", C_CAUSES, 0, False),
    ("c) notified two days after:", C_CAUSES, -NOTICE, False),
    ("d)", ("d", "force_majeure", "Force  Majeure Event"), None, True),
    ("e)", ("e", "customer_system", "third-party system", "third_party", "Third party"), None, True),
    ("f)", ("f", "customer", "Agents", "affiliates"), None, True),
    ("g)", ("g", "fix_of_excluded", "fix attempt"), None, True),
    # Mending what no clause excludes is downtime like any other.
    ("g)", ("fix", "repair"), None, False),
    ("none of these:", NO_EXCLUSION, 7 * DAY, False),
    ("none of these, not notified:", NO_EXCLUSION, None, False),
]


@pytest.mark.parametrize(
    ("cause", "notice", "excluded"),
    [
        row(f"5 Exclusion Events {clause} {cause}", cause, notice, excluded)
        for clause, causes, notice, excluded in EXCLUSIONS
        for cause in causes
    ],
)
def test_exclusion_events_of_trifft(cause, notice, excluded):
    """Take out what the text excludes, c) only with 48 hours' notice, and nothing else."""
    assert agreement("trifft").availability.excludes(cause, notice) == excluded


def test_only_notified_updates_of_trifft_need_notice():
    """Find the 48 hours with clause c alone."""
    exclusions = agreement("trifft").availability.exclusions
    assert {cause for cause, notice in exclusions.items() if notice} == {
        "c",
        "notified_update",
        "notified_updates",
        "other_update",
        "other_updates",
        "planned_maintenance",
        "maintenance",
    }
    assert set(exclusions.values()) == {0, NOTICE}


# --- dpo-group --------------------------------------------------------------------------------------------------------


def units(number):
    return lambda p: p.compensation.open_limits.tickets_for(number)


def requested_by(breach):
    return lambda p: p.compensation.claim_within.after_day(breach)


def decided_by(receipt):
    return lambda p: p.compensation.decide_within.after_day(receipt)


def refuses(reason):
    return lambda p: reason in p.compensation.conditions


DPO_GROUP = [
    row("1 renewed on 18 April 2011: D", lambda p: p.version, "dpo-group 2011-05-01"),
    row("2.2, 4 only tickets created via Helpdesk", lambda p: p.channels, {"helpdesk"}),
    row("2.3 response or solution", lambda p: p.compensation.targets, (FIRST, SOLUTION)),
    row("2.7 server maintenance, VPS nodes and 6.7 hourly", lambda p: list(p.packages), ["server", "vps", "hourly"]),
    row(
        "2.7 standard subscriptions",
        lambda p: {name for name, package in p.packages.items() if package.standard},
        {"server", "vps"},
    ),
    row("2.7 prices are not in the text: D", fees, {"server": None, "vps": None, "hourly": 0}),
    row("2.7 prices are not in the text: D currency", currency, ("USD", True)),
    row("2.7 D: support is in the subscription", in_the_fee, {"server", "vps"}),
    row("3 D: hours, days and holidays are Kyiv's", lambda p: (p.zone.key, p.calendar.country), ("Europe/Kyiv", "UA")),
    row("5.1 D critical, first response 30 min", target("server", "critical", FIRST), clock(0.5, ROUND_THE_CLOCK)),
    row("5.1 D critical, solution 4 h", target("server", "critical", SOLUTION), clock(4, ROUND_THE_CLOCK)),
    row("5.1 D high, first response 1 h", target("server", "high", FIRST), clock(1, ROUND_THE_CLOCK)),
    row("5.1 D high, solution 12 h", target("server", "high", SOLUTION), clock(12, ROUND_THE_CLOCK)),
    row("5.1 D normal, first response 4 h", target("server", "normal", FIRST), clock(4, ROUND_THE_CLOCK)),
    row("5.1 D normal, solution 24 h", target("server", "normal", SOLUTION), clock(24, ROUND_THE_CLOCK)),
    row("5.1 D low, first response 12 h", target("server", "low", FIRST), clock(12, ROUND_THE_CLOCK)),
    row("5.1 D low, solution 72 h", target("server", "low", SOLUTION), clock(72, ROUND_THE_CLOCK)),
    row("5.1 no work-around", target("server", "critical", WORKAROUND), None),
    row("5.1 D: four severities", lambda p: p.severities, ("critical", "high", "normal", "low")),
    row(
        "5.1 the same for each subscription",
        lambda p: p.packages["server"].targets == p.packages["vps"].targets == p.packages["hourly"].targets,
        True,
    ),
    row(
        "5.1 what the text does not give is marked",
        lambda p: set(p.assumed),
        {
            *("packages.server", "packages.vps", "packages.hourly"),
            *("targets.critical", "targets.high", "targets.normal", "targets.low"),
        },
    ),
    row("5.3 25% of one monthly subscription", lambda p: p.compensation.percent, 25),
    row("5.6 at most 25% of all subscriptions", lambda p: p.compensation.monthly_cap_percent, 25),
    row("6.1 no units: 5 tickets", units(0), 5),
    row("6.1 one unit: 5 tickets", units(1), 5),
    row("6.1 50 units: 5 tickets", units(50), 5),
    row("6.1 51 units: 10%, rounded down", units(51), 5),
    row("6.1 59 units: 10%, rounded down", units(59), 5),
    row("6.1 60 units: 6 tickets", units(60), 6),
    row("6.1 69 units: 6 tickets", units(69), 6),
    row("6.1 1,000 units: 100 tickets", units(1000), 100),
    row("6.2 not more than 2", lambda p: p.compensation.open_limits.critical_tickets, 2),
    row("6.2 Critical", lambda p: p.compensation.open_limits.critical_severities, {"critical"}),
    row("6.3 tickets with the same problem", refuses(RefusalReason.DUPLICATE_TICKET), True),
    row("6.4 priority in compliance", refuses(RefusalReason.PRIORITY_NOT_CONFIRMED), True),
    row("6.5 outstanding payments", refuses(RefusalReason.UNPAID_INVOICE), True),
    row("6.6 the subscription's time", refuses(RefusalReason.OUTSIDE_SUBSCRIPTION), True),
    row("6.7 services on an hourly basis", refuses(RefusalReason.NON_STANDARD_SUBSCRIPTION), True),
    row(
        "6.7 hourly: no subscription, all by tariff",
        lambda p: (p.packages["hourly"].covers_nothing, p.packages["hourly"].included_seconds),
        (True, 0),
    ),
    row(
        "6.7 hourly: D the contract's rate, per started hour, no minimum",
        lambda p: [(t.name, t.rate_per_hour, t.increment_seconds, t.minimum_seconds) for t in p.rating.tariffs],
        [("hourly", None, HOUR, 0)],
    ),
    row("6.7 hourly: at any hour", lambda p: hours_of(p.rating.tariffs[0].windows), ROUND_THE_CLOCK),
    row("6.8 three calendar months from 15 October", requested_by(date(2026, 10, 15)), date(2027, 1, 15)),
    row("6.8 three calendar months from 30 November", requested_by(date(2026, 11, 30)), date(2027, 2, 28)),
    row("6.8 three calendar months from 29 November", requested_by(date(2026, 11, 29)), date(2027, 2, 28)),
    row("6.8 three calendar months from 28 November", requested_by(date(2026, 11, 28)), date(2027, 2, 28)),
    row("6.8 three calendar months to a leap day", requested_by(date(2027, 11, 30)), date(2028, 2, 29)),
    row("6.8 three calendar months from a leap day", requested_by(date(2028, 2, 29)), date(2028, 5, 29)),
    row("6.8 three calendar months from 31 January", requested_by(date(2027, 1, 31)), date(2027, 4, 30)),
    row("6.9 decided within 5 calendar days", decided_by(date(2026, 10, 1)), date(2026, 10, 6)),
    row("6.9 decided within 5 calendar days over New Year", decided_by(date(2026, 12, 29)), date(2027, 1, 3)),
    row("6.10 a relevant discount", lambda p: p.credit.setoff, Setoff.BEFORE_TAX),
    row("6.10 the payment period after the receipt", lambda p: p.credit.first_period, FirstPeriod.NEXT_PERIOD),
    row("6.11 compensation does not lapse once granted", lambda p: p.credit.expires_after_months, None),
    row("no uptime is guaranteed", lambda p: p.availability, None),
]


# --- xopero -----------------------------------------------------------------------------------------------------------


def xopero(level_1, level_2, *more):
    """Make the rows of one language: `level_1` and `level_2` are days to the work-around."""
    levels = {
        "X": (clock(1, ROUND_THE_CLOCK), days(1), business_days(5)),
        "1": (clock(2, ROUND_THE_CLOCK), days(level_1), business_days(14)),
        "2": (clock(4, ROUND_THE_CLOCK), days(level_2), "next release"),
        "3": (clock(4, ROUND_THE_CLOCK), None, "next release"),
    }
    return [
        *more,
        row("4 support with subscription and trial", in_the_fee, {"subscription", "trial"}),
        row(
            "4 free licenses do not include support",
            lambda p: {name for name, package in p.packages.items() if not package.entitled},
            {"free"},
        ),
        row("4 free licenses: no targets", lambda p: p.packages["free"].targets, {}),
        row("4 no prices: D", fees, {"subscription": 0, "trial": 0, "free": 0}),
        row("4 no prices: no tariffs", lambda p: p.rating.tariffs, ()),
        *(
            row(f"5 level {level}, {package}: {kind}", target(package, level, kind), agreed)
            for package in ("subscription", "trial")
            for level, cells in levels.items()
            for kind, agreed in zip(TargetKind, cells, strict=True)
        ),
        row("8 levels X, 1, 2, 3", lambda p: p.severities, ("X", "1", "2", "3")),
        row("9 no uptime is guaranteed", lambda p: p.availability, None),
        row("no compensation", lambda p: p.compensation, None),
        row("1 any channel", lambda p: p.channels, frozenset()),
        row("1 hours are Poland's", lambda p: (p.zone.key, p.calendar.country), ("Europe/Warsaw", "PL")),
        row("every value is the text's", lambda p: p.assumed, ()),
    ]


XOPERO_EN = xopero(
    2,
    5,
    row("D: undated", lambda p: p.version, "xopero-en 2000-01-01"),
    row("D: euros", currency, ("EUR", True)),
    row("1 Service Level Agreement", lambda p: p.title, "Xopero service level agreement"),
)
XOPERO_PL = xopero(
    4,
    7,
    row("D: undated", lambda p: p.version, "xopero-pl 2000-01-01"),
    row("D: złoty", currency, ("PLN", True)),
    row("1 umowa o gwarantowanym poziomie usług", lambda p: p.title, "Umowa o gwarantowanym poziomie usług Xopero"),
)


def test_the_two_texts_of_xopero_differ_in_two_targets():
    """Find no other difference than the work-around times of levels 1 and 2."""
    english, polish = (agreement(f"xopero-{language}").packages for language in ("en", "pl"))
    assert list(english) == list(polish)
    differences = {
        (name, level, kind): (promised.text, polish[name].targets[level][kind].text)
        for name, package in english.items()
        for level, targets in package.targets.items()
        for kind, promised in targets.items()
        if promised != polish[name].targets[level][kind]
    }
    assert differences == {
        (package, level, WORKAROUND): texts
        for package in ("subscription", "trial")
        for level, texts in (("1", ("2 days", "4 days")), ("2", ("5 days", "7 days")))
    }


# --- all --------------------------------------------------------------------------------------------------------------

AGREEMENTS = {"b2bee": B2BEE, "trifft": TRIFFT, "dpo-group": DPO_GROUP, "xopero-en": XOPERO_EN, "xopero-pl": XOPERO_PL}


@pytest.mark.parametrize(
    ("name", "read", "agreed"),
    [row(f"{name} {clause.id}", name, *clause.values) for name, clauses in AGREEMENTS.items() for clause in clauses],
)
def test_shipped_list_says_what_the_agreement_says(name, read, agreed):
    """Find each clause of the published text as a value."""
    assert read(agreement(name)) == agreed


XOPERO_NUMBERS = ("1", "2", "3", "4", "5", "6", "7", "8", "8.1", "8.2", "9.1", "9.2")
NUMBERS = {
    "trifft": (
        "1.1",
        "1.2",
        "2.1",
        "2.2.1",
        "2.2.2",
        "2.2.3",
        "2.2.4",
        "3.1",
        "3.2.1",
        "3.3.1",
        "3.3.2",
        "3.4",
        "4",
        "5",
    ),
    "dpo-group": (
        *("1", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "3", "4", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6"),
        *("6.1", "6.2", "6.3", "6.4", "6.5", "6.6", "6.7", "6.8", "6.9", "6.10", "6.11", "6.12"),
    ),
    "xopero-en": XOPERO_NUMBERS,
    "xopero-pl": XOPERO_NUMBERS,
}


def remarks(name):
    """Collect a file's comments and the clauses that it names as out of scope."""
    text = (PRICE_LISTS / f"{name}.toml").read_text(encoding="utf-8")
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    return "\n".join([*comments, *agreement(name).out_of_scope])


@pytest.mark.parametrize(
    ("name", "number"), [row(f"{name} {number}", name, number) for name in NUMBERS for number in NUMBERS[name]]
)
def test_every_clause_number_is_named(name, number):
    """Find each numbered clause beside a key or as out of scope, at the start of a remark or after a comma or dash."""
    assert re.search(rf"(?:^ ?|[-,:/] |/){re.escape(number)}(?![\d.]*\d)", remarks(name), re.MULTILINE)


DEFINITIONS = [
    *("Agents", "Agreement", "Business Day", "Business Hours", "Effective Uptime", "Exclusion Events"),
    *("Financial Credits", "Full Availability", "Guaranteed Uptime", "HelpDesk", "Measurements", "Notification"),
    *("Priority", "Real Uptime", "Request", "Response Time", "SLA Termination", "SLA Type", "Supported Time Zone"),
    "Unavailability",
]


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_every_definition_of_trifft_is_named(definition):
    """Find each defined word of section 5 in the remarks."""
    assert definition in remarks("trifft")


OUT_OF_SCOPE = [
    *(
        ("b2bee", clause)
        for clause in (
            "Phone support",
            "Proactive system monitoring",
            "Priority analysis of modifications",
            "Dedicated account manager",
            "Monthly status report / consultations",
            "Travel expenses",
            "Meaning of initial analysis",
            "Actual problem resolution may take longer",
            "17:00-09:00 is a tariff range, not a guarantee of availability",
        )
    ),
    ("trifft", "3.4 Sole liability and exclusive remedy"),
    ("trifft", "5 Unavailability"),
    ("dpo-group", "5.5 Different subscriptions: agreed individually"),
    ("dpo-group", "6.12 Official rates change"),
    ("xopero-en", "5 Errors caused by third-party software"),
    ("xopero-pl", "5 Errors caused by third-party software"),
]


@pytest.mark.parametrize(("name", "clause"), OUT_OF_SCOPE)
def test_clauses_that_move_no_money_are_named(name, clause):
    """Name clauses that are no key, with why."""
    assert len(agreement(name).out_of_scope[clause]) > 10


@pytest.mark.parametrize("name", list(AGREEMENTS))
def test_no_clause_is_out_of_scope_without_a_reason(name):
    """Give each clause that is no key a sentence."""
    assert [clause for clause, why in agreement(name).out_of_scope.items() if not re.fullmatch(r"\S.*\.", why)] == []


def test_each_shipped_list_is_tested_here():
    """Leave no shipped list out of the table."""
    assert {path.stem for path in PRICE_LISTS.glob("*.toml")} == set(AGREEMENTS)
