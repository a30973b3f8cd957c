"""A prognosis computed again from its frozen rows: what is stored beside what comes out now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from modeling.methods.prognosis import PrognosisFit
from modeling.methods.prognosis_plan import PrognosisPlan
from modeling.methods.snapshot_table import read_snapshot_table, write_snapshot_table
from modeling.models import (
    DatasetSnapshot,
    Evaluation,
    ModelVersion,
    Quantity,
)
from modeling.selectors import frozen_keys
from modeling.services.prognosis import cohorts_judge, cut_of, prognosis_fit, scores_judge
from modeling.services.prognosis_asking import dossier_compute
from modeling.services.prognosis_question import PURPOSE
from modeling.services.prognosis_rows import KEY
from modeling.services.prognosis_table2 import table2_asked
from modeling.services.prognosis_writing import (
    JudgedCohort,
    PrognosisRun,
    basis_of,
    prognosis_results,
    version_content,
)
from modeling.services.snapshots import prognosis_rows_frozen, snapshot_read
from modeling.storage import canonical_json
from studies.models import CohortUse

Part = tuple[str, tuple[Any, Any]]


def prognosis_again(version: ModelVersion) -> Iterator[Part]:
    """Per part: what is stored, and what came out now.

    Raises
    ------
    DataProblem
        Rows that are gone, and what the fit refuses.
    """
    run = _run_of(version)
    if run.table.question.get("purpose") == PURPOSE:
        yield "rows", _fitting_rows(version, run)
    fit = prognosis_fit(run, _rows(version.fitting_snapshot))
    stored = version.run.results
    now = prognosis_results(run, fit) | _asked(version, run, fit)
    yield "results", (stored, _as_stored(now))
    yield "nomogram", (version.content, _as_stored(version_content(run, fit)))
    evaluations = _evaluations(version, "prognosis_judge")
    judged = [
        part
        for snapshot in _snapshots(evaluations)
        for part in cohorts_judge(run, fit, _rows(snapshot), snapshot)
    ]
    yield "evaluations", _metrics(evaluations, judged)
    yield "predictions", (_stored_predictions(version), _predictions(fit, judged))
    alone = _of_the_score(version)
    if alone:
        again = [
            part
            for snapshot in _snapshots(alone)
            for part in scores_judge(run, _rows(snapshot), snapshot)
        ]
        yield "rad_score_alone", _metrics(alone, again)


def _fitting_rows(version: ModelVersion, run: PrognosisRun) -> tuple[Any, Any]:
    """The rows that were fitted to, and the same taken out of the frozen table again."""
    stored = snapshot_read(version.fitting_snapshot)
    rows = prognosis_rows_frozen(run.table).only(run.cohorts)
    columns = [*run.plan.always, *run.plan.candidates]
    found, _ = rows.split(columns, rows.table["use"] == CohortUse.DEVELOPMENT)
    now = read_snapshot_table(write_snapshot_table(found[list(stored.columns)], KEY))
    return stored.to_dict("list"), now.to_dict("list")


def _asked(version: ModelVersion, run: PrognosisRun, fit: PrognosisFit) -> dict[str, Any]:
    """Optimism, added value and Table 2 again; nothing of a run from before they were kept."""
    stored = version.run.results.get("table_2")
    judged = _snapshots(_evaluations(version, "prognosis_judge"))
    if stored is None or not judged:
        return {}
    fitted = _rows(version.fitting_snapshot)
    asked = dossier_compute(run, fit, fitted, _rows(judged[0]))
    tabled = DatasetSnapshot.objects.get(study=version.study, uid=stored["snapshot"])
    tables = table2_asked(_rows(tabled), run.endpoint, run.plan)
    tables = list(map(_as_kept, stored["tables"], tables))
    return asked | {"table_2": {"snapshot": stored["snapshot"], "tables": tables}}


def _as_kept(stored: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """A run of before the separated columns were named has no such names to compare."""
    return {key: value for key, value in now.items() if key != "separated" or key in stored}


def _run_of(version: ModelVersion) -> PrognosisRun:
    """As it was decided before the fit, out of the record."""
    recipe, rad_score = version.run.recipe, version.parents.get()
    told = {name: _tuples(value) for name, value in recipe["plan"].items()}
    return PrognosisRun(
        version.study, recipe["endpoint"], version.run.seed, None, rad_score,
        PrognosisPlan(**told), recipe["headline_months"], cut_of(rad_score), version.run.snapshot,
        tuple(recipe.get("cohorts", ())),
    )  # fmt: skip


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tuples(part) for name, part in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _rows(snapshot: DatasetSnapshot) -> pd.DataFrame:
    """The frozen rows, with the keys of patients and cohorts and the use each cohort had."""
    return snapshot_read(snapshot).merge(
        frozen_keys(snapshot), on=["cohort", "pseudonym"], how="left", validate="1:1"
    )


def snapshots_behind(version: ModelVersion) -> list[DatasetSnapshot]:
    """The frozen rows that a nomogram was asked of, fitted to and judged on."""
    judged = _snapshots(_evaluations(version, "prognosis_judge"))
    behind = version.run.snapshot, version.fitting_snapshot, *judged
    return list({s.pk: s for s in behind}.values())


def _evaluations(version: ModelVersion, purpose: str) -> list[Evaluation]:
    rows = version.evaluations.filter(snapshot__question__purpose=purpose)
    return list(rows.select_related("snapshot__table", "snapshot__study", "cohort"))


def _of_the_score(version: ModelVersion) -> list[Evaluation]:
    """Of the Rad-Score alone, as far as this run's job wrote them."""
    if version.produced_by_id is None:
        return []
    found = _evaluations(version.parents.get(), "prognosis_rad_score")
    return [
        e for e in found
        if e.produced_by_id == version.produced_by_id and e.target == version.endpoint
    ]  # fmt: skip


def _snapshots(evaluations: list[Evaluation]) -> list[DatasetSnapshot]:
    return list({e.snapshot_id: e.snapshot for e in evaluations}.values())


def _metrics(evaluations: list[Evaluation], judged: list[JudgedCohort]) -> tuple[Any, Any]:
    stored = {f"{e.snapshot.number}, {e.cohort_id}, {e.basis}": e.metrics for e in evaluations}
    now = {
        f"{part.snapshot.number}, {part.cohort_id}, {basis_of(part)}": _as_stored(part.metrics)
        for part in judged
    }
    return stored, now


def _stored_predictions(version: ModelVersion) -> dict[str, float]:
    rows = version.predictions.values_list("patient_id", "quantity", "horizon_months", "value")
    return {_place(*row[:3]): row[3] for row in rows}


def _predictions(fit: PrognosisFit, judged: list[JudgedCohort]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in judged:
        if part.development or part.predicted is None:
            continue
        for k, patient in enumerate(part.predicted.patient_ids):
            lp = float(part.predicted.linear_predictor[k])
            found.setdefault(_place(patient, Quantity.LINEAR_PREDICTOR, None), lp)
            for j, months in enumerate(fit.nomogram.times):
                survival = float(part.predicted.survival[k, j])
                found.setdefault(_place(patient, Quantity.SURVIVAL, months), survival)
    return found


def _place(patient: int, quantity: str, months: float | None) -> str:
    return f"{patient}, {Quantity(quantity).value}, {'' if months is None else float(months)}"


def _as_stored(content: Any) -> Any:
    """As the database gives it back: tuples are lists, keys are texts."""
    return json.loads(canonical_json(content))
