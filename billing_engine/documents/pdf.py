"""Documents as PDF files. Nothing is fetched, and the same invoice gives the same bytes on the same machine."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from billing_engine.documents.credit_note_view import credit_note_view
from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.sla_report_view import sla_report_view
from billing_engine.documents.templates import credit_note_html, invoice_html, sla_report_html
from billing_engine.errors import RenderingError
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.invoice import Invoice, Seller
from billing_engine.model.sla_report import SlaReport

if TYPE_CHECKING:
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

_PDF_VARIANT = "pdf/ua-1"
"""Tagged, with language and title, so that a screen reader can read it; costs next to nothing."""

_one_at_a_time = threading.Lock()
"""The font configuration and WeasyPrint's logger are shared by all threads of the process."""


def render_invoice(invoice: Invoice) -> bytes:
    """Render an invoice as PDF; raises RenderingError when it can not be printed whole."""
    try:
        html = invoice_html(invoice_view(invoice))
    except Exception as error:
        raise RenderingError(f"invoice {invoice.number!r} could not be laid out: {error}") from error
    return html_to_pdf(html)


def render_credit_note(note: CreditNote, invoice: Invoice) -> bytes:
    """Render a credit note as PDF, with the parties of its invoice; raises RenderingError as for an invoice."""
    try:
        html = credit_note_html(credit_note_view(note, invoice))
    except Exception as error:
        raise RenderingError(f"credit note {note.number!r} could not be laid out: {error}") from error
    return html_to_pdf(html)


def render_sla_report(report: SlaReport, seller: Seller | None) -> bytes:
    """Render an SLA report as PDF, signed by `seller` if one is named; raises RenderingError as for an invoice."""
    try:
        html = sla_report_html(sla_report_view(report, seller))
    except Exception as error:
        which = f"{report.customer.customer!r} for {report.month}"
        raise RenderingError(f"SLA report of {which} could not be laid out: {error}") from error
    return html_to_pdf(html)


def html_to_pdf(html: str) -> bytes:
    """Turn one self-contained page of HTML into PDF.

    Raises RenderingError when it refers to anything outside itself, or when WeasyPrint reports an error: it would
    leave out what it could not load and carry on.
    """
    try:  # imported here, so that a machine without Pango can still rate
        from weasyprint import HTML  # noqa: PLC0415
        from weasyprint.urls import FatalURLFetchingError  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise RenderingError(f"WeasyPrint can not be used on this machine: {error}") from error

    with _one_at_a_time, _errors_logged() as problems:
        try:
            page = HTML(string=html, url_fetcher=_refusing_fetcher(problems))  # type: ignore[no-untyped-call]
            pdf: bytes = page.write_pdf(  # type: ignore[no-untyped-call]
                font_config=_font_configuration(), pdf_variant=_PDF_VARIANT
            )
        except FatalURLFetchingError as refusal:  # a BaseException: WeasyPrint's own handlers must not swallow it
            raise RenderingError("; ".join(problems)) from refusal
        except Exception as error:
            raise RenderingError(f"the page could not be rendered: {error}") from error
    if problems:
        raise RenderingError("; ".join(problems))
    return pdf


def _refusing_fetcher(problems: list[str]) -> URLFetcher:
    """Make a fetcher that fetches nothing and notes what was asked of it."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher  # noqa: PLC0415

    class RefusingFetcher(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            del headers
            # Inside SVG even a fatal error is swallowed, so the note counts, not the exception.
            problems.append(f"the page refers to {url[:200]!r}; a document must not load anything")
            raise FatalURLFetchingError(problems[-1])

    return RefusingFetcher()  # type: ignore[no-untyped-call]


@cache
def _font_configuration() -> FontConfiguration:
    """Make the process's one font configuration: each new one takes memory that is never given back."""
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    return FontConfiguration()  # type: ignore[no-untyped-call]


class _Collector(logging.Handler):
    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        self.problems.append(record.getMessage())


@contextmanager
def _errors_logged() -> Iterator[list[str]]:
    """Collect what WeasyPrint logs as an error while the block runs."""
    problems: list[str] = []
    collector = _Collector(problems)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(collector)
    try:
        yield problems
    finally:
        logger.removeHandler(collector)
