"""`analysis.R`: the same analysis for R's survival and rms, written for one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from modeling.methods.prognosis_analysis import PrognosisAnalysis
from modeling.services.prognosis_script_parts import (
    COMPARISON,
    FIRTH,
    FIRTH_VALIDATION,
    MODEL,
    NOMOGRAM,
    PLAIN,
    PLAIN_COMPARED,
    POINTS,
    PREAMBLE,
    PREDICTED,
    VALIDATION,
)


def write_script(
    found: PrognosisAnalysis, source: str, duration: str, event: str, resamples: int
) -> str:
    """R code that reads the same table and does the same, one file per part."""
    terms, plain = found.table.terms, found.penalty == "none"
    short = [f"v{k + 1}" for k in range(len(terms))]
    names = [term.name for term in terms]
    splined = [(v, _numbers(t.knots)) for v, t in zip(short, terms, strict=True)]
    rms = "Surv(time_, event_) ~ " + " + ".join(f"rcs({v}, c({k}))" if k else v for v, k in splined)
    whole = not any(knots for _, knots in splined)  # rms marks other values on a spline's axis
    alone = "library(survival)" if whole else "library(survival); library(Hmisc)"
    filled = {
        "title": f"{duration}, {event}: {', '.join(names)}".replace("\n", " "),
        "packages": "packages survival and rms" if plain else "package survival",
        "libraries": "library(survival); library(rms)" if plain else alone,
        "source": _text(source),
        "separator": _text(found.table.separator),
        "missing": _list(["", "na", "n/a", "nan", "null", "none", "."]),
        "wanted": _list([duration, event, *names]),
        "short": _list(short),
        "terms": " + ".join(
            f"rcspline.eval({v}, knots = c({k}), inclx = TRUE)" if k else v for v, k in splined
        ),
        "times": _numbers(found.times),
        "columns": _list([c for term in terms for c in term.columns]),
        "variables": _list(names),
        "formula": rms,
        "seed": found.seed,
        "resamples": resamples,
        "horizon": repr(found.horizon),
        **_ours(found),
    }
    columns = [_column(name, term.levels) for name, term in zip(short, terms, strict=True)]
    ways = {True: [PLAIN, PREDICTED, NOMOGRAM, VALIDATION],
            False: [FIRTH, PREDICTED, FIRTH_VALIDATION]}  # fmt: skip
    parts = [PREAMBLE, *columns, MODEL, *ways[plain]]
    filled["points_compared"] = POINTS.format(**filled) if plain and whole else ""
    filled["more"] = PLAIN_COMPARED.format(**filled) if plain else ""
    return "".join(part.format(**filled) for part in [*parts, COMPARISON])


def _ours(found: PrognosisAnalysis) -> dict[str, Any]:
    """Numbers that R is held against."""
    told: dict[str, Any] = {
        "coef": _numbers(found.cox.coefficients),
        "se": _numbers(found.cox.std_error),
        "likelihoods": _numbers(found.cox.plain_log_likelihood),
        "harrell": _numbers([found.harrell.c]),
        "uno": _numbers([found.uno.c]),
    }
    rms = found.validation_rms
    if rms is None or rms.groups is None:
        return told
    tests = (found.hazards[g].statistic for g in ("km", "rank", "identity"))
    return told | {
        "size": max(1, found.cox.n // len(rms.groups.n)),
        "ph": _numbers(np.concatenate(list(tests))),
        "points": _numbers(np.concatenate([axis.points for axis in found.nomogram.axes])),
        "groups": _numbers([*rms.groups.predicted, *rms.groups.observed]),
        "apparent": _numbers([rms.indexes[name].apparent for name in ("dxy", "r2", "d", "g")]),
    }


def _column(name: str, levels: Sequence[str]) -> str:
    if not levels:
        return f"d${name} <- as.numeric(d${name})\n"
    known = _list(levels)
    return f"d${name} <- as_level(d${name}, c({known}))\n".replace("{", "{{").replace("}", "}}")


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _list(values: Sequence[str]) -> str:
    return ", ".join(_text(value) for value in values)


def _numbers(values: Iterable[float]) -> str:
    words = {"nan": "NA", "inf": "Inf", "-inf": "-Inf"}
    return ", ".join(words.get(repr(float(v)), repr(float(v))) for v in values)
