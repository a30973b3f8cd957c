"""Fits spread over jobs: equal numbers for 1, 2 and 3 workers, a lost one costs its share only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from modeling.models import Evaluation, ModelRun
from modeling.services.fan_out import SHARE, raise_failure
from modeling.services.rad_score import rad_score_run
from modeling.services.version_manifest import digests_check
from studies.jobs import Cancelled, run_inline
from studies.methods.problems import DataProblem
from studies.models import Job, JobState
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features

pytestmark = [pytest.mark.django_db, begins_with(with_features(70))]
QUICK = {**SMALL, "classifiers": ["logistic_regression", "random_forest"],
         "ablations": ["pet_only"], "outer": {"folds": 3, "repeats": 1}}  # fmt: skip


@pytest.fixture
def made(as_statistician):
    return as_statistician


def job_of(people, name):
    return Job.objects.create(
        study=people.study, acting_user=people.statistician, kind="modeling.rad_score_run",
        idempotency_key=name,
    )  # fmt: skip


class Forgotten(Exception):
    pass


def run_and_forget(people, elsewhere, workers, numbers):
    with transaction.atomic():
        run = rad_score_run(people.study, QUICK, 1, elsewhere, job_of(people, f"w{workers}"), 1)
        metrics = Evaluation.objects.filter(version__run=run).order_by("id")
        numbers[workers] = (run.results_sha256, run.predictions.sha256,
                            list(metrics.values_list("metrics_sha256", flat=True)))  # fmt: skip
        assert digests_check(run.versions.get()) == []
        children = Job.objects.filter(kind=SHARE, parent__idempotency_key=f"w{workers}")
        assert bool(children) == (workers > 0)
        assert set(children.values_list("state", flat=True)) <= {JobState.DONE}
        raise Forgotten


def test_results_do_not_depend_on_the_number_of_workers(made, settings):
    """Shares are done by the run itself and by others beside it, in any order."""
    numbers = {}
    for workers in (0, 1, 2, 3):
        settings.RUN_SHARES = 2 * workers

        def elsewhere(done, total, message="", workers=workers):
            waiting = list(Job.objects.filter(kind=SHARE, state=JobState.QUEUED).order_by("-id"))
            for child in waiting[: workers - 1]:  # the other workers fetch from the queue's end
                run_inline(child)

        with pytest.raises(Forgotten):  # the same inputs again would be the earlier run
            run_and_forget(made, elsewhere, workers, numbers)
    assert len({str(n) for n in numbers.values()}) == 1


def test_a_lost_worker_costs_its_share_only(made, settings):
    settings.RUN_SHARES = 3
    job = job_of(made, "lost")
    state = {}

    def lose(done, total, message=""):
        children = list(Job.objects.filter(kind=SHARE).order_by("id"))
        if children and not state:
            state["lost"] = children[0].pk
            Job.objects.filter(pk=children[0].pk).update(
                state=JobState.RUNNING, attempt=1, started_at=timezone.now(),
                lease_until=timezone.now() - timedelta(seconds=1),
            )  # fmt: skip

    rad_score_run(made.study, {**QUICK, "ablations": []}, 1, lose, job, 1)
    attempts = dict(Job.objects.filter(kind=SHARE).values_list("pk", "attempt"))
    assert attempts.pop(state["lost"]) == 2
    assert set(attempts.values()) == {1}


def test_a_cancel_stops_all_and_an_error_ends_the_run(made, settings):
    settings.RUN_SHARES = 3
    job = job_of(made, "cancelled")

    def cancel(done, total, message=""):
        if Job.objects.filter(kind=SHARE, state=JobState.DONE).exists():
            raise Cancelled

    with pytest.raises(Cancelled):
        rad_score_run(made.study, QUICK, 1, cancel, job, 1)
    states = sorted(Job.objects.filter(kind=SHARE).values_list("state", flat=True))
    assert states == ["cancelled", "cancelled", "done"]
    assert not ModelRun.objects.exists()
    # taken up again: what was done stands, what was cancelled is asked for anew
    rad_score_run(made.study, QUICK, 1, job=job, workers=1)
    assert Job.objects.filter(kind=SHARE, attempt=1, state="done").count() >= 3
    Job.objects.filter(kind=SHARE).update(state=JobState.ERRORED, error_id="x1")
    with pytest.raises(RuntimeError, match="x1"):
        raise_failure(Job.objects.filter(kind=SHARE))
    Job.objects.filter(kind=SHARE).update(state=JobState.FAILED, problems=[
        {"where": "w", "found": "f", "expected": "e", "remedy": "r"}])  # fmt: skip
    with pytest.raises(DataProblem, match="w: found f"):
        raise_failure(Job.objects.filter(kind=SHARE))
