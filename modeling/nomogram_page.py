"""What the page of a nomogram shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeling.figures.nomogram import draw_nomogram
from modeling.methods.nomogram import Nomogram, nomogram_from_dict, pretty_ticks
from modeling.models import ModelVersion
from modeling.services.nomogram_performance import nomogram_performance
from modeling.services.prognosis_columns import titles_of
from modeling.services.prognosis_endpoints import endpoint_of
from modeling.services.prognosis_rows import LOGARITHMS
from modeling.services.report_content import marked_simulated, notices_in_words
from modeling.services.report_survival import column_title
from studies.figures.figure import Figure, number
from studies.methods.wording import say


def nomogram_context(version: ModelVersion) -> dict[str, Any]:
    """Figure, points of every value, survival by total, and the Cox model behind them."""
    content, results = version.content, version.run.results
    plan = version.run.recipe.get("plan", {})
    nomogram = nomogram_from_dict(content["nomogram"])
    figure, titles = nomogram_figure(version, nomogram), titles_of(content)
    return {
        "title": endpoint_of(version).title,
        "figure": marked_simulated(figure) if version.study.is_simulated else figure,
        "totals": _totals(nomogram),
        "times": [f"{time:g}" for time in nomogram.times],
        "hazards": [_hazard(row, content["terms"]) for row in content["table"]],
        "assumption": [_assumption(row, titles) for row in results["proportional_hazards"]],
        "lasso": results["lasso"],
        "performance": nomogram_performance(version),
        "is_fixed": plan.get("selection") == "fixed",
        "is_firth": plan.get("penalty") == "firth",
        "kept": [say(titles.get(name, name)) for name in results["lasso"]["kept"]],
        "notices": notices_in_words(version.run.notices),
    }


def nomogram_figure(version: ModelVersion, nomogram: Nomogram) -> Figure:
    endpoint = endpoint_of(version).sentence
    return draw_nomogram(
        nomogram,
        say("Nomogram for {endpoint}", endpoint=endpoint),
        say(
            "Read the points of each variable upwards, add them, and read survival below the total."
        ),
        titles_of(version.content),
        unit="months",
        endpoint=endpoint_of(version).short,
        key=f"nomogram_{version.endpoint}",
        log2=LOGARITHMS,
    )


def _totals(nomogram: Nomogram) -> list[list[str]]:
    """Survival at each time for round totals."""
    totals = pretty_ticks(0.0, nomogram.largest_total, 20)
    totals = totals[totals <= nomogram.largest_total]
    survival = nomogram.survival(totals)
    return [
        [f"{total:g}", *(number(float(s)) for s in row)]
        for total, row in zip(totals, np.atleast_2d(survival), strict=True)
    ]


def _hazard(row: dict[str, Any], terms: list[dict[str, Any]]) -> list[str]:
    ratio = f"{number(row['hazard_ratio'])} ({number(row['lower'])}–{number(row['upper'])})"
    return [column_title(row["column"], terms), ratio, _p(row["p_value"])]


def _assumption(row: dict[str, Any], titles: dict[str, str]) -> list[str]:
    name = (
        say("All together")
        if row["term"] == "GLOBAL"
        else say(titles.get(row["term"], row["term"]))
    )
    return [name, number(row["statistic"]), str(row["degrees_of_freedom"]), _p(row["p_value"])]


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else number(value, 4)
