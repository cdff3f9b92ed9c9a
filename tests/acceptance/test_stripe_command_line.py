"""`billing-engine stripe` as a user types it: what is said, what is sent, and the exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stripe_fake import FakeStripe, Faults

COMMAND = str(Path(sys.executable).parent / "billing-engine")
MONTH = ("--month", "2026-10")
SECRET = "whsec_of_these_tests"  # noqa: S105 - not a real one


@pytest.fixture
def fake():
    """Start a Stripe of the test's own."""
    with FakeStripe(secret=SECRET) as started:
        yield started


class Desk:
    """A folder in which somebody types commands."""

    def __init__(self, folder, fake):
        self.folder = folder
        self.fake = fake
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "STRIPE_API_KEY": fake.key,
            "STRIPE_WEBHOOK_SECRET": fake.secret,
            "STRIPE_API_BASE": fake.url,
        }

    def say(self, *arguments, code=0, **environment):
        """Run a command; nothing it says may be a traceback, or a secret."""
        result = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = result.stdout + result.stderr
        assert "Traceback" not in said, said
        assert self.fake.key not in said
        assert SECRET not in said
        assert result.returncode == code, said
        return result

    def answer(self, *arguments, code=0):
        """Run a command that answers in JSON."""
        return json.loads(self.say(*arguments, "--format", "json", code=code).stdout)

    def issue(self, customers, contracts):
        """Take in customers and contracts and issue October."""
        data = self.folder / "data"
        data.mkdir()
        head = "customer,name,country,currency,stripe_customer,stripe_mode,stripe_subscription"
        (data / "customers.csv").write_text("\n".join([head, *customers]) + "\n", encoding="utf-8")
        head = "contract,customer,price_list,package,starts_on,monthly_fee"
        (data / "contracts.csv").write_text("\n".join([head, *contracts]) + "\n", encoding="utf-8")
        self.say("init")
        self.say("run", "--data", "data", *MONTH, "--issue", "--issued-on", "2026-11-02")


@pytest.fixture
def desk(tmp_path, fake):
    """Issue October for one customer whose invoice is mirrored, one whose lines are attached, and one of neither."""
    one, two = (fake.add_customer()["id"] for _ in range(2))
    fake.add_subscription(two)
    desk = Desk(tmp_path, fake)
    desk.issue(
        [f"C1,Aurora [b]x[/b],CZ,EUR,{one},mirror,", f"C2,Balkan,RS,EUR,{two},attach,", "C3,Crna,RS,EUR,,,"],
        [f"K{n},C{n},trifft,premium,2026-01-01,1000.00" for n in (1, 2, 3)],
    )
    return desk


def test_a_month_is_pushed_once_and_reconciles(desk):
    """Issue, push, push again, reconcile: all is there once, and every command says so with 0."""
    assert desk.answer("stripe", "status", code=1)["deliveries"] == {"waiting": 2, "done": 0, "refused": 0}
    pushed = desk.answer("stripe", "push", *MONTH)
    assert [(one["number"], one["state"], one["outcome"]) for one in pushed["deliveries"]] == [
        ("2026-000001", "done", "mirrored"),
        ("2026-000002", "done", "attached"),
    ]
    assert pushed["left_to_send"] == 0
    sent = [request for request in desk.fake.requests if request.method == "POST"]
    assert desk.answer("stripe", "push", *MONTH) == pushed
    assert [request for request in desk.fake.requests if request.method == "POST"] == sent
    found = desk.answer("stripe", "reconcile", *MONTH)
    assert (found["checked"], found["differences"], found["left_to_send"], found["clean"]) == (2, [], [], True)
    status = desk.answer("stripe", "status")
    assert (status["mode"], status["settled"]) == ("test", True)
    assert "all is sent" in desk.say("stripe", "push", *MONTH).stdout
    assert "2 invoices checked, 0 differences, 0 left to send" in desk.say("stripe", "reconcile", *MONTH).stdout


