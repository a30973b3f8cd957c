"""The Rad-Score: freeze, guard, compare seven classifiers, keep one, judge it everywhere."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modeling.methods.classifier_choice import choose_classifier
from modeling.methods.nested_cross_validation import estimate_out_of_fold, fit_classifier
from modeling.methods.recipe import Recipe, read_recipe
from modeling.methods.threshold_metrics import fit_youden_threshold
from modeling.models import DatasetSnapshot, ModelRun
from modeling.selectors import is_development, question_named, snapshot_named
from modeling.services.rad_score_ablations import ablations_judge
from modeling.services.rad_score_guard import cuts_refuse, leaks_refuse
from modeling.services.rad_score_judging import classifiers_judge, version_judge
from modeling.services.rad_score_scanners import scanners_compare, scanners_prepare
from modeling.services.rad_score_shares import fits_runner
from modeling.services.rad_score_state import Fitted, Judged, RadScoreRun
from modeling.services.rad_score_writing import (
    earlier_run,
    rad_score_write,
    run_results,
)
from modeling.services.snapshots import (
    rad_score_question,
    snapshot_freeze,
    snapshot_permit,
    snapshot_read,
)
from studies.jobs import Progress, no_progress
from studies.methods.problems import refuse
from studies.methods.wording import marked, say
from studies.models import Job, Study

# Shares of the time, out of 100.
FROZEN, COMPARED, FITTED, ABLATED = 2.0, 65.0, 70.0, 95.0


def rad_score_run(
    study: Study,
    recipe: str | Mapping[str, Any] = "paper",
    seed: int = 0,
    progress: Progress = no_progress,
    job: Job | None = None,
    workers: int | None = None,
    question: str = "",
    snapshot: str = "",
) -> ModelRun:
    """Run a recipe on a frozen snapshot, or on the study as it stands now, which is frozen first.

    The same rows and seed give the earlier run.

    Raises
    ------
    DataProblem
        A wrong recipe, a snapshot that it cannot take, nobody to fit to, one class only, a leak.
    """
    began = time.monotonic()
    checked = read_recipe(recipe)
    progress(0, 100, marked("Freezing the table"))
    frozen = (
        snapshot_for(study, snapshot, checked)
        if snapshot
        else snapshot_freeze(
            study,
            rad_score_question(
                checked.document["missing"], question_named(study, question, "rad_score")
            ),
            job,
        )
    )
    run = run_prepare(study, frozen, checked, seed, job, workers)
    earlier = earlier_run(run)
    if earlier is not None:
        return earlier
    cuts_refuse(frozen)
    found = run_compute(run, progress)
    seconds = time.monotonic() - began
    return rad_score_write(run, found.fitted, found.results, found.judged, seconds)


def snapshot_for(study: Study, uid: str, recipe: Recipe) -> DatasetSnapshot:
    """The frozen snapshot of that uid, when the recipe can take it.

    Raises
    ------
    DataProblem
        There is none, it answers another question, it was frozen under another rule for missing
        features, or it holds somebody who may not be used any more.
    """
    found = snapshot_named(study, uid)
    rule = recipe.document["missing"]
    if found.question.get("missing") != rule:
        raise refuse(
            str(found),
            say("frozen for the rule {get}", get=found.question.get("missing")),
            say("the recipe's rule {rule}", rule=rule),
            "Choose another recipe, or freeze a question with this rule.",
            column="snapshot",
        )
    snapshot_permit(found)
    return found


@dataclass(frozen=True)
class Found:
    """What a run computes, before any of it is written."""

    fitted: Fitted
    comparison: list[dict[str, Any]]
    ablations: list[dict[str, Any]]
    judged: list[Judged]
    guard: dict[str, Any]
    harmonise: dict[str, Any] | None = None

    @property
    def results(self) -> dict[str, Any]:
        told = run_results(self.fitted, self.comparison, self.ablations, self.guard)
        return told | ({"harmonise": self.harmonise} if self.harmonise else {})


def run_compute(run: RadScoreRun, progress: Progress) -> Found:
    """Everything between the frozen rows and the numbers."""
    checks = leaks_refuse(run)
    fitted = _fit(run, progress)
    comparison = classifiers_judge(run, fitted)
    ablations = ablations_judge(run, fitted, _part(progress, FITTED, ABLATED))
    progress(ABLATED, 100, marked("Judging in every cohort"))
    judged = version_judge(run, fitted)
    return Found(fitted, comparison, ablations, judged, checks, scanners_compare(run, fitted))


def run_prepare(
    study: Study, snapshot: DatasetSnapshot, recipe: Recipe, seed: int,
    job: Job | None, workers: int | None, again: bool = False,
) -> RadScoreRun:  # fmt: skip
    """Everything is computed from the frozen bytes, never from the records behind them."""
    table = snapshot_read(snapshot)
    fitting = table[is_development(table)].reset_index(drop=True)
    elsewhere = table[~is_development(table)].reset_index(drop=True)
    names = sorted(c for c in table.columns if c.startswith(("pet.", "ct.")))
    count = workers or min(4, os.cpu_count() or 1)
    run = RadScoreRun(study, snapshot, recipe, seed, job, count, fitting, elsewhere, names, again)
    return scanners_prepare(run) if recipe.harmonise else run


def _fit(run: RadScoreRun, progress: Progress) -> Fitted:
    recipe = run.recipe
    compared = estimate_out_of_fold(
        run.keys, run.inputs, run.columns, run.y, recipe.classifiers, recipe.folds, recipe.repeats,
        run.seed, run.tuning, run.workers, _part(progress, FROZEN, COMPARED),
        fits_runner(run),
    )  # fmt: skip
    by_name = {name: found.probability for name, found in compared.results.items()}
    choice = choose_classifier(run.y, by_name, recipe.document["choose"])
    progress(
        COMPARED, 100, say("Fitting {classifier} on all of training", classifier=choice.classifier)
    )
    pipeline, chosen = fit_classifier(
        choice.classifier, run.keys, run.inputs, run.columns, run.y, run.seed, run.tuning
    )
    others = run.elsewhere[run.columns].to_numpy(dtype=float)
    return Fitted(
        compared,
        choice,
        pipeline,
        chosen,
        threshold=fit_youden_threshold(run.y, by_name[choice.classifier]),
        apparent=pipeline.predict_proba(run.inputs)[:, 1],
        applied=pipeline.predict_proba(others)[:, 1] if len(others) else np.empty(0),
    )


def _part(progress: Progress, start: float, end: float) -> Any:
    """A stage's own count as its share of the whole."""

    def report(done: int, total: int, message: str) -> None:
        progress(start + (end - start) * done / max(total, 1), 100, message)

    return report
