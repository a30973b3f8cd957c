"""A finished Rad-Score run as rows, all in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from modeling.methods.snapshot_table import write_snapshot_table
from modeling.models import (
    Evaluation,
    ModelRun,
    ModelVersion,
    Prediction,
    PredictionKind,
    RunKind,
    VersionKind,
)
from modeling.selectors import frozen_names
from modeling.services.environment import code_commit, library_versions
from modeling.services.numbering import next_number
from modeling.services.rad_score_state import Fitted, Judged, RadScoreRun
from modeling.storage import json_digest, write_estimator
from studies.models import Cohort, Patient, StoredFile
from studies.services import derivation_record, file_store, file_use, inputs_digest

FORMAT = 1  # of a run's results and of a version's content: another shape, another number


def run_digest(run: RadScoreRun) -> str:
    """All that decides the numbers: the rows, the recipe and the seed."""
    return inputs_digest("rad_score", run.snapshot.sha256, dict(run.recipe.document), run.seed)


def run_results(
    fitted: Fitted,
    comparison: list[dict[str, Any]],
    ablations: list[dict[str, Any]],
    guard: dict[str, Any],
) -> dict[str, Any]:
    """What the run stores of its comparison; ``results_sha256`` is the digest of this."""
    return {
        "format": FORMAT,
        "classifiers": comparison,
        "choice": {
            "classifier": fitted.choice.classifier,
            "rule": fitted.choice.rule,
            "reason": fitted.choice.reason,
        },
        "ablations": ablations,
        "guard": guard,
    }


def predictions_table(run: RadScoreRun, fitted: Fitted) -> bytes:
    """Out-of-fold probabilities of all classifiers, and who was held out together, as Parquet."""
    folds = {f"fold_{i + 1}": fold for i, fold in enumerate(fitted.compared.folds)}
    scores = {name: found.probability for name, found in fitted.compared.results.items()}
    columns = {"pseudonym": run.keys, "target_rna": run.y, **folds, **scores}
    return write_snapshot_table(pd.DataFrame(columns), ["pseudonym"])


def earlier_run(run: RadScoreRun) -> ModelRun | None:
    return ModelRun.objects.filter(study=run.study, inputs_digest=run_digest(run)).first()


@transaction.atomic
def rad_score_write(
    run: RadScoreRun,
    fitted: Fitted,
    results: dict[str, Any],
    judged: Sequence[Judged],
    seconds: float,
) -> ModelRun:
    """Run, version, predictions and evaluations, or nothing; once, whoever else was as far."""
    number = next_number(ModelVersion, run.study, kind=VersionKind.RAD_SCORE)
    earlier = earlier_run(run)
    if earlier is not None:
        return earlier
    record = _record(run, results, _predictions_file(run, fitted), seconds)
    version = _version(run, fitted, record, number)
    Prediction.objects.bulk_create(_predictions(run, fitted, version))
    _evaluations(run, version, judged)
    return record


def _record(
    run: RadScoreRun, results: dict[str, Any], predictions: StoredFile, seconds: float
) -> ModelRun:
    record = ModelRun.objects.create(
        study=run.study,
        kind=RunKind.RAD_SCORE,
        recipe=dict(run.recipe.document),
        snapshot=run.snapshot,
        seed=run.seed,
        threads=run.workers,
        library_versions=library_versions(),
        commit=code_commit(),
        results=results,
        results_sha256=json_digest(results),
        predictions=predictions,
        notices=[notice.as_dict() for notice in run.notices],
        seconds=round(seconds, 3),
        produced_by=run.job,
        inputs_digest=run_digest(run),
    )
    file_use(predictions, record)
    return record


def _predictions_file(run: RadScoreRun, fitted: Fitted) -> StoredFile:
    data = predictions_table(run, fitted)
    return file_store(run.study, data, "out_of_fold", "out-of-fold.parquet")


def _version(run: RadScoreRun, fitted: Fitted, record: ModelRun, number: int) -> ModelVersion:
    stored = file_store(
        run.study, write_estimator(fitted.pipeline), "estimator", f"rad-score-{number}.skops"
    )
    version = ModelVersion.objects.create(
        study=run.study,
        kind=VersionKind.RAD_SCORE,
        number=number,
        run=record,
        fitting_snapshot=run.snapshot,
        method=fitted.choice.classifier,
        file=stored,
        content={
            "format": FORMAT,
            "features": run.names,
            "target": "rna",
            "parameters": fitted.chosen_parameters,
            "positive": "immune-enhanced (hot)",
            "fitted_on": len(run.keys),
            **({"harmonise": run.harmonise.as_dict()} if run.harmonise else {}),
        },
        sha256=stored.sha256,
        threshold=fitted.threshold,
        produced_by=run.job,
        inputs_digest=record.inputs_digest,
    )
    file_use(stored, version)
    derivation_record(run.study, [run.snapshot.sha256], version.sha256, run.job)
    return version


def _predictions(run: RadScoreRun, fitted: Fitted, version: ModelVersion) -> Iterator[Prediction]:
    """One per patient: out of fold where fitted, applied elsewhere."""
    elsewhere = zip(run.elsewhere["pseudonym"], fitted.applied, strict=True)
    here = zip(run.keys, fitted.out_of_fold, strict=True)
    values = {key: (PredictionKind.APPLIED, value) for key, value in elsewhere}
    values |= {key: (PredictionKind.OUT_OF_FOLD, value) for key, value in here}
    names = frozen_names(run.snapshot)
    known = [pk for pk, name in names.items() if name in values]
    for patient in Patient.objects.filter(pk__in=known):
        kind, value = values[names[patient.pk]]
        yield Prediction(version=version, patient=patient, kind=kind, value=float(value))


def _evaluations(run: RadScoreRun, version: ModelVersion, judged: Sequence[Judged]) -> None:
    cohorts = {cohort.name: cohort for cohort in Cohort.objects.filter(study=run.study)}
    looked_at = timezone.now()
    for part in judged:
        sha256 = json_digest(part.metrics)
        Evaluation.objects.create(
            study=run.study,
            version=version,
            snapshot=run.snapshot,
            cohort=cohorts[part.cohort],
            target=part.target,
            basis=part.basis,
            n=part.metrics["n"],
            metrics=part.metrics,
            metrics_sha256=sha256,
            looked_at=looked_at,
            produced_by=run.job,
            inputs_digest=inputs_digest(version.sha256, run.snapshot.sha256, sha256),
        )
