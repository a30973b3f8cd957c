"""Prognosis: a nomogram fitted on training with the out-of-fold Rad-Score, judged everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.prognosis import PrognosisFit, apply_prognosis, fit_prognosis
from modeling.methods.prognosis_evaluation import evaluate_prognosis
from modeling.methods.survival_table import check_survival
from modeling.models import DatasetSnapshot, ModelRun, ModelVersion, PredictionKind, Quantity
from modeling.services.prognosis_ahead import Ahead, ahead_of
from modeling.services.prognosis_asking import dossier_compute
from modeling.services.prognosis_choice import choice_read
from modeling.services.prognosis_guard import guard_refuse
from modeling.services.prognosis_metrics import evaluation_metrics
from modeling.services.prognosis_rows import PrognosisRows
from modeling.services.prognosis_table2 import table2_asked
from modeling.services.prognosis_writing import (
    JudgedCohort,
    Predicted,
    PrognosisRun,
    earlier_run,
    rows_freeze,
    run_write,
)
from modeling.services.rad_score_survival import rad_score_survival
from modeling.services.snapshots import (
    prognosis_rows_frozen,
    snapshot_freeze,
    snapshot_permit,
)
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.wording import marked, named, say
from studies.models import CohortUse, Job, Study

# Shares of the time, out of 100.
ROWS, FITTED, JUDGED, RESAMPLED = 3.0, 8.0, 14.0, 98.0


def prognosis_run(
    study: Study,
    endpoint: str,
    seed: int = 0,
    progress: Progress = no_progress,
    job: Job | None = None,
    resamples: int | None = None,
    asked: Mapping[str, Any] | None = None,
) -> ModelRun:
    """LASSO, Cox and nomogram of ``endpoint``, with an evaluation in every cohort.

    On the frozen table that ``asked`` names, or on the study as it stands now, which is frozen
    first. The same rows, Rad-Score, seed and resamples give the earlier run. ``resamples`` of the
    validation in training refit LASSO and Cox; None stands for a thousand, 0 for
    no validation in training. ``asked`` departs from what is usual, as ``choice_read`` takes it.
    """
    began = time.monotonic()
    wanted = {**(asked or {}), "endpoint": endpoint, "seed": seed}
    choice = choice_read(study, wanted if resamples is None else {**wanted, "resamples": resamples})
    progress(0, 100, marked("Freezing the table"))
    table = choice.table or snapshot_freeze(study, dict(choice.question), job)
    snapshot_permit(table)
    ahead = ahead_of(study, choice, prognosis_rows_frozen(table))
    run = _start(ahead, table, job)
    rows, columns = ahead.rows, list(choice.columns)
    included, left_out = rows.split(columns, rows.table["use"] == "development")
    fitting = rows_freeze(run, "fit", included, left_out, columns)
    earlier = earlier_run(run, fitting)
    if earlier is not None:
        return earlier
    guard_refuse(ahead)
    progress(ROWS, 100, say("The model, fitted to {n} patients", n=len(included)))
    fit = prognosis_fit(run, included)
    judged_rows, unjudged = _to_judge(rows, fit, included, left_out)
    judging = rows_freeze(run, "judge", judged_rows, unjudged, list(fit.columns))
    scored, unscored = rows.split(["rad_score"])
    scoring = rows_freeze(run, "rad_score", scored, unscored, ["rad_score", "cause", "response"])
    complete, gaps = rows.split(columns)
    tabled = rows_freeze(run, "table_2", complete, gaps, [*columns, "response"])
    progress(FITTED, 100, marked("Validation in every cohort"))
    judged = [*cohorts_judge(run, fit, judged_rows, judging), *scores_judge(run, scored, scoring)]
    progress(JUDGED, 100, say("{n} resamples of the whole fit in training", n=run.plan.resamples))
    extra = dossier_compute(run, fit, included, judged_rows, _told(progress))
    tables = table2_asked(complete, run.endpoint, run.plan)
    extra["table_2"] = {"snapshot": str(tabled.uid), "tables": tables}
    progress(RESAMPLED, 100, marked("Writing"))
    return run_write(run, fit, fitting, judged, extra, time.monotonic() - began)


def _told(progress: Progress) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if done % 25 == 0:
            progress(
                JUDGED + (RESAMPLED - JUDGED) * done / max(total, 1),
                100,
                say(
                    "Resample {done} of {total}: the whole fit in training", done=done, total=total
                ),
            )

    return told


def _start(ahead: Ahead, table: DatasetSnapshot, job: Job | None) -> PrognosisRun:
    choice = ahead.choice
    if not (ahead.fitting["rad_score_kind"] == "out_of_fold").any():
        raise refuse(
            say("Prognosis"),
            say("no out-of-fold Rad-Score in a development cohort"),
            "out-of-fold scores of training",
            "Run the Rad-Score again.",
        )
    return PrognosisRun(
        ahead.study, choice.endpoint, choice.seed, job, choice.rad_score, choice.plan,
        choice.headline, cut_of(choice.rad_score), table, choice.cohorts,
    )  # fmt: skip


def cut_of(rad_score: ModelVersion) -> float:
    """The median of the out-of-fold scores of all whom a Rad-Score was fitted to."""
    scores = rad_score.predictions.filter(
        kind=PredictionKind.OUT_OF_FOLD, quantity=Quantity.PROBABILITY
    )
    return float(pd.Series(list(scores.values_list("value", flat=True)), dtype=float).median())


def prognosis_fit(run: PrognosisRun, rows: pd.DataFrame) -> PrognosisFit:
    """The model of a run's plan; refuses scores of a patient's own model."""
    wrong = rows[rows["rad_score_kind"] != "out_of_fold"]
    if len(wrong):  # a fit never takes a score of the patient's own model
        raise refuse(
            say("Rad-Score"),
            say("{n} fitting patients with an applied score", n=len(wrong)),
            "out-of-fold scores only",
            "Run the Rad-Score on this cohort.",
        )
    duration, event = rows["duration_months"].to_numpy(float), rows["event"].to_numpy(bool)
    return fit_prognosis(rows, duration, event, run.plan, run.seed)


def _to_judge(
    rows: PrognosisRows, fit: PrognosisFit, fitted: pd.DataFrame, unfitted: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows complete in the model's columns; of the fitting cohort those it was fitted to."""
    complete, gaps = rows.split(fit.columns)
    elsewhere = complete["use"] != CohortUse.DEVELOPMENT
    validating_gaps = gaps[gaps["use"] != CohortUse.DEVELOPMENT]
    return pd.concat([fitted, complete[elsewhere]]), pd.concat([unfitted, validating_gaps])


