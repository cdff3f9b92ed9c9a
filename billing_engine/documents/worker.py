"""A process that makes one document after the other, within limits of memory and time."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import monotonic

from billing_engine.errors import BillingError


@dataclass(frozen=True, slots=True)
class Job:
    """A document to make."""

    number: str
    make: Callable[[], bytes]
    """Sent to another process, so it is a function of a module with its arguments."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a job: its file's content, or in words why there is none."""

    number: str
    content: bytes = b""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take; real ones need a few seconds and some hundred megabytes."""

    memory: int = 2 << 30
    """Bytes of address space of a process."""
    seconds: float = 120
    """From the job's beginning, a new process's start included."""
    jobs: int = 2000
    """After which a process is replaced, in case that a library loses memory."""


class Worker:
    """One process; at any time it has one job or none."""

    def __init__(self, limits: Limits, folder: str) -> None:
        """Start the process; what it leaves in the folder for its own use the caller removes."""
        # Spawned, because a fork of a process that has threads, such as a web server's, may hang.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, limits.memory, folder), daemon=True)
        self._process.start()
        theirs.close()
        self._limits = limits
        self._left = limits.jobs
        self._number = ""
        self._broken = False
        self.deadline = 0.0

    @property
    def is_fit(self) -> bool:
        """Tell whether it can have another job."""
        return self._left > 0 and not self._broken

    def begin(self, job: Job) -> None:
        """Give it a job."""
        self._number, self.deadline = job.number, monotonic() + self._limits.seconds
        self._left -= 1
        with suppress(BrokenPipeError):  # it died; `take` says so
            self.connection.send(job)

    def take(self) -> Made:
        """Take what became of its job, when there is something to read or the time is over."""
        try:
            if self.connection.poll():
                made: Made = self.connection.recv()
                self._broken = made.error is not None  # who knows what the failure left behind
                return made
            error = f"it was not done within {self._limits.seconds:g} seconds"
        except (EOFError, OSError):
            self._process.join(1)
            error = f"the process that rendered it died, with exit code {self._process.exitcode}"
        self._broken = True
        return Made(self._number, error=error)

    def stop(self) -> None:
        """End the process, whatever it is doing: it holds nothing that could be lost."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.connection.close()


def _work(connection: Connection, memory: int, folder: str) -> None:
    """Do jobs until there are no more; runs in the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of Ctrl+C the parent decides
    tempfile.tempdir = folder  # a process that is killed removes nothing
    _limit_memory(memory)
    _warm_up()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # nobody is there any more to tell
        while True:
            job: Job = connection.recv()
            connection.send(_make(job))


def _make(job: Job) -> Made:
    try:
        return Made(job.number, job.make())
    except (BillingError, OSError) as error:
        return Made(job.number, error=str(error))
    except MemoryError:
        return Made(job.number, error="it needs more memory than a document may have")
    except Exception as error:  # noqa: BLE001 - a mistake of ours in one document must not stop the others
        return Made(job.number, error=f"{type(error).__name__}: {error}")


def _limit_memory(memory: int) -> None:
    with suppress(ImportError):  # there are no such limits on Windows
        import resource  # noqa: PLC0415 - as above

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = memory if most == resource.RLIM_INFINITY else min(memory, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _warm_up() -> None:
    """Import what rendering needs and exempt it from garbage collection, which else takes a seventh of a long annex."""
    # A machine that lacks it says so for each document; an error here would say it for none.
    with suppress(ImportError, OSError, BillingError):
        from billing_engine.documents.pdf import warm_up  # noqa: PLC0415 - not for the parent

        warm_up()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