def test_a_payment_that_nobody_told_of_is_read_by_reconcile(desk):
    """Events are polled as a safety net; the invoice is paid and says how it stands at Stripe."""
    (number, *_), invoice = [one["number"] for one in desk.answer("stripe", "push", *MONTH)["deliveries"]], None
    invoice = next(one for one in desk.fake.all("invoice") if one["number"] == number)
    desk.fake.pay(invoice["id"])
    found = desk.answer("stripe", "reconcile", *MONTH)
    assert found["events"]["applied"] > 0
    listed = {one["number"]: one for one in desk.answer("invoice", "list")}
    assert (listed[number]["status"], listed[number]["open"]) == ("paid", "0.00")
    assert listed[number]["stripe"] == {
        "id": invoice["id"],
        "status": "paid",
        "failed_payments": 0,
        "carried_over": False,
    }
    assert "stripe" not in listed["2026-000003"]
    assert "at Stripe: paid" in desk.say("invoice", "show", number).stdout
    assert "At Stripe" in desk.say("invoice", "list").stdout


def test_what_differs_is_listed_with_what_mends_it(desk):
    """Exit 1, the figures of both sides, and a command that mends it."""
    desk.say("stripe", "push", *MONTH)
    invoice = desk.fake.all("invoice")[0]
    desk.fake.tamper(invoice["id"], status="paid", amount_paid=120000, amount_remaining=0)
    found = desk.answer("stripe", "reconcile", *MONTH, code=1)
    assert [(one["what"], one["ours"], one["stripe"]) for one in found["differences"]] == [
        ("status", "open", "paid"),
        ("paid", "0.00", "1200.00"),
    ]
    (command,) = {one["command"] for one in found["differences"]}
    assert command == "billing-engine stripe pull --month 2026-10"
    desk.say(*command.split()[1:])
    assert desk.answer("stripe", "reconcile", *MONTH)["clean"]


def test_a_credit_note_and_a_void_follow_with_the_next_push(desk):
    """Corrections are put down when they are issued, and sent with the month of their invoice."""
    desk.say("stripe", "push", *MONTH)
    desk.say("credit-note", "create", "2026-000001", "--reason", "Too much", "--line", "1=100.00")
    pushed = desk.answer("stripe", "push", *MONTH)
    outcomes = {one["number"]: one["outcome"] for one in pushed["deliveries"]}
    assert outcomes["CN-2026-000001"] == "credited"
    (note,) = desk.fake.all("credit_note")
    assert (note["total"], note["out_of_band_amount"]) == (12000, None)
    assert "voids it" in desk.say("stripe", "void", "2026-000001", "--reason", "All wrong").stdout
    desk.say("stripe", "push", *MONTH)
    assert desk.fake.all("invoice")[0]["status"] == "void"
    assert desk.answer("stripe", "reconcile", *MONTH)["clean"]


def test_a_preview_shows_what_stripe_would_bill(tmp_path, fake):
    """`preview --stripe`: our lines on the subscription's next invoice, beside our own figures."""
    customer = fake.add_customer()["id"]
    fake.add_subscription(customer, amount=5000)
    desk = Desk(tmp_path, fake)
    desk.issue([f"C1,Aurora,CZ,EUR,{customer},attach,"], ["K1,C1,trifft,premium,2026-01-01,1000.00"])
    shown = desk.answer("preview", "--month", "2026-11", "--stripe")
    (found,) = shown["stripe"]
    assert found["ours"] == {"net": "1000.00", "tax": "200.00", "amount_due": "1200.00"}
    assert found["stripe"]["total"] == "1050.00"
    assert found["note"].startswith("without tax")
    desk.say("stripe", "push", *MONTH)
    (found,) = desk.answer("preview", "--month", "2026-11", "--stripe")["stripe"]
    assert (found["stripe"]["tax"], found["note"]) == ("400.00", None)
    assert "Stripe's total" in desk.say("preview", "--month", "2026-11", "--stripe").stdout
    keys = [request.key for request in desk.fake.requests if request.path.endswith("create_preview")]
    assert all(key.startswith("be:") for key in keys)


