"""Catalogues of messages: complete, of one mind with the code, fit to be filled in, and read as people edit them."""

import importlib.util
import re
import string
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from billing_engine.documents import language
from billing_engine.documents.catalogues import catalogue_path
from billing_engine.documents.language import words_for
from billing_engine.errors import InvalidFileError

ROOT = Path(__file__).parents[2]
LANGUAGES = ["en", "de", "pl", "cs", "sr-Latn", "sr-Cyrl"]


def _script():
    spec = importlib.util.spec_from_file_location("messages", ROOT / "script" / "messages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = _script()


@pytest.fixture(scope="module")
def said():
    """Collect what code and templates say."""
    return script.find_messages()


def fields(text):
    """Find the words in braces."""
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def problems_of(messages, catalogue):
    """Say what is wrong with a catalogue."""
    wanted = {(message.context, message.id): message for message in messages if message.id}
    had = {(message.context, message.id): message for message in catalogue if message.id}
    yield from (f"not in the catalogue: {key}" for key in wanted.keys() - had.keys())
    yield from (f"nothing says any more: {key}" for key in had.keys() - wanted.keys())
    for message in had.values():
        texts = script.texts_of(message.string)
        if message.fuzzy:
            yield f"fuzzy: {message.id}"
        if not all(text.strip() for text in texts):
            yield f"not translated: {message.id}"
            continue
        known = fields(script.texts_of(message.id)[-1])
        yield from (f"other fields than {known}: {text!r}" for text in texts if fields(text) != known)
        if message.pluralizable and len(texts) != catalogue.num_plurals:
            yield f"{len(texts)} plural forms of {catalogue.num_plurals}: {message.id}"


@pytest.mark.parametrize("tag", list(script.LOCALES))
def test_each_catalogue_says_all_that_documents_say(tag, said):
    """Nothing is missing, fuzzy, untranslated or left over, and what is filled in is the same."""
    assert list(problems_of(said, script.read_catalogue(tag))) == []


def test_what_is_missing_is_found():
    """The test above would say so."""
    messages, catalogue = Catalog(), Catalog(locale="pl_PL")
    for text in ("A {a}", "B", "C", ("{count} d", "{count} ds")):
        messages.add(text)
    catalogue.add("A {a}", "A {b}")
    catalogue.add("B", "B", flags=["fuzzy"])
    catalogue.add(("{count} d", "{count} ds"), ("{count} e", "{count} es"))
    catalogue.add("E", "")
    assert list(problems_of(messages, catalogue)) == [
        "not in the catalogue: (None, 'C')",
        "nothing says any more: (None, 'E')",
        "other fields than {'a'}: 'A {b}'",
        "fuzzy: B",
        "2 plural forms of 3: ('{count} d', '{count} ds')",
        "not translated: E",
    ]


@pytest.mark.parametrize("tag", list(script.LOCALES))
def test_the_script_has_nothing_to_change(tag, said):
    """What is in the repository is what script/messages.py writes, so that its changes are those of the messages."""
    assert catalogue_path(script.TEMPLATES, tag).read_bytes() == script.written(tag, script.updated(tag, said))


def test_messages_are_found_in_code_and_templates(said):
    """In views, f-strings, forms, templates, with context and plural, and the legal texts; not in writers of XML."""
    assert {"Amount due", "Page {page} of {pages}", "Payable by", "Monthly fee", "Exempt from VAT"} <= {
        message.id for message in said
    }
    assert said.get("Amount due", "reminder")
    assert said.get("Invoice", "title")
    assert said.get("After hours and weekend", "price list")
    assert said.get("out of package", "price list")
    assert said.get(("{count} time entry", "{count} time entries"))
    assert not any(message.id and ":" in message.id and " " not in message.id for message in said)


DIGRAPHS = {"љ": "lj", "њ": "nj", "џ": "dž", "Љ": "Lj", "Њ": "Nj", "Џ": "Dž"}
LETTERS = dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True))


