"""What always holds of clocks, uptime and claims: the engine agrees with the naive oracle, and order changes nothing.

Times are drawn around the hours that other engines get wrong: clock changes, holidays, month ends, window edges.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sla_builders import agreed, agreement, sla
from sla_oracle import World, decide_breaches, decide_uptime, month_of_uptime, stand

from billing_engine.model.claim import Claim, ClaimKind
from billing_engine.model.payment import Dues
from billing_engine.model.period import Month
from billing_engine.model.ticket import Outage, Pause, TargetKind, Ticket
from billing_engine.model.window import Window
from billing_engine.sla.availability import measure_availability
from billing_engine.sla.claims import decide_claims
from billing_engine.sla.tickets import measure_ticket

MINUTE, HOUR, DAY = 60, 3600, 86400
DAYS = tuple(
    map(
        date.fromisoformat,
        (
            "2025-12-24",  # holidays into January
            "2025-12-31",
            "2026-02-28",
            "2026-03-27",  # the clock goes forward on Sunday the 29th
            "2026-03-28",
            "2026-03-29",
            "2026-04-02",  # Easter
            "2026-10-02",
            "2026-10-05",
            "2026-10-23",  # the clock goes back on Sunday the 25th
            "2026-10-24",
            "2026-10-25",
            "2026-10-27",  # Czech holiday on the 28th
            "2026-10-31",
            "2026-11-10",  # Serbian and Polish holiday on the 11th
            "2028-02-28",
        ),
    )
)
EDGES = st.sampled_from((0, 2, 3, 7, 9, 12, 16, 17, 18, 22, 24))
SPREAD = st.one_of(st.integers(-5, 5), st.integers(-60, 60))
WHOLE_MINUTES = st.just(0)
LENGTHS = st.one_of(st.integers(0, 5), st.integers(0, 180), st.integers(0, 3 * 1440))
AGREEMENTS = [
    ("trifft", "standard", ()),
    ("trifft", "premium", ()),
    ("b2bee", "basic", ()),
    ("b2bee", "standard", ()),
    ("b2bee", "premium", ()),
    ("b2bee", "premium", (("T1", (Window(("every_day",), 22 * HOUR, DAY), Window(("working_days",), 0, 7 * HOUR))),)),
    ("dpo-group", "vps", ()),
    ("xopero-en", "subscription", ()),
    ("xopero-pl", "trial", ()),
]


def one_in(many):
    """Draw True once in so many times."""
    return st.integers(1, many).map(lambda number: number == many)


@st.composite
def moments(draw, zone, days=DAYS, seconds=WHOLE_MINUTES):
    """Draw an instant near an edge of some window, in whole minutes unless told otherwise."""
    wall = datetime.combine(draw(st.sampled_from(days)), datetime.min.time())
    wall += timedelta(hours=draw(EDGES), minutes=draw(SPREAD), seconds=draw(seconds))
    return int(wall.replace(tzinfo=zone, fold=draw(st.integers(0, 1))).timestamp())


@st.composite
def pauses_of(draw, ticket, unit=MINUTE, most=3):
    """Draw pauses around a ticket's opening: they may overlap, touch, be empty or have no end."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        touches = found and found[-1].resumed_at is not None and draw(st.booleans())
        start = found[-1].resumed_at if touches else ticket.opened_at + draw(st.integers(-120, 1440)) * unit
        end = None if draw(one_in(12)) else start + draw(LENGTHS) * unit
        found.append(Pause(ticket.ticket, start, end))
    return draw(st.permutations(found))


def standing(result):
    return result.status, result.due_at, result.elapsed_minutes


@st.composite
def watched(draw, agreements, seconds=WHOLE_MINUTES, unit=MINUTE, severities=None):
    """Draw a contract, a ticket with some of its events, its pauses, and what time it is."""
    name, package, coverage = draw(st.sampled_from(agreements))
    price_list = agreement(name)
    contract = agreed(name, package, coverage=coverage, monthly_fee="1")
    severity = draw(st.sampled_from(severities or price_list.severities))
    opened = draw(moments(price_list.zone, seconds=seconds))
    ticket = Ticket("T1", "C1", opened, severity)
    pauses = draw(pauses_of(ticket, unit))
    promised = measure_ticket(sla(contract, tickets=[ticket], pauses=pauses), ticket).targets
    near = draw(st.sampled_from(promised)).due_at or opened
    times = st.one_of(
        st.integers(-2, 2).map(lambda n: max(opened, near + n * unit)),
        LENGTHS.map(lambda n: near + n * unit),
        LENGTHS.map(lambda n: opened + n * unit),
    )
    events = {name: draw(st.none() | times) for name in ("first_response_at", "workaround_at", "resolved_at")}
    return contract, replace(ticket, **events), pauses, draw(times)


