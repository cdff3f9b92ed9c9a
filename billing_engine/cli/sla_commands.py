"""`billing-engine sla`: a folder's clocks, uptime and claims; `sla report` and `sla termination` from the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
from billing_engine.cli.rendering import TemplatesOption, desk_with, render_reports
from billing_engine.cli.times import AsOfOption, read_as_of, read_day
from billing_engine.errors import BillingError

app = typer.Typer(
    help="Measure service levels of a folder (--data, --month), or report them from the database.",
    invoke_without_command=True,
)


@app.callback()
def sla(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option("--data", help="Folder with the CSV files.", show_default=False)] = None,
    month: OptionalMonthOption = None,
    as_of: AsOfOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Measure a folder without a database: clocks, uptime, and what its claims come to if all fees are paid."""
    if context.invoked_subcommand is not None:
        return
    if data is None or month is None:
        raise typer.BadParameter("give --data and --month, or a command such as `sla report`")
    from billing_engine.cli import sla_tables, tables  # noqa: PLC0415 - rich is slow to import
    from billing_engine.sla_folder import measure_folder  # noqa: PLC0415 - pydantic is slow to import

    world = world_of(context, settings=settings, price_lists=price_lists)
    measured = measure_folder(data, month, world.read_book(world.read_settings()), read_as_of(as_of))
    if format_ is Format.JSON:
        from billing_engine import json_shapes, sla_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text(sla_shapes.measured_folder(measured)))
    else:
        sla_tables.print_measured(measured)
    tables.print_rejected(measured.rejected, "rejected row", "`billing-engine import --report FILE` writes")
    tables.print_rejected(measured.warnings, "warning", "`billing-engine import --report FILE` writes")
    tables.print_unread(measured.unread)
    if measured.rejected:
        raise typer.Exit(1)


@app.command()
def report(
    context: typer.Context,
    month: MonthOption,
    customer: Annotated[str | None, typer.Option(help="Only this customer.", show_default=False)] = None,
    pdf: Annotated[Path | None, typer.Option(help="Folder for one PDF per customer.", show_default=False)] = None,
    templates: TemplatesOption = None,
    as_of: AsOfOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Report a month per customer: targets kept and missed, worst cases, uptime, claims, credits."""
    now = read_as_of(as_of)
    world = world_of(context, database, settings, price_lists)
    billing = world.open_billing()
    reports = billing.sla.report(month, now, customer)
    if format_ is Format.JSON:
        from billing_engine import json_shapes, sla_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text([sla_shapes.report(one) for one in reports]))
    else:
        from billing_engine.cli import sla_tables  # noqa: PLC0415 - rich is slow to import

        for one in reports:
            sla_tables.print_report(one)
    if pdf is not None:
        render_reports(desk_with(billing.documents, templates), reports, pdf)
        typer.echo(f"{len(reports)} PDF{'' if len(reports) == 1 else 's'} in {pdf}", err=True)


@app.command()
def termination(
    context: typer.Context,
    customer: Annotated[str, typer.Option("--customer", help="Who terminates.")],
    book: Annotated[bool, typer.Option("--book", help="Grant what is paid back as a credit.")] = False,
    on: Annotated[
        str | None,
        typer.Option(
            "--on", help="Last day of the contract. (default: today)", metavar="YYYY-MM-DD", show_default=False
        ),
    ] = None,
    as_of: AsOfOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Say whether a customer may terminate after bad months, and what of its paid fees is for the days after --on."""
    from billing_engine.model.credit import Grant  # noqa: PLC0415 - SQLAlchemy is slow to import

    day, now = read_day(on), read_as_of(as_of)
    billing = world_of(context, database, settings, price_lists).open_billing()
    refund = billing.sla.termination(customer, day, now)
    credit = None
    if book:
        if not refund.rights or not refund.amount:
            raise BillingError("there is no right to a refund; `billing-engine credit grant` grants goodwill")
        credit = billing.sla.grant_credit(Grant.of_refund(refund), day)
    from billing_engine import json_shapes, sla_shapes  # noqa: PLC0415 - only where it is asked for

    if format_ is Format.JSON:
        typer.echo(json_shapes.to_text(sla_shapes.refund(refund, credit)))
        return
    for sentence in refund.rights or ("There is no right to terminate by the uptime of the months before.",):
        typer.echo(sentence)
    for number, amount in refund.parts:
        typer.echo(f"Invoice {number}: {amount} {refund.currency} of its fees are for days after {day}")
    typer.echo(f"To be paid back: {refund.amount} {refund.currency}".rstrip())
    if credit is not None:
        typer.echo(f"Booked as {credit.credit}; pay it out with `billing-engine credit refund {credit.credit}`")
