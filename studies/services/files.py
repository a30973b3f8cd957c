"""Files of a study: stored by content, read with their digest checked, dropped when asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import BinaryIO

from django.db import models
from django.utils import timezone

from studies.methods.wording import english
from studies.models import Derivation, FileUse, Job, PatientRow, StoredFile, Study
from studies.storage import storage


def file_store(
    study: Study,
    data: bytes | BinaryIO,
    kind: str,
    name: str = "",
    used_by: models.Model | None = None,
) -> StoredFile:
    """Write bytes and their row; the same bytes again give the same row."""
    written = storage().write(study.uid, data)
    stored, created = StoredFile.objects.get_or_create(
        study=study,
        sha256=written.sha256,
        defaults={"size": written.size, "kind": kind, "name": name},
    )
    if not created and stored.bytes_dropped_at is not None:
        stored.bytes_dropped_at = None
        stored.save(update_fields=["bytes_dropped_at"])
    if used_by is not None:
        file_use(stored, used_by)
    return stored


def file_use(stored: StoredFile, row: models.Model) -> FileUse:
    """Record that ``row`` needs the file."""
    use, _ = FileUse.objects.get_or_create(
        file=stored,
        table=row._meta.db_table,
        row_id=row.pk,
        defaults={"patient_id": row.patient_id if isinstance(row, PatientRow) else None},
    )
    return use


def file_read(stored: StoredFile) -> bytes:
    """The bytes, their digest checked."""
    return storage().read(stored.study.uid, stored.sha256)


def file_open(stored: StoredFile) -> BinaryIO:
    return storage().open(stored.study.uid, stored.sha256)


def file_drop(stored: StoredFile) -> None:
    """Remove the bytes; the row with its digest stays."""
    storage().delete(stored.study.uid, stored.sha256)
    stored.bytes_dropped_at = timezone.now()
    stored.save(update_fields=["bytes_dropped_at"])


def inputs_digest(*parts: object) -> str:
    """sha256 over the texts of what went into a derived row; JSON-like parts in canonical form."""
    digest = hashlib.sha256()
    for part in parts:
        told = json.dumps(part, sort_keys=True) if isinstance(part, dict | list) else english(part)
        digest.update(str(told).encode())
        digest.update(b"\x1f")
    return digest.hexdigest()


def of_method(name: str, version: int) -> tuple[str, ...]:
    """What a digest says of the method behind a row; the first version was never said."""
    return () if version == 1 else (f"{name}/{version}",)


def derivation_record(
    study: Study, parents: Iterable[str], child: str, job: Job | None = None
) -> None:
    """Write the lineage: every parent digest that went into ``child``."""
    derivations_record(study, [(parent, child) for parent in parents], job)


def derivations_record(
    study: Study, pairs: Iterable[tuple[str, str]], job: Job | None = None
) -> None:
    """Write many lines of lineage at once: (parent digest, child digest)."""
    known = sorted({(parent, child) for parent, child in pairs if parent and parent != child})
    Derivation.objects.bulk_create(
        [
            Derivation(study=study, parent_digest=parent, child_digest=child, job=job)
            for parent, child in known
        ],
        ignore_conflicts=True,
    )
