"""A binary outcome's `analysis.R`: the same analysis for R's glm and rms, written for one table."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np

from modeling.methods.outcome_analysis import OutcomeAnalysis
from modeling.services import outcome_script_parts as parts
from modeling.services.prognosis_script_parts import COMPARE, FINISH, PREAMBLE
from modeling.services.r_code import column_code, listed_code, number_code, quoted


def write_outcome_script(
    found: OutcomeAnalysis, source: str, outcome: str, resamples: int
) -> str:  # fmt: skip
    """R code that reads the same table and does the same, one file per part."""
    terms, plain = found.table.terms, found.penalty == "none"
    short = [f"v{k + 1}" for k in range(len(terms))]
    names = [term.name for term in terms]
    splined = [(v, number_code(t.knots)) for v, t in zip(short, terms, strict=True)]
    whole = not any(knots for _, knots in splined)  # rms marks other values on a spline's axis
    filled = {
        "title": f"{outcome}: {', '.join(names)}".replace("\n", " "),
        "packages": "package rms",
        "libraries": "library(rms)",
        "compared_beside": "probability.csv and decision_curve.csv",
        "source": quoted(source),
        "separator": quoted(found.table.separator),
        "missing": listed_code(["", "na", "n/a", "nan", "null", "none", "."]),
        "wanted": listed_code([outcome, *names]),
        "outcomes": quoted("event_"),
        "short": listed_code(short),
        "terms": " + ".join(
            f"rcspline.eval({v}, knots = c({k}), inclx = TRUE)" if k else v for v, k in splined
        ),
        "columns": listed_code([c for term in terms for c in term.columns]),
        "formula": "event_ ~ " + " + ".join(f"rcs({v}, c({k}))" if k else v for v, k in splined),
        "seed": found.seed,
        "resamples": resamples,
        **_ours(found),
    }
    columns = [column_code(name, term.levels) for name, term in zip(short, terms, strict=True)]
    fitted = [parts.PLAIN] if plain else [parts.FIRTH]
    smooth = [parts.SMOOTH] if found.smooth else []
    way = [parts.NOMOGRAM, parts.VALIDATION] if plain else [parts.FIRTH_VALIDATION]
    more = [parts.SMOOTH_COMPARED] if smooth else []
    more += [parts.POINTS_COMPARED] if plain and whole else []
    more += [parts.APPARENT_COMPARED] if plain else []
    filled["more"] = "".join(part.format(**filled) for part in more)
    pieces = [PREAMBLE, *columns, parts.MODEL, *fitted, parts.PREDICTED, *smooth, *way,
              COMPARE, parts.COMPARED, FINISH]  # fmt: skip
    return "".join(piece.format(**filled) for piece in pieces)


def _ours(found: OutcomeAnalysis) -> dict[str, Any]:
    """Numbers that R is held against."""
    fit, indexes = found.logistic, found.validation.indexes
    told = {
        "coef": number_code(fit.coefficients),
        "se": number_code(fit.std_error),
        "p": number_code(fit.interval_and_p()[2]),
        "likelihoods": number_code(fit.plain_log_likelihood),
        "auc": number_code([found.auc.auc, found.auc.standard_error]),
        "brier": number_code([indexes["brier"].apparent]),
        "points": number_code(np.concatenate([axis.points for axis in found.nomogram.axes])),
        "apparent": number_code([indexes[name].apparent for name in ("dxy", "r2", "brier")]),
        "corrected": number_code([index.corrected for index in indexes.values()]),
        "corrected_auc": number_code([found.validation.c.corrected]),
        "lowess": number_code([found.lowess.ici, found.lowess.e90, found.lowess.e_max]),
    }
    if found.smooth:
        ici, _, e90, e_max = astuple(found.smooth.distances)
        told["smooth"] = number_code([ici, e90, e_max])
        told["smooth_knots"] = number_code(found.smooth.knots)
    return told
