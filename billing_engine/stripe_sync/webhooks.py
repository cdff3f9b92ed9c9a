"""Webhooks: events that Stripe posts, held to their signature as they came, byte by byte, and answered at once.

`WebhookApp` is an ASGI application: mount it in a host's, or let `billing-engine stripe listen` serve it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import stripe

from billing_engine.errors import SignatureError
from billing_engine.stripe_sync.reading import Told, told_by

TOLERANCE = 300
"""Seconds for which a signature holds; Stripe signs each delivery anew."""

MOST_BYTES = 1_000_000
"""Of one event; Stripe's are far smaller."""

_log = logging.getLogger(__name__)

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


def read_event(body: bytes, signature: str, secret: str) -> Told:
    """Check the signature of an event and read what it hints at; raises SignatureError."""
    try:
        text = body.decode("utf-8")
        stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE)
        return told_by(json.loads(text))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        raise SignatureError from None
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise SignatureError("what was signed is no event") from None


class WebhookApp:
    """Takes what is posted, and says 200 once it is kept; whatever is to be done about it is done later."""

    def __init__(self, take: Callable[[bytes, str], object], path: str = "") -> None:
        """Hand bodies and signatures to `take`; with a path nothing is answered elsewhere."""
        self._take = take
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            status, said = await self._answer(scope, receive)
            body = json.dumps(said).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, dict[str, str]]:
        if self._path and scope["path"].rstrip("/") != self._path:
            return 404, {"error": "nothing is here"}
        if scope["method"] != "POST":
            return 405, {"error": "events are posted"}
        body = await _read_body(receive)
        if body is None:
            return 413, {"error": "an event is smaller"}
        signature = next((value for name, value in scope["headers"] if name.lower() == b"stripe-signature"), b"")
        return await self._keep(body, signature.decode("latin-1"))

    async def _keep(self, body: bytes, signature: str) -> tuple[int, dict[str, str]]:
        """Keep an event; where that fails Stripe is to post it again."""
        try:
            await asyncio.to_thread(self._take, body, signature)
        except SignatureError as error:
            return 400, {"error": str(error)}
        except Exception:  # noqa: BLE001 - whatever it is, it is logged and Stripe is told
            _log.exception("an event could not be kept")
            return 503, {"error": "try again later"}
        return 200, {"received": "true"}


async def _read_body(receive: Receive) -> bytes | None:
    """Read a body; None when it is too long."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return body


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
