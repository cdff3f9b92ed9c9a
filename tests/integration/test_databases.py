"""Opening a database and bringing its schema up to date, on both kinds."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from books import C1, K1, OCTOBER, Books
from databases import ON_POSTGRESQL, ON_SQLITE, with_query
from sqlalchemy import text

from billing_engine import open_database
from billing_engine.errors import DatabaseUrlError, SchemaVersionError
from billing_engine.storage import schema
from billing_engine.storage.tables import metadata

# --- the URL ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgresql://clerk:s3cret@host:port/billing",
        "postgresql://clerk:s3cret/billing",
        "postgresql+psycopg2://clerk:s3cret@host/billing",
        "postgresql+asyncpg://clerk:s3cret@host/billing",
        "mysql://clerk:s3cret@host/billing",
        "s3cret://host/billing",
    ],
)
def test_url_that_can_not_be_used(url):
    """The message shows what a URL looks like, and nothing of one that could hold a password."""
    with pytest.raises(DatabaseUrlError, match=r"sqlite:///billing\.db or postgresql://") as raised:
        open_database(url)
    assert url.startswith("s3cret") or "s3cret" not in str(raised.value)


@pytest.mark.parametrize("module", ["psycopg", "psycopg.pq"])
def test_missing_driver(monkeypatch, module):
    """Without the driver, or the library under it, the message says what to install."""
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DatabaseUrlError, match=r"psycopg.*billing_engine\[postgresql\]"):
        open_database("postgresql://clerk:s3cret@host/billing")


@pytest.mark.parametrize("url", ["postgresql://clerk:s3cret@host/x", "postgresql+psycopg://host/x?password=s3cret"])
def test_engine_shows_no_password(url):
    """However a password is given, the engine and its URL print without it."""
    engine = open_database(url)
    assert "s3cret" not in repr(engine) + engine.url.render_as_string(hide_password=True)
    arguments = engine.dialect.create_connect_args(engine.url)[1]
    assert arguments["host"] == "host"


# --- the session ------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_sqlite_session(open_url, database_url):
    """The embedded database is set up for concurrent, durable use."""
    engine = open_url(database_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 30_000


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("more", "name", "wait"),
    [
        pytest.param({}, "billing_engine", "30s", id="ours"),
        pytest.param({"application_name": "desk"}, "desk", "30s", id="the URL's name"),
        pytest.param({"options": "-c lock_timeout=5s"}, "billing_engine", "5s", id="the URL's patience"),
    ],
)
def test_postgresql_session(open_url, database_url, more, name, wait):
    """A session says who it is and waits half a minute for a lock, unless the URL says otherwise."""
    engine = open_url(with_query(database_url, **more))
    for _ in range(2):  # the second time from the pool, after a rollback
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW application_name")) == name
            assert connection.scalar(text("SHOW lock_timeout")) == wait
            connection.rollback()


@ON_POSTGRESQL
def test_connection_that_the_server_closed(open_url, database_url):
    """A connection that died in the pool is replaced before it is used."""
    engine = open_url(database_url)
    with engine.connect() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
    other = open_url(database_url)
    with other.begin() as connection:
        assert connection.scalar(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != process


# --- the schema -------------------------------------------------------------------------------------------------------


@pytest.fixture
def keeping(request):
    """Open books on any database."""

    def keep(folder, url):
        books = Books(folder, url)
        request.addfinalizer(books.database.dispose)
        return books

    return keep


def test_two_upgrades_at_once(open_url, make_database):
    """Programs that start at the same moment on a new database both find it ready."""
    url, start = make_database(migrated=False), threading.Barrier(3)

    def upgrade():
        engine = open_url(url)
        start.wait(20)
        with engine.begin() as connection:
            return schema.upgrade(connection)

    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(upgrade) for _ in range(3)]
        assert {job.result(60) for job in jobs} == {schema.newest_version()}


def test_schema_of_no_version_is_refused(keeping, make_database, tmp_path):
    """A database without our tables is told from one of another version."""
    books = keeping(tmp_path, make_database(migrated=False))
    assert not books.billing.has_schema()
    with pytest.raises(SchemaVersionError, match=r"without the billing tables.*billing-engine db upgrade"):
        books.billing.check_schema()
    assert books.billing.upgrade_schema() == books.billing.check_schema()
    assert books.billing.has_schema()


@ON_POSTGRESQL
def test_tables_in_a_schema_of_their_own(keeping, open_url, make_database, tmp_path):
    """The search path says where the tables are: two tenants beside each other have each their own numbers."""
    url = make_database(migrated=False)
    admin = open_url(url)
    for tenant in ("north", "south"):
        with admin.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {tenant}"))
        folder = tmp_path / tenant
        folder.mkdir()
        books = keeping(folder, with_query(url, options=f"-c search_path={tenant}"))
        assert not books.billing.has_schema()
        books.billing.upgrade_schema()
        books.billing.check_schema()
        books.take(customers=[C1], contracts=[K1])
        assert books.issue(OCTOBER).number == "2026-000001"
        books.check()
    with admin.connect() as connection:
        found = connection.execute(text("SELECT schemaname FROM pg_tables WHERE tablename LIKE 'billing%'")).scalars()
        assert sorted(found) == ["north"] * (len(metadata.tables) + 1) + ["south"] * (len(metadata.tables) + 1)


@ON_POSTGRESQL
def test_hosts_connection_with_a_search_path_of_its_own(keeping, make_database, tmp_path):
    """A host may set the path for a transaction only; all that joins it is there, and gone with it."""
    books = keeping(tmp_path, make_database(migrated=False))
    with books.database.connect() as connection:
        connection.execute(text("CREATE SCHEMA tenant"))
        connection.execute(text("SET LOCAL search_path = tenant"))
        books.billing.upgrade_schema(connection=connection)
        books.billing.check_schema(connection=connection)
        connection.commit()
        assert not books.billing.has_schema()
        connection.execute(text("SET LOCAL search_path = tenant"))
        books.billing.check_schema(connection=connection)


@ON_POSTGRESQL
@pytest.mark.parametrize(
    "column",
    ["customers.customer", "contracts.contract", "time_entries.entry", "expenses.expense", "outages.outage",
     "claims.claim", "claims.customer", "credits.credit", "ledger.posting", "invoices.number", "invoice_entries.entry"],
)  # fmt: skip
def test_order_of_ids_is_that_of_sqlite(open_url, database_url, column):
    """What rows are ordered by is compared without regard to the language that the server was set up for."""
    table, name = column.split(".")
    engine = open_url(database_url)
    with engine.connect() as connection:
        collation = text(
            "SELECT collation_name FROM information_schema.columns WHERE table_name = :table AND column_name = :name"
        )
        assert connection.scalar(collation, {"table": f"billing_{table}", "name": name}) == "C"
