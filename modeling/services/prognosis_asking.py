"""What a fitted nomogram is asked before it is written: optimism, stability, added value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.added_value import compare_frozen
from modeling.methods.prognosis import LesserModel, PrognosisFit, apply_prognosis, fit_without
from modeling.methods.prognosis_dossier import examine_prognosis
from modeling.methods.survival_table import check_survival
from modeling.services.prognosis_dossier import added_as_dict, added_said, dossier_results
from modeling.services.prognosis_writing import PrognosisRun
from studies.methods.problems import DataProblem, Notice
from studies.methods.wording import named, say
from studies.models import CohortUse

MARKER = "rad_score"
MOST_COMPARED = 500  # resamples of the comparison with and without the Rad-Score


def dossier_compute(
    run: PrognosisRun,
    fit: PrognosisFit,
    fitted: pd.DataFrame,
    judged: pd.DataFrame,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """What the model is asked in training, and what the Rad-Score adds in every cohort.

    ``progress`` is told how many resamples are done; notices gather in ``run``.
    """
    duration, event = fitted["duration_months"].to_numpy(float), fitted["event"].to_numpy(bool)
    times = fit.nomogram.times
    headline = run.headline if run.headline in times else times[0]

    dossier = examine_prognosis(
        fit, fitted, duration, event, MARKER, headline, run.plan.resamples, run.seed, progress
    )
    run.notices += dossier.notices
    results = dossier_results(dossier)
    added = results["added_value"]
    added["cohorts"] = _added_elsewhere(run, fit, fitted, judged, headline)
    everywhere = {**({"training": added["training"]} if added["training"] else {}),
                  **added["cohorts"]}  # fmt: skip
    added["said"] = added_said(added["likelihood_ratio"], everywhere, run.plan.penalty)
    return results


def _added_elsewhere(
    run: PrognosisRun,
    fit: PrognosisFit,
    fitted: pd.DataFrame,
    judged: pd.DataFrame,
    headline: float,
) -> dict[str, Any]:
    duration, event = fitted["duration_months"].to_numpy(float), fitted["event"].to_numpy(bool)
    try:
        lesser = fit_without(fit, fitted, duration, event, MARKER)
    except DataProblem:  # the Rad-Score is the whole model
        return {}
    found = {}
    elsewhere = judged[judged["use"] != CohortUse.DEVELOPMENT]
    for name, rows in elsewhere.groupby("cohort", sort=True):
        try:
            found[str(name)] = _added_in(run, fit, lesser, rows, headline)
        except DataProblem as problem:
            text = say(
                "what the Rad-Score adds in {cohort}: {problem}",
                cohort=named(name),
                problem=problem.problems[0].sentence(),
            )
            run.notices.append(Notice("added_value_not_estimable", text))
    return found


def _added_in(
    run: PrognosisRun, fit: PrognosisFit, lesser: LesserModel, rows: pd.DataFrame, headline: float
) -> dict[str, Any]:
    check_survival(rows["duration_months"], rows["event"], minimum_events=1, minimum_rows=5)
    predictors = apply_prognosis(fit, rows), lesser.linear_predictor(rows)
    risks = tuple(
        1 - np.exp(-cox.baseline_at([headline])[0] * np.exp(lp))
        for cox, lp in zip((fit.cox, lesser.cox), predictors, strict=True)
    )
    return added_as_dict(compare_frozen(
        rows["duration_months"], rows["event"], predictors, (risks[0], risks[1]),
        fit.nomogram.times, headline, min(run.plan.resamples, MOST_COMPARED), run.seed,
    ))  # fmt: skip
