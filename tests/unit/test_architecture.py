"""The house rules: who may import whom, how big a module may be, what is imported late."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "billing_engine"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)

PURE = {"rating", "invoicing", "sla"}
BOUNDARY = {"intake", "storage", "documents", "einvoice", "stripe_sync", "mailing"}
ENTRY_POINTS = {"cli"}
TOP = {
    "engine",
    "billing_run",
    "import_folder",
    "rate_folder",
    "sla_folder",
    "claim_desk",
    "sla_desk",
    "sla_reporting",
    "receivables_desk",
    "json_shapes",
    "sla_shapes",
    "receivables_shapes",
    "document_desk",
    "document_making",
    "mail_standing",
    "mail_round",
    "mailing_desk",
    "mail_shapes",
    "doctor",
    "check_shapes",
    "transactions",
    "run_shapes",
    "stripe_desk",
    "stripe_differences",
    "stripe_events",
    "stripe_previewing",
    "stripe_reconciling",
    "stripe_records",
    "stripe_shapes",
}

MAY_IMPORT = {
    "errors": set(),
    "resources": set(),
    "model": {"errors", "model"},
    **{stage: {"errors", "model", stage} for stage in PURE},
    **{boundary: {"errors", "resources", "model", boundary} for boundary in BOUNDARY},
    "migrations": {"storage"},
    "transactions": {"errors", "storage"},
    "journal": {"model", "storage"},
    "upgrading": {"storage", "journal"},
    "billing_run": {"errors", "model", "rating", "invoicing"},
    "import_folder": {"errors", "model", "intake", "storage", "journal"},
    "run_inputs": {"model", "rating", "storage", "billing_run"},
    "issuing": {"errors", "model", "rating", "storage", "billing_run", "claim_desk", "journal", "run_inputs"},
    "run_desk": {
        "errors",
        "model",
        "rating",
        "storage",
        "billing_run",
        "claim_desk",
        "issuing",
        "journal",
        "run_inputs",
        "transactions",
    },
    "rate_folder": {"errors", "model", "intake", "rating"},
    "sla_folder": {"errors", "model", "intake", "sla"},
    "claim_desk": {"errors", "model", "sla", "storage"},
    "sla_reporting": {"errors", "model", "sla", "storage", "claim_desk"},
    "sla_desk": {"errors", "model", "sla", "storage", "claim_desk", "journal", "sla_reporting", "transactions"},
    "document_making": {"errors", "model", "documents", "einvoice"},
    "document_desk": {
        "errors",
        "model",
        "storage",
        "documents",
        "einvoice",
        "document_making",
        "journal",
        "transactions",
    },
    "doctor": {"model", "storage", "billing_run"},
    "check_shapes": {"model", "storage", "doctor"},
    "receivables_desk": {"errors", "model", "invoicing", "storage", "claim_desk", "journal", "transactions"},
    "receivables_shapes": {"model", "json_shapes", "sla_shapes", "receivables_desk"},
    "json_shapes": {"errors", "model", "intake", "rating", "billing_run", "rate_folder"},
    "run_shapes": {"model", "storage", "billing_run", "json_shapes"},
    "sla_shapes": {"errors", "model", "claim_desk", "sla_folder"},
    "stripe_courier": {"errors", "model", "storage", "stripe_sync"},
    "stripe_push": {"errors", "model", "storage", "journal", "stripe_courier", "stripe_sync", "transactions"},
    "stripe_orders": {"errors", "model", "storage", "stripe_sync"},
    "stripe_receiving": {
        "errors",
        "model",
        "invoicing",
        "storage",
        "journal",
        "receivables_desk",
        "sla_desk",
        "stripe_sync",
        "transactions",
    },
    "stripe_events": {"errors", "model", "storage", "stripe_receiving", "stripe_sync"},
    "stripe_differences": {"errors", "model", "stripe_sync"},
    "stripe_reconciling": {"model", "storage", "stripe_differences", "stripe_sync", "transactions"},
    "stripe_previewing": {"errors", "model", "billing_run", "stripe_sync"},
    "stripe_records": {"errors", "model", "storage", "journal", "receivables_desk", "transactions"},
    "stripe_desk": {
        "errors",
        "model",
        "storage",
        "billing_run",
        "stripe_events",
        "stripe_orders",
        "stripe_previewing",
        "stripe_push",
        "stripe_receiving",
        "stripe_reconciling",
        "stripe_sync",
    },
    "stripe_shapes": {
        "model",
        "storage",
        "stripe_differences",
        "stripe_events",
        "stripe_previewing",
        "stripe_reconciling",
        "stripe_records",
    },
    "mail_standing": {"errors", "model", "storage"},
    "mail_round": {
        "errors",
        "model",
        "storage",
        "documents",
        "document_desk",
        "journal",
        "mail_standing",
        "mailing",
        "transactions",
    },
    "mailing_desk": {
        "errors",
        "model",
        "storage",
        "document_desk",
        "journal",
        "mail_round",
        "mail_standing",
        "mailing",
        "transactions",
    },
    "mail_shapes": {"model", "mail_standing"},
    "engine": {
        "errors",
        "model",
        "storage",
        "billing_run",
        "claim_desk",
        "document_desk",
        "doctor",
        "import_folder",
        "journal",
        "mailing_desk",
        "receivables_desk",
        "run_desk",
        "sla_desk",
        "transactions",
        "upgrading",
        "stripe_desk",
        "stripe_push",
        "stripe_receiving",
        "stripe_records",
        "stripe_sync",
    },
    "cli": {"errors", "resources", "model", "cli", *PURE, *BOUNDARY, *TOP},
    "__init__": {"model", "intake", "storage", "engine"},
}

ONE_HOME = {
    "sqlalchemy": {
        "storage",
        "engine",
        "import_folder",
        "claim_desk",
        "receivables_desk",
        "sla_desk",
        "sla_reporting",
        "transactions",
        "journal",
        "doctor",
        "migrations",
        "cli",
        "issuing",
        "run_desk",
        "run_inputs",
        "upgrading",
        "document_desk",
        "mail_standing",
        "mail_round",
        "mailing_desk",
        "stripe_desk",
        "stripe_orders",
        "stripe_push",
        "stripe_receiving",
        "stripe_records",
        "stripe_events",
    },
    "alembic": {"storage", "migrations"},
    "jinja2": {"documents"},
    "markupsafe": {"documents"},
    "weasyprint": {"documents"},
    "babel": {"documents"},
    "lxml": {"documents", "einvoice"},
    "pypdf": {"einvoice"},
    "saxonche": {"einvoice"},
    "PIL": {"documents"},
    "segno": {"documents"},
    "smtplib": {"mailing"},
    "email": {"mailing"},
    "typer": {"cli"},
    "rich": {"cli"},
    "pydantic": {"intake"},
    "pydantic_core": {"intake"},
    "holidays": {"model"},
    "stripe": {"stripe_sync"},
    "uvicorn": {"cli"},
}


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_what_its_place_allows(path):
    """Pure stages meet only as values, boundaries know only the model, and each library has one home."""
    part = part_of(path)
    for name in imports_of(path):
        top, _, rest = name.partition(".")
        if top == "billing_engine":
            other = rest.partition(".")[0]
            assert other in MAY_IMPORT[part], f"{part} must not import {other}"
        assert part in ONE_HOME.get(top, {part}), f"{top} is at home in {ONE_HOME.get(top)}, not in {part}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_is_one_idea_that_fits_in_the_head(path):
    """A module has at most 300 lines and says in its docstring what it is."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_function_fits_a_screen(path):
    """No function is longer than 60 lines, options of a command included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name


def test_money_and_time_are_never_floats():
    """No module of the core turns anything into a float or writes one down."""
    for path in MODULES:
        if part_of(path) in {"model", "rating", "invoicing", "sla", "storage"}:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), (path, node.lineno)
                assert not (isinstance(node, ast.Name) and node.id == "float"), (path, node.lineno)


def test_core_never_asks_the_clock():
    """What day it is comes in as an argument; the command line looks, and the journal of hosts that pass no clock."""
    for path in MODULES:
        if part_of(path) not in {"cli", "journal"}:
            text = path.read_text(encoding="utf-8")
            for question in ("date.today(", ".now(", ".utcnow(", "time.time("):
                assert question not in text, path


def test_help_and_import_load_nothing_heavy():
    """`billing-engine --help` answers without WeasyPrint, SQLAlchemy, pydantic or holiday data."""
    code = (
        "import sys, billing_engine.cli.app, billing_engine.cli.invoice_commands;"
        "heavy = ('weasyprint', 'sqlalchemy', 'pydantic', 'holidays', 'jinja2', 'alembic', 'stripe', 'uvicorn');"
        "print([m for m in heavy if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_import_has_no_side_effects():
    """Importing the package adds no log handler and reads no environment."""
    code = (
        "import logging, os; os.environ = None\n"
        "import billing_engine, billing_engine.model.money\n"
        "print(logging.getLogger('billing_engine').handlers, logging.getLogger().handlers)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[] []"
