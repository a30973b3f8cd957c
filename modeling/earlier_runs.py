"""A run beside the runs before it: the same cohorts and targets, and what was done otherwise."""

from __future__ import annotations

from typing import Any

from modeling.methods.plan import compare_to_plan
from modeling.models import Basis, Evaluation, ModelRun, RunKind
from modeling.overviews import TARGETS

SHOWN = 4


def beside_earlier(run: ModelRun) -> dict[str, Any] | None:
    """AUC in every cohort of a Rad-Score run and of those before it; nothing when it is the first.

    A difference between runs is told without a test: their patients may be others.
    """
    if run.kind != RunKind.RAD_SCORE:
        return None
    rows = ModelRun.objects.filter(study=run.study, kind=run.kind, pk__lt=run.pk)
    earlier = list(rows.select_related("snapshot").defer("results")[:SHOWN])
    if not earlier:
        return None
    judged = _judged([run, *earlier])
    mine = judged.get(run.pk, {})
    return {
        "runs": [
            {
                "run": one,
                "departures": compare_to_plan(
                    {"recipe": one.recipe, "seed": one.seed}, run.recipe, run.seed
                ),
                "same_rows": one.snapshot_id == run.snapshot_id,
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


def _beside(mine: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any] | None:
    if other is None:
        return None
    return other | {"gain": mine["estimate"] - other["estimate"]}
