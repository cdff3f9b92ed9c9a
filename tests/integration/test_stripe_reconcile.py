"""Reconciling: each way to differ is named, and the command beside it mends it."""

import json
import shlex
from datetime import date

import pytest
import stripe
from books import OCTOBER
from databases import ON_SQLITE
from typer.testing import CliRunner

from billing_engine.cli.app import app
from billing_engine.intake.sample_settings import SAMPLE

pytestmark = ON_SQLITE
MONTH = ("--month", "2026-10")
TODAY = date(2026, 11, 10)


class Desk:
    """Books with one invoice at Stripe, and somebody who types commands."""

    def __init__(self, books, mode, contracts=1):
        self.books, self.fake = books, books.fake
        self.customer = books.add("C1", mode)
        rows = [f"K-{n},C1,trifft,premium,2026-01-01,,1000.00,EUR" for n in range(1, contracts)]
        if rows:
            books.take(contracts=rows)
        self.number = books.bill()["C1"].number
        books.push()
        self.settings = books.folder / "billing.toml"
        self.settings.write_text(SAMPLE, encoding="utf-8")
        self.api = stripe.StripeClient(self.fake.key, base_addresses={"api": self.fake.url}).v1

    @property
    def id(self):
        """Return the id of the invoice that is mirrored."""
        return self.books.mirrored(self.number)["id"]

    @property
    def item(self):
        """Return the id of the first item that is attached."""
        return self.fake.all("invoiceitem")[0]["id"]

    def run(self, *arguments, code=0):
        """Type a command; returns what it says."""
        where = ["--database", self.books.url, "--settings", str(self.settings)]
        done = CliRunner().invoke(app, [*where, *arguments], env=self.books.environment)
        assert done.exit_code == code, (arguments, done.output, done.exception)
        return done.stdout

    def answer(self, *arguments, code=0):
        """Type a command that answers in JSON."""
        return json.loads(self.run(*arguments, "--format", "json", code=code))

    def found(self):
        """Return what differs, with the commands; no event is read."""
        return self.books.desk.reconcile(OCTOBER).differences

    def mend(self):
        """Type the command beside the first difference until nothing differs; returns them."""
        typed = []
        while (found := self.found()) and len(typed) < 5:
            program, *arguments = shlex.split(found[0].command)
            assert program == "billing-engine"
            typed.append(" ".join(arguments[:2]))
            self.run(*arguments)
        assert list(self.found()) == []
        return typed

    def credit(self, amount="100.00"):
        """Credit a part here and send that; returns the id at Stripe."""
        self.books.credit_note(self.books.billing.read_invoice(self.number), "2026-11-05", {1: amount})
        self.books.push()
        return self.fake.all("credit_note")[-1]["id"]

    def double(self, **more):
        """Make a second invoice with our metadata, as nobody should."""
        has = self.fake.get(self.id)["metadata"]
        draft = self.api.invoices.create({"customer": self.customer, "currency": "eur", "metadata": dict(has), **more})
        self.api.invoices.add_lines(draft["id"], {"lines": [{"amount": 500, "description": "again"}]})
        return draft["id"]


@pytest.fixture
def desk(stripe_books):
    """Mirror an invoice over 1,200 EUR."""
    return Desk(stripe_books, "mirror")


@pytest.fixture
def attached(stripe_books):
    """Attach an invoice with two lines."""
    return Desk(stripe_books, "attach", contracts=2)


def gone(desk):
    desk.fake.tamper(desk.id, status="draft")
    desk.fake.delete(desk.id)


def drafted(desk):
    desk.fake.tamper(desk.id, status="draft")


def paid_here(desk):
    desk.books.pay(desk.books.billing.read_invoice(desk.number), "2026-11-10")


def credited_here(desk):
    desk.books.credit_note(desk.books.billing.read_invoice(desk.number), "2026-11-10")


def note_voided(desk):
    desk.api.credit_notes.void_credit_note(desk.credit())


def note_changed(desk):
    desk.fake.tamper(desk.credit(), total=5000)


AGAIN, PUSH, PULL, CANCEL, SETTLE = "stripe push", "stripe push", "stripe pull", "stripe cancel", "stripe settle"


