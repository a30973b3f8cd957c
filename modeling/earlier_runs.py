"""A run beside the runs before it: the same cohorts and targets, and what was done otherwise."""

from __future__ import annotations

from typing import Any

from modeling.methods.plan import compare_to_plan
from modeling.models import Basis, Evaluation, ModelRun, ModelVersion, RunKind
from modeling.overviews import TARGETS
from modeling.services.nomogram_performance import CORRECTED, headline_numbers
from studies.methods.wording import marked

SHOWN = 4
CORRECTED_WORD = marked("optimism-corrected")


def beside_earlier(run: ModelRun) -> dict[str, Any] | None:
    """AUC (of a nomogram C) in every cohort of a run and of those before it; nothing when it is the
    first of its kind and endpoint.

    A difference between runs is told without a test: their patients may be others.
    """
    if run.kind not in _JUDGED:
        return None
    rows = ModelRun.objects.filter(study=run.study, kind=run.kind, pk__lt=run.pk)
    if run.kind == RunKind.PROGNOSIS:
        rows = rows.filter(recipe__endpoint=run.recipe["endpoint"])
        days = run.recipe.get("landmark_days")
        rows = (
            rows.filter(recipe__landmark_days=days)
            if days
            else rows.exclude(recipe__has_key="landmark_days")
        )
    earlier = list(rows.select_related("snapshot").defer("results")[:SHOWN])
    if not earlier:
        return None
    judged = _JUDGED[run.kind]([run, *earlier])
    mine = judged.get(run.pk, {})
    return {
        "is_survival": run.kind == RunKind.PROGNOSIS,
        "runs": [
            {
                "run": one,
                "departures": compare_to_plan(
                    {"recipe": one.recipe, "seed": one.seed}, run.recipe, run.seed
                ),
                "same_rows": one.snapshot.sha256 == run.snapshot.sha256,
            }
            for one in earlier
        ],
        "rows": [
            {
                "cohort": cohort,
                "target": TARGETS.get(target, target),
                "mine": found,
                "others": [
                    _beside(found, judged.get(one.pk, {}).get((cohort, target))) for one in earlier
                ],
            }
            for (cohort, target), found in mine.items()
        ],
    }


def _judged(runs: list[ModelRun]) -> dict[int, dict[tuple[str, str], dict[str, Any]]]:
    """By run, then cohort and target: the AUC on the run's own snapshot, never the apparent one."""
    rows = (
        Evaluation.objects.filter(version__run__in=runs)
        .exclude(basis=Basis.APPARENT)
        .select_related("cohort", "version")
        .order_by("id")
    )
    snapshots = {run.pk: run.snapshot_id for run in runs}
    found: dict[int, dict[tuple[str, str], dict[str, Any]]] = {}
    for row in rows:
        run = row.version.run_id
        if row.snapshot_id == snapshots[run] and "auc" in row.metrics:
            key = (row.cohort.name, row.target)
            found.setdefault(run, {})[key] = {"n": row.n, **row.metrics["auc"]}
    return found


def _concordances(runs: list[ModelRun]) -> dict[int, dict[tuple[str, str], dict[str, Any]]]:
    """By run, then cohort and what stands there: C, corrected for optimism in training."""
    versions = {v.pk: v for v in ModelVersion.objects.filter(run__in=runs, kind="nomogram")}
    found: dict[int, dict[tuple[str, str], dict[str, Any]]] = {}
    for pk, c in headline_numbers(versions.values()).items():
        if c["basis"] == CORRECTED:
            found[versions[pk].run_id] = {(c["cohort"], CORRECTED_WORD): c | {
                "estimate": c["value"]}}  # fmt: skip
    rows = Evaluation.objects.filter(version__in=versions, basis=Basis.APPLIED)
    told = rows.order_by("id").values_list(
        "version_id", "cohort__name", "target", "n", "metrics__concordance"
    )
    for pk, cohort, target, n, c in told:
        if c and c["value"] is not None:
            mine = found.setdefault(versions[pk].run_id, {})
            mine[cohort, target] = {"n": n, "estimate": c["value"], **c}
    return found


_JUDGED = {RunKind.RAD_SCORE: _judged, RunKind.PROGNOSIS: _concordances}


def _beside(mine: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any] | None:
    if other is None:
        return None
    return other | {"gain": mine["estimate"] - other["estimate"]}
