"""`billing-engine payment`, `ageing` and `reminder`: what came in, what is open, and who is to be reminded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from billing_engine.cli.amounts import read_amount
from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    PriceListsOption,
    SettingsOption,
    world_of,
)
from billing_engine.cli.times import read_day

payment_app = typer.Typer(help="Record and list payments.", no_args_is_help=True)
reminder_app = typer.Typer(help="Draft reminders of overdue invoices.", no_args_is_help=True)

AsOfDayOption = Annotated[
    str | None,
    typer.Option("--as-of", help="As of the end of this day. (default: today)", metavar="DAY", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(payment_app, name="payment")
    app.command()(ageing)
    app.add_typer(reminder_app, name="reminder")


@payment_app.command()
def add(
    context: typer.Context,
    invoice: Annotated[str, typer.Argument(help="Number of the invoice that was paid.")],
    amount: Annotated[str, typer.Argument(help="What came in, such as 25.00, in the invoice's currency.")],
    paid_on: Annotated[
        str | None,
        typer.Option("--paid-on", help="Day of payment. (default: today)", metavar="YYYY-MM-DD", show_default=False),
    ] = None,
    payment: Annotated[
        str, typer.Option("--payment", help="Id, such as the bank's. (default: a new one)", show_default=False)
    ] = "",
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Record a payment: a part, all, or more; what is too much becomes a credit."""
    came_in, day = read_amount(amount), read_day(paid_on)
    billing = world_of(context, database, settings, price_lists).open_billing()
    done = billing.receivables.add_payment(invoice, came_in, day, payment)
    if format_ is Format.JSON:
        from billing_engine import receivables_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(receivables_shapes.to_text(receivables_shapes.paid(done)))
        return
    from billing_engine.cli import receivables_tables  # noqa: PLC0415 - rich is slow to import

    receivables_tables.print_paid(done)


@payment_app.command("list")
def list_(
    context: typer.Context,
    invoice: Annotated[
        str | None, typer.Option("--invoice", help="Only those for this invoice.", show_default=False)
    ] = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List payments in order of day."""
    found = world_of(context, database).open_billing().receivables.payments(invoice)
    if format_ is Format.JSON:
        from billing_engine import receivables_shapes  # noqa: PLC0415 - as above

        typer.echo(receivables_shapes.to_text([receivables_shapes.payment(one) for one in found]))
        return
    from billing_engine.cli import receivables_tables, tables  # noqa: PLC0415 - as above

    tables.out.print(receivables_tables.payment_table(found))


def ageing(
    context: typer.Context,
    as_of: AsOfDayOption = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show what customers owe, by how long it is overdue."""
    day = read_day(as_of)
    found = world_of(context, database).open_billing().receivables.ageing(day)
    if format_ is Format.JSON:
        from billing_engine import receivables_shapes  # noqa: PLC0415 - as above

        typer.echo(receivables_shapes.to_text(receivables_shapes.ageing(found)))
        return
    from billing_engine.cli import receivables_tables  # noqa: PLC0415 - as above

    receivables_tables.print_ageing(found)


@reminder_app.command()
def draft(
    context: typer.Context,
    directory: Annotated[Path, typer.Option("--dir", help="Folder to write the drafts to.")],
    pdf: Annotated[bool, typer.Option("--pdf", help="Also write each letter as PDF, beside its text.")] = False,
    as_of: AsOfDayOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Write a reminder for each overdue invoice: a text in its language, for somebody to read and send.

    The settings say after how many days each of the three levels applies. Nothing is sent and nothing is recorded.
    """
    day = read_day(as_of)
    billing = world_of(context, database, settings).open_billing()
    due = billing.receivables.reminders(day)
    from billing_engine.documents.files import pdf_file_name, write_whole  # noqa: PLC0415 - slow to import
    from billing_engine.documents.reminder import reminder_text  # noqa: PLC0415 - as above

    directory.mkdir(parents=True, exist_ok=True)
    drafted = []
    for reminder in due:
        text = reminder_text(reminder)
        stem = pdf_file_name(reminder.invoice.number).removesuffix(".pdf")
        path = directory / f"{stem}-level-{reminder.level}.txt"
        path.write_text(text.as_file(), encoding="utf-8")
        if pdf:
            write_whole(path.with_suffix(".pdf"), billing.documents.reminder_pdf(reminder))
        drafted.append((reminder, text.subject, path))
    if format_ is Format.JSON:
        from billing_engine import receivables_shapes  # noqa: PLC0415 - as above

        shapes = [receivables_shapes.reminder(reminder, subject, str(path)) for reminder, subject, path in drafted]
        typer.echo(receivables_shapes.to_text(shapes))
        return
    from billing_engine.cli import receivables_tables, tables  # noqa: PLC0415 - as above

    tables.out.print(receivables_tables.reminder_table(drafted))
