"""The words of a document in the customer's language."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType

from babel import Locale

from billing_engine.documents import formats
from billing_engine.documents.catalogues import translations
from billing_engine.documents.phrases import translate

LOCALES = MappingProxyType(
    {"en": "en_IE", "de": "de_DE", "pl": "pl_PL", "cs": "cs_CZ", "sr-Latn": "sr_Latn_RS", "sr-Cyrl": "sr_Cyrl_RS"}
)
"""By language as a document declares it: the locale of its numbers and dates."""
_ENGLISH = "en"
_SCRIPT_OF = MappingProxyType({"sr": "sr-Latn"})
"""What a language is written in when its tag names no script."""
_LONGEST_TAG = 35
"""As RFC 5646 has it, section 4.4.1."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its messages, and the locale whose numbers and dates go with them."""

    language: str
    """BCP 47, as the document declares it: "en", "de", "pl", "cs", "sr-Latn", "sr-Cyrl"."""
    locale: Locale
    messages: NullTranslations = field(default_factory=NullTranslations, repr=False, compare=False)

    def say(self, message: str, /, **values: str) -> str:
        """Translate an English message, then fill in the words in braces."""
        return _filled(self.messages.gettext(message) if message else "", values)

    def say_in(self, context: str, message: str, /, **values: str) -> str:
        """Translate an English message that other languages say in more than one way; the context tells which."""
        return _filled(self.messages.pgettext(context, message), values)

    def count(self, singular: str, plural: str, number: int, /, **values: str) -> str:
        """Translate a message about a number in the language's own plural form; {count} is the number, formatted."""
        message = self.messages.ngettext(singular, plural, number)
        return _filled(message, {"count": formats.count_text(number, self.locale), **values})

    def phrase(self, text: str) -> str:
        """Translate a sentence that the engine wrote in English when it made the invoice; others stay as they are."""
        return text if self.language == _ENGLISH else translate(text, self)

    def name(self, name: str) -> str:
        """Translate what our price lists call a package or a tariff; what others call theirs stays as it is."""
        return self.say_in("price list", name)

    def unit(self, code: str, quantity: Decimal) -> str:
        """Name a unit to go after `quantity`; a unit without a name is shown by its code."""
        # Time is counted in minutes or seconds, shown as h:mm and priced per hour.
        if code in {"MIN", "SEC", "HUR"}:
            return self.say_in("unit", "h")
        if code == "MON":
            # A part of a month has the form of a few: 1.5 Monate, měsíce, meseca.
            number = int(quantity) if quantity == int(quantity) else 2
            return self.messages.ngettext("month", "months", abs(number))
        return "" if code == "C62" else code

    def activity(self, activity: str) -> str:
        """Name what was done in a time entry; empty for support, which is the usual."""
        match activity:
            case "support":
                return ""
            case "change_request_analysis":
                return self.say("Change request analysis")
            case "development":
                return self.say("Development")
            case "on_site":
                return self.say("On site")
            case _:
                return activity


def _filled(message: str, values: dict[str, str]) -> str:
    """Fill in values; a text without any is left alone, whatever braces it has."""
    return message.format(**values) if values else message


def words_for(language: str, templates: Path | None = None) -> Words:
    """Find the words for a customer's language, such as de-AT or sr_Cyrl_RS; English where there are none.

    A folder of the user's own templates may say some or all of it in other words.
    Raises InvalidFileError when a catalogue can not be used.
    """
    return _words(_tag_of(language), templates)


@cache
def _words(tag: str, templates: Path | None) -> Words:
    return Words(tag, Locale.parse(LOCALES[tag]), translations(tag.replace("-", "_"), templates))


def _tag_of(language: str) -> str:
    primary, *others = language[:_LONGEST_TAG].replace("_", "-").lower().split("-")
    known = {tag.lower(): tag for tag in LOCALES}
    wanted = [*(f"{primary}-{other}" for other in others), _SCRIPT_OF.get(primary, primary).lower()]
    return next((known[tag] for tag in wanted if tag in known), _ENGLISH)
