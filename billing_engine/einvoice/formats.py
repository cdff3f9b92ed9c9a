"""The formats of e-invoices: which syntax, which rules, and what must be there before one is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from billing_engine.einvoice.cii import write_cii
from billing_engine.einvoice.required import missing_for_en16931, missing_for_peppol, missing_for_xrechnung
from billing_engine.einvoice.terms import EInvoice, Format
from billing_engine.einvoice.ubl import write_ubl
from billing_engine.errors import EInvoiceError

__all__ = ["EN16931", "PEPPOL", "XRECHNUNG", "Format", "missing_fields", "write"]

EN16931 = "urn:cen.eu:en16931:2017"
PEPPOL = f"{EN16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
XRECHNUNG = f"{EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
"""The business process, BT-23."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a format is written, and what it misses beyond EN 16931."""

    write: Callable[[EInvoice], bytes]
    missing: Callable[[EInvoice], Iterator[str]]


def _nothing_more(said: EInvoice) -> Iterator[str]:
    del said
    return iter(())


_WAYS = MappingProxyType(
    {
        Format.CII: _Way(lambda said: write_cii(said, EN16931), _nothing_more),
        Format.UBL: _Way(lambda said: write_ubl(said, EN16931), _nothing_more),
        Format.PEPPOL: _Way(lambda said: write_ubl(said, PEPPOL, BILLING), missing_for_peppol),
        Format.XRECHNUNG: _Way(lambda said: write_ubl(said, XRECHNUNG, BILLING), missing_for_xrechnung),
    }
)


def missing_fields(said: EInvoice, format_: Format) -> tuple[str, ...]:
    """Name every field that a format misses, each with its number and where the user gives it."""
    return (*missing_for_en16931(said), *_WAYS[format_].missing(said))


def write(said: EInvoice, format_: Format) -> bytes:
    """Write an e-invoice as XML; raises EInvoiceError that names all that is missing."""
    missing = missing_fields(said, format_)
    if missing:
        document = "credit note" if said.is_credit_note else "invoice"
        fields = "".join(f"\n  {field}" for field in missing)
        raise EInvoiceError(
            f"{document} {said.number} can not be written as {format_}; missing or not allowed:{fields}\n"
            "What is added there shows on what is issued from then on; an issued document never changes."
        )
    return _WAYS[format_].write(said)
