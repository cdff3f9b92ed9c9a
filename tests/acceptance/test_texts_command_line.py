"""Texts of the command line that nothing can keep, or that would forge a listing: refused, or written out."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sla_builders import book

from billing_engine import BillingEngine, open_database
from billing_engine.errors import InvalidTextError
from billing_engine.storage.audit import Event, append

COMMAND = str(Path(sys.executable).parent / "billing-engine")


@pytest.fixture
def run(tmp_path):
    """Run the command in a folder with a database."""

    def runner(*arguments, **environment):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", **environment}
        return subprocess.run([COMMAND, *arguments], cwd=tmp_path, env=env, capture_output=True, check=False)

    assert runner("db", "upgrade").returncode == 0
    return runner


REFUSED = b"can not be that; allowed are up to 100 printable characters"


@pytest.mark.parametrize("actor", ["root\n     99  2026-01-01T00:00:00Z", "x" * 101, "a\x1b[2J", "a\u202eb"])
def test_actors_that_are_refused(run, actor):
    """Whether as an option, in the environment or by a host, in one line and with the exit code of a wrong call."""
    for done in (run("--actor", actor, "audit", "list"), run("audit", "list", BILLING_ENGINE_ACTOR=actor)):
        assert (done.returncode, done.stdout) == (2, b"")
        assert REFUSED in done.stderr
        assert b"Traceback" not in done.stderr
    with pytest.raises(InvalidTextError):
        BillingEngine(open_database("sqlite://"), book(), actor=actor)


@pytest.mark.parametrize(
    "arguments", [[b"--actor", b"a\xff", b"audit", b"list"], [b"audit", b"list", b"--subject", b"\x80"]]
)
def test_bytes_that_are_no_text(run, arguments):
    """Bytes that are not UTF-8 are refused before anything is opened."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"billing-engine: an argument is no UTF-8 text: ")


def test_bytes_that_are_no_text_in_the_environment(run):
    """The name of the variable is told."""
    done = run("audit", "list", BILLING_ENGINE_ACTOR=b"a\xff")
    assert done.returncode == 2
    assert done.stderr == b"billing-engine: BILLING_ENGINE_ACTOR is no UTF-8 text: 'a\\udcff'\n"


def test_an_event_is_one_line_of_the_listing(run, tmp_path):
    """Line breaks that are in the trail, of whatever kind, are written out."""
    engine = open_database(f"sqlite:///{tmp_path}/billing.db")
    with engine.begin() as connection:
        events = [Event("a", "one\n      9  two", {"note": "three\u2028four\x85"})]
        append(connection, int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()), "root\nx\x1b[2J", events)
    engine.dispose()
    done = run("audit", "list")
    (line,) = done.stdout.decode().splitlines()
    assert line.split("  ", 3)[3].endswith(
        "root\\nx\\x1b[2J  a  one\\n      9  two  " + '{"note":"three\\u2028four\\x85"}'
    )
    (event,) = json.loads(run("audit", "list", "--format", "json").stdout)
    assert event["subject"] == "one\n      9  two"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["payment", "add", "2026-000001", "1.00", "--payment", "x" * 101], REFUSED),
        (["payment", "add", "2026-000001", "1.00", "--payment", "a\nb"], REFUSED),
        (["credit", "refund", "CR-2026-00001", "--reason", "x" * 1001], b"the reason has 1,001 characters"),
        (["credit", "refund", "CR-2026-00001", "--reason", "a\x1b[2J"], b"the control character U+001B"),
        (["claim", "decide", "CL-1", "--reject", "--note", "x" * 100_000], b"the note has 100,000 characters"),
    ],
)
def test_ids_and_words_that_are_refused(run, arguments, said):
    """Before it is looked whether what they are about is there."""
    done = run(*arguments)
    assert said in done.stderr
    assert (done.returncode, done.stdout) == (2, b"")