def check_against_oracle(case):
    """Measure every target twice."""
    contract, ticket, pauses, as_of = case
    price_list = agreement(contract.price_list)
    package = price_list.packages[contract.package]
    found = measure_ticket(sla(contract, tickets=[ticket], pauses=pauses, as_of=as_of), ticket)
    assert [result.kind for result in found.targets] == list(package.targets[ticket.severity])
    for result in found.targets:
        naive = stand(price_list, package, contract, ticket, pauses, result.kind, as_of)
        assert standing(result) == (naive.status, naive.due_at, naive.elapsed_minutes), result.kind


@settings(max_examples=120)
@given(watched(AGREEMENTS))
def test_clocks_agree_with_the_oracle(case):
    """K1, K2: due time, elapsed minutes and status of every list's targets, with pauses."""
    check_against_oracle(case)


@settings(max_examples=20)
@given(
    watched(
        [("b2bee", "standard", ()), ("b2bee", "premium", ())],
        seconds=st.integers(0, 59),
        unit=7,
        severities=["T1"],
    )
)
def test_clocks_agree_to_the_second(case):
    """K1: the same with odd seconds, of targets of a few hours."""
    check_against_oracle(case)


@settings(max_examples=60)
@given(watched(AGREEMENTS))
def test_an_event_at_the_due_time_is_met_and_a_second_later_breached(case):
    """K1: the due time is the last instant that is in time, with or without the event."""
    contract, ticket, pauses, _ = case
    bare = replace(ticket, first_response_at=None, workaround_at=None, resolved_at=None)

    def first_target(as_of, **events):
        one = replace(bare, **events)
        return measure_ticket(sla(contract, tickets=[one], pauses=pauses, as_of=as_of), one).targets[0]

    due = first_target(bare.opened_at).due_at
    assume(due is not None)
    statuses = [
        first_target(due).status,
        first_target(due + 1).status,
        first_target(due + DAY, first_response_at=due).status,
        first_target(due + DAY, first_response_at=due + 1).status,
    ]
    assert statuses == ["running", "breached", "met", "breached"]


@settings(max_examples=60)
@given(watched(AGREEMENTS), st.randoms(use_true_random=False))
def test_pauses_in_any_order_and_in_pieces(case, random):
    """K1: order, repetition and cutting a pause in two change nothing."""
    contract, ticket, pauses, as_of = case
    pieces = []
    for pause in pauses:
        end = pause.paused_at + DAY if pause.resumed_at is None else pause.resumed_at
        middle = pause.paused_at + (end - pause.paused_at) // 2
        pieces += [replace(pause, resumed_at=middle), replace(pause, paused_at=middle), pause]
    random.shuffle(pieces)
    found = [
        measure_ticket(sla(contract, tickets=[ticket], pauses=some, as_of=as_of), ticket) for some in (pauses, pieces)
    ]
    assert found[0] == found[1]


# --- U1 to U4 ---------------------------------------------------------------------------------------------------------

PRAGUE = agreement("trifft").zone
MONTHS = st.sampled_from([Month(2026, 10), Month(2026, 3), Month(2028, 2), Month(2026, 9), Month(2026, 12)])
CAUSES = st.sampled_from(("", "", "", "power", "a", "b", "c", "notified update", "d", "force majeure", "e", "f", "g"))


