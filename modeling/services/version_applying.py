"""A frozen version applied to rows it was not fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.methods.recalibration import RecalibrationFit, apply_recalibration
from modeling.methods.scanner_plan import ScannerPlan, read_scanner_plan
from modeling.models import DatasetSnapshot, ModelVersion, VersionKind
from modeling.selectors import (
    FEATURES,
    RadScoreRows,
    extractors_behind,
    inputs_read,
    rad_score_rows,
)
from modeling.services.snapshots import SMALLEST_JUDGED, snapshot_of_rows
from modeling.services.version_estimator import estimator_of, inputs_of
from modeling.services.version_life import ancestry_of
from studies.methods.problems import refuse
from studies.methods.wording import named, say
from studies.models import Cohort, Job, Patient

PURPOSE = "external_validation"
RAD_SCORES = (VersionKind.RAD_SCORE, VersionKind.RECALIBRATED)


def check_rad_score(version: ModelVersion) -> None:
    if version.kind not in RAD_SCORES:
        raise refuse(str(version), "a nomogram", "a Rad-Score", "Choose a Rad-Score.")


def root_of(version: ModelVersion) -> ModelVersion:
    """The version with the estimator: itself, or what it was recalibrated from."""
    line = ancestry_of(version)
    return next(v for v in line if v.kind == VersionKind.RAD_SCORE)


def version_apply(
    version: ModelVersion, rows: pd.DataFrame, where: str = ""
) -> NDArray[np.float64]:
    """Probability of hot by a version; rows with its features and, to harmonise by, scanners.

    Raises
    ------
    DataProblem
        As ``inputs_of``.
    """
    root = root_of(version)
    pipeline = estimator_of(root)
    inputs = inputs_of(pipeline, root.content["features"], rows, where)
    score = pipeline.predict_proba(inputs)[:, 1]
    for step in reversed(ancestry_of(version)):
        if step.kind == VersionKind.RECALIBRATED:
            told = step.content["recalibration"]
            fit = RecalibrationFit(told["intercept"], told["slope"], told["n"], told["events"])
            score = apply_recalibration(fit, score)
    return score


def harmonised_by(version: ModelVersion) -> ScannerPlan | None:
    """How a version harmonises, as told beside its estimator; None where it does not."""
    root = version if version.kind == VersionKind.RAD_SCORE else root_of(version)
    told = root.content.get("harmonise")
    return read_scanner_plan(told) if told else None


def rows_for(version: ModelVersion, cohort: Cohort) -> RadScoreRows:
    """Rows of one cohort with the columns and the encoders the version was fitted to."""
    root = root_of(version)
    missing = root.run.recipe["missing"] == "median_in_fold"
    encoders = extractors_behind(root.fitting_snapshot)
    return rad_score_rows(version.study, missing, [cohort.name], root.content["features"], encoders)


def row_for(version: ModelVersion, patient: Patient) -> tuple[dict[str, Any], list[str]]:
    """What the same inputs give of one patient, by column, and the digests of its features."""
    given = inputs_read(version.study, extractors_behind(root_of(version).fitting_snapshot))
    row = {
        name: value
        for one in given.values()
        if patient.pk in one.columns.index
        for name, value in one.columns.loc[patient.pk].items()
    }
    return row, given[FEATURES].digests.get(patient.pk, [])


def cohort_freeze(version: ModelVersion, cohort: Cohort, job: Job | None) -> DatasetSnapshot:
    """The cohort's rows as a version reads them, frozen.

    Raises
    ------
    DataProblem
        Too few of the cohort have what the version reads.
    """
    rows = rows_for(version, cohort)
    complete = int((rows.table["reason"] == "").sum())
    if complete < SMALLEST_JUDGED:
        raise refuse(
            named(cohort.name),
            say("{complete} patients with all that the version reads", complete=complete),
            say("at least {smallest_judged}", smallest_judged=SMALLEST_JUDGED),
            "Extract their features first.",
        )
    root = root_of(version)
    question = {
        "purpose": PURPOSE,
        "columns": ["features of PET and CT", "phenotype", "response at 6 months", "uptake"],
        "missing": root.run.recipe["missing"],
        "cohort": cohort.name,
        "version": version.sha256,
    }
    return snapshot_of_rows(version.study, question, rows, job)


def targets_with_both_classes(rows: pd.DataFrame, targets: list[str]) -> list[str]:
    return [t for t in targets if rows[f"target_{t}"].dropna().nunique() == 2]
