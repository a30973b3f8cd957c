"""Other columns on the same folds: PET only, CT only, volume, SUVmax, MTV, shuffled voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.ablation import CONTROL, SINGLE, Ablation, estimate_ablation
from modeling.methods.auc import compare_auc_paired, estimate_auc
from modeling.methods.parallel import run_tasks
from modeling.services.rad_score_shares import fits_runner
from modeling.services.rad_score_state import Fitted, RadScoreRun
from studies.methods.problems import Notice
from studies.methods.wording import marked, say

SHUFFLED = "shuffled_voxels"
TITLES = {
    "pet_only": marked("PET only"),
    "ct_only": marked("CT only"),
    "volume_only": marked("Volume only"),
    "suv_max_only": marked("SUVmax only"),
    "mtv_only": marked("MTV only"),
    "shuffled_voxels": marked("Voxels shuffled inside the region"),
}


def ablations_judge(run: RadScoreRun, fitted: Fitted, progress: Any) -> list[dict[str, Any]]:
    """AUC of each ablation per cohort and target, beside the Rad-Score's on the same patients."""
    asked = [name for name in run.recipe.document["ablations"] if _measured(run, name)]
    rows = []
    for number, name in enumerate(asked):
        said = say("For comparison: {what}", what=say(TITLES[name]))

        def report(
            done: int, total: int, message: str, number: int = number, said: str = said
        ) -> None:
            progress(number + done / max(total, 1), len(asked), said)

        found = _estimate(run, fitted, name, report)
        rows.append({
            "name": name,
            "title": TITLES[name],
            "classifier": found.classifier,
            "columns": found.columns,
            "cohorts": _cohorts(run, fitted, found),
        })  # fmt: skip
    return rows


def _measured(run: RadScoreRun, name: str) -> bool:
    """An ablation on a column that somebody lacks is left out, and that is said."""
    column = SINGLE.get(name)
    if column is None:
        return name != SHUFFLED or _has_control(run)
    gaps = sum(int(rows[column].isna().sum()) for rows in (run.fitting, run.elsewhere))
    if gaps:
        run.notices.append(
            Notice(
                "ablation_left_out",
                say(
                    "{titles}: {gaps} patients have no {column}.",
                    titles=TITLES[name],
                    gaps=gaps,
                    column=column,
                ),
            )
        )
    return gaps == 0


def _has_control(run: RadScoreRun) -> bool:
    if _control(run):
        return True
    run.notices.append(
        Notice(
            "ablation_left_out",
            say(
                "{titles}: not extracted for everybody with features (Extract features, "
                "control: beside).",
                titles=TITLES[SHUFFLED],
            ),
        )
    )
    return False


def _control(run: RadScoreRun) -> list[str]:
    return [str(name) for name in run.fitting if str(name).startswith(CONTROL)]


def _estimate(run: RadScoreRun, fitted: Fitted, name: str, progress: Any) -> Ablation:
    known = [c for c in SINGLE.values() if c in run.fitting]
    columns = [*run.columns, *known, *_control(run)]
    recipe = run.recipe
    return estimate_ablation(
        name, fitted.choice.classifier, run.keys,
        run.fitting[columns].to_numpy(dtype=float), columns, run.y,
        run.elsewhere[columns].to_numpy(dtype=float),
        recipe.folds, recipe.repeats, run.seed, run.tuning,
        1 if name in SINGLE else run.workers, progress,
        run_tasks if name in SINGLE else fits_runner(run),
    )  # fmt: skip


def _cohorts(run: RadScoreRun, fitted: Fitted, found: Ablation) -> list[dict[str, Any]]:
    training = str(run.fitting["cohort"].iloc[0])
    rows = [_row(training, "rna", run.y, found.out_of_fold, fitted.out_of_fold)]
    for cohort, members in run.cohorts:
        for target in run.snapshot.targets[cohort]:
            known: pd.DataFrame = members[members[f"target_{target}"].notna()]
            outcome = known[f"target_{target}"].to_numpy(dtype=int)
            if np.unique(outcome).size == 2:
                here = known.index
                scores = found.applied[here], fitted.applied[here]
                rows.append(_row(cohort, target, outcome, *scores))
    return rows


def _row(cohort: str, target: str, outcome: Any, score: Any, rad_score: Any) -> dict[str, Any]:
    auc = estimate_auc(outcome, score)
    gain = compare_auc_paired(outcome, rad_score, score)
    return {
        "cohort": cohort,
        "target": target,
        "n": auc.positives + auc.negatives,
        "auc": {
            "estimate": auc.auc,
            "lower": auc.lower,
            "upper": auc.upper,
            "reason": auc.reason,
        },
        "rad_score_gains": {
            "estimate": gain.difference,
            "lower": gain.lower,
            "upper": gain.upper,
            "p": gain.p,
        },
    }
