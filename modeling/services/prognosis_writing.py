"""A prognosis run as rows: snapshots first, then run, version, evaluations, predictions at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.utils import timezone

from modeling.methods.prognosis import PrognosisFit
from modeling.methods.prognosis_plan import PrognosisPlan
from modeling.methods.snapshot_table import digest_table, write_snapshot_table
from modeling.models import (
    Basis,
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    ModelVersionParent,
    Prediction,
    PredictionKind,
    Quantity,
    RunKind,
    SnapshotMember,
    VersionKind,
)
from modeling.selectors import frozen_left_out
from modeling.services.environment import code_commit, library_versions
from modeling.services.numbering import next_number
from modeling.services.prognosis_choice import PrognosisChoice
from modeling.services.prognosis_endpoints import landmark_of, landmark_told
from modeling.services.prognosis_metrics import (
    FORMAT,
    cox_table,
    json_ready,
    lasso_results,
    nomogram_content,
)
from modeling.services.prognosis_rows import KEY, run_digest
from modeling.storage import json_digest
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say
from studies.models import Job, Patient, Study
from studies.services import derivation_record, file_store, file_use, inputs_digest

NAMES = ("saved", "asks")  # of a question: how it is called, and its words


@dataclass
class PrognosisRun:
    """What is decided before anything is fitted; notices gather on the way.

    Everything is computed from the rows of the frozen ``table``.
    """

    study: Study
    endpoint: str
    seed: int
    job: Job | None
    rad_score: ModelVersion
    plan: PrognosisPlan
    headline: float
    cut: float
    table: DatasetSnapshot
    cohorts: tuple[str, ...] = ()  # judged in; none stands for all
    notices: list[Notice] = field(default_factory=list)

    @property
    def landmark_days(self) -> int:
        return landmark_of(self.table.question)


@dataclass(frozen=True)
class Predicted:
    """What the nomogram says of patients, in their order."""

    patient_ids: list[int]
    linear_predictor: np.ndarray
    survival: np.ndarray


@dataclass(frozen=True)
class JudgedCohort:
    """One cohort's metrics: of the nomogram, or (nothing predicted) of the Rad-Score alone."""

    cohort_id: int
    snapshot: DatasetSnapshot
    development: bool
    metrics: dict[str, Any]
    predicted: Predicted | None = None


def rows_freeze(
    run: PrognosisRun,
    purpose: str,
    rows: pd.DataFrame,
    left_out: pd.DataFrame,
    columns: Sequence[str],
) -> DatasetSnapshot:
    """Snapshot of the complete rows, with everybody else listed and why."""
    if rows.empty:
        raise refuse(
            say("Prognosis"),
            say("nobody with complete data ({n} left out)", n=len(left_out)),
            "complete patients",
            "Look at the reasons in the patients' records.",
        )
    kept = [*KEY, "rad_score_kind", *columns, "duration_months", "event"]
    rows = rows.astype(dict.fromkeys({"response"} & set(rows), object))
    rows = rows.where(rows.notna(), None) if "response" in columns else rows
    data = write_snapshot_table(rows[list(dict.fromkeys(kept))], KEY)
    sha256 = digest_table(data)
    question = {
        "purpose": f"prognosis_{purpose}",
        "endpoint": run.endpoint,
        "cohorts": sorted(set(rows["cohort"])),
        "columns": list(columns),
        "missing": "complete_case",
        "rad_score": str(run.rad_score.uid),
        **_own_among(columns, run.table.question),
        **landmark_told(run.landmark_days),
    }
    reasons = sorted(left_out[[*KEY, "reason"]].agg("|".join, axis=1)) if len(left_out) else []
    named = sorted({*rows["cohort"], *left_out.get("cohort", ())})
    cohorts = {name: run.table.cohorts[name] for name in named}  # as they were then
    digest = inputs_digest(question, cohorts, sha256, reasons)
    earlier = DatasetSnapshot.objects.filter(study=run.study, inputs_digest=digest).first()
    if earlier is not None:
        derivation_record(run.study, [run.table.sha256], sha256, run.job)
        return earlier
    with transaction.atomic():
        stored = file_store(run.study, data, "snapshot", f"snapshot-{sha256[:12]}.parquet")
        snapshot = DatasetSnapshot.objects.create(
            study=run.study,
            number=next_number(DatasetSnapshot, run.study),
            question=question,
            targets=dict.fromkeys(question["cohorts"], run.endpoint),
            cohorts=cohorts,
            table=stored,
            sha256=sha256,
            columns=list(columns),
            notices=_missing_notices(rows, left_out),
            frozen_at=timezone.now(),
            produced_by=run.job,
            inputs_digest=digest,
        )
        file_use(stored, snapshot)
        SnapshotMember.objects.bulk_create(_members(snapshot, rows, left_out))
        derivation_record(run.study, [run.rad_score.sha256, run.table.sha256], sha256, run.job)
    return snapshot


