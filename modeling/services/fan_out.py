"""Fits and resamples spread over the queue's workers; the numbers do not know how many there are.

Each share is a job of its own, child of the one that asks. The parent takes shares itself while it
waits, so that one worker alone finishes everything; a share whose worker is gone is taken up again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

from modeling.methods.parallel import Progress, run_tasks
from modeling.models import DatasetSnapshot
from modeling.storage import canonical_json
from studies.jobs import Cancelled, LeaseLost, RunningJob, enqueue, run
from studies.methods.problems import DataProblem, Problem
from studies.models import ENDED, Job, JobState

SHARE = "modeling.share"
WAIT_SECONDS = 0.2  # between looks at the shares: the last one's end is seen that late

Runner = Callable[..., dict[Any, Any]]


@dataclass(frozen=True)
class SharedWork:
    """Work that a share does by name.

    ``find`` makes what the tasks have in common out of the share's parameters and the frozen
    bytes, as the parent made it; ``work`` does one task; ``task`` is a task's frozen dataclass.
    """

    find: Callable[[Job], Any]
    work: Callable[[Any, Any], Any]
    task: Callable[..., Any]


WORKS: dict[str, SharedWork] = {}


def runner_for(
    job: Job | None, snapshot: DatasetSnapshot, name: str, source: dict[str, Any]
) -> Runner:
    """``run_tasks``, or its like over the queue where the settings and a job allow it."""
    shares = int(settings.RUN_SHARES)
    if shares < 2 or job is None:
        return run_tasks
    return FanOut(job, snapshot, name, source, shares)


class FanOut:
    """Runs tasks as child jobs of a job: takes the place of ``run_tasks``."""

    def __init__(
        self, job: Job, snapshot: DatasetSnapshot, name: str, source: dict[str, Any], shares: int
    ):
        self.job, self.snapshot, self.name = job, snapshot, name
        self.source, self.shares = source, shares

    def __call__(
        self,
        work: Any,
        common: Any,
        tasks: Sequence[Any],
        workers: int = 1,
        progress: Progress | None = None,
        message: str = "",
    ) -> dict[Any, Any]:
        """As ``run_tasks``; a share finds ``common`` by itself: no rows lie in the queue."""
        assert work is WORKS[self.name].work
        report = progress or (lambda done, total, message: None)
        columns = list(common.names)
        count = min(self.shares, len(tasks))
        # dealt like cards, dearest first, so that shares cost about the same
        hands = [tasks[place::count] for place in range(count)]
        children = [self._child(columns, hand, message) for hand in hands]
        try:
            self._wait(children, [len(hand) for hand in hands], report, message)
        except LeaseLost:
            raise  # another attempt of the parent waits for the same shares
        except BaseException:
            for child in children:
                child.request_cancel()
            raise
        return self._gather(children)

    def _child(self, columns: list[str], tasks: Sequence[Any], message: str) -> Job:
        params = {
            **self.source,
            "work": self.name,
            "snapshot": str(self.snapshot.uid),
            "columns": columns,
            "message": message,
            "tasks": [list(astuple(task)) for task in tasks],
        }
        digest = hashlib.sha256(canonical_json(params)).hexdigest()
        key = f"{self.job.uid}:{digest}"
        earlier = Job.objects.filter(idempotency_key__startswith=key)
        spoiled = earlier.filter(state__in=ENDED).exclude(state=JobState.DONE).count()
        key = f"{key}:{spoiled}" if spoiled else key
        job = self.job
        return enqueue(SHARE, job.study, job.acting_user, self.snapshot, params, key, job)

    def _wait(self, children: list[Job], sizes: list[int], report: Progress, message: str) -> None:
        """Until all are done: take what is free, say how many tasks are ready."""
        while True:
            _look_at(children)
            raise_failure(children)
            ready = [_ready(child, size) for child, size in zip(children, sizes, strict=True)]
            report(sum(ready), sum(sizes), message)
            if all(child.state == JobState.DONE for child in children):
                return
            free = self._free(children)
            if free is None:
                time.sleep(WAIT_SECONDS)
            else:
                others = sum(ready) - ready[children.index(free)]
                self._take(free, lambda done: report(others + done, sum(sizes), message))  # noqa: B023

    def _free(self, children: list[Job]) -> Job | None:
        """Waiting for a worker, or left by one that is gone."""
        gone = set(Job.objects.abandoned().filter(parent=self.job).values_list("pk", flat=True))
        return next((c for c in children if c.state == JobState.QUEUED or c.pk in gone), None)

    def _take(self, child: Job, report: Callable[[int], None]) -> None:
        """Do a share here; what stops the parent, a cancel say, stops it at the next task."""

        def verb(job: RunningJob) -> None:
            def both(done: int, total: int, message: str) -> None:
                job.progress(done, total, message)
                report(done)

            job.result = share_compute(job.record, both)

        run(child.pk, verb, in_worker=not connection.in_atomic_block)

    def _gather(self, children: list[Job]) -> dict[Any, Any]:
        """JSON holds every double exactly; parameters come back as they went."""
        task = WORKS[self.name].task
        done = Job.objects.filter(pk__in=[child.pk for child in children])
        return {
            task(*told): result
            for found in done.values_list("result", flat=True)
            for told, result in found["parts"]
        }


def _look_at(children: list[Job]) -> None:
    """How the shares stand, in one question; results are read once, at the end."""
    fields = ("state", "progress_done", "problems", "error_id")
    rows = Job.objects.filter(pk__in=[child.pk for child in children]).values("pk", *fields)
    now = {row["pk"]: row for row in rows}
    for child in children:
        for name in fields:
            setattr(child, name, now[child.pk][name])


def _ready(child: Job, size: int) -> int:
    if child.state == JobState.DONE:
        return size
    return min(size, int(child.progress_done)) if child.state == JobState.RUNNING else 0


def raise_failure(children: Sequence[Job]) -> None:
    """What a share refused, that it was cancelled, or that it errored, as the parent's own."""
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
            raise RuntimeError(f"a share errored: {child.error_id}")


def share_compute(job: Job, progress: Any) -> dict[str, Any]:
    """The tasks of one share, from the frozen bytes."""
    shared, params = WORKS[job.params["work"]], job.params
    tasks = [shared.task(*told) for told in params["tasks"]]
    found = run_tasks(shared.work, shared.find(job), tasks, 1, progress, params["message"])
    parts = [[list(astuple(task)), _plain(found[task])] for task in tasks]
    return {"parts": parts, "by": os.getpid()}


def snapshot_of(job: Job) -> DatasetSnapshot:
    """The frozen rows that a share works on."""
    rows = DatasetSnapshot.objects.select_related("table", "study")
    return rows.get(study=job.study, uid=job.params["snapshot"])


def _plain(value: Any) -> Any:
    """Numbers, lists and dictionaries as JSON knows them."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
