"""Pictures that a page draws from stored numbers: drawn once, kept for the views after it."""

from __future__ import annotations

import hashlib
import json

import vl_convert
from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe

from studies.figures.figure import Figure
from studies.figures.render import render_inline_svg

KEPT_SECONDS = 30 * 24 * 3600
FORMAT = 1  # of what is kept: another one draws anew


def picture_kept(figure: Figure) -> SafeString:
    """As ``render_inline_svg``, safe for a page.

    It is kept under a digest of all that it is drawn from, words included, so that none is ever
    old. For figures that show no single patient: a purge does not reach the cache.
    """
    key = f"picture:{_digest(figure)}"
    svg = cache.get(key)
    if svg is None:
        svg = render_inline_svg(figure)
        cache.set(key, svg, KEPT_SECONDS)
    return mark_safe(svg)  # drawn here, from numbers


def _digest(figure: Figure) -> str:
    parts = (FORMAT, vl_convert.__version__, figure.key, f"{figure.title}", f"{figure.caption}")
    drawn = json.dumps([*parts, figure.spec], sort_keys=True)
    return hashlib.sha256(drawn.encode()).hexdigest()
