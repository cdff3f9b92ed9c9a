"""Forms of sentences: English with named blanks, recognised in a stored text and said again in another language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from string import Formatter

from billing_engine.documents.phrase_blanks import Blank, Speaker


@dataclass(frozen=True)
class Form:
    """A sentence with blanks; with a plural it is about the number in its blank {count}."""

    message: str
    plural: str
    blanks: Mapping[str, Blank]

    @cached_property
    def pattern(self) -> str:
        """Without names for the blanks, to stand in a greater pattern."""
        variants = dict.fromkeys(_pattern(text, self.blanks, named=False) for text in (self.message, self.plural))
        return f"(?:{'|'.join(filter(None, variants))})"

    @cached_property
    def mark(self) -> str:
        """The longest words that every such sentence has: most texts are told apart by these."""
        singular, plural = (_literals(text) for text in (self.message, self.plural or self.message))
        both = [literal for literal in singular if any(literal in other for other in plural)]
        return max(both, key=len, default="")

    def read(self, text: str) -> dict[str, str] | None:
        """Find what stands in the blanks; None where the text is no such sentence."""
        for variant in filter(None, (self.message, self.plural)):
            found = _compiled(variant, self).fullmatch(text) if self.mark in text else None
            if found is not None:
                return found.groupdict()
        return None

    def write(self, text: str, words: Speaker) -> str | None:
        """Say the sentence in another language; None where it is no such sentence."""
        found = self.read(text)
        if found is None:
            return None
        try:
            values = {name: self.blanks[name].write(value, words) for name, value in found.items()}
        except ValueError:  # it only looks like one
            return None
        if self.plural:
            number = int(found["count"].replace(",", ""))
            del values["count"]
            said = words.count(self.message, self.plural, number, **values)
        else:
            said = words.say(self.message, **values)
        return _with_single_dots(said, values.values())

    __hash__ = object.__hash__


def _with_single_dots(said: str, values: Iterable[str]) -> str:
    """Write one dot where a date that ends with one, such as 5. 10. 2026., ends a sentence."""
    for value in values:
        if value.endswith("."):
            said = said.replace(f"{value}.", value)
    return said


@cache
def _compiled(variant: str, form: Form) -> re.Pattern[str]:
    return re.compile(_pattern(variant, form.blanks, named=True), re.ASCII)


def _pattern(message: str, blanks: Mapping[str, Blank], *, named: bool) -> str:
    return "".join(
        re.escape(literal) + (f"(?{f'P<{name}>' if named else ':'}{blanks[name].pattern})" if name else "")
        for literal, name, _, _ in Formatter().parse(message)
    )


def _literals(message: str) -> list[str]:
    return [literal for literal, *_ in Formatter().parse(message)]


@dataclass(frozen=True)
class Choice:
    """A blank, or a whole text, that is one of several sentences."""

    forms: tuple[Form, ...]

    @cached_property
    def pattern(self) -> str:
        return f"(?:{'|'.join(form.pattern for form in self.forms)})"

    def find(self, text: str, words: Speaker) -> str | None:
        """Say the text in another language by the first form that fits; None where none does."""
        return next((said for form in self.forms if (said := form.write(text, words)) is not None), None)

    def write(self, text: str, words: Speaker) -> str:
        said = self.find(text, words)
        if said is None:
            raise ValueError(f"no form fits {text!r}")
        return said


@dataclass(frozen=True)
class Series:
    """A blank with one or more of the same, joined by a message of {one} and {other}."""

    item: Blank
    joint: str

    @cached_property
    def pattern(self) -> str:
        return f"{self.item.pattern}(?:{re.escape(self._separator)}{self.item.pattern})*"

    @property
    def _separator(self) -> str:
        return self.joint.removeprefix("{one}").removesuffix("{other}")

    def write(self, text: str, words: Speaker) -> str:
        first, *others = (self.item.write(part, words) for part in self._parts(text))
        for other in others:
            first = words.say(self.joint, one=first, other=other)
        return first

    def _parts(self, text: str) -> Iterator[str]:
        pattern = re.compile(self.item.pattern, re.ASCII)
        at = 0
        while at < len(text):
            found = pattern.match(text, at)
            if found is None or found.end() == at:
                raise ValueError(f"{text!r} is no series")
            yield found[0]
            at = found.end() + len(self._separator)
