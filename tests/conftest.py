"""Settings for all tests; as this folder is no package, it also puts `builders` and `oracle` on the import path."""

from hypothesis import settings

settings.register_profile("stable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("stable")


def pytest_addoption(parser):
    """Let a changed preview be accepted after a look at the difference."""
    parser.addoption("--update-scenarios", action="store_true", help="rewrite the expected previews of tests/scenarios")
