"""A file in parts: begun, continued where it broke off, joined by a job, handed to its door."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from studies.jobs import Progress, enqueue, no_progress
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say
from studies.models import ResumableUpload, Study, UploadState
from studies.storage import storage

from .actions import batch_receive, door_open
from .quota import quota_check

KEPT_DAYS = 14  # an upload that nobody goes on with


def uploads_open(study: Study, user: Any) -> QuerySet[ResumableUpload]:
    """The user's own uploads that can be gone on with or are being joined."""
    return ResumableUpload.objects.filter(
        study=study, uploaded_by=user, state__in=[UploadState.OPEN, UploadState.JOINING]
    )


@transaction.atomic
def upload_begin(
    study: Study,
    user: Any,
    kind: str,
    filename: str,
    size: int,
    fingerprint: str = "",
    options: dict[str, Any] | None = None,
) -> ResumableUpload:
    """Open an upload, or the user's own unfinished one of the same file.

    Raises
    ------
    DataProblem
        An unknown kind, an empty file, one above the limit, or no room left in the study.
    """
    door = door_open(study, user, kind)
    _discard_forgotten(study)
    same = uploads_open(study, user).filter(
        kind=kind, filename=filename, size=size, fingerprint=fingerprint,
        options=options or {}, state=UploadState.OPEN,
    )  # fmt: skip
    if fingerprint and (found := same.first()):
        return found
    _check_size(size, filename, door.largest)
    quota_check(study, size, filename)
    return ResumableUpload.objects.create(
        study=study, uploaded_by=user, kind=kind, filename=filename[:255], size=size,
        fingerprint=fingerprint, options=options or {},
    )  # fmt: skip


def _check_size(size: int, filename: str, largest: int) -> None:
    most = min(largest or settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_BYTES)
    if size <= 0:
        raise refuse(filename, say("an empty file"), "a file with content", "Choose it again.")
    if size > most:
        raise refuse(
            filename,
            say("{size:,.0f} MB", size=size / 2**20),
            say("at most {most:,.0f} MB in one file", most=most / 2**20),
            "Split it into several files.",
            column="file",
        )


@transaction.atomic
def upload_part(
    upload: ResumableUpload, offset: int, part: BinaryIO, sha256: str = ""
) -> ResumableUpload:
    """Take the next part; one at another place, not whole, or not as it was sent, changes nothing.

    ``sha256`` is what the sender says of the part, where he says it.

    Raises
    ------
    DataProblem
        The place is not where the upload stands, or the part is cut short or of another digest.
    """
    row = ResumableUpload.objects.select_for_update().get(pk=upload.pk)
    if row.state != UploadState.OPEN or offset != row.received:
        raise refuse(
            "Upload-Offset",
            str(offset),
            say(
                "{received}, and an upload that is open (it is {state})",
                received=row.received,
                state=row.state,
            ),
            "Ask where the upload stands and go on from there.",
            column="offset",
        )
    size = part.seek(0, os.SEEK_END)
    if size != row.part_expected():
        raise refuse(
            "part",
            say("{size} bytes", size=size),
            say("{part_expected} bytes", part_expected=row.part_expected()),
            "Send the part again, whole.",
            column="part",
        )
    part.seek(0)
    found = hashlib.file_digest(part, "sha256").hexdigest()  # type: ignore[arg-type]
    if sha256 and sha256 != found:
        raise refuse(
            "part",
            say("sha256 {digest}", digest=found),
            say("sha256 {digest}, as its sender says", digest=sha256),
            "Send the part again, whole.",
            column="part",
        )
    part.seek(0)
    storage().write_part(row.study.uid, row.uid, row.parts, part)
    ResumableUpload.objects.filter(pk=row.pk).update(
        received=F("received") + size,
        part_digests=[*row.part_digests, found],
        touched_at=timezone.now(),
    )
    row.refresh_from_db()
    if row.received == row.size:
        row.mark(UploadState.JOINING)
        enqueue("studies.upload_join", row.study, row.uploaded_by, subject=row)
    return row


def upload_join(upload: ResumableUpload, progress: Progress = no_progress) -> dict[str, Any]:
    """Write the parts as one file and hand it in at its door; the parts go.

    Raises
    ------
    DataProblem
        The door refuses the file.
    """
    if upload.state == UploadState.JOINING:
        _join(upload, progress)
    storage().delete_parts(upload.study.uid, upload.uid)
    return {"batch": str(upload.batch.uid) if upload.batch else None}


def _join(upload: ResumableUpload, progress: Progress) -> None:
    study = upload.study
    parts = storage().open_parts(study.uid, upload.uid, upload.parts)
    progress(
        0,
        1,
        say("joining {parts} parts of {filename}", parts=upload.parts, filename=upload.filename),
    )
    try:
        with parts, transaction.atomic():
            batch = batch_receive(
                study, upload.uploaded_by, upload.kind, parts, upload.filename, upload.options
            )
            upload.mark(UploadState.TAKEN_IN, batch=batch)
    except DataProblem as refusal:
        upload.mark(UploadState.REFUSED, problems=refusal.as_list())
        raise


@transaction.atomic
def upload_discard(upload: ResumableUpload) -> None:
    """Throw away what has come in of an unfinished upload."""
    row = ResumableUpload.objects.select_for_update().get(pk=upload.pk)
    if row.state == UploadState.OPEN:
        row.mark(UploadState.DISCARDED)
        storage().delete_parts(row.study.uid, row.uid)


def _discard_forgotten(study: Study) -> None:
    long_ago = timezone.now() - timedelta(days=KEPT_DAYS)
    forgotten = ResumableUpload.objects.filter(
        study=study, state=UploadState.OPEN, touched_at__lt=long_ago
    )
    for upload in forgotten.select_related("study"):
        upload_discard(upload)
