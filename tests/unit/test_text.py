"""Ids, names and words that somebody hands in."""

import pytest

from billing_engine.errors import InvalidTextError
from billing_engine.model.text import LONGEST_ID, check_id, check_words


@pytest.mark.parametrize("text", ["", "P-1", "Zahlung Nr. 4 für Ana", "x" * LONGEST_ID])
def test_ids_that_are_taken(text):
    check_id(text, "an id")


@pytest.mark.parametrize("text", ["x" * 101, "a\nb", "a\0", "a\x1b[31m", "a\ud800", "a\u200bb", "a\u202eb"])
def test_ids_that_are_refused(text):
    with pytest.raises(InvalidTextError, match=r"^an id can not be that; allowed are up to 100 printable characters$"):
        check_id(text, "an id")


@pytest.mark.parametrize("text", ["", "Looked at it:\n\tfine", "Извините", "x" * 1000])
def test_words_that_are_taken(text):
    check_words(text, "the note")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 1001, "the note has 1,001 characters; allowed are up to 1,000"),
        ("a\0b", r"the note holds the control character U\+0000; allowed are words"),
        ("a\x85b", r"the note holds the control character U\+0085"),
        ("a\udc80b", r"the note holds the control character U\+DC80"),
    ],
)
def test_words_that_are_refused(text, said):
    with pytest.raises(InvalidTextError, match=said):
        check_words(text, "the note")


def test_a_bound_of_ones_own():
    with pytest.raises(InvalidTextError, match="allowed are up to 3"):
        check_words("four", "the note", most=3)
