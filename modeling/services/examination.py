"""What a Rad-Score is asked beyond its run, in a job of its own, and kept as a record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd
from django.db import transaction
from sklearn.pipeline import Pipeline

from modeling.methods.family_importance import estimate_family_importance
from modeling.methods.input_drift import compare_inputs
from modeling.methods.learning_curve import estimate_learning_curve
from modeling.models import Examination, ModelVersion, Prediction, Quantity, VersionKind
from modeling.selectors import is_development
from modeling.services.examination_groups import cuts_compare, groups_compare, subgroups_judge
from modeling.services.examination_sensitivity import sensitivity_judge
from modeling.services.snapshots import snapshot_read
from modeling.storage import json_digest, read_estimator
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice, refuse
from studies.models import Job
from studies.services import file_read, inputs_digest

FORMAT = 1
SHUFFLES = 50


@dataclass
class Examined:
    """A version with its frozen rows and their scores; notices gather on the way."""

    version: ModelVersion
    rows: pd.DataFrame
    pipeline: Pipeline
    seed: int
    shuffle_voxels: bool
    notices: list[Notice] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return list(self.version.content["features"])

    @property
    def training(self) -> pd.DataFrame:
        return self.rows[is_development(self.rows)].reset_index(drop=True)

    @property
    def cohorts(self) -> list[tuple[str, pd.DataFrame]]:
        """Cohorts that are judged in, by name."""
        elsewhere = self.rows[~is_development(self.rows)]
        return [(str(name), rows) for name, rows in elsewhere.groupby("cohort", sort=True)]


def version_examine(
    version: ModelVersion,
    seed: int = 0,
    shuffle_voxels: bool = True,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> Examination:
    """Groups, cuts, subgroups, importance, learning, drift and sensitivity of a Rad-Score.

    The same version, seed and options give the earlier examination.

    Raises
    ------
    DataProblem
        A version that is no Rad-Score of its own estimator; rows that are gone or changed.
    """
    if version.kind != VersionKind.RAD_SCORE or "recalibration" in version.content:
        raise refuse(
            str(version),
            "no Rad-Score with an estimator of its own",
            "a Rad-Score",
            "Examine the version it was made from.",
        )
    digest = inputs_digest("examination", FORMAT, version.sha256, seed, shuffle_voxels)
    earlier = version.examinations.filter(inputs_digest=digest).first()
    if earlier is not None:
        return earlier
    began = time.monotonic()
    asked = _read(version, seed, shuffle_voxels)
    results = {}
    for place, (name, part) in enumerate(PARTS.items()):
        progress(place, len(PARTS), f"Examining: {name.replace('_', ' ')}")
        results[name] = part(asked, _within(progress, place))
    return _write(asked, results, digest, time.monotonic() - began, job)


def _within(progress: Progress, place: int) -> Any:
    def report(done: float, total: float, message: str = "") -> None:
        progress(place + done / max(total, 1), len(PARTS), message)

    return report


def _read(version: ModelVersion, seed: int, shuffle_voxels: bool) -> Examined:
    rows = snapshot_read(version.fitting_snapshot)
    scores = Prediction.objects.filter(version=version, quantity=Quantity.PROBABILITY)
    by_name = dict(scores.values_list("patient__pseudonym", "value"))
    scored = rows.assign(score=rows["pseudonym"].map(by_name))
    if scored["score"].isna().any():
        raise refuse(
            str(version),
            f"{int(scored['score'].isna().sum())} rows without a score",
            "a score for each",
            "Run it again: a patient was withdrawn.",
        )
    pipeline = read_estimator(file_read(version.file), version.file.sha256)  # type: ignore[union-attr,arg-type]
    return Examined(version, scored, pipeline, seed, shuffle_voxels)


def _importance(asked: Examined, progress: Any) -> dict[str, Any]:
    """In the first validating cohort with RNA; a model's own patients would flatter it."""
    for cohort, rows in asked.cohorts:
        known = rows[rows["target_rna"].notna()]
        if known["target_rna"].nunique() == 2 and known[asked.names].notna().all(axis=None):
            found = estimate_family_importance(
                asked.pipeline,
                known[asked.names].to_numpy(float),
                asked.names,
                known["target_rna"].to_numpy(int),
                SHUFFLES,
                asked.seed,
            )
            return {
                "cohort": cohort,
                "target": "rna",
                "n": len(known),
                "rows": [asdict(row) for row in found],
            }
    asked.notices.append(Notice("importance_left_out", "No validating cohort with both classes."))
    return {"cohort": "", "target": "rna", "n": 0, "rows": []}


def _learning(asked: Examined, progress: Any) -> list[dict[str, Any]]:
    training, recipe = asked.training, asked.version.run.recipe
    found = estimate_learning_curve(
        list(training["pseudonym"]),
        training[asked.names].to_numpy(float),
        asked.names,
        training["target_rna"].to_numpy(int),
        asked.version.method,
        asked.version.content["parameters"],
        recipe["outer"]["folds"],
        3,
        asked.seed,
        recipe["missing"],
        progress,
    )
    return [asdict(point) for point in found]


def _drift(asked: Examined, progress: Any) -> list[dict[str, Any]]:
    training = asked.training[asked.names].to_numpy(float)
    return [
        {
            "cohort": cohort,
            **asdict(compare_inputs(training, rows[asked.names].to_numpy(float), asked.names)),
        }
        for cohort, rows in asked.cohorts
        if len(rows) > 1
    ]


def _safe_sensitivity(asked: Examined, progress: Any) -> list[dict[str, Any]]:
    return list(sensitivity_judge(asked, progress))


PARTS: dict[str, Callable[[Examined, Any], Any]] = {
    "groups": lambda asked, progress: groups_compare(asked.rows),
    "cuts": lambda asked, progress: cuts_compare(asked.version, asked.rows),
    "subgroups": lambda asked, progress: subgroups_judge(asked.version, asked.rows),
    "importance": _importance,
    "learning_curve": _learning,
    "drift": _drift,
    "sensitivity": _safe_sensitivity,
}


@transaction.atomic
def _write(
    asked: Examined, results: dict[str, Any], digest: str, seconds: float, job: Job | None
) -> Examination:
    made, _ = Examination.objects.get_or_create(
        version=asked.version,
        inputs_digest=digest,
        defaults={
            "study": asked.version.study,
            "seed": asked.seed,
            "results": results,
            "results_sha256": json_digest(results),
            "notices": [notice.as_dict() for notice in asked.notices],
            "seconds": round(seconds, 3),
            "produced_by": job,
        },
    )
    return made


__all__ = ["DataProblem", "Examined", "version_examine"]
