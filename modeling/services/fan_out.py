"""The fits of a run spread over the queue's workers; the numbers do not know how many there are.

Each share is a job of its own, child of the run's. The parent takes shares itself while it waits,
so that one worker alone finishes everything; a share whose worker is gone is taken up again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from modeling.methods.nested_cross_validation import (
    FoldResult,
    FoldTask,
    Tuning,
    hold_out_tasks,
)
from modeling.methods.parallel import Progress
from modeling.methods.recipe import read_recipe
from modeling.models import DatasetSnapshot
from modeling.selectors import is_development
from modeling.services.rad_score_state import RadScoreRun
from modeling.services.snapshots import snapshot_read
from modeling.storage import canonical_json
from studies.jobs import Cancelled, enqueue, run_inline
from studies.methods.problems import DataProblem, Problem
from studies.models import ENDED, Job, JobState

SHARE = "modeling.rad_score_share"
WAIT_SECONDS = 0.5


class FanOut:
    """Runs tasks as child jobs of a run's job: takes the place of ``run_tasks``."""

    def __init__(self, run: RadScoreRun, shares: int):
        assert run.job is not None
        self.run, self.job, self.shares = run, run.job, shares

    def __call__(
        self,
        work: Any,
        common: Any,
        tasks: Sequence[FoldTask],
        workers: int = 1,
        progress: Progress | None = None,
        message: str = "",
    ) -> dict[FoldTask, FoldResult]:
        """As ``run_tasks``; ``work`` is known to the share, which reads the frozen rows itself."""
        report = progress or (lambda done, total, message: None)
        children = self._children(common.names, tasks)
        try:
            self._wait(children, report, message)
        except BaseException:
            for child in children:
                child.request_cancel()
            raise
        return _gather(children)

    def _children(self, columns: list[str], tasks: Sequence[FoldTask]) -> list[Job]:
        """Dealt like cards, dearest first, so that shares cost about the same."""
        count = min(self.shares, len(tasks))
        return [self._child(columns, tasks[place::count]) for place in range(count)]

    def _child(self, columns: list[str], tasks: Sequence[FoldTask]) -> Job:
        params = {
            "snapshot": str(self.run.snapshot.uid),
            "recipe": dict(self.run.recipe.document),
            "seed": self.run.seed,
            "columns": columns,
            "tasks": [[task.classifier, task.repeat, task.fold] for task in tasks],
        }
        digest = hashlib.sha256(canonical_json(params)).hexdigest()
        key = f"{self.job.uid}:{digest}"
        earlier = Job.objects.filter(idempotency_key__startswith=key)
        spoiled = earlier.filter(state__in=ENDED).exclude(state=JobState.DONE).count()
        key = f"{key}:{spoiled}" if spoiled else key
        return enqueue(
            SHARE, self.run.study, self.job.acting_user, self.run.snapshot, params, key, self.job
        )

    def _wait(self, children: list[Job], report: Progress, message: str) -> None:
        while True:
            for child in children:
                child.refresh_from_db()
            _raise_failure(children)
            ended = sum(child.state == JobState.DONE for child in children)
            report(ended, len(children), message)
            if ended == len(children):
                return
            free = next((c for c in children if _is_free(c)), None)
            if free is None:
                time.sleep(WAIT_SECONDS)
            else:
                run_inline(free, in_worker=not connection.in_atomic_block)


def _is_free(child: Job) -> bool:
    """Waiting for a worker, or left by one that is gone."""
    if child.state == JobState.QUEUED:
        return True
    return Job.objects.abandoned().filter(pk=child.pk).exists()


def _raise_failure(children: list[Job]) -> None:
    for child in children:
        if child.state == JobState.FAILED:
            raise DataProblem(
                [
                    Problem(p["where"], p["found"], p["expected"], p["remedy"])
                    for p in child.problems
                ]
            )
        if child.state == JobState.CANCELLED:
            raise Cancelled
        if child.state == JobState.ERRORED:
            raise RuntimeError(f"a share of the fits errored: {child.error_id}")


def _gather(children: list[Job]) -> dict[FoldTask, FoldResult]:
    """JSON holds every double exactly; parameters come back as they went."""
    return {
        FoldTask(*part["task"]): (part["probability"], part["parameters"])
        for child in children
        for part in child.result["parts"]
    }


def fan_out_for(run: RadScoreRun) -> FanOut | None:
    """How a run's fits are spread, when the settings ask for it and a job stands behind it."""
    shares = int(settings.RUN_SHARES)
    return FanOut(run, shares) if shares > 1 and run.job is not None else None


def share_compute(job: Job, progress: Any) -> dict[str, Any]:
    """The fits of one share, from the frozen rows."""
    params = job.params
    snapshot = DatasetSnapshot.objects.select_related("table", "study").get(
        study=job.study, uid=params["snapshot"]
    )
    recipe = read_recipe(params["recipe"])
    table = snapshot_read(snapshot)
    fitting = table[is_development(table)].reset_index(drop=True)
    tasks = [FoldTask(*task) for task in params["tasks"]]
    tuning: Tuning = recipe.tuning
    found = hold_out_tasks(
        list(fitting["pseudonym"]),
        fitting[params["columns"]].to_numpy(float),
        params["columns"],
        fitting["target_rna"].to_numpy(int),
        recipe.folds,
        recipe.repeats,
        params["seed"],
        tuning,
        tasks,
        progress,
    )
    return {
        "parts": [
            {
                "task": [task.classifier, task.repeat, task.fold],
                "probability": [float(p) for p in found[task][0]],
                "parameters": _plain(found[task][1]),
            }
            for task in tasks
        ]
    }


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {n: v.item() if hasattr(v, "item") else v for n, v in parameters.items()}
