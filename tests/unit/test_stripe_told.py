"""Events: where each says to look; whatever else stands in it is harmless or refused."""

import json
from itertools import product

import pytest
from books import row
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.stripe_sync.reading import told_by

NOON = 1_793_880_000


def an_event(kind="invoice.paid", thing=None, **fields):
    """Make an event as Stripe posts it."""
    thing = {"object": "invoice", "id": "in_1", "customer": "cus_1"} if thing is None else thing
    return {"id": "evt_1", "type": kind, "created": NOON, "data": {"object": thing}, **fields}


@pytest.mark.parametrize(
    ("event", "invoice"),
    [
        row("an invoice", an_event(), "in_1"),
        row("a credit note", an_event("credit_note.created", {"object": "credit_note", "invoice": "in_2"}), "in_2"),
        row("a payment", an_event("invoice_payment.paid", {"object": "invoice_payment", "invoice": "in_3"}), "in_3"),
        row("expanded", an_event("credit_note.voided", {"object": "credit_note", "invoice": {"id": "in_4"}}), "in_4"),
        row("a new type", an_event("invoice.teleported"), "in_1"),
        row("an item", an_event("invoiceitem.created", {"object": "invoiceitem", "invoice": "in_5"}), ""),
        row("a customer", an_event("customer.updated", {"object": "customer", "id": "cus_1"}), ""),
        row("a charge", an_event("charge.succeeded", {"object": "charge", "invoice": "in_6"}), ""),
        row("no object", an_event(data={}), ""),
        row("null", an_event(data=None), ""),
    ],
)
def test_where_an_event_says_to_look(event, invoice):
    """Only what tells of an invoice names one, and only its id is taken."""
    told = told_by(event)
    assert (told.event, told.type, told.created, told.invoice) == ("evt_1", event["type"], NOON, invoice)


WRONG = [None, 7, "text", [], [1], {}, {"object": 3}, True, 1e300, "\x00", "\ud800", "x" * 500, {"id": {"id": []}}]


@pytest.mark.parametrize(("name", "value"), [*product(("id", "type", "created", "data"), WRONG)])
def test_a_hostile_event_is_refused_or_harmless(name, value):
    """Whatever stands in an event, what comes of it can be kept in any database, or it is refused by name."""
    try:
        told = told_by(an_event(**{name: value}))
    except (ValueError, AttributeError, TypeError):  # what the webhook answers with 400
        return
    assert all(text.isprintable() and text.isascii() for text in (told.event, told.type, told.invoice))
    assert max(len(told.event), len(told.type), len(told.invoice)) <= 120
    assert type(told.created) is int
    assert 0 <= told.created < 2**63


@pytest.mark.parametrize("created", [-1, 2**70, True])
def test_an_impossible_moment_counts_for_none(created):
    """A database takes 64 bits, and the cursor must not jump to the end of time."""
    assert told_by(an_event(created=created)).created == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values)
def test_nothing_that_is_json_gets_through_unread(thing, customer):
    """Any object of an event is read, or refused with what the webhook catches."""
    event = json.loads(json.dumps(an_event(thing={"object": "invoice", "id": thing, "customer": customer})))
    try:
        told = told_by(event)
    except (ValueError, AttributeError, TypeError):
        return
    assert told.invoice.isprintable()
    assert len(told.invoice) <= 120
