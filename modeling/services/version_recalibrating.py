"""A Rad-Score set right for one cohort: a child version, never a change."""

from __future__ import annotations

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
from modeling.services.numbering import next_number
from modeling.services.snapshots import snapshot_read
from modeling.services.version_applying import (
    check_rad_score,
    cohort_freeze,
    root_of,
    version_apply,
)
from modeling.storage import json_digest
from studies.jobs import Progress, no_progress
from studies.methods.problems import refuse
from studies.methods.wording import say
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
        a slope of 0 or less.
    """
    check_rad_score(version)
    if version.kind == VersionKind.RECALIBRATED:
        raise refuse(
            str(version),
            "a recalibrated version",
            "the version it was made from",
            "Recalibrate that one: recalibrations do not pile up.",
        )
    if cohort.use != CohortUse.VALIDATION:
        raise refuse(
            cohort.name,
            say("a cohort for {use}", use=cohort.use),
            "another cohort than training",
            "Choose the cohort of the new site.",
            column="cohort",
        )
    progress(0, 2, "Freezing the cohort")
    snapshot = cohort_freeze(version, cohort, job)
    rows = snapshot_read(snapshot)
    target = next((t for t in ("rna", "ihc") if rows[f"target_{t}"].notna().any()), None)
    if target is None:
        raise refuse(
            cohort.name,
            "no phenotype",
            "hot and cold by RNA or IHC",
            "The score is a probability of the phenotype, not of response.",
            column="cohort",
        )
    known = rows[rows[f"target_{target}"].notna()].reset_index(drop=True)
    score = version_apply(version, known[root_of(version).content["features"]])
    outcome = known[f"target_{target}"].to_numpy(int)
    progress(1, 2, "Fitting intercept and slope")
    fit = fit_recalibration(outcome, score)
    keys = list(known["pseudonym"])
    held_out = estimate_recalibrated(keys, outcome, score, seed=version.run.seed)
    return _write(version, cohort, snapshot, fit, target, keys, outcome, held_out, job)


@transaction.atomic
def _write(
    version: ModelVersion,
    cohort: Cohort,
    snapshot: DatasetSnapshot,
    fit: RecalibrationFit,
    target: str,
    keys: list[str],
    outcome: Any,
    held_out: Any,
    job: Job | None,
) -> ModelVersion:
    number = next_number(ModelVersion, version.study, kind=VersionKind.RECALIBRATED)
    digest = inputs_digest("recalibration", version.sha256, snapshot.sha256, target)
    earlier = ModelVersion.objects.filter(study=version.study, inputs_digest=digest).first()
    if earlier is not None:
        return earlier
    recalibration = {
        "cohort": cohort.name,
        "target": target,
        "intercept": fit.intercept,
        "slope": fit.slope,
        "n": fit.n,
        "events": fit.events,
    }
    content = {
        **version.content,
        "recalibration": recalibration,
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
        threshold=float(apply_recalibration(fit, [version.threshold or 0.5])[0]),
    )
    ModelVersionParent.objects.create(study=version.study, version=child, parent=version)
    derivation_record(version.study, [version.sha256, snapshot.sha256], child.sha256, job)
    _judge(child, cohort, snapshot, target, keys, outcome, held_out, job)
    return child


def _judge(
    child: ModelVersion,
    cohort: Cohort,
    snapshot: DatasetSnapshot,
    target: str,
    keys: list[str],
    outcome: Any,
    held_out: Any,
    job: Job | None,
) -> None:
    run = child.run
    metrics = evaluate_binary(
        keys,
        outcome,
        held_out,
        float(child.threshold or 0.5),
        run.recipe["bootstrap_resamples"],
        run.seed,
    )
    sha256 = json_digest(metrics)
    Evaluation.objects.create(
        study=child.study,
        version=child,
        snapshot=snapshot,
        cohort=cohort,
        target=target,
        basis=Basis.OUT_OF_FOLD,
        n=metrics["n"],
        metrics=metrics,
        metrics_sha256=sha256,
        looked_at=timezone.now(),
        produced_by=job,
        inputs_digest=inputs_digest(child.sha256, snapshot.sha256, sha256),
    )
    values = dict(zip(keys, held_out, strict=True))
    patients = Patient.objects.filter(study=child.study, pseudonym__in=values)
    Prediction.objects.bulk_create(
        Prediction(
            version=child,
            patient=p,
            kind=PredictionKind.OUT_OF_FOLD,
            value=float(values[p.pseudonym]),
        )
        for p in patients
    )
