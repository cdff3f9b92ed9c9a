"""Many invoices to PDF files, in as many processes as wanted. One that fails never stops the others."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import uuid4

from billing_engine.documents.rendering import render_invoice
from billing_engine.errors import BillingError
from billing_engine.model.invoice import Invoice
from billing_engine.model.sla_report import SlaReport

Job = tuple[Invoice, Path]

_JOBS_PER_WORKER = 3
"""One in work and two waiting: workers never idle, and jobs are read no faster than they are rendered."""

_STEM_LIMIT = 100


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """What became of one invoice; `path` holds its PDF when `error` is None, and is untouched otherwise."""

    number: str
    path: Path
    error: str | None = None


def render_invoices(jobs: Iterable[Job], workers: int) -> Iterator[RenderedFile]:
    """Render each invoice to its path, and yield results as they are finished, in no particular order.

    `workers=1` renders in this process. More start processes that import the caller's main module, which therefore
    needs its `if __name__ == "__main__"`.
    """
    if workers < 1:
        raise ValueError(f"there must be at least one worker, not {workers}")
    if workers == 1:
        return (_render_file(*job) for job in jobs)
    return _render_in_processes(iter(jobs), workers)


def pdf_file_name(number: str) -> str:
    """Make a file name from an invoice number: itself where that is safe, else with a mark of its own.

    The mark keeps numbers apart that differ only in what a file name can not hold, such as 1/26 and 1:26.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+|\.{2,}", "-", number).strip(".-")[:_STEM_LIMIT]
    if stem != number or not stem:
        mark = hashlib.sha256(number.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        stem = f"{stem}-{mark}" if stem else mark
    return f"{stem}.pdf"


def sla_report_file_name(report: SlaReport) -> str:
    """Make a file name from a report's month and customer, as safe and as distinct as that of an invoice."""
    return pdf_file_name(f"sla-{report.month}-{report.customer.customer}")


def _render_in_processes(jobs: Iterator[Job], workers: int) -> Iterator[RenderedFile]:
    pool = _start_pool(workers)
    running: dict[Future[RenderedFile], Job] = {}
    try:
        while True:
            for job in islice(jobs, workers * _JOBS_PER_WORKER - len(running)):
                running[_submit(pool, job)] = job
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                done, _ = wait(running)  # a broken pool ends all of them
                pool.shutdown()
                pool = _start_pool(workers)
            for future in done:
                yield _result(future, running.pop(future))
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, job: Job) -> Future[RenderedFile]:
    try:
        return pool.submit(_render_file, *job)
    except BrokenProcessPool as error:
        refused: Future[RenderedFile] = Future()
        refused.set_exception(error)
        return refused


def _result(future: Future[RenderedFile], job: Job) -> RenderedFile:
    error = future.exception()
    if error is None:
        return future.result()
    return _render_alone(job) if isinstance(error, BrokenProcessPool) else _failed(job, str(error))


def _failed(job: Job, error: str) -> RenderedFile:
    invoice, path = job
    return RenderedFile(invoice.number, path, error)


def _start_pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, because a fork of a process that has threads, such as a web server's, may hang.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_start_worker)


def _start_worker() -> None:
    """Import what rendering needs and exempt it from garbage collection, which else takes a seventh of a long annex."""
    # A machine that lacks it says so for each invoice; an error here would only break the pool.
    with suppress(ImportError, OSError):
        import weasyprint  # noqa: F401, PLC0415
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _render_alone(job: Job) -> RenderedFile:
    """Render in a process of its own, after one has died: of all invoices at hand only the guilty one fails."""
    with _start_pool(1) as pool:
        try:
            return pool.submit(_render_file, *job).result()
        except BrokenProcessPool:
            return _failed(job, "the process that rendered it died")


def _render_file(invoice: Invoice, path: Path) -> RenderedFile:
    try:
        _write_whole(path, render_invoice(invoice))
    except (BillingError, OSError) as error:
        return RenderedFile(invoice.number, path, str(error))
    return RenderedFile(invoice.number, path)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, whoever looks and whatever fails."""
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
