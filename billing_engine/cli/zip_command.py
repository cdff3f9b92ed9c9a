"""`billing-engine invoice zip`: a month's documents in one file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from billing_engine.cli.options import DatabaseOption, MonthOption, SettingsOption, world_of
from billing_engine.cli.rendering import TemplatesOption, desk_with, render_month


def register(app: typer.Typer) -> None:
    """Add the command to those about invoices."""
    app.command("zip")(zip_)


def zip_(
    context: typer.Context,
    month: MonthOption,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
    skip_failed: Annotated[
        bool, typer.Option("--skip-failed", help="Leave out what can not be rendered, instead of writing nothing.")
    ] = False,
    templates: TemplatesOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write the PDFs of a month's invoices, and of the credit notes issued in it, into one zip file.

    The same documents make the same bytes. Exits 1 when one could not be rendered.
    """
    from billing_engine.cli.tables import err, text  # noqa: PLC0415 - rich is slow to import
    from billing_engine.documents.archive import Packed, write_archive  # noqa: PLC0415 - only where it is needed

    billing = world_of(context, database, settings).open_billing()
    desk = desk_with(billing.documents, templates)
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="billing-engine-") as folder:
        rendered = render_month(desk, desk.month_numbers(month), Path(folder))
        # Read afterwards, so that they are of all that was rendered: documents only become more.
        days = {one.number: one.issued_on for one in billing.list_invoices(month)}
        days |= {one.number: one.issued_on for one in billing.receivables.credit_notes(month=month)}
        files = [Packed(path.name, days[number], path) for number, path in rendered.paths.items() if path.exists()]
        if files and (skip_failed or not rendered.failed):
            write_archive(output, files)
            typer.echo(str(output))
        elif not rendered.failed:
            err.print(text(f"nothing was issued for {month}"))
        else:
            err.print(text(f"{output} was not written; --skip-failed leaves out what can not be rendered"))
    if rendered.failed or not files:
        raise typer.Exit(1)
