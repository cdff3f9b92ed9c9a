"""`billing-engine audit`: who did what and when, and whether that is what was written down."""

from __future__ import annotations

from typing import Annotated

import typer

from billing_engine.cli.options import DatabaseOption, Format, FormatOption, world_of

app = typer.Typer(help="List and verify the audit trail.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    subject: Annotated[
        str | None,
        typer.Option("--subject", help="Only about this, such as an invoice's number.", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List who did what and when, in UTC, from the beginning on."""
    events = world_of(context, database).open_billing().audit_trail(subject)
    if format_ is Format.JSON:
        from billing_engine import check_shapes, json_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text([check_shapes.event(event) for event in events]))
        return
    from billing_engine.cli import check_tables  # noqa: PLC0415 - rich is slow to import

    check_tables.print_events(events)


@app.command()
def verify(
    context: typer.Context,
    expect: Annotated[
        str,
        typer.Option("--expect", help="A hash that was noted down before; it must be in the trail.", metavar="HASH"),
    ] = "",
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Verify the audit trail, and every invoice and credit note against it. Exits 1 when something was changed.

    Note the head hash down where nobody can change it: with --expect it proves later that the trail was not cut off
    and written anew.
    """
    trail = world_of(context, database).open_billing().verify_trail(expect.strip().lower())
    if format_ is Format.JSON:
        from billing_engine import check_shapes, json_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text(check_shapes.trail(trail)))
    else:
        from billing_engine.cli import check_tables  # noqa: PLC0415 - as above

        for check in trail.checks:
            check_tables.print_check(check)
        typer.echo(f"\n{trail.events} events, head {trail.head or 'none'}")
    if not trail.intact:
        raise typer.Exit(1)
