"""How much of what a package includes was used, in the tables of `preview`, `invoice show` and `rate`."""

import pytest
from typer.testing import CliRunner

from billing_engine.cli.app import app

FILES = {
    "customers": ["customer,name,country,currency", "C1,Aurora,CZ,EUR"],
    "contracts": ["contract,customer,price_list,package,starts_on,monthly_fee"],
    "time_entries": ["entry,customer,severity,started_at,ended_at"],
}
ALLOWANCE, BEYOND, NO_LIMIT = "b2bee,premium,2026-01-01,", "b2bee,basic,2026-01-01,", "trifft,premium,2026-01-01,100"
USES = [
    pytest.param(
        ALLOWANCE, "T3", "Premium (K1): 2:30 of 12:00 h included used", "2:30 of 12:00", id="in the allowance"
    ),
    pytest.param(
        BEYOND, "T3", "Basic (K1): 1:00 of 1:00 h included used, 1:30 h beyond", "1:00 of 1:00", id="beyond it"
    ),
    pytest.param(NO_LIMIT, "P1", "Premium (K1): 2:30 h used, all in the fee", "2:30, no limit", id="no limit"),
]


@pytest.mark.parametrize(("contract", "severity", "said", "rated"), USES)
def test_use_of_a_package(tmp_path, monkeypatch, contract, severity, said, rated):
    """A limit is named with what was used of it; where there is none all is in the fee."""
    monkeypatch.chdir(tmp_path)
    rows = {
        "contracts": [f"K1,C1,{contract}"],
        "time_entries": [f"E1,C1,{severity},2026-10-05T10:00,2026-10-05T12:30"],
    }
    folder = tmp_path / "data"
    folder.mkdir()
    for name, lines in FILES.items():
        (folder / f"{name}.csv").write_text("\n".join([*lines, *rows.get(name, ())]) + "\n", encoding="utf-8")

    def shown(*arguments):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        return [line.strip() for line in result.stdout.splitlines()]

    shown("init")
    shown("import", str(folder))
    assert said in shown("preview", "--month", "2026-10")
    assert any(rated in line for line in shown("rate", "--data", str(folder), "--month", "2026-10"))
    shown("run", "--month", "2026-10", "--issue", "--issued-on", "2026-11-01")
    assert said in shown("invoice", "show", "2026-000001")
