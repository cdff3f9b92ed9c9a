"""`billing-engine claim`: list claims, decide them by rule or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli.amounts import read_amount
from billing_engine.cli.options import (
    DatabaseOption,
    Format,
    FormatOption,
    PriceListsOption,
    SettingsOption,
    parse_month,
    world_of,
)
from billing_engine.cli.times import AsOfOption, OnOption, read_as_of, read_booking_day
from billing_engine.model.period import Month

if TYPE_CHECKING:
    from billing_engine.claim_desk import Standing

app = typer.Typer(help="List and decide claims for credits.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    month: Annotated[
        Month | None,
        typer.Option(
            "--month", parser=parse_month, metavar="YYYY-MM", help="Only claims about this month.", show_default=False
        ),
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Only this customer.", show_default=False)] = None,
    open_: Annotated[bool, typer.Option("--open", help="Only claims that wait for a decision.")] = False,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List claims in order of receipt: what was decided, why, and what became of the credit."""
    billing = world_of(context, database, settings, price_lists).open_billing()
    found = [
        standing
        for standing in billing.sla.claims(customer)
        if (month is None or _is_about(standing, month)) and not (open_ and standing.decided is not None)
    ]
    _print(found, format_, "there are no such claims")


@app.command()
def decide(
    context: typer.Context,
    claim: Annotated[
        str | None,
        typer.Argument(help="Claim to decide. (default with --auto: all that are open)", show_default=False),
    ] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Decide by the agreement's rules.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Accept by hand.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Reject by hand.")] = False,
    note: Annotated[str, typer.Option(help="Why, when decided by hand; it is kept.", show_default=False)] = "",
    amount: Annotated[
        str | None, typer.Option(help="Credit to give with --accept. (default: by rule)", show_default=False)
    ] = None,
    as_of: AsOfOption = None,
    on: OnOption = None,
    database: DatabaseOption = None,
    settings: SettingsOption = None,
    price_lists: PriceListsOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Decide claims, by rule with --auto, or one by hand with --accept or --reject and a note."""
    by_hand = _verdict(claim, note, amount, auto=auto, accept=accept, reject=reject)
    now, today = read_as_of(as_of), read_booking_day(on, as_of)
    billing = world_of(context, database, settings, price_lists).open_billing()
    if claim is None or by_hand is None:
        decided = billing.sla.decide_claims(now, today, claim)
    else:
        from billing_engine.claim_desk import Verdict  # noqa: PLC0415 - SQLAlchemy is slow to import

        verdict = Verdict(accept, by_hand[0], note)
        decided = [billing.sla.decide_claim_by_hand(claim, verdict, now, today)]
    _print(decided, format_, "no claim was decided: none waits whose month or day is over")


def _verdict(
    claim: str | None, note: str, amount: str | None, *, auto: bool, accept: bool, reject: bool
) -> tuple[Decimal | None] | None:
    """Check that the options go together; returns the amount of a decision by hand, None for one by rule."""
    if [auto, accept, reject].count(True) != 1:
        raise typer.BadParameter("give one of --auto, --accept and --reject")
    if auto and (note or amount is not None):
        raise typer.BadParameter("--note and --amount go with --accept or --reject")
    if reject and amount is not None:
        raise typer.BadParameter("--amount goes with --accept")
    if not auto and (claim is None or not note.strip()):
        raise typer.BadParameter("a decision by hand needs a claim and a --note")
    return None if auto else (None if amount is None else read_amount(amount),)


def _is_about(standing: Standing, month: Month) -> bool:
    from billing_engine.sla.claims import is_about  # noqa: PLC0415 - holiday data is slow to import

    return is_about(standing.claim, month)


def _print(standings: Sequence[Standing], format_: Format, nothing: str) -> None:
    if format_ is Format.JSON:
        from billing_engine import json_shapes, sla_shapes  # noqa: PLC0415 - only where JSON is asked for

        typer.echo(json_shapes.to_text([sla_shapes.standing(one) for one in standings]))
        return
    from billing_engine.cli import sla_tables, tables  # noqa: PLC0415 - rich is slow to import

    if standings:
        tables.out.print(sla_tables.claim_table(standings))
    else:
        typer.echo(nothing, err=True)
