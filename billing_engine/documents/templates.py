"""The documents' HTML: Jinja2 templates in a sandbox, given nothing but print-ready text."""

from __future__ import annotations

from functools import cache

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from billing_engine.documents.view import CreditNoteView, InvoiceView, SlaReportView
from billing_engine.resources import resource_folder

_SHARED_STYLESHEET = "page.css"


def invoice_html(view: InvoiceView) -> str:
    """Fill in the invoice's template; the page needs no other file, its style sheets stand in it."""
    template = _environment().get_template("invoice.html")
    return template.render(invoice=view, labels=view.labels, stylesheet=_stylesheet("invoice.css"))


def credit_note_html(view: CreditNoteView) -> str:
    """Fill in the template of a credit note, which looks like an invoice."""
    template = _environment().get_template("credit_note.html")
    return template.render(note=view, labels=view.labels, stylesheet=_stylesheet("invoice.css"))


def sla_report_html(view: SlaReportView) -> str:
    """Fill in the template of an SLA report, as complete in itself as an invoice."""
    template = _environment().get_template("sla_report.html")
    return template.render(report=view, labels=view.labels, stylesheet=_stylesheet("sla_report.css"))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(resource_folder("invoice_templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _stylesheet(name: str) -> Markup:
    """Read the shared style sheet and a document's own, safe to stand unescaped in <style>.

    Escaped, `>` and quotes would lose their meaning.
    """
    folder = resource_folder("invoice_templates")
    css = "\n".join((folder / part).read_text(encoding="utf-8") for part in (_SHARED_STYLESHEET, name))
    if "</" in css:
        raise ValueError(f"{_SHARED_STYLESHEET} and {name} must not contain '</', which would end the <style> element")
    return Markup(css)  # noqa: S704 - our own files, and checked above
