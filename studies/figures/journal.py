"""Figures at the widths that journals print: one column, one and a half, two."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import typst
import vl_convert

from studies.figures.figure import Figure
from studies.figures.letters import with_letters
from studies.figures.render import render_png, render_svg

WIDTHS_MM = (85, 114, 174)
SMALLEST_POINTS = 6.0  # of any letter, printed
POINTS_PER_MM = 72 / 25.4
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_SIZE = re.compile(r'<svg([^>]*?) width="[\d.]+" height="[\d.]+"')
_LETTERS = re.compile(r'font-size="([\d.]+)px"')
_FORM = re.compile(r"(\d+)mm\.(svg|pdf)")
PAGE = '#set page(width: {width}mm, height: auto, margin: 0pt)\n#image("figure.pdf", width: 100%)\n'


def smallest_letters(svg: str, width_mm: float) -> float:
    """Points of the smallest letter of a drawing that is printed ``width_mm`` wide."""
    letters = [float(size) for size in _LETTERS.findall(svg)]
    return min(letters, default=float("inf")) * width_mm * POINTS_PER_MM / natural_size(svg)[0]


def natural_size(svg: str) -> tuple[float, float]:
    """Width and height in the drawing's own units."""
    found = _BOX.search(svg)
    if found is None:
        raise ValueError("a drawing without a size")
    return float(found[1]), float(found[2])


def journal_widths(svg: str) -> list[int]:
    """Widths in mm at which every letter of the drawing can be read."""
    return [width for width in WIDTHS_MM if smallest_letters(svg, width) >= SMALLEST_POINTS]


def figure_file(figure: Figure, form: str) -> tuple[bytes, str] | None:
    """A figure as ``svg``, ``png``, ``85mm.svg`` or ``85mm.pdf``, with its content type.

    None for a form that there is not: another one, or a width at which it could not be read.
    """
    if form == "svg":
        return with_letters(render_svg(figure)).encode(), "image/svg+xml"
    if form == "png":
        return render_png(figure, 3.0), "image/png"
    asked = _FORM.fullmatch(form)
    if asked is None or int(asked[1]) not in journal_widths(svg := render_svg(figure)):
        return None
    width = int(asked[1])
    if asked[2] == "svg":
        return with_letters(_sized(svg, width)).encode(), "image/svg+xml"
    return _pdf(figure, width), "application/pdf"


def _sized(svg: str, width_mm: int) -> str:
    wide, high = natural_size(svg)
    high *= width_mm / wide
    return _SIZE.sub(rf'<svg\1 width="{width_mm}mm" height="{high:.3f}mm"', svg, count=1)


def _pdf(figure: Figure, width_mm: int) -> bytes:
    """Vectors and letters as they are, on a page of that width."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "figure.pdf").write_bytes(bytes(vl_convert.vegalite_to_pdf(figure.spec)))
        (root / "page.typ").write_text(PAGE.format(width=width_mm), "utf-8")
        return bytes(typst.compile(str(root / "page.typ"), root=str(root), timestamp=0))
