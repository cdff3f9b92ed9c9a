"""Settings for all tests; as this folder is no package, it also puts `builders` and `oracle` on the import path."""

from hypothesis import settings

settings.register_profile("stable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("stable")
