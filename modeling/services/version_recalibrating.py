"""A Rad-Score set right for one cohort: a child version, never a change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from modeling.methods.binary_evaluation import evaluate_binary
from modeling.methods.recalibration import (
    RecalibrationFit,
    apply_recalibration,
    estimate_recalibrated,
    fit_recalibration,
)
from modeling.models import (
    Basis,
    DatasetSnapshot,
    Evaluation,
    ModelVersion,
    ModelVersionParent,
    Prediction,
    PredictionKind,
    VersionKind,
)
from modeling.selectors import frozen_names, predicted
from modeling.services.look_guard import look_refuse
from modeling.services.numbering import next_number
from modeling.services.snapshots import snapshot_read
from modeling.services.version_applying import (
    check_rad_score,
    cohort_freeze,
    version_apply,
)
from modeling.storage import canonical_json, json_digest
from studies.jobs import Progress, no_progress
from studies.methods.problems import refuse
from studies.methods.wording import marked, named, say
from studies.models import Cohort, CohortUse, Job, Patient
from studies.services import derivation_record, inputs_digest


def version_recalibrate(
    version: ModelVersion, cohort: Cohort, progress: Progress = no_progress, job: Job | None = None
) -> ModelVersion:
    """Intercept and slope fitted in a cohort make a child; that cohort no longer validates it.

    The order of patients and so every AUC stay; what the child is judged by in the cohort is
    out of fold, and so labelled. The same rows again give the child there is.

    Raises
    ------
    DataProblem
        A nomogram, a recalibrated version, a cohort without the phenotype, too few patients,
        what ``look_refuse`` finds, a slope of 0 or less.
    """
    check_rad_score(version)
    if version.kind == VersionKind.RECALIBRATED:
        raise refuse(
            str(version),
            say("a recalibrated version"),
            "the version it was made from",
            "Recalibrate that one: recalibrations do not pile up.",
        )
    if cohort.use != CohortUse.VALIDATION:
        raise refuse(
            named(cohort.name),
            say("a cohort for {use}", use=cohort.use),
            "another cohort than training",
            "Choose the cohort of the new site.",
            column="cohort",
        )
    progress(0, 2, marked("Freezing the cohort"))
    snapshot = cohort_freeze(version, cohort, job)
    look_refuse(version, snapshot, snapshot_read(snapshot))
    asked = _asked(version, cohort.name, snapshot)
    progress(1, 2, marked("Fitting intercept and slope"))
    fit = fit_recalibration(asked.outcome, asked.score)
    held_out = estimate_recalibrated(asked.keys, asked.outcome, asked.score, seed=version.run.seed)
    return _write(version, cohort, snapshot, fit, asked, held_out, job)


@dataclass(frozen=True)
class _Asked:
    """Whom intercept and slope are fitted to, and what the parent says of them."""

    target: str
    keys: list[str]
    outcome: Any
    score: Any


def _asked(parent: ModelVersion, cohort: str, snapshot: DatasetSnapshot) -> _Asked:
    rows = snapshot_read(snapshot)
    target = next((t for t in ("rna", "ihc") if rows[f"target_{t}"].notna().any()), None)
    if target is None:
        raise refuse(
            named(cohort),
            say("no phenotype"),
            "hot and cold by RNA or IHC",
            "The score is a probability of the phenotype, not of response.",
            column="cohort",
        )
    known = rows[rows[f"target_{target}"].notna()].reset_index(drop=True)
    score = version_apply(parent, known, cohort)
    return _Asked(target, list(known["pseudonym"]), known[f"target_{target}"].to_numpy(int), score)


def recalibration_again(child: ModelVersion) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Intercept, slope and all that was judged out of fold: what is stored, what comes out now."""
    told = child.content["recalibration"]
    parent = child.parents.get()
    asked = _asked(parent, told["cohort"], child.fitting_snapshot)
    fit = fit_recalibration(asked.outcome, asked.score)
    held_out = estimate_recalibrated(asked.keys, asked.outcome, asked.score, seed=child.run.seed)
    stored = told | {"threshold": child.threshold}
    now = _told(fit, told["cohort"], asked.target) | {"threshold": _threshold(parent, fit)}
    yield "recalibration", (stored, now)
    judged = child.evaluations.get(snapshot=child.fitting_snapshot, basis=Basis.OUT_OF_FOLD)
    again = json.loads(canonical_json(_metrics(child, asked, held_out)))
    yield "recalibrated_evaluation", (judged.metrics, again)
    kept = predicted(child, child.fitting_snapshot, kind=PredictionKind.OUT_OF_FOLD)
    yield (
        "recalibrated_predictions",
        (kept, dict(zip(asked.keys, map(float, held_out), strict=True))),
    )


