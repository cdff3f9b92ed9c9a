"""The gateway: the one place that talks to Stripe, over its own library, and says what each answer means.

Answers stay plain data: making the library's objects of them took as long as all the rest of a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests
import stripe

from billing_engine.errors import StripeAccessError, StripeSilentError
from billing_engine.stripe_sync.access import StripeAccess
from billing_engine.stripe_sync.calls import Answer, Look, Said, Thing

TIMEOUT = (5, 30)
"""Seconds to connect and to wait for an answer."""

PAGE, MOST_PAGES = 100, 1_000
MISSING = "resource_missing"
"""Stripe's code for what is not there."""

_LONGEST_MESSAGE = 300
_SERVER_ERROR = 500


_OPERATIONS = {
    "credit_notes.create": ("post", "credit_notes"),
    "credit_notes.line_items.list": ("get", "credit_notes/{id}/lines"),
    "credit_notes.list": ("get", "credit_notes"),
    "credit_notes.retrieve": ("get", "credit_notes/{id}"),
    "credit_notes.void_credit_note": ("post", "credit_notes/{id}/void"),
    "customers.retrieve": ("get", "customers/{id}"),
    "events.list": ("get", "events"),
    "invoice_items.create": ("post", "invoiceitems"),
    "invoice_items.delete": ("delete", "invoiceitems/{id}"),
    "invoice_items.list": ("get", "invoiceitems"),
    "invoice_items.retrieve": ("get", "invoiceitems/{id}"),
    "invoices.add_lines": ("post", "invoices/{id}/add_lines"),
    "invoices.create": ("post", "invoices"),
    "invoices.create_preview": ("post", "invoices/create_preview"),
    "invoices.delete": ("delete", "invoices/{id}"),
    "invoices.finalize_invoice": ("post", "invoices/{id}/finalize"),
    "invoices.line_items.list": ("get", "invoices/{id}/lines"),
    "invoices.list": ("get", "invoices"),
    "invoices.pay": ("post", "invoices/{id}/pay"),
    "invoices.retrieve": ("get", "invoices/{id}"),
    "invoices.void_invoice": ("post", "invoices/{id}/void"),
    "subscriptions.list": ("get", "subscriptions"),
    "subscriptions.retrieve": ("get", "subscriptions/{id}"),
    "tax_rates.create": ("post", "tax_rates"),
    "tax_rates.list": ("get", "tax_rates"),
}
"""What is asked of Stripe, named as in its library, with method and path."""


class Gateway:
    """Sends what it is given, once; trying again is the caller's business, who keeps the keys."""

    def __init__(self, access: StripeAccess, timeout: tuple[float, float] = TIMEOUT) -> None:
        self._access = access
        self._client = stripe.StripeClient(
            access.key,
            base_addresses={"api": access.base.rstrip("/")} if access.base else {},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=timeout, session=_session(access)),
        )

    def post(self, operation: str, params: Mapping[str, Any], key: str) -> Answer:
        """Make or change something under a key; raises StripeAccessError when the account is closed to us."""
        if not key:
            raise AssertionError("nothing is sent without a key of our own")
        return self._ask(operation, params, {"idempotency_key": key})

    def get(self, look: Look) -> Answer:
        """Read one object."""
        return self._ask(look.operation, look.params, {})

    def see(self, look: Look) -> Any:
        """Read what a look is about: the list, or the object, None where there is none; raises StripeSilentError."""
        if look.each:
            return list(self.each(look))
        answer = self.get(look)
        if answer.said is Said.YES:
            return answer.thing
        if answer.code == MISSING:
            return None
        raise StripeSilentError(answer.message)

    def delete(self, operation: str, stripe_id: str) -> Answer:
        """Delete an object; a second time it is not there, so that this needs no key."""
        return self._ask(operation, {"id": stripe_id}, {})

    def page(self, look: Look, after: str = "") -> tuple[Answer, list[Thing], str]:
        """Read one page of a list; returns its objects, and after which the next one begins."""
        params = {"limit": PAGE, **look.params, **({"starting_after": after} if after else {})}
        answer = self._ask(look.operation, params, {})
        found = list(answer.thing.get("data", ()))
        more = bool(found) and bool(answer.thing.get("has_more"))
        return answer, found, found[-1]["id"] if more else ""

    def each(self, look: Look) -> Iterator[Thing]:
        """Read all of a list, nothing where what it is of is not there.

        Raises StripeSilentError where that fails on the way, or has no end.
        """
        after = ""
        for _ in range(MOST_PAGES):
            answer, found, following = self.page(look, after)
            if answer.code == MISSING:
                return
            if answer.said is not Said.YES:
                raise StripeSilentError(answer.message)
            yield from found
            if not following or following == after:
                return
            after = following
        raise StripeSilentError(f"{look.operation} has more than {MOST_PAGES} pages")

    def _ask(self, operation: str, params: Mapping[str, Any], options: Mapping[str, Any]) -> Answer:
        method, path = _OPERATIONS[operation]
        rest = {name: value for name, value in params.items() if name != "id"}
        # An id that came from outside stays one part of the address.
        url = path.replace("{id}", quote(str(params.get("id", "")), safe=""))
        try:
            heard = self._client.raw_request(method, f"/v1/{url}", **rest, **options)
            if not isinstance(heard.data, Mapping):
                return Answer(Said.UNKNOWN, message="the answer is no object", status=heard.code)
            return Answer(Said.YES, heard.data, status=heard.code, replayed=_is_replayed(heard))
        except stripe.StripeError as error:
            return self._answer_to(error)

    def _answer_to(self, error: stripe.StripeError) -> Answer:
        status = error.http_status or 0
        message = one_line(self._access.hide(str(error.user_message or error) or type(error).__name__))
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            raise StripeAccessError(f"Stripe did not accept the key: {message}") from None
        return Answer(
            _meaning_of(error, status),
            message=message,
            code=str(error.code or ""),
            status=status,
            replayed=_is_replayed(error),
        )


def _meaning_of(error: stripe.StripeError, status: int) -> Said:
    if status in (409, 429):
        return Said.BUSY
    if isinstance(error, stripe.APIConnectionError) or not 400 <= status < _SERVER_ERROR:
        return Said.UNKNOWN
    return Said.NO


def _is_replayed(answer: Any) -> bool:
    headers = getattr(answer, "headers", None) or {}
    return str(headers.get("Idempotent-Replayed", "")).lower() == "true"


def one_line(message: str) -> str:
    """Put what Stripe said on one line that any database can keep."""
    printable = "".join(c if c.isprintable() else " " for c in message)
    return " ".join(printable.split())[:_LONGEST_MESSAGE]


def _session(access: StripeAccess) -> requests.Session | None:
    """Leave proxies out where a stand-in is on this machine: a key would go to them over an open line."""
    if not access.is_local:
        return None
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=_CONNECTIONS))
    return session


_CONNECTIONS = 32
