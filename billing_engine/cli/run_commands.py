"""A month: preview, run, release, progress, held."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    MonthOption,
    OptionalMonthOption,
    PriceListsOption,
    SettingsOption,
    world_of,
)
from billing_engine.cli.rendering import render_month, write_pdf
from billing_engine.cli.stripe_options import LiveOption, open_stripe
from billing_engine.cli.times import now, read_day
from billing_engine.errors import BillingError, SettingsMissingError
from billing_engine.model.period import Month

if TYPE_CHECKING:
    from billing_engine.billing_run import CustomerPlan
    from billing_engine.engine import BillingEngine


def register(app: typer.Typer) -> None:
    """Add the commands to the command line, in the order of a month's work."""
    app.command()(preview)
    app.command()(run)
    app.command()(release)
    app.command()(progress)
    app.command()(held)


def preview(
    context: typer.Context,
    month: MonthOption,
    customer: Annotated[str | None, typer.Option(help="Only this customer.", show_default=False)] = None,
    pdf: Annotated[
        Path | None, typer.Option(help="File for the draft as PDF, with --customer.", show_default=False)
    ] = None,
    stripe: Annotated[
        bool, typer.Option("--stripe", help="Ask Stripe what its next invoices would be with these lines.")
    ] = False,
    live: LiveOption = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show what each customer will pay for a month, line by line, with the reason of every entry. Stores nothing."""
    if pdf is not None and customer is None:
        raise typer.BadParameter("--pdf goes with --customer")
    billing = world_of(context, database, settings, price_lists).open_billing()
    wanted = None if customer is None else [customer]
    plans = list(billing.plan(month, customers=wanted, on=read_day(None)))
    if customer is not None and not plans:
        raise BillingError(f"there is no customer {customer!r}")
    previews = list(open_stripe(billing, live=live).preview(plans)) if stripe else None
    if format_ is Format.JSON:
        from billing_engine import json_shapes, run_shapes  # noqa: PLC0415 - only where JSON is asked for

        shape = run_shapes.plan(month, plans)
        if previews is not None:
            from billing_engine import stripe_shapes  # noqa: PLC0415 - as above

            shape["stripe"] = stripe_shapes.previews(previews)
        typer.echo(json_shapes.to_text(shape))
    else:
        from billing_engine.cli import run_tables  # noqa: PLC0415 - rich is slow to import

        run_tables.print_in_detail(month, plans)
        if previews is not None:
            from billing_engine.cli import stripe_tables  # noqa: PLC0415 - as above

            stripe_tables.print_previews(previews)
    if any(plan.outcome == "failed" for plan in plans):
        raise typer.Exit(1)
    if pdf is not None:
        _write_draft(billing, plans, pdf)


def _write_draft(billing: BillingEngine, plans: Sequence[CustomerPlan], path: Path) -> None:
    (plan,) = plans
    if plan.draft is None:
        raise BillingError(f"there is no draft to print: {plan.reason or plan.outcome}")
    write_pdf(billing.documents.draft_pdf(plan.draft, read_day(None)), plan.customer.customer, path)
    typer.echo(f"the draft is in {path}", err=True)


def run(
    context: typer.Context,
    month: MonthOption,
    issue: Annotated[bool, typer.Option("--issue", help="Issue the invoices; without it the plan is shown.")] = False,
    plan_hash: Annotated[
        str | None,
        typer.Option(
            "--plan-hash",
            parser=parse_hash,
            help="Issue only the plan of this hash, as the run showed it.",
            metavar="HASH",
            show_default=False,
        ),
    ] = None,
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
    """Run a month: show the plan and what changed since the month before, or issue the invoices.

    A second run issues nothing again; one that was stopped goes on. Exits 1 when a customer failed, or was parked.
    """
    if not issue and (pdf is not None or plan_hash is not None):
        raise typer.BadParameter(f"{'--pdf' if pdf is not None else '--plan-hash'} goes with --issue")
    day = read_day(issued_on)
    world = world_of(context, database, settings, price_lists)
    if issue and world.read_settings() is None:
        raise SettingsMissingError
    billing = world.open_billing(create=data is not None)
    if pdf is not None:
        pdf.mkdir(parents=True, exist_ok=True)
    if data is not None:
        _import(billing, data)
    if issue:
        _warn_of_day(month, day)
    plans = _issue(billing, month, day, plan_hash) if issue else list(billing.plan(month, on=day))
    _print_run(month, plans, format_)
    left = sum(plan.outcome == "failed" or (issue and plan.outcome == "parked") for plan in plans)
    if pdf is not None:
        rendered = render_month(billing.documents, billing.documents.month_numbers(month).of_invoices(), pdf)
        left += rendered.failed
        typer.echo(f"{len(rendered.paths) - rendered.failed} PDFs are in {pdf}", err=True)
    if left:
        raise typer.Exit(1)


def parse_hash(text: str) -> str:
    """Read a plan's hash; Typer shows the sentence of a BadParameter."""
    if re.fullmatch(r"[0-9a-f]{64}", text.strip().lower(), re.ASCII) is None:
        raise typer.BadParameter("allowed are the 64 hexadecimal digits that `billing-engine run` shows")
    return text.strip().lower()


def _warn_of_day(month: Month, day: date) -> None:
    if day <= month.last_day:
        typer.echo(f"{month} is not over on {day}; what is still to come in it will not be on these invoices", err=True)
    if day > now().date():
        typer.echo(f"{day} is still to come, and no later invoice of the series can be of an earlier day", err=True)


def _import(billing: BillingEngine, folder: Path) -> None:
    from billing_engine.cli import tables  # noqa: PLC0415 - rich is slow to import

    imported = billing.import_folder(folder)
    tables.print_import_notes(imported)
    if not imported.stored:
        raise typer.Exit(1)


def _issue(billing: BillingEngine, month: Month, issued_on: date, plan_hash: str | None) -> list[CustomerPlan]:
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above

    with Progress(console=err, transient=True) as shown:
        task = shown.add_task("Issuing invoices", total=billing.count_customers())
        return billing.issue(month, issued_on, plan_hash=plan_hash, on_progress=lambda _: shown.advance(task))


def _print_run(month: Month, plans: Sequence[CustomerPlan], format_: Format) -> None:
    if format_ is Format.JSON:
        from billing_engine import json_shapes, run_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text(run_shapes.run(month, plans)))
        return
    from billing_engine.cli import run_tables  # noqa: PLC0415 - rich is slow to import

    run_tables.print_run(month, plans)


