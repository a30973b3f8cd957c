"""The fits of a Rad-Score run as work that shares do."""

from __future__ import annotations

from dataclasses import replace

from modeling.methods.nested_cross_validation import (
    FoldTask,
    HoldOutCommon,
    hold_out,
    hold_out_common,
)
from modeling.methods.recipe import read_recipe
from modeling.methods.scanner_plan import code_scanners, plan_harmonising
from modeling.selectors import is_development
from modeling.services.fan_out import WORKS, Runner, SharedWork, runner_for, snapshot_of
from modeling.services.rad_score_state import RadScoreRun
from modeling.services.snapshots import snapshot_read
from studies.models import Job

FITS = "fits"


def fits_runner(run: RadScoreRun) -> Runner:
    """Where the fits of a run are done: here, or spread over the queue."""
    source = {"recipe": dict(run.recipe.document), "seed": run.seed}
    return runner_for(run.job, run.snapshot, FITS, source)


def _common(job: Job) -> HoldOutCommon:
    recipe, columns = read_recipe(job.params["recipe"]), job.params["columns"]
    table = snapshot_read(snapshot_of(job))
    fitting = table[is_development(table)].reset_index(drop=True)
    plan = plan_harmonising(recipe.harmonise, fitting) if recipe.harmonise else None
    if plan is not None:
        fitting = code_scanners(plan, fitting)
    return hold_out_common(
        list(fitting["pseudonym"]),
        fitting[columns].to_numpy(float),
        columns,
        fitting["target_rna"].to_numpy(int),
        recipe.folds,
        recipe.repeats,
        job.params["seed"],
        replace(recipe.tuning, harmonise=plan),
    )


WORKS[FITS] = SharedWork(_common, hold_out, FoldTask)
