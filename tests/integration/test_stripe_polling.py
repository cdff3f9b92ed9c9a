"""Events that were not posted, events that were given up, and what the commands say and exit with."""

import json

import pytest
from databases import ON_SQLITE
from typer.testing import CliRunner

from billing_engine.cli.app import app
from billing_engine.errors import StripeSilentError
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.storage import stripe_facts
from billing_engine.storage.stripe_inbox import MOST_TRIES

pytestmark = ON_SQLITE
MONTH = ("--month", "2026-10")


def pushed(books, customer="C1", **more):
    """Bill a customer and mirror that; returns our number and the id at Stripe."""
    books.add(customer, **more)
    number = books.bill()[customer].number
    books.push()
    return number, books.mirrored(number)["id"]


def answer(books, *arguments, code=0):
    """Type a command that answers in JSON."""
    settings = books.folder / "billing.toml"
    settings.write_text(SAMPLE, encoding="utf-8")
    where = ["--database", books.url, "--settings", str(settings)]
    done = CliRunner().invoke(app, [*where, "stripe", *arguments, "--format", "json"], env=books.environment)
    assert done.exit_code == code, (arguments, done.output, done.exception)
    return json.loads(done.stdout)


def states(books):
    """Return what became of each event, and how often that was tried."""
    return {row.event: (row.state, row.tries) for row in books.dump()["billing_stripe_inbox"]}


def cursor(books):
    """Tell up to when events were read."""
    with books.database.connect() as connection:
        return stripe_facts.read_cursor(connection)


def test_polling_brings_in_what_was_lost_and_moves_the_cursor(stripe_books):
    """Once, however often it is polled; and the cursor stands at the last event."""
    number, stripe_id = pushed(stripe_books)
    stripe_books.fake.pay(stripe_id)
    assert cursor(stripe_books) == 0
    assert stripe_books.desk.events.poll() > 0
    assert cursor(stripe_books) == max(event["created"] for event in stripe_books.fake.events)
    assert stripe_books.desk.events.poll() == 0
    stripe_books.desk.events.work()
    assert stripe_books.status(number) == "paid"


def test_polling_reads_again_what_may_have_been_listed_late(stripe_books):
    """Only a little before the cursor: the whole history is read once."""
    pushed(stripe_books)
    stripe_books.desk.events.poll()
    stripe_books.desk.events.poll()
    first, second = [one.params["created"]["gte"] for one in stripe_books.fake.requests if one.path.endswith("/events")]
    now = cursor(stripe_books)
    assert abs(int(first) - (now - 30 * 86_400)) < 100
    assert int(second) == now - 600


def test_the_cursor_stays_where_reading_failed(stripe_books):
    """What was not read is read the next time."""
    _, stripe_id = pushed(stripe_books)
    stripe_books.fake.pay(stripe_id)
    stripe_books.fake.stop()
    with pytest.raises(StripeSilentError):
        stripe_books.desk.events.poll()
    assert cursor(stripe_books) == 0
    stripe_books.fake.start()
    assert stripe_books.desk.events.poll() > 0


def test_more_events_than_are_read_at_once_are_all_worked_on(stripe_books):
    """One look at the inbox does not end after its first events."""
    number, stripe_id = pushed(stripe_books)
    stripe_books.fake.pay(stripe_id)
    thing = {"object": "invoice", "id": "in_gone"}
    events = [{"id": f"evt_{n}", "type": "invoice.paid", "created": 1, "data": {"object": thing}} for n in range(501)]
    worked = stripe_books.hear(*events, *stripe_books.fake.events)
    assert (worked.ignored, stripe_books.status(number)) == (501, "paid")


def test_events_are_tried_again_while_stripe_is_away(stripe_books):
    """That Stripe does not answer says nothing about an event: it is never given up for that."""
    number, stripe_id = pushed(stripe_books)
    stripe_books.fake.pay(stripe_id)
    event = stripe_books.fake.events[-1]
    stripe_books.fake.stop()
    stripe_books.hear(event)
    for _ in range(MOST_TRIES + 2):
        assert stripe_books.desk.events.work().put_off == 1
    assert states(stripe_books)[event["id"]] == ("new", 0)
    stripe_books.fake.start()
    stripe_books.desk.events.work()
    assert stripe_books.status(number) == "paid"