@st.composite
def outages_in(draw, month, unit, most=5, longest=1440):
    """Draw outages in and around a month; they may overlap, touch or last."""
    first, last = month.bounds(PRAGUE)
    found = []
    for number in range(draw(st.integers(0, most))):
        near = st.one_of(
            st.integers(-90, 90).map(lambda n: first + n * unit),
            st.integers(-90, 90).map(lambda n: last + n * unit),
            st.integers(0, 20_000).map(lambda n: first + n * unit),
        )
        start = draw(near)
        if found and draw(st.booleans()):
            start = draw(st.sampled_from((found[-1].started_at, found[-1].ended_at or start))) + draw(SPREAD) * unit
        end = None if draw(one_in(30)) else start + draw(st.integers(0, longest)) * unit
        notice = draw(st.sampled_from((None, 48 * HOUR, 48 * HOUR - 1, 48 * HOUR + 1, 0)))
        notified = None if notice is None else start - notice
        found.append(Outage(f"O{number}", start, draw(st.sampled_from(("", "C1"))), end, draw(CAUSES), notified))
    return found


def check_uptime(month, outages, as_of, package="standard"):
    (found,) = measure_availability(
        sla(agreed("trifft", package, monthly_fee="1"), outages=outages, as_of=as_of), month
    )
    naive = month_of_uptime(PRAGUE, *month, outages, as_of)
    figures = (found.full_minutes, found.counted_minutes, found.excluded_minutes)
    assert figures == (naive.full_minutes, naive.counted_minutes, naive.excluded_minutes)
    assert (found.uptime, str(found.effective_uptime)) == (naive.uptime, naive.shown)


@settings(max_examples=150)
@given(st.data(), MONTHS)
def test_uptime_agrees_with_the_oracle(data, month):
    """U1 to U3: full, counted and excluded minutes, the exact uptime and what is shown, in whole minutes."""
    outages = data.draw(outages_in(month, MINUTE))
    check_uptime(month, outages, month.bounds(PRAGUE)[1] - data.draw(st.integers(-1, 1)) * HOUR)


@settings(max_examples=150)
@given(st.data(), MONTHS)
def test_uptime_agrees_to_the_second(data, month):
    """U2: intervals that begin and end at odd seconds count their full minutes only."""
    outages = data.draw(outages_in(month, 7, longest=120))
    check_uptime(month, outages, month.bounds(PRAGUE)[0] + data.draw(st.integers(0, 5000)))


@settings(max_examples=50)
@given(st.data())
def test_more_downtime_is_never_better(data):
    """U2, U4: another outage leaves uptime the same or worse, and what does not count changes nothing."""
    month = Month(2026, 10)
    outages = data.draw(outages_in(month, MINUTE, longest=20_000))
    (more,) = data.draw(outages_in(month, MINUTE, longest=20_000).filter(lambda some: len(some) == 1))
    contract = agreed("trifft", "standard", monthly_fee="1")

    def measured(*some):
        (found,) = measure_availability(sla(contract, outages=some), month)
        return found

    before, after = measured(*outages), measured(*outages, replace(more, cause="power"))
    assert after.uptime <= before.uptime
    assert after.credit_percent >= before.credit_percent
    assert measured(*outages, replace(more, cause="a")).uptime >= before.uptime


# --- U5 ---------------------------------------------------------------------------------------------------------------


def figures(decisions):
    """Say decisions as the oracle does."""
    return {
        one.claim: (
            set(one.reasons),
            Fraction(one.percent),
            Fraction(one.amount),
            None if one.applies_from is None else tuple(one.applies_from),
        )
        for one in decisions
    }


def verdicts(found):
    """Put the oracle's verdicts in the same form."""
    return {name: (v.reasons, Fraction(v.percent), v.amount, v.applies_from) for name, v in found.items()}


FEW = st.integers(1, 3)
FEES = st.sampled_from([Decimal(text) for text in ("0", "99.95", "100", "333.33", "1000", "0.10", "310")])


@st.composite
def subscriptions(draw, name, packages, days, most=3, quantities=FEW):
    """Draw contracts, some of which begin or end on one of the days."""
    found = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        contract = agreed(
            name,
            draw(st.sampled_from(packages)),
            contract=f"K{number}",
            monthly_fee=draw(FEES),
            quantity=draw(quantities),
        )
        if draw(one_in(3)):
            contract = replace(contract, starts_on=draw(st.sampled_from(days)))
        if draw(one_in(3)):
            contract = replace(
                contract, ends_on=draw(st.sampled_from([day for day in days if day >= contract.starts_on]))
            )
        found.append(contract)
    return found


LAST_DAYS = {Month(2026, 9): date(2026, 10, 15), Month(2026, 10): date(2026, 11, 15)}


