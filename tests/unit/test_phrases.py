"""Sentences of the engine in the customer's language: each has a form, none leaves an English rest, others stay."""

import re
import time

import pytest
from engine_texts import NOTE, claim_texts, example_texts, rating_texts, target_texts

from billing_engine.documents import phrase_sentences
from billing_engine.documents.language import words_for
from billing_engine.documents.phrase_forms import Choice, Form, Series
from billing_engine.model.tax import LEGAL_TEXTS

LANGUAGES = ["de", "pl", "cs", "sr-Latn", "sr-Cyrl"]
NAMES = {
    *("Basic", "Standard", "Premium", "Dedicated", "Out of package", "Free licence", "Subscription", "Subskrypcja"),
    *("Server management", "VPS node management", "Hourly service", "Train ticket", "Hotel one night", NOTE),
    "Train Beograd - Novi Sad and back",
}
"""Of packages, costs and a note: people gave them, and they are whole texts of their own."""
BRANDS = {"Basic", "Standard", "Premium", "Dedicated", "Free"}
NAMES_WITHIN = {
    *BRANDS,
    *("Train ticket", "Hotel one night", NOTE, "Train Beograd - Novi Sad and back"),
    *("weekend", "device", "Company day", "24x7", "8x5", "office", "helpdesk", "phone"),
    *("critical", "T1", "T2", "T3", "T4", "CEST", "CET"),
}
"""What people named and our sentences name: holidays, units, severities, channels, windows."""


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Collect all that the engine writes, without what is somebody's name and nothing else."""
    said = rating_texts() | claim_texts() | target_texts() | example_texts(tmp_path_factory.mktemp("examples"))
    return sorted((said | set(LEGAL_TEXTS.values())) - NAMES)


def translated(text, language="de"):
    """Say a text in another language, with common spaces."""
    return words_for(language).phrase(text).replace("\u00a0", " ").replace("\u202f", " ")


def forms_within(blank):
    """Walk the forms of a blank."""
    match blank:
        case Choice(forms=forms):
            yield from forms
        case Series(item=item):
            yield from forms_within(item)


def all_forms():
    """Return every form, also those that stand in the blanks of others."""
    blanks = phrase_sentences.TEXTS[0].blanks
    return {*phrase_sentences.TEXTS, *(form for blank in blanks.values() for form in forms_within(blank))}


def test_every_text_of_the_engine_has_a_form_and_every_form_a_text(texts, monkeypatch):
    """What the engine writes is recognised; and no form is left of what it does not write any more."""
    used = set()
    write = Form.write

    def watched(form, text, words):
        said = write(form, text, words)
        if said is not None:
            used.add(form.message)
        return said

    monkeypatch.setattr(Form, "write", watched)
    marked = _Marked("xx", words_for("de").locale)
    assert [text for text in texts if "\u2726" not in marked.phrase(text)] == []
    assert {form.message for form in all_forms()} - used == set()
    assert len(texts) > 500


class _Marked(type(words_for("de"))):
    """Says what it is asked to with a mark, so that one sees that it was asked."""

    __slots__ = ()

    def say(self, message, /, **values):
        return f"\u2726{message.format(**values)}"

    def count(self, _, plural, number, /, **values):
        return f"\u2726{plural.format(count=number, **values)}"


