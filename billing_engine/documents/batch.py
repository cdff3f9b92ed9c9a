"""Many documents in as many processes as wanted. One that fails is tried once more, and never stops the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from tempfile import TemporaryDirectory
from time import monotonic

from billing_engine.documents.worker import Job, Limits, Made, Worker

_LIMITS = Limits()


def make_documents(jobs: Iterable[Job], workers: int, limits: Limits = _LIMITS) -> Iterator[Made]:
    """Make each document, and yield results as they are finished, in no particular order.

    Documents are made in other processes, which import the caller's main module; that therefore needs its
    `if __name__ == "__main__"`. One that fails, dies, hangs or takes too much memory is tried once more when the others
    are done, alone in a new process. Jobs are read no faster than they are done.
    """
    if workers < 1:
        raise ValueError(f"there must be at least one worker, not {workers}")
    return _make_all(iter(jobs), workers, limits)


def _make_all(jobs: Iterator[Job], workers: int, limits: Limits) -> Iterator[Made]:
    failed: list[Job] = []
    with TemporaryDirectory(prefix="billing-engine-", ignore_cleanup_errors=True) as folder:
        for job, made in _make_once(jobs, workers, limits, folder):
            if made.error is None:
                yield made
            else:
                failed.append(job)
        for job in failed:
            for _, made in _make_once(iter([job]), 1, limits, folder):
                yield made


def _make_once(jobs: Iterator[Job], workers: int, limits: Limits, folder: str) -> Iterator[tuple[Job, Made]]:
    idle: list[Worker] = []
    busy: dict[Worker, Job] = {}
    following = next(jobs, None)
    try:
        while busy or following is not None:
            while following is not None and len(busy) < workers:
                worker = idle.pop() if idle else Worker(limits, folder)
                busy[worker] = following
                worker.begin(following)
                following = next(jobs, None)  # read while the processes work
            for worker in _ready(list(busy)):
                made, job = worker.take(), busy.pop(worker)
                if worker.is_fit:
                    idle.append(worker)
                else:
                    worker.stop()
                yield job, made
    finally:
        for worker in [*idle, *busy]:
            worker.stop()


def _ready(busy: list[Worker]) -> list[Worker]:
    """Wait for workers that are done, dead or too late."""
    patience = max(0.0, min(worker.deadline for worker in busy) - monotonic())
    heard = wait([worker.connection for worker in busy], patience)
    now = monotonic()
    return [worker for worker in busy if worker.connection in heard or worker.deadline <= now]
