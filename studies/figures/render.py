"""Figures as pictures, drawn on the server with no browser."""

from __future__ import annotations

import csv
import io
import re

import vl_convert

from studies.colours import INK, PAPER, on_dark
from studies.figures.figure import Figure
from studies.methods.cells import harmless

_NUMBERED = re.compile(r"\b(?:clip|gradient_)\d+\b")
_TAG = re.compile(r'<(?:[^<>"]|"[^"]*")+>')
_ROLE = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
_COLOUR = re.compile(
    r'(?<=fill="|roke="|olor=")'
    r'(?:#(?:[0-9a-f]{3}){1,2}|rgb\((\d+), ?(\d+), ?(\d+)\)|white|black)(?=")'
)
_NAMED = {"white": PAPER, "black": INK}
_SIZE = re.compile(r'<svg([^>]*?) width="([\d.]+)" height="([\d.]+)"')


def render_svg(figure: Figure) -> str:
    """A complete SVG file, the same for the same figure."""
    return _own_names(str(vl_convert.vegalite_to_svg(figure.spec)), figure.key)


def _own_names(svg: str, key: str) -> str:
    """Clips and gradients are numbered by the renderer over all its work; figures share a page."""
    found = {name: k for k, name in enumerate(dict.fromkeys(_NUMBERED.findall(svg)))}
    return _NUMBERED.sub(lambda match: f"{key}-part-{found[match.group()]}", svg)


def render_inline_svg(figure: Figure) -> str:
    """The SVG for a page: it scales with its column and is one named image for screen readers.

    The renderer gives parts roles of their own, many without a name; the table twin tells more.
    """
    svg = render_svg(figure)
    svg = _TAG.sub(lambda tag: _ROLE.sub("", tag.group()), svg[svg.index("<svg") :])
    label = _attribute(f"{figure.title}. {figure.caption}")
    return _SIZE.sub(
        rf'<svg\1 role="img" aria-label="{label}" preserveAspectRatio="xMinYMin meet"', svg, count=1
    )


def darkened(svg: str) -> str:
    """The same drawing for a dark page, where it is an image; files stay as drawn."""
    return _COLOUR.sub(lambda found: on_dark(_hex(found)), svg)


def _hex(found: re.Match[str]) -> str:
    if found[1]:
        return "#" + "".join(f"{int(part):02x}" for part in found.groups())
    colour = _NAMED.get(found[0], found[0])
    return colour if len(colour) == 7 else "#" + "".join(2 * part for part in colour[1:])


def render_png(figure: Figure, scale: float = 2.0) -> bytes:
    return bytes(vl_convert.vegalite_to_png(figure.spec, scale=scale))


def svg_png(svg: str, scale: float = 2.0) -> bytes:
    """A drawing that no specification stands behind."""
    return bytes(vl_convert.svg_to_png(svg, scale=scale))


def figure_csv(figure: Figure) -> str:
    """The table behind the figure."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([harmless(column) for column in figure.columns])
    writer.writerows([[harmless(cell) for cell in row] for row in figure.rows])
    return stream.getvalue()


def _attribute(text: str) -> str:
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return safe.replace("\\", r"\\")