def release(
    context: typer.Context,
    month: MonthOption,
    customer: Annotated[str, typer.Option(help="The customer that is parked.")],
    note: Annotated[str, typer.Option(help="Who looked at it, and why it is right; it is kept.")],
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
) -> None:
    """Let the plan that parked a customer pass, for the next run to issue it; if it changes, it is parked again."""
    billing = world_of(context, database, settings, price_lists).open_billing()
    plan = billing.release(month, customer, note)
    typer.echo(f"released {customer} in {month}: {plan.reason}")


def progress(
    context: typer.Context,
    month: MonthOption,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show how far a month's run came with each customer: planned, issued, nothing to bill, parked or failed."""
    found = world_of(context, database).open_billing().progress(month)
    if format_ is Format.JSON:
        from billing_engine import json_shapes, run_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text(run_shapes.progress(month, found)))
        return
    from billing_engine.cli import run_tables  # noqa: PLC0415 - rich is slow to import

    run_tables.print_progress(month, found)


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
    behind = [(period, plan.customer, "", plan.reason) for period, plan in plans if plan.stays_behind]
    failed = sum(plan.outcome == "failed" for _, plan in plans)
    if format_ is Format.JSON:
        from billing_engine import json_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text(json_shapes.held_work(found + behind)))
    else:
        from billing_engine.cli import tables  # noqa: PLC0415 - rich is slow to import

        rows = [(str(period), c.customer, c.name, entry, reason) for period, c, entry, reason in found + behind]
        tables.out.print(tables.table("Held", "Period", "Customer", "Name", "Entry", "Reason", rows=rows))
        months = f", {len(behind)} months not billed" if behind else ""
        tables.out.print(f"{len(found)} held{months}" + (f", {failed} customers failed" if failed else ""))
    if failed:
        raise typer.Exit(1)
