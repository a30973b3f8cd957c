"""How much room a study has for files, and how much it takes."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Sum

from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import ResumableUpload, StoredFile, Study, StudyQuota, UploadState

GB = 10**9


def study_bytes(study: Study) -> int:
    """Bytes that the study's files and its unfinished uploads take."""
    stored = StoredFile.objects.filter(study=study, bytes_dropped_at__isnull=True)
    coming = ResumableUpload.objects.filter(
        study=study, state__in=[UploadState.OPEN, UploadState.JOINING]
    )
    return sum(rows.aggregate(sum=Sum("size"))["sum"] or 0 for rows in (stored, coming))


def quota_of(study: Study) -> int:
    """Bytes the study may take; 0 is without limit."""
    own = StudyQuota.objects.filter(study=study).first()
    return settings.STUDY_QUOTA_BYTES if own is None else own.quota_bytes


def quota_check(study: Study, size: int, name: str) -> None:
    """Refuses ``size`` further bytes that the study has no room for."""
    quota = quota_of(study)
    used = study_bytes(study) if quota else 0
    if quota and used + size > quota:
        raise refuse(
            name,
            say("{size:.2f} GB beside {used:.2f} GB in use", size=size / GB, used=used / GB),
            say("at most {quota:g} GB in the study", quota=quota / GB),
            "Discard unfinished uploads, or ask the administrator for more room.",
            column="file",
        )


def quota_set(study: Study, quota_bytes: int) -> None:
    """Give a study room of its own."""
    StudyQuota.objects.update_or_create(study=study, defaults={"quota_bytes": quota_bytes})
