"""Folders that are found in a checkout and in an installed wheel alike."""

import pytest

from billing_engine import resources


@pytest.mark.parametrize("name", ["price_lists", "invoice_templates", "examples"])
def test_shipped_folders_are_found(name):
    """Each folder that travels with the engine is there."""
    assert resources.resource_folder(name).name == name


def test_folder_inside_the_package_comes_first(tmp_path, monkeypatch):
    """In a wheel the folder lies in the package, and a namesake beside the package is someone else's."""
    package = tmp_path / "site-packages" / "billing_engine"
    (package / "price_lists").mkdir(parents=True)
    (package.parent / "price_lists").mkdir()
    (package.parent / "examples").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.resource_folder("price_lists") == package / "price_lists"
    assert resources.resource_folder("examples") == package.parent / "examples"


def test_missing_folder_is_named():
    """An incomplete installation says which folder is missing."""
    with pytest.raises(FileNotFoundError, match="no_such_folder"):
        resources.resource_folder("no_such_folder")