@st.composite
def uptime_claims(draw):
    """Draw claims for September and October around their last day."""
    found = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        month = draw(st.sampled_from(sorted(LAST_DAYS)))
        midnight = datetime.combine(LAST_DAYS[month] + timedelta(days=1), datetime.min.time(), tzinfo=PRAGUE)
        offset = draw(st.sampled_from((-1, 0, 1, -DAY, -3 * DAY, -20 * DAY)))
        submitted = int(midnight.timestamp()) + offset
        found.append(Claim(f"CL{number}", "C1", ClaimKind.UPTIME, submitted, period=month))
    return found


@settings(max_examples=100)
@given(st.data(), uptime_claims())
def test_uptime_claims_agree_with_the_oracle(data, claims):
    """U4, U5: reasons, percent, amount and first period of claims for two months under up to three contracts."""
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 16)]
    contracts = data.draw(subscriptions("trifft", ("free", "standard", "premium"), days))
    outages = [
        *data.draw(outages_in(Month(2026, 10), MINUTE, most=2, longest=3000)),
        *data.draw(outages_in(Month(2026, 9), MINUTE, most=2, longest=3000)),
    ]
    exactly = data.draw(st.sampled_from((0, 223, 224, 447, 448, 894, 895, 2235, 2236)))
    begin = Month(2026, 10).bounds(PRAGUE)[0] + 5 * DAY
    outages.append(Outage("X", begin, "C1", begin + exactly * MINUTE))
    as_of = Month(2026, 12).bounds(PRAGUE)[0]
    world = World(agreement("trifft"), contracts, claims, outages=outages, as_of=as_of)
    measured = sla(*contracts, outages=outages, as_of=as_of)
    found = decide_claims(measured, claims)
    assert figures(found) == verdicts(decide_uptime(world))
    backwards = sla(*contracts[::-1], outages=outages[::-1], as_of=as_of)
    assert figures(decide_claims(backwards, claims[::-1])) == figures(found)


# --- C1 to C4 ---------------------------------------------------------------------------------------------------------

KYIV = agreement("dpo-group").zone
BREACH_DAYS = (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 30))
EVENTS = st.sampled_from((0, 29, 30, 31, 59, 60, 61, 4 * 60, 4 * 60 + 1, 12 * 60, 24 * 60 + 1, 50 * 60))


@st.composite
def helpdesk_tickets(draw):
    """Draw tickets, many of them at the same hours and open for long, so that breaches and limits meet."""
    severity = st.sampled_from(draw(st.sampled_from((("critical", "high"), ("high", "normal", "low")))))
    days = st.sampled_from(draw(st.sampled_from((BREACH_DAYS, BREACH_DAYS[:1], BREACH_DAYS[3:]))))
    found = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        day, hour = draw(days), draw(st.sampled_from((0, 9, 9, 10, 22, 23)))
        opened = int(datetime(day.year, day.month, day.day, hour, 30, tzinfo=KYIV).timestamp())
        answered, resolved = draw(st.none() | EVENTS), draw(st.none() | st.none() | EVENTS)
        found.append(
            Ticket(
                f"T{number}",
                "C1",
                opened,
                draw(severity),
                "phone" if draw(one_in(8)) else "helpdesk",
                first_response_at=None if answered is None else opened + answered * MINUTE,
                resolved_at=None if resolved is None else opened + resolved * MINUTE,
                contracts=draw(st.sampled_from((("K1",), ("K1", "K2"), ("K2",)))) if draw(one_in(3)) else (),
                duplicate_of=draw(st.sampled_from(("T1", "T2"))) if draw(one_in(8)) else "",
                priority_confirmed=not draw(one_in(8)),
            )
        )
    return found


