"""Checks a file that says it is an e-invoice: any XML of EN 16931, or a PDF that has one in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from billing_engine.einvoice.arithmetic import check_arithmetic
from billing_engine.einvoice.categories import check_categories
from billing_engine.einvoice.content import check_content
from billing_engine.einvoice.figures import Finding, FoundDocument
from billing_engine.einvoice.formats import EN16931, PEPPOL, XRECHNUNG
from billing_engine.einvoice.hybrid import LARGEST_PDF, check_level, read_hybrid
from billing_engine.einvoice.official import check_officially, rule_book
from billing_engine.einvoice.read_cii import ROOT as CII_ROOT
from billing_engine.einvoice.read_cii import read_cii
from billing_engine.einvoice.read_ubl import ROOTS as UBL_ROOTS
from billing_engine.einvoice.read_ubl import read_ubl
from billing_engine.einvoice.reading import parse_xml
from billing_engine.einvoice.texts import one_line
from billing_engine.errors import EInvoiceError

XML_RULES = "well-formed XML"
OWN_RULES = "our own arithmetic and required terms of EN 16931"

_MOST_FINDINGS = 200
_LONGEST_MESSAGE = 600
_BEFORE_XML = b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n"
"""Marks of byte order, and white space, one or two bytes long."""
HYBRID_RULES = "how Factur-X is embedded in a PDF"


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is to be said of a file."""

    path: Path
    kind: str
    """Such as "CII" or "PDF with CII"; empty where the file could not be read."""
    specification: str = ""
    """BT-24: what it says it follows."""
    rules: tuple[str, ...] = ()
    """What it was held against."""
    left_out: tuple[str, ...] = ()
    """What it could not be held against."""
    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        return not self.findings

    @property
    def readable(self) -> bool:
        return bool(self.kind)


def check_file(path: Path) -> FileReport:
    """Check a file against our rules, and against the official ones where these are installed.

    Says in the report when it can not be read, or is neither XML nor PDF; raises nothing.
    """
    try:
        return _check_data(path, _read(path))
    except OSError as error:
        return _unreadable(path, error.strerror or str(error))
    except EInvoiceError as error:
        return _unreadable(path, str(error))


def _check_data(path: Path, data: bytes) -> FileReport:
    if b"%PDF-" in data[:1024]:
        return _check_pdf(path, data)
    if not data.lstrip(_BEFORE_XML).startswith(b"<"):
        raise EInvoiceError("it is neither XML nor a PDF")
    return _check_xml(path, data)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(LARGEST_PDF + 1)
    if not data:
        raise EInvoiceError("the file is empty")
    if len(data) > LARGEST_PDF:
        raise EInvoiceError(f"the file is larger than {LARGEST_PDF:,} bytes")
    return data


def _unreadable(path: Path, why: str) -> FileReport:
    return FileReport(path, "", findings=(Finding("FILE", why),))


def _check_pdf(path: Path, data: bytes) -> FileReport:
    hybrid = read_hybrid(data)
    if hybrid.xml is None:
        return FileReport(path, "PDF", rules=(HYBRID_RULES,), findings=_bounded(hybrid.findings))
    inside = _check_xml(path, hybrid.xml)
    level = check_level(hybrid.level, inside.specification)
    return replace(
        inside,
        kind=f"PDF with {inside.kind}",
        rules=(HYBRID_RULES, *inside.rules),
        findings=(*_bounded([*hybrid.findings, *level]), *inside.findings),
    )


def _check_xml(path: Path, data: bytes) -> FileReport:
    try:
        root = parse_xml(data)
    except EInvoiceError as error:
        return FileReport(path, "XML", rules=(XML_RULES,), findings=_bounded([Finding("XML", str(error))]))
    if root.tag == CII_ROOT:
        return _check_document(path, root, read_cii(root))
    if root.tag in UBL_ROOTS:
        return _check_document(path, root, read_ubl(root))
    said = f"its root is {root.tag}; allowed: CrossIndustryInvoice, or Invoice and CreditNote of UBL"
    return FileReport(path, "XML", rules=(XML_RULES,), findings=_bounded([Finding("ROOT", said, "root")]))


def _check_document(path: Path, root: Any, found: FoundDocument) -> FileReport:
    book = rule_book(found.kind, found.specification)
    rules, findings = [], []
    if _follows_en16931(found.specification):
        rules.append(OWN_RULES)
        findings += [*check_content(found), *check_categories(found), *check_arithmetic(found)]
    if book is not None:
        rules.append(book.name)
        known = {finding.rule for finding in findings}
        findings += [one for one in check_officially(root, book) if one.rule not in known]
    left_out = tuple(_left_out(found, has_book=book is not None))
    return FileReport(path, found.kind, found.specification, tuple(rules), left_out, _bounded(findings))


def _bounded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Cut what a file can make endless: it decides what its lines are called."""
    return tuple(
        Finding(one.rule, one_line(one.message, _LONGEST_MESSAGE), one_line(one.location))
        for one in islice(findings, _MOST_FINDINGS)
    )


def _follows_en16931(specification: str) -> bool:
    """Tell whether a file keeps all rules of EN 16931: lesser profiles have no lines, extensions add up otherwise."""
    extended = f"{EN16931}#conformant#"
    return not specification.startswith((extended, "urn:factur-x.eu:1p0:minimum", "urn:factur-x.eu:1p0:basicwl"))


def _left_out(found: FoundDocument, *, has_book: bool) -> Iterator[str]:
    if not has_book:
        yield "the official XSD and Schematron; `pip install 'billing_engine[check]'` brings them"
    for name, specification in (("Peppol", PEPPOL), ("XRechnung", XRECHNUNG)):
        if specification in found.specification:
            yield f"the rule book of {name} itself; only what most often fails was looked at"
