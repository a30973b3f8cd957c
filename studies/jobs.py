"""Long verbs: a row is written, a task is sent by name on commit, and the row decides.

The broker may deliver twice and may lose a worker: a job is claimed by compare-and-set, kept by a
lease that a heartbeat lengthens, taken up again by the sweep when the lease runs out, and ended
only by the attempt that holds it. A job is idempotent by its services.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import pghistory
from celery import current_app, shared_task
from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections, connection, models, transaction
from django.utils import timezone
from django.utils.translation import override

from studies import registry
from studies.access import acting_as, require, sites_held
from studies.identifiers import uuid7
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import Wording, say
from studies.models import ImportBatch, Job, JobState, Study

log = logging.getLogger(__name__)

ATTEMPTS = 4
FLUSH_SECONDS = 0.5
LOG_LINES = 200
MESSAGE = 200  # letters
OF_THE_STUDY = ("studies.page_draw",)  # as steps with the right `run`: they name no file


class Cancelled(Exception):
    """Somebody asked for the end; raised from ``progress``."""


class LeaseLost(Exception):
    """Another worker holds the job by now; this attempt stops without a word."""


class Progress(Protocol):
    def __call__(self, done: float, total: float, message: str = "") -> None: ...


def no_progress(done: float, total: float, message: str = "") -> None:
    """For services run without a job."""


def enqueue(
    kind: str,
    study: Study,
    user: Any,
    subject: models.Model | None = None,
    params: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
    parent: Job | None = None,
    batch: ImportBatch | None = None,
) -> Job:
    """Write the job and send its task when the transaction commits.

    With an ``idempotency_key`` that was used before, the earlier job is returned. ``batch`` is the
    file that the job is about where it is not its subject.
    """
    job, created = Job.objects.get_or_create(
        idempotency_key=idempotency_key or str(uuid7()),
        defaults={
            "study": study,
            "acting_user": user,
            "kind": kind,
            "subject_table": subject._meta.db_table if subject is not None else "",
            "subject_id": subject.pk if subject is not None else None,
            "params": params or {},
            "parent": parent,
            "site_ids": _sites_of(kind, study, user, batch or subject, parent),
        },
    )
    if created:
        transaction.on_commit(lambda: send(job), robust=True)
    return job


def _sites_of(
    kind: str, study: Study, user: Any, about: models.Model | None, parent: Job | None
) -> list[int] | None:
    """Whose the job is: of its file's sites, of the study as a whole, or of who asked for it."""
    if parent is not None:
        return parent.site_ids
    if isinstance(about, ImportBatch):
        return about.site_ids
    action = registry.action(kind)
    if kind in OF_THE_STUDY or (action is not None and action.right == "run"):
        return []
    return sites_held(user, study)


def send(job: Job) -> None:
    current_app.send_task(job.kind, args=[job.pk])


