"""Brings the catalogues of messages up to date with code and templates; translations that are there stay.

Run it after a change of what documents say: new messages come into each .po file with an empty translation, and those
that nothing says any more go. tests/unit/test_catalogues.py fails until the new ones are translated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from billing_engine.documents.catalogues import catalogue_path
from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.model.tax import LEGAL_TEXTS

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "invoice_templates"
LOCALES = {"de": "de_DE", "pl": "pl_PL", "cs": "cs_CZ", "sr_Latn": "sr_Latn_RS", "sr_Cyrl": "sr_Cyrl_RS"}
"""By folder of the catalogue."""

_CODE = ("documents", "einvoice", "mailing")
_XML = ("cii.py", "ubl.py")
"""Modules whose `say` writes elements."""
_SAYING = {"say": 1, "form": 1, "joint": 1, "count": 2, "ngettext": 2, "counted_form": 2, "say_in": 2}
"""Functions that messages are given to, and how many texts: one, singular and plural, or context and message."""
_IN_CONTEXT = "say_in"
_NAMES = "price list"
"""The context of names, so that what a customer's own list calls "Total" is not taken for a message."""
_IN_TEMPLATES = {"_": None, "both": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "both_in": ((1, "c"), 2)}
_HEAD = """\
# What documents say. Translate between the quotes of msgstr; words in braces are filled in.
# script/messages.py brings in what is new and takes out what nothing says any more.
msgid ""
msgstr ""
"Language: {locale}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


class Found(NamedTuple):
    """A message, or its singular and plural."""

    message: str | tuple[str, ...]
    context: str | None = None


def find_messages() -> Catalog:
    """Collect all that documents say."""
    catalogue = Catalog()
    for message, context in _all():
        catalogue.add(message, context=context)
    return catalogue


def _all() -> Iterator[Found]:
    for package in _CODE:
        for path in sorted((ROOT / "billing_engine" / package).rglob("*.py")):
            if path.name not in _XML:
                yield from _of_code(path)
    for path in sorted([*TEMPLATES.glob("*.html"), *TEMPLATES.glob("*.txt")]):
        for _, message, _, context in extract_from_file("jinja2.ext.babel_extract", path, keywords=_IN_TEMPLATES):
            yield Found(message, context)
    for text in LEGAL_TEXTS.values():
        yield Found(text)
    for name in _names():
        yield Found(name, _NAMES)


def _names() -> Iterator[str]:
    """Find what the shipped price lists call packages and tariffs, also as it stands within sentences."""
    book = read_price_lists([ROOT / "price_lists"])
    for price_list in (version for name in book.names for version in book.versions(name)):
        for tariff in price_list.rating.tariffs:
            yield tariff.title
            yield tariff.name.replace("_", " ")
        for package in price_list.packages.values():
            yield package.title
            if package.covers_nothing and package.entitled:
                yield package.title.lower()


def _of_code(path: Path) -> Iterator[Found]:
    """Find the messages that stand in a module, also those within f-strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = _called(node)
        if not isinstance(node, ast.Call) or name not in _SAYING:
            continue
        first = node.args[: _SAYING[name]]
        texts = [one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if len(texts) == _SAYING[name]:
            context = texts.pop(0) if name == _IN_CONTEXT else None
            yield Found(texts[0] if len(texts) == 1 else tuple(texts), context)


def _called(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            return name
        case _:
            return ""


def updated(tag: str, messages: Catalog) -> Catalog:
    """Return a language's catalogue with exactly these messages, and the translations that it has."""
    catalogue = read_catalogue(tag)
    catalogue.update(messages, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def read_catalogue(tag: str) -> Catalog:
    """Read a language's catalogue; a new language has none yet."""
    path = catalogue_path(TEMPLATES, tag)
    if not path.exists():
        return Catalog(locale=LOCALES[tag], fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALES[tag])


def written(tag: str, catalogue: Catalog) -> bytes:
    """Write a language's catalogue, with a head that says nothing of who and when: the history does."""
    file = BytesIO(_HEAD.format(locale=LOCALES[tag], plurals=catalogue.plural_forms).encode())
    file.seek(0, SEEK_END)
    write_po(file, catalogue, width=120, omit_header=True, no_location=True, sort_output=True)
    return file.getvalue()


def texts_of(text: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return a message's singular and plural, or its translation in all forms; what is missing is empty."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def main() -> None:
    """Write the catalogues anew and say what is to be translated."""
    messages = find_messages()
    for tag in LOCALES:
        catalogue = updated(tag, messages)
        path = catalogue_path(TEMPLATES, tag)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(tag, catalogue))
        missing = sum(not all(texts_of(message.string)) for message in catalogue if message.id)
        print(f"{tag}: {len(catalogue)} messages, {missing} to be translated")


if __name__ == "__main__":
    main()
