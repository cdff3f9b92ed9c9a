"""Stripe and the network fail in all their ways: what is pushed again and again is there once, to the cent."""

import logging
from contextlib import ExitStack
from itertools import pairwise

import pytest
import stripe
import stripe_fake_errors
import stripe_fake_invoices
from databases import ON_POSTGRESQL, ON_SQLITE
from sqlalchemy import select
from stripe_fake import KINDS, Faults
from stripe_month import (
    ATTACHED,
    LINES,
    PATIENCE,
    OnCall,
    Template,
    bill_month,
    check_month,
    correct_month,
    posts,
    push,
    push_on,
)

from billing_engine.errors import BillingError, StripeAccessError
from billing_engine.model.delivery import DeliveryState
from billing_engine.storage.stripe_tables import outbox
from billing_engine.stripe_push import Pace
from billing_engine.stripe_sync import mirror

SEEDS = 50
HURRY = (2, 0.1)
"""Where it does not matter that an answer may come too late."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Add a few lines at a time, so that a draft takes several calls."""
    monkeypatch.setattr(mirror, "CHUNK", LINES)


@pytest.fixture(scope="module")
def billed(server, tmp_path_factory):
    """Issue a month, once for all tests."""
    made = Template(server, tmp_path_factory.mktemp("billed"), bill_month)
    yield made
    made.close()


@pytest.fixture
def opened(server, tmp_path, fake):
    """Open books like a template's."""
    with ExitStack() as stack:
        yield lambda template, **more: stack.enter_context(template.opened(tmp_path, fake, **more))


def go_through(books, faults):
    """Push a month and its corrections through faults; all must be there once, to the cent."""
    books.fake.faults = faults
    push_on(books)
    correct_month(books)
    push_on(books)
    books.fake.faults = None
    check_month(books)
    assert books.differences() == []
    sent = len(posts(books.fake))
    push(books)
    assert len(posts(books.fake)) == sent


@ON_SQLITE
@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_kind_of_fault_on_three_calls_of_ten(billed, opened, fake, seed):
    """Whatever fails, a push that is repeated ends with each object there once, under keys that were written before."""
    go_through(opened(billed, patience=HURRY), Faults(seed, 0.3))


@ON_POSTGRESQL
@pytest.mark.parametrize("seed", range(SEEDS, SEEDS + 3))
def test_every_kind_of_fault_on_postgresql(billed, opened, fake, seed):
    """The same holds on PostgreSQL."""
    go_through(opened(billed, patience=HURRY), Faults(seed, 0.3))


@ON_SQLITE
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_fault_on_six_calls_of_ten(billed, opened, fake, kind):
    """No kind of fault alone makes anything twice, however often it comes."""
    go_through(opened(billed, patience=HURRY), Faults(KINDS.index(kind), 0.6, [kind]))


@ON_SQLITE
@pytest.mark.parametrize("kind", ["rate_limited", "html_502", "conflict", "drop_before"])
def test_tries_are_further_and_further_apart(billed, opened, fake, kind):
    """What Stripe has no room for is tried again after pauses that double, not at once and not for ever."""
    books, passed, arrived = opened(billed), [0.0], {}
    pace = Pace(lambda: passed[0], lambda seconds: passed.__setitem__(0, passed[0] + seconds))
    fake.faults = OnCall(fake, "/v1/invoices", kind)
    fake.before_answer = lambda request: arrived.setdefault(request.key, []).append(passed[0])
    books.desk = books.billing.stripe(books.access, timeout=PATIENCE, pace=pace)
    push(books)
    (tries, *_) = [times for key, times in arrived.items() if key and ":draft:" in key]
    assert [later - earlier for earlier, later in pairwise(tries)] == [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8]


@ON_SQLITE
def test_refusal_is_not_sent_again_until_the_next_push(billed, opened, fake):
    """What Stripe refuses is sent once in a push, and by the next one with a new key: somebody may have mended it."""
    books = opened(billed)
    wrong = next(one for one in books.billing.list_invoices() if one.draft.customer == "M1").number
    foreign = {"customer": fake.add_customer()["id"], "currency": "eur", "number": wrong}
    foreign = stripe_fake_invoices.create(fake.store, foreign, "eur")
    for attempt in (1, 2):
        since = len(fake.requests)
        refused = books.push()[wrong]
        assert refused.state is DeliveryState.REFUSED
        assert wrong in refused.reason
        assert [key.rpartition(":")[2] for key in posts(fake, since) if f"{wrong}:draft" in key] == [str(attempt)]
    fake.delete(foreign["id"])
    assert {one.state for one in push(books)} == {DeliveryState.DONE}
    assert [key for key in posts(fake) if f"{wrong}:draft" in key][-1].endswith(":3")


