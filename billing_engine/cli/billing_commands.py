"""The month's work: init, import, rate, preview, run, held, demo."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli.options import (
    DEFAULT_SETTINGS,
    DatabaseOption,
    Format,
    FormatOption,
    MonthOption,
    OptionalMonthOption,
    PriceListsOption,
    SettingsOption,
    world_of,
)
from billing_engine.cli.rendering import render_month
from billing_engine.cli.times import read_day
from billing_engine.errors import BillingError, SettingsMissingError
from billing_engine.model.period import Month

if TYPE_CHECKING:
    from billing_engine.billing_run import CustomerPlan
    from billing_engine.engine import BillingEngine
    from billing_engine.import_folder import ImportReport
    from billing_engine.intake.csv_rows import Rejected

DataOption = Annotated[Path, typer.Option("--data", help="Folder with the month's CSV files.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line, in the order of a month's work."""
    app.command()(init)
    app.command("import")(import_)
    app.command()(rate)
    app.command()(preview)
    app.command()(run)
    app.command()(held)
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
    from billing_engine.intake.settings_file import SAMPLE  # noqa: PLC0415 - pydantic is slow to import

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
    _print_notes(result)
    if not result.stored:
        return
    rows_ = [
        (name, str(count.added), str(count.changed), str(count.unchanged))
        for name, count in result.counts.items()
        if count.added or count.changed or count.unchanged
    ]
    tables.out.print(tables.table("Imported", "File", ">New", ">Changed", ">Unchanged", rows=rows_))


def _print_notes(result: ImportReport) -> None:
    """Print what an import would not take, and what it did not look at."""
    from billing_engine.cli import tables  # noqa: PLC0415 - rich is slow to import

    tables.print_rejected(result.rejected, "rejected row", "`billing-engine import --report FILE` writes")
    tables.print_rejected(result.warnings, "warning", "`billing-engine import --report FILE` writes")
    tables.print_unread(result.unread)
    if not result.stored:
        typer.echo("nothing was imported; correct the rows, or skip them with --skip-rejected", err=True)


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


def preview(
    context: typer.Context,
    month: MonthOption,
    customer: Annotated[str | None, typer.Option(help="Only this customer.", show_default=False)] = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show what each customer will pay for a month, line by line, with the reason of every entry. Writes nothing."""
    billing = world_of(context, database, settings, price_lists).open_billing()
    plans = [plan for plan in billing.plan(month, on=read_day(None)) if customer in (None, plan.customer.customer)]
    if customer is not None and not plans:
        raise BillingError(f"there is no customer {customer!r}")
    _print_plans(month, plans, format_, in_detail=True)
    if any(plan.outcome == "failed" for plan in plans):
        raise typer.Exit(1)


def run(
    context: typer.Context,
    month: MonthOption,
    issue: Annotated[bool, typer.Option("--issue", help="Issue the invoices; without it the plan is shown.")] = False,
    pdf: Annotated[Path | None, typer.Option(help="Folder for the PDFs, with --issue.", show_default=False)] = None,
    data: Annotated[Path | None, typer.Option(help="Folder to import first.", show_default=False)] = None,
    issued_on: Annotated[
        str | None, typer.Option(help="Date of issue. (default: today)", metavar="YYYY-MM-DD", show_default=False)
    ] = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Run a month: show the plan, or issue the invoices. A second run issues nothing again."""
    if pdf is not None and not issue:
        raise typer.BadParameter("--pdf goes with --issue")
    day = read_day(issued_on)
    world = world_of(context, database, settings, price_lists)
    if issue and world.read_settings() is None:
        raise SettingsMissingError
    billing = world.open_billing(create=data is not None)
    if pdf is not None:
        pdf.mkdir(parents=True, exist_ok=True)
    if data is not None:
        imported = billing.import_folder(data)
        _print_notes(imported)
        if not imported.stored:
            raise typer.Exit(1)
    if issue and day <= month.last_day:
        typer.echo(f"{month} is not over on {day}; what is still to come in it will not be on these invoices", err=True)
    plans = _issue(billing, month, day) if issue else list(billing.plan(month, on=day))
    _print_plans(month, plans, format_, in_detail=False)
    failed = sum(plan.outcome == "failed" for plan in plans)
    if pdf is not None:
        rendered = render_month(billing, month, pdf)
        failed += rendered.failed
        typer.echo(f"{len(rendered.paths) - rendered.failed} PDFs are in {pdf}", err=True)
    if failed:
        raise typer.Exit(1)


def _issue(billing: BillingEngine, month: Month, issued_on: date) -> list[CustomerPlan]:
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above

    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("Issuing invoices", total=billing.count_customers())
        return billing.issue(month, issued_on, on_progress=lambda _: progress.advance(task))


def _print_plans(month: Month, plans: Sequence[CustomerPlan], format_: Format, *, in_detail: bool) -> None:
    if format_ is Format.JSON:
        from billing_engine import json_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text(json_shapes.plan(month, plans)))
        return
    from billing_engine.cli import tables  # noqa: PLC0415 - rich is slow to import

    if in_detail:
        for plan in plans:
            name = f"{plan.customer.customer} {plan.customer.name}, {month}: {tables.outcome_text(plan)}"
            if plan.draft is not None:
                tables.print_draft(plan.draft, name)
            else:
                tables.out.print(tables.text(f"{name}\n"))
    else:
        tables.out.print(tables.plan_table(f"Billing run {month}", plans))
    tables.print_summary(plans)


def held(
    context: typer.Context,
    month: OptionalMonthOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List work that can not be billed yet, and why; without --month of all months that have unbilled work."""
    plans = world_of(context, database, settings, price_lists).open_billing().held(month)
    found = [(period, plan.customer, item.id, item.reason) for period, plan in plans for item in plan.held]
    failed = [(period, plan.customer, "", plan.reason) for period, plan in plans if plan.outcome == "failed"]
    if format_ is Format.JSON:
        from billing_engine import json_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text(json_shapes.held_work(found + failed)))
    else:
        from billing_engine.cli import tables  # noqa: PLC0415 - rich is slow to import

        rows = [(str(period), c.customer, c.name, entry, reason) for period, c, entry, reason in found + failed]
        tables.out.print(tables.table("Held", "Period", "Customer", "Name", "Entry", "Reason", rows=rows))
        tables.out.print(f"{len(found)} held" + (f", {len(failed)} customers failed" if failed else ""))
    if failed:
        raise typer.Exit(1)


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Folder to work in; it is made.")] = Path("demo-output"),
) -> None:
    """Take the examples from import to PDF in a new database, to see the whole way at once."""
    from billing_engine.cli.demo import run_demo  # noqa: PLC0415 - only here

    run_demo(directory)
