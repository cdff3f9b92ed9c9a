"""Makes invoice_templates/fonts anew from the full Inter: run it with the folder of its static fonts.

    .venv/bin/python script/subset_fonts.py FOLDER

The same source and the same fonttools give the same bytes; the fonts' own dates are kept.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

WEIGHTS = ("Regular", "Medium", "SemiBold")
TARGET = Path(__file__).parents[1] / "invoice_templates" / "fonts"

LETTERS = (
    (0x0020, 0x007E),  # Latin
    (0x00A0, 0x024F),  # Latin-1, Latin Extended-A and -B
    (0x02B9, 0x02DD),  # apostrophes and accents that stand alone
    (0x0300, 0x0331),  # accents that are written after their letter
    (0x0386, 0x03CE),  # Greek
    (0x0400, 0x045F),  # Cyrillic, with the letters of Serbian and Ukrainian
    (0x0490, 0x0493),
    (0x1E80, 0x1E9E),
    (0x2000, 0x206F),  # punctuation and spaces
    (0x20A0, 0x20C0),  # currencies
    (0x2116, 0x2122),  # signs made of letters
    (0x2190, 0x2199),  # arrows
    (0x2200, 0x2265),  # mathematics
    (0x25A0, 0x25CF),  # squares and circles; one of them stands for a letter that no font has
    (0x2713, 0x2717),  # ticks and crosses
    (0xFFFD, 0xFFFD),
)
FEATURES = ("calt", "case", "ccmp", "kern", "locl", "mark", "mkmk", "pnum", "tnum")


def subset(source: Path, target: Path) -> None:
    """Keep the letters and features above, without hints, which print does not need."""
    options = Options(layout_features=list(FEATURES), hinting=False, notdef_outline=True, recalc_timestamp=False)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    font = load_font(str(source), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[letter for first, last in LETTERS for letter in range(first, last + 1)])
    subsetter.subset(font)
    font.flavor = None
    save_font(font, str(target), options)
    print(f"{target.name}: {target.stat().st_size} bytes, {len(font.getBestCmap())} letters")


def main() -> None:
    """Subset each weight."""
    (folder,) = sys.argv[1:]
    for weight in WEIGHTS:
        (source,) = Path(folder).glob(f"Inter-{weight}.*")
        subset(source, TARGET / f"Inter-{weight}.ttf")


if __name__ == "__main__":
    main()
