"""What an invoice at Stripe says: tables of how it is read, without any server."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from books import row
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.model.money import round_money
from billing_engine.stripe_sync.reading import (
    LADDER,
    allocate,
    asked_for,
    debt_collected,
    failures_of,
    is_forward,
    is_mirror,
    net_of,
    paid_on,
    parts_of,
    received,
)


def an_invoice(status="open", total=1200, **fields):
    """Make an invoice as far as it is read."""
    return {"id": "in_1", "status": status, "total": total, "currency": "eur", "metadata": {}, **fields}


@pytest.mark.parametrize(
    ("invoice", "share", "came_in"),
    [
        row("nothing yet", an_invoice(), 1200, 0),
        row("a part of it", an_invoice(amount_paid=400), 1200, 400),
        row("a part, outside of Stripe", an_invoice(amount_paid_off_stripe=400), 1200, 400),
        row("a part each way, told in one sum", an_invoice(amount_paid=700, amount_paid_off_stripe=300), 1200, 700),
        row("more than there is", an_invoice(amount_paid=1500), 1200, 1200),
        row("all of it", an_invoice("paid", amount_paid=1200), 1200, 1200),
        row("paid outside", an_invoice("paid", amount_paid=1200, amount_paid_off_stripe=1200), 1200, 1200),
        row("credited before it was paid", an_invoice("paid", pre_payment_credit_notes_amount=500), 1200, 700),
        row("credited in whole", an_invoice("paid", pre_payment_credit_notes_amount=1200), 1200, 0),
        row("credited after it was paid", an_invoice("paid", post_payment_credit_notes_amount=500), 1200, 1200),
        row("void after a part was paid", an_invoice("void", amount_paid=400), 1200, 0),
        row("uncollectible", an_invoice("uncollectible"), 1200, 0),
        row("uncollectible, a part paid", an_invoice("uncollectible", amount_paid=400), 1200, 400),
        row("carried over", an_invoice("paid", 30, starting_balance=0, ending_balance=30), 30, 0),
        row("zero total", an_invoice("paid", 0), 0, 0),
        row("a share of a paid one", an_invoice("paid", 2200, amount_paid=2200), 1200, 1200),
        row("a share of a partly paid one", an_invoice("open", 2400, amount_paid=600), 1200, 300),
        row("a share, rounded down", an_invoice("open", 1000, amount_paid=100), 333, 33),
        row("a share of one with credits of others", an_invoice("paid", 900, amount_paid=900), 1200, 1200),
        row("a share below zero", an_invoice("paid", 900, amount_paid=900), -100, 0),
        row("null for what was never counted", an_invoice("open", amount_paid=None), 1200, 0),
    ],
)
def test_what_came_in_for_a_share(invoice, share, came_in):
    """All of it when it is paid, whatever by; of a part the same part; nothing when nobody paid."""
    assert received(invoice, share) == came_in


def test_a_part_of_a_share_is_a_whole_coin():
    """ISK has no cents though Stripe writes two decimals: a part of a share is never half a krona."""
    invoice = an_invoice("open", 220000, amount_paid=100000, currency="isk")
    assert received(invoice, 120000) == 54500
    assert received(an_invoice("open", 22000, amount_paid=10000, currency="kwd"), 12000) == 5454


def test_what_was_settled_here_does_not_come_in_twice():
    """What Stripe calls paid because our books said so is not recorded once more; what Stripe itself took is."""
    told = an_invoice("paid", amount_paid=1200, amount_paid_off_stripe=1200)
    assert received(told, 1200, settled=True) == 0
    both = an_invoice("paid", amount_paid=1200, amount_paid_off_stripe=800)
    assert received(both, 1200, settled=True) == 400
    assert received(an_invoice("paid", amount_paid=1200), 1200, settled=True) == 0
    assert received(an_invoice("open", amount_paid=300), 1200, settled=True) == 300


def test_the_ladder_goes_up_only():
    """The same status may be seen again; a lower one, or another end, may not follow."""
    steps = ["draft", "open", "uncollectible", "paid"]
    assert all(is_forward(lower, higher) for lower, higher in pairwise(steps))
    assert not any(is_forward(higher, lower) for lower, higher in pairwise(steps))
    assert all(is_forward(status, status) for status in LADDER)
    assert not is_forward("paid", "void")
    assert not is_forward("void", "paid")
    assert is_forward("uncollectible", "void")


@pytest.mark.parametrize("unknown", ["processing", "", "PAID", "deleted"])
def test_a_status_that_nobody_knows_says_nothing(unknown):
    """What Stripe may invent tomorrow never follows anything, and anything may follow it."""
    assert not any(is_forward(status, unknown) for status in [*LADDER, unknown])
    assert all(is_forward(unknown, status) for status in LADDER)


@given(st.lists(st.sampled_from([*LADDER, "processing"])))
def test_the_highest_that_was_seen_stays(seen):
    """In whatever order statuses come, the first of the highest ones is what is known."""
    known = ""
    for status in seen:
        known = status if is_forward(known, status) else known
    highest = max((LADDER[status] for status in seen if status in LADDER), default=None)
    expected = next((status for status in seen if LADDER.get(status, -1) == highest), "")
    assert known == expected


@pytest.mark.parametrize(
    ("invoice", "debt"),
    [
        row("owed nothing", an_invoice("paid"), 0),
        row("owed 30", an_invoice("paid", starting_balance=30, ending_balance=0, amount_paid=1230), 30),
        row("still owes", an_invoice("paid", starting_balance=30, ending_balance=10, amount_paid=1220), 20),
        row("had a credit", an_invoice("paid", starting_balance=-50, ending_balance=0, amount_paid=1150), 0),
        row("not paid yet", an_invoice("open", starting_balance=30, ending_balance=0), 0),
        row("owes more now", an_invoice("paid", 30, starting_balance=30, ending_balance=60), 0),
        row("nothing said", an_invoice("paid", starting_balance=None, ending_balance=None), 0),
    ],
)
def test_debts_that_a_paid_invoice_brought_in(invoice, debt):
    """Only a paid invoice brings in what was owed before it, and only so much as is not owed any more."""
    assert debt_collected(invoice) == debt


def a_line(number="2026-000001", part="line/1", amount=1000, tax=200, books="b", item="ii_1", line="il_1", **fields):
    """Make a line of ours as far as it is read."""
    return {
        "id": line,
        "amount": amount,
        "taxes": [{"amount": tax, "tax_behavior": "exclusive"}],
        "metadata": {"be_books": books, "be_invoice": number, "be_part": part},
        "parent": {"invoice_item_details": {"invoice_item": item}, "subscription_item_details": None},
        **fields,
    }


def test_lines_are_summed_up_by_our_invoice():
    """Tax that comes on top belongs to the share, setoffs lower it, and both kinds of ids are kept by part."""
    lines = [
        a_line(),
        a_line(part="setoff/1", amount=-300, tax=-60, item="ii_2", line="il_2"),
        a_line("2026-000002", amount=50, tax=0, item="ii_3", line="il_3"),
    ]
    found = parts_of(lines, "b")
    assert {number: part.share for number, part in found.items()} == {"2026-000001": 840, "2026-000002": 50}
    assert found["2026-000001"].ids == {"line/1": ("ii_1", "il_1"), "setoff/1": ("ii_2", "il_2")}


@pytest.mark.parametrize(
    "line",
    [
        row("of other books", a_line(books="another")),
        row("of nobody", a_line(metadata={})),
        row("null metadata", a_line(metadata=None)),
        row("without a number", a_line(number="")),
    ],
)
def test_foreign_lines_are_not_counted(line):
    """A line without our own metadata is none of ours."""
    assert parts_of([line], "b") == {}


def test_lines_may_lack_what_is_not_needed():
    """A tax within the price adds nothing, and a line that came of no item has no item's id."""
    inside = a_line(taxes=[{"amount": 200, "tax_behavior": "inclusive"}])
    bare = a_line(part="line/2", taxes=None, parent=None, line="il_2")
    found = parts_of([inside, bare], "b")["2026-000001"]
    assert (found.share, found.ids["line/2"]) == (2000, ("", "il_2"))


