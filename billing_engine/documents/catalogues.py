"""Catalogues of translated messages: gettext .po files, read at run time just as people edited them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from billing_engine.errors import InvalidFileError
from billing_engine.resources import resource_folder

_DOMAIN = "documents"


def catalogue_path(folder: Path, tag: str) -> Path:
    """Say where a folder of templates has the catalogue of a language, such as sr_Cyrl."""
    return folder / "locale" / tag / "LC_MESSAGES" / f"{_DOMAIN}.po"


def translations(tag: str, templates: Path | None) -> NullTranslations:
    """Read a language's messages: those of the user's templates first, then ours, then the English ones themselves.

    Raises InvalidFileError naming each message of a catalogue that can not be used.
    """
    folders = [templates] if templates is not None else []
    paths = (catalogue_path(folder, tag) for folder in (*folders, resource_folder("invoice_templates")))
    return _chained(tuple(path for path in paths if path.is_file()))


@cache
def _chained(paths: tuple[Path, ...]) -> NullTranslations:
    if not paths:
        return NullTranslations()
    first, *others = paths
    found = _read(first)
    found.add_fallback(_chained(tuple(others)))
    return found


def _read(path: Path) -> GNUTranslations:
    try:
        catalogue = read_po(BytesIO(path.read_bytes()), domain=_DOMAIN, abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        raise InvalidFileError(str(path), [f"this is no gettext catalogue: {error}"]) from None
    problems = list(misfits(catalogue))
    if problems:
        raise InvalidFileError(str(path), problems)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def misfits(catalogue: Catalog) -> Iterable[str]:
    """Name translations that fill in what their message does not know: these could not be written."""
    for message in catalogue:
        known = {field for text in _texts(message.id) for field in fields_of(text)}
        for text in _texts(message.string):
            try:
                unknown = sorted(fields_of(text) - known)
            except ValueError as error:
                yield f"{text!r}: {error}"
                continue
            if unknown:
                allowed = f"allowed are {{{'}, {'.join(sorted(known))}}}" if known else "it has none"
                yield f"{text!r} fills in {{{'}, {'.join(unknown)}}}; {allowed}"


def fields_of(text: str) -> set[str]:
    """Find the words in braces, with all that str.format would do to them; raises ValueError for a lone brace."""
    parsed = ((name, conversion, form) for _, name, form, conversion in Formatter().parse(text))
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for name, conversion, form in parsed
        if name is not None
    }


def _texts(text: str | Iterable[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())
