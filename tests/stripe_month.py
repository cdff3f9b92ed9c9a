"""A month at the fake Stripe with all that is ever sent, what must come of it, and a watch on how it is sent."""

from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

from books import OCTOBER, SETTINGS
from sla_builders import book
from sqlalchemy import event, select
from stripe_books import StripeBooks
from stripe_fake import FakeStripe
from stripe_fake_form import decode
from stripe_fake_store import Store

from billing_engine import BillingEngine, open_database
from billing_engine.errors import StripeSilentError
from billing_engine.model.delivery import DeliveryKind, DeliveryOutcome, DeliveryState
from billing_engine.model.sla_terms import Setoff
from billing_engine.storage import stripe_facts, stripe_outbox
from billing_engine.storage.stripe_tables import calls
from billing_engine.stripe_sync.corrections import lowered
from billing_engine.stripe_sync.currency import to_stripe
from billing_engine.stripe_sync.gateway import Gateway
from billing_engine.stripe_sync.payloads import items_of

MIRRORED, ATTACHED = ("M1", "M2", "M3", "M4"), ("A1", "A2")
NEXT_DAY = date(2026, 11, 3)
PATIENCE = (2, 0.3)
MOST_PUSHES, MOST_REQUESTS = 30, 2_000
LINES = 2
"""How many lines a draft gets at a time here, so that three of them are two calls."""


class Clock:
    """Noon of the day after issuing, and whatever later a test wants; for our books and for Stripe."""

    def __init__(self):
        self.moment = datetime(2026, 11, 3, 12, tzinfo=UTC)

    def __call__(self):
        return self.moment

    def stamp(self):
        """Tell the time as Stripe does."""
        return self.moment.timestamp()

    def pass_hours(self, hours):
        """Go on."""
        self.moment += timedelta(hours=hours)


def bill_month(books, fees=("1000.00", "1234.56", "0.20", "77.77")):
    """Issue October for both modes: several lines, credits on either side of tax, one too small to be charged."""
    for customer, fee in zip(MIRRORED, fees, strict=True):
        books.add(customer, fee=fee)
    for customer, fee in zip(ATTACHED, ("777.77", "99.99"), strict=True):
        books.add(customer, "attach", fee=fee)
    books.take(expenses=["X1,M1,2026-10-06,Train,49.90", "X2,A1,2026-10-07,Hotel,80.05"])
    books.grant("50.00", customer="M1")
    books.grant("20.00", customer="M2", setoff=Setoff.AFTER_TAX)
    books.grant("10.00", customer="A1", setoff=Setoff.AFTER_TAX)
    return {customer: issued.number for customer, issued in books.bill().items()}


def bill_plain_month(books):
    """Issue the same without one that is paid at once, at which a push looks after all has been sent."""
    return bill_month(books, ("1000.00", "1234.56", "20.00", "77.77"))


def correct_month(books):
    """Credit a mirrored and an attached invoice in part, void one, and have one paid elsewhere."""
    numbers = {issued.draft.customer: issued.number for issued in books.billing.list_invoices(OCTOBER)}
    for customer, net in (("M1", "100.00"), ("A1", "33.33")):
        books.credit_note(books.billing.read_invoice(numbers[customer]), str(NEXT_DAY), {1: net})
    books.billing.stripe_records.void(numbers["M2"], "Wrong customer", NEXT_DAY)
    books.pay(books.billing.read_invoice(numbers["M4"]), str(NEXT_DAY))
    books.billing.stripe_records.settle(numbers["M4"])


def copied(store):
    """Copy all that a fake Stripe knows."""
    fresh = Store(store.clock)
    vars(fresh).update(deepcopy({name: kept for name, kept in vars(store).items() if name not in {"lock", "clock"}}))
    return fresh


def open_books(folder, url, fake, clock):
    """Open books whose clock stands still."""
    books = StripeBooks(folder, url, fake)
    books.clock = clock
    books.billing = BillingEngine(books.database, book(), SETTINGS, clock=clock)
    books.desk = books.open_desk(PATIENCE)
    return books


