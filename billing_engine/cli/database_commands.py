"""`billing-engine db`: the schema's version."""

from __future__ import annotations

import typer

from billing_engine.cli.options import DatabaseOption, world_of

app = typer.Typer(help="Create, upgrade and check the database.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context, database: DatabaseOption = None) -> None:
    """Create the tables, or bring them to this program's version."""
    typer.echo(f"the database is at version {world_of(context, database).open_bare().upgrade_schema()}")


@app.command()
def check(context: typer.Context, database: DatabaseOption = None) -> None:
    """Tell whether the tables are at this program's version."""
    from billing_engine.storage import schema  # noqa: PLC0415 - SQLAlchemy is slow to import
    from billing_engine.storage.database import READ_ONLY  # noqa: PLC0415 - as above

    with world_of(context, database).open_database().connect().execution_options(**READ_ONLY) as connection:
        typer.echo(f"the database is at version {schema.check(connection)}, as this program needs")
