"""Whatever happens in whatever order: every cent is accounted for, and the order of import changes nothing."""

import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from books import Books, figures
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing_engine import Month
from billing_engine.errors import CreditSpentError
from billing_engine.model.money import plain
from billing_engine.model.sla_terms import Setoff

START = date(2026, 1, 1)
FEE = 100_00
MONTHS = [Month(2026, month) for month in range(1, 13)]


@dataclass
class Owed:
    """A credit as the oracle knows it, in cents."""

    number: str
    left: int
    setoff: Setoff
    currency: str
    granted_on: date
    applies_from: str
    expires_on: date | None
    used: Counter = field(default_factory=Counter)


def taken(credits_, mode, amount):
    """Take credits of one mode off an amount, oldest first (S2)."""
    found = []
    for credit in sorted(credits_, key=lambda c: (c.granted_on, c.number)):
        part = min(credit.left, amount) if credit.setoff == mode else 0
        if part:
            credit.left -= part
            credit.used["applied"] += part
            amount -= part
            found.append((credit.number, part))
    return found, amount


class Story:
    """One customer's credits, told to the books and to an oracle that counts cents by itself."""

    def __init__(self, books):
        self.books = books
        self.today = START
        self.credits = {}
        self.issued = []
        self.claimed = 0
        self.payments = 0

    def learn(self):
        """Let the oracle know of credits that the books granted meanwhile, for claims."""
        for credit in self.books.billing.sla.credits():
            if credit.credit not in self.credits:
                self.credits[credit.credit] = Owed(
                    credit.credit,
                    int(credit.amount * 100),
                    credit.setoff,
                    credit.currency,
                    credit.granted_on,
                    str(credit.applies_from or ""),
                    credit.expires_on,
                )

    def wait(self, days):
        """Let time pass."""
        self.today += timedelta(days=days)

    def grant(self, cents, setoff, currency, lasts, ahead=0):
        """Grant goodwill, as of today or of a day to come."""
        day = self.today + timedelta(days=ahead)
        expires_on = None if lasts is None else day + timedelta(days=lasts)
        self.books.grant(plain(Decimal(cents) / 100), str(day), setoff=setoff, currency=currency, expires_on=expires_on)

    def claim(self, amount):
        """Claim for the next month's uptime and have it decided, by hand where there is an amount."""
        if self.claimed == len(MONTHS) - 1:
            return
        month, after = MONTHS[self.claimed : self.claimed + 2]
        self.claimed += 1
        self.today = max(self.today, after.first_day + timedelta(days=5))
        self.books.take(claims=[f"CL-{month},C1,uptime,{month},,,{after}-03T10:00"])
        as_of = f"{self.today} 12:00"
        if amount is None:
            self.books.decide(as_of)
        else:
            self.books.by_hand(f"CL-{month}", accepted=True, amount=plain(Decimal(amount) / 100), as_of=as_of)

    def run(self, paid):
        """Issue the next month; hold its figures and setoffs against the oracle's."""
        if len(self.issued) == len(MONTHS):
            return
        month = MONTHS[len(self.issued)]
        self.today = max(self.today, month.first_day)
        for credit in self.credits.values():
            if credit.expires_on is not None and credit.expires_on < self.today:
                credit.used["expired"] += credit.left
                credit.left = 0
        usable = [
            credit
            for credit in self.credits.values()
            if credit.currency == "EUR" and credit.applies_from <= str(month) and credit.granted_on <= self.today
        ]
        before, net = taken(usable, Setoff.BEFORE_TAX, FEE)
        tax = (net * 20 + 50) // 100
        after, due = taken(usable, Setoff.AFTER_TAX, net + tax)
        invoice = self.books.issue(month, str(self.today))
        assert figures(invoice) == " ".join(plain(Decimal(cents) / 100) for cents in (net, tax, net + tax, due))
        assert [(s.credit, int(s.amount * 100)) for s in invoice.draft.setoffs] == before + after
        self.issued.append(invoice)
        if paid and invoice.amount_due:
            self._pay(invoice, invoice.amount_due)

    def pay(self, percent):
        """Pay a part of the oldest invoice that is open."""
        for known in self.issued:
            invoice = self.books.billing.read_invoice(known.number)
            if invoice.settlement.open:
                left = invoice.amount_due - invoice.paid
                self._pay(invoice, max(Decimal("0.01"), (left * percent / 100).quantize(Decimal("0.01"))))
                return

    def _pay(self, invoice, amount):
        self.payments += 1
        self.books.take(payments=[f"P{self.payments},{invoice.number},{self.today},{amount}"])

    def refund(self, which, percent):
        """Pay a part of a credit out; of one that is spent, expired or of a later day nothing can be."""
        if not self.credits:
            return
        credit = list(self.credits.values())[which % len(self.credits)]
        cents = max(1, credit.left * percent // 100)
        gone = self.today < credit.granted_on or (credit.expires_on is not None and credit.expires_on < self.today)
        amount = plain(Decimal(cents) / 100)
        if gone or cents > credit.left:
            with pytest.raises(CreditSpentError):
                self.books.refund(credit.number, amount, str(self.today))
            return
        self.books.refund(credit.number, amount, str(self.today))
        credit.left -= cents
        credit.used["refunded"] += cents

    def check(self):
        """Hold the whole ledger against the oracle's."""
        self.learn()
        self.books.check()
        total = Counter()
        for credit in self.books.billing.sla.credits():
            known = self.credits[credit.credit]
            assert int(credit.remaining * 100) == known.left
            assert int(credit.amount * 100) == known.left + known.used.total()
            total += known.used + Counter(available=known.left)
        accounts = {name: int(Decimal(amount) * 100) for name, amount in self.books.accounts().items()}
        assert -accounts.pop("granted", 0) == total.total()
        assert {name: cents for name, cents in accounts.items() if cents} == dict(total)


CENTS = st.one_of(st.sampled_from([1, FEE - 1, FEE, FEE + 1, 120_00, 250_00]), st.integers(1, 300_00))
STEPS = st.one_of(
    st.tuples(
        st.just("grant"),
        CENTS,
        st.sampled_from(Setoff),
        st.sampled_from(["EUR", "EUR", "EUR", "USD"]),
        st.sampled_from([None, None, 0, 1, 30, 31, 90]),
        st.sampled_from([0, 0, 0, 1, 35]),
    ),
    st.tuples(st.just("claim"), st.sampled_from([None, None, 1, 55_55, 150_00])),
    st.tuples(st.just("run"), st.booleans()),
    st.tuples(st.just("run"), st.booleans()),
    st.tuples(st.just("pay"), st.sampled_from([1, 33, 100])),
    st.tuples(st.just("refund"), st.integers(0, 5), st.sampled_from([0, 50, 100])),
    st.tuples(st.just("wait"), st.integers(0, 40)),
)


@contextmanager
def copied(server, like=None):
    """Open books on a database of their own, like another or empty, and remove both at the end."""
    with tempfile.TemporaryDirectory() as folder:
        url = server.create(Path(folder), like=like)
        books = Books(Path(folder), url)
        try:
            yield books
        finally:
            books.database.dispose()
            server.drop(url)


@pytest.fixture(scope="module")
def template(server, tmp_path_factory):
    """Make a database with one customer whose service is down for three days of each month; it once paid in dollars."""
    folder = tmp_path_factory.mktemp("template")
    books = Books(folder, server.create(folder))
    books.take(
        customers=["C1,Aurora,CZ,"],
        contracts=["K0,C1,trifft,premium,2025-01-01,2025-12-31,90.00,USD", "K1,C1,trifft,premium,2026-01-01,,100.00,"],
        outages=[f"O{month},C1,{month}-05T00:00,{month}-08T00:00,," for month in MONTHS],
    )
    books.database.dispose()
    yield books.url
    server.drop(books.url)


RUN = ("run", True)
EARLIER = [
    [RUN, ("claim", None), ("claim", None), RUN, RUN, ("pay", 100), RUN],
    [("grant", 300_00, Setoff.BEFORE_TAX, "EUR", 31), ("run", False), ("run", False), ("run", False)],
]


def test_every_cent_of_every_credit_is_accounted_for(server, template):
    """Granted = applied + remaining + expired + refunded, and every invoice is what an oracle in cents makes of it."""

    @given(steps=st.lists(STEPS, min_size=4, max_size=16))
    @settings(max_examples=80 // server.slowness)
    @example(steps=EARLIER[0])
    @example(steps=EARLIER[1])
    def holds(steps):
        with copied(server, template) as books:
            story = Story(books)
            for name, *arguments in steps:
                getattr(story, name)(*arguments)
                story.check()

    holds()


# --- order of import --------------------------------------------------------------------------------------------------

CUSTOMERS = ["C1,Aurora,CZ,EUR", "C2,Balkan,UA,USD", "C3,Corvina,CZ,EUR"]
CONTRACTS = [
    "K1,C1,trifft,premium,2026-01-01,2026-11-10,1000.00,",
    "K2,C1,trifft,standard,2026-11-11,,333.33,",
    "K3,C2,dpo-group,server,2026-01-01,,100.00,",
    "K4,C2,dpo-group,vps,2026-01-01,,50.50,",
    "K5,C3,trifft,standard,2026-01-01,,77.77,",
]
FILES = {
    "tickets": [
        "T1,C2,critical,helpdesk,2026-10-05T10:00,2026-10-05T12:00,2026-10-05T12:30,",
        "T2,C2,critical,helpdesk,2026-10-06T10:00,2026-10-06T10:50,2026-10-06T12:30,K4",
        "T3,C2,high,email,2026-10-07T10:00,2026-10-07T12:00,2026-10-07T12:30,",
        "T4,C2,low,helpdesk,2026-10-01T10:00,,,K3",
        "T5,C2,critical,helpdesk,2026-10-20T10:00,2026-10-20T11:00,2026-10-20T12:30,",
    ],
    "ticket_pauses": [
        "T2,2026-10-06T10:05,2026-10-06T10:20",
        "T2,2026-10-06T10:30,2026-10-06T10:31",
        "T5,2026-10-20T10:15,2026-10-20T10:55",
    ],
    "outages": [
        "O1,C1,2026-10-05T00:00,2026-10-08T00:00,,",
        "O2,C1,2026-10-07T12:00,2026-10-13T12:00,outage,",
        "O3,,2026-10-20T00:00,2026-10-20T09:00,maintenance,2026-10-17T00:00",
        "O4,,2026-10-21T00:00,2026-10-21T09:00,maintenance,2026-10-20T00:00",
        "O5,C3,2026-10-30T22:00,2026-11-02T02:00,,",
    ],
    "claims": [
        "A1,C1,uptime,2026-10,,,2026-11-05T10:00",
        "A2,C1,uptime,2026-10,,,2026-11-04T10:00",
        "A3,C3,uptime,2026-10,,,2026-11-15T23:59:59",
        "A4,C3,uptime,2026-09,,,2026-11-15T23:59:59",
        "B1,C2,ticket,,T2,2026-10-06,2026-10-25T12:00",
        "B2,C2,ticket,,T1,2026-10-05,2026-10-25T12:00",
        "B3,C2,ticket,,T1,2026-10-05,2026-10-24T12:00",
        "B4,C2,ticket,,T3,2026-10-07,2026-10-24T12:00",
        "B5,C2,ticket,,T5,2026-10-20,2026-10-24T12:00",
        "B6,C2,ticket,,T4,2026-10-01,2026-10-24T12:00",
    ],
    "payments": [
        "P1,2026-000001,2026-10-02,500.00",
        "P2,2026-000001,2026-11-08,700.00",
        "P3,2026-000002,2026-10-03,90.30",
        "P4,2026-000002,2026-10-06,90.30",
        "P5,2026-000003,2026-10-09,93.32",
    ],
}
TOLD = (
    "billing_claim_decisions",
    "billing_credits",
    "billing_ledger",
    "billing_invoices",
    "billing_invoice_lines",
    "billing_invoice_setoffs",
)


def outcome(server, folders, master=None):
    """Import folders one after the other between two runs; returns decisions, credits, ledger and invoices."""
    with copied(server) as books:
        for part in master or [{"customers": CUSTOMERS, "contracts": CONTRACTS}]:
            books.take(**part)
        books.issue("2026-10")
        for part in folders:
            books.take(**part)
        books.decide("2026-11-20 12:00")
        for month in ("2026-11", "2026-12", "2027-01"):
            books.issue(month, f"{month}-28")
        books.check()
        return {name: rows for name, rows in books.dump().items() if name in TOLD}


@pytest.fixture(scope="module")
def reference(server):
    """Import everything at once, as it is written here."""
    found = outcome(server, [FILES])
    decided = {row.claim: (row.accepted, row.amount_minor) for row in found["billing_claim_decisions"]}
    assert decided == {
        "A1": (False, 0),
        "A2": (True, 800_00),
        "A3": (True, 15_55),
        "A4": (False, 0),
        "B1": (True, 12_63),
        "B2": (False, 0),
        "B3": (False, 0),
        "B4": (False, 0),
        "B5": (False, 0),
        "B6": (False, 0),
    }
    return found


@st.composite
def shuffled(draw):
    """Shuffle rows within files, and files into one folder or several; pauses need their tickets before them."""
    files = {name: draw(st.permutations(rows)) for name, rows in FILES.items()}
    order = draw(st.permutations(list(FILES)))
    if draw(st.booleans()):
        return [{name: files[name] for name in order}]
    after_tickets = order.index("tickets") + 0.5
    halves = []
    for name in sorted(order, key=lambda name: after_tickets if name == "ticket_pauses" else order.index(name)):
        cut = draw(st.integers(0, len(files[name]))) if name != "tickets" else 0
        halves += [{name: part} for part in (files[name][:cut], files[name][cut:]) if part]
    return halves


def test_order_of_import_changes_nothing(server, reference):
    """The same rows in any order, in one folder or many, give the same decisions, credits and invoices, to the cent."""

    @given(shuffled(), st.permutations(CUSTOMERS), st.permutations(CONTRACTS))
    @settings(max_examples=20 // server.slowness)
    def holds(folders, customers, contracts):
        assert outcome(server, folders, [{"customers": customers}, {"contracts": contracts}]) == reference

    holds()
