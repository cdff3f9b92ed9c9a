"""`billing-engine invoice`: list, show and render issued invoices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from billing_engine.cli import einvoice_commands, mailing_commands, zip_command
from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    OptionalMonthOption,
    SettingsOption,
    world_of,
)
from billing_engine.cli.rendering import TemplatesOption, desk_with, render_month, tell_month, write_pdf
from billing_engine.cli.times import TodayOption, read_day

app = typer.Typer(help="List, show and render issued invoices.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    month: OptionalMonthOption = None,
    as_of: TodayOption = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List issued invoices in order of number."""
    today = read_day(as_of)
    billing = world_of(context, database).open_billing()
    found = billing.list_invoices(month)
    at_stripe = billing.stripe_records.statuses([invoice.number for invoice in found])
    if format_ is Format.JSON:
        from billing_engine import json_shapes  # noqa: PLC0415 - only where JSON is asked for

        rows = [json_shapes.invoice_summary(one, today, at_stripe.get(one.number)) for one in found]
        typer.echo(json_shapes.to_text(rows))
        return
    from billing_engine.cli import tables  # noqa: PLC0415 - only where tables are asked for

    tables.out.print(tables.invoice_table(found, today, at_stripe))


@app.command()
def show(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Invoice number.")],
    as_of: TodayOption = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show one invoice with its lines and the reason of every entry."""
    today = read_day(as_of)
    billing = world_of(context, database).open_billing()
    issued = billing.read_invoice(number)
    at_stripe = billing.stripe_records.statuses([number]).get(number)
    if format_ is Format.JSON:
        from billing_engine import json_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text(json_shapes.invoice(issued, today, at_stripe)))
        return
    from billing_engine.cli import tables  # noqa: PLC0415 - as above

    title = f"Invoice {issued.number}, {issued.draft.buyer.name}, {issued.draft.period}, due {issued.due_on}"
    tables.print_draft(issued.draft, title)
    tables.out.print(tables.settlement_text(issued, today))
    if at_stripe is not None:
        tables.out.print(tables.text(f"  at Stripe: {tables.stripe_text(at_stripe)}, {at_stripe.stripe_id}"))


@app.command()
def pdf(
    context: typer.Context,
    number: Annotated[str | None, typer.Argument(help="Invoice number.", show_default=False)] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.", show_default=False)] = None,
    all_: Annotated[bool, typer.Option("--all", help="Render all invoices of --month into --dir.")] = False,
    month: OptionalMonthOption = None,
    directory: Annotated[Path | None, typer.Option("--dir", help="Folder for --all.", show_default=False)] = None,
    original: Annotated[bool, typer.Option("--original", help="As issued, whatever was credited since.")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Marked as a copy, without its e-invoice.")] = False,
    statement: Annotated[bool, typer.Option("--statement", help="The statement of hours instead.")] = False,
    templates: TemplatesOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
) -> None:
    """Render an invoice as PDF, or with --all a whole month.

    An invoice that credit notes took back is marked and carries no e-invoice. Exits 1 when one could not be rendered.
    """
    if all_ == (number is not None) or (all_ and (month is None or directory is None)):
        raise typer.BadParameter("give an invoice number, or --all with --month and --dir")
    if original + copy + statement > 1 or (all_ and statement):
        raise typer.BadParameter("--original, --copy and --statement exclude each other, and --all makes no statements")
    desk = desk_with(world_of(context, database, settings).open_billing().documents, templates)
    if number is None and month is not None and directory is not None:
        numbers = desk.month_numbers(month).of_invoices()
        tell_month(render_month(desk, numbers, directory, original=original, copy=copy))
    elif number is not None:
        content = desk.statement_pdf(number) if statement else desk.invoice_pdf(number, original=original, copy=copy)
        typer.echo(str(write_pdf(content, f"{number}-hours" if statement else number, output)))


einvoice_commands.register(app)
mailing_commands.register(app)
zip_command.register(app)
