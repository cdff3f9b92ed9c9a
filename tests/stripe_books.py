"""Books that are billed at a fake Stripe: customers in either mode, a desk that does not wait, and what came of it."""

import time
from datetime import date
from decimal import Decimal

from books import OCTOBER, Books
from stripe_fake import FakeStripe

from billing_engine.model.delivery import DeliveryState
from billing_engine.stripe_push import Pace
from billing_engine.stripe_sync.access import StripeAccess

HEADER = "customer,name,country,currency,stripe_customer,stripe_mode,stripe_subscription"
CONTRACTS = "contract,customer,price_list,package,starts_on,ends_on,monthly_fee,currency"
HURRIED = 200
"""How many times faster time passes while a push waits."""

FAST = Pace(lambda: time.monotonic() * HURRIED, lambda seconds: time.sleep(seconds / HURRIED))


class StripeBooks(Books):
    """Books with an account at a fake Stripe."""

    def __init__(self, folder, url, fake: FakeStripe, *lists, **more):
        super().__init__(folder, url, *lists, **more)
        self.fake = fake
        self.access = StripeAccess(fake.key, fake.secret, fake.url)
        self.environment |= {
            "STRIPE_API_KEY": fake.key,
            "STRIPE_WEBHOOK_SECRET": fake.secret,
            "STRIPE_API_BASE": fake.url,
        }
        self.desk = self.open_desk()

    def open_desk(self, timeout=(2, 0.5)):
        """Open the account with short patience."""
        return self.billing.stripe(self.access, timeout=timeout, pace=FAST)

    def add(
        self, customer, mode="mirror", *, currency="EUR", fee="1000.00", country="CZ", subscription="", linked=True
    ):
        """Take in a customer with a monthly fee, who is one of Stripe's too; returns the id there."""
        at_stripe = self.fake.add_customer()["id"] if linked is True else linked or ""
        if mode == "attach" and not subscription and at_stripe:
            self.fake.add_subscription(at_stripe, currency=currency.lower())
        row = f"{customer},Name of {customer},{country},{currency},{at_stripe},{mode},{subscription}"
        contract = f"K-{customer},{customer},trifft,premium,2026-01-01,,{fee},{currency}"
        self.take(customers=[HEADER, row], contracts=[CONTRACTS, contract])
        return at_stripe

    def bill(self, month=OCTOBER, on="2026-11-02"):
        """Issue a month; returns the invoices by customer."""
        plans = self.billing.issue(month, date.fromisoformat(on))
        return {p.customer.customer: self.billing.read_invoice(p.invoice_number) for p in plans if p.invoice_number}

    def push(self, month=OCTOBER):
        """Push a month; returns what became of each document, by its number."""
        return {one.number: one for one in self.desk.push(month)}

    def push_until_done(self, month=OCTOBER, most=30):
        """Push until nothing is left; returns how often that was."""
        for times in range(1, most + 1):
            if all(one.state is DeliveryState.DONE for one in self.desk.push(month)):
                return times
        raise AssertionError(f"left after {most} pushes: {self.billing.stripe_records.status().left}")

    def hear(self, *events):
        """Have events posted, all there are unless some are given, and work on them."""
        for event in events or self.fake.events:
            self.desk.events.take(*self.fake.signed(event))
        return self.desk.events.work()

    def differences(self, month=OCTOBER):
        """Return what differs, in short."""
        return [(one.invoice, one.what, one.ours, one.stripe) for one in self.desk.reconcile(month).differences]

    def mirrored(self, number):
        """Return the one invoice at Stripe that has our number."""
        (found,) = [one for one in self.fake.all("invoice") if one["number"] == number]
        return found

    def status(self, number, day="2026-11-03"):
        """Tell how far one of our invoices is."""
        return str(self.billing.read_invoice(number).status_on(date.fromisoformat(day)))

    def paid(self, number):
        """Tell what came in for one of our invoices."""
        return sum((payment.amount for payment in self.billing.read_invoice(number).payments), Decimal(0))
