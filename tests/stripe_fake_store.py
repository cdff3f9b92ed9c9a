"""What the fake Stripe keeps: its objects, its events and the pages of its lists."""

import json
import threading
from collections import defaultdict
from itertools import islice

from stripe_fake_errors import invalid, missing_object

API_VERSION = "2026-10-28.endive"
_KINDS = (
    "customer subscription tax_rate invoiceitem invoice credit_note customer_balance_transaction invoice_payment event"
)
dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False).encode


class Store:
    """Objects by kind and id, oldest first, under one lock."""

    def __init__(self, clock):
        self.clock = clock
        self.lock = threading.RLock()
        self.tables = {kind: {} for kind in _KINDS.split()}
        self.of_customer = defaultdict(dict)
        self.of_invoice = defaultdict(dict)
        self.lines = {}  # invoice id -> its lines, in the order in which they are shown
        self.credit_lines = {}  # credit note id -> its lines
        self.own_taxes = set()  # lines whose taxes were given with them
        self.applied_balance = {}  # invoice id -> customer balance that its finalization used up
        self.numbers = {}  # invoice number -> invoice
        self.refunded = defaultdict(int)
        self.taken_in = set()  # items that were pending before they came onto an invoice
        self.rate_ids = {}  # content of `tax_rate_data` -> tax rate
        self.current = None  # the call that is being executed
        self._count = 0

    def now(self):
        return int(self.clock())

    def new_id(self, prefix):
        self._count += 1
        return f"{prefix}_1Fake{self._count:010d}"

    def add(self, obj):
        """Store an object of any kind and return it."""
        kind = obj["object"]
        self.tables[kind][obj["id"]] = obj
        if obj.get("customer"):
            self.of_customer[kind, obj["customer"]][obj["id"]] = obj
        if kind in {"credit_note", "invoice_payment"}:
            self.of_invoice[kind, obj["invoice"]][obj["id"]] = obj
        return obj

    def remove(self, obj):
        kind = obj["object"]
        del self.tables[kind][obj["id"]]
        self.of_customer[kind, obj.get("customer")].pop(obj["id"], None)
        obj["deleted"] = True

    def get(self, kind, object_id, param=None):
        """Return a stored object, or refuse its id in the way of the API."""
        found = self.tables[kind].get(object_id)
        if found is None:
            raise missing_object(kind, object_id, param)
        return found

    def customer(self, customer_id, param="customer"):
        """Return a customer that is not deleted."""
        found = self.get("customer", customer_id, param)
        if found.get("deleted"):
            raise missing_object("customer", customer_id, param)
        return found

    def emit(self, event_type, obj):
        """Append an event with a snapshot of the object as it is now."""
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "type": event_type,
            "created": self.now(),
            "raw": dumps(self.render(obj)),
            "request": self.current,
        }
        self.tables["event"][event["id"]] = event

    def render(self, obj):
        """Return an object as an answer shows it; an invoice embeds only its first ten lines."""
        if obj["object"] == "event":
            return _event(obj)
        if obj["object"] == "invoice" and obj["id"] in self.lines:
            lines, url = self.lines[obj["id"]], f"/v1/invoices/{obj['id']}/lines"
            return {**obj, "lines": as_list(lines[:10], len(lines) > 10, url)}
        return obj

    def page(self, rows, params, url, keep=None):
        """Return one page of stored objects; rows are dicts by id, oldest first."""
        _check_cursors(rows, params)
        limit = params.get("limit", 10)
        before = params.get("ending_before")
        if before:
            found = list(islice(_kept(_after(rows.values(), before), keep), limit + 1))
            data = found[limit - 1 :: -1]
        else:
            found = list(islice(_kept(_after(reversed(rows.values()), params.get("starting_after")), keep), limit + 1))
            data = found[:limit]
        return as_list([self.render(obj) for obj in data], len(found) > limit, url)

    def line_page(self, lines, params, url):
        """Return one page of lines, which are listed in the order of the document."""
        rows = {line["id"]: line for line in reversed(lines)}
        return self.page(rows, params, url)


def as_list(data, has_more, url):
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def _check_cursors(rows, params):
    if "starting_after" in params and "ending_before" in params:
        raise invalid("You can't specify both starting_after and ending_before.", "ending_before")
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in rows:
            raise missing_object("object", params[name], name)


def _after(rows, cursor):
    """Leave out everything up to the cursor, which need not match the filter any more."""
    rows = iter(rows)
    if cursor:
        for obj in rows:
            if obj["id"] == cursor:
                break
    return rows


def _kept(rows, keep):
    return filter(keep, rows) if keep else rows


def _event(event):
    return {
        "id": event["id"],
        "object": "event",
        "api_version": API_VERSION,
        "created": event["created"],
        "data": {"object": json.loads(event["raw"])},
        "livemode": False,
        "pending_webhooks": 1,
        "request": event["request"] or {"id": None, "idempotency_key": None},
        "type": event["type"],
    }