class Template:
    """A database and a Stripe account to begin from again and again."""

    def __init__(self, server, folder, *works):
        """Do works on new books, one after the other."""
        self._server, self._clock = server, Clock()
        self.url = server.create(folder)
        with FakeStripe(clock=self._clock.stamp) as fake:
            books = open_books(folder, self.url, fake, self._clock)
            for work in works:
                work(books)
            books.database.dispose()
            self._store = copied(fake.store)

    @contextmanager
    def opened(self, folder, fake, patience=PATIENCE):
        """Work with books like them for a while; nothing that was sent from them may be wrong."""
        fake.hold_seconds = patience[1] * 1.5
        books = self.open(folder, fake)
        books.desk = books.open_desk(patience)
        watch = Watch(books)
        try:
            yield books
            books.check()
        finally:
            books.database.dispose()
            watch.close()
            self._server.drop(books.url)
        assert watch.wrong == [], watch.wrong

    def open(self, folder, fake):
        """Open books like them, with a fake Stripe that is turned to what they know of theirs."""
        clock = Clock()
        fake.store = fake.calls.store = copied(self._store)
        fake.store.clock = clock.stamp
        return open_books(folder, self._server.create(folder, like=self.url), fake, clock)

    def close(self):
        """Leave nothing behind."""
        self._server.drop(self.url)


class Watch:
    """Looks at each call as it comes in: was it written before, is it needed, and is no transaction open meanwhile."""

    def __init__(self, books):
        self.wrong = []
        self._fake, self._own, self._out = books.fake, open_database(books.url), set()
        event.listen(books.database, "checkout", lambda connection, *_: self._out.add(id(connection)))
        event.listen(books.database, "checkin", lambda connection, *_: self._out.discard(id(connection)))
        # When it is sent: what a loaded machine serves late comes after its sender gave up and went on.
        self._ask = ask = Gateway._ask  # noqa: SLF001 - each call goes through it

        def asking(gateway, operation, params, options):
            if self._out:
                self.wrong.append(f"{operation}: a connection is in use")
            return ask(gateway, operation, params, options)

        Gateway._ask = asking  # noqa: SLF001 - as above
        perform = self._fake.calls.perform

        def watched(request, raw, fault, executes):
            self._look(request, raw)
            return perform(request, raw, fault, executes)

        self._fake.calls.perform = watched
        serve = self._fake._serve  # noqa: SLF001 - as a server does that gets half a request

        def whole(connection, method, path, headers, raw):
            if method == "POST" and len(raw) < int(headers.get("content-length", 0)):
                return False  # its sender was killed while it wrote
            return serve(connection, method, path, headers, raw)

        self._fake._serve = whole  # noqa: SLF001 - as above

    def close(self):
        """Leave the database, and calls as they were."""
        Gateway._ask = self._ask  # noqa: SLF001 - as above
        self._own.dispose()

    def _look(self, request, raw):
        if len(self._fake.requests) > MOST_REQUESTS:
            self._fake.faults, self._fake.calls.key = None, "no end in sight"  # nobody is let in any more
            self.wrong.append("too many requests")
        if request.method != "POST":
            return
        with self._own.connect() as connection:
            if connection.scalar(select(calls.c.state).where(calls.c.idempotency_key == request.key)) is None:
                self.wrong.append(f"{request.path}: {request.key} was not written before")
        if request.key not in self._fake.calls.entries and self._is_there(request.path, decode(raw)):
            self.wrong.append(f"{request.path}: {request.key} is for what is there already")

    def _is_there(self, path, params):
        store, object_id = self._fake.store, path.split("/")[3:4]
        if path.endswith(("/finalize", "/void", "/pay")):
            then = {"finalize": ("open", "paid", "void"), "void": ("void",), "pay": ("paid",)}[path.rpartition("/")[2]]
            return store.tables["invoice"][object_id[0]]["status"] in then
        if path.endswith("/add_lines"):
            there = [line["metadata"] for line in store.lines[object_id[0]]]
            return any(line["metadata"] in there for line in params["lines"])
        kind = {"invoices": "invoice", "invoiceitems": "invoiceitem", "tax_rates": "tax_rate"}
        table = store.tables[kind.get(path.split("/")[2], "credit_note")]
        return any(thing["metadata"] == params["metadata"] for thing in table.values())