def _own_among(columns: Sequence[str], question: Mapping[str, Any]) -> dict[str, Any]:
    """What the table tells of the study's own columns; no key where there is none."""
    own = {name: told for name, told in question.get("own", {}).items() if name in columns}
    return {"own": own} if own else {}


def _members(
    snapshot: DatasetSnapshot, rows: pd.DataFrame, left_out: pd.DataFrame
) -> Iterator[SnapshotMember]:
    everybody = pd.concat([rows.assign(reason=""), left_out])
    patients = Patient.objects.in_bulk(everybody["patient_id"].tolist())
    for row in everybody.itertuples():
        yield SnapshotMember(
            snapshot=snapshot,
            patient=patients[row.patient_id],
            cohort_id=row.cohort_id,
            pseudonym=row.pseudonym,
            included=not row.reason,
            reason=row.reason[:300],
        )


def _missing_notices(rows: pd.DataFrame, left_out: pd.DataFrame) -> list[dict[str, str]]:
    text = say("complete case: {n} included, {out} left out", n=len(rows), out=len(left_out))
    return [Notice("complete_case", text).as_dict()] if len(left_out) else []


def _run_digest(run: PrognosisRun, fitting: DatasetSnapshot) -> str:
    table = table_digest(run.table)
    return run_digest(fitting, table, run.rad_score, run.seed, prognosis_recipe(run))


def table_digest(table: DatasetSnapshot) -> str:
    """Of a question's frozen rows, of who is out and why, and of what was asked under any name."""
    asked = {key: told for key, told in table.question.items() if key not in NAMES}
    out = frozen_left_out(table)[[*KEY, "reason"]]
    return inputs_digest(asked, table.sha256, sorted(map("|".join, out.itertuples(index=False))))


def prognosis_recipe(choice: PrognosisChoice | PrognosisRun) -> dict[str, Any]:
    """What is as usual is left out, so that a run of before there was a choice is the same run."""
    usual = {"selection": "lasso", "splines": [], "penalty": "none"}
    plan = json.loads(json.dumps(asdict(choice.plan)))
    plan = {name: value for name, value in plan.items() if usual.get(name, ...) != value}
    cohorts = {"cohorts": list(choice.cohorts)} if choice.cohorts else {}
    return {
        "endpoint": choice.endpoint, "plan": plan, "headline_months": choice.headline, **cohorts,
        **landmark_told(choice.landmark_days),
    }  # fmt: skip


def earlier_run(run: PrognosisRun, fitting: DatasetSnapshot) -> ModelRun | None:
    found = ModelRun.objects.filter(study=run.study, inputs_digest=_run_digest(run, fitting))
    return found.first()


@transaction.atomic
def run_write(
    run: PrognosisRun,
    fit: PrognosisFit,
    fitting: DatasetSnapshot,
    judged: Sequence[JudgedCohort],
    extra: dict[str, Any],
    seconds: float,
) -> ModelRun:
    """Everything of a finished run, or nothing; once, whoever else was as far."""
    number = next_number(ModelVersion, run.study, kind=VersionKind.NOMOGRAM)
    earlier = earlier_run(run, fitting)
    if earlier is not None:
        return earlier
    record = _record(run, fit, fitting, extra, seconds)
    version = _version(run, fit, fitting, record, number)
    looked_at = timezone.now()
    for part in judged:
        _evaluation(run, part, version, looked_at)
    Prediction.objects.bulk_create(_predictions(version, fit, judged))
    parents = [fitting.sha256, run.rad_score.sha256]
    derivation_record(run.study, parents, version.sha256, run.job)
    return record


def _record(
    run: PrognosisRun,
    fit: PrognosisFit,
    fitting: DatasetSnapshot,
    extra: dict[str, Any],
    seconds: float,
) -> ModelRun:
    results = {**prognosis_results(run, fit), **extra}
    return ModelRun.objects.create(
        study=run.study,
        kind=RunKind.PROGNOSIS,
        recipe=prognosis_recipe(run),
        snapshot=run.table,
        seed=run.seed,
        threads=1,
        library_versions=library_versions(),
        commit=code_commit(),
        results=results,
        results_sha256=json_digest(results),
        notices=[notice.as_dict() for notice in (*fit.notices, *run.notices)],
        seconds=round(seconds, 3),
        produced_by=run.job,
        inputs_digest=_run_digest(run, fitting),
    )


