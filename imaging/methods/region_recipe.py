"""How a region was drawn, as plain data that draws it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imaging.methods.drawn_region import (
    RULES,
    DrawnRegion,
    Mask,
    Sphere,
    Stroke,
    draw_brush,
    draw_growing,
    draw_threshold,
)
from imaging.methods.volume import Volume
from studies.methods.problems import refuse
from studies.methods.wording import say

THRESHOLD, GROWING, BRUSH = "threshold", "growing", "brush"
MOST_STROKES = 5000


def apply_recipe(suv: Volume, recipe: Mapping[str, Any], start: Mask | None = None) -> DrawnRegion:
    """The region of a recipe on a PET.

    Parameters
    ----------
    suv : Volume (z, y, x), g/mL
    recipe : mapping with ``method`` and, by method,
        threshold: ``rule``, ``centre_mm``, ``radius_mm``, ``liver`` (centre_mm, radius_mm) or None;
        growing: ``seed_mm``, ``level`` in g/mL, ``radius_mm``;
        brush: ``strokes``, each x, y, z, radius in mm and erase (0 or 1).
        Places in mm, patient coordinates LPS.
    start : mask (z, y, x) that a brush begins with, or None

    Raises
    ------
    DataProblem
        A recipe that is not one, or that gives no region.
    """
    method = recipe.get("method")
    if method == THRESHOLD:
        rule = str(recipe.get("rule"))
        if rule not in RULES:
            raise refuse(
                "rule",
                rule,
                say("one of {known}", known=", ".join(RULES)),
                "Choose one.",
                column="rule",
            )
        liver = recipe.get("liver")
        sphere = _sphere(recipe, "centre_mm", "x")
        return draw_threshold(suv, sphere, rule, _sphere(liver, "centre_mm", "liver_x") if liver
                              else None)  # fmt: skip
    if method == GROWING:
        seed = _sphere(recipe, "seed_mm", "x")
        return draw_growing(suv, seed.centre_mm, _number(recipe.get("level"), "level"),
                            seed.radius_mm)  # fmt: skip
    if method == BRUSH:
        return draw_brush(suv.grid, _strokes(recipe.get("strokes")), start)
    raise refuse(
        "method",
        str(method),
        say("{threshold}, {growing} or {brush}", threshold=THRESHOLD, growing=GROWING, brush=BRUSH),
        "Choose how the region is drawn.",
        column="method",
    )


def _sphere(values: Mapping[str, Any], key: str, column: str) -> Sphere:
    place = values.get(key)
    if not isinstance(place, list | tuple) or len(place) != 3:
        raise refuse(key, str(place), "x, y and z in mm", "Give the place.", column=column)
    x, y, z = (_number(value, column) for value in place)
    return Sphere((x, y, z), _number(values.get("radius_mm"), "radius_mm"))


def _strokes(values: Any) -> list[Stroke]:
    if not isinstance(values, list) or len(values) > MOST_STROKES:
        raise refuse(
            "strokes",
            say("none or too many"),
            say("at most {most_strokes}", most_strokes=MOST_STROKES),
            "Paint.",
            column="strokes",
        )
    strokes = []
    for value in values:
        if not isinstance(value, list | tuple) or len(value) != 5:
            raise refuse(
                "strokes", str(value), "x, y, z, radius and 0 or 1", "Mend it.", column="strokes"
            )
        x, y, z, radius, erase = (_number(part, "strokes") for part in value)
        strokes.append(Stroke(Sphere((x, y, z), radius), bool(erase)))
    return strokes


def _number(value: Any, column: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise refuse(column, str(value), "a number", "Give the number.", column=column)
    return number
