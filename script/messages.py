"""Brings the catalogues of messages up to date with code and templates; translations that are there stay.

Run it after a change of what documents say: new messages come into each .po file with an empty translation, and those
that nothing says any more go. tests/unit/test_catalogues.py fails until the new ones are translated.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from billing_engine.documents.catalogues import catalogue_path
from billing_engine.model.tax import LEGAL_TEXTS

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "invoice_templates"
LOCALES = {"de": "de_DE", "pl": "pl_PL", "cs": "cs_CZ", "sr_Latn": "sr_Latn_RS", "sr_Cyrl": "sr_Cyrl_RS"}
"""By folder of the catalogue."""

_CODE = ("documents", "einvoice", "mailing")
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "say": None,
    "say_in": ((1, "c"), 2),
    "count": (1, 2),
    "form": None,
    "joint": None,
    "counted_form": (1, 2),
}
"""What messages are given to: in templates, in views, and in the forms of sentences."""
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
_JINJA = {"trimmed": "true", "silent": "false"}


def find_messages() -> Catalog:
    """Collect all that documents say, with the files that say it."""
    found = Catalog()
    for place, method, options in _sources():
        for _, message, comments, context in extract_from_file(
            method, place, keywords=_KEYWORDS, comment_tags=("Translators:",), options=options, strip_comment_tags=True
        ):
            if message:
                found.add(
                    message,
                    locations=[(place.relative_to(ROOT).as_posix(), 0)],
                    auto_comments=comments,
                    context=context,
                )
    for text in LEGAL_TEXTS.values():
        found.add(text, locations=[("billing_engine/model/tax.py", 0)])
    return found


def _sources() -> Iterator[tuple[Path, str, dict[str, str]]]:
    for package in _CODE:
        for path in sorted((ROOT / "billing_engine" / package).rglob("*.py")):
            yield path, "python", {}
    for pattern in ("*.html", "*.txt"):
        for path in sorted(TEMPLATES.glob(pattern)):
            yield path, "jinja2.ext.babel_extract", _JINJA


def updated(tag: str, messages: Catalog) -> Catalog:
    """Return a language's catalogue with exactly these messages, and the translations that it has."""
    path = catalogue_path(TEMPLATES, tag)
    catalogue = (
        read_po(path.open("rb"), locale=LOCALES[tag])
        if path.exists()
        else Catalog(locale=LOCALES[tag], project="billing_engine", fuzzy=False)
    )
    catalogue.update(messages, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def write(tag: str, catalogue: Catalog) -> None:
    """Write a language's catalogue, with a head that says nothing of who and when: the history does."""
    path = catalogue_path(TEMPLATES, tag)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_HEAD.format(locale=LOCALES[tag], plurals=catalogue.plural_forms).encode())
        write_po(file, catalogue, width=120, omit_header=True, sort_by_file=True, include_lineno=False)


def main() -> None:
    """Write the catalogues anew and say what is to be translated."""
    messages = find_messages()
    for tag in LOCALES:
        catalogue = updated(tag, messages)
        write(tag, catalogue)
        missing = sum(not all(_texts(message.string)) for message in catalogue if message.id)
        print(f"{tag}: {len(catalogue)} messages, {missing} to be translated")


def _texts(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


if __name__ == "__main__":
    main()
