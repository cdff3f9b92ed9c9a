"""The documents' HTML and style sheets: Jinja2 templates in a sandbox, given nothing but print-ready text.

Each file can be replaced by one of the same name in the user's own folder; `shipped/NAME` is still the one replaced.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from billing_engine.documents.language import Words, words_for
from billing_engine.documents.sla_view import SlaReportView
from billing_engine.documents.view import CreditNoteView, InvoiceView, LetterView, PageView, StatementView
from billing_engine.errors import RenderingError
from billing_engine.model.settings import DocumentTerms
from billing_engine.resources import resource_folder

_SHARED_STYLESHEET = "page.css"
_BRAND_STYLESHEET = "brand.css"
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_SUFFIX = ".html"
_FOLDER = "invoice_templates"


def invoice_html(view: InvoiceView, words: Words, terms: DocumentTerms) -> str:
    """Fill in the template of an invoice. The page needs no other file but its style sheet, "invoice.css".

    Raises RenderingError, as the others do, when a template fails or the user's folder is not there.
    """
    return _fill_in("invoice.html", view, view.page, words, terms)


def credit_note_html(view: CreditNoteView, words: Words, terms: DocumentTerms) -> str:
    """Fill in the template of a credit note, which has the style sheet of an invoice."""
    return _fill_in("credit_note.html", view, view.page, words, terms)


def statement_html(view: StatementView, words: Words, terms: DocumentTerms) -> str:
    """Fill in the template of a statement of hours; its style sheet is "statement.css"."""
    return _fill_in("statement.html", view, view.page, words, terms)


def sla_report_html(view: SlaReportView, words: Words, terms: DocumentTerms) -> str:
    """Fill in the template of an SLA report; its style sheet is "sla_report.css"."""
    return _fill_in("sla_report.html", view, view.page, words, terms)


def reminder_html(view: LetterView, words: Words, terms: DocumentTerms) -> str:
    """Fill in the template of a reminder; its style sheet is "reminder.css"."""
    return _fill_in("reminder.html", view, view.page, words, terms)


def stylesheet(name: str, terms: DocumentTerms) -> str:
    """Put a document's style sheet together: what all share, its own, the seller's brand, and the seller's colour.

    Raises RenderingError when one of them can not be read, or the colour is none.
    """
    parts = [_text(part, terms.templates) for part in (_SHARED_STYLESHEET, name, _BRAND_STYLESHEET)]
    return "\n".join([*parts, _brand_variables(terms)])


def _brand_variables(terms: DocumentTerms) -> str:
    if not terms.brand_colour:
        return ""
    if not _COLOUR.fullmatch(terms.brand_colour):
        raise RenderingError(f'the brand colour {terms.brand_colour[:40]!r} is none; write it as "#1f4d5c"')
    return f":root {{ --brand: {terms.brand_colour} }}"


def _text(name: str, folder: Path | None) -> str:
    own = _own_folder(folder) / name if folder else None
    path = own if own and own.is_file() else resource_folder(_FOLDER) / name
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RenderingError(f"{path}: {error}") from error


def _own_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise RenderingError(f"the folder of templates {str(folder)!r} is not there")
    return folder


def _fill_in(name: str, view: object, page: PageView, words: Words, terms: DocumentTerms) -> str:
    folder = _own_folder(terms.templates) if terms.templates else None
    second = words_for(page.second_language, folder) if page.second_language else None
    values = {
        name.removesuffix(_SUFFIX): view,
        "page": page,
        "_": words.say,
        "ngettext": words.count,
        "pgettext": words.say_in,
        "both": _both(words, second),
        "both_in": _both_in(words, second),
        "page_of_pages": _page_of_pages(words),
    }
    try:
        return _environment(folder, _own_names(folder)).get_template(name).render(values)
    except MemoryError:
        raise
    except TemplateNotFound as error:
        raise RenderingError(f"{_place_of(error, name)}: there is no template {str(error.name)!r}") from error
    except Exception as error:
        raise RenderingError(f"{_place_of(error, name)}: {error}") from error


def _both(words: Words, second: Words | None) -> Callable[..., str]:
    """Make what says a title in both languages, the second in small type, or once where they say the same."""

    def both(message: str, **values: str) -> str:
        return _with_second(words.say(message, **values), second.say(message, **values) if second else "", second)

    return both


def _both_in(words: Words, second: Words | None) -> Callable[..., str]:
    """Make what does so with a message that a context tells apart."""

    def both_in(context: str, message: str) -> str:
        return _with_second(words.say_in(context, message), second.say_in(context, message) if second else "", second)

    return both_in


def _with_second(first: str, other: str, second: Words | None) -> str:
    if second is None or other == first:
        return first
    return Markup('{} <span class="second" lang="{}">{}</span>').format(first, second.language, other)


def _page_of_pages(words: Words) -> Markup:
    """Say which page this is; the style sheet counts them."""
    said = escape(words.say("Page {page} of {pages}", page="{page}", pages="{pages}"))
    return said.format(
        page=Markup('<span class="page-number"></span>'), pages=Markup('<span class="page-count"></span>')
    )


def _place_of(error: Exception, name: str) -> str:
    """Find file and line of the innermost template that an error passed through."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}, line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(_SUFFIX)]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else name


def _own_names(folder: Path | None) -> frozenset[str]:
    """Name the user's own templates: one that comes while a program runs counts, too."""
    return frozenset(path.name for path in folder.glob(f"*{_SUFFIX}")) if folder else frozenset()


@cache
def _environment(folder: Path | None, own_names: frozenset[str]) -> ImmutableSandboxedEnvironment:
    del own_names  # with others it is another environment
    shipped = FileSystemLoader(resource_folder(_FOLDER))
    own = [FileSystemLoader(folder)] if folder else []
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*own, shipped, PrefixLoader({"shipped": shipped})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=True,  # a program that runs on prints what the folder has, as the fingerprint says
    )