ENGLISH = {
    word
    for form in all_forms()
    for word in re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", " ", form.message + " " + form.plural))
} | {"January", "March", "May", "June", "July", "October", "December", "Mon", "Tue", "Wed", "Thu", "Fri", "Sun"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_is_left(texts, language):
    """But for names, and words that are the same in both languages."""
    words = words_for(language)
    own = {word for text in _all_said(words) for word in re.findall(r"\w{2,}", text)}
    rest = {}
    for text in texts:
        said = translated(text, language)
        for name in sorted(NAMES_WITHIN, key=len, reverse=True):
            said = said.replace(name, "")
        left = (set(re.findall(r"\w{2,}", said)) & ENGLISH) - own
        if left:
            rest[text] = (said, left)
    assert rest == {}


def _all_said(words):
    """All translations of forms; of months and weekdays as well, because some languages share their names."""
    for form in all_forms():
        if form.plural:
            yield from (words.messages.ngettext(form.message, form.plural, number) for number in (1, 2, 5))
        else:
            yield words.messages.gettext(form.message)
    yield from words.locale.months["stand-alone"]["wide"].values()
    yield from words.locale.days["format"]["abbreviated"].values()


def test_english_documents_say_the_stored_text(texts):
    """It is the record."""
    assert [text for text in texts if words_for("en-GB").phrase(text) != text] == []


NIGHT = (
    "Fri 2 Oct 22:00-22:20, 23:00-23:30, Sat 3 Oct 00:10-00:20: T1 outside Basic's 09-17 on working days -> "
    "after hours (Company day); 60 min -> 1 started hour x 1200.00 EUR"
)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        (
            "de",
            NIGHT,
            (
                "Fr. 2. Okt. 22:00\u201322:20, 23:00\u201323:30, Sa. 3. Okt. 00:10\u201300:20: T1 außerhalb der "
                "Zeiten von Basic: 09:00\u201317:00 Uhr an Arbeitstagen -> außerhalb der Arbeitszeit (Company day); "
                "60 min -> 1 angefangene Stunde x 1.200,00 EUR"
            ),
        ),
        (
            "pl",
            NIGHT,
            (
                "pt. 2 paź 22:00\u201322:20, 23:00\u201323:30, sob. 3 paź 00:10\u201300:20: T1 poza godzinami "
                "pakietu Basic: 09:00\u201317:00 w dni robocze -> poza godzinami pracy (Company day); 60 min -> "
                "1 rozpoczęta godzina x 1 200,00 EUR"
            ),
        ),
        ("de", "Support: After hours and weekend", "Support: außerhalb der Arbeitszeit und am Wochenende"),
        ("pl", "Subscription", "Subskrypcja"),
        ("cs", "Free licence, October 2026, 12 of 31 days", "Bezplatná licence, říjen 2026, 12 z 31 dnů"),
        ("sr-Latn", "VPS node management", "Upravljanje VPS čvorovima"),
        (
            "cs",
            "Tue 6 Oct 10:00-11:00: out of package -> working; 60 min -> 2 started half hours at 50.00 EUR/h",
            (
                "út 6. 10. 10:00\u201311:00: mimo balíček -> pracovní doba; 60 min -> "
                "2 započaté půlhodiny po 50,00 EUR/h"
            ),
        ),
        (
            "pl",
            "The subscription is no standard one: Hourly service, Premium.",
            "Subskrypcja nie jest standardowa: Usługa rozliczana godzinowo, Premium.",
        ),
        ("pl", "5 time entries", "5 wpisów czasu pracy"),
        ("cs", "22 time entries, in the price of the accepted change", "22 záznamů práce, v ceně přijaté změny"),
        (
            "cs",
            "Quarterly fee in advance, October \u2013 December 2026",
            "Čtvrtletní paušál předem, říjen\u2013prosinec 2026",
        ),
        ("sr-Latn", "Monthly fee, October 2026, 12 of 31 days", "Mesečna naknada, oktobar 2026., 12 od 31 dana"),
        ("sr-Cyrl", "Fees paid for days after 31 Oct 2026", "Накнаде плаћене за дане после 31. 10. 2026."),
        (
            "sr-Latn",
            "The claim was received on 21 Jan 2027 at 09:05; the last day was 20 Jan 2027.",
            "Zahtev je primljen 21. 1. 2027. u 09:05; poslednji dan bio je 20. 1. 2027.",
        ),
        (
            "de",
            "1 min 30 s beyond the allowance of 600 min -> 2 started units of 15 min at 50.125 EUR/h",
            "1 min 30 s über das Kontingent von 600 min hinaus -> 2 angefangene Einheiten von 15 min zu 50,125 EUR/h",
        ),
        (
            "de",
            "added up with E 1\n3 time entries\nSomething else",
            "zusammengerechnet mit E 1\n3 Zeiteinträge\nSomething else",
        ),
        (
            "de",
            "Sun 25 Oct 02:30+02:00 - 02:30+01:00: T1 within Premium's 00-24 every day; 60 min -> 60 min in the fee",
            "Sun 25 Oct 02:30+02:00 - 02:30+01:00: T1 within Premium's 00-24 every day; 60 min -> 60 min in the fee",
        ),
        (
            "de",
            "Sun 25 Oct 02:30+02:00 - 02:30+01:00: T1 within Premium's 00-24 every day; in the fee",
            (
                "So. 25. Okt. 02:30+02:00 \u2013 02:30+01:00: T1 innerhalb der Zeiten von Premium: "
                "00:00\u201324:00 Uhr täglich; in der Gebühr enthalten"
            ),
        ),
        (
            "pl",
            "October 2026, not invoiced with that month; Monthly fee, October 2026, 3 \u00d7 device",
            (
                "październik 2026, nieujęte w fakturze za ten miesiąc; "
                "Opłata miesięczna, październik 2026, 3 \u00d7 device"
            ),
        ),
        ("cs", "SLA credit, uptime in September 2026", "Kompenzace SLA, dostupnost za září 2026"),
    ],
)
def test_sentences_in_other_languages(language, text, said):
    """Days, months, amounts and plurals are the language's own; names stay."""
    assert translated(text, language) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Fees paid for days after 31 Feb 2026",
        "Fees paid for days after 31 Oct 0000",
        "Fees paid for days after 31 Okt 2026",
        "Thu 30 Feb 10:00-11:00: development; 60 min at 50.00 EUR/h",
        "SLA credit, uptime in Octember 2026",
        "3 time entries.",
        "time entries",
        "\u0663 time entries",
        "5 time entries\u2028",
        "{count} time entries {0.__class__}",
        "added up with \u202e" + "x" * 300,
        "Contract K is in EUR and adds nothing. And then?",
    ],
)
def test_what_is_no_sentence_of_the_engine_stays(text):
    """Also where it only looks like one."""
    assert [words_for(language).phrase(text) for language in LANGUAGES] == [text] * len(LANGUAGES)


