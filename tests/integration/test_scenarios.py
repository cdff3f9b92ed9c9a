"""Stories: a folder of input files and the preview that a billing clerk reviewed.

`pytest tests/integration/test_scenarios.py --update-scenarios` rewrites the expected previews.
"""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from billing_engine.cli.app import app

SCENARIOS = Path(__file__).parent.parent / "scenarios"
STORIES = sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())


@pytest.mark.parametrize("story", STORIES)
def test_preview_is_the_reviewed_one(story, make_database, tmp_path, monkeypatch, request):
    """A story's preview, with every reason, is the text that was reviewed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BILLING_ENGINE_DATABASE_URL", make_database(migrated=False))
    folder = SCENARIOS / story
    month = (folder / "month").read_text(encoding="utf-8").strip()
    runner = CliRunner()
    assert runner.invoke(app, ["init"]).exit_code == 0
    imported = runner.invoke(app, ["import", str(folder)])
    assert imported.exit_code == 0, imported.output
    preview = runner.invoke(app, ["preview", "--month", month])
    assert preview.exit_code == 0, preview.output
    held = runner.invoke(app, ["held", "--month", month])
    text = "\n".join(line.rstrip() for line in (preview.stdout + "\n" + held.stdout).splitlines()) + "\n"
    expected = folder / "preview.txt"
    if request.config.getoption("--update-scenarios"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
