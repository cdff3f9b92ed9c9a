"""A strict double of Stripe's API over real HTTP, with idempotency, events and faults, for the project's tests.

Run as a program it serves benchmarks: `python tests/stripe_fake.py --port 8123 --faults 0.3 --seed 7`.
"""

import argparse
import contextlib
import json
import threading
import time
from collections import defaultdict, deque

import stripe_fake_controls as controls
from stripe_fake_calls import Calls, Request
from stripe_fake_faults import KINDS, Faults
from stripe_fake_server import Server
from stripe_fake_store import API_VERSION, Store

__all__ = ["API_VERSION", "KINDS", "FakeStripe", "Faults"]


class FakeStripe(controls.Controls):
    """A Stripe of one's own on 127.0.0.1; also a context manager."""

    def __init__(self, secret="whsec_test", clock=time.time, port=0):  # noqa: S107 - not a real one
        self.key = "sk_test_fake"
        self.secret = secret
        self.store = Store(clock)
        self.calls = Calls(self.store, self.key)
        self.requests = []
        self.without_key = 0
        self.faults = None
        self.hold_seconds = 1.0
        self.latency = 0.0
        self.before_answer = None
        self._planned = deque()
        self._port = port
        self._server = self._thread = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None and self.failures:
            raise AssertionError("the fake Stripe itself failed:\n" + "\n".join(self.failures))

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    @property
    def failures(self):
        """Tracebacks of the fake's own faults; leaving its context with any of them is an error."""
        return self.calls.failures

    def start(self):
        """Begin to listen, on the same port as before after a stop."""
        self._server = Server(self, self._port)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """End at once, whatever clients are waiting for; what is stored stays."""
        if self._server:
            self._server.close()
            self._thread.join()
            self._server = None

    def script(self, *kinds):
        """Plan the faults of the next requests, one each; None stands for no fault."""
        self._planned.extend(kinds)

    def forget_keys(self):
        """Let 24 hours pass for the idempotency keys."""
        with self.store.lock:
            self.calls.entries.clear()

    def _record(self, method, path, headers):
        """Count a request and draw its fault."""
        with self.store.lock:
            request = Request(
                number=len(self.requests) + 1,
                method=method,
                path=path,
                key=headers.get("idempotency-key"),
                user_agent=headers.get("user-agent", ""),
                version=headers.get("stripe-version"),
                authorization=headers.get("authorization"),
            )
            self.requests.append(request)
            if method == "POST" and not request.key:
                self.without_key += 1
            fault, executes = self.faults.draw(request.number) if self.faults else (None, False)
            if self._planned:
                fault, executes = self._planned.popleft(), False
            if fault == "html_502_executed":
                fault, executes = "html_502", True
            request.fault = fault
        return request, executes

    def _serve(self, connection, method, path, headers, raw):
        """Answer one request on its connection; False means that the connection ends."""
        request, executes = self._record(method, path, headers)
        answer, entry = self.calls.perform(request, raw, request.fault, executes)
        request.status = answer.status
        try:
            if self.before_answer:
                self.before_answer(request)
            if request.fault == "timeout":
                connection.server.stopping.wait(self.hold_seconds)
            elif self.latency:
                connection.server.stopping.wait(self.latency)
        finally:
            if entry:
                self.calls.finish(entry)
        if request.fault in {"drop_before", "drop_after", "timeout"}:  # one that waits longer gets no answer either
            request.status = None
            return False
        connection.send(answer, request, cut=request.fault == "truncated")
        return request.fault != "truncated" and headers.get("connection", "").lower() != "close"

    def by_metadata(self, kind, key):
        """Return stored objects of a kind by the value that they have under a metadata key."""
        found = defaultdict(list)
        for obj in self.all(kind):
            value = (obj.get("metadata") or {}).get(key)
            if value is not None:
                found[value].append(obj)
        return dict(found)


def main():
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", type=float, default=0.0, help="share of the requests that meet a fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--hold", type=float, default=1.0, help="seconds by which `timeout` holds an answer back")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer takes")
    chosen = parser.parse_args()
    fake = FakeStripe(port=chosen.port)
    fake.hold_seconds, fake.latency = chosen.hold, chosen.latency
    if chosen.faults:
        fake.faults = Faults(chosen.seed, chosen.faults, chosen.kinds.split(","))
    with fake:
        print(json.dumps({"url": fake.url, "key": fake.key}), flush=True)  # noqa: T201 - its caller reads this
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
