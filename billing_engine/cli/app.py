"""`billing-engine`: the commands, and what becomes of errors."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from billing_engine.cli import (
    audit_commands,
    billing_commands,
    claim_commands,
    credit_commands,
    credit_note_commands,
    database_commands,
    doctor_commands,
    invoice_commands,
    price_list_commands,
    receivables_commands,
    sla_commands,
    stripe_commands,
)
from billing_engine.cli.options import World
from billing_engine.errors import (
    BillingError,
    InputFolderError,
    InvalidFileError,
    InvalidTextError,
    SettingsMissingError,
    StripeAccessError,
    UnknownPackageError,
)

app = typer.Typer(
    name="billing-engine",
    help="Bill support contracts: from time entries and tickets to PDF invoices, with credits for what was promised.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

WRONG_USAGE = 2
"""Exit code for a wrong call, input folder, settings file or price list; 1 is for work that did not succeed."""


@app.callback()
def options(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="BILLING_ENGINE_DATABASE_URL", help="Database URL. (default: sqlite:///billing.db)", show_envvar=True
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(envvar="BILLING_ENGINE_SETTINGS", help="Settings file. (default: billing.toml here)"),
    ] = None,
    price_lists: Annotated[
        Path | None, typer.Option(help="Folder with your own price lists, beside the shipped ones.")
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            envvar="BILLING_ENGINE_ACTOR", help="In whose name, for the audit trail. (default: who is logged in)"
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log with tracebacks to standard error.")] = False,
) -> None:
    """Remember the options that stand before the command's name."""
    context.obj = World(database, settings, price_lists, actor)
    if verbose:
        logging.basicConfig(level=logging.INFO)
    else:
        logging.getLogger("billing_engine").addHandler(logging.NullHandler())


billing_commands.register(app)
app.add_typer(invoice_commands.app, name="invoice")
app.add_typer(credit_note_commands.app, name="credit-note")
receivables_commands.register(app)
app.add_typer(sla_commands.app, name="sla")
app.add_typer(claim_commands.app, name="claim")
app.add_typer(credit_commands.app, name="credit")
app.add_typer(stripe_commands.app, name="stripe")
app.add_typer(price_list_commands.app, name="price-list")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(database_commands.app, name="db")
doctor_commands.register(app)


_PASSWORD = "BILLING_ENGINE_SMTP_PASSWORD"  # noqa: S105 - the name of the variable whose value is never shown

_WRONG_CALLS = (
    InvalidFileError,
    InputFolderError,
    InvalidTextError,
    SettingsMissingError,
    StripeAccessError,
    UnknownPackageError,
)


def main() -> None:
    """Run the command line; an expected error is one message on standard error."""
    _check_texts()
    try:
        app()
    except BillingError as error:
        _exit(str(error), WRONG_USAGE if isinstance(error, _WRONG_CALLS) else 1)
    except OSError as error:
        named = error.filename2 or error.filename  # of two the one that was to be made
        _exit(f"{named}: {error.strerror}" if named and error.strerror else str(error), 1)
    except MemoryError:
        _exit("there is not enough memory for this", 1)
    except Exception as error:
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - not needed to show help

        if not isinstance(error, DBAPIError):
            raise
        # Only what the driver said: the rest holds the statement and what was in it.
        _exit(f"the database can not be used: {error.orig}", 1)


def _check_texts() -> None:
    """Refuse what no database and no file can keep: bytes that are no text where the machine's text is UTF-8."""
    for what, said in [*(("an argument", one) for one in sys.argv[1:]), *_variables()]:
        try:
            said.encode("utf-8")
        except UnicodeEncodeError:
            _exit(f"{what} is no UTF-8 text" + ("" if what == _PASSWORD else f": {said!a}"), WRONG_USAGE)


def _variables() -> list[tuple[str, str]]:
    """Return the environment variables that are options, with their names."""
    return [(name, value) for name, value in os.environ.items() if name.startswith("BILLING_ENGINE_")]


def _exit(message: str, code: int) -> NoReturn:
    from billing_engine.cli.tables import err, text  # noqa: PLC0415 - not needed to show help

    err.print(text(f"billing-engine: {message}"), soft_wrap=True)
    sys.exit(code)
