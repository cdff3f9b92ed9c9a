"""Names of files, and that a file is there whole or not at all."""

import re

import pytest

from billing_engine.documents.files import pdf_file_name, write_whole


@pytest.mark.parametrize("number", ["2026-000118", "INV_7", "2026.10.1", "a"])
def test_plain_numbers_are_their_own_file_name(number):
    """A number of letters, digits, dash, underscore and single dots is the file's name."""
    assert pdf_file_name(number) == f"{number}.pdf"


@pytest.mark.parametrize(
    "number",
    ["", ".", "..", "/", "INV/2026/../1", ".hidden", "../../etc/passwd", "a\x00b", "№ 1", "\ud800", "x" * 5000],
)
def test_file_names_are_safe(number):
    """Whatever the number, the name stays in its folder, is not hidden, not empty, and not too long."""
    name = pdf_file_name(number)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.pdf", name, re.ASCII)
    assert ".." not in name
    assert len(name) < 120


def test_different_numbers_have_different_file_names():
    """Numbers that differ only in unsafe characters do not overwrite each other's file."""
    numbers = ["1/26", "1:26", "1-26", "1 26", "1..26", "/", ":", "x" * 5000, "x" * 5001]
    assert len({pdf_file_name(number) for number in numbers}) == len(numbers)


def test_failed_writing_keeps_what_was_there(tmp_path):
    """A path that can not be written is an error; what was there stays, and no litter."""
    target = tmp_path / "folder.pdf"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"folder\.pdf"):
        write_whole(target, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.pdf"]
    assert (target / "inside").is_dir()


def test_file_is_replaced(tmp_path):
    """A file of the same name is replaced, and nothing else is left in the folder."""
    (tmp_path / "a.pdf").write_bytes(b"old")
    write_whole(tmp_path / "a.pdf", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.pdf": b"new"}