BRANDS = ("Basic", "Standard", "Premium", "Dedicated", "Free")
"""What packages are called everywhere."""


def latin(text):
    """Write Serbian Cyrillic in Latin letters."""
    letters = {**DIGRAPHS, **LETTERS, **{c.upper(): latin_.upper() for c, latin_ in LETTERS.items()}}
    return "".join(letters.get(character, character) for character in text)


def test_serbian_says_the_same_in_both_scripts():
    """Letter by letter; and Cyrillic has no Latin letters but those of abbreviations, brands and blanks."""
    in_latin, in_cyrillic = (script.read_catalogue(tag) for tag in ("sr_Latn", "sr_Cyrl"))
    for message in in_latin:
        if message.id:
            twin = in_cyrillic.get(message.id, message.context)
            assert [latin(text) for text in script.texts_of(twin.string)] == list(script.texts_of(message.string))
            for text in script.texts_of(twin.string):
                rest = re.sub(rf"\{{\w+\}}|\b(?:IBAN|BIC|CSV|SLA|QR|PDF|VPS|h|x|{'|'.join(BRANDS)})\b", "", text)
                assert not re.search("[A-Za-z]", rest), text


@pytest.mark.parametrize(
    ("asked", "language_", "locale"),
    [
        ("en", "en", "en_IE"),
        ("en-US", "en", "en_IE"),
        ("de", "de", "de_DE"),
        ("de-AT", "de", "de_DE"),
        ("PL", "pl", "pl_PL"),
        ("cs_CZ", "cs", "cs_CZ"),
        ("sr", "sr-Latn", "sr_Latn_RS"),
        ("sr-RS", "sr-Latn", "sr_Latn_RS"),
        ("sr-Latn", "sr-Latn", "sr_Latn_RS"),
        ("sr-Cyrl", "sr-Cyrl", "sr_Cyrl_RS"),
        ("SR_cyrl_rs", "sr-Cyrl", "sr_Cyrl_RS"),
        ("", "en", "en_IE"),
        ("fr", "en", "en_IE"),
        ("../../etc/passwd", "en", "en_IE"),
        ("de/../pl", "en", "en_IE"),
        ("-" * 100_000, "en", "en_IE"),
        ("\0\ud800", "en", "en_IE"),
    ],
)
def test_a_language_is_found_by_its_tag(asked, language_, locale):
    """With script or region or without; what is not known is English."""
    words = words_for(asked)
    assert (words.language, str(words.locale)) == (language_, locale)


def test_each_language_counts_in_its_own_forms():
    """One, few and many; fractions of a month; the number in the language's own digits."""
    counted = {
        tag: [words_for(tag).count("{count} time entry", "{count} time entries", n) for n in (1, 2, 5, 22, 12345)]
        for tag in ("en", "de", "pl", "cs", "sr-Latn")
    }
    assert counted["en"] == [
        "1 time entry",
        "2 time entries",
        "5 time entries",
        "22 time entries",
        "12,345 time entries",
    ]
    assert counted["de"][::4] == ["1 Zeiteintrag", "12.345 Zeiteinträge"]
    assert [text.split(" ")[1] for text in counted["pl"][:4]] == ["wpis", "wpisy", "wpisów", "wpisy"]
    assert [text.split(" ")[1] for text in counted["cs"][:4]] == ["záznam", "záznamy", "záznamů", "záznamů"]
    assert [text.split(" ")[1] for text in counted["sr-Latn"][:4]] == ["zapis", "zapisa", "zapisa", "zapisa"]
    assert [words_for("cs").unit("MON", Decimal(n)) for n in ("1", "3", "-6", "1.5")] == [
        "měsíc",
        "měsíce",
        "měsíců",
        "měsíce",
    ]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_units_and_activities_have_names(tag):
    """Hours and pieces are short; what is not known is shown as it is."""
    words = words_for(tag)
    assert [words.unit(code, Decimal(2)) for code in ("MIN", "SEC", "C62", "KGM")] == ["h", "h", "", "KGM"]
    assert words.activity("support") == ""
    assert words.activity("gardening") == "gardening"
    assert all(words.activity(one) for one in ("change_request_analysis", "development", "on_site"))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_values_are_not_looked_into(tag):
    """Braces in what is filled in stay braces; a text without values is never formatted."""
    words = words_for(tag)
    assert "{open.__class__} {0}" in words.say("Invoice {number}", number="{open.__class__} {0}")
    assert words.say("{x.__class__} {") == "{x.__class__} {"
    assert words.say("") == ""


