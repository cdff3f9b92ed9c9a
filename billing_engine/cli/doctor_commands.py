"""`billing-engine doctor`: holds a whole database against every rule that it must keep."""

from __future__ import annotations

import typer

from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    PriceListsOption,
    SettingsOption,
    world_of,
)


def doctor(
    context: typer.Context,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Check the whole database: numbers, totals, ledger, claimed work, audit trail. Exits 1 when something is wrong."""
    billing = world_of(context, database, settings, price_lists).open_billing()
    if format_ is Format.JSON:
        from billing_engine import check_shapes, json_shapes  # noqa: PLC0415 - only where JSON is asked for

        found = billing.doctor()
        typer.echo(json_shapes.to_text(check_shapes.diagnosis(found)))
    else:
        from billing_engine.cli import check_tables  # noqa: PLC0415 - rich is slow to import

        found = billing.doctor(on_check=check_tables.print_check)
        check_tables.print_summary(found)
    if not found.healthy:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command to the application itself."""
    app.command()(doctor)
