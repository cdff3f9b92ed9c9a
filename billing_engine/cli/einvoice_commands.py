"""`billing-engine invoice xml` and `invoice check`: e-invoices written, and those of anybody checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_engine.cli.options import DatabaseOption, Format, FormatOption, SettingsOption, world_of
from billing_engine.einvoice.terms import Format as XmlFormat

if TYPE_CHECKING:
    from billing_engine.einvoice.checking import FileReport

UNREADABLE = 2
"""Exit code of `check` when a file could not be read."""


def xml(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Number of the invoice or credit note.")],
    format_: Annotated[XmlFormat, typer.Option("--format", help="What the recipient takes.")] = XmlFormat.CII,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.", show_default=False)] = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write an invoice or a credit note as an e-invoice (EN 16931), as it was issued.

    A format may want more than was known when it was issued; the message then names each missing field.
    """
    content = world_of(context, database, settings).open_billing().documents.invoice_xml(number, format_)
    from billing_engine.documents.files import pdf_file_name, write_whole  # noqa: PLC0415 - slow to import

    path = output or Path(pdf_file_name(number)).with_suffix(".xml")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    typer.echo(str(path))


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="XML, or PDF with an e-invoice in it.")],
    format_: FormatOption = Format.TABLE,
) -> None:
    """Check e-invoices of any sender: CII, UBL, and PDFs that have one in them (Factur-X, ZUGFeRD).

    Exits 1 when one is not valid, 2 when one can not be read. The package's extra `check` adds the official rules to
    our own.
    """
    from billing_engine.einvoice.checking import check_file  # noqa: PLC0415 - slow to import

    reports = [check_file(path) for path in files]
    if format_ is Format.JSON:
        from billing_engine import json_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text([_shape(report) for report in reports]))
    else:
        _print(reports)
    if not all(report.readable for report in reports):
        raise typer.Exit(UNREADABLE)
    if not all(report.valid for report in reports):
        raise typer.Exit(1)


def _shape(report: FileReport) -> dict[str, Any]:
    return {
        "file": str(report.path),
        "kind": report.kind or None,
        "valid": report.valid,
        "rules": list(report.rules),
        "left_out": list(report.left_out),
        "findings": [{"rule": one.rule, "message": one.message, "location": one.location} for one in report.findings],
    }


def _print(reports: Sequence[FileReport]) -> None:
    """Print each file with its findings; what could not be read is an error."""
    from billing_engine.cli.tables import err, out, text  # noqa: PLC0415 - rich is slow to import

    for report in reports:
        if not report.readable:
            err.print(text(f"billing-engine: {report.path}: {report.findings[0].message}"), soft_wrap=True)
            continue
        verdict = text("valid", "green") if report.valid else text("not valid", "bold red")
        out.print(text(f"{report.path}: {report.kind},"), verdict, soft_wrap=True)
        for one in report.findings:
            where = f" ({one.location})" if one.location else ""
            out.print(text(f"  {one.rule}: {one.message}{where}"), soft_wrap=True)
        out.print(text(f"  checked: {'; '.join(report.rules)}", "dim"), soft_wrap=True)
        for rules in report.left_out:
            out.print(text(f"  not checked: {rules}", "dim"), soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the commands to `billing-engine invoice`."""
    app.command()(xml)
    app.command()(check)
