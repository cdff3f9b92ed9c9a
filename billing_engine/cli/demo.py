"""The demo: the examples from import to PDF, over two months, in a new SQLite file."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import typer
from rich.progress import Progress

from billing_engine.billing_run import CustomerPlan, RunOutcome
from billing_engine.cli import check_tables, sla_tables, tables
from billing_engine.cli.rendering import RenderedMonth, render_month, render_reports
from billing_engine.engine import BillingEngine
from billing_engine.errors import BillingError
from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.intake.sample_settings import SAMPLE
from billing_engine.intake.settings_file import read_settings
from billing_engine.model.instant import hours_and_minutes, instant_of
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings
from billing_engine.resources import resource_folder
from billing_engine.storage.database import open_database

FIRST, SECOND = Month(2026, 10), Month(2026, 11)
_ISSUED_ON = {FIRST: date(2026, 11, 2), SECOND: date(2026, 12, 2)}
_DECIDED_AT = datetime(2026, 11, 17, 9, tzinfo=UTC)

_MARKER = ".billing-engine-demo"
"""Says that a folder is the demo's own. Nothing else in it would: its files are named like everybody's."""


def run_demo(directory: Path) -> None:
    """Take two example months from import to PDF in a folder of its own, made anew each time.

    Raises BillingError when the folder is there and not the demo's: it could be somebody's books.
    """
    settings = _make_anew(directory)
    url = f"sqlite:///{directory / 'billing.db'}"
    billing = BillingEngine(open_database(url), read_price_lists([resource_folder("price_lists")]), settings)
    billing.upgrade_schema()

    _import(billing, 1, FIRST)
    _say(f"2. Preview {FIRST}: nothing is written")
    plans = list(billing.plan(FIRST, on=_ISSUED_ON[FIRST]))
    tables.out.print(tables.plan_table(f"Plan {FIRST}", plans))
    tables.print_summary(plans)
    first = _issue(billing, 3, FIRST, directory / "pdf")

    _import(billing, 4, SECOND)
    _say("5. Decide the claims by the agreements' rules")
    decided = billing.sla.decide_claims(instant_of(_DECIDED_AT), _DECIDED_AT.date())
    tables.out.print(sla_tables.claim_table(decided))
    second = _issue(billing, 6, SECOND, directory / "pdf")
    tables.out.print()
    tables.out.print(sla_tables.credit_table(billing.sla.credits()))

    _say(f"7. Report the service levels of {FIRST}")
    reports = billing.sla.report(FIRST, instant_of(_DECIDED_AT))
    render_reports(billing.documents, reports, directory / "reports")

    _say("8. Check the whole database")
    check_tables.print_summary(billing.doctor())
    _look_around(directory, url, first, second)


def _make_anew(directory: Path) -> Settings:
    if directory.exists() and not (directory / _MARKER).exists():
        raise BillingError(f"{directory} is there already and not the demo's; name a new folder with --dir")
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    (directory / _MARKER).touch()
    settings_path = directory / "billing.toml"
    settings_path.write_text(SAMPLE, encoding="utf-8")
    return read_settings(settings_path)


def _import(billing: BillingEngine, step: int, month: Month) -> None:
    source = resource_folder("examples") / str(month)
    _say(f"{step}. Import {source}")
    report = billing.import_folder(source)
    if not report.stored:
        tables.print_rejected(report.rejected, "rejected row", "this lists")
        raise BillingError("the examples could not be imported")
    tables.print_rejected(report.warnings, "warning", "`billing-engine import --report FILE` writes")
    typer.echo(", ".join(f"{count.added} {name}" for name, count in report.counts.items() if count.added))


def _issue(billing: BillingEngine, step: int, month: Month, folder: Path) -> RenderedMonth:
    _say(f"{step}. Issue {month}")
    with Progress(console=tables.err) as progress:
        task = progress.add_task("Issuing invoices", total=billing.count_customers())
        issued = billing.issue(month, _ISSUED_ON[month], on_progress=lambda _: progress.advance(task))
    rendered = render_month(billing.documents, billing.documents.month_numbers(month).of_invoices(), folder)
    rows = [_row(plan, rendered.paths) for plan in issued if plan.outcome is RunOutcome.ISSUED]
    columns = ("Customer", "Package", ">Hours used", ">Credits", ">Net", ">To pay", "File")
    tables.out.print(tables.table(f"Invoices of {month}", *columns, rows=rows))
    return rendered


def _row(plan: CustomerPlan, paths: dict[str, Path]) -> tuple[str, ...]:
    draft, number = plan.draft, plan.invoice_number
    if draft is None or number is None:
        raise AssertionError("an issued plan has a draft and a number")
    worked = sum(entry.worked_seconds for entry in draft.entries)
    credited = [tables.money(-setoff.amount, draft.currency) for setoff in draft.setoffs]
    return (
        plan.customer.name,
        ", ".join(dict.fromkeys(use.package_title for use in draft.uses)),
        hours_and_minutes(worked),
        ", ".join(credited),
        tables.money(draft.net, draft.currency),
        tables.money(draft.amount_due, draft.currency),
        str(paths[number]),
    )


def _look_around(directory: Path, url: str, *months: RenderedMonth) -> None:
    _say("9. Look around")
    typer.echo(f"PDFs      {directory / 'pdf'}")
    typer.echo(f"Reports   {directory / 'reports'}")
    typer.echo(f"Database  {url}")
    command = f"{_this_command()} --database {url}"
    numbers = [number for rendered in months for number in rendered.paths]
    for tried in (f"invoice show {numbers[0]}", "held", "credit ledger", "ageing", "audit verify"):
        typer.echo(f"{'Try' if tried.startswith('invoice') else '':10}{command} {tried}")
    if any(rendered.failed for rendered in months):
        raise typer.Exit(1)


def _this_command() -> Path:
    """Write the command as it can be called from here."""
    command = Path(sys.argv[0])
    return command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command


def _say(step: str) -> None:
    tables.out.print(f"\n[bold]{step}[/bold]")
