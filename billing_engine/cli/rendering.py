"""Rendering invoices to files, with a progress bar."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from billing_engine.errors import RenderingError
from billing_engine.model.period import Month

if TYPE_CHECKING:
    from billing_engine.engine import BillingEngine
    from billing_engine.model.invoice import Invoice, Seller
    from billing_engine.model.sla_report import SlaReport

_WORTH_A_POOL = 4
"""Invoices from which on starting worker processes pays."""


@dataclass(frozen=True, slots=True)
class RenderedMonth:
    """Where the PDFs of a month are: path by invoice number, and how many could not be rendered."""

    folder: Path
    paths: dict[str, Path]
    failed: int


def render_one(invoice: Invoice, output: Path | None) -> Path:
    """Render an invoice to a file, named by its number unless `output` says otherwise; raises RenderingError."""
    from billing_engine.documents.batch import pdf_file_name, render_invoices  # noqa: PLC0415 - slow to import

    path = output or Path(pdf_file_name(invoice.number))
    path.parent.mkdir(parents=True, exist_ok=True)
    (rendered,) = render_invoices([(invoice, path)], workers=1)
    if rendered.error is not None:
        raise RenderingError(f"invoice {invoice.number} could not be rendered: {rendered.error}")
    return path


def render_month(billing: BillingEngine, month: Month, folder: Path) -> RenderedMonth:
    """Render a month's invoices into a folder.

    Files that are there are replaced: they are the same to the byte, or they are of another database.
    """
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above
    from billing_engine.documents.batch import pdf_file_name, render_invoices  # noqa: PLC0415 - as above

    folder.mkdir(parents=True, exist_ok=True)
    paths = {invoice.number: folder / pdf_file_name(invoice.number) for invoice in billing.list_invoices(month)}
    jobs = ((billing.read_invoice(number), path) for number, path in paths.items())
    workers = (os.cpu_count() or 1) if len(paths) >= _WORTH_A_POOL else 1
    failed = 0
    with Progress(console=err, transient=True) as progress:
        for rendered in progress.track(render_invoices(jobs, workers), total=len(paths), description="Rendering PDFs"):
            if rendered.error is not None:
                failed += 1
                err.print(f"invoice {rendered.number} could not be rendered: {rendered.error}", markup=False)
    return RenderedMonth(folder, paths, failed)


def render_reports(reports: Sequence[SlaReport], seller: Seller | None, folder: Path) -> None:
    """Render reports of service levels into a folder, one PDF per customer; raises RenderingError."""
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above
    from billing_engine.documents.batch import sla_report_file_name  # noqa: PLC0415 - slow to import
    from billing_engine.documents.rendering import render_sla_report  # noqa: PLC0415 - as above

    folder.mkdir(parents=True, exist_ok=True)
    with Progress(console=err, transient=True) as progress:
        for report in progress.track(reports, description="Rendering reports"):
            (folder / sla_report_file_name(report)).write_bytes(render_sla_report(report, seller))
