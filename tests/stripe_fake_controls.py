"""What a test does to the fake Stripe besides calling it: Stripe's own doings, the dashboard's and the bank's."""

import json
import time

import stripe_fake_credit_notes as credit_notes
import stripe_fake_invoices as invoices
import stripe_fake_items as items
import stripe_fake_lifecycle as lifecycle
import stripe_fake_renewals as renewals
import stripe_objects as objects

_DAY = 24 * 60 * 60
_NAMES = {"invoice_item": "invoiceitem", "balance_transaction": "customer_balance_transaction"}


class Controls:
    """Works on `self.store`, under its lock, and hands out copies."""

    def _copy(self, obj):
        return json.loads(json.dumps(self.store.render(obj)))

    def _do(self, work, kind, object_id, *args, **named):
        """Do something to a stored object and return a copy of what came of it."""
        with self.store.lock:
            done = work(self.store, self.store.get(kind, _id(object_id)), *args, **named)
            return self._copy(done) if done else None

    def add_customer(self, id=None, currency=None, balance=0, deleted=False, **fields):  # noqa: A002 - as the API calls it
        with self.store.lock:
            fields = {"currency": currency, "balance": balance, **fields}
            owner = self.store.add(objects.customer(id or self.store.new_id("cus"), self.store.now(), **fields))
            self.store.emit("customer.created", owner)
            if deleted:
                owner["deleted"] = True
            return self._copy(owner)

    def add_subscription(
        self,
        customer,
        id=None,  # noqa: A002 - as the API calls it
        currency="eur",
        amount=1000,
        status="active",
        default_tax_rates=(),
        cancel_at_period_end=False,
        automatic_tax=False,
        **fields,
    ):
        store = self.store
        with store.lock:
            owner = store.customer(_id(customer))
            items.check_currency(owner, currency)
            now = store.now()
            plan = objects.subscription(
                id or store.new_id("sub"),
                store.new_id("si"),
                now,
                now + 30 * _DAY,
                amount=amount,
                currency=currency,
                customer=owner["id"],
                status=status,
                automatic_tax={"enabled": automatic_tax, "liability": {"type": "self"} if automatic_tax else None},
                cancel_at_period_end=cancel_at_period_end,
                default_tax_rates=items.rates(store, [_id(rate) for rate in default_tax_rates], "default_tax_rates"),
                **fields,
            )
            owner["currency"] = currency
            store.emit("customer.subscription.created", store.add(plan))
            return self._copy(plan)

    def renew(self, subscription):
        """Begin a subscription's next period; returns the draft invoice, or None if it ended instead."""
        return self._do(renewals.renew, "subscription", subscription)

    def finalize(self, invoice):
        return self._do(lifecycle.finalize, "invoice", invoice)

    def pay(self, invoice, amount=None, out_of_band=False):
        """Let the customer pay an open invoice: in part, in full or too much."""
        return self._do(lifecycle.pay, "invoice", invoice, amount, out_of_band=out_of_band)

    def fail_payment(self, invoice):
        self._do(lifecycle.fail_payment, "invoice", invoice)
        return self.get(_id(invoice))

    def void(self, invoice):
        return self._do(lifecycle.void, "invoice", invoice)

    def mark_uncollectible(self, invoice):
        return self._do(lifecycle.mark_uncollectible, "invoice", invoice)

    def credit(self, invoice, amount):
        """Make a credit note in the dashboard; what was paid already goes to the customer's balance."""
        with self.store.lock:
            found = self.store.get("invoice", _id(invoice))
            after = max(0, amount - found["amount_remaining"])
            params = {"invoice": found["id"], "amount": amount, **({"credit_amount": after} if after else {})}
            return self._copy(credit_notes.create(self.store, params))

    def delete(self, invoice):
        self._do(invoices.delete, "invoice", invoice)

    def tamper(self, object_id, **fields):
        """Change stored fields of an object or a line without an event."""
        with self.store.lock:
            self._find(_id(object_id)).update(fields)

    def get(self, object_id):
        """Return a copy of a stored object or line."""
        with self.store.lock:
            return self._copy(self._find(object_id))

    def _find(self, object_id):
        for table in self.store.tables.values():
            if object_id in table:
                return table[object_id]
        for lines in (*self.store.lines.values(), *self.store.credit_lines.values()):
            for line in lines:
                if line["id"] == object_id:
                    return line
        raise KeyError(object_id)

    def all(self, kind):
        """Return copies of all stored objects of a kind, oldest first; `line_item` gives the invoices' lines."""
        kind = kind if kind in self.store.tables else _NAMES.get(kind.removesuffix("s"), kind.removesuffix("s"))
        with self.store.lock:
            if kind in {"line", "line_item"}:
                found = [line for lines in self.store.lines.values() for line in lines]
            else:
                found = self.store.tables[kind].values()
            return [self._copy(obj) for obj in found]

    def lines(self, invoice):
        """Return copies of all lines of an invoice."""
        with self.store.lock:
            return [self._copy(line) for line in self.store.lines[_id(invoice)]]

    @property
    def events(self):
        """All events so far, oldest first."""
        return self.all("event")

    def signed(self, event, timestamp=None, secret=None):
        """Return the raw body and the Stripe-Signature header with which an event is delivered."""
        from stripe import WebhookSignature

        body = json.dumps(self.get(event) if isinstance(event, str) else event)
        moment = int(time.time()) if timestamp is None else timestamp
        return body.encode(), WebhookSignature.generate_signature_header(body, secret or self.secret, moment)


def _id(thing):
    return thing if isinstance(thing, str) else thing["id"]
