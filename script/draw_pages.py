"""Draws the pictures of pages anew that tests compare with. Look at each that changed before it is committed."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from page_pictures import as_png  # noqa: E402 - found by the line above
from pictures import FOLDER, KINDS, path_of, render  # noqa: E402 - as above


def main() -> None:
    """Write the pages of the kinds that are named, or of all."""
    unknown = set(sys.argv[1:]) - set(KINDS)
    if unknown:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(KINDS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or KINDS:
        for old in FOLDER.glob(f"{name}-*.png"):
            old.unlink()
        for number, page in enumerate(render(name), 1):
            path_of(name, number).write_bytes(as_png(page))
            print(path_of(name, number).relative_to(ROOT))


if __name__ == "__main__":
    main()
