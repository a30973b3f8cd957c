"""A frozen version shown on a validating cohort: a record with a date, and one look more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from modeling.methods.binary_evaluation import evaluate_binary
from modeling.methods.scanner_plan import (
    SCANNERS,
    ScannerPlan,
    group_said,
    rule_said,
    unseen_groups,
)
from modeling.models import (
    Basis,
    DatasetSnapshot,
    Evaluation,
    ModelVersion,
    Prediction,
    PredictionKind,
)
from modeling.selectors import frozen_names, look_numbers
from modeling.services.look_guard import look_refuse
from modeling.services.rad_score_guard import cuts_refuse
from modeling.services.snapshots import snapshot_read
from modeling.services.version_applying import (
    PURPOSE,
    check_rad_score,
    cohort_freeze,
    harmonised_by,
    root_of,
    targets_with_both_classes,
    version_apply,
)
from modeling.services.version_life import ancestry_of
from modeling.storage import canonical_json, json_digest
from studies.jobs import Progress, no_progress
from studies.methods.problems import refuse
from studies.methods.wording import marked, named, say
from studies.models import Cohort, CohortUse, Job, Patient, Study
from studies.services import inputs_digest


def cohort_named(study: Study, name: str) -> Cohort:
    """The cohort of that name.

    Raises
    ------
    DataProblem
        There is none.
    """
    found = Cohort.objects.filter(study=study, name=name).first()
    if found is None:
        known = ", ".join(Cohort.objects.filter(study=study).values_list("name", flat=True))
        raise refuse(
            "cohort",
            name or "none",
            say("one of {known}", known=known),
            "Name a cohort.",
            column="cohort",
        )
    return found


def version_validate(
    version: ModelVersion, cohort: Cohort, progress: Progress = no_progress, job: Job | None = None
) -> list[Evaluation]:
    """Freeze a validating cohort as it stands, apply the frozen version, and judge it.

    The same rows again give the evaluations there are: nothing new was seen.

    Raises
    ------
    DataProblem
        A nomogram; a cohort that does not validate, or that anything of the version's ancestry
        was fitted to; nobody with what the version reads; what ``look_refuse`` finds; one class
        only.
    """
    check_rad_score(version)
    _check_cohort(version, cohort)
    progress(0, 3, marked("Freezing the cohort"))
    snapshot = cohort_freeze(version, cohort, job)
    earlier = list(version.evaluations.filter(snapshot=snapshot, cohort=cohort))
    if earlier:
        return earlier
    cuts_refuse(snapshot)
    rows = snapshot_read(snapshot)
    look_refuse(version, snapshot, rows)
    progress(1, 3, marked("Applying the version"))
    score = version_apply(version, rows, cohort.name)
    targets = targets_with_both_classes(rows, snapshot.targets[cohort.name])
    if not targets:
        raise refuse(
            named(cohort.name),
            say("patients of one class only"),
            "both classes of a target",
            "Wait for more patients: nothing can be judged yet.",
        )
    progress(2, 3, marked("Judging"))
    metrics = {t: _metrics(version, rows, score, t) for t in targets}
    return _write(version, cohort, snapshot, rows, score, metrics, job)


def _check_cohort(version: ModelVersion, cohort: Cohort) -> None:
    if cohort.use != CohortUse.VALIDATION:
        raise refuse(
            named(cohort.name),
            say("a cohort for {use}", use=cohort.use),
            "a validating cohort",
            "Choose a cohort that nothing is fitted to.",
            column="cohort",
        )
    fitted = {(v.content.get("recalibration") or {}).get("cohort") for v in ancestry_of(version)}
    if cohort.name in fitted:
        raise refuse(
            named(cohort.name),
            say("what {version} was recalibrated to", version=version),
            "another cohort",
            "A version is not validated where it was set right.",
            column="cohort",
        )


def _metrics(version: ModelVersion, rows: Any, score: Any, target: str) -> dict[str, Any]:
    known = rows[f"target_{target}"].notna().to_numpy()
    run = root_of(version).run
    found = evaluate_binary(
        list(rows.loc[known, "pseudonym"]),
        rows.loc[known, f"target_{target}"].astype(int),
        score[known],
        float(version.threshold or 0.5),
        run.recipe["bootstrap_resamples"],
        run.seed,
    )
    plan = harmonised_by(version)
    return found if plan is None else found | {"unseen_scanners": _unseen(plan, rows[known])}


def _unseen(plan: ScannerPlan, rows: Any) -> list[dict[str, Any]]:
    """Patients on scanners that training did not have, and what became of them."""
    return [
        {
            "modality": SCANNERS[column],
            "group": group_said(group),
            "n": n,
            "rule": rule_said(plan, column),
        }
        for column, counts in unseen_groups(plan, rows).items()
        for group, n in sorted(counts.items())
    ]


def validations_again(
    version: ModelVersion, apply: Callable[[Any], Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metrics of every later look at a cohort: what is stored, and what ``apply`` gives now.

    ``apply`` takes the frozen rows and gives probabilities.
    """
    stored, now = {}, {}
    looks = version.evaluations.filter(basis=Basis.APPLIED, snapshot__question__purpose=PURPOSE)
    for look in looks.select_related("snapshot__table", "snapshot__study"):
        place = f"frozen table {look.snapshot.number}, {look.target}"
        rows = snapshot_read(look.snapshot)
        score = apply(rows)
        stored[place] = look.metrics
        now[place] = json.loads(canonical_json(_metrics(version, rows, score, look.target)))
    return stored, now


@transaction.atomic
def _write(
    version: ModelVersion,
    cohort: Cohort,
    snapshot: DatasetSnapshot,
    rows: Any,
    score: Any,
    metrics: dict[str, dict[str, Any]],
    job: Job | None,
) -> list[Evaluation]:
    now = timezone.now()
    written = []
    for target, found in metrics.items():
        sha256 = json_digest(found)
        row, _ = Evaluation.objects.get_or_create(
            version=version,
            snapshot=snapshot,
            cohort=cohort,
            target=target,
            basis=Basis.APPLIED,
            defaults={
                "study": version.study,
                "n": found["n"],
                "metrics": found,
                "metrics_sha256": sha256,
                "looked_at": now,
                "produced_by": job,
                "inputs_digest": inputs_digest(version.sha256, snapshot.sha256, sha256),
            },
        )
        written.append(row)
    _predictions(version, snapshot, rows, score)
    return written


def _predictions(version: ModelVersion, snapshot: DatasetSnapshot, rows: Any, score: Any) -> None:
    """Of patients the version has said nothing of yet; what it said stands."""
    values = dict(zip(rows["pseudonym"], score, strict=True))
    told = set(version.predictions.values_list("patient_id", flat=True))
    names = frozen_names(snapshot)
    new = Patient.objects.filter(pk__in=set(names) - told)
    Prediction.objects.bulk_create(
        Prediction(
            version=version,
            patient=p,
            kind=PredictionKind.APPLIED,
            value=float(values[names[p.pk]]),
        )
        for p in new
        if names[p.pk] in values
    )


def looks_said(evaluations: list[Evaluation]) -> str:
    """``third evaluation on this cohort``, for a job's result."""
    if not evaluations:
        return ""
    number = look_numbers(evaluations[0].study).get(evaluations[0].pk, 0)
    return f"{ordinal(number)} evaluation on this cohort"


def ordinal(number: int) -> str:
    words = (
        "",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
    )
    return words[number] if 0 < number < len(words) else f"{number}th"
