"""From files to figures: init, import, rate, demo."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli import run_commands
from billing_engine.cli.options import (
    DEFAULT_SETTINGS,
    DatabaseOption,
    Format,
    FormatOption,
    MonthOption,
    PriceListsOption,
    SettingsOption,
    world_of,
)
from billing_engine.errors import BillingError

if TYPE_CHECKING:
    from billing_engine.import_folder import ImportReport
    from billing_engine.intake.csv_rows import Rejected

DataOption = Annotated[Path, typer.Option("--data", help="Folder with the month's CSV files.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line, in the order of a month's work."""
    app.command()(init)
    app.command("import")(import_)
    app.command()(rate)
    run_commands.register(app)
    app.command()(demo)


def init(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="File to write. (default: billing.toml)", show_default=False)
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Write a commented settings file with a sample seller that works at once."""
    path = file or world_of(context, settings=settings).settings or DEFAULT_SETTINGS
    from billing_engine.intake.sample_settings import SAMPLE  # noqa: PLC0415 - pydantic is slow to import

    try:
        with path.open("x", encoding="utf-8") as opened:
            opened.write(SAMPLE)
    except FileExistsError:
        raise BillingError(f"{path} exists already and was left alone") from None
    except OSError as error:
        raise BillingError(f"{path} can not be written: {error.strerror}") from error
    typer.echo(f"wrote {path}; put in your own company before you send an invoice")


def import_(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder with the CSV files.", metavar="DIR")],
    skip_rejected: Annotated[
        bool, typer.Option("--skip-rejected", help="Import the good rows of files with bad ones.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="CSV file for all rejected rows and warnings.", show_default=False)
    ] = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Import a folder; when rows are rejected nothing is stored, unless --skip-rejected says so."""
    billing = world_of(context, database, settings, price_lists).open_billing(create=True)
    result = billing.import_folder(folder, skip_rejected=skip_rejected)
    _print_import(result, report, format_)
    if not result.stored:
        raise typer.Exit(1)


def _print_import(result: ImportReport, report: Path | None, format_: Format) -> None:
    from billing_engine.cli import tables  # noqa: PLC0415 - rich is slow to import

    if report is not None:
        _write_report(report, result.rejected, result.warnings)
    if format_ is Format.JSON:
        from billing_engine import json_shapes  # noqa: PLC0415 - only where JSON is asked for

        rows = {
            "rejected": [json_shapes.rejected(row) for row in result.rejected],
            "warnings": [json_shapes.rejected(row) for row in result.warnings],
        }
        typer.echo(json_shapes.to_text(asdict(result) | rows))
        return
    tables.print_import_notes(result)
    if not result.stored:
        return
    rows_ = [
        (name, str(count.added), str(count.changed), str(count.unchanged))
        for name, count in result.counts.items()
        if count.added or count.changed or count.unchanged
    ]
    tables.out.print(tables.table("Imported", "File", ">New", ">Changed", ">Unchanged", rows=rows_))


def _write_report(path: Path, rejected: Sequence[Rejected], warnings: Sequence[Rejected]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["kind", "file", "line", "column", "reason"])
        for kind, rows in (("rejected", rejected), ("warning", warnings)):
            writer.writerows([kind, *map(_no_formula, row)] for row in rows)


def _no_formula(cell: object) -> str:
    """Keep a spreadsheet from computing what somebody put into an id."""
    return f"'{cell}" if str(cell).startswith(("=", "+", "-", "@", "\t", "\r")) else str(cell)


def rate(
    context: typer.Context,
    data: DataOption,
    month: MonthOption,
    package: Annotated[
        str | None, typer.Option(help="What if all contracts had this package?", show_default=False)
    ] = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Rate a folder without a database: what each contract owes for a month, and why."""
    from billing_engine import json_shapes  # noqa: PLC0415 - with pydantic, which is slow to import
    from billing_engine.cli import tables  # noqa: PLC0415 - rich is slow to import
    from billing_engine.rate_folder import rate_folder  # noqa: PLC0415 - pydantic is slow to import

    world = world_of(context, settings=settings, price_lists=price_lists)
    rated = rate_folder(data, month, world.read_book(world.read_settings()), package)
    if format_ is Format.JSON:
        typer.echo(json_shapes.to_text(json_shapes.rated_folder(rated)))
    else:
        tables.print_rated(rated)
    tables.print_rejected(rated.rejected, "rejected row", "--format json lists")
    tables.print_rejected(rated.warnings, "warning", "`billing-engine import --report FILE` writes")
    tables.print_unread(rated.unread)
    if rated.rejected:
        raise typer.Exit(1)


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Folder to work in; it is made.")] = Path("demo-output"),
) -> None:
    """Take the examples from import to PDF in a new database, to see the whole way at once."""
    from billing_engine.cli.demo import run_demo  # noqa: PLC0415 - only here

    run_demo(directory)