@st.composite
def ticket_claims(draw, tickets, due_days):
    """Draw claims: for a day on which something was due mostly, around the last moment for it."""
    found = []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        ticket = "T99" if draw(one_in(15)) else draw(st.sampled_from(tickets)).ticket
        named = due_days.get(ticket)
        day = draw(st.sampled_from(named if named and not draw(one_in(8)) else BREACH_DAYS))
        at = datetime(day.year, day.month, day.day, tzinfo=KYIV) + timedelta(days=draw(st.integers(2, 60)))
        submitted = int(at.timestamp()) + draw(st.integers(0, DAY))
        if draw(one_in(6)):
            year, month, last = (2027, day.month - 9, 28 if day.month == 11 else 31)
            last = min(day.day, last)
            submitted = int(datetime(year, month, last, 23, 59, 59, tzinfo=KYIV).timestamp())
            submitted += draw(st.integers(0, 1))
        found.append(Claim(f"CL{number}", "C1", ClaimKind.TICKET, submitted, ticket=ticket, breach_on=day))
    return found


@st.composite
def compensated_worlds(draw):
    """Draw contracts, tickets, pauses, invoices and claims of one customer."""
    days = [date(2026, 9, 30), date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1)]
    quantities = st.sampled_from((1, 1, 2, 25, 30, 50, 51, 60))
    contracts = draw(
        subscriptions("dpo-group", ("server", "server", "vps", "vps", "hourly"), days, quantities=quantities)
    )
    names = {one.contract for one in contracts}
    tickets = [
        replace(one, contracts=tuple(name for name in one.contracts if name in names))
        for one in draw(helpdesk_tickets())
    ]
    pauses = draw(pauses_of(tickets[0], most=2)) if draw(one_in(3)) else []
    issued = []
    if draw(one_in(5)):
        paid = draw(st.none() | st.sampled_from(BREACH_DAYS))
        payments = () if paid is None else ((paid, Decimal(draw(st.sampled_from((99, 100))))),)
        issued = [Dues("INV-1", "C1", "2026-09", draw(st.sampled_from(BREACH_DAYS)), Decimal(100), payments)]
    as_of = int(datetime(2026, 12, 5, tzinfo=KYIV).timestamp())
    world = sla(*contracts, tickets=tickets, pauses=pauses, issued=issued, as_of=as_of)
    due_days = {}
    for one in tickets:
        moments = measure_ticket(world, one).breaches((TargetKind.FIRST_RESPONSE, TargetKind.SOLUTION))
        due_days[one.ticket] = [datetime.fromtimestamp(at, tz=KYIV).date() for at, _ in moments]
    claims = draw(ticket_claims(tickets, due_days))
    oracle = World(agreement("dpo-group"), contracts, claims, (), tickets, world.pauses, issued, as_of)
    return world, claims, oracle


@settings(max_examples=160)
@given(compensated_worlds())
def test_ticket_claims_agree_with_the_oracle(case):
    """C1 to C4: all reasons, amounts under the month's cap, and the first period."""
    world, claims, oracle = case
    assert figures(decide_claims(world, claims)) == verdicts(decide_breaches(oracle))


@settings(max_examples=60)
@given(compensated_worlds(), st.randoms(use_true_random=False))
def test_the_order_of_input_changes_nothing(case, random):
    """C2, C3: contracts, tickets and claims may come in any order."""
    world, claims, _ = case
    mixed = [*world.contracts], [*world.tickets.values()], [*claims]
    for some in mixed:
        random.shuffle(some)
    contracts, tickets, shuffled = mixed
    other = replace(world, contracts=contracts, tickets={one.ticket: one for one in tickets})
    assert decide_claims(other, shuffled) == decide_claims(world, claims)


@settings(max_examples=60)
@given(compensated_worlds())
def test_a_month_never_costs_more_than_its_cap(case):
    """C2: what is accepted for a month is at most a quarter of the standard subscriptions; no amount is negative."""
    world, claims, _ = case
    given_, caps = {}, {}
    for one in decide_claims(world, claims):
        assert one.amount >= 0
        given_[one.cap] = given_.get(one.cap, 0) + one.amount
    for name in filter(None, given_):
        month = Month.parse(name.removeprefix("dpo-group/"))
        standard = [c for c in world.contracts if c.package != "hourly" and c.active_days(month)]
        caps[name] = sum(c.monthly_fee * c.quantity for c in standard) / 4
        assert given_[name] <= caps[name] + Decimal("0.005")


@pytest.mark.parametrize("name", ["trifft", "b2bee", "dpo-group", "xopero-en", "xopero-pl"])
def test_the_oracle_knows_every_list(name):
    """Every list whose clocks run is drawn above."""
    assert name in {drawn for drawn, *_ in AGREEMENTS}
