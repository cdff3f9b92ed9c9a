"""Reads XML that anybody may have written: no DTD, no entity, nothing from elsewhere, no more than fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from billing_engine.einvoice.figures import Finding, FoundVat
from billing_engine.errors import EInvoiceError

LARGEST_XML = 20_000_000
"""Bytes; an invoice of 1,000 lines has two million."""

_FIGURE = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)


def parse_xml(data: bytes) -> Any:
    """Parse a document and return its root; raises EInvoiceError that says why it can not be."""
    if len(data) > LARGEST_XML:
        raise EInvoiceError(f"the XML is larger than {LARGEST_XML:,} bytes")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,  # a comment within a figure would cut it
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise EInvoiceError(f"it is no well-formed XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise EInvoiceError("it declares a DTD, which no e-invoice may")
    return root


class Reader:
    """Finds texts and figures by path, and remembers what should be a figure and is none."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = dict(namespaces)
        self.unreadable: list[Finding] = []

    def all(self, element: Any, path: str) -> Iterator[Any]:
        """Find all elements at a path."""
        return iter(() if element is None else element.iterfind(path, self._namespaces))

    def first(self, element: Any, path: str) -> Any:
        """Find the first element at a path; None where there is none."""
        return next(self.all(element, path), None)

    def text(self, element: Any, path: str) -> str:
        """Return the text of the first element at a path, empty where there is none."""
        found = self.first(element, path)
        return "" if found is None else (found.text or "").strip()

    def number(self, element: Any, path: str) -> Decimal | None:
        """Return the figure of the first element at a path; None where there is none."""
        found = self.first(element, path)
        return None if found is None else self.figure_of(found)

    def figure_of(self, element: Any) -> Decimal | None:
        """Return the figure that is an element's text."""
        text = (element.text or "").strip()
        if _FIGURE.fullmatch(text):
            return Decimal(text)
        name = etree.QName(element).localname
        self.unreadable.append(Finding("FIGURE", f"{name} should be a number and is {text[:40]!r}", name))
        return None

    def vat(self, element: Any, category: str, percent: str) -> FoundVat:
        """Return category and rate by their paths."""
        return FoundVat(self.text(element, category), self.number(element, percent))

    def tax_totals(self, element: Any, path: str, currency: str) -> dict[str, Decimal | None]:
        """Return the VAT in the document's own currency, and in that of accounting, by their terms."""
        return {
            "BT-110" if one.get("currencyID", currency) == currency else "BT-111": self.figure_of(one)
            for one in self.all(element, path)
        }