@ON_SQLITE
@pytest.mark.parametrize("after", [0, 10])
def test_closed_account_ends_the_push_with_one_message(billed, opened, fake, after):
    """A key that Stripe does not accept ends the push at once, and leaves nothing claimed; a good one goes on."""
    books, key = opened(billed), fake.calls.key

    def close(request):
        if request.number == after:
            fake.calls.key = "sk_test_other"

    if after:
        fake.before_answer = close
    else:
        fake.calls.key = "sk_test_other"
    with pytest.raises(StripeAccessError, match="did not accept the key"):
        push(books)
    assert len(fake.requests) <= after + 16  # those that were on the line at that moment, and in the same wave
    with books.database.connect() as connection:
        assert set(connection.scalars(select(outbox.c.claimed_by))) == {""}
    fake.calls.key = key
    assert {one.state for one in push(books)} == {DeliveryState.DONE}
    assert books.differences() == []


@ON_SQLITE
@pytest.mark.parametrize("seed", range(3))
def test_secrets_are_shown_to_nobody(billed, opened, fake, caplog, seed):
    """The key is in no table, no log record of any library and no message, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    for name in ("stripe", "urllib3", "sqlalchemy.engine"):
        caplog.set_level(logging.DEBUG, name)
    books = opened(billed)
    fake.faults = Faults(seed, 0.4)
    push_on(books)
    correct_month(books)
    said = [refused_by(books, fake)]
    push_on(books)
    said += [repr(books.dump()), *(f"{record.getMessage()} {record.args}" for record in caplog.records)]
    assert {record.name.partition(".")[0] for record in caplog.records} >= {"stripe", "urllib3", "sqlalchemy"}
    assert [line for line in said if fake.key in line or fake.secret in line] == []


@ON_SQLITE
def test_secrets_that_stripe_repeats_are_taken_out(billed, opened, fake, monkeypatch):
    """Even where an answer holds the whole key, our message does not."""
    repeated = stripe_fake_errors.ApiError(f"Invalid API Key provided: {fake.key}", status=401, kept=False)
    monkeypatch.setattr(stripe_fake_errors, "unauthorized", lambda _: repeated)
    books = opened(billed)
    said = refused_by(books, fake)
    assert "Invalid API Key provided: ***" in said
    assert fake.key not in said + repr(books.dump())


def refused_by(books, fake):
    """Push while Stripe does not know the key; returns what that said."""
    faults, key = fake.faults, fake.calls.key
    fake.faults, fake.calls.key = None, "sk_test_other"
    with pytest.raises(BillingError) as caught:
        push(books)
    fake.faults, fake.calls.key = faults, key
    return repr(caught.value)


@ON_SQLITE
def test_patience_and_no_tries_of_the_library_itself(billed, opened, monkeypatch):
    """Five seconds to connect, thirty for an answer, and who tries again is always us."""
    made = {}
    monkeypatch.setattr(stripe, "StripeClient", lambda *_, **options: made.update(options))
    monkeypatch.setattr(stripe, "RequestsClient", lambda timeout, **_: timeout)
    books = opened(billed)
    books.billing.stripe(books.access)
    assert (made["http_client"], made["max_network_retries"]) == ((5, 30), 0)


@ON_SQLITE
def test_next_invoice_of_a_subscription_comes_to_our_figures(billed, opened, fake):
    """What was attached through faults makes Stripe's next invoice larger by what we billed, to the cent."""
    books = opened(billed)
    fake.faults = Faults(99, 0.3)
    push_on(books)
    fake.faults = None
    due = {one.draft.customer: one.amount_due for one in books.billing.list_invoices()}
    for customer, plan in zip(ATTACHED, fake.all("subscription"), strict=True):
        draft = fake.renew(plan["id"])
        assert draft["total"] - 1000 == due[customer] * 100
