"""A script: fits shared out over real workers, one of which is lost; tells what came of it as JSON.

Its environment is that of ``own_place``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from modeling.methods.nested_cross_validation import estimate_out_of_fold  # noqa: E402
from modeling.methods.parallel import run_tasks  # noqa: E402
from modeling.methods.recipe import read_recipe  # noqa: E402
from modeling.services import fan_out  # noqa: E402
from modeling.services.rad_score import run_prepare  # noqa: E402
from modeling.services.rad_score_shares import FITS  # noqa: E402
from modeling.services.snapshots import snapshot_freeze  # noqa: E402
from studies.access import acting_as  # noqa: E402
from studies.jobs import Cancelled, jobs_sweep  # noqa: E402
from studies.models import Job, JobState  # noqa: E402
from tests.modeling.rad_score_made import SMALL, make_features  # noqa: E402
from tests.modeling.real_workers import Workers  # noqa: E402
from tests.people import People, make_people  # noqa: E402

RECIPE = {
    **SMALL,
    "classifiers": ["random_forest", "logistic_regression"],
    "grids": {"random_forest": {"classify__n_estimators": [80]}},
    "outer": {"folds": 3, "repeats": 4},
}
SHARES = 6


class Waiting(fan_out.FanOut):
    """A parent that leaves every share to the workers."""

    def _free(self, children: list[Job]) -> Job | None:
        return None


class Study:
    """A frozen study, and its fits by a runner."""

    def __init__(self, people: People, recipe: dict[str, Any]):
        self.people, self.recipe = people, read_recipe(recipe)
        self.snapshot = snapshot_freeze(people.study)
        self.run = run_prepare(people.study, self.snapshot, self.recipe, 1, None, 1)

    def parent(self, name: str) -> Job:
        return Job.objects.create(
            study=self.people.study, acting_user=self.people.statistician,
            kind="modeling.rad_score_run", idempotency_key=name,
        )  # fmt: skip

    def fit(self, runner: Any, progress: Any = None, workers: int = 1) -> dict[str, list[float]]:
        run, recipe = self.run, self.recipe
        found = estimate_out_of_fold(
            run.keys, run.features, run.names, run.y, recipe.classifiers, recipe.folds,
            recipe.repeats, run.seed, recipe.tuning, workers, progress, runner,
        )  # fmt: skip
        return {name: one.probability.tolist() for name, one in found.results.items()}

    def shared(self, parent: Job, shares: int = SHARES) -> Waiting:
        source = {"recipe": dict(self.recipe.document), "seed": self.run.seed}
        return Waiting(parent, self.snapshot, FITS, source, shares)


def lose_one(workers: Workers, parent: Job, lost: list[int]) -> Any:
    """Kill the only process in the middle of a share, then let three go on; sweep as beat does."""

    def progress(done: int, total: int, message: str) -> None:
        jobs_sweep()
        running = parent.children.filter(state=JobState.RUNNING).first()
        if lost or running is None:
            return
        (pid,) = workers.pids
        os.kill(pid, signal.SIGSTOP)  # so that nothing ends between the look and the kill
        running.refresh_from_db()
        if running.state == JobState.RUNNING:
            lost.append(running.pk)
            os.kill(pid, signal.SIGKILL)
            workers.resize(3)
        else:
            os.kill(pid, signal.SIGCONT)

    return progress


def cancel_when_begun(parent: Job) -> Any:
    def progress(done: int, total: int, message: str) -> None:
        if parent.children.exclude(state=JobState.QUEUED).exists():
            raise Cancelled

    return progress


def tell(workers: Workers) -> dict[str, Any]:
    people = make_people()
    with acting_as(people.statistician):
        make_features(people, patients=70)
        study = Study(people, RECIPE)
        told: dict[str, Any] = {"alone": study.fit(run_tasks)}
        lost: list[int] = []
        for count, name in ((3, "three"), (2, "two"), (1, "one")):
            parent = study.parent(name)
            if count < 3:
                workers.resize(count)
            progress = lose_one(workers, parent, lost) if count == 3 else None
            told[name] = study.fit(study.shared(parent), progress)
            told[f"{name}_attempts"] = dict(parent.children.values_list("pk", "attempt"))
            told[f"{name}_by"] = [c.result["by"] for c in parent.children.all()]
            told[f"{name}_pids"] = workers.pids
        parent = study.parent("cancelled")
        try:
            study.fit(study.shared(parent), cancel_when_begun(parent))
        except Cancelled:
            while parent.children.filter(state=JobState.RUNNING).exists():
                jobs_sweep()
        told["cancelled"] = sorted(parent.children.values_list("state", flat=True))
        told["lost"] = lost
    return told


if __name__ == "__main__":
    fan_out.WAIT_SECONDS = 0.05
    with Workers(1) as running:
        sys.stdout.write(json.dumps(tell(running)))
