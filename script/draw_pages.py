"""Draws the pictures of pages anew that tests compare with. Look at each that changed before it is committed."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from pictures import FOLDER, KINDS, path_of, render  # noqa: E402 - found by the line above


def main() -> None:
    """Write the pages of the kinds that are named, or of all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or KINDS:
        for old in FOLDER.glob(f"{name}-*.png"):
            old.unlink()
        for number, page in enumerate(render(name), 1):
            path_of(name, number).write_bytes(page.as_png())
            print(path_of(name, number).relative_to(ROOT))


if __name__ == "__main__":
    main()
