"""`analysis.R`: the same analysis for R's survival and rms, written for one table."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeling.methods.prognosis_analysis import TIED, PrognosisAnalysis
from modeling.services.prognosis_script_parts import (
    COMPARE,
    COMPARISON,
    FINISH,
    FIRTH,
    FIRTH_VALIDATION,
    GROUPS_COMPARED,
    MODEL,
    NOMOGRAM,
    PLAIN,
    PLAIN_COMPARED,
    POINTS,
    PREAMBLE,
    PREDICTED,
    VALIDATION,
)
from modeling.services.r_code import column_code, listed_code, number_code, quoted

NEAR, LIKE = 1e-3, 1e-9  # of predictions; rms stops its fit before ours


def write_script(
    found: PrognosisAnalysis, source: str, duration: str, event: str, resamples: int
) -> str:
    """R code that reads the same table and does the same, one file per part."""
    terms, plain = found.table.terms, found.penalty == "none"
    short = [f"v{k + 1}" for k in range(len(terms))]
    names = [term.name for term in terms]
    splined = [(v, number_code(t.knots)) for v, t in zip(short, terms, strict=True)]
    rms = "Surv(time_, event_) ~ " + " + ".join(f"rcs({v}, c({k}))" if k else v for v, k in splined)
    whole = not any(knots for _, knots in splined)  # rms marks other values on a spline's axis
    alone = "library(survival)" if whole else "library(survival); library(Hmisc)"
    filled = {
        "title": f"{duration}, {event}: {', '.join(names)}".replace("\n", " "),
        "packages": "packages survival and rms" if plain else "package survival",
        "libraries": "library(survival); library(rms)" if plain else alone,
        "source": quoted(source),
        "separator": quoted(found.table.separator),
        "missing": listed_code(["", "na", "n/a", "nan", "null", "none", "."]),
        "wanted": listed_code([duration, event, *names]),
        "short": listed_code(short),
        "outcomes": listed_code(["time_", "event_"]),
        "compared_beside": "survival.csv and km.csv",
        "terms": " + ".join(
            f"rcspline.eval({v}, knots = c({k}), inclx = TRUE)" if k else v for v, k in splined
        ),
        "times": number_code(found.times),
        "columns": listed_code([c for term in terms for c in term.columns]),
        "variables": listed_code(names),
        "formula": rms,
        "tied": TIED,
        "tested": len(names) + 1,
        "seed": found.seed,
        "resamples": resamples,
        "horizon": repr(found.horizon),
        **_ours(found),
    }
    columns = [column_code(name, term.levels) for name, term in zip(short, terms, strict=True)]
    ways = {True: [PLAIN, PREDICTED, NOMOGRAM, VALIDATION],
            False: [FIRTH, PREDICTED, FIRTH_VALIDATION]}  # fmt: skip
    parts = [PREAMBLE, *columns, MODEL, *ways[plain]]
    filled["points_compared"] = POINTS.format(**filled) if plain and whole else ""
    filled["groups_compared"] = GROUPS_COMPARED.format(**filled) if plain and _apart(found) else ""
    filled["more"] = PLAIN_COMPARED.format(**filled) if plain else ""
    return "".join(part.format(**filled) for part in [*parts, COMPARE, COMPARISON, FINISH])


def _apart(found: PrognosisAnalysis) -> bool:
    """Whether no border of a calibration group lies among like patients: rounding would part
    them there, in R and here each in its own way."""
    groups = found.validation_rms and found.validation_rms.groups
    if not groups:
        return False
    predicted = found.cox.survival(found.design.matrix, [found.horizon])[:, 0]
    near = (np.sort(predicted[abs(predicted - cut) < NEAR]) for cut in groups.cuts[1:-1])
    return not any((np.diff(patients) < LIKE).any() for patients in near)


def _ours(found: PrognosisAnalysis) -> dict[str, Any]:
    """Numbers that R is held against."""
    told: dict[str, Any] = {
        "coef": number_code(found.cox.coefficients),
        "se": number_code(found.cox.std_error),
        "likelihoods": number_code(found.cox.plain_log_likelihood),
        "harrell": number_code([found.harrell.c]),
        "uno": number_code([found.uno.c]),
    }
    rms = found.validation_rms
    if rms is None or rms.groups is None:
        return told
    tests = (found.hazards[g].statistic for g in ("km", "rank", "identity"))
    return told | {
        "size": max(1, found.cox.n // len(rms.groups.n)),
        "ph": number_code(np.concatenate(list(tests))),
        "points": number_code(np.concatenate([axis.points for axis in found.nomogram.axes])),
        "groups": number_code([*rms.groups.predicted, *rms.groups.observed]),
        "apparent": number_code([rms.indexes[name].apparent for name in ("dxy", "r2", "d", "g")]),
    }
