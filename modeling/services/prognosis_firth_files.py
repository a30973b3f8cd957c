"""The files of `manage.py prognosis --penalty firth`."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeling.figures.prognosis import draw_firth
from modeling.methods.firth_analysis import FirthAnalysis
from modeling.services.prognosis_files import (
    as_json,
    km_csv,
    km_json,
    nomogram_json,
    nomogram_patients_csv,
    survival_csv,
    table_json,
)
from studies.figures.render import render_svg


def firth_files(found: FirthAnalysis, unit: str = "days") -> dict[str, bytes]:
    """File name and content of everything such an analysis wrote."""
    texts = {
        "cox.json": as_json(firth_json(found)),
        "survival.csv": survival_csv(found),
        "nomogram.json": as_json(nomogram_json(found)),
        "nomogram_patients.csv": nomogram_patients_csv(found),
        "km.csv": km_csv(found),
        "km.json": as_json(km_json(found)),
        **{f"{figure.key}.svg": render_svg(figure) for figure in draw_firth(found, unit)},
    }
    return {name: text.encode() for name, text in texts.items()}


@np.errstate(over="ignore")
def firth_json(found: FirthAnalysis) -> dict[str, Any]:
    """Terms with the interval and p of the penalised profile likelihood."""
    cox = found.cox
    low, high = cox.profile_interval()
    return {
        "penalty": "firth",
        "n": cox.n,
        "events": cox.n_events,
        "ties": cox.ties,
        "factors": {t.name: list(t.levels) for t in found.table.terms if t.levels},
        "terms": [
            {
                "term": name, "coef": b, "se": se, "hr": np.exp(b),
                "ci": [np.exp(lo), np.exp(hi)], "p": p,
            }
            for name, b, se, lo, hi, p in zip(
                cox.names, cox.coefficients, cox.std_error, low, high, cox.likelihood_ratio_p(),
                strict=True,
            )
        ],
        "covariance": cox.covariance,
        "penalised_log_likelihood": {
            "null": cox.log_likelihood[0], "model": cox.log_likelihood[1],
        },
        "likelihood_ratio": {
            "statistic": cox.likelihood_ratio.statistic,
            "df": cox.likelihood_ratio.degrees_of_freedom, "p": cox.likelihood_ratio.p_value,
        },
        "table": table_json(found.tabulated),
        "center": dict(zip(cox.names, cox.center.tolist(), strict=True)),
        "baseline": {"time": cox.time, "cumulative_hazard": cox.cumulative_hazard},
        "notices": [notice.as_dict() for notice in found.notices],
    }  # fmt: skip