def prognosis_results(run: PrognosisRun, fit: PrognosisFit) -> dict[str, Any]:
    """What the run stores that belongs to no cohort."""
    return {
        "format": FORMAT,
        "lasso": lasso_results(fit),
        "cox": json_ready(cox_table(fit.cox)),
        "proportional_hazards": _hazards(fit),
        "rad_score_cut": run.cut,
    }


def version_content(run: PrognosisRun, fit: PrognosisFit) -> dict[str, Any]:
    """The nomogram as data."""
    content = nomogram_content(fit, run.endpoint, run.table.question.get("own", {}))
    return content | {"rad_score_cut": run.cut, **landmark_told(run.landmark_days)}


def basis_of(part: JudgedCohort) -> Basis:
    """A model's own patients are apparent to a nomogram, and out of fold to a Rad-Score."""
    own = Basis.OUT_OF_FOLD if part.predicted is None else Basis.APPARENT
    return own if part.development else Basis.APPLIED


def _hazards(fit: PrognosisFit) -> list[dict[str, Any]]:
    if fit.hazards is None:
        return []
    test = fit.hazards
    return [
        {"term": term, "statistic": float(s), "degrees_of_freedom": d, "p_value": float(p)}
        for term, s, d, p in zip(
            test.terms, test.statistic, test.degrees_of_freedom, test.p_value, strict=True
        )
    ]


def _version(
    run: PrognosisRun, fit: PrognosisFit, fitting: DatasetSnapshot, record: ModelRun, number: int
) -> ModelVersion:
    content = version_content(run, fit)
    version = ModelVersion.objects.create(
        study=run.study,
        kind=VersionKind.NOMOGRAM,
        number=number,
        run=record,
        fitting_snapshot=fitting,
        method=method_of(run.plan),
        endpoint=run.endpoint,
        content=content,
        sha256=json_digest(content),
        produced_by=run.job,
        inputs_digest=record.inputs_digest,
    )
    ModelVersionParent.objects.create(study=run.study, version=version, parent=run.rad_score)
    return version


def method_of(plan: PrognosisPlan) -> str:
    """As a version's record names it."""
    fit = "Cox, Firth's likelihood" if plan.penalty == "firth" else "Cox, Efron ties"
    lasso = plan.selection == "lasso"
    return f"{fit}, {'LASSO-chosen' if lasso else 'fixed'} clinical columns"


def _evaluation(
    run: PrognosisRun, part: JudgedCohort, nomogram: ModelVersion, looked_at: datetime
) -> None:
    version = run.rad_score if part.predicted is None else nomogram
    sha256 = json_digest(part.metrics)
    Evaluation.objects.get_or_create(
        study=run.study,
        version=version,
        snapshot=part.snapshot,
        cohort_id=part.cohort_id,
        target=run.endpoint,
        basis=basis_of(part),
        defaults={
            "n": part.metrics["n"],
            "metrics": part.metrics,
            "metrics_sha256": sha256,
            "looked_at": looked_at,
            "produced_by": run.job,
            "inputs_digest": inputs_digest(version.sha256, part.snapshot.sha256, sha256),
        },
    )


def _predictions(
    version: ModelVersion, fit: PrognosisFit, judged: Sequence[JudgedCohort]
) -> Iterator[Prediction]:
    """Linear predictor and survival of patients the model was not fitted to, each once."""
    seen: set[int] = set()
    for part in judged:
        if part.development or part.predicted is None:
            continue
        patients = Patient.objects.in_bulk(part.predicted.patient_ids)
        for k, patient_id in enumerate(part.predicted.patient_ids):
            if patient_id not in seen:
                seen.add(patient_id)
                yield from _patient(version, fit, patients[patient_id], part.predicted, k)


def _patient(
    version: ModelVersion, fit: PrognosisFit, patient: Patient, predicted: Predicted, k: int
) -> Iterator[Prediction]:
    lp = predicted.linear_predictor[k]
    yield _prediction(version, patient, Quantity.LINEAR_PREDICTOR, lp)
    for j, months in enumerate(fit.nomogram.times):
        survival = predicted.survival[k, j]
        yield _prediction(version, patient, Quantity.SURVIVAL, survival, months)


def _prediction(
    version: ModelVersion,
    patient: Patient,
    quantity: Quantity,
    value: float,
    months: float | None = None,
) -> Prediction:
    return Prediction(
        version=version,
        patient=patient,
        kind=PredictionKind.APPLIED,
        quantity=quantity,
        value=float(value),
        horizon_months=months,
    )