@dataclass
class RunningJob:
    """What a task gets: the row, its subject, and a way to say how far it is.

    A verb that writes down what it refuses, instead of raising, leaves it in ``problems``.
    """

    record: Job
    _state: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def study(self) -> Study:
        return self.record.study

    @property
    def user(self) -> Any:
        return self.record.acting_user

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.record.params)

    @property
    def subject_id(self) -> int | None:
        return self.record.subject_id

    @property
    def subject(self) -> Any:
        """The record the job is about."""
        return subject_of(self.record)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say how far; raises ``Cancelled`` or ``LeaseLost`` when there is no point going on."""
        self._state["progress"] = (float(done), float(total), message)
        if stop := self._state.get("stop"):
            raise stop


def subject_of(job: Job) -> Any:
    for model in apps.get_models():
        if model._meta.db_table == job.subject_table:
            return model._default_manager.get(pk=job.subject_id)
    raise LookupError(f"job {job.pk}: no table {job.subject_table!r}")


def job_task(kind: str) -> Callable[[Callable[[RunningJob], None]], Any]:
    """Make ``function(job: RunningJob)`` the Celery task of jobs of ``kind``."""

    def register(function: Callable[[RunningJob], None]) -> Any:
        def task(job_id: int) -> None:
            run(job_id, function)

        task.__name__, task.__doc__ = function.__name__, function.__doc__
        registered = shared_task(name=kind)(task)
        _verbs[kind] = function
        return registered

    return register


_verbs: dict[str, Callable[[RunningJob], None]] = {}


def run(job_id: int, verb: Callable[[RunningJob], None], in_worker: bool = True) -> None:
    """Claim, do, end: the only place where an exception becomes a state."""
    if in_worker:
        close_old_connections()
    if not Job.objects.claim(job_id):
        return
    record = Job.objects.select_related("study", "acting_user").get(pk=job_id)
    job = RunningJob(record)
    beating = _heartbeat(job) if in_worker else _silence(job)
    try:
        with (
            beating,
            acting_as(record.acting_user),
            override(settings.LANGUAGE_CODE),  # what it keeps is English, whoever asked
            pghistory.context(user=record.acting_user_id, job=str(record.uid)),
        ):
            _settle(job, verb)
    finally:
        if in_worker:
            close_old_connections()


def run_inline(job: Job, in_worker: bool = False) -> Job:
    """Run a queued job here and now: for tests, for the shell, and for a worker that waits."""
    if job.kind not in _verbs:
        current_app.loader.import_default_modules()
    run(job.pk, _verbs[job.kind], in_worker)
    job.refresh_from_db()
    return job


def _settle(job: RunningJob, verb: Callable[[RunningJob], None]) -> None:
    record = job.record
    batch = batch_of(record)
    try:
        with transaction.atomic():
            if batch:
                batch.mark_running()
        _check_right(record)
        with _savepoint_in_tests():
            verb(job)
    except DataProblem as refusal:
        if record.end(JobState.FAILED, problems=refusal.as_list()) and batch:
            batch.mark_failed(refusal.as_list())
    except Cancelled:
        if record.end(JobState.CANCELLED) and batch:
            batch.mark_failed([_cancelled_problem(batch)])
    except LeaseLost:
        log.warning("job %s attempt %s lost its lease", record.uid, record.attempt)
    except Exception:
        error_id = secrets.token_hex(4)
        log.exception("job %s (%s) errored, id %s", record.uid, record.kind, error_id)
        if record.end(JobState.ERRORED, error_id=error_id) and batch:
            batch.mark_errored()
    else:
        state = JobState.FAILED if job.problems else JobState.DONE
        record.end(state, problems=job.problems, result=job.result)


def _check_right(record: Job) -> None:
    """A step reads what its user may read: a right lost since would silently read a part."""
    action = registry.action(record.kind)
    if action is None:
        return
    try:
        require(record.acting_user, record.study, action.right)
    except PermissionDenied as denied:
        raise refuse(
            "rights",
            str(denied),
            "the right that was there when the step was asked for",
            "Let a colleague who has it start the step.",
        ) from denied


@contextmanager
def _savepoint_in_tests() -> Iterator[None]:
    """Inside an outer transaction a failed verb must roll back its own writes only."""
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
    else:
        yield


def batch_of(record: Job) -> ImportBatch | None:
    """The import a job is about, when it is about one."""
    if record.subject_table != ImportBatch._meta.db_table or record.subject_id is None:
        return None
    return ImportBatch.objects.filter(pk=record.subject_id).first()


def _cancelled_problem(batch: ImportBatch) -> dict[str, Any]:
    return Problem(
        batch.filename,
        say("cancelled before it was finished"),
        "a finished import",
        "Nothing was written. Upload the file again when you want it.",
    ).as_dict()


@contextmanager
def _silence(job: RunningJob) -> Iterator[None]:
    yield


@contextmanager
def _heartbeat(job: RunningJob) -> Iterator[None]:
    """A thread with its own connection: writes progress, lengthens the lease, hears a cancel."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(job, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat_until(job: RunningJob, ended: threading.Event) -> None:
    record, written = job.record, None
    lengthened = timezone.now()
    try:
        while not ended.wait(FLUSH_SECONDS):
            written = _write_progress(job, written)
            if (timezone.now() - lengthened).total_seconds() > settings.JOB_LEASE_SECONDS / 4:
                lengthened = timezone.now()
                if not Job.objects.beat(record.pk, record.attempt):
                    job._state["stop"] = LeaseLost()
    except Exception:
        log.exception("heartbeat of job %s stopped", record.uid)
    finally:
        connection.close()


def _write_progress(job: RunningJob, written: Any) -> Any:
    record = job.record
    latest = job._state.get("progress")
    row = Job.objects.filter(pk=record.pk, attempt=record.attempt, state=JobState.RUNNING)
    if latest and latest != written:
        done, total, message = latest
        row.update(
            progress_done=done, progress_total=total, progress_message=message[:MESSAGE],
            log=_logged(record, done / total if total else 0.0, message),
        )  # fmt: skip
    if row.filter(cancel_requested_at__isnull=False).exists():
        job._state["stop"] = Cancelled()
    return latest


def _logged(record: Job, share: float, message: str) -> list[list[Any]]:
    """What the job said so far, the newest last, with its wording; the same is said once."""
    if message and (not record.log or record.log[-1][2] != message[:MESSAGE]):
        line = [timezone.now().isoformat(timespec="seconds"), round(share, 3), message[:MESSAGE]]
        line += [message.stored()] if isinstance(message, Wording) else []
        record.log = [*record.log, line][-LOG_LINES:]
    return record.log


def _give_up(job: Job) -> None:
    """The job errors and its import with it, so that the same file may be handed in again."""
    with acting_as(job.acting_user), transaction.atomic():
        given_up = Job.objects.abandoned().filter(pk=job.pk, attempt=job.attempt)
        ended = given_up.update(
            state=JobState.ERRORED, ended_at=timezone.now(), error_id="worker-lost"
        )
        if ended and (batch := batch_of(job)):
            batch.mark_errored()


def jobs_sweep() -> int:
    """Send again what lost its worker or its message; give up after some attempts."""
    for job in Job.objects.abandoned().filter(attempt__gte=ATTEMPTS).select_related("acting_user"):
        _give_up(job)
    again = [*Job.objects.abandoned(), *Job.objects.unsent()]
    for job in again:
        Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
        send(job)
    return len(again)
