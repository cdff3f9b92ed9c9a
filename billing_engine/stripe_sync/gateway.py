"""The gateway: the one place that talks to Stripe, over its own library, and says what each answer means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

import stripe

from billing_engine.errors import StripeAccessError, StripeSilentError
from billing_engine.stripe_sync.access import StripeAccess
from billing_engine.stripe_sync.calls import Answer, Look, Said, Thing

TIMEOUT = (5, 30)
"""Seconds to connect and to wait for an answer."""

PAGE = 100
_SERVER_ERROR = 500


class Gateway:
    """Sends what it is given, once; trying again is the caller's business, who keeps the keys."""

    def __init__(self, access: StripeAccess, timeout: tuple[float, float] = TIMEOUT) -> None:
        self._access = access
        self._client = stripe.StripeClient(
            access.key,
            base_addresses={"api": access.base.rstrip("/")} if access.base else {},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=timeout),
        )
        self._methods: dict[str, Callable[..., Any]] = {}

    def post(self, operation: str, params: Mapping[str, Any], key: str) -> Answer:
        """Make or change something under a key; raises StripeAccessError when the account is closed to us."""
        if not key:
            raise AssertionError("nothing is sent without a key of our own")
        return self._ask(operation, params, {"idempotency_key": key})

    def get(self, look: Look) -> Answer:
        """Read one object."""
        return self._ask(look.operation, look.params, {})

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
        """Read all of a list; raises StripeSilentError where that fails on the way."""
        after = ""
        while True:
            answer, found, after = self.page(look, after)
            if answer.said is not Said.YES:
                raise StripeSilentError(answer.message)
            yield from found
            if not after:
                return

    def _ask(self, operation: str, params: Mapping[str, Any], options: Mapping[str, Any]) -> Answer:
        rest = dict(params)
        ids = [rest.pop("id")] if "id" in rest else []
        try:
            found = self._method(operation)(*ids, params=rest, options=options)
            return Answer(Said.YES, found.to_dict(), status=200, replayed=_is_replayed(found.last_response))
        except stripe.StripeError as error:
            return self._answer_to(error)

    def _method(self, operation: str) -> Callable[..., Any]:
        if operation not in self._methods:
            self._methods[operation] = attrgetter(operation)(self._client.v1)
        return self._methods[operation]

    def _answer_to(self, error: stripe.StripeError) -> Answer:
        status = error.http_status or 0
        message = self._access.hide(str(error.user_message or error) or type(error).__name__)
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            raise StripeAccessError(f"Stripe did not accept the key: {message}") from None
        return Answer(
            _meaning_of(error, status),
            message=message[:500],
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
