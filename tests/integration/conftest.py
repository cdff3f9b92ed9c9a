"""Books of their own for each test; whatever it does, every cent of them is accounted for at its end."""

from dataclasses import replace

import pytest
from books import SETTINGS, Books


@pytest.fixture
def books(tmp_path):
    """Open new books."""
    opened = Books(tmp_path)
    yield opened
    opened.check()
    opened.database.dispose()


@pytest.fixture
def opening(tmp_path):
    """Open new books with changed price lists or settings."""
    opened = []

    def opener(*lists, **changes):
        folder = tmp_path / f"books-{len(opened)}"
        folder.mkdir()
        opened.append(Books(folder, *lists, settings=replace(SETTINGS, **changes)))
        return opened[-1]

    yield opener
    for one in opened:
        one.check()
        one.database.dispose()