def own(folder, tag, content, head='msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'):
    """Write a catalogue of the user's own."""
    path = catalogue_path(folder, tag)
    path.parent.mkdir(parents=True)
    path.write_text(head + content, encoding="utf-8")


def test_a_folder_of_templates_says_some_of_it_otherwise(tmp_path):
    """Also in English; the rest comes from our own catalogue."""
    own(tmp_path, "de", 'msgid "Invoice"\nmsgstr "Honorarnote"\n')
    own(tmp_path, "en", 'msgid "Invoice"\nmsgstr "Tax invoice"\n')
    words = words_for("de", tmp_path)
    assert (words.say("Invoice"), words.say("Amount due")) == ("Honorarnote", "Zahlbetrag")
    assert words_for("en", tmp_path).say("Invoice") == "Tax invoice"
    assert words_for("pl", tmp_path).say("Invoice") == words_for("pl").say("Invoice") == "Faktura"
    assert words_for("de").say("Invoice") == "Rechnung"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('msgid "A {a}"\nmsgstr "B {b}"\n', r"'B \{b\}' fills in \{b\}; allowed are \{a\}"),
        ('msgid "A {a}"\nmsgstr "B {a.__class__}"\n', r"fills in \{a.__class__\}; allowed are \{a\}"),
        ('msgid "A {a}"\nmsgstr "B {a!r:>9}"\n', r"fills in \{a!r:>9\}"),
        ('msgid "A {a}"\nmsgstr "B {"\n', "Single '{' encountered|expected '}'"),
        ('msgid "A"\nmsgstr "B {0}"\n', r"fills in \{0\}; it has none"),
        ("Rechnung", "no gettext catalogue"),
    ],
)
def test_a_catalogue_that_can_not_be_used_is_refused_by_name(tmp_path, content, said):
    """A document would fail on it, or say what it was not asked to."""
    own(tmp_path, "de", content)
    with pytest.raises(InvalidFileError, match=said) as caught:
        words_for("de", tmp_path)
    assert caught.value.path.endswith("documents.po")


def test_a_catalogue_that_is_not_utf_8_is_refused_by_name(tmp_path):
    path = catalogue_path(tmp_path, "pl")
    path.parent.mkdir(parents=True)
    path.write_bytes(b'msgid "Invoice"\nmsgstr "\xb3\xff"\n')
    with pytest.raises(InvalidFileError, match="no gettext catalogue"):
        words_for("pl", tmp_path)


def test_reading_a_language_is_quick_and_done_once():
    """Well below what a person or a page would notice."""
    code = (
        "import time; from billing_engine.documents.language import words_for; words_for('en')\n"
        "start = time.process_time(); words_for('sr-Cyrl'); print(time.process_time() - start)"
    )
    answered = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert float(answered.stdout) < 0.2  # 0.03 on an idle machine
    assert words_for("pl") is words_for("pl-PL")
    start = time.process_time()
    for _ in range(1000):
        words_for("pl")
    assert time.process_time() - start < 0.1


def test_script_and_engine_know_the_same_languages():
    """A language that is added to one of them is added to both."""
    assert {tag.replace("-", "_") for tag in language.LOCALES} == {"en", *script.LOCALES}
