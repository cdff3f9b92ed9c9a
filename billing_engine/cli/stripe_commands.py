"""`billing-engine stripe`: link customers, push documents, listen to events, reconcile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    MonthOption,
    PriceListsOption,
    SettingsOption,
    world_of,
)
from billing_engine.cli.stripe_options import LiveOption, open_stripe
from billing_engine.cli.times import read_day
from billing_engine.errors import StripeSilentError
from billing_engine.model.delivery import StripeMode

if TYPE_CHECKING:
    from billing_engine.stripe_desk import StripeDesk

app = typer.Typer(
    help="Bill by Stripe: keys are taken from STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET alone.", no_args_is_help=True
)

NumberArgument = Annotated[str, typer.Argument(help="Number of the invoice.")]


@app.command()
def link(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(help="Id of the customer.")],
    stripe_customer: Annotated[str, typer.Argument(help="Its id at Stripe, such as cus_Nffr4sRS0bVZ3q.")],
    mode: Annotated[
        StripeMode | None,
        typer.Option("--mode", help="attach or mirror. (default: as it is)", show_default=False),
    ] = None,
    subscription: Annotated[
        str | None,
        typer.Option("--subscription", help="Whose next invoice takes the lines.", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
) -> None:
    """Say which customer at Stripe a customer is, and how it is billed: attach to a subscription, or mirror."""
    records = world_of(context, database, settings, price_lists).open_billing().stripe_records
    linked = records.link(customer, stripe_customer, mode, subscription)
    how = linked.stripe_mode or "not billed there yet; --mode attach or --mode mirror says how"
    typer.echo(f"{customer} is {linked.stripe_customer} at Stripe: {how}")


@app.command()
def push(
    context: typer.Context,
    month: MonthOption,
    again: Annotated[
        list[str] | None,
        typer.Option("--again", help="Invoice that is gone at Stripe: look, and send it anew.", show_default=False),
    ] = None,
    live: LiveOption = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Send a month's invoices and their corrections; a second time sends nothing twice. Exits 1 when some are left."""
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine import stripe_shapes  # noqa: PLC0415 - slow to import
    from billing_engine.cli import stripe_tables  # noqa: PLC0415 - as above
    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above

    billing = world_of(context, database, settings, price_lists).open_billing()
    desk = open_stripe(billing, live=live)
    for number in again or ():
        billing.stripe_records.again(number)
    with Progress(console=err, transient=True) as shown:
        task = shown.add_task("Sending to Stripe", total=desk.prepare(month))
        sent = desk.push(month, lambda _: shown.advance(task))
    found = stripe_shapes.pushed(month, sent)
    if format_ is Format.JSON:
        _echo(found)
    else:
        stripe_tables.print_pushed(month, sent)
    if found["left_to_send"]:
        raise typer.Exit(1)


def _echo(found: object) -> None:
    from billing_engine import json_shapes  # noqa: PLC0415 - only where JSON is asked for

    typer.echo(json_shapes.to_text(found))


