"""Senders in processes of their own, forked from one that has no threads, and killed wherever a test says.

The fake Stripe, which has many threads, stays in the test's own process.
"""

import json
import multiprocessing
import os
import signal
import time
import traceback
from contextlib import suppress
from typing import NamedTuple

from books import OCTOBER, SETTINGS
from crashing import CrashPoints
from sla_builders import book
from stripe_fake import FakeStripe
from stripe_month import LINES, PATIENCE, Clock

from billing_engine import BillingEngine
from billing_engine.model.delivery import DeliveryState
from billing_engine.stripe_push import Pace
from billing_engine.stripe_sync import mirror
from billing_engine.stripe_sync.access import StripeAccess


class Job(NamedTuple):
    """A push to be done by a process of its own."""

    url: str
    base: str
    point: int = 0
    """Where at the database it kills itself; 0 is nowhere."""
    coarse: bool = True
    hurried: int = 1
    """How many times faster its time passes."""
    patience: float = PATIENCE[1]
    """Seconds to wait for an answer."""
    stays: bool = False
    """Whether the forking process does it itself, and those that are forked after it know all statements."""


class Ended(NamedTuple):
    """How a process ended."""

    signal: int
    passed: int
    """Points at the database where it could have been killed."""
    left: int
    """Deliveries that were not done."""


class Senders:
    """Forks processes that push, one or several at once, from one that does nothing else."""

    def __init__(self):
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.processes = []
        """Ids of those that work now."""

    def start(self, *jobs):
        """Let them work; whoever a failed test left behind is killed."""
        if self.processes:
            self.kill()
            self.wait()
        self._connection.send(jobs)
        self.processes[:] = self._connection.recv()

    def wait(self):
        """Return how each of them ended."""
        ended = [Ended(*one) for one in self._connection.recv()]
        self.processes.clear()
        return ended

    def run(self, *jobs):
        """Let them work, and return how each of them ended."""
        self.start(*jobs)
        return self.wait()

    def kill(self):
        """Kill all that work now."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def close(self):
        """End."""
        self.kill()
        self._connection.send(None)
        self._process.join()


BOOK = book()


def _serve(connection):
    mirror.CHUNK = LINES
    for jobs in iter(connection.recv, None):
        started = [_start(job) for job in jobs]
        connection.send([process for process, _ in started])
        connection.send([_wait(*one) for one in started])


def _start(job):
    if job.stays:
        return 0, _push(job)
    ours, theirs = os.pipe()
    process = os.fork()
    if process:
        os.close(theirs)
        return process, ours
    try:
        os.write(theirs, json.dumps(_push(job)).encode())
    except BaseException:  # noqa: BLE001 - it must not go on as a second server
        traceback.print_exc()
    os._exit(0)


def _wait(process, pipe):
    if not process:
        return 0, *pipe
    _, status = os.waitpid(process, 0)
    with os.fdopen(pipe) as said:
        passed, left = json.loads(said.read() or "[-1, -1]")
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, passed, left


class _Points(CrashPoints):
    def pass_through(self, point, url, work):
        """Let work be done, up to a point; returns how many there were."""
        self._fatal = point
        return self.count(url, work)


_POINTS = {}
"""By kind of database and how coarse they are; what is forked has a copy of them."""


def _points(job):
    key = (job.url.partition(":")[0], job.coarse)
    if key not in _POINTS:
        _POINTS[key] = _Points(job.url, coarse=job.coarse)
    return _POINTS[key]


def _push(job):
    left = []

    def work(database):
        billing = BillingEngine(database, BOOK, SETTINGS, clock=Clock())
        pace = Pace(lambda: time.monotonic() * job.hurried, lambda seconds: time.sleep(seconds / job.hurried))
        desk = billing.stripe(StripeAccess(FakeStripe().key, "", job.base), timeout=(2, job.patience), pace=pace)
        left.extend(one for one in desk.push(OCTOBER) if one.state is not DeliveryState.DONE)

    passed = _points(job).pass_through(job.point, job.url, work)
    return passed, len(left)
