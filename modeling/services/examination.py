"""What a Rad-Score is asked beyond its run, in a job of its own, and kept as a record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
from django.db import transaction

from modeling.methods.input_drift import compare_inputs
from modeling.models import Examination, ModelVersion, Quantity, VersionKind
from modeling.selectors import is_development, predicted
from modeling.services.examination_groups import cuts_compare, groups_compare, subgroups_judge
from modeling.services.examination_refits import importance_estimate, refits_estimate
from modeling.services.examination_sensitivity import sensitivity_judge
from modeling.services.snapshots import snapshot_read
from modeling.services.version_estimator import estimator_of
from modeling.storage import json_digest
from studies.jobs import Progress, no_progress
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say
from studies.models import Job
from studies.services import inputs_digest

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FORMAT = 2


@dataclass(frozen=True)
class ExaminationPlan:
    """What is asked of a version; it decides the numbers."""

    seed: int = 0
    shuffle_voxels: bool = True
    resamples: int = 100


@dataclass
class Examined:
    """A version with its frozen rows and their scores; notices gather on the way."""

    version: ModelVersion
    rows: pd.DataFrame
    pipeline: Pipeline
    plan: ExaminationPlan
    job: Job | None
    notices: list[Notice] = field(default_factory=list)

    @property
    def seed(self) -> int:
        return self.plan.seed

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
    plan: ExaminationPlan | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> Examination:
    """Groups, cuts, subgroups, importance, refits, drift and sensitivity of a Rad-Score.

    The same version and plan give the earlier examination.

    Raises
    ------
    DataProblem
        A version that is no Rad-Score of its own estimator; rows that are gone or changed.
    """
    if version.kind != VersionKind.RAD_SCORE or "recalibration" in version.content:
        raise refuse(
            str(version),
            say("no Rad-Score with an estimator of its own"),
            "a Rad-Score",
            "Examine the version it was made from.",
        )
    asked_for = plan or ExaminationPlan()
    digest = inputs_digest("examination", FORMAT, version.sha256, asdict(asked_for))
    earlier = version.examinations.filter(inputs_digest=digest).first()
    if earlier is not None:
        return earlier
    began = time.monotonic()
    asked = _read(version, asked_for, job)
    results: dict[str, Any] = {"format": FORMAT}
    begun = 0.0
    for name, (cost, part) in PARTS.items():
        progress(begun, WHOLE, say("Examining: {what}", what=say(name.replace("_", " "))))
        results |= part(asked, _within(progress, begun, cost))
        begun += cost
    return _write(asked, results, digest, time.monotonic() - began, job)


def _within(progress: Progress, begun: float, cost: float) -> Any:
    def report(done: float, total: float, message: str = "") -> None:
        progress(begun + cost * done / max(total, 1), WHOLE, message)

    return report


def _read(version: ModelVersion, plan: ExaminationPlan, job: Job | None) -> Examined:
    rows = snapshot_read(version.fitting_snapshot)
    by_name = predicted(version, version.fitting_snapshot, quantity=Quantity.PROBABILITY)
    scored = rows.assign(score=rows["pseudonym"].map(by_name))
    if scored["score"].isna().any():
        raise refuse(
            str(version),
            say("{sum} rows without a score", sum=int(scored["score"].isna().sum())),
            "a score for each",
            "Run it again: a patient was withdrawn.",
        )
    return Examined(version, scored, estimator_of(version), plan, job)


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


def _sensitivity(asked: Examined, progress: Any) -> dict[str, Any]:
    return {"sensitivity": list(sensitivity_judge(asked, progress))}


# Name: its share of the time of a default examination, and what it adds to the results.
PARTS: dict[str, tuple[float, Callable[[Examined, Any], dict[str, Any]]]] = {
    "groups": (1, lambda asked, progress: {"groups": groups_compare(asked.rows)}),
    "cuts": (1, lambda asked, progress: {"cuts": cuts_compare(asked.version, asked.rows)}),
    "subgroups": (1, lambda asked, _: {"subgroups": subgroups_judge(asked.version, asked.rows)}),
    "importance": (8, importance_estimate),
    "learning and chance": (70, refits_estimate),
    "drift": (1, lambda asked, progress: {"drift": _drift(asked, progress)}),
    "sensitivity": (18, _sensitivity),
}
WHOLE = sum(cost for cost, _ in PARTS.values())


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