def check_month(books):
    """Hold each document of the month against what is at Stripe: once, to the cent, and nothing else is there."""
    fake, billing = books.fake, books.billing
    with books.database.connect() as connection:
        deliveries = stripe_outbox.read_deliveries(connection, OCTOBER)
        name = stripe_facts.name_books(connection, SETTINGS.seller_id)
    assert {one.state for one in deliveries} == {DeliveryState.DONE}
    notes = {note.number: note for note in billing.receivables.credit_notes()}
    expected = {kind: [] for kind in ("invoice", "line", "item", "note")}
    for one in deliveries:
        issued = billing.read_invoice(one.invoice)
        of = (one.invoice, issued.draft.currency.lower())
        due = to_stripe(issued.amount_due, issued.draft.currency)
        if one.kind is DeliveryKind.INVOICE:
            items = items_of(one.invoice, issued.draft)
            if one.outcome is DeliveryOutcome.ATTACHED:
                expected["item"] += [(*of, item.part, item.amount) for item in items]
            else:
                expected["invoice"].append((*of, due, one.stripe_id))
                expected["line"] += [(one.invoice, item.part, item.amount, item.tax) for item in items]
        elif one.kind is DeliveryKind.CREDIT_NOTE and one.stripe_id.startswith("sub_"):
            net = to_stripe(notes[one.number].draft.net, issued.draft.currency)
            expected["item"].append((*of, f"{one.number}/taxed", -net))
        elif one.kind is DeliveryKind.CREDIT_NOTE:
            expected["note"].append((one.number, lowered(notes[one.number])[0], one.stripe_id))
        else:
            status, off = ("void", None) if one.kind is DeliveryKind.VOID else ("paid", due)
            found = fake.get(one.stripe_id)
            assert (found["status"], found["amount_paid_off_stripe"]) == (status, off)
    assert {kind: sorted(rows) for kind, rows in expected.items()} == _at_stripe(fake)
    assert all(invoice["status"] != "draft" for invoice in fake.all("invoice"))
    rates = fake.by_metadata("tax_rate", "be_part")
    assert all(len(same) == 1 for same in rates.values())
    _check_wire(books, name)


def _at_stripe(fake):
    def rows(kind, *fields):
        # Lines that are added make items, too, which are on their invoice already.
        shown = [one for one in fake.all(kind) if kind != "invoiceitem" or not one["invoice"]]
        return sorted(tuple(_read(one, field) for field in fields) for one in shown)

    return {
        "invoice": rows("invoice", "metadata.be_invoice", "currency", "total", "id"),
        "line": rows("line", "metadata.be_invoice", "metadata.be_part", "amount", "taxes"),
        "item": rows("invoiceitem", "metadata.be_invoice", "currency", "metadata.be_part", "amount"),
        "note": rows("credit_note", "metadata.be_credit_note", "total", "id"),
    }


def _read(thing, field):
    first, _, rest = field.partition(".")
    if first == "taxes":
        return sum(tax["amount"] for tax in thing[first])
    return _read(thing[first], rest) if rest else thing[first]


def _check_wire(books, name):
    """Each key is ours, is written down, and went out with one path and one set of parameters."""
    sent, posts = {}, [request for request in books.fake.requests if request.method == "POST"]
    for request in posts:
        sent.setdefault(request.key, []).append((request.path, request.params))
    with books.database.connect() as connection:
        kept = set(connection.scalars(select(calls.c.idempotency_key)))
    assert books.fake.without_key == 0
    assert all(key.startswith(f"be:{name}:") for key in sent)
    assert sent.keys() <= kept
    assert {key for key, same in sent.items() if any(pair != same[0] for pair in same)} == set()


def push(books):
    """Push the month; returns its deliveries."""
    return books.desk.push(OCTOBER)


def push_on(books):
    """Push until nothing is left, whatever a single push says."""
    for _ in range(MOST_PUSHES):
        try:
            if all(one.state is DeliveryState.DONE for one in push(books)):
                return
        except StripeSilentError:  # about what was paid at once; the next push goes on
            continue
    raise AssertionError(f"left after {MOST_PUSHES} pushes: {books.billing.stripe_records.status().left}")


def posts(fake, since=0):
    """Return the keys of what was to be made or changed, in order."""
    return [request.key for request in fake.requests[since:] if request.method == "POST"]


class OnCall:
    """A fault of one kind for the calls of one path, all or only the first of each key."""

    def __init__(self, fake, ending, kind, *, times=None):
        self._fake, self._ending, self._kind, self._times = fake, ending, kind, times
        self._met = {}

    def draw(self, number):
        """Return the fault of a request."""
        request = self._fake.requests[number - 1]
        if request.method != "POST" or not request.path.endswith(self._ending):
            return None, False
        self._met[request.key] = self._met.get(request.key, 0) + 1
        met = self._times is None or self._met[request.key] <= self._times
        return (self._kind if met else None), False
