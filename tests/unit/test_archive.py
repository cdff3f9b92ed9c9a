"""Zip files of documents: the same to the byte, and there whole or not at all."""

import os
import zipfile
from datetime import date

import pytest

from billing_engine.documents.archive import Packed, write_archive


def packed(folder, *names, day=date(2026, 11, 2)):
    """Write files that hold their names."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode() * 100)
    return [Packed(name, day, folder / name) for name in names]


def test_the_same_documents_make_the_same_bytes(tmp_path):
    """In whatever order, from wherever, whenever they were rendered and however they may be read."""
    first = packed(tmp_path / "one", "a.pdf", "b.pdf")
    second = packed(tmp_path / "two", "b.pdf", "a.pdf")
    os.utime(second[0].path, (0, 0))
    second[1].path.chmod(0o600)
    for name, files in (("one.zip", first), ("two.zip", second)):
        write_archive(tmp_path / name, files)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.pdf", "b.pdf"]
        assert archive.read("b.pdf") == b"b.pdf" * 100


@pytest.mark.parametrize(("year", "dated"), [(1970, 1980), (1980, 1980), (2026, 2026), (2199, 2107)])
def test_a_day_that_a_zip_file_does_not_know_is_the_nearest(tmp_path, year, dated):
    """It counts from 1980 to 2107."""
    write_archive(tmp_path / "one.zip", packed(tmp_path / "one", "a.pdf", day=date(year, 2, 3)))
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.infolist()[0].date_time == (dated, 2, 3, 0, 0, 0)


def test_a_file_that_can_not_be_read_leaves_the_old_archive(tmp_path):
    """And no part of the new one."""
    (tmp_path / "one.zip").write_bytes(b"old")
    files = [*packed(tmp_path / "one", "a.pdf"), Packed("b.pdf", date(2026, 1, 1), tmp_path / "gone.pdf")]
    with pytest.raises(FileNotFoundError):
        write_archive(tmp_path / "one.zip", files)
    assert (tmp_path / "one.zip").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "one.zip"]
