"""Pages look as they did when somebody last looked at them; script/draw_pages.py draws the pictures anew."""

from dataclasses import replace

import pytest
from invoices import FEE
from page_pictures import difference as difference_of
from page_pictures import read_png
from pictures import FOLDER, KINDS, TERMS, issued_in, path_of, pictures_of, render

from billing_engine.documents.rendering import render_invoice

ALLOWED = 1
"""Letters may be smoothed otherwise, a line or a column may not move."""


@pytest.mark.parametrize("name", KINDS)
def test_pages_look_as_they_were_approved(name):
    """Each kind in each language has as many pages as its pictures, and each looks like its own."""
    pages = render(name)
    assert len(list(FOLDER.glob(f"{name}-*.png"))) == len(pages)
    for number, page in enumerate(pages, 1):
        approved = read_png(path_of(name, number).read_bytes())
        assert difference_of(approved, page) <= ALLOWED, f"{path_of(name, number)} looks otherwise"


def test_a_change_that_one_sees_is_found():
    """Another line, another language and a missing code are each more than is allowed."""
    first = pictures_of(render_invoice(issued_in("en"), TERMS))[0]
    others = {
        "a line more": (issued_in("en", lines=[FEE, FEE]), TERMS),
        "other words": (issued_in("de"), TERMS),
        "no code": (issued_in("en"), replace(TERMS, sepa_qr=False)),
    }
    for change, (issued, terms) in others.items():
        assert difference_of(first, pictures_of(render_invoice(issued, terms))[0]) > ALLOWED, change
    assert difference_of(first, pictures_of(render_invoice(issued_in("en"), TERMS))[0]) == 0


def test_each_picture_belongs_to_a_kind():
    """No picture is left over from a kind that is no more."""
    assert {path.name.rpartition("-")[0] for path in FOLDER.glob("*.png")} == set(KINDS)
