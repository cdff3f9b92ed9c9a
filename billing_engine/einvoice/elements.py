"""XML elements by their prefixed names, as both syntaxes are written; one without content is not there at all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from billing_engine.einvoice.terms import EInvoice
from billing_engine.model.money import minor_digits, plain

Namespaces = Mapping[str | None, str]
"""By prefix; the one without a prefix is the default."""


class Node:
    """An element to write into."""

    __slots__ = ("_element", "_namespaces")

    def __init__(self, element: Any, namespaces: Namespaces) -> None:
        self._element = element
        self._namespaces = namespaces

    @classmethod
    def root(cls, name: str, namespaces: Namespaces) -> Node:
        """Begin a document, such as "rsm:CrossIndustryInvoice"."""
        return cls(etree.Element(_full(name, namespaces), nsmap=dict(namespaces)), namespaces)

    def add(self, path: str, text: str = "", **attributes: str) -> Node:
        """Add an element; all but the last step of a path are added to hold it."""
        element = self._element
        for step in path.split("/"):
            element = etree.SubElement(element, _full(step, self._namespaces))
        element.text = text or None
        for name, value in attributes.items():
            if value:
                element.set(name, value)
        return Node(element, self._namespaces)

    def say(self, path: str, text: str, **attributes: str) -> None:
        """Add an element that holds a text, unless there is none (PEPPOL-EN16931-R008)."""
        if text:
            self.add(path, text, **attributes)

    def to_bytes(self) -> bytes:
        """Write the document; the same one is the same to the byte."""
        written: bytes = etree.tostring(self._element, xml_declaration=True, encoding="UTF-8", pretty_print=True)
        return written


def _full(prefixed: str, namespaces: Namespaces) -> str:
    prefix, _, local = prefixed.rpartition(":")
    return f"{{{namespaces[prefix or None]}}}{local}"


def money(amount: Decimal, currency: str) -> str:
    """Write an amount with the decimals of its currency."""
    return f"{amount:.{minor_digits(currency)}f}"


def number(value: Decimal) -> str:
    """Write a quantity or a rate without needless zeros and without an exponent."""
    return f"{value.normalize():f}"


def price(value: Decimal) -> str:
    """Write a price with two decimals, or more where it has more."""
    return plain(value)


def amounts(said: EInvoice) -> tuple[Decimal, ...]:
    """Return all that is written as money in the document's currency."""
    totals = said.totals
    parts = [*(line.net for line in said.lines), *(one.amount for one in said.allowances)]
    parts += [part for one in said.vat for part in (one.net, one.tax)]
    return (*parts, totals.lines, totals.net, totals.tax, totals.gross, totals.prepaid, totals.due)
