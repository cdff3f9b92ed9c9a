"""Nobody knows whether a call was done: the same key for a day, then a look, and a new key only where it is missing."""

from contextlib import ExitStack

import pytest
from databases import ON_SQLITE
from stripe_month import LINES, OnCall, Template, bill_month, check_month, correct_month, posts, push

from billing_engine.model.delivery import DeliveryState
from billing_engine.stripe_sync import mirror

STEPS = {
    "draft": ("/v1/invoices", "/v1/invoices"),
    "lines": ("/add_lines", "/lines"),
    "finalize": ("/finalize", "/v1/invoices/in_"),
    "tax_rate": ("/v1/tax_rates", "/v1/tax_rates"),
    "item": ("/v1/invoiceitems", "/v1/invoiceitems"),
}
CORRECTIONS = {
    "credit_note": ("/v1/credit_notes", "/v1/credit_notes"),
    "void": ("/void", "/v1/invoices/in_"),
    "pay": ("/pay", "/v1/invoices/in_"),
    "lowered": ("/v1/invoiceitems", "/v1/invoiceitems"),
}
"""How the path of each step ends, and what is in the path of the look for what it makes."""


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


@pytest.fixture(scope="module")
def corrected(server, tmp_path_factory):
    """Issue, push and correct a month, once for all tests."""
    works = (bill_month, lambda books: books.push_until_done(), correct_month)
    made = Template(server, tmp_path_factory.mktemp("corrected"), *works)
    yield made
    made.close()


@pytest.fixture
def opened(server, tmp_path, fake):
    """Open books like a template's."""
    with ExitStack() as stack:
        yield lambda template, **more: stack.enter_context(template.opened(tmp_path, fake, **more))


@ON_SQLITE
@pytest.mark.parametrize("step", [*STEPS, *CORRECTIONS])
@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
@pytest.mark.parametrize("hours", [22, 25])
def test_unknown_is_sent_again_for_a_day_and_looked_for_after_it(request, opened, fake, step, kind, hours):
    """Within 24 hours goes the same key, for every step; after that it is looked for, and made anew only if missing."""
    ending, look = (STEPS | CORRECTIONS)[step]
    books = opened(request.getfixturevalue("corrected" if step in CORRECTIONS else "billed"))
    fake.faults = OnCall(fake, ending, kind)
    left = [one for one in push(books) if one.state is not DeliveryState.DONE]
    assert left
    assert all(one.state is DeliveryState.WAITING and "no clear answer" in one.reason for one in left)
    unknown = {one.key for one in fake.requests if one.path.endswith(ending) and one.method == "POST"}
    fake.faults, since = None, len(fake.requests)
    books.clock.pass_hours(hours)
    if hours > 24:
        fake.forget_keys()
    assert {one.state for one in push(books)} == {DeliveryState.DONE}
    again = [key for key in posts(fake, since) if key.rpartition(":")[0] in {key.rpartition(":")[0] for key in unknown}]
    if hours < 24:
        assert sorted(again) == sorted(unknown)
    else:
        renewed = [] if kind == "drop_after" else sorted(f"{key[:-1]}2" for key in unknown)
        assert sorted(again) == renewed
        first = next((n for n, one in enumerate(fake.requests) if one.key in again), len(fake.requests))
        assert any(one.method == "GET" and look in one.path for one in fake.requests[since:first])
    if step in CORRECTIONS:
        check_month(books)
    assert books.differences() == []


@ON_SQLITE
@pytest.mark.parametrize("step", [*STEPS, *CORRECTIONS])
@pytest.mark.parametrize("kind", ["error_500_after", "error_500_before"])
def test_error_that_sticks_to_a_key_is_looked_into(request, opened, fake, step, kind):
    """Of an error that Stripe keeps under the key somebody looks what came; only what is missing gets a second key."""
    ending, _ = (STEPS | CORRECTIONS)[step]
    books = opened(request.getfixturevalue("corrected" if step in CORRECTIONS else "billed"))
    fake.faults = OnCall(fake, ending, kind, times=1 if kind == "error_500_after" else None)
    if kind == "error_500_before":
        met = fake.faults.draw
        fake.faults.draw = lambda number: met(number) if _is_first_attempt(fake, number) else (None, False)
    assert {one.state for one in push(books)} == {DeliveryState.DONE}
    attempts = {}
    for one in fake.requests:
        if one.method == "POST" and one.path.endswith(ending):
            attempts.setdefault(one.key.rpartition(":")[0], []).append((one.key.rpartition(":")[2], one.status))
    expected = [("1", 500), ("1", 500)] + ([("2", 200)] if kind == "error_500_before" else [])
    assert list(attempts.values()) == [expected] * len(attempts)
    assert books.differences() == []


def _is_first_attempt(fake, number):
    return str(fake.requests[number - 1].key).endswith(":1")


@ON_SQLITE
def test_call_that_is_still_in_flight_is_waited_for(billed, opened, fake):
    """A 409 because the first try is still at work is tried later with the same key, and hears what came of it."""
    books = opened(billed)
    fake.faults = OnCall(fake, "/v1/invoices", "timeout", times=1)
    assert {one.state for one in push(books)} == {DeliveryState.DONE}
    tries = {}
    for one in fake.requests:
        if one.path == "/v1/invoices" and one.method == "POST":
            tries.setdefault(one.key, []).append((one.status, one.replayed))
    assert len(tries) == 4
    assert all(heard[0] == (None, False) and heard[-1] == (200, True) for heard in tries.values())
    assert {status for heard in tries.values() for status, _ in heard[1:-1]} == {409}
