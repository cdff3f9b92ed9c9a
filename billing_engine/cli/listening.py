"""Listening: serves the webhook, and works on what came in a thread beside it."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from billing_engine.errors import BillingError

if TYPE_CHECKING:
    from billing_engine.stripe_desk import StripeDesk

PATH = "/stripe/webhook"
_POLLED = 300
"""Seconds between looks for events that were not posted."""

_SHORTEST, _LONGEST = 1.0, 60.0
"""Seconds to wait before what could not be worked on is tried again."""

_PATIENCE = 3
"""Seconds for which the end waits for what is under way."""

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
        """Finish what is being worked on, if that is soon: an event is done or it is not, whenever this ends."""
        self._over.set()
        self._came.set()
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        wait, due = _SHORTEST, time.monotonic()
        while not self._over.is_set():
            if time.monotonic() >= due:
                due = time.monotonic() + _POLLED
                self._guarded(self._desk.events.poll)
            stuck = self._guarded(self._work)
            wait = min(_LONGEST, wait * 2) if stuck else _SHORTEST
            self._came.wait(wait)
            self._came.clear()

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
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE,
    )
    worker.start()
    try:
        with _ending_well():
            uvicorn.Server(config).run()
    finally:
        worker.stop()


@contextmanager
def _ending_well() -> Iterator[None]:
    """Let a process that was told to end do so by itself: once it serves no more, the server sends it that again."""

    def ignore(_number: int, _frame: FrameType | None) -> None:
        pass

    former = {number: signal.signal(number, ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
