"""The demo: the examples from import to PDF, in a new SQLite file."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path

import typer
from rich.progress import Progress

from billing_engine.billing_run import CustomerPlan, RunOutcome
from billing_engine.cli import tables
from billing_engine.cli.rendering import render_month
from billing_engine.engine import BillingEngine
from billing_engine.errors import BillingError
from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.intake.settings_file import SAMPLE, read_settings
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.period import Month
from billing_engine.resources import resource_folder
from billing_engine.storage.database import open_database

MONTH = Month(2026, 10)
ISSUED_ON = date(2026, 11, 2)

_MARKER = ".billing-engine-demo"
"""Says that a folder is the demo's own. Nothing else in it would: its files are named like everybody's."""


def run_demo(directory: Path) -> None:
    """Import, preview, issue and render the example month in a folder of its own, made anew each time.

    Raises BillingError when the folder is there and not the demo's: it could be somebody's books.
    """
    if directory.exists() and not (directory / _MARKER).exists():
        raise BillingError(f"{directory} is there already and not the demo's; name a new folder with --dir")
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    (directory / _MARKER).touch()
    settings_path = directory / "billing.toml"
    settings_path.write_text(SAMPLE, encoding="utf-8")
    database = directory / "billing.db"
    book = read_price_lists([resource_folder("price_lists")])
    billing = BillingEngine(open_database(f"sqlite:///{database}"), book, read_settings(settings_path))
    billing.upgrade_schema()

    source = resource_folder("examples") / str(MONTH)
    _say(f"1. Import {source}")
    report = billing.import_folder(source)
    if not report.stored:
        tables.print_rejected(report.rejected, "rejected row", "this lists")
        raise BillingError("the examples could not be imported")
    tables.print_rejected(report.warnings, "warning", "`billing-engine import --report FILE` writes")

    _say(f"2. Preview {MONTH}: nothing is written")
    plans = list(billing.plan(MONTH))
    tables.out.print(tables.plan_table(f"Plan {MONTH}", plans))
    tables.print_summary(plans)

    _say("3. Issue")
    with Progress(console=tables.err) as progress:
        task = progress.add_task("Issuing invoices", total=len(plans))
        issued = billing.issue(MONTH, ISSUED_ON, on_progress=lambda _: progress.advance(task))
    rendered = render_month(billing, MONTH, directory / "pdf")
    rows = [_row(plan, rendered.paths) for plan in issued if plan.outcome is RunOutcome.ISSUED]
    title = f"Invoices of {MONTH}"
    tables.out.print(tables.table(title, "Customer", "Package", ">Hours used", ">Net", ">Total", "File", rows=rows))
    _say("4. Look around")
    url = f"sqlite:///{database}"
    typer.echo(f"PDFs      {rendered.folder}")
    typer.echo(f"Database  {url}")
    command = f"{_this_command()} --database {url}"
    typer.echo(f"Try       {command} invoice show {next(iter(rendered.paths))}")
    typer.echo(f"          {command} held")
    if rendered.failed:
        raise typer.Exit(1)


def _this_command() -> Path:
    """Write the command as it can be called from here."""
    command = Path(sys.argv[0])
    return command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command


def _row(plan: CustomerPlan, paths: dict[str, Path]) -> tuple[str, ...]:
    draft, number = plan.draft, plan.invoice_number
    if draft is None or number is None:
        raise AssertionError("an issued plan has a draft and a number")
    worked = sum(entry.worked_seconds for entry in draft.entries)
    return (
        plan.customer.name,
        ", ".join(use.package_title for use in draft.uses),
        hours_and_minutes(worked),
        tables.money(draft.net, draft.currency),
        tables.money(draft.gross, draft.currency),
        str(paths[number]),
    )


def _say(step: str) -> None:
    tables.out.print(f"\n[bold]{step}[/bold]")
