"""The invoice's HTML: a Jinja2 template in a sandbox, given nothing but print-ready text."""

from __future__ import annotations

from functools import cache

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from billing_engine.documents.view import InvoiceView
from billing_engine.resources import resource_folder

_TEMPLATE = "invoice.html"
_STYLESHEET = "invoice.css"


def invoice_html(view: InvoiceView) -> str:
    """Fill in the invoice template; the page needs no other file, its style sheet stands in it."""
    return _environment().get_template(_TEMPLATE).render(invoice=view, labels=view.labels, stylesheet=_stylesheet())


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
def _stylesheet() -> Markup:
    """Read the style sheet, safe to stand unescaped in <style>: escaped, `>` and quotes would lose their meaning."""
    css = (resource_folder("invoice_templates") / _STYLESHEET).read_text(encoding="utf-8")
    if "</" in css:
        raise ValueError(f"{_STYLESHEET} must not contain '</', which would end the <style> element")
    return Markup(css)  # noqa: S704 - our own file, and checked above
