"""What travels in the wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_wheel_carries_what_the_program_reads(tmp_path):
    """Price lists, templates, examples, migrations and the typing marker are inside, tests are not."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "billing_engine/py.typed",
        "billing_engine/price_lists/b2bee.toml",
        "billing_engine/price_lists/trifft.toml",
        "billing_engine/price_lists/README.md",
        "billing_engine/invoice_templates/invoice.html",
        "billing_engine/invoice_templates/invoice.css",
        "billing_engine/invoice_templates/page.css",
        "billing_engine/invoice_templates/sla_report.html",
        "billing_engine/examples/2026-10/time_entries.csv",
        "billing_engine/examples/2026-11/claims.csv",
        "billing_engine/migrations/env.py",
        "billing_engine/migrations/versions/0001_first_tables.py",
    } <= names
    assert not [name for name in names if name.startswith("tests")]