@app.command()
def reconcile(
    context: typer.Context,
    month: MonthOption,
    live: LiveOption = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Read the events that were not posted, then hold every invoice of a month at Stripe against the books.

    Lists what differs, each with the command that mends it. Exits 1 when something differs or is left to send.
    """
    from rich.progress import Progress  # noqa: PLC0415 - only where something takes long

    from billing_engine import stripe_shapes  # noqa: PLC0415 - slow to import
    from billing_engine.cli import stripe_tables  # noqa: PLC0415 - as above
    from billing_engine.cli.tables import err  # noqa: PLC0415 - as above

    billing = world_of(context, database, settings, price_lists).open_billing()
    desk = open_stripe(billing, live=live)
    desk.prepare(month)
    _read_events(desk)
    worked = desk.events.work()
    with Progress(console=err, transient=True) as shown:
        task = shown.add_task("Reconciling customers", total=None)
        found = desk.reconcile(month, lambda: shown.advance(task))
    if format_ is Format.JSON:
        _echo(stripe_shapes.reconciliation(found, worked))
    else:
        stripe_tables.print_reconciliation(found, worked)
    if not found.is_clean or worked.put_off:
        raise typer.Exit(1)


def _read_events(desk: StripeDesk) -> None:
    """Read events; where that fails, what they would have told shows as a difference."""
    desk.events.revive()
    try:
        desk.events.poll()
    except StripeSilentError as error:
        typer.echo(f"events could not be read: {error}", err=True)


@app.command()
def pull(
    context: typer.Context,
    month: MonthOption,
    live: LiveOption = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Look at each invoice of a month at Stripe, and record what was paid, voided or credited there."""
    from billing_engine import stripe_shapes  # noqa: PLC0415 - slow to import
    from billing_engine.cli import stripe_tables  # noqa: PLC0415 - as above

    billing = world_of(context, database, settings, price_lists).open_billing()
    worked = open_stripe(billing, live=live).events.pull(month)
    if format_ is Format.JSON:
        _echo(stripe_shapes.pulled(month, worked))
    else:
        stripe_tables.print_worked(worked)
    if worked.put_off:
        raise typer.Exit(1)


@app.command()
def listen(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Port to listen on.")],
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    live: LiveOption = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
) -> None:
    """Take Stripe's webhooks at /stripe/webhook, and record payments, failures, voids and credit notes as they come."""
    from billing_engine.cli import listening  # noqa: PLC0415 - only here

    billing = world_of(context, database, settings, price_lists).open_billing()
    desk = open_stripe(billing, live=live, webhooks=True)
    typer.echo(f"listening on http://{host}:{port}{listening.PATH}", err=True)
    listening.listen(desk, host, port)


@app.command()
def status(
    context: typer.Context,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show what is left to send and why, and what Stripe told. Asks nobody. Exits 1 when something is left."""
    from billing_engine import stripe_shapes  # noqa: PLC0415 - slow to import
    from billing_engine.cli import stripe_tables  # noqa: PLC0415 - as above

    found = world_of(context, database, settings, price_lists).open_billing().stripe_records.status()
    if format_ is Format.JSON:
        _echo(stripe_shapes.status(found))
    else:
        stripe_tables.print_status(found)
    if not found.is_settled:
        raise typer.Exit(1)


@app.command()
def settle(
    context: typer.Context,
    number: NumberArgument,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
) -> None:
    """Have Stripe call an invoice paid that was paid elsewhere, so that it asks no more; the next push says so."""
    delivery = world_of(context, database, settings, price_lists).open_billing().stripe_records.settle(number)
    typer.echo(f"put down; `billing-engine stripe push --month {delivery.period}` tells Stripe")


@app.command()
def void(
    context: typer.Context,
    number: NumberArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; the credit note prints it.")],
    issued_on: Annotated[
        str | None,
        typer.Option("--issued-on", help="Day of issue. (default: today)", metavar="YYYY-MM-DD", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
) -> None:
    """Take a whole unpaid invoice back with a credit note, and have it voided at Stripe by the next push."""
    billing = world_of(context, database, settings, price_lists).open_billing()
    done = billing.stripe_records.void(number, reason, read_day(issued_on))
    month = done.invoice.draft.period
    typer.echo(f"{done.credit_note.number} takes it back; `billing-engine stripe push --month {month}` voids it")


@app.command()
def cancel(
    context: typer.Context,
    stripe_id: Annotated[str, typer.Argument(help="Id at Stripe: in_..., ii_... or cn_...")],
    live: LiveOption = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
) -> None:
    """Delete or void an object of ours that is wrong at Stripe, such as a double that `reconcile` names."""
    billing = world_of(context, database, settings, price_lists).open_billing()
    done = open_stripe(billing, live=live).cancel(stripe_id)
    typer.echo(f"{stripe_id} is {done}")
