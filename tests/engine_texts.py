"""All that the engine writes in English into its records: the examples, and every branch of rating and deciding."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from builders import (
    analysis,
    b2bee,
    development,
    entry,
    expense,
    numbered,
    rate,
    unfounded,
    with_holidays,
    with_package,
    with_rating,
    with_tariff,
)
from pydantic import TypeAdapter
from sla_builders import KYIV, agreed, agreement, decide, down, dues, outage, sla, ticket, ticket_claim, uptime_claim

from billing_engine import BillingEngine, open_database
from billing_engine.claim_desk import Verdict
from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.intake.settings_file import read_settings
from billing_engine.intake.sla_fields import TargetText
from billing_engine.invoicing.lines import draft_lines
from billing_engine.model.charge import ChargeKind, Service
from billing_engine.model.credit import Grant, Refund
from billing_engine.model.history import Lot
from billing_engine.model.instant import instant_of
from billing_engine.model.period import Month
from billing_engine.model.price_list import FeeInterval, FeeSchedule, FeeTiming, PriceListBook
from billing_engine.model.ticket import TargetKind
from billing_engine.model.window import Window
from billing_engine.rating.annex import annex_entries
from billing_engine.rating.explain import explain_charge
from billing_engine.rating.rate_card import RateCards
from billing_engine.resources import resource_folder
from billing_engine.sla.claims import Accepted
from billing_engine.sla.termination import termination_rights

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
DECIDED_AT = datetime(2026, 11, 17, 9, tzinfo=UTC)
DECIDED_ON = DECIDED_AT.date()
NOTE = "Kulanz"
"""What somebody wrote, not the engine."""


def by_line(texts):
    """Split texts into lines, each once."""
    return {line for text in texts for line in text.split("\n") if line}


# --- The examples, through a real run ---------------------------------------------------------------------------------


def example_texts(folder):
    """Run both example months in a new database, with a payment too much, a credit note and a decision by hand."""
    path = folder / "billing.toml"
    path.write_text(SAMPLE, encoding="utf-8")
    lists = read_price_lists([resource_folder("price_lists")])
    engine = open_database(f"sqlite:///{folder / 'billing.db'}")
    billing = BillingEngine(engine, lists, read_settings(path))
    billing.upgrade_schema()
    texts = []
    for month, issued_on in ((OCTOBER, date(2026, 11, 2)), (NOVEMBER, date(2026, 12, 2))):
        billing.import_folder(resource_folder("examples") / str(month))
        if month == NOVEMBER:
            _change(billing, folder)
        plans = list(billing.issue(month, issued_on))
        texts += _of_drafts(plan.draft for plan in plans if plan.draft is not None)
        notes = [note for plan in plans for note in plan.credit_notes]
        texts += [text for note in notes for text in (note.reason, *(line.detail for line in note.lines))]
    texts += [line for standing in billing.sla.claims() for line in standing.decided.decision.explanation]
    texts += [credit.reason for credit in billing.sla.credits()]
    reports = list(billing.sla.report(OCTOBER, instant_of(DECIDED_AT)))
    texts += [report.termination for report in reports]
    texts += [target.text for report in reports for target in report.targets]
    engine.dispose()
    return by_line(texts)


def _change(billing, folder):
    """Decide the claims, one by hand, take in too much for an invoice, and end a contract in a billed month."""
    as_of = instant_of(DECIDED_AT)
    billing.sla.decide_claim_by_hand("CL-102", Verdict(accepted=True, amount=Decimal(5), note=NOTE), as_of, DECIDED_ON)
    billing.sla.decide_claims(as_of, DECIDED_ON)
    billing.receivables.add_payment("2026-000003", Decimal(10_000), date(2026, 11, 20))
    ended = folder / "ended"
    ended.mkdir()
    head, *rows = (
        (resource_folder("examples") / str(OCTOBER) / "contracts.csv").read_text(encoding="utf-8").splitlines()
    )
    row = next(row for row in rows if row.startswith("DAN-1,")).replace("2026-06-01,,", "2026-06-01,2026-10-20,")
    (ended / "contracts.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert billing.import_folder(ended).stored


def _of_drafts(drafts):
    for draft in drafts:
        yield from (text for line in draft.lines for text in (line.title, line.detail))
        yield from (one.reason for one in draft.entries)
        yield from (one.title for one in draft.setoffs)


# --- Rating, every branch ---------------------------------------------------------------------------------------------


def rating_texts():
    """Explain, annex and draft months of all kinds of work."""
    texts = set()
    for package, price_list, entries in _months():
        texts |= _of_statement(rate(package, numbered(*entries), price_list=price_list), price_list)
        texts |= _of_statement(rate(package, numbered(*entries), price_list=price_list, quantity=3), price_list)
    return texts | _of_changed_statements() | _of_fees()


def _months():
    nights = entry("T1", "2026-10-02T22:00", "2026-10-03T00:10"), entry("T3", "2026-10-05T18:00", "2026-10-05T18:20")
    days = entry("T2", "2026-10-06T10:00", "2026-10-06T12:34"), entry("T4", "2026-10-07T09:00", "2026-10-07T09:01")
    changes = (
        analysis("2026-10-08T10:00", "2026-10-08T11:00", "offer_rejected"),
        analysis("2026-10-08T20:00", "2026-10-08T21:00", "offer_rejected"),
        analysis("2026-10-09T10:00", "2026-10-09T11:00", "offer_accepted"),
        development("2026-10-12T10:00", "2026-10-12T11:30"),
    )
    false_alarms = unfounded("2026-10-13T23:00", "2026-10-13T23:40"), unfounded("2026-10-14T10:00", "2026-10-14T19:00")
    clocks = (
        entry("T1", "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"),
        entry("T1", "2026-10-24T01:00", "2026-10-24T05:00"),
    )
    much = [entry("T2", f"2026-10-{day:02d}T09:00", f"2026-10-{day:02d}T17:00") for day in range(5, 24) if day % 7 > 1]
    seconds = (entry("T3", "2026-10-15T10:00:00", "2026-10-15T10:20:30"),)
    same = [entry("T3", f"2026-10-16T1{n}:00", f"2026-10-16T1{n}:07", ticket="X-1") for n in range(4)]
    work = (*nights, *days, *changes, *false_alarms, *clocks, *seconds, *same)
    for price_list in _lists():
        for package in ("out-of-package", "basic", "standard", "premium"):
            yield package, price_list, work
            yield package, price_list, (*much, *false_alarms)


def _lists():
    yield b2bee()
    yield with_rating(covered_increment_seconds=1, overage_increment_seconds=900)
    yield with_rating(round_per="ticket", overage_increment_seconds=1800)
    yield with_holidays(added=("2026-10-06", "2026-10-13"))
    yield with_tariff("after_hours", minimum_seconds=3600 * 2, increment_seconds=600)
    odd = (Window(("weekends", "holidays", "mon"), 0, 86_400), Window(("every_day",), 30_600, 61_200))
    never = {"T2": odd, "T3": odd[1:]}
    discounted = {"coverage": never, "development_discount_percent": Decimal("12.5")}
    yield with_package("premium", **discounted)


def _of_statement(statement, price_list):
    """Take all that is said of a statement, now and when it comes late."""
    card = RateCards(PriceListBook([price_list]), statement.month).card(statement.contract)
    return by_line(
        [
            *(explain_charge(charge, statement, card) for charge in statement.charges),
            *(one.reason for one in annex_entries(statement, card)),
            *(text for line in draft_lines([statement], [statement]) for text in (line.title, line.detail)),
        ]
    )


def _of_changed_statements():
    """Draw on earlier months, and count what was invoiced before."""
    price_list = b2bee()
    hours = [entry("T2", f"2026-10-{day:02d}T09:00", f"2026-10-{day:02d}T17:00") for day in range(5, 10)]
    base = rate("standard", numbered(*hours), price_list=price_list)
    texts = set()
    august, september = Lot(Month(2026, 8), 3600), Lot(Month(2026, 9), 1800)
    for carried in ((august,), (august, september)):
        for whole in (False, True):
            changed = [_carrying(charge, carried, whole=whole) for charge in base.charges]
            texts |= _of_statement(replace(base, charges=tuple(changed)), price_list)
    texts |= _of_statement(replace(base, overage_before=1860), price_list)
    nothing_more = [one._replace(billed_seconds=0) if one.kind == ChargeKind.OVERAGE else one for one in base.charges]
    texts |= _of_statement(replace(base, overage_before=1860, charges=tuple(nothing_more)), price_list)
    return texts | _of_statement(replace(base, included_seconds=None), price_list)


def _carrying(charge, carried, *, whole):
    """Take covered time from earlier months: some of it or all."""
    if charge.kind != ChargeKind.ALLOWANCE:
        return charge
    lots = [lot._replace(seconds=charge.billed_seconds // len(carried)) for lot in carried] if whole else carried
    return charge._replace(carried=tuple(lots))


def _of_fees():
    """Charge fees of all intervals, whole and in parts, and pass a cost on."""
    texts = set()
    spans = [
        (date(2026, 10, 1), date(2026, 10, 31)),
        (date(2026, 10, 20), date(2026, 10, 31)),
        (date(2026, 10, 1), date(2026, 12, 31)),
        (date(2026, 11, 1), date(2027, 1, 31)),
    ]
    for interval in (FeeInterval.MONTH, FeeInterval.QUARTER, FeeInterval.YEAR):
        for timing in (FeeTiming.ARREARS, FeeTiming.ADVANCE):
            for unit in ("", "device"):
                statement = rate("basic", [], expenses=[expense("12.50")], unit=unit, quantity=2 if unit else 1)
                for span in spans:
                    service = Service(*span, FeeSchedule(interval, timing))
                    charges = [
                        c._replace(service=service) if c.kind == ChargeKind.FEE else c for c in statement.charges
                    ]
                    texts |= _of_statement(replace(statement, charges=tuple(charges)), b2bee())
    return texts


# --- Decisions, every branch ------------------------------------------------------------------------------------------

SERVER = agreed("dpo-group", "server", monthly_fee="200")
HOSTED = agreed("trifft", "standard", monthly_fee="1000")
LATE = {"first_response_at": "2026-10-05 10:31", "resolved_at": "2026-10-05 12:00"}


def claim_texts():
    """Decide claims of all kinds, each refused for each reason or accepted."""
    texts = [line for decision in _decisions() for line in decision.explanation]
    outages = [down(2235, f"2026-{number:02d}-01 00:00") for number in (8, 9, 10)]
    claims = [
        uptime_claim(f"2026-{number:02d}", f"2026-{number + 1:02d}-10 12:00", claim=f"CL{number}")
        for number in (8, 9, 10)
    ]
    second = replace(HOSTED, contract="K2")
    texts.append(" ".join(termination_rights(sla(HOSTED, second, outages=outages), OCTOBER, claims).values()))
    refund = Refund("C1", date(2026, 10, 31), (), (("INV-1", Decimal(10)),), "EUR")
    texts.append(Grant.of_refund(refund).reason)
    return by_line(texts)


def target_texts():
    """Write targets in all the ways that a price list may."""
    ways = ("4 h of coverage", "30 min of coverage", "1 h of 24x7", "15 min of office", "1 day", "10 days")
    ways = (*ways, "1 business day", "5 business days", "next release", "as available")
    return {TypeAdapter(TargetText).validate_python(way).text for way in ways}


def _late(**fields):
    return ticket("critical", "2026-10-05 10:00", zone=KYIV, **{"channel": "helpdesk", **LATE, **fields})


def _decisions():
    yield from _of_tickets()
    yield from _of_uptime()


def _of_tickets():
    compensated = agreement("dpo-group").compensation
    any_target = replace(agreement("dpo-group"), compensation=replace(compensated, targets=tuple(sorted(TargetKind))))
    others = [replace(_late(), ticket=f"N{number}", resolved_at=None) for number in range(1, 8)]
    cap = Accepted("ticket/T0", "dpo-group/2026-10", Decimal(55))
    ended = replace(SERVER, ends_on=date(2026, 10, 4))
    worlds = [
        (sla(SERVER, tickets=[_late()]), ticket_claim(), ()),
        (sla(SERVER, tickets=[_late()]), ticket_claim(), (cap,)),
        (sla(SERVER, tickets=[_late()]), ticket_claim(), (Accepted("ticket/T1", "", Decimal(1)),)),
        (sla(SERVER, tickets=[_late()]), ticket_claim(ticket="T9"), ()),
        (sla(SERVER, tickets=[_late()]), ticket_claim("2026-10-06"), ()),
        (sla(SERVER, tickets=[_late()]), ticket_claim(submitted="2027-01-20 12:00"), ()),
        (sla(SERVER, tickets=[_late(channel="phone")]), ticket_claim(), ()),
        (sla(SERVER, tickets=[_late(priority_confirmed=False)]), ticket_claim(), ()),
        (sla(ended, tickets=[_late()]), ticket_claim(), ()),
        (sla(agreed("dpo-group", "hourly"), tickets=[_late()]), ticket_claim(), ()),
        (sla(SERVER, tickets=[_late(), *others]), ticket_claim(), ()),
        (sla(SERVER, tickets=[_late(duplicate_of="N1"), *others[:1]]), ticket_claim(), ()),
        (sla(SERVER, tickets=[_late()], issued=[dues("2026-09-01", number="INV-7")]), ticket_claim(), ()),
        (sla(SERVER, tickets=[_late()], lists=[any_target]), ticket_claim("2026-10-06"), ()),
        (sla(HOSTED, tickets=[_late()]), ticket_claim(), ()),
    ]
    for world, claim, earlier in worlds:
        yield from decide(world, claim, earlier=earlier)


def _of_uptime():
    bad = [down(448), outage("2026-10-07 00:00", "2026-10-07 00:01", "a")]
    in_dollars = replace(HOSTED, contract="K2", currency="USD")
    worlds = [
        (sla(HOSTED, outages=bad), uptime_claim(), ()),
        (sla(HOSTED, in_dollars, outages=bad), uptime_claim(), ()),
        (sla(HOSTED, outages=[]), uptime_claim(), ()),
        (sla(HOSTED, outages=[down(1)]), uptime_claim(), ()),
        (sla(HOSTED, outages=bad), uptime_claim(submitted="2026-11-25 12:00"), ()),
        (sla(SERVER, outages=bad), uptime_claim(), ()),
        (sla(HOSTED, outages=bad), uptime_claim(), (Accepted("uptime/C1/2026-10", "", Decimal(1)),)),
    ]
    for world, claim, earlier in worlds:
        yield from decide(world, claim, earlier=earlier)
