"""One call from its parameters to its answer: authorization, idempotency, execution, faults that answer."""

import traceback
from dataclasses import dataclass, field
from typing import Any

import stripe_fake_errors as errors
import stripe_fake_invoice_routes  # noqa: F401 - it registers its calls
import stripe_fake_routes  # noqa: F401 - same
import stripe_fake_routing as routing
from stripe_fake_form import decode
from stripe_fake_store import dumps

_HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
_NOT_EXECUTED = {"drop_before", "rate_limited", "conflict"}
_KEPT_ERRORS = {"error_500_before", "error_500_after"}


@dataclass(slots=True)
class Request:
    """What a test may ask about a request."""

    number: int
    method: str
    path: str
    key: str | None
    user_agent: str
    version: str | None
    authorization: str | None = field(repr=False)
    params: Any = None
    status: int | None = None
    replayed: bool = False
    fault: str | None = None

    @property
    def id(self):
        return f"req_fake{self.number:08d}"


@dataclass(slots=True)
class Answer:
    """What goes over the wire, unless a fault has it otherwise."""

    status: int
    body: bytes
    kind: str = "application/json"
    replayed: bool = False
    kept: bool = True
    headers: tuple = ()


@dataclass(slots=True)
class _Entry:
    """A used idempotency key: the call it stands for, and its answer as soon as there is one."""

    call: tuple
    answer: Answer | None = None
    busy: bool = False


class Calls:
    """Answers calls from one store, one at a time, and remembers keys."""

    def __init__(self, store, key):
        self.store, self.key = store, key
        self.entries = {}
        self.failures = []

    def perform(self, request, raw, fault, executes):
        """Return the answer and the entry that stays in use until the answer is out."""
        with self.store.lock:
            try:
                request.params = decode(raw)
                return self._checked(request, fault, executes)
            except errors.ApiError as error:
                return _refusal(error), None

    def _checked(self, request, fault, executes):
        if request.authorization != f"Bearer {self.key}":
            raise errors.unauthorized(request.authorization)
        if request.key and len(request.key) > 255:
            raise errors.invalid("Keys for idempotent requests can be up to 255 characters long.", "idempotency_key")
        if fault == "rate_limited":
            raise errors.rate_limited()
        if fault == "conflict":
            raise errors.key_in_use(request.key)
        if fault == "drop_before" or (fault == "html_502" and not executes):
            return _bad_gateway(), None
        if request.method != "POST" or not request.key:
            answer = self._executed(request, fault)
            return (_bad_gateway() if fault == "html_502" else answer), None
        answer, entry = self._under_key(request, fault)
        return (_bad_gateway() if fault == "html_502" else answer), entry

    def _under_key(self, request, fault):
        call = (request.method, request.path, request.params)
        entry = self.entries.get(request.key)
        if entry is None:
            return self._first(request, fault, _Entry(call))
        if entry.busy:
            raise errors.key_in_use(request.key)
        if entry.call != call:
            raise errors.key_reused(request.key)
        request.replayed = True
        if fault in _KEPT_ERRORS:
            request.fault = None  # the answer is stored already
        return entry.answer, None

    def _first(self, request, fault, entry):
        entry.answer = self._executed(request, fault)
        if entry.answer.kept:
            self.entries[request.key] = entry
            entry.busy = True
        return entry.answer, entry

    def _executed(self, request, fault):
        """Execute a call, and let a fault replace its answer by an error of the server."""
        try:
            function, schema, ids = routing.find(request.method, request.path)
            params = schema(request.params)
            if fault == "error_500_before":
                return _refusal(errors.server_error())
            self.store.current = {"id": request.id, "idempotency_key": request.key}
            answer = function(self.store, params, *ids)
            answer = routing.expanded(self.store, self.store.render(answer), params.get("expand"))
            body = dumps(answer).encode()
        except errors.ApiError as error:
            if fault == "error_500_after" and error.kept:
                error = errors.server_error()
            return _refusal(error)
        except Exception:  # noqa: BLE001 - a fault of the fake itself must reach the test, not its client alone
            self.failures.append(traceback.format_exc())
            return _refusal(errors.server_error())
        finally:
            self.store.current = None
        return _refusal(errors.server_error()) if fault == "error_500_after" else Answer(200, body)

    def finish(self, entry):
        """Release a key whose answer is out."""
        with self.store.lock:
            entry.busy = False


def _refusal(error):
    headers = (("Stripe-Should-Retry", "false"),) if error.status == 500 else ()
    if error.status == 429:
        headers = (("Stripe-Rate-Limited-Reason", "global-rate"),)
    return Answer(error.status, dumps(error.body()).encode(), kept=error.kept, headers=headers)


def _bad_gateway():
    return Answer(502, _HTML, kind="text/html")
