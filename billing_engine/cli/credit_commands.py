"""`billing-engine credit`: list credits and their ledger, grant goodwill, book refunds."""

from __future__ import annotations

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
from billing_engine.cli.times import OnOption, read_day
from billing_engine.model.sla_terms import Setoff

app = typer.Typer(help="List credits, grant goodwill, book refunds.", no_args_is_help=True)

CustomerOption = Annotated[str | None, typer.Option("--customer", help="Only this customer.", show_default=False)]


@app.command("list")
def list_(
    context: typer.Context,
    customer: CustomerOption = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List credits, oldest first, with what is left of each."""
    found = world_of(context, database).open_billing().sla.credits(customer)
    if format_ is Format.JSON:
        from billing_engine import json_shapes, sla_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text([sla_shapes.credit(one) for one in found]))
        return
    from billing_engine.cli import sla_tables, tables  # noqa: PLC0415 - rich is slow to import

    tables.out.print(sla_tables.credit_table(found))


@app.command()
def ledger(
    context: typer.Context,
    customer: CustomerOption = None,
    database: DatabaseOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Show every movement of credits: both sides of each posting sum to zero."""
    found = world_of(context, database).open_billing().sla.ledger(customer)
    if format_ is Format.JSON:
        from billing_engine import json_shapes, sla_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text([sla_shapes.ledger_entry(one) for one in found]))
        return
    from billing_engine.cli import sla_tables, tables  # noqa: PLC0415 - as above

    tables.out.print(sla_tables.ledger_table(found))


@app.command()
def grant(
    context: typer.Context,
    customer: Annotated[str, typer.Option("--customer", help="Who gets it.")],
    amount: Annotated[str, typer.Option("--amount", help="How much, such as 25.00.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the invoice prints it.")],
    currency: Annotated[
        str, typer.Option(help="Currency. (default: that of the customer's contracts)", show_default=False)
    ] = "",
    setoff: Annotated[Setoff, typer.Option(help="Lower the price, or what is due after tax.")] = Setoff.BEFORE_TAX,
    expires_on: Annotated[
        str | None,
        typer.Option(help="Last day of use. (default: none)", metavar="YYYY-MM-DD", show_default=False),
    ] = None,
    on: OnOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Grant a goodwill credit by hand; it is set off on the customer's next invoices."""
    from billing_engine.model.credit import Grant  # noqa: PLC0415 - SQLAlchemy is slow to import

    day, last_day = read_day(on), None if expires_on is None else read_day(expires_on)
    goodwill = Grant(customer, read_amount(amount), reason, currency, setoff, last_day)
    billing = world_of(context, database, settings, price_lists).open_billing()
    granted = billing.sla.grant_credit(goodwill, day)
    if format_ is Format.JSON:
        from billing_engine import json_shapes, sla_shapes  # noqa: PLC0415 - as above

        typer.echo(json_shapes.to_text(sla_shapes.credit(granted)))
        return
    typer.echo(f"{granted.credit}: {granted.amount} {granted.currency} for {customer}")


@app.command()
def refund(
    context: typer.Context,
    credit: Annotated[str, typer.Argument(help="Number of the credit, such as CR-2026-00001.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is paid out.")],
    amount: Annotated[
        str | None, typer.Option("--amount", help="How much. (default: all that is left)", show_default=False)
    ] = None,
    on: OnOption = None,
    database: DatabaseOption = None,
) -> None:
    """Book that a credit, or a part of it, was paid out instead of set off."""
    day, paid = read_day(on), None if amount is None else read_amount(amount)
    left = world_of(context, database).open_billing().sla.refund_credit(credit, paid, reason, day)
    typer.echo(f"{left.credit}: {left.remaining} {left.currency} of {left.amount} are left")