def _told(fit: RecalibrationFit, cohort: str, target: str) -> dict[str, Any]:
    return {
        "cohort": cohort,
        "target": target,
        "intercept": fit.intercept,
        "slope": fit.slope,
        "n": fit.n,
        "events": fit.events,
    }


def _threshold(parent: ModelVersion, fit: RecalibrationFit) -> float:
    return float(apply_recalibration(fit, [parent.threshold or 0.5])[0])


@transaction.atomic
def _write(
    version: ModelVersion,
    cohort: Cohort,
    snapshot: DatasetSnapshot,
    fit: RecalibrationFit,
    asked: _Asked,
    held_out: Any,
    job: Job | None,
) -> ModelVersion:
    number = next_number(ModelVersion, version.study, kind=VersionKind.RECALIBRATED)
    digest = inputs_digest("recalibration", version.sha256, snapshot.sha256, asked.target)
    earlier = ModelVersion.objects.filter(study=version.study, inputs_digest=digest).first()
    if earlier is not None:
        return earlier
    content = {
        **version.content,
        "recalibration": _told(fit, cohort.name, asked.target),
        "parent": version.sha256,
        "fitted_on": fit.n,
    }
    child = ModelVersion.objects.create(
        study=version.study,
        kind=VersionKind.RECALIBRATED,
        number=number,
        run=version.run,
        fitting_snapshot=snapshot,
        method=version.method,
        file=version.file,
        content=content,
        sha256=json_digest(content),
        produced_by=job,
        inputs_digest=digest,
        threshold=_threshold(version, fit),
    )
    ModelVersionParent.objects.create(study=version.study, version=child, parent=version)
    derivation_record(version.study, [version.sha256, snapshot.sha256], child.sha256, job)
    _judge(child, cohort, asked, held_out, job)
    return child


def _metrics(child: ModelVersion, asked: _Asked, held_out: Any) -> dict[str, Any]:
    run = child.run
    return evaluate_binary(
        asked.keys,
        asked.outcome,
        held_out,
        float(child.threshold or 0.5),
        run.recipe["bootstrap_resamples"],
        run.seed,
    )


def _judge(
    child: ModelVersion, cohort: Cohort, asked: _Asked, held_out: Any, job: Job | None
) -> None:
    metrics, snapshot = _metrics(child, asked, held_out), child.fitting_snapshot
    sha256 = json_digest(metrics)
    Evaluation.objects.create(
        study=child.study,
        version=child,
        snapshot=snapshot,
        cohort=cohort,
        target=asked.target,
        basis=Basis.OUT_OF_FOLD,
        n=metrics["n"],
        metrics=metrics,
        metrics_sha256=sha256,
        looked_at=timezone.now(),
        produced_by=job,
        inputs_digest=inputs_digest(child.sha256, snapshot.sha256, sha256),
    )
    values = dict(zip(asked.keys, held_out, strict=True))
    names = frozen_names(snapshot)
    patients = Patient.objects.filter(pk__in=[pk for pk, name in names.items() if name in values])
    Prediction.objects.bulk_create(
        Prediction(
            version=child,
            patient=p,
            kind=PredictionKind.OUT_OF_FOLD,
            value=float(values[names[p.pk]]),
        )
        for p in patients
    )
