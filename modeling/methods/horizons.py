"""Horizons asked for, against the follow-up there is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modeling.methods.analysis_table import AnalysisTable
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import say


def choose_horizons(
    times: Sequence[float], horizon: float | None, table: AnalysisTable
) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Times within follow-up, times beyond it, and the horizon; refused when none is left."""
    longest = float(table.duration.max())
    wanted = sorted(dict.fromkeys(float(t) for t in times))
    inside = tuple(t for t in wanted if 0 < t <= longest)
    beyond = tuple(t for t in wanted if t > longest)
    asked = [("times", t) for t in wanted if t <= 0] if inside or beyond else [("times", np.nan)]
    if not inside:
        asked += [("times", t) for t in beyond]
    if horizon is not None and not 0 < horizon <= longest:
        asked.append(("horizon", float(horizon)))
    if asked:
        raise DataProblem(
            [
                Problem(
                    f"--{name}",
                    say("{t:g}: not estimable", t=t) if t > longest else f"{t:g}",
                    say(
                        "above 0 and within follow-up (the longest is {longest:g})", longest=longest
                    ),
                    "Choose an earlier horizon.",
                )
                for name, t in asked
            ]
        )
    return inside, beyond, float(horizon) if horizon is not None else inside[-1]


def about_beyond(times: Sequence[float]) -> list[Notice]:
    """What is said of times beyond follow-up."""
    if not times:
        return []
    text = ", ".join(f"{t:g}" for t in times)
    return [
        Notice("beyond_follow_up", say("{text} lie beyond follow-up: not estimable", text=text))
    ]
