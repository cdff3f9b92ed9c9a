"""The calls around invoices: customers, subscriptions, tax rates, events."""

import stripe_fake_items as items
import stripe_fake_lifecycle as lifecycle
import stripe_fake_money as money
import stripe_fake_schemas as schemas
import stripe_objects as objects
from stripe_fake_errors import invalid, refused
from stripe_fake_routing import ACCOUNT_CURRENCY, CREATED, matching, route, rows_of


@route("GET", "account", schemas.ONLY_EXPAND)
def account(store, params):
    return {
        "id": "acct_1Fake",
        "object": "account",
        "country": "DE",
        "default_currency": ACCOUNT_CURRENCY,
        "email": "fake@example.com",
        "settings": {"dashboard": {"display_name": "Fake", "timezone": "Etc/UTC"}},
        "type": "standard",
    }


@route("POST", "customers", schemas.CUSTOMER)
def create_customer(store, params):
    fields = {name: value for name, value in params.items() if name not in {"expand", "metadata"}}
    metadata = objects.merged({}, params.get("metadata"))
    owner = store.add(objects.customer(store.new_id("cus"), store.now(), metadata=metadata, **fields))
    store.emit("customer.created", owner)
    return owner


@route("GET", "customers", schemas.CUSTOMERS)
def list_customers(store, params):
    email = ("email", lambda owner, value: owner.get("email") == value)
    wanted = matching(params, CREATED, email)
    rows = store.tables["customer"]
    return store.page(rows, params, "/v1/customers", lambda owner: not owner.get("deleted") and wanted(owner))


@route("GET", "customers/*", schemas.ONLY_EXPAND)
def get_customer(store, params, customer_id):
    owner = store.get("customer", customer_id)
    if owner.get("deleted"):
        return {"id": customer_id, "object": "customer", "deleted": True}
    return owner


@route("POST", "customers/*", schemas.CUSTOMER)
def update_customer(store, params, customer_id):
    owner = store.customer(customer_id, None)
    fields = {name: value for name, value in params.items() if name not in {"expand", "metadata", "balance"}}
    owner.update(fields)
    if "metadata" in params:
        owner["metadata"] = objects.merged(owner["metadata"], params["metadata"])
    if "balance" in params:
        change = params["balance"] - owner["balance"]
        currency = owner["currency"] or ACCOUNT_CURRENCY
        lifecycle.move_balance(store, owner, change, "adjustment", currency=currency)
    store.emit("customer.updated", owner)
    return owner


@route("DELETE", "customers/*", schemas.NOTHING)
def delete_customer(store, params, customer_id):
    owner = store.customer(customer_id, None)
    owner["deleted"] = True
    store.emit("customer.deleted", owner)
    return {"id": customer_id, "object": "customer", "deleted": True}


@route("GET", "customers/*/balance_transactions", schemas.BALANCES)
def list_balance_transactions(store, params, customer_id):
    store.get("customer", customer_id)
    keep = matching(params, CREATED, ("invoice", lambda one, value: one["invoice"] == value))
    rows = store.of_customer["customer_balance_transaction", customer_id]
    return store.page(rows, params, f"/v1/customers/{customer_id}/balance_transactions", keep)


@route("POST", "customers/*/balance_transactions", schemas.BALANCE)
def create_balance_transaction(store, params, customer_id):
    owner = store.customer(customer_id, None)
    code = money.currency(params["currency"], "currency")
    items.check_currency(owner, code)
    amount = money.check_amount(params["amount"], code, "amount")
    if not amount:
        raise refused("The amount must not be 0.", "amount")
    fields = {"currency": code, "description": params.get("description")}
    metadata = objects.merged({}, params.get("metadata"))
    owner["currency"] = code
    return lifecycle.move_balance(store, owner, amount, "adjustment", metadata=metadata, **fields)


@route("GET", "subscriptions", schemas.SUBSCRIPTIONS)
def list_subscriptions(store, params):
    wanted = params.get("status")
    ended = {"canceled", "incomplete_expired"}
    collection = ("collection_method", lambda plan, value: plan["collection_method"] == value)
    keep = matching(params, CREATED, collection)

    def has_status(plan):
        if wanted == "all":
            return True
        if wanted in {None, "ended"}:
            return (plan["status"] in ended) == (wanted == "ended")
        return plan["status"] == wanted

    rows = rows_of(store, "subscription", params)
    return store.page(rows, params, "/v1/subscriptions", lambda plan: has_status(plan) and keep(plan))


@route("GET", "subscriptions/*", schemas.ONLY_EXPAND)
def get_subscription(store, params, object_id):
    return store.get("subscription", object_id)


@route("POST", "tax_rates", schemas.TAX_RATE)
def create_tax_rate(store, params):
    fields = {name: value for name, value in params.items() if name not in {"expand", "metadata"}}
    metadata = objects.merged({}, params.get("metadata"))
    return store.add(objects.tax_rate(store.new_id("txr"), store.now(), metadata=metadata, **fields))


@route("GET", "tax_rates", schemas.TAX_RATES)
def list_tax_rates(store, params):
    tests = [(name, lambda rate, value, name=name: rate[name] == value) for name in ("active", "inclusive")]
    return store.page(store.tables["tax_rate"], params, "/v1/tax_rates", matching(params, CREATED, *tests))


@route("GET", "tax_rates/*", schemas.ONLY_EXPAND)
def get_tax_rate(store, params, object_id):
    return store.get("tax_rate", object_id)


@route("GET", "events", schemas.EVENTS)
def list_events(store, params):
    if "type" in params and "types" in params:
        raise invalid("You may only specify one of type and types.", "types")
    keep = matching(
        params,
        CREATED,
        ("type", lambda event, value: _is_type(event["type"], value)),
        ("types", lambda event, values: any(_is_type(event["type"], value) for value in values)),
    )
    return store.page(store.tables["event"], params, "/v1/events", keep)


def _is_type(name, wanted):
    """Compare with an event's type or with a group like `invoice.*`."""
    return name.startswith(wanted[:-1]) if wanted.endswith(".*") else name == wanted


@route("GET", "events/*", schemas.ONLY_EXPAND)
def get_event(store, params, object_id):
    return store.get("event", object_id)
