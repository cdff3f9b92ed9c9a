"""`billing-engine invoice send`: issued documents to customers by mail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    OptionalMonthOption,
    SettingsOption,
    world_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing_engine.mail_standing import Standing
    from billing_engine.model.period import Month


def register(app: typer.Typer) -> None:
    """Add the command to those about invoices."""
    app.command()(send)


def send(
    context: typer.Context,
    numbers: Annotated[
        list[str] | None,
        typer.Argument(help="Invoices, or credit notes, to send. (default: the month's invoices)", show_default=False),
    ] = None,
    month: OptionalMonthOption = None,
    credit_notes: Annotated[
        bool, typer.Option("--credit-notes", help="Also the credit notes that were issued in the month.")
    ] = False,
    again: Annotated[
        list[str] | None,
        typer.Option("--again", help="Send this one once more, though it may have arrived.", show_default=False),
    ] = None,
    status: Annotated[bool, typer.Option("--status", help="Only tell how far all is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be sent to whom.")] = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Mail issued invoices to customers who have an e-mail address; a second time sends nothing twice.

    The password of the mail server is taken from BILLING_ENGINE_SMTP_PASSWORD alone. Exits 1 when something is left,
    failed, or may or may not have arrived.
    """
    wanted = [*(numbers or ()), *(again or ())]
    if month is None and not wanted:
        raise typer.BadParameter("give --month, or the numbers of invoices")
    if (status and dry_run) or (again and (status or dry_run)):
        raise typer.BadParameter("--again, --status and --dry-run exclude each other")
    from billing_engine.mailing.smtp import PASSWORD  # noqa: PLC0415 - only where mail is sent

    desk = world_of(context, database, settings).open_billing().mailing(os.environ.get(PASSWORD, ""))
    if status or dry_run:
        found = desk.standings(month, wanted, with_credit_notes=credit_notes)
        if dry_run:
            found = [one for one in found if one.state.is_waiting]
        _print("Would be sent" if dry_run else "Mails", month, found, format_)
        if status and not all(one.state.is_settled for one in found):
            raise typer.Exit(1)
        return
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above

    for number in again or ():
        desk.again(number)
    before = desk.standings(month, wanted, with_credit_notes=credit_notes)
    with Progress(console=err, transient=True) as shown:
        task = shown.add_task("Sending mail", total=sum(one.state.is_waiting for one in before))
        found = desk.send(month, wanted, with_credit_notes=credit_notes, on_ended=lambda _: shown.advance(task))
    _print("Mails", month, found, format_)
    if not all(one.state.is_settled for one in found):
        raise typer.Exit(1)


def _print(title: str, month: Month | None, found: Sequence[Standing], format_: Format) -> None:
    if format_ is Format.JSON:
        from billing_engine import json_shapes, mail_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text(mail_shapes.standings(month, found)))
        return
    from billing_engine.cli import mailing_tables  # noqa: PLC0415 - only where tables are asked for

    mailing_tables.print_standings(title if month is None else f"{title}, {month}", found)
