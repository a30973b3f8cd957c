"""``python -m dev.fonts FOLDER``: static/fonts anew, from the npm package @expo-google-fonts/arimo.

FOLDER is the package, unpacked (``npm pack`` brings it). Kept are letters of Latin and Greek and
the signs that figures use, with their kerning. Needs brotli beside fonttools.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fontTools import subset

WEIGHTS = {400: "400Regular", 700: "700Bold"}
RANGES = (range(0x20, 0x7F), range(0xA0, 0x180), range(0x391, 0x3CA))
SIGNS = "–—‘’“”†‡•…‰′″⁄€™←↑→↓−√∞≈≠≤≥⅓⅔⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄"


def write_fonts(package: Path, folder: Path) -> None:
    options = subset.Options(
        flavor="woff2", hinting=False, layout_features=["kern"], name_IDs=[0, 1, 2, 13, 14]
    )
    for weight, name in WEIGHTS.items():
        font = subset.load_font(str(package / name / f"Arimo_{name}.ttf"), options)
        chosen = subset.Subsetter(options)
        chosen.populate(text=SIGNS, unicodes=[code for part in RANGES for code in part])
        chosen.subset(font)
        subset.save_font(font, str(folder / f"arimo-{weight}.woff2"), options)
    shutil.copyfile(package / "LICENSE_FONT", folder / "OFL.txt")


if __name__ == "__main__":
    write_fonts(Path(sys.argv[1]), Path(__file__).resolve().parents[1] / "static" / "fonts")