def cohorts_judge(
    run: PrognosisRun, fit: PrognosisFit, rows: pd.DataFrame, snapshot: DatasetSnapshot
) -> Iterator[JudgedCohort]:
    """The model in every cohort of frozen rows; who cannot be judged is said in a notice."""
    for cohort_id, members in rows.groupby("cohort_id", sort=True):
        try:
            yield _judge_cohort(run, fit, int(cohort_id), members, snapshot)
        except DataProblem as problem:  # one cohort's data stop that cohort only, and are said
            text = say(
                "{cohort}: {problem}",
                cohort=named(members["cohort"].iloc[0]),
                problem=problem.problems[0].sentence(),
            )
            run.notices.append(Notice("cohort_not_judged", text))


def _judge_cohort(
    run: PrognosisRun,
    fit: PrognosisFit,
    cohort_id: int,
    rows: pd.DataFrame,
    snapshot: DatasetSnapshot,
) -> JudgedCohort:
    check_survival(rows["duration_months"], rows["event"], minimum_events=1, minimum_rows=5)
    lp = apply_prognosis(fit, rows)
    times = fit.nomogram.times
    survival = np.exp(-np.outer(np.exp(lp), fit.cox.baseline_at(times)))
    judged = evaluate_prognosis(
        rows["duration_months"],
        rows["event"],
        lp,
        survival,
        times,
        _headline(run, times),
        seed=run.seed,
    )
    return JudgedCohort(
        cohort_id,
        snapshot,
        _is_development(rows),
        evaluation_metrics(judged),
        Predicted(rows["patient_id"].tolist(), lp, survival),
    )


def scores_judge(
    run: PrognosisRun, rows: pd.DataFrame, snapshot: DatasetSnapshot
) -> Iterator[JudgedCohort]:
    """Survival by the Rad-Score alone; everybody with a score and follow-up counts."""
    for cohort_id, members in rows.groupby("cohort_id", sort=True):
        metrics = rad_score_survival(
            members, run.cut, run.endpoint, run.headline, run.landmark_days
        )
        yield JudgedCohort(int(cohort_id), snapshot, _is_development(members), metrics)


def _headline(run: PrognosisRun, times: Sequence[float]) -> float:
    return run.headline if run.headline in times else times[0]


def _is_development(rows: pd.DataFrame) -> bool:
    return bool((rows["use"] == CohortUse.DEVELOPMENT).any())