@pytest.mark.parametrize(
    ("metadata", "whole"),
    [
        ({"be_books": "b", "be_invoice": "1", "be_part": "invoice"}, True),
        ({"be_books": "c", "be_invoice": "1", "be_part": "invoice"}, False),
        ({"be_books": "b", "be_invoice": "1", "be_part": "line/1"}, False),
        ({"be_books": "b", "be_invoice": "", "be_part": "invoice"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_which_invoice_is_ours_as_a_whole(metadata, whole):
    """Only our own metadata make an invoice one of ours; its number does not."""
    assert is_mirror({"metadata": metadata}, "b") is whole


def test_failed_charges_count_while_the_invoice_is_to_be_paid():
    """An attempt that went well is no failure."""
    counts = [failures_of(an_invoice(status, attempt_count=3)) for status in ("open", "uncollectible", "paid", "void")]
    assert counts == [3, 3, 0, 0]


NOON = int(datetime(2026, 11, 5, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        row("nothing is said", {}, date(2026, 11, 30)),
        row("the whole", {"status_transitions": {"paid_at": NOON}}, date(2026, 11, 5)),
        row("UTC counts", {"status_transitions": {"paid_at": NOON + 43_199}}, date(2026, 11, 5)),
        row("the next day", {"status_transitions": {"paid_at": NOON + 43_200}}, date(2026, 11, 6)),
        row(
            "the last part",
            {
                "payments": {
                    "data": [
                        {"status": "paid", "status_transitions": {"paid_at": NOON}},
                        {"status": "paid", "status_transitions": {"paid_at": NOON - 86_400}},
                        {"status": "canceled", "status_transitions": {"paid_at": NOON + 86_400}},
                    ]
                }
            },
            date(2026, 11, 5),
        ),
    ],
)
def test_the_day_of_a_payment(fields, day):
    """It is the day in UTC on which the last of it was paid, else today."""
    assert paid_on(an_invoice(**fields), date(2026, 11, 30)) == day


def amounts(**by_position):
    """Write amounts by position."""
    return {int(name[1:]): Decimal(amount) for name, amount in by_position.items()}


@pytest.mark.parametrize(
    ("amount", "asked", "left", "taken"),
    [
        row("by order", "150", {}, amounts(p1="100", p2="100"), amounts(p1="100", p2="50")),
        row("as asked", "50", amounts(p2="50"), amounts(p1="100", p2="100"), amounts(p2="50")),
        row("asked, then by order", "70", amounts(p2="50"), amounts(p1="100", p2="100"), amounts(p2="50", p1="20")),
        row(
            "asked for more than is left", "80", amounts(p2="80"), amounts(p1="100", p2="30"), amounts(p2="30", p1="50")
        ),
        row("less than asked", "10", amounts(p2="50"), amounts(p2="100"), amounts(p2="10")),
        row("more than there is", "500", {}, amounts(p1="100"), amounts(p1="100")),
        row("of a line that is gone", "50", amounts(p9="50"), amounts(p1="100"), amounts(p1="50")),
        row("nothing", "0", amounts(p1="5"), amounts(p1="100"), {}),
        row("below zero", "50", amounts(p1="-5"), amounts(p1="-10", p2="100"), amounts(p2="50")),
    ],
)
def test_an_amount_is_spread_over_lines(amount, asked, left, taken):
    """As they were asked for, then in their order, never more than is left of one."""
    assert allocate(Decimal(amount), asked, left) == taken


cents = st.decimals(min_value=0, max_value=1000, places=2)
by_line = st.dictionaries(st.integers(1, 6), cents, max_size=6)


@given(cents, by_line, by_line)
def test_spreading_loses_nothing(amount, asked, left):
    """All that finds room is spread, and no line gives more than is left of it."""
    taken = allocate(amount, asked, left)
    assert sum(taken.values()) == min(amount, sum(left.values()))
    assert all(0 < part <= left[position] for position, part in taken.items())


def test_the_lines_that_a_credit_note_names():
    """By position, parts of the same line together; sums by kind, other lines and sums of money name none."""
    parts = {"il_1": "line/1", "il_2": "line/2", "il_3": "kind/fee", "il_4": ""}
    named = [("il_2", 100), ("il_1", 250), ({"id": "il_2"}, 50), ("il_3", 70), ("il_4", 80), ("il_9", 90), (None, 10)]
    lines = [{"invoice_line_item": line, "amount": amount} for line, amount in named]
    assert asked_for(lines, parts, "eur") == amounts(p1="2.50", p2="1.50")
    assert asked_for(lines[:1], parts, "jpy") == amounts(p2="100")


@pytest.mark.parametrize(
    ("total", "named", "percent", "currency", "net"),
    [
        row("the tax is named", "120.00", "100.00", "20", "EUR", "100.00"),
        row("no tax is named though there is some", "120.00", "120.00", "20", "EUR", "100.00"),
        row("there is none", "120.00", "120.00", "0", "EUR", "120.00"),
        row("a cent less of tax than ours", "1.19", "1.00", "20", "EUR", "0.99"),
        row("no net amount comes to it", "0.03", "0.03", "20", "EUR", "0.03"),
        row("yen", "110", "110", "10", "JPY", "100"),
        row("half up", "333.33", "333.33", "20", "EUR", "277.78"),
    ],
)
def test_the_net_amount_of_a_credit_note(total, named, percent, currency, net):
    """The one that comes to the total with our tax, whatever Stripe says how much of it is tax."""
    assert net_of(Decimal(total), Decimal(named), Decimal(percent), currency) == Decimal(net)


@given(st.decimals(min_value=0, max_value=10**6, places=2), st.sampled_from(["0", "5", "7.7", "19", "20", "25"]))
def test_a_net_amount_is_found_again(net, percent):
    """Of what our own tax made of it: the total is the same, to the cent."""
    total = net + round_money(net * Decimal(percent) / 100, "EUR")
    found = net_of(total, total, Decimal(percent), "EUR")
    assert found + round_money(found * Decimal(percent) / 100, "EUR") == total
