"""`billing-engine price-list`: check files, show what a list says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli.options import PriceListsOption, world_of
from billing_engine.errors import InvalidFileError
from billing_engine.model.ticket import TargetKind

if TYPE_CHECKING:
    from billing_engine.model.price_list import Package, PriceList
    from billing_engine.model.sla_terms import Guarantee
    from billing_engine.model.window import Window

app = typer.Typer(help="Check and show price lists.", no_args_is_help=True)


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Price-list files.")]) -> None:
    """Check price-list files; all problems of all files are listed."""
    from billing_engine.cli.tables import err, text  # noqa: PLC0415 - with pydantic, which is slow to import
    from billing_engine.intake.price_list_file import read_price_list  # noqa: PLC0415 - as above

    failed = False
    for path in files:
        try:
            price_list = read_price_list(path)
        except InvalidFileError as error:
            failed = True
            err.print(text(str(error)), soft_wrap=True)
        else:
            typer.echo(f"{path}: {price_list.version} is good: {', '.join(price_list.packages)}")
    if failed:
        raise typer.Exit(2)


@app.command("list")
def list_(context: typer.Context, price_lists: PriceListsOption = None) -> None:
    """List the price lists at hand and their versions."""
    world = world_of(context, price_lists=price_lists)
    book = world.read_book(world.read_settings())
    for name in book.names:
        for price_list in book.versions(name):
            typer.echo(f"{price_list.version}  {price_list.title}")


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a price list, such as b2bee.")],
    price_lists: PriceListsOption = None,
) -> None:
    """Show a price list as tables; with several versions the newest."""
    world = world_of(context, price_lists=price_lists)
    _print(world.read_book(world.read_settings()).versions(name)[-1])


def _print(price_list: PriceList) -> None:
    from billing_engine.cli.tables import out, table, text  # noqa: PLC0415 - only this command prints tables

    where = f"{price_list.currency}, {price_list.zone.key}, holidays of {price_list.calendar.country}"
    rating = price_list.rating
    out.print(text(price_list.title, style="bold"))
    out.print(text(f"{price_list.name}, valid from {price_list.valid_from}; {where}"))
    out.print(
        f"Rounded per {rating.round_per.replace('_', ' and ')}; "
        f"at a boundary: {rating.at_boundary.replace('_', ' ')}.\n"
    )
    packages = list(price_list.packages.values())
    out.print(table("Packages", "", *(p.title for p in packages), rows=_package_rows(price_list, packages)))
    out.print()
    tariffs = [
        (
            t.title,
            _BY_CONTRACT if t.rate_per_hour is None else f"{t.rate_per_hour:f}/h",
            f"{t.increment_seconds // 60} min",
            f"{t.minimum_seconds // 60} min",
            _windows(t.windows),
        )
        for t in rating.tariffs
    ]
    if tariffs:
        out.print(table("Tariffs", "Tariff", ">Price", ">Per started", ">Minimum", "When", rows=tariffs))
        out.print()
    if terms := list(_sla_rows(price_list)):
        out.print(table("Claims and credits", "Term", "Value", rows=terms))
        out.print()
    out.print(table("Not priced here", "Clause", "Why", rows=list(price_list.out_of_scope.items())))
    if price_list.assumed:
        out.print(text(f"Assumed, because the agreement gives no value: {', '.join(price_list.assumed)}"))


_BY_CONTRACT = "by contract"


def _package_rows(price_list: PriceList, packages: Sequence[Package]) -> Iterator[list[str]]:
    def row(label: str, *cells: str) -> list[str]:
        return [label, *cells]

    yield row("Monthly fee", *(_BY_CONTRACT if p.monthly_fee is None else f"{p.monthly_fee:f}" for p in packages))
    yield row("Included hours", *(_included(p) for p in packages))
    if any(not p.unlimited for p in packages):
        yield row(
            "Additional hour",
            *(f"{p.overage_rate_per_hour:f}" if p.coverage and not p.unlimited else "" for p in packages),
        )
        yield row(
            "Off development",
            *(f"{p.development_discount_percent:f}%" if p.development_discount_percent else "" for p in packages),
        )
        yield row("On site", *("yes" if p.on_site else "" for p in packages))
    for severity in price_list.severities:
        yield row(f"{severity} covered", *(_windows(p.coverage.get(severity, ())) for p in packages))
        for kind in TargetKind:
            targets = [p.targets.get(severity, {}).get(kind) for p in packages]
            if any(targets):
                yield row(f"{severity} {kind.replace('_', ' ')}", *("" if t is None else t.text for t in targets))
    if any(p.guarantee for p in packages):
        yield row("Guaranteed uptime", *(_guarantee(p.guarantee) for p in packages))


def _included(package: Package) -> str:
    if package.unlimited:
        return "no limit"
    return _BY_CONTRACT if package.included_seconds is None else f"{package.included_seconds / 3600:g}"


def _guarantee(guarantee: Guarantee | None) -> str:
    if guarantee is None:
        return ""
    lines = [f"{guarantee.guaranteed_percent:f} %"]
    lines += [f"from {t.start_percent:f}: {t.credit_percent:f} % credit" for t in guarantee.tiers]
    if guarantee.per_started is not None:
        unit = guarantee.per_started
        lines.append(
            f"{unit.credit_percent:f} % per started {unit.unit_minutes} min, at most {guarantee.cap_percent:f} %"
        )
    return "\n".join(lines)


def _sla_rows(price_list: PriceList) -> Iterator[tuple[str, str]]:
    if price_list.availability is not None:
        terms = price_list.availability
        yield "Uptime claim", f"within {terms.claim_within.in_words()} after the month"
        yield "Not counted as downtime", ", ".join(terms.exclusions) or "nothing"
        if (rule := terms.termination) is not None:
            yield "Termination", f"after {rule.months} months of at most {rule.at_most_percent:f} %"
    if price_list.compensation is not None:
        breach = price_list.compensation
        yield "Breach of a ticket's target", f"{breach.percent:f} % of the dearest unit's fee"
        yield "All breaches of a month", f"at most {breach.monthly_cap_percent:f} % of all fees"
        yield "Claim for a breach", f"within {breach.claim_within.in_words()}"
    if price_list.availability is not None or price_list.compensation is not None:
        credit = price_list.credit
        yield "Credits", f"set off {credit.setoff.replace('_', ' ')}, from the {credit.first_period.replace('_', ' ')}"


def _windows(windows: Sequence[Window]) -> str:
    return "\n".join(window.in_words() for window in windows)
