"""Rendering documents to files, with a progress bar."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from billing_engine.document_desk import DocumentDesk, MonthNumbers
    from billing_engine.model.sla_report import SlaReport

TemplatesOption = Annotated[
    Path | None,
    typer.Option(
        "--templates", help="Folder whose files replace the shipped templates of the same name.", show_default=False
    ),
]

_WORTH_A_PROCESS = 4
"""Documents for which starting another process pays."""


@dataclass(frozen=True, slots=True)
class RenderedMonth:
    """Where the PDFs of a month are: path by number, and how many could not be rendered."""

    folder: Path
    paths: dict[str, Path]
    failed: int


def desk_with(desk: DocumentDesk, templates: Path | None) -> DocumentDesk:
    """Use a folder of templates where one was named; raises BadParameter when there is none."""
    if templates is None:
        return desk
    if not templates.is_dir():
        raise typer.BadParameter(f"there is no folder {templates}")
    return desk.with_templates(templates)


def write_pdf(content: bytes, number: str, output: Path | None) -> Path:
    """Write a document to a file, named by its number unless `output` says otherwise."""
    from billing_engine.documents.files import pdf_file_name, write_whole  # noqa: PLC0415 - slow to import

    path = output or Path(pdf_file_name(number))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return path


def render_month(
    desk: DocumentDesk, numbers: MonthNumbers, folder: Path, *, original: bool = False, copy: bool = False
) -> RenderedMonth:
    """Render documents of a month into a folder.

    Files that are there are replaced: they are the same to the byte, or they are of another database.
    """
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above
    from billing_engine.documents.files import pdf_file_name  # noqa: PLC0415 - slow to import

    folder.mkdir(parents=True, exist_ok=True)
    paths = {number: folder / pdf_file_name(number) for part in numbers for number in part}
    workers = max(1, min(os.cpu_count() or 1, len(paths) // _WORTH_A_PROCESS))
    results = desk.make_pdfs(numbers, workers, original=original, copy=copy)
    failed = 0
    with Progress(console=err, transient=True) as progress:
        for made in progress.track(results, total=len(paths), description="Rendering PDFs"):
            error = made.error if made.error is not None else _written(paths[made.number], made.content)
            if error is not None:
                failed += 1
                err.print(f"{made.number} could not be rendered: {error}", markup=False)
    return RenderedMonth(folder, paths, failed)


def tell_month(rendered: RenderedMonth) -> None:
    """Say how many files were written; exits 1 when one was not."""
    count = len(rendered.paths) - rendered.failed
    typer.echo(f"{count} PDF{'' if count == 1 else 's'} in {rendered.folder}", err=True)
    if rendered.failed:
        raise typer.Exit(1)


def _written(path: Path, content: bytes) -> str | None:
    """Write a file, or say why it can not be written."""
    from billing_engine.documents.files import write_whole  # noqa: PLC0415 - slow to import

    try:
        write_whole(path, content)
    except OSError as error:
        return f"{path} can not be written: {error.strerror}"
    return None


def render_reports(desk: DocumentDesk, reports: Sequence[SlaReport], folder: Path) -> None:
    """Render reports of service levels into a folder, one PDF per customer; raises RenderingError."""
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above
    from billing_engine.documents.files import sla_report_file_name, write_whole  # noqa: PLC0415 - slow to import

    folder.mkdir(parents=True, exist_ok=True)
    with Progress(console=err, transient=True) as progress:
        for report in progress.track(reports, description="Rendering reports"):
            write_whole(folder / sla_report_file_name(report), desk.sla_report_pdf(report))