@pytest.mark.parametrize(
    ("happens", "differs", "commands"),
    [
        (gone, ["existence"], [AGAIN]),
        (drafted, ["status"], [AGAIN]),
        (lambda desk: desk.double(), ["existence"], [CANCEL]),
        (lambda desk: desk.fake.finalize(desk.double()), ["existence"], [CANCEL]),
        (lambda desk: desk.fake.pay(desk.id), ["status", "paid"], [PULL]),
        (lambda desk: desk.fake.pay(desk.id, 50000), ["paid"], [PULL]),
        (lambda desk: desk.fake.pay(desk.id, out_of_band=True), ["status", "paid"], [PULL]),
        (lambda desk: desk.fake.void(desk.id), ["status"], [PULL]),
        (lambda desk: [desk.fake.mark_uncollectible(desk.id), desk.fake.pay(desk.id)], ["status", "paid"], [PULL]),
        (lambda desk: desk.fake.credit(desk.id, 60000), ["credit_notes"], [PULL]),
        (lambda desk: desk.fake.credit(desk.id, 120000), ["status", "credit_notes"], [PULL]),
        (paid_here, ["status"], [SETTLE, PUSH]),
        (credited_here, ["sending"], [PUSH]),
        (note_voided, ["credit_notes"], [AGAIN]),
        (note_changed, ["credit_notes"], [CANCEL, AGAIN]),
        (lambda desk: desk.books.billing.stripe_records.void(desk.number, "wrong", TODAY), ["sending"], [PUSH]),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else None,
)
def test_what_differs_of_a_mirrored_invoice_is_named_and_mended(desk, happens, differs, commands):
    """Exactly that difference is seen, the command beside it is typed, and afterwards nothing differs."""
    assert desk.found() == []
    happens(desk)
    assert [one.what for one in desk.found()] == differs
    assert desk.mend() == commands
    assert desk.answer("stripe", "reconcile", *MONTH)["clean"] is True
    standing = [one for one in desk.fake.by_metadata("invoice", "be_invoice")[desk.number] if one["status"] != "void"]
    assert len(standing) <= 1


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"number": "X-1"}, ("number", "2026-000001", "X-1")),
        ({"currency": "usd"}, ("currency", "EUR", "USD")),
        ({"total": 120001}, ("total", "1200.00", "1200.01")),
        ({"total": 12}, ("total", "1200.00", "0.12")),
        ({"total_taxes": []}, ("tax", "200.00", "0.00")),
    ],
)
def test_what_only_a_credit_note_can_mend_is_named(desk, changed, difference):
    """What is finalized stays as it is: somebody decides what to credit."""
    number, stripe_id = desk.number, desk.id
    desk.fake.tamper(stripe_id, **changed)
    (found,) = desk.found()
    assert (found.what, found.ours, found.stripe) == difference
    assert (found.invoice, found.stripe_id) == (number, stripe_id)
    assert found.command == f'billing-engine credit-note create {number} --reason "..."'
    assert desk.answer("stripe", "reconcile", *MONTH, code=1)["clean"] is False


def item_gone(desk):
    desk.api.invoice_items.delete(desk.item)


def item_changed(desk):
    desk.fake.tamper(desk.item, amount=5)


def item_doubled(desk):
    one = desk.fake.get(desk.item)
    params = {name: one[name] for name in ("customer", "currency", "amount", "metadata")}
    desk.api.invoice_items.create(params)


def all_paid(desk):
    (plan,) = desk.fake.all("subscription")
    desk.fake.pay(desk.fake.finalize(desk.fake.renew(plan["id"])["id"])["id"])


@pytest.mark.parametrize(
    ("happens", "differs", "commands"),
    [
        (item_gone, ["existence"], [AGAIN]),
        (item_changed, ["amount"], [CANCEL, AGAIN]),
        (item_doubled, ["existence"], [CANCEL]),
        (all_paid, ["status"], [PULL]),
    ],
)
def test_what_differs_of_attached_lines_is_named_and_mended(attached, happens, differs, commands):
    """Each item is there once with its amount, and what was paid for it is known."""
    assert attached.found() == []
    happens(attached)
    assert [one.what for one in attached.found()] == differs
    assert attached.mend() == commands
    assert attached.answer("stripe", "reconcile", *MONTH)["clean"] is True
    assert sorted(item["amount"] for item in attached.fake.all("invoiceitem")) == [100000, 100000]


def test_what_was_never_sent_is_named(stripe_books):
    """An invoice that is only put down is a difference of its own, with the reason where there is one."""
    desk = Desk(stripe_books, "mirror")
    stripe_books.add("C2", linked="cus_gone")
    number = stripe_books.bill()["C2"].number
    stripe_books.push()
    (found,) = desk.found()
    assert (found.invoice, found.what) == (number, "sending")
    assert "cus_gone" in found.stripe
    desk.run("stripe", "link", "C2", stripe_books.fake.add_customer()["id"])
    assert desk.mend() == [PUSH]


def test_a_part_that_came_in_elsewhere_is_named(desk):
    """Stripe would ask for all of it: somebody has to look, because Stripe can not be told of a part."""
    desk.books.pay(desk.books.billing.read_invoice(desk.number), "2026-11-10", "200.00")
    (found,) = desk.found()
    assert (found.what, found.ours, found.stripe) == ("open", "1000.00", "1200.00")
    desk.run("payment", "list", "--invoice", desk.number)
    desk.books.pay(desk.books.billing.read_invoice(desk.number), "2026-11-11", "1000.00")
    assert desk.mend() == [SETTLE, PUSH]


def test_what_became_of_a_double_says_nothing_about_our_invoice(desk):
    """A double that is voided or credited takes nothing of ours back."""
    double = desk.fake.finalize(desk.double())["id"]
    desk.fake.credit(double, 100)
    desk.fake.void(double)
    desk.books.hear()
    assert desk.books.billing.receivables.credit_notes() == []
    assert desk.books.status(desk.number) == "open"
    assert desk.found() == []


def test_an_invoice_of_before_the_link_is_named(desk):
    """It was issued when its customer was not billed at Stripe; pushing sends it."""
    desk.books.add("C2", "", linked="")
    number = desk.books.bill()["C2"].number
    assert desk.found() == []
    desk.run("stripe", "link", "C2", desk.fake.add_customer()["id"], "--mode", "mirror")
    (found,) = desk.found()
    assert (found.invoice, found.what) == (number, "sending")
    assert desk.mend() == [PUSH]
    assert desk.books.mirrored(number)["status"] == "open"


def test_what_our_books_rest_on_can_not_be_cancelled(desk):
    """The command for doubles refuses the invoice that stands for ours, and what is not of these books."""
    desk.run("stripe", "cancel", desk.id, code=1)
    theirs = desk.api.invoices.create({"customer": desk.customer, "currency": "eur"})
    desk.run("stripe", "cancel", theirs["id"], code=1)
    assert (desk.fake.get(desk.id)["status"], desk.fake.get(theirs["id"])["status"]) == ("open", "draft")
