"""PDFs with an e-invoice in them: takes it out, and checks that readers will find it there (Factur-X, ZUGFeRD)."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lxml import etree

from billing_engine.einvoice.figures import Finding
from billing_engine.einvoice.formats import EN16931, XRECHNUNG
from billing_engine.einvoice.reading import parse_xml
from billing_engine.errors import EInvoiceError

LARGEST_PDF = 100_000_000
"""Bytes."""

_NAMES = ("factur-x.xml", "xrechnung.xml")
_FORMER_NAMES = ("zugferd-invoice.xml", "ZUGFeRD-invoice.xml")
_RELATIONSHIPS = ("/Alternative", "/Data", "/Source")
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_PDF_A = "{http://www.aiim.org/pdfa/ns/id/}"
_FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"

_LEVELS = MappingProxyType(
    {
        EN16931: "EN 16931",
        XRECHNUNG: "XRECHNUNG",
        f"{EN16931}#compliant#urn:factur-x.eu:1p0:basic": "BASIC",
        f"{EN16931}#conformant#urn:factur-x.eu:1p0:extended": "EXTENDED",
        "urn:factur-x.eu:1p0:basicwl": "BASIC WL",
        "urn:factur-x.eu:1p0:minimum": "MINIMUM",
    }
)
"""fx:ConformanceLevel by BT-24."""

_MOST_NODES = 1_000
"""Of the tree of file names."""

_MOST_COMPLAINTS = 1_000
"""Of the library about one file; one that is broken on purpose would keep it busy for hours."""


@dataclass(frozen=True, slots=True)
class Hybrid:
    """What a PDF holds."""

    xml: bytes | None
    """The e-invoice; None where there is none."""
    level: str
    """What the metadata says of its profile, such as "EN 16931"."""
    findings: tuple[Finding, ...]


def check_level(level: str, specification: str) -> Iterator[Finding]:
    """Find a profile in the metadata that is not the one of the e-invoice itself."""
    expected = _LEVELS.get(specification)
    if expected is not None and level != expected:
        said = f"fx:ConformanceLevel is {level or 'missing'}, and the e-invoice itself says {expected}"
        yield Finding("PDF-XMP", said, "XMP")


def read_hybrid(data: bytes) -> Hybrid:
    """Take the e-invoice out of a PDF; raises EInvoiceError when it can not be read at all."""
    import pypdf  # noqa: PLC0415 - slow to import, and not needed for plain XML

    try:
        with _patience():
            return _read(pypdf.PdfReader(io.BytesIO(data)))
    except EInvoiceError:
        raise
    except pypdf.errors.DependencyError:
        raise EInvoiceError("the PDF is encrypted, which no e-invoice may be") from None
    except Exception as error:  # noqa: BLE001 - a file that is broken, or wants to harm, leads to errors of any kind
        raise EInvoiceError(f"the PDF can not be read: {type(error).__name__}: {error}") from None


class _Patience(logging.Handler):
    """Takes what the library has to say of a file, which is none of our messages, until it is too much."""

    def __init__(self) -> None:
        super().__init__()
        self._left = _MOST_COMPLAINTS

    def emit(self, record: logging.LogRecord) -> None:
        del record
        self._left -= 1
        if self._left < 0:
            raise EInvoiceError("the PDF is broken in too many places")


@contextmanager
def _patience() -> Iterator[None]:
    logger, patience = logging.getLogger("pypdf"), _Patience()
    passed_on, logger.propagate = logger.propagate, False
    logger.addHandler(patience)
    try:
        yield
    finally:
        logger.removeHandler(patience)
        logger.propagate = passed_on


def _read(reader: Any) -> Hybrid:
    if reader.is_encrypted:
        raise EInvoiceError("the PDF is encrypted, which no e-invoice may be")
    catalog = reader.trailer["/Root"].get_object()
    files = dict(_embedded_files(catalog))
    found = [name for name in files if name in (*_NAMES, *_FORMER_NAMES)]
    if len(found) != 1:
        said = f"it holds {len(found) or 'no'} e-invoices; one must be embedded, called {_NAMES[0]}"
        return Hybrid(None, "", (Finding("PDF-EMBED", said, "embedded files"),))
    (name,) = found
    xml = _at(_at(files[name], "/EF"), "/F").get_data()
    metadata = _metadata(catalog)
    findings = (*_check_file(catalog, name, files[name]), *_check_metadata(metadata, name))
    return Hybrid(xml, next(_values(metadata, f"{_FX}ConformanceLevel"), ""), findings)


def _at(container: Any, key: str) -> Any:
    """Return what stands at a key, wherever in the file it is; None where there is nothing."""
    found = None if container is None else container.get(key)
    return None if found is None else found.get_object()


def _items(container: Any, key: str) -> list[Any]:
    return list(_at(container, key) or ())


def _embedded_files(catalog: Any) -> Iterator[tuple[str, Any]]:
    """Walk the tree of names; one that goes in circles ends."""
    nodes, seen = [_at(_at(catalog, "/Names"), "/EmbeddedFiles")], 0
    while nodes and seen < _MOST_NODES:
        node, seen = nodes.pop(), seen + 1
        nodes += [kid.get_object() for kid in _items(node, "/Kids")]
        names = _items(node, "/Names")
        for name, file in zip(names[::2], names[1::2], strict=False):
            found = file.get_object()
            yield str(_at(found, "/UF") or name), found


def _check_file(catalog: Any, name: str, file: Any) -> Iterator[Finding]:
    if name not in _NAMES:
        yield Finding("PDF-EMBED", f"the e-invoice is called {name}, and readers look for {_NAMES[0]}", name)
    relationship = str(_at(file, "/AFRelationship") or "missing")
    if relationship not in _RELATIONSHIPS:
        allowed = ", ".join(_RELATIONSHIPS)
        yield Finding("PDF-AF", f"its AFRelationship is {relationship}; allowed: {allowed}", name)
    associated = [one.get_object().indirect_reference for one in _items(catalog, "/AF")]
    if file.indirect_reference not in associated:
        yield Finding("PDF-AF", "the document does not name it among its associated files (/AF)", name)


def _metadata(catalog: Any) -> Any:
    """Parse the XMP metadata; an empty document where there is none that can be read."""
    stream = _at(catalog, "/Metadata")
    try:
        return etree.Element("none") if stream is None else parse_xml(stream.get_data())
    except EInvoiceError:
        return etree.Element("none")


def _check_metadata(root: Any, name: str) -> Iterator[Finding]:
    rdf = list(root.iter(f"{_RDF}RDF"))
    if len(rdf) != 1:
        said = f"has {len(rdf)} rdf:RDF, and readers look into one" if rdf else "is missing, or can not be read"
        yield Finding("PDF-XMP", f"the XMP metadata {said}", "XMP")
    wanted = {"DocumentType": "INVOICE", "DocumentFileName": name, "Version": "", "ConformanceLevel": ""}
    for field, value in wanted.items():
        found = list(_values(root, f"{_FX}{field}"))
        if len(found) != 1 or (value and found[0] != value):
            expected = value or "one value"
            yield Finding("PDF-XMP", f"fx:{field} is {', '.join(found) or 'missing'}; expected: {expected}", "XMP")
    part = list(_values(root, f"{_PDF_A}part"))
    if part != ["3"]:
        yield Finding("PDF-A", f"it claims PDF/A part {', '.join(part) or 'none'}; files may be in 3 alone", "XMP")


def _values(root: Any, name: str) -> Iterator[str]:
    """Find a property, which may be written as an element or as an attribute."""
    for element in root.iter(etree.Element):
        if element.tag == name:
            yield (element.text or "").strip()
        elif element.tag == f"{_RDF}Description" and name in element.attrib:
            yield element.attrib[name].strip()
