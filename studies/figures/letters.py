"""The letters that figures are measured with, and shown with wherever they are opened.

The renderer measures with Liberation Sans, which few machines have; ``static/fonts`` holds letters
of the same widths (Arimo). Pages declare them by that name (``app.css``), files bring them along.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "static" / "fonts"
FAMILY = "Liberation Sans"
# What an SVG file may do that is opened by its address: show itself, with its own letters.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'"
_BOLD = re.compile(r'font-weight="(?:bold|[6-9]00)"')
_BEGINNING = re.compile(r"<svg\b[^>]*>")


def with_letters(svg: str) -> str:
    """A drawing as a file that looks the same on every machine; for pages it is left as it is."""
    weights = (400, 700) if _BOLD.search(svg) else (400,)
    style = f"<style>{''.join(map(_face, weights))}</style>"
    return _BEGINNING.sub(lambda found: found[0] + style, svg, count=1)


@cache
def _face(weight: int) -> str:
    letters = base64.b64encode((FOLDER / f"arimo-{weight}.woff2").read_bytes()).decode()
    return (
        f'@font-face{{font-family:"{FAMILY}";font-weight:{weight};'
        f"src:url(data:font/woff2;base64,{letters})}}"
    )
