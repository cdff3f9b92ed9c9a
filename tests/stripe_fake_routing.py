"""How a call finds its function, and what many of them share."""

from stripe_fake_errors import unknown_url

ACCOUNT_CURRENCY = "eur"
_ROUTES = {}


def route(method, pattern, schema):
    """Register a call; `*` in a pattern stands for an id, which the call gets as an argument."""

    def register(function):
        _ROUTES[method, tuple(pattern.split("/"))] = function, schema
        return function

    return register


def find(method, path):
    """Return the function of a call, its schema and the ids in its path."""
    parts = path.split("/")
    if parts[:2] != ["", "v1"] or not 3 <= len(parts) <= 6 or "search" in parts:
        raise unknown_url(method, path)
    parts = tuple(parts[2:])
    found = _ROUTES.get((method, parts))
    if found:
        return *found, ()
    for pattern in _patterns(parts):
        found = _ROUTES.get((method, pattern))
        if found:
            return *found, tuple(part for part, star in zip(parts, pattern, strict=True) if star == "*")
    raise unknown_url(method, path)


def _patterns(parts):
    if len(parts) == 2:
        yield parts[0], "*"
    elif len(parts) == 3:
        yield parts[0], "*", parts[2]
    elif len(parts) == 4:
        yield parts[0], "*", parts[2], "*"


def expanded(store, answer, names):
    """Put whole objects where `expand` asks for them."""
    for name in names or ():
        if answer["object"] == "list":
            field = name.removeprefix("data.")
            answer = {**answer, "data": [_expanded(store, obj, field) for obj in answer["data"]]}
        else:
            answer = _expanded(store, answer, name)
    return answer


def _expanded(store, obj, name):
    if name == "payments":
        rows = store.of_invoice["invoice_payment", obj["id"]]
        return {**obj, name: store.page(rows, {}, f"/v1/invoice_payments?invoice={obj['id']}")}
    if name == "lines" or obj[name] is None:
        return obj
    return {**obj, name: store.render(store.tables[name][obj[name]])}


def rows_of(store, kind, params):
    """Return the stored objects of a kind, of one customer if the call says so."""
    if "customer" not in params:
        return store.tables[kind]
    store.get("customer", params["customer"], "customer")
    return store.of_customer[kind, params["customer"]]


def matching(params, *tests):
    """Return a filter of the tests whose parameter was given."""
    active = [(params[name], test) for name, test in tests if name in params]
    return lambda obj: all(test(obj, value) for value, test in active)


CREATED = ("created", lambda obj, within: within(obj["created"]))
