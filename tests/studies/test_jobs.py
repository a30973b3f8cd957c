"""The job's row: claimed once, ended once, its ways to end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.celery import app
from studies import job_reads, jobs
from studies.access import acting_as
from studies.jobs import Cancelled, RunningJob, enqueue, run
from studies.methods.problems import refuse
from studies.models import ImportBatch, Job, JobState, Membership
from studies.services import action_start, batch_job, batch_receive, job_cancel
from tests.people import People


@pytest.fixture
def queued(as_statistician: People) -> Job:
    return enqueue("tests.verb", as_statistician.study, as_statistician.statistician)


def ended(job: Job, verb: Any) -> Job:
    run(job.pk, verb, in_worker=False)
    job.refresh_from_db()
    return job


def refuses(job: RunningJob) -> None:
    raise refuse("file", "nothing", "something", "Send something.")


def breaks(job: RunningJob) -> None:
    raise ZeroDivisionError


def stops(job: RunningJob) -> None:
    raise Cancelled


def works(job: RunningJob) -> None:
    job.result = {"n": 1}


@pytest.mark.parametrize(
    ("verb", "state"),
    [(works, "done"), (refuses, "failed"), (breaks, "errored"), (stops, "cancelled")],
)
def test_how_a_job_ends(queued: Job, verb: Any, state: str) -> None:
    job = ended(queued, verb)
    assert job.state == state
    assert job.attempt == 1
    assert bool(job.error_id) == (state == "errored")
    assert [p["remedy"] for p in job.problems] == (["Send something."] if state == "failed" else [])
    assert job.result == ({"n": 1} if state == "done" else {})


def test_a_step_whose_user_lost_the_right_is_not_done_on_a_part(as_statistician: People) -> None:
    people, calls = as_statistician, []
    job = enqueue("imaging.extractor_fit", people.study, people.statistician)
    held = Membership.objects.get(user=people.statistician)
    Membership.objects.filter(pk=held.pk).update(site=people.elsewhere)
    assert ended(job, lambda job: calls.append(1)).state == "failed"
    assert "all sites" in job.problems[0]["found"]
    assert not calls


def test_a_second_delivery_does_nothing(queued: Job) -> None:
    calls: list[int] = []
    for _ in range(2):
        run(queued.pk, lambda job: calls.append(1), in_worker=False)
    assert calls == [1]


def test_a_job_is_claimed_again_only_after_its_lease(queued: Job) -> None:
    assert Job.objects.claim(queued.pk)
    assert not Job.objects.claim(queued.pk)
    Job.objects.filter(pk=queued.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert Job.objects.claim(queued.pk)
    queued.refresh_from_db()
    assert queued.attempt == 2


def test_an_attempt_that_lost_its_lease_cannot_end_the_job(queued: Job) -> None:
    def overtaken(job: RunningJob) -> None:
        Job.objects.filter(pk=queued.pk).update(lease_until=timezone.now())
        assert Job.objects.claim(queued.pk)

    job = ended(queued, overtaken)
    assert (job.state, job.attempt) == (JobState.RUNNING, 2)


def test_the_same_key_gives_the_same_job(as_statistician: People) -> None:
    people = as_statistician
    first = enqueue("x", people.study, people.statistician, idempotency_key="once")
    assert enqueue("x", people.study, people.statistician, idempotency_key="once") == first


def test_a_count_of_what_one_person_sees_is_not_anothers(people: People) -> None:
    """A step that reads every site is the study's; one that reads one's own rows is one's own."""
    what = {"what": "attrition"}
    ours = action_start(people.study, people.coordinator, "studies.count", what)
    assert action_start(people.study, people.coordinator, "studies.count", what) == ours
    theirs = action_start(people.study, people.colleague, "studies.count", what)
    assert theirs != ours
    assert theirs.site_ids == [people.elsewhere.pk]


