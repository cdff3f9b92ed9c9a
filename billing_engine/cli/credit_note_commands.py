"""`billing-engine credit-note`: correct issued invoices, in whole or by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from billing_engine.cli.amounts import read_amount
from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    OptionalMonthOption,
    PriceListsOption,
    SettingsOption,
    world_of,
)
from billing_engine.cli.rendering import TemplatesOption, desk_with, render_month, tell_month, write_pdf
from billing_engine.cli.times import read_day

app = typer.Typer(help="Issue, list, show and render credit notes.", no_args_is_help=True)

NumberArgument = Annotated[str, typer.Argument(help="Number of the credit note, such as CN-2026-000001.")]


@app.command()
def create(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Number of the invoice to correct.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the credit note prints it.")],
    line: Annotated[
        list[str] | None,
        typer.Option(
            "--line",
            help="Net amount to credit of a line of `invoice show`; may be given again. (default: all that is left)",
            metavar="POSITION=AMOUNT",
            show_default=False,
        ),
    ] = None,
    rebill: Annotated[bool, typer.Option("--rebill", help="Bill what the whole invoice billed anew.")] = False,
    issued_on: Annotated[
        str | None,
        typer.Option("--issued-on", help="Day of issue. (default: today)", metavar="YYYY-MM-DD", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Issue a credit note; an issued invoice is never changed.

    What was set off goes back to its credits, and what was paid for it becomes a credit.
    """
    wanted, day = read_lines(line), read_day(issued_on)
    billing = world_of(context, database, settings, price_lists).open_billing()
    done = billing.receivables.issue_credit_note(number, wanted, reason, day, rebill=rebill)
    if format_ is Format.JSON:
        from billing_engine import receivables_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(receivables_shapes.to_text(receivables_shapes.issued(done)))
        return
    from billing_engine.cli import receivables_tables  # noqa: PLC0415 - rich is slow to import

    receivables_tables.print_issued(done)


def read_lines(given: Sequence[str] | None) -> dict[int, Decimal] | None:
    """Read amounts by line position; None when no line is named; raises BadParameter."""
    amounts: dict[int, Decimal] = {}
    for text in given or ():
        match = re.fullmatch(r"(\d{1,6})=(.*)", text, re.ASCII)
        if match is None:
            raise typer.BadParameter(f"{text!r} is no line and amount; write it as 2=25.00")
        position = int(match[1])
        if position in amounts:
            raise typer.BadParameter(f"line {position} is named twice; name it once, with the whole amount")
        amounts[position] = read_amount(match[2])
    return amounts or None


@app.command("list")
def list_(
    context: typer.Context,
    month: OptionalMonthOption = None,
    customer: Annotated[str | None, typer.Option("--customer", help="Only this customer.", show_default=False)] = None,
    invoice: Annotated[
        str | None, typer.Option("--invoice", help="Only those of this invoice.", show_default=False)
    ] = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List credit notes in order of number; --month keeps those that were issued in it."""
    desk = world_of(context, database).open_billing().receivables
    found = desk.credit_notes(invoice=invoice, customer=customer, month=month)
    if format_ is Format.JSON:
        from billing_engine import receivables_shapes  # noqa: PLC0415 - as above

        typer.echo(receivables_shapes.to_text([receivables_shapes.credit_note_summary(note) for note in found]))
        return
    from billing_engine.cli import receivables_tables, tables  # noqa: PLC0415 - as above

    tables.out.print(receivables_tables.credit_note_table(found))


@app.command()
def show(
    context: typer.Context,
    number: NumberArgument,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show one credit note with its lines and what went back to credits."""
    found = world_of(context, database).open_billing().receivables.read_credit_note(number)
    if format_ is Format.JSON:
        from billing_engine import receivables_shapes  # noqa: PLC0415 - as above

        typer.echo(receivables_shapes.to_text(receivables_shapes.credit_note(found)))
        return
    from billing_engine.cli import receivables_tables  # noqa: PLC0415 - as above

    receivables_tables.print_credit_note(found)


@app.command()
def pdf(
    context: typer.Context,
    number: Annotated[str | None, typer.Argument(help="Number of the credit note.", show_default=False)] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.", show_default=False)] = None,
    all_: Annotated[bool, typer.Option("--all", help="Render all that were issued in --month into --dir.")] = False,
    month: OptionalMonthOption = None,
    directory: Annotated[Path | None, typer.Option("--dir", help="Folder for --all.", show_default=False)] = None,
    templates: TemplatesOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
) -> None:
    """Render a credit note as PDF, or with --all those of a month. Exits 1 when one could not be rendered."""
    if all_ == (number is not None) or (all_ and (month is None or directory is None)):
        raise typer.BadParameter("give the number of a credit note, or --all with --month and --dir")
    desk = desk_with(world_of(context, database, settings).open_billing().documents, templates)
    if number is None and month is not None and directory is not None:
        tell_month(render_month(desk, desk.month_numbers(month).of_credit_notes(), directory))
    elif number is not None:
        typer.echo(str(write_pdf(desk.credit_note_pdf(number), number, output)))
