"""Listening: serves the webhook, and works on what came in a thread beside it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from billing_engine.errors import BillingError

if TYPE_CHECKING:
    from billing_engine.stripe_desk import StripeDesk

PATH = "/stripe/webhook"
_POLLED = 300
"""Seconds between looks for events that were not posted."""

_SHORTEST, _LONGEST = 1.0, 60.0
"""Seconds to wait before what could not be worked on is tried again."""

_log = logging.getLogger(__name__)


class Worker:
    """Works on events as they come, and reads now and then those that did not."""

    def __init__(self, desk: StripeDesk) -> None:
        self._desk = desk
        self._came = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stripe-events", daemon=True)

    def take(self, body: bytes, signature: str) -> None:
        """Keep an event and wake up."""
        self._desk.events.take(body, signature)
        self._came.set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being worked on."""
        self._over.set()
        self._came.set()
        self._thread.join()

    def _run(self) -> None:
        wait, waited = _SHORTEST, float(_POLLED)
        while not self._over.is_set():
            if waited >= _POLLED:
                waited = 0.0
                self._guarded(self._desk.events.poll)
            stuck = self._guarded(self._work)
            wait = min(_LONGEST, wait * 2) if stuck else _SHORTEST
            came = self._came.wait(wait)
            self._came.clear()
            waited += 0 if came else wait

    def _work(self) -> bool:
        return self._desk.events.work().put_off > 0

    def _guarded(self, work: object) -> bool:
        """Do something; tells whether it is stuck. Whatever goes wrong, the next event may go well."""
        try:
            return bool(work())  # type: ignore[operator]
        except BillingError as error:
            _log.warning("events wait: %s", error)
        except Exception:  # noqa: BLE001 - as said
            _log.exception("events wait")
        return True


def listen(desk: StripeDesk, host: str, port: int) -> None:
    """Serve until the process is told to end."""
    import uvicorn  # noqa: PLC0415 - only here

    from billing_engine.stripe_sync.webhooks import WebhookApp  # noqa: PLC0415 - as above

    worker = Worker(desk)
    app = WebhookApp(worker.take, PATH)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
    worker.start()
    try:
        uvicorn.Server(config).run()
    finally:
        worker.stop()
