"""Writes storage/trigger_hashes.py anew, from databases that the migrations make: run it after a change of these."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from databases import SqliteFiles, postgresql_server  # noqa: E402

from billing_engine import open_database  # noqa: E402
from billing_engine.storage import protection  # noqa: E402

TARGET = ROOT / "billing_engine" / "storage" / "trigger_hashes.py"
HEAD = '''"""Hashes of the triggers that migrations make, by database and name; script/trigger_hashes.py writes them."""

from __future__ import annotations

HASHES: dict[str, dict[str, str]] = {
'''


def lines_of(url: str) -> Iterator[str]:
    """Write the triggers of a database."""
    engine = open_database(url)
    with engine.connect() as connection:
        found = protection.read_triggers(connection)
        yield f'    "{connection.dialect.name}": {{\n'
    engine.dispose()
    for name, sql in sorted(found.items()):
        yield f'        "{name}": "{protection.hash_trigger(sql)}",\n'
    yield "    },\n"


def main() -> None:
    """Migrate a database of each kind, and write what they have."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = postgresql_server()
        try:
            files = SqliteFiles(folder)
            urls = [files.create(Path(tempfile.mkdtemp(dir=folder))), server.create()]
            lines = [line for url in urls for line in lines_of(url)]
        finally:
            server.stop()
    TARGET.write_text("".join([HEAD, *lines, "}\n"]), encoding="utf-8")


if __name__ == "__main__":
    main()