@pytest.mark.parametrize("name", ["Total", "Invoice", "Amount due", "holidays", "after_hours", "Holiday", "Gold"])
def test_names_of_others_stay(name):
    """Also where documents say the same word for something else."""
    assert translated(name) == name
    assert translated(f"Support: {name}") == f"Support: {name}"


def test_names_change_nothing_but_themselves():
    """Braces, markup and our own words in a name stay what they are."""
    name = "{0.__class__} <b>2 time entries</b> -> 1 started hour"
    assert translated(f"Support: {name}") == f"Support: {name}"
    assert translated(f"Overpayment of invoice {name}", "pl") == f"Nadpłata faktury {name}"


HOSTILE = [
    "a" * 100_000,
    "\n" * 100_000,
    " " * 100_000,
    "1 time entry, " * 8_000,
    "Fri 2 Oct " * 10_000,
    "Fri 2 Oct 22:00-22:20, " * 5_000,
    "Fri 2 Oct 22:00-22:20" + ", 23:00-23:30" * 1_500 + ": x",
    "Fri 2 Oct 22:00-22:20: " + " outside 's 09-17 on working days -> ; " * 500,
    "Fri 2 Oct 22:00-22:20: " + "T outside B's 09-17 on working days and at weekends and 07-22 on Mon -> a; " * 250,
    "Fri 2 Oct 22:00-22:20: T within " + "A's 09-17 every day and " * 800,
    "20 min -> 20 min: " + "20 min from October 2026's and " * 600,
    "The  of ticket " + " was due by  of the subscription (() at " * 500,
    "Ticket " + " came by , not by " * 1_000,
    "Contract K is in EUR and adds nothing. " * 500,
    "The effective uptime of October 2026 was 99.50 % (1 minute down of 44,640), guaranteed are 99 %: " * 200,
    "1," * 50_000,
    ("9" * 15 + ",") * 5_000,
    "October " * 10_000,
    "a, October 2026, " * 1_100,
]


@pytest.mark.parametrize("text", [*HOSTILE, *(text[:19_999] for text in HOSTILE)], ids=range(2 * len(HOSTILE)))
def test_hostile_texts_take_no_time(text):
    """However long and whatever they repeat: well below a second, where backtracking would take years."""
    words = words_for("pl")
    words.phrase("warm up")
    start = time.process_time()
    words.phrase(text)
    assert time.process_time() - start < 2  # below 0.2 on an idle machine


def test_a_reason_costs_little():
    """An annex of 5,000 entries is translated within a second."""
    words = words_for("cs")
    reasons = [NIGHT.replace("22:20", f"22:{minute:02d}").replace("2 Oct", "9 Oct") for minute in range(20, 50)]
    words.phrase(reasons[0])
    start = time.process_time()
    for _ in range(10):
        for reason in reasons:
            words.phrase(reason)
    assert time.process_time() - start < 1  # 300 reasons; 0.03 on an idle machine
