"""What a PDF says of itself in XMP: that it is PDF/A and PDF/UA, and which e-invoice it carries.

WeasyPrint's own option for more XMP adds a second rdf:RDF, which readers do not look at; so its one is completed here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from weasyprint.pdf.metadata import DocumentMetadata

E_INVOICE = "factur-x.xml"
"""Name of the attachment that makes a PDF a Factur-X invoice."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_UA = "http://www.aiim.org/pdfua/ns/id/"

_UA_DESCRIPTION = f'<rdf:Description rdf:about="" xmlns:pdfuaid="{_UA}" pdfuaid:part="1"/>'
# The document's type is INVOICE for credit notes too; the e-invoice itself tells them apart.
_FX_DESCRIPTION = f"""<rdf:Description rdf:about="" xmlns:fx="{_FX}">
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{E_INVOICE}</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>"""

_UA_PROPERTIES = (("part", "Integer", "internal", "Part of ISO 14289 that the document conforms to"),)
_FX_PROPERTIES = (
    ("DocumentFileName", "Text", "external", "Name of the embedded e-invoice"),
    ("DocumentType", "Text", "external", "Type of the e-invoice"),
    ("Version", "Text", "external", "Version of the e-invoice's schema"),
    ("ConformanceLevel", "Text", "external", "Profile that the e-invoice conforms to"),
)


def complete(metadata: DocumentMetadata) -> None:
    """Have a document's metadata claim PDF/UA-1 too, and Factur-X when it carries an e-invoice."""
    metadata.__class__ = _complete_metadata()


@cache
def _complete_metadata() -> type[DocumentMetadata]:
    from weasyprint.pdf.metadata import DocumentMetadata  # noqa: PLC0415 - a machine without Pango can still rate

    class CompleteMetadata(DocumentMetadata):
        def generate_rdf_metadata(self, variant: str, version: int, conformance: str) -> bytes:
            own: bytes = super().generate_rdf_metadata(variant, version, conformance)  # type: ignore[no-untyped-call]
            rdf = etree.fromstring(own)
            has_e_invoice = any(attachment.name == E_INVOICE for attachment in self.attachments)
            rdf.extend(_descriptions(has_e_invoice))
            completed: bytes = etree.tostring(rdf, encoding="utf-8")
            return completed

        def include_in_pdf(self, pdf: object, variant: str, version: int, conformance: str, compress: bool) -> None:
            del compress  # programs that look for XMP in the plain bytes of a file shall find it
            super().include_in_pdf(  # type: ignore[no-untyped-call]
                pdf, variant, version, conformance, compress=False
            )

    return CompleteMetadata


def _descriptions(has_e_invoice: bool) -> list[etree._Element]:
    """Say the claims; PDF/A wants the schema of every property that it does not know itself."""
    ua = (_UA_DESCRIPTION, _schema("PDF/UA identification", _UA, "pdfuaid", _UA_PROPERTIES))
    fx = (_FX_DESCRIPTION, _schema("Factur-X PDF/A extension", _FX, "fx", _FX_PROPERTIES))
    claims = [ua, fx] if has_e_invoice else [ua]
    schemas = "".join(schema for _, schema in claims)
    extension = f"""<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/">
<pdfaExtension:schemas><rdf:Bag>{schemas}</rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
    descriptions = "".join(description for description, _ in claims)
    return list(etree.fromstring(f'<rdf:RDF xmlns:rdf="{_RDF}">{descriptions}{extension}</rdf:RDF>'))


def _schema(title: str, uri: str, prefix: str, properties: tuple[tuple[str, str, str, str], ...]) -> str:
    described = "".join(
        f"""<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>
<pdfaProperty:valueType>{kind}</pdfaProperty:valueType><pdfaProperty:category>{category}</pdfaProperty:category>
<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"""
        for name, kind, category, description in properties
    )
    return f"""<rdf:li rdf:parseType="Resource" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaSchema:schema>{title}</pdfaSchema:schema>
<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>{described}</rdf:Seq></pdfaSchema:property></rdf:li>"""
