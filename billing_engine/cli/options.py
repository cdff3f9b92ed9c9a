"""Options that commands share. The four global ones may stand before or after the command's name."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_engine.cli.times import now
from billing_engine.errors import DatabaseMissingError
from billing_engine.model.period import Month

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from billing_engine.engine import BillingEngine
    from billing_engine.model.price_list import PriceListBook
    from billing_engine.model.settings import Settings

DEFAULT_DATABASE = "sqlite:///billing.db"
DEFAULT_SETTINGS = Path("billing.toml")


class Format(StrEnum):
    """Tables for people, JSON for programs."""

    TABLE = "table"
    JSON = "json"


def parse_month(text: str) -> Month:
    """Read a month option; Typer shows the sentence of a BadParameter."""
    try:
        return Month.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", help=f"Database URL. (default: {DEFAULT_DATABASE})", show_default=False),
]
SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", help="Settings file. (default: billing.toml here, if there is one)", show_default=False),
]
PriceListsOption = Annotated[
    Path | None,
    typer.Option(
        "--price-lists", help="Folder with your own price lists, beside the shipped ones.", show_default=False
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="A table for people or JSON for programs.")]
MonthOption = Annotated[Month, typer.Option("--month", parser=parse_month, metavar="YYYY-MM", help="Billing period.")]
OptionalMonthOption = Annotated[
    Month | None,
    typer.Option("--month", parser=parse_month, metavar="YYYY-MM", help="Billing period.", show_default=False),
]


@dataclass(slots=True)
class World:
    """Where the database, the settings and the price lists are."""

    database: str | None = None
    settings: Path | None = None
    price_lists: Path | None = None
    actor: str | None = None
    """In whose name things are done, for the audit trail; None is who is logged in."""
    at_end: Callable[[Callable[[], None]], object] | None = None
    """Has something done when the command is over."""

    def narrowed(self, database: str | None, settings: Path | None, price_lists: Path | None) -> World:
        """Let a command's own options go before those in front of its name."""
        return replace(
            self,
            database=database or self.database,
            settings=settings or self.settings,
            price_lists=price_lists or self.price_lists,
        )

    def read_settings(self) -> Settings | None:
        """Read the settings; None when no file was named and there is none here."""
        from billing_engine.intake.settings_file import read_settings  # noqa: PLC0415 - pydantic is slow to import

        path = self.settings or DEFAULT_SETTINGS
        return read_settings(path) if self.settings is not None or path.exists() else None

    def read_book(self, settings: Settings | None = None) -> PriceListBook:
        """Read the shipped price lists and those that replace them."""
        from billing_engine.intake.price_list_file import read_price_lists  # noqa: PLC0415 - as above
        from billing_engine.resources import resource_folder  # noqa: PLC0415 - as above

        own = settings.price_list_folders if settings is not None else ()
        named = () if self.price_lists is None else (self.price_lists,)
        return read_price_lists([resource_folder("price_lists"), *own, *named])

    def open_database(self) -> Engine:
        """Create the engine for the database URL; it closes its connections when the command is over."""
        from billing_engine.storage.database import open_database  # noqa: PLC0415 - SQLAlchemy is slow to import

        engine = open_database(self.database or DEFAULT_DATABASE)
        if self.at_end is not None:
            self.at_end(engine.dispose)
        return engine

    def who(self) -> str:
        """Tell in whose name things are done."""
        return who_is_logged_in() if self.actor is None else self.actor

    def open_bare(self) -> BillingEngine:
        """Open the database of whatever version, to work on its tables and on nothing that is billed."""
        from billing_engine.engine import BillingEngine  # noqa: PLC0415 - as above
        from billing_engine.model.price_list import PriceListBook  # noqa: PLC0415 - as above

        return BillingEngine(self.open_database(), PriceListBook([]), clock=now, actor=self.who())

    def open_billing(self, *, create: bool = False) -> BillingEngine:
        """Open everything; raises SchemaVersionError when the database is of another version.

        Only a command that brings data in may create tables: elsewhere a missing database is a wrong folder or URL, and
        a new one would begin its numbers at 1. Raises DatabaseMissingError then.
        """
        from billing_engine.engine import BillingEngine  # noqa: PLC0415 - as above
        from billing_engine.storage.database import file_is_missing  # noqa: PLC0415 - as above

        settings = self.read_settings()
        engine = self.open_database()
        billing = BillingEngine(engine, self.read_book(settings), settings, clock=now, actor=self.who())
        if not file_is_missing(engine) and billing.has_schema():
            billing.check_schema()
        elif create:
            billing.upgrade_schema()
        else:
            url = engine.url.render_as_string(hide_password=True)
            hint = "`billing-engine import` or `billing-engine db upgrade` makes one"
            raise DatabaseMissingError(f"there is no billing database at {url}; {hint}")
        return billing


def who_is_logged_in() -> str:
    """Return the name of the user of the machine, empty where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number
        return ""


def world_of(
    context: typer.Context,
    database: str | None = None,
    settings: Path | None = None,
    price_lists: Path | None = None,
) -> World:
    """Combine the options before and after the command's name."""
    world = context.find_object(World) or World()
    return replace(world.narrowed(database, settings, price_lists), at_end=context.call_on_close)
