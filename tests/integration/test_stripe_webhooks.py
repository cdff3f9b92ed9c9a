"""1,000 webhooks, shuffled, doubled and partly tampered, end in the right state for every invoice."""

import asyncio
import random
import threading
import time

from books import NOVEMBER
from stripe_books import CONTRACTS, HEADER

from billing_engine.model.delivery import DeliveryState
from billing_engine.stripe_events import Worked
from billing_engine.stripe_sync.webhooks import WebhookApp

PATH = "/stripe/webhook"
OF_EACH = 4


async def answer(app, body, signature, method="POST", path=PATH, pieces=1):
    """Ask an ASGI application as a server does; returns the status."""
    size = -(-len(body) // pieces) or 1
    parts = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    messages = iter(
        [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts],
    )
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    headers = [] if signature is None else [(b"Stripe-Signature", signature.encode())]
    await app({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
    return sent[0]["status"]


def post_all(app, posts):
    """Post everything, ten at a time; returns the statuses."""

    async def run():
        found = []
        for start in range(0, len(posts), 10):
            found += await asyncio.gather(*(answer(app, *post) for post in posts[start : start + 10]))
        return found

    return asyncio.run(run())


FATES = {
    "paid": lambda fake, one: fake.pay(one),
    "in parts": lambda fake, one: [fake.pay(one, 50000), fake.pay(one, 30000)],
    "failed": lambda fake, one: [fake.fail_payment(one), fake.fail_payment(one)],
    "failed, then paid": lambda fake, one: [fake.fail_payment(one), fake.pay(one)],
    "void": lambda fake, one: fake.void(one),
    "uncollectible": lambda fake, one: fake.mark_uncollectible(one),
    "uncollectible, then paid": lambda fake, one: [fake.mark_uncollectible(one), fake.pay(one)],
    "out of band": lambda fake, one: fake.pay(one, out_of_band=True),
    "credited": lambda fake, one: fake.credit(one, 60000),
    "paid and credited": lambda fake, one: [fake.pay(one), fake.credit(one, 60000)],
    "attached, paid": lambda fake, one: fake.pay(one),
    "attached, open": lambda fake, one: fake.fail_payment(one),
    "nothing to pay": lambda _fake, _one: None,
    "too small": lambda _fake, _one: None,
    "too small, then collected": lambda _fake, _one: None,
}
EXPECTED = {
    # our status, what came in, what was credited, how it was last seen at Stripe
    "paid": ("paid", "1200.00", "0.00", "paid"),
    "in parts": ("partly_paid", "800.00", "0.00", "open"),
    "failed": ("open", "0.00", "0.00", "open"),
    "failed, then paid": ("paid", "1200.00", "0.00", "paid"),
    "void": ("credited", "0.00", "1200.00", "void"),
    "uncollectible": ("open", "0.00", "0.00", "uncollectible"),
    "uncollectible, then paid": ("paid", "1200.00", "0.00", "paid"),
    "out of band": ("paid", "1200.00", "0.00", "paid"),
    "credited": ("open", "0.00", "600.00", "open"),
    "paid and credited": ("paid", "1200.00", "600.00", "paid"),
    "attached, paid": ("paid", "1200.00", "0.00", "paid"),
    "attached, open": ("open", "0.00", "0.00", "open"),
    "nothing to pay": ("paid", "0.00", "0.00", "paid"),
    "too small": ("open", "0.00", "0.00", "paid"),
    "too small, then collected": ("paid", "0.30", "0.00", "paid"),
}


def take_in(books):
    """Take in some customers for each fate; returns their fates by customer."""
    fates, customers, contracts = {}, [HEADER], [CONTRACTS]
    for count, fate in enumerate(name for name in FATES for _ in range(OF_EACH)):
        customer, at_stripe = f"C{count}", books.fake.add_customer()["id"]
        mode = "attach" if fate.startswith("attached") else "mirror"
        if mode == "attach":
            books.fake.add_subscription(at_stripe)
        fee = "0.25" if fate.startswith("too small") else "1000.00"
        customers.append(f"{customer},Name {count},CZ,EUR,{at_stripe},{mode},")
        contracts.append(f"K{count},{customer},trifft,premium,2026-01-01,2026-10-31,{fee},EUR")
        if fate == "too small, then collected":
            contracts.append(f"L{count},{customer},trifft,premium,2026-11-01,,1000.00,EUR")
        fates[customer] = fate
    books.take(customers=customers, contracts=contracts)
    for customer in [name for name, fate in fates.items() if fate == "nothing to pay"]:
        books.grant("1000.00", customer=customer)
    return fates


def live_through(books, fates):
    """Bill, push, and let happen at Stripe what has to; returns our numbers by fate."""
    numbers = {customer: issued.number for customer, issued in books.bill().items()}
    books.push()
    at_stripe = {number: one.stripe_id for number, one in books.push().items()}
    plans = {plan["id"] for plan in books.fake.all("subscription")}
    for customer, number in numbers.items():
        one = at_stripe[number]
        if one in plans:
            one = books.fake.finalize(books.fake.renew(one)["id"])["id"]
        FATES[fates[customer]](books.fake, one)
    later = books.bill(NOVEMBER, "2026-12-02")
    for number, one in books.push(NOVEMBER).items():
        assert one.state is DeliveryState.DONE
        assert number in {issued.number for issued in later.values()}
        books.fake.pay(one.stripe_id)
    return {fate: [number for customer, number in numbers.items() if fates[customer] == fate] for fate in FATES}


def invented(books, dice):
    """Make up events that Stripe may post and that are nothing to us."""
    known = dice.sample([event for event in books.fake.events if event["type"].startswith("invoice.")], 40)
    somebody = books.fake.add_customer()["id"]
    foreign = books.fake.add_subscription(somebody)["id"]
    theirs = books.fake.finalize(books.fake.renew(foreign)["id"])
    books.fake.pay(theirs["id"])
    yield from (event | {"id": f"evt_old_{n}", "created": 1_000_000_000 + n} for n, event in enumerate(known))
    yield from (event | {"id": f"evt_new_{n}", "type": "invoice.teleported"} for n, event in enumerate(known[:10]))
    for count in range(20):
        thing = {"object": "invoice", "id": f"in_gone{count}", "customer": "cus_nobody", "status": "processing"}
        yield {"id": f"evt_gone{count}", "type": "invoice.paid", "created": 1, "data": {"object": thing}}
        thing = {"object": "payout", "id": f"po_{count}", "amount": 5}
        yield {"id": f"evt_payout{count}", "type": "payout.paid", "created": 1, "data": {"object": thing}}
        lie = {**known[0]["data"]["object"], "status": "paid", "amount_paid": 10**9}  # hints are all that counts
        yield {**known[0], "id": f"evt_lie{count}", "type": "invoice.paid", "data": {"object": lie}}


def tampered(books, events, dice):
    """Make posts that nobody may believe: each must be answered with 400 and leave no trace."""
    now = int(time.time())
    for count, event in enumerate(events):
        body, signature = books.fake.signed({**event, "id": f"evt_tampered{count}"})
        place = dice.randrange(len(body))
        yield body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :], signature
        yield books.fake.signed({**event, "id": f"evt_tampered{count}"}, secret="whsec_of_another")  # noqa: S106
        yield books.fake.signed({**event, "id": f"evt_tampered{count}"}, timestamp=now - 600)
        yield body, None
        yield b"", signature
    for text in (
        "not json",
        "[" * 100_000,
        '{"id": 1}',
        "null",
        '"text"',
        "[]",
        "{}",
        '{"id": "e", "type": "t\\u0000"}',
    ):
        yield signed_text(books, text)
    yield b"\xff\xfe", signature


def signed_text(books, text):
    """Sign any text as Stripe would."""
    from stripe import WebhookSignature

    return text.encode(), WebhookSignature.generate_signature_header(text, books.fake.secret, int(time.time()))


def said_of(books, number):
    """Tell how far one of our invoices is, here and as it was seen at Stripe."""
    settlement = books.billing.read_invoice(number).settlement
    seen = books.billing.stripe_records.statuses([number])[number].status
    return books.status(number), f"{books.paid(number):.2f}", f"{settlement.credited:.2f}", seen


def test_a_thousand_webhooks_end_in_the_right_state(stripe_books):
    """Whatever the order, however often and whatever is mixed in: each of 60 invoices ends as it is at Stripe."""
    dice = random.Random(5)  # noqa: S311 - it must repeat, not surprise
    numbers = live_through(stripe_books, take_in(stripe_books))
    events = [*stripe_books.fake.events, *invented(stripe_books, dice)]
    good = [stripe_books.fake.signed(event) for event in events] * 2
    bad = list(tampered(stripe_books, dice.sample(events, 10), dice))
    posts = [(post, 200) for post in good] + [(post, 400) for post in bad]
    dice.shuffle(posts)
    assert len(posts) >= 1000
    app = WebhookApp(stripe_books.desk.events.take, PATH)
    half, problems, over = len(posts) // 2, [], threading.Event()
    stripe_books.fake.stop()  # nobody needs Stripe to answer
    assert post_all(app, [post for post, _ in posts[:half]]) == [status for _, status in posts[:half]]
    assert stripe_books.desk.events.work().applied == 0
    stripe_books.fake.start()
    workers = [threading.Thread(target=work, args=(stripe_books, over, problems)) for _ in range(3)]
    for worker in workers:
        worker.start()
    statuses = post_all(app, [post for post, _ in posts[half:]])
    over.set()
    for worker in workers:
        worker.join()
    assert problems == []
    assert statuses == [status for _, status in posts[half:]]
    assert stripe_books.desk.events.work() == Worked()
    found = {fate: {said_of(stripe_books, number) for number in of_fate} for fate, of_fate in numbers.items()}
    assert found == {fate: {EXPECTED[fate]} for fate in FATES}
    kept = {row.event: row.state for row in stripe_books.dump()["billing_stripe_inbox"]}
    assert kept.keys() == {event["id"] for event in events}
    assert set(kept.values()) == {"done", "ignored"}
    assert stripe_books.differences() == []


def work(books, over, problems):
    """Work on the inbox as one of several, until there is nothing more to come."""
    desk = books.open_desk()
    while True:
        ends = over.is_set()
        try:
            worked = desk.events.work()
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test
            problems.append(error)
            return
        if ends and not worked.put_off:
            return