def test_what_a_step_of_the_study_found_is_for_readers_of_every_site(
    people: People, client: Client
) -> None:
    """Everybody knows of the step; its result names patients whose region could not be read."""
    step = enqueue("imaging.features_extract", people.study, people.statistician)
    failed = {"failed": {"N-001": ["outside the scan"]}, "patients": 3}
    Job.objects.filter(pk=step.pk).update(state="done", ended_at=timezone.now(), result=failed)
    page = reverse("studies:job", args=[people.study.uid, step.uid])
    api = reverse("api:job-detail", args=[people.study.uid, step.uid])
    for who, reads in ((people.coordinator, True), (people.colleague, False)):
        client.force_login(who)
        assert ("N-001" in client.get(page).content.decode()) == reads
        assert client.get(api).json()["result"] == (failed if reads else {})


def test_the_sweep_sends_again_and_gives_up_after_some_attempts(
    queued: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(jobs, "send", lambda job: sent.append(job.pk))
    assert jobs.jobs_sweep() == 0
    past = timezone.now() - timedelta(hours=1)
    Job.objects.filter(pk=queued.pk).update(state="running", attempt=1, lease_until=past)
    assert jobs.jobs_sweep() == 1
    assert sent == [queued.pk]
    Job.objects.filter(pk=queued.pk).update(attempt=jobs.ATTEMPTS)
    assert jobs.jobs_sweep() == 0
    queued.refresh_from_db()
    assert (queued.state, queued.error_id) == ("errored", "worker-lost")


def test_a_file_whose_worker_was_lost_may_be_handed_in_again(as_coordinator: People) -> None:
    def hand_in() -> tuple[ImportBatch, Job]:
        people = as_coordinator
        batch = batch_receive(people.study, people.coordinator, "cohort_table", b"a\n", "c.csv")
        job = batch_job(batch)
        assert job is not None
        return batch, job

    batch, job = hand_in()
    batch.mark_running()
    past = timezone.now() - timedelta(hours=1)
    lost = Job.objects.filter(pk=job.pk)
    lost.update(state="running", attempt=jobs.ATTEMPTS, lease_until=past)
    with acting_as(None):
        jobs.jobs_sweep()
    batch.refresh_from_db()
    assert batch.state == "errored"
    batch.mark_running()  # as when the worker was killed between the two rows
    again, queued = hand_in()
    assert again.pk != batch.pk
    assert queued.state == "queued"


def test_a_queued_job_is_cancelled_at_once_and_never_runs(queued: Job) -> None:
    job_cancel(queued, queued.acting_user)
    assert ended(queued, works).state == "cancelled"
    assert queued.attempt == 0


def test_every_job_says_what_it_does_in_words() -> None:
    """The program's own name of it stands in the folded part of its page alone."""
    app.loader.import_default_modules()
    kinds = [kind for kind in jobs._verbs if not kind.startswith("tests.")]
    assert len(kinds) > 30
    assert {kind for kind in kinds if job_reads.title_of(kind) == kind} == set()


def test_a_job_names_its_records_and_folds_what_is_technical(
    as_coordinator: People, client: Client
) -> None:
    people = as_coordinator
    batch = batch_receive(people.study, people.coordinator, "cohort_table", b"a,b\n", "mine.csv")
    params = {"batch": str(batch.uid), "seed": 3, "other": str(people.study.uid)}
    asked, technical = job_reads.told_of(people.coordinator, people.study, params)
    assert [(one.name, one.value) for one in asked] == [("batch", "mine.csv"), ("seed", 3)]
    assert asked[0].url == reverse("studies:batch", args=[people.study.uid, batch.uid])
    assert [one.name for one in technical] == ["other"]
    client.force_login(people.coordinator)
    job = batch_job(batch)
    page = client.get(reverse("studies:job", args=[people.study.uid, job.uid])).content.decode()
    read, folded = page.split("<summary>Technical</summary>")
    assert str(job.uid) in folded
    assert job.kind in folded
    assert job.kind not in read
