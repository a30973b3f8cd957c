"""Reads of jobs, files and exports as pages name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from studies import access, registry
from studies.identifiers import is_uuid
from studies.languages import spoken
from studies.models import (
    ImportBatch,
    Job,
    JobState,
    Study,
)

UNASKED = ("studies.page_draw",)  # started by looking at a page, not by a press


def jobs_seen(user: Any, study: Study) -> QuerySet[Job]:
    """Jobs of the sites that somebody sees, without the parts of others."""
    return access.visible(Job.objects.filter(parent=None), user, study)


def batches_seen(user: Any, study: Study) -> QuerySet[ImportBatch]:
    return access.visible(ImportBatch.objects.all(), user, study)


def latest_jobs(user: Any, study: Study, number: int = 6) -> list[Job]:
    """The newest that somebody started, or that did not end well."""
    unasked = Q(kind__in=UNASKED) & ~Q(state__in=(JobState.FAILED, JobState.ERRORED))
    return with_filenames(jobs_seen(user, study).exclude(unasked).order_by("-id")[:number])


def title_of(kind: str) -> str:
    """What a kind of job does, in the words of the app that registered it."""
    if action := registry.action(kind):
        return action.title
    doors = [door for door in registry.upload_kinds() if door.job_kind == kind]
    if not doors:
        return registry.job_title(kind)
    return _("Import: {title}").format(title=spoken(doors[0].title))


def description_of(kind: str) -> str:
    """What a kind of job does, in a sentence; nothing where its title says it."""
    action = registry.action(kind)
    return action.description if action else ""


@dataclass(frozen=True)
class Told:
    """One thing that a job was asked or gave; ``url`` leads to the record that it names."""

    name: str
    value: Any
    url: str = ""


def told_of(user: Any, study: Study, given: Mapping[str, Any]) -> tuple[list[Told], list[Told]]:
    """What a person reads of what a job was asked or gave, and what only a program does.

    Uids of records that are known by their key become names with addresses; other uids, and
    documents with parts inside parts, are technical.
    """
    read, technical = [], []
    for name, value in given.items():
        if value in ("", None, [], {}):
            continue
        find = registry.named(name)
        if isinstance(value, str) and is_uuid(value):
            found = find(user, study, value) if find else None
            (read if found else technical).append(Told(name, *(found or (value,))))
        elif isinstance(value, list | dict) and _has_parts(value):
            technical.append(Told(name, value))
        else:
            read.append(Told(name, value))
    return read, technical


def _has_parts(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return any(isinstance(one, list | dict) and "text" not in one for one in inner)


def with_filenames(jobs: Iterable[Job]) -> list[Job]:
    """The jobs, each import with the ``filename`` it takes in."""
    named = list(jobs)
    table = ImportBatch._meta.db_table
    ids = [job.subject_id for job in named if job.subject_table == table]
    names = dict(ImportBatch.objects.filter(pk__in=ids).values_list("pk", "filename"))
    for job in named:
        job.filename = names.get(job.subject_id) if job.subject_table == table else None
    return named


def latest_batches(user: Any, study: Study, number: int = 6) -> list[ImportBatch]:
    return list(batches_seen(user, study).order_by("-id")[:number])


def job_of_batch(batch: ImportBatch) -> Job | None:
    table = ImportBatch._meta.db_table
    jobs = Job.objects.filter(subject_table=table, subject_id=batch.pk, study_id=batch.study_id)
    return jobs.order_by("-id").first()


def batch_of_job(job: Job) -> ImportBatch | None:
    if job.subject_table != ImportBatch._meta.db_table:
        return None
    return ImportBatch.objects.filter(study_id=job.study_id, pk=job.subject_id).first()


def is_making(exports: QuerySet) -> bool:
    """Whether one of them is under way."""
    table, states = exports.model._meta.db_table, (JobState.QUEUED, JobState.RUNNING)
    jobs = Job.objects.filter(subject_table=table, state__in=states)
    return jobs.filter(subject_id__in=exports.order_by().values("pk")).exists()


def with_jobs(exports: Iterable[Any]) -> list[Any]:
    """Each export with the newest ``job`` that makes it."""
    rows = list(exports)
    ids = [row.pk for row in rows]
    table = rows[0]._meta.db_table if rows else ""
    jobs = Job.objects.filter(subject_table=table, subject_id__in=ids).order_by("id")
    newest = {job.subject_id: job for job in jobs}
    for row in rows:
        row.job = newest.get(row.pk)
    return rows
