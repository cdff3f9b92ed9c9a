"""Settings for all tests; as this folder is no package, it also puts `builders` and `oracle` on the import path."""

import pytest
from hypothesis import settings

settings.register_profile("stable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("stable")


def pytest_addoption(parser):
    """Let a changed preview be accepted after a look at the difference, and let tests take their time."""
    parser.addoption("--update-scenarios", action="store_true", help="rewrite the expected previews of tests/scenarios")
    parser.addoption("--long", action="store_true", help="more rounds, examples and points to be killed at: hours more")


@pytest.fixture(scope="session")
def long(request):
    """Tell whether there is time."""
    return request.config.getoption("--long")