def test_a_customer_that_is_linked_later_is_sent_then(desk):
    """`stripe link` says who it is and how it is billed; the month's push finds what was issued before."""
    customer = desk.fake.add_customer()["id"]
    assert "not billed there yet" in desk.say("stripe", "link", "C3", customer).stdout
    assert desk.say("stripe", "link", "C3", customer, "--mode", "mirror").stdout.endswith(": mirror\n")
    pushed = desk.answer("stripe", "push", *MONTH)
    assert {one["number"]: one["outcome"] for one in pushed["deliveries"]}["2026-000003"] == "mirrored"


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("push", *MONTH), {"STRIPE_API_KEY": ""}, "STRIPE_API_KEY is not set"),
        (("push", *MONTH), {"STRIPE_API_KEY": "sk_live_1"}, "say --live if you mean it"),
        (
            ("reconcile", *MONTH),
            {"STRIPE_API_BASE": "http://example.com"},
            "allowed are https, and http on this machine",
        ),
        (("listen", "--port", "8123"), {"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET is not set"),
        (("listen", "--port", "0"), {}, "Invalid value for '--port'"),
        (("link", "C1", "../accounts"), {}, "allowed is an id of Stripe's such as cus_"),
        (("link", "C1", "cus_1", "--mode", "both"), {}, "Invalid value for '--mode'"),
        (("link", "C1", "cus_1", "--subscription", "1"), {}, "such as sub_"),
        (("push", "--month", "October"), {}, "Invalid value for '--month'"),
    ],
)
def test_a_wrong_call_is_one_message_and_2(desk, arguments, environment, said):
    """Nothing is sent, and the message says what is allowed."""
    desk.fake.requests.clear()
    assert said in desk.say("stripe", *arguments, code=2, **environment).stderr
    assert desk.fake.requests == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("link", "C9", "cus_1"), "there is no customer 'C9'"),
        (("push", *MONTH, "--again", "2026-000009"), "was never to be sent to Stripe"),
        (("settle", "2026-000001"), "is no invoice of its own at Stripe"),
        (("void", "2026-000002", "--reason", "x"), "is no invoice of its own at Stripe"),
        (("cancel", "pi_1"), "is none of in_..., ii_..., cn_..."),
        (("cancel", "in_1Unknown"), "No such invoice"),
    ],
)
def test_what_can_not_be_done_is_one_message_and_1(desk, arguments, said):
    """The message says why."""
    assert said in desk.say("stripe", *arguments, code=1).stderr


def test_a_key_that_is_not_accepted_ends_the_push_at_once(desk):
    """A closed account is one message; nothing is called sent."""
    result = desk.say("stripe", "push", *MONTH, code=2, STRIPE_API_KEY="sk_test_wrong")
    assert "Stripe did not accept the key" in result.stderr
    assert "sk_test_wrong" not in result.stderr
    assert desk.answer("stripe", "status", code=1)["deliveries"]["done"] == 0


def test_books_that_were_tried_out_are_not_pushed_for_real(desk):
    """What was sent with a test key would count as sent."""
    desk.say("stripe", "push", *MONTH)
    result = desk.say("stripe", "push", *MONTH, "--live", code=2, STRIPE_API_KEY="sk_live_1")
    assert "try things out with a copy of the database" in result.stderr


def test_repeated_pushes_end_whatever_happens_on_the_way(desk):
    """With faults on 30 % of calls the real command, repeated, sends all of it once."""
    desk.fake.hold_seconds = 0.05
    desk.fake.faults = Faults(7, 0.3)
    for _ in range(20):
        result = subprocess.run(
            [COMMAND, "stripe", "push", *MONTH],
            cwd=desk.folder,
            env=desk.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode == 0:
            break
    assert result.returncode == 0, result.stdout + result.stderr
    desk.fake.faults = None
    assert len(desk.fake.all("invoice")) == 1
    assert desk.fake.without_key == 0
    assert desk.answer("stripe", "reconcile", *MONTH)["clean"]
