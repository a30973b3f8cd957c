"""Every colour of the product by what it means: pages (light and dark) and figures take them here.

``python manage.py colours`` writes ``static/colours.css``; figures import the names. A figure is
drawn once, with the light ones, for white paper and print; on a dark page each of its colours is
shown as the dark one of the same meaning.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import cache
from itertools import cycle

LIGHT = {
    # text and paper
    "ink": "#17222b", "quiet": "#55616b", "paper": "#f7f7f4", "sheet": "#ffffff",
    "line": "#e0e2dd", "line-strong": "#c3c8c3", "edge": "#7d878d", "head": "#f1f2ee",
    "hover": "#fafaf7", "track": "#e3e6e2",
    # what can be pressed
    "accent": "#14506b", "accent-ink": "#ffffff", "accent-soft": "#e6f0f4",
    "accent-strong": "#0e3d53", "bar": "#10303f", "bar-ink": "#ffffff",
    # phenotype and cohort roles
    "hot": "#b4472a", "cold": "#2c6a9b", "between": "#616b71",
    "training": "#14506b", "internal": "#4d8a6a", "external-phenotype": "#9a6a14",
    "external-response": "#7d4a86",
    # states
    "ready": "#1b6641", "ready-soft": "#e4f1e9", "ready-line": "#b6d6c3",
    "running": "#14506b", "running-soft": "#e2eef4",
    "failed": "#85470a", "failed-soft": "#fcf0dc", "failed-line": "#e8cf9f",
    "errored": "#98201f", "errored-soft": "#fbe7e4", "errored-line": "#eac0bb",
    "idle": "#525c64", "idle-soft": "#eeefec",
    "simulated": "#55368a", "simulated-soft": "#f0eaf9",
    # a course drawn in a page
    "span": "#b9d3df", "span-other": "#cfd8c9",
    # of figures alone
    "grid": "#e6e8e4", "pale": "#f6f6f3", "dim": "#9aa3a8", "void": "#d9dcd8", "ochre": "#c58a3d",
    "partial-response": "#74b08c", "stable": "#dfc45f",
}  # fmt: skip

DARK = {
    "ink": "#e6ebee", "quiet": "#a5b2ba", "paper": "#10181e", "sheet": "#18232b",
    "line": "#2b3943", "line-strong": "#43545f", "edge": "#7f8f99", "head": "#1e2b34",
    "hover": "#1c2932", "track": "#2b3943",
    "accent": "#7cc0de", "accent-ink": "#0b2430", "accent-soft": "#1d3542",
    "accent-strong": "#a3d6ec", "bar": "#0b2029", "bar-ink": "#ffffff",
    "hot": "#f0937a", "cold": "#7db8e6", "between": "#a5b2ba",
    "training": "#7cc0de", "internal": "#7fc29d", "external-phenotype": "#dba94e",
    "external-response": "#cf9fd9",
    "ready": "#7ccf9f", "ready-soft": "#173528", "ready-line": "#2f5a43",
    "running": "#83c3e4", "running-soft": "#17303e",
    "failed": "#e9b063", "failed-soft": "#38291a", "failed-line": "#6b5126",
    "errored": "#f29a92", "errored-soft": "#3e2121", "errored-line": "#74403c",
    "idle": "#aab5bc", "idle-soft": "#25323b",
    "simulated": "#c9aef2", "simulated-soft": "#2b2140",
    "span": "#31576a", "span-other": "#46553f",
    "grid": "#2b3943", "pale": "#22303a", "dim": "#75838c", "void": "#3a4954", "ochre": "#f3d9ae",
    "partial-response": "#579871", "stable": "#cdb35a",
}  # fmt: skip

# Figures: on white paper, in print too. Colour never speaks alone (dash and shape go with it).
INK, QUIET, PAPER, GRID, PALE = (LIGHT[name] for name in ("ink", "quiet", "sheet", "grid", "pale"))
HOT, COLD, BETWEEN, UNKNOWN = (LIGHT[name] for name in ("hot", "cold", "dim", "void"))
ACCENT, EDGE, SIMULATED = LIGHT["accent"], LIGHT["line-strong"], LIGHT["simulated"]
# What has no meaning of its own: hot and cold come last, for no other pair should look like them.
SERIES = (
    LIGHT["training"], LIGHT["external-phenotype"], LIGHT["internal"], LIGHT["external-response"],
    QUIET, LIGHT["ochre"], HOT, COLD,
)  # fmt: skip
MEANING = {
    "hot": HOT,
    "cold": COLD,
    "training": LIGHT["training"],
    "internal validation": LIGHT["internal"],
    "external phenotype": LIGHT["external-phenotype"],
    "external response": LIGHT["external-response"],
}
# Strips beside a heat map: a family for each, so that one colour says one thing.
STRIPS = (
    ("#4f8fb0", "#a9cbdc", "#b79bc0", "#7d878d", "#0e3d53"),
    ("#6b4a14", "#c58a3d", "#e3c48f", "#8a8d3a", "#c3c67f", "#4a3a22"),
)
RESPONSES = {
    "CR": LIGHT["ready"], "PR": LIGHT["partial-response"], "SD": LIGHT["stable"], "PD": HOT,
    "NE": BETWEEN,
}  # fmt: skip
# What figures are drawn with, by the names of it that a page has.
DRAWN = (
    "ink", "quiet", "sheet", "paper", "grid", "pale", "hot", "cold", "dim", "void", "accent",
    "line", "line-strong", "internal", "external-phenotype", "external-response", "ochre",
    "simulated", "ready", "edge", "partial-response", "stable",
)  # fmt: skip


def series(names: Sequence[str]) -> list[str]:
    """A colour per name: what has a meaning keeps its own, the rest take those left over."""
    meant = [_meaning(name) for name in names]
    free = [colour for colour in SERIES if colour not in meant] or list(SERIES)
    others = cycle(free)
    return [colour or next(others) for colour in meant]


def _meaning(name: str) -> str:
    said = name.lower().replace("_", " ")
    return next((MEANING[key] for key in MEANING if said.split(",")[0].startswith(key)), "")


@cache
def on_dark(colour: str) -> str:
    """What a figure's colour is on a dark page: of the same meaning, else as far from the paper."""
    known = {LIGHT[name]: DARK[name] for name in reversed(DRAWN)}
    if colour in known:
        return known[colour]
    red, green, blue = (part / 255 for part in _parts(colour))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    _, darkest, _ = colorsys.rgb_to_hls(*(part / 255 for part in _parts(DARK["sheet"])))
    turned = colorsys.hls_to_rgb(hue, darkest + (0.92 - darkest) * (1 - light), saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in turned)


def _drawn_rules() -> str:
    """Figures in a page take its colours; nothing of the drawing is changed, so files stay."""
    parts = ("fill", "stroke", "stop-color")
    by_colour = {LIGHT[name]: name for name in reversed(DRAWN)}
    return "".join(
        f'.drawing [{part}="{colour}"] {{ {part}: var(--{name}); }}\n'
        for colour, name in sorted(by_colour.items())
        for part in parts
    )


def stylesheet() -> str:
    """The colours as custom properties: light, dark by choice, dark by the system's wish."""
    light, dark = _lines(LIGHT), _lines(DARK)
    return (
        "/* Written by `python manage.py colours` from studies/colours.py; change them there. */\n"
        f":root {{ color-scheme: light; {light} }}\n"
        f':root[data-theme="dark"] {{ color-scheme: dark; {dark} }}\n'
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root:not([data-theme]) {{ color-scheme: dark; {dark} }}\n"
        "}\n"
        f"@media print {{ :root:root:root {{ color-scheme: light; {light} }} }}\n"
        f"{_drawn_rules()}"
    )


def _lines(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in colours.items())


def contrast(one: str, other: str) -> float:
    """Ratio of relative luminances, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _parts(colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> list[int]:
    return [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