def test_what_is_wrong_with_one_invoice_does_not_stop_the_others(stripe_books):
    """One that can not be read is tried a bounded number of times, then given up until somebody reconciles."""
    number, stripe_id = pushed(stripe_books)
    stripe_books.add("C2")
    other = stripe_books.bill()["C2"].number
    stripe_books.push()
    for one in (stripe_id, stripe_books.mirrored(other)["id"]):
        stripe_books.fake.pay(one)
    stripe_books.fake.tamper(stripe_id, total="nonsense")
    stripe_books.hear()
    assert [stripe_books.status(one) for one in (number, other)] == ["open", "paid"]
    for _ in range(MOST_TRIES):
        stripe_books.desk.events.work()
    given_up = {event for event, (state, _) in states(stripe_books).items() if state == "failed"}
    assert given_up
    assert answer(stripe_books, "status", code=1)["events"]["failed"] == len(given_up)
    stripe_books.fake.tamper(stripe_id, total=120000)
    assert answer(stripe_books, "reconcile", *MONTH)["clean"] is True
    assert stripe_books.status(number) == "paid"
    assert {state for state, _ in states(stripe_books).values()} == {"done", "ignored"}


def test_reconciling_brings_in_a_lost_payment_by_itself(stripe_books):
    """It reads events first; what they told is no difference any more."""
    number, stripe_id = pushed(stripe_books)
    stripe_books.fake.pay(stripe_id)
    found = answer(stripe_books, "reconcile", *MONTH)
    assert (found["clean"], found["events"]["applied"] > 0, found["events"]["put_off"]) == (True, True, 0)
    assert stripe_books.status(number) == "paid"


def test_reconciling_names_what_no_event_told(stripe_books):
    """Events that Stripe does not list any more: the difference stands there with the command, and exit code 1."""
    number, stripe_id = pushed(stripe_books)
    stripe_books.fake.pay(stripe_id)
    stripe_books.fake.store.tables["event"].clear()
    found = answer(stripe_books, "reconcile", *MONTH, code=1)
    assert found == {
        "month": "2026-10",
        "checked": 1,
        "events": {"applied": 0, "ignored": 0, "put_off": 0},
        "left_to_send": [],
        "differences": [
            {
                "invoice": number,
                "stripe_id": stripe_id,
                "what": what,
                "ours": ours,
                "stripe": theirs,
                "command": "billing-engine stripe pull --month 2026-10",
            }
            for what, ours, theirs in (("status", "open", "paid"), ("paid", "0.00", "1200.00"))
        ],
        "clean": False,
    }
    assert answer(stripe_books, "pull", *MONTH) == {"month": "2026-10", "applied": 1, "ignored": 0, "put_off": 0}
    assert answer(stripe_books, "reconcile", *MONTH)["clean"] is True


def test_exit_codes_while_something_is_left_to_send(stripe_books):
    """`status`, `push` and `reconcile` exit with 0 only when nothing is left; the JSON says what and why."""
    stripe_books.add("C1", linked="cus_gone")
    number = stripe_books.bill()["C1"].number
    waiting = answer(stripe_books, "status", code=1)
    assert waiting.keys() == {"mode", "deliveries", "left_to_send", "events", "events_read_until", "settled"}
    assert (waiting["deliveries"]["waiting"], waiting["settled"], waiting["events_read_until"]) == (1, False, None)
    left = answer(stripe_books, "push", *MONTH, code=1)
    assert left["left_to_send"] == 1
    (refused,) = left["deliveries"]
    assert (refused["kind"], refused["number"], refused["state"]) == ("invoice", number, "refused")
    assert "cus_gone" in refused["reason"]
    found = answer(stripe_books, "reconcile", *MONTH, code=1)
    assert ([one["number"] for one in found["left_to_send"]], found["clean"]) == ([number], False)
    assert answer(stripe_books, "status", code=1)["deliveries"]["refused"] == 1
    stripe_books.billing.stripe_records.link("C1", stripe_books.fake.add_customer()["id"])
    assert answer(stripe_books, "push", *MONTH)["left_to_send"] == 0
    assert answer(stripe_books, "reconcile", *MONTH)["clean"] is True
    settled = answer(stripe_books, "status")
    assert (settled["mode"], settled["settled"], settled["deliveries"]["done"]) == ("test", True, 1)


def test_status_is_not_settled_while_events_wait(stripe_books):
    """What Stripe told and nobody worked on is left to do."""
    pushed(stripe_books)
    stripe_books.desk.events.take(*stripe_books.fake.signed(stripe_books.fake.events[-1]))
    assert answer(stripe_books, "status", code=1)["events"]["new"] == 1
    stripe_books.desk.events.work()
    assert answer(stripe_books, "status")["settled"] is True


def test_reconciling_while_stripe_is_away_says_so(stripe_books):
    """It does not call clean what it could not look at."""
    pushed(stripe_books)
    stripe_books.fake.stop()
    where = ["--database", stripe_books.url, "stripe", "reconcile", *MONTH]
    done = CliRunner().invoke(app, where, env=stripe_books.environment)
    assert done.exit_code == 1
    assert isinstance(done.exception, StripeSilentError)
    assert "events could not be read" in done.output
