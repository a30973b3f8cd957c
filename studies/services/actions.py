"""Starting what a job will do: a step of the thread, or a file handed in at a door."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Q

from studies import registry
from studies.access import require, sites_held, visible
from studies.jobs import batch_of, enqueue
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import ENDED, BatchState, ImportBatch, Job, JobState, StoredFile, Study

from .files import file_drop, file_store, file_use
from .quota import quota_check


@transaction.atomic
def action_start(study: Study, user: Any, kind: str, params: dict[str, Any] | None = None) -> Job:
    """Queue a registered step; the same step already under way is returned instead.

    Raises
    ------
    DataProblem
        An unknown step or parameter.
    PermissionDenied
        The user lacks the step's right.
    """
    action = registry.action(kind)
    if action is None:
        known = ", ".join(a.kind for a in registry.actions())
        raise refuse(
            "kind",
            kind,
            say("one of {known}", known=known),
            "Choose a step of the study.",
            column="kind",
        )
    require(user, study, action.right)
    params = {**action.params, **(params or {})}
    for name in set(params) - set(action.params):
        known = ", ".join(action.params) or say("none")
        expected = say("one of {known}", known=known)
        raise refuse(say("params.{name}", name=name), name, expected, "Remove it.", column="params")
    under_way = Job.objects.filter(study=study, kind=kind).exclude(state__in=ENDED)
    if action.right != "run":  # it reads what its user sees, which another does not
        under_way = under_way.filter(acting_user=user)
    for job in under_way:
        if job.params == params:
            return job
    return enqueue(kind, study, user, params=params)


def door_open(study: Study, user: Any, kind: str) -> registry.UploadKind:
    """The door for files of a kind, for those who may hand in there.

    Raises
    ------
    DataProblem
        An unknown kind.
    PermissionDenied
        The user lacks the door's right.
    """
    door = registry.upload_kind(kind)
    if door is None:
        known = ", ".join(k.name for k in registry.upload_kinds())
        raise refuse(
            "kind",
            kind,
            say("one of {known}", known=known),
            "Choose what the file is.",
            column="kind",
        )
    require(user, study, door.right)
    return door


@transaction.atomic
def batch_receive(
    study: Study,
    user: Any,
    kind: str,
    stream: bytes | BinaryIO,
    filename: str,
    options: dict[str, Any] | None = None,
    confirm: bool = False,
) -> ImportBatch:
    """Take a file in at its door and queue its import, or with ``confirm`` a first look at it.

    The same bytes at the same door with the same options again return the earlier batch, unless
    that one failed or another file has overwritten what it said since.
    """
    door = door_open(study, user, kind)
    said = dict(options or {})
    confirm = bool(said.pop("confirm", confirm)) and door.confirms
    _check_size(stream, door.largest)
    if (size := _size_known(stream)) is not None:
        quota_check(study, size, filename)
    stored = file_store(study, stream, f"upload:{kind}", filename)
    if stored.size == 0:
        raise refuse("file", say("an empty file"), "a file with content", "Choose the file again.")
    seen = visible(ImportBatch.objects.all(), user, study)
    earlier = seen.filter(kind=kind, file=stored).exclude(
        state__in=[BatchState.FAILED, BatchState.ERRORED, BatchState.REVERTED]
    )
    if not confirm:
        earlier = earlier.filter(options={n: v for n, v in said.items() if n != "mapping"})
    found = earlier.first()
    if found and _goes_on(found, door, confirm):
        if found.state == BatchState.READY and not door.keeps_bytes and not found.problems:
            _drop_unless_awaited(stored)
        return found
    batch = ImportBatch.objects.create(
        study=study,
        kind=kind,
        file=stored,
        filename=filename,
        mapping=said.pop("mapping", {}),
        options=said,
        uploaded_by=user,
        site_ids=sites_held(user, study),
    )
    file_use(stored, batch)
    enqueue("studies.table_look" if confirm else door.job_kind, study, user, subject=batch)
    return batch


def _drop_unless_awaited(stored: StoredFile) -> None:
    """The bytes go, unless an import of the same ones, perhaps of another site, has yet to read."""
    waits = [BatchState.RECEIVED, BatchState.RUNNING]
    same = ImportBatch.objects.filter(file=stored)
    if not same.filter(Q(state__in=waits) | ~Q(problems=[])).exists():
        file_drop(stored)


def _size_known(stream: bytes | BinaryIO) -> int | None:
    """Bytes of what is handed in; unknown for an upload in parts, which was checked before."""
    return len(stream) if isinstance(stream, bytes) else getattr(stream, "size", None)


def _check_size(stream: bytes | BinaryIO, largest: int) -> None:
    """A file too large for its door is not even stored."""
    size = _size_known(stream)
    if largest and size is not None and size > largest:
        raise refuse(
            "file",
            say("{size:,.0f} MB", size=size / 2**20),
            say("at most {largest:,.0f} MB", largest=largest / 2**20),
            "Keep the columns that are needed, or split the file.",
        )


def _goes_on(batch: ImportBatch, door: registry.UploadKind, confirm: bool) -> bool:
    """Whether the same bytes lead to the earlier batch: it stands, or it waits for a person."""
    halted = batch.state in (BatchState.LOOKED, BatchState.CHECKED)
    if _came_to_nothing(batch) or (halted and not confirm):
        return False
    return not (door.overwrites and _overwritten(batch))


def _overwritten(batch: ImportBatch) -> bool:
    """Whether a later file of this kind was taken in."""
    later = ImportBatch.objects.filter(study=batch.study, kind=batch.kind, pk__gt=batch.pk)
    return later.filter(state=BatchState.READY).exists()


def _came_to_nothing(batch: ImportBatch) -> bool:
    """Its job ended before it could say so here: the worker was lost, or its user had left."""
    job = batch_job(batch)
    lost = (JobState.FAILED, JobState.ERRORED, JobState.CANCELLED)
    return batch.state != BatchState.READY and job is not None and job.state in lost


def batch_job(batch: ImportBatch) -> Job | None:
    """The newest job of a batch."""
    jobs = Job.objects.filter(subject_table=batch._meta.db_table, subject_id=batch.pk)
    return jobs.order_by("-id").first()


@transaction.atomic
def job_cancel(job: Job, user: Any) -> Job:
    """The one who started it, or a manager of the study, may end it."""
    if job.acting_user_id != user.pk:
        require(user, job.study, "manage")
    job.request_cancel()
    batch = batch_of(job)
    if batch and job.state == JobState.CANCELLED:
        problem = refuse(batch.filename, say("cancelled"), "a finished import", "Upload it again.")
        batch.mark_failed(problem.as_list())
    return job
